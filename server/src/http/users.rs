//! Users, managed by owners and admins.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};
use causerie_shared::{
    api::{Account, Invite, LinkKind, OneTimeLink, settings::SaveUser},
    ids::UserId,
    inbox::Member,
    refusal::Code,
    user::{DEFAULT_CAPACITY, Grants},
};

use crate::{
    access::{may_change_inboxes, may_manage},
    audit::Trail,
    clock::random_u128,
    http::{
        accounts::{make_link, valid_email},
        auth::Signed,
        error::ApiError,
        json::Json,
    },
    settings::{
        self,
        users::{may_touch, valid_name},
    },
    state::Shared,
    store::{
        Db, departments,
        feed::{self, FeedKind},
        inboxes, places,
        users::{self, NewUser, UserRecord},
    },
};

/// `GET /api/users`.
pub async fn list(State(app): State<Shared>, signed: Signed) -> Result<Json<Vec<Account>>, ApiError> {
    // A user who edits an inbox chooses its agents by their add-ons.
    may_change_inboxes(&signed.user)?;
    let mut db = app.store.read().await?;
    let mut accounts = Vec::new();
    for user in users::users(&mut db).await? {
        accounts.push(shown(&mut db, user).await?);
    }
    Ok(Json(accounts))
}

async fn shown(db: &mut Db, user: UserRecord) -> Result<Account, ApiError> {
    Ok(Account {
        id: user.id,
        inboxes: places::memberships(db, user.id).await?,
        invited: user.password.is_none(),
        name: user.name,
        email: user.email,
        role: user.role,
        active: user.active,
        grants: user.grants,
        capacity: user.capacity,
        version: user.version,
    })
}

/// `PUT /api/users/{id}`.
pub async fn save(
    State(app): State<Shared>,
    signed: Signed,
    Path(user): Path<String>,
    Json(body): Json<SaveUser>,
) -> Result<Json<Account>, ApiError> {
    let user: UserId = user.parse().map_err(|_| nobody())?;
    settings::users::save(&app, &signed.user, user, body).await?;
    let mut db = app.store.read().await?;
    let saved = users::user(&mut db, user).await?.ok_or_else(nobody)?;
    Ok(Json(shown(&mut db, saved).await?))
}

/// `POST /api/users`: adds a user and returns the link with which the user sets a password.
pub async fn invite(
    State(app): State<Shared>,
    signed: Signed,
    Json(body): Json<Invite>,
) -> Result<impl IntoResponse, ApiError> {
    may_manage(&signed.user)?;
    may_touch(body.role, &signed.user)?;
    let now = app.clock.now();
    let user = NewUser {
        id: UserId::new(now, random_u128()),
        email: valid_email(&body.email)?,
        name: valid_name(&body.name)?,
        role: body.role,
        grants: Grants::default(),
        password: None,
        capacity: DEFAULT_CAPACITY,
        created_at: now,
    };
    let mut tx = app.store.begin_ordered().await?;
    match users::insert_user(&mut tx, &user).await {
        Err(error) if error.is_duplicate() => {
            return Err(ApiError::new(Code::Conflict, "another user has this e-mail address"));
        }
        other => other?,
    }
    let mut members_of = body.inboxes;
    members_of.sort_unstable();
    members_of.dedup();
    let mut names = vec![];
    let mut entries = vec![feed::append(&mut tx, FeedKind::User, user.id.to_string(), None, None).await?];
    for inbox in members_of {
        let row = places::inbox(&mut tx, inbox)
            .await?
            .ok_or_else(|| ApiError::new(Code::Invalid, "there is no such inbox"))?;
        places::add_member(
            &mut tx,
            inbox,
            Member {
                user: user.id,
                capacity: DEFAULT_CAPACITY,
            },
        )
        .await?;
        // Somebody who is editing the inbox or department has not seen the new member.
        inboxes::bump(&mut tx, inbox).await?;
        departments::bump(&mut tx, inbox).await?;
        entries.push(feed::append(&mut tx, FeedKind::Inbox, inbox.to_string(), None, None).await?);
        names.push(row.name);
    }
    let link = make_link(&app, &mut tx, user.id, LinkKind::Invitation).await?;
    let mut trail = Trail::default();
    trail.field("email", "", &user.email);
    trail.field("role", "", user.role.as_str());
    trail.field("inboxes", "", names.join(", "));
    trail
        .write(&mut tx, &signed.user, "user.invite", &user.name, now)
        .await?;
    tx.commit().await?;
    crate::commit_events::announce(&app, entries).await?;
    Ok((StatusCode::CREATED, Json(link)))
}

/// `POST /api/users/{id}/reset`: returns a new link for a user who lost the password or the first link.
pub async fn reset(
    State(app): State<Shared>,
    signed: Signed,
    Path(user): Path<String>,
) -> Result<Json<OneTimeLink>, ApiError> {
    may_manage(&signed.user)?;
    let user: UserId = user.parse().map_err(|_| nobody())?;
    let mut tx = app.store.begin_ordered().await?;
    let user = users::user(&mut tx, user).await?.ok_or_else(nobody)?;
    may_touch(user.role, &signed.user)?;
    let kind = if user.password.is_some() {
        LinkKind::Reset
    } else {
        LinkKind::Invitation
    };
    let link = make_link(&app, &mut tx, user.id, kind).await?;
    Trail::default()
        .write(&mut tx, &signed.user, "user.reset", &user.name, app.clock.now())
        .await?;
    tx.commit().await?;
    Ok(Json(link))
}

fn nobody() -> ApiError {
    ApiError::new(Code::NotFound, "there is no such user")
}
