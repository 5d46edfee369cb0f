//! The first run of a real server: a controller with its log, one administrator with a second factor, the first supervisor's
//! account where it is wanted, the console, and a systemd unit that starts it.
//!
//! Invariant: nothing that exists is overwritten; the answers are checked before the first file is written; the supervisor's
//! account is in use only once it was let in. Deliberately absent: letting it in (`last_supervisor`), cameras (they come with a site
//! plan), asking questions (`vedetta-audit init`).

use super::config::{DataDir, write_whole};
use super::error::ServerError;
use super::keys::{Vault, new_password, random, write_secret};
use super::now::now_ms;
use super::people::authentication::factor_place;
use super::people::password;
use super::setup::{CONSOLE, Enrolment, begin, check_database, write_enrolment};
use super::store::Store;
use super::store::accounts::Appointment;
use super::systemd_unit::unit_text;
use crate::domain::people::account::{self, AccountName};
use crate::domain::people::second_person::is_same_person;
use crate::domain::people::{Action, Grant, Level, Person, StationKind, second_factor};
use crate::domain::site::{Controller, SitePlan};
use secrecy::{ExposeSecret as _, SecretString};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Somebody who gets an account on the first day.
pub struct Appointee {
    pub user: AccountName,
    /// Rank and name.
    pub display_name: String,
    pub agency: String,
    /// Act of appointment.
    pub act: String,
}

/// What must be asked.
pub struct Answers {
    pub controller: Controller,
    /// Names and addresses under which workstations reach the server.
    pub names: Vec<String>,
    pub listen: SocketAddr,
    pub administrator: Appointee,
    /// Of the administrator.
    pub password: SecretString,
    /// The first supervisor, another person than the administrator; the account waits until it is let into use
    /// (`last_supervisor`).
    pub supervisor: Option<Appointee>,
    /// Address of the PostgreSQL database for the role that servers work with, where it is not the one that makes the tables.
    pub serve_database: Option<String>,
}

/// What is left behind.
pub struct Begun {
    /// The systemd unit.
    pub unit: PathBuf,
    /// The administrator's second factor, for their authenticator; shown once.
    pub second_factor: SecretString,
}

/// Prepares a server.
///
/// # Errors
/// There is one already, an answer makes no sense, or something cannot be written; [`ServerError::OnePerson`]: administrator and
/// supervisor are one.
pub async fn init(data: &DataDir, program: &Path, answers: Answers) -> Result<Begun, ServerError> {
    data.check_new()?;
    let plan = checked(&answers)?;
    check_database(data).await?;
    data.begin()?;
    write_whole(&data.settings(), SETTINGS.as_bytes(), 0o644)?;
    if let Some(address) = answers.serve_database.as_deref().or(data.postgres()) {
        write_secret(&data.database_address(), &format!("{address}\n"))?;
    }
    let (store, plan_vkey) = begin(data, &plan, &answers.names).await?;
    let vault = Vault::create(&data.vault_key())?;
    let second_factor = add_people(&store, &vault, &answers).await?;
    let console = Enrolment {
        station: CONSOLE.parse().map_err(|_| ServerError::Key(CONSOLE.to_owned()))?,
        home: answers.controller.id,
        grace_s: 0,
        kind: StationKind::ControlRoom,
        server: "",
        plan_vkey: &plan_vkey,
    };
    write_enrolment(data, &store, console).await?;
    store.close().await;
    let unit = data.path().join("vedetta-audit.service");
    write_whole(&unit, unit_text(program, data.path(), answers.listen).as_bytes(), 0o644)?;
    data.finish()?;
    Ok(Begun { unit, second_factor })
}

/// The first site plan, once the answers make sense.
fn checked(answers: &Answers) -> Result<SitePlan, ServerError> {
    let administrator = &answers.administrator;
    let user = administrator.user.to_string();
    account::check_password(&user, answers.password.expose_secret()).map_err(ServerError::Password)?;
    if let Some(supervisor) = &answers.supervisor
        && is_same_person(
            (&user, &administrator.display_name),
            (&supervisor.user.to_string(), &supervisor.display_name),
        )
    {
        return Err(ServerError::OnePerson);
    }
    let plan = SitePlan {
        version: 1,
        controllers: vec![answers.controller.clone()],
        cameras: Vec::new(),
        critical: Vec::new(),
    };
    match plan.check().into_iter().next() {
        Some(fault) => Err(ServerError::Controller(fault)),
        None => Ok(plan),
    }
}

