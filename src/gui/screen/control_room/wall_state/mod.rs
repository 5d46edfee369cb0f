//! The wall: how it is divided, which camera is on which tile, which tile is selected or fills it.
//!
//! Invariant: whoever closes a tile drops its view, and so its stream; no two walls of one program have a ticket in
//! common. Deliberately absent: what a click on a picture means (the room), the widget (`widget::wall`), keeping walls
//! (`app`), the rules (`domain::wall`, `domain::saved_wall`).

mod camera_tour;
mod digital_zoom;
mod drawn_frames;
pub mod open_view;
pub mod sight;
pub mod stream_stats;
mod streams;
pub mod tile_face;
pub mod tiles;
pub mod view;

use super::effect::Effect;
use super::now::Now;
use super::session_facts::SessionFacts;
use crate::domain::camera::{CameraId, StreamRole};
use crate::domain::camera_tour::CameraTour;
use crate::domain::live::overload::Overload;
use crate::domain::saved_wall::Arrangement;
use crate::domain::wall::Layout;
use crate::gui::session_port::Feed;
use crate::gui::widget::wall;
use crate::media::frame::FrameSlot;
use crate::station::Refusal;
use iced::{Rectangle, Task, window};
use open_view::Open;
use sight::{Sight, Window};
use std::sync::Arc;
use std::time::Instant;
use tiles::{Condition, Placed, condition};

/// The whole of the wall, in parts of it.
const WHOLE: Rectangle = Rectangle {
    x: 0.0,
    y: 0.0,
    width: 1.0,
    height: 1.0,
};

/// The wall of one window.
pub struct WallState {
    layout: Layout,
    /// As many as the largest layout has, visible or not.
    tiles: Vec<Option<Placed>>,
    selected: usize,
    /// The tile that fills the wall.
    full: Option<usize>,
    /// The tile that goes through cameras by itself.
    camera_tour: Option<(usize, CameraTour)>,
    /// The figures of every stream are shown on its tile.
    figures: bool,
    /// Only the wall is in the window.
    alone: bool,
    sight: Sight,
    overload: Overload<u64>,
    /// The ticket of the last opening: pictures are told apart by it, in every window.
    tickets: u64,
}

/// What happens to the streams and to the window.
#[derive(Clone)]
pub enum Message {
    /// A view was opened, or not.
    Opened {
        ticket: u64,
        answer: Result<Arc<dyn Feed>, Arc<Refusal>>,
    },
    /// Visible tiles have new pictures.
    NewPictures,
    /// How the window is.
    Window(Window),
}

/// Where a picture lies in the window, for whoever searches the window's pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub tile: usize,
    pub camera: CameraId,
    pub stream: StreamRole,
    /// The picture without its letterbox, logical pixels of the window.
    pub picture: Rectangle,
}

/// The tiles of an arrangement, with no stream open yet.
fn placed(wall: &Arrangement, now: Instant) -> Vec<Option<Placed>> {
    let camera = |camera: &Option<CameraId>| Some(Placed::new(camera.clone()?, now));
    let most = Layout::SixtyFour.tiles();
    let mut tiles: Vec<_> = wall.cameras.iter().take(most).map(camera).collect();
    tiles.resize_with(most, || None);
    tiles
}

impl WallState {
    /// A wall with nothing open yet; `series` tells the walls of one program apart, `in_window` is `None` for the only
    /// window.
    pub fn new(wall: &Arrangement, series: u32, in_window: Option<window::Id>, now: Now) -> Self {
        Self {
            layout: wall.layout,
            tiles: placed(wall, now.instant),
            selected: 0,
            full: None,
            camera_tour: None,
            figures: false,
            alone: false,
            sight: Sight::new(in_window, now.instant),
            overload: Overload::default(),
            tickets: u64::from(series) << 32,
        }
    }

