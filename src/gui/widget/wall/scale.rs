//! Scales a plane of bytes to the size a tile has on the screen.
//!
//! Bilinear. A plane at least twice as large as its target is halved first, each pixel the mean of four, so that small tiles do
//! not flicker.
//! Invariant: nothing is allocated once every size has been seen. Deliberately absent: the arithmetic (`row_mix`, `simd16`), colours
//! (`cpu_painter`).

use super::plane::Plane;
use super::row_mix::{Group, Rows, Tap, WHOLE};
use super::simd16::{Lanes, VECTOR};

/// For each place of a target axis: where it comes from.
#[derive(Default)]
struct Taps {
    source: usize,
    target: usize,
    taps: Vec<Tap>,
    groups: Vec<Group>,
}

impl Taps {
    /// For these lengths; the last tap is repeated up to whole vectors.
    fn set(&mut self, source: usize, target: usize) {
        if (self.source, self.target) == (source, target) {
            return;
        }
        (self.source, self.target) = (source, target);
        let last = source.saturating_sub(1);
        let whole = usize::from(WHOLE);
        let tap = |place: usize| {
            let place = place.min(target.saturating_sub(1));
            // The middle of the target's place, in parts of a source's.
            let at = ((2 * place + 1) * source * whole / 2 / target.max(1)).saturating_sub(whole / 2);
            match at / whole {
                from if from >= last => Tap { from: last, weight: 0 },
                from => Tap {
                    from,
                    weight: (at % whole) as u8,
                },
            }
        };
        self.taps.clear();
        self.taps.extend((0..target.next_multiple_of(VECTOR)).map(tap));
        let groups: Option<Vec<Group>> = self.taps.as_chunks().0.iter().map(Group::of).collect();
        self.groups = groups.unwrap_or_default();
    }
}

/// Scales planes of one size to one other; another pair of sizes takes a moment.
#[derive(Default)]
pub struct Scaler {
    across: Taps,
    down: Taps,
    line: Vec<u8>,
}

impl Scaler {
    /// `rows` rows of `plane` scaled to `target` (width, height), from `first` on, into `out`. Returns the bytes from one row
    /// to the next.
    pub fn band(
        &mut self,
        plane: Plane<'_>,
        target: [usize; 2],
        first: usize,
        rows: usize,
        out: &mut Vec<u8>,
    ) -> usize {
        let stride = target[0].next_multiple_of(VECTOR);
        out.resize(stride * rows, 0);
        self.across.set(plane.width, target[0]);
        self.down.set(plane.height, target[1]);
        // One vector more than the row, for what begins at its last byte.
        self.line.resize(plane.width.next_multiple_of(VECTOR) + VECTOR, 0);
        let rows = Rows {
            plane,
            down: self.down.taps.get(first..first + rows).unwrap_or_default(),
            across: &self.across.taps,
            groups: &self.across.groups,
            line: &mut self.line,
            out,
        };
        rows.mix();
        stride
    }
}

/// How often a plane of `size` is halved before it is scaled to `target`, widths and heights.
pub fn halvings([mut width, mut height]: [usize; 2], target: [usize; 2]) -> u32 {
    let mut times = 0;
    while width >= 2 * target[0].max(1) && height >= 2 * target[1].max(1) {
        (width, height, times) = (width / 2, height / 2, times + 1);
    }
    times
}

/// A plane that was halved as often as its target allows.
#[derive(Default)]
pub struct Halved {
    bytes: Vec<u8>,
    again: Vec<u8>,
}

impl Halved {
    /// `plane`, or a smaller one that is still at least as large as `target` both ways.
    pub fn of<'a>(&'a mut self, plane: Plane<'a>, target: [usize; 2]) -> Plane<'a> {
        let times = halvings([plane.width, plane.height], target);
        if times == 0 {
            return plane;
        }
        let (mut stride, mut width, mut height) = halve(plane, &mut self.bytes);
        for _ in 1..times {
            let half = Plane {
                bytes: &self.bytes,
                stride,
                width,
                height,
            };
            (stride, width, height) = halve(half, &mut self.again);
            std::mem::swap(&mut self.bytes, &mut self.again);
        }
        Plane {
            bytes: &self.bytes,
            stride,
            width,
            height,
        }
    }
}

/// Two rows of thirty-two bytes, each byte of the target the mean of four.
#[inline(always)]
fn halve_block(above: &[u8; 2 * VECTOR], below: &[u8; 2 * VECTOR]) -> [u8; VECTOR] {
    let [above, below]: [&[[u8; VECTOR]; 2]; 2] = [above, below].map(bytemuck::cast_ref);
    let mean = |half: usize| Lanes::load(&above[half]).mean(Lanes::load(&below[half]));
    let (even, odd) = mean(0).parted(mean(1));
    even.mean(odd).bytes()
}

/// Every pixel the mean of four. Returns stride, width and height.
fn halve(plane: Plane<'_>, out: &mut Vec<u8>) -> (usize, usize, usize) {
    let (width, height) = (plane.width / 2, plane.height / 2);
    let stride = width.next_multiple_of(VECTOR);
    out.resize(stride * height, 0);
    for (y, row) in out.chunks_exact_mut(stride).enumerate() {
        let (above, below) = (plane.row(2 * y), plane.row(2 * y + 1));
        let mut blocks = row.as_chunks_mut().0.iter_mut();
        let whole = above.as_chunks().0.iter().zip(below.as_chunks().0);
        let mut done = 0;
        for ((above, below), block) in whole.zip(blocks.by_ref()) {
            *block = halve_block(above, below);
            done += 1;
        }
        for (i, block) in blocks.enumerate() {
            let x = 2 * (done + i) * VECTOR;
            *block = halve_block(&Plane::beyond(above, x), &Plane::beyond(below, x));
        }
    }
    (stride, width, height)
}

