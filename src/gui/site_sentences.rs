//! Words about cameras as they are administered: kinds, state, what a test found, what changes.
//!
//! Deliberately absent: layout.

use super::i18n::fl;
use super::theme::Tone;
use crate::domain::camera::CameraKind;
use crate::domain::site::change::{Difference, Field};
use crate::station::{CameraReport, CameraView, Changed};

/// Clocks that differ by less are not worth a word, seconds.
const CLOCK_SLACK_S: u64 = 5;

/// What kind of camera it is.
pub fn kind(kind: CameraKind) -> String {
    match kind {
        CameraKind::Fixed => fl!("camera-fixed"),
        CameraKind::Dome => fl!("camera-dome"),
        CameraKind::Mobile => fl!("camera-mobile"),
    }
}

/// What the server lacks to work with a camera.
pub fn state(camera: &CameraView) -> (String, Tone) {
    match (camera.picture_account, camera.figures_account) {
        (true, true) if camera.settings.personal_users => (fl!("cameras-personal"), Tone::Normal),
        (true, true) => (fl!("cameras-ready"), Tone::Normal),
        (true, false) => (fl!("cameras-no-figures"), Tone::Normal),
        (false, _) => (fl!("cameras-no-account"), Tone::Attention),
    }
}

/// What a test found, in one sentence.
pub fn report(report: &CameraReport) -> String {
    let clock = match report.clock_offset_s {
        None => fl!("camera-clock-unknown"),
        Some(offset) if offset.unsigned_abs() < CLOCK_SLACK_S => fl!("camera-clock-right"),
        Some(offset) => fl!("camera-clock-off", seconds = offset.to_string()),
    };
    let streams = if report.streams.is_empty() {
        fl!("camera-no-streams")
    } else {
        report.streams.join(", ")
    };
    let ptz = match report.ptz {
        Some(true) => fl!("camera-ptz"),
        Some(false) => fl!("camera-no-ptz"),
        None => fl!("camera-ptz-unknown"),
    };
    let masks = match report.masks {
        Some(count) => fl!("camera-masks", n = count.to_string()),
        None => fl!("camera-no-masks"),
    };
    fl!(
        "camera-report",
        clock = clock,
        streams = streams,
        ptz = ptz,
        masks = masks
    )
}

/// What a test found that somebody should look into, one sentence each.
pub fn warnings(report: &CameraReport) -> Vec<String> {
    let troubles = (!report.troubles.is_empty()).then(|| fl!("camera-troubles", why = report.troubles.join("; ")));
    let searches = report.searches_people.then(|| fl!("camera-searches-people"));
    troubles.into_iter().chain(searches).collect()
}

/// What became of a change.
pub fn changed(changed: Changed) -> String {
    match changed {
        Changed::InForce { version } => fl!("cameras-in-force", version = version.to_string()),
        Changed::Waits { .. } => fl!("cameras-waits"),
    }
}

fn field(field: Field) -> String {
    match field {
        Field::Number => fl!("cameras-number"),
        Field::Name => fl!("camera-name"),
        Field::Place => fl!("camera-place"),
        Field::Controller => fl!("camera-controller"),
        Field::Kind => fl!("camera-kind"),
        Field::Onvif => fl!("camera-onvif"),
        Field::Lens => fl!("camera-lens"),
        Field::Masks => fl!("cameras-masks"),
        Field::Limits => fl!("camera-limits"),
        Field::Motion => fl!("camera-motion"),
        Field::Ground => fl!("camera-ground"),
        Field::View => fl!("camera-view"),
        Field::Orientation => fl!("camera-orientation"),
        Field::Habits => fl!("camera-habits"),
        Field::ReturnHome => fl!("camera-return-field"),
        Field::Critical => fl!("camera-critical"),
        Field::School => fl!("camera-school"),
        Field::PersonalUsers => fl!("camera-personal"),
    }
}

/// What changes in one camera.
pub fn difference(difference: &Difference) -> String {
    let name = |camera: &crate::domain::site::CameraPlan| format!("{} {}", camera.number, camera.name);
    match (&difference.before, &difference.after) {
        (None, Some(new)) => fl!(
            "cameras-added",
            camera = name(new),
            address = new.onvif.as_str(),
            masks = new.masks.len().to_string()
        ),
        (Some(old), None) => fl!("cameras-removed", camera = name(old)),
        (Some(old), Some(_)) => {
            let fields: Vec<String> = difference.fields().into_iter().map(field).collect();
            fl!("cameras-changed", camera = name(old), fields = fields.join(", "))
        }
        (None, None) => String::new(),
    }
}
