//! The page of keys, opened by `?`: every command by where it can be asked for, with its keys.
//!
//! Invariant: it is made from the table in force, so it never tells a lie; every command of the table is on it (tested).
//! Deliberately absent: changing the table (`input::key_file`).

use crate::domain::wall::Layout;
use crate::gui::i18n::fl;
use crate::gui::input::{Command, Direction, Keymap};
use crate::gui::theme;
use crate::gui::ui::controls::{body, heading, quiet};
use iced::widget::{Column, column, container, row, text};
use iced::{Element, Fill};

/// A part of the page: its title, and for each line words and the commands that they cover. Of commands that are one of
/// many, such as digits, the first is shown.
struct Group {
    title: String,
    lines: Vec<(String, Vec<Command>)>,
}

const DIRECTIONS: [Direction; 4] = [Direction::Left, Direction::Right, Direction::Up, Direction::Down];

fn arrows() -> [Command; 4] {
    DIRECTIONS.map(Command::Arrow)
}

fn everywhere() -> Group {
    use Command::{Back, Cameras, Confirm, Help, Lock, Next, People, Previous, SignOut, Toggle};
    Group {
        title: fl!("keys-group-everywhere"),
        lines: vec![
            (fl!("keys-next-tile"), vec![Next, Previous]),
            (fl!("keys-full-screen"), vec![Confirm]),
            (fl!("keys-back"), vec![Back]),
            (fl!("keys-toggle"), vec![Toggle]),
            (fl!("keys-help"), vec![Help]),
            (fl!("keys-people"), vec![People]),
            (fl!("keys-cameras"), vec![Cameras]),
            (fl!("keys-lock"), vec![Lock]),
            (fl!("keys-sign-out"), vec![SignOut]),
        ],
    }
}

fn wall() -> Group {
    use Command::{
        CameraTour, Digit, Figures, History, NewWindow, NextArea, PreviousArea, SavedWalls, Search, WallAlone,
    };
    Group {
        title: fl!("keys-group-wall"),
        lines: vec![
            (fl!("keys-number"), vec![Digit(1)]),
            (fl!("keys-next-area"), vec![NextArea, PreviousArea]),
            (fl!("keys-search"), vec![Search]),
            (fl!("keys-layouts"), Layout::ALL.map(Command::Layout).to_vec()),
            (fl!("keys-wall-alone"), vec![WallAlone]),
            (fl!("keys-new-window"), vec![NewWindow]),
            (fl!("keys-saved-walls"), vec![SavedWalls]),
            (fl!("keys-camera-tour"), vec![CameraTour]),
            (fl!("keys-figures"), vec![Figures]),
            (fl!("keys-history"), vec![History]),
        ],
    }
}

fn camera() -> Group {
    use Command::{Calibrate, Declare, Export, Masks, Playback, Snapshot, WriteToCamera};
    Group {
        title: fl!("keys-group-camera"),
        lines: vec![
            (fl!("keys-snapshot"), vec![Snapshot]),
            (fl!("keys-playback"), vec![Playback]),
            (fl!("keys-export"), vec![Export]),
            (fl!("keys-declare"), vec![Declare]),
            (fl!("keys-masks"), vec![Masks]),
            (fl!("keys-calibrate"), vec![Calibrate]),
            (fl!("keys-write-to-camera"), vec![WriteToCamera]),
        ],
    }
}

fn dome() -> Group {
    use Command::{
        AskLease, CallHome, CallPreset, FastArrow, FineArrow, HandOver, Patrol, SavePreset, Stop, ZoomIn, ZoomOut,
    };
    Group {
        title: fl!("keys-group-dome"),
        lines: vec![
            (fl!("keys-arrows"), arrows().to_vec()),
            (fl!("keys-fast"), vec![FastArrow(Direction::Left)]),
            (fl!("keys-fine"), vec![FineArrow(Direction::Left)]),
            (fl!("keys-zoom"), vec![ZoomIn, ZoomOut]),
            (fl!("keys-stop"), vec![Stop]),
            (fl!("keys-call-preset"), vec![CallPreset(1)]),
            (fl!("keys-save-preset"), vec![SavePreset(1)]),
            (fl!("keys-home"), vec![CallHome]),
            (fl!("keys-patrol"), vec![Patrol]),
            (fl!("keys-ask-lease"), vec![AskLease]),
            (fl!("keys-hand-over"), vec![HandOver]),
        ],
    }
}

