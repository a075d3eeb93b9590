//! Rounds of offers: which agent a waiting chat is offered to, and when the next round begins
//! (`docs/domain.md#routing-modes`).

use std::collections::HashSet;

use causerie_shared::{
    Millis,
    conversation::transition::{Actor, Event},
    ids::{ConversationId, InboxId},
    inbox::{Channel, Mode},
    routing::pick::{Candidates, Choice},
    row::ConversationRow,
    timer::TimerKind,
};

use super::change;
use crate::{
    commit_events::CommitEvents,
    error::ServiceError,
    store::{OrderedTx, agent_load, conversations, offer_rounds, places::Routing, threads},
    unit_of_work::UnitOfWork,
};

/// Time between the end of a round of offers and the next round, milliseconds (`docs/domain.md#routing-modes`).
const ROUND_MS: Millis = 60_000;
/// Maximum of waiting chats that one transaction examines.
const MAX_BATCH: i64 = 100;
/// Minimum of waiting chats that the first transaction examines, as long as that many wait.
const MIN_BATCH: i64 = 8;

/// The dispatcher's position in the queue: `waiting_since` and id of the last chat that it examined.
pub type Position = Option<(Millis, ConversationId)>;

/// Whether the dispatcher offers chats of this inbox now.
pub fn is_dispatched(routing: &Routing, now: Millis) -> bool {
    routing.rules.mode == Mode::Auto && routing.is_open(now)
}

/// Whether the chat may be an answer to a private reply to a comment, judged by its channel.
fn answers_comments(head: &ConversationRow) -> bool {
    head.channel.paired().is_some_and(Channel::is_comments)
}

/// Examines a batch of waiting chats after `after`. Runs five statements, one more if direct messages are among the
/// chats, and more for each offer. The first batch is small, because usually one place is free and the first chat gets
/// it. Returns the position to continue from; `None` if all chats were examined or no agent has a free place.
pub async fn offer_some(
    db: &mut OrderedTx,
    inbox: InboxId,
    after: Position,
    freed: bool,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<Position, ServiceError> {
    // The settings may have changed since the last batch.
    if !is_dispatched(&change::routing(&mut *db, inbox).await?, now) {
        return Ok(None);
    }
    let mut line = Candidates::new(&agent_load::eligible(&mut *db, inbox).await?);
    if line.is_empty() {
        return Ok(None);
    }
    let batch = match after {
        None => (i64::from(line.room()) * 2).clamp(MIN_BATCH, MAX_BATCH),
        Some(_) => MAX_BATCH,
    };
    let waiting = conversations::waiting(&mut *db, inbox, after, batch).await?;
    let ids: Vec<_> = waiting.iter().map(|head| head.id).collect();
    let (mut asked, over) = offer_rounds::of(&mut *db, &ids).await?;
    // Few chats are direct messages that may answer a private reply, usually none.
    let direct: Vec<_> = waiting
        .iter()
        .filter(|head| answers_comments(head))
        .map(|head| head.id)
        .collect();
    let firsts = threads::answered_agents(&mut *db, &direct).await?;
    let full = waiting.len() as i64 == batch;
    let last = waiting.last().map(|head| (head.waiting_since, head.id));
    for mut head in waiting {
        if line.is_empty() {
            return Ok(None);
        }
        let asked = asked.remove(&head.id).unwrap_or_default();
        let first = firsts.get(&head.id).copied();
        let mut choice = line.pick(&asked, first);
        if choice == Choice::RoundOver && freed {
            offer_rounds::begin(&mut *db, head.id).await?;
            choice = line.pick(&HashSet::new(), first);
        }
        match choice {
            Choice::Offer(agent) => {
                change::apply(&mut *db, &mut head, &Event::Offer { agent }, Actor::System, now, events).await?;
                line.given(agent, now);
            }
            Choice::RoundOver if !over.contains(&head.id) => {
                let (kind, subject) = (TimerKind::Round, head.id.to_string());
                change::set(&mut *db, kind, subject, head.version, now + ROUND_MS, now).await?;
            }
            Choice::RoundOver | Choice::Nobody => {}
        }
    }
    Ok(last.filter(|_| full))
}

/// Starts the next round of a chat when its round timer is due.
pub async fn new_round(unit: &mut UnitOfWork, conversation: ConversationId, now: Millis) -> Result<(), ServiceError> {
    let Some(head) = conversations::lock(&mut unit.tx, conversation).await? else {
        return Ok(());
    };
    offer_rounds::begin(&mut unit.tx, conversation).await?;
    // In the same transaction: after a crash, nothing else would make the dispatcher examine the chat.
    let more = offer_some(&mut unit.tx, head.inbox, None, false, now, &mut unit.events).await?;
    if more.is_some() {
        unit.events.woken(head.inbox);
    }
    Ok(())
}
