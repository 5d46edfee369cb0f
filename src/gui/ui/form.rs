//! The form of a dialogue: fields, choices and buttons in the order of the keyboard, what is wrong, and whether an answer
//! is awaited.
//!
//! Tab goes through the parts, arrows turn a choice or go between buttons, Enter in a field or a choice presses the next
//! button after it, Esc closes. Invariant: while an answer is awaited nothing is pressed a second time; every part that can
//! be clicked is reached by the keyboard; what is typed after Tab lands in the part that Tab went to, however fast. Deliberately absent: what a button does, where the parts stand (the dialogue);
//! passwords, which are not kept as plain text.

use crate::gui::icons::Icon;
use crate::gui::input::{Command, Direction, fixed_key};
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, body, field, labelled, quiet};
use crate::gui::widget::focus_scope::{self, FocusScope, Stop};
use iced::alignment::Vertical;
use iced::widget::{Button, Column, Row, Space, button, column, container, row, text};
use iced::{Element, Fill, Task, widget};

/// Height of one line with its sign, logical pixels.
const LINE: f32 = theme::BODY * 1.3;

/// What the parent of a dialogue does next.
pub enum Next<M, D = ()> {
    None,
    Run(Task<M>),
    Close,
    /// The form did what it was opened for, and closes.
    Done(D),
}

impl<M: Send + 'static, D> Next<M, D> {
    /// Wraps the messages of the step in another message.
    pub fn map<N: Send + 'static>(self, wrap: impl Fn(M) -> N + Send + 'static) -> Next<N, D> {
        match self {
            Self::None => Next::None,
            Self::Run(task) => Next::Run(task.map(wrap)),
            Self::Close => Next::Close,
            Self::Done(done) => Next::Done(done),
        }
    }
}

/// What happens in a form whose parts are named by `P`.
#[derive(Debug, Clone)]
pub enum Message<P> {
    Typed(P, String),
    /// The n-th words of a choice.
    Chosen(P, usize),
    Pressed(P),
    /// Enter in a field.
    Entered(P),
    /// The field of the n-th part was clicked.
    Clicked(usize),
    Command(Command),
}

/// What came of it.
pub enum Step<P, D = ()> {
    /// A button was pressed.
    Pressed(P),
    Next(Next<Message<P>, D>),
}

enum Kind {
    Field {
        id: widget::Id,
        typed: String,
    },
    Choice {
        words: Vec<String>,
        chosen: usize,
    },
    Button {
        icon: Icon,
        /// A key of its own, written beside the words; Enter is written where it presses the button.
        key: Option<String>,
    },
}

struct Part<P> {
    place: P,
    label: String,
    kind: Kind,
}

/// The form.
pub struct Form<P> {
    parts: Vec<Part<P>>,
    at: usize,
    waiting: bool,
    error: Option<String>,
}

impl<P> Default for Form<P> {
    fn default() -> Self {
        Self {
            parts: Vec::new(),
            at: 0,
            waiting: false,
            error: None,
        }
    }
}

