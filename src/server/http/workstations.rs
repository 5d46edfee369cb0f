//! Workstations: codes, enrolment, renewal, revocation.
//!
//! Invariant: a code is good for fifteen minutes and once; a certificate is renewed only by its holder; each step is in
//! the log before it is done. Deliberately absent: certificates themselves (`server::tls`).

use super::client_auth::{Address, Caller, Person};
use super::responses::{Answer, Bounded, Refused, Why};
use super::state::{LogState, SiteState};
use crate::domain::audit::details::Say as _;
use crate::domain::audit::details::any_operation::Cause;
use crate::domain::audit::details::configuration::{WorkstationChanged, WorkstationWord};
use crate::domain::audit::details::log::StationRefused;
use crate::domain::audit::event::Outcome;
use crate::domain::camera::StationId;
use crate::domain::enrolment_code;
use crate::domain::people::AdminRight;
use crate::protocol::{Certified, Enrol, EnrolmentCode, NewCode, RefusalKind, Renewal, StationView};
use crate::server::causes::causes;
use crate::server::change_notifier::ChangeNotifier;
use crate::server::config::DataDir;
use crate::server::config::read_text;
use crate::server::error::ServerError;
use crate::server::keys::random;
use crate::server::log::recorder::{Act, Recorder};
use crate::server::log::sequencer::OWN_STATION;
use crate::server::now::now_ms;
use crate::server::people::accounts::By;
use crate::server::store::Store;
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
        error = %causes(&error),
        "a workstation cannot be certified"
    );
    Refused::new(RefusalKind::Unavailable, "a workstation cannot be certified")
}

/// What is kept of a code; what separates its groups does not count.
fn code_hash(code: &SecretString) -> Option<[u8; 32]> {
    let code = enrolment_code::EnrolmentCode::read(code.expose_secret())?;
    Some(Sha256::digest(code.secret().as_bytes()).into())
}

/// Certificate of the server's authority, PEM, for who enrols.
///
/// # Errors
/// [`RefusalKind::Unavailable`]: the certificate of the authority cannot be read.
pub async fn authority(State(data): State<DataDir>) -> Answer<String> {
    read_text(&data.ca_cert()).map_err(failed)
}

/// Workstations of the controllers in the person's care.
///
/// # Errors
/// [`RefusalKind::Rule`], recorded, when the level may not read workstations; [`RefusalKind::Unavailable`] when the store or
/// the log does not answer.
pub async fn list(
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    person: Person,
) -> Answer<Json<Vec<StationView>>> {
    person.authorise_admin(&recorder, AdminRight::ReadPeople).await?;
    let mut all = store.workstations().await?;
    all.retain(|row| person.who.person.keeps(&row.home));
    Ok(Json(all))
}

/// Makes a code that enrols one workstation, once.
///
/// # Errors
/// [`RefusalKind::Rule`], recorded, when the level may not enrol; [`RefusalKind::Malformed`] for a controller that is not in
/// the person's care, a name that is taken or a grace that is too long; [`RefusalKind::Unavailable`] when the store or the log
/// does not answer.
pub async fn new_code(
    State(logs): State<Arc<LogState>>,
    State(data): State<DataDir>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    person: Person,
    Bounded(new): Bounded<NewCode>,
) -> Answer<Json<EnrolmentCode>> {
    person.authorise_admin(&recorder, AdminRight::KeepStations).await?;
    let home = new.home.unwrap_or_else(|| person.station.home.clone());
    let known = logs.all.iter().any(|log| log.controller == home) && person.who.person.keeps(&home);
    let taken = store.workstations().await?;
    let taken = taken.iter().any(|row| row.station == new.station) || new.station.as_str() == OWN_STATION;
    if !known || taken || new.grace_s > MOST_GRACE_S || new.station.as_str().len() > 40 {
        return Err(Refused::malformed("no such controller, or the name is taken"));
    }
    let authority = read_text(&data.ca_cert()).map_err(failed)?;
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
    let given_out = WorkstationChanged {
        change: Some(WorkstationWord::EnrolmentCode),
        station: Some(row.station.to_string()),
        kind: Some(row.kind),
        grace_s: Some(row.grace_s),
        reason: None,
    };
    recorder.record(&row.home, given_out, Outcome::Done, by.act()).await?;
    let text: SecretString = code.to_string().into();
    let hash = code_hash(&text).ok_or_else(|| Refused::malformed("a code that does not read back"))?;
    store.add_code(&hash, &row, expires_ms).await?;
    Ok(Json(EnrolmentCode { code: text, expires_ms }))
}