fn work() -> Group {
    use Command::{ChangePurpose, Clearances, ExtendGrace};
    Group {
        title: fl!("keys-group-work"),
        lines: vec![
            (fl!("keys-purpose"), vec![ChangePurpose]),
            (fl!("keys-clearances"), vec![Clearances]),
            (fl!("keys-go-on"), vec![ExtendGrace]),
        ],
    }
}

fn playback() -> Group {
    let [left, right, up, down] = arrows();
    Group {
        title: fl!("keys-group-playback"),
        lines: vec![
            (fl!("keys-pause"), vec![Command::PlayPause]),
            (fl!("keys-jump"), vec![left, right]),
            (fl!("keys-jump-far"), vec![up, down]),
        ],
    }
}

fn lists() -> Group {
    use Command::{
        Approve, Decline, Disable, EndSession, FindCameras, NewCamera, NewWorkstation, NextArea, Recertify,
        RemoveCamera, Revoke,
    };
    Group {
        title: fl!("keys-group-lists"),
        lines: vec![
            (fl!("keys-list-area"), vec![NextArea]),
            (fl!("keys-recertify"), vec![Recertify]),
            (fl!("keys-disable"), vec![Disable]),
            (fl!("keys-end-session"), vec![EndSession]),
            (fl!("keys-new-workstation"), vec![NewWorkstation]),
            (fl!("keys-revoke"), vec![Revoke]),
            (fl!("keys-new-camera"), vec![NewCamera]),
            (fl!("keys-find-cameras"), vec![FindCameras]),
            (fl!("keys-remove-camera"), vec![RemoveCamera]),
            (fl!("keys-approve"), vec![Approve]),
            (fl!("keys-decline"), vec![Decline]),
        ],
    }
}

fn left() -> [Group; 3] {
    [wall(), everywhere(), work()]
}

fn right() -> [Group; 4] {
    [dome(), camera(), playback(), lists()]
}

fn group<'a, Message: 'a>(keymap: &Keymap, group: Group) -> Element<'a, Message> {
    let line = |(words, commands): (String, Vec<Command>)| {
        let keys: Vec<String> = commands.iter().filter_map(|command| keymap.key(*command)).collect();
        let keys = text(keys.join("  ")).size(theme::SMALL).font(theme::STRONG);
        row![container(keys.color(theme::ACCENT)).width(170), body(words).width(Fill)]
            .spacing(12)
            .into()
    };
    let title = text(group.title).size(theme::BODY).font(theme::STRONG);
    let lines = Column::with_children(group.lines.into_iter().map(line)).spacing(4);
    column![title, lines].spacing(6).into()
}

/// The page.
pub fn view<'a, Message: 'a>(keymap: &Keymap) -> Element<'a, Message> {
    let side = |groups: Vec<Group>| {
        let groups = groups.into_iter().map(|one| group(keymap, one));
        Column::with_children(groups).spacing(16).width(Fill)
    };
    let sides = row![side(left().into()), side(right().into())].spacing(32);
    column![heading(fl!("keys-title")), sides, quiet(fl!("keys-file-where"))]
        .spacing(14)
        .width(1180)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_the_table_is_on_the_page() {
        let groups = left().into_iter().chain(right());
        let shown: Vec<Command> = groups
            .flat_map(|group| group.lines)
            .flat_map(|(_, commands)| commands)
            .collect();
        let many = |command: &Command| {
            matches!(
                command,
                Command::Digit(_)
                    | Command::CallPreset(2..)
                    | Command::SavePreset(2..)
                    | Command::FastArrow(_)
                    | Command::FineArrow(_)
            )
        };
        let absent: Vec<_> = Command::all()
            .filter(|command| !many(command) && !shown.contains(command))
            .collect();
        assert!(absent.is_empty(), "{absent:?}");
    }
}
