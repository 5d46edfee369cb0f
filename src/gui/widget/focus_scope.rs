//! Keyboard focus inside a form: Tab, Shift+Tab and the keys of parts without a text field act within the key event itself.
//!
//! iced hands a window its events in batches, and asks the program for a new screen only after a whole batch. A focus that is
//! moved by a task therefore comes after keys that were typed later, and these land in the field before. Here the cursor is in
//! the next field before the next key is looked at, and every command is published in the order in which it was typed.
//!
//! Invariant: before a key is looked at, the cursor is in the field of the stop where the program says the keyboard is, and in
//! no other field of the form; so the program moves the keyboard by changing its state, and needs no task for it. A key that
//! writes reaches nothing else while the keyboard is in the form.
//! Deliberately absent: what a command does (the screen), keys that are no command of a form (`input`).

use crate::gui::input::{Command, Direction};
use iced::advanced::layout::{self, Layout};
use iced::advanced::widget::operation::{self, Focusable, Operation};
use iced::advanced::widget::{Tree, tree};
use iced::advanced::{Clipboard, Shell, Widget, mouse, overlay, renderer};
use iced::keyboard::key::{Key, Named};
use iced::keyboard::{self, Modifiers};
use iced::{Element, Event, Length, Rectangle, Renderer, Size, Theme, Vector, touch, widget, window};

/// A part of a form that Tab reaches.
#[derive(Debug, Clone, PartialEq)]
pub enum Stop {
    /// A text field.
    Field(widget::Id),
    /// A choice that the arrows turn.
    Choice,
    /// A button; the arrows go to the one beside it.
    Button,
}

/// The stop where a command takes the keyboard from the stop `at`.
pub fn moved(stops: &[Stop], at: usize, command: Command) -> usize {
    let count = stops.len().max(1);
    let is_button = |at: &usize| stops.get(*at) == Some(&Stop::Button);
    match command {
        Command::Next => (at + 1) % count,
        Command::Previous => (at + count - 1) % count,
        Command::Arrow(direction) if is_button(&at) => {
            let beside = if is_forward(direction) {
                at.checked_add(1)
            } else {
                at.checked_sub(1)
            };
            beside.filter(is_button).unwrap_or(at)
        }
        _ => at,
    }
}

/// Whether an arrow goes to what comes after.
pub fn is_forward(direction: Direction) -> bool {
    matches!(direction, Direction::Right | Direction::Down)
}

/// Around the content of a form.
pub struct FocusScope<'a, Message> {
    content: Element<'a, Message>,
    stops: Vec<Stop>,
    /// Where the program says the keyboard is; `None`: not in this form.
    at: Option<usize>,
    vertical: bool,
    enters: Option<Box<dyn Fn(&keyboard::Event) -> bool + 'a>>,
    on_leave: Option<Box<dyn Fn() -> Message + 'a>>,
    on_command: Box<dyn Fn(Command) -> Message + 'a>,
    on_click: Box<dyn Fn(usize) -> Message + 'a>,
}

/// Where the keyboard is, as of the latest event.
struct State {
    at: Option<usize>,
}

impl<'a, Message> FocusScope<'a, Message> {
    /// A form with its stops in the order of Tab. A command that was typed, and a stop whose field was clicked, become
    /// messages; the program applies [`moved`] to its own state as this does to the screen's.
    pub fn new(
        content: impl Into<Element<'a, Message>>,
        stops: Vec<Stop>,
        at: Option<usize>,
        on_command: impl Fn(Command) -> Message + 'a,
        on_click: impl Fn(usize) -> Message + 'a,
    ) -> Self {
        FocusScope {
            content: content.into(),
            stops,
            at,
            vertical: false,
            enters: None,
            on_leave: None,
            on_command: Box::new(on_command),
            on_click: Box::new(on_click),
        }
    }

    /// Up and down go through the stops as Tab does, as in a list.
    pub fn vertical(mut self) -> Self {
        self.vertical = true;
        self
    }

    /// A key that brings the keyboard from elsewhere to the first stop, as a click on its field does.
    pub fn entered_by(mut self, key: impl Fn(&keyboard::Event) -> bool + 'a) -> Self {
        self.enters = Some(Box::new(key));
        self
    }

    /// A click beside the fields takes the keyboard out of the form.
    pub fn left_by_click(mut self, on_leave: impl Fn() -> Message + 'a) -> Self {
        self.on_leave = Some(Box::new(on_leave));
        self
    }

    fn is_field(&self, at: usize) -> bool {
        matches!(self.stops.get(at), Some(Stop::Field(_)))
    }

