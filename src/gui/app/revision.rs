//! What the program tells of itself after every message: to who draws its windows, and to the scripted tour.
//!
//! Invariant: nothing is changed but what is told. Deliberately absent: when a revision may wait (`redraw`), what cannot wait on a
//! wall (the control room).

use super::{App, Message, Screen};
use crate::gui::screen::control_room::Glance;
use crate::gui::tour::scene::{Scene, ScreenName};
use crate::gui::window_content::{self, Pane};
use iced::Task;
use std::time::Instant;

impl Message {
    /// Whether the program only looks at itself.
    fn is_beat(&self) -> bool {
        let Message::Pane(_, window_content::Message::Room(message)) = self else {
            return matches!(self, Message::Tick);
        };
        message.is_beat()
    }
}

impl App {
    /// [`App::update`], and then tells who draws the windows whether they show something else, and the scripted tour, if
    /// there is one, what is on the screen now.
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
        let over =
            self.unlock.is_some() || self.account_admin.is_some() || self.cameras.is_some() || self.wanted.is_some();
        let Screen::Work(pane) = &self.screen else { return None };
        if over || self.windows.is_choosing() {
            return None;
        }
        self.windows.all(pane).map(Pane::glance).collect()
    }

    /// The main window as the scripted tour sees it.
    fn scene(&self, now: Instant) -> Scene {
        let empty = Scene::default();
        match &self.screen {
            Screen::Starting | Screen::Broken(_) | Screen::Enrol(_) | Screen::Seating | Screen::SigningOut => empty,
            Screen::SignIn(screen) => {
                let notices = screen.error().map(str::to_owned).into_iter().collect();
                Scene {
                    screen: ScreenName::SignIn,
                    notices,
                    sign_in: Some(screen.fields()),
                    delivery: self.delivery.clone(),
                    ..empty
                }
            }
            Screen::Work(pane) if self.unlock.is_some() => Scene {
                screen: ScreenName::Locked,
                ..pane.scene(now)
            },
            Screen::Work(pane) => pane.scene(now),
            Screen::Diagnostics(screen) => Scene {
                screen: ScreenName::Diagnostics,
                person: Some(screen.desk().person().user),
                diagnosed: screen.answered(),
                health: Some(screen.desk().health()),
                planned: screen.desk().plan().cameras.len(),
                ..empty
            },
        }
    }
}
