//! What the maintainer sees: figures that repairs need, one row per camera, and no picture (R-MNT-1).
//!
//! Invariant: this screen never opens a view and holds nothing that could show one.
//! Deliberately absent: frames, slots, the wall widget.

use crate::domain::camera::{CameraId, StreamRole};
use crate::domain::people::Person;
use crate::domain::people::stated_purpose::Stated;
use crate::domain::site::{CameraPlan, SitePlan};
use crate::gui::i18n::fl;
use crate::gui::icons::{Icon, icon};
use crate::gui::input::{Command, Direction, Keymap, fixed_key};
use crate::gui::sentences;
use crate::gui::session_port::Desk;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, heading, over, quiet};
use crate::gui::ui::shortcuts_help::May;
use crate::gui::ui::{shortcuts_help, table, top_bar};
use crate::station::{DeclaredStream, Diagnosis, Health, Refusal};
use iced::alignment::Vertical;
use iced::widget::{Column, column, container, row, rule, space, text};
use iced::{Element, Fill, FillPortion, Length, Task, widget};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

const TABLE: &str = "diagnostics-table";
/// Cameras asked at the same time.
const AT_ONCE: usize = 8;

/// What is known of one camera.
enum Row {
    Asked,
    Known(Diagnosis),
    Refused(String),
}

/// The screen.
pub struct Diagnostics {
    desk: Arc<dyn Desk>,
    keymap: Arc<Keymap>,
    plan: Arc<SitePlan>,
    person: Person,
    stated: Stated,
    health: Health,
    rows: HashMap<CameraId, Row>,
    /// Cameras still to be asked, last first.
    waiting: Vec<CameraId>,
    help: bool,
}

/// What happens on the screen.
#[derive(Clone)]
pub enum Message {
    Answered {
        camera: CameraId,
        answer: Box<Result<Diagnosis, Arc<Refusal>>>,
    },
    Again,
    Command(Command),
    Bar(top_bar::Message),
    Tick,
}

/// What the parent does next.
pub enum Action {
    None,
    Run(Task<Message>),
    SignOut,
}

impl Diagnostics {
    /// The screen, asking every camera of the plan.
    pub fn new(desk: Arc<dyn Desk>, keymap: Arc<Keymap>) -> (Diagnostics, Task<Message>) {
        let mut screen = Diagnostics {
            plan: desk.plan(),
            person: desk.person(),
            stated: desk.stated(),
            health: desk.health(),
            desk,
            keymap,
            rows: HashMap::new(),
            waiting: Vec::new(),
            help: false,
        };
        let task = screen.ask_all();
        (screen, task)
    }

    fn ask_all(&mut self) -> Task<Message> {
        self.waiting = self.plan.cameras.iter().rev().map(|camera| camera.id.clone()).collect();
        Task::batch((0..AT_ONCE).map(|_| self.ask_next()).collect::<Vec<_>>())
    }

