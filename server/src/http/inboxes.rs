//! Inboxes and their messaging accounts, managed by owners, admins and holders of `inbox_management`.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};
use causerie_shared::{
    api::settings::{DeleteInbox, InboxAccount, InboxDetail, NewInbox, SaveAccount, SaveInbox},
    ids::InboxId,
    inbox::Channel,
    refusal::Code,
};

use crate::{
    access::may_change_inboxes,
    http::{auth::Signed, error::ApiError, json::Json},
    settings::{
        accounts,
        inboxes::{self, no_inbox},
    },
    setup,
    state::{App, Shared},
    store::{
        inboxes::{InboxRecord, record, records},
        places::{self, AccountRecord},
    },
};

/// `GET /api/inboxes`.
pub async fn list(State(app): State<Shared>, signed: Signed) -> Result<Json<Vec<InboxDetail>>, ApiError> {
    may_change_inboxes(&signed.user)?;
    let mut db = app.store.read().await?;
    let inboxes = records(&mut db).await?;
    let accounts = places::accounts(&mut db).await?;
    Ok(Json(
        inboxes
            .into_iter()
            .map(|inbox| detail(&app, inbox, &accounts))
            .collect(),
    ))
}

/// `POST /api/inboxes`.
pub async fn create(
    State(app): State<Shared>,
    signed: Signed,
    Json(body): Json<NewInbox>,
) -> Result<impl IntoResponse, ApiError> {
    let inbox = inboxes::create(&app, &signed.user, body).await?;
    Ok((StatusCode::CREATED, Json(present(&app, inbox).await?)))
}

/// `GET /api/inboxes/{id}`.
pub async fn get(
    State(app): State<Shared>,
    signed: Signed,
    Path(inbox): Path<String>,
) -> Result<Json<InboxDetail>, ApiError> {
    may_change_inboxes(&signed.user)?;
    Ok(Json(present(&app, parse(&inbox)?).await?))
}

/// `PUT /api/inboxes/{id}`.
pub async fn save(
    State(app): State<Shared>,
    signed: Signed,
    Path(inbox): Path<String>,
    Json(body): Json<SaveInbox>,
) -> Result<Json<InboxDetail>, ApiError> {
    let inbox = parse(&inbox)?;
    inboxes::save(&app, &signed.user, inbox, body).await?;
    Ok(Json(present(&app, inbox).await?))
}

/// `DELETE /api/inboxes/{id}`.
pub async fn delete(
    State(app): State<Shared>,
    signed: Signed,
    Path(inbox): Path<String>,
    Json(body): Json<DeleteInbox>,
) -> Result<StatusCode, ApiError> {
    inboxes::delete(&app, &signed.user, parse(&inbox)?, body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /api/accounts/{id}`.
pub async fn save_account(
    State(app): State<Shared>,
    signed: Signed,
    Path(account): Path<String>,
    Json(body): Json<SaveAccount>,
) -> Result<Json<InboxAccount>, ApiError> {
    let nothing = |_| ApiError::new(Code::NotFound, "there is no such account");
    let account = account.parse().map_err(nothing)?;
    let saved = accounts::save(&app, &signed.user, account, body).await?;
    Ok(Json(shown(&app, &saved)))
}

fn parse(inbox: &str) -> Result<InboxId, ApiError> {
    inbox.parse().map_err(|_| no_inbox().into())
}

async fn present(app: &App, inbox: InboxId) -> Result<InboxDetail, ApiError> {
    let mut db = app.store.read().await?;
    let record = record(&mut db, inbox).await?.ok_or_else(no_inbox)?;
    Ok(detail(app, record, &places::accounts(&mut db).await?))
}

fn detail(app: &App, inbox: InboxRecord, accounts: &[AccountRecord]) -> InboxDetail {
    let accounts = accounts.iter().filter(|account| account.row.inbox == inbox.id);
    InboxDetail {
        id: inbox.id,
        version: inbox.version,
        settings: inbox.settings,
        accounts: accounts.map(|account| shown(app, account)).collect(),
        department: inbox.department,
        open: inbox.open,
    }
}

fn shown(app: &App, account: &AccountRecord) -> InboxAccount {
    let web = account.row.channel == Channel::Web;
    InboxAccount {
        row: account.row.clone(),
        snippet: web.then(|| setup::embed_line(&app.config, &account.key)),
        origins: account.config.origins.clone(),
    }
}
