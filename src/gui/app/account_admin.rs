//! The account administration over the wall: accounts, running sessions, workstations, one list at a time.
//!
//! Invariant: nothing of it stays when the person leaves. Deliberately absent: what a list does (`screen`).

use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::{Command, Context, Keymap, fixed_key};
use crate::gui::screen::people::{self, People};
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
}

const LISTS: [List; 3] = [List::People, List::Sessions, List::Workstations];

impl List {
    fn words(self) -> String {
        match self {
            List::People => fl!("people-title"),
            List::Sessions => fl!("sessions-title"),
            List::Workstations => fl!("stations-title"),
        }
    }
}

/// The list that is shown.
pub enum AccountAdmin {
    People(Box<People>),
    Sessions(Box<Sessions>),
    Workstations(Box<Workstations>),
}

/// What happens in the account administration.
#[derive(Clone)]
pub enum Message {
    Show(List),
    Close,
    People(people::Message),
    Sessions(sessions::Message),
    Workstations(workstations::Message),
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
        }
    }

    fn list(&self) -> List {
        match self {
            AccountAdmin::People(_) => List::People,
            AccountAdmin::Sessions(_) => List::Sessions,
            AccountAdmin::Workstations(_) => List::Workstations,
        }
    }

    /// Where the keyboard is.
    pub fn context(&self) -> Context {
        match self {
            AccountAdmin::People(screen) => screen.context(),
            AccountAdmin::Sessions(screen) => screen.context(),
            AccountAdmin::Workstations(screen) => screen.context(),
        }
    }

    /// What a command means here: another area is the next list, the rest is the list's own.
    pub fn command(&self, command: Command) -> Message {
        let at = LISTS.iter().position(|list| *list == self.list()).unwrap_or_default();
        match (command, self) {
            (Command::NextArea, _) => Message::Show(LISTS[(at + 1) % LISTS.len()]),
            (Command::PreviousArea, _) => Message::Show(LISTS[(at + LISTS.len() - 1) % LISTS.len()]),
            (command, AccountAdmin::People(_)) => Message::People(people::Message::Command(command)),
            (command, AccountAdmin::Sessions(_)) => Message::Sessions(sessions::Message::Command(command)),
            (command, AccountAdmin::Workstations(_)) => Message::Workstations(workstations::Message::Command(command)),
        }
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message, desk: &Arc<dyn Desk>) -> Next<Message> {
        match (self, message) {
            (_, Message::Close) => Next::Close,
            (shown, Message::Show(list)) => {
                let (next, task) = AccountAdmin::open(list, desk.clone());
                *shown = next;
                Next::Run(task)
            }
            (AccountAdmin::People(screen), Message::People(message)) => screen.update(message).map(Message::People),
            (AccountAdmin::Sessions(screen), Message::Sessions(message)) => {
                screen.update(message).map(Message::Sessions)
            }
            (AccountAdmin::Workstations(screen), Message::Workstations(message)) => {
                screen.update(message).map(Message::Workstations)
            }
            // The answer to a list that is not shown any more.
            (_, _) => Next::None,
        }
    }

    /// The account administration.
    pub fn view(&self, keymap: &Keymap) -> Element<'_, Message> {
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
            row(LISTS.map(tab)).spacing(theme::GAP),
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
        };
        container(column![tabs, list].spacing(14))
            .padding(20)
            .width(Fill)
            .height(Fill)
            .style(|_| container::background(theme::GROUND))
            .into()
    }
}
