//! An enrolled workstation: outbox, secrets and courier at work; nobody needs to be signed in.
//!
//! Invariant: the courier runs as long as the [`Station`] lives; damage found in the outbox is an event before anybody
//! can sign in.
//! Deliberately absent: people (see `sign_in`).

use super::config::{StationConfig, StationError};
use super::enrol::renew_in_time;
use super::enrolment::Enrolment;
use super::folder_format;
use super::secrets::Vault;
use crate::domain::audit::details::log::OutboxDamage;
use crate::domain::audit::event::{Event, Outcome, RetentionClass};
use crate::domain::audit::note::VerifierKey;
use crate::domain::camera::{ControllerId, StationId};
use crate::domain::live::wrong_clock::{WrongClock, wrong_clock};
use crate::media::export::remove_remnants;
use crate::station::machine::pose_source::PoseSource;
use crate::station::record::contact::Contact;
use crate::station::record::courier::{Courier, Delivered};
use crate::station::record::event_body::body_without_person;
use crate::station::record::health::{Health, HealthReport};
use crate::station::record::outbox::{Damage, Directory, Medium, Note, Opening, Outbox};
use crate::station::record::proof_files::ProofFiles;
use crate::station::record::server_client::{ServerClient, ServerClock};
use crate::station::record::trusted_checkpoints::TrustedCheckpoints;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often the grace is looked at when nothing else happens.
const TICK: Duration = Duration::from_millis(500);

/// A workstation that is enrolled and knows its server; nobody is signed in yet. Cheap to clone.
#[derive(Clone)]
pub struct Station(pub(in crate::station) Arc<Workstation>);

/// What a [`Station`] is made of.
pub(in crate::station) struct Workstation {
    pub id: StationId,
    pub server: ServerClient,
    pub outbox: Outbox,
    pub trusted: Arc<TrustedCheckpoints>,
    pub contact: Arc<Contact>,
    pub plan_key: VerifierKey,
    pub evidence: PathBuf,
    pub proofs: ProofFiles,
    pub pose_source: Arc<dyn PoseSource>,
    pub standing: watch::Receiver<HealthReport>,
    pub health: watch::Receiver<Health>,
    /// For work that begins where there is no runtime: a view dropped by the screen.
    pub runtime: tokio::runtime::Handle,
    stop: watch::Sender<bool>,
}

impl Drop for Workstation {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// What was read from disk.
pub(in crate::station) struct Opened {
    pub enrolment: Enrolment,
    pub outbox: Outbox,
    pub damage: Vec<Damage>,
    pub trusted: TrustedCheckpoints,
    pub evidence: PathBuf,
    pub proofs: ProofFiles,
    pub pose_source: Arc<dyn PoseSource>,
}

impl Station {
    /// Opens outbox and secrets and makes ready to sign in. Does not need the server. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// No enrolment, no place for secrets, a data folder of a newer program, or the outbox cannot be opened.
    pub async fn open(config: StationConfig) -> Result<Station, StationError> {
        let reading = config.clone();
        let opened = tokio::task::spawn_blocking(move || read(&reading))
            .await
            .map_err(|error| StationError::Outbox {
                detail: error.to_string(),
            })??;
        let renew_after = opened.enrolment.renew_after_ms;
        let station = Self::start(opened).await?;
        if let Some(renew_after) = renew_after {
            let (server, stop) = (station.0.server.clone(), station.0.stop.subscribe());
            tokio::spawn(renew_in_time(server, config, renew_after, stop));
        }
        Ok(station)
    }

    /// Sets everything going.
    pub(in crate::station) async fn start(opened: Opened) -> Result<Station, StationError> {
        let Opened {
            enrolment,
            outbox,
            damage,
            trusted,
            evidence,
            proofs,
            pose_source,
        } = opened;
        let server = ServerClient::new(enrolment.access()).map_err(|error| StationError::NotEnrolled {
            path: PathBuf::from("cert.pem"),
            source: Some(std::io::Error::other(error)),
        })?;
        record_damage(&outbox, &trusted, &enrolment.station, damage).await;
        let (trusted, contact) = (Arc::new(trusted), Arc::new(Contact::default()));
        let server = server.showing(Arc::clone(&trusted));
        let stop = watch::Sender::new(false);
        let (courier, delivered) = Courier::new(
            server.clone(),
            enrolment.station.clone(),
            outbox.clone(),
            Arc::clone(&trusted),
            Arc::clone(&contact),
        );
        tokio::spawn(courier.run(stop.subscribe()));
        let proving = proofs.clone();
        tokio::spawn(proving.run(server.clone(), outbox.clone(), Arc::clone(&trusted), stop.subscribe()));
        let clock = MachineClock {
            built_ms: built_ms(),
            server: server.clock().clone(),
        };
        let parts = (
            outbox.clone(),
            delivered,
            Arc::clone(&trusted),
            Arc::clone(&contact),
            clock,
        );
        let now = standing(&parts);
        let (health, health_seen) = watch::channel(now.health.clone());
        let (standing, standing_seen) = watch::channel(now);
        tokio::spawn(keep_standing(standing, health, parts, stop.subscribe()));
        Ok(Station(Arc::new(Workstation {
            id: enrolment.station,
            server,
            outbox,
            trusted,
            contact,
            plan_key: enrolment.plan_key,
            evidence,
            proofs,
            pose_source,
            standing: standing_seen,
            health: health_seen,
            runtime: tokio::runtime::Handle::current(),
            stop,
        })))
    }
}

impl Station {
    /// State of outbox, audit log, server and clock, signed in or not.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.0.health.clone()
    }
}

