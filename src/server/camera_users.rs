//! Personal users on cameras: made for one session, removed after it (clause 3 of the people's part).
//!
//! The server itself speaks to no camera: the program gives it a [`CameraUsers`], which does. Where the camera refuses, is
//! full or does not answer, the fixed account is released as everywhere, and the log says so.
//! Invariant: a user is written down and its event is durable before the camera is asked to make it; its password is kept
//! nowhere; whatever of ours is found on a camera without a running session behind it is removed at start, within
//! seconds where it is written down, and each hour by asking the cameras. Whoever else the cameras name then, and nobody here made
//! or entered, stays there, is recorded once and told (`unknown_users`). Deliberately absent: ONVIF, who may; cameras without personal
//! users, which the server never speaks to.

use super::keys::{CLEAR_LETTERS, Vault, random};
use super::log::recorder::{Act, Recorder};
use super::log::sequencer::Rejection;
use super::now::now_ms;
use super::plan::Plans;
use super::store::camera_users::CameraUserRow;
use super::store::{Store, StoreError};
use super::unknown_users::UnknownUsers;
use crate::domain::audit::details::plan::{CredentialReleased, UserStep};
use crate::domain::audit::details::{Details, Say as _};
use crate::domain::audit::event::Outcome;
use crate::domain::camera::CameraId;
use crate::domain::site::CameraPlan;
use crate::protocol::{CameraCredential, CredentialNeed};
use crate::server::causes::causes;
use futures::future::BoxFuture;
use secrecy::SecretString;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// How users of ours begin, and how many letters follow.
const PREFIX: &str = "v-";
const LETTERS: usize = 8;
/// Longest wait for a camera while somebody waits for its account.
const PATIENCE: Duration = Duration::from_secs(6);
/// How often users whose session is over are looked for; a camera that did not remove one is tried again after so many of
/// those times, and every camera is asked what it has after so many.
const SWEEP: Duration = Duration::from_secs(2);
const TRY_EVERY: u32 = 30;
const ASK_EVERY: u32 = 1800;

/// Where a camera is, and the account that keeps its users.
#[derive(Clone)]
pub struct Keeper {
    pub onvif: String,
    pub user: String,
    pub password: SecretString,
}

/// A user to be made.
pub struct NewUser {
    pub name: String,
    pub password: SecretString,
    /// May move the camera, not only see.
    pub moves: bool,
}

/// Why a camera did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CameraUserError {
    #[error("it has no room for one more user")]
    Full,
    #[error("it refuses: {0}")]
    Refused(String),
    #[error("it does not answer: {0}")]
    Away(String),
}

/// An answer of a camera.
pub type Told<T> = BoxFuture<'static, Result<T, CameraUserError>>;

/// What keeps users on cameras.
pub trait CameraUsers: Send + Sync {
    fn list(&self, keeper: Keeper) -> Told<Vec<String>>;
    fn create(&self, keeper: Keeper, new: NewUser) -> Told<()>;
    /// One that is not there is removed.
    fn delete(&self, keeper: Keeper, name: String) -> Told<()>;
}

/// Makes and removes personal users.
pub struct PersonalUsers {
    store: Store,
    vault: Vault,
    recorder: Recorder,
    plans: Arc<Plans>,
    cameras: Arc<dyn CameraUsers>,
    unknown: UnknownUsers,
    /// Whose removal is in the log already, while the camera does not answer.
    removing: Mutex<HashSet<CameraUserRow>>,
}

/// Why the log or the store keeps a user from being made.
#[derive(Debug)]
pub enum Trouble {
    NotRecorded(Rejection),
    Store(StoreError),
}

impl From<Rejection> for Trouble {
    fn from(rejection: Rejection) -> Self {
        Self::NotRecorded(rejection)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Whether a name on a camera is one of ours.
pub fn is_ours(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .is_some_and(|rest| rest.len() == LETTERS && rest.bytes().all(|byte| CLEAR_LETTERS.contains(&byte)))
}

fn new_name() -> Option<String> {
    let bytes = random::<LETTERS>().ok()?;
    let letters = bytes
        .iter()
        .map(|byte| char::from(CLEAR_LETTERS[usize::from(byte & 31)]));
    Some(
        std::iter::once(PREFIX.to_owned())
            .chain(letters.map(String::from))
            .collect(),
    )
}

/// Sixteen letters and digits with a small one, a large one and a digit among them: what the rules of cameras in use ask
/// for and take. 90 bits.
fn new_password() -> Option<SecretString> {
    const ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    loop {
        let bytes = zeroize::Zeroizing::new(random::<64>().ok()?);
        // The rest of 256 by 62 would make some letters likelier.
        let fair = bytes.iter().filter(|byte| **byte < 248).take(16);
        let text: String = fair.map(|byte| char::from(ALPHABET[usize::from(byte % 62)])).collect();
        let text = zeroize::Zeroizing::new(text);
        let has = |kind: fn(&char) -> bool| text.chars().any(|letter| kind(&letter));
        let all = has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase) && has(char::is_ascii_digit);
        if all && text.len() == 16 {
            return Some(SecretString::from(text.as_str()));
        }
    }
}

impl PersonalUsers {
    /// With what keeps users on cameras.
    pub fn new(
        store: Store,
        vault: Vault,
        recorder: Recorder,
        plans: Arc<Plans>,
        cameras: Arc<dyn CameraUsers>,
    ) -> Self {
        Self {
            store,
            vault,
            recorder,
            plans,
            cameras,
            unknown: UnknownUsers::default(),
            removing: Mutex::default(),
        }
    }

