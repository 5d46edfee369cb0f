//! The root, driven without a window.
//!
//! Deliberately absent: what a screen does by itself (in its file).

use super::*;
use crate::domain::refusal::RefusalKind;
use crate::domain::wall::Layout;
use crate::gui::fake;
use crate::station::TrackedPose;
use std::path::PathBuf;

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

#[test]
fn r_mnt_1_a_maintainer_gets_figures_and_no_view_is_ever_asked_for() {
    let desk = fake::maintainer(16, 4);
    let (mut app, _) = App::at_desk(options(), desk.clone());
    assert!(matches!(app.screen(), Screen::Diagnostics(_)));
    for command in [
        Command::Confirm,
        Command::Playback,
        Command::Export,
        Command::Digit(1),
        Command::Snapshot,
    ] {
        drop(app.update(Message::Command(command, Edge::Down)));
    }
    assert!(matches!(app.screen(), Screen::Diagnostics(_)));
    assert!(desk.said().is_empty(), "{:?}", desk.said());
}

#[test]
fn playback_comes_back_to_the_same_wall_and_closing_signs_out_first() {
    let desk = fake::desk(4, 1);
    let (mut app, _) = App::at_desk(options(), desk.clone());
    drop(app.update(Message::Command(Command::Playback, Edge::Down)));
    let plays = |app: &App| matches!(app.screen(), Screen::Work(pane) if pane.playback().is_some());
    assert!(plays(&app));
    drop(app.update(Message::Command(Command::Back, Edge::Down)));
    assert!(matches!(app.screen(), Screen::Work(_)) && !plays(&app));
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
    let (further, Screen::Work(main)) = (app.windows.pane(window).unwrap(), app.screen()) else {
        panic!("no wall")
    };
    let [shown, elsewhere] = [main, further].map(|pane| pane.room().arrangement());
    assert_eq!(elsewhere.cameras.len(), 11);
    assert!(
        elsewhere
            .cameras
            .iter()
            .all(|camera| !shown.cameras[..9].contains(camera))
    );
    drop(app.update(Message::CloseRequested(window)));
    assert!(app.windows.others().is_empty() && matches!(app.screen(), Screen::Work(_)));
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
    assert!(drawn(&mut app, Message::Activity));
    assert!(drawn(&mut app, Message::Command(Command::Help, Edge::Down)));
    assert!(drawn(&mut app, Message::Tick), "the help is open");
}

#[test]
fn a_saved_wall_comes_back_by_its_name() {
    let (mut app, _) = App::at_desk(options(), fake::desk(16, 1));
    let press = |app: &mut App, command| drop(app.update(Message::Command(command, Edge::Down)));
    press(&mut app, Command::Layout(Layout::Four));
    press(&mut app, Command::SavedWalls);
    drop(app.update(Message::Chooser(wall_chooser::Message::Name("piazze".into()))));
    drop(app.update(Message::Chooser(wall_chooser::Message::Save)));
    press(&mut app, Command::Layout(Layout::Sixteen));
    press(&mut app, Command::SavedWalls);
    press(&mut app, Command::Confirm);
    let Screen::Work(pane) = app.screen() else {
        panic!("no wall")
    };
    assert_eq!(pane.room().arrangement().layout, Layout::Four);
}

#[test]
fn a_refused_sign_in_stays_on_the_screen_with_its_sentence() {
    let (mut app, _) = App::signed_out(options());
    drop(app.update(Message::SignedIn(Err(RefusalKind::UnknownStation.into()))));
    let Screen::SignIn(screen) = app.screen() else {
        panic!("another screen")
    };
    assert!(screen.error().is_some());
}

#[test]
fn the_office_goes_from_list_to_list_and_only_whoever_keeps_people_has_it() {
    let (mut app, _) = App::at_desk(options(), fake::supervisor(4, 1));
    let press = |app: &mut App, command| drop(app.update(Message::Command(command, Edge::Down)));
    press(&mut app, Command::People);
    assert!(matches!(app.account_admin, Some(AccountAdmin::People(_))));
    for _ in 0..2 {
        press(&mut app, Command::NextArea);
    }
    assert!(matches!(app.account_admin, Some(AccountAdmin::Workstations(_))));
    press(&mut app, Command::PreviousArea);
    assert!(matches!(app.account_admin, Some(AccountAdmin::Sessions(_))));
    press(&mut app, Command::Back);
    assert!(app.account_admin.is_none() && matches!(app.screen(), Screen::Work(_)));
    let (mut operator, _) = App::at_desk(options(), fake::desk(4, 1));
    press(&mut operator, Command::People);
    assert!(operator.account_admin.is_none());
}

#[test]
fn r_acc_1_who_has_the_account_is_asked_once_and_keeps_or_yields_it() {
    let desk = fake::desk(4, 1);
    let (mut app, _) = App::at_desk(options(), desk.clone());
    let press = |app: &mut App, command| drop(app.update(Message::Command(command, Edge::Down)));
    drop(app.update(Message::Tick));
    assert!(app.wanted.is_none(), "nobody asks");
    desk.want(true);
    drop(app.update(Message::Tick));
    assert!(app.wanted.is_some());
    press(&mut app, Command::Back);
    drop(app.update(Message::Tick));
    assert!(app.wanted.is_none(), "later is not asked again at once");
    desk.want(false);
    drop(app.update(Message::Tick));

    let desk = fake::desk(4, 1);
    let (mut app, _) = App::at_desk(options(), desk.clone());
    desk.want(true);
    drop(app.update(Message::Tick));
    press(&mut app, Command::Confirm);
    assert!(desk.said().contains(&"keep".to_owned()), "{:?}", desk.said());
    drop(app.update(Message::Tick));
    assert!(app.wanted.is_none(), "answered");

    let desk = fake::desk(4, 1);
    let (mut app, _) = App::at_desk(options(), desk.clone());
    desk.want(true);
    drop(app.update(Message::Tick));
    press(&mut app, Command::Next);
    press(&mut app, Command::Confirm);
    assert!(desk.said().contains(&"yield".to_owned()), "{:?}", desk.said());
    assert!(matches!(app.screen(), Screen::SigningOut) && app.wanted.is_none());
}
