//! The shift of a whole picture, roughly: where two pictures of some forty pixels' width are most alike.
//!
//! Every shift of up to [`REACH`] of the picture is tried, by the normalised correlation of what is left when the neighbourhood's
//! mean is taken away. Invariant: a shift is given only when no other place is nearly as good, so a pattern that repeats itself
//! gives none. Deliberately absent: precision; the shift is where following begins.

use super::lanes::Lanes;
use super::pyramid::Level;

/// Largest shift that is tried, as a share of the picture's width and height.
const REACH: f64 = 0.45;
/// Two pictures of the same place are at least so much alike, of 1.
const LEAST: f32 = 0.2;
/// Another place may be so much alike at most, as a share of the best.
const RIVAL: f32 = 0.8;
/// Places this near to the best are the same place, pixels of the level.
const SAME: i32 = 2;

/// Finds shifts; keeps its buffers.
#[derive(Default)]
pub(super) struct Coarse {
    from: Map,
    to: Map,
    alike: Vec<f32>,
}

/// What is left of a level, between zeros, and the sums of its squares.
#[derive(Default)]
struct Map {
    width: usize,
    height: usize,
    /// Zeros on each side of a row; rows are `stride` long.
    pad: usize,
    stride: usize,
    px: Vec<f32>,
    /// Sums of squares over everything left of and above a place.
    squares: Vec<f32>,
}

impl Map {
    fn take(&mut self, level: &Level, pad: usize) {
        let (width, height) = (level.width, level.height);
        (self.width, self.height, self.pad) = (width, height, pad);
        self.stride = width.next_multiple_of(4) + 2 * pad;
        self.px.clear();
        self.px.resize(self.stride * height, 0.0);
        self.squares.clear();
        self.squares.resize((width + 1) * (height + 1), 0.0);
        for y in 0..height {
            let mut sum = 0.0;
            for x in 0..width {
                let value = level.row(y)[x] - around(level, x, y);
                self.px[y * self.stride + pad + x] = value;
                sum += value * value;
                self.squares[(y + 1) * (width + 1) + x + 1] = self.squares[y * (width + 1) + x + 1] + sum;
            }
        }
    }

    fn square_sum(&self, x: [usize; 2], y: [usize; 2]) -> f32 {
        let at = |x: usize, y: usize| self.squares[y * (self.width + 1) + x];
        at(x[1], y[1]) - at(x[0], y[1]) - at(x[1], y[0]) + at(x[0], y[0])
    }
}

/// The mean of the five by five pixels around a place, as far as they lie in the picture.
fn around(level: &Level, x: usize, y: usize) -> f32 {
    let (left, right) = (x.saturating_sub(2), (x + 3).min(level.width));
    let (top, bottom) = (y.saturating_sub(2), (y + 3).min(level.height));
    let sum: f32 = (top..bottom)
        .map(|y| level.row(y)[left..right].iter().sum::<f32>())
        .sum();
    sum / ((right - left) * (bottom - top)) as f32
}

impl Coarse {
    /// How far what `from` shows is moved in `to`, pixels of their level.
    pub fn shift(&mut self, from: &Level, to: &Level) -> Option<[f32; 2]> {
        let reach = [from.width, from.height].map(|side| (side as f64 * REACH) as i32);
        let pad = reach[0].unsigned_abs() as usize;
        self.from.take(from, 0);
        self.to.take(to, pad);
        let side = reach.map(|reach| 2 * reach + 1);
        self.alike.clear();
        for dy in -reach[1]..=reach[1] {
            for dx in -reach[0]..=reach[0] {
                self.alike.push(alike(&self.from, &self.to, dx, dy));
            }
        }
        let at = |dx: i32, dy: i32| self.alike[((dy + reach[1]) * side[0] + dx + reach[0]) as usize];
        let places = || (-reach[1]..=reach[1]).flat_map(|dy| (-reach[0]..=reach[0]).map(move |dx| (dx, dy)));
        let best = places().max_by(|a, b| at(a.0, a.1).total_cmp(&at(b.0, b.1)))?;
        let rival = places()
            .filter(|place| (place.0 - best.0).abs() > SAME || (place.1 - best.1).abs() > SAME)
            .map(|place| at(place.0, place.1))
            .fold(0.0, f32::max);
        let height = at(best.0, best.1);
        if height < LEAST || rival > RIVAL * height {
            return None;
        }
        let inside = best.0.abs() < reach[0] && best.1.abs() < reach[1];
        let top = |before: f32, after: f32| {
            let bend = before + after - 2.0 * height;
            if inside && bend < -1e-6 {
                ((before - after) / (2.0 * bend)).clamp(-0.5, 0.5)
            } else {
                0.0
            }
        };
        let (x, y) = best;
        let fraction = if inside {
            [top(at(x - 1, y), at(x + 1, y)), top(at(x, y - 1), at(x, y + 1))]
        } else {
            [0.0; 2]
        };
        Some([x as f32 + fraction[0], y as f32 + fraction[1]])
    }
}

