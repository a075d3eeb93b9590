//! Encrypts the secrets of accounts at rest. The key lies in a file beside the database, never in it.

pub mod signature;

use std::{io, path::Path};

use aes_gcm::{Aes256Gcm, KeyInit as _, aead::Aead as _};
use base64ct::{Base64, Encoding as _};
use sha2::{Digest as _, Sha256};

use crate::clock::{hex, random_bytes};

/// Name of the key's file in the data folder.
const FILE: &str = "secrets.key";
const KEY: usize = 32;
const NONCE: usize = 12;

/// Encrypts and decrypts stored secrets, and signs download tokens.
pub struct Vault {
    cipher: Aes256Gcm,
    /// Key that signs download tokens.
    key: [u8; KEY],
}

impl Vault {
    /// Reads the key from the data folder, or creates one that only this user can read.
    ///
    /// # Errors
    /// The folder or the file cannot be used, or the file does not hold a key.
    pub fn open(data: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(data)?;
        let place = data.join(FILE);
        let key = match std::fs::read(&place) {
            Ok(key) => key,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = random_bytes::<KEY>().to_vec();
                write(&place, &key)?;
                key
            }
            Err(error) => return Err(error),
        };
        let key: [u8; KEY] = key.try_into().map_err(|_| {
            let text = format!("{} is no key of {KEY} bytes", place.display());
            io::Error::new(io::ErrorKind::InvalidData, text)
        })?;
        Ok(Self {
            cipher: Aes256Gcm::new(&key.into()),
            key,
        })
    }

    /// Encrypts `plain`; returns base64 of nonce and ciphertext.
    ///
    /// # Errors
    /// The cipher refuses the text, as it does for one of more than 64 GiB.
    pub fn seal(&self, plain: &[u8]) -> io::Result<String> {
        let nonce = random_bytes::<NONCE>();
        let sealed = self
            .cipher
            .encrypt(&nonce.into(), plain)
            .map_err(|_| io::Error::other("a secret could not be encrypted"))?;
        Ok(Base64::encode_string(&[&nonce[..], &sealed[..]].concat()))
    }

    /// Decrypts `sealed`; `None` if it is damaged or was encrypted with another key.
    pub fn unseal(&self, sealed: &str) -> Option<Vec<u8>> {
        let bytes = Base64::decode_vec(sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
        self.cipher.decrypt(&(*nonce).into(), sealed).ok()
    }

    /// Returns the signed token that allows fetching `what` without a sign-in. It cannot be made without the key.
    pub fn sign_download(&self, what: &str) -> String {
        crate::secrets::signature::hex(&crate::secrets::signature::hmac_sha256(&self.key, what.as_bytes()))
    }

    /// Whether `pass` is the token for `what`. Compares in constant time.
    pub fn is_pass(&self, what: &str, pass: &str) -> bool {
        crate::secrets::signature::is_equal(self.sign_download(what).as_bytes(), pass.as_bytes())
    }
}

fn write(place: &Path, key: &[u8]) -> io::Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(place)?;
    file.write_all(key)?;
    file.sync_all()
}

/// Returns a new secret: 256 random bits in hexadecimal.
pub fn new_token() -> String {
    hex(&random_bytes::<32>())
}

/// Returns the hash under which a token is stored.
pub fn token_hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_with_its_own_key_only() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let vault = Vault::open(one.path()).unwrap();
        let sealed = vault.seal(b"token").unwrap();
        assert!(!sealed.contains("token"));
        assert_eq!(Vault::open(one.path()).unwrap().unseal(&sealed).unwrap(), b"token");
        assert_eq!(Vault::open(other.path()).unwrap().unseal(&sealed), None);
        assert_eq!(vault.unseal("AAAA"), None);
    }
}
