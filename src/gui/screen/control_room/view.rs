//! The control room on the screen.
//!
//! Invariant: everything is drawn from the state; every part that can be clicked also has a key.
//! Deliberately absent: changing anything.

use super::focus::Area;
use super::sides::{EDGE, PANEL, RAIL, sides};
use super::wall_state::sight::Window;
use super::wall_state::stream_stats;
use super::wall_state::tiles::Condition;
use super::wall_state::view::Around;
use super::work::Tool;
use super::{ControlRoom, Message};
use crate::domain::camera::CameraId;
use crate::domain::people::Level;
use crate::domain::people::stated_purpose::Stated;
use crate::domain::wall::Layout;
use crate::gui::i18n::fl;
use crate::gui::icons::{Icon, icon};
use crate::gui::input::{Command, Context, Edge};
use crate::gui::session_port::DomeLease;
use crate::gui::theme;
use crate::gui::ui::camera_list::{Dot, SearchKey};
use crate::gui::ui::shortcuts_help::May;
use crate::gui::ui::{controls, ptz_panel, shortcuts_help, top_bar};
use crate::gui::widget::wall::Face;
use crate::station::{Health, Watching};
use iced::widget::{button, center, column, container, responsive, row, stack, text};
use iced::{Element, Fill};

/// What of the control room cannot wait for the next second.
#[derive(PartialEq)]
pub struct Glance {
    /// Over the tiles, but for times and figures.
    faces: Vec<Face>,
    notices: Vec<String>,
    health: Health,
    stated: Stated,
    leases: Vec<DomeLease>,
    watching: Vec<Watching>,
    window: Window,
}

impl ControlRoom {
    /// What of the screen cannot wait for the next second; `None`: any of it, for somebody is busy with more than the wall.
    pub fn glance(&self) -> Option<Glance> {
        let busy = !self.work.is_watching() || self.focus.is_help_shown();
        if busy || self.ptz.is_steering() || self.rail.carried().is_some() {
            return None;
        }
        let session = &self.session;
        Some(Glance {
            faces: self
                .wall
                .faces(session, self.focus.is_in(Area::Wall), self.now)
                .collect(),
            notices: self.messages(),
            health: session.health().clone(),
            stated: session.stated().clone(),
            leases: session.leases().to_vec(),
            watching: session.watching().to_vec(),
            window: self.wall.sight().window(),
        })
    }

