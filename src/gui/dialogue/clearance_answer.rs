//! The dialogue in which a supervisor answers requests for clearance (*nullaosta*): approves, shortens or refuses
//! (R-REC-1); and ratifies, or does not, what was opened at once (R-ACC-11).
//!
//! Invariant: what is sent is an approval as asked when nothing was changed, and a shortening otherwise; a refusal has its
//! reason. Deliberately absent: whether it is theirs to answer (the server).

use crate::domain::people::clearance::{ClearanceError, ClearanceStatus, Extent, Ratification, Verdict};
use crate::domain::reason::Reason;
use crate::domain::site::SitePlan;
use crate::gui::clearance_text::{cameras_words, numbered, numbers};
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::{Command, Direction};
use crate::gui::sentences;
use crate::gui::session_port::Clear;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{body, heading, labelled, quiet};
use crate::gui::ui::form::{self, Form, Next, Step};
use crate::station::{ClearanceState, Refusal};
use iced::alignment::Vertical;
use iced::widget::{column, container, row};
use iced::{Element, Fill, Task};
use std::sync::Arc;
use std::time::SystemTime;

/// Hours offered at first.
const USUAL_HOURS: &str = "24";

/// The parts in the order of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    Cameras,
    From,
    To,
    Hours,
    Approve,
    Reason,
    Refuse,
}

/// The dialogue.
pub struct ClearanceAnswer {
    desk: Arc<dyn Clear>,
    plan: Arc<SitePlan>,
    /// The request that is shown.
    shown: Option<ClearanceState>,
    form: Form<Place>,
}

/// What happens in the dialogue.
#[derive(Clone)]
pub enum Message {
    Form(form::Message<Place>),
    Answered(Result<(), Arc<Refusal>>),
}

/// What waits for the answer of whoever sits at a desk, oldest first: requests, and what was opened at once.
pub fn waiting(desk: &dyn Clear, now: SystemTime) -> Vec<ClearanceState> {
    let (me, now_ms) = (desk.person().user, sentences::unix_ms(now));
    let mut all = desk.clearances();
    all.retain(|state| {
        let clearance = &state.clearance;
        let waits = clearance.standing(now_ms) == ClearanceStatus::Waiting || clearance.waits_for_ratification(now_ms);
        waits && clearance.asked_by != me
    });
    all
}

/// The form for what is shown: a request may be narrowed, what was opened at once may not.
fn form_for(state: Option<&ClearanceState>) -> Form<Place> {
    if state.is_some_and(|state| state.clearance.at_once.is_some()) {
        return Form::default()
            .button(Place::Approve, Icon::Done, fl!("clearance-ratify"))
            .field(Place::Reason, fl!("clearance-why-not-ratified"), "")
            .button(Place::Refuse, Icon::Refused, fl!("clearance-do-not-ratify"));
    }
    Form::default()
        .field(Place::Cameras, fl!("clearance-cameras"), "")
        .field(Place::From, fl!("export-from"), "")
        .field(Place::To, fl!("export-to"), "")
        .field(Place::Hours, fl!("clearance-hours"), USUAL_HOURS)
        .button(Place::Approve, Icon::Done, fl!("clearance-approve"))
        .field(Place::Reason, fl!("clearance-why-refused"), "")
        .button(Place::Refuse, Icon::Refused, fl!("clearance-refuse"))
}

impl ClearanceAnswer {
    /// The dialogue with the oldest request.
    pub fn new(desk: Arc<dyn Clear>, now: SystemTime) -> ClearanceAnswer {
        let mut dialogue = ClearanceAnswer {
            plan: desk.plan(),
            shown: None,
            form: form_for(None),
            desk,
        };
        dialogue.show(waiting(dialogue.desk.as_ref(), now).into_iter().next());
        dialogue
    }

