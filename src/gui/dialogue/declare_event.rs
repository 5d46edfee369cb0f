//! The dialogue that declares an event on a camera: what changes, why, under which protocol number, for how many minutes;
//! and what is in force there now (R-PTZ-2, R-PRV-1, R-PRV-2).
//!
//! Invariant: it only asks; the server decides, records and ends. Deliberately absent: masks that are permanent, which
//! are not offered.

use crate::domain::privacy::declared_event::{Change, Declaration};
use crate::domain::site::CameraPlan;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::sentences;
use crate::gui::session_port::{DeclaredEvents, InForce};
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, body, heading, labelled, quiet};
use crate::gui::ui::form::{self, Form, Next, Step};
use crate::station::Refusal;
use iced::alignment::Vertical;
use iced::widget::{column, row};
use iced::{Element, Fill, Task};
use std::sync::Arc;
use std::time::Instant;

/// Minutes offered at first.
const USUAL_MINUTES: &str = "10";

/// The parts in the order of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    Change,
    Reason,
    ProtocolNo,
    Minutes,
    Start,
    Close,
}

/// The dialogue.
pub struct Declare {
    desk: Arc<dyn DeclaredEvents>,
    camera: CameraPlan,
    /// What can be declared here, as the form offers it.
    changes: Vec<Change>,
    form: Form<Place>,
}

/// What happens in the dialogue.
#[derive(Clone)]
pub enum Message {
    Form(form::Message<Place>),
    Declared(Result<(), Arc<Refusal>>),
    /// End an event in force.
    End(u64),
    Ended(Result<(), Arc<Refusal>>),
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
    pub fn new(desk: Arc<dyn DeclaredEvents>, camera: CameraPlan) -> Declare {
        let liftable = camera.masks.iter().filter(|mask| !mask.permanent);
        let changes = camera
            .limits
            .has_ceiling()
            .then_some(Change::Ceilings)
            .into_iter()
            .chain(camera.school.is_some().then_some(Change::School))
            .chain(liftable.map(|mask| Change::Mask(mask.id.clone())));
        let changes: Vec<Change> = changes.collect();
        let mut form = Form::default();
        if changes.is_empty() {
            form = form.button(Place::Close, Icon::Close, fl!("export-close"));
        } else {
            let words: Vec<String> = changes.iter().map(|change| change_words(change, &camera)).collect();
            form = form
                .choice(Place::Change, fl!("declare-change"), words, 0)
                .field(Place::Reason, fl!("export-reason"), "")
                .field(Place::ProtocolNo, fl!("declare-protocol"), "")
                .field(Place::Minutes, fl!("declare-minutes"), USUAL_MINUTES)
                .button(Place::Start, Icon::Warning, fl!("declare-start"))
                .at(Place::Reason);
        }
        Declare {
            desk,
            camera,
            changes,
            form,
        }
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Next<Message> {
        match message {
            Message::Form(message) => match self.form.update(message) {
                Step::Pressed(Place::Close) => return Next::Close,
                Step::Pressed(_) => return self.start(),
                Step::Next(next) => return next.map(Message::Form),
            },
            Message::Declared(Ok(())) => return Next::Close,
            Message::Declared(Err(why)) | Message::Ended(Err(why)) => self.form.fail(sentences::refusal(&why)),
            Message::End(id) => {
                let ended = self.desk.end_declared(id);
                return Next::Run(Task::perform(ended, |answer| Message::Ended(answer.map_err(Arc::new))));
            }
            Message::Ended(Ok(())) => self.form.answered(),
        }
        Next::None
    }

    fn start(&mut self) -> Next<Message> {
        let Some(change) = self.changes.get(self.form.chosen(Place::Change)) else {
            return Next::None;
        };
        let Ok(minutes) = self.form.typed(Place::Minutes).trim().parse() else {
            self.form.fail(fl!("declare-bad-minutes"));
            return Next::None;
        };
        let declaration = Declaration {
            change: change.clone(),
            reason: self.form.typed(Place::Reason).trim().to_owned(),
            protocol_no: self.form.typed(Place::ProtocolNo).trim().to_owned(),
            minutes,
        };
        self.form.wait();
        let declared = self.desk.declare(self.camera.id.clone(), declaration);
        Next::Run(Task::perform(declared, |answer| {
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
            let nothing = column![body(fl!("declare-nothing")), self.form.input(Place::Close)];
            return content
                .push(self.form.scope(nothing.spacing(14)).map(Message::Form))
                .into();
        }
        let form = column![
            self.form.input(Place::Change),
            self.form.input(Place::Reason),
            row![self.form.input(Place::ProtocolNo), self.form.input(Place::Minutes)].spacing(12),
            quiet(fl!("declare-recorded")),
            self.form.foot(fl!("export-cancel")),
        ];
        content
            .push(self.form.scope(form.spacing(14)).map(Message::Form))
            .into()
    }

    fn in_force(&self, event: &InForce, now: Instant) -> Element<'_, Message> {
        let words = fl!(
            "declare-in-force",
            change = change_words(&event.change, &self.camera),
            name = event.display_name.as_str(),
            left = sentences::countdown(event.ends.saturating_duration_since(now))
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
}
