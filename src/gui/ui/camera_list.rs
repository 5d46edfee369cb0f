//! The left rail: cameras as a tree of controllers and places, with search as you type and a dot for each camera.
//!
//! Invariant: a dot differs in shape as well as in colour. Deliberately absent: opening cameras (the control room).

use crate::domain::camera::{CameraId, CameraKind};
use crate::domain::site::short_name::short_name;
use crate::domain::site::{CameraPlan, SitePlan};
use crate::gui::i18n::fl;
use crate::gui::icons::{Icon, icon};
use crate::gui::input::Command;
use crate::gui::theme;
use crate::gui::ui::controls::quiet;
use crate::gui::widget::focus_scope::{FocusScope, Stop};
use iced::alignment::Vertical;
use iced::widget::{column, container, mouse_area, row, scrollable, space, text, text_input};
use iced::{Element, Fill, Task, keyboard, widget};
use std::collections::BTreeMap;

/// Height of a row, logical pixels; fixed so that the highlighted row can be scrolled to.
pub const ROW: f32 = 30.0;
/// Letters of a camera's name that fit beside its number.
const MOST_LETTERS: usize = 26;
/// Height of the search field with its padding, logical pixels.
const SEARCH_HEIGHT: f32 = theme::SMALL * 1.3 + 14.0;

/// How a camera does, as a dot: shape and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dot {
    /// Not on the wall.
    Idle,
    Live,
    /// Something is wrong.
    Trouble,
}

impl Dot {
    fn sign(self) -> (&'static str, iced::Color) {
        match self {
            Dot::Idle => ("○", theme::QUIET),
            Dot::Live => ("●", theme::ACCENT),
            Dot::Trouble => ("×", theme::AMBER),
        }
    }
}

/// The key that brings the keyboard to the search field.
pub struct SearchKey<'a> {
    /// As the field says it while it is empty.
    pub named: String,
    pub opens: Box<dyn Fn(&keyboard::Event) -> bool + 'a>,
}

/// What a hand does to the list.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    Search(String),
    /// A camera is taken hold of, to be carried to a tile.
    Grab(CameraId),
    /// Put the camera on the selected tile.
    Choose(CameraId),
    /// Enter in the search field.
    Submit,
    /// The search field was clicked.
    Clicked,
    /// A click beside the search field.
    Left,
    /// Typed while the keyboard is in the list.
    Command(Command),
}

/// One line of the tree.
#[derive(Debug, Clone, PartialEq)]
enum Line {
    Controller(String),
    Place(String),
    Camera(CameraId),
}

/// The list's state.
#[derive(Debug)]
pub struct CameraList {
    /// Of this list only: there may be one in each window.
    search_id: widget::Id,
    list_id: widget::Id,
    search: String,
    /// The keyboard is in the search field when it is in the list.
    searching: bool,
    lines: Vec<Line>,
    /// Which of the cameras shown the keyboard is on.
    at: usize,
}

impl CameraList {
    /// The tree of a plan.
    pub fn new(plan: &SitePlan) -> CameraList {
        CameraList {
            search_id: widget::Id::unique(),
            list_id: widget::Id::unique(),
            search: String::new(),
            searching: false,
            lines: lines(plan, ""),
            at: 0,
        }
    }

    /// Search as you type. Choosing and carrying are for the parent.
    pub fn update(&mut self, message: &Message, plan: &SitePlan) {
        match message {
            Message::Search(words) => {
                self.search.clone_from(words);
                self.lines = lines(plan, words);
                self.at = 0;
            }
            Message::Grab(camera) | Message::Choose(camera) => {
                let at = self.cameras().position(|other| other == camera);
                self.at = at.unwrap_or(self.at);
                self.searching = false;
            }
            Message::Clicked => self.searching = true,
            Message::Left => self.searching = false,
            Message::Submit | Message::Command(_) => {}
        }
    }

