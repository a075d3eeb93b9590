//! Texts of the audit log for settings of inboxes.

use causerie_shared::{
    api::settings::InboxSettings,
    ids::InboxId,
    inbox::{
        Member,
        hours::{Hours, Interval},
        inactivity::Inactivity,
    },
};

use crate::{
    audit::Trail,
    store::{Db, StoreError, places, users},
};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Returns the differences between the old and the new settings.
pub(super) async fn compare(db: &mut Db, before: &InboxSettings, after: &InboxSettings) -> Result<Trail, StoreError> {
    let mut trail = Trail::default();
    trail.field("name", &before.name, &after.name);
    trail.field("mode", before.rules.mode.as_str(), after.rules.mode.as_str());
    trail.field("accept_secs", before.rules.accept_secs, after.rules.accept_secs);
    trail.field("queue_secs", before.rules.queue_secs, after.rules.queue_secs);
    if before.rules.overflow != after.rules.overflow {
        let was = inbox_name(&mut *db, before.rules.overflow).await?;
        let is = inbox_name(&mut *db, after.rules.overflow).await?;
        trail.field("overflow", was, is);
    }
    if before.members != after.members {
        let was = members(&mut *db, &before.members).await?;
        let is = members(&mut *db, &after.members).await?;
        trail.field("members", was, is);
    }
    trail.field(
        "inactivity",
        inactivity(before.inactivity.as_ref()),
        inactivity(after.inactivity.as_ref()),
    );
    trail.field("hours", hours(before.hours.as_ref()), hours(after.hours.as_ref()));
    Ok(trail)
}

async fn inbox_name(db: &mut Db, inbox: Option<InboxId>) -> Result<String, StoreError> {
    let Some(inbox) = inbox else { return Ok(String::new()) };
    Ok(places::inbox(db, inbox)
        .await?
        .map(|inbox| inbox.name)
        .unwrap_or_default())
}

async fn members(db: &mut Db, members: &[Member]) -> Result<String, StoreError> {
    let mut words = vec![];
    for member in members {
        let name = users::user(&mut *db, member.user).await?.map(|user| user.name);
        words.push(format!("{} ({})", name.unwrap_or_default(), member.capacity));
    }
    words.sort_unstable();
    Ok(words.join(", "))
}

fn inactivity(rule: Option<&Inactivity>) -> String {
    rule.map_or_else(String::new, |rule| {
        let head = format!("{} min, {}", rule.minutes, rule.action.as_str());
        if rule.message.is_empty() {
            return head;
        }
        format!("{head}: {}", rule.message)
    })
}

fn hours(hours: Option<&Hours>) -> String {
    let Some(hours) = hours else { return String::new() };
    let week = DAYS.iter().zip(&hours.week).filter(|(_, open)| !open.is_empty());
    let week = week.map(|(name, open)| format!("{name} {}", day(open)));
    let dates = hours
        .exceptions
        .iter()
        .map(|exception| match exception.open.is_empty() {
            true => format!("{} closed", exception.date),
            false => format!("{} {}", exception.date, day(&exception.open)),
        });
    let parts: Vec<String> = std::iter::once(hours.zone.clone()).chain(week).chain(dates).collect();
    parts.join("; ")
}

fn day(open: &[Interval]) -> String {
    let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let parts: Vec<String> = open
        .iter()
        .map(|interval| format!("{}–{}", time(interval.from), time(interval.to)))
        .collect();
    parts.join(", ")
}
