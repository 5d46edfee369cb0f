//! A workstation whose plan is not the one in force shows nothing: stale, not signed, or older than one it had.

use super::road::Bench;
use super::{borgo, event, outbox};
use crate::domain::audit::note::{SignerKey, Statement};
use crate::domain::camera::{CameraKind, NormalisedPosition, Pose};
use crate::domain::privacy::recorded::RecordedPoses;
use crate::domain::privacy::test_dome::{dome_plan, lens, tight};
use crate::domain::privacy::{Cover, Interval, PoseInterval, PoseKnowledge, WholeReason};
use crate::domain::ptz::{Order, Velocity};
use crate::domain::site::{CameraPlan, Controller, MaskShape, Orientation, SitePlan};
use crate::domain::version::critical::{Critical, UpdateNeeded};
use crate::media::frame::Came;
use crate::onvif::{MoveState, PtzStatus};
use crate::protocol::{PolicyState, SignedPlan};
use crate::station::camera::frame_cover::FrameCover;
use crate::station::camera::plan_in_force::Policy;
use crate::station::camera::recorded_cover::RecordedSight;
use crate::station::camera::watched::Watched;
use crate::station::machine::pose_source::{PoseSource, TrackedPose};
use crate::station::record::outbox::memory::Memory;
use crate::station::refusal::Refusal;
use crate::station::session::sign_in_error::SignInError;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A plan with one dome, and on it so many masks in view of the pose of [`known`].
fn plan(version: u64, masks: usize) -> SitePlan {
    let corner = |i: usize, azimuth: f64, elevation_deg: f64| crate::domain::camera::Direction {
        azimuth_deg: azimuth + 6.0 * i as f64,
        elevation_deg,
    };
    let mask = |i| vec![corner(i, 0.0, -12.0), corner(i, 3.0, -12.0), corner(i, 3.0, -9.0)];
    let mut dome = dome_plan(tight(), lens(), (0..masks).map(mask).collect());
    dome.controller = borgo();
    SitePlan {
        version,
        controllers: vec![Controller {
            id: borgo(),
            name: "Borgo".into(),
            istat: "020001".into(),
        }],
        cameras: vec![dome],
        critical: Vec::new(),
    }
}

fn told(plan_version: u64) -> PolicyState {
    PolicyState {
        revision: plan_version,
        plan_version,
        declared: Vec::new(),
        leases: Vec::new(),
        now_ms: 0,
        knock: None,
        watching: Vec::new(),
        clearances: Vec::new(),
    }
}

fn known() -> PoseKnowledge {
    let near = |v: f64| Interval {
        lo: v - 0.1,
        hi: v + 0.1,
    };
    PoseKnowledge::Within(PoseInterval {
        pan: near(5.0),
        tilt: near(-10.0),
        hfov: near(50.0),
    })
}

/// A dome that stood where [`known`] says.
fn recorded(camera: &CameraPlan) -> Option<RecordedPoses> {
    let pose = Pose {
        pan_deg: 5.0,
        tilt_deg: -10.0,
        hfov_deg: 50.0,
    };
    let poses = (0..50).map(|i| (i * 200, pose)).collect();
    Some(RecordedPoses::new(poses, camera))
}

fn parts(cover: &Cover) -> Option<usize> {
    match cover {
        Cover::Parts(parts) => Some(parts.len()),
        Cover::Whole(reason) => {
            assert_eq!(*reason, WholeReason::PlanNotCurrent);
            None
        }
    }
}

