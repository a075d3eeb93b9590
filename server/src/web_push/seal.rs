//! Encryption of a push for one browser: RFC 8291 over the single record of RFC 8188.

use aes_gcm::{
    Aes128Gcm, Nonce,
    aead::{Aead as _, KeyInit as _},
};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use hkdf::Hkdf;
use p256::{PublicKey, SecretKey};
use sha2::Sha256;

/// Largest text of a push, bytes: a push service accepts a body of 4096, of which the header takes 86, the tag 16 and
/// the delimiter after the text one.
pub const MAX_TEXT: usize = 3993;
/// Size of the record, bytes.
const RECORD: u32 = 4096;

/// The error for invalid keys of a browser and for a text that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealError;

/// Decodes the public key of a browser's subscription from base64url.
pub fn public_key(text: &str) -> Result<PublicKey, SealError> {
    let bytes = Base64UrlUnpadded::decode_vec(text).map_err(|_| SealError)?;
    PublicKey::from_sec1_bytes(&bytes).map_err(|_| SealError)
}

/// Decodes the 16 secret bytes of a subscription from base64url.
pub fn auth_secret(text: &str) -> Result<[u8; 16], SealError> {
    let bytes = Base64UrlUnpadded::decode_vec(text).map_err(|_| SealError)?;
    bytes.try_into().map_err(|_| SealError)
}

/// Encodes a public key in the form of RFC 8291, 65 bytes.
pub fn point(key: &PublicKey) -> Vec<u8> {
    key.to_sec1_bytes().into_vec()
}

/// Encrypts the body of a push. The key pair `ours` and the random bytes `salt` must be new for each push.
pub fn seal(
    text: &[u8],
    theirs: &PublicKey,
    auth: &[u8; 16],
    ours: &SecretKey,
    salt: [u8; 16],
) -> Result<Vec<u8>, SealError> {
    if text.len() > MAX_TEXT {
        return Err(SealError);
    }
    let our_point = point(&ours.public_key());
    let (key, nonce) = derive(
        ours.diffie_hellman(theirs).raw_secret_bytes(),
        auth,
        &point(theirs),
        &our_point,
        &salt,
    )?;
    // The delimiter 2 marks the last record (RFC 8188).
    let padded = [text, &[2]].concat();
    let cipher = Aes128Gcm::new(&key.into());
    let sealed = cipher
        .encrypt(&Nonce::from(nonce), padded.as_slice())
        .map_err(|_| SealError)?;
    let length = u8::try_from(our_point.len()).map_err(|_| SealError)?;
    Ok([salt.as_slice(), &RECORD.to_be_bytes(), &[length], &our_point, &sealed].concat())
}

/// Derives key and nonce of the record (RFC 8291, 3.4).
pub(super) fn derive(
    shared: &[u8],
    auth: &[u8; 16],
    receiver: &[u8],
    sender: &[u8],
    salt: &[u8; 16],
) -> Result<([u8; 16], [u8; 12]), SealError> {
    let info = [b"WebPush: info\0", receiver, sender].concat();
    let mut input = [0; 32];
    Hkdf::<Sha256>::new(Some(auth), shared)
        .expand(&info, &mut input)
        .map_err(|_| SealError)?;
    let record = Hkdf::<Sha256>::new(Some(salt), &input);
    let (mut key, mut nonce) = ([0; 16], [0; 12]);
    record
        .expand(b"Content-Encoding: aes128gcm\0", &mut key)
        .and_then(|()| record.expand(b"Content-Encoding: nonce\0", &mut nonce))
        .map_err(|_| SealError)?;
    Ok((key, nonce))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tests the example of RFC 8291, section 5.
    #[test]
    fn the_example_of_the_standard_comes_out_byte_by_byte() {
        let bytes = |text| Base64UrlUnpadded::decode_vec(text).unwrap();
        let ours = SecretKey::from_slice(&bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).unwrap();
        let theirs =
            public_key("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4")
                .unwrap();
        let auth = auth_secret("BTBZMqHH6r4Tts7J_aSIgg").unwrap();
        let salt: [u8; 16] = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let body = seal(
            b"When I grow up, I want to be a watermelon",
            &theirs,
            &auth,
            &ours,
            salt,
        )
        .unwrap();
        assert_eq!(
            Base64UrlUnpadded::encode_string(&body),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBr\
             u3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    #[test]
    fn the_longest_text_fills_a_body_and_one_byte_more_is_refused() {
        let ours = SecretKey::from_slice(&[7; 32]).unwrap();
        let theirs = SecretKey::from_slice(&[9; 32]).unwrap().public_key();
        let seal = |length: usize| seal(&vec![b'x'; length], &theirs, &[1; 16], &ours, [2; 16]);
        assert_eq!(seal(MAX_TEXT).unwrap().len(), 4096);
        assert_eq!(seal(MAX_TEXT + 1), Err(SealError));
    }
}
