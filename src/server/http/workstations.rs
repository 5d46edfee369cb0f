//! Workstations: codes, enrolment, renewal, revocation.
//!
//! Invariant: a code is good for fifteen minutes and once; a certificate is renewed only by its holder; each step is in
//! the log before it is done. Deliberately absent: certificates themselves (`server::tls`).

use super::client_auth::{Address, Caller, Person};
use super::lifecycle::App;
use super::responses::{Answer, Bounded, Refused, Why};
use crate::domain::audit::event::{Operation, Outcome};
use crate::domain::camera::StationId;
use crate::domain::enrolment_code;
use crate::domain::people::AdminRight;
use crate::protocol::{Certified, Enrol, EnrolmentCode, NewCode, RefusalKind, Renewal, StationView};
use crate::server::config::read_text;
use crate::server::error::ServerError;
use crate::server::keys::random;
use crate::server::log::recorder::Act;
use crate::server::log::sequencer::{OWN_STATION, now_ms};
use crate::server::people::accounts::By;
use crate::server::store::registry::StationRow;
use crate::server::store::workstations::CodeRow;
use crate::server::tls::{self, StationKey, Validity};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// How long a code is good, ms.
const CODE_MS: i64 = 15 * 60_000;
/// Longest grace, seconds (`docs/log.md`).
const MOST_GRACE_S: u64 = 8 * 3600;

fn failed(error: ServerError) -> Refused {
    tracing::error!(
        error = &error as &dyn std::error::Error,
        "a workstation cannot be certified"
    );
    Refused::new(RefusalKind::Unavailable, "a workstation cannot be certified")
}

/// What is kept of a code; what separates its groups does not count.
fn code_hash(code: &SecretString) -> Option<[u8; 32]> {
    let code = enrolment_code::EnrolmentCode::read(code.expose_secret())?;
    Some(Sha256::digest(code.secret().as_bytes()).into())
}

pub async fn authority(State(app): State<Arc<App>>) -> Answer<String> {
    read_text(&app.data.ca_cert()).map_err(failed)
}

pub async fn list(State(app): State<Arc<App>>, person: Person) -> Answer<Json<Vec<StationView>>> {
    person.authorise_admin(&app, AdminRight::ReadPeople).await?;
    let mut all = app.store.workstations().await?;
    all.retain(|row| person.who.person.keeps(&row.home));
    Ok(Json(all))
}

pub async fn new_code(
    State(app): State<Arc<App>>,
    person: Person,
    Bounded(new): Bounded<NewCode>,
) -> Answer<Json<EnrolmentCode>> {
    person.authorise_admin(&app, AdminRight::KeepStations).await?;
    let home = new.home.unwrap_or_else(|| person.station.home.clone());
    let known = app.logs.iter().any(|log| log.controller == home) && person.who.person.keeps(&home);
    let taken = app.store.workstations().await?;
    let taken = taken.iter().any(|row| row.station == new.station) || new.station.as_str() == OWN_STATION;
    if !known || taken || new.grace_s > MOST_GRACE_S || new.station.as_str().len() > 40 {
        return Err(Refused::malformed("no such controller, or the name is taken"));
    }
    let authority = read_text(&app.data.ca_cert()).map_err(failed)?;
    let code = enrolment_code::EnrolmentCode::new(&random::<8>().map_err(failed)?, authority.as_bytes());
    let expires_ms = now_ms() + CODE_MS;
    let row = CodeRow {
        station: new.station,
        kind: new.kind,
        home,
        grace_s: new.grace_s,
    };
    let by = By {
        station: &person.station,
        who: &person.who,
    };
    let act = by
        .act()
        .with("change", "enrolment_code")
        .with("station", row.station.as_str())
        .with("kind", row.kind.word())
        .with("grace_s", row.grace_s);
    app.recorder
        .record(&row.home, Operation::ConfigurationChange, Outcome::Done, act)
        .await?;
    let text: SecretString = code.to_string().into();
    let hash = code_hash(&text).ok_or_else(|| Refused::malformed("a code that does not read back"))?;
    app.store.add_code(&hash, &row, expires_ms).await?;
    Ok(Json(EnrolmentCode { code: text, expires_ms }))
}

