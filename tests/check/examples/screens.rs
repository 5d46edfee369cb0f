//! Looks at the screens with test pictures instead of cameras: `cargo run -p vedetta-check --example screens -- wall`, and `wall en` in
//! English.
//!
//! Deliberately absent: a station, a server, cameras.

use iced::Task;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use vedetta::domain::camera::StationId;
use vedetta::domain::people::stated_purpose::Stated;
use vedetta::domain::people::takeover::Unanswered;
use vedetta::domain::refusal::RefusalKind;
use vedetta::domain::wall::Layout;
use vedetta::gui::app::{App, Message, Options};
use vedetta::gui::input::{Command, Direction, Edge};
use vedetta::gui::screen::sign_in;
use vedetta::gui::ui::takeover_request::{self, Stands};
use vedetta::gui::{i18n, launch};
use vedetta::station::{AskTicket, SecretsChoice, SignInError, StationConfig, StationError, TrackedPose};
use vedetta_check::fake;

fn elsewhere(stands: Option<Stands>) -> Message {
    let stands = stands.ok_or(SignInError::AskOver);
    Message::SignIn(sign_in::Message::Elsewhere(takeover_request::Message::Stands(stands)))
}

fn station() -> Option<StationId> {
    "ufficio-comando".parse().ok()
}

