//! State of the audit server: what is wrong with it and what is worth knowing, a sentence a line. For the system administrator.
//!
//! Invariant: it only asks; the server looks and records who asked. Deliberately absent: mending, which is done at the server's
//! console: the sentence names the command.

use crate::domain::doctor::Finding;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::{Command, Context, Direction, Keymap, fixed_key};
use crate::gui::sentences;
use crate::gui::session_port::ServerFindings;
use crate::gui::theme::Tone;
use crate::gui::ui::controls::{action, body, heading, labelled, quiet};
use crate::gui::ui::form::Next;
use crate::gui::ui::table::{self, Cell};
use crate::station::Refusal;
use iced::alignment::Vertical;
use iced::widget::{column, row};
use iced::{Element, Task};
use std::sync::Arc;

/// The parts of the width that the columns take.
const PARTS: [u16; 2] = [16, 104];

/// The screen.
pub struct ServerState {
    desk: Arc<dyn ServerFindings>,
    /// What has to be done first; `None` until the server has looked.
    found: Option<Vec<Finding>>,
    chosen: usize,
    failed: Option<String>,
}

/// What happens on the screen.
#[derive(Clone)]
pub enum Message {
    Looked(Result<Vec<Finding>, Arc<Refusal>>),
    Choose(usize),
    Again,
    Command(Command),
}

impl ServerState {
    /// The screen, the server being looked at.
    pub fn new(desk: Arc<dyn ServerFindings>) -> (ServerState, Task<Message>) {
        let screen = ServerState {
            desk,
            found: None,
            chosen: 0,
            failed: None,
        };
        let looking = screen.look();
        (screen, looking)
    }

    fn look(&self) -> Task<Message> {
        Task::perform(self.desk.findings(), |answer| Message::Looked(answer.map_err(Arc::new)))
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Next<Message> {
        match message {
            Message::Looked(Ok(mut found)) => {
                found.sort_by_key(|finding| !finding.is_wrong());
                self.chosen = self.chosen.min(found.len().saturating_sub(1));
                self.found = Some(found);
                self.failed = None;
            }
            // What was found before says nothing about now.
            Message::Looked(Err(why)) => {
                self.found = None;
                self.failed = Some(sentences::refusal(&why));
            }
            Message::Choose(at) => self.chosen = at,
            Message::Again => return self.again(),
            Message::Command(command) => return self.command(command),
        }
        Next::None
    }

    /// Where the keyboard is.
    pub fn context(&self) -> Context {
        Context::ServerState
    }

    fn command(&mut self, command: Command) -> Next<Message> {
        let count = self.found.as_ref().map_or(0, Vec::len);
        match command {
            Command::Back | Command::People => return Next::Close,
            Command::Confirm => return self.again(),
            Command::Arrow(Direction::Down) | Command::Next if count > 0 => self.chosen = (self.chosen + 1) % count,
            Command::Arrow(Direction::Up) | Command::Previous if count > 0 => {
                self.chosen = (self.chosen + count - 1) % count;
            }
            _ => {}
        }
        Next::None
    }

    fn again(&mut self) -> Next<Message> {
        self.found = None;
        self.failed = None;
        Next::Run(self.look())
    }

    fn is_well(&self) -> bool {
        let found = self.found.as_ref();
        found.is_some_and(|found| !found.iter().any(Finding::is_wrong))
    }

    /// The screen.
    pub fn view(&self, keymap: &Keymap) -> Element<'_, Message> {
        let mut title = row![heading(fl!("server-state-title"))]
            .spacing(12)
            .align_y(Vertical::Center);
        if self.is_well() {
            title = title.push(labelled(Icon::Done, fl!("doctor-well"), Tone::Normal));
        }
        let lines: Element<'_, Message> = match &self.found {
            Some(found) => {
                let line = |(at, finding)| line(finding, at, at == self.chosen);
                table::lines("server-state-table", found.iter().enumerate().map(line).collect())
            }
            None if self.failed.is_some() => table::lines("server-state-table", Vec::new()),
            None => body(fl!("server-state-looking")).into(),
        };
        let key = fixed_key(Command::Confirm);
        let again = action(
            Icon::Done,
            fl!("server-state-again"),
            Some(&key),
            false,
            Some(Message::Again),
        );
        let mut page = column![title, lines, row![again]].spacing(10);
        if let Some(why) = &self.failed {
            page = page.push(labelled(Icon::Warning, why.as_str(), Tone::Attention));
        }
        page.push(quiet(table::hint(keymap)))
            .push(quiet(fl!("server-state-recorded")))
            .into()
    }
}

fn line(finding: &Finding, at: usize, chosen: bool) -> Element<'_, Message> {
    let standing = if finding.is_wrong() {
        Cell::toned(fl!("server-state-wrong"), Tone::Attention)
    } else {
        Cell::plain(fl!("server-state-known"))
    };
    let cells = [standing, Cell::plain(sentences::say(&finding.message()))];
    table::line(cells, PARTS, chosen, Message::Choose(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;

    fn screen() -> ServerState {
        let (mut screen, _) = ServerState::new(fake::administrator(1, 0));
        screen.update(Message::Looked(Ok(fake::findings())));
        screen
    }

    #[test]
    fn what_has_to_be_done_stands_first_and_the_clock_names_its_command() {
        let screen = screen();
        assert!(!screen.is_well());
        let found = screen.found.unwrap();
        let wrong: Vec<bool> = found.iter().map(Finding::is_wrong).collect();
        assert!(wrong.is_sorted_by(|before, after| before >= after), "{wrong:?}");
        assert!(wrong.contains(&true) && wrong.contains(&false));
        let command = "vedetta-audit log accept-time --data /var/lib/vedetta --controller borgo-vedetta --reason";
        let clock = found
            .iter()
            .find(|finding| matches!(finding, Finding::ClockAhead { .. }));
        let said = sentences::say(&clock.unwrap().message());
        assert!(said.contains(command), "{said}");
    }

    #[test]
    fn a_look_that_failed_leaves_nothing_of_the_one_before_and_enter_looks_again() {
        let mut screen = screen();
        screen.update(Message::Looked(Ok(vec![Finding::OneSupervisor])));
        assert!(screen.is_well(), "worth knowing is not wrong");
        screen.update(Message::Looked(Err(Arc::new(Refusal::ServerAway))));
        assert!(!screen.is_well() && screen.found.is_none() && screen.failed.is_some());
        assert!(matches!(
            screen.update(Message::Command(Command::Confirm)),
            Next::Run(_)
        ));
        assert!(screen.failed.is_none());
        assert!(matches!(screen.update(Message::Command(Command::Back)), Next::Close));
    }
}
