//! Live streams: pictures, failures, change of size, no leaks.

use super::server::{self, PASSWORD, Server, USER, bars};
use gstreamer as gst;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use vedetta::domain::live::clock_offset::{ClockOffset, ClockReading};
use vedetta::domain::live::stream_selection::Attention;
use vedetta::domain::privacy::Cover;
use vedetta::media::decoder::{self, Codec};
use vedetta::media::error::{LiveError, LiveErrorKind};
use vedetta::media::live::{self, LivePhase, LiveRequest, LiveStatus, LiveStream};
use vedetta::media::{plugins, snapshot};

const LIMIT: Duration = Duration::from_secs(15);

pub fn request(url: String, password: &str) -> LiveRequest {
    LiveRequest {
        url,
        user: USER.to_owned(),
        password: password.to_owned().into(),
    }
}

pub async fn frames(stream: &LiveStream, more: u64) {
    let enough = stream.slot().count() + more;
    let mut status = stream.status();
    let waited = tokio::time::timeout(LIMIT, async {
        while stream.slot().count() < enough {
            let seen = stream.slot().count();
            tokio::select! {
                () = stream.slot().changed(seen) => {}
                _ = status.changed() => {}
            }
            if let LivePhase::Failed(error) = status.borrow().phase.clone() {
                panic!("failed: {error}");
            }
        }
    });
    waited
        .await
        .unwrap_or_else(|_| panic!("no frames: {:?}", stream.status().borrow()));
}

pub async fn failure(stream: &LiveStream) -> LiveError {
    let mut status = stream.status();
    let waited = status.wait_for(|status| matches!(status.phase, LivePhase::Failed(_)));
    match &tokio::time::timeout(LIMIT, waited)
        .await
        .expect("it fails in time")
        .unwrap()
        .phase
    {
        LivePhase::Failed(error) => error.clone(),
        other => panic!("{other:?}"),
    }
}

/// RGB of the pixel at a fraction of the picture.
fn pixel(png: &[u8], fx: f64, fy: f64) -> [u8; 3] {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let (x, y) = (
        (fx * f64::from(info.width)) as usize,
        (fy * f64::from(info.height)) as usize,
    );
    let at = (y * info.width as usize + x) * 3;
    [pixels[at], pixels[at + 1], pixels[at + 2]]
}

/// The seven bars of the SMPTE pattern at 100 %.
fn assert_bars(stream: &LiveStream) {
    let frame = stream.slot().latest().expect("a frame");
    let png = snapshot::encode_png(&frame, &Cover::Parts(vec![]), &[]).unwrap();
    let (on, off) = (255u8, 0u8);
    let expected = [
        [on, on, on],
        [on, on, off],
        [off, on, on],
        [off, on, off],
        [on, off, on],
        [on, off, off],
        [off, off, on],
    ];
    for (i, expected) in expected.into_iter().enumerate() {
        let seen = pixel(&png, (i as f64 + 0.5) / 7.0, 0.3);
        let near = seen.iter().zip(expected).all(|(a, b)| a.abs_diff(b) < 24);
        assert!(near, "bar {i}: {seen:?} instead of {expected:?} ({frame:?})");
    }
}

#[tokio::test]
async fn r_liv_1_pictures_arrive_with_the_right_colours() {
    let server = Server::start(&bars(640, 360));
    let stream = live::open(request(server.url(), PASSWORD));
    frames(&stream, 60).await;
    assert_bars(&stream);
    let mut status = stream.status();
    let told = status.wait_for(|LiveStatus { figures, .. }| {
        figures.received_fps > 20.0 && figures.bitrate_kbit_s > 0.0 && figures.jitter_ms > 0.0
    });
    let status = tokio::time::timeout(LIMIT, told).await.unwrap().unwrap().clone();
    assert_eq!(status.phase, LivePhase::Playing);
    assert_eq!(
        (
            status.figures.codec.as_str(),
            status.figures.width,
            status.figures.height
        ),
        ("H264", 640, 360)
    );
    assert!(
        status.figures.received_fps < 35.0 && status.figures.decoded_fps > 15.0,
        "{status:?}"
    );
}

