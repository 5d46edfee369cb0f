//! What a plan is read from, written as, and refused for.

use super::*;
use crate::domain::camera::LensError;
use crate::domain::privacy::test_dome::{dome_plan, lens, tight};

fn plan(cameras: Vec<CameraPlan>) -> SitePlan {
    let controller = Controller {
        id: "borgo".parse().unwrap(),
        name: String::from("Comune di Borgo Vedetta"),
        istat: String::from("017001"),
    };
    SitePlan {
        version: 1,
        controllers: vec![controller],
        cameras,
        critical: Vec::new(),
    }
}

fn window() -> Vec<Direction> {
    [[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]]
        .map(|[azimuth_deg, elevation_deg]| Direction {
            azimuth_deg,
            elevation_deg,
        })
        .to_vec()
}

fn dome() -> CameraPlan {
    dome_plan(tight(), lens(), vec![window()])
}

fn troubles(camera: CameraPlan) -> Vec<CameraError> {
    let trouble = |error| match error {
        PlanError::Camera { trouble, .. } => trouble,
        other => unreachable!("{other}"),
    };
    plan(vec![camera]).check().into_iter().map(trouble).collect()
}

#[test]
fn a_sound_plan_has_no_errors_and_survives_toml_and_json() {
    let plan = plan(vec![dome()]);
    assert_eq!(plan.check(), []);
    assert_eq!(
        toml::from_str::<SitePlan>(&toml::to_string(&plan).unwrap()).unwrap(),
        plan
    );
    assert_eq!(
        serde_json::from_str::<SitePlan>(&serde_json::to_string(&plan).unwrap()).unwrap(),
        plan
    );
}

#[test]
fn a_plan_of_before_views_and_orientations_reads_and_is_signed_byte_for_byte_as_it_was() {
    let old = r#"{"version":3,"controllers":[],"cameras":[{"id":"cam-01","number":1,"name":"Piazza","place":"Piazza","controller":"borgo","kind":"fixed","onvif":"http://192.0.2.7/onvif/device_service","lens":null,"masks":[],"limits":{"pan_deg":null,"tilt_deg":null,"zoom_ceiling":null,"density_ceiling_px_m":null,"sectors":[]},"motion":{"pan_speed_deg_s":240.0,"tilt_speed_deg_s":160.0,"zoom_speed_ln_s":2.0,"video_delay_s":0.6,"status_delay_s":0.8,"pose_error_deg":0.3,"pose_lost_after_s":3.0,"video_delay_min_s":0.0,"command_delay_s":1.0,"speed_per_velocity":1.5,"zoom_error_ln":0.01,"unannounced_movers":false},"ground":null,"school":null,"personal_users":false}]}"#;
    let plan: SitePlan = serde_json::from_str(old).unwrap();
    assert_eq!(serde_json::to_string(&plan).unwrap(), old);
    let mut camera = plan.cameras[0].clone();
    camera.view = Some(VideoView {
        source: "lens-2".into(),
        configuration: "wide".into(),
    });
    camera.orientation = Some(Orientation {
        mirror: Some(false),
        ..Orientation::default()
    });
    camera.habits.never_idle = true;
    camera.return_home = "10 Ingresso".parse().ok();
    let text = serde_json::to_string(&camera).unwrap();
    let added = r#","view":{"source":"lens-2","configuration":"wide"},"orientation":{"mirror":false},"habits":{"never_idle":true},"return_home":{"after_minutes":10,"preset":"Ingresso"}}"#;
    assert!(text.ends_with(added), "{text}");
    assert_eq!(serde_json::from_str::<CameraPlan>(&text).unwrap(), camera);
}

#[test]
fn what_is_there_twice_or_nowhere_is_found() {
    let mut doubled = dome();
    doubled.controller = "altrove".parse().unwrap();
    doubled.masks.push(doubled.masks[0].clone());
    let errors = plan(vec![dome(), doubled]).check();
    let found = |trouble: CameraError| {
        errors.contains(&PlanError::Camera {
            camera: "cam-01".parse().unwrap(),
            trouble,
        })
    };
    assert!(found(CameraError::Twice) && found(CameraError::NumberTwice(1)));
    assert!(found(CameraError::NoSuchController("altrove".parse().unwrap())));
    assert!(found(CameraError::MaskTwice("mask-0".parse().unwrap())));
    assert_eq!(errors.len(), 4, "{errors:?}");
}

#[test]
fn r_prv_1_a_mask_that_cannot_be_drawn_is_refused() {
    let mask = "mask-0".parse::<MaskId>().unwrap();
    let with = |shape: MaskShape| {
        let mut camera = dome();
        camera.masks[0].shape = shape;
        troubles(camera)
    };
    let mut corners = window();
    corners[1].azimuth_deg = f64::INFINITY;
    let wrong = |error| {
        vec![CameraError::Mask {
            mask: mask.clone(),
            error,
        }]
    };
    assert_eq!(with(MaskShape::Directions(corners)), wrong(ShapeError::OutOfRange));
    assert_eq!(
        with(MaskShape::Directions(window()[..2].to_vec())),
        wrong(ShapeError::TooFewPoints)
    );
    let picture = MaskShape::Picture(vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]);
    assert_eq!(with(picture.clone()), [CameraError::WrongKindOfMask(mask.clone())]);
    let mut fixed = CameraPlan {
        kind: CameraKind::Fixed,
        lens: None,
        ..dome()
    };
    fixed.masks[0].shape = picture;
    assert_eq!(troubles(fixed.clone()), []);
    fixed.masks[0].shape = MaskShape::Picture(vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.01]]);
    assert_eq!(troubles(fixed), wrong(ShapeError::OutOfRange));
}

#[test]
fn a_dome_needs_a_lens_and_numbers_that_can_be_true() {
    assert_eq!(
        troubles(CameraPlan { lens: None, ..dome() }),
        [CameraError::DomeWithoutLens]
    );
    let mut camera = dome();
    camera.lens.as_mut().unwrap().hfov_by_zoom = vec![[0.0, 60.0], [1.0, 60.0]];
    camera.limits.pan_deg = Some([10.0, -10.0]);
    camera.limits.zoom_ceiling = Some(f64::NAN);
    camera.motion.status_delay_s = -1.0;
    camera.motion.video_delay_min_s = 9.0;
    assert_eq!(
        troubles(camera),
        [
            CameraError::Lens(LensError::ZoomTable),
            CameraError::Limit("pan_deg"),
            CameraError::Limit("zoom_ceiling"),
            CameraError::Motion("video_delay_min_s"),
            CameraError::Motion("status_delay_s"),
        ]
    );
}
