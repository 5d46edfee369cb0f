//! Cameras that other programs show: several ways to log in, a nonce that runs out, a source of its own for every group of
//! pictures, padding and foreign packets between the frames, a marker on every NAL unit, bursts, a channel for talking back.
//!
//! Invariant: every camera here is honest; what it sends is shown whole, and no packet of it counts as lost.
//! Deliberately absent: damage (`hostile`).

use super::hostile::{Honest, honest};
use super::live::{failure, frames, request};
use super::server::{self, PASSWORD, USER};
use md5::{Digest as _, Md5};
use sha2::Sha256;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use vedetta::domain::privacy::Cover;
use vedetta::media::error::LiveErrorKind;
use vedetta::media::live::{self, LivePhase, LiveStream};
use vedetta::media::snapshot;

const LIMIT: Duration = Duration::from_secs(15);
const REALM: &str = "Camera";

/// Two seconds of a camera: fifty pictures of several slices each, a key frame every ten.
fn film() -> Arc<Honest> {
    static FILM: OnceLock<Arc<Honest>> = OnceLock::new();
    let made = || {
        let encoder = "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 threads=4 sliced-threads=true";
        Arc::new(honest(encoder, "rtph264pay aggregate-mode=none", "H264"))
    };
    Arc::clone(FILM.get_or_init(made))
}

/// What a camera does its own way.
#[derive(Clone, Default)]
struct Habits {
    /// Challenges of a 401, in this order; none lets everybody in.
    offers: Vec<&'static str>,
    /// In the description beside the video.
    also_described: &'static str,
    /// The SSRC of every packet, by the number of its group of pictures.
    ssrc_of_group: Option<fn(u32) -> u32>,
    /// Written before every frame.
    between: Vec<u8>,
    marker_everywhere: bool,
    /// So many pictures are held back and come at once.
    burst: usize,
}

fn nonce(offer: &str) -> &str {
    if offer == "MD5" { "aaaa1111" } else { "bbbb2222" }
}

/// Whether an `Authorization` answers one of the challenges rightly, as RFC 7616 has it.
fn is_right(header: &str, method: &str, offers: &[&str]) -> bool {
    let value = |name: &str| {
        let (_, rest) = header.split_once(&format!("{name}=\""))?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    offers.iter().any(|offer| {
        let hash = |text: String| match *offer {
            "SHA-256" => hex::encode(Sha256::digest(text)),
            _ => hex::encode(Md5::digest(text)),
        };
        let account = hash(format!("{USER}:{REALM}:{PASSWORD}"));
        let asked = hash(format!("{method}:{}", value("uri").unwrap_or_default()));
        let expected = hash(format!("{account}:{}:{asked}", nonce(offer)));
        *offer != "Basic"
            && value("nonce").as_deref() == Some(nonce(offer))
            && value("response").as_deref() == Some(&expected)
    })
}

fn challenge(offer: &str) -> String {
    match offer {
        "Basic" => format!("WWW-Authenticate: Basic realm=\"{REALM}\"\r\n"),
        _ => format!(
            "WWW-Authenticate: Digest realm=\"{REALM}\", nonce=\"{}\", algorithm={offer}\r\n",
            nonce(offer)
        ),
    }
}

/// A camera with these habits; its address, and what was asked to be set up.
fn camera(habits: Habits) -> (String, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rtsp://{}/main", listener.local_addr().unwrap());
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        if let Ok((stream, _)) = listener.accept() {
            // The client may leave at any time.
            let _ = talk(&stream, &habits, &tell);
        }
    });
    (url, told)
}

fn talk(stream: &TcpStream, habits: &Habits, tell: &std::sync::mpsc::Sender<String>) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let (mut first, mut cseq, mut authorization) = (String::new(), String::new(), String::new());
    for line in BufReader::new(stream.try_clone()?).lines() {
        let line = line?;
        if line.ends_with("RTSP/1.0") {
            (first, authorization) = (line, String::new());
            continue;
        }
        if let Some(number) = line.strip_prefix("CSeq:") {
            number.trim().clone_into(&mut cseq);
        } else if let Some(answer) = line.strip_prefix("Authorization:") {
            answer.clone_into(&mut authorization);
        }
        if !line.is_empty() {
            continue;
        }
        let mut words = first.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let let_in = habits.offers.is_empty() || is_right(&authorization, method, &habits.offers);
        let sdp = film().sdp.clone() + habits.also_described;
        let rest = match method {
            _ if !let_in => habits.offers.iter().map(|offer| challenge(offer)).collect(),
            "DESCRIBE" => format!(
                "Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
                sdp.len()
            ),
            "SETUP" => {
                let _ = tell.send(target.to_owned());
                "Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n".to_owned()
            }
            _ => String::new(),
        };
        let status = if let_in { "200 OK" } else { "401 Unauthorized" };
        let end = if method == "DESCRIBE" && let_in { "" } else { "\r\n" };
        out.write_all(format!("RTSP/1.0 {status}\r\nCSeq: {cseq}\r\n{rest}{end}").as_bytes())?;
        if method == "PLAY" && let_in {
            let (mut out, habits) = (out.try_clone()?, habits.clone());
            std::thread::spawn(move || play(&mut out, &habits));
        }
    }
    Ok(())
}

