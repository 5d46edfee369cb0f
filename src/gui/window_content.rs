//! What one window shows of a person's work: a wall, or the recordings of one camera with the wall waiting behind.
//!
//! Invariant: a window that closes drops its wall and so ends its views, gestures and playbacks.
//! Deliberately absent: signing in, diagnostics, which windows there are (`app`).

use crate::domain::privacy::Cover;
use crate::gui::input::{Command, Context, Edge, Keymap};
use crate::gui::scene::{PixelRect, Scene, ScenePicture, ScreenName};
use crate::gui::screen::control_room::{self, ControlRoom, Glance};
use crate::gui::screen::playback::{self, Playback};
use iced::{Element, Subscription, Task};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// What a window shows.
pub struct Pane {
    keymap: Arc<Keymap>,
    room: Box<ControlRoom>,
    playback: Option<Box<Playback>>,
}

/// What happens in a window.
#[derive(Clone)]
pub enum Message {
    Room(control_room::Message),
    Playback(playback::Message),
}

/// What the program does next.
pub enum Action {
    None,
    Run(Task<Message>),
    SignOut,
    /// Open one more window.
    NewWindow,
    /// Show the saved walls.
    SavedWalls,
}

impl Pane {
    /// A window with this wall.
    pub fn new(room: ControlRoom, keymap: Arc<Keymap>) -> Pane {
        Pane {
            keymap,
            room: Box::new(room),
            playback: None,
        }
    }

    /// The wall, in sight or not.
    pub fn room(&self) -> &ControlRoom {
        &self.room
    }

    /// The wall, to change what is on it.
    pub fn room_mut(&mut self) -> &mut ControlRoom {
        &mut self.room
    }

    /// The recordings that lie over the wall.
    pub fn playback(&self) -> Option<&Playback> {
        self.playback.as_deref()
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::Room(message) => self.room_message(message),
            Message::Playback(message) => self.playback_message(message),
        }
    }

    /// Where the keyboard is.
    pub fn context(&self) -> Context {
        match &self.playback {
            None => self.room.context(),
            Some(screen) => screen.context(),
        }
    }

    /// A key that goes down, for whatever is in sight; one that goes up, for the wall: only domes are moved by held keys.
    pub fn command(&mut self, command: Command, edge: Edge) -> Action {
        match (&self.playback, edge) {
            (Some(_), Edge::Down) => self.playback_message(playback::Message::Command(command)),
            _ => self.room_message(control_room::Message::Command(command, edge)),
        }
    }

    /// Twice a second.
    pub fn tick(&mut self) -> Action {
        match &self.playback {
            None => self.room_message(control_room::Message::Tick),
            Some(_) => self.playback_message(playback::Message::Tick),
        }
    }

    fn room_message(&mut self, message: control_room::Message) -> Action {
        match self.room.update(message) {
            control_room::Action::None => Action::None,
            control_room::Action::Run(task) => Action::Run(task.map(Message::Room)),
            control_room::Action::SignOut => Action::SignOut,
            control_room::Action::NewWindow => Action::NewWindow,
            control_room::Action::SavedWalls => Action::SavedWalls,
            control_room::Action::PlayBack(camera) => {
                // Keys that are held are no longer the wall's.
                drop(self.room.update(control_room::Message::Unfocused));
                let (screen, task) = Playback::new(self.room.desk(), *camera, SystemTime::now());
                self.playback = Some(Box::new(screen));
                Action::Run(task.map(Message::Playback))
            }
        }
    }

    fn playback_message(&mut self, message: playback::Message) -> Action {
        let Some(screen) = &mut self.playback else {
            return Action::None;
        };
        match screen.update(message) {
            playback::Action::None => Action::None,
            playback::Action::Run(task) => Action::Run(task.map(Message::Playback)),
            playback::Action::Leave => {
                self.playback = None;
                Action::Run(self.room.back_in_sight().map(Message::Room))
            }
        }
    }

    /// What the window listens to.
    pub fn subscription(&self) -> Subscription<Message> {
        match &self.playback {
            None => self.room.subscription().map(Message::Room),
            Some(screen) => screen.subscription().map(Message::Playback),
        }
    }

    /// What of the window cannot wait for the next second; `None`: any of it.
    pub fn glance(&self) -> Option<Glance> {
        self.playback.is_none().then(|| self.room.glance()).flatten()
    }

    /// The window.
    pub fn view(&self) -> Element<'_, Message> {
        match &self.playback {
            None => self.room.view().map(Message::Room),
            Some(screen) => screen.view(&self.keymap).map(Message::Playback),
        }
    }

    /// The wall and nothing else.
    pub fn bare(&self) -> Element<'_, Message> {
        self.room.bare().map(Message::Room)
    }

    /// The window as whoever drives the program sees it, on a display with one physical pixel per logical one.
    pub fn scene(&self, now: Instant) -> Scene {
        let scene = self.room.scene(now, 1.0);
        let Some(screen) = &self.playback else {
            return scene;
        };
        let cover = screen.cover();
        let picture = screen.picture().map(|rect| ScenePicture {
            camera: screen.camera().clone(),
            picture: PixelRect {
                x: rect.x,
                y: rect.y,
                width: rect.width,
                height: rect.height,
            },
            received_fps: 0.0,
            live: false,
            covered: cover.as_deref().is_none_or(|cover| matches!(cover, Cover::Whole(_))),
            cover_parts: match cover.as_deref() {
                Some(Cover::Parts(parts)) => parts.len(),
                Some(Cover::Whole(_)) | None => 0,
            },
        });
        Scene {
            screen: ScreenName::Playback,
            pictures: picture.into_iter().collect(),
            playback_ms: screen.position_ms(),
            ..scene
        }
    }
}
