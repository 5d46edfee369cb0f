//! How the sign-in looks.
//!
//! Invariant: no field and no purpose moves when something is said. Deliberately absent: what happens.

use super::{AGAIN, CODE, Change, Message, NEW, NOTE, PASSWORD, PROTOCOL, Place, SignIn, USER};
use crate::domain::people::Purpose;
use crate::gui::i18n::fl;
use crate::gui::icons::{Icon, icon};
use crate::gui::sentences::{self, PURPOSES};
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{field, labelled, quiet};
use crate::gui::widget::focus_scope::FocusScope;
use iced::alignment::Vertical;
use iced::widget::{Column, Space, button, column, container, mouse_area, responsive, row, scrollable, text};
use iced::{Element, Fill, FillPortion, Size};
use secrecy::{ExposeSecret as _, SecretString};

/// A card narrower than this has everything in one column, logical pixels.
const TWO_COLUMNS: f32 = 900.0;
/// Below this height the screen gives up its title and its air, logical pixels.
const LOW: f32 = 640.0;

/// Height of the longest sentence in two columns, three lines of it, logical pixels.
const LONGEST: f32 = 56.0;

impl SignIn {
    /// The screen.
    pub fn view(&self) -> Element<'_, Message> {
        let card = move |size: Size| {
            let wide = size.width >= TWO_COLUMNS && self.elsewhere.is_none();
            // A small screen at 150 %: every field is to be seen without scrolling.
            let low = size.height < LOW;
            let (inner, outer) = if low { (14, 6) } else { (28, 16) };
            let card = container(self.card(wide, low)).padding(inner).style(theme::card);
            let card = card.width(if wide { 860 } else { 520 });
            container(scrollable(container(card).center_x(Fill).padding(outer)).style(theme::scroll))
                .center(Fill)
                .into()
        };
        if self.elsewhere.is_some() {
            return responsive(card).into();
        }
        let at = Some(self.at());
        FocusScope::new(responsive(card), self.stops(), at, Message::Command, Message::Clicked).into()
    }

    fn card(&self, wide: bool, low: bool) -> Column<'_, Message> {
        let title = row![
            icon(Icon::Camera, theme::TITLE).color(theme::ACCENT),
            text("Vedetta").size(theme::TITLE)
        ]
        .spacing(12);
        let mut card = Column::new().spacing(if low { 8 } else { 16 });
        if !low {
            card = card.push(title);
        }
        if let Some(elsewhere) = &self.elsewhere {
            return card.push(elsewhere.view().map(Message::Elsewhere));
        }
        let who = self.who();
        let second: Element<'_, Message> = match &self.change {
            Some(change) => change_fields(change),
            None => self.why(low),
        };
        card = if wide {
            let below = column![who, self.enter_button()].spacing(16);
            card.push(row![below, second].spacing(28))
        } else {
            card.push(who).push(second).push(self.enter_button())
        };
        card = card.push(self.said());
        card.push(quiet(self.standing.clone().unwrap_or_else(|| fl!("sign-in-recorded"))))
    }

    /// What is wrong, where there is room for the longest sentence before it is said: no field moves under a click.
    fn said(&self) -> Element<'_, Message> {
        let error = self.error.as_deref().map(|error| (error, Tone::Attention));
        let clock = self.clock.as_deref().map(|clock| (clock, Tone::Act));
        let lines = error.into_iter().chain(clock);
        let said = lines.map(|(words, tone)| labelled(Icon::Warning, words, tone).into());
        row![Space::new().height(LONGEST), column(said).spacing(4)].into()
    }

    /// Who it is.
    fn who(&self) -> Element<'_, Message> {
        let name = field(
            fl!("sign-in-user"),
            USER,
            &self.user,
            false,
            Message::User,
            Message::Enter,
        );
        let password = secret(fl!("sign-in-password"), PASSWORD, &self.password, Message::Password);
        let mut who = column![name, password].spacing(12).width(Fill);
        if self.asks_code {
            who = who.push(secret(fl!("sign-in-code"), CODE, &self.code, Message::Code));
        }
        who.into()
    }

    /// For which purpose.
    fn why(&self, low: bool) -> Element<'_, Message> {
        let choice = |(index, purpose): (usize, Purpose)| {
            let chosen = index == self.purpose;
            let sign = if chosen { "●" } else { "○" };
            let line = row![
                text(sign).color(if chosen { theme::ACCENT } else { theme::QUIET }),
                text(sentences::purpose(purpose))
            ];
            mouse_area(
                container(line.spacing(10))
                    .padding([if low { 1 } else { 4 }, 8])
                    .width(Fill)
                    .style(theme::row(chosen)),
            )
            .on_press(Message::Purpose(index))
            .interaction(iced::mouse::Interaction::Pointer)
            .into()
        };
        let purposes = column(PURPOSES.into_iter().enumerate().map(choice)).spacing(2);
        let purposes = container(purposes)
            .padding(4)
            .style(theme::area(self.place == Place::Purpose));
        let number = if PURPOSES[self.purpose].needs_protocol_no() {
            fl!("sign-in-protocol-needed")
        } else {
            fl!("sign-in-protocol")
        };
        let more = row![
            field(
                number,
                PROTOCOL,
                &self.protocol_no,
                false,
                Message::ProtocolNo,
                Message::Enter
            )
            .width(FillPortion(2)),
            field(
                fl!("sign-in-note"),
                NOTE,
                &self.note,
                false,
                Message::Note,
                Message::Enter
            )
            .width(FillPortion(1)),
        ];
        column![
            column![quiet(fl!("sign-in-purpose")), purposes].spacing(4),
            more.spacing(12).align_y(Vertical::Bottom)
        ]
        .spacing(12)
        .width(Fill)
        .into()
    }

    fn enter_button(&self) -> Element<'_, Message> {
        let label = if self.waiting {
            fl!("sign-in-waiting")
        } else if self.change.is_some() {
            fl!("sign-in-change")
        } else {
            fl!("sign-in-enter")
        };
        button(text(label).width(Fill).center())
            .padding(11)
            .width(Fill)
            .style(theme::primary(self.place == Place::Enter))
            .on_press_maybe((!self.waiting).then_some(Message::Enter))
            .into()
    }
}

fn change_fields(change: &Change) -> Element<'_, Message> {
    let new = secret(fl!("sign-in-new-password"), NEW, &change.new, Message::New);
    let again = secret(fl!("sign-in-new-again"), AGAIN, &change.again, Message::Again);
    column![new, again].spacing(12).width(Fill).into()
}

/// A field whose text is not shown.
fn secret<'a>(
    label: String,
    id: &'static str,
    typed: &SecretString,
    on_input: fn(SecretString) -> Message,
) -> Column<'a, Message> {
    let on_input = move |text: String| on_input(text.into());
    field(label, id, typed.expose_secret(), true, on_input, Message::Enter)
}
