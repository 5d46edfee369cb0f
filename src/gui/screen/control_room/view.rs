//! The control room on the screen.
//!
//! Invariant: everything is drawn from the state; every part that can be clicked also has a key.
//! Deliberately absent: changing anything.

use super::digital_zoom;
use super::stream_stats;
use super::streams::Window;
use super::tiles::{self, Condition};
use super::{Area, ControlRoom, Message, Placed};
use crate::domain::camera::CameraId;
use crate::domain::digital_zoom::Crop;
use crate::domain::people::stated_purpose::Stated;
use crate::domain::privacy::declared_event::Change;
use crate::domain::site::CameraPlan;
use crate::domain::wall::Layout;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::keymap::{Command, Edge};
use crate::gui::sentences;
use crate::gui::session_port::{DomeLease, InForce};
use crate::gui::theme::{self, Tone};
use crate::gui::ui::camera_list::Dot;
use crate::gui::ui::{controls, ptz_panel, shortcuts_help, top_bar};
use crate::gui::widget::wall::{self, Face, Mark, Tile};
use crate::station::{Health, Watching};
use iced::alignment::Vertical;
use iced::widget::{button, column, container, row, stack, text};
use iced::{Element, Fill, Rectangle};

/// Width of the left rail and of the right panel, logical pixels.
const RAIL: f32 = 300.0;
const PANEL: f32 = 276.0;

/// What of the control room cannot wait for the next second.
#[derive(PartialEq)]
pub struct Glance {
    /// Over the tiles, but for times and figures.
    faces: Vec<Face>,
    notices: Vec<String>,
    health: Health,
    stated: Stated,
    holds: Vec<DomeLease>,
    watching: Vec<Watching>,
    window: Window,
}

impl ControlRoom {
    /// What of the screen cannot wait for the next second; `None`: any of it, for somebody is busy with more than the wall.
    pub fn glance(&self) -> Option<Glance> {
        let busy = self.dialogue.is_some() || self.editor.is_some() || self.calibrating.is_some();
        if busy || self.help || self.steering.is_some() || self.carried.is_some() {
            return None;
        }
        let faces = self.cells().into_iter().map(|(index, cell)| Face {
            time: String::new(),
            figures: Vec::new(),
            ..self.tile(index, cell).face
        });
        Some(Glance {
            faces: faces.collect(),
            notices: self.messages(),
            health: self.health.clone(),
            stated: self.stated.clone(),
            holds: self.holds.clone(),
            watching: self.watching.clone(),
            window: self.window,
        })
    }

