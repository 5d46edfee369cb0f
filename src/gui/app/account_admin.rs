//! The account administration over the wall: accounts, running sessions, workstations, and for the system administrator the state of
//! the server, one list at a time.
//!
//! Invariant: nothing of it stays when the person leaves. Deliberately absent: what a list does (`screen`).

use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::{Command, Context, Keymap, fixed_key};
use crate::gui::screen::people::{self, People};
use crate::gui::screen::server_findings::{self, ServerState};
use crate::gui::screen::sessions::{self, Sessions};
use crate::gui::screen::workstations::{self, Workstations};
use crate::gui::session_port::Desk;
use crate::gui::theme;
use crate::gui::ui::controls::action;
use crate::gui::ui::form::Next;
use iced::alignment::Vertical;
use iced::widget::{button, column, container, row, space, text};
use iced::{Element, Fill, Task};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// The lists, in the order of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    People,
    Sessions,
    Workstations,
    Server,
}

const LISTS: &[List] = &[List::People, List::Sessions, List::Workstations, List::Server];

/// The lists that this person may read.
fn lists(desk: &dyn Desk) -> &'static [List] {
    if desk.sees_findings() { LISTS } else { &LISTS[..3] }
}

impl List {
    fn words(self) -> String {
        match self {
            List::People => fl!("people-title"),
            List::Sessions => fl!("sessions-title"),
            List::Workstations => fl!("stations-title"),
            List::Server => fl!("server-state-title"),
        }
    }
}

/// The list that is shown.
pub enum AccountAdmin {
    People(Box<People>),
    Sessions(Box<Sessions>),
    Workstations(Box<Workstations>),
    Server(Box<ServerState>),
}

/// What happens in the account administration.
#[derive(Clone)]
pub enum Message {
    Show(List),
    /// The next list of those that this person may read, or the one before.
    Next,
    Previous,
    Close,
    People(people::Message),
    Sessions(sessions::Message),
    Workstations(workstations::Message),
    Server(server_findings::Message),
}

impl AccountAdmin {
    /// The list of accounts, being read.
    pub fn new(desk: Arc<dyn Desk>) -> (AccountAdmin, Task<Message>) {
        AccountAdmin::open(List::People, desk)
    }

    fn open(list: List, desk: Arc<dyn Desk>) -> (AccountAdmin, Task<Message>) {
        match list {
            List::People => {
                let (screen, task) = People::new(desk);
                (AccountAdmin::People(Box::new(screen)), task.map(Message::People))
            }
            List::Sessions => {
                let (screen, task) = Sessions::new(desk);
                (AccountAdmin::Sessions(Box::new(screen)), task.map(Message::Sessions))
            }
            List::Workstations => {
                let (screen, task) = Workstations::new(desk);
                (
                    AccountAdmin::Workstations(Box::new(screen)),
                    task.map(Message::Workstations),
                )
            }
            List::Server => {
                let (screen, task) = ServerState::new(desk);
                (AccountAdmin::Server(Box::new(screen)), task.map(Message::Server))
            }
        }
    }

    fn list(&self) -> List {
        match self {
            AccountAdmin::People(_) => List::People,
            AccountAdmin::Sessions(_) => List::Sessions,
            AccountAdmin::Workstations(_) => List::Workstations,
            AccountAdmin::Server(_) => List::Server,
        }
    }

    /// Where the keyboard is.
    pub fn context(&self) -> Context {
        match self {
            AccountAdmin::People(screen) => screen.context(),
            AccountAdmin::Sessions(screen) => screen.context(),
            AccountAdmin::Workstations(screen) => screen.context(),
            AccountAdmin::Server(screen) => screen.context(),
        }
    }

