//! The root: opening the station, signing in and out, which screen is shown.
//!
//! Invariant: one screen at a time in the main window; leaving it drops its state and so ends its views, gestures and
//! playbacks; nobody is signed out while a further window shows anything. Deliberately absent: what a screen does, the
//! further windows (`windows`).

mod account_admin;
mod revision;
mod session_events;

use crate::domain::people::lock::{self, Lock};
use crate::domain::people::stated_purpose::{NoProtocolNumber, Stated};
use crate::domain::people::{Level, Purpose};
use crate::domain::saved_wall::Arrangements;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::keymap::{Command, Edge, Keymap};
use crate::gui::redraw::Revision;
use crate::gui::screen::cameras::{self, Cameras};
use crate::gui::screen::control_room::{self, Glance};
use crate::gui::screen::diagnostics::{self, Diagnostics};
use crate::gui::screen::enrol::{self, Enrol};
use crate::gui::screen::sign_in::{self, SignIn};
use crate::gui::sentences;
use crate::gui::session_port::{Answer, Desk};
use crate::gui::theme::{self, Tone};
use crate::gui::tour::scene::Scene;
use crate::gui::ui::controls::{body, labelled};
use crate::gui::ui::takeover_prompt::{self, TakeoverPrompt};
use crate::gui::ui::unlock::{self, Unlock};
use crate::gui::ui::wall_chooser;
use crate::gui::window_content::{self, Pane};
use crate::gui::windows::Windows;
use crate::station::{
    Claim, Delivery, EnrolError, Knock, Refusal, SavedWalls, SavedWallsError, SecretsChoice, SignInError, Station,
    StationConfig, StationError,
};
use account_admin::AccountAdmin;
use iced::event::Status;
use iced::widget::{center, column};
use iced::{Element, Event, Subscription, Task, Theme, keyboard, mouse, window};
use secrecy::SecretString;
use std::sync::Arc;
use std::time::{Duration, Instant};
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
pub enum Screen {
    /// The station is being opened.
    Starting,
    /// The workstation cannot work; why, in words.
    Broken(String),
    /// This machine is no workstation yet.
    Enrol(Enrol),
    SignIn(Box<SignIn>),
    /// Somebody is at a wall.
    Work(Pane),
    Diagnostics(Box<Diagnostics>),
    /// Somebody was let in; what they keep is being read.
    Seating,
    SigningOut,
}

/// A window: the main one, or one more.
pub type Place = Option<window::Id>;

/// The program's state.
pub struct App {
    options: Options,
    keymap: Arc<Keymap>,
    station: Option<Station>,
    screen: Screen,
    windows: Windows,
    /// What the latest sign-out delivered.
    delivery: Option<Delivery>,
    /// Of the session that runs.
    lock: Option<Lock>,
    /// Over everything while it is locked.
    unlock: Option<Unlock>,
    /// The account_admin, over the wall.
    account_admin: Option<AccountAdmin>,
    /// Cameras and the site plan, over the wall.
    cameras: Option<Box<Cameras>>,
    /// Another workstation asks for the account.
    wanted: Option<TakeoverPrompt>,
    /// The knock the person was told of.
    knocked: Option<Knock>,
    revision: Revision<Vec<Glance>>,
    /// The scripted tour, when there is one, looks here.
    scene: Option<watch::Sender<Scene>>,
}

/// What happens to the program.
#[derive(Clone)]
pub enum Message {
    Opened(Result<Station, Arc<StationError>>),
    SignedIn(Result<Arc<dyn Desk>, SignInError>),
    /// What the person kept was read.
    Seated(Arc<dyn Desk>, Result<Arrangements, Arc<SavedWallsError>>),
    SignedOut(Option<Delivery>),
    SignIn(sign_in::Message),
    Enrol(enrol::Message),
    Enrolled(Result<(), EnrolError>),
    Unlock(unlock::Message),
    AccountAdmin(account_admin::Event),
    Cameras(cameras::Message),
    /// In the question whether the account is yielded.
    Wanted(takeover_prompt::Message),
    /// Somebody touched the machine.
    Activity,
    Locked(Result<(), Arc<Refusal>>),
    Pane(Place, window_content::Message),
    Chooser(wall_chooser::Message),
    Kept(Result<(), Arc<SavedWallsError>>),
    Diagnostics(diagnostics::Message),
    /// A key that no widget wanted.
    Key(window::Id, keyboard::Event),
    /// A command for the main window, however it came about.
    Command(Command, Edge),
    LetGo(window::Id),
    Unfocused(window::Id),
    Tick,
    /// A window is to be closed.
    CloseRequested(window::Id),
    /// The program is to end: everything that is open is ended and recorded first.
    Close,
    Closed,
}

