//! Digital zoom: the part of a picture that a tile shows enlarged, and which zoom a notch acts on (R-PTZ-2, R-PRV-6).
//!
//! Invariant: the part lies inside the picture and has its proportions; on the pixels of a frame it is never smaller than
//! asked for, so that rounding passes no ceiling.
//! Deliberately absent: how much may be enlarged (`ptz::limits`), drawing the part and cutting covers to it (the wall).

use super::camera::CameraKind;
use super::privacy::PoseKnowledge;
use super::ptz::limits::{AllowedZoom, LimitHit};
use super::site::CameraPlan;
use super::wall::Rect;

/// Largest digital zoom on offer, ×: beyond it a picture shows its own pixels and nothing more.
pub const LARGEST: f64 = 8.0;
/// Ratio of two zooms that count as one.
const SAME_ZOOM: f64 = 1.001;
/// A digital zoom below this is left for the whole picture, so that notches outwards end there.
const NEARLY_WHOLE: f64 = 1.05;
/// A magnification this near to the longest focal length is at it: what is known of a pose has a width.
const AT_THE_END: f64 = 1.05;

/// A point in shares of width and height, 0..1, y downwards.
type Point = [f64; 2];

/// The part of a picture that is shown, in picture coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crop {
    left: f64,
    top: f64,
    /// Of the picture's width, and of its height.
    share: f64,
}

impl Default for Crop {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl Crop {
    /// The whole picture.
    pub const WHOLE: Crop = Crop {
        left: 0.0,
        top: 0.0,
        share: 1.0,
    };

    /// Digital magnification, 1 to [`LARGEST`].
    pub fn factor(&self) -> f64 {
        1.0 / self.share
    }

    /// Whether nothing is cut away.
    pub fn is_whole(&self) -> bool {
        self.share >= 1.0
    }

    /// The part as a rectangle in picture coordinates.
    pub fn rect(&self) -> Rect {
        Rect {
            x: self.left,
            y: self.top,
            width: self.share,
            height: self.share,
        }
    }

    /// The point in the middle of the part, in picture coordinates.
    pub fn middle(&self) -> Point {
        [self.left + self.share / 2.0, self.top + self.share / 2.0]
    }

    /// The part at another digital magnification; the point `about` of the picture stays where it is on the screen, as far
    /// as the picture's edges allow.
    pub fn zoomed_to(self, factor: f64, about: Point) -> Crop {
        let factor = if factor.is_nan() {
            1.0
        } else {
            factor.clamp(1.0, LARGEST)
        };
        let share = 1.0 / factor;
        let ratio = share / self.share;
        let [middle_x, middle_y] = self.middle();
        let edge = |edge: f64, about: f64, middle: f64| {
            let about = if about.is_finite() { about } else { middle };
            (about - (about - edge) * ratio).clamp(0.0, 1.0 - share)
        };
        Crop {
            left: edge(self.left, about[0], middle_x),
            top: edge(self.top, about[1], middle_y),
            share,
        }
    }

    /// The part moved by shares of its own width and height, positive to the right and downwards; stops at the picture's
    /// edges.
    pub fn moved(self, by: Point) -> Crop {
        let edge = |edge: f64, by: f64| {
            let by = if by.is_finite() { by } else { 0.0 };
            (edge + by * self.share).clamp(0.0, 1.0 - self.share)
        };
        Crop {
            left: edge(self.left, by[0]),
            top: edge(self.top, by[1]),
            ..self
        }
    }

    /// The part enlarged no further than `factor`, about its middle.
    pub fn at_most(self, factor: f64) -> Crop {
        if self.factor() <= factor {
            self
        } else {
            self.zoomed_to(factor, self.middle())
        }
    }

    /// The part on the pixels of a frame of this width and height.
    pub fn window(self, [width, height]: [u32; 2]) -> Window {
        let along = |edge: f64, length: u32| {
            let pairs = |share: f64| share * f64::from(length) / 2.0;
            let span = (pairs(self.share).ceil() as u32).saturating_mul(2).min(length);
            let from = (pairs(edge).round() as u32).saturating_mul(2).min(length - span);
            (from / 2 * 2, span)
        };
        let ((left, width_px), (top, height_px)) = (along(self.left, width), along(self.top, height));
        Window {
            left,
            top,
            width: width_px,
            height: height_px,
            of: [width, height],
        }
    }
}

/// The part of a frame that is shown, in pixels. It begins at an even pixel both ways, so that all planes of a picture with
/// 4:2:0 subsampling are cut at the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
    /// Width and height of the frame.
    of: [u32; 2],
}

