//! Searches under way in a recorder: opened, read on, ended, forgotten when nobody asks for long (ONVIF Recording Search).
//!
//! Invariant: a search gives nothing once the time it was opened with has passed since its last answer. Deliberately absent: what is found
//! (`recording`, `positions`).

use super::profiles::SOURCE;
use super::soap::{Fault, Request, read_duration};
use super::xml::Node;
use super::{Camera, identity};
use crate::sim::device::{Recorded, hold};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Token of the only recording.
pub(super) const RECORDING_TOKEN: &str = "recording-1";
/// Token of its video track.
pub(super) const TRACK: &str = "track-video-1";
/// Searches at once.
const MOST: usize = 16;
/// The longest a search lives between two questions.
const LONGEST_KEEP: Duration = Duration::from_secs(60);

/// Open searches.
#[derive(Default)]
pub struct Searches {
    next: AtomicU64,
    open: Mutex<HashMap<String, Search>>,
}

struct Search {
    finds: Finds,
    keep: Duration,
    ends: Instant,
}

/// The results a search has still to give.
pub(super) enum Finds {
    Recording(Option<Recorded>),
    Positions(PositionSearch),
}

/// A search for positions of a dome, as far as it has come.
pub(super) struct PositionSearch {
    /// The moments that are still to be looked at, each a fifth of a second, counted from 1970.
    pub(super) moments: Range<u64>,
    /// The latest first: EndPoint is before StartPoint.
    pub(super) backwards: bool,
    /// Lowest and highest pan, tilt and zoom, normalised.
    pub(super) within: [[f64; 3]; 2],
}

fn no_search() -> Fault {
    Fault::sender(
        &["ter:InvalidArgVal", "ter:InvalidToken"],
        "The search token does not exist",
    )
}

/// Whether the scope of a search includes the recording.
///
/// # Errors
/// `Scope` is missing.
pub(super) fn is_in_scope(camera: &Camera, request: &Request) -> Result<bool, Fault> {
    let scope = request
        .operation
        .child("Scope")
        .ok_or_else(|| Fault::invalid_argument("Scope is missing"))?;
    let named = |child: &&Node, text: &str| child.name == text;
    let sources: Vec<&str> = scope
        .children
        .iter()
        .filter(|child| named(child, "IncludedSources"))
        .filter_map(|child| child.text_of("Token"))
        .collect();
    let recordings: Vec<&str> = scope
        .children
        .iter()
        .filter(|child| named(child, "IncludedRecordings"))
        .map(|child| child.text.as_str())
        .collect();
    let here = identity::endpoint(camera.device.site().id.as_str());
    Ok(
        (sources.is_empty() || sources.contains(&SOURCE) || sources.contains(&here.as_str()))
            && (recordings.is_empty() || recordings.contains(&RECORDING_TOKEN)),
    )
}

/// Opens a search; gives its token.
///
/// # Errors
/// `KeepAliveTime` is missing or no duration, or too many searches are open.
pub(super) fn open(camera: &Camera, request: &Request, finds: Finds) -> Result<String, Fault> {
    let keep = read_duration(request.required("KeepAliveTime")?)
        .ok_or_else(|| Fault::invalid_argument("KeepAliveTime is not a duration"))?
        .clamp(Duration::from_secs(1), LONGEST_KEEP);
    let token = format!("search-{}", camera.searches.next.fetch_add(1, Ordering::Relaxed));
    let now = Instant::now();
    let mut open = hold(&camera.searches.open);
    open.retain(|_, search| search.ends > now);
    if open.len() >= MOST {
        return Err(Fault::receiver(
            &["ter:Action", "ter:ResourceProblem"],
            "Too many searches",
        ));
    }
    let ends = now + keep;
    open.insert(token.clone(), Search { finds, keep, ends });
    Ok(token)
}

/// Goes on with a search that is still open, and keeps it open for its time from now on.
///
/// # Errors
/// No search has the token of the request, its time is over, or it finds something else than `tell` takes.
pub(super) fn proceed<T>(
    camera: &Camera,
    request: &Request,
    tell: impl FnOnce(&mut Finds) -> Option<T>,
) -> Result<T, Fault> {
    let token = request.required("SearchToken")?;
    let now = Instant::now();
    let mut open = hold(&camera.searches.open);
    let search = open
        .get_mut(token)
        .filter(|search| search.ends > now)
        .ok_or_else(no_search)?;
    search.ends = now + search.keep;
    tell(&mut search.finds).ok_or_else(no_search)
}

/// Ends a search before its time.
///
/// # Errors
/// No search has the token of the request.
pub(super) fn end(camera: &Camera, request: &Request) -> Result<(), Fault> {
    let token = request.required("SearchToken")?;
    hold(&camera.searches.open)
        .remove(token)
        .map(drop)
        .ok_or_else(no_search)
}
