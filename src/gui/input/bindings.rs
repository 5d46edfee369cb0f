//! The table of keys: which chord means which command, in which context.
//!
//! A row is a command, its name in `keys.toml`, the contexts that know it and its keys; a file may give it others
//! ([`super::keys_toml`]). Invariant (tested): no chord means two things in one context. Deliberately absent: what a command
//! does (the screens).

use super::chord::Chord;
use super::command::{Command, Direction};
use super::context::Context;
use crate::domain::wall::Layout;
use crate::gui::i18n::fl;
use iced::keyboard;
use std::collections::HashMap;

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub command: Command,
    /// In the file of keys.
    pub name: &'static str,
    pub contexts: &'static [Context],
    /// As the file writes them; the first one is printed on buttons.
    keys: &'static [&'static str],
    /// Whether its keys are the same on every workstation: text fields and digits rely on them.
    pub fixed: bool,
}

const fn row(command: Command, name: &'static str, contexts: &'static [Context], keys: &'static [&'static str]) -> Row {
    Row {
        command,
        name,
        contexts,
        keys,
        fixed: false,
    }
}

const fn fixed(
    command: Command,
    name: &'static str,
    contexts: &'static [Context],
    keys: &'static [&'static str],
) -> Row {
    Row {
        command,
        name,
        contexts,
        keys,
        fixed: true,
    }
}

const EVERYWHERE: &[Context] = &Context::ALL;
const WALL: &[Context] = &[Context::Wall];
const FORM: &[Context] = &[Context::Form];
/// Where F6 goes to another part or list.
const PARTS: &[Context] = &[
    Context::Wall,
    Context::AccountList,
    Context::SessionList,
    Context::WorkstationList,
    Context::ServerState,
];
const CAMERAS: &[Context] = &[Context::CameraList];

