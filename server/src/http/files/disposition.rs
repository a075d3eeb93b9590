//! File names in headers.

use std::fmt::Write as _;

use axum::http::{HeaderMap, HeaderValue};
use causerie_shared::refusal::Code;

use crate::http::error::ApiError;

/// Maximum length of a stored name, in bytes.
const MAX_NAME: usize = 200;

/// Returns the name of an upload from `X-File-Name` (percent-encoded UTF-8): the last part of the path, without
/// characters that are special to a file system or hide what the name is.
pub fn file_name(headers: &HeaderMap) -> Result<String, ApiError> {
    let bad = || ApiError::new(Code::Malformed, "X-File-Name must be the file's name, percent-encoded");
    let header = headers
        .get("x-file-name")
        .and_then(|value| value.to_str().ok())
        .ok_or_else(bad)?;
    let decoded = decode(header).ok_or_else(bad)?;
    let last = decoded.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|c| !c.is_control() && !is_hidden(*c)).collect();
    let name = shorten(kept.trim());
    if name.is_empty() { Err(bad()) } else { Ok(name) }
}

/// Returns `Content-Disposition` with an ASCII name for old clients and the real name.
pub(super) fn header(inline: bool, name: &str) -> Result<HeaderValue, ApiError> {
    let kind = if inline { "inline" } else { "attachment" };
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() && c != '"' && c != '\\' && c != '%' {
                c
            } else {
                '_'
            }
        })
        .collect();
    let real = encode(name);
    HeaderValue::from_str(&format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{real}"))
        .map_err(|_| ApiError::internal())
}

/// Whether the character changes the direction of the text around it or is invisible.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// Shortens a name that is too long, but keeps its extension.
fn shorten(name: &str) -> String {
    if name.len() <= MAX_NAME {
        return name.to_owned();
    }
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let room = MAX_NAME.saturating_sub(extension.len() + 1);
    let end = (0..=room).rev().find(|end| stem.is_char_boundary(*end)).unwrap_or(0);
    format!("{}.{extension}", &stem[..end])
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
            let value = digit()? * 16 + digit()?;
            bytes.push(u8::try_from(value).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[expect(clippy::let_underscore_must_use, reason = "writing into a String cannot fail")]
fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _: std::fmt::Result = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(header: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert("x-file-name", HeaderValue::from_static(header));
        file_name(&headers).ok()
    }

    #[test]
    fn a_name_is_decoded_and_loses_its_folders_and_tricks() {
        assert_eq!(name("A%C3%B1o%20nuevo.pdf").as_deref(), Some("Año nuevo.pdf"));
        assert_eq!(name("..%2F..%2Fetc%2Fpasswd.txt").as_deref(), Some("passwd.txt"));
        assert_eq!(name("C:%5Ctmp%5Ca.png").as_deref(), Some("a.png"));
        assert_eq!(name("a%0D%0A%E2%80%AEgpj.txt").as_deref(), Some("agpj.txt"));
        for wrong in ["", "%", "%ZZ", "%FF", "%2F", "%20"] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let long = shorten(&format!("{}.pdf", "ñ".repeat(300)));
        assert!(long.len() <= MAX_NAME && long.ends_with("ñ.pdf"));
        assert!(shorten(&format!("a.{}", "x".repeat(400))).len() <= 500);
    }

    #[test]
    fn a_name_cannot_leave_its_header() {
        let value = header(false, "a\"; b=\u{e9}.txt").unwrap();
        assert_eq!(
            value.to_str().unwrap(),
            "attachment; filename=\"a_;_b=_.txt\"; filename*=UTF-8''a%22%3B%20b%3D%C3%A9.txt"
        );
    }
}
