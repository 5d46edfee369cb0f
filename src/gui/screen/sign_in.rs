//! Signing in: user, password, purpose with its protocol number and note.
//!
//! Invariant: the password is wiped from the field as soon as it is handed over, and is never in `Debug` output; what is typed
//! while the cursor is still on its way to the next field belongs there, so that a password is never read in a name.
//! Deliberately absent: asking the server (the parent does).

use crate::domain::people::Purpose;
use crate::domain::people::stated_purpose::Stated;
use crate::gui::i18n::fl;
use crate::gui::icons::{Icon, icon};
use crate::gui::input::{Command, Direction};
use crate::gui::sentences::{self, PURPOSES};
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{field, labelled, quiet};
use crate::gui::ui::takeover_request::{self, TakeoverRequest};
use crate::station::{AskStep, AskTicket, Claim, SignInError};
use iced::widget::{Column, button, column, container, mouse_area, responsive, row, scrollable, text};
use iced::{Element, Fill, Size, Task, widget};
use secrecy::{ExposeSecret, SecretString};

const USER: &str = "sign-in-user";
const PASSWORD: &str = "sign-in-password";
const CODE: &str = "sign-in-code";
const NEW: &str = "sign-in-new";
const AGAIN: &str = "sign-in-again";
const PROTOCOL: &str = "sign-in-protocol";
const NOTE: &str = "sign-in-note";
/// A card narrower than this has everything in one column, logical pixels.
const TWO_COLUMNS: f32 = 900.0;

/// Where the keyboard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    User,
    Password,
    Code,
    Purpose,
    ProtocolNo,
    Note,
    New,
    Again,
    Enter,
}

const PLACES: [Place; 7] = [
    Place::User,
    Place::Password,
    Place::Code,
    Place::Purpose,
    Place::ProtocolNo,
    Place::Note,
    Place::Enter,
];
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
    protocol_no: String,
    note: String,
    /// The account is active at another workstation.
    elsewhere: Option<TakeoverRequest>,
    place: Place,
    /// How many times the cursor was sent somewhere and is not there yet.
    on_the_way: usize,
    /// What the field that the cursor has not left yet held last, as far as it does not belong there.
    astray: SecretString,
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
    ProtocolNo(String),
    Note(String),
    Elsewhere(takeover_request::Message),
    Command(Command),
    Enter,
    /// The cursor is where it was sent.
    Arrived,
}

