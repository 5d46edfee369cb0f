//! What each command and each gesture on the wall, the list and the strip does.
//!
//! Invariant: a command that cannot be done now says why; it is never ignored in silence when a person asked for it.
//! Deliberately absent: moving domes (`ptz`).

use super::streams::look_at_window;
use super::tiles::{Content, Now, Open, Placed};
use super::{Action, Area, ControlRoom, Message};
use crate::domain::camera::CameraId;
use crate::domain::privacy::declared_event::Change;
use crate::domain::wall::Layout;
use crate::gui::i18n::fl;
use crate::gui::keymap::{Command, Direction, Edge};
use crate::gui::session_port::InForce;
use crate::gui::theme::Tone;
use crate::gui::ui::{camera_list, message_strip};
use crate::gui::widget::wall;
use crate::station::{Preset, Refusal, ViewState};
use iced::{Task, widget};
use std::path::PathBuf;
use std::sync::Arc;

impl ControlRoom {
    pub(super) fn command(&mut self, command: Command, edge: Edge) -> Action {
        if self.dialogue.is_some() {
            return if edge == Edge::Down {
                self.dialogue_command(command)
            } else {
                Action::None
            };
        }
        if self.help && edge == Edge::Down {
            self.help = false;
            return Action::None;
        }
        match (command, edge) {
            (Command::Arrow(direction), _) if matches!(self.area, Area::List | Area::Messages | Area::Bar) => {
                if edge == Edge::Down {
                    self.move_focus(direction)
                } else {
                    Action::None
                }
            }
            (Command::Arrow(_) | Command::ZoomIn | Command::ZoomOut, Edge::Down) => self.press(command),
            (Command::Arrow(_) | Command::ZoomIn | Command::ZoomOut, Edge::Up) => {
                self.release(command);
                Action::None
            }
            (_, Edge::Up) => Action::None,
            (Command::Stop, Edge::Down) => self.stop(),
            (Command::AskHold, Edge::Down) => self.ask_hold(),
            (command, Edge::Down) => self.press_once(command),
        }
    }

    fn press_once(&mut self, command: Command) -> Action {
        match command {
            Command::Next => self.step(1),
            Command::Previous => self.step(-1),
            Command::NextArea => self.go_to_area(1),
            Command::PreviousArea => self.go_to_area(-1),
            Command::Confirm => self.confirm(),
            Command::Back => self.back(),
            Command::Digit(digit) => {
                if self.typed.len() < 4 {
                    self.typed.push(char::from(b'0' + digit.min(9)));
                }
                Action::None
            }
            Command::CallPreset(n) => self.call_preset(n),
            Command::SavePreset(n) => self.save_preset(n),
            Command::Layout(layout) => self.divide(layout),
            Command::NewWindow => Action::NewWindow,
            Command::SavedWalls => Action::SavedWalls,
            Command::CameraTour => self.tour_selected(),
            Command::WallAlone => {
                self.alone = !self.alone;
                self.area = Area::Wall;
                Action::None
            }
            Command::Snapshot => self.take_snapshot(),
            Command::Export => self.open_export(),
            Command::Declare => self.open_declare(),
            Command::ExtendGrace => self.open_go_on(),
            Command::ChangePurpose => self.open_change_purpose(),
            Command::HandOver => self.open_hand_over(),
            Command::Clearances => self.open_clearances(),
            Command::Masks => self.toggle_editor(),
            Command::Calibrate => self.toggle_calibration(),
            Command::WriteToCamera => self.write_to_camera(),
            Command::Search => {
                self.area = Area::List;
                Action::Run(self.list.focus_search())
            }
            Command::Playback => match self.selected_plan() {
                Some(camera) => {
                    let camera = camera.clone();
                    self.away = true;
                    // The recordings lie over the wall: what is under them is decoded less from now on.
                    drop(self.regulate());
                    Action::PlayBack(Box::new(camera))
                }
                None => self.nothing_selected(),
            },
            Command::Figures => {
                self.figures = !self.figures;
                Action::None
            }
            Command::History => {
                self.strip.update(&message_strip::Message::ToggleHistory);
                Action::None
            }
            Command::Help => {
                self.help = true;
                Action::None
            }
            Command::SignOut => Action::SignOut,
            // The program's own, wherever the keyboard is (`app`).
            Command::Lock | Command::People | Command::Cameras | Command::ConfirmAccount | Command::EndAccount => {
                Action::None
            }
            Command::Arrow(_) | Command::ZoomIn | Command::ZoomOut | Command::Stop | Command::AskHold => Action::None,
        }
    }

