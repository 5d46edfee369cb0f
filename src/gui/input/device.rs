//! Devices: what the root listens to, and the keyboard from its events to commands.
//!
//! Keys go to the widgets first; those that none of them wanted, and every release, are the program's own. Invariant: what
//! was pressed in one context goes up as what it was, whatever lies in front by then. Deliberately absent: which context is
//! in front, what a command does (the root and the screens).

use super::bindings::Keymap;
use super::chord::Chord;
use super::command::{Command, Edge};
use super::context::Context;
use super::held_keys::{HeldKeys, Press, Release};
use iced::event::Status;
use iced::keyboard::key::Physical;
use iced::{keyboard, mouse, window};
use std::sync::Arc;
use std::time::Instant;

/// What happens at the devices of a workstation.
#[derive(Debug, Clone)]
pub enum Event {
    /// A key that no widget wanted, or a release.
    Key(window::Id, keyboard::Event),
    /// Somebody touched the machine.
    Activity,
    /// The pointer's button went up, wherever it was.
    PointerUp(window::Id),
    /// The window lost the keyboard.
    Unfocused(window::Id),
    /// A doubted release is to be looked at again.
    Due,
}

/// A command of a window.
pub type Given = (window::Id, Command, Edge);

/// What came of a key.
#[derive(Debug, Default, PartialEq)]
pub struct Taken {
    pub given: Vec<Given>,
    /// When [`Keyboard::due`] is to be asked.
    pub ask_at: Option<Instant>,
}

/// The keyboard: the table in force, and the keys that are down.
#[derive(Debug, Default)]
pub struct Keyboard {
    pub keymap: Arc<Keymap>,
    /// What of the file of keys does not hold, for the people at the workstation.
    pub told: Vec<String>,
    held: HeldKeys<(window::Id, Physical), (window::Id, Command)>,
}

impl Keyboard {
    /// What a key's event means with the keyboard in this context.
    pub fn take(&mut self, window: window::Id, event: &keyboard::Event, context: Context, now: Instant) -> Taken {
        let mut taken = Taken::default();
        match event {
            keyboard::Event::KeyPressed {
                key,
                modified_key,
                physical_key,
                modifiers,
                repeat,
                ..
            } => {
                let place = (window, *physical_key);
                let Press::Down { ended } = self.held.press(&place, *repeat, now) else {
                    return taken;
                };
                taken.given.extend(ended.map(up));
                let chord = Chord::of(key, modified_key, physical_key, *modifiers);
                if let Some(command) = chord.and_then(|chord| self.keymap.command(context, &chord)) {
                    self.held.begin(place, (window, command), now);
                    taken.given.push((window, command, Edge::Down));
                }
            }
            keyboard::Event::KeyReleased { physical_key, .. } => {
                match self.held.release(&(window, *physical_key), now) {
                    Release::Up(command) => taken.given.push(up(command)),
                    Release::Doubted(until) => taken.ask_at = Some(until),
                    Release::Nothing => {}
                }
            }
            keyboard::Event::ModifiersChanged(_) => {}
        }
        taken
    }

    /// What goes up now that was doubted.
    pub fn due(&mut self, now: Instant) -> Vec<Given> {
        self.held.due(now).into_iter().map(up).collect()
    }

    /// Lets go of every key of a window.
    pub fn unfocused(&mut self, window: window::Id) -> Vec<Given> {
        let gone = self.held.release_all(|(of, _)| *of == window);
        gone.into_iter().map(up).collect()
    }
}

fn up((window, command): (window::Id, Command)) -> Given {
    (window, command, Edge::Up)
}

/// What the root takes from the windows' events.
pub fn listen(event: iced::Event, status: Status, window: window::Id) -> Option<Event> {
    match event {
        iced::Event::Keyboard(event @ keyboard::Event::KeyReleased { .. }) => Some(Event::Key(window, event)),
        iced::Event::Keyboard(event) if status == Status::Ignored => Some(Event::Key(window, event)),
        iced::Event::Keyboard(keyboard::Event::KeyPressed { .. })
        | iced::Event::Mouse(mouse::Event::ButtonPressed(_) | mouse::Event::WheelScrolled { .. }) => {
            Some(Event::Activity)
        }
        iced::Event::Mouse(mouse::Event::ButtonReleased(mouse::Button::Left)) => Some(Event::PointerUp(window)),
        iced::Event::Window(window::Event::Unfocused) => Some(Event::Unfocused(window)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::input::Direction;
    use iced::keyboard::key::{Code, Key, Named};
    use iced::keyboard::{Location, Modifiers};

    const LEFT: (Key, Code) = (Key::Named(Named::ArrowLeft), Code::ArrowLeft);

    fn press((key, code): (Key, Code), modifiers: Modifiers, repeat: bool) -> keyboard::Event {
        keyboard::Event::KeyPressed {
            modified_key: key.clone(),
            key,
            physical_key: Physical::Code(code),
            location: Location::Standard,
            modifiers,
            text: None,
            repeat,
        }
    }

    fn release((key, code): (Key, Code), modifiers: Modifiers) -> keyboard::Event {
        keyboard::Event::KeyReleased {
            modified_key: key.clone(),
            key,
            physical_key: Physical::Code(code),
            location: Location::Standard,
            modifiers,
        }
    }

    fn given(events: &[keyboard::Event]) -> Vec<(Command, Edge)> {
        let (mut keyboard, window, now) = (Keyboard::default(), window::Id::unique(), Instant::now());
        let taken = |event| keyboard.take(window, event, Context::Wall, now).given;
        let all = events.iter().flat_map(taken);
        all.map(|(_, command, edge)| (command, edge)).collect()
    }

    #[test]
    fn a_key_released_while_a_modifier_is_down_is_a_release() {
        let left = Command::Arrow(Direction::Left);
        for modifier in [Modifiers::SHIFT, Modifiers::CTRL, Modifiers::ALT] {
            let events = [press(LEFT, Modifiers::empty(), false), release(LEFT, modifier)];
            assert_eq!(given(&events), [(left, Edge::Down), (left, Edge::Up)], "{modifier:?}");
        }
    }

    #[test]
    fn the_repeats_of_a_held_key_are_not_commands() {
        let events = [
            press(LEFT, Modifiers::empty(), false),
            press(LEFT, Modifiers::empty(), true),
        ];
        assert_eq!(given(&events).len(), 1);
        assert!(given(&events[1..]).is_empty(), "held since before");
    }

    #[test]
    fn a_window_that_loses_the_keyboard_lets_go_of_its_keys_and_of_no_others() {
        let (mut keyboard, now) = (Keyboard::default(), Instant::now());
        let windows = [window::Id::unique(), window::Id::unique()];
        for window in windows {
            keyboard.take(window, &press(LEFT, Modifiers::empty(), false), Context::Wall, now);
        }
        let left = Command::Arrow(Direction::Left);
        assert_eq!(keyboard.unfocused(windows[0]), [(windows[0], left, Edge::Up)]);
        let released = keyboard.take(windows[1], &release(LEFT, Modifiers::empty()), Context::Form, now);
        assert_eq!(released.given, [(windows[1], left, Edge::Up)]);
    }
}