impl App {
    /// The program before the station is open.
    pub fn new(options: Options) -> (App, Task<Message>) {
        let config = options.station.clone();
        let walls = SavedWalls::inside(&config.data);
        let app = App::at(options, Screen::Starting, Some(walls));
        let opening = Task::perform(Station::open(config), |answer| {
            Message::Opened(answer.map_err(Arc::new))
        });
        (app, opening)
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
        let task = app.show_sign_in(None);
        (app, task)
    }

    fn at(options: Options, screen: Screen, walls: Option<SavedWalls>) -> App {
        App {
            options,
            keymap: Arc::default(),
            station: None,
            screen,
            windows: Windows::new(walls),
            delivery: None,
            lock: None,
            unlock: None,
            account_admin: None,
            cameras: None,
            wanted: None,
            knocked: None,
            revision: Revision::default(),
            scene: None,
        }
    }

    /// Lets the scripted tour watch this program.
    pub fn watched(mut self, scene: watch::Sender<Scene>) -> App {
        self.scene = Some(scene);
        self
    }

    /// The program in its main window.
    pub fn in_window(mut self, id: window::Id) -> App {
        self.windows.main = Some(id);
        self
    }

    /// What is on the main window.
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Task<Message> {
        match message {
            Message::Opened(Ok(station)) => {
                self.station = Some(station);
                self.show_sign_in(self.options.sign_in.clone())
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
            Message::Seated(desk, kept) => self.seated(desk, kept),
            Message::SignedOut(delivery) => {
                self.delivery = delivery;
                self.show_sign_in(None)
            }
            Message::Key(window, event) => {
                let touched = self.touched(lock::Input::Activity);
                let done = match self.keymap.command(&event) {
                    Some((command, edge)) => self.command(self.windows.place(window), command, edge),
                    None => Task::none(),
                };
                Task::batch([touched, done])
            }
            Message::Activity => self.touched(lock::Input::Activity),
            Message::Locked(Ok(())) => Task::none(),
            Message::Locked(Err(error)) => {
                tracing::warn!(%error, "a lock could not be recorded");
                Task::none()
            }
            Message::Unlock(message) => self.unlock_message(message),
            Message::AccountAdmin(event) => self.account_admin_event(event),
            Message::Cameras(message) => self.cameras_message(message),
            Message::Wanted(message) => self.wanted_message(message),
            Message::Enrol(message) => self.enrol_message(message),
            Message::Enrolled(Ok(())) => {
                self.screen = Screen::Starting;
                let config = self.options.station.clone();
                Task::perform(Station::open(config), |answer| {
                    Message::Opened(answer.map_err(Arc::new))
                })
            }
            Message::Enrolled(Err(why)) => self.enrol_message(enrol::Message::Failed(why)),
            Message::Command(command, edge) => self.command(None, command, edge),
            Message::CloseRequested(window) => match self.windows.place(window) {
                None => self.close(),
                Some(window) => self.windows.close(window),
            },
            Message::Close => self.close(),
            Message::Closed => iced::exit(),
            Message::SignIn(message) => self.sign_in_message(message),
            Message::Pane(place, message) => self.on_pane(place, |pane| pane.update(message)),
            Message::Chooser(message) => self.chooser_message(message),
            Message::Kept(Ok(())) => Task::none(),
            Message::Kept(Err(error)) => {
                tracing::warn!(%error, "walls are not kept");
                self.tell(fl!("walls-unkept"));
                Task::none()
            }
            Message::Diagnostics(message) => self.diagnostics_message(message),
            Message::LetGo(window) => self.tell_room(window, control_room::Message::LetGo),
            Message::Unfocused(window) => self.tell_room(window, control_room::Message::Unfocused),
            Message::Tick => self.tick(),
        }
    }

    fn close(&mut self) -> Task<Message> {
        match self.desk() {
            Some(desk) => {
                self.screen = Screen::SigningOut;
                let windows = self.windows.close_all();
                Task::batch([windows, Task::perform(desk.sign_out(), |_| Message::Closed)])
            }
            None => iced::exit(),
        }
    }

    fn command(&mut self, place: Place, command: Command, edge: Edge) -> Task<Message> {
        if self.unlock.is_some() {
            return match edge {
                Edge::Down => self.unlock_message(unlock::Message::Command(command)),
                Edge::Up => Task::none(),
            };
        }
        if self.wanted.is_some() && place.is_none() && command != Command::Lock {
            return match edge {
                Edge::Down => self.wanted_message(takeover_prompt::command(command)),
                Edge::Up => Task::none(),
            };
        }
        if self.account_admin.is_some() && place.is_none() && command != Command::Lock {
            return match edge {
                Edge::Down => self.account_admin_command(command),
                Edge::Up => Task::none(),
            };
        }
        if self.cameras.is_some() && place.is_none() && command != Command::Lock {
            return match edge {
                Edge::Down => self.cameras_message(cameras::Message::Command(command)),
                Edge::Up => Task::none(),
            };
        }
        match (command, edge) {
            (Command::Lock, Edge::Down) => return self.touched(lock::Input::Lock),
            (Command::People, Edge::Down) => return self.open_account_admin(),
            (Command::Cameras, Edge::Down) => return self.open_cameras(),
            _ => {}
        }
        if self.windows.choosing_in(place) {
            return if edge == Edge::Down {
                self.chooser_message(wall_chooser::Message::Command(command))
            } else {
                self.on_pane(place, |pane| pane.command(command, edge))
            };
        }
        match (place, &self.screen, edge) {
            (Some(_), ..) | (None, Screen::Work(_), _) => self.on_pane(place, |pane| pane.command(command, edge)),
            (None, Screen::SignIn(_), Edge::Down) => self.sign_in_message(sign_in::Message::Command(command)),
            (None, Screen::Enrol(_), Edge::Down) => self.enrol_message(enrol::Message::Command(command)),
            (None, Screen::Diagnostics(_), Edge::Down) => {
                self.diagnostics_message(diagnostics::Message::Command(command))
            }
            (None, ..) => Task::none(),
        }
    }

    fn tick(&mut self) -> Task<Message> {
        if let Some(over) = self.session_over() {
            return over;
        }
        self.follow_knock();
        let locked = self.touched(lock::Input::Tick);
        Task::batch([locked, self.tick_screen()])
    }

    fn tick_screen(&mut self) -> Task<Message> {
        match &mut self.screen {
            Screen::Work(pane) => {
                let kept = self.windows.keep(pane);
                let mut tasks = vec![kept, self.on_pane(None, Pane::tick)];
                for window in self.windows.others() {
                    tasks.push(self.on_pane(Some(window), Pane::tick));
                }
                Task::batch(tasks)
            }
            Screen::Diagnostics(_) => self.diagnostics_message(diagnostics::Message::Tick),
            _ => Task::none(),
        }
    }

    fn show_sign_in(&mut self, credentials: Option<Credentials>) -> Task<Message> {
        let less_safe = self.options.station.secrets == SecretsChoice::ProtectedFile;
        let screen = SignIn::new(less_safe.then(|| fl!("sign-in-protected-file")));
        self.screen = Screen::SignIn(Box::new(screen));
        match credentials {
            Some(Credentials {
                user,
                password,
                purpose,
            }) => {
                let claim = Claim {
                    user,
                    password,
                    code: None,
                };
                match Stated::new(purpose, "", "") {
                    Ok(stated) => self.ask_to_sign_in(claim, stated),
                    Err(NoProtocolNumber) => Task::none(),
                }
            }
            None => Task::none(),
        }
    }

    fn ask_to_sign_in(&mut self, claim: Claim, stated: Stated) -> Task<Message> {
        let Some(station) = self.station.clone() else {
            return Task::none();
        };
        let asked = async move { station.sign_in_with(claim, stated).await };
        Task::perform(asked, |answer| {
            Message::SignedIn(answer.map(|session| Arc::new(session) as Arc<dyn Desk>))
        })
    }

    fn signed_in(&mut self, answer: Result<Arc<dyn Desk>, SignInError>) -> Task<Message> {
        if let Ok(desk) = &answer {
            self.lock = Some(Lock::new(desk.lock_after(), Instant::now()));
        }
        match answer {
            Ok(desk) if desk.person().level == Level::Maintainer => {
                let (screen, task) = Diagnostics::new(desk, self.keymap.clone());
                self.screen = Screen::Diagnostics(Box::new(screen));
                task.map(Message::Diagnostics)
            }
            Ok(desk) => match self.windows.read(desk.person().user) {
                Some(reading) => {
                    self.screen = Screen::Seating;
                    Task::perform(reading, move |kept| {
                        Message::Seated(desk.clone(), kept.map_err(Arc::new))
                    })
                }
                None => self.seated(desk, Ok(Arrangements::default())),
            },
            Err(error) => {
                tracing::warn!(%error, "sign-in refused");
                match &mut self.screen {
                    Screen::SignIn(screen) => {
                        let next = screen.failed(&error);
                        self.sign_in_action(next)
                    }
                    _ => Task::none(),
                }
            }
        }
    }

    /// Shows the walls as the person left them.
    fn seated(&mut self, desk: Arc<dyn Desk>, kept: Result<Arrangements, Arc<SavedWallsError>>) -> Task<Message> {
        let unread = kept
            .as_ref()
            .err()
            .inspect(|error| tracing::warn!(%error, "saved walls"))
            .is_some();
        let (pane, opening) = self.windows.seat(&desk, &self.keymap, kept.unwrap_or_default());
        self.screen = Screen::Work(pane);
        if unread {
            self.tell(fl!("walls-unread"));
        }
        opening
    }

    fn tell(&mut self, sentence: String) {
        if let Screen::Work(pane) = &mut self.screen {
            pane.room_mut().tell(Tone::Attention, sentence);
        }
    }

    fn desk(&self) -> Option<Arc<dyn Desk>> {
        match &self.screen {
            Screen::Work(pane) => Some(pane.room().desk()),
            Screen::Diagnostics(screen) => Some(screen.desk()),
            Screen::Starting
            | Screen::Broken(_)
            | Screen::Enrol(_)
            | Screen::SignIn(_)
            | Screen::Seating
            | Screen::SigningOut => None,
        }
    }

    fn sign_out(&mut self) -> Task<Message> {
        self.leave(|desk| desk.sign_out())
    }

    /// Ends the session by `how`, and leaves nothing of it on the screen.
    fn leave(&mut self, how: fn(&dyn Desk) -> Answer<Delivery>) -> Task<Message> {
        let Some(desk) = self.desk() else { return Task::none() };
        let kept = match &self.screen {
            Screen::Work(pane) => self.windows.keep(pane),
            _ => Task::none(),
        };
        self.screen = Screen::SigningOut;
        self.nobody_here();
        let windows = self.windows.close_all();
        let signed_out = Task::perform(how(desk.as_ref()), |answer| {
            Message::SignedOut(answer.inspect_err(|error| tracing::warn!(%error, "sign-out")).ok())
        });
        Task::batch([kept, windows, signed_out])
    }

    fn sign_in_message(&mut self, message: sign_in::Message) -> Task<Message> {
        let Screen::SignIn(screen) = &mut self.screen else {
            return Task::none();
        };
        let next = screen.update(message);
        self.sign_in_action(next)
    }

    fn sign_in_action(&mut self, action: sign_in::Action) -> Task<Message> {
        match action {
            sign_in::Action::None => Task::none(),
            sign_in::Action::SignIn { claim, stated } => self.ask_to_sign_in(claim, stated),
            sign_in::Action::Ask { ticket, step } => self.ask_for_account(ticket, step),
            sign_in::Action::ChoosePassword { claim, new } => match self.station.clone() {
                Some(station) => Task::perform(async move { station.choose_password(claim, new).await }, |answer| {
                    Message::SignIn(sign_in::Message::Changed(answer))
                }),
                None => Task::none(),
            },
        }
    }

    fn pane(&mut self, place: Place) -> Option<&mut Pane> {
        match (place, &mut self.screen) {
            (Some(window), _) => self.windows.pane_mut(window),
            (None, Screen::Work(pane)) => Some(pane),
            (None, _) => None,
        }
    }

    /// Lets a window's wall do something, and does what follows.
    fn on_pane(&mut self, place: Place, act: impl FnOnce(&mut Pane) -> window_content::Action) -> Task<Message> {
        let Some(pane) = self.pane(place) else {
            return Task::none();
        };
        match act(pane) {
            window_content::Action::None => Task::none(),
            window_content::Action::Run(task) => task.map(move |message| Message::Pane(place, message)),
            window_content::Action::SignOut => self.sign_out(),
            window_content::Action::NewWindow => match &self.screen {
                Screen::Work(pane) => self.windows.open(pane, &self.keymap),
                _ => Task::none(),
            },
            window_content::Action::SavedWalls => {
                self.windows.choose(place);
                Task::none()
            }
        }
    }

    fn tell_room(&mut self, window: window::Id, message: control_room::Message) -> Task<Message> {
        let place = self.windows.place(window);
        self.on_pane(place, |pane| pane.update(window_content::Message::Room(message)))
    }

    fn chooser_message(&mut self, message: wall_chooser::Message) -> Task<Message> {
        let Screen::Work(main) = &mut self.screen else {
            return Task::none();
        };
        self.windows.chooser_message(message, main)
    }

    fn diagnostics_message(&mut self, message: diagnostics::Message) -> Task<Message> {
        let Screen::Diagnostics(screen) = &mut self.screen else {
            return Task::none();
        };
        match screen.update(message) {
            diagnostics::Action::None => Task::none(),
            diagnostics::Action::Run(task) => task.map(Message::Diagnostics),
            diagnostics::Action::SignOut => self.sign_out(),
        }
    }

    /// What the program listens to.
    pub fn subscription(&self) -> Subscription<Message> {
        let work = match &self.screen {
            Screen::Work(pane) => self.windows.subscription(pane),
            _ => Subscription::none(),
        };
        let tick = iced::time::every(Duration::from_millis(500)).map(|_| Message::Tick);
        Subscription::batch([
            work,
            tick,
            iced::event::listen_with(event),
            window::close_requests().map(Message::CloseRequested),
        ])
    }

    /// A window.
    pub fn view(&self, window: window::Id) -> Element<'_, Message> {
        let place = self.windows.place(window);
        let pane = match (place, &self.screen) {
            (Some(other), _) => self.windows.pane(other),
            (None, Screen::Work(pane)) => Some(pane),
            (None, _) => None,
        };
        if let Some(card) = &self.unlock {
            let nothing = unlock::Message::Nothing;
            let wall = match pane {
                Some(pane) => pane.bare().map(move |_| nothing.clone()),
                None => center(body("")).into(),
            };
            return card.over(wall).map(Message::Unlock);
        }
        if let (Some(_), Some(pane)) = (place, pane) {
            return self.windows.view(place, pane);
        }
        let screen = match (&self.account_admin, &self.cameras) {
            (Some(account_admin), _) => account_admin.view().map(Message::AccountAdmin),
            (None, Some(cameras)) => cameras.view().map(Message::Cameras),
            (None, None) => self.view_screen(),
        };
        match &self.wanted {
            // What lies under the question cannot be reached.
            Some(wanted) => wanted
                .over(screen.map(|_| takeover_prompt::command(Command::Stop)), Instant::now())
                .map(Message::Wanted),
            None => screen,
        }
    }

