//! Dates, times, numbers and sizes in the user's language, through the browser's `Intl`.

pub mod kind;

use std::cell::RefCell;

use causerie_shared::Millis;
use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::i18n::{self, Key, Lang, t};

const DAY_MS: i64 = 86_400_000;

/// The `Intl` formatters of one language. They are cached because constructing one takes milliseconds.
struct Formats {
    lang: Lang,
    time: Function,
    day: Function,
    short_day: Function,
    date: Function,
    number: Function,
    compact: Function,
    plural: Intl::PluralRules,
    countries: Option<Object>,
}

thread_local! {
    static FORMATS: RefCell<Option<Formats>> = const { RefCell::new(None) };
}

fn options(pairs: &[(&str, &str)]) -> Object {
    let object = Object::new();
    for (key, value) in pairs {
        // Setting a property of a plain object cannot fail.
        let _set = Reflect::set(&object, &JsValue::from_str(key), &JsValue::from_str(value));
    }
    object
}

impl Formats {
    fn new(lang: Lang) -> Self {
        let locales = Array::of1(&lang.locale().into());
        let date = |pairs: &[(&str, &str)]| Intl::DateTimeFormat::new(&locales, &options(pairs)).format();
        let number = |pairs: &[(&str, &str)]| Intl::NumberFormat::new(&locales, &options(pairs)).format();
        Self {
            lang,
            time: date(&[("hour", "2-digit"), ("minute", "2-digit"), ("hourCycle", "h23")]),
            day: date(&[("weekday", "long"), ("day", "numeric"), ("month", "long")]),
            short_day: date(&[("day", "numeric"), ("month", "short")]),
            date: date(&[("day", "numeric"), ("month", "short"), ("year", "numeric")]),
            number: number(&[]),
            compact: number(&[("notation", "compact")]),
            plural: Intl::PluralRules::new(&locales, &Object::new()),
            countries: country_names(lang),
        }
    }
}

/// Creates an `Intl.DisplayNames` for countries, which `js-sys` does not bind.
fn country_names(lang: Lang) -> Option<Object> {
    let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    let class: Function = Reflect::get(&intl, &"DisplayNames".into()).ok()?.dyn_into().ok()?;
    let arguments = Array::of2(&lang.locale().into(), &options(&[("type", "region")]));
    Reflect::construct(&class, &arguments).ok()?.dyn_into().ok()
}

fn with<T>(use_them: impl FnOnce(&Formats) -> T) -> T {
    FORMATS.with_borrow_mut(|cached| {
        let lang = i18n::lang();
        if cached.as_ref().is_none_or(|formats| formats.lang != lang) {
            *cached = None;
        }
        use_them(cached.get_or_insert_with(|| Formats::new(lang)))
    })
}

fn text(format: &Function, value: &JsValue) -> String {
    format
        .call1(&JsValue::UNDEFINED, value)
        .ok()
        .and_then(|text| text.as_string())
        .unwrap_or_default()
}

fn moment(at: Millis) -> JsValue {
    Date::new(&JsValue::from_f64(at as f64)).into()
}

/// Days since the epoch in the user's time zone.
pub fn local_day(at: Millis) -> i64 {
    let offset = Date::new(&JsValue::from_f64(at as f64)).get_timezone_offset();
    (at - (offset * 60_000.0) as i64).div_euclid(DAY_MS)
}

/// Hour and minute: "14:32".
pub fn time(at: Millis) -> String {
    with(|f| text(&f.time, &moment(at)))
}

/// Hour, minute and second: "14:32:07".
pub fn time_exact(at: Millis) -> String {
    format!("{}:{:02}", time(at), at.div_euclid(1000).rem_euclid(60))
}

/// Day, short month and year: "8 Mar 2024".
pub fn date(at: Millis) -> String {
    with(|f| text(&f.date, &moment(at)))
}

/// Date, hour and minute: "8 Mar 2024, 14:32".
pub fn date_time(at: Millis) -> String {
    format!("{}, {}", date(at), time(at))
}

/// The time as a list shows it: hour and minute today, otherwise the day, with the year if it differs from this year.
pub fn short(at: Millis, now: Millis) -> String {
    if local_day(at) == local_day(now) {
        return time(at);
    }
    let year = |at: Millis| Date::new(&JsValue::from_f64(at as f64)).get_full_year();
    if year(at) == year(now) {
        with(|f| text(&f.short_day, &moment(at)))
    } else {
        date(at)
    }
}

/// The name of a day in a chat: "Today", "Yesterday", "Tuesday 14 October", "8 Mar 2024".
pub fn day(at: Millis, now: Millis) -> String {
    match local_day(now) - local_day(at) {
        0 => t(Key::Today).to_owned(),
        1 => t(Key::Yesterday).to_owned(),
        2..=180 => with(|f| text(&f.day, &moment(at))),
        _ => date(at),
    }
}

