//! A gesture: between the first and the last command of one person on one dome.
//!
//! Invariant: every command passes the gate of `domain::ptz::limits` with what is known of the pose at that moment, is
//! taken down before it is sent, and ends by itself: by the timeout that goes to the camera with it, and by a watchdog
//! here when the key is let go without a word. A gesture ends with the dome seen to stand, and with its second event.
//! Deliberately absent: presets (see `presets`), asking for a dome that another workstation steers.

use crate::domain::audit::event::{Operation, Outcome};
use crate::domain::camera::{CameraId, CameraKind, Pose};
use crate::domain::people::Action;
use crate::domain::ptz::dead_man::{CAMERA_TIMEOUT, KEY_LOST};
use crate::domain::ptz::limits::LimitHit;
use crate::domain::ptz::stop::{StopAct, StopSequence};
use crate::domain::ptz::{Order, Velocity, gesture, limits};
use crate::domain::refusal::RefusalKind;
use crate::domain::site::CameraPlan;
use crate::onvif::{self, Ptz};
use crate::station::camera::dome_lease::LeaseGuard;
use crate::station::camera::watched::{Watched, moving};
use crate::station::record::event_body::{Parameters, parameters};
use crate::station::record::health::Need;
use crate::station::refusal::{CameraTrouble, Refusal, TroubleKind};
use crate::station::session::authorised_act::{Act, Intent, Right, why};
use crate::station::session::signed_in::Session;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long an absolute move is given to arrive before the gesture's end is written.
const ARRIVE: Duration = Duration::from_secs(10);
/// How long a dome is taken to be on its way to the target it was sent to.
const UNDERWAY: Duration = Duration::from_secs(2);
/// Between two looks while waiting for a dome.
const LOOK: Duration = Duration::from_millis(100);

/// A gesture. Dropping it stops the dome and records the end.
pub struct Gesture {
    drive: Arc<PtzDriver>,
    /// Dropped with the gesture: the task behind it stops the dome.
    _alive: watch::Sender<()>,
}

/// What moves the dome.
struct PtzDriver {
    /// Of this gesture, among those of this camera.
    number: u64,
    act: Act,
    watched: Arc<Watched>,
    ptz: Ptz,
    lease: LeaseGuard,
    motion: Mutex<Motion>,
    /// Becomes true when the end was recorded.
    ended: watch::Sender<Option<Result<(), Refusal>>>,
}

/// What was sent so far.
#[derive(Default)]
struct Motion {
    /// The last velocity and when it was sent.
    velocity: Option<(Velocity, Instant)>,
    /// The last move had this target: it is not stopped, it arrives.
    target: Option<Pose>,
    /// When anything that moves was last sent.
    last_move: Option<Instant>,
    commands: u64,
    highest_zoom: f64,
    /// Refusals already recorded in this gesture.
    refused: BTreeSet<String>,
    /// The person ended it.
    asked_to_end: bool,
}

impl Session {
    /// Begins a gesture on a dome: takes the lease and records the start before the first command.
    /// Dropping the gesture stops the dome and records the end.
    ///
    /// # Errors
    /// Before the act [`Refusal::Kind`] with the rule, [`Refusal::NotRecorded`], a server that is away longer than the grace;
    /// then, recorded, the lease that somebody else has, a camera that is no dome ([`Refusal::NotSupported`]), or
    /// [`Refusal::Camera`].
    pub async fn drive_ptz(&self, camera: &CameraId) -> Result<Gesture, Refusal> {
        let plan = self.0.camera(camera)?;
        let act = self
            .0
            .intend(Intent::new(
                Operation::PtzStart,
                &plan,
                Right::Grant(Action::Ptz),
                Need::Act,
            ))
            .await?;
        let ready = async {
            if plan.kind != CameraKind::Dome {
                return Err(Refusal::NotSupported);
            }
            let lease = self.0.leases.take(camera).await?;
            let watched = self.0.watched.watch(&plan, act.recorded());
            let ptz = self.0.cameras.connection(&plan, act.recorded()).await?.ptz().await?;
            Ok((lease, watched, ptz))
        };
        let (lease, watched, ptz) = match ready.await {
            Ok(ready) => ready,
            Err(refusal) => return Err(act.failed(refusal).await),
        };
        let mut act = act;
        act.settle(Outcome::Done, parameters([("fence", lease.fence().into())]))
            .await?;
        let drive = Arc::new(PtzDriver {
            number: watched.next_mover(),
            act,
            watched,
            ptz,
            lease,
            motion: Mutex::default(),
            ended: watch::Sender::new(None),
        });
        let (alive, dropped) = watch::channel(());
        self.0.station.runtime.spawn(follow(Arc::clone(&drive), dropped));
        Ok(Gesture { drive, _alive: alive })
    }
}

