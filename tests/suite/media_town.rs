//! The media room against the simulated town: time code in the pictures tells whether each is the one it says it is.
//!
//! Invariant: the town runs as its own program. Deliberately absent: ONVIF; the recorder's path is by convention.

use crate::end_to_end::place::Program;
use crate::town::Town;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use vedetta::media::export::{self, CopyKind, ExportRequest};
use vedetta::media::frame::Frame;
use vedetta::media::live::{self, LivePhase, LiveRequest, LiveStream};
use vedetta::media::replay::{self, ReplayPhase, ReplayRequest};
use vedetta::sim::timecode;

const LIMIT: Duration = Duration::from_secs(20);

/// The simulator alone, with films of the time.
struct Films {
    /// Ends with the value.
    _simulator: Program,
    place: tempfile::TempDir,
    ready: serde_json::Value,
}

impl Films {
    fn of(town: &Town) -> Self {
        let place = tempfile::tempdir().unwrap();
        let (simulator, ready) = town.simulator(place.path(), &["--prepare"]);
        Self {
            _simulator: simulator,
            place,
            ready,
        }
    }

    fn camera(&self, i: usize) -> &serde_json::Value {
        &self.ready["cameras"][i]
    }

    fn account(&self, i: usize) -> (String, String) {
        let file = std::fs::read_to_string(self.place.path().join("site/cameras.toml")).unwrap();
        let file: toml::Value = toml::from_str(&file).unwrap();
        let text = |name: &str| file["camera"][i][name].as_str().unwrap().to_owned();
        (text("user"), text("password"))
    }

    fn live(&self, i: usize, stream: &str) -> LiveStream {
        let (user, password) = self.account(i);
        let url = self.camera(i)[stream].as_str().unwrap().to_owned();
        live::open(LiveRequest {
            url,
            user,
            password: password.into(),
        })
    }

    /// The replay address, and the time of capture (Unix milliseconds, modulo the loop) of a time code.
    fn replay_url(&self, i: usize) -> String {
        let main = self.camera(i)["rtsp_main"].as_str().unwrap();
        main.replace(
            "/main",
            &format!("/replay/{}-rec", self.camera(i)["id"].as_str().unwrap()),
        )
    }

    /// How far a picture's time code is from a time, milliseconds.
    fn distance(&self, i: usize, code: u32, unix_ms: i64) -> i64 {
        let clock = &self.camera(i)["clock"];
        let (epoch, length) = (clock["epoch_ms"].as_i64().unwrap(), clock["loop_ms"].as_i64().unwrap());
        let expected = (unix_ms - epoch).rem_euclid(length);
        let difference = (i64::from(code) - expected).rem_euclid(length);
        difference.min(length - difference)
    }
}

/// The time code of a picture.
fn code(frame: &Frame) -> Option<u32> {
    let luma = frame.plane(0);
    let (width, height) = (f64::from(frame.width), f64::from(frame.height));
    let y = (height * (1.0 - timecode::STRIP_HEIGHT / 2.0)) as usize;
    let blocks = std::array::from_fn(|i| {
        let x = ((i as f64 + 0.5) * width / timecode::BLOCKS as f64) as usize;
        f32::from(luma[y * frame.planes[0].stride + x])
    });
    timecode::decode(&blocks)
}

async fn frames(stream: &LiveStream, count: u64) -> Arc<Frame> {
    let waited = tokio::time::timeout(LIMIT, async {
        let mut status = stream.status();
        while stream.slot().count() < count {
            tokio::select! {
                () = stream.slot().changed(stream.slot().count()) => {}
                _ = status.changed() => {}
            }
            if let LivePhase::Failed(error) = status.borrow_and_update().phase.clone() {
                panic!("failed: {error}");
            }
        }
    });
    waited
        .await
        .unwrap_or_else(|_| panic!("no frames: {:?}", stream.status().borrow()));
    stream.slot().latest().unwrap()
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[tokio::test]
async fn live_replay_and_export_show_the_pictures_of_their_time() {
    let films = Films::of(&Town::of(1, 1));
    for camera in 0..2 {
        for stream in ["rtsp_main", "rtsp_sub"] {
            let live = films.live(camera, stream);
            let frame = frames(&live, 10).await;
            let late = films.distance(camera, code(&frame).expect("a time code"), now_ms());
            assert!(late < 1_500, "camera {camera} {stream}: {late} ms late");
        }
    }
    let from_ms = now_ms() - 60_000;
    replay_shows_the_pictures_of_their_time(&films, from_ms).await;
    export_has_every_picture_of_its_time(&films, from_ms).await;
}

async fn replay_shows_the_pictures_of_their_time(films: &Films, from_ms: i64) {
    let (user, password) = films.account(0);
    let request = ReplayRequest {
        url: films.replay_url(0),
        user,
        password: password.into(),
        from_ms,
        to_ms: from_ms + 3_000,
    };
    let session = replay::open(request);
    let (mut state, mut seen) = (session.state(), 0);
    let watched = tokio::time::timeout(LIMIT, async {
        let mut checked = 0;
        loop {
            match state.borrow_and_update().phase.clone() {
                ReplayPhase::Failed(error) => panic!("failed: {error}"),
                ReplayPhase::Ended => return checked,
                _ => {}
            }
            if session.slot().count() != seen {
                seen = session.slot().count();
                let frame = session.slot().latest().unwrap();
                let recorded_ms = frame.recorded_ms.unwrap();
                let off = films.distance(0, code(&frame).expect("a time code"), recorded_ms);
                assert!(off <= 1, "frame of {recorded_ms} is {off} ms off");
                assert!((from_ms..=from_ms + 3_000).contains(&recorded_ms));
                checked += 1;
            }
            tokio::select! {
                () = session.slot().changed(seen) => {}
                changed = state.changed() => changed.unwrap(),
            }
        }
    });
    let checked = watched
        .await
        .unwrap_or_else(|_| panic!("{:?}", session.state().borrow()));
    assert!(checked > 30, "{checked} frames");
}

async fn export_has_every_picture_of_its_time(films: &Films, from_ms: i64) {
    let (user, password) = films.account(0);
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("a.mp4");
    let request = ExportRequest {
        url: films.replay_url(0),
        user,
        password: password.into(),
        from_ms,
        to_ms: from_ms + 20_000,
        path: path.clone(),
        copy: CopyKind::Original,
    };
    let begun = std::time::Instant::now();
    let (report, file) = export::run(request, |_| {}).await.unwrap();
    file.keep().unwrap();
    let took = begun.elapsed();
    let counted = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-count_frames",
            "-select_streams",
            "v",
            "-show_entries",
            "stream=nb_read_frames",
        ])
        .args(["-of", "csv=p=0", path.to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&counted.stdout).trim().trim_end_matches(','),
        report.frames.to_string()
    );
    assert!(
        report.first_ms <= from_ms && report.last_ms > from_ms + 19_800,
        "{report:?}"
    );
    assert!(took < Duration::from_secs(10), "20 s of recording took {took:?}");
}
