//! The trial of delays on domes that obey only their bounds.

use super::*;
use crate::domain::camera::Pose;
use crate::domain::privacy::test_dome::{TICK, dome_plan, lens};
use crate::domain::privacy::test_make::{MadeDome, Make, Tells, makes};
use crate::domain::ptz::Order;
use crate::domain::ptz::speed_trial::{self, DriveStatus, drive};
use crate::domain::site::MotionBounds;
use proptest::prelude::*;

/// Between two statuses, and two pictures, seconds.
const STATUSES_S: f64 = 0.05;
const PICTURES_S: f64 = 0.04;

const START: Pose = Pose {
    pan_deg: 20.0,
    tilt_deg: -25.0,
    hfov_deg: 60.0,
};

/// The plan of a dome of which nothing was measured yet.
fn unmeasured(make: &Make) -> CameraPlan {
    let motion = MotionBounds {
        delays: None,
        ..make.bounds()
    };
    CameraPlan {
        habits: make.ways,
        ..dome_plan(motion, lens(), Vec::new())
    }
}

/// A dome that is driven, and everything it told.
struct Trial {
    dome: MadeDome,
    statuses: Vec<DriveStatus>,
    /// When each picture arrived, and the pose in it.
    pictures: Vec<(Instant, Pose)>,
    next: [f64; 2],
}

impl Trial {
    fn new(make: &Make, seed: u64) -> Self {
        let mut dome = MadeDome::new(make, seed, START);
        (0..200).for_each(|_| dome.tick());
        let next = [dome.now_s(); 2];
        Self {
            dome,
            statuses: Vec::new(),
            pictures: Vec::new(),
            next,
        }
    }

    fn until(&mut self, end: f64) {
        while self.dome.now_s() < end {
            self.dome.tick();
            let now = self.dome.now_s();
            if now >= self.next[0] {
                self.next[0] = now + STATUSES_S;
                let way = self.dome.chance.between(0.0, 0.04);
                let (sent, received, pose, _) = self.dome.status(way);
                self.statuses
                    .extend(pose.map(|pose| DriveStatus { sent, received, pose }));
            }
            if now >= self.next[1] {
                self.next[1] = now + PICTURES_S;
                let [least, most] = self.dome.make.habits.picture_age_s;
                let taken = now - self.dome.chance.between(least, most);
                self.pictures.push((self.dome.instant(now), self.dome.pose(taken)));
            }
        }
    }

    fn drive(&mut self, camera: &CameraPlan, drive: Drive) -> Driven {
        let rest = self.dome.now_s();
        let from = self.dome.pose(rest);
        self.statuses.clear();
        self.pictures.clear();
        let begun = self.dome.instant(rest);
        self.dome.order(Order::Velocity(drive.command()));
        self.until(rest + drive.lasting.as_secs_f64());
        let stopped = self.dome.instant(self.dome.now_s());
        self.dome.order(Order::Stop);
        self.until(self.dome.now_s() + watched_after_stop(camera).as_secs_f64());
        let turned = |pose: Pose| {
            let pan = (pose.pan_deg - from.pan_deg).abs();
            let tilt = (pose.tilt_deg - from.tilt_deg).abs();
            pan.max(tilt)
        };
        let turns = self.pictures.iter().map(|(arrived, pose)| PictureTurn {
            arrived: *arrived,
            turned_deg: turned(*pose) + self.dome.chance.between(-0.05, 0.05),
            error_deg: 0.05,
        });
        Driven {
            drive,
            from,
            begun,
            stopped,
            statuses: self.statuses.clone(),
            pictures: vec![turns.collect()],
        }
    }
}

/// What the drives of a speed trial show of a dome of this make.
fn driven(make: &Make, seed: u64) -> (CameraPlan, SpeedTable, Vec<Driven>) {
    let camera = unmeasured(make);
    let mut trial = Trial::new(make, seed);
    let mut made = Vec::new();
    for axis in Axis::ALL {
        for velocity in VELOCITIES.into_iter().flat_map(|velocity| [velocity, -velocity]) {
            let here = trial.dome.pose(trial.dome.now_s());
            if let Some(drive) = drive(&camera, &made, here, axis, velocity) {
                made.push(trial.drive(&camera, drive));
            }
        }
    }
    let speeds = speed_trial::table(&camera, &made);
    for (axis, sign) in (0..TIMES)
        .flat_map(|_| Axis::ALL.map(|axis| [(axis, 1.0), (axis, -1.0)]))
        .flatten()
    {
        let here = trial.dome.pose(trial.dome.now_s());
        if let Some(drive) = short_drive(&camera, (&speeds, &made), here, axis, sign) {
            made.push(trial.drive(&camera, drive));
        }
    }
    (camera, speeds, made)
}

/// The delays that a trial with a dome of this make measures.
pub(crate) fn measured(make: &Make, seed: u64) -> Result<DomeDelays, NoDelays> {
    let (camera, speeds, driven) = driven(make, seed);
    delays(&camera, &speeds, &driven)
}

/// Of a dome that tells where it last stood nothing can be measured while it is driven.
fn measurable() -> Vec<Make> {
    let tells = |make: &Make| make.tells != Tells::Arrival;
    makes().into_iter().filter(tells).collect()
}

fn assert_true_of(make: &Make, found: &DomeDelays) {
    let truly = &make.habits;
    let within = |[least, most]: [f64; 2], [low, high]: [f64; 2]| low <= least && most <= high;
    let all = [
        within(truly.status_age_s, found.status_age_s),
        within(truly.picture_age_s, found.picture_age_s),
        within(truly.command_s, found.command_s),
        truly.command_s[1] + truly.ramp_s <= found.command_s[1] + found.ramp_s + TICK,
    ];
    assert_eq!(all, [true; 4], "{}: {found:?}, truly {truly:?}", make.name);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn r_prv_1_what_was_measured_contains_the_delays_of_every_make(
        seed in any::<u64>(), at in any::<prop::sample::Index>(),
    ) {
        let makes = measurable();
        let make = at.get(&makes);
        assert_true_of(make, &measured(make, seed).unwrap());
    }
}

#[test]
fn delays_are_measured_narrower_than_the_plan_bounds_them() {
    for make in measurable() {
        let found = measured(&make, 5).unwrap();
        println!("{:12} {found:?}", make.name);
        assert_true_of(&make, &found);
    }
}