#[tokio::test]
async fn r_liv_1_pictures_arrive_also_in_an_odd_size() {
    let server = Server::start(&bars(322, 242));
    let stream = live::open(request(server.url(), PASSWORD));
    frames(&stream, 5).await;
    assert_bars(&stream);
    let frame = stream.slot().latest().unwrap();
    assert_eq!((frame.width, frame.height), (322, 242));
    assert!(
        frame.planes[0].stride >= 352,
        "the decoder's own, padded picture: not copied ({:?})",
        frame.planes
    );
}

#[tokio::test]
async fn r_liv_1_h265_is_shown_too() {
    let launch = "( videotestsrc is-live=true pattern=smpte ! video/x-raw,format=I420,width=320,height=240,framerate=15/1 \
         ! x265enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! h265parse config-interval=-1 ! rtph265pay name=pay0 pt=96 )";
    let server = Server::start(launch);
    let stream = live::open(request(server.url(), PASSWORD));
    frames(&stream, 5).await;
    assert_bars(&stream);
    assert_eq!(stream.status().borrow().figures.codec, "H265");
}

/// How much brighter or darker lines are than the mean of their two neighbours, on average: the teeth of a comb.
fn teeth(frame: &vedetta::media::frame::Frame) -> f64 {
    let (plane, luma) = (frame.planes[0], frame.plane(0));
    let line = |y: usize| &luma[y * plane.stride..][..plane.row_bytes];
    let (mut sum, mut count) = (0.0, 0.0);
    for y in 1..plane.rows - 1 {
        for x in 0..plane.row_bytes {
            let mean = (f64::from(line(y - 1)[x]) + f64::from(line(y + 1)[x])) / 2.0;
            sum += (f64::from(line(y)[x]) - mean).abs();
            count += 1.0;
        }
    }
    sum / count
}

#[tokio::test]
async fn interlaced_pictures_have_no_comb_and_keep_the_shape_of_their_pixels() {
    let launch = "( videotestsrc is-live=true pattern=smpte horizontal-speed=12 \
         ! video/x-raw,format=I420,width=704,height=576,framerate=50/1,pixel-aspect-ratio=16/11 \
         ! interlace field-pattern=1:1 top-field-first=true ! video/x-raw,interlace-mode=interleaved \
         ! x264enc interlaced=true speed-preset=ultrafast tune=zerolatency key-int-max=10 bitrate=6000 \
         ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )";
    let server = Server::start(launch);
    let stream = live::open(request(server.url(), PASSWORD));
    frames(&stream, 10).await;
    let frame = stream.slot().latest().unwrap();
    assert_eq!((frame.width, frame.height, frame.seen_size()), (704, 576, [1_024, 576]));
    assert!(teeth(&frame) < 2.0, "{}", teeth(&frame));
}

