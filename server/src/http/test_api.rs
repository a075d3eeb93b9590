//! Addresses for tests from outside, off by default (`CAUSERIE_TEST_API`): connect accounts of fake providers, look at
//! what became of their webhooks, send as an agent.

use std::collections::HashMap;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use causerie_shared::{
    ids::{AccountId, ConversationId, InboxId, MessageId},
    inbox::{AccountRow, Channel, InboxRow, Member, Mode, Rules},
    message::{Author, Delivery, Kind, Side, order},
    refusal::Code,
    user::{DEFAULT_CAPACITY, Role},
};
use serde::{Deserialize, Serialize};

use crate::{
    channels::{Credentials, adapter, element::Class, telegram, templates},
    clock::random_u128,
    desk::say,
    error::ApiError,
    http::{auth, json::Json},
    state::Shared,
    store::{
        Db,
        channel_accounts::{self, ChannelAccount, Health},
        conversations,
        feed::{self, FeedKind},
        messages::{self, MessageRecord},
        outbox, people, places,
        provider::{self, ProviderMessage},
        raw_events, trial,
    },
    sync,
};

/// How long `quiesce` waits at most.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);
const GLANCE: std::time::Duration = std::time::Duration::from_millis(10);
/// Inbox of the accounts that tests connect.
const INBOX: &str = "Test channels";

/// All of them.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/accounts", post(connect))
        .route("/reset", post(reset))
        .route("/quiesce", post(quiesce))
        .route("/conversations", get(list))
        .route("/send", post(send))
}

#[derive(Deserialize)]
struct NewAccount {
    channel: String,
    #[serde(flatten)]
    credentials: Credentials,
}

#[derive(Serialize)]
struct Connected {
    id: AccountId,
    webhook: String,
}

/// `POST /test/accounts`.
async fn connect(State(app): State<Shared>, Json(body): Json<NewAccount>) -> Result<impl IntoResponse, ApiError> {
    let channel = Channel::from_key(&body.channel)
        .filter(|channel| adapter(*channel).is_some())
        .ok_or_else(|| ApiError::new(Code::Invalid, "there is no such channel"))?;
    let credentials = body.credentials;
    if credentials.external_id.is_empty() {
        return Err(ApiError::new(Code::Invalid, "external_id is missing"));
    }
    let now = app.clock.now();
    let plain = serde_json::to_vec(&credentials).map_err(|_| ApiError::internal())?;
    let secrets = app.vault.seal(&plain).map_err(|_| ApiError::internal())?;
    let mut tx = app.store.begin().await?;
    let health = Health {
        human_agent: credentials.human_agent,
        ..Health::default()
    };
    let known = channel_accounts::by_external(&mut tx, channel, &credentials.external_id).await?;
    let account = match known {
        Some(known) => {
            let account = ChannelAccount {
                secrets,
                health,
                ..known
            };
            channel_accounts::save(&mut tx, &account).await?;
            outbox::delay_account(&mut tx, account.row.id, now).await?;
            account
        }
        None => {
            let account = ChannelAccount {
                row: AccountRow {
                    id: AccountId::new(now, random_u128()),
                    inbox: inbox(&app, &mut tx).await?,
                    channel,
                    name: format!("{} {}", channel.as_str(), credentials.external_id),
                    enabled: true,
                    trouble: false,
                    human_agent: false,
                },
                key: auth::new_token(),
                external: credentials.external_id,
                secrets,
                health,
            };
            channel_accounts::insert(&mut tx, &account).await?;
            account
        }
    };
    let entry = feed::append(&mut tx, FeedKind::Account, account.row.id.to_string(), None, None).await?;
    templates::ask(&mut tx, &account, now).await?;
    tx.commit().await?;
    sync::announce(&app, vec![entry]).await?;
    app.templates_changed.notify_one();
    app.outbox_changed.notify_one();
    let connected = Connected {
        id: account.row.id,
        webhook: format!("/hooks/{}", account.key),
    };
    Ok((StatusCode::CREATED, Json(connected)))
}

/// The inbox of test accounts: everyone's queue, so that any agent can take their chats.
async fn inbox(app: &Shared, db: &mut Db) -> Result<InboxId, ApiError> {
    let inboxes = places::inboxes(&mut *db).await?;
    if let Some(inbox) = inboxes.iter().find(|inbox| inbox.name == INBOX) {
        return Ok(inbox.id);
    }
    let users = people::users(&mut *db).await?;
    let inbox = InboxRow {
        id: InboxId::new(app.clock.now(), random_u128()),
        name: INBOX.to_owned(),
        rules: Rules {
            mode: Mode::Broadcast,
            ..Rules::default()
        },
        members: users
            .iter()
            .map(|user| Member {
                user: user.id,
                capacity: DEFAULT_CAPACITY,
            })
            .collect(),
    };
    places::insert_inbox(&mut *db, &inbox).await?;
    feed::append(&mut *db, FeedKind::Inbox, inbox.id.to_string(), None, None).await?;
    for user in users {
        feed::append(&mut *db, FeedKind::Grants, user.id.to_string(), None, None).await?;
    }
    Ok(inbox.id)
}

