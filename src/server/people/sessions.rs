//! Signing in and out. One account is active at one workstation at a time (R-ACC-1).
//!
//! Invariant: granted and refused sign-ins alike are durable in the log before they are answered; a session is silent
//! at most for the workstation's grace before another workstation may take the account over.
//! Deliberately absent: HTTP, asking the other workstation for the account (`takeover`).

use super::authentication::{Answer, Claim, Door, Factor, MAX_USER, unavailable};
use super::wanted_accounts::{WantedAccount, WantedAccounts};
use crate::domain::audit::details::Say as _;
use crate::domain::audit::details::any_operation::{Cause, Why};
use crate::domain::audit::details::configuration::SessionRevoked;
use crate::domain::audit::details::presence::{PurposeChange, SignIn, SignInRefused, SignOut};
use crate::domain::audit::event::Outcome;
use crate::domain::people::Person;
use crate::domain::people::account::AccountStatus;
use crate::domain::people::second_person::GIVEN_LATELY_MS;
use crate::domain::people::stated_purpose::{NoProtocolNumber, Stated};
use crate::domain::people::takeover::Yielding;
use crate::domain::reason::Reason;
use crate::protocol::{LetInAlone, PasswordConfirmation, RefusalKind, SessionRequest};
use crate::server::config::Settings;
use crate::server::keys::random;
use crate::server::log::recorder::{Act, Recorder};
use crate::server::now::now_ms;
use crate::server::store::Store;
use crate::server::store::registry::{SessionRow, StationRow};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::Mutex;

/// A session's last use is written this often, ms.
const SEEN_EVERY_MS: i64 = 30_000;
/// Added to the grace before a silent session gives way, ms.
const SILENCE_SLACK_MS: i64 = 60_000;

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
    pub(super) store: Store,
    pub(super) recorder: Recorder,
    pub(super) settings: Settings,
    door: Door,
    /// One sign-in at a time: guesses cannot race the lock-out, nor two sign-ins the one session.
    pub(super) one: Arc<Mutex<()>>,
    pub(super) wanted: WantedAccounts,
}

pub(super) fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// What was noted beside the purpose; `None` where nothing was.
fn noted(stated: &Stated) -> Option<String> {
    (!stated.note().is_empty()).then(|| stated.note().to_owned())
}

impl Sessions {
    /// Behind this door.
    pub fn new(store: Store, recorder: Recorder, settings: Settings, door: Door) -> Self {
        Self {
            store,
            recorder,
            settings,
            door,
            one: Arc::default(),
            wanted: WantedAccounts::default(),
        }
    }

    /// Supervisors' accounts that came into use at the server's console lately.
    ///
    /// # Errors
    /// [`RefusalKind::Unavailable`]: the store does not answer.
    pub async fn let_in_alone(&self, now: i64) -> Answer<Vec<LetInAlone>> {
        let lately = self.store.all_let_in_alone(now.saturating_sub(GIVEN_LATELY_MS)).await;
        lately.map_err(unavailable)
    }

    /// Seconds without a hand after which a workstation locks.
    pub fn lock_after_s(&self) -> u64 {
        u64::from(self.settings.lock_minutes) * 60
    }

    /// Signs a person in at a workstation that calls from `from`. `now` is Unix ms, here and below.
    ///
    /// # Errors
    /// Wrong credentials, locked out, active elsewhere, or not recordable.
    pub async fn sign_in(&self, station: &StationRow, from: IpAddr, ask: SessionRequest, now: i64) -> Answer<Begun> {
        let one = Arc::clone(&self.one);
        let _alone = one.lock().await;
        let admitted = match ask.stated() {
            Ok(stated) => self
                .admit(station, from, &ask, &stated, now)
                .await
                .map(|person| (person, stated)),
            Err(NoProtocolNumber) => Err(RefusalKind::NoProtocolNumber),
        };
        match admitted {
            Ok((person, stated)) => self.begin(station, &stated, person, now).await,
            Err(why) => Err(self.refused(station, &ask.user, why).await),
        }
    }

