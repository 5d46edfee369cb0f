//! Small controls in the house style: a word with its icon, a labelled field, a frame that shows the keyboard's place.
//!
//! Deliberately absent: state.

use crate::gui::icons::{Icon, icon};
use crate::gui::theme::{self, Tone};
use iced::alignment::Vertical;
use iced::widget::{
    Button, Column, Row, Text, button, column, container, mouse_area, opaque, row, scrollable, stack, text, text_input,
};
use iced::{Element, Fill, Shrink, Task, Theme, widget};

/// Text of the body size.
pub fn body<'a>(words: impl text::IntoFragment<'a>) -> Text<'a, Theme> {
    text(words).size(theme::BODY)
}

/// Text of second rank.
pub fn quiet<'a>(words: impl text::IntoFragment<'a>) -> Text<'a, Theme> {
    text(words).size(theme::SMALL).color(theme::QUIET)
}

/// A heading.
pub fn heading<'a>(words: impl text::IntoFragment<'a>) -> Text<'a, Theme> {
    text(words).size(theme::HEADING).font(theme::STRONG)
}

/// An icon with its word beside it.
pub fn labelled<'a, Message: 'a>(sign: Icon, words: impl text::IntoFragment<'a>, tone: Tone) -> Row<'a, Message> {
    let colour = tone.colour();
    row![
        icon(sign, theme::BODY).color(colour),
        text(words).size(theme::SMALL).color(colour)
    ]
    .spacing(6)
    .align_y(Vertical::Center)
}

/// A button with an icon, a word and the key that does the same.
pub fn action<'a, Message: Clone + 'a>(
    sign: Icon,
    words: String,
    key: Option<&String>,
    focused: bool,
    on_press: Option<Message>,
) -> Button<'a, Message> {
    let words = text(words).size(theme::SMALL).wrapping(text::Wrapping::None);
    let mut content = row![icon(sign, theme::BODY), words]
        .spacing(7)
        .align_y(Vertical::Center);
    if let Some(key) = key {
        content = content.push(text(key.clone()).size(theme::SMALL).color(theme::QUIET));
    }
    button(content)
        .padding([6, 10])
        .style(theme::plain(focused))
        .on_press_maybe(on_press)
}

/// A field with its label above.
pub fn field<'a, Message: Clone + 'a>(
    label: String,
    id: impl Into<widget::Id>,
    value: &str,
    secret: bool,
    on_input: impl Fn(String) -> Message + 'a,
    on_submit: Message,
) -> Column<'a, Message> {
    let input = text_input("", value)
        .id(id)
        .secure(secret)
        .on_input(on_input)
        .on_submit(on_submit)
        .size(theme::BODY)
        .padding(9)
        .style(theme::field);
    column![quiet(label), input].spacing(4)
}

/// A field in whose label's line stands what is wrong with what is typed in it, where something is.
pub fn marked_field<'a, Message: Clone + 'a>(
    label: String,
    fault: Option<String>,
    id: impl Into<widget::Id>,
    value: &str,
    on_input: impl Fn(String) -> Message + 'a,
    on_submit: Message,
) -> Column<'a, Message> {
    let Some(fault) = fault else {
        return field(label, id, value, false, on_input, on_submit);
    };
    let input = text_input("", value)
        .id(id)
        .on_input(on_input)
        .on_submit(on_submit)
        .size(theme::BODY)
        .padding(9)
        .style(theme::wrong_field);
    let said = text(fault).size(theme::SMALL).wrapping(text::Wrapping::None);
    column![container(said.color(Tone::Attention.colour())).clip(true), input].spacing(4)
}

/// What became of something that was asked for.
pub fn outcome<'a, Message: 'a>(words: impl text::IntoFragment<'a>, tone: Tone) -> Row<'a, Message> {
    let sign = if tone == Tone::Normal {
        Icon::Done
    } else {
        Icon::Warning
    };
    labelled(sign, words, tone)
}

/// What is scrolled of a dialogue.
const DIALOGUE: &str = "dialogue";

/// Scrolls the dialogue by so many logical pixels.
pub fn scroll_dialogue<Message: Send + 'static>(y: f32) -> Task<Message> {
    widget::operation::scroll_by(DIALOGUE, widget::operation::AbsoluteOffset { x: 0.0, y })
}

/// A dialogue over everything else, scrolled where the window is lower; nothing under it can be reached by the pointer.
pub fn over<'a, Message: Clone + 'a>(
    under: Element<'a, Message>,
    dialogue: Element<'a, Message>,
    on_dismiss: Message,
) -> Element<'a, Message> {
    // Close to the edge: at 150 % a window on a small screen is 512 logical pixels high, and the buttons are at the bottom.
    let scrolled = scrollable(container(dialogue).padding([16, 24])).id(DIALOGUE);
    let card = container(opaque(container(scrolled).style(theme::card)))
        .center(Fill)
        .padding(8)
        .style(theme::veil);
    stack![under, opaque(mouse_area(card).on_press(on_dismiss))].into()
}

/// A label and its value on one line.
pub fn fact<'a, Message: 'a>(label: String, value: String) -> Element<'a, Message> {
    row![quiet(label).width(Fill), text(value).size(theme::SMALL).width(Shrink)]
        .spacing(theme::GAP)
        .into()
}
