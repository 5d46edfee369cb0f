//! The dialogue of the clearances (*nullaosta*) in force: who holds which, until when; a supervisor withdraws one (R-REC-1).
//!
//! Invariant: what is withdrawn is the one that is marked, with its reason. Deliberately absent: whether it is theirs to
//! withdraw (the server), requests that wait (`clearance_answer`).

use crate::domain::people::clearance::{Answer, Clearance, ClearanceStatus, Withdrawal};
use crate::domain::reason::Reason;
use crate::domain::site::SitePlan;
use crate::gui::clearance_text::{cameras_words, standing_words};
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::{Command, Direction};
use crate::gui::sentences;
use crate::gui::session_port::Clear;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{body, heading, labelled, quiet};
use crate::gui::ui::form::{self, Form, Next, Step};
use crate::station::{ClearanceState, Refusal};
use iced::widget::{column, container, row};
use iced::{Element, Fill, Task};
use std::sync::Arc;
use std::time::SystemTime;

/// Rows shown at once.
const ROWS: usize = 5;

/// The parts in the order of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    Reason,
    Withdraw,
}

/// The dialogue.
pub struct ClearancesInForce {
    desk: Arc<dyn Clear>,
    plan: Arc<SitePlan>,
    /// The one that is marked, by its number.
    marked: Option<u64>,
    form: Form<Place>,
}

/// What happens in the dialogue.
#[derive(Clone)]
pub enum Message {
    Form(form::Message<Place>),
    Withdrawn(Result<(), Arc<Refusal>>),
}

/// The clearances in force that whoever sits at a desk decides on, oldest first.
fn in_force(desk: &dyn Clear, now: SystemTime) -> Vec<ClearanceState> {
    let now_ms = sentences::unix_ms(now);
    let mut all = desk.clearances();
    all.retain(|state| state.clearance.standing(now_ms) == ClearanceStatus::InForce);
    all
}

impl ClearancesInForce {
    /// The dialogue with the oldest one marked.
    pub fn new(desk: Arc<dyn Clear>, now: SystemTime) -> ClearancesInForce {
        let form = Form::default()
            .field(Place::Reason, fl!("clearance-why-withdrawn"), "")
            .button(Place::Withdraw, Icon::Refused, fl!("clearance-withdraw"));
        ClearancesInForce {
            plan: desk.plan(),
            marked: in_force(desk.as_ref(), now).first().map(|state| state.id),
            form,
            desk,
        }
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message, now: SystemTime) -> Next<Message> {
        match message {
            Message::Form(form::Message::Command(Command::Arrow(Direction::Up))) => self.turn(-1, now),
            Message::Form(form::Message::Command(Command::Arrow(Direction::Down))) => self.turn(1, now),
            Message::Form(message) => match self.form.update(message) {
                Step::Pressed(_) => return self.withdraw(now),
                Step::Next(next) => return next.map(Message::Form),
            },
            Message::Withdrawn(Ok(())) => {
                self.form.answered();
                self.form.write(Place::Reason, String::new());
                self.marked = in_force(self.desk.as_ref(), now).first().map(|state| state.id);
                if self.marked.is_none() {
                    return Next::Close;
                }
            }
            Message::Withdrawn(Err(why)) => self.form.fail(sentences::refusal(&why)),
        }
        Next::None
    }

    fn turn(&mut self, step: isize, now: SystemTime) {
        let all = in_force(self.desk.as_ref(), now);
        if all.is_empty() {
            return;
        }
        let at = self.place_of_marked(&all);
        let next = (at as isize + step).rem_euclid(all.len() as isize) as usize;
        // The reason was written for the other one.
        self.form.write(Place::Reason, String::new());
        self.marked = all.get(next).map(|state| state.id);
    }

    fn place_of_marked(&self, all: &[ClearanceState]) -> usize {
        let marked = all.iter().position(|state| Some(state.id) == self.marked);
        marked.unwrap_or_default()
    }

    fn withdraw(&mut self, now: SystemTime) -> Next<Message> {
        let all = in_force(self.desk.as_ref(), now);
        let Some(id) = self.marked.filter(|id| all.iter().any(|state| state.id == *id)) else {
            self.form.fail(fl!("clearance-not-in-force"));
            return Next::None;
        };
        let Ok(reason) = Reason::try_from(self.form.typed(Place::Reason).to_owned()) else {
            self.form.fail(fl!("clearance-no-withdrawal-reason"));
            return Next::None;
        };
        self.form.wait();
        let withdrawn = self.desk.withdraw_clearance(id, Withdrawal { reason });
        Next::Run(Task::perform(withdrawn, |answer| {
            Message::Withdrawn(answer.map_err(Arc::new))
        }))
    }

