//! Origins as browsers write them: scheme, host, and the port unless it is the scheme's default.

/// Returns the origin of `address`, which must have no path; `None` when it is not valid.
pub fn parse(address: &str) -> Option<String> {
    let (scheme, authority) = address.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let own_port = match scheme.as_str() {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let (host, port) = split(authority)?;
    let port = port.filter(|port| *port != own_port);
    let host = host.to_ascii_lowercase();
    Some(port.map_or_else(
        || format!("{scheme}://{host}"),
        |port| format!("{scheme}://{host}:{port}"),
    ))
}

/// Whether the host of this origin is the machine itself.
pub fn is_loopback(origin: &str) -> bool {
    let host = origin
        .split_once("://")
        .and_then(|(_, authority)| split(authority))
        .map(|(host, _)| host);
    matches!(host, Some("localhost" | "[::1]"))
        || host.is_some_and(|host| host.parse().is_ok_and(|ip: std::net::Ipv4Addr| ip.is_loopback()))
}

/// Returns the same origin under its other loopback name: `localhost` for `127.0.0.1` and the reverse.
pub fn loopback_twin(origin: &str) -> Option<String> {
    let (scheme, authority) = origin.split_once("://")?;
    let (host, _) = split(authority)?;
    let twin = match host {
        "localhost" => "127.0.0.1",
        "127.0.0.1" => "localhost",
        _ => return None,
    };
    Some(format!("{scheme}://{twin}{}", &authority[host.len()..]))
}

/// Splits into host and port; `None` when the host is not valid or the port is not a number.
fn split(authority: &str) -> Option<(&str, Option<u16>)> {
    let end = match authority.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(end);
    let name = host.strip_prefix('[').map_or_else(
        || {
            host.bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
        },
        |ip| ip.trim_end_matches(']').parse::<std::net::Ipv6Addr>().is_ok(),
    );
    if host.is_empty() || !name {
        return None;
    }
    if port.is_empty() {
        return Some((host, None));
    }
    Some((host, Some(port.strip_prefix(':')?.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_do() {
        assert_eq!(
            parse("HTTPS://Chat.Example.org:443").as_deref(),
            Some("https://chat.example.org")
        );
        assert_eq!(parse("http://127.0.0.1:8080").as_deref(), Some("http://127.0.0.1:8080"));
        assert_eq!(parse("http://[::1]:81").as_deref(), Some("http://[::1]:81"));
        for wrong in [
            "chat.example.org",
            "ftp://a.org",
            "https://",
            "https://a/b",
            "https://a:x",
            "https://u@a",
            "https://a b",
            "http://[x]",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_loopback_name_has_a_twin() {
        assert_eq!(
            loopback_twin("http://127.0.0.1:8080").as_deref(),
            Some("http://localhost:8080")
        );
        assert_eq!(loopback_twin("http://localhost").as_deref(), Some("http://127.0.0.1"));
        assert_eq!(loopback_twin("https://chat.example.org"), None);
        assert!(
            is_loopback("http://127.0.0.2:1")
                && is_loopback("http://[::1]")
                && !is_loopback("http://127.0.0.1.example.org")
        );
    }
}
