//! Moving the selected dome: held keys, the pad, the wheel, and on the picture a click, a held button, a box.
//!
//! Invariant: when no key and no button is held, nothing tells the dome to go on; losing the keyboard releases every key.
//! Deliberately absent: the gesture itself (`held_gesture`), which dome is selected (the room), how fast a key or a pointer is
//! (`domain::ptz::steering`).

use super::effect::Effect;
use crate::domain::camera::CameraId;
use crate::domain::ptz::dead_man::REPEAT;
use crate::domain::ptz::steering::{LONGEST_TAP, Pace, PictureVelocity};
use crate::gui::held_gesture::{self, News, Order};
use crate::gui::input::{Command, Direction};
use crate::gui::session_port::Desk;
use crate::gui::widget::wall::HOLD;
use iced::{Subscription, Task};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

/// Change of the magnification by one notch of the wheel, or one press of a key where the zoom is digital.
pub const NOTCH: f64 = 1.25;
/// The velocity of a dome at rest.
const STANDSTILL: Order = Order::Velocity(PictureVelocity {
    right: 0.0,
    up: 0.0,
    zoom: 0.0,
});

/// A gesture that is going on.
struct Gesture {
    camera: CameraId,
    orders: held_gesture::Orders,
}

/// A press of the button that becomes «centre on» when it was let go, or «follow» while it is held, unless a second one makes
/// it «full screen».
struct Aim {
    ticket: u64,
    dome: CameraId,
    /// Point of the picture, 0..1.
    at: [f64; 2],
    held: bool,
}

/// From the first key that went down to the last that goes up.
struct Press {
    since: Instant,
    /// What the keys together asked for, all of them counted that took part.
    wanted: PictureVelocity,
}

