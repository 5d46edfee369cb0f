//! A new data directory, and the demonstration: plan, people, camera accounts and two workstations.
//!
//! Invariant: nothing that exists is overwritten; a database or a signer's state is begun here and nowhere else.
//! Deliberately absent: fixed passwords. Each is random and lies in a file only this account can read.

use super::config::{DataDir, read_text, write_whole};
use super::error::ServerError;
use super::keys::{Vault, create_signer, new_password, write_secret};
use super::log::sequencer::OWN_STATION;
use super::log::signer::Signer;
use super::now::now_ms;
use super::people::password;
use super::store::Store;
use super::store::accounts::Appointment;
use super::store::migration::Migrated;
use super::store::registry::StationRow;
use super::tls;
use crate::domain::audit::note::Statement;
use crate::domain::camera::{CameraId, ControllerId, StationId};
use crate::domain::people::{Action, Grant, Level, Person, StationKind};
use crate::domain::site::SitePlan;
use crate::domain::strict;
use crate::protocol::CredentialNeed;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::path::Path;
use zeroize::Zeroizing;

/// Seconds a control room's workstation may go on when the server is away.
const CONTROL_ROOM_GRACE_S: u64 = 3600;
/// Settings of the demonstration.
const DEMO_SETTINGS: &str = "[second_factor]\nremote = false\nadministrators = false\n";
/// The station the commands of the server use for themselves.
pub const CONSOLE: &str = "console";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CamerasFile {
    #[serde(default)]
    camera: Vec<CameraAccounts>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CameraAccounts {
    id: CameraId,
    user: String,
    password: SecretString,
    figures_user: String,
    figures_password: SecretString,
}

#[derive(Serialize)]
struct StationFile<'a> {
    station: &'a str,
    /// Empty: the address lies in `address` beside this file.
    server: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    renew_after_ms: Option<i64>,
}

fn toml_file<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, ServerError> {
    strict::toml(&read_text(path)?).map_err(|misread| ServerError::Config {
        path: path.to_owned(),
        detail: strict::told(&misread),
    })
}

/// Prepares a data directory for the demonstration.
///
/// # Errors
/// The directory is set up already, a file is not what it should be, or something cannot be written.
pub async fn demo(data: &DataDir, site: &Path, cameras: &Path, server_url: &str) -> Result<(), ServerError> {
    data.check_new()?;
    let plan: SitePlan = toml_file(site)?;
    let accounts: CamerasFile = toml_file(cameras)?;
    let home = plan
        .controllers
        .first()
        .map(|controller| controller.id.clone())
        .ok_or_else(|| ServerError::Config {
            path: site.to_owned(),
            detail: "no controllers".into(),
        })?;
    check_database(data).await?;
    data.begin()?;
    // Nobody carries an authenticator in a demonstration.
    write_whole(&data.settings(), DEMO_SETTINGS.as_bytes(), 0o644)?;
    let (store, plan_vkey) = begin(data, &plan, &[]).await?;
    add_accounts(data, &store, accounts).await?;
    add_people(data, &store, &plan).await?;

    for (name, grace_s, kind) in [
        ("sala-operativa", CONTROL_ROOM_GRACE_S, StationKind::ControlRoom),
        ("manutenzione", 0, StationKind::Maintainer),
        (CONSOLE, 0, StationKind::ControlRoom),
    ] {
        let station = name.parse().map_err(|_| ServerError::Key(name.to_owned()))?;
        let row = Enrolment {
            station,
            home: home.clone(),
            grace_s,
            kind,
            server: server_url,
            plan_vkey: &plan_vkey,
        };
        write_enrolment(data, &store, row).await?;
    }
    store.close().await;
    data.finish()
}

/// A database that cannot serve is refused before the first file is written: nothing is then half begun.
pub(super) async fn check_database(data: &DataDir) -> Result<(), ServerError> {
    match data.postgres() {
        Some(url) => Ok(Store::try_postgres(url).await?),
        None => Ok(()),
    }
}

