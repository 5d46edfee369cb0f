//! What belongs to a live stream among the packets of its channel, in one sequence and on one time line, and how well it comes.
//!
//! Which packets they are says `rtsp::sources`; a source that takes over goes on where the one before it ended.
//!
//! Invariant: nothing that arrived is thrown away for coming late or in a burst (the connection is TCP: what comes is in order);
//! memory is a few packets. Deliberately absent: clocks (time is an argument), whether packets are whole (`packet_guard`).

use crate::media::rtsp::{PictureEnds, RtpHeader, Sequenced, Sources, Step};
use std::time::{Duration, Instant};

/// The first picture's place on the time line, nanoseconds: pictures that are shown earlier than they are sent lie before it.
const ORIGIN_NS: i64 = 3_600_000_000_000;
/// A time stamp that goes further than this between two packets is no time: what has passed here counts.
const JUMP_NS: i64 = 10_000_000_000;
/// The least that a new beginning lies behind what was before.
const STEP: Duration = Duration::from_millis(1);

/// How well packets come.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Quality {
    pub(super) passed: u64,
    pub(super) lost: u64,
    /// Average interarrival jitter of pictures, milliseconds (RFC 3550 §6.4.1).
    pub(super) jitter_ms: f64,
}

/// A packet that goes on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Received {
    pub(super) bytes: Vec<u8>,
    /// Its picture's place on the time line, nanoseconds.
    pub(super) stamp_ns: u64,
}

/// The latest packet that was taken.
#[derive(Debug)]
struct Latest {
    timestamp: u32,
    stamp_ns: i64,
    at: Instant,
    /// When the first packet of its picture came.
    picture_at: Instant,
}

/// Follows one channel.
#[derive(Debug)]
pub(super) struct Reception {
    /// Ticks of a time stamp per second.
    clock_rate: u32,
    sources: Sources,
    latest: Option<Latest>,
    ends: PictureEnds<u64>,
    quality: Quality,
    /// How often another source took over.
    takeovers: u64,
}

impl Reception {
    /// Follows packets of this payload type.
    pub(super) fn new(payload_type: u8, clock_rate: u32) -> Self {
        Self {
            clock_rate: clock_rate.max(1),
            sources: Sources::new(payload_type),
            latest: None,
            ends: PictureEnds::default(),
            quality: Quality::default(),
            takeovers: 0,
        }
    }

    /// Takes a packet that came `now`; returns what goes on.
    pub(super) fn take(&mut self, packet: Vec<u8>, now: Instant) -> Vec<Received> {
        let going = self.sources.take(packet);
        going.into_iter().flat_map(|one| self.put(one, now)).collect()
    }

    /// What waited for the rest of its picture, when nothing followed.
    pub(super) fn overdue(&mut self, now: Instant) -> Vec<Received> {
        let going = self.ends.overdue(now);
        self.leave(going)
    }

    pub(super) fn quality(&self) -> Quality {
        self.quality
    }

    /// How often another source took over so far.
    pub(super) fn takeovers(&self) -> u64 {
        self.takeovers
    }

    /// Puts a packet of the stream on the time line.
    fn put(&mut self, one: Sequenced, now: Instant) -> Vec<Received> {
        let Sequenced { header, bytes, step } = one;
        let missing = match step {
            Step::On { missing } => Some(missing),
            Step::First | Step::Anew | Step::Takeover => None,
        };
        let (mut stamp_ns, mut picture_at) = (ORIGIN_NS, now);
        if let Some(latest) = &self.latest {
            stamp_ns = self.stamp(latest, &header, missing.is_some(), now);
            if header.timestamp == latest.timestamp {
                picture_at = latest.picture_at;
            } else if missing.is_some() {
                let passed = now.saturating_duration_since(latest.picture_at).as_secs_f64();
                let apart_ms = (passed - (stamp_ns - latest.stamp_ns) as f64 / 1e9).abs() * 1e3;
                self.quality.jitter_ms += (apart_ms - self.quality.jitter_ms) / 16.0;
            }
        }
        self.quality.lost += u64::from(missing.unwrap_or(0));
        self.takeovers += u64::from(step == Step::Takeover);
        self.latest = Some(Latest {
            timestamp: header.timestamp,
            stamp_ns,
            at: now,
            picture_at,
        });
        let stamp = u64::try_from(stamp_ns).unwrap_or(0);
        let going = self.ends.take(&header, bytes, stamp, now);
        self.leave(going)
    }

    /// The place of a packet behind the one before it.
    fn stamp(&self, before: &Latest, header: &RtpHeader, goes_on: bool, now: Instant) -> i64 {
        let ticks = i64::from(header.timestamp.wrapping_sub(before.timestamp) as i32);
        let told_ns = ticks * 1_000_000_000 / i64::from(self.clock_rate);
        let passed = now.saturating_duration_since(before.at);
        let step_ns = if goes_on && told_ns.abs() <= JUMP_NS {
            told_ns
        } else {
            i64::try_from(passed.max(STEP).as_nanos()).unwrap_or(JUMP_NS)
        };
        before.stamp_ns.saturating_add(step_ns)
    }

