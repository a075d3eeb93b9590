//! Signing in and out, and a user's own password and sessions.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use causerie_shared::{
    api::{ChangePassword, MAX_PASSWORD, SessionInfo, SignIn, SignInRow, password_problem},
    contact::{Detail, normalise},
    ids::SessionId,
    refusal::Code,
};

use crate::{
    grants,
    http::{
        auth::{self, Client, STAY, Signed, VISIT},
        error::ApiError,
        json::Json,
    },
    limits::Limit,
    passwords,
    state::Shared,
    store::{sessions, users},
};

/// Maximum length of an e-mail address, in bytes.
const MAX_EMAIL: usize = 254;

/// `POST /api/session`: signs in.
pub async fn sign_in(
    State(app): State<Shared>,
    client: Client,
    Json(body): Json<SignIn>,
) -> Result<impl IntoResponse, ApiError> {
    let email = normalise(Detail::Email, &body.email);
    let address = client.ip.to_string();
    let now = app.clock.now();
    app.limits.take(Limit::SignInAddress, &address, now)?;
    let wrong = || ApiError::new(Code::BadCredentials, "e-mail or password is wrong");
    // No user can have these values, so they need neither a bucket nor hashing.
    if email.len() > MAX_EMAIL || body.password.len() > MAX_PASSWORD {
        return Err(wrong());
    }
    app.limits.take(Limit::SignInEmail, &email, now)?;

    let user = users::user_by_email(&mut *app.store.read().await?, &email)
        .await?
        .filter(|user| user.active);
    let hash = user.as_ref().and_then(|user| user.password.clone());
    let right = passwords::verify(body.password, hash).await?;
    let Some(user) = user.filter(|_| right) else {
        return Err(wrong());
    };
    app.limits.give_back(Limit::SignInAddress, &address);
    app.limits.give_back(Limit::SignInEmail, &email);

    let lifetime = if body.stay { STAY } else { VISIT };
    let mut tx = app.store.begin_ordered().await?;
    let (session, token) = auth::open(&app, &mut tx, user.id, lifetime, &client).await?;
    let info = auth::info(&mut tx, session, &user).await?;
    tx.commit().await?;
    Ok((
        auth::with_cookie(auth::cookie(&app.config, &token, lifetime)?),
        Json(info),
    ))
}

/// `GET /api/session`: returns the signed-in user, and renews the cookie so that a browser in use stays signed in.
pub async fn current(State(app): State<Shared>, headers: HeaderMap) -> Result<impl IntoResponse, ApiError> {
    let (session, user) = auth::signed(&app, &headers).await?;
    let info: SessionInfo = auth::info(&mut *app.store.read().await?, session.id, &user).await?;
    let token = auth::token(&headers, &app.config).unwrap_or_default();
    let lifetime = session.expires_at - session.seen_at;
    Ok((
        auth::with_cookie(auth::cookie(&app.config, token, lifetime)?),
        Json(info),
    ))
}

/// `DELETE /api/session`: signs out.
pub async fn sign_out(State(app): State<Shared>, signed: Signed) -> Result<impl IntoResponse, ApiError> {
    end(&app, &signed, signed.session).await?;
    Ok((StatusCode::NO_CONTENT, auth::with_cookie(auth::no_cookie(&app.config)?)))
}

/// `POST /api/password`: changes the user's password and ends all other sessions.
pub async fn change_password(
    State(app): State<Shared>,
    signed: Signed,
    Json(body): Json<ChangePassword>,
) -> Result<StatusCode, ApiError> {
    let Signed { session, user } = signed;
    app.limits.take(Limit::SignInEmail, &user.email, app.clock.now())?;
    if let Some(problem) = password_problem(&body.new) {
        return Err(ApiError::new(Code::Invalid, problem));
    }
    if !passwords::verify(body.current, user.password).await? {
        return Err(ApiError::new(Code::BadCredentials, "the current password is wrong"));
    }
    app.limits.give_back(Limit::SignInEmail, &user.email);
    let hash = passwords::hash(body.new).await?;
    let mut tx = app.store.begin_ordered().await?;
    users::set_password(&mut tx, user.id, &hash).await?;
    let ended = sessions::end_other_sessions(&mut tx, user.id, Some(session)).await?;
    let entries = grants::note_ended(&mut tx, &ended).await?;
    tx.commit().await?;
    grants::ended(&app, &ended, entries).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/sessions`: returns the user's sessions.
pub async fn list(State(app): State<Shared>, signed: Signed) -> Result<Json<Vec<SignInRow>>, ApiError> {
    let now = app.clock.now();
    let rows = sessions::sessions_of(&mut *app.store.read().await?, signed.user.id, now).await?;
    let rows = rows.into_iter().map(|row| SignInRow {
        id: row.id,
        created_at: row.created_at,
        seen_at: row.seen_at,
        user_agent: row.user_agent,
        ip: row.ip,
        current: row.id == signed.session,
    });
    Ok(Json(rows.collect()))
}

/// `DELETE /api/sessions/{id}`: ends one of the user's sessions.
pub async fn end_one(
    State(app): State<Shared>,
    signed: Signed,
    Path(session): Path<String>,
) -> Result<Response, ApiError> {
    let nothing = || ApiError::new(Code::NotFound, "there is no such sign-in");
    let session: SessionId = session.parse().map_err(|_| nothing())?;
    if !end(&app, &signed, session).await? {
        return Err(nothing());
    }
    if session != signed.session {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok((StatusCode::NO_CONTENT, auth::with_cookie(auth::no_cookie(&app.config)?)).into_response())
}

async fn end(app: &Shared, signed: &Signed, session: SessionId) -> Result<bool, ApiError> {
    let mut tx = app.store.begin_ordered().await?;
    if !sessions::end_session(&mut tx, signed.user.id, session).await? {
        return Ok(false);
    }
    let entries = grants::note_ended(&mut tx, &[session]).await?;
    tx.commit().await?;
    grants::ended(app, &[session], entries).await?;
    Ok(true)
}
