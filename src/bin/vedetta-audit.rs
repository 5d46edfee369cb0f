//! `vedetta-audit`: reads arguments and wires the server room together. Words for people are in the language of the
//! terminal, on stderr; what a program reads is one JSON line on stdout.
//!
//! Deliberately absent: everything else.

#[path = "vedetta-audit/account_admin.rs"]
mod account_admin;
#[path = "vedetta-audit/account_trials.rs"]
mod account_trials;
#[path = "vedetta-audit/camera_users.rs"]
mod camera_users;
#[path = "vedetta-audit/cameras.rs"]
mod cameras;
#[path = "vedetta-audit/doctor.rs"]
mod doctor;
#[path = "vedetta-audit/init.rs"]
mod init;
#[path = "vedetta-audit/log_lines.rs"]
mod log_lines;
#[path = "vedetta-audit/plan.rs"]
mod plan;
#[path = "vedetta-audit/proof.rs"]
mod proof;
#[path = "vedetta-audit/questions.rs"]
mod questions;
#[path = "vedetta-audit/sentences.rs"]
mod sentences;
#[path = "vedetta-audit/shown_password.rs"]
mod shown_password;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use vedetta::domain::audit::cosignature::CosignatureKind;
use vedetta::domain::audit::note::VerifierKey;
use vedetta::domain::camera::{ControllerId, StationId};
use vedetta::domain::people::StationKind;
use vedetta::gui::i18n::fl;
use vedetta::gui::{own_process, sentences as words, terminal};
use vedetta::protocol::LogEntry;
use vedetta::server::causes::causes;
use vedetta::server::config::DataDir;
use vedetta::server::error::ServerError;
use vedetta::server::store::migration::Migrated;
use vedetta::server::{
    http, log_csv, log_export, log_proof, log_read, log_time, log_verify, rollover, setup, witness, workstation_console,
};

/// Command line.
#[derive(Parser)]
#[command(name = "vedetta-audit", version, about = fl!("help-audit-about"))]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Place of the data.
#[derive(Args)]
struct Place {
    #[arg(help = fl!("help-data"), long)]
    data: PathBuf,
    #[arg(help = fl!("help-database"), long, env = "VEDETTA_DATABASE", hide_env_values = true)]
    database: Option<String>,
}

impl Place {
    fn open(self) -> DataDir {
        DataDir::new(self.data).with_postgres(self.database)
    }
}

#[derive(Subcommand)]
enum Command {
    #[command(about = fl!("help-serve"))]
    Serve {
        #[command(flatten)]
        place: Place,
        #[arg(help = fl!("help-listen-any"), long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
    },
    #[command(about = fl!("help-init"))]
    Init {
        #[command(flatten)]
        arguments: init::InitArguments,
    },
    #[command(about = fl!("help-people"))]
    People {
        #[command(subcommand)]
        command: account_admin::PeopleCommand,
    },
    #[command(about = fl!("help-workstations"))]
    Workstations {
        #[command(subcommand)]
        command: account_admin::WorkstationsCommand,
    },
    #[command(about = fl!("help-sessions"))]
    Sessions {
        #[command(subcommand)]
        command: account_admin::SessionsCommand,
    },
    #[command(about = fl!("help-cameras"))]
    Cameras {
        #[command(subcommand)]
        command: cameras::CamerasCommand,
    },
    #[command(about = fl!("help-plan"))]
    Plan {
        #[command(subcommand)]
        command: plan::PlanCommand,
    },
    #[command(about = fl!("help-demo"))]
    Demo {
        #[command(flatten)]
        place: Place,
        #[arg(help = fl!("help-demo-site"), long)]
        site: PathBuf,
        #[arg(help = fl!("help-demo-cameras"), long)]
        cameras: PathBuf,
        #[arg(help = fl!("help-demo-server-url"), long, default_value = "")]
        server_url: String,
    },
    #[command(about = fl!("help-witness"))]
    Witness {
        #[arg(help = fl!("help-witness-data"), long)]
        data: PathBuf,
        #[arg(help = fl!("help-witness-name"), long)]
        name: String,
        #[arg(help = fl!("help-witness-kind"), long, value_enum)]
        key_type: Option<KeyType>,
        #[arg(help = fl!("help-witness-log"), long = "log", required = true)]
        logs: Vec<VerifierKey>,
        #[arg(help = fl!("help-witness-memory"), long, value_name = "FILE")]
        memory: Option<PathBuf>,
        #[arg(help = fl!("help-listen-any"), long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
    },
    #[command(about = fl!("help-station-commands"))]
    Station {
        #[command(subcommand)]
        command: StationCommand,
    },
    #[command(about = fl!("help-doctor"))]
    Doctor {
        #[command(flatten)]
        arguments: doctor::DoctorArguments,
    },
    #[command(about = fl!("help-migrate"))]
    Migrate {
        #[command(flatten)]
        place: Place,
    },
    #[command(about = fl!("help-grant"))]
    Grant {
        #[command(flatten)]
        place: Place,
    },
    #[command(about = fl!("help-log"))]
    Log {
        #[command(subcommand)]
        command: LogCommand,
    },
}