impl Window {
    /// Left, top, right and bottom edge in picture coordinates.
    pub fn edges(&self) -> [f64; 4] {
        let share = |pixel: u32, axis: usize| f64::from(pixel) / f64::from(self.of[axis].max(1));
        [
            share(self.left, 0),
            share(self.top, 1),
            share(self.left + self.width, 0),
            share(self.top + self.height, 1),
        ]
    }

    /// The point of the picture that a point of the shown part (0..1) lies on.
    pub fn in_picture(&self, at: Point) -> Point {
        let [left, top, right, bottom] = self.edges();
        [left + (right - left) * at[0], top + (bottom - top) * at[1]]
    }
}

/// Which zoom a notch acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zoom {
    Optical,
    Digital,
}

impl Zoom {
    /// The zoom that a notch of `factor` (above 1: closer) acts on: a dome's lens, unless its picture is enlarged already
    /// or the lens is at its longest focal length and the notch asks for more. Any other camera has digital zoom only.
    pub fn of_notch(camera: &CameraPlan, pose: &PoseKnowledge, crop: Crop, factor: f64) -> Zoom {
        if camera.kind != CameraKind::Dome || !crop.is_whole() || (factor > 1.0 && is_at_the_end(camera, pose)) {
            Zoom::Digital
        } else {
            Zoom::Optical
        }
    }
}

/// Whether the lens is at its longest focal length.
fn is_at_the_end(camera: &CameraPlan, pose: &PoseKnowledge) -> bool {
    let (Some(lens), PoseKnowledge::Within(poses)) = (&camera.lens, pose) else {
        return false;
    };
    let longest = lens.magnification(lens.narrowest_hfov_deg());
    lens.magnification(poses.hfov.middle()) * AT_THE_END >= longest
}

