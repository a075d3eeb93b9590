//! From a stored webhook to what happened: read, routed, and done in order for each person.

use std::{collections::BTreeMap, sync::Arc};

use causerie_shared::{
    Millis,
    ids::{AccountId, PostId},
    message::{Delivery, Extra, Kind, Side},
    row::{Origin, Post},
};
use serde_json::Value;
use tokio::task::JoinSet;

use super::{
    adapter,
    element::{Arrived, Element, HERE, Person, Thread, What},
    media,
};
use crate::{
    clock::random_u128,
    desk::{
        DeskError,
        ingest::{self, Incoming, Said},
        lifecycle,
        marks::{self, Mark},
    },
    state::{App, Shared},
    store::{
        StoreError,
        channel_accounts::{self, ChannelAccount},
        contacts, conversations, places, posts,
        provider::{self, Early},
        raw_events::{self, RawEvent},
    },
};

/// Bodies that are looked at together.
const BATCH: i64 = 200;
/// People whose events are processed at the same time.
const LANES: usize = 8;
/// Pause after the database failed, and how often another node's bodies are looked for.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

/// How long bodies are kept (`domain.md` §6, Retention), and what came before its message, milliseconds.
const KEPT: Millis = 7 * 24 * 3_600_000;
const KEPT_EARLY: Millis = 3_600_000;
/// How often old ones are looked for, milliseconds.
const UPKEEP: Millis = 600_000;

/// Starts the worker.
pub fn start(app: &Shared) {
    tokio::spawn(run(Arc::clone(app)));
}