impl Gesture {
    /// Moves with a velocity in −1..1 per axis (pan right, tilt up, zoom in positive) until the next call. Must be
    /// repeated within [`KEY_LOST`] while the key is held: the dome is stopped otherwise.
    ///
    /// # Errors
    /// The limit that leaves nothing of the motion; a motion that is only slowed by one is not refused.
    pub async fn velocity(&self, pan: f64, tilt: f64, zoom: f64) -> Result<(), Refusal> {
        let wanted = Velocity { pan, tilt, zoom }.clamped();
        let outcome = self.drive.velocity(wanted).await;
        self.drive.note_refusal(outcome).await
    }

    /// Turns the dome so that the point `x, y` (0..1) of the picture comes to the centre.
    ///
    /// # Errors
    /// [`Refusal::Covered`] when the pose is not known, a limit, or the camera.
    pub async fn centre_on(&self, x: f64, y: f64) -> Result<(), Refusal> {
        let at = [x.clamp(0.0, 1.0), y.clamp(0.0, 1.0)];
        let outcome = self.drive.go(|plan, pose| gesture::centre_on(plan, pose, at)).await;
        self.drive.note_refusal(outcome).await
    }

    /// Zooms by one notch, which multiplies the magnification by `factor` and stops at the ceiling in force.
    ///
    /// # Errors
    /// The ceiling when the dome is already there, [`Refusal::Covered`] when the pose is not known, or the camera.
    pub async fn zoom_by(&self, factor: f64) -> Result<(), Refusal> {
        let outcome = self.drive.go(|plan, pose| gesture::zoom_by(plan, pose, factor)).await;
        self.drive.note_refusal(outcome).await
    }

    /// Stops, repeats Stop until the camera says idle, records the end.
    ///
    /// # Errors
    /// The dome was not seen to stand, or the end could not be recorded.
    pub async fn end(self) -> Result<(), Refusal> {
        let mut ended = self.drive.ended.subscribe();
        self.drive.motion().asked_to_end = true;
        drop(self);
        match ended.wait_for(Option::is_some).await.map(|ended| ended.clone()) {
            Ok(Some(result)) => result,
            Ok(None) | Err(_) => Err(Refusal::Kind(RefusalKind::SessionEnded)),
        }
    }
}

impl PtzDriver {
    fn motion(&self) -> MutexGuard<'_, Motion> {
        self.motion.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether commands may still be sent.
    fn check(&self) -> Result<(), Refusal> {
        let session = self.act.session();
        if session.has_ended() {
            return Err(Refusal::Kind(RefusalKind::SessionEnded));
        }
        session.station.standing.borrow().allows(Need::Act)?;
        self.lease.check()
    }

    async fn velocity(&self, wanted: Velocity) -> Result<(), Refusal> {
        if let Err(refusal) = self.check() {
            self.stop_at_once().await;
            return Err(refusal);
        }
        if wanted.is_zero() {
            self.stand().await;
            return Ok(());
        }
        let wanted = self.at_zoom(wanted);
        let reach = self.watched.reach(Instant::now(), self.command_delay());
        let (_, settled) = self.watched.ways(CAMERA_TIMEOUT);
        let in_force = self.watched.in_force(Instant::now());
        let plan = &in_force.plan;
        let allowed = limits::velocity(plan, &reach, &settled, wanted, CAMERA_TIMEOUT.as_secs_f64());
        if allowed.velocity.is_zero() {
            self.stop_at_once().await;
            let of_limit = |hit| Refusal::of_limit(hit, plan);
            return Err(allowed.hit.map_or(Refusal::PositionLimit, of_limit));
        }
        let (command, now) = (self.command(allowed.velocity), Instant::now());
        self.watched.on_command(now, Order::Velocity(allowed.velocity));
        self.sent(now, |motion| {
            motion.velocity = Some((allowed.velocity, now));
            motion.target = None;
        });
        let result = self.ptz.continuous(command, CAMERA_TIMEOUT).await;
        self.look();
        match (result, allowed.hit) {
            (Err(error), _) => Err(error.into()),
            // Zoom was asked for alone or beside, and nothing of it is left: say so, the rest moves on.
            (Ok(()), Some(hit)) if wanted.zoom > 0.0 && allowed.velocity.zoom == 0.0 => {
                Err(Refusal::of_limit(hit, plan))
            }
            (Ok(()), _) => Ok(()),
        }
    }

    /// The velocity that suits the field of view the dome last reported; as wanted when it is not known.
    fn at_zoom(&self, wanted: Velocity) -> Velocity {
        match (&self.watched.plan.lens, self.watched.reported_pose()) {
            (Some(lens), Some(pose)) => gesture::at_zoom(lens, pose.hfov_deg, wanted),
            (None, _) | (_, None) => wanted,
        }
    }

