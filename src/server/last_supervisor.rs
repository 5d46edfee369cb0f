//! A supervisor's account let into use where there is no other supervisor who could: the first of a controller, and the last.
//!
//! Works on the server's own machine, where every key lies anyway, and never over the network. Invariant: it is recorded, with its
//! reason, before it is done, and everybody who signs in for a while is told; where another supervisor is in use, that one is asked and
//! this refuses.
//! Deliberately absent: making the account (an administrator adds it, or the first run does).

use super::config::{DataDir, Settings};
use super::error::ServerError;
use super::keys::Vault;
use super::log::recorder::Act;
use super::now::now_ms;
use super::people::accounts::give_anew;
use super::people::authentication::Door;
use super::store::accounts::AccountRow;
use super::workstation_console;
use crate::domain::audit::details::configuration::{AccountChanged, AccountWord};
use crate::domain::people::account::AccountStatus;
use crate::domain::people::second_person::{Given, is_same_person, waits_for_a_supervisor};
use crate::domain::people::{Level, Rule};
use crate::protocol::{AccountAnswer, RefusalKind};
use serde_json::json;

/// Lets a supervisor's account into use. Gives its first password, and a second factor where it has one.
///
/// # Errors
/// The server is running on an embedded database; there is no reason or no such account; [`Rule::FourEyes`] when another
/// supervisor could do it; it cannot be recorded.
pub async fn admit(data: &DataDir, user: &str, reason: &str) -> Result<AccountAnswer, ServerError> {
    let reason: String = reason.trim().chars().take(500).collect();
    if reason.is_empty() {
        return Err(ServerError::NoReason);
    }
    let settings = Settings::load(data)?;
    let vault = Vault::load(&data.vault_key())?;
    workstation_console::change(data.lock()?, data, None, async |store, recorder, _| {
        let all = store.lives().await?;
        let row = all.iter().find(|row| row.person.user == user);
        let row = row.filter(|row| waits_for_a_supervisor(row.person.level, Given::Account));
        let row = row.ok_or(ServerError::Refused(RefusalKind::NotFound))?;
        if all.iter().any(|other| could_admit(other, row)) {
            return Err(ServerError::Refused(RefusalKind::Rule(Rule::FourEyes)));
        }
        tracing::error!(
            user,
            reason,
            "a supervisor's account is let into use without another supervisor"
        );
        let changed = AccountChanged {
            change: Some(AccountWord::Enabled),
            account: Some(user.to_owned()),
            before: Some(json!({ "person": row.person, "enabled": row.life.enabled })),
            after: Some(json!({ "person": row.person, "enabled": true, "reason": reason, "without_supervisor": true })),
        };
        workstation_console::record(recorder, &row.home, changed, Act::default()).await?;
        store.let_in_alone(user, &reason, now_ms()).await?;
        let door = Door::new(store.clone(), vault.clone(), settings.second_factor)
            .map_err(|error| ServerError::Key(error.to_string()))?;
        give_anew(store, &door, row, now_ms())
            .await
            .map_err(ServerError::Refused)
    })
    .await
}

/// Whether this is another supervisor, in use, who looks after the account.
fn could_admit(other: &AccountRow, row: &AccountRow) -> bool {
    let same = is_same_person(
        (&other.person.user, &other.person.display_name),
        (&row.person.user, &row.person.display_name),
    );
    let in_use = matches!(
        other.life.standing(now_ms()),
        AccountStatus::Good | AccountStatus::MustChoosePassword
    );
    !same && in_use && other.person.level == Level::Supervisor && other.person.keeps(&row.home)
}
