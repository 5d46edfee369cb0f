//! The export dialogue: which minutes, why, for whom; then how far, then where the file is and its fingerprint.
//!
//! Invariant: nothing is exported without a reason and a protocol number (R-EXP-1); leaving while it runs cancels it.
//! Deliberately absent: writing the file (the station).

use crate::domain::people::Purpose;
use crate::domain::site::CameraPlan;
use crate::gui::desk::{Desk, ExportWish};
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::keymap::{Command, Direction};
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, body, fact, field, heading, labelled, quiet};
use crate::gui::words::{self, PURPOSES};
use crate::station::{ExportProgress, ExportReason, Exported, Obscured, Refusal};
use iced::alignment::Vertical;
use iced::widget::{button, column, container, progress_bar, row, text};
use iced::{Element, Fill, Subscription, Task, task, widget};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The fields in the order of the keyboard.
const PLACES: [&str; 6] = [
    "export-from",
    "export-to",
    "export-purpose",
    "export-reason",
    "export-protocol",
    "export-start",
];
const PURPOSE: usize = 2;
const START: usize = 5;

/// Where the dialogue stands.
enum Stage {
    Asking,
    Running {
        progress: watch::Receiver<ExportProgress>,
        since: Instant,
        _task: task::Handle,
    },
    Done(Exported),
}

/// The dialogue.
pub struct Export {
    desk: Arc<dyn Desk>,
    camera: CameraPlan,
    from: String,
    to: String,
    purpose: usize,
    reason: String,
    protocol_no: String,
    place: usize,
    error: Option<String>,
    stage: Stage,
}

/// What happens in the dialogue.
#[derive(Clone)]
pub enum Message {
    From(String),
    To(String),
    Purpose(usize),
    Reason(String),
    ProtocolNo(String),
    Command(Command),
    Start,
    Ended(Result<Exported, Arc<Refusal>>),
    Tick,
}

/// What the parent does next.
pub enum Action {
    None,
    Run(Task<Message>),
    Close,
}

impl Export {
    /// The dialogue for a range of a camera, Unix milliseconds.
    pub fn new(desk: Arc<dyn Desk>, camera: CameraPlan, from_ms: i64, to_ms: i64) -> (Export, Task<Message>) {
        let judicial = PURPOSES
            .iter()
            .position(|purpose| *purpose == Purpose::JudicialPoliceInitiative);
        let dialogue = Export {
            desk,
            camera,
            from: words::typed_time(from_ms),
            to: words::typed_time(to_ms),
            purpose: judicial.unwrap_or_default(),
            reason: String::new(),
            protocol_no: String::new(),
            place: 0,
            error: None,
            stage: Stage::Asking,
        };
        (dialogue, widget::operation::focus(PLACES[0]))
    }

    /// The finished export, for whoever drives the screen.
    pub fn done(&self) -> Option<&Exported> {
        match &self.stage {
            Stage::Done(exported) => Some(exported),
            Stage::Asking | Stage::Running { .. } => None,
        }
    }

