//! What the pointer does on the wall and the list, and what it asks of the message strip.
//!
//! Invariant: a click in the picture of the camera whose masks are drawn or whose dome is calibrated moves nothing.
//! Deliberately absent: keys (`commands`).

use super::camera_rail::{Carried, Wish};
use super::effect::Notice;
use super::focus::Area;
use super::ptz::PtzInput;
use super::side_panel::{self, SidePanel};
use super::{Action, ControlRoom, Effect, Message, ptz};
use crate::domain::camera::CameraId;
use crate::domain::digital_zoom::Zoom;
use crate::gui::i18n::fl;
use crate::gui::input::{Direction, Edge};
use crate::gui::session_port::Desk;
use crate::gui::ui::{camera_list, message_strip};
use crate::gui::widget::wall;
use iced::Task;
use std::sync::Arc;

/// Width over height of a picture whose lens model is not known.
const WIDE: f64 = 16.0 / 9.0;

impl ControlRoom {
    pub(super) fn wall_event(&mut self, event: wall::Event) -> Task<Message> {
        if !matches!(event, wall::Event::Placed(_)) {
            self.focus.enter(Area::Wall);
        }
        let on = |room: &Self, tile| room.wall.full().unwrap_or(tile);
        match event {
            wall::Event::Placed(bounds) => self.wall.lay_out(bounds, &self.session, self.now).map(Message::Streams),
            wall::Event::Pressed { tile, at } => self.pressed(on(self, tile), at),
            wall::Event::PressedTwice { tile } => {
                self.ptz.forget_aim();
                match self.wall.full() {
                    Some(_) => self.back(),
                    None => self.open_full(tile),
                }
            }
            wall::Event::Turned { tile, notches, at } => {
                let tile = on(self, tile);
                if tile == self.wall.selected() {
                    self.turn_wheel(notches, at)
                } else {
                    self.select(tile)
                }
            }
            wall::Event::Pointed { tile, at } => {
                if on(self, tile) == self.wall.selected() {
                    self.ptz.point(at);
                }
                Task::none()
            }
            wall::Event::Boxing { .. } => {
                self.ptz.release_all();
                self.ptz.forget_aim();
                Task::none()
            }
            wall::Event::Boxed { tile, corners } => self.boxed(on(self, tile), corners),
            wall::Event::Dragged { tile, by: [x, y] } => {
                self.ptz.forget_aim();
                self.wall.move_part(on(self, tile), [-x, -y]);
                Task::none()
            }
            wall::Event::Lifted { tile } => {
                self.lift(on(self, tile));
                Task::none()
            }
            wall::Event::Dropped { tile } => match self.rail.take_carried() {
                Some(Carried { from: Some(from), .. }) => self.change_places(from, on(self, tile)),
                Some(Carried { camera, from: None }) => self.put(camera, on(self, tile)),
                None => Task::none(),
            },
        }
    }

    /// The pointer pulls a picture out of its tile; not while one fills the wall or masks are drawn on it.
    fn lift(&mut self, tile: usize) {
        if self.wall.full().is_some() || !self.work.is_watching() {
            return;
        }
        if let Some(placed) = self.wall.placed_on(tile) {
            self.rail.lift(placed.camera().clone(), tile);
        }
    }

    /// Two tiles change places with all that is on them; the keyboard goes along.
    fn change_places(&mut self, from: usize, to: usize) -> Task<Message> {
        if from == to {
            return Task::none();
        }
        self.ptz.release_all();
        let regulated = self.wall.change_places(from, to, &self.session, self.now);
        Task::batch([regulated.map(Message::Streams), self.ask_presets()])
    }

    /// The selected tile and the one beside it change places.
    pub(super) fn move_tile(&mut self, direction: Direction) -> Task<Message> {
        let (right, down) = match direction {
            Direction::Left => (-1, 0),
            Direction::Right => (1, 0),
            Direction::Up => (0, -1),
            Direction::Down => (0, 1),
        };
        let from = self.wall.selected();
        if self.wall.placed_on(from).is_none() {
            return self.nothing_selected();
        }
        match self.wall.layout().beside(from, right, down) {
            Some(to) if self.wall.full().is_none() => self.change_places(from, to),
            _ => {
                self.say(Notice::passing(fl!("tile-no-neighbour")));
                Task::none()
            }
        }
    }

    /// A click on a tile, at a point of its picture (0..1).
    fn pressed(&mut self, tile: usize, at: Option<[f64; 2]>) -> Task<Message> {
        if tile != self.wall.selected() {
            return self.select(tile);
        }
        if self.point_in_picture(at) {
            return Task::none();
        }
        match (self.selected_dome(), at) {
            (Some(dome), Some(at)) => {
                self.panel.end_patrol(&dome);
                let lens = self.selected_plan().and_then(|camera| camera.lens.as_ref());
                let aspect = lens.map_or(WIDE, |lens| lens.aspect);
                self.ptz.aim(dome, at, aspect).map(Message::Ptz)
            }
            _ => Task::none(),
        }
    }