#[test]
fn r_prv_1_while_the_server_has_a_newer_plan_everything_is_covered_live_and_recorded() {
    let first = plan(7, 1);
    let camera = first.cameras[0].clone();
    assert_eq!(camera.kind, CameraKind::Dome);
    let policy = Arc::new(Policy::new(Arc::new(first)));
    let tracked: Arc<dyn PoseSource> = Arc::new(TrackedPose);
    let sight = RecordedSight::new(&policy, &camera, recorded(&camera), &tracked);
    let live = || {
        let in_force = policy.in_force(&camera, Instant::now());
        parts(&in_force.cover(&known(), jiff::Timestamp::now()))
    };
    let seen = |sight: &RecordedSight| parts(&sight.cover(Some(5_000)));
    assert_eq!((live(), seen(&sight), sight.is_unchanged()), (Some(1), Some(1), true));

    // Heard of, and not here yet: nothing shows. An older or equal plan does not help.
    assert!(policy.hear(told(9), Instant::now()));
    policy.take(plan(7, 0));
    policy.take(plan(6, 0));
    assert_eq!((live(), seen(&sight), sight.is_unchanged()), (None, None, false));
    policy.take(plan(8, 2));
    assert_eq!((live(), seen(&sight)), (None, None));

    // Here: the new mask covers at once, also what was recorded and is being shown.
    policy.take(plan(9, 2));
    assert_eq!((live(), seen(&sight), sight.is_unchanged()), (Some(2), Some(2), false));
    assert!(!policy.hear(told(8), Instant::now()));
    assert_eq!(live(), Some(2));

    // Another lens: the positions were read with the old one and say nothing any more.
    let mut other = plan(10, 2);
    other.cameras[0].lens.as_mut().unwrap().roll_deg = 3.0;
    policy.take(other);
    assert_eq!((live(), seen(&sight)), (None, None));
}

#[test]
fn r_prv_1_a_recording_of_a_camera_whose_picture_is_turned_now_is_covered_whole() {
    let plan = plan(7, 1);
    let camera = plan.cameras[0].clone();
    let policy = Arc::new(Policy::new(Arc::new(plan)));
    let tracked: Arc<dyn PoseSource> = Arc::new(TrackedPose);
    let sight = RecordedSight::new(&policy, &camera, recorded(&camera), &tracked);
    assert_eq!(parts(&sight.cover(Some(5_000))), Some(1));
    let sight = sight.turned(true);
    assert_eq!(sight.cover(Some(5_000)), Cover::Whole(WholeReason::OrientationChanged));
}

#[tokio::test]
async fn r_prv_1_a_plan_that_is_not_signed_or_is_older_is_not_taken() {
    let bench = Bench::new().await;
    let key = SignerKey::new("vedetta/plan", &[1; 32]).unwrap();
    let text = serde_json::to_string(&plan(7, 1)).unwrap();
    let signed = |text: &str, by: &SignerKey| SignedPlan {
        plan: text.to_owned(),
        signature: by.sign_statement(Statement::Plan, text),
        vkey: key.verifier().to_string(),
    };
    let refused = Err(SignInError::PlanNotGenuine);
    let read = |signed: &SignedPlan| bench.station.0.genuine_plan(signed).map(|plan| plan.version);
    assert_eq!(read(&signed(&text, &key)), Ok(7));
    let stranger = SignerKey::new("vedetta/plan", &[2; 32]).unwrap();
    assert_eq!(read(&signed(&text, &stranger)), refused);
    let mut changed = signed(&text, &key);
    changed.plan = changed.plan.replace("\"version\":7", "\"version\":8");
    assert_eq!(read(&changed), refused);
    // Whoever has the key wrote it, so it is no forgery.
    assert_eq!(
        read(&signed("{}", &key)),
        Err(SignInError::UpdateNeeded(UpdateNeeded { since: None }))
    );

    assert_eq!(bench.station.0.keep_plan_version(7).await, Ok(()));
    assert_eq!(bench.station.0.keep_plan_version(7).await, Ok(()));
    assert_eq!(
        bench.station.0.keep_plan_version(6).await,
        Err(SignInError::PlanNotGenuine)
    );
}

