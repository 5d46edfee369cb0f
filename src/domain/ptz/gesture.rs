//! PTZ gestures on the picture as targets: click to centre, a notch of zoom, a box that is to fill the picture; and the road to
//! a preset.
//!
//! Invariant: a target given here lies inside lens and limits, or the limit it breaks is returned.
//! Deliberately absent: mouse and keys (the screen), sending and recording (the station).

use super::limits::{self, LimitHit};
use crate::domain::camera::{LensModel, Pose};
use crate::domain::privacy::axes::nearest_turn;
use crate::domain::privacy::camera_geometry::direction_at;
use crate::domain::site::CameraPlan;

/// Ratio of two magnifications that count as one: cameras round the zoom they report.
const SAME_ZOOM: f64 = 1.01;
/// Largest change of the magnification in one notch, as a ratio.
const LARGEST_NOTCH: f64 = 10.0;

/// The pose that brings the point `at` (0..1) of the picture to its centre, zoom unchanged. Pan goes the short way round
/// where the lens reaches that far; what lies beyond the reach of pan or tilt comes as near to the centre as it can.
///
/// # Errors
/// The limit that the target lies beyond; [`LimitHit::PoseNotKnown`] without a lens model.
pub fn centre_on(camera: &CameraPlan, pose: Pose, at: [f64; 2]) -> Result<Pose, LimitHit> {
    let lens = camera.lens.as_ref().ok_or(LimitHit::PoseNotKnown)?;
    let seen = direction_at(lens, pose, at);
    let [a, b] = lens.tilt_range_deg;
    let target = Pose {
        pan_deg: pan_within(lens, seen.azimuth_deg, pose.pan_deg),
        tilt_deg: seen.elevation_deg.clamp(a.min(b), a.max(b)),
        hfov_deg: pose.hfov_deg,
    };
    limits::position(camera, &target)?;
    Ok(target)
}

/// The pan in the range of the lens that looks towards `azimuth_deg`, the nearest to `from_deg`; the nearer end of the
/// range when none does.
pub(super) fn pan_within(lens: &LensModel, azimuth_deg: f64, from_deg: f64) -> f64 {
    let [a, b] = lens.pan_range_deg;
    let (low, high) = (a.min(b), a.max(b));
    let near = nearest_turn(azimuth_deg, from_deg);
    [near, near - 360.0, near + 360.0]
        .into_iter()
        .find(|pan| (low..=high).contains(pan))
        .unwrap_or_else(|| nearest_turn(azimuth_deg, f64::midpoint(low, high)).clamp(low, high))
}

/// The pose after a notch of zoom that multiplies the magnification by `factor`. A notch stops at the end of the lens and
/// at the lowest ceiling in force here: the camera's, a sector's, or one in pixels per metre (R-PTZ-2).
///
/// # Errors
/// The ceiling, when the picture is already there and `factor` asks for more; another limit that the present pose breaks;
/// [`LimitHit::PoseNotKnown`] without a lens model.
pub fn zoom_by(camera: &CameraPlan, pose: Pose, factor: f64) -> Result<Pose, LimitHit> {
    let lens = camera.lens.as_ref().ok_or(LimitHit::PoseNotKnown)?;
    let present = lens.magnification(pose.hfov_deg);
    let highest = lens.magnification(lens.narrowest_hfov_deg());
    let factor = if factor.is_finite() {
        factor.clamp(1.0 / LARGEST_NOTCH, LARGEST_NOTCH)
    } else {
        1.0
    };
    let zoomed = |magnification: f64| Pose {
        hfov_deg: lens.hfov_of(magnification),
        ..pose
    };
    let mut target = zoomed((present * factor).clamp(1.0, highest));
    // Every ceiling met is lower than the one before, so this ends after as many rounds as there are ceilings.
    while factor > 1.0
        && let Err(hit) = limits::position(camera, &target)
    {
        match hit.ceiling() {
            Some(ceiling) if present * SAME_ZOOM < ceiling => target = zoomed(ceiling),
            Some(_) | None => return Err(hit),
        }
    }
    Ok(target)
}

