//! Live pictures: open a view, go on without the audit server for the grace.
//!
//! Invariant: every act is [`Session`]'s. Deliberately absent: rules, recording.

use super::{Answer, SignedIn, act};
use crate::domain::camera::{CameraId, StreamRole};
use crate::domain::live::stream_selection::Attention;
use crate::domain::privacy::{Cover, PoseKnowledge};
use crate::domain::ptz::limits::AllowedZoom;
use crate::media::frame::FrameSlot;
use crate::station::{LiveView, Session, StreamFigures, ViewState, Watching};
use std::sync::Arc;
use std::time::Instant;

/// Live pictures.
pub trait Watch: SignedIn {
    /// Whether the audit path lets live pictures be seen now.
    fn may_watch(&self) -> bool;
    /// Extends the grace by a quarter of an hour, in one's own name, although the audit path says no.
    fn extend_grace(&self, reason: String) -> Answer<()>;
    /// Opens a live view; recorded before its first picture.
    fn view(&self, camera: CameraId, stream: StreamRole) -> Answer<Arc<dyn Feed>>;
    /// People who have live pictures open, by camera.
    fn watching(&self) -> Vec<Watching>;
}

/// An open live view.
pub trait Feed: Send + Sync {
    fn stream(&self) -> StreamRole;
    fn slot(&self) -> &FrameSlot;
    fn state(&self) -> ViewState;
    fn cover(&self, now: Instant) -> Arc<Cover>;
    fn pose(&self, now: Instant) -> PoseKnowledge;
    /// The pose by the motors alone, to measure by.
    fn motors(&self, now: Instant) -> PoseKnowledge;
    /// What of a `wanted` digital zoom may be shown of the frame drawn at `now`.
    fn digital_zoom(&self, now: Instant, wanted: f64) -> AllowedZoom;
    fn figures(&self) -> StreamFigures;
    /// How much of the stream is decoded from now on; the session goes on in any case.
    fn attend(&self, attention: Attention);
    /// The station's own view, when there is one behind this feed.
    fn live(&self) -> Option<&LiveView>;
}

impl Watch for Session {
    fn may_watch(&self) -> bool {
        Session::may_watch(self)
    }

    fn extend_grace(&self, reason: String) -> Answer<()> {
        act(self, async move |session| session.extend_grace(&reason).await)
    }

    fn view(&self, camera: CameraId, stream: StreamRole) -> Answer<Arc<dyn Feed>> {
        act(self, async move |session| {
            let view = session.view(&camera, stream).await?;
            Ok(Arc::new(view) as Arc<dyn Feed>)
        })
    }

    fn watching(&self) -> Vec<Watching> {
        Session::watching(self).borrow().clone()
    }
}

impl Feed for LiveView {
    fn stream(&self) -> StreamRole {
        LiveView::stream(self)
    }
    fn slot(&self) -> &FrameSlot {
        LiveView::slot(self)
    }
    fn state(&self) -> ViewState {
        LiveView::state(self).borrow().clone()
    }
    fn cover(&self, now: Instant) -> Arc<Cover> {
        LiveView::cover(self, now)
    }
    fn pose(&self, now: Instant) -> PoseKnowledge {
        LiveView::pose(self, now)
    }
    fn motors(&self, now: Instant) -> PoseKnowledge {
        LiveView::motors(self, now)
    }
    fn digital_zoom(&self, now: Instant, wanted: f64) -> AllowedZoom {
        LiveView::digital_zoom(self, now, wanted)
    }
    fn figures(&self) -> StreamFigures {
        LiveView::figures(self)
    }
    fn attend(&self, attention: Attention) {
        LiveView::attend(self, attention);
    }
    fn live(&self) -> Option<&LiveView> {
        Some(self)
    }
}
