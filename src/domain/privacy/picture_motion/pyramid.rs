//! A picture's luma, halved again and again: from a few hundred pixels of width down to about forty.
//!
//! Invariant: a position on one level is the place it names on every other ([`at_level`]). Deliberately absent: colours.

use super::lanes::Lanes;

/// Levels of a pyramid.
pub(super) const LEVELS: usize = 4;
/// The finest level is no wider than that; corners are followed there. Pixels.
const WIDEST: usize = 400;
/// Pictures are between these sizes on each side, pixels.
const SMALLEST: usize = 90;
const LARGEST: usize = 8192;

/// The luma plane of a decoded picture, as the decoder gave it.
#[derive(Clone, Copy)]
pub struct Luma<'a> {
    width: usize,
    height: usize,
    stride: usize,
    bytes: &'a [u8],
}

impl<'a> Luma<'a> {
    /// A plane of `width` × `height` pixels, `stride` bytes from one row to the next. `None` when the bytes do not hold it,
    /// or it is smaller than 90 or larger than 8192 pixels on a side.
    pub fn new(width: usize, height: usize, stride: usize, bytes: &'a [u8]) -> Option<Self> {
        let sizes = SMALLEST..=LARGEST;
        let sound = sizes.contains(&width) && sizes.contains(&height) && stride >= width;
        let needed = stride.checked_mul(height - usize::from(sound))?.checked_add(width)?;
        (sound && bytes.len() >= needed).then_some(Self {
            width,
            height,
            stride,
            bytes,
        })
    }

    fn row(&self, y: usize) -> &'a [u8] {
        self.bytes
            .get(y * self.stride..)
            .and_then(|rest| rest.get(..self.width))
            .unwrap_or(&[])
    }
}

/// One level.
#[derive(Clone, Default)]
pub(super) struct Level {
    pub width: usize,
    pub height: usize,
    pub px: Vec<f32>,
}

impl Level {
    pub fn row(&self, y: usize) -> &[f32] {
        self.px.get(y * self.width..(y + 1) * self.width).unwrap_or(&[])
    }

    fn resize(&mut self, width: usize, height: usize) {
        (self.width, self.height) = (width, height);
        self.px.resize(width * height, 0.0);
    }

    /// Takes the picture, half as large.
    fn halve_bytes(&mut self, luma: Luma<'_>) {
        self.resize(luma.width / 2, luma.height / 2);
        let quarter = Lanes::splat(0.25);
        for (y, out) in self.px.chunks_exact_mut(self.width).enumerate() {
            let (above, below) = (luma.row(2 * y), luma.row(2 * y + 1));
            let (sixteens, rest_above) = above.as_chunks::<16>();
            let (sixteens_below, rest_below) = below.as_chunks::<16>();
            let (eights, rest) = out.as_chunks_mut::<8>();
            for (eight, (above, below)) in eights.iter_mut().zip(sixteens.iter().zip(sixteens_below)) {
                let [first, second] = Lanes::sums_of_squares_of_bytes(above, below);
                eight[..4].copy_from_slice(&(first * quarter).values());
                eight[4..].copy_from_slice(&(second * quarter).values());
            }
            let pairs = rest_above.as_chunks::<2>().0.iter().zip(rest_below.as_chunks::<2>().0);
            for (out, (above, below)) in rest.iter_mut().zip(pairs) {
                *out = above.iter().chain(below).map(|byte| f32::from(*byte)).sum::<f32>() / 4.0;
            }
        }
    }

    /// Takes another level, half as large.
    fn halve(&mut self, finer: &Level) {
        self.resize(finer.width / 2, finer.height / 2);
        let quarter = Lanes::splat(0.25);
        for (y, out) in self.px.chunks_exact_mut(self.width).enumerate() {
            let (above, below) = (finer.row(2 * y), finer.row(2 * y + 1));
            let (eights, rest_above) = above.as_chunks::<8>();
            let (eights_below, rest_below) = below.as_chunks::<8>();
            let (fours, rest) = out.as_chunks_mut::<4>();
            for (four, (above, below)) in fours.iter_mut().zip(eights.iter().zip(eights_below)) {
                let both = |i: usize| Lanes::at(above, i) + Lanes::at(below, i);
                let (left, right) = (both(0), both(4));
                let [even, odd] = left.parted(right);
                *four = ((even + odd) * quarter).values();
            }
            let pairs = rest_above.as_chunks::<2>().0.iter().zip(rest_below.as_chunks::<2>().0);
            for (out, (above, below)) in rest.iter_mut().zip(pairs) {
                *out = above.iter().chain(below).sum::<f32>() / 4.0;
            }
        }
    }
}

