//! The workstation without a screen: session, camera sessions, outbox, courier, use cases.
//!
//! Invariant: every act takes one road: intent → `domain::people` decides → event durable in the outbox → act →
//! outcome as a second event. Nothing else in the program can reach a camera, a recorder or an export file.
//! Deliberately absent: iced, widgets, words for the screen (`gui::i18n` has them; here are enums).

pub mod outbox;

use crate::domain::camera::{CameraId, StreamRole};
use crate::domain::people::{Person, Purpose, Rule};
use crate::domain::privacy::{Cover, PoseKnowledge};
use crate::domain::site::{CameraPlan, SitePlan};
use crate::media::frame::FrameSlot;
use crate::protocol::Holder;
use secrecy::SecretString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// A workstation that is enrolled and knows its server; nobody is signed in yet. Cheap to clone.
#[derive(Clone)]
pub struct Station(Arc<()>);

/// Where the workstation keeps its things.
#[derive(Debug, Clone)]
pub struct StationConfig {
    /// Enrolment: `station.toml` (server address, station id), `cert.pem`, `key.pem`, `ca.pem`.
    pub enrolment: PathBuf,
    /// Outbox, pinned checkpoints, settings.
    pub data: PathBuf,
    /// Where snapshots and exports go.
    pub evidence: PathBuf,
    /// Where secrets are kept.
    pub secrets: SecretsChoice,
}

/// The clear choice when there is no system keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretsChoice {
    /// The system keyring (Secret Service); refuse to start without it.
    SystemKeyring,
    /// A file only this account can read, beside the data: less safe, chosen by name, said on screen.
    ProtectedFile,
}

impl Station {
    /// Opens outbox and secrets and makes ready to sign in. Does not need the server.
    pub async fn open(config: StationConfig) -> Result<Station, StationError> {
        todo!()
    }

    /// Signs a person in: asks the server, verifies the plan's signature, records the sign-in. Needs the server.
    pub async fn sign_in(&self, user: String, password: SecretString, purpose: Purpose) -> Result<Session, SignInError> {
        todo!()
    }
}

/// Why the workstation cannot work at all.
#[derive(Debug, thiserror::Error)]
pub enum StationError {
    #[error("not enrolled: {path}")]
    NotEnrolled { path: PathBuf, #[source] source: Option<std::io::Error> },
    #[error("no system keyring")]
    NoKeyring { detail: String },
    #[error("the outbox cannot be opened")]
    Outbox { detail: String },
}

/// Why a sign-in failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    #[error("wrong user name or password")]
    WrongCredentials,
    #[error("locked out for {seconds} s")]
    LockedOut { seconds: u64 },
    #[error("the account is active on another workstation")]
    ActiveElsewhere,
    #[error("this workstation is not enabled")]
    UnknownStation,
    #[error("the server does not answer: {detail}")]
    ServerAway { detail: String },
    #[error("the site plan's signature is wrong")]
    PlanNotGenuine,
    #[error("the sign-in cannot be recorded: {detail}")]
    NotRecorded { detail: String },
}

/// A signed-in person at this workstation. Cheap to clone; all methods are safe to call from any task.
#[derive(Clone)]
pub struct Session(Arc<()>);

impl Session {
    pub fn person(&self) -> &Person {
        todo!()
    }

    pub fn purpose(&self) -> Purpose {
        todo!()
    }

    /// The plan in force, verified.
    pub fn plan(&self) -> Arc<SitePlan> {
        todo!()
    }

    /// What the top bar shows; changes as things change.
    pub fn health(&self) -> watch::Receiver<Health> {
        todo!()
    }

    /// Who holds which dome.
    pub fn holds(&self) -> watch::Receiver<Vec<(CameraId, Holder)>> {
        todo!()
    }

    /// Closes every view, records the sign-out, ends the session on the server, waits (bounded) for delivery.
    pub async fn sign_out(self) -> Result<Delivery, Refusal> {
        todo!()
    }

    /// Opens a live view. The open event is durable before the stream is asked for; a pulse follows every 60 s;
    /// dropping the [`LiveView`] closes and records it.
    pub async fn view(&self, camera: &CameraId, stream: StreamRole) -> Result<LiveView, Refusal> {
        todo!()
    }

    /// Begins a gesture on a dome: takes the hold and records the start before the first command.
    /// Dropping the gesture stops the dome and records the end.
    pub async fn steer(&self, camera: &CameraId) -> Result<Gesture, Refusal> {
        todo!()
    }