impl<P: Copy + PartialEq + Send + 'static> Form<P> {
    fn with(mut self, place: P, label: String, kind: Kind) -> Self {
        self.parts.push(Part { place, label, kind });
        self
    }

    /// With a field that has something typed already.
    pub fn field(self, place: P, label: String, typed: impl Into<String>) -> Self {
        let kind = Kind::Field {
            id: widget::Id::unique(),
            typed: typed.into(),
        };
        self.with(place, label, kind)
    }

    /// With a choice between words, the `chosen` ones shown.
    pub fn choice(self, place: P, label: String, words: impl Into<Vec<String>>, chosen: usize) -> Self {
        let words = words.into();
        self.with(place, label, Kind::Choice { words, chosen })
    }

    /// With a button; Enter presses it in the fields and choices just before it.
    pub fn button(self, place: P, icon: Icon, words: String) -> Self {
        self.with(place, words, Kind::Button { icon, key: None })
    }

    /// With a button that has a key of its own.
    pub fn keyed(self, place: P, icon: Icon, words: String, key: Option<String>) -> Self {
        self.with(place, words, Kind::Button { icon, key })
    }

    /// With the keyboard at this part.
    pub fn at(mut self, place: P) -> Self {
        self.go_to(place);
        self
    }

    /// Moves the keyboard.
    pub fn go_to(&mut self, place: P) {
        self.at = self.index(place).unwrap_or(self.at);
    }

    fn index(&self, place: P) -> Option<usize> {
        self.parts.iter().position(|part| part.place == place)
    }

    /// Where the keyboard is; nowhere in a form without parts.
    pub fn place(&self) -> Option<P> {
        self.parts.get(self.at).map(|part| part.place)
    }

    /// Whether there is such a part.
    pub fn has(&self, place: P) -> bool {
        self.index(place).is_some()
    }

    /// What stands in a field.
    pub fn typed(&self, place: P) -> &str {
        match self.part(place) {
            Some(Kind::Field { typed, .. }) => typed,
            _ => "",
        }
    }

    /// Which words of a choice are shown.
    pub fn chosen(&self, place: P) -> usize {
        match self.part(place) {
            Some(Kind::Choice { chosen, .. }) => *chosen,
            _ => 0,
        }
    }

    fn part(&self, place: P) -> Option<&Kind> {
        self.parts
            .iter()
            .find(|part| part.place == place)
            .map(|part| &part.kind)
    }

    fn part_mut(&mut self, place: P) -> Option<&mut Kind> {
        let found = self.parts.iter_mut().find(|part| part.place == place);
        found.map(|part| &mut part.kind)
    }

    /// Writes into a field.
    pub fn write(&mut self, place: P, words: String) {
        if let Some(Kind::Field { typed, .. }) = self.part_mut(place) {
            *typed = words;
        }
    }

    fn choose(&mut self, place: P, at: usize) {
        if let Some(Kind::Choice { words, chosen }) = self.part_mut(place) {
            *chosen = at % words.len().max(1);
        }
    }

    fn stops(&self) -> Vec<Stop> {
        let stop = |part: &Part<P>| match &part.kind {
            Kind::Field { id, .. } => Stop::Field(id.clone()),
            Kind::Choice { .. } => Stop::Choice,
            Kind::Button { .. } => Stop::Button,
        };
        self.parts.iter().map(stop).collect()
    }

    /// The dialogue with its parts: what is typed there goes to them, in the order in which it was typed.
    pub fn scope<'a>(&'a self, dialogue: impl Into<Element<'a, Message<P>>>) -> Element<'a, Message<P>> {
        FocusScope::new(
            dialogue,
            self.stops(),
            Some(self.at),
            Message::Command,
            Message::Clicked,
        )
        .into()
    }

    /// An answer is awaited.
    pub fn wait(&mut self) {
        (self.waiting, self.error) = (true, None);
    }

    /// The answer came, and all is well so far.
    pub fn answered(&mut self) {
        (self.waiting, self.error) = (false, None);
    }

    /// Says what is wrong.
    pub fn fail(&mut self, error: String) {
        (self.waiting, self.error) = (false, Some(error));
    }

    /// What is wrong, if something is.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Changes the state and says what follows.
    pub fn update<D>(&mut self, message: Message<P>) -> Step<P, D> {
        match message {
            Message::Typed(place, typed) => {
                self.go_to(place);
                self.write(place, typed);
            }
            Message::Chosen(place, at) => {
                self.go_to(place);
                self.choose(place, at);
            }
            Message::Pressed(place) | Message::Entered(place) => return self.press(self.index(place)),
            Message::Clicked(at) => self.at = at,
            Message::Command(Command::Back) => return Step::Next(Next::Close),
            Message::Command(Command::Confirm) => return self.press(Some(self.at)),
            Message::Command(command) => {
                self.turn(command);
                self.at = focus_scope::moved(&self.stops(), self.at, command);
            }
        }
        Step::Next(Next::None)
    }

    /// An arrow turns the choice where the keyboard is.
    fn turn(&mut self, command: Command) {
        let here = self.parts.get_mut(self.at).map(|part| &mut part.kind);
        if let (Some(Kind::Choice { words, chosen }), Command::Arrow(direction)) = (here, command) {
            let count = words.len().max(1);
            let step = if focus_scope::is_forward(direction) {
                1
            } else {
                count - 1
            };
            *chosen = (*chosen + step) % count;
        }
    }

    /// The button at this part, or the next one after it.
    fn button_from(&self, at: usize) -> Option<usize> {
        let is_button = |part: &Part<P>| matches!(part.kind, Kind::Button { .. });
        let mut after = self.parts.iter().enumerate().skip(at);
        after.find(|(_, part)| is_button(part)).map(|(at, _)| at)
    }

    fn press<D>(&mut self, at: Option<usize>) -> Step<P, D> {
        let button = at.and_then(|at| self.button_from(at));
        let button = button.and_then(|at| self.parts.get(at)).map(|part| part.place);
        match button.filter(|_| !self.waiting) {
            Some(place) => Step::Pressed(place),
            None => Step::Next(Next::None),
        }
    }

    /// A field or a choice with its label above.
    pub fn input(&self, place: P) -> Column<'_, Message<P>> {
        let Some(at) = self.index(place) else {
            return Column::new();
        };
        let part = &self.parts[at];
        match &part.kind {
            Kind::Field { id, typed } => field(
                part.label.clone(),
                id.clone(),
                typed,
                false,
                move |typed| Message::Typed(place, typed),
                Message::Entered(place),
            )
            .width(Fill),
            Kind::Choice { words, chosen } => {
                column![quiet(part.label.as_str()), turned(place, words, *chosen, at == self.at)]
                    .spacing(4)
                    .width(Fill)
            }
            Kind::Button { .. } => column![self.pressable(part, at)],
        }
    }

    fn pressable<'a>(&'a self, part: &'a Part<P>, at: usize) -> Button<'a, Message<P>> {
        let icon = match &part.kind {
            Kind::Button { icon, .. } => *icon,
            Kind::Field { .. } | Kind::Choice { .. } => Icon::Done,
        };
        let pressed = (!self.waiting).then_some(Message::Pressed(part.place));
        action(
            icon,
            part.label.clone(),
            self.key_beside(at).as_ref(),
            at == self.at,
            pressed,
        )
    }

    /// The key that is written beside the words of a button.
    fn key_beside(&self, at: usize) -> Option<String> {
        let own = match &self.parts.get(at)?.kind {
            Kind::Button { key, .. } => key.clone(),
            Kind::Field { .. } | Kind::Choice { .. } => None,
        };
        let enter = || (self.button_from(self.at) == Some(at)).then(|| fixed_key(Command::Confirm));
        own.or_else(enter)
    }

    /// What is wrong, then all buttons and the one that closes.
    pub fn foot(&self, close: String) -> Column<'_, Message<P>> {
        let mut buttons = Row::new().spacing(theme::GAP);
        for (at, part) in self.parts.iter().enumerate() {
            if matches!(part.kind, Kind::Button { .. }) {
                buttons = buttons.push(self.pressable(part, at));
            }
        }
        column![wrong(self.error.as_deref()), buttons.push(closing(close)).wrap()].spacing(12)
    }
}

