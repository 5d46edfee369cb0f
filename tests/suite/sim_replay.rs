//! The simulated recorder, asked by an RTSP session of the test's own (ONVIF Streaming, 6: replay).
//!
//! Invariant under test: the frames sent for a range are the frames of that time, with that time in the ONVIF header
//! extension. Deliberately absent: decoding; the time in the extension and the picture's time code are compared once.

use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSrc};
use md5::{Digest, Md5};
use secrecy::ExposeSecret;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use vedetta::domain::camera::StreamRole;
use vedetta::sim::device::Credentials;
use vedetta::sim::run::{Options, Simulator};
use vedetta::sim::timecode;
use vedetta::sim::town::Codec;

/// A replay session over TCP.
struct Session {
    stream: TcpStream,
    url: String,
    user: String,
    password: String,
    challenge: Option<(String, String)>,
    session: Option<String>,
    number: u32,
}

/// One RTP packet: its bytes, and its time by the header extension, Unix microseconds.
struct Packet {
    bytes: Vec<u8>,
    at_us: Option<i64>,
}

impl Session {
    fn open(town: &Simulator, index: usize) -> Self {
        let url = town.ready().cameras[index].rtsp_replay.clone().unwrap();
        let host = url.trim_start_matches("rtsp://").split('/').next().unwrap();
        let stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let Credentials { user, password, .. } = &town.credentials()[index];
        let password = password.expose_secret().to_owned();
        Self {
            stream,
            url,
            user: user.clone(),
            password,
            challenge: None,
            session: None,
            number: 0,
        }
    }

    /// Sends a request and gives status, headers and body; answers one digest challenge.
    fn ask(&mut self, method: &str, url: &str, headers: &[(&str, &str)]) -> (u32, String, String) {
        for _ in 0..2 {
            self.number += 1;
            let mut text = format!("{method} {url} RTSP/1.0\r\nCSeq: {}\r\n", self.number);
            if let Some((realm, nonce)) = &self.challenge {
                let hash = |text: String| hex::encode(Md5::digest(text.as_bytes()));
                let who = hash(format!("{}:{realm}:{}", self.user, self.password));
                let what = hash(format!("{method}:{url}"));
                let response = hash(format!("{who}:{nonce}:{what}"));
                text += &format!(
                    "Authorization: Digest username=\"{}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{url}\", \
                     response=\"{response}\"\r\n",
                    self.user
                );
            }
            if let Some(session) = &self.session {
                text += &format!("Session: {session}\r\n");
            }
            for (name, value) in headers {
                text += &format!("{name}: {value}\r\n");
            }
            self.stream.write_all(format!("{text}\r\n").as_bytes()).unwrap();
            let (status, head, body) = self.reply();
            if status != 401 {
                return (status, head, body);
            }
            let part = |name: &str| {
                head.split(&format!("{name}=\""))
                    .nth(1)
                    .unwrap()
                    .split('"')
                    .next()
                    .unwrap()
                    .to_owned()
            };
            self.challenge = Some((part("realm"), part("nonce")));
        }
        panic!("refused twice");
    }

    fn reply(&mut self) -> (u32, String, String) {
        loop {
            let mut head = vec![0; 4];
            self.stream.read_exact(&mut head).unwrap();
            if head[0] == b'$' {
                let mut packet = vec![0; usize::from(u16::from_be_bytes([head[2], head[3]]))];
                self.stream.read_exact(&mut packet).unwrap();
                continue;
            }
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                self.stream.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            let length = head
                .lines()
                .find_map(|l| l.strip_prefix("Content-Length: "))
                .map_or(0, |l| l.parse().unwrap());
            let mut body = vec![0; length];
            self.stream.read_exact(&mut body).unwrap();
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            return (status, head, String::from_utf8(body).unwrap());
        }
    }

