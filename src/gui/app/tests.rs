//! The root, driven without a window.
//!
//! Deliberately absent: what a screen does by itself (in its file).

use super::overlays::Overlay;
use super::*;
use crate::domain::refusal::RefusalKind;
use crate::domain::wall::Layout;
use crate::gui::fake;
use crate::gui::input::{Context, Direction};
use crate::gui::ui::wall_chooser;
use crate::gui::widget::typist::{Typist, keys, press};
use crate::station::TrackedPose;
use crate::station::{SecretsChoice, SecretsError, SecretsTrouble};
use iced::keyboard::key::{Code, Key, Named, Physical};
use iced::keyboard::{self, Location, Modifiers};
use std::path::PathBuf;
use std::time::Instant;

fn options() -> Options {
    let station = StationConfig {
        enrolment: PathBuf::new(),
        data: PathBuf::new(),
        evidence: PathBuf::new(),
        secrets: SecretsChoice::ProtectedFile,
        pose_source: Arc::new(TrackedPose),
    };
    Options { station, sign_in: None }
}

fn session(app: &App) -> &SessionState {
    match &app.screen {
        Screen::Session(session) => session,
        _ => panic!("nobody is signed in"),
    }
}

fn main_pane(app: &App) -> &Pane {
    session(app).pane().expect("a wall")
}

fn diagnoses(app: &App) -> bool {
    matches!(session(app).shown, Shown::Diagnostics(_))
}

fn top(app: &App) -> Option<&Overlay> {
    session(app).overlays.top(None)
}

fn asks(app: &App) -> bool {
    matches!(top(app), Some(Overlay::Takeover(_)))
}

#[test]
fn r_mnt_1_a_maintainer_gets_figures_and_no_view_is_ever_asked_for() {
    let desk = fake::maintainer(16, 4);
    let (mut app, _) = App::at_desk(options(), desk.clone());
    assert!(diagnoses(&app));
    for command in [
        Command::Confirm,
        Command::Playback,
        Command::Export,
        Command::Digit(1),
        Command::Snapshot,
    ] {
        drop(app.update(Message::Command(command, Edge::Down)));
    }
    assert!(diagnoses(&app));
    assert!(desk.said().is_empty(), "{:?}", desk.said());
}

#[test]
fn playback_comes_back_to_the_same_wall_and_closing_signs_out_first() {
    let desk = fake::desk(4, 1);
    let (mut app, _) = App::at_desk(options(), desk.clone());
    drop(app.update(Message::Command(Command::Playback, Edge::Down)));
    let plays = |app: &App| main_pane(app).playback().is_some();
    assert!(plays(&app));
    drop(app.update(Message::Command(Command::Back, Edge::Down)));
    assert!(!plays(&app));
    drop(app.update(Message::CloseRequested(window::Id::unique())));
    assert!(desk.said().contains(&"sign out".to_owned()));
}

#[test]
fn a_further_window_shows_what_is_on_no_other_and_closing_it_signs_nobody_out() {
    let desk = fake::desk(20, 1);
    let (mut app, _) = App::at_desk(options(), desk.clone());
    for command in [Command::Layout(Layout::Nine), Command::NewWindow] {
        drop(app.update(Message::Command(command, Edge::Down)));
    }
    let [window] = app.windows.others()[..] else {
        panic!("not one further window")
    };
    let (further, main) = (app.windows.pane(window).unwrap(), main_pane(&app));
    let [shown, elsewhere] = [main, further].map(|pane| pane.room().arrangement());
    assert_eq!(elsewhere.cameras.len(), 11);
    assert!(
        elsewhere
            .cameras
            .iter()
            .all(|camera| !shown.cameras[..9].contains(camera))
    );
    drop(app.update(Message::CloseRequested(window)));
    assert!(app.windows.others().is_empty());
    main_pane(&app);
    assert!(!desk.said().contains(&"sign out".to_owned()));
}

#[test]
fn a_beat_that_finds_nothing_is_not_drawn_and_whatever_a_hand_does_is() {
    let (mut app, _) = App::at_desk(options(), fake::desk(4, 1));
    let drawn = |app: &mut App, message| {
        let before = app.revision();
        drop(app.update_and_tell(message));
        app.revision() != before
    };
    // The first has something to tell.
    drawn(&mut app, Message::Tick);
    assert!(!drawn(&mut app, Message::Tick));
    assert!(drawn(&mut app, Message::Device(device::Event::Activity)));
    assert!(drawn(&mut app, Message::Command(Command::Help, Edge::Down)));
    assert!(drawn(&mut app, Message::Tick), "the help is open");
}

