//! The ways a plan may change, and the ways round the second person that are closed.

use super::*;
use crate::domain::camera::Direction;
use crate::domain::privacy::test_dome::{dome_plan, lens, tight};
use crate::domain::site::Controller;

fn controller(id: &str, istat: &str) -> Controller {
    Controller {
        id: id.parse().unwrap(),
        name: format!("Comune di {id}"),
        istat: istat.into(),
    }
}

/// A masked dome of «borgo», and one of «altrove».
fn plan() -> SitePlan {
    let corners = [[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]].map(|[azimuth_deg, elevation_deg]| Direction {
        azimuth_deg,
        elevation_deg,
    });
    let dome = CameraPlan {
        controller: "borgo".parse().unwrap(),
        onvif: "http://192.0.2.7/onvif/device_service".into(),
        ..dome_plan(tight(), lens(), vec![corners.to_vec()])
    };
    let other = CameraPlan {
        id: "altra-01".parse().unwrap(),
        number: 50,
        controller: "altrove".parse().unwrap(),
        ..dome.clone()
    };
    SitePlan {
        version: 7,
        controllers: vec![controller("borgo", "017001"), controller("altrove", "017002")],
        cameras: vec![dome, other],
        critical: Vec::new(),
    }
}

fn borgo(id: &ControllerId) -> bool {
    id.as_str() == "borgo"
}

fn settings() -> CameraSettings {
    CameraSettings::of(&plan().cameras[0])
}

fn put(settings: CameraSettings) -> Result<SitePlan, SiteFault> {
    SiteChange::Put(settings).apply(&plan(), borgo, None)
}

fn import(change: impl FnOnce(&mut SitePlan)) -> Result<SitePlan, SiteFault> {
    let mut brought = plan();
    brought.cameras.truncate(1);
    brought.controllers.truncate(1);
    change(&mut brought);
    SiteChange::Import(Box::new(brought)).apply(&plan(), borgo, None)
}

fn needs_two(next: &SitePlan) -> bool {
    differences(&plan(), next).iter().any(Difference::needs_two)
}

#[test]
fn r_acc_2_a_name_is_one_persons_and_an_address_is_not() {
    let renamed = put(CameraSettings {
        name: " Piazza Nuova ".into(),
        number: 9,
        ..settings()
    });
    let renamed = renamed.unwrap();
    assert_eq!((renamed.version, renamed.cameras[0].name.as_str()), (8, "Piazza Nuova"));
    let found = differences(&plan(), &renamed);
    assert_eq!(found[0].fields(), [Field::Number, Field::Name]);
    assert!(!needs_two(&renamed));
    let told =
        serde_json::json!([{"number": 1, "name": plan().cameras[0].name}, {"number": 9, "name": "Piazza Nuova"}]);
    let (before, after) = found[0].told();
    assert_eq!(serde_json::json!([before, after]), told, "only what differs");
    let moved = put(CameraSettings {
        onvif: "http://192.0.2.8/onvif/device_service".into(),
        ..settings()
    });
    assert!(needs_two(&moved.unwrap()), "another picture under the same masks");
}

