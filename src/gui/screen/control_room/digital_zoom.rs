//! Digital zoom on the wall: wheel, keys and drag on the part of a picture that a tile shows.
//!
//! Invariant: a zoom that a ceiling refuses is refused in words; every picture is cut again to what its own frame allows
//! when it is drawn (`tiles::Open::look`).
//! Deliberately absent: the rules (`domain::digital_zoom`, `domain::ptz::limits`), drawing.

use super::ptz::NOTCH;
use super::tiles::{Open, Placed};
use super::{Action, ControlRoom};
use crate::domain::digital_zoom::{self, Crop, Zoom};
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::keymap::{Command, Direction};
use crate::gui::sentences;
use crate::gui::theme::Tone;
use crate::gui::widget::wall::Mark;
use crate::station::Refusal;
use std::time::Instant;

/// How far an arrow key moves an enlarged picture, in shares of what is shown of it.
const STEP: f64 = 0.1;

/// The part of a tile's picture that is shown at `now`, when it is not all of it.
pub(super) fn part(placed: &Placed, shown: Option<&Open>, now: Instant) -> Option<Crop> {
    let crop = shown?.allowed(placed.crop, now);
    (!crop.is_whole()).then_some(crop)
}

/// The mark of a tile that shows a part of its picture.
pub(super) fn mark(part: Crop) -> Mark {
    let words = fl!("mark-digital-zoom", factor = sentences::decimal(part.factor(), 1));
    Mark {
        icon: Icon::ZoomIn,
        short: words.clone(),
        words,
        tone: Tone::Normal,
    }
}

impl ControlRoom {
    /// Which zoom of the selected tile's camera a notch by `factor` acts on; `None`: no picture is there.
    pub(super) fn zoom_of_notch(&self, factor: f64) -> Option<Zoom> {
        let camera = self.selected_plan()?;
        let Open { feed, .. } = self.shown_on(self.selected)?;
        let crop = self.tiles.get(self.selected)?.as_ref()?.crop;
        Some(Zoom::of_notch(camera, &feed.pose(Instant::now()), crop, factor))
    }

    /// Digital zoom by `factor` on the selected tile, about a point of the picture or else about the middle of what is
    /// shown. What refuses it is said.
    pub(super) fn zoom_digitally(&mut self, factor: f64, about: Option<[f64; 2]>) {
        let Some(crop) = self.selected_crop() else { return };
        let Some(open) = self.shown_on(self.selected) else {
            return;
        };
        let allow = |wanted| open.feed.digital_zoom(Instant::now(), wanted);
        let notch = digital_zoom::notch(crop, factor, about.unwrap_or(crop.middle()), allow);
        match (notch, self.selected_plan()) {
            (Ok(crop), _) => self.show_part(self.selected, crop),
            (Err(hit), Some(camera)) => {
                let (refusal, camera) = (Refusal::of_limit(hit, camera), camera.id.clone());
                self.refused(&refusal, Some(camera));
            }
            (Err(_), None) => {}
        }
    }

    /// What a key that steers does to the selected tile's picture in place of a dome; `None`: it steers.
    pub(super) fn press_digital(&mut self, command: Command) -> Option<Action> {
        let factor = match command {
            Command::ZoomIn => NOTCH,
            Command::ZoomOut => 1.0 / NOTCH,
            Command::Arrow(direction) if self.selected_dome().is_none() => {
                let crop = self.selected_crop().filter(|crop| !crop.is_whole())?;
                self.show_part(self.selected, crop.moved(step(direction)));
                return Some(Action::None);
            }
            _ => return None,
        };
        (self.zoom_of_notch(factor) == Some(Zoom::Digital)).then(|| {
            self.zoom_digitally(factor, None);
            Action::None
        })
    }

    /// Moves what is shown of a tile's picture with the pointer.
    pub(super) fn drag_part(&mut self, tile: usize, [x, y]: [f64; 2]) {
        self.aimed = None;
        if let Some(Some(placed)) = self.tiles.get(tile) {
            self.show_part(tile, placed.crop.moved([-x, -y]));
        }
    }

    /// Shows the whole picture of the selected tile again; whether a part of it was shown.
    pub(super) fn show_whole(&mut self) -> bool {
        let enlarged = self.selected_crop().is_some_and(|crop| !crop.is_whole());
        if enlarged {
            self.show_part(self.selected, Crop::WHOLE);
        }
        enlarged
    }

    fn selected_crop(&self) -> Option<Crop> {
        Some(self.tiles.get(self.selected)?.as_ref()?.crop)
    }

    fn show_part(&mut self, tile: usize, crop: Crop) {
        if let Some(Some(placed)) = self.tiles.get_mut(tile) {
            placed.crop = crop;
        }
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
