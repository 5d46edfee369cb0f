//! Enabled people for the periodic check (R-ACC-4): per body, with appointment and last use; confirm, disable, end a
//! session, let a supervisor's account into use that waits for another one. For the supervisor and the system administrator.
//!
//! Invariant: it only asks; the server decides and records. Disabling, ending and admitting need a reason. Deliberately absent: new
//! accounts, passwords, second factors (commands of `vedetta-audit`).

use crate::domain::people::Level;
use crate::domain::reason::Reason;
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::{Command, Context, Direction, Keymap};
use crate::gui::sentences;
use crate::gui::session_port::Accounts;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::account_given::AccountGiven;
use crate::gui::ui::admin_reason::{self, ReasonDialog};
use crate::gui::ui::controls::{action, body, heading, outcome, quiet};
use crate::gui::ui::form::Next;
use crate::gui::ui::table::{self, Cell};
use crate::station::{AccountAnswer, AccountChange, AccountState, AccountView, Refusal};
use iced::alignment::Vertical;
use iced::widget::{column, row, space};
use iced::{Element, Fill, Task};
use std::sync::Arc;

/// The parts of the width that the columns take.
const PARTS: [u16; 6] = [28, 18, 19, 14, 14, 25];

/// An act on an account that wants a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Disable,
    EndSession,
    Admit,
}

/// The screen.
pub struct People {
    desk: Arc<dyn Accounts>,
    /// By body, then by name; `None` until they were read.
    rows: Option<Vec<AccountView>>,
    chosen: usize,
    /// An act that waits for its reason, and on whom.
    asking: Option<ReasonDialog<(Act, String)>>,
    said: Option<(Tone, String)>,
    /// Name of the person of the last act, and what their account begins with, until it is put away.
    about: String,
    given: Option<AccountGiven>,
}

