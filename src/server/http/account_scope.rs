//! Whose accounts somebody may look after, and what they may give (R-ACC-5).
//!
//! Invariant: an account of a controller that the person does not look after is answered like one that does not exist.
//! Deliberately absent: the decision itself (`domain::people::decide`).

use super::client_auth::Person;
use super::responses::Answer;
use crate::domain::camera::ControllerId;
use crate::domain::people::{AdminRight, Rule};
use crate::protocol::RefusalKind;
use crate::server::log::recorder::Recorder;
use crate::server::store::Store;

/// An office over an account: an account of another controller is none (R-ACC-5).
pub(super) async fn over(
    recorder: &Recorder,
    store: &Store,
    person: &Person,
    office: AdminRight,
    user: &str,
) -> Answer<()> {
    let row = store.life(user).await?;
    let controllers = row.map(|row| row.controllers());
    person
        .authorise_admin_over(recorder, office, controllers.as_deref(), ("account", user))
        .await
}

/// Nobody gives what they do not look after: a controller that does not exist is answered like another's.
pub(super) async fn theirs(
    recorder: &Recorder,
    person: &Person,
    controllers: &[ControllerId],
    user: &str,
) -> Answer<()> {
    person.authorise_admin(recorder, AdminRight::KeepPeople).await?;
    let keeps = |controller: &ControllerId| person.who.person.keeps(controller);
    if controllers.iter().all(keeps) {
        return Ok(());
    }
    person
        .refuse_admin(recorder, AdminRight::KeepPeople, Rule::OtherController, user)
        .await?;
    Err(RefusalKind::Rule(Rule::OtherController).into())
}
