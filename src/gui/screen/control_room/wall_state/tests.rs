//! The wall driven without a window.

use super::tile_face;
use super::tiles::{Condition, Content, condition};
use crate::domain::camera::StreamRole;
use crate::domain::live::stream_selection::Attention;
use crate::domain::wall::Layout;
use crate::gui::fake::{self, Fake};
use crate::gui::keymap::{Command, Edge};
use crate::gui::pattern;
use crate::gui::screen::control_room::now::Now;
use crate::gui::screen::control_room::tests::{press, room, room_at, still};
use crate::gui::screen::control_room::wall_state::{self, sight::Window};
use crate::gui::screen::control_room::work::dialogues;
use crate::gui::screen::control_room::{ControlRoom, Message, Seat};
use crate::gui::screen::extend_grace;
use crate::gui::session_port::Desk;
use crate::gui::ui::form;
use crate::media::frame::FrameSlot;
use crate::station::Refusal;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Gives a tile a small stream of which the test has the slot and sees the attention.
fn replace_small(room: &mut ControlRoom, tile: usize) -> (FrameSlot, Arc<Mutex<Attention>>) {
    let (feed, slot, attention) = still(StreamRole::Sub, true);
    let ticket = room.wall.placed_on(tile).unwrap().ticket();
    room.update(Message::Streams(wall_state::Message::Opened {
        ticket,
        answer: Ok(feed),
    }));
    (slot, attention)
}

#[test]
fn r_liv_2_an_old_picture_is_not_taken_for_live() {
    let (room, _) = room();
    let placed = room.wall.placed_on(0).unwrap();
    let now = Instant::now();
    assert_eq!(condition(placed, None, now), Condition::Live);
    assert_eq!(
        condition(placed, None, now + Duration::from_millis(3100)),
        Condition::NotLive
    );
    let words = tile_face::face(
        &room.session.plan().cameras[0],
        placed,
        placed.small(),
        tile_face::Said::default(),
        Now {
            instant: now + Duration::from_secs(4),
            clock: room.now.clock,
        },
    );
    assert!(words.state.is_some());
    assert!(tile_face::brightness(Condition::NotLive) < 0.5);
}

#[test]
fn r_liv_2_a_tile_that_is_not_live_any_more_cannot_wait_to_be_drawn_and_a_clock_can() {
    let (mut room, _) = room();
    room.update(Message::Tick);
    let live = room.glance();
    assert!(live.is_some());
    room.now.clock += Duration::from_secs(1);
    assert!(room.glance() == live, "only a clock went on");
    room.now.instant += Duration::from_millis(3_100);
    let not_live = room.glance();
    assert!(not_live.is_some() && not_live != live);
    press(&mut room, Command::Help);
    assert!(room.glance().is_none(), "something lies over the wall");
}

#[test]
fn full_screen_shows_the_small_stream_until_the_main_one_has_a_picture() {
    let (mut room, desk) = room();
    let (small, small_attention) = replace_small(&mut room, 0);
    let (_, other_attention) = replace_small(&mut room, 1);
    press(&mut room, Command::Confirm);
    assert_eq!(desk.said().last().map(String::as_str), Some("view cam-01 Main"));
    let stream = |room: &ControlRoom| room.wall.shown_on(0, room.now.instant).map(|open| open.feed().stream());
    assert_eq!(stream(&room), Some(StreamRole::Sub));
    let ticket = room.wall.tickets;
    let (main, slot, _) = still(StreamRole::Main, false);
    let watched = Arc::downgrade(&main);
    room.update(Message::Streams(wall_state::Message::Opened {
        ticket,
        answer: Ok(main),
    }));
    assert_eq!(stream(&room), Some(StreamRole::Sub));
    assert_eq!(*small_attention.lock().unwrap(), Attention::Whole);
    slot.put(pattern::frame(1280, 720, 1, 0));
    room.update(Message::Streams(wall_state::Message::NewPictures));
    assert_eq!(stream(&room), Some(StreamRole::Main));
    // What lies under it is not decoded in full, and neither is the small stream of the same camera.
    assert_eq!(*small_attention.lock().unwrap(), Attention::KeyFrames);
    assert_eq!(*other_attention.lock().unwrap(), Attention::KeyFrames);
    small.put(pattern::frame(640, 360, 2, 0));
    press(&mut room, Command::Back);
    assert_eq!(stream(&room), Some(StreamRole::Sub));
    assert_eq!(*small_attention.lock().unwrap(), Attention::Whole);
    assert_eq!(*other_attention.lock().unwrap(), Attention::Whole);
    assert!(watched.upgrade().is_none(), "the main stream is still open");
}

