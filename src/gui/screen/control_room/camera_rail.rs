//! The left rail: the list of cameras, and the camera that the pointer carries from it, or from a tile, to the wall.
//!
//! Invariant: a camera is carried only while the pointer's button is down. Deliberately absent: the list itself
//! (`ui::camera_list`), putting the camera on a tile (the room).

use crate::domain::camera::CameraId;
use crate::domain::site::SitePlan;
use crate::gui::input::Command;
use crate::gui::ui::camera_list::{CameraList, Dot, Message, SearchKey};
use iced::{Element, Task};

/// The rail of one window.
pub struct CameraRail {
    list: CameraList,
    carried: Option<Carried>,
}

/// A camera that the pointer carries.
pub struct Carried {
    pub camera: CameraId,
    /// The tile it was pulled out of; `None`: out of the list.
    pub from: Option<usize>,
}

/// What the person wants of the list.
pub enum Wish {
    /// Nothing that concerns the wall.
    Nothing,
    /// Put this camera on the selected tile.
    Show(CameraId),
    /// Whatever Enter does.
    Confirm,
    /// A command typed while the keyboard is in the list.
    Command(Command),
    /// The keyboard elsewhere: a click beside the search field.
    Leave,
}

impl CameraRail {
    /// The cameras of a plan.
    pub fn new(plan: &SitePlan) -> Self {
        Self {
            list: CameraList::new(plan),
            carried: None,
        }
    }

    /// Changes the list, and tells what the person wants of it.
    pub fn update(&mut self, message: Message, plan: &SitePlan) -> Wish {
        self.list.update(&message, plan);
        match message {
            Message::Search(_) | Message::Clicked => Wish::Nothing,
            Message::Left => Wish::Leave,
            Message::Command(command) => Wish::Command(command),
            Message::Grab(camera) => {
                self.carried = Some(Carried { camera, from: None });
                Wish::Nothing
            }
            Message::Choose(camera) => {
                self.carried = None;
                Wish::Show(camera)
            }
            Message::Submit => Wish::Confirm,
        }
    }

    /// The camera that the pointer carries.
    pub fn carried(&self) -> Option<&CameraId> {
        self.carried.as_ref().map(|carried| &carried.camera)
    }

    /// Whether the pointer carries a camera out of the list.
    pub fn is_grabbed(&self) -> bool {
        self.carried.as_ref().is_some_and(|carried| carried.from.is_none())
    }

    /// The pointer carries the camera of a tile.
    pub fn lift(&mut self, camera: CameraId, tile: usize) {
        let from = Some(tile);
        self.carried = Some(Carried { camera, from });
    }

    /// Lets go of the camera that the pointer carries.
    pub fn take_carried(&mut self) -> Option<Carried> {
        self.carried.take()
    }

    /// Moves the keyboard's place by `step` cameras and scrolls it into view.
    pub fn step<M: Send + 'static>(&mut self, step: isize) -> Task<M> {
        self.list.step(step)
    }

    /// Gives the keyboard to the search field.
    pub fn begin_search(&mut self) {
        self.list.begin_search();
    }

    /// The camera the keyboard is on.
    pub fn highlighted(&self) -> Option<&CameraId> {
        self.list.highlighted()
    }

    /// The cameras listed and how far below the rail's top each line begins while the list is not scrolled, logical
    /// pixels.
    pub fn tops(&self) -> impl Iterator<Item = (&CameraId, f32)> {
        self.list.tops()
    }

    /// The list; `on_wall` says how a camera does, `focused` whether the keyboard is here, `search` which key brings it here.
    pub fn view<'a>(
        &'a self,
        plan: &'a SitePlan,
        on_wall: impl Fn(&CameraId) -> Dot,
        selected: Option<&CameraId>,
        focused: bool,
        search: SearchKey<'a>,
    ) -> Element<'a, Message> {
        self.list.view(plan, on_wall, selected, focused, search)
    }
}
