//! The HTTP client for requests of this server. It refuses private addresses unless the operator allowed the host, so
//! that a URL from a user cannot reach services in the server's own network.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use reqwest::{
    Client, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};

use crate::config::Config;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);

/// Why the server makes no request to a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadTarget {
    /// The URL is not an `https://` address.
    Address,
    /// The host is on this machine or in a private network.
    Private,
}

impl fmt::Display for BadTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "not an https:// address",
            Self::Private => "a private address",
        })
    }
}

impl std::error::Error for BadTarget {}

/// Returns a client that connects to permitted addresses only, with `patience` as the timeout of a request. It checks
/// the addresses to which a name resolves, and does not follow redirects.
///
/// # Errors
/// TLS cannot be set up, e.g. on a machine without root certificates.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the client that refuses private addresses"
)]
pub fn client(config: &Config, patience: Duration) -> Result<Client, reqwest::Error> {
    Client::builder()
        .timeout(patience)
        // A host that does not accept connections would delay a message's other files.
        .connect_timeout(CONNECT.min(patience))
        .redirect(redirect::Policy::none())
        .no_proxy()
        .dns_resolver(Public(config.allowed_hosts.clone().into()))
        .build()
}

/// Parses a URL and checks it before it is requested or stored. A host name is checked again when it is resolved.
pub fn check(config: &Config, address: &str) -> Result<Url, BadTarget> {
    let url = Url::parse(address).map_err(|_| BadTarget::Address)?;
    let host = url.host_str().ok_or(BadTarget::Address)?;
    if config.allowed_hosts.iter().any(|allowed| allowed == host) {
        return Ok(url);
    }
    if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() {
        return Err(BadTarget::Address);
    }
    match host.trim_matches(['[', ']']).parse() {
        Ok(address) if !is_public(address) => Err(BadTarget::Private),
        Ok(_) | Err(_) => Ok(url),
    }
}

/// A resolver that returns public addresses only, except for the hosts that the operator allowed.
struct Public(Arc<[String]>);

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.0.iter().any(|allowed| allowed == name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let usable: Vec<SocketAddr> = found.filter(|address| allowed || is_public(address.ip())).collect();
            if usable.is_empty() {
                return Err(io::Error::other(BadTarget::Private).into());
            }
            Ok(Box::new(usable.into_iter()) as Addrs)
        })
    }
}

fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Whether `address` is outside the special-purpose blocks of RFC 6890.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b));
    !special
}

/// Whether `address` is global unicast and outside the blocks that embed an IPv4 address (Teredo, 6to4) and the one
/// for documentation.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    a & 0xe000 == 0x2000 && a != 0x2002 && !(a == 0x2001 && (b == 0 || b == 0xdb8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(allowed: &[&str]) -> Config {
        let mut config = Config::for_test(std::path::Path::new("nowhere"));
        config.allowed_hosts = allowed.iter().map(|host| (*host).to_owned()).collect();
        config
    }

    #[test]
    fn only_public_https_addresses_are_asked() {
        let config = config(&[]);
        for good in [
            "https://push.example.org/x",
            "https://93.184.216.34/",
            "https://[2606:4700::1111]/",
        ] {
            assert!(check(&config, good).is_ok(), "{good}");
        }
        for private in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://10.1.2.3/",
            "https://169.254.169.254/latest",
            "https://100.64.0.1/",
            "https://192.168.0.1/",
            "https://0.0.0.0/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[fd00::1]/",
            "https://[fe80::1]/",
            "https://[2002:7f00:1::]/",
        ] {
            assert_eq!(check(&config, private), Err(BadTarget::Private), "{private}");
        }
        for wrong in [
            "http://push.example.org/",
            "https://a:b@example.org/",
            "file:///etc/passwd",
            "",
        ] {
            assert_eq!(check(&config, wrong), Err(BadTarget::Address), "{wrong}");
        }
    }

    #[test]
    fn the_operator_may_allow_a_host_of_their_own() {
        assert!(check(&config(&["127.0.0.1"]), "http://127.0.0.1:99/x").is_ok());
        assert!(check(&config(&["push.internal"]), "http://127.0.0.1:99/x").is_err());
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_not_followed() {
        let error = client(&config(&[]), Duration::from_secs(5))
            .unwrap()
            .get("https://localhost:9/")
            .send()
            .await
            .unwrap_err();
        let mut causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
        assert!(
            causes.any(|cause| cause.to_string() == "a private address"),
            "{error:?}"
        );
    }
}
