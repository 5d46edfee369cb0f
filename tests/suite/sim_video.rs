//! The simulated cameras' streams, received by clients that are not ours: GStreamer's `rtspsrc` and `ffprobe`.
//!
//! Invariant under test: what a frame's time code says is when it was sent, and who may not stream gets nothing.

use gstreamer::prelude::*;
use gstreamer_app::AppSink;
use secrecy::ExposeSecret;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use vedetta::domain::camera::{CameraKind, StreamRole};
use vedetta::sim::device::Credentials;
use vedetta::sim::faults::Order;
use vedetta::sim::reserved_hue::is_reserved;
use vedetta::sim::run::{Options, Simulator};
use vedetta::sim::timecode;
use vedetta::sim::town::Codec;

/// Clips are encoded once for all tests.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("sim-clips")
}

async fn town(cameras: u32, domes: u32) -> Simulator {
    let options = Options {
        cameras,
        domes,
        seed: 7,
        cache: Some(cache()),
        prepare: true,
        ..Options::default()
    };
    Simulator::start(options).await.unwrap()
}

fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

/// A decoded picture, I420 without padding.
struct Picture {
    width: usize,
    height: usize,
    planes: Vec<u8>,
    arrived_ms: u64,
}

impl Picture {
    /// The time code in its strip.
    fn time_code(&self) -> Option<u32> {
        let rows = (self.height as f64 * timecode::STRIP_HEIGHT) as usize;
        let y = self.height - rows / 2 - 1;
        let luma = std::array::from_fn(|i| {
            let x = (2 * i + 1) * self.width / (2 * timecode::BLOCKS);
            f32::from(self.planes[y * self.width + x])
        });
        timecode::decode(&luma)
    }

    /// Pixels of the reserved hue above the strip.
    fn reserved(&self) -> usize {
        let (w, h) = (self.width, self.height);
        let pixel = |x: usize, y: usize| {
            let luma = (f64::from(self.planes[y * w + x]) - 16.0) / 219.0;
            let at = w * h + (y / 2) * (w / 2) + x / 2;
            let [cb, cr] = [at, at + w * h / 4].map(|at| (f64::from(self.planes[at]) - 128.0) / 224.0);
            let (r, b) = (luma + 1.5748 * cr, luma + 1.8556 * cb);
            let g = (luma - 0.2126 * r - 0.0722 * b) / 0.7152;
            [r, g, b].map(|c| (c * 255.0).round().clamp(0.0, 255.0) as u8)
        };
        (0..h - h / 20)
            .map(|y| (0..w).filter(|x| is_reserved(pixel(*x, y))).count())
            .sum()
    }
}

/// A client made of `rtspsrc`, the codec's decoder and an appsink.
struct Client {
    pipeline: gstreamer::Element,
    sink: AppSink,
}

impl Client {
    fn open(url: &str, user: &str, password: &str, transport: &str, codec: Codec) -> Self {
        gstreamer::init().unwrap();
        let decoder = match codec {
            Codec::H264 => "rtph264depay ! avdec_h264",
            Codec::H265 => "rtph265depay ! avdec_h265",
        };
        let launch = format!(
            "rtspsrc name=source latency=0 protocols={transport} ! {decoder} ! videoconvert ! video/x-raw,format=I420 ! \
             appsink name=sink sync=false max-buffers=200"
        );
        let pipeline = gstreamer::parse::launch(&launch).unwrap();
        let bin = pipeline.downcast_ref::<gstreamer::Bin>().unwrap();
        let source = bin.by_name("source").unwrap();
        source.set_property("location", url);
        source.set_property("user-id", user);
        source.set_property("user-pw", password);
        let sink = bin.by_name("sink").and_downcast::<AppSink>().unwrap();
        pipeline.set_state(gstreamer::State::Playing).unwrap();
        Self { pipeline, sink }
    }

    /// The next picture, or `None` after `seconds` without one.
    fn next(&self, seconds: u64) -> Option<Picture> {
        let sample = self.sink.try_pull_sample(gstreamer::ClockTime::from_seconds(seconds))?;
        let caps = sample.caps().unwrap().structure(0).unwrap();
        let (width, height) = (
            caps.get::<i32>("width").unwrap() as usize,
            caps.get::<i32>("height").unwrap() as usize,
        );
        let planes = sample.buffer().unwrap().map_readable().unwrap().to_vec();
        Some(Picture {
            width,
            height,
            planes,
            arrived_ms: unix_ms(),
        })
    }