/// The keys and clicks of one window that move a dome.
#[derive(Default)]
pub struct PtzInput {
    gesture: Option<Gesture>,
    held: HashSet<Command>,
    press: Option<Press>,
    /// What the held pointer asks for, on the picture or on the pad.
    pointer: Option<PictureVelocity>,
    /// The deflection of the pad under the pointer, and whether it is pressed.
    pad: [f64; 2],
    on_pad: bool,
    /// Width over height of the picture under the pointer.
    aspect: f64,
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
                if let Some(aim) = self.aim.take_if(|aim| aim.ticket == ticket) {
                    return Effect::run(self.aimed(aim, desk));
                }
            }
        }
        Effect::none()
    }

    /// Speaks to the gesture while something is held.
    pub fn subscription(&self) -> Subscription<Message> {
        if self.is_held() {
            iced::time::every(REPEAT).map(|_| Message::Repeat)
        } else {
            Subscription::none()
        }
    }

    /// Whether a gesture is going on.
    pub fn is_steering(&self) -> bool {
        self.gesture.is_some()
    }

    /// Whether a key or the pointer is held that moves a dome.
    pub fn is_held(&self) -> bool {
        !self.held.is_empty() || self.pointer.is_some()
    }

    /// A key went down that moves the dome as long as it is held.
    pub fn press(&mut self, command: Command, dome: CameraId, desk: &Arc<dyn Desk>) -> Task<Message> {
        self.held.insert(command);
        let wanted = self.wanted();
        let since = self.press.as_ref().map_or_else(Instant::now, |press| press.since);
        self.press = Some(Press { since, wanted });
        self.order(dome, self.velocity(), desk)
    }

    /// A key went up; the last one ends the gesture.
    pub fn release(&mut self, command: Command) {
        if self.held.remove(&command) {
            if self.held.is_empty() {
                self.finish();
            } else {
                self.repeat();
            }
        }
    }

    /// A held key asks for another pace from now on. A short press stays of the pace it began with: a modifier let go of a moment
    /// before the arrow does not shorten its step.
    pub fn change_pace(&mut self, before: Command, now: Command) {
        if self.held.remove(&before) {
            self.held.insert(now);
            self.repeat();
        }
    }

    /// Every key and the pointer's button count as released, and the gesture of what was held ends.
    pub fn release_all(&mut self) {
        if let Some(aim) = &mut self.aim {
            aim.held = false;
        }
        if self.is_held() {
            self.finish();
        }
    }

    /// Ends the gesture of what was held; a short press says how short it was, so that the dome moves by as much.
    fn finish(&mut self) {
        self.held.clear();
        (self.pointer, self.on_pad) = (None, false);
        if let (Some(Press { since, wanted }), Some(gesture)) = (self.press.take(), &self.gesture) {
            let held = since.elapsed();
            if held <= LONGEST_TAP {
                let _ = gesture.orders.try_send(Order::Tap { wanted, held });
            }
        }
        self.gesture = None;
    }

    /// What is held adds up to.
    fn wanted(&self) -> PictureVelocity {
        if let Some(wanted) = self.pointer {
            return wanted;
        }
        let mut axes = [0.0; 3];
        for command in &self.held {
            let (axis, multiple) = share_of(*command);
            axes[axis] += multiple;
        }
        PictureVelocity::of_keys(axes)
    }

    /// The order that what is held makes at this moment of its press.
    fn velocity(&self) -> Order {
        let wanted = self.wanted();
        let since = self.press.as_ref().map(|press| press.since);
        Order::Velocity(since.map_or(wanted, |since| wanted.after(since.elapsed())))
    }

    /// Says again what is held; silence would end the gesture.
    fn repeat(&mut self) {
        if !self.is_held() {
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
        let (orders, news) = held_gesture::begin(desk.clone(), dome.clone());
        let _ = orders.try_send(order);
        self.gesture = Some(Gesture { camera: dome, orders });
        Task::run(news, Message::Gesture)
    }

    /// Stops the dome, a move with a target of its own included, and ends the gesture.
    pub fn stop(&mut self, dome: CameraId, desk: &Arc<dyn Desk>) -> Task<Message> {
        self.held.clear();
        (self.press, self.pointer, self.on_pad) = (None, None, false);
        let task = self.order(dome, STANDSTILL, desk);
        self.gesture = None;
        task
    }

    /// Takes the lease on a dome, by a gesture without an order.
    pub fn take_lease(&self, dome: CameraId, desk: &Arc<dyn Desk>) -> Task<Message> {
        let (_, news) = held_gesture::begin(desk.clone(), dome);
        Task::run(news, Message::Gesture)
    }

    /// Changes the magnification of the lens by a factor.
    pub fn zoom_by(&mut self, factor: f64, dome: CameraId, desk: &Arc<dyn Desk>) -> Task<Message> {
        self.order(dome, Order::ZoomBy(factor), desk)
    }

    /// Fills the picture with the rectangle of it between two corners (0..1).
    pub fn box_zoom(&mut self, corners: [[f64; 2]; 2], dome: CameraId, desk: &Arc<dyn Desk>) -> Task<Message> {
        self.forget_aim();
        self.order(dome, Order::BoxZoom(corners), desk)
    }

    /// Takes a press of the button on the picture of a dome of this aspect (width over height), which may turn out to be a
    /// click, the first of two, or held.
    pub fn aim(&mut self, dome: CameraId, at: [f64; 2], aspect: f64) -> Task<Message> {
        self.clicks += 1;
        self.aspect = aspect;
        let ticket = self.clicks;
        let held = true;
        self.aim = Some(Aim { ticket, dome, at, held });
        Task::perform(async { tokio::time::sleep(HOLD).await }, move |()| {
            Message::Aimed(ticket)
        })
    }

    /// A second press did not come.
    fn aimed(&mut self, aim: Aim, desk: &Arc<dyn Desk>) -> Task<Message> {
        if aim.held {
            self.pointer = Some(PictureVelocity::towards(aim.at, self.aspect));
            return self.order(aim.dome, self.velocity(), desk);
        }
        let [x, y] = aim.at;
        self.order(aim.dome, Order::CentreOn { x, y }, desk)
    }

    /// The held pointer moved to a point of the picture.
    pub fn point(&mut self, at: [f64; 2]) {
        if let Some(aim) = &mut self.aim {
            aim.at = at;
        }
        if self.pointer.is_some() && !self.on_pad {
            self.pointer = Some(PictureVelocity::towards(at, self.aspect));
            self.repeat();
        }
    }

    /// The pad was pressed where the pointer is on it: the dome moves by its deflection until it is let go.
    pub fn press_pad(&mut self, dome: CameraId, desk: &Arc<dyn Desk>) -> Task<Message> {
        self.on_pad = true;
        self.pointer = Some(PictureVelocity::deflected(self.pad));
        self.order(dome, self.velocity(), desk)
    }

    /// The pointer moved on the pad: its deflection, right and up positive, 1 at the rim.
    pub fn deflect(&mut self, pad: [f64; 2]) {
        self.pad = pad;
        if self.on_pad {
            self.pointer = Some(PictureVelocity::deflected(pad));
            self.repeat();
        }
    }

    /// Forgets the click that waits for a second one.
    pub fn forget_aim(&mut self) {
        self.aim = None;
    }
}

/// The axis (right, up, zoom) that a command moves while it is held, and the multiple of the default speed.
fn share_of(command: Command) -> (usize, f64) {
    let (direction, pace) = match command {
        Command::Arrow(direction) => (direction, Pace::Normal),
        Command::FastArrow(direction) => (direction, Pace::Fast),
        Command::FineArrow(direction) => (direction, Pace::Fine),
        Command::ZoomIn => return (2, 1.0),
        Command::ZoomOut => return (2, -1.0),
        _ => return (0, 0.0),
    };
    let (axis, sign) = match direction {
        Direction::Right => (0, 1.0),
        Direction::Left => (0, -1.0),
        Direction::Up => (1, 1.0),
        Direction::Down => (1, -1.0),
    };
    (axis, sign * pace.factor())
}

#[cfg(test)]
mod tests;
