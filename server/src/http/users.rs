//! Users, as owners and admins manage them.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};
use causerie_shared::{
    api::{Account, Invite, LinkKind, OneTimeLink},
    ids::UserId,
    inbox::Member,
    refusal::Code,
    user::{DEFAULT_CAPACITY, Grants, Role},
};

use crate::{
    clock::random_u128,
    error::ApiError,
    http::{
        accounts::{make_link, valid_email, valid_name},
        auth::Signed,
        json::Json,
    },
    state::Shared,
    store::{
        feed::{self, FeedKind},
        people::{self, NewUser, UserRecord},
        places,
    },
    sync,
};

/// `GET /api/users`.
pub async fn list(State(app): State<Shared>, signed: Signed) -> Result<Json<Vec<Account>>, ApiError> {
    require_manager(&signed.user)?;
    let mut db = app.store.read().await?;
    let mut accounts = Vec::new();
    for user in people::users(&mut db).await? {
        accounts.push(Account {
            id: user.id,
            inboxes: places::memberships(&mut db, user.id).await?,
            invited: user.password.is_none(),
            name: user.name,
            email: user.email,
            role: user.role,
            active: user.active,
            grants: user.grants,
            capacity: user.capacity,
            version: user.version,
        });
    }
    Ok(Json(accounts))
}

/// `POST /api/users`: adds a user and answers the link with which they set their password.
pub async fn invite(
    State(app): State<Shared>,
    signed: Signed,
    Json(body): Json<Invite>,
) -> Result<impl IntoResponse, ApiError> {
    require_manager(&signed.user)?;
    require_owner_for(body.role, &signed.user)?;
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
    let mut tx = app.store.begin().await?;
    match people::insert_user(&mut tx, &user).await {
        Err(error) if error.is_duplicate() => {
            return Err(ApiError::new(Code::Conflict, "somebody has this e-mail already"));
        }
        other => other?,
    }
    let mut inboxes = body.inboxes;
    inboxes.sort_unstable();
    inboxes.dedup();
    let mut entries = vec![feed::append(&mut tx, FeedKind::User, user.id.to_string(), None, None).await?];
    for inbox in inboxes {
        places::inbox(&mut tx, inbox)
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
        entries.push(feed::append(&mut tx, FeedKind::Inbox, inbox.to_string(), None, None).await?);
    }
    let link = make_link(&app, &mut tx, user.id, LinkKind::Invitation).await?;
    tx.commit().await?;
    sync::announce(&app, entries).await?;
    Ok((StatusCode::CREATED, Json(link)))
}

/// `POST /api/users/{id}/reset`: a new link for someone who lost the password, or the first link.
pub async fn reset(
    State(app): State<Shared>,
    signed: Signed,
    Path(user): Path<String>,
) -> Result<Json<OneTimeLink>, ApiError> {
    require_manager(&signed.user)?;
    let nobody = || ApiError::new(Code::NotFound, "there is no such user");
    let user: UserId = user.parse().map_err(|_| nobody())?;
    let mut tx = app.store.begin().await?;
    let user = people::user(&mut tx, user).await?.ok_or_else(nobody)?;
    require_owner_for(user.role, &signed.user)?;
    let kind = if user.password.is_some() {
        LinkKind::Reset
    } else {
        LinkKind::Invitation
    };
    let link = make_link(&app, &mut tx, user.id, kind).await?;
    tx.commit().await?;
    Ok(Json(link))
}

fn require_manager(user: &UserRecord) -> Result<(), ApiError> {
    if user.role.manages() {
        return Ok(());
    }
    Err(ApiError::new(Code::Forbidden, "only owners and admins manage users"))
}

/// An admin must not become an owner through somebody else's account.
fn require_owner_for(role: Role, user: &UserRecord) -> Result<(), ApiError> {
    if role != Role::Owner || user.role == Role::Owner {
        return Ok(());
    }
    Err(ApiError::new(Code::Forbidden, "only an owner manages owners"))
}
