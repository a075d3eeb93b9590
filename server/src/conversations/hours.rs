//! Business hours of inboxes (`docs/domain.md#business-hours`): each inbox has one timer, set to its next opening or
//! closing.

use causerie_shared::{
    Millis,
    conversation::{
        State,
        transition::{Actor, Event},
    },
    ids::InboxId,
    timer::TimerKind,
};

use super::change;
use crate::{
    commit_events::CommitEvents,
    error::ServiceError,
    hours,
    store::{
        OrderedTx, conversations, places,
        timers::{self},
    },
};

/// Applies the business hours of the present time and sets the timer for their next change. The dispatcher checks an
/// open inbox; in a closed one, each waiting chat becomes a message that was left.
pub(crate) async fn apply(
    db: &mut OrderedTx,
    inbox: InboxId,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
    let subject = inbox.to_string();
    timers::cancel(&mut *db, TimerKind::Hours, &subject).await?;
    let Some(hours) = places::hours_of(&mut *db, inbox).await? else {
        events.freed(inbox);
        return Ok(());
    };
    if let Some(due) = hours::next_change(&hours, now) {
        change::set(&mut *db, TimerKind::Hours, subject, 0, due, now).await?;
    }
    if hours::is_open(&hours, now) {
        events.freed(inbox);
        return Ok(());
    }
    for mut head in conversations::waiting(&mut *db, inbox, None, conversations::ALL).await? {
        if matches!(head.state, State::Waiting { offline: false, .. }) {
            change::apply(&mut *db, &mut head, &Event::HoursOver, Actor::System, now, events).await?;
        }
    }
    Ok(())
}
