//! Security headers for each kind of page: what the page may do in the browser.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};

use super::embedded::Manifest;
use crate::config::Config;

const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
                           magnetometer=(), microphone=(), midi=(), payment=(), usb=()";
const CROSS_ORIGIN_RESOURCE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const CROSS_ORIGIN_OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Adds the headers of the console's page: it may use its own scripts and server, and no page may frame it.
pub fn console(response: Response, config: &Config, manifest: &Manifest) -> Response {
    let scripts = quoted(&manifest.script_hashes);
    let styles = quoted(&manifest.style_hashes);
    let sockets = sockets(config);
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self'{styles}; \
         connect-src 'self'{sockets}; img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; \
         manifest-src 'self'; worker-src 'self'; form-action 'self'; object-src 'none'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let mut response = harmless(with(response, header::CONTENT_SECURITY_POLICY, &policy));
    let headers = response.headers_mut();
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(CROSS_ORIGIN_OPENER, HeaderValue::from_static("same-origin"));
    headers.insert(PERMISSIONS_POLICY, HeaderValue::from_static(PERMISSIONS));
    response
}

/// Adds the headers of the widget's panel: the account's own pages may frame it.
pub fn panel(response: Response, config: &Config, origins: &[String]) -> Response {
    let sockets = sockets(config);
    let mut ancestors: Vec<&str> = origins
        .iter()
        .map(String::as_str)
        .filter(|origin| is_source(origin))
        .collect();
    if ancestors.is_empty() {
        ancestors.push("'none'");
    }
    let ancestors = ancestors.join(" ");
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'{sockets}; \
         img-src 'self' blob: data:; form-action 'none'; object-src 'none'; base-uri 'none'; \
         frame-ancestors {ancestors}"
    );
    let mut response = harmless(with(response, header::CONTENT_SECURITY_POLICY, &policy));
    response
        .headers_mut()
        .insert(PERMISSIONS_POLICY, HeaderValue::from_static(PERMISSIONS));
    response
}

/// Adds the headers of a file that pages of other origins load: the widget's parts.
pub fn shared(response: Response) -> Response {
    let mut response = harmless(response);
    response
        .headers_mut()
        .insert(CROSS_ORIGIN_RESOURCE, HeaderValue::from_static("cross-origin"));
    response
}

/// Adds the headers that every response with a file has.
pub fn harmless(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

fn with(mut response: Response, name: HeaderName, value: &str) -> Response {
    match HeaderValue::from_str(value) {
        Ok(value) => {
            response.headers_mut().insert(name, value);
        }
        Err(error) => tracing::error!(%error, "the header {name} could not be written"),
    }
    response
}

/// Returns the server's own socket addresses, because some browsers do not count them as `'self'`.
fn sockets(config: &Config) -> String {
    let sockets = config.allowed_origins().map(|origin| origin.replacen("http", "ws", 1));
    sockets.fold(String::new(), |all, socket| format!("{all} {socket}"))
}

fn quoted(hashes: &[String]) -> String {
    hashes.iter().fold(String::new(), |all, hash| format!("{all} '{hash}'"))
}

/// Whether the entry is safe in a list of sources: it cannot end the list.
fn is_source(origin: &str) -> bool {
    !origin.is_empty()
        && origin
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b";,'\"".contains(&byte))
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    fn policy(response: &Response) -> &str {
        response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap()
    }

    fn config() -> Config {
        Config::for_test(std::path::Path::new("unused"))
    }

    #[test]
    fn the_console_runs_in_no_frame_and_takes_the_builds_hashes() {
        let manifest: Manifest =
            serde_json::from_str(r#"{"script_hashes":["sha256-abc="],"style_hashes":[],"immutable":[],"previous":[]}"#)
                .unwrap();
        let response = console(().into_response(), &config(), &manifest);
        let policy = policy(&response);
        for part in [
            "script-src 'self' 'wasm-unsafe-eval' 'sha256-abc=';",
            "connect-src 'self' ws://127.0.0.1:8080 ws://localhost:8080;",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{part} in {policy}");
        }
        assert_eq!(response.headers()[header::X_FRAME_OPTIONS], "DENY");
    }

    #[test]
    fn the_panel_is_framed_by_the_accounts_pages_only() {
        let origins = ["https://shop.example".to_owned(), "https://x; script-src *".to_owned()];
        let response = panel(().into_response(), &config(), &origins);
        assert!(
            policy(&response).ends_with("frame-ancestors https://shop.example"),
            "{}",
            policy(&response)
        );
        let response = panel(().into_response(), &config(), &[]);
        assert!(policy(&response).ends_with("frame-ancestors 'none'"));
    }
}
