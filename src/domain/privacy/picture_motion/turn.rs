//! How a camera turned and zoomed between two pictures, from the directions of corners in both: one rotation and one scale,
//! fitted so that what moves by itself does not count.
//!
//! Weights after Geman and McClure, made sharper from round to round (graduated non-convexity, Black and Rangarajan 1996), then
//! least squares over what fits. Nothing is left to chance. Camera frame as in `camera_geometry`: x right, y up, z along the axis.
//! Invariant: no turn without enough corners to determine it. Deliberately absent: whether the fit is to be believed.

use glam::{DMat3, DVec3};

/// Numbers looked for: the rotation about x, y and z (radians), and the logarithm of the scale.
const UNKNOWNS: usize = 4;
/// Corners needed at least.
pub(super) const FEWEST: usize = 12;

/// A corner in both pictures: points of the plane `z = 1` by the earlier picture's field of view.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub from: [f64; 2],
    pub to: [f64; 2],
}

/// A rotation and a change of scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Turn {
    /// Takes what the earlier camera sees into the later camera's frame.
    pub rotation: DMat3,
    /// Logarithm of the later focal length over the earlier one.
    pub ln_scale: f64,
}

impl Turn {
    /// Where a point of the earlier picture is in the later one; `None` behind the camera.
    pub fn place(&self, from: [f64; 2]) -> Option<[f64; 2]> {
        let v = self.rotation * DVec3::new(from[0], from[1], 1.0);
        let scale = self.ln_scale.exp();
        (v.z > 0.1).then(|| [scale * v.x / v.z, scale * v.y / v.z])
    }

    /// The turn that shifts the middle of the picture by this much.
    pub fn of_shift(shift: [f64; 2]) -> Self {
        Self {
            rotation: rotation(DVec3::new(-shift[1].atan(), shift[0].atan(), 0.0)),
            ln_scale: 0.0,
        }
    }
}

/// The rotation by a vector: its direction is the axis, its length the angle in radians.
fn rotation(by: DVec3) -> DMat3 {
    match by.try_normalize() {
        Some(axis) => DMat3::from_axis_angle(axis, by.length()),
        None => DMat3::IDENTITY,
    }
}

/// The angle of a rotation, radians.
pub(super) fn angle(rotation: &DMat3) -> f64 {
    let sine = DVec3::new(
        rotation.y_axis.z - rotation.z_axis.y,
        rotation.z_axis.x - rotation.x_axis.z,
        rotation.x_axis.y - rotation.y_axis.x,
    );
    let trace = rotation.x_axis.x + rotation.y_axis.y + rotation.z_axis.z;
    sine.length().atan2(trace - 1.0)
}

/// A fit, and how sure it is when every corner's error is independent of the others'.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fit {
    pub turn: Turn,
    /// Standard deviations of the rotation as a whole (radians) and of the logarithm of the scale.
    pub deviation: [f64; 2],
}

/// The distance between where a turn takes a corner and where it is; infinite behind the camera.
pub(super) fn distance(turn: &Turn, pair: &Pair) -> f64 {
    let place = turn.place(pair.from);
    place.map_or(f64::INFINITY, |at| (at[0] - pair.to[0]).hypot(at[1] - pair.to[1]))
}

/// Sums of the normal equations.
#[derive(Default)]
struct Sums {
    matrix: [[f64; UNKNOWNS]; UNKNOWNS],
    right: [f64; UNKNOWNS],
    squares: f64,
    count: usize,
}

impl Sums {
    /// Takes in the corners with a weight by the square of their distance.
    fn of(turn: &Turn, pairs: &[Pair], weight_of: impl Fn(f64) -> f64) -> Self {
        let mut sums = Self::default();
        let scale = turn.ln_scale.exp();
        for pair in pairs {
            let v = turn.rotation * DVec3::new(pair.from[0], pair.from[1], 1.0);
            if v.z <= 0.1 {
                continue;
            }
            let (x, y) = (v.x / v.z, v.y / v.z);
            let off = [pair.to[0] - scale * x, pair.to[1] - scale * y];
            let square = off[0] * off[0] + off[1] * off[1];
            let weight = weight_of(square);
            if weight <= 0.0 {
                continue;
            }
            let rows = [
                [-scale * x * y, scale * (1.0 + x * x), -scale * y, scale * x],
                [-scale * (1.0 + y * y), scale * x * y, scale * x, scale * y],
            ];
            for (row, off) in rows.iter().zip(off) {
                for i in 0..UNKNOWNS {
                    let weighted = weight * row[i];
                    for j in 0..=i {
                        sums.matrix[i][j] += weighted * row[j];
                    }
                    sums.right[i] += weighted * off;
                }
            }
            sums.squares += weight * square;
            sums.count += 1;
        }
        sums
    }

    /// The inverse of the matrix, by Cholesky; `None` when the corners do not determine all unknowns.
    fn inverse(&self) -> Option<[[f64; UNKNOWNS]; UNKNOWNS]> {
        let mut lower = [[0.0; UNKNOWNS]; UNKNOWNS];
        for i in 0..UNKNOWNS {
            for j in 0..=i {
                let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
                let rest = self.matrix[i][j] - known;
                if i == j {
                    if rest <= 1e-9 * self.matrix[i][i] || !rest.is_finite() {
                        return None;
                    }
                    lower[i][i] = rest.sqrt();
                } else {
                    lower[i][j] = rest / lower[j][j];
                }
            }
        }
        let mut inverse = [[0.0; UNKNOWNS]; UNKNOWNS];
        for column in 0..UNKNOWNS {
            let mut solved = [0.0; UNKNOWNS];
            for i in 0..UNKNOWNS {
                let known: f64 = (0..i).map(|k| lower[i][k] * solved[k]).sum();
                solved[i] = (f64::from(u8::from(i == column)) - known) / lower[i][i];
            }
            for i in (0..UNKNOWNS).rev() {
                let known: f64 = (i + 1..UNKNOWNS).map(|k| lower[k][i] * solved[k]).sum();
                solved[i] = (solved[i] - known) / lower[i][i];
                inverse[i][column] = solved[i];
            }
        }
        Some(inverse)
    }

