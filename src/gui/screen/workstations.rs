//! Enrolled workstations (R-ACC-6): kind, state, certificate, last contact; a code for one more, revoking one. Seen by the
//! supervisor, changed by the system administrator.
//!
//! Invariant: it only asks; the server decides and records; revoking needs a reason. Deliberately absent: quarantine, which
//! is lifted at the server's console.

use crate::domain::camera::StationId;
use crate::domain::reason::Reason;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::{Command, Context, Direction, Keymap};
use crate::gui::sentences;
use crate::gui::session_port::WorkstationAdmin;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::admin_reason::{self, ReasonDialog};
use crate::gui::ui::controls::{action, body, heading, outcome, quiet};
use crate::gui::ui::enrolment_code::{self, NewWorkstation};
use crate::gui::ui::form::Next;
use crate::gui::ui::table::{self, Cell};
use crate::station::{Refusal, StationView};
use iced::alignment::Vertical;
use iced::widget::{column, row};
use iced::{Element, Task};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// The parts of the width that the columns take.
const PARTS: [u16; 6] = [22, 20, 20, 18, 18, 20];
/// A certificate that ends sooner was not renewed in time.
const SOON: Duration = Duration::from_secs(15 * 24 * 3600);

/// What lies over the list.
enum Over {
    Revoke(ReasonDialog<StationId>),
    New(Box<NewWorkstation>),
}

/// The screen.
pub struct Workstations {
    desk: Arc<dyn WorkstationAdmin>,
    /// By name; `None` until they were read.
    rows: Option<Vec<StationView>>,
    chosen: usize,
    over: Option<Over>,
    said: Option<(Tone, String)>,
}

/// What happens on the screen.
#[derive(Clone)]
pub enum Message {
    Listed(Result<Vec<StationView>, Arc<Refusal>>),
    Choose(usize),
    New,
    Revoke,
    Because(admin_reason::Message),
    Code(enrolment_code::Message),
    Done(Result<(), Arc<Refusal>>),
    Command(Command),
}

impl Workstations {
    /// The screen, its list being read.
    pub fn new(desk: Arc<dyn WorkstationAdmin>) -> (Workstations, Task<Message>) {
        let screen = Workstations {
            desk,
            rows: None,
            chosen: 0,
            over: None,
            said: None,
        };
        let reading = screen.read();
        (screen, reading)
    }

