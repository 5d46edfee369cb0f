//! `vedetta`: the control room's client. Reads arguments, wires the rooms together, nothing else.
//!
//! Deliberately absent: rules, screens, cameras; see the library.

use clap::{Parser, ValueEnum};
use secrecy::SecretString;
use serde::Deserialize;
use std::path::PathBuf;
use std::process::ExitCode;
use vedetta::domain::people::{Level, Purpose};
use vedetta::gui::app::{Credentials, Options};
use vedetta::gui::i18n::{self, Language};
use vedetta::gui::launch;
use vedetta::station::{SecretsChoice, StationConfig};

/// Control-room video client of the Polizia Locale.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Folder of this workstation's enrolment: station.toml, certificates, keys.
    #[arg(long)]
    enrolment: PathBuf,
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
    /// Demo only: sign in at once as a person of this file, FILE:USER.
    #[arg(long, value_name = "FILE:USER")]
    sign_in: Option<String>,
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
    let data = match arguments.data {
        Some(data) => data,
        None => directories::ProjectDirs::from("it", "Vedetta", "vedetta")
            .map(|places| places.data_local_dir().to_owned())
            .ok_or("no home folder: say --data FOLDER")?,
    };
    let evidence = arguments.evidence.unwrap_or_else(|| data.join("evidence"));
    let secrets = match arguments.secrets {
        Secrets::Keyring => SecretsChoice::SystemKeyring,
        Secrets::File => SecretsChoice::ProtectedFile,
    };
    let sign_in = arguments.sign_in.as_deref().map(demo_person).transpose()?;
    launch::run(Options { station: StationConfig { enrolment: arguments.enrolment, data, evidence, secrets }, sign_in })
}

/// Reads `FILE:USER`.
fn demo_person(choice: &str) -> Result<Credentials, String> {
    let (file, user) = choice.rsplit_once(':').ok_or("--sign-in wants FILE:USER")?;
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let people: People = toml::from_str(&text).map_err(|error| format!("{file}: {}", error.message()))?;
    let person = people.person.into_iter().find(|person| person.user == user);
    let person = person.ok_or_else(|| format!("{file} has no person «{user}»"))?;
    let purpose = if person.level == Level::Maintainer { Purpose::Maintenance } else { Purpose::UrbanSecurity };
    Ok(Credentials { user: person.user, password: person.password, purpose })
}
