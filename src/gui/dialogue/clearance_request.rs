//! The dialogue in which an operator asks for a clearance (*nullaosta*): cameras, range, purpose, why; and how the ones
//! asked for before stand (R-REC-1). The same form opens the recent past at once when nobody is there to clear (R-ACC-11).
//!
//! Invariant: it only asks; what may be seen is the server's to say. Deliberately absent: answering (`clearance_answer`).

use crate::domain::people::Purpose;
use crate::domain::people::clearance::{Extent, Wish};
use crate::domain::reason::Reason;
use crate::domain::site::SitePlan;
use crate::gui::clearance_text::{cameras_words, numbered, standing_words};
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::sentences::{self, PURPOSES};
use crate::gui::session_port::Clear;
use crate::gui::ui::controls::{heading, labelled, quiet};
use crate::gui::ui::form::{self, Form, Next, Step};
use crate::station::Refusal;
use iced::widget::{column, row};
use iced::{Element, Task};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

/// Length of the range that is offered, milliseconds.
const OFFERED_MS: i64 = 30 * 60_000;
/// Earlier requests shown.
const SHOWN: usize = 3;

/// The parts in the order of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    Cameras,
    From,
    To,
    Purpose,
    Copy,
    Reason,
    ProtocolNo,
    Send,
    AtOnce,
}

/// What came of the dialogue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Asked {
    /// A supervisor answers.
    Requested,
    /// The recordings are open; a supervisor ratifies it.
    OpenedAtOnce,
}

/// The dialogue.
pub struct ClearanceRequest {
    desk: Arc<dyn Clear>,
    plan: Arc<SitePlan>,
    form: Form<Place>,
}

/// What happens in the dialogue.
#[derive(Clone)]
pub enum Message {
    Form(form::Message<Place>),
    Sent(Result<Asked, Arc<Refusal>>),
}

impl ClearanceRequest {
    /// The dialogue, with a camera and the last half hour offered.
    pub fn new(desk: Arc<dyn Clear>, camera: Option<u32>, now: SystemTime) -> ClearanceRequest {
        let to_ms = sentences::unix_ms(now);
        let judicial = sentences::place_of(Purpose::JudicialPoliceInitiative);
        let camera = camera.map(|number| number.to_string()).unwrap_or_default();
        let copy = [fl!("clearance-copy-no"), fl!("clearance-copy-yes")];
        let form = Form::default()
            .field(Place::Cameras, fl!("clearance-cameras"), camera)
            .field(
                Place::From,
                fl!("export-from"),
                sentences::typed_time(to_ms - OFFERED_MS),
            )
            .field(Place::To, fl!("export-to"), sentences::typed_time(to_ms))
            .choice(Place::Purpose, fl!("export-purpose"), sentences::purposes(), judicial)
            .choice(Place::Copy, fl!("clearance-copy"), copy, 0)
            .field(Place::Reason, fl!("export-reason"), "")
            .field(Place::ProtocolNo, fl!("clearance-protocol"), "")
            .button(Place::Send, Icon::Done, fl!("clearance-send"))
            .button(Place::AtOnce, Icon::Warning, fl!("clearance-open-at-once"));
        let plan = desk.plan();
        ClearanceRequest { desk, plan, form }
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Next<Message, Asked> {
        match message {
            Message::Form(message) => match self.form.update(message) {
                Step::Pressed(Place::AtOnce) => return self.send(Asked::OpenedAtOnce),
                Step::Pressed(_) => return self.send(Asked::Requested),
                Step::Next(next) => return next.map(Message::Form),
            },
            Message::Sent(Ok(asked)) => return Next::Done(asked),
            Message::Sent(Err(why)) => self.form.fail(sentences::refusal(&why)),
        }
        Next::None
    }

    fn send(&mut self, asked: Asked) -> Next<Message, Asked> {
        match self.wish() {
            Err(error) => {
                self.form.fail(error);
                Next::None
            }
            Ok(wish) => {
                self.form.wait();
                let sent = match asked {
                    Asked::Requested => self.desk.request_clearance(wish),
                    Asked::OpenedAtOnce => self.desk.open_at_once(wish),
                };
                Next::Run(Task::perform(sent, move |answer| {
                    Message::Sent(answer.map(|()| asked).map_err(Arc::new))
                }))
            }
        }
    }

    fn wish(&self) -> Result<Wish, String> {
        let cameras = numbered(&self.plan, self.form.typed(Place::Cameras))?;
        let controllers: BTreeSet<_> = cameras
            .iter()
            .filter_map(|id| Some(self.plan.camera(id)?.controller.clone()))
            .collect();
        let mut controllers = controllers.into_iter();
        let (Some(controller), None) = (controllers.next(), controllers.next()) else {
            return Err(fl!("clearance-two-controllers"));
        };
        let time = |place| sentences::read_time(self.form.typed(place));
        let reason = self.form.typed(Place::Reason).to_owned();
        Ok(Wish {
            controller,
            extent: Extent {
                cameras,
                from_ms: time(Place::From)?,
                to_ms: time(Place::To)?,
                export: self.form.chosen(Place::Copy) == 1,
            },
            purpose: PURPOSES[self.form.chosen(Place::Purpose)],
            reason: Reason::try_from(reason).map_err(|_| fl!("ask-no-reason"))?,
            protocol_no: self.form.typed(Place::ProtocolNo).trim().to_owned(),
        })
    }

    /// The dialogue.
    pub fn view(&self, now: SystemTime) -> Element<'_, Message> {
        let form = column![
            heading(fl!("clearance-title")),
            self.form.input(Place::Cameras),
            row![self.form.input(Place::From), self.form.input(Place::To)].spacing(12),
            row![self.form.input(Place::Purpose), self.form.input(Place::Copy).width(290)].spacing(12),
            row![
                self.form.input(Place::Reason),
                self.form.input(Place::ProtocolNo).width(230)
            ]
            .spacing(12),
            quiet(fl!("clearance-recorded")),
            quiet(fl!("clearance-at-once-hint")),
            self.form.foot(fl!("export-cancel")),
        ];
        column![self.form.scope(form.spacing(10)).map(Message::Form), self.earlier(now)]
            .spacing(12)
            .width(680)
            .into()
    }

