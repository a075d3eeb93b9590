//! The form fields of an inbox, and their conversion from and to settings.

use causerie_shared::{
    api::settings::InboxSettings,
    ids::{InboxId, UserId},
    inbox::{
        CAPACITY, MAX_INBOX_NAME, Member, Mode, Rules, TIMER_SECS,
        hours::{DAY, Exception, Hours, Interval, is_date},
        inactivity::{Inactivity, MAX_MESSAGE, MINUTES, TimeOut, length},
    },
    user::DEFAULT_CAPACITY,
};
use leptos::prelude::*;

use super::words::{DAYS, clock};
use crate::{
    i18n::{Key, t, tf},
    settings::{form::Problem, parts::whole},
};

/// Ids of the tabs, and names of the steps.
pub const OVERVIEW: &str = "tab-overview";
pub const AGENTS: &str = "tab-agents";
pub const INACTIVITY: &str = "tab-inactivity";
pub const HOURS: &str = "tab-hours";

/// The unit of a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Minutes,
    Hours,
    Days,
}

impl Unit {
    pub const ALL: [Self; 3] = [Self::Minutes, Self::Hours, Self::Days];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minutes => "minutes",
            Self::Hours => "hours",
            Self::Days => "days",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Minutes => t(Key::UnitMinutes),
            Self::Hours => t(Key::UnitHours),
            Self::Days => t(Key::UnitDays),
        }
    }

    pub fn minutes(self) -> u32 {
        match self {
            Self::Minutes => 1,
            Self::Hours => 60,
            Self::Days => 1_440,
        }
    }

    /// Returns a duration in the largest unit that gives a whole number.
    pub fn split(minutes: u32) -> (u32, Self) {
        let unit = match minutes {
            n if n % 1_440 == 0 => Self::Days,
            n if n % 60 == 0 => Self::Hours,
            _ => Self::Minutes,
        };
        (minutes / unit.minutes(), unit)
    }
}

/// An agent of the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    pub user: UserId,
    pub capacity: String,
}

/// Start and end as the values of time fields; empty while nothing is chosen.
pub type Span = (String, String);

/// A date with business hours of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    pub date: String,
    pub open: Vec<Span>,
}

/// The values of the form's fields; `Copy`. Texts are not validated.
#[derive(Clone, Copy)]
pub struct Draft {
    pub name: RwSignal<String>,
    pub mode: RwSignal<Mode>,
    pub accept: RwSignal<String>,
    pub queue: RwSignal<String>,
    pub overflow: RwSignal<Option<InboxId>>,
    pub seats: RwSignal<Vec<Seat>>,
    pub silence: RwSignal<bool>,
    pub amount: RwSignal<String>,
    pub unit: RwSignal<Unit>,
    pub action: RwSignal<TimeOut>,
    pub message: RwSignal<String>,
    pub scheduled: RwSignal<bool>,
    pub zone: RwSignal<String>,
    pub week: RwSignal<[Vec<Span>; 7]>,
    pub exceptions: RwSignal<Vec<Dated>>,
}

impl Draft {
    /// Returns the defaults of a new inbox, in time zone `zone`.
    pub fn new(zone: &str) -> Self {
        let settings = InboxSettings {
            name: String::new(),
            rules: Rules::default(),
            members: vec![],
            inactivity: None,
            hours: None,
        };
        Self::of(&settings, zone)
    }

    /// Returns the field values for given settings; `zone` is the default time zone.
    pub fn of(settings: &InboxSettings, zone: &str) -> Self {
        let draft = Self {
            name: RwSignal::default(),
            mode: RwSignal::new(Mode::Auto),
            accept: RwSignal::default(),
            queue: RwSignal::default(),
            overflow: RwSignal::default(),
            seats: RwSignal::default(),
            silence: RwSignal::default(),
            amount: RwSignal::default(),
            unit: RwSignal::new(Unit::Minutes),
            action: RwSignal::new(TimeOut::Close),
            message: RwSignal::default(),
            scheduled: RwSignal::default(),
            zone: RwSignal::default(),
            week: RwSignal::default(),
            exceptions: RwSignal::default(),
        };
        draft.show(settings, zone);
        draft
    }

