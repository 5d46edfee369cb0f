//! Digital zoom on the wall: the part of its picture that each tile shows.
//!
//! Invariant: every picture is cut again to what its own frame allows when it is drawn (`open_view::Open::look`).
//! Deliberately absent: the rules (`domain::digital_zoom`, `domain::ptz::limits`), drawing, which zoom a key or the wheel
//! acts on (the room).

use super::WallState;
use super::open_view::Open;
use super::tiles::Placed;
use crate::domain::digital_zoom::{self, Crop};
use crate::domain::ptz::limits::LimitHit;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::sentences;
use crate::gui::theme::Tone;
use crate::gui::widget::wall::Mark;
use std::time::Instant;

/// The part of a tile's picture that is shown at `now`, when it is not all of it.
pub fn part(placed: &Placed, shown: Option<&Open>, now: Instant) -> Option<Crop> {
    let crop = shown?.allowed(placed.crop(), now);
    (!crop.is_whole()).then_some(crop)
}

/// The mark of a tile that shows a part of its picture.
pub fn mark(part: Crop) -> Mark {
    let words = fl!("mark-digital-zoom", factor = sentences::decimal(part.factor(), 1));
    Mark {
        icon: Icon::ZoomIn,
        short: words.clone(),
        words,
        tone: Tone::Normal,
    }
}

impl WallState {
    /// The part of the selected tile's picture that was chosen to fill it.
    pub fn selected_crop(&self) -> Option<Crop> {
        self.placed_on(self.selected).map(Placed::crop)
    }

    /// Digital zoom by `factor` on the selected tile, about a point of the picture or else about the middle of what is
    /// shown; nothing where no picture is. `shown_at` says which view is shown.
    ///
    /// # Errors
    /// The limit, when the picture is enlarged as far as allowed already.
    pub fn zoom_selected(&mut self, factor: f64, about: Option<[f64; 2]>, shown_at: Instant) -> Result<(), LimitHit> {
        let (Some(crop), Some(open)) = (self.selected_crop(), self.selected_view(shown_at)) else {
            return Ok(());
        };
        let allow = |wanted| open.feed().digital_zoom(Instant::now(), wanted);
        let crop = digital_zoom::notch(crop, factor, about.unwrap_or(crop.middle()), allow)?;
        self.show_part(self.selected, crop);
        Ok(())
    }

    /// Moves what is shown of a tile's picture by shares of it, positive to the right and downwards.
    pub fn move_part(&mut self, tile: usize, by: [f64; 2]) {
        if let Some(crop) = self.placed_on(tile).map(Placed::crop) {
            self.show_part(tile, crop.moved(by));
        }
    }

    /// Shows the whole picture of the selected tile again; whether a part of it was shown.
    pub fn show_whole(&mut self) -> bool {
        let enlarged = self.selected_crop().is_some_and(|crop| !crop.is_whole());
        if enlarged {
            self.show_part(self.selected, Crop::WHOLE);
        }
        enlarged
    }

    /// Lets a part of its picture fill a tile.
    pub fn show_part(&mut self, tile: usize, crop: Crop) {
        if let Some(Some(placed)) = self.tiles.get_mut(tile) {
            placed.show_part(crop);
        }
    }
}