/// A whole number with group separators.
pub fn number(n: u32) -> String {
    with(|f| text(&f.number, &JsValue::from_f64(n.into())))
}

/// A number in compact notation: "1.2K".
pub fn compact(n: u32) -> String {
    with(|f| text(&f.compact, &JsValue::from_f64(n.into())))
}

/// Whether `n` takes the singular.
pub fn is_one(n: u32) -> bool {
    with(|f| f.plural.select(n.into())) == "one"
}

/// A country's name from its ISO 3166 code, or the code itself if the browser does not know it.
pub fn country(code: &str) -> String {
    with(|f| {
        let names = f.countries.as_ref()?;
        let of: Function = Reflect::get(names, &"of".into()).ok()?.dyn_into().ok()?;
        of.call1(names, &code.into()).ok()?.as_string()
    })
    .unwrap_or_else(|| code.to_owned())
}

fn quantity(value: f64, unit: &str, display: &str, digits: u32) -> String {
    let shape = options(&[("style", "unit"), ("unit", unit), ("unitDisplay", display)]);
    let _set = Reflect::set(
        &shape,
        &"maximumFractionDigits".into(),
        &JsValue::from_f64(digits.into()),
    );
    let locales = Array::of1(&i18n::lang().locale().into());
    text(
        &Intl::NumberFormat::new(&locales, &shape).format(),
        &JsValue::from_f64(value),
    )
}

/// A file's size: "184 kB", "2.4 MB".
pub fn size(bytes: i64) -> String {
    match bytes {
        ..1_000 => quantity(bytes as f64, "byte", "short", 0),
        1_000..1_000_000 => quantity(bytes as f64 / 1e3, "kilobyte", "short", 0),
        _ => quantity(bytes as f64 / 1e6, "megabyte", "short", 1),
    }
}

/// A duration in the largest unit that fits: "7 months", "3 minutes".
pub fn elapsed(ms: i64) -> String {
    let (count, unit) = largest_unit(ms);
    quantity(count as f64, unit, "long", 0)
}

fn largest_unit(ms: i64) -> (i64, &'static str) {
    let minutes = (ms / 60_000).max(0);
    match minutes {
        0..60 => (minutes.max(1), "minute"),
        60..1_440 => (minutes / 60, "hour"),
        1_440..43_200 => (minutes / 1_440, "day"),
        43_200..525_600 => (minutes / 43_200, "month"),
        _ => (minutes / 525_600, "year"),
    }
}

/// A countdown's text: "1:42" left, "+0:32" when overdue, "2:05:00" from one hour on.
pub fn clock(left_ms: i64) -> String {
    // A countdown with 0.2 s left still shows one second, and becomes overdue only after its time.
    let seconds = if left_ms > 0 {
        (left_ms + 999) / 1000
    } else {
        -left_ms / 1000
    };
    let sign = if left_ms < 0 { "+" } else { "" };
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{sign}{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{sign}{minutes}:{seconds:02}")
    }
}

/// The letters on an avatar: the initials of the first and last word.
pub fn initials(name: &str) -> String {
    let mut words = name
        .split_whitespace()
        .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// A URL without its scheme and trailing slashes, for display.
pub fn without_scheme(url: &str) -> &str {
    url.trim_start_matches("https://")
        .trim_start_matches("http://")
        .trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_scheme() {
        assert_eq!(without_scheme("https://shop.example/order/1"), "shop.example/order/1");
        assert_eq!(without_scheme("http://localhost:8080/"), "localhost:8080");
    }

    #[test]
    fn a_timer_reads_as_people_expect() {
        assert_eq!(clock(102_000), "1:42");
        assert_eq!(clock(200), "0:01");
        assert_eq!(clock(0), "0:00");
        assert_eq!(clock(-32_400), "+0:32");
        assert_eq!(clock(7_500_000), "2:05:00");
    }

    #[test]
    fn initials_are_of_the_first_and_last_word() {
        assert_eq!(initials("Lucía Fernández"), "LF");
        assert_eq!(initials("ana"), "A");
        assert_eq!(initials("Juan de la Cruz"), "JC");
        assert_eq!(initials(""), "");
    }

    #[test]
    fn elapsed_time_takes_the_largest_unit() {
        assert_eq!(largest_unit(30_000), (1, "minute"));
        assert_eq!(largest_unit(3 * 3_600_000), (3, "hour"));
        assert_eq!(largest_unit(40 * 86_400_000), (1, "month"));
        assert_eq!(largest_unit(800 * 86_400_000), (2, "year"));
    }
}
