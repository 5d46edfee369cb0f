//! The tile that goes through the cameras by itself.
//!
//! Invariant: a camera tour ends when a person puts something else on its tile; each of its steps is a view like any
//! other. Deliberately absent: the rules (`domain::camera_tour`).

use super::{Message, WallState};
use crate::domain::camera::CameraId;
use crate::domain::camera_tour::{CameraTour, DWELLS};
use crate::gui::i18n::fl;
use crate::gui::screen::control_room::effect::{Effect, Notice};
use crate::gui::screen::control_room::now::Now;
use crate::gui::screen::control_room::session_facts::SessionFacts;
use iced::Task;
use std::time::Duration;

impl WallState {
    /// How long each camera stays on a tile that goes through them; `None` for a tile that does not.
    pub fn tour_on(&self, tile: usize) -> Option<Duration> {
        let (on, tour) = self.camera_tour.as_ref()?;
        (*on == tile).then(|| tour.dwell())
    }

    /// Begins a camera tour on the selected tile; again, the next longer time; after the longest, none.
    pub fn tour_selected(&mut self, session: &SessionFacts, now: Now) -> Effect<Message> {
        let dwell = match self.tour_on(self.selected) {
            None => DWELLS.first(),
            Some(now) => DWELLS.iter().find(|dwell| **dwell > now),
        };
        let Some(dwell) = dwell else {
            self.camera_tour = None;
            return Effect::none();
        };
        let here = self.selected_camera().cloned();
        let cameras = self.not_shown_elsewhere(session, here.as_ref());
        let Some(tour) = CameraTour::begin(cameras, *dwell, now.instant) else {
            return Effect::say(Notice::passing(fl!("tour-nothing")));
        };
        let first = tour.place().cloned().filter(|camera| Some(camera) != here.as_ref());
        let tile = self.selected;
        self.camera_tour = Some((tile, tour));
        Effect::run(first.map_or_else(Task::none, |camera| self.place(camera, tile, session, now)))
    }

    /// The cameras that no other visible tile shows, by number, beginning with the one that is `here`.
    fn not_shown_elsewhere(&self, session: &SessionFacts, here: Option<&CameraId>) -> Vec<CameraId> {
        let elsewhere = |id: &CameraId| {
            let visible = self.tiles.iter().take(self.layout.tiles()).enumerate();
            visible
                .filter(|(tile, _)| *tile != self.selected)
                .any(|(_, placed)| placed.as_ref().is_some_and(|placed| placed.camera() == id))
        };
        let mut ids: Vec<CameraId> = session
            .cameras_in_sight()
            .into_iter()
            .map(|camera| camera.id.clone())
            .filter(|id| Some(id) == here || !elsewhere(id))
            .collect();
        if let Some(at) = ids.iter().position(|id| Some(id) == here) {
            ids.rotate_left(at);
        }
        ids
    }

    /// Takes the camera tour's next step, when it is time. While the person steers the camera on its tile, it stays.
    pub fn go_on_with_tour(&mut self, session: &SessionFacts, now: Now, steering: bool) -> Task<Message> {
        let Some((tile, tour)) = &mut self.camera_tour else {
            return Task::none();
        };
        let tile = *tile;
        let placed = self.tiles.get(tile).and_then(Option::as_ref);
        if placed.map(super::Placed::camera) != tour.place() || tile >= self.layout.tiles() {
            self.camera_tour = None;
            return Task::none();
        }
        if tile == self.selected && steering {
            return Task::none();
        }
        match tour.step(now.instant) {
            Some(camera) => self.place(camera, tile, session, now),
            None => Task::none(),
        }
    }
}
