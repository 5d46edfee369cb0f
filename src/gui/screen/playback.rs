//! Recordings of one camera: what is recorded, playing, pausing, jumping.
//!
//! Invariant: a recorded picture is drawn under the cover of its own time; leaving the screen drops the playback and
//! so ends and records it. Deliberately absent: exporting (its dialogue is opened from here and lives there).

use crate::domain::camera::CameraId;
use crate::domain::digital_zoom::Crop;
use crate::domain::privacy::{Cover, WholeReason};
use crate::domain::site::CameraPlan;
use crate::gui::dialogue::export::{self, Export};
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::{Command, Context, Direction, Keymap, fixed_key};
use crate::gui::session_port::{Record, Reel};
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, body, heading, labelled, over, quiet};
use crate::gui::ui::form::{self, Next};
use crate::gui::widget::timeline::timeline;
use crate::gui::widget::wall::{self, Face, Look, Newest, Sight, StateWords, Tile};
use crate::gui::{redraw, sentences};
use crate::station::{PlaybackState, RecordedSpan, Refusal};
use iced::alignment::Vertical;
use iced::widget::{column, container, row, text};
use iced::{Element, Fill, Rectangle, Subscription, Task};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// What the timeline shows at first, milliseconds before now.
const SHOWN_MS: i64 = 30 * 60_000;
/// How far before the end playing starts, and how far a small and a large jump go.
const START_BEFORE_MS: i64 = 30_000;
const JUMP_MS: i64 = 5_000;
const FAR_JUMP_MS: i64 = 30_000;

/// A playback as the wall shows it.
struct Recorded(Arc<dyn Reel>);

impl Look for Recorded {
    fn look(&self, _: Instant, _: Crop) -> Option<Sight> {
        let frame = self.0.slot().latest()?;
        let cover = self.0.cover(frame.recorded_ms);
        Some(Sight {
            frame,
            cover,
            crop: Crop::WHOLE,
        })
    }

    fn newest(&self) -> Option<Newest> {
        self.0.slot().latest().map(|frame| (&*frame).into())
    }
}

/// Where the screen stands.
enum Stage {
    /// Asking what is recorded.
    Looking,
    /// Asking for the pictures.
    Starting,
    Playing(Recorded),
    Failed(String),
}

/// The screen.
pub struct Playback {
    desk: Arc<dyn Record>,
    camera: CameraPlan,
    from_ms: i64,
    to_ms: i64,
    spans: Vec<RecordedSpan>,
    stage: Stage,
    /// Identity of the last start; an answer to an older one is dropped.
    ticket: u64,
    placed: Rectangle,
    /// The last refusal of a jump or a picture, or where a picture was saved.
    notice: Option<(Tone, String)>,
    export: Option<Export>,
}

/// What happens on the screen.
#[derive(Clone)]
pub enum Message {
    Found(Result<Vec<RecordedSpan>, Arc<Refusal>>),
    Started {
        ticket: u64,
        answer: Result<Arc<dyn Reel>, Arc<Refusal>>,
    },
    Command(Command),
    JumpTo(i64),
    Jumped(Result<(), Arc<Refusal>>),
    Snapshot(Result<PathBuf, Arc<Refusal>>),
    Wall(wall::Event),
    Export(export::Message),
    NewPictures,
    Tick,
    Leave,
}

/// What the parent does next.
pub enum Action {
    None,
    Run(Task<Message>),
    /// Back to the wall.
    Leave,
}

impl Playback {
    /// The screen for a camera, asking what is recorded up to `now`.
    pub fn new(desk: Arc<dyn Record>, camera: CameraPlan, now: SystemTime) -> (Playback, Task<Message>) {
        let to_ms = sentences::unix_ms(now);
        let from_ms = to_ms - SHOWN_MS;
        let found = desk.recorded(camera.id.clone(), from_ms, to_ms);
        let screen = Playback {
            desk,
            camera,
            from_ms,
            to_ms,
            spans: Vec::new(),
            stage: Stage::Looking,
            ticket: 0,
            placed: Rectangle::default(),
            notice: None,
            export: None,
        };
        (
            screen,
            Task::perform(found, |answer| Message::Found(answer.map_err(Arc::new))),
        )
    }

