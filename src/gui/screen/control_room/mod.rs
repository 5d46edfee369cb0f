//! The control room: camera list, wall, panel, messages.
//!
//! Invariant: `update` only changes this state and starts tasks; whoever closes a tile drops its view, and so its
//! stream. Deliberately absent: signing in, playback (other screens).

mod calibrating;
mod commands;
mod dialogues;
mod digital_zoom;
mod drawn_frames;
mod mask_sync;
mod masks;
mod notifications;
mod ptz;
mod stream_stats;
mod streams;
pub mod tiles;
mod tour_scene;
mod view;
mod wall_layout;

use crate::domain::camera::{CameraId, CameraKind, StreamRole};
use crate::domain::camera_tour::CameraTour;
use crate::domain::live::overload::Overload;
use crate::domain::people::stated_purpose::Stated;
use crate::domain::people::{self, Action as Wanted, Asked, Circumstances, Person, Right};
use crate::domain::saved_wall::Arrangement;
use crate::domain::site::{CameraPlan, SitePlan};
use crate::domain::wall::Layout;
use crate::gui::keymap::{Command, Edge, Keymap};
use crate::gui::session_port::{Desk, DomeLease, Feed};
use crate::gui::theme::Tone;
use crate::gui::ui::calibration::{self, Calibrating};
use crate::gui::ui::camera_list::{self, CameraList};
use crate::gui::ui::mask_editor::{self, MaskEditor};
use crate::gui::ui::message_strip::{self, MessageStrip};
use crate::gui::ui::ptz_panel::PtzPanel;
use crate::gui::ui::top_bar;
use crate::gui::widget::wall;
use crate::gui::{ptz_input, redraw, sentences};
use crate::media::frame::FrameSlot;
use crate::station::{Health, Holder, MaskSyncState, Preset, ProposedMask, Refusal, Watching};
use dialogues::Dialogue;
use iced::{Rectangle, Subscription, Task, window};
use mask_sync::MaskSyncRounds;
use notifications::Followed;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use streams::Window;
use tiles::{Now, Open, Placed};
pub use view::Glance;
use wall_layout::placed;

/// The parts of the screen that F6 goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    Wall,
    List,
    Panel,
    Messages,
    Bar,
}

/// A gesture that is going on.
struct Steering {
    camera: CameraId,
    orders: ptz_input::Orders,
}

/// The screen.
pub struct ControlRoom {
    desk: Arc<dyn Desk>,
    keymap: Arc<Keymap>,
    plan: Arc<SitePlan>,
    person: Person,
    /// The purpose in force.
    stated: Stated,
    health: Health,
    may_watch: bool,
    holds: Vec<DomeLease>,
    watching: Vec<Watching>,
    now: Now,
    layout: Layout,
    tiles: Vec<Option<Placed>>,
    selected: usize,
    /// The tile that fills the wall.
    full: Option<usize>,
    window: Window,
    /// Another screen lies over this one.
    away: bool,
    /// When something of the wall was last drawn.
    drawn_at: Instant,
    overload: Overload<u64>,
    /// The figures of every stream are shown on its tile.
    figures: bool,
    /// Only the wall is in the window.
    alone: bool,
    tickets: u64,
    in_window: Option<window::Id>,
    /// The tile that goes through cameras by itself.
    tour: Option<(usize, CameraTour)>,
    area: Area,
    /// Place of the keyboard inside panel, messages or bar.
    focus: usize,
    typed: String,
    list: CameraList,
    panel: PtzPanel,
    strip: MessageStrip,
    steering: Option<Steering>,
    held: HashSet<Command>,
    /// A click that becomes «centre on» unless a second one makes it «full screen».
    aimed: Option<(u64, CameraId, [f64; 2])>,
    carried: Option<CameraId>,
    placed: Rectangle,
    help: bool,
    dialogue: Option<Dialogue>,
    followed: Followed,
    editor: Option<MaskEditor>,
    calibrating: Option<Calibrating>,
    keeping: MaskSyncRounds,
    proposals: Vec<ProposedMask>,
    /// The latest snapshot, and whether zoom met its ceiling: what the tour looks for.
    snapshot: Option<PathBuf>,
    refused_at_ceiling: bool,
}