#[tokio::test]
async fn r_prv_1_a_signed_plan_from_the_future_is_used_as_far_as_it_may_be_and_never_told_as_forged() {
    let bench = Bench::new().await;
    let key = SignerKey::new("vedetta/plan", &[1; 32]).unwrap();
    let read = |plan: &serde_json::Value| {
        let text = plan.to_string();
        bench.station.0.genuine_plan(&SignedPlan {
            signature: key.sign_statement(Statement::Plan, &text),
            vkey: key.verifier().to_string(),
            plan: text,
        })
    };
    let mut future = serde_json::to_value(plan(9, 1)).unwrap();
    future["halls"] = serde_json::json!([{"id": "h-1"}]);
    future["cameras"][0]["recorder"] = serde_json::json!({"source": "ch-4"});
    future["cameras"][0]["masks"][0]["drawn_with"] = serde_json::json!("tablet");
    assert_eq!(read(&future), Ok(plan(9, 1)));

    // Marked on a camera: that camera is covered and not opened, and says why.
    let marks = serde_json::json!([{"what": "recorder", "since": "3.4"}]);
    future["cameras"][0]["critical"] = marks.clone();
    let needed = UpdateNeeded {
        since: "3.4".parse().ok(),
    };
    let policy = Policy::new(Arc::new(read(&future).unwrap()));
    let camera = plan(9, 1).cameras[0].clone();
    let cover = |policy: &Policy| {
        policy
            .in_force(&camera, Instant::now())
            .cover(&known(), jiff::Timestamp::now())
    };
    assert_eq!(cover(&policy), Cover::Whole(WholeReason::UpdateNeeded));
    assert_eq!(policy.camera(&camera.id), Err(Refusal::UpdateNeeded(needed.clone())));

    // Marked on the plan: nothing of it is used.
    future["critical"] = marks;
    assert_eq!(read(&future), Err(SignInError::UpdateNeeded(needed)));
}

#[test]
fn r_prv_1_a_newer_plan_for_a_newer_program_covers_everything_and_opens_nothing_until_one_comes_that_can_be_used() {
    let first = plan(7, 1);
    let camera = first.cameras[0].clone();
    let policy = Arc::new(Policy::new(Arc::new(first)));
    let tracked: Arc<dyn PoseSource> = Arc::new(TrackedPose);
    let sight = RecordedSight::new(&policy, &camera, recorded(&camera), &tracked);
    let live = || {
        policy
            .in_force(&camera, Instant::now())
            .cover(&known(), jiff::Timestamp::now())
    };
    let covered = Cover::Whole(WholeReason::UpdateNeeded);
    policy.hear(told(8), Instant::now());
    assert_eq!(live(), Cover::Whole(WholeReason::PlanNotCurrent));
    let needed = UpdateNeeded {
        since: "3.4".parse().ok(),
    };
    let generation = policy.in_force(&camera, Instant::now());
    policy.cannot_take(needed.clone());
    assert!(
        !generation.is_current(&policy, Instant::now()),
        "what is open is covered anew"
    );
    assert_eq!((live(), sight.cover(Some(5_000))), (covered.clone(), covered.clone()));
    assert_eq!(policy.camera(&camera.id), Err(Refusal::UpdateNeeded(needed)));
    assert!(!sight.is_unchanged());

    policy.hear(told(9), Instant::now());
    policy.take(plan(9, 2));
    assert_eq!((parts(&live()), policy.camera(&camera.id).is_ok()), (Some(2), true));

    // A camera that only a newer program reads, in a plan that can be used: the limits it was opened under stay.
    let mut marked = plan(10, 0);
    marked.cameras[0].critical = vec![Critical::not_read()];
    marked.cameras[0].limits.zoom_ceiling = None;
    policy.hear(told(10), Instant::now());
    policy.take(marked);
    assert_eq!((live(), sight.cover(Some(5_000))), (covered.clone(), covered));
    assert_eq!(policy.in_force(&camera, Instant::now()).plan, camera);
}

