//! Calibrating a dome: the panel, the clicks that measure, and the answer to a proposal.
//!
//! Invariant: nothing of the dome changes before a supervisor approved the proposal. Deliberately absent: the panel
//! itself (`ui::calibration`), fitting the model (`domain::privacy`).

use crate::domain::camera::CameraId;
use crate::domain::privacy::PoseKnowledge;
use crate::domain::ptz::delay_trial::MeasuredMotion;
use crate::domain::site::CameraPlan;
use crate::domain::site::orientation::OrientationPart;
use crate::gui::i18n::fl;
use crate::gui::screen::control_room::effect::Effect;
use crate::gui::sentences;
use crate::gui::session_port::Desk;
use crate::gui::ui::calibration::{self, Calibrating};
use crate::station::Refusal;
use iced::{Element, Task};
use std::sync::Arc;

/// The panel of one dome.
pub struct DomeCalibration {
    panel: Calibrating,
}

/// What happens while a dome is calibrated.
#[derive(Clone)]
pub enum Message {
    Panel(calibration::Message),
    /// The camera was compared with the plan, or not: in what its picture lies otherwise.
    Begun(CameraId, Result<Vec<OrientationPart>, Arc<Refusal>>),
    /// The proposal was taken, or not.
    Proposed(Result<(), Arc<Refusal>>),
    /// Speeds and delays were measured, or not.
    Measured(Result<MeasuredMotion, Arc<Refusal>>),
}

impl DomeCalibration {
    /// Begins the calibration of a dome, and compares how its picture lies; `None` for a camera without a lens model.
    pub fn begin(camera: CameraPlan, desk: &dyn Desk) -> Option<(Self, Effect<Message>)> {
        let id = camera.id.clone();
        let panel = Calibrating::new(camera)?;
        let begun = Task::perform(desk.begin_calibration(id.clone()), move |answer| {
            Message::Begun(id.clone(), answer.map_err(Arc::new))
        });
        Some((Self { panel }, Effect::run(begun)))
    }

    /// Ends it: the picture is covered as for anybody.
    pub fn end(&self, desk: &dyn Desk) {
        desk.end_calibration(self.camera().clone());
    }

    /// The dome it is for.
    pub fn camera(&self) -> &CameraId {
        &self.panel.camera().id
    }

    /// A click in the dome's picture (0..1), taken in this pose.
    pub fn point(&mut self, at: [f64; 2], pose: &PoseKnowledge) {
        self.panel.point(at, pose);
    }

    /// Gives the keyboard back from the panel's fields.
    pub fn leave_fields(&mut self) {
        self.panel.update(calibration::Message::Left);
    }

    /// Changes the state and says what to do; `None` when the person closed the panel.
    pub fn update(&mut self, message: Message, desk: &dyn Desk) -> Option<Effect<Message>> {
        let message = match message {
            Message::Panel(message) => message,
            Message::Begun(camera, Ok(turned)) => {
                if camera == *self.camera() {
                    self.panel.lies_otherwise(turned);
                }
                return Some(Effect::none());
            }
            Message::Begun(_, Err(why)) => {
                self.panel.say(sentences::refusal(&why));
                return Some(Effect::none());
            }
            Message::Proposed(answer) => {
                self.panel.say(match &answer {
                    Ok(()) => fl!("editor-recorded"),
                    Err(why) => sentences::refusal(why),
                });
                return Some(Effect::none());
            }
            Message::Measured(answer) => {
                if let Err(why) = &answer {
                    self.panel.say(sentences::refusal(why));
                }
                self.panel.measured(answer.ok());
                return Some(Effect::run(calibration::show_measured()));
            }
        };
        Some(match self.panel.update(message) {
            calibration::Action::None => Effect::none(),
            calibration::Action::MeasureMotion => {
                let measured = desk.measure_motion(self.camera().clone());
                Effect::run(Task::perform(measured, |answer| {
                    Message::Measured(answer.map_err(Arc::new))
                }))
            }
            calibration::Action::Propose(proposal) => {
                let proposed = desk.propose_mask(self.camera().clone(), proposal);
                Effect::run(Task::perform(proposed, |answer| {
                    Message::Proposed(answer.map_err(Arc::new))
                }))
            }
            calibration::Action::Close => return None,
        })
    }

    /// The panel.
    pub fn view(&self) -> Element<'_, Message> {
        self.panel.view().map(Message::Panel)
    }
}
