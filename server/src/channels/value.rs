//! Reading loose JSON: real payloads miss fields, and send numbers as texts and texts as numbers.

use causerie_shared::Millis;
use serde_json::Value;

/// A text; a number is one too, for ids come as both. Empty is none.
pub fn text(value: &Value, key: &str) -> Option<String> {
    as_text(value.get(key)?)
}

/// As [`text`], of the value itself.
pub fn as_text(value: &Value) -> Option<String> {
    match value {
        // PostgreSQL's TEXT cannot hold it.
        Value::String(text) => Some(text.replace('\0', "")).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A whole number, also one that comes as a text.
pub fn integer(value: &Value, key: &str) -> Option<i64> {
    match value.get(key)? {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A number with a fraction, also one that comes as a text.
pub fn float(value: &Value, key: &str) -> Option<f64> {
    match value.get(key)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
    .filter(|float| float.is_finite())
}

/// `true`, also `"true"` and 1.
pub fn flag(value: &Value, key: &str) -> bool {
    match value.get(key) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text == "true" || text == "1",
        Some(Value::Number(number)) => number.as_i64() == Some(1),
        Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => false,
    }
}

/// The elements of a list; a single object counts as a list of one.
pub fn list<'a>(value: &'a Value, key: &str) -> Vec<&'a Value> {
    match value.get(key) {
        Some(Value::Array(all)) => all.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => vec![],
    }
}

/// The texts of a list.
pub fn list_of_texts(value: &Value, key: &str) -> Vec<String> {
    match value.get(key) {
        Some(Value::Array(all)) => all.iter().filter_map(as_text).collect(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) | None => vec![],
    }
}

/// A time in seconds or milliseconds, as number, text or ISO date: below 10¹¹ it is seconds (`channels.md` §0).
pub fn time(value: &Value, key: &str) -> Option<Millis> {
    if let Some(number) = integer(value, key) {
        return millis(number);
    }
    iso(value.get(key)?.as_str()?)
}

/// Seconds or milliseconds as milliseconds; `None` for what cannot be a time.
pub fn millis(number: i64) -> Option<Millis> {
    match number {
        1..100_000_000_000 => Some(number * 1000),
        100_000_000_000..100_000_000_000_000 => Some(number),
        _ => None,
    }
}

/// `2024-05-01T10:20:30Z`, with a fraction or an offset.
fn iso(text: &str) -> Option<Millis> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days since 1970 of a date of the Gregorian calendar, with the year beginning in March.
    let (y, m) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days =
        365 * y + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (153 * m + 2) / 5 + day - 1 - 719_468;
    let zone = text
        .get(19..)?
        .trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = match zone.as_bytes() {
        [sign @ (b'+' | b'-'), ..] => {
            let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
            let minutes = digits.get(..2)?.parse::<i64>().ok()? * 60 + digits.get(2..4)?.parse::<i64>().ok()?;
            if *sign == b'+' { minutes } else { -minutes }
        }
        _ => 0,
    };
    Some((((days * 24 + hour) * 60 + minute - offset) * 60 + second) * 1000)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_come_in_many_shapes() {
        for (value, millis) in [
            (json!("1700000000"), 1_700_000_000_000),
            (json!(1_700_000_000), 1_700_000_000_000),
            (json!(1_700_000_000_123_i64), 1_700_000_000_123),
            (json!("2023-11-14T22:13:20+0000"), 1_700_000_000_000),
            (json!("2023-11-14T23:13:20.500+01:00"), 1_700_000_000_000),
        ] {
            assert_eq!(time(&json!({ "at": value }), "at"), Some(millis), "{value}");
        }
        for none in [json!(null), json!("soon"), json!(-5), json!({})] {
            assert_eq!(time(&json!({ "at": none }), "at"), None);
        }
    }
}
