//! The camera of a path as far as its caller may know of it, and an act with it for the log (R-ACC-5).
//!
//! Invariant: a camera that is nothing to the person is answered like one that does not exist, after the same work.
//! Deliberately absent: what may be done with the camera (`domain::people::decide`).

use super::client_auth::Person;
use super::responses::{Answer, Refused};
use super::state::SiteState;
use crate::domain::audit::details::Say as _;
use crate::domain::audit::details::plan::CredentialReleased;
use crate::domain::audit::event::Outcome;
use crate::domain::camera::CameraId;
use crate::domain::site::CameraPlan;
use crate::server::log::recorder::{Act, Recorder};
use crate::server::people::accounts::By;

/// A camera the person has to do with. Any other is answered like one that does not exist, after the same work: the
/// attempt is recorded either way.
pub(super) async fn camera_of(
    site: &SiteState,
    recorder: &Recorder,
    person: &Person,
    camera: String,
) -> Answer<CameraPlan> {
    let plan = site.plans.current();
    let found = CameraId::try_from(camera.clone()).ok();
    let found = found.and_then(|id| plan.camera(&id).cloned());
    let known = found.filter(|camera| person.who.person.knows(&camera.controller, &camera.id));
    if let Some(camera) = known {
        return Ok(camera);
    }
    let act = By {
        station: &person.station,
        who: &person.who,
    }
    .act();
    let refused = CredentialReleased::default().asked_for(&camera);
    recorder
        .record(&person.station.home, refused, Outcome::Refused, act)
        .await?;
    Err(Refused::not_found("camera"))
}

/// An act of this person with this camera, for the log.
pub(super) fn act<'a>(person: &'a Person, camera: &'a CameraPlan) -> Act<'a> {
    Act {
        person: Some(&person.who.person),
        session: &person.who.session.session,
        at: Some(&person.station.station),
        camera: Some(&camera.id),
        purpose: Some(person.who.session.purpose),
        protocol_no: &person.who.session.protocol_no,
        ..Act::default()
    }
}
