//! Cameras: identity, kind, streams, lens model and pose.
//!
//! Conventions used everywhere: azimuth/pan in degrees, positive to the right (clockwise from above);
//! elevation/tilt in degrees, positive upwards; zoom as horizontal field of view in degrees.
//! Picture coordinates are normalised 0..1, x to the right, y downwards.
//!
//! Deliberately absent: addresses and credentials of a session (see `station`), projection (see `privacy`).

use serde::{Deserialize, Serialize};
use std::fmt;

/// A name that is safe in paths, URLs and log origins: 1 to 64 of `a-z 0-9 -`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("«{0}» is not a valid identifier: use 1 to 64 lower-case letters, digits or hyphens")]
pub struct BadSlug(pub String);

fn check_slug(text: &str) -> Result<(), BadSlug> {
    let ok = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if ok {
        Ok(())
    } else {
        Err(BadSlug(text.chars().take(80).collect()))
    }
}

macro_rules! slug {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadSlug;
            fn try_from(text: String) -> Result<Self, BadSlug> {
                check_slug(&text)?;
                Ok(Self(text))
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadSlug;
            fn from_str(text: &str) -> Result<Self, BadSlug> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

slug!(/// A camera, unique in the system.
    CameraId);
slug!(/// A controller (*titolare*): the municipality that answers for the data.
    ControllerId);
slug!(/// A workstation enabled by name (R-ACC-6).
    StationId);
slug!(/// A privacy mask.
    MaskId);

/// The kinds of camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CameraKind {
    /// Never moves; masks are polygons in the picture.
    Fixed,
    /// A speed dome; masks are polygons of directions.
    Dome,
    /// Joins and leaves; moves as a whole; masks are polygons in the picture.
    Mobile,
}

/// Which of the camera's streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamRole {
    /// The large stream, for full screen, snapshot and evidence.
    Main,
    /// The small stream, for the wall.
    Sub,
}

/// Where a dome looks. Degrees; see the conventions at the top of this file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pose {
    /// Azimuth of the optical axis, degrees.
    pub pan_deg: f64,
    /// Elevation of the optical axis, degrees.
    pub tilt_deg: f64,
    /// Horizontal field of view, degrees.
    pub hfov_deg: f64,
}

/// One direction from the camera, in the camera's frame. Degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Direction {
    /// Degrees, positive to the right.
    pub azimuth_deg: f64,
    /// Degrees, positive upwards.
    pub elevation_deg: f64,
}

/// A position in the camera's normalised ONVIF spaces: pan and tilt −1..1, zoom 0..1
/// (ONVIF PTZ 2.0, `PositionGenericSpace`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NormalisedPosition {
    pub pan: f64,
    pub tilt: f64,
    pub zoom: f64,
}

/// How a dome's normalised position becomes a perspective picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LensModel {
    /// Degrees at normalised pan −1 and +1.
    pub pan_range_deg: [f64; 2],
    /// Degrees at normalised tilt −1 and +1.
    pub tilt_range_deg: [f64; 2],
    /// (normalised zoom 0..1, horizontal field of view in degrees), ascending in zoom, at least two.
    pub hfov_by_zoom: Vec<[f64; 2]>,
    /// Picture width divided by height.
    pub aspect: f64,
    /// Mounting roll, degrees clockwise.
    #[serde(default)]
    pub roll_deg: f64,
    /// The camera hangs upside down and does not turn its picture.
    #[serde(default)]
    pub upside_down: bool,
    /// The picture is flipped left to right, after any roll (`Rotate/@Mirror`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mirrored: bool,
}

/// Whether the motors run, as a camera says (ONVIF `PTZStatus.MoveStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MoveState {
    Idle,
    Moving,
    /// The camera does not say.
    Unknown,
}

/// Faults of a lens model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LensError {
    #[error("the pan range is empty, not a number, or wider than two turns")]
    PanRange,
    #[error("the tilt range is empty, not a number, or beyond straight up or down")]
    TiltRange,
    #[error("the table of fields of view needs two rows or more, with zoom rising and the field of view falling")]
    ZoomTable,
    #[error("a field of view is outside 0.1° to 150°")]
    FieldOfView,
    #[error("the aspect is outside 0.2 to 5")]
    Aspect,
    #[error("the roll is not a number")]
    Roll,
}

