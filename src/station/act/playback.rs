//! Recordings: what there is, and playing a range back.
//!
//! Invariant: the recorder is asked only after the intent is durable; nothing older than seven days is asked for
//! (R-REC-2); every picture has the cover of its own time ([`RecordedSight`]); an operator is offered what a clearance covers (R-REC-1). Deliberately absent: the clearances (`clearance`).

use crate::domain::audit::details::Details;
use crate::domain::audit::details::recordings::{PlaybackClose, PlaybackOpen, PlaybackSeek, RecordingSearch};
use crate::domain::audit::event::Outcome;
use crate::domain::camera::{CameraId, CameraKind};
use crate::domain::people::Action;
use crate::domain::people::clearance::Use;
use crate::domain::privacy::Cover;
use crate::domain::privacy::recorded::RecordedPoses;
use crate::domain::refusal::RefusalKind;
use crate::domain::site::CameraPlan;
use crate::domain::timeline::{RangeError, Span, Timeline, horizon};
use crate::media::frame::FrameSlot;
use crate::media::replay::{self, ReplayPhase, ReplayRequest, ReplaySession, ReplayState};
use crate::onvif::{RecordedPosition, Recording};
use crate::station::camera::connection::{Connection, Connections};
use crate::station::camera::orientation_check;
use crate::station::camera::plan_in_force::Policy;
use crate::station::camera::recorded_cover::RecordedSight;
use crate::station::record::health::Need;
use crate::station::refusal::{CameraTrouble, Refusal};
use crate::station::session::authorised_act::{Act, Intent, Right, why};
use crate::station::session::signed_in::Session;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// Spans closer than this are one: recorders split at key frames.
const JOIN_MS: i64 = 2_000;

/// A stretch of recording, Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedSpan {
    pub from_ms: i64,
    pub to_ms: i64,
}

/// State of a playback.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaybackState {
    /// Time of recording of the picture shown, Unix milliseconds.
    pub position_ms: i64,
    pub paused: bool,
    pub ended: bool,
    /// Why it was ended before its time.
    pub ended_by: Option<Refusal>,
    pub trouble: Option<CameraTrouble>,
}

/// A playback. Dropping it stops and records the close.
pub struct Playback {
    camera: CameraPlan,
    slot: FrameSlot,
    state: watch::Receiver<PlaybackState>,
    sight: RecordedSight,
    orders: mpsc::UnboundedSender<Order>,
}

enum Order {
    Pause(bool),
    Seek(i64, oneshot::Sender<Result<(), Refusal>>),
}

/// A recording that covers a range, and how to reach it.
pub struct Found {
    pub connection: Arc<Connection>,
    /// The recording, as the recorder calls it.
    pub token: String,
    pub url: String,
}

impl Session {
    /// What is recorded of a camera between two times (Unix milliseconds), within the 7 days (R-REC-2).
    ///
    /// # Errors
    /// The refusal of the act, [`RefusalKind::Clearance`] when nothing of it is cleared, or what is wrong with the recorder; nothing
    /// recorded is an empty answer.
    pub async fn recorded(&self, camera: &CameraId, from_ms: i64, to_ms: i64) -> Result<Vec<RecordedSpan>, Refusal> {
        let plan = self.0.camera(camera)?;
        let mut intent = Intent::new(
            RecordingSearch::default(),
            &plan,
            Right::Grant(Action::Playback),
            Need::Server,
        );
        intent.media = Some((from_ms, to_ms));
        let act = self.0.intend(intent).await?;
        let outcome = async {
            let now = now_ms();
            let Some(range) = Span::new(from_ms.max(horizon(now)), to_ms.min(now)) else {
                return Ok(Vec::new());
            };
            let connection = self.0.cameras.connection(&plan, act.recorded()).await?;
            let recordings = connection.camera.recordings().await?;
            let line = Timeline::new(recordings.iter().filter_map(|found| span(found, now)), JOIN_MS, now);
            let spans = line.spans().iter().filter_map(|found| found.common(range));
            let offered = self.0.clearances.offered(camera, spans.collect())?;
            Ok(offered
                .into_iter()
                .map(|found| RecordedSpan {
                    from_ms: found.from_ms,
                    to_ms: found.to_ms,
                })
                .collect())
        };
        let outcome: Result<Vec<RecordedSpan>, Refusal> = outcome.await;
        let count = outcome.as_ref().map_or(0, Vec::len);
        let found = RecordingSearch {
            spans: u64::try_from(count).ok(),
        };
        act.finish(outcome, Some(found.into())).await
    }

