//! What the desk without a station shows: test pictures that move, fall silent or are covered, and a hand that notes.
//!
//! Deliberately absent: the desk itself.

use super::pattern;
use super::{note, number};
use futures::future::BoxFuture;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use vedetta::domain::camera::{CameraId, StreamRole};
use vedetta::domain::live::stream_selection::Attention;
use vedetta::domain::privacy::{Cover, Interval, PoseInterval, PoseKnowledge, WholeReason};
use vedetta::domain::ptz::limits::{AllowedZoom, LimitHit};
use vedetta::domain::ptz::steering::PictureVelocity;
use vedetta::gui::session_port::{Answer, Feed, PtzDrive, Reel};
use vedetta::media::frame::FrameSlot;
use vedetta::station::{
    CameraTrouble, LiveView, Playback, PlaybackState, Refusal, StreamFigures, TroubleKind, ViewState,
};

/// Says yes to every move but the zoom.
pub(super) struct FakePtzDrive(pub(super) Arc<Mutex<Vec<String>>>);

impl PtzDrive for FakePtzDrive {
    fn velocity(&self, wanted: PictureVelocity) -> BoxFuture<'_, Result<(), Refusal>> {
        let PictureVelocity { right, up, zoom } = wanted;
        note(&self.0, format!("velocity {right} {up} {zoom}"));
        Box::pin(async { Ok(()) })
    }
    fn tap(&self, wanted: PictureVelocity, held: Duration) -> BoxFuture<'_, Result<(), Refusal>> {
        let PictureVelocity { right, up, zoom } = wanted;
        note(&self.0, format!("tap {right} {up} {zoom} {} ms", held.as_millis()));
        Box::pin(async { Ok(()) })
    }
    fn box_zoom(&self, [a, b]: [[f64; 2]; 2]) -> BoxFuture<'_, Result<(), Refusal>> {
        note(&self.0, format!("box {:.2} {:.2} {:.2} {:.2}", a[0], a[1], b[0], b[1]));
        Box::pin(async { Ok(()) })
    }
    fn centre_on(&self, x: f64, y: f64) -> BoxFuture<'_, Result<(), Refusal>> {
        note(&self.0, format!("centre {x:.2} {y:.2}"));
        Box::pin(async { Ok(()) })
    }
    fn zoom_by(&self, factor: f64) -> BoxFuture<'_, Result<(), Refusal>> {
        note(&self.0, format!("zoom {factor:.2}"));
        Box::pin(async { Err(Refusal::ZoomCeiling { ceiling: 8.0 }) })
    }
    fn end(self: Box<Self>) -> Answer<()> {
        note(&self.0, "end".into());
        Box::pin(async { Ok(()) })
    }
}

/// From one picture to the next: 25 a second, or few.
pub(super) const BEAT: Duration = Duration::from_millis(40);
pub(super) const FEW: Duration = Duration::from_millis(500);
/// A camera that falls silent has sent pictures for so long.
const SILENT_AFTER: Duration = Duration::from_secs(2);

/// Test pictures, one a beat; every seventh camera falls silent, every ninth does not answer, every fifth
/// is covered whole.
pub(super) struct FakeFeed {
    stream: StreamRole,
    number: u64,
    slot: FrameSlot,
    since: Instant,
    attention: Arc<AtomicU8>,
    /// Of so many pictures one is decoded in time.
    every: u64,
    _alive: Arc<()>,
}

