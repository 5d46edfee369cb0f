//! Opening the window.
//!
//! Invariant: without a graphics driver that wgpu can use there is a sentence on the terminal, never an empty wall.
//! Deliberately absent: a software fallback that cannot draw pictures (tiny-skia is not compiled in).

use super::app::{App, Message, Options};
use super::i18n::fl;
use super::lost_drawing;
use super::software::Root;
use super::widget::wall::gpu_adapter;
use super::{icons, monitors, theme};
use iced::{Size, Task, window};
use std::panic::{self, AssertUnwindSafe};

/// Runs the program until its window is closed. On failure: a sentence for the person at the terminal.
pub fn run(options: Options) -> Result<(), String> {
    run_from(move || App::new(options.clone()))
}

/// [`run`] from any beginning, for whoever drives the program.
pub fn run_from(boot: impl Fn() -> (App, Task<Message>) + 'static) -> Result<(), String> {
    // The window library panics where there is no display, so it is asked before. The connection stays: a bare X
    // server starts over when its last client leaves, and refuses whoever comes meanwhile.
    let wayland = std::env::var_os("WAYLAND_DISPLAY").is_some_and(|name| !name.is_empty());
    let x11 = x11rb::connect(None);
    if !wayland && x11.is_err() {
        return Err(fl!("launch-no-window"));
    }
    let settings = iced::Settings {
        id: Some("vedetta".to_owned()),
        fonts: theme::FONTS
            .iter()
            .chain([&icons::BYTES])
            .map(|font| (*font).into())
            .collect(),
        default_font: theme::REGULAR,
        default_text_size: theme::BODY.into(),
        antialiasing: true,
        ..iced::Settings::default()
    };
    let window = window::Settings {
        size: Size::new(1920.0, 1080.0),
        // Less than 1366×768 has at 200 %: a window that may not be as small is larger than the screen there.
        min_size: Some(Size::new(640.0, 360.0)),
        maximized: true,
        exit_on_close_request: false,
        ..window::Settings::default()
    };
    let boot = move || {
        let (id, opened) = window::open(window.clone());
        let (app, task) = boot();
        (
            app.in_window(id),
            Task::batch([opened.then(monitors::take_work_area), task]),
        )
    };
    let draw = move || {
        if gpu_adapter::is_software() {
            tracing::info!("no graphics card: the processor draws the wall");
            iced::daemon(boot, App::update_and_tell, painted)
                .title(App::title)
                .theme(App::theme)
                .subscription(App::subscription)
                .settings(settings)
                .run()
        } else {
            iced::daemon(boot, App::update_and_tell, App::view)
                .title(App::title)
                .theme(App::theme)
                .subscription(App::subscription)
                .settings(settings)
                .run()
        }
    };
    // A card may be lost between two steps of one drawing, where wgpu 27 panics in any case (`Surface::present`).
    match panic::catch_unwind(AssertUnwindSafe(draw)) {
        Ok(Ok(())) | Err(_) if lost_drawing::is_lost() => Err(fl!("launch-drawing-lost")),
        Ok(outcome) => outcome.map_err(|error| sentence(&error)),
        Err(other) => panic::resume_unwind(other),
    }
}

/// What a window shows, for the processor to draw.
fn painted(app: &App, window: window::Id) -> Root<'_, Message> {
    Root::new(app.view(window), app.revision())
}

fn sentence(error: &iced::Error) -> String {
    tracing::error!(%error, "the window cannot be opened");
    match error {
        iced::Error::GraphicsCreationFailed(_) => fl!("launch-no-graphics"),
        iced::Error::WindowCreationFailed(_) => fl!("launch-no-window"),
        iced::Error::ExecutorCreationFailed(_) => fl!("launch-no-threads"),
    }
}