/// What the parent does next.
pub enum Action {
    None,
    Run(Task<Message>),
    SignIn {
        claim: Claim,
        stated: Stated,
    },
    /// A step of asking for an account that is active elsewhere.
    Ask {
        ticket: AskTicket,
        step: AskStep,
    },
    ChoosePassword {
        claim: Claim,
        new: SecretString,
    },
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
            protocol_no: String::new(),
            note: String::new(),
            elsewhere: None,
            place: Place::User,
            on_the_way: 0,
            astray: SecretString::default(),
            waiting: false,
            error: None,
            standing,
        };
        (screen, widget::operation::focus(USER))
    }

    /// The server or the station said no.
    pub fn failed(&mut self, error: &SignInError) -> Action {
        self.waiting = false;
        self.error = Some(sentences::sign_in(error));
        match error {
            SignInError::MustChoosePassword => self.change = Some(Change::default()),
            SignInError::ActiveElsewhere(Some(ticket)) => {
                let (elsewhere, first) = TakeoverRequest::new(ticket.clone());
                (self.elsewhere, self.error) = (Some(elsewhere), None);
                return self.asked(first);
            }
            _ => {}
        }
        // What was typed as password is gone, so the next try begins there.
        self.send_cursor(Place::Password)
    }

    /// Does what asking for the account wants.
    fn asked(&mut self, action: takeover_request::Action) -> Action {
        match action {
            takeover_request::Action::None => Action::None,
            takeover_request::Action::Step(ticket, step) => Action::Ask { ticket, step },
            takeover_request::Action::GiveUp(ticket) => {
                self.elsewhere = None;
                let step = AskStep::GiveUp;
                Action::Ask { ticket, step }
            }
            takeover_request::Action::Over(error) => {
                (self.elsewhere, self.error) = (None, error);
                self.send_cursor(Place::Password)
            }
        }
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
            Message::User(text) => self.typed(Place::User, &text),
            Message::Password(text) => self.typed(Place::Password, text.expose_secret()),
            Message::Code(text) => self.typed(Place::Code, text.expose_secret()),
            Message::New(text) => self.typed(Place::New, text.expose_secret()),
            Message::Again(text) => self.typed(Place::Again, text.expose_secret()),
            Message::ProtocolNo(text) => self.typed(Place::ProtocolNo, &text),
            Message::Note(text) => self.typed(Place::Note, &text),
            Message::Arrived => {
                self.on_the_way = self.on_the_way.saturating_sub(1);
                self.astray = SecretString::default();
            }
            Message::Changed(Ok(())) => {
                (self.waiting, self.change) = (false, None);
                self.error = Some(fl!("sign-in-changed"));
                return self.send_cursor(Place::Password);
            }
            Message::Changed(Err(why)) => return self.failed(&why),
            Message::Elsewhere(message) => {
                let action = self.elsewhere.as_mut().map(|elsewhere| elsewhere.update(message));
                return action.map_or(Action::None, |action| self.asked(action));
            }
            Message::Command(command) if self.elsewhere.is_some() => {
                return self.update(Message::Elsewhere(TakeoverRequest::command(command)));
            }
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
        self.send_cursor(places[(at + step) % places.len()])
    }

    fn send_cursor(&mut self, place: Place) -> Action {
        self.place = place;
        self.on_the_way += 1;
        self.astray = SecretString::default();
        let focus = widget::operation::focus(match place {
            Place::User => USER,
            Place::Password => PASSWORD,
            Place::Code => CODE,
            Place::New => NEW,
            Place::Again => AGAIN,
            Place::ProtocolNo => PROTOCOL,
            Place::Note => NOTE,
            Place::Purpose | Place::Enter => "nowhere",
        });
        Action::Run(focus.chain(Task::done(Message::Arrived)))
    }

    /// The field at `from` holds `text` now.
    fn typed(&mut self, from: Place, text: &str) {
        if self.on_the_way == 0 || from == self.place {
            (self.place, self.on_the_way) = (from, 0);
            return self.put(from, text);
        }
        let longer = |than: &str| text.strip_prefix(than).filter(|added| !added.is_empty());
        let kept = self.text(from);
        let astray = Some(self.astray.expose_secret()).filter(|astray| !astray.is_empty());
        if let Some(added) = astray.and_then(longer).or_else(|| longer(kept)) {
            let whole = SecretString::from(format!("{}{added}", self.text(self.place)));
            self.put(self.place, whole.expose_secret());
            self.astray = text.into();
        }
    }

    /// What the field at a place holds.
    fn text(&self, place: Place) -> &str {
        let change = self.change.as_ref();
        match place {
            Place::User => &self.user,
            Place::Password => self.password.expose_secret(),
            Place::Code => self.code.expose_secret(),
            Place::New => change.map_or("", |change| change.new.expose_secret()),
            Place::Again => change.map_or("", |change| change.again.expose_secret()),
            Place::ProtocolNo => &self.protocol_no,
            Place::Note => &self.note,
            Place::Purpose | Place::Enter => "",
        }
    }

    fn put(&mut self, place: Place, text: &str) {
        match place {
            Place::User => self.user = text.to_owned(),
            Place::Password => self.password = text.into(),
            Place::Code => self.code = text.into(),
            Place::New => self.change.get_or_insert_default().new = text.into(),
            Place::Again => self.change.get_or_insert_default().again = text.into(),
            Place::ProtocolNo => self.protocol_no = text.to_owned(),
            Place::Note => self.note = text.to_owned(),
            Place::Purpose | Place::Enter => {}
        }
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
        let purpose = PURPOSES[self.purpose];
        let Ok(stated) = Stated::new(purpose, &self.note, &self.protocol_no) else {
            self.error = Some(fl!("sign-in-no-protocol"));
            return self.send_cursor(Place::ProtocolNo);
        };
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
            None => Action::SignIn { claim, stated },
        }
    }

    /// The screen.
    pub fn view(&self) -> Element<'_, Message> {
        let card = move |size: Size| {
            let wide = size.width >= TWO_COLUMNS && self.elsewhere.is_none();
            let card = container(self.card(wide)).padding(28).style(theme::card);
            let card = card.width(if wide { 860 } else { 520 });
            container(scrollable(container(card).center_x(Fill).padding(16)).style(theme::scroll))
                .center(Fill)
                .into()
        };
        responsive(card).into()
    }

    fn card(&self, wide: bool) -> Column<'_, Message> {
        let title = row![
            icon(Icon::Camera, theme::TITLE).color(theme::ACCENT),
            text("Vedetta").size(theme::TITLE)
        ]
        .spacing(12);
        let mut card = column![title].spacing(16);
        if let Some(elsewhere) = &self.elsewhere {
            return card.push(elsewhere.view().map(Message::Elsewhere));
        }
        let who = self.who();
        let second: Element<'_, Message> = match &self.change {
            Some(change) => change_fields(change),
            None => self.why(),
        };
        card = if wide {
            let below = column![who, self.enter_button()].spacing(16);
            card.push(row![below, second].spacing(28))
        } else {
            card.push(who).push(second).push(self.enter_button())
        };
        if let Some(error) = &self.error {
            card = card.push(labelled(Icon::Warning, error.as_str(), Tone::Attention));
        }
        card.push(quiet(self.standing.clone().unwrap_or_else(|| fl!("sign-in-recorded"))))
    }

    /// Who it is.
    fn who(&self) -> Element<'_, Message> {
        let password = self.password.expose_secret();
        column![
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
        .spacing(12)
        .width(Fill)
        .into()
    }

    /// For which purpose.
    fn why(&self) -> Element<'_, Message> {
        let choice = |(index, purpose): (usize, Purpose)| {
            let chosen = index == self.purpose;
            let sign = if chosen { "●" } else { "○" };
            let line = row![
                text(sign).color(if chosen { theme::ACCENT } else { theme::QUIET }),
                text(sentences::purpose(purpose))
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
        let number = if PURPOSES[self.purpose].needs_protocol_no() {
            fl!("sign-in-protocol-needed")
        } else {
            fl!("sign-in-protocol")
        };
        let more = row![
            field(
                number,
                PROTOCOL,
                &self.protocol_no,
                false,
                Message::ProtocolNo,
                Message::Enter
            ),
            field(
                fl!("sign-in-note"),
                NOTE,
                &self.note,
                false,
                Message::Note,
                Message::Enter
            ),
        ];
        column![
            column![quiet(fl!("sign-in-purpose")), purposes].spacing(4),
            more.spacing(12)
        ]
        .spacing(12)
        .width(Fill)
        .into()
    }

    fn enter_button(&self) -> Element<'_, Message> {
        let label = if self.waiting {
            fl!("sign-in-waiting")
        } else if self.change.is_some() {
            fl!("sign-in-change")
        } else {
            fl!("sign-in-enter")
        };
        button(text(label).width(Fill).center())
            .padding(11)
            .width(Fill)
            .style(theme::primary(self.place == Place::Enter))
            .on_press_maybe((!self.waiting).then_some(Message::Enter))
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
    column![new, again].spacing(12).width(Fill).into()
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
        let Action::SignIn { claim, stated } = screen.update(Message::Enter) else {
            panic!("nothing was asked")
        };
        assert_eq!((claim.user.as_str(), stated), ("neri", Stated::default()));
        assert!(claim.code.is_none());
        assert!(screen.password.expose_secret().is_empty());
        assert!(matches!(screen.update(Message::Enter), Action::None), "asked twice");
    }

    #[test]
    fn what_is_typed_before_the_cursor_arrives_belongs_where_it_goes() {
        let (mut screen, _) = SignIn::new(None);
        screen.update(Message::User("neri".into()));
        screen.update(Message::Command(Command::Next));
        // Two keys before the screen is built anew, one after.
        for seen in ["neris", "neriseg", "nerir"] {
            screen.update(Message::User(seen.into()));
        }
        assert_eq!(
            (screen.user.as_str(), screen.password.expose_secret()),
            ("neri", "segr")
        );
        screen.update(Message::Arrived);
        screen.update(Message::Password("segret".into()));
        assert_eq!(
            (screen.user.as_str(), screen.password.expose_secret()),
            ("neri", "segret")
        );
        // By mouse, back in the first field.
        screen.update(Message::User("nerini".into()));
        assert_eq!((screen.user.as_str(), screen.place), ("nerini", Place::User));
        // On the way to the button there is nothing to type.
        for _ in 0..PLACES.len() - 1 {
            screen.update(Message::Command(Command::Next));
        }
        assert_eq!(screen.place, Place::Enter);
        screen.update(Message::Note("x".into()));
        assert_eq!(screen.note, "");
    }

    #[test]
    fn after_a_refusal_the_next_try_begins_at_the_password() {
        let mut screen = typed();
        screen.update(Message::Code("123456".into()));
        assert!(matches!(screen.update(Message::Enter), Action::SignIn { .. }));
        assert!(matches!(screen.failed(&SignInError::SecondFactor), Action::Run(_)));
        assert_eq!(screen.place, Place::Password);
    }

    #[test]
    fn everything_is_reached_by_the_keyboard() {
        let mut screen = typed();
        for expected in [
            Place::Code,
            Place::Purpose,
            Place::ProtocolNo,
            Place::Note,
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
        let Action::SignIn { stated, .. } = screen.update(Message::Command(Command::Confirm)) else {
            panic!("not asked")
        };
        assert_eq!(stated.purpose(), PURPOSES[1]);
    }

    #[test]
    fn a_delegated_purpose_is_not_entered_without_its_protocol_number() {
        let mut screen = typed();
        screen.update(Message::Purpose(sentences::place_of(Purpose::JudicialPoliceDelegated)));
        screen.update(Message::Note("furti in via Roma".into()));
        assert!(
            matches!(screen.update(Message::Enter), Action::Run(_)),
            "goes to the field"
        );
        assert!(screen.error().is_some() && screen.place == Place::ProtocolNo);
        screen.update(Message::ProtocolNo("1402/2026".into()));
        let Action::SignIn { stated, .. } = screen.update(Message::Enter) else {
            panic!("not asked")
        };
        assert_eq!(
            (stated.protocol_no(), stated.note()),
            ("1402/2026", "furti in via Roma")
        );
    }

    #[test]
    fn r_acc_1_an_account_that_is_active_elsewhere_is_asked_for_and_escape_gives_up() {
        let mut screen = typed();
        screen.update(Message::Enter);
        let ticket = AskTicket::new(Stated::default());
        let first = screen.failed(&SignInError::ActiveElsewhere(Some(ticket)));
        assert!(matches!(
            first,
            Action::Ask {
                step: AskStep::Look,
                ..
            }
        ));
        let asked = screen.update(Message::Command(Command::Confirm));
        assert!(matches!(asked, Action::Ask { step: AskStep::Ask, .. }));
        let over = screen.update(Message::Command(Command::Back));
        assert!(matches!(
            over,
            Action::Ask {
                step: AskStep::GiveUp,
                ..
            }
        ));
        assert!(screen.elsewhere.is_none());
    }

    #[test]
    fn r_acc_3_a_password_that_is_too_old_is_changed_here() {
        let mut screen = typed();
        screen.failed(&SignInError::MustChoosePassword);
        screen.update(Message::Arrived);
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
