//! A dome that stands and says for ever that it moves: why its picture is covered is said.
//!
//! Deliberately absent: the rule itself (`domain::ptz::endless_motion`).

use super::{event, outbox};
use crate::domain::camera::{Direction, Pose};
use crate::domain::privacy::test_dome::{dome_plan, lens};
use crate::domain::privacy::{Cover, WholeReason};
use crate::domain::ptz::Order;
use crate::domain::site::{MotionBounds, SitePlan};
use crate::media::frame::Came;
use crate::onvif;
use crate::station::TrackedPose;
use crate::station::camera::frame_cover::FrameCover;
use crate::station::camera::plan_in_force::Policy;
use crate::station::camera::watched::Watched;
use crate::station::record::outbox::memory::Memory;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_dome_that_never_says_it_rests_is_covered_with_the_reason_until_it_does() {
    let corner = |azimuth_deg: f64, elevation_deg: f64| Direction {
        azimuth_deg,
        elevation_deg,
    };
    let mask = vec![corner(18.0, -14.0), corner(24.0, -14.0), corner(24.0, -9.0)];
    let plan = dome_plan(MotionBounds::default(), lens(), vec![mask]);
    let pose = Pose {
        pan_deg: 20.0,
        tilt_deg: -12.0,
        hfov_deg: 40.0,
    };
    let position = plan.lens.as_ref().unwrap().position_of(pose);
    let site = SitePlan {
        version: 1,
        controllers: Vec::new(),
        cameras: vec![plan.clone()],
        critical: Vec::new(),
    };
    let proof = outbox(&Memory::default(), 0).append(event()).await.unwrap();
    let policy = Arc::new(Policy::new(Arc::new(site)));
    let dome = Watched::new(plan, policy, Arc::new(TrackedPose), proof);
    let (begin, view) = (Instant::now(), FrameCover::new(None));
    let tell = |tenth: u64, moving| {
        let received = begin + Duration::from_millis(100 * tenth);
        dome.on_status(&onvif::PtzStatus {
            position: Some(position),
            moving,
            hfov_deg: None,
            utc_ms: None,
            sent: received - Duration::from_millis(20),
            received,
        });
        Cover::clone(&view.at(&dome, Came::at(received), received))
    };
    let never = Cover::Whole(WholeReason::NeverAtRest);
    let early: Vec<_> = (0..290).map(|tenth| tell(tenth, onvif::MoveState::Moving)).collect();
    assert!(!early.contains(&never), "it may be under way");
    assert_eq!(early.last(), Some(&Cover::Whole(WholeReason::TooUncertain)));
    let late: Vec<_> = (290..320).map(|tenth| tell(tenth, onvif::MoveState::Moving)).collect();
    assert_eq!(late.last(), Some(&never));
    dome.on_command(begin + Duration::from_secs(32), Order::Stop);
    assert_ne!(
        tell(321, onvif::MoveState::Moving),
        never,
        "what it says may be true again"
    );
    let rests: Vec<_> = (322..400).map(|tenth| tell(tenth, onvif::MoveState::Idle)).collect();
    assert!(matches!(rests.last(), Some(Cover::Parts(_))), "{:?}", rests.last());
}