/// `POST /test/reset`: no contacts, conversations or raw events are left; accounts stay.
async fn reset(State(app): State<Shared>) -> Result<StatusCode, ApiError> {
    settled(&app).await?;
    let mut tx = app.store.begin().await?;
    trial::wipe(&mut tx).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /test/quiesce`: answers when everything received has been processed and everything due was sent.
async fn quiesce(State(app): State<Shared>) -> Result<StatusCode, ApiError> {
    settled(&app).await?;
    Ok(StatusCode::OK)
}

async fn settled(app: &Shared) -> Result<(), ApiError> {
    let all = async {
        loop {
            let now = app.clock.now();
            let mut db = app.store.read().await?;
            let busy = !raw_events::waiting(&mut db, 1).await?.is_empty() || outbox::is_busy(&mut db, now).await?;
            drop(db);
            if !busy {
                return Ok::<(), ApiError>(());
            }
            app.hooked.notify_one();
            app.outbox_changed.notify_one();
            tokio::time::sleep(GLANCE).await;
        }
    };
    tokio::time::timeout(PATIENCE, all)
        .await
        .map_err(|_| ApiError::new(Code::Conflict, "there is still something to do"))?
}

#[derive(Serialize)]
struct Chat {
    id: ConversationId,
    number: i64,
    channel: &'static str,
    account: String,
    contact: Person,
    comment_thread: Option<ThreadOf>,
    status: &'static str,
    messages: Vec<Line>,
}

#[derive(Serialize)]
struct Person {
    name: String,
    external_id: Option<String>,
    phone: Option<String>,
}

#[derive(Serialize)]
struct ThreadOf {
    post_id: String,
    comment_id: String,
}

#[derive(Serialize)]
struct Reacted {
    emoji: String,
    by: &'static str,
}

#[derive(Serialize)]
struct Line {
    id: MessageId,
    provider_id: Option<String>,
    direction: &'static str,
    /// Who of a group or under a post wrote it, when it is not the contact.
    author: Option<String>,
    kind: &'static str,
    text: String,
    attachments: Vec<String>,
    quoted: Option<String>,
    reactions: Vec<Reacted>,
    forwarded: bool,
    referral: Option<String>,
    edited: bool,
    deleted: bool,
    hidden: bool,
    state: Option<&'static str>,
    error: Option<String>,
}

/// `GET /test/conversations`: all of them, the oldest first, with their messages in display order.
async fn list(State(app): State<Shared>) -> Result<Json<Vec<Chat>>, ApiError> {
    let mut db = app.store.read().await?;
    let accounts: HashMap<AccountId, ChannelAccount> = channel_accounts::all(&mut db)
        .await?
        .into_iter()
        .map(|account| (account.row.id, account))
        .collect();
    let mut chats = vec![];
    for head in trial::conversations(&mut db).await? {
        let Some(account) = accounts.get(&head.account) else {
            continue;
        };
        let thread = conversations::thread_of(&mut db, head.id).await?;
        let mut lines = vec![];
        let mut records = messages::newest(&mut db, head.id, i64::MAX).await?;
        order::sort(&mut records, |record| Some(&record.row));
        for record in records {
            let bound = provider::of_message(&mut db, record.row.id).await?;
            let quoted = match (record.reply_to, bound.first().and_then(|bound| bound.quoted.clone())) {
                (_, Some(quoted)) => Some(quoted),
                (Some(answered), None) => provider::of_message(&mut db, answered)
                    .await?
                    .into_iter()
                    .next()
                    .map(|bound| bound.external),
                (None, None) => None,
            };
            let mut line = line(&record, &bound, quoted);
            line.provider_id = line.provider_id.map(|id| shown(head.channel, &id));
            line.quoted = line.quoted.map(|id| shown(head.channel, &id));
            lines.push(line);
        }
        let answers_to = conversations::answers_to(&mut db, head.id).await?;
        let post = match &head.post {
            Some(post) => trial::post(&mut db, post.id).await?,
            None => None,
        };
        chats.push(Chat {
            id: head.id,
            number: head.number,
            channel: head.channel.as_str(),
            account: account.external.clone(),
            contact: Person {
                name: head.contact_name.clone(),
                external_id: answers_to.as_deref().map(|person| match head.channel {
                    Channel::Telegram => telegram::plain_chat(person).to_owned(),
                    Channel::Web
                    | Channel::Whatsapp
                    | Channel::Messenger
                    | Channel::Instagram
                    | Channel::FacebookComments
                    | Channel::InstagramComments => person.to_owned(),
                }),
                phone: match answers_to {
                    // Of several numbers the one that answers go to.
                    Some(person) if head.channel == Channel::Whatsapp && trial::is_number(&person) => Some(person),
                    Some(_) | None => trial::phone(&mut db, head.contact).await?,
                },
            },
            comment_thread: thread.map(|comment_id| ThreadOf {
                post_id: post.unwrap_or_default(),
                comment_id,
            }),
            status: head.state.status().as_str(),
            messages: lines,
        });
    }
    Ok(Json(chats))
}

/// A provider's id of a message as the provider says it.
fn shown(channel: Channel, stored: &str) -> String {
    match channel {
        Channel::Telegram => telegram::plain_id(stored).to_owned(),
        Channel::Web
        | Channel::Whatsapp
        | Channel::Messenger
        | Channel::Instagram
        | Channel::FacebookComments
        | Channel::InstagramComments => stored.to_owned(),
    }
}

fn line(record: &MessageRecord, bound: &[ProviderMessage], quoted: Option<String>) -> Line {
    let extra = record.row.extra.as_deref().cloned().unwrap_or_default();
    let direction = match (record.row.author, record.kind) {
        (_, Kind::Notice) => "system",
        (Author::Contact, _) => "in",
        (Author::Agent(_) | Author::Bot | Author::System | Author::Elsewhere, _) => "out",
    };
    let text = extra.edited.as_ref().map_or(record.body.as_str(), |(text, _)| text);
    let own = || record.row.files.iter().map(|file| class_of(&file.mime).to_owned());
    let attachments = if extra.media.is_empty() {
        own().collect()
    } else {
        // The story that it answers is beside the message, and no part of it.
        let own = extra.media.iter().filter(|(class, _)| class != Class::Story.as_str());
        own.map(|(class, _)| class.clone()).collect()
    };
    let state = match record.row.author {
        Author::Contact => None,
        Author::Agent(_) | Author::Bot | Author::System | Author::Elsewhere => Some(match record.row.delivery {
            // Nobody knows yet: it is neither sent nor failed.
            Delivery::Unconfirmed => "queued",
            other => other.as_str(),
        }),
    };
    Line {
        id: record.row.id,
        provider_id: bound.first().map(|bound| bound.external.clone()),
        direction,
        author: extra.author_name,
        kind: record.kind.as_str(),
        text: if extra.deleted { String::new() } else { text.to_owned() },
        attachments: if extra.deleted { vec![] } else { attachments },
        quoted,
        reactions: extra
            .reactions
            .iter()
            .map(|reaction| Reacted {
                emoji: reaction.emoji.clone(),
                by: match reaction.by {
                    Side::Contact => "contact",
                    Side::Us => "us",
                },
            })
            .collect(),
        forwarded: extra.forwarded,
        referral: extra.referral,
        edited: extra.edited.is_some(),
        deleted: extra.deleted,
        hidden: extra.hidden,
        state: state.filter(|_| direction == "out"),
        error: record.row.reason.clone(),
    }
}

fn class_of(mime: &str) -> &'static str {
    match mime.split('/').next() {
        Some("image") => "image",
        Some("video") => "video",
        Some("audio") => "audio",
        Some(_) | None => "file",
    }
}

#[derive(Deserialize)]
struct Send {
    conversation: ConversationId,
    text: String,
    quoted: Option<String>,
}

#[derive(Serialize)]
struct Sent {
    id: MessageId,
}

/// `POST /test/send`: as the first agent of the workspace, through the real outbox.
async fn send(State(app): State<Shared>, Json(body): Json<Send>) -> Result<impl IntoResponse, ApiError> {
    let mut db = app.store.read().await?;
    let missing = || ApiError::new(Code::NotFound, "there is no such conversation");
    let head = conversations::get(&mut db, body.conversation)
        .await?
        .ok_or_else(missing)?;
    let users = people::users(&mut db).await?;
    let agent = users
        .iter()
        .find(|user| user.role == Role::Agent)
        .or(users.first())
        .ok_or_else(missing)?;
    let quoted = match &body.quoted {
        Some(quoted) => {
            let stored = match (head.channel, conversations::answers_to(&mut db, head.id).await?) {
                (Channel::Telegram, Some(person)) => telegram::stored_id(&person, quoted),
                (_, _) => quoted.clone(),
            };
            let bound = provider::by_external(&mut db, head.account, &stored).await?;
            let unknown = || ApiError::new(Code::NotFound, "there is no such message to quote");
            Some(bound.ok_or_else(unknown)?.message)
        }
        None => None,
    };
    drop(db);
    let id = say::say(&app, Author::Agent(agent.id), head.id, &body.text, quoted).await?;
    Ok((StatusCode::CREATED, Json(Sent { id })))
}
