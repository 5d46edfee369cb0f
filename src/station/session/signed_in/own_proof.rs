//! What a workstation itself knows of who is signed in: a hash of the password that the server accepted last, so that an outage
//! does not keep an officer out of a workstation that locked itself.
//!
//! Invariant: the password is kept by nobody, the hash lives as long as the session and never on a disk. Deliberately absent: when
//! it may be gone by (`domain::people::lone_unlock`).

use crate::domain::people::Reach;
use crate::domain::people::lone_unlock::LoneUnlock;
use crate::domain::people::password_hash;
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The proof of a session.
#[derive(Default)]
pub struct OwnProof(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    /// `None`: no password was typed here, or it could not be hashed.
    hash: Option<SecretString>,
    wrong: LoneUnlock,
}

impl OwnProof {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up a password that the server accepted. Takes tens of milliseconds of a blocking thread.
    pub async fn accepted(&self, password: SecretString) {
        let made = tokio::task::spawn_blocking(move || {
            let mut salt = password_hash::Salt::default();
            getrandom::fill(&mut salt).ok()?;
            password_hash::hash(&password, &salt).ok()
        });
        let hash = made.await.ok().flatten().map(SecretString::from);
        if hash.is_none() {
            tracing::warn!("no proof could be kept: an outage would keep this workstation locked");
        }
        *self.inner() = Inner {
            hash,
            wrong: LoneUnlock::default(),
        };
    }

    /// Tries a password while the server is away. `None`: it is not for the workstation to say.
    pub async fn is(&self, password: SecretString, server: Reach) -> Option<bool> {
        let hash = {
            let inner = self.inner();
            inner.hash.clone().filter(|_| inner.wrong.may_try(server))
        }?;
        let tried = tokio::task::spawn_blocking(move || password_hash::is(&password, hash.expose_secret()));
        let right = tried.await.ok()?;
        self.inner().wrong.tried(right);
        Some(right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn r_acc_1_only_the_accepted_password_opens_it_and_only_within_the_grace() {
        let proof = OwnProof::default();
        assert_eq!(proof.is("giusta".into(), Reach::Grace).await, None, "nothing is known");
        proof.accepted("giusta".into()).await;
        assert_eq!(proof.is("giusta".into(), Reach::Away).await, None);
        for _ in 0..3 {
            assert_eq!(proof.is("sbagliata".into(), Reach::Grace).await, Some(false));
        }
        assert_eq!(
            proof.is("giusta".into(), Reach::Grace).await,
            None,
            "the server's to say"
        );
        proof.accepted("giusta".into()).await;
        assert_eq!(proof.is("giusta".into(), Reach::Grace).await, Some(true));
    }
}
