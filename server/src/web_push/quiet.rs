//! Quiet hours in the user's time zone.

use causerie_shared::{Millis, api::notify::Quiet};
use jiff::{Timestamp, tz::TimeZone};

/// Whether a time zone of this name exists.
pub fn zone_exists(zone: &str) -> bool {
    TimeZone::get(zone).is_ok()
}

/// Whether `now` is within the quiet hours. The interval includes its first minute and excludes its last.
pub fn is_quiet(quiet: &Quiet, now: Millis) -> bool {
    // Both values were valid when they were stored. If the zone no longer exists, there are no quiet hours.
    let (Ok(zone), Ok(now)) = (TimeZone::get(&quiet.zone), Timestamp::from_millisecond(now)) else {
        return false;
    };
    let local = now.to_zoned_datetime(zone);
    let minute = u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
    if quiet.from <= quiet.to {
        (quiet.from..quiet.to).contains(&minute)
    } else {
        minute >= quiet.from || minute < quiet.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet(from: u16, to: u16, now: &str) -> bool {
        let zone = "Europe/Madrid".into();
        is_quiet(
            &Quiet { from, to, zone },
            now.parse::<Timestamp>().unwrap().as_millisecond(),
        )
    }

    #[test]
    fn the_hours_are_those_of_the_zone_in_summer_and_in_winter() {
        // 22:00 in Madrid is 20:00 UTC in summer, 21:00 in winter.
        assert!(!quiet(1320, 480, "2026-07-01T19:59:59Z"));
        assert!(quiet(1320, 480, "2026-07-01T20:00:00Z"));
        assert!(!quiet(1320, 480, "2026-01-01T20:59:59Z"));
        assert!(quiet(1320, 480, "2026-01-01T21:00:00Z"));
        assert!(quiet(1320, 480, "2026-01-01T06:59:59Z"), "over midnight");
        assert!(!quiet(1320, 480, "2026-01-01T07:00:00Z"));
        assert!(quiet(780, 900, "2026-01-01T12:30:00Z") && !quiet(780, 900, "2026-01-01T14:00:00Z"));
        assert!(!quiet(600, 600, "2026-01-01T09:00:00Z"), "an empty interval");
        assert!(zone_exists("America/Bogota") && !zone_exists("Nowhere/Land"));
    }
}