#[tokio::test]
async fn a_wrong_password_says_so_and_never_repeats_it() {
    let server = Server::start(&bars(320, 240));
    let stream = live::open(request(server.url(), "wrong horse"));
    let error = failure(&stream).await;
    assert_eq!(error.kind, LiveErrorKind::WrongPassword, "{error}");
    assert!(!error.to_string().contains("horse"));
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_so_no_camera_locks_the_account() {
    let (url, tried) = server::refusing();
    let stream = live::open(request(url, PASSWORD));
    let error = failure(&stream).await;
    assert_eq!(error.kind, LiveErrorKind::WrongPassword, "{error}");
    assert_eq!(tried.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_dead_port_is_unreachable() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let stream = live::open(request(format!("rtsp://127.0.0.1:{port}/main"), PASSWORD));
    let error = failure(&stream).await;
    assert_eq!(error.kind, LiveErrorKind::Unreachable, "{error}");
}

#[tokio::test]
async fn a_server_that_accepts_and_is_silent_is_a_timeout() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rtsp://{}/main", silent.local_addr().unwrap());
    let stream = live::open(request(url, PASSWORD));
    let error = failure(&stream).await;
    assert_eq!(error.kind, LiveErrorKind::Timeout, "{error}");
}

#[tokio::test]
async fn an_unknown_path_is_no_stream() {
    let server = Server::start(&bars(320, 240));
    let stream = live::open(request(server.url().replace("/main", "/other"), PASSWORD));
    let error = failure(&stream).await;
    assert_eq!(error.kind, LiveErrorKind::NoStream, "{error}");
}

#[tokio::test]
async fn another_codec_is_not_supported_and_is_named() {
    let launch = "( videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240 ! jpegenc ! rtpjpegpay name=pay0 pt=26 )";
    let server = Server::start(launch);
    let stream = live::open(request(server.url(), PASSWORD));
    let error = failure(&stream).await;
    assert_eq!(error.kind, LiveErrorKind::NotSupported, "{error}");
    assert!(error.detail.contains("JPEG"), "{error}");
}

#[tokio::test]
async fn ten_bit_and_full_chroma_are_not_supported_and_not_a_broken_stream() {
    let ten = "videotestsrc is-live=true ! video/x-raw,format=I420_10LE,width=320,height=240,framerate=10/1 \
         ! x265enc speed-preset=ultrafast tune=zerolatency key-int-max=5 ! h265parse config-interval=-1 ! rtph265pay";
    let wide = "videotestsrc is-live=true ! video/x-raw,format=Y42B,width=320,height=240,framerate=10/1 \
         ! x264enc speed-preset=ultrafast tune=zerolatency key-int-max=5 ! video/x-h264,profile=high-4:2:2 \
         ! h264parse config-interval=-1 ! rtph264pay";
    for launch in [ten, wide] {
        let server = Server::start(&format!("( {launch} name=pay0 pt=96 )"));
        let stream = live::open(request(server.url(), PASSWORD));
        let error = failure(&stream).await;
        assert_eq!(error.kind, LiveErrorKind::NotSupported, "{error}");
    }
}

#[tokio::test]
async fn a_way_to_log_in_that_nobody_knows_is_not_called_a_wrong_password() {
    let challenge = "WWW-Authenticate: Digest realm=\"Camera\", nonce=\"1\", algorithm=SHA-512-256";
    let answer = move |cseq: &str| format!("RTSP/1.0 401 Unauthorized\r\nCSeq: {cseq}\r\n{challenge}\r\n\r\n");
    let url = server::answering(move |cseq| answer(cseq).into_bytes());
    let error = failure(&live::open(request(url, PASSWORD))).await;
    assert_eq!(error.kind, LiveErrorKind::UnknownLogin, "{error}");
}

#[tokio::test]
async fn a_server_that_throws_out_its_clients_ends_the_stream() {
    let server = Server::start(&bars(320, 240));
    let stream = live::open(request(server.url(), PASSWORD));
    frames(&stream, 3).await;
    server.drop_clients();
    let error = failure(&stream).await;
    assert!(
        matches!(error.kind, LiveErrorKind::BrokenStream | LiveErrorKind::Timeout),
        "{error}"
    );
    let count = stream.slot().count();
    assert!(
        stream.slot().latest().is_some(),
        "the last picture stays, to be shown as not live"
    );
    assert_eq!(stream.slot().count(), count);
}

#[tokio::test]
async fn only_key_frames_are_decoded_or_nothing_and_then_everything_again() {
    let server = Server::start(&bars(320, 240));
    let stream = live::open(request(server.url(), PASSWORD));
    frames(&stream, 3).await;
    let mut status = stream.status();
    // 25 pictures a second, a key frame every ten.
    for (attention, low, high) in [
        (Attention::KeyFrames, 1.5, 3.5),
        (Attention::Nothing, 0.0, 0.1),
        (Attention::Whole, 15.0, 35.0),
    ] {
        stream.attend(attention);
        let told = status.wait_for(|LiveStatus { figures, .. }| {
            figures.received_fps > 15.0 && (low..=high).contains(&figures.decoded_fps)
        });
        let told = tokio::time::timeout(LIMIT, told).await;
        assert!(told.is_ok(), "{attention:?}: {:?}", stream.status().borrow().figures);
    }
    assert_eq!(stream.status().borrow().phase, LivePhase::Playing);
}

#[tokio::test]
async fn r_liv_2_the_way_from_the_lens_is_known_from_the_sender_reports() {
    let server = Server::start(&bars(320, 240));
    let stream = live::open(request(server.url(), PASSWORD));
    let mut status = stream.status();
    let read = ClockReading {
        unix_ms: std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_millis() as i64,
        at: std::time::Instant::now(),
    };
    let same_clock = Some(ClockOffset {
        camera_minus_ours_s: 0,
        read,
    });
    let told = status.wait_for(|status| status.figures.delay.latency_ms(same_clock).is_some());
    let told = tokio::time::timeout(LIMIT, told)
        .await
        .expect("a sender report in time")
        .unwrap();
    assert!(
        told.figures.delay.latency_ms(same_clock).unwrap() < 3_000.0,
        "{:?}",
        told.figures
    );
    assert!(
        told.figures.delay.behind() < Duration::from_secs(1),
        "{:?}",
        told.figures
    );
}

#[tokio::test]
async fn a_change_of_size_goes_on_with_frames_of_the_new_size() {
    let launch = "( videotestsrc is-live=true pattern=smpte num-buffers=40 ! video/x-raw,format=I420,width=320,height=240,framerate=25/1 ! c. \
         videotestsrc is-live=true pattern=smpte ! video/x-raw,format=I420,width=480,height=270,framerate=25/1 ! c. \
         concat name=c ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )";
    let server = Server::start(launch);
    let stream = live::open(request(server.url(), PASSWORD));
    let mut status = stream.status();
    for size in [(320, 240), (480, 270)] {
        let seen = status.wait_for(|status| (status.figures.width, status.figures.height) == size);
        tokio::time::timeout(LIMIT, seen)
            .await
            .unwrap_or_else(|_| panic!("{size:?}"))
            .unwrap();
    }
    frames(&stream, 3).await;
    assert_bars(&stream);
}

/// Run by the test below with as many arenas of the allocator as the client has (`vedetta` starts itself anew for that).
#[tokio::test]
#[ignore = "only with the environment of the test below"]
async fn opening_and_dropping_with_two_arenas() {
    let server = Server::start(&bars(320, 240));
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let first = live::open(request(server.url(), PASSWORD));
    frames(&first, 1).await;
    drop(first);
    settle(&|| server.clients() == 0).await;
    let before = threads();
    let mut memory = Vec::new();
    for _ in 0..12 {
        let begun = Instant::now();
        let streams: Vec<_> = (0..10).map(|_| live::open(request(server.url(), PASSWORD))).collect();
        assert!(
            begun.elapsed() < Duration::from_millis(500),
            "opening took {:?}",
            begun.elapsed()
        );
        frames(&streams[9], 2).await;
        let gone: Vec<_> = streams.iter().map(LiveStream::gone).collect();
        let begun = Instant::now();
        drop(streams);
        assert!(
            begun.elapsed() < Duration::from_millis(500),
            "dropping took {:?}",
            begun.elapsed()
        );
        settle(&|| server.clients() == 0 && gone.iter().all(|gone| *gone.borrow())).await;
        memory.push(resident_mib());
    }
    settle(&|| threads() <= before + 4).await;
    // The allocator's arenas fill at first (with one arena 200 streams stay flat); sixty streams of a MiB each would show.
    assert!(memory[11] < memory[5] + 40.0, "{memory:?} MiB");
}

#[test]
fn opening_and_dropping_never_waits_and_leaves_nothing_behind() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "--ignored",
            "media_streams::live::opening_and_dropping_with_two_arenas",
        ])
        .env("MALLOC_ARENA_MAX", "2")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[tokio::test]
