//! The stream behind a live view: finds the address, opens it, opens it again when it breaks.
//!
//! Invariant: nothing here runs before the view's intent is durable; the slot is the same over all tries.
//! Deliberately absent: recording (see `view`), decoding (`media::live`).

use super::outbox::Recorded;
use super::refusal::{CameraTrouble, Refusal, TroubleKind};
use super::session::SessionInner;
use super::view::{StreamFigures, ViewState};
use crate::domain::backoff::{Backoff, BackoffPolicy};
use crate::domain::camera::StreamRole;
use crate::domain::site::CameraPlan;
use crate::media::frame::FrameSlot;
use crate::media::live::{self, LiveFigures, LivePhase, LiveRequest, Transport};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Jitter buffer, milliseconds.
const LATENCY_MS: u32 = 100;
const RETRY: BackoffPolicy = BackoffPolicy {
    first: Duration::from_millis(500),
    longest: Duration::from_secs(15),
    steady: Duration::from_secs(20),
};

/// What a view's stream needs.
pub struct Stream {
    pub session: Arc<SessionInner>,
    pub plan: CameraPlan,
    pub role: StreamRole,
    pub proof: Recorded,
    pub slot: FrameSlot,
    pub state: watch::Sender<ViewState>,
    pub figures: watch::Sender<StreamFigures>,
}

impl Stream {
    /// Streams until it is dropped.
    pub async fn run(&self) {
        let mut backoff = Backoff::new(RETRY);
        let mut troubled_since = None;
        loop {
            let trouble = self.try_once(&mut backoff, &mut troubled_since).await;
            let now = Instant::now();
            let next_try = backoff.failed(now, rand::random());
            let since = *troubled_since.get_or_insert(now);
            tracing::info!(camera = %self.plan.id, %trouble, "the live stream is not there");
            self.figures.send_replace(StreamFigures::default());
            self.state.send_replace(ViewState::Retrying {
                trouble,
                since,
                next_try,
            });
            tokio::time::sleep_until(next_try.into()).await;
        }
    }

    /// One connection, for as long as it lasts.
    async fn try_once(&self, backoff: &mut Backoff, troubled_since: &mut Option<Instant>) -> CameraTrouble {
        let request = match self.request().await {
            Ok(request) => request,
            Err(refusal) => return self.on_no_address(refusal),
        };
        let stream = live::open_into(request, self.slot.clone());
        let mut status = stream.status();
        loop {
            let now = status.borrow_and_update().clone();
            match now.phase {
                LivePhase::Connecting => {}
                LivePhase::Playing => {
                    if self.state.send_if_modified(|state| replace(state, ViewState::Live)) {
                        backoff.connected(Instant::now());
                        *troubled_since = None;
                    }
                    self.figures.send_replace(figures(&now.figures));
                }
                LivePhase::Failed(error) => return self.on_broken(error.into()),
            }
            if status.changed().await.is_err() {
                return CameraTrouble::new(TroubleKind::StreamBroken, "the stream ended without a word");
            }
        }
    }

    async fn request(&self) -> Result<LiveRequest, Refusal> {
        let connection = self.session.connection(&self.plan, &self.proof).await?;
        let offer = connection.stream(self.role).await?;
        Ok(LiveRequest {
            url: offer.uri.clone(),
            user: connection.credential.user.clone(),
            password: connection.credential.password.clone(),
            transport: Transport::Tcp,
            latency_ms: LATENCY_MS,
        })
    }

    fn on_no_address(&self, refusal: Refusal) -> CameraTrouble {
        self.session.cameras.forget(&self.plan.id);
        match refusal {
            Refusal::Camera(trouble) => trouble,
            Refusal::NotSupported => CameraTrouble::new(TroubleKind::NoStream, "the camera offers no stream"),
            other => CameraTrouble::new(
                TroubleKind::WrongPassword,
                format!("no account for this camera: {other}"),
            ),
        }
    }

    fn on_broken(&self, trouble: CameraTrouble) -> CameraTrouble {
        match trouble.kind {
            TroubleKind::WrongPassword => self.session.cameras.forget_credential(&self.plan.id),
            // The address may have changed, or the camera restarted: ask it afresh.
            TroubleKind::Unreachable | TroubleKind::NoStream => self.session.cameras.forget(&self.plan.id),
            TroubleKind::ClockWrong
            | TroubleKind::Nonsense
            | TroubleKind::Busy
            | TroubleKind::MissingDecoder
            | TroubleKind::StreamBroken => {}
        }
        trouble
    }
}

fn replace(state: &mut ViewState, new: ViewState) -> bool {
    let changed = *state != new;
    *state = new;
    changed
}

fn figures(figures: &LiveFigures) -> StreamFigures {
    StreamFigures {
        codec: figures.codec.clone(),
        width: figures.width,
        height: figures.height,
        received_fps: figures.received_fps,
        decoded_fps: figures.decoded_fps,
        bitrate_kbit_s: figures.bitrate_kbit_s,
        lost_packets: figures.lost_packets,
        jitter_ms: figures.jitter_ms,
    }
}
