//! A gesture: between the first and the last command of one person on one dome.
//!
//! Invariant: every command passes the gate of `domain::ptz::limits` with what is known of the pose at that moment, is
//! taken down before it is sent, and ends by itself: by the timeout that goes to the camera with it, and by a watchdog
//! here when the key is let go without a word. A gesture ends with the dome seen to stand, and with its second event.
//! Deliberately absent: presets (see `presets`), asking for a dome that another workstation steers.

pub(super) mod arrival;

use crate::domain::audit::details::live::{PtzEnd, PtzStart};
use crate::domain::audit::details::{Details, Say as _};
use crate::domain::audit::event::Outcome;
use crate::domain::camera::{CameraId, CameraKind, Pose};
use crate::domain::people::Action;
use crate::domain::ptz::dead_man::{CAMERA_TIMEOUT, KEY_LOST, REPEAT};
use crate::domain::ptz::limits::{Allowed, LimitHit};
use crate::domain::ptz::speed_trial::{Drive, DriveStatus, Driven};
use crate::domain::ptz::status_pace::SHORTEST;
use crate::domain::ptz::steering::{self, PictureVelocity};
use crate::domain::ptz::stop::{LONGEST, StopAct, StopSequence};
use crate::domain::ptz::{Order, Velocity, delay_trial, gesture, limits};
use crate::domain::refusal::RefusalKind;
use crate::domain::site::CameraPlan;
use crate::onvif::{self, OnvifErrorKind, Ptz};
use crate::station::camera::dome_lease::LeaseGuard;
use crate::station::camera::watched::{Watched, moving};
use crate::station::record::health::Need;
use crate::station::refusal::{CameraTrouble, Refusal, TroubleKind};
use crate::station::session::authorised_act::{Act, Intent, Right, why};
use crate::station::session::signed_in::Session;
use arrival::{LOOK, UNDERWAY, arrival};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

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
    /// Where and when the press began that is going on.
    press: Option<Press>,
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

/// A press: from the first velocity to the Stop.
#[derive(Debug, Clone, Copy)]
struct Press {
    /// Where the dome stood, or was on its way to; `None` when that was not known.
    from: Option<Pose>,
    /// When its first velocity was sent.
    since: Instant,
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
                PtzStart::default(),
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
        let start = PtzStart {
            fence: Some(lease.fence()),
        };
        act.settle(Outcome::Done, Some(start.into())).await?;
        self.0.leases.steered(camera);
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
    /// Moves the picture as wanted until the next call. Must be repeated within [`KEY_LOST`] while the key is held: the dome
    /// is stopped otherwise.
    ///
    /// # Errors
    /// The limit that leaves nothing of the motion; a motion that is only slowed by one is not refused.
    pub async fn velocity(&self, wanted: PictureVelocity) -> Result<(), Refusal> {
        let outcome = self.drive.move_picture(wanted).await;
        self.drive.note_refusal(outcome).await
    }

