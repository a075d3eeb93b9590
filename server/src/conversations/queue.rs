//! The queue timer (`docs/domain.md#queue-timer`): what happens to a chat that nobody started in time.

use causerie_shared::{
    Millis,
    conversation::transition::{Actor, Event},
    ids::{ConversationId, InboxId},
    row::ConversationRow,
};

use super::change;
use crate::{
    error::ServiceError,
    store::{Db, conversations, offer_rounds, places},
    unit_of_work::UnitOfWork,
};

/// Moves the chat to the overflow inbox, or applies [`Event::QueueOver`].
pub async fn over(
    unit: &mut UnitOfWork,
    conversation: ConversationId,
    fence: i64,
    now: Millis,
) -> Result<(), ServiceError> {
    let head = conversations::lock(&mut unit.tx, conversation).await?;
    let Some(mut head) = head.filter(|head| head.version == fence) else {
        return Ok(());
    };
    let (db, actor, events) = (&mut unit.tx, Actor::System, &mut unit.events);
    match overflow(&mut *db, &head, now).await? {
        Some((inbox, visited)) => {
            change::to_inbox(&mut *db, &mut head, inbox, actor, now, events).await?;
            Ok(offer_rounds::set_overflowed(db, head.id, &visited).await?)
        }
        None => change::apply(db, &mut head, &Event::QueueOver, actor, now, events).await,
    }
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
