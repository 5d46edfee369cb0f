//! The export dialogue: which minutes, why, for whom; then how far, then where the file is and its fingerprint.
//!
//! Invariant: nothing is exported without a reason and a protocol number (R-EXP-1); leaving while it runs cancels it.
//! Deliberately absent: writing the file (the station).

use crate::domain::people::Purpose;
use crate::domain::site::CameraPlan;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::{Command, fixed_key};
use crate::gui::sentences::{self, PURPOSES};
use crate::gui::session_port::{ExportWish, Record};
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, body, fact, heading, labelled, quiet};
use crate::gui::ui::form::{self, Form, Next, Step};
use crate::station::{ExportProgress, ExportReason, Exported, Obscured, Refusal};
use iced::widget::{column, progress_bar, row, text};
use iced::{Element, Subscription, Task, task};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The parts in the order of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    From,
    To,
    Purpose,
    Reason,
    ProtocolNo,
    Start,
}

/// Where the dialogue stands.
enum Stage {
    Asking,
    Running {
        progress: watch::Receiver<ExportProgress>,
        since: Instant,
        /// What was asked for, Unix milliseconds.
        range: (i64, i64),
        _task: task::Handle,
    },
    Done {
        exported: Exported,
        /// The file holds less than was asked for.
        shorter: bool,
    },
}

/// A file that begins or ends this much inside its range is shorter than was asked for, milliseconds.
const SHORTER_MS: i64 = 2_000;

/// The dialogue.
pub struct Export {
    desk: Arc<dyn Record>,
    camera: CameraPlan,
    form: Form<Place>,
    stage: Stage,
}

/// What happens in the dialogue.
#[derive(Clone)]
pub enum Message {
    Form(form::Message<Place>),
    Ended(Result<Exported, Arc<Refusal>>),
    Tick,
}

impl Export {
    /// The dialogue for a range of a camera, Unix milliseconds.
    pub fn new(desk: Arc<dyn Record>, camera: CameraPlan, from_ms: i64, to_ms: i64) -> Export {
        let judicial = sentences::place_of(Purpose::JudicialPoliceInitiative);
        let form = Form::default()
            .field(Place::From, fl!("export-from"), sentences::typed_time(from_ms))
            .field(Place::To, fl!("export-to"), sentences::typed_time(to_ms))
            .choice(Place::Purpose, fl!("export-purpose"), sentences::purposes(), judicial)
            .field(Place::Reason, fl!("export-reason"), "")
            .field(Place::ProtocolNo, fl!("export-protocol"), "")
            .button(Place::Start, Icon::Export, fl!("export-start"));
        Export {
            desk,
            camera,
            form,
            stage: Stage::Asking,
        }
    }

    /// The finished export, for whoever drives the screen.
    pub fn done(&self) -> Option<&Exported> {
        match &self.stage {
            Stage::Done { exported, .. } => Some(exported),
            Stage::Asking | Stage::Running { .. } => None,
        }
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Next<Message> {
        match message {
            Message::Form(form::Message::Command(Command::Confirm)) if matches!(self.stage, Stage::Done { .. }) => {
                return Next::Close;
            }
            Message::Form(message) => match self.form.update(message) {
                Step::Pressed(_) => return self.start(),
                Step::Next(next) => return next.map(Message::Form),
            },
            Message::Tick => {}
            Message::Ended(Ok(exported)) => {
                let shorter = matches!(self.stage, Stage::Running { range: (from_ms, to_ms), .. }
                    if exported.first_ms > from_ms + SHORTER_MS || exported.last_ms + SHORTER_MS < to_ms);
                self.stage = Stage::Done { exported, shorter };
            }
            Message::Ended(Err(why)) => {
                self.stage = Stage::Asking;
                self.form.fail(sentences::refusal(&why));
            }
        }
        Next::None
    }

    fn start(&mut self) -> Next<Message> {
        match self.wish() {
            Err(error) => {
                self.form.fail(error);
                Next::None
            }
            Ok(wish) => {
                self.form.wait();
                let range = (wish.from_ms, wish.to_ms);
                let (sender, progress) = watch::channel(ExportProgress::default());
                let exported = self.desk.export(wish, sender);
                let (task, handle) =
                    Task::perform(exported, |answer| Message::Ended(answer.map_err(Arc::new))).abortable();
                self.stage = Stage::Running {
                    progress,
                    since: Instant::now(),
                    range,
                    _task: handle.abort_on_drop(),
                };
                Next::Run(task)
            }
        }
    }

    fn wish(&self) -> Result<ExportWish, String> {
        let time = |place| sentences::read_time(self.form.typed(place));
        let (from_ms, to_ms) = (time(Place::From)?, time(Place::To)?);
        if to_ms <= from_ms {
            return Err(fl!("export-empty-range"));
        }
        let (why, protocol_no) = (self.form.typed(Place::Reason), self.form.typed(Place::ProtocolNo));
        if why.trim().is_empty() || protocol_no.trim().is_empty() {
            return Err(fl!("export-no-reason"));
        }
        let reason = ExportReason {
            purpose: PURPOSES[self.form.chosen(Place::Purpose)],
            reason: why.trim().to_owned(),
            protocol_no: protocol_no.trim().to_owned(),
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
            Stage::Asking | Stage::Done { .. } => Subscription::none(),
        }
    }

    /// The dialogue.
    pub fn view(&self) -> Element<'_, Message> {
        let title = column![
            heading(fl!("export-title")),
            quiet(format!("{} · {}", self.camera.number, self.camera.name))
        ];
        let content = match &self.stage {
            Stage::Asking => self.asking(),
            Stage::Running { progress, since, .. } => running(*progress.borrow(), since.elapsed()),
            Stage::Done { exported, shorter } => done(exported, *shorter),
        };
        let dialogue = self.form.scope(content).map(Message::Form);
        column![title, dialogue].spacing(12).width(620).into()
    }

