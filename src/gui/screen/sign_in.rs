//! Signing in: user, password, purpose with its protocol number and note.
//!
//! Invariant: the password is wiped from the field as soon as it is handed over, and is never in `Debug` output; it is never
//! read in another field, since Tab moves the cursor before the next key is looked at; the field of the authenticator's code is
//! there only once the server asked for one.
//! Deliberately absent: asking the server (the parent does).

mod view;

use crate::domain::people::stated_purpose::Stated;
use crate::domain::refusal::RefusalKind;
use crate::gui::i18n::fl;
use crate::gui::input::Command;
use crate::gui::scene::SignInFields;
use crate::gui::sentences::{self, PURPOSES};
use crate::gui::ui::takeover_request::{self, TakeoverRequest};
use crate::gui::widget::focus_scope::{self, Stop};
use crate::station::{AskStep, AskTicket, Claim, SignInError};
use secrecy::{ExposeSecret, SecretString};

const USER: &str = "sign-in-user";
const PASSWORD: &str = "sign-in-password";
const CODE: &str = "sign-in-code";
const NEW: &str = "sign-in-new";
const AGAIN: &str = "sign-in-again";
const PROTOCOL: &str = "sign-in-protocol";
const NOTE: &str = "sign-in-note";

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

impl Place {
    fn stop(self) -> Stop {
        Stop::Field(match self {
            Place::User => USER.into(),
            Place::Password => PASSWORD.into(),
            Place::Code => CODE.into(),
            Place::New => NEW.into(),
            Place::Again => AGAIN.into(),
            Place::ProtocolNo => PROTOCOL.into(),
            Place::Note => NOTE.into(),
            Place::Purpose => return Stop::Choice,
            Place::Enter => return Stop::Button,
        })
    }
}

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
    /// The server asked for the code of an authenticator.
    asks_code: bool,
    /// The account must choose another password first.
    change: Option<Change>,
    purpose: usize,
    protocol_no: String,
    note: String,
    /// The account is active at another workstation.
    elsewhere: Option<TakeoverRequest>,
    place: Place,
    /// Handed over, no answer yet.
    waiting: bool,
    error: Option<String>,
    /// A sentence that stays: less safe secrets, for example.
    standing: Option<String>,
    /// What is wrong with this machine's clock.
    clock: Option<String>,
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
    /// The field of the n-th place was clicked.
    Clicked(usize),
}

/// What the parent does next.
pub enum Action {
    None,
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
    pub fn new(standing: Option<String>) -> SignIn {
        SignIn {
            user: String::new(),
            password: SecretString::default(),
            code: SecretString::default(),
            asks_code: false,
            change: None,
            purpose: 0,
            protocol_no: String::new(),
            note: String::new(),
            elsewhere: None,
            place: Place::User,
            waiting: false,
            error: None,
            standing,
            clock: None,
        }
    }