fn play(out: &mut TcpStream, habits: &Habits) -> std::io::Result<()> {
    let (mut stamp, mut picture, mut waiting) = (Vec::new(), 0usize, Vec::new());
    for packet in &film().packets {
        if stamp != packet[4..8] {
            stamp = packet[4..8].to_vec();
            picture += 1;
            if picture % habits.burst.max(1) == 0 {
                out.write_all(&std::mem::take(&mut waiting))?;
                std::thread::park_timeout(Duration::from_millis(20 * habits.burst.max(1) as u64));
            }
        }
        let mut packet = packet.clone();
        if let Some(ssrc) = habits.ssrc_of_group {
            let group = (picture as u32 - 1) / 10;
            packet[8..12].copy_from_slice(&ssrc(group).to_be_bytes());
        }
        packet[1] |= u8::from(habits.marker_everywhere) << 7;
        waiting.extend(&habits.between);
        waiting.extend([&[b'$', 0][..], &(packet.len() as u16).to_be_bytes(), &packet].concat());
    }
    out.write_all(&waiting)?;
    // The connection stands until the client leaves.
    std::thread::park_timeout(LIMIT);
    Ok(())
}

/// Opens a stream and waits for so many frames.
async fn shown(habits: Habits, count: u64) -> LiveStream {
    let stream = live::open(request(camera(habits).0, PASSWORD));
    frames(&stream, count).await;
    stream
}

/// All fifty pictures, each once and whole, and nothing lost.
async fn shown_whole(habits: Habits) -> LiveStream {
    let stream = shown(habits, 50).await;
    let mut status = stream.status();
    // Figures come once a second: the next ones are of everything.
    let told = status.wait_for(|status| status.figures.jitter_ms > 0.0);
    let told = tokio::time::timeout(LIMIT, told).await.unwrap().unwrap().clone();
    assert_eq!(told.phase, LivePhase::Playing);
    assert_eq!(
        (told.figures.lost_packets, stream.slot().count()),
        (0, 50),
        "{:?}",
        told.figures
    );
    stream
}

#[tokio::test]
async fn whichever_way_to_log_in_is_named_last_the_picture_comes() {
    for offers in [
        vec!["MD5"],
        vec!["SHA-256", "MD5"],
        vec!["MD5", "SHA-256"],
        vec!["Basic", "SHA-256"],
        vec!["MD5", "SHA-512-256"],
    ] {
        let habits = Habits {
            offers: offers.clone(),
            ..Habits::default()
        };
        let stream = shown(habits, 3).await;
        assert_eq!(stream.status().borrow().phase, LivePhase::Playing, "{offers:?}");
    }
}

#[tokio::test]
async fn a_source_of_its_own_for_every_group_of_pictures_is_shown_without_a_gap() {
    let habits = Habits {
        ssrc_of_group: Some(|group| 1_000 + group),
        ..Habits::default()
    };
    shown_whole(habits).await;
}

#[tokio::test]
async fn padding_and_foreign_packets_between_the_frames_are_passed_over() {
    let foreign = [&[b'$', 0, 0, 16, 0x80, 96, 0, 1][..], &[9; 12]].concat();
    let audio = [&[b'$', 2, 0, 13, 0x80, 0, 0, 1][..], &[7; 9]].concat();
    for between in [
        b"\0\0\0\0".to_vec(),
        b"\r\n".to_vec(),
        [&b"\xffx"[..], &audio].concat(),
        foreign,
    ] {
        let habits = Habits {
            between,
            ..Habits::default()
        };
        shown_whole(habits).await;
    }
}

#[tokio::test]
async fn a_marker_on_every_unit_makes_no_pictures_of_slices() {
    let habits = Habits {
        marker_everywhere: true,
        ..Habits::default()
    };
    let stream = shown(habits, 49).await;
    let frame = stream.slot().latest().unwrap();
    let png = snapshot::encode_png(&frame, &Cover::Parts(vec![]), &[]).unwrap();
    assert!(stream.slot().count() <= 51, "{} pictures of 50", stream.slot().count());
    let honest = shown(Habits::default(), 50).await.slot().latest().unwrap();
    assert_eq!((frame.width, frame.height), (honest.width, honest.height));
    assert!(!png.is_empty());
}

#[tokio::test]
async fn what_a_network_holds_back_and_sends_at_once_is_all_shown() {
    let habits = Habits {
        burst: 16,
        ..Habits::default()
    };
    let stream = shown_whole(habits).await;
    assert!(stream.status().borrow().figures.jitter_ms > 5.0);
}

#[tokio::test]
async fn an_address_that_names_another_one_of_the_camera_is_followed_and_one_of_a_stranger_is_not() {
    let (url, _asked) = camera(Habits::default());
    let moved = |to: String| {
        server::answering(move |cseq| {
            format!("RTSP/1.0 302 Moved Temporarily\r\nCSeq: {cseq}\r\nLocation: {to}\r\n\r\n").into_bytes()
        })
    };
    let stream = live::open(request(moved(url), PASSWORD));
    frames(&stream, 5).await;
    let (other, _asked) = camera(Habits::default());
    let stream = live::open(request(moved(other.replace("127.0.0.1", "localhost")), PASSWORD));
    assert_eq!(failure(&stream).await.kind, LiveErrorKind::BrokenStream);
}

#[tokio::test]
async fn a_channel_for_talking_back_is_left_alone() {
    let habits = Habits {
        also_described: "m=audio 0 RTP/AVP 0\r\na=control:talk\r\na=sendonly\r\nm=audio 0 RTP/AVP 8\r\na=control:hear\r\na=recvonly\r\n",
        ..Habits::default()
    };
    let (url, asked) = camera(habits);
    let stream = live::open(request(url, PASSWORD));
    frames(&stream, 20).await;
    let set_up: Vec<String> = asked.try_iter().collect();
    assert_eq!(set_up.len(), 1, "{set_up:?}");
    assert!(set_up[0].ends_with("/main/streamid=0"), "{set_up:?}");
}