    pub(super) fn nothing_selected(&mut self) -> Action {
        self.say(Tone::Attention, fl!("nothing-selected"), None);
        Action::None
    }

    /// Tab inside an area.
    fn step(&mut self, step: isize) -> Action {
        let wrap = |at: usize, count: usize| match count {
            0 => 0,
            count => (at as isize + step).rem_euclid(count as isize) as usize,
        };
        match self.area {
            Area::Wall if self.full.is_none() => {
                let next = wrap(self.selected, self.layout.tiles());
                return self.select(next);
            }
            Area::Wall => {}
            Area::List => return Action::Run(self.list.step(step)),
            Area::Panel => {
                self.focus = wrap(
                    self.focus,
                    self.selected_plan()
                        .map_or(0, |camera| self.panel.controls(camera).len()),
                );
            }
            Area::Messages => self.focus = wrap(self.focus, self.strip.pending().len()),
            Area::Bar => self.focus = wrap(self.focus, 2),
        }
        Action::None
    }

    fn move_focus(&mut self, direction: Direction) -> Action {
        self.step(if matches!(direction, Direction::Up | Direction::Left) {
            -1
        } else {
            1
        })
    }

    fn go_to_area(&mut self, step: isize) -> Action {
        const ORDER: [Area; 5] = [Area::Wall, Area::List, Area::Panel, Area::Messages, Area::Bar];
        let at = ORDER.iter().position(|area| *area == self.area).unwrap_or_default();
        self.area = ORDER[(at as isize + step).rem_euclid(ORDER.len() as isize) as usize];
        self.focus = 0;
        self.release_all();
        let nowhere = widget::Id::new("nowhere");
        Action::Run(if self.area == Area::List {
            self.list.focus_search()
        } else {
            widget::operation::focus(nowhere)
        })
    }

    fn confirm(&mut self) -> Action {
        if !self.typed.is_empty() {
            return self.go_to_number();
        }
        match self.area {
            Area::Wall if self.full.is_some() => Action::None,
            Area::Wall => self.open_full(self.selected),
            Area::List => match self.list.highlighted().cloned() {
                Some(camera) => self.put(camera, self.selected),
                None => Action::None,
            },
            Area::Panel => {
                let control = self
                    .selected_plan()
                    .and_then(|camera| self.panel.controls(camera).get(self.focus).copied());
                control.map_or(Action::None, |control| self.command(control, Edge::Down))
            }
            Area::Messages => {
                if let Some((index, _)) = self.strip.pending().get(self.focus) {
                    let index = *index;
                    self.strip.update(&message_strip::Message::PutAway(index));
                }
                Action::None
            }
            Area::Bar if self.focus == 0 => {
                self.help = true;
                Action::None
            }
            Area::Bar => Action::SignOut,
        }
    }

    fn back(&mut self) -> Action {
        if !self.typed.is_empty() {
            self.typed.clear();
        } else if self.show_whole() {
        } else if self.full.take().is_some() {
            self.aimed = None;
            return Action::Run(self.regulate());
        } else if self.strip.is_open() {
            self.strip.update(&message_strip::Message::ToggleHistory);
        } else {
            self.area = Area::Wall;
        }
        Action::None
    }

    fn go_to_number(&mut self) -> Action {
        let number = std::mem::take(&mut self.typed);
        let camera = self
            .plan
            .cameras
            .iter()
            .find(|camera| number.parse() == Ok(camera.number))
            .map(|c| c.id.clone());
        let Some(camera) = camera else {
            self.say(Tone::Attention, fl!("no-such-camera", number = number), None);
            return Action::None;
        };
        self.area = Area::Wall;
        self.go_to(camera)
    }

    /// Selects the tile of a camera, or puts the camera on the selected tile.
    pub(super) fn go_to(&mut self, camera: CameraId) -> Action {
        let visible = self.layout.tiles();
        let tile = self
            .tiles
            .iter()
            .take(visible)
            .position(|t| t.as_ref().is_some_and(|p| p.camera == camera));
        match tile {
            Some(tile) if self.full.is_some() => self.open_full(tile),
            Some(tile) => self.select(tile),
            None => self.put(camera, self.selected),
        }
    }

    pub(super) fn select(&mut self, tile: usize) -> Action {
        if self.selected != tile {
            self.release_all();
            self.selected = tile;
            self.focus = 0;
        }
        Action::Run(self.ask_presets())
    }

