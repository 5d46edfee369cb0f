//! A live view: opened after its event is durable, a pulse every minute, closed and recorded when it is dropped.
//!
//! Invariant: no frame is in the slot before the open event is durable, nor after the close event was written.
//! Deliberately absent: the stream and its reconnection (see `view_stream`), drawing.

use super::view_stream::{Stream, StreamFigures, ViewState};
use crate::domain::audit::details::live::{ViewClose, ViewOpen, ViewPulse};
use crate::domain::audit::details::{Details, Say as _};
use crate::domain::audit::event::Outcome;
use crate::domain::camera::{CameraId, StreamRole};
use crate::domain::live::stream_selection::Attention;
use crate::domain::people::Action;
use crate::domain::privacy::{Cover, PoseKnowledge};
use crate::domain::ptz::limits::AllowedZoom;
use crate::domain::site::CameraPlan;
use crate::media::frame::Came;
use crate::media::frame::{Frame, FrameSlot};
use crate::media::live::OnPicture;
use crate::station::camera::frame_cover::FrameCover;
use crate::station::camera::picture_motion_feed::PictureWitness;
use crate::station::camera::picture_motion_feed::turns::PictureTurns;
use crate::station::camera::watched::Watched;
use crate::station::record::health::Need;
use crate::station::refusal::Refusal;
use crate::station::session::authorised_act::{Act, Intent, Right, why};
use crate::station::session::signed_in::Session;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Between two pulses: bounds how long a view can have lasted when the workstation dies.
const PULSE: Duration = Duration::from_secs(60);

/// An open live view. Dropping it closes the stream and records the close.
pub struct LiveView {
    watched: Arc<Watched>,
    stream: StreamRole,
    slot: FrameSlot,
    state: watch::Receiver<ViewState>,
    figures: watch::Receiver<StreamFigures>,
    cover: FrameCover,
    /// Dropped with the view: the task behind it closes. Dropped before `attention`, whose end means nothing.
    _open: watch::Sender<()>,
    attention: watch::Sender<Attention>,
}

impl Session {
    /// Opens a live view. The open event is durable before the stream is asked for; a pulse follows every 60 s;
    /// dropping the [`LiveView`] closes and records it.
    ///
    /// # Errors
    /// The refusal of the act ([`RefusalKind::Rule`], [`Refusal::NotRecorded`], [`Refusal::GraceOver`] …); a camera that does not answer shows in [`LiveView::state`] instead.
    pub async fn view(&self, camera: &CameraId, stream: StreamRole) -> Result<LiveView, Refusal> {
        let plan = self.0.camera(camera)?;
        let mut intent = Intent::new(ViewOpen::default(), &plan, Right::Grant(Action::Live), Need::Watch);
        intent.stream = Some(stream);
        let act = self.0.intend(intent).await?;
        let watched = self.0.watched.watch(&plan, act.recorded());
        let (state_sender, state) = watch::channel(ViewState::Connecting);
        let (figures_sender, figures) = watch::channel(StreamFigures::default());
        let (open, closed) = watch::channel(());
        let (attention, wanted) = watch::channel(Attention::default());
        let slot = FrameSlot::default();
        let witness = watched.on_view(&slot);
        let stream_task = Stream {
            cameras: Arc::clone(&self.0.cameras),
            plan,
            role: stream,
            proof: act.recorded().clone(),
            slot: slot.clone(),
            on_picture: witness.as_ref().map(|witness| looking(&watched, witness, &figures)),
            state: state_sender,
            figures: figures_sender,
            attention: wanted,
        };
        self.0.station.runtime.spawn(live(act, stream_task, closed));
        Ok(LiveView {
            watched,
            stream,
            slot,
            state,
            figures,
            cover: FrameCover::new(witness),
            attention,
            _open: open,
        })
    }
}

impl LiveView {
    /// The camera, as planned.
    pub fn camera(&self) -> &CameraPlan {
        &self.watched.plan
    }

    /// The role of the stream that is shown.
    pub fn stream(&self) -> StreamRole {
        self.stream
    }

    /// What is known of the camera as long as it is watched.
    pub(super) fn watched(&self) -> &Watched {
        &self.watched
    }

    /// The latest picture; survives reconnects.
    pub fn slot(&self) -> &FrameSlot {
        &self.slot
    }

    /// The state of the view, as it changes.
    pub fn state(&self) -> watch::Receiver<ViewState> {
        self.state.clone()
    }

    /// The cover of a frame drawn at `now`. Cheap: called once per drawn frame.
    pub fn cover(&self, now: Instant) -> Arc<Cover> {
        self.cover.at(&self.watched, self.came(now), now)
    }

