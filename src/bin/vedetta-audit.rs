//! `vedetta-audit`: reads arguments and wires the server room together. Words for people are Italian, on stderr; what a
//! program reads is one JSON line on stdout.
//!
//! Deliberately absent: everything else.

#[path = "vedetta-audit/account_admin.rs"]
mod account_admin;
#[path = "vedetta-audit/camera_users.rs"]
mod camera_users;
#[path = "vedetta-audit/cameras.rs"]
mod cameras;
#[path = "vedetta-audit/init.rs"]
mod init;
#[path = "vedetta-audit/plan.rs"]
mod plan;
#[path = "vedetta-audit/questions.rs"]
mod questions;
#[path = "vedetta-audit/sentences.rs"]
mod sentences;
#[path = "vedetta-audit/terminal.rs"]
mod terminal;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use terminal::fl;
use vedetta::domain::audit::note::VerifierKey;
use vedetta::domain::camera::{ControllerId, StationId};
use vedetta::domain::people::StationKind;
use vedetta::protocol::LogEntry;
use vedetta::server::config::DataDir;
use vedetta::server::error::ServerError;
use vedetta::server::{http, log_export, log_read, log_verify, rollover, setup, witness, workstation_admin};

/// Server centrale del registro di Vedetta.
#[derive(Parser)]
#[command(name = "vedetta-audit", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Dove sono i dati.
#[derive(Args)]
struct Place {
    /// Cartella dei dati.
    #[arg(long)]
    data: PathBuf,
    /// Banca dati PostgreSQL (postgres://…) al posto di quella nella cartella; può essere condivisa da più server.
    #[arg(long, env = "VEDETTA_DATABASE", hide_env_values = true)]
    database: Option<String>,
}

impl Place {
    fn open(self) -> DataDir {
        DataDir::new(self.data).with_postgres(self.database)
    }
}

#[derive(Subcommand)]
enum Command {
    /// Avvia il server.
    Serve {
        #[command(flatten)]
        place: Place,
        /// Indirizzo su cui ascoltare; porta 0: una libera.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
    },
    /// Prepara un server: titolare, primo amministratore, unità systemd. Chiede ciò che manca.
    Init {
        #[command(flatten)]
        arguments: init::InitArguments,
    },
    /// Le persone abilitate, sul server in funzione.
    People {
        #[command(subcommand)]
        command: account_admin::PeopleCommand,
    },
    /// Le postazioni abilitate, sul server in funzione.
    Workstations {
        #[command(subcommand)]
        command: account_admin::WorkstationsCommand,
    },
    /// Le sessioni in corso, sul server in funzione.
    Sessions {
        #[command(subcommand)]
        command: account_admin::SessionsCommand,
    },
    /// Le telecamere: cercarle, provarle, aggiungerle, cambiarle, toglierle, sul server in funzione.
    Cameras {
        #[command(subcommand)]
        command: cameras::CamerasCommand,
    },
    /// Il piano del sito come file TOML.
    Plan {
        #[command(subcommand)]
        command: plan::PlanCommand,
    },
    /// Prepara una cartella dei dati dimostrativa: chiavi, piano, persone, postazioni.
    Demo {
        #[command(flatten)]
        place: Place,
        /// Piano del sito.
        #[arg(long)]
        site: PathBuf,
        /// Credenziali delle telecamere.
        #[arg(long)]
        cameras: PathBuf,
        /// Indirizzo del server da scrivere nelle postazioni; vuoto: quello dell'ultimo avvio.
        #[arg(long, default_value = "")]
        server_url: String,
    },
    /// Avvia un testimone: vede solo nome, dimensione e radice dei registri, e controfirma ciò che prosegue quanto ha visto.
    Witness {
        /// Cartella del testimone.
        #[arg(long)]
        data: PathBuf,
        /// Nome sotto cui controfirma, senza spazi.
        #[arg(long)]
        name: String,
        /// Chiave pubblica di un registro da seguire; si può ripetere. Di un registro che prosegue sotto un nuovo nome si
        /// indica la nuova chiave: il testimone riparte da ciò che ha visto e non controfirma più il nome di prima.
        #[arg(long = "log")]
        logs: Vec<VerifierKey>,
        /// Indirizzo su cui ascoltare; porta 0: una libera.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
    },
    /// Abilita una postazione o la toglie dalla quarantena, a server fermo.
    Station {
        #[command(subcommand)]
        command: StationCommand,
    },
    /// Verifica, legge o estrae il registro.
    Log {
        #[command(subcommand)]
        command: LogCommand,
    },
}

