//! The root: opening the station, signing in and out, which screen is shown.
//!
//! Invariant: one screen at a time; leaving it drops its state and so ends its views, gestures and playbacks.
//! Deliberately absent: what a screen does.

use crate::domain::people::{Level, Purpose};
use crate::gui::desk::Desk;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::keymap::{Command, Edge, Keymap};
use crate::gui::screen::control_room::{self, ControlRoom};
use crate::gui::screen::diagnostics::{self, Diagnostics};
use crate::gui::screen::playback::{self, Playback};
use crate::gui::screen::sign_in::{self, SignIn};
use crate::gui::theme::{self, Tone};
use crate::gui::tour::scene::{PixelRect, Scene, ScenePicture, ScreenName};
use crate::gui::ui::controls::{body, labelled};
use crate::gui::words;
use crate::station::{Delivery, SecretsChoice, SignInError, Station, StationConfig, StationError};
use iced::event::Status;
use iced::widget::{center, column};
use iced::{Element, Event, Subscription, Task, Theme, keyboard, mouse, window};
use secrecy::SecretString;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
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

/// What is on the screen.
pub enum Screen {
    /// The station is being opened.
    Starting,
    /// The workstation cannot work; why, in words.
    Broken(String),
    SignIn(SignIn),
    ControlRoom(Box<ControlRoom>),
    /// Recordings of one camera; the control room waits behind it.
    Playback(Box<Playback>, Box<ControlRoom>),
    Diagnostics(Box<Diagnostics>),
    SigningOut,
}

/// The program's state.
pub struct App {
    options: Options,
    keymap: Arc<Keymap>,
    station: Option<Station>,
    screen: Screen,
    /// What the latest sign-out delivered.
    delivery: Option<Delivery>,
    /// The scripted tour, when there is one, looks here.
    scene: Option<watch::Sender<Scene>>,
}

/// What happens to the program.
#[derive(Clone)]
pub enum Message {
    Opened(Result<Station, Arc<StationError>>),
    SignedIn(Result<Arc<dyn Desk>, SignInError>),
    SignedOut(Option<Delivery>),
    SignIn(sign_in::Message),
    ControlRoom(control_room::Message),
    Playback(playback::Message),
    Diagnostics(diagnostics::Message),
    /// A key that no text field wanted, or one that is never for a text field.
    Key(keyboard::Event),
    /// A command, however it came about.
    Command(Command, Edge),
    LetGo,
    Unfocused,
    Tick,
    /// The window is to be closed: everything that is open is ended and recorded first.
    CloseRequested,
    Closed,
}

impl App {
    /// The program before the station is open.
    pub fn new(options: Options) -> (App, Task<Message>) {
        let config = options.station.clone();
        let app = App {
            options,
            keymap: Arc::default(),
            station: None,
            screen: Screen::Starting,
            delivery: None,
            scene: None,
        };
        let opening = Task::perform(Station::open(config), |answer| {
            Message::Opened(answer.map_err(Arc::new))
        });
        (app, opening)
    }

    /// The program with somebody already at a desk, and no station behind it.
    pub fn at_desk(options: Options, desk: Arc<dyn Desk>) -> (App, Task<Message>) {
        let mut app = App {
            options,
            keymap: Arc::default(),
            station: None,
            screen: Screen::Starting,
            delivery: None,
            scene: None,
        };
        let task = app.signed_in(Ok(desk));
        (app, task)
    }

    /// The program at its sign-in screen, with no station behind it.
    pub fn signed_out(options: Options) -> (App, Task<Message>) {
        let mut app = App {
            options,
            keymap: Arc::default(),
            station: None,
            screen: Screen::Starting,
            delivery: None,
            scene: None,
        };
        let task = app.show_sign_in(None);
        (app, task)
    }

    /// Lets the scripted tour watch this program.
    pub fn watched(mut self, scene: watch::Sender<Scene>) -> App {
        self.scene = Some(scene);
        self
    }

    /// [`App::update`], and then tells the scripted tour, if there is one, what is on the screen now.
    pub fn update_and_tell(&mut self, message: Message) -> Task<Message> {
        let task = self.update(message);
        if let Some(scene) = &self.scene {
            scene.send_replace(self.scene(Instant::now()));
        }
        task
    }