/// The correlation of two maps where they overlap when the second is moved back by a shift.
fn alike(from: &Map, to: &Map, dx: i32, dy: i32) -> f32 {
    // The range of `from` whose moved place lies in `to`.
    let range = |d: i32, side: usize| {
        let side = side as i32;
        [(-d).clamp(0, side) as usize, (side - d).clamp(0, side) as usize]
    };
    let (xs, ys) = (range(dx, from.width), range(dy, from.height));
    let moved = |range: [usize; 2], d: i32| range.map(|v| (v as i32 + d) as usize);
    let energy = from.square_sum(xs, ys) * to.square_sum(moved(xs, dx), moved(ys, dy));
    let mut sum = Lanes::splat(0.0);
    let aligned = from.width.next_multiple_of(4);
    for y in ys[0]..ys[1] {
        let row = &from.px[y * from.stride..][..aligned];
        let begin = ((y as i32 + dy) as usize) * to.stride + (to.pad as i32 + dx) as usize;
        let other = &to.px[begin..][..aligned];
        for (a, b) in row.as_chunks::<4>().0.iter().zip(other.as_chunks::<4>().0) {
            sum = sum + Lanes::load(a) * Lanes::load(b);
        }
    }
    // Where next to nothing is to be seen, everything is alike.
    let pixels = ((xs[1] - xs[0]) * (ys[1] - ys[0])) as f32;
    if energy.sqrt() < pixels {
        0.0
    } else {
        sum.sum() / energy.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(picture: impl Fn(i32, i32) -> f32) -> Level {
        let (width, height) = (40, 22);
        let px = (0..width * height)
            .map(|i| picture((i % width) as i32, (i / width) as i32))
            .collect();
        Level { width, height, px }
    }

    fn noise(x: i32, y: i32) -> f32 {
        let mut v = (x.wrapping_mul(73_856_093) ^ y.wrapping_mul(19_349_663)) as u32;
        v = (v ^ (v >> 15)).wrapping_mul(0x2c1b_3c6d);
        v = (v ^ (v >> 12)).wrapping_mul(0x297a_2d39);
        (v >> 24) as f32
    }

    #[test]
    fn a_shift_is_found_up_to_its_reach_and_no_farther() {
        let mut coarse = Coarse::default();
        for (dx, dy) in [(0, 0), (5, -3), (-17, 2), (12, 8)] {
            let found = coarse
                .shift(&level(noise), &level(|x, y| noise(x - dx, y - dy)))
                .unwrap();
            assert!(
                (found[0] - dx as f32).abs() < 0.5 && (found[1] - dy as f32).abs() < 0.5,
                "{dx},{dy}: {found:?}"
            );
        }
        assert_eq!(coarse.shift(&level(noise), &level(|x, y| noise(x - 25, y))), None);
        assert_eq!(coarse.shift(&level(noise), &level(|x, y| noise(x + 1000, y))), None);
    }

    #[test]
    fn a_pattern_that_repeats_itself_and_a_wall_without_one_give_nothing() {
        let mut coarse = Coarse::default();
        let tiles = |x: i32, y: i32| noise(x.rem_euclid(9), y.rem_euclid(9));
        assert_eq!(coarse.shift(&level(tiles), &level(|x, y| tiles(x - 3, y))), None);
        assert_eq!(coarse.shift(&level(|_, _| 90.0), &level(|_, _| 90.0)), None);
        let stripes = |x: i32, _: i32| noise(x, 0);
        assert_eq!(coarse.shift(&level(stripes), &level(stripes)), None);
    }
}
