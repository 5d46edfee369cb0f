//! Making a code that enrols one workstation: name, kind, how long it may go on by itself; then the code, shown once, and
//! how long it is still good (R-ACC-6).
//!
//! Invariant: the code is in no `Debug` output and is gone with this dialogue. Deliberately absent: making it (the server).

use crate::domain::people::StationKind;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::keymap::Command;
use crate::gui::sentences;
use crate::gui::session_port::Desk;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{body, heading, labelled, over, quiet};
use crate::gui::ui::form::{self, Form, Next, Step};
use crate::station::{EnrolmentCode, NewCode, Refusal};
use iced::widget::{column, container, row, text};
use iced::{Element, Fill, Task};
use secrecy::ExposeSecret as _;
use std::sync::Arc;
use std::time::Instant;

/// Longest grace, minutes (`docs/log.md`).
const MOST_MINUTES: u64 = 480;

/// The parts in the order of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    Name,
    Kind,
    Minutes,
    Make,
}

/// A code that was made.
struct Made {
    station: String,
    code: Arc<EnrolmentCode>,
    until: Instant,
}

/// The dialogue.
pub struct NewWorkstation {
    desk: Arc<dyn Desk>,
    form: Form<Place>,
    made: Option<Made>,
}

/// What happens in it.
#[derive(Clone)]
pub enum Message {
    Form(form::Message<Place>),
    Made(Result<Arc<EnrolmentCode>, Arc<Refusal>>),
}

/// A command of the keyboard.
pub fn command(command: Command) -> Message {
    Message::Form(form::Message::Command(command))
}

impl NewWorkstation {
    /// The dialogue, with the keyboard in its first field.
    pub fn new(desk: Arc<dyn Desk>) -> NewWorkstation {
        let kinds = StationKind::ALL.map(sentences::station_kind);
        let form = Form::default()
            .field(Place::Name, fl!("stations-new-name"), "")
            .choice(Place::Kind, fl!("stations-kind"), kinds, 0)
            .field(Place::Minutes, fl!("stations-grace"), "0")
            .button(Place::Make, Icon::Done, fl!("stations-make"));
        NewWorkstation { desk, form, made: None }
    }

    /// Changes the state; done, a code was made and seen.
    pub fn update(&mut self, message: Message) -> Next<Message> {
        match message {
            // A code that is shown goes away only by Esc or its button.
            Message::Form(form::Message::Command(Command::Back)) if self.made.is_some() => return Next::Done(()),
            Message::Form(_) if self.made.is_some() => {}
            Message::Form(message) => match self.form.update(message) {
                Step::Pressed(_) => return self.make(),
                Step::Next(next) => return next.map(Message::Form),
            },
            Message::Made(Ok(code)) => {
                self.made = Some(Made {
                    station: self.form.typed(Place::Name).trim().to_owned(),
                    until: self.desk.moment(code.expires_ms),
                    code,
                });
            }
            Message::Made(Err(why)) => self.form.fail(sentences::refusal(&why)),
        }
        Next::None
    }

    fn make(&mut self) -> Next<Message> {
        match self.wanted() {
            Err(error) => {
                self.form.fail(error);
                Next::None
            }
            Ok(new) => {
                self.form.wait();
                Next::Run(Task::perform(self.desk.enrolment_code(new), |answer| {
                    Message::Made(answer.map(Arc::new).map_err(Arc::new))
                }))
            }
        }
    }

    fn wanted(&self) -> Result<NewCode, String> {
        let name = self.form.typed(Place::Name).trim();
        let minutes = self.form.typed(Place::Minutes).trim().parse::<u64>();
        let minutes = minutes.ok().filter(|minutes| *minutes <= MOST_MINUTES);
        Ok(NewCode {
            station: name.parse().map_err(|_| fl!("stations-bad-name"))?,
            kind: StationKind::ALL[self.form.chosen(Place::Kind)],
            home: None,
            grace_s: minutes.ok_or_else(|| fl!("stations-bad-grace"))? * 60,
        })
    }

    /// The dialogue over the list.
    pub fn over<'a>(&'a self, under: Element<'a, Message>, now: Instant) -> Element<'a, Message> {
        let content: Element<'a, form::Message<Place>> = match &self.made {
            None => column![
                heading(fl!("stations-new")),
                quiet(fl!("stations-new-how")),
                self.form.input(Place::Name),
                row![self.form.input(Place::Kind), self.form.input(Place::Minutes).width(230)].spacing(12),
                quiet(fl!("people-recorded")),
                self.form.foot(fl!("export-cancel")),
            ]
            .spacing(14)
            .width(620)
            .into(),
            Some(made) => shown(made, now),
        };
        over(
            under,
            self.form.scope(content).map(Message::Form),
            command(Command::Back),
        )
    }
}

fn shown(made: &Made, now: Instant) -> Element<'_, form::Message<Place>> {
    let left = made.until.saturating_duration_since(now);
    let standing = if left.is_zero() {
        labelled(Icon::Warning, fl!("stations-code-over"), Tone::Attention)
    } else {
        let left = sentences::countdown(left);
        labelled(Icon::Done, fl!("stations-code-good", left = left), Tone::Normal)
    };
    let code = if left.is_zero() {
        "—"
    } else {
        made.code.code.expose_secret()
    };
    column![
        heading(fl!("stations-code-for", station = made.station.as_str())),
        container(text(code).size(theme::TITLE).font(theme::STRONG))
            .padding(16)
            .center_x(Fill)
            .style(theme::inset),
        standing,
        body(fl!("stations-code-once")),
        form::closing(fl!("export-close")),
    ]
    .spacing(14)
    .width(620)
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;

    fn typed(dialogue: &mut NewWorkstation, place: Place, words: &str) {
        dialogue.update(Message::Form(form::Message::Typed(place, words.into())));
    }

    #[test]
    fn r_acc_6_a_code_is_asked_for_by_the_keyboard_and_goes_with_the_dialogue() {
        let desk = fake::administrator(1, 0);
        let mut dialogue = NewWorkstation::new(desk.clone());
        typed(&mut dialogue, Place::Name, "Sala Operativa 2");
        assert!(matches!(dialogue.update(command(Command::Confirm)), Next::None));
        assert!(dialogue.form.error().is_some(), "not a name");
        typed(&mut dialogue, Place::Name, "sala-2");
        typed(&mut dialogue, Place::Minutes, "481");
        assert!(dialogue.wanted().is_err(), "more than eight hours");
        typed(&mut dialogue, Place::Minutes, "60");
        dialogue.update(command(Command::Previous));
        dialogue.update(command(Command::Arrow(crate::gui::keymap::Direction::Right)));
        assert!(matches!(dialogue.update(command(Command::Confirm)), Next::Run(_)));
        assert_eq!(desk.said(), ["code sala-2 Remote 3600"]);
        let code = EnrolmentCode {
            code: "ABCD-EFGH".to_owned().into(),
            expires_ms: 0,
        };
        dialogue.update(Message::Made(Ok(Arc::new(code))));
        dialogue.update(command(Command::Confirm));
        assert!(dialogue.made.is_some(), "Enter does not take it away");
        assert!(matches!(dialogue.update(command(Command::Back)), Next::Done(())));
    }
}