    /// The program as the scripted tour sees it. The tour's display has one physical pixel per logical one.
    fn scene(&self, now: Instant) -> Scene {
        let empty = Scene::default();
        match &self.screen {
            Screen::Starting | Screen::Broken(_) | Screen::SigningOut => empty,
            Screen::SignIn(screen) => {
                let notices = screen.error().map(str::to_owned).into_iter().collect();
                Scene {
                    screen: ScreenName::SignIn,
                    notices,
                    delivery: self.delivery.clone(),
                    ..empty
                }
            }
            Screen::ControlRoom(room) => room.scene(now, 1.0),
            Screen::Playback(screen, room) => {
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
                    covered: false,
                    cover_parts: 0,
                });
                Scene {
                    screen: ScreenName::Playback,
                    pictures: picture.into_iter().collect(),
                    playback_ms: screen.position_ms(),
                    ..room.scene(now, 1.0)
                }
            }
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

    /// What is on the screen.
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// The control room, if it is on the screen.
    pub fn control_room(&self) -> Option<&ControlRoom> {
        match &self.screen {
            Screen::ControlRoom(room) => Some(room),
            _ => None,
        }
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Task<Message> {
        match message {
            Message::Opened(Ok(station)) => {
                self.station = Some(station);
                self.show_sign_in(self.options.sign_in.clone())
            }
            Message::Opened(Err(error)) => {
                tracing::error!(%error, "the station cannot be opened");
                self.screen = Screen::Broken(words::station(&error));
                Task::none()
            }
            Message::SignedIn(answer) => self.signed_in(answer),
            Message::SignedOut(delivery) => {
                self.delivery = delivery;
                self.show_sign_in(None)
            }
            Message::Key(event) => match self.keymap.command(&event) {
                Some((command, edge)) => self.command(command, edge),
                None => Task::none(),
            },
            Message::Command(command, edge) => self.command(command, edge),
            Message::CloseRequested => match self.desk() {
                Some(desk) => {
                    self.screen = Screen::SigningOut;
                    Task::perform(desk.sign_out(), |_| Message::Closed)
                }
                None => iced::exit(),
            },
            Message::Closed => iced::exit(),
            Message::SignIn(message) => self.sign_in_message(message),
            Message::ControlRoom(message) => self.room_message(message),
            Message::Playback(message) => self.playback_message(message),
            Message::Diagnostics(message) => self.diagnostics_message(message),
            Message::LetGo => self.room_message(control_room::Message::LetGo),
            Message::Unfocused => self.room_message(control_room::Message::Unfocused),
            Message::Tick => self.tick(),
        }
    }

    fn command(&mut self, command: Command, edge: Edge) -> Task<Message> {
        match (&self.screen, edge) {
            (Screen::ControlRoom(_), edge) => self.room_message(control_room::Message::Command(command, edge)),
            (_, Edge::Up) => Task::none(),
            (Screen::SignIn(_), Edge::Down) => self.sign_in_message(sign_in::Message::Command(command)),
            (Screen::Playback(..), Edge::Down) => self.playback_message(playback::Message::Command(command)),
            (Screen::Diagnostics(_), Edge::Down) => self.diagnostics_message(diagnostics::Message::Command(command)),
            (Screen::Starting | Screen::Broken(_) | Screen::SigningOut, Edge::Down) => Task::none(),
        }
    }

    fn tick(&mut self) -> Task<Message> {
        match &self.screen {
            Screen::ControlRoom(_) => self.room_message(control_room::Message::Tick),
            Screen::Playback(..) => self.playback_message(playback::Message::Tick),
            Screen::Diagnostics(_) => self.diagnostics_message(diagnostics::Message::Tick),
            Screen::Starting | Screen::Broken(_) | Screen::SignIn(_) | Screen::SigningOut => Task::none(),
        }
    }

    fn show_sign_in(&mut self, credentials: Option<Credentials>) -> Task<Message> {
        let less_safe = self.options.station.secrets == SecretsChoice::ProtectedFile;
        let (screen, focus) = SignIn::new(less_safe.then(|| fl!("sign-in-protected-file")));
        self.screen = Screen::SignIn(screen);
        let focus = focus.map(Message::SignIn);
        match credentials {
            Some(Credentials {
                user,
                password,
                purpose,
            }) => Task::batch([focus, self.ask_to_sign_in(user, password, purpose)]),
            None => focus,
        }
    }

    fn ask_to_sign_in(&mut self, user: String, password: SecretString, purpose: Purpose) -> Task<Message> {
        let Some(station) = self.station.clone() else {
            return Task::none();
        };
        let asked = async move { station.sign_in(user, password, purpose).await };
        Task::perform(asked, |answer| {
            Message::SignedIn(answer.map(|session| Arc::new(session) as Arc<dyn Desk>))
        })
    }

    fn signed_in(&mut self, answer: Result<Arc<dyn Desk>, SignInError>) -> Task<Message> {
        match answer {
            Ok(desk) if desk.person().level == Level::Maintainer => {
                let (screen, task) = Diagnostics::new(desk, self.keymap.clone());
                self.screen = Screen::Diagnostics(Box::new(screen));
                task.map(Message::Diagnostics)
            }
            Ok(desk) => {
                let (screen, task) = ControlRoom::new(desk, self.keymap.clone());
                self.screen = Screen::ControlRoom(Box::new(screen));
                task.map(Message::ControlRoom)
            }
            Err(error) => {
                tracing::warn!(%error, "sign-in refused");
                if let Screen::SignIn(screen) = &mut self.screen {
                    screen.failed(&error);
                }
                Task::none()
            }
        }
    }

    fn desk(&self) -> Option<Arc<dyn Desk>> {
        match &self.screen {
            Screen::ControlRoom(room) | Screen::Playback(_, room) => Some(room.desk()),
            Screen::Diagnostics(screen) => Some(screen.desk()),
            Screen::Starting | Screen::Broken(_) | Screen::SignIn(_) | Screen::SigningOut => None,
        }
    }

    fn sign_out(&mut self) -> Task<Message> {
        let Some(desk) = self.desk() else { return Task::none() };
        self.screen = Screen::SigningOut;
        Task::perform(desk.sign_out(), |answer| {
            Message::SignedOut(answer.inspect_err(|error| tracing::warn!(%error, "sign-out")).ok())
        })
    }

    fn sign_in_message(&mut self, message: sign_in::Message) -> Task<Message> {
        let Screen::SignIn(screen) = &mut self.screen else {
            return Task::none();
        };
        match screen.update(message) {
            sign_in::Action::None => Task::none(),
            sign_in::Action::Run(task) => task.map(Message::SignIn),
            sign_in::Action::SignIn {
                user,
                password,
                purpose,
            } => self.ask_to_sign_in(user, password, purpose),
        }
    }

    fn room_message(&mut self, message: control_room::Message) -> Task<Message> {
        let room = match &mut self.screen {
            Screen::ControlRoom(room) | Screen::Playback(_, room) => room,
            _ => return Task::none(),
        };
        match room.update(message) {
            control_room::Action::None => Task::none(),
            control_room::Action::Run(task) => task.map(Message::ControlRoom),
            control_room::Action::SignOut => self.sign_out(),
            control_room::Action::PlayBack(camera) => {
                let (screen, task) = Playback::new(room.desk(), *camera, SystemTime::now());
                let before = std::mem::replace(&mut self.screen, Screen::SigningOut);
                self.screen = match before {
                    Screen::ControlRoom(room) => Screen::Playback(Box::new(screen), room),
                    other => other,
                };
                task.map(Message::Playback)
            }
        }
    }

    fn playback_message(&mut self, message: playback::Message) -> Task<Message> {
        let Screen::Playback(screen, _) = &mut self.screen else {
            return Task::none();
        };
        match screen.update(message) {
            playback::Action::None => Task::none(),
            playback::Action::Run(task) => task.map(Message::Playback),
            playback::Action::Leave => {
                let before = std::mem::replace(&mut self.screen, Screen::SigningOut);
                self.screen = match before {
                    Screen::Playback(_, room) => Screen::ControlRoom(room),
                    other => other,
                };
                Task::none()
            }
        }
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
        let screen = match &self.screen {
            Screen::ControlRoom(room) => room.subscription().map(Message::ControlRoom),
            Screen::Playback(screen, _) => screen.subscription().map(Message::Playback),
            _ => Subscription::none(),
        };
        let tick = iced::time::every(Duration::from_millis(500)).map(|_| Message::Tick);
        Subscription::batch([
            screen,
            tick,
            iced::event::listen_with(event),
            window::close_requests().map(|_| Message::CloseRequested),
        ])
    }

    /// The window.
    pub fn view(&self) -> Element<'_, Message> {
        match &self.screen {
            Screen::Starting => center(body(fl!("app-starting"))).into(),
            Screen::Broken(why) => {
                let words = labelled(Icon::Warning, why.as_str(), Tone::Attention);
                center(column![words, body(fl!("app-broken"))].spacing(12).max_width(760)).into()
            }
            Screen::SigningOut => center(body(fl!("app-signing-out"))).into(),
            Screen::SignIn(screen) => screen.view().map(Message::SignIn),
            Screen::ControlRoom(room) => room.view().map(Message::ControlRoom),
            Screen::Playback(screen, _) => screen.view().map(Message::Playback),
            Screen::Diagnostics(screen) => screen.view().map(Message::Diagnostics),
        }
    }

