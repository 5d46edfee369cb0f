//! The site plan in force, and how it changes: one person draws a mask or calibrates a dome, a supervisor who is another
//! person approves it, the server signs the next version (R-PRV-1).
//!
//! Invariant: a version is signed and kept before it is in force; a proposal and its verdict are durable in the log
//! before they are answered, with the mask as it was and as it becomes; a plan that does not make sense is never signed.
//! Deliberately absent: mask proposals over a restart (who drew it draws it again); changing cameras ([`site`]) and people.

mod site;

use crate::domain::audit::details::Say as _;
use crate::domain::audit::details::plan::{MaskChange as MaskEvent, MaskStep};
use crate::domain::audit::event::Outcome;
use crate::domain::audit::note::{SignerKey, Statement};
use crate::domain::camera::{CameraId, CameraKind, MaskId};
use crate::domain::people::second_person::{GIVEN_LATELY_MS, may_approve};
use crate::domain::people::{Asked, Circumstances, Decision, Right, decide};
use crate::domain::site::{CameraPlan, Mask, Revision, SitePlan};
use crate::protocol::{MaskChange, MaskProposal, ProposedMask, RefusalKind, SignedPlan, Verdict};
use crate::server::change_notifier::ChangeNotifier;
use crate::server::dome_leases::holder;
use crate::server::log::recorder::{Act, Recorder};
use crate::server::people::sessions::SignedIn;
use crate::server::step_error::Trouble;
use crate::server::store::Store;
use serde::Serialize;
use serde_json::Value;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Mutex;

/// Proposals kept at once.
const MOST_PROPOSALS: usize = 64;
/// Longest reason, characters.
const MOST_REASON: usize = 500;

/// The plan and what is proposed.
pub struct Plans {
    store: Store,
    key: SignerKey,
    recorder: Recorder,
    changes: ChangeNotifier,
    current: RwLock<Arc<SitePlan>>,
    /// Also the turn of whoever changes the plan.
    proposals: Mutex<Proposals>,
}

#[derive(Default)]
struct Proposals {
    waiting: Vec<ProposedMask>,
    last: u64,
}

impl Plans {
    /// With this plan in force.
    pub fn new(store: Store, key: SignerKey, recorder: Recorder, changes: ChangeNotifier, plan: SitePlan) -> Self {
        Self {
            store,
            key,
            recorder,
            changes,
            current: RwLock::new(Arc::new(plan)),
            proposals: Mutex::default(),
        }
    }

    /// The plan in force.
    pub fn current(&self) -> Arc<SitePlan> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Signs what somebody is shown of the plan in force. `None`: it does not become text.
    pub fn signed(&self, seen: &SitePlan, vkey: &str) -> Option<SignedPlan> {
        let plan = serde_json::to_string(seen).ok()?;
        let signature = self.key.sign_statement(Statement::Plan, &plan);
        Some(SignedPlan {
            plan,
            signature,
            vkey: vkey.to_owned(),
        })
    }

    /// What waits for a supervisor.
    pub async fn proposals(&self) -> Vec<ProposedMask> {
        self.proposals.lock().await.waiting.clone()
    }

    /// Takes a drawn mask in; it waits for a supervisor.
    ///
    /// # Errors
    /// It makes no sense, or it cannot be recorded.
    pub async fn propose(
        &self,
        camera: &CameraPlan,
        who: &SignedIn,
        mut proposal: MaskProposal,
        now_ms: i64,
    ) -> Result<ProposedMask, Trouble> {
        let mut proposals = self.proposals.lock().await;
        let reason: String = proposal.reason.trim().chars().take(MOST_REASON).collect();
        let plan = self.current();
        let sound = self.changed(&plan, &camera.id, &proposal, None).is_some();
        if reason.is_empty() || !sound || proposals.waiting.len() >= MOST_PROPOSALS {
            return Err(RefusalKind::Malformed.into());
        }
        proposal.reason = reason;
        let event = MaskEvent {
            step: Some(MaskStep::Proposed),
            ..said(camera, &proposal)
        };
        self.recorder
            .record(&camera.controller, event, Outcome::Intent, act(camera, who))
            .await?;
        proposals.last += 1;
        let proposed = ProposedMask {
            id: proposals.last,
            camera: camera.id.clone(),
            proposal,
            author: holder(who),
            at_ms: now_ms,
        };
        proposals.waiting.push(proposed.clone());
        Ok(proposed)
    }