    /// The dialogue.
    pub fn view(&self, now: SystemTime) -> Element<'_, Message> {
        let all = in_force(self.desk.as_ref(), now);
        let title = heading(fl!("clearances-in-force-title"));
        if all.is_empty() {
            let content = column![
                title,
                body(fl!("clearances-in-force-none")),
                form::closing(fl!("export-close"))
            ];
            return self.form.scope(content.spacing(14).width(680)).map(Message::Form);
        }
        let at = self.place_of_marked(&all);
        let first = at.saturating_sub(ROWS - 1);
        let now_ms = sentences::unix_ms(now);
        let shown = all.iter().enumerate().skip(first).take(ROWS);
        let rows = shown.map(|(place, state)| self.row(state, place == at, now_ms));
        let count = all.len().to_string();
        let content = column![
            column![title, quiet(fl!("clearances-in-force-count", n = count))],
            column(rows).spacing(4),
            self.form.input(Place::Reason),
            quiet(fl!("clearance-withdraw-recorded")),
            self.form.foot(fl!("export-close")),
        ];
        self.form.scope(content.spacing(10).width(840)).map(Message::Form)
    }

    fn row<'a>(&self, state: &ClearanceState, marked: bool, now_ms: i64) -> Element<'a, form::Message<Place>> {
        let who = fl!(
            "clearance-holder",
            id = state.id.to_string(),
            name = state.by.display_name.as_str(),
            body = state.by.agency.as_str()
        );
        let (standing, _) = standing_words(&state.clearance, now_ms);
        let sign = if marked { Icon::Forward } else { Icon::Recording };
        let tone = if marked { Tone::Act } else { Tone::Other };
        let facts = column![
            row![labelled(sign, who, tone), quiet(standing)].spacing(12),
            quiet(self.what(&state.clearance)),
        ];
        let row = container(facts.spacing(2)).padding([6, 12]).width(Fill);
        if marked { row.style(theme::inset) } else { row }.into()
    }

    /// Cameras and range that were granted, what for, and whether copies may be taken.
    fn what(&self, clearance: &Clearance) -> String {
        let granted = match &clearance.answer {
            Some(Answer::Granted { extent, .. }) => extent,
            _ => &clearance.wish.extent,
        };
        let copy = if granted.export {
            fl!("clearance-copy-yes")
        } else {
            fl!("clearance-copy-no")
        };
        format!(
            "{} · {} · {}: {copy}",
            cameras_words(&self.plan, granted),
            sentences::purpose(clearance.wish.purpose),
            fl!("clearance-copy")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;

    fn dialogue() -> (ClearancesInForce, Arc<fake::Fake>) {
        let desk = fake::supervisor(4, 1);
        (ClearancesInForce::new(desk.clone(), SystemTime::now()), desk)
    }

    fn command(command: Command) -> Message {
        Message::Form(form::Message::Command(command))
    }

    fn typed(words: &str) -> Message {
        Message::Form(form::Message::Typed(Place::Reason, words.into()))
    }

    fn withdraw() -> Message {
        Message::Form(form::Message::Pressed(Place::Withdraw))
    }

    #[test]
    fn r_rec_1_what_is_withdrawn_is_the_marked_one_with_its_reason() {
        let (mut dialogue, desk) = dialogue();
        let now = SystemTime::now();
        assert!(matches!(dialogue.update(withdraw(), now), Next::None));
        assert!(dialogue.form.error().is_some() && desk.said().is_empty(), "no reason");
        dialogue.update(typed("fine delle indagini"), now);
        dialogue.update(command(Command::Arrow(Direction::Down)), now);
        assert_eq!(
            dialogue.form.typed(Place::Reason),
            "",
            "the reason was for the other one"
        );
        dialogue.update(typed("denuncia ritirata"), now);
        assert!(matches!(dialogue.update(withdraw(), now), Next::Run(_)));
        assert_eq!(desk.said(), ["withdraw 8 denuncia ritirata"]);
    }

    #[test]
    fn the_last_one_is_followed_by_the_first() {
        let (mut dialogue, _) = dialogue();
        let now = SystemTime::now();
        let first = dialogue.marked;
        dialogue.update(command(Command::Arrow(Direction::Up)), now);
        assert_ne!(dialogue.marked, first);
        dialogue.update(command(Command::Arrow(Direction::Down)), now);
        assert_eq!(dialogue.marked, first);
    }

    #[test]
    fn r_rec_1_what_waits_for_an_answer_is_not_in_force() {
        let desk = fake::supervisor(4, 1);
        let shown = in_force(desk.as_ref(), SystemTime::now());
        assert_eq!(shown.iter().map(|state| state.id).collect::<Vec<_>>(), [7, 8]);
    }
}
