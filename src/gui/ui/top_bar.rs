//! The top bar: who is here, for which purpose, what time it is, whether the record has arrived, how the server does.
//!
//! Invariant: it is on every screen of a signed-in person. Deliberately absent: acting on any of it.

use crate::domain::people::Person;
use crate::domain::people::stated_purpose::Stated;
use crate::gui::ellipsis;
use crate::gui::i18n::fl;
use crate::gui::icons::{Icon, icon};
use crate::gui::sentences;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, labelled};
use crate::station::{AuditState, Health, ServerState};
use iced::alignment::Vertical;
use iced::widget::{Row, column, container, mouse_area, responsive, row, text};
use iced::{Element, Fill, Shrink};
use std::time::{Instant, SystemTime};

/// What a hand does to the bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    Help,
    SignOut,
    /// Change the purpose.
    Purpose,
}

/// What the bar shows.
pub struct Facts<'a> {
    pub person: &'a Person,
    pub stated: &'a Stated,
    pub health: &'a Health,
    pub clock: SystemTime,
    pub now: Instant,
    /// The keys of help, of signing out, and of another purpose where that can be chosen.
    pub keys: [Option<String>; 3],
    pub focus: Option<usize>,
}

/// Below this width there is room for the words that an officer needs and no others, logical pixels.
const NARROW: f32 = 1150.0;
/// Most that the names of the person take of the bar's width.
const PERSON: f32 = 0.27;
/// Width of a letter, as a share of the size of the text: on the average of the program's font, and a little more.
const LETTER: f32 = 0.54;

/// The bar.
pub fn view(facts: Facts<'_>) -> Element<'_, Message> {
    responsive(move |size| bar(&facts, size.width)).height(Shrink).into()
}

fn bar<'a>(facts: &Facts<'a>, width: f32) -> Element<'a, Message> {
    let narrow = width < NARROW;
    let letters = (width * PERSON / (theme::SMALL * LETTER)) as usize;
    let person = column![
        text(ellipsis::cut(&facts.person.display_name, letters))
            .size(theme::SMALL)
            .wrapping(text::Wrapping::None)
            .font(theme::STRONG),
        text(ellipsis::cut(
            &format!("{} · {}", sentences::level(facts.person.level), facts.person.agency),
            letters
        ))
        .size(theme::SMALL)
        .wrapping(text::Wrapping::None)
        .color(theme::QUIET),
    ];
    let of_purpose = match &facts.keys[2] {
        Some(key) => format!("{} ({key})", fl!("bar-purpose")),
        None => fl!("bar-purpose"),
    };
    let purpose = column![
        text(of_purpose)
            .size(theme::SMALL)
            .wrapping(text::Wrapping::None)
            .color(theme::QUIET),
        text(sentences::stated(facts.stated))
            .size(theme::SMALL)
            .wrapping(text::Wrapping::None),
    ];
    let purpose: Element<'_, Message> = match facts.keys[2] {
        Some(_) => mouse_area(purpose)
            .on_press(Message::Purpose)
            .interaction(iced::mouse::Interaction::Pointer)
            .into(),
        None => purpose.into(),
    };
    let time = sentences::in_rome(facts.clock);
    let clock: Element<'_, Message> = match facts.health.clock {
        // The date is what is wrong with it most often. Two lines: the purpose keeps its room.
        Some(_) => {
            let now = time.strftime("%d/%m/%Y %H:%M").to_string();
            let now = text(now).size(theme::SMALL).color(Tone::Act.colour());
            column![labelled(Icon::Warning, fl!("bar-clock-wrong"), Tone::Act), now].into()
        }
        None if narrow => text(sentences::clock(&time)).font(theme::STRONG).into(),
        None => text(sentences::date_and_clock(&time)).font(theme::STRONG).into(),
    };
    let words = |words: String| if narrow { String::new() } else { words };
    let buttons = row![
        action(
            Icon::Help,
            words(fl!("bar-help")),
            facts.keys[0].as_ref(),
            facts.focus == Some(0),
            Some(Message::Help)
        ),
        action(
            Icon::SignOut,
            words(fl!("bar-sign-out")),
            facts.keys[1].as_ref(),
            facts.focus == Some(1),
            Some(Message::SignOut)
        ),
    ]
    .spacing(theme::GAP);
    // The person's names give way first, then the purpose: the buttons and the state of the log are never pushed out, and
    // the purpose, which goes into every entry of the log, is not pushed out by a long name.
    let spacing = if narrow { 14 } else { 24 };
    let person = container(person).max_width(width * PERSON).clip(true);
    let left = row![person, container(purpose).width(Fill).clip(true)]
        .spacing(spacing)
        .width(Fill);
    let bar = row![left, states(facts, narrow), clock, buttons,];
    container(bar.spacing(spacing).align_y(Vertical::Center))
        .padding([6, 12])
        .width(Fill)
        .style(theme::surface)
        .into()
}

/// The log and the server; on a narrow bar what is as it should be is a sign without its words.
fn states<'a>(facts: &Facts<'_>, narrow: bool) -> Element<'a, Message> {
    let state = |(sign, words, tone): (Icon, String, Tone)| {
        if narrow && tone == Tone::Normal {
            Row::new().push(icon(sign, theme::BODY).color(tone.colour()))
        } else {
            labelled(sign, words, tone)
        }
    };
    column![
        state(audit(&facts.health.audit)),
        state(server(&facts.health.server, facts.now)),
    ]
    .spacing(2)
    .into()
}

fn audit(state: &AuditState) -> (Icon, String, Tone) {
    match state {
        AuditState::Delivered => (Icon::Delivered, fl!("audit-delivered"), Tone::Normal),
        AuditState::Waiting { events } => (
            Icon::AuditWaiting,
            fl!("audit-waiting", n = events.to_string()),
            Tone::Attention,
        ),
        AuditState::Broken { .. } => (Icon::AuditBroken, fl!("audit-broken"), Tone::Act),
    }
}

fn server(state: &ServerState, now: Instant) -> (Icon, String, Tone) {
    match state {
        ServerState::Reachable => (Icon::Server, fl!("server-reachable"), Tone::Normal),
        ServerState::Away { grace_until, .. } => {
            let left = sentences::span(grace_until.saturating_duration_since(now));
            (Icon::ServerAway, fl!("server-away", left = left), Tone::Attention)
        }
        ServerState::AwayTooLong => (Icon::ServerAway, fl!("server-away-too-long"), Tone::Act),
    }
}
