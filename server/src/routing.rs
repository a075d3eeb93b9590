//! The dispatcher: when somebody should look at an inbox, it asks `shared` who gets the next chat.
//! It reacts to events only; nothing here polls.

pub mod hours;

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
    desk::{DeskError, change},
    state::{App, Shared},
    store::{
        OrderedTx, agent_load, conversations, offer_rounds,
        places::Routing,
        threads,
        timers::{self, TimerRecord},
    },
    sync::CommitEvents,
    workers,
};

/// A new round of offers begins this long after everyone was asked (`docs/domain.md#routing-modes`).
const ROUND_MS: Millis = 60_000;
/// Most waiting chats that are looked at in one transaction.
const BATCH: i64 = 100;
/// As [`BATCH`], at the head of the line when one place is free.
const FEWEST: i64 = 8;

/// Where in the line of waiting chats the dispatcher stands: the wait and id of the last one it looked at.
type Place = Option<(Millis, ConversationId)>;

/// The inboxes that somebody should look at: each at most once, however often it was asked for.
#[derive(Default)]
pub struct Wakes {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Default)]
struct Waiting {
    /// With each inbox, whether somebody became eligible: rounds that are over begin anew.
    inboxes: BTreeMap<InboxId, bool>,
    /// The inbox that was looked at last; the ones after it come first, so that none is passed over for ever.
    last: Option<InboxId>,
    /// Looks that are not over yet.
    looks: usize,
}

/// An inbox that is looked at. When this is dropped before the look is done, the inbox waits again.
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

    /// Asks for a look at an inbox.
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

/// The dispatcher: looks at each inbox that was asked for.
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

/// Looks at all inboxes that wait for it: what the worker does, for tests that want to see the dispatcher at rest.
pub async fn settle(app: &App) {
    while let Some(mut look) = app.wakes.next() {
        match dispatch(app, look.inbox, look.freed).await {
            Ok(()) => look.done = true,
            // Another node was faster at one of the places: look again.
            Err(DeskError::Refused(_)) => {}
            Err(error) => {
                tracing::error!(%error, inbox = %look.inbox, "the dispatcher failed");
                look.done = true;
            }
        }
    }
}

/// Whether no inbox waits and none is looked at.
pub fn is_at_rest(app: &App) -> bool {
    let waiting = app.wakes.lock();
    waiting.inboxes.is_empty() && waiting.looks == 0
}

/// Offers the waiting chats of an `auto` inbox, the longest waiting first.
async fn dispatch(app: &App, inbox: InboxId, freed: bool) -> Result<(), DeskError> {
    let now = app.clock.now();
    // Most looks find nothing to do: find out without the write lock.
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
        // The end of a round sets a timer without any events.
        app.timers_changed.notify_one();
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Does the dispatcher offer chats of this inbox now?
fn offers(routing: &Routing, now: Millis) -> bool {
    routing.rules.mode == Mode::Auto && routing.is_open(now)
}

/// Could the chat answer a private reply under a post?
fn answers_comments(head: &ConversationRow) -> bool {
    channels::paired_channel(head.channel).is_some_and(Channel::is_comments)
}

/// Looks at some waiting chats after `after`: five statements, one more when direct messages are among them, and more
/// for each offer. At first only at as many as could
/// be given out, for mostly one place is free and the first in the line gets it. Returns where
/// to go on; `None` when all were looked at or nobody has document.
async fn offer_some(
    db: &mut OrderedTx,
    inbox: InboxId,
    after: Place,
    freed: bool,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<Place, DeskError> {
    // Settings may have changed between two batches.
    if !offers(&change::routing(&mut *db, inbox).await?, now) {
        return Ok(None);
    }
    let mut line = Candidates::new(&agent_load::eligible(&mut *db, inbox).await?);
    if line.is_empty() {
        return Ok(None);
    }
    let batch = match after {
        None => (i64::from(line.document()) * 2).clamp(FEWEST, BATCH),
        Some(_) => BATCH,
    };
    let waiting = conversations::waiting(&mut *db, inbox, after, batch).await?;
    let ids: Vec<_> = waiting.iter().map(|head| head.id).collect();
    let (mut asked, over) = offer_rounds::of(&mut *db, &ids).await?;
    // Direct messages may answer a private reply under a post: few chats, and mostly none.
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

/// A minute after everyone was asked: ask again. The round is over in the transaction that takes the timer.
pub async fn new_round(app: &App, conversation: ConversationId, timer: &TimerRecord) -> Result<(), DeskError> {
    let mut tx = app.store.begin_ordered().await?;
    if !timers::take(&mut tx, timer).await? {
        return Ok(());
    }
    let mut events = CommitEvents::default();
    if let Some(head) = conversations::lock(&mut tx, conversation).await? {
        offer_rounds::begin(&mut tx, conversation).await?;
        let now = app.clock.now();
        // In the same transaction, so that a crash after it leaves no chat without a reason to be looked at.
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
