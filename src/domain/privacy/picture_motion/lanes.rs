//! Four numbers of single precision at once.
//!
//! The development profile turns no loop into vector instructions, so those that following corners needs are written down:
//! SSE2, which every x86-64 processor has; elsewhere the same arithmetic one by one. Nor is `map` of an array inlined there, since the
//! profile links without local optimisation: what is done for each pixel does without.
//! Invariant: both ways give the same numbers. Deliberately absent: wider vectors, for which the processor must be asked.

use std::ops::{Add, Mul, Sub};

/// Four numbers.
#[derive(Clone, Copy)]
pub(super) struct Lanes(Four);

#[cfg(target_arch = "x86_64")]
type Four = safe_arch::m128;

#[cfg(not(target_arch = "x86_64"))]
type Four = [f32; 4];

impl Lanes {
    /// Four times the one value.
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self::load(&[value; 4])
    }

    #[inline(always)]
    pub fn load(values: &[f32; 4]) -> Self {
        Self(Four::from(*values))
    }

    /// The four numbers from `at` on; zeros where the slice is too short.
    #[inline(always)]
    pub fn at(values: &[f32], at: usize) -> Self {
        match values.get(at..).and_then(|rest| rest.first_chunk()) {
            Some(four) => Self::load(four),
            None => Self::splat(0.0),
        }
    }

    #[inline(always)]
    pub fn values(self) -> [f32; 4] {
        self.0.into()
    }

    /// The sum of the four.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let [a, b, c, d] = self.values();
        (a + b) + (c + d)
    }
}

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use super::{Add, Lanes, Mul, Sub};
    use safe_arch::{
        add_i16_m128i, add_m128, bitand_m128i, convert_to_m128_from_i32_m128i, div_m128, m128i, mul_m128,
        set_splat_i16_m128i, shr_imm_u16_m128i, shuffle_abi_f32_all_m128, sub_m128, unpack_high_i16_m128i,
        unpack_low_i16_m128i, zeroed_m128i,
    };

    impl Add for Lanes {
        type Output = Self;
        #[inline(always)]
        fn add(self, other: Self) -> Self {
            Self(add_m128(self.0, other.0))
        }
    }

    impl Sub for Lanes {
        type Output = Self;
        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            Self(sub_m128(self.0, other.0))
        }
    }

    impl Mul for Lanes {
        type Output = Self;
        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            Self(mul_m128(self.0, other.0))
        }
    }

    impl Lanes {
        #[inline(always)]
        pub fn over(self, other: Self) -> Self {
            Self(div_m128(self.0, other.0))
        }

        /// Of eight numbers those in even places, and those in odd ones.
        #[inline(always)]
        pub fn parted(self, other: Self) -> [Self; 2] {
            let even = shuffle_abi_f32_all_m128::<0b10_00_10_00>(self.0, other.0);
            let odd = shuffle_abi_f32_all_m128::<0b11_01_11_01>(self.0, other.0);
            [Self(even), Self(odd)]
        }

        /// Sums of the four bytes of eight squares of two by two, of sixteen bytes of a row and those below them.
        #[inline(always)]
        pub fn sums_of_squares_of_bytes(above: &[u8; 16], below: &[u8; 16]) -> [Self; 2] {
            let low = set_splat_i16_m128i(0xff);
            let pairs = |bytes: &[u8; 16]| {
                let bytes = m128i::from(*bytes);
                add_i16_m128i(bitand_m128i(bytes, low), shr_imm_u16_m128i::<8>(bytes))
            };
            let (sums, zero) = (add_i16_m128i(pairs(above), pairs(below)), zeroed_m128i());
            [
                Self(convert_to_m128_from_i32_m128i(unpack_low_i16_m128i(sums, zero))),
                Self(convert_to_m128_from_i32_m128i(unpack_high_i16_m128i(sums, zero))),
            ]
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod one_by_one {
    use super::{Add, Lanes, Mul, Sub};
    use std::array::from_fn;

    impl Add for Lanes {
        type Output = Self;
        fn add(self, other: Self) -> Self {
            Self(from_fn(|i| self.0[i] + other.0[i]))
        }
    }

    impl Sub for Lanes {
        type Output = Self;
        fn sub(self, other: Self) -> Self {
            Self(from_fn(|i| self.0[i] - other.0[i]))
        }
    }

    impl Mul for Lanes {
        type Output = Self;
        fn mul(self, other: Self) -> Self {
            Self(from_fn(|i| self.0[i] * other.0[i]))
        }
    }

    impl Lanes {
        pub fn over(self, other: Self) -> Self {
            Self(from_fn(|i| self.0[i] / other.0[i]))
        }

        /// Of eight numbers those in even places, and those in odd ones.
        pub fn parted(self, other: Self) -> [Self; 2] {
            let at = |i: usize| if i < 4 { self.0[i] } else { other.0[i - 4] };
            [Self(from_fn(|i| at(2 * i))), Self(from_fn(|i| at(2 * i + 1)))]
        }

        /// Sums of the four bytes of eight squares of two by two, of sixteen bytes of a row and those below them.
        pub fn sums_of_squares_of_bytes(above: &[u8; 16], below: &[u8; 16]) -> [Self; 2] {
            let sum = |i: usize| [above[2 * i], above[2 * i + 1], below[2 * i], below[2 * i + 1]].map(f32::from);
            [0, 4].map(|first| Self(from_fn(|i| sum(first + i).iter().sum())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_of_bytes_and_parted_numbers_are_what_they_say() {
        let bytes: [[u8; 16]; 2] = std::array::from_fn(|row| std::array::from_fn(|i| (i * 37 + row * 91) as u8 | 0x80));
        let sums = Lanes::sums_of_squares_of_bytes(&bytes[0], &bytes[1]).map(Lanes::values);
        for i in 0..8 {
            let of = |row: usize| f32::from(bytes[row][2 * i]) + f32::from(bytes[row][2 * i + 1]);
            assert_eq!(sums[i / 4][i % 4], of(0) + of(1));
        }
        let [even, odd] = Lanes::load(&[0.0, 1.0, 2.0, 3.0]).parted(Lanes::load(&[4.0, 5.0, 6.0, 7.0]));
        assert_eq!(
            (even.values(), odd.values()),
            ([0.0, 2.0, 4.0, 6.0], [1.0, 3.0, 5.0, 7.0])
        );
        assert_eq!((even + odd * Lanes::splat(2.0)).sum(), 12.0 + 32.0);
        assert_eq!(odd.over(Lanes::splat(2.0)).values(), [0.5, 1.5, 2.5, 3.5]);
    }
}
