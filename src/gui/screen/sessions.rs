//! Sessions running now: who, of which body, where, since when, for which purpose; and ending one. For the supervisor and
//! the system administrator.
//!
//! Invariant: it only asks; the server decides and records; ending needs a reason. Deliberately absent: one's own session,
//! which is ended by signing out.

use crate::domain::reason::Reason;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::{Command, Context, Direction, Keymap};
use crate::gui::sentences;
use crate::gui::session_port::Accounts;
use crate::gui::theme::Tone;
use crate::gui::ui::admin_reason::{self, ReasonDialog};
use crate::gui::ui::controls::{action, body, heading, outcome, quiet};
use crate::gui::ui::form::Next;
use crate::gui::ui::table::{self, Cell};
use crate::station::{Refusal, SessionView};
use iced::alignment::Vertical;
use iced::widget::{column, row};
use iced::{Element, Task};
use std::sync::Arc;

/// The parts of the width that the columns take.
const PARTS: [u16; 5] = [28, 26, 16, 16, 34];

/// The screen.
pub struct Sessions {
    desk: Arc<dyn Accounts>,
    /// The longest first; `None` until they were read.
    rows: Option<Vec<SessionView>>,
    chosen: usize,
    /// Whose session is to be ended, once the reason is there.
    asking: Option<ReasonDialog<String>>,
    said: Option<(Tone, String)>,
}

/// What happens on the screen.
#[derive(Clone)]
pub enum Message {
    Listed(Result<Vec<SessionView>, Arc<Refusal>>),
    Choose(usize),
    End,
    Because(admin_reason::Message),
    Done(Result<(), Arc<Refusal>>),
    Command(Command),
}

impl Sessions {
    /// The screen, its list being read.
    pub fn new(desk: Arc<dyn Accounts>) -> (Sessions, Task<Message>) {
        let screen = Sessions {
            desk,
            rows: None,
            chosen: 0,
            asking: None,
            said: None,
        };
        let reading = screen.read();
        (screen, reading)
    }

    fn read(&self) -> Task<Message> {
        Task::perform(self.desk.sessions(), |answer| Message::Listed(answer.map_err(Arc::new)))
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Next<Message> {
        match message {
            Message::Listed(Ok(mut rows)) => {
                rows.sort_by(|a, b| (a.begun_ms, &a.user).cmp(&(b.begun_ms, &b.user)));
                self.chosen = self.chosen.min(rows.len().saturating_sub(1));
                self.rows = Some(rows);
            }
            Message::Listed(Err(why)) | Message::Done(Err(why)) => {
                self.said = Some((Tone::Attention, sentences::refusal(&why)));
            }
            Message::Done(Ok(())) => {
                self.said = Some((Tone::Normal, fl!("sessions-ended")));
                return Next::Run(self.read());
            }
            Message::Choose(at) => self.chosen = at,
            Message::End => return self.ask(),
            Message::Because(message) => return self.answer(message),
            Message::Command(command) => return self.command(command),
        }
        Next::None
    }

    /// Where the keyboard is.
    pub fn context(&self) -> Context {
        match self.asking {
            Some(_) => Context::Form,
            None => Context::SessionList,
        }
    }

    fn command(&mut self, command: Command) -> Next<Message> {
        if self.asking.is_some() {
            return self.answer(ReasonDialog::<String>::command(command));
        }
        let count = self.rows.as_ref().map_or(0, Vec::len);
        match command {
            Command::Back | Command::People => return Next::Close,
            Command::Arrow(Direction::Down) | Command::Next if count > 0 => self.chosen = (self.chosen + 1) % count,
            Command::Arrow(Direction::Up) | Command::Previous if count > 0 => {
                self.chosen = (self.chosen + count - 1) % count;
            }
            Command::EndSession => return self.ask(),
            _ => {}
        }
        Next::None
    }

    /// The chosen session, unless it is one's own.
    fn endable(&self) -> Option<&SessionView> {
        let me = self.desk.person().user;
        self.rows.as_ref()?.get(self.chosen).filter(|row| row.user != me)
    }

    fn ask(&mut self) -> Next<Message> {
        let Some(row) = self.endable() else {
            return Next::None;
        };
        let name = row.display_name.as_str();
        let what = fl!("sessions-sure", name = name);
        let question = ReasonDialog::new(row.user.clone(), name.to_owned(), what, fl!("people-end"));
        self.asking = Some(question);
        Next::None
    }

    fn answer(&mut self, message: admin_reason::Message) -> Next<Message> {
        let Some(question) = &mut self.asking else {
            return Next::None;
        };
        match question.update(message) {
            Next::None => Next::None,
            Next::Run(task) => Next::Run(task.map(Message::Because)),
            Next::Close => {
                self.asking = None;
                Next::None
            }
            Next::Done((user, reason)) => {
                self.asking = None;
                self.end(user, reason)
            }
        }
    }

    fn end(&mut self, user: String, reason: Reason) -> Next<Message> {
        self.said = None;
        let ended = self.desk.end_session(user, reason);
        Next::Run(Task::perform(ended, |answer| Message::Done(answer.map_err(Arc::new))))
    }

    /// The screen.
    pub fn view(&self, keymap: &Keymap) -> Element<'_, Message> {
        let count = self.rows.as_ref().map_or(0, Vec::len);
        let title = row![
            heading(fl!("sessions-title")),
            quiet(fl!("sessions-count", n = count.to_string())),
        ]
        .spacing(12)
        .align_y(Vertical::Center);
        let lines: Element<'_, Message> = match &self.rows {
            None => body(fl!("people-loading")).into(),
            Some(rows) => {
                let line = |(at, row)| line(row, at, at == self.chosen);
                table::lines("sessions-table", rows.iter().enumerate().map(line).collect())
            }
        };
        let end = action(
            Icon::SignOut,
            fl!("people-end"),
            keymap.key(Command::EndSession).as_ref(),
            false,
            self.endable().map(|_| Message::End),
        );
        let mut page = column![title, titles(), lines, row![end]].spacing(10);
        if let Some((tone, said)) = &self.said {
            page = page.push(outcome(said.as_str(), *tone));
        }
        let page = page
            .push(quiet(table::hint(keymap)))
            .push(quiet(fl!("people-recorded")));
        match &self.asking {
            // What lies under the question cannot be reached.
            Some(question) => question
                .over(Element::from(page).map(|_| ReasonDialog::<String>::command(Command::Stop)))
                .map(Message::Because),
            None => page.into(),
        }
    }
}

