//! The commands on the site plan as a file: export, import, check.
//!
//! Deliberately absent: reading the database; what may be changed (the running server).

use super::account_admin::{By, as_administrator};
use super::cameras::show_changed;
use super::{say, sentences};
use crate::terminal::fl;
use clap::Subcommand;
use std::path::{Path, PathBuf};
use vedetta::domain::site::{SitePlan, file};
use vedetta::protocol::PlanImport;
use vedetta::server::administer::AdminClient;
use vedetta::server::config::{read_text, write_whole};
use vedetta::server::error::ServerError;

#[derive(Subcommand)]
pub enum PlanCommand {
    /// Scrive il piano in vigore in un file TOML.
    Export {
        #[command(flatten)]
        by: By,
        /// File da scrivere.
        file: PathBuf,
    },
    /// Porta un piano da un file TOML; ciò che tocca maschere, limiti, orari o immagini lo approva un responsabile.
    Import {
        #[command(flatten)]
        by: By,
        /// File da leggere, esportato dalla versione in vigore.
        file: PathBuf,
        /// Motivo, che resta nel registro.
        #[arg(long)]
        reason: String,
    },
    /// Controlla un file senza inviarlo: ogni errore con riga e campo.
    Check {
        /// File da leggere.
        file: PathBuf,
        /// Esito come JSON.
        #[arg(long)]
        json: bool,
    },
}

fn read(path: &Path, json: bool) -> Result<SitePlan, ServerError> {
    let text = read_text(path)?;
    file::read(&text).map_err(|faults| {
        for fault in &faults {
            let sentence = sentences::file_fault(&fault.trouble);
            if json {
                say(&serde_json::json!({"line": fault.line, "field": fault.field, "trouble": sentence}).to_string());
            } else {
                eprintln!("{}:{}: {}: {sentence}", path.display(), fault.line, fault.field);
            }
        }
        ServerError::Config {
            path: path.to_owned(),
            detail: format!("{} faults", faults.len()),
        }
    })
}

/// `plan`.
pub async fn plan(command: PlanCommand) -> Result<(), ServerError> {
    match command {
        PlanCommand::Export { by, file: path } => {
            let write = async |office: &AdminClient| {
                let plan = office.plan().await?;
                let text = file::write(&plan).map_err(|error| ServerError::Answer(error.to_string()))?;
                write_whole(&path, text.as_bytes(), 0o600)?;
                Ok(plan)
            };
            let show = |plan: &SitePlan, json: bool| {
                let (version, cameras) = (plan.version, plan.cameras.len());
                if json {
                    say(&serde_json::json!({"version": version, "cameras": cameras, "file": path}).to_string());
                } else {
                    say(&fl!(
                        "plan-written",
                        version = version.to_string(),
                        cameras = cameras.to_string(),
                        path = path.display().to_string()
                    ));
                }
            };
            as_administrator(by, write, show).await
        }
        PlanCommand::Import { by, file, reason } => {
            let import = PlanImport {
                plan: read(&file, by.json)?,
                reason,
            };
            as_administrator(by, async |office| office.import(&import).await, show_changed).await
        }
        PlanCommand::Check { file, json } => {
            let plan = read(&file, json)?;
            if json {
                say(&serde_json::json!({"good": true, "cameras": plan.cameras.len()}).to_string());
            } else {
                say(&fl!("plan-good", cameras = plan.cameras.len().to_string()));
            }
            Ok(())
        }
    }
}
