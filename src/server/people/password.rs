//! Passwords: a hash for each with a random salt, and the growing delay after wrong ones.
//!
//! Invariant: an unknown name takes as long as a known one. Deliberately absent: storage, the hash (`domain::people::password_hash`).

pub use crate::domain::people::password_hash::is;
use crate::domain::people::password_hash::{self, Salt};
use secrecy::SecretString;

/// The wrong password in a row that locks for the first time.
const LOCKS_FROM: u32 = 3;
/// First delay, and the longest, seconds.
const FIRST_DELAY_S: u64 = 5;
const LONGEST_DELAY_S: u64 = 900;

/// A hash of nothing anyone knows, made at start: what an unknown name is compared with.
#[derive(Clone)]
pub struct Decoy(String);

impl Decoy {
    /// Hashes a password nobody has.
    ///
    /// # Errors
    /// The hash cannot be made (no memory, no randomness).
    pub fn new() -> Result<Self, argon2::password_hash::Error> {
        hash(&SecretString::from("")).map(Self)
    }
}

/// argon2id with a random salt, as PHC text. Takes tens of milliseconds: not on an async thread.
///
/// # Errors
/// No memory or no randomness.
pub fn hash(password: &SecretString) -> Result<String, argon2::password_hash::Error> {
    let mut salt = Salt::default();
    getrandom::fill(&mut salt).map_err(|_| argon2::password_hash::Error::Crypto)?;
    password_hash::hash(password, &salt)
}

/// Does the password fit? `None`: the name is unknown; the same work is done and the answer is no.
pub fn fits(password: &SecretString, known: Option<&str>, decoy: &Decoy) -> bool {
    is(password, compared_with(known, decoy)) && known.is_some()
}

/// The hash whose work is done in any case.
fn compared_with<'a>(known: Option<&'a str>, decoy: &'a Decoy) -> &'a str {
    known.unwrap_or(&decoy.0)
}

/// Seconds a name is locked after this many wrong passwords in a row.
pub fn delay_s(failures: u32) -> u64 {
    match failures.checked_sub(LOCKS_FROM) {
        None => 0,
        Some(beyond) => FIRST_DELAY_S
            .checked_shl(beyond.min(32))
            .unwrap_or(LONGEST_DELAY_S)
            .min(LONGEST_DELAY_S),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::password_hash::phc::PasswordHash;

    #[test]
    fn r_acc_1_only_the_right_password_fits() {
        let decoy = Decoy::new().unwrap();
        let known = hash(&"giusta".into()).unwrap();
        assert!(known.starts_with("$argon2id$"));
        assert!(fits(&"giusta".into(), Some(&known), &decoy));
        assert!(!fits(&"sbagliata".into(), Some(&known), &decoy));
        assert!(
            !fits(&"".into(), None, &decoy),
            "the decoy's own password opens nothing"
        );
        assert!(!fits(&"giusta".into(), Some("rubbish"), &decoy));
    }

    #[test]
    fn r_acc_1_an_unknown_name_costs_the_same_work_as_a_known_one() {
        let decoy = Decoy::new().unwrap();
        let known = hash(&"giusta".into()).unwrap();
        let cost = |hash: &str| {
            let parsed = PasswordHash::new(hash).unwrap();
            let length = parsed.hash.map(|hash| hash.as_bytes().len());
            (
                parsed.algorithm.to_string(),
                parsed.version,
                parsed.params.to_string(),
                length,
            )
        };
        let unknown = compared_with(None, &decoy);
        assert_eq!(cost(unknown), cost(&known), "algorithm, memory, passes, lanes, length");
        assert_eq!(compared_with(Some(&known), &decoy), known);
        assert!(is(&"".into(), unknown), "it is a hash that is really worked through");
    }

    #[test]
    fn the_delay_grows_and_ends() {
        let delays: Vec<u64> = (0..8).map(delay_s).collect();
        assert_eq!(delays, [0, 0, 0, 5, 10, 20, 40, 80]);
        assert_eq!(delay_s(u32::MAX), LONGEST_DELAY_S);
    }
}
