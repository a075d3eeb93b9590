//! Applies a message in a webhook: finds its contact, its media and its comment thread, and stores it.

use causerie_shared::{
    Millis,
    ids::{ContactId, FileId, PostId},
    message::{Extra, Kind, order::MAX_LATENESS_MS},
    row::{Origin, Post},
};

use crate::{
    channels::{
        BestEffortCall, ProviderResponse, adapter,
        inbound_event::{CommentThread, InboundMessage, Person},
    },
    clock::random_u128,
    contacts::{
        messages::{self, NewMessage, ProviderMetadata},
        profile,
    },
    conversations::provider_events::{
        Routed, apply_pending, keep_until_stored, known,
        match_echo::{Whose, bind_by_opaque, bind_by_text},
    },
    error::ServiceError,
    inbound::media,
    state::App,
    store::{
        StoreError,
        channel_accounts::{self, ChannelAccount},
        contacts, conversations, messages as stored, places, posts, provider, threads,
    },
};

/// Applies a message: matches the echo of one that was sent from here, or stores a new one.
pub(crate) async fn message(app: &App, routed: &Routed, arrived: &InboundMessage) -> Result<(), ServiceError> {
    let (account, element) = (&routed.account, &routed.element);
    let Some(person) = &element.person else { return Ok(()) };
    let mut db = app.store.read().await?;
    if provider::by_external(&mut db, account.row.id, &arrived.id)
        .await?
        .is_some()
    {
        return Ok(());
    }
    let record = places::account_by_id(&mut db, account.row.id).await?;
    let Some(record) = record else { return Ok(()) };
    drop(db);
    let now = app.clock.now();
    let thread = match &element.thread {
        Some(thread) => Some(thread_of(app, account, thread, now).await?),
        None => None,
    };
    let contact = known(app, account.row.id, person).await?;
    if arrived.outgoing && is_ours(app, account, arrived, thread.as_ref(), contact).await? {
        return Ok(());
    }
    let mut person = person.clone();
    if arrived.outgoing
        && let Some(thread) = &thread
    {
        match answers_to(app, routed, thread).await? {
            Answers::Contact(id) => {
                person = Person {
                    id,
                    ..Person::default()
                }
            }
            Answers::Nobody => return Ok(()),
            Answers::NotYetKnown if keep_until_stored(app, routed, &thread.top).await? => return Ok(()),
            Answers::NotYetKnown => return Box::pin(message(app, routed, arrived)).await,
        }
    }
    if !arrived.outgoing && person.name.is_empty() && is_new(app, contact).await? {
        person.name = name_of(app, account, &person).await;
    }
    let person = &person;
    // A time that is older than any re-delivery is not late: the clock is wrong, so the time of arrival counts. A
    // notice is not the contact's word and opens no window.
    let at = element
        .at
        .filter(|at| now - at <= MAX_LATENESS_MS)
        .map_or(now, |at| at.min(now));
    let speaks = !arrived.outgoing && arrived.kind != Kind::Notice;
    let window = adapter(account.row.channel).and_then(|adapter| adapter.capabilities().window);
    let author_name = match &thread {
        Some(thread) => other_author(app, account, &thread.top, person).await?,
        None => Some(person.speaker.clone()).filter(|speaker| !speaker.is_empty() && !arrived.outgoing),
    };
    let (files, media) = fetch(app, account, thread.as_ref(), person, arrived).await?;
    let extra = Extra {
        forwarded: arrived.forwarded,
        referral: arrived.referral.clone(),
        media,
        author_name,
        card: arrived.card.clone(),
        ..Extra::default()
    };
    let incoming = NewMessage {
        account: record,
        external: person.id.clone(),
        cid: format!("{}:{}", account.row.id, arrived.id),
        text: arrived.text.clone(),
        files,
        name: Some(person.name.clone()),
        email: None,
        origin: Origin::default(),
        said: Some(Box::new(ProviderMetadata {
            id: arrived.id.clone(),
            outgoing: arrived.outgoing,
            at: element.at,
            kind: arrived.kind,
            aliases: person.aliases.clone(),
            phone: person.phone.clone(),
            quoted: arrived.quoted.clone(),
            extra,
            window: window.filter(|_| speaks).map(|window| at + window.open),
            thread,
        })),
    };
    messages::receive(app, incoming).await?;
    apply_pending(app, account, &arrived.id).await
}

