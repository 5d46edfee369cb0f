//! Notifications: what changed that this person asked for, and what others ask of them.
//!
//! Invariant: each change is said once; what there was at the beginning is no change, but a request that waits for this
//! person is said all the same. Deliberately absent: asking and answering (`work::dialogues`).

use super::effect::{Effect, Notice};
use super::now::Now;
use super::session_facts::SessionFacts;
use crate::domain::camera::{CameraId, ControllerId};
use crate::domain::people::Level;
use crate::domain::people::clearance::{Answer, ClearanceStatus};
use crate::domain::site::SitePlan;
use crate::gui::clearance_text::cameras_words;
use crate::gui::desktop_notice;
use crate::gui::i18n::fl;
use crate::gui::input::{Command, Keymap};
use crate::gui::sentences;
use crate::gui::session_port::DomeLease;
use crate::gui::theme::Tone;
use crate::gui::ui::message_strip::Concern;
use crate::station::{ClearanceState, Holder};
use iced::Task;
use std::collections::{HashMap, HashSet};

/// A dome that this person asked for.
struct Requested {
    /// Name of the holder at that time.
    of: String,
    urgent: bool,
}

/// Somebody who asks for a dome of ours, or is taking it over.
#[derive(PartialEq, Eq, Hash)]
struct Announced {
    dome: CameraId,
    user: String,
    taking: bool,
}

impl Announced {
    fn concern(&self) -> Concern {
        Concern::Dome {
            dome: self.dome.clone(),
            user: self.user.clone(),
        }
    }
}

/// What was said already.
#[derive(Default)]
pub struct Notifications {
    requested: HashMap<CameraId, Requested>,
    announced: HashSet<Announced>,
    /// Status of each clearance at the last look.
    clearances: HashMap<u64, ClearanceStatus>,
    /// That this machine's clock is wrong was said, and it still is.
    clock_is_wrong: bool,
    /// Logs that were said to have begun anew.
    begun_anew: HashSet<ControllerId>,
    /// The session was looked at before.
    begun: bool,
}

impl Notifications {
    /// Follows a request for a dome until it is answered; the notice that it was sent, while somebody holds the lease.
    pub fn dome_requested(&mut self, dome: CameraId, urgent: bool, session: &SessionFacts) -> Option<Notice> {
        let lease = session.lease_of(&dome)?;
        let of = lease.display_name.clone();
        let sentence = if urgent {
            fl!("ask-taking", name = of.as_str())
        } else {
            fl!("ask-sent", name = of.as_str(), body = lease.agency.as_str())
        };
        self.requested.insert(dome.clone(), Requested { of, urgent });
        Some(Notice::of_camera(dome, Tone::Other, sentence))
    }

