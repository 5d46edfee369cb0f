//! Clearances in words, and cameras by their numbers.
//!
//! Deliberately absent: asking for one, answering (screens).

use super::i18n::fl;
use super::sentences;
use super::theme::Tone;
use crate::domain::camera::CameraId;
use crate::domain::people::clearance::{Answer, Clearance, ClearanceStatus, Extent};
use crate::domain::site::SitePlan;
use std::collections::BTreeSet;

/// How a clearance stands, in words.
pub fn standing_words(clearance: &Clearance, now_ms: i64) -> (String, Tone) {
    match (clearance.standing(now_ms), &clearance.answer) {
        (ClearanceStatus::Waiting, _) => (fl!("clearance-waiting"), Tone::Attention),
        (ClearanceStatus::Refused, Some(Answer::Refused { reason, .. })) => {
            (fl!("clearance-refused", reason = reason.as_str()), Tone::Attention)
        }
        (ClearanceStatus::InForce, Some(Answer::Granted { until_ms, .. }))
            if clearance.waits_for_ratification(now_ms) =>
        {
            let until = sentences::typed_time(*until_ms);
            (fl!("clearance-at-once-in-force", until = until), Tone::Normal)
        }
        (ClearanceStatus::InForce, Some(Answer::Granted { until_ms, .. })) => (
            fl!("clearance-in-force", until = sentences::typed_time(*until_ms)),
            Tone::Normal,
        ),
        (ClearanceStatus::Withdrawn, _) => {
            let reason = clearance.withdrawn.as_ref().map(|withdrawn| withdrawn.reason.as_str());
            let words = fl!("clearance-withdrawn", reason = reason.unwrap_or_default());
            (words, Tone::Attention)
        }
        _ => (fl!("clearance-expired"), Tone::Normal),
    }
}

/// Reads camera numbers: `3, 7, 12`.
pub fn numbered(plan: &SitePlan, typed: &str) -> Result<BTreeSet<CameraId>, String> {
    let numbers = typed.split([',', ' ', ';']).filter(|number| !number.is_empty());
    numbers
        .map(|number| {
            let found = plan.cameras.iter().find(|camera| number.parse() == Ok(camera.number));
            found
                .map(|camera| camera.id.clone())
                .ok_or_else(|| fl!("clearance-unknown-camera", number = number.to_owned()))
        })
        .collect()
}

/// The numbers of the cameras of an extent: `3, 7, 12`.
pub fn numbers(plan: &SitePlan, extent: &Extent) -> String {
    let mut numbers: Vec<u32> = extent
        .cameras
        .iter()
        .filter_map(|id| Some(plan.camera(id)?.number))
        .collect();
    numbers.sort_unstable();
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

/// Cameras and range of an extent in words.
pub fn cameras_words(plan: &SitePlan, extent: &Extent) -> String {
    format!(
        "{} · {} → {}",
        fl!("clearance-cameras-short", numbers = numbers(plan, extent)),
        sentences::typed_time(extent.from_ms),
        sentences::typed_time(extent.to_ms)
    )
}
