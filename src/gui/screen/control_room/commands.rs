//! What each command does.
//!
//! Invariant: a command that cannot be done now says why; it is never ignored in silence when a person asked for it.
//! Deliberately absent: the pointer (`pointer`), what each part does with it (the parts).

use super::effect::Notice;
use super::focus::{Area, wrap};
use super::work::Tool;
use super::{Action, ControlRoom, Message};
use crate::domain::camera::CameraId;
use crate::domain::wall::Layout;
use crate::gui::i18n::fl;
use crate::gui::input::{Command, Direction, Edge};
use crate::gui::theme::Tone;
use crate::gui::ui::{controls, shortcuts_help};
use crate::station::Refusal;
use iced::Task;
use std::path::PathBuf;
use std::sync::Arc;

/// Controls of the top bar: the page of keys, signing out.
const BAR_CONTROLS: usize = 2;

impl ControlRoom {
    pub(super) fn command(&mut self, command: Command, edge: Edge) -> Action {
        if let Edge::Instead(before) = edge {
            self.ptz.change_pace(before, command);
            return Action::None;
        }
        if self.work.has_dialogue() {
            return Action::Run(match edge {
                Edge::Down => self.dialogue_command(command),
                Edge::Up | Edge::Instead(_) => Task::none(),
            });
        }
        if edge == Edge::Down && self.focus.is_help_shown() {
            return self.in_help(command);
        }
        match (command, edge) {
            (Command::Arrow(direction), Edge::Down)
                if matches!(self.focus.area(), Area::List | Area::Messages | Area::Bar) =>
            {
                Action::Run(self.move_focus(direction))
            }
            (command, Edge::Down) if command.steers() => {
                if self.press_digital(command) {
                    return Action::None;
                }
                Action::Run(self.drive_dome(|ptz, dome, desk| ptz.press(command, dome, desk)))
            }
            (command, Edge::Up) if command.steers() => {
                self.ptz.release(command);
                Action::None
            }
            (_, Edge::Up | Edge::Instead(_)) => Action::None,
            (command, Edge::Down) => self.press_once(command),
        }
    }

    /// Scrolls the page of keys, which on a small screen is longer than the window; every other key puts it away.
    fn in_help(&mut self, command: Command) -> Action {
        match command {
            Command::Arrow(Direction::Down) => Action::Run(controls::scroll_dialogue(shortcuts_help::STEP)),
            Command::Arrow(Direction::Up) => Action::Run(controls::scroll_dialogue(-shortcuts_help::STEP)),
            _ => {
                self.focus.put_help_away();
                Action::None
            }
        }
    }

    fn press_once(&mut self, command: Command) -> Action {
        match command {
            Command::Confirm => self.confirm(),
            Command::NewWindow => Action::NewWindow,
            Command::SavedWalls => Action::SavedWalls,
            Command::SignOut => Action::SignOut,
            Command::Playback => self.play_back(),
            command => Action::Run(self.run(command)),
        }
    }