#[derive(Subcommand)]
enum StationCommand {
    /// Abilita una nuova postazione e scrive ciò che le va portato.
    Enrol {
        #[command(flatten)]
        place: Place,
        /// Nome della postazione: minuscole, cifre, trattini.
        #[arg(long)]
        station: StationId,
        /// Titolare nel cui registro vanno gli eventi della postazione; se manca, il primo.
        #[arg(long)]
        controller: Option<ControllerId>,
        /// Minuti per cui può proseguire se il server non risponde (al più 480; 0 per i terminali remoti).
        #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=480))]
        grace_minutes: u64,
        /// Che cosa è la postazione.
        #[arg(long, value_enum, default_value = "sala-operativa")]
        kind: Kind,
        /// Indirizzo del server; se manca, quello dell'ultimo avvio.
        #[arg(long, default_value = "")]
        server_url: String,
    },
    /// Toglie una postazione dalla quarantena; le prove restano.
    Release {
        #[command(flatten)]
        place: Place,
        #[arg(long)]
        station: StationId,
        /// Motivo, che resta nel registro.
        #[arg(long)]
        reason: String,
    },
}

/// Che cosa è una postazione.
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

#[derive(Subcommand)]
enum LogCommand {
    /// Ricalcola tutto il registro e lo confronta con quanto è stato firmato.
    Verify {
        #[command(flatten)]
        place: Place,
        /// Esito come una riga JSON.
        #[arg(long)]
        json: bool,
    },
    /// Legge il registro dal server in funzione; la lettura è essa stessa registrata.
    Read {
        #[command(flatten)]
        place: Place,
        /// Account dell'amministratore di sistema; la password si legge da VEDETTA_PASSWORD o dalla tastiera.
        #[arg(long)]
        user: String,
        /// Titolare del registro.
        #[arg(long)]
        controller: Option<ControllerId>,
        /// Prima voce.
        #[arg(long, default_value_t = 0)]
        from: u64,
        /// Numero massimo di voci.
        #[arg(long, default_value_t = 1000)]
        limit: u64,
        #[command(flatten)]
        filter: Filter,
        /// Una riga JSON per voce.
        #[arg(long)]
        json: bool,
        /// Una tabella CSV.
        #[arg(long, conflicts_with = "json")]
        csv: bool,
    },
    /// Prosegue un registro sotto un nuovo nome e una nuova chiave, quando la memoria del firmatario è andata perduta; a
    /// server fermo.
    NewOrigin {
        #[command(flatten)]
        place: Place,
        /// Titolare del registro; se manca, il primo.
        #[arg(long)]
        controller: Option<ControllerId>,
        /// Motivo, che resta nel registro.
        #[arg(long)]
        reason: String,
    },
    /// Scrive il registro in file verificabili senza Vedetta.
    Export {
        #[command(flatten)]
        place: Place,
        /// Cartella, vuota o da creare.
        dir: PathBuf,
    },
}

/// Che cosa cercare; tutto ciò che si indica deve valere.
#[derive(Args)]
struct Filter {
    /// Nome dell'account.
    #[arg(long)]
    person: Option<String>,
    #[arg(long)]
    camera: Option<String>,
    /// Operazione, come sta scritta nel registro (view_open, ptz_start, …).
    #[arg(long)]
    operation: Option<String>,
    #[arg(long)]
    purpose: Option<String>,
    /// Esito: intent, done, refused, failed.
    #[arg(long)]
    result: Option<String>,
    /// Dal momento (per esempio 2026-11-22T00:00:00+01:00), secondo l'ora delle postazioni.
    #[arg(long)]
    since: Option<String>,
    /// Fino al momento, escluso.
    #[arg(long)]
    until: Option<String>,
}

impl Filter {
    fn pairs(self) -> Vec<(&'static str, String)> {
        let all = [
            ("person", self.person),
            ("camera", self.camera),
            ("operation", self.operation),
            ("purpose", self.purpose),
            ("result", self.result),
            ("from", self.since),
            ("to", self.until),
        ];
        all.into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_env("VEDETTA_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,vedetta=info"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    terminal::choose_language();
    let arguments = Arguments::parse();
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
            tracing::error!(error = &error as &dyn std::error::Error, "failed");
            eprintln!("{}", terminal::say(&error.message()));
            ExitCode::FAILURE
        }
    }
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
            logs,
            listen,
        } => {
            let witness = witness::Witness::open(&data, &name, &logs)?;
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
        Command::Log { command } => log(command).await,
    }
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
                workstation_admin::enrol(&data, station, controller, grace_s, kind.into(), &server_url).await?;
            say(&serde_json::json!({ "enrolled": true, "enrolment": enrolment }).to_string());
            Ok(())
        }
        StationCommand::Release { place, station, reason } => {
            workstation_admin::release(&place.open(), &station, &reason).await
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
                say(log_read::CSV_HEAD);
            }
            let each = |entry: &LogEntry| {
                if csv {
                    say(&log_read::csv_line(entry));
                } else if json {
                    say(&serde_json::to_string(entry).unwrap_or_default());
                } else {
                    let pruned = fl!("log-pruned");
                    say(&format!(
                        "{}\t{}",
                        entry.index,
                        entry.body.as_deref().unwrap_or(&pruned)
                    ));
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
            let begun = rollover::begin(&place.open(), controller, &reason).await?;
            say(&serde_json::to_string(&begun).unwrap_or_default());
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
                tracing::warn!(%error, "SIGTERM cannot be heard");
                drop(interrupt.await);
            }
        }
    }
}