async fn run(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    let mut trimmed = None;
    loop {
        let now = app.clock.now();
        if trimmed.is_none_or(|trimmed| now >= trimmed + UPKEEP) {
            match trim(&app, now).await {
                Ok(()) => trimmed = Some(now),
                Err(error) => tracing::error!(%error, "old webhooks could not be removed"),
            }
        }
        let wait = async {
            match round(&app).await {
                Ok(true) => {}
                Ok(false) => {
                    tokio::select! {
                        () = app.hooked.notified() => {}
                        () = tokio::time::sleep(PAUSE) => {}
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "webhooks could not be processed");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        };
        tokio::select! {
            () = wait => {}
            _ = shutdown.changed() => return,
        }
    }
}

/// Forgets bodies after a week, and after an hour what was said of messages that never came.
async fn trim(app: &App, now: Millis) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    raw_events::trim(&mut tx, now - KEPT).await?;
    provider::trim_early(&mut tx, now - KEPT_EARLY).await?;
    tx.commit().await?;
    Ok(())
}

/// An element with where and when it came.
struct Routed {
    account: ChannelAccount,
    element: Element,
}

/// Processes one batch; `false` when there was nothing to do.
async fn round(app: &Shared) -> Result<bool, DeskError> {
    let Some(_turn) = app.store.turn(crate::store::nodes::INBOUND).await? else {
        return Ok(false);
    };
    let events = raw_events::waiting(&mut *app.store.read().await?, BATCH).await?;
    if events.is_empty() {
        return Ok(false);
    }
    let mut lanes: BTreeMap<(AccountId, String), Vec<Routed>> = BTreeMap::new();
    let mut problems: BTreeMap<String, String> = BTreeMap::new();
    for event in &events {
        match read(app, event).await? {
            Ok(routed) => {
                for one in routed {
                    lanes
                        .entry((one.account.row.id, lane(&one.element)))
                        .or_default()
                        .push(one);
                }
            }
            Err(problem) => {
                problems.insert(event.id.clone(), problem);
            }
        }
    }
    let mut running = JoinSet::new();
    for lane in lanes.into_values() {
        if running.len() >= LANES {
            settle(running.join_next().await)?;
        }
        let app = Arc::clone(app);
        running.spawn(async move {
            for routed in lane {
                greet(&app, &routed);
                one(&app, &routed).await?;
            }
            Ok(())
        });
    }
    while let Some(done) = running.join_next().await {
        settle(Some(done))?;
    }
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let mut heard: Vec<AccountId> = events.iter().map(|event| event.account).collect();
    heard.sort_unstable();
    heard.dedup();
    for account in heard {
        if let Some(mut account) = channel_accounts::get(&mut tx, account).await? {
            account.health.last_webhook = Some(now);
            channel_accounts::save_health(&mut tx, account.row.id, &account.health).await?;
        }
    }
    for event in &events {
        raw_events::done(&mut tx, &event.id, problems.remove(&event.id)).await?;
    }
    tx.commit().await?;
    Ok(true)
}

fn settle(done: Option<Result<Result<(), StoreError>, tokio::task::JoinError>>) -> Result<(), DeskError> {
    match done {
        None | Some(Ok(Ok(()))) => Ok(()),
        Some(Ok(Err(error))) => Err(error.into()),
        // One bad element must not lose the others.
        Some(Err(panic)) => {
            tracing::error!(%panic, "an element of a webhook could not be processed");
            Ok(())
        }
    }
}

/// What of a body belongs together in order: a person's events, else those of a message.
fn lane(element: &Element) -> String {
    if let Some(thread) = &element.thread {
        return thread.parent.clone().unwrap_or_else(|| thread.comment.clone());
    }
    match (&element.person, &element.what) {
        (Some(person), _) => person.id.clone(),
        (
            None,
            What::Reaction { target, .. }
            | What::Edit { target, .. }
            | What::Delete { target }
            | What::Hide { target, .. }
            | What::Status { target, .. },
        ) => target.clone(),
        (
            None,
            What::Message(_)
            | What::Watermark { .. }
            | What::PersonChanged { .. }
            | What::Blocked(_)
            | What::PostRemoved { .. }
            | What::AccountChanged(_)
            | What::Nothing(_),
        ) => String::new(),
    }
}

/// The elements of a body with the accounts that they belong to, in the order of their times.
async fn read(app: &App, event: &RawEvent) -> Result<Result<Vec<Routed>, String>, StoreError> {
    let mut db = app.store.read().await?;
    let Some(account) = channel_accounts::get(&mut db, event.account).await? else {
        return Ok(Ok(vec![]));
    };
    let Some(adapter) = adapter(account.row.channel) else {
        return Ok(Ok(vec![]));
    };
    let body: Value = match serde_json::from_slice(&event.body) {
        Ok(body) => body,
        Err(error) => return Ok(Err(format!("no JSON: {error}"))),
    };
    let mut routed = vec![];
    for element in adapter.elements(&body) {
        let own = element.account == account.external || element.account == HERE;
        let to = if element.channel == account.row.channel && own {
            Some(account.clone())
        } else {
            channel_accounts::by_external(&mut db, element.channel, &element.account).await?
        };
        // A line that is not connected here: another app's, or one that was removed.
        if let Some(account) = to {
            routed.push(Routed { account, element });
        }
    }
    Ok(Ok(routed))
}

/// Makes the call that good manners ask for; the work goes on meanwhile.
fn greet(app: &Shared, routed: &Routed) {
    let account = &routed.account;
    let courtesy = adapter(account.row.channel).and_then(|adapter| adapter.courtesy(&routed.element));
    if let Some(courtesy) = courtesy
        && let Some(credentials) = super::credentials(app, account)
    {
        let call = courtesy(&credentials);
        let app = Arc::clone(app);
        tokio::spawn(async move { app.client.call(&app.config, &call, None).await });
    }
}

async fn one(app: &App, routed: &Routed) -> Result<(), StoreError> {
    match happen(app, routed).await {
        Ok(()) => Ok(()),
        Err(DeskError::Store(error)) if !error.is_duplicate() => Err(error),
        // Said once, and the rest goes on.
        Err(error) => {
            tracing::warn!(%error, channel = routed.account.row.channel.as_str(), "an element was set aside");
            Ok(())
        }
    }
}

async fn happen(app: &App, routed: &Routed) -> Result<(), DeskError> {
    let (account, element) = (&routed.account, &routed.element);
    match &element.what {
        What::Message(arrived) => message(app, routed, arrived).await,
        What::Reaction {
            target,
            emoji,
            outgoing,
        } => {
            let by = if *outgoing { Side::Us } else { Side::Contact };
            let emoji = emoji.clone();
            on(app, routed, target, Mark::React { emoji, by }).await
        }
        What::Edit { target, text, number } => {
            let (text, number) = (text.clone(), *number);
            on(app, routed, target, Mark::Edit { text, number }).await
        }
        What::Delete { target } => on(app, routed, target, Mark::Delete).await,
        What::Hide { target, hidden } => on(app, routed, target, Mark::Hide(*hidden)).await,
        What::Status {
            target,
            state,
            problem,
            opaque,
        } => {
            let reason = problem.as_ref().map(|problem| problem.words.clone());
            status(app, routed, target, *state, reason, opaque.as_deref()).await
        }
        What::Watermark { until, state } => {
            let Some(person) = &element.person else { return Ok(()) };
            let contact = known(app, account.row.id, person).await?;
            let Some(contact) = contact else { return Ok(()) };
            marks::deliver_until(app, account.row.id, contact, *until, *state).await
        }
        What::PersonChanged { ids, .. } => {
            let Some(person) = &element.person else { return Ok(()) };
            match known(app, account.row.id, person).await? {
                Some(contact) => marks::further_ids(app, account.row.id, contact, ids).await,
                None => Ok(()),
            }
        }
        What::Blocked(blocked) => {
            let Some(person) = &element.person else { return Ok(()) };
            let Some(contact) = known(app, account.row.id, person).await? else {
                return Ok(());
            };
            // It is worth a line in a chat, and no new chat.
            let open = conversations::open_on(&mut *app.store.read().await?, contact, account.row.id).await?;
            if open.is_none() {
                return Ok(());
            }
            let words = if *blocked {
                "The customer has blocked this account."
            } else {
                "The customer takes messages again."
            };
            let at = element.at.unwrap_or_default();
            let arrived = notice(format!("blocked-{}-{blocked}-{at}", person.id), words);
            message(app, routed, &arrived).await
        }
        What::PostRemoved { post } => {
            let open = conversations::open_under(&mut *app.store.read().await?, account.row.id, post).await?;
            for head in open {
                use causerie_shared::conversation::transition::{Actor, Event};
                lifecycle::happen(app, head.id, Event::Leave, Actor::Contact, None).await?;
            }
            Ok(())
        }
        What::AccountChanged(words) => {
            let mut tx = app.store.begin().await?;
            if let Some(mut account) = channel_accounts::get(&mut tx, account.row.id).await? {
                account.health.note(app.clock.now(), words.clone());
                channel_accounts::save_health(&mut tx, account.row.id, &account.health).await?;
            }
            tx.commit().await?;
            Ok(())
        }
        What::Nothing(_) => Ok(()),
    }
}

/// A line of the channel's own.
fn notice(id: String, words: &str) -> Arrived {
    Arrived {
        id,
        outgoing: false,
        kind: Kind::Notice,
        text: words.to_owned(),
        media: vec![],
        quoted: None,
        forwarded: false,
        referral: None,
        card: None,
        opaque: None,
        album: None,
    }
}

async fn known(
    app: &App,
    account: AccountId,
    person: &Person,
) -> Result<Option<causerie_shared::ids::ContactId>, StoreError> {
    let mut db = app.store.read().await?;
    for id in std::iter::once(&person.id).chain(&person.aliases) {
        if let Some(contact) = contacts::by_identity(&mut db, account, id).await? {
            return Ok(Some(contact));
        }
    }
    Ok(None)
}

/// Marks the message behind a provider's id, or keeps the mark until it comes.
async fn on(app: &App, routed: &Routed, target: &str, mark: Mark) -> Result<(), DeskError> {
    let bound = provider::by_external(&mut *app.store.read().await?, routed.account.row.id, target).await?;
    match bound {
        Some(bound) => marks::mark(app, &bound, mark).await,
        None => early(app, routed, target).await,
    }
}

async fn early(app: &App, routed: &Routed, target: &str) -> Result<(), DeskError> {
    let now = app.clock.now();
    let early = Early {
        id: super::sequence(now),
        element: serde_json::to_string(&routed.element).map_err(|_| StoreError::Damaged("element"))?,
    };
    let mut tx = app.store.begin().await?;
    // It may have come while this waited for the transaction.
    let bound = provider::by_external(&mut tx, routed.account.row.id, target).await?;
    if bound.is_none() {
        provider::keep_early(&mut tx, &early, routed.account.row.id, target, now).await?;
        tx.commit().await?;
        return Ok(());
    }
    drop(tx);
    Box::pin(happen(app, routed)).await
}

/// Does what was said of a message before it was there.
pub async fn catch_up(app: &App, account: &ChannelAccount, external: &str) -> Result<(), DeskError> {
    // Mostly there is nothing, and finding that out needs no place in the line of writers: what comes from now on
    // finds the message.
    if !provider::has_early(&mut *app.store.read().await?, account.row.id, external).await? {
        return Ok(());
    }
    let mut tx = app.store.begin().await?;
    let kept = provider::take_early(&mut tx, account.row.id, external).await?;
    if kept.is_empty() {
        return Ok(());
    }
    tx.commit().await?;
    for early in kept {
        if let Ok(element) = serde_json::from_str(&early.element) {
            let routed = Routed {
                account: account.clone(),
                element,
            };
            Box::pin(happen(app, &routed)).await?;
        }
    }
    Ok(())
}

async fn status(
    app: &App,
    routed: &Routed,
    target: &str,
    state: Delivery,
    reason: Option<String>,
    opaque: Option<&str>,
) -> Result<(), DeskError> {
    let account = routed.account.row.id;
    let bound = provider::by_external(&mut *app.store.read().await?, account, target).await?;
    let bound = match bound {
        Some(bound) => Some(bound),
        None => super::outbox::bind_by_opaque(app, account, target, opaque).await?,
    };
    match bound {
        Some(bound) if bound.outgoing => marks::deliver(app, &bound, state, reason).await,
        Some(_) => Ok(()),
        None => early(app, routed, target).await,
    }
}

async fn message(app: &App, routed: &Routed, arrived: &Arrived) -> Result<(), DeskError> {
    let (account, element) = (&routed.account, &routed.element);
    let Some(person) = &element.person else { return Ok(()) };
    let mut db = app.store.read().await?;
    if provider::by_external(&mut db, account.row.id, &arrived.id)
        .await?
        .is_some()
    {
        return Ok(());
    }
    // Our own message comes back as an echo, perhaps before the answer to the call that sent it.
    if arrived.outgoing {
        let id = &arrived.id;
        let bound = match super::outbox::bind_by_opaque(app, account.row.id, id, arrived.opaque.as_deref()).await? {
            Some(bound) => Some(bound),
            None => super::outbox::bind_by_text(app, account.row.id, id, &arrived.text).await?,
        };
        if bound.is_some() {
            return catch_up(app, account, id).await;
        }
        if is_private_reply(app, account, arrived).await? {
            return Ok(());
        }
    }
    let record = places::account_by_id(&mut db, account.row.id).await?;
    let Some(record) = record else { return Ok(()) };
    drop(db);
    let now = app.clock.now();
    let thread = match &element.thread {
        Some(thread) => Some(thread_of(app, account, thread, now).await?),
        None => None,
    };
    let at = element.at.map_or(now, |at| at.min(now));
    let window = adapter(account.row.channel).and_then(|adapter| adapter.capabilities().window);
    let author_name = match &thread {
        Some(thread) => other_author(app, account, &thread.top, person).await?,
        None => None,
    };
    // Most messages have no files: those find out who writes when they are stored.
    let (files, media) = if arrived.media.is_empty() {
        (vec![], vec![])
    } else {
        let mut tx = app.store.begin().await?;
        let contact = crate::desk::contact::resolve(&mut tx, account.row.id, &person.id, &person.aliases, now).await?;
        tx.commit().await?;
        media::fetch_all(app, account, contact.id, &arrived.media).await
    };
    let extra = Extra {
        forwarded: arrived.forwarded,
        referral: arrived.referral.clone(),
        media,
        author_name,
        card: arrived.card.clone(),
        ..Extra::default()
    };
    let incoming = Incoming {
        account: record,
        external: person.id.clone(),
        cid: format!("{}:{}", account.row.id, arrived.id),
        text: arrived.text.clone(),
        files,
        name: Some(person.name.clone()),
        email: None,
        origin: Origin::default(),
        said: Some(Box::new(Said {
            id: arrived.id.clone(),
            outgoing: arrived.outgoing,
            kind: arrived.kind,
            aliases: person.aliases.clone(),
            phone: person.phone.clone(),
            quoted: arrived.quoted.clone(),
            extra,
            window: window.filter(|_| !arrived.outgoing).map(|window| at + window.open),
            thread,
        })),
    };
    ingest::receive(app, incoming).await?;
    catch_up(app, account, &arrived.id).await
}

/// It is the echo of a private reply: that stands in the thread of its comment, and begins no chat of its own.
async fn is_private_reply(app: &App, account: &ChannelAccount, arrived: &Arrived) -> Result<bool, DeskError> {
    let Some(channel) = super::sibling(account.row.channel) else {
        return Ok(false);
    };
    let mut db = app.store.read().await?;
    let Some(comments) = channel_accounts::by_external(&mut db, channel, &account.external).await? else {
        return Ok(false);
    };
    let (id, comments) = (&arrived.id, comments.row.id);
    if provider::by_external(&mut db, comments, id).await?.is_some() {
        return Ok(true);
    }
    drop(db);
    let bound = match super::outbox::bind_by_opaque(app, comments, id, arrived.opaque.as_deref()).await? {
        Some(bound) => Some(bound),
        None => super::outbox::bind_by_text(app, comments, id, &arrived.text).await?,
    };
    Ok(bound.is_some())
}

/// The name of whoever writes under a post, when it is not the contact of the thread.
async fn other_author(
    app: &App,
    account: &ChannelAccount,
    top: &str,
    person: &Person,
) -> Result<Option<String>, StoreError> {
    let mut db = app.store.read().await?;
    let Some(head) = conversations::of_thread(&mut db, account.row.id, top).await? else {
        return Ok(None);
    };
    let writer = contacts::by_identity(&mut db, account.row.id, &person.id).await?;
    let name = if person.name.is_empty() {
        &person.id
    } else {
        &person.name
    };
    Ok((writer != Some(head.contact)).then(|| name.clone()))
}

/// The thread that a comment belongs to, with its post.
async fn thread_of(
    app: &App,
    account: &ChannelAccount,
    thread: &Thread,
    now: Millis,
) -> Result<ingest::Thread, DeskError> {
    let mut tx = app.store.begin().await?;
    // A reply to a reply stands in the same thread.
    let top = match &thread.parent {
        None => thread.comment.clone(),
        Some(parent) => match provider::by_external(&mut tx, account.row.id, parent).await? {
            Some(bound) => conversations::thread_of(&mut tx, bound.conversation)
                .await?
                .unwrap_or_else(|| parent.clone()),
            None => parent.clone(),
        },
    };
    let post = posts::ensure(
        &mut tx,
        account.row.id,
        &thread.post,
        &Post {
            id: PostId::new(now, random_u128()),
            title: thread.title.clone(),
            url: (!thread.url.is_empty()).then(|| thread.url.clone()),
        },
        now,
    )
    .await?;
    tx.commit().await?;
    Ok(ingest::Thread { top, post })
}
