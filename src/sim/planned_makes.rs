//! What the plan says of each make of dome in the town, against what the dome does, in virtual time (R-PRV-1).
//!
//! Invariant: a plan that claims less than its dome does would uncover. Deliberately absent: what a calibration measures of them
//! (`measured_makes`), how a picture lies (`domain::site::orientation`: where a plan does not say it, upright).

use super::device::tests::dome_site;
use super::dome::{Dome, Vector};
use super::makes::{MAKES, Make, Told};
use super::town::CameraSite;
use crate::domain::camera::{NormalisedPosition, Pose};
use std::time::{Duration, Instant};

/// The dome is looked at this often, seconds: it stood by then, and surely not a step before.
const STEP_S: f64 = 0.001;
/// The longest way of a command that the plans leave room for, seconds.
const WAY_S: f64 = 0.2;

fn hung(make: Make) -> CameraSite {
    let mut site = dome_site();
    site.fit(make);
    site
}

fn pan_to(site: &CameraSite, pan_deg: f64) -> Vector {
    let NormalisedPosition { pan, tilt, .. } = site.lens.position_of(Pose {
        pan_deg: (pan_deg + 180.0).rem_euclid(360.0) - 180.0,
        tilt_deg: -10.0,
        hfov_deg: site.lens.widest_hfov_deg(),
    });
    Vector {
        pan_tilt: Some([pan, tilt]),
        zoom: None,
    }
}

/// From sending a move to a place `aside` of where the dome is until it stands there, seconds, and how far it had to go when the
/// move was sent. The dome was at rest, or was driven at a share of its highest speed.
fn takes(site: &CameraSite, driven: f64, way_s: f64, aside: f64) -> (f64, f64) {
    let begin = Instant::now();
    let at = |seconds: f64| begin + Duration::from_secs_f64(seconds);
    let mut dome = Dome::new(site, begin);
    if driven > 0.0 {
        let velocity = Vector {
            pan_tilt: Some([driven, 0.0]),
            zoom: None,
        };
        dome.drive(at(1.0), velocity, Duration::from_secs(600));
    }
    let sent = 9.0;
    let target = pan_to(site, dome.pose(at(sent)).pan_deg + aside);
    dome.reach(at(sent + way_s), target, Vector::default());
    let obeyed = sent + way_s + site.make.command_delay_ms as f64 / 1_000.0;
    let steps = (0..).map(|step| obeyed + f64::from(step) * STEP_S);
    let stands = steps
        .skip(1)
        .take(20_000)
        .find(|seconds| dome.moving(at(*seconds)) == [false; 2]);
    let stands = stands.unwrap_or_else(|| panic!("{} driven at {driven}, {aside}° aside never stands", site.make.name));
    (stands - STEP_S - sent, aside.abs())
}

#[test]
fn r_prv_1_a_move_to_a_target_is_over_when_the_plan_of_its_make_says_also_one_that_turns_the_dome_back() {
    for make in MAKES {
        let site = hung(make);
        let delays = site.motion.delays.clone().unwrap();
        let planned = delays.target_move.unwrap();
        for driven in [0.0, 0.2, 0.6, 1.0] {
            for way_s in [0.0, WAY_S] {
                for aside in [-140.0, -60.0, -10.0, 0.5, 10.0, 60.0, 140.0] {
                    let (seconds, far) = takes(&site, driven, way_s, aside);
                    let longest = planned.begins_s + far / planned.slowest[0];
                    assert!(
                        seconds <= longest,
                        "{} driven at {driven}, {aside}° aside: {seconds} s, planned {longest}",
                        make.name
                    );
                }
            }
        }
    }
}

#[test]
fn r_prv_1_a_stop_and_a_status_are_no_later_than_the_plan_of_their_make_says() {
    for make in MAKES {
        let site = hung(make);
        let (motion, delays) = (&site.motion, site.motion.delays.clone().unwrap());
        let begins_s = make.command_delay_ms as f64 / 1_000.0;
        let [soonest, latest] = delays.command_s;
        assert!(soonest <= begins_s && begins_s + WAY_S <= latest, "{}", make.name);
        assert!(make.ramp_s <= delays.ramp_s, "{}", make.name);
        assert!(
            motion.command_delay_s >= begins_s + WAY_S + make.ramp_s - 1e-9,
            "{}",
            make.name
        );
        // One without a delay of its own is a quarter to a half of the bound old (`onvif::ptz`).
        let own = [0.25, 0.5].map(|share| share * motion.status_delay_s);
        let [youngest, oldest] = make.status_delay_ms.map_or(own, |ms| [ms as f64 / 1_000.0; 2]);
        assert!(
            delays.status_age_s[0] <= youngest && oldest <= delays.status_age_s[1],
            "{}: {youngest} to {oldest} s, planned {:?}",
            make.name,
            delays.status_age_s
        );
        assert!(oldest <= motion.status_delay_s, "{}", make.name);
        assert_eq!(make.habits().reports.is_present(), make.told == Told::Position);
    }
}

#[test]
fn r_prv_1_the_plan_of_a_make_that_crops_beyond_its_lens_keeps_away_from_there() {
    for make in MAKES {
        let site = hung(make);
        let Some(end) = make.crops_beyond else { continue };
        let ceiling = site.limits.zoom_ceiling.unwrap();
        assert!(
            ceiling < end * (-site.motion.zoom_error_ln).exp(),
            "{}: {ceiling} of {end}",
            make.name
        );
    }
}
