//! The dialogue in which an operator asks for a clearance (*nullaosta*): cameras, range, purpose, why; and how the ones
//! asked for before stand (R-REC-1).
//!
//! Invariant: it only asks; what may be seen is the server's to say. Deliberately absent: answering (`clearance_answer`).

use crate::domain::people::Purpose;
use crate::domain::people::clearance::{Extent, Wish};
use crate::domain::reason::Reason;
use crate::domain::site::SitePlan;
use crate::gui::clearing::{cameras_words, numbered, standing_words};
use crate::gui::desk::Desk;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::keymap::{Command, Direction};
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, body, field, heading, labelled, quiet};
use crate::gui::words::{self, PURPOSES};
use crate::station::Refusal;
use iced::alignment::Vertical;
use iced::widget::{button, column, container, row, text};
use iced::{Element, Fill, Task, widget};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

/// The fields in the order of the keyboard.
const PLACES: [&str; 8] = [
    "clearance-cameras",
    "clearance-from",
    "clearance-to",
    "clearance-purpose",
    "clearance-copy",
    "clearance-reason",
    "clearance-protocol",
    "clearance-send",
];
const PURPOSE: usize = 3;
const COPY: usize = 4;
const SEND: usize = 7;
/// Length of the range that is offered, milliseconds.
const OFFERED_MS: i64 = 30 * 60_000;
/// Earlier requests shown.
const SHOWN: usize = 3;

/// The dialogue.
pub struct ClearanceRequest {
    desk: Arc<dyn Desk>,
    plan: Arc<SitePlan>,
    cameras: String,
    from: String,
    to: String,
    purpose: usize,
    copy: bool,
    reason: String,
    protocol_no: String,
    place: usize,
    waiting: bool,
    error: Option<String>,
}

/// What happens in the dialogue.
#[derive(Clone)]
pub enum Message {
    Cameras(String),
    From(String),
    To(String),
    Purpose(usize),
    Copy,
    Reason(String),
    ProtocolNo(String),
    Command(Command),
    Send,
    Sent(Result<(), Arc<Refusal>>),
}

/// What the parent does next.
pub enum Action {
    None,
    Run(Task<Message>),
    Close,
    /// It was asked for.
    Sent,
}

