//! Departments: a department is a name for an inbox, and its members are the members of the inbox.

use causerie_shared::{
    api::settings::{InboxSettings, SaveDepartment},
    ids::{DepartmentId, UserId},
    inbox::{Member, Rules},
    refusal::{Code, Refusal},
    user::DEFAULT_CAPACITY,
};

use super::{
    check,
    inboxes::{self as inbox_settings, Change, no_inbox},
    same_version,
};
use crate::{
    access::may_manage,
    audit::Trail,
    clock::random_u128,
    error::ServiceError,
    settings::members,
    state::App,
    store::{
        Db,
        departments::{self, DepartmentRecord},
        inboxes,
        users::UserRecord,
    },
    unit_of_work::UnitOfWork,
};

fn no_department() -> Refusal {
    Refusal::new(Code::NotFound, "there is no such department")
}

/// Creates a department with its inbox, which has the same name.
///
/// # Errors
/// [`Code::Invalid`] for a name that is in use or for members who cannot be agents, [`Code::Forbidden`].
pub async fn create(app: &App, actor: &UserRecord, body: SaveDepartment) -> Result<DepartmentId, ServiceError> {
    may_manage(actor)?;
    let now = app.clock.now();
    let mut tx = app.store.begin_ordered().await?;
    let name = free_name(&mut tx, None, &body.name).await?;
    let mut change = Change::default();
    let settings = InboxSettings {
        name: name.clone(),
        rules: Rules::default(),
        members: with_capacities(&[], &body.members),
        inactivity: None,
        hours: None,
    };
    let inbox = inbox_settings::insert(app, &mut tx, actor, settings, &mut change).await?;
    let department = DepartmentRecord {
        id: DepartmentId::new(now, random_u128()),
        name,
        inbox,
        version: 1,
    };
    departments::insert(&mut tx, &department, now).await?;
    let mut trail = Trail::default();
    trail.field("name", "", &department.name);
    trail
        .write(&mut tx, actor, "department.create", &department.name, now)
        .await?;
    let unit = UnitOfWork {
        tx,
        events: change.events,
    };
    members::told(app, &change.touched, unit.commit_held().await?).await?;
    Ok(department.id)
}

/// Renames a department and sets its members. Remaining members keep their capacity.
///
/// # Errors
/// [`Code::Conflict`] when the department was saved meanwhile, and as for [`create`].
pub async fn save(
    app: &App,
    actor: &UserRecord,
    department: DepartmentId,
    body: SaveDepartment,
) -> Result<(), ServiceError> {
    may_manage(actor)?;
    let mut tx = app.store.begin_ordered().await?;
    let before = departments::get(&mut tx, department).await?.ok_or_else(no_department)?;
    let edited = body.version.unwrap_or_default();
    same_version(edited, before.version)?;
    let name = free_name(&mut tx, Some(department), &body.name).await?;
    if name != before.name {
        departments::rename(&mut tx, department, &name).await?;
        let mut trail = Trail::default();
        trail.field("name", &before.name, &name);
        trail
            .write(&mut tx, actor, "department.save", &before.name, app.clock.now())
            .await?;
    }
    let inbox = inboxes::record(&mut tx, before.inbox).await?.ok_or_else(no_inbox)?;
    let present = &inbox.settings.members;
    let settings = InboxSettings {
        members: with_capacities(present, &body.members),
        ..inbox.settings.clone()
    };
    let settings = check::inbox(&mut tx, Some(inbox.id), present, settings).await?;
    let mut change = Change::default();
    inbox_settings::change_in(app, &mut tx, actor, &inbox, &settings, &mut change).await?;
    let unit = UnitOfWork {
        tx,
        events: change.events,
    };
    members::told(app, &change.touched, unit.commit_held().await?).await
}

/// Deletes a department; its inbox stays.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Forbidden`].
pub async fn delete(app: &App, actor: &UserRecord, department: DepartmentId) -> Result<(), ServiceError> {
    may_manage(actor)?;
    let mut tx = app.store.begin_ordered().await?;
    let before = departments::get(&mut tx, department).await?.ok_or_else(no_department)?;
    departments::remove_of(&mut tx, before.inbox).await?;
    let trail = Trail::default();
    trail
        .write(&mut tx, actor, "department.delete", &before.name, app.clock.now())
        .await?;
    tx.commit().await?;
    Ok(())
}

async fn free_name(db: &mut Db, department: Option<DepartmentId>, name: &str) -> Result<String, ServiceError> {
    let name = check::name(name)?;
    let all = departments::all(db).await?;
    let mut others = all.iter().filter(|other| Some(other.id) != department);
    if others.any(|other| check::same_name(&other.name, &name)) {
        return Err(Refusal::new(Code::Invalid, "another department has this name").into());
    }
    Ok(name)
}

fn with_capacities(present: &[Member], users: &[UserId]) -> Vec<Member> {
    let member = |user: &UserId| {
        let known = present.iter().find(|member| member.user == *user);
        known.copied().unwrap_or(Member {
            user: *user,
            capacity: DEFAULT_CAPACITY,
        })
    };
    users.iter().map(member).collect()
}
