//! The dispatcher: offers the waiting chats of an inbox to the agents that `shared` picks. It reacts to events and
//! never polls.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Bound,
    sync::{Mutex, MutexGuard, PoisonError},
};

use causerie_shared::{
    Millis,
    conversation::transition::{Actor, Event},
    ids::{ConversationId, InboxId},
    inbox::{Channel, Mode},
    routing::pick::{Candidates, Choice},
    row::ConversationRow,
    timer::TimerKind,
};

use tokio::sync::Notify;

use crate::{
    channels,
    commit_events::CommitEvents,
    conversations::change,
    error::ServiceError,
    state::{App, Shared},
    store::{
        OrderedTx, agent_load, conversations, offer_rounds,
        places::Routing,
        threads,
        timers::{self, TimerRecord},
    },
    workers,
};

/// Time between the end of a round of offers and the next round, milliseconds (`docs/domain.md#routing-modes`).
const ROUND_MS: Millis = 60_000;
/// Maximum of waiting chats that one transaction examines.
const BATCH: i64 = 100;
/// Minimum of waiting chats that the first transaction examines, as long as that many wait.
const FEWEST: i64 = 8;

/// The dispatcher's position in the queue: `waiting_since` and id of the last chat that it examined.
type Place = Option<(Millis, ConversationId)>;

/// The queue of inboxes that the dispatcher has to examine. It holds each inbox at most once.
#[derive(Default)]
pub struct Wakes {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Default)]
struct Waiting {
    /// Whether an agent became eligible in the inbox; if so, its finished rounds start again.
    inboxes: BTreeMap<InboxId, bool>,
    /// The inbox that was examined last. Inboxes with greater ids come first, so that none starves.
    last: Option<InboxId>,
    /// Number of [`Look`]s in progress.
    looks: usize,
}

/// An inbox that is being examined. Dropping the value before it is `done` puts the inbox back into the queue.
struct Look<'a> {
    wakes: &'a Wakes,
    inbox: InboxId,
    freed: bool,
    done: bool,
}

impl Wakes {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues an inbox. `freed`: an agent became eligible in it.
    pub(crate) fn add(&self, inbox: InboxId, freed: bool) {
        *self.lock().inboxes.entry(inbox).or_default() |= freed;
        self.changed.notify_one();
    }

    fn next(&self) -> Option<Look<'_>> {
        let mut waiting = self.lock();
        let after = waiting.last.map_or(Bound::Unbounded, Bound::Excluded);
        let mut later = waiting.inboxes.range((after, Bound::Unbounded));
        let inbox = *later.next().or_else(|| waiting.inboxes.iter().next())?.0;
        let freed = waiting.inboxes.remove(&inbox)?;
        waiting.last = Some(inbox);
        waiting.looks += 1;
        Some(Look {
            wakes: self,
            inbox,
            freed,
            done: false,
        })
    }
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.wakes.add(self.inbox, self.freed);
        }
        self.wakes.lock().looks -= 1;
    }
}

/// Runs the dispatcher until the server stops.
pub async fn run(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    loop {
        settle(&app).await;
        tokio::select! {
            () = app.wakes.changed.notified() => {}
            () = workers::stop(&mut shutdown) => return,
        }
    }
}

/// Examines all queued inboxes and returns when none is left. The worker calls it, as do tests.
pub async fn settle(app: &App) {
    while let Some(mut look) = app.wakes.next() {
        match dispatch(app, look.inbox, look.freed).await {
            Ok(()) => look.done = true,
            // Another node took one of the free places; dropping `look` queues the inbox again.
            Err(ServiceError::Refused(_)) => {}
            Err(error) => {
                tracing::error!(%error, inbox = %look.inbox, "the dispatcher failed");
                look.done = true;
            }
        }
    }
}

/// Whether no inbox is queued or being examined.
pub fn is_at_rest(app: &App) -> bool {
    let waiting = app.wakes.lock();
    waiting.inboxes.is_empty() && waiting.looks == 0
}

/// Offers the waiting chats of an `auto` inbox, the longest waiting first. Other inboxes are left alone.
async fn dispatch(app: &App, inbox: InboxId, freed: bool) -> Result<(), ServiceError> {
    let now = app.clock.now();
    // Usually there is nothing to do, which a read connection finds out without the write lock.
    {
        let mut db = app.store.read().await?;
        let routing = change::routing(&mut db, inbox).await?;
        if !offers(&routing, now)
            || conversations::waiting(&mut db, inbox, None, 1).await?.is_empty()
            || Candidates::new(&agent_load::eligible(&mut db, inbox).await?).is_empty()
        {
            return Ok(());
        }
    }
    let mut after = None;
    loop {
        let mut tx = app.store.begin_ordered().await?;
        let mut events = CommitEvents::default();
        after = offer_some(&mut tx, inbox, after, freed, now, &mut events).await?;
        tx.commit().await?;
        change::publish(app, events);
        // The end of a round sets a timer but adds nothing to `events`.
        app.timers_changed.notify_one();
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Whether the dispatcher offers chats of this inbox now.
fn offers(routing: &Routing, now: Millis) -> bool {
    routing.rules.mode == Mode::Auto && routing.is_open(now)
}

/// Whether the chat may be an answer to a private reply to a comment, judged by its channel.
fn answers_comments(head: &ConversationRow) -> bool {
    channels::paired_channel(head.channel).is_some_and(Channel::is_comments)
}

/// Examines a batch of waiting chats after `after`. Runs five statements, one more if direct messages are among the
/// chats, and more for each offer. The first batch is small, because usually one place is free and the first chat gets
/// it. Returns the position to continue from; `None` if all chats were examined or no agent has a free place.
async fn offer_some(
    db: &mut OrderedTx,
    inbox: InboxId,
    after: Place,
    freed: bool,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<Place, ServiceError> {
    // The settings may have changed since the last batch.
    if !offers(&change::routing(&mut *db, inbox).await?, now) {
        return Ok(None);
    }
    let mut line = Candidates::new(&agent_load::eligible(&mut *db, inbox).await?);
    if line.is_empty() {
        return Ok(None);
    }
    let batch = match after {
        None => (i64::from(line.room()) * 2).clamp(FEWEST, BATCH),
        Some(_) => BATCH,
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

/// Starts the next round of a chat when its round timer is due. The transaction that takes the timer also ends the old
/// round.
pub async fn new_round(app: &App, conversation: ConversationId, timer: &TimerRecord) -> Result<(), ServiceError> {
    let mut tx = app.store.begin_ordered().await?;
    if !timers::take(&mut tx, timer).await? {
        return Ok(());
    }
    let mut events = CommitEvents::default();
    if let Some(head) = conversations::lock(&mut tx, conversation).await? {
        offer_rounds::begin(&mut tx, conversation).await?;
        let now = app.clock.now();
        // In the same transaction: after a crash, nothing else would make the dispatcher examine the chat.
        if offer_some(&mut tx, head.inbox, None, false, now, &mut events)
            .await?
            .is_some()
        {
            events.woken(head.inbox);
        }
    }
    tx.commit().await?;
    change::publish(app, events);
    Ok(())
}
