//! `doctor`: what is wrong, a sentence a line, or one line of JSON; the status says whether anything is.
//!
//! Deliberately absent: looking (`server::doctor`).

use super::{Place, say};
use clap::Args;
use vedetta::gui::i18n::fl;
use vedetta::gui::sentences as words;
use vedetta::server::doctor::{self, Finding};
use vedetta::server::error::ServerError;

/// Arguments of `doctor`.
#[derive(Args)]
pub struct DoctorArguments {
    #[command(flatten)]
    place: Place,
    #[arg(help = fl!("help-json-line"), long)]
    json: bool,
}

/// Says what is wrong.
///
/// # Errors
/// [`ServerError::Unwell`] when anything is.
pub async fn doctor(arguments: DoctorArguments) -> Result<(), ServerError> {
    let found = doctor::look(&arguments.place.open()).await;
    let is_well = !found.iter().any(|finding| finding.is_wrong);
    if arguments.json {
        let findings: Vec<_> = found.iter().map(as_json).collect();
        say(&serde_json::json!({ "well": is_well, "findings": findings }).to_string());
    } else {
        found.iter().for_each(|finding| say(&words::say(&finding.message)));
        if is_well {
            say(&fl!("doctor-well"));
        }
    }
    if is_well { Ok(()) } else { Err(ServerError::Unwell) }
}

fn as_json(finding: &Finding) -> serde_json::Value {
    serde_json::json!({
        "name": finding.name, "wrong": finding.is_wrong, "says": words::say(&finding.message), "detail": finding.detail,
    })
}
