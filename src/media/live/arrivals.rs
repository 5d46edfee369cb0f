//! What comes in from the network before anything can hold it up or drop it: how many pictures, and when each was
//! captured by the camera's clock and how long it has been here.
//!
//! Invariant: bytes that are no RTP or RTCP change nothing. A capture time comes from the ONVIF extension of the packet
//! (Streaming Specification §6.3) or from the latest sender report (RFC 3550 §6.4.1), never from the time of arrival.
//! Deliberately absent: judging (`domain::live::freshness`).

use crate::media::rtsp::{RtpHeader, sender_report};
use gstreamer as gst;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// No time stamp has been seen; RTP's have 32 bits.
const NONE: u64 = u64::MAX;

/// Pictures whose coming in is remembered: more than wait in a pipeline that is not left out (`reader`).
const MOST_ENTERED: usize = 256;
/// How long a picture counts as having been here that came in before all that are remembered.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// Which capture time a media time stamp stands for.
#[derive(Debug, Clone, Copy, Default)]
struct Clocks {
    /// Of the latest sender report: RTP time stamp and Unix nanoseconds of the camera.
    report: Option<(u32, i64)>,
    /// Ticks per second of the RTP time stamps.
    rate: u32,
    /// Capture time minus the buffer's time stamp, nanoseconds.
    offset_ns: Option<i64>,
}

/// Counts and clocks of one stream.
#[derive(Debug)]
pub(super) struct Arrivals {
    pictures: AtomicU64,
    latest: AtomicU64,
    clocks: Mutex<Clocks>,
    /// Time stamp of each of the latest pictures, and when the first of its packets was read.
    entered: Mutex<VecDeque<(gst::ClockTime, Instant)>>,
}

impl Default for Arrivals {
    fn default() -> Self {
        Self {
            pictures: AtomicU64::new(0),
            latest: AtomicU64::new(NONE),
            clocks: Mutex::default(),
            entered: Mutex::default(),
        }
    }
}

