//! `vedetta-audit`: reads arguments and wires the server room together. Words for people are Italian, on stderr; what a
//! program reads is one JSON line on stdout.
//!
//! Deliberately absent: everything else.

use clap::{Parser, Subcommand};
use secrecy::SecretString;
use std::io::{BufRead as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use vedetta::domain::camera::{ControllerId, StationId};
use vedetta::protocol::LogEntry;
use vedetta::server::config::DataDir;
use vedetta::server::error::ServerError;
use vedetta::server::{export, http, read, setup, stations, verify};

/// Server centrale del registro di Vedetta.
#[derive(Parser)]
#[command(name = "vedetta-audit", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Avvia il server.
    Serve {
        /// Cartella dei dati.
        #[arg(long)]
        data: PathBuf,
        /// Indirizzo su cui ascoltare; porta 0: una libera.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
    },
    /// Prepara una cartella dei dati dimostrativa: chiavi, piano, persone, postazioni.
    Demo {
        #[arg(long)]
        data: PathBuf,
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
        #[arg(long)]
        data: PathBuf,
        /// Nome della postazione: minuscole, cifre, trattini.
        #[arg(long)]
        station: StationId,
        /// Titolare nel cui registro vanno gli eventi della postazione; se manca, il primo.
        #[arg(long)]
        controller: Option<ControllerId>,
        /// Minuti per cui può proseguire se il server non risponde (al più 480; 0 per i terminali remoti).
        #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=480))]
        grace_minutes: u64,
        /// Indirizzo del server; se manca, quello dell'ultimo avvio.
        #[arg(long, default_value = "")]
        server_url: String,
    },
    /// Toglie una postazione dalla quarantena; le prove restano.
    Release {
        #[arg(long)]
        data: PathBuf,
        #[arg(long)]
        station: StationId,
        /// Motivo, che resta nel registro.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Subcommand)]
enum LogCommand {
    /// Ricalcola tutto il registro e lo confronta con quanto è stato firmato.
    Verify {
        #[arg(long)]
        data: PathBuf,
        /// Esito come una riga JSON.
        #[arg(long)]
        json: bool,
    },
    /// Legge il registro dal server in funzione; la lettura è essa stessa registrata.
    Read {
        #[arg(long)]
        data: PathBuf,
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
        /// Una riga JSON per voce.
        #[arg(long)]
        json: bool,
    },
    /// Scrive il registro in file verificabili senza Vedetta.
    Export {
        #[arg(long)]
        data: PathBuf,
        #[arg(long)]
        out: PathBuf,
    },
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_env("VEDETTA_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,vedetta=info"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("Il programma non può partire: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(arguments.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "failed");
            eprintln!("{}", error.for_people());
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), ServerError> {
    match command {
        Command::Serve { data, listen } => {
            let ready = |address: &str| say(&serde_json::json!({ "ready": true, "address": address }).to_string());
            http::serve(&DataDir::new(data), listen, ready, asked_to_end()).await
        }
        Command::Demo {
            data,
            site,
            cameras,
            server_url,
        } => {
            setup::demo(&DataDir::new(&data), &site, &cameras, &server_url).await?;
            say(&serde_json::json!({ "prepared": true, "data": data, "people": data.join("people.toml") }).to_string());
            Ok(())
        }
        Command::Station { command } => station(command).await,
        Command::Log { command } => log(command).await,
    }
}

async fn station(command: StationCommand) -> Result<(), ServerError> {
    match command {
        StationCommand::Enrol {
            data,
            station,
            controller,
            grace_minutes,
            server_url,
        } => {
            let data = DataDir::new(data);
            let enrolment = stations::enrol(&data, station, controller, grace_minutes * 60, &server_url).await?;
            say(&serde_json::json!({ "enrolled": true, "enrolment": enrolment }).to_string());
            Ok(())
        }
        StationCommand::Release { data, station, reason } => {
            stations::release(&DataDir::new(data), &station, &reason).await
        }
    }
}

async fn log(command: LogCommand) -> Result<(), ServerError> {
    match command {
        LogCommand::Verify { data, json } => {
            let report = verify::verify(&DataDir::new(data)).await?;
            if json {
                say(&serde_json::to_string(&report).unwrap_or_default());
            } else {
                report.logs.iter().filter(|log| log.broken.is_none()).for_each(|log| {
                    say(&format!(
                        "{}: integro, {} voci, {} firmate.",
                        log.origin, log.size, log.signed_size
                    ));
                });
            }
            match report
                .logs
                .iter()
                .find_map(|log| log.broken.as_ref().map(|broken| (log, broken)))
            {
                Some((log, broken)) => {
                    let what = broken.what.for_people();
                    Err(ServerError::Broken(format!(
                        "{what} (registro {}, voce {})",
                        log.origin, broken.index
                    )))
                }
                None => Ok(()),
            }
        }
        LogCommand::Read {
            data,
            user,
            controller,
            from,
            limit,
            json,
        } => {
            let wanted = read::Wanted {
                controller,
                from,
                limit,
            };
            let each = |entry: &LogEntry| {
                if json {
                    say(&serde_json::to_string(entry).unwrap_or_default());
                } else {
                    let pruned = "(contenuto cancellato al termine della conservazione)";
                    say(&format!("{}\t{}", entry.index, entry.body.as_deref().unwrap_or(pruned)));
                }
            };
            read::read(&DataDir::new(data), &user, password()?, &wanted, each)
                .await
                .map(drop)
        }
        LogCommand::Export { data, out } => {
            for exported in export::export(&DataDir::new(data), &out).await? {
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

fn password() -> Result<SecretString, ServerError> {
    if let Ok(password) = std::env::var("VEDETTA_PASSWORD") {
        return Ok(password.into());
    }
    eprint!("Password: ");
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|source| ServerError::File {
        path: "-".into(),
        source,
    })?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned().into())
}

/// Ready on SIGTERM or Ctrl-C.
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
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
