//! Business hours of an inbox (`docs/domain.md#business-hours`): the values and their ranges. Only the server knows
//! time zones.

use serde::{Deserialize, Serialize};

use crate::refusal::{Code, Refusal};

/// Minutes of a day. An interval may end at this value, at midnight.
pub const DAY: u16 = 24 * 60;
/// Maximum number of intervals of a day.
pub const MAX_INTERVALS: usize = 6;
/// Maximum number of dated exceptions.
pub const MAX_EXCEPTIONS: usize = 200;

/// An interval of a day in local time, in minutes from midnight, without `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Interval {
    pub from: u16,
    pub to: u16,
}

/// A date whose intervals replace those of its weekday. Without intervals, the inbox is closed on that date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// The date as `YYYY-MM-DD`.
    pub date: String,
    pub open: Vec<Interval>,
}

/// When the inbox is open. Outside these hours no offers are made and no queue timer runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// The IANA name of the time zone, e.g. `Europe/Madrid`.
    pub zone: String,
    /// The intervals of each weekday, Monday first.
    pub week: [Vec<Interval>; 7],
    pub exceptions: Vec<Exception>,
}

impl Hours {
    /// Checks that intervals are in order, do not overlap and lie within their day, and that each exception has a valid
    /// date of its own. The server checks whether the zone exists.
    ///
    /// # Errors
    /// [`Code::Invalid`], with the reason in plain words.
    pub fn check(&self) -> Result<(), Refusal> {
        let days = self.week.iter().chain(self.exceptions.iter().map(|day| &day.open));
        for day in days {
            check_day(day)?;
        }
        if self.exceptions.len() > MAX_EXCEPTIONS {
            return Err(Refusal::new(Code::Invalid, "there can be at most 200 exceptions"));
        }
        for (n, exception) in self.exceptions.iter().enumerate() {
            if !is_date(&exception.date) {
                return Err(Refusal::new(Code::Invalid, format!("“{}” is no date", exception.date)));
            }
            if self.exceptions[..n].iter().any(|other| other.date == exception.date) {
                return Err(Refusal::new(
                    Code::Invalid,
                    format!("{} is there twice", exception.date),
                ));
            }
        }
        Ok(())
    }
}

fn check_day(day: &[Interval]) -> Result<(), Refusal> {
    if day.len() > MAX_INTERVALS {
        return Err(Refusal::new(Code::Invalid, "a day has at most 6 intervals"));
    }
    let mut free = 0;
    for interval in day {
        if interval.from < free || interval.to <= interval.from || interval.to > DAY {
            return Err(Refusal::new(
                Code::Invalid,
                "the opening hours of a day must be in order and must not overlap",
            ));
        }
        free = interval.to;
    }
    Ok(())
}

/// Whether the text is a date `YYYY-MM-DD` of the Gregorian calendar.
pub fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut number = |digits: usize| {
        let part = parts.next()?;
        (part.len() == digits && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<u32>().ok())?
    };
    let (Some(year), Some(month), Some(day)) = (number(4), number(2), number(2)) else {
        return false;
    };
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    parts.next().is_none() && (1..=last).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(monday: Vec<Interval>, dates: &[&str]) -> Hours {
        let mut week: [Vec<Interval>; 7] = Default::default();
        week[0] = monday;
        Hours {
            zone: "Europe/Madrid".to_owned(),
            week,
            exceptions: dates
                .iter()
                .map(|date| Exception {
                    date: (*date).to_owned(),
                    open: vec![],
                })
                .collect(),
        }
    }

    #[test]
    fn intervals_are_in_order_and_apart() {
        let morning = Interval { from: 540, to: 840 };
        let evening = Interval { from: 960, to: DAY };
        assert!(hours(vec![morning, evening], &[]).check().is_ok());
        assert!(hours(vec![evening, morning], &[]).check().is_err());
        assert!(hours(vec![morning, morning], &[]).check().is_err());
        assert!(hours(vec![Interval { from: 0, to: DAY + 1 }], &[]).check().is_err());
        assert!(hours(vec![Interval { from: 60, to: 60 }], &[]).check().is_err());
    }

    #[test]
    fn exceptions_are_dates_each_once() {
        assert!(hours(vec![], &["2028-02-29", "2026-12-25"]).check().is_ok());
        assert!(hours(vec![], &["2026-02-29"]).check().is_err());
        assert!(hours(vec![], &["25.12.2026"]).check().is_err());
        assert!(hours(vec![], &["2026-12-25", "2026-12-25"]).check().is_err());
    }
}
