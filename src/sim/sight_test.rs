//! What lets a program count what is seen of a dome's picture: walkers at known directions in a colour of their own, and a
//! tint over everything else of the town.
//!
//! Invariant: an untouched sight test changes no pixel; a tint leaves the reserved hue and the walkers' colour as they are, so
//! leaks are found in a tinted picture too. Walkers are drawn in front of everything: only a cover of the client hides one.
//! Deliberately absent: pictures of fixed cameras, which are clips, and recordings.

use super::town::{Mount, View, direction};
use crate::domain::camera::Direction;
use glam::DVec3;
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, PoisonError};

/// The colour of the walkers: full green, 8-bit sRGB.
pub const RGB: [u8; 3] = [0, 255, 0];
/// Size of a walker: across and up, metres.
pub const SIZE_M: [f64; 2] = [0.6, 1.75];
/// Walkers at a time.
const MOST: usize = 8;
/// Pictures draw a walker this much nearer and smaller, so that nothing stands before it.
const NEARER: f64 = 0.05;

/// Whether an 8-bit sRGB pixel is of a walker, with room for coding and scaling. Nothing in the interface's colours is.
pub fn is_walker([r, g, b]: [u8; 3]) -> bool {
    g >= 90 && g.saturating_sub(r) >= 60 && g.saturating_sub(b) >= 60
}

/// Whether an 8-bit sRGB pixel is of the tinted town: blue clearly below green, red near green. Greys, text and covers are
/// not.
pub fn is_tinted([r, g, b]: [u8; 3]) -> bool {
    g.saturating_sub(b) >= 12 && r.saturating_add(60) >= g
}

/// Somebody who walks around a camera, on the ground, at a steady rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Walker {
    pub name: String,
    /// Metres in the town frame, of what is walked around; the height is that of the eye.
    #[serde(skip)]
    pub around_m: [f64; 3],
    /// Compass azimuth at the start, degrees.
    #[serde(skip)]
    pub azimuth_deg: f64,
    /// Of the walker's middle, below 0, degrees.
    pub elevation_deg: f64,
    /// Positive to the right.
    pub speed_deg_s: f64,
    /// Start of the walk, Unix milliseconds; before it the walker stands.
    pub since_ms: u64,
}

impl Walker {
    /// Foot of the walker at a moment, metres in the town frame.
    fn foot(&self, unix_ms: u64) -> DVec3 {
        let seconds = unix_ms.saturating_sub(self.since_ms) as f64 / 1_000.0;
        let azimuth = (self.azimuth_deg + self.speed_deg_s * seconds).to_radians();
        let [east, north, height] = self.around_m;
        let below = (height - SIZE_M[1] / 2.0).max(0.1);
        let away = below / (-self.elevation_deg).max(1.0).to_radians().tan();
        DVec3::new(east + away * azimuth.sin(), north + away * azimuth.cos(), 0.0)
    }

    /// Directions of feet and head from a camera.
    pub fn directions(&self, mount: &Mount, unix_ms: u64) -> [Direction; 2] {
        let foot = self.foot(unix_ms);
        [foot, foot + DVec3::Z * SIZE_M[1]].map(|point| direction(mount, point))
    }

    /// Corners of an upright board that faces the eye: top left, top right, bottom right, bottom left.
    pub(super) fn board(&self, view: &View, unix_ms: u64) -> [DVec3; 4] {
        let foot = self.foot(unix_ms);
        let seen = (foot - view.eye).with_z(0.0).normalize_or(DVec3::Y);
        let right = DVec3::new(seen.y, -seen.x, 0.0) * (SIZE_M[0] / 2.0);
        let up = DVec3::Z * SIZE_M[1];
        [foot - right + up, foot + right + up, foot + right, foot - right]
            .map(|point| view.eye + (point - view.eye) * NEARER)
    }
}

/// The walkers of a town and whether its domes' pictures are tinted.
#[derive(Debug, Default)]
pub struct SightTest {
    tinted: bool,
    walkers: Mutex<Vec<Walker>>,
}

impl SightTest {
    /// A tinted town without walkers.
    pub fn tinted() -> Self {
        Self {
            tinted: true,
            ..Self::default()
        }
    }

    /// Whether pictures are tinted.
    pub fn is_tinted(&self) -> bool {
        self.tinted
    }

