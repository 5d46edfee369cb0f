//! What the program tells of itself after every message: to who draws its windows, and to whoever drives it from outside.
//!
//! Invariant: nothing is changed but what is told. Deliberately absent: when a revision may wait (`redraw`), what cannot wait on a
//! wall (the control room).

use super::session_state::{SessionState, Shown};
use super::{App, Message, Screen};
use crate::gui::scene::{Scene, ScreenName};
use crate::gui::screen::control_room::Glance;
use crate::gui::window_content::{self, Pane};
use crate::gui::windows;
use iced::Task;
use std::time::Instant;

impl Message {
    /// Whether the program only looks at itself.
    fn is_beat(&self) -> bool {
        let Message::Windows(windows::Message::Pane(_, window_content::Message::Room(message))) = self else {
            return matches!(self, Message::Tick);
        };
        message.is_beat()
    }
}

impl App {
    /// [`App::update`], and then tells who draws the windows whether they show something else, and whoever drives the program
    /// from outside, if anybody does, what is on the screen now.
    pub fn update_and_tell(&mut self, message: Message) -> Task<Message> {
        let beat = message.is_beat();
        let task = self.update(message);
        let now = Instant::now();
        let glance = self.glance();
        if beat {
            self.revision.beat(now, glance);
        } else {
            self.revision.event(now, glance);
        }
        if let Some(scene) = &self.scene {
            scene.send_replace(self.scene(now));
        }
        task
    }

    /// Another number whenever the windows must be drawn again.
    pub fn revision(&self) -> u64 {
        self.revision.number()
    }

    /// What of all windows cannot wait for the next second; `None`: any of it.
    fn glance(&self) -> Option<Vec<Glance>> {
        let Screen::Session(session) = &self.screen else {
            return None;
        };
        let pane = session.pane().filter(|_| session.overlays.is_empty())?;
        self.windows.all(pane).map(Pane::glance).collect()
    }

    /// The main window as whoever drives the program sees it.
    fn scene(&self, now: Instant) -> Scene {
        let empty = Scene::default();
        match &self.screen {
            Screen::Starting | Screen::Broken(_) | Screen::Enrol(_) | Screen::SigningOut => empty,
            Screen::SignIn(screen, delivered) => {
                let notices = screen.error().map(str::to_owned).into_iter().collect();
                Scene {
                    screen: ScreenName::SignIn,
                    notices,
                    delivery: delivered.clone(),
                    sign_in: Some(screen.fields()),
                    ..empty
                }
            }
            Screen::Session(session) => session.scene(now),
        }
    }
}

impl SessionState {
    fn scene(&self, now: Instant) -> Scene {
        match &self.shown {
            Shown::Seating => Scene::default(),
            Shown::Work(pane) if self.overlays.is_locked() => Scene {
                screen: ScreenName::Locked,
                ..pane.scene(now)
            },
            Shown::Work(pane) => pane.scene(now),
            Shown::Diagnostics(screen) => Scene {
                screen: ScreenName::Diagnostics,
                person: Some(self.desk.person().user),
                diagnosed: screen.answered(),
                health: Some(self.desk.health()),
                planned: self.desk.plan().cameras.len(),
                ..Scene::default()
            },
        }
    }
}