    /// A supervisor's verdict, said `here`. Approved, the next version of the plan is in force when this returns.
    ///
    /// # Errors
    /// It is not theirs to say, the plan changed so that it makes no sense any more, or it cannot be recorded.
    pub async fn decide(
        &self,
        id: u64,
        who: &SignedIn,
        here: &Circumstances,
        verdict: Verdict,
        now_ms: i64,
    ) -> Result<(), Trouble> {
        let mut proposals = self.proposals.lock().await;
        let at = proposals.waiting.iter().position(|proposed| proposed.id == id);
        let at = at.ok_or(RefusalKind::NotFound)?;
        let proposed = proposals.waiting[at].clone();
        let plan = self.current();
        let camera = plan.camera(&proposed.camera).ok_or(RefusalKind::NotFound)?;
        let act = act(camera, who);
        let event = MaskEvent {
            author: Some(proposed.author.user.clone()),
            ..said(camera, &proposed.proposal)
        };
        let asked = Asked::Camera {
            right: Right::ApproveMask,
            controller: &camera.controller,
            camera: &camera.id,
        };
        let rule = match decide(&who.person, asked, here) {
            Decision::Allowed(_) => {
                let since = now_ms.saturating_sub(GIVEN_LATELY_MS);
                let givers = self.store.givers(&who.person.user, since).await?;
                let author = (proposed.author.user.as_str(), proposed.author.display_name.as_str());
                may_approve(&who.person, &givers, author, now_ms).err()
            }
            Decision::Refused(rule) => Some(rule),
        };
        if let Some(rule) = rule {
            self.recorder
                .record(&camera.controller, event.refused_by(rule), Outcome::Refused, act)
                .await?;
            return Err(RefusalKind::Rule(rule).into());
        }
        if verdict == Verdict::Decline {
            let declined = MaskEvent {
                step: Some(MaskStep::Declined),
                ..event
            };
            self.recorder
                .record(&camera.controller, declined, Outcome::Refused, act)
                .await?;
            proposals.waiting.remove(at);
            return Ok(());
        }
        let revision = Revision {
            number: 1 + number_of(camera, &proposed.proposal.change),
            author: proposed.author.user.clone(),
            approver: who.person.user.clone(),
            approved_ms: now_ms,
        };
        let next = self.changed(&plan, &camera.id, &proposed.proposal, Some(revision));
        let next = next.ok_or(RefusalKind::Malformed)?;
        let approved = MaskEvent {
            step: Some(MaskStep::Approved),
            plan: Some(next.version),
            ..event
        };
        self.recorder
            .record(&camera.controller, approved, Outcome::Done, act)
            .await?;
        self.put_in_force(next).await?;
        proposals.waiting.remove(at);
        Ok(())
    }

    /// The plan with a change; `None` when it would not make sense.
    fn changed(
        &self,
        plan: &SitePlan,
        camera: &CameraId,
        proposal: &MaskProposal,
        revision: Option<Revision>,
    ) -> Option<SitePlan> {
        let mut next = plan.clone();
        next.version = plan.version.checked_add(1)?;
        let camera = next.cameras.iter_mut().find(|found| &found.id == camera)?;
        let unmasked = camera.masks.is_empty();
        match &proposal.change {
            MaskChange::Put(mask) => {
                let mask = Mask {
                    revision,
                    ..mask.clone()
                };
                match camera.masks.iter_mut().find(|old| old.id == mask.id) {
                    Some(old) => *old = mask,
                    None => camera.masks.push(mask),
                }
            }
            MaskChange::Remove(id) => {
                let before = camera.masks.len();
                camera.masks.retain(|mask| &mask.id != id);
                if camera.masks.len() == before {
                    return None;
                }
            }
            MaskChange::Lens(lens) => {
                // Only what has a lens model is calibrated: it gets no other kind of camera a position to move by.
                camera.lens.replace(lens.clone())?;
            }
            MaskChange::Speeds(speeds) => {
                camera.lens.as_ref()?;
                camera.motion.speeds = speeds.clone();
            }
            MaskChange::Delays(delays) => {
                camera.lens.as_ref()?;
                camera.motion.delays = Some(delays.clone());
            }
        }
        take_findings(camera, proposal, unmasked);
        // Old troubles of a plan are not made worse; a new one is refused.
        (next.check().len() <= plan.check().len()).then_some(next)
    }
}