    fn ask_next(&mut self) -> Task<Message> {
        let Some(camera) = self.waiting.pop() else {
            return Task::none();
        };
        self.rows.insert(camera.clone(), Row::Asked);
        Task::perform(self.desk.diagnose(camera.clone()), move |answer| Message::Answered {
            camera: camera.clone(),
            answer: Box::new(answer.map_err(Arc::new)),
        })
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::Answered { camera, answer } => {
                let row = match *answer {
                    Ok(diagnosis) => Row::Known(diagnosis),
                    Err(why) => Row::Refused(sentences::refusal(&why)),
                };
                self.rows.insert(camera, row);
                return Action::Run(self.ask_next());
            }
            Message::Again if self.waiting.is_empty() => return Action::Run(self.ask_all()),
            Message::Again => {}
            Message::Command(_) if self.help => self.help = false,
            Message::Command(Command::Help) | Message::Bar(top_bar::Message::Help) => self.help = true,
            Message::Command(Command::SignOut) | Message::Bar(top_bar::Message::SignOut) => return Action::SignOut,
            Message::Bar(top_bar::Message::Purpose) => {}
            Message::Command(Command::Confirm) => return self.update(Message::Again),
            Message::Command(Command::Arrow(direction)) => return Action::Run(scroll(direction)),
            Message::Command(_) => {}
            Message::Tick => self.health = self.desk.health(),
        }
        Action::None
    }

    /// The desk this screen works at.
    pub fn desk(&self) -> Arc<dyn Desk> {
        self.desk.clone()
    }

    /// How many cameras have answered, for whoever drives the screen.
    pub fn answered(&self) -> usize {
        self.rows.values().filter(|row| !matches!(row, Row::Asked)).count()
    }

    /// The screen.
    pub fn view(&self) -> Element<'_, Message> {
        let key = |command| self.keymap.key(command);
        let bar = top_bar::view(top_bar::Facts {
            person: &self.person,
            stated: &self.stated,
            health: &self.health,
            clock: SystemTime::now(),
            now: Instant::now(),
            // The contractor's only purpose is maintenance.
            keys: [key(Command::Help), key(Command::SignOut), None],
            focus: None,
        });
        let again = action(
            Icon::Retry,
            fl!("diagnostics-again"),
            Some(&fixed_key(Command::Confirm)),
            false,
            Some(Message::Again),
        );
        let progress = fl!(
            "diagnostics-progress",
            done = self.answered().to_string(),
            all = self.plan.cameras.len().to_string()
        );
        let title = row![
            icon(Icon::Maintenance, theme::HEADING),
            heading(fl!("diagnostics-title")),
            quiet(progress),
            space().width(Fill),
            again
        ]
        .spacing(12)
        .align_y(Vertical::Center);
        let rows = self
            .plan
            .cameras
            .iter()
            .flat_map(|camera| [self.row(camera), rule::horizontal(1).into()]);
        let table = table::scrolled(TABLE, Column::with_children(rows).spacing(4));
        let page = column![
            title,
            quiet(fl!("diagnostics-no-picture")),
            table::over_lines(header()),
            rule::horizontal(1),
            table
        ];
        let screen = column![bar.map(Message::Bar), container(page.spacing(8)).padding(16)];
        let screen = container(screen)
            .height(Fill)
            .style(|_| container::background(theme::GROUND))
            .into();
        if self.help {
            return over(
                screen,
                shortcuts_help::view(&self.keymap, May::of(self.desk.as_ref())),
                Message::Command(Command::Back),
            );
        }
        screen
    }

    fn row<'a>(&'a self, camera: &'a CameraPlan) -> Element<'a, Message> {
        let name = format!("{} · {}", camera.number, camera.name);
        let (state, tone, figures) = match self.rows.get(&camera.id) {
            None | Some(Row::Asked) => (fl!("diagnostics-asked"), Tone::Normal, Default::default()),
            Some(Row::Refused(why)) => (why.clone(), Tone::Attention, Default::default()),
            Some(Row::Known(diagnosis)) => {
                let drift = diagnosis.mask_sync.as_ref().and_then(sentences::drift);
                let (state, tone) = match (&diagnosis.trouble, diagnosis.reachable) {
                    (Some(trouble), _) => (sentences::trouble(trouble), Tone::Attention),
                    (None, true) if drift.is_some() => (drift.unwrap_or_default(), Tone::Attention),
                    (None, true) => (fl!("diagnostics-reachable"), Tone::Normal),
                    (None, false) => (fl!("diagnostics-unreachable"), Tone::Attention),
                };
                (state, tone, figures(diagnosis))
            }
        };
        let [device, firmware, answer, clock, streams] = figures;
        cells([
            text(name).font(theme::STRONG),
            text(state).color(tone.colour()),
            text(device),
            text(firmware),
            text(answer),
            text(clock),
            text(streams),
        ])
    }
}

/// Device, firmware, time of the answer, clock, streams and mechanics.
fn figures(diagnosis: &Diagnosis) -> [String; 5] {
    let answer = diagnosis
        .round_trip
        .map(|trip| format!("{} ms", trip.as_millis()))
        .unwrap_or_default();
    let clock = diagnosis
        .clock_offset_s
        .map(|offset| format!("{} s", sentences::decimal(offset, 1)))
        .unwrap_or_default();
    let mut streams: Vec<String> = diagnosis.streams.iter().map(stream).collect();
    if diagnosis.ptz {
        streams.push(fl!("diagnostics-ptz"));
    }
    let device = format!("{} {}", diagnosis.manufacturer, diagnosis.model);
    [device, diagnosis.firmware.clone(), answer, clock, streams.join("\n")]
}

/// A stream as the camera declares it.
fn stream(declared: &DeclaredStream) -> String {
    let size = format!("{}×{}", declared.width, declared.height);
    let codec = declared.codec.as_str();
    let named = match declared.role {
        StreamRole::Main => fl!("diagnostics-main", codec = codec, size = size),
        StreamRole::Sub => fl!("diagnostics-sub", codec = codec, size = size),
    };
    match declared.fps {
        Some(fps) => fl!("diagnostics-rate", stream = named, fps = sentences::decimal(fps, 0)),
        None => named,
    }
}

const WIDTHS: [Length; 7] = [
    FillPortion(24),
    FillPortion(30),
    FillPortion(18),
    FillPortion(12),
    FillPortion(9),
    FillPortion(9),
    FillPortion(28),
];

fn cells<'a>(texts: [text::Text<'a, iced::Theme>; 7]) -> Element<'a, Message> {
    let cells = texts
        .into_iter()
        .zip(WIDTHS)
        .map(|(text, width)| text.size(theme::SMALL).width(width).into());
    row(cells).spacing(12).into()
}

fn header<'a>() -> Element<'a, Message> {
    let titles = [
        fl!("diagnostics-camera"),
        fl!("diagnostics-state"),
        fl!("diagnostics-device"),
        fl!("diagnostics-firmware"),
        fl!("diagnostics-answer"),
        fl!("diagnostics-clock"),
        fl!("diagnostics-streams"),
    ];
    cells(titles.map(|title| text(title).color(theme::QUIET)))
}

fn scroll(direction: Direction) -> Task<Message> {
    let y = if matches!(direction, Direction::Up | Direction::Left) {
        -120.0
    } else {
        120.0
    };
    widget::operation::scroll_by(TABLE, widget::operation::AbsoluteOffset { x: 0.0, y })
}