    /// Takes what happened to a stream or to the window, and regulates the streams after it.
    pub fn update(&mut self, message: Message, session: &SessionFacts, now: Now) -> Effect<Message> {
        let notice = match message {
            Message::Opened { ticket, answer } => self.opened(ticket, &answer, now.instant),
            Message::NewPictures => None,
            Message::Window(window) => {
                self.sight.set_window(window);
                None
            }
        };
        Effect {
            task: self.regulate(session, now),
            notices: notice.into_iter().collect(),
        }
    }

    /// What is on the wall now.
    pub fn arrangement(&self) -> Arrangement {
        let camera = |tile: &Option<Placed>| tile.as_ref().map(|placed| placed.camera().clone());
        let mut cameras: Vec<_> = self.tiles.iter().map(camera).collect();
        while cameras.last().is_some_and(Option::is_none) {
            cameras.pop();
        }
        Arrangement {
            layout: self.layout,
            cameras,
        }
    }

    /// Puts another arrangement in the place of this one, as far as the person may see its cameras.
    pub fn arrange(&mut self, wall: &Arrangement, session: &SessionFacts, now: Now) -> Task<Message> {
        let may_see = session.may_see();
        let wall = wall.seen_by(|id| session.plan().camera(id).is_some_and(&may_see));
        self.tiles = placed(&wall, now.instant);
        self.camera_tour = None;
        self.divide(wall.layout, session, now)
    }

    /// How the wall is divided.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Divides the wall in another way; no tile fills it any more.
    pub fn divide(&mut self, layout: Layout, session: &SessionFacts, now: Now) -> Task<Message> {
        self.layout = layout;
        self.full = None;
        self.selected = self.selected.min(layout.tiles() - 1);
        self.open_visible(session, now)
    }

    /// The selected tile.
    pub fn selected(&self) -> usize {
        self.selected
    }

    /// Selects a tile; `false` when it was selected.
    pub fn select(&mut self, tile: usize) -> bool {
        let other = self.selected != tile;
        self.selected = tile;
        other
    }

    /// The tile that fills the wall.
    pub fn full(&self) -> Option<usize> {
        self.full
    }

    /// Lets a tile fill the wall, and selects it.
    pub fn fill(&mut self, tile: usize, session: &SessionFacts, now: Now) -> Task<Message> {
        self.full = Some(tile);
        self.selected = tile;
        self.regulate(session, now)
    }

    /// Shows every tile again; `None` when no tile filled the wall.
    pub fn leave_full(&mut self, session: &SessionFacts, now: Now) -> Option<Task<Message>> {
        self.full.take()?;
        Some(self.regulate(session, now))
    }

    /// Puts a camera on a tile, and leaves everything else as it is.
    fn place(&mut self, camera: CameraId, tile: usize, session: &SessionFacts, now: Now) -> Task<Message> {
        if let Some(slot) = self.tiles.get_mut(tile) {
            *slot = Some(Placed::new(camera, now.instant));
        }
        self.open_visible(session, now)
    }

    /// Puts a camera on a tile and selects it; whatever was there is closed, and no tile fills the wall.
    pub fn put(&mut self, camera: CameraId, tile: usize, session: &SessionFacts, now: Now) -> Task<Message> {
        self.full = None;
        let opening = self.place(camera, tile, session, now);
        self.selected = tile;
        opening
    }

    /// Two visible tiles change places with the streams that are open on them; the selection and a tour go along with the
    /// first. Nothing is opened anew unless a tile's size asks for it.
    pub fn change_places(&mut self, from: usize, to: usize, session: &SessionFacts, now: Now) -> Task<Message> {
        let visible = self.layout.tiles();
        if from >= visible || to >= visible {
            return Task::none();
        }
        self.tiles.swap(from, to);
        if let Some((tile, _)) = &mut self.camera_tour {
            *tile = match *tile {
                at if at == from => to,
                at if at == to => from,
                at => at,
            };
        }
        self.selected = to;
        self.regulate(session, now)
    }

    /// Whether the figures of every stream are shown on its tile.
    pub fn toggle_figures(&mut self) {
        self.figures = !self.figures;
    }