impl LensModel {
    /// Checks that the model is possible.
    ///
    /// # Errors
    /// The first [`LensError`] found.
    pub fn check(&self) -> Result<(), LensError> {
        let range = |[a, b]: [f64; 2], lowest: f64, highest: f64| {
            a.is_finite() && b.is_finite() && a != b && a.min(b) >= lowest && a.max(b) <= highest
        };
        if !range(self.pan_range_deg, -720.0, 720.0) {
            return Err(LensError::PanRange);
        }
        if !range(self.tilt_range_deg, -90.0, 90.0) {
            return Err(LensError::TiltRange);
        }
        if !self.hfov_by_zoom.iter().all(|row| (0.1..=150.0).contains(&row[1])) {
            return Err(LensError::FieldOfView);
        }
        let ordered = self
            .hfov_by_zoom
            .windows(2)
            .all(|pair| pair[0][0] < pair[1][0] && pair[0][1] > pair[1][1]);
        if self.hfov_by_zoom.len() < 2 || !ordered {
            return Err(LensError::ZoomTable);
        }
        if !(0.2..=5.0).contains(&self.aspect) {
            return Err(LensError::Aspect);
        }
        if self.roll_deg.is_finite() {
            Ok(())
        } else {
            Err(LensError::Roll)
        }
    }

    /// The pose at a normalised position; between the table's points the field of view is linear in zoom.
    pub fn pose_at(&self, position: NormalisedPosition) -> Pose {
        let span = |range: [f64; 2], v: f64| range[0] + (v + 1.0) / 2.0 * (range[1] - range[0]);
        Pose {
            pan_deg: span(self.pan_range_deg, position.pan),
            tilt_deg: span(self.tilt_range_deg, position.tilt),
            hfov_deg: self.hfov_at_zoom(position.zoom),
        }
    }

    /// The normalised position of a pose; a field of view outside the table gives the nearest end of it.
    pub fn position_of(&self, pose: Pose) -> NormalisedPosition {
        let share = |range: [f64; 2], v: f64| 2.0 * (v - range[0]) / (range[1] - range[0]) - 1.0;
        let zoom = match self.hfov_by_zoom.windows(2).find(|pair| pose.hfov_deg >= pair[1][1]) {
            Some(pair) => {
                let t = ((pose.hfov_deg - pair[0][1]) / (pair[1][1] - pair[0][1])).clamp(0.0, 1.0);
                pair[0][0] + t * (pair[1][0] - pair[0][0])
            }
            None => self.hfov_by_zoom.last().map_or(0.0, |last| last[0]),
        };
        NormalisedPosition {
            pan: share(self.pan_range_deg, pose.pan_deg),
            tilt: share(self.tilt_range_deg, pose.tilt_deg),
            zoom,
        }
    }

    fn hfov_at_zoom(&self, zoom: f64) -> f64 {
        match self.hfov_by_zoom.windows(2).find(|pair| zoom <= pair[1][0]) {
            Some(pair) => {
                let t = ((zoom - pair[0][0]) / (pair[1][0] - pair[0][0])).clamp(0.0, 1.0);
                pair[0][1] + t * (pair[1][1] - pair[0][1])
            }
            None => self.narrowest_hfov_deg(),
        }
    }

    /// The widest view, degrees; magnification 1.
    pub fn widest_hfov_deg(&self) -> f64 {
        self.hfov_by_zoom.first().map_or(60.0, |row| row[1])
    }

    /// The narrowest view the lens reaches, degrees.
    pub fn narrowest_hfov_deg(&self) -> f64 {
        self.hfov_by_zoom.last().map_or(60.0, |row| row[1])
    }

    /// Magnification of a horizontal field of view over the widest view, × (ratio of tangents of the half angles).
    pub fn magnification(&self, hfov_deg: f64) -> f64 {
        half_tan(self.widest_hfov_deg()) / half_tan(hfov_deg)
    }

    /// The horizontal field of view at a magnification over the widest view, degrees.
    pub fn hfov_of(&self, magnification: f64) -> f64 {
        2.0 * (half_tan(self.widest_hfov_deg()) / magnification).atan().to_degrees()
    }
}