    fn set_up(&mut self) {
        let url = self.url.clone();
        let (status, _, sdp) = self.ask("DESCRIBE", &url, &[("Accept", "application/sdp")]);
        assert_eq!(status, 200);
        let track = sdp
            .lines()
            .filter_map(|l| l.strip_prefix("a=control:"))
            .next_back()
            .unwrap();
        let headers = [
            ("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1"),
            ("Require", "onvif-replay"),
        ];
        let (status, head, _) = self.ask("SETUP", &format!("{url}/{track}"), &headers);
        assert_eq!(status, 200);
        let session = head.lines().find_map(|l| l.strip_prefix("Session: ")).unwrap();
        self.session = Some(session.split(';').next().unwrap().to_owned());
    }

    fn play(&mut self, from_ms: i64, to_ms: i64, rate_control: &str) {
        let url = self.url.clone();
        let range = format!("clock={}-{}", iso(from_ms), iso(to_ms));
        let headers = [
            ("Range", range.as_str()),
            ("Require", "onvif-replay"),
            ("Rate-Control", rate_control),
        ];
        assert_eq!(self.ask("PLAY", &url, &headers).0, 200);
    }

    /// Packets until the one that ends the range (bit E or T of the extension), or until the time passes `until_ms`.
    fn packets(&mut self, until_ms: i64) -> Vec<Packet> {
        let mut packets = Vec::new();
        let mut ending = false;
        loop {
            let mut head = [0; 4];
            self.stream.read_exact(&mut head).unwrap();
            assert_eq!(head[0], b'$');
            let mut bytes = vec![0; usize::from(u16::from_be_bytes([head[2], head[3]]))];
            self.stream.read_exact(&mut bytes).unwrap();
            if head[1] != 0 {
                continue;
            }
            let extended = bytes[0] & 0x10 != 0 && bytes[12..14] == [0xab, 0xac];
            let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
            let at_us = extended
                .then(|| (i64::from(word(16)) - 2_208_988_800) * 1_000_000 + ((i64::from(word(20)) * 1_000_000) >> 32));
            // The bits are on some packet of the last frame, the marker on its last packet.
            ending |= extended && bytes[24] & 0x50 != 0;
            let last = ending && bytes[1] & 0x80 != 0;
            packets.push(Packet { bytes, at_us });
            if last || at_us.is_some_and(|at| at >= until_ms * 1000) {
                return packets;
            }
        }
    }
}

fn iso(unix_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(unix_ms).unwrap();
    at.strftime("%Y%m%dT%H%M%S.%3fZ").to_string()
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

fn frame_times(packets: &[Packet]) -> Vec<i64> {
    let mut times: Vec<_> = packets.iter().filter_map(|packet| packet.at_us).collect();
    times.dedup();
    times
}

/// Decodes the packets and reads each picture's time code.
fn time_codes(packets: &[Packet], codec: Codec) -> Vec<u32> {
    let (name, decoder) = match codec {
        Codec::H264 => ("H264", "rtph264depay ! avdec_h264"),
        Codec::H265 => ("H265", "rtph265depay ! avdec_h265"),
    };
    let launch = format!(
        "appsrc name=source format=time caps=application/x-rtp,media=video,clock-rate=90000,encoding-name={name} ! {decoder} ! \
         videoconvert ! video/x-raw,format=I420 ! appsink name=sink sync=false max-buffers=0"
    );
    let pipeline = gstreamer::parse::launch(&launch)
        .unwrap()
        .downcast::<gstreamer::Bin>()
        .unwrap();
    let source = pipeline.by_name("source").and_downcast::<AppSrc>().unwrap();
    let sink = pipeline.by_name("sink").and_downcast::<AppSink>().unwrap();
    pipeline.set_state(gstreamer::State::Playing).unwrap();
    for packet in packets {
        let mut buffer = gstreamer::Buffer::from_slice(packet.bytes.clone());
        buffer.get_mut().unwrap().set_pts(gstreamer::ClockTime::ZERO);
        source.push_buffer(buffer).unwrap();
    }
    source.end_of_stream().unwrap();
    let mut codes = Vec::new();
    while let Some(sample) = sink.try_pull_sample(gstreamer::ClockTime::from_seconds(10)) {
        let caps = sample.caps().unwrap().structure(0).unwrap();
        let [width, height] = ["width", "height"].map(|side| caps.get::<i32>(side).unwrap() as usize);
        let map = sample.buffer().unwrap().map_readable().unwrap();
        let y = height - height / 48 - 1;
        let luma = std::array::from_fn(|i| f32::from(map[y * width + (2 * i + 1) * width / (2 * timecode::BLOCKS)]));
        codes.extend(timecode::decode(&luma));
    }
    pipeline.set_state(gstreamer::State::Null).unwrap();
    codes
}

/// Clips are encoded once for all tests.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("sim-clips")
}