    fn leave(&mut self, going: Vec<(Vec<u8>, u64)>) -> Vec<Received> {
        self.quality.passed += going.len() as u64;
        going
            .into_iter()
            .map(|(bytes, stamp_ns)| Received { bytes, stamp_ns })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINE: u32 = 7;

    fn packet(ssrc: u32, sequence: u16, timestamp: u32) -> Vec<u8> {
        [
            &[0x80, 96][..],
            &sequence.to_be_bytes(),
            &timestamp.to_be_bytes(),
            &ssrc.to_be_bytes(),
            b"unit",
        ]
        .concat()
    }

    /// Plays packets that come 40 ms apart; the sequence numbers and places (milliseconds behind the first) of what goes on.
    fn play(reception: &mut Reception, packets: impl IntoIterator<Item = Vec<u8>>) -> Vec<(u16, i64)> {
        let start = Instant::now();
        let at = |n: u64| start + Duration::from_millis(40 * n);
        let mut out = Vec::new();
        for (n, packet) in (0..).zip(packets) {
            out.extend(reception.take(packet, at(n)));
        }
        let place = |one: &Received| (one.stamp_ns as i64 - ORIGIN_NS) / 1_000_000;
        out.iter()
            .map(|one| (RtpHeader::read(&one.bytes).unwrap().sequence, place(one)))
            .collect()
    }

    #[test]
    fn a_new_source_for_every_group_of_pictures_goes_on_where_the_one_before_ended() {
        let mut reception = Reception::new(96, 90_000);
        let groups = (0..3u16).flat_map(|group| {
            let (first, time) = (group.wrapping_mul(40_000), u32::from(group) * 900_000_000);
            (0..4).map(move |n| {
                packet(
                    100 + u32::from(group),
                    first.wrapping_add(n),
                    time + u32::from(n) * 3_600,
                )
            })
        });
        let out = play(&mut reception, groups);
        assert_eq!(out.len(), 12, "no packet is lost, not even the first of a group");
        let gaps: Vec<u16> = out.windows(2).map(|two| two[1].0 - two[0].0).collect();
        assert_eq!(gaps, [1, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1], "a new group begins anew");
        assert!(
            out.windows(2).all(|two| (1..=80).contains(&(two[1].1 - two[0].1))),
            "{out:?}"
        );
        assert_eq!((reception.quality().lost, reception.takeovers()), (0, 2));
    }

    #[test]
    fn a_stranger_before_every_packet_from_the_first_on_is_never_taken_for_the_camera() {
        let mut reception = Reception::new(96, 90_000);
        let both = (0..10u16).flat_map(|n| [packet(9, 1, 5), packet(MINE, n, u32::from(n) * 3_600)]);
        let out = play(&mut reception, both);
        assert_eq!((out.len(), reception.takeovers()), (10, 0));
    }

    #[test]
    fn packets_of_others_between_ours_are_left_out_and_count_as_nothing() {
        let mut reception = Reception::new(96, 90_000);
        let mut other_kind = packet(MINE, 500, 0);
        other_kind[1] = 97;
        let out = play(
            &mut reception,
            [
                packet(MINE, 1, 0),
                packet(9, 40, 5),
                packet(MINE, 2, 3_600),
                packet(9, 41, 5),
                other_kind,
                b"not RTP".to_vec(),
                packet(MINE, 3, 7_200),
            ],
        );
        assert_eq!(out, [(1, 0), (2, 40), (3, 80)]);
        assert_eq!((reception.quality().lost, reception.takeovers()), (0, 0));
    }

    #[test]
    fn what_comes_in_a_burst_is_all_there_and_shows_as_jitter_only() {
        let (mut reception, start) = (Reception::new(96, 90_000), Instant::now());
        let mut passed = 0;
        for n in 0..100u16 {
            // A second and a half of nothing, then everything at once.
            let at = start + Duration::from_millis(u64::from(n / 36 + 1) * 1_500);
            passed += reception.take(packet(MINE, n, u32::from(n) * 3_600), at).len();
        }
        assert_eq!(passed, 100);
        let quality = reception.quality();
        assert_eq!((quality.passed, quality.lost), (100, 0));
        assert!(quality.jitter_ms > 30.0, "{quality:?}");
    }

    #[test]
    fn a_gap_is_a_loss_a_repeated_packet_is_none_and_a_sequence_may_begin_anew() {
        let mut reception = Reception::new(96, 90_000);
        let sequences = [65_534, 65_535, 2, 2, 1, 3, 30_000, 30_001];
        let packets = (0u32..)
            .zip(sequences)
            .map(|(n, sequence)| packet(MINE, sequence, n * 3_600));
        let numbers: Vec<u16> = play(&mut reception, packets)
            .into_iter()
            .map(|(number, _)| number)
            .collect();
        assert_eq!(numbers, [1, 2, 4, 5, 7, 8]);
        assert_eq!(reception.quality().lost, 2);
    }

    #[test]
    fn time_stamps_that_jump_do_not_tear_the_time_line() {
        let mut reception = Reception::new(96, 90_000);
        let times = [0, 3_600, 2_000_000_000, 2_000_003_600, 50, 3_650];
        let packets = (1u16..).zip(times).map(|(n, time)| packet(MINE, n, time));
        let places: Vec<i64> = play(&mut reception, packets)
            .into_iter()
            .map(|(_, place)| place)
            .collect();
        assert_eq!(places, [0, 40, 80, 120, 160, 200]);
    }

    proptest! {
        #[test]
        fn any_packets_are_followed_without_a_panic(packets in proptest::collection::vec(
            (0u32..3, any::<u16>(), any::<u32>(), any::<bool>(), 0usize..16), 0..60,
        )) {
            let (mut reception, start) = (Reception::new(96, 90_000), Instant::now());
            for (n, (ssrc, sequence, timestamp, marker, length)) in (0u64..).zip(packets) {
                let mut bytes = packet(ssrc, sequence, timestamp);
                bytes[1] |= u8::from(marker) << 7;
                bytes.truncate(length);
                let now = start + Duration::from_millis(n * 17);
                let going = reception.take(bytes, now).len() + reception.overdue(now).len();
                prop_assert!(going <= 4);
            }
        }
    }
}
