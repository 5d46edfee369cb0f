//! Whether the payload of an RTP packet is whole: H.264 (RFC 6184), H.265 (RFC 7798).
//!
//! Invariant: in a payload that passes every NAL unit has its header and every length lies inside it; a slice has at least
//! the byte that tells whether it begins a picture. Deliberately absent: modes that no depayloader here knows (interleaved,
//! multi-time, PACI), decoding order numbers.

use super::Damage;
use crate::media::decoder::Codec;

/// Checks the payload of one packet.
///
/// # Errors
/// The first [`Damage`] found in it.
pub(super) fn check(codec: Codec, payload: &[u8]) -> Result<(), Damage> {
    match codec {
        Codec::H264 => h264(payload),
        Codec::H265 => h265(payload),
    }
}

/// RFC 6184 §5.2: single units, STAP-A and FU-A.
fn h264(payload: &[u8]) -> Result<(), Damage> {
    let [first, rest @ ..] = payload else {
        return Err(Damage::Empty);
    };
    if first & 0x80 != 0 {
        return Err(Damage::Forbidden);
    }
    match first & 0x1f {
        1..=23 => h264_unit(payload),
        24 => aggregated(rest, h264_unit),
        28 => match rest {
            [fragment, data @ ..] => {
                let begins = fragment & 0x80 != 0;
                match fragment & 0x1f {
                    1..=23 if begins && data.is_empty() => Err(Damage::Empty),
                    1..=23 => Ok(()),
                    _ => Err(Damage::Kind),
                }
            }
            [] => Err(Damage::Short),
        },
        _ => Err(Damage::Kind),
    }
}

/// A whole H.264 unit. The ends of a sequence and of a stream are a header and nothing else.
fn h264_unit(unit: &[u8]) -> Result<(), Damage> {
    match unit {
        [] => Err(Damage::Empty),
        [first, ..] if first & 0x80 != 0 => Err(Damage::Forbidden),
        [first, rest @ ..] => match first & 0x1f {
            1..=5 if rest.is_empty() => Err(Damage::Short),
            1..=23 => Ok(()),
            _ => Err(Damage::Kind),
        },
    }
}

/// RFC 7798 §4.4: single units, aggregation packets and fragmentation units.
fn h265(payload: &[u8]) -> Result<(), Damage> {
    let [first, second, rest @ ..] = payload else {
        return Err(Damage::Short);
    };
    h265_header(*first, *second)?;
    match (first >> 1) & 0x3f {
        0..=47 => h265_unit(payload),
        48 => aggregated(rest, h265_unit),
        49 => match rest {
            [fragment, data @ ..] => {
                let begins = fragment & 0x80 != 0;
                match fragment & 0x3f {
                    0..=47 if begins && data.is_empty() => Err(Damage::Empty),
                    0..=47 => Ok(()),
                    _ => Err(Damage::Kind),
                }
            }
            [] => Err(Damage::Short),
        },
        _ => Err(Damage::Kind),
    }
}

/// A whole H.265 unit.
fn h265_unit(unit: &[u8]) -> Result<(), Damage> {
    let [first, second, rest @ ..] = unit else {
        return Err(Damage::Short);
    };
    h265_header(*first, *second)?;
    match (first >> 1) & 0x3f {
        // Slices (ITU-T H.265 table 7-1).
        0..=31 if rest.is_empty() => Err(Damage::Short),
        0..=47 => Ok(()),
        _ => Err(Damage::Kind),
    }
}

/// `forbidden_zero_bit` is zero and `nuh_temporal_id_plus1` is not (ITU-T H.265 §7.4.2.2).
fn h265_header(first: u8, second: u8) -> Result<(), Damage> {
    if first & 0x80 != 0 || second & 0x07 == 0 {
        Err(Damage::Forbidden)
    } else {
        Ok(())
    }
}

/// Units behind each other, each behind its length in two bytes (RFC 6184 §5.7.1, RFC 7798 §4.4.2): at least one.
fn aggregated(mut rest: &[u8], unit: impl Fn(&[u8]) -> Result<(), Damage>) -> Result<(), Damage> {
    if rest.is_empty() {
        return Err(Damage::Empty);
    }
    while let [high, low, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (one, next) = after.split_at_checked(length).ok_or(Damage::Length)?;
        unit(one)?;
        rest = next;
    }
    if rest.is_empty() { Ok(()) } else { Err(Damage::Short) }
}