async fn town() -> Simulator {
    Simulator::start(Options {
        cameras: 5,
        domes: 0,
        seed: 7,
        cache: Some(cache()),
        prepare: true,
        ..Options::default()
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_gives_the_frames_of_that_time_as_fast_as_they_come() {
    let town = town().await;
    tokio::task::spawn_blocking(move || {
        // H.264, H.265, and 15 frames a second.
        for index in [0, 2, 4] {
            let from_ms = now_ms() - 1_500_000;
            let mut session = Session::open(&town, index);
            session.set_up();
            session.play(from_ms, from_ms + 20_000, "no");
            let packets = session.packets(i64::MAX / 1000);
            let times = frame_times(&packets);
            let fps = i64::from(town.devices()[index].site().stream(StreamRole::Main).unwrap().fps);
            let (first, last) = (times[0] / 1000, times[times.len() - 1] / 1000);
            assert!(
                first <= from_ms && from_ms - first <= 1_000,
                "starts {} ms before",
                from_ms - first
            );
            assert!(
                (19_900..=20_000).contains(&(last - from_ms)),
                "ends {} ms after the start",
                last - from_ms
            );
            assert_eq!(
                times.len() as i64,
                ((last - first) * fps + 500) / 1000 + 1,
                "no frame is missing or doubled"
            );
            let clock = town.ready().cameras[index].clock;
            let codec = town.devices()[index].site().stream(StreamRole::Main).unwrap().codec;
            let codes = time_codes(&packets, codec);
            assert!(
                codes.len() * 10 >= times.len() * 9,
                "{} of {} time codes readable",
                codes.len(),
                times.len()
            );
            let expected = ((first as u64) - clock.epoch_ms) % clock.loop_ms;
            let apart = expected.abs_diff(u64::from(codes[0]));
            assert!(
                apart.min(clock.loop_ms - apart) <= 1,
                "code {} for {expected}",
                codes[0]
            );
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn with_rate_control_a_second_takes_a_second_and_a_new_play_moves_on() {
    let town = town().await;
    tokio::task::spawn_blocking(move || {
        let mut session = Session::open(&town, 0);
        session.set_up();
        for back_ms in [600_000, 1_200_000] {
            let from_ms = now_ms() - back_ms;
            let began = now_ms();
            session.play(from_ms, from_ms + 3_000, "yes");
            let times = frame_times(&session.packets(i64::MAX / 1000));
            let took = now_ms() - began;
            assert!(
                times[0] / 1000 <= from_ms && times[0] / 1000 > from_ms - 1_001,
                "first {}",
                times[0] / 1000 - from_ms
            );
            assert!((2_000..8_000).contains(&took), "three seconds took {took} ms");
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_replayed_from_before_the_recording_or_after_now() {
    let town = town().await;
    tokio::task::spawn_blocking(move || {
        let mut session = Session::open(&town, 0);
        session.set_up();
        session.play(now_ms() - 7_200_000, now_ms() - 3_590_000, "no");
        let times = frame_times(&session.packets(i64::MAX / 1000));
        let recorded = town.devices()[0].recorded().unwrap();
        assert!(
            times[0] / 1000 >= recorded.from_ms as i64 - 1_000,
            "a frame from before the recording"
        );
        let mut session = Session::open(&town, 0);
        session.set_up();
        session.play(now_ms() - 2_000, now_ms() + 3_600_000, "no");
        let times = frame_times(&session.packets(i64::MAX / 1000));
        assert!(times[times.len() - 1] / 1000 <= now_ms(), "a frame from the future");
    })
    .await
    .unwrap();
}
