//! A signed-in person at this workstation, and what lives as long as the session.
//!
//! Invariant: camera credentials live in memory and no longer than the session; when it ends, every view and gesture
//! ends with it and is recorded before the sign-out.
//! Deliberately absent: the acts themselves (`act`, `admin`), what the server sends meanwhile (`server_watch`), how a session
//! ends (`sign_out`).

mod own_proof;

use self::own_proof::OwnProof;
use super::clearance::Clearances;
use crate::domain::audit::details::Details;
use crate::domain::audit::details::presence::{GraceExtended, LockState, WorkstationLock};
use crate::domain::audit::event::{Body, Event, Outcome};
use crate::domain::camera::{CameraId, ControllerId};
use crate::domain::people::stated_purpose::Stated;
use crate::domain::people::{Circumstances, Level, Person, Reach, Rule, StationKind};
use crate::domain::refusal::RefusalKind;
use crate::domain::site::{CameraPlan, SitePlan};
use crate::protocol::{CredentialNeed, Knock, LetInAlone, PasswordConfirmation};
use crate::station::camera::connection::Connections;
use crate::station::camera::dome_lease::{DomeLeases, OwnHolder};
use crate::station::camera::link::{CameraLink, SessionEnd};
use crate::station::camera::plan_in_force::{Policy, ZONE};
use crate::station::camera::pose_tracking::WatchedCameras;
use crate::station::machine::workstation::Workstation;
use crate::station::record::contact::ServerState;
use crate::station::record::event_body::{body_without_person, class_of};
use crate::station::record::health::{Health, Need};
use crate::station::record::outbox::Recorded;
use crate::station::record::server_client::ServerError;
use crate::station::refusal::Refusal;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use secrecy::SecretString;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The facts of a session that the server vouched for at the sign-in.
pub struct Facts {
    pub person: Person,
    /// The purpose as it was stated at sign-in; the one in force is [`SessionInner::stated`].
    pub stated: Stated,
    /// Public identifier of the session.
    pub session: String,
    pub token: SecretString,
    /// The log of what belongs to no camera.
    pub home: ControllerId,
    /// What this workstation is for, as the server says.
    pub kind: StationKind,
    /// The workstation locks after so long without input; `None`: never.
    pub lock_after: Option<Duration>,
    /// Supervisors' accounts that came into use lately without another supervisor.
    pub let_in_alone: Vec<LetInAlone>,
    /// The plan at sign-in; the one in force is in [`SessionInner::policy`].
    pub plan: Arc<SitePlan>,
}

impl Facts {
    /// What the session asks credentials of cameras for (R-MNT-1).
    pub fn credential_need(&self) -> CredentialNeed {
        match self.person.level {
            Level::Operator | Level::Supervisor | Level::ForceOperator => CredentialNeed::Picture,
            Level::Maintainer | Level::SystemAdministrator => CredentialNeed::Figures,
        }
    }

    /// Writes person, session and purpose as stated at sign-in into the body of an event.
    pub fn fill(&self, body: &mut Body) {
        body.person.clone_from(&self.person.user);
        body.level = Some(self.person.level);
        body.agency.clone_from(&self.person.agency);
        body.session.clone_from(&self.session);
        fill_purpose(body, &self.stated);
        body.policy_version = body.policy_version.max(self.plan.version);
    }
}

/// Writes a purpose and its protocol number into the body of an event.
pub fn fill_purpose(body: &mut Body, stated: &Stated) {
    body.purpose = Some(stated.purpose());
    stated.protocol_no().clone_into(&mut body.protocol_no);
}

/// A signed-in person at this workstation. Cheap to clone; all methods are safe to call from any task.
#[derive(Clone)]
pub struct Session(pub(in crate::station) Arc<SessionInner>);

