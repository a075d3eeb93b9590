//! Endpoints for tests from outside, in builds with the feature `test-api` and off by default (`CAUSERIE_TEST_API`):
//! they connect accounts of fake providers, return what became of the webhooks, and send as an agent. They need no
//! session and accept only programs on this machine.

mod list;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use causerie_shared::{
    ids::{AccountId, ConversationId, InboxId, MessageId},
    inbox::{AccountRow, Channel, InboxRow, Member, Mode, Rules},
    message::Author,
    refusal::Code,
    user::{DEFAULT_CAPACITY, Role},
};
use serde::{Deserialize, Serialize};

use crate::{
    accounts::templates,
    channels::{Credentials, adapter, telegram},
    clock::random_u128,
    commit_events,
    config::origin::is_loopback,
    conversations::system_message,
    http::{error::ApiError, headers, json::Json, origin},
    secrets,
    state::Shared,
    store::{
        OrderedTx,
        channel_accounts::{self, ChannelAccount, Health},
        conversations,
        feed::{self, FeedKind},
        outbox, places, provider, raw_events, test_reset, users,
    },
};

/// How long `quiesce` waits at most.
const SETTLE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(120);
const POLL_INTERVAL: std::time::Duration = std::time::Duration::from_millis(10);
/// Inbox of the accounts that tests connect.
const INBOX: &str = "Test channels";

/// Returns the routes of all endpoints.
pub fn routes(app: &Shared) -> Router<Shared> {
    Router::new()
        .route("/accounts", post(connect))
        .route("/reset", post(reset))
        .route("/quiesce", post(quiesce))
        .route("/conversations", get(list::list))
        .route("/send", post(send))
        .layer(from_fn_with_state(app.clone(), guard))
}

/// Admits programs on this machine, but no request forwarded by a proxy or sent by another server's page.
async fn guard(State(app): State<Shared>, request: Request, next: Next) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let refused = |why: &str| Err(ApiError::new(Code::Forbidden, why));
    if !headers::peer(&parts).is_loopback() {
        return refused("the addresses for tests are for this machine");
    }
    if parts.headers.keys().any(is_of_proxy) {
        return refused("the addresses for tests take no forwarded request");
    }
    if parts.headers.contains_key(header::ORIGIN) {
        origin::check(&parts.headers, &app.config)?;
    }
    if !names_this_machine(&parts.headers) {
        return refused("the addresses for tests go by a name of this machine");
    }
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// Whether proxies add this header.
fn is_of_proxy(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.starts_with("x-forwarded-") || matches!(name, "forwarded" | "via" | "x-real-ip")
}

/// Whether the requested host is this machine: a page could point its own host name at this address.
fn names_this_machine(headers: &HeaderMap) -> bool {
    headers.get(header::HOST).is_none_or(|host| {
        let host = host.to_str().unwrap_or_default();
        is_loopback(&format!("http://{host}"))
    })
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
    let mut tx = app.store.begin_ordered().await?;
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
                key: secrets::new_token(),
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
    commit_events::announce(&app, vec![entry]).await?;
    app.templates_changed.notify_one();
    app.outbox_changed.notify_one();
    app.polling_changed.notify_one();
    let connected = Connected {
        id: account.row.id,
        webhook: format!("/hooks/{}", account.key),
    };
    Ok((StatusCode::CREATED, Json(connected)))
}

/// Returns the inbox of test accounts: a broadcast inbox of all users, so that any agent can take the chats.
async fn inbox(app: &Shared, db: &mut OrderedTx) -> Result<InboxId, ApiError> {
    let inboxes = places::inboxes(&mut *db).await?;
    if let Some(inbox) = inboxes.iter().find(|inbox| inbox.name == INBOX) {
        return Ok(inbox.id);
    }
    let users = users::users(&mut *db).await?;
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

/// `POST /test/reset`: deletes all contacts, conversations and raw events; accounts stay.
async fn reset(State(app): State<Shared>) -> Result<StatusCode, ApiError> {
    settled(&app).await?;
    let mut tx = app.store.begin_ordered().await?;
    test_reset::wipe(&mut tx).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /test/quiesce`: returns when everything received was processed and everything due was sent.
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
            crate::clock::pause(POLL_INTERVAL).await;
        }
    };
    tokio::time::timeout(SETTLE_TIMEOUT, all)
        .await
        .map_err(|_| ApiError::new(Code::Conflict, "there is still something to do"))?
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

/// `POST /test/send`: sends as the first agent of the workspace, through the real outbox.
async fn send(State(app): State<Shared>, Json(body): Json<Send>) -> Result<impl IntoResponse, ApiError> {
    let mut db = app.store.read().await?;
    let missing = || ApiError::new(Code::NotFound, "there is no such conversation");
    let head = conversations::get(&mut db, body.conversation)
        .await?
        .ok_or_else(missing)?;
    let users = users::users(&mut db).await?;
    let agent = users
        .iter()
        .find(|user| user.role == Role::Agent)
        .or(users.first())
        .ok_or_else(missing)?;
    let quoted = match &body.quoted {
        Some(quoted) => {
            let stored = match (head.channel, conversations::reply_address(&mut db, head.id).await?) {
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
    let id = system_message::say(&app, Author::Agent(agent.id), head.id, &body.text, quoted).await?;
    Ok((StatusCode::CREATED, Json(Sent { id })))
}
