//! The dialogue in which a supervisor answers requests for clearance (*nullaosta*): approves, shortens or refuses
//! (R-REC-1).
//!
//! Invariant: what is sent is an approval as asked when nothing was changed, and a shortening otherwise; a refusal has its
//! reason. Deliberately absent: whether it is theirs to answer (the server).

use crate::domain::people::clearance::{Extent, Standing, Verdict};
use crate::domain::reason::Reason;
use crate::domain::site::SitePlan;
use crate::gui::clearing::{cameras_words, numbered, numbers};
use crate::gui::desk::Desk;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::keymap::{Command, Direction};
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, body, field, heading, labelled, quiet};
use crate::gui::words;
use crate::station::{ClearanceState, Refusal};
use iced::widget::{column, container, row};
use iced::{Element, Fill, Task, widget};
use std::sync::Arc;
use std::time::SystemTime;

/// The fields in the order of the keyboard.
const PLACES: [&str; 7] = [
    "answer-cameras",
    "answer-from",
    "answer-to",
    "answer-hours",
    "answer-approve",
    "answer-reason",
    "answer-refuse",
];
const APPROVE: usize = 4;
const REASON: usize = 5;
const REFUSE: usize = 6;
/// Hours offered at first.
const USUAL_HOURS: &str = "24";

/// The dialogue.
pub struct ClearanceAnswer {
    desk: Arc<dyn Desk>,
    plan: Arc<SitePlan>,
    /// The request that is shown.
    shown: Option<ClearanceState>,
    cameras: String,
    from: String,
    to: String,
    hours: String,
    reason: String,
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
    Hours(String),
    Reason(String),
    Command(Command),
    Approve,
    Refuse,
    Answered(Result<(), Arc<Refusal>>),
}

/// What the parent does next.
pub enum Action {
    None,
    Run(Task<Message>),
    Close,
}

/// What waits for the answer of whoever sits at a desk, oldest first.
pub fn waiting(desk: &dyn Desk, now: SystemTime) -> Vec<ClearanceState> {
    let (me, now_ms) = (desk.person().user, words::unix_ms(now));
    let mut all = desk.clearances();
    all.retain(|state| state.clearance.asked_by != me && state.clearance.standing(now_ms) == Standing::Waiting);
    all
}

impl ClearanceAnswer {
    /// The dialogue with the oldest request.
    pub fn new(desk: Arc<dyn Desk>, now: SystemTime) -> (ClearanceAnswer, Task<Message>) {
        let mut dialogue = ClearanceAnswer {
            plan: desk.plan(),
            shown: None,
            cameras: String::new(),
            from: String::new(),
            to: String::new(),
            hours: USUAL_HOURS.to_owned(),
            reason: String::new(),
            place: APPROVE,
            waiting: false,
            error: None,
            desk,
        };
        dialogue.show(waiting(dialogue.desk.as_ref(), now).into_iter().next());
        (dialogue, widget::operation::focus("nowhere"))
    }

    fn show(&mut self, state: Option<ClearanceState>) {
        if let Some(state) = &state {
            let extent = &state.clearance.wish.extent;
            self.cameras = numbers(&self.plan, extent);
            self.from = words::typed_time(extent.from_ms);
            self.to = words::typed_time(extent.to_ms);
        }
        self.reason.clear();
        self.place = APPROVE;
        self.shown = state;
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message, now: SystemTime) -> Action {
        match message {
            Message::Cameras(cameras) => self.cameras = cameras,
            Message::From(from) => self.from = from,
            Message::To(to) => self.to = to,
            Message::Hours(hours) => self.hours = hours,
            Message::Reason(reason) => self.reason = reason,
            Message::Command(Command::Back) => return Action::Close,
            Message::Command(Command::Next) => return self.go(1),
            Message::Command(Command::Previous) => return self.go(PLACES.len() - 1),
            Message::Command(Command::Arrow(Direction::Up)) => self.turn(-1, now),
            Message::Command(Command::Arrow(Direction::Down)) => self.turn(1, now),
            Message::Command(Command::Confirm) if matches!(self.place, REASON | REFUSE) => return self.refuse(),
            Message::Command(Command::Confirm) | Message::Approve => return self.approve(),
            Message::Refuse => return self.refuse(),
            Message::Command(_) => {}
            Message::Answered(Ok(())) => {
                self.waiting = false;
                let answered = self.shown.as_ref().map(|state| state.id);
                let mut next = waiting(self.desk.as_ref(), now);
                next.retain(|state| Some(state.id) != answered);
                self.show(next.into_iter().next());
                if self.shown.is_none() {
                    return Action::Close;
                }
            }
            Message::Answered(Err(why)) => {
                self.waiting = false;
                self.error = Some(words::refusal(&why));
            }
        }
        Action::None
    }

