//! The root: opening the station, which screen is shown, and what belongs to no screen.
//!
//! Invariant: one screen at a time in the main window; leaving it drops its state and so ends its views, gestures and
//! playbacks; nobody is signed out while a further window shows anything. Deliberately absent: what a screen does, the
//! further windows (`windows`).

mod account_admin;
mod commands;
mod overlays;
mod revision;
mod session_state;
mod signing_in;

use crate::domain::live::wrong_clock::WrongClock;
use crate::domain::people::Purpose;
use crate::domain::people::lock;
use crate::domain::saved_wall::Arrangements;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::idle_inhibit;
use crate::gui::input::device::{self, Keyboard};
use crate::gui::input::keys_toml::{self, Fault};
use crate::gui::input::{Command, Edge, Keymap};
use crate::gui::lost_drawing;
use crate::gui::redraw::Revision;
use crate::gui::scene::Scene;
use crate::gui::screen::control_room::Glance;
use crate::gui::screen::diagnostics;
use crate::gui::screen::enrol::{self, Enrol};
use crate::gui::screen::sign_in::{self, SignIn};
use crate::gui::sentences;
use crate::gui::session_port::Desk;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, body, labelled};
use crate::gui::widget::key_order::KeyOrder;
use crate::gui::window_content::Pane;
use crate::gui::windows::{self, Windows};
use crate::station::{
    Delivery, EnrolError, KeysTomlError, Refusal, SavedWalls, SavedWallsError, SignInError, Station, StationConfig,
    StationError, read_keys_toml,
};
use iced::widget::{center, column};
use iced::{Element, Subscription, Task, Theme, window};
use secrecy::SecretString;
use session_state::{SessionState, Shown};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;

/// A person who is signed in without typing, for the demo.
#[derive(Clone)]
pub struct Credentials {
    pub user: String,
    pub password: SecretString,
    pub purpose: Purpose,
}

/// What the program was started with.
#[derive(Clone)]
pub struct Options {
    pub station: StationConfig,
    pub sign_in: Option<Credentials>,
}

/// What the main window shows.
enum Screen {
    /// The station is being opened.
    Starting,
    /// The workstation cannot work; why, in words. It may be tried again.
    Broken(String),
    /// Shown on a machine that is no workstation yet.
    Enrol(Enrol),
    /// The sign-in, and what the latest sign-out delivered.
    SignIn(Box<SignIn>, Option<Delivery>),
    /// Somebody is signed in.
    Session(Box<SessionState>),
    SigningOut,
}

/// The program's state.
pub struct App {
    options: Options,
    keyboard: Keyboard,
    station: Option<Station>,
    screen: Screen,
    windows: Windows,
    revision: Revision<Vec<Glance>>,
    /// Whoever drives the program from outside looks here.
    scene: Option<watch::Sender<Scene>>,
}

/// What happens to the program.
#[derive(Clone)]
pub enum Message {
    /// The file of keys was read, or there is none.
    KeysRead(Result<Option<(Keymap, Vec<Fault>)>, Arc<KeysTomlError>>),
    Opened(Result<Station, Arc<StationError>>),
    SignedIn(Result<Arc<dyn Desk>, SignInError>),
    /// What the person at this desk kept was read.
    Seated(Arc<dyn Desk>, Result<Arrangements, Arc<SavedWallsError>>),
    SignedOut(Option<Delivery>),
    SignIn(sign_in::Message),
    Enrol(enrol::Message),
    Enrolled(Result<(), EnrolError>),
    /// In what lies over the screen of a session.
    Overlay(overlays::Message),
    Locked(Result<(), Arc<Refusal>>),
    /// In the wall of a window.
    Windows(windows::Message),
    Diagnostics(diagnostics::Message),
    /// At the keyboard or the pointer.
    Device(device::Event),
    /// A command for the main window, however it came about.
    Command(Command, Edge),
    Tick,
    /// A window is to be closed.
    CloseRequested(window::Id),
    /// The program is to end: everything that is open is ended and recorded first.
    Close,
    Closed,
}

/// Sentences about the file of keys that are shown; the rest are counted.
const FAULTS_TOLD: usize = 5;