/// Enrols a workstation that shows its code.
///
/// # Errors
/// [`RefusalKind::UnknownStation`], recorded, for a code that is not good; [`RefusalKind::Malformed`] for a key that is none;
/// [`RefusalKind::Unavailable`] when the store or the log does not answer.
pub async fn enrol(
    State(logs): State<Arc<LogState>>,
    State(site): State<Arc<SiteState>>,
    State(data): State<DataDir>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    Address(from): Address,
    Bounded(ask): Bounded<Enrol>,
) -> Answer<Json<Certified>> {
    let unknown = || Refused::new(RefusalKind::UnknownStation, "no such code");
    let key = StationKey::read(&ask.public_key).ok_or_else(|| Refused::malformed("no public key"))?;
    let enrolling = match code_hash(&ask.code) {
        Some(hash) => store.code(&hash, now_ms()).await?.map(|row| (hash, row)),
        None => None,
    };
    let Some((hash, row)) = enrolling else {
        tracing::warn!(%from, "a code that is not good was tried");
        if let Some(log) = logs.all.first() {
            let refused = StationRefused::default().because(Cause::EnrolmentCode);
            recorder
                .record(&log.controller, refused, Outcome::Refused, Act::default())
                .await?;
        }
        return Err(unknown());
    };
    let certificate = tls::certify_station(&data, &row.station, &key, Validity::Renewed).map_err(failed)?;
    let enrolled = WorkstationChanged {
        change: Some(WorkstationWord::Enrolled),
        kind: Some(row.kind),
        grace_s: Some(row.grace_s),
        ..WorkstationChanged::default()
    };
    let act = Act {
        at: Some(&row.station),
        ..Act::default()
    };
    recorder.record(&row.home, enrolled, Outcome::Done, act).await?;
    // Of two machines with one code, one is enrolled.
    if !store.use_code(&hash).await? {
        return Err(unknown());
    }
    let station = StationRow {
        station: row.station,
        home: row.home,
        grace_s: row.grace_s,
        quarantined: false,
        kind: row.kind,
    };
    store.enrol(&station, &certificate.fingerprint).await?;
    store.certified_until(&station.station, certificate.until_ms).await?;
    Ok(Json(certified(&site, station.station, certificate)))
}

fn certified(site: &SiteState, station: StationId, certificate: tls::StationCertificate) -> Certified {
    Certified {
        station,
        certificate: certificate.cert_pem,
        plan_key: site.plan_vkey.clone(),
        renew_after_ms: certificate.renew_after_ms,
    }
}

/// Certifies a new key of the calling workstation.
///
/// # Errors
/// The caller is another workstation, which is recorded; [`RefusalKind::Malformed`] for a key that is none;
/// [`RefusalKind::Unavailable`] when the store or the log does not answer.
pub async fn renew(
    State(site): State<Arc<SiteState>>,
    State(data): State<DataDir>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    caller: Caller,
    Path(station): Path<String>,
    Bounded(ask): Bounded<Renewal>,
) -> Answer<Json<Certified>> {
    let station = caller.must_be(&recorder, &station).await?;
    let key = StationKey::read(&ask.public_key).ok_or_else(|| Refused::malformed("no public key"))?;
    let certificate = tls::certify_station(&data, station, &key, Validity::Renewed).map_err(failed)?;
    let act = Act {
        at: Some(station),
        ..Act::default()
    };
    let renewed = WorkstationChanged {
        change: Some(WorkstationWord::CertificateRenewed),
        ..WorkstationChanged::default()
    };
    recorder.record(&caller.0.home, renewed, Outcome::Done, act).await?;
    store.keep_next_certificate(station, &certificate.fingerprint).await?;
    store.certified_until(station, certificate.until_ms).await?;
    Ok(Json(certified(&site, station.clone(), certificate)))
}

/// Revokes a workstation.
///
/// # Errors
/// [`RefusalKind::Rule`], recorded, when the workstation is not in the person's care; [`RefusalKind::NotFound`] when there is
/// none; [`RefusalKind::Malformed`] for the one it is asked from; [`RefusalKind::Unavailable`] when the store or the log does
/// not answer.
pub async fn revoke(
    State(changes): State<ChangeNotifier>,
    State(recorder): State<Recorder>,
    State(store): State<Store>,
    person: Person,
    Path(station): Path<String>,
    Why(reason): Why,
) -> Answer<StatusCode> {
    let all = store.workstations().await?;
    let found = all.iter().find(|row| row.station.as_str() == station);
    let home = found.map(|row| std::slice::from_ref(&row.home));
    person
        .authorise_admin_over(&recorder, AdminRight::KeepStations, home, ("workstation", &station))
        .await?;
    let station = StationId::try_from(station).map_err(|_| Refused::not_found("workstation"))?;
    if station == person.station.station {
        return Err(Refused::malformed("not the one it is asked from"));
    }
    let by = By {
        station: &person.station,
        who: &person.who,
    };
    let revoked = WorkstationChanged {
        change: Some(WorkstationWord::Revoked),
        station: Some(station.to_string()),
        reason: reason.map(|reason| reason.as_str().to_owned()),
        ..WorkstationChanged::default()
    };
    recorder
        .record(&person.station.home, revoked, Outcome::Done, by.act())
        .await?;
    if !store.revoke_station(&station).await? {
        return Err(Refused::not_found("workstation"));
    }
    changes.beat();
    Ok(StatusCode::NO_CONTENT)
}