/// The parts of a [`Session`].
pub struct SessionInner {
    pub station: Arc<Workstation>,
    pub facts: Facts,
    pub cameras: Arc<Connections>,
    pub watched: WatchedCameras,
    pub leases: Arc<DomeLeases>,
    pub policy: Arc<Policy>,
    pub clearances: Clearances,
    pub(super) own_proof: OwnProof,
    /// The purpose in force.
    pub(super) stated: watch::Sender<Stated>,
    ended: SessionEnd,
    pub(super) open_acts: watch::Sender<usize>,
    notice: watch::Sender<ServerNotice>,
    /// Domes that did not go back to their place, and why, until somebody is told.
    not_returned: Mutex<Vec<(CameraId, Refusal)>>,
}

/// The last notice of the server about this session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct ServerNotice {
    /// The server's clock, Unix ms, and when it was read: nobody at this workstation can set that clock.
    clock: Option<(i64, Instant)>,
    knock: Option<Knock>,
}

/// An act that is under way: a sign-out waits until it is dropped.
pub struct OpenAct(watch::Sender<usize>);

impl OpenAct {
    /// Counts one more act of the session.
    pub fn new(session: &SessionInner) -> Self {
        session.open_acts.send_modify(|count| *count += 1);
        Self(session.open_acts.clone())
    }
}

impl Drop for OpenAct {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

impl SessionInner {
    /// The parts of a session whose sign-in is recorded. Must be called on a tokio runtime.
    pub(super) fn new(station: Arc<Workstation>, facts: Facts) -> Self {
        let ended = SessionEnd::default();
        let link = CameraLink {
            server: station.server.clone(),
            contact: Arc::clone(&station.contact),
            token: facts.token.clone(),
            ended: ended.clone(),
            runtime: station.runtime.clone(),
        };
        let own = OwnHolder {
            user: facts.person.user.clone(),
            station: station.id.clone(),
        };
        let policy = Arc::new(Policy::new(Arc::clone(&facts.plan)));
        let cameras = Arc::new(Connections::new(link.clone(), facts.credential_need()));
        Self {
            watched: WatchedCameras::new(
                Arc::clone(&cameras),
                Arc::clone(&policy),
                Arc::clone(&station.pose_source),
                station.runtime.clone(),
            ),
            cameras,
            leases: Arc::new(DomeLeases::new(link, own)),
            clearances: Clearances::new(facts.person.user.clone(), facts.person.level),
            policy,
            own_proof: OwnProof::default(),
            stated: watch::Sender::new(facts.stated.clone()),
            ended,
            open_acts: watch::Sender::new(0),
            notice: watch::Sender::default(),
            not_returned: Mutex::default(),
            station,
            facts,
        }
    }

    /// Takes down that a dome which nobody steered did not go back to its place.
    pub fn did_not_return(&self, camera: CameraId, why: Refusal) {
        let mut told = self.not_returned.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|(dome, _)| *dome != camera);
        told.push((camera, why));
    }

