//! A table with a chosen line: titles, lines, columns of fixed parts of the width.
//!
//! Invariant: titles and lines have the same columns. Deliberately absent: what the lines are.

use crate::gui::i18n::fl;
use crate::gui::input::{Command, Keymap, fixed_key};
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::quiet;
use iced::alignment::Vertical;
use iced::widget::{button, container, row, scrollable, text};
use iced::{Element, Fill, FillPortion, Padding, widget};

/// Between two columns, and inside a line, logical pixels.
const GAP: f32 = 10.0;
/// What the scrollbar takes at the right, and the lines leave free also while it does not show: so the titles stand over their
/// columns, and a line more moves nothing sideways. Logical pixels.
const SCROLLBAR: f32 = 14.0;

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
    over_lines(container(row(cells).spacing(GAP)).padding([0, 10]))
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
pub fn group<'a, Message: 'a>(words: impl text::IntoFragment<'a>) -> Element<'a, Message> {
    text(words).size(theme::SMALL).font(theme::STRONG).into()
}

/// The lines, scrolled.
pub fn lines<'a, Message: 'a>(id: &'static str, lines: Vec<Element<'a, Message>>) -> Element<'a, Message> {
    scrolled(id, widget::column(lines).spacing(2))
}

/// What stands over scrolled lines, as wide as they are.
pub fn over_lines<'a, Message: 'a>(titles: impl Into<Element<'a, Message>>) -> Element<'a, Message> {
    container(titles)
        .width(Fill)
        .padding(Padding::default().right(SCROLLBAR))
        .into()
}

/// A column of lines with its scrollbar beside them, not over their ends.
pub fn scrolled<'a, Message: 'a>(id: &'static str, lines: impl Into<Element<'a, Message>>) -> Element<'a, Message> {
    scrollable(over_lines(lines))
        .id(id)
        .height(Fill)
        .style(theme::scroll)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::widget::typist::Typist;

    #[test]
    fn titles_stand_over_their_columns_whether_the_scrollbar_shows_or_not() {
        let parts = [9, 24, 20, 30];
        let words = || ["a", "b", "c", "d"];
        let mut typist = Typist::new();
        let over: Element<'_, ()> = titles(words().map(str::to_owned), parts);
        let titles = typist.leaves(over);
        for count in [1, 200] {
            let line = |_| line(words().map(Cell::plain), parts, false, ());
            let cells = typist.leaves(lines("table", (0..count).map(line).collect()));
            let lefts = |all: &[iced::Rectangle]| all.iter().take(4).map(|one| one.x).collect::<Vec<_>>();
            assert_eq!(lefts(&cells), lefts(&titles), "{count} lines");
        }
    }
}
