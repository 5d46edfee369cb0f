//! One corner followed from a picture to another (Lucas and Kanade 1981; the template's own gradients, so that each step costs
//! one comparison).
//!
//! A window of eight by eight pixels is moved until it looks like the template; brightness that changed as a whole does not
//! count, because the gradients are taken from their mean. Invariant: the place found is no farther than `reach` from where the
//! search began, and its window lies in the picture. Deliberately absent: turning windows, several corners at once.

use super::lanes::Lanes;
use super::pyramid::Level;

/// Side of the window, pixels.
const SIDE: usize = 8;
/// From its middle to the middle of its first pixel.
const HALF: f32 = 3.5;
/// Steps smaller than that end the search, pixels.
const SETTLED: f32 = 0.03;
/// Least mean square of the gradient in the direction of least change, as in `corners`.
const LEAST: f32 = 0.3;

/// A corner as a picture shows it.
pub(super) struct Template {
    px: [[Lanes; 2]; SIDE],
    across: [[Lanes; 2]; SIDE],
    down: [[Lanes; 2]; SIDE],
    /// The inverse of the gradients' products: of across squared, across times down, down squared.
    inverse: [f32; 3],
}

/// Whole and broken part of a coordinate.
fn parts(v: f32) -> Option<(usize, f32)> {
    let whole = v.floor();
    (whole >= 0.0).then_some((whole as usize, v - whole))
}

impl Template {
    /// The template of the corner `at`; `None` at the picture's edge, or where nothing holds a window in both directions.
    pub fn of(level: &Level, at: [f32; 2]) -> Option<Self> {
        let rows = border(level, at)?;
        let half = Lanes::splat(0.5);
        let zero = [[Lanes::splat(0.0); 2]; SIDE];
        let (mut px, mut across, mut down) = (zero, zero, zero);
        let mut sums = [Lanes::splat(0.0); 2];
        for y in 0..SIDE {
            for i in 0..2 {
                let from = |row: usize, column: usize| Lanes::at(&rows[row], 4 * i + column);
                px[y][i] = from(y + 1, 1);
                across[y][i] = (from(y + 1, 2) - from(y + 1, 0)) * half;
                down[y][i] = (from(y + 2, 1) - from(y, 1)) * half;
                sums = [sums[0] + across[y][i], sums[1] + down[y][i]];
            }
        }
        let pixels = (SIDE * SIDE) as f32;
        let means = sums.map(|sum| Lanes::splat(sum.sum() / pixels));
        let mut products = [Lanes::splat(0.0); 3];
        for (across, down) in across.iter_mut().flatten().zip(down.iter_mut().flatten()) {
            (*across, *down) = (*across - means[0], *down - means[1]);
            let [xx, xy, yy] = products;
            products = [xx + *across * *across, xy + *across * *down, yy + *down * *down];
        }
        let [xx, xy, yy] = products.map(Lanes::sum);
        let determinant = xx * yy - xy * xy;
        (determinant > LEAST * pixels * (xx + yy)).then(|| Self {
            px,
            across,
            down,
            inverse: [yy / determinant, -xy / determinant, xx / determinant],
        })
    }

    /// Where the corner is in another picture, when looked for from `start` on in at most `steps` steps.
    pub fn search(&self, level: &Level, start: [f32; 2], steps: usize, reach: f32) -> Option<[f32; 2]> {
        let mut at = start;
        for _ in 0..steps {
            let (across, down) = self.compare(level, at)?;
            let [xx, xy, yy] = self.inverse;
            let step = [xx * across + xy * down, xy * across + yy * down];
            at = [at[0] - step[0], at[1] - step[1]];
            let far = (at[0] - start[0]).abs().max((at[1] - start[1]).abs());
            if far.is_nan() || far > reach {
                return None;
            }
            if step[0].abs().max(step[1].abs()) < SETTLED {
                break;
            }
        }
        Some(at)
    }

