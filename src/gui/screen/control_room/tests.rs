//! The control room driven without a window.

mod digital_zoom;

use super::streams::Window;
use super::tiles::{Condition, Content, condition};
use super::*;
use crate::domain::live::stream_selection::Attention;
use crate::domain::privacy::{Cover, PoseKnowledge, WholeReason};
use crate::domain::ptz::limits::{AllowedZoom, LimitHit};
use crate::gui::fake::{self, Fake};
use crate::gui::keymap::Direction;
use crate::gui::pattern;
use crate::gui::screen::{extend_grace, request_dome};
use crate::gui::ui::form;
use crate::station::{LiveView, StreamFigures, ViewState};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How far the pictures of these views may be enlarged.
const CEILING: f64 = 3.0;

/// A view whose pictures come when the test says so.
struct Still {
    stream: StreamRole,
    slot: FrameSlot,
    attention: Arc<Mutex<Attention>>,
}

impl Feed for Still {
    fn stream(&self) -> StreamRole {
        self.stream
    }
    fn slot(&self) -> &FrameSlot {
        &self.slot
    }
    fn state(&self) -> ViewState {
        ViewState::Live
    }
    fn cover(&self, _: Instant) -> Arc<Cover> {
        Arc::new(Cover::Parts(Vec::new()))
    }
    fn pose(&self, _: Instant) -> PoseKnowledge {
        PoseKnowledge::Unknown(WholeReason::PoseNotKnown)
    }
    fn digital_zoom(&self, _: Instant, wanted: f64) -> AllowedZoom {
        AllowedZoom {
            factor: wanted.min(CEILING),
            hit: (wanted > CEILING).then_some(LimitHit::ZoomCeiling { ceiling: CEILING }),
        }
    }
    fn figures(&self) -> StreamFigures {
        StreamFigures::default()
    }
    fn attend(&self, attention: Attention) {
        *self.attention.lock().unwrap() = attention;
    }
    fn live(&self) -> Option<&LiveView> {
        None
    }
}

fn still(stream: StreamRole, with_picture: bool) -> (Arc<dyn Feed>, FrameSlot, Arc<Mutex<Attention>>) {
    let (slot, attention) = (FrameSlot::default(), Arc::default());
    if with_picture {
        slot.put(pattern::frame(640, 360, 1, 0));
    }
    let feed = Still {
        stream,
        slot: slot.clone(),
        attention: Arc::clone(&attention),
    };
    (Arc::new(feed), slot, attention)
}

/// Gives a tile a small stream of which the test has the slot and sees the attention.
fn replace_small(room: &mut ControlRoom, tile: usize) -> (FrameSlot, Arc<Mutex<Attention>>) {
    let (feed, slot, attention) = still(StreamRole::Sub, true);
    room.tiles[tile].as_mut().unwrap().content = Content::Open(Open::new(feed));
    (slot, attention)
}

/// A room of 16 cameras, the last four of them domes, every tile with a picture.
fn room() -> (ControlRoom, Arc<Fake>) {
    room_at(fake::desk(16, 4))
}

fn room_at(desk: Arc<Fake>) -> (ControlRoom, Arc<Fake>) {
    let (mut room, _) = ControlRoom::new(desk.clone(), Arc::default(), Seat::default());
    for ticket in 1..=16 {
        room.update(Message::Opened {
            ticket,
            answer: Ok(still(StreamRole::Sub, true).0),
        });
    }
    let bounds = Rectangle {
        x: 264.0,
        y: 52.0,
        width: 1100.0,
        height: 660.0,
    };
    room.update(Message::Wall(wall::Event::Placed(bounds)));
    (room, desk)
}

fn press(room: &mut ControlRoom, command: Command) -> Action {
    room.update(Message::Command(command, Edge::Down))
}

fn go_to(room: &mut ControlRoom, number: &str) {
    for digit in number.bytes() {
        press(room, Command::Digit(digit - b'0'));
    }
    press(room, Command::Confirm);
}

#[test]
fn the_wall_is_filled_at_once_and_every_view_is_asked_of_the_station() {
    let (room, desk) = room();
    assert_eq!(room.layout, Layout::Sixteen);
    assert_eq!(
        desk.said()
            .iter()
            .filter(|said| said.starts_with("view") && said.ends_with("Sub"))
            .count(),
        16
    );
}

