//! Whether an RTP packet is whole (RFC 3550 §5.1), and whether it belongs to the session.
//!
//! Invariant: a packet that passes has a payload of at least one byte behind header, extension and before padding.
//! Deliberately absent: order and loss (the jitter buffer's).

use super::Damage;

/// Senders one session may have had. There is one at a time (RFC 3550 §8); a camera that starts anew chooses another.
/// Every sender costs a jitter buffer and a decoder.
const MAX_SENDERS: usize = 4;

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

/// Who sends in a session, and what was described.
#[derive(Debug, Default)]
pub(in crate::media) struct Senders {
    payload_type: Option<u8>,
    known: Vec<u32>,
}

impl Senders {
    /// Only packets of this payload type belong to the session.
    pub(in crate::media) fn described(&mut self, payload_type: u8) {
        self.payload_type = Some(payload_type);
    }

    /// Whether a packet is whole and belongs here.
    ///
    /// # Errors
    /// The [`Damage`]: not whole, another payload type, or one sender too many.
    pub(in crate::media) fn admit(&mut self, packet: &[u8]) -> Result<(), Damage> {
        payload(packet)?;
        let kind = packet.get(1).map(|second| second & 0x7f);
        if self.payload_type.is_some_and(|described| kind != Some(described)) {
            return Err(Damage::PayloadType);
        }
        let sender = packet.get(8..12).and_then(|bytes| bytes.try_into().ok());
        let sender = sender.map(u32::from_be_bytes).ok_or(Damage::Short)?;
        if !self.known.contains(&sender) {
            if self.known.len() >= MAX_SENDERS {
                return Err(Damage::Sender);
            }
            self.known.push(sender);
        }
        Ok(())
    }
}
