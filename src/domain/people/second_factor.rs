//! The second factor: time-based one-time codes (RFC 6238 over RFC 4226, HMAC-SHA-1, 6 digits, 30 s), as every
//! authenticator application shows them.
//!
//! Invariant: a code counts once: the step it belongs to must be later than the last one used; how long an answer takes
//! does not say how many digits were right. Deliberately absent: where the secret is kept (sealed, on the server).

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha1::Sha1;

/// Length of a step, seconds.
const STEP_S: u64 = 30;
/// Steps that a clock may be off by, either way.
const DRIFT: u64 = 1;
const DIGITS: usize = 6;
/// RFC 4648 §6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Length of a secret, bytes (RFC 4226 §4 R6).
pub const SECRET_BYTES: usize = 20;

fn code_at(secret: &[u8], step: u64) -> Option<u32> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).ok()?;
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    // Dynamic truncation, RFC 4226 §5.3.
    let offset = usize::from(digest.last()? & 15);
    let word: [u8; 4] = digest.get(offset..offset + 4)?.try_into().ok()?;
    Some((u32::from_be_bytes(word) & 0x7fff_ffff) % 1_000_000)
}

/// The step whose code this is, when it is one of `now_s` (Unix seconds) and later than `last_step`.
pub fn step_of(secret: &[u8], code: &SecretString, now_s: u64, last_step: u64) -> Option<u64> {
    let typed: String = code.expose_secret().chars().filter(|c| !c.is_whitespace()).collect();
    if typed.len() != DIGITS || !typed.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let typed: u32 = typed.parse().ok()?;
    let now = now_s / STEP_S;
    let mut found = None;
    for step in now.saturating_sub(DRIFT)..=now.saturating_add(DRIFT) {
        let difference = code_at(secret, step)? ^ typed;
        if difference == 0 && step > last_step {
            found = Some(step);
        }
    }
    found
}

/// The code of a moment, for tests and tools that stand in for the authenticator.
pub fn code(secret: &[u8], now_s: u64) -> SecretString {
    let code = code_at(secret, now_s / STEP_S).unwrap_or_default();
    format!("{code:06}").into()
}

/// The secret as it is typed into an authenticator.
pub fn base32(secret: &[u8]) -> SecretString {
    let mut text = String::new();
    let (mut bits, mut have) = (0u32, 0);
    for byte in secret {
        bits = bits << 8 | u32::from(*byte);
        have += 8;
        while have >= 5 {
            have -= 5;
            text.push(char::from(BASE32[(bits >> have & 31) as usize]));
        }
        bits &= (1 << have) - 1;
    }
    if have > 0 {
        text.push(char::from(BASE32[(bits << (5 - have) & 31) as usize]));
    }
    text.into()
}

/// The secret as an authenticator reads it from a QR code (Key Uri Format).
pub fn key_uri(user: &str, secret: &[u8]) -> SecretString {
    let secret = base32(secret);
    format!(
        "otpauth://totp/Vedetta:{user}?secret={}&issuer=Vedetta",
        secret.expose_secret()
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B, the last six of its eight digits.
    const VECTORS: [(u64, &str); 5] = [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
    ];
    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        for (at, expected) in VECTORS {
            assert_eq!(code(SECRET, at).expose_secret(), expected);
            assert_eq!(step_of(SECRET, &expected.into(), at, 0), Some(at / 30));
        }
    }

    #[test]
    fn a_code_counts_once_and_only_near_its_time() {
        let at = 1_111_111_111;
        let typed = SecretString::from("050471");
        let step = step_of(SECRET, &typed, at, 0).unwrap();
        assert_eq!(step_of(SECRET, &typed, at, step), None, "replayed");
        assert_eq!(step_of(SECRET, &typed, at + 30, 0), Some(step), "a slow clock");
        assert_eq!(step_of(SECRET, &typed, at + 90, 0), None);
        for wrong in ["", "50471", "0504710", "05047a", "-50471", "+50471"] {
            assert_eq!(step_of(SECRET, &wrong.into(), at, 0), None, "{wrong}");
        }
    }

    #[test]
    fn the_secret_is_written_as_authenticators_read_it() {
        // RFC 4648 §10, without padding.
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()).expose_secret(), text);
        }
    }
}
