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
use crate::station::{Claim, SignInError};
use iced::widget::{button, column, container, mouse_area, row, scrollable, text};
use iced::{Element, Fill, Task, widget};
use secrecy::{ExposeSecret, SecretString};

const USER: &str = "sign-in-user";
const PASSWORD: &str = "sign-in-password";
const CODE: &str = "sign-in-code";
const NEW: &str = "sign-in-new";
const AGAIN: &str = "sign-in-again";

/// Where the keyboard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    User,
    Password,
    Code,
    Purpose,
    New,
    Again,
    Enter,
}

const PLACES: [Place; 5] = [Place::User, Place::Password, Place::Code, Place::Purpose, Place::Enter];
/// While another password is chosen.
const PLACES_OF_CHANGE: [Place; 6] = [
    Place::User,
    Place::Password,
    Place::Code,
    Place::New,
    Place::Again,
    Place::Enter,
];

/// Another password, typed twice.
#[derive(Default)]
struct Change {
    new: SecretString,
    again: SecretString,
}

/// The screen.
pub struct SignIn {
    user: String,
    password: SecretString,
    code: SecretString,
    /// The account must choose another password first.
    change: Option<Change>,
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
    Code(SecretString),
    New(SecretString),
    Again(SecretString),
    /// Another password was chosen, or not.
    Changed(Result<(), SignInError>),
    Purpose(usize),
    Command(Command),
    Enter,
}

/// What the parent does next.
pub enum Action {
    None,
    Run(Task<Message>),
    SignIn { claim: Claim, purpose: Purpose },
    ChoosePassword { claim: Claim, new: SecretString },
}

impl SignIn {
    /// The empty screen with an optional sentence that stays on it.
    pub fn new(standing: Option<String>) -> (SignIn, Task<Message>) {
        let screen = SignIn {
            user: String::new(),
            password: SecretString::default(),
            code: SecretString::default(),
            change: None,
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
        if *error == SignInError::MustChoosePassword {
            self.change = Some(Change::default());
        }
        self.error = Some(words::sign_in(error));
    }

    /// Says why the person is here again.
    pub fn tell(&mut self, sentence: String) {
        self.error = Some(sentence);
    }

    fn places(&self) -> &'static [Place] {
        match self.change {
            Some(_) => &PLACES_OF_CHANGE,
            None => &PLACES,
        }
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
            Message::Code(code) => (self.code, self.place) = (code, Place::Code),
            Message::New(new) => {
                self.place = Place::New;
                self.change.get_or_insert_default().new = new;
            }
            Message::Again(again) => {
                self.place = Place::Again;
                self.change.get_or_insert_default().again = again;
            }
            Message::Changed(Ok(())) => {
                (self.waiting, self.change, self.place) = (false, None, Place::Password);
                self.error = Some(fl!("sign-in-changed"));
                return Action::Run(widget::operation::focus(PASSWORD));
            }
            Message::Changed(Err(why)) => self.failed(&why),
            Message::Purpose(purpose) => {
                self.purpose = purpose.min(PURPOSES.len() - 1);
                self.place = Place::Purpose;
            }
            Message::Command(Command::Next) => return self.go(1),
            Message::Command(Command::Previous) => return self.go(self.places().len() - 1),
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
        let places = self.places();
        let at = places.iter().position(|place| *place == self.place).unwrap_or_default();
        self.place = places[(at + step) % places.len()];
        Action::Run(widget::operation::focus(match self.place {
            Place::User => USER,
            Place::Password => PASSWORD,
            Place::Code => CODE,
            Place::New => NEW,
            Place::Again => AGAIN,
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
        if let Some(change) = &self.change
            && change.new.expose_secret() != change.again.expose_secret()
        {
            self.error = Some(fl!("sign-in-differ"));
            return Action::None;
        }
        self.waiting = true;
        self.error = None;
        let code = std::mem::take(&mut self.code);
        let claim = Claim {
            user: self.user.trim().to_owned(),
            password: std::mem::take(&mut self.password),
            code: (!code.expose_secret().trim().is_empty()).then_some(code),
        };
        match self.change.as_mut().map(std::mem::take) {
            Some(Change { new, .. }) => Action::ChoosePassword { claim, new },
            None => Action::SignIn {
                claim,
                purpose: PURPOSES[self.purpose],
            },
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
            field(
                fl!("sign-in-code"),
                CODE,
                self.code.expose_secret(),
                false,
                |code| Message::Code(code.into()),
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
        } else if self.change.is_some() {
            fl!("sign-in-change")
        } else {
            fl!("sign-in-enter")
        };
        let enter = button(text(label).width(Fill).center())
            .padding(11)
            .width(Fill)
            .style(theme::primary(self.place == Place::Enter))
            .on_press_maybe((!self.waiting).then_some(Message::Enter));
        let below: Element<'_, Message> = match &self.change {
            Some(change) => change_fields(change),
            None => column![quiet(fl!("sign-in-purpose")), purposes].spacing(4).into(),
        };
        let mut card = column![title, fields, below, enter];
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

fn change_fields(change: &Change) -> Element<'_, Message> {
    let new = field(
        fl!("sign-in-new-password"),
        NEW,
        change.new.expose_secret(),
        true,
        |text| Message::New(text.into()),
        Message::Enter,
    );
    let again = field(
        fl!("sign-in-new-again"),
        AGAIN,
        change.again.expose_secret(),
        true,
        |text| Message::Again(text.into()),
        Message::Enter,
    );
    column![new, again].spacing(12).into()
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
        let Action::SignIn { claim, purpose } = screen.update(Message::Enter) else {
            panic!("nothing was asked")
        };
        assert_eq!((claim.user.as_str(), purpose), ("neri", Purpose::UrbanSecurity));
        assert!(claim.code.is_none());
        assert!(screen.password.expose_secret().is_empty());
        assert!(matches!(screen.update(Message::Enter), Action::None), "asked twice");
    }

    #[test]
    fn everything_is_reached_by_the_keyboard() {
        let mut screen = typed();
        for expected in [
            Place::Code,
            Place::Purpose,
            Place::Enter,
            Place::User,
            Place::Password,
            Place::Code,
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
    fn r_acc_3_a_password_that_is_too_old_is_changed_here() {
        let mut screen = typed();
        screen.failed(&SignInError::MustChoosePassword);
        screen.update(Message::New("cavallo-di-ferro".into()));
        screen.update(Message::Again("cavallo-di-legno".into()));
        assert!(
            matches!(screen.update(Message::Enter), Action::None),
            "typed differently"
        );
        screen.update(Message::Again("cavallo-di-ferro".into()));
        let Action::ChoosePassword { new, .. } = screen.update(Message::Enter) else {
            panic!("not asked")
        };
        assert_eq!(new.expose_secret(), "cavallo-di-ferro");
        screen.update(Message::Changed(Ok(())));
        assert!(screen.change.is_none() && !screen.waiting);
    }

    #[test]
    fn an_empty_field_is_said_and_not_sent() {
        let (mut screen, _) = SignIn::new(None);
        assert!(matches!(screen.update(Message::Enter), Action::None));
        assert!(screen.error().is_some());
    }
}