/// Gives the servers' role of a PostgreSQL database what it needs, where the role was made after the tables.
///
/// # Errors
/// There is no such database, or the account does not own the tables.
pub async fn grant(data: &DataDir) -> Result<(), ServerError> {
    let store = Store::open(data).await?;
    store.grant().await?;
    store.close().await;
    Ok(())
}

/// Moves the database to the version of this program and says in the log what was done. The caller holds the directory's lock.
///
/// # Errors
/// The database is of a newer program or does not answer, or its copy is not sound.
pub(super) async fn migrate(data: &DataDir) -> Result<Option<Migrated>, ServerError> {
    let migrated = Store::migrate(data).await?;
    if let Some(Migrated { from, to, copy }) = &migrated {
        let copy = copy.as_ref().map(|copy| copy.display().to_string());
        tracing::warn!(
            from,
            to,
            copy,
            "the database was moved to another version of its schema"
        );
    }
    Ok(migrated)
}

/// Moves the database on while no server runs.
///
/// # Errors
/// A server runs, the database is of a newer program or does not answer, its copy is not sound, or the account does not own
/// the tables.
pub async fn migrate_alone(data: &DataDir) -> Result<Option<Migrated>, ServerError> {
    data.check_set_up()?;
    let _alone = data.lock_alone()?;
    migrate(data).await
}

/// Authority, database, a log for each controller, and the signed plan. Returns the plan's verifier key.
pub(super) async fn begin(data: &DataDir, plan: &SitePlan, names: &[String]) -> Result<(Store, String), ServerError> {
    tls::create_authority(data, names)?;
    let store = Store::create(data).await?;
    for controller in &plan.controllers {
        let key = create_signer(&data.log_key(&controller.id), &controller.log_origin())?;
        store.add_log(&controller.id, &controller.log_origin()).await?;
        let logs = store.logs().await?;
        if let Some(log) = logs.iter().find(|log| log.controller == controller.id) {
            Signer::create(data, log, &key)?;
        }
    }
    let plan_vkey = add_plan(data, &store, plan).await?;
    Ok((store, plan_vkey))
}

/// Signs the plan and keeps it. Returns the verifier key that workstations pin.
async fn add_plan(data: &DataDir, store: &Store, plan: &SitePlan) -> Result<String, ServerError> {
    let key = create_signer(&data.plan_key(), "vedetta/plan")?;
    let text = serde_json::to_string(plan).map_err(|error| ServerError::Key(error.to_string()))?;
    store
        .add_plan(plan.version, &text, &key.sign_statement(Statement::Plan, &text))
        .await?;
    Ok(key.verifier().to_string())
}

async fn add_accounts(data: &DataDir, store: &Store, accounts: CamerasFile) -> Result<(), ServerError> {
    let vault = Vault::create(&data.vault_key())?;
    for account in accounts.camera {
        let id = &account.id;
        let picture = vault.seal(&format!("{id}/picture"), account.password.expose_secret())?;
        store
            .add_account(id, CredentialNeed::Picture, &account.user, &picture)
            .await?;
        let figures = vault.seal(&format!("{id}/figures"), account.figures_password.expose_secret())?;
        store
            .add_account(id, CredentialNeed::Figures, &account.figures_user, &figures)
            .await?;
    }
    Ok(())
}

