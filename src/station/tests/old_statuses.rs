//! Statuses that a dome's own clock shows to be older than was measured of it.
//!
//! Deliberately absent: the rule itself (`domain::privacy::{camera_clock, dome_pose}`), network.

use super::{event, outbox};
use crate::domain::camera::Pose;
use crate::domain::privacy::PoseKnowledge;
use crate::domain::privacy::test_dome::{dome_plan, lens, tight};
use crate::domain::ptz::{Order, Velocity};
use crate::domain::site::{CameraPlan, DomeDelays, DomeHabits, MotionBounds, SitePlan};
use crate::onvif;
use crate::station::TrackedPose;
use crate::station::camera::plan_in_force::Policy;
use crate::station::camera::watched::Watched;
use crate::station::record::outbox::memory::Memory;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Age of a status when it is answered, milliseconds: as measured, and as it is under load.
const MEASURED_MS: u64 = 40;
const LOADED_MS: u64 = 700;

fn plan() -> CameraPlan {
    let delays = DomeDelays {
        status_age_s: [0.0, 0.1],
        picture_age_s: [0.0, 0.3],
        command_s: [0.05, 0.2],
        ramp_s: 0.3,
        obeys: true,
        target_move: None,
        capture_error_s: None,
    };
    let motion = MotionBounds {
        pan_speed_deg_s: 140.0,
        status_delay_s: 1.0,
        command_delay_s: 1.2,
        pose_lost_after_s: 3.0,
        delays: Some(delays),
        ..tight()
    };
    CameraPlan {
        habits: DomeHabits::ORDINARY,
        ..dome_plan(motion, lens(), Vec::new())
    }
}

async fn watched(plan: CameraPlan) -> Watched {
    let proof = outbox(&Memory::default(), 0).append(event()).await.unwrap();
    let site = SitePlan {
        version: 1,
        controllers: Vec::new(),
        cameras: vec![plan.clone()],
        critical: Vec::new(),
    };
    Watched::new(
        plan,
        Arc::new(Policy::new(Arc::new(site))),
        Arc::new(TrackedPose),
        proof,
    )
}

/// Half the width of pan, degrees, half a second after a dome that stood was ordered to turn; its last status is `age_ms` old.
async fn width(age_ms: u64, stamped: bool) -> f64 {
    let plan = plan();
    let position = plan.lens.as_ref().unwrap().position_of(Pose {
        pan_deg: 20.0,
        tilt_deg: -15.0,
        hfov_deg: 60.0,
    });
    let dome = watched(plan).await;
    let begin = Instant::now() + Duration::from_secs(60);
    let answer = |at_ms: u64, age_ms: u64| {
        let sent = begin + Duration::from_millis(at_ms);
        dome.on_status(&onvif::PtzStatus {
            position: Some(position),
            moving: onvif::MoveState::Idle,
            hfov_deg: None,
            utc_ms: stamped.then(|| (at_ms + 1_000_001 - age_ms) as i64),
            sent,
            received: sent + Duration::from_millis(5),
        });
    };
    (0..30).for_each(|i| answer(i * 101, MEASURED_MS));
    let ordered = begin + Duration::from_millis(3_000);
    let right = Velocity {
        pan: 0.3,
        ..Velocity::ZERO
    };
    dome.on_command(ordered, Order::Velocity(right));
    answer(3_495, age_ms);
    match dome.knowledge(ordered + Duration::from_millis(500)) {
        PoseKnowledge::Within(poses) => poses.pan.half_width(),
        PoseKnowledge::Unknown(_) => f64::INFINITY,
    }
}

#[tokio::test]
async fn r_prv_1_a_status_that_the_cameras_clock_shows_to_be_old_is_not_read_by_habits() {
    let fresh = width(MEASURED_MS, true).await;
    let old = width(LOADED_MS, true).await;
    // A camera that stamps nothing shows nothing: what was measured of it is all there is.
    let unseen = width(LOADED_MS, false).await;
    assert!(fresh == unseen && old > 1.5 * fresh, "{fresh} {old} {unseen}");
}