    fn read(&self) -> Task<Message> {
        Task::perform(self.desk.workstations(), |answer| {
            Message::Listed(answer.map_err(Arc::new))
        })
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Next<Message> {
        match message {
            Message::Listed(Ok(rows)) => {
                self.chosen = self.chosen.min(rows.len().saturating_sub(1));
                self.rows = Some(rows);
            }
            Message::Listed(Err(why)) | Message::Done(Err(why)) => {
                self.said = Some((Tone::Attention, sentences::refusal(&why)));
            }
            Message::Done(Ok(())) => {
                self.said = Some((Tone::Normal, fl!("stations-revoked")));
                return Next::Run(self.read());
            }
            Message::Choose(at) => self.chosen = at,
            Message::New => return self.open_new(),
            Message::Revoke => return self.ask(),
            Message::Because(message) => return self.answer(message),
            Message::Code(message) => return self.code(message),
            Message::Command(command) => return self.command(command),
        }
        Next::None
    }

    /// Where the keyboard is.
    pub fn context(&self) -> Context {
        match self.over {
            Some(_) => Context::Form,
            None => Context::WorkstationList,
        }
    }

    fn command(&mut self, command: Command) -> Next<Message> {
        match &self.over {
            Some(Over::Revoke(_)) => return self.answer(ReasonDialog::<StationId>::command(command)),
            Some(Over::New(_)) => return self.code(enrolment_code::command(command)),
            None => {}
        }
        let count = self.rows.as_ref().map_or(0, Vec::len);
        match command {
            Command::Back | Command::People => return Next::Close,
            Command::Arrow(Direction::Down) | Command::Next if count > 0 => self.chosen = (self.chosen + 1) % count,
            Command::Arrow(Direction::Up) | Command::Previous if count > 0 => {
                self.chosen = (self.chosen + count - 1) % count;
            }
            Command::NewWorkstation => return self.open_new(),
            Command::Revoke => return self.ask(),
            _ => {}
        }
        Next::None
    }

    fn open_new(&mut self) -> Next<Message> {
        if !self.desk.administers_workstations() {
            return Next::None;
        }
        self.said = None;
        let dialogue = NewWorkstation::new(self.desk.clone());
        self.over = Some(Over::New(Box::new(dialogue)));
        Next::None
    }

    /// The chosen workstation, when this person may revoke it.
    fn revocable(&self) -> Option<&StationView> {
        let row = self.rows.as_ref()?.get(self.chosen)?;
        (row.enabled && self.desk.administers_workstations()).then_some(row)
    }

    fn ask(&mut self) -> Next<Message> {
        let Some(row) = self.revocable() else {
            return Next::None;
        };
        let name = row.station.as_str();
        let what = fl!("stations-sure", station = name);
        let question = ReasonDialog::new(row.station.clone(), name.to_owned(), what, fl!("stations-revoke"));
        self.over = Some(Over::Revoke(question));
        Next::None
    }

    fn answer(&mut self, message: admin_reason::Message) -> Next<Message> {
        let Some(Over::Revoke(question)) = &mut self.over else {
            return Next::None;
        };
        match question.update(message) {
            Next::None => Next::None,
            Next::Run(task) => Next::Run(task.map(Message::Because)),
            Next::Close => {
                self.over = None;
                Next::None
            }
            Next::Done((station, reason)) => {
                self.over = None;
                self.revoke(station, reason)
            }
        }
    }

    fn revoke(&mut self, station: StationId, reason: Reason) -> Next<Message> {
        self.said = None;
        let revoked = self.desk.revoke_workstation(station, reason);
        Next::Run(Task::perform(revoked, |answer| Message::Done(answer.map_err(Arc::new))))
    }

    fn code(&mut self, message: enrolment_code::Message) -> Next<Message> {
        let Some(Over::New(dialogue)) = &mut self.over else {
            return Next::None;
        };
        match dialogue.update(message) {
            Next::None => Next::None,
            Next::Run(task) => Next::Run(task.map(Message::Code)),
            Next::Close => {
                self.over = None;
                Next::None
            }
            // The machine may have used the code already.
            Next::Done(()) => {
                self.over = None;
                Next::Run(self.read())
            }
        }
    }

    /// The screen.
    pub fn view(&self, keymap: &Keymap, now: Instant, clock: SystemTime) -> Element<'_, Message> {
        let count = self.rows.as_ref().map_or(0, Vec::len);
        let title = row![
            heading(fl!("stations-title")),
            quiet(fl!("stations-count", n = count.to_string())),
        ]
        .spacing(12)
        .align_y(Vertical::Center);
        let lines: Element<'_, Message> = match &self.rows {
            None => body(fl!("people-loading")).into(),
            Some(rows) => {
                let line = |(at, row)| line(row, at, at == self.chosen, clock);
                table::lines("stations-table", rows.iter().enumerate().map(line).collect())
            }
        };
        let act = |icon, words, command, on_press| action(icon, words, keymap.key(command).as_ref(), false, on_press);
        let may = self.desk.administers_workstations();
        let acts = row![
            act(
                Icon::Done,
                fl!("stations-new"),
                Command::NewWorkstation,
                may.then_some(Message::New)
            ),
            act(
                Icon::Close,
                fl!("stations-revoke"),
                Command::Revoke,
                self.revocable().map(|_| Message::Revoke)
            ),
        ]
        .spacing(theme::GAP);
        let mut page = column![title, titles(), lines, acts].spacing(10);
        if let Some((tone, said)) = &self.said {
            page = page.push(outcome(said.as_str(), *tone));
        }
        if !may {
            page = page.push(quiet(fl!("stations-hint-seen")));
        }
        let page = page
            .push(quiet(table::hint(keymap)))
            .push(quiet(fl!("people-recorded")));
        let page = Element::from(page);
        match &self.over {
            None => page,
            Some(Over::Revoke(question)) => question
                .over(page.map(|_| ReasonDialog::<StationId>::command(Command::Stop)))
                .map(Message::Because),
            Some(Over::New(dialogue)) => dialogue
                .over(page.map(|_| enrolment_code::command(Command::Stop)), now)
                .map(Message::Code),
        }
    }
}

