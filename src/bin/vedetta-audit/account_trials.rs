//! What the accounts of a camera can do beyond what they are for: tried from this machine, told in one sentence each.
//!
//! An account for figures that can do more is refused; one for pictures is warned of, because recordings and personal users ask for
//! what it can do. Deliberately absent: the attempts themselves (`onvif::account_trial`, `media::stream_trial`).

use secrecy::SecretString;
use serde_json::json;
use vedetta::gui::i18n::fl;
use vedetta::media::stream_trial::{self, Stream};
use vedetta::onvif::account_trial::{AccountTrial, AccountUse, Attempt, Excess, try_account};
use vedetta::onvif::{Endpoint, Limits, OnvifError, OnvifErrorKind};
use vedetta::protocol::CameraAccount;
use vedetta::server::camera_users::is_ours;

/// The findings about each account that was given, or why nothing could be tried with it.
#[derive(Default)]
pub struct AccountTrials(Vec<(String, Result<AccountTrial, OnvifError>)>);

impl AccountTrials {
    /// Tries an account of a camera.
    pub async fn add(&mut self, onvif: &str, account: &CameraAccount, used_for: AccountUse) {
        let CameraAccount { user, password } = account;
        let endpoint = Endpoint::new(onvif, user, password.clone());
        let opens = async |attempt: Attempt<'_>| opened(attempt, user, password).await;
        let found = try_account(endpoint, Limits::default(), used_for, opens).await;
        self.0.push((user.clone(), found));
    }

    /// Whether one of them must not be kept, or is no account of the camera.
    pub fn is_refused(&self) -> bool {
        self.0.iter().any(|(_, found)| match found {
            Ok(trial) => trial.is_refused(),
            Err(_) => true,
        })
    }

    /// Users of the device that are none of these accounts and none of ours, with their levels.
    pub fn strangers(&self) -> Vec<String> {
        let known = |name: &str| is_ours(name) || self.0.iter().any(|(user, _)| user == name);
        let told = self.0.iter().flat_map(|(_, found)| found.iter());
        let mut strangers: Vec<String> = told
            .flat_map(|trial| &trial.users)
            .filter(|user| !known(&user.name))
            .map(|user| format!("{} ({})", user.name, user.level))
            .collect();
        strangers.sort();
        strangers.dedup();
        strangers
    }

    /// One sentence for each thing; `has_personal_users`: the account for pictures administers because it makes users.
    pub fn sentences(&self, has_personal_users: bool) -> Vec<String> {
        let mut all = Vec::new();
        for (user, found) in &self.0 {
            match found {
                Ok(trial) => {
                    let makes_users = has_personal_users && trial.used_for == AccountUse::Pictures;
                    let told = trial.excesses.iter();
                    let told = told.filter(|excess| !(makes_users && **excess == Excess::Administers));
                    all.extend(told.map(|excess| words(trial, *excess)));
                    let untried = trial.untried.iter().map(|(what, why)| format!("{what}: {why}"));
                    let untried: Vec<_> = untried.collect();
                    if !untried.is_empty() {
                        let why = untried.join("; ");
                        all.push(fl!("test-account-untried", user = user.as_str(), why = why));
                    }
                }
                Err(error) if error.kind() == OnvifErrorKind::WrongPassword => {
                    all.push(fl!("test-account-wrong", user = user.as_str()));
                }
                Err(error) => {
                    let why = error.to_string();
                    all.push(fl!("test-account-untried", user = user.as_str(), why = why));
                }
            }
        }
        let strangers = self.strangers();
        if !strangers.is_empty() {
            all.push(fl!("test-strangers", users = strangers.join(", ")));
        }
        all
    }

    /// The findings about each account, for a program.
    pub fn json(&self) -> serde_json::Value {
        let one = |(user, found): &(String, Result<AccountTrial, OnvifError>)| match found {
            Ok(trial) => {
                let can: Vec<_> = trial.excesses.iter().map(|excess| word(*excess)).collect();
                let untried = trial.untried.iter();
                let untried: Vec<_> = untried
                    .map(|(asked, why)| json!({ "asked": asked, "trouble": why }))
                    .collect();
                json!({ "account": user, "can": can, "refused": trial.is_refused(), "untried": untried })
            }
            Err(error) => json!({ "account": user, "trouble": error.to_string() }),
        };
        self.0.iter().map(one).collect::<Vec<_>>().into()
    }
}

async fn opened(
    attempt: Attempt<'_>,
    user: &str,
    password: &SecretString,
) -> Result<bool, vedetta::media::error::LiveError> {
    let (uri, stream) = match attempt {
        Attempt::Live(uri) => (uri, Stream::Live),
        Attempt::Replay(uri) => (uri, Stream::Recording),
    };
    stream_trial::opens(uri.to_owned(), user.to_owned(), password.clone(), stream).await
}

fn word(excess: Excess) -> &'static str {
    match excess {
        Excess::Administers => "administer",
        Excess::Streams => "stream",
        Excess::Snapshots => "snapshot",
        Excess::Replays => "replay",
    }
}

fn words(trial: &AccountTrial, excess: Excess) -> String {
    let user = trial.user.as_str();
    match excess {
        Excess::Administers => fl!("test-account-administers", user = user),
        Excess::Streams => fl!("test-account-streams", user = user),
        Excess::Snapshots => fl!("test-account-snapshots", user = user),
        Excess::Replays if trial.used_for == AccountUse::Figures => fl!("test-account-replays-figures", user = user),
        Excess::Replays => fl!("test-account-replays", user = user),
    }
}
