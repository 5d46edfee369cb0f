//! One RTSP connection: messages out, messages and interleaved packets in (RFC 2326 §10.12).
//!
//! Invariant: at most [`MAX_BUFFER`] bytes wait here, no read takes longer than it was given, and bytes that are not
//! RTSP end the connection. Deliberately absent: what the messages mean (`session`).

use crate::media::error::{LiveError, LiveErrorKind};
use rtsp_types::{Message, ParseError, Request, Response, Url};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The largest message, bytes: an answer with its body. Interleaved packets are at most 64 KiB by their length field.
const MAX_MESSAGE: usize = 256 * 1024;
const MAX_BUFFER: usize = MAX_MESSAGE + 64 * 1024;
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
        let bytes = self.buffer.get(self.taken..).unwrap_or_default();
        if let [b'$', rest @ ..] = bytes {
            let [channel, high, low, rest @ ..] = rest else {
                return Ok(None);
            };
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let Some(packet) = rest.get(..length) else {
                return Ok(None);
            };
            let incoming = Incoming::Packet {
                channel: *channel,
                bytes: packet.to_vec(),
            };
            self.taken += 4 + length;
            return Ok(Some(incoming));
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        match Message::<Vec<u8>>::parse(bytes) {
            Ok((message, used)) => {
                self.taken += used;
                Ok(Some(match message {
                    Message::Response(response) => Incoming::Response(response),
                    Message::Request(request) => Incoming::Request(request),
                    Message::Data(data) => Incoming::Packet {
                        channel: data.channel_id(),
                        bytes: data.into_body(),
                    },
                }))
            }
            Err(ParseError::Incomplete(_)) if bytes.len() <= MAX_MESSAGE.min(MAX_BUFFER) => Ok(None),
            Err(ParseError::Incomplete(_)) => Err(broken("an answer is larger than 256 KiB")),
            Err(ParseError::Error) => Err(broken("what came is not RTSP")),
        }
    }
}
