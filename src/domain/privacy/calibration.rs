//! The calibration helper: a dome is turned to four or more points whose directions are known, and the mounting follows:
//! where azimuth zero lies, how far the tilt is off, the roll, and the true scale of the field of view; with the error
//! that is left.
//!
//! At each sighting the point was brought somewhere into the picture (`at`, the middle is best) at the pose that the
//! dome reported. Four numbers are fitted, by Gauss-Newton on the angles between where the point lies and where
//! the model says it does; once from each way in which a picture can lie (by quarter turns, flipped or not), because none of
//! them is near another. The best fit is given.
//!
//! Invariant: a model is given only together with its error; with fewer than four sightings, or with sightings too
//! much alike to separate the four numbers or a picture from its mirror image, no model is given. Deliberately absent: the
//! picture, the dome.

use super::camera_geometry::{direction_at, unit};
use crate::domain::camera::{Direction, LensModel, Pose};
use glam::DVec3;

/// Sightings needed at least.
pub const FEWEST: usize = 4;
/// Rounds of improvement at most.
const ROUNDS: usize = 30;
/// Numbers looked for: azimuth offset, tilt offset, roll (degrees), logarithm of the field of view's scale.
const UNKNOWNS: usize = 4;
/// A picture is told from its mirror image when the better fit is better by more than this, as a ratio and in degrees.
const TOLD: (f64, f64) = (2.0, 0.2);

/// A point that was looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sighting {
    /// The pose that the dome reported.
    pub reported: Pose,
    /// Where in the picture the point was, 0..1.
    pub at: [f64; 2],
    /// Where the point truly lies from the camera.
    pub truly: Direction,
}

/// The lens model found from sightings, and how well it fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// The lens model, corrected.
    pub lens: LensModel,
    /// Root mean square and largest angle between where a point lies and where the model sees it, degrees.
    pub error_deg: f64,
    pub worst_deg: f64,
}

/// Why no model follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CalibrationError {
    #[error("at least four points are needed")]
    TooFew,
    #[error("the points are too alike to tell offset, tilt, roll, field of view and a mirror apart")]
    TooAlike,
}

/// Finds the lens model that sees every point where it lies.
///
/// # Errors
/// Too few points, or points that do not tell enough.
pub fn calibrate(lens: &LensModel, sightings: &[Sighting]) -> Result<Calibration, CalibrationError> {
    if sightings.len() < FEWEST {
        return Err(CalibrationError::TooFew);
    }
    let fits: Vec<Calibration> = lies(lens)
        .filter_map(|(lens, scale_ln)| fit(&lens, scale_ln, sightings))
        .collect();
    let best = |mirrored: bool| {
        let fits = fits.iter().filter(|fit| fit.lens.mirrored == mirrored);
        fits.min_by(|a, b| a.error_deg.total_cmp(&b.error_deg))
    };
    let told = |better: &Calibration, other: &Calibration| other.error_deg > TOLD.0 * better.error_deg + TOLD.1;
    match (best(false), best(true)) {
        (Some(straight), Some(mirrored)) if told(straight, mirrored) => Ok(straight.clone()),
        (Some(straight), Some(mirrored)) if told(mirrored, straight) => Ok(mirrored.clone()),
        (Some(fit), None) | (None, Some(fit)) => Ok(fit.clone()),
        (Some(_), Some(_)) | (None, None) => Err(CalibrationError::TooAlike),
    }
}

/// The model with its picture in each of the ways it can lie, and the scale that its field of view has then (natural logarithm):
/// a picture on its side is as wide as it was high.
fn lies(lens: &LensModel) -> impl Iterator<Item = (LensModel, f64)> {
    let ways = [false, true]
        .into_iter()
        .flat_map(|mirrored| (0..4).map(move |quarter| (mirrored, quarter)));
    ways.map(|(mirrored, quarter)| {
        let on_its_side = quarter % 2 == 1;
        let turned = LensModel {
            roll_deg: lens.roll_deg + 90.0 * f64::from(quarter),
            mirrored,
            aspect: if on_its_side { 1.0 / lens.aspect } else { lens.aspect },
            ..lens.clone()
        };
        (turned, if on_its_side { -lens.aspect.ln() } else { 0.0 })
    })
}