    fn view_screen(&self) -> Element<'_, Message> {
        match &self.screen {
            Screen::Starting | Screen::Seating => center(body(fl!("app-starting"))).into(),
            Screen::Broken(why) => {
                let words = labelled(Icon::Warning, why.as_str(), Tone::Attention);
                center(column![words, body(fl!("app-broken"))].spacing(12).max_width(760)).into()
            }
            Screen::SigningOut => center(body(fl!("app-signing-out"))).into(),
            Screen::Enrol(screen) => screen.view().map(Message::Enrol),
            Screen::SignIn(screen) => screen.view().map(Message::SignIn),
            Screen::Work(pane) => self.windows.view(None, pane),
            Screen::Diagnostics(screen) => screen.view().map(Message::Diagnostics),
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

/// Keys that no widget wanted, and every release, are the program's own.
fn event(event: Event, status: Status, window: window::Id) -> Option<Message> {
    match event {
        Event::Keyboard(event @ keyboard::Event::KeyReleased { .. }) => Some(Message::Key(window, event)),
        Event::Keyboard(event) if status == Status::Ignored => Some(Message::Key(window, event)),
        Event::Keyboard(keyboard::Event::KeyPressed { .. })
        | Event::Mouse(mouse::Event::ButtonPressed(_) | mouse::Event::WheelScrolled { .. }) => Some(Message::Activity),
        Event::Mouse(mouse::Event::ButtonReleased(mouse::Button::Left)) => Some(Message::LetGo(window)),
        Event::Window(window::Event::Unfocused) => Some(Message::Unfocused(window)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