impl App {
    /// The program before the station is open.
    pub fn new(options: Options) -> (App, Task<Message>) {
        let data = options.station.data.clone();
        let walls = SavedWalls::inside(&data);
        let app = App::at(options, Screen::Starting, Some(walls));
        let reading = async move { Ok(read_keys_toml(data).await?.map(|text| keys_toml::read(&text))) };
        let reading = Task::perform(reading, |answer: Result<_, KeysTomlError>| {
            Message::KeysRead(answer.map_err(Arc::new))
        });
        (app, reading)
    }

    /// The program with somebody already at a desk, and no station behind it.
    pub fn at_desk(options: Options, desk: Arc<dyn Desk>) -> (App, Task<Message>) {
        let mut app = App::at(options, Screen::Starting, None);
        let task = app.signed_in(Ok(desk));
        (app, task)
    }

    /// The program at its sign-in screen, with no station behind it.
    pub fn signed_out(options: Options) -> (App, Task<Message>) {
        let mut app = App::at(options, Screen::Starting, None);
        let task = app.show_sign_in(None, None);
        (app, task)
    }

    fn at(options: Options, screen: Screen, walls: Option<SavedWalls>) -> App {
        App {
            options,
            keyboard: Keyboard::default(),
            station: None,
            screen,
            windows: Windows::new(walls),
            revision: Revision::default(),
            scene: None,
        }
    }

    /// Tells after every message what is on the main window, for whoever drives the program from outside.
    pub fn watched(mut self, scene: watch::Sender<Scene>) -> App {
        self.scene = Some(scene);
        self
    }