/// An act of this person with this camera.
fn act<'a>(camera: &'a CameraPlan, who: &'a SignedIn) -> Act<'a> {
    Act {
        person: Some(&who.person),
        session: &who.session.session,
        at: Some(&who.session.station),
        camera: Some(&camera.id),
        purpose: Some(who.session.purpose),
        protocol_no: &who.session.protocol_no,
        ..Act::default()
    }
}

/// What every event of a proposal says: mask, lens, speeds or delays, reason, before and after, and what was found.
fn said(camera: &CameraPlan, proposal: &MaskProposal) -> MaskEvent {
    let before = |id| mask_of(camera, id).map_or(Value::Null, json);
    let id_of = || camera.id.to_string();
    let (mask, lens, before, after) = match &proposal.change {
        MaskChange::Put(mask) => (Some(mask.id.to_string()), None, before(&mask.id), json(mask)),
        MaskChange::Remove(id) => (Some(id.to_string()), None, before(id), Value::Null),
        MaskChange::Lens(lens) => (None, Some(id_of()), json(&camera.lens), json(lens)),
        MaskChange::Speeds(speeds) => (None, None, json(&camera.motion.speeds), json(speeds)),
        MaskChange::Delays(delays) => (None, None, json(&camera.motion.delays), json(delays)),
    };
    MaskEvent {
        mask,
        lens,
        speeds: matches!(proposal.change, MaskChange::Speeds(_)).then(id_of),
        delays: matches!(proposal.change, MaskChange::Delays(_)).then(id_of),
        found: proposal.found.as_ref().map(json),
        reason: Some(proposal.reason.clone()),
        before: Some(before),
        after: Some(after),
        ..MaskEvent::default()
    }
}

/// Takes what was found at the camera into its plan. A calibration says anew how the picture lies; a mask only where none
/// lies in the picture yet, for those that are there were drawn in it as it lay then.
fn take_findings(camera: &mut CameraPlan, proposal: &MaskProposal, unmasked: bool) {
    let Some(found) = &proposal.found else { return };
    match &proposal.change {
        MaskChange::Lens(_) => {
            camera.orientation = Some(found.orientation.clone());
            camera.habits = found.habits.unwrap_or(camera.habits);
        }
        MaskChange::Put(_) if unmasked && camera.kind != CameraKind::Dome => {
            camera.orientation = Some(found.orientation.clone());
        }
        MaskChange::Put(_) | MaskChange::Remove(_) | MaskChange::Speeds(_) | MaskChange::Delays(_) => {}
    }
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn mask_of<'a>(camera: &'a CameraPlan, id: &MaskId) -> Option<&'a Mask> {
    camera.masks.iter().find(|mask| &mask.id == id)
}

