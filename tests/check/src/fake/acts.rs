//! What is watched, steered and copied at the fake desk.
//!
//! Deliberately absent: the pictures themselves (`pictures`).

use super::pictures::{BEAT, FEW, FakeFeed, FakePtzDrive, FakeReel};
use super::{Fake, takeover};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use vedetta::domain::camera::{CameraId, StreamRole};
use vedetta::domain::ptz::delay_trial::MeasuredMotion;
use vedetta::domain::site::{CameraPlan, DomeDelays, SpeedRow, SpeedTable};
use vedetta::gui::session_port::{Answer, ExportWish, Feed, PtzControl, PtzDrive, Record, Reel, Watch};
use vedetta::station::{ExportProgress, Exported, Obscured, Preset, RecordedSpan, Refusal, Watching};

impl Watch for Fake {
    fn may_watch(&self) -> bool {
        !self.stopped.load(Ordering::Relaxed)
    }

    fn extend_grace(&self, reason: String) -> Answer<()> {
        self.note(format!("go on {reason}"));
        self.stopped.store(false, Ordering::Relaxed);
        Box::pin(async { Ok(()) })
    }

    fn view(&self, camera: CameraId, stream: StreamRole) -> Answer<Arc<dyn Feed>> {
        self.note(format!("view {camera} {stream:?}"));
        let slow = self.slow;
        if self.stopped.load(Ordering::Relaxed) {
            return Box::pin(async { Err(Refusal::GraceOver) });
        }
        let school = self.plan.camera(&camera).is_some_and(|camera| camera.school.is_some());
        if school && self.school_is_open {
            let until = Instant::now().checked_add(Duration::from_secs(3 * 3600));
            return Box::pin(async move { Err(Refusal::SchoolHours { until }) });
        }
        let beat = if self.few_pictures.load(Ordering::Relaxed) {
            FEW
        } else {
            BEAT
        };
        Box::pin(async move { Ok(Arc::new(FakeFeed::new(&camera, stream, slow, beat)) as Arc<dyn Feed>) })
    }

    fn watching(&self) -> Vec<Watching> {
        let seen = self.plan.cameras.iter().filter(|camera| camera.number % 4 == 0);
        let people: Vec<_> = takeover::marshal().into_iter().chain(takeover::officer()).collect();
        seen.map(|camera| Watching {
            camera: camera.id.clone(),
            people: people.clone(),
        })
        .collect()
    }
}

impl PtzControl for Fake {
    fn drive_ptz(&self, camera: CameraId) -> Answer<Box<dyn PtzDrive>> {
        self.note(format!("steer {camera}"));
        let said = self.said.clone();
        Box::pin(async move { Ok(Box::new(FakePtzDrive(said)) as Box<dyn PtzDrive>) })
    }

    fn presets(&self, _: CameraId) -> Answer<Vec<Preset>> {
        let preset = |(n, name): (usize, &str)| Preset {
            token: format!("p{n}"),
            name: name.into(),
        };
        let presets = ["Ingresso piazza", "Municipio", "Fermata autobus"]
            .into_iter()
            .enumerate()
            .map(preset)
            .collect();
        Box::pin(async move { Ok(presets) })
    }

    fn call_preset(&self, camera: CameraId, preset: String) -> Answer<()> {
        self.note(format!("preset {camera} {preset}"));
        Box::pin(async { Err(Refusal::ZoomCeiling { ceiling: 8.0 }) })
    }

    fn call_home(&self, camera: CameraId) -> Answer<()> {
        self.note(format!("home {camera}"));
        Box::pin(async { Ok(()) })
    }

    fn measure_motion(&self, camera: CameraId) -> Answer<MeasuredMotion> {
        self.note(format!("speeds {camera}"));
        let rows = |highest: f64, spread: f64| {
            let row = |velocity: f64| SpeedRow {
                velocity,
                speed: highest * velocity,
                spread,
            };
            [0.1, 0.5, 1.0].map(row).to_vec()
        };
        let speeds = SpeedTable {
            pan: rows(90.0, 1.0),
            tilt: rows(45.0, 0.8),
            zoom: rows(0.3, 0.02),
        };
        let delays = DomeDelays {
            status_age_s: [0.0, 0.21],
            picture_age_s: [0.08, 0.34],
            command_s: [0.0, 0.18],
            ramp_s: 0.35,
            obeys: true,
            target_move: None,
            capture_error_s: None,
        };
        Box::pin(async {
            Ok(MeasuredMotion {
                speeds,
                delays: Ok(delays),
            })
        })
    }

    fn save_preset(&self, camera: CameraId, name: String) -> Answer<()> {
        self.note(format!("save {camera} {name}"));
        Box::pin(async { Ok(()) })
    }
}

impl Record for Fake {
    fn snapshot(&self, _: Arc<dyn Feed>) -> Answer<PathBuf> {
        self.note("snapshot".into());
        Box::pin(async { Ok(PathBuf::from("evidence/cam-01.png")) })
    }

    fn snapshot_of_recording(&self, _: Arc<dyn Reel>) -> Answer<PathBuf> {
        self.note("snapshot of a recording".into());
        Box::pin(async { Ok(PathBuf::from("evidence/cam-01.png")) })
    }

    fn recorded(&self, _: CameraId, from_ms: i64, to_ms: i64) -> Answer<Vec<RecordedSpan>> {
        let gap = (to_ms - from_ms) / 5;
        let spans = [(from_ms + gap, from_ms + 3 * gap), (from_ms + 3 * gap + 60_000, to_ms)];
        Box::pin(async move { Ok(spans.map(|(from_ms, to_ms)| RecordedSpan { from_ms, to_ms }).to_vec()) })
    }

    fn play(&self, camera: CameraId, from_ms: i64, _: i64) -> Answer<Arc<dyn Reel>> {
        self.note(format!("play {camera}"));
        Box::pin(async move {
            let feed = FakeFeed::new(&camera, StreamRole::Main, false, BEAT);
            Ok(Arc::new(FakeReel {
                feed,
                from_ms,
                since: Instant::now(),
            }) as Arc<dyn Reel>)
        })
    }

    fn export(&self, wish: ExportWish, progress: watch::Sender<ExportProgress>) -> Answer<Exported> {
        self.note(format!("export {} {}", wish.camera, wish.reason.protocol_no));
        let (first_ms, last_ms) = (wish.from_ms, wish.to_ms);
        let hides = self.plan.camera(&wish.camera).is_some_and(CameraPlan::hides_anything);
        Box::pin(async move {
            for step in 1..=20u32 {
                progress.send_replace(ExportProgress {
                    done: f64::from(step) / 20.0,
                    bytes: u64::from(step) * 1_400_000,
                });
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            let sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into();
            Ok(Exported {
                path: PathBuf::from("evidence/cam-01.mp4"),
                frames: 1500,
                first_ms,
                last_ms,
                sha256,
                obscured: hides.then_some(Obscured {
                    plan_version: 7,
                    whole: 213,
                    partly: 640,
                }),
                proof: Some(PathBuf::from("evidence/cam-01.mp4.tlog-proof")),
            })
        })
    }
}
