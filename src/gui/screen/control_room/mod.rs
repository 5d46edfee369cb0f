//! The control room: camera list, wall, panel, messages.
//!
//! Invariant: each part changes only its own state, and the room carries what concerns the others from one to the next;
//! whoever closes a tile drops its view, and so its stream. Deliberately absent: signing in, playback (other screens).

mod camera_rail;
mod commands;
mod context;
mod dialogue_commands;
mod digital_zoom;
mod effect;
mod focus;
mod mask_sync;
mod notices;
mod notifications;
mod now;
mod pointer;
mod ptz;
mod scene;
mod session_facts;
mod side_panel;
mod sides;
mod view;
mod wall_state;
mod work;

use crate::domain::camera::{CameraId, CameraKind};
use crate::domain::saved_wall::Arrangement;
use crate::domain::site::CameraPlan;
use crate::gui::held_gesture::News;
use crate::gui::input::{Command, Edge, Keymap};
use crate::gui::redraw;
use crate::gui::session_port::Desk;
use crate::gui::theme::Tone;
use crate::gui::ui::{camera_list, message_strip, ptz_panel, top_bar};
use crate::gui::widget::wall;
use crate::station::Refusal;
use camera_rail::CameraRail;
use effect::{Effect, Notice};
use focus::{Area, Focus};
use iced::{Subscription, Task, window};
use mask_sync::MaskSyncRounds;
use notices::Notices;
use notifications::Notifications;
use now::Now;
use ptz::PtzInput;
use session_facts::SessionFacts;
use side_panel::SidePanel;
use std::path::PathBuf;
use std::sync::Arc;
pub use view::Glance;
pub use wall_state::Shown;
use wall_state::WallState;
use work::{Work, mask_drawing};
pub use work::{dialogues, dome_calibration};

/// The screen: the owner of its parts.
pub struct ControlRoom {
    session: SessionFacts,
    keymap: Arc<Keymap>,
    now: Now,
    wall: WallState,
    rail: CameraRail,
    panel: SidePanel,
    notices: Notices,
    focus: Focus,
    ptz: PtzInput,
    work: Work,
    notifications: Notifications,
    mask_sync: MaskSyncRounds,
}

/// What happens on the screen.
#[derive(Clone)]
pub enum Message {
    /// A key, or a control that does what a key does.
    Command(Command, Edge),
    /// The edge of a folded column was pressed.
    Enter(Area),
    Wall(wall::Event),
    Streams(wall_state::Message),
    List(camera_list::Message),
    Strip(message_strip::Message),
    Bar(top_bar::Message),
    Ptz(ptz::Message),
    Pad(ptz_panel::Pad),
    Presets(side_panel::Message),
    Dialogue(dialogues::Message),
    Masks(mask_drawing::Message),
    Calibration(dome_calibration::Message),
    MaskSync(mask_sync::Message),
    Snapshot {
        camera: CameraId,
        answer: Result<PathBuf, Arc<Refusal>>,
    },
    /// Twice a second.
    Tick,
    /// The pointer's button went up, wherever it was.
    LetGo,
    /// The window lost the keyboard: keys that are held are no longer known.
    Unfocused,
}

/// What the parent does next.
pub enum Action {
    None,
    Run(Task<Message>),
    /// Show the recordings of this camera.
    PlayBack(Box<CameraPlan>),
    SignOut,
    NewWindow,
    SavedWalls,
}

/// What a wall begins with.
#[derive(Debug, Clone, Default)]
pub struct Seat {
    /// The window it is in, once there is more than one.
    pub window: Option<window::Id>,
    /// Tells the walls of one program apart: no two have the same.
    pub series: u32,
    /// What was on it; without it every camera that the person may see.
    pub wall: Option<Arrangement>,
}

impl Message {
    /// Whether the screen only looks at itself.
    pub fn is_beat(&self) -> bool {
        matches!(self, Message::Tick | Message::Streams(wall_state::Message::Window(_)))
    }
}

