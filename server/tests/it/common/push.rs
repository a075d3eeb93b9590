//! A push service on this machine that decrypts what it receives, as the browser behind it would.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use aes_gcm::{
    Aes128Gcm, Nonce,
    aead::{Aead as _, KeyInit as _},
};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::post,
};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use causerie_server::{
    Shared,
    clock::{random_bytes, random_u128},
    store::{
        push::{self, Subscription},
        sessions::{self, SessionRecord},
    },
};
use causerie_shared::ids::{IntentId, SessionId, UserId};
use hkdf::Hkdf;
use p256::{
    PublicKey, SecretKey,
    ecdsa::{Signature, VerifyingKey, signature::Verifier as _},
};
use serde_json::Value;
use sha2::Sha256;
use tokio::{net::TcpListener, sync::mpsc};

use super::TIMEOUT;

/// A status, and the seconds of `Retry-After`.
pub type Answer = (u16, Option<u32>);

#[derive(Clone)]
struct Inside {
    received: mpsc::UnboundedSender<(HeaderMap, Bytes)>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
}

/// The push service and the browser behind it.
pub struct Service {
    pub origin: String,
    received: mpsc::UnboundedReceiver<(HeaderMap, Bytes)>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    key: SecretKey,
    auth: [u8; 16],
}

/// A decrypted push message.
#[derive(Debug)]
pub struct Received {
    pub headers: HeaderMap,
    pub text: Value,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A field of the notification.
    pub fn part(&self, name: &str) -> &str {
        self.text["notification"][name].as_str().unwrap_or_default()
    }

    /// Verifies the VAPID token, which must be signed with `key`, and returns its claims.
    pub fn claims(&self, key: &str) -> Value {
        let word = self.header("authorization").strip_prefix("vapid t=").expect("RFC 8292");
        let (token, k) = word.split_once(", k=").expect("the key");
        assert_eq!(k, key, "the key is the one that browsers subscribe with");
        let (signed, signature) = token.rsplit_once('.').expect("a signature");
        let verifying = VerifyingKey::from_sec1_bytes(&decode(key)).unwrap();
        let signature = Signature::from_slice(&decode(signature)).unwrap();
        verifying.verify(signed.as_bytes(), &signature).expect("our signature");
        let (head, claims) = signed.split_once('.').unwrap();
        let head: Value = serde_json::from_slice(&decode(head)).unwrap();
        assert_eq!(head["alg"], "ES256");
        serde_json::from_slice(&decode(claims)).unwrap()
    }
}

fn decode(text: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text).expect("base64url")
}

async fn take(State(inside): State<Inside>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let next = inside.answers.lock().unwrap().pop_front();
    let (status, pause) = next.unwrap_or((201, None));
    inside.received.send((headers, body)).unwrap();
    let status = StatusCode::from_u16(status).unwrap();
    let pause = pause.map(|seconds| [("retry-after", seconds.to_string())]);
    (status, pause.map(axum::response::AppendHeaders), "said the service")
}

impl Service {
    pub async fn start() -> Self {
        let (sender, received) = mpsc::unbounded_channel();
        let inside = Inside {
            received: sender,
            answers: Arc::default(),
        };
        let answers = Arc::clone(&inside.answers);
        let router = Router::new().route("/push/{device}", post(take)).with_state(inside);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            origin,
            received,
            answers,
            key: SecretKey::from_slice(&random_bytes::<32>()).unwrap(),
            auth: random_bytes(),
        }
    }

    /// Sets the answer to the next push message, which is 201 otherwise.
    pub fn answer(&self, answer: Answer) {
        self.answers.lock().unwrap().push_back(answer);
    }

    pub fn p256dh(&self) -> String {
        Base64UrlUnpadded::encode_string(&self.key.public_key().to_sec1_bytes())
    }

    pub fn auth(&self) -> String {
        Base64UrlUnpadded::encode_string(&self.auth)
    }

    /// Creates a session of the user with a subscription at this service.
    pub async fn subscribe(&self, app: &Shared, user: UserId, lang: &str) -> Subscription {
        let now = app.clock.now();
        let session = SessionRecord {
            id: SessionId::new(now, random_u128()),
            user,
            created_at: now,
            seen_at: now,
            expires_at: now + 86_400_000,
            user_agent: String::new(),
            ip: String::new(),
        };
        let device = Subscription {
            id: IntentId::new(now, random_u128()),
            user,
            session: session.id,
            endpoint: format!("{}/push/{:x}", self.origin, random_u128()),
            p256dh: self.p256dh(),
            auth: self.auth(),
            device: "Chrome, Linux".into(),
            lang: lang.into(),
            created_at: now,
        };
        let mut tx = app.store.begin_ordered().await.unwrap();
        sessions::insert_session(&mut tx, &format!("{:x}", random_u128()), &session)
            .await
            .unwrap();
        push::subscribe(&mut tx, &device).await.unwrap();
        tx.commit().await.unwrap();
        device
    }

    /// Waits for the next push message and decrypts it.
    pub async fn next(&mut self) -> Received {
        let wait = tokio::time::timeout(TIMEOUT, self.received.recv());
        let (headers, body) = wait.await.expect("a push").unwrap();
        let text = serde_json::from_slice(&self.open(&body)).expect("JSON");
        Received { headers, text }
    }

    /// The next push message that has already come.
    pub fn waiting(&mut self) -> Option<Received> {
        let (headers, body) = self.received.try_recv().ok()?;
        let text = serde_json::from_slice(&self.open(&body)).expect("JSON");
        Some(Received { headers, text })
    }

    /// Decrypts a message as the browser does (RFC 8291).
    fn open(&self, body: &[u8]) -> Vec<u8> {
        let (salt, rest) = body.split_at(16);
        let (record, rest) = rest.split_at(4);
        assert!(body.len() <= u32::from_be_bytes(record.try_into().unwrap()) as usize);
        let (length, rest) = rest.split_first().unwrap();
        let (sender, sealed) = rest.split_at(usize::from(*length));
        let theirs = PublicKey::from_sec1_bytes(sender).unwrap();
        let shared = self.key.diffie_hellman(&theirs);
        let info = [
            b"WebPush: info\0".as_slice(),
            &self.key.public_key().to_sec1_bytes(),
            sender,
        ]
        .concat();
        let mut input = [0; 32];
        let shared = Hkdf::<Sha256>::new(Some(&self.auth), shared.raw_secret_bytes());
        shared.expand(&info, &mut input).unwrap();
        let keys = Hkdf::<Sha256>::new(Some(salt), &input);
        let (mut key, mut nonce) = ([0; 16], [0; 12]);
        keys.expand(b"Content-Encoding: aes128gcm\0", &mut key).unwrap();
        keys.expand(b"Content-Encoding: nonce\0", &mut nonce).unwrap();
        let cipher = Aes128Gcm::new(&key.into());
        let mut text = cipher
            .decrypt(&Nonce::from(nonce), sealed)
            .expect("sealed for this browser");
        assert_eq!(text.pop(), Some(2), "the last record");
        text
    }
}
