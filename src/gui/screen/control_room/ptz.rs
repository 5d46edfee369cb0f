//! Moving the selected dome: held keys, the wheel, a click on the picture.
//!
//! Invariant: when no key is held, nothing tells the dome to go on; losing the keyboard releases every key.
//! Deliberately absent: the gesture itself (`ptz_input`).

use super::{Action, ControlRoom, Message, Steering};
use crate::domain::camera::CameraId;
use crate::domain::digital_zoom::Zoom;
use crate::gui::i18n::fl;
use crate::gui::keymap::{Command, Direction};
use crate::gui::ptz_input::{self, News, Order};
use crate::gui::theme::Tone;
use iced::Task;
use std::time::Duration;

/// Share of the highest speed that a held key asks for.
const SPEED: f64 = 0.5;
/// Change of the magnification by one notch of the wheel, or one press of a key where the zoom is digital.
pub(super) const NOTCH: f64 = 1.25;
/// How long a click waits for a second one.
const SECOND_CLICK: Duration = Duration::from_millis(310);

impl ControlRoom {
    pub(super) fn not_a_dome(&mut self) -> Action {
        self.say(Tone::Attention, fl!("not-a-dome"), None);
        Action::None
    }

    pub(super) fn press(&mut self, command: Command) -> Action {
        if let Some(action) = self.press_digital(command) {
            return action;
        }
        let Some(dome) = self.selected_dome().map(|dome| dome.id.clone()) else {
            return self.not_a_dome();
        };
        self.held.insert(command);
        let task = self.order(dome, self.velocity());
        Action::Run(task)
    }

    pub(super) fn release(&mut self, command: Command) {
        if self.held.remove(&command) {
            if self.held.is_empty() {
                self.steering = None;
            } else {
                self.repeat();
            }
        }
    }

    pub(super) fn release_all(&mut self) {
        if !self.held.is_empty() {
            self.held.clear();
            self.steering = None;
        }
    }

    /// What the held keys add up to.
    fn velocity(&self) -> Order {
        let axis = |positive, negative| {
            let held = |command| f64::from(u8::from(self.held.contains(&command)));
            SPEED * (held(positive) - held(negative))
        };
        Order::Velocity {
            pan: axis(Command::Arrow(Direction::Right), Command::Arrow(Direction::Left)),
            tilt: axis(Command::Arrow(Direction::Up), Command::Arrow(Direction::Down)),
            zoom: axis(Command::ZoomIn, Command::ZoomOut),
        }
    }

    /// Says again what is held; silence would end the gesture.
    pub(super) fn repeat(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let order = self.velocity();
        if let Some(steering) = &self.steering {
            // A full queue means that the camera is slower than the hand: the orders in it say the same.
            let _ = steering.orders.try_send(order);
        }
    }

    /// Gives an order to a dome, beginning a gesture when there is none on it.
    fn order(&mut self, dome: CameraId, order: Order) -> Task<Message> {
        if let Some(steering) = self.steering.as_ref().filter(|steering| steering.camera == dome)
            && steering.orders.try_send(order).is_ok()
        {
            return Task::none();
        }
        let (orders, news) = ptz_input::begin(self.desk.clone(), dome.clone());
        let _ = orders.try_send(order);
        self.steering = Some(Steering { camera: dome, orders });
        Task::run(news, Message::Steered)
    }

    /// Stops the dome, a move with a target of its own included, and ends the gesture.
    pub(super) fn stop(&mut self) -> Action {
        let Some(dome) = self.selected_dome().map(|dome| dome.id.clone()) else {
            return self.not_a_dome();
        };
        self.held.clear();
        let task = self.order(
            dome,
            Order::Velocity {
                pan: 0.0,
                tilt: 0.0,
                zoom: 0.0,
            },
        );
        self.steering = None;
        Action::Run(task)
    }

    /// A gesture without an order takes the dome; one that somebody else holds is asked for.
    pub(super) fn ask_hold(&mut self) -> Action {
        let Some(dome) = self.selected_dome().map(|dome| dome.id.clone()) else {
            return self.not_a_dome();
        };
        if self.hold_of(&dome).is_some_and(|hold| !hold.ours) {
            return self.open_ask_dome();
        }
        let (_, news) = ptz_input::begin(self.desk.clone(), dome);
        Action::Run(Task::run(news, Message::Steered))
    }

    pub(super) fn turn_wheel(&mut self, notches: f32, at: Option<[f64; 2]>) -> Action {
        let factor = NOTCH.powf(f64::from(notches.clamp(-4.0, 4.0)));
        if self.zoom_of_notch(factor) == Some(Zoom::Digital) {
            self.zoom_digitally(factor, at);
            return Action::None;
        }
        let Some(dome) = self.selected_dome().map(|dome| dome.id.clone()) else {
            return Action::None;
        };
        Action::Run(self.order(dome, Order::ZoomBy(factor)))
    }

    /// A click on the picture of the selected dome, which may turn out to be the first of two.
    pub(super) fn aim(&mut self, at: Option<[f64; 2]>) -> Action {
        let (Some(dome), Some(at)) = (self.selected_dome().map(|dome| dome.id.clone()), at) else {
            return Action::None;
        };
        self.tickets += 1;
        let ticket = self.tickets;
        self.aimed = Some((ticket, dome, at));
        Action::Run(Task::perform(
            async { tokio::time::sleep(SECOND_CLICK).await },
            move |()| Message::Aimed(ticket),
        ))
    }

    pub(super) fn aim_is_true(&mut self, ticket: u64) -> Action {
        match self.aimed.take_if(|(aimed, ..)| *aimed == ticket) {
            Some((_, dome, [x, y])) => Action::Run(self.order(dome, Order::CentreOn { x, y })),
            None => Action::None,
        }
    }

    pub(super) fn steered(&mut self, news: News) {
        match news {
            News::Begun => self.holds = self.desk.holds(),
            News::Refused(why) => {
                let camera = self.steering.as_ref().map(|steering| steering.camera.clone());
                self.refused(&why, camera.or_else(|| self.selected_camera()));
            }
            News::Ended => {
                if self
                    .steering
                    .as_ref()
                    .is_some_and(|steering| steering.orders.is_closed())
                {
                    self.steering = None;
                }
            }
        }
    }
}
