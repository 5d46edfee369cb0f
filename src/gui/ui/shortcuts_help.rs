//! The page of keys, opened by `?`: the commands that a person has, by where they can be asked for, with their keys.
//!
//! Invariant: it is made from the table in force, so it never tells a lie; every command of the table is on it (tested).
//! Deliberately absent: changing the table (`input::keys_toml`).

use crate::domain::wall::Layout;
use crate::gui::i18n::fl;
use crate::gui::input::{Command, Direction, Keymap, fixed_key};
use crate::gui::session_port::{Accounts, CameraAdmin};
use crate::gui::theme;
use crate::gui::ui::controls::{heading, quiet};
use iced::alignment::Vertical;
use iced::widget::{Column, Row, column, container, row, text};
use iced::{Element, Fill};

/// How far an arrow scrolls the page, logical pixels.
pub const STEP: f32 = 200.0;

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

/// What a person may do of what not everybody may; the keys of the rest are not shown.
#[derive(Debug, Clone, Copy)]
pub struct May {
    /// Accounts, sessions and workstations.
    pub keep_people: bool,
    /// Cameras and the site plan.
    pub keep_cameras: bool,
}

impl May {
    /// What the person at this desk may do.
    pub fn of(desk: &(impl Accounts + CameraAdmin + ?Sized)) -> Self {
        Self {
            keep_people: desk.administers_accounts(),
            keep_cameras: desk.administers_cameras() || desk.approves_cameras(),
        }
    }

    fn has(self, command: Command) -> bool {
        use Command::{
            Admit, Approve, Cameras, Decline, Disable, EndSession, FindCameras, NewCamera, NewWorkstation, People,
            Recertify, RemoveCamera, Revoke,
        };
        match command {
            People | Recertify | Admit | Disable | EndSession | NewWorkstation | Revoke => self.keep_people,
            Cameras | NewCamera | FindCameras | RemoveCamera | Approve | Decline => self.keep_cameras,
            _ => true,
        }
    }
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
        CameraTour, Digit, Figures, History, MoveTile, NewWindow, NextArea, PreviousArea, SavedWalls, Search, WallAlone,
    };
    Group {
        title: fl!("keys-group-wall"),
        lines: vec![
            (fl!("keys-number"), vec![Digit(1)]),
            (fl!("keys-next-area"), vec![NextArea, PreviousArea]),
            (fl!("keys-search"), vec![Search]),
            (fl!("keys-layouts"), Layout::ALL.map(Command::Layout).to_vec()),
            (fl!("keys-move-tile"), DIRECTIONS.map(MoveTile).to_vec()),
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

fn dome(keymap: &Keymap) -> Group {
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
            (
                fl!("keys-call-preset", last = keymap.named(CallPreset(9))),
                vec![CallPreset(1)],
            ),
            (
                fl!("keys-save-preset", last = keymap.named(SavePreset(9))),
                vec![SavePreset(1)],
            ),
            (fl!("keys-home"), vec![CallHome]),
            (fl!("keys-patrol"), vec![Patrol]),
            (fl!("keys-ask-lease"), vec![AskLease]),
            (fl!("keys-hand-over"), vec![HandOver]),
        ],
    }
}

fn work() -> Group {
    use Command::{ChangePurpose, Clearances, ClearancesInForce, ExtendGrace};
    Group {
        title: fl!("keys-group-work"),
        lines: vec![
            (fl!("keys-purpose"), vec![ChangePurpose]),
            (fl!("keys-clearances"), vec![Clearances]),
            (fl!("keys-clearances-in-force"), vec![ClearancesInForce]),
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
        Admit, Approve, Decline, Disable, EndSession, FindCameras, NewCamera, NewWorkstation, NextArea, Recertify,
        RemoveCamera, Revoke,
    };
    Group {
        title: fl!("keys-group-lists"),
        lines: vec![
            (fl!("keys-list-area"), vec![NextArea]),
            (fl!("keys-recertify"), vec![Recertify]),
            (fl!("keys-admit"), vec![Admit]),
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

/// The columns of the page, from the left.
fn columns(keymap: &Keymap, may: May) -> [Vec<Group>; 3] {
    let mut last = vec![everywhere(), playback()];
    if may.keep_people || may.keep_cameras {
        last.push(lists());
    }
    [vec![wall(), work()], vec![dome(keymap), camera()], last]
}

fn group<'a, Message: 'a>(keymap: &Keymap, may: May, group: Group) -> Element<'a, Message> {
    let line = |(words, commands): (String, Vec<Command>)| {
        let keys: Vec<String> = commands.iter().filter_map(|command| keymap.key(*command)).collect();
        let keys = text(keys.join("  ")).size(theme::SMALL).font(theme::STRONG);
        let words = text(words).size(theme::SMALL);
        row![container(keys.color(theme::ACCENT)).width(112), words.width(Fill)]
            .spacing(10)
            .into()
    };
    let title = text(group.title).size(theme::BODY).font(theme::STRONG);
    let lines = group
        .lines
        .into_iter()
        .filter(|(_, commands)| commands.iter().any(|one| may.has(*one)));
    let lines: Vec<Element<'_, Message>> = lines.map(line).collect();
    column![title, Column::with_children(lines).spacing(3)]
        .spacing(5)
        .into()
}

/// The page.
pub fn view<'a, Message: 'a>(keymap: &Keymap, may: May) -> Element<'a, Message> {
    let column = |groups: Vec<Group>| -> Element<'a, Message> {
        let groups = groups.into_iter().map(|one| group(keymap, may, one));
        Column::with_children(groups).spacing(12).width(Fill).into()
    };
    let columns = Row::with_children(columns(keymap, may).map(column)).spacing(24);
    let scrolls = fl!(
        "keys-page",
        up = fixed_key(Command::Arrow(Direction::Up)),
        down = fixed_key(Command::Arrow(Direction::Down))
    );
    let title = row![heading(fl!("keys-title")), quiet(scrolls)];
    let title = title.spacing(16).align_y(Vertical::Center);
    column![title, columns, quiet(fl!("keys-file-where"))]
        .spacing(12)
        .width(1240)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_the_table_is_on_the_page() {
        let everything = May {
            keep_people: true,
            keep_cameras: true,
        };
        let shown: Vec<Command> = columns(&Keymap::default(), everything)
            .into_iter()
            .flatten()
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

    #[test]
    fn an_operator_is_not_shown_the_keys_of_those_who_keep_people_and_cameras() {
        let operator = May {
            keep_people: false,
            keep_cameras: false,
        };
        for command in [Command::People, Command::Disable, Command::Cameras, Command::Approve] {
            assert!(!operator.has(command), "{command:?}");
        }
        assert!(operator.has(Command::Playback) && operator.has(Command::Lock));
    }
}