fn read(config: &StationConfig) -> Result<Opened, StationError> {
    let outbox_error = |detail: String| StationError::Outbox { detail };
    folder_format::check(&config.data)?;
    let enrolment = Enrolment::read(&config.enrolment, config.secrets, &config.data)?;
    let directory = Directory::open(&config.data.join("outbox")).map_err(|error| outbox_error(error.to_string()))?;
    let exists = directory
        .read_note(Note::State)
        .map_err(|error| outbox_error(error.to_string()))?
        .is_some();
    let key = Vault::open(config.secrets, &enrolment.station, &config.data)?.outbox_key(exists)?;
    let trusted =
        TrustedCheckpoints::open(config.data.join("logs")).map_err(|error| outbox_error(error.to_string()))?;
    let (outbox, damage) = Outbox::open(Opening {
        medium: Box::new(directory),
        key,
        station: enrolment.station.clone(),
        delivered: trusted.delivered(),
        clock: jiff::Timestamp::now,
    })
    .map_err(|error| outbox_error(error.to_string()))?;
    // The outbox is this program's alone from here on, so no export can be under way.
    match remove_remnants(&config.evidence) {
        Ok(0) => {}
        Ok(removed) => tracing::warn!(removed, "exports that were cut off were removed"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => tracing::error!(%error, "what exports that were cut off left cannot be removed"),
    }
    Ok(Opened {
        enrolment,
        outbox,
        damage,
        trusted,
        evidence: config.evidence.clone(),
        proofs: ProofFiles::inside(&config.data),
        pose_source: Arc::clone(&config.pose_source),
    })
}

async fn record_damage(outbox: &Outbox, trusted: &TrustedCheckpoints, station: &StationId, damage: Vec<Damage>) {
    let log: Option<ControllerId> = trusted.home().or_else(|| outbox.waiting_logs().into_iter().next());
    for found in damage {
        tracing::error!(detail = found.detail, segment = found.segment, "the outbox was damaged");
        let Some(log) = log.clone() else { continue };
        let damage = OutboxDamage {
            detail: Some(found.detail.clone()),
            segment: Some(found.segment),
            lost_from: found.lost.map(|(first, _)| first),
            lost_count: found.lost.map(|(first, end)| end - first),
        };
        let body = body_without_person(station, damage, Outcome::Done);
        match outbox
            .append(Event {
                log,
                class: RetentionClass::Police,
                body,
            })
            .await
        {
            Ok(_) => outbox.damage_recorded(found),
            Err(error) => tracing::error!(%error, "the damage could not be recorded"),
        }
    }
}

type Parts = (
    Outbox,
    watch::Receiver<Delivered>,
    Arc<TrustedCheckpoints>,
    Arc<Contact>,
    MachineClock,
);

/// So long after its new beginning everybody who signs in is told that a log began anew, ms.
const TOLD_FOR_MS: i64 = 30 * 24 * 3_600_000;

/// The witnesses against this machine's clock.
struct MachineClock {
    /// Unix ms.
    built_ms: Option<i64>,
    server: ServerClock,
}

impl MachineClock {
    fn wrong(&self) -> Option<WrongClock> {
        let server_ms = self.server.unix_ms(Instant::now());
        wrong_clock(jiff::Timestamp::now().as_millisecond(), self.built_ms, server_ms)
    }
}

/// When this program was made, Unix ms: the date of its file.
fn built_ms() -> Option<i64> {
    let made = std::env::current_exe().and_then(|program| program.metadata()?.modified());
    let made = made.inspect_err(|error| tracing::warn!(%error, "the program's file has no date"));
    jiff::Timestamp::try_from(made.ok()?)
        .ok()
        .map(|made| made.as_millisecond())
}

fn standing((outbox, delivered, trusted, contact, clock): &Parts) -> HealthReport {
    HealthReport::of(
        &outbox.status().borrow(),
        *delivered.borrow(),
        trusted.broken(),
        contact.state(Instant::now()),
        contact.is_extended(Instant::now()),
    )
    .with_clock(clock.wrong())
    .with_begun_anew(trusted.begun_since(jiff::Timestamp::now().as_millisecond().saturating_sub(TOLD_FOR_MS)))
}

async fn keep_standing(
    sender: watch::Sender<HealthReport>,
    health: watch::Sender<Health>,
    mut parts: Parts,
    mut stop: watch::Receiver<bool>,
) {
    let mut status = parts.0.status();
    loop {
        let now = standing(&parts);
        // What decides first: whoever sees a state on the screen may rely on it being in force.
        sender.send_if_modified(|old| replace_if_new(old, &now));
        health.send_if_modified(|old| replace_if_new(old, &now.health));
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            Ok(()) = status.changed() => {}
            Ok(()) = parts.1.changed() => {}
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

fn replace_if_new<T: Clone + PartialEq>(old: &mut T, new: &T) -> bool {
    let changed = old != new;
    if changed {
        *old = new.clone();
    }
    changed
}