fn number_of(camera: &CameraPlan, change: &MaskChange) -> u32 {
    let MaskChange::Put(mask) = change else { return 0 };
    let old = mask_of(camera, &mask.id).and_then(|mask| mask.revision.as_ref());
    old.map_or(0, |revision| revision.number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::note::VerifierKey;
    use crate::domain::people::{Grant, Level, Person, Purpose, Reach, Rule, StationKind};
    use crate::domain::privacy::declared_event::{Change, Declaration, DeclareError};
    use crate::domain::site::{
        Controller, DomeDelays, DomeHabits, Limits, MaskShape, MotionBounds, Orientation, SpeedRow, SpeedTable,
    };
    use crate::protocol::CameraFindings;
    use crate::server::declared::Declarations;
    use crate::server::log::sequencer::Sequencer;
    use crate::server::store::registry::SessionRow;
    use crate::server::store::testing;
    use std::time::{Duration, Instant};

    struct House {
        _dir: tempfile::TempDir,
        plans: Plans,
        declared: Declarations,
        vkey: VerifierKey,
    }

    /// In the control room.
    const HERE: Circumstances = Circumstances {
        station: StationKind::ControlRoom,
        server: Reach::Reachable,
        local: None,
    };

    fn site() -> SitePlan {
        let camera = CameraPlan {
            id: "cam-01".parse().unwrap(),
            number: 1,
            name: "Piazza".into(),
            place: "Piazza".into(),
            controller: "borgo".parse().unwrap(),
            kind: CameraKind::Fixed,
            onvif: "http://127.0.0.1:1/onvif/device_service".into(),
            lens: None,
            masks: vec![mask("m-1", true), mask("m-2", false)],
            limits: Limits {
                zoom_ceiling: Some(4.0),
                ..Limits::default()
            },
            motion: MotionBounds::default(),
            ground: None,
            school: None,
            personal_users: false,
            view: None,
            orientation: None,
            habits: crate::domain::site::DomeHabits::default(),
            return_home: None,
            critical: Vec::new(),
        };
        SitePlan {
            version: 7,
            controllers: vec![Controller {
                id: "borgo".parse().unwrap(),
                name: "Comune".into(),
                istat: "020001".into(),
            }],
            cameras: vec![camera],
            critical: Vec::new(),
        }
    }

    fn mask(id: &str, permanent: bool) -> Mask {
        Mask {
            id: id.parse().unwrap(),
            name: "Finestre".into(),
            shape: MaskShape::Picture(vec![[0.1, 0.1], [0.3, 0.1], [0.2, 0.3]]),
            permanent,
            reason: String::new(),
            style: Default::default(),
            revision: None,
        }
    }

    fn who(user: &str, level: Level) -> SignedIn {
        SignedIn {
            person: Person {
                user: user.into(),
                display_name: user.into(),
                agency: "Polizia Locale".into(),
                level,
                grants: vec![Grant {
                    controller: "borgo".parse().unwrap(),
                    cameras: vec![],
                    actions: vec![],
                    hours: vec![],
                }],
            },
            session: SessionRow {
                session: format!("s-{user}"),
                user: user.into(),
                station: "sala".parse().unwrap(),
                purpose: Purpose::UrbanSecurity,
                note: String::new(),
                protocol_no: String::new(),
                begun_ms: 0,
                seen_ms: 0,
                expires_ms: i64::MAX,
            },
        }
    }

    async fn house() -> House {
        let (dir, store, log) = testing::store().await;
        let data = crate::server::config::DataDir::new(dir.path());
        let (sequencer, _task) = Sequencer::start(&data, store.clone(), vec![log], std::sync::Arc::default()).unwrap();
        let recorder = Recorder::new(sequencer, 7).unwrap();
        let key = SignerKey::new("vedetta/plan", &[5; 32]).unwrap();
        let vkey = key.verifier();
        let changes = ChangeNotifier::default();
        House {
            plans: Plans::new(store, key, recorder.clone(), changes.clone(), site()),
            declared: Declarations::new(recorder, changes),
            vkey,
            _dir: dir,
        }
    }

    fn put(mask: Mask) -> MaskProposal {
        MaskProposal {
            change: MaskChange::Put(mask),
            reason: "nuovo balcone".into(),
            found: None,
        }
    }

    #[tokio::test]
    async fn r_prv_1_a_mask_changes_when_another_supervisor_approves_and_the_plan_is_signed_anew() {
        let house = house().await;
        let camera = site().cameras[0].clone();
        let author = who("neri", Level::Supervisor);
        let proposed = house
            .plans
            .propose(&camera, &author, put(mask("m-3", true)), 1)
            .await
            .unwrap();
        let decide = |by: SignedIn| {
            let plans = &house.plans;
            async move { plans.decide(proposed.id, &by, &HERE, Verdict::Approve, 2).await }
        };
        let rule = |answer| match answer {
            Err(Trouble::Refused(RefusalKind::Rule(rule))) => Some(rule),
            _ => None,
        };
        assert_eq!(rule(decide(who("neri", Level::Supervisor)).await), Some(Rule::FourEyes));
        assert_eq!(
            rule(decide(who("rossi", Level::Operator)).await),
            Some(Rule::SupervisorOnly)
        );
        assert_eq!(house.plans.current().version, 7);
        decide(who("villa", Level::Supervisor)).await.unwrap();
        let plan = house.plans.current();
        let revision = plan.cameras[0].masks[2].revision.clone().unwrap();
        assert_eq!((plan.version, revision.number), (8, 1));
        assert_eq!(
            (revision.author.as_str(), revision.approver.as_str()),
            ("neri", "villa")
        );
        let signed = house.plans.store.plan("").await.unwrap().unwrap();
        assert!(
            house
                .vkey
                .verify_statement(Statement::Plan, &signed.plan, &signed.signature)
                .is_ok()
        );
        assert_eq!(serde_json::from_str::<SitePlan>(&signed.plan).unwrap(), *plan);
        assert!(house.plans.proposals().await.is_empty());
        // A second version counts on; a mask that makes no sense is never proposed.
        let again = house
            .plans
            .propose(&camera, &author, put(mask("m-3", true)), 3)
            .await
            .unwrap();
        house
            .plans
            .decide(again.id, &who("villa", Level::Supervisor), &HERE, Verdict::Approve, 4)
            .await
            .unwrap();
        assert_eq!(
            house.plans.current().cameras[0].masks[2]
                .revision
                .as_ref()
                .unwrap()
                .number,
            2
        );
        let mut flat = mask("m-4", true);
        flat.shape = MaskShape::Picture(vec![[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]]);
        assert!(house.plans.propose(&camera, &author, put(flat), 5).await.is_err());
    }

    #[tokio::test]
    async fn r_prv_1_a_calibrated_lens_is_approved_like_a_mask_and_only_where_there_is_one() {
        let house = house().await;
        let fixed = site().cameras[0].clone();
        let proposal = MaskProposal {
            change: MaskChange::Lens(crate::domain::privacy::test_dome::lens()),
            reason: "palo spostato".into(),
            found: Some(CameraFindings {
                orientation: Orientation {
                    mirror: Some(true),
                    ..Orientation::default()
                },
                habits: Some(DomeHabits {
                    never_idle: true,
                    ..DomeHabits::default()
                }),
            }),
        };
        let author = who("neri", Level::Operator);
        let proposed = house.plans.propose(&fixed, &author, proposal.clone(), 1).await;
        assert!(matches!(proposed, Err(Trouble::Refused(RefusalKind::Malformed))));
        let mut plan = site();
        plan.cameras[0] =
            crate::domain::privacy::test_dome::dome_plan(MotionBounds::default(), site_lens(), Vec::new());
        *house.plans.current.write().unwrap() = Arc::new(plan.clone());
        let proposed = house
            .plans
            .propose(&plan.cameras[0], &author, proposal, 1)
            .await
            .unwrap();
        let supervisor = who("villa", Level::Supervisor);
        house
            .plans
            .decide(proposed.id, &supervisor, &HERE, Verdict::Approve, 2)
            .await
            .unwrap();
        let lens = house.plans.current().cameras[0].lens.clone();
        assert_eq!(lens, Some(crate::domain::privacy::test_dome::lens()));
        let dome = house.plans.current().cameras[0].clone();
        assert_eq!(
            dome.orientation.and_then(|lies| lies.mirror),
            Some(true),
            "as it was calibrated"
        );
        assert!(dome.habits.never_idle);
    }

    #[tokio::test]
    async fn r_prv_1_measured_speeds_are_in_the_plan_only_once_a_supervisor_approved_them() {
        let house = house().await;
        let mut plan = site();
        plan.cameras[0] =
            crate::domain::privacy::test_dome::dome_plan(MotionBounds::default(), site_lens(), Vec::new());
        *house.plans.current.write().unwrap() = Arc::new(plan.clone());
        let row = |velocity| SpeedRow {
            velocity,
            speed: 12.0,
            spread: 0.5,
        };
        let speeds = |pan| MaskProposal {
            change: MaskChange::Speeds(SpeedTable {
                pan,
                ..SpeedTable::default()
            }),
            reason: "taratura".into(),
            found: None,
        };
        let author = who("neri", Level::Operator);
        let propose = |pan| house.plans.propose(&plan.cameras[0], &author, speeds(pan), 1);
        let falling = propose(vec![row(0.5), row(0.4)]).await;
        assert!(matches!(falling, Err(Trouble::Refused(RefusalKind::Malformed))));
        let proposed = propose(vec![row(0.4), row(0.5)]).await.unwrap();
        let in_force = || house.plans.current().cameras[0].motion.speeds.clone();
        assert!(in_force().is_empty());
        let supervisor = who("villa", Level::Supervisor);
        let approved = house.plans.decide(proposed.id, &supervisor, &HERE, Verdict::Approve, 2);
        approved.await.unwrap();
        assert_eq!(in_force().pan.len(), 2);
    }

    #[tokio::test]
    async fn r_prv_1_measured_delays_are_in_the_plan_only_once_a_second_person_approved_them() {
        let house = house().await;
        let mut plan = site();
        plan.cameras[0] =
            crate::domain::privacy::test_dome::dome_plan(MotionBounds::default(), site_lens(), Vec::new());
        *house.plans.current.write().unwrap() = Arc::new(plan.clone());
        let delays = |status_age_s| MaskProposal {
            change: MaskChange::Delays(DomeDelays {
                status_age_s,
                picture_age_s: [0.0, 0.3],
                command_s: [0.0, 0.2],
                ramp_s: 0.4,
                obeys: true,
                target_move: None,
                capture_error_s: None,
            }),
            reason: "taratura".into(),
            found: None,
        };
        let author = who("neri", Level::Supervisor);
        let propose = |age| house.plans.propose(&plan.cameras[0], &author, delays(age), 1);
        let turned = propose([0.2, 0.1]).await;
        assert!(matches!(turned, Err(Trouble::Refused(RefusalKind::Malformed))));
        let proposed = propose([0.0, 0.2]).await.unwrap();
        let in_force = || house.plans.current().cameras[0].motion.delays.clone();
        let decide = |who| house.plans.decide(proposed.id, who, &HERE, Verdict::Approve, 2);
        assert!(
            decide(&author).await.is_err() && in_force().is_none(),
            "not by who measured them"
        );
        decide(&who("villa", Level::Supervisor)).await.unwrap();
        assert_eq!(in_force().map(|delays| delays.status_age_s), Some([0.0, 0.2]));
    }

    /// A lens that is not yet calibrated.
    fn site_lens() -> crate::domain::camera::LensModel {
        crate::domain::camera::LensModel {
            roll_deg: 2.0,
            ..crate::domain::privacy::test_dome::lens()
        }
    }

    #[tokio::test]
    async fn r_ptz_2_a_declared_event_ends_on_the_server_whatever_becomes_of_the_client() {
        let house = house().await;
        let camera = site().cameras[0].clone();
        let (now, officer) = (Instant::now(), who("neri", Level::Operator));
        let wish = |change| Declaration {
            change,
            reason: "rissa".into(),
            protocol_no: "12/2026".into(),
            minutes: 5,
        };
        let declare = |change, now| house.declared.declare(&camera, &officer, wish(change), now);
        let event = declare(Change::Ceilings, now).await.unwrap();
        assert_eq!((event.remaining_ms, event.by.user.as_str()), (300_000, "neri"));
        let almost = now + Duration::from_secs(299);
        assert_eq!(house.declared.all(almost).await.len(), 1);
        assert!(house.declared.all(now + Duration::from_secs(300)).await.is_empty());
        // Over means that it can be declared again; a mask is not the operator's to lift.
        assert!(declare(Change::Ceilings, now + Duration::from_secs(301)).await.is_ok());
        let lifted = declare(Change::Mask("m-2".parse().unwrap()), now).await;
        assert!(matches!(
            lifted,
            Err(Trouble::Refused(RefusalKind::Declare(DeclareError::SupervisorOnly)))
        ));
    }
}