    fn turn(&mut self, step: isize, now: SystemTime) {
        let all = waiting(self.desk.as_ref(), now);
        let shown = self.shown.as_ref().map(|state| state.id);
        let at = all.iter().position(|state| Some(state.id) == shown).unwrap_or_default();
        if !all.is_empty() {
            let next = (at as isize + step).rem_euclid(all.len() as isize) as usize;
            self.show(all.into_iter().nth(next));
        }
    }

    fn go(&mut self, step: usize) -> Action {
        self.place = (self.place + step) % PLACES.len();
        let target = if matches!(self.place, APPROVE | REFUSE) {
            "nowhere"
        } else {
            PLACES[self.place]
        };
        Action::Run(widget::operation::focus(target))
    }

    fn approve(&mut self) -> Action {
        match self.verdict() {
            Ok(verdict) => self.answer(verdict),
            Err(error) => {
                self.error = Some(error);
                Action::None
            }
        }
    }

    fn verdict(&self) -> Result<Verdict, String> {
        let Some(state) = &self.shown else {
            return Err(fl!("clearance-to-answer-none"));
        };
        let hours = self.hours.trim().parse().map_err(|_| fl!("declare-bad-minutes"))?;
        let asked = &state.clearance.wish.extent;
        // A field has whole seconds: a time that was not touched is the one that was asked for.
        let time = |typed: &str, asked_ms: i64| {
            if typed == words::typed_time(asked_ms) {
                Ok(asked_ms)
            } else {
                words::read_time(typed).ok_or_else(|| fl!("export-bad-time"))
            }
        };
        let extent = Extent {
            cameras: numbered(&self.plan, &self.cameras)?,
            from_ms: time(&self.from, asked.from_ms)?,
            to_ms: time(&self.to, asked.to_ms)?,
            export: asked.export,
        };
        Ok(if extent == *asked {
            Verdict::Approve { hours }
        } else {
            Verdict::Shorten { extent, hours }
        })
    }

    fn refuse(&mut self) -> Action {
        match Reason::try_from(self.reason.clone()) {
            Ok(reason) => self.answer(Verdict::Refuse { reason }),
            Err(_) => {
                self.error = Some(fl!("clearance-no-refusal-reason"));
                Action::None
            }
        }
    }

    fn answer(&mut self, verdict: Verdict) -> Action {
        let Some(state) = self.shown.as_ref().filter(|_| !self.waiting) else {
            return Action::None;
        };
        self.waiting = true;
        self.error = None;
        Action::Run(Task::perform(self.desk.answer_clearance(state.id, verdict), |answer| {
            Message::Answered(answer.map_err(Arc::new))
        }))
    }