/// What happens on the screen.
#[derive(Clone)]
pub enum Message {
    Listed(Result<Vec<AccountView>, Arc<Refusal>>),
    Choose(usize),
    Confirm,
    Disable,
    EndSession,
    Admit,
    /// In the question for the reason.
    Because(admin_reason::Message),
    Done(Result<Arc<AccountAnswer>, Arc<Refusal>>),
    /// What an account begins with was handed over.
    PutAway,
    Command(Command),
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

fn done(answer: Result<AccountAnswer, Refusal>) -> Message {
    Message::Done(answer.map(Arc::new).map_err(Arc::new))
}

fn day(ms: Option<i64>) -> String {
    ms.map_or_else(|| fl!("people-never"), sentences::day)
}

impl People {
    /// The screen, its list being read.
    pub fn new(desk: Arc<dyn Accounts>) -> (People, Task<Message>) {
        let screen = People {
            desk,
            rows: None,
            chosen: 0,
            asking: None,
            said: None,
            about: String::new(),
            given: None,
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
    pub fn update(&mut self, message: Message) -> Next<Message> {
        match message {
            Message::Listed(Ok(mut rows)) => {
                rows.sort_by(|a, b| (&a.agency, &a.display_name).cmp(&(&b.agency, &b.display_name)));
                self.chosen = self.chosen.min(rows.len().saturating_sub(1));
                self.rows = Some(rows);
            }
            Message::Listed(Err(why)) | Message::Done(Err(why)) => {
                self.said = Some((Tone::Attention, sentences::refusal(&why)));
            }
            Message::Done(Ok(answer)) => {
                self.given = AccountGiven::of(&self.about, answer);
                self.said = Some((Tone::Normal, fl!("people-done")));
                return Next::Run(self.read());
            }
            Message::Choose(at) => self.chosen = at,
            Message::Confirm => return self.change(AccountChange::Confirm),
            Message::Disable => return self.ask(Act::Disable),
            Message::EndSession => return self.ask(Act::EndSession),
            Message::Admit => return self.ask(Act::Admit),
            Message::PutAway => self.given = None,
            Message::Because(message) => return self.answer(message),
            Message::Command(command) => return self.command(command),
        }
        Next::None
    }

    /// Where the keyboard is.
    pub fn context(&self) -> Context {
        if self.asking.is_some() || self.given.is_some() {
            Context::Form
        } else {
            Context::AccountList
        }
    }

    fn command(&mut self, command: Command) -> Next<Message> {
        if self.asking.is_some() {
            return self.answer(ReasonDialog::<(Act, String)>::command(command));
        }
        if self.given.is_some() {
            if matches!(command, Command::Back | Command::Confirm) {
                self.given = None;
            }
            return Next::None;
        }
        let count = self.rows.as_ref().map_or(0, Vec::len);
        match command {
            Command::Back | Command::People => return Next::Close,
            Command::Arrow(Direction::Down) | Command::Next if count > 0 => self.chosen = (self.chosen + 1) % count,
            Command::Arrow(Direction::Up) | Command::Previous if count > 0 => {
                self.chosen = (self.chosen + count - 1) % count;
            }
            Command::Recertify => return self.change(AccountChange::Confirm),
            Command::Disable => return self.ask(Act::Disable),
            Command::EndSession => return self.ask(Act::EndSession),
            Command::Admit => return self.ask(Act::Admit),
            _ => {}
        }
        Next::None
    }

    /// Whether the account waits for a supervisor, and this person is another one.
    fn may_admit(&self, row: &AccountView) -> bool {
        let me = self.desk.person();
        let waits = row.level == Level::Supervisor && row.state == AccountState::Disabled;
        waits && me.level == Level::Supervisor && me.user != row.user
    }

    /// Asks for the reason of an act on the chosen account; a session is ended only where one runs, an account admitted only where
    /// it waits.
    fn ask(&mut self, act: Act) -> Next<Message> {
        let Some(row) = self.chosen().filter(|row| match act {
            Act::Disable => true,
            Act::EndSession => row.active_at.is_some(),
            Act::Admit => self.may_admit(row),
        }) else {
            return Next::None;
        };
        let (name, about) = (row.display_name.as_str(), (act, row.user.clone()));
        let (title, what, words) = match act {
            Act::Disable if row.active_at.is_some() => {
                (name, fl!("people-sure-active", name = name), fl!("people-disable"))
            }
            Act::Disable => (name, fl!("people-sure", name = name), fl!("people-disable")),
            Act::EndSession => (name, fl!("sessions-sure", name = name), fl!("people-end")),
            Act::Admit => (name, fl!("people-admit-sure", name = name), fl!("people-admit")),
        };
        let (title, question) = (title.to_owned(), what);
        self.asking = Some(ReasonDialog::new(about, title.clone(), question, words));
        self.about = title;
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
            Next::Done(((act, user), reason)) => {
                self.asking = None;
                self.act(act, user, reason)
            }
        }
    }

    fn act(&mut self, act: Act, user: String, reason: Reason) -> Next<Message> {
        self.said = None;
        let acted = match act {
            Act::Disable => {
                let reason = reason.as_str().to_owned();
                self.desk.change_account(user, AccountChange::Disable { reason })
            }
            Act::Admit => {
                let reason = reason.as_str().to_owned();
                self.desk.change_account(user, AccountChange::Enable { reason })
            }
            Act::EndSession => {
                let ended = self.desk.end_session(user, reason);
                return Next::Run(Task::perform(ended, |answer| {
                    done(answer.map(|()| AccountAnswer::default()))
                }));
            }
        };
        Next::Run(Task::perform(acted, done))
    }

    fn change(&mut self, change: AccountChange) -> Next<Message> {
        let Some(user) = self.chosen().map(|row| row.user.clone()) else {
            return Next::None;
        };
        self.said = None;
        let changed = self.desk.change_account(user, change);
        Next::Run(Task::perform(changed, done))
    }

    /// The screen.
    pub fn view(&self, keymap: &Keymap) -> Element<'_, Message> {
        let count = self.rows.as_ref().map_or(0, Vec::len);
        let title = row![
            heading(fl!("people-title")),
            quiet(fl!("people-count", n = count.to_string())),
            space().width(Fill),
        ]
        .spacing(12)
        .align_y(Vertical::Center);
        let lines: Element<'_, Message> = match &self.rows {
            None => body(fl!("people-loading")).into(),
            Some(rows) => self.lines(rows),
        };
        let mut page = column![title, titles(), lines, self.acts(keymap)].spacing(10);
        if let Some((tone, said)) = &self.said {
            page = page.push(outcome(said.as_str(), *tone));
        }
        let page = page
            .push(quiet(table::hint(keymap)))
            .push(quiet(fl!("people-recorded")));
        if let Some(given) = &self.given {
            return given.over(page.into(), Message::PutAway);
        }
        match &self.asking {
            // What lies under the question cannot be reached.
            Some(question) => question
                .over(Element::from(page).map(|_| ReasonDialog::<(Act, String)>::command(Command::Stop)))
                .map(Message::Because),
            None => page.into(),
        }
    }

    fn lines<'a>(&'a self, rows: &'a [AccountView]) -> Element<'a, Message> {
        let mut lines = Vec::new();
        let mut body_before = None;
        for (at, row) in rows.iter().enumerate() {
            if body_before != Some(&row.agency) {
                lines.push(table::group(row.agency.as_str()));
                body_before = Some(&row.agency);
            }
            lines.push(line(row, at, at == self.chosen));
        }
        table::lines("people-table", lines)
    }

