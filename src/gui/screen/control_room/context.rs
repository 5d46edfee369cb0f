//! Where the keyboard is in the control room.
//!
//! Deliberately absent: recordings and further dialogues that lie over the room (`window_content`, `app`).

use super::ControlRoom;
use crate::gui::input::Context;

impl ControlRoom {
    /// Where the keyboard is.
    pub fn context(&self) -> Context {
        if self.work.has_dialogue() {
            Context::Form
        } else {
            Context::Wall
        }
    }

    /// Whether a held key moves a dome.
    #[cfg(test)]
    pub fn moves(&self) -> bool {
        self.ptz.is_held()
    }
}
