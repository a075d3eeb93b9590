//! The worker that brings messages to providers: in order within a conversation, never twice without a person's word.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use causerie_shared::{
    Millis,
    ids::{AccountId, MessageId},
    inbox::Channel,
    message::{Delivery, Kind},
    row::Head,
};
use tokio::sync::Semaphore;

use super::{
    Adapter, Credentials, Next, Outcome, Outgoing, adapter,
    element::Problem,
    inbound,
    outgoing::Content,
    parts::{self, Piece},
};
use crate::{
    clock::random_u128,
    desk::{DeskError, marks},
    state::{App, Shared},
    store::{
        Engine, StoreError,
        channel_accounts::{self, ChannelAccount},
        conversations, messages,
        messages::MessageRecord,
        outbox::{self, OutboxRow, Stage},
        provider::{self, ProviderMessage},
    },
};

/// Messages that are on their way at a time.
const AT_ONCE: usize = 16;
/// Rows that are looked at together.
const BATCH: i64 = 100;
/// Attempts before passing trouble is called a failure: the last comes after some three hours.
const ATTEMPTS: i64 = 12;
/// First and longest pause between attempts, milliseconds.
const FIRST: Millis = 1_000;
const LONGEST: Millis = 30 * 60_000;
/// A worker that has a message for longer has died, milliseconds.
const LEASE: Millis = 5 * 60_000;
/// Calls that sending one part may take.
const MAX_CALLS: usize = 4;
/// Held back until somebody renews the token.
const NEVER: Millis = i64::MAX / 2;
const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

/// Starts the worker.
pub fn start(app: &Shared) {
    tokio::spawn(run(Arc::clone(app)));
}

/// When an account and a pair of account and person may be used again.
#[derive(Default)]
struct Pace(HashMap<(AccountId, String), Millis>);

impl Pace {
    /// Milliseconds to wait; 0: go, and the next one has to wait.
    fn take(&mut self, account: AccountId, person: &str, rate: super::capabilities::Rate, now: Millis) -> Millis {
        let pair = (account, person.to_owned());
        let all = (account, String::new());
        let free = |key: &(AccountId, String)| self.0.get(key).copied().unwrap_or(0);
        let wait = free(&pair).max(free(&all)) - now;
        if wait > 0 {
            return wait;
        }
        self.0.insert(all, now + 1000 / Millis::from(rate.account.max(1)));
        if rate.pair > 0 {
            self.0.insert(pair, now + rate.pair);
        }
        self.0.retain(|_, until| *until > now);
        0
    }
}