    /// The camera's presets.
    pub async fn presets(&self, camera: &CameraId) -> Result<Vec<Preset>, Refusal> {
        todo!()
    }

    /// Calls a preset; refused when it lies outside the limits.
    pub async fn call_preset(&self, camera: &CameraId, preset: &str) -> Result<(), Refusal> {
        todo!()
    }

    /// Saves the present pose as a preset; refused when it lies outside the limits.
    pub async fn save_preset(&self, camera: &CameraId, name: &str) -> Result<(), Refusal> {
        todo!()
    }

    /// Saves the picture as it is shown now, cover included, as PNG. Returns where.
    pub async fn snapshot(&self, view: &LiveView) -> Result<PathBuf, Refusal> {
        todo!()
    }

    /// What is recorded of a camera between two times (Unix milliseconds), within the 7 days (R-REC-2).
    pub async fn recorded(&self, camera: &CameraId, from_ms: i64, to_ms: i64) -> Result<Vec<RecordedSpan>, Refusal> {
        todo!()
    }

    /// Plays a range back. The intent is durable before the recorder is asked.
    pub async fn play(&self, camera: &CameraId, from_ms: i64, to_ms: i64) -> Result<Playback, Refusal> {
        todo!()
    }

    /// Exports a range to MP4 without re-encoding, with its SHA-256. Progress comes on the channel.
    pub async fn export(
        &self,
        camera: &CameraId,
        from_ms: i64,
        to_ms: i64,
        reason: ExportReason,
        progress: watch::Sender<ExportProgress>,
    ) -> Result<Exported, Refusal> {
        todo!()
    }

    /// What repairs need, without an image (R-MNT-1). Recorded. One row per camera of the plan.
    pub async fn diagnose(&self, camera: &CameraId) -> Result<Diagnosis, Refusal> {
        todo!()
    }
}

/// Whether everything this workstation recorded has reached the log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivery {
    /// Events written to the outbox since it was opened.
    pub written: u64,
    /// Promised durable by the server.
    pub durable: u64,
    /// In a checkpoint, with a proof that was verified here.
    pub included: u64,
    /// Verified inclusion and consistency.
    pub verified: u64,
}

/// State of the audit path and of the server, for the top bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    pub delivery: Delivery,
    pub audit: AuditState,
    pub server: ServerState,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditState {
    Delivered,
    Waiting { events: u64 },
    /// A proof was wrong or the outbox cannot be written: red.
    Broken { detail: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerState {
    Reachable,
    Away { since: Instant, grace_until: Instant },
    /// Grace is over: everything is refused.
    AwayTooLong,
}

/// Why an act was not done. The screen says it in words and names the rule.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("refused by rule {0:?}")]
    Rule(Rule),
    #[error("zoom beyond the ceiling of {ceiling:.1}×")]
    ZoomCeiling { ceiling: f64 },
    #[error("beyond the pan or tilt limit")]
    PositionLimit,
    #[error("held by {}", .0.display_name)]
    HeldByOther(Holder),
    #[error("the event could not be recorded: {detail}")]
    NotRecorded { detail: String },
    #[error("the server is away, and this needs it")]
    ServerAway,
    #[error("the camera: {0}")]
    Camera(CameraTrouble),
    #[error("nothing is recorded in that range")]
    NothingRecorded,
    #[error("older than seven days without a hold")]
    TooOld,
    #[error("the picture is covered: its pose is not known")]
    Covered,
    #[error("the disk: {detail}")]
    Disk { detail: String },
    #[error("the camera cannot do that")]
    NotSupported,
    /// The camera has masks, and an original copy (not re-encoded) would show what they hide.
    #[error("an original copy would show what is masked")]
    MaskedOriginal,
    /// The session was ended: signed out, revoked by the server, or closed.
    #[error("the session has ended")]
    SessionEnded,
}

/// What is wrong with a camera, in kinds a person can act on; `detail` is for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraTrouble {
    pub kind: TroubleKind,
    pub detail: String,
}

impl std::fmt::Display for CameraTrouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.detail)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TroubleKind {
    /// No answer: power, network, address.
    Unreachable,
    WrongPassword,
    ClockWrong,
    /// It answers, but not what the standard says.
    Nonsense,
    /// It has no free session.
    Busy,
    NoStream,
    /// This workstation lacks a GStreamer plug-in.
    MissingDecoder,
    StreamBroken,
}

