//! Saved walls: choosing one for this window, saving this one under a name, forgetting one.
//!
//! Invariant: forgetting asks by a key of its own and says which name. Deliberately absent: keeping them (`app`).

use crate::domain::saved_wall::{Arrangements, MAX_NAME, NotSaved};
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::{Command, fixed_key};
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, body, field, heading, labelled, quiet};
use crate::gui::widget::focus_scope::{self, FocusScope, Stop};
use iced::alignment::Vertical;
use iced::widget::{Column, button, column, row};
use iced::{Element, Fill};

const NAME: &str = "wall-name";

/// What happens in the dialogue.
#[derive(Debug, Clone)]
pub enum Message {
    Name(String),
    /// Save this window's wall under the name in the field.
    Save,
    Load(String),
    Forget(String),
    /// The n-th stop of the keyboard was clicked.
    Clicked(usize),
    Command(Command),
}

/// What the parent does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    None,
    Save(String),
    Load(String),
    Forget(String),
    Close,
}

/// The dialogue's state.
#[derive(Debug, Default)]
pub struct WallChooser {
    name: String,
    /// The saved wall the keyboard is on; `None` while it is in the field.
    at: Option<usize>,
    error: Option<String>,
}

impl WallChooser {
    /// The dialogue, with the keyboard on the first saved wall, or in the field when there is none.
    pub fn new(kept: &Arrangements) -> WallChooser {
        WallChooser {
            at: (!kept.saved.is_empty()).then_some(0),
            ..WallChooser::default()
        }
    }

    /// The saved walls, then the field.
    fn stops(kept: &Arrangements) -> Vec<Stop> {
        let walls = kept.saved.keys().map(|_| Stop::Button);
        walls.chain([Stop::Field(NAME.into())]).collect()
    }

    fn stop(&self, kept: &Arrangements) -> usize {
        self.at.unwrap_or(kept.saved.len())
    }

    /// The wall could not be saved.
    pub fn failed(&mut self, why: NotSaved) {
        self.error = Some(match why {
            NotSaved::NoName => fl!("walls-no-name"),
            NotSaved::LongName => fl!("walls-long-name", n = MAX_NAME.to_string()),
            NotSaved::TooMany => fl!("walls-too-many"),
        });
    }

    /// Changes the state and says what to do.
    pub fn update(&mut self, message: Message, kept: &Arrangements) -> Action {
        match message {
            Message::Name(name) => (self.name, self.error) = (name, None),
            Message::Save => return Action::Save(self.name.clone()),
            Message::Load(name) => return Action::Load(name),
            Message::Forget(name) => return Action::Forget(name),
            Message::Clicked(stop) => self.go_to(stop, kept),
            Message::Command(Command::Back) => return Action::Close,
            Message::Command(Command::Confirm) => {
                return match self.chosen(kept) {
                    Some(name) => Action::Load(name.clone()),
                    None => Action::Save(self.name.clone()),
                };
            }
            Message::Command(command) => {
                let stops = Self::stops(kept);
                self.go_to(focus_scope::moved(&stops, self.stop(kept), command), kept);
            }
        }
        Action::None
    }

    fn go_to(&mut self, stop: usize, kept: &Arrangements) {
        self.at = (stop < kept.saved.len()).then_some(stop);
    }

    fn chosen<'a>(&self, kept: &'a Arrangements) -> Option<&'a String> {
        kept.saved.keys().nth(self.at?)
    }

    /// The dialogue.
    pub fn view<'a>(&'a self, kept: &'a Arrangements) -> Element<'a, Message> {
        let chosen = self.chosen(kept);
        let line = |(name, wall): (&'a String, &crate::domain::saved_wall::Arrangement)| {
            let tiles = fl!("walls-tiles", n = wall.layout.tiles().to_string());
            let words = row![body(name.as_str()).width(Fill), quiet(tiles)].align_y(Vertical::Center);
            let load = button(words)
                .width(Fill)
                .padding([6, 10])
                .style(theme::plain(chosen == Some(name)))
                .on_press(Message::Load(name.clone()));
            let forget = action(
                Icon::Close,
                fl!("walls-forget"),
                None,
                false,
                Some(Message::Forget(name.clone())),
            );
            row![load, forget].spacing(theme::GAP).into()
        };
        let list: Element<'_, Message> = if kept.saved.is_empty() {
            quiet(fl!("walls-none")).into()
        } else {
            Column::with_children(kept.saved.iter().map(line)).spacing(4).into()
        };
        let name = field(fl!("walls-name"), NAME, &self.name, false, Message::Name, Message::Save).width(Fill);
        let save = action(
            Icon::Save,
            fl!("walls-save"),
            self.at.is_none().then(|| fixed_key(Command::Confirm)).as_ref(),
            self.at.is_none(),
            Some(Message::Save),
        );
        let mut dialogue = column![
            heading(fl!("walls-title")),
            list,
            row![name, save].spacing(theme::GAP).align_y(Vertical::Bottom),
        ];
        if let Some(error) = &self.error {
            dialogue = dialogue.push(labelled(Icon::Warning, error.as_str(), Tone::Attention));
        }
        let hint = if kept.saved.is_empty() {
            fl!("walls-hint-first")
        } else {
            fl!("walls-hint")
        };
        let dialogue = dialogue.push(quiet(hint));
        let dialogue = dialogue.spacing(14).width(560);
        let (stops, at) = (Self::stops(kept), Some(self.stop(kept)));
        FocusScope::new(dialogue, stops, at, Message::Command, Message::Clicked)
            .vertical()
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::saved_wall::Arrangement;

    #[test]
    fn the_keyboard_goes_through_the_saved_walls_and_the_field() {
        let mut kept = Arrangements::default();
        for name in ["mercato", "scuole"] {
            kept.save(name, Arrangement::of([])).unwrap();
        }
        let mut chooser = WallChooser::new(&kept);
        let mut press = |command| chooser.update(Message::Command(command), &kept);
        assert_eq!(press(Command::Confirm), Action::Load("mercato".into()));
        press(Command::Next);
        assert_eq!(press(Command::Confirm), Action::Load("scuole".into()));
        press(Command::Next);
        assert_eq!(press(Command::Confirm), Action::Save(String::new()));
        press(Command::Next);
        assert_eq!(press(Command::Confirm), Action::Load("mercato".into()));
        assert_eq!(press(Command::Back), Action::Close);
    }
}