    /// What is wrong, if something is.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::From(from) => self.from = from,
            Message::To(to) => self.to = to,
            Message::Purpose(purpose) => self.purpose = purpose.min(PURPOSES.len() - 1),
            Message::Reason(reason) => self.reason = reason,
            Message::ProtocolNo(number) => self.protocol_no = number,
            Message::Command(Command::Back) => return Action::Close,
            Message::Command(Command::Next) => return self.go(1),
            Message::Command(Command::Previous) => return self.go(PLACES.len() - 1),
            Message::Command(Command::Arrow(direction)) if self.place == PURPOSE => {
                let step = if matches!(direction, Direction::Right | Direction::Down) {
                    1
                } else {
                    PURPOSES.len() - 1
                };
                self.purpose = (self.purpose + step) % PURPOSES.len();
            }
            Message::Command(Command::Confirm) if matches!(self.stage, Stage::Done(_)) => return Action::Close,
            Message::Command(Command::Confirm) | Message::Start => return self.start(),
            Message::Command(_) | Message::Tick => {}
            Message::Ended(Ok(exported)) => self.stage = Stage::Done(exported),
            Message::Ended(Err(why)) => {
                self.stage = Stage::Asking;
                self.error = Some(words::refusal(&why));
            }
        }
        Action::None
    }

    fn go(&mut self, step: usize) -> Action {
        self.place = (self.place + step) % PLACES.len();
        let target = if matches!(self.place, PURPOSE | START) {
            "nowhere"
        } else {
            PLACES[self.place]
        };
        Action::Run(widget::operation::focus(target))
    }

    fn start(&mut self) -> Action {
        if !matches!(self.stage, Stage::Asking) {
            return Action::None;
        }
        match self.wish() {
            Err(error) => {
                self.error = Some(error);
                Action::None
            }
            Ok(wish) => {
                self.error = None;
                let (sender, progress) = watch::channel(ExportProgress::default());
                let exported = self.desk.export(wish, sender);
                let (task, handle) =
                    Task::perform(exported, |answer| Message::Ended(answer.map_err(Arc::new))).abortable();
                self.stage = Stage::Running {
                    progress,
                    since: Instant::now(),
                    _task: handle.abort_on_drop(),
                };
                Action::Run(task)
            }
        }
    }

    fn wish(&self) -> Result<ExportWish, String> {
        let from_ms = words::read_time(&self.from).ok_or_else(|| fl!("export-bad-time"))?;
        let to_ms = words::read_time(&self.to).ok_or_else(|| fl!("export-bad-time"))?;
        if to_ms <= from_ms {
            return Err(fl!("export-empty-range"));
        }
        if self.reason.trim().is_empty() || self.protocol_no.trim().is_empty() {
            return Err(fl!("export-no-reason"));
        }
        let reason = ExportReason {
            purpose: PURPOSES[self.purpose],
            reason: self.reason.trim().to_owned(),
            protocol_no: self.protocol_no.trim().to_owned(),
        };
        Ok(ExportWish {
            camera: self.camera.id.clone(),
            from_ms,
            to_ms,
            reason,
        })
    }

    /// Shows the progress while it runs.
    pub fn subscription(&self) -> Subscription<Message> {
        match self.stage {
            Stage::Running { .. } => iced::time::every(Duration::from_millis(200)).map(|_| Message::Tick),
            Stage::Asking | Stage::Done(_) => Subscription::none(),
        }
    }

    /// The dialogue.
    pub fn view(&self) -> Element<'_, Message> {
        let title = column![
            heading(fl!("export-title")),
            quiet(format!("{} · {}", self.camera.number, self.camera.name))
        ];
        let content = match &self.stage {
            Stage::Asking => self.form(),
            Stage::Running { progress, since, .. } => running(*progress.borrow(), since.elapsed()),
            Stage::Done(exported) => done(exported),
        };
        column![title, content].spacing(16).width(620).into()
    }

    /// What will be made, said before it is made.
    fn which_copy(&self) -> (Icon, String, Tone) {
        if self.camera.hides_anything() {
            (Icon::Covered, fl!("export-will-be-obscured"), Tone::Attention)
        } else {
            (Icon::Done, fl!("export-will-be-original"), Tone::Normal)
        }
    }

    fn form(&self) -> Element<'_, Message> {
        let input = |label, place: usize, value, on_input: fn(String) -> Message| {
            field(label, PLACES[place], value, false, on_input, Message::Start).width(Fill)
        };
        let range = row![
            input(fl!("export-from"), 0, &self.from, Message::From),
            input(fl!("export-to"), 1, &self.to, Message::To),
        ];
        let step = |words: &'static str, by: usize| {
            let to = (self.purpose + by) % PURPOSES.len();
            button(text(words))
                .padding([6, 12])
                .style(theme::plain(false))
                .on_press(Message::Purpose(to))
        };
        let chosen = container(body(words::purpose(PURPOSES[self.purpose])))
            .padding(8)
            .width(Fill);
        let purpose = row![
            step("←", PURPOSES.len() - 1),
            chosen.style(theme::row(self.place == PURPOSE)),
            step("→", 1)
        ];
        let start = action(
            Icon::Export,
            fl!("export-start"),
            None,
            self.place == START,
            Some(Message::Start),
        );
        let cancel = action(
            Icon::Close,
            fl!("export-cancel"),
            Some(&"Esc".to_owned()),
            false,
            Some(Message::Command(Command::Back)),
        );
        let (sign, which, tone) = self.which_copy();
        let mut form = column![
            labelled(sign, which, tone),
            range.spacing(12),
            column![
                quiet(fl!("export-purpose")),
                purpose.spacing(4).align_y(Vertical::Center)
            ]
            .spacing(4),
            input(fl!("export-reason"), 3, &self.reason, Message::Reason),
            input(fl!("export-protocol"), 4, &self.protocol_no, Message::ProtocolNo),
            quiet(fl!("export-for-ever")),
        ];
        if let Some(error) = &self.error {
            form = form.push(labelled(Icon::Warning, error.as_str(), Tone::Attention));
        }
        form.push(row![start, cancel].spacing(theme::GAP)).spacing(14).into()
    }
}

