//! Saved walls: choosing one for this window, saving this one under a name, forgetting one.
//!
//! Invariant: forgetting asks by a key of its own and says which name. Deliberately absent: keeping them (`app`).

use crate::domain::saved_wall::{Arrangements, MAX_NAME, NotSaved};
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::{Command, Direction, fixed_key};
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, body, field, heading, labelled, quiet};
use iced::alignment::Vertical;
use iced::widget::{Column, button, column, row, text};
use iced::{Element, Fill, Task, widget};

const NAME: &str = "wall-name";

/// What happens in the dialogue.
#[derive(Debug, Clone)]
pub enum Message {
    Name(String),
    /// Save this window's wall under the name in the field.
    Save,
    Load(String),
    Forget(String),
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
    pub fn new<M: Send + 'static>(kept: &Arrangements) -> (WallChooser, Task<M>) {
        let chooser = WallChooser {
            at: (!kept.saved.is_empty()).then_some(0),
            ..WallChooser::default()
        };
        let focus = chooser.focus();
        (chooser, focus)
    }

    fn focus<M: Send + 'static>(&self) -> Task<M> {
        widget::operation::focus(if self.at.is_none() { NAME } else { "nowhere" })
    }

    /// The wall could not be saved.
    pub fn failed(&mut self, why: NotSaved) {
        self.error = Some(match why {
            NotSaved::NoName => fl!("walls-no-name"),
            NotSaved::LongName => fl!("walls-long-name", n = MAX_NAME.to_string()),
            NotSaved::TooMany => fl!("walls-too-many"),
        });
    }

    /// Changes the state; the task moves the keyboard.
    pub fn update<M: Send + 'static>(&mut self, message: Message, kept: &Arrangements) -> (Action, Task<M>) {
        let act = match message {
            Message::Name(name) => {
                (self.name, self.error) = (name, None);
                Action::None
            }
            Message::Save => Action::Save(self.name.clone()),
            Message::Load(name) => Action::Load(name),
            Message::Forget(name) => Action::Forget(name),
            Message::Command(Command::Back) => Action::Close,
            Message::Command(Command::Confirm) => match self.chosen(kept) {
                Some(name) => Action::Load(name.clone()),
                None => Action::Save(self.name.clone()),
            },
            Message::Command(Command::Next | Command::Arrow(Direction::Down)) => self.go(1, kept),
            Message::Command(Command::Previous | Command::Arrow(Direction::Up)) => self.go(-1, kept),
            Message::Command(_) => Action::None,
        };
        (act, self.focus())
    }

    /// Through the saved walls, then the field, and round again.
    fn go(&mut self, step: isize, kept: &Arrangements) -> Action {
        let places = kept.saved.len() as isize + 1;
        let here = self.at.map_or(places - 1, |at| at as isize);
        let next = (here + step).rem_euclid(places);
        self.at = (next < places - 1).then_some(next as usize);
        Action::None
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
        dialogue
            .push(text(fl!("walls-hint")).size(theme::SMALL).color(theme::QUIET))
            .spacing(14)
            .width(560)
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
        let (mut chooser, _) = WallChooser::new::<()>(&kept);
        let mut press = |command| chooser.update::<()>(Message::Command(command), &kept).0;
        assert_eq!(press(Command::Confirm), Action::Load("mercato".into()));
        press(Command::Arrow(Direction::Down));
        assert_eq!(press(Command::Confirm), Action::Load("scuole".into()));
        press(Command::Next);
        assert_eq!(press(Command::Confirm), Action::Save(String::new()));
        press(Command::Next);
        assert_eq!(press(Command::Confirm), Action::Load("mercato".into()));
        assert_eq!(press(Command::Back), Action::Close);
    }
}
