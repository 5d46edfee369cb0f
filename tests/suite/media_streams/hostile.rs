//! A source that wants to break whoever watches it: an RTSP dialogue, a description, RTP packets and H.264 and H.265
//! pictures, all with seeded damage. The client must be there afterwards, and able to show an honest camera.
//!
//! Invariant: the same seed does the same damage; every case is bounded in bytes and in time.
//! Deliberately absent: the decoders' own fuzzing; what they do with damage is seen here through `media::live`.

use super::live::{frames, request};
use super::server::{Server, bars};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use vedetta::media::live::{self, LivePhase};

/// Cases of one run; more with `VEDETTA_HOSTILE_CASES`.
const CASES: u64 = 96;
/// Cases that run at the same time.
const AT_ONCE: u64 = 16;
/// A case ends when its packets have been sent, or after this.
const CASE: Duration = Duration::from_secs(4);

/// xorshift64*: small, seeded, the same everywhere.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % below.max(1)
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.roll(n) == 0
    }

    /// Damages bytes: flips, cuts, repeats, fills with extremes, writes lengths that lie.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.roll(4) {
            if bytes.is_empty() {
                return;
            }
            let at = self.roll(bytes.len());
            match self.roll(7) {
                0 => bytes[at] ^= 1 << self.roll(8),
                1 => bytes[at] = [0, 0xff, 0x7f, 0x80, 1][self.roll(5)],
                2 => bytes.truncate(at),
                3 => {
                    let end = (at + self.roll(64)).min(bytes.len());
                    let part = bytes[at..end].to_vec();
                    bytes.splice(at..at, part);
                }
                4 => {
                    let end = (at + self.roll(16)).min(bytes.len());
                    bytes[at..end].fill(0xff);
                }
                5 => {
                    bytes.drain(at..(at + self.roll(8)).min(bytes.len()));
                }
                _ => {
                    let random: Vec<u8> = (0..self.roll(32)).map(|_| self.roll(256) as u8).collect();
                    bytes.splice(at..at, random);
                }
            }
        }
    }
}

/// RTP packets of two seconds of a codec, and its description.
pub struct Honest {
    pub packets: Vec<Vec<u8>>,
    pub sdp: String,
}

pub fn honest(encoder: &str, payloader: &str, name: &str) -> Honest {
    gst::init().unwrap();
    let launch = format!(
        "videotestsrc num-buffers=50 ! video/x-raw,format=I420,width=320,height=240,framerate=25/1 ! {encoder} \
         ! {payloader} pt=96 config-interval=-1 mtu=1200 ! appsink name=sink sync=false"
    );
    let pipeline = gst::parse::launch(&launch)
        .unwrap()
        .downcast::<gst::Pipeline>()
        .unwrap();
    let sink = pipeline
        .by_name("sink")
        .unwrap()
        .downcast::<gst_app::AppSink>()
        .unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let mut packets = Vec::new();
    while let Ok(sample) = sink.pull_sample() {
        let lists = sample.buffer_list_owned();
        let buffers = lists.iter().flat_map(|list| list.iter_owned().collect::<Vec<_>>());
        for buffer in sample.buffer_owned().into_iter().chain(buffers) {
            packets.push(buffer.map_readable().unwrap().to_vec());
        }
    }
    pipeline.set_state(gst::State::Null).unwrap();
    assert!(packets.len() > 50, "{} packets", packets.len());
    let sdp = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\nc=IN IP4 0.0.0.0\r\n\
         a=rtpmap:96 {name}/90000\r\na=control:streamid=0\r\n"
    );
    Honest { packets, sdp }
}

/// Answers one client with the damage of a seed; returns when everything was sent or the client left.
fn answer(stream: TcpStream, honest: &Honest, seed: u64) -> std::io::Result<()> {
    let mut dice = Dice::new(seed);
    // A third each: damage in the dialogue and the description, in the packets' headers, in the pictures.
    let where_to = dice.roll(3);
    stream.set_read_timeout(Some(CASE))?;
    stream.set_write_timeout(Some(CASE))?;
    let mut out = stream.try_clone()?;
    let (mut cseq, mut method) = (String::new(), String::new());
    for line in BufReader::new(stream).lines() {
        let line = line?;
        if let Some(number) = line.strip_prefix("CSeq:") {
            number.trim().clone_into(&mut cseq);
        } else if line.ends_with("RTSP/1.0") {
            line.split(' ').next().unwrap_or_default().clone_into(&mut method);
        }
        if !line.is_empty() {
            continue;
        }
        let mut sdp = honest.sdp.clone().into_bytes();
        if where_to == 0 && dice.one_in(2) {
            dice.damage(&mut sdp);
        }
        let head = format!("RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\nSession: 1;timeout=60\r\n");
        let mut reply = match method.as_str() {
            "OPTIONS" => format!("{head}Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n").into_bytes(),
            "DESCRIBE" => {
                let length = sdp.len();
                let head = format!("{head}Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n");
                [head.into_bytes(), sdp].concat()
            }
            "SETUP" => {
                format!("{head}Transport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=12345678\r\n\r\n").into_bytes()
            }
            _ => format!("{head}\r\n").into_bytes(),
        };
        if where_to == 0 && dice.one_in(3) {
            dice.damage(&mut reply);
        }
        out.write_all(&reply)?;
        if method == "PLAY" {
            return play(&mut out, honest, where_to, &mut dice);
        }
    }
    Ok(())
}

