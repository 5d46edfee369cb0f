//! Moving domes, driven without a window.

use crate::gui::input::{Command, Direction, Edge};
use crate::gui::screen::control_room::tests::{go_to, press, room};
use crate::gui::screen::control_room::work::Tool;
use crate::gui::screen::control_room::{Message, ptz};
use crate::gui::widget::wall;

#[test]
fn r_ptz_1_losing_the_keyboard_releases_every_key() {
    let (mut room, _) = room();
    go_to(&mut room, "16");
    press(&mut room, Command::Arrow(Direction::Left));
    assert!(room.ptz.is_steering());
    room.update(Message::Unfocused);
    assert!(!room.ptz.is_held() && !room.ptz.is_steering());
}

#[test]
fn two_keys_add_up_and_the_last_release_ends_the_gesture() {
    let (mut room, _) = room();
    go_to(&mut room, "16");
    press(&mut room, Command::Arrow(Direction::Left));
    press(&mut room, Command::ZoomIn);
    assert_eq!(room.ptz.held.len(), 2);
    room.update(Message::Command(Command::ZoomIn, Edge::Up));
    assert!(room.ptz.is_steering());
    room.update(Message::Command(Command::Arrow(Direction::Left), Edge::Up));
    assert!(!room.ptz.is_steering());
}

#[test]
fn arrows_on_a_fixed_camera_say_why_nothing_moves() {
    let (mut room, desk) = room();
    press(&mut room, Command::Arrow(Direction::Left));
    assert_eq!(room.messages().len(), 1);
    assert!(!desk.said().iter().any(|said| said.starts_with("steer")));
}

#[test]
fn one_click_centres_and_two_clicks_open_full_screen_without_moving_the_dome() {
    let (mut room, _) = room();
    go_to(&mut room, "16");
    room.update(Message::Wall(wall::Event::Pressed {
        tile: 15,
        at: Some([0.2, 0.3]),
    }));
    let ticket = room.ptz.aim.as_ref().map(|aim| aim.ticket).unwrap();
    room.update(Message::Wall(wall::Event::PressedTwice { tile: 15 }));
    room.update(Message::Ptz(ptz::Message::Aimed(ticket)));
    assert!(room.wall.full().is_some() && !room.ptz.is_steering());
    press(&mut room, Command::Back);
    room.update(Message::Wall(wall::Event::Pressed {
        tile: 15,
        at: Some([0.2, 0.3]),
    }));
    let ticket = room.ptz.aim.as_ref().map(|aim| aim.ticket).unwrap();
    room.update(Message::Ptz(ptz::Message::Aimed(ticket)));
    assert!(room.ptz.is_steering());
}

#[test]
fn a_click_on_the_dome_that_is_calibrated_measures_and_does_not_move_it() {
    let (mut room, desk) = room();
    press(&mut room, Command::Calibrate);
    assert!(
        !matches!(room.work.tool(), Tool::Calibrating(_)),
        "a fixed camera has nothing to calibrate"
    );
    go_to(&mut room, "16");
    press(&mut room, Command::Calibrate);
    assert!(matches!(room.work.tool(), Tool::Calibrating(_)));
    room.update(Message::Wall(wall::Event::Pressed {
        tile: 15,
        at: Some([0.2, 0.3]),
    }));
    assert!(room.ptz.aim.is_none() && !desk.said().iter().any(|said| said.starts_with("steer")));
    press(&mut room, Command::Masks);
    assert!(!matches!(room.work.tool(), Tool::Calibrating(_)) && matches!(room.work.tool(), Tool::DrawingMasks(_)));
}