/// The best model near `lens` with its field of view scaled; `None` where the sightings do not tell the four numbers apart.
fn fit(lens: &LensModel, scale_ln: f64, sightings: &[Sighting]) -> Option<Calibration> {
    let mut found = [0.0, 0.0, 0.0, scale_ln];
    for _ in 0..ROUNDS {
        let residuals = residuals(lens, &found, sightings);
        let columns: [Vec<f64>; UNKNOWNS] = std::array::from_fn(|k| {
            let step = if k == 3 { 1e-5 } else { 1e-4 };
            let mut moved = found;
            moved[k] += step;
            let there = self::residuals(lens, &moved, sightings);
            there.iter().zip(&residuals).map(|(a, b)| (a - b) / step).collect()
        });
        let change = solve(&columns, &residuals)?;
        for (value, change) in found.iter_mut().zip(change) {
            *value -= change;
        }
        if change.iter().all(|change| change.abs() < 1e-9) {
            break;
        }
    }
    let angles: Vec<f64> = sightings
        .iter()
        .map(|sighting| {
            let seen = unit(seen(lens, &found, sighting));
            seen.angle_between(unit(sighting.truly)).to_degrees()
        })
        .collect();
    let mean = angles.iter().map(|angle| angle * angle).sum::<f64>() / angles.len() as f64;
    if !mean.is_finite() || (found[3] - scale_ln).abs() > 1.0 {
        return None;
    }
    let shift = |[a, b]: [f64; 2], by: f64| [a + by, b + by];
    let scale = |hfov_deg: f64| scaled(hfov_deg, found[3]);
    let roll_deg = (lens.roll_deg + found[2] + 180.0).rem_euclid(360.0) - 180.0;
    Some(Calibration {
        lens: LensModel {
            pan_range_deg: shift(lens.pan_range_deg, found[0]),
            tilt_range_deg: shift(lens.tilt_range_deg, found[1]).map(|v| v.clamp(-90.0, 90.0)),
            hfov_by_zoom: lens
                .hfov_by_zoom
                .iter()
                .map(|[zoom, hfov]| [*zoom, scale(*hfov)])
                .collect(),
            roll_deg,
            ..lens.clone()
        },
        error_deg: mean.sqrt(),
        worst_deg: angles.into_iter().fold(0.0, f64::max),
    })
}

fn scaled(hfov_deg: f64, ln: f64) -> f64 {
    2.0 * ((hfov_deg.to_radians() / 2.0).tan() * ln.exp()).atan().to_degrees()
}

/// Where the model with these corrections sees the point.
fn seen(lens: &LensModel, corrections: &[f64; UNKNOWNS], sighting: &Sighting) -> Direction {
    let turned = LensModel {
        roll_deg: lens.roll_deg + corrections[2],
        ..lens.clone()
    };
    let pose = Pose {
        pan_deg: sighting.reported.pan_deg + corrections[0],
        tilt_deg: sighting.reported.tilt_deg + corrections[1],
        hfov_deg: scaled(sighting.reported.hfov_deg, corrections[3]),
    };
    direction_at(&turned, pose, sighting.at)
}

/// Differences between where the points are seen and where they lie, three for each (degrees, as short arcs).
fn residuals(lens: &LensModel, corrections: &[f64; UNKNOWNS], sightings: &[Sighting]) -> Vec<f64> {
    let difference = |sighting: &Sighting| {
        let off: DVec3 = unit(seen(lens, corrections, sighting)) - unit(sighting.truly);
        (off * 1f64.to_degrees()).to_array()
    };
    sightings.iter().flat_map(difference).collect()
}