    /// The screen.
    pub fn view(&self) -> Element<'_, Message> {
        let screen = if self.alone { self.wall() } else { self.whole() };
        if let Some(dialogue) = &self.dialogue {
            let close = Message::Dialogue(dialogue.close());
            let dialogue = dialogue.view(self.now).map(Message::Dialogue);
            return controls::over(screen, dialogue, close);
        }
        if self.help {
            let close = Message::Command(Command::Help, Edge::Down);
            return controls::over(screen, shortcuts_help::view(&self.keymap), close);
        }
        screen
    }

    /// The wall and nothing else, as over a locked workstation.
    pub fn bare(&self) -> Element<'_, Message> {
        self.wall()
    }

    /// The wall and everything around it.
    fn whole(&self) -> Element<'_, Message> {
        let mut middle = row![];
        if self.full.is_none() {
            middle = middle.push(self.rail());
        }
        middle = middle.push(self.wall());
        if let Some(panel) = self.side_panel() {
            middle = middle.push(panel);
        }
        column![self.bar(), middle.height(Fill), self.messages_strip()].into()
    }

    fn bar(&self) -> Element<'_, Message> {
        let key = |command| self.keymap.chords(command).into_iter().next();
        let keys = [key(Command::Help), key(Command::SignOut), key(Command::ChangePurpose)];
        top_bar::view(top_bar::Facts {
            person: &self.person,
            stated: &self.stated,
            health: &self.health,
            clock: self.now.clock,
            now: self.now.instant,
            keys,
            focus: (self.area == Area::Bar).then_some(self.focus),
        })
        .map(Message::Bar)
    }

    fn rail(&self) -> Element<'_, Message> {
        let selected = self.selected_plan().map(|camera| &camera.id);
        let focused = self.area == Area::List;
        let list = self
            .list
            .view(&self.plan, |camera| self.dot(camera), selected, focused)
            .map(Message::List);
        let rail = column![container(list).height(Fill), self.layouts()];
        container(rail)
            .width(RAIL)
            .height(Fill)
            .style(theme::area(focused))
            .into()
    }

    fn layouts(&self) -> Element<'_, Message> {
        let choice = |layout: Layout| {
            let words = match layout {
                Layout::OneLarge => "1+".to_owned(),
                other => other.tiles().to_string(),
            };
            button(text(words).size(theme::SMALL).center().width(Fill))
                .width(Fill)
                .padding([5, 2])
                .style(theme::plain(self.layout == layout))
                .on_press(Message::Command(Command::Layout(layout), Edge::Down))
                .into()
        };
        let choices = row(Layout::ALL.map(choice)).spacing(3);
        column![controls::quiet(fl!("rail-layouts")), choices]
            .spacing(4)
            .padding(theme::GAP)
            .into()
    }

    fn dot(&self, camera: &CameraId) -> Dot {
        let on = |placed: &Option<Placed>| placed.as_ref().is_some_and(|placed| &placed.camera == camera);
        let tile = self.tiles.iter().take(self.layout.tiles()).position(on);
        let condition = tile.and_then(|tile| {
            let placed = self.tiles.get(tile)?.as_ref()?;
            Some(tiles::condition(placed, self.shown_on(tile), self.now.instant))
        });
        match condition {
            Some(Condition::Live | Condition::Late) => Dot::Live,
            Some(Condition::NotLive | Condition::Refused) => Dot::Trouble,
            Some(Condition::NotShown | Condition::Starting) | None => Dot::Idle,
        }
    }

    fn wall(&self) -> Element<'_, Message> {
        let tiles = self
            .cells()
            .into_iter()
            .map(|(index, cell)| self.tile(index, cell))
            .collect();
        let carried = self
            .carried
            .as_ref()
            .and_then(|camera| self.plan.camera(camera))
            .map(|camera| camera.name.as_str());
        let wall: Element<'_, wall::Event> = wall::wall(tiles, |event| event).carrying(carried).into();
        let wall = wall.map(Message::Wall);
        if self.typed.is_empty() {
            return wall;
        }
        let typed = row![
            controls::body(fl!("wall-go-to")),
            text(format!("{}_", self.typed)).size(theme::TITLE)
        ]
        .spacing(12)
        .align_y(Vertical::Center);
        stack![
            wall,
            container(container(typed).padding([10, 20]).style(theme::card)).center(Fill)
        ]
        .into()
    }

    pub(super) fn tile(&self, index: usize, cell: Rectangle) -> Tile<'_> {
        let marks = Face {
            selected: index == self.selected && self.full.is_none(),
            focused: self.area == Area::Wall,
            ..Face::default()
        };
        let placed = self.tiles.get(index).and_then(Option::as_ref);
        let Some((placed, camera)) = placed.and_then(|placed| Some((placed, self.plan.camera(&placed.camera)?))) else {
            return Tile {
                key: 0,
                cell,
                look: None,
                crop: Crop::WHOLE,
                brightness: 1.0,
                face: marks,
            };
        };
        let shown = self.shown_on(index);
        let large = placed.large.as_ref().filter(|large| {
            let open = large.open.as_ref();
            open.is_some_and(|open| shown.is_some_and(|shown| std::ptr::eq(open, shown)))
        });
        let others = self.others_on(&camera.id);
        let said = tiles::Said {
            hold: self.hold_of(&camera.id),
            watching: &others,
            level: self.overload.level(placed.ticket),
            figures: self.figures,
            tour: self.tour_on(index),
        };
        let mut face = tiles::face(camera, placed, shown, said, self.now);
        face.marks.extend(self.declared_on(camera));
        let part = digital_zoom::part(placed, shown, self.now.instant);
        face.marks.extend(part.map(digital_zoom::mark));
        Tile {
            key: large.map_or(placed.ticket, |large| large.ticket),
            cell,
            look: shown.map(|open| open as &dyn wall::Look),
            crop: placed.crop,
            brightness: tiles::brightness(tiles::condition(placed, shown, self.now.instant)),
            face: Face {
                selected: marks.selected,
                focused: marks.focused,
                part,
                ..face
            },
        }
    }

    /// A mark for each declared event in force on a camera, with what is left of it.
    fn declared_on(&self, camera: &CameraPlan) -> Vec<Mark> {
        let mut declared = self.desk.declared();
        declared.retain(|event| event.camera == camera.id);
        let mark = |event: InForce| {
            let left = event.ends.saturating_duration_since(self.now.instant);
            let words = match event.change {
                Change::Ceilings => fl!("mark-event", left = sentences::countdown(left)),
                Change::Mask(_) => fl!("mark-lifted", left = sentences::countdown(left)),
                Change::School => fl!("mark-school", left = sentences::countdown(left)),
            };
            Mark {
                icon: Icon::Warning,
                words,
                short: sentences::countdown(left),
                tone: Tone::Attention,
            }
        };
        declared.into_iter().map(mark).collect()
    }

    fn side_panel(&self) -> Option<Element<'_, Message>> {
        if let Some(panel) = self.editor_panel().or_else(|| self.calibration_panel()) {
            return Some(
                container(panel)
                    .width(PANEL)
                    .height(Fill)
                    .style(theme::area(true))
                    .into(),
            );
        }
        let camera = self.selected_plan()?;
        let feed = self.shown_on(self.selected).map(|open| &open.feed);
        let placed = self.tiles.get(self.selected).and_then(Option::as_ref);
        let focused = self.area == Area::Panel;
        let panel = self.panel.view(ptz_panel::Facts {
            camera,
            hold: self.hold_of(&camera.id),
            kept: self.keeping.of(&camera.id),
            watching: self.others_on(&camera.id),
            pose: feed.map(|feed| feed.pose(self.now.instant)),
            figures: feed.map(|feed| feed.figures()),
            verdict: placed
                .and_then(|placed| placed.lasting_verdict(self.now.instant))
                .map(|verdict| stream_stats::mark(verdict).words),
            focus: focused.then_some(self.focus),
        });
        let panel = panel.map(|(command, edge)| Message::Command(command, edge));
        Some(
            container(panel)
                .width(PANEL)
                .height(Fill)
                .style(theme::area(focused))
                .into(),
        )
    }

    fn messages_strip(&self) -> Element<'_, Message> {
        let focused = self.area == Area::Messages;
        let strip = self.strip.view(focused.then_some(self.focus)).map(Message::Strip);
        container(strip).width(Fill).style(theme::area(focused)).into()
    }
}