    /// Moves the keyboard's place by `step` cameras and scrolls it into view.
    pub fn step<M: Send + 'static>(&mut self, step: isize) -> Task<M> {
        let last = self.cameras().count().saturating_sub(1);
        self.at = self.at.saturating_add_signed(step).min(last);
        let line = self
            .lines
            .iter()
            .position(|line| Some(line) == self.highlighted().cloned().map(Line::Camera).as_ref());
        let y = line.unwrap_or_default() as f32 * ROW - 4.0 * ROW;
        widget::operation::scroll_to(
            self.list_id.clone(),
            widget::operation::AbsoluteOffset { x: 0.0, y: y.max(0.0) },
        )
    }

    /// What is typed while the keyboard is in the list is what is searched.
    pub fn begin_search(&mut self) {
        self.searching = true;
    }

    /// The camera the keyboard is on.
    pub fn highlighted(&self) -> Option<&CameraId> {
        self.cameras().nth(self.at)
    }

    /// The cameras listed and how far below the rail's top each line begins while the list is not scrolled.
    pub fn tops(&self) -> impl Iterator<Item = (&CameraId, f32)> {
        let first = SEARCH_HEIGHT + 2.0 * theme::GAP;
        self.lines
            .iter()
            .enumerate()
            .filter_map(move |(index, line)| match line {
                Line::Camera(camera) => Some((camera, first + index as f32 * ROW)),
                Line::Controller(_) | Line::Place(_) => None,
            })
    }

    fn cameras(&self) -> impl Iterator<Item = &CameraId> {
        self.lines.iter().filter_map(|line| match line {
            Line::Camera(camera) => Some(camera),
            Line::Controller(_) | Line::Place(_) => None,
        })
    }

    /// The rail; `on_wall` says how a camera does, `focused` whether the keyboard is here, `search` which key brings it here.
    pub fn view<'a>(
        &'a self,
        plan: &'a SitePlan,
        on_wall: impl Fn(&CameraId) -> Dot,
        selected: Option<&CameraId>,
        focused: bool,
        search: SearchKey<'a>,
    ) -> Element<'a, Message> {
        let SearchKey { named, opens } = search;
        let search = text_input(&fl!("list-search", key = named), &self.search)
            .id(self.search_id.clone())
            .on_input(Message::Search)
            .on_submit(Message::Submit)
            .size(theme::SMALL)
            .padding(7)
            .style(theme::field);
        let here = self.highlighted().filter(|_| focused);
        let lines = self.lines.iter().map(|line| match line {
            Line::Controller(name) => header(Icon::Controller, name, 0.0),
            Line::Place(name) => header(Icon::Place, name, 10.0),
            Line::Camera(id) => match plan.camera(id) {
                Some(camera) => camera_line(camera, on_wall(id), selected == Some(id), here == Some(id)),
                None => space().into(),
            },
        });
        let tree: Element<'a, Message> = if self.lines.is_empty() {
            let words = if plan.cameras.is_empty() {
                fl!("list-no-cameras")
            } else {
                fl!("list-nothing-found")
            };
            container(quiet(words)).padding(8).into()
        } else {
            // Beside the lines, not over their ends.
            scrollable(column(lines))
                .id(self.list_id.clone())
                .spacing(4)
                .height(Fill)
                .width(Fill)
                .style(theme::scroll)
                .into()
        };
        let rail = column![search, tree].spacing(theme::GAP).padding(theme::GAP);
        let stops = vec![Stop::Field(self.search_id.clone())];
        let at = (focused && self.searching).then_some(0);
        FocusScope::new(rail, stops, at, Message::Command, |_| Message::Clicked)
            .entered_by(opens)
            .left_by_click(|| Message::Left)
            .into()
    }
}