    /// Puts a camera on a tile, and leaves everything else as it is.
    pub(super) fn place(&mut self, camera: CameraId, tile: usize) -> Task<Message> {
        if let Some(slot) = self.tiles.get_mut(tile) {
            *slot = Some(Placed::new(camera, self.now.instant));
        }
        self.open_visible()
    }

    /// Puts a camera on a tile; whatever was there is closed.
    pub(super) fn put(&mut self, camera: CameraId, tile: usize) -> Action {
        self.full = None;
        let opening = self.place(camera, tile);
        self.selected = tile;
        Action::Run(Task::batch([opening, self.ask_presets()]))
    }

    fn divide(&mut self, layout: Layout) -> Action {
        self.layout = layout;
        self.full = None;
        self.selected = self.selected.min(layout.tiles() - 1);
        Action::Run(Task::batch([self.open_visible(), self.ask_presets()]))
    }

    fn open_full(&mut self, tile: usize) -> Action {
        if self.camera_on(tile).is_none() {
            return self.nothing_selected();
        }
        self.full = Some(tile);
        self.selected = tile;
        Action::Run(Task::batch([self.regulate(), self.ask_presets()]))
    }

    pub(super) fn tick(&mut self) -> Action {
        self.now = Now::read();
        self.stated = self.desk.stated();
        self.health = self.desk.health();
        self.may_watch = self.desk.may_watch();
        self.holds = self.desk.holds();
        let before = std::mem::replace(&mut self.plan, self.desk.plan());
        if !Arc::ptr_eq(&before, &self.plan) {
            self.follow_lenses(&before);
        }
        self.follow_closed();
        self.watching = self.desk.watching();
        let notice = self.follow();
        self.measure();
        let toured = self.go_on_with_tour();
        Action::Run(Task::batch([
            toured,
            self.check_next(),
            notice,
            self.open_visible(),
            look_at_window(self.in_window),
        ]))
    }

    /// A view that a rule of time closed is asked for again when that can have changed: the school calendar, or a
    /// supervisor who opened it; the server, or an officer who goes on in their own name.
    fn follow_closed(&mut self) {
        let at = self.now.instant;
        let declared = self.desk.declared();
        for placed in self.tiles.iter_mut().flatten() {
            if let Content::Open(open) = &placed.content
                && let Some(why) = closed_for_a_time(open)
            {
                placed.content = Content::Refused { why: Arc::new(why), at };
            }
            if placed
                .large
                .as_ref()
                .and_then(|large| closed_for_a_time(large.open.as_ref()?))
                .is_some()
            {
                placed.large = None;
            }
            let closed =
                matches!(&placed.content, Content::Refused { why, .. } if matches!(**why, Refusal::SchoolHours { .. }));
            let opened = |event: &InForce| event.camera == placed.camera && event.change == Change::School;
            if closed && declared.iter().any(opened) {
                placed.content = Content::Closed;
            }
        }
    }

    pub(super) fn wall_event(&mut self, event: wall::Event) -> Action {
        self.area = if matches!(event, wall::Event::Placed(_)) {
            self.area
        } else {
            Area::Wall
        };
        match event {
            wall::Event::Placed(bounds) => {
                self.placed = bounds;
                return Action::Run(self.regulate());
            }
            wall::Event::Pressed { tile, at } => {
                let tile = self.full.unwrap_or(tile);
                if tile == self.selected && (self.draw(at) || self.sight(at)) {
                    return Action::None;
                }
                if tile == self.selected {
                    return self.aim(at);
                }
                return self.select(tile);
            }
            wall::Event::PressedTwice { tile } => {
                self.aimed = None;
                return match self.full {
                    Some(_) => self.back(),
                    None => self.open_full(tile),
                };
            }
            wall::Event::Turned { tile, notches, at } => {
                let tile = self.full.unwrap_or(tile);
                return if tile == self.selected {
                    self.turn_wheel(notches, at)
                } else {
                    self.select(tile)
                };
            }
            wall::Event::Dragged { tile, by } => self.drag_part(self.full.unwrap_or(tile), by),
            wall::Event::Dropped { tile } => {
                let tile = self.full.unwrap_or(tile);
                if let Some(camera) = self.carried.take() {
                    return self.put(camera, tile);
                }
            }
        }
        Action::None
    }

