//! `log proof`: what a proof file proves, in sentences or one line of JSON.
//!
//! Deliberately absent: checking (`server::log_proof`).

use super::say;
use clap::Args;
use std::path::PathBuf;
use vedetta::domain::audit::tlog_proof::Proven;
use vedetta::gui::i18n::fl;
use vedetta::gui::sentences;
use vedetta::server::error::ServerError;
use vedetta::server::log_proof;

/// Arguments of `log proof`.
#[derive(Args)]
pub struct ProofArguments {
    #[arg(help = fl!("help-log-proof-file"))]
    proof: PathBuf,
    #[arg(help = fl!("help-log-proof-policy"), long)]
    policy: PathBuf,
    #[arg(help = fl!("help-log-proof-copy"), long)]
    copy: Option<PathBuf>,
    #[arg(help = fl!("help-json-line"), long)]
    json: bool,
}

/// Checks a proof, and says what it proves.
///
/// # Errors
/// [`ServerError`]: it proves nothing, or a file cannot be read.
pub fn proof(arguments: &ProofArguments) -> Result<(), ServerError> {
    let copy = arguments.copy.as_deref();
    let proven = log_proof::check(&arguments.proof, &arguments.policy, copy)?;
    if arguments.json {
        say(&as_json(&proven).to_string());
        return Ok(());
    }
    let seen = &proven.accepted.checkpoint;
    say(&fl!(
        "log-proof-holds",
        index = proven.index.to_string(),
        log = seen.origin.as_str(),
        size = seen.size.to_string()
    ));
    let written = sentences::date_and_clock(&sentences::rome_ms(proven.leaf.time.as_millisecond()));
    say(&format!(
        "{written}\t{}",
        serde_json::to_string(&proven.body).unwrap_or_default()
    ));
    for (name, time_s) in &proven.accepted.cosigned {
        let ms = i64::try_from(*time_s).unwrap_or(i64::MAX).saturating_mul(1000);
        let time = sentences::date_and_clock(&sentences::rome_ms(ms));
        say(&fl!("log-proof-witness", name = name.as_str(), time = time));
    }
    if proven.accepted.cosigned.is_empty() {
        say(&fl!("log-proof-no-witness"));
    }
    if let Some(copy) = copy {
        say(&fl!("log-proof-copy-holds", path = copy.display().to_string()));
    }
    Ok(())
}

fn as_json(proven: &Proven) -> serde_json::Value {
    let seen = &proven.accepted.checkpoint;
    let cosigned = proven.accepted.cosigned.iter();
    let cosigned: Vec<_> = cosigned
        .map(|(name, time_s)| serde_json::json!({ "name": name, "time_s": time_s }))
        .collect();
    serde_json::json!({
        "log": seen.origin, "size": seen.size, "index": proven.index, "time": proven.leaf.time.to_string(),
        "body": proven.body, "witnesses": cosigned,
    })
}
