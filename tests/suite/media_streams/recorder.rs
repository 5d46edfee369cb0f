//! A recorder inside the test: RTSP over TCP written by hand, one recording with ONVIF times, and its bad habits.
//!
//! Invariant: it shares no code with the client under test. Deliberately absent: UDP, more than one track.

use base64::Engine;
use gstreamer as gst;
use gstreamer::prelude::*;
use md5::Digest;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

pub const USER: &str = "archive";
pub const PASSWORD: &str = "old horse";
/// 2026-11-22T08:00:00Z.
pub const START_MS: i64 = 1_795_334_400_000;
pub const FPS: i64 = 25;
/// Frames from one key frame to the next.
pub const GROUP: usize = 10;
const NTP_TO_UNIX: i64 = 2_208_988_800;

/// One coded picture.
pub struct Unit {
    /// Annex B.
    pub bytes: Vec<u8>,
    packets: Vec<Vec<u8>>,
}

/// What is recorded: frame `i` was taken at `START_MS + i * 1000 / FPS`.
pub struct Recording {
    pub units: Vec<Unit>,
    codec: &'static str,
}

/// How the recorder misbehaves.
#[derive(Clone, Copy, Default)]
pub struct Habits {
    pub refuses_feature: bool,
    pub no_session: bool,
    pub no_rtpmap: bool,
    pub only_session_control: bool,
    pub no_extension: bool,
    pub sha256: bool,
    /// Closes the connection after so many pictures.
    pub breaks_off_after: Option<usize>,
    /// Damages every so many packets.
    pub damages_every: Option<usize>,
    /// From this picture on its clock is so many milliseconds behind.
    pub clock_set_back: Option<(usize, i64)>,
    /// From this picture on times are so many milliseconds later: nothing was recorded in between.
    pub hole: Option<(usize, i64)>,
    /// Every so many pictures are of another source, whose numbers begin anew; between the packets lie those of a stranger.
    pub new_source_every: Option<usize>,
    /// Sets the marker on every packet.
    pub marker_everywhere: bool,
    /// Says nothing at the end: neither the mark nor goodbye.
    pub silent_end: bool,
}

pub struct Recorder {
    pub port: u16,
    pub plays: Arc<AtomicUsize>,
    pub teardowns: Arc<AtomicUsize>,
}

impl Recording {
    /// Encodes colour bars with a moving block.
    pub fn make(codec: &'static str, frames: usize, b_frames: u32) -> Self {
        gst::init().unwrap();
        let (encoder, parser, payloader) = match codec {
            "H264" => (
                "x264enc speed-preset=ultrafast key-int-max=10 bitrate=800",
                "h264parse",
                "rtph264pay",
            ),
            _ => (
                "x265enc speed-preset=ultrafast key-int-max=10 bitrate=800",
                "h265parse",
                "rtph265pay",
            ),
        };
        let b = if codec == "H264" {
            format!("bframes={b_frames} b-adapt=false")
        } else {
            String::new()
        };
        let media = if codec == "H264" { "h264" } else { "h265" };
        let launch = format!(
            "videotestsrc num-buffers={frames} pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate={FPS}/1 \
             ! {encoder} {b} ! {parser} config-interval=-1 ! video/x-{media},stream-format=byte-stream,alignment=au ! tee name=t \
             t. ! queue ! appsink name=units sync=false t. ! queue ! {payloader} pt=96 mtu=1200 ! appsink name=packets sync=false"
        );
        let pipeline = gst::parse::launch(&launch)
            .unwrap()
            .downcast::<gst::Pipeline>()
            .unwrap();
        pipeline.set_state(gst::State::Playing).unwrap();
        let sink = |name: &str| {
            pipeline
                .by_name(name)
                .unwrap()
                .downcast::<gstreamer_app::AppSink>()
                .unwrap()
        };
        let (units_sink, packets_sink) = (sink("units"), sink("packets"));
        let mut units: Vec<Unit> = Vec::new();
        let mut first = None;
        while let Ok(sample) = units_sink.pull_sample() {
            let buffer = sample.buffer().unwrap();
            let pts = buffer.pts().unwrap();
            let bytes = buffer.map_readable().unwrap().to_vec();
            let first = *first.get_or_insert(pts);
            let taken_ms = START_MS + (pts.nseconds() as i64 - first.nseconds() as i64) / 1_000_000;
            let mut packets = Vec::new();
            loop {
                let sample = packets_sink.pull_sample().unwrap();
                let packet = sample.buffer().unwrap().map_readable().unwrap().to_vec();
                let marker = packet[1] & 0x80 != 0;
                packets.push(with_time(&packet, taken_ms, units.len() + 1 == frames));
                if marker {
                    break;
                }
            }
            units.push(Unit { bytes, packets });
        }
        pipeline.set_state(gst::State::Null).unwrap();
        assert_eq!(units.len(), frames);
        Self { units, codec }
    }

