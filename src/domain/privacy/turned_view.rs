//! What a picture may show that lies otherwise than planned, told by the axis of its lens alone.
//!
//! A rotation, a flip or a crop changes where a direction lies in the picture and not where the lens looks: however the picture lies
//! about the axis, it shows nothing farther from it than its corners are. Whoever calibrates the dome anew may see pictures by
//! that, and everybody else none (R-PRV-1).
//!
//! Invariant: where the positions of the motors may mean something else than planned, nothing is known. Deliberately absent: the
//! comparison (`site::orientation`), who sees such pictures (the station).

use super::camera_geometry::Frustum;
use crate::domain::camera::LensModel;
use crate::domain::site::Orientation;
use crate::domain::site::orientation::{OrientationPart, PositionSpace};

/// The farthest from the axis of the lens that anything in the picture lies, radians; it lies as `seen` and was `planned`
/// otherwise, where it had a horizontal field of view of `hfov_deg` at most. `None`: the pose is not known.
pub fn reach(planned: &Orientation, seen: &Orientation, lens: &LensModel, hfov_deg: f64) -> Option<f64> {
    let mut hfov_deg = hfov_deg;
    let mut bounds = None;
    for part in planned.differences(seen) {
        match part {
            OrientationPart::Rotation | OrientationPart::Mirror | OrientationPart::EFlip => {}
            OrientationPart::Bounds => bounds = Some((planned.bounds?, seen.bounds?)),
            // The zoom may count otherwise; the widest that the lens sees is all that is sure.
            OrientationPart::Spaces if turns(planned).eq(turns(seen)) => hfov_deg = lens.widest_hfov_deg(),
            OrientationPart::Spaces | OrientationPart::Reverse | OrientationPart::ViewMode => return None,
        }
    }
    let frustum = Frustum::new(hfov_deg, lens.aspect);
    match bounds {
        None => Some(frustum.half_diagonal()),
        Some((planned, seen)) => cropped(&frustum, planned, seen),
    }
}

/// The spaces of pan and tilt: what a position means.
fn turns(orientation: &Orientation) -> impl Iterator<Item = &PositionSpace> {
    orientation.spaces.iter().filter(|space| space.y.is_some())
}

/// How far the corners of `seen` lie from the middle of `planned`, which `frustum` filled. Both in the device's units.
fn cropped(frustum: &Frustum, planned: [i64; 4], seen: [i64; 4]) -> Option<f64> {
    let [left, top, width, height] = planned.map(|v| v as f64);
    let [x, y, w, h] = seen.map(|v| v as f64);
    if width <= 0.0 || height <= 0.0 || w <= 0.0 || h <= 0.0 {
        return None;
    }
    let off = |near: f64, far: f64, middle: f64, half: f64| (near - middle).abs().max((far - middle).abs()) / half;
    let right = off(x, x + w, left + width / 2.0, width / 2.0) * frustum.half_width;
    let up = off(y, y + h, top + height / 2.0, height / 2.0) * frustum.half_height;
    Some(right.hypot(up).atan())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::camera::{Direction, Pose};
    use crate::domain::privacy::camera_geometry::{direction_at, unit};
    use crate::domain::privacy::test_dome::lens;
    use crate::domain::site::orientation::Rotation;

    fn planned() -> Orientation {
        Orientation {
            rotation: Some(Rotation::Fixed(0)),
            mirror: Some(false),
            bounds: Some([0, 0, 1600, 900]),
            ..Orientation::default()
        }
    }

    /// The farthest of the picture's corners from where the lens looks, radians.
    fn farthest(lens: &LensModel, hfov_deg: f64) -> f64 {
        let pose = Pose {
            pan_deg: 40.0,
            tilt_deg: -20.0,
            hfov_deg,
        };
        let axis = unit(Direction {
            azimuth_deg: 40.0,
            elevation_deg: -20.0,
        });
        let corners = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        let far = corners.map(|at| unit(direction_at(lens, pose, at)).angle_between(axis));
        far.into_iter().fold(0.0, f64::max)
    }

    #[test]
    fn r_prv_1_however_the_picture_is_turned_or_flipped_it_shows_nothing_beyond_its_reach() {
        let seen = Orientation {
            rotation: Some(Rotation::Fixed(90)),
            mirror: Some(true),
            ..planned()
        };
        let reach = reach(&planned(), &seen, &lens(), 50.0).unwrap();
        for (roll_deg, mirrored) in [(0.0, false), (180.0, false), (17.0, true), (90.0, true)] {
            let lies = LensModel {
                roll_deg,
                mirrored,
                ..lens()
            };
            assert!(farthest(&lies, 50.0) <= reach + 1e-9);
        }
        let half_width = (25.0f64.to_radians().tan() / lens().aspect).atan().to_degrees();
        let on_its_side = LensModel {
            roll_deg: 90.0,
            aspect: 1.0 / lens().aspect,
            ..lens()
        };
        assert!(farthest(&on_its_side, 2.0 * half_width) <= reach + 1e-9);
    }

    #[test]
    fn r_prv_1_a_picture_that_shows_more_of_the_sensor_reaches_farther() {
        let of = |bounds| {
            let seen = Orientation {
                bounds: Some(bounds),
                ..planned()
            };
            reach(&planned(), &seen, &lens(), 50.0)
        };
        let before = Frustum::new(50.0, lens().aspect);
        let half = of([400, 225, 800, 450]).unwrap();
        assert!((half.tan() - before.half_width.hypot(before.half_height) / 2.0).abs() < 1e-9);
        // Twice as wide to one side.
        let wide = of([0, 0, 3200, 900]).unwrap();
        assert!((wide.tan() - (3.0 * before.half_width).hypot(before.half_height)).abs() < 1e-9);
        assert_eq!(of([0, 0, 0, 900]), None);
    }

    #[test]
    fn r_prv_1_where_positions_may_mean_something_else_nothing_is_known() {
        type Change = fn(&mut Orientation);
        let space = |uri: &str, y| PositionSpace {
            uri: uri.into(),
            x: [-1.0, 1.0],
            y,
        };
        let mut before = planned();
        before.spaces = vec![space("pan", Some([-1.0, 1.0])), space("zoom", None)];
        let changes: [(Change, Option<f64>); 6] = [
            (|now| now.reverse = Some("ON".into()), None),
            (|now| now.view_mode = Some("tt:Quad".into()), None),
            (|now| now.bounds = None, None),
            (|now| now.spaces[0].x = [0.0, 1.0], None),
            (|now| now.spaces[1].x = [0.0, 2.0], Some(lens().widest_hfov_deg())),
            (|now| now.e_flip = Some("ON".into()), Some(20.0)),
        ];
        for (change, hfov_deg) in changes {
            let mut now = before.clone();
            change(&mut now);
            let wide = hfov_deg.map(|hfov_deg| Frustum::new(hfov_deg, lens().aspect).half_diagonal());
            assert_eq!(reach(&before, &now, &lens(), 20.0), wide, "{now:?}");
        }
    }
}
