//! RTP packets of a recording into GStreamer, each with its time of recording.
//!
//! Invariant: the time stamp of a buffer is `recorded time - origin`, so that it comes out of a parser or decoder as a
//! time of recording again. The queue is bounded by asking [`Feed::is_full`]. Deliberately absent: what follows.

use super::error::{LiveError, LiveErrorKind};
use super::plugins::{self, MissingPlugin};
use super::rtsp::{PictureEnds, Playing, RtpHeader, Sources, Step, VideoTrack};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use std::time::Instant;

/// Bytes that may wait.
const MAX_QUEUED: u64 = 1024 * 1024;
const NS_PER_MS: i64 = 1_000_000;

/// The time of recording of packets, from the ONVIF extension where a packet has it, counted on by the RTP time stamp
/// where it has not.
#[derive(Debug, Clone)]
pub(super) struct RecordedTime {
    /// RTP time stamp and time of recording, Unix nanoseconds.
    known: Option<(u32, i64)>,
    /// The time stamps that follow are another source's.
    other_stamps: bool,
    clock_rate: u32,
    from_ns: i64,
}

impl RecordedTime {
    /// `asked_ms` is the start of the range asked for, used where the recorder says nothing.
    pub(super) fn new(clock_rate: u32, playing: Playing, asked_ms: i64) -> Self {
        let from_ns = playing.start_ms.unwrap_or(asked_ms).saturating_mul(NS_PER_MS);
        Self {
            known: playing.rtp_time.map(|rtp| (rtp, from_ns)),
            other_stamps: false,
            clock_rate,
            from_ns,
        }
    }

    /// Another source takes over, whose time stamps count from elsewhere: without a time of its own it goes on where the one
    /// before it was.
    fn forget_stamps(&mut self) {
        self.other_stamps = true;
    }

    /// The time of recording of a packet, Unix nanoseconds.
    pub(super) fn of(&mut self, header: &RtpHeader) -> i64 {
        let other = std::mem::take(&mut self.other_stamps);
        let ns = match (header.replay, self.known) {
            (Some(replay), _) => replay.recorded_ns,
            (None, Some((_, ns))) if other => ns,
            (None, Some((rtp, ns))) => {
                let ticks = i64::from(header.timestamp.wrapping_sub(rtp) as i32);
                ns.saturating_add(ticks.saturating_mul(1_000_000_000) / i64::from(self.clock_rate.max(1)))
            }
            (None, None) => self.from_ns,
        };
        self.known = Some((header.timestamp, ns));
        ns
    }
}

/// The caps of a track's packets.
pub(super) fn caps(track: &VideoTrack) -> gst::Caps {
    let mut caps = gst::Structure::builder("application/x-rtp")
        .field("media", "video")
        .field("payload", i32::from(track.payload_type))
        .field("clock-rate", i32::try_from(track.clock_rate).unwrap_or(90_000))
        .field("encoding-name", track.codec.name())
        .build();
    for (name, value) in &track.parameters {
        // Only what the depayloaders know; the rest of a camera's text stays out.
        if matches!(
            name.as_str(),
            "sprop-parameter-sets" | "sprop-vps" | "sprop-sps" | "sprop-pps"
        ) {
            caps.set(name.as_str(), value.as_str());
        }
    }
    gst::Caps::from(caps)
}

/// An `appsrc` for one video track.
pub(super) struct Feed {
    source: gst_app::AppSrc,
    time: RecordedTime,
    sources: Sources,
    origin_ns: i64,
    /// With the time stamp of each packet, nanoseconds.
    ends: PictureEnds<u64>,
    /// The recorder marked the picture now coming as its last.
    ending: bool,
}

/// A packet that was put in: its time, and whether it is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fed {
    /// Time of recording, Unix milliseconds.
    pub(super) recorded_ms: i64,
    /// The last packet: the recorder says that nothing follows.
    pub(super) last: bool,
    /// The recorder says that a stretch of recording ends with its picture.
    pub(super) section_ends: bool,
}

impl Feed {
    /// A source whose buffers are stamped relative to `origin_ms` (Unix milliseconds). A recording may be the first thing
    /// of the process that needs GStreamer.
    ///
    /// # Errors
    /// [`MissingPlugin`] when GStreamer does not start.
    pub(super) fn new(track: &VideoTrack, time: RecordedTime, origin_ms: i64) -> Result<Self, MissingPlugin> {
        plugins::start()?;
        let source = gst_app::AppSrc::builder()
            .caps(&caps(track))
            .format(gst::Format::Time)
            .is_live(false)
            .block(false)
            .build();
        Ok(Self {
            source,
            time,
            sources: Sources::of_recording(track.payload_type),
            origin_ns: origin_ms.saturating_mul(NS_PER_MS),
            ends: PictureEnds::default(),
            ending: false,
        })
    }

    /// The element to put into a pipeline.
    pub(super) fn element(&self) -> &gst::Element {
        self.source.upcast_ref()
    }

