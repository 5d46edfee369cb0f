//! Looks at one screen with test pictures instead of cameras: `cargo run -p vedetta-check --example screens -- wall`, and `wall en` in
//! English; `--list` names the screens. `--picture FILE` takes a picture of it and ends; `packaging/screens.sh` takes them all.
//!
//! Size and scale are the display's: `xvfb-run -s '-screen 0 1366x768x24'` and `WINIT_X11_SCALE_FACTOR=1.5` before it.
//! Deliberately absent: a station, a server, cameras, what the screens are (`scenes`).

mod scenes;

use clap::Parser;
use iced::Task;
use scenes::{Begin, Scene, Step};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use vedetta::gui::app::{App, Message, Options};
use vedetta::gui::input::Edge;
use vedetta::gui::{i18n, launch};
use vedetta::station::{SecretsChoice, StationConfig, TrackedPose};
use vedetta_check::input_injection::{InputInjector, Key};
use vedetta_check::screen_capture::{Eye, EyeError, Picture};

/// Command line.
#[derive(Parser)]
struct Arguments {
    /// Name of the screen.
    screen: Option<String>,
    /// `en`: in English; otherwise in Italian.
    language: Option<String>,
    /// Name the screens and end.
    #[arg(long)]
    list: bool,
    /// Take a picture of the screen, write it to this file as PNG, and end.
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// From one step to the next, milliseconds; more on a busy machine.
    #[arg(long, default_value_t = 700)]
    step: u64,
}

/// Steps from the last one to the picture: without a graphics card words are drawn about once a second.
const SETTLED: u32 = 4;
/// So often every window is looked at, until all of them are drawn.
const LOOKS: u32 = 100;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Why there is no picture of a screen.
#[derive(Debug, thiserror::Error)]
enum PictureError {
    #[error(transparent)]
    Window(#[from] EyeError),
    #[error("no PNG")]
    Png(#[from] png::EncodingError),
    #[error("the file cannot be written")]
    File(#[from] std::io::Error),
    #[error("a window stays black")]
    Black,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), String> {
    if arguments.list {
        for (name, _) in scenes::all() {
            println!("{name}");
        }
        return Ok(());
    }
    if arguments.language.as_deref() == Some("en") {
        i18n::choose(i18n::Language::English);
    }
    let name = arguments.screen.unwrap_or_else(|| "wall".to_owned());
    if !scenes::all().iter().any(|(known, _)| *known == name) {
        return Err(format!("no screen is called {name}: --list names them"));
    }
    let (picture, step) = (arguments.picture, Duration::from_millis(arguments.step));
    launch::run_from(move || {
        let found = scenes::all().into_iter().find(|(known, _)| *known == name);
        let scene = found.map_or_else(Scene::default, |(_, scene)| scene);
        begin(scene, step, picture.clone())
    })
}

fn options() -> Options {
    Options {
        station: StationConfig {
            enrolment: PathBuf::new(),
            data: PathBuf::new(),
            evidence: PathBuf::new(),
            secrets: SecretsChoice::SystemKeyring,
            pose_source: Arc::new(TrackedPose),
        },
        sign_in: None,
    }
}

fn begin(scene: Scene, step: Duration, picture: Option<PathBuf>) -> (App, Task<Message>) {
    let (mut app, opened) = match scene.begin {
        Begin::SignedOut { clock } => {
            let (mut app, task) = App::signed_out(options());
            app.tell_clock(clock);
            (app, task)
        }
        Begin::Desk(desk) => {
            if picture.is_some() {
                desk.send_few_pictures();
            }
            App::at_desk(options(), desk)
        }
    };
    let told = scene.told.into_iter().map(|message| app.update(message));
    let mut tasks = vec![opened, Task::batch(told)];
    // The window is there, and has the keyboard.
    let mut at = 2 * step;
    for what in scene.steps {
        at += step;
        tasks.push(Task::future(tokio::time::sleep(at)).then(move |()| take(&what)));
    }
    if let Some(file) = picture {
        tasks.push(Task::future(async move {
            tokio::time::sleep(at + SETTLED * step).await;
            if let Err(error) = look(&file).await {
                eprintln!("{}: {error}", file.display());
            }
            Message::Closed
        }));
    }
    (app, Task::batch(tasks))
}

/// Takes a step.
fn take(step: &Step) -> Task<Message> {
    match step {
        Step::Press(command) => Task::done(Message::Command(*command, Edge::Down)),
        Step::Tell(message) => Task::done(message.as_ref().clone()),
        Step::Type(text) => {
            if let Err(error) = write(text) {
                eprintln!("{error}");
            }
            Task::none()
        }
    }
}

/// Types a text at the window; a tab is Tab, a line break Enter, an arrow itself.
fn write(text: &str) -> Result<(), EyeError> {
    let eye = Eye::open()?;
    let hands = InputInjector::on(&eye)?;
    text.chars().try_for_each(|letter| {
        hands.tap(match letter {
            '\t' => Key::Tab,
            '\n' => Key::Enter,
            '↓' => Key::Down,
            letter => Key::Char(letter),
        })
    })
}

/// Takes the picture, once every window was drawn.
async fn look(file: &Path) -> Result<(), PictureError> {
    for _ in 0..LOOKS {
        let eye = Eye::open()?;
        if !eye.look_at_every_window()?.iter().any(Picture::is_black) {
            std::fs::write(file, eye.look_at_screen()?.to_png()?)?;
            return Ok(());
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Err(PictureError::Black)
}
