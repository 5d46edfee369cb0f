//! A signed-in person at this workstation, and what lives as long as the session.
//!
//! Invariant: camera credentials live in memory and no longer than the session; when it ends, every view and gesture
//! ends with it and is recorded before the sign-out.
//! Deliberately absent: the acts themselves (one file each), how it ends (`sign_out`).

use super::authorised_act::{Parameters, class_of, parameters};
use super::camera_connection::Cameras;
use super::clearance::Clearances;
use super::dome_lease::DomeLeases;
use super::health::{Health, Need, ServerState};
use super::outbox::Recorded;
use super::plan_in_force::{Policy, ZONE};
use super::pose_tracking::Domes;
use super::refusal::Refusal;
use super::workstation::{Workstation, body_without_person};
use crate::domain::audit::event::{Body, Event, Operation, Outcome};
use crate::domain::camera::{CameraId, ControllerId};
use crate::domain::people::stated_purpose::Stated;
use crate::domain::people::{Circumstances, Level, Person, Reach, Rule, StationKind};
use crate::domain::site::{CameraPlan, SitePlan};
use crate::protocol::{CredentialNeed, Holder, Knock, PasswordConfirmation};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use secrecy::SecretString;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Between two questions to the server; it answers within a second, at once when something changed.
const AT_ONCE: Duration = Duration::from_millis(5);
/// After a question that was not answered.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// What the server vouched for.
pub struct Facts {
    pub person: Person,
    /// The purpose as it was stated at sign-in; what is in force now is [`SessionInner::stated`].
    pub stated: Stated,
    /// Public identifier of the session.
    pub session: String,
    pub token: SecretString,
    /// The log of what belongs to no camera.
    pub home: ControllerId,
    /// What this workstation is for, as the server says.
    pub kind: StationKind,
    /// Without a hand for so long, the workstation locks.
    pub lock_after: Option<Duration>,
    /// The plan at sign-in; what is in force now is in [`SessionInner::policy`].
    pub plan: Arc<SitePlan>,
}

impl Facts {
    /// Writes who, and why as it was stated at sign-in, into an event.
    pub fn fill(&self, body: &mut Body) {
        body.person.clone_from(&self.person.user);
        body.level = Some(self.person.level);
        body.agency.clone_from(&self.person.agency);
        body.session.clone_from(&self.session);
        fill_purpose(body, &self.stated);
        body.policy_version = body.policy_version.max(self.plan.version);
    }
}

/// Writes a purpose into an event.
pub fn fill_purpose(body: &mut Body, stated: &Stated) {
    body.purpose = Some(stated.purpose());
    stated.protocol_no().clone_into(&mut body.protocol_no);
}

/// A signed-in person at this workstation. Cheap to clone; all methods are safe to call from any task.
#[derive(Clone)]
pub struct Session(pub(super) Arc<SessionInner>);

/// What a [`Session`] is made of.
pub struct SessionInner {
    pub station: Arc<Workstation>,
    pub facts: Facts,
    pub cameras: Cameras,
    pub domes: Domes,
    pub holds: DomeLeases,
    pub policy: Arc<Policy>,
    pub clearances: Clearances,
    /// The purpose in force.
    pub(super) stated: watch::Sender<Stated>,
    ended: watch::Sender<bool>,
    pub(super) open_acts: watch::Sender<usize>,
    told: watch::Sender<ServerNotice>,
}

/// What the server said last of this session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct ServerNotice {
    /// Its clock, Unix ms, and when it said so: nobody's hand is on that clock here.
    clock: Option<(i64, Instant)>,
    knock: Option<Knock>,
}

/// Counts an act that is under way; a sign-out waits for it.
pub struct OpenAct(watch::Sender<usize>);

