//! Keys in the order in which they were typed, also where one of them changes the screen.
//!
//! iced hands a window its events in batches, and asks the program for a new screen only after a whole batch. Letters that come
//! in one batch with the key that opens a dialogue would meet the screen without it, and be lost. Here a key that no widget
//! wanted is told to the program within its own event, and what the keyboard does after it waits for the screen that comes of
//! it; so it does after a click that the program is told of.
//!
//! Invariant: keys are handed on and told in the order in which they came, and none is dropped; so does the window's gain and
//! loss of the keyboard keep its place among them. Deliberately absent: what a key means (`input`); keys inside a form, whose
//! cursor moves within a batch (`focus_scope`), but for those that may close it.

use iced::advanced::layout::{self, Layout};
use iced::advanced::widget::{Operation, Tree, tree};
use iced::advanced::{Clipboard, Shell, Widget, mouse, overlay, renderer};
use iced::event::Status;
use iced::keyboard::key::{Key, Named};
use iced::{Element, Event, Length, Rectangle, Renderer, Size, Theme, Vector, keyboard, window};
use std::collections::VecDeque;

/// Around everything a window shows.
pub struct KeyOrder<'a, Message> {
    content: Element<'a, Message>,
    /// What the program is told of an event, and of whether a widget wanted it.
    told: Box<dyn Fn(&Event, Status) -> Option<Message> + 'a>,
}

/// What waits for the next screen.
#[derive(Default)]
struct State {
    /// The program was told of something that may change the screen, and has not shown the next one yet.
    changes: bool,
    waiting: VecDeque<Event>,
}

impl<'a, Message> KeyOrder<'a, Message> {
    /// Around `content`, with what the program is told of each event after its widgets.
    pub fn new(
        content: impl Into<Element<'a, Message>>,
        told: impl Fn(&Event, Status) -> Option<Message> + 'a,
    ) -> Self {
        KeyOrder {
            content: content.into(),
            told: Box::new(told),
        }
    }
}

/// Whether an event keeps its place among the keys.
fn is_in_order(event: &Event) -> bool {
    matches!(
        event,
        Event::Keyboard(_) | Event::InputMethod(_) | Event::Window(window::Event::Focused | window::Event::Unfocused)
    )
}

/// Whether the screen may be another one after this event: a key that no widget wanted, one that may have closed a form, or a
/// click; only where the program was told, and of a key in a form by that form (`acted`).
fn may_change_screen(event: &Event, status: Status, acted: bool, told: bool) -> bool {
    match event {
        Event::Keyboard(keyboard::Event::KeyPressed { key, .. }) => match status {
            Status::Ignored => acted || told,
            Status::Captured => acted && may_close_form(key),
        },
        Event::Mouse(mouse::Event::ButtonPressed(_) | mouse::Event::ButtonReleased(_)) => acted || told,
        _ => false,
    }
}

/// Whether a form may do what it was opened for, or close, when it wanted this key.
fn may_close_form(key: &Key) -> bool {
    matches!(key, Key::Named(Named::Enter | Named::Escape))
}