fn titles<'a>() -> Element<'a, Message> {
    let titles = [
        fl!("stations-name"),
        fl!("stations-kind"),
        fl!("stations-home"),
        fl!("stations-certificate"),
        fl!("stations-seen"),
        fl!("people-state"),
    ];
    table::titles(titles, PARTS)
}

fn line(station: &StationView, at: usize, chosen: bool, clock: SystemTime) -> Element<'_, Message> {
    let soon = sentences::unix_ms(clock + SOON);
    let certificate = match station.certificate_until_ms {
        None => Cell::plain(fl!("stations-as-authority")),
        Some(until) if until < soon => Cell::toned(sentences::day(until), Tone::Attention),
        Some(until) => Cell::plain(sentences::day(until)),
    };
    let standing = match (station.enabled, station.quarantined) {
        (false, _) => Cell::toned(fl!("stations-state-revoked"), Tone::Attention),
        (true, true) => Cell::toned(fl!("stations-state-quarantined"), Tone::Act),
        (true, false) => Cell::plain(fl!("stations-state-good")),
    };
    let seen = station
        .seen_ms
        .map_or_else(|| fl!("people-never"), sentences::day_and_minute);
    let cells = [
        Cell::strong(station.station.as_str()),
        Cell::plain(sentences::station_kind(station.kind)),
        Cell::plain(station.home.as_str()),
        certificate,
        Cell::plain(seen),
        standing,
    ];
    table::line(cells, PARTS, chosen, Message::Choose(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;
    use crate::gui::ui::form;

    fn screen(desk: Arc<fake::Fake>) -> (Workstations, Arc<fake::Fake>) {
        let (mut screen, _) = Workstations::new(desk.clone());
        screen.update(Message::Listed(Ok(fake::workstations())));
        (screen, desk)
    }

    #[test]
    fn r_acc_6_an_administrator_revokes_by_the_keyboard_with_a_reason() {
        let (mut screen, desk) = screen(fake::administrator(1, 0));
        screen.update(Message::Command(Command::Revoke));
        screen.update(Message::Command(Command::Confirm));
        assert!(desk.said().is_empty(), "no reason yet");
        let typed = form::Message::Typed(admin_reason::Place::Reason, "rubata".into());
        screen.update(Message::Because(typed));
        screen.update(Message::Command(Command::Confirm));
        let first = fake::workstations().remove(0).station;
        assert_eq!(desk.said(), [format!("revoke {first} rubata")]);
    }

    #[test]
    fn r_acc_6_what_is_revoked_is_not_revoked_again_and_a_supervisor_only_looks() {
        let (mut screen, _) = screen(fake::administrator(1, 0));
        let revoked = fake::workstations().iter().position(|row| !row.enabled).unwrap();
        screen.update(Message::Choose(revoked));
        screen.update(Message::Command(Command::Revoke));
        assert!(screen.over.is_none());
        let (mut seen, _) = self::screen(fake::supervisor(1, 0));
        for command in [Command::Revoke, Command::NewWorkstation] {
            seen.update(Message::Command(command));
            assert!(seen.over.is_none(), "{command:?}");
        }
        assert!(matches!(seen.update(Message::Command(Command::Back)), Next::Close));
    }
}