#[test]
fn r_liv_2_an_old_picture_is_not_taken_for_live() {
    let (room, _) = room();
    let placed = room.tiles[0].as_ref().unwrap();
    let now = Instant::now();
    assert_eq!(condition(placed, None, now), Condition::Live);
    assert_eq!(
        condition(placed, None, now + Duration::from_millis(3100)),
        Condition::NotLive
    );
    let words = tiles::face(
        &room.plan.cameras[0],
        placed,
        placed.open(),
        tiles::Said::default(),
        Now {
            instant: now + Duration::from_secs(4),
            clock: room.now.clock,
        },
    );
    assert!(words.state.is_some());
    assert!(tiles::brightness(Condition::NotLive) < 0.5);
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
    let stream = |room: &ControlRoom| room.shown_on(0).map(|open| open.feed.stream());
    assert_eq!(stream(&room), Some(StreamRole::Sub));
    let ticket = room.tiles[0].as_ref().unwrap().large.as_ref().unwrap().ticket;
    let (main, slot, _) = still(StreamRole::Main, false);
    let watched = Arc::downgrade(&main);
    room.update(Message::Opened {
        ticket,
        answer: Ok(main),
    });
    assert_eq!(stream(&room), Some(StreamRole::Sub));
    assert_eq!(*small_attention.lock().unwrap(), Attention::Whole);
    slot.put(pattern::frame(1280, 720, 1, 0));
    room.update(Message::NewPictures);
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
    room.update(Message::Window(window));
    assert_eq!(mains(&desk), 4);
    let ticket = room.tiles[2].as_ref().unwrap().large.as_ref().unwrap().ticket;
    room.update(Message::Opened {
        ticket,
        answer: Err(Arc::new(Refusal::NotSupported)),
    });
    assert_eq!(room.shown_on(2).map(|open| open.feed.stream()), Some(StreamRole::Sub));
    // It is not asked for again at once.
    room.update(Message::NewPictures);
    assert_eq!(mains(&desk), 4);
}

#[test]
fn a_minimised_window_decodes_nothing_and_a_covered_one_little() {
    let (mut room, _) = room();
    let (_, attention) = replace_small(&mut room, 3);
    let window = |minimised| Window { scale: 1.0, minimised };
    room.update(Message::Window(window(true)));
    assert_eq!(*attention.lock().unwrap(), Attention::Nothing);
    room.update(Message::Window(window(false)));
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
    room.tiles[7].as_mut().unwrap().content = Content::Open(Open::new(feed));
    press(&mut room, Command::Layout(Layout::Four));
    assert!(watched.upgrade().is_none(), "the view of a hidden tile is still open");
    assert_eq!(room.geometry().len(), 4);
}

#[test]
fn an_answer_that_comes_after_the_tile_was_given_away_closes_its_view() {
    let (mut room, _) = room();
    let (feed, ..) = still(StreamRole::Sub, true);
    let watched = Arc::downgrade(&feed);
    room.update(Message::Opened {
        ticket: 999,
        answer: Ok(feed),
    });
    assert!(watched.upgrade().is_none());
}

#[test]
fn digits_and_enter_go_to_a_camera_and_a_wrong_number_is_said() {
    let (mut room, _) = room();
    go_to(&mut room, "14");
    assert_eq!(room.selected_camera().unwrap().as_str(), "cam-14");
    go_to(&mut room, "99");
    assert_eq!(room.messages().len(), 1);
}

#[test]
fn every_area_is_reached_by_f6_and_tab_goes_round_the_tiles() {
    let (mut room, _) = room();
    let mut seen = Vec::new();
    for _ in 0..5 {
        press(&mut room, Command::NextArea);
        seen.push(room.area);
    }
    assert_eq!(seen, [Area::List, Area::Panel, Area::Messages, Area::Bar, Area::Wall]);
    press(&mut room, Command::Previous);
    assert_eq!(room.selected, 15);
    press(&mut room, Command::Next);
    assert_eq!(room.selected, 0);
}

#[test]
fn r_ptz_1_losing_the_keyboard_releases_every_key() {
    let (mut room, _) = room();
    go_to(&mut room, "16");
    press(&mut room, Command::Arrow(Direction::Left));
    assert!(room.steering.is_some());
    room.update(Message::Unfocused);
    assert!(room.held.is_empty() && room.steering.is_none());
}

#[test]
fn two_keys_add_up_and_the_last_release_ends_the_gesture() {
    let (mut room, _) = room();
    go_to(&mut room, "16");
    press(&mut room, Command::Arrow(Direction::Left));
    press(&mut room, Command::ZoomIn);
    assert_eq!(room.held.len(), 2);
    room.update(Message::Command(Command::ZoomIn, Edge::Up));
    assert!(room.steering.is_some());
    room.update(Message::Command(Command::Arrow(Direction::Left), Edge::Up));
    assert!(room.steering.is_none());
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
    let ticket = room.aimed.as_ref().map(|(ticket, ..)| *ticket).unwrap();
    room.update(Message::Wall(wall::Event::PressedTwice { tile: 15 }));
    room.update(Message::Aimed(ticket));
    assert!(room.full.is_some() && room.steering.is_none());
    press(&mut room, Command::Back);
    room.update(Message::Wall(wall::Event::Pressed {
        tile: 15,
        at: Some([0.2, 0.3]),
    }));
    let ticket = room.aimed.as_ref().map(|(ticket, ..)| *ticket).unwrap();
    room.update(Message::Aimed(ticket));
    assert!(room.steering.is_some());
}