    /// What a key means where the keyboard is; a text field keeps those it needs.
    fn command(&self, at: usize, key: &Key, modifiers: Modifiers) -> Option<Command> {
        let Key::Named(named) = key else { return None };
        if *named == Named::Tab && modifiers == Modifiers::SHIFT {
            return Some(Command::Previous);
        }
        if !modifiers.is_empty() {
            return None;
        }
        let in_field = self.is_field(at);
        Some(match named {
            Named::Tab => Command::Next,
            Named::Escape => Command::Back,
            Named::ArrowUp if self.vertical => Command::Previous,
            Named::ArrowDown if self.vertical => Command::Next,
            Named::ArrowUp => Command::Arrow(Direction::Up),
            Named::ArrowDown => Command::Arrow(Direction::Down),
            Named::ArrowLeft if !in_field => Command::Arrow(Direction::Left),
            Named::ArrowRight if !in_field => Command::Arrow(Direction::Right),
            Named::Enter if !in_field => Command::Confirm,
            Named::Space if !in_field => Command::Toggle,
            _ => return None,
        })
    }

    /// Does what a key means to the form; whether the key is no one else's.
    fn press(&self, state: &mut State, event: &keyboard::Event, shell: &mut Shell<'_, Message>) -> bool {
        let keyboard::Event::KeyPressed {
            key,
            modifiers,
            text,
            repeat,
            ..
        } = event
        else {
            return false;
        };
        let Some(at) = state.at else {
            let enters = self.enters.as_ref().is_some_and(|enters| enters(event));
            if enters {
                state.at = Some(0);
                shell.publish((self.on_click)(0));
            }
            return enters;
        };
        match self.command(at, key, *modifiers) {
            // A key that is held is one command.
            Some(_) if *repeat => true,
            Some(command) => {
                shell.publish((self.on_command)(command));
                state.at = Some(moved(&self.stops, at, command));
                true
            }
            None if self.is_field(at) => *repeat && *key == Key::Named(Named::Enter),
            None => writes(text.as_deref()),
        }
    }

    /// Puts the cursor into the field of a stop and takes it out of all others.
    fn focus(&mut self, at: Option<usize>, tree: &mut Tree, layout: Layout<'_>, renderer: &Renderer) -> Focused {
        let wanted = match at.and_then(|at| self.stops.get(at)) {
            Some(Stop::Field(id)) => Some(id.clone()),
            _ => None,
        };
        let mut put = PutCursor { wanted, changed: false };
        self.content.as_widget_mut().operate(tree, layout, renderer, &mut put);
        if let PutCursor {
            wanted: Some(field),
            changed: true,
        } = &put
        {
            // What stands there already is replaced by what is typed next, as in every program.
            let mut all = operation::text_input::select_all::<()>(field.clone());
            self.content.as_widget_mut().operate(tree, layout, renderer, &mut all);
        }
        if put.changed { Focused::Changed } else { Focused::Same }
    }

    /// The stop whose field has the cursor.
    fn focused(&mut self, tree: &mut Tree, layout: Layout<'_>, renderer: &Renderer) -> Option<usize> {
        let mut find = FindCursor { found: None };
        self.content.as_widget_mut().operate(tree, layout, renderer, &mut find);
        let found = find.found?;
        let is_it = |stop: &Stop| matches!(stop, Stop::Field(id) if *id == found);
        self.stops.iter().position(is_it)
    }
}

#[derive(PartialEq)]
enum Focused {
    Same,
    Changed,
}

struct PutCursor {
    wanted: Option<widget::Id>,
    changed: bool,
}

impl Operation for PutCursor {
    fn traverse(&mut self, operate: &mut dyn FnMut(&mut dyn Operation)) {
        operate(self);
    }

    fn focusable(&mut self, id: Option<&widget::Id>, _: Rectangle, state: &mut dyn Focusable) {
        let wanted = id.is_some() && id == self.wanted.as_ref();
        // A field that has the cursor already keeps it where it stands in the text.
        match (wanted, state.is_focused()) {
            (true, false) => state.focus(),
            (false, true) => state.unfocus(),
            (true, true) | (false, false) => return,
        }
        self.changed = true;
    }
}

struct FindCursor {
    found: Option<widget::Id>,
}

impl Operation for FindCursor {
    fn traverse(&mut self, operate: &mut dyn FnMut(&mut dyn Operation)) {
        operate(self);
    }

    fn focusable(&mut self, id: Option<&widget::Id>, _: Rectangle, state: &mut dyn Focusable) {
        if state.is_focused() {
            self.found = id.cloned();
        }
    }
}

/// Whether a key writes something, and so is no chord of the program.
fn writes(text: Option<&str>) -> bool {
    text.and_then(|text| text.chars().next())
        .is_some_and(|c| !c.is_control())
}

fn is_press(event: &Event) -> bool {
    matches!(
        event,
        Event::Mouse(mouse::Event::ButtonPressed(mouse::Button::Left))
            | Event::Touch(touch::Event::FingerPressed { .. })
    )
}

