//! A request that a provider received.

use axum::{
    body::Bytes,
    http::{HeaderMap, Method, Uri, header},
};

use serde_json::{Map, Value};

/// A request, with its parameters in one form whatever their encoding was.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    /// The segments of the path.
    pub path: Vec<String>,
    /// The token of the header or the query.
    pub token: Option<String>,
    /// The fields of the query and of the body, which may be JSON, a form, or multipart. A text field that looks like
    /// JSON is parsed.
    pub fields: Value,
    /// The file name, media type and bytes of the file's part.
    pub file: Option<(String, String, Bytes)>,
}

impl Request {
    pub(super) fn read(method: Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Self {
        let text = |name| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let mut fields = Map::new();
        let mut file = None;
        for (key, value) in pairs(uri.query().unwrap_or_default()) {
            fields.insert(key, Value::String(value));
        }
        let kind = text(header::CONTENT_TYPE);
        if let Some((_, boundary)) = kind.split_once("boundary=") {
            for part in parts(body, boundary.trim_matches('"')) {
                match part.file {
                    Some(name) => file = Some((name, part.mime, part.bytes)),
                    None => {
                        let text = String::from_utf8_lossy(&part.bytes).into_owned();
                        fields.insert(part.name, loose(text));
                    }
                }
            }
        } else if kind.starts_with("application/x-www-form-urlencoded") {
            for (key, value) in pairs(&String::from_utf8_lossy(body)) {
                fields.insert(key, loose(value));
            }
        } else if let Ok(Value::Object(all)) = serde_json::from_slice(body) {
            fields.extend(all);
        }
        let bearer = text(header::AUTHORIZATION).strip_prefix("Bearer ").map(str::to_owned);
        let asked = fields.get("access_token").and_then(Value::as_str).map(str::to_owned);
        Self {
            method,
            path: uri
                .path()
                .split('/')
                .filter(|part| !part.is_empty())
                .map(decoded)
                .collect(),
            token: bearer.or(asked),
            fields: Value::Object(fields),
            file,
        }
    }

    /// A text or number field as a text, empty if the field is missing.
    pub fn text(&self, key: &str) -> String {
        text(&self.fields[key])
    }
}

/// A text or number as a text.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

/// Parses the text of a form field, since objects and lists in it are encoded as JSON.
fn loose(text: String) -> Value {
    match serde_json::from_str(&text) {
        Ok(value @ (Value::Object(_) | Value::Array(_) | Value::Bool(_))) => value,
        Ok(Value::Null | Value::Number(_) | Value::String(_)) | Err(_) => Value::String(text),
    }
}

fn pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decoded(key), decoded(value)))
        .collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = vec![];
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let hex: String = rest.by_ref().take(2).map(char::from).collect();
                bytes.push(u8::from_str_radix(&hex, 16).unwrap_or(b'%'));
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

struct Part {
    name: String,
    file: Option<String>,
    mime: String,
    bytes: Bytes,
}

fn parts(body: &Bytes, boundary: &str) -> Vec<Part> {
    let mark = format!("--{boundary}").into_bytes();
    let starts: Vec<usize> = body
        .windows(mark.len())
        .enumerate()
        .filter_map(|(at, window)| (window == mark).then_some(at))
        .collect();
    starts
        .windows(2)
        .filter_map(|pair| part(&body.slice(pair[0] + mark.len()..pair[1])))
        .collect()
}

fn part(whole: &Bytes) -> Option<Part> {
    let head = whole.windows(4).position(|window| window == b"\r\n\r\n")?;
    let bytes = whole.slice(head + 4..whole.len().checked_sub(2)?);
    let headers = String::from_utf8_lossy(&whole[..head]).into_owned();
    let quoted = |key: &str| {
        let after = headers.split(key).nth(1)?;
        after.split('"').next().map(str::to_owned)
    };
    let mime = headers.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case("content-type")
            .then(|| value.trim().to_owned())
    });
    Some(Part {
        name: quoted(" name=\"")?,
        file: quoted("filename=\""),
        mime: mime.unwrap_or_default(),
        bytes,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_read_however_they_are_encoded() {
        let uri: Uri = "/v25.0/1_2/messages?access_token=a%2Bb&fields=name,id".parse().unwrap();
        let mut headers = HeaderMap::new();
        let multipart = "--x\r\nContent-Disposition: form-data; name=\"recipient\"\r\n\r\n{\"id\":\"5\"}\r\n\
            --x\r\nContent-Disposition: form-data; name=\"filedata\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\
            \u{1}\r\n--x--\r\n";
        headers.insert(header::CONTENT_TYPE, "multipart/form-data; boundary=x".parse().unwrap());
        let request = Request::read(Method::POST, &uri, &headers, &Bytes::from(multipart));
        assert_eq!(request.path, ["v25.0", "1_2", "messages"]);
        assert_eq!(request.token.as_deref(), Some("a+b"));
        assert_eq!(request.fields["recipient"], json!({"id": "5"}));
        let (name, mime, bytes) = request.file.unwrap();
        assert_eq!(
            (name.as_str(), mime.as_str(), &bytes[..]),
            ("a.png", "image/png", &b"\x01"[..])
        );
    }
}