    /// A box was drawn on a tile's picture, from one corner to the opposite one (0..1).
    fn boxed(&mut self, tile: usize, corners: [[f64; 2]; 2]) -> Task<Message> {
        if tile != self.wall.selected() || !self.work.is_watching() {
            return Task::none();
        }
        self.drive_dome(|ptz, dome, desk| ptz.box_zoom(corners, dome, desk))
    }

    /// Zooms by notches of the wheel over a point of the picture.
    fn turn_wheel(&mut self, notches: f32, at: Option<[f64; 2]>) -> Task<Message> {
        let factor = ptz::factor_of(notches);
        if self.zoom_of_notch(factor) == Some(Zoom::Digital) {
            self.zoom_digitally(factor, at);
            return Task::none();
        }
        match self.selected_dome() {
            Some(_) => self.drive_dome(|ptz, dome, desk| ptz.zoom_by(factor, dome, desk)),
            None => Task::none(),
        }
    }

    /// Lets the keys or the wheel act on the selected dome.
    pub(super) fn drive_dome(
        &mut self,
        act: impl FnOnce(&mut PtzInput, CameraId, &Arc<dyn Desk>) -> Task<ptz::Message>,
    ) -> Task<Message> {
        match self.selected_dome() {
            Some(dome) => {
                self.panel.end_patrol(&dome);
                act(&mut self.ptz, dome, self.session.desk()).map(Message::Ptz)
            }
            None => self.not_a_dome(),
        }
    }

    /// Takes the selected dome's lease; one that somebody else holds is asked for.
    pub(super) fn ask_lease(&mut self) -> Task<Message> {
        let lease = self.selected_dome().and_then(|dome| self.session.lease_of(&dome));
        if lease.is_some_and(|lease| !lease.ours) {
            return self.open_request_dome();
        }
        self.drive_dome(|ptz, dome, desk| ptz.take_lease(dome, desk))
    }

    /// Lets the panel act on the presets of the selected dome.
    pub(super) fn on_presets(
        &mut self,
        act: impl FnOnce(&SidePanel, CameraId, &dyn Desk) -> Effect<side_panel::Message>,
    ) -> Task<Message> {
        let Some(dome) = self.selected_dome() else {
            return self.not_a_dome();
        };
        self.panel.end_patrol(&dome);
        let effect = act(&self.panel, dome, self.session.desk().as_ref());
        self.carry_out(effect, Message::Presets)
    }

    /// Begins, slows down or ends the patrol of the selected dome.
    pub(super) fn patrol(&mut self) -> Task<Message> {
        let Some(dome) = self.selected_dome() else {
            return self.not_a_dome();
        };
        let effect = self.panel.patrol(dome, self.now.instant, self.session.desk().as_ref());
        self.carry_out(effect, Message::Presets)
    }

    /// Takes the next step of a patrol; one whose dome is no longer on the wall ends.
    pub(super) fn go_on_with_patrol(&mut self) -> Task<Message> {
        let gone = self.panel.on_patrol().filter(|dome| self.wall.tile_of(dome).is_none());
        if let Some(dome) = gone.cloned() {
            self.panel.end_patrol(&dome);
        }
        let step = self
            .panel
            .go_on_with_patrol(self.now.instant, self.session.desk().as_ref());
        step.map(Message::Presets)
    }

    /// Asks for the presets of the selected dome, once its view is open: the view's event covers the question.
    pub(super) fn ask_presets(&self) -> Task<Message> {
        match (self.selected_dome(), self.wall.selected_view(self.now.instant)) {
            (Some(dome), Some(_)) => self
                .panel
                .ask_presets(&dome, self.session.desk().as_ref())
                .map(Message::Presets),
            _ => Task::none(),
        }
    }

    pub(super) fn list_message(&mut self, message: camera_list::Message) -> Action {
        let wish = self.rail.update(message, self.session.plan());
        if matches!(wish, Wish::Leave) {
            return Action::None;
        }
        self.focus.enter(Area::List);
        match wish {
            Wish::Nothing | Wish::Leave => Action::None,
            Wish::Command(command) => self.command(command, Edge::Down),
            Wish::Show(camera) => Action::Run(self.put(camera, self.wall.selected())),
            Wish::Confirm => self.confirm(),
        }
    }

    pub(super) fn strip_message(&mut self, message: message_strip::Message) -> Task<Message> {
        self.notices.update(&message);
        match message {
            message_strip::Message::GoTo(camera) => self.go_to(camera),
            message_strip::Message::PutAway(_) | message_strip::Message::ToggleHistory => Task::none(),
        }
    }
}
