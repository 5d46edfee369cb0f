//! What is wrong with a server, its database, clock, certificates, disk, witnesses and workstations, in sentences.
//!
//! Invariant: looking changes nothing, and one thing that cannot be looked at hides none of the others.
//! Deliberately absent: recomputing the log (`log_verify`), and cameras.

use super::causes::causes;
use super::clock::now_ms;
use super::config::{DataDir, Settings, read_text};
use super::error::ServerError;
use super::keys::load_signer;
use super::log::cosigning::Witnesses;
use super::log::signer::Signer;
use super::log_read;
use super::store::{Log, Store};
use crate::domain::message::{Message, sentence};
use crate::domain::people::Level;
use crate::domain::people::account::AccountStatus;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

/// A clock may be so far behind the last signature before it is worth a word, ms.
const CLOCK_MS: i64 = 60_000;
/// A certificate that ends sooner is not being renewed, ms.
const CERTIFICATE_MS: i64 = 7 * 86_400_000;
/// Free bytes below which the log is in danger.
const LEAST_FREE: u64 = 1 << 30;
/// Longest wait for the running server.
const PATIENCE: Duration = Duration::from_secs(10);

/// Something that was found.
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

fn wrong(message: Message) -> Finding {
    Finding {
        name: message.key(),
        is_wrong: true,
        message,
        detail: String::new(),
    }
}

fn worth_knowing(message: Message) -> Finding {
    Finding {
        is_wrong: false,
        ..wrong(message)
    }
}

fn failed(error: &ServerError) -> Finding {
    Finding {
        detail: causes(error).to_string(),
        ..wrong(error.message())
    }
}

/// Looks at everything that can be looked at from the server's own machine. Nothing is wrong where the list has nothing that is.
pub async fn look(data: &DataDir) -> Vec<Finding> {
    if !data.is_set_up() {
        return vec![failed(&ServerError::NotSetUp)];
    }
    let mut found = files(data);
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
        Err(error) => found.push(Finding {
            detail: causes(&error).to_string(),
            ..worth_knowing(sentence("doctor-not-running"))
        }),
    }
    found
}

/// The data folder: who may read its keys, how much room there is.
fn files(data: &DataDir) -> Vec<Finding> {
    let mut found = Vec::new();
    let keys = data.path().join("keys");
    match std::fs::metadata(&keys) {
        Ok(folder) if folder.permissions().mode() & 0o077 != 0 => {
            found.push(wrong(
                sentence("doctor-keys-open").with("path", keys.display().to_string()),
            ));
        }
        Ok(_) => {}
        Err(source) => found.push(failed(&ServerError::File { path: keys, source })),
    }
    match rustix::fs::statvfs(data.path()) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            if free < LEAST_FREE {
                found.push(wrong(sentence("doctor-disk").with("free", free / (1 << 20))));
            }
        }
        Err(error) => found.push(failed(&ServerError::File {
            path: data.path().to_owned(),
            source: error.into(),
        })),
    }
    found
}

async fn database(
    data: &DataDir,
    settings: &Settings,
    store: &Store,
    found: &mut Vec<Finding>,
) -> Result<(), ServerError> {
    if let Err(error) = store.takes_a_row().await {
        found.push(Finding {
            detail: causes(&error).to_string(),
            ..wrong(sentence("doctor-no-row"))
        });
    }
    for log in store.logs().await? {
        if let Err(error) = signed(data, settings, store, log, found).await {
            found.push(failed(&error));
        }
    }
    let now = now_ms();
    for row in store.workstations().await?.into_iter().filter(|row| row.enabled) {
        let station = row.station.to_string();
        if row.quarantined {
            found.push(wrong(sentence("doctor-quarantined").with("station", station.as_str())));
        }
        if row
            .certificate_until_ms
            .is_some_and(|until| until - now < CERTIFICATE_MS)
        {
            found.push(wrong(sentence("doctor-certificate").with("station", station.as_str())));
        }
    }
    let people = store.lives().await?;
    let supervisors = people.iter().filter(|row| {
        let status = row.life.standing(now);
        let in_use = matches!(status, AccountStatus::Good | AccountStatus::MustChoosePassword);
        in_use && row.person.level == Level::Supervisor
    });
    if supervisors.count() < 2 {
        found.push(worth_knowing(sentence("doctor-one-supervisor")));
    }
    Ok(())
}

/// One log: its signer, clock and witnesses.
async fn signed(
    data: &DataDir,
    settings: &Settings,
    store: &Store,
    log: Log,
    found: &mut Vec<Finding>,
) -> Result<(), ServerError> {
    let name = log.origin.clone();
    let named = |what: Message| what.with("log", name.as_str());
    if data.put_back(&log.controller).exists() {
        found.push(wrong(named(sentence("doctor-put-back"))));
    }
    let key = load_signer(&data.log_key(&log.controller))?;
    let signer = Signer::open(data, log.clone(), key.clone())?;
    let last = signer.published().borrow().clone();
    if last.time_ms - now_ms() > CLOCK_MS {
        found.push(wrong(named(sentence("doctor-clock-behind"))));
    }
    if store.size(&log).await? < last.size {
        found.push(wrong(named(sentence("doctor-shorter"))));
    }
    if settings.witnesses.is_empty() {
        found.push(worth_knowing(named(sentence("doctor-no-witness"))));
        return Ok(());
    }
    let witnesses = Witnesses::open(data, log, key.verifier(), &settings.witnesses)?;
    let seen = witnesses.seen().borrow().size;
    if seen < last.size {
        found.push(worth_knowing(
            named(sentence("doctor-unwitnessed")).with("count", last.size - seen),
        ));
    }
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
