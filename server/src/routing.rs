//! The dispatcher: when somebody should look at an inbox, it asks `shared` who gets the next chat.
//! It reacts to events only; nothing here polls.

use std::{collections::BTreeMap, sync::Arc};

use causerie_shared::{
    Millis,
    conversation::{
        State,
        transition::{Actor, Event},
    },
    ids::{ConversationId, InboxId},
    inbox::Mode,
    routing::pick::{Candidate, Choice, pick},
    row::Head,
    timer::TimerKind,
};

use crate::{
    desk::{DeskError, change},
    state::{App, Shared},
    store::{
        Db, conversations, loads,
        timers::{self, TimerRecord},
    },
    sync::News,
};

/// A new round of offers begins this long after everyone was asked (`domain.md` §2).
const ROUND_MS: Millis = 60_000;
/// Waiting chats that are looked at in one transaction.
const BATCH: i64 = 100;

/// A reason to look at an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wake {
    pub inbox: InboxId,
    /// Somebody became eligible: rounds that are over begin anew.
    pub freed: bool,
}

/// Starts the dispatcher.
pub fn start(app: &Shared) {
    tokio::spawn(run(Arc::clone(app)));
}

async fn run(app: Shared) {
    let receiver = app
        .woken
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .take();
    let Some(mut receiver) = receiver else { return };
    let mut shutdown = app.shutdown.subscribe();
    loop {
        let first = tokio::select! {
            wake = receiver.recv() => wake,
            _ = shutdown.changed() => return,
        };
        let Some(first) = first else { return };
        // Events that came in a burst are answered by one look.
        let mut inboxes = BTreeMap::from([(first.inbox, first.freed)]);
        while let Ok(wake) = receiver.try_recv() {
            *inboxes.entry(wake.inbox).or_default() |= wake.freed;
        }
        for (inbox, freed) in inboxes {
            match dispatch(&app, inbox, freed).await {
                Ok(()) => {}
                // Another node was faster at one of the places: look again.
                Err(DeskError::Refused(_)) => app.dispatch(inbox, freed),
                Err(error) => tracing::error!(%error, %inbox, "the dispatcher failed"),
            }
        }
    }
}

/// Offers the waiting chats of an `auto` inbox, the longest waiting first.
async fn dispatch(app: &App, inbox: InboxId, freed: bool) -> Result<(), DeskError> {
    let now = app.clock.now();
    // Most looks find nothing to do: find out without the write lock.
    {
        let mut db = app.store.read().await?;
        let rules = change::rules(&mut db, inbox).await?;
        if rules.mode != Mode::Auto || conversations::waiting(&mut db, inbox, 1).await?.is_empty() {
            return Ok(());
        }
    }
    let mut tx = app.store.begin().await?;
    let mut news = News::default();
    offer_all(&mut tx, inbox, freed, now, &mut news).await?;
    tx.commit().await?;
    change::publish(app, news);
    // The end of a round sets a timer without any news.
    app.timers_changed.notify_one();
    Ok(())
}

async fn offer_all(db: &mut Db, inbox: InboxId, freed: bool, now: Millis, news: &mut News) -> Result<(), DeskError> {
    let mut candidates = loads::candidates(&mut *db, inbox).await?;
    for waiting in conversations::waiting(&mut *db, inbox, BATCH).await? {
        if !candidates.iter().any(Candidate::is_eligible) {
            break;
        }
        offer(&mut *db, waiting, &mut candidates, freed, now, news).await?;
    }
    Ok(())
}

async fn offer(
    db: &mut Db,
    waiting: Head,
    candidates: &mut [Candidate],
    freed: bool,
    now: Millis,
    news: &mut News,
) -> Result<(), DeskError> {
    let asked = conversations::asked_users(&mut *db, waiting.id).await?;
    let mut choice = pick(candidates, &asked);
    if choice == Choice::RoundOver && freed {
        conversations::clear_asked(&mut *db, waiting.id).await?;
        choice = pick(candidates, &[]);
    }
    match choice {
        Choice::Offer(agent) => {
            let Some(mut head) = conversations::lock(&mut *db, waiting.id).await? else {
                return Ok(());
            };
            if !matches!(head.state, State::Waiting { .. }) {
                return Ok(());
            }
            change::apply(&mut *db, &mut head, &Event::Offer { agent }, Actor::System, now, news).await?;
            conversations::add_asked(db, head.id, agent).await?;
            if let Some(candidate) = candidates.iter_mut().find(|candidate| candidate.user == agent) {
                candidate.load.active += 1;
                candidate.load.active_here += 1;
                candidate.idle_since = now;
            }
            Ok(())
        }
        Choice::RoundOver => {
            let subject = waiting.id.to_string();
            change::set(db, TimerKind::Round, subject, waiting.version, now + ROUND_MS, now).await
        }
        Choice::Nobody => Ok(()),
    }
}

/// A minute after everyone was asked: ask again, in the transaction that takes the timer.
pub async fn new_round(app: &App, conversation: ConversationId, timer: &TimerRecord) -> Result<(), DeskError> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    if !timers::take(&mut tx, timer).await? {
        return Ok(());
    }
    let mut news = News::default();
    if let Some(head) = conversations::lock(&mut tx, conversation).await? {
        conversations::clear_asked(&mut tx, conversation).await?;
        if change::rules(&mut tx, head.inbox).await?.mode == Mode::Auto {
            offer_all(&mut tx, head.inbox, false, now, &mut news).await?;
        }
    }
    tx.commit().await?;
    change::publish(app, news);
    Ok(())
}
