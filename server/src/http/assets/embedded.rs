//! Files of the build: embedded in release builds, read from `dist` at each request in debug builds.

use std::borrow::Cow;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Deserialize;

#[derive(RustEmbed)]
#[cfg_attr(not(quick_console), folder = "../dist")]
#[cfg_attr(quick_console, folder = "../target/quick/dist")]
#[allow_missing = true]
struct Dist;

/// The build's description of itself, for the server only.
pub const MANIFEST: &str = "build.json";

/// The part of [`MANIFEST`] that the server needs.
#[derive(Debug, Deserialize)]
pub struct Manifest {
    /// CSP sources of inline scripts and styles, such as `sha256-…`.
    pub script_hashes: Vec<String>,
    pub style_hashes: Vec<String>,
    /// Files whose names contain their hash, of this build and of the previous one.
    immutable: Vec<String>,
    previous: Vec<String>,
}

/// Returns the manifest; `None` when the console was not built.
pub fn manifest() -> Option<Manifest> {
    let file = Dist::get(MANIFEST)?;
    match serde_json::from_slice(&file.data) {
        Ok(manifest) => Some(manifest),
        Err(error) => {
            tracing::error!(%error, "{MANIFEST} cannot be read");
            None
        }
    }
}

/// Returns a file as text.
pub fn text(path: &str) -> Option<String> {
    String::from_utf8(Dist::get(path)?.data.into_owned()).ok()
}

/// Responds with a file, compressed if the browser accepts it, or with "not modified".
pub fn file(path: &str, headers: &HeaderMap) -> Response {
    let Some(mime) = mime(path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let brotli = takes_brotli(headers)
        .then(|| Dist::get(&format!("{path}.br")))
        .flatten();
    let encoding = brotli.is_some().then_some("br");
    let Some(file) = brotli.or_else(|| Dist::get(path)) else {
        return StatusCode::NOT_FOUND.into_response();
    };

    let tag = tag(&file);
    let fresh = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let mut response = if fresh.is_some_and(|tags| {
        tags.split(',')
            .any(|known| known.trim().trim_start_matches("W/") == tag)
    }) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let body = match file.data {
            Cow::Borrowed(bytes) => Body::from(bytes),
            Cow::Owned(bytes) => Body::from(bytes),
        };
        let mut response = body.into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(mime));
        if let Some(encoding) = encoding {
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    };
    let cache = if is_immutable(path) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// Returns the entity tag of a file. Compressed and plain files differ in their bytes and so in their tags.
fn tag(file: &EmbeddedFile) -> String {
    format!("\"{}\"", crate::clock::hex(&file.metadata.sha256_hash()[..16]))
}

fn is_immutable(path: &str) -> bool {
    manifest().is_some_and(|manifest| {
        manifest
            .immutable
            .iter()
            .chain(&manifest.previous)
            .any(|name| name == path)
    })
}

fn takes_brotli(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING);
    let mut codings = accepted
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0));
        name.trim() == "br" && !refused
    })
}

/// Returns the type for a path's extension; `None` for paths that are not served, such as those that leave the folder.
fn mime(path: &str) -> Option<&'static str> {
    let (_, extension) = path.rsplit_once('.')?;
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return None;
    }
    Some(match extension {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "jpg" => "image/jpeg",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "wav" => "audio/wav",
        "webmanifest" => "application/manifest+json",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_is_sent_to_those_who_take_it() {
        let takes = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            takes_brotli(&headers)
        };
        assert!(takes("gzip, deflate, br, zstd") && takes("br;q=0.5"));
        assert!(!takes("gzip") && !takes("br;q=0") && !takes("brotli"));
    }

    #[test]
    fn only_known_types_are_served() {
        assert_eq!(mime("causerie-app_bg.wasm"), Some("application/wasm"));
        assert_eq!(mime("manifest.webmanifest"), Some("application/manifest+json"));
        assert_eq!(mime("index.html.br"), None);
        assert_eq!(mime(".env"), None);
        assert_eq!(mime("widget/../build.json"), None);
    }
}