impl FakeFeed {
    pub(super) fn new(camera: &CameraId, stream: StreamRole, slow: bool, beat: Duration) -> FakeFeed {
        let (width, height) = if stream == StreamRole::Main {
            (1280, 720)
        } else {
            (640, 360)
        };
        let slot = FrameSlot::default();
        let alive = Arc::new(());
        let (painted, still_wanted) = (slot.clone(), Arc::downgrade(&alive));
        let number = number(camera);
        let attention = Arc::new(AtomicU8::new(Attention::Whole as u8));
        let heeded = attention.clone();
        let every = if slow { 2 + number % 2 } else { 1 };
        let last = (SILENT_AFTER.as_millis() / beat.as_millis().max(1)) as u64;
        tokio::spawn(async move {
            let mut beat = tokio::time::interval(beat);
            for frame in 1.. {
                beat.tick().await;
                let wanted = match heeded.load(Ordering::Relaxed) {
                    0 => false,
                    1 => frame % 25 == 0,
                    _ => frame % every == 0,
                };
                if !wanted && still_wanted.strong_count() > 0 {
                    continue;
                }
                if still_wanted.strong_count() == 0 || (number % 7 == 3 && frame > last) || number % 9 == 6 {
                    break;
                }
                let ms = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .map_or(0, |d| d.as_millis() as u64);
                painted.put(pattern::frame(width, height, frame, ms));
            }
        });
        FakeFeed {
            stream,
            number,
            slot,
            since: Instant::now(),
            attention,
            every,
            _alive: alive,
        }
    }
}

impl Feed for FakeFeed {
    fn stream(&self) -> StreamRole {
        self.stream
    }
    fn slot(&self) -> &FrameSlot {
        &self.slot
    }
    fn state(&self) -> ViewState {
        if self.number % 9 == 6 {
            let trouble = CameraTrouble {
                kind: TroubleKind::Unreachable,
                detail: "no route".into(),
            };
            ViewState::Retrying {
                trouble,
                since: self.since,
                next_try: self.since,
            }
        } else {
            ViewState::Live
        }
    }
    fn cover(&self, _: Instant) -> Arc<Cover> {
        Arc::new(match self.number % 5 {
            0 => Cover::Whole(WholeReason::PoseNotKnown),
            1 => Cover::Parts(vec![vec![[0.1, 0.3], [0.3, 0.2], [0.35, 0.5], [0.12, 0.55]].into()]),
            _ => Cover::Parts(Vec::new()),
        })
    }
    fn pose(&self, _: Instant) -> PoseKnowledge {
        let about = |v: f64| Interval {
            lo: v - 0.3,
            hi: v + 0.3,
        };
        PoseKnowledge::Within(PoseInterval {
            pan: about(42.0),
            tilt: about(-12.0),
            hfov: about(55.0),
        })
    }
    fn motors(&self, now: Instant) -> PoseKnowledge {
        self.pose(now)
    }
    fn digital_zoom(&self, _: Instant, wanted: f64) -> AllowedZoom {
        let most = 4.0;
        AllowedZoom {
            factor: wanted.min(most),
            hit: (wanted > most).then_some(LimitHit::ZoomCeiling { ceiling: most }),
        }
    }
    fn figures(&self) -> StreamFigures {
        StreamFigures {
            codec: "H.264".into(),
            width: 640,
            height: 360,
            received_fps: 25.0,
            decoded_fps: 25.0 / self.every as f64,
            bitrate_kbit_s: 812.0,
            jitter_ms: 3.0,
            announced_fps: Some(25.0),
            latency_ms: Some(84.0),
            ..Default::default()
        }
    }
    fn attend(&self, attention: Attention) {
        self.attention.store(attention as u8, Ordering::Relaxed);
    }
    fn live(&self) -> Option<&LiveView> {
        None
    }
}

/// A recording that plays test pictures.
pub(super) struct FakeReel {
    pub(super) feed: FakeFeed,
    pub(super) from_ms: i64,
    pub(super) since: Instant,
}

impl Reel for FakeReel {
    fn slot(&self) -> &FrameSlot {
        &self.feed.slot
    }
    fn state(&self) -> PlaybackState {
        let position_ms = self.from_ms + self.since.elapsed().as_millis() as i64;
        PlaybackState {
            position_ms,
            paused: false,
            ended: false,
            ended_by: None,
            trouble: None,
        }
    }
    fn cover(&self, _: Option<i64>) -> Arc<Cover> {
        self.feed.cover(Instant::now())
    }
    fn pause(&self, _: bool) {}
    fn seek(&self, _: i64) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async { Ok(()) })
    }
    fn playback(&self) -> Option<&Playback> {
        None
    }
}
