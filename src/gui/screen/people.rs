//! Enabled people for the periodic check (R-ACC-4): per body, with appointment and last use; confirm, disable, end a
//! session. For the supervisor and the system administrator.
//!
//! Invariant: it only asks; the server decides and records. Disabling needs a reason. Deliberately absent: new accounts,
//! passwords, second factors (commands of `vedetta-audit`).

use crate::gui::desk::Desk;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::keymap::{Command, Direction};
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, body, field, heading, labelled, quiet};
use crate::gui::words;
use crate::station::{AccountChange, AccountState, AccountView, Refusal};
use iced::alignment::Vertical;
use iced::widget::{Column, button, column, container, row, scrollable, space, text};
use iced::{Element, Fill, FillPortion, Length, Task, widget};
use std::sync::Arc;

const REASON: &str = "people-reason";
const TABLE: &str = "people-table";

/// The screen.
pub struct People {
    desk: Arc<dyn Desk>,
    /// By body, then by name; `None` until they were read.
    rows: Option<Vec<AccountView>>,
    chosen: usize,
    /// The account that is about to be disabled has its reason typed.
    disabling: Option<String>,
    said: Option<(Tone, String)>,
}

/// What happens on the screen.
#[derive(Clone)]
pub enum Message {
    Listed(Result<Vec<AccountView>, Arc<Refusal>>),
    Choose(usize),
    Confirm,
    /// Ask for the reason.
    Disable,
    Reason(String),
    /// The reason is typed.
    DisableNow,
    EndSession,
    Done(Result<(), Arc<Refusal>>),
    Command(Command),
}

/// What the parent does next.
pub enum Action {
    None,
    Run(Task<Message>),
    Close,
}

fn state(state: AccountState) -> (String, Tone) {
    match state {
        AccountState::Good => (fl!("people-good"), Tone::Normal),
        AccountState::Disabled => (fl!("people-disabled"), Tone::Attention),
        AccountState::AppointmentOver => (fl!("people-over"), Tone::Attention),
        AccountState::NotConfirmed => (fl!("people-unconfirmed"), Tone::Attention),
        AccountState::MustChoosePassword => (fl!("people-must-choose"), Tone::Attention),
    }
}

fn day(ms: Option<i64>) -> String {
    ms.map_or_else(
        || fl!("people-never"),
        |ms| words::rome_ms(ms).strftime("%d/%m/%Y").to_string(),
    )
}

impl People {
    /// The screen, its list being read.
    pub fn new(desk: Arc<dyn Desk>) -> (People, Task<Message>) {
        let screen = People {
            desk,
            rows: None,
            chosen: 0,
            disabling: None,
            said: None,
        };
        let reading = screen.read();
        (screen, reading)
    }

    fn read(&self) -> Task<Message> {
        Task::perform(self.desk.people(), |answer| Message::Listed(answer.map_err(Arc::new)))
    }

    fn chosen(&self) -> Option<&AccountView> {
        self.rows.as_ref()?.get(self.chosen)
    }

