//! How a camera turns, mirrors and crops its picture, and which way its motors take a command: the part of the pose that
//! no position says (ONVIF Media2 5.2.2, PTZ 5.7.1, 5.7.1.5; onvif.xsd `Rotate`, `PTControlDirection`).
//!
//! Masks lie where the calibration put them only as long as all of it is as it was then: the numbers of a status stay the
//! same when somebody ticks «mirror» or «digital zoom». Invariant: two orientations that differ in anything are told
//! apart, and «not declared» is never taken as «off». Deliberately absent: reading it (`onvif::orientation`), covering.

use serde::{Deserialize, Serialize};

/// The declared orientation of a view, as it was at calibration or is now. `None`: the camera does not declare it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
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
    /// Whether a velocity may turn the dome the other way than its sign says: a device without `Reverse` turns the directions of
    /// its motors with the picture (Media2 5.2.2, PTZ 5.7.1.5).
    pub fn turns_commands(&self) -> bool {
        let turned = self.rotation.is_some_and(|rotation| rotation != Rotation::Fixed(0));
        let reversed = self
            .reverse
            .as_deref()
            .is_some_and(|mode| mode.eq_ignore_ascii_case("ON"));
        turned || reversed || self.mirror == Some(true)
    }

    /// How the picture of this camera lies when it is neither turned nor flipped: what counts of a plan that does not say how it lay
    /// when its masks were drawn.
    pub fn upright(&self) -> Self {
        Self {
            rotation: self.rotation.map(|_| Rotation::Fixed(0)),
            mirror: self.mirror.map(|_| false),
            ..self.clone()
        }
    }

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

/// What is known of how a camera's picture lies, against its plan. Connections are told apart by their numbers: what was
/// found over one is not believed over the next.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum OrientationComparison {
    /// Not yet, or not over the present connection.
    #[default]
    NotYet,
    /// As planned, by the connection of this number.
    AsPlanned(u64),
    /// Otherwise than planned.
    Differs {
        parts: Vec<OrientationPart>,
        /// As it was read last; `None` once the camera may have come back otherwise.
        seen: Option<Box<Orientation>>,
    },
}

impl OrientationComparison {
    /// Whether the picture may lie otherwise than `planned`; where a plan says nothing, whether it was seen not to be upright.
    pub fn is_doubtful(&self, planned: Option<&Orientation>) -> bool {
        match self {
            Self::AsPlanned(_) => false,
            Self::NotYet => planned.is_some(),
            Self::Differs { .. } => true,
        }
    }

    /// Takes down that the camera of this connection does not say how its picture lies, and no plan says how it should.
    pub fn take_silence(&mut self, connection: u64) {
        *self = Self::AsPlanned(connection);
    }

    /// Takes down that the camera may come back otherwise than it went.
    pub fn forget(&mut self) {
        match self {
            Self::NotYet => {}
            Self::AsPlanned(_) => *self = Self::NotYet,
            Self::Differs { seen, .. } => *seen = None,
        }
    }

    /// How its picture lies, where that is known to be otherwise than planned.
    pub fn otherwise(&self) -> Option<&Orientation> {
        match self {
            Self::NotYet | Self::AsPlanned(_) => None,
            Self::Differs { seen, .. } => seen.as_deref(),
        }
    }

    /// Whether the connection of this number needs no comparison of its own. One that differs is compared again in its own
    /// time, not by every question.
    pub fn is_of(&self, connection: u64) -> bool {
        match self {
            Self::NotYet => false,
            Self::AsPlanned(number) => *number == connection,
            Self::Differs { .. } => true,
        }
    }

    /// Takes in how the picture lies by a connection; the parts that differ, when they did not before.
    pub fn take(&mut self, planned: &Orientation, seen: &Orientation, connection: u64) -> Vec<OrientationPart> {
        let differences = planned.differences(seen);
        if differences.is_empty() {
            *self = Self::AsPlanned(connection);
            return differences;
        }
        let known = matches!(self, Self::Differs { parts, .. } if *parts == differences);
        *self = Self::Differs {
            parts: differences.clone(),
            seen: Some(Box::new(seen.clone())),
        };
        if known { Vec::new() } else { differences }
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

    fn planned() -> Orientation {
        Orientation {
            mirror: Some(false),
            ..Orientation::default()
        }
    }

    #[test]
    fn r_prv_1_nothing_counts_before_the_comparison_over_the_present_connection() {
        let (mut state, planned) = (OrientationComparison::default(), planned());
        assert!(state.is_doubtful(Some(&planned)));
        assert!(!state.is_doubtful(None), "a plan of before orientations");
        assert_eq!(state.take(&planned, &planned, 1), []);
        assert!(!state.is_doubtful(Some(&planned)) && state.is_of(1) && !state.is_of(2));
        state.forget();
        assert!(state.is_doubtful(Some(&planned)));
    }

    #[test]
    fn r_prv_1_a_plan_that_says_nothing_takes_a_picture_to_be_upright() {
        let lies = |rotation, mirror| Orientation {
            rotation,
            mirror,
            bounds: Some([0, 0, 1920, 1080]),
            ..Orientation::default()
        };
        let (off, on) = (Some(Rotation::Fixed(0)), Some(Rotation::Fixed(180)));
        for seen in [lies(None, None), lies(off, None), lies(off, Some(false))] {
            let mut state = OrientationComparison::default();
            state.take(&seen.upright(), &seen, 1);
            assert!(!state.is_doubtful(None), "{seen:?}");
        }
        for (seen, part) in [
            (lies(on, Some(false)), OrientationPart::Rotation),
            (lies(Some(Rotation::Auto(None)), None), OrientationPart::Rotation),
            (lies(off, Some(true)), OrientationPart::Mirror),
        ] {
            let mut state = OrientationComparison::default();
            assert_eq!(state.take(&seen.upright(), &seen, 1), [part]);
            assert!(state.is_doubtful(None), "{seen:?}");
        }
        let mut silent = OrientationComparison::default();
        silent.take_silence(3);
        assert!(!silent.is_doubtful(None) && silent.is_of(3));
    }

    #[test]
    fn r_prv_1_a_mirrored_picture_stays_covered_until_it_lies_as_planned() {
        let (mut state, planned) = (OrientationComparison::default(), planned());
        let mirrored = Orientation {
            mirror: Some(true),
            ..planned.clone()
        };
        assert_eq!(state.take(&planned, &mirrored, 1), [OrientationPart::Mirror]);
        assert_eq!(state.take(&planned, &mirrored, 2), [], "said once");
        assert!(state.is_doubtful(Some(&planned)) && state.is_of(7));
        assert_eq!(state.otherwise(), Some(&mirrored));
        state.forget();
        assert!(state.is_doubtful(Some(&planned)));
        assert_eq!(state.otherwise(), None, "it may have come back otherwise");
        state.take(&planned, &planned, 3);
        assert!(!state.is_doubtful(Some(&planned)));
    }
}
