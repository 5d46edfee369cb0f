//! The page of keys, opened by `?`.
//!
//! Invariant: it is made from the table in force, so it never tells a lie. Deliberately absent: changing the table.

use crate::domain::wall::Layout;
use crate::gui::i18n::fl;
use crate::gui::keymap::{Command, Direction, Keymap};
use crate::gui::theme;
use crate::gui::ui::controls::{body, heading};
use iced::widget::{Column, column, container, row, text};
use iced::{Element, Fill};

/// Every line: words and the commands that they cover.
fn lines() -> Vec<(String, Vec<Command>)> {
    use Command::{
        AskHold, Back, Calibrate, CallPreset, CameraTour, Cameras, ChangePurpose, Clearances, Confirm, Declare, Digit,
        Export, ExtendGrace, Figures, HandOver, Help, History, Lock, Masks, NewWindow, Next, NextArea, People,
        Playback, SavePreset, SavedWalls, Search, SignOut, Snapshot, Stop, WallAlone, WriteToCamera, ZoomIn, ZoomOut,
    };
    let arrows = [Direction::Left, Direction::Right, Direction::Up, Direction::Down]
        .map(Command::Arrow)
        .to_vec();
    vec![
        (fl!("keys-number"), vec![Digit(1), Confirm]),
        (fl!("keys-next-tile"), vec![Next]),
        (fl!("keys-next-area"), vec![NextArea]),
        (fl!("keys-full-screen"), vec![Confirm]),
        (fl!("keys-back"), vec![Back]),
        (fl!("keys-arrows"), arrows),
        (fl!("keys-zoom"), vec![ZoomIn, ZoomOut]),
        (fl!("keys-stop"), vec![Stop]),
        (fl!("keys-call-preset"), vec![CallPreset(1)]),
        (fl!("keys-save-preset"), vec![SavePreset(1)]),
        (fl!("keys-ask-hold"), vec![AskHold]),
        (fl!("keys-hand-over"), vec![HandOver]),
        (fl!("keys-layouts"), Layout::ALL.map(Command::Layout).to_vec()),
        (fl!("keys-wall-alone"), vec![WallAlone]),
        (fl!("keys-new-window"), vec![NewWindow]),
        (fl!("keys-saved-walls"), vec![SavedWalls]),
        (fl!("keys-camera-tour"), vec![CameraTour]),
        (fl!("keys-snapshot"), vec![Snapshot]),
        (fl!("keys-export"), vec![Export]),
        (fl!("keys-clearances"), vec![Clearances]),
        (fl!("keys-declare"), vec![Declare]),
        (fl!("keys-go-on"), vec![ExtendGrace]),
        (fl!("keys-purpose"), vec![ChangePurpose]),
        (fl!("keys-masks"), vec![Masks]),
        (fl!("keys-calibrate"), vec![Calibrate]),
        (fl!("keys-write-to-camera"), vec![WriteToCamera]),
        (fl!("keys-playback"), vec![Playback]),
        (fl!("keys-search"), vec![Search]),
        (fl!("keys-figures"), vec![Figures]),
        (fl!("keys-history"), vec![History]),
        (fl!("keys-help"), vec![Help]),
        (fl!("keys-people"), vec![People]),
        (fl!("keys-cameras"), vec![Cameras]),
        (fl!("keys-lock"), vec![Lock]),
        (fl!("keys-sign-out"), vec![SignOut]),
    ]
}

/// The page.
pub fn view<'a, Message: 'a>(keymap: &Keymap) -> Element<'a, Message> {
    let line = |(words, commands): (String, Vec<Command>)| {
        let keys: Vec<String> = commands
            .iter()
            .filter_map(|command| keymap.chords(*command).into_iter().next())
            .collect();
        row![
            container(
                text(keys.join("  "))
                    .size(theme::SMALL)
                    .font(theme::STRONG)
                    .color(theme::ACCENT)
            )
            .width(250),
            body(words).width(Fill),
        ]
        .spacing(16)
        .into()
    };
    let list: Column<'a, Message> = column(lines().into_iter().map(line)).spacing(5);
    column![heading(fl!("keys-title")), list].spacing(14).width(760).into()
}