/// The pose that fills the picture with a rectangle of it, given by two opposite corners (0..1): its middle comes to the
/// centre, and the magnification rises by how many times the rectangle fits into the picture, up to the lowest ceiling in
/// force there. A rectangle smaller than a tenth of the picture counts as one of a tenth.
///
/// # Errors
/// As [`centre_on`] and [`zoom_by`].
pub fn box_zoom(camera: &CameraPlan, pose: Pose, corners: [[f64; 2]; 2]) -> Result<Pose, LimitHit> {
    let [a, b] = corners.map(|corner| corner.map(|v| v.clamp(0.0, 1.0)));
    let middle = [f64::midpoint(a[0], b[0]), f64::midpoint(a[1], b[1])];
    let share = (a[0] - b[0]).abs().max((a[1] - b[1]).abs()).max(1.0 / LARGEST_NOTCH);
    zoom_by(camera, centre_on(camera, pose, middle)?, 1.0 / share)
}

/// How a dome is sent to a preset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PresetRoad {
    /// By its token (ONVIF PTZ `GotoPreset`): no rule of the camera needs to know where that is, or nobody can.
    ByToken,
    /// By the pose that the camera says it has, which must pass [`limits::passage`] and is what covers are computed from.
    ToPose(Pose),
}

/// The road to a preset whose pose the camera says is `stored`, if it says one. The pose is needed where anything is hidden or
/// limited: somebody may have moved the preset meanwhile, and then the pose that was checked is the one to go to.
///
/// # Errors
/// [`LimitHit::PoseNotKnown`] where something is limited and the camera tells no pose.
pub fn preset_road(camera: &CameraPlan, stored: Option<Pose>) -> Result<PresetRoad, LimitHit> {
    match stored {
        Some(pose) if camera.hides_anything() || limits::unknown_target(camera).is_err() => {
            Ok(PresetRoad::ToPose(pose))
        }
        Some(_) => Ok(PresetRoad::ByToken),
        None => limits::unknown_target(camera).map(|()| PresetRoad::ByToken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::camera::Direction;
    use crate::domain::privacy::camera_geometry::project;
    use crate::domain::privacy::test_dome::{dome_plan, lens, tight};
    use crate::domain::site::{Ground, Limits};
    use proptest::prelude::*;

    fn camera(limits: Limits) -> CameraPlan {
        CameraPlan {
            limits,
            ..dome_plan(tight(), lens(), Vec::new())
        }
    }

    fn pose(magnification: f64) -> Pose {
        Pose {
            pan_deg: 170.0,
            tilt_deg: -30.0,
            hfov_deg: lens().hfov_of(magnification),
        }
    }

    #[test]
    fn r_ptz_2_a_notch_of_zoom_stops_at_the_ceiling_and_the_next_is_refused() {
        let camera = camera(Limits {
            zoom_ceiling: Some(4.0),
            ..Limits::default()
        });
        let once = zoom_by(&camera, pose(3.0), 1.5).unwrap();
        assert!((lens().magnification(once.hfov_deg) - 4.0).abs() < 1e-9);
        assert_eq!(limits::position(&camera, &once), Ok(()));
        assert_eq!(zoom_by(&camera, once, 1.5), Err(LimitHit::ZoomCeiling { ceiling: 4.0 }));
        assert!(zoom_by(&camera, once, 0.5).is_ok());
        // One that is already beyond (an event ended) may only go back.
        assert!(zoom_by(&camera, pose(8.0), 1.1).is_err());
        assert!(lens().magnification(zoom_by(&camera, pose(8.0), 0.9).unwrap().hfov_deg) < 8.0);
    }

    #[test]
    fn r_ptz_2_a_notch_stops_at_the_lowest_of_several_ceilings() {
        let ground = Ground {
            height_m: 6.0,
            picture_width_px: 1920,
        };
        let limits = Limits {
            zoom_ceiling: Some(6.0),
            density_ceiling_px_m: Some(ground.density_px_m(pose(3.0))),
            ..Limits::default()
        };
        let mut camera = camera(limits);
        camera.ground = Some(ground);
        let stopped = zoom_by(&camera, pose(2.0), 5.0).unwrap();
        assert!((lens().magnification(stopped.hfov_deg) - 3.0).abs() < 1e-6);
        let refused = zoom_by(&camera, stopped, 1.25);
        assert!(matches!(refused, Err(LimitHit::DensityCeiling { .. })), "{refused:?}");
    }

    #[test]
    fn zoom_stays_inside_the_lens() {
        let free = camera(Limits::default());
        assert!((zoom_by(&free, pose(1.0), 0.1).unwrap().hfov_deg - 62.0).abs() < 1e-9);
        assert!((zoom_by(&free, pose(30.0), 100.0).unwrap().hfov_deg - 1.5).abs() < 1e-9);
        assert_eq!(zoom_by(&free, pose(2.0), f64::NAN).unwrap(), pose(2.0));
    }

    #[test]
    fn pan_goes_the_short_way_round_where_the_lens_reaches_and_stops_at_its_end_where_not() {
        let reaching = |low: f64, high: f64| LensModel {
            pan_range_deg: [low, high],
            ..lens()
        };
        assert_eq!(pan_within(&reaching(-360.0, 360.0), -170.0, 175.0), 190.0);
        assert_eq!(pan_within(&reaching(-180.0, 180.0), -170.0, 175.0), -170.0);
        assert_eq!(pan_within(&reaching(-90.0, 90.0), 100.0, 80.0), 90.0);
        assert_eq!(pan_within(&reaching(90.0, -90.0), -100.0, -80.0), -90.0);
    }

    #[test]
    fn r_ptz_1_a_click_beyond_a_limit_is_refused_by_name() {
        let limited = camera(Limits {
            tilt_deg: Some([-60.0, -20.0]),
            ..Limits::default()
        });
        assert_eq!(centre_on(&limited, pose(1.0), [0.5, 0.0]), Err(LimitHit::TiltLimit));
        assert!(centre_on(&limited, pose(1.0), [0.5, 0.6]).is_ok());
    }

    #[test]
    fn r_ptz_2_a_box_fills_the_picture_and_stops_at_the_ceiling() {
        let free = camera(Limits::default());
        let target = box_zoom(&free, pose(2.0), [[0.9, 0.3], [0.5, 0.5]]).unwrap();
        assert!((lens().magnification(target.hfov_deg) - 5.0).abs() < 1e-9);
        assert_eq!(target.pan_deg, centre_on(&free, pose(2.0), [0.7, 0.4]).unwrap().pan_deg);
        let low = camera(Limits {
            zoom_ceiling: Some(3.0),
            ..Limits::default()
        });
        let target = box_zoom(&low, pose(2.0), [[0.5, 0.5], [0.52, 0.52]]).unwrap();
        assert!((lens().magnification(target.hfov_deg) - 3.0).abs() < 1e-9);
        let refused = box_zoom(&low, pose(3.0), [[0.4, 0.4], [0.6, 0.6]]);
        assert_eq!(refused, Err(LimitHit::ZoomCeiling { ceiling: 3.0 }));
    }

    #[test]
    fn r_ptz_1_a_preset_is_called_by_its_token_only_where_no_rule_needs_its_place() {
        let free = camera(Limits::default());
        let stored = Some(pose(1.0));
        assert_eq!(preset_road(&free, stored), Ok(PresetRoad::ByToken));
        assert_eq!(preset_road(&free, None), Ok(PresetRoad::ByToken));
        let at = |azimuth_deg, elevation_deg| Direction {
            azimuth_deg,
            elevation_deg,
        };
        let corners = vec![at(0.0, 0.0), at(5.0, 0.0), at(5.0, 5.0)];
        let masked = dome_plan(tight(), lens(), vec![corners]);
        assert_eq!(preset_road(&masked, stored), Ok(PresetRoad::ToPose(pose(1.0))));
        let limited = camera(Limits {
            zoom_ceiling: Some(3.0),
            ..Limits::default()
        });
        assert_eq!(preset_road(&limited, stored), Ok(PresetRoad::ToPose(pose(1.0))));
        assert_eq!(preset_road(&limited, None), Err(LimitHit::PoseNotKnown));
    }

    proptest! {
        #[test]
        fn what_was_clicked_is_in_the_centre_afterwards(x in 0.0f64..1.0, y in 0.2f64..1.0, magnification in 1.0f64..20.0) {
            let camera = camera(Limits::default());
            let before = pose(magnification);
            let seen = direction_at(&lens(), before, [x, y]);
            let after = centre_on(&camera, before, [x, y]).unwrap();
            let p = project(&lens(), after, seen).unwrap();
            prop_assert!((p[0] - 0.5).abs() < 1e-6 && (p[1] - 0.5).abs() < 1e-6, "{p:?}");
        }
    }
}
