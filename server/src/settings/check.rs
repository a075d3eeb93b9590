//! Validation of settings: their ranges, and whether the things that they name exist.

use causerie_shared::{
    api::settings::InboxSettings,
    ids::{InboxId, UserId},
    inbox::{CAPACITY, MAX_INBOX_NAME, Member, TIMER_SECS},
    refusal::{Code, Refusal},
};

use crate::{
    config::origin,
    error::ServiceError,
    hours,
    store::{Db, places, users},
};

/// Maximum number of pages that may embed one widget.
const MAX_ORIGINS: usize = 50;

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new(Code::Invalid, text)
}

/// Returns a valid name without surrounding spaces.
pub(super) fn name(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_INBOX_NAME || name.chars().any(char::is_control) {
        return Err(invalid("a name has 1 to 80 characters"));
    }
    Ok(name.to_owned())
}

/// Whether two names differ at most in upper and lower case.
pub(super) fn same_name(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// Checks the range of a capacity.
pub(super) fn capacity(capacity: u32) -> Result<(), Refusal> {
    if CAPACITY.contains(&capacity) {
        return Ok(());
    }
    Err(invalid("a user's limit is 0 to 100 chats at a time"))
}

/// Returns the origins as browsers write them, without duplicates.
pub(super) fn origins(addresses: &[String]) -> Result<Vec<String>, Refusal> {
    if addresses.len() > MAX_ORIGINS {
        return Err(invalid("a widget can be on at most 50 pages"));
    }
    let mut origins = vec![];
    for address in addresses.iter().map(|address| address.trim()) {
        let origin = origin::parse(address.trim_end_matches('/'))
            .ok_or_else(|| invalid(format!("“{address}” is no address like https://www.example.org")))?;
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    Ok(origins)
}

/// Checks that the organization has a seat of each add-on (`docs/domain.md#roles-and-permissions`).
pub(super) async fn seats(db: &mut Db) -> Result<(), ServiceError> {
    let users = users::users(db).await?;
    let has = |seat: fn(&users::UserRecord) -> bool| users.iter().filter(|user| user.active).any(seat);
    if has(|user| user.grants.live_chat) && has(|user| user.grants.contact_center) {
        return Ok(());
    }
    Err(invalid("an inbox needs a member with the live chat add-on and a member with the contact center add-on").into())
}

/// Returns valid settings of `inbox`, or of a new inbox, in their stored form. `present` are the current members, who
/// may stay even if they could not be added now.
pub(super) async fn inbox(
    db: &mut Db,
    inbox: Option<InboxId>,
    present: &[Member],
    mut settings: InboxSettings,
) -> Result<InboxSettings, ServiceError> {
    settings.name = name(&settings.name)?;
    let others = places::inboxes(&mut *db).await?;
    let others = || others.iter().filter(|other| Some(other.id) != inbox);
    if others().any(|other| same_name(&other.name, &settings.name)) {
        return Err(invalid("another inbox has this name").into());
    }
    let rules = &settings.rules;
    if !TIMER_SECS.contains(&rules.accept_secs) || !TIMER_SECS.contains(&rules.queue_secs) {
        return Err(invalid("timers are set to 5 to 86400 seconds").into());
    }
    if let Some(overflow) = rules.overflow
        && !others().any(|other| other.id == overflow)
    {
        return Err(invalid("the overflow is not another inbox").into());
    }
    settings.members = members(db, present, settings.members).await?;
    if let Some(rule) = &mut settings.inactivity {
        rule.check()?;
        if !rule.action.sends() {
            rule.message.clear();
        }
    }
    if let Some(open) = &settings.hours {
        open.check()?;
        if !hours::is_zone(&open.zone) {
            return Err(invalid(format!("there is no time zone “{}”", open.zone)).into());
        }
    }
    Ok(settings)
}

/// Returns valid members in the order in which they are stored.
async fn members(db: &mut Db, present: &[Member], mut members: Vec<Member>) -> Result<Vec<Member>, ServiceError> {
    members.sort_unstable_by_key(|member| member.user);
    if members.windows(2).any(|pair| pair[0].user == pair[1].user) {
        return Err(invalid("an agent is there twice").into());
    }
    for member in &members {
        capacity(member.capacity)?;
        if !present.iter().any(|known| known.user == member.user) {
            may_join(&mut *db, member.user).await?;
        }
    }
    Ok(members)
}

async fn may_join(db: &mut Db, user: UserId) -> Result<(), ServiceError> {
    let user = users::user(db, user)
        .await?
        .filter(|user| user.active)
        .ok_or_else(|| invalid("an agent is no active user"))?;
    if user.grants.live_chat && user.grants.contact_center {
        return Ok(());
    }
    let text = format!(
        "{} lacks an add-on: agents need live chat and contact center",
        user.name
    );
    Err(invalid(text).into())
}