/// Whom an outgoing comment answers.
enum Answers {
    /// The contact with this provider's id, who began the thread.
    Contact(String),
    /// No contact: it begins a thread of the company's, or answers one.
    Nobody,
    /// The comment that it answers may still be on its way.
    NotYetKnown,
}

/// Finds out whom a comment of the company answers. A conversation begins when a contact writes, so a top-level comment
/// of the company begins none, no matter how often it is delivered.
async fn answers_to(app: &App, routed: &Routed, thread: &messages::CommentThread) -> Result<Answers, StoreError> {
    let begins = routed
        .element
        .thread
        .as_ref()
        .is_some_and(|thread| thread.parent.is_none());
    if begins {
        return Ok(Answers::Nobody);
    }
    if let Some(author) = author_of(app, &routed.account, &thread.top).await? {
        return Ok(Answers::Contact(author));
    }
    // If the first comment is known but has no thread, no contact wrote it.
    let mut db = app.store.read().await?;
    let top = provider::by_external(&mut db, routed.account.row.id, &thread.top).await?;
    Ok(match top {
        Some(_) => Answers::Nobody,
        None => Answers::NotYetKnown,
    })
}

/// Fetches the media of a message. Only a message with media needs its contact now; for the others, the contact is
/// resolved when they are stored.
async fn fetch(
    app: &App,
    account: &ChannelAccount,
    thread: Option<&messages::CommentThread>,
    person: &Person,
    arrived: &InboundMessage,
) -> Result<(Vec<FileId>, Vec<(String, bool)>), ServiceError> {
    if arrived.media.is_empty() {
        return Ok((vec![], vec![]));
    }
    let now = app.clock.now();
    let mut tx = app.store.begin_ordered().await?;
    // Files belong to the contact of the conversation, whoever sent them.
    let of_thread = match thread {
        Some(thread) => conversations::of_thread(&mut tx, account.row.id, &thread.top).await?,
        None => None,
    };
    let contact = match of_thread {
        Some(head) => head.contact,
        None => {
            let contact = profile::resolve(&mut tx, account.row.id, &person.id, &person.aliases, now).await?;
            contact.id
        }
    };
    tx.commit().await?;
    Ok(media::fetch_all(app, account, contact, &arrived.media).await)
}

/// Whether an outgoing message was sent from here. Its echo may arrive before the answer to the call that sent it.
async fn is_ours(
    app: &App,
    account: &ChannelAccount,
    arrived: &InboundMessage,
    thread: Option<&messages::CommentThread>,
    contact: Option<ContactId>,
) -> Result<bool, ServiceError> {
    let id = &arrived.id;
    if bind_by_opaque(app, account.row.id, id, arrived.opaque.as_deref())
        .await?
        .is_some()
    {
        apply_pending(app, account, id).await?;
        return Ok(true);
    }
    let whose = match (thread, contact) {
        (Some(thread), _) => Some(Whose::Thread(&thread.top)),
        (None, contact) => contact.map(Whose::Contact),
    };
    if let Some(whose) = whose
        && bind_by_text(app, account, arrived, whose).await?.is_some()
    {
        apply_pending(app, account, id).await?;
        return Ok(true);
    }
    if let Some(thread) = thread {
        // The API may have returned the id of our comment with another prefix.
        let mut db = app.store.read().await?;
        return Ok(threads::of_comment(&mut db, account.row.id, thread.post.id, last(id))
            .await?
            .is_some());
    }
    is_private_reply(app, account, arrived).await
}

/// Returns the part of a comment's id after its prefixes.
fn last(id: &str) -> &str {
    id.rsplit('_').next().unwrap_or(id)
}

/// Returns the provider's id of the contact who began an open comment thread.
async fn author_of(app: &App, account: &ChannelAccount, top: &str) -> Result<Option<String>, StoreError> {
    let mut db = app.store.read().await?;
    match conversations::open_thread(&mut db, account.row.id, top).await? {
        Some(head) => conversations::reply_address(&mut db, head.id).await,
        None => Ok(None),
    }
}

/// Longest beginning of a post that is kept, in characters.
const MAX_TITLE_CHARS: usize = 200;
/// How long to wait for optional details. A message must not wait longer for them.
const DETAILS_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

