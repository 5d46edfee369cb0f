//! Moving domes, driven without a window.

use crate::gui::input::{Command, Direction, Edge};
use crate::gui::screen::control_room::tests::{go_to, press, room};
use crate::gui::screen::control_room::work::Tool;
use crate::gui::screen::control_room::{Message, ptz, side_panel};
use crate::gui::ui::ptz_panel::Pad;
use crate::gui::widget::wall;
use crate::station::Preset;

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
    room.update(Message::LetGo);
    room.update(Message::Ptz(ptz::Message::Aimed(ticket)));
    assert!(room.ptz.is_steering() && !room.ptz.is_held());
}

#[test]
fn r_ptz_1_a_dome_follows_the_pointer_only_while_its_button_is_held() {
    let (mut room, _) = room();
    go_to(&mut room, "16");
    room.update(Message::Wall(wall::Event::Pressed {
        tile: 15,
        at: Some([0.9, 0.5]),
    }));
    let ticket = room.ptz.aim.as_ref().map(|aim| aim.ticket).unwrap();
    room.update(Message::Ptz(ptz::Message::Aimed(ticket)));
    assert!(room.ptz.is_held() && room.ptz.wanted().right > 0.0);
    let tile = 15;
    room.update(Message::Wall(wall::Event::Pointed { tile, at: [0.2, 0.5] }));
    assert!(room.ptz.wanted().right < 0.0);
    room.update(Message::LetGo);
    assert!(!room.ptz.is_held() && !room.ptz.is_steering());
    room.update(Message::Wall(wall::Event::Pointed { tile, at: [0.1, 0.5] }));
    assert!(!room.ptz.is_held());
}

#[test]
fn r_ptz_1_the_pad_moves_a_dome_by_its_deflection_until_it_is_let_go() {
    let (mut room, _) = room();
    go_to(&mut room, "16");
    room.update(Message::Pad(Pad::At([-1.0, 0.0])));
    assert!(!room.ptz.is_held(), "the pointer only passes over it");
    room.update(Message::Pad(Pad::Pressed));
    assert!((room.ptz.wanted().right + 1.5).abs() < 1e-9);
    room.update(Message::Pad(Pad::At([-0.5, 0.0])));
    assert!(room.ptz.wanted().right < 0.0 && room.ptz.wanted().right > -0.5);
    room.update(Message::LetGo);
    assert!(!room.ptz.is_held() && !room.ptz.is_steering());
    room.update(Message::Pad(Pad::At([1.0, 0.0])));
    assert!(!room.ptz.is_held());
}

#[test]
fn a_box_on_the_picture_is_no_click_and_no_held_button() {
    let (mut room, _) = room();
    go_to(&mut room, "16");
    let tile = 15;
    room.update(Message::Wall(wall::Event::Pressed {
        tile,
        at: Some([0.2, 0.3]),
    }));
    room.update(Message::Wall(wall::Event::Boxing { tile }));
    assert!(room.ptz.aim.is_none() && !room.ptz.is_steering());
    let corners = [[0.2, 0.3], [0.6, 0.6]];
    room.update(Message::Wall(wall::Event::Boxed { tile, corners }));
    assert!(room.ptz.is_steering() && !room.ptz.is_held());
}

#[test]
fn the_arrows_with_shift_are_faster_and_with_ctrl_finer_and_keys_add_up() {
    let (mut room, _) = room();
    go_to(&mut room, "16");
    press(&mut room, Command::FastArrow(Direction::Right));
    assert!((room.ptz.wanted().right - 1.5).abs() < 1e-9);
    press(&mut room, Command::FineArrow(Direction::Down));
    assert!((room.ptz.wanted().up + 0.125).abs() < 1e-9);
    room.update(Message::Command(Command::FastArrow(Direction::Right), Edge::Up));
    assert_eq!(room.ptz.wanted().right, 0.0);
    // What ends as a tap is the whole of it, not what the last key asked for.
    assert!((room.ptz.press.as_ref().unwrap().wanted.right - 1.5).abs() < 1e-9);
}

#[test]
fn a_held_arrow_takes_the_pace_of_a_modifier_at_once_and_its_release_ends_the_gesture_at_any_pace() {
    let (mut room, _) = room();
    go_to(&mut room, "16");
    let right = Direction::Right;
    let [plain, fast, fine] = [Command::Arrow, Command::FastArrow, Command::FineArrow].map(|pace| pace(right));
    press(&mut room, plain);
    room.update(Message::Command(fast, Edge::Instead(plain)));
    assert!((room.ptz.wanted().right - 1.5).abs() < 1e-9);
    let as_tap = room.ptz.press.as_ref().unwrap().wanted.right;
    assert!(
        (as_tap - 0.5).abs() < 1e-9,
        "a short press is of the pace it began with"
    );
    room.update(Message::Command(fine, Edge::Instead(fast)));
    assert!((room.ptz.wanted().right - 0.125).abs() < 1e-9);
    room.update(Message::Command(fine, Edge::Up));
    assert!(!room.ptz.is_held() && !room.ptz.is_steering());
    // A key that was let go of for another reason does not come back.
    room.update(Message::Command(plain, Edge::Instead(fine)));
    assert!(!room.ptz.is_held());
}

#[test]
fn r_ptz_1_an_arrow_that_goes_up_is_let_go_of_wherever_the_keyboard_is_by_then() {
    let (mut room, _) = room();
    go_to(&mut room, "16");
    press(&mut room, Command::NextArea);
    press(&mut room, Command::FastArrow(Direction::Left));
    assert!(room.ptz.is_held(), "an arrow with shift turns the dome from any part");
    let slower = Command::Arrow(Direction::Left);
    room.update(Message::Command(
        slower,
        Edge::Instead(Command::FastArrow(Direction::Left)),
    ));
    room.update(Message::Command(slower, Edge::Up));
    assert!(!room.ptz.is_held() && !room.ptz.is_steering());
}

#[test]
fn a_patrol_goes_through_the_presets_and_ends_as_soon_as_a_person_moves_the_dome() {
    let (mut room, desk) = room();
    go_to(&mut room, "16");
    press(&mut room, Command::Patrol);
    assert_eq!(room.panel.on_patrol(), None, "no presets are known yet");
    let camera = room.selected_dome().unwrap();
    let preset = |n: u8| Preset {
        token: n.to_string(),
        name: n.to_string(),
    };
    let answer = Ok(vec![preset(1), preset(2)]);
    room.update(Message::Presets(side_panel::Message::Listed {
        camera: camera.clone(),
        answer,
    }));
    press(&mut room, Command::Patrol);
    assert_eq!(room.panel.on_patrol(), Some(&camera));
    let called = || desk.said().iter().filter(|said| said.starts_with("preset")).count();
    assert_eq!(called(), 1);
    press(&mut room, Command::Arrow(Direction::Left));
    assert_eq!(room.panel.on_patrol(), None);
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
    let dome = room.selected_dome().unwrap();
    assert!(desk.said().contains(&format!("calibrate {dome}")));
    assert!(!desk.said().contains(&format!("calibrated {dome}")));
    room.update(Message::Wall(wall::Event::Pressed {
        tile: 15,
        at: Some([0.2, 0.3]),
    }));
    assert!(room.ptz.aim.is_none() && !desk.said().iter().any(|said| said.starts_with("steer")));
    press(&mut room, Command::Masks);
    assert!(!matches!(room.work.tool(), Tool::Calibrating(_)) && matches!(room.work.tool(), Tool::DrawingMasks(_)));
    assert!(
        desk.said().contains(&format!("calibrated {dome}")),
        "its picture is covered again"
    );
}
