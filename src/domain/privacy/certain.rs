//! The part of a picture that a mask covers at every pose that is possible.
//!
//! It only says how a cover looks (what is surely masked, and what only perhaps): the [`cover`](super::cover()) hides all of it
//! already. So it may be reckoned by the poses at the corners of the box alone.
//! Invariant: a convex ring inside the picture, or nothing. Deliberately absent: hiding.

use super::PoseInterval;
use super::camera_geometry::{Axes, Frustum, Lie};
use super::convex::{self, Point};
use super::mask::Piece;
use crate::domain::camera::LensModel;

/// What the piece covers at every corner of a box of poses, in picture coordinates; empty when there is no such place.
pub fn ring(lens: &LensModel, poses: &PoseInterval, piece: &Piece) -> Vec<Point> {
    let mut left: Vec<Point> = vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
    let mut spare = Vec::new();
    for pan in [poses.pan.lo, poses.pan.hi] {
        for tilt in [poses.tilt.lo, poses.tilt.hi] {
            let axes = Lie::of(lens).axes(pan, tilt);
            for hfov in [poses.hfov.lo, poses.hfov.hi] {
                let Some(seen) = seen(piece, &axes, &Frustum::new(hfov, lens.aspect)) else {
                    return Vec::new();
                };
                for i in 0..seen.len() {
                    let ([ax, ay], [bx, by]) = (seen[i], seen[(i + 1) % seen.len()]);
                    // The inner side of a ring that turns counter-clockwise is on the left.
                    let line = [ay - by, bx - ax, ax * by - bx * ay];
                    convex::clip(&left, line, &mut spare);
                    std::mem::swap(&mut left, &mut spare);
                }
                if left.len() < 3 {
                    return Vec::new();
                }
            }
        }
    }
    left
}

/// The piece in the picture, not clipped, counter-clockwise by its coordinates; `None` when a part of it is beside or behind
/// the camera.
fn seen(piece: &Piece, axes: &Axes, frustum: &Frustum) -> Option<Vec<Point>> {
    let mut ring = Vec::with_capacity(piece.corners.len());
    for corner in &piece.corners {
        let ray = axes.to_camera(*corner);
        if ray.z < 0.02 {
            return None;
        }
        ring.push(frustum.to_picture([ray.x / ray.z, ray.y / ray.z]));
    }
    if convex::area(&ring) < 0.0 {
        ring.reverse();
    }
    Some(ring)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::camera::Direction;
    use crate::domain::privacy::test_dome::{dome_plan, lens, tight};
    use crate::domain::privacy::{Cover, Interval, PoseKnowledge, PreparedMasks};

    fn poses(half_pan: f64) -> PoseKnowledge {
        let near = |v: f64, half: f64| Interval {
            lo: v - half,
            hi: v + half,
        };
        PoseKnowledge::Within(PoseInterval {
            pan: near(0.0, half_pan),
            tilt: near(-10.0, 0.1),
            hfov: near(60.0, 0.0),
        })
    }

    #[test]
    fn an_uncertain_cover_tells_what_is_surely_masked_from_what_may_be() {
        let corner = |azimuth_deg, elevation_deg| Direction {
            azimuth_deg,
            elevation_deg,
        };
        let house = vec![
            corner(-8.0, -14.0),
            corner(8.0, -14.0),
            corner(8.0, -6.0),
            corner(-8.0, -6.0),
        ];
        let masks = PreparedMasks::new(&dome_plan(tight(), lens(), vec![house]));
        let widths = |half_pan: f64| -> Vec<(bool, f32)> {
            let Cover::Parts(parts) = masks.cover(&poses(half_pan)) else {
                unreachable!("whole")
            };
            let width = |points: &[[f32; 2]]| {
                let xs = points.iter().map(|p| p[0]);
                xs.clone().fold(0.0, f32::max) - xs.fold(1.0, f32::min)
            };
            parts.iter().map(|part| (part.band, width(&part.points))).collect()
        };
        assert_eq!(widths(0.1).len(), 1, "a pose that is known has no band");
        assert!(!widths(0.1)[0].0);
        let uncertain = widths(4.0);
        assert_eq!(
            uncertain.iter().map(|(band, _)| *band).collect::<Vec<_>>(),
            [true, false]
        );
        assert!(
            uncertain[0].1 > 0.34 && (0.1..0.16).contains(&uncertain[1].1),
            "{uncertain:?}"
        );
        assert_eq!(widths(12.0).len(), 1, "nothing is surely masked");
    }
}
