//! One RTSP connection: messages out, messages and interleaved packets in (RFC 2326 §10.12).
//!
//! Invariant: at most [`MAX_BUFFER`] bytes wait here, and no read takes longer than it was given. A host whose first bytes are
//! not RTSP is left; behind the first message stray bytes are passed over up to the next packet or message, at most
//! [`MAX_STRAY`] of them in a row. Deliberately absent: what the messages mean (`session`).

use crate::media::error::{LiveError, LiveErrorKind};
use rtsp_types::{Message, ParseError, Request, Response, Url};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The largest message, bytes: an answer with its body. Interleaved packets are at most 64 KiB by their length field.
const MAX_MESSAGE: usize = 256 * 1024;
const MAX_BUFFER: usize = MAX_MESSAGE + 64 * 1024;
/// Most bytes in a row that are neither a message nor a packet: cameras leave padding, and the rest of a packet that they cut,
/// between two frames.
const MAX_STRAY: usize = 64 * 1024;
const CONNECT: Duration = Duration::from_secs(5);
const WRITE: Duration = Duration::from_secs(5);
/// RFC 2326 §3.2.
const DEFAULT_PORT: u16 = 554;

/// A message or a packet from the other end.
#[derive(Debug)]
pub(super) enum Incoming {
    Response(Response<Vec<u8>>),
    Request(Request<Vec<u8>>),
    Packet {
        channel: u8,
        bytes: Vec<u8>,
    },
    /// Nothing within the time given.
    Nothing,
    /// The other side closed.
    Closed,
}

pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Bytes of the buffer already taken.
    taken: usize,
    /// A message came: the other side speaks RTSP.
    speaks: bool,
    /// Bytes passed over since the last message or packet.
    stray: usize,
}

/// Bytes of the shortest packet there is: an empty receiver report.
const SHORTEST: usize = 8;
/// Channels that are believed without looking further: one session uses two, and others of the device a few more.
const USUAL_CHANNELS: u8 = 8;

/// What the bytes at hand begin with.
#[derive(Debug, PartialEq, Eq)]
enum Begins {
    /// An interleaved frame: its channel and the length of its packet.
    Frame(u8, usize),
    Message,
    /// Too few bytes to tell.
    Unknown,
    /// Neither.
    Stray,
}

/// Tells a frame by its mark (RFC 2326 §10.12) and a message by its version or by the name of a method. Behind stray bytes a
/// mark alone is too common among the bytes of pictures: the channel must be a usual one, and the packet of RTP's version and
/// as long as the shortest (RFC 3550 §5.1, §6.4.2).
fn begins(bytes: &[u8], behind_stray: bool) -> Begins {
    const RESPONSE: &[u8] = b"RTSP/";
    match bytes {
        [b'$', channel, high, low, packet @ ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let rtp = packet.first().map(|first| first >> 6 == 2);
            let usual = *channel < USUAL_CHANNELS;
            match rtp {
                _ if length == 0 && usual => Begins::Frame(*channel, 0),
                _ if usual && !behind_stray => Begins::Frame(*channel, length),
                None => Begins::Unknown,
                Some(true) if !behind_stray || (usual && length >= SHORTEST) => Begins::Frame(*channel, length),
                Some(_) => Begins::Stray,
            }
        }
        [] | [b'$', ..] => Begins::Unknown,
        _ if bytes.starts_with(RESPONSE) => Begins::Message,
        _ if RESPONSE.starts_with(bytes) => Begins::Unknown,
        _ => {
            let name = bytes.iter().take(16);
            let length = name
                .take_while(|byte| byte.is_ascii_uppercase() || **byte == b'_')
                .count();
            match bytes.get(length) {
                Some(b' ') if length >= 4 => Begins::Message,
                None if length < 16 => Begins::Unknown,
                _ => Begins::Stray,
            }
        }
    }
}

fn broken(what: impl AsRef<str>) -> LiveError {
    LiveError::new(LiveErrorKind::BrokenStream, what)
}

impl Connection {
    /// Connects to the host of an address, trying each of its addresses in turn.
    pub(super) fn open(url: &Url) -> Result<Self, LiveError> {
        let unreachable = |what: String| LiveError::new(LiveErrorKind::Unreachable, what);
        let addresses = url
            .socket_addrs(|| Some(DEFAULT_PORT))
            .map_err(|e| unreachable(e.to_string()))?;
        let until = Instant::now() + CONNECT;
        let mut reason = "the name has no address".to_owned();
        for address in addresses {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match TcpStream::connect_timeout(&address, left) {
                Ok(stream) => {
                    let ready = stream
                        .set_nodelay(true)
                        .and_then(|()| stream.set_write_timeout(Some(WRITE)));
                    ready.map_err(|e| broken(e.to_string()))?;
                    return Ok(Self {
                        stream,
                        buffer: Vec::new(),
                        taken: 0,
                        speaks: false,
                        stray: 0,
                    });
                }
                Err(error) => reason = error.to_string(),
            }
        }
        Err(unreachable(reason))
    }

    /// Sends a message.
    pub(super) fn send<B: AsRef<[u8]>>(&mut self, message: &Message<B>) -> Result<(), LiveError> {
        let mut bytes = Vec::new();
        message
            .write(&mut bytes)
            .map_err(|_| broken("a request cannot be written"))?;
        self.stream
            .write_all(&bytes)
            .map_err(|error| broken(format!("sending: {error}")))
    }