    /// What a command means here: another area is the next list, the rest is the list's own.
    pub fn command(&self, command: Command) -> Message {
        match (command, self) {
            (Command::NextArea, _) => Message::Next,
            (Command::PreviousArea, _) => Message::Previous,
            (command, AccountAdmin::People(_)) => Message::People(people::Message::Command(command)),
            (command, AccountAdmin::Sessions(_)) => Message::Sessions(sessions::Message::Command(command)),
            (command, AccountAdmin::Workstations(_)) => Message::Workstations(workstations::Message::Command(command)),
            (command, AccountAdmin::Server(_)) => Message::Server(server_findings::Message::Command(command)),
        }
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message, desk: &Arc<dyn Desk>) -> Next<Message> {
        match (self, message) {
            (_, Message::Close) => Next::Close,
            (shown, Message::Show(list)) => shown.show(list, desk),
            (shown, Message::Next) => shown.show(shown.beside(1, desk), desk),
            (shown, Message::Previous) => {
                let back = lists(desk.as_ref()).len() - 1;
                shown.show(shown.beside(back, desk), desk)
            }
            (AccountAdmin::People(screen), Message::People(message)) => screen.update(message).map(Message::People),
            (AccountAdmin::Sessions(screen), Message::Sessions(message)) => {
                screen.update(message).map(Message::Sessions)
            }
            (AccountAdmin::Workstations(screen), Message::Workstations(message)) => {
                screen.update(message).map(Message::Workstations)
            }
            (AccountAdmin::Server(screen), Message::Server(message)) => screen.update(message).map(Message::Server),
            // The answer to a list that is not shown any more.
            (_, _) => Next::None,
        }
    }

    fn show(&mut self, list: List, desk: &Arc<dyn Desk>) -> Next<Message> {
        let (next, task) = AccountAdmin::open(list, desk.clone());
        *self = next;
        Next::Run(task)
    }

    /// The list so many places on.
    fn beside(&self, places: usize, desk: &Arc<dyn Desk>) -> List {
        let lists = lists(desk.as_ref());
        let at = lists.iter().position(|list| *list == self.list()).unwrap_or_default();
        lists[(at + places) % lists.len()]
    }

    /// The account administration.
    pub fn view<'a>(&'a self, keymap: &Keymap, desk: &dyn Desk) -> Element<'a, Message> {
        let tab = |list: List| {
            button(text(list.words()).size(theme::SMALL))
                .padding([6, 14])
                .style(theme::plain(list == self.list()))
                .on_press(Message::Show(list))
                .into()
        };
        let close = action(
            Icon::Close,
            fl!("export-close"),
            Some(&fixed_key(Command::Back)),
            false,
            Some(Message::Close),
        );
        let next = keymap.key(Command::NextArea).unwrap_or_default();
        let tabs = row![
            row(lists(desk).iter().copied().map(tab)).spacing(theme::GAP),
            text(next).size(theme::SMALL).color(theme::QUIET),
            space().width(Fill),
            close
        ]
        .spacing(theme::GAP)
        .align_y(Vertical::Center);
        let list = match self {
            AccountAdmin::People(screen) => screen.view(keymap).map(Message::People),
            AccountAdmin::Sessions(screen) => screen.view(keymap).map(Message::Sessions),
            AccountAdmin::Workstations(screen) => screen
                .view(keymap, Instant::now(), SystemTime::now())
                .map(Message::Workstations),
            AccountAdmin::Server(screen) => screen.view(keymap).map(Message::Server),
        };
        container(column![tabs, list].spacing(14))
            .padding(20)
            .width(Fill)
            .height(Fill)
            .style(|_| container::background(theme::GROUND))
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;

    /// Lists in the order in which F6 goes through them, until the first comes again.
    fn through(desk: &Arc<dyn Desk>) -> Vec<List> {
        let (mut admin, _) = AccountAdmin::new(desk.clone());
        let mut seen = Vec::new();
        while !seen.contains(&admin.list()) {
            seen.push(admin.list());
            admin.update(admin.command(Command::NextArea), desk);
        }
        admin.update(admin.command(Command::PreviousArea), desk);
        assert_eq!(Some(&admin.list()), seen.last(), "back over the first is the last");
        seen
    }

    #[test]
    fn the_state_of_the_server_is_the_administrators_and_f6_passes_over_it_for_a_supervisor() {
        let administrator: Arc<dyn Desk> = fake::administrator(1, 0);
        assert_eq!(through(&administrator), LISTS);
        let supervisor: Arc<dyn Desk> = fake::supervisor(1, 0);
        assert_eq!(through(&supervisor), &LISTS[..3]);
    }
}