    /// When frame `i` (in the order of time) was taken, Unix milliseconds.
    pub fn at(i: usize) -> i64 {
        START_MS + i as i64 * 1000 / FPS
    }
}

/// The packet with the ONVIF replay header extension.
fn with_time(packet: &[u8], ms: i64, last: bool) -> Vec<u8> {
    assert_eq!(packet[0], 0x80, "a plain header");
    let seconds = (ms.div_euclid(1000) + NTP_TO_UNIX) as u32;
    let fraction = ((ms.rem_euclid(1000) << 32) / 1000) as u32;
    let mut out = packet[..12].to_vec();
    out[0] |= 0x10;
    out.extend([0xab, 0xac, 0, 3]);
    out.extend(seconds.to_be_bytes());
    // Rounded up, so that it reads back as the same millisecond.
    out.extend((fraction + 1).to_be_bytes());
    out.extend([if last { 0x10 } else { 0 }, 0, 0, 0]);
    out.extend(&packet[12..]);
    out
}

/// The packet as a recorder without the extension sends it.
fn without_time(packet: &[u8]) -> Vec<u8> {
    let mut out = packet[..12].to_vec();
    out[0] &= !0x10;
    out.extend(&packet[28..]);
    out
}

impl Recorder {
    pub fn start(recording: Arc<Recording>, habits: Habits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (plays, teardowns) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counters = (Arc::clone(&plays), Arc::clone(&teardowns));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (recording, counters) = (Arc::clone(&recording), counters.clone());
                std::thread::spawn(move || serve(stream, &recording, habits, &counters));
            }
        });
        Self { port, plays, teardowns }
    }

    pub fn url(&self) -> String {
        format!("rtsp://{USER}:ignored@127.0.0.1:{}/replay/1", self.port)
    }
}

/// What the sending thread looks at.
#[derive(Default)]
struct Sending {
    /// Counts PLAYs with a range; another number stops the sender.
    generation: u64,
    paused: bool,
}

type Control = Arc<(Mutex<Sending>, Condvar)>;

fn serve(
    stream: TcpStream,
    recording: &Arc<Recording>,
    habits: Habits,
    counters: &(Arc<AtomicUsize>, Arc<AtomicUsize>),
) {
    stream.set_nodelay(true).unwrap();
    let writer = Arc::new(Mutex::new(stream.try_clone().unwrap()));
    let mut reader = BufReader::new(stream);
    let control: Control = Arc::default();
    while let Some((method, uri, headers)) = read_request(&mut reader) {
        let find = |name: &str| {
            headers
                .iter()
                .find(|(n, _)| n.eq_ignore_ascii_case(name))
                .map(|(_, v)| v.as_str())
        };
        let cseq = find("CSeq").unwrap_or("0").to_owned();
        let answer = |status: &str, more: &str, body: &str| {
            let length = body.len();
            let text = format!("RTSP/1.0 {status}\r\nCSeq: {cseq}\r\n{more}Content-Length: {length}\r\n\r\n{body}");
            writer.lock().unwrap().write_all(text.as_bytes()).ok();
        };
        if method == "OPTIONS" {
            answer(
                "200 OK",
                "Public: DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER\r\n",
                "",
            );
            continue;
        }
        if !find("Authorization").is_some_and(|given| is_right(given, &method, &uri, habits.sha256)) {
            let sha = "WWW-Authenticate: Digest realm=\"rec\", nonce=\"n0\", algorithm=SHA-256, qop=\"auth\"\r\n";
            let md5 = "WWW-Authenticate: Digest realm=\"rec\", nonce=\"n0\"\r\n";
            answer(
                "401 Unauthorized",
                &format!("{md5}{}", if habits.sha256 { sha } else { "" }),
                "",
            );
            continue;
        }
        let session = if habits.no_session {
            ""
        } else {
            "Session: 7f;timeout=2\r\n"
        };
        if matches!(method.as_str(), "SETUP" | "PLAY") {
            assert_eq!(find("Require"), Some("onvif-replay"), "{method}");
            if habits.refuses_feature {
                answer("551 Option not supported", "Unsupported: onvif-replay\r\n", "");
                continue;
            }
        }
        if !habits.no_session && matches!(method.as_str(), "PLAY" | "PAUSE" | "TEARDOWN" | "GET_PARAMETER") {
            assert_eq!(find("Session"), Some("7f"), "{method}");
        }
        match method.as_str() {
            "DESCRIBE" => answer(
                "200 OK",
                "Content-Type: application/sdp\r\n",
                &description(recording, habits),
            ),
            "SETUP" => answer(
                "200 OK",
                &format!("Transport: RTP/AVP/TCP;unicast;interleaved=4-5\r\n{session}"),
                "",
            ),
            "PLAY" => {
                let (lock, changed) = &*control;
                let mut sending = lock.lock().unwrap();
                sending.paused = false;
                if let Some(range) = find("Range") {
                    counters.0.fetch_add(1, Ordering::SeqCst);
                    sending.generation += 1;
                    let generation = sending.generation;
                    drop(sending);
                    let (from, to) = times(range);
                    let fast = find("Rate-Control") == Some("no");
                    // From the key frame at or before the time asked for.
                    let first = ((from - START_MS).max(0) * FPS / 1000) as usize / GROUP * GROUP;
                    let rtp = recording
                        .units
                        .get(first)
                        .map_or(0, |unit| u32::from_be_bytes(unit.packets[0][4..8].try_into().unwrap()));
                    let start = &range[..22];
                    let info = format!("Range: {start}Z-\r\nRTP-Info: url={uri};seq=1;rtptime={rtp}\r\n{session}");
                    answer("200 OK", &info.replace(start, &stamp(Recording::at(first))), "");
                    let (recording, writer, control) =
                        (Arc::clone(recording), Arc::clone(&writer), Arc::clone(&control));
                    std::thread::spawn(move || {
                        send(&recording, habits, &writer, &control, generation, (first, to), fast)
                    });
                } else {
                    drop(sending);
                    answer("200 OK", session, "");
                }
                changed.notify_all();
            }
            "PAUSE" => {
                control.0.lock().unwrap().paused = true;
                answer("200 OK", session, "");
            }
            "GET_PARAMETER" => answer("200 OK", session, ""),
            "TEARDOWN" => {
                counters.1.fetch_add(1, Ordering::SeqCst);
                answer("200 OK", session, "");
                break;
            }
            _ => answer("501 Not Implemented", "", ""),
        }
    }
    control.0.lock().unwrap().generation = u64::MAX;
    control.1.notify_all();
}