/// F6 goes to the next area, so the layouts go from F2 to F10 around it.
pub(super) const TABLE: [Row; 101] = [
    fixed(Command::Next, "avanti", EVERYWHERE, &["Tab"]),
    fixed(Command::Previous, "precedente", EVERYWHERE, &["Maiusc+Tab"]),
    fixed(Command::Confirm, "conferma", EVERYWHERE, &["Invio"]),
    fixed(Command::Back, "indietro", EVERYWHERE, &["Esc"]),
    fixed(Command::Arrow(Direction::Left), "sinistra", EVERYWHERE, &["Sinistra"]),
    fixed(Command::Arrow(Direction::Right), "destra", EVERYWHERE, &["Destra"]),
    fixed(Command::Arrow(Direction::Up), "su", EVERYWHERE, &["Su"]),
    fixed(Command::Arrow(Direction::Down), "giu", EVERYWHERE, &["Giù"]),
    fixed(Command::Toggle, "segna", FORM, &["Spazio"]),
    fixed(Command::Digit(0), "cifra-0", WALL, &["0"]),
    fixed(Command::Digit(1), "cifra-1", WALL, &["1"]),
    fixed(Command::Digit(2), "cifra-2", WALL, &["2"]),
    fixed(Command::Digit(3), "cifra-3", WALL, &["3"]),
    fixed(Command::Digit(4), "cifra-4", WALL, &["4"]),
    fixed(Command::Digit(5), "cifra-5", WALL, &["5"]),
    fixed(Command::Digit(6), "cifra-6", WALL, &["6"]),
    fixed(Command::Digit(7), "cifra-7", WALL, &["7"]),
    fixed(Command::Digit(8), "cifra-8", WALL, &["8"]),
    fixed(Command::Digit(9), "cifra-9", WALL, &["9"]),
    row(Command::NextArea, "zona-seguente", PARTS, &["F6"]),
    row(Command::PreviousArea, "zona-precedente", PARTS, &["Maiusc+F6"]),
    row(
        Command::FastArrow(Direction::Left),
        "sinistra-veloce",
        WALL,
        &["Maiusc+Sinistra"],
    ),
    row(
        Command::FastArrow(Direction::Right),
        "destra-veloce",
        WALL,
        &["Maiusc+Destra"],
    ),
    row(Command::FastArrow(Direction::Up), "su-veloce", WALL, &["Maiusc+Su"]),
    row(Command::FastArrow(Direction::Down), "giu-veloce", WALL, &["Maiusc+Giù"]),
    row(
        Command::FineArrow(Direction::Left),
        "sinistra-fine",
        WALL,
        &["Ctrl+Sinistra"],
    ),
    row(
        Command::FineArrow(Direction::Right),
        "destra-fine",
        WALL,
        &["Ctrl+Destra"],
    ),
    row(Command::FineArrow(Direction::Up), "su-fine", WALL, &["Ctrl+Su"]),
    row(Command::FineArrow(Direction::Down), "giu-fine", WALL, &["Ctrl+Giù"]),
    row(
        Command::MoveTile(Direction::Left),
        "sposta-a-sinistra",
        WALL,
        &["Alt+Sinistra"],
    ),
    row(
        Command::MoveTile(Direction::Right),
        "sposta-a-destra",
        WALL,
        &["Alt+Destra"],
    ),
    row(Command::MoveTile(Direction::Up), "sposta-su", WALL, &["Alt+Su"]),
    row(Command::MoveTile(Direction::Down), "sposta-giu", WALL, &["Alt+Giù"]),
    row(Command::ZoomIn, "zoom-avanti", WALL, &["+", "="]),
    row(Command::ZoomOut, "zoom-indietro", WALL, &["-"]),
    row(Command::Stop, "ferma", WALL, &["Spazio"]),
    row(Command::CallHome, "posizione-iniziale", WALL, &["Inizio"]),
    row(Command::Patrol, "giro-posizioni", WALL, &["Ctrl+R"]),
    row(Command::CallPreset(1), "posizione-1", WALL, &["Alt+1"]),
    row(Command::CallPreset(2), "posizione-2", WALL, &["Alt+2"]),
    row(Command::CallPreset(3), "posizione-3", WALL, &["Alt+3"]),
    row(Command::CallPreset(4), "posizione-4", WALL, &["Alt+4"]),
    row(Command::CallPreset(5), "posizione-5", WALL, &["Alt+5"]),
    row(Command::CallPreset(6), "posizione-6", WALL, &["Alt+6"]),
    row(Command::CallPreset(7), "posizione-7", WALL, &["Alt+7"]),
    row(Command::CallPreset(8), "posizione-8", WALL, &["Alt+8"]),
    row(Command::CallPreset(9), "posizione-9", WALL, &["Alt+9"]),
    row(Command::SavePreset(1), "salva-posizione-1", WALL, &["Alt+Maiusc+1"]),
    row(Command::SavePreset(2), "salva-posizione-2", WALL, &["Alt+Maiusc+2"]),
    row(Command::SavePreset(3), "salva-posizione-3", WALL, &["Alt+Maiusc+3"]),
    row(Command::SavePreset(4), "salva-posizione-4", WALL, &["Alt+Maiusc+4"]),
    row(Command::SavePreset(5), "salva-posizione-5", WALL, &["Alt+Maiusc+5"]),
    row(Command::SavePreset(6), "salva-posizione-6", WALL, &["Alt+Maiusc+6"]),
    row(Command::SavePreset(7), "salva-posizione-7", WALL, &["Alt+Maiusc+7"]),
    row(Command::SavePreset(8), "salva-posizione-8", WALL, &["Alt+Maiusc+8"]),
    row(Command::SavePreset(9), "salva-posizione-9", WALL, &["Alt+Maiusc+9"]),
    row(Command::Layout(Layout::One), "riquadri-1", WALL, &["F2"]),
    row(Command::Layout(Layout::Four), "riquadri-4", WALL, &["F3"]),
    row(Command::Layout(Layout::Nine), "riquadri-9", WALL, &["F4"]),
    row(Command::Layout(Layout::Sixteen), "riquadri-16", WALL, &["F5"]),
    row(Command::Layout(Layout::TwentyFive), "riquadri-25", WALL, &["F7"]),
    row(Command::Layout(Layout::ThirtySix), "riquadri-36", WALL, &["F8"]),
    row(Command::Layout(Layout::SixtyFour), "riquadri-64", WALL, &["F9"]),
    row(Command::Layout(Layout::OneLarge), "uno-grande", WALL, &["F10"]),
    row(Command::WallAlone, "solo-parete", WALL, &["F11"]),
    row(Command::AskLease, "prendi-dome", WALL, &["G"]),
    row(Command::HandOver, "cedi-dome", &[Context::Wall, Context::Form], &["L"]),
    row(Command::Clearances, "nullaosta", WALL, &["N"]),
    row(Command::ClearancesInForce, "nullaosta-in-vigore", WALL, &["Alt+N"]),
    row(Command::Snapshot, "foto", &[Context::Wall, Context::Playback], &["S"]),
    row(
        Command::Export,
        "estrazione",
        &[Context::Wall, Context::Playback],
        &["E"],
    ),
    row(Command::Declare, "dichiara-evento", WALL, &["D"]),
    row(Command::ChangePurpose, "finalita", WALL, &["F"]),
    row(Command::ExtendGrace, "prosegui", WALL, &["Ctrl+G"]),
    row(Command::Masks, "maschere", WALL, &["M"]),
    row(Command::Calibrate, "taratura", WALL, &["K"]),
    row(Command::WriteToCamera, "scrivi-su-telecamera", WALL, &["Ctrl+M"]),
    row(Command::Search, "cerca", WALL, &["/"]),
    row(
        Command::Playback,
        "registrazioni",
        &[Context::Wall, Context::Playback],
        &["P"],
    ),
    row(Command::PlayPause, "pausa", &[Context::Playback], &["Spazio"]),
    row(Command::Figures, "dati-tecnici", WALL, &["I"]),
    row(Command::History, "storico", WALL, &["H"]),
    row(Command::NewWindow, "altra-finestra", WALL, &["Ctrl+N"]),
    row(Command::SavedWalls, "pareti-salvate", WALL, &["W"]),
    row(Command::CameraTour, "ronda", WALL, &["R"]),
    row(
        Command::Help,
        "aiuto",
        &[Context::Wall, Context::Diagnostics],
        &["?", "F1"],
    ),
    row(Command::SignOut, "esci", EVERYWHERE, &["Ctrl+Q"]),
    row(Command::Lock, "blocca", EVERYWHERE, &["Ctrl+L"]),
    row(Command::People, "persone", EVERYWHERE, &["Ctrl+P"]),
    row(Command::Cameras, "telecamere", EVERYWHERE, &["Ctrl+T"]),
    row(Command::Recertify, "conferma-account", &[Context::AccountList], &["C"]),
    row(Command::Admit, "ammetti-responsabile", &[Context::AccountList], &["A"]),
    row(Command::Disable, "disabilita-account", &[Context::AccountList], &["D"]),
    row(
        Command::EndSession,
        "termina-sessione",
        &[Context::AccountList, Context::SessionList],
        &["T"],
    ),
    row(
        Command::NewWorkstation,
        "nuova-postazione",
        &[Context::WorkstationList],
        &["N"],
    ),
    row(
        Command::Revoke,
        "revoca-postazione",
        &[Context::WorkstationList],
        &["D"],
    ),
    row(Command::NewCamera, "nuova-telecamera", CAMERAS, &["N"]),
    row(Command::FindCameras, "cerca-in-rete", CAMERAS, &["/"]),
    row(Command::RemoveCamera, "togli-telecamera", CAMERAS, &["D"]),
    row(Command::Approve, "approva-proposta", CAMERAS, &["C"]),
    row(Command::Decline, "respingi-proposta", CAMERAS, &["T"]),
];