    /// The dialogue.
    pub fn view(&self, now: SystemTime) -> Element<'_, Message> {
        let close = action(
            Icon::Close,
            fl!("export-close"),
            Some(&"Esc".to_owned()),
            false,
            Some(Message::Command(Command::Back)),
        );
        let count = waiting(self.desk.as_ref(), now).len();
        let title = column![
            heading(fl!("clearance-title")),
            quiet(fl!("clearance-to-answer", n = count.to_string()))
        ];
        let Some(state) = &self.shown else {
            return column![title, body(fl!("clearance-to-answer-none")), close]
                .spacing(14)
                .width(680)
                .into();
        };
        column![title, self.asked(state), self.form(close)]
            .spacing(12)
            .width(680)
            .into()
    }

    fn asked<'a>(&'a self, state: &'a ClearanceState) -> Element<'a, Message> {
        let wish = &state.clearance.wish;
        let who = fl!(
            "clearance-asked-by",
            name = state.by.display_name.as_str(),
            body = state.by.body.as_str(),
            id = state.id.to_string()
        );
        let copy = if wish.extent.export {
            fl!("clearance-copy-yes")
        } else {
            fl!("clearance-copy-no")
        };
        let mut facts = column![
            labelled(Icon::Person, who, Tone::Other),
            body(cameras_words(&self.plan, &wish.extent)),
            body(format!(
                "{} · {}: {copy}",
                words::purpose(wish.purpose),
                fl!("clearance-copy")
            )),
            body(wish.reason.as_str()),
        ];
        if !wish.protocol_no.is_empty() {
            facts = facts.push(quiet(format!("{} {}", fl!("clearance-protocol"), wish.protocol_no)));
        }
        container(facts.spacing(4))
            .padding(12)
            .width(Fill)
            .style(theme::inset)
            .into()
    }

    fn form<'a>(&'a self, close: iced::widget::Button<'a, Message>) -> Element<'a, Message> {
        let input = |label, place: usize, value, on_input: fn(String) -> Message, then: Message| {
            field(label, PLACES[place], value, false, on_input, then).width(Fill)
        };
        let free = !self.waiting;
        let approve = action(
            Icon::Done,
            fl!("clearance-approve"),
            Some(&fl!("key-enter")),
            self.place == APPROVE,
            free.then_some(Message::Approve),
        );
        let refuse = action(
            Icon::Refused,
            fl!("clearance-refuse"),
            None,
            self.place == REFUSE,
            free.then_some(Message::Refuse),
        );
        let mut form = column![
            row![
                input(
                    fl!("clearance-cameras"),
                    0,
                    &self.cameras,
                    Message::Cameras,
                    Message::Approve
                ),
                input(fl!("clearance-hours"), 3, &self.hours, Message::Hours, Message::Approve).width(190),
            ]
            .spacing(12),
            row![
                input(fl!("export-from"), 1, &self.from, Message::From, Message::Approve),
                input(fl!("export-to"), 2, &self.to, Message::To, Message::Approve),
            ]
            .spacing(12),
            quiet(fl!("clearance-shorten-hint")),
            input(
                fl!("clearance-why-refused"),
                5,
                &self.reason,
                Message::Reason,
                Message::Refuse
            ),
            quiet(fl!("clearance-answer-recorded")),
        ];
        if let Some(error) = &self.error {
            form = form.push(labelled(Icon::Warning, error.as_str(), Tone::Attention));
        }
        form.push(row![approve, refuse, close].spacing(theme::GAP))
            .spacing(12)
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;

    fn dialogue() -> (ClearanceAnswer, Arc<fake::Fake>) {
        let desk = fake::supervisor(4, 1);
        (ClearanceAnswer::new(desk.clone(), SystemTime::now()).0, desk)
    }

    #[test]
    fn r_rec_1_untouched_is_approved_and_narrowed_is_shortened() {
        let (mut dialogue, _) = dialogue();
        assert_eq!(dialogue.verdict(), Ok(Verdict::Approve { hours: 24 }));
        dialogue.update(Message::Cameras("2".into()), SystemTime::now());
        assert!(matches!(dialogue.verdict(), Ok(Verdict::Shorten { extent, .. }) if extent.cameras.len() == 1));
    }

    #[test]
    fn r_rec_1_a_refusal_needs_its_reason() {
        let (mut dialogue, desk) = dialogue();
        let now = SystemTime::now();
        assert!(matches!(dialogue.update(Message::Refuse, now), Action::None));
        assert!(dialogue.error.is_some() && desk.said().is_empty());
        dialogue.update(Message::Reason("manca la denuncia".into()), now);
        assert!(matches!(dialogue.update(Message::Refuse, now), Action::Run(_)));
        assert!(desk.said()[0].starts_with("answer 12 Refuse"));
    }

    #[test]
    fn the_requester_has_nothing_to_answer() {
        assert!(waiting(fake::desk(4, 1).as_ref(), SystemTime::now()).is_empty());
    }
}
