//! The message strip of the control room: the sentences of every part, and the refusals of the station.
//!
//! Invariant: whatever concerns one camera begins with its number and name. Deliberately absent: the strip itself (`ui::message_strip`).

use super::effect::Notice;
use crate::domain::camera::CameraId;
use crate::domain::refusal::RefusalKind;
use crate::domain::site::SitePlan;
use crate::gui::sentences;
use crate::gui::theme::Tone;
use crate::gui::ui::message_strip::{Message, MessageStrip, Stay};
use crate::station::Refusal;
use iced::Element;
use std::time::SystemTime;

/// The notices of one window.
#[derive(Default)]
pub struct Notices {
    strip: MessageStrip,
}

impl Notices {
    /// Adds a notice at `clock`; the plan gives the camera's number and name.
    pub fn add(&mut self, notice: Notice, plan: &SitePlan, clock: SystemTime) {
        match notice {
            Notice::Said {
                tone,
                sentence,
                camera,
                stay,
            } => {
                let sentence = of_camera(sentence, camera.as_ref(), plan);
                self.strip.say(clock, tone, sentence, camera, stay);
            }
            Notice::Settled(concern) => self.strip.settle(&concern),
            Notice::Refused { why, camera } => {
                let tone = if matches!(*why, Refusal::Kind(RefusalKind::LeasedByOther(_))) {
                    Tone::Other
                } else {
                    Tone::Attention
                };
                let sentence = refusal(&why, camera.as_ref(), plan);
                self.strip.say(clock, tone, sentence, camera, Stay::Passing);
            }
        }
    }

    /// Puts a notice away, or opens the history.
    pub fn update(&mut self, message: &Message) {
        self.strip.update(message);
    }

    /// Puts away what only answered a key some time ago.
    pub fn tidy(&mut self, clock: SystemTime) {
        self.strip.tidy(clock);
    }

    /// Puts away the notice at this place among those that wait.
    pub fn put_away(&mut self, place: usize) {
        let index = self.strip.pending().get(place).map(|(index, _)| *index);
        if let Some(index) = index {
            self.strip.update(&Message::PutAway(index));
        }
    }

    /// Opens the history, or closes it.
    pub fn toggle_history(&mut self) {
        self.strip.update(&Message::ToggleHistory);
    }

    /// Closes the history; `false` when it was closed.
    pub fn close_history(&mut self) -> bool {
        let open = self.strip.is_open();
        if open {
            self.toggle_history();
        }
        open
    }

    /// The sentences that were not put away, newest first.
    pub fn sentences(&self) -> Vec<String> {
        self.strip
            .pending()
            .into_iter()
            .map(|(_, notice)| notice.words.clone())
            .collect()
    }

    /// The strip; `focus` is the place of the keyboard among the notices that wait.
    pub fn view(&self, focus: Option<usize>, key: Option<String>) -> Element<'_, Message> {
        self.strip.view(focus, key)
    }
}

/// The sentence of a refusal, with the number and the name of the camera.
pub fn refusal(why: &Refusal, camera: Option<&CameraId>, plan: &SitePlan) -> String {
    of_camera(sentences::refusal(why), camera, plan)
}

/// A sentence after the number and the name of the camera that it concerns.
fn of_camera(sentence: String, camera: Option<&CameraId>, plan: &SitePlan) -> String {
    match camera.and_then(|camera| plan.camera(camera)) {
        Some(camera) => format!("{} · {}: {sentence}", camera.number, camera.name),
        None => sentence,
    }
}
