//! `vedetta`: the control room's client. Reads arguments, wires the rooms together, nothing else.
//!
//! Deliberately absent: rules, screens, cameras (see the library); test equipment (`vedetta-check`, in `tests/check`): no
//! argument of this program changes what is covered.

use clap::{Parser, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use vedetta::gui::app::Options;
use vedetta::gui::demo::DemoPeople;
use vedetta::gui::i18n::{self, Language, fl};
use vedetta::gui::{launch, own_process, sentences, terminal};
use vedetta::station::{SecretsChoice, StationConfig, TrackedPose};

/// Command line.
#[derive(Parser)]
#[command(version, about = fl!("help-client-about"))]
struct Arguments {
    #[arg(help = fl!("help-client-enrolment"), long)]
    enrolment: Option<PathBuf>,
    #[arg(help = fl!("help-client-data"), long)]
    data: Option<PathBuf>,
    #[arg(help = fl!("help-client-evidence"), long)]
    evidence: Option<PathBuf>,
    #[arg(help = fl!("help-client-secrets"), long, value_enum, default_value = "keyring")]
    secrets: Secrets,
    #[arg(help = fl!("help-client-language"), long, value_enum, default_value = "it")]
    language: Tongue,
    #[arg(help = fl!("help-client-people"), long, value_name = "FILE", requires = "sign_in")]
    people: Option<PathBuf>,
    #[arg(help = fl!("help-client-sign-in"), long, value_name = "USER", requires = "people")]
    sign_in: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Secrets {
    Keyring,
    File,
}

#[derive(Clone, Copy, ValueEnum)]
enum Tongue {
    It,
    En,
}

fn main() -> ExitCode {
    own_process::leave_no_dump();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into()))
        .with_writer(std::io::stderr)
        .init();
    let arguments: Arguments = match terminal::arguments() {
        Ok(arguments) => arguments,
        Err(status) => return status,
    };
    own_process::with_few_arenas();
    match run(arguments) {
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
        given
            .or_else(|| places.as_ref().map(usual))
            .ok_or_else(sentences::no_home)
    };
    let enrolment = place(arguments.enrolment, |places| places.config_dir().join("enrolment"))?;
    let data = place(arguments.data, |places| places.data_local_dir().to_owned())?;
    let evidence = arguments.evidence.unwrap_or_else(|| data.join("evidence"));
    let secrets = match arguments.secrets {
        Secrets::Keyring => SecretsChoice::SystemKeyring,
        Secrets::File => SecretsChoice::ProtectedFile,
    };
    let sign_in = match (arguments.people, arguments.sign_in) {
        (Some(file), Some(user)) => {
            let people = DemoPeople::read(&file).map_err(|error| error.sentence())?;
            Some(people.credentials(&user).map_err(|error| error.sentence())?)
        }
        _ => None,
    };
    launch::run(Options {
        station: StationConfig {
            enrolment,
            data,
            evidence,
            secrets,
            pose_source: Arc::new(TrackedPose),
        },
        sign_in,
    })
}