/// Least squares by the normal equations; `None` when the columns do not tell the unknowns apart.
fn solve(columns: &[Vec<f64>; UNKNOWNS], right: &[f64]) -> Option<[f64; UNKNOWNS]> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut rows: [[f64; UNKNOWNS + 1]; UNKNOWNS] = std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            if j < UNKNOWNS {
                dot(&columns[i], &columns[j])
            } else {
                dot(&columns[i], right)
            }
        })
    });
    let largest = (0..UNKNOWNS).map(|i| rows[i][i].abs()).fold(0.0, f64::max);
    for k in 0..UNKNOWNS {
        let best = (k..UNKNOWNS).max_by(|a, b| rows[*a][k].abs().total_cmp(&rows[*b][k].abs()))?;
        rows.swap(k, best);
        if rows[k][k].abs() < 1e-7 * largest.max(1e-12) {
            return None;
        }
        let pivot = rows[k];
        for (_, row) in rows.iter_mut().enumerate().filter(|(i, _)| *i != k) {
            let factor = row[k] / pivot[k];
            for (value, above) in row.iter_mut().zip(&pivot).skip(k) {
                *value -= factor * above;
            }
        }
    }
    Some(std::array::from_fn(|k| rows[k][UNKNOWNS] / rows[k][k]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::privacy::test_dome::lens;
    use proptest::prelude::*;

    /// Four points as a dome that is off by this would show them; the first two beside the middle of the picture.
    fn sightings(offset: f64, tilt: f64, roll: f64, scale: f64, noise: &[f64]) -> Vec<Sighting> {
        let points = [
            ([10.0, -12.0], 50.0, [0.2, 0.3]),
            ([95.0, -20.0], 55.0, [0.8, 0.7]),
            ([-80.0, -8.0], 30.0, [0.5, 0.5]),
            ([170.0, -30.0], 40.0, [0.3, 0.8]),
        ];
        let one = |(i, ([pan, tilt_said], hfov, at)): (usize, ([f64; 2], f64, [f64; 2]))| {
            let true_lens = LensModel {
                roll_deg: roll,
                ..lens()
            };
            let pose = Pose {
                pan_deg: pan + offset,
                tilt_deg: tilt_said + tilt,
                hfov_deg: scaled(hfov, scale),
            };
            let truly = direction_at(&true_lens, pose, at);
            let n = |k: usize| noise.get(2 * i + k).copied().unwrap_or(0.0);
            Sighting {
                reported: Pose {
                    pan_deg: pan,
                    tilt_deg: tilt_said,
                    hfov_deg: hfov,
                },
                at,
                truly: Direction {
                    azimuth_deg: truly.azimuth_deg + n(0),
                    elevation_deg: truly.elevation_deg + n(1),
                },
            }
        };
        points.into_iter().enumerate().map(one).collect()
    }

    /// The sightings of a picture that lies otherwise: where a point was, it is now there.
    fn moved(sightings: &[Sighting], to: impl Fn([f64; 2]) -> [f64; 2]) -> Vec<Sighting> {
        let moved = |sighting: &Sighting| Sighting {
            at: to(sighting.at),
            ..*sighting
        };
        sightings.iter().map(moved).collect()
    }

    #[test]
    fn a_picture_that_was_turned_or_mirrored_is_calibrated_as_it_lies() {
        let planned = sightings(12.0, 1.0, 2.0, 0.03, &[]);
        type Way = fn([f64; 2]) -> [f64; 2];
        // A point of a picture that is turned clockwise by a quarter is as far from its left as it was from the bottom.
        let ways: [(Way, f64, bool, bool); 5] = [
            (|at| at, 2.0, false, false),
            (|[x, y]| [1.0 - x, 1.0 - y], -178.0, false, false),
            (|[x, y]| [1.0 - x, y], 2.0, true, false),
            (|[x, y]| [x, 1.0 - y], -178.0, true, false),
            (|[x, y]| [1.0 - y, x], -88.0, false, true),
        ];
        for (way, roll_deg, mirrored, on_its_side) in ways {
            let found = calibrate(&lens(), &moved(&planned, way)).unwrap();
            assert!(found.worst_deg < 1e-4, "{found:?}");
            assert!((found.lens.roll_deg - roll_deg).abs() < 1e-3, "{found:?}");
            assert_eq!(found.lens.mirrored, mirrored);
            let high = found.lens.aspect < 1.0;
            assert_eq!(high, on_its_side);
            assert!((found.lens.pan_range_deg[0] + 180.0 - 12.0).abs() < 1e-3);
        }
    }

    #[test]
    fn points_on_the_upright_of_the_picture_do_not_tell_it_from_its_mirror_image() {
        let all = sightings(5.0, 0.0, 0.0, 0.0, &[]);
        let upright: Vec<_> = all
            .iter()
            .zip([0.1, 0.3, 0.8, 0.9])
            .map(|(sighting, y)| Sighting {
                at: [0.5, y],
                truly: direction_at(
                    &lens(),
                    Pose {
                        pan_deg: sighting.reported.pan_deg + 5.0,
                        ..sighting.reported
                    },
                    [0.5, y],
                ),
                ..*sighting
            })
            .collect();
        assert_eq!(calibrate(&lens(), &upright), Err(CalibrationError::TooAlike));
    }

    proptest! {
        #[test]
        fn four_points_give_offset_tilt_roll_and_scale_back(
            offset in -40.0f64..40.0, tilt in -4.0f64..4.0, roll in -8.0f64..8.0, scale in -0.1f64..0.1,
        ) {
            let found = calibrate(&lens(), &sightings(offset, tilt, roll, scale, &[])).unwrap();
            prop_assert!(found.worst_deg < 1e-4, "{found:?}");
            prop_assert!((found.lens.pan_range_deg[0] + 180.0 - offset).abs() < 1e-3);
            prop_assert!((found.lens.roll_deg - roll).abs() < 1e-3);
            prop_assert!((found.lens.widest_hfov_deg() - scaled(62.0, scale)).abs() < 1e-3);
        }

        #[test]
        fn the_error_told_is_about_the_error_made(noise in proptest::collection::vec(-0.3f64..0.3, 8)) {
            let found = calibrate(&lens(), &sightings(12.0, 1.0, 2.0, 0.03, &noise)).unwrap();
            prop_assert!(found.error_deg < 0.45 && found.worst_deg >= found.error_deg);
        }
    }

    #[test]
    fn too_few_or_too_like_points_give_no_model() {
        let all = sightings(5.0, 0.0, 0.0, 0.0, &[]);
        assert_eq!(calibrate(&lens(), &all[..3]), Err(CalibrationError::TooFew));
        // Everything in the middle of the picture: nothing tells the roll or the field of view.
        let middle: Vec<_> = all
            .iter()
            .map(|sighting| Sighting {
                at: [0.5, 0.5],
                truly: Direction {
                    azimuth_deg: sighting.reported.pan_deg + 5.0,
                    elevation_deg: sighting.reported.tilt_deg,
                },
                ..*sighting
            })
            .collect();
        assert_eq!(calibrate(&lens(), &middle), Err(CalibrationError::TooAlike));
    }
}