async fn a_stream_says_when_its_pipeline_is_gone() {
    let server = Server::start(&bars(320, 240));
    let stream = live::open(request(server.url(), PASSWORD));
    frames(&stream, 3).await;
    let mut gone = stream.gone();
    assert!(!*gone.borrow());
    drop(stream);
    let waited = tokio::time::timeout(LIMIT, gone.wait_for(|gone| *gone)).await;
    assert!(waited.is_ok_and(|told| told.is_ok()));
}

#[tokio::test]
async fn a_stream_dropped_while_it_opens_leaves_nothing_behind() {
    let server = Server::start(&bars(320, 240));
    for _ in 0..20 {
        drop(live::open(request(server.url(), PASSWORD)));
    }
    let stream = live::open(request(server.url(), PASSWORD));
    frames(&stream, 1).await;
    settle(&|| server.clients() == 1).await;
}

#[tokio::test]
async fn each_refusal_of_a_camera_is_named() {
    use LiveErrorKind::{Busy, NoStream, NotSupported, WrongPassword};
    for (status, expected) in [
        ("453 Not Enough Bandwidth", Some(Busy)),
        ("503 Service Unavailable", Some(Busy)),
        ("404 Not Found", Some(NoStream)),
        ("401 Unauthorized", Some(WrongPassword)),
        ("403 Forbidden", Some(WrongPassword)),
        ("551 Option not supported", Some(NotSupported)),
        ("500 Internal Server Error", None),
    ] {
        let url = server::answering(move |cseq| format!("RTSP/1.0 {status}\r\nCSeq: {cseq}\r\n\r\n").into_bytes());
        let error = failure(&live::open(request(url, PASSWORD))).await;
        match expected {
            Some(expected) => assert_eq!(error.kind, expected, "{status}: {error}"),
            None => assert!(matches!(error.kind, LiveErrorKind::BrokenStream), "{status}: {error}"),
        }
    }
}

