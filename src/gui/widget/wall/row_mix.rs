//! Mixes rows of bytes at once, for the processor that paints the wall itself: two rows into one, then neighbours within it.
//!
//! Eight bytes of the target come from two windows of sixteen bytes of the source, picked by a shuffle; that needs SSSE3, which
//! processors have had since 2006. `pulp` asks for it once and makes it safe to call; without it the same is done byte by byte.
//! Everything between a picture's row and the target's stays in the nearest cache.
//! Invariant: both ways give the same bytes. Deliberately absent: which bytes are mixed (`scale`).

use super::plane::Plane;
use super::simd16::VECTOR;

/// Weights are in 64ths, so that a mixture of two bytes fits into sixteen bits with a sign.
pub const WHOLE: u8 = 64;

type Vector = [u8; VECTOR];

/// Where a byte of the target comes from: `from` and its neighbour, `weight` of the neighbour.
#[derive(Clone, Copy, Default)]
pub struct Tap {
    pub from: usize,
    pub weight: u8,
}

/// Eight taps as one shuffle needs them: four from each of two windows.
#[derive(Clone, Copy)]
pub struct Group {
    windows: [usize; 2],
    picks: [Vector; 2],
    weights: Vector,
}

impl Group {
    /// `None` where the taps lie too far apart.
    pub fn of(taps: &[Tap; 8]) -> Option<Group> {
        let mut group = Group {
            windows: [taps[0].from, taps[4].from],
            // A place with the highest bit picks nothing.
            picks: [[0x80; VECTOR]; 2],
            weights: [0; VECTOR],
        };
        for (i, tap) in taps.iter().enumerate() {
            let at = tap.from - group.windows[i / 4];
            if at + usize::from(tap.weight > 0) >= VECTOR {
                return None;
            }
            group.picks[i / 4][2 * i] = at as u8;
            group.picks[i / 4][2 * i + 1] = at as u8 + 1;
            group.weights[2 * i] = WHOLE - tap.weight;
            group.weights[2 * i + 1] = tap.weight;
        }
        Some(group)
    }
}

/// Some rows of a target.
pub struct Rows<'a> {
    pub plane: Plane<'a>,
    /// For each row of the target.
    pub down: &'a [Tap],
    /// For each column of the target, up to whole vectors.
    pub across: &'a [Tap],
    /// Taps in groups, two a vector; none where one of them cannot be had.
    pub groups: &'a [Group],
    /// One row of the plane, up to whole vectors and one more.
    pub line: &'a mut [u8],
    pub out: &'a mut [u8],
}