fn stamp(ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(ms)
        .unwrap()
        .to_zoned(jiff::tz::TimeZone::UTC);
    format!("clock={}.{:03}", at.strftime("%Y%m%dT%H%M%S"), at.millisecond())
}

fn send(
    recording: &Recording,
    habits: Habits,
    writer: &Mutex<TcpStream>,
    control: &(Mutex<Sending>, Condvar),
    generation: u64,
    (first, to): (usize, i64),
    fast: bool,
) {
    let begun = Instant::now();
    let mut halted = Duration::ZERO;
    for (sent, (i, unit)) in recording.units.iter().enumerate().skip(first).enumerate() {
        // The last picture carries the mark of the end.
        if Recording::at(i) > to || (habits.silent_end && i + 1 == recording.units.len()) {
            break;
        }
        let due = if fast {
            Duration::ZERO
        } else {
            Duration::from_millis(sent as u64 * 1000 / FPS as u64)
        };
        let mut sending = control.0.lock().unwrap();
        loop {
            if sending.generation != generation {
                return;
            }
            if sending.paused {
                let since = Instant::now();
                sending = control.1.wait_timeout(sending, Duration::from_millis(20)).unwrap().0;
                halted += since.elapsed();
                continue;
            }
            let Some(left) = (due + halted)
                .checked_sub(begun.elapsed())
                .filter(|left| !left.is_zero())
            else {
                break;
            };
            sending = control.1.wait_timeout(sending, left).unwrap().0;
        }
        drop(sending);
        let mut stream = writer.lock().unwrap();
        let mut before = None;
        for (n, packet) in unit.packets.iter().enumerate() {
            let mut packet = if habits.no_extension {
                without_time(packet)
            } else {
                packet.clone()
            };
            let back = habits.clock_set_back.map(|(from, ms)| (from, -ms));
            for (_, ms) in back.into_iter().chain(habits.hole).filter(|(from, _)| i >= *from) {
                let seconds = i64::from(u32::from_be_bytes(packet[16..20].try_into().unwrap())) + ms / 1_000;
                packet[16..20].copy_from_slice(&(seconds as u32).to_be_bytes());
            }
            if let Some(every) = habits.new_source_every {
                // Inside a picture a stranger repeats the packet before: one that is believed tears the picture apart. The first
                // picture has a stranger before it only, for who comes first is believed until two others follow each other.
                let repeated = before.replace(packet.clone()).unwrap_or_else(|| packet.clone());
                let stranger = of_source(repeated, 1_000 + i / every);
                packet = of_source(packet, i / every);
                if (n == 0 || sent > 0) && !frame_and_write(&mut stream, &stranger) {
                    return;
                }
            }
            packet[1] |= u8::from(habits.marker_everywhere) << 7;
            if habits.damages_every.is_some_and(|every| (i + n) % every == 0) {
                damage(&mut packet, (i * 31 + n) as u32);
            }
            if !frame_and_write(&mut stream, &packet) {
                return;
            }
        }
        if habits.breaks_off_after == Some(sent + 1) {
            stream.shutdown(std::net::Shutdown::Both).ok();
            return;
        }
    }
    if !habits.silent_end {
        // A report and goodbye.
        writer
            .lock()
            .unwrap()
            .write_all(&[b'$', 5, 0, 16, 0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 203, 0, 1, 0, 0, 0, 1])
            .ok();
    }
}