impl OpenAct {
    /// One more.
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
    /// Whether nothing may be begun any more.
    pub fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }

    /// Ends the session here: every view and gesture notices.
    pub fn end(&self) {
        self.ended.send_replace(true);
    }

    /// Waits until the session ends.
    pub async fn until_ended(&self) {
        let mut ended = self.ended.subscribe();
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// Waits until nothing that needs this may go on: the session ended, or the table in `docs/log.md` says no.
    pub async fn until_forbidden(&self, need: Need) -> Refusal {
        let mut standing = self.station.standing.clone();
        let forbidden = async {
            let standing = standing.wait_for(|standing| standing.allows(need).is_err()).await;
            standing.ok().and_then(|standing| standing.allows(need).err())
        };
        tokio::select! {
            () = self.until_ended() => Refusal::SessionEnded,
            refusal = forbidden => refusal.unwrap_or(Refusal::SessionEnded),
        }
    }

    /// Where and when something is asked here: by the server's clock as far as it was heard, so that nobody widens the
    /// hours of a grant by setting this machine's.
    pub fn circumstances(&self) -> Circumstances {
        let now = match self.told.borrow().clock {
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

    /// Keeps what the server said of the session itself.
    pub fn hear_of_session(&self, now_ms: i64, knock: Option<Knock>) {
        self.told.send_replace(ServerNotice {
            clock: Some((now_ms, Instant::now())),
            knock,
        });
    }

    /// A camera of the plan.
    ///
    /// # Errors
    /// The plan does not have it: nothing is granted on it.
    pub fn camera(&self, id: &CameraId) -> Result<CameraPlan, Refusal> {
        let plan = self.policy.plan();
        plan.camera(id).cloned().ok_or(Refusal::Rule(Rule::NoGrant))
    }

    /// What credentials of cameras are for in this session (R-MNT-1).
    pub fn credential_need(&self) -> CredentialNeed {
        match self.facts.person.level {
            Level::Operator | Level::Supervisor | Level::ForceOperator => CredentialNeed::Picture,
            Level::Maintainer | Level::SystemAdministrator => CredentialNeed::Figures,
        }
    }

    /// Whether this is the person of the session, at this workstation.
    pub fn is_me(&self, holder: &Holder) -> bool {
        holder.user == self.facts.person.user && holder.station == self.station.id
    }

    /// Writes who, and why as of now, into an event.
    pub fn fill(&self, body: &mut Body) {
        self.facts.fill(body);
        fill_purpose(body, &self.stated.borrow());
    }

    /// Records something of the session itself, in the workstation's own log.
    pub(super) async fn record(
        &self,
        operation: Operation,
        outcome: Outcome,
        parameters: Parameters,
    ) -> Result<Recorded, Refusal> {
        let mut body = body_without_person(&self.station.id, operation, outcome);
        self.fill(&mut body);
        body.parameters = parameters;
        let event = Event {
            log: self.facts.home.clone(),
            class: class_of(self.stated.borrow().purpose()),
            body,
        };
        Ok(self.station.outbox.append(event).await?)
    }
}

impl Session {
    /// Begins a session whose sign-in is recorded.
    pub(super) fn start(station: Arc<Workstation>, facts: Facts) -> Self {
        let policy = Arc::new(Policy::new(Arc::clone(&facts.plan)));
        let stated = watch::Sender::new(facts.stated.clone());
        let inner = Arc::new(SessionInner {
            policy,
            station,
            facts,
            cameras: Cameras::default(),
            domes: Domes::default(),
            holds: DomeLeases::default(),
            clearances: Clearances::default(),
            stated,
            ended: watch::Sender::new(false),
            open_acts: watch::Sender::new(0),
            told: watch::Sender::default(),
        });
        tokio::spawn(keep_in_touch(Arc::downgrade(&inner)));
        Self(inner)
    }

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

    /// What the top bar shows; changes as things change.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.0.station.health.clone()
    }

    /// Becomes true when the session is over: signed out here, or ended by the server.
    pub fn ended(&self) -> watch::Receiver<bool> {
        self.0.ended.subscribe()
    }

    /// Where and when something would be asked now, for what the screen offers.
    pub fn circumstances(&self) -> Circumstances {
        self.0.circumstances()
    }

    /// The workstation that tries to use this person's account now.
    pub fn knock(&self) -> Option<Knock> {
        self.0.told.borrow().knock.clone()
    }

    /// When a moment of the server's clock, Unix ms, is here; now, as long as that clock was not heard.
    pub fn moment(&self, server_ms: i64) -> Instant {
        let told = self.0.told.borrow();
        let Some((clock_ms, at)) = told.clock else {
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

    /// Without a hand for so long, the workstation locks.
    pub fn lock_after(&self) -> Option<Duration> {
        self.0.facts.lock_after
    }

    /// Records that the workstation was locked, by the person or by itself.
    ///
    /// # Errors
    /// [`Refusal::NotRecorded`]: it is locked all the same.
    pub async fn record_lock(&self, by_itself: bool) -> Result<(), Refusal> {
        self.record_locking("locked", Outcome::Done, by_itself).await
    }

    /// Opens a locked workstation: the server says whether it is the same person.
    ///
    /// # Errors
    /// It is not, or it cannot be asked or recorded.
    pub async fn unlock(&self, password: SecretString) -> Result<(), Refusal> {
        let proof = PasswordConfirmation { password };
        match self.0.station.server.prove(&self.0.facts.token, &proof).await {
            Ok(()) => self.record_locking("unlocked", Outcome::Done, false).await,
            Err(error) => {
                self.record_locking("unlocked", Outcome::Refused, false).await?;
                Err(error.into())
            }
        }
    }

    async fn record_locking(&self, state: &str, outcome: Outcome, by_itself: bool) -> Result<(), Refusal> {
        let with = parameters([("state", state.into()), ("by_itself", by_itself.into())]);
        self.0.record(Operation::WorkstationLock, outcome, with).await.map(drop)
    }

    /// Goes on although the server is away beyond the grace or too many records wait: this named officer, for this reason,
    /// for fifteen minutes, live and PTZ only. Recorded first.
    ///
    /// # Errors
    /// The level may not, there is no reason, or it cannot be recorded.
    pub async fn go_on(&self, reason: &str) -> Result<(), Refusal> {
        let facts = &self.0.facts;
        let officer = matches!(
            facts.person.level,
            Level::Operator | Level::Supervisor | Level::ForceOperator
        );
        let allowed = officer && !reason.trim().is_empty() && !self.0.has_ended();
        let outcome = if allowed { Outcome::Done } else { Outcome::Refused };
        let reason = reason.chars().take(500).collect::<String>();
        let with = parameters([("reason", reason.into())]);
        self.0.record(Operation::GraceExtended, outcome, with).await?;
        if !allowed {
            return Err(Refusal::Rule(Rule::NoGrant));
        }
        self.0.station.contact.go_on(Instant::now());
        Ok(())
    }
}

/// Always has a question at the server: what is in force and who holds what. Notices that the server is away or that it
/// ended the session.
async fn keep_in_touch(session: Weak<SessionInner>) {
    let mut known = 0;
    let mut unknown_here = false;
    loop {
        let Some(inner) = session.upgrade() else { return };
        if inner.has_ended() {
            return;
        }
        let asked = inner.station.server.policy(&inner.facts.token, known).await;
        let pause = match asked {
            Ok(told) => {
                unknown_here = false;
                inner.station.contact.reached();
                known = told.revision;
                inner.hear(told).await;
                AT_ONCE
            }
            Err(error) if error.is_session_ended() => {
                tracing::warn!("the server ended the session");
                inner.end();
                return;
            }
            // Once may be the certificate of before, on its way while the next one was taken up.
            Err(error) if error.is_unknown_station() && unknown_here => {
                tracing::warn!("this workstation was revoked");
                inner.end();
                return;
            }
            Err(error) if error.is_unknown_station() => {
                unknown_here = true;
                AT_ONCE
            }
            Err(error) => {
                if error.is_away() {
                    inner.station.contact.away();
                } else {
                    // It answered all the same.
                    inner.station.contact.reached();
                }
                // Who moves a dome is not heard now.
                inner.domes.on_silence(Instant::now());
                known = 0;
                ASK_AGAIN
            }
        };
        let ended = inner.ended.subscribe();
        drop(inner);
        wait(ended, pause).await;
    }
}

async fn wait(mut ended: watch::Receiver<bool>, pause: Duration) {
    let _ = tokio::time::timeout(pause, ended.wait_for(|ended| *ended)).await;
}