/// Five people, one per level, with random passwords in `people.toml`.
async fn add_people(data: &DataDir, store: &Store, plan: &SitePlan) -> Result<(), ServerError> {
    use Action::{Clear, Export, Lift, Live, Playback, Ptz};
    use Level::{ForceOperator, Maintainer, Operator, Supervisor, SystemAdministrator};
    let town = plan
        .controllers
        .first()
        .map_or("Borgo Vedetta", |c| c.name.trim_start_matches("Comune di "));
    let police = format!("Polizia Locale di {town}");
    let people: [(&str, &str, &str, Level, &[Action]); 5] = [
        (
            "operatore",
            "Ag. Scelto Chiara Neri",
            &police,
            Operator,
            &[Live, Ptz, Playback, Export],
        ),
        (
            "comandante",
            "Comm. Andrea Villa",
            &police,
            Supervisor,
            &[Live, Ptz, Lift, Playback, Clear, Export],
        ),
        ("amministratore", "Dott. Paolo Riva", &police, SystemAdministrator, &[]),
        (
            "manutentore",
            "P.I. Luca Ferri",
            "Impianti Ferri S.r.l.",
            Maintainer,
            &[],
        ),
        (
            "carabiniere",
            "Mar. Elena Conti",
            "Carabinieri, Stazione locale",
            ForceOperator,
            &[Live, Ptz],
        ),
    ];
    let mut file = Zeroizing::new(String::new());
    for (user, display_name, body, level, actions) in people {
        let grant = |controller: &ControllerId| Grant {
            controller: controller.clone(),
            cameras: Vec::new(),
            actions: actions.to_vec(),
            hours: Vec::new(),
        };
        let person = Person {
            user: user.to_owned(),
            display_name: display_name.to_owned(),
            agency: body.to_owned(),
            level,
            grants: plan
                .controllers
                .iter()
                .map(|controller| grant(&controller.id))
                .collect(),
        };
        let secret = new_password()?;
        let hash = password::hash(&secret).map_err(|error| ServerError::Key(error.to_string()))?;
        let appointment = Appointment {
            act: "dimostrazione".to_owned(),
            ..Appointment::default()
        };
        if let Some(home) = plan.controllers.first() {
            store
                .add_person(&person, &hash, now_ms(), &appointment, &home.id)
                .await?;
        }
        let level = serde_json::to_value(level).unwrap_or_default();
        let level = level.as_str().unwrap_or_default();
        let entry = format!(
            "[[person]]\nuser = \"{user}\"\npassword = \"{}\"\nlevel = \"{level}\"\n\n",
            secret.expose_secret()
        );
        file.push_str(&entry);
    }
    write_secret(&data.path().join("people.toml"), &file)
}

/// What a workstation is enrolled with.
pub struct Enrolment<'a> {
    pub station: StationId,
    /// The controller whose log takes the workstation's own events.
    pub home: ControllerId,
    /// Seconds it may go on when the server is away.
    pub grace_s: u64,
    pub kind: StationKind,
    /// Address of the server; empty: the one in the file `address`.
    pub server: &'a str,
    pub plan_vkey: &'a str,
}

/// Enrols a workstation: certificate, registry, and the directory it is given.
///
/// # Errors
/// The name is reserved or taken, or something cannot be written.
pub async fn write_enrolment(data: &DataDir, store: &Store, row: Enrolment<'_>) -> Result<(), ServerError> {
    let Enrolment {
        station,
        home,
        grace_s,
        kind,
        server,
        plan_vkey,
    } = row;
    if station.as_str() == OWN_STATION {
        return Err(ServerError::NameTaken(station.to_string()));
    }
    let validity = if station.as_str() == CONSOLE {
        tls::Validity::AsTheAuthority
    } else {
        tls::Validity::Renewed
    };
    let (issued, key) = tls::issue_station(data, &station, validity)?;
    let dir = data.station(&station);
    let row = StationRow {
        station: station.clone(),
        home,
        grace_s,
        quarantined: false,
        kind,
    };
    store.enrol(&row, &issued.fingerprint).await?;
    store.certified_until(&station, issued.until_ms).await?;
    std::fs::create_dir_all(&dir).map_err(|source| ServerError::File {
        path: dir.clone(),
        source,
    })?;
    let file = toml::to_string(&StationFile {
        station: station.as_str(),
        server,
        renew_after_ms: (validity == tls::Validity::Renewed).then_some(issued.renew_after_ms),
    })
    .map_err(|error| ServerError::Key(error.to_string()))?;
    write_whole(&dir.join("station.toml"), file.as_bytes(), 0o644)?;
    write_whole(&dir.join("cert.pem"), issued.cert_pem.as_bytes(), 0o644)?;
    write_secret(&dir.join("key.pem"), &key)?;
    write_whole(&dir.join("ca.pem"), read_text(&data.ca_cert())?.as_bytes(), 0o644)?;
    write_whole(&dir.join("plan_key"), format!("{plan_vkey}\n").as_bytes(), 0o644)
}