impl ControlRoom {
    /// The screen of a person who just signed in, its wall filled with the cameras they may see.
    pub fn new(desk: Arc<dyn Desk>, keymap: Arc<Keymap>, seat: Seat) -> (ControlRoom, Task<Message>) {
        let now = Now::read();
        let session = SessionFacts::new(desk);
        let seen: Vec<CameraId> = session
            .cameras_in_sight()
            .into_iter()
            .map(|camera| camera.id.clone())
            .collect();
        let wall = match seat.wall {
            Some(wall) => wall.seen_by(|id| seen.contains(id)),
            None => Arrangement::of(seen),
        };
        let mut room = ControlRoom {
            keymap,
            now,
            wall: WallState::new(&wall, seat.series, seat.window, now),
            rail: CameraRail::new(session.plan()),
            panel: SidePanel::default(),
            notices: Notices::default(),
            focus: Focus::new(),
            ptz: PtzInput::default(),
            work: Work::default(),
            notifications: Notifications::default(),
            mask_sync: MaskSyncRounds::new(seat.series == 0, now.instant),
            session,
        };
        let opening = room.wall.open_visible(&room.session, now).map(Message::Streams);
        let presets = room.ask_presets();
        (room, Task::batch([opening, presets]))
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Action {
        Action::Run(match message {
            Message::Command(command, edge) => return self.command(command, edge),
            Message::List(message) => return self.list_message(message),
            Message::Bar(top_bar::Message::SignOut) => return Action::SignOut,
            Message::Bar(top_bar::Message::Purpose) => self.open_change_purpose(),
            Message::Bar(top_bar::Message::Help) => {
                self.focus.toggle_help();
                Task::none()
            }
            Message::Wall(event) => self.wall_event(event),
            Message::Streams(message) => self.streams_message(message),
            Message::Strip(message) => self.strip_message(message),
            Message::Ptz(message) => self.ptz_message(message),
            Message::Pad(ptz_panel::Pad::At(at)) => {
                self.ptz.deflect(at);
                Task::none()
            }
            Message::Pad(ptz_panel::Pad::Pressed) => self.drive_dome(|ptz, dome, desk| ptz.press_pad(dome, desk)),
            Message::Presets(message) => {
                let effect = self.panel.update(message, self.session.desk().as_ref());
                self.carry_out(effect, Message::Presets)
            }
            Message::Dialogue(message) => self.dialogue_message(message),
            Message::Masks(message) => self.mask_message(message),
            Message::Calibration(message) => self.calibration_message(message),
            Message::MaskSync(message) => {
                let effect = self.mask_sync.update(message, &self.keymap);
                self.carry_out(effect, Message::MaskSync)
            }
            Message::Snapshot { camera, answer } => {
                self.snapshot_taken(camera, answer);
                Task::none()
            }
            Message::Enter(area) => {
                self.focus.enter(area);
                self.focus.first_control();
                Task::none()
            }
            Message::Tick => self.tick(),
            Message::LetGo => {
                drop(self.rail.take_carried());
                self.ptz.release_all();
                Task::none()
            }
            Message::Unfocused => {
                self.ptz.release_all();
                Task::none()
            }
        })
    }

    /// What the screen listens to.
    pub fn subscription(&self) -> Subscription<Message> {
        let pictures = redraw::on_new_pictures(self.wall.visible_slots())
            .map(|()| Message::Streams(wall_state::Message::NewPictures));
        let keys = self.ptz.subscription().map(Message::Ptz);
        let dialogue = self.work.subscription().map(Message::Dialogue);
        Subscription::batch([pictures, keys, dialogue])
    }

    /// Where the pictures are in the window now.
    pub fn geometry(&self) -> Vec<Shown> {
        self.wall.geometry(self.now.instant)
    }

    /// The screen that lay over this one is gone.
    pub fn back_in_sight(&mut self) -> Task<Message> {
        self.now = Now::read();
        self.wall.uncover(&self.session, self.now).map(Message::Streams)
    }

    /// The desk this screen works at.
    pub fn desk(&self) -> Arc<dyn Desk> {
        self.session.desk().clone()
    }

    /// What is on the wall now.
    pub fn arrangement(&self) -> Arrangement {
        self.wall.arrangement()
    }

    /// Puts another wall in the place of this one.
    pub fn arrange(&mut self, wall: &Arrangement) -> Task<Message> {
        self.ptz.release_all();
        let opening = self.wall.arrange(wall, &self.session, self.now);
        Task::batch([opening.map(Message::Streams), self.ask_presets()])
    }

    /// Says something in the strip of messages.
    pub fn tell(&mut self, tone: Tone, sentence: String) {
        self.say(Notice::said(tone, sentence));
    }

    /// Sentences that wait for an act, newest first.
    pub fn messages(&self) -> Vec<String> {
        self.notices.sentences()
    }

    fn tick(&mut self) -> Task<Message> {
        self.now = Now::read();
        self.notices.tidy(self.now.clock);
        self.session.read();
        self.read_plan();
        self.wall.follow_closed(&self.session, self.now);
        let notified = self.notifications.follow(&self.session, &self.keymap, self.now);
        let notified = self.carry_out(notified, |message: Message| message);
        let measured = self.wall.measure(self.now);
        let measured = self.carry_out(measured, Message::Streams);
        let toured = self.wall.go_on_with_tour(&self.session, self.now, self.ptz.is_held());
        let patrolled = self.go_on_with_patrol();
        let asked = self.mask_sync.check_next(&self.session, self.now);
        let opening = self.wall.open_visible(&self.session, self.now);
        let looked = self.wall.sight().look().map(wall_state::Message::Window);
        Task::batch([
            notified,
            measured,
            patrolled,
            asked.map(Message::MaskSync),
            Task::batch([toured, opening, looked]).map(Message::Streams),
        ])
    }

    /// Takes the plan in force; views of domes whose geometry is another one are opened anew.
    fn read_plan(&mut self) {
        if let Some(before) = self.session.read_plan() {
            self.wall.follow_lenses(&before, self.session.plan());
        }
    }

    fn streams_message(&mut self, message: wall_state::Message) -> Task<Message> {
        if let wall_state::Message::NewPictures = message {
            self.now = Now::read();
        }
        let opened = match &message {
            wall_state::Message::Opened { ticket, .. } => Some(*ticket),
            wall_state::Message::NewPictures | wall_state::Message::Window(_) => None,
        };
        let effect = self.wall.update(message, &self.session, self.now);
        let regulated = self.carry_out(effect, Message::Streams);
        let selected = self.wall.placed_on(self.wall.selected());
        if opened.is_some() && opened == selected.map(|placed| placed.ticket()) {
            return Task::batch([regulated, self.ask_presets()]);
        }
        regulated
    }

    fn ptz_message(&mut self, message: ptz::Message) -> Task<Message> {
        if let ptz::Message::Gesture(News::Begun) = message {
            self.session.read_leases();
        }
        let selected = self.selected_camera();
        let effect = self.ptz.update(message, self.session.desk(), selected.as_ref());
        self.carry_out(effect, Message::Ptz)
    }

    /// Says what a part wants said, and runs its task.
    fn carry_out<M: Send + 'static>(&mut self, effect: Effect<M>, wrap: fn(M) -> Message) -> Task<Message> {
        for notice in effect.notices {
            self.say(notice);
        }
        effect.task.map(wrap)
    }

    fn say(&mut self, notice: Notice) {
        self.notices.add(notice, self.session.plan(), self.now.clock);
    }

    fn selected_plan(&self) -> Option<&CameraPlan> {
        self.session.plan().camera(self.wall.selected_camera()?)
    }

    fn selected_camera(&self) -> Option<CameraId> {
        self.selected_plan().map(|camera| camera.id.clone())
    }

    /// The selected camera, when it is a dome.
    fn selected_dome(&self) -> Option<CameraId> {
        let dome = self.selected_plan().filter(|camera| camera.kind == CameraKind::Dome);
        dome.map(|camera| camera.id.clone())
    }

    /// Writes masks and limits to the selected camera.
    fn write_to_camera(&mut self) -> Task<Message> {
        match self.selected_camera() {
            Some(camera) => mask_sync::write_to_camera(camera, self.session.desk().as_ref()).map(Message::MaskSync),
            None => self.nothing_selected(),
        }
    }
}

#[cfg(test)]
mod tests;