    /// Copies settings into the fields.
    pub fn show(self, settings: &InboxSettings, zone: &str) {
        self.name.set(settings.name.clone());
        self.mode.set(settings.rules.mode);
        self.accept.set(settings.rules.accept_secs.to_string());
        self.queue.set(settings.rules.queue_secs.to_string());
        self.overflow.set(settings.rules.overflow);
        let seat = |member: &Member| Seat {
            user: member.user,
            capacity: member.capacity.to_string(),
        };
        self.seats.set(settings.members.iter().map(seat).collect());
        let rule = settings.inactivity.as_ref();
        self.silence.set(rule.is_some());
        let (amount, unit) = Unit::split(rule.map_or(15, |rule| rule.minutes));
        self.amount.set(amount.to_string());
        self.unit.set(unit);
        self.action.set(rule.map_or(TimeOut::SendAndClose, |rule| rule.action));
        self.message
            .set(rule.map(|rule| rule.message.clone()).unwrap_or_default());
        let hours = settings.hours.as_ref();
        self.scheduled.set(hours.is_some());
        self.zone.set(hours.map_or(zone, |hours| &hours.zone).to_owned());
        let spans = |open: &Vec<Interval>| open.iter().map(|span| (clock(span.from), clock(span.to))).collect();
        self.week
            .set(hours.map_or_else(office, |hours| hours.week.each_ref().map(spans)));
        let dated = |day: &Exception| Dated {
            date: day.date.clone(),
            open: spans(&day.open),
        };
        self.exceptions
            .set(hours.map_or_else(Vec::new, |hours| hours.exceptions.iter().map(dated).collect()));
    }

    /// Adds an agent with the default capacity, or removes them.
    pub fn seat(self, user: UserId, on: bool) {
        self.seats.update(|seats| {
            seats.retain(|seat| seat.user != user);
            if on {
                seats.push(Seat {
                    user,
                    capacity: DEFAULT_CAPACITY.to_string(),
                });
            }
        });
    }

    /// Returns the settings of the fields, and the problems. While there are problems, the settings must not be saved.
    pub fn read(self) -> (InboxSettings, Vec<Problem>) {
        let mut wrong = vec![];
        let name = self.name.read().trim().to_owned();
        if name.is_empty() {
            wrong.push(Problem::new(OVERVIEW, "inbox-name", t(Key::NameNeeded)));
        } else if name.chars().count() > MAX_INBOX_NAME {
            wrong.push(Problem::new(OVERVIEW, "inbox-name", t(Key::InboxNameTooLong)));
        }
        let rules = self.rules(&mut wrong);
        let members = self.members(&mut wrong);
        let inactivity = self.silence.get().then(|| self.inactivity(&mut wrong));
        let hours = self.scheduled.get().then(|| self.hours(&mut wrong));
        let settings = InboxSettings {
            name,
            rules,
            members,
            inactivity,
            hours,
        };
        (settings, wrong)
    }

    fn rules(self, wrong: &mut Vec<Problem>) -> Rules {
        let mut seconds = |text: RwSignal<String>, field, label| {
            let seconds = whole(&text.read(), TIMER_SECS);
            if seconds.is_none() {
                let range = [("label", t(label)), ("from", "5"), ("to", "86400")];
                wrong.push(Problem::new(AGENTS, field, tf(Key::SecondsRange, &range)));
            }
            seconds.unwrap_or(u32::MAX)
        };
        Rules {
            mode: self.mode.get(),
            accept_secs: seconds(self.accept, "accept-secs", Key::ReassignmentTiming),
            queue_secs: seconds(self.queue, "queue-secs", Key::QueueTime),
            overflow: self.overflow.get(),
        }
    }