#[test]
fn a_camera_carried_from_the_list_is_put_on_the_tile_where_it_is_let_go() {
    let (mut room, _) = room();
    let camera = room.plan.cameras[11].id.clone();
    room.update(Message::List(camera_list::Message::Grab(camera.clone())));
    room.update(Message::Wall(wall::Event::Dropped { tile: 2 }));
    assert_eq!(room.tiles[2].as_ref().map(|placed| &placed.camera), Some(&camera));
    room.update(Message::LetGo);
    assert!(room.carried.is_none());
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
fn a_camera_tour_steps_through_what_is_not_shown_and_ends_when_a_hand_puts_a_camera_there() {
    let desk = fake::desk(9, 0);
    let (mut room, _) = ControlRoom::new(desk.clone(), Arc::default(), Seat::default());
    let press = |room: &mut ControlRoom, command| drop(room.update(Message::Command(command, Edge::Down)));
    press(&mut room, Command::Layout(Layout::Four));
    press(&mut room, Command::CameraTour);
    let on_first = |room: &ControlRoom| room.arrangement().cameras[0].clone().unwrap().to_string();
    assert_eq!(
        (on_first(&room), room.tour_on(0)),
        ("cam-01".into(), Some(Duration::from_secs(5)))
    );
    for expected in ["cam-05", "cam-06", "cam-07", "cam-08", "cam-09", "cam-01"] {
        room.now.instant += Duration::from_secs(5);
        drop(room.go_on_with_tour());
        assert_eq!(on_first(&room), expected);
    }
    assert!(desk.said().contains(&"view cam-05 Sub".to_owned()), "a step is a view");
    for seconds in [Some(10), Some(20), Some(30), None, Some(5)] {
        press(&mut room, Command::CameraTour);
        assert_eq!(room.tour_on(0), seconds.map(Duration::from_secs));
    }
    drop(room.put("cam-03".parse().unwrap(), 0));
    drop(room.go_on_with_tour());
    assert_eq!(room.tour_on(0), None);
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
        let tickets: HashSet<u64> = room.tiles.iter().flatten().map(|placed| placed.ticket).collect();
        tickets
    };
    assert!(tickets(1).is_disjoint(&tickets(2)));
}

