//! From directions to the picture: a perspective camera with pan, tilt, roll, field of view and aspect.
//!
//! World frame: x to the right of azimuth 0, y along azimuth 0, z upwards. Camera frame: x right, y up, z along the axis.
//! A side of a mask is the *great-circle arc* between its two directions, so it is a straight line in every picture; its
//! inside is the part that fits into a cap of less than 90°. Polygons are cut at the frustum before the division by z, so
//! nothing behind the camera ever comes near it. Deliberately absent: uncertainty (see `cover`), lens distortion.

use super::convex::Point;
use crate::domain::camera::{Direction, LensModel, Pose};
use glam::DVec3;

/// The unit vector of a direction.
pub fn unit(direction: Direction) -> DVec3 {
    let (sin_a, cos_a) = direction.azimuth_deg.to_radians().sin_cos();
    let (sin_e, cos_e) = direction.elevation_deg.to_radians().sin_cos();
    DVec3::new(cos_e * sin_a, cos_e * cos_a, sin_e)
}

/// The direction of a vector (not zero).
pub fn direction(v: DVec3) -> Direction {
    Direction {
        azimuth_deg: v.x.atan2(v.y).to_degrees(),
        elevation_deg: v.z.atan2(v.x.hypot(v.y)).to_degrees(),
    }
}

/// The axes of a camera in the world frame.
#[derive(Debug, Clone, Copy)]
pub struct Axes {
    pub right: DVec3,
    pub up: DVec3,
    pub forward: DVec3,
}

impl Axes {
    /// The axes at a pan and tilt; well defined straight up and down too. `roll_deg` turns the camera clockwise as seen
    /// from behind it.
    pub fn new(pan_deg: f64, tilt_deg: f64, roll_deg: f64) -> Self {
        let (sin_p, cos_p) = pan_deg.to_radians().sin_cos();
        let (sin_t, cos_t) = tilt_deg.to_radians().sin_cos();
        let forward = DVec3::new(cos_t * sin_p, cos_t * cos_p, sin_t);
        let right = DVec3::new(cos_p, -sin_p, 0.0);
        let up = DVec3::new(-sin_t * sin_p, -sin_t * cos_p, cos_t);
        let (sin_r, cos_r) = roll_deg.to_radians().sin_cos();
        Self {
            right: right * cos_r - up * sin_r,
            up: right * sin_r + up * cos_r,
            forward,
        }
    }

    /// A world vector in the camera frame.
    pub fn to_camera(&self, v: DVec3) -> DVec3 {
        DVec3::new(v.dot(self.right), v.dot(self.up), v.dot(self.forward))
    }

    /// A camera-frame vector in the world frame.
    pub fn to_world(&self, v: DVec3) -> DVec3 {
        self.right * v.x + self.up * v.y + self.forward * v.z
    }
}

/// Roll of the picture: the mounting roll, and half a turn for a camera that hangs upside down.
pub fn roll_deg(lens: &LensModel) -> f64 {
    lens.roll_deg + if lens.upside_down { 180.0 } else { 0.0 }
}

/// How a picture lies about the axis of its lens: turned, then flipped.
#[derive(Debug, Clone, Copy)]
pub struct Lie {
    roll_deg: f64,
    mirrored: bool,
}

impl Lie {
    /// As the lens model has it.
    pub fn of(lens: &LensModel) -> Self {
        Self {
            roll_deg: roll_deg(lens),
            mirrored: lens.mirrored,
        }
    }

    /// The axes of the picture at a pan and tilt. Those of a mirrored picture are left-handed: its right is the world's left.
    pub fn axes(&self, pan_deg: f64, tilt_deg: f64) -> Axes {
        let axes = Axes::new(pan_deg, tilt_deg, self.roll_deg);
        Axes {
            right: if self.mirrored { -axes.right } else { axes.right },
            ..axes
        }
    }
}

/// The pyramid a picture sees, by the tangents of half its width and height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frustum {
    pub half_width: f64,
    pub half_height: f64,
}

impl Frustum {
    /// The frustum at a horizontal field of view.
    pub fn new(hfov_deg: f64, aspect: f64) -> Self {
        let half_width = (hfov_deg.to_radians() / 2.0).tan();
        Self {
            half_width,
            half_height: half_width / aspect,
        }
    }

    /// Angle from the axis to a corner, radians.
    pub fn half_diagonal(&self) -> f64 {
        self.half_width.hypot(self.half_height).atan()
    }

    /// A point of the plane `z = 1` in picture coordinates.
    pub fn to_picture(&self, p: Point) -> Point {
        [0.5 + 0.5 * p[0] / self.half_width, 0.5 - 0.5 * p[1] / self.half_height]
    }

    /// Cuts a convex cone, given by the rays of its ring, to this frustum, in place.
    pub fn clip(&self, ring: &mut Vec<DVec3>, spare: &mut Vec<DVec3>) {
        let (w, h) = (self.half_width, self.half_height);
        for plane in [
            DVec3::new(1.0, 0.0, w),
            DVec3::new(-1.0, 0.0, w),
            DVec3::new(0.0, 1.0, h),
            DVec3::new(0.0, -1.0, h),
        ] {
            if ring.iter().any(|ray| plane.dot(*ray) < 0.0) {
                clip_cone(ring, plane, spare);
                std::mem::swap(ring, spare);
            }
        }
    }
}