    /// Changes the state and says what to start.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::Listed(Ok(mut rows)) => {
                rows.sort_by(|a, b| (&a.body, &a.display_name).cmp(&(&b.body, &b.display_name)));
                self.chosen = self.chosen.min(rows.len().saturating_sub(1));
                self.rows = Some(rows);
            }
            Message::Listed(Err(why)) | Message::Done(Err(why)) => {
                self.said = Some((Tone::Attention, words::refusal(&why)));
            }
            Message::Done(Ok(())) => {
                self.said = Some((Tone::Normal, fl!("people-done")));
                return Action::Run(self.read());
            }
            Message::Choose(at) => (self.chosen, self.disabling) = (at, None),
            Message::Confirm => return self.change(AccountChange::Confirm),
            Message::Disable => {
                self.disabling = Some(String::new());
                return Action::Run(widget::operation::focus(REASON));
            }
            Message::Reason(reason) => self.disabling = Some(reason),
            Message::DisableNow => return self.disable(),
            Message::EndSession => return self.end_session(),
            Message::Command(command) => return self.command(command),
        }
        Action::None
    }

    fn command(&mut self, command: Command) -> Action {
        if self.disabling.is_some() {
            match command {
                Command::Back => self.disabling = None,
                Command::Confirm => return self.disable(),
                _ => {}
            }
            return Action::None;
        }
        let count = self.rows.as_ref().map_or(0, Vec::len);
        match command {
            Command::Back | Command::People => return Action::Close,
            Command::Arrow(Direction::Down) | Command::Next if count > 0 => self.chosen = (self.chosen + 1) % count,
            Command::Arrow(Direction::Up) | Command::Previous if count > 0 => {
                self.chosen = (self.chosen + count - 1) % count;
            }
            // The letters of the three acts, as the hint says them.
            Command::ConfirmAccount => return self.change(AccountChange::Confirm),
            Command::Declare => return self.update(Message::Disable),
            Command::EndAccount => return self.end_session(),
            _ => {}
        }
        Action::None
    }

    fn change(&mut self, change: AccountChange) -> Action {
        let Some(user) = self.chosen().map(|row| row.user.clone()) else {
            return Action::None;
        };
        self.said = None;
        let changed = self.desk.change_account(user, change);
        Action::Run(Task::perform(changed, |answer| Message::Done(answer.map_err(Arc::new))))
    }

    fn disable(&mut self) -> Action {
        match self.disabling.take() {
            Some(reason) if !reason.trim().is_empty() => self.change(AccountChange::Disable { reason }),
            other => {
                self.disabling = other;
                Action::None
            }
        }
    }

    fn end_session(&mut self) -> Action {
        let Some(user) = self
            .chosen()
            .filter(|row| row.active_at.is_some())
            .map(|row| row.user.clone())
        else {
            return Action::None;
        };
        let ended = self.desk.end_session(user);
        Action::Run(Task::perform(ended, |answer| Message::Done(answer.map_err(Arc::new))))
    }

    /// The screen.
    pub fn view(&self) -> Element<'_, Message> {
        let count = self.rows.as_ref().map_or(0, Vec::len);
        let close = action(
            Icon::Close,
            fl!("export-close"),
            Some(&"Esc".to_owned()),
            false,
            Some(Message::Command(Command::Back)),
        );
        let title = row![
            heading(fl!("people-title")),
            quiet(fl!("people-count", n = count.to_string())),
            space().width(Fill),
            close
        ]
        .spacing(12)
        .align_y(Vertical::Center);
        let table: Element<'_, Message> = match &self.rows {
            None => body(fl!("people-loading")).into(),
            Some(rows) => self.table(rows),
        };
        let mut page = column![title, header(), table, self.acts()].spacing(10);
        if let Some((tone, said)) = &self.said {
            page = page.push(labelled(Icon::Warning, said.as_str(), *tone));
        }
        let page = page.push(quiet(fl!("people-hint"))).push(quiet(fl!("people-recorded")));
        container(page)
            .padding(20)
            .width(Fill)
            .height(Fill)
            .style(|_| container::background(theme::GROUND))
            .into()
    }

    fn table<'a>(&'a self, rows: &'a [AccountView]) -> Element<'a, Message> {
        let mut list = Column::new().spacing(2);
        let mut body_before = None;
        for (at, row) in rows.iter().enumerate() {
            if body_before != Some(&row.body) {
                list = list.push(text(row.body.as_str()).size(theme::SMALL).font(theme::STRONG));
                body_before = Some(&row.body);
            }
            list = list.push(line(row, at, at == self.chosen));
        }
        scrollable(list).id(TABLE).height(Fill).style(theme::scroll).into()
    }

    fn acts(&self) -> Element<'_, Message> {
        let chosen = self.chosen();
        if let (Some(reason), Some(row)) = (&self.disabling, chosen) {
            let sure = fl!("people-sure", name = row.display_name.as_str());
            let input = field(
                fl!("people-reason"),
                REASON,
                reason,
                false,
                Message::Reason,
                Message::DisableNow,
            );
            return column![labelled(Icon::Warning, sure, Tone::Attention), input]
                .spacing(8)
                .into();
        }
        let act = |icon, words, key: &str, message: Message, may: bool| {
            action(icon, words, Some(&key.to_owned()), false, may.then_some(message))
        };
        let active = chosen.is_some_and(|row| row.active_at.is_some());
        row![
            act(
                Icon::Delivered,
                fl!("people-confirm"),
                "C",
                Message::Confirm,
                chosen.is_some()
            ),
            act(
                Icon::Close,
                fl!("people-disable"),
                "D",
                Message::Disable,
                chosen.is_some()
            ),
            act(Icon::SignOut, fl!("people-end"), "T", Message::EndSession, active),
        ]
        .spacing(theme::GAP)
        .into()
    }
}