    /// Whether only the wall is in the window.
    pub fn is_alone(&self) -> bool {
        self.alone
    }

    /// Shows only the wall in the window, or everything around it again.
    pub fn toggle_alone(&mut self) {
        self.alone = !self.alone;
    }

    /// How the wall lies in its window.
    pub fn sight(&self) -> &Sight {
        &self.sight
    }

    /// Takes where the wall lies in the window, logical pixels.
    pub fn lay_out(&mut self, bounds: Rectangle, session: &SessionFacts, now: Now) -> Task<Message> {
        self.sight.set_bounds(bounds);
        self.regulate(session, now)
    }

    /// Another screen lies over the wall from now on: what is under it is decoded less.
    pub fn cover(&mut self, session: &SessionFacts, now: Now) -> Task<Message> {
        self.sight.cover();
        self.regulate(session, now)
    }

    /// The screen that lay over the wall is gone.
    pub fn uncover(&mut self, session: &SessionFacts, now: Now) -> Task<Message> {
        self.sight.uncover(now.instant);
        self.regulate(session, now)
    }

    /// The camera on a tile.
    pub fn placed_on(&self, tile: usize) -> Option<&Placed> {
        self.tiles.get(tile)?.as_ref()
    }

    /// The camera on the selected tile, in the plan or not.
    pub fn selected_camera(&self) -> Option<&CameraId> {
        self.placed_on(self.selected).map(Placed::camera)
    }

    /// The visible tile that shows a camera.
    pub fn tile_of(&self, camera: &CameraId) -> Option<usize> {
        let on = |placed: &Option<Placed>| placed.as_ref().is_some_and(|placed| placed.camera() == camera);
        self.tiles.iter().take(self.layout.tiles()).position(on)
    }

    /// How a camera does on the wall; `None` when no visible tile shows it.
    pub fn condition_of(&self, camera: &CameraId, now: Instant) -> Option<Condition> {
        let placed = self.placed_on(self.tile_of(camera)?)?;
        Some(condition(placed, placed.shown(now), now))
    }

    /// The view whose picture a tile shows.
    pub fn shown_on(&self, tile: usize, now: Instant) -> Option<&Open> {
        self.placed_on(tile)?.shown(now)
    }

    /// The view whose picture the selected tile shows.
    pub fn selected_view(&self, now: Instant) -> Option<&Open> {
        self.shown_on(self.selected, now)
    }

    /// Tiles that are visible, with their part of the wall.
    pub fn cells(&self) -> Vec<(usize, Rectangle)> {
        if let Some(tile) = self.full {
            return vec![(tile, WHOLE)];
        }
        let cell = |rect: crate::domain::wall::Rect| Rectangle {
            x: rect.x as f32,
            y: rect.y as f32,
            width: rect.width as f32,
            height: rect.height as f32,
        };
        self.layout.rects().into_iter().map(cell).enumerate().collect()
    }

    /// The slots of all pictures that are visible or about to be, each with the ticket of its opening.
    pub fn visible_slots(&self) -> Vec<(u64, FrameSlot)> {
        let visible = self.cells().into_iter().filter_map(|(tile, _)| self.placed_on(tile));
        visible.flat_map(Placed::slots).collect()
    }

    /// Where the pictures are in the window now.
    pub fn geometry(&self, now: Instant) -> Vec<Shown> {
        let shown = |(tile, cell): (usize, Rectangle)| {
            let placed = self.placed_on(tile)?;
            let feed = placed.shown(now)?.feed();
            let frame = feed.slot().latest()?;
            let tile_area = wall::tile_rectangle(self.sight.bounds(), cell);
            Some(Shown {
                tile,
                camera: placed.camera().clone(),
                stream: feed.stream(),
                picture: wall::letterbox(tile_area, frame.seen_size()),
            })
        };
        self.cells().into_iter().filter_map(shown).collect()
    }
}

#[cfg(test)]
mod tests;
