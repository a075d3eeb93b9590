//! Evaluation of business hours at a time (`docs/domain.md#business-hours`). The functions are pure and use the time
//! zone data of the release, so that two nodes never disagree.

use causerie_shared::{
    Millis,
    inbox::hours::{DAY, Hours, Interval},
};
use jiff::{Timestamp, civil, tz::TimeZone};

/// Days that are searched for the next change.
const HORIZON: usize = 400;

/// Whether a time zone of this name exists.
pub fn is_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

/// Whether `now` is within the business hours.
pub fn is_open(hours: &Hours, now: Millis) -> bool {
    let local = zone(hours).to_datetime(timestamp(now));
    let minute = local.hour() as u16 * 60 + local.minute() as u16;
    day(hours, local.date())
        .iter()
        .any(|interval| (interval.from..interval.to).contains(&minute))
}

/// Returns the next time at which the hours open or close; `None` if there is none within a year.
pub fn next_change(hours: &Hours, now: Millis) -> Option<Millis> {
    let zone = zone(hours);
    let open = is_open(hours, now);
    let mut date = zone.to_datetime(timestamp(now)).date();
    // A change of the zone's offset may also open or close.
    let shift = zone.following(timestamp(now)).next();
    let shift = shift.map(|shift| shift.timestamp().as_millisecond());
    for _ in 0..HORIZON {
        let tomorrow = date.tomorrow().ok()?;
        let end = instants(&zone, tomorrow, 0).last().copied()?;
        let mut times: Vec<Millis> = day(hours, date)
            .iter()
            .flat_map(|interval| [interval.from, interval.to])
            .flat_map(|minute| match minute {
                DAY => instants(&zone, tomorrow, 0),
                minute => instants(&zone, date, minute),
            })
            .chain(shift.filter(|shift| *shift <= end))
            .chain([end])
            .filter(|time| *time > now)
            .collect();
        times.sort_unstable();
        if let Some(time) = times.into_iter().find(|time| is_open(hours, *time) != open) {
            return Some(time);
        }
        date = tomorrow;
    }
    None
}

/// Returns the next opening time; `None` if `now` is within the hours, or if they do not open within a year.
pub fn opens_at(hours: &Hours, now: Millis) -> Option<Millis> {
    if is_open(hours, now) {
        return None;
    }
    next_change(hours, now)
}

fn zone(hours: &Hours) -> TimeZone {
    // Settings accept only existing zones. A zone that a later release dropped must not stop the dispatcher.
    TimeZone::get(&hours.zone).unwrap_or(TimeZone::UTC)
}

fn timestamp(now: Millis) -> Timestamp {
    Timestamp::from_millisecond(now).unwrap_or(Timestamp::MAX)
}

fn day(hours: &Hours, date: civil::Date) -> &[Interval] {
    let name = date.to_string();
    match hours.exceptions.iter().find(|exception| exception.date == name) {
        Some(exception) => &exception.open,
        None => &hours.week[date.weekday().to_monday_zero_offset() as usize],
    }
}

