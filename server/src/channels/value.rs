//! Readers of loose JSON: real payloads miss fields, send numbers as strings, and strings as numbers.

use std::borrow::Cow;

use causerie_shared::Millis;
use serde_json::Value;

/// Parses a body.
///
/// Some providers cut a text in the middle of an emoji, which leaves half of a surrogate pair, or send invalid UTF-8.
/// Both become replacement characters, so that the rest of the body is not lost.
///
/// # Errors
/// The body is not JSON even after this repair.
pub fn parse(body: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(body).or_else(|error| {
        let text = String::from_utf8_lossy(body);
        match whole_signs(&text) {
            Cow::Owned(mended) => serde_json::from_str(&mended),
            Cow::Borrowed(_) if matches!(text, Cow::Owned(_)) => serde_json::from_str(&text),
            Cow::Borrowed(_) => Err(error),
        }
    })
}

/// Replaces unpaired surrogates among the `\u` escapes of a JSON text.
fn whole_signs(text: &str) -> Cow<'_, str> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    let mut mended = String::new();
    let mut kept = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find('\\') {
        at += found;
        let (length, is_half) = match unit(at) {
            Some(0xD800..=0xDBFF) if matches!(unit(at + 6), Some(0xDC00..=0xDFFF)) => (12, false),
            Some(0xD800..=0xDFFF) => (6, true),
            Some(_) => (6, false),
            // Another escape: the character after the backslash belongs to it.
            None => (1 + text[at + 1..].chars().next().map_or(0, char::len_utf8), false),
        };
        if is_half {
            mended.push_str(&text[kept..at]);
            mended.push_str("\\ufffd");
            kept = at + length;
        }
        at += length;
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    mended.push_str(&text[kept..]);
    Cow::Owned(mended)
}

/// Returns a string, or a number as a string, because ids come as both. An empty string is `None`.
pub fn text(value: &Value, key: &str) -> Option<String> {
    as_text(value.get(key)?)
}

/// Like [`text`], for the value itself.
pub fn as_text(value: &Value) -> Option<String> {
    match value {
        // PostgreSQL's TEXT cannot hold NUL.
        Value::String(text) => Some(text.replace('\0', "")).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns an integer, also one that comes as a string.
pub fn integer(value: &Value, key: &str) -> Option<i64> {
    match value.get(key)? {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns a finite float, also one that comes as a string.
pub fn float(value: &Value, key: &str) -> Option<f64> {
    match value.get(key)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
    .filter(|float| float.is_finite())
}

/// Returns `true` for `true`, `"true"`, `"1"` and 1.
pub fn flag(value: &Value, key: &str) -> bool {
    match value.get(key) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text == "true" || text == "1",
        Some(Value::Number(number)) => number.as_i64() == Some(1),
        Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => false,
    }
}

/// Returns the elements of an array; a single object counts as an array of one.
pub fn list<'a>(value: &'a Value, key: &str) -> Vec<&'a Value> {
    match value.get(key) {
        Some(Value::Array(all)) => all.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => vec![],
    }
}

/// Returns the strings and numbers of an array, as strings.
pub fn list_of_texts(value: &Value, key: &str) -> Vec<String> {
    match value.get(key) {
        Some(Value::Array(all)) => all.iter().filter_map(as_text).collect(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) | None => vec![],
    }
}

/// Returns a time in seconds or milliseconds, as number, string or ISO date; a number below 10¹¹ is in seconds
/// (`docs/channels.md#from-webhook-to-chat`).
pub fn time(value: &Value, key: &str) -> Option<Millis> {
    if let Some(number) = integer(value, key) {
        return millis(number);
    }
    iso(value.get(key)?.as_str()?).filter(|at| *at > 0)
}

/// Converts seconds or milliseconds to milliseconds; `None` if the number cannot be a time.
pub fn millis(number: i64) -> Option<Millis> {
    match number {
        1..100_000_000_000 => Some(number * 1000),
        100_000_000_000..100_000_000_000_000 => Some(number),
        _ => None,
    }
}

/// Parses `2024-05-01T10:20:30Z`, with or without a fraction or an offset.
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
    fn half_an_emoji_costs_a_sign_and_not_the_body() {
        let of = |text: &str| parse(format!(r#"{{"a":"{text}"}}"#).as_bytes()).map(|value| value["a"].clone());
        assert_eq!(of(r"x\ud83d").unwrap(), "x\u{fffd}");
        assert_eq!(of(r"\ude00 \ud83d\ude00 \ud83dx").unwrap(), "\u{fffd} 😀 \u{fffd}x");
        assert_eq!(of(r"\\ud83d \u00e4\n").unwrap(), "\\ud83d ä\n");
        assert_eq!(parse(b"{\"a\":\"\xff\"}").unwrap()["a"], "\u{fffd}");
        assert!(of(r"\x").is_err());
        assert!(parse(b"{").is_err());
    }

    #[test]
    fn a_text_of_nothing_is_none() {
        assert_eq!(text(&json!({"a": "\0"}), "a"), None);
        assert_eq!(text(&json!({"a": ""}), "a"), None);
        assert_eq!(text(&json!({"a": "x\0y"}), "a"), Some("xy".to_owned()));
    }

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
