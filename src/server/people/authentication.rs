//! Who is it? Password, second factor, and the delays after wrong ones: for signing in, unlocking, another password.
//!
//! Invariant: an unknown, disabled or lapsed account is answered like a wrong password, after the same work; nothing is
//! told apart before the password was right. Wrong answers slow down the account (growing) and the address (a bucket).
//! Deliberately absent: sessions, what is recorded (`sessions`, `accounts`).

use super::password::{self, Decoy};
use crate::domain::people::account::{AccountName, AccountStatus};
use crate::domain::people::token_bucket::{Allowance, Flood};
use crate::domain::people::{Level, StationKind, second_factor};
use crate::protocol::RefusalKind;
use crate::server::causes::causes;
use crate::server::config::SecondFactor;
use crate::server::keys::Vault;
use crate::server::store::Store;
use crate::server::store::accounts::AccountRow;
use secrecy::{ExposeSecret as _, SecretString};
use std::error::Error;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Longest user name and password looked at, bytes.
pub const MAX_USER: usize = 64;
const MAX_PASSWORD: usize = 1024;
/// A lock that ended this long ago is forgotten, ms.
const FORGET_AFTER_MS: i64 = 24 * 3_600_000;
/// Wrong answers from one address: so many at once, then two a minute. A control room behind one address stays inside.
const GUESSES: Allowance = Allowance {
    burst: 30.0,
    per_second: 1.0 / 30.0,
};

/// A refusal, or an answer that cannot be given now.
pub type Answer<T> = Result<T, RefusalKind>;

/// Why something cannot be done now, for the log; the caller is told only that.
pub fn unavailable(error: impl Into<Box<dyn Error + Send + Sync>>) -> RefusalKind {
    tracing::error!(error = %causes(error.into().as_ref()), "people cannot be served");
    RefusalKind::Unavailable
}

/// What somebody says of themselves.
pub struct Claim<'a> {
    pub user: &'a str,
    pub password: &'a SecretString,
    pub factor: Factor<'a>,
}

/// What is wanted beside the password.
pub enum Factor<'a> {
    /// The code, when there is one; the policy for this kind of workstation decides whether there must be.
    Code(Option<&'a SecretString>, StationKind),
    /// The session already has it: unlocking.
    Spared,
}

/// Looks at who comes in. Cheap to clone.
#[derive(Clone)]
pub struct Door {
    store: Store,
    vault: Vault,
    policy: SecondFactor,
    decoy: Decoy,
    guesses: Arc<Mutex<Flood<IpAddr>>>,
}

/// Where a second factor is sealed.
pub fn factor_place(user: &str) -> String {
    format!("second-factor/{user}")
}

impl Door {
    /// Ready.
    ///
    /// # Errors
    /// A password hash cannot be made.
    pub fn new(store: Store, vault: Vault, policy: SecondFactor) -> Result<Self, argon2::password_hash::Error> {
        Ok(Self {
            store,
            vault,
            policy,
            decoy: Decoy::new()?,
            guesses: Arc::new(Mutex::new(Flood::new(GUESSES))),
        })
    }

    /// The account behind a claim that holds. It may still have to choose another password.
    ///
    /// # Errors
    /// Wrong, locked out, the second factor is missing, or it cannot be said now.
    pub async fn prove(&self, claim: &Claim<'_>, from: IpAddr, now: i64) -> Answer<AccountRow> {
        let user = claim.user;
        let seconds = self
            .guesses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .wait_s(&from, now);
        if seconds > 0 {
            return Err(RefusalKind::LockedOut { seconds });
        }
        if AccountName::read(user).is_none() || claim.password.expose_secret().len() > MAX_PASSWORD {
            return Err(self.wrong(user, 0, from, now).await?);
        }
        let (failures, until) = self.store.lockout(user).await.map_err(unavailable)?;
        if now < until {
            let seconds = u64::try_from(until - now).unwrap_or(0).div_ceil(1000);
            return Err(RefusalKind::LockedOut { seconds });
        }
        let row = self.store.life(user).await.map_err(unavailable)?;
        let row = row.filter(|row| {
            matches!(
                row.life.standing(now),
                AccountStatus::Good | AccountStatus::MustChoosePassword
            )
        });
        let known = match &row {
            Some(_) => self
                .store
                .person(user)
                .await
                .map_err(unavailable)?
                .map(|row| row.password),
            None => None,
        };
        let (given, decoy) = (claim.password.clone(), self.decoy.clone());
        let fits = tokio::task::spawn_blocking(move || password::fits(&given, known.as_deref(), &decoy))
            .await
            .map_err(unavailable)?;
        let Some(row) = row.filter(|_| fits) else {
            return Err(self.wrong(user, failures, from, now).await?);
        };
        let step = match &claim.factor {
            Factor::Spared => None,
            Factor::Code(code, kind) => match self.second_factor(&row, *code, *kind, now) {
                Ok(step) => step,
                // A code that was typed and is wrong counts; that one is wanted does not.
                Err(RefusalKind::SecondFactor) if code.is_some() => {
                    self.wrong(user, failures, from, now).await?;
                    return Err(RefusalKind::SecondFactor);
                }
                Err(why) => return Err(why),
            },
        };
        if !self.store.person_used(user, now, step).await.map_err(unavailable)? {
            return Err(RefusalKind::SecondFactor);
        }
        if failures > 0 {
            let forget = now - FORGET_AFTER_MS;
            self.store.set_lockout(user, 0, 0, forget).await.map_err(unavailable)?;
        }
        Ok(row)
    }

    fn second_factor(
        &self,
        row: &AccountRow,
        code: Option<&SecretString>,
        kind: StationKind,
        now: i64,
    ) -> Answer<Option<u64>> {
        let required = (self.policy.remote && kind == StationKind::Remote)
            || (self.policy.administrators && row.person.level == Level::SystemAdministrator);
        let Some(sealed) = &row.second_factor else {
            return if required {
                Err(RefusalKind::NoSecondFactor)
            } else {
                Ok(None)
            };
        };
        let secret = self.vault.open(&factor_place(&row.person.user), sealed);
        let secret = secret.ok_or_else(|| unavailable("a sealed second factor does not open"))?;
        let secret = hex::decode(secret.expose_secret()).map_err(unavailable)?;
        let secret = zeroize::Zeroizing::new(secret);
        let now_s = u64::try_from(now / 1000).unwrap_or(0);
        let step = code.and_then(|code| second_factor::step_of(&secret, code, now_s, row.second_factor_step));
        step.map(Some).ok_or(RefusalKind::SecondFactor)
    }

    /// Counts a wrong answer against the account and the address; gives what is answered.
    async fn wrong(&self, user: &str, failures: u32, from: IpAddr, now: i64) -> Answer<RefusalKind> {
        // The bucket was not empty when the answer was begun.
        let _ = self
            .guesses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(from, now);
        if AccountName::read(user).is_some() {
            let failures = failures.saturating_add(1);
            let until = now.saturating_add_unsigned(password::delay_s(failures) * 1000);
            let kept = self
                .store
                .set_lockout(user, failures, until, now - FORGET_AFTER_MS)
                .await;
            kept.map_err(unavailable)?;
        }
        Ok(RefusalKind::WrongCredentials)
    }

    /// Seals a second factor for an account.
    ///
    /// # Errors
    /// No randomness.
    pub fn seal(&self, user: &str, secret: &[u8]) -> Answer<Vec<u8>> {
        let text = zeroize::Zeroizing::new(hex::encode(secret));
        self.vault.seal(&factor_place(user), &text).map_err(unavailable)
    }
}
