//! A signed plan as two readers take it: a workstation that may be older than the server, and whoever signs it again.
//!
//! The signature is over the bytes as they came and is verified before anything here. A workstation passes over fields that it
//! does not know. A camera that it must not use (a mark that is not understood), or cannot read, stays in the plan under its
//! name and place, with the mark, so that nothing of it is shown and people are told why; the other cameras go on.
//! Invariant: a camera is never read without something that is marked in it; what cannot be read is never taken for forged.
//! Deliberately absent: signatures, and the covering (`station::camera::plan_in_force`).

use super::{CameraPlan, Controller, SitePlan};
use crate::domain::camera::{CameraId, CameraKind, ControllerId};
use crate::domain::strict::{self, NotWhole};
use crate::domain::version::critical::{Critical, UNDERSTOOD, UpdateNeeded, update_needed};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A plan whose cameras are not read yet.
#[derive(Deserialize)]
struct Envelope<'a> {
    version: u64,
    controllers: Vec<Controller>,
    #[serde(borrow)]
    cameras: Vec<&'a RawValue>,
    #[serde(default)]
    critical: Vec<Critical>,
}

/// Marks alone: read before what they stand in, so that no other field can keep them from being seen.
#[derive(Deserialize)]
struct Marks {
    #[serde(default)]
    critical: Vec<Critical>,
}

/// What every release can read of a camera.
#[derive(Deserialize)]
struct Head {
    id: CameraId,
    number: u32,
    name: String,
    place: String,
    controller: ControllerId,
    #[serde(default)]
    critical: Vec<Critical>,
}

/// Reads a plan whose signature was verified, as a workstation does.
///
/// # Errors
/// [`UpdateNeeded`]: the plan has a mark that is not understood here, or cannot be read at all: a newer program wrote it.
pub fn read(text: &str) -> Result<SitePlan, UpdateNeeded> {
    let marks: Marks = serde_json::from_str(text).map_err(|_| UpdateNeeded { since: None })?;
    if let Some(update) = update_needed(&marks.critical, UNDERSTOOD) {
        return Err(update);
    }
    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|_| UpdateNeeded { since: None })?;
    let cameras: Option<Vec<CameraPlan>> = envelope.cameras.into_iter().map(|raw| camera(raw.get())).collect();
    Ok(SitePlan {
        version: envelope.version,
        controllers: envelope.controllers,
        cameras: cameras.ok_or(UpdateNeeded { since: None })?,
        critical: envelope.critical,
    })
}

/// Reads a plan that is to be signed again, whole: a field that is passed over would be lost.
///
/// # Errors
/// [`NotWhole`]: a field or a mark is not known here, or it is no plan.
pub fn read_whole(text: &str) -> Result<SitePlan, NotWhole> {
    let plan: SitePlan = strict::json(text)?;
    let marks = plan.cameras.iter().flat_map(|camera| &camera.critical);
    match plan
        .critical
        .iter()
        .chain(marks)
        .find(|mark| !UNDERSTOOD.contains(&mark.what.as_str()))
    {
        None => Ok(plan),
        Some(mark) => Err(NotWhole::Unknown(mark.what.clone())),
    }
}