#[derive(Subcommand)]
enum StationCommand {
    #[command(about = fl!("help-station-enrol"))]
    Enrol {
        #[command(flatten)]
        place: Place,
        #[arg(help = fl!("help-station"), long)]
        station: StationId,
        #[arg(help = fl!("help-station-controller"), long)]
        controller: Option<ControllerId>,
        #[arg(help = fl!("help-grace"), long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=480))]
        grace_minutes: u64,
        #[arg(help = fl!("help-station-kind"), long, value_enum, default_value = "sala-operativa")]
        kind: Kind,
        #[arg(help = fl!("help-server-url"), long, default_value = "")]
        server_url: String,
    },
    #[command(about = fl!("help-station-release"))]
    Release {
        #[command(flatten)]
        place: Place,
        #[arg(help = fl!("help-station"), long)]
        station: StationId,
        #[arg(help = fl!("help-reason"), long)]
        reason: String,
    },
}

/// Kind of workstation, as an argument.
#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    SalaOperativa,
    TerminaleRemoto,
    Manutenzione,
}

impl From<Kind> for StationKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::SalaOperativa => Self::ControlRoom,
            Kind::TerminaleRemoto => Self::Remote,
            Kind::Manutenzione => Self::Maintainer,
        }
    }
}

/// Kind of a witness's key, as an argument.
#[derive(Clone, Copy, ValueEnum)]
enum KeyType {
    #[value(name = "ed25519")]
    Ed25519,
    #[value(name = "ml-dsa-44")]
    MlDsa44,
}

impl From<KeyType> for CosignatureKind {
    fn from(kind: KeyType) -> Self {
        match kind {
            KeyType::Ed25519 => Self::Ed25519,
            KeyType::MlDsa44 => Self::MlDsa44,
        }
    }
}

#[derive(Subcommand)]
enum LogCommand {
    #[command(about = fl!("help-log-verify"))]
    Verify {
        #[command(flatten)]
        place: Place,
        #[arg(help = fl!("help-json-line"), long)]
        json: bool,
    },
    #[command(about = fl!("help-log-read"))]
    Read {
        #[command(flatten)]
        place: Place,
        #[arg(help = fl!("help-log-user"), long)]
        user: String,
        #[arg(help = fl!("help-log-controller"), long)]
        controller: Option<ControllerId>,
        #[arg(help = fl!("help-log-from"), long, default_value_t = 0)]
        from: u64,
        #[arg(help = fl!("help-log-limit"), long, default_value_t = 1000)]
        limit: u64,
        #[command(flatten)]
        filter: Filter,
        #[arg(help = fl!("help-log-json"), long)]
        json: bool,
        #[arg(help = fl!("help-log-csv"), long, conflicts_with = "json")]
        csv: bool,
    },
    #[command(about = fl!("help-log-new-origin"))]
    NewOrigin {
        #[command(flatten)]
        place: Place,
        #[arg(help = fl!("help-log-controller-or-first"), long)]
        controller: Option<ControllerId>,
        #[arg(help = fl!("help-reason"), long)]
        reason: String,
    },
    #[command(about = fl!("help-log-new-beginning"))]
    NewBeginning {
        #[command(flatten)]
        place: Place,
        #[arg(help = fl!("help-log-controller-or-first"), long)]
        controller: Option<ControllerId>,
        #[arg(help = fl!("help-log-first"), long)]
        first: String,
        #[arg(help = fl!("help-log-second"), long)]
        second: String,
        #[arg(help = fl!("help-reason"), long)]
        reason: String,
    },
    #[command(about = fl!("help-log-accept-time"))]
    AcceptTime {
        #[command(flatten)]
        place: Place,
        #[arg(help = fl!("help-log-controller-or-first"), long)]
        controller: Option<ControllerId>,
        #[arg(help = fl!("help-reason"), long)]
        reason: String,
    },
    #[command(about = fl!("help-log-proof"))]
    Proof {
        #[command(flatten)]
        arguments: proof::ProofArguments,
    },
    #[command(about = fl!("help-log-policy"))]
    Policy {
        #[command(flatten)]
        place: Place,
    },
    #[command(about = fl!("help-log-export"))]
    Export {
        #[command(flatten)]
        place: Place,
        #[arg(help = fl!("help-log-export-dir"))]
        dir: PathBuf,
    },
}