#[test]
fn a_large_tile_asks_for_the_main_stream_and_keeps_the_small_one_when_it_is_refused() {
    let (mut room, desk) = room();
    let mains = |desk: &Fake| desk.said().iter().filter(|said| said.ends_with("Main")).count();
    press(&mut room, Command::Layout(Layout::Four));
    // 550 × 330 logical pixels: the small stream's 640 × 360 are enough, until the screen has two pixels for each.
    assert_eq!(mains(&desk), 0);
    let window = Window {
        scale: 2.0,
        minimised: false,
    };
    room.update(Message::Streams(wall_state::Message::Window(window)));
    assert_eq!(mains(&desk), 4);
    // The third of the four that were just asked for.
    let ticket = room.wall.tickets - 1;
    room.update(Message::Streams(wall_state::Message::Opened {
        ticket,
        answer: Err(Arc::new(Refusal::NotSupported)),
    }));
    assert_eq!(
        room.wall.shown_on(2, room.now.instant).map(|open| open.feed().stream()),
        Some(StreamRole::Sub)
    );
    // It is not asked for again at once.
    room.update(Message::Streams(wall_state::Message::NewPictures));
    assert_eq!(mains(&desk), 4);
}

#[test]
fn a_minimised_window_decodes_nothing_and_a_covered_one_little() {
    let (mut room, _) = room();
    let (_, attention) = replace_small(&mut room, 3);
    let window = |minimised| Window { scale: 1.0, minimised };
    room.update(Message::Streams(wall_state::Message::Window(window(true))));
    assert_eq!(*attention.lock().unwrap(), Attention::Nothing);
    room.update(Message::Streams(wall_state::Message::Window(window(false))));
    assert_eq!(*attention.lock().unwrap(), Attention::Whole);
    press(&mut room, Command::Playback);
    assert_eq!(*attention.lock().unwrap(), Attention::KeyFrames);
    drop(room.back_in_sight());
    assert_eq!(*attention.lock().unwrap(), Attention::Whole);
}

#[test]
fn a_tile_that_is_no_longer_visible_closes_its_view() {
    let (mut room, _) = room();
    let (feed, ..) = still(StreamRole::Sub, true);
    let watched = Arc::downgrade(&feed);
    let ticket = room.wall.placed_on(7).unwrap().ticket();
    room.update(Message::Streams(wall_state::Message::Opened {
        ticket,
        answer: Ok(feed),
    }));
    press(&mut room, Command::Layout(Layout::Four));
    assert!(watched.upgrade().is_none(), "the view of a hidden tile is still open");
    assert_eq!(room.geometry().len(), 4);
}

#[test]
fn an_answer_that_comes_after_the_tile_was_given_away_closes_its_view() {
    let (mut room, _) = room();
    let (feed, ..) = still(StreamRole::Sub, true);
    let watched = Arc::downgrade(&feed);
    room.update(Message::Streams(wall_state::Message::Opened {
        ticket: 999,
        answer: Ok(feed),
    }));
    assert!(watched.upgrade().is_none());
}

#[test]
fn pictures_lie_inside_the_wall_without_overlap() {
    let (room, _) = room();
    let shown = room.geometry();
    assert_eq!(shown.len(), 16);
    for (i, a) in shown.iter().enumerate() {
        assert!(a.picture.x >= 264.0 && a.picture.y + a.picture.height <= 712.0);
        assert!((a.picture.width / a.picture.height - 16.0 / 9.0).abs() < 0.02);
        assert!(shown[..i].iter().all(|b| a.picture.intersection(&b.picture).is_none()));
    }
}

#[test]
fn a_camera_tour_steps_through_what_is_not_shown_and_ends_when_a_person_puts_a_camera_there() {
    let desk = fake::desk(9, 0);
    let (mut room, _) = ControlRoom::new(desk.clone(), Arc::default(), Seat::default());
    let press = |room: &mut ControlRoom, command| drop(room.update(Message::Command(command, Edge::Down)));
    press(&mut room, Command::Layout(Layout::Four));
    press(&mut room, Command::CameraTour);
    let on_first = |room: &ControlRoom| room.arrangement().cameras[0].clone().unwrap().to_string();
    assert_eq!(
        (on_first(&room), room.wall.tour_on(0)),
        ("cam-01".into(), Some(Duration::from_secs(5)))
    );
    for expected in ["cam-05", "cam-06", "cam-07", "cam-08", "cam-09", "cam-01"] {
        room.now.instant += Duration::from_secs(5);
        drop(room.wall.go_on_with_tour(&room.session, room.now, false));
        assert_eq!(on_first(&room), expected);
    }
    assert!(desk.said().contains(&"view cam-05 Sub".to_owned()), "a step is a view");
    for seconds in [Some(10), Some(20), Some(30), None, Some(5)] {
        press(&mut room, Command::CameraTour);
        assert_eq!(room.wall.tour_on(0), seconds.map(Duration::from_secs));
    }
    drop(room.put("cam-03".parse().unwrap(), 0));
    drop(room.wall.go_on_with_tour(&room.session, room.now, false));
    assert_eq!(room.wall.tour_on(0), None);
}

#[test]
fn two_walls_of_one_program_have_no_ticket_in_common() {
    let desk = fake::desk(4, 0);
    let tickets = |series| {
        let seat = Seat {
            series,
            ..Seat::default()
        };
        let (room, _) = ControlRoom::new(desk.clone(), Arc::default(), seat);
        let tickets: HashSet<u64> = room.wall.tiles.iter().flatten().map(|placed| placed.ticket()).collect();
        tickets
    };
    assert!(tickets(1).is_disjoint(&tickets(2)));
}