impl Command {
    /// Every command, in the order of the table.
    pub fn all() -> impl Iterator<Item = Command> {
        TABLE.iter().map(|row| row.command)
    }
}

impl Row {
    pub(super) fn default_chords(&self) -> Vec<Chord> {
        self.keys.iter().filter_map(|key| key.parse().ok()).collect()
    }

    /// Whether there is a context in which both can be asked for.
    pub(super) fn meets(&self, other: &Row) -> bool {
        self.contexts.iter().any(|context| other.contexts.contains(context))
    }
}

/// The table in force.
#[derive(Debug, Clone)]
pub struct Keymap {
    commands: HashMap<(Context, Chord), Command>,
    chords: HashMap<Command, Vec<Chord>>,
}

impl Default for Keymap {
    fn default() -> Self {
        Keymap::of(TABLE.iter().map(|row| (row, row.default_chords())))
    }
}

impl Keymap {
    /// The table with these chords for each row.
    pub(super) fn of<'a>(rows: impl Iterator<Item = (&'a Row, Vec<Chord>)>) -> Keymap {
        let (mut commands, mut chords) = (HashMap::new(), HashMap::new());
        for (row, keys) in rows {
            for context in row.contexts {
                commands.extend(keys.iter().map(|chord| ((*context, chord.clone()), row.command)));
            }
            chords.insert(row.command, keys);
        }
        Keymap { commands, chords }
    }

    /// What a chord means in a context.
    pub fn command(&self, context: Context, chord: &Chord) -> Option<Command> {
        self.commands.get(&(context, chord.clone())).copied()
    }

    /// What a key that goes down means in a context.
    pub fn pressed(&self, context: Context, event: &keyboard::Event) -> Option<Command> {
        let keyboard::Event::KeyPressed {
            key,
            modified_key,
            physical_key,
            modifiers,
            ..
        } = event
        else {
            return None;
        };
        self.command(context, &Chord::of(key, modified_key, physical_key, *modifiers)?)
    }

    /// The chords of a command as they are printed, the one for buttons first.
    pub fn chords(&self, command: Command) -> Vec<String> {
        let chords = self.chords.get(&command).map(Vec::as_slice).unwrap_or_default();
        chords.iter().map(Chord::to_string).collect()
    }

    /// The chord of a command that is printed on its button; `None` where the file took its keys away.
    pub fn key(&self, command: Command) -> Option<String> {
        self.chords.get(&command)?.first().map(Chord::to_string)
    }

    /// The chord of a command inside a sentence.
    pub fn named(&self, command: Command) -> String {
        self.key(command).unwrap_or_else(|| fl!("key-none"))
    }
}

