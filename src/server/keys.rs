//! Key files, random values, and the seal on camera accounts at rest.
//!
//! Signing keys are kept as `PRIVATE+KEY+<name>+<hash>+<base64(0x01 ‖ seed)>`, the form Go's `note` package writes.
//! Invariant: a key file is created once, mode 0600, and never overwritten.
//! Deliberately absent: what is signed.

use super::config::read_text;
use super::error::ServerError;
use crate::domain::audit::note::SignerKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::SecretString;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use zeroize::Zeroizing;

/// Random bytes of the operating system.
///
/// # Errors
/// [`ServerError::Random`]: the system gives none.
pub fn random<const N: usize>() -> Result<[u8; N], ServerError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(ServerError::Random)?;
    Ok(bytes)
}

/// Thirty-two characters that nobody mistakes for another.
pub const CLEAR_LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A password for somebody's first use: twenty characters of an alphabet of 32 without look-alikes, 100 bits.
///
/// # Errors
/// [`ServerError::Random`]: the system gives no randomness.
pub fn new_password() -> Result<SecretString, ServerError> {
    let bytes = Zeroizing::new(random::<20>()?);
    let text: String = bytes
        .iter()
        .map(|byte| char::from(CLEAR_LETTERS[usize::from(byte & 31)]))
        .collect();
    Ok(text.into())
}

/// Writes a new secret file that only this account can read; refuses to overwrite.
///
/// # Errors
/// [`ServerError::File`], also when the file is there already.
pub fn write_secret(path: &Path, content: &str) -> Result<(), ServerError> {
    let attempt = || {
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
        file.write_all(content.as_bytes())?;
        file.sync_all()
    };
    attempt().map_err(|source| ServerError::File {
        path: path.to_owned(),
        source,
    })
}

/// Makes a new signing key and keeps it.
///
/// # Errors
/// The name is not a key name, or the file cannot be written.
pub fn create_signer(path: &Path, name: &str) -> Result<SignerKey, ServerError> {
    let seed = Zeroizing::new(random::<32>()?);
    let key = SignerKey::new(name, &seed).map_err(|error| ServerError::Key(error.to_string()))?;
    let raw = Zeroizing::new([&[1], seed.as_slice()].concat());
    let hash = hex::encode(key.verifier().key_hash());
    let line = Zeroizing::new(format!("PRIVATE+KEY+{name}+{hash}+{}\n", BASE64.encode(raw.as_slice())));
    write_secret(path, &line)?;
    Ok(key)
}

/// Reads a signing key.
///
/// # Errors
/// The file cannot be read or is not a key.
pub fn load_signer(path: &Path) -> Result<SignerKey, ServerError> {
    let bad = || ServerError::Key(format!("{} is not a signing key", path.display()));
    let text = Zeroizing::new(read_text(path)?);
    let rest = text.trim_end().strip_prefix("PRIVATE+KEY+").ok_or_else(bad)?;
    let mut parts = rest.splitn(3, '+');
    let (Some(name), Some(hash), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(bad());
    };
    let raw = Zeroizing::new(BASE64.decode(encoded).map_err(|_| bad())?);
    let [1, seed @ ..] = raw.as_slice() else {
        return Err(bad());
    };
    let seed = Zeroizing::new(<[u8; 32]>::try_from(seed).map_err(|_| bad())?);
    let key = SignerKey::new(name, &seed).map_err(|_| bad())?;
    if hex::encode(key.verifier().key_hash()) == hash {
        Ok(key)
    } else {
        Err(bad())
    }
}

/// Seals short secrets before they enter the database, so that its backups hold none.
#[derive(Clone)]
pub struct Vault(XChaCha20Poly1305);

impl Vault {
    /// Makes a new vault key and keeps it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(path: &Path) -> Result<Self, ServerError> {
        let key = Zeroizing::new(random::<32>()?);
        write_secret(path, &Zeroizing::new(hex::encode(key.as_slice())))?;
        Ok(Self(XChaCha20Poly1305::new(&(*key).into())))
    }

    /// Opens the vault.
    ///
    /// # Errors
    /// The file cannot be read or is not a key.
    pub fn load(path: &Path) -> Result<Self, ServerError> {
        let text = Zeroizing::new(read_text(path)?);
        let mut key = Zeroizing::new([0u8; 32]);
        hex::decode_to_slice(text.trim_end(), key.as_mut_slice())
            .map_err(|_| ServerError::Key(format!("{} is not a vault key", path.display())))?;
        Ok(Self(XChaCha20Poly1305::new(&(*key).into())))
    }

    /// Seals a secret for one place; it opens nowhere else.
    ///
    /// # Errors
    /// [`ServerError::Random`] when the system gives no randomness for the nonce; [`ServerError::Key`] for a secret too long
    /// for the cipher.
    pub fn seal(&self, place: &str, secret: &str) -> Result<Vec<u8>, ServerError> {
        let nonce = random::<24>()?;
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: place.as_bytes(),
        };
        let sealed = self
            .0
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| ServerError::Key("a secret cannot be sealed".into()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens a secret sealed for this place; `None` when it was sealed elsewhere or changed.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Option<SecretString> {
        let (nonce, rest) = sealed.split_first_chunk::<24>()?;
        let plain = self
            .0
            .decrypt(
                &XNonce::from(*nonce),
                Payload {
                    msg: rest,
                    aad: place.as_bytes(),
                },
            )
            .ok()?;
        String::from_utf8(plain).ok().map(SecretString::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn keys_read_back_and_are_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.key");
        let made = create_signer(&path, "vedetta/020001/prova").unwrap();
        assert_eq!(load_signer(&path).unwrap().verifier(), made.verifier());
        assert!(create_signer(&path, "vedetta/020001/prova").is_err());
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(&path, "PRIVATE+KEY+x+00000000+AQ==").unwrap();
        assert!(load_signer(&path).is_err());
    }

    #[test]
    fn a_sealed_secret_opens_only_in_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vault.key");
        let sealed = Vault::create(&path).unwrap().seal("cam-01/picture", "segreto").unwrap();
        let vault = Vault::load(&path).unwrap();
        assert_eq!(
            vault.open("cam-01/picture", &sealed).unwrap().expose_secret(),
            "segreto"
        );
        assert!(vault.open("cam-02/picture", &sealed).is_none());
        assert!(!sealed.windows(7).any(|w| w == b"segreto"));
    }
}
