//! The life of an account: when it may be used, when its password is too old, what a new password must be.
//!
//! R-ACC-3 (180 days), R-ACC-4 (confirmed by a due date or disabled). Time is an argument, Unix ms.
//! Deliberately absent: hashes, lock-out (`server::people`).

/// Longest life of a password, ms (R-ACC-3).
pub const PASSWORD_LIFE_MS: i64 = 180 * DAY_MS;
/// Until when a confirmed account is good without another confirmation, ms.
pub const CONFIRMED_FOR_MS: i64 = 180 * DAY_MS;
/// So many former passwords do not come back.
pub const PASSWORDS_REMEMBERED: usize = 5;
/// Shortest and longest password, in characters.
pub const PASSWORD_CHARACTERS: std::ops::RangeInclusive<usize> = 12..=200;
const DAY_MS: i64 = 24 * 3_600_000;

/// The facts that the standing of an account follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    pub enabled: bool,
    pub password_set_ms: i64,
    /// The password was given by somebody else: the person must choose their own first.
    pub must_change: bool,
    /// End of the appointment.
    pub until_ms: Option<i64>,
    /// Not confirmed by then, it is disabled.
    pub confirm_by_ms: Option<i64>,
}

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountStatus {
    Good,
    /// Somebody disabled it.
    Disabled,
    /// The appointment is over.
    AppointmentOver,
    /// The account was not confirmed in time (R-ACC-4).
    NotConfirmed,
    /// The account may only be used to choose another password (R-ACC-3).
    MustChoosePassword,
}

impl Life {
    /// How it stands at `now`.
    pub fn standing(&self, now: i64) -> AccountStatus {
        if !self.enabled {
            AccountStatus::Disabled
        } else if self.until_ms.is_some_and(|until| now >= until) {
            AccountStatus::AppointmentOver
        } else if self.confirm_by_ms.is_some_and(|by| now >= by) {
            AccountStatus::NotConfirmed
        } else if self.must_change || now >= self.password_expires_ms() {
            AccountStatus::MustChoosePassword
        } else {
            AccountStatus::Good
        }
    }

    /// When the password is too old.
    pub fn password_expires_ms(&self) -> i64 {
        self.password_set_ms.saturating_add(PASSWORD_LIFE_MS)
    }
}

/// Why a new password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordFault {
    #[error("fewer than 12 or more than 200 characters")]
    Length,
    #[error("it contains the name of the account")]
    ContainsName,
    #[error("one character repeated")]
    Monotonous,
    #[error("it is one of the last five")]
    UsedBefore,
}

/// Checks what can be seen of a new password by itself; whether it was used before is checked against the hashes.
///
/// # Errors
/// The first fault, by length, by name, by monotony.
pub fn check_password(user: &str, password: &str) -> Result<(), PasswordFault> {
    if !PASSWORD_CHARACTERS.contains(&password.chars().count()) {
        return Err(PasswordFault::Length);
    }
    if password.to_lowercase().contains(&user.to_lowercase()) {
        return Err(PasswordFault::ContainsName);
    }
    let first = password.chars().next();
    if password.chars().all(|character| Some(character) == first) {
        return Err(PasswordFault::Monotonous);
    }
    Ok(())
}

/// An account's name, safe in logs, paths and URLs: 1 to 64 of lower-case letters, digits, `.`, `-`, `_`, with a letter
/// or a digit first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountName(String);

impl AccountName {
    /// From what was typed; `None`: it cannot be anybody's name.
    pub fn read(text: &str) -> Option<Self> {
        let first = text.bytes().next()?;
        let good = text.len() <= 64
            && (first.is_ascii_lowercase() || first.is_ascii_digit())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_'));
        good.then(|| Self(text.to_owned()))
    }
}

impl std::fmt::Display for AccountName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Life = Life {
        enabled: true,
        password_set_ms: 1_000,
        must_change: false,
        until_ms: None,
        confirm_by_ms: None,
    };

    #[test]
    fn r_acc_3_a_password_lives_180_days() {
        assert_eq!(LIFE.standing(1_000 + PASSWORD_LIFE_MS - 1), AccountStatus::Good);
        assert_eq!(
            LIFE.standing(1_000 + PASSWORD_LIFE_MS),
            AccountStatus::MustChoosePassword
        );
        let given = Life {
            must_change: true,
            ..LIFE
        };
        assert_eq!(given.standing(1_001), AccountStatus::MustChoosePassword, "at first use");
    }

    #[test]
    fn r_acc_4_not_confirmed_by_the_due_date_is_not_used() {
        let due = Life {
            confirm_by_ms: Some(5_000),
            ..LIFE
        };
        assert_eq!(
            (due.standing(4_999), due.standing(5_000)),
            (AccountStatus::Good, AccountStatus::NotConfirmed)
        );
        let appointed = Life {
            until_ms: Some(5_000),
            ..LIFE
        };
        assert_eq!(appointed.standing(5_000), AccountStatus::AppointmentOver);
        assert_eq!(Life { enabled: false, ..LIFE }.standing(1_001), AccountStatus::Disabled);
    }

    #[test]
    fn a_new_password_is_long_and_not_the_name() {
        assert_eq!(check_password("neri", "cavallo-di-ferro"), Ok(()));
        assert_eq!(check_password("neri", "corta"), Err(PasswordFault::Length));
        assert_eq!(check_password("neri", &"a".repeat(201)), Err(PasswordFault::Length));
        assert_eq!(
            check_password("neri", "chiaraNERI2026!"),
            Err(PasswordFault::ContainsName)
        );
        assert_eq!(
            check_password("neri", "aaaaaaaaaaaaaaa"),
            Err(PasswordFault::Monotonous)
        );
    }

    #[test]
    fn an_account_name_cannot_carry_a_path_or_a_quote() {
        assert!(AccountName::read("chiara.neri-2").is_some());
        for name in ["", "..", "../x", "a b", "a'--", "Neri", "a\0", "a/b", &"a".repeat(65)] {
            assert_eq!(AccountName::read(name), None, "{name:?}");
        }
    }
}
