//! The commands on the site plan as a file: export, import, check.
//!
//! Deliberately absent: reading the database; what may be changed (the running server).

use super::account_admin::{By, as_administrator};
use super::cameras::show_changed;
use super::{say, sentences};
use clap::Subcommand;
use std::path::{Path, PathBuf};
use vedetta::domain::site::{SitePlan, file};
use vedetta::gui::i18n::fl;
use vedetta::protocol::PlanImport;
use vedetta::server::administer::AdminClient;
use vedetta::server::config::{read_text, write_whole};
use vedetta::server::error::ServerError;

#[derive(Subcommand)]
pub enum PlanCommand {
    #[command(about = fl!("help-plan-export"))]
    Export {
        #[command(flatten)]
        by: By,
        #[arg(help = fl!("help-plan-file-out"))]
        file: PathBuf,
    },
    #[command(about = fl!("help-plan-import"))]
    Import {
        #[command(flatten)]
        by: By,
        #[arg(help = fl!("help-plan-file-exported"))]
        file: PathBuf,
        #[arg(help = fl!("help-reason"), long)]
        reason: String,
    },
    #[command(about = fl!("help-plan-check"))]
    Check {
        #[arg(help = fl!("help-plan-file-in"))]
        file: PathBuf,
        #[arg(help = fl!("help-json"), long)]
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
                let text = file::write(&plan).map_err(ServerError::PlanText)?;
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
