//! Authentication: a session is a random token in a cookie, of which the server stores the SHA-256.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use causerie_shared::{
    Millis,
    api::SessionInfo,
    ids::{SessionId, UserId},
    refusal::Code,
    user::Me,
};

use crate::{
    clock::random_u128,
    config::Config,
    http::{error::ApiError, headers},
    secrets,
    state::{App, Shared},
    store::{self, Db, sessions::SessionRecord, users::UserRecord},
};

const HOUR: Millis = 3_600_000;
/// How long a session lasts after its last use when the browser keeps it.
pub const STAY: Millis = 30 * 24 * HOUR;
/// How long any other session lasts; the browser drops its cookie on closing.
pub const VISIT: Millis = 24 * HOUR;
/// Minimum time between two updates of a session's last use.
const TOUCH_EVERY: Millis = 60_000;

/// A signed-in user. As an argument of a handler, it refuses all other requests.
#[derive(Debug, Clone)]
pub struct Signed {
    pub session: SessionId,
    pub user: UserRecord,
}

impl FromRequestParts<Shared> for Signed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let (record, user) = signed(app, &parts.headers).await?;
        Ok(Self {
            session: record.id,
            user,
        })
    }
}

/// Returns the session of a request and its user, and extends the session.
pub async fn signed(app: &App, headers: &HeaderMap) -> Result<(SessionRecord, UserRecord), ApiError> {
    let nobody = || ApiError::new(Code::Unauthorized, "sign in first");
    let hash = secrets::token_hash(token(headers, &app.config).ok_or_else(nobody)?);
    let now = app.clock.now();
    let mut db = app.store.read().await?;
    let session = store::sessions::session_by_token_hash(&mut db, &hash, now)
        .await?
        .ok_or_else(nobody)?;
    let user = store::users::user(&mut db, session.user)
        .await?
        .filter(|user| user.active)
        .ok_or_else(nobody)?;
    drop(db);
    if now - session.seen_at >= TOUCH_EVERY {
        let mut tx = app.store.begin().await?;
        store::sessions::touch(&mut tx, session.id, now).await?;
        tx.commit().await?;
    }
    Ok((session, user))
}

/// Creates a session for the user. The returned token is for the cookie only.
pub async fn open(
    app: &App,
    db: &mut Db,
    user: UserId,
    lifetime: Millis,
    client: &Client,
) -> Result<(SessionId, String), ApiError> {
    let now = app.clock.now();
    let token = secrets::new_token();
    let session = SessionRecord {
        id: SessionId::new(now, random_u128()),
        user,
        created_at: now,
        seen_at: now,
        expires_at: now + lifetime,
        user_agent: client.user_agent.clone(),
        ip: client.ip.to_string(),
    };
    store::sessions::insert_session(db, &secrets::token_hash(&token), &session).await?;
    Ok((session.id, token))
}

/// The client of a session, for the user's list of sessions.
#[derive(Debug, Clone)]
pub struct Client {
    pub ip: std::net::IpAddr,
    pub user_agent: String,
}

impl FromRequestParts<Shared> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Self::Rejection> {
        let ip = headers::client_ip(&parts.headers, headers::peer(parts), &app.config);
        Ok(Self {
            ip,
            user_agent: headers::user_agent(&parts.headers),
        })
    }
}

/// Returns what the console needs to know about the signed-in user.
pub async fn info(db: &mut Db, session: SessionId, user: &UserRecord) -> Result<SessionInfo, ApiError> {
    let me = Me {
        id: user.id,
        name: user.name.clone(),
        email: user.email.clone(),
        role: user.role,
        grants: user.grants.clone(),
        organization: store::settings::organization(db).await?,
        memberships: store::places::memberships(db, user.id).await?,
    };
    Ok(SessionInfo { session, me })
}

/// Returns the session token of a request.
pub fn token<'a>(headers: &'a HeaderMap, config: &Config) -> Option<&'a str> {
    headers::cookie(headers, cookie_name(config))
}

/// Returns the `Set-Cookie` value for a token; with [`STAY`] the browser keeps the cookie.
pub fn cookie(config: &Config, token: &str, lifetime: Millis) -> Result<HeaderValue, ApiError> {
    let age = if lifetime >= STAY {
        format!("; Max-Age={}", lifetime / 1000)
    } else {
        String::new()
    };
    set_cookie(config, token, &age)
}

/// Returns the `Set-Cookie` value that deletes the cookie.
pub fn no_cookie(config: &Config) -> Result<HeaderValue, ApiError> {
    set_cookie(config, "", "; Max-Age=0")
}

fn set_cookie(config: &Config, token: &str, age: &str) -> Result<HeaderValue, ApiError> {
    let name = cookie_name(config);
    let secure = if config.secure() { "; Secure" } else { "" };
    let text = format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax{age}{secure}");
    HeaderValue::from_str(&text).map_err(|_| ApiError::internal())
}

/// Over HTTPS, the prefix binds the cookie to exactly this host.
fn cookie_name(config: &Config) -> &'static str {
    if config.secure() {
        "__Host-causerie_session"
    } else {
        "causerie_session"
    }
}

/// Returns the `Set-Cookie` header for a response.
pub fn with_cookie(cookie: HeaderValue) -> [(header::HeaderName, HeaderValue); 1] {
    [(header::SET_COOKIE, cookie)]
}