/// The packet as another source would send it, whose numbers and time stamps count from elsewhere.
fn of_source(mut packet: Vec<u8>, number: usize) -> Vec<u8> {
    let sequence = u16::from_be_bytes([packet[2], packet[3]]).wrapping_add((number * 20_011) as u16);
    packet[2..4].copy_from_slice(&sequence.to_be_bytes());
    let time =
        u32::from_be_bytes(packet[4..8].try_into().unwrap()).wrapping_add((number as u32).wrapping_mul(900_000_000));
    packet[4..8].copy_from_slice(&time.to_be_bytes());
    packet[8..12].copy_from_slice(&(number as u32 + 77).to_be_bytes());
    packet
}

/// Sends a packet on the channel of the video; `false` when nobody takes it.
fn frame_and_write(stream: &mut TcpStream, packet: &[u8]) -> bool {
    let mut framed = vec![b'$', 4];
    framed.extend((packet.len() as u16).to_be_bytes());
    framed.extend(packet);
    stream.write_all(&framed).is_ok()
}

/// Turns bits of header, extension and payload, the same in every run; never the length.
fn damage(packet: &mut [u8], seed: u32) {
    let mut random = seed | 1;
    for _ in 0..1 + seed % 9 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let at = (random >> 8) as usize % packet.len();
        packet[at] ^= 1 << (random >> 29);
    }
}

fn description(recording: &Recording, habits: Habits) -> String {
    let codec = recording.codec;
    let map = if habits.no_rtpmap {
        String::new()
    } else {
        format!("a=rtpmap:96 {codec}/90000\r\n")
    };
    let control = if habits.only_session_control {
        ""
    } else {
        "a=control:trackID=1\r\n"
    };
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=rec\r\na=control:*\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n{map}{control}a=recvonly\r\n"
    )
}

fn times(range: &str) -> (i64, i64) {
    let mut parts = range
        .strip_prefix("clock=")
        .expect("a clock range")
        .split('-')
        .map(|text| {
            let text = text.strip_suffix('Z').expect("UTC");
            let (whole, ms) = text.split_once('.').expect("milliseconds");
            let at = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%S", whole).unwrap();
            at.to_zoned(jiff::tz::TimeZone::UTC)
                .unwrap()
                .timestamp()
                .as_millisecond()
                + ms.parse::<i64>().unwrap()
        });
    (parts.next().unwrap(), parts.next().unwrap())
}

fn is_right(given: &str, method: &str, uri: &str, sha256: bool) -> bool {
    let field = |name: &str| {
        let (_, rest) = given
            .split_once(&format!("{name}="))
            .or_else(|| given.split_once(&format!(" {name}=")))?;
        Some(
            rest.trim_start_matches('"')
                .split(['"', ','])
                .next()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    let hash = |text: String| {
        if sha256 {
            hex::encode(sha2::Sha256::digest(text))
        } else {
            hex::encode(md5::Md5::digest(text))
        }
    };
    let (secret, what) = (hash(format!("{USER}:rec:{PASSWORD}")), hash(format!("{method}:{uri}")));
    let expected = if sha256 {
        let (nc, cnonce) = (field("nc").unwrap_or_default(), field("cnonce").unwrap_or_default());
        hash(format!("{secret}:n0:{nc}:{cnonce}:auth:{what}"))
    } else {
        hash(format!("{secret}:n0:{what}"))
    };
    let plain = base64::engine::general_purpose::STANDARD.encode(PASSWORD);
    assert!(
        !given.contains(PASSWORD) && !given.contains(&plain),
        "the password travels"
    );
    field("response").is_some_and(|response| response == expected)
}

/// Method, target and headers.
type Request = (String, String, Vec<(String, String)>);

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, uri) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim().split_once(':') else {
            break;
        };
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    let length = headers
        .iter()
        .find(|(n, _)| n.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, v)| v.parse().ok());
    let mut body = vec![0u8; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some((method, uri, headers))
}