    /// Records that somebody was not let in. Gives what is answered.
    pub(super) async fn refused(&self, station: &StationRow, user: &str, why: RefusalKind) -> RefusalKind {
        if why == RefusalKind::Unavailable {
            return why;
        }
        let typed: String = user.chars().take(MAX_USER).collect();
        let reason = serde_json::to_value(&why).unwrap_or_default();
        let refused = SignInRefused::default().because(Why::Told(reason));
        let act = Act {
            typed_user: &typed,
            at: Some(&station.station),
            ..Act::default()
        };
        let recorded = self
            .recorder
            .record(&station.home, refused, Outcome::Refused, act)
            .await;
        recorded.map_or_else(unavailable, |()| why)
    }

    async fn admit(
        &self,
        station: &StationRow,
        from: IpAddr,
        ask: &SessionRequest,
        stated: &Stated,
        now: i64,
    ) -> Answer<Person> {
        if station.quarantined {
            return Err(RefusalKind::UnknownStation);
        }
        let claim = Claim {
            user: &ask.user,
            password: &ask.password,
            factor: Factor::Code(ask.code.as_ref(), station.kind),
        };
        let row = self.door.prove(&claim, from, now).await?;
        if row.life.standing(now) == AccountStatus::MustChoosePassword {
            return Err(RefusalKind::MustChoosePassword);
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
                let want = WantedAccount {
                    ticket: ask.ticket.as_ref().map(|ticket| token_hash(ticket.expose_secret())),
                    stated: stated.clone(),
                    station: station.station.clone(),
                    active_at: open.station,
                    at_ms: now,
                    yielding: Yielding::proven(now),
                };
                self.wanted.keep(&ask.user, &want);
                return Err(RefusalKind::AlreadyActiveElsewhere);
            }
            self.end(station, &row.person, &open, Cause::Replaced).await?;
        }
        Ok(row.person)
    }

    /// Proves again who is at a locked workstation.
    ///
    /// # Errors
    /// As for signing in.
    pub async fn prove(
        &self,
        station: &StationRow,
        who: &SignedIn,
        from: IpAddr,
        proof: PasswordConfirmation,
        now: i64,
    ) -> Answer<()> {
        let one = Arc::clone(&self.one);
        let _alone = one.lock().await;
        let claim = Claim {
            user: &who.person.user,
            password: &proof.password,
            factor: Factor::Spared,
        };
        match self.door.prove(&claim, from, now).await {
            Ok(_) => Ok(()),
            Err(why) => Err(self.refused(station, &who.person.user, why).await),
        }
    }

    pub(super) async fn begin(&self, station: &StationRow, stated: &Stated, person: Person, now: i64) -> Answer<Begun> {
        let stated = &stated.clone().at_level(person.level);
        let token = hex::encode(random::<32>().map_err(unavailable)?);
        let session = SessionRow {
            session: uuid::Uuid::new_v4().to_string(),
            user: person.user.clone(),
            station: station.station.clone(),
            purpose: stated.purpose(),
            note: stated.note().to_owned(),
            protocol_no: stated.protocol_no().to_owned(),
            begun_ms: now,
            seen_ms: now,
            expires_ms: now + i64::from(self.settings.session_hours) * 3_600_000,
        };
        let act = Act {
            person: Some(&person),
            session: &session.session,
            at: Some(&station.station),
            purpose: Some(stated.purpose()),
            protocol_no: stated.protocol_no(),
            ..Act::default()
        };
        self.recorder
            .record(&station.home, SignIn { note: noted(stated) }, Outcome::Done, act)
            .await
            .map_err(unavailable)?;
        self.store
            .begin_session(&session, &token_hash(&token))
            .await
            .map_err(unavailable)?;
        self.wanted.forget(&person.user);
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
        let row = self.store.life(&session.user).await.map_err(unavailable)?;
        // A password that grows too old does not end a shift; everything else that ends an account does.
        let good = |standing| matches!(standing, AccountStatus::Good | AccountStatus::MustChoosePassword);
        let row = row.filter(|row| good(row.life.standing(now)));
        let row = row.ok_or(RefusalKind::SessionEnded)?;
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

    /// Ends a session, recorded first.
    ///
    /// # Errors
    /// It cannot be recorded or ended now.
    pub async fn end(&self, station: &StationRow, person: &Person, session: &SessionRow, why: Cause) -> Answer<()> {
        let act = Act {
            person: Some(person),
            session: &session.session,
            at: Some(&session.station),
            purpose: Some(session.purpose),
            protocol_no: &session.protocol_no,
            ..Act::default()
        };
        self.recorder
            .record(&station.home, SignOut::default().because(why), Outcome::Done, act)
            .await
            .map_err(unavailable)?;
        let ended = self.store.end_session(&session.session, now_ms()).await;
        ended.map_err(unavailable)
    }

    /// Another purpose is in force in somebody's session from now on; recorded first, with the one before.
    ///
    /// # Errors
    /// It cannot be recorded or kept now.
    pub async fn change_purpose(&self, station: &StationRow, who: &SignedIn, stated: &Stated) -> Answer<()> {
        let stated = &stated.clone().at_level(who.person.level);
        let act = Act {
            person: Some(&who.person),
            session: &who.session.session,
            at: Some(&station.station),
            purpose: Some(stated.purpose()),
            protocol_no: stated.protocol_no(),
            ..Act::default()
        };
        let changed = PurposeChange {
            note: noted(stated),
            purpose_before: Some(who.session.purpose),
            protocol_no_before: Some(who.session.protocol_no.clone()),
            ..PurposeChange::default()
        };
        self.recorder
            .record(&station.home, changed, Outcome::Done, act)
            .await
            .map_err(unavailable)?;
        let kept = self.store.change_purpose(&who.session.session, stated).await;
        kept.map_err(unavailable)
    }

    /// Ends the session of another person, whoever and wherever they are (R-ACC-3). `None`: there was none.
    ///
    /// # Errors
    /// It cannot be recorded or ended now.
    pub async fn revoke(
        &self,
        station: &StationRow,
        by: &SignedIn,
        user: &str,
        reason: Option<&Reason>,
    ) -> Answer<Option<SignedIn>> {
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
            protocol_no: &by.session.protocol_no,
            ..Act::default()
        };
        let revoked = SessionRevoked {
            revoked_user: Some(user.to_owned()),
            revoked_session: Some(session.session.clone()),
            reason: reason.map(|reason| reason.as_str().to_owned()),
        };
        self.recorder
            .record(&station.home, revoked, Outcome::Done, act)
            .await
            .map_err(unavailable)?;
        self.end(station, &row.person, &session, Cause::Revoked).await?;
        Ok(Some(SignedIn {
            person: row.person,
            session,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::people::{Level, Purpose, StationKind};
    use crate::server::keys::Vault;
    use crate::server::log::sequencer::Sequencer;
    use crate::server::people::password;
    use crate::server::store::accounts::Appointment;
    use crate::server::store::testing;
    use std::net::Ipv4Addr;

    const GRACE_MS: i64 = 3_600_000;

    struct Bench {
        _dir: tempfile::TempDir,
        sessions: Sessions,
        here: StationRow,
        there: StationRow,
    }

    async fn bench() -> Bench {
        let (dir, store, log) = testing::store().await;
        let data = crate::server::config::DataDir::new(dir.path());
        let (sequencer, _task) = Sequencer::start(&data, store.clone(), vec![log.clone()], Arc::default()).unwrap();
        let recorder = Recorder::new(sequencer, 1).unwrap();
        let mut rows = Vec::new();
        for (n, name) in ["qui", "altrove"].into_iter().enumerate() {
            let station = name.parse().unwrap();
            let row = StationRow {
                station,
                home: log.controller.clone(),
                grace_s: 3600,
                quarantined: false,
                kind: StationKind::ControlRoom,
            };
            store.enrol(&row, &[n as u8; 32]).await.unwrap();
            rows.push(row);
        }
        let person = Person {
            user: "neri".into(),
            display_name: "Ag. Neri".into(),
            agency: "Polizia Locale".into(),
            level: Level::Operator,
            grants: vec![],
        };
        store
            .add_person(
                &person,
                &password::hash(&"giusta".into()).unwrap(),
                0,
                &Appointment::default(),
                &log.controller,
            )
            .await
            .unwrap();
        let vault = Vault::create(&dir.path().join("vault.key")).unwrap();
        let settings = Settings::default();
        let door = Door::new(store.clone(), vault, settings.second_factor).unwrap();
        let sessions = Sessions::new(store, recorder, settings, door);
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
            let ask = SessionRequest {
                user: "neri".into(),
                password: password.into(),
                code: None,
                purpose: Purpose::Traffic,
                note: String::new(),
                protocol_no: String::new(),
                ticket: None,
            };
            self.sessions
                .sign_in(station, Ipv4Addr::LOCALHOST.into(), ask, now)
                .await
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
