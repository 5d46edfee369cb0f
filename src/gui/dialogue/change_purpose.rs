//! The dialogue in which the purpose is changed in the middle of a shift, with note and protocol number.
//!
//! Invariant: a purpose that needs a protocol number is not sent without one; it only asks, the station records first.
//! Deliberately absent: purposes of recordings, which each access states for itself.

use crate::domain::people::stated_purpose::Stated;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::sentences::{self, PURPOSES};
use crate::gui::session_port::SessionLife;
use crate::gui::ui::controls::{heading, quiet};
use crate::gui::ui::form::{self, Form, Next, Step};
use crate::station::Refusal;
use iced::widget::column;
use iced::{Element, Task};
use std::sync::Arc;

/// The parts in the order of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    Purpose,
    ProtocolNo,
    Note,
    Change,
}

/// The dialogue.
pub struct ChangePurpose {
    desk: Arc<dyn SessionLife>,
    form: Form<Place>,
}

/// What happens in the dialogue.
#[derive(Clone)]
pub enum Message {
    Form(form::Message<Place>),
    Changed(Result<(), Arc<Refusal>>),
}

impl ChangePurpose {
    /// The dialogue with what is in force.
    pub fn new(desk: Arc<dyn SessionLife>) -> ChangePurpose {
        let stated = desk.stated();
        let form = Form::default()
            .choice(
                Place::Purpose,
                fl!("sign-in-purpose"),
                sentences::purposes(),
                sentences::place_of(stated.purpose()),
            )
            .field(Place::ProtocolNo, fl!("sign-in-protocol"), stated.protocol_no())
            .field(Place::Note, fl!("sign-in-note"), stated.note())
            .button(Place::Change, Icon::Done, fl!("purpose-change"));
        ChangePurpose { desk, form }
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Next<Message> {
        match message {
            Message::Form(message) => match self.form.update(message) {
                Step::Pressed(_) => return self.change(),
                Step::Next(next) => return next.map(Message::Form),
            },
            Message::Changed(Ok(())) => return Next::Done(()),
            Message::Changed(Err(why)) => self.form.fail(sentences::refusal(&why)),
        }
        Next::None
    }

    fn change(&mut self) -> Next<Message> {
        let purpose = PURPOSES[self.form.chosen(Place::Purpose)];
        let stated = Stated::new(
            purpose,
            self.form.typed(Place::Note),
            self.form.typed(Place::ProtocolNo),
        );
        let Ok(stated) = stated else {
            self.form.go_to(Place::ProtocolNo);
            self.form.fail(fl!("sign-in-no-protocol"));
            return Next::None;
        };
        if stated == self.desk.stated() {
            return Next::Close;
        }
        self.form.wait();
        Next::Run(Task::perform(self.desk.change_purpose(stated), |answer| {
            Message::Changed(answer.map_err(Arc::new))
        }))
    }

    /// The dialogue.
    pub fn view(&self) -> Element<'_, Message> {
        let content = column![
            heading(fl!("purpose-title")),
            self.form.input(Place::Purpose),
            self.form.input(Place::ProtocolNo),
            self.form.input(Place::Note),
            quiet(fl!("purpose-recorded")),
            self.form.foot(fl!("export-cancel")),
        ];
        self.form.scope(content.spacing(14).width(620)).map(Message::Form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::people::Purpose;
    use crate::gui::fake;
    use crate::gui::input::{Command, Direction};
    use crate::gui::widget::typist::{self, keys};

    #[test]
    fn a_delegated_purpose_is_changed_to_only_with_its_protocol_number() {
        let desk = fake::desk(1, 0);
        let mut dialogue = ChangePurpose::new(desk.clone());
        let command = |command| Message::Form(form::Message::Command(command));
        assert!(
            matches!(dialogue.update(command(Command::Confirm)), Next::Close),
            "nothing was changed, and nothing is recorded"
        );
        for _ in 0..sentences::place_of(Purpose::JudicialPoliceDelegated) {
            dialogue.update(command(Command::Arrow(Direction::Down)));
        }
        dialogue.update(command(Command::Confirm));
        assert!(dialogue.form.error().is_some() && desk.said().is_empty());
        assert_eq!(
            dialogue.form.place(),
            Some(Place::ProtocolNo),
            "where it is to be written"
        );
        let typed = form::Message::Typed(Place::ProtocolNo, "1402/2026".into());
        dialogue.update(Message::Form(typed));
        assert!(matches!(dialogue.update(command(Command::Confirm)), Next::Run(_)));
        assert_eq!(desk.said(), ["purpose JudicialPoliceDelegated 1402/2026"]);
    }
    #[test]
    fn what_is_typed_after_tab_stays_in_its_field_of_the_purpose() {
        let keys = keys("↓⇥1402/2026⇥furti in via Roma⇤1403/2026⇥⏎");
        let made = || {
            let desk = fake::desk(1, 0);
            (ChangePurpose::new(desk.clone()), desk)
        };
        let dialogues = typist::typed(
            &keys,
            made,
            |(dialogue, _)| dialogue.view(),
            |(dialogue, _), message| drop(dialogue.update(message)),
        );
        for (dialogue, desk) in dialogues {
            let typed = |place| dialogue.form.typed(place);
            assert_eq!(
                (typed(Place::ProtocolNo), typed(Place::Note)),
                ("1403/2026", "furti in via Roma")
            );
            assert_eq!(desk.said(), [format!("purpose {:?} 1403/2026", PURPOSES[1])]);
        }
    }
}
