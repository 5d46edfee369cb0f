//! Devices: what the root listens to, and the keyboard from its events to commands.
//!
//! Keys go to the widgets first; those that none of them wanted, and every release, are the program's own. A modifier that goes
//! down or up while an arrow is held changes the pace of that arrow at once. Invariant: what was pressed in one context goes
//! up as what it was (or became, for an arrow at another pace), whatever lies in front by then. Deliberately absent: which
//! context is in front, what a command does (the root and the screens).

use super::bindings::Keymap;
use super::chord::Chord;
use super::command::{Command, Edge};
use super::context::Context;
use super::held_keys::{HeldKeys, Press, Release};
use iced::event::Status;
use iced::keyboard::key::Physical;
use iced::{keyboard, mouse, window};
use keyboard::{Key, Modifiers};
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
    held: HeldKeys<(window::Id, Physical), Held>,
}

/// What a key is held for, and as what it was pressed.
#[derive(Debug, Clone)]
struct Held {
    window: window::Id,
    command: Command,
    key: Key,
    modified_key: Key,
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
                    let (key, modified_key) = (key.clone(), modified_key.clone());
                    let held = Held {
                        window,
                        command,
                        key,
                        modified_key,
                    };
                    self.held.begin(place, held, now);
                    taken.given.push((window, command, Edge::Down));
                }
            }
            keyboard::Event::KeyReleased { physical_key, .. } => {
                match self.held.release(&(window, *physical_key), now) {
                    Release::Up(held) => taken.given.push(up(held)),
                    Release::Doubted(until) => taken.ask_at = Some(until),
                    Release::Nothing => {}
                }
            }
            keyboard::Event::ModifiersChanged(modifiers) => taken.given = self.paced(window, *modifiers, context),
        }
        taken
    }

    /// The arrows held in a window that turn at another pace with these modifiers. One that means nothing with them, or something
    /// else than to turn the same way, stays what it was.
    fn paced(&mut self, window: window::Id, modifiers: Modifiers, context: Context) -> Vec<Given> {
        let mut given = Vec::new();
        for ((_, physical_key), held) in self.held.each().filter(|(_, held)| held.window == window) {
            let chord = Chord::of(&held.key, &held.modified_key, physical_key, modifiers);
            let now = chord.and_then(|chord| self.keymap.command(context, &chord));
            let (before, way) = (held.command, held.command.direction());
            if let Some(now) = now.filter(|now| *now != before && way.is_some() && now.direction() == way) {
                held.command = now;
                given.push((window, now, Edge::Instead(before)));
            }
        }
        given
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

fn up(held: Held) -> Given {
    (held.window, held.command, Edge::Up)
}

/// What the root takes from a window's event, after its widgets.
pub fn listen(event: &iced::Event, status: Status, window: window::Id) -> Option<Event> {
    match event {
        iced::Event::Keyboard(event @ (keyboard::Event::KeyReleased { .. } | keyboard::Event::ModifiersChanged(_))) => {
            Some(Event::Key(window, event.clone()))
        }
        iced::Event::Keyboard(event) if status == Status::Ignored => Some(Event::Key(window, event.clone())),
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
    use iced::keyboard::Location;
    use iced::keyboard::key::{Code, Named};

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
    fn a_modifier_that_goes_down_or_up_while_an_arrow_is_held_changes_its_pace_at_once() {
        let modifiers = |modifiers| keyboard::Event::ModifiersChanged(modifiers);
        let left = Direction::Left;
        let [plain, fast, fine] = [Command::Arrow, Command::FastArrow, Command::FineArrow].map(|pace| pace(left));
        let events = [
            press(LEFT, Modifiers::empty(), false),
            modifiers(Modifiers::SHIFT),
            modifiers(Modifiers::empty()),
            modifiers(Modifiers::CTRL),
            // Means nothing with an arrow: the pace stays.
            modifiers(Modifiers::CTRL | Modifiers::ALT),
            release(LEFT, Modifiers::empty()),
            modifiers(Modifiers::SHIFT),
        ];
        let expected = [
            (plain, Edge::Down),
            (fast, Edge::Instead(plain)),
            (plain, Edge::Instead(fast)),
            (fine, Edge::Instead(plain)),
            (fine, Edge::Up),
        ];
        assert_eq!(given(&events), expected);
    }

    #[test]
    fn a_modifier_changes_nothing_of_a_key_that_is_no_arrow() {
        let tab = (Key::Named(Named::Tab), Code::Tab);
        let events = [
            press(tab, Modifiers::empty(), false),
            keyboard::Event::ModifiersChanged(Modifiers::SHIFT),
        ];
        assert_eq!(given(&events), [(Command::Next, Edge::Down)]);
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