    /// Ends a press of a key that was held for `held` and wanted `wanted`: the dome comes to rest a step from where the press
    /// began, of the same length whatever its delays. A press too short for a command to leave meanwhile moves it as well.
    ///
    /// # Errors
    /// The limit that leaves nothing of the motion, or the camera.
    pub async fn tap(&self, wanted: PictureVelocity, held: Duration) -> Result<(), Refusal> {
        let outcome = self.drive.tap(wanted, held).await;
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

    /// Fills the picture with the rectangle of it between two opposite corners (0..1), up to the ceiling in force.
    ///
    /// # Errors
    /// [`Refusal::Covered`] when the pose is not known, a limit, or the camera.
    pub async fn box_zoom(&self, corners: [[f64; 2]; 2]) -> Result<(), Refusal> {
        let outcome = self.drive.go(|plan, pose| gesture::box_zoom(plan, pose, corners)).await;
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

    /// The plan of the dome, as it was when somebody began to watch it.
    pub(super) fn plan(&self) -> &CameraPlan {
        &self.drive.watched.plan
    }

    /// The pose in which the dome is known to stand; waits for it.
    ///
    /// # Errors
    /// [`Refusal::Covered`] when it is not known to stand for longer than a stop takes.
    pub(super) async fn rest_pose(&self) -> Result<Pose, Refusal> {
        let until = Instant::now() + LONGEST;
        while Instant::now() < until {
            self.drive.check()?;
            let watched = &self.drive.watched;
            if let Some(pose) = watched.reported_pose().filter(|_| watched.is_at_rest()) {
                return Ok(pose);
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(Refusal::Covered)
    }

    /// Makes a drive of a speed trial from the pose in which the dome stands, stops, and waits for as long as the dome may take to
    /// stand; `None` when a limit left less than all of its velocity.
    ///
    /// # Errors
    /// Why it may not go on, or the camera.
    pub(super) async fn drive(&self, drive: Drive, from: Pose) -> Result<Option<Driven>, Refusal> {
        let command = drive.command();
        let (begun, mut statuses) = (Instant::now(), Vec::new());
        if !self.drive.send_whole(command).await? {
            return Ok(None);
        }
        let end = begun + drive.lasting;
        let mut repeat = tokio::time::interval(REPEAT);
        let mut ask = tokio::time::interval(SHORTEST);
        ask.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut whole = true;
        while whole && Instant::now() < end {
            tokio::select! {
                () = tokio::time::sleep_until(end.into()) => {}
                _ = repeat.tick() => whole = self.drive.send_whole(command).await?,
                _ = ask.tick() => statuses.extend(self.drive.seen().await?),
            }
        }
        let stopped = Instant::now();
        self.drive.stop_at_once().await;
        let stands = stopped + delay_trial::watched_after_stop(self.plan());
        while whole && Instant::now() < stands {
            ask.tick().await;
            statuses.extend(self.drive.seen().await?);
        }
        Ok(whole.then_some(Driven {
            drive,
            from,
            begun,
            stopped,
            statuses,
            pictures: Vec::new(),
        }))
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

    async fn move_picture(&self, wanted: PictureVelocity) -> Result<(), Refusal> {
        if let Err(refusal) = self.check() {
            self.stop_at_once().await;
            return Err(refusal);
        }
        if wanted.is_zero() {
            self.stand().await;
            return Ok(());
        }
        let pose = self.watched.reported_pose();
        if self.motion().press.is_none() {
            let press = Press {
                from: self
                    .watched
                    .bound_for(UNDERWAY)
                    .or(pose.filter(|_| self.watched.is_at_rest())),
                since: Instant::now(),
            };
            self.motion().press = Some(press);
        }
        // A dome that has not said for a while how far it is zoomed in is not moved as if it were wide.
        let pose = pose.or(self.motion().press.and_then(|press| press.from));
        let wanted = steering::command(&self.watched.plan, pose, wanted);
        self.velocity(wanted).await
    }

    /// A status with its pose that came as fast as the plan says.
    async fn seen(&self) -> Result<Option<DriveStatus>, Refusal> {
        let status = self.ptz.status().await?;
        self.watched.on_status(&status);
        let slow = (status.received - status.sent).as_secs_f64() > self.watched.plan.motion.status_delay_s;
        let pose = self.watched.pose_of(&status).filter(|_| !slow);
        let (sent, received) = (status.sent, status.received);
        Ok(pose.map(|pose| DriveStatus { sent, received, pose }))
    }

    /// What the gate leaves of a velocity now.
    fn allowed(&self, plan: &CameraPlan, wanted: Velocity) -> Allowed {
        let reach = self.watched.reach(Instant::now(), self.command_delay());
        let (_, settled) = self.watched.ways(CAMERA_TIMEOUT);
        limits::velocity(plan, &reach, &settled, wanted, CAMERA_TIMEOUT.as_secs_f64())
    }

    /// Sends a velocity if the gate leaves all of it; whether it does.
    async fn send_whole(&self, wanted: Velocity) -> Result<bool, Refusal> {
        self.check()?;
        let in_force = self.watched.in_force(Instant::now());
        let whole = self.allowed(&in_force.plan, wanted).velocity == wanted;
        if whole {
            self.velocity(wanted).await?;
        }
        Ok(whole)
    }

    /// Sends what the gate leaves of a velocity.
    async fn velocity(&self, wanted: Velocity) -> Result<(), Refusal> {
        let in_force = self.watched.in_force(Instant::now());
        let plan = &in_force.plan;
        let allowed = self.allowed(plan, wanted);
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

    /// Lands a step from where the press began; where that cannot be said or reached by an absolute move, the dome is driven
    /// for as long as the step takes.
    async fn tap(&self, wanted: PictureVelocity, held: Duration) -> Result<(), Refusal> {
        if wanted.is_zero() {
            return Ok(());
        }
        self.check()?;
        let begun = self.motion().press;
        let pose = self.watched.reported_pose().filter(|_| self.watched.is_at_rest());
        let from = match begun {
            Some(press) => press.from,
            None => self.watched.bound_for(UNDERWAY).or(pose),
        };
        let in_force = self.watched.in_force(Instant::now());
        let to = from.and_then(|from| steering::step(&in_force.plan, from, wanted, held));
        let (reach, settled) = self.watched.ways(CAMERA_TIMEOUT);
        let free = |to: &Pose| limits::passage(&in_force.plan, &reach, &settled, to).is_ok() && self.reaches(*to);
        if let Some(to) = to.filter(free) {
            return self.send_to(to).await;
        }
        if begun.is_none() {
            self.move_picture(wanted).await?;
        }
        let since = self.motion().press.map_or_else(Instant::now, |press| press.since);
        tokio::time::sleep_until((since + steering::tap_length(held)).into()).await;
        self.stop_at_once().await;
        Ok(())
    }

    /// Whether the camera takes absolute moves to this pose.
    fn reaches(&self, to: Pose) -> bool {
        let lens = self.watched.plan.lens.as_ref();
        lens.is_some_and(|lens| self.ptz.spaces().position_vector(lens.position_of(to)).is_some())
    }

    fn command_delay(&self) -> Duration {
        Duration::from_secs_f64(self.watched.plan.motion.command_delay_s.clamp(0.0, 10.0))
    }

    /// The velocity in the camera's own directions. Only the axes that move or moved: a zoom component makes some cameras
    /// refuse the whole command.
    fn command(&self, velocity: Velocity) -> onvif::Velocity {
        let before = self.motion().velocity.map_or(Velocity::ZERO, |(velocity, _)| velocity);
        let turns = [velocity.pan, velocity.tilt, before.pan, before.tilt]
            .iter()
            .any(|v| *v != 0.0);
        let zooms = velocity.zoom != 0.0 || before.zoom != 0.0;
        let [pan, tilt] = self.watched.plan.lens.as_ref().map_or([1.0; 2], steering::signs);
        onvif::Velocity {
            pan: turns.then_some(pan * velocity.pan),
            tilt: turns.then_some(tilt * velocity.tilt),
            zoom: zooms.then_some(velocity.zoom),
        }
    }

    /// Goes to the pose that `target` makes of the limits in force and the present pose.
    async fn go(&self, target: impl Fn(&CameraPlan, Pose) -> Result<Pose, LimitHit>) -> Result<(), Refusal> {
        self.check()?;
        if self.watched.plan.lens.is_none() {
            return Err(Refusal::NotSupported);
        }
        let pose = self.present_pose().await?;
        let (from, settled) = self.watched.ways(CAMERA_TIMEOUT);
        let in_force = self.watched.in_force(Instant::now());
        let allowed = |to: Pose| limits::passage(&in_force.plan, &from, &settled, &to).map(|()| to);
        let to = target(&in_force.plan, pose)
            .and_then(allowed)
            .map_err(|hit| Refusal::of_limit(hit, &in_force.plan))?;
        self.send_to(to).await
    }

    /// Sends the dome to a pose that passed the gate.
    async fn send_to(&self, to: Pose) -> Result<(), Refusal> {
        let lens = self.watched.plan.lens.as_ref().ok_or(Refusal::NotSupported)?;
        let now = Instant::now();
        self.watched.on_command(now, Order::Position(to));
        self.sent(now, |motion| {
            motion.velocity = None;
            motion.press = None;
            motion.target = Some(to);
        });
        self.ptz.absolute(lens.position_of(to)).await?;
        self.look();
        Ok(())
    }

    /// The pose a command starts from: where the dome was just sent, or where it says it is. Not the middle of what is
    /// possible: the gate looks at the target, and a target must not drift with the uncertainty.
    async fn present_pose(&self) -> Result<Pose, Refusal> {
        if let Some(target) = self.watched.bound_for(UNDERWAY) {
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
            motion.press = None;
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
            let refused = PtzStart::default().because(why(&refusal));
            self.act.also(refused, refusal.outcome()).await?;
        }
        Err(refusal)
    }

    /// Makes the dome stand, or lets a move with a target arrive.
    async fn bring_to_rest(&self) -> Result<(), Refusal> {
        let (last_move, target) = {
            let motion = self.motion();
            (motion.last_move, motion.target)
        };
        let Some(last_move) = last_move else { return Ok(()) };
        if let Some(target) = target.filter(|_| self.check().is_ok()) {
            arrival(&self.ptz, &self.watched, self.number, target, last_move).await;
            return Ok(());
        }
        let mut sequence = StopSequence::new(Instant::now(), last_move);
        let mut acknowledged = false;
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
                    acknowledged |= self.ptz.stop().await.is_ok();
                }
                StopAct::SendZeroVelocity => {
                    self.watched.on_command(now, Order::Stop);
                    let _ = self.ptz.continuous(STANDSTILL, CAMERA_TIMEOUT).await;
                }
                StopAct::PollStatus => {
                    let answer = self.ptz.status().await;
                    if acknowledged && is_mute(&answer) {
                        // That it took the Stop is all that such a dome ever says.
                        return Ok(());
                    }
                    if let Ok(status) = answer {
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

    fn summary(&self) -> PtzEnd {
        let (commands, highest_zoom) = {
            let motion = self.motion();
            (motion.commands, motion.highest_zoom)
        };
        let pose = self.watched.reported_pose();
        PtzEnd {
            commands: Some(commands),
            highest_zoom: Some(round(highest_zoom)),
            pan_deg: pose.map(|pose| round(pose.pan_deg)),
            tilt_deg: pose.map(|pose| round(pose.tilt_deg)),
            hfov_deg: pose.map(|pose| round(pose.hfov_deg)),
        }
    }
}

/// Whether a dome has no status to give: it refuses the question, or answers without a position and without a word on its
/// motors.
fn is_mute(answer: &Result<onvif::PtzStatus, onvif::OnvifError>) -> bool {
    match answer {
        Ok(status) => status.position.is_none() && status.moving == onvif::MoveState::Unknown,
        Err(error) => matches!(error.kind(), OnvifErrorKind::NotSupported | OnvifErrorKind::Fault),
    }
}

const STANDSTILL: onvif::Velocity = onvif::Velocity {
    pan: Some(0.0),
    tilt: Some(0.0),
    zoom: Some(0.0),
};

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
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
    let mut end = Details::from(drive.summary());
    end.common.why = rest.as_ref().err().map(why);
    let outcome = if rest.is_ok() { Outcome::Done } else { Outcome::Failed };
    drive.lease.done();
    let recorded = drive.act.also(end, outcome).await;
    drive.ended.send_replace(Some(rest.and(recorded.map(drop))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dome_without_a_status_is_told_from_one_that_is_late() {
        let now = Instant::now();
        let status = |moving| {
            Ok(onvif::PtzStatus {
                position: None,
                moving,
                hfov_deg: None,
                utc_ms: None,
                sent: now,
                received: now,
            })
        };
        assert!(is_mute(&status(onvif::MoveState::Unknown)));
        assert!(!is_mute(&status(onvif::MoveState::Moving)), "it says at least that");
        let refused = onvif::OnvifError::NotSupported {
            detail: "GetStatus".into(),
        };
        assert!(is_mute(&Err(refused)));
        let late = onvif::OnvifError::Timeout {
            after: Duration::from_secs(3),
        };
        assert!(!is_mute(&Err(late)), "the next answer may come");
    }
}