fn titles<'a>() -> Element<'a, Message> {
    let titles = [
        fl!("people-name"),
        fl!("sessions-body"),
        fl!("sessions-station"),
        fl!("sessions-since"),
        fl!("bar-purpose"),
    ];
    table::titles(titles, PARTS)
}

fn line(session: &SessionView, at: usize, chosen: bool) -> Element<'_, Message> {
    let mut purpose = sentences::purpose(session.purpose);
    for more in [&session.protocol_no, &session.note] {
        if !more.is_empty() {
            purpose = format!("{purpose} · {more}");
        }
    }
    let cells = [
        Cell::strong(format!("{} · {}", session.display_name, session.user)),
        Cell::plain(format!("{} · {}", session.agency, sentences::level(session.level))),
        Cell::plain(session.station.as_str()),
        Cell::plain(sentences::day_and_minute(session.begun_ms)),
        Cell::plain(purpose),
    ];
    table::line(cells, PARTS, chosen, Message::Choose(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;
    use crate::gui::session_port::SignedIn;
    use crate::gui::ui::form;

    #[test]
    fn r_acc_3_another_session_is_ended_by_the_keyboard_with_a_reason_and_ones_own_is_not() {
        let desk = fake::supervisor(1, 0);
        let (mut screen, _) = Sessions::new(desk.clone());
        screen.update(Message::Listed(Ok(fake::sessions())));
        let rows = screen.rows.clone().unwrap();
        let me = desk.person().user;
        assert!(rows.iter().any(|row| row.user == me));
        for row in &rows {
            screen.update(Message::Command(Command::EndSession));
            assert_eq!(screen.asking.is_some(), row.user != me, "{}", row.user);
            screen.update(Message::Command(Command::Confirm));
            let typed = form::Message::Typed(admin_reason::Place::Reason, "fine turno".into());
            screen.update(Message::Because(typed));
            screen.update(Message::Command(Command::Confirm));
            screen.update(Message::Command(Command::Arrow(Direction::Down)));
        }
        let said = desk.said();
        assert_eq!(said.len(), rows.len() - 1, "{said:?}");
        assert!(said.iter().all(|said| said.ends_with("fine turno")));
    }
}