/// Returns the times at which local clocks show this minute: two where clocks are set back. Where clocks are set
/// forward, a skipped minute has the times with the offsets before and after the gap.
fn instants(zone: &TimeZone, date: civil::Date, minute: u16) -> Vec<Millis> {
    let time = date.at((minute / 60) as i8, (minute % 60) as i8, 0, 0);
    let ambiguous = zone.to_ambiguous_timestamp(time);
    [ambiguous.earlier(), ambiguous.later()]
        .into_iter()
        .flatten()
        .map(Timestamp::as_millisecond)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use causerie_shared::inbox::hours::Exception;
    use proptest::prelude::*;

    const MINUTE: Millis = 60_000;

    fn at(text: &str) -> Millis {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    fn shop() -> Hours {
        let weekday = vec![Interval { from: 540, to: 840 }, Interval { from: 960, to: 1200 }];
        let mut week: [Vec<Interval>; 7] = std::array::from_fn(|_| weekday.clone());
        week[6] = vec![];
        Hours {
            zone: "Europe/Madrid".into(),
            week,
            exceptions: vec![Exception {
                date: "2026-12-25".into(),
                open: vec![],
            }],
        }
    }

    #[test]
    fn a_shop_in_madrid_closes_at_noon_on_sundays_and_at_christmas() {
        let shop = shop();
        // A Wednesday in winter: UTC+1.
        assert!(!is_open(&shop, at("2026-11-25T07:59:59Z")));
        assert!(is_open(&shop, at("2026-11-25T08:00:00Z")));
        assert!(!is_open(&shop, at("2026-11-25T13:00:00Z")));
        assert_eq!(
            next_change(&shop, at("2026-11-25T13:00:00Z")),
            Some(at("2026-11-25T15:00:00Z"))
        );
        // The next opening skips the Sunday and Christmas Day.
        assert_eq!(
            opens_at(&shop, at("2026-11-28T20:00:00Z")),
            Some(at("2026-11-30T08:00:00Z"))
        );
        assert_eq!(
            opens_at(&shop, at("2026-12-24T20:00:00Z")),
            Some(at("2026-12-26T08:00:00Z"))
        );
        assert_eq!(opens_at(&shop, at("2026-11-25T09:00:00Z")), None, "somebody is there");
        // The same local hour in summer: UTC+2.
        assert!(is_open(&shop, at("2026-07-01T07:00:00Z")));
    }

    #[test]
    fn who_is_always_or_never_there_has_no_next_change() {
        let mut hours = shop();
        hours.exceptions.clear();
        hours.week = Default::default();
        assert_eq!(next_change(&hours, at("2026-11-25T08:00:00Z")), None);
        hours.week = std::array::from_fn(|_| vec![Interval { from: 0, to: DAY }]);
        assert_eq!(next_change(&hours, at("2026-11-25T08:00:00Z")), None);
    }

    #[test]
    fn zones_are_known_by_their_names() {
        assert!(is_zone("Europe/Madrid") && is_zone("America/Sao_Paulo") && is_zone("UTC"));
        assert!(!is_zone("Europe/Atlantis") && !is_zone(""));
    }

    fn any_day() -> impl Strategy<Value = Vec<Interval>> {
        prop::collection::btree_set(0u16..=48, 0..6).prop_map(|cuts| {
            let cuts: Vec<u16> = cuts.into_iter().map(|half_hour| half_hour * 30).collect();
            cuts.chunks_exact(2)
                .map(|pair| Interval {
                    from: pair[0],
                    to: pair[1],
                })
                .collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        /// Includes the days on which the zone's offset changes.
        #[test]
        fn the_next_change_is_the_first_minute_that_differs(
            days in prop::collection::vec(any_day(), 7),
            closed in any_day(),
            zone in prop::sample::select(vec!["Europe/Madrid", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
            start in prop::sample::select(vec!["2026-03-28T20:00:00Z", "2026-10-24T20:00:00Z", "2026-11-01T02:00:00Z", "2026-04-04T10:00:00Z"]),
            minutes in 0i64..1440,
        ) {
            let mut week: [Vec<Interval>; 7] = Default::default();
            week.clone_from_slice(&days);
            let date = start[..10].to_owned();
            let hours = Hours { zone: zone.into(), week, exceptions: vec![Exception { date, open: closed }] };
            let now = at(start) + minutes * MINUTE;
            let open = is_open(&hours, now);
            let first = (1..3 * 1440).map(|n| now + n * MINUTE).find(|time| is_open(&hours, *time) != open);
            match first {
                Some(time) => prop_assert_eq!(next_change(&hours, now), Some(time)),
                None => prop_assert!(next_change(&hours, now).is_none_or(|time| time >= now + 3 * 1440 * MINUTE)),
            }
        }
    }
}
