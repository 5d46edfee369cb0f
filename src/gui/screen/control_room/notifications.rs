//! What the room says when something changed that this person asked for, or that others ask of them.
//!
//! Invariant: it is said in the strip once. Deliberately absent: asking and answering (`dialogues`).

use super::ControlRoom;
use crate::domain::camera::CameraId;
use crate::domain::people::Level;
use crate::domain::people::clearance::{Answer, ClearanceStatus};
use crate::gui::clearance_text::cameras_words;
use crate::gui::desktop_notice;
use crate::gui::i18n::fl;
use crate::gui::input::Command;
use crate::gui::sentences;
use crate::gui::session_port::DomeLease;
use crate::gui::theme::Tone;
use crate::station::ClearanceState;
use iced::Task;
use std::collections::{HashMap, HashSet};

/// What was said already.
#[derive(Default)]
pub struct Followed {
    /// Domes this person asked for, and of whom; `true`: urgently.
    asked: HashMap<CameraId, (String, bool)>,
    /// Who was announced as asking for, or taking, which dome of ours.
    announced: HashSet<(CameraId, String, bool)>,
    /// How each clearance stood.
    clearances: HashMap<u64, ClearanceStatus>,
    /// What there was at the beginning is no news.
    begun: bool,
}

impl ControlRoom {
    /// What this person asked for is followed until it is answered.
    pub(super) fn asked(&mut self, camera: CameraId, urgent: bool) {
        let Some(hold) = self.hold_of(&camera).cloned() else {
            return;
        };
        let sentence = if urgent {
            fl!("ask-taking", name = hold.display_name.as_str())
        } else {
            fl!(
                "ask-sent",
                name = hold.display_name.as_str(),
                body = hold.agency.as_str()
            )
        };
        self.say(Tone::Other, sentence, Some(camera.clone()));
        self.followed.asked.insert(camera, (hold.display_name, urgent));
    }

    /// Says what changed since the last look, and on the desktop that somebody waits for a clearance.
    pub(super) fn follow(&mut self) -> Task<super::Message> {
        self.follow_answers();
        self.follow_askers();
        let to_answer = self.follow_clearances();
        self.followed.begun = true;
        if to_answer {
            Task::future(desktop_notice::show(fl!("clearance-desktop"))).discard()
        } else {
            Task::none()
        }
    }

    fn follow_answers(&mut self) {
        let me = self.person.user.clone();
        let mut said = Vec::new();
        let holds = &self.holds;
        self.followed.asked.retain(|camera, (of, urgent)| {
            let hold = holds.iter().find(|hold| &hold.camera == camera);
            let waits = |hold: &DomeLease| {
                hold.asking.iter().any(|asking| asking.by.user == me)
                    || hold.passes_to.as_ref().is_some_and(|to| to.user == me)
            };
            let sentence = match hold {
                None => (Tone::Normal, fl!("ask-free")),
                Some(hold) if hold.ours => (Tone::Normal, fl!("ask-yours")),
                // The word of it may still be on its way here.
                Some(hold) if waits(hold) || *urgent => return true,
                Some(_) => (Tone::Other, fl!("ask-declined", name = of.as_str())),
            };
            said.push((camera.clone(), sentence));
            false
        });
        for (camera, (tone, sentence)) in said {
            self.say(tone, sentence, Some(camera));
        }
    }

    fn follow_askers(&mut self) {
        let mut now = HashSet::new();
        let mut said = Vec::new();
        for hold in self.holds.iter().filter(|hold| hold.ours) {
            for asking in &hold.asking {
                let key = (hold.camera.clone(), asking.by.user.clone(), false);
                if !self.followed.announced.contains(&key) {
                    let sentence = fl!(
                        "hand-over-asked",
                        name = asking.by.display_name.as_str(),
                        body = asking.by.agency.as_str(),
                        reason = asking.reason.as_str(),
                        key = self.keymap.named(Command::HandOver)
                    );
                    said.push((hold.camera.clone(), sentence));
                }
                now.insert(key);
            }
            if let Some(to) = &hold.passes_to {
                let key = (hold.camera.clone(), to.user.clone(), true);
                if !self.followed.announced.contains(&key) {
                    let sentence = fl!(
                        "hand-over-taken",
                        name = to.display_name.as_str(),
                        body = to.agency.as_str()
                    );
                    said.push((hold.camera.clone(), sentence));
                }
                now.insert(key);
            }
        }
        self.followed.announced = now;
        for (camera, sentence) in said {
            self.say(Tone::Act, sentence, Some(camera));
        }
    }

    /// Whether something new waits for this person's answer.
    fn follow_clearances(&mut self) -> bool {
        let mut to_answer = false;
        let now_ms = sentences::unix_ms(self.now.clock);
        let all = self.desk.clearances();
        for state in &all {
            let stands = state.clearance.standing(now_ms);
            let before = self.followed.clearances.insert(state.id, stands);
            let ours = state.clearance.asked_by == self.person.user;
            // A request that waits for this person is said also when it is older than their sign-in.
            let news = before != Some(stands) && (self.followed.begun || (!ours && stands == ClearanceStatus::Waiting));
            if let Some((tone, sentence)) = self.clearance_news(state, stands, ours).filter(|_| news) {
                to_answer |= stands == ClearanceStatus::Waiting;
                self.say(tone, sentence, None);
            }
        }
        let gone = |id: &u64| !all.iter().any(|state| state.id == *id);
        let over: Vec<(u64, ClearanceStatus)> = self.followed.clearances.extract_if(|id, _| gone(id)).collect();
        for (id, stood) in over {
            if stood == ClearanceStatus::InForce && self.person.level != Level::Supervisor {
                self.say(Tone::Normal, fl!("clearance-was-over", id = id.to_string()), None);
            }
        }
        to_answer
    }

    fn clearance_news(&self, state: &ClearanceState, stands: ClearanceStatus, ours: bool) -> Option<(Tone, String)> {
        let id = state.id.to_string();
        let asked = &state.clearance.wish.extent;
        match (stands, &state.clearance.answer) {
            (ClearanceStatus::Waiting, _) if !ours => {
                let sentence = fl!(
                    "clearance-notice",
                    name = state.by.display_name.as_str(),
                    body = state.by.agency.as_str(),
                    cameras = cameras_words(&self.plan, asked),
                    key = self.keymap.named(Command::Clearances)
                );
                Some((Tone::Act, sentence))
            }
            (ClearanceStatus::InForce, Some(Answer::Granted { until_ms, extent, .. })) if ours => {
                let sentence = fl!(
                    "clearance-granted",
                    id = id,
                    until = sentences::typed_time(*until_ms),
                    cameras = cameras_words(&self.plan, extent)
                );
                Some((Tone::Normal, sentence))
            }
            (ClearanceStatus::Refused, Some(Answer::Refused { reason, .. })) if ours => {
                let sentence = fl!("clearance-was-refused", id = id, reason = reason.as_str());
                Some((Tone::Attention, sentence))
            }
            _ => None,
        }
    }
}
