//! Obscured copies of the simulated town, without a station: the cover of playback laid into a film, which is searched whole
//! for the hue that only private windows have (R-PRV-1). The same film without the cover, and with the poses taken as exact,
//! must show it.
//!
//! Deliberately absent: the events around an export (`end_to_end::copies`).

use secrecy::SecretString;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vedetta::domain::camera::CameraKind;
use vedetta::domain::privacy::recorded::{RecordedCover, RecordedPoses};
use vedetta::domain::privacy::{Cover, Interval, PoseInterval, PoseKnowledge, PreparedMasks};
use vedetta::domain::site::{CameraPlan, SitePlan};
use vedetta::media::export::{self, CopyKind, ExportReport, ExportRequest, Obscure};
use vedetta::onvif::{Camera, Endpoint, Limits, MoveState, Ptz, Velocity};
use vedetta::sim::film::{self, Found};
use vedetta::sim::run::{Options, Simulator};

type CoverAt = Arc<dyn Fn(i64) -> Cover + Send + Sync>;

struct Town {
    simulator: Simulator,
    plan: SitePlan,
    place: tempfile::TempDir,
}

impl Town {
    async fn start(cameras: u32, domes: u32) -> Self {
        let place = tempfile::tempdir().unwrap();
        let simulator = Simulator::start(Options {
            cameras,
            domes,
            seed: 7,
            plan: Some(place.path().join("plan")),
            cache: Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("sim-clips")),
            prepare: true,
            ..Options::default()
        })
        .await
        .unwrap();
        let plan = std::fs::read_to_string(place.path().join("plan/site.toml")).unwrap();
        let plan = toml::from_str(&plan).unwrap();
        Self { simulator, plan, place }
    }

    /// The index of the first masked camera of a kind.
    fn masked(&self, kind: CameraKind) -> usize {
        let masked = |camera: &CameraPlan| camera.kind == kind && !camera.masks.is_empty();
        self.plan.cameras.iter().position(masked).unwrap()
    }

    async fn camera(&self, i: usize) -> Camera {
        let account = &self.simulator.credentials()[i];
        let endpoint = Endpoint::new(
            self.simulator.ready().cameras[i].onvif.clone(),
            &account.user,
            account.password.clone(),
        );
        Camera::connect(endpoint, Limits::default()).await.unwrap()
    }

    async fn copy(&self, i: usize, (from_ms, to_ms): (i64, i64), cover: CoverAt) -> (ExportReport, Found) {
        let account = &self.simulator.credentials()[i];
        let path = self.place.path().join("copy.mp4");
        let request = ExportRequest {
            url: self.simulator.ready().cameras[i].rtsp_replay.clone().unwrap(),
            user: account.user.clone(),
            password: SecretString::clone(&account.password),
            from_ms,
            to_ms,
            path: path.clone(),
            copy: CopyKind::Obscured(Obscure {
                cover,
                remark: "obscured".into(),
            }),
        };
        let (report, file) = export::run(request, |_| {}).await.unwrap();
        file.keep().unwrap();
        let film = path.clone();
        let found = tokio::task::spawn_blocking(move || film::search(&film)).await.unwrap();
        std::fs::remove_file(path).unwrap();
        let found = found.unwrap();
        assert_eq!(found.frames_searched, report.frames);
        (report, found)
    }
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn without_cover(_: i64) -> Cover {
    Cover::Parts(Vec::new())
}

