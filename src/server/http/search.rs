//! Searching a log: by the system administrator, and everybody their own last entries.
//!
//! Invariant: a page is answered only after its reading is durable in the same log (R-AUD-3), and a refused reading is
//! recorded too; nobody finds an entry of another controller's log.
//! Deliberately absent: how entries are found (`store::search`).

use super::client_auth::Person;
use super::logs::{PAGE, PAGE_BYTES, log_entry, log_of, may_read, reading};
use super::responses::{Answer, Asked, Refused};
use super::state::LogState;
use crate::domain::audit::details::log::{LogRead, ReadFrom};
use crate::domain::audit::event::Outcome;
use crate::protocol::LogPage;
use crate::server::log::recorder::Recorder;
use crate::server::store::search::{Found, Place, Wanted};
use crate::server::store::{Log, Store};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use std::sync::Arc;

/// Entries of one's own shown at most.
const OWN: u32 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchQuery {
    person: Option<String>,
    camera: Option<String>,
    operation: Option<String>,
    purpose: Option<String>,
    result: Option<String>,
    /// RFC 3339, by the stations' clocks: from, and up to but without.
    from: Option<jiff::Timestamp>,
    to: Option<jiff::Timestamp>,
    /// Where the page before ended.
    after: Option<String>,
    limit: Option<u32>,
}

fn place(text: &str) -> Answer<Place> {
    let parsed = text
        .split_once('.')
        .and_then(|(time, index)| Some((time.parse().ok()?, index.parse().ok()?)));
    parsed.ok_or_else(|| Refused::malformed("after"))
}

/// Longest word of a search in an event, characters.
const MOST_WORD: usize = 128;

/// What the event of a search says: everything that was asked, cut.
fn read_of(ask: &SearchQuery) -> LogRead {
    let cut = |text: &Option<String>| text.as_ref().map(|text| text.chars().take(MOST_WORD).collect());
    LogRead {
        person: cut(&ask.person),
        camera: cut(&ask.camera),
        operation: cut(&ask.operation),
        purpose: cut(&ask.purpose),
        result: cut(&ask.result),
        after: cut(&ask.after),
        from: ask.from.map(|time| ReadFrom::Time(time.to_string())),
        to: ask.to.map(|time| time.to_string()),
        ..LogRead::default()
    }
}

/// Entries of a log by person, camera, operation, purpose, result and time; the search is recorded first.
///
/// # Errors
/// `RefusalKind::NotFound` for a log that is not there; `RefusalKind::Rule`, recorded, without the right on it;
/// `RefusalKind::Malformed` for a place to go on from that is none; `RefusalKind::Unavailable` when the store or the log
/// does not answer.
pub async fn search(
    State(logs): State<Arc<LogState>>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    person: Person,
    Path(controller): Path<String>,
    Asked(ask): Asked<SearchQuery>,
) -> Answer<Json<LogPage>> {
    let (log, _) = log_of(&logs, &controller)?;
    let limit = ask.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let after = ask.after.as_deref().map(place).transpose()?;
    may_read(&recorder, &person, log, read_of(&ask)).await?;
    let wanted = Wanted {
        person: ask.person,
        camera: ask.camera,
        operation: ask.operation,
        purpose: ask.purpose,
        result: ask.result,
        from_s: ask.from.map(|time| time.as_second()),
        to_s: ask.to.map(|time| time.as_second()),
        newest_first: false,
    };
    let found = store.search(log, &wanted, after, limit).await?;
    page(&store, log, found, limit).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnQuery {
    limit: Option<u32>,
}

/// One's own last entries in the log of one's workstation.
///
/// # Errors
/// `RefusalKind::NotFound` when the workstation's log is not here; `RefusalKind::Unavailable` when the store or the log
/// does not answer.
pub async fn own(
    State(logs): State<Arc<LogState>>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    person: Person,
    Asked(ask): Asked<OwnQuery>,
) -> Answer<Json<LogPage>> {
    let (log, _) = log_of(&logs, person.station.home.as_str())?;
    let limit = ask.limit.unwrap_or(OWN).clamp(1, OWN);
    let read = LogRead {
        own: Some(true),
        ..LogRead::default()
    };
    recorder
        .record(&log.controller, read, Outcome::Done, reading(&person))
        .await?;
    let wanted = Wanted {
        person: Some(person.who.person.user.clone()),
        newest_first: true,
        ..Wanted::default()
    };
    let found = store.search(log, &wanted, None, limit).await?;
    let mut answer = page(&store, log, found, limit).await?;
    answer.next = None;
    Ok(answer)
}

async fn page(store: &Store, log: &Log, found: Vec<Found>, limit: u32) -> Answer<Json<LogPage>> {
    let mut full = found.len() == limit as usize;
    let mut bytes = 0;
    let (mut entries, mut last) = (Vec::new(), None);
    for Found { time_s, entry } in found {
        let index = entry.index;
        let entry = log_entry(entry);
        bytes += entry.leaf.len() + entry.body.as_ref().map_or(0, String::len);
        if bytes > PAGE_BYTES && !entries.is_empty() {
            full = true;
            break;
        }
        last = Some(format!("{time_s}.{index}"));
        entries.push(entry);
    }
    Ok(Json(LogPage {
        origin: log.origin.clone(),
        size: store.size(log).await?,
        entries,
        next: last.filter(|_| full),
    }))
}