fn header<'a>(sign: Icon, name: &'a str, indent: f32) -> Element<'a, Message> {
    let words = text(name)
        .size(theme::SMALL)
        .color(theme::QUIET)
        .wrapping(text::Wrapping::None);
    let line = row![
        space().width(indent),
        icon(sign, theme::SMALL).color(theme::QUIET),
        words
    ];
    container(line.spacing(6).align_y(Vertical::Center))
        .height(ROW)
        .align_y(Vertical::Center)
        .clip(true)
        .into()
}

/// A name that fits the rail, with a sign where it goes on; the tile and the panel have it whole.
fn shortened(name: &str) -> String {
    match name.char_indices().nth(MOST_LETTERS) {
        Some((end, _)) => format!("{}…", name[..end].trim_end()),
        None => name.to_owned(),
    }
}

fn camera_line<'a>(camera: &'a CameraPlan, dot: Dot, selected: bool, here: bool) -> Element<'a, Message> {
    let (shape, colour) = dot.sign();
    let kind = if camera.kind == CameraKind::Dome {
        Icon::Dome
    } else {
        Icon::Camera
    };
    let name = text(shortened(short_name(&camera.name, &camera.place)))
        .size(theme::SMALL)
        .wrapping(text::Wrapping::None);
    let name = if selected {
        name.font(theme::STRONG).color(theme::ACCENT)
    } else {
        name
    };
    let line = row![
        text(shape).size(theme::SMALL).color(colour).width(12),
        text(camera.number.to_string())
            .size(theme::SMALL)
            .color(theme::QUIET)
            .width(22),
        icon(kind, theme::SMALL).color(theme::QUIET),
        name,
    ];
    let line = container(line.spacing(6).align_y(Vertical::Center))
        .padding([0, 6])
        .height(ROW)
        .width(Fill)
        .align_y(Vertical::Center)
        .clip(true)
        .style(theme::row(here));
    mouse_area(container(line).padding(iced::Padding::ZERO.left(14)))
        .on_press(Message::Grab(camera.id.clone()))
        .on_double_click(Message::Choose(camera.id.clone()))
        .interaction(iced::mouse::Interaction::Grab)
        .into()
}

/// The tree's lines: controllers in the plan's order, places by name, cameras by number.
fn lines(plan: &SitePlan, search: &str) -> Vec<Line> {
    let words: Vec<String> = search.split_whitespace().map(str::to_lowercase).collect();
    let found = |camera: &&CameraPlan| {
        let text = format!("{} {} {}", camera.number, camera.name, camera.place).to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    let mut lines = Vec::new();
    for controller in &plan.controllers {
        let mut places: BTreeMap<&str, Vec<&CameraPlan>> = BTreeMap::new();
        for camera in plan
            .cameras
            .iter()
            .filter(|camera| camera.controller == controller.id)
            .filter(found)
        {
            places.entry(&camera.place).or_default().push(camera);
        }
        if places.is_empty() {
            continue;
        }
        lines.push(Line::Controller(controller.name.clone()));
        for (place, mut cameras) in places {
            cameras.sort_by_key(|camera| camera.number);
            lines.push(Line::Place(place.to_owned()));
            lines.extend(cameras.into_iter().map(|camera| Line::Camera(camera.id.clone())));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;

    #[test]
    fn search_finds_by_every_word_in_number_name_and_place() {
        let plan = fake::plan(12, 3);
        let mut list = CameraList::new(&plan);
        assert_eq!(list.cameras().count(), 12);
        list.update(&Message::Search("CUPOLA piazza".into()), &plan);
        assert!((1..=3).contains(&list.cameras().count()));
        list.update(&Message::Search("nessuna così".into()), &plan);
        assert_eq!(list.highlighted(), None);
    }

    #[test]
    fn r_acc_5_cameras_of_different_controllers_stay_in_different_branches() {
        let plan = fake::plan(6, 0);
        let list = CameraList::new(&plan);
        assert!(matches!(list.lines.first(), Some(Line::Controller(_))));
    }
}
