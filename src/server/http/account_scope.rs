//! Whose accounts somebody may look after, and what they may give (R-ACC-5).
//!
//! Invariant: an account of a controller that the person does not look after is answered like one that does not exist.
//! Deliberately absent: the decision itself (`domain::people::decide`).

use super::client_auth::Person;
use super::lifecycle::App;
use super::responses::Answer;
use crate::domain::camera::ControllerId;
use crate::domain::people::{AdminRight, Rule};
use crate::protocol::RefusalKind;

/// An office over an account: an account of another controller is none (R-ACC-5).
pub(super) async fn over(app: &App, person: &Person, office: AdminRight, user: &str) -> Answer<()> {
    let row = app.store.life(user).await?;
    let controllers = row.map(|row| row.controllers());
    person
        .authorise_admin_over(app, office, controllers.as_deref(), ("account", user))
        .await
}

/// Nobody gives what they do not look after: a controller that does not exist is answered like another's.
pub(super) async fn theirs(app: &App, person: &Person, controllers: &[ControllerId], user: &str) -> Answer<()> {
    person.authorise_admin(app, AdminRight::KeepPeople).await?;
    let keeps = |controller: &ControllerId| person.who.person.keeps(controller);
    if controllers.iter().all(keeps) {
        return Ok(());
    }
    person
        .refuse_admin(app, AdminRight::KeepPeople, Rule::OtherController, user)
        .await?;
    Err(RefusalKind::Rule(Rule::OtherController).into())
}
