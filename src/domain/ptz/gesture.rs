//! What a hand on the picture means for the dome: click to centre, a notch of zoom, keys that slow down with the zoom.
//!
//! Invariant: a target given here lies inside lens and limits, or it is refused by name.
//! Deliberately absent: mouse and keys (the screen), sending and recording (the station).

use super::Velocity;
use super::limits::{self, LimitHit};
use crate::domain::camera::{LensModel, Pose};
use crate::domain::privacy::projection::direction_at;
use crate::domain::site::CameraPlan;

/// Zoom changes smaller than this are no change, as a ratio of magnifications.
const SAME_ZOOM: f64 = 1.001;

/// The pose that brings the point `at` (0..1) of the picture to its centre, zoom unchanged.
///
/// # Errors
/// The limit it lies beyond; [`LimitHit::PoseNotKnown`] without a lens model.
pub fn centre_on(camera: &CameraPlan, pose: Pose, at: [f64; 2]) -> Result<Pose, LimitHit> {
    let lens = camera.lens.as_ref().ok_or(LimitHit::PoseNotKnown)?;
    let seen = direction_at(lens, pose, at);
    let [a, b] = lens.tilt_range_deg;
    let target = Pose {
        pan_deg: seen.azimuth_deg,
        tilt_deg: seen.elevation_deg.clamp(a.min(b), a.max(b)),
        hfov_deg: pose.hfov_deg,
    };
    limits::position(camera, &target)?;
    Ok(target)
}

/// The pose after a notch of zoom that multiplies the magnification by `factor`; stops at the lens and at the ceiling.
///
/// # Errors
/// [`LimitHit::ZoomCeiling`] when the ceiling lets nothing more be seen larger.
pub fn zoom_by(camera: &CameraPlan, pose: Pose, factor: f64) -> Result<Pose, LimitHit> {
    let lens = camera.lens.as_ref().ok_or(LimitHit::PoseNotKnown)?;
    let present = lens.magnification(pose.hfov_deg);
    let highest = lens.magnification(lens.narrowest_hfov_deg());
    let wanted = (present * factor.clamp(0.01, 100.0)).clamp(1.0, highest);
    if let Some(ceiling) = camera.limits.zoom_ceiling
        && factor > 1.0
        && wanted > ceiling
    {
        if present * SAME_ZOOM >= ceiling {
            return Err(LimitHit::ZoomCeiling { ceiling });
        }
        return Ok(Pose {
            hfov_deg: lens.hfov_of(ceiling),
            ..pose
        });
    }
    Ok(Pose {
        hfov_deg: lens.hfov_of(wanted),
        ..pose
    })
}

/// A velocity that crosses the picture equally fast at every zoom: pan and tilt are scaled with the field of view.
pub fn at_zoom(lens: &LensModel, hfov_deg: f64, wanted: Velocity) -> Velocity {
    let share = (1.0 / lens.magnification(hfov_deg)).clamp(0.02, 1.0);
    Velocity {
        pan: wanted.pan * share,
        tilt: wanted.tilt * share,
        zoom: wanted.zoom,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::privacy::projection::project;
    use crate::domain::privacy::test_dome::{dome_plan, lens, tight};
    use crate::domain::site::Limits;
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
    fn zoom_stays_inside_the_lens() {
        let free = camera(Limits::default());
        assert!((zoom_by(&free, pose(1.0), 0.1).unwrap().hfov_deg - 62.0).abs() < 1e-9);
        assert!((zoom_by(&free, pose(30.0), 100.0).unwrap().hfov_deg - 1.5).abs() < 1e-9);
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
    fn keys_are_slower_when_zoomed_in() {
        let wanted = Velocity {
            pan: 1.0,
            tilt: -1.0,
            zoom: 0.5,
        };
        assert_eq!(at_zoom(&lens(), 62.0, wanted), wanted);
        let slow = at_zoom(&lens(), lens().hfov_of(10.0), wanted);
        assert!((slow.pan - 0.1).abs() < 1e-9 && (slow.tilt + 0.1).abs() < 1e-9 && slow.zoom == 0.5);
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