    /// Tells what changed since the last look, and on the desktop that a clearance waits for an answer.
    pub fn follow<M: Send + 'static>(&mut self, session: &SessionFacts, keymap: &Keymap, now: Now) -> Effect<M> {
        let mut notices = self.follow_requests(session);
        notices.extend(self.follow_askers(session, keymap));
        notices.extend(self.follow_clock(session, now));
        notices.extend(session.desk().not_returned().into_iter().map(|(dome, why)| {
            let sentence = fl!("return-failed", why = sentences::refusal(&why));
            Notice::of_camera(dome, Tone::Attention, sentence)
        }));
        notices.extend(self.follow_beginnings(session));
        if !self.begun {
            let let_in = session.desk().let_in_alone();
            notices.extend(
                let_in
                    .iter()
                    .map(|let_in| Notice::said(Tone::Act, sentences::let_in_alone(let_in))),
            );
        }
        let (changes, to_answer) = self.follow_clearances(session, keymap, now);
        notices.extend(changes);
        self.begun = true;
        let task = if to_answer {
            Task::future(desktop_notice::show(fl!("clearance-desktop"))).discard()
        } else {
            Task::none()
        };
        Effect { task, notices }
    }

    /// That this machine's clock is wrong: said once, until it is put right.
    fn follow_clock(&mut self, session: &SessionFacts, now: Now) -> Option<Notice> {
        let wrong = session.health().clock;
        let before = std::mem::replace(&mut self.clock_is_wrong, wrong.is_some());
        match wrong {
            Some(wrong) if !before => {
                let sentence = sentences::wrong_clock(wrong, now.clock);
                Some(Notice::asked(Concern::Clock, None, sentence))
            }
            None if before => Some(Notice::Settled(Concern::Clock)),
            _ => None,
        }
    }

    /// Logs that began anew, because their server lost what this workstation had verified: each said once in a session.
    fn follow_beginnings(&mut self, session: &SessionFacts) -> Vec<Notice> {
        let begun = session.health().begun_anew.iter();
        let new = begun.filter(|(log, _)| self.begun_anew.insert(log.clone()));
        let controllers = &session.plan().controllers;
        new.map(|(log, begun)| {
            let named = controllers.iter().find(|controller| controller.id == *log);
            let name = named.map_or(log.as_str(), |controller| &controller.name);
            Notice::said(Tone::Act, sentences::begun_anew(name, begun))
        })
        .collect()
    }

    /// What became of the domes that this person asked for.
    fn follow_requests(&mut self, session: &SessionFacts) -> Vec<Notice> {
        let me = &session.person().user;
        let waits = |lease: &DomeLease| {
            lease.asking.iter().any(|asking| &asking.by.user == me)
                || lease.passes_to.as_ref().is_some_and(|to| &to.user == me)
        };
        let mut notices = Vec::new();
        self.requested.retain(|dome, Requested { of, urgent }| {
            let (tone, sentence) = match session.lease_of(dome) {
                None => (Tone::Normal, fl!("ask-free")),
                Some(lease) if lease.ours => (Tone::Normal, fl!("ask-yours")),
                // The word of it may still be on its way here.
                Some(lease) if waits(lease) || *urgent => return true,
                Some(_) => (Tone::Other, fl!("ask-declined", name = of.as_str())),
            };
            notices.push(Notice::of_camera(dome.clone(), tone, sentence));
            false
        });
        notices
    }

    /// Who asks for a dome of ours, or is taking it over, since the last look.
    fn follow_askers(&mut self, session: &SessionFacts, keymap: &Keymap) -> Vec<Notice> {
        let mut now = HashSet::new();
        let mut notices = Vec::new();
        let mut announce = |lease: &DomeLease, who: &Holder, taking: bool, sentence: String| {
            let key = Announced {
                dome: lease.camera.clone(),
                user: who.user.clone(),
                taking,
            };
            if !self.announced.contains(&key) {
                let camera = lease.camera.clone();
                notices.push(Notice::asked(key.concern(), Some(camera), sentence));
            }
            now.insert(key);
        };
        for lease in session.leases().iter().filter(|lease| lease.ours) {
            for asking in &lease.asking {
                let sentence = fl!(
                    "hand-over-asked",
                    name = asking.by.display_name.as_str(),
                    body = asking.by.agency.as_str(),
                    reason = asking.reason.as_str(),
                    key = keymap.named(Command::HandOver)
                );
                announce(lease, &asking.by, false, sentence);
            }
            if let Some(to) = &lease.passes_to {
                let sentence = fl!(
                    "hand-over-taken",
                    name = to.display_name.as_str(),
                    body = to.agency.as_str()
                );
                announce(lease, to, true, sentence);
            }
        }
        let settled = self
            .announced
            .difference(&now)
            .map(|gone| Notice::Settled(gone.concern()));
        notices.extend(settled);
        self.announced = now;
        notices
    }

    /// How clearances changed, and whether something new waits for this person's answer.
    fn follow_clearances(&mut self, session: &SessionFacts, keymap: &Keymap, now: Now) -> (Vec<Notice>, bool) {
        let mut notices = Vec::new();
        let mut to_answer = false;
        let now_ms = sentences::unix_ms(now.clock);
        let all = session.desk().clearances();
        for state in &all {
            let ours = state.clearance.asked_by == session.person().user;
            // What was opened at once waits for a supervisor as a request does.
            let status = if !ours && state.clearance.waits_for_ratification(now_ms) {
                ClearanceStatus::Waiting
            } else {
                state.clearance.standing(now_ms)
            };
            let before = self.clearances.insert(state.id, status);
            // A request that waits for this person is said also when it is older than their sign-in.
            let changed = before != Some(status) && (self.begun || (!ours && status == ClearanceStatus::Waiting));
            let change = clearance_change(state, status, ours, session.plan(), keymap);
            if before == Some(ClearanceStatus::Waiting) && changed {
                notices.push(Notice::Settled(Concern::Clearance(state.id)));
            }
            let Some((tone, sentence)) = change.filter(|_| changed) else {
                continue;
            };
            let waits = status == ClearanceStatus::Waiting;
            to_answer |= waits;
            notices.push(if waits {
                Notice::asked(Concern::Clearance(state.id), None, sentence)
            } else {
                Notice::said(tone, sentence)
            });
        }
        let gone = |id: &u64| !all.iter().any(|state| state.id == *id);
        for (id, before) in self.clearances.extract_if(|id, _| gone(id)) {
            notices.push(Notice::Settled(Concern::Clearance(id)));
            if before == ClearanceStatus::InForce && session.person().level != Level::Supervisor {
                let sentence = fl!("clearance-was-over", id = id.to_string());
                notices.push(Notice::said(Tone::Normal, sentence));
            }
        }
        (notices, to_answer)
    }
}