    /// What will be made, said before it is made.
    fn which_copy(&self) -> (Icon, String, Tone) {
        if self.camera.hides_anything() {
            (Icon::Covered, fl!("export-will-be-obscured"), Tone::Attention)
        } else {
            (Icon::Done, fl!("export-will-be-original"), Tone::Normal)
        }
    }

    fn asking(&self) -> Element<'_, form::Message<Place>> {
        let (sign, which, tone) = self.which_copy();
        column![
            labelled(sign, which, tone),
            row![self.form.input(Place::From), self.form.input(Place::To)].spacing(12),
            self.form.input(Place::Purpose),
            // Side by side: at 150 % on a small screen the buttons are in sight below the longest refusal.
            row![
                self.form.input(Place::Reason),
                self.form.input(Place::ProtocolNo).width(260)
            ]
            .spacing(12),
            quiet(fl!("export-for-ever")),
            self.form.foot(fl!("export-cancel")),
        ]
        .spacing(10)
        .into()
    }
}

/// A copy with covers: what it is, and what of it shows nothing.
fn obscured<'a, Message: 'a>(copy: Obscured, frames: u64) -> Element<'a, Message> {
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

/// Where the proof of the log will lie, for whoever is given the copy.
fn proof<'a, Message: 'a>(proof: Option<&Path>) -> Element<'a, Message> {
    match proof {
        Some(_) => quiet(proof_words(proof)).into(),
        None => labelled(Icon::Warning, proof_words(proof), Tone::Attention).into(),
    }
}

fn proof_words(proof: Option<&Path>) -> String {
    match proof.and_then(Path::file_name) {
        Some(name) => fl!("export-proof", name = name.to_string_lossy()),
        None => fl!("export-no-proof"),
    }
}

fn running<'a>(progress: ExportProgress, since: Duration) -> Element<'a, form::Message<Place>> {
    let done = progress.done.clamp(0.0, 1.0);
    let left = if done > 0.02 {
        since.mul_f64((1.0 - done) / done)
    } else {
        Duration::ZERO
    };
    let figures = fl!(
        "export-progress",
        percent = sentences::decimal(done * 100.0, 0),
        size = sentences::bytes(progress.bytes),
        left = sentences::span(left)
    );
    let cancel = form::closing(fl!("export-stop"));
    column![progress_bar(0.0..=1.0, done as f32).girth(14), body(figures), cancel]
        .spacing(14)
        .into()
}

