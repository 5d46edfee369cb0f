//! Who calls: the enrolled workstation behind the certificate, and the person behind the token.
//!
//! Invariant: a handler that takes a [`Caller`] or [`Person`] cannot be reached without one, nor at a server that a workstation's
//! checkpoint speaks against (`pinned`).
//! Deliberately absent: the checkpoint and the tiles, which anyone may read.

use super::pinned;
use super::responses::{Answer, Refused};
use super::state::App;
use crate::domain::audit::details::configuration::AdminRefused;
use crate::domain::audit::details::log::StationRefused;
use crate::domain::audit::details::{Details, EventKind, Say as _};
use crate::domain::audit::event::Outcome;
use crate::domain::camera::{ControllerId, StationId};
use crate::domain::people::{AdminRight, Asked, Circumstances, Decision, Ground, LogRight, Reach, Right, Rule, decide};
use crate::domain::site::CameraPlan;
use crate::protocol::RefusalKind;
use crate::server::causes::causes;
use crate::server::log::recorder::{Act, Recorder};
use crate::server::now::now_ms;
use crate::server::people::accounts::By;
use crate::server::people::sessions::SignedIn;
use crate::server::store::Log;
use crate::server::store::registry::StationRow;
use crate::server::tls;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum_server::tls::TlsInfo;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// The zone the municipalities live in.
pub(super) const ZONE: &str = "Europe/Rome";

/// The address a call comes from.
pub struct Address(pub IpAddr);

impl FromRequestParts<App> for Address {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Answer<Self> {
        let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(info.map_or(Ipv4Addr::UNSPECIFIED.into(), |info| info.0.ip())))
    }
}

/// The enrolled workstation that calls.
pub struct Caller(pub StationRow);

impl Caller {
    /// The caller must be the station of the path (R-ACC-6).
    ///
    /// # Errors
    /// It is another: recorded, because an enrolled workstation does that only when somebody makes it.
    pub async fn must_be(&self, recorder: &Recorder, path: &str) -> Answer<&StationId> {
        if self.0.station.as_str() == path {
            return Ok(&self.0.station);
        }
        tracing::warn!(caller = %self.0.station, path, "a station asked in another's name");
        let act = Act {
            at: Some(&self.0.station),
            ..Act::default()
        };
        let refused = StationRefused::default().asked_for(path);
        recorder.record(&self.0.home, refused, Outcome::Refused, act).await?;
        Err(Refused::new(
            RefusalKind::UnknownStation,
            "the certificate is of another station",
        ))
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Self> {
        let unknown = |detail: &str| Refused::new(RefusalKind::UnknownStation, detail);
        let info = parts.extensions.get::<Arc<TlsInfo>>().cloned();
        let certificate = info.as_ref().and_then(|info| info.peer_certificates.first());
        let certificate = certificate.ok_or_else(|| unknown("no client certificate"))?;
        let row = app.store.station(&tls::fingerprint(certificate)).await?;
        let row = row.ok_or_else(|| unknown("this certificate is not enrolled"))?;
        if !tls::is_made_out_to(certificate, &row.station) {
            return Err(unknown("the certificate is made out to another station"));
        }
        pinned::hold(&app.logs, &app.store, &row.station, &parts.headers).await?;
        if app.people.contacts.is_due(&row.station, now_ms()) {
            // What it is called for goes before the time of day.
            if let Err(error) = app.store.station_seen(&row.station, now_ms()).await {
                tracing::warn!(error = %causes(&error), "the last contact is not kept");
            }
        }
        Ok(Self(row))
    }
}

/// The person whose session the caller carries.
pub struct Person {
    pub station: StationRow,
    pub who: SignedIn,
}

impl Person {
    /// Where and when the person asks. That the call is here says that the server is in reach.
    pub(super) fn here(&self) -> Circumstances {
        let zone = TimeZone::get(ZONE).ok();
        Circumstances {
            station: self.station.kind,
            server: Reach::Reachable,
            local: zone.map(|zone| Timestamp::now().to_zoned(zone).datetime()),
        }
    }

    /// May they do this now?
    fn may(&self, asked: Asked<'_>) -> Decision {
        decide(&self.who.person, asked, &self.here())
    }

