//! From devices to commands, and from commands to whoever has the keyboard: the top overlay, else the screen.
//!
//! Invariant: a key that goes up reaches the wall that it moved, whatever lies over it by then; a wall that is covered lets
//! go of its keys. Deliberately absent: keys (`input`), what a command does (the overlays and screens).

use super::account_admin::AccountAdmin;
use super::overlays::{self, Outcome, Overlay, Under};
use super::session_state::Shown;
use super::{App, Message, Screen};
use crate::domain::people::lock;
use crate::gui::i18n::fl;
use crate::gui::input::device::{Event, Given};
use crate::gui::input::{Command, Context, Edge};
use crate::gui::screen::cameras::Cameras;
use crate::gui::screen::{control_room, diagnostics, enrol, sign_in};
use crate::gui::theme::Tone;
use crate::gui::ui::unlock::Unlock;
use crate::gui::ui::wall_chooser::{self, WallChooser};
use crate::gui::window_content::{self, Pane};
use crate::gui::windows::{self, Place};
use iced::{Task, window};
use std::sync::Arc;
use std::time::Instant;

impl App {
    /// What happened at a device.
    pub(super) fn device(&mut self, event: Event) -> Task<Message> {
        let now = Instant::now();
        match event {
            Event::Activity => self.touched(lock::Input::Activity),
            Event::PointerUp(window) => self.tell_room(window, control_room::Message::LetGo),
            Event::Unfocused(window) => {
                let gone = self.keyboard.unfocused(window);
                let released = self.give(gone);
                Task::batch([released, self.tell_room(window, control_room::Message::Unfocused)])
            }
            Event::Due => {
                let gone = self.keyboard.due(now);
                self.give(gone)
            }
            Event::Key(window, event) => {
                let touched = self.touched(lock::Input::Activity);
                let context = self.context(self.windows.place(window));
                let taken = self.keyboard.take(window, &event, context, now);
                let asked = taken.ask_at.map_or_else(Task::none, |at| {
                    Task::perform(tokio::time::sleep_until(at.into()), |()| Message::Device(Event::Due))
                });
                Task::batch([touched, self.give(taken.given), asked])
            }
        }
    }

    fn give(&mut self, given: Vec<Given>) -> Task<Message> {
        let give = |(window, command, edge)| self.command(self.windows.place(window), command, edge);
        Task::batch(given.into_iter().map(give).collect::<Vec<_>>())
    }

    /// Where the keyboard is in a window.
    fn context(&self, place: Place) -> Context {
        match &self.screen {
            Screen::Session(session) => session.context(place, &self.windows),
            _ => Context::Form,
        }
    }

    /// A command in a window.
    pub(super) fn command(&mut self, place: Place, command: Command, edge: Edge) -> Task<Message> {
        if edge != Edge::Down {
            return self.on_pane(place, |pane| pane.command(command, edge));
        }
        if command == Command::Lock {
            return self.touched(lock::Input::Lock);
        }
        let session = match &mut self.screen {
            Screen::Session(session) => session,
            Screen::SignIn(..) => return self.sign_in_message(sign_in::Message::Command(command)),
            Screen::Enrol(_) => return self.enrol_message(enrol::Message::Command(command)),
            Screen::Broken(_) if command == Command::Confirm => return self.open_station(),
            Screen::Starting | Screen::Broken(_) | Screen::SigningOut => return Task::none(),
        };
        if let Some(top) = session.overlays.top(place) {
            let message = top.command(command);
            return self.overlay_message(message);
        }
        match (command, place, &session.shown) {
            (Command::People, ..) => self.open_account_admin(),
            (Command::Cameras, ..) => self.open_cameras(),
            (_, None, Shown::Diagnostics(_)) => self.diagnostics_message(diagnostics::Message::Command(command)),
            _ => self.on_pane(place, |pane| pane.command(command, edge)),
        }
    }

    /// Lays an overlay over the session; walls that it may cover let go of the keys that move their domes.
    fn open(&mut self, overlay: Overlay) -> Task<Message> {
        if let Screen::Session(session) = &mut self.screen {
            session.overlays.open(overlay);
        }
        self.let_go_everywhere()
    }

    pub(super) fn let_go_everywhere(&mut self) -> Task<Message> {
        let further = self.windows.others().into_iter().map(Some);
        let all: Vec<Place> = std::iter::once(None).chain(further).collect();
        let unfocused = || window_content::Message::Room(control_room::Message::Unfocused);
        let told = all
            .into_iter()
            .map(|place| self.on_pane(place, |pane| pane.update(unfocused())));
        Task::batch(told.collect::<Vec<_>>())
    }

    fn open_account_admin(&mut self) -> Task<Message> {
        let Screen::Session(session) = &mut self.screen else {
            return Task::none();
        };
        if !session.desk.administers_accounts() {
            session.tell(Tone::Other, fl!("people-not-here"));
            return Task::none();
        }
        let (admin, reading) = AccountAdmin::new(session.desk.clone());
        let opened = self.open(Overlay::AccountAdmin(Box::new(admin)));
        Task::batch([
            opened,
            reading.map(overlays::Message::AccountAdmin).map(Message::Overlay),
        ])
    }

