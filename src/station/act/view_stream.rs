//! The stream behind a live view: finds the address, opens it, opens it again when it breaks.
//!
//! Invariant: nothing here runs before the view's intent is durable; the slot is the same over all tries.
//! Deliberately absent: recording (see `view`), decoding (`media::live`).

use crate::domain::camera::StreamRole;
use crate::domain::live::clock_offset::ClockOffset;
use crate::domain::live::reconnect::{Ask, Fault, Next, Reconnect};
use crate::domain::live::stream_selection::Attention;
use crate::domain::site::CameraPlan;
use crate::media::frame::FrameSlot;
use crate::media::live::{self, LiveFigures, LivePhase, LiveRequest, OnPicture};
use crate::station::camera::connection::{Connection, Connections, Lost};
use crate::station::record::outbox::Recorded;
use crate::station::refusal::{CameraTrouble, Refusal, TroubleKind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A session is ended and its pipeline taken apart within this.
const TAKEN_APART: Duration = Duration::from_secs(10);

/// Where a live view stands.
#[derive(Debug, Clone, PartialEq)]
pub enum ViewState {
    Connecting,
    Live,
    /// The stream ended or never came; another try follows.
    Retrying {
        trouble: CameraTrouble,
        since: Instant,
        next_try: Instant,
    },
    /// Closed by the workstation itself (nothing can be recorded, grace over, session ended); no try follows.
    Closed {
        why: Refusal,
    },
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
    /// Share of the packets lost over the last seconds, 0..1.
    pub loss: f64,
    pub jitter_ms: f64,
    /// Frames per second the camera says it sends.
    pub announced_fps: Option<f64>,
    /// From the lens to here, milliseconds, where the camera's clock can be trusted.
    pub latency_ms: Option<f64>,
    /// How old the latest picture surely was when it came, by the camera's sender reports.
    pub on_arrival: Duration,
}

/// The stream of a view, with everything it needs to open and to report.
pub struct Stream {
    pub cameras: Arc<Connections>,
    pub plan: CameraPlan,
    pub role: StreamRole,
    pub proof: Recorded,
    pub slot: FrameSlot,
    /// Sees every picture before it is in the slot.
    pub on_picture: Option<OnPicture>,
    pub state: watch::Sender<ViewState>,
    pub figures: watch::Sender<StreamFigures>,
    pub attention: watch::Receiver<Attention>,
}

/// What the camera said of a stream before it was opened.
struct Offered {
    request: LiveRequest,
    connection: Arc<Connection>,
    profile: String,
    announced_fps: Option<f64>,
    clock: Option<ClockOffset>,
}

impl Stream {
    /// Streams until it is dropped.
    pub async fn run(&self) {
        let (mut reconnect, mut lost, mut before) = (Reconnect::default(), None, None);
        loop {
            let trouble = match still_there(before.as_mut()).await {
                false => self.try_once(&mut reconnect, &mut lost, &mut before).await,
                true => CameraTrouble::new(TroubleKind::StreamFrozen, "the last connection's pipeline hangs"),
            };
            let others = lost.get_or_insert_with(|| self.cameras.lost()).others();
            let now = Instant::now();
            let Next { at, ask } = reconnect.lost(now, fault(&trouble), others, rand::random());
            tracing::info!(camera = %self.plan.id, %trouble, ?ask, "the live stream is not there");
            match ask {
                Ask::Nothing => {}
                Ask::Device => self.cameras.forget(&self.plan.id),
                Ask::Account => self.cameras.forget_credential(&self.plan.id),
            }
            self.figures.send_replace(StreamFigures::default());
            self.state.send_replace(ViewState::Retrying {
                trouble,
                since: reconnect.troubled_since().unwrap_or(now),
                next_try: at,
            });
            tokio::time::sleep_until(at.into()).await;
        }
    }

    /// One connection, for as long as it lasts.
    /// `before` becomes true when its pipeline is gone.
    async fn try_once(
        &self,
        reconnect: &mut Reconnect,
        lost: &mut Option<Lost>,
        before: &mut Option<watch::Receiver<bool>>,
    ) -> CameraTrouble {
        let offered = match self.offered().await {
            Ok(offered) => offered,
            Err(refusal) => return no_address(refusal),
        };
        let stream = live::open_into(offered.request.clone(), self.slot.clone(), self.on_picture.clone());
        *before = Some(stream.gone());
        let (mut status, mut attention) = (stream.status(), self.attention.clone());
        let mut key_frames = KeyFrames::default();
        loop {
            let wanted = *attention.borrow_and_update();
            stream.attend(wanted);
            key_frames.look(wanted, &status.borrow().figures.codec, &offered);
            let now = status.borrow_and_update().clone();
            match now.phase {
                LivePhase::Connecting => {}
                LivePhase::Playing => {
                    self.state.send_if_modified(|state| replace(state, ViewState::Live));
                    reconnect.live(Instant::now());
                    *lost = None;
                    self.figures.send_replace(figures(&now.figures, &offered));
                }
                LivePhase::Failed(error) => return error.into(),
            }
            let goes_on = tokio::select! {
                changed = status.changed() => changed.is_ok(),
                // The view is being closed when nobody asks any more; the stream ends with it.
                changed = attention.changed() => changed.is_ok(),
            };
            if !goes_on {
                return CameraTrouble::new(TroubleKind::StreamBroken, "the stream ended without a word");
            }
        }
    }

    async fn offered(&self) -> Result<Offered, Refusal> {
        let connection = self.cameras.connection(&self.plan, &self.proof).await?;
        let offer = connection.stream(self.role).await?;
        let request = LiveRequest {
            url: offer.uri.clone(),
            user: connection.credential.user.clone(),
            password: connection.credential.password.clone(),
        };
        Ok(Offered {
            request,
            profile: offer.profile.clone(),
            announced_fps: offer.fps,
            clock: connection.camera.facts().clock,
            connection,
        })
    }
}

/// Whether the pipeline of the last connection is still there, after a while: a decoder that hangs keeps it. A camera may
/// have no second one then; with its session still open it would refuse a second one anyway.
async fn still_there(before: Option<&mut watch::Receiver<bool>>) -> bool {
    let Some(before) = before else { return false };
    let gone = before.wait_for(|gone| *gone);
    // A stream that was dropped altogether is gone too.
    tokio::time::timeout(TAKEN_APART, gone).await.is_err()
}

/// Asks the camera for a key frame (ONVIF `SetSynchronizationPoint`) when the stream has begun to play, and when it gets
/// its whole attention back: the first whole picture need not wait for the camera's next one.
struct KeyFrames {
    attention: Attention,
    plays: bool,
    /// Aborted with the stream.
    asked: JoinSet<()>,
}

impl Default for KeyFrames {
    fn default() -> Self {
        Self {
            attention: Attention::Whole,
            plays: false,
            asked: JoinSet::new(),
        }
    }
}

impl KeyFrames {
    /// `codec` is known as soon as the camera has answered PLAY.
    fn look(&mut self, attention: Attention, codec: &str, offered: &Offered) {
        let plays = !codec.is_empty();
        let wants = attention == Attention::Whole && (self.attention != attention || plays != self.plays);
        (self.attention, self.plays) = (attention, plays);
        if !(plays && wants) {
            return;
        }
        let (connection, profile) = (Arc::clone(&offered.connection), offered.profile.clone());
        self.asked.spawn(async move {
            if let Err(error) = connection.camera.synchronise(&profile).await {
                tracing::debug!(%error, "no key frame on request");
            }
        });
        while self.asked.try_join_next().is_some() {}
    }
}

fn no_address(refusal: Refusal) -> CameraTrouble {
    match refusal {
        Refusal::Camera(trouble) => trouble,
        Refusal::NotSupported => CameraTrouble::new(TroubleKind::NoStream, "the camera offers no stream"),
        other => CameraTrouble::new(
            TroubleKind::WrongPassword,
            format!("no account for this camera: {other}"),
        ),
    }
}

fn fault(trouble: &CameraTrouble) -> Fault {
    match trouble.kind {
        TroubleKind::Unreachable | TroubleKind::Nonsense => Fault::Away,
        TroubleKind::WrongPassword => Fault::Refused,
        TroubleKind::ClockWrong => Fault::ClockWrong,
        TroubleKind::Busy => Fault::Busy,
        TroubleKind::NoStream => Fault::NoStream,
        TroubleKind::MissingDecoder | TroubleKind::UnknownFormat | TroubleKind::UnknownLogin => Fault::CannotShow,
        TroubleKind::StreamFrozen => Fault::Frozen,
        TroubleKind::SeveralViews | TroubleKind::ViewGone | TroubleKind::SelfTest => Fault::NoStream,
        TroubleKind::StreamBroken => Fault::Dropped,
    }
}

fn replace(state: &mut ViewState, new: ViewState) -> bool {
    let changed = *state != new;
    *state = new;
    changed
}

fn figures(figures: &LiveFigures, offered: &Offered) -> StreamFigures {
    StreamFigures {
        codec: figures.codec.clone(),
        width: figures.width,
        height: figures.height,
        received_fps: figures.received_fps,
        decoded_fps: figures.decoded_fps,
        bitrate_kbit_s: figures.bitrate_kbit_s,
        lost_packets: figures.lost_packets,
        loss: figures.loss,
        jitter_ms: figures.jitter_ms,
        announced_fps: offered.announced_fps,
        latency_ms: figures.delay.latency_ms(offered.clock),
        on_arrival: figures.delay.on_arrival(offered.clock),
    }
}