    /// The difference from the window at a place, weighted by the gradients.
    #[inline(always)]
    fn compare(&self, level: &Level, at: [f32; 2]) -> Option<(f32, f32)> {
        let (x, right) = parts(at[0] - HALF)?;
        let (y, below) = parts(at[1] - HALF)?;
        if y + SIDE >= level.height || x + SIDE >= level.width {
            return None;
        }
        let (right, below) = (Lanes::splat(right), Lanes::splat(below));
        let row = |i: usize| -> Option<[Lanes; 2]> {
            let window: &[f32; SIDE + 1] = level.px.get((y + i) * level.width + x..)?.first_chunk()?;
            let four = |i: usize| between(window, i, right);
            Some([four(0), four(4)])
        };
        let mut above = row(0)?;
        let mut sums = [Lanes::splat(0.0); 2];
        for i in 0..SIDE {
            let next = row(i + 1)?;
            for side in 0..2 {
                let seen = above[side] + (next[side] - above[side]) * below;
                let off = seen - self.px[i][side];
                sums = [sums[0] + off * self.across[i][side], sums[1] + off * self.down[i][side]];
            }
            above = next;
        }
        Some((sums[0].sum(), sums[1].sum()))
    }
}

/// Four values from `i` on, each so far towards the next one.
#[inline(always)]
fn between(window: &[f32], i: usize, right: Lanes) -> Lanes {
    let left = Lanes::at(window, i);
    left + (Lanes::at(window, i + 1) - left) * right
}

/// The window and one pixel around it; two more columns are not looked at.
#[inline(always)]
fn border(level: &Level, at: [f32; 2]) -> Option<[[f32; 12]; SIDE + 2]> {
    let (x, right) = parts(at[0] - HALF - 1.0)?;
    let (y, below) = parts(at[1] - HALF - 1.0)?;
    if y + SIDE + 2 >= level.height || x + SIDE + 4 >= level.width {
        return None;
    }
    let (right, below) = (Lanes::splat(right), Lanes::splat(below));
    let row = |i: usize| -> Option<[Lanes; 3]> {
        let window: &[f32; 13] = level.px.get((y + i) * level.width + x..)?.first_chunk()?;
        let four = |i: usize| between(window, i, right);
        Some([four(0), four(4), four(8)])
    };
    let mut rows = [[0.0; 12]; SIDE + 2];
    let mut above = row(0)?;
    for (i, out) in rows.iter_mut().enumerate() {
        let next = row(i + 1)?;
        for (i, four) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            *four = (above[i] + (next[i] - above[i]) * below).values();
        }
        above = next;
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(shift: [f32; 2], gain: f32) -> Level {
        let (width, height) = (64, 48);
        let px = (0..width * height).map(|i| {
            let (x, y) = ((i % width) as f32 - shift[0], (i / width) as f32 - shift[1]);
            gain + 60.0 * (x * 0.4).sin() * (y * 0.3).cos() + 30.0 * (0.2 * x + 0.35 * y).sin()
        });
        Level {
            width,
            height,
            px: px.collect(),
        }
    }

    #[test]
    fn a_corner_that_moved_is_found_within_hundredths_of_a_pixel() {
        let template = Template::of(&picture([0.0; 2], 100.0), [30.3, 20.6]).unwrap();
        for shift in [[0.0, 0.0], [0.37, -0.81], [-1.6, 1.2]] {
            let found = template.search(&picture(shift, 140.0), [30.3, 20.6], 12, 4.0).unwrap();
            let off = [found[0] - 30.3 - shift[0], found[1] - 20.6 - shift[1]];
            assert!(off[0].abs() < 0.04 && off[1].abs() < 0.04, "{shift:?}: {off:?}");
        }
    }

    #[test]
    fn an_edge_a_border_and_a_place_too_far_give_nothing() {
        let edge = Level {
            width: 64,
            height: 48,
            px: (0..64 * 48).map(|i| if i % 64 > 30 { 200.0 } else { 20.0 }).collect(),
        };
        assert!(Template::of(&edge, [30.0, 20.0]).is_none());
        let level = picture([0.0; 2], 100.0);
        for at in [
            [3.0, 20.0],
            [60.0, 20.0],
            [30.0, 45.0],
            [-5.0, 20.0],
            [f32::NAN, 20.0],
            [1e9, 20.0],
        ] {
            assert!(Template::of(&level, at).is_none(), "{at:?}");
        }
        let template = Template::of(&level, [30.3, 20.6]).unwrap();
        assert_eq!(
            template.search(&picture([2.5, 0.0], 100.0), [30.3, 20.6], 12, 1.0),
            None
        );
        assert_eq!(template.search(&level, [f32::NAN, 20.0], 12, 1.0), None);
    }
}