#[tokio::test]
async fn nonsense_instead_of_rtsp_is_an_error_and_nothing_worse() {
    let sdp = |text: &str| {
        let (length, text) = (text.len(), text.to_owned());
        move |cseq: &str| {
            let head =
                format!("RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\nContent-Type: application/sdp\r\nContent-Length: {length}");
            format!("{head}\r\n\r\n{text}").into_bytes()
        }
    };
    let urls = [
        server::answering(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec()),
        server::answering(|_| vec![0xff; 100_000]),
        server::answering(|_| b"RTSP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n".to_vec()),
        server::answering(sdp("<html>not a description</html>")),
        server::answering(sdp("v=0\r\nm=video 0 RTP/AVP 96\r\n")),
        server::answering(sdp(
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=x\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\n",
        )),
    ];
    let streams = urls.map(|url| live::open(request(url, PASSWORD)));
    for stream in &streams {
        failure(stream).await;
    }
}

#[tokio::test]
async fn a_camera_that_freezes_without_closing_is_broken() {
    let server = Server::start(&bars(320, 240).replace("! rtph264pay", "! valve name=valve ! rtph264pay"));
    let stream = live::open(request(server.url(), PASSWORD));
    frames(&stream, 10).await;
    server.freeze();
    let begun = Instant::now();
    let error = failure(&stream).await;
    assert_eq!(error.kind, LiveErrorKind::Frozen, "{error}");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

/// Memory of this process, MiB.
fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

async fn settle(condition: &(dyn Fn() -> bool + Sync)) {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let waited = tokio::time::timeout(LIMIT, async {
        while !condition() {
            tick.tick().await;
        }
    });
    assert!(waited.await.is_ok(), "it does not settle");
}

/// Run by the test below in a process that finds no plug-ins.
#[tokio::test]
#[ignore = "only with the environment of the test below"]
async fn without_plugins() {
    let stream = live::open(request("rtsp://127.0.0.1:1/main".into(), PASSWORD));
    let error = failure(&stream).await;
    assert_eq!(
        error.kind,
        LiveErrorKind::MissingPlugin {
            element: "rtph264depay"
        }
    );
    assert!(error.detail.contains("gstreamer1.0-plugins-good"), "{error}");
}

#[test]
fn a_missing_plugin_is_named_with_its_package() {
    let place = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "media_streams::live::without_plugins"])
        .env("GST_PLUGIN_SYSTEM_PATH_1_0", place.path())
        .env("GST_PLUGIN_PATH_1_0", place.path())
        .env("GST_REGISTRY_1_0", place.path().join("registry"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn the_elements_needed_are_here() {
    plugins::start().unwrap();
    for (element, package) in plugins::ELEMENTS {
        assert!(gst::ElementFactory::find(element).is_some(), "{element} of {package}");
    }
    decoder::pick(Codec::H264).unwrap();
}