    /// Whether the pipeline should be given time before more is fed.
    pub(super) fn is_full(&self) -> bool {
        self.source.current_level_bytes() >= MAX_QUEUED
    }

    /// Puts one packet in, and the one before it of a source that takes over; the latest. `None` when the bytes are no RTP packet
    /// of the track, or of a source that is not believed.
    ///
    /// # Errors
    /// [`LiveError`] when the pipeline has ended and takes no more.
    pub(super) fn put(&mut self, packet: Vec<u8>) -> Result<Option<Fed>, LiveError> {
        let mut latest = None;
        for one in self.sources.take(packet) {
            let header = one.header;
            if one.step == Step::Takeover {
                self.time.forget_stamps();
            }
            let recorded_ns = self.time.of(&header);
            self.ending |= header.replay.is_some_and(|replay| replay.last);
            latest = Some(Fed {
                recorded_ms: recorded_ns.div_euclid(NS_PER_MS),
                last: self.ending && header.marker && !self.ends.markers_lie(),
                section_ends: header.replay.is_some_and(|replay| replay.section_ends),
            });
            // A picture from before the origin could only be a stray: it keeps its place at the start.
            let stamp = u64::try_from(recorded_ns.saturating_sub(self.origin_ns)).unwrap_or(0);
            let going = self.ends.take(&header, one.bytes, stamp, Instant::now());
            self.push(going)?;
        }
        Ok(latest)
    }

    fn push(&self, going: Vec<(Vec<u8>, u64)>) -> Result<(), LiveError> {
        for (packet, stamp) in going {
            let mut buffer = gst::Buffer::from_mut_slice(packet);
            if let Some(buffer) = buffer.get_mut() {
                buffer.set_pts(gst::ClockTime::from_nseconds(stamp));
            }
            self.source.push_buffer(buffer).map_err(|error| {
                let detail = format!("the pipeline takes no more: {error}");
                LiveError::new(LiveErrorKind::BrokenStream, detail)
            })?;
        }
        Ok(())
    }

    /// Says that no packet follows.
    pub(super) fn end(&mut self) {
        let rest = self.ends.rest();
        if let Err(error) = self.push(rest) {
            tracing::debug!(%error, "the last packet was not taken");
        }
        if let Err(error) = self.source.end_of_stream() {
            tracing::debug!(%error, "end of stream not taken");
        }
    }
}

/// The time of recording of a buffer stamped by a feed with the same origin, Unix nanoseconds.
pub(super) fn recorded_ns(stamp: gst::ClockTime, origin_ms: i64) -> i64 {
    i64::try_from(stamp.nseconds())
        .unwrap_or(i64::MAX)
        .saturating_add(origin_ms.saturating_mul(NS_PER_MS))
}

#[cfg(test)]
mod tests {
    use super::super::rtsp::Replay;
    use super::*;

    fn header(timestamp: u32, recorded_ns: Option<i64>) -> RtpHeader {
        let replay = recorded_ns.map(|recorded_ns| Replay {
            recorded_ns,
            last: false,
            section_ends: false,
        });
        RtpHeader {
            payload_type: 96,
            sequence: 0,
            ssrc: 1,
            marker: true,
            timestamp,
            replay,
        }
    }

    #[test]
    fn the_extension_decides_and_the_time_stamp_counts_on_over_its_wrap() {
        let mut time = RecordedTime::new(90_000, Playing::default(), 1_000);
        assert_eq!(time.of(&header(u32::MAX - 899, Some(7_000_000_000))), 7_000_000_000);
        assert_eq!(time.of(&header(900, None)), 7_020_000_000);
        assert_eq!(time.of(&header(4_500, Some(50_000_000_000))), 50_000_000_000);
        assert_eq!(time.of(&header(0, None)), 49_950_000_000);
    }

    #[test]
    fn another_source_without_times_goes_on_where_the_one_before_it_was() {
        let mut time = RecordedTime::new(90_000, Playing::default(), 1_000);
        assert_eq!(time.of(&header(9_000, Some(7_000_000_000))), 7_000_000_000);
        time.forget_stamps();
        assert_eq!(time.of(&header(4_000_000_000, None)), 7_000_000_000);
        assert_eq!(time.of(&header(4_000_009_000, None)), 7_100_000_000);
    }

    #[test]
    fn without_an_extension_the_answer_to_play_decides_and_then_the_request() {
        let playing = Playing {
            start_ms: Some(2_000),
            rtp_time: Some(9_000),
        };
        assert_eq!(
            RecordedTime::new(90_000, playing, 1_000).of(&header(18_000, None)),
            2_100_000_000
        );
        let playing = Playing {
            start_ms: Some(2_000),
            rtp_time: None,
        };
        assert_eq!(
            RecordedTime::new(90_000, playing, 1_000).of(&header(18_000, None)),
            2_000_000_000
        );
        assert_eq!(
            RecordedTime::new(90_000, Playing::default(), 1_000).of(&header(5, None)),
            1_000_000_000
        );
    }
}
