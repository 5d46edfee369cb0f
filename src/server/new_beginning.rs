//! Two supervisors accept that a log goes on without what its server lost: the folder was put back, its newer copy is gone.
//!
//! Works while no server runs, because a server that was put back serves nobody. Invariant: each proves who they are by password and
//! second factor as at a workstation, both look after the controller, and they are two people, neither with a password that the other
//! gave lately. What workstations showed becomes part
//! of the statement that is signed (`domain::audit::new_beginning`).
//! Deliberately absent: the new name and the event (`rollover`).

use super::administer::Claim;
use super::config::{DataDir, Settings};
use super::error::ServerError;
use super::keys::Vault;
use super::log::put_back::Ahead;
use super::now::now_ms;
use super::people::authentication::{self, Door, Factor};
use super::store::Store;
use crate::domain::audit::new_beginning::{Acceptance, Accepter};
use crate::domain::camera::ControllerId;
use crate::domain::people::account::AccountStatus;
use crate::domain::people::second_person::{GIVEN_LATELY_MS, may_approve};
use crate::domain::people::{Level, Person, StationKind};
use crate::protocol::RefusalKind;
use std::net::{IpAddr, Ipv4Addr};

/// Proves both supervisors and puts their word together with what a workstation showed.
///
/// # Errors
/// [`ServerError::Refused`]: a password or code is wrong or has to be chosen anew; [`ServerError::NotSupervisor`] of the controller;
/// [`ServerError::OnePerson`] twice, or two of whom one gave the other a password lately.
pub async fn accept(
    data: &DataDir,
    store: &Store,
    controller: &ControllerId,
    supervisors: &[Claim; 2],
    seen: Option<&Ahead>,
) -> Result<Acceptance, ServerError> {
    let settings = Settings::load(data)?;
    let vault = Vault::load(&data.vault_key())?;
    let door =
        Door::new(store.clone(), vault, settings.second_factor).map_err(|error| ServerError::Key(error.to_string()))?;
    let [one, other] = supervisors;
    let (one, other) = (
        accepter(&door, controller, one).await?,
        accepter(&door, controller, other).await?,
    );
    let now = now_ms();
    for (who, author) in [(&one, &other), (&other, &one)] {
        let givers = store.givers(&who.user, now.saturating_sub(GIVEN_LATELY_MS)).await?;
        may_approve(who, &givers, (&author.user, &author.display_name), now).map_err(|_| ServerError::OnePerson)?;
    }
    let named = |person: Person| Accepter {
        user: person.user,
        display_name: person.display_name,
    };
    Ok(Acceptance {
        accepted_by: named(one),
        and_by: named(other),
        evidence: seen.map(|seen| seen.note.clone()).into_iter().collect(),
        at_ms: now,
    })
}

/// A supervisor of the controller, who proves it and whose password nobody else gave.
async fn accepter(door: &Door, controller: &ControllerId, claim: &Claim) -> Result<Person, ServerError> {
    let asked = authentication::Claim {
        user: &claim.user,
        password: &claim.password,
        factor: Factor::Code(claim.code.as_ref(), StationKind::ControlRoom),
    };
    let now = now_ms();
    let proven = door.prove(&asked, IpAddr::V4(Ipv4Addr::LOCALHOST), now).await;
    let row = proven.map_err(ServerError::Refused)?;
    if row.life.standing(now) != AccountStatus::Good {
        return Err(ServerError::Refused(RefusalKind::MustChoosePassword));
    }
    if row.person.level != Level::Supervisor || !row.person.keeps(controller) {
        return Err(ServerError::NotSupervisor(row.person.user));
    }
    Ok(row.person)
}