/// Whether the cursor must be where it belongs before this event is looked at.
fn needs_cursor(event: &Event) -> bool {
    matches!(
        event,
        Event::Keyboard(keyboard::Event::KeyPressed { .. })
            | Event::InputMethod(_)
            | Event::Window(window::Event::RedrawRequested(_))
    )
}

fn child(layout: Layout<'_>) -> Layout<'_> {
    layout.children().next().unwrap_or(layout)
}

impl<Message> Widget<Message, Theme, Renderer> for FocusScope<'_, Message> {
    fn tag(&self) -> tree::Tag {
        tree::Tag::of::<State>()
    }

    fn state(&self) -> tree::State {
        tree::State::new(State { at: self.at })
    }

    fn children(&self) -> Vec<Tree> {
        vec![Tree::new(&self.content)]
    }

    fn diff(&self, tree: &mut Tree) {
        // Every message of the events before was heard by now: what the program says counts.
        tree.state.downcast_mut::<State>().at = self.at;
        tree.diff_children(std::slice::from_ref(&self.content));
    }

    fn size(&self) -> Size<Length> {
        self.content.as_widget().size()
    }

    fn size_hint(&self) -> Size<Length> {
        self.content.as_widget().size_hint()
    }

    fn layout(&mut self, tree: &mut Tree, renderer: &Renderer, limits: &layout::Limits) -> layout::Node {
        let Some(tree) = tree.children.first_mut() else {
            return layout::Node::new(Size::ZERO);
        };
        let node = self.content.as_widget_mut().layout(tree, renderer, limits);
        layout::Node::with_children(node.size(), vec![node])
    }

    fn operate(&mut self, tree: &mut Tree, layout: Layout<'_>, renderer: &Renderer, operation: &mut dyn Operation) {
        if let Some(tree) = tree.children.first_mut() {
            let content = self.content.as_widget_mut();
            content.operate(tree, child(layout), renderer, operation);
        }
    }

    fn update(
        &mut self,
        tree: &mut Tree,
        event: &Event,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        renderer: &Renderer,
        clipboard: &mut dyn Clipboard,
        shell: &mut Shell<'_, Message>,
        viewport: &Rectangle,
    ) {
        let Tree { state, children, .. } = tree;
        let (state, Some(tree)) = (state.downcast_mut::<State>(), children.first_mut()) else {
            return;
        };
        let layout = child(layout);
        if needs_cursor(event) && self.focus(state.at, tree, layout, renderer) == Focused::Changed {
            shell.request_redraw();
        }
        if let Event::Keyboard(pressed @ keyboard::Event::KeyPressed { .. }) = event {
            let before = state.at;
            if self.press(state, pressed, shell) {
                shell.capture_event();
                if state.at != before {
                    self.focus(state.at, tree, layout, renderer);
                    shell.request_redraw();
                }
                return;
            }
        }
        let content = self.content.as_widget_mut();
        content.update(tree, event, layout, cursor, renderer, clipboard, shell, viewport);
        if is_press(event) {
            let clicked = self.focused(tree, layout, renderer);
            match (clicked, &self.on_leave) {
                (Some(clicked), _) if state.at != Some(clicked) => {
                    state.at = Some(clicked);
                    shell.publish((self.on_click)(clicked));
                }
                (Some(_), _) => {}
                (None, Some(on_leave)) if state.at.is_some() => {
                    state.at = None;
                    shell.publish(on_leave());
                }
                // A click beside the fields does not take the cursor out of its own.
                (None, _) => {
                    self.focus(state.at, tree, layout, renderer);
                }
            }
        }
    }

    fn draw(
        &self,
        tree: &Tree,
        renderer: &mut Renderer,
        theme: &Theme,
        style: &renderer::Style,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        viewport: &Rectangle,
    ) {
        if let Some(tree) = tree.children.first() {
            let content = self.content.as_widget();
            content.draw(tree, renderer, theme, style, child(layout), cursor, viewport);
        }
    }

    fn mouse_interaction(
        &self,
        tree: &Tree,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        viewport: &Rectangle,
        renderer: &Renderer,
    ) -> mouse::Interaction {
        let content = self.content.as_widget();
        tree.children.first().map_or(mouse::Interaction::None, |tree| {
            content.mouse_interaction(tree, child(layout), cursor, viewport, renderer)
        })
    }

    fn overlay<'a>(
        &'a mut self,
        tree: &'a mut Tree,
        layout: Layout<'a>,
        renderer: &Renderer,
        viewport: &Rectangle,
        translation: Vector,
    ) -> Option<overlay::Element<'a, Message, Theme, Renderer>> {
        let tree = tree.children.first_mut()?;
        let content = self.content.as_widget_mut();
        content.overlay(tree, child(layout), renderer, viewport, translation)
    }
}

impl<'a, Message: 'a> From<FocusScope<'a, Message>> for Element<'a, Message> {
    fn from(scope: FocusScope<'a, Message>) -> Self {
        Element::new(scope)
    }
}
