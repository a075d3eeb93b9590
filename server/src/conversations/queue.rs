//! The queue timer (`docs/domain.md#queue-timer`): what happens to a chat that nobody started in time.

use causerie_shared::{
    Millis,
    conversation::transition::{Actor, Event},
    ids::{ConversationId, InboxId},
    row::ConversationRow,
};

use super::change;
use crate::{
    commit_events::CommitEvents,
    error::ServiceError,
    state::App,
    store::{
        Db, conversations, offer_rounds, places,
        timers::{self, TimerRecord},
    },
};

/// Moves the chat to the overflow inbox, or applies [`Event::QueueOver`], in the transaction that takes the timer.
pub async fn over(app: &App, conversation: ConversationId, timer: &TimerRecord) -> Result<(), ServiceError> {
    let now = app.clock.now();
    let mut tx = app.store.begin_ordered().await?;
    if !timers::take(&mut tx, timer).await? {
        return Ok(());
    }
    let mut events = CommitEvents::default();
    if let Some(mut head) = conversations::lock(&mut tx, conversation).await?
        && head.version == timer.fence
    {
        let (db, actor) = (&mut tx, Actor::System);
        match overflow(&mut *db, &head, now).await? {
            Some((inbox, visited)) => {
                change::to_inbox(&mut *db, &mut head, inbox, actor, now, &mut events).await?;
                offer_rounds::set_overflowed(db, head.id, &visited).await?;
            }
            None => change::apply(db, &mut head, &Event::QueueOver, actor, now, &mut events).await?,
        }
    }
    tx.commit().await?;
    crate::commit_events::publish(app, events);
    Ok(())
}

/// Returns the inbox that gets the chat, and the inboxes that have overflowed including the present one. `None` when
/// there is no overflow inbox, when it is closed or deleted, or when the chat already overflowed from it: chats must
/// not circulate among inboxes for ever.
async fn overflow(
    db: &mut Db,
    head: &ConversationRow,
    now: Millis,
) -> Result<Option<(InboxId, Vec<InboxId>)>, ServiceError> {
    let Some(inbox) = change::rules(&mut *db, head.inbox).await?.overflow else {
        return Ok(None);
    };
    let mut visited = offer_rounds::overflowed(&mut *db, head.id).await?;
    visited.push(head.inbox);
    let target = places::routing_of(db, inbox).await?;
    let takes = target.is_some_and(|target| !target.deleted && target.is_open(now));
    Ok((takes && !visited.contains(&inbox)).then_some((inbox, visited)))
}
