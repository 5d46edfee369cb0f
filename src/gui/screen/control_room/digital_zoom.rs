//! Digital zoom by wheel and keys: which zoom they act on, and what is said when it is refused.
//!
//! Invariant: a zoom that a ceiling refuses is refused in words.
//! Deliberately absent: the rules (`domain::digital_zoom`), the parts of the pictures (`wall_state::digital_zoom`), moving
//! the lens (`ptz`).

use super::ControlRoom;
use super::effect::Notice;
use super::ptz::NOTCH;
use crate::domain::digital_zoom::Zoom;
use crate::gui::input::{Command, Direction};
use crate::station::Refusal;
use std::sync::Arc;
use std::time::Instant;

/// How far an arrow key moves an enlarged picture, in shares of what is shown of it.
const STEP: f64 = 0.1;

impl ControlRoom {
    /// Which zoom of the selected tile's camera a notch by `factor` acts on; `None`: no picture is there.
    pub(super) fn zoom_of_notch(&self, factor: f64) -> Option<Zoom> {
        let camera = self.selected_plan()?;
        let pose = self.wall.selected_view(self.now.instant)?.feed().pose(Instant::now());
        Some(Zoom::of_notch(camera, &pose, self.wall.selected_crop()?, factor))
    }

    /// Digital zoom by `factor` on the selected tile, about a point of the picture or else about the middle of what is
    /// shown. What refuses it is said.
    pub(super) fn zoom_digitally(&mut self, factor: f64, about: Option<[f64; 2]>) {
        let Err(hit) = self.wall.zoom_selected(factor, about, self.now.instant) else {
            return;
        };
        let Some(camera) = self.selected_plan() else { return };
        let why = Arc::new(Refusal::of_limit(hit, camera));
        let camera = Some(camera.id.clone());
        self.say(Notice::Refused { why, camera });
    }

    /// Lets a key that steers act on the selected tile's picture in place of a dome; `false`: it steers.
    pub(super) fn press_digital(&mut self, command: Command) -> bool {
        let factor = match command {
            Command::ZoomIn => NOTCH,
            Command::ZoomOut => 1.0 / NOTCH,
            Command::Arrow(direction) | Command::FastArrow(direction) | Command::FineArrow(direction)
                if self.selected_dome().is_none() =>
            {
                let enlarged = self.wall.selected_crop().is_some_and(|crop| !crop.is_whole());
                if enlarged {
                    self.wall.move_part(self.wall.selected(), step(direction));
                }
                return enlarged;
            }
            _ => return false,
        };
        let digital = self.zoom_of_notch(factor) == Some(Zoom::Digital);
        if digital {
            self.zoom_digitally(factor, None);
        }
        digital
    }
}

/// The step of an arrow key: to the right and downwards are positive.
fn step(direction: Direction) -> [f64; 2] {
    match direction {
        Direction::Left => [-STEP, 0.0],
        Direction::Right => [STEP, 0.0],
        Direction::Up => [0.0, -STEP],
        Direction::Down => [0.0, STEP],
    }
}