    fn command_delay(&self) -> Duration {
        Duration::from_secs_f64(self.watched.plan.motion.command_delay_s.clamp(0.0, 10.0))
    }

    /// Only the axes that move or moved: a zoom component makes some cameras refuse the whole command.
    fn command(&self, velocity: Velocity) -> onvif::Velocity {
        let before = self.motion().velocity.map_or(Velocity::ZERO, |(velocity, _)| velocity);
        let turns = [velocity.pan, velocity.tilt, before.pan, before.tilt]
            .iter()
            .any(|v| *v != 0.0);
        let zooms = velocity.zoom != 0.0 || before.zoom != 0.0;
        onvif::Velocity {
            pan: turns.then_some(velocity.pan),
            tilt: turns.then_some(velocity.tilt),
            zoom: zooms.then_some(velocity.zoom),
        }
    }

    /// Goes to the pose that `target` makes of the limits in force and the present pose.
    async fn go(&self, target: impl Fn(&CameraPlan, Pose) -> Result<Pose, LimitHit>) -> Result<(), Refusal> {
        self.check()?;
        let lens = self.watched.plan.lens.as_ref().ok_or(Refusal::NotSupported)?;
        let pose = self.present_pose().await?;
        let (from, settled) = self.watched.ways(CAMERA_TIMEOUT);
        let in_force = self.watched.in_force(Instant::now());
        let allowed = |to: Pose| limits::passage(&in_force.plan, &from, &settled, &to).map(|()| to);
        let to = target(&in_force.plan, pose)
            .and_then(allowed)
            .map_err(|hit| Refusal::of_limit(hit, &in_force.plan))?;
        let now = Instant::now();
        self.watched.on_command(now, Order::Position(to));
        self.sent(now, |motion| {
            motion.velocity = None;
            motion.target = Some(to);
        });
        self.ptz.absolute(lens.position_of(to)).await?;
        self.look();
        Ok(())
    }

    /// The pose a command starts from: where the dome was just sent, or where it says it is. Not the middle of what is
    /// possible: the gate looks at the target, and a target must not drift with the uncertainty.
    async fn present_pose(&self) -> Result<Pose, Refusal> {
        let underway = {
            let motion = self.motion();
            motion
                .target
                .filter(|_| motion.last_move.is_some_and(|sent| sent.elapsed() < UNDERWAY))
        };
        if let Some(target) = underway {
            return Ok(target);
        }
        let status = self.ptz.status().await?;
        self.watched.on_status(&status);
        self.watched.pose_of(&status).ok_or(Refusal::Covered)
    }

    fn sent(&self, now: Instant, what: impl FnOnce(&mut Motion)) {
        self.watched.set_mover(self.number);
        let mut motion = self.motion();
        what(&mut motion);
        motion.last_move = Some(now);
        motion.commands += 1;
    }

    /// Keeps the highest zoom seen in this gesture.
    fn look(&self) {
        let Some(lens) = &self.watched.plan.lens else { return };
        if let Some(pose) = self.watched.reported_pose() {
            let zoom = lens.magnification(pose.hfov_deg);
            let mut motion = self.motion();
            motion.highest_zoom = motion.highest_zoom.max(zoom);
        }
    }

    /// The person wants the dome to stand, whatever set it moving: a preset, for instance, called before this gesture.
    async fn stand(&self) {
        if self.motion().last_move.is_some() {
            return self.stop_at_once().await;
        }
        let now = Instant::now();
        self.sent(now, |_| {});
        self.send_stop(now).await;
    }

    /// One Stop now for what this gesture set moving; the end of the gesture makes sure.
    async fn stop_at_once(&self) {
        let moving = {
            let mut motion = self.motion();
            let to_target = motion.target.take().is_some();
            motion.velocity.take().is_some_and(|(velocity, _)| !velocity.is_zero()) || to_target
        };
        if moving {
            self.send_stop(Instant::now()).await;
        }
    }

    async fn send_stop(&self, now: Instant) {
        if !self.lease.may_stop() {
            // Somebody else may be moving it by now; the camera's own timeout ends what was sent.
            return;
        }
        self.watched.on_command(now, Order::Stop);
        if let Err(error) = self.ptz.stop().await {
            tracing::info!(%error, "the camera did not take the Stop");
        }
    }

    /// Records a refused command, once per reason and gesture.
    async fn note_refusal(&self, outcome: Result<(), Refusal>) -> Result<(), Refusal> {
        let Err(refusal) = outcome else { return Ok(()) };
        let first = self.motion().refused.insert(refusal.to_string());
        if first {
            let with = parameters([("why", why(&refusal))]);
            self.act.also(Operation::PtzStart, refusal.outcome(), with).await?;
        }
        Err(refusal)
    }