    /// The error that ended the pipeline, if one does within `seconds`.
    fn error(&self, seconds: u64) -> Option<String> {
        let bus = self.pipeline.bus().unwrap();
        let wait = gstreamer::ClockTime::from_seconds(seconds);
        let message = bus.timed_pop_filtered(wait, &[gstreamer::MessageType::Error])?;
        match message.view() {
            gstreamer::MessageView::Error(error) => Some(format!("{} {:?}", error.error(), error.debug())),
            _ => None,
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gstreamer::State::Null);
    }
}

fn client(town: &Simulator, index: usize, role: StreamRole, transport: &str) -> Client {
    let ready = &town.ready().cameras[index];
    let url = if role == StreamRole::Main {
        &ready.rtsp_main
    } else {
        &ready.rtsp_sub
    };
    let Credentials { user, password, .. } = &town.credentials()[index];
    let codec = town.devices()[index].site().stream(role).unwrap().codec;
    Client::open(url, user, password.expose_secret(), transport, codec)
}

/// Milliseconds from capture to arrival by the picture's own time code.
fn age_ms(town: &Simulator, index: usize, picture: &Picture) -> Option<u64> {
    let clock = town.ready().cameras[index].clock;
    let code = u64::from(picture.time_code()?);
    Some((picture.arrived_ms - clock.epoch_ms + clock.loop_ms - code) % clock.loop_ms)
}

