//! How a camera turns, mirrors and crops its picture, and which way its motors take a command: the part of the pose that
//! no position says (ONVIF Media2 5.2.2, PTZ 5.7.1, 5.7.1.5; onvif.xsd `Rotate`, `PTControlDirection`).
//!
//! Masks lie where the calibration put them only as long as all of it is as it was then: the numbers of a status stay the
//! same when somebody ticks «mirror» or «digital zoom». Invariant: two orientations that differ in anything are told
//! apart, and «not declared» is never taken as «off». Deliberately absent: reading it (`onvif::orientation`), covering.

use serde::{Deserialize, Serialize};

/// The declared orientation of a view, as it was at calibration or is now. `None`: the camera does not declare it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Orientation {
    /// `Rotate`: how far the picture is turned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
    /// `Rotate/@Mirror`: the picture is flipped left to right, after the rotation (25.12).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mirror: Option<bool>,
    /// `Bounds`: x, y, width and height of the part of the sensor that is shown, in the device's units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounds: Option<[i64; 4]>,
    /// `@ViewMode`: dewarping and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view_mode: Option<String>,
    /// `PTControlDirection/EFlip/Mode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e_flip: Option<String>,
    /// `PTControlDirection/Reverse/Mode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reverse: Option<String>,
    /// Absolute position spaces of the PTZ node. A digital zoom space among them, or another range of the generic one,
    /// says that the zoom counts differently now (23.06).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spaces: Vec<PositionSpace>,
}

/// How far a picture is turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// Clockwise, degrees; 0 when the rotation is off, 180 when it is on without a number.
    Fixed(i32),
    /// The device turns it by itself; clockwise degrees at the moment, where it says them.
    Auto(Option<i32>),
}

/// An absolute position space as the device declares it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PositionSpace {
    pub uri: String,
    /// Lowest and highest value of the first axis: pan, or zoom.
    pub x: [f64; 2],
    /// Lowest and highest tilt; `None` for a zoom space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<[f64; 2]>,
}

/// What of an orientation differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrientationPart {
    Rotation,
    Mirror,
    Bounds,
    ViewMode,
    EFlip,
    Reverse,
    Spaces,
}

impl Orientation {
    /// The parts in which two orientations differ; empty when the picture lies as it did.
    pub fn differences(&self, other: &Self) -> Vec<OrientationPart> {
        [
            (OrientationPart::Rotation, self.rotation != other.rotation),
            (OrientationPart::Mirror, self.mirror != other.mirror),
            (OrientationPart::Bounds, self.bounds != other.bounds),
            (OrientationPart::ViewMode, self.view_mode != other.view_mode),
            (OrientationPart::EFlip, self.e_flip != other.e_flip),
            (OrientationPart::Reverse, self.reverse != other.reverse),
            (OrientationPart::Spaces, self.spaces != other.spaces),
        ]
        .into_iter()
        .filter_map(|(part, differs)| differs.then_some(part))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calibrated() -> Orientation {
        Orientation {
            rotation: Some(Rotation::Fixed(0)),
            mirror: Some(false),
            bounds: Some([0, 0, 1920, 1080]),
            e_flip: Some("OFF".into()),
            reverse: Some("OFF".into()),
            spaces: vec![PositionSpace {
                uri: "zoom".into(),
                x: [0.0, 1.0],
                y: None,
            }],
            ..Orientation::default()
        }
    }

    #[test]
    fn r_prv_1_every_part_of_the_orientation_is_compared() {
        let was = calibrated();
        assert_eq!(was.differences(&was), []);
        type Change = fn(&mut Orientation);
        let changes: [(OrientationPart, Change); 9] = [
            (OrientationPart::Rotation, |now| {
                now.rotation = Some(Rotation::Fixed(180))
            }),
            (OrientationPart::Rotation, |now| {
                now.rotation = Some(Rotation::Auto(Some(0)))
            }),
            (OrientationPart::Mirror, |now| now.mirror = Some(true)),
            (OrientationPart::Mirror, |now| now.mirror = None),
            (OrientationPart::Bounds, |now| now.bounds = Some([480, 270, 960, 540])),
            (OrientationPart::ViewMode, |now| now.view_mode = Some("tt:Quad".into())),
            (OrientationPart::EFlip, |now| now.e_flip = Some("ON".into())),
            (OrientationPart::Reverse, |now| now.reverse = None),
            (OrientationPart::Spaces, |now| now.spaces[0].x = [0.0, 2.0]),
        ];
        for (part, change) in changes {
            let mut now = calibrated();
            change(&mut now);
            assert_eq!(was.differences(&now), [part], "{now:?}");
            assert_eq!(now.differences(&was), [part], "{now:?}");
        }
    }
}
