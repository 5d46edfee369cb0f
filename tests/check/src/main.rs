//! `vedetta-check`: drives the client through its window, for the demo without a display and for the long searches.
//!
//! Deliberately absent: anything that an officers' workstation has; it is built only where the tests are.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use vedetta::domain::people::Level;
use vedetta::gui::app::Options;
use vedetta::gui::demo::{DemoPeople, DemoPeopleError};
use vedetta::gui::i18n::{self, Language};
use vedetta::gui::{own_process, terminal};
use vedetta::station::{PoseSource, SecretsChoice, StationConfig, TrackedPose};
use vedetta_check::errand::{self, Errand};
use vedetta_check::leak::LeakRun;
use vedetta_check::measure::SimReady;
use vedetta_check::narrowing::CountedPose;
use vedetta_check::script::{Guest, Visit};
use vedetta_check::soak::Soak;
use vedetta_check::steering::{Steering, Wanted};
use vedetta_check::typing::Typing;
use vedetta_check::wrong_masks::{LastReportedPose, WitnessAlone};

/// Command line.
#[derive(Parser)]
#[command(version, about = words("Guida il client della sala operativa nella città simulata.", "Drives the control room's client in the simulated town."))]
struct Arguments {
    #[command(flatten)]
    workstation: Workstation,
    #[command(subcommand)]
    errand: Command,
}

/// The workstation of the demo that is sat at. Its secrets are kept in a file.
#[derive(Args)]
struct Workstation {
    #[arg(help = words("Cartella della sua abilitazione: station.toml, certificati, chiavi.", "Folder of its enrolment: station.toml, certificates, keys."), long)]
    enrolment: PathBuf,
    #[arg(help = words("Cartella delle registrazioni locali e delle impostazioni.", "Folder of the local record and settings."), long)]
    data: PathBuf,
    #[arg(help = words("Cartella in cui vanno fotogrammi ed esportazioni.", "Folder that snapshots and exports go to."), long)]
    evidence: PathBuf,
    #[arg(help = words("Persone e password come le scrive «vedetta-audit demo».", "People and passwords as «vedetta-audit demo» writes them."), long, value_name = "FILE")]
    people: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    #[command(about = words("Percorre la visita guidata e lascia schermate e report.json nella cartella.", "Walk the scripted tour and leave screenshots and report.json in the folder."))]
    Tour {
        #[arg(help = words("Cartella dei risultati.", "Folder of the results."))]
        folder: PathBuf,
        #[arg(help = words("Riga di avvio del simulatore: gli orologi delle sue telecamere.", "The simulator's ready line: the clocks of its cameras."), long, value_name = "FILE")]
        sim_ready: PathBuf,
    },
    #[command(about = words("Guarda la parete mentre le telecamere del simulatore si guastano a caso, e lascia soak.json e soak.png nella cartella.", "Watch the wall while the simulator's cameras fail at random, and leave soak.json and soak.png in the folder."))]
    Soak {
        #[arg(help = words("Cartella dei risultati.", "Folder of the results."))]
        folder: PathBuf,
        #[arg(help = words("Riga di avvio del simulatore: gli orologi delle sue telecamere, e dove si dice loro di guastarsi.", "The simulator's ready line: the clocks of its cameras, and where they are told to fail."), long, value_name = "FILE")]
        sim_ready: PathBuf,
        #[arg(help = words("Durata in minuti.", "Time in minutes."), long)]
        minutes: f64,
        #[arg(help = words("Chi accede alla parete.", "Who is signed in at the wall."), long, value_name = "USER")]
        sign_in: String,
    },
    #[command(about = words("Muove l'ultima dome della città davanti a case mascherate, e lascia steering-run.json nella cartella.", "Steer the town's last dome past masked houses, and leave steering-run.json in the folder."))]
    Steering {
        #[arg(help = words("Cartella dei risultati.", "Folder of the results."))]
        folder: PathBuf,
        #[arg(help = words("Riga di avvio del simulatore, avviato con --sight-test: dove dice il vero sulla sua dome.", "The simulator's ready line: where it tells the truth about its dome. It runs with --sight-test."), long, value_name = "FILE")]
        sim_ready: PathBuf,
        #[arg(help = words("Righe da misurare; tutte, se non se ne nomina nessuna.", "Rows to run; all of them where none is named."), long, value_enum, value_delimiter = ',')]
        rows: Vec<Wanted>,
        #[arg(help = words("Per quanto si segue una persona che cammina, secondi.", "How long a walker is followed, seconds."), long, default_value_t = 20)]
        seconds: u64,
        #[arg(help = words("Lascia anche strisce di fotogrammi: una carrellata davanti a una casa, un clic, uno scatto della rotella.", "Leave strips of pictures too: a pan past a house, a click, a notch of the wheel."), long)]
        strips: bool,
    },
    #[command(about = words("Compila molte volte l'accesso a pochi millisecondi per tasto, e lascia typing-run.json nella cartella.", "Fill in the sign-in screen many times at a few milliseconds a key, and leave typing-run.json in the folder."))]
    Typing {
        #[arg(help = words("Cartella dei risultati.", "Folder of the results."))]
        folder: PathBuf,
        #[arg(help = words("Quante volte.", "How many times."), long)]
        times: u32,
    },
    #[command(about = words("Muove a caso le dome del simulatore, cerca nella finestra ciò che va coperto, e lascia leak-run.json nella cartella.", "Move the domes of the simulator at random, search the window for leaks, and leave leak-run.json in the folder."))]
    Leak {
        #[arg(help = words("Cartella dei risultati.", "Folder of the results."))]
        folder: PathBuf,
        #[arg(help = words("Durata in secondi.", "Time in seconds."), long, default_value_t = 600)]
        seconds: u64,
        #[arg(help = words("La controprova: le maschere sono disegnate SBAGLIATE, come se di una posa tutto fosse certo. I luoghi privati si vedono. Solo per le telecamere di un simulatore su questa macchina.", "The counter-trial: masks are drawn WRONG, as if nothing about a pose were uncertain. Private places show. Only for cameras of a simulator on this machine."), long)]
        draw_masks_wrong_to_see_the_leak_test_fail: bool,
        #[arg(help = words("Cerca nelle registrazioni: muove una dome, riproduce ciò che ne è stato registrato, e così di seguito.", "Search recordings: move a dome, play what was recorded of it, and so on."), long)]
        playback: bool,
        #[arg(help = words("Che cosa è sbagliato nella controprova.", "What is wrong in the counter-trial."), long, value_enum, default_value_t = Trust::LastStatus, requires = "draw_masks_wrong_to_see_the_leak_test_fail")]
        trust: Trust,
    },
}