    fn run(&mut self, command: Command) -> Task<Message> {
        match command {
            Command::Next => return self.step(1),
            Command::Previous => return self.step(-1),
            Command::NextArea => return self.go_to_area(1),
            Command::PreviousArea => return self.go_to_area(-1),
            Command::Back => return self.back(),
            Command::Digit(digit) => self.focus.type_digit(digit),
            Command::Search => {
                self.focus.enter(Area::List);
                self.begin_search();
            }
            Command::Help => self.focus.toggle_help(),
            Command::History => self.notices.toggle_history(),
            Command::Layout(layout) => return self.divide(layout),
            Command::MoveTile(direction) => return self.move_tile(direction),
            Command::CameraTour => {
                let effect = self.wall.tour_selected(&self.session, self.now);
                return self.carry_out(effect, Message::Streams);
            }
            Command::WallAlone => {
                self.wall.toggle_alone();
                self.focus.enter(Area::Wall);
            }
            Command::Figures => self.wall.toggle_figures(),
            Command::Stop => return self.drive_dome(|ptz, dome, desk| ptz.stop(dome, desk)),
            Command::AskLease => return self.ask_lease(),
            Command::CallHome => return self.on_presets(|panel, dome, desk| panel.call_home(dome, desk)),
            Command::Patrol => return self.patrol(),
            Command::CallPreset(n) => {
                let saves = self.keymap.named(Command::SavePreset(n));
                return self.on_presets(|panel, dome, desk| panel.call_preset(n, dome, saves, desk));
            }
            Command::SavePreset(n) => return self.on_presets(|panel, dome, desk| panel.save_preset(n, dome, desk)),
            Command::Snapshot => return self.take_snapshot(),
            Command::Export => return self.open_export(),
            Command::Declare => return self.open_declare(),
            Command::ExtendGrace => return self.open_extend_grace(),
            Command::ChangePurpose => return self.open_change_purpose(),
            Command::HandOver => return self.open_hand_over(),
            Command::Clearances => return self.open_clearances(),
            Command::ClearancesInForce => return self.open_clearances_in_force(),
            Command::Masks => return self.toggle_mask_editor(),
            Command::Calibrate => return self.toggle_calibration(),
            Command::WriteToCamera => return self.write_to_camera(),
            // Held ones, and those for the parent (above); the program's own (`app`); those of other contexts.
            _ => {}
        }
        Task::none()
    }

    /// Says that no camera is selected.
    pub(super) fn nothing_selected(&mut self) -> Task<Message> {
        self.say(Notice::passing(fl!("nothing-selected")));
        Task::none()
    }

    /// Says that the selected camera is no dome.
    pub(super) fn not_a_dome(&mut self) -> Task<Message> {
        self.say(Notice::passing(fl!("not-a-dome")));
        Task::none()
    }

    /// Tab inside an area.
    fn step(&mut self, step: isize) -> Task<Message> {
        match self.focus.area() {
            Area::Wall if self.wall.full().is_none() => {
                let next = wrap(self.wall.selected(), step, self.wall.layout().tiles());
                return self.select(next);
            }
            Area::Wall => {}
            Area::List => return self.rail.step(step),
            Area::Panel => {
                let controls = self.selected_plan().map(|camera| self.panel.controls(camera).len());
                self.focus.step_control(step, controls.unwrap_or_default());
            }
            Area::Messages => self.focus.step_control(step, self.notices.sentences().len()),
            Area::Bar => self.focus.step_control(step, BAR_CONTROLS),
        }
        Task::none()
    }

    fn move_focus(&mut self, direction: Direction) -> Task<Message> {
        self.step(if matches!(direction, Direction::Up | Direction::Left) {
            -1
        } else {
            1
        })
    }

    fn go_to_area(&mut self, step: isize) -> Task<Message> {
        self.focus.step_area(step);
        self.ptz.release_all();
        if self.focus.is_in(Area::List) {
            self.begin_search();
        }
        Task::none()
    }

    /// Gives the keyboard to the search field of the list, and takes it from the fields of the tool beside the wall.
    fn begin_search(&mut self) {
        self.rail.begin_search();
        self.work.leave_fields();
    }

    pub(super) fn confirm(&mut self) -> Action {
        if let Some(number) = self.focus.take_typed() {
            return Action::Run(self.go_to_number(&number));
        }
        match self.focus.area() {
            Area::Wall if self.wall.full().is_some() => Action::None,
            Area::Wall => Action::Run(self.open_full(self.wall.selected())),
            Area::List => match self.rail.highlighted().cloned() {
                Some(camera) => Action::Run(self.put(camera, self.wall.selected())),
                None => Action::None,
            },
            Area::Panel => {
                let place = self.focus.control_in(Area::Panel).unwrap_or_default();
                let control = self
                    .selected_plan()
                    .and_then(|camera| self.panel.controls(camera).get(place).copied());
                control.map_or(Action::None, |control| self.command(control, Edge::Down))
            }
            Area::Messages => {
                self.notices
                    .put_away(self.focus.control_in(Area::Messages).unwrap_or_default());
                Action::None
            }
            Area::Bar if self.focus.control_in(Area::Bar) == Some(0) => {
                self.focus.toggle_help();
                Action::None
            }
            Area::Bar => Action::SignOut,
        }
    }

