//! Versions of the protocol over HTTP: each request says which its program speaks, each answer which are served here.
//!
//! Invariant: a workstation that speaks no version served here is told which side must be updated, before anything of its request
//! is looked at. What outsiders read (authority, checkpoints, tiles, figures) has formats of its own and asks for no version.
//! Deliberately absent: which versions there are (`domain::version::protocol`).

use super::responses::Refused;
use crate::domain::version::protocol::{Apart, HEADER, SPOKEN, Spoken};
use crate::protocol::RefusalKind;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Refuses a program that speaks no version in common, and says over every answer which are served.
pub async fn in_common(request: Request, next: Next) -> Response {
    let mut response = match served(request.uri().path(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    };
    if let Ok(said) = HeaderValue::try_from(SPOKEN.to_string()) {
        response.headers_mut().insert(HEADER, said);
    }
    response
}

/// Whether a call is answered to a program that says this over it.
///
/// # Errors
/// [`RefusalKind::UpdateWorkstation`] or [`RefusalKind::UpdateServer`]: no version in common; [`RefusalKind::Malformed`]: what
/// stands there are no versions.
fn served(path: &str, headers: &HeaderMap) -> Result<(), Refused> {
    if !is_versioned(path) {
        return Ok(());
    }
    let said = headers.get(HEADER).map(|said| said.to_str().unwrap_or_default());
    let caller = Spoken::said(said).map_err(|error| Refused::malformed(error.to_string()))?;
    SPOKEN.in_common(caller).map(drop).map_err(|apart| {
        let why = match apart {
            Apart::OtherTooOld { .. } => RefusalKind::UpdateWorkstation,
            Apart::OtherTooNew { .. } => RefusalKind::UpdateServer,
        };
        Refused::new(why, apart.to_string())
    })
}

/// Whether a call is one between workstation and server.
fn is_versioned(path: &str) -> bool {
    let of_outsiders = path == "/v1/authority" || path.ends_with("/checkpoint") || path.contains("/tile/");
    path.starts_with("/v1/") && !of_outsiders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(path: &str, said: Option<&'static str>) -> Result<(), Refused> {
        let headers = said.map(|said| (HEADER.parse().unwrap(), HeaderValue::from_static(said)));
        served(path, &headers.into_iter().collect())
    }

    #[test]
    fn the_release_before_and_any_newer_one_that_still_speaks_as_here_are_served() {
        for said in [None, Some("1-1"), Some("1-2"), Some("2-9")] {
            assert!(asked("/v1/policy", said).is_ok(), "{said:?}");
        }
    }

    #[test]
    fn who_speaks_no_version_in_common_is_told_which_side_is_too_old_and_outsiders_are_not_asked() {
        assert!(asked("/v1/plan", Some("7-9")).is_err_and(|refused| refused.is(&RefusalKind::UpdateServer)));
        assert!(asked("/v1/plan", Some("due")).is_err_and(|refused| refused.is(&RefusalKind::Malformed)));
        for path in [
            "/v1/authority",
            "/v1/logs/borgo/checkpoint",
            "/v1/logs/borgo/tile/0/000",
            "/metrics",
            "/healthz",
        ] {
            assert!(asked(path, Some("7-9")).is_ok(), "{path}");
        }
    }
}
