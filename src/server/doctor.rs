//! What is wrong with a server, its database, clock, certificates, disk, witnesses and workstations, in sentences.
//!
//! [`look`] is the command's, from the server's own machine, whether the server runs or not; what a running server says of itself
//! (`http::doctor`) is put together from the same parts. Invariant: looking changes nothing, and one thing that cannot be looked at
//! hides none of the others. Deliberately absent: recomputing the log (`log_verify`), and cameras.

use super::causes::causes;
use super::config::{DataDir, Settings, read_text};
use super::error::ServerError;
use super::keys::load_signer;
use super::log::cosigning::Witnesses;
use super::log::sequencer::OWN_STATION;
use super::log::signed_state::SignedState;
use super::log::signer::Signer;
use super::log_read;
use super::now::now_ms;
use super::store::search::Wanted;
use super::store::{Log, Store, StoreError};
use crate::domain::audit::details::EventKind;
use crate::domain::audit::details::log::EventSetAside;
use crate::domain::audit::event::{Body, Outcome};
use crate::domain::console_command;
use crate::domain::doctor;
use crate::domain::message::{Message, sentence};
use crate::domain::people::Level;
use crate::domain::people::account::AccountStatus;
use crate::protocol::StationView;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

/// A clock may be so far behind the last signature before it is worth a word, ms.
const CLOCK_MS: i64 = 60_000;
/// A certificate that ends sooner is not being renewed, ms.
const CERTIFICATE_MS: i64 = 7 * 86_400_000;
/// Free bytes below which the log is in danger.
const LEAST_FREE: u64 = 1 << 30;
/// How far back the server's entries about workstations' events are counted, ms.
const LATELY_MS: i64 = 30 * 86_400_000;
/// Entries read at once, and how many times.
const PAGE: u32 = 500;
const PAGES: usize = 20;
/// Longest wait for the running server.
const PATIENCE: Duration = Duration::from_secs(10);

/// Something that the command found: one of the vocabulary, or an error that kept it from looking.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// For programs.
    pub name: &'static str,
    /// Whether something has to be done; otherwise it is worth knowing.
    pub is_wrong: bool,
    pub message: Message,
    /// For the log: every cause.
    pub detail: String,
}

impl From<doctor::Finding> for Finding {
    fn from(finding: doctor::Finding) -> Self {
        Self {
            is_wrong: finding.is_wrong(),
            ..wrong(finding.message())
        }
    }
}

fn wrong(message: Message) -> Finding {
    Finding {
        name: message.key(),
        is_wrong: true,
        message,
        detail: String::new(),
    }
}

