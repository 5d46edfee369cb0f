//! Corners of a picture: places that look unlike their surroundings in both directions (Shi and Tomasi, «Good features to
//! track», 1994), the best one of each cell of a grid.
//!
//! Invariant: corners are spread over the picture by the grid and never by the picture's choice. Deliberately absent: anything
//! about where a corner goes.

use super::lanes::Lanes;
use super::pyramid::{Level, at_finest};

/// The level on which corners are looked for.
const LEVEL: usize = 1;
/// Side of a cell, pixels of that level.
const CELL: usize = 8;
/// Corners keep this far from the picture's edge, pixels of that level.
const MARGIN: usize = 5;
/// Least mean square of the brightness's change in the direction of least change, squared grey levels a pixel of that level.
/// Noise of a night picture stays below it.
const LEAST: f32 = 1.5;
/// Two corners are at least this far apart, pixels of the finest level.
const APART: f32 = 7.0;

/// Looks for corners.
#[derive(Default)]
pub(super) struct Corners {
    /// Products of the brightness's changes: across squared, across times down, down squared.
    products: [Vec<f32>; 3],
    /// Their sums over five rows.
    columns: [Vec<f32>; 3],
    best: Vec<(f32, [f32; 2])>,
}

impl Corners {
    /// The corners of a level of half the finest's width, in pixels of the finest level, in the order of the grid.
    pub fn find(&mut self, level: &Level, out: &mut Vec<[f32; 2]>) {
        out.clear();
        let (width, height) = (level.width, level.height);
        let (across, down) = (width.div_ceil(CELL), height.div_ceil(CELL));
        self.multiply(level);
        self.best.clear();
        self.best.resize(across * down, (LEAST, [0.0; 2]));
        for y in MARGIN..height.saturating_sub(MARGIN) {
            self.sum_columns(y, width);
            let cells = &mut self.best[y / CELL * across..][..across];
            let mut x = MARGIN;
            while x + MARGIN <= width {
                let strengths = strengths(&self.columns, x).values();
                for (i, strength) in strengths.into_iter().enumerate() {
                    let x = x + i;
                    if x + MARGIN < width && strength > cells[x / CELL].0 {
                        cells[x / CELL] = (strength, [x as f32, y as f32]);
                    }
                }
                x += 4;
            }
        }
        for (i, (strength, at)) in self.best.iter().enumerate() {
            let at = at_finest(*at, LEVEL);
            let near = |other: &[f32; 2]| (other[0] - at[0]).hypot(other[1] - at[1]) < APART;
            // Only a corner of the row of cells before, or of this one, can be near.
            let recent = out.len().saturating_sub(across + 2);
            if *strength > LEAST && !out[recent..].iter().any(near) {
                out.push(at);
            }
            debug_assert!(i < across * down);
        }
    }

    fn multiply(&mut self, level: &Level) {
        let (width, height) = (level.width, level.height);
        for plane in &mut self.products {
            plane.clear();
            plane.resize(width * height + 8, 0.0);
        }
        let half = Lanes::splat(0.5);
        let [xx, xy, yy] = &mut self.products;
        for y in 1..height.saturating_sub(1) {
            let at = y * width;
            let mut x = 1;
            while x + 1 < width {
                let px = |offset: usize| Lanes::at(&level.px, offset);
                let dx = (px(at + x + 1) - px(at + x - 1)) * half;
                let dy = (px(at + x + width) - px(at + x - width)) * half;
                store(xx, at + x, dx * dx);
                store(xy, at + x, dx * dy);
                store(yy, at + x, dy * dy);
                x += 4;
            }
        }
    }

    fn sum_columns(&mut self, y: usize, width: usize) {
        for (columns, plane) in self.columns.iter_mut().zip(&self.products) {
            columns.resize(width + 8, 0.0);
            let mut x = 0;
            while x < width {
                let row = |i: usize| Lanes::at(plane, (y + i - 2) * width + x);
                store(columns, x, row(0) + row(1) + row(2) + row(3) + row(4));
                x += 4;
            }
        }
    }
}

#[inline(always)]
fn store(out: &mut [f32], at: usize, lanes: Lanes) {
    if let Some(four) = out.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        *four = lanes.values();
    }
}

/// How much four neighbouring places are corners: determinant over trace, which is between half the lesser eigenvalue and
/// the whole of it; a mean over five by five pixels.
#[inline(always)]
fn strengths(columns: &[Vec<f32>; 3], x: usize) -> Lanes {
    let sum = |columns: &[f32]| {
        let column = |i: usize| Lanes::at(columns, x + i - 2);
        (column(0) + column(1) + column(2) + column(3) + column(4)) * Lanes::splat(1.0 / 25.0)
    };
    let [xx, xy, yy] = [sum(&columns[0]), sum(&columns[1]), sum(&columns[2])];
    (xx * yy - xy * xy).over(xx + yy + Lanes::splat(1e-6))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(picture: impl Fn(usize, usize) -> f32) -> Vec<[f32; 2]> {
        let (width, height) = (160, 90);
        let px = (0..width * height).map(|i| picture(i % width, i / width)).collect();
        let mut out = Vec::new();
        Corners::default().find(&Level { width, height, px }, &mut out);
        out
    }

    #[test]
    fn a_corner_is_found_where_it_is_and_an_edge_is_none() {
        let square = |x: usize, y: usize| if x >= 60 && y >= 40 { 200.0 } else { 50.0 };
        let corners = found(square);
        assert!((1..=4).contains(&corners.len()), "{corners:?}");
        for [x, y] in corners {
            assert!((x - 2.0 * 60.0).abs() < 9.0 && (y - 2.0 * 40.0).abs() < 9.0, "{x},{y}");
        }
        assert!(found(|x, _| if x > 60 { 200.0 } else { 50.0 }).is_empty());
        assert!(found(|x, y| (x + y) as f32).is_empty());
    }

    #[test]
    fn corners_are_apart_and_no_cell_has_two() {
        let noisy = found(|x, y| ((x * 7919 + y * 104_729) % 251) as f32);
        assert!(noisy.len() > 80 && noisy.len() <= 20 * 12, "{}", noisy.len());
        for (i, a) in noisy.iter().enumerate() {
            for b in &noisy[..i] {
                assert!((a[0] - b[0]).hypot(a[1] - b[1]) >= APART, "{a:?} {b:?}");
            }
        }
    }
}