fn main() -> Result<(), String> {
    let screen = std::env::args().nth(1).unwrap_or_default();
    if std::env::args().nth(2).as_deref() == Some("en") {
        i18n::choose(i18n::Language::English);
    }
    let options = Options {
        station: StationConfig {
            enrolment: PathBuf::new(),
            data: PathBuf::new(),
            evidence: PathBuf::new(),
            secrets: SecretsChoice::ProtectedFile,
            pose_source: Arc::new(TrackedPose),
        },
        sign_in: None,
    };
    launch::run_from(move || {
        if screen == "enrol" {
            let (mut app, task) = App::signed_out(options.clone());
            let missing = StationError::NotEnrolled {
                path: PathBuf::new(),
                source: None,
            };
            let shown = app.update(Message::Opened(Err(Arc::new(missing))));
            return (app, Task::batch([task, shown]));
        }
        let refused = match screen.as_str() {
            "change-password" => Some(RefusalKind::MustChoosePassword.into()),
            "second-factor" => Some(RefusalKind::SecondFactor.into()),
            "elsewhere" | "elsewhere-waiting" => {
                Some(SignInError::ActiveElsewhere(Some(AskTicket::new(Stated::default()))))
            }
            _ => None,
        };
        if let Some(refused) = refused {
            let (mut app, task) = App::signed_out(options.clone());
            let shown = app.update(Message::SignedIn(Err(refused)));
            let stands = if screen == "elsewhere-waiting" {
                app.update(elsewhere(station().map(|station| Stands::Waiting {
                    station,
                    left: Duration::from_secs(47),
                    unanswered: Unanswered::Keeps,
                })))
            } else if screen == "elsewhere" {
                app.update(elsewhere(station().map(Stands::ActiveAt)))
            } else {
                Task::none()
            };
            return (app, Task::batch([task, shown, stands]));
        }
        if screen == "sign-in" {
            return App::signed_out(options.clone());
        }
        let cameras = if screen.starts_with("many") { 64 } else { 16 };
        let desk = match screen.as_str() {
            "diagnostics" => fake::maintainer(cameras, 4),
            "approval" | "people" | "take-over" | "cameras-approve" | "sessions" | "end-session" => {
                fake::supervisor(cameras, 4)
            }
            "cameras" | "camera-form" | "camera-remove" | "cameras-found" | "workstations" | "new-workstation"
            | "revoke" => fake::administrator(cameras, 4),
            "overloaded" | "many-overloaded" => fake::overloaded(cameras, 4),
            "school-open" => fake::school(cameras, 4, true),
            "school-closed" => fake::school(cameras, 4, false),
            "export-masked" => fake::masked(cameras, 4),
            _ => fake::desk(cameras, 4),
        };
        desk.stop(screen == "go-on");
        desk.want(screen == "wanted");
        let (app, task) = App::at_desk(options.clone(), desk);
        let then = |commands: Vec<Command>| {
            Task::batch(commands.into_iter().zip(1u32..).map(|(command, n)| {
                let wait = Duration::from_millis(700) * n;
                Task::perform(tokio::time::sleep(wait), move |()| {
                    Message::Command(command, Edge::Down)
                })
            }))
        };
        let commands = match screen.as_str() {
            "full" => vec![Command::Digit(1), Command::Digit(6), Command::Confirm, Command::Confirm],
            "zoom" => vec![
                Command::Digit(1),
                Command::Confirm,
                Command::ZoomIn,
                Command::ZoomIn,
                Command::ZoomIn,
            ],
            "zoom-full" => vec![
                Command::Digit(1),
                Command::Confirm,
                Command::Confirm,
                Command::ZoomIn,
                Command::ZoomIn,
                Command::ZoomIn,
                Command::ZoomIn,
            ],
            "dome" => vec![
                Command::Digit(1),
                Command::Digit(4),
                Command::Confirm,
                Command::CallPreset(1),
                Command::Snapshot,
            ],
            "figures" | "many-figures" | "overloaded" => vec![Command::Figures],
            "help" => vec![Command::Help],
            "people" => vec![Command::People, Command::Next],
            "cameras" => vec![Command::Cameras, Command::Next, Command::Next],
            "cameras-approve" => vec![Command::Cameras],
            "cameras-found" => vec![Command::Cameras, Command::FindCameras],
            "camera-form" => vec![Command::Cameras, Command::Next, Command::Confirm],
            "camera-remove" => vec![Command::Cameras, Command::Next, Command::RemoveCamera],
            "sessions" => vec![Command::People, Command::NextArea],
            "end-session" => vec![Command::People, Command::NextArea, Command::EndSession],
            "workstations" => vec![Command::People, Command::PreviousArea],
            "new-workstation" => vec![Command::People, Command::PreviousArea, Command::NewWorkstation],
            "revoke" => vec![Command::People, Command::PreviousArea, Command::Revoke],
            "purpose" => vec![
                Command::ChangePurpose,
                Command::Arrow(Direction::Down),
                Command::Arrow(Direction::Down),
                Command::Arrow(Direction::Down),
                Command::Arrow(Direction::Down),
                Command::Confirm,
            ],
            "locked" => vec![Command::Lock],
            "walls" => vec![Command::SavedWalls],
            "windows" => vec![Command::Layout(Layout::Nine), Command::CameraTour, Command::NewWindow],
            "export" => vec![Command::Export],
            "export-masked" => vec![Command::Digit(2), Command::Confirm, Command::Export],
            "masks" => vec![Command::Digit(1), Command::Digit(4), Command::Confirm, Command::Masks],
            "go-on" => vec![Command::ExtendGrace],
            "calibration" => vec![
                Command::Digit(1),
                Command::Digit(4),
                Command::Confirm,
                Command::Calibrate,
            ],
            "write-to-camera" => vec![Command::Digit(4), Command::Confirm, Command::WriteToCamera],
            "school-open" | "school-closed" => vec![Command::Layout(Layout::Four)],
            "clearance" => vec![Command::Digit(2), Command::Confirm, Command::Clearances],
            "approval" => vec![Command::Clearances],
            "hand-over" => vec![
                Command::Digit(1),
                Command::Digit(5),
                Command::Confirm,
                Command::Confirm,
                Command::HandOver,
            ],
            "take-over" => vec![
                Command::Digit(1),
                Command::Digit(6),
                Command::Confirm,
                Command::AskLease,
            ],
            "presence" => vec![
                Command::Layout(Layout::Four),
                Command::Digit(1),
                Command::Digit(6),
                Command::Confirm,
            ],
            "declare" => vec![Command::Digit(1), Command::Digit(6), Command::Confirm, Command::Declare],
            "playback" => vec![Command::Digit(2), Command::Confirm, Command::Playback],
            "large" => vec![Command::Layout(Layout::OneLarge)],
            "typed" => vec![Command::Digit(1)],
            // Its pictures stopped two seconds after it was opened.
            "stale" => vec![Command::Digit(3), Command::Confirm, Command::Confirm],
            _ => vec![],
        };
        let commands = then(commands);
        (app, Task::batch([task, commands]))
    })
}
