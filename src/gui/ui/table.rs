//! A table with a chosen line: titles, lines, columns of fixed parts of the width.
//!
//! Invariant: titles and lines have the same columns. Deliberately absent: what the lines are.

use crate::gui::i18n::fl;
use crate::gui::input::{Command, Keymap, fixed_key};
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::quiet;
use iced::alignment::Vertical;
use iced::widget::{button, container, row, scrollable, text};
use iced::{Element, Fill, FillPortion, widget};

/// Between two columns, and inside a line, logical pixels.
const GAP: f32 = 10.0;

/// One cell of a line.
pub struct Cell {
    words: String,
    tone: Tone,
    strong: bool,
}

impl Cell {
    /// Words of no special kind.
    pub fn plain(words: impl Into<String>) -> Cell {
        Cell {
            words: words.into(),
            tone: Tone::Normal,
            strong: false,
        }
    }

    /// What the line is about.
    pub fn strong(words: impl Into<String>) -> Cell {
        Cell {
            strong: true,
            ..Cell::plain(words)
        }
    }

    /// Words whose tone says something.
    pub fn toned(words: impl Into<String>, tone: Tone) -> Cell {
        Cell {
            tone,
            ..Cell::plain(words)
        }
    }
}

/// How the keyboard goes through a list of the account administration.
pub fn hint(keymap: &Keymap) -> String {
    fl!(
        "list-hint",
        area = keymap.key(Command::NextArea).unwrap_or_default(),
        back = fixed_key(Command::Back)
    )
}

/// The titles over a table whose columns take these parts of its width.
pub fn titles<'a, Message: 'a, const N: usize>(titles: [String; N], parts: [u16; N]) -> Element<'a, Message> {
    let cells = titles
        .into_iter()
        .zip(parts)
        .map(|(title, part)| quiet(title).width(FillPortion(part)).into());
    container(row(cells).spacing(GAP)).padding([0, 10]).into()
}

/// A line.
pub fn line<'a, Message: Clone + 'a, const N: usize>(
    cells: [Cell; N],
    parts: [u16; N],
    chosen: bool,
    on_press: Message,
) -> Element<'a, Message> {
    let cells = cells.into_iter().zip(parts).map(|(cell, part)| {
        let mut words = text(cell.words).size(theme::SMALL).width(FillPortion(part));
        if cell.strong {
            words = words.font(theme::STRONG);
        }
        if cell.tone != Tone::Normal {
            words = words.color(cell.tone.colour());
        }
        words.into()
    });
    button(row(cells).spacing(GAP).align_y(Vertical::Center))
        .width(Fill)
        .padding([6, 10])
        .style(theme::plain(chosen))
        .on_press(on_press)
        .into()
}

/// A heading between lines.
pub fn group<'a, Message: 'a>(words: &'a str) -> Element<'a, Message> {
    text(words).size(theme::SMALL).font(theme::STRONG).into()
}

/// The lines, scrolled.
pub fn lines<'a, Message: 'a>(id: &'static str, lines: Vec<Element<'a, Message>>) -> Element<'a, Message> {
    let list = widget::column(lines).spacing(2);
    // Beside the lines, not over their ends.
    scrollable(list)
        .id(id)
        .spacing(4)
        .height(Fill)
        .style(theme::scroll)
        .into()
}
