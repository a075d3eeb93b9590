//! Changing and deactivating users.

use causerie_shared::{
    api::settings::SaveUser,
    conversation::transition::Actor,
    ids::{SessionId, UserId},
    refusal::{Code, Refusal},
    user::{Grants, Role},
};

use super::{check, inboxes::told, same_version};
use crate::{
    access::may_manage,
    audit::Trail,
    commit_events::CommitEvents,
    error::ServiceError,
    grants, presence,
    settings::members,
    state::App,
    store::{
        Db,
        feed::FeedKind,
        places, sessions,
        users::{self, UserRecord},
    },
    unit_of_work::UnitOfWork,
};

/// Maximum length of the name of a user or organization, in characters.
const MAX_NAME: usize = 200;

/// Returns a valid name without surrounding spaces.
pub fn valid_name(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(Refusal::new(Code::Invalid, "a name has 1 to 200 characters"));
    }
    Ok(name.to_owned())
}

/// Checks that `user` may change an account with `role`: an admin must not become an owner through an owner's account.
///
/// # Errors
/// [`Code::Forbidden`] when `role` is owner and `user` is not an owner.
pub fn may_touch(role: Role, user: &UserRecord) -> Result<(), Refusal> {
    if role != Role::Owner || user.role == Role::Owner {
        return Ok(());
    }
    Err(Refusal::new(Code::Forbidden, "only an owner manages owners"))
}

/// Changes a user; the user's access changes at once. Deactivation ends all sessions, and the user's chats return to
/// the queue.
///
/// # Errors
/// [`Code::Conflict`] when the user was saved meanwhile or is the last owner, [`Code::Invalid`], [`Code::Forbidden`],
/// [`Code::NotFound`].
pub async fn save(app: &App, actor: &UserRecord, user: UserId, body: SaveUser) -> Result<(), ServiceError> {
    may_manage(actor)?;
    check::capacity(body.capacity)?;
    let name = valid_name(&body.name)?;
    let now = app.clock.now();
    let mut tx = app.store.begin_ordered().await?;
    let before = users::user(&mut tx, user)
        .await?
        .ok_or_else(|| Refusal::new(Code::NotFound, "there is no such user"))?;
    same_version(body.version, before.version)?;
    may_touch(before.role, actor)?;
    may_touch(body.role, actor)?;
    if user == actor.id && !body.active {
        return Err(Refusal::new(Code::Invalid, "you cannot deactivate yourself").into());
    }
    let after = UserRecord {
        name,
        role: body.role,
        grants: body.grants,
        capacity: body.capacity,
        active: body.active,
        ..before.clone()
    };
    keeps_an_owner(&mut tx, &before, &after).await?;
    let trail = compare(&before, &after);
    if trail.is_empty() {
        return Ok(());
    }
    let action = match (before.active, after.active) {
        (true, false) => "user.deactivate",
        (false, true) => "user.activate",
        (true, true) | (false, false) => "user.save",
    };
    users::save(&mut tx, &after).await?;
    trail.write(&mut tx, actor, action, &before.name, now).await?;
    let mut events = CommitEvents::default();
    let mut ended: Vec<SessionId> = vec![];
    if before.active && !after.active {
        ended = sessions::end_other_sessions(&mut tx, user, None).await?;
        for entry in grants::note_ended(&mut tx, &ended).await? {
            events.entry(entry);
        }
        let by = Actor::User {
            id: actor.id,
            supervises: true,
        };
        presence::deactivate(&mut tx, user, by, now, &mut events).await?;
    }
    told(&mut tx, FeedKind::User, user, &mut events).await?;
    members::granted(&mut tx, &[user], &mut events).await?;
    for inbox in places::memberships(&mut tx, user).await? {
        events.freed(inbox);
    }
    let committed = UnitOfWork { tx, events }.commit_held().await?;
    for session in ended {
        app.hub.session_ended(session);
    }
    members::told(app, &[user], committed).await
}

/// Checks that somebody can still manage everything: an active owner with a password.
async fn keeps_an_owner(db: &mut Db, before: &UserRecord, after: &UserRecord) -> Result<(), ServiceError> {
    let owns = |user: &UserRecord| user.active && user.role == Role::Owner;
    if !owns(before) || owns(after) {
        return Ok(());
    }
    let users = users::users(db).await?;
    let mut others = users.iter().filter(|user| user.id != before.id);
    if others.any(|user| owns(user) && user.password.is_some()) {
        return Ok(());
    }
    Err(Refusal::new(Code::Conflict, "the organization needs another owner first").into())
}

fn compare(before: &UserRecord, after: &UserRecord) -> Trail {
    let mut trail = Trail::default();
    trail.field("name", &before.name, &after.name);
    trail.field("role", before.role.as_str(), after.role.as_str());
    for (name, value) in GRANTS {
        trail.field(name, value(&before.grants), value(&after.grants));
    }
    trail.field("capacity", before.capacity, after.capacity);
    trail.field("active", before.active, after.active);
    trail
}

/// The name of a permission or add-on, and its value for a user.
type Grant = (&'static str, fn(&Grants) -> bool);
const GRANTS: [Grant; 6] = [
    ("inbox_management", |grants| grants.inbox_management),
    ("all_inboxes", |grants| grants.all_inboxes),
    ("reports", |grants| grants.reports),
    ("export", |grants| grants.export),
    ("live_chat", |grants| grants.live_chat),
    ("contact_center", |grants| grants.contact_center),
];
