//! Whether an RTP packet is whole (RFC 3550 §5.1).
//!
//! Invariant: a packet that passes has a payload of at least one byte behind header, extension and before padding.
//! Deliberately absent: order, loss, and whether it belongs to the stream (`live::reception`).

use super::Damage;

/// The payload of a packet.
///
/// # Errors
/// The packet is not whole, or has no payload.
pub(super) fn payload(packet: &[u8]) -> Result<&[u8], Damage> {
    let [first, second, ..] = packet else {
        return Err(Damage::Short);
    };
    if first >> 6 != 2 {
        return Err(Damage::Version);
    }
    // With the marker these are the types of RTCP packets (RFC 5761 §4).
    if (200..=204).contains(second) {
        return Err(Damage::PayloadType);
    }
    let mut start = 12 + 4 * usize::from(first & 0x0f);
    if first & 0x10 != 0 {
        let words = packet.get(start + 2..start + 4).ok_or(Damage::Short)?;
        let words = words.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        start += 4 + 4 * words;
    }
    let rest = packet.get(start..).ok_or(Damage::Short)?;
    let padding = match (first & 0x20 != 0, rest.last()) {
        (false, _) => 0,
        (true, Some(padding @ 1..)) => usize::from(*padding),
        (true, _) => return Err(Damage::Padding),
    };
    match rest.len().checked_sub(padding) {
        None => Err(Damage::Padding),
        Some(0) => Err(Damage::Empty),
        Some(length) => rest.get(..length).ok_or(Damage::Padding),
    }
}
