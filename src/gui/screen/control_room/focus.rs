//! Where the keyboard is: the area, the control inside it, the camera's number that is being typed, the page of keys.
//!
//! Invariant: F6 goes through every area and comes back. Deliberately absent: what a key does there (`commands`).

/// The parts of the screen that F6 goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    Wall,
    List,
    Panel,
    Messages,
    Bar,
}

/// The order of F6.
const ORDER: [Area; 5] = [Area::Wall, Area::List, Area::Panel, Area::Messages, Area::Bar];
/// Digits of the longest camera number that can be typed.
const MOST_DIGITS: usize = 4;

/// The keyboard's place in one window.
pub struct Focus {
    area: Area,
    /// Place inside panel, messages or bar.
    control: usize,
    /// Digits of a camera's number.
    typed: String,
    /// The page of keys lies over the screen.
    help: bool,
}

/// The place `step` places on from `at` among `count`, going round.
pub fn wrap(at: usize, step: isize, count: usize) -> usize {
    match count {
        0 => 0,
        count => (at as isize + step).rem_euclid(count as isize) as usize,
    }
}

impl Focus {
    /// The keyboard on the wall.
    pub fn new() -> Self {
        Self {
            area: Area::Wall,
            control: 0,
            typed: String::new(),
            help: false,
        }
    }

    /// The area the keyboard is in.
    pub fn area(&self) -> Area {
        self.area
    }

    /// Whether the keyboard is in this area.
    pub fn is_in(&self, area: Area) -> bool {
        self.area == area
    }

    /// The control the keyboard is on, if it is in this area.
    pub fn control_in(&self, area: Area) -> Option<usize> {
        self.is_in(area).then_some(self.control)
    }

    /// Goes to an area, and leaves the place inside panel, messages or bar as it is.
    pub fn enter(&mut self, area: Area) {
        self.area = area;
    }

    /// Goes `step` areas on, to the first control.
    pub fn step_area(&mut self, step: isize) {
        let at = ORDER.iter().position(|area| *area == self.area).unwrap_or_default();
        self.area = ORDER[wrap(at, step, ORDER.len())];
        self.control = 0;
    }

    /// Goes `step` controls on, of `count`.
    pub fn step_control(&mut self, step: isize, count: usize) {
        self.control = wrap(self.control, step, count);
    }

    /// Goes to the first control: the panel is another camera's now.
    pub fn first_control(&mut self) {
        self.control = 0;
    }

    /// Adds a digit to the camera's number.
    pub fn type_digit(&mut self, digit: u8) {
        if self.typed.len() < MOST_DIGITS {
            self.typed.push(char::from(b'0' + digit.min(9)));
        }
    }

    /// The digits typed so far.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// Takes the digits typed so far; `None` when there are none.
    pub fn take_typed(&mut self) -> Option<String> {
        (!self.typed.is_empty()).then(|| std::mem::take(&mut self.typed))
    }

    /// Whether the page of keys lies over the screen.
    pub fn is_help_shown(&self) -> bool {
        self.help
    }

    /// Shows the page of keys, or puts it away.
    pub fn toggle_help(&mut self) {
        self.help = !self.help;
    }

    /// Puts the page of keys away.
    pub fn put_help_away(&mut self) {
        self.help = false;
    }
}