async fn until_still(ptz: &Ptz, seconds: u64) {
    let (mut last_moved, end) = (Instant::now(), Instant::now() + Duration::from_secs(60));
    while last_moved.elapsed() < Duration::from_secs(seconds) && Instant::now() < end {
        if ptz.status().await.unwrap().moving != MoveState::Idle {
            last_moved = Instant::now();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r_prv_1_a_copy_of_a_masked_fixed_camera_has_no_private_pixel_and_without_its_cover_it_has() {
    let town = Town::start(3, 0).await;
    let i = town.masked(CameraKind::Fixed);
    let range = (now_ms() - 60_000, now_ms() - 52_000);
    let cover = RecordedCover::new(&town.plan.cameras[i], None);
    let (report, found) = town
        .copy(i, range, Arc::new(move |at| cover.of(&cover.knowledge(Some(at)))))
        .await;
    let (_, bare) = town.copy(i, range, Arc::new(without_cover)).await;
    println!("fixed: {report:?} {found:?}; without the cover {bare:?}");
    assert!(
        report.frames >= 195 && report.covered.partly == report.frames,
        "{report:?}"
    );
    assert!(
        (range.0..=range.0 + 70).contains(&report.first_ms) && report.last_ms <= range.1,
        "{report:?}"
    );
    assert_eq!(found.leaked_pixels, 0);
    assert!(bare.leaked_pixels > 1_000, "{bare:?}: the search proves nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn r_prv_1_a_copy_of_a_masked_dome_that_turned_has_no_private_pixel_and_without_its_cover_it_has() {
    let town = Town::start(3, 1).await;
    let i = town.masked(CameraKind::Dome);
    let camera = town.camera(i).await;
    let ptz = camera.ptz().await.unwrap().unwrap();
    let from_ms = now_ms();
    let presets = ptz.presets().await.unwrap();
    let houses: Vec<_> = presets
        .iter()
        .filter(|preset| preset.name.starts_with("Casa"))
        .collect();
    assert!(houses.len() >= 2);
    for house in houses.iter().take(2) {
        ptz.goto_preset(&house.token).await.unwrap();
        until_still(&ptz, 2).await;
        // Slowly past the house, and on.
        let slowly = Velocity {
            pan: Some(0.05),
            tilt: Some(0.0),
            zoom: None,
        };
        ptz.continuous(slowly, Duration::from_millis(1_500)).await.unwrap();
        until_still(&ptz, 2).await;
    }
    let range = (from_ms, now_ms() - 300);

    let plan = town.plan.cameras[i].clone();
    let recordings = camera.recordings().await.unwrap();
    let positions = camera
        .recorded_positions(&recordings[0].token, range.0 - 2_000, range.1 + 2_000)
        .await
        .unwrap();
    assert!(positions.len() > 50, "{}", positions.len());
    let lens = plan.lens.clone().unwrap();
    let poses: Vec<_> = positions
        .iter()
        .map(|found| (found.at_ms, lens.pose_at(found.position)))
        .collect();
    let cover = RecordedCover::new(&plan, Some(RecordedPoses::new(poses.clone(), &plan)));
    let masks = PreparedMasks::new(&plan);
    let exact = move |at: i64| {
        let (_, pose) = poses.iter().min_by_key(|(time, _)| time.abs_diff(at)).unwrap();
        let one = |v: f64| Interval { lo: v, hi: v };
        masks.cover(&PoseKnowledge::Within(PoseInterval {
            pan: one(pose.pan_deg),
            tilt: one(pose.tilt_deg),
            hfov: one(pose.hfov_deg),
        }))
    };
    let (report, found) = town
        .copy(i, range, Arc::new(move |at| cover.of(&cover.knowledge(Some(at)))))
        .await;
    let (_, bare) = town.copy(i, range, Arc::new(without_cover)).await;
    let (_, certain) = town.copy(i, range, Arc::new(exact)).await;
    println!("dome: {report:?} {found:?}; without the cover {bare:?}; poses taken as exact {certain:?}");
    assert!(report.frames > 200 && report.covered.partly > 100, "{report:?}");
    assert_eq!(found.leaked_pixels, 0);
    assert!(bare.leaked_pixels > 10_000, "{bare:?}: the search proves nothing");
    assert!(certain.leaked_pixels > 0, "{certain:?}: the uncertainty was not needed");
}
