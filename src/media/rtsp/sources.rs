//! Which packets of a channel are the stream's, and in which sequence.
//!
//! Cameras and recorders change their source (SSRC) at every group of pictures, begin their sequence anew, and let packets of
//! others slip in. A source is believed with its second packet in sequence (RFC 3550 appendix A.1) and takes the place of one
//! from which nothing came between the two; what leaves here has one sequence that leaves out a number where something is
//! missing or begins anew.
//!
//! Invariant: memory is a few packets. Deliberately absent: times, what a packet holds.

use super::packet::RtpHeader;

/// Largest gap that is a loss and no new beginning (RFC 3550 appendix A.1).
const MAX_DROPOUT: u16 = 3_000;
/// How far back a packet may be to count as a repeated one (RFC 3550 appendix A.1).
const MAX_MISORDER: u16 = 100;
/// Sources that may wait for their second packet.
const MOST_NEWCOMERS: usize = 4;

/// A packet of the stream, from source zero and numbered anew.
#[derive(Debug)]
pub(crate) struct Sequenced {
    /// As it came.
    pub(crate) header: RtpHeader,
    pub(crate) bytes: Vec<u8>,
    pub(crate) step: Step,
}

/// How a packet follows the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The first of all.
    First,
    /// After so many that are missing.
    On { missing: u16 },
    /// Of the believed source, whose numbers began anew.
    Anew,
    /// Of another source, which took over.
    Takeover,
}

/// Follows one channel.
#[derive(Debug)]
pub(crate) struct Sources {
    payload_type: u8,
    /// Whether the first source is believed at its first packet.
    trusting: bool,
    /// The source that is believed, and its latest sequence number.
    source: Option<(u32, u16)>,
    /// The latest packets of sources that may take over.
    newcomers: Vec<(RtpHeader, Vec<u8>)>,
    /// Sequence number of the packet that left last.
    number: u16,
}

impl Sources {
    /// Follows packets of this payload type.
    pub(crate) fn new(payload_type: u8) -> Self {
        Self {
            payload_type,
            trusting: false,
            source: None,
            newcomers: Vec::new(),
            number: 0,
        }
    }

    /// Follows the packets of a recording, which may be thinned out so that no two of them are in sequence: the first source is
    /// believed at once.
    pub(crate) fn of_recording(payload_type: u8) -> Self {
        Self {
            trusting: true,
            ..Self::new(payload_type)
        }
    }

    /// Takes a packet; returns what goes on, two packets at most.
    pub(crate) fn take(&mut self, packet: Vec<u8>) -> Vec<Sequenced> {
        let Some(header) = RtpHeader::read(&packet).filter(|header| header.payload_type == self.payload_type) else {
            return Vec::new();
        };
        let believed = self.source.map_or(self.trusting, |(ssrc, _)| ssrc == header.ssrc);
        if believed {
            self.newcomers.clear();
            return self.put(header, packet).into_iter().collect();
        }
        let known = self.newcomers.iter().position(|(first, _)| first.ssrc == header.ssrc);
        if let Some(place) = known {
            let (first, bytes) = self.newcomers.swap_remove(place);
            if first.sequence.wrapping_add(1) == header.sequence {
                self.newcomers.clear();
                return [self.put(first, bytes), self.put(header, packet)]
                    .into_iter()
                    .flatten()
                    .collect();
            }
        } else if self.newcomers.len() >= MOST_NEWCOMERS {
            self.newcomers.remove(0);
        }
        self.newcomers.push((header, packet));
        Vec::new()
    }

    /// Puts a packet of the believed source, or the first one of a new one, into the sequence; `None` for a repeated one.
    fn put(&mut self, header: RtpHeader, bytes: Vec<u8>) -> Option<Sequenced> {
        let step = match self.source {
            None => Step::First,
            Some((ssrc, _)) if ssrc != header.ssrc => Step::Takeover,
            Some((_, sequence)) => {
                let steps = header.sequence.wrapping_sub(sequence);
                if steps == 0 || steps > u16::MAX - MAX_MISORDER {
                    return None;
                }
                if steps <= MAX_DROPOUT {
                    Step::On { missing: steps - 1 }
                } else {
                    Step::Anew
                }
            }
        };
        let whole = matches!(step, Step::First | Step::On { missing: 0 });
        self.number = self.number.wrapping_add(if whole { 1 } else { 2 });
        self.source = Some((header.ssrc, header.sequence));
        let bytes = numbered(bytes, self.number);
        Some(Sequenced { header, bytes, step })
    }
}

/// The packet with another sequence number, from source zero.
fn numbered(mut packet: Vec<u8>, number: u16) -> Vec<u8> {
    if let Some(place) = packet.get_mut(2..4) {
        place.copy_from_slice(&number.to_be_bytes());
    }
    if let Some(place) = packet.get_mut(8..12) {
        place.fill(0);
    }
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(ssrc: u32, sequence: u16) -> Vec<u8> {
        [
            &[0x80, 96][..],
            &sequence.to_be_bytes(),
            &[0; 4],
            &ssrc.to_be_bytes(),
            b"unit",
        ]
        .concat()
    }

    fn play(mut sources: Sources, packets: &[(u32, u16)]) -> Vec<(u16, Step)> {
        let out = packets.iter().flat_map(|(ssrc, sequence)| {
            let going = sources.take(packet(*ssrc, *sequence));
            going.into_iter().map(|one| {
                let left = RtpHeader::read(&one.bytes).unwrap();
                assert_eq!(left.ssrc, 0);
                (left.sequence, one.step)
            })
        });
        out.collect()
    }

    #[test]
    fn a_recording_whose_numbers_never_follow_each_other_is_taken_and_another_source_takes_over() {
        let all = [(7, 10), (7, 20), (8, 500), (7, 30), (8, 501), (8, 502)];
        let on = |missing| Step::On { missing };
        assert_eq!(
            play(Sources::of_recording(96), &all),
            [
                (1, Step::First),
                (3, on(9)),
                (5, on(9)),
                (7, Step::Takeover),
                (8, on(0))
            ]
        );
        assert_eq!(
            play(Sources::new(96), &all),
            [(1, Step::First), (2, on(0)), (3, on(0))],
            "what is live is believed at its second packet in sequence"
        );
    }

    #[test]
    fn a_source_that_jumps_begins_anew_and_a_repeated_packet_is_left_out() {
        let all = [(7, 1), (7, 2), (7, 2), (7, 30_000)];
        let on = Step::On { missing: 0 };
        assert_eq!(
            play(Sources::new(96), &all),
            [(1, Step::First), (2, on), (4, Step::Anew)]
        );
    }
}