/// What a counter-trial trusts.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Trust {
    /// The pose of the last status, as if it were certain.
    LastStatus,
    /// What pictures last said, as if it were certain, whatever statuses and orders allow.
    Pictures,
}

/// Help in the language of the terminal. The officers' program carries all of `i18n/` and must have no word of the checker, so
/// these words are here.
fn words(italian: &'static str, english: &'static str) -> &'static str {
    match i18n::language() {
        Language::Italian => italian,
        Language::English => english,
    }
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into()))
        .with_writer(std::io::stderr)
        .init();
    let arguments: Arguments = match terminal::arguments() {
        Ok(arguments) => arguments,
        Err(status) => return status,
    };
    own_process::with_few_arenas();
    i18n::choose(Language::Italian);
    match check(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

fn check(Arguments { workstation, errand }: Arguments) -> Result<(), String> {
    let said = |error: DemoPeopleError| error.sentence();
    let people = DemoPeople::read(&workstation.people).map_err(said)?;
    let options = |pose_source: Arc<dyn PoseSource>| Options {
        station: StationConfig {
            enrolment: workstation.enrolment,
            data: workstation.data,
            evidence: workstation.evidence,
            secrets: SecretsChoice::ProtectedFile,
            pose_source,
        },
        sign_in: None,
    };
    match errand {
        Command::Tour { folder, sim_ready } => {
            // A supervisor sees recordings without asking.
            let visit = Visit {
                operator: guest(&people, Level::Supervisor).map_err(said)?,
                maintainer: guest(&people, Level::Maintainer).map_err(said)?,
                ready: read_ready(&sim_ready)?,
            };
            errand::run(options(Arc::new(TrackedPose)), folder, Errand::Visit(visit))
        }
        Command::Soak {
            folder,
            sim_ready,
            minutes,
            sign_in,
        } => {
            let soak = Soak {
                lasting: Duration::try_from_secs_f64(minutes * 60.0).map_err(|_| format!("--minutes {minutes}"))?,
                ready: read_ready(&sim_ready)?,
            };
            let mut options = options(Arc::new(TrackedPose));
            options.sign_in = Some(people.credentials(&sign_in).map_err(said)?);
            errand::run(options, folder, Errand::Soak(soak))
        }
        Command::Steering {
            folder,
            sim_ready,
            rows,
            seconds,
            strips,
        } => {
            let steering = Steering {
                operator: guest(&people, Level::Supervisor).map_err(said)?,
                ready: read_ready(&sim_ready)?,
                rows: if rows.is_empty() { Wanted::ALL.to_vec() } else { rows },
                seconds,
                strips,
            };
            errand::run(options(Arc::new(TrackedPose)), folder, Errand::Steering(steering))
        }
        Command::Typing { folder, times } => {
            let typing = Typing {
                operator: guest(&people, Level::Supervisor).map_err(said)?,
                times,
            };
            errand::run(options(Arc::new(TrackedPose)), folder, Errand::Typing(typing))
        }
        Command::Leak {
            folder,
            seconds,
            draw_masks_wrong_to_see_the_leak_test_fail: wrong,
            playback,
            trust,
        } => {
            let counted = CountedPose::default();
            let pose_source: Arc<dyn PoseSource> = match trust {
                _ if !wrong => Arc::new(counted.clone()),
                Trust::LastStatus => Arc::new(LastReportedPose),
                Trust::Pictures => Arc::new(WitnessAlone::default()),
            };
            let search = LeakRun {
                operator: guest(&people, Level::Supervisor).map_err(said)?,
                seconds,
                seed: 7,
                playback,
                copies: !wrong,
                counted,
            };
            errand::run(options(pose_source), folder, Errand::Leak(search))
        }
    }
}

fn read_ready(file: &Path) -> Result<SimReady, String> {
    let said = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| said(&error))?;
    serde_json::from_str(&text).map_err(|error| said(&error))
}

/// The first person of a level.
fn guest(people: &DemoPeople, level: Level) -> Result<Guest, DemoPeopleError> {
    let person = people.first_at(level)?;
    Ok(Guest {
        user: person.user.clone(),
        password: person.password.clone(),
    })
}
