//! The account_admin over the wall: accounts, running sessions, workstations, one list at a time.
//!
//! Invariant: nothing of it stays when the person leaves. Deliberately absent: what a list does (`screen`).

use super::{App, Message};
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::keymap::Command;
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

/// What happens in the account_admin.
#[derive(Clone)]
pub enum Event {
    Show(List),
    Close,
    People(people::Message),
    Sessions(sessions::Message),
    Workstations(workstations::Message),
}

impl AccountAdmin {
    fn open(list: List, desk: Arc<dyn Desk>) -> (AccountAdmin, Task<Event>) {
        match list {
            List::People => {
                let (screen, task) = People::new(desk);
                (AccountAdmin::People(Box::new(screen)), task.map(Event::People))
            }
            List::Sessions => {
                let (screen, task) = Sessions::new(desk);
                (AccountAdmin::Sessions(Box::new(screen)), task.map(Event::Sessions))
            }
            List::Workstations => {
                let (screen, task) = Workstations::new(desk);
                (
                    AccountAdmin::Workstations(Box::new(screen)),
                    task.map(Event::Workstations),
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

    /// What a command means here: F6 goes to the next list, the rest is the list's own.
    fn event(&self, command: Command) -> Event {
        let at = LISTS.iter().position(|list| *list == self.list()).unwrap_or_default();
        match (command, self) {
            (Command::NextArea, _) => Event::Show(LISTS[(at + 1) % LISTS.len()]),
            (Command::PreviousArea, _) => Event::Show(LISTS[(at + LISTS.len() - 1) % LISTS.len()]),
            (command, AccountAdmin::People(_)) => Event::People(people::Message::Command(command)),
            (command, AccountAdmin::Sessions(_)) => Event::Sessions(sessions::Message::Command(command)),
            (command, AccountAdmin::Workstations(_)) => Event::Workstations(workstations::Message::Command(command)),
        }
    }

    /// The account_admin.
    pub fn view(&self) -> Element<'_, Event> {
        let tab = |list: List| {
            button(text(list.words()).size(theme::SMALL))
                .padding([6, 14])
                .style(theme::plain(list == self.list()))
                .on_press(Event::Show(list))
                .into()
        };
        let close = action(
            Icon::Close,
            fl!("export-close"),
            Some(&"Esc".to_owned()),
            false,
            Some(Event::Close),
        );
        let tabs = row![
            row(LISTS.map(tab)).spacing(theme::GAP),
            text("F6").size(theme::SMALL).color(theme::QUIET),
            space().width(Fill),
            close
        ]
        .spacing(theme::GAP)
        .align_y(Vertical::Center);
        let list = match self {
            AccountAdmin::People(screen) => screen.view().map(Event::People),
            AccountAdmin::Sessions(screen) => screen.view().map(Event::Sessions),
            AccountAdmin::Workstations(screen) => {
                screen.view(Instant::now(), SystemTime::now()).map(Event::Workstations)
            }
        };
        container(column![tabs, list].spacing(14))
            .padding(20)
            .width(Fill)
            .height(Fill)
            .style(|_| container::background(theme::GROUND))
            .into()
    }
}

impl App {
    pub(super) fn open_account_admin(&mut self) -> Task<Message> {
        match self.desk() {
            Some(desk) if desk.keeps_people() => self.show_list(List::People, desk),
            _ => Task::none(),
        }
    }

    fn show_list(&mut self, list: List, desk: Arc<dyn Desk>) -> Task<Message> {
        let (account_admin, task) = AccountAdmin::open(list, desk);
        self.account_admin = Some(account_admin);
        task.map(Message::AccountAdmin)
    }

    pub(super) fn account_admin_command(&mut self, command: Command) -> Task<Message> {
        match self
            .account_admin
            .as_ref()
            .map(|account_admin| account_admin.event(command))
        {
            Some(event) => self.account_admin_event(event),
            None => Task::none(),
        }
    }

    pub(super) fn account_admin_event(&mut self, event: Event) -> Task<Message> {
        let next = match (&mut self.account_admin, event) {
            (Some(_), Event::Close) => Next::Close,
            (Some(_), Event::Show(list)) => {
                return match self.desk() {
                    Some(desk) => self.show_list(list, desk),
                    None => Task::none(),
                };
            }
            (Some(AccountAdmin::People(screen)), Event::People(message)) => screen.update(message).map(Event::People),
            (Some(AccountAdmin::Sessions(screen)), Event::Sessions(message)) => {
                screen.update(message).map(Event::Sessions)
            }
            (Some(AccountAdmin::Workstations(screen)), Event::Workstations(message)) => {
                screen.update(message).map(Event::Workstations)
            }
            // The answer to a list that is not shown any more.
            (_, _) => Next::None,
        };
        match next {
            Next::None => Task::none(),
            Next::Run(task) => task.map(Message::AccountAdmin),
            Next::Close | Next::Done(()) => {
                self.account_admin = None;
                Task::none()
            }
        }
    }
}
