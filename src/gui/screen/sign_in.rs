//! Signing in: user, password, purpose.
//!
//! Invariant: the password is wiped from the field as soon as it is handed over, and is never in `Debug` output.
//! Deliberately absent: asking the server (the parent does).

use crate::domain::people::Purpose;
use crate::gui::i18n::fl;
use crate::gui::icons::{Icon, icon};
use crate::gui::keymap::{Command, Direction};
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{field, labelled, quiet};
use crate::gui::words::{self, PURPOSES};
use crate::station::SignInError;
use iced::widget::{button, column, container, mouse_area, row, scrollable, text};
use iced::{Element, Fill, Task, widget};
use secrecy::{ExposeSecret, SecretString};

const USER: &str = "sign-in-user";
const PASSWORD: &str = "sign-in-password";

/// Where the keyboard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    User,
    Password,
    Purpose,
    Enter,
}

const PLACES: [Place; 4] = [Place::User, Place::Password, Place::Purpose, Place::Enter];

/// The screen.
pub struct SignIn {
    user: String,
    password: SecretString,
    purpose: usize,
    place: Place,
    /// Handed over, no answer yet.
    waiting: bool,
    error: Option<String>,
    /// A sentence that stays: less safe secrets, for example.
    standing: Option<String>,
}

/// What happens on the screen.
#[derive(Clone)]
pub enum Message {
    User(String),
    Password(SecretString),
    Purpose(usize),
    Command(Command),
    Enter,
}

/// What the parent does next.
pub enum Action {
    None,
    Run(Task<Message>),
    SignIn {
        user: String,
        password: SecretString,
        purpose: Purpose,
    },
}

impl SignIn {
    /// The empty screen with an optional sentence that stays on it.
    pub fn new(standing: Option<String>) -> (SignIn, Task<Message>) {
        let screen = SignIn {
            user: String::new(),
            password: SecretString::default(),
            purpose: 0,
            place: Place::User,
            waiting: false,
            error: None,
            standing,
        };
        (screen, widget::operation::focus(USER))
    }

    /// The server or the station said no.
    pub fn failed(&mut self, error: &SignInError) {
        self.waiting = false;
        self.error = Some(words::sign_in(error));
    }

