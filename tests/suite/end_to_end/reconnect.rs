//! A camera that is lost comes back without a click: one test for each way of losing it.
//!
//! Invariant: the faults are the simulator's, the client is the whole station. Deliberately absent: the rule itself and its
//! properties (`domain::live::reconnect`).

use super::place::{Place, until};
use crate::town::Town;
use serde_json::json;
use vedetta::domain::camera::{CameraId, StreamRole};
use vedetta::domain::live::stream_selection::Attention;
use vedetta::station::{LiveView, Session, Station, TroubleKind, ViewState};

/// A camera that is watched.
struct Watched {
    place: Place,
    camera: CameraId,
    view: LiveView,
    session: Session,
    _station: Station,
}

impl Watched {
    async fn start() -> Self {
        let place = Town::of(1, 0).simulated();
        let station = place.station().await;
        let session = place.sign_in(&station, "operatore").await;
        let camera = session.plan().cameras[0].id.clone();
        let view = session.view(&camera, StreamRole::Sub).await.expect("a view");
        until("frames", 20, || view.slot().count() > 5).await;
        Self {
            place,
            camera,
            view,
            session,
            _station: station,
        }
    }

    async fn fault(&self, faults: serde_json::Value) {
        self.place.fault(&self.camera, faults).await;
    }

    fn trouble(&self) -> Option<TroubleKind> {
        match &*self.view.state().borrow() {
            ViewState::Retrying { trouble, .. } => Some(trouble.kind),
            _ => None,
        }
    }

    async fn is_lost(&self, kind: TroubleKind) {
        until("the trouble", 30, || self.trouble() == Some(kind)).await;
    }

    async fn is_back(&self) {
        let seen = self.view.slot().count();
        until("frames again", 60, || self.view.slot().count() > seen + 5).await;
        until("live", 5, || *self.view.state().borrow() == ViewState::Live).await;
    }

    fn size(&self) -> (u32, u32) {
        self.view
            .slot()
            .latest()
            .map_or((0, 0), |frame| (frame.width, frame.height))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_comes_back_after_a_reboot() {
    let watched = Watched::start().await;
    watched.fault(json!({"reboot": 4})).await;
    until("the trouble", 20, || watched.trouble().is_some()).await;
    watched.is_back().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_comes_back_after_the_connection_was_dropped() {
    let watched = Watched::start().await;
    watched.fault(json!({"drop_stream": true})).await;
    watched.is_lost(TroubleKind::StreamBroken).await;
    watched.is_back().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_comes_back_after_it_froze_without_closing() {
    let watched = Watched::start().await;
    watched.fault(json!({"silence": true})).await;
    watched.is_lost(TroubleKind::StreamFrozen).await;
    watched.fault(json!({"silence": false})).await;
    watched.is_back().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn through_a_change_of_resolution() {
    let watched = Watched::start().await;
    let (width, height) = watched.size();
    watched.fault(json!({"picture": "resized"})).await;
    until("the other size", 40, || {
        watched.size().0 > 0 && watched.size().0 < width
    })
    .await;
    watched.is_back().await;
    watched.fault(json!({"picture": "normal"})).await;
    until("the first size", 40, || watched.size() == (width, height)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_comes_back_after_a_change_of_codec() {
    let watched = Watched::start().await;
    until("the first codec", 20, || watched.view.figures().codec == "H264").await;
    watched.fault(json!({"picture": "recoded"})).await;
    until("the other codec", 60, || watched.view.figures().codec == "H265").await;
    watched.is_back().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_second_session_is_refused_the_first_goes_on_and_the_second_comes_when_there_is_room() {
    let watched = Watched::start().await;
    watched.fault(json!({"sessions": 1})).await;
    let second = watched
        .session
        .view(&watched.camera, StreamRole::Main)
        .await
        .expect("a second view");
    let busy = || matches!(&*second.state().borrow(), ViewState::Retrying { trouble, .. } if trouble.kind == TroubleKind::Busy);
    until("the refusal", 20, busy).await;
    watched.is_back().await;
    watched.fault(json!({"sessions": 2})).await;
    until("frames of the second", 60, || second.slot().count() > 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_401_that_follows_a_jump_of_its_clock() {
    let watched = Watched::start().await;
    watched
        .fault(json!({"credentials": "refuse", "clock_skew_s": 7_200, "drop_stream": true}))
        .await;
    watched.is_lost(TroubleKind::WrongPassword).await;
    watched.fault(json!({"credentials": "normal"})).await;
    watched.is_back().await;
    // The other clock does not make a live picture look old, and is not taken for a latency.
    until("figures", 10, || watched.view.figures().received_fps > 5.0).await;
    assert_eq!(watched.view.figures().on_arrival.as_secs(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_sees_keeps_its_session_and_comes_back_with_a_key_frame() {
    let watched = Watched::start().await;
    let wanted = async || {
        watched.place.truth(&watched.camera).await["key_frames_wanted"]
            .as_u64()
            .expect("a count")
    };
    let at_first = wanted().await;
    assert!(at_first >= 1, "the first picture was not asked for");
    watched.view.attend(Attention::Nothing);
    let figures = |fps: fn(f64) -> bool| {
        let figures = watched.view.figures();
        figures.received_fps > 5.0 && fps(figures.decoded_fps)
    };
    until("rest", 20, || figures(|fps| fps < 0.1)).await;
    watched.view.attend(Attention::KeyFrames);
    until("key frames", 20, || figures(|fps| (0.4..3.0).contains(&fps))).await;
    watched.view.attend(Attention::Whole);
    until("every frame", 20, || figures(|fps| fps > 5.0)).await;
    assert!(wanted().await > at_first);
    assert_eq!(*watched.view.state().borrow(), ViewState::Live);
}