    /// Plays a range back. The intent is durable before the recorder is asked.
    ///
    /// # Errors
    /// The refusal of the act, [`Refusal::TooOld`], [`Refusal::NothingRecorded`], or what is wrong with the recorder.
    pub async fn play(&self, camera: &CameraId, from_ms: i64, to_ms: i64) -> Result<Playback, Refusal> {
        let plan = self.0.camera(camera)?;
        let clearance = self.0.clearances.under(camera, Use::Playback, from_ms);
        let under = clearance.as_ref().map(|clearance| clearance.id);
        let open = PlaybackOpen { clearance: under };
        let mut intent = Intent::new(open, &plan, Right::Grant(Action::Playback), Need::Server);
        // What is played ends where the clearance does.
        let to_ms = clearance.as_ref().map_or(to_ms, |clearance| clearance.to_ms.min(to_ms));
        intent.media = Some((from_ms, to_ms));
        if let Some(clearance) = clearance {
            intent.put_under(clearance);
        }
        let mut act = self.0.intend(intent).await?;
        let found = match find_recording(&self.0.cameras, &self.0.policy, &act, camera, (from_ms, to_ms)).await {
            Ok(found) => found,
            Err(refusal) => return Err(act.failed(refusal).await),
        };
        act.settle(Outcome::Done, None).await?;
        let poses = recorded_poses(&plan, &found, (from_ms, to_ms)).await;
        let turned = orientation_check::is_turned(&found.connection.camera, &plan).await;
        let sight = RecordedSight::new(&self.0.policy, &plan, poses, &self.0.station.pose_source).turned(turned);
        let session = replay::open(ReplayRequest {
            url: found.url,
            user: found.connection.credential.user.clone(),
            password: found.connection.credential.password.clone(),
            from_ms,
            to_ms,
        });
        let start = PlaybackState {
            position_ms: from_ms,
            paused: false,
            ended: false,
            ended_by: None,
            trouble: None,
        };
        let (sender, state) = watch::channel(start);
        let (orders, inbox) = mpsc::unbounded_channel();
        let slot = session.slot().clone();
        self.0
            .station
            .runtime
            .spawn(playing(act, session, sender, inbox, (from_ms, to_ms), under));
        Ok(Playback {
            camera: plan,
            slot,
            state,
            sight,
            orders,
        })
    }
}

/// Finds the recording that covers a range (Unix ms) of a camera, for playback and export.
///
/// # Errors
/// [`Refusal::TooOld`], [`Refusal::NothingRecorded`], or what is wrong with the recorder.
pub(super) async fn find_recording(
    cameras: &Connections,
    policy: &Policy,
    act: &Act,
    camera: &CameraId,
    (from_ms, to_ms): (i64, i64),
) -> Result<Found, Refusal> {
    let now = now_ms();
    if from_ms < horizon(now) {
        return Err(Refusal::TooOld);
    }
    let plan = policy.camera(camera)?;
    let connection = cameras.connection(&plan, act.recorded()).await?;
    let recordings = connection.camera.recordings().await?;
    let line = Timeline::new(recordings.iter().filter_map(|found| span(found, now)), JOIN_MS, now);
    line.check(from_ms, to_ms.min(now), now)?;
    let wanted = Span::new(from_ms, to_ms).ok_or(Refusal::NothingRecorded)?;
    let shared = |found: &&Recording| {
        span(found, now)
            .and_then(|span| span.common(wanted))
            .map_or(0, |s| s.length_ms())
    };
    let best = recordings.iter().max_by_key(shared).ok_or(Refusal::NothingRecorded)?;
    let url = connection.camera.replay_uri(&best.token).await?;
    let token = best.token.clone();
    Ok(Found { connection, token, url })
}

impl From<RangeError> for Refusal {
    fn from(error: RangeError) -> Self {
        match error {
            RangeError::TooOld => Self::TooOld,
            RangeError::Backwards | RangeError::InTheFuture | RangeError::NothingRecorded => Self::NothingRecorded,
        }
    }
}