pub async fn enrol(
    State(app): State<Arc<App>>,
    Address(from): Address,
    Bounded(ask): Bounded<Enrol>,
) -> Answer<Json<Certified>> {
    let unknown = || Refused::new(RefusalKind::UnknownStation, "no such code");
    let key = StationKey::read(&ask.public_key).ok_or_else(|| Refused::malformed("no public key"))?;
    let hash = code_hash(&ask.code).ok_or_else(unknown)?;
    let Some(row) = app.store.code(&hash, now_ms()).await? else {
        tracing::warn!(%from, "a code that is not good was tried");
        if let Some(log) = app.logs.first() {
            let act = Act::default().with("why", "enrolment_code");
            app.recorder
                .record(&log.controller, Operation::StationRefused, Outcome::Refused, act)
                .await?;
        }
        return Err(unknown());
    };
    let certificate = tls::certify_station(&app.data, &row.station, &key, Validity::Renewed).map_err(failed)?;
    let act = Act {
        at: Some(&row.station),
        ..Act::default()
    }
    .with("change", "station_enrolled")
    .with("kind", row.kind.word())
    .with("grace_s", row.grace_s);
    app.recorder
        .record(&row.home, Operation::ConfigurationChange, Outcome::Done, act)
        .await?;
    // Of two machines with one code, one is enrolled.
    if !app.store.use_code(&hash).await? {
        return Err(unknown());
    }
    let station = StationRow {
        station: row.station,
        home: row.home,
        grace_s: row.grace_s,
        quarantined: false,
        kind: row.kind,
    };
    app.store.enrol(&station, &certificate.fingerprint).await?;
    app.store
        .certified_until(&station.station, certificate.until_ms)
        .await?;
    Ok(Json(certified(&app, station.station, certificate)))
}

fn certified(app: &App, station: StationId, certificate: tls::StationCertificate) -> Certified {
    Certified {
        station,
        certificate: certificate.cert_pem,
        plan_key: app.plan_vkey.clone(),
        renew_after_ms: certificate.renew_after_ms,
    }
}

pub async fn renew(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(station): Path<String>,
    Bounded(ask): Bounded<Renewal>,
) -> Answer<Json<Certified>> {
    let station = caller.must_be(&app, &station).await?;
    let key = StationKey::read(&ask.public_key).ok_or_else(|| Refused::malformed("no public key"))?;
    let certificate = tls::certify_station(&app.data, station, &key, Validity::Renewed).map_err(failed)?;
    let act = Act {
        at: Some(station),
        ..Act::default()
    };
    app.recorder
        .record(
            &caller.0.home,
            Operation::ConfigurationChange,
            Outcome::Done,
            act.with("change", "certificate_renewed"),
        )
        .await?;
    app.store
        .keep_next_certificate(station, &certificate.fingerprint)
        .await?;
    app.store.certified_until(station, certificate.until_ms).await?;
    Ok(Json(certified(&app, station.clone(), certificate)))
}

pub async fn revoke(
    State(app): State<Arc<App>>,
    person: Person,
    Path(station): Path<String>,
    Why(reason): Why,
) -> Answer<StatusCode> {
    let all = app.store.workstations().await?;
    let found = all.iter().find(|row| row.station.as_str() == station);
    let home = found.map(|row| std::slice::from_ref(&row.home));
    person
        .authorise_admin_over(&app, AdminRight::KeepStations, home, ("workstation", &station))
        .await?;
    let station = StationId::try_from(station).map_err(|_| Refused::not_found("workstation"))?;
    if station == person.station.station {
        return Err(Refused::malformed("not the one it is asked from"));
    }
    let by = By {
        station: &person.station,
        who: &person.who,
    };
    let mut act = by
        .act()
        .with("change", "station_revoked")
        .with("station", station.as_str());
    if let Some(reason) = reason {
        act = act.with("reason", reason.as_str());
    }
    app.recorder
        .record(&person.station.home, Operation::ConfigurationChange, Outcome::Done, act)
        .await?;
    if !app.store.revoke_station(&station).await? {
        return Err(Refused::not_found("workstation"));
    }
    app.changes.beat();
    Ok(StatusCode::NO_CONTENT)
}
