//! First sign-ins: the first owner uses the set-up token, everyone else a one-time link.

use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use causerie_shared::{
    Millis,
    api::{AcceptLink, LinkInfo, LinkKind, OneTimeLink, Organization, Setup, password_problem},
    contact::{Detail, is_plausible, normalise},
    ids::UserId,
    refusal::Code,
    user::{DEFAULT_CAPACITY, Grants, Role},
};

use crate::{
    clock::random_u128,
    http::{
        auth::{self, Client, STAY},
        error::ApiError,
        json::Json,
    },
    limits::Limit,
    passwords, secrets,
    settings::users::valid_name,
    setup,
    state::{App, Shared},
    store::{
        Db, StoreError,
        feed::{self, FeedKind},
        sessions::{LinkRecord, end_other_sessions, insert_link, link_by_hash, use_link},
        settings,
        users::{self, NewUser, UserRecord},
    },
};

const HOUR: Millis = 3_600_000;

/// `GET /api/organization`.
pub async fn organization(State(app): State<Shared>) -> Result<Json<Organization>, ApiError> {
    let mut db = app.store.read().await?;
    let name = settings::organization(&mut db).await?;
    Ok(Json(Organization {
        name,
        needs_setup: !users::has_owner(&mut db).await?,
    }))
}

/// Returns a new set-up token for the operator while there is no owner. Earlier tokens become invalid.
pub async fn setup_token(app: &App) -> Result<Option<String>, StoreError> {
    let mut tx = app.store.begin_ordered().await?;
    if users::has_owner(&mut tx).await? {
        return Ok(None);
    }
    let token = secrets::new_token();
    settings::set(&mut tx, settings::SETUP_TOKEN, &secrets::token_hash(&token)).await?;
    tx.commit().await?;
    Ok(Some(token))
}

/// `POST /api/setup`: creates the first owner and signs them in.
pub async fn set_up(
    State(app): State<Shared>,
    client: Client,
    Json(body): Json<Setup>,
) -> Result<impl IntoResponse, ApiError> {
    app.limits.take(Limit::Token, &client.ip.to_string(), app.clock.now())?;
    let organization = valid_name(&body.organization)?;
    let name = valid_name(&body.name)?;
    let email = valid_email(&body.email)?;
    check_password(&body.password)?;
    let token = secrets::token_hash(body.token.trim());
    let refused = || ApiError::new(Code::BadLink, "the set-up token is wrong, or the set-up is done");
    if settings::get(&mut *app.store.read().await?, settings::SETUP_TOKEN)
        .await?
        .as_ref()
        != Some(&token)
    {
        return Err(refused());
    }
    let hash = passwords::hash(body.password).await?;
    let mut tx = app.store.begin_ordered().await?;
    // Only one request can take the token.
    if !settings::take(&mut tx, settings::SETUP_TOKEN, &token).await? || users::has_owner(&mut tx).await? {
        return Err(refused());
    }
    let now = app.clock.now();
    let user = NewUser {
        id: UserId::new(now, random_u128()),
        email,
        name,
        role: Role::Owner,
        grants: Grants::default(),
        password: Some(hash),
        capacity: DEFAULT_CAPACITY,
        created_at: now,
    };
    users::insert_user(&mut tx, &user).await?;
    settings::set(&mut tx, settings::ORGANIZATION, &organization).await?;
    let mut entries = vec![feed::append(&mut tx, FeedKind::User, user.id.to_string(), None, None).await?];
    entries.extend(setup::first_places(&mut tx, &app.config, &organization, user.id, now).await?);
    let (session, token) = auth::open(&app, &mut tx, user.id, STAY, &client).await?;
    let record = users::user(&mut tx, user.id).await?.ok_or_else(ApiError::internal)?;
    let info = auth::info(&mut tx, session, &record).await?;
    tx.commit().await?;
    crate::commit_events::announce(&app, entries).await?;
    Ok((auth::with_cookie(auth::cookie(&app.config, &token, STAY)?), Json(info)))
}

