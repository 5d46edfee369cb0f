//! Playback of one recording: our own RTSP session, decoded and paced by the time of recording.
//!
//! Invariant: no frame from before the range start is ever put. Nothing here blocks its caller.
//! Deliberately absent: reverse and fast playback, audio, the search for recordings (`onvif`).

mod pace;
mod player;
mod playout;

use super::error::{LiveError, LiveErrorKind};
use super::frame::FrameSlot;
use secrecy::SecretString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use tokio::sync::watch;

/// The order for a replay.
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
    /// The session is over; open a new one.
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
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
}

/// The commands of the session to its thread.
enum Command {
    Pause(bool),
    /// Unix milliseconds.
    Seek(i64),
}

/// The state shared by the session and its threads.
struct Shared {
    slot: FrameSlot,
    state: watch::Sender<ReplayState>,
    closed: Arc<AtomicBool>,
}

impl Shared {
    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn enter(&self, phase: ReplayPhase) {
        self.state.send_if_modified(|state| {
            let changed = state.phase != phase;
            state.phase = phase;
            changed
        });
    }

    fn moved_to(&self, ms: i64) {
        self.state.send_modify(|state| {
            state.position_ms = ms;
            if state.phase == ReplayPhase::Ended {
                state.phase = ReplayPhase::Playing;
            }
        });
    }
}

/// Opens a playback. Never blocks; failures arrive in [`ReplaySession::state`].
pub fn open(request: ReplayRequest) -> ReplaySession {
    let state = ReplayState {
        phase: ReplayPhase::Connecting,
        position_ms: request.from_ms,
    };
    let shared = Arc::new(Shared {
        slot: FrameSlot::default(),
        state: watch::Sender::new(state),
        closed: Arc::default(),
    });
    let (commands, receiver) = mpsc::channel();
    let thread = std::thread::Builder::new().name("media-replay".to_owned()).spawn({
        let shared = Arc::clone(&shared);
        move || player::run(&request, &shared, &receiver)
    });
    if let Err(error) = thread {
        shared.enter(ReplayPhase::Failed(LiveError::new(
            LiveErrorKind::BrokenStream,
            error.to_string(),
        )));
    }
    ReplaySession { shared, commands }
}

impl ReplaySession {
    /// Where the frames are put; each carries `recorded_ms`.
    pub fn slot(&self) -> &FrameSlot {
        &self.shared.slot
    }

    /// Phase and position.
    pub fn state(&self) -> watch::Receiver<ReplayState> {
        self.shared.state.subscribe()
    }

    /// Stops at, or goes on from, the current frame.
    pub fn pause(&self, paused: bool) {
        self.tell(Command::Pause(paused));
    }

    /// Jumps to a time inside the range (cut to it), Unix milliseconds.
    pub fn seek(&self, to_ms: i64) {
        self.tell(Command::Seek(to_ms));
    }

    /// A session that failed takes no commands; its state says so already.
    fn tell(&self, command: Command) {
        if self.commands.send(command).is_err() {
            tracing::debug!("a playback that is over was told something");
        }
    }
}

impl Drop for ReplaySession {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
    }
}