/// What happens on the screen.
#[derive(Clone)]
pub enum Message {
    /// A key, or a control that does what a key does.
    Command(Command, Edge),
    Wall(wall::Event),
    List(camera_list::Message),
    Strip(message_strip::Message),
    Bar(top_bar::Message),
    Dialogue(dialogues::Message),
    Masks(mask_editor::Message),
    /// What waits for a supervisor, or that it cannot be asked.
    Proposals(Result<Vec<ProposedMask>, Arc<Refusal>>),
    /// A proposal or a verdict was taken, or not.
    MaskSettled(Result<(), Arc<Refusal>>),
    Calibration(calibration::Message),
    CalibrationProposed(Result<(), Arc<Refusal>>),
    /// What a camera keeps by itself, `written` a moment ago or not.
    MaskSyncState {
        camera: CameraId,
        answer: Result<MaskSyncState, Arc<Refusal>>,
        written: bool,
    },
    /// A view was opened, or not.
    Opened {
        ticket: u64,
        answer: Result<Arc<dyn Feed>, Arc<Refusal>>,
    },
    Steered(ptz_input::News),
    /// Held keys speak to the gesture.
    Repeat,
    /// The second click did not come.
    Aimed(u64),
    Presets {
        camera: CameraId,
        answer: Result<Vec<Preset>, Arc<Refusal>>,
    },
    PresetCalled(Result<(), Arc<Refusal>>),
    PresetSaved {
        camera: CameraId,
        answer: Result<(), Arc<Refusal>>,
    },
    Snapshot {
        camera: CameraId,
        answer: Result<PathBuf, Arc<Refusal>>,
    },
    /// Visible tiles have new pictures.
    NewPictures,
    /// How the window is.
    Window(Window),
    /// Twice a second.
    Tick,
    /// The pointer's button went up, wherever it was.
    LetGo,
    /// The window lost the keyboard: keys that are held are no longer known.
    Unfocused,
}

/// What the parent does next.
pub enum Action {
    None,
    Run(Task<Message>),
    /// Show the recordings of this camera.
    PlayBack(Box<CameraPlan>),
    SignOut,
    NewWindow,
    SavedWalls,
}

/// What a wall begins with.
#[derive(Debug, Clone, Default)]
pub struct Seat {
    /// The window it is in, once there is more than one.
    pub window: Option<window::Id>,
    /// Tells the walls of one program apart: no two have the same.
    pub series: u32,
    /// What was on it; without it every camera that the person may see.
    pub wall: Option<Arrangement>,
}

/// Where a picture lies in the window, for whoever searches the window's pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub tile: usize,
    pub camera: CameraId,
    pub stream: StreamRole,
    /// The picture without its letterbox, logical pixels of the window.
    pub picture: Rectangle,
}

impl Message {
    /// Whether the screen only looks at itself.
    pub fn is_beat(&self) -> bool {
        matches!(self, Message::Tick | Message::Window(_))
    }
}

