//! An answer of the server: its body, and the time and the versions of the protocol over it.
//!
//! Invariant: no body larger than [`protocol::MAX_BODY`] is read, and none of a server that speaks no version in common.
//! Deliberately absent: asking (`server_client`).

use super::error::{ServerError, away, refused, unintelligible};
use crate::domain::live::clock_offset::ClockReading;
use crate::domain::refusal::RefusalKind;
use crate::domain::version::protocol::{Apart, HEADER, SPOKEN, Spoken};
use crate::protocol;
use reqwest::header::{DATE, HeaderMap};
use reqwest::{RequestBuilder, StatusCode};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A server's clock that was heard longer ago than this is not told any more: a machine that sleeps counts no time.
const HEARD_FOR: Duration = Duration::from_secs(60);

/// The server's clock, as it stood over its latest answer (`Date`, RFC 9110 §6.6.1). Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct ServerClock(Arc<Mutex<Option<ClockReading>>>);

impl ServerClock {
    /// Takes the time that stands over an answer; without one the latest stays.
    fn hear(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        let Some(date) = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) else {
            return;
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(ClockReading {
            unix_ms: date.timestamp().as_millisecond(),
            at: Instant::now(),
        });
    }

    /// The server's time at `now`, Unix ms; `None` when nothing was heard in the last minute.
    pub fn unix_ms(&self, now: Instant) -> Option<i64> {
        let heard = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        let lately = now.saturating_duration_since(heard.at) <= HEARD_FOR;
        lately.then(|| heard.unix_ms_at(now) as i64)
    }
}

/// The body of an answer, of no more than [`protocol::MAX_BODY`] bytes; `clock` takes the time that stands over it.
///
/// # Errors
/// [`ServerError`]: no answer, a refusal, or a body that is longer than agreed.
pub(super) async fn bounded(request: RequestBuilder, clock: Option<&ServerClock>) -> Result<Vec<u8>, ServerError> {
    let mut response = request.send().await.map_err(away)?;
    if let Some(clock) = clock {
        clock.hear(response.headers());
    }
    let status = response.status();
    understood(status, response.headers())?;
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(away)? {
        if bytes.len() + chunk.len() > protocol::MAX_BODY {
            return Err(unintelligible(status, &"longer than agreed"));
        }
        bytes.extend_from_slice(&chunk);
    }
    if status.is_success() {
        Ok(bytes)
    } else {
        Err(refused(status, &bytes))
    }
}

/// Whether this program and the one that answers speak a version in common.
///
/// # Errors
/// [`RefusalKind::UpdateServer`] or [`RefusalKind::UpdateWorkstation`]: they do not, and that one is too old;
/// [`ServerError::Unintelligible`]: what stands there are no versions.
fn understood(status: StatusCode, headers: &HeaderMap) -> Result<(), ServerError> {
    let said = headers.get(HEADER).map(|said| said.to_str().unwrap_or_default());
    let server = Spoken::said(said).map_err(|error| unintelligible(status, &error))?;
    SPOKEN
        .in_common(server)
        .map(drop)
        .map_err(|apart| ServerError::Refused {
            why: match apart {
                Apart::OtherTooOld { .. } => RefusalKind::UpdateServer,
                Apart::OtherTooNew { .. } => RefusalKind::UpdateWorkstation,
            },
            detail: apart.to_string(),
        })
}