/// The span of a recording; one that is still written, or does not say, ends now and begins at the horizon.
fn span(recording: &Recording, now: i64) -> Option<Span> {
    let to = recording.to_ms.filter(|_| !recording.running).unwrap_or(now);
    Span::new(recording.from_ms.unwrap_or_else(|| horizon(now)), to)
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

impl Playback {
    /// The camera, as planned when the playback began.
    pub fn camera(&self) -> &CameraPlan {
        &self.camera
    }

    /// The latest picture.
    pub fn slot(&self) -> &FrameSlot {
        &self.slot
    }

    /// The state of the playback, as it changes.
    pub fn state(&self) -> watch::Receiver<PlaybackState> {
        self.state.clone()
    }

    /// The cover of a frame recorded at this time (Unix ms), from the pose recorded with the video; the whole picture when none was.
    pub fn cover(&self, recorded_ms: Option<i64>) -> Arc<Cover> {
        Arc::new(self.sight.cover(recorded_ms))
    }

    /// Stops at, or goes on from, the current picture.
    pub fn pause(&self, paused: bool) {
        let _ = self.orders.send(Order::Pause(paused));
    }

    /// Jumps to a time, Unix milliseconds. Recorded.
    ///
    /// # Errors
    /// [`Refusal::NotRecorded`]; [`RefusalKind::SessionEnded`] when the playback is over.
    pub async fn seek(&self, to_ms: i64) -> Result<(), Refusal> {
        let (answer, answered) = oneshot::channel();
        self.orders
            .send(Order::Seek(to_ms, answer))
            .map_err(|_| Refusal::Kind(RefusalKind::SessionEnded))?;
        answered.await.map_err(|_| Refusal::Kind(RefusalKind::SessionEnded))?
    }
}

/// The positions that say something of a range; none when the recorder cannot say. `None` for a camera that does not move.
pub(super) async fn recorded_poses(plan: &CameraPlan, found: &Found, range: (i64, i64)) -> Option<RecordedPoses> {
    match plan.kind {
        CameraKind::Fixed | CameraKind::Mobile => return None,
        CameraKind::Dome => {}
    }
    let (from_ms, to_ms) = RecordedPoses::stretch(range, &plan.motion);
    let camera = &found.connection.camera;
    let asked = camera.recorded_positions(&found.token, from_ms, to_ms).await;
    let positions = asked.unwrap_or_else(|error| {
        tracing::info!(camera = %plan.id, %error, "no recorded positions: the picture stays covered");
        Vec::new()
    });
    let pose = |found: RecordedPosition| Some((found.at_ms, plan.lens.as_ref()?.pose_at(found.position)));
    let poses = positions.into_iter().filter_map(pose).collect();
    Some(RecordedPoses::new(poses, plan))
}

/// The life of a playback, from its durable intent to its close event; `under` is the clearance it ends with.
async fn playing(
    act: Act,
    replay: ReplaySession,
    state: watch::Sender<PlaybackState>,
    mut orders: mpsc::UnboundedReceiver<Order>,
    range: (i64, i64),
    under: Option<u64>,
) {
    let session = Arc::clone(act.session());
    let mut source = replay.state();
    let ended = loop {
        let now = source.borrow_and_update().clone();
        state.send_replace(shown(&now));
        tokio::select! {
            order = orders.recv() => match order {
                None => break None,
                Some(Order::Pause(paused)) => replay.pause(paused),
                Some(Order::Seek(to_ms, answer)) => {
                    let to_ms = to_ms.clamp(range.0, range.1);
                    let seek = PlaybackSeek {
                        to_ms: Some(to_ms),
                        ..PlaybackSeek::default()
                    };
                    let recorded = act.also(seek, Outcome::Intent).await;
                    if recorded.is_ok() {
                        replay.seek(to_ms);
                    }
                    let _ = answer.send(recorded.map(drop));
                }
            },
            changed = source.changed() => if changed.is_err() { break None },
            refusal = session.until_forbidden(Need::Act) => break Some(refusal),
            refusal = session.clearances.until_over(under) => break Some(refusal),
        }
    };
    let last = source.borrow().position_ms;
    let slot = replay.slot().clone();
    drop(replay);
    slot.clear();
    let mut close = Details::from(PlaybackClose {
        position_ms: Some(last),
        frames: Some(slot.count()),
        ..PlaybackClose::default()
    });
    close.common.why = ended.as_ref().map(why);
    state.send_modify(|state| {
        state.ended = true;
        state.ended_by = ended;
    });
    if let Err(error) = act.also(close, Outcome::Done).await {
        tracing::error!(%error, "the close of a playback could not be recorded");
    }
}

fn shown(state: &ReplayState) -> PlaybackState {
    let trouble = match &state.phase {
        ReplayPhase::Failed(error) => Some(error.clone().into()),
        ReplayPhase::Connecting | ReplayPhase::Playing | ReplayPhase::Paused | ReplayPhase::Ended => None,
    };
    PlaybackState {
        position_ms: state.position_ms,
        paused: state.phase == ReplayPhase::Paused,
        ended: state.phase == ReplayPhase::Ended,
        ended_by: None,
        trouble,
    }
}