impl ClearanceRequest {
    /// The dialogue, with a camera and the last half hour offered.
    pub fn new(desk: Arc<dyn Desk>, camera: Option<u32>, now: SystemTime) -> (ClearanceRequest, Task<Message>) {
        let to_ms = words::unix_ms(now);
        let judicial = PURPOSES
            .iter()
            .position(|purpose| *purpose == Purpose::JudicialPoliceInitiative);
        let dialogue = ClearanceRequest {
            plan: desk.plan(),
            desk,
            cameras: camera.map(|number| number.to_string()).unwrap_or_default(),
            from: words::typed_time(to_ms - OFFERED_MS),
            to: words::typed_time(to_ms),
            purpose: judicial.unwrap_or_default(),
            copy: false,
            reason: String::new(),
            protocol_no: String::new(),
            place: 0,
            waiting: false,
            error: None,
        };
        (dialogue, widget::operation::focus(PLACES[0]))
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::Cameras(cameras) => self.cameras = cameras,
            Message::From(from) => self.from = from,
            Message::To(to) => self.to = to,
            Message::Purpose(purpose) => self.purpose = purpose % PURPOSES.len(),
            Message::Copy => self.copy = !self.copy,
            Message::Reason(reason) => self.reason = reason,
            Message::ProtocolNo(number) => self.protocol_no = number,
            Message::Command(Command::Back) => return Action::Close,
            Message::Command(Command::Next) => return self.go(1),
            Message::Command(Command::Previous) => return self.go(PLACES.len() - 1),
            Message::Command(Command::Arrow(direction)) if self.place == PURPOSE => {
                let forward = matches!(direction, Direction::Right | Direction::Down);
                let step = if forward { 1 } else { PURPOSES.len() - 1 };
                self.purpose = (self.purpose + step) % PURPOSES.len();
            }
            Message::Command(Command::Arrow(_) | Command::Stop) if self.place == COPY => self.copy = !self.copy,
            Message::Command(Command::Confirm) | Message::Send => return self.send(),
            Message::Command(_) => {}
            Message::Sent(Ok(())) => return Action::Sent,
            Message::Sent(Err(why)) => {
                self.waiting = false;
                self.error = Some(words::refusal(&why));
            }
        }
        Action::None
    }

    fn go(&mut self, step: usize) -> Action {
        self.place = (self.place + step) % PLACES.len();
        let target = if matches!(self.place, PURPOSE | COPY | SEND) {
            "nowhere"
        } else {
            PLACES[self.place]
        };
        Action::Run(widget::operation::focus(target))
    }

    fn send(&mut self) -> Action {
        if self.waiting {
            return Action::None;
        }
        match self.wish() {
            Err(error) => {
                self.error = Some(error);
                Action::None
            }
            Ok(wish) => {
                self.waiting = true;
                Action::Run(Task::perform(self.desk.request_clearance(wish), |answer| {
                    Message::Sent(answer.map_err(Arc::new))
                }))
            }
        }
    }

    fn wish(&self) -> Result<Wish, String> {
        let cameras = numbered(&self.plan, &self.cameras)?;
        let controllers: BTreeSet<_> = cameras
            .iter()
            .filter_map(|id| Some(self.plan.camera(id)?.controller.clone()))
            .collect();
        let mut controllers = controllers.into_iter();
        let (Some(controller), None) = (controllers.next(), controllers.next()) else {
            return Err(fl!("clearance-two-controllers"));
        };
        Ok(Wish {
            controller,
            extent: Extent {
                cameras,
                from_ms: words::read_time(&self.from).ok_or_else(|| fl!("export-bad-time"))?,
                to_ms: words::read_time(&self.to).ok_or_else(|| fl!("export-bad-time"))?,
                export: self.copy,
            },
            purpose: PURPOSES[self.purpose],
            reason: Reason::try_from(self.reason.clone()).map_err(|_| fl!("ask-no-reason"))?,
            protocol_no: self.protocol_no.trim().to_owned(),
        })
    }

    /// The dialogue.
    pub fn view(&self, now: SystemTime) -> Element<'_, Message> {
        let input = |label, place: usize, value, on_input: fn(String) -> Message| {
            field(label, PLACES[place], value, false, on_input, Message::Send).width(Fill)
        };
        let step = |sign: &'static str, by: usize| {
            button(text(sign))
                .padding([6, 12])
                .style(theme::plain(false))
                .on_press(Message::Purpose(self.purpose + by))
        };
        let purpose = container(body(words::purpose(PURPOSES[self.purpose])))
            .padding(8)
            .width(Fill)
            .style(theme::row(self.place == PURPOSE));
        let copy = if self.copy {
            fl!("clearance-copy-yes")
        } else {
            fl!("clearance-copy-no")
        };
        let copy = button(text(copy).size(theme::BODY))
            .padding(8)
            .width(Fill)
            .style(theme::plain(self.place == COPY))
            .on_press(Message::Copy);
        let send = action(
            Icon::Done,
            fl!("clearance-send"),
            Some(&fl!("key-enter")),
            self.place == SEND,
            (!self.waiting).then_some(Message::Send),
        );
        let cancel = action(
            Icon::Close,
            fl!("export-cancel"),
            Some(&"Esc".to_owned()),
            false,
            Some(Message::Command(Command::Back)),
        );
        let mut form = column![
            heading(fl!("clearance-title")),
            input(fl!("clearance-cameras"), 0, &self.cameras, Message::Cameras),
            row![
                input(fl!("export-from"), 1, &self.from, Message::From),
                input(fl!("export-to"), 2, &self.to, Message::To),
            ]
            .spacing(12),
            row![
                column![
                    quiet(fl!("export-purpose")),
                    row![step("←", PURPOSES.len() - 1), purpose, step("→", 1)]
                        .spacing(4)
                        .align_y(Vertical::Center)
                ]
                .spacing(4)
                .width(Fill),
                column![quiet(fl!("clearance-copy")), copy].spacing(4).width(230),
            ]
            .spacing(12),
            input(fl!("export-reason"), 5, &self.reason, Message::Reason),
            input(fl!("clearance-protocol"), 6, &self.protocol_no, Message::ProtocolNo),
            quiet(fl!("clearance-recorded")),
        ];
        if let Some(error) = &self.error {
            form = form.push(labelled(Icon::Warning, error.as_str(), Tone::Attention));
        }
        form.push(row![send, cancel].spacing(theme::GAP))
            .push(self.earlier(now))
            .spacing(12)
            .width(680)
            .into()
    }

    fn earlier(&self, now: SystemTime) -> Element<'_, Message> {
        let (me, now_ms) = (self.desk.person().user, words::unix_ms(now));
        let mut all = self.desk.clearances();
        all.retain(|state| state.clearance.asked_by == me);
        all.reverse();
        let line = |state: &crate::station::ClearanceState| {
            let (words, tone) = standing_words(&state.clearance, now_ms);
            let what = cameras_words(&self.plan, &state.clearance.wish.extent);
            labelled(Icon::Recording, format!("{} · {what} · {words}", state.id), tone).into()
        };
        let mut lines: Vec<Element<'_, Message>> = all.iter().take(SHOWN).map(line).collect();
        if lines.is_empty() {
            lines.push(quiet(fl!("clearance-none")).into());
        }
        column![quiet(fl!("clearance-mine")), column(lines).spacing(4)]
            .spacing(4)
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::clearing::numbers;
    use crate::gui::fake;

    #[test]
    fn r_rec_1_a_request_names_cameras_range_and_reason() {
        let desk = fake::desk(4, 1);
        let (mut dialogue, _) = ClearanceRequest::new(desk.clone(), Some(2), SystemTime::now());
        assert!(matches!(dialogue.update(Message::Send), Action::None));
        assert!(dialogue.error.is_some(), "no reason");
        dialogue.update(Message::Reason("danneggiamento".into()));
        dialogue.update(Message::Cameras("2, 9".into()));
        assert!(
            matches!(dialogue.update(Message::Send), Action::None),
            "there is no camera 9"
        );
        dialogue.update(Message::Cameras("2 1".into()));
        dialogue.update(Message::Copy);
        let wish = dialogue.wish().unwrap();
        assert_eq!(numbers(&desk.plan(), &wish.extent), "1, 2");
        assert_eq!(
            (wish.extent.to_ms - wish.extent.from_ms, wish.extent.export),
            (OFFERED_MS, true)
        );
        assert!(matches!(dialogue.update(Message::Send), Action::Run(_)));
        assert_eq!(desk.said().len(), 1);
    }
}