/// Filter of entries; all that is given must hold.
#[derive(Args)]
struct Filter {
    #[arg(help = fl!("help-user"), long)]
    person: Option<String>,
    #[arg(help = fl!("help-camera"), long)]
    camera: Option<String>,
    #[arg(help = fl!("help-log-operation"), long)]
    operation: Option<String>,
    #[arg(help = fl!("help-log-purpose"), long)]
    purpose: Option<String>,
    #[arg(help = fl!("help-log-result"), long)]
    result: Option<String>,
    #[arg(help = fl!("help-log-since"), long, value_parser = log_lines::moment)]
    since: Option<jiff::Timestamp>,
    #[arg(help = fl!("help-log-until"), long, value_parser = log_lines::moment)]
    until: Option<jiff::Timestamp>,
}

impl Filter {
    fn pairs(self) -> Vec<(&'static str, String)> {
        let all = [
            ("person", self.person),
            ("camera", self.camera),
            ("operation", self.operation),
            ("purpose", self.purpose),
            ("result", self.result),
            ("from", self.since.map(|time| time.to_string())),
            ("to", self.until.map(|time| time.to_string())),
        ];
        all.into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }
}

fn main() -> ExitCode {
    own_process::leave_no_dump();
    let arguments: Arguments = match terminal::arguments() {
        Ok(arguments) => arguments,
        Err(status) => return status,
    };
    if shown_password::is_in(std::env::args().skip(1)) {
        eprintln!("{}", fl!("arguments-password-shown"));
        return ExitCode::from(terminal::USAGE);
    }
    begin_log(&arguments.command);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{}", fl!("program-no-start", why = error.to_string()));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(arguments.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = %causes(&error), "failed");
            eprintln!("{}", words::say(&error.message()));
            ExitCode::FAILURE
        }
    }
}