    /// The domes that did not go back to their place since this was last asked.
    pub fn take_not_returned(&self) -> Vec<(CameraId, Refusal)> {
        std::mem::take(&mut *self.not_returned.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether nothing may be begun any more.
    pub fn has_ended(&self) -> bool {
        self.ended.has_come()
    }

    /// The end of the session, to wait for.
    pub(super) fn ended(&self) -> &SessionEnd {
        &self.ended
    }

    /// Ends the session here: every view and gesture notices.
    pub fn end(&self) {
        self.ended.end();
    }

    /// Waits until the session ends. Cancel-safe.
    pub async fn until_ended(&self) {
        self.ended.wait().await;
    }

    /// Waits until an act with this need may not go on: the session ended, or the audit path ([`Need`]) forbids it.
    /// Cancel-safe.
    pub async fn until_forbidden(&self, need: Need) -> Refusal {
        let mut standing = self.station.standing.clone();
        let forbidden = async {
            let standing = standing.wait_for(|standing| standing.allows(need).is_err()).await;
            standing.ok().and_then(|standing| standing.allows(need).err())
        };
        tokio::select! {
            () = self.until_ended() => Refusal::Kind(RefusalKind::SessionEnded),
            refusal = forbidden => refusal.unwrap_or(Refusal::Kind(RefusalKind::SessionEnded)),
        }
    }

    /// The circumstances of a decision made now: workstation, reach of the server, and local time by the server's clock, so
    /// that nobody widens the hours of a grant by setting this machine's.
    pub fn circumstances(&self) -> Circumstances {
        let now = match self.notice.borrow().clock {
            Some((ms, at)) => {
                let since = i64::try_from(at.elapsed().as_millis()).unwrap_or(i64::MAX);
                Timestamp::from_millisecond(ms.saturating_add(since)).ok()
            }
            None => None,
        };
        let zone = TimeZone::get(ZONE).ok();
        Circumstances {
            station: self.facts.kind,
            server: match self.station.contact.state(Instant::now()) {
                ServerState::Reachable => Reach::Reachable,
                ServerState::Away { .. } => Reach::Grace,
                ServerState::AwayTooLong => Reach::Away,
            },
            local: now.zip(zone).map(|(now, zone)| now.to_zoned(zone).datetime()),
        }
    }

    /// Stores a notice of the server: its clock (Unix ms) and the workstation that asks for the account.
    pub fn hear_of_session(&self, now_ms: i64, knock: Option<Knock>) {
        self.notice.send_replace(ServerNotice {
            clock: Some((now_ms, Instant::now())),
            knock,
        });
    }

    /// A camera of the plan.
    ///
    /// # Errors
    /// [`Rule::NoGrant`]: the plan does not have it, so nothing is granted on it.
    pub fn camera(&self, id: &CameraId) -> Result<CameraPlan, Refusal> {
        self.policy.camera(id)
    }

    /// Writes person, session and the purpose in force into the body of an event.
    pub fn fill(&self, body: &mut Body) {
        self.facts.fill(body);
        fill_purpose(body, &self.stated.borrow());
    }

    /// Records an event of the session itself, in the log of what belongs to no camera.
    ///
    /// # Errors
    /// [`Refusal::NotRecorded`], [`Refusal::DiskFull`] or [`Refusal::OutboxFilling`]: the event is not durable.
    pub async fn record(&self, what: impl Into<Details>, outcome: Outcome) -> Result<Recorded, Refusal> {
        let mut body = body_without_person(&self.station.id, what, outcome);
        self.fill(&mut body);
        let event = Event {
            log: self.facts.home.clone(),
            class: class_of(self.stated.borrow().purpose()),
            body,
        };
        Ok(self.station.outbox.append(event).await?)
    }
}

impl Session {
    /// Who is signed in.
    pub fn person(&self) -> &Person {
        &self.0.facts.person
    }

    /// The purpose of live viewing in force, with note and protocol number.
    pub fn stated(&self) -> Stated {
        self.0.stated.borrow().clone()
    }

    /// The plan in force, verified.
    pub fn plan(&self) -> Arc<SitePlan> {
        self.0.policy.plan()
    }

    /// Whether the audit path lets live pictures be seen now.
    pub fn may_watch(&self) -> bool {
        self.0.station.standing.borrow().allows(Need::Watch).is_ok()
    }

    /// Supervisors' accounts that came into use at the server's console lately, without another supervisor.
    pub fn let_in_alone(&self) -> &[LetInAlone] {
        &self.0.facts.let_in_alone
    }

    /// What the top bar shows; changes as things change.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.0.station.health.clone()
    }

    /// Becomes true when the session is over: signed out here, or ended by the server.
    pub fn ended(&self) -> watch::Receiver<bool> {
        self.0.ended.subscribe()
    }

    /// The circumstances a decision would be made in now, for what the screen offers.
    pub fn circumstances(&self) -> Circumstances {
        self.0.circumstances()
    }

    /// The workstation that tries to use this person's account now.
    pub fn knock(&self) -> Option<Knock> {
        self.0.notice.borrow().knock.clone()
    }

    /// A moment of the server's clock (Unix ms) by this machine's; now, as long as the server's clock is not known.
    pub fn moment(&self, server_ms: i64) -> Instant {
        let notice = self.0.notice.borrow();
        let Some((clock_ms, at)) = notice.clock else {
            return Instant::now();
        };
        let ahead = Duration::from_millis(server_ms.abs_diff(clock_ms));
        let moment = if server_ms >= clock_ms {
            at.checked_add(ahead)
        } else {
            at.checked_sub(ahead)
        };
        moment.unwrap_or(at)
    }

    /// How long without input until the workstation locks; `None`: never.
    pub fn lock_after(&self) -> Option<Duration> {
        self.0.facts.lock_after
    }

    /// Records that the workstation was locked, by the person or by itself.
    ///
    /// # Errors
    /// [`Refusal::NotRecorded`]: the workstation is locked all the same.
    pub async fn record_lock(&self, by_itself: bool) -> Result<(), Refusal> {
        let lock = WorkstationLock {
            state: Some(LockState::Locked),
            by_itself: Some(by_itself),
            ..WorkstationLock::default()
        };
        self.0.record(lock, Outcome::Done).await.map(drop)
    }

    /// Unlocks the workstation: the server checks that the password is that of the same person. While it is away, within the
    /// grace, the workstation goes by the password that the server accepted last.
    ///
    /// # Errors
    /// [`Refusal::WrongPassword`], also after too many wrong ones; [`Refusal::ServerAway`]; [`Refusal::NotRecorded`].
    pub async fn unlock(&self, password: SecretString) -> Result<(), Refusal> {
        let confirmation = PasswordConfirmation {
            password: password.clone(),
        };
        match self.0.station.server.prove(&self.0.facts.token, &confirmation).await {
            Ok(()) => {
                self.0.own_proof.accepted(password).await;
                self.record_unlocking(Outcome::Done, None).await
            }
            Err(error) if error.is_away() && !too_many(&error) => self.unlock_alone(password, error).await,
            Err(error) => {
                self.record_unlocking(Outcome::Refused, None).await?;
                Err(match Refusal::from(error) {
                    Refusal::Kind(RefusalKind::WrongCredentials) => Refusal::WrongPassword,
                    other => other,
                })
            }
        }
    }

    async fn unlock_alone(&self, password: SecretString, away: ServerError) -> Result<(), Refusal> {
        let server = self.circumstances().server;
        let (outcome, answer) = match self.0.own_proof.is(password, server).await {
            Some(true) => (Outcome::Done, Ok(())),
            Some(false) => (Outcome::Refused, Err(Refusal::WrongPassword)),
            None => (Outcome::Refused, Err(Refusal::from(away))),
        };
        self.record_unlocking(outcome, Some(true)).await?;
        answer
    }

    async fn record_unlocking(&self, outcome: Outcome, without_server: Option<bool>) -> Result<(), Refusal> {
        let lock = WorkstationLock {
            state: Some(LockState::Unlocked),
            by_itself: Some(false),
            without_server,
        };
        self.0.record(lock, outcome).await.map(drop)
    }

    /// Takes up the password with which the person signed in here.
    pub(super) async fn accepted(&self, password: SecretString) {
        self.0.own_proof.accepted(password).await;
    }

    /// Extends the grace although the server is away beyond it or too many events wait: by this named officer, for this
    /// reason, for fifteen minutes, live and PTZ only. Recorded first.
    ///
    /// # Errors
    /// [`Rule::NoGrant`] when the level may not or there is no reason; [`Refusal::NotRecorded`].
    pub async fn extend_grace(&self, reason: &str) -> Result<(), Refusal> {
        let facts = &self.0.facts;
        let officer = matches!(
            facts.person.level,
            Level::Operator | Level::Supervisor | Level::ForceOperator
        );
        let allowed = officer && !reason.trim().is_empty() && !self.0.has_ended();
        let outcome = if allowed { Outcome::Done } else { Outcome::Refused };
        let extended = GraceExtended {
            reason: Some(reason.chars().take(500).collect()),
        };
        self.0.record(extended, outcome).await?;
        if !allowed {
            return Err(Refusal::Kind(RefusalKind::Rule(Rule::NoGrant)));
        }
        self.0.station.contact.extend_grace(Instant::now());
        Ok(())
    }
}

/// Whether a server that is there wants fewer questions: what it then says is its own, and no outage.
fn too_many(error: &ServerError) -> bool {
    let why = RefusalKind::TooManyRequests;
    matches!(error, ServerError::Refused { why: said, .. } if *said == why)
}