    /// The next thing that comes in, waiting at most `wait`.
    pub(super) fn next(&mut self, wait: Duration) -> Result<Incoming, LiveError> {
        let until = Instant::now() + wait;
        loop {
            if let Some(incoming) = self.parse()? {
                return Ok(incoming);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Incoming::Nothing);
            }
            match self.fill(left) {
                Ok(0) => return Ok(Incoming::Closed),
                Ok(_) => {}
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                    ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
                        return Ok(Incoming::Closed);
                    }
                    _ => return Err(broken(format!("receiving: {error}"))),
                },
            }
        }
    }

    fn fill(&mut self, wait: Duration) -> std::io::Result<usize> {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.stream.set_read_timeout(Some(wait.max(Duration::from_millis(1))))?;
        let mut piece = [0u8; 16 * 1024];
        let read = self.stream.read(&mut piece)?;
        self.buffer.extend_from_slice(piece.get(..read).unwrap_or_default());
        Ok(read)
    }

    /// One message or packet out of the buffer; `None` when more bytes are needed.
    fn parse(&mut self) -> Result<Option<Incoming>, LiveError> {
        loop {
            let bytes = self.buffer.get(self.taken..).unwrap_or_default();
            let parsed = match begins(bytes, self.stray > 0) {
                Begins::Unknown => return Ok(None),
                Begins::Frame(channel, length) => {
                    let Some(packet) = bytes.get(4..4 + length) else {
                        return Ok(None);
                    };
                    let bytes = packet.to_vec();
                    Some((Incoming::Packet { channel, bytes }, 4 + length))
                }
                Begins::Message => match message(bytes)? {
                    Parsed::Incomplete => return Ok(None),
                    Parsed::Whole(incoming, used) => {
                        self.speaks = true;
                        Some((incoming, used))
                    }
                    Parsed::Broken => None,
                },
                Begins::Stray => None,
            };
            match parsed {
                Some((incoming, used)) => {
                    self.taken += used;
                    self.stray = 0;
                    return Ok(Some(incoming));
                }
                None if self.speaks && self.stray < MAX_STRAY => {
                    self.taken += 1;
                    self.stray += 1;
                }
                None => return Err(broken("what came is not RTSP")),
            }
        }
    }
}

/// What became of a message.
enum Parsed {
    /// The message, and how many bytes it takes.
    Whole(Incoming, usize),
    Incomplete,
    Broken,
}

/// Reads the message that the bytes begin with.
fn message(bytes: &[u8]) -> Result<Parsed, LiveError> {
    match Message::<Vec<u8>>::parse(bytes) {
        Ok((message, used)) => {
            let incoming = match message {
                Message::Response(response) => Incoming::Response(response),
                Message::Request(request) => Incoming::Request(request),
                Message::Data(data) => Incoming::Packet {
                    channel: data.channel_id(),
                    bytes: data.into_body(),
                },
            };
            Ok(Parsed::Whole(incoming, used))
        }
        Err(ParseError::Incomplete(_)) if bytes.len() <= MAX_MESSAGE.min(MAX_BUFFER) => Ok(Parsed::Incomplete),
        Err(ParseError::Incomplete(_)) => Err(broken("an answer is larger than 256 KiB")),
        Err(ParseError::Error) => Ok(Parsed::Broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    const OK: &[u8] = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n";

    fn frame(channel: u8, body: &[u8]) -> Vec<u8> {
        let packet = [&[0x80, 96][..], body].concat();
        [&[b'$', channel, 0, packet.len() as u8][..], &packet].concat()
    }

    /// What comes out of `bytes`: the packets' bodies behind their first two bytes, and `None` for a message.
    fn read(bytes: &[u8]) -> Result<Vec<Option<Vec<u8>>>, LiveError> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&format!("rtsp://{}/", listener.local_addr().unwrap())).unwrap();
        let mut connection = Connection::open(&url)?;
        let (mut camera, _) = listener.accept().unwrap();
        camera.write_all(bytes).unwrap();
        drop(camera);
        let mut all = Vec::new();
        loop {
            match connection.next(Duration::from_secs(10))? {
                Incoming::Packet { bytes, .. } => all.push(Some(bytes[2..].to_vec())),
                Incoming::Response(_) | Incoming::Request(_) => all.push(None),
                Incoming::Nothing | Incoming::Closed => return Ok(all),
            }
        }
    }

    #[test]
    fn stray_bytes_between_frames_and_messages_are_passed_over() {
        let [first, second] = [frame(0, b"the first"), frame(0, b"the second")];
        let expected = vec![None, Some(b"the first".to_vec()), Some(b"the second".to_vec()), None];
        for stray in [
            &b"\0"[..],
            b"\r\n\r\n",
            b"the rest of a packet that was cut",
            b"$",
            b"$\x09\x01",
            b"RTSP",
            b"$$$\0\0\x01\x65",
            &[0xff; 5_000],
        ] {
            let bytes = [OK, stray, &first, stray, &second, stray, OK].concat();
            assert_eq!(read(&bytes).unwrap(), expected, "{:?}", stray.get(..8).unwrap_or(stray));
        }
    }

    #[test]
    fn a_frame_of_a_channel_nobody_asked_for_does_not_hide_the_next_one() {
        let bytes = [
            OK,
            &frame(4, b"audio"),
            &frame(0, b"picture"),
            &frame(200, b"other"),
            &frame(0, b"next"),
        ]
        .concat();
        let packets: Vec<_> = read(&bytes).unwrap().into_iter().flatten().collect();
        assert_eq!(packets, [&b"audio"[..], b"picture", b"other", b"next"]);
    }

    #[test]
    fn a_host_that_does_not_speak_rtsp_or_sends_nothing_else_any_more_is_left() {
        assert!(read(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_err());
        assert!(read(&[0xff; 20]).is_err());
        assert!(read(&[OK, &[0xff; MAX_STRAY + 10][..]].concat()).is_err());
    }
}