impl<Message> Widget<Message, Theme, Renderer> for KeyOrder<'_, Message> {
    fn tag(&self) -> tree::Tag {
        tree::Tag::of::<State>()
    }

    fn state(&self) -> tree::State {
        tree::State::new(State::default())
    }

    fn children(&self) -> Vec<Tree> {
        vec![Tree::new(&self.content)]
    }

    fn diff(&self, tree: &mut Tree) {
        // Every message of the events before was heard by now: this is the screen that what waits was waiting for.
        tree.state.downcast_mut::<State>().changes = false;
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
        self.content.as_widget_mut().layout(tree, renderer, limits)
    }

    fn operate(&mut self, tree: &mut Tree, layout: Layout<'_>, renderer: &Renderer, operation: &mut dyn Operation) {
        if let Some(tree) = tree.children.first_mut() {
            self.content.as_widget_mut().operate(tree, layout, renderer, operation);
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
        let mut coming = std::mem::take(&mut state.waiting);
        coming.push_back(event.clone());
        for event in coming {
            if state.changes && is_in_order(&event) {
                state.waiting.push_back(event);
                shell.capture_event();
                shell.request_redraw();
                continue;
            }
            let mut messages = Vec::new();
            let mut own = Shell::new(&mut messages);
            let content = self.content.as_widget_mut();
            content.update(tree, &event, layout, cursor, renderer, clipboard, &mut own, viewport);
            let (status, acted) = (own.event_status(), !own.is_empty());
            shell.merge(own, |message| message);
            let told = (self.told)(&event, status);
            state.changes |= may_change_screen(&event, status, acted, told.is_some());
            if let Some(message) = told {
                shell.publish(message);
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
            content.draw(tree, renderer, theme, style, layout, cursor, viewport);
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
            content.mouse_interaction(tree, layout, cursor, viewport, renderer)
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
        content.overlay(tree, layout, renderer, viewport, translation)
    }
}

impl<'a, Message: 'a> From<KeyOrder<'a, Message>> for Element<'a, Message> {
    fn from(order: KeyOrder<'a, Message>) -> Self {
        Element::new(order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::input::Command;
    use crate::gui::widget::focus_scope::{FocusScope, Stop};
    use crate::gui::widget::typist::{Typist, keys};
    use iced::widget::{Space, text_input};
    use std::time::Instant;

    fn screen() -> KeyOrder<'static, Event> {
        KeyOrder::new(Space::new(), |event, _| is_in_order(event).then(|| event.clone()))
    }

    #[test]
    fn each_key_that_no_widget_wanted_waits_for_the_screen_of_the_one_before() {
        let mut typist = Typist::new();
        let [a, b] = ["a", "b"].map(|text| keys(text).swap_remove(0));
        let unfocused = Event::Window(window::Event::Unfocused);
        let modifiers = Event::Keyboard(keyboard::Event::ModifiersChanged(keyboard::Modifiers::SHIFT));
        let drawn = Event::Window(window::Event::RedrawRequested(Instant::now()));
        let batch = [a.clone(), modifiers.clone(), b.clone(), unfocused.clone()];
        assert_eq!(typist.batch(screen(), &batch).messages, [a.clone()]);
        // What comes next comes after what waits.
        assert_eq!(typist.batch(screen(), &[a.clone()]).messages, [modifiers, b]);
        assert_eq!(typist.batch(screen(), &[drawn.clone()]).messages, [unfocused, a]);
        assert!(typist.batch(screen(), &[drawn]).messages.is_empty());
    }

    #[test]
    fn what_is_typed_after_the_key_that_closes_a_form_is_not_written_into_it() {
        #[derive(Clone, Debug, PartialEq)]
        enum Told {
            Command(Command),
            Typed(String),
            Key,
        }
        let key = |event: &Event, status| {
            let pressed = matches!(event, Event::Keyboard(keyboard::Event::KeyPressed { .. }));
            (pressed && status == Status::Ignored).then_some(Told::Key)
        };
        let form = |typed: &'static str| {
            let field = text_input("", typed)
                .id("field")
                .on_input(Told::Typed)
                .on_submit(Told::Command(Command::Confirm));
            let stops = vec![Stop::Field("field".into())];
            let form = FocusScope::new(field, stops, Some(0), Told::Command, |_| Told::Key);
            KeyOrder::new(form, key)
        };
        for (close, command) in [("⎋", Command::Back), ("⏎", Command::Confirm)] {
            let mut typist = Typist::new();
            let batch = keys(&format!("a{close}b"));
            let told = typist.batch(form(""), &batch).messages;
            assert_eq!(told, [Told::Typed("a".into()), Told::Command(command)]);
            // The form is gone: the key is the wall's.
            let drawn = Event::Window(window::Event::RedrawRequested(Instant::now()));
            let wall = KeyOrder::new(Space::new(), key);
            assert_eq!(typist.batch(wall, &[drawn]).messages, [Told::Key]);
        }
    }
}