    fn acts(&self, keymap: &Keymap) -> Element<'_, Message> {
        let chosen = self.chosen();
        let act = |icon, words, command, message: Message, may: bool| {
            action(icon, words, keymap.key(command).as_ref(), false, may.then_some(message))
        };
        let (any, active) = (chosen.is_some(), chosen.is_some_and(|row| row.active_at.is_some()));
        let admits = chosen.is_some_and(|row| self.may_admit(row));
        row![
            act(Icon::Done, fl!("people-admit"), Command::Admit, Message::Admit, admits),
            act(
                Icon::Delivered,
                fl!("people-confirm"),
                Command::Recertify,
                Message::Confirm,
                any
            ),
            act(
                Icon::Close,
                fl!("people-disable"),
                Command::Disable,
                Message::Disable,
                any
            ),
            act(
                Icon::SignOut,
                fl!("people-end"),
                Command::EndSession,
                Message::EndSession,
                active
            ),
        ]
        .spacing(theme::GAP)
        .into()
    }
}

fn titles<'a>() -> Element<'a, Message> {
    let titles = [
        fl!("people-name"),
        fl!("people-level"),
        fl!("people-act"),
        fl!("people-last-use"),
        fl!("people-confirm-by"),
        fl!("people-state"),
    ];
    table::titles(titles, PARTS)
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
    let cells = [
        Cell::strong(format!("{} · {}", account.display_name, account.user)),
        Cell::plain(sentences::level(account.level)),
        Cell::plain(account.act.as_str()),
        Cell::plain(day(account.last_use_ms)),
        Cell::plain(
            account
                .confirm_by_ms
                .map_or_else(|| fl!("people-no-deadline"), sentences::day),
        ),
        Cell::toned(standing, tone),
    ];
    table::line(cells, PARTS, chosen, Message::Choose(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fake;
    use crate::gui::ui::form;

    fn screen() -> (People, Arc<fake::Fake>) {
        let desk = fake::desk(1, 0);
        let (mut screen, _) = People::new(desk.clone());
        screen.update(Message::Listed(Ok(fake::accounts())));
        (screen, desk)
    }

    fn reason(screen: &mut People, words: &str) {
        let typed = form::Message::Typed(admin_reason::Place::Reason, words.into());
        screen.update(Message::Because(typed));
    }

    #[test]
    fn r_acc_4_disabling_wants_a_reason_and_goes_by_the_keyboard() {
        let (mut screen, desk) = screen();
        screen.update(Message::Command(Command::Arrow(Direction::Down)));
        let user = screen.chosen().unwrap().user.clone();
        screen.update(Message::Command(Command::Disable));
        screen.update(Message::Command(Command::Confirm));
        assert!(
            desk.said().iter().all(|said| !said.contains("disable")),
            "no reason yet"
        );
        reason(&mut screen, "trasferita");
        screen.update(Message::Command(Command::Confirm));
        assert!(desk.said().contains(&format!("disable {user}")), "{:?}", desk.said());
        assert!(screen.asking.is_none());
    }

    #[test]
    fn r_prv_1_another_supervisor_is_admitted_with_a_reason_and_what_the_account_begins_with_is_shown_once() {
        let choose = |screen: &mut People| {
            let rows = screen.rows.as_ref().unwrap();
            screen.chosen = rows.iter().position(|row| row.user == "serra").unwrap();
            screen.update(Message::Command(Command::Admit));
        };
        let (mut operator, _) = screen();
        choose(&mut operator);
        assert!(operator.asking.is_none(), "for supervisors only");
        let desk = fake::supervisor(1, 0);
        let (mut screen, _) = People::new(desk.clone());
        screen.update(Message::Listed(Ok(fake::accounts())));
        screen.update(Message::Command(Command::Admit));
        assert!(screen.asking.is_none(), "an account that is in use");
        choose(&mut screen);
        screen.update(Message::Command(Command::Confirm));
        assert!(desk.said().iter().all(|said| !said.contains("admit")), "no reason yet");
        reason(&mut screen, "nomina 12/2026");
        screen.update(Message::Command(Command::Confirm));
        assert!(desk.said().contains(&"admit serra".to_owned()), "{:?}", desk.said());
        let answer = AccountAnswer {
            password: Some("prima-volta".to_owned().into()),
            ..AccountAnswer::default()
        };
        screen.update(Message::Done(Ok(Arc::new(answer))));
        assert!(screen.given.is_some() && screen.context() == Context::Form);
        screen.update(Message::Command(Command::Back));
        assert!(screen.given.is_none());
    }

    #[test]
    fn r_acc_3_a_session_is_ended_with_a_reason_and_only_where_one_runs() {
        let (mut screen, desk) = screen();
        for _ in 0..screen.rows.as_ref().unwrap().len() {
            screen.update(Message::Command(Command::EndSession));
            if screen.asking.is_some() {
                reason(&mut screen, "terminale smarrito");
                screen.update(Message::Command(Command::Confirm));
            }
            screen.update(Message::Command(Command::Arrow(Direction::Down)));
        }
        let said = desk.said();
        let ended: Vec<_> = said.iter().filter(|said| said.starts_with("end session")).collect();
        assert_eq!(ended.len(), 1, "{said:?}");
        assert!(ended[0].ends_with("terminale smarrito"));
        assert!(matches!(screen.update(Message::Command(Command::Back)), Next::Close));
    }
}
