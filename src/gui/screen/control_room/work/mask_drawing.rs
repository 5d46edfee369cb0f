//! Drawing masks on a camera: the editor, the proposals that wait for a supervisor, and their answers.
//!
//! Invariant: leaving the editor ends the draft. Deliberately absent: the editor itself (`ui::mask_editor`).

use crate::domain::camera::CameraId;
use crate::domain::people::Level;
use crate::domain::privacy::PoseKnowledge;
use crate::domain::site::CameraPlan;
use crate::gui::i18n::fl;
use crate::gui::screen::control_room::effect::Effect;
use crate::gui::screen::control_room::session_facts::SessionFacts;
use crate::gui::sentences;
use crate::gui::session_port::Desk;
use crate::gui::ui::mask_editor::{self, MaskEditor};
use crate::station::{ProposedMask, Refusal};
use iced::{Element, Task};
use std::sync::Arc;

/// The editor of one camera, with what waits for a supervisor.
pub struct MaskDrawing {
    editor: MaskEditor,
    proposals: Vec<ProposedMask>,
}

/// What happens while masks are drawn.
#[derive(Clone)]
pub enum Message {
    Editor(mask_editor::Message),
    /// What waits for a supervisor, or that it cannot be asked.
    Proposals(Result<Vec<ProposedMask>, Arc<Refusal>>),
    /// A proposal or a verdict was taken, or not.
    Settled(Result<(), Arc<Refusal>>),
}

fn ask_proposals(desk: &dyn Desk) -> Task<Message> {
    Task::perform(desk.proposals(), |answer| Message::Proposals(answer.map_err(Arc::new)))
}

fn settled(answer: Result<(), Refusal>) -> Message {
    Message::Settled(answer.map_err(Arc::new))
}

impl MaskDrawing {
    /// Begins a new mask on a camera, and asks what waits for a supervisor.
    pub fn begin(camera: CameraPlan, desk: &dyn Desk) -> (Self, Task<Message>) {
        let drawing = Self {
            editor: MaskEditor::new(camera),
            proposals: Vec::new(),
        };
        (drawing, ask_proposals(desk))
    }

    /// The camera it is for.
    pub fn camera(&self) -> &CameraId {
        &self.editor.camera().id
    }

    /// A click in the camera's picture (0..1), taken in this pose.
    pub fn point(&mut self, at: [f64; 2], pose: &PoseKnowledge, desk: &dyn Desk) {
        if let mask_editor::Action::Draft(mask) = self.editor.point(at, pose) {
            desk.draft_mask(self.camera().clone(), mask);
        }
    }

    /// Gives the keyboard back from the editor's fields.
    pub fn leave_fields(&mut self) {
        self.editor.update(mask_editor::Message::Left);
    }

    /// Changes the state and says what to do; `None` when the person closed the editor.
    pub fn update(&mut self, message: Message, session: &SessionFacts) -> Option<Effect<Message>> {
        let desk = session.desk().as_ref();
        match message {
            Message::Editor(message) => return self.editor_message(message, desk),
            Message::Proposals(Ok(proposals)) => self.proposals = proposals,
            Message::Proposals(Err(why)) => return Some(Effect::refused(why, None)),
            Message::Settled(answer) => {
                self.editor.say(match &answer {
                    Ok(()) => fl!("editor-recorded"),
                    Err(why) => sentences::refusal(why),
                });
                if let Some(planned) = session.plan().camera(self.camera()) {
                    self.editor.refresh(planned.clone());
                }
                return Some(Effect::run(ask_proposals(desk)));
            }
        }
        Some(Effect::none())
    }

    fn editor_message(&mut self, message: mask_editor::Message, desk: &dyn Desk) -> Option<Effect<Message>> {
        let camera = self.camera().clone();
        Some(match self.editor.update(message) {
            mask_editor::Action::None => Effect::none(),
            mask_editor::Action::Draft(mask) => {
                desk.draft_mask(camera, mask);
                Effect::none()
            }
            mask_editor::Action::Propose(proposal) => {
                Effect::run(Task::perform(desk.propose_mask(camera, proposal), settled))
            }
            mask_editor::Action::Decide(id, verdict) => {
                Effect::run(Task::perform(desk.decide_proposal(id, verdict), settled))
            }
            mask_editor::Action::Close => return None,
        })
    }

    /// Ends the draft: only what is in force covers the camera.
    pub fn end(&self, desk: &dyn Desk) {
        desk.draft_mask(self.camera().clone(), None);
    }

    /// The editor, for a person of this level.
    pub fn view(&self, level: Level) -> Element<'_, Message> {
        self.editor.view(&self.proposals, level).map(Message::Editor)
    }
}
