//! RTP packets as they come out of the connection, with the ONVIF replay header extension.
//!
//! Invariant: nothing outside the packet's bytes is read. Deliberately absent: reordering (the connection is TCP), telling one
//! source from another (`sources`).

/// Pattern of the ONVIF replay header extension (ONVIF Streaming Specification §6.3).
const REPLAY: u16 = 0xABAC;
/// Seconds from 1900 to 1970.
const NTP_TO_UNIX: i64 = 2_208_988_800;

/// The fields of an RTP header that are used (RFC 3550 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RtpHeader {
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    /// Who sends: the synchronisation source.
    pub(crate) ssrc: u32,
    /// The last packet of its picture.
    pub(crate) marker: bool,
    /// Time stamp in ticks of the clock rate.
    pub(crate) timestamp: u32,
    pub(crate) replay: Option<Replay>,
}

/// The ONVIF replay header extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Replay {
    /// Time of recording, Unix nanoseconds.
    pub(crate) recorded_ns: i64,
    /// T: nothing follows this packet's picture.
    pub(crate) last: bool,
    /// E: a contiguous stretch of recording ends with this packet's picture.
    pub(crate) section_ends: bool,
}

impl RtpHeader {
    /// The header of a packet; `None` when it is not an RTP packet.
    pub(crate) fn read(packet: &[u8]) -> Option<Self> {
        let [first, second, ..] = packet else { return None };
        if first >> 6 != 2 {
            return None;
        }
        let sequence = u16::from_be_bytes(take(packet, 2)?);
        let timestamp = u32::from_be_bytes(take(packet, 4)?);
        let ssrc = u32::from_be_bytes(take(packet, 8)?);
        let extension_at = 12 + 4 * usize::from(first & 0x0f);
        let replay = if first & 0x10 != 0 {
            replay(packet.get(extension_at..)?)
        } else {
            None
        };
        Some(Self {
            payload_type: second & 0x7f,
            sequence,
            ssrc,
            marker: second & 0x80 != 0,
            timestamp,
            replay,
        })
    }
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn replay(extension: &[u8]) -> Option<Replay> {
    if u16::from_be_bytes(take(extension, 0)?) != REPLAY || u16::from_be_bytes(take(extension, 2)?) < 3 {
        return None;
    }
    let [flags] = take::<1>(extension, 12)?;
    Some(Replay {
        recorded_ns: unix_ns(take(extension, 4)?),
        last: flags & 0x10 != 0,
        section_ends: flags & 0x40 != 0,
    })
}

/// An NTP time stamp (RFC 5905 §6) as Unix nanoseconds.
fn unix_ns(ntp: [u8; 8]) -> i64 {
    let ntp = u64::from_be_bytes(ntp);
    let seconds = (ntp >> 32) as i64;
    let fraction = (ntp & 0xffff_ffff) as i64;
    (seconds - NTP_TO_UNIX) * 1_000_000_000 + ((fraction * 1_000_000_000) >> 32)
}

/// The packets of an RTCP compound packet with their types (RFC 3550 §6.1); ends at the first that is malformed.
fn reports(compound: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = compound;
    std::iter::from_fn(move || {
        let [first, kind, high, low, ..] = rest else {
            return None;
        };
        let length = 4 * (usize::from(u16::from_be_bytes([*high, *low])) + 1);
        let packet = rest.get(..length).unwrap_or(rest);
        rest = rest.get(length..).unwrap_or_default();
        (first >> 6 == 2).then_some((*kind, packet))
    })
}

/// Whether an RTCP compound packet says goodbye (RFC 3550 §6.6).
pub(crate) fn is_goodbye(rtcp: &[u8]) -> bool {
    reports(rtcp).any(|(kind, _)| kind == 203)
}

/// RTP time stamp and Unix nanoseconds of the first sender report of a compound packet (RFC 3550 §6.4.1). A camera
/// without a clock reports zero, and zero is no time.
pub(crate) fn sender_report(rtcp: &[u8]) -> Option<(u32, i64)> {
    let (_, report) = reports(rtcp).find(|(kind, _)| *kind == 200)?;
    let ntp = take::<8>(report, 8)?;
    let rtp = u32::from_be_bytes(take(report, 16)?);
    (ntp != [0; 8]).then(|| (rtp, unix_ns(ntp)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(flags: u8) -> Vec<u8> {
        let mut bytes = vec![0x91, 0xe0, 0, 1, 0, 0, 0x12, 0x34, 0, 0, 0, 9, 0, 0, 0, 1];
        bytes.extend([0xab, 0xac, 0, 3]);
        bytes.extend((NTP_TO_UNIX as u32 + 1_700_000_000).to_be_bytes());
        bytes.extend((1u32 << 30).to_be_bytes());
        bytes.extend([flags, 7, 0, 0, 0x65, 1, 2]);
        bytes
    }

    #[test]
    fn the_time_of_recording_is_read_past_a_contributing_source() {
        let header = RtpHeader::read(&packet(0x90)).unwrap();
        assert_eq!((header.payload_type, header.timestamp), (96, 0x1234));
        assert_eq!(
            header.replay,
            Some(Replay {
                recorded_ns: 1_700_000_000_250_000_000,
                last: true,
                section_ends: false,
            })
        );
        let ended = RtpHeader::read(&packet(0xc0)).unwrap().replay.unwrap();
        assert!(!ended.last && ended.section_ends);
    }

    #[test]
    fn a_cut_packet_is_never_read_beyond_its_end() {
        let whole = packet(0);
        for end in 0..whole.len() {
            let header = RtpHeader::read(&whole[..end]);
            assert!(end >= 12 || header.is_none());
        }
    }

    #[test]
    fn goodbye_is_found_behind_a_report_and_nonsense_ends() {
        let report = [0x80, 201, 0, 1, 0, 0, 0, 1];
        let bye = [0x81, 203, 0, 1, 0, 0, 0, 1];
        assert!(is_goodbye(&[report, bye].concat()));
        assert!(!is_goodbye(&report));
        assert!(!is_goodbye(&[0xff; 9]));
    }
}