fn done<'a>(exported: &Exported, shorter: bool) -> Element<'a, form::Message<Place>> {
    let close = action(
        Icon::Done,
        fl!("export-close"),
        Some(&fixed_key(Command::Confirm)),
        true,
        Some(form::Message::Command(Command::Back)),
    );
    let which = match exported.obscured {
        None => labelled(Icon::Done, fl!("export-done"), Tone::Normal).into(),
        Some(copy) => obscured(copy, exported.frames),
    };
    let shorter = shorter.then(|| {
        let clock = |ms| sentences::clock(&sentences::rome_ms(ms));
        let words = fl!(
            "export-shorter",
            from = clock(exported.first_ms),
            to = clock(exported.last_ms)
        );
        labelled(Icon::Warning, words, Tone::Attention)
    });
    column![
        which,
        shorter,
        fact(fl!("export-frames"), exported.frames.to_string()),
        column![quiet(fl!("export-file")), body(exported.path.display().to_string())].spacing(2),
        column![quiet("SHA-256"), text(exported.sha256.clone()).size(theme::SMALL)].spacing(2),
        proof(exported.proof.as_deref()),
        close,
    ]
    .spacing(12)
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;
    use crate::gui::widget::typist::{self, keys};

    fn dialogue() -> Export {
        let desk = fake::desk(4, 1);
        let camera = desk.plan().cameras[0].clone();
        Export::new(desk, camera, 1_790_000_000_000, 1_790_000_060_000)
    }

    fn typed(dialogue: &mut Export, place: Place, words: &str) {
        dialogue.update(Message::Form(form::Message::Typed(place, words.into())));
    }

    #[test]
    fn r_exp_1_nothing_is_exported_without_reason_and_protocol_number() {
        let mut dialogue = dialogue();
        let start = || Message::Form(form::Message::Pressed(Place::Start));
        assert!(matches!(dialogue.update(start()), Next::None));
        assert!(dialogue.form.error().is_some());
        typed(&mut dialogue, Place::Reason, "Danneggiamento");
        typed(&mut dialogue, Place::ProtocolNo, "2026/1402");
        assert!(matches!(dialogue.update(start()), Next::Run(_)));
        assert!(matches!(dialogue.stage, Stage::Running { .. }));
    }

    #[test]
    fn r_prv_1_the_dialogue_says_which_copy_will_be_made_before_it_is_made() {
        let desk = fake::masked(4, 1);
        let of = |i: usize| {
            let camera = desk.plan().cameras[i].clone();
            Export::new(desk.clone(), camera, 1_790_000_000_000, 1_790_000_060_000)
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
        let wish_of = |from: &str| sentences::read_time(from).ok();
        assert_eq!(wish_of("22/11/2026 14:00:00"), Some(1_795_352_400_000));
        assert_eq!(wish_of("31/02/2026 14:00:00"), None);
        let mut backwards = dialogue();
        typed(&mut backwards, Place::From, "22/11/2026 14:00:01");
        typed(&mut backwards, Place::To, "22/11/2026 14:00:00");
        assert!(backwards.wish().is_err());
        let mut twice = dialogue();
        typed(&mut twice, Place::From, "25/10/2026 02:30:00");
        assert!(
            twice.wish().unwrap_err().contains("CEST"),
            "which of the two is asked, not guessed"
        );
    }

    #[test]
    fn r_exp_1_a_file_that_holds_less_than_was_asked_for_says_so() {
        for (missing_ms, shorter) in [(0, false), (9_000, true)] {
            let mut dialogue = dialogue();
            typed(&mut dialogue, Place::Reason, "Danneggiamento");
            typed(&mut dialogue, Place::ProtocolNo, "2026/1402");
            let begun = dialogue.update(Message::Form(form::Message::Pressed(Place::Start)));
            assert!(matches!(begun, Next::Run(_)));
            dialogue.update(Message::Ended(Ok(Exported {
                path: "evidence/a.mp4".into(),
                frames: 10,
                first_ms: 1_790_000_000_000,
                last_ms: 1_790_000_060_000 - missing_ms,
                sha256: String::new(),
                obscured: None,
                proof: None,
            })));
            assert!(matches!(dialogue.stage, Stage::Done { shorter: said, .. } if said == shorter));
        }
    }

    #[test]
    fn the_buttons_are_in_sight_at_150_percent_below_the_longest_refusal() {
        let desk = fake::masked(4, 1);
        let camera = desk.plan().cameras[1].clone();
        let mut dialogue = Export::new(desk, camera, 1_790_000_000_000, 1_790_000_060_000);
        let back = Refusal::ClockSetBack {
            at_ms: 1_790_000_030_000,
            to_ms: 1_790_000_000_000,
        };
        dialogue.update(Message::Ended(Err(Arc::new(back))));
        // 768 pixels, without what is left free around a dialogue.
        let room = 768.0 / 1.5 - 2.0 * 8.0 - 2.0 * 16.0;
        let height = typist::Typist::new().height(dialogue.view());
        assert!(height <= room, "{height} of {room}");
    }

    #[test]
    fn whoever_exported_is_told_which_file_is_the_proof_and_when_there_will_be_none() {
        let named = proof_words(Some(Path::new("evidence/cam-01.mp4.tlog-proof")));
        assert!(
            named.contains("cam-01.mp4.tlog-proof") && !named.contains("evidence"),
            "{named}"
        );
        assert_eq!(proof_words(None), fl!("export-no-proof"));
    }

    #[test]
    fn escape_closes_and_tab_goes_through_every_field() {
        let mut dialogue = dialogue();
        let command = |command| Message::Form(form::Message::Command(command));
        let all = [
            Place::To,
            Place::Purpose,
            Place::Reason,
            Place::ProtocolNo,
            Place::Start,
            Place::From,
        ];
        for expected in all {
            dialogue.update(command(Command::Next));
            assert_eq!(dialogue.form.place(), Some(expected));
        }
        assert!(matches!(dialogue.update(command(Command::Back)), Next::Close));
    }
    #[test]
    fn what_is_typed_after_tab_stays_in_its_field_of_the_export() {
        let keys = keys("22/11/2026 14:00:00⇥22/11/2026 14:01:00⇥x↓⇥danneggiamento di un'auto⇥2026/1402⇤⇥2026/1403");
        let hear = |dialogue: &mut Export, message| drop(dialogue.update(message));
        for dialogue in typist::typed(&keys, dialogue, Export::view, hear) {
            let wish = dialogue.wish().unwrap();
            assert_eq!((wish.from_ms, wish.to_ms), (1_795_352_400_000, 1_795_352_460_000));
            let judicial = sentences::place_of(Purpose::JudicialPoliceInitiative);
            assert_eq!(wish.reason.purpose, PURPOSES[judicial + 1]);
            assert_eq!(
                (wish.reason.reason.as_str(), wish.reason.protocol_no.as_str()),
                ("danneggiamento di un'auto", "2026/1403")
            );
        }
    }
}
