//! A dome that turns past a mask while a view looks at its pictures: what they narrow, and when they count for nothing.
//!
//! The world is drawn (that of the tests of `picture_motion`); what is fed is what the station is fed: statuses, orders and pictures.
//! Deliberately absent: the window, a decoder.

use super::{event, outbox};
use crate::domain::camera::{Direction, Pose};
use crate::domain::privacy::picture_motion::test_world::{Camera, Scene};
use crate::domain::privacy::test_dome::{dome_plan, lens, tight};
use crate::domain::privacy::{Interval, PoseKnowledge, WholeReason};
use crate::domain::ptz::{Order, Velocity};
use crate::domain::site::{CameraPlan, MotionBounds, Orientation, ReportedPosition, SitePlan};
use crate::media::frame::{Came, Frame, FrameSlot, Matrix, PixelFormat, Plane, Range};
use crate::onvif;
use crate::station::TrackedPose;
use crate::station::camera::picture_motion_feed::PictureWitness;
use crate::station::camera::plan_in_force::Policy;
use crate::station::camera::watched::Watched;
use crate::station::record::outbox::memory::Memory;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// When the dome begins to turn, and how fast; seconds and degrees per second.
const BEGINS: f64 = 1.6;
const SPEED: f64 = 18.0;
const ENDS: f64 = 3.6;
/// Pictures per second, and how old they are when they come; seconds.
const RATE: f64 = 12.5;
const VIDEO: f64 = 0.3;
/// How old a status is when it comes, seconds.
const STATUS: f64 = 0.05;

/// A dome with one mask on its way.
fn plan() -> CameraPlan {
    let corner = |azimuth_deg: f64, elevation_deg: f64| Direction {
        azimuth_deg,
        elevation_deg,
    };
    let mask = vec![corner(45.0, -14.0), corner(52.0, -14.0), corner(52.0, -8.0)];
    // It could go far faster than it does, so that the bounds of the plan alone leave much for pictures to narrow.
    let motion = MotionBounds {
        pan_speed_deg_s: 140.0,
        status_delay_s: 0.13,
        ..tight()
    };
    dome_plan(motion, lens(), vec![mask])
}

fn looks(seconds: f64) -> Camera {
    let begun = BEGINS + 0.1;
    Camera {
        pan: 30.0 + SPEED * (seconds - begun).clamp(0.0, ENDS - begun),
        tilt: -12.0,
        roll: 0.0,
        hfov: 40.0,
    }
}

fn frame(scene: &Scene, number: u64, arrived: Instant, taken: f64) -> Frame {
    let [width, height] = scene.size;
    let bytes = scene.picture(&[looks(taken)], number as u32, |_, _| None);
    Frame {
        width: width as u32,
        height: height as u32,
        format: PixelFormat::I420,
        matrix: Matrix::Bt709,
        range: Range::Full,
        planes: vec![Plane {
            offset: 0,
            stride: width,
            rows: height,
            row_bytes: width,
        }],
        arrived,
        number,
        recorded_ms: None,
        pixel_aspect: [1, 1],
        captured_ms: None,
        waited: Duration::ZERO,
        behind: Duration::ZERO,
        bytes: Box::new(bytes),
    }
}

/// A watched dome and the witness of one view of it.
struct Play {
    dome: Watched,
    witness: Arc<PictureWitness>,
    begin: Instant,
    _slot: FrameSlot,
}

/// What was known of one picture, with its witness and without, and where the dome truly looked.
struct Seen {
    arrived: Instant,
    truly: f64,
    with: PoseKnowledge,
    without: PoseKnowledge,
}

fn status(dome: &CameraPlan, taken: f64, at: Instant) -> onvif::PtzStatus {
    let Camera { pan, tilt, hfov, .. } = looks(taken);
    let pose = Pose {
        pan_deg: pan,
        tilt_deg: tilt,
        hfov_deg: hfov,
    };
    let turns = (BEGINS..ENDS).contains(&taken);
    onvif::PtzStatus {
        position: Some(dome.lens.as_ref().unwrap().position_of(pose)),
        moving: if turns {
            onvif::MoveState::Moving
        } else {
            onvif::MoveState::Idle
        },
        hfov_deg: None,
        utc_ms: None,
        sent: at - Duration::from_millis(20),
        received: at,
    }
}

impl Play {
    async fn new(plan: CameraPlan) -> Self {
        let proof = outbox(&Memory::default(), 0).append(event()).await.unwrap();
        let site = SitePlan {
            version: 1,
            controllers: Vec::new(),
            cameras: vec![plan.clone()],
            critical: Vec::new(),
        };
        let dome = Watched::new(
            plan,
            Arc::new(Policy::new(Arc::new(site))),
            Arc::new(TrackedPose),
            proof,
        );
        let slot = FrameSlot::default();
        Self {
            witness: dome.on_view(&slot).unwrap(),
            dome,
            begin: Instant::now(),
            _slot: slot,
        }
    }

    fn at(&self, seconds: f64) -> Instant {
        self.begin + Duration::from_secs_f64(seconds)
    }

    /// Plays from the beginning, with pictures that surely came `behind` by that much.
    fn run(&self, behind: Duration) -> Vec<Seen> {
        self.run_with(behind, true)
    }