/// Parts the interleaved rows of `plane`, `width` pairs each, into two planes of whole vectors a row. Returns their stride.
pub fn part(plane: Plane<'_>, first: &mut Vec<u8>, second: &mut Vec<u8>) -> usize {
    let stride = (plane.width / 2).next_multiple_of(VECTOR);
    first.resize(stride * plane.height, 0);
    second.resize(stride * plane.height, 0);
    let rows = first.chunks_exact_mut(stride).zip(second.chunks_exact_mut(stride));
    for (y, (first, second)) in rows.enumerate() {
        let row = plane.row(y);
        let blocks = first.chunks_exact_mut(VECTOR).zip(second.chunks_exact_mut(VECTOR));
        for (block, (first, second)) in blocks.enumerate() {
            let x = 2 * block * VECTOR;
            let (even, odd) = Plane::sixteen(row, x).parted(Plane::sixteen(row, x + VECTOR));
            first.copy_from_slice(&even.bytes());
            second.copy_from_slice(&odd.bytes());
        }
    }
    stride
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(plane: Plane<'_>, target: [usize; 2]) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        let stride = Scaler::default().band(plane, target, 0, target[1], &mut out);
        let rows = out.chunks_exact(stride).take(target[1]);
        rows.map(|row| row[..target[0]].to_vec()).collect()
    }

    fn ramp(width: usize, height: usize, value: impl Fn(f32, f32) -> f32) -> Vec<u8> {
        let at = |i: usize, n: usize| (i as f32 + 0.5) / n as f32;
        (0..width * height)
            .map(|i| value(at(i % width, width), at(i / width, height)).round() as u8)
            .collect()
    }

    fn plane(bytes: &[u8], width: usize, height: usize) -> Plane<'_> {
        Plane {
            bytes,
            stride: width,
            width,
            height,
        }
    }

    #[test]
    fn the_same_size_is_the_same_picture() {
        let bytes = ramp(37, 21, |x, y| 250.0 * x * y);
        let rows = scaled(plane(&bytes, 37, 21), [37, 21]);
        assert_eq!(rows.concat(), bytes);
    }

    #[test]
    fn a_slope_stays_a_slope_at_every_size() {
        let value = |x: f32, y: f32| 20.0 + 100.0 * x + 120.0 * y;
        let bytes = ramp(64, 48, value);
        for target in [[64, 36], [47, 35], [100, 77], [33, 25]] {
            let wanted = ramp(target[0], target[1], value);
            for (y, row) in scaled(plane(&bytes, 64, 48), target).iter().enumerate() {
                for (x, byte) in row.iter().enumerate() {
                    // Beyond the middle of the outermost pixels there is nothing to mix with.
                    let edge = x == 0 || y == 0 || x + 1 == target[0] || y + 1 == target[1];
                    let far = byte.abs_diff(wanted[y * target[0] + x]);
                    assert!(far <= if edge { 4 } else { 2 }, "{target:?} at {x}, {y}: {far}");
                }
            }
        }
    }

    #[test]
    fn a_much_larger_plane_is_halved_to_means() {
        let bytes: Vec<u8> = (0..128 * 96)
            .map(|i| if (i + i / 128) % 2 == 0 { 0 } else { 200 })
            .collect();
        let mut halved = Halved::default();
        let half = halved.of(plane(&bytes, 128, 96), [40, 30]);
        assert_eq!((half.width, half.height), (64, 48));
        assert!((0..48).all(|y| half.row(y).iter().all(|byte| byte.abs_diff(100) <= 1)));
        let same = halved.of(plane(&bytes, 128, 96), [65, 30]);
        assert_eq!((same.width, same.height), (128, 96));
    }

    #[test]
    fn a_row_that_is_not_made_of_whole_vectors_is_halved_to_its_end() {
        let value = |x: usize, y: usize| ((3 * x + 5 * y) % 251) as u8;
        for width in [31, 33, 74, 148] {
            let bytes: Vec<u8> = (0..width * 8).map(|i| value(i % width, i / width)).collect();
            let mut halved = Halved::default();
            let half = halved.of(plane(&bytes, width, 8), [width / 2, 4]);
            for y in 0..4 {
                assert_eq!(half.row(y).len(), width / 2);
                for (x, byte) in half.row(y).iter().enumerate() {
                    let four = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(i, j)| value(2 * x + i, 2 * y + j));
                    let mean = four.map(u32::from).iter().sum::<u32>() / 4;
                    assert!(u32::from(*byte).abs_diff(mean) <= 2, "{width}: {x}, {y}");
                }
            }
        }
    }

    #[test]
    fn interleaved_samples_are_parted() {
        let bytes: Vec<u8> = (0..3 * 44).map(|i| (i % 44 / 2 + 100 * (i % 2)) as u8).collect();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let stride = part(plane(&bytes, 44, 3), &mut first, &mut second);
        for y in 0..3 {
            for x in 0..22 {
                assert_eq!(
                    [first[y * stride + x], second[y * stride + x]],
                    [x as u8, x as u8 + 100]
                );
            }
        }
    }
}