/// A camera, or what stands for one that only a newer program reads; `None` when not even that can be said.
fn camera(text: &str) -> Option<CameraPlan> {
    if let Ok(camera) = serde_json::from_str::<CameraPlan>(text) {
        return Some(camera);
    }
    let mut head: Head = serde_json::from_str(text).ok()?;
    if update_needed(&head.critical, UNDERSTOOD).is_none() {
        head.critical.push(Critical::not_read());
    }
    Some(CameraPlan {
        name: head.name,
        place: head.place,
        critical: head.critical,
        ..CameraPlan::blank(head.id, head.number, head.controller, CameraKind::Fixed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::privacy::test_dome::{dome_plan, lens, tight};
    use crate::domain::site::Mask;
    use serde_json::{Value, json};

    fn plan() -> SitePlan {
        let second = CameraPlan {
            id: "cam-02".parse().unwrap(),
            number: 2,
            ..dome_plan(tight(), lens(), Vec::new())
        };
        SitePlan {
            version: 9,
            controllers: vec![Controller {
                id: "borgo".parse().unwrap(),
                name: "Borgo".into(),
                istat: "017001".into(),
            }],
            cameras: vec![dome_plan(tight(), lens(), Vec::new()), second],
            critical: Vec::new(),
        }
    }

    /// The plan with another JSON at a place.
    fn with(pointer: &str, name: &str, value: Value) -> String {
        let mut plan = serde_json::to_value(plan()).unwrap();
        plan.pointer_mut(pointer).unwrap()[name] = value;
        plan.to_string()
    }

    #[test]
    fn a_plan_without_marks_is_written_as_before_there_were_marks() {
        let text = serde_json::to_string(&plan()).unwrap();
        assert!(!text.contains("critical"));
        assert_eq!(read(&text).unwrap(), plan());
        assert_eq!(read_whole(&text).unwrap(), plan());
    }

    #[test]
    fn r_prv_1_unknown_fields_of_a_newer_plan_are_passed_over_wherever_they_stand_but_not_by_who_signs_it_again() {
        for pointer in [
            "",
            "/controllers/0",
            "/cameras/1",
            "/cameras/1/motion",
            "/cameras/0/limits",
            "/cameras/0/lens",
        ] {
            let text = with(pointer, "from_the_future", json!({"deep": [1, null]}));
            assert_eq!(read(&text).unwrap(), plan(), "{pointer}");
            let lost = read_whole(&text).unwrap_err().to_string();
            assert!(lost.contains("from_the_future"), "{lost}");
        }
    }

    #[test]
    fn r_prv_1_a_plan_with_a_mark_that_is_not_known_is_not_used_and_says_which_release_is_needed() {
        let marked = with("", "critical", json!([{"what": "halls", "since": "9.1"}]));
        assert_eq!(read(&marked).unwrap_err().since, "9.1".parse().ok());
        assert!(read_whole(&marked).unwrap_err().to_string().contains("halls"));
        // Also when nothing else of it can be read.
        assert_eq!(
            read(r#"{"critical":[{"what":"halls","since":"9.1","more":1}],"version":"nine"}"#)
                .unwrap_err()
                .since,
            "9.1".parse().ok()
        );
    }

    #[test]
    fn r_prv_1_a_camera_with_a_mark_that_is_not_known_stays_by_name_and_the_others_go_on() {
        let marks = json!([{"what": "halls", "since": "9.1"}]);
        for (readable, text) in [
            (true, with("/cameras/0", "critical", marks.clone())),
            (false, {
                let mut plan = serde_json::to_value(plan()).unwrap();
                plan["cameras"][0]["critical"] = marks;
                plan["cameras"][0]["kind"] = json!({"rail": {"length_m": 40}});
                plan.to_string()
            }),
        ] {
            let read = read(&text).unwrap();
            assert_eq!(read.cameras[1], plan().cameras[1]);
            let (camera, before) = (&read.cameras[0], &plan().cameras[0]);
            assert_eq!((&camera.id, camera.number, &camera.name), (&before.id, 1, &before.name));
            assert_eq!(camera.update_needed().unwrap().since, "9.1".parse().ok(), "{readable}");
            assert!(read_whole(&text).is_err());
        }
    }

    #[test]
    fn r_prv_1_a_camera_with_a_value_that_is_not_known_is_never_read_without_it() {
        for (pointer, name, value) in [
            ("/cameras/0", "kind", json!("rail")),
            (
                "/cameras/0",
                "masks",
                json!([{"id": "m-1", "name": "x", "shape": {"cone": []}}]),
            ),
            ("/cameras/0/limits", "sectors", json!([{"id": "s-1"}])),
        ] {
            let read = read(&with(pointer, name, value)).unwrap();
            assert_eq!(
                read.cameras[0].update_needed(),
                Some(UpdateNeeded { since: None }),
                "{name}"
            );
            assert_eq!(read.cameras[0].masks, Vec::<Mask>::new());
            assert_eq!(read.cameras[1].update_needed(), None);
        }
    }

    #[test]
    fn what_has_no_name_to_stand_for_it_makes_the_whole_plan_a_newer_programs() {
        assert_eq!(
            read(&with("/cameras/0", "id", json!({}))),
            Err(UpdateNeeded { since: None })
        );
        assert_eq!(
            read(&with("", "version", json!("9"))),
            Err(UpdateNeeded { since: None })
        );
        assert_eq!(read("{}"), Err(UpdateNeeded { since: None }));
    }
}
