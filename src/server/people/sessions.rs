//! Signing in and out. One account is active at one workstation at a time (R-ACC-1).
//!
//! Invariant: granted and refused sign-ins alike are durable in the log before they are answered; a session is silent
//! at most for the workstation's grace before another workstation may take the account over.
//! Deliberately absent: HTTP.

use super::password::{self, Decoy};
use crate::domain::audit::event::{Operation, Outcome};
use crate::domain::people::Person;
use crate::protocol::{RefusalKind, SignIn};
use crate::server::config::Settings;
use crate::server::keys::random;
use crate::server::log::recorder::{Act, Recorder};
use crate::server::store::Store;
use crate::server::store::registry::{PersonRow, SessionRow, StationRow};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio::sync::Mutex;

/// Longest user name and password looked at, bytes.
const MAX_USER: usize = 64;
const MAX_PASSWORD: usize = 256;
/// A session's last use is written this often, ms.
const SEEN_EVERY_MS: i64 = 30_000;
/// Added to the grace before a silent session gives way, ms.
const SILENCE_SLACK_MS: i64 = 60_000;
/// A lock that ended this long ago is forgotten, ms.
const FORGET_AFTER_MS: i64 = 24 * 3_600_000;

/// A person with a running session.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub person: Person,
    pub session: SessionRow,
}

/// A session just begun.
pub struct Begun {
    pub signed_in: SignedIn,
    /// The token, given out once.
    pub token: SecretString,
}

/// Lets people in and out. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    store: Store,
    recorder: Recorder,
    settings: Settings,
    decoy: Decoy,
    /// One sign-in at a time: guesses cannot race the lock-out, nor two sign-ins the one session.
    door: Arc<Mutex<()>>,
}

/// A refusal, or an answer that cannot be given now.
type Answer<T> = Result<T, RefusalKind>;

fn unavailable(error: impl std::fmt::Display) -> RefusalKind {
    tracing::error!(%error, "a session cannot be served");
    RefusalKind::Unavailable
}

fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl Sessions {
    /// Opens the door.
    ///
    /// # Errors
    /// A password hash cannot be made.
    pub fn new(store: Store, recorder: Recorder, settings: Settings) -> Result<Self, argon2::password_hash::Error> {
        Ok(Self {
            store,
            recorder,
            settings,
            decoy: Decoy::new()?,
            door: Arc::default(),
        })
    }

    /// Signs a person in at a workstation. `now` is Unix ms, here and below.
    ///
    /// # Errors
    /// Wrong credentials, locked out, active elsewhere, or not recordable.
    pub async fn sign_in(&self, station: &StationRow, ask: SignIn, now: i64) -> Answer<Begun> {
        let door = Arc::clone(&self.door);
        let _alone = door.lock().await;
        match self.admit(station, &ask, now).await {
            Ok(row) => self.begin(station, &ask, row.person, now).await,
            Err(RefusalKind::Unavailable) => Err(RefusalKind::Unavailable),
            Err(why) => {
                let typed: String = ask.user.chars().take(MAX_USER).collect();
                let reason = serde_json::to_value(&why).map_err(unavailable)?;
                let act = Act {
                    typed_user: &typed,
                    at: Some(&station.station),
                    ..Act::default()
                };
                self.recorder
                    .record(
                        &station.home,
                        Operation::SignInRefused,
                        Outcome::Refused,
                        act.with("why", reason),
                    )
                    .await
                    .map_err(unavailable)?;
                Err(why)
            }
        }
    }

    async fn admit(&self, station: &StationRow, ask: &SignIn, now: i64) -> Answer<PersonRow> {
        if station.quarantined {
            return Err(RefusalKind::UnknownStation);
        }
        if ask.user.is_empty() || ask.user.len() > MAX_USER || ask.password.expose_secret().len() > MAX_PASSWORD {
            return Err(RefusalKind::WrongCredentials);
        }
        let (failures, until) = self.store.lockout(&ask.user).await.map_err(unavailable)?;
        if now < until {
            let seconds = u64::try_from(until - now).unwrap_or(0).div_ceil(1000);
            return Err(RefusalKind::LockedOut { seconds });
        }
        let row = self
            .store
            .person(&ask.user)
            .await
            .map_err(unavailable)?
            .filter(|row| row.enabled);
        let (given, known, decoy) = (
            ask.password.clone(),
            row.as_ref().map(|row| row.password.clone()),
            self.decoy.clone(),
        );
        let fits = tokio::task::spawn_blocking(move || password::fits(&given, known.as_deref(), &decoy))
            .await
            .map_err(unavailable)?;
        let forget = now - FORGET_AFTER_MS;
        let Some(row) = row.filter(|_| fits) else {
            let failures = failures.saturating_add(1);
            let until = now.saturating_add_unsigned(password::delay_s(failures) * 1000);
            self.store
                .set_lockout(&ask.user, failures, until, forget)
                .await
                .map_err(unavailable)?;
            return Err(RefusalKind::WrongCredentials);
        };
        if failures > 0 {
            self.store
                .set_lockout(&ask.user, 0, 0, forget)
                .await
                .map_err(unavailable)?;
        }
        if let Some(open) = self.store.session_of(&ask.user).await.map_err(unavailable)? {
            // Out of reach, it may go on for its grace: until then the account is taken to be active there.
            let grace_s = self.store.grace_s(&open.station).await.map_err(unavailable)?;
            let silent = now
                > open
                    .seen_ms
                    .saturating_add_unsigned(grace_s * 1000)
                    .saturating_add(SILENCE_SLACK_MS);
            if open.station != station.station && now < open.expires_ms && !silent {
                return Err(RefusalKind::AlreadyActiveElsewhere);
            }
            self.end(station, &row.person, &open, "replaced").await?;
        }
        Ok(row)
    }

    async fn begin(&self, station: &StationRow, ask: &SignIn, person: Person, now: i64) -> Answer<Begun> {
        let token = hex::encode(random::<32>().map_err(unavailable)?);
        let session = SessionRow {
            session: uuid::Uuid::new_v4().to_string(),
            user: person.user.clone(),
            station: station.station.clone(),
            purpose: ask.purpose,
            seen_ms: now,
            expires_ms: now + i64::from(self.settings.session_hours) * 3_600_000,
        };
        let act = Act {
            person: Some(&person),
            session: &session.session,
            at: Some(&station.station),
            purpose: Some(ask.purpose),
            ..Act::default()
        };
        self.recorder
            .record(&station.home, Operation::SignIn, Outcome::Done, act)
            .await
            .map_err(unavailable)?;
        self.store
            .begin_session(&session, &token_hash(&token))
            .await
            .map_err(unavailable)?;
        Ok(Begun {
            signed_in: SignedIn { person, session },
            token: token.into(),
        })
    }

    /// Who holds this token at this workstation.
    ///
    /// # Errors
    /// The session has ended, ran out, or belongs to another workstation.
    pub async fn of_token(&self, station: &StationRow, token: &str, now: i64) -> Answer<SignedIn> {
        let session = self
            .store
            .session_by_token(&token_hash(token))
            .await
            .map_err(unavailable)?;
        let session = session.ok_or(RefusalKind::SessionEnded)?;
        if session.station != station.station || now >= session.expires_ms {
            tracing::warn!(session = session.session, station = %station.station, "token of another station or old");
            return Err(RefusalKind::SessionEnded);
        }
        let row = self.store.person(&session.user).await.map_err(unavailable)?;
        let row = row.filter(|row| row.enabled).ok_or(RefusalKind::SessionEnded)?;
        if now - session.seen_ms > SEEN_EVERY_MS {
            self.store
                .session_seen(&session.session, now)
                .await
                .map_err(unavailable)?;
        }
        Ok(SignedIn {
            person: row.person,
            session,
        })
    }

    /// Ends a session, recorded first. `why` is a short word for the log.
    ///
    /// # Errors
    /// It cannot be recorded or ended now.
    pub async fn end(&self, station: &StationRow, person: &Person, session: &SessionRow, why: &str) -> Answer<()> {
        let act = Act {
            person: Some(person),
            session: &session.session,
            at: Some(&session.station),
            purpose: Some(session.purpose),
            ..Act::default()
        };
        self.recorder
            .record(&station.home, Operation::SignOut, Outcome::Done, act.with("why", why))
            .await
            .map_err(unavailable)?;
        self.store.end_session(&session.session).await.map_err(unavailable)
    }

    /// Ends the session of another person, whoever and wherever they are (R-ACC-3). `None`: there was none.
    ///
    /// # Errors
    /// It cannot be recorded or ended now.
    pub async fn revoke(&self, station: &StationRow, by: &SignedIn, user: &str) -> Answer<Option<SignedIn>> {
        let Some(session) = self.store.session_of(user).await.map_err(unavailable)? else {
            return Ok(None);
        };
        let Some(row) = self.store.person(user).await.map_err(unavailable)? else {
            return Ok(None);
        };
        let act = Act {
            person: Some(&by.person),
            session: &by.session.session,
            at: Some(&station.station),
            purpose: Some(by.session.purpose),
            ..Act::default()
        };
        let act = act
            .with("revoked_user", user)
            .with("revoked_session", session.session.as_str());
        self.recorder
            .record(&station.home, Operation::ConfigurationChange, Outcome::Done, act)
            .await
            .map_err(unavailable)?;
        self.end(station, &row.person, &session, "revoked").await?;
        Ok(Some(SignedIn {
            person: row.person,
            session,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::people::{Level, Purpose};
    use crate::server::log::sequencer::Sequencer;
    use crate::server::store::testing;

    const GRACE_MS: i64 = 3_600_000;

    struct Bench {
        _dir: tempfile::TempDir,
        sessions: Sessions,
        here: StationRow,
        there: StationRow,
    }

    async fn bench() -> Bench {
        let (dir, store, log) = testing::store().await;
        let (sequencer, _task) = Sequencer::start(store.clone(), vec![log.clone()], Arc::default()).unwrap();
        let recorder = Recorder::new(sequencer, 1).unwrap();
        let mut rows = Vec::new();
        for (n, name) in ["qui", "altrove"].into_iter().enumerate() {
            let station = name.parse().unwrap();
            let row = StationRow {
                station,
                home: log.controller.clone(),
                grace_s: 3600,
                quarantined: false,
            };
            store.enrol(&row, &[n as u8; 32]).await.unwrap();
            rows.push(row);
        }
        let person = Person {
            user: "neri".into(),
            display_name: "Ag. Neri".into(),
            body: "Polizia Locale".into(),
            level: Level::Operator,
            grants: vec![],
        };
        store
            .add_person(&person, &password::hash(&"giusta".into()).unwrap(), 0)
            .await
            .unwrap();
        let sessions = Sessions::new(store, recorder, Settings::default()).unwrap();
        let (there, here) = (rows.pop().unwrap(), rows.pop().unwrap());
        Bench {
            _dir: dir,
            sessions,
            here,
            there,
        }
    }

    impl Bench {
        async fn try_in(&self, station: &StationRow, password: &str, now: i64) -> Answer<Begun> {
            let ask = SignIn {
                user: "neri".into(),
                password: password.into(),
                purpose: Purpose::Traffic,
            };
            self.sessions.sign_in(station, ask, now).await
        }
    }

    #[tokio::test]
    async fn r_acc_1_the_lock_grows_holds_even_against_the_right_password_and_ends() {
        let bench = bench().await;
        let mut now = 1_000_000;
        for seconds in [0, 0, 5, 10, 20] {
            let wrong = bench.try_in(&bench.here, "sbagliata", now).await.err();
            assert_eq!(wrong, Some(RefusalKind::WrongCredentials));
            if seconds > 0 {
                let locked = bench.try_in(&bench.here, "giusta", now + 1).await.err();
                assert_eq!(locked, Some(RefusalKind::LockedOut { seconds }));
            }
            now += i64::try_from(seconds).unwrap() * 1000;
        }
        assert!(bench.try_in(&bench.here, "giusta", now).await.is_ok());
        assert!(bench.try_in(&bench.here, "sbagliata", now).await.is_err());
        assert!(
            bench.try_in(&bench.here, "giusta", now).await.is_ok(),
            "a right password forgets the wrong ones"
        );
    }

    #[tokio::test]
    async fn r_acc_1_another_place_takes_over_only_after_the_grace_of_silence() {
        let bench = bench().await;
        let begun = bench.try_in(&bench.here, "giusta", 0).await.ok().unwrap();
        let token = begun.token.expose_secret();
        let still = bench.try_in(&bench.there, "giusta", GRACE_MS).await.err();
        assert_eq!(still, Some(RefusalKind::AlreadyActiveElsewhere));
        bench.sessions.of_token(&bench.here, token, GRACE_MS).await.unwrap();
        let seen = bench
            .try_in(&bench.there, "giusta", GRACE_MS + SILENCE_SLACK_MS + 1)
            .await
            .err();
        assert_eq!(seen, Some(RefusalKind::AlreadyActiveElsewhere), "it was used meanwhile");
        assert!(
            bench
                .try_in(&bench.there, "giusta", 2 * GRACE_MS + SILENCE_SLACK_MS + 1)
                .await
                .is_ok()
        );
        let ended = bench.sessions.of_token(&bench.here, token, 2 * GRACE_MS).await.err();
        assert_eq!(ended, Some(RefusalKind::SessionEnded));
    }

    #[tokio::test]
    async fn a_session_ends_by_itself() {
        let bench = bench().await;
        let begun = bench.try_in(&bench.here, "giusta", 0).await.ok().unwrap();
        let token = begun.token.expose_secret();
        assert!(
            bench
                .sessions
                .of_token(&bench.here, token, 12 * 3_600_000 - 1)
                .await
                .is_ok()
        );
        let ended = bench.sessions.of_token(&bench.here, token, 12 * 3_600_000).await.err();
        assert_eq!(ended, Some(RefusalKind::SessionEnded));
    }
}
