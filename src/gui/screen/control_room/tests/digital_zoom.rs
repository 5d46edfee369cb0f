//! Wheel, keys and drag on the part of a picture that a tile shows.

use super::*;
use crate::domain::digital_zoom::Crop;
use crate::gui::input::Direction;

fn turn(room: &mut ControlRoom, tile: usize, notches: f32) {
    let at = Some([0.9, 0.1]);
    drop(room.update(Message::Wall(wall::Event::Turned { tile, notches, at })));
}

fn crop_on(room: &ControlRoom, tile: usize) -> Crop {
    room.wall.placed_on(tile).unwrap().crop()
}

#[test]
fn r_ptz_2_the_wheel_enlarges_a_fixed_camera_up_to_its_ceiling_and_then_says_why_not() {
    let (mut room, desk) = room();
    for _ in 0..6 {
        turn(&mut room, 0, 1.0);
    }
    assert!((crop_on(&room, 0).factor() - CEILING).abs() < 1e-9);
    assert_eq!(room.messages().len(), 1, "the sixth notch is refused in words");
    // Its upper right corner, where the pointer is.
    assert!(crop_on(&room, 0).rect().x > 0.5 && crop_on(&room, 0).rect().y < 0.1);
    let face = |room: &ControlRoom| room.wall.faces(&room.session, true, room.now).next().unwrap();
    assert!(face(&room).part.is_some());
    assert!(face(&room).marks.iter().any(|mark| mark.words.starts_with("3,0×")));
    assert!(!desk.said().iter().any(|said| said.starts_with("steer")));
    press(&mut room, Command::Back);
    assert!(crop_on(&room, 0).is_whole() && face(&room).part.is_none());
}

#[test]
fn an_enlarged_picture_is_moved_by_drag_and_arrows_and_gone_with_its_camera() {
    let (mut room, _) = room();
    press(&mut room, Command::ZoomIn);
    press(&mut room, Command::ZoomIn);
    let before = crop_on(&room, 0).rect();
    let by = [0.1, 0.0];
    drop(room.update(Message::Wall(wall::Event::Dragged { tile: 0, by })));
    let dragged = crop_on(&room, 0).rect();
    assert!(dragged.x < before.x && dragged.y == before.y);
    press(&mut room, Command::Arrow(Direction::Down));
    assert!(crop_on(&room, 0).rect().y > dragged.y);
    assert!(room.messages().is_empty());
    press(&mut room, Command::ZoomOut);
    press(&mut room, Command::ZoomOut);
    assert!(crop_on(&room, 0).is_whole());
    press(&mut room, Command::ZoomIn);
    let other = room.session.plan().cameras[5].id.clone();
    drop(room.put(other, 0));
    assert!(crop_on(&room, 0).is_whole());
}

#[test]
fn the_wheel_over_a_dome_moves_its_lens_unless_its_picture_is_enlarged() {
    let (mut room, _) = room();
    go_to(&mut room, "16");
    turn(&mut room, 15, 1.0);
    assert!(room.ptz.is_steering() && crop_on(&room, 15).is_whole());
    press(&mut room, Command::Stop);
    room.wall.show_part(15, Crop::WHOLE.zoomed_to(2.0, [0.5, 0.5]));
    turn(&mut room, 15, -1.0);
    assert!(!room.ptz.is_steering() && (crop_on(&room, 15).factor() - 1.6).abs() < 1e-9);
}