async fn run(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    let pace = Arc::new(Mutex::new(Pace::default()));
    let room = Arc::new(Semaphore::new(AT_ONCE));
    // What this file's only server was sending when it stopped.
    let mut looked = match app.store.engine() {
        Engine::Sqlite => orphans(&app, Millis::MAX).await,
        Engine::Postgres => Ok(()),
    };
    loop {
        if let Err(error) = looked {
            tracing::error!(%error, "what was being sent could not be looked at");
        }
        looked = orphans(&app, app.clock.now()).await;
        let next = round(&app, &pace, &room).await;
        let wait = async {
            match next {
                Ok(Some(due)) => tokio::select! {
                    () = app.clock.sleep_until(due) => {}
                    () = tokio::time::sleep(PAUSE) => {}
                },
                Ok(None) => tokio::time::sleep(PAUSE).await,
                Err(error) => {
                    tracing::error!(%error, "the outbox could not be read");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        };
        tokio::select! {
            () = wait => {}
            () = app.outbox_changed.notified() => {}
            _ = shutdown.changed() => return,
        }
    }
}

/// A worker died while it sent: nobody knows what came of a part that was begun; what was not goes on.
async fn orphans(app: &App, now: Millis) -> Result<(), DeskError> {
    let rows = outbox::orphans(&mut *app.store.read().await?, now, BATCH).await?;
    for mut row in rows {
        if !row.progress.begun {
            row.stage = Stage::Waiting;
            row.due = app.clock.now();
            save(app, &row).await?;
            continue;
        }
        let words = "The server stopped while this was being sent.";
        give_up(
            app,
            &mut row,
            Stage::Unconfirmed,
            Delivery::Unconfirmed,
            Some(words.to_owned()),
        )
        .await?;
    }
    Ok(())
}

/// Sends what is due; when the next one is.
async fn round(app: &Shared, pace: &Arc<Mutex<Pace>>, room: &Arc<Semaphore>) -> Result<Option<Millis>, DeskError> {
    let now = app.clock.now();
    let due = outbox::due(&mut *app.store.read().await?, now, BATCH).await?;
    let mut soonest = None;
    for row in due {
        let Some(account) = channel_accounts::get(&mut *app.store.read().await?, row.account).await? else {
            let mut row = row;
            give_up(
                app,
                &mut row,
                Stage::Failed,
                Delivery::Failed,
                Some("The account was removed.".to_owned()),
            )
            .await?;
            continue;
        };
        if !account.row.enabled {
            continue;
        }
        let Some(adapter) = adapter(account.row.channel) else {
            continue;
        };
        let person = row.conversation.to_string();
        let wait = pace.lock().unwrap_or_else(PoisonError::into_inner).take(
            account.row.id,
            &person,
            adapter.capabilities().rate,
            now,
        );
        if wait > 0 {
            soonest = Some(soonest.unwrap_or(Millis::MAX).min(now + wait));
            continue;
        }
        let Ok(permit) = Arc::clone(room).acquire_owned().await else {
            return Ok(None);
        };
        let mut tx = app.store.begin().await?;
        let taken = outbox::take(&mut tx, &row, now + LEASE).await?;
        tx.commit().await?;
        let Some(taken) = taken else { continue };
        let app = Arc::clone(app);
        tokio::spawn(async move {
            if let Err(error) = deliver(&app, &account, adapter, taken).await {
                tracing::error!(%error, "a message is between here and its provider");
            }
            drop(permit);
            // The next of the conversation may go.
            app.outbox_changed.notify_one();
        });
    }
    let next = outbox::next_due(&mut *app.store.read().await?).await?;
    Ok(match (soonest, next.filter(|next| *next > now)) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    })
}

/// What a part is sent with.
struct Way<'a> {
    account: &'a ChannelAccount,
    adapter: &'static dyn Adapter,
    credentials: Credentials,
    head: Head,
    record: MessageRecord,
    to: String,
    thread: Option<String>,
    quoted: Option<String>,
}

async fn deliver(
    app: &App,
    account: &ChannelAccount,
    adapter: &'static dyn Adapter,
    mut row: OutboxRow,
) -> Result<(), DeskError> {
    let way = match way(app, account, adapter, &row).await? {
        Ok(way) => way,
        Err(words) => return give_up(app, &mut row, Stage::Failed, Delivery::Failed, Some(words)).await,
    };
    let pieces = match parts::split(app, adapter.capabilities(), &way.record).await {
        Ok(pieces) => pieces,
        Err(words) => return give_up(app, &mut row, Stage::Failed, Delivery::Failed, Some(words)).await,
    };
    for (at, piece) in pieces.iter().enumerate().skip(row.progress.sent as usize) {
        row.progress.begun = true;
        if !save(app, &row).await? {
            return Ok(());
        }
        let outcome = send(app, &way, piece, at).await;
        match outcome {
            Outcome::Accepted { id, person } => {
                row.progress.sent += 1;
                row.progress.begun = false;
                accepted(app, &way, &row, id, person).await?;
            }
            other => return settle(app, account, row, other).await,
        }
    }
    // If the server stops between the two, the row goes its way again and finds that every part is sent.
    marks::deliver(app, &bound(&row, String::new()), Delivery::Sent, None).await?;
    row.stage = Stage::Settled;
    save(app, &row).await?;
    Ok(())
}

async fn way<'a>(
    app: &App,
    account: &'a ChannelAccount,
    adapter: &'static dyn Adapter,
    row: &OutboxRow,
) -> Result<Result<Way<'a>, String>, StoreError> {
    let gone = || Ok(Err("The conversation is not there any more.".to_owned()));
    let Some(credentials) = super::credentials(app, account) else {
        return Ok(Err("The account's secrets cannot be read; connect it again.".to_owned()));
    };
    let mut db = app.store.read().await?;
    let Some(head) = conversations::get(&mut db, row.conversation).await? else {
        return gone();
    };
    let Some(record) = messages::get(&mut db, row.conversation, row.message).await? else {
        return gone();
    };
    let Some(to) = conversations::answers_to(&mut db, row.conversation).await? else {
        return gone();
    };
    let thread = conversations::thread_of(&mut db, row.conversation).await?;
    let quoted = match record.reply_to {
        Some(quoted) => provider::of_message(&mut db, quoted).await?.into_iter().next(),
        None => None,
    };
    Ok(Ok(Way {
        account,
        adapter,
        credentials,
        head,
        record,
        to,
        thread,
        quoted: quoted.map(|quoted| quoted.external),
    }))
}