    /// The server or the station said no.
    pub fn failed(&mut self, error: &SignInError) -> Action {
        self.waiting = false;
        self.error = Some(sentences::sign_in(error));
        match error {
            why if why.is(&RefusalKind::MustChoosePassword) => self.change = Some(Change::default()),
            why if why.is(&RefusalKind::SecondFactor) => self.asks_code = true,
            SignInError::ActiveElsewhere(Some(ticket)) => {
                let (elsewhere, first) = TakeoverRequest::new(ticket.clone());
                (self.elsewhere, self.error) = (Some(elsewhere), None);
                return self.asked(first);
            }
            _ => {}
        }
        // What was typed as password is gone, so the next try begins there.
        self.place = Place::Password;
        Action::None
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
                self.place = Place::Password;
                Action::None
            }
        }
    }

    /// Says why the person is here again.
    pub fn tell(&mut self, sentence: String) {
        self.error = Some(sentence);
    }

    /// Says what is wrong with this machine's clock, or no more.
    pub fn tell_clock(&mut self, sentence: Option<String>) {
        self.clock = sentence;
    }

    /// The places of the keyboard, in its order.
    fn places(&self) -> Vec<Place> {
        let mut places = vec![Place::User, Place::Password];
        if self.asks_code {
            places.push(Place::Code);
        }
        places.extend_from_slice(match self.change {
            Some(_) => &[Place::New, Place::Again],
            None => &[Place::Purpose, Place::ProtocolNo, Place::Note],
        });
        places.push(Place::Enter);
        places
    }

    fn stops(&self) -> Vec<Stop> {
        self.places().into_iter().map(Place::stop).collect()
    }

    fn at(&self) -> usize {
        let places = self.places();
        places.iter().position(|place| *place == self.place).unwrap_or_default()
    }

    fn go_to(&mut self, at: usize) {
        self.place = self.places().get(at).copied().unwrap_or(self.place);
    }

    /// What stands in the fields, for the scripted tour.
    pub fn fields(&self) -> SignInFields {
        SignInFields {
            user: self.user.clone(),
            password: self.password.expose_secret().chars().count(),
            purpose: self.purpose,
            protocol_no: self.protocol_no.clone(),
            note: self.note.clone(),
        }
    }

    /// The sentence under the button, if there is one.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            // A key that came right after Enter must not bring back what was handed over.
            Message::Password(_) | Message::Code(_) | Message::New(_) | Message::Again(_) if self.waiting => {}
            Message::User(text) => (self.place, self.user) = (Place::User, text),
            Message::Password(text) => (self.place, self.password) = (Place::Password, text),
            Message::Code(text) => (self.place, self.code) = (Place::Code, text),
            Message::New(text) => {
                (self.place, self.change.get_or_insert_default().new) = (Place::New, text);
            }
            Message::Again(text) => {
                (self.place, self.change.get_or_insert_default().again) = (Place::Again, text);
            }
            Message::ProtocolNo(text) => (self.place, self.protocol_no) = (Place::ProtocolNo, text),
            Message::Note(text) => (self.place, self.note) = (Place::Note, text),
            Message::Clicked(at) => self.go_to(at),
            Message::Changed(Ok(())) => {
                (self.waiting, self.change) = (false, None);
                self.error = Some(fl!("sign-in-changed"));
                self.place = Place::Password;
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
            Message::Command(Command::Confirm) | Message::Enter => return self.enter(),
            Message::Command(command) => self.command(command),
        }
        Action::None
    }

    fn command(&mut self, command: Command) {
        if let (Place::Purpose, Command::Arrow(direction)) = (self.place, command) {
            let forward = focus_scope::is_forward(direction);
            let step = if forward { 1 } else { PURPOSES.len() - 1 };
            self.purpose = (self.purpose + step) % PURPOSES.len();
        }
        self.go_to(focus_scope::moved(&self.stops(), self.at(), command));
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
            self.place = Place::ProtocolNo;
            return Action::None;
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::people::Purpose;
    use crate::gui::input::Direction;
    use crate::gui::widget::typist::{Typist, click, keys};
    use iced::{Event, Point};

    fn typed() -> SignIn {
        let mut screen = SignIn::new(None);
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

    /// Types a batch at the screen, and hears what came of it.
    fn types(typist: &mut Typist, screen: &mut SignIn, batch: &[Event]) -> Vec<Action> {
        let messages = typist.batch(screen.view(), batch).messages;
        messages.into_iter().map(|message| screen.update(message)).collect()
    }

    #[test]
    fn name_tab_password_in_one_batch_are_a_name_and_a_password() {
        let (mut typist, mut screen) = (Typist::new(), SignIn::new(None));
        let mut did = types(&mut typist, &mut screen, &keys("neri⇥segreta-62⇥↓↓⇥⇥nota⇤1402/2026⏎"));
        let Some(Action::SignIn { claim, stated }) = did.pop() else {
            panic!("nothing was asked")
        };
        assert_eq!(
            (claim.user.as_str(), claim.password.expose_secret()),
            ("neri", "segreta-62")
        );
        assert_eq!(stated.purpose(), PURPOSES[2]);
        assert_eq!((stated.protocol_no(), stated.note()), ("1402/2026", "nota"));
    }

    #[test]
    fn a_password_typed_key_by_key_in_batches_of_any_length_stays_in_its_field() {
        let all = keys("comandante⇥Segreta62⇤⇥⇤⇥Segreta62!");
        for length in 1..=all.len() {
            let (mut typist, mut screen) = (Typist::new(), SignIn::new(None));
            for batch in all.chunks(length) {
                types(&mut typist, &mut screen, batch);
            }
            let password = screen.password.expose_secret();
            assert_eq!(
                (screen.user.as_str(), password),
                ("comandante", "Segreta62!"),
                "{length}"
            );
        }
    }

    #[test]
    fn keys_after_enter_do_not_bring_the_password_back() {
        let (mut typist, mut screen) = (Typist::new(), SignIn::new(None));
        types(&mut typist, &mut screen, &keys("neri⇥segreta⏎x"));
        assert!(screen.waiting && screen.password.expose_secret().is_empty());
        // The refusal comes, and the next try is typed at once.
        screen.failed(&RefusalKind::WrongCredentials.into());
        types(&mut typist, &mut screen, &keys("altra"));
        assert_eq!(
            (screen.user.as_str(), screen.password.expose_secret()),
            ("neri", "altra")
        );
    }

    #[test]
    fn r_acc_2_the_code_has_a_field_once_the_server_asked_for_it_and_is_not_shown() {
        let (mut typist, mut screen) = (Typist::new(), typed());
        assert!(!screen.places().contains(&Place::Code));
        screen.update(Message::Enter);
        screen.failed(&RefusalKind::SecondFactor.into());
        let mut did = types(&mut typist, &mut screen, &keys("segreta⇥123456⏎"));
        let Some(Action::SignIn { claim, .. }) = did.pop() else {
            panic!("nothing was asked")
        };
        assert_eq!(
            claim.code.map(|code| code.expose_secret().to_owned()).as_deref(),
            Some("123456")
        );
    }

    #[test]
    fn after_a_refusal_the_next_try_begins_at_the_password() {
        let mut screen = typed();
        screen.update(Message::Code("123456".into()));
        assert!(matches!(screen.update(Message::Enter), Action::SignIn { .. }));
        screen.failed(&RefusalKind::SecondFactor.into());
        assert_eq!(screen.place, Place::Password);
    }

    #[test]
    fn tab_goes_through_every_field_of_the_sign_in() {
        let mut screen = typed();
        screen.asks_code = true;
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
        assert!(matches!(screen.update(Message::Enter), Action::None), "not sent");
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
        screen.failed(&RefusalKind::MustChoosePassword.into());
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
    fn no_field_and_no_purpose_moves_when_something_is_said_or_a_number_is_needed() {
        // Where the keyboard is after a click at each of many points of two columns.
        let places = |said: Option<String>| {
            let mut typist = Typist::new();
            let points = [340.0, 760.0]
                .into_iter()
                .flat_map(|x| (0..96).map(move |row| (x, row)));
            let hit = points.map(|(x, row)| {
                let mut screen = SignIn::new(None);
                if let Some(sentence) = said.clone() {
                    screen.purpose = sentences::place_of(Purpose::JudicialPoliceDelegated);
                    screen.tell(sentence);
                }
                typist.point(Point::new(x, 8.0 * row as f32));
                for message in typist.batch(screen.view(), &click()).messages {
                    screen.update(message);
                }
                screen.place
            });
            hit.collect::<Vec<_>>()
        };
        let before = places(None);
        for place in [Place::Password, Place::Purpose, Place::ProtocolNo] {
            assert!(before.contains(&place), "{place:?} was never hit");
        }
        let longest = fl!("clock-behind", now = "30/11/2026 08:08:12 CET", by = "90 min");
        assert_eq!(places(Some(longest)), before);
    }

    #[test]
    fn an_empty_field_is_said_and_not_sent() {
        let mut screen = SignIn::new(None);
        assert!(matches!(screen.update(Message::Enter), Action::None));
        assert!(screen.error().is_some());
    }
}