/// The line that says what is wrong. Its place is kept while nothing is, so that the parts do not move under a click.
pub fn wrong<'a, M: 'a>(error: Option<&'a str>) -> Element<'a, M> {
    let words: Element<'a, M> = match error {
        Some(error) => labelled(Icon::Warning, error, Tone::Attention).into(),
        None => Space::new().height(LINE).into(),
    };
    words
}

/// The button that closes a dialogue.
pub fn closing<'a, P: Clone + 'a>(words: String) -> Button<'a, Message<P>> {
    let back = Message::Command(Command::Back);
    action(Icon::Close, words, Some(&fixed_key(Command::Back)), false, Some(back))
}

fn turned<P: Copy + 'static>(place: P, words: &[String], chosen: usize, focused: bool) -> Element<'_, Message<P>> {
    let count = words.len().max(1);
    let step = |direction, by: usize| {
        button(text(fixed_key(Command::Arrow(direction))))
            .padding([6, 12])
            .style(theme::plain(false))
            .on_press(Message::Chosen(place, (chosen + by) % count))
    };
    let shown = words.get(chosen).map_or("", String::as_str);
    let shown = container(body(shown)).padding(8).width(Fill).style(theme::row(focused));
    row![step(Direction::Left, count - 1), shown, step(Direction::Right, 1)]
        .spacing(4)
        .align_y(Vertical::Center)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::widget::typist::{Typist, click, keys, press};
    use iced::keyboard::Modifiers;
    use iced::widget::column;
    use iced::{Event, Point, event::Status};

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Place {
        Why,
        Which,
        Yes,
        Reason,
        No,
    }

    fn form() -> Form<Place> {
        Form::default()
            .field(Place::Why, "perché".into(), "")
            .choice(Place::Which, "quale".into(), ["uno".to_owned(), "due".to_owned()], 0)
            .button(Place::Yes, Icon::Done, "sì".into())
            .field(Place::Reason, "motivo".into(), "")
            .button(Place::No, Icon::Refused, "no".into())
    }

    fn pressed(form: &mut Form<Place>, message: Message<Place>) -> Option<Place> {
        match form.update::<()>(message) {
            Step::Pressed(place) => Some(place),
            Step::Next(_) => None,
        }
    }

    #[test]
    fn tab_goes_round_through_every_part_in_both_directions() {
        let mut form = form();
        let all = [Place::Which, Place::Yes, Place::Reason, Place::No, Place::Why];
        for expected in all {
            assert_eq!(pressed(&mut form, Message::Command(Command::Next)), None);
            assert_eq!(form.place(), Some(expected));
        }
        for expected in [Place::No, Place::Reason] {
            pressed(&mut form, Message::Command(Command::Previous));
            assert_eq!(form.place(), Some(expected));
        }
    }

    #[test]
    fn enter_is_written_beside_the_button_that_it_presses() {
        let mut form = form().keyed(Place::Why, Icon::Open, "terzo".into(), Some("L".into()));
        let enter = Some(fixed_key(Command::Confirm));
        for (at, pressed) in [
            (Place::Why, 2),
            (Place::Which, 2),
            (Place::Yes, 2),
            (Place::Reason, 4),
            (Place::No, 4),
        ] {
            form.go_to(at);
            let written = [2, 4].map(|button| form.key_beside(button));
            assert_eq!(
                written,
                [2, 4].map(|button| enter.clone().filter(|_| button == pressed)),
                "{at:?}"
            );
        }
        form.at = 5;
        assert_eq!(form.key_beside(5).as_deref(), Some("L"), "its own goes before it");
    }

    #[test]
    fn enter_presses_the_button_it_stands_on_or_the_next_one() {
        let mut form = form();
        let enter = || Message::Command(Command::Confirm);
        assert_eq!(pressed(&mut form, enter()), Some(Place::Yes), "from the first field");
        assert_eq!(pressed(&mut form, Message::Entered(Place::Reason)), Some(Place::No));
        form.go_to(Place::Which);
        assert_eq!(pressed(&mut form, enter()), Some(Place::Yes));
        form.go_to(Place::No);
        assert_eq!(pressed(&mut form, enter()), Some(Place::No));
    }

    #[test]
    fn nothing_is_pressed_twice_while_an_answer_is_awaited() {
        let mut form = form();
        form.wait();
        assert_eq!(pressed(&mut form, Message::Pressed(Place::Yes)), None);
        assert_eq!(pressed(&mut form, Message::Command(Command::Confirm)), None);
        form.fail("no".into());
        assert_eq!(form.error(), Some("no"));
        assert_eq!(pressed(&mut form, Message::Pressed(Place::Yes)), Some(Place::Yes));
    }

    #[test]
    fn arrows_turn_a_choice_and_go_between_buttons_that_stand_together() {
        let mut form = form().button(Place::Why, Icon::Close, "poi".into()).at(Place::Which);
        let arrow = |direction| Message::Command(Command::Arrow(direction));
        for expected in [1, 0, 1] {
            pressed(&mut form, arrow(Direction::Right));
            assert_eq!(form.chosen(Place::Which), expected);
        }
        pressed(&mut form, arrow(Direction::Up));
        assert_eq!(form.chosen(Place::Which), 0);
        form.go_to(Place::No);
        pressed(&mut form, arrow(Direction::Left));
        assert_eq!(form.place(), Some(Place::No), "a field is not a button");
        pressed(&mut form, arrow(Direction::Right));
        assert_eq!(form.at, 5);
    }

    #[test]
    fn a_form_without_parts_only_closes() {
        let mut empty = Form::<Place>::default();
        assert_eq!(pressed(&mut empty, Message::Command(Command::Confirm)), None);
        assert_eq!(pressed(&mut empty, Message::Command(Command::Next)), None);
        let closed = empty.update::<()>(Message::Command(Command::Back));
        assert!(matches!(closed, Step::Next(Next::Close)));
    }

    /// Types a batch at the form and hears what came of it; the buttons pressed are given back.
    fn types(typist: &mut Typist, form: &mut Form<Place>, batch: &[Event]) -> Vec<Place> {
        let parts = column![
            form.input(Place::Why),
            form.input(Place::Which),
            form.input(Place::Reason),
            form.foot("no".into())
        ];
        let typed = typist.batch(form.scope(parts), batch);
        let heard = typed.messages.into_iter().filter_map(|message| pressed(form, message));
        heard.collect()
    }

    #[test]
    fn what_is_typed_in_one_batch_lands_in_the_part_where_the_keyboard_was() {
        let (mut typist, mut form) = (Typist::new(), form());
        // From the first field over the choice and a button into the second field, and back again to write it anew.
        let went = types(&mut typist, &mut form, &keys("furto⇥↓⇥⇥prot. 7⇤⇤→→→⇤furto grave"));
        assert!(went.is_empty());
        assert_eq!(form.typed(Place::Why), "furto grave");
        assert_eq!(form.typed(Place::Reason), "prot. 7");
        assert_eq!((form.chosen(Place::Which), form.place()), (0, Some(Place::Why)));
        // The next batch goes on where this one stopped.
        types(&mut typist, &mut form, &keys("!"));
        assert_eq!(form.typed(Place::Why), "furto grave!");
    }

    #[test]
    fn what_stands_in_a_field_is_replaced_where_the_keyboard_comes_to_it_and_kept_where_it_stays() {
        let (mut typist, mut form) = (Typist::new(), form());
        form.write(Place::Reason, "9".into());
        types(&mut typist, &mut form, &keys("a⇥⇥⇥1, "));
        types(&mut typist, &mut form, &keys("44"));
        assert_eq!((form.typed(Place::Why), form.typed(Place::Reason)), ("a", "1, 44"));
    }

    #[test]
    fn enter_and_escape_come_in_the_order_in_which_they_were_typed() {
        let (mut typist, mut form) = (Typist::new(), form());
        assert_eq!(
            types(&mut typist, &mut form, &keys("a⏎b⇥⇥⇥c⏎")),
            [Place::Yes, Place::No]
        );
        assert_eq!((form.typed(Place::Why), form.typed(Place::Reason)), ("ab", "c"));
        let typed = typist.batch(form.scope(form.input(Place::Reason)), &keys("⎋⏎"));
        let first = typed.messages.first();
        assert!(matches!(first, Some(Message::Command(Command::Back))), "{first:?}");
    }

    #[test]
    fn the_keyboard_is_where_the_program_puts_it_before_the_next_key() {
        let (mut typist, mut form) = (Typist::new(), form());
        types(&mut typist, &mut form, &keys("uno"));
        form.go_to(Place::Reason);
        types(&mut typist, &mut form, &keys("due"));
        form.go_to(Place::Which);
        types(&mut typist, &mut form, &keys("tre"));
        assert_eq!((form.typed(Place::Why), form.typed(Place::Reason)), ("uno", "due"));
    }

    #[test]
    fn a_key_that_is_held_and_a_tab_with_control_go_nowhere() {
        let (mut typist, mut form) = (Typist::new(), form());
        let none = Modifiers::empty();
        let held = [press('⇥', none, false), press('⇥', none, true), press('⇥', none, true)];
        types(&mut typist, &mut form, &held);
        assert_eq!(form.place(), Some(Place::Which));
        types(&mut typist, &mut form, &[press('⇥', Modifiers::CTRL, false)]);
        assert_eq!(form.place(), Some(Place::Which));
        types(&mut typist, &mut form, &[press('⏎', none, true)]);
        assert_eq!(form.place(), Some(Place::Which), "and presses nothing");
    }

    #[test]
    fn a_click_takes_the_keyboard_along_and_one_beside_the_fields_does_not() {
        let (mut typist, mut form) = (Typist::new(), form());
        types(&mut typist, &mut form, &[]);
        typist.point(Point::new(1_300.0, 740.0));
        types(&mut typist, &mut form, &[click(), keys("a")].concat());
        assert_eq!((form.typed(Place::Why), form.place()), ("a", Some(Place::Why)));
        // The third part down: a label and a field above it, then a label and a choice.
        let below = (0..60).map(|row| 8.0 * row as f32).find(|y| {
            typist.point(Point::new(40.0, *y));
            types(&mut typist, &mut form, &click());
            form.place() == Some(Place::Reason)
        });
        assert!(below.is_some(), "the second field was never hit");
        types(&mut typist, &mut form, &keys("b⇤⇤⇤c"));
        assert_eq!((form.typed(Place::Why), form.typed(Place::Reason)), ("c", "b"));
    }

    #[test]
    fn keys_of_the_form_are_captured_and_others_are_not() {
        let (mut typist, form) = (Typist::new(), form().at(Place::Which));
        let typed = typist.batch(form.scope(form.input(Place::Why)), &keys("↓⇥"));
        assert_eq!(typed.statuses, [Status::Captured; 2]);
        let letters = [keys("e/"), vec![press('⇥', Modifiers::CTRL, false)]].concat();
        let typed = typist.batch(form.scope(form.input(Place::Why)), &letters);
        let [e, slash, chord] = typed.statuses[..] else {
            panic!()
        };
        assert_eq!(
            (e, slash),
            (Status::Captured, Status::Captured),
            "nothing under the form gets letters"
        );
        assert_eq!(chord, Status::Ignored);
        assert!(typed.messages.is_empty());
    }
}
