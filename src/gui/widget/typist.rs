//! Typing at a screen in a test: whole batches of keys against the real widget tree, as a window hands them on.
//!
//! Invariant: all events of a batch meet one and the same screen; its messages are given back in their order, for the test to
//! hear before it shows the next screen. Deliberately absent: tasks; a focus that needs one does not move here.

use iced::advanced::clipboard;
use iced::advanced::layout::{Layout, Limits};
use iced::advanced::renderer::Headless;
use iced::advanced::widget::Tree;
use iced::advanced::{Shell, mouse};
use iced::event::Status;
use iced::keyboard::key::{Key, Named, NativeCode, Physical};
use iced::keyboard::{self, Location, Modifiers};
use iced::{Element, Event, Font, Pixels, Point, Rectangle, Renderer, Size};

const WINDOW: Size = Size::new(1366.0, 768.0);

/// Who types, and the widget tree of the window.
pub struct Typist {
    window: Size,
    renderer: Renderer,
    tree: Tree,
    pointer: mouse::Cursor,
}

/// What came of a batch.
pub struct Typed<M> {
    pub messages: Vec<M>,
    pub statuses: Vec<Status>,
}

impl Typist {
    /// In front of an empty window.
    pub fn new() -> Typist {
        Typist::before(WINDOW)
    }

    /// In front of an empty window of this size, logical pixels.
    pub fn before(window: Size) -> Typist {
        let renderer = futures::executor::block_on(<Renderer as Headless>::new(Font::DEFAULT, Pixels(16.0), None));
        Typist {
            window,
            renderer: renderer.expect("a graphics adapter, of software at least"),
            tree: Tree::empty(),
            pointer: mouse::Cursor::Unavailable,
        }
    }

    /// Puts the pointer somewhere.
    pub fn point(&mut self, at: Point) {
        self.pointer = mouse::Cursor::Available(at);
    }

    /// How high a dialogue is, logical pixels.
    pub fn height<'a, M>(&mut self, dialogue: impl Into<Element<'a, M>>) -> f32 {
        let mut dialogue = dialogue.into();
        self.tree.diff(dialogue.as_widget());
        let limits = Limits::new(Size::ZERO, Size::new(self.window.width, f32::INFINITY));
        let node = dialogue.as_widget_mut().layout(&mut self.tree, &self.renderer, &limits);
        node.size().height
    }

    /// Where the parts of a screen stand that hold no others, in their order.
    pub fn leaves<'a, M>(&mut self, screen: impl Into<Element<'a, M>>) -> Vec<Rectangle> {
        let mut screen = screen.into();
        self.tree.diff(screen.as_widget());
        let limits = Limits::new(Size::ZERO, self.window);
        let node = screen.as_widget_mut().layout(&mut self.tree, &self.renderer, &limits);
        let mut leaves = Vec::new();
        let mut left = vec![Layout::new(&node)];
        while let Some(part) = left.pop() {
            let inner: Vec<_> = part.children().collect();
            if inner.is_empty() {
                leaves.push(part.bounds());
            }
            left.extend(inner.into_iter().rev());
        }
        leaves
    }

    /// Gives a screen these events in one batch.
    pub fn batch<'a, M>(&mut self, screen: impl Into<Element<'a, M>>, events: &[Event]) -> Typed<M> {
        let mut screen = screen.into();
        self.tree.diff(screen.as_widget());
        let limits = Limits::new(Size::ZERO, self.window);
        let node = screen.as_widget_mut().layout(&mut self.tree, &self.renderer, &limits);
        let mut messages = Vec::new();
        let statuses = events.iter().map(|event| {
            let mut shell = Shell::new(&mut messages);
            screen.as_widget_mut().update(
                &mut self.tree,
                event,
                Layout::new(&node),
                self.pointer,
                &self.renderer,
                &mut clipboard::Null,
                &mut shell,
                &Rectangle::with_size(self.window),
            );
            shell.event_status()
        });
        let statuses = statuses.collect();
        Typed { messages, statuses }
    }
}

/// Lengths of the batches in which a window may hand on what was typed.
const LENGTHS: [usize; 5] = [1, 2, 3, 7, usize::MAX];

/// Types keys at a form that `made` gives, once in batches of each length: a batch meets the screen that `view` draws, and the
/// form hears its messages before the next. Gives the forms as they are in the end.
pub fn typed<F, M>(
    keys: &[Event],
    made: impl Fn() -> F,
    view: impl for<'a> Fn(&'a F) -> Element<'a, M>,
    hear: impl Fn(&mut F, M),
) -> Vec<F> {
    let type_in_batches = |length| {
        let (mut typist, mut form) = (Typist::new(), made());
        for batch in keys.chunks(length) {
            let messages = typist.batch(view(&form), batch).messages;
            messages.into_iter().for_each(|message| hear(&mut form, message));
        }
        form
    };
    LENGTHS.map(type_in_batches).into()
}

/// The left button, pressed and let go.
pub fn click() -> Vec<Event> {
    let left = mouse::Button::Left;
    [mouse::Event::ButtonPressed(left), mouse::Event::ButtonReleased(left)]
        .map(Event::Mouse)
        .to_vec()
}

/// The keys of a text; `⇥` Tab, `⇤` Shift+Tab, `⏎` Enter, `⎋` Esc, and the arrows stand for themselves.
pub fn keys(text: &str) -> Vec<Event> {
    text.chars().map(|c| press(c, Modifiers::empty(), false)).collect()
}

/// One key of [`keys`], with modifiers or as the repeat of one that is held.
pub fn press(c: char, modifiers: Modifiers, repeat: bool) -> Event {
    let named = match c {
        '⇥' | '⇤' => Some(Named::Tab),
        '⏎' => Some(Named::Enter),
        '⎋' => Some(Named::Escape),
        '↑' => Some(Named::ArrowUp),
        '↓' => Some(Named::ArrowDown),
        '←' => Some(Named::ArrowLeft),
        '→' => Some(Named::ArrowRight),
        ' ' => Some(Named::Space),
        _ => None,
    };
    let key = named.map_or_else(|| Key::Character(c.to_string().into()), Key::Named);
    let writes = named.is_none() || c == ' ';
    Event::Keyboard(keyboard::Event::KeyPressed {
        modified_key: key.clone(),
        key,
        physical_key: Physical::Unidentified(NativeCode::Unidentified),
        location: Location::Standard,
        modifiers: if c == '⇤' { Modifiers::SHIFT } else { modifiers },
        text: writes.then(|| c.to_string().into()),
        repeat,
    })
}
