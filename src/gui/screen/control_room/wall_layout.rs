//! The wall as a whole: what is on it, another one in its place, and the tile that goes through cameras by itself.
//!
//! Invariant: a camera tour ends when a person puts something on its tile; each of its steps is a view like any other.
//! Deliberately absent: keeping walls (`app`), the rules (`domain::saved_wall`, `domain::camera_tour`).

use super::tiles::Placed;
use super::{Action, ControlRoom, Message, may_see};
use crate::domain::camera::CameraId;
use crate::domain::camera_tour::{CameraTour, DWELLS};
use crate::domain::saved_wall::Arrangement;
use crate::domain::wall::Layout;
use crate::gui::i18n::fl;
use crate::gui::theme::Tone;
use iced::Task;
use std::time::{Duration, Instant};

/// The tiles of a wall, with no stream open yet.
pub(super) fn placed(wall: &Arrangement, now: Instant) -> Vec<Option<Placed>> {
    let camera = |camera: &Option<CameraId>| Some(Placed::new(camera.clone()?, now));
    let mut tiles: Vec<_> = wall
        .cameras
        .iter()
        .take(Layout::SixtyFour.tiles())
        .map(camera)
        .collect();
    tiles.resize_with(Layout::SixtyFour.tiles(), || None);
    tiles
}

impl ControlRoom {
    /// What is on the wall now.
    pub fn arrangement(&self) -> Arrangement {
        let camera = |tile: &Option<Placed>| tile.as_ref().map(|placed| placed.camera.clone());
        let mut cameras: Vec<_> = self.tiles.iter().map(camera).collect();
        while cameras.last().is_some_and(Option::is_none) {
            cameras.pop();
        }
        Arrangement {
            layout: self.layout,
            cameras,
        }
    }

    /// Puts another wall in the place of this one.
    pub fn arrange(&mut self, wall: &Arrangement) -> Task<Message> {
        let (plan, person, here) = (self.plan.clone(), self.person.clone(), self.desk.circumstances());
        let wall = wall.seen_by(|id| plan.camera(id).is_some_and(|camera| may_see(&person, &here, camera)));
        self.release_all();
        self.tiles = placed(&wall, self.now.instant);
        self.layout = wall.layout;
        self.full = None;
        self.tour = None;
        self.selected = self.selected.min(wall.layout.tiles() - 1);
        Task::batch([self.open_visible(), self.ask_presets()])
    }

    /// Says something in the strip of messages.
    pub fn tell(&mut self, tone: Tone, sentence: String) {
        self.say(tone, sentence, None);
    }

    /// How long each camera stays on a tile that goes through them.
    pub(super) fn tour_on(&self, tile: usize) -> Option<Duration> {
        let (on, tour) = self.tour.as_ref()?;
        (*on == tile).then(|| tour.dwell())
    }

    /// Begins a camera tour on the selected tile; again, the next longer time; after the longest, none.
    pub(super) fn tour_selected(&mut self) -> Action {
        let dwell = match self.tour_on(self.selected) {
            None => DWELLS.first(),
            Some(now) => DWELLS.iter().find(|dwell| **dwell > now),
        };
        let Some(dwell) = dwell else {
            self.tour = None;
            return Action::None;
        };
        let here = self.selected_camera();
        let elsewhere = |id: &CameraId| {
            let visible = self.tiles.iter().take(self.layout.tiles()).enumerate();
            visible
                .filter(|(tile, _)| *tile != self.selected)
                .any(|(_, placed)| placed.as_ref().is_some_and(|placed| &placed.camera == id))
        };
        let circumstances = self.desk.circumstances();
        let mut cameras: Vec<_> = self
            .plan
            .cameras
            .iter()
            .filter(|camera| may_see(&self.person, &circumstances, camera))
            .collect();
        cameras.sort_by_key(|camera| camera.number);
        let mut ids: Vec<CameraId> = cameras
            .into_iter()
            .map(|camera| camera.id.clone())
            .filter(|id| Some(id) == here.as_ref() || !elsewhere(id))
            .collect();
        if let Some(at) = ids.iter().position(|id| Some(id) == here.as_ref()) {
            ids.rotate_left(at);
        }
        match CameraTour::begin(ids, *dwell, self.now.instant) {
            Some(tour) => {
                let first = tour.camera().cloned().filter(|camera| Some(camera) != here.as_ref());
                let tile = self.selected;
                self.tour = Some((tile, tour));
                Action::Run(first.map_or_else(Task::none, |camera| self.place(camera, tile)))
            }
            None => {
                self.tell(Tone::Attention, fl!("tour-nothing"));
                Action::None
            }
        }
    }

    pub(super) fn go_on_with_tour(&mut self) -> Task<Message> {
        let Some((tile, tour)) = &mut self.tour else {
            return Task::none();
        };
        let tile = *tile;
        let here = self
            .tiles
            .get(tile)
            .and_then(Option::as_ref)
            .map(|placed| &placed.camera);
        if here != tour.camera() || tile >= self.layout.tiles() {
            self.tour = None;
            return Task::none();
        }
        // While a hand steers the camera on this tile, it stays.
        if tile == self.selected && !self.held.is_empty() {
            return Task::none();
        }
        match tour.step(self.now.instant) {
            Some(camera) => self.place(camera, tile),
            None => Task::none(),
        }
    }
}
