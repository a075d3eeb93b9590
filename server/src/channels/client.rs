//! Makes the calls that adapters ask for. What it logs is metadata: method, host, status, duration.

use std::{
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use reqwest::{
    Client as Http,
    dns::{Addrs, Name, Resolve, Resolving},
    multipart::{Form, Part},
    redirect::Policy,
};

use super::outgoing::{Answer, Body, Call};

const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(30);
/// Largest answer that is no medium, bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// Speaks HTTP to providers.
pub struct Client {
    http: Http,
    /// Private addresses may be called: tests and fakes on this machine.
    private: bool,
}

/// Resolves names to public addresses only.
struct PublicOnly {
    private: bool,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        let host = name.as_str().to_owned();
        Box::pin(async move {
            let found = tokio::task::spawn_blocking(move || (host.as_str(), 0).to_socket_addrs()).await??;
            let allowed: Vec<SocketAddr> = found.filter(|address| private || is_public(address.ip())).collect();
            if allowed.is_empty() {
                return Err("the name leads to a private address".into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// An address of the open internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_multicast()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b)))
        }
        IpAddr::V6(v6) => {
            if let Some(v4) = v6.to_ipv4_mapped() {
                return is_public(IpAddr::V4(v4));
            }
            let first = v6.segments()[0];
            !(v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || first & 0xfe00 == 0xfc00
                || first & 0xffc0 == 0xfe80)
        }
    }
}

impl Client {
    /// `private`: addresses that are not of the open internet may be called too.
    ///
    /// # Errors
    /// The TLS library cannot be used.
    pub fn new(private: bool) -> Result<Self, reqwest::Error> {
        let http = Http::builder()
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .redirect(Policy::limited(3))
            .dns_resolver(Arc::new(PublicOnly { private }))
            .no_proxy()
            .build()?;
        Ok(Self { http, private })
    }

    /// Makes a call; the answer's body is at most 4 MiB, or `max` bytes of a medium.
    pub async fn call(&self, call: &Call, max: Option<usize>) -> Answer {
        let none = |maybe_sent| Answer {
            status: 0,
            maybe_sent,
            retry_after: None,
            body: Bytes::new(),
        };
        let Ok(url) = call.url.parse::<reqwest::Url>() else {
            return none(false);
        };
        // A literal address is not resolved, so it is looked at here.
        let literal = url
            .host_str()
            .and_then(|host| host.trim_matches(['[', ']']).parse().ok());
        if !self.private && literal.is_some_and(|address| !is_public(address)) {
            return none(false);
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        let began = Instant::now();
        let mut request = self.http.request(call.method.clone(), url);
        if let Some(token) = &call.bearer {
            request = request.bearer_auth(token);
        }
        request = match &call.body {
            Body::None => request,
            Body::Json(json) => request
                .header(reqwest::header::CONTENT_TYPE, "application/json")
                .body(json.to_string()),
            Body::Form(fields) => {
                let mut form = Form::new();
                for (name, value) in fields {
                    form = form.text(name.clone(), value.clone());
                }
                request.multipart(form)
            }
            Body::Multipart { fields, file } => {
                let mut form = Form::new();
                for (name, value) in fields {
                    form = form.text(name.clone(), value.clone());
                }
                let (field, name, mime, bytes) = file;
                let part = Part::stream(bytes.clone()).file_name(name.clone());
                let Ok(part) = part.mime_str(mime) else {
                    return none(false);
                };
                request.multipart(form.part(field.clone(), part))
            }
        };
        let answer = match request.send().await {
            Ok(response) => read(response, max.unwrap_or(MAX_ANSWER)).await,
            // Refused before anything was sent, or broken off somewhere on the way.
            Err(error) => none(!error.is_connect() && !error.is_builder()),
        };
        tracing::debug!(
            method = %call.method,
            host,
            status = answer.status,
            millis = began.elapsed().as_millis() as u64,
            "a provider was called"
        );
        answer
    }
}

async fn read(mut response: reqwest::Response, max: usize) -> Answer {
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get(reqwest::header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= max => body.extend_from_slice(&chunk),
            Ok(None) => {
                return Answer {
                    status,
                    maybe_sent: true,
                    retry_after,
                    body: body.freeze(),
                };
            }
            // Too large, or broken off.
            Ok(Some(_)) | Err(_) => {
                return Answer {
                    status: 0,
                    maybe_sent: true,
                    retry_after,
                    body: Bytes::new(),
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_known_in_all_their_spellings() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in ["93.184.216.34", "2606:4700::1111"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