/// Adds the administrator, who has no action on any camera, and the supervisor, who has every action on all of them and is not in
/// use yet. Gives the administrator's second factor.
async fn add_people(store: &Store, vault: &Vault, answers: &Answers) -> Result<SecretString, ServerError> {
    let person = |who: &Appointee, level, actions: &[Action]| Person {
        user: who.user.to_string(),
        display_name: who.display_name.clone(),
        agency: who.agency.clone(),
        level,
        grants: vec![Grant {
            controller: answers.controller.id.clone(),
            cameras: Vec::new(),
            actions: actions.to_vec(),
            hours: Vec::new(),
        }],
    };
    let appointment = |who: &Appointee, must_change| Appointment {
        act: who.act.clone(),
        must_change,
        ..Appointment::default()
    };
    let hash = |password: &SecretString| password::hash(password).map_err(|error| ServerError::Key(error.to_string()));
    let (who, home) = (&answers.administrator, &answers.controller.id);
    let administrator = person(who, Level::SystemAdministrator, &[]);
    let hashed = hash(&answers.password)?;
    store
        .add_person(&administrator, &hashed, now_ms(), &appointment(who, false), home)
        .await?;
    let user = administrator.user;
    let secret = Zeroizing::new(random::<{ second_factor::SECRET_BYTES }>()?);
    let sealed = vault.seal(&factor_place(&user), &Zeroizing::new(hex::encode(secret.as_slice())))?;
    store.set_second_factor(&user, &sealed).await?;
    if let Some(who) = &answers.supervisor {
        let supervisor = person(who, Level::Supervisor, &Action::ALL);
        // Nobody has this password: who lets the account into use is given another.
        let hashed = hash(&new_password()?)?;
        store
            .add_person(&supervisor, &hashed, now_ms(), &appointment(who, true), home)
            .await?;
        store.enable_person(&supervisor.user, false).await?;
    }
    Ok(second_factor::key_uri(&user, secret.as_slice()))
}

const SETTINGS: &str = "# Vedetta: impostazioni del server.\n\
    session_hours = 12\nlock_minutes = 10\n\n[second_factor]\nremote = true\nadministrators = true\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::people::account::PasswordFault;
    use crate::domain::site::PlanError;

    fn appointee(user: &str, name: &str) -> Appointee {
        Appointee {
            user: AccountName::read(user).unwrap(),
            display_name: name.into(),
            agency: "Comune di Borgo".into(),
            act: "decreto 1/2026".into(),
        }
    }

    #[tokio::test]
    async fn the_first_run_leaves_a_server_with_one_administrator_and_overwrites_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path().join("data"));
        let answers = |password: &str| Answers {
            controller: Controller {
                id: "borgo".parse().unwrap(),
                name: "Comune di Borgo".into(),
                istat: "020001".into(),
            },
            names: vec!["vedetta.borgo.example".into()],
            listen: "127.0.0.1:8443".parse().unwrap(),
            administrator: appointee("riva", "Dott. Paolo Riva"),
            password: password.into(),
            supervisor: Some(appointee("villa", "Comm. Andrea Villa")),
            serve_database: None,
        };
        let program = Path::new("/usr/bin/vedetta-audit");
        let weak = init(&data, program, answers("corta")).await;
        assert!(matches!(weak, Err(ServerError::Password(PasswordFault::Length))));
        let mut misread = answers("cavallo-di-ferro");
        misread.controller.istat = "2001".into();
        let misread = init(&data, program, misread).await;
        assert!(matches!(misread, Err(ServerError::Controller(PlanError::Istat(_)))));
        let mut alone = answers("cavallo-di-ferro");
        alone.supervisor = Some(appointee("comandante", "dott. Paolo  RIVA"));
        let alone = init(&data, program, alone).await;
        assert!(
            matches!(alone, Err(ServerError::OnePerson)),
            "one person with two accounts"
        );
        assert!(!data.path().exists(), "nothing was begun");
        let begun = init(&data, program, answers("cavallo-di-ferro")).await.unwrap();
        let unit = std::fs::read_to_string(begun.unit).unwrap();
        assert!(
            unit.contains("ExecStart=\"/usr/bin/vedetta-audit\" serve --data"),
            "{unit}"
        );
        for line in [
            "LimitCORE=0",
            "LimitNOFILE=65536",
            "CapabilityBoundingSet=",
            "SystemCallFilter=@system-service",
        ] {
            assert!(unit.lines().any(|found| found == line), "{line} in {unit}");
        }
        assert!(begun.second_factor.expose_secret().starts_with("otpauth://"));
        let again = init(&data, program, answers("cavallo-di-ferro")).await;
        assert!(matches!(again, Err(ServerError::AlreadySetUp)));
    }
}