/// Every stream over this transport: time codes readable, near now, and advancing at the frame rate.
fn watch_all(town: &Simulator, transport: &str) {
    for index in 0..town.devices().len() {
        for role in [StreamRole::Sub, StreamRole::Main] {
            let name = format!("{} {role:?} {transport}", town.ready().cameras[index].id);
            let client = client(town, index, role, transport);
            let first = client
                .next(20)
                .unwrap_or_else(|| panic!("{name}: no picture; {:?}", client.error(0)));
            let spec = town.devices()[index].site().stream(role).unwrap();
            assert_eq!(
                (first.width, first.height),
                (spec.width as usize, spec.height as usize),
                "{name}"
            );
            let pictures: Vec<_> = std::iter::from_fn(|| client.next(5))
                .take(2 * spec.fps as usize)
                .collect();
            assert_eq!(pictures.len(), 2 * spec.fps as usize, "{name}: the stream stopped");
            let ages: Vec<_> = pictures
                .iter()
                .filter_map(|picture| age_ms(town, index, picture))
                .collect();
            assert!(
                ages.len() >= pictures.len() * 9 / 10,
                "{name}: {} readable time codes",
                ages.len()
            );
            let mut sorted = ages.clone();
            sorted.sort_unstable();
            assert!(
                sorted[sorted.len() / 2] < 900,
                "{name}: median age {} ms",
                sorted[sorted.len() / 2]
            );
            let codes: Vec<_> = pictures.iter().filter_map(Picture::time_code).collect();
            let loop_ms = town.ready().cameras[index].clock.loop_ms as u32;
            let went = (codes[codes.len() - 1] + loop_ms - codes[0]) % loop_ms;
            assert!(
                (1500..3500).contains(&went),
                "{name}: {went} ms of time code in two seconds of frames"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_stream_plays_over_tcp_with_a_time_code_of_now() {
    let town = town(4, 1).await;
    tokio::task::spawn_blocking(move || watch_all(&town, "tcp"))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_stream_plays_over_udp_with_a_time_code_of_now() {
    let town = town(4, 1).await;
    tokio::task::spawn_blocking(move || watch_all(&town, "udp"))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_stream_gets_no_picture() {
    let town = town(1, 1).await;
    tokio::task::spawn_blocking(move || {
        let ready = &town.ready().cameras[0];
        let Credentials {
            user,
            figures_user,
            figures_password,
            ..
        } = &town.credentials()[0];
        for (user, password) in [
            (user.as_str(), "wrong"),
            (figures_user, figures_password.expose_secret()),
            ("nobody", "x"),
        ] {
            let client = Client::open(&ready.rtsp_sub, user, password, "tcp", Codec::H264);
            let error = client.error(10).unwrap_or_else(|| panic!("{user} was let in"));
            assert!(
                error.contains("Unauthorized") || error.contains("Forbidden"),
                "{user}: {error}"
            );
        }
        let order: Order = serde_json::from_str(r#"{"credentials":"refuse"}"#).unwrap();
        town.devices()[0].order(&order, Instant::now()).unwrap();
        wait_until(|| {
            client(&town, 0, StreamRole::Sub, "tcp")
                .error(1)
                .is_some_and(|e| e.contains("Unauthorized"))
        });
        let order: Order = serde_json::from_str(r#"{"credentials":"normal"}"#).unwrap();
        town.devices()[0].order(&order, Instant::now()).unwrap();
        wait_until(|| client(&town, 0, StreamRole::Sub, "tcp").next(3).is_some());
    })
    .await
    .unwrap();
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < Duration::from_secs(20), "did not happen within 20 s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_freeze_drop_and_reboot() {
    let town = town(2, 1).await;
    tokio::task::spawn_blocking(move || {
        for index in 0..2 {
            let order = |json: &str| {
                let order: Order = serde_json::from_str(json).unwrap();
                town.devices()[index].order(&order, Instant::now()).unwrap();
            };
            let watching = client(&town, index, StreamRole::Sub, "tcp");
            assert!(watching.next(20).is_some());
            assert_eq!(town.devices()[index].viewers(), 1);
            order(r#"{"freeze":true}"#);
            // A frozen camera goes on sending, but its time stands still.
            let mut last = None;
            wait_until(|| {
                let codes: Vec<_> = (0..10).map(|_| watching.next(5).unwrap().time_code()).collect();
                let still = codes.iter().all(|code| code.is_some() && *code == codes[0]);
                last = codes[0];
                still
            });
            order(r#"{"freeze":false}"#);
            wait_until(|| {
                watching
                    .next(5)
                    .unwrap()
                    .time_code()
                    .is_some_and(|code| Some(code) != last)
            });
            order(r#"{"drop_stream":true}"#);
            wait_until(|| watching.next(1).is_none());
            wait_until(|| town.devices()[index].viewers() == 0);
            order(r#"{"reboot":3}"#);
            let since = Instant::now();
            assert!(
                client(&town, index, StreamRole::Sub, "tcp").next(1).is_none(),
                "a rebooting camera answered"
            );
            wait_until(|| client(&town, index, StreamRole::Sub, "tcp").next(3).is_some());
            assert!(since.elapsed() > Duration::from_secs(2));
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_without_masks_shows_no_reserved_pixel_and_one_with_masks_does() {
    let town = town(8, 0).await;
    tokio::task::spawn_blocking(move || {
        let mut shown = [0, 0];
        for index in 0..8 {
            let site = town.devices()[index].site();
            let picture = client(&town, index, StreamRole::Sub, "tcp").next(20).unwrap();
            let reserved = picture.reserved();
            if site.masks.is_empty() {
                assert_eq!(reserved, 0, "{}", site.name);
            }
            shown[usize::from(!site.masks.is_empty())] += usize::from(reserved > 0);
        }
        assert!(shown[1] > 0, "no camera shows a private window");
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ffprobe_reads_what_the_camera_says_it_sends() {
    let town = town(3, 0).await;
    tokio::task::spawn_blocking(move || {
        for index in 0..3 {
            let site = town.devices()[index].site();
            let spec = site.stream(StreamRole::Sub).unwrap();
            let Credentials { user, password, .. } = &town.credentials()[index];
            let url = town.ready().cameras[index]
                .rtsp_sub
                .replace("rtsp://", &format!("rtsp://{user}:{}@", password.expose_secret()));
            let entries = "stream=codec_name,width,height,color_range,color_space";
            let arguments = [
                "-v",
                "error",
                "-rtsp_transport",
                "tcp",
                "-show_entries",
                entries,
                "-of",
                "csv=p=0",
            ];
            let output = Command::new("ffprobe").args(arguments).arg(url).output().unwrap();
            let name = if spec.codec == Codec::H264 { "h264" } else { "hevc" };
            let expected = format!("{name},{},{},tv,bt709", spec.width, spec.height);
            assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), expected, "{}", site.id);
            assert_eq!(site.kind, CameraKind::Fixed);
        }
    })
    .await
    .unwrap();
}