impl Arrivals {
    fn clocks(&self) -> std::sync::MutexGuard<'_, Clocks> {
        self.clocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A packet came from the network. Packets of one picture carry the same time stamp (RFC 6184 §5.1, RFC 7798 §4.1).
    pub(super) fn came(&self, packet: &[u8]) {
        let Some(header) = RtpHeader::read(packet) else { return };
        let stamp = u64::from(header.timestamp);
        if self.latest.swap(stamp, Ordering::Relaxed) != stamp {
            self.pictures.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Pictures that came so far.
    pub(super) fn pictures(&self) -> u64 {
        self.pictures.load(Ordering::Relaxed)
    }

    /// Ticks per second of the time stamps.
    pub(super) fn set_rate(&self, rate: u32) {
        self.clocks().rate = rate;
    }

    /// A compound RTCP packet came.
    pub(super) fn reported(&self, packet: &[u8]) {
        if let Some(report) = sender_report(packet) {
            self.clocks().report = Some(report);
        }
    }

    /// Another source took over: what the one before reported says nothing of its time stamps.
    pub(super) fn forget_report(&self) {
        self.clocks().report = None;
    }

    /// A packet goes into the pipeline, stamped with the pipeline's time.
    pub(super) fn stamped(&self, packet: &[u8], stamp: Option<gst::ClockTime>) {
        let (Some(header), Some(stamp)) = (RtpHeader::read(packet), stamp) else {
            return;
        };
        let mut clocks = self.clocks();
        let captured_ns = match (header.replay, clocks.report) {
            (Some(told), _) => Some(told.recorded_ns),
            (None, Some((rtp, unix_ns))) if clocks.rate > 0 => {
                let ticks = i64::from(header.timestamp.wrapping_sub(rtp) as i32);
                Some(unix_ns.saturating_add(ticks.saturating_mul(1_000_000_000) / i64::from(clocks.rate)))
            }
            (None, _) => None,
        };
        let stamp_ns = i64::try_from(stamp.nseconds()).unwrap_or(i64::MAX);
        clocks.offset_ns = captured_ns.map(|ns| ns.saturating_sub(stamp_ns)).or(clocks.offset_ns);
    }

    /// A packet of the picture with this time stamp was read from the network `now`.
    pub(super) fn entered(&self, stamp: gst::ClockTime, now: Instant) {
        let mut entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        if entered.back().is_none_or(|(latest, _)| *latest != stamp) {
            if entered.len() == MOST_ENTERED {
                entered.pop_front();
            }
            entered.push_back((stamp, now));
        }
    }

    /// How long the picture with this time stamp has been here when it leaves the decoder at `now`. Of one between two that came in
    /// (the second field of a picture), the earlier counts.
    pub(super) fn waited(&self, stamp: Option<gst::ClockTime>, now: Instant) -> Duration {
        let entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(stamp) = stamp else { return FORGOTTEN };
        let before = entered.iter().filter(|(known, _)| *known <= stamp);
        // Of two with one time stamp the earlier: the other may be of a source that took over.
        let nearest = before.min_by_key(|(known, at)| (std::cmp::Reverse(*known), *at));
        nearest.map_or(FORGOTTEN, |(_, at)| now.saturating_duration_since(*at))
    }

    /// When the picture with this time stamp was captured by the camera's clock, Unix milliseconds.
    pub(super) fn captured_ms(&self, stamp: Option<gst::ClockTime>) -> Option<f64> {
        let offset_ns = self.clocks().offset_ns?;
        let ns = i64::try_from(stamp?.nseconds()).ok()?.saturating_add(offset_ns);
        Some(ns as f64 / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rtp(timestamp: u32) -> Vec<u8> {
        [&[0x80, 96, 0, 1][..], &timestamp.to_be_bytes(), &[0; 8]].concat()
    }

    fn report(seconds_1900: u32, fraction: u32, rtp: u32) -> Vec<u8> {
        let body = [seconds_1900, fraction, rtp, 10, 1_000];
        let body: Vec<u8> = body.iter().flat_map(|word| word.to_be_bytes()).collect();
        [&[0x80, 200, 0, 6, 0, 0, 0, 9][..], &body].concat()
    }

    #[test]
    fn pictures_are_counted_by_their_time_stamps() {
        let arrivals = Arrivals::default();
        for timestamp in [0, 0, 3_600, 3_600, 3_600, 7_200] {
            arrivals.came(&rtp(timestamp));
        }
        arrivals.came(b"not RTP");
        assert_eq!(arrivals.pictures(), 3);
    }

    #[test]
    fn r_liv_2_the_capture_time_comes_from_the_sender_report_over_the_wrap_of_the_time_stamp() {
        let arrivals = Arrivals::default();
        arrivals.set_rate(90_000);
        let stamp = Some(gst::ClockTime::from_mseconds(500));
        arrivals.stamped(&rtp(0), stamp);
        assert_eq!(arrivals.captured_ms(stamp), None);
        // A receiver report lies before the sender report.
        let compound = [
            &[0x80, 201, 0, 1, 0, 0, 0, 9][..],
            &report(2_208_988_800 + 1_000, 1 << 31, u32::MAX - 899),
        ]
        .concat();
        arrivals.reported(&compound);
        arrivals.stamped(&rtp(900), stamp);
        let captured = arrivals.captured_ms(stamp).unwrap();
        assert!((captured - 1_000_520.0).abs() < 0.001, "{captured}");
        let next = arrivals.captured_ms(Some(gst::ClockTime::from_mseconds(540))).unwrap();
        assert!((next - captured - 40.0).abs() < 0.001);
    }

    #[test]
    fn a_camera_without_a_clock_tells_no_time() {
        let arrivals = Arrivals::default();
        arrivals.set_rate(90_000);
        arrivals.reported(&report(0, 0, 5));
        arrivals.stamped(&rtp(0), Some(gst::ClockTime::ZERO));
        assert_eq!(arrivals.captured_ms(Some(gst::ClockTime::ZERO)), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_noted_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), stamp in any::<u64>()) {
            let arrivals = Arrivals::default();
            arrivals.set_rate(1);
            arrivals.came(&bytes);
            arrivals.reported(&bytes);
            arrivals.reported(&[&report(1, 1, 1)[..20], &bytes].concat());
            let stamp = Some(gst::ClockTime::from_nseconds(stamp.min(u64::MAX - 1)));
            arrivals.stamped(&bytes, stamp);
            arrivals.captured_ms(stamp);
        }
    }

    #[test]
    fn r_prv_1_a_picture_waited_here_since_the_first_of_its_packets_was_read() {
        let (arrivals, began) = (Arrivals::default(), Instant::now());
        let ms = Duration::from_millis;
        let line = |at: u64| gst::ClockTime::from_mseconds(at);
        assert_eq!(arrivals.waited(Some(line(0)), began), FORGOTTEN, "it never came in");
        for n in 0..300 {
            arrivals.entered(line(n * 40), began + ms(n * 40));
            arrivals.entered(line(n * 40), began + ms(n * 40 + 9));
        }
        let waited = |stamp: u64| arrivals.waited(Some(line(stamp)), began + ms(299 * 40 + 500));
        assert_eq!(
            [waited(299 * 40), waited(290 * 40), waited(290 * 40 + 20)],
            [ms(500), ms(860), ms(860)]
        );
        assert_eq!(
            [waited(0), arrivals.waited(None, began)],
            [FORGOTTEN; 2],
            "no longer remembered"
        );
    }
}