/// The part that is shown after a notch of digital zoom by `factor` about a point of the picture. `allow` gives what of a
/// wanted digital zoom may be shown (`ptz::limits::digital_zoom`); a notch stops there.
///
/// # Errors
/// The limit, when the picture is enlarged as far as allowed already.
pub fn notch(crop: Crop, factor: f64, about: Point, allow: impl FnOnce(f64) -> AllowedZoom) -> Result<Crop, LimitHit> {
    let wanted = (crop.factor() * factor).clamp(1.0, LARGEST);
    let allowed = allow(wanted);
    if let Some(hit) = allowed.hit
        && factor > 1.0
        && allowed.factor <= crop.factor() * SAME_ZOOM
    {
        return Err(hit);
    }
    if factor < 1.0 && allowed.factor < NEARLY_WHOLE {
        return Ok(Crop::WHOLE);
    }
    Ok(crop.zoomed_to(allowed.factor, about))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::camera::Pose;
    use crate::domain::privacy::test_dome::{dome_plan, lens, tight};
    use crate::domain::privacy::{Interval, PoseInterval, WholeReason};
    use crate::domain::ptz::limits::digital_zoom;
    use crate::domain::site::Limits;
    use proptest::prelude::*;

    fn ceiling(ceiling: f64) -> Limits {
        Limits {
            zoom_ceiling: Some(ceiling),
            ..Limits::default()
        }
    }

    fn fixed(limits: Limits) -> CameraPlan {
        CameraPlan {
            kind: CameraKind::Fixed,
            lens: None,
            limits,
            ..dome_plan(tight(), lens(), Vec::new())
        }
    }

    fn dome(limits: Limits) -> CameraPlan {
        CameraPlan {
            limits,
            ..dome_plan(tight(), lens(), Vec::new())
        }
    }

    const UNKNOWN: PoseKnowledge = PoseKnowledge::Unknown(WholeReason::PoseNotKnown);

    fn at(magnification: f64) -> PoseKnowledge {
        let pose = Pose {
            pan_deg: 0.0,
            tilt_deg: -20.0,
            hfov_deg: lens().hfov_of(magnification),
        };
        let one = |v: f64| Interval { lo: v, hi: v };
        PoseKnowledge::Within(PoseInterval {
            pan: one(pose.pan_deg),
            tilt: one(pose.tilt_deg),
            hfov: one(pose.hfov_deg),
        })
    }

    #[test]
    fn r_ptz_2_notches_on_a_fixed_camera_stop_at_its_ceiling_and_the_next_is_refused() {
        let camera = fixed(ceiling(3.0));
        let closer = |crop: Crop| notch(crop, 1.25, [0.7, 0.2], |wanted| digital_zoom(&camera, &UNKNOWN, wanted));
        let mut crop = Crop::WHOLE;
        for _ in 0..5 {
            crop = closer(crop).unwrap();
        }
        assert!((crop.factor() - 3.0).abs() < 1e-9, "{crop:?}");
        assert_eq!(closer(crop), Err(LimitHit::ZoomCeiling { ceiling: 3.0 }));
    }

    #[test]
    fn r_ptz_2_a_dome_at_the_end_of_its_lens_is_enlarged_and_only_up_to_the_ceiling() {
        let longest = lens().magnification(lens().narrowest_hfov_deg());
        let camera = dome(ceiling(1.5 * longest));
        assert_eq!(
            Zoom::of_notch(&camera, &at(longest / 2.0), Crop::WHOLE, 1.25),
            Zoom::Optical
        );
        assert_eq!(Zoom::of_notch(&camera, &at(longest), Crop::WHOLE, 1.25), Zoom::Digital);
        assert_eq!(Zoom::of_notch(&camera, &at(longest), Crop::WHOLE, 0.8), Zoom::Optical);
        assert_eq!(Zoom::of_notch(&camera, &UNKNOWN, Crop::WHOLE, 1.25), Zoom::Optical);
        let enlarged = notch(Crop::WHOLE, 4.0, [0.5, 0.5], |wanted| {
            digital_zoom(&camera, &at(longest), wanted)
        });
        let enlarged = enlarged.unwrap();
        assert!((enlarged.factor() - 1.5).abs() < 1e-9);
        assert_eq!(
            Zoom::of_notch(&camera, &at(longest), enlarged, 0.8),
            Zoom::Digital,
            "out of the picture first"
        );
        // The frame of a dome that was zoomed back meanwhile may be enlarged more, one that is beyond not at all.
        assert_eq!(digital_zoom(&camera, &at(1.5 * longest), enlarged.factor()).factor, 1.0);
    }

    #[test]
    fn notches_outwards_end_at_the_whole_picture() {
        let free = |wanted: f64| AllowedZoom {
            factor: wanted,
            hit: None,
        };
        let mut crop = Crop::WHOLE;
        for _ in 0..3 {
            crop = notch(crop, 1.25, [1.0, 0.0], free).unwrap();
        }
        for _ in 0..3 {
            crop = notch(crop, 1.0 / 1.25, [0.0, 1.0], free).unwrap();
        }
        assert_eq!(crop, Crop::WHOLE);
        assert_eq!(
            notch(Crop::WHOLE, f64::NAN, [f64::NAN; 2], free).map(|crop| crop.is_whole()),
            Ok(true)
        );
    }

    proptest! {
        #[test]
        fn a_part_stays_inside_the_picture_whatever_is_done_to_it(
            steps in proptest::collection::vec((any::<bool>(), 0.3f64..4.0, -0.5f64..1.5, -0.5f64..1.5), 1..30),
            size in [1u32..4000, 1u32..3000],
        ) {
            let mut crop = Crop::WHOLE;
            for (zoom, factor, x, y) in steps {
                crop = if zoom { crop.zoomed_to(crop.factor() * factor, [x, y]) } else { crop.moved([x, y]) };
                let Rect { x, y, width, height } = crop.rect();
                prop_assert!(x >= 0.0 && y >= 0.0 && x + width <= 1.0 + 1e-9 && y + height <= 1.0 + 1e-9, "{crop:?}");
                prop_assert!((1.0..=LARGEST).contains(&crop.factor()));
                let window = crop.window(size);
                prop_assert!(window.left.is_multiple_of(2) && window.top.is_multiple_of(2));
                prop_assert!(window.left + window.width <= size[0] && window.top + window.height <= size[1]);
                // Rounded up: never closer than asked.
                prop_assert!(f64::from(window.width) >= crop.rect().width * f64::from(size[0]) - 1e-6);
                prop_assert!(f64::from(window.height) >= crop.rect().height * f64::from(size[1]) - 1e-6);
            }
            prop_assert_eq!(Crop::WHOLE.window(size), Window { left: 0, top: 0, width: size[0], height: size[1], of: size });
        }

        #[test]
        fn the_point_under_the_pointer_stays_there_away_from_the_edges(
            x in 0.3f64..0.7, y in 0.3f64..0.7, before in 1.0f64..3.0, factor in 1.0f64..2.0,
        ) {
            let crop = Crop::WHOLE.zoomed_to(before, [x, y]);
            let on_screen = |crop: Crop| [(x - crop.rect().x) / crop.rect().width, (y - crop.rect().y) / crop.rect().height];
            let after = crop.zoomed_to(before * factor, [x, y]);
            for axis in 0..2 {
                prop_assert!((on_screen(crop)[axis] - on_screen(after)[axis]).abs() < 1e-9);
            }
        }
    }
}
