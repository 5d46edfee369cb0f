//! Answers and refusals as HTTP, bounded bodies, bounded time.
//!
//! Invariant: a request takes a place among those that are worked on only once all of it is here, so that one whose body does
//! not come holds nothing that others need.
//! Deliberately absent: the reason of a refusal in a person's words (the client has those).

use super::rate_limit::Line;
use super::state::Traffic;
use crate::domain::reason::Reason;
use crate::protocol::{Because, Refusal, RefusalKind};
use crate::server::causes::causes;
use crate::server::log::sequencer::Rejection;
use crate::server::request_end;
use crate::server::step_error::Trouble;
use crate::server::store::StoreError;
use axum::Json;
use axum::body::{Body, HttpBody as _};
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use serde::de::DeserializeOwned;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Longest time for a body.
const BODY_TIME: Duration = Duration::from_secs(20);
/// Longest wait for a place among the requests that are worked on.
const PLACE_TIME: Duration = Duration::from_secs(5);
/// Longest time from then to its answer.
const REQUEST_TIME: Duration = Duration::from_secs(20);
/// Longest time from then to the end of its last write, so that a caller is told what did not answer.
const WRITES_TIME: Duration = Duration::from_secs(15);

/// A refusal on its way out.
pub struct Refused(Refusal);

/// What a handler gives.
pub type Answer<T> = Result<T, Refused>;

impl Refused {
    /// A refusal with a detail for the log.
    pub fn new(why: RefusalKind, detail: impl Into<String>) -> Self {
        Self(Refusal {
            why,
            detail: detail.into(),
        })
    }

    /// Whether this is why.
    pub fn is(&self, why: &RefusalKind) -> bool {
        self.0.why == *why
    }

    /// There is no such thing.
    pub fn not_found(what: &str) -> Self {
        Self::new(RefusalKind::NotFound, format!("no such {what}"))
    }

    /// The body does not parse or does not fit.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(RefusalKind::Malformed, detail)
    }
}

impl From<RefusalKind> for Refused {
    fn from(why: RefusalKind) -> Self {
        let detail = match &why {
            // What this kind was called when bodies were frozen (`tests/golden/refusals.json`).
            RefusalKind::LeasedByOther(holder) => format!("HeldByOther({holder:?})"),
            _ => format!("{why:?}"),
        };
        Self::new(why, detail)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = %causes(&error), "the store does not answer");
        Self::new(RefusalKind::Unavailable, "the store does not answer")
    }
}

impl From<Rejection> for Refused {
    fn from(rejection: Rejection) -> Self {
        let detail = rejection.to_string();
        let why = match rejection {
            Rejection::Gap { expected } => RefusalKind::Gap { expected },
            Rejection::Equivocation { seq } => RefusalKind::Equivocation { seq },
            Rejection::OtherStation | Rejection::NotTaken => RefusalKind::Malformed,
            Rejection::NoSuchLog => RefusalKind::NotFound,
            Rejection::Unavailable(_) => RefusalKind::Unavailable,
        };
        Self::new(why, detail)
    }
}

impl From<Trouble> for Refused {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(kind) => kind.into(),
            Trouble::NotRecorded(rejection) => rejection.into(),
            Trouble::Store(error) => error.into(),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        // Every status of the vocabulary is one (tested with its golden bodies).
        let status = StatusCode::from_u16(self.0.why.told().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.0)).into_response()
    }
}

/// A JSON body of at most `protocol::MAX_BODY` bytes.
pub struct Bounded<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Bounded<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Answer<Self> {
        let bytes = body(request, state).await?;
        if has_nul(&bytes) {
            return Err(Refused::malformed(NUL));
        }
        read(&bytes).map(Self)
    }
}