/// Sends one part, with as many calls as it takes.
async fn send(app: &App, way: &Way<'_>, piece: &Piece, at: usize) -> Outcome {
    let now = app.clock.now();
    let mut human_agent = false;
    if let (Some(window), Some(closes)) = (way.adapter.capabilities().window, way.head.window)
        && now > closes
        && way.record.kind != Kind::Template
    {
        let longer = window.human_agent.map_or(0, |longer| longer - window.open);
        if !way.credentials.human_agent || now > closes + longer {
            return Outcome::WindowClosed(Problem {
                code: "window".to_owned(),
                words: "The time in which the channel allows free answers is over.".to_owned(),
            });
        }
        human_agent = true;
    }
    let opaque = way.record.row.id.to_string();
    let url = piece.public_url(app);
    let outgoing = Outgoing {
        to: &way.to,
        content: match piece {
            Piece::Text(text) => Content::Text(text),
            Piece::File { caption, .. } => Content::File {
                file: match piece.file(app, &url).await {
                    Ok(file) => file,
                    Err(words) => {
                        return Outcome::Final(Problem {
                            code: "file".to_owned(),
                            words,
                        });
                    }
                },
                caption,
            },
        },
        quoted: way.quoted.as_deref().filter(|_| at == 0),
        opaque: &opaque,
        human_agent,
        comment: way.thread.as_deref(),
        private: way.record.row.extra.as_ref().is_some_and(|extra| extra.private),
    };
    let mut answers = vec![];
    for _ in 0..MAX_CALLS {
        match way.adapter.send(&way.credentials, &outgoing, &answers) {
            Next::Call(call) => answers.push(app.client.call(&app.config, &call, None).await),
            Next::Done(outcome) => return outcome,
        }
    }
    Outcome::Final(Problem {
        code: "calls".to_owned(),
        words: "The provider asks for more and more.".to_owned(),
    })
}

fn bound(row: &OutboxRow, external: String) -> ProviderMessage {
    ProviderMessage {
        account: row.account,
        external,
        message: row.message,
        conversation: row.conversation,
        outgoing: true,
        quoted: None,
        at: 0,
    }
}

/// The provider has a part: its id is bound, and what was said of it before is done now.
async fn accepted(
    app: &App,
    way: &Way<'_>,
    row: &OutboxRow,
    id: Option<String>,
    person: Option<String>,
) -> Result<(), DeskError> {
    let mut tx = app.store.begin().await?;
    if let Some(id) = &id {
        let bound = ProviderMessage {
            quoted: way.quoted.clone(),
            at: app.clock.now(),
            ..bound(row, id.clone())
        };
        provider::bind(&mut tx, &bound).await?;
    }
    if let Some(person) = person.filter(|person| *person != way.to) {
        crate::store::contacts::add_identity(&mut tx, row.account, &person, way.head.contact).await?;
    }
    outbox::save(&mut tx, row).await?;
    tx.commit().await?;
    match id {
        Some(id) => inbound::catch_up(app, way.account, &id).await,
        None => Ok(()),
    }
}

async fn save(app: &App, row: &OutboxRow) -> Result<bool, StoreError> {
    let mut tx = app.store.begin().await?;
    let mine = outbox::save(&mut tx, row).await?;
    tx.commit().await?;
    Ok(mine)
}

/// Pause before the next attempt: doubled each time, with jitter so that many do not come back at once.
fn pause(attempts: i64) -> Millis {
    let whole = FIRST.saturating_mul(1 << attempts.clamp(0, 20)).min(LONGEST);
    whole / 2 + (random_u128() % (whole as u128 / 2 + 1)) as Millis
}