    /// One step from `turn` towards the least squares.
    fn step(&self, turn: &Turn) -> Option<Turn> {
        let inverse = self.inverse()?;
        let change: [f64; UNKNOWNS] =
            std::array::from_fn(|i| inverse[i].iter().zip(&self.right).map(|(a, b)| a * b).sum());
        let by = DVec3::new(change[0], change[1], change[2]);
        (by.length() < 1.0 && change[3].abs() < 1.0).then(|| Turn {
            rotation: rotation(by) * turn.rotation,
            ln_scale: turn.ln_scale + change[3],
        })
    }
}

/// Fits from `start` on, with corners farther off than some `widths` counting less and less: one round for each.
pub(super) fn settle(pairs: &[Pair], start: Turn, widths: &[f64]) -> Option<Turn> {
    if pairs.len() < FEWEST {
        return None;
    }
    let mut turn = start;
    for width in widths {
        let square_width = width * width;
        let weight = |square: f64| (square_width / (square_width + square)).powi(2);
        turn = Sums::of(&turn, pairs, weight).step(&turn)?;
    }
    Some(turn)
}

/// Least squares over the corners no farther off than `within` from `start`.
pub(super) fn refine(pairs: &[Pair], start: Turn, within: f64) -> Option<Fit> {
    let fitting: Vec<Pair> = pairs
        .iter()
        .filter(|pair| distance(&start, pair) <= within)
        .copied()
        .collect();
    if fitting.len() < FEWEST {
        return None;
    }
    let turn = Sums::of(&start, &fitting, |_| 1.0).step(&start)?;
    let turn = Sums::of(&turn, &fitting, |_| 1.0).step(&turn)?;
    let sums = Sums::of(&turn, &fitting, |_| 1.0);
    let inverse = sums.inverse()?;
    let variance = sums.squares / (2 * sums.count - UNKNOWNS) as f64;
    let about: f64 = (0..3).map(|i| inverse[i][i]).sum();
    Some(Fit {
        turn,
        deviation: [(variance * about).sqrt(), (variance * inverse[3][3]).sqrt()],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::privacy::test_dome::Chance;
    use proptest::prelude::*;

    fn pairs(turn: &Turn, seed: u64, noise: f64, strangers: f64) -> Vec<Pair> {
        let mut chance = Chance(seed);
        let mut pairs = Vec::new();
        for _ in 0..150 {
            let from = [chance.between(-0.6, 0.6), chance.between(-0.34, 0.34)];
            let Some(mut to) = turn.place(from) else { continue };
            to = to.map(|v| v + chance.between(-noise, noise));
            if chance.share() < strangers {
                // Something that fills the lower right and drives to the left.
                to = [from[0] - 0.08, from[1] + 0.004];
            }
            pairs.push(Pair { from, to });
        }
        pairs
    }

    proptest! {
        #[test]
        fn a_turn_is_found_beside_strangers_that_move_together(
            seed in any::<u64>(), x in -0.12f64..0.12, y in -0.12f64..0.12, z in -0.1f64..0.1, ln_scale in -0.1f64..0.1,
            strangers in 0.0f64..0.3,
        ) {
            let truly = Turn { rotation: rotation(DVec3::new(x, y, z)), ln_scale };
            let pairs = pairs(&truly, seed, 0.0005, strangers);
            let start = Turn { rotation: rotation(DVec3::new(x + 0.02, y - 0.02, 0.0)), ln_scale: 0.0 };
            let widths = [0.1, 0.07, 0.05, 0.035, 0.025, 0.015, 0.01, 0.005, 0.003, 0.003];
            let settled = settle(&pairs, start, &widths).unwrap();
            let fit = refine(&pairs, settled, 0.003).unwrap();
            let off = angle(&(fit.turn.rotation * truly.rotation.transpose()));
            prop_assert!(off < 0.0005 && off < 6.0 * fit.deviation[0] + 1e-9, "{} rad, {:?}", off, fit);
            prop_assert!((fit.turn.ln_scale - ln_scale).abs() < 6.0 * fit.deviation[1] + 1e-9);
        }
    }

    #[test]
    fn points_in_one_place_determine_no_turn() {
        let pair = Pair {
            from: [0.2, 0.1],
            to: [0.25, 0.1],
        };
        assert!(refine(&[pair; 40], Turn::of_shift([0.0; 2]), 1.0).is_none());
        assert!(settle(&[pair; FEWEST - 1], Turn::of_shift([0.0; 2]), &[0.1]).is_none());
    }

    #[test]
    fn a_shift_of_the_picture_is_a_turn_the_other_way() {
        let turn = Turn::of_shift([0.1, -0.05]);
        let [x, y] = turn.place([0.0, 0.0]).unwrap();
        assert!((x - 0.1).abs() < 1e-3 && (y + 0.05).abs() < 1e-3);
        assert!((angle(&rotation(DVec3::new(0.1, 0.2, -0.2))) - 0.3).abs() < 1e-12);
    }
}
