//! The strip of blocks that the simulated town paints along the bottom edge of every frame, and its reader.
//!
//! 40 blocks across the whole picture width, black or white, in the lowest 1/24 of the height:
//! `1 0 | 26 bits of milliseconds, most significant first | 8 bits of check | 1 0 1 1`.
//! The check is the low byte of a CRC-32C over the 26-bit value as four big-endian bytes.
//! A dome writes Unix milliseconds modulo 2^26; a looped clip writes milliseconds within the loop.
//!
//! Deliberately absent: pixels. Callers pass and receive block values, so any picture format will do.

/// Blocks in a strip.
pub const BLOCKS: usize = 40;
/// Height of the strip as a fraction of the picture's height.
pub const STRIP_HEIGHT: f64 = 1.0 / 24.0;
/// Values wrap here (about 18.6 hours of milliseconds).
pub const MODULUS: u32 = 1 << 26;

/// The blocks (true = white) for `ms`, taken modulo [`MODULUS`].
pub fn encode(ms: u64) -> [bool; BLOCKS] {
    let value = (ms % u64::from(MODULUS)) as u32;
    let word = (0b10u64 << 38) | (u64::from(value) << 12) | (u64::from(check(value)) << 4) | 0b1011;
    std::array::from_fn(|i| (word >> (BLOCKS - 1 - i)) & 1 == 1)
}

/// The value in a strip, given the luma (0..255) sampled at the centre of each block from left to right.
/// `None` when contrast, framing or check are wrong: a torn or covered strip never yields a number.
pub fn decode(luma: &[f32; BLOCKS]) -> Option<u32> {
    let low = luma.iter().copied().fold(f32::INFINITY, f32::min);
    let high = luma.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if high - low < 60.0 {
        return None;
    }
    let middle = (low + high) / 2.0;
    let word = luma
        .iter()
        .fold(0u64, |word, value| (word << 1) | u64::from(*value > middle));
    let value = ((word >> 12) & u64::from(MODULUS - 1)) as u32;
    let framed = word >> 38 == 0b10 && word & 0b1111 == 0b1011;
    (framed && (word >> 4) & 0xff == u64::from(check(value))).then_some(value)
}

fn check(value: u32) -> u8 {
    (crc32c::crc32c(&value.to_be_bytes()) & 0xff) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_luma(blocks: [bool; BLOCKS]) -> [f32; BLOCKS] {
        blocks.map(|white| if white { 220.0 } else { 30.0 })
    }

    #[test]
    fn a_strip_reads_back_what_was_written() {
        for ms in [0, 1, 25_000, 67_108_863, 67_108_864 + 7] {
            assert_eq!(decode(&as_luma(encode(ms))), Some((ms % u64::from(MODULUS)) as u32));
        }
    }

    #[test]
    fn one_wrong_block_is_never_read_as_a_time() {
        let good = encode(12_345_678);
        for i in 0..BLOCKS {
            let mut bad = good;
            bad[i] = !bad[i];
            assert_eq!(decode(&as_luma(bad)), None, "block {i}");
        }
    }

    #[test]
    fn a_covered_strip_is_not_a_time() {
        assert_eq!(decode(&[90.0; BLOCKS]), None);
    }
}