/// A picture in [`LEVELS`] sizes, the finest first.
#[derive(Clone, Default)]
pub(super) struct Pyramid {
    pub levels: [Level; LEVELS],
    /// Width and height of the whole picture in pixels of the finest level; halving may have cut a part of one off.
    pub size: [f64; 2],
    spare: Level,
}

impl Pyramid {
    /// Takes a picture; buffers are kept.
    pub fn take(&mut self, luma: Luma<'_>) {
        let mut halvings = 0;
        let [finest, ..] = &mut self.levels;
        if luma.width <= WIDEST {
            finest.resize(luma.width, luma.height);
            for (y, out) in finest.px.chunks_exact_mut(luma.width).enumerate() {
                for (out, byte) in out.iter_mut().zip(luma.row(y)) {
                    *out = f32::from(*byte);
                }
            }
        } else {
            finest.halve_bytes(luma);
            halvings += 1;
        }
        while finest.width > WIDEST {
            self.spare.halve(finest);
            std::mem::swap(finest, &mut self.spare);
            halvings += 1;
        }
        let scale = f64::from(1_u32 << halvings);
        self.size = [luma.width as f64 / scale, luma.height as f64 / scale];
        for coarser in 1..LEVELS {
            if let [finer, level, ..] = &mut self.levels[coarser - 1..] {
                level.halve(finer);
            }
        }
    }
}

/// A position of the finest level, where the middle of the first pixel is 0, on another level.
pub(super) fn at_level(at: [f32; 2], level: usize) -> [f32; 2] {
    let scale = 1.0 / (1_u32 << level) as f32;
    at.map(|v| (v + 0.5) * scale - 0.5)
}

/// [`at_level`] undone.
pub(super) fn at_finest(at: [f32; 2], level: usize) -> [f32; 2] {
    let scale = (1_u32 << level) as f32;
    at.map(|v| (v + 0.5) * scale - 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_that_its_bytes_do_not_hold_is_refused() {
        let bytes = vec![0; 200 * 99 + 160];
        assert!(Luma::new(160, 100, 200, &bytes).is_some());
        assert!(Luma::new(160, 100, 200, &bytes[1..]).is_none());
        assert!(Luma::new(201, 100, 200, &bytes).is_none());
        assert!(Luma::new(0, 0, 0, &bytes).is_none());
        assert!(Luma::new(usize::MAX, usize::MAX, usize::MAX, &bytes).is_none());
    }

    #[test]
    fn a_place_keeps_its_brightness_on_every_level() {
        for (width, height) in [(640, 360), (333, 187), (1920, 1080), (402, 227)] {
            let stride = width + 5;
            let bytes: Vec<u8> = (0..stride * height)
                .map(|i| (i % stride * 255 / stride) as u8)
                .collect();
            let mut pyramid = Pyramid::default();
            pyramid.take(Luma::new(width, height, stride, &bytes).unwrap());
            assert!(pyramid.levels[0].width <= WIDEST && pyramid.levels[0].width * 2 >= WIDEST / 2);
            let scale = width as f64 / pyramid.size[0];
            for (i, level) in pyramid.levels.iter().enumerate() {
                for y in [0, level.height - 1] {
                    for x in [0, level.width / 2, level.width - 1] {
                        let at = at_finest([x as f32, y as f32], i);
                        let full = (f64::from(at[0]) + 0.5) * scale - 0.5;
                        let wanted = full * 255.0 / stride as f64 - 0.5;
                        let seen = f64::from(level.row(y)[x]);
                        assert!(
                            (seen - wanted).abs() < 1.0,
                            "{width} level {i} at {x},{y}: {seen}, not {wanted}"
                        );
                        assert_eq!(at_level(at, i), [x as f32, y as f32]);
                    }
                }
            }
        }
    }
}
