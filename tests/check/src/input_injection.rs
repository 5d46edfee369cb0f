//! Keys and mouse for the scripted tour, through the X server's XTEST extension: the window receives what it would
//! receive from a person.
//!
//! Invariant: every key that was pressed is released, also when a step fails.
//! Deliberately absent: messages into the program; the tour has no other way in.

use crate::screen_capture::{Eye, EyeError};
use crate::xtest::FakeInput;
use std::collections::HashMap;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, InputFocus, KEY_PRESS_EVENT, KEY_RELEASE_EVENT,
    MOTION_NOTIFY_EVENT,
};

/// Key symbols of the X protocol that the tour uses besides printable Latin-1, which stand for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    Enter,
    Escape,
    Tab,
    Left,
    Right,
    Up,
    Down,
    Space,
    Backspace,
    Control,
    Alt,
    Shift,
    Function(u8),
    Char(char),
}

impl Key {
    fn symbol(self) -> u32 {
        match self {
            Key::Enter => 0xff0d,
            Key::Escape => 0xff1b,
            Key::Tab => 0xff09,
            Key::Left => 0xff51,
            Key::Up => 0xff52,
            Key::Right => 0xff53,
            Key::Down => 0xff54,
            Key::Space => 0x20,
            Key::Backspace => 0xff08,
            Key::Control => 0xffe3,
            Key::Alt => 0xffe9,
            Key::Shift => SHIFT,
            Key::Function(n) => 0xffbd + u32::from(n),
            Key::Char(c) => u32::from(c),
        }
    }
}

const SHIFT: u32 = 0xffe1;

/// The hands: a keyboard map and the display.
pub struct InputInjector<'a> {
    eye: &'a Eye,
    /// Key symbol → (key code, needs Shift).
    codes: HashMap<u32, (u8, bool)>,
}

impl<'a> InputInjector<'a> {
    /// Learns the keyboard and gives the window the focus.
    pub fn on(eye: &'a Eye) -> Result<Self, EyeError> {
        let connection = eye.connection();
        let setup = connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let map = connection.get_keyboard_mapping(first, last - first + 1)?.reply()?;
        let per_code = usize::from(map.keysyms_per_keycode).max(1);
        let mut codes = HashMap::new();
        for (code, symbols) in (first..=last).zip(map.keysyms.chunks(per_code)) {
            for (column, symbol) in symbols.iter().take(2).enumerate() {
                if *symbol != 0 {
                    codes.entry(*symbol).or_insert((code, column == 1));
                }
            }
        }
        connection
            .set_input_focus(InputFocus::PARENT, eye.window(), x11rb::CURRENT_TIME)?
            .check()?;
        Ok(Self { eye, codes })
    }

    /// Presses and releases a key.
    pub fn tap(&self, key: Key) -> Result<(), EyeError> {
        self.press(key)?;
        self.release(key)
    }

    /// Taps a key while a modifier is held.
    pub fn chord(&self, modifier: Key, key: Key) -> Result<(), EyeError> {
        self.press(modifier)?;
        self.tap(key)?;
        self.release(modifier)
    }

    /// Types a text.
    pub fn write(&self, text: &str) -> Result<(), EyeError> {
        text.chars().try_for_each(|c| self.tap(Key::Char(c)))
    }

    /// Holds a key down until the returned guard is dropped.
    pub fn hold(&'a self, key: Key) -> Result<HeldKey<'a>, EyeError> {
        self.press(key)?;
        Ok(HeldKey { hands: self, key })
    }

    /// Moves the pointer to a place in the window (physical pixels).
    pub fn point(&self, x: f32, y: f32) -> Result<(), EyeError> {
        let origin = self
            .eye
            .connection()
            .translate_coordinates(self.eye.window(), self.eye.root(), 0, 0)?
            .reply()?;
        let (x, y) = (
            origin.dst_x.saturating_add(x as i16),
            origin.dst_y.saturating_add(y as i16),
        );
        self.fake(MOTION_NOTIFY_EVENT, 0, x, y)
    }

    /// Clicks a pointer button (1 left, 4 wheel up, 5 wheel down) where the pointer is.
    pub fn click(&self, button: u8) -> Result<(), EyeError> {
        self.fake(BUTTON_PRESS_EVENT, button, 0, 0)?;
        self.fake(BUTTON_RELEASE_EVENT, button, 0, 0)
    }

    /// Presses the left button where the pointer is, without letting go.
    pub fn grab(&self) -> Result<(), EyeError> {
        self.fake(BUTTON_PRESS_EVENT, 1, 0, 0)
    }

    /// Lets go of the left button.
    pub fn let_go(&self) -> Result<(), EyeError> {
        self.fake(BUTTON_RELEASE_EVENT, 1, 0, 0)
    }

    fn press(&self, key: Key) -> Result<(), EyeError> {
        let Some((code, shift)) = self.code(key) else {
            return Ok(());
        };
        if shift && let Some((shift_code, _)) = self.codes.get(&SHIFT) {
            self.fake(KEY_PRESS_EVENT, *shift_code, 0, 0)?;
        }
        self.fake(KEY_PRESS_EVENT, code, 0, 0)
    }

    fn release(&self, key: Key) -> Result<(), EyeError> {
        let Some((code, shift)) = self.code(key) else {
            return Ok(());
        };
        self.fake(KEY_RELEASE_EVENT, code, 0, 0)?;
        if shift && let Some((shift_code, _)) = self.codes.get(&SHIFT) {
            self.fake(KEY_RELEASE_EVENT, *shift_code, 0, 0)?;
        }
        Ok(())
    }

    fn code(&self, key: Key) -> Option<(u8, bool)> {
        self.codes.get(&key.symbol()).copied()
    }

    fn fake(&self, kind: u8, detail: u8, x: i16, y: i16) -> Result<(), EyeError> {
        let root = self.eye.root();
        FakeInput {
            kind,
            detail,
            root,
            x,
            y,
        }
        .send(self.eye.connection())
    }
}

/// A key that is down; up again when dropped.
pub struct HeldKey<'a> {
    hands: &'a InputInjector<'a>,
    key: Key,
}

impl Drop for HeldKey<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.hands.release(self.key) {
            tracing::warn!(%error, "a key of the tour could not be released");
        }
    }
}
