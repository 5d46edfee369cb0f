//! `vedetta`: the control room's client. Reads arguments, wires the rooms together, nothing else.
//!
//! Deliberately absent: rules, screens, cameras; see the library.

use clap::{Parser, ValueEnum};
use secrecy::SecretString;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use vedetta::domain::people::{Level, Purpose};
use vedetta::gui::app::{Credentials, Options};
use vedetta::gui::i18n::{self, Language};
use vedetta::gui::tour;
use vedetta::gui::tour::script::{Guest, Visit};
use vedetta::gui::{launch, words};
use vedetta::station::{SecretsChoice, StationConfig};

/// Control-room video client of the Polizia Locale.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Folder of this workstation's enrolment: station.toml, certificates, keys; the system's place for settings when
    /// not given.
    #[arg(long)]
    enrolment: Option<PathBuf>,
    /// Folder of the local record and settings; the system's place for them when not given.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Folder that snapshots and exports go to; inside the data folder when not given.
    #[arg(long)]
    evidence: Option<PathBuf>,
    /// Where this workstation's secrets are kept.
    #[arg(long, value_enum, default_value = "keyring")]
    secrets: Secrets,
    /// Language of the interface.
    #[arg(long, value_enum, default_value = "it")]
    language: Tongue,
    /// Demo only: people and passwords as `vedetta-audit demo` writes them.
    #[arg(long, value_name = "FILE")]
    people: Option<PathBuf>,
    /// Demo only: sign in at once as this person of the file.
    #[arg(long, value_name = "USER", requires = "people")]
    sign_in: Option<String>,
    /// Walk the scripted tour and leave screenshots and report.json in this folder.
    #[arg(long, value_name = "FOLDER", requires = "people", requires = "sim_ready")]
    tour: Option<PathBuf>,
    /// The simulator's ready line: the clocks of its cameras, for the tour.
    #[arg(long, value_name = "FILE")]
    sim_ready: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Secrets {
    /// The system keyring.
    Keyring,
    /// A file that only this account can read: less safe.
    File,
}

#[derive(Clone, Copy, ValueEnum)]
enum Tongue {
    It,
    En,
}

/// The demo's people, as `vedetta-audit demo` writes them.
#[derive(Deserialize)]
struct People {
    person: Vec<DemoPerson>,
}

#[derive(Deserialize)]
struct DemoPerson {
    user: String,
    password: SecretString,
    level: Level,
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into()))
        .with_writer(std::io::stderr)
        .init();
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), String> {
    i18n::choose(match arguments.language {
        Tongue::It => Language::Italian,
        Tongue::En => Language::English,
    });
    let places = directories::ProjectDirs::from("it", "Vedetta", "vedetta");
    let place = |given: Option<PathBuf>, usual: fn(&directories::ProjectDirs) -> PathBuf| {
        given.or_else(|| places.as_ref().map(usual)).ok_or_else(words::no_home)
    };
    let enrolment = place(arguments.enrolment, |places| places.config_dir().join("enrolment"))?;
    let data = place(arguments.data, |places| places.data_local_dir().to_owned())?;
    let evidence = arguments.evidence.unwrap_or_else(|| data.join("evidence"));
    let secrets = match arguments.secrets {
        Secrets::Keyring => SecretsChoice::SystemKeyring,
        Secrets::File => SecretsChoice::ProtectedFile,
    };
    let station = StationConfig {
        enrolment,
        data,
        evidence,
        secrets,
    };
    let people = arguments
        .people
        .as_deref()
        .map(read_people)
        .transpose()?
        .unwrap_or_default();
    let sign_in = arguments.sign_in.map(|user| demo_person(&people, &user)).transpose()?;
    let options = Options { station, sign_in };
    match (arguments.tour, arguments.sim_ready) {
        (Some(folder), Some(ready)) => tour::run(options, folder, visit(&people, &ready)?),
        _ => launch::run(options),
    }
}

fn read_people(file: &Path) -> Result<Vec<DemoPerson>, String> {
    let text = read(file)?;
    let people: People = toml::from_str(&text).map_err(|error| format!("{}: {}", file.display(), error.message()))?;
    Ok(people.person)
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

fn demo_person(people: &[DemoPerson], user: &str) -> Result<Credentials, String> {
    let person = people.iter().find(|person| person.user == user);
    let person = person.ok_or_else(|| format!("--people has no «{user}»"))?;
    let purpose = if person.level == Level::Maintainer {
        Purpose::Maintenance
    } else {
        Purpose::UrbanSecurity
    };
    Ok(Credentials {
        user: person.user.clone(),
        password: person.password.clone(),
        purpose,
    })
}

/// Who walks the tour: the first operator and the first maintainer of the file.
fn visit(people: &[DemoPerson], ready: &Path) -> Result<Visit, String> {
    let guest = |level: Level| {
        let person = people.iter().find(|person| person.level == level);
        let person = person.ok_or_else(|| format!("--people has no {level:?}"))?;
        Ok::<_, String>(Guest {
            user: person.user.clone(),
            password: person.password.clone(),
        })
    };
    let ready = serde_json::from_str(&read(ready)?).map_err(|error| format!("{}: {error}", ready.display()))?;
    Ok(Visit {
        operator: guest(Level::Operator)?,
        maintainer: guest(Level::Maintainer)?,
        ready,
    })
}
