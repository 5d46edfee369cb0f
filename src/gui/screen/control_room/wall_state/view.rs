//! The wall as it is drawn: its tiles, and the number that is being typed over them.
//!
//! Invariant: everything is drawn from the state. Deliberately absent: changing anything, the widget (`widget::wall`).

use super::tiles::condition;
use super::{WallState, digital_zoom, tile_face};
use crate::domain::camera::{CameraId, CameraKind};
use crate::domain::digital_zoom::Crop;
use crate::gui::i18n::fl;
use crate::gui::screen::control_room::now::Now;
use crate::gui::screen::control_room::session_facts::SessionFacts;
use crate::gui::theme;
use crate::gui::ui::controls;
use crate::gui::widget::wall::{self, Face, Look, Tile};
use iced::alignment::Vertical;
use iced::widget::{container, row, stack, text};
use iced::{Element, Fill, Rectangle};

/// What the other parts of the room add to the wall.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The keyboard is on the wall.
    pub focused: bool,
    /// The camera that the pointer carries from the list.
    pub carried: Option<&'a CameraId>,
    /// The digits of a camera's number typed so far.
    pub typed: &'a str,
}

impl WallState {
    /// The wall.
    pub fn view<'a>(&'a self, session: &'a SessionFacts, around: Around<'a>, now: Now) -> Element<'a, wall::Event> {
        let tile = |(index, cell)| self.tile(index, cell, session, around.focused, now);
        let tiles = self.cells().into_iter().map(tile).collect();
        let carried = around.carried.and_then(|camera| session.plan().camera(camera));
        let wall: Element<'_, wall::Event> = wall::wall(tiles, |event| event)
            .carrying(carried.map(|camera| camera.name.as_str()))
            .into();
        if around.typed.is_empty() {
            return wall;
        }
        let typed = row![
            controls::body(fl!("wall-go-to")),
            text(format!("{}_", around.typed)).size(theme::TITLE)
        ]
        .spacing(12)
        .align_y(Vertical::Center);
        stack![
            wall,
            container(container(typed).padding([10, 20]).style(theme::card)).center(Fill)
        ]
        .into()
    }

    /// What is written over each visible tile, without times and figures.
    pub fn faces<'a>(&'a self, session: &'a SessionFacts, focused: bool, now: Now) -> impl Iterator<Item = Face> + 'a {
        self.cells().into_iter().map(move |(index, cell)| Face {
            time: String::new(),
            figures: Vec::new(),
            ..self.tile(index, cell, session, focused, now).face
        })
    }

    fn tile(&self, index: usize, cell: Rectangle, session: &SessionFacts, focused: bool, now: Now) -> Tile<'_> {
        let selected = index == self.selected && self.full.is_none();
        let placed = self.placed_on(index);
        let planned = placed.and_then(|placed| Some((placed, session.plan().camera(placed.camera())?)));
        let Some((placed, camera)) = planned else {
            return Tile {
                key: 0,
                cell,
                look: None,
                crop: Crop::WHOLE,
                steers: false,
                brightness: 1.0,
                face: Face {
                    selected,
                    focused,
                    ..Face::default()
                },
            };
        };
        let shown = placed.shown(now.instant);
        let others = session.others_on(&camera.id);
        let said = tile_face::Said {
            lease: session.lease_of(&camera.id),
            watching: &others,
            level: self.overload.level(placed.ticket()),
            figures: self.figures,
            tour: self.tour_on(index),
        };
        let mut face = tile_face::face(camera, placed, shown, said, now);
        let declared = session.desk().declared();
        let declared = declared.iter().filter(|event| event.camera == camera.id);
        face.marks
            .extend(declared.map(|event| tile_face::declared(event, now.instant)));
        face.marks.extend(tile_face::zoomed(camera, shown, now.instant));
        let part = digital_zoom::part(placed, shown, now.instant);
        face.marks.extend(part.map(digital_zoom::mark));
        Tile {
            key: placed.shown_ticket(now.instant),
            cell,
            look: shown.map(|open| open as &dyn Look),
            crop: placed.crop(),
            steers: self.selected == index && camera.kind == CameraKind::Dome,
            brightness: tile_face::brightness(condition(placed, shown, now.instant)),
            face: Face {
                selected,
                focused,
                part,
                ..face
            },
        }
    }
}
