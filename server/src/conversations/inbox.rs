//! Applies changed settings of an inbox to the chats that run in it.

use causerie_shared::{
    Millis,
    ids::InboxId,
    inbox::Mode,
    row::ConversationRow,
    timer::{Countdown, TimerKind},
};

use super::{change, hours, inactivity, row};
use crate::{
    commit_events::CommitEvents,
    error::ServiceError,
    store::{OrderedTx, conversations, places::Routing, timers},
};

/// Applies an inbox's new settings, which are already written, to its chats: audience of waiting chats, queue timers,
/// inactivity, business hours. `before` holds the old settings. All this happens in the caller's transaction, so that
/// no chat shows half of a change.
///
/// Open offers and transfer requests keep their deadlines.
pub async fn changed(
    db: &mut OrderedTx,
    inbox: InboxId,
    before: &Routing,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
    let after = change::routing(&mut *db, inbox).await?;
    if before.rules.mode != after.rules.mode || before.rules.queue_secs != after.rules.queue_secs {
        for head in conversations::waiting(&mut *db, inbox, None, conversations::ALL).await? {
            reroute(&mut *db, head, before.rules.mode, &after, now, events).await?;
        }
    }
    if before.inactivity != after.inactivity {
        inactivity::rearm(&mut *db, inbox, now).await?;
    }
    if before.hours != after.hours {
        hours::apply(&mut *db, inbox, now, events).await?;
    }
    events.freed(inbox);
    Ok(())
}

/// Applies the new rules to a waiting chat. If its queue begins now, the chat gets the whole queue time.
async fn reroute(
    db: &mut OrderedTx,
    mut head: ConversationRow,
    was: Mode,
    after: &Routing,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
    let before = head.scope(was);
    change::follow(&mut head, &after.rules, now);
    if let Some(ring) = &mut head.ring
        && was != Mode::Broadcast
    {
        let total = ring.total;
        *ring = Countdown {
            due: now + total,
            total,
        };
    }
    let subject = head.id.to_string();
    for kind in [TimerKind::Queue, TimerKind::Round] {
        timers::cancel(&mut *db, kind, &subject).await?;
    }
    if let Some(ring) = head.ring {
        change::set(&mut *db, TimerKind::Queue, subject, head.version, ring.due, now).await?;
    }
    events.rerouted(head.id);
    row::save_from(db, &mut head, before, events).await?;
    Ok(())
}
