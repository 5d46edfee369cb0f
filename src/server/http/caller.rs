//! Who calls: the enrolled workstation behind the certificate, and the person behind the token.
//!
//! Invariant: a handler that takes a [`Caller`] or [`Person`] cannot be reached without one.
//! Deliberately absent: the checkpoint and the tiles, which anyone may read.

use super::answer::{Answer, Refused};
use super::serve::App;
use crate::domain::audit::event::{Operation, Outcome};
use crate::domain::camera::StationId;
use crate::protocol::RefusalKind;
use crate::server::log::recorder::Act;
use crate::server::log::sequencer::now_ms;
use crate::server::people::sessions::SignedIn;
use crate::server::store::registry::StationRow;
use crate::server::tls;
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum_server::tls::TlsInfo;
use std::sync::Arc;

/// The enrolled workstation that calls.
pub struct Caller(pub StationRow);

impl Caller {
    /// The caller must be the station of the path (R-ACC-6).
    ///
    /// # Errors
    /// It is another: recorded, because an enrolled workstation does that only when somebody makes it.
    pub async fn must_be(&self, app: &App, path: &str) -> Answer<&StationId> {
        if self.0.station.as_str() == path {
            return Ok(&self.0.station);
        }
        tracing::warn!(caller = %self.0.station, path, "a station asked in another's name");
        let asked: String = path.chars().take(64).collect();
        let act = Act {
            at: Some(&self.0.station),
            ..Act::default()
        };
        app.recorder
            .record(
                &self.0.home,
                Operation::StationRefused,
                Outcome::Refused,
                act.with("asked_for", asked),
            )
            .await?;
        Err(Refused::new(
            RefusalKind::UnknownStation,
            "the certificate is of another station",
        ))
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Answer<Self> {
        let unknown = |detail: &str| Refused::new(RefusalKind::UnknownStation, detail);
        let info = parts.extensions.get::<Arc<TlsInfo>>().cloned();
        let certificate = info.as_ref().and_then(|info| info.peer_certificates.first());
        let certificate = certificate.ok_or_else(|| unknown("no client certificate"))?;
        let row = app.store.station(&tls::fingerprint(certificate)).await?;
        let row = row.ok_or_else(|| unknown("this certificate is not enrolled"))?;
        if !tls::is_made_out_to(certificate, &row.station) {
            return Err(unknown("the certificate is made out to another station"));
        }
        Ok(Self(row))
    }
}

/// The person whose session the caller carries.
pub struct Person {
    pub station: StationRow,
    pub who: SignedIn,
}

impl FromRequestParts<Arc<App>> for Person {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Answer<Self> {
        let Caller(station) = Caller::from_request_parts(parts, app).await?;
        let ended = || Refused::new(RefusalKind::SessionEnded, "no session token");
        let token = bearer(parts).ok_or_else(ended)?;
        let who = app.sessions.of_token(&station, token, now_ms()).await?;
        Ok(Self { station, who })
    }
}

/// A session token, if the call carries one that is still good. Marks the session as used.
pub struct Touch;

impl FromRequestParts<Arc<App>> for Touch {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Answer<Self> {
        // Events of a session that has ended are taken all the same: they happened.
        if bearer(parts).is_some()
            && let Err(refused) = Person::from_request_parts(parts, app).await
        {
            drop(refused);
        }
        Ok(Self)
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    let token = parts
        .headers
        .get(AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")?;
    (token.len() <= 128).then_some(token)
}
