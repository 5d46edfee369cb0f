//! Sixteen bytes at once, for the processor that paints the wall itself.
//!
//! The development profile turns no loop into vector instructions, so the few that scaling needs are written down: SSE2, which
//! every x86-64 processor has; elsewhere the same arithmetic byte by byte.
//! Invariant: both ways give the same bytes. Deliberately absent: anything scaling does not need.

#[cfg(target_arch = "x86_64")]
pub use sse2::Lanes;

#[cfg(not(target_arch = "x86_64"))]
pub use bytes::Lanes;

/// Sixteen rows of sixteen bytes.
pub type Block = [Lanes; 16];

/// Rows become columns, in place: an array that is handed over by value is copied at this optimisation level.
#[inline(always)]
pub fn transpose(rows: &mut Block) {
    // Four perfect shuffles of the 256 bytes.
    let mut shuffled = *rows;
    shuffle(rows, &mut shuffled);
    shuffle(&shuffled, rows);
    shuffle(rows, &mut shuffled);
    shuffle(&shuffled, rows);
}

#[inline(always)]
fn shuffle(from: &Block, to: &mut Block) {
    for i in 0..8 {
        (to[2 * i], to[2 * i + 1]) = from[i].interleaved(from[i + 8]);
    }
}

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use safe_arch::{
        add_i16_m128i, average_u8_m128i, bitand_m128i, load_unaligned_m128i, m128i, mul_i16_keep_low_m128i,
        pack_i16_to_u8_m128i, set_splat_i16_m128i, shr_imm_u16_m128i, unpack_high_i8_m128i, unpack_low_i8_m128i,
        zeroed_m128i,
    };

    /// Sixteen bytes.
    #[derive(Clone, Copy, Default)]
    pub struct Lanes(m128i);

    impl Lanes {
        #[inline(always)]
        pub fn load(bytes: &[u8; 16]) -> Lanes {
            Lanes(load_unaligned_m128i(bytes))
        }

        #[inline(always)]
        pub fn bytes(self) -> [u8; 16] {
            self.0.into()
        }

        /// `self` and `other` in the ratio 256 - `weight` to `weight`.
        #[inline(always)]
        pub fn mixed(self, other: Lanes, weight: u8) -> Lanes {
            let zero = zeroed_m128i();
            let second = set_splat_i16_m128i(i16::from(weight));
            let first = set_splat_i16_m128i(256 - i16::from(weight));
            let half = set_splat_i16_m128i(128);
            // At most 255 × 256 + 128, which sixteen bits without a sign hold.
            let mix = |a, b| {
                let sum = add_i16_m128i(mul_i16_keep_low_m128i(a, first), mul_i16_keep_low_m128i(b, second));
                shr_imm_u16_m128i::<8>(add_i16_m128i(sum, half))
            };
            let low = mix(unpack_low_i8_m128i(self.0, zero), unpack_low_i8_m128i(other.0, zero));
            let high = mix(unpack_high_i8_m128i(self.0, zero), unpack_high_i8_m128i(other.0, zero));
            Lanes(pack_i16_to_u8_m128i(low, high))
        }

        /// The mean of each pair of bytes, rounded up.
        #[inline(always)]
        pub fn mean(self, other: Lanes) -> Lanes {
            Lanes(average_u8_m128i(self.0, other.0))
        }

        /// Of thirty-two bytes those in even places, and those in odd ones.
        #[inline(always)]
        pub fn parted(self, other: Lanes) -> (Lanes, Lanes) {
            let low = set_splat_i16_m128i(0xff);
            let even = pack_i16_to_u8_m128i(bitand_m128i(self.0, low), bitand_m128i(other.0, low));
            let odd = pack_i16_to_u8_m128i(shr_imm_u16_m128i::<8>(self.0), shr_imm_u16_m128i::<8>(other.0));
            (Lanes(even), Lanes(odd))
        }

        /// Bytes of both in turn: the first half, the second half.
        #[inline(always)]
        pub fn interleaved(self, other: Lanes) -> (Lanes, Lanes) {
            (
                Lanes(unpack_low_i8_m128i(self.0, other.0)),
                Lanes(unpack_high_i8_m128i(self.0, other.0)),
            )
        }
    }
}

/// The same without vectors: for other processors, and to hold the one above to it.
#[cfg(any(test, not(target_arch = "x86_64")))]
mod bytes {
    /// Sixteen bytes.
    #[derive(Clone, Copy, Default)]
    pub struct Lanes([u8; 16]);

    impl Lanes {
        pub fn load(bytes: &[u8; 16]) -> Lanes {
            Lanes(*bytes)
        }

        pub fn bytes(self) -> [u8; 16] {
            self.0
        }

        pub fn mixed(self, other: Lanes, weight: u8) -> Lanes {
            let (first, second) = (256 - u16::from(weight), u16::from(weight));
            let mix = |i: usize| u16::from(self.0[i]) * first + u16::from(other.0[i]) * second + 128;
            Lanes(std::array::from_fn(|i| (mix(i) >> 8) as u8))
        }

        pub fn mean(self, other: Lanes) -> Lanes {
            let sum = |i: usize| u16::from(self.0[i]) + u16::from(other.0[i]) + 1;
            Lanes(std::array::from_fn(|i| (sum(i) >> 1) as u8))
        }

        pub fn parted(self, other: Lanes) -> (Lanes, Lanes) {
            let at = |i: usize| if i < 16 { self.0[i] } else { other.0[i - 16] };
            (
                Lanes(std::array::from_fn(|i| at(2 * i))),
                Lanes(std::array::from_fn(|i| at(2 * i + 1))),
            )
        }

        pub fn interleaved(self, other: Lanes) -> (Lanes, Lanes) {
            let at = |i: usize| {
                if i.is_multiple_of(2) {
                    self.0[i / 2]
                } else {
                    other.0[i / 2]
                }
            };
            (
                Lanes(std::array::from_fn(at)),
                Lanes(std::array::from_fn(|i| at(i + 16))),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(seed: u8) -> [u8; 16] {
        std::array::from_fn(|i| (i as u8).wrapping_mul(37).wrapping_add(seed.wrapping_mul(91)))
    }

    #[test]
    fn vectors_and_bytes_agree() {
        for seed in 0..=255 {
            let [a, b] = [sample(seed), sample(seed.wrapping_add(7))];
            let (x, y) = (Lanes::load(&a), Lanes::load(&b));
            let (p, q) = (bytes::Lanes::load(&a), bytes::Lanes::load(&b));
            assert_eq!(x.mixed(y, seed).bytes(), p.mixed(q, seed).bytes());
            assert_eq!(x.mean(y).bytes(), p.mean(q).bytes());
            let pair = |(a, b): (Lanes, Lanes)| [a.bytes(), b.bytes()];
            let plain = |(a, b): (bytes::Lanes, bytes::Lanes)| [a.bytes(), b.bytes()];
            assert_eq!(pair(x.parted(y)), plain(p.parted(q)));
            assert_eq!(pair(x.interleaved(y)), plain(p.interleaved(q)));
        }
    }

    #[test]
    fn rows_become_columns() {
        let rows: [[u8; 16]; 16] = std::array::from_fn(|r| std::array::from_fn(|c| (16 * r + c) as u8));
        let mut block = rows.each_ref().map(Lanes::load);
        transpose(&mut block);
        let columns = block.map(Lanes::bytes);
        for (r, row) in rows.iter().enumerate() {
            for (c, byte) in row.iter().enumerate() {
                assert_eq!(columns[c][r], *byte);
            }
        }
    }
}