    pub(super) fn list_message(&mut self, message: camera_list::Message) -> Action {
        self.area = Area::List;
        self.list.update(&message, &self.plan);
        match message {
            camera_list::Message::Search(_) => Action::None,
            camera_list::Message::Grab(camera) => {
                self.carried = Some(camera);
                Action::None
            }
            camera_list::Message::Choose(camera) => {
                self.carried = None;
                self.put(camera, self.selected)
            }
            camera_list::Message::Submit => self.confirm(),
        }
    }

    pub(super) fn strip_message(&mut self, message: message_strip::Message) -> Action {
        self.strip.update(&message);
        match message {
            message_strip::Message::GoTo(camera) => self.go_to(camera),
            message_strip::Message::PutAway(_) | message_strip::Message::ToggleHistory => Action::None,
        }
    }

    /// Asks for the presets of the selected dome, once its view is open: the view's event covers the question.
    pub(super) fn ask_presets(&mut self) -> Task<Message> {
        let open = self.shown_on(self.selected).is_some();
        let Some(camera) = self
            .selected_dome()
            .map(|dome| dome.id.clone())
            .filter(|dome| open && self.panel.lacks(dome))
        else {
            return Task::none();
        };
        let asked = self.desk.presets(camera.clone());
        Task::perform(asked, move |answer| Message::Presets {
            camera: camera.clone(),
            answer: answer.map_err(Arc::new),
        })
    }

    fn call_preset(&mut self, n: u8) -> Action {
        let Some(camera) = self.selected_dome().map(|dome| dome.id.clone()) else {
            return self.not_a_dome();
        };
        let place = usize::from(n).saturating_sub(1);
        let Some(Preset { token, .. }) = self.panel.presets(&camera).get(place).cloned() else {
            self.say(Tone::Attention, fl!("no-such-preset", n = n.to_string()), Some(camera));
            return Action::None;
        };
        let called = self.desk.call_preset(camera, token);
        Action::Run(Task::perform(called, |answer| {
            Message::PresetCalled(answer.map_err(Arc::new))
        }))
    }

    fn save_preset(&mut self, n: u8) -> Action {
        let Some(camera) = self.selected_dome().map(|dome| dome.id.clone()) else {
            return self.not_a_dome();
        };
        let known = self
            .panel
            .presets(&camera)
            .get(usize::from(n).saturating_sub(1))
            .map(|preset| preset.name.clone());
        let name = known.unwrap_or_else(|| fl!("preset-name", n = n.to_string()));
        let saved = self.desk.save_preset(camera.clone(), name);
        Action::Run(Task::perform(saved, move |answer| Message::PresetSaved {
            camera: camera.clone(),
            answer: answer.map_err(Arc::new),
        }))
    }

    pub(super) fn preset_saved(&mut self, camera: CameraId, answer: Result<(), Arc<Refusal>>) -> Action {
        match answer {
            Err(why) => {
                self.refused(&why, Some(camera));
                Action::None
            }
            Ok(()) => {
                self.say(Tone::Normal, fl!("preset-saved"), Some(camera.clone()));
                let asked = self.desk.presets(camera.clone());
                Action::Run(Task::perform(asked, move |answer| Message::Presets {
                    camera: camera.clone(),
                    answer: answer.map_err(Arc::new),
                }))
            }
        }
    }

    fn take_snapshot(&mut self) -> Action {
        let shown = self.shown_on(self.selected).map(|open| open.feed.clone());
        let (Some(feed), Some(camera)) = (shown, self.selected_camera()) else {
            return self.nothing_selected();
        };
        let taken = self.desk.snapshot(feed);
        Action::Run(Task::perform(taken, move |answer| Message::Snapshot {
            camera: camera.clone(),
            answer: answer.map_err(Arc::new),
        }))
    }

    pub(super) fn snapshot_taken(&mut self, camera: CameraId, answer: Result<PathBuf, Arc<Refusal>>) {
        match answer {
            Ok(path) => {
                self.say(
                    Tone::Normal,
                    fl!("snapshot-saved", path = path.display().to_string()),
                    None,
                );
                self.snapshot = Some(path);
            }
            Err(why) => self.refused(&why, Some(camera)),
        }
    }
}

/// Why a view was closed, when it opens again by itself.
fn closed_for_a_time(open: &Open) -> Option<Refusal> {
    match open.feed.state() {
        ViewState::Closed { why } => {
            let for_a_time = matches!(
                why,
                Refusal::SchoolHours { .. } | Refusal::GraceOver | Refusal::OutboxFilling
            );
            for_a_time.then_some(why)
        }
        _ => None,
    }
}