fn because(finding: impl Into<Finding>, error: &(dyn std::error::Error + 'static)) -> Finding {
    Finding {
        detail: causes(error).to_string(),
        ..finding.into()
    }
}

fn failed(error: &ServerError) -> Finding {
    because(wrong(error.message()), error)
}

/// Looks at everything that can be looked at from the server's own machine. Nothing is wrong where the list has nothing that is.
pub async fn look(data: &DataDir) -> Vec<Finding> {
    if let Err(error) = data.check_set_up() {
        return vec![failed(&error)];
    }
    let mut found = Vec::new();
    for looked in [keys(data), disk(data)] {
        match looked {
            Ok(of_folder) => found.extend(of_folder.map(Finding::from)),
            Err(error) => found.push(failed(&error)),
        }
    }
    let settings = Settings::load(data).unwrap_or_else(|error| {
        found.push(failed(&error));
        Settings::default()
    });
    match Store::open(data).await {
        Ok(store) => {
            if let Err(error) = database(data, &settings, &store, &mut found).await {
                found.push(failed(&error));
            }
            store.close().await;
        }
        Err(error) => found.push(failed(&ServerError::from(error))),
    }
    match running(data).await {
        Ok(None) => {}
        Ok(Some(why)) => found.push(wrong(sentence("doctor-not-ready").with("why", why))),
        Err(error) => {
            let silent = Finding {
                is_wrong: false,
                ..wrong(sentence("doctor-not-running"))
            };
            found.push(because(silent, &error));
        }
    }
    found
}

/// Whether other accounts of the machine can read the keys. Waits for the disk.
///
/// # Errors
/// [`ServerError::File`]: the folder of the keys cannot be looked at.
pub(super) fn keys(data: &DataDir) -> Result<Option<doctor::Finding>, ServerError> {
    let keys = data.path().join("keys");
    match std::fs::metadata(&keys) {
        Ok(folder) => Ok(
            (folder.permissions().mode() & 0o077 != 0).then(|| doctor::Finding::KeysOpen {
                path: keys.display().to_string(),
            }),
        ),
        Err(source) => Err(ServerError::File { path: keys, source }),
    }
}

/// Whether the disk of the log has room. Waits for the disk.
///
/// # Errors
/// [`ServerError::File`]: the system does not say.
pub(super) fn disk(data: &DataDir) -> Result<Option<doctor::Finding>, ServerError> {
    let disk = rustix::fs::statvfs(data.path()).map_err(|error| ServerError::File {
        path: data.path().to_owned(),
        source: error.into(),
    })?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    Ok((free < LEAST_FREE).then(|| doctor::Finding::Disk { free: free / (1 << 20) }))
}

async fn database(
    data: &DataDir,
    settings: &Settings,
    store: &Store,
    found: &mut Vec<Finding>,
) -> Result<(), ServerError> {
    if let Err(error) = store.takes_a_row().await {
        found.push(because(doctor::Finding::NoRow, &error));
    }
    let now = now_ms();
    for log in store.logs().await? {
        match events(store, &log, now).await {
            Ok(of_events) => found.extend(of_events.into_iter().map(Finding::from)),
            Err(error) => found.push(failed(&ServerError::from(error))),
        }
        if let Err(error) = signed(data, settings, store, log, found).await {
            found.push(failed(&error));
        }
    }
    found.extend(stations(&store.workstations().await?, now).into_iter().map(Into::into));
    found.extend(supervisors(store, now).await?.map(Into::into));
    Ok(())
}

/// Workstations in use: those in quarantine, those whose certificate ends. `now`: Unix ms.
pub(super) fn stations(rows: &[StationView], now: i64) -> Vec<doctor::Finding> {
    let mut found = Vec::new();
    for row in rows.iter().filter(|row| row.enabled) {
        let station = || row.station.clone();
        if row.quarantined {
            found.push(doctor::Finding::Quarantined { station: station() });
        }
        if row
            .certificate_until_ms
            .is_some_and(|until| until - now < CERTIFICATE_MS)
        {
            found.push(doctor::Finding::Certificate { station: station() });
        }
    }
    found
}

/// Workstations whose events name what is not so, and those whose events are not like others, as the server's own entries of a log
/// say. `now`: Unix ms.
///
/// # Errors
/// [`StoreError`]: the database does not answer, or has a value that cannot be.
pub(super) async fn events(store: &Store, log: &Log, now: i64) -> Result<Vec<doctor::Finding>, StoreError> {
    let (mut named, mut aside) = (BTreeMap::new(), BTreeMap::new());
    for body in own_entries(store, log, "station_refused", now).await? {
        if body.result == Outcome::Done
            && let Some(station) = body.said().common.at_station
        {
            *named.entry(station).or_insert(0) += 1;
        }
    }
    for body in own_entries(store, log, "event_set_aside", now).await? {
        if let EventKind::EventSetAside(EventSetAside {
            station: Some(station), ..
        }) = body.said().kind
        {
            *aside.entry(station).or_insert(0) += 1;
        }
    }
    let named = named.into_iter();
    let named = named.map(|(station, count)| doctor::Finding::InAnothersName { station, count });
    let aside = aside.into_iter();
    let aside = aside.map(|(station, count)| doctor::Finding::SetAside { station, count });
    Ok(named.chain(aside).collect())
}

/// The newest of the server's own entries of an operation, as far back as [`LATELY_MS`].
async fn own_entries(store: &Store, log: &Log, operation: &str, now: i64) -> Result<Vec<Body>, StoreError> {
    // Nobody acts in them: that is what makes the search short.
    let wanted = Wanted {
        person: Some(String::new()),
        operation: Some(operation.to_owned()),
        from_s: Some(now.saturating_sub(LATELY_MS) / 1000),
        newest_first: true,
        ..Wanted::default()
    };
    let (mut bodies, mut after) = (Vec::new(), None);
    for _ in 0..PAGES {
        let page = store.search(log, &wanted, after, PAGE).await?;
        after = page.last().map(|found| (found.time_s, found.entry.index));
        let is_last = page.len() < PAGE as usize;
        let own = page.into_iter().filter(|found| found.entry.station == OWN_STATION);
        let own = own.filter_map(|found| serde_json::from_str::<Body>(&found.entry.opening?.1).ok());
        bodies.extend(own);
        if is_last {
            break;
        }
    }
    Ok(bodies)
}

/// Whether there are two supervisors. `now`: Unix ms.
///
/// # Errors
/// [`StoreError`]: the database does not answer, or has a value that cannot be.
pub(super) async fn supervisors(store: &Store, now: i64) -> Result<Option<doctor::Finding>, StoreError> {
    let people = store.lives().await?;
    let in_use = people.iter().filter(|row| {
        let status = row.life.standing(now);
        let in_use = matches!(status, AccountStatus::Good | AccountStatus::MustChoosePassword);
        in_use && row.person.level == Level::Supervisor
    });
    Ok((in_use.count() < 2).then_some(doctor::Finding::OneSupervisor))
}

/// What is wrong with the time of the last signature, by the clock. `now`: Unix ms.
pub(super) fn clock(data: &DataDir, log: &Log, last: &SignedState, now: i64) -> Option<doctor::Finding> {
    (last.time_ms - now > CLOCK_MS).then(|| doctor::Finding::ClockBehind {
        log: log.origin.clone(),
        command: console_command::accept_time(&data.path().display().to_string(), &log.controller),
    })
}

/// What no witness saw of what was signed; `seen` is `None` where none is asked. `now`: Unix ms.
///
/// # Errors
/// [`StoreError`]: the database does not answer, or has a value that cannot be.
pub(super) async fn witnessed(
    store: &Store,
    log: &Log,
    signed: u64,
    seen: Option<u64>,
    now: i64,
) -> Result<Option<doctor::Finding>, StoreError> {
    let Some(seen) = seen else {
        let log = log.origin.clone();
        return Ok(Some(doctor::Finding::NoWitness { log }));
    };
    if seen >= signed {
        return Ok(None);
    }
    let oldest = store.entries(log, seen, 1).await?;
    let waiting_ms = oldest.first().map_or(0, |entry| now.saturating_sub(entry.received_ms));
    Ok(Some(doctor::Finding::unwitnessed(
        &log.origin,
        signed - seen,
        waiting_ms,
    )))
}

/// One log: its signer, clock and witnesses.
async fn signed(
    data: &DataDir,
    settings: &Settings,
    store: &Store,
    log: Log,
    found: &mut Vec<Finding>,
) -> Result<(), ServerError> {
    if data.put_back(&log.controller).exists() {
        let log = log.origin.clone();
        found.push(doctor::Finding::PutBack { log }.into());
    }
    let key = load_signer(&data.log_key(&log.controller))?;
    let signer = Signer::open(data, log.clone(), key.clone())?;
    let last = signer.published().borrow().clone();
    found.extend(clock(data, &log, &last, now_ms()).map(Into::into));
    if store.size(&log).await? < last.size {
        let log = log.origin.clone();
        found.push(doctor::Finding::Shorter { log }.into());
    }
    let seen = if settings.witnesses.is_empty() {
        None
    } else {
        let witnesses = Witnesses::open(data, log.clone(), key.verifier(), &settings.witnesses)?;
        let seen = witnesses.seen().borrow().size;
        Some(seen)
    };
    let unseen = witnessed(store, &log, last.size, seen, now_ms()).await?;
    found.extend(unseen.map(Into::into));
    Ok(())
}

/// What the running server says of itself; `None`: it is ready.
async fn running(data: &DataDir) -> Result<Option<String>, ServerError> {
    let address = read_text(&data.address())?;
    let request = log_read::client(data)?.get(format!("{}/readyz", address.trim()));
    let away = |error: reqwest::Error| ServerError::Remote(causes(&error).to_string());
    let answer = request.timeout(PATIENCE).send().await.map_err(away)?;
    if answer.status().is_success() {
        return Ok(None);
    }
    Ok(Some(answer.text().await.map_err(away)?.trim().to_owned()))
}