/// `GET /api/links/{token}`: returns the user of the link.
pub async fn link(
    State(app): State<Shared>,
    client: Client,
    Path(token): Path<String>,
) -> Result<Json<LinkInfo>, ApiError> {
    let now = app.clock.now();
    app.limits.take(Limit::Token, &client.ip.to_string(), now)?;
    let mut db = app.store.read().await?;
    let (link, user) = usable(&mut db, &secrets::token_hash(&token), now).await?;
    let organization = settings::organization(&mut db).await?;
    Ok(Json(LinkInfo {
        kind: link.kind,
        name: user.name,
        email: user.email,
        organization,
    }))
}

/// `POST /api/links/{token}`: sets the password and signs in. A reset ends all other sessions.
pub async fn accept(
    State(app): State<Shared>,
    client: Client,
    Path(token): Path<String>,
    Json(body): Json<AcceptLink>,
) -> Result<impl IntoResponse, ApiError> {
    let now = app.clock.now();
    app.limits.take(Limit::Token, &client.ip.to_string(), now)?;
    let hash = secrets::token_hash(&token);
    let (_, user) = usable(&mut *app.store.read().await?, &hash, now).await?;
    check_password(&body.password)?;
    let password = passwords::hash(body.password).await?;
    let mut tx = app.store.begin_ordered().await?;
    if !use_link(&mut tx, &hash, now).await? {
        return Err(bad_link());
    }
    users::set_password(&mut tx, user.id, &password).await?;
    let ended = end_other_sessions(&mut tx, user.id, None).await?;
    let (session, token) = auth::open(&app, &mut tx, user.id, STAY, &client).await?;
    let info = auth::info(&mut tx, session, &user).await?;
    let entries = crate::grants::note_ended(&mut tx, &ended).await?;
    tx.commit().await?;
    crate::grants::ended(&app, &ended, entries).await?;
    Ok((auth::with_cookie(auth::cookie(&app.config, &token, STAY)?), Json(info)))
}

/// Creates a one-time link for the user. Earlier links become invalid.
pub async fn make_link(app: &App, db: &mut Db, user: UserId, kind: LinkKind) -> Result<OneTimeLink, ApiError> {
    let now = app.clock.now();
    let token = secrets::new_token();
    let lifetime = match kind {
        LinkKind::Invitation => 72 * HOUR,
        LinkKind::Reset => 24 * HOUR,
    };
    let link = LinkRecord {
        user,
        kind,
        expires_at: now + lifetime,
        used_at: None,
    };
    insert_link(db, &secrets::token_hash(&token), &link, now).await?;
    let url = format!("{}/app/link/{token}", app.config.public_url);
    Ok(OneTimeLink {
        user,
        url,
        expires_at: link.expires_at,
    })
}

/// Returns an e-mail address in its stored form.
pub fn valid_email(email: &str) -> Result<String, ApiError> {
    if !is_plausible(Detail::Email, email) {
        return Err(ApiError::new(Code::Invalid, "that is not an e-mail address"));
    }
    Ok(normalise(Detail::Email, email))
}

async fn usable(db: &mut Db, hash: &str, now: Millis) -> Result<(LinkRecord, UserRecord), ApiError> {
    let link = link_by_hash(db, hash)
        .await?
        .filter(|link| link.used_at.is_none() && link.expires_at > now);
    let link = link.ok_or_else(bad_link)?;
    let user = users::user(db, link.user)
        .await?
        .filter(|user| user.active)
        .ok_or_else(bad_link)?;
    Ok((link, user))
}

fn bad_link() -> ApiError {
    ApiError::new(
        Code::BadLink,
        "the link was used, has expired or never existed; ask for a new one",
    )
}

fn check_password(password: &str) -> Result<(), ApiError> {
    password_problem(password).map_or(Ok(()), |problem| Err(ApiError::new(Code::Invalid, problem)))
}