    fn show(&mut self, state: Option<ClearanceState>) {
        self.form = form_for(state.as_ref());
        if let Some(state) = state.as_ref().filter(|state| state.clearance.at_once.is_none()) {
            let extent = &state.clearance.wish.extent;
            self.form.write(Place::Cameras, numbers(&self.plan, extent));
            self.form.write(Place::From, sentences::typed_time(extent.from_ms));
            self.form.write(Place::To, sentences::typed_time(extent.to_ms));
        }
        self.form.go_to(Place::Approve);
        self.shown = state;
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message, now: SystemTime) -> Next<Message> {
        match message {
            Message::Form(form::Message::Command(Command::Arrow(Direction::Up))) => self.turn(-1, now),
            Message::Form(form::Message::Command(Command::Arrow(Direction::Down))) => self.turn(1, now),
            Message::Form(message) => match self.form.update(message) {
                Step::Pressed(Place::Refuse) => return self.refuse(),
                Step::Pressed(_) => return self.approve(),
                Step::Next(next) => return next.map(Message::Form),
            },
            Message::Answered(Ok(())) => {
                self.form.answered();
                let answered = self.shown.as_ref().map(|state| state.id);
                let mut next = waiting(self.desk.as_ref(), now);
                next.retain(|state| Some(state.id) != answered);
                self.show(next.into_iter().next());
                if self.shown.is_none() {
                    return Next::Close;
                }
            }
            Message::Answered(Err(why)) => self.form.fail(sentences::refusal(&why)),
        }
        Next::None
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

    fn approve(&mut self) -> Next<Message> {
        if self.shows_at_once() {
            return self.ratify(Ratification::Ratify);
        }
        match self.verdict() {
            Ok(verdict) => self.answer(verdict),
            Err(error) => {
                self.form.fail(error);
                Next::None
            }
        }
    }

    fn verdict(&self) -> Result<Verdict, String> {
        let Some(state) = &self.shown else {
            return Err(fl!("clearance-to-answer-none"));
        };
        let hours = self.form.typed(Place::Hours).trim().parse();
        let hours = hours.map_err(|_| sentences::say(&ClearanceError::Hours.message()))?;
        let asked = &state.clearance.wish.extent;
        // A field has whole seconds: a time that was not touched is the one that was asked for.
        let time = |place, asked_ms: i64| {
            let typed = self.form.typed(place);
            if typed == sentences::typed_time(asked_ms) {
                Ok(asked_ms)
            } else {
                sentences::read_time(typed)
            }
        };
        let extent = Extent {
            cameras: numbered(&self.plan, self.form.typed(Place::Cameras))?,
            from_ms: time(Place::From, asked.from_ms)?,
            to_ms: time(Place::To, asked.to_ms)?,
            export: asked.export,
        };
        Ok(if extent == *asked {
            Verdict::Approve { hours }
        } else {
            Verdict::Shorten { extent, hours }
        })
    }

    fn refuse(&mut self) -> Next<Message> {
        match Reason::try_from(self.form.typed(Place::Reason).to_owned()) {
            Ok(reason) if self.shows_at_once() => self.ratify(Ratification::Refuse { reason }),
            Ok(reason) => self.answer(Verdict::Refuse { reason }),
            Err(_) => {
                self.form.fail(fl!("clearance-no-refusal-reason"));
                Next::None
            }
        }
    }

    fn shows_at_once(&self) -> bool {
        let shown = self.shown.as_ref();
        shown.is_some_and(|state| state.clearance.at_once.is_some())
    }

    fn ratify(&mut self, ratification: Ratification) -> Next<Message> {
        let Some(state) = &self.shown else {
            return Next::None;
        };
        self.form.wait();
        let answered = self.desk.ratify_clearance(state.id, ratification);
        Next::Run(Task::perform(answered, |answer| {
            Message::Answered(answer.map_err(Arc::new))
        }))
    }

    fn answer(&mut self, verdict: Verdict) -> Next<Message> {
        let Some(state) = &self.shown else {
            return Next::None;
        };
        self.form.wait();
        Next::Run(Task::perform(self.desk.answer_clearance(state.id, verdict), |answer| {
            Message::Answered(answer.map_err(Arc::new))
        }))
    }

    /// The dialogue.
    pub fn view(&self, now: SystemTime) -> Element<'_, Message> {
        let count = waiting(self.desk.as_ref(), now).len();
        let title = column![
            heading(fl!("clearance-title")),
            quiet(fl!("clearance-to-answer", n = count.to_string()))
        ];
        let content: Element<'_, form::Message<Place>> = match &self.shown {
            None => column![
                title,
                body(fl!("clearance-to-answer-none")),
                form::closing(fl!("export-close"))
            ]
            .spacing(14)
            .width(680)
            .into(),
            // Wide rather than high: it fits a small screen at 150 %.
            Some(state) => column![title, self.asked(state), self.answering()]
                .spacing(8)
                .width(840)
                .into(),
        };
        self.form.scope(content).map(Message::Form)
    }

    fn answering(&self) -> Element<'_, form::Message<Place>> {
        if self.shows_at_once() {
            return column![
                self.form.input(Place::Reason),
                quiet(fl!("clearance-ratify-hint")),
                self.form.foot(fl!("export-close")),
            ]
            .spacing(8)
            .into();
        }
        column![
            row![
                self.form.input(Place::Cameras),
                self.form.input(Place::From).width(240),
                self.form.input(Place::To).width(240),
                self.form.input(Place::Hours).width(120)
            ]
            .spacing(12)
            .align_y(Vertical::Bottom),
            quiet(fl!("clearance-shorten-hint")),
            self.form.input(Place::Reason),
            quiet(fl!("clearance-answer-recorded")),
            self.form.foot(fl!("export-close")),
        ]
        .spacing(8)
        .into()
    }

    fn asked<'a>(&'a self, state: &'a ClearanceState) -> Element<'a, form::Message<Place>> {
        let wish = &state.clearance.wish;
        let (name, body_of) = (state.by.display_name.as_str(), state.by.agency.as_str());
        let id = state.id.to_string();
        let who = if state.clearance.at_once.is_some() {
            fl!("clearance-opened-by", name = name, body = body_of, id = id)
        } else {
            fl!("clearance-asked-by", name = name, body = body_of, id = id)
        };
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
                sentences::purpose(wish.purpose),
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;
    use crate::gui::widget::typist::{self, keys};

    fn dialogue() -> (ClearanceAnswer, Arc<fake::Fake>) {
        let desk = fake::supervisor(4, 1);
        (ClearanceAnswer::new(desk.clone(), SystemTime::now()), desk)
    }

    fn typed(place: Place, words: &str) -> Message {
        Message::Form(form::Message::Typed(place, words.into()))
    }

    #[test]
    fn r_rec_1_untouched_is_approved_and_narrowed_is_shortened() {
        let (mut dialogue, _) = dialogue();
        assert_eq!(dialogue.verdict(), Ok(Verdict::Approve { hours: 24 }));
        dialogue.update(typed(Place::Cameras, "2"), SystemTime::now());
        assert!(matches!(dialogue.verdict(), Ok(Verdict::Shorten { extent, .. }) if extent.cameras.len() == 1));
    }

    #[test]
    fn hours_that_are_no_number_are_said_to_be_hours() {
        let (mut dialogue, _) = dialogue();
        dialogue.update(typed(Place::Hours, "due"), SystemTime::now());
        let hours = sentences::say(&ClearanceError::Hours.message());
        assert_eq!(dialogue.verdict(), Err(hours));
    }

    #[test]
    fn r_rec_1_a_refusal_needs_its_reason() {
        let (mut dialogue, desk) = dialogue();
        let now = SystemTime::now();
        let refuse = || Message::Form(form::Message::Entered(Place::Reason));
        assert!(matches!(dialogue.update(refuse(), now), Next::None));
        assert!(dialogue.form.error().is_some() && desk.said().is_empty());
        dialogue.update(typed(Place::Reason, "manca la denuncia"), now);
        assert!(matches!(dialogue.update(refuse(), now), Next::Run(_)));
        assert!(desk.said()[0].starts_with("answer 12 Refuse"));
    }

    #[test]
    fn r_acc_11_what_was_opened_at_once_is_ratified_by_a_key_or_refused_with_a_reason() {
        let desk = fake::at_night(4, 1);
        let now = SystemTime::now();
        let mut dialogue = ClearanceAnswer::new(desk.clone(), now);
        let press = |place| Message::Form(form::Message::Pressed(place));
        assert!(matches!(dialogue.update(press(Place::Refuse), now), Next::None));
        assert!(dialogue.form.error().is_some() && desk.said().is_empty(), "no reason");
        let confirm = Message::Form(form::Message::Command(Command::Confirm));
        assert!(matches!(dialogue.update(confirm, now), Next::Run(_)));
        assert_eq!(desk.said(), ["ratify 9 Ratify"]);
        let mut dialogue = ClearanceAnswer::new(desk.clone(), now);
        dialogue.update(typed(Place::Reason, "non era urgente"), now);
        assert!(matches!(dialogue.update(press(Place::Refuse), now), Next::Run(_)));
        assert!(desk.said()[1].starts_with("ratify 9 Refuse"), "{:?}", desk.said());
    }

    #[test]
    fn the_requester_has_nothing_to_answer() {
        assert!(waiting(fake::desk(4, 1).as_ref(), SystemTime::now()).is_empty());
    }
    #[test]
    fn what_is_typed_after_tab_stays_in_its_field_of_the_answer() {
        let now = SystemTime::now();
        // From the button «approve» on, which is where the keyboard begins.
        let keys = keys("x⇥manca la denuncia⇥x⇥2⇥22/11/2026 14:00:00⇥22/11/2026 14:01:00⇥12⇤⇥6");
        let dialogues = typist::typed(
            &keys,
            || dialogue().0,
            |dialogue| dialogue.view(now),
            |dialogue, message| drop(dialogue.update(message, now)),
        );
        for dialogue in dialogues {
            let typed = [Place::Reason, Place::Cameras, Place::From, Place::To, Place::Hours];
            let typed = typed.map(|place| dialogue.form.typed(place));
            let expected = [
                "manca la denuncia",
                "2",
                "22/11/2026 14:00:00",
                "22/11/2026 14:01:00",
                "6",
            ];
            assert_eq!(typed, expected);
        }
    }
}