const WIDTHS: [Length; 6] = [
    FillPortion(30),
    FillPortion(20),
    FillPortion(20),
    FillPortion(12),
    FillPortion(16),
    FillPortion(24),
];

fn header<'a>() -> Element<'a, Message> {
    let titles = [
        fl!("people-name"),
        fl!("people-level"),
        fl!("people-act"),
        fl!("people-last-use"),
        fl!("people-confirm-by"),
        fl!("people-state"),
    ];
    let cells = titles
        .into_iter()
        .zip(WIDTHS)
        .map(|(title, width)| quiet(title).width(width).into());
    container(row(cells).spacing(10)).padding([0, 10]).into()
}

fn line(account: &AccountView, at: usize, chosen: bool) -> Element<'_, Message> {
    let (words_of_state, tone) = state(account.state);
    let standing = match &account.active_at {
        Some(station) => format!(
            "{words_of_state} · {}",
            fl!("people-active-at", station = station.as_str())
        ),
        None => words_of_state,
    };
    let texts = [
        text(format!("{} · {}", account.display_name, account.user)).font(theme::STRONG),
        text(words::level(account.level)),
        text(account.act.as_str()),
        text(day(account.last_use_ms)),
        text(day(account.confirm_by_ms)),
        text(standing).color(tone.colour()),
    ];
    let cells = texts
        .into_iter()
        .zip(WIDTHS)
        .map(|(cell, width)| cell.size(theme::SMALL).width(width).into());
    button(row(cells).spacing(10).align_y(Vertical::Center))
        .width(Fill)
        .padding([6, 10])
        .style(theme::plain(chosen))
        .on_press(Message::Choose(at))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;

    fn screen() -> (People, Arc<fake::Fake>) {
        let desk = fake::desk(1, 0);
        let (mut screen, _) = People::new(desk.clone());
        screen.update(Message::Listed(Ok(fake::accounts())));
        (screen, desk)
    }

    #[test]
    fn r_acc_4_disabling_wants_a_reason_and_goes_by_the_keyboard() {
        let (mut screen, desk) = screen();
        screen.update(Message::Command(Command::Arrow(Direction::Down)));
        let user = screen.chosen().unwrap().user.clone();
        screen.update(Message::Command(Command::Declare));
        screen.update(Message::Command(Command::Confirm));
        assert!(
            desk.said().iter().all(|said| !said.contains("disable")),
            "no reason yet"
        );
        screen.update(Message::Reason("trasferita".into()));
        screen.update(Message::Command(Command::Confirm));
        assert!(desk.said().contains(&format!("disable {user}")), "{:?}", desk.said());
        assert!(screen.disabling.is_none());
    }

    #[test]
    fn a_session_is_ended_only_where_one_runs() {
        let (mut screen, desk) = screen();
        for _ in 0..screen.rows.as_ref().unwrap().len() {
            screen.update(Message::Command(Command::EndAccount));
            screen.update(Message::Command(Command::Arrow(Direction::Down)));
        }
        let ended = desk
            .said()
            .iter()
            .filter(|said| said.starts_with("end session"))
            .count();
        assert_eq!(ended, 1);
        assert!(matches!(screen.update(Message::Command(Command::Back)), Action::Close));
    }
}