/// The sentence about a clearance that changed, for who asked for it or for who may answer.
fn clearance_change(
    state: &ClearanceState,
    status: ClearanceStatus,
    ours: bool,
    plan: &SitePlan,
    keymap: &Keymap,
) -> Option<(Tone, String)> {
    let id = state.id.to_string();
    let asked = &state.clearance.wish.extent;
    match (status, &state.clearance.answer) {
        (ClearanceStatus::Waiting, _) if !ours && state.clearance.at_once.is_some() => {
            let sentence = fl!(
                "clearance-ratify-notice",
                name = state.by.display_name.as_str(),
                body = state.by.agency.as_str(),
                cameras = cameras_words(plan, asked),
                key = keymap.named(Command::Clearances)
            );
            Some((Tone::Act, sentence))
        }
        (ClearanceStatus::Waiting, _) if !ours => {
            let sentence = fl!(
                "clearance-notice",
                name = state.by.display_name.as_str(),
                body = state.by.agency.as_str(),
                cameras = cameras_words(plan, asked),
                key = keymap.named(Command::Clearances)
            );
            Some((Tone::Act, sentence))
        }
        // Who opened it was told by the dialogue.
        (ClearanceStatus::InForce, _) if state.clearance.at_once.is_some() => None,
        (ClearanceStatus::Expired, _) if ours => {
            let ratified = state.clearance.at_once.as_ref()?.ratified.as_ref()?;
            let reason = ratified.refused_because.as_ref()?.as_str();
            let sentence = fl!("clearance-was-not-ratified", id = id, reason = reason);
            Some((Tone::Attention, sentence))
        }
        (ClearanceStatus::InForce, Some(Answer::Granted { until_ms, extent, .. })) if ours => {
            let sentence = fl!(
                "clearance-granted",
                id = id,
                until = sentences::typed_time(*until_ms),
                cameras = cameras_words(plan, extent)
            );
            Some((Tone::Normal, sentence))
        }
        (ClearanceStatus::Refused, Some(Answer::Refused { reason, .. })) if ours => {
            let sentence = fl!("clearance-was-refused", id = id, reason = reason.as_str());
            Some((Tone::Attention, sentence))
        }
        (ClearanceStatus::Withdrawn, _) if ours => {
            let reason = state.clearance.withdrawn.as_ref()?.reason.as_str();
            let sentence = fl!("clearance-was-withdrawn", id = id, reason = reason);
            Some((Tone::Attention, sentence))
        }
        _ => None,
    }
}
