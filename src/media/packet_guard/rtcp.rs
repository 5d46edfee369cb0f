//! Whether an RTCP compound packet is whole (RFC 3550 §6, RFC 3611).
//!
//! Invariant: a compound that passes consists of known packets whose every part lies inside them; only the last is padded.
//! Deliberately absent: feedback (RFC 4585): it goes from receivers to senders, and a camera is none of the former.

use super::Damage;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const APPLICATION: u8 = 204;
const EXTENDED_REPORT: u8 = 207;

/// Checks an RTCP compound packet.
///
/// # Errors
/// The [`Damage`] of the first packet in it that is not whole.
pub(in crate::media) fn check(compound: &[u8]) -> Result<(), Damage> {
    let mut rest = compound;
    if rest.is_empty() {
        return Err(Damage::Empty);
    }
    while let [first, kind, high, low, ..] = rest {
        if first >> 6 != 2 {
            return Err(Damage::Version);
        }
        let length = 4 * (usize::from(u16::from_be_bytes([*high, *low])) + 1);
        let (packet, after) = rest.split_at_checked(length).ok_or(Damage::Length)?;
        let mut body = packet.get(4..).ok_or(Damage::Short)?;
        if first & 0x20 != 0 {
            let padding = body.last().map_or(0, |last| usize::from(*last));
            if !after.is_empty() || padding == 0 || padding % 4 != 0 {
                return Err(Damage::Padding);
            }
            let kept = body.len().checked_sub(padding).ok_or(Damage::Padding)?;
            body = body.get(..kept).ok_or(Damage::Padding)?;
        }
        one(*kind, usize::from(first & 0x1f), body)?;
        rest = after;
    }
    if rest.is_empty() { Ok(()) } else { Err(Damage::Short) }
}

/// One packet: its kind, its count of parts, what follows its first four bytes.
fn one(kind: u8, count: usize, body: &[u8]) -> Result<(), Damage> {
    let at_least = |bytes| {
        if body.len() < bytes {
            Err(Damage::Length)
        } else {
            Ok(())
        }
    };
    match kind {
        SENDER_REPORT => at_least(24 + 24 * count),
        RECEIVER_REPORT => at_least(4 + 24 * count),
        DESCRIPTION => description(count, body),
        GOODBYE => {
            at_least(4 * count)?;
            match body.get(4 * count..) {
                Some([reason, said @ ..]) if said.len() < usize::from(*reason) => Err(Damage::Length),
                _ => Ok(()),
            }
        }
        APPLICATION => at_least(8),
        EXTENDED_REPORT => blocks(body.get(4..).ok_or(Damage::Length)?),
        _ => Err(Damage::Kind),
    }
}

/// Source descriptions (RFC 3550 §6.5): each a source, items, and a zero up to the next whole word.
fn description(count: usize, mut rest: &[u8]) -> Result<(), Damage> {
    for _ in 0..count {
        let mut at = 4;
        loop {
            match rest.get(at).ok_or(Damage::Length)? {
                0 => break,
                _ => at += 2 + usize::from(*rest.get(at + 1).ok_or(Damage::Length)?),
            }
        }
        rest = rest.get((at + 1).next_multiple_of(4)..).ok_or(Damage::Length)?;
    }
    Ok(())
}

/// Blocks of an extended report (RFC 3611 §3): kind, a byte of its own, length in words.
fn blocks(mut rest: &[u8]) -> Result<(), Damage> {
    while let [_, _, high, low, after @ ..] = rest {
        let length = 4 * usize::from(u16::from_be_bytes([*high, *low]));
        rest = after.get(length..).ok_or(Damage::Length)?;
    }
    if rest.is_empty() { Ok(()) } else { Err(Damage::Short) }
}