    /// Whose recordings these are.
    pub fn camera(&self) -> &CameraId {
        &self.camera.id
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::Found(Ok(spans)) => return self.found(spans),
            Message::Found(Err(why)) => self.stage = Stage::Failed(sentences::refusal(&why)),
            Message::Started { ticket, answer } if ticket == self.ticket => {
                self.stage = match answer {
                    Ok(reel) => Stage::Playing(Recorded(reel)),
                    Err(why) => Stage::Failed(sentences::refusal(&why)),
                };
            }
            Message::Started { .. } | Message::NewPictures | Message::Tick => {}
            Message::Command(command) => return self.command(command),
            Message::JumpTo(ms) => return self.jump_to(ms),
            Message::Jumped(answer) => self.notice = answer.err().map(|why| refused(&why)),
            Message::Snapshot(Ok(path)) => {
                let path = path.display().to_string();
                self.notice = Some((Tone::Normal, fl!("snapshot-saved", path = path)));
            }
            Message::Snapshot(Err(why)) => self.notice = Some(refused(&why)),
            Message::Wall(wall::Event::Placed(bounds)) => self.placed = bounds,
            Message::Wall(_) => {}
            Message::Export(message) => return self.export_message(message),
            Message::Leave => return Action::Leave,
        }
        Action::None
    }

    fn found(&mut self, spans: Vec<RecordedSpan>) -> Action {
        self.spans = spans;
        match self.spans.iter().map(|span| span.to_ms).max() {
            Some(end) => {
                let first = self.spans.iter().map(|span| span.from_ms).min().unwrap_or(self.from_ms);
                self.start((end - START_BEFORE_MS).max(first))
            }
            None => {
                self.stage = Stage::Failed(sentences::refusal(&Refusal::NothingRecorded));
                Action::None
            }
        }
    }

    fn start(&mut self, from_ms: i64) -> Action {
        self.stage = Stage::Starting;
        self.ticket += 1;
        let ticket = self.ticket;
        let started = self.desk.play(self.camera.id.clone(), from_ms, self.to_ms);
        Action::Run(Task::perform(started, move |answer| Message::Started {
            ticket,
            answer: answer.map_err(Arc::new),
        }))
    }

    /// Where the keyboard is.
    pub fn context(&self) -> Context {
        match self.export {
            Some(_) => Context::Form,
            None => Context::Playback,
        }
    }

    fn command(&mut self, command: Command) -> Action {
        if self.export.is_some() {
            return self.export_message(export::Message::Form(form::Message::Command(command)));
        }
        match command {
            Command::Back | Command::Playback => return Action::Leave,
            Command::PlayPause => self.toggle(),
            Command::Arrow(Direction::Left) => return self.jump(-JUMP_MS),
            Command::Arrow(Direction::Right) => return self.jump(JUMP_MS),
            Command::Arrow(Direction::Up) => return self.jump(FAR_JUMP_MS),
            Command::Arrow(Direction::Down) => return self.jump(-FAR_JUMP_MS),
            Command::Export => return self.open_export(),
            Command::Snapshot => return self.take_snapshot(),
            _ => {}
        }
        Action::None
    }

    fn state(&self) -> Option<PlaybackState> {
        match &self.stage {
            Stage::Playing(Recorded(reel)) => Some(reel.state()),
            Stage::Looking | Stage::Starting | Stage::Failed(_) => None,
        }
    }

    fn toggle(&mut self) {
        if let (Stage::Playing(Recorded(reel)), Some(state)) = (&self.stage, self.state()) {
            reel.pause(!state.paused);
        }
    }

    fn jump(&mut self, by_ms: i64) -> Action {
        match self.state() {
            Some(state) => self.jump_to(state.position_ms + by_ms),
            None => Action::None,
        }
    }

    fn jump_to(&mut self, ms: i64) -> Action {
        let ms = ms.clamp(self.from_ms, self.to_ms);
        match &self.stage {
            Stage::Playing(Recorded(reel)) if !reel.state().ended => {
                let reel = reel.clone();
                Action::Run(Task::perform(async move { reel.seek(ms).await }, |answer| {
                    Message::Jumped(answer.map_err(Arc::new))
                }))
            }
            Stage::Playing(_) | Stage::Failed(_) if !self.spans.is_empty() => self.start(ms),
            Stage::Playing(_) | Stage::Failed(_) | Stage::Looking | Stage::Starting => Action::None,
        }
    }

    fn take_snapshot(&mut self) -> Action {
        let Stage::Playing(Recorded(reel)) = &self.stage else {
            self.notice = Some((Tone::Attention, fl!("playback-no-picture")));
            return Action::None;
        };
        let taken = self.desk.snapshot_of_recording(reel.clone());
        Action::Run(Task::perform(taken, |answer| {
            Message::Snapshot(answer.map_err(Arc::new))
        }))
    }

    fn open_export(&mut self) -> Action {
        let end = self.state().map_or(self.to_ms, |state| state.position_ms);
        let dialogue = Export::new(self.desk.clone(), self.camera.clone(), end - FAR_JUMP_MS, end);
        self.export = Some(dialogue);
        Action::None
    }

    fn export_message(&mut self, message: export::Message) -> Action {
        let Some(dialogue) = &mut self.export else {
            return Action::None;
        };
        match dialogue.update(message) {
            Next::None => Action::None,
            Next::Run(task) => Action::Run(task.map(Message::Export)),
            Next::Close | Next::Done(()) => {
                self.export = None;
                Action::None
            }
        }
    }

    /// What the screen listens to.
    pub fn subscription(&self) -> Subscription<Message> {
        let slots = match &self.stage {
            Stage::Playing(Recorded(reel)) => vec![(self.ticket, reel.slot().clone())],
            Stage::Looking | Stage::Starting | Stage::Failed(_) => Vec::new(),
        };
        let export = self
            .export
            .as_ref()
            .map_or_else(Subscription::none, Export::subscription);
        Subscription::batch([
            redraw::on_new_pictures(slots).map(|()| Message::NewPictures),
            export.map(Message::Export),
        ])
    }

    /// Where the picture is in the window now, logical pixels, once there is one.
    pub fn picture(&self) -> Option<Rectangle> {
        let Stage::Playing(Recorded(reel)) = &self.stage else {
            return None;
        };
        let frame = reel.slot().latest()?;
        Some(wall::letterbox(
            wall::tile_rectangle(self.placed, WHOLE),
            frame.seen_size(),
        ))
    }

    /// The cover of the picture that is shown, once there is one.
    pub fn cover(&self) -> Option<Arc<Cover>> {
        let Stage::Playing(recorded) = &self.stage else {
            return None;
        };
        Some(recorded.look(Instant::now(), Crop::WHOLE)?.cover)
    }

    /// Where the playback stands, for whoever drives the screen.
    pub fn position_ms(&self) -> Option<i64> {
        self.state().map(|state| state.position_ms)
    }

    /// The open export dialogue.
    pub fn export(&self) -> Option<&Export> {
        self.export.as_ref()
    }

    /// The screen.
    pub fn view(&self, keymap: &Keymap) -> Element<'_, Message> {
        let back = action(
            Icon::Close,
            fl!("playback-leave"),
            Some(&fixed_key(Command::Back)),
            false,
            Some(Message::Leave),
        );
        // What is long gives way; the way back, and that it is recorded, do not.
        let camera = row![
            heading(format!("{} · {}", self.camera.number, self.camera.name)).wrapping(text::Wrapping::None),
            quiet(self.camera.place.as_str()).wrapping(text::Wrapping::None),
        ];
        let camera = camera.spacing(12).align_y(Vertical::Center);
        let about = column![camera, quiet(fl!("playback-recorded")).wrapping(text::Wrapping::None)];
        let title = row![container(about).width(Fill).clip(true), back];
        let wall: Element<'_, wall::Event> = wall::wall(vec![self.tile()], |event| event).into();
        let position = self.position_ms();
        let line = timeline(self.from_ms, self.to_ms, position, &self.spans, Message::JumpTo);
        let screen = column![
            container(title.spacing(16).align_y(Vertical::Center)).padding([8, 12]),
            wall.map(Message::Wall),
            container(column![line, self.controls(position, keymap)].spacing(6))
                .padding(12)
                .style(theme::surface),
        ];
        let screen = container(screen).style(|_| container::background(theme::GROUND)).into();
        match &self.export {
            Some(export) => {
                let close = Message::Export(export::Message::Form(form::Message::Command(Command::Back)));
                over(screen, export.view().map(Message::Export), close)
            }
            None => screen,
        }
    }

    fn controls(&self, position: Option<i64>, keymap: &Keymap) -> Element<'_, Message> {
        let paused = self.state().is_some_and(|state| state.paused);
        let (sign, words) = if paused {
            (Icon::Play, fl!("playback-play"))
        } else {
            (Icon::Pause, fl!("playback-pause"))
        };
        let key = |sign: Icon, words: String, command: Command| {
            let key = keymap.key(command);
            action(sign, words, key.as_ref(), false, Some(Message::Command(command)))
        };
        let time = position
            .map(|ms| sentences::date_and_clock(&sentences::rome_ms(ms)))
            .unwrap_or_default();
        let mut controls = row![
            key(Icon::Back, fl!("playback-back"), Command::Arrow(Direction::Left)),
            key(sign, words, Command::PlayPause),
            key(Icon::Forward, fl!("playback-forward"), Command::Arrow(Direction::Right)),
            key(Icon::Snapshot, fl!("panel-snapshot"), Command::Snapshot),
            key(Icon::Export, fl!("export-start"), Command::Export),
            body(time).font(theme::STRONG),
        ];
        if let Some((tone, notice)) = &self.notice {
            let sign = if *tone == Tone::Normal {
                Icon::Snapshot
            } else {
                Icon::Warning
            };
            controls = controls.push(labelled(sign, notice.as_str(), *tone));
        }
        controls.spacing(theme::GAP).align_y(Vertical::Center).into()
    }

    fn tile(&self) -> Tile<'_> {
        let say = |icon, words: String, detail: String, tone| {
            Some(StateWords {
                icon,
                words,
                detail,
                tone,
            })
        };
        let (look, state) = match &self.stage {
            Stage::Looking => (
                None,
                say(Icon::Waiting, fl!("playback-looking"), String::new(), Tone::Normal),
            ),
            Stage::Starting => (
                None,
                say(Icon::Waiting, fl!("playback-starting"), String::new(), Tone::Normal),
            ),
            Stage::Failed(why) => (
                None,
                say(Icon::Refused, fl!("playback-none"), why.clone(), Tone::Attention),
            ),
            Stage::Playing(recorded) => (Some(recorded as &dyn Look), self.words_over(recorded)),
        };
        let time = self
            .position_ms()
            .map(|ms| sentences::clock(&sentences::rome_ms(ms)))
            .unwrap_or_default();
        let face = Face {
            title: fl!("playback-mark"),
            time,
            state,
            ..Face::default()
        };
        Tile {
            steers: false,
            key: self.ticket,
            cell: WHOLE,
            look,
            crop: Crop::WHOLE,
            brightness: 1.0,
            face,
        }
    }

    fn words_over(&self, recorded: &Recorded) -> Option<StateWords> {
        let state = self.state()?;
        if let Some(why) = &state.ended_by {
            return Some(StateWords {
                icon: Icon::Refused,
                words: fl!("playback-stopped"),
                detail: sentences::refusal(why),
                tone: Tone::Attention,
            });
        }
        if let Some(trouble) = &state.trouble {
            let detail = sentences::trouble(trouble);
            return Some(StateWords {
                icon: Icon::Warning,
                words: fl!("playback-none"),
                detail,
                tone: Tone::Attention,
            });
        }
        let sight = recorded.look(Instant::now(), Crop::WHOLE)?;
        match &*sight.cover {
            Cover::Whole(reason) => Some(StateWords {
                icon: Icon::Covered,
                words: sentences::whole_cover(*reason),
                detail: why_covered(*reason),
                tone: Tone::Attention,
            }),
            Cover::Parts(_) => None,
        }
    }
}

/// When a recorded picture shows something again: a position that was not recorded never comes.
fn why_covered(reason: WholeReason) -> String {
    match reason {
        WholeReason::PoseNotKnown => fl!("playback-pose-unknown"),
        WholeReason::TooUncertain => fl!("playback-pose-uncertain"),
        _ => fl!("tile-covered-detail"),
    }
}

fn refused(why: &Refusal) -> (Tone, String) {
    (Tone::Attention, sentences::refusal(why))
}

const WHOLE: Rectangle = Rectangle {
    x: 0.0,
    y: 0.0,
    width: 1.0,
    height: 1.0,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_picture_without_a_position_is_not_promised_to_come_back() {
        let comes_back = fl!("tile-covered-detail");
        for reason in [WholeReason::PoseNotKnown, WholeReason::TooUncertain] {
            assert_ne!(why_covered(reason), comes_back, "{reason:?}");
        }
        assert_eq!(why_covered(WholeReason::PlanNotCurrent), comes_back);
    }
}