#[tokio::test]
async fn r_prv_1_no_road_to_a_cover_passes_by_the_orientation_of_the_picture() {
    let mut plan = plan(7, 1);
    let planned = Orientation {
        mirror: Some(false),
        ..Orientation::default()
    };
    plan.cameras[0].orientation = Some(planned.clone());
    let camera = plan.cameras[0].clone();
    let policy = Arc::new(Policy::new(Arc::new(plan)));
    let proof = outbox(&Memory::default(), 0).append(event()).await.unwrap();
    let watched = Watched::new(camera, policy, Arc::new(TrackedPose), proof);
    let turned = PoseKnowledge::Unknown(WholeReason::OrientationChanged);
    let roads = || {
        let now = Instant::now();
        [watched.knowledge(now), watched.knowledge_of(&Came::at(now), None, now)]
    };
    assert_eq!(roads(), [turned; 2], "not compared yet");
    watched.orientation().take(&planned, &planned, 1);
    assert!(roads().iter().all(|pose| *pose != turned));
    let mirrored = Orientation {
        mirror: Some(true),
        ..Orientation::default()
    };
    watched.orientation().take(&planned, &mirrored, 2);
    assert_eq!(roads(), [turned; 2], "somebody ticked «mirror»");
}

/// A watched dome with masks near azimuth 0 that has stood there for three seconds; its picture was found to lie as `seen`.
async fn standing(pan_deg: f64, seen: &Orientation) -> Watched {
    let mut plan = plan(7, 1);
    let planned = Orientation::default();
    plan.cameras[0].orientation = Some(planned.clone());
    let camera = plan.cameras[0].clone();
    let pose = Pose {
        pan_deg,
        tilt_deg: -10.0,
        hfov_deg: 50.0,
    };
    let position = camera.lens.as_ref().map(|lens| lens.position_of(pose));
    let proof = outbox(&Memory::default(), 0).append(event()).await.unwrap();
    let policy = Arc::new(Policy::new(Arc::new(plan)));
    let watched = Watched::new(camera, policy, Arc::new(TrackedPose), proof);
    watched.orientation().take(&planned, seen, 1);
    stands(&watched, position, Instant::now());
    watched
}

/// A dome says for three seconds up to `until` that it stands.
fn stands(watched: &Watched, position: Option<NormalisedPosition>, until: Instant) {
    for ago in (0..30).rev().map(|i| Duration::from_millis(100 * i)) {
        let received = until.checked_sub(ago).unwrap();
        watched.on_status(&PtzStatus {
            position,
            moving: MoveState::Idle,
            hfov_deg: None,
            utc_ms: None,
            sent: received.checked_sub(Duration::from_millis(10)).unwrap(),
            received,
        });
    }
}

#[tokio::test]
async fn r_prv_1_a_picture_that_a_workstation_or_a_network_held_up_is_covered_whole() {
    let watched = standing(5.0, &Orientation::default()).await;
    let cover = |held_up: fn(Came) -> Came| {
        let now = Instant::now();
        Cover::clone(&FrameCover::new(None).at(&watched, held_up(Came::at(now)), now))
    };
    let longest = Duration::from_secs(1);
    assert!(watched.plan.motion.video_delay_s < longest.as_secs_f64());
    assert!(
        matches!(cover(|came| came), Cover::Parts(_)),
        "{:?}",
        cover(|came| came)
    );
    let whole = Cover::Whole(WholeReason::PoseNotKnown);
    assert_eq!(
        cover(|came| Came {
            waited: Duration::from_secs(1),
            ..came
        }),
        whole
    );
    assert_eq!(cover(|came| came.behind_at_least(Duration::from_secs(1))), whole);
}