impl Rows<'_> {
    /// Mixes them.
    pub fn mix(self) {
        #[cfg(target_arch = "x86_64")]
        if !self.groups.is_empty()
            && let Some(simd) = pulp::x86::V2::try_new()
        {
            return simd.vectorize(vectors::Mix { simd, rows: self });
        }
        self.mix_bytes();
    }

    fn mix_bytes(self) {
        let mix = |a: u8, b: u8, weight: u8| {
            let sum = u16::from(a) * u16::from(WHOLE - weight) + u16::from(b) * u16::from(weight);
            ((sum + u16::from(WHOLE / 2)) / u16::from(WHOLE)) as u8
        };
        for (tap, out) in self.down.iter().zip(self.out.chunks_exact_mut(self.across.len())) {
            let above = self.plane.row(tap.from);
            let below = if tap.weight == 0 {
                above
            } else {
                self.plane.row(tap.from + 1)
            };
            for (byte, (a, b)) in self.line.iter_mut().zip(above.iter().zip(below)) {
                *byte = mix(*a, *b, tap.weight);
            }
            for (byte, Tap { from, weight }) in out.iter_mut().zip(self.across) {
                *byte = mix(self.line[*from], self.line[from + 1], *weight);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod vectors {
    use super::{Group, Rows, VECTOR, Vector, WHOLE};
    use core::arch::x86_64::__m128i;
    use pulp::x86::V2;
    use safe_arch::{m128i, set_splat_i16_m128i};

    /// [`Rows::mix`] with vectors. Everything it calls must become part of it: only then may the compiler use the instructions.
    pub struct Mix<'a> {
        pub simd: V2,
        pub rows: Rows<'a>,
    }

    impl pulp::NullaryFnOnce for Mix<'_> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            let Mix { simd, rows } = self;
            for (tap, out) in rows.down.iter().zip(rows.out.chunks_exact_mut(rows.across.len())) {
                let above = rows.plane.row(tap.from);
                if tap.weight == 0 {
                    rows.line[..above.len()].copy_from_slice(above);
                } else {
                    down(simd, [above, rows.plane.row(tap.from + 1)], tap.weight, rows.line);
                }
                let out = out.as_chunks_mut::<VECTOR>().0.iter_mut();
                for (out, [first, second]) in out.zip(rows.groups.as_chunks::<2>().0) {
                    let (first, second) = (across(simd, rows.line, first), across(simd, rows.line, second));
                    *out = m128i(simd.sse2._mm_packus_epi16(first, second)).into();
                }
            }
        }
    }

    /// Not by a load intrinsic: in the development profile that checks its pointers, which costs half as much again as mixing.
    #[inline(always)]
    fn load(bytes: &Vector) -> __m128i {
        m128i::from(*bytes).0
    }

    /// Pairs of bytes mixed in the ratio of pairs of weights.
    #[inline(always)]
    fn mixed(simd: V2, pairs: __m128i, weights: __m128i) -> __m128i {
        let half = set_splat_i16_m128i(i16::from(WHOLE / 2)).0;
        let sum = simd.ssse3._mm_maddubs_epi16(pairs, weights);
        simd.sse2._mm_srli_epi16::<6>(simd.sse2._mm_add_epi16(sum, half))
    }

    /// Two rows mixed into one.
    #[inline(always)]
    fn down(simd: V2, [above, below]: [&[u8]; 2], weight: u8, line: &mut [u8]) {
        let weights = set_splat_i16_m128i(i16::from_le_bytes([WHOLE - weight, weight])).0;
        let (above, last_above) = above.as_chunks::<VECTOR>();
        let (below, last_below) = below.as_chunks::<VECTOR>();
        let line = line.as_chunks_mut::<VECTOR>().0;
        for (out, (above, below)) in line.iter_mut().zip(above.iter().zip(below)) {
            *out = pair(simd, above, below, weights);
        }
        if let Some(out) = line.get_mut(above.len()) {
            let mut last = [[0; VECTOR]; 2];
            last[0][..last_above.len()].copy_from_slice(last_above);
            last[1][..last_below.len()].copy_from_slice(last_below);
            *out = pair(simd, &last[0], &last[1], weights);
        }
    }

    #[inline(always)]
    fn pair(simd: V2, above: &Vector, below: &Vector, weights: __m128i) -> Vector {
        let (above, below) = (load(above), load(below));
        let low = mixed(simd, simd.sse2._mm_unpacklo_epi8(above, below), weights);
        let high = mixed(simd, simd.sse2._mm_unpackhi_epi8(above, below), weights);
        m128i(simd.sse2._mm_packus_epi16(low, high)).into()
    }

    /// Eight bytes of the target, each in sixteen bits.
    #[inline(always)]
    fn across(simd: V2, line: &[u8], group: &Group) -> __m128i {
        let first = picked(simd, line, group.windows[0], &group.picks[0]);
        let second = picked(simd, line, group.windows[1], &group.picks[1]);
        mixed(simd, simd.sse2._mm_or_si128(first, second), load(&group.weights))
    }

    #[inline(always)]
    fn picked(simd: V2, line: &[u8], window: usize, picks: &Vector) -> __m128i {
        // The line has a vector more than the row, so there is always a whole one.
        let window = line.get(window..).and_then(|line| line.first_chunk());
        simd.ssse3
            ._mm_shuffle_epi8(load(window.unwrap_or(&[0; VECTOR])), load(picks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_and_bytes_agree() {
        const WIDTH: usize = 77;
        let bytes: Vec<u8> = (0..WIDTH * 9).map(|i| (i * i * 37 % 251) as u8).collect();
        let plane = Plane {
            bytes: &bytes,
            stride: WIDTH,
            width: WIDTH,
            height: 9,
        };
        let down: Vec<Tap> = (0..8)
            .map(|from| Tap {
                from,
                weight: 9 * from as u8,
            })
            .collect();
        for step in [20, 64, 85, 128, 190] {
            let tap = |i: usize| Tap {
                from: (i * step / 64).min(WIDTH - 2),
                weight: (i * step % 64) as u8,
            };
            let across: Vec<Tap> = (0..48).map(tap).collect();
            let groups: Option<Vec<Group>> = across.as_chunks().0.iter().map(Group::of).collect();
            let groups = groups.unwrap();
            let mixed = |vectors: bool| {
                let (mut line, mut out) = ([0; 96], vec![0; 8 * 48]);
                let rows = Rows {
                    plane,
                    down: &down,
                    across: &across,
                    groups: &groups,
                    line: &mut line,
                    out: &mut out,
                };
                if vectors {
                    rows.mix()
                } else {
                    rows.mix_bytes()
                }
                out
            };
            assert!(mixed(true) == mixed(false), "{step}");
        }
    }

    #[test]
    fn taps_too_far_apart_make_no_group() {
        let taps = |step: usize| {
            std::array::from_fn(|i| Tap {
                from: i * step,
                weight: 1,
            })
        };
        assert!(Group::of(&taps(4)).is_some());
        assert!(Group::of(&taps(5)).is_none());
    }
}
