//! The right panel of the selected camera, the presets of the selected dome, and the dome that goes through its presets by
//! itself (its patrol).
//!
//! Invariant: presets are asked for once a dome, and called and saved by the names the dome gave; a patrol ends as soon as
//! a person moves its dome, or one of its presets is refused. Deliberately absent: the panel itself (`ui::ptz_panel`), when they may be asked for (the room).

use super::effect::{Effect, Notice};
use crate::domain::camera::CameraId;
use crate::domain::camera_tour::{DWELLS, Tour};
use crate::domain::site::CameraPlan;
use crate::gui::i18n::fl;
use crate::gui::input::Command;
use crate::gui::session_port::Desk;
use crate::gui::theme::Tone;
use crate::gui::ui::ptz_panel::{self, Facts, PtzPanel};
use crate::station::{Preset, Refusal};
use iced::{Element, Task};
use std::sync::Arc;
use std::time::Instant;

/// The panel of one window.
#[derive(Default)]
pub struct SidePanel {
    panel: PtzPanel,
    patrol: Option<(CameraId, Tour<String>)>,
}

/// What a dome answered about its presets.
#[derive(Clone)]
pub enum Message {
    Listed {
        camera: CameraId,
        answer: Result<Vec<Preset>, Arc<Refusal>>,
    },
    Called {
        camera: CameraId,
        answer: Result<(), Arc<Refusal>>,
    },
    Saved {
        camera: CameraId,
        answer: Result<(), Arc<Refusal>>,
    },
}

impl SidePanel {
    /// Takes a dome's answer; the list is asked for again after a preset was saved.
    pub fn update(&mut self, message: Message, desk: &dyn Desk) -> Effect<Message> {
        match message {
            Message::Listed {
                camera,
                answer: Ok(presets),
            } => {
                self.panel.keep(camera, presets);
                Effect::none()
            }
            Message::Called { answer: Ok(()), .. } => Effect::none(),
            Message::Called {
                camera,
                answer: Err(why),
            } => {
                self.end_patrol(&camera);
                Effect::refused(why, Some(camera))
            }
            Message::Saved { camera, answer: Ok(()) } => Effect {
                task: list(&camera, desk),
                notices: vec![Notice::of_camera(camera, Tone::Normal, fl!("preset-saved"))],
            },
            Message::Listed {
                camera,
                answer: Err(why),
            }
            | Message::Saved {
                camera,
                answer: Err(why),
            } => Effect::refused(why, Some(camera)),
        }
    }

    /// Asks for the presets of a dome, unless they are known.
    pub fn ask_presets(&self, dome: &CameraId, desk: &dyn Desk) -> Task<Message> {
        if self.panel.lacks(dome) {
            list(dome, desk)
        } else {
            Task::none()
        }
    }

    /// Sends a dome to its `n`-th preset, counted from 1; `saves` is the key that saves one there.
    pub fn call_preset(&self, n: u8, dome: CameraId, saves: String, desk: &dyn Desk) -> Effect<Message> {
        let Some(Preset { token, .. }) = self.nth_preset(n, &dome).cloned() else {
            let sentence = fl!("no-such-preset", n = n.to_string(), key = saves);
            return Effect::say(Notice::passing(sentence));
        };
        Effect::run(call(dome, token, desk))
    }

    /// Sends a dome to its home position.
    pub fn call_home(&self, dome: CameraId, desk: &dyn Desk) -> Effect<Message> {
        Effect::run(Task::perform(desk.call_home(dome.clone()), move |answer| {
            Message::Called {
                camera: dome.clone(),
                answer: answer.map_err(Arc::new),
            }
        }))
    }

    /// Begins a patrol of a dome through its presets; again, the next longer time at each; after the longest, none.
    pub fn patrol(&mut self, dome: CameraId, now: Instant, desk: &dyn Desk) -> Effect<Message> {
        let dwell = match self.patrol.as_ref().filter(|(on, _)| *on == dome) {
            None => DWELLS.first(),
            Some((_, tour)) => DWELLS.iter().find(|dwell| **dwell > tour.dwell()),
        };
        let Some(dwell) = dwell else {
            self.set_patrol(None);
            return Effect::none();
        };
        let presets = self.panel.presets(&dome).iter().take(ptz_panel::WITH_KEY);
        let tokens = presets.map(|preset| preset.token.clone()).collect();
        let Some(tour) = Tour::begin(tokens, *dwell, now) else {
            return Effect::say(Notice::of_camera(dome, Tone::Attention, fl!("patrol-nothing")));
        };
        let first = tour.place().cloned();
        self.set_patrol(Some((dome.clone(), tour)));
        Effect::run(first.map_or_else(Task::none, |token| call(dome, token, desk)))
    }

    /// The dome that is on patrol.
    pub fn on_patrol(&self) -> Option<&CameraId> {
        self.patrol.as_ref().map(|(dome, _)| dome)
    }

    /// Calls the next preset of the patrol, when it is time.
    pub fn go_on_with_patrol(&mut self, now: Instant, desk: &dyn Desk) -> Task<Message> {
        let Some((dome, tour)) = &mut self.patrol else {
            return Task::none();
        };
        match tour.step(now) {
            Some(token) => call(dome.clone(), token, desk),
            None => Task::none(),
        }
    }

    /// Ends the patrol of this dome, if it is on one.
    pub fn end_patrol(&mut self, dome: &CameraId) {
        if self.on_patrol() == Some(dome) {
            self.set_patrol(None);
        }
    }

    fn set_patrol(&mut self, patrol: Option<(CameraId, Tour<String>)>) {
        let shown = patrol.as_ref().map(|(dome, tour)| (dome.clone(), tour.dwell()));
        self.panel.keep_patrol(shown);
        self.patrol = patrol;
    }

    /// Saves where a dome looks now as its `n`-th preset, counted from 1, under the name it has or a new one.
    pub fn save_preset(&self, n: u8, dome: CameraId, desk: &dyn Desk) -> Effect<Message> {
        let known = self.nth_preset(n, &dome).map(|preset| preset.name.clone());
        let name = known.unwrap_or_else(|| fl!("preset-name", n = n.to_string()));
        let saved = desk.save_preset(dome.clone(), name);
        Effect::run(Task::perform(saved, move |answer| Message::Saved {
            camera: dome.clone(),
            answer: answer.map_err(Arc::new),
        }))
    }

    fn nth_preset(&self, n: u8, dome: &CameraId) -> Option<&Preset> {
        self.panel.presets(dome).get(usize::from(n).saturating_sub(1))
    }

    /// The commands of the panel's controls in the order of the keyboard.
    pub fn controls(&self, camera: &CameraPlan) -> Vec<Command> {
        self.panel.controls(camera)
    }

    /// The panel.
    pub fn view<'a>(&'a self, facts: Facts<'a>) -> Element<'a, ptz_panel::Message> {
        self.panel.view(facts)
    }
}

fn call(dome: CameraId, token: String, desk: &dyn Desk) -> Task<Message> {
    let called = desk.call_preset(dome.clone(), token);
    Task::perform(called, move |answer| Message::Called {
        camera: dome.clone(),
        answer: answer.map_err(Arc::new),
    })
}

fn list(dome: &CameraId, desk: &dyn Desk) -> Task<Message> {
    let camera = dome.clone();
    Task::perform(desk.presets(camera.clone()), move |answer| Message::Listed {
        camera: camera.clone(),
        answer: answer.map_err(Arc::new),
    })
}