impl ControlRoom {
    /// The screen of a person who just signed in, its wall filled with the cameras they may see.
    pub fn new(desk: Arc<dyn Desk>, keymap: Arc<Keymap>, seat: Seat) -> (ControlRoom, Task<Message>) {
        let (plan, person, here) = (desk.plan(), desk.person(), desk.circumstances());
        let mut seen: Vec<&CameraPlan> = plan
            .cameras
            .iter()
            .filter(|camera| may_see(&person, &here, camera))
            .collect();
        seen.sort_by_key(|camera| camera.number);
        let now = Now::read();
        let all = Arrangement::of(seen.iter().map(|camera| camera.id.clone()));
        let may = |id: &CameraId| seen.iter().any(|camera| &camera.id == id);
        let wall = seat.wall.map_or(all, |wall| wall.seen_by(may));
        let mut room = ControlRoom {
            stated: desk.stated(),
            health: desk.health(),
            may_watch: desk.may_watch(),
            holds: desk.holds(),
            watching: desk.watching(),
            now,
            layout: wall.layout,
            tiles: placed(&wall, now.instant),
            selected: 0,
            full: None,
            window: Window::default(),
            away: false,
            drawn_at: now.instant,
            overload: Overload::default(),
            figures: false,
            alone: false,
            // Pictures are told apart by their ticket, in every window.
            tickets: u64::from(seat.series) << 32,
            in_window: seat.window,
            tour: None,
            area: Area::Wall,
            focus: 0,
            typed: String::new(),
            list: CameraList::new(&plan),
            panel: PtzPanel::default(),
            strip: MessageStrip::default(),
            steering: None,
            held: HashSet::new(),
            aimed: None,
            carried: None,
            placed: Rectangle::default(),
            help: false,
            dialogue: None,
            followed: Followed::default(),
            editor: None,
            calibrating: None,
            keeping: MaskSyncRounds::new(seat.series == 0, now.instant),
            proposals: Vec::new(),
            snapshot: None,
            refused_at_ceiling: false,
            desk,
            keymap,
            plan,
            person,
        };
        let opening = room.open_visible();
        let presets = room.ask_presets();
        (room, Task::batch([opening, presets]))
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::Command(command, edge) => return self.command(command, edge),
            Message::Wall(event) => return self.wall_event(event),
            Message::List(message) => return self.list_message(message),
            Message::Strip(message) => return self.strip_message(message),
            Message::Bar(top_bar::Message::Help) => self.help = !self.help,
            Message::Bar(top_bar::Message::SignOut) => return Action::SignOut,
            Message::Bar(top_bar::Message::Purpose) => return self.open_change_purpose(),
            Message::Opened { ticket, answer } => {
                self.opened(ticket, answer);
                let selected = self.tiles.get(self.selected).and_then(Option::as_ref);
                let presets = match selected.is_some_and(|placed| placed.ticket == ticket) {
                    true => self.ask_presets(),
                    false => Task::none(),
                };
                return Action::Run(Task::batch([self.regulate(), presets]));
            }
            Message::Dialogue(message) => return self.dialogue_message(message),
            Message::Masks(message) => return self.mask_message(message),
            Message::Proposals(answer) => self.take_proposals(answer),
            Message::MaskSettled(answer) => return self.mask_settled(answer),
            Message::Calibration(message) => return self.calibration_message(message),
            Message::CalibrationProposed(answer) => self.calibration_proposed(answer),
            Message::MaskSyncState {
                camera,
                answer,
                written,
            } => self.kept(camera, answer, written),
            Message::Steered(news) => self.steered(news),
            Message::Repeat => self.repeat(),
            Message::Aimed(ticket) => return self.aim_is_true(ticket),
            Message::Presets { camera, answer } => match answer {
                Ok(presets) => self.panel.keep(camera, presets),
                Err(why) => self.refused(&why, Some(camera)),
            },
            Message::PresetCalled(Ok(())) => {}
            Message::PresetCalled(Err(why)) => self.refused(&why, self.selected_camera()),
            Message::PresetSaved { camera, answer } => return self.preset_saved(camera, answer),
            Message::Snapshot { camera, answer } => self.snapshot_taken(camera, answer),
            Message::NewPictures => {
                self.now = Now::read();
                return Action::Run(self.regulate());
            }
            Message::Window(window) => {
                self.window = window;
                return Action::Run(self.regulate());
            }
            Message::Tick => return self.tick(),
            Message::LetGo => {
                self.carried = None;
                self.release_all();
            }
            Message::Unfocused => self.release_all(),
        }
        Action::None
    }

    /// What the screen listens to.
    pub fn subscription(&self) -> Subscription<Message> {
        let pictures = redraw::on_new_pictures(self.visible_slots()).map(|()| Message::NewPictures);
        let held = if self.held.is_empty() {
            Subscription::none()
        } else {
            iced::time::every(ptz_input::REPEAT).map(|_| Message::Repeat)
        };
        let dialogue = self
            .dialogue
            .as_ref()
            .map_or_else(Subscription::none, Dialogue::subscription);
        Subscription::batch([pictures, held, dialogue.map(Message::Dialogue)])
    }

    /// Where the pictures are in the window now.
    pub fn geometry(&self) -> Vec<Shown> {
        let shown = |(tile, cell): (usize, Rectangle)| {
            let placed = self.tiles.get(tile)?.as_ref()?;
            let Open { feed, .. } = self.shown_on(tile)?;
            let frame = feed.slot().latest()?;
            let tile_area = wall::tile_rectangle(self.placed, cell);
            let picture = wall::letterbox(tile_area, frame.width, frame.height);
            Some(Shown {
                tile,
                camera: placed.camera.clone(),
                stream: feed.stream(),
                picture,
            })
        };
        self.cells().into_iter().filter_map(shown).collect()
    }

    /// The screen that lay over this one is gone.
    pub fn back_in_sight(&mut self) -> Task<Message> {
        self.away = false;
        self.now = Now::read();
        self.drawn_at = self.now.instant;
        self.regulate()
    }

    /// The desk this screen works at.
    pub fn desk(&self) -> Arc<dyn Desk> {
        self.desk.clone()
    }

    /// Sentences that wait for an act, newest first.
    pub fn messages(&self) -> Vec<String> {
        self.strip
            .pending()
            .into_iter()
            .map(|(_, notice)| notice.words.clone())
            .collect()
    }

    /// Tiles that are visible, with their part of the wall.
    fn cells(&self) -> Vec<(usize, Rectangle)> {
        if let Some(tile) = self.full {
            return vec![(
                tile,
                Rectangle {
                    x: 0.0,
                    y: 0.0,
                    width: 1.0,
                    height: 1.0,
                },
            )];
        }
        let cell = |rect: crate::domain::wall::Rect| Rectangle {
            x: rect.x as f32,
            y: rect.y as f32,
            width: rect.width as f32,
            height: rect.height as f32,
        };
        self.layout.rects().into_iter().map(cell).enumerate().collect()
    }

    /// The slots of all pictures that are visible or about to be.
    fn visible_slots(&self) -> Vec<(u64, FrameSlot)> {
        let slots = |(tile, _): (usize, Rectangle)| {
            let placed = self.tiles.get(tile)?.as_ref()?;
            let small = placed.open().map(|open| (placed.ticket, open.feed.slot().clone()));
            let large = placed.large.as_ref();
            let large = large.and_then(|large| Some((large.ticket, large.open.as_ref()?.feed.slot().clone())));
            Some(small.into_iter().chain(large))
        };
        self.cells().into_iter().filter_map(slots).flatten().collect()
    }

    fn camera_on(&self, tile: usize) -> Option<&CameraPlan> {
        self.plan.camera(&self.tiles.get(tile)?.as_ref()?.camera)
    }

    fn selected_plan(&self) -> Option<&CameraPlan> {
        self.camera_on(self.selected)
    }

    fn selected_camera(&self) -> Option<CameraId> {
        self.selected_plan().map(|camera| camera.id.clone())
    }

    fn selected_dome(&self) -> Option<&CameraPlan> {
        self.selected_plan().filter(|camera| camera.kind == CameraKind::Dome)
    }

    fn hold_of(&self, camera: &CameraId) -> Option<&DomeLease> {
        self.holds.iter().find(|hold| &hold.camera == camera)
    }

    /// Who else watches a camera.
    fn others_on(&self, camera: &CameraId) -> Vec<Holder> {
        let watching = self.watching.iter().find(|watching| &watching.camera == camera);
        let people = watching.map(|watching| watching.people.as_slice()).unwrap_or_default();
        people
            .iter()
            .filter(|other| other.user != self.person.user)
            .cloned()
            .collect()
    }

    fn say(&mut self, tone: Tone, sentence: String, camera: Option<CameraId>) {
        self.strip.say(self.now.clock, tone, sentence, camera);
    }

    fn refused(&mut self, why: &Refusal, camera: Option<CameraId>) {
        self.refused_at_ceiling |= matches!(why, Refusal::ZoomCeiling { .. });
        let tone = if matches!(why, Refusal::HeldByOther(_)) {
            Tone::Other
        } else {
            Tone::Attention
        };
        let sentence = match camera.as_ref().and_then(|camera| self.plan.camera(camera)) {
            Some(camera) => format!("{} · {}: {}", camera.number, camera.name, sentences::refusal(why)),
            None => sentences::refusal(why),
        };
        self.say(tone, sentence, camera);
    }
}

fn may_see(person: &Person, here: &Circumstances, camera: &CameraPlan) -> bool {
    let asked = Asked::Camera {
        right: Right::Grant(Wanted::Live),
        controller: &camera.controller,
        camera: &camera.id,
    };
    people::decide(person, asked, here).is_allowed()
}

#[cfg(test)]
mod tests;