    fn members(self, wrong: &mut Vec<Problem>) -> Vec<Member> {
        let seats = self.seats.read();
        let member = |seat: &Seat| {
            let capacity = whole(&seat.capacity, CAPACITY);
            if capacity.is_none() {
                let field = format!("capacity-{}", seat.user);
                wrong.push(Problem::new(AGENTS, field, t(Key::CapacityRange)));
            }
            Member {
                user: seat.user,
                capacity: capacity.unwrap_or(u32::MAX),
            }
        };
        let mut members: Vec<Member> = seats.iter().map(member).collect();
        members.sort_by_key(|member| member.user);
        members
    }

    fn inactivity(self, wrong: &mut Vec<Problem>) -> Inactivity {
        let minutes = whole(&self.amount.read(), 0..=u32::MAX)
            .and_then(|amount| amount.checked_mul(self.unit.get().minutes()))
            .filter(|minutes| MINUTES.contains(minutes));
        if minutes.is_none() {
            wrong.push(Problem::new(INACTIVITY, "inactive-amount", t(Key::MinutesRange)));
        }
        let action = self.action.get();
        let message = if action.sends() {
            self.message.read().trim().to_owned()
        } else {
            String::new()
        };
        if action.sends() && message.is_empty() {
            wrong.push(Problem::new(INACTIVITY, "inactive-message", t(Key::MessageNeeded)));
        }
        if length(&message) > MAX_MESSAGE {
            wrong.push(Problem::new(INACTIVITY, "inactive-message", t(Key::MessageRange)));
        }
        Inactivity {
            minutes: minutes.unwrap_or(u32::MAX),
            action,
            message,
        }
    }

    fn hours(self, wrong: &mut Vec<Problem>) -> Hours {
        let zone = self.zone.read().trim().to_owned();
        if zone.is_empty() {
            wrong.push(Problem::new(HOURS, "hours-zone", t(Key::ZoneNeeded)));
        }
        let week = self.week.read();
        let mut number = 0;
        let week = week.each_ref().map(|day| {
            let open = intervals(day).unwrap_or_else(|broken| {
                let text = tf(Key::HoursWrong, &[("day", t(DAYS[number]))]);
                wrong.push(Problem::new(HOURS, format!("day-{number}"), text));
                broken
            });
            number += 1;
            open
        });
        let exceptions = self.exceptions.read();
        let exceptions: Vec<Exception> = exceptions
            .iter()
            .enumerate()
            .map(|(n, day)| {
                let twice = exceptions[..n].iter().any(|other| other.date == day.date);
                let open = intervals(&day.open);
                if !is_date(&day.date) || twice {
                    wrong.push(Problem::new(HOURS, format!("exception-{n}"), t(Key::DateWrong)));
                } else if open.is_err() {
                    let text = tf(Key::HoursWrong, &[("day", &day.date)]);
                    wrong.push(Problem::new(HOURS, format!("exception-{n}"), text));
                }
                Exception {
                    date: day.date.clone(),
                    open: open.unwrap_or_else(|broken| broken),
                }
            })
            .collect();
        Hours { zone, week, exceptions }
    }
}

/// Returns the initial business hours: Monday to Friday, nine to six.
fn office() -> [Vec<Span>; 7] {
    let day = || vec![("09:00".to_owned(), "18:00".to_owned())];
    [day(), day(), day(), day(), day(), vec![], vec![]]
}

/// Parses the `HH:MM` of a time field into minutes of the day.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.get(..2)?.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// Returns the sorted intervals of a day; as an error if one is invalid or they overlap. An end at `00:00` is midnight.
fn intervals(day: &[Span]) -> Result<Vec<Interval>, Vec<Interval>> {
    let mut open: Vec<Interval> = day
        .iter()
        .map(|(from, to)| Interval {
            from: minutes(from).unwrap_or(u16::MAX),
            to: minutes(to).map_or(u16::MAX, |to| if to == 0 { DAY } else { to }),
        })
        .collect();
    open.sort();
    let ordered = open.windows(2).all(|pair| pair[0].to <= pair[1].from);
    if ordered && open.iter().all(|span| span.from < span.to && span.to <= DAY) {
        Ok(open)
    } else {
        Err(open)
    }
}

#[cfg(test)]
mod tests;