    /// May they do this with a camera now?
    pub fn may_on(&self, right: Right, camera: &CameraPlan) -> Decision {
        self.may(Asked::Camera {
            right,
            controller: &camera.controller,
            camera: &camera.id,
        })
    }

    /// A right on a log; a refusal is recorded there, as `what`, of whom `act` names.
    ///
    /// # Errors
    /// The rule that refuses, or that the refusal cannot be recorded.
    pub async fn must_on_log(
        &self,
        recorder: &Recorder,
        log: &Log,
        right: LogRight,
        what: impl Into<EventKind>,
        act: Act<'_>,
    ) -> Answer<()> {
        let controller = &log.controller;
        let Decision::Refused(rule) = self.may(Asked::Log { right, controller }) else {
            return Ok(());
        };
        let refused = Details::from(what).refused_by(rule);
        recorder.record(controller, refused, Outcome::Refused, act).await?;
        Err(RefusalKind::Rule(rule).into())
    }

    /// Whether an office is theirs here and now.
    pub fn may_administer(&self, office: AdminRight) -> bool {
        self.may(Asked::Admin(office)).is_allowed()
    }

    /// An office of their level; a refusal is recorded.
    ///
    /// # Errors
    /// The rule that refuses, or that the refusal cannot be recorded.
    pub async fn authorise_admin(&self, recorder: &Recorder, office: AdminRight) -> Answer<Ground> {
        let rule = match self.may(Asked::Admin(office)) {
            Decision::Allowed(ground) => return Ok(ground),
            Decision::Refused(rule) => rule,
        };
        self.refuse_admin(recorder, office, rule, "").await?;
        Err(RefusalKind::Rule(rule).into())
    }

    /// The office over something that belongs to these controllers; `None`: there is no such thing. What belongs to
    /// nobody whom the person looks after is answered like what does not exist, after the same work (R-ACC-5).
    ///
    /// # Errors
    /// The rule that refuses, that there is no such `what`, or that the refusal cannot be recorded.
    pub async fn authorise_admin_over(
        &self,
        recorder: &Recorder,
        office: AdminRight,
        controllers: Option<&[ControllerId]>,
        (what, asked_for): (&str, &str),
    ) -> Answer<()> {
        self.authorise_admin(recorder, office).await?;
        let controllers = controllers.unwrap_or_default();
        let decided = self.may(Asked::AdminOver { office, controllers });
        let known = controllers.iter().any(|controller| self.who.person.keeps(controller));
        match decided {
            Decision::Allowed(_) if known => Ok(()),
            Decision::Refused(rule) if known => {
                self.refuse_admin(recorder, office, rule, asked_for).await?;
                Err(RefusalKind::Rule(rule).into())
            }
            Decision::Allowed(_) | Decision::Refused(_) => {
                self.refuse_admin(recorder, office, Rule::OtherController, asked_for)
                    .await?;
                Err(Refused::not_found(what))
            }
        }
    }

    /// Records a refusal of an office.
    pub(super) async fn refuse_admin(
        &self,
        recorder: &Recorder,
        office: AdminRight,
        rule: Rule,
        asked_for: &str,
    ) -> Answer<()> {
        let act = By {
            station: &self.station,
            who: &self.who,
        }
        .act();
        let refused = AdminRefused {
            office: Some(office.into()),
        };
        let mut refused = refused.refused_by(rule);
        if !asked_for.is_empty() {
            refused = refused.asked_for(asked_for);
        }
        let log = &self.station.home;
        recorder.record(log, refused, Outcome::Refused, act).await?;
        Ok(())
    }
}

impl FromRequestParts<App> for Person {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Self> {
        let Caller(station) = Caller::from_request_parts(parts, app).await?;
        let ended = || Refused::new(RefusalKind::SessionEnded, "no session token");
        let token = bearer(parts).ok_or_else(ended)?;
        let who = app.people.sessions.of_token(&station, token, now_ms()).await?;
        Ok(Self { station, who })
    }
}

/// A session token, if the call carries one that is still good. Marks the session as used.
pub struct Touch;

impl FromRequestParts<App> for Touch {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Self> {
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
