//! Where a picture's packets end, also for cameras that set the marker on every NAL unit.
//!
//! The marker says that a picture is complete (RFC 6184 §5.1, RFC 7798 §4.1), and depayloaders cut there. A camera that sets it
//! on every unit makes a picture of each slice. Once such a marker has been seen to lie, ends are told by the time stamp: each
//! packet waits for the one behind it.
//!
//! Invariant: packets leave in the order in which they came, and nothing of them is changed but the marker. Deliberately
//! absent: clocks (time is an argument), loss (`media::live`).

use super::packet::RtpHeader;
use std::time::{Duration, Instant};

/// The last packet of a picture is taken for the last when nothing followed it for this long: a slow stream's picture need
/// not wait for the next one.
const NOTHING_FOLLOWED: Duration = Duration::from_millis(100);

/// A packet, what the caller knows of it, and the time stamp of its picture.
#[derive(Debug)]
struct Held<T> {
    bytes: Vec<u8>,
    of: T,
    timestamp: u32,
    since: Instant,
}

/// Follows one stream of packets; `T` goes with each packet.
#[derive(Debug)]
pub(crate) struct PictureEnds<T> {
    /// Time stamp of the packet before, and whether it had the marker.
    before: Option<(u32, bool)>,
    markers_lie: bool,
    held: Option<Held<T>>,
}

impl<T> Default for PictureEnds<T> {
    fn default() -> Self {
        Self {
            before: None,
            markers_lie: false,
            held: None,
        }
    }
}

impl<T> PictureEnds<T> {
    /// Takes the next packet of the stream; returns what goes on now.
    pub(crate) fn take(&mut self, header: &RtpHeader, bytes: Vec<u8>, of: T, now: Instant) -> Vec<(Vec<u8>, T)> {
        let before = self.before.replace((header.timestamp, header.marker));
        self.markers_lie |= before == Some((header.timestamp, true));
        let mut going = self.release(|held| held.timestamp != header.timestamp);
        if self.markers_lie {
            self.held = Some(Held {
                bytes,
                of,
                timestamp: header.timestamp,
                since: now,
            });
        } else {
            going.push((bytes, of));
        }
        going
    }

    /// Whether a marker was seen that was not at the end of its picture.
    pub(crate) fn markers_lie(&self) -> bool {
        self.markers_lie
    }

    /// The packet that waits, when it has waited long enough to be the last of its picture.
    pub(crate) fn overdue(&mut self, now: Instant) -> Vec<(Vec<u8>, T)> {
        let held = self.held.as_ref();
        if held.is_some_and(|held| now.saturating_duration_since(held.since) >= NOTHING_FOLLOWED) {
            self.rest()
        } else {
            Vec::new()
        }
    }

    /// The packet that waits: nothing follows.
    pub(crate) fn rest(&mut self) -> Vec<(Vec<u8>, T)> {
        self.release(|_| true)
    }

    fn release(&mut self, ends: impl FnOnce(&Held<T>) -> bool) -> Vec<(Vec<u8>, T)> {
        let Some(mut held) = self.held.take() else {
            return Vec::new();
        };
        let ends = ends(&held);
        if let Some(second) = held.bytes.get_mut(1) {
            *second = *second & 0x7f | u8::from(ends) << 7;
        }
        vec![(held.bytes, held.of)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays packets of these time stamps and markers, 10 ms apart; what comes out, as time stamp and marker.
    fn play(ends: &mut PictureEnds<()>, start: Instant, packets: &[(u32, bool)]) -> Vec<(u32, bool)> {
        let mut out = Vec::new();
        for (n, (timestamp, marker)) in packets.iter().enumerate() {
            let head = [0x80, 96 | u8::from(*marker) << 7, 0, n as u8];
            let bytes = [&head[..], &timestamp.to_be_bytes(), &[0; 4]].concat();
            let header = RtpHeader::read(&bytes).unwrap();
            out.extend(ends.take(&header, bytes, (), start + Duration::from_millis(10 * n as u64)));
        }
        out.into_iter().map(read).collect()
    }

    fn read((bytes, ()): (Vec<u8>, ())) -> (u32, bool) {
        let header = RtpHeader::read(&bytes).unwrap();
        (header.timestamp, header.marker)
    }

    #[test]
    fn honest_markers_pass_at_once() {
        let packets = [(0, false), (0, true), (3_600, true), (7_200, false), (7_200, true)];
        assert_eq!(play(&mut PictureEnds::default(), Instant::now(), &packets), packets);
    }

    #[test]
    fn a_marker_on_every_unit_is_left_on_the_last_of_each_picture_only() {
        let mut ends = PictureEnds::default();
        let packets = [
            (0, true),
            (0, true),
            (0, true),
            (3_600, true),
            (3_600, true),
            (7_200, true),
        ];
        let out = play(&mut ends, Instant::now(), &packets);
        // The first was believed: nobody can know.
        assert_eq!(out, [(0, true), (0, false), (0, true), (3_600, false), (3_600, true)]);
        assert_eq!(ends.rest().into_iter().map(read).collect::<Vec<_>>(), [(7_200, true)]);
    }

    #[test]
    fn the_last_packet_of_a_slow_picture_does_not_wait_for_the_next_one() {
        let (mut ends, start) = (PictureEnds::default(), Instant::now());
        assert_eq!(play(&mut ends, start, &[(0, true), (0, true)]), [(0, true)]);
        assert!(ends.overdue(start + Duration::from_millis(109)).is_empty());
        let late = ends.overdue(start + Duration::from_millis(110));
        assert_eq!(late.into_iter().map(read).collect::<Vec<_>>(), [(0, true)]);
        assert!(ends.rest().is_empty());
    }
}