    /// Like [`Play::run`]; `hooked`: whether the view looks at its pictures.
    fn run_with(&self, behind: Duration, hooked: bool) -> Vec<Seen> {
        let scene = Scene {
            size: [320, 180],
            ..Scene::new(5)
        };
        let (mut next_status, mut ordered) = (0.4, false);
        let mut all = Vec::new();
        for i in 0..(4.0 * RATE) as u64 {
            let taken = 0.1 + i as f64 / RATE;
            let now = taken + VIDEO;
            while next_status < now {
                let told = status(&self.dome.plan, next_status - STATUS, self.at(next_status));
                self.dome.on_status(&told);
                next_status += 0.1;
            }
            if now >= BEGINS && !ordered {
                ordered = true;
                // Slower than it may be.
                let right = Velocity {
                    pan: 1.0,
                    ..Velocity::ZERO
                };
                self.dome.on_command(self.at(BEGINS), Order::Velocity(right));
            }
            let arrived = self.at(now);
            if hooked {
                let frame = frame(&scene, i, arrived, taken);
                self.dome.on_picture(&self.witness, &frame, behind);
            }
            let known = |witness| {
                self.dome
                    .knowledge_of(&Came::at(arrived).behind_at_least(behind), witness, arrived)
            };
            all.push(Seen {
                arrived,
                truly: looks(taken).pan,
                with: known(Some(&*self.witness)),
                without: known(None),
            });
        }
        all
    }
}

fn pan(known: &PoseKnowledge) -> Option<Interval> {
    match known {
        PoseKnowledge::Within(poses) => Some(poses.pan),
        PoseKnowledge::Unknown(_) => None,
    }
}

fn narrowed(seen: &[Seen]) -> usize {
    seen.iter().filter(|seen| seen.with != seen.without).count()
}

#[tokio::test]
async fn r_prv_1_pictures_narrow_what_is_known_of_them_and_what_remains_is_a_part_with_the_true_pose_in_it() {
    let play = Play::new(plan()).await;
    let seen = play.run(Duration::ZERO);
    for seen in &seen {
        if let (Some(with), Some(without)) = (pan(&seen.with), pan(&seen.without)) {
            assert!(
                without.lo <= with.lo && with.hi <= without.hi,
                "{with:?} of {without:?}"
            );
            assert!(with.contains(seen.truly), "{} in {with:?}", seen.truly);
        } else {
            assert_eq!(seen.with, seen.without);
        }
    }
    assert!(narrowed(&seen) > 0, "none of {} pictures", seen.len());
}

#[tokio::test]
async fn r_prv_1_a_view_without_a_hook_changes_nothing_and_a_hook_changes_nothing_beside_its_own_pictures() {
    let (hooked, bare) = (Play::new(plan()).await, Play::new(plan()).await);
    let (hooked, bare) = (
        hooked.run_with(Duration::ZERO, true),
        bare.run_with(Duration::ZERO, false),
    );
    assert_eq!(narrowed(&bare), 0);
    assert!(bare.iter().any(|seen| pan(&seen.with).is_some()));
    for (hooked, bare) in hooked.iter().zip(&bare) {
        assert_eq!(hooked.without, bare.without);
    }
}

#[tokio::test]
async fn r_prv_1_a_dome_that_does_not_report_the_present_is_not_judged_by_its_pictures() {
    for reports in [
        ReportedPosition::Target,
        ReportedPosition::Arrival,
        ReportedPosition::Untested,
    ] {
        let mut dome = plan();
        dome.habits.reports = reports;
        let play = Play::new(dome).await;
        assert_eq!(narrowed(&play.run(Duration::ZERO)), 0, "{reports:?}");
    }
}

#[tokio::test]
async fn r_prv_1_after_a_restart_nothing_that_pictures_said_counts() {
    let play = Play::new(plan()).await;
    let seen = play.run(Duration::ZERO);
    let last = seen
        .iter()
        .rfind(|seen| play.witness.claim(seen.arrived).is_some())
        .unwrap();
    play.dome.on_restart(last.arrived);
    assert_eq!(play.witness.claim(last.arrived), None);
}

#[tokio::test]
async fn r_prv_1_pictures_that_came_later_than_the_plan_says_are_not_looked_at() {
    let play = Play::new(plan()).await;
    let late = Duration::from_secs_f64(play.dome.plan.motion.video_delay_s) + Duration::from_millis(1);
    let seen = play.run(late);
    assert!(seen.iter().all(|seen| play.witness.claim(seen.arrived).is_none()));
    assert_eq!(narrowed(&seen), 0);
}

#[tokio::test]
async fn pictures_without_a_mask_near_are_not_looked_at() {
    let mut dome = plan();
    dome.masks.clear();
    let play = Play::new(dome).await;
    assert_eq!(narrowed(&play.run(Duration::ZERO)), 0);
}

#[tokio::test]
async fn r_prv_1_a_picture_that_may_lie_otherwise_than_planned_is_covered_whole_and_not_looked_at() {
    let mut dome = plan();
    // Not compared yet.
    dome.orientation = Some(Orientation::default());
    let play = Play::new(dome).await;
    let turned = PoseKnowledge::Unknown(WholeReason::OrientationChanged);
    for seen in play.run(Duration::ZERO) {
        assert_eq!((seen.with, seen.without), (turned, turned));
        assert_eq!(play.witness.claim(seen.arrived), None);
    }
}