    /// Makes the dome stand, or lets a move with a target arrive.
    async fn bring_to_rest(&self) -> Result<(), Refusal> {
        let (last_move, to_target) = {
            let motion = self.motion();
            (motion.last_move, motion.target.is_some())
        };
        let Some(last_move) = last_move else { return Ok(()) };
        if to_target && self.check().is_ok() {
            return self.arrive().await;
        }
        let mut sequence = StopSequence::new(Instant::now(), last_move);
        loop {
            let now = Instant::now();
            if self.watched.mover() != self.number {
                // Another gesture moves the dome by right; its own end will make it stand.
                return Ok(());
            }
            if !self.lease.may_stop() {
                return Err(self.lease.check().err().unwrap_or(Refusal::LeaseEnded));
            }
            match sequence.next(now) {
                StopAct::SendStop => {
                    self.watched.on_command(now, Order::Stop);
                    let _ = self.ptz.stop().await;
                }
                StopAct::SendZeroVelocity => {
                    self.watched.on_command(now, Order::Stop);
                    let _ = self.ptz.continuous(STANDSTILL, CAMERA_TIMEOUT).await;
                }
                StopAct::PollStatus => {
                    if let Ok(status) = self.ptz.status().await {
                        self.watched.on_status(&status);
                        sequence.on_status(status.sent, moving(&status), self.watched.pose_of(&status));
                    }
                }
                StopAct::Wait(until) => tokio::time::sleep_until(until.into()).await,
                StopAct::Done => return Ok(()),
                StopAct::GaveUp => {
                    let detail = "the dome was told to stop and was not seen to stand";
                    return Err(CameraTrouble::new(TroubleKind::Nonsense, detail).into());
                }
            }
        }
    }

    /// Waits until the dome says that it stands where it was sent. One that stands elsewhere has either not begun to
    /// move, or will not: after [`UNDERWAY`] it is taken at its word.
    async fn arrive(&self) -> Result<(), Refusal> {
        let (target, sent) = {
            let motion = self.motion();
            (motion.target, motion.last_move)
        };
        let until = Instant::now() + ARRIVE;
        while Instant::now() < until {
            self.look();
            if let Ok(status) = self.ptz.status().await
                && status.moving == onvif::MoveState::Idle
            {
                let there = target
                    .zip(self.watched.pose_of(&status))
                    .is_some_and(|(to, at)| near(to, at));
                if there || sent.is_none_or(|sent| sent.elapsed() > UNDERWAY) {
                    return Ok(());
                }
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    fn summary(&self) -> Parameters {
        let motion = self.motion();
        let mut with = parameters([
            ("commands", motion.commands.into()),
            ("highest_zoom", round(motion.highest_zoom)),
        ]);
        drop(motion);
        if let Some(pose) = self.watched.reported_pose() {
            with.extend(parameters([
                ("pan_deg", round(pose.pan_deg)),
                ("tilt_deg", round(pose.tilt_deg)),
                ("hfov_deg", round(pose.hfov_deg)),
            ]));
        }
        with
    }
}

const STANDSTILL: onvif::Velocity = onvif::Velocity {
    pan: Some(0.0),
    tilt: Some(0.0),
    zoom: Some(0.0),
};

fn round(value: f64) -> serde_json::Value {
    ((value * 100.0).round() / 100.0).into()
}

/// Whether two poses are one to a camera that rounds: half a degree, a twentieth of the picture's angle.
fn near(one: Pose, other: Pose) -> bool {
    (one.pan_deg - other.pan_deg).abs() < 0.5
        && (one.tilt_deg - other.tilt_deg).abs() < 0.5
        && (one.hfov_deg - other.hfov_deg).abs() < 0.05 * one.hfov_deg
}

/// Watches over a gesture until it is dropped; then brings the dome to rest and records the end.
async fn follow(drive: Arc<PtzDriver>, mut dropped: watch::Receiver<()>) {
    let session = Arc::clone(drive.act.session());
    let mut tick = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            _ = dropped.changed() => break,
            () = session.until_ended() => break,
            _ = tick.tick() => {
                drive.look();
                let lost = drive.motion().velocity.is_some_and(|(_, sent)| sent.elapsed() > KEY_LOST);
                if drive.lease.check().is_err() {
                    break;
                }
                if lost || (drive.check().is_err() && drive.motion().velocity.is_some()) {
                    drive.stop_at_once().await;
                }
            }
        }
    }
    let rest = drive.bring_to_rest().await;
    drive.look();
    let mut with = drive.summary();
    let outcome = match &rest {
        Ok(()) => Outcome::Done,
        Err(refusal) => {
            with.insert("why".into(), why(refusal));
            Outcome::Failed
        }
    };
    drive.lease.done();
    let recorded = drive.act.also(Operation::PtzEnd, outcome, with).await;
    drive.ended.send_replace(Some(rest.and(recorded)));
}