#[test]
fn r_prv_1_no_way_round_the_second_person() {
    let masks_gone = import(|plan| plan.cameras[0].masks.clear()).unwrap();
    assert!(needs_two(&masks_gone));
    let style = import(|plan| plan.cameras[0].masks[0].permanent = false).unwrap();
    assert!(needs_two(&style));
    let ceiling = import(|plan| plan.cameras[0].limits.zoom_ceiling = Some(30.0)).unwrap();
    assert!(needs_two(&ceiling));
    let hours = import(|plan| {
        plan.cameras[0].school = serde_json::from_str(r#"{"last_day": "2030-01-01", "hours": []}"#).ok();
    });
    assert!(needs_two(&hours.unwrap()));
    // Away alone, and back without its masks with somebody else only.
    let removed = SiteChange::Remove(settings().id).apply(&plan(), borgo, None).unwrap();
    assert!(!needs_two(&removed));
    let back = SiteChange::Put(settings()).apply(&removed, borgo, None).unwrap();
    assert!(
        back.cameras
            .iter()
            .any(|camera| camera.id == settings().id && camera.masks.is_empty())
    );
    assert!(differences(&removed, &back).iter().any(Difference::needs_two));
    let nothing = import(|_| {}).unwrap();
    assert_eq!(differences(&plan(), &nothing), []);
}

#[test]
fn r_prv_1_who_approved_a_mask_is_not_taken_from_a_file() {
    let forged = Revision {
        number: 99,
        author: "neri".into(),
        approver: "villa".into(),
        approved_ms: 1,
    };
    let untouched = import(|plan| plan.cameras[0].masks[0].revision = Some(forged.clone())).unwrap();
    assert_eq!(untouched.cameras[1].masks[0].revision, None, "the mask is what it was");
    assert_eq!(differences(&plan(), &untouched), []);
    let mut brought = plan();
    brought.cameras.truncate(1);
    brought.cameras[0].masks[0].name = "Balcone".into();
    brought.cameras[0].masks[0].revision = Some(forged);
    let approval = Approval {
        author: "riva",
        approver: "conti",
        approved_ms: 5,
    };
    let approved = SiteChange::Import(Box::new(brought))
        .apply(&plan(), borgo, Some(approval))
        .unwrap();
    let camera = approved.camera(&settings().id).unwrap();
    let revision = camera.masks[0].revision.as_ref().unwrap();
    assert_eq!(
        (revision.number, revision.author.as_str(), revision.approver.as_str()),
        (1, "riva", "conti")
    );
}

#[test]
fn r_acc_5_another_controllers_cameras_are_out_of_reach() {
    let other = CameraSettings::of(&plan().cameras[1]);
    assert_eq!(put(other.clone()), Err(SiteFault::NotKept));
    let stolen = CameraSettings {
        controller: "borgo".parse().unwrap(),
        ..other.clone()
    };
    assert_eq!(put(stolen), Err(SiteFault::Taken));
    let given = CameraSettings {
        controller: "altrove".parse().unwrap(),
        ..settings()
    };
    assert_eq!(put(given), Err(SiteFault::NotKept));
    let away = SiteChange::Remove(other.id.clone()).apply(&plan(), borgo, None);
    assert_eq!(away, Err(SiteFault::NoSuchCamera));
    let shown = import(|brought| brought.cameras.push(plan().cameras[1].clone()));
    assert_eq!(differences(&plan(), &shown.unwrap()), [], "shown, and left as it is");
    let brought = import(|brought| {
        brought.cameras.push(plan().cameras[1].clone());
        brought.cameras[1].name = "Altra".into();
    });
    assert_eq!(brought, Err(SiteFault::NotKept));
    let kept = import(|brought| brought.cameras.clear()).unwrap();
    assert_eq!(kept.cameras.len(), 1, "the other town's camera stays");
    assert_eq!(kept.cameras[0].id, other.id);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let with = |change: fn(&mut CameraSettings)| {
        let mut changed = settings();
        change(&mut changed);
        put(changed)
    };
    for (change, fault) in [
        (
            (|s: &mut CameraSettings| s.onvif = "http://admin:12345@192.0.2.7/".into()) as fn(&mut CameraSettings),
            SiteFault::Address,
        ),
        (|s| s.onvif = "rtsp://192.0.2.7/".into(), SiteFault::Address),
        (|s| s.onvif = "http:///onvif".into(), SiteFault::Address),
        (|s| s.name = " ".into(), SiteFault::Text),
        (|s| s.place = "a\nb".into(), SiteFault::Text),
        (|s| s.number = 50, SiteFault::Taken),
        (|s| s.controller = "nessuno".parse().unwrap(), SiteFault::NotKept),
        (
            |s| s.kind = CameraKind::Fixed,
            SiteFault::Senseless {
                camera: Some("cam-01".parse().unwrap()),
            },
        ),
    ] {
        assert_eq!(with(change), Err(fault));
    }
    assert_eq!(import(|plan| plan.version = 6), Err(SiteFault::Stale { version: 7 }));
    assert_eq!(
        import(|plan| plan.controllers[0].istat = "999999".into()),
        Err(SiteFault::Controllers)
    );
    let new_dome = CameraSettings {
        id: "cam-02".parse().unwrap(),
        number: 2,
        ..settings()
    };
    let added = put(new_dome).unwrap();
    assert_eq!(added.check(), [], "a new dome has a lens model to begin with");
    assert!(needs_two(&added));
}
