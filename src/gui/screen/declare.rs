//! The dialogue that declares an event on a camera: what changes, why, under which protocol number, for how many minutes;
//! and what is in force there now (R-PTZ-2, R-PRV-1, R-PRV-2).
//!
//! Invariant: it only asks; the server decides, records and ends. Deliberately absent: masks that are permanent, which
//! are not offered.

use crate::domain::privacy::declared::{Change, Declaration};
use crate::domain::site::CameraPlan;
use crate::gui::desk::{Desk, InForce};
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::keymap::{Command, Direction};
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, body, field, heading, labelled, quiet};
use crate::gui::words;
use crate::station::Refusal;
use iced::alignment::Vertical;
use iced::widget::{button, column, container, row, text};
use iced::{Element, Fill, Task, widget};
use std::sync::Arc;
use std::time::Instant;

/// The fields in the order of the keyboard.
const PLACES: [&str; 5] = [
    "declare-change",
    "declare-reason",
    "declare-protocol",
    "declare-minutes",
    "declare-start",
];
const CHANGE: usize = 0;
const START: usize = 4;
/// Minutes offered at first.
const USUAL_MINUTES: &str = "10";

/// The dialogue.
pub struct Declare {
    desk: Arc<dyn Desk>,
    camera: CameraPlan,
    /// What can be declared here, with its words.
    changes: Vec<(Change, String)>,
    change: usize,
    reason: String,
    protocol_no: String,
    minutes: String,
    place: usize,
    error: Option<String>,
    waiting: bool,
}

/// What happens in the dialogue.
#[derive(Clone)]
pub enum Message {
    Change(usize),
    Reason(String),
    ProtocolNo(String),
    Minutes(String),
    Command(Command),
    Start,
    Declared(Result<(), Arc<Refusal>>),
    /// End an event in force.
    End(u64),
    Ended(Result<(), Arc<Refusal>>),
}

/// What the parent does next.
pub enum Action {
    None,
    Run(Task<Message>),
    Close,
}

/// A change in words.
pub fn change_words(change: &Change, camera: &CameraPlan) -> String {
    match change {
        Change::Ceilings => fl!("declare-ceilings"),
        Change::School => fl!("declare-school"),
        Change::Mask(id) => {
            let mask = camera.masks.iter().find(|mask| &mask.id == id);
            fl!(
                "declare-mask",
                name = mask.map_or(id.as_str(), |mask| mask.name.as_str())
            )
        }
    }
}

