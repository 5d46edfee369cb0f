//! What a calibration measures of each make of dome in the town, in virtual time: a test of the client's rule
//! (`domain::ptz::delay_trial`) with domes that it does not know.

use super::device::tests::dome_site;
use super::dome::{Dome, Vector};
use super::makes::{COMMON, MAKES, Make, Told};
use super::onvif::turned_orientation;
use super::town::CameraSite;
use crate::domain::camera::Pose;
use crate::domain::privacy::test_dome::{Chance, dome_plan};
use crate::domain::ptz::delay_trial::{NoDelays, TIMES, delays, short_drive, watched_after_stop};
use crate::domain::ptz::speed_trial::{Drive, DriveStatus, Driven, VELOCITIES, drive, table};
use crate::domain::site::{Axis, CameraPlan, DomeDelays, MotionBounds};
use std::time::{Duration, Instant};

/// Of the way of a command and of an answer, seconds.
const WAY_S: f64 = 0.03;
/// A status is sampled this often, seconds (`onvif::ptz`).
const SAMPLE_S: f64 = 0.1;

/// The motion of the town's domes (`town::placing`).
fn common() -> MotionBounds {
    MotionBounds {
        pan_speed_deg_s: 160.0,
        tilt_speed_deg_s: 120.0,
        zoom_speed_ln_s: 0.6,
        video_delay_s: 0.5,
        status_delay_s: 0.3,
        command_delay_s: 0.6,
        speed_per_velocity: 1.05,
        ..MotionBounds::default()
    }
}

struct Trial {
    dome: Dome,
    make: Make,
    chance: Chance,
    begin: Instant,
    now_s: f64,
    camera: CameraPlan,
    /// The highest age of a status that was answered.
    oldest_s: f64,
}

impl Trial {
    fn new(make: Make) -> Self {
        let begin = Instant::now();
        let site = CameraSite {
            motion: make.bounds(common()),
            make,
            ..dome_site()
        };
        let motion = MotionBounds {
            delays: None,
            ..site.motion.clone()
        };
        Self {
            dome: Dome::new(&site, begin),
            make,
            chance: Chance(7),
            begin,
            now_s: 5.0,
            camera: CameraPlan {
                orientation: turned_orientation(&site),
                ..dome_plan(motion, make.lens(site.lens.clone()), Vec::new())
            },
            oldest_s: 0.0,
        }
    }

    fn at(&self, seconds: f64) -> Instant {
        self.begin + Duration::from_secs_f64(seconds)
    }

    /// An order on its way; the dome's state is asked for in the past only, so it may be told now.
    fn way(&mut self) -> Instant {
        let way = self.chance.between(0.0, WAY_S);
        self.at(self.now_s + way)
    }

    fn status(&mut self) -> DriveStatus {
        let sent = self.now_s;
        let answered = sent + self.chance.between(0.0, WAY_S);
        self.now_s = answered + self.chance.between(0.0, WAY_S);
        let longest = self.camera.motion.status_delay_s;
        let own = (longest / 4.0 + answered % SAMPLE_S).min(longest / 2.0);
        let age = self.make.status_delay_ms.map_or(own, |ms| ms as f64 / 1_000.0);
        self.oldest_s = self.oldest_s.max(age);
        let (position, _) = self.dome.told(self.at(answered - age));
        DriveStatus {
            sent: self.at(sent),
            received: self.at(self.now_s),
            pose: self.camera.lens.as_ref().unwrap().pose_at(position),
        }
    }

    fn statuses(&mut self, until: f64) -> Vec<DriveStatus> {
        let mut statuses = Vec::new();
        while self.now_s < until {
            statuses.push(self.status());
            self.now_s += 0.05;
        }
        statuses
    }

    fn rest(&mut self) -> Pose {
        self.now_s += 5.0;
        self.status().pose
    }

    fn drive(&mut self, drive: Drive, from: Pose) -> Driven {
        let begun = self.at(self.now_s);
        let command = drive.command();
        let velocity = Vector {
            pan_tilt: Some([command.pan, command.tilt]),
            zoom: Some(command.zoom),
        };
        let sent = self.way();
        self.dome.drive(sent, velocity, Duration::from_secs(600));
        let mut statuses = self.statuses(self.now_s + drive.lasting.as_secs_f64());
        let stopped = self.at(self.now_s);
        let sent = self.way();
        self.dome.halt(sent, true, true);
        statuses.extend(self.statuses(self.now_s + watched_after_stop(&self.camera).as_secs_f64()));
        Driven {
            drive,
            from,
            begun,
            stopped,
            statuses,
            pictures: Vec::new(),
        }
    }

    fn measure(&mut self) -> Result<DomeDelays, NoDelays> {
        let mut driven = Vec::new();
        for axis in Axis::ALL {
            for velocity in VELOCITIES.into_iter().flat_map(|velocity| [velocity, -velocity]) {
                let from = self.rest();
                if let Some(drive) = drive(&self.camera, &driven, from, axis, velocity) {
                    driven.push(self.drive(drive, from));
                }
            }
        }
        let speeds = table(&self.camera, &driven);
        for axis in Axis::ALL.into_iter().cycle().take(Axis::ALL.len() * TIMES) {
            for sign in [1.0, -1.0] {
                let from = self.rest();
                if let Some(drive) = short_drive(&self.camera, (&speeds, &driven), from, axis, sign) {
                    driven.push(self.drive(drive, from));
                }
            }
        }
        delays(&self.camera, &speeds, &driven)
    }
}

#[test]
fn r_prv_1_what_is_measured_of_a_make_of_the_town_is_true_of_it() {
    for make in MAKES {
        let mut trial = Trial::new(make);
        let found = trial.measure();
        println!("{:16} {found:?}", make.name);
        let Ok(found) = found else {
            // One that tells where it last stood.
            assert!(make.told == Told::Arrival, "{}: {found:?}", make.name);
            continue;
        };
        let begins_s = make.command_delay_ms as f64 / 1_000.0;
        let [soonest, latest] = found.command_s;
        assert!(
            soonest <= begins_s && latest >= begins_s + WAY_S,
            "{}: {found:?}",
            make.name
        );
        let stands_s = begins_s + make.ramp_s;
        assert!(latest + found.ramp_s >= stands_s, "{}: {found:?}", make.name);
        let [youngest, oldest] = found.status_age_s;
        assert!(youngest == 0.0 && oldest >= trial.oldest_s, "{}: {found:?}", make.name);
    }
}

#[test]
fn what_is_measured_of_the_common_dome_is_narrower_than_a_plan_that_nobody_filled_in() {
    let mut trial = Trial::new(COMMON);
    let typed = MotionBounds::default();
    trial.camera.motion = MotionBounds {
        pan_speed_deg_s: 160.0,
        tilt_speed_deg_s: 120.0,
        zoom_speed_ln_s: 0.6,
        ..typed.clone()
    };
    let found = trial.measure().unwrap();
    println!("{found:?}");
    assert!(found.status_age_s[1] < 0.75 * typed.status_delay_s, "{found:?}");
    assert!(found.command_s[1] < 0.75 * typed.command_delay_s, "{found:?}");
}
