//! Sixteen bytes at once, for the processor that paints the wall itself.
//!
//! The development profile turns no loop into vector instructions, so the few that halving and parting planes need are written
//! down: SSE2, which every x86-64 processor has; elsewhere the same arithmetic byte by byte.
//! Invariant: both ways give the same bytes. Deliberately absent: anything else; mixing is in `row_mix`.

/// Bytes of a vector; rows are made of whole ones.
pub const VECTOR: usize = 16;

#[cfg(target_arch = "x86_64")]
pub use sse2::Lanes;

#[cfg(not(target_arch = "x86_64"))]
pub use bytes::Lanes;

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use safe_arch::{
        average_u8_m128i, bitand_m128i, m128i, pack_i16_to_u8_m128i, set_splat_i16_m128i, shr_imm_u16_m128i,
    };

    /// Sixteen bytes.
    #[derive(Clone, Copy, Default)]
    pub struct Lanes(m128i);

    impl Lanes {
        #[inline(always)]
        pub fn load(bytes: &[u8; 16]) -> Lanes {
            Lanes(m128i::from(*bytes))
        }

        #[inline(always)]
        pub fn bytes(self) -> [u8; 16] {
            self.0.into()
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
    }
}

/// Computes what the vector version does without vectors: for other processors, and as its test.
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
            assert_eq!(x.mean(y).bytes(), p.mean(q).bytes());
            let pair = |(a, b): (Lanes, Lanes)| [a.bytes(), b.bytes()];
            let plain = |(a, b): (bytes::Lanes, bytes::Lanes)| [a.bytes(), b.bytes()];
            assert_eq!(pair(x.parted(y)), plain(p.parted(q)));
        }
    }
}