/// Decides what happens after anything but success.
async fn settle(app: &App, account: &ChannelAccount, mut row: OutboxRow, outcome: Outcome) -> Result<(), DeskError> {
    let now = app.clock.now();
    match outcome {
        Outcome::Accepted { .. } => Ok(()),
        Outcome::RetryAfter(wait, problem) => later(app, account, row, now + wait.max(1), &problem).await,
        Outcome::Retry(problem) if row.attempts >= ATTEMPTS => {
            give_up(app, &mut row, Stage::Failed, Delivery::Failed, Some(problem.words)).await
        }
        Outcome::Retry(problem) => {
            let due = now + pause(row.attempts);
            later(app, account, row, due, &problem).await
        }
        Outcome::Final(problem) | Outcome::WindowClosed(problem) => {
            give_up(app, &mut row, Stage::Failed, Delivery::Failed, Some(problem.words)).await
        }
        Outcome::TokenInvalid(problem) => {
            later(app, account, row, NEVER, &problem).await?;
            let mut tx = app.store.begin().await?;
            outbox::delay_account(&mut tx, account.row.id, NEVER).await?;
            if let Some(mut account) = channel_accounts::get(&mut tx, account.row.id).await? {
                account.health.token_invalid = true;
                channel_accounts::save_health(&mut tx, account.row.id, &account.health).await?;
            }
            tx.commit().await?;
            Ok(())
        }
        Outcome::Unconfirmed(problem) => {
            give_up(
                app,
                &mut row,
                Stage::Unconfirmed,
                Delivery::Unconfirmed,
                Some(problem.words),
            )
            .await
        }
    }
}

/// The part did not go and nothing of it will: it is tried again at `due`.
async fn later(
    app: &App,
    account: &ChannelAccount,
    mut row: OutboxRow,
    due: Millis,
    problem: &Problem,
) -> Result<(), DeskError> {
    row.stage = Stage::Waiting;
    row.due = due;
    row.progress.begun = false;
    let mut tx = app.store.begin().await?;
    outbox::save(&mut tx, &row).await?;
    if let Some(mut account) = channel_accounts::get(&mut tx, account.row.id).await? {
        account.health.note(app.clock.now(), problem.words.clone());
        channel_accounts::save_health(&mut tx, account.row.id, &account.health).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn give_up(
    app: &App,
    row: &mut OutboxRow,
    stage: Stage,
    delivery: Delivery,
    words: Option<String>,
) -> Result<(), DeskError> {
    marks::deliver(app, &bound(row, String::new()), delivery, words).await?;
    row.stage = stage;
    save(app, row).await?;
    Ok(())
}

/// A provider that cannot hand our reference back shows a text that is on its way now, or of which nobody knows whether
/// it went: it is that message.
pub async fn bind_by_text(
    app: &App,
    account: AccountId,
    external: &str,
    text: &str,
) -> Result<Option<ProviderMessage>, DeskError> {
    let candidates = outbox::open_of(&mut *app.store.read().await?, account).await?;
    for row in candidates {
        let record = messages::get(&mut *app.store.read().await?, row.conversation, row.message).await?;
        if record.is_some_and(|record| !text.trim().is_empty() && record.body.trim() == text.trim()) {
            let opaque = row.message.to_string();
            return bind_by_opaque(app, account, external, Some(&opaque)).await;
        }
    }
    Ok(None)
}

/// A provider hands our own reference back with an id that is not bound yet: binds it.
pub async fn bind_by_opaque(
    app: &App,
    account: AccountId,
    external: &str,
    opaque: Option<&str>,
) -> Result<Option<ProviderMessage>, DeskError> {
    let Some(message) = opaque.and_then(|opaque| opaque.parse::<MessageId>().ok()) else {
        return Ok(None);
    };
    let mut tx = app.store.begin().await?;
    let Some(mut row) = outbox::get(&mut tx, message)
        .await?
        .filter(|row| row.account == account)
    else {
        return Ok(None);
    };
    let bound = ProviderMessage {
        at: app.clock.now(),
        ..bound(&row, external.to_owned())
    };
    provider::bind(&mut tx, &bound).await?;
    let was_unknown = row.stage == Stage::Unconfirmed;
    if was_unknown {
        row.stage = Stage::Settled;
        outbox::save(&mut tx, &row).await?;
    }
    tx.commit().await?;
    if was_unknown {
        marks::deliver(app, &bound, Delivery::Sent, None).await?;
    }
    Ok(Some(bound))
}

/// A message goes through the outbox on this channel.
pub fn takes(channel: Channel) -> bool {
    channel != Channel::Web
}

/// The row of a new message.
pub fn row(head: &Head, message: MessageId, position: i64, now: Millis) -> OutboxRow {
    OutboxRow {
        message,
        account: head.account,
        conversation: head.id,
        position,
        stage: Stage::Waiting,
        attempts: 0,
        due: now,
        fence: 0,
        progress: outbox::Progress::default(),
    }
}