impl Declare {
    /// The dialogue for a camera.
    pub fn new(desk: Arc<dyn Desk>, camera: CameraPlan) -> (Declare, Task<Message>) {
        let liftable = camera.masks.iter().filter(|mask| !mask.permanent);
        let changes = camera
            .limits
            .has_ceiling()
            .then_some(Change::Ceilings)
            .into_iter()
            .chain(camera.school.is_some().then_some(Change::School))
            .chain(liftable.map(|mask| Change::Mask(mask.id.clone())));
        let changes: Vec<_> = changes
            .map(|change| (change.clone(), change_words(&change, &camera)))
            .collect();
        let first = if changes.is_empty() { "nowhere" } else { PLACES[1] };
        let dialogue = Declare {
            desk,
            camera,
            changes,
            change: 0,
            reason: String::new(),
            protocol_no: String::new(),
            minutes: USUAL_MINUTES.to_owned(),
            place: 1,
            error: None,
            waiting: false,
        };
        (dialogue, widget::operation::focus(first))
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Action {
        let all = self.changes.len().max(1);
        match message {
            Message::Change(change) => self.change = change % all,
            Message::Reason(reason) => self.reason = reason,
            Message::ProtocolNo(number) => self.protocol_no = number,
            Message::Minutes(minutes) => self.minutes = minutes,
            Message::Command(Command::Back) => return Action::Close,
            Message::Command(Command::Next) => return self.go(1),
            Message::Command(Command::Previous) => return self.go(PLACES.len() - 1),
            Message::Command(Command::Arrow(direction)) if self.place == CHANGE => {
                let step = if matches!(direction, Direction::Right | Direction::Down) {
                    1
                } else {
                    all - 1
                };
                self.change = (self.change + step) % all;
            }
            Message::Command(Command::Confirm) | Message::Start => return self.start(),
            Message::Command(_) => {}
            Message::Declared(Ok(())) => return Action::Close,
            Message::Declared(Err(why)) | Message::Ended(Err(why)) => {
                self.waiting = false;
                self.error = Some(words::refusal(&why));
            }
            Message::End(id) => {
                let ended = self.desk.end_declared(id);
                return Action::Run(Task::perform(ended, |answer| Message::Ended(answer.map_err(Arc::new))));
            }
            Message::Ended(Ok(())) => self.error = None,
        }
        Action::None
    }

    fn go(&mut self, step: usize) -> Action {
        self.place = (self.place + step) % PLACES.len();
        let target = if matches!(self.place, CHANGE | START) {
            "nowhere"
        } else {
            PLACES[self.place]
        };
        Action::Run(widget::operation::focus(target))
    }

    fn start(&mut self) -> Action {
        if self.waiting {
            return Action::None;
        }
        let Some((change, _)) = self.changes.get(self.change) else {
            return Action::None;
        };
        let Ok(minutes) = self.minutes.trim().parse() else {
            self.error = Some(fl!("declare-bad-minutes"));
            return Action::None;
        };
        let declaration = Declaration {
            change: change.clone(),
            reason: self.reason.trim().to_owned(),
            protocol_no: self.protocol_no.trim().to_owned(),
            minutes,
        };
        self.waiting = true;
        let declared = self.desk.declare(self.camera.id.clone(), declaration);
        Action::Run(Task::perform(declared, |answer| {
            Message::Declared(answer.map_err(Arc::new))
        }))
    }

    /// The dialogue.
    pub fn view(&self, now: Instant) -> Element<'_, Message> {
        let title = column![
            heading(fl!("declare-title")),
            quiet(format!("{} · {}", self.camera.number, self.camera.name))
        ];
        let mut content = column![title].spacing(16).width(620);
        let in_force = self.desk.declared();
        for event in in_force.iter().filter(|event| event.camera == self.camera.id) {
            content = content.push(self.in_force(event, now));
        }
        if self.changes.is_empty() {
            return content.push(body(fl!("declare-nothing"))).into();
        }
        content.push(self.form()).into()
    }

    fn in_force(&self, event: &InForce, now: Instant) -> Element<'_, Message> {
        let words = fl!(
            "declare-in-force",
            change = change_words(&event.change, &self.camera),
            name = event.display_name.as_str(),
            left = words::countdown(event.ends.saturating_duration_since(now))
        );
        let end = action(
            Icon::Close,
            fl!("declare-end"),
            None,
            false,
            Some(Message::End(event.id)),
        );
        row![labelled(Icon::Warning, words, Tone::Attention).width(Fill), end]
            .spacing(theme::GAP)
            .align_y(Vertical::Center)
            .into()
    }

    fn form(&self) -> Element<'_, Message> {
        let all = self.changes.len();
        let step = |words: &'static str, by: usize| {
            button(text(words))
                .padding([6, 12])
                .style(theme::plain(false))
                .on_press(Message::Change((self.change + by) % all))
        };
        let chosen = self.changes.get(self.change).map_or("", |(_, words)| words.as_str());
        let chosen = container(body(chosen)).padding(8).width(Fill);
        let change = row![
            step("←", all - 1),
            chosen.style(theme::row(self.place == CHANGE)),
            step("→", 1)
        ];
        let input = |label, place: usize, value, on_input: fn(String) -> Message| {
            field(label, PLACES[place], value, false, on_input, Message::Start).width(Fill)
        };
        let start = action(
            Icon::Warning,
            fl!("declare-start"),
            None,
            self.place == START,
            (!self.waiting).then_some(Message::Start),
        );
        let cancel = action(
            Icon::Close,
            fl!("export-cancel"),
            Some(&"Esc".to_owned()),
            false,
            Some(Message::Command(Command::Back)),
        );
        let mut form = column![
            column![
                quiet(fl!("declare-change")),
                change.spacing(4).align_y(Vertical::Center)
            ]
            .spacing(4),
            input(fl!("export-reason"), 1, &self.reason, Message::Reason),
            row![
                input(fl!("declare-protocol"), 2, &self.protocol_no, Message::ProtocolNo),
                input(fl!("declare-minutes"), 3, &self.minutes, Message::Minutes),
            ]
            .spacing(12),
            quiet(fl!("declare-recorded")),
        ];
        if let Some(error) = &self.error {
            form = form.push(labelled(Icon::Warning, error.as_str(), Tone::Attention));
        }
        form.push(row![start, cancel].spacing(theme::GAP)).spacing(14).into()
    }
}
