//! Calibrating a dome in the control room: opening the panel, its clicks and its answers.
//!
//! Invariant: one panel at a time, and a click in the picture goes to the one that is open. Deliberately absent: the panel
//! itself (`ui::calibration`).

use super::tiles::{Content, Open};
use super::{Action, ControlRoom, Message};
use crate::domain::site::{CameraPlan, SitePlan};
use crate::gui::i18n::fl;
use crate::gui::sentences;
use crate::gui::ui::calibration::{self, Calibrating};
use crate::gui::ui::mask_editor;
use crate::station::Refusal;
use iced::{Element, Task};
use std::sync::Arc;

impl ControlRoom {
    /// Opens the panel on the selected dome, or closes it.
    pub(super) fn toggle_calibration(&mut self) -> Action {
        if self.calibrating.take().is_some() {
            return Action::None;
        }
        let Some(panel) = self.selected_plan().cloned().and_then(Calibrating::new) else {
            return self.not_a_dome();
        };
        self.calibrating = Some(panel);
        self.mask_message(mask_editor::Message::Close)
    }

    /// A click in the picture of the dome that is calibrated; `false` when it is not meant for the panel.
    pub(super) fn sight(&mut self, at: Option<[f64; 2]>) -> bool {
        let pose = self
            .shown_on(self.selected)
            .map(|Open { feed, .. }| feed.pose(self.now.instant));
        let selected = self.selected_camera();
        let panel = self.calibrating.as_mut();
        let Some(panel) = panel.filter(|panel| Some(&panel.camera().id) == selected.as_ref()) else {
            return false;
        };
        if let (Some(at), Some(pose)) = (at, pose) {
            panel.point(at, &pose);
        }
        true
    }

    pub(super) fn calibration_message(&mut self, message: calibration::Message) -> Action {
        let Some(panel) = &mut self.calibrating else {
            return Action::None;
        };
        let camera = panel.camera().id.clone();
        match panel.update(message) {
            calibration::Action::None => Action::None,
            calibration::Action::Propose(proposal) => {
                let proposed = self.desk.propose_mask(camera, proposal);
                Action::Run(Task::perform(proposed, |answer| {
                    Message::CalibrationProposed(answer.map_err(Arc::new))
                }))
            }
            calibration::Action::Close => {
                self.calibrating = None;
                Action::None
            }
        }
    }

    pub(super) fn calibration_proposed(&mut self, answer: Result<(), Arc<Refusal>>) {
        let words = match &answer {
            Ok(()) => fl!("editor-recorded"),
            Err(why) => sentences::refusal(why),
        };
        if let Some(panel) = &mut self.calibrating {
            panel.say(words);
        }
    }

    /// The panel, when it is open.
    pub(super) fn calibration_panel(&self) -> Option<Element<'_, Message>> {
        Some(self.calibrating.as_ref()?.view().map(Message::Calibration))
    }

    /// A view that began with another lens model is opened anew: until then it stays covered whole.
    pub(super) fn follow_lenses(&mut self, before: &SitePlan) {
        let geometry = |camera: &CameraPlan| (camera.lens.clone(), camera.motion.clone());
        for placed in self.tiles.iter_mut().flatten() {
            let [old, new] = [before, &*self.plan].map(|plan| plan.camera(&placed.camera).map(geometry));
            if old.is_some() && old != new {
                placed.content = Content::Closed;
                placed.large = None;
            }
        }
    }
}
