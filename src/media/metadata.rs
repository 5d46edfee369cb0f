//! The metadata that a camera sends beside its video (`application/vnd.onvif.metadata` over RTSP, ONVIF Streaming
//! Specification §5.1.2.1): whole documents out, with the moment they were complete.
//!
//! Invariant: a document is at most [`MAX_DOCUMENT`] bytes and has no hole; one that lost a packet is not given out. Nothing
//! here blocks its caller, and whatever the camera sends ends in a document, in nothing, or in the end of the stream.
//! Deliberately absent: XML (`onvif::metadata`), opening again (the station).

use super::error::{LiveError, LiveErrorKind};
use super::rtsp::{Account, Event, MetadataTrack, Pace, Session};
use secrecy::SecretString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Bytes of one document.
const MAX_DOCUMENT: usize = 64 * 1024;
/// Documents that may wait to be read; what comes beyond is dropped.
const WAITING: usize = 16;
const LOOK: Duration = Duration::from_millis(100);
/// Without a packet for this long it is over.
const SILENCE: Duration = Duration::from_secs(10);

/// The stream whose metadata is wanted.
#[derive(Clone)]
pub struct MetadataRequest {
    /// The RTSP address of the live stream that they come with.
    pub url: String,
    pub user: String,
    pub password: SecretString,
}

/// One document, and when its last packet came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub at: Instant,
    pub bytes: Vec<u8>,
}

/// A metadata stream. Dropping it ends it in the background.
pub struct Metadata {
    documents: mpsc::Receiver<Result<Document, LiveError>>,
    closed: Arc<AtomicBool>,
}

/// Opens the metadata of a stream, on a thread of its own.
pub fn open(request: MetadataRequest) -> Metadata {
    let (sender, documents) = mpsc::channel(WAITING);
    let closed = Arc::<AtomicBool>::default();
    let thread = std::thread::Builder::new().name("media-metadata".to_owned()).spawn({
        let (sender, closed) = (sender.clone(), Arc::clone(&closed));
        move || {
            if let Err(error) = run(&request, &sender, &closed)
                && !closed.load(Ordering::Acquire)
            {
                let _gone = sender.blocking_send(Err(error));
            }
        }
    });
    if let Err(error) = thread {
        let _gone = sender.try_send(Err(broken(&error.to_string())));
    }
    Metadata { documents, closed }
}

impl Metadata {
    /// The next document; `None` when the stream is over. Cancel-safe.
    ///
    /// # Errors
    /// Why it is over; [`LiveErrorKind::NoStream`] when the camera sends no metadata at all.
    pub async fn next(&mut self) -> Result<Option<Document>, LiveError> {
        self.documents.recv().await.transpose()
    }
}

impl Drop for Metadata {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Release);
    }
}

fn broken(detail: &str) -> LiveError {
    LiveError::new(LiveErrorKind::BrokenStream, detail)
}

fn run(
    request: &MetadataRequest,
    sender: &mpsc::Sender<Result<Document, LiveError>>,
    closed: &Arc<AtomicBool>,
) -> Result<(), LiveError> {
    let account = Account {
        user: request.user.clone(),
        password: request.password.clone(),
    };
    let mut session = Session::<MetadataTrack>::open(&request.url, account, Arc::clone(closed))?;
    session.play(None, Pace::Recorder)?;
    let mut assembly = Assembly::new(session.track().payload_type);
    let mut heard = Instant::now();
    let ended = loop {
        if closed.load(Ordering::Acquire) {
            break Ok(());
        }
        match session.next(LOOK) {
            Ok(Event::Rtp(packet)) => {
                heard = Instant::now();
                if let Some(bytes) = assembly.take(&packet)
                    && let Err(mpsc::error::TrySendError::Closed(_)) =
                        sender.try_send(Ok(Document { at: heard, bytes }))
                {
                    break Ok(());
                }
            }
            Ok(Event::Quiet) if heard.elapsed() > SILENCE => {
                break Err(LiveError::new(LiveErrorKind::Timeout, "the camera sends no metadata"));
            }
            Ok(Event::Quiet | Event::Rtcp(_)) => {}
            Ok(Event::Goodbye | Event::Closed) => break Err(broken("the camera ended the metadata")),
            Err(error) => break Err(error),
        }
    };
    session.tear_down();
    ended
}

