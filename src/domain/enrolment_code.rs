//! The code that enrols one workstation: a secret used once, and enough of the authority's fingerprint that a new
//! machine knows the right server before it trusts anything.
//!
//! Seven groups of four characters out of 32 that nobody mistakes for another: 60 bits of secret, 75 bits of SHA-256 of
//! the authority's certificate (PEM, as the server hands it out), and a check character over both. Invariants: a server with
//! another authority never gets to see the secret; one wrong character, or two that changed places, is a mistyped code and
//! not another server's. Deliberately absent: how long it is good (the server).

use sha2::{Digest as _, Sha256};
use std::fmt;

const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const SECRET: usize = 12;
const AUTHORITY: usize = 15;

/// A code. `Display` shows it: it is for one person's eyes.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentCode {
    secret: String,
    authority: String,
}

fn letters(bytes: &[u8], count: usize) -> String {
    let mut bits = 0u64;
    let mut have = 0;
    let mut text = String::new();
    for byte in bytes {
        bits = (bits << 8 | u64::from(*byte)) & 0xffff_ffff;
        have += 8;
        while have >= 5 && text.len() < count {
            have -= 5;
            text.push(char::from(LETTERS[(bits >> have & 31) as usize]));
        }
    }
    text
}

/// The product of two elements of the field of 32 elements, with x⁵ + x² + 1.
fn product(a: u8, b: u8) -> u8 {
    let (mut a, mut sum) = (a, 0);
    for bit in 0..5 {
        if b >> bit & 1 == 1 {
            sum ^= a;
        }
        a = (a << 1) ^ if a & 16 == 0 { 0 } else { 0b10_0101 };
    }
    sum
}

/// The check character: the sum of all characters, each times another power of x. A wrong character changes it, and so do
/// two that changed places, because no two of fewer than 32 places have the same power.
fn check(text: &str) -> char {
    let values = text
        .bytes()
        .map(|b| LETTERS.iter().position(|letter| *letter == b).unwrap_or_default() as u8);
    let (sum, _) = values.fold((0, 1), |(sum, power), value| {
        let power = product(power, 2);
        (sum ^ product(power, value), power)
    });
    char::from(LETTERS[usize::from(sum)])
}

impl EnrolmentCode {
    /// From randomness and the authority's certificate, PEM.
    pub fn new(random: &[u8; 8], authority: &[u8]) -> Self {
        Self {
            secret: letters(random, SECRET),
            authority: letters(&Sha256::digest(authority.trim_ascii()), AUTHORITY),
        }
    }

    /// As typed: spaces and hyphens do not count, nor does case. `None`: it is no code, or it is mistyped.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > 100 {
            return None;
        }
        let plain: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let good = plain.len() == SECRET + AUTHORITY + 1 && plain.bytes().all(|b| LETTERS.contains(&b));
        let (code, checked) = plain.split_at_checked(SECRET + AUTHORITY).filter(|_| good)?;
        let (secret, authority) = code
            .split_at_checked(SECRET)
            .filter(|_| checked.starts_with(check(code)))?;
        Some(Self {
            secret: secret.to_owned(),
            authority: authority.to_owned(),
        })
    }

    /// The part that is used once.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Whether this certificate, PEM, is that of the authority the code was made by.
    pub fn is_of(&self, authority: &[u8]) -> bool {
        letters(&Sha256::digest(authority.trim_ascii()), AUTHORITY) == self.authority
    }
}

impl fmt::Display for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = format!("{}{}", self.secret, self.authority);
        let all: Vec<char> = code.chars().chain([check(&code)]).collect();
        for (at, group) in all.chunks(4).enumerate() {
            if at > 0 {
                f.write_str("-")?;
            }
            for letter in group {
                write!(f, "{letter}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrolmentCode([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_acc_6_a_code_is_typed_as_it_is_read_aloud() {
        let code = EnrolmentCode::new(&[7, 1, 9, 200, 33, 90, 18, 255], b"a certificate\n");
        let text = code.to_string();
        assert_eq!(text.len(), 7 * 4 + 6);
        for typed in [
            text.clone(),
            text.to_lowercase(),
            text.replace('-', " "),
            text.replace('-', ""),
        ] {
            assert_eq!(EnrolmentCode::read(&typed).as_ref(), Some(&code), "{typed}");
        }
        assert!(code.is_of(b"a certificate") && !code.is_of(b"another certificate"));
        assert!(!format!("{code:?}").contains(code.secret()));
        for wrong in [
            "",
            "AAAA",
            &text[..33],
            &format!("{text}A"),
            &text.replace('-', "0"),
            "è".repeat(28).as_str(),
        ] {
            assert_eq!(EnrolmentCode::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn r_acc_6_a_wrong_character_and_two_in_each_others_place_are_a_mistyped_code() {
        let code = EnrolmentCode::new(&[7, 1, 9, 200, 33, 90, 18, 255], b"a certificate\n");
        let text: Vec<char> = code.to_string().chars().filter(|c| *c != '-').collect();
        let read = |text: &[char]| EnrolmentCode::read(&text.iter().collect::<String>());
        assert_eq!(read(&text), Some(code));
        for at in 0..text.len() {
            for letter in LETTERS.map(char::from).into_iter().filter(|letter| *letter != text[at]) {
                let mut wrong = text.clone();
                wrong[at] = letter;
                assert_eq!(read(&wrong), None, "{letter} at {at}");
            }
            for other in (at + 1..text.len()).filter(|other| text[*other] != text[at]) {
                let mut wrong = text.clone();
                wrong.swap(at, other);
                assert_eq!(read(&wrong), None, "{at} and {other} changed places");
            }
        }
    }
}
