//! `vedetta`: the control room's client. Reads arguments, wires the rooms together, nothing else.
//!
//! Deliberately absent: rules, screens, cameras; see the library.

use clap::{Parser, ValueEnum};
use secrecy::SecretString;
use serde::Deserialize;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;
use vedetta::domain::people::{Level, Purpose};
use vedetta::gui::app::{Credentials, Options};
use vedetta::gui::i18n::{self, Language};
use vedetta::gui::tour::leak::LeakRun;
use vedetta::gui::tour::measure::SimReady;
use vedetta::gui::tour::script::{Guest, Visit};
use vedetta::gui::tour::soak::Soak;
use vedetta::gui::tour::typing::Typing;
use vedetta::gui::tour::{self, Errand};
use vedetta::gui::{launch, sentences};
use vedetta::station::{SecretsChoice, StationConfig, Uncertainty};

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
    /// Instead of the tour: watch the wall for so many minutes while the simulator's cameras fail at random, and leave
    /// soak.json in the tour's folder.
    #[arg(long, value_name = "MINUTES", requires = "tour", requires = "sign_in")]
    soak: Option<f64>,
    /// Instead of the tour: fill in the sign-in screen so many times at a few milliseconds a key, and leave typing-run.json
    /// in the tour's folder.
    #[arg(long, value_name = "TIMES", requires = "tour", conflicts_with = "soak")]
    typing: Option<u32>,
    /// Demo only: move the domes of the simulator at random for `--seconds`, search the window for leaks, and leave
    /// leak-run.json in this folder.
    #[arg(long, value_name = "FOLDER", requires = "people", conflicts_with = "tour")]
    leak: Option<PathBuf>,
    /// How long `--leak` goes on.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Counter-trial of `--leak`: masks are drawn WRONG, as if nothing about a pose were uncertain. Private places show.
    /// Taken with `--leak` only, and for cameras of a simulator on this machine only.
    #[arg(long, hide = true, requires = "leak")]
    draw_masks_wrong_to_see_the_leak_test_fail: bool,
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
    let arguments = Arguments::parse();
    with_few_arenas();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

/// Starts this program once more, in this same process, with two arenas for memory.
///
/// By itself glibc makes up to eight arenas for each core and leaves in each what its threads gave back. Every stream has
/// threads of its own, and cameras that come and go all night make a wall grow by hundreds of megabytes (figures:
/// `benches/README.md`). Only the environment can say how many, and it is read before the program begins.
fn with_few_arenas() {
    const ARENAS: &str = "MALLOC_ARENA_MAX";
    let mut arguments = std::env::args_os();
    if let (None, Some(name), Ok(program)) = (std::env::var_os(ARENAS), arguments.next(), std::env::current_exe()) {
        let mut again = Command::new(program);
        let error = again.arg0(name).args(arguments).env(ARENAS, "2").exec();
        tracing::warn!(%error, "the number of arenas stays as it is");
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
    let station = StationConfig {
        enrolment,
        data,
        evidence,
        secrets,
        uncertainty: if arguments.draw_masks_wrong_to_see_the_leak_test_fail {
            Uncertainty::ForcedToZeroInTheSimulator
        } else {
            Uncertainty::Kept
        },
    };
    let people = arguments
        .people
        .as_deref()
        .map(read_people)
        .transpose()?
        .unwrap_or_default();
    let sign_in = arguments.sign_in.map(|user| demo_person(&people, &user)).transpose()?;
    let options = Options { station, sign_in };
    if let Some(folder) = arguments.leak {
        let run = LeakRun {
            operator: guest(&people, Level::Supervisor)?,
            seconds: arguments.seconds,
            seed: 7,
            copies: !arguments.draw_masks_wrong_to_see_the_leak_test_fail,
        };
        return tour::run(options, folder, Errand::Leak(run));
    }
    match (arguments.tour, arguments.sim_ready) {
        (Some(folder), Some(ready)) => {
            let errand = match (arguments.soak, arguments.typing) {
                (_, Some(times)) => Errand::Typing(Typing {
                    operator: guest(&people, Level::Supervisor)?,
                    times,
                }),
                (Some(minutes), None) => Errand::Soak(Soak {
                    lasting: Duration::try_from_secs_f64(minutes * 60.0).map_err(|_| format!("--soak {minutes}"))?,
                    ready: sim_ready(&ready)?,
                }),
                (None, None) => Errand::Visit(visit(&people, &ready)?),
            };
            tour::run(options, folder, errand)
        }
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

fn sim_ready(file: &Path) -> Result<SimReady, String> {
    serde_json::from_str(&read(file)?).map_err(|error| format!("{}: {error}", file.display()))
}

fn guest(people: &[DemoPerson], level: Level) -> Result<Guest, String> {
    let person = people.iter().find(|person| person.level == level);
    let person = person.ok_or_else(|| format!("--people has no {level:?}"))?;
    Ok(Guest {
        user: person.user.clone(),
        password: person.password.clone(),
    })
}

/// Who walks the tour: the first supervisor of the file, who sees recordings without asking, and the first maintainer.
fn visit(people: &[DemoPerson], ready: &Path) -> Result<Visit, String> {
    let ready = sim_ready(ready)?;
    Ok(Visit {
        operator: guest(people, Level::Supervisor)?,
        maintainer: guest(people, Level::Maintainer)?,
        ready,
    })
}
