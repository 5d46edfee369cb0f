//! Whose accounts somebody may look after, and what they may give (R-ACC-5).
//!
//! Invariant: an account of a controller that the person does not look after is answered like one that does not exist.
//! Deliberately absent: the decision itself (`domain::people::decide`).

use super::responses::Answer;
use super::client_auth::Person;
use super::lifecycle::App;
use crate::domain::camera::ControllerId;
use crate::domain::people::{Office, Rule};
use crate::protocol::RefusalKind;

/// An office over an account: an account of another controller is none (R-ACC-5).
pub(super) async fn over(app: &App, person: &Person, office: Office, user: &str) -> Answer<()> {
    let row = app.store.life(user).await?;
    let controllers = row.map(|row| row.controllers());
    person
        .in_office_over(app, office, controllers.as_deref(), ("account", user))
        .await
}

/// Nobody gives what they do not look after: a controller that does not exist is answered like another's.
pub(super) async fn theirs(app: &App, person: &Person, controllers: &[ControllerId], user: &str) -> Answer<()> {
    person.in_office(app, Office::KeepPeople).await?;
    let keeps = |controller: &ControllerId| person.who.person.keeps(controller);
    if controllers.iter().all(keeps) {
        return Ok(());
    }
    person
        .refuse_office(app, Office::KeepPeople, Rule::OtherController, user)
        .await?;
    Err(RefusalKind::Rule(Rule::OtherController).into())
}