    fn open_cameras(&mut self) -> Task<Message> {
        let Screen::Session(session) = &mut self.screen else {
            return Task::none();
        };
        if !session.desk.administers_cameras() && !session.desk.approves_cameras() {
            session.tell(Tone::Other, fl!("cameras-not-here"));
            return Task::none();
        }
        let (screen, reading) = Cameras::new(session.desk.clone());
        let opened = self.open(Overlay::Cameras(Box::new(screen)));
        Task::batch([opened, reading.map(overlays::Message::Cameras).map(Message::Overlay)])
    }

    fn open_wall_chooser(&mut self, place: Place) -> Task<Message> {
        let chooser = WallChooser::new(self.windows.walls());
        self.open(Overlay::WallChooser(place, chooser))
    }

    /// Somebody tries the account elsewhere, or asks for it.
    pub(super) fn follow_knock(&mut self) -> Task<Message> {
        let Screen::Session(session) = &mut self.screen else {
            return Task::none();
        };
        match session.follow_knock() {
            Some(question) => self.open(question),
            None => Task::none(),
        }
    }

    /// Tells the lock what happened, and does what follows.
    pub(super) fn touched(&mut self, input: lock::Input) -> Task<Message> {
        let Screen::Session(session) = &mut self.screen else {
            return Task::none();
        };
        match session.lock.handle(input, Instant::now()) {
            Some(lock::Change::Locked) => {
                let card = Unlock::new(session.desk.person().display_name);
                let recorded = session.desk.record_lock(input != lock::Input::Lock);
                let recorded = Task::perform(recorded, |answer| Message::Locked(answer.map_err(Arc::new)));
                Task::batch([self.open(Overlay::Unlock(card)), recorded])
            }
            Some(lock::Change::Unlocked) => {
                session.overlays.unlocked();
                Task::none()
            }
            None => Task::none(),
        }
    }

    /// What happens in an overlay, and what follows.
    pub(super) fn overlay_message(&mut self, message: overlays::Message) -> Task<Message> {
        let Screen::Session(session) = &mut self.screen else {
            return Task::none();
        };
        let under = Under {
            desk: &session.desk,
            keymap: &self.keyboard.keymap,
            walls: self.windows.walls(),
        };
        match session.overlays.update(message, &under) {
            Outcome::None | Outcome::Close => Task::none(),
            Outcome::Run(task) => task.map(Message::Overlay),
            Outcome::Proven => self.touched(lock::Input::Proven),
            Outcome::SignOut => self.sign_out(),
            Outcome::YieldAccount => self.yield_account(),
            Outcome::Wall(place, action) => self.choose_wall(place, action),
        }
    }

    fn choose_wall(&mut self, place: Place, action: wall_chooser::Action) -> Task<Message> {
        let Screen::Session(session) = &mut self.screen else {
            return Task::none();
        };
        let Shown::Work(main) = &mut session.shown else {
            return Task::none();
        };
        match action {
            wall_chooser::Action::None | wall_chooser::Action::Close => Task::none(),
            wall_chooser::Action::Load(name) => {
                session.overlays.walls_chosen();
                self.windows.show_saved(&name, place, main).map(Message::Windows)
            }
            wall_chooser::Action::Save(name) => match self.windows.save(&name, place, main) {
                Ok(written) => {
                    session.overlays.walls_chosen();
                    written.map(Message::Windows)
                }
                Err(why) => {
                    session.overlays.wall_not_saved(why);
                    Task::none()
                }
            },
            wall_chooser::Action::Forget(name) => self.windows.forget(&name, main).map(Message::Windows),
        }
    }

    fn pane(&mut self, place: Place) -> Option<&mut Pane> {
        match (place, &mut self.screen) {
            (Some(window), _) => self.windows.pane_mut(window),
            (None, Screen::Session(session)) => session.pane_mut(),
            (None, _) => None,
        }
    }

    /// Lets a window's wall do something, and does what follows.
    pub(super) fn on_pane(
        &mut self,
        place: Place,
        act: impl FnOnce(&mut Pane) -> window_content::Action,
    ) -> Task<Message> {
        let Some(pane) = self.pane(place) else {
            return Task::none();
        };
        match act(pane) {
            window_content::Action::None => Task::none(),
            window_content::Action::Run(task) => {
                task.map(move |message| Message::Windows(windows::Message::Pane(place, message)))
            }
            window_content::Action::SignOut => self.sign_out(),
            window_content::Action::NewWindow => match &self.screen {
                Screen::Session(session) => match session.pane() {
                    Some(pane) => self.windows.open(pane, &self.keyboard.keymap).map(Message::Windows),
                    None => Task::none(),
                },
                _ => Task::none(),
            },
            window_content::Action::SavedWalls => self.open_wall_chooser(place),
        }
    }

    fn tell_room(&mut self, window: window::Id, message: control_room::Message) -> Task<Message> {
        let place = self.windows.place(window);
        self.on_pane(place, |pane| pane.update(window_content::Message::Room(message)))
    }

    pub(super) fn diagnostics_message(&mut self, message: diagnostics::Message) -> Task<Message> {
        let Screen::Session(session) = &mut self.screen else {
            return Task::none();
        };
        let Shown::Diagnostics(screen) = &mut session.shown else {
            return Task::none();
        };
        match screen.update(message) {
            diagnostics::Action::None => Task::none(),
            diagnostics::Action::Run(task) => task.map(Message::Diagnostics),
            diagnostics::Action::SignOut => self.sign_out(),
        }
    }
}
