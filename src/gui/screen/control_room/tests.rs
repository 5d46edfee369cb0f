//! The control room driven without a window.

mod digital_zoom;
mod wall_share;

use super::focus::Area;
use super::wall_state::tiles::Placed;
use super::*;
use crate::domain::audit::hash::Hash;
use crate::domain::camera::StreamRole;
use crate::domain::live::stream_selection::Attention;
use crate::domain::live::wrong_clock::WrongClock;
use crate::domain::privacy::{Cover, PoseKnowledge, WholeReason};
use crate::domain::ptz::limits::{AllowedZoom, LimitHit};
use crate::domain::wall::Layout;
use crate::gui::dialogue::request_dome;
use crate::gui::fake::{self, Fake};
use crate::gui::input::Direction;
use crate::gui::pattern;
use crate::gui::session_port::Feed;
use crate::gui::ui::form;
use crate::media::frame::FrameSlot;
use crate::station::{BegunAnew, LiveView, MaskSyncState, StreamFigures, ViewState};
use iced::Rectangle;
use std::sync::Mutex;
use std::time::Instant;
use work::dialogues::Dialogue;

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
    fn motors(&self, now: Instant) -> PoseKnowledge {
        self.pose(now)
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

pub(super) fn still(stream: StreamRole, with_picture: bool) -> (Arc<dyn Feed>, FrameSlot, Arc<Mutex<Attention>>) {
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

/// A room of 16 cameras, the last four of them domes, every tile with a picture.
pub(super) fn room() -> (ControlRoom, Arc<Fake>) {
    room_at(fake::desk(16, 4))
}

pub(super) fn room_at(desk: Arc<Fake>) -> (ControlRoom, Arc<Fake>) {
    let (mut room, _) = ControlRoom::new(desk.clone(), Arc::default(), Seat::default());
    for ticket in 1..=16 {
        room.update(Message::Streams(wall_state::Message::Opened {
            ticket,
            answer: Ok(still(StreamRole::Sub, true).0),
        }));
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

pub(super) fn press(room: &mut ControlRoom, command: Command) -> Action {
    room.update(Message::Command(command, Edge::Down))
}

pub(super) fn go_to(room: &mut ControlRoom, number: &str) {
    for digit in number.bytes() {
        press(room, Command::Digit(digit - b'0'));
    }
    press(room, Command::Confirm);
}

#[test]
fn the_wall_is_filled_at_once_and_every_view_is_asked_of_the_station() {
    let (room, desk) = room();
    assert_eq!(room.wall.layout(), Layout::Sixteen);
    assert_eq!(
        desk.said()
            .iter()
            .filter(|said| said.starts_with("view") && said.ends_with("Sub"))
            .count(),
        16
    );
}

#[test]
fn the_empty_wall_of_an_administrator_names_the_keys_of_their_work() {
    let (administrator, _) = room_at(fake::administrator(4, 1));
    let told = administrator.work_elsewhere().unwrap_or_default().join(" ");
    assert!(told.contains("Ctrl+P") && told.contains("Ctrl+T"), "{told}");
    let (operator, _) = room();
    assert_eq!(operator.work_elsewhere(), None);
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
fn arrows_scroll_the_page_of_keys_and_move_no_dome_and_every_other_key_closes_it() {
    let (mut room, _) = room();
    go_to(&mut room, "14");
    press(&mut room, Command::Help);
    for direction in [Direction::Down, Direction::Up] {
        let Action::Run(scrolls) = press(&mut room, Command::Arrow(direction)) else {
            panic!("{direction:?} does nothing");
        };
        assert!(scrolls.units() > 0 && room.focus.is_help_shown(), "{direction:?}");
    }
    assert!(!room.moves());
    press(&mut room, Command::Arrow(Direction::Left));
    assert!(!room.focus.is_help_shown() && !room.moves());
}

#[test]
fn every_area_is_reached_by_f6_and_tab_goes_round_the_tiles() {
    let (mut room, _) = room();
    let mut seen = Vec::new();
    for _ in 0..5 {
        press(&mut room, Command::NextArea);
        seen.push(room.focus.area());
    }
    assert_eq!(seen, [Area::List, Area::Panel, Area::Messages, Area::Bar, Area::Wall]);
    press(&mut room, Command::Previous);
    assert_eq!(room.wall.selected(), 15);
    press(&mut room, Command::Next);
    assert_eq!(room.wall.selected(), 0);
}

#[test]
fn a_camera_carried_from_the_list_is_put_on_the_tile_where_it_is_let_go() {
    let (mut room, _) = room();
    let camera = room.session.plan().cameras[11].id.clone();
    room.update(Message::List(camera_list::Message::Grab(camera.clone())));
    room.update(Message::Wall(wall::Event::Dropped { tile: 2 }));
    assert_eq!(room.wall.placed_on(2).map(Placed::camera), Some(&camera));
    room.update(Message::LetGo);
    assert!(room.rail.carried().is_none());
}

#[test]
fn r_prv_3_a_camera_that_lost_a_mask_is_said_and_a_key_writes_it_again() {
    let (mut room, desk) = room();
    let camera = room.session.plan().cameras[3].id.clone();
    let answered = |open: Vec<(usize, f64)>, written| {
        let camera = camera.clone();
        let answer = Ok(MaskSyncState {
            open,
            ..MaskSyncState::default()
        });
        Message::MaskSync(match written {
            true => mask_sync::Message::Written { camera, answer },
            false => mask_sync::Message::Checked { camera, answer },
        })
    };
    room.update(answered(Vec::new(), false));
    assert!(
        room.messages().is_empty(),
        "a camera that keeps everything says nothing"
    );
    room.update(answered(vec![(0, 0.4)], false));
    assert!(
        room.messages()[0].starts_with("4 · Telecamera 4"),
        "{:?}",
        room.messages()
    );
    go_to(&mut room, "4");
    press(&mut room, Command::WriteToCamera);
    assert_eq!(desk.said().last().map(String::as_str), Some("write to cam-04"));
    room.update(answered(Vec::new(), true));
    assert_eq!(room.messages().len(), 2);
}

#[test]
fn r_ptz_3_the_key_asks_for_a_dome_that_somebody_else_holds() {
    let (mut room, desk) = room();
    go_to(&mut room, "16");
    press(&mut room, Command::AskLease);
    assert!(matches!(room.work.dialogue(), Some(Dialogue::Ask(_))));
    let typed = form::Message::Typed(request_dome::Place::Reason, "rapina".into());
    room.update(Message::Dialogue(dialogues::Message::Ask(request_dome::Message::Form(
        typed,
    ))));
    press(&mut room, Command::Confirm);
    assert!(desk.said().contains(&"ask cam-16 rapina".to_owned()));
    press(&mut room, Command::Back);
    assert!(!room.work.has_dialogue());
}

#[test]
fn r_ptz_3_the_holder_is_told_who_asks_and_why_and_answers_by_a_key() {
    let (mut room, desk) = room();
    room.update(Message::Tick);
    let notices = room.messages();
    let asked = notices.iter().find(|notice| notice.contains("Mar. Elena Conti"));
    assert!(asked.is_some_and(|notice| notice.contains("Carabinieri") && notice.contains("Inseguimento")));
    assert!(
        asked.is_some_and(|notice| notice.starts_with("15 · Cupola 15: ")),
        "which dome"
    );
    room.update(Message::Tick);
    assert_eq!(room.messages().len(), notices.len(), "said once");
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
    assert!(matches!(supervisor.work.dialogue(), Some(Dialogue::Answer(_))));
    let (mut operator, _) = room();
    operator.update(Message::Tick);
    assert!(!operator.messages().iter().any(|notice| notice.contains("nullaosta")));
    press(&mut operator, Command::Clearances);
    assert!(matches!(operator.work.dialogue(), Some(Dialogue::Request(_))));
}

#[test]
fn the_tour_reads_the_saved_snapshot_and_a_refusal_at_the_ceiling_from_the_notices() {
    let (mut room, _) = room();
    let camera = room.session.plan().cameras[15].id.clone();
    let scene = |room: &ControlRoom| room.scene(Instant::now(), 1.0);
    assert!(scene(&room).snapshot.is_none() && !scene(&room).refused_at_ceiling);
    let path = PathBuf::from("/prove/telecamera 16: notte.png");
    room.update(Message::Snapshot {
        camera: camera.clone(),
        answer: Ok(path.clone()),
    });
    assert_eq!(scene(&room).snapshot, Some(path));
    go_to(&mut room, "16");
    let refused = |why| Message::Ptz(ptz::Message::Gesture(News::Refused(Arc::new(why))));
    room.update(refused(Refusal::NotSupported));
    assert!(!scene(&room).refused_at_ceiling);
    room.update(refused(Refusal::ZoomCeiling { ceiling: 7.5 }));
    assert!(scene(&room).refused_at_ceiling);
}

/// The cameras of the first four tiles, and the tickets of what is open on them.
fn first_four(room: &ControlRoom) -> Vec<(CameraId, u64)> {
    let on = |tile| {
        room.wall
            .placed_on(tile)
            .map(|placed| (placed.camera().clone(), placed.ticket()))
    };
    (0..4).filter_map(on).collect()
}

#[test]
fn a_tile_is_dragged_onto_another_or_moved_by_keys_and_both_keep_their_streams() {
    let (mut room, _) = room();
    room.update(Message::Command(Command::Layout(Layout::Four), Edge::Down));
    let before = first_four(&room);
    room.update(Message::Wall(wall::Event::Lifted { tile: 0 }));
    assert!(room.rail.carried().is_some() && !room.rail.is_grabbed());
    room.update(Message::Wall(wall::Event::Dropped { tile: 3 }));
    let swapped = [3, 1, 2, 0].map(|tile| before[tile].clone());
    assert_eq!(first_four(&room), swapped);
    assert_eq!(room.wall.selected(), 3, "the selection goes along");
    let move_to = |direction| Message::Command(Command::MoveTile(direction), Edge::Down);
    room.update(move_to(Direction::Up));
    room.update(move_to(Direction::Left));
    let moved = [0, 3, 2, 1].map(|tile| before[tile].clone());
    assert_eq!((first_four(&room), room.wall.selected()), (moved.to_vec(), 0));
    room.update(move_to(Direction::Left));
    assert_eq!(room.wall.selected(), 0);
    assert!(!room.messages().is_empty(), "the edge of the wall says so");
    room.update(Message::Wall(wall::Event::Lifted { tile: 1 }));
    room.update(Message::LetGo);
    room.update(Message::Wall(wall::Event::Dropped { tile: 2 }));
    assert_eq!(first_four(&room), moved, "let go beside the wall");
}

#[test]
fn a_wrong_clock_is_said_once_and_no_more_when_it_was_put_right() {
    let (mut room, desk) = room();
    room.update(Message::Tick);
    let before = room.messages().len();
    desk.set_clock(Some(WrongClock::Behind { minutes: 525_600 }));
    room.update(Message::Tick);
    assert_eq!(room.messages().len(), before + 1);
    let told = room.messages().iter().any(|sentence| sentence.contains("365"));
    assert!(told, "{:?}", room.messages());
    desk.set_clock(Some(WrongClock::Behind { minutes: 525_601 }));
    room.update(Message::Tick);
    assert_eq!(room.messages().len(), before + 1, "it is wrong still");
    desk.set_clock(None);
    room.update(Message::Tick);
    assert_eq!(room.messages().len(), before);
}

#[test]
fn a_dome_that_did_not_go_back_by_itself_is_said_once_with_the_reason() {
    let (mut room, desk) = room();
    room.update(Message::Tick);
    let before = room.messages().len();
    let dome = desk.plan().cameras[15].id.clone();
    desk.fail_return(dome, Refusal::NoLeaseWithoutServer);
    for _ in 0..2 {
        room.update(Message::Tick);
        assert_eq!(room.messages().len(), before + 1);
    }
    let why = crate::gui::sentences::refusal(&Refusal::NoLeaseWithoutServer);
    assert!(
        room.messages().iter().any(|sentence| sentence.contains(&why)),
        "{:?}",
        room.messages()
    );
}

#[test]
fn r_aud_2_a_log_that_began_anew_is_said_once_with_who_accepted_it() {
    let (mut room, desk) = room();
    room.update(Message::Tick);
    let before = room.messages().len();
    let begun = BegunAnew {
        size: 41,
        root: Hash([0; 32]),
        had: 57,
        accepted_by: ["Comm. Andrea Villa".into(), "Isp. Maria Serra".into()],
        at_ms: 0,
    };
    desk.begin_anew("borgo-vedetta".parse().unwrap(), begun);
    room.update(Message::Tick);
    room.update(Message::Tick);
    assert_eq!(room.messages().len(), before + 1, "{:?}", room.messages());
    let told = |sentence: &String| {
        ["Comune di Borgo Vedetta", "41", "57", "Villa", "Serra"]
            .iter()
            .all(|part| sentence.contains(part))
    };
    assert!(room.messages().iter().any(told), "{:?}", room.messages());
}