/// Tangent of half an angle given in degrees.
fn half_tan(deg: f64) -> f64 {
    (deg.to_radians() / 2.0).tan()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lens() -> LensModel {
        LensModel {
            pan_range_deg: [-180.0, 180.0],
            tilt_range_deg: [10.0, -90.0],
            hfov_by_zoom: vec![[0.0, 60.0], [0.4, 20.0], [1.0, 2.0]],
            aspect: 16.0 / 9.0,
            roll_deg: 0.0,
            upside_down: false,
            mirrored: false,
        }
    }

    #[test]
    fn identifiers_are_safe_in_paths() {
        for good in ["a", "cam-01", &"x".repeat(64)] {
            assert!(good.parse::<CameraId>().is_ok(), "{good}");
        }
        for bad in ["", "A", "cam 1", "../etc", "càm", &"x".repeat(65)] {
            assert!(bad.parse::<CameraId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_ends_of_the_normalised_space_are_the_ends_of_the_lens() {
        let wide = lens().pose_at(NormalisedPosition {
            pan: -1.0,
            tilt: -1.0,
            zoom: 0.0,
        });
        assert_eq!(
            wide,
            Pose {
                pan_deg: -180.0,
                tilt_deg: 10.0,
                hfov_deg: 60.0
            }
        );
        let tele = lens().pose_at(NormalisedPosition {
            pan: 1.0,
            tilt: 1.0,
            zoom: 1.0,
        });
        assert_eq!(
            tele,
            Pose {
                pan_deg: 180.0,
                tilt_deg: -90.0,
                hfov_deg: 2.0
            }
        );
        assert_eq!(
            lens()
                .pose_at(NormalisedPosition {
                    pan: 0.0,
                    tilt: 0.0,
                    zoom: 0.2
                })
                .hfov_deg,
            40.0
        );
        assert_eq!(
            lens()
                .pose_at(NormalisedPosition {
                    pan: 0.0,
                    tilt: 0.0,
                    zoom: 7.0
                })
                .hfov_deg,
            2.0
        );
        let beyond = Pose {
            pan_deg: 0.0,
            tilt_deg: 0.0,
            hfov_deg: 0.5,
        };
        assert_eq!(lens().position_of(beyond).zoom, 1.0);
        assert_eq!(
            lens()
                .position_of(Pose {
                    hfov_deg: 90.0,
                    ..beyond
                })
                .zoom,
            0.0
        );
    }

    #[test]
    fn magnification_is_counted_from_the_widest_view() {
        assert_eq!(lens().magnification(60.0), 1.0);
        assert!((lens().magnification(2.0) - 33.08).abs() < 0.01);
    }

    #[test]
    fn r_prv_1_a_lens_that_cannot_be_is_refused_by_name() {
        assert_eq!(lens().check(), Ok(()));
        let wrong = |change: fn(&mut LensModel)| {
            let mut lens = lens();
            change(&mut lens);
            lens.check().unwrap_err()
        };
        assert_eq!(wrong(|l| l.pan_range_deg = [0.0, 0.0]), LensError::PanRange);
        assert_eq!(wrong(|l| l.pan_range_deg = [f64::NAN, 1.0]), LensError::PanRange);
        assert_eq!(wrong(|l| l.tilt_range_deg = [-91.0, 0.0]), LensError::TiltRange);
        assert_eq!(wrong(|l| l.hfov_by_zoom.truncate(1)), LensError::ZoomTable);
        assert_eq!(wrong(|l| l.hfov_by_zoom[1][0] = 0.0), LensError::ZoomTable);
        assert_eq!(wrong(|l| l.hfov_by_zoom[0][1] = 180.0), LensError::FieldOfView);
        assert_eq!(wrong(|l| l.aspect = 0.0), LensError::Aspect);
        assert_eq!(wrong(|l| l.roll_deg = f64::INFINITY), LensError::Roll);
    }

    proptest! {
        #[test]
        fn position_and_pose_agree(pan in -1.0f64..1.0, tilt in -1.0f64..1.0, zoom in 0.0f64..1.0) {
            let position = NormalisedPosition { pan, tilt, zoom };
            let back = lens().position_of(lens().pose_at(position));
            prop_assert!((back.pan - pan).abs() < 1e-9 && (back.tilt - tilt).abs() < 1e-9);
            prop_assert!((back.zoom - zoom).abs() < 1e-9);
        }

        #[test]
        fn a_magnification_and_its_field_of_view_agree(magnification in 1.0f64..40.0) {
            prop_assert!((lens().magnification(lens().hfov_of(magnification)) - magnification).abs() < 1e-9);
        }
    }
}