#[test]
fn a_saved_wall_comes_back_by_its_name() {
    let (mut app, _) = App::at_desk(options(), fake::desk(16, 1));
    let press = |app: &mut App, command| drop(app.update(Message::Command(command, Edge::Down)));
    let chosen = |message| Message::Overlay(overlays::Message::WallChooser(message));
    press(&mut app, Command::Layout(Layout::Four));
    press(&mut app, Command::SavedWalls);
    drop(app.update(chosen(wall_chooser::Message::Name("piazze".into()))));
    drop(app.update(chosen(wall_chooser::Message::Save)));
    press(&mut app, Command::Layout(Layout::Sixteen));
    press(&mut app, Command::SavedWalls);
    press(&mut app, Command::Confirm);
    assert!(top(&app).is_none());
    assert_eq!(main_pane(&app).room().arrangement().layout, Layout::Four);
}

#[test]
fn a_refused_sign_in_stays_on_the_screen_with_its_sentence() {
    let (mut app, _) = App::signed_out(options());
    drop(app.update(Message::SignedIn(Err(RefusalKind::UnknownStation.into()))));
    let Screen::SignIn(screen, _) = &app.screen else {
        panic!("another screen")
    };
    assert!(screen.error().is_some());
}

#[test]
fn the_office_goes_from_list_to_list_and_only_whoever_keeps_people_has_it() {
    let (mut app, _) = App::at_desk(options(), fake::supervisor(4, 1));
    let press = |app: &mut App, command| drop(app.update(Message::Command(command, Edge::Down)));
    press(&mut app, Command::People);
    assert_eq!(session(&app).context(None, &app.windows), Context::AccountList);
    for _ in 0..2 {
        press(&mut app, Command::NextArea);
    }
    assert_eq!(session(&app).context(None, &app.windows), Context::WorkstationList);
    press(&mut app, Command::PreviousArea);
    assert_eq!(session(&app).context(None, &app.windows), Context::SessionList);
    press(&mut app, Command::Back);
    assert!(top(&app).is_none());
    main_pane(&app);
    let (mut operator, _) = App::at_desk(options(), fake::desk(4, 1));
    for (command, sentence) in [
        (Command::People, fl!("people-not-here")),
        (Command::Cameras, fl!("cameras-not-here")),
    ] {
        press(&mut operator, command);
        assert!(top(&operator).is_none());
        assert!(
            main_pane(&operator).room().messages().contains(&sentence),
            "{command:?} is silent"
        );
    }
}

#[test]
fn r_acc_1_who_has_the_account_is_asked_once_and_keeps_or_yields_it() {
    let desk = fake::desk(4, 1);
    let (mut app, _) = App::at_desk(options(), desk.clone());
    let press = |app: &mut App, command| drop(app.update(Message::Command(command, Edge::Down)));
    drop(app.update(Message::Tick));
    assert!(!asks(&app), "nobody asks");
    desk.want(true);
    drop(app.update(Message::Tick));
    assert!(asks(&app));
    press(&mut app, Command::Back);
    drop(app.update(Message::Tick));
    assert!(!asks(&app), "later is not asked again at once");
    desk.want(false);
    drop(app.update(Message::Tick));

    let desk = fake::desk(4, 1);
    let (mut app, _) = App::at_desk(options(), desk.clone());
    desk.want(true);
    drop(app.update(Message::Tick));
    press(&mut app, Command::Confirm);
    assert!(desk.said().contains(&"keep".to_owned()), "{:?}", desk.said());
    drop(app.update(Message::Tick));
    assert!(!asks(&app), "answered");

    let desk = fake::desk(4, 1);
    let (mut app, _) = App::at_desk(options(), desk.clone());
    desk.want(true);
    drop(app.update(Message::Tick));
    press(&mut app, Command::Next);
    press(&mut app, Command::Confirm);
    assert!(desk.said().contains(&"yield".to_owned()), "{:?}", desk.said());
    assert!(matches!(app.screen, Screen::SigningOut));
}

const LEFT: (Key, Physical) = (Key::Named(Named::ArrowLeft), Physical::Code(Code::ArrowLeft));

fn key(window: window::Id, down: bool, modifiers: Modifiers) -> Message {
    let (key, physical_key) = LEFT;
    let (modified_key, location) = (key.clone(), Location::Standard);
    let event = if down {
        keyboard::Event::KeyPressed {
            key,
            modified_key,
            physical_key,
            location,
            modifiers,
            text: None,
            repeat: false,
        }
    } else {
        keyboard::Event::KeyReleased {
            key,
            modified_key,
            physical_key,
            location,
            modifiers,
        }
    };
    Message::Device(device::Event::Key(window, event))
}

/// A wall with a dome selected, and its window.
fn at_a_dome() -> (App, window::Id) {
    let (mut app, _) = App::at_desk(options(), fake::supervisor(16, 4));
    for command in [Command::Digit(1), Command::Digit(4), Command::Confirm] {
        drop(app.update(Message::Command(command, Edge::Down)));
    }
    (app, window::Id::unique())
}

