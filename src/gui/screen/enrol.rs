//! The first screen on a new machine: address of the server and code, and then it is a workstation (R-ACC-6).
//!
//! Invariant: the code is not kept. Deliberately absent: enrolling itself (`station`).

use crate::gui::i18n::fl;
use crate::gui::icons::{Icon, icon};
use crate::gui::input::Command;
use crate::gui::sentences;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{field, labelled, quiet};
use crate::gui::widget::focus_scope::{self, FocusScope, Stop};
use crate::station::EnrolError;
use iced::widget::{button, column, container, row, text};
use iced::{Element, Fill};

const ADDRESS: &str = "enrol-address";
const CODE: &str = "enrol-code";

/// The stops of the keyboard, in its order.
fn stops() -> Vec<Stop> {
    vec![Stop::Field(ADDRESS.into()), Stop::Field(CODE.into()), Stop::Button]
}

/// The screen.
pub struct Enrol {
    address: String,
    code: String,
    place: usize,
    waiting: bool,
    error: Option<String>,
}

/// What happens on the screen.
#[derive(Debug, Clone)]
pub enum Message {
    Address(String),
    Code(String),
    /// The field of a stop was clicked.
    Clicked(usize),
    Command(Command),
    Start,
    Failed(EnrolError),
}

/// What the parent does next.
pub enum Action {
    None,
    Enrol { address: String, code: String },
}

impl Enrol {
    /// The empty screen.
    pub fn new() -> Enrol {
        Enrol {
            address: String::new(),
            code: String::new(),
            place: 0,
            waiting: false,
            error: None,
        }
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::Address(address) => (self.address, self.place) = (address, 0),
            Message::Code(code) => (self.code, self.place) = (code, 1),
            Message::Clicked(at) => self.place = at,
            Message::Start | Message::Command(Command::Confirm) => return self.start(),
            Message::Failed(why) => (self.waiting, self.error) = (false, Some(sentences::enrol(&why))),
            Message::Command(command) => self.place = focus_scope::moved(&stops(), self.place, command),
        }
        Action::None
    }

    fn start(&mut self) -> Action {
        if self.waiting {
            return Action::None;
        }
        if self.address.trim().is_empty() || self.code.trim().is_empty() {
            self.error = Some(fl!("enrol-incomplete"));
            self.place = usize::from(!self.address.trim().is_empty());
            return Action::None;
        }
        (self.waiting, self.error) = (true, None);
        Action::Enrol {
            address: self.address.clone(),
            code: self.code.clone(),
        }
    }

    /// The screen.
    pub fn view(&self) -> Element<'_, Message> {
        let title = row![
            icon(Icon::Camera, theme::TITLE).color(theme::ACCENT),
            text(fl!("enrol-title")).size(theme::TITLE)
        ]
        .spacing(12);
        let label = if self.waiting {
            fl!("enrol-waiting")
        } else {
            fl!("enrol-start")
        };
        let start = button(text(label).width(Fill).center())
            .padding(11)
            .width(Fill)
            .style(theme::primary(self.place == 2))
            .on_press_maybe((!self.waiting).then_some(Message::Start));
        let mut card = column![
            title,
            quiet(fl!("enrol-how")),
            field(
                fl!("enrol-address"),
                ADDRESS,
                &self.address,
                false,
                Message::Address,
                Message::Start
            ),
            field(
                fl!("enrol-code"),
                CODE,
                &self.code,
                false,
                Message::Code,
                Message::Start
            ),
            start,
        ];
        if let Some(error) = &self.error {
            card = card.push(labelled(Icon::Warning, error.as_str(), Tone::Attention));
        }
        let place = Some(self.place);
        let card = FocusScope::new(card.spacing(16), stops(), place, Message::Command, Message::Clicked);
        let card = container(card).padding(28).width(560).style(theme::card);
        container(card).center(Fill).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_acc_6_address_and_code_are_all_that_is_asked() {
        let mut screen = Enrol::new();
        assert!(matches!(screen.update(Message::Start), Action::None));
        screen.update(Message::Address("audit.comune:8443".into()));
        screen.update(Message::Command(Command::Next));
        screen.update(Message::Code("ABCD".into()));
        let asked = screen.update(Message::Command(Command::Confirm));
        assert!(matches!(asked, Action::Enrol { code, .. } if code == "ABCD"));
        assert!(matches!(screen.update(Message::Start), Action::None), "asked twice");
        screen.update(Message::Failed(EnrolError::NotACode));
        assert!(screen.error.is_some() && !screen.waiting);
    }
}