/// A JSON body of as many bytes at most in whose texts a NUL may stand: one of many events must not spoil the others.
pub struct BoundedWithNul<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for BoundedWithNul<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Answer<Self> {
        read(&body(request, state).await?).map(Self)
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Answer<T> {
    serde_json::from_slice(bytes).map_err(|error| Refused::malformed(error.to_string()))
}

/// Why a text with a NUL in it is refused at the border: PostgreSQL keeps none, and nobody types one.
const NUL: &str = "a text has a NUL in it";

/// Whether a JSON text has an escaped NUL: an odd number of backslashes before `u0000`. In the body of an event, which is a text
/// of its own inside, the number is even.
fn has_nul(json: &[u8]) -> bool {
    json.windows(6).enumerate().any(|(at, window)| {
        window == b"\\u0000" && json[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0
    })
}

async fn body<S: Send + Sync>(request: Request, state: &S) -> Answer<axum::body::Bytes> {
    axum::body::Bytes::from_request(request, state)
        .await
        .map_err(|error| match error {
            BytesRejection::FailedToBufferBody(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Refused::new(RefusalKind::TooLarge, "body too large")
            }
            error => Refused::malformed(error.body_text()),
        })
}

/// Why something is ended: `protocol::Because`, or no body at all.
pub struct Why(pub Option<Reason>);

impl<S: Send + Sync> FromRequest<S> for Why {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Answer<Self> {
        let bytes = body(request, state).await?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        if has_nul(&bytes) {
            return Err(Refused::malformed(NUL));
        }
        serde_json::from_slice::<Because>(&bytes)
            .map(|because| Self(Some(because.reason)))
            .map_err(|error| Refused::malformed(error.to_string()))
    }
}

/// The query of a call; what does not fit is refused like a body that does not.
pub struct Asked<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|Query(asked)| Self(asked))
            .map_err(|error| Refused::malformed(error.body_text()))
    }
}

/// Refuses what is too much at once, and ends what takes too long.
pub async fn within_bounds(State(traffic): State<Arc<Traffic>>, request: Request, next: Next) -> Response {
    if request.uri().path().contains("%00") {
        traffic.metrics.refused();
        return Refused::malformed(NUL).into_response();
    }
    let line = Line::of(&request);
    let places = match line {
        Line::Certificate(certificate) => {
            if let Some(remote) = request.extensions().get::<ConnectInfo<SocketAddr>>() {
                traffic.gate.prove(remote.0, certificate);
            }
            &traffic.places
        }
        Line::Address(_) => &traffic.strangers_places,
    };
    let Some(_turn) = traffic.fair.enter(line, announced(&request, line.longest_body())) else {
        traffic.metrics.refused();
        return Refused::new(RefusalKind::TooManyRequests, "too many requests of one caller").into_response();
    };
    let request = match tokio::time::timeout(BODY_TIME, whole(request, line.longest_body())).await {
        Ok(Ok(request)) => request,
        Ok(Err(refused)) => {
            traffic.metrics.refused();
            return refused.into_response();
        }
        Err(_) => {
            traffic.metrics.unavailable();
            return Refused::new(RefusalKind::Unavailable, "the body did not come in time").into_response();
        }
    };
    let Ok(Ok(_place)) = tokio::time::timeout(PLACE_TIME, places.acquire()).await else {
        return Refused::new(RefusalKind::Unavailable, "too many requests at once").into_response();
    };
    let worked_on = request_end::keeping(Instant::now() + WRITES_TIME, next.run(request));
    match tokio::time::timeout(REQUEST_TIME, worked_on).await {
        Ok(response) => {
            match response.status() {
                StatusCode::SERVICE_UNAVAILABLE => traffic.metrics.unavailable(),
                status if status.is_client_error() => traffic.metrics.refused(),
                _ => {}
            }
            response
        }
        Err(_) => Refused::new(RefusalKind::Unavailable, "the request took too long").into_response(),
    }
}

/// Bytes of a body, as the request says; without that as many as may come.
fn announced(request: &Request, most: usize) -> usize {
    if request.body().is_end_stream() {
        return 0;
    }
    let said = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|said| said.to_str().ok());
    said.and_then(|said| said.parse().ok()).unwrap_or(most).min(most)
}

/// A request with all of its body in memory.
///
/// # Errors
/// [`RefusalKind::TooLarge`] beyond `most` bytes; [`RefusalKind::Malformed`] when the body ends early.
async fn whole(request: Request, most: usize) -> Answer<Request> {
    let (parts, body) = request.into_parts();
    let mut bytes = Vec::new();
    let mut coming = body.into_data_stream();
    while let Some(part) = coming.next().await {
        let part = part.map_err(|error| Refused::malformed(error.to_string()))?;
        if bytes.len() + part.len() > most {
            return Err(Refused::new(RefusalKind::TooLarge, "body too large"));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// Any path that is not a call.
pub async fn no_such_call() -> Refused {
    Refused::not_found("call")
}

#[cfg(test)]
mod tests;