#[test]
fn a_dome_stops_when_its_key_goes_up_whatever_modifier_is_down_by_then() {
    for modifier in [Modifiers::SHIFT, Modifiers::CTRL, Modifiers::ALT] {
        let (mut app, window) = at_a_dome();
        drop(app.update(key(window, true, Modifiers::empty())));
        assert!(main_pane(&app).room().moves(), "{modifier:?}");
        drop(app.update(key(window, false, modifier)));
        assert!(!main_pane(&app).room().moves(), "{modifier:?}");
    }
}

#[test]
fn a_dome_stops_when_something_is_laid_over_its_wall_and_stays_so() {
    for command in [Command::People, Command::Lock, Command::SavedWalls, Command::Playback] {
        let (mut app, window) = at_a_dome();
        drop(app.update(key(window, true, Modifiers::empty())));
        drop(app.update(Message::Command(command, Edge::Down)));
        assert!(!main_pane(&app).room().moves(), "{command:?}");
        drop(app.update(key(window, false, Modifiers::empty())));
        assert!(!main_pane(&app).room().moves(), "{command:?}");
    }
}

/// Types at the program's own window, which hands on so many keys at once, and waits until all were heard.
fn type_in_batches(app: &mut App, keys: &[iced::Event], length: usize) {
    let (mut typist, window) = (Typist::new(), window::Id::unique());
    let drawn = [iced::Event::Window(window::Event::RedrawRequested(Instant::now()))];
    let drawings = std::iter::repeat_n(&drawn[..], 3);
    for batch in keys.chunks(length).chain(drawings) {
        let messages = typist.batch(app.view(window), batch).messages;
        messages.into_iter().for_each(|message| drop(app.update(message)));
    }
}

#[test]
fn what_is_typed_right_after_the_key_of_a_dialogue_lands_in_its_field() {
    for length in [1, 2, 7, usize::MAX] {
        let desk = fake::desk(4, 1);
        let (mut app, _) = App::at_desk(options(), desk.clone());
        let form = "e22/11/2026 14:00:00⇥22/11/2026 14:01:00⇥⇥danneggiamento⇥1402/2026⏎";
        type_in_batches(&mut app, &keys(form), length);
        let exported = format!("export {} 1402/2026", desk.plan().cameras[0].id);
        assert!(desk.said().contains(&exported), "{length} at once: {:?}", desk.said());

        let desk = fake::desk(4, 1);
        desk.stop(true);
        let (mut app, _) = App::at_desk(options(), desk.clone());
        let mut typed = vec![press('g', Modifiers::CTRL, false)];
        typed.extend(keys("incidente in piazza⏎"));
        type_in_batches(&mut app, &typed, length);
        let said = desk.said();
        let goes_on = "go on incidente in piazza".to_owned();
        assert!(said.contains(&goes_on), "{length} at once: {said:?}");
    }
}

#[test]
fn a_locked_workstation_takes_no_command_but_those_of_its_card() {
    let (mut app, _) = App::at_desk(options(), fake::supervisor(4, 1));
    let press = |app: &mut App, command| drop(app.update(Message::Command(command, Edge::Down)));
    press(&mut app, Command::Lock);
    press(&mut app, Command::People);
    press(&mut app, Command::Arrow(Direction::Left));
    assert!(matches!(top(&app), Some(Overlay::Unlock(_))) && session(&app).overlays.is_locked());
    assert_eq!(session(&app).context(None, &app.windows), Context::Form);
}

#[test]
fn a_faulty_line_of_the_file_of_keys_is_told_at_the_sign_in_and_on_the_wall() {
    let (mut app, _) = App::at_desk(options(), fake::desk(4, 1));
    let text: String = (0..7).map(|n| format!("comando-{n} = \"X\"\n")).collect();
    drop(app.update(Message::KeysRead(Ok(Some(keys_toml::read(&text))))));
    assert_eq!(app.keyboard.told.len(), FAULTS_TOLD + 1, "five, and how many more");
    drop(app.signed_in(Ok(fake::desk(4, 1))));
    let told = main_pane(&app).room().messages();
    assert!(told.iter().any(|sentence| sentence.contains("riga 1")), "{told:?}");
}

#[test]
fn a_workstation_that_cannot_work_is_tried_again_by_a_key() {
    let (mut app, _) = App::signed_out(options());
    let why = SecretsError {
        why: SecretsTrouble::KeyringMute,
        detail: String::new(),
    };
    let _ = app.update(Message::Opened(Err(Arc::new(StationError::NoSecrets(why)))));
    assert!(matches!(app.screen, Screen::Broken(_)));
    let _ = app.update(Message::Command(Command::Back, Edge::Down));
    assert!(matches!(app.screen, Screen::Broken(_)), "no other key does it");
    let _ = app.update(Message::Command(Command::Confirm, Edge::Down));
    assert!(matches!(app.screen, Screen::Starting));
}
