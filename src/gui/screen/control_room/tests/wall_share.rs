//! How much of the screen the wall has, laid out as in a window.
//!
//! Deliberately absent: which column is open when (`sides`).

use super::*;
use crate::gui::widget::typist::Typist;
use iced::{Event, Size};

/// 1366×768 at 150, 125 and 100 %, 1280×1024, 1680×1050, 1920×1080 at 200, 167, 150, 125 and 100 %, 2560×1440 at 150 %, logical
/// pixels.
const SCREENS: [[f32; 2]; 11] = [
    [911.0, 512.0],
    [1093.0, 614.0],
    [1366.0, 768.0],
    [1280.0, 1024.0],
    [1680.0, 1050.0],
    [960.0, 540.0],
    [1152.0, 648.0],
    [1280.0, 720.0],
    [1536.0, 864.0],
    [1920.0, 1080.0],
    [1707.0, 960.0],
];
/// Of the area of the screen.
const AT_LEAST: f32 = 0.55;

/// The share of the screen that the wall takes.
fn share(room: &ControlRoom, [width, height]: [f32; 2]) -> f32 {
    let mut typist = Typist::before(Size::new(width, height));
    let drawn = Event::Window(window::Event::RedrawRequested(Instant::now()));
    let told = typist.batch(room.view(), &[drawn]).messages;
    let placed = told.into_iter().find_map(|message| match message {
        Message::Wall(wall::Event::Placed(bounds)) => Some(bounds),
        _ => None,
    });
    placed.expect("a wall on the screen").area() / (width * height)
}

#[test]
fn the_wall_has_more_than_half_of_every_screen_while_the_keyboard_is_on_it() {
    let (mut room, _) = room();
    // A dome, whose panel is the fullest.
    go_to(&mut room, "14");
    let shares = SCREENS.map(|screen| share(&room, screen));
    assert!(shares.iter().all(|share| *share >= AT_LEAST), "{shares:?}");
}

#[test]
fn a_column_that_is_open_on_a_small_screen_folds_when_the_keyboard_is_on_the_wall_again() {
    let (mut room, _) = room();
    let small = SCREENS[0];
    let before = share(&room, small);
    for area in [Area::List, Area::Panel] {
        room.update(Message::Enter(area));
        assert!(share(&room, small) < before, "{area:?} is open");
        room.update(Message::Enter(Area::Wall));
        assert!((share(&room, small) - before).abs() < 1e-6, "{area:?} folds");
    }
}