    /// The screen.
    pub fn view(&self) -> Element<'_, Message> {
        let screen = if self.wall.is_alone() {
            self.bare()
        } else {
            self.whole()
        };
        if let Some((dialogue, close)) = self.work.view_dialogue(self.now) {
            return controls::over(screen, dialogue.map(Message::Dialogue), Message::Dialogue(close));
        }
        if self.focus.is_help_shown() {
            let close = Message::Command(Command::Help, Edge::Down);
            return controls::over(
                screen,
                shortcuts_help::view(&self.keymap, May::of(self.session.desk().as_ref())),
                close,
            );
        }
        screen
    }

    /// The wall and nothing else, as over a locked workstation.
    pub fn bare(&self) -> Element<'_, Message> {
        let around = Around {
            focused: self.focus.is_in(Area::Wall),
            carried: self.rail.carried(),
            typed: self.focus.typed(),
        };
        self.wall.view(&self.session, around, self.now).map(Message::Wall)
    }

    /// The wall and everything around it.
    fn whole(&self) -> Element<'_, Message> {
        let middle = responsive(|size| self.middle(size.width));
        column![self.bar(), middle, self.messages_strip()].into()
    }

    /// The wall between list and panel, each of them folded to an edge where there is no room for it.
    fn middle(&self, width: f32) -> Element<'_, Message> {
        let tool = !matches!(self.work.tool(), Tool::Watching);
        let open = sides(width, self.focus.area(), self.rail.is_grabbed(), tool);
        let mut middle = row![];
        if self.wall.full().is_none() {
            middle = middle.push(if open.rail {
                self.rail()
            } else {
                edge(Icon::Right, Area::List)
            });
        }
        middle = middle.push(match self.work_elsewhere() {
            Some(lines) => stack![self.bare(), center(column(lines.into_iter().map(line)).spacing(8))].into(),
            None => self.bare(),
        });
        if let Some(panel) = self.side_panel() {
            middle = middle.push(if open.panel {
                panel
            } else {
                edge(Icon::Left, Area::Panel)
            });
        }
        middle.height(Fill).into()
    }

    /// What stands on the empty wall of an administrator, who watches no camera: where their work is.
    pub(super) fn work_elsewhere(&self) -> Option<Vec<String>> {
        if self.session.person().level != Level::SystemAdministrator {
            return None;
        }
        let may = May::of(self.session.desk().as_ref());
        let key = |command| self.keymap.named(command);
        let people = may
            .keep_people
            .then(|| fl!("wall-work-people", key = key(Command::People)));
        let cameras = may
            .keep_cameras
            .then(|| fl!("wall-work-cameras", key = key(Command::Cameras)));
        let lines = [Some(fl!("wall-no-pictures")), people, cameras];
        Some(lines.into_iter().flatten().collect())
    }

    fn bar(&self) -> Element<'_, Message> {
        let key = |command| self.keymap.key(command);
        let keys = [key(Command::Help), key(Command::SignOut), key(Command::ChangePurpose)];
        top_bar::view(top_bar::Facts {
            person: self.session.person(),
            stated: self.session.stated(),
            health: self.session.health(),
            clock: self.now.clock,
            now: self.now.instant,
            keys,
            focus: self.focus.control_in(Area::Bar),
        })
        .map(Message::Bar)
    }

    fn rail(&self) -> Element<'_, Message> {
        let selected = self.selected_plan().map(|camera| &camera.id);
        let focused = self.focus.is_in(Area::List);
        // What lies over the room, and the tool beside the wall, have the keys first.
        let covered = self.work.has_dialogue() || self.focus.is_help_shown();
        let free = !covered && self.work.is_watching();
        let opens = move |event: &_| free && self.keymap.pressed(Context::Wall, event) == Some(Command::Search);
        let search = SearchKey {
            named: self.keymap.named(Command::Search),
            opens: Box::new(opens),
        };
        let dot = |camera: &CameraId| self.dot(camera);
        let list = self
            .rail
            .view(self.session.plan(), dot, selected, focused && !covered, search);
        let list = list.map(Message::List);
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
                .style(theme::plain(self.wall.layout() == layout))
                .on_press(Message::Command(Command::Layout(layout), Edge::Down))
                .into()
        };
        let choices = row(Layout::ALL.map(choice)).spacing(3);
        let words = fl!(
            "rail-layouts",
            first = self.keymap.named(Command::Layout(Layout::One)),
            last = self.keymap.named(Command::Layout(Layout::OneLarge))
        );
        column![controls::quiet(words), choices]
            .spacing(4)
            .padding(theme::GAP)
            .into()
    }

    fn dot(&self, camera: &CameraId) -> Dot {
        match self.wall.condition_of(camera, self.now.instant) {
            Some(Condition::Live | Condition::Late) => Dot::Live,
            Some(Condition::NotLive | Condition::Refused) => Dot::Trouble,
            Some(Condition::NotShown | Condition::Starting) | None => Dot::Idle,
        }
    }

    /// The panel of the tool, or of the selected camera.
    fn side_panel(&self) -> Option<Element<'_, Message>> {
        let (panel, focused) = match self.work.tool() {
            Tool::DrawingMasks(drawing) => {
                let level = self.session.person().level;
                (drawing.view(level).map(Message::Masks), true)
            }
            Tool::Calibrating(calibration) => (calibration.view().map(Message::Calibration), true),
            Tool::Watching => (self.camera_panel()?, self.focus.is_in(Area::Panel)),
        };
        Some(
            container(panel)
                .width(PANEL)
                .height(Fill)
                .style(theme::area(focused))
                .into(),
        )
    }

    fn camera_panel(&self) -> Option<Element<'_, Message>> {
        let camera = self.selected_plan()?;
        let now = self.now.instant;
        let feed = self.wall.selected_view(now).map(|open| open.feed());
        let placed = self.wall.placed_on(self.wall.selected());
        let panel = self.panel.view(ptz_panel::Facts {
            keymap: &self.keymap,
            camera,
            lease: self.session.lease_of(&camera.id),
            mask_sync: self.mask_sync.of(&camera.id),
            watching: self.session.others_on(&camera.id),
            pose: feed.map(|feed| feed.pose(now)),
            figures: feed.map(|feed| feed.figures()),
            verdict: placed
                .and_then(|placed| placed.lasting_verdict(now))
                .map(|verdict| stream_stats::mark(verdict).words),
            focus: self.focus.control_in(Area::Panel),
        });
        Some(panel.map(|message| match message {
            ptz_panel::Message::Command(command, edge) => Message::Command(command, edge),
            ptz_panel::Message::Pad(pad) => Message::Pad(pad),
        }))
    }

    fn messages_strip(&self) -> Element<'_, Message> {
        let focus = self.focus.control_in(Area::Messages);
        let strip = self
            .notices
            .view(focus, self.keymap.key(Command::History))
            .map(Message::Strip);
        container(strip).width(Fill).style(theme::area(focus.is_some())).into()
    }
}

fn line<'a>(words: String) -> Element<'a, Message> {
    controls::body(words).into()
}

/// What stands for a column that is folded; it goes there, as F6 does.
fn edge<'a>(sign: Icon, area: Area) -> Element<'a, Message> {
    button(container(icon(sign, theme::BODY)).center(Fill))
        .width(EDGE)
        .height(Fill)
        .padding(0)
        .style(theme::plain(false))
        .on_press(Message::Enter(area))
        .into()
}
