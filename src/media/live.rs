//! A camera's live stream: RTSP session, depayloader, parser, decoder, latest-only slot.
//!
//! Invariant: neither [`open`] nor dropping the [`LiveStream`] waits for the camera. After the drop no frame is put.
//! Deliberately absent: reconnection (the station's, with backoff), any conversion of pictures, audio.
//!
//! # Where decoding happens: in this process, behind a check of every packet
//!
//! What another process would cost was measured with `benches/boundary.sh`
//! (two cores, 640×360 H.264, `shmsink` and `shmsrc`, a worker for each stream): 145 µs of processor a picture inside, 215 µs
//! through a worker, 27 µs of them here; 7.1 MiB a stream inside, 18.2 MiB with a worker for each. At 64 streams of
//! 25 pictures that is 0.11 of a core more, and less memory with few workers for many streams.
//!
//! What spoke for workers was that damage could end the process: seeded damage (`tests/suite/media_streams/hostile.rs`) ended
//! GStreamer 1.22 in two places. Since every packet is checked in front of the depayloader
//! (`media::packet_guard`), 480 seeds of that test have not. What no check here looks at is the syntax inside the pictures, which
//! parser and decoder judge.
//!
//! A pipeline that hangs is dealt with here: the streams' pulse (`watchdog`, one thread for all) notices within 5 s that coded
//! pictures stopped coming out (15 s before the first one), the stream ends as
//! [`LiveErrorKind::Frozen`](super::error::LiveErrorKind::Frozen), its pipeline is taken apart by its own thread, which nobody
//! waits for, and [`LiveStream::gone`] keeps the camera from getting a second pipeline while the first one hangs: the price of a
//! hang is one pipeline, not one for each try.

mod arrivals;
mod gst_error;
mod pipeline;
mod reader;
mod reception;
mod stall;
mod stats;
mod stream;
mod watchdog;

pub(super) use gst_error::{classify, element_of, without_urls};
pub(super) use pipeline::Decode;
pub(super) use stream::in_background;

use super::error::LiveError;
use super::frame::{Frame, FrameSlot};
use crate::domain::live::freshness::Delay;
use crate::domain::live::stream_selection::Attention;
use secrecy::SecretString;
use std::sync::Arc;
use stream::Shared;
use tokio::sync::watch;

/// The order for a live stream, which comes interleaved in the RTSP connection (RFC 2326 §10.12).
#[derive(Clone)]
pub struct LiveRequest {
    /// `rtsp://host[:port]/path`; credentials inside are dropped.
    pub url: String,
    pub user: String,
    pub password: SecretString,
}

/// Figures of the last second or so.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LiveFigures {
    /// `H264`, `H265`, or empty before the description is known.
    pub codec: String,
    /// Pixels; 0 before the first frame.
    pub width: u32,
    pub height: u32,
    /// Pictures per second that came in from the network, counted before anything can hold them up.
    pub received_fps: f64,
    /// Frames per second that left the decoder.
    pub decoded_fps: f64,
    /// Kilobit per second of coded video.
    pub bitrate_kbit_s: f64,
    /// RTP packets lost since the start.
    pub lost_packets: u64,
    /// Average interarrival jitter, milliseconds.
    pub jitter_ms: f64,
    /// Share of the packets lost, 0..1.
    pub loss: f64,
    /// How long pictures take from the lens to here, by the camera's sender reports.
    pub delay: Delay,
}

/// Where a live stream stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum LivePhase {
    #[default]
    Connecting,
    /// Frames arrive.
    Playing,
    /// The stream is over; open a new one.
    Failed(LiveError),
}

/// Phase and figures; sent on every change of phase and about once a second.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LiveStatus {
    pub phase: LivePhase,
    pub figures: LiveFigures,
}

/// Sees every picture on the decoder's thread, before anybody else: it must be quick, a millisecond at most.
pub type OnPicture = Arc<dyn Fn(&Frame) + Send + Sync>;

/// A live stream. Dropping it ends it in the background.
pub struct LiveStream(Arc<Shared>);

/// Opens a live stream with a slot of its own. Never blocks; failures arrive in [`LiveStream::status`].
pub fn open(request: LiveRequest) -> LiveStream {
    open_into(request, FrameSlot::default(), None)
}

/// Like [`open`], into a slot that outlives the stream (a tile keeps its slot over reconnects). `on_picture` sees every picture
/// before it is in the slot.
pub fn open_into(request: LiveRequest, slot: FrameSlot, on_picture: Option<OnPicture>) -> LiveStream {
    LiveStream(Shared::open(slot, on_picture, move |shared| {
        reader::watch(&request, shared)
    }))
}

impl LiveStream {
    /// Where the frames are put.
    pub fn slot(&self) -> &FrameSlot {
        self.0.slot()
    }

    /// How much of the stream is decoded from now on; the session goes on in any case. After less than
    /// [`Attention::Whole`] the next whole picture comes with the next key frame.
    pub fn attend(&self, attention: Attention) {
        self.0.attend(attention);
    }

    /// Becomes true when the stream is over and its pipeline has been taken apart. A pipeline that hangs never is: the
    /// caller that opens the camera again waits for this first, so that no camera ever has more than one.
    pub fn gone(&self) -> watch::Receiver<bool> {
        self.0.gone()
    }

    /// Phase and figures.
    pub fn status(&self) -> watch::Receiver<LiveStatus> {
        self.0.status()
    }
}

impl Drop for LiveStream {
    fn drop(&mut self) {
        self.0.close();
    }
}