/// Runs what a task would do until nothing is left, as the program does, without a window.
fn settle(room: &mut ControlRoom, desk: &Fake) {
    let opening: Vec<u64> = room.tiles.iter().flatten().map(|placed| placed.ticket).collect();
    for ticket in opening {
        let waiting = room
            .tiles
            .iter()
            .flatten()
            .any(|placed| placed.ticket == ticket && matches!(placed.content, Content::Opening));
        if waiting {
            let answer = match desk.may_watch() {
                true => Ok(still(StreamRole::Sub, true).0),
                false => Err(Arc::new(Refusal::GraceOver)),
            };
            drop(room.update(Message::Opened { ticket, answer }));
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
        let contents = room.tiles.iter().flatten().map(|placed| &placed.content);
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
    assert!(room.dialogue.is_none());
    drop(room.tick());
    settle(&mut room, &desk);
    assert_eq!(refused(&room), 0);
}

#[test]
fn r_prv_3_a_camera_that_lost_a_mask_is_said_and_a_key_writes_it_again() {
    let (mut room, desk) = room();
    let camera = room.plan.cameras[3].id.clone();
    let kept = |open: Vec<(usize, f64)>, written| Message::MaskSyncState {
        camera: camera.clone(),
        answer: Ok(MaskSyncState {
            open,
            ..MaskSyncState::default()
        }),
        written,
    };
    room.update(kept(Vec::new(), false));
    assert!(
        room.messages().is_empty(),
        "a camera that keeps everything says nothing"
    );
    room.update(kept(vec![(0, 0.4)], false));
    assert!(
        room.messages()[0].starts_with("4 · Telecamera 4"),
        "{:?}",
        room.messages()
    );
    go_to(&mut room, "4");
    press(&mut room, Command::WriteToCamera);
    assert_eq!(desk.said().last().map(String::as_str), Some("write to cam-04"));
    room.update(kept(Vec::new(), true));
    assert_eq!(room.messages().len(), 2);
}

#[test]
fn r_prv_1_a_view_of_a_dome_that_was_calibrated_is_opened_anew() {
    let (mut room, _) = room();
    let mut before = (*room.plan).clone();
    let lens = before.cameras[15].lens.as_mut().unwrap();
    lens.roll_deg += 1.0;
    room.follow_lenses(&before);
    let closed =
        |room: &ControlRoom, tile: usize| matches!(room.tiles[tile].as_ref().unwrap().content, Content::Closed);
    assert!(closed(&room, 15) && !closed(&room, 14) && !closed(&room, 0));
}

#[test]
fn a_click_on_the_dome_that_is_calibrated_measures_and_does_not_move_it() {
    let (mut room, desk) = room();
    press(&mut room, Command::Calibrate);
    assert!(room.calibrating.is_none(), "a fixed camera has nothing to calibrate");
    go_to(&mut room, "16");
    press(&mut room, Command::Calibrate);
    assert!(room.calibrating.is_some());
    room.update(Message::Wall(wall::Event::Pressed {
        tile: 15,
        at: Some([0.2, 0.3]),
    }));
    assert!(room.aimed.is_none() && !desk.said().iter().any(|said| said.starts_with("steer")));
    press(&mut room, Command::Masks);
    assert!(room.calibrating.is_none() && room.editor.is_some());
}

#[test]
fn r_prv_2_the_tile_of_a_school_says_that_it_is_out_of_hours() {
    let (room, _) = room_at(fake::school(16, 4, false));
    let placed = room.tiles[1].as_ref().unwrap();
    let face = tiles::face(
        &room.plan.cameras[1],
        placed,
        placed.open(),
        tiles::Said::default(),
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
    let placed = room.tiles[1].as_ref().unwrap();
    let face = tiles::face(
        &room.plan.cameras[1],
        placed,
        placed.open(),
        tiles::Said::default(),
        room.now,
    );
    assert!(face.marks.is_empty());
}

#[test]
fn r_ptz_3_the_key_asks_for_a_dome_that_somebody_else_holds() {
    let (mut room, desk) = room();
    go_to(&mut room, "16");
    press(&mut room, Command::AskHold);
    assert!(matches!(room.dialogue, Some(Dialogue::Ask(_))));
    let typed = form::Message::Typed(request_dome::Place::Reason, "rapina".into());
    room.update(Message::Dialogue(dialogues::Message::Ask(request_dome::Message::Form(
        typed,
    ))));
    press(&mut room, Command::Confirm);
    assert!(desk.said().contains(&"ask cam-16 rapina".to_owned()));
    press(&mut room, Command::Back);
    assert!(room.dialogue.is_none());
}

#[test]
fn r_ptz_3_the_holder_is_told_who_asks_and_why_and_answers_by_a_key() {
    let (mut room, desk) = room();
    room.update(Message::Tick);
    let told = room.messages();
    let asked = told.iter().find(|notice| notice.contains("Mar. Elena Conti"));
    assert!(asked.is_some_and(|notice| notice.contains("Carabinieri") && notice.contains("Inseguimento")));
    room.update(Message::Tick);
    assert_eq!(room.messages().len(), told.len(), "said once");
    press(&mut room, Command::HandOver);
    press(&mut room, Command::HandOver);
    assert!(
        desk.said().contains(&"hand over cam-15 conti".to_owned()),
        "{:?}",
        desk.said()
    );
}

#[test]
fn r_rec_1_a_supervisor_is_told_of_a_request_and_an_operator_asks_by_the_same_key() {
    let desk = fake::supervisor(16, 4);
    let (mut supervisor, _) = ControlRoom::new(desk, Arc::default(), Seat::default());
    supervisor.update(Message::Tick);
    assert!(supervisor.messages().iter().any(|notice| notice.contains("nullaosta")));
    press(&mut supervisor, Command::Clearances);
    assert!(matches!(supervisor.dialogue, Some(Dialogue::Answer(_))));
    let (mut operator, _) = room();
    operator.update(Message::Tick);
    assert!(!operator.messages().iter().any(|notice| notice.contains("nullaosta")));
    press(&mut operator, Command::Clearances);
    assert!(matches!(operator.dialogue, Some(Dialogue::Request(_))));
}

#[test]
fn a_tile_says_who_steers_and_who_else_watches_by_name_and_body() {
    let (mut room, _) = room();
    room.update(Message::Tick);
    let others = room.others_on(&"cam-16".parse().unwrap());
    let said = tiles::Said {
        hold: room.hold_of(&"cam-16".parse().unwrap()),
        watching: &others,
        ..tiles::Said::default()
    };
    let placed = room.tiles[15].as_ref().unwrap();
    let face = tiles::face(&room.plan.cameras[15], placed, placed.open(), said, room.now);
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
