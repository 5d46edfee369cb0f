//! What is on the wall: tiles in a square, each with the frame and the cover it was given last.
//!
//! Invariant: every frame that is given is a new one. Deliberately absent: drawing (`stage`), making pictures (`frames`).

use super::stage::Screen;
use iced::{Element, Rectangle};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use vedetta::domain::digital_zoom::Crop;
use vedetta::domain::privacy::Cover;
use vedetta::gui::widget::wall::{self, Face, Look, Newest, Sight, Tile};
use vedetta::media::frame::Frame;

/// What one tile shows.
type Shown = Option<(Arc<Frame>, Arc<Cover>)>;

/// The source of one tile's pictures.
#[derive(Default)]
pub struct Slot {
    shown: Mutex<Shown>,
    crop: Mutex<Crop>,
}

impl Slot {
    /// Gives it a picture.
    pub fn put(&self, frame: Frame, cover: Cover) {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some((Arc::new(frame), Arc::new(cover)));
    }

    /// Shows this part of its pictures from now on.
    pub fn show(&self, crop: Crop) {
        *self.crop.lock().unwrap_or_else(PoisonError::into_inner) = crop;
    }

    fn crop(&self) -> Crop {
        *self.crop.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shown(&self) -> Shown {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Look for Slot {
    fn look(&self, _: Instant, crop: Crop) -> Option<Sight> {
        let (frame, cover) = self.shown()?;
        Some(Sight { frame, cover, crop })
    }

    fn newest(&self) -> Option<Newest> {
        self.shown().map(|(frame, _)| Newest::from(&*frame))
    }
}

/// Tiles in a square.
pub struct Scene {
    slots: Vec<Slot>,
    side: usize,
    /// What is written over a tile.
    face: fn(usize) -> Face,
}

impl Scene {
    /// So many empty tiles.
    pub fn new(tiles: usize, face: fn(usize) -> Face) -> Scene {
        Scene {
            slots: (0..tiles).map(|_| Slot::default()).collect(),
            side: (1..=tiles).find(|side| side * side >= tiles).unwrap_or(1),
            face,
        }
    }

    /// One after the other, from above.
    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter()
    }

    fn cell(&self, tile: usize) -> Rectangle {
        let share = 1.0 / self.side as f32;
        Rectangle {
            x: (tile % self.side) as f32 * share,
            y: (tile / self.side) as f32 * share,
            width: share,
            height: share,
        }
    }

    /// The wall as a widget.
    pub fn element(&self) -> Element<'_, ()> {
        let tiles = (0..).zip(&self.slots).map(|(i, slot)| Tile {
            key: i as u64,
            cell: self.cell(i),
            look: Some(slot),
            crop: slot.crop(),
            steers: false,
            brightness: 1.0,
            face: (self.face)(i),
        });
        wall::wall(tiles.collect(), |_| ()).into()
    }

    /// The pixels of the screen that each tile's picture takes up: left, top, width and height.
    pub fn places(&self, screen: Screen) -> Vec<[usize; 4]> {
        let place = |(i, slot): (usize, &Slot)| {
            let (frame, _) = slot.shown()?;
            let tile = wall::tile_rectangle(screen.bounds(), self.cell(i));
            let place = wall::letterbox(tile, frame.seen_size());
            let pixel = |value: f32| (value * screen.scale).round() as usize;
            let (left, top) = (pixel(place.x), pixel(place.y));
            let (right, bottom) = (pixel(place.x + place.width), pixel(place.y + place.height));
            Some([left, top, right - left, bottom - top])
        };
        self.slots.iter().enumerate().filter_map(place).collect()
    }
}
