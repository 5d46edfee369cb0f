//! Where a dome looked while it was recorded: `FindPTZPosition` and its results (ONVIF Search, 5.10 and 5.11).
//!
//! Invariant: a position is stamped with the time it was written down; the dome was there a little earlier, never longer ago
//! than a status of it may be old. EndPoint before StartPoint gives the latest first. Deliberately absent: entering and leaving a volume, the filter's `EnterOrExit`.

use super::Camera;
use super::ptz::vector;
use super::search::{self, Finds, PositionSearch, RECORDING_TOKEN, TRACK};
use super::soap::{Fault, Request, date_time, read_date_time, unix_ms};
use super::xml::{Element, Node, leaf, node};
use crate::domain::camera::NormalisedPosition;
use crate::sim::device::Recorded;
use crate::sim::faults::{PositionsFault, SpaceFault, StatusFault};
use std::time::{Duration, SystemTime};

/// A position is written down this often.
const EVERY_MS: u64 = 200;
/// So many are given at once at the most.
const MOST_AT_ONCE: usize = 1_000;

/// Answers `FindPTZPosition`.
pub fn find(camera: &Camera, request: &Request, recorded: Option<Recorded>) -> Result<Element, Fault> {
    let wanted = search::is_in_scope(camera, request)?;
    let time = |name| -> Result<Option<u64>, Fault> {
        let Some(text) = request.operation.text_of(name) else {
            return Ok(None);
        };
        let at = read_date_time(text).ok_or_else(|| Fault::invalid_argument(format!("{name} is not a time")))?;
        Ok(Some(unix(at)))
    };
    let from = time("StartPoint")?.ok_or_else(|| Fault::invalid_argument("StartPoint is missing"))?;
    let to = time("EndPoint")?.unwrap_or(u64::MAX);
    let filter = request
        .operation
        .child("SearchFilter")
        .ok_or_else(|| Fault::invalid_argument("SearchFilter is missing"))?;
    let faults = camera.device.faults();
    let spaces = faults.spaces;
    let within = [
        corner(filter, "MinPosition", spaces, -1.0)?,
        corner(filter, "MaxPosition", spaces, 1.0)?,
    ];
    let recorded = recorded.filter(|_| wanted && faults.status != StatusFault::NoPosition);
    let moments = recorded.map_or(0..0, |recorded| {
        let (first_ms, last_ms) = (from.min(to).max(recorded.from_ms), from.max(to).min(recorded.to_ms));
        first_ms.div_ceil(EVERY_MS)..last_ms / EVERY_MS + 1
    });
    let positions = PositionSearch {
        moments,
        backwards: to < from,
        within,
    };
    let token = search::open(camera, request, Finds::Positions(positions))?;
    Ok(node("tse:FindPTZPositionResponse", [leaf("tse:SearchToken", token)]))
}

/// Answers `GetPTZPositionSearchResults`.
pub fn results(camera: &Camera, request: &Request) -> Result<Element, Fault> {
    let most = match request.operation.text_of("MaxResults") {
        Some(text) => text
            .parse::<usize>()
            .map_err(|_| Fault::invalid_argument("MaxResults is no number"))?,
        None => MOST_AT_ONCE,
    };
    let spaces = camera.device.faults().spaces;
    let (found, over) = search::proceed(camera, request, |finds| match finds {
        Finds::Positions(positions) => Some((
            positions.take(camera, most.min(MOST_AT_ONCE)),
            positions.moments.is_empty(),
        )),
        Finds::Recording(_) => None,
    })?;
    let state = leaf("tt:SearchState", if over { "Completed" } else { "Searching" });
    let found = found.into_iter().map(|(at_ms, position)| {
        node(
            "tt:Result",
            [
                leaf("tt:RecordingToken", RECORDING_TOKEN),
                leaf("tt:TrackToken", TRACK),
                leaf("tt:Time", date_time(unix_ms(at_ms))),
                vector("tt:Position", position, spaces),
            ],
        )
    });
    let list = node("tse:ResultList", std::iter::once(state).chain(found));
    Ok(node("tse:GetPTZPositionSearchResultsResponse", [list]))
}

impl PositionSearch {
    /// The next ones that lie within the volume.
    fn take(&mut self, camera: &Camera, most: usize) -> Vec<(u64, NormalisedPosition)> {
        let late = Duration::from_secs_f64(camera.device.site().motion.status_delay_s.max(0.0)) / 4;
        let late_ms = late.as_millis() as u64;
        let then = |at_ms: u64| camera.device.position_then(at_ms.saturating_sub(late_ms));
        let changes_only = camera.device.faults().positions == PositionsFault::Changes;
        let mut found = Vec::new();
        while found.len() < most {
            let moment = if self.backwards {
                self.moments.next_back()
            } else {
                self.moments.next()
            };
            let Some(at_ms) = moment.map(|moment| moment * EVERY_MS) else {
                break;
            };
            let position = then(at_ms).filter(|position| self.has(*position));
            let kept = position.filter(|now| !changes_only || then(at_ms.saturating_sub(EVERY_MS)) != Some(*now));
            found.extend(kept.map(|position| (at_ms, position)));
        }
        found
    }

    fn has(&self, position: NormalisedPosition) -> bool {
        let at = [position.pan, position.tilt, position.zoom];
        let [low, high] = self.within;
        (0..3).all(|axis| low[axis] - 1e-6 <= at[axis] && at[axis] <= high[axis] + 1e-6)
    }
}

/// A corner of the volume, in the camera's own numbers; an axis that is not named has `bound`.
fn corner(filter: &Node, name: &str, spaces: SpaceFault, bound: f64) -> Result<[f64; 3], Fault> {
    let wrong = || Fault::invalid_argument(format!("{name} is no position"));
    let position = filter.child(name).ok_or_else(wrong)?;
    let number = |axis: &str, part: &str, of_degrees: fn(f64) -> f64| -> Result<f64, Fault> {
        let Some(axis) = position.child(axis) else {
            return Ok(bound);
        };
        let value = axis.attribute(part).and_then(|text| text.parse::<f64>().ok());
        let value = value.filter(|value| value.is_finite()).ok_or_else(wrong)?;
        Ok(if spaces == SpaceFault::Degrees {
            of_degrees(value)
        } else {
            value
        })
    };
    Ok([
        number("PanTilt", "x", |x| x / 180.0 - 1.0)?,
        number("PanTilt", "y", |y| y / 90.0 - 1.0)?,
        number("Zoom", "x", |zoom| zoom / 10.0)?,
    ])
}

fn unix(at: SystemTime) -> u64 {
    at.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}