/// The part of a convex cone on the positive side of a plane through the origin, into `out`.
pub fn clip_cone(ring: &[DVec3], plane: DVec3, out: &mut Vec<DVec3>) {
    out.clear();
    let Some(&last) = ring.last() else { return };
    let (mut before, mut before_side) = (last, plane.dot(last));
    for &ray in ring {
        let here = plane.dot(ray);
        if (before_side < 0.0) != (here < 0.0) {
            out.push(before + (ray - before) * (before_side / (before_side - here)));
        }
        if here >= 0.0 {
            out.push(ray);
        }
        (before, before_side) = (ray, here);
    }
}

/// Where a direction lies in the picture at a pose; `None` behind the camera. May lie outside 0..1.
pub fn project(lens: &LensModel, pose: Pose, seen: Direction) -> Option<Point> {
    let v = Lie::of(lens).axes(pose.pan_deg, pose.tilt_deg).to_camera(unit(seen));
    (v.z > 1e-9).then(|| Frustum::new(pose.hfov_deg, lens.aspect).to_picture([v.x / v.z, v.y / v.z]))
}

/// Which direction a point of the picture shows at a pose.
pub fn direction_at(lens: &LensModel, pose: Pose, at: Point) -> Direction {
    let frustum = Frustum::new(pose.hfov_deg, lens.aspect);
    let x = (at[0] - 0.5) * 2.0 * frustum.half_width;
    let y = (0.5 - at[1]) * 2.0 * frustum.half_height;
    direction(
        Lie::of(lens)
            .axes(pose.pan_deg, pose.tilt_deg)
            .to_world(DVec3::new(x, y, 1.0)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn lens(roll_deg: f64, upside_down: bool) -> LensModel {
        LensModel {
            pan_range_deg: [-180.0, 180.0],
            tilt_range_deg: [-90.0, 90.0],
            hfov_by_zoom: vec![[0.0, 62.0], [1.0, 1.5]],
            aspect: 16.0 / 9.0,
            roll_deg,
            upside_down,
            mirrored: false,
        }
    }

    fn at(azimuth_deg: f64, elevation_deg: f64) -> Direction {
        Direction {
            azimuth_deg,
            elevation_deg,
        }
    }

    fn near(a: Option<Point>, b: Point) {
        let a = a.unwrap();
        assert!(
            (a[0] - b[0]).abs() < 1e-9 && (a[1] - b[1]).abs() < 1e-9,
            "{a:?} is not {b:?}"
        );
    }

    #[test]
    fn right_is_right_and_up_is_up() {
        let pose = Pose {
            pan_deg: 40.0,
            tilt_deg: 0.0,
            hfov_deg: 60.0,
        };
        near(project(&lens(0.0, false), pose, at(40.0, 0.0)), [0.5, 0.5]);
        near(project(&lens(0.0, false), pose, at(70.0, 0.0)), [1.0, 0.5]);
        near(project(&lens(0.0, false), pose, at(10.0, 0.0)), [0.0, 0.5]);
        let above = project(&lens(0.0, false), pose, at(40.0, 10.0)).unwrap();
        assert!(above[1] < 0.5 && (above[0] - 0.5).abs() < 1e-9);
        assert_eq!(project(&lens(0.0, false), pose, at(-140.0, 0.0)), None);
    }

    #[test]
    fn a_camera_rolled_clockwise_sees_the_world_turned_the_other_way() {
        let pose = Pose {
            pan_deg: 0.0,
            tilt_deg: 0.0,
            hfov_deg: 60.0,
        };
        // Rolled by 90° clockwise, what lies to the right of the axis appears above its centre.
        let seen = project(&lens(90.0, false), pose, at(5.0, 0.0)).unwrap();
        assert!((seen[0] - 0.5).abs() < 1e-9 && seen[1] < 0.5);
        let seen = project(&lens(0.0, true), pose, at(5.0, 3.0)).unwrap();
        assert!(seen[0] < 0.5 && seen[1] > 0.5);
    }

    #[test]
    fn the_seam_at_180_degrees_is_no_seam() {
        let pose = Pose {
            pan_deg: 179.0,
            tilt_deg: -5.0,
            hfov_deg: 40.0,
        };
        let turned = Pose {
            pan_deg: -181.0,
            ..pose
        };
        let seen = project(&lens(0.0, false), pose, at(-178.0, -4.0)).unwrap();
        near(project(&lens(0.0, false), turned, at(182.0, -4.0)), seen);
    }

    proptest! {
        #[test]
        fn a_point_of_the_picture_and_its_direction_agree(
            pan in -180.0f64..180.0, tilt in -90.0f64..90.0, hfov in 1.5f64..80.0, roll in -180.0f64..180.0,
            upside_down in any::<bool>(), x in 0.0f64..1.0, y in 0.0f64..1.0,
        ) {
            let pose = Pose { pan_deg: pan, tilt_deg: tilt, hfov_deg: hfov };
            let lens = lens(roll, upside_down);
            let back = project(&lens, pose, direction_at(&lens, pose, [x, y])).unwrap();
            prop_assert!((back[0] - x).abs() < 1e-8 && (back[1] - y).abs() < 1e-8);
        }
    }
}