#[tokio::test]
async fn r_prv_1_whoever_calibrates_a_turned_dome_sees_only_where_no_mask_can_be() {
    let mirrored = Orientation {
        mirror: Some(true),
        ..Orientation::default()
    };
    let reversed = Orientation {
        reverse: Some("ON".into()),
        ..Orientation::default()
    };
    let whole = Cover::Whole(WholeReason::OrientationChanged);
    for (pan_deg, lies, seen) in [
        (5.0, &mirrored, false),
        (150.0, &mirrored, true),
        (150.0, &reversed, false),
    ] {
        let watched = standing(pan_deg, lies).await;
        let cover = || {
            let now = Instant::now();
            let came = Came::at(now);
            Cover::clone(&FrameCover::new(None).at(&watched, came, now))
        };
        assert_eq!(cover(), whole, "nobody calibrates");
        watched.set_calibrated(true);
        let shown = if seen { Cover::Parts(Vec::new()) } else { whole.clone() };
        assert_eq!(cover(), shown, "{pan_deg} {lies:?}");
        assert!(
            matches!(watched.motors(Instant::now()), PoseKnowledge::Within(_)),
            "to measure by"
        );
        watched.orientation().forget();
        assert_eq!(cover(), whole, "it may have come back otherwise");
        watched.set_calibrated(false);
        assert_eq!(cover(), whole);
    }
}

#[tokio::test]
async fn r_prv_1_whoever_calibrates_a_dome_that_turns_its_commands_sees_only_pictures_taken_while_it_stood() {
    let mirrored = Orientation {
        mirror: Some(true),
        ..Orientation::default()
    };
    let flipped = Orientation {
        e_flip: Some("ON".into()),
        ..Orientation::default()
    };
    for (lies, by_sign) in [(&mirrored, true), (&flipped, false)] {
        let watched = standing(150.0, lies).await;
        watched.set_calibrated(true);
        let begun = Instant::now();
        let shows = |ms: u64| {
            let at = begun + Duration::from_millis(ms);
            let cover = watched.in_force(at);
            let shown = watched.cover_to_calibrate(&cover, &Came::at(at), at);
            shown == Some(Cover::Parts(Vec::new()))
        };
        assert!(shows(0), "it stands");
        let slowly = Velocity {
            pan: 0.05,
            ..Velocity::default()
        };
        watched.on_command(begun, Order::Velocity(slowly));
        assert_eq!(shows(10), !by_sign, "which way it goes is not known");
        watched.on_command(begun + Duration::from_millis(20), Order::Stop);
        let position = watched.plan.lens.as_ref().map(|lens| {
            lens.position_of(Pose {
                pan_deg: 150.0,
                tilt_deg: -10.0,
                hfov_deg: 50.0,
            })
        });
        stands(&watched, position, begun + Duration::from_secs(4));
        assert!(shows(4_010));
        if by_sign {
            let early = (1_000..4_010).step_by(10).find(|ms| shows(*ms)).unwrap();
            let delay_ms = (watched.plan.motion.video_delay_s * 1_000.0) as u64;
            // The first status comes at 1,100 ms, and to stand takes 250.
            assert!(early >= 1_350 + delay_ms, "{early}: a picture from before it stood");
        }
    }
}

#[test]
fn r_prv_1_a_fixed_camera_whose_picture_was_turned_is_covered_whole_where_it_has_masks() {
    let turned = PoseKnowledge::Unknown(WholeReason::OrientationChanged);
    for (masks, covered) in [(1, true), (0, false)] {
        let mut plan = plan(7, masks);
        plan.cameras[0].kind = CameraKind::Fixed;
        for mask in &mut plan.cameras[0].masks {
            mask.shape = MaskShape::Picture(vec![[0.1, 0.1], [0.3, 0.1], [0.2, 0.3]]);
        }
        let camera = plan.cameras[0].clone();
        let policy = Policy::new(Arc::new(plan));
        let cover = policy
            .in_force(&camera, Instant::now())
            .cover(&turned, jiff::Timestamp::now());
        assert_eq!(
            cover == Cover::Whole(WholeReason::OrientationChanged),
            covered,
            "{masks}"
        );
    }
}
