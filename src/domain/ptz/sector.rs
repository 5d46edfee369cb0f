//! Sectors: polygons of directions with a rule of their own, and how far a direction lies from one.
//!
//! Invariant: a sector that cannot be cut into pieces is everywhere, so its rule holds in every direction.
//! Deliberately absent: poses and commands (see `ceiling_by_place`).

use crate::domain::camera::{Direction, MaskId};
use crate::domain::privacy::Interval;
use crate::domain::privacy::camera_geometry::unit;
use crate::domain::privacy::mask::{Piece, pieces_or_hull};
use glam::DVec3;
use serde::{Deserialize, Serialize};

/// Most parts a pan and a tilt interval are divided into.
const MOST_PARTS: [f64; 2] = [24.0, 12.0];
/// Half of a part is no wider than this when there are enough parts, degrees.
const GRAIN_DEG: f64 = 1.0;

/// A part of the sphere around a dome where something stricter holds than elsewhere (R-PTZ-1, R-PTZ-2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sector {
    pub id: MaskId,
    /// In words: «Cortile di via Roma 4».
    pub name: String,
    pub rule: SectorRule,
    /// At least three directions, each side shorter than 90°.
    pub corners: Vec<Direction>,
}

/// The rules a sector may have.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SectorRule {
    /// The dome is never pointed into the sector, and the part of a picture that shows the sector is covered like a
    /// permanent mask.
    NoLook,
    /// Highest magnification over the widest view while any part of the sector is in the picture, ×.
    ZoomCeiling(f64),
    /// Highest density while any part of the sector is in the picture, pixels per metre at its nearest ground (EN
    /// 62676-4).
    DensityCeiling(f64),
}

/// A sector cut into convex pieces; `None` pieces: it is everywhere.
#[derive(Debug, Clone)]
pub struct Region(Option<Vec<Piece>>);

impl Region {
    /// Cuts the polygon once.
    pub fn new(corners: &[Direction]) -> Self {
        Self(pieces_or_hull(corners).ok())
    }

    /// Whether an axis inside these intervals may come within `reach` (radians) of the region. May say yes too early,
    /// never no too late.
    pub fn may_be_near(&self, pan: Interval, tilt: Interval, reach: f64) -> bool {
        let Some(pieces) = &self.0 else { return true };
        let axis = |pan: f64, tilt: f64| {
            unit(Direction {
                azimuth_deg: pan,
                elevation_deg: tilt,
            })
        };
        let halves = [pan.half_width(), tilt.half_width()];
        let whole = (halves[0] + halves[1]).to_radians();
        let middle = axis(pan.middle(), tilt.middle());
        let parts: [u32; 2] = std::array::from_fn(|i| (halves[i] / GRAIN_DEG).ceil().clamp(1.0, MOST_PARTS[i]) as u32);
        let slack = (halves[0] / f64::from(parts[0]) + halves[1] / f64::from(parts[1])).to_radians();
        let part = |interval: Interval, i: u32, of: u32| interval.at((f64::from(i) + 0.5) / f64::from(of));
        pieces
            .iter()
            .filter(|piece| piece.centre.angle_between(middle) <= piece.radius + reach + whole)
            .any(|piece| {
                (0..parts[0]).any(|i| {
                    (0..parts[1]).any(|j| {
                        let axis = axis(part(pan, i, parts[0]), part(tilt, j, parts[1]));
                        distance(piece, axis) <= reach + slack
                    })
                })
            })
    }

    /// Angle from the region to a direction, radians; 0 inside and for a region that is everywhere.
    pub fn distance(&self, to: Direction) -> f64 {
        let ray = unit(to);
        let pieces = self.0.as_deref().unwrap_or_default();
        let nearest = pieces
            .iter()
            .map(|piece| distance(piece, ray))
            .fold(f64::INFINITY, f64::min);
        if nearest.is_finite() { nearest } else { 0.0 }
    }

    /// Angle from the middle of the region to a direction, radians: what grows when the dome turns away from it.
    pub fn away_from_middle(&self, to: Direction) -> f64 {
        let pieces = self.0.as_deref().unwrap_or_default();
        let middle: DVec3 = pieces.iter().map(|piece| piece.centre).sum();
        middle.normalize_or(DVec3::Z).angle_between(unit(to))
    }
}

/// Angle from a convex piece to a unit vector, radians; 0 inside.
fn distance(piece: &Piece, ray: DVec3) -> f64 {
    let corners = &piece.corners;
    let sides = || (0..corners.len()).map(|i| (corners[i], corners[(i + 1) % corners.len()]));
    let signed = || sides().map(|(a, b)| a.cross(b).dot(ray));
    if ray.dot(piece.centre) > 0.0 && (signed().all(|s| s >= 0.0) || signed().all(|s| s <= 0.0)) {
        return 0.0;
    }
    sides().map(|(a, b)| to_arc(a, b, ray)).fold(f64::INFINITY, f64::min)
}

/// Angle from the shorter arc of the great circle through `a` and `b` to a unit vector, radians.
fn to_arc(a: DVec3, b: DVec3, ray: DVec3) -> f64 {
    let normal = a.cross(b).normalize_or_zero();
    let foot = ray - normal * ray.dot(normal);
    let beside = a.cross(foot).dot(normal) >= 0.0 && foot.cross(b).dot(normal) >= 0.0;
    if beside && normal != DVec3::ZERO {
        ray.dot(normal).clamp(-1.0, 1.0).asin().abs()
    } else {
        ray.angle_between(a).min(ray.angle_between(b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(azimuth_deg: f64, elevation_deg: f64) -> Direction {
        Direction {
            azimuth_deg,
            elevation_deg,
        }
    }

    fn square() -> Vec<Direction> {
        vec![at(170.0, -5.0), at(-170.0, -5.0), at(-170.0, 5.0), at(170.0, 5.0)]
    }

    #[test]
    fn the_distance_is_zero_inside_and_an_angle_outside_also_across_the_seam() {
        let region = Region::new(&square());
        assert_eq!(region.distance(at(180.0, 0.0)), 0.0);
        assert_eq!(region.distance(at(-175.0, 3.0)), 0.0);
        assert!((region.distance(at(160.0, 0.0)).to_degrees() - 10.0).abs() < 0.1);
        assert!((region.distance(at(180.0, -25.0)).to_degrees() - 20.0).abs() < 0.3);
        // On the other side of the sphere.
        assert!(region.distance(at(0.0, 0.0)).to_degrees() > 150.0);
    }

    #[test]
    fn a_sector_that_cannot_be_cut_is_everywhere() {
        let region = Region::new(&[at(0.0, 0.0)]);
        let one = Interval { lo: 90.0, hi: 90.0 };
        assert!(region.may_be_near(one, Interval { lo: 0.0, hi: 0.0 }, 0.0));
        assert_eq!(region.distance(at(90.0, 0.0)), 0.0);
    }

    proptest! {
        #[test]
        fn an_axis_that_is_near_is_never_overlooked(
            pan in -200.0f64..200.0, tilt in -90.0f64..90.0, wide in 0.0f64..60.0, high in 0.0f64..30.0,
            x in 0.0f64..1.0, y in 0.0f64..1.0, reach in 0.0f64..0.4,
        ) {
            let region = Region::new(&square());
            let (pan, tilt) = (Interval { lo: pan - wide, hi: pan + wide }, Interval { lo: tilt - high, hi: tilt + high });
            let axis = at(pan.at(x), tilt.at(y).clamp(-90.0, 90.0));
            if region.distance(axis) <= reach {
                prop_assert!(region.may_be_near(pan, tilt, reach));
            }
        }
    }
}