/// Log of the program on stderr, one JSON line an entry: of what serves always, of a command at a terminal, whose stderr is for
/// sentences, only where `VEDETTA_LOG` asks for it.
fn begin_log(command: &Command) {
    let usual = match command {
        Command::Serve { .. } | Command::Witness { .. } => "warn,vedetta=info",
        _ => "off",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("VEDETTA_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(usual));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}

async fn run(command: Command) -> Result<(), ServerError> {
    match command {
        Command::Serve { place, listen } => {
            let ready = |address: &str| say(&serde_json::json!({ "ready": true, "address": address }).to_string());
            let cameras = std::sync::Arc::new(camera_users::OverOnvif);
            http::serve(&place.open(), listen, cameras, ready, asked_to_end()).await
        }
        Command::Demo {
            place,
            site,
            cameras,
            server_url,
        } => {
            let data = place.data.clone();
            setup::demo(&place.open(), &site, &cameras, &server_url).await?;
            say(&serde_json::json!({ "prepared": true, "data": data, "people": data.join("people.toml") }).to_string());
            Ok(())
        }
        Command::Witness {
            data,
            name,
            key_type,
            logs,
            memory,
            listen,
        } => {
            let kind = key_type.map(Into::into);
            let witness = witness::Witness::open(&data, &name, kind, &logs, memory.as_deref()).await?;
            let ready = |address: &str, key: &vedetta::domain::audit::cosignature::WitnessKey| {
                let line = serde_json::json!({ "ready": true, "address": address, "vkey": key.to_string() });
                say(&line.to_string());
            };
            witness::serve(witness, listen, ready, asked_to_end()).await
        }
        Command::Init { arguments } => init::init(arguments).await,
        Command::People { command } => account_admin::people(command).await,
        Command::Workstations { command } => account_admin::workstations(command).await,
        Command::Sessions { command } => account_admin::sessions(command).await,
        Command::Cameras { command } => cameras::cameras(command).await,
        Command::Plan { command } => plan::plan(command).await,
        Command::Station { command } => station(command).await,
        Command::Doctor { arguments } => doctor::doctor(arguments).await,
        Command::Migrate { place } => migrate(place).await,
        Command::Grant { place } => setup::grant(&place.open()).await,
        Command::Log { command } => log(command).await,
    }
}

async fn migrate(place: Place) -> Result<(), ServerError> {
    say(&match setup::migrate_alone(&place.open()).await? {
        None => fl!("migrate-nothing"),
        Some(Migrated { from, to, copy: None }) => {
            fl!("migrate-done", from = from.to_string(), to = to.to_string())
        }
        Some(Migrated {
            from,
            to,
            copy: Some(copy),
        }) => fl!(
            "migrate-done-copy",
            from = from.to_string(),
            to = to.to_string(),
            copy = copy.display().to_string()
        ),
    });
    Ok(())
}

async fn station(command: StationCommand) -> Result<(), ServerError> {
    match command {
        StationCommand::Enrol {
            place,
            station,
            controller,
            grace_minutes,
            kind,
            server_url,
        } => {
            let data = place.open();
            let grace_s = grace_minutes * 60;
            let enrolment =
                workstation_console::enrol(&data, station, controller, grace_s, kind.into(), &server_url).await?;
            say(&serde_json::json!({ "enrolled": true, "enrolment": enrolment }).to_string());
            Ok(())
        }
        StationCommand::Release { place, station, reason } => {
            workstation_console::release(&place.open(), &station, &reason).await
        }
    }
}

async fn log(command: LogCommand) -> Result<(), ServerError> {
    match command {
        LogCommand::Verify { place, json } => {
            let report = log_verify::verify(&place.open()).await?;
            if json {
                say(&serde_json::to_string(&report).unwrap_or_default());
            } else {
                report.logs.iter().filter(|log| log.broken.is_none()).for_each(|log| {
                    say(&fl!(
                        "log-holds",
                        log = log.origin.as_str(),
                        size = log.size.to_string(),
                        signed = log.signed_size.to_string(),
                        witnessed = log.witnessed_size.to_string()
                    ));
                });
            }
            match report
                .logs
                .iter()
                .find_map(|log| log.broken.as_ref().map(|broken| (log, broken)))
            {
                Some((log, broken)) => Err(broken.error(&log.origin)),
                None => Ok(()),
            }
        }
        LogCommand::Read {
            place,
            user,
            controller,
            from,
            limit,
            filter,
            json,
            csv,
        } => {
            let wanted = log_read::Wanted {
                controller,
                from,
                limit,
                filter: filter.pairs(),
            };
            if csv {
                say(log_csv::HEAD);
            }
            let each = |entry: &LogEntry| {
                if csv {
                    say(&log_csv::line(entry));
                } else if json {
                    say(&serde_json::to_string(entry).unwrap_or_default());
                } else {
                    say(&log_lines::line(entry));
                }
            };
            log_read::read(
                &place.open(),
                &user,
                questions::secret("VEDETTA_PASSWORD", "Password:")?,
                &wanted,
                each,
            )
            .await
            .map(drop)
        }
        LogCommand::NewOrigin {
            place,
            controller,
            reason,
        } => {
            let begun = rollover::begin(&place.open(), controller, &reason, None).await?;
            say(&serde_json::to_string(&begun).unwrap_or_default());
            Ok(())
        }
        LogCommand::NewBeginning {
            place,
            controller,
            first,
            second,
            reason,
        } => {
            let two = [
                questions::claim(first, ["VEDETTA_PASSWORD", "VEDETTA_CODE"])?,
                questions::claim(second, ["VEDETTA_SECOND_PASSWORD", "VEDETTA_SECOND_CODE"])?,
            ];
            let begun = rollover::begin(&place.open(), controller, &reason, Some(two)).await?;
            say(&serde_json::to_string(&begun).unwrap_or_default());
            Ok(())
        }
        LogCommand::AcceptTime {
            place,
            controller,
            reason,
        } => {
            let accepted = log_time::accept(&place.open(), controller, &reason).await?;
            say(&serde_json::to_string(&accepted).unwrap_or_default());
            Ok(())
        }
        LogCommand::Proof { arguments } => proof::proof(&arguments),
        LogCommand::Policy { place } => {
            say(log_proof::policy(&place.open()).await?.trim_end());
            Ok(())
        }
        LogCommand::Export { place, dir } => {
            for exported in log_export::export(&place.open(), &dir).await? {
                say(&serde_json::to_string(&exported).unwrap_or_default());
            }
            Ok(())
        }
    }
}

/// A line for whoever reads standard output; that they stopped reading is no reason to fail.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}

/// Ready on SIGTERM or Ctrl-C. SIGTERM is heard from the call on, not only once somebody waits: a server that has just said
/// that it is ready may be told to end in the same moment.
fn asked_to_end() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = signal(SignalKind::terminate());
    async {
        let interrupt = tokio::signal::ctrl_c();
        match terminate {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt => {}
                }
            }
            Err(error) => {
                tracing::warn!(error = %causes(&error), "SIGTERM cannot be heard");
                drop(interrupt.await);
            }
        }
    }
}