    /// What of a `wanted` digital zoom may be shown of a frame drawn at `now` (R-PTZ-2). Cheap: called once per drawn frame.
    pub fn digital_zoom(&self, now: Instant, wanted: f64) -> AllowedZoom {
        self.cover.digital_zoom(&self.watched, self.came(now), now, wanted)
    }

    /// How the latest picture came; as one that comes `now` before the first.
    fn came(&self, now: Instant) -> Came {
        let came = self.slot.latest().map_or(Came::at(now), |frame| frame.came());
        came.behind_at_least(self.figures.borrow().on_arrival)
    }

    /// How far its pictures turn while the dome is driven; `None` for a camera that does not move.
    pub(super) fn turns(&self) -> Option<&PictureTurns> {
        self.cover.witness().map(|witness| &witness.turns)
    }

    /// Where the dome looks, as far as it is known.
    pub fn pose(&self, now: Instant) -> PoseKnowledge {
        self.watched.knowledge(now)
    }

    /// Where the dome looks by its motors alone, also while its picture lies otherwise than planned: to measure by.
    pub fn motors(&self, now: Instant) -> PoseKnowledge {
        self.watched.motors(now)
    }

    /// How much of the stream is decoded from now on; the session goes on in any case.
    pub fn attend(&self, attention: Attention) {
        self.attention
            .send_if_modified(|wanted| std::mem::replace(wanted, attention) != attention);
    }

    /// Figures of the stream, about a second old at most.
    pub fn figures(&self) -> StreamFigures {
        self.figures.borrow().clone()
    }
}

/// Looks at the pictures of a view before they can be drawn, for as long as somebody watches the camera.
fn looking(
    watched: &Arc<Watched>,
    witness: &Arc<PictureWitness>,
    figures: &watch::Receiver<StreamFigures>,
) -> OnPicture {
    let (watched, witness, figures) = (Arc::downgrade(watched), Arc::clone(witness), figures.clone());
    Arc::new(move |frame: &Frame| {
        if let Some(watched) = watched.upgrade() {
            let surely = figures.borrow().on_arrival;
            watched.on_picture(&witness, frame, surely);
        }
    })
}

/// The life of a view, from its durable intent to its close event.
async fn live(mut act: Act, stream: Stream, mut closed: watch::Receiver<()>) {
    let session = Arc::clone(act.session());
    let opened = Instant::now();
    let mut pulse = tokio::time::interval_at(tokio::time::Instant::now() + PULSE, PULSE);
    let mut state = stream.state.subscribe();
    let mut settled = false;
    let ended = {
        let mut streaming = std::pin::pin!(stream.run());
        loop {
            tokio::select! {
                biased;
                _ = closed.changed() => break None,
                refusal = session.until_forbidden(Need::Watch) => break Some(refusal),
                refusal = session.policy.until_school_opens(&stream.plan) => break Some(refusal),
                _ = pulse.tick() => {
                    if let Err(refusal) = act.also(ViewPulse::default(), Outcome::Done).await {
                        break Some(refusal);
                    }
                }
                first = first_outcome(&mut state), if !settled => {
                    settled = true;
                    let (outcome, more) = first;
                    if let Err(refusal) = act.settle(outcome, more).await {
                        break Some(refusal);
                    }
                }
                () = &mut streaming => break None,
            }
        }
    };
    // The stream is gone with `streaming`; what it put last goes too.
    stream.slot.clear();
    let mut close = Details::from(ViewClose {
        seconds: Some(opened.elapsed().as_secs()),
        frames: Some(stream.slot.count()),
    });
    close.common.why = ended.as_ref().map(why);
    let before = ViewOpen::default().because("closed before");
    if !settled && let Err(error) = act.settle(Outcome::Failed, Some(before)).await {
        tracing::error!(%error, "the outcome of a view could not be recorded");
    }
    if let Err(error) = act.also(close, Outcome::Done).await {
        tracing::error!(%error, "the close of a view could not be recorded");
    }
    if let Some(why) = ended {
        stream.state.send_replace(ViewState::Closed { why });
    }
}

/// Waits until the view is live for the first time, or the first try failed.
async fn first_outcome(state: &mut watch::Receiver<ViewState>) -> (Outcome, Option<Details>) {
    let first = state
        .wait_for(|state| *state != ViewState::Connecting)
        .await
        .map(|state| state.clone());
    match first {
        Ok(ViewState::Live) => (Outcome::Done, None),
        Ok(ViewState::Retrying { trouble, .. }) => {
            let failed = ViewOpen::default().because(trouble.to_string());
            (Outcome::Failed, Some(failed))
        }
        Ok(ViewState::Connecting | ViewState::Closed { .. }) | Err(_) => (Outcome::Failed, None),
    }
}
