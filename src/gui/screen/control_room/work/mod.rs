//! What the person at the wall is busy with: watching, drawing masks or calibrating a dome, and a dialogue over any of
//! them.
//!
//! Invariant: one tool at a time and one dialogue at a time; a tool that is put away ends its draft. Deliberately absent:
//! opening them by a key (`dialogue_commands`).

pub mod dialogues;
pub mod dome_calibration;
pub mod mask_drawing;

use super::effect::Effect;
use super::now::Now;
use super::session_facts::SessionFacts;
use crate::domain::camera::CameraId;
use crate::domain::privacy::PoseKnowledge;
use crate::gui::dialogue::export::Export;
use crate::gui::session_port::Desk;
use dialogues::{Dialogue, Outcome};
use dome_calibration::DomeCalibration;
use iced::{Element, Subscription, Task};
use mask_drawing::MaskDrawing;
use std::time::SystemTime;

/// What the clicks on the selected camera's picture are for.
#[derive(Default)]
pub enum Tool {
    /// Clicks move the dome.
    #[default]
    Watching,
    DrawingMasks(MaskDrawing),
    Calibrating(DomeCalibration),
}

/// The tool, and the dialogue that lies over it. While a dialogue is open every key goes to it.
#[derive(Default)]
pub struct Work {
    tool: Tool,
    dialogue: Option<Dialogue>,
}

impl Work {
    /// Whether nothing but the wall asks for attention.
    pub fn is_watching(&self) -> bool {
        self.dialogue.is_none() && matches!(self.tool, Tool::Watching)
    }

    /// The tool.
    pub fn tool(&self) -> &Tool {
        &self.tool
    }

    /// Takes a tool in the place of another one, whose draft or calibration ends.
    pub fn take_up(&mut self, tool: Tool, desk: &dyn Desk) {
        match &self.tool {
            Tool::DrawingMasks(drawing) => drawing.end(desk),
            Tool::Calibrating(calibration) => calibration.end(desk),
            Tool::Watching => {}
        }
        self.tool = tool;
    }

    /// Gives the keyboard back from the fields of the tool.
    pub fn leave_fields(&mut self) {
        match &mut self.tool {
            Tool::DrawingMasks(drawing) => drawing.leave_fields(),
            Tool::Calibrating(calibration) => calibration.leave_fields(),
            Tool::Watching => {}
        }
    }

    /// Lets a click on a camera's picture be the tool's; `false` when it is not meant for the tool. Without a point (0..1)
    /// or a pose nothing comes of it.
    pub fn point(
        &mut self,
        camera: &CameraId,
        at: Option<[f64; 2]>,
        pose: Option<&PoseKnowledge>,
        desk: &dyn Desk,
    ) -> bool {
        match (&mut self.tool, at.zip(pose)) {
            (Tool::DrawingMasks(drawing), at) if drawing.camera() == camera => {
                if let Some((at, pose)) = at {
                    drawing.point(at, pose, desk);
                }
                true
            }
            (Tool::Calibrating(calibration), at) if calibration.camera() == camera => {
                if let Some((at, pose)) = at {
                    calibration.point(at, pose);
                }
                true
            }
            (Tool::Watching | Tool::DrawingMasks(_) | Tool::Calibrating(_), _) => false,
        }
    }

    /// Takes what happened to the mask editor. That the proposals cannot be asked is said even when it was closed.
    pub fn mask_message(
        &mut self,
        message: mask_drawing::Message,
        session: &SessionFacts,
    ) -> Effect<mask_drawing::Message> {
        match (&mut self.tool, message) {
            (Tool::DrawingMasks(drawing), message) => drawing.update(message, session).unwrap_or_else(|| {
                self.take_up(Tool::Watching, session.desk().as_ref());
                Effect::none()
            }),
            (_, mask_drawing::Message::Proposals(Err(why))) => Effect::refused(why, None),
            (_, _) => Effect::none(),
        }
    }

    /// Takes what happened to the calibration panel.
    pub fn calibration_message(
        &mut self,
        message: dome_calibration::Message,
        desk: &dyn Desk,
    ) -> Effect<dome_calibration::Message> {
        let calibration = match (&mut self.tool, &message) {
            (Tool::Calibrating(calibration), _) => calibration,
            (_, dome_calibration::Message::Begun(camera, _)) => {
                // It was closed before it had begun.
                desk.end_calibration(camera.clone());
                return Effect::none();
            }
            (_, _) => return Effect::none(),
        };
        calibration.update(message, desk).unwrap_or_else(|| {
            self.take_up(Tool::Watching, desk);
            Effect::none()
        })
    }

    /// Whether a dialogue is open.
    pub fn has_dialogue(&self) -> bool {
        self.dialogue.is_some()
    }

    /// The open dialogue.
    pub fn dialogue(&self) -> Option<&Dialogue> {
        self.dialogue.as_ref()
    }

    /// The open export dialogue.
    pub fn export(&self) -> Option<&Export> {
        match &self.dialogue {
            Some(Dialogue::Export(export)) => Some(export),
            _ => None,
        }
    }

    /// Opens a dialogue over the tool.
    pub fn open(&mut self, dialogue: Dialogue) {
        self.dialogue = Some(dialogue);
    }

    /// Changes the dialogue, and closes it unless it goes on. The answer to one that was closed meanwhile is dropped: the
    /// strip tells what came of it.
    pub fn dialogue_message(&mut self, message: dialogues::Message, clock: SystemTime) -> Outcome {
        let Some(dialogue) = &mut self.dialogue else {
            return Outcome::Run(Task::none());
        };
        let outcome = dialogue.update(message, clock);
        if !matches!(outcome, Outcome::Run(_)) {
            self.dialogue = None;
        }
        outcome
    }

    /// The dialogue, and the message that closes it.
    pub fn view_dialogue(&self, now: Now) -> Option<(Element<'_, dialogues::Message>, dialogues::Message)> {
        let dialogue = self.dialogue.as_ref()?;
        Some((dialogue.view(now), dialogue.close()))
    }

    /// What the dialogue listens to.
    pub fn subscription(&self) -> Subscription<dialogues::Message> {
        self.dialogue
            .as_ref()
            .map_or_else(Subscription::none, Dialogue::subscription)
    }
}
