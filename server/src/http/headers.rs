//! Reading of request headers, and which of them are trusted.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
};

use crate::{config::Config, state::Shared};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Maximum length of a stored user agent, in characters.
const MAX_USER_AGENT: usize = 400;

/// The client's address, which trusted proxies may forward.
#[derive(Debug, Clone, Copy)]
pub struct ClientIp(pub IpAddr);

impl FromRequestParts<Shared> for ClientIp {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Infallible> {
        Ok(Self(client_ip(&parts.headers, peer(parts), &app.config)))
    }
}

/// Returns the address at the other end of the connection; unspecified when the server does not know it.
pub fn peer(parts: &Parts) -> IpAddr {
    let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    info.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip().to_canonical())
}

/// Returns the last address on the request's way that is not a trusted proxy.
pub fn client_ip(headers: &HeaderMap, peer: IpAddr, config: &Config) -> IpAddr {
    let peer = peer.to_canonical();
    if !config.trusts(peer) {
        return peer;
    }
    let mut client = peer;
    let hops = headers.get_all(FORWARDED_FOR);
    let hops: Vec<&str> = hops
        .iter()
        .filter_map(|hop| hop.to_str().ok())
        .flat_map(|hops| hops.split(','))
        .collect();
    for hop in hops.into_iter().rev() {
        let Ok(address) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        client = address.to_canonical();
        if !config.trusts(client) {
            break;
        }
    }
    client
}

/// Whether the request comes directly from this machine or from a trusted address. A forwarded request from a proxy
/// that is not trusted does not: its peer address is the proxy's.
pub fn is_internal(headers: &HeaderMap, peer: IpAddr, config: &Config) -> bool {
    if headers.contains_key(FORWARDED_FOR) && !config.trusts(peer) {
        return false;
    }
    let client = client_ip(headers, peer, config);
    client.is_loopback() || config.trusts(client)
}

/// Returns the token of `Authorization: Bearer …`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Returns the user agent, shortened.
pub fn user_agent(headers: &HeaderMap) -> String {
    let text = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    text.chars().take(MAX_USER_AGENT).collect()
}

/// Returns the browser engine in a user agent with its major version, e.g. `Firefox 140`; empty if there is none. Every
/// browser on iOS counts as WebKit, and all engines except Firefox's claim to be Safari.
pub fn engine(user_agent: &str) -> String {
    const MARKS: [(&str, &str); 4] = [
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chromium"),
        ("HeadlessChrome/", "Chromium"),
        ("Version/", "WebKit"),
    ];
    let found = MARKS.iter().find_map(|(mark, name)| {
        let mut words = user_agent.split(' ');
        let version = words.find_map(|word| word.strip_prefix(mark))?;
        let digits = version.bytes().take_while(u8::is_ascii_digit).count();
        (1..=5)
            .contains(&digits)
            .then(|| format!("{name} {}", &version[..digits]))
    });
    found.unwrap_or_else(|| {
        let webkit = user_agent.contains("AppleWebKit/");
        if webkit { "WebKit".into() } else { String::new() }
    })
}

/// Returns the value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|line| line.to_str().ok());
    let mut pairs = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(proxies: &[&str], peer: &str, forwarded: Option<&'static str>) -> String {
        let mut config = Config::for_test(std::path::Path::new("unused"));
        config.trusted_proxies = proxies.iter().map(|network| network.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        if let Some(forwarded) = forwarded {
            headers.insert(FORWARDED_FOR, HeaderValue::from_static(forwarded));
        }
        client_ip(&headers, peer.parse().unwrap(), &config).to_string()
    }

    #[test]
    fn only_trusted_proxies_name_the_client() {
        assert_eq!(client(&[], "127.0.0.1", Some("203.0.113.9")), "127.0.0.1");
        assert_eq!(client(&["127.0.0.1"], "127.0.0.1", Some("203.0.113.9")), "203.0.113.9");
        assert_eq!(client(&["127.0.0.1"], "127.0.0.1", None), "127.0.0.1");
        assert_eq!(
            client(&["10.0.0.0/8"], "10.0.0.1", Some("198.51.100.1, 203.0.113.9, 10.0.0.2")),
            "203.0.113.9"
        );
        assert_eq!(
            client(&["10.0.0.0/8"], "10.0.0.1", Some("203.0.113.9, unknown")),
            "10.0.0.1"
        );
    }

    #[test]
    fn an_engine_is_known_by_the_word_that_only_its_browsers_say() {
        let webkit = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)";
        for (user_agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox 140",
            ),
            (
                "Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
                "Chromium 141",
            ),
            (
                "Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/141.0.0.0 Safari/537.36",
                "Chromium 141",
            ),
            (&format!("{webkit} Version/18.6 Safari/605.1.15"), "WebKit 18"),
            (&format!("{webkit} CriOS/141.0 Mobile/15E148 Safari/604.1"), "WebKit"),
            ("curl/8.0", ""),
            ("Firefox/", ""),
            ("Firefox/123456789", ""),
            ("", ""),
        ] {
            assert_eq!(engine(user_agent), name, "{user_agent}");
        }
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::COOKIE,
            HeaderValue::from_static("xcauserie=1; causerie=2; other=3"),
        );
        assert_eq!(cookie(&headers, "causerie"), Some("2"));
        assert_eq!(cookie(&headers, "missing"), None);
    }
}
