//! The dialogue that asks the holder of a dome for it, or takes it over urgently, with a reason (R-PTZ-3).
//!
//! Invariant: nothing is asked or taken without a reason. Deliberately absent: whether the level may take over (the
//! server says so; the button is offered to supervisors).

use crate::domain::people::Level;
use crate::domain::reason::Reason;
use crate::domain::site::CameraPlan;
use crate::gui::desk::{Desk, Hold};
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::keymap::Command;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, body, field, heading, labelled, quiet};
use crate::gui::words;
use crate::station::Refusal;
use iced::widget::{column, row};
use iced::{Element, Fill, Task, widget};
use std::sync::Arc;

const REASON: &str = "ask-dome-reason";

/// Where the keyboard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Reason,
    Ask,
    TakeOver,
}

/// The dialogue.
pub struct AskDome {
    desk: Arc<dyn Desk>,
    camera: CameraPlan,
    hold: Hold,
    reason: String,
    places: Vec<Place>,
    place: usize,
    waiting: bool,
    error: Option<String>,
}

/// What happens in the dialogue.
#[derive(Clone)]
pub enum Message {
    Reason(String),
    Command(Command),
    Ask,
    TakeOver,
    Said {
        urgent: bool,
        answer: Result<(), Arc<Refusal>>,
    },
}

/// What the parent does next.
pub enum Action {
    None,
    Run(Task<Message>),
    Close,
    /// It was said; `urgent`: the dome passes as soon as its holder lets go.
    Said {
        urgent: bool,
    },
}

impl AskDome {
    /// The dialogue for a dome that somebody else holds.
    pub fn new(desk: Arc<dyn Desk>, camera: CameraPlan, hold: Hold) -> (AskDome, Task<Message>) {
        let mut places = vec![Place::Reason, Place::Ask];
        if desk.person().level == Level::Supervisor {
            places.push(Place::TakeOver);
        }
        let dialogue = AskDome {
            desk,
            camera,
            hold,
            reason: String::new(),
            places,
            place: 0,
            waiting: false,
            error: None,
        };
        (dialogue, widget::operation::focus(REASON))
    }

    /// The dome it is about.
    pub fn camera(&self) -> &CameraPlan {
        &self.camera
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Action {
        let count = self.places.len();
        match message {
            Message::Reason(reason) => self.reason = reason,
            Message::Command(Command::Back) => return Action::Close,
            Message::Command(Command::Next) => return self.go(1),
            Message::Command(Command::Previous) => return self.go(count - 1),
            Message::Command(Command::Confirm) if self.places[self.place] == Place::TakeOver => return self.say(true),
            Message::Command(Command::Confirm) | Message::Ask => return self.say(false),
            Message::Command(_) => {}
            Message::TakeOver => return self.say(true),
            Message::Said { urgent, answer: Ok(()) } => return Action::Said { urgent },
            Message::Said { answer: Err(why), .. } => {
                self.waiting = false;
                self.error = Some(words::refusal(&why));
            }
        }
        Action::None
    }

    fn go(&mut self, step: usize) -> Action {
        self.place = (self.place + step) % self.places.len();
        let target = if self.places[self.place] == Place::Reason {
            REASON
        } else {
            "nowhere"
        };
        Action::Run(widget::operation::focus(target))
    }

    fn say(&mut self, urgent: bool) -> Action {
        if self.waiting {
            return Action::None;
        }
        let Ok(reason) = Reason::try_from(self.reason.clone()) else {
            self.error = Some(fl!("ask-no-reason"));
            return Action::None;
        };
        self.waiting = true;
        let camera = self.camera.id.clone();
        let said = if urgent {
            self.desk.take_over(camera, reason)
        } else {
            self.desk.ask_for_dome(camera, reason)
        };
        Action::Run(Task::perform(said, move |answer| Message::Said {
            urgent,
            answer: answer.map_err(Arc::new),
        }))
    }

    /// The dialogue.
    pub fn view(&self) -> Element<'_, Message> {
        let at = |place: Place| self.places[self.place] == place;
        let free = !self.waiting;
        let title = column![
            heading(fl!("ask-title")),
            quiet(format!("{} · {}", self.camera.number, self.camera.name))
        ];
        let held = fl!(
            "panel-held-by",
            name = self.hold.display_name.as_str(),
            body = self.hold.body.as_str()
        );
        let reason = field(
            fl!("ask-reason"),
            REASON,
            &self.reason,
            false,
            Message::Reason,
            Message::Ask,
        );
        let ask = action(
            Icon::Held,
            fl!("ask-start"),
            Some(&fl!("key-enter")),
            at(Place::Ask),
            free.then_some(Message::Ask),
        );
        let cancel = action(
            Icon::Close,
            fl!("export-cancel"),
            Some(&"Esc".to_owned()),
            false,
            Some(Message::Command(Command::Back)),
        );
        let mut buttons = row![ask].spacing(theme::GAP);
        let mut content = column![
            title,
            labelled(Icon::Held, held, Tone::Other),
            reason.width(Fill),
            quiet(fl!("ask-recorded")),
        ];
        if self.places.contains(&Place::TakeOver) {
            let take = action(
                Icon::Warning,
                fl!("ask-take-over"),
                None,
                at(Place::TakeOver),
                free.then_some(Message::TakeOver),
            );
            buttons = buttons.push(take);
            content = content.push(body(fl!("ask-take-over-hint")));
        }
        if let Some(error) = &self.error {
            content = content.push(labelled(Icon::Warning, error.as_str(), Tone::Attention));
        }
        content.push(buttons.push(cancel)).spacing(14).width(620).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake::{self, Fake};

    fn dialogue(desk: Arc<Fake>) -> (AskDome, Arc<Fake>) {
        let hold = desk.holds().remove(0);
        let camera = desk.plan().camera(&hold.camera).unwrap().clone();
        (AskDome::new(desk.clone(), camera, hold).0, desk)
    }

    #[test]
    fn r_ptz_3_nobody_asks_or_takes_over_without_a_reason() {
        let (mut dialogue, desk) = dialogue(fake::supervisor(4, 1));
        assert!(matches!(dialogue.update(Message::Ask), Action::None));
        assert!(matches!(dialogue.update(Message::TakeOver), Action::None));
        assert!(dialogue.error.is_some() && desk.said().is_empty());
        dialogue.update(Message::Reason("rapina".into()));
        assert!(matches!(dialogue.update(Message::Ask), Action::Run(_)));
        assert_eq!(desk.said(), ["ask cam-04 rapina"]);
    }

    #[test]
    fn r_ptz_3_the_urgent_takeover_is_offered_to_a_supervisor_and_reached_by_the_keyboard() {
        let (operator, _) = dialogue(fake::desk(4, 1));
        assert!(!operator.places.contains(&Place::TakeOver));
        let (mut dialogue, desk) = dialogue(fake::supervisor(4, 1));
        dialogue.update(Message::Reason("rapina".into()));
        dialogue.update(Message::Command(Command::Previous));
        dialogue.update(Message::Command(Command::Confirm));
        assert_eq!(desk.said(), ["take over cam-04 rapina"]);
    }
}