/// Asks the provider for optional details; `None` if it cannot be asked or does not answer in time.
async fn ask(app: &App, account: &ChannelAccount, call: Option<BestEffortCall>) -> Option<ProviderResponse> {
    let call = call?(&crate::accounts::credentials(app, account)?);
    let answer = app.client.call(&app.config, &call, None);
    // The client itself would wait for a minute.
    tokio::time::timeout(DETAILS_TIMEOUT, answer).await.ok()
}

/// Asks the provider for the name of a new contact, where needed; empty if it is unknown.
async fn name_of(app: &App, account: &ChannelAccount, person: &Person) -> String {
    let Some(adapter) = adapter(account.row.channel) else {
        return String::new();
    };
    let answer = ask(app, account, adapter.asks_name(person)).await;
    answer.and_then(|answer| adapter.name(&answer)).unwrap_or_default()
}

/// Returns the post of a comment thread. The provider is asked about it when its first comment comes in.
async fn post_of(app: &App, account: &ChannelAccount, thread: &CommentThread, now: Millis) -> Result<Post, StoreError> {
    let known = posts::by_external(&mut *app.store.read().await?, account.row.id, &thread.post).await?;
    if let Some(post) = known {
        return Ok(post);
    }
    let (mut title, mut url) = (None, None);
    if let Some(adapter) = adapter(account.row.channel)
        && let Some(answer) = ask(app, account, adapter.asks_post(thread)).await
    {
        (title, url) = adapter.post(&answer);
    }
    let title: String = title
        .unwrap_or(thread.title.clone())
        .chars()
        .take(MAX_TITLE_CHARS)
        .collect();
    let post = Post {
        id: PostId::new(now, random_u128()),
        title: title.replace(char::is_control, " "),
        url: url.or(Some(thread.url.clone()).filter(|url| !url.is_empty())),
    };
    let mut tx = app.store.begin().await?;
    let post = posts::ensure(&mut tx, account.row.id, &thread.post, &post, now).await?;
    tx.commit().await?;
    Ok(post)
}

/// Whether the contact has not written yet. A contact who is known only from the company's messages has no name yet.
async fn is_new(app: &App, contact: Option<ContactId>) -> Result<bool, StoreError> {
    match contact {
        Some(contact) => Ok(!stored::has_written(&mut *app.store.read().await?, contact).await?),
        None => Ok(true),
    }
}

/// Whether the message is the echo of a private reply. The reply belongs to the thread of its comment and begins no
/// conversation.
async fn is_private_reply(app: &App, account: &ChannelAccount, arrived: &InboundMessage) -> Result<bool, ServiceError> {
    let mut db = app.store.read().await?;
    let Some(paired) = channel_accounts::paired(&mut db, account).await? else {
        return Ok(false);
    };
    let (id, comments) = (&arrived.id, paired.row.id);
    if provider::by_external(&mut db, comments, id).await?.is_some() {
        return Ok(true);
    }
    drop(db);
    let bound = match bind_by_opaque(app, comments, id, arrived.opaque.as_deref()).await? {
        Some(bound) => Some(bound),
        None => bind_by_text(app, &paired, arrived, Whose::Privately).await?,
    };
    Ok(bound.is_some())
}

/// Returns the name of a comment's author, if the author is not the contact of the thread.
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
        "Somebody"
    } else {
        &person.name
    };
    Ok((writer != Some(head.contact)).then(|| name.to_owned()))
}

/// Returns the comment thread that a comment belongs to, with its post.
async fn thread_of(
    app: &App,
    account: &ChannelAccount,
    thread: &CommentThread,
    now: Millis,
) -> Result<messages::CommentThread, ServiceError> {
    let post = post_of(app, account, thread, now).await?;
    let mut db = app.store.read().await?;
    // A reply to a reply belongs to the same thread.
    let top = match &thread.parent {
        None => thread.comment.clone(),
        Some(parent) => {
            let known = match provider::by_external(&mut db, account.row.id, parent).await? {
                Some(bound) => Some((bound.conversation, parent.clone())),
                None => threads::of_comment(&mut db, account.row.id, post.id, last(parent)).await?,
            };
            match known {
                Some((chat, parent)) => conversations::thread_of(&mut db, chat).await?.unwrap_or(parent),
                None => threads::known_top(&mut db, account.row.id, post.id, last(parent))
                    .await?
                    .unwrap_or_else(|| parent.clone()),
            }
        }
    };
    Ok(messages::CommentThread { top, post })
}
