//! A camera's view: from a mount and a pose to a perspective picture.
//!
//! Invariant: exactly the lens model of `domain::camera`: horizontal field of view across the whole width, square
//! pixels, pan positive to the right, tilt positive upwards, no distortion.

use super::camera_site::Mount;
use crate::domain::camera::{Direction, Pose};
use crate::sim::makes::Turned;
use glam::DVec3;

/// A view of the town, ready for projection.
#[derive(Debug, Clone, Copy)]
pub struct View {
    pub eye: DVec3,
    pub right: DVec3,
    pub up: DVec3,
    pub forward: DVec3,
    pub width: usize,
    pub height: usize,
    /// Pixels per unit of tangent.
    pub focal: f64,
    /// Elevation of the optical axis, degrees.
    pub tilt_deg: f64,
    /// How the picture is turned once it is painted, time code excepted.
    pub turned: Turned,
}

impl View {
    /// The view of a camera at `mount` in `pose`, in a picture of `width` × `height` pixels.
    pub fn new(mount: &Mount, pose: Pose, width: usize, height: usize) -> Self {
        let azimuth = (mount.heading_deg + pose.pan_deg).to_radians();
        let tilt = pose.tilt_deg.to_radians();
        let forward = DVec3::new(azimuth.sin() * tilt.cos(), azimuth.cos() * tilt.cos(), tilt.sin());
        let right = DVec3::new(azimuth.cos(), -azimuth.sin(), 0.0);
        Self {
            eye: DVec3::from(mount.position_m),
            right,
            up: right.cross(forward),
            forward,
            width,
            height,
            focal: width as f64 / 2.0 / (pose.hfov_deg.to_radians() / 2.0).tan(),
            tilt_deg: pose.tilt_deg,
            turned: Turned::Upright,
        }
    }

    /// View whose picture is turned so.
    pub fn turned(self, turned: Turned) -> Self {
        Self { turned, ..self }
    }

    /// `point` in the camera's frame: right, up, forward. Metres.
    pub fn to_camera(&self, point: DVec3) -> DVec3 {
        let seen = point - self.eye;
        DVec3::new(seen.dot(self.right), seen.dot(self.up), seen.dot(self.forward))
    }

    /// Whether anything of a ball may be in the picture (never wrongly no).
    pub fn may_see(&self, centre: DVec3, radius_m: f64) -> bool {
        let at = self.to_camera(centre);
        let inside = |offset: f64, half_pixels: f64| {
            let tangent = half_pixels / self.focal;
            offset.abs() <= at.z * tangent + radius_m * (1.0 + tangent * tangent).sqrt()
        };
        at.z > -radius_m && inside(at.x, self.width as f64 / 2.0) && inside(at.y, self.height as f64 / 2.0)
    }

    /// Where a point of the camera's frame (in front of it) lies in the picture, pixels.
    pub fn to_picture(&self, camera: DVec3) -> [f64; 2] {
        [
            self.width as f64 / 2.0 + self.focal * camera.x / camera.z,
            self.height as f64 / 2.0 - self.focal * camera.y / camera.z,
        ]
    }
}

/// The direction from `mount` to `point`, in the frame of the mount.
pub fn direction(mount: &Mount, point: DVec3) -> Direction {
    let seen = point - DVec3::from(mount.position_m);
    let azimuth = seen.x.atan2(seen.y).to_degrees() - mount.heading_deg;
    Direction {
        azimuth_deg: (azimuth + 180.0).rem_euclid(360.0) - 180.0,
        elevation_deg: seen.z.atan2(seen.x.hypot(seen.y)).to_degrees(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_is_the_centre_and_half_the_field_of_view_is_the_edge() {
        let mount = Mount {
            position_m: [3.0, -4.0, 7.0],
            heading_deg: 30.0,
        };
        let pose = Pose {
            pan_deg: 50.0,
            tilt_deg: -20.0,
            hfov_deg: 40.0,
        };
        let view = View::new(&mount, pose, 640, 360);
        let axis = view.eye + view.forward * 9.0;
        let seen = direction(&mount, axis);
        assert!((seen.azimuth_deg - 50.0).abs() < 1e-9 && (seen.elevation_deg + 20.0).abs() < 1e-9);
        let edge = view.eye + view.forward + view.right * 20f64.to_radians().tan();
        let [x, y] = view.to_picture(view.to_camera(edge));
        assert!((x - 640.0).abs() < 1e-9 && (y - 180.0).abs() < 1e-9);
    }
}