/// The key of a command that has the same one on every workstation, as it is printed; empty for any other command.
pub fn fixed_key(command: Command) -> String {
    let row = TABLE.iter().find(|row| row.fixed && row.command == command);
    let chord = row.and_then(|row| row.default_chords().into_iter().next());
    chord.map(|chord| chord.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_chord_means_two_things_in_one_context_and_every_chord_can_be_read() {
        let mut written = 0;
        for row in &TABLE {
            assert_eq!(row.default_chords().len(), row.keys.len(), "{}", row.name);
            written += row.contexts.len() * row.keys.len();
        }
        assert_eq!(Keymap::default().commands.len(), written);
    }

    #[test]
    fn no_name_and_no_command_is_in_the_table_twice_and_every_layout_has_a_key() {
        let names: HashSet<_> = TABLE.iter().map(|row| row.name).collect();
        let commands: HashSet<_> = TABLE.iter().map(|row| row.command).collect();
        assert_eq!((names.len(), commands.len()), (TABLE.len(), TABLE.len()));
        for layout in Layout::ALL {
            assert!(Keymap::default().key(Command::Layout(layout)).is_some(), "{layout:?}");
        }
    }

    #[test]
    fn no_sentence_names_a_key_that_a_workstation_may_change() {
        let languages = [
            include_str!("../../../i18n/it/vedetta.ftl"),
            include_str!("../../../i18n/en/vedetta.ftl"),
        ];
        let changed = TABLE.iter().filter(|row| !row.fixed).flat_map(|row| row.keys);
        let mut marks: Vec<String> = changed
            .flat_map(|key| [format!("({key})"), format!("( {key} )")])
            .collect();
        marks.extend(["Ctrl+", "Alt+", "Maiusc+", "Shift+"].map(str::to_owned));
        let named = |line: &&str| marks.iter().any(|mark| line.contains(mark));
        let wrong: Vec<&str> = languages.into_iter().flat_map(str::lines).filter(named).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn a_letter_means_in_each_list_what_that_list_can_do() {
        let keymap = Keymap::default();
        let meaning = |context, text: &str| keymap.command(context, &text.parse().unwrap());
        assert_eq!(meaning(Context::Wall, "D"), Some(Command::Declare));
        assert_eq!(meaning(Context::AccountList, "D"), Some(Command::Disable));
        assert_eq!(meaning(Context::AccountList, "A"), Some(Command::Admit));
        assert_eq!(meaning(Context::WorkstationList, "D"), Some(Command::Revoke));
        assert_eq!(meaning(Context::CameraList, "D"), Some(Command::RemoveCamera));
        assert_eq!(meaning(Context::SessionList, "D"), None);
        assert_eq!(meaning(Context::Form, "D"), None);
    }

    #[test]
    fn the_first_key_of_a_command_is_the_one_on_its_button() {
        let keymap = Keymap::default();
        assert_eq!(keymap.chords(Command::Help), ["?", "F1"]);
        assert_eq!(keymap.key(Command::Snapshot).as_deref(), Some("S"));
        assert_eq!(fixed_key(Command::Confirm), "Invio");
        assert_eq!(fixed_key(Command::Snapshot), "");
    }
}