    fn earlier(&self, now: SystemTime) -> Element<'_, Message> {
        let (me, now_ms) = (self.desk.person().user, sentences::unix_ms(now));
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
    use crate::gui::clearance_text::numbers;
    use crate::gui::fake;
    use crate::gui::widget::typist::{self, keys};

    #[test]
    fn r_acc_11_the_same_form_opens_the_recent_past_at_once() {
        let desk = fake::desk(4, 1);
        let mut dialogue = ClearanceRequest::new(desk.clone(), Some(2), SystemTime::now());
        let reason = form::Message::Typed(Place::Reason, "rissa in corso".into());
        dialogue.update(Message::Form(reason));
        let pressed = Message::Form(form::Message::Pressed(Place::AtOnce));
        assert!(matches!(dialogue.update(pressed), Next::Run(_)));
        assert_eq!(desk.said(), [r#"open at once {CameraId("cam-02")} rissa in corso"#]);
        let done = dialogue.update(Message::Sent(Ok(Asked::OpenedAtOnce)));
        assert!(matches!(done, Next::Done(Asked::OpenedAtOnce)));
    }

    #[test]
    fn r_rec_1_a_request_names_cameras_range_and_reason() {
        let desk = fake::desk(4, 1);
        let mut dialogue = ClearanceRequest::new(desk.clone(), Some(2), SystemTime::now());
        let send = || Message::Form(form::Message::Pressed(Place::Send));
        let typed = |place, words: &str| Message::Form(form::Message::Typed(place, words.into()));
        assert!(matches!(dialogue.update(send()), Next::None));
        assert!(dialogue.form.error().is_some(), "no reason");
        dialogue.update(typed(Place::Reason, "danneggiamento"));
        dialogue.update(typed(Place::Cameras, "2, 9"));
        assert!(matches!(dialogue.update(send()), Next::None), "there is no camera 9");
        dialogue.update(typed(Place::Cameras, "2 1"));
        dialogue.update(Message::Form(form::Message::Chosen(Place::Copy, 1)));
        let wish = dialogue.wish().unwrap();
        assert_eq!(numbers(&desk.plan(), &wish.extent), "1, 2");
        assert_eq!(
            (wish.extent.to_ms - wish.extent.from_ms, wish.extent.export),
            (OFFERED_MS, true)
        );
        assert!(matches!(dialogue.update(send()), Next::Run(_)));
        assert_eq!(desk.said().len(), 1);
    }
    #[test]
    fn what_is_typed_after_tab_stays_in_its_field_of_the_request() {
        let now = SystemTime::now();
        let keys = keys("2 1⇥22/11/2026 14:00:00⇥22/11/2026 14:01:00⇥x↓⇥→⇥danneggiamento⇥7/2026⇤⇥8/2026");
        let desk = fake::desk(4, 1);
        let dialogues = typist::typed(
            &keys,
            || ClearanceRequest::new(desk.clone(), Some(2), now),
            |dialogue| dialogue.view(now),
            |dialogue, message| drop(dialogue.update(message)),
        );
        for dialogue in dialogues {
            let wish = dialogue.wish().unwrap();
            assert_eq!(numbers(&desk.plan(), &wish.extent), "1, 2");
            assert_eq!(
                (wish.extent.from_ms, wish.extent.to_ms, wish.extent.export),
                (1_795_352_400_000, 1_795_352_460_000, true)
            );
            assert_eq!(
                (wish.reason.as_str(), wish.protocol_no.as_str()),
                ("danneggiamento", "8/2026")
            );
        }
    }
}
