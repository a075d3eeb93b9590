//! VAPID: the key pair of this installation and the signed token for a push service (RFC 8292).

use base64ct::{Base64UrlUnpadded, Encoding as _};
use causerie_shared::Millis;
use p256::{
    SecretKey,
    ecdsa::{Signature, SigningKey, signature::Signer as _},
};
use serde_json::json;

use super::seal;
use crate::{
    clock::random_bytes,
    state::App,
    store::{StoreError, settings},
};

/// Validity of a token, milliseconds. A push service refuses more than a day.
const HOLDS: Millis = 12 * 3_600_000;
/// Contact address in the token when the console has no public address.
const NOBODY: &str = "mailto:operator@example.org";

/// The key pair of this installation.
pub struct Vapid {
    key: SigningKey,
    /// Public key, base64url.
    pub public: String,
}

impl Vapid {
    /// Loads the key pair. The first use creates and stores it.
    pub async fn load(app: &App) -> Result<Self, StoreError> {
        if let Some(text) = settings::get(&mut *app.store.read().await?, settings::VAPID_KEY).await? {
            return Self::read(&text);
        }
        // Ordered transactions run one at a time, so only one of several nodes creates the key.
        let mut tx = app.store.begin_ordered().await?;
        let text = match settings::get(&mut tx, settings::VAPID_KEY).await? {
            Some(text) => text,
            None => {
                let text = Base64UrlUnpadded::encode_string(&random_key().to_bytes());
                settings::set(&mut tx, settings::VAPID_KEY, &text).await?;
                text
            }
        };
        tx.commit().await?;
        Self::read(&text)
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        let damaged = || StoreError::Damaged("settings.vapid_key");
        let bytes = Base64UrlUnpadded::decode_vec(text).map_err(|_| damaged())?;
        let secret = SecretKey::from_slice(&bytes).map_err(|_| damaged())?;
        Ok(Self {
            public: Base64UrlUnpadded::encode_string(&seal::point(&secret.public_key())),
            key: secret.into(),
        })
    }

    /// Returns the `Authorization` header for the push service at `origin`.
    pub fn authorization(&self, origin: &str, public_url: &str, now: Millis) -> String {
        let contact = if public_url.starts_with("https://") {
            public_url
        } else {
            NOBODY
        };
        let head = json!({ "typ": "JWT", "alg": "ES256" }).to_string();
        let claims = json!({ "aud": origin, "exp": (now + HOLDS) / 1000, "sub": contact }).to_string();
        let encode = |part: &[u8]| Base64UrlUnpadded::encode_string(part);
        let signed = format!("{}.{}", encode(head.as_bytes()), encode(claims.as_bytes()));
        let signature: Signature = self.key.sign(signed.as_bytes());
        format!("vapid t={signed}.{}, k={}", encode(&signature.to_bytes()), self.public)
    }
}

/// Returns a new private key.
pub fn random_key() -> SecretKey {
    loop {
        // Only about one in 2^32 values is no valid key.
        if let Ok(key) = SecretKey::from_slice(&random_bytes::<32>()) {
            return key;
        }
    }
}