/// Runs what a task would do until nothing is left, as the program does, without a window.
fn settle(room: &mut ControlRoom, desk: &Fake) {
    let opening: Vec<u64> = room.wall.tiles.iter().flatten().map(|placed| placed.ticket()).collect();
    for ticket in opening {
        let waiting = room
            .wall
            .tiles
            .iter()
            .flatten()
            .any(|placed| placed.ticket() == ticket && matches!(placed.content(), Content::Opening));
        if waiting {
            let answer = match desk.may_watch() {
                true => Ok(still(StreamRole::Sub, true).0),
                false => Err(Arc::new(Refusal::GraceOver)),
            };
            drop(room.update(Message::Streams(wall_state::Message::Opened { ticket, answer })));
        }
    }
}

#[test]
fn r_aud_7_stopped_tiles_ask_once_and_come_back_when_an_officer_goes_on() {
    let desk = fake::desk(4, 0);
    let (mut room, _) = ControlRoom::new(desk.clone(), Arc::default(), Seat::default());
    drop(room.update(Message::Command(Command::Layout(Layout::Four), Edge::Down)));
    desk.stop(true);
    settle(&mut room, &desk);
    let refused = |room: &ControlRoom| {
        let contents = room.wall.tiles.iter().flatten().map(|placed| placed.content());
        contents
            .filter(|content| matches!(content, Content::Refused { .. }))
            .count()
    };
    assert_eq!(refused(&room), 4);
    let asked = desk.said().len();
    for _ in 0..3 {
        drop(room.tick());
    }
    assert_eq!(desk.said().len(), asked, "every question would be recorded");

    drop(room.update(Message::Command(Command::ExtendGrace, Edge::Down)));
    let answer = |message| Message::Dialogue(dialogues::Message::ExtendGrace(message));
    press(&mut room, Command::Confirm);
    assert_eq!(desk.said().len(), asked, "without a reason nothing is asked");
    let typed = form::Message::Typed(extend_grace::Place::Reason, "incidente in via Roma".into());
    drop(room.update(answer(extend_grace::Message::Form(typed))));
    press(&mut room, Command::Confirm);
    assert!(desk.said().contains(&"go on incidente in via Roma".to_owned()));
    drop(room.update(answer(extend_grace::Message::Answered(Ok(())))));
    assert!(!room.work.has_dialogue());
    drop(room.tick());
    settle(&mut room, &desk);
    assert_eq!(refused(&room), 0);
}

#[test]
fn r_prv_1_a_view_of_a_dome_that_was_calibrated_is_opened_anew() {
    let (mut room, _) = room();
    let mut before = room.session.plan().clone();
    let lens = before.cameras[15].lens.as_mut().unwrap();
    lens.roll_deg += 1.0;
    room.wall.follow_lenses(&before, room.session.plan());
    let closed =
        |room: &ControlRoom, tile: usize| matches!(room.wall.placed_on(tile).unwrap().content(), Content::Closed);
    assert!(closed(&room, 15) && !closed(&room, 14) && !closed(&room, 0));
}

#[test]
fn r_prv_2_the_tile_of_a_school_says_that_it_is_out_of_hours() {
    let (room, _) = room_at(fake::school(16, 4, false));
    let placed = room.wall.placed_on(1).unwrap();
    let face = tile_face::face(
        &room.session.plan().cameras[1],
        placed,
        placed.small(),
        tile_face::Said::default(),
        room.now,
    );
    assert!(
        face.marks
            .iter()
            .any(|mark| mark.icon == crate::gui::icons::Icon::Clock),
        "{:?}",
        face.marks
    );
    let (room, _) = room_at(fake::school(16, 4, true));
    let placed = room.wall.placed_on(1).unwrap();
    let face = tile_face::face(
        &room.session.plan().cameras[1],
        placed,
        placed.small(),
        tile_face::Said::default(),
        room.now,
    );
    assert!(face.marks.is_empty());
}

#[test]
fn a_tile_says_who_steers_and_who_else_watches_by_name_and_agency() {
    let (mut room, _) = room();
    room.update(Message::Tick);
    let others = room.session.others_on(&"cam-16".parse().unwrap());
    let said = tile_face::Said {
        lease: room.session.lease_of(&"cam-16".parse().unwrap()),
        watching: &others,
        ..tile_face::Said::default()
    };
    let placed = room.wall.placed_on(15).unwrap();
    let face = tile_face::face(&room.session.plan().cameras[15], placed, placed.small(), said, room.now);
    let words: Vec<&str> = face.marks.iter().map(|mark| mark.words.as_str()).collect();
    assert!(words.contains(&"Mar. Ca. Luca Bruni · Carabinieri"), "{words:?}");
    assert!(
        words.iter().any(|words| words.contains("Elena Conti · Carabinieri")),
        "{words:?}"
    );
    assert!(
        !words.iter().any(|words| words.contains("Neri")),
        "oneself is not somebody else: {words:?}"
    );
}