/// Puts documents together from their packets: the marker is on the last one of each.
struct Assembly {
    payload_type: u8,
    document: Vec<u8>,
    /// A packet of the present document is missing, or it is too large.
    torn: bool,
    next: Option<u16>,
}

impl Assembly {
    fn new(payload_type: u8) -> Self {
        Self {
            payload_type,
            document: Vec::new(),
            // What comes first may be the rest of something.
            torn: false,
            next: None,
        }
    }

    /// Takes a packet; gives the document that it completes.
    fn take(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        let (number, marker, payload) = read(packet, self.payload_type)?;
        self.torn |= self.next.is_some_and(|next| next != number);
        self.next = Some(number.wrapping_add(1));
        self.torn |= self.document.len() + payload.len() > MAX_DOCUMENT;
        if !self.torn {
            self.document.extend_from_slice(payload);
        }
        if !marker {
            return None;
        }
        let document = std::mem::take(&mut self.document);
        let whole = !std::mem::take(&mut self.torn);
        (whole && !document.is_empty()).then_some(document)
    }
}

/// Sequence number, marker and payload of an RTP packet of the wanted type (RFC 3550 §5.1).
fn read(packet: &[u8], payload_type: u8) -> Option<(u16, bool, &[u8])> {
    let [first, second, high, low, ..] = packet else {
        return None;
    };
    if first >> 6 != 2 || second & 0x7f != payload_type {
        return None;
    }
    let mut start = 12 + 4 * usize::from(first & 0x0f);
    if first & 0x10 != 0 {
        let [high, low] = packet.get(start + 2..start + 4)?.try_into().ok()?;
        start += 4 + 4 * usize::from(u16::from_be_bytes([high, low]));
    }
    let padding = match first & 0x20 {
        0 => 0,
        _ => usize::from(*packet.last()?),
    };
    let payload = packet.get(start..packet.len().checked_sub(padding)?)?;
    Some((u16::from_be_bytes([*high, *low]), second & 0x80 != 0, payload))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(number: u16, marker: bool, payload: &[u8]) -> Vec<u8> {
        let [high, low] = number.to_be_bytes();
        let mut packet = vec![0x80, 107 | if marker { 0x80 } else { 0 }, high, low];
        packet.extend([0; 8]);
        packet.extend_from_slice(payload);
        packet
    }

    #[test]
    fn documents_are_put_together_from_their_packets() {
        let mut assembly = Assembly::new(107);
        assert_eq!(assembly.take(&packet(65_534, false, b"<a>")), None);
        assert_eq!(assembly.take(&packet(65_535, false, b"b")), None);
        assert_eq!(assembly.take(&packet(0, true, b"</a>")), Some(b"<a>b</a>".to_vec()));
        assert_eq!(assembly.take(&packet(1, true, b"<c/>")), Some(b"<c/>".to_vec()));
        let mut other = packet(2, true, b"<d/>");
        other[1] = 0x80 | 96;
        assert_eq!(assembly.take(&other), None);
    }

    #[test]
    fn a_document_with_a_hole_or_without_an_end_is_not_given_out_and_the_next_one_is() {
        let mut assembly = Assembly::new(107);
        assert_eq!(assembly.take(&packet(7, false, b"<a>")), None);
        assert_eq!(assembly.take(&packet(9, true, b"</a>")), None);
        assert_eq!(assembly.take(&packet(10, true, b"<b/>")), Some(b"<b/>".to_vec()));
        let part = vec![b'x'; 1_400];
        for number in 11..=61 {
            assert_eq!(assembly.take(&packet(number, false, &part)), None);
            assert!(assembly.document.len() <= MAX_DOCUMENT);
        }
        assert_eq!(assembly.take(&packet(62, true, &part)), None);
        assert_eq!(assembly.take(&packet(63, true, b"<c/>")), Some(b"<c/>".to_vec()));
    }

    proptest! {
        #[test]
        fn any_packets_are_taken_without_a_panic(
            packets in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..40),
        ) {
            let mut assembly = Assembly::new(107);
            for mut packet in packets {
                if let [first, second, ..] = packet.as_mut_slice() {
                    (*first, *second) = (0x80 | *first & 0x3f, 107 | *second & 0x80);
                }
                let _ = assembly.take(&packet);
            }
        }
    }
}
