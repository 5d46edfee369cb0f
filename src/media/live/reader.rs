//! The thread of a live stream: session with the camera, packets from the connection into the pipeline.
//!
//! Invariant: it sees that the stream is over within [`LOOK`] plus one write; the session is ended before the pipeline, which
//! may hang. What the decoder cannot keep up with is left out here, up to the next key frame, and never counted as lost.
//! Deliberately absent: elements (`pipeline`), what belongs to the stream (`reception`), reconnection.

use super::reception::{Received, Reception};
use super::{LiveRequest, Shared, pipeline};
use crate::media::error::{LiveError, LiveErrorKind};
use crate::media::packet_guard;
use crate::media::rtsp::{Account, Event, LiveTrack, Pace, Session};
use gstreamer as gst;
use gstreamer_app as gst_app;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between looks at whether the stream is over.
const LOOK: Duration = Duration::from_millis(50);
/// Between receiver reports: cameras take a receiver that sends none for one that is gone (RFC 3550 §6.2).
const REPORT: Duration = Duration::from_secs(5);
/// A pipeline whose queue has not been empty for this long does not keep up. A burst after a hole of the network is decoded
/// faster.
const BEHIND: Duration = Duration::from_secs(1);
/// Bytes that may wait for the decoder.
const MAX_WAITING: u64 = 8 * 1024 * 1024;
/// How we are called in receiver reports.
const NAME: &[u8; 7] = b"vedetta";

/// Watches the camera until the stream is over, and tells the stream why.
pub(super) fn watch(request: &LiveRequest, shared: &Arc<Shared>) {
    let mut session = match open(request, shared) {
        Ok(session) => session,
        Err(error) => return shared.fail(error),
    };
    let mut inlet = None;
    if let Err(error) = play(&mut session, &mut inlet, shared) {
        shared.fail(error);
    }
    session.finish();
    if let Some(inlet) = inlet {
        pipeline::take_apart(inlet.pipeline);
    }
}

fn open(request: &LiveRequest, shared: &Arc<Shared>) -> Result<Session<LiveTrack>, LiveError> {
    pipeline::is_possible()?;
    let account = Account {
        user: request.user.clone(),
        password: request.password.clone(),
    };
    Session::open(&request.url, account, shared.over())
}

fn play(session: &mut Session<LiveTrack>, inlet: &mut Option<Inlet>, shared: &Arc<Shared>) -> Result<(), LiveError> {
    let track = session.track().0.clone();
    let inlet = inlet.insert(Inlet::new(pipeline::build(&track, shared)?));
    shared.arrivals.set_rate(track.clock_rate);
    session.play(None, Pace::Recorder)?;
    shared.set_codec(track.codec);
    let mut reception = Reception::new(track.payload_type, track.clock_rate);
    let (report, mut reported) = (receiver_report(rand::random()), Instant::now());
    while !shared.is_over() {
        let event = session.next(LOOK)?;
        let now = Instant::now();
        let (mut going, sources) = (reception.overdue(now), reception.takeovers());
        match event {
            Event::Rtp(packet) => going.extend(reception.take(packet, now)),
            Event::Rtcp(packet) if packet_guard::rtcp(&packet).is_ok() => shared.arrivals.reported(&packet),
            // The goodbye of one source (RFC 3550 §6.6): another may follow it, or the silence tells.
            Event::Rtcp(_) | Event::Goodbye | Event::Quiet => {}
            Event::Closed => {
                let detail = "the camera ended the stream";
                return Err(LiveError::new(LiveErrorKind::BrokenStream, detail));
            }
        }
        if reception.takeovers() != sources {
            shared.arrivals.forget_report();
        }
        for packet in going {
            shared.arrivals.came(&packet.bytes);
            inlet.put(packet, shared, now)?;
        }
        shared.received(reception.quality());
        if now.duration_since(reported) >= REPORT {
            reported = now;
            session.report(report.clone())?;
        }
    }
    Ok(())
}

/// The beginning of a pipeline.
struct Inlet {
    pipeline: gst::Pipeline,
    source: gst_app::AppSrc,
    /// Since when the queue has not been empty.
    waiting: Option<Instant>,
    /// Packets are left out until the queue is empty.
    leaves_out: bool,
}

impl Inlet {
    fn new((pipeline, source): (gst::Pipeline, gst_app::AppSrc)) -> Self {
        Self {
            pipeline,
            source,
            waiting: None,
            leaves_out: false,
        }
    }

    /// Puts a packet in, or leaves it out when the decoder does not keep up: the gap in the sequence tells the rest.
    fn put(&mut self, packet: Received, shared: &Shared, now: Instant) -> Result<(), LiveError> {
        let waiting = self.source.current_level_bytes();
        if waiting == 0 {
            (self.waiting, self.leaves_out) = (None, false);
        }
        let since = *self.waiting.get_or_insert(now);
        self.leaves_out |= waiting > MAX_WAITING || now.duration_since(since) > BEHIND;
        if self.leaves_out {
            return Ok(());
        }
        let stamp = gst::ClockTime::from_nseconds(packet.stamp_ns);
        shared.stamped(stamp, &packet.bytes, now);
        let mut buffer = gst::Buffer::from_mut_slice(packet.bytes);
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(stamp);
        }
        match self.source.push_buffer(buffer) {
            Ok(_) => Ok(()),
            // What the pipeline had to say is on its bus, and clearer.
            Err(_) if shared.is_over() => Ok(()),
            Err(error) => {
                let detail = format!("the pipeline takes no more: {error}");
                Err(LiveError::new(LiveErrorKind::BrokenStream, detail))
            }
        }
    }
}

/// An empty receiver report and our name (RFC 3550 §6.4.2, §6.5): that somebody still watches.
fn receiver_report(ssrc: u32) -> Vec<u8> {
    let ssrc = ssrc.to_be_bytes();
    [
        &[0x80, 201, 0, 1][..],
        &ssrc,
        &[0x81, 202, 0, 4],
        &ssrc,
        &[1, NAME.len() as u8],
        NAME,
        &[0; 3],
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_report_is_whole() {
        assert_eq!(packet_guard::rtcp(&receiver_report(7)), Ok(()));
    }
}