fn play(out: &mut TcpStream, honest: &Honest, where_to: usize, dice: &mut Dice) -> std::io::Result<()> {
    let mut picture_of = None;
    for packet in &honest.packets {
        // A picture every 10 ms: four times as fast as it was made.
        let stamp = packet.get(4..8);
        if picture_of != stamp {
            picture_of = stamp;
            std::thread::park_timeout(Duration::from_millis(10));
        }
        let mut packet = packet.clone();
        match where_to {
            1 if dice.one_in(10) => {
                let mut head: Vec<u8> = packet.drain(..packet.len().min(20)).collect();
                dice.damage(&mut head);
                packet.splice(..0, head);
            }
            2 if packet.len() > 14 && dice.one_in(6) => {
                let mut picture = packet.split_off(12);
                dice.damage(&mut picture);
                packet.extend(picture);
            }
            _ => {}
        }
        packet.truncate(60_000);
        // Sender reports that lie, between the packets.
        if dice.one_in(20) {
            let mut report = vec![0x80, 200, 0, 6];
            report.extend((0..24).map(|_| dice.roll(256) as u8));
            dice.damage(&mut report);
            write(out, 1, &report, report.len())?;
        }
        let told = if where_to == 1 && dice.one_in(40) {
            dice.roll(65_536)
        } else {
            packet.len()
        };
        write(
            out,
            if dice.one_in(100) { dice.roll(8) as u8 } else { 0 },
            &packet,
            told,
        )?;
    }
    // What is on its way gets there before the connection ends.
    std::thread::park_timeout(Duration::from_millis(300));
    Ok(())
}

/// One interleaved frame (RFC 2326 §10.12) that says it has `told` bytes.
fn write(out: &mut TcpStream, channel: u8, packet: &[u8], told: usize) -> std::io::Result<()> {
    let [high, low] = u16::try_from(told).unwrap_or(u16::MAX).to_be_bytes();
    out.write_all(&[&[b'$', channel, high, low][..], packet].concat())
}

/// Opens a stream on a source with this seed and waits until it failed or everything was sent.
async fn suffer(honest: Arc<Honest>, seed: u64) -> bool {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rtsp://{}/main", listener.local_addr().unwrap());
    let (over, sent) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        if let Ok((stream, _)) = listener.accept() {
            // The client may leave when it has had enough: then there is nothing more to send.
            let _ = answer(stream, &honest, seed);
        }
        let _ = over.send(());
    });
    let stream = live::open(request(url, "any"));
    let mut status = stream.status();
    let failed = status.wait_for(|status| matches!(status.phase, LivePhase::Failed(_)));
    // Whether it failed, or showed what it could, is the same here: it must come to an end and not take us with it.
    let _ = tokio::time::timeout(CASE, async {
        tokio::select! { _ = sent => {}, _ = failed => {} }
    })
    .await;
    stream.slot().latest().is_some()
}

/// Before `media::packet_guard` some seeds of this test ended the process inside GStreamer 1.22.
#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_source_never_ends_the_client() {
    let cases = std::env::var("VEDETTA_HOSTILE_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    let cases: u64 = cases.unwrap_or(CASES);
    let first: u64 = std::env::var("VEDETTA_HOSTILE_FIRST")
        .ok()
        .and_then(|first| first.parse().ok())
        .unwrap_or(0);
    let sources = [
        honest(
            "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10",
            "rtph264pay",
            "H264",
        ),
        honest(
            // Every key picture stands alone, with its parameter sets: otherwise the first damage is the last picture.
            "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=10 option-string=open-gop=0:repeat-headers=1",
            "rtph265pay",
            "H265",
        ),
    ]
    .map(Arc::new);
    let mut showed = 0;
    for batch in (first..first + cases).step_by(AT_ONCE as usize) {
        let running: Vec<_> = (batch..(batch + AT_ONCE).min(first + cases))
            .map(|seed| tokio::spawn(suffer(Arc::clone(&sources[seed as usize % 2]), seed)))
            .collect();
        for case in running {
            showed += u64::from(case.await.expect("a case that panics is a fault of ours"));
        }
    }
    // The damage is not so great that nothing reaches the decoders.
    assert!(showed > cases / 4, "{showed} of {cases} cases decoded something");
    let camera = Server::start(&bars(320, 240));
    let stream = live::open(request(camera.url(), super::server::PASSWORD));
    frames(&stream, 3).await;
}