    /// The program in its main window.
    pub fn in_window(mut self, id: window::Id) -> App {
        self.windows.main = Some(id);
        self
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Task<Message> {
        match message {
            Message::KeysRead(answer) => {
                self.keys_read(answer);
                self.open_station()
            }
            Message::Opened(Ok(station)) => {
                self.station = Some(station);
                self.show_sign_in(self.options.sign_in.clone(), None)
            }
            Message::Opened(Err(error)) if self.is_new_machine(&error) => {
                self.screen = Screen::Enrol(Enrol::new());
                Task::none()
            }
            Message::Opened(Err(error)) => {
                tracing::error!(%error, "the station cannot be opened");
                self.screen = Screen::Broken(sentences::station(&error));
                Task::none()
            }
            Message::SignedIn(answer) => self.signed_in(answer),
            Message::Seated(desk, kept) => self.seated(&desk, kept),
            Message::SignedOut(delivery) => self.show_sign_in(None, delivery),
            Message::SignIn(message) => self.sign_in_message(message),
            Message::Enrol(message) => self.enrol_message(message),
            Message::Enrolled(Ok(())) => self.open_station(),
            Message::Enrolled(Err(why)) => self.enrol_message(enrol::Message::Failed(why)),
            Message::Overlay(message) => self.overlay_message(message),
            Message::Locked(Ok(())) => Task::none(),
            Message::Locked(Err(error)) => {
                tracing::warn!(%error, "a lock could not be recorded");
                Task::none()
            }
            Message::Windows(message) => self.windows_message(message),
            Message::Diagnostics(message) => self.diagnostics_message(message),
            Message::Device(event) => self.device(event),
            Message::Command(command, edge) => self.command(None, command, edge),
            Message::Tick => self.tick(),
            Message::CloseRequested(window) => match self.windows.place(window) {
                None => self.close(),
                Some(further) => {
                    if let Screen::Session(session) = &mut self.screen {
                        session.overlays.window_closed(Some(further));
                    }
                    self.windows.close(further)
                }
            },
            Message::Close => self.close(),
            Message::Closed => iced::exit(),
        }
    }

    /// What happens in the wall of a window, and what follows; whether the walls were saved is told on the main one.
    fn windows_message(&mut self, message: windows::Message) -> Task<Message> {
        match message {
            windows::Message::Pane(place, message) => self.on_pane(place, |pane| pane.update(message)),
            windows::Message::Saved(Ok(())) => Task::none(),
            windows::Message::Saved(Err(error)) => {
                tracing::warn!(%error, "walls are not kept");
                if let Screen::Session(session) = &mut self.screen {
                    session.tell(Tone::Attention, fl!("walls-unkept"));
                }
                Task::none()
            }
        }
    }

    /// The table of keys in force, and what is told of the file: on the sign-in screen, on the wall, in the log.
    fn keys_read(&mut self, answer: Result<Option<(Keymap, Vec<Fault>)>, Arc<KeysTomlError>>) {
        match answer {
            Ok(None) => {}
            Ok(Some((keymap, faults))) => {
                for fault in &faults {
                    tracing::warn!(error = %fault, "a line of the file of keys does not hold");
                }
                self.keyboard.keymap = Arc::new(keymap);
                self.keyboard.told = faults.iter().take(FAULTS_TOLD).map(keys_toml::sentence).collect();
                if let Some(more @ 1..) = faults.len().checked_sub(FAULTS_TOLD) {
                    self.keyboard.told.push(fl!("keys-file-more", n = more.to_string()));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the file of keys is not read");
                self.keyboard.told = vec![fl!("keys-file-unread")];
            }
        }
    }

    fn tick(&mut self) -> Task<Message> {
        if lost_drawing::is_lost() && !matches!(self.screen, Screen::SigningOut) {
            // Nobody sees anything any more: what is open is ended and recorded, and the terminal says why.
            return self.close();
        }
        if let Some(over) = self.session_over() {
            return over;
        }
        let asked = self.follow_knock();
        let locked = self.touched(lock::Input::Tick);
        Task::batch([asked, locked, self.tick_screen()])
    }

    /// Says at the sign-in what is wrong with this machine's clock, or no more.
    pub fn tell_clock(&mut self, wrong: Option<WrongClock>) {
        if let Screen::SignIn(screen, _) = &mut self.screen {
            screen.tell_clock(wrong.map(|wrong| sentences::wrong_clock(wrong, SystemTime::now())));
        }
    }

    fn tick_screen(&mut self) -> Task<Message> {
        if let Some(clock) = self.station.as_ref().map(|station| station.health().borrow().clock) {
            self.tell_clock(clock);
        }
        let Screen::Session(session) = &self.screen else {
            return Task::none();
        };
        match &session.shown {
            Shown::Seating => Task::none(),
            Shown::Work(pane) => {
                let kept = self.windows.keep(pane).map(Message::Windows);
                let mut tasks = vec![kept, self.on_pane(None, Pane::tick)];
                for window in self.windows.others() {
                    tasks.push(self.on_pane(Some(window), Pane::tick));
                }
                Task::batch(tasks)
            }
            Shown::Diagnostics(_) => self.diagnostics_message(diagnostics::Message::Tick),
        }
    }

    /// What the program listens to.
    pub fn subscription(&self) -> Subscription<Message> {
        let work = match &self.screen {
            Screen::Session(session) => session.pane().map_or_else(Subscription::none, |pane| {
                self.windows.subscription(pane).map(Message::Windows)
            }),
            _ => Subscription::none(),
        };
        let awake = match &self.screen {
            Screen::Session(_) => idle_inhibit::while_watching(),
            _ => Subscription::none(),
        };
        let tick = iced::time::every(Duration::from_millis(500)).map(|_| Message::Tick);
        Subscription::batch([work, awake, tick, window::close_requests().map(Message::CloseRequested)])
    }

    /// A window, and what happens at its devices.
    pub fn view(&self, window: window::Id) -> Element<'_, Message> {
        let told = move |event: &iced::Event, status| device::listen(event, status, window).map(Message::Device);
        KeyOrder::new(self.window(window), told).into()
    }

    fn window(&self, window: window::Id) -> Element<'_, Message> {
        match &self.screen {
            Screen::Starting => center(body(fl!("app-starting"))).into(),
            Screen::Broken(why) => {
                let words = labelled(Icon::Warning, why.as_str(), Tone::Attention);
                let again = Message::Command(Command::Confirm, Edge::Down);
                let key = self.keyboard.keymap.key(Command::Confirm);
                let again = action(Icon::Retry, fl!("app-try-again"), key.as_ref(), true, Some(again));
                center(column![words, body(fl!("app-broken")), again].spacing(12).width(640)).into()
            }
            Screen::SigningOut => center(body(fl!("app-signing-out"))).into(),
            Screen::Enrol(screen) => screen.view().map(Message::Enrol),
            Screen::SignIn(screen, _) => screen.view().map(Message::SignIn),
            Screen::Session(session) => session.view(self.windows.place(window), &self.windows, &self.keyboard.keymap),
        }
    }

    /// A window's title.
    pub fn title(&self, window: window::Id) -> String {
        match self.windows.number(window) {
            1 => "Vedetta".to_owned(),
            n => fl!("window-title", n = n.to_string()),
        }
    }

    /// The theme of every window.
    pub fn theme(&self, _: window::Id) -> Theme {
        theme::theme()
    }
}

#[cfg(test)]
mod tests;