    /// The sentence under the button, if there is one.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::User(user) => {
                self.user = user;
                self.place = Place::User;
            }
            Message::Password(password) => {
                self.password = password;
                self.place = Place::Password;
            }
            Message::Purpose(purpose) => {
                self.purpose = purpose.min(PURPOSES.len() - 1);
                self.place = Place::Purpose;
            }
            Message::Command(Command::Next) => return self.go(1),
            Message::Command(Command::Previous) => return self.go(PLACES.len() - 1),
            Message::Command(Command::Arrow(direction)) if self.place == Place::Purpose => {
                let step = if matches!(direction, Direction::Down | Direction::Right) {
                    1
                } else {
                    PURPOSES.len() - 1
                };
                self.purpose = (self.purpose + step) % PURPOSES.len();
            }
            Message::Command(Command::Confirm) | Message::Enter => return self.enter(),
            Message::Command(_) => {}
        }
        Action::None
    }

    fn go(&mut self, step: usize) -> Action {
        let at = PLACES.iter().position(|place| *place == self.place).unwrap_or_default();
        self.place = PLACES[(at + step) % PLACES.len()];
        Action::Run(widget::operation::focus(match self.place {
            Place::User => USER,
            Place::Password => PASSWORD,
            Place::Purpose | Place::Enter => "nowhere",
        }))
    }

    fn enter(&mut self) -> Action {
        if self.waiting {
            return Action::None;
        }
        if self.user.trim().is_empty() || self.password.expose_secret().is_empty() {
            self.error = Some(fl!("sign-in-incomplete"));
            return Action::None;
        }
        self.waiting = true;
        self.error = None;
        Action::SignIn {
            user: self.user.trim().to_owned(),
            password: std::mem::take(&mut self.password),
            purpose: PURPOSES[self.purpose],
        }
    }

    /// The screen.
    pub fn view(&self) -> Element<'_, Message> {
        let title = row![
            icon(Icon::Camera, theme::TITLE).color(theme::ACCENT),
            text("Vedetta").size(theme::TITLE)
        ]
        .spacing(12);
        let password = self.password.expose_secret();
        let fields = column![
            field(
                fl!("sign-in-user"),
                USER,
                &self.user,
                false,
                Message::User,
                Message::Enter
            ),
            field(
                fl!("sign-in-password"),
                PASSWORD,
                password,
                true,
                |p| Message::Password(p.into()),
                Message::Enter
            ),
        ]
        .spacing(12);
        let choice = |(index, purpose): (usize, Purpose)| {
            let chosen = index == self.purpose;
            let sign = if chosen { "●" } else { "○" };
            let line = row![
                text(sign).color(if chosen { theme::ACCENT } else { theme::QUIET }),
                text(words::purpose(purpose))
            ];
            mouse_area(
                container(line.spacing(10))
                    .padding([4, 8])
                    .width(Fill)
                    .style(theme::row(chosen)),
            )
            .on_press(Message::Purpose(index))
            .interaction(iced::mouse::Interaction::Pointer)
            .into()
        };
        let purposes = column(PURPOSES.into_iter().enumerate().map(choice)).spacing(2);
        let purposes = container(purposes)
            .padding(4)
            .style(theme::area(self.place == Place::Purpose));
        let label = if self.waiting {
            fl!("sign-in-waiting")
        } else {
            fl!("sign-in-enter")
        };
        let enter = button(text(label).width(Fill).center())
            .padding(11)
            .width(Fill)
            .style(theme::primary(self.place == Place::Enter))
            .on_press_maybe((!self.waiting).then_some(Message::Enter));
        let mut card = column![
            title,
            fields,
            column![quiet(fl!("sign-in-purpose")), purposes].spacing(4),
            enter
        ];
        if let Some(error) = &self.error {
            card = card.push(labelled(Icon::Warning, error.as_str(), Tone::Attention));
        }
        card = card.push(quiet(self.standing.clone().unwrap_or_else(|| fl!("sign-in-recorded"))));
        let card = container(card.spacing(16)).padding(28).width(520).style(theme::card);
        container(scrollable(container(card).center_x(Fill).padding(16)).style(theme::scroll))
            .center(Fill)
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed() -> SignIn {
        let (mut screen, _) = SignIn::new(None);
        screen.update(Message::User(" neri ".into()));
        screen.update(Message::Password("segreta".into()));
        screen
    }

    #[test]
    fn the_password_leaves_the_field_when_it_is_handed_over() {
        let mut screen = typed();
        let Action::SignIn { user, purpose, .. } = screen.update(Message::Enter) else {
            panic!("nothing was asked")
        };
        assert_eq!((user.as_str(), purpose), ("neri", Purpose::UrbanSecurity));
        assert!(screen.password.expose_secret().is_empty());
        assert!(matches!(screen.update(Message::Enter), Action::None), "asked twice");
    }

    #[test]
    fn everything_is_reached_by_the_keyboard() {
        let mut screen = typed();
        for expected in [
            Place::Purpose,
            Place::Enter,
            Place::User,
            Place::Password,
            Place::Purpose,
        ] {
            screen.update(Message::Command(Command::Next));
            assert_eq!(screen.place, expected);
        }
        screen.update(Message::Command(Command::Arrow(Direction::Down)));
        let Action::SignIn { purpose, .. } = screen.update(Message::Command(Command::Confirm)) else {
            panic!("not asked")
        };
        assert_eq!(purpose, PURPOSES[1]);
    }

    #[test]
    fn an_empty_field_is_said_and_not_sent() {
        let (mut screen, _) = SignIn::new(None);
        assert!(matches!(screen.update(Message::Enter), Action::None));
        assert!(screen.error().is_some());
    }
}
