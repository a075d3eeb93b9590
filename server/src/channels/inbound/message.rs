//! A message that a webhook brings: whose it is, what comes with it, and the thread under a post that it belongs to.

use causerie_shared::{
    Millis,
    ids::PostId,
    message::Extra,
    row::{Origin, Post},
};

use super::{Routed, happen::catch_up};
use crate::{
    channels::{
        adapter,
        element::{Arrived, Person, Thread},
        media, outbox, sibling,
    },
    clock::random_u128,
    desk::{
        DeskError, contact,
        ingest::{self, Incoming, Said},
    },
    state::App,
    store::{
        StoreError,
        channel_accounts::{self, ChannelAccount},
        contacts, conversations, places, posts, provider,
    },
};

/// A message came in: ours by its echo, or one to be stored.
pub(super) async fn message(app: &App, routed: &Routed, arrived: &Arrived) -> Result<(), DeskError> {
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
        let bound = match outbox::bind_by_opaque(app, account.row.id, id, arrived.opaque.as_deref()).await? {
            Some(bound) => Some(bound),
            None => outbox::bind_by_text(app, account.row.id, id, &arrived.text).await?,
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
        None => Some(person.speaker.clone()).filter(|speaker| !speaker.is_empty() && !arrived.outgoing),
    };
    // Most messages have no files: those find out who writes when they are stored.
    let (files, media) = if arrived.media.is_empty() {
        (vec![], vec![])
    } else {
        let mut tx = app.store.begin().await?;
        let contact = contact::resolve(&mut tx, account.row.id, &person.id, &person.aliases, now).await?;
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
    let Some(channel) = sibling(account.row.channel) else {
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
    let bound = match outbox::bind_by_opaque(app, comments, id, arrived.opaque.as_deref()).await? {
        Some(bound) => Some(bound),
        None => outbox::bind_by_text(app, comments, id, &arrived.text).await?,
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