/// An open live view. Dropping it closes the stream and records the close.
pub struct LiveView(());

impl LiveView {
    pub fn camera(&self) -> &CameraPlan {
        todo!()
    }
    pub fn stream(&self) -> StreamRole {
        todo!()
    }
    /// The latest picture; survives reconnects.
    pub fn slot(&self) -> &FrameSlot {
        todo!()
    }
    pub fn state(&self) -> watch::Receiver<ViewState> {
        todo!()
    }
    /// What must be covered on a frame drawn at `now`. Cheap: called once per drawn frame.
    pub fn cover(&self, now: Instant) -> Arc<Cover> {
        todo!()
    }
    /// Where the dome looks, as far as it is known.
    pub fn pose(&self, now: Instant) -> PoseKnowledge {
        todo!()
    }
    pub fn figures(&self) -> StreamFigures {
        todo!()
    }
}

/// Where a live view stands.
#[derive(Debug, Clone, PartialEq)]
pub enum ViewState {
    Connecting,
    Live,
    /// The stream ended or never came; another try follows.
    Retrying { trouble: CameraTrouble, since: Instant, next_try: Instant },
    /// Closed by the workstation itself (nothing can be recorded, grace over, session ended); no try follows.
    Closed { why: Refusal },
}

/// Figures of a stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreamFigures {
    pub codec: String,
    pub width: u32,
    pub height: u32,
    /// Frames per second received, over the last seconds.
    pub received_fps: f64,
    pub decoded_fps: f64,
    pub bitrate_kbit_s: f64,
    pub lost_packets: u64,
    pub jitter_ms: f64,
}

/// A gesture: between the first and the last command of one hand on one dome.
pub struct Gesture(());

impl Gesture {
    /// Moves with a velocity in −1..1 per axis (pan right, tilt up, zoom in positive) until the next call. Must be
    /// repeated at least every 300 ms while the key is held: the camera's own timeout ends it otherwise.
    pub async fn velocity(&self, pan: f64, tilt: f64, zoom: f64) -> Result<(), Refusal> {
        todo!()
    }
    /// Turns so that the point `x, y` (0..1) of the picture comes to the centre.
    pub async fn centre_on(&self, x: f64, y: f64) -> Result<(), Refusal> {
        todo!()
    }
    /// One notch of zoom: multiplies the magnification by `factor`.
    pub async fn zoom_by(&self, factor: f64) -> Result<(), Refusal> {
        todo!()
    }
    /// Stops, repeats Stop until the camera says idle, records the end.
    pub async fn end(self) -> Result<(), Refusal> {
        todo!()
    }
}

/// A preset as the camera names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    pub token: String,
    pub name: String,
}

/// A stretch of recording, Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedSpan {
    pub from_ms: i64,
    pub to_ms: i64,
}

/// A playback. Dropping it stops and records the close.
pub struct Playback(());

impl Playback {
    pub fn slot(&self) -> &FrameSlot {
        todo!()
    }
    pub fn state(&self) -> watch::Receiver<PlaybackState> {
        todo!()
    }
    /// What must be covered on this frame, from the pose recorded with the video; the whole picture when none was.
    pub fn cover(&self, recorded_ms: Option<i64>) -> Arc<Cover> {
        todo!()
    }
    pub fn pause(&self, paused: bool) {
        todo!()
    }
    /// Jumps to a time, Unix milliseconds. Recorded.
    pub async fn seek(&self, to_ms: i64) -> Result<(), Refusal> {
        todo!()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct PlaybackState {
    pub position_ms: i64,
    pub paused: bool,
    pub ended: bool,
    pub trouble: Option<CameraTrouble>,
}

/// Why an export is made (R-EXP-1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportReason {
    pub purpose: Purpose,
    pub reason: String,
    pub protocol_no: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ExportProgress {
    /// 0..1.
    pub done: f64,
    pub bytes: u64,
}

/// A finished export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    pub path: PathBuf,
    pub frames: u64,
    pub sha256: String,
}

/// What the maintainer sees of a camera: figures, never a picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diagnosis {
    pub reachable: bool,
    pub round_trip: Option<Duration>,
    pub manufacturer: String,
    pub model: String,
    pub firmware: String,
    /// Camera's clock minus ours, seconds.
    pub clock_offset_s: Option<f64>,
    /// «main H264 1280x720 25 fps», one per profile.
    pub streams: Vec<String>,
    pub ptz: bool,
    pub trouble: Option<CameraTrouble>,
}

