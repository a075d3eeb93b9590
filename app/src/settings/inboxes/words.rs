//! Texts for the settings of an inbox.

use causerie_shared::{
    api::settings::InboxSettings,
    inbox::{
        Member, Mode,
        hours::{DAY, Hours, Interval},
        inactivity::{Inactivity, TimeOut},
    },
};

use super::lists::Lists;
use crate::{
    i18n::{Key, t},
    settings::conflict::Difference,
};

/// Days of the week, Monday first.
pub const DAYS: [Key; 7] = [
    Key::Monday,
    Key::Tuesday,
    Key::Wednesday,
    Key::Thursday,
    Key::Friday,
    Key::Saturday,
    Key::Sunday,
];

/// Returns the name of a mode.
pub fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Broadcast => t(Key::ModeBroadcast),
        Mode::Auto => t(Key::ModeAuto),
        Mode::Manual => t(Key::ModeManual),
    }
}

/// Returns an explanation of a mode.
pub fn mode_help(mode: Mode) -> &'static str {
    match mode {
        Mode::Broadcast => t(Key::ModeBroadcastHelp),
        Mode::Auto => t(Key::ModeAutoHelp),
        Mode::Manual => t(Key::ModeManualHelp),
    }
}

/// Returns the name of an action of the inactivity rule.
pub fn time_out(action: TimeOut) -> &'static str {
    match action {
        TimeOut::Close => t(Key::ActionClose),
        TimeOut::Send => t(Key::ActionSend),
        TimeOut::SendAndClose => t(Key::ActionSendAndClose),
    }
}

/// Returns a minute of the day as a time field's value; midnight at the end of the day is `00:00`.
pub fn clock(minute: u16) -> String {
    let minute = minute % DAY;
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn spans(open: &[Interval]) -> String {
    let spans = open
        .iter()
        .map(|span| format!("{}–{}", clock(span.from), clock(span.to)));
    spans.collect::<Vec<_>>().join(", ")
}

fn hours(hours: Option<&Hours>) -> String {
    let Some(hours) = hours else {
        return t(Key::AlwaysOpen).to_owned();
    };
    let week = DAYS.iter().zip(&hours.week).filter(|(_, open)| !open.is_empty());
    let week = week.map(|(day, open)| format!("{} {}", t(*day), spans(open)));
    let dates = hours.exceptions.iter().map(|day| match spans(&day.open) {
        none if none.is_empty() => format!("{} {}", day.date, t(Key::Closed)),
        open => format!("{} {open}", day.date),
    });
    [hours.zone.clone()]
        .into_iter()
        .chain(week)
        .chain(dates)
        .collect::<Vec<_>>()
        .join("; ")
}

fn silence(rule: Option<&Inactivity>) -> String {
    rule.map_or_else(
        || t(Key::Off).to_owned(),
        |rule| {
            let length = super::draft::Unit::split(rule.minutes);
            let message = if rule.message.is_empty() {
                String::new()
            } else {
                format!(": “{}”", rule.message)
            };
            format!("{} {} · {}{message}", length.0, length.1.name(), time_out(rule.action))
        },
    )
}

fn agents(members: &[Member], lists: &Lists) -> String {
    let mut named: Vec<String> = members
        .iter()
        .map(|member| format!("{} ({})", lists.user(member.user), member.capacity))
        .collect();
    named.sort();
    named.join(", ")
}

/// Returns the fields that differ between two settings.
pub fn differences(mine: &InboxSettings, theirs: &InboxSettings, lists: &Lists) -> Vec<Difference> {
    let overflow = |settings: &InboxSettings| match settings.rules.overflow {
        Some(inbox) => lists.inbox(inbox),
        None => t(Key::NoOverflow).to_owned(),
    };
    let rule = |label, of: fn(&InboxSettings) -> String| Difference::of(t(label), of(mine), of(theirs));
    [
        rule(Key::InboxName, |s| s.name.clone()),
        rule(Key::AssignmentMode, |s| mode(s.rules.mode).to_owned()),
        rule(Key::ReassignmentTiming, |s| s.rules.accept_secs.to_string()),
        rule(Key::QueueTime, |s| s.rules.queue_secs.to_string()),
        Difference::of(t(Key::Overflow), overflow(mine), overflow(theirs)),
        Difference::of(
            t(Key::Agents),
            agents(&mine.members, lists),
            agents(&theirs.members, lists),
        ),
        rule(Key::InactivityAction, |s| silence(s.inactivity.as_ref())),
        rule(Key::BusinessHours, |s| hours(s.hours.as_ref())),
    ]
    .into_iter()
    .flatten()
    .collect()
}