/// A copy with covers: what it is, and what of it shows nothing.
fn obscured<'a>(copy: Obscured, frames: u64) -> Element<'a, Message> {
    let done = labelled(
        Icon::Covered,
        fl!("export-done-obscured", version = copy.plan_version.to_string()),
        Tone::Attention,
    );
    if copy.whole == 0 {
        return done.into();
    }
    let whole = fl!(
        "export-covered-whole",
        whole = copy.whole.to_string(),
        frames = frames.to_string()
    );
    column![done, quiet(whole)].spacing(4).into()
}

fn running<'a>(progress: ExportProgress, since: Duration) -> Element<'a, Message> {
    let done = progress.done.clamp(0.0, 1.0);
    let left = if done > 0.02 {
        since.mul_f64((1.0 - done) / done)
    } else {
        Duration::ZERO
    };
    let figures = fl!(
        "export-progress",
        percent = words::decimal(done * 100.0, 0),
        size = words::bytes(progress.bytes),
        left = words::span(left)
    );
    let cancel = action(
        Icon::Close,
        fl!("export-stop"),
        Some(&"Esc".to_owned()),
        false,
        Some(Message::Command(Command::Back)),
    );
    column![progress_bar(0.0..=1.0, done as f32).girth(14), body(figures), cancel]
        .spacing(14)
        .into()
}

fn done<'a>(exported: &Exported) -> Element<'a, Message> {
    let close = action(
        Icon::Done,
        fl!("export-close"),
        Some(&fl!("key-enter")),
        true,
        Some(Message::Command(Command::Back)),
    );
    let which = match exported.obscured {
        None => labelled(Icon::Done, fl!("export-done"), Tone::Normal).into(),
        Some(copy) => obscured(copy, exported.frames),
    };
    column![
        which,
        fact(fl!("export-frames"), exported.frames.to_string()),
        column![quiet(fl!("export-file")), body(exported.path.display().to_string())].spacing(2),
        column![quiet("SHA-256"), text(exported.sha256.clone()).size(theme::SMALL)].spacing(2),
        close,
    ]
    .spacing(12)
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;

    fn dialogue() -> Export {
        let desk = fake::desk(4, 1);
        let camera = desk.plan().cameras[0].clone();
        Export::new(desk, camera, 1_790_000_000_000, 1_790_000_060_000).0
    }

    #[test]
    fn r_exp_1_nothing_is_exported_without_reason_and_protocol_number() {
        let mut dialogue = dialogue();
        assert!(matches!(dialogue.update(Message::Start), Action::None));
        assert!(dialogue.error().is_some());
        dialogue.update(Message::Reason("Danneggiamento".into()));
        dialogue.update(Message::ProtocolNo("2026/1402".into()));
        assert!(matches!(dialogue.update(Message::Start), Action::Run(_)));
        assert!(matches!(dialogue.stage, Stage::Running { .. }));
    }

    #[test]
    fn r_prv_1_the_dialogue_says_which_copy_will_be_made_before_it_is_made() {
        let desk = fake::masked(4, 1);
        let of = |i: usize| {
            let camera = desk.plan().cameras[i].clone();
            Export::new(desk.clone(), camera, 1_790_000_000_000, 1_790_000_060_000).0
        };
        let (masked, open) = (of(1), of(0));
        assert_eq!(
            (masked.which_copy().0, open.which_copy().0),
            (Icon::Covered, Icon::Done)
        );
        assert_eq!(masked.which_copy().1, fl!("export-will-be-obscured"));
        assert_eq!(open.which_copy().1, fl!("export-will-be-original"));
    }

    #[test]
    fn times_written_in_the_fields_are_those_of_rome() {
        let wish_of = |from: &str| words::read_time(from);
        assert_eq!(wish_of("22/11/2026 14:00:00"), Some(1_795_352_400_000));
        assert_eq!(wish_of("31/02/2026 14:00:00"), None);
        let mut backwards = dialogue();
        backwards.update(Message::From("22/11/2026 14:00:01".into()));
        backwards.update(Message::To("22/11/2026 14:00:00".into()));
        assert!(backwards.wish().is_err());
    }

    #[test]
    fn escape_closes_and_tab_goes_through_every_field() {
        let mut dialogue = dialogue();
        for expected in [1, 2, 3, 4, 5, 0] {
            dialogue.update(Message::Command(Command::Next));
            assert_eq!(dialogue.place, expected);
        }
        assert!(matches!(
            dialogue.update(Message::Command(Command::Back)),
            Action::Close
        ));
    }
}