    /// Users that the cameras have and nobody here made.
    pub fn unknown(&self) -> &UnknownUsers {
        &self.unknown
    }

    async fn keeper(&self, camera: &CameraPlan) -> Result<Option<Keeper>, StoreError> {
        let row = self.store.account(&camera.id, CredentialNeed::Picture).await?;
        Ok(row.and_then(|row| {
            Some(Keeper {
                onvif: camera.onvif.clone(),
                password: self.vault.open(&format!("{}/picture", camera.id), &row.sealed)?,
                user: row.user,
            })
        }))
    }

    /// Makes a user of this session on a camera. `None`: the camera does not, and the log says why. `released` is what the
    /// event of the release says.
    ///
    /// # Errors
    /// It cannot be written down or recorded: then nothing is released.
    pub async fn make(
        &self,
        camera: &CameraPlan,
        session: &str,
        moves: bool,
        (released, act): (&CredentialReleased, Act<'_>),
    ) -> Result<Option<CameraCredential>, Trouble> {
        let (Some(name), Some(password), Some(keeper)) = (new_name(), new_password(), self.keeper(camera).await?)
        else {
            return Ok(None);
        };
        let row = CameraUserRow {
            camera: camera.id.clone(),
            account: name.clone(),
            session: session.to_owned(),
        };
        // Whoever asks again gets another one in its place: nobody fills a camera.
        for old in self.store.camera_users().await? {
            if old.camera == row.camera && old.session == row.session {
                self.remove(&old).await?;
            }
        }
        self.store.add_camera_user(&row).await?;
        let told = CredentialReleased {
            personal: Some(name.clone()),
            ..released.clone()
        };
        self.record(camera, told.clone(), Outcome::Intent, act).await?;
        let new = NewUser {
            name: name.clone(),
            password: password.clone(),
            moves,
        };
        let made = tokio::time::timeout(PATIENCE, self.cameras.create(keeper, new)).await;
        match made.unwrap_or_else(|_| Err(CameraUserError::Away("too slow".into()))) {
            Ok(()) => {
                self.record(camera, told, Outcome::Done, act).await?;
                Ok(Some(CameraCredential { user: name, password }))
            }
            Err(error) => {
                let failed = told.because(error.to_string());
                self.record(camera, failed, Outcome::Failed, act).await?;
                // One that may have been made all the same is looked for when the session is over.
                if !matches!(error, CameraUserError::Away(_)) {
                    self.store.forget_camera_user(&row).await?;
                }
                Ok(None)
            }
        }
    }

    async fn record(
        &self,
        camera: &CameraPlan,
        what: impl Into<Details>,
        outcome: Outcome,
        act: Act<'_>,
    ) -> Result<(), Rejection> {
        self.recorder.record(&camera.controller, what, outcome, act).await
    }

    /// Removes what is left of sessions that are over; where that failed before, only with `again`.
    ///
    /// # Errors
    /// The store does not answer, or a removal cannot be recorded.
    async fn sweep(&self, again: bool) -> Result<(), Trouble> {
        let rows = self.store.camera_users().await?;
        if rows.is_empty() {
            return Ok(());
        }
        let now = now_ms();
        let running = self.store.sessions().await?;
        let runs = |row: &CameraUserRow| {
            let mut all = running.iter();
            all.any(|session| session.session == row.session && now < session.expires_ms)
        };
        let due = |row: &&CameraUserRow| !runs(row) && (again || !self.removing().contains(*row));
        for row in rows.iter().filter(due) {
            self.remove(row).await?;
        }
        Ok(())
    }

    async fn remove(&self, row: &CameraUserRow) -> Result<(), Trouble> {
        let plan = self.plans.current();
        let Some(camera) = plan.camera(&row.camera) else {
            tracing::warn!(camera = %row.camera, user = row.account, "a user may be left on a camera that is not in the plan");
            return Ok(self.store.forget_camera_user(row).await?);
        };
        let Some(keeper) = self.keeper(camera).await? else {
            return Ok(());
        };
        let first = self.removing().insert(row.clone());
        if first {
            let act = Act {
                session: &row.session,
                camera: Some(&row.camera),
                ..Act::default()
            };
            let removed = CredentialReleased {
                personal: Some(row.account.clone()),
                step: Some(UserStep::Removed),
                ..CredentialReleased::default()
            };
            self.record(camera, removed, Outcome::Intent, act).await?;
        }
        match self.cameras.delete(keeper, row.account.clone()).await {
            Ok(()) => {
                self.store.forget_camera_user(row).await?;
                self.removing().remove(row);
            }
            Err(error) => {
                tracing::warn!(camera = %row.camera, user = row.account, error = %causes(&error), "a user is not removed yet")
            }
        }
        Ok(())
    }

    fn removing(&self) -> std::sync::MutexGuard<'_, HashSet<CameraUserRow>> {
        self.removing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the cameras for users of ours that nobody remembers, of a database that was put back or of a crash, and for others'.
    async fn ask_cameras(&self) -> Result<(), Trouble> {
        let plan = self.plans.current();
        let is_asked = |camera: &CameraId| plan.camera(camera).is_some_and(|camera| camera.personal_users);
        self.unknown.keep(is_asked);
        for camera in plan.cameras.iter().filter(|camera| camera.personal_users) {
            let Some(keeper) = self.keeper(camera).await? else {
                continue;
            };
            let found = match self.cameras.list(keeper).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::info!(camera = %camera.id, error = %causes(&error), "its users are not told");
                    continue;
                }
            };
            let (ours, others): (Vec<String>, Vec<String>) = found.into_iter().partition(|name| is_ours(name));
            self.remove_leftovers(camera, ours).await?;
            self.tell_unknown(camera, others).await?;
        }
        Ok(())
    }

