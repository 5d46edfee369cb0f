//! Moving the selected dome: held keys, the wheel, a click on the picture.
//!
//! Invariant: when no key is held, nothing tells the dome to go on; losing the keyboard releases every key.
//! Deliberately absent: the gesture itself (`ptz_input`), which dome is selected (the room).

use super::effect::Effect;
use crate::domain::camera::CameraId;
use crate::domain::ptz::dead_man::REPEAT;
use crate::gui::input::{Command, Direction};
use crate::gui::ptz_input::{self, News, Order};
use crate::gui::session_port::Desk;
use iced::{Subscription, Task};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// Share of the highest speed that a held key asks for.
const SPEED: f64 = 0.5;
/// Change of the magnification by one notch of the wheel, or one press of a key where the zoom is digital.
pub const NOTCH: f64 = 1.25;
/// How long a click waits for a second one.
const SECOND_CLICK: Duration = Duration::from_millis(310);
/// The velocity of a dome at rest.
const STANDSTILL: Order = Order::Velocity {
    pan: 0.0,
    tilt: 0.0,
    zoom: 0.0,
};

/// A gesture that is going on.
struct Gesture {
    camera: CameraId,
    orders: ptz_input::Orders,
}

/// A click that becomes «centre on» unless a second one makes it «full screen».
struct Aim {
    ticket: u64,
    dome: CameraId,
    /// Point of the picture, 0..1.
    at: [f64; 2],
}

/// The keys and clicks of one window that move a dome.
#[derive(Default)]
pub struct PtzInput {
    gesture: Option<Gesture>,
    held: HashSet<Command>,
    aim: Option<Aim>,
    /// The ticket of the last click.
    clicks: u64,
}

/// What happens to a gesture.
#[derive(Clone)]
pub enum Message {
    Gesture(News),
    /// Held keys speak to the gesture.
    Repeat,
    /// The second click did not come.
    Aimed(u64),
}

/// The change of the magnification by notches of the wheel, positive towards the picture.
pub fn factor_of(notches: f32) -> f64 {
    NOTCH.powf(f64::from(notches.clamp(-4.0, 4.0)))
}

impl PtzInput {
    /// Takes what happened to a gesture. A refusal concerns the dome that is steered, or the selected camera.
    pub fn update(&mut self, message: Message, desk: &Arc<dyn Desk>, selected: Option<&CameraId>) -> Effect<Message> {
        match message {
            Message::Gesture(News::Begun) => {}
            Message::Gesture(News::Refused(why)) => {
                let steered = self.gesture.as_ref().map(|gesture| &gesture.camera);
                return Effect::refused(why, steered.or(selected).cloned());
            }
            Message::Gesture(News::Ended) => {
                self.gesture.take_if(|gesture| gesture.orders.is_closed());
            }
            Message::Repeat => self.repeat(),
            Message::Aimed(ticket) => {
                if let Some(Aim { dome, at: [x, y], .. }) = self.aim.take_if(|aim| aim.ticket == ticket) {
                    return Effect::run(self.order(dome, Order::CentreOn { x, y }, desk));
                }
            }
        }
        Effect::none()
    }

    /// Speaks to the gesture while a key is held.
    pub fn subscription(&self) -> Subscription<Message> {
        if self.held.is_empty() {
            return Subscription::none();
        }
        iced::time::every(REPEAT).map(|_| Message::Repeat)
    }

    /// Whether a gesture is going on.
    pub fn is_steering(&self) -> bool {
        self.gesture.is_some()
    }

    /// Whether a key is held.
    pub fn is_key_held(&self) -> bool {
        !self.held.is_empty()
    }

    /// A key went down that moves the dome as long as it is held.
    pub fn press(&mut self, command: Command, dome: CameraId, desk: &Arc<dyn Desk>) -> Task<Message> {
        self.held.insert(command);
        self.order(dome, self.velocity(), desk)
    }

    /// A key went up; the last one ends the gesture.
    pub fn release(&mut self, command: Command) {
        if self.held.remove(&command) {
            if self.held.is_empty() {
                self.gesture = None;
            } else {
                self.repeat();
            }
        }
    }

    /// Every key counts as released, and the gesture of held keys ends.
    pub fn release_all(&mut self) {
        if !self.held.is_empty() {
            self.held.clear();
            self.gesture = None;
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
    fn repeat(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let order = self.velocity();
        if let Some(gesture) = &self.gesture {
            // A full queue means that the camera is slower than the keys: the orders in it say the same.
            let _ = gesture.orders.try_send(order);
        }
    }

    /// Gives an order to a dome, beginning a gesture when there is none on it.
    fn order(&mut self, dome: CameraId, order: Order, desk: &Arc<dyn Desk>) -> Task<Message> {
        if let Some(gesture) = self.gesture.as_ref().filter(|gesture| gesture.camera == dome)
            && gesture.orders.try_send(order).is_ok()
        {
            return Task::none();
        }
        let (orders, news) = ptz_input::begin(desk.clone(), dome.clone());
        let _ = orders.try_send(order);
        self.gesture = Some(Gesture { camera: dome, orders });
        Task::run(news, Message::Gesture)
    }

    /// Stops the dome, a move with a target of its own included, and ends the gesture.
    pub fn stop(&mut self, dome: CameraId, desk: &Arc<dyn Desk>) -> Task<Message> {
        self.held.clear();
        let task = self.order(dome, STANDSTILL, desk);
        self.gesture = None;
        task
    }

    /// Takes the lease on a dome, by a gesture without an order.
    pub fn take_lease(&self, dome: CameraId, desk: &Arc<dyn Desk>) -> Task<Message> {
        let (_, news) = ptz_input::begin(desk.clone(), dome);
        Task::run(news, Message::Gesture)
    }

    /// Changes the magnification of the lens by a factor.
    pub fn zoom_by(&mut self, factor: f64, dome: CameraId, desk: &Arc<dyn Desk>) -> Task<Message> {
        self.order(dome, Order::ZoomBy(factor), desk)
    }

    /// Takes a click on the picture of a dome, which may turn out to be the first of two.
    pub fn aim(&mut self, dome: CameraId, at: [f64; 2]) -> Task<Message> {
        self.clicks += 1;
        let ticket = self.clicks;
        self.aim = Some(Aim { ticket, dome, at });
        Task::perform(async { tokio::time::sleep(SECOND_CLICK).await }, move |()| {
            Message::Aimed(ticket)
        })
    }

    /// Forgets the click that waits for a second one.
    pub fn forget_aim(&mut self) {
        self.aim = None;
    }
}

#[cfg(test)]
mod tests;