    pub(super) fn back(&mut self) -> Task<Message> {
        if self.focus.take_typed().is_some() || self.wall.show_whole() {
            return Task::none();
        }
        if !matches!(self.work.tool(), Tool::Watching) {
            let desk = self.session.desk().clone();
            self.work.take_up(Tool::Watching, desk.as_ref());
            return Task::none();
        }
        if let Some(regulated) = self.wall.leave_full(&self.session, self.now) {
            self.ptz.forget_aim();
            return regulated.map(Message::Streams);
        }
        if !self.notices.close_history() {
            self.focus.enter(Area::Wall);
        }
        Task::none()
    }

    fn go_to_number(&mut self, number: &str) -> Task<Message> {
        let mut cameras = self.session.plan().cameras.iter();
        let camera = cameras.find(|camera| number.parse() == Ok(camera.number));
        let Some(camera) = camera.map(|camera| camera.id.clone()) else {
            self.say(Notice::passing(fl!("no-such-camera", number = number)));
            return Task::none();
        };
        self.focus.enter(Area::Wall);
        self.go_to(camera)
    }

    /// Selects the tile of a camera, or puts the camera on the selected tile.
    pub(super) fn go_to(&mut self, camera: CameraId) -> Task<Message> {
        match self.wall.tile_of(&camera) {
            Some(tile) if self.wall.full().is_some() => self.open_full(tile),
            Some(tile) => self.select(tile),
            None => self.put(camera, self.wall.selected()),
        }
    }

    pub(super) fn select(&mut self, tile: usize) -> Task<Message> {
        if self.wall.select(tile) {
            self.ptz.release_all();
            self.focus.first_control();
        }
        self.ask_presets()
    }

    /// Puts a camera on a tile; whatever was there is closed.
    pub(super) fn put(&mut self, camera: CameraId, tile: usize) -> Task<Message> {
        let opening = self.wall.put(camera, tile, &self.session, self.now);
        Task::batch([opening.map(Message::Streams), self.ask_presets()])
    }

    fn divide(&mut self, layout: Layout) -> Task<Message> {
        let opening = self.wall.divide(layout, &self.session, self.now);
        Task::batch([opening.map(Message::Streams), self.ask_presets()])
    }

    pub(super) fn open_full(&mut self, tile: usize) -> Task<Message> {
        let placed = self.wall.placed_on(tile);
        if placed.is_none_or(|placed| self.session.plan().camera(placed.camera()).is_none()) {
            return self.nothing_selected();
        }
        let regulated = self.wall.fill(tile, &self.session, self.now);
        Task::batch([regulated.map(Message::Streams), self.ask_presets()])
    }

    fn play_back(&mut self) -> Action {
        let Some(camera) = self.selected_plan().cloned() else {
            return Action::Run(self.nothing_selected());
        };
        // The recordings lie over the wall: what is under them is decoded less from now on.
        drop(self.wall.cover(&self.session, self.now));
        Action::PlayBack(Box::new(camera))
    }

    fn take_snapshot(&mut self) -> Task<Message> {
        let shown = self.wall.selected_view(self.now.instant);
        let (Some(open), Some(camera)) = (shown, self.selected_camera()) else {
            return self.nothing_selected();
        };
        let taken = self.session.desk().snapshot(open.feed().clone());
        Task::perform(taken, move |answer| Message::Snapshot {
            camera: camera.clone(),
            answer: answer.map_err(Arc::new),
        })
    }

    pub(super) fn snapshot_taken(&mut self, camera: CameraId, answer: Result<PathBuf, Arc<Refusal>>) {
        self.say(match answer {
            Ok(path) => {
                let path = path.display().to_string();
                Notice::said(Tone::Normal, fl!("snapshot-saved", path = path))
            }
            Err(why) => Notice::Refused {
                why,
                camera: Some(camera),
            },
        });
    }
}