    async fn remove_leftovers(&self, camera: &CameraPlan, ours: Vec<String>) -> Result<(), Trouble> {
        // Read after the camera was asked: who is made meanwhile is written down first.
        let known = self.store.camera_users().await?;
        for name in ours {
            if known.iter().all(|row| row.camera != camera.id || row.account != name) {
                let row = CameraUserRow {
                    camera: camera.id.clone(),
                    account: name,
                    session: String::new(),
                };
                self.remove(&row).await?;
            }
        }
        Ok(())
    }

    /// Records and tells users that are no account of the camera here.
    async fn tell_unknown(&self, camera: &CameraPlan, mut users: Vec<String>) -> Result<(), Trouble> {
        for need in [CredentialNeed::Picture, CredentialNeed::Figures] {
            if let Some(account) = self.store.account(&camera.id, need).await? {
                users.retain(|user| *user != account.user);
            }
        }
        for user in self.unknown.new_among(&camera.id, users.clone()) {
            tracing::error!(camera = %camera.id, user, "a camera has a user that nobody here made");
            let act = Act {
                camera: Some(&camera.id),
                ..Act::default()
            };
            let found = CredentialReleased {
                personal: Some(user),
                step: Some(UserStep::Unknown),
                ..CredentialReleased::default()
            };
            self.record(camera, found, Outcome::Done, act).await?;
        }
        self.unknown.set(&camera.id, users);
        Ok(())
    }

    /// Sweeps as long as the server lives.
    pub async fn sweep_in_time(users: Weak<Self>) {
        let mut round = 0u32;
        loop {
            let Some(me) = users.upgrade() else { return };
            let asks = round.is_multiple_of(ASK_EVERY);
            let again = round.is_multiple_of(TRY_EVERY);
            let swept = match me.sweep(again).await {
                Ok(()) if asks => me.ask_cameras().await,
                other => other,
            };
            if let Err(error) = swept {
                tracing::error!(?error, "users on cameras are not swept");
            }
            drop(me);
            round = round.wrapping_add(1);
            tokio::time::sleep(SWEEP).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn a_personal_user_is_known_by_its_name_and_its_password_is_strong() {
        let (one, two) = (new_name().unwrap(), new_name().unwrap());
        assert!(is_ours(&one) && one != two && one.len() == 10);
        for other in ["admin", "v-", "v-abc", "v-ABCDEFGH", "x-abcdefgh", "v-abcdefghi"] {
            assert!(!is_ours(other), "{other}");
        }
        let passwords: HashSet<String> = (0..50)
            .map(|_| new_password().unwrap().expose_secret().to_owned())
            .collect();
        assert_eq!(passwords.len(), 50);
        assert!(passwords.iter().all(|password| password.len() == 16));
    }
}