    /// The window's title.
    pub fn title(&self) -> String {
        "Vedetta".to_owned()
    }

    /// The window's theme.
    pub fn theme(&self) -> Theme {
        theme::theme()
    }
}

/// Keys go to a text field first; Tab, Esc, function keys and releases are the program's own in any case.
fn event(event: Event, status: Status, _: window::Id) -> Option<Message> {
    match event {
        Event::Keyboard(event @ keyboard::Event::KeyReleased { .. }) => Some(Message::Key(event)),
        Event::Keyboard(event) if status == Status::Ignored || never_text(&event) => Some(Message::Key(event)),
        Event::Mouse(mouse::Event::ButtonReleased(mouse::Button::Left)) => Some(Message::LetGo),
        Event::Window(window::Event::Unfocused) => Some(Message::Unfocused),
        _ => None,
    }
}

fn never_text(event: &keyboard::Event) -> bool {
    use keyboard::key::Named;
    let keyboard::Event::KeyPressed {
        key: keyboard::Key::Named(named),
        ..
    } = event
    else {
        return false;
    };
    matches!(named, Named::Tab | Named::Escape | Named::F1 | Named::F6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;
    use std::path::PathBuf;

    fn options() -> Options {
        let station = StationConfig {
            enrolment: PathBuf::new(),
            data: PathBuf::new(),
            evidence: PathBuf::new(),
            secrets: SecretsChoice::ProtectedFile,
        };
        Options { station, sign_in: None }
    }

    #[test]
    fn r_mnt_1_a_maintainer_gets_figures_and_no_view_is_ever_asked_for() {
        let desk = fake::maintainer(16, 4);
        let (mut app, _) = App::at_desk(options(), desk.clone());
        assert!(matches!(app.screen(), Screen::Diagnostics(_)));
        for command in [
            Command::Confirm,
            Command::Playback,
            Command::Export,
            Command::Digit(1),
            Command::Snapshot,
        ] {
            drop(app.update(Message::Command(command, Edge::Down)));
        }
        assert!(matches!(app.screen(), Screen::Diagnostics(_)));
        assert!(desk.said().is_empty(), "{:?}", desk.said());
    }

    #[test]
    fn playback_comes_back_to_the_same_wall_and_closing_signs_out_first() {
        let desk = fake::desk(4, 1);
        let (mut app, _) = App::at_desk(options(), desk.clone());
        drop(app.update(Message::Command(Command::Playback, Edge::Down)));
        assert!(matches!(app.screen(), Screen::Playback(..)));
        drop(app.update(Message::Command(Command::Back, Edge::Down)));
        assert!(app.control_room().is_some());
        drop(app.update(Message::CloseRequested));
        assert!(desk.said().contains(&"sign out".to_owned()));
    }

    #[test]
    fn a_refused_sign_in_stays_on_the_screen_with_its_sentence() {
        let (mut app, _) = App::signed_out(options());
        drop(app.update(Message::SignedIn(Err(SignInError::UnknownStation))));
        let Screen::SignIn(screen) = app.screen() else {
            panic!("another screen")
        };
        assert!(screen.error().is_some());
    }
}