    /// Everybody who walks.
    pub fn walkers(&self) -> Vec<Walker> {
        self.walkers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets somebody walk; one of the same name walks no more. `false` where too many do.
    pub fn walk(&self, walker: Walker) -> bool {
        let mut walkers = self.walkers.lock().unwrap_or_else(PoisonError::into_inner);
        walkers.retain(|other| other.name != walker.name);
        let room = walkers.len() < MOST;
        if room {
            walkers.push(walker);
        }
        room
    }

    /// Nobody walks any more.
    pub fn clear(&self) {
        self.walkers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Tints I420 planes: both colour differences go towards a dull yellow, except those of the reserved hue and of walkers.
pub fn tint(width: usize, height: usize, planes: &mut [u8]) {
    let size = width * height / 4;
    let Some((_, chroma)) = planes.split_at_mut_checked(width * height) else {
        return;
    };
    let Some((blue, red)) = chroma.split_at_mut_checked(size) else {
        return;
    };
    for (cb, cr) in blue.iter_mut().zip(red) {
        let reserved = *cb >= 132 && *cr >= 135;
        let walker = *cb < 96 && *cr < 96;
        if !reserved && !walker {
            *cb = (92 + (i32::from(*cb) - 128) / 4) as u8;
            *cr = (128 + (i32::from(*cr) - 128) / 4) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::camera::Pose;
    use crate::sim::reserved_hue::{self, is_reserved};

    /// BT.709 limited range and back, for one colour.
    fn tinted(rgb: [u8; 3]) -> [u8; 3] {
        let [r, g, b] = rgb.map(|channel| f64::from(channel) / 255.0);
        let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        let chroma = |channel: f64, scale: f64| (128.0 + 224.0 * (channel - y) / scale).round() as u8;
        let mut planes = vec![0, 0, 0, 0, chroma(b, 1.8556), chroma(r, 1.5748)];
        tint(2, 2, &mut planes);
        let (cb, cr) = (
            (f64::from(planes[4]) - 128.0) / 224.0,
            (f64::from(planes[5]) - 128.0) / 224.0,
        );
        let (r, b) = (y + 1.5748 * cr, y + 1.8556 * cb);
        let g = (y - 0.2126 * r - 0.0722 * b) / 0.7152;
        [r, g, b].map(|channel| (channel * 255.0).round().clamp(0.0, 255.0) as u8)
    }

    #[test]
    fn the_tint_tells_the_town_from_greys_and_keeps_the_two_colours_that_are_counted() {
        for town in [
            [36, 36, 38],
            [255; 3],
            [86, 87, 88],
            [216, 222, 222],
            [190, 124, 34],
            [112, 134, 76],
        ] {
            let seen = tinted(town);
            assert!(
                is_tinted(seen) && !is_walker(seen) && !is_reserved(seen),
                "{town:?} {seen:?}"
            );
        }
        for cover in [
            [42; 3],
            [51; 3],
            [0; 3],
            [255; 3],
            [94, 214, 184],
            [146, 200, 255],
            [14, 16, 18],
        ] {
            assert!(!is_tinted(cover) && !is_walker(cover), "{cover:?}");
        }
        assert!(is_reserved(tinted(reserved_hue::RGB)));
        assert!(is_walker(tinted(RGB)) && !is_tinted(tinted(RGB)));
    }

    #[test]
    fn a_walker_is_seen_in_the_direction_it_was_sent_to() {
        let mount = Mount {
            position_m: [3.0, -4.0, 8.5],
            heading_deg: 30.0,
        };
        let walker = Walker {
            name: "anna".into(),
            around_m: mount.position_m,
            azimuth_deg: 30.0 - 10.0,
            elevation_deg: -20.0,
            speed_deg_s: 4.0,
            since_ms: 1_000,
        };
        let [feet, head] = walker.directions(&mount, 6_000);
        assert!((feet.azimuth_deg - 10.0).abs() < 1e-9 && (head.azimuth_deg - 10.0).abs() < 1e-9);
        assert!(feet.elevation_deg < -20.0 && head.elevation_deg > -20.0);
        let pose = Pose {
            pan_deg: 10.0,
            tilt_deg: -20.0,
            hfov_deg: 60.0,
        };
        let view = View::new(&mount, pose, 640, 360);
        let corners = walker
            .board(&view, 6_000)
            .map(|corner| view.to_picture(view.to_camera(corner)));
        let middle = corners.iter().map(|corner| corner[0]).sum::<f64>() / 4.0;
        assert!((middle - 320.0).abs() < 1.0, "{corners:?}");
        assert_eq!(walker.directions(&mount, 500)[0], walker.directions(&mount, 1_000)[0]);
    }
}
