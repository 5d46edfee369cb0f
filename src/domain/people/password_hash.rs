//! Password hashes: argon2id in PHC text, made by the server of what is kept and by a workstation of what was accepted.
//!
//! Invariant: a hash has a salt of its own, which the caller draws at random. Deliberately absent: storage, delays after wrong
//! passwords (the server), counting them at a workstation (`lone_unlock`).

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use secrecy::{ExposeSecret as _, SecretString};

/// The salt of one hash, 16 random bytes.
pub type Salt = [u8; 16];

/// Hashes a password with argon2id, as PHC text. Takes tens of milliseconds: not on an async thread.
///
/// # Errors
/// There is no memory for it.
pub fn hash(password: &SecretString, salt: &Salt) -> Result<String, argon2::password_hash::Error> {
    let hash: PasswordHash = Argon2::default().hash_password_with_salt(password.expose_secret().as_bytes(), salt)?;
    Ok(hash.to_string())
}

/// Whether this is the password behind a hash. Takes as long as [`hash`].
pub fn is(password: &SecretString, hash: &str) -> bool {
    let parsed = PasswordHash::new(hash);
    parsed.is_ok_and(|parsed| {
        Argon2::default()
            .verify_password(password.expose_secret().as_bytes(), &parsed)
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_acc_1_a_hash_knows_its_password_and_no_other_and_two_salts_make_two_hashes() {
        let one = hash(&"giusta".into(), &[1; 16]).unwrap();
        let other = hash(&"giusta".into(), &[2; 16]).unwrap();
        assert!(one.starts_with("$argon2id$") && one != other);
        assert!(is(&"giusta".into(), &one) && is(&"giusta".into(), &other));
        assert!(!is(&"sbagliata".into(), &one) && !is(&"giusta".into(), "nessun hash"));
    }
}
