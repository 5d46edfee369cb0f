//! Drawing masks in the control room: opening the editor, its clicks and its answers.
//!
//! Invariant: leaving the editor ends the draft. Deliberately absent: the editor itself (`ui::mask_editor`).

use super::tiles::Open;
use super::{Action, ControlRoom, Message};
use crate::domain::people::Level;
use crate::gui::i18n::fl;
use crate::gui::sentences;
use crate::gui::ui::mask_editor::{self, MaskEditor};
use crate::station::{ProposedMask, Refusal};
use iced::{Element, Task};
use std::sync::Arc;

impl ControlRoom {
    /// Opens the editor on the selected camera, or closes it.
    pub(super) fn toggle_editor(&mut self) -> Action {
        if self.editor.is_some() {
            return self.mask_message(mask_editor::Message::Close);
        }
        let Some(camera) = self.selected_plan().cloned() else {
            return self.nothing_selected();
        };
        self.calibrating = None;
        self.editor = Some(MaskEditor::new(camera));
        Action::Run(self.ask_proposals())
    }

    fn ask_proposals(&self) -> Task<Message> {
        Task::perform(self.desk.proposals(), |answer| {
            Message::Proposals(answer.map_err(Arc::new))
        })
    }

    /// A click in the picture of the camera that is edited; `false` when it is not meant for the editor.
    pub(super) fn draw(&mut self, at: Option<[f64; 2]>) -> bool {
        let pose = self
            .shown_on(self.selected)
            .map(|Open { feed, .. }| feed.pose(self.now.instant));
        let selected = self.selected_camera();
        let Some(editor) = self
            .editor
            .as_mut()
            .filter(|editor| Some(&editor.camera().id) == selected.as_ref())
        else {
            return false;
        };
        let (Some(at), Some(pose)) = (at, pose) else {
            return true;
        };
        if let mask_editor::Action::Draft(mask) = editor.point(at, &pose) {
            self.desk.draft_mask(editor.camera().id.clone(), mask);
        }
        true
    }

    pub(super) fn mask_message(&mut self, message: mask_editor::Message) -> Action {
        let Some(editor) = &mut self.editor else {
            return Action::None;
        };
        let camera = editor.camera().id.clone();
        let settled = |answer: Result<(), Refusal>| Message::MaskSettled(answer.map_err(Arc::new));
        match editor.update(message) {
            mask_editor::Action::None => Action::None,
            mask_editor::Action::Draft(mask) => {
                self.desk.draft_mask(camera, mask);
                Action::None
            }
            mask_editor::Action::Propose(proposal) => {
                Action::Run(Task::perform(self.desk.propose_mask(camera, proposal), settled))
            }
            mask_editor::Action::Decide(id, verdict) => {
                Action::Run(Task::perform(self.desk.decide_proposal(id, verdict), settled))
            }
            mask_editor::Action::Close => {
                self.desk.draft_mask(camera, None);
                self.editor = None;
                Action::None
            }
        }
    }

    pub(super) fn take_proposals(&mut self, answer: Result<Vec<ProposedMask>, Arc<Refusal>>) {
        match answer {
            Ok(proposals) => self.proposals = proposals,
            Err(why) => self.refused(&why, None),
        }
    }

    pub(super) fn mask_settled(&mut self, answer: Result<(), Arc<Refusal>>) -> Action {
        let words = match &answer {
            Ok(()) => fl!("editor-recorded"),
            Err(why) => sentences::refusal(why),
        };
        self.plan = self.desk.plan();
        let planned = self
            .editor
            .as_ref()
            .and_then(|editor| self.plan.camera(&editor.camera().id))
            .cloned();
        if let Some(editor) = &mut self.editor {
            editor.say(words);
            if let Some(planned) = planned {
                editor.refresh(planned);
            }
        }
        Action::Run(self.ask_proposals())
    }

    /// The editor, when it is open.
    pub(super) fn editor_panel(&self) -> Option<Element<'_, Message>> {
        let level: Level = self.person.level;
        let editor = self.editor.as_ref()?;
        Some(editor.view(&self.proposals, level).map(Message::Masks))
    }
}
