//! The commands on people, workstations and sessions: arguments, tables, JSON.
//!
//! Secrets are read from the environment or the keyboard, never from arguments, which every account of the machine can
//! list. Deliberately absent: who may, and what happens (the running server).

use super::{Kind, Place, questions, say};
use clap::{Args, Subcommand, ValueEnum};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use vedetta::domain::camera::{ControllerId, StationId};
use vedetta::domain::people::account::AccountName;
use vedetta::domain::people::{Grant, Level};
use vedetta::domain::reason::Reason;
use vedetta::domain::strict;
use vedetta::gui::i18n::fl;
use vedetta::gui::terminal::NotAccepted;
use vedetta::protocol::{AccountChange, AccountState, NewAccount, NewCode, RefusalKind};
use vedetta::server::administer::{AdminClient, Claim, choose_password};
use vedetta::server::error::ServerError;
use vedetta::server::last_supervisor;

/// Place of the data, and who gives the command.
#[derive(Args)]
pub struct By {
    #[command(flatten)]
    place: Place,
    #[arg(help = fl!("help-by"), long)]
    by: String,
    #[arg(help = fl!("help-json"), long)]
    pub json: bool,
}

#[derive(Subcommand)]
pub enum PeopleCommand {
    #[command(about = fl!("help-people-list"))]
    List {
        #[command(flatten)]
        by: By,
        #[arg(help = fl!("help-people-list-body"), long)]
        body: Option<String>,
    },
    #[command(about = fl!("help-people-add"))]
    Add {
        #[command(flatten)]
        by: By,
        #[arg(help = fl!("help-user"), long)]
        user: AccountText,
        #[arg(help = fl!("help-people-name"), long)]
        name: String,
        #[arg(help = fl!("help-people-body"), long)]
        body: String,
        #[arg(help = fl!("help-level"), long, value_enum)]
        level: LevelText,
        #[arg(help = fl!("help-people-act"), long)]
        act: String,
        #[arg(help = fl!("help-people-grants"), long)]
        grants: Option<std::path::PathBuf>,
        #[arg(help = fl!("help-people-controller"), long)]
        controller: Option<ControllerId>,
    },
    #[command(about = fl!("help-people-disable"))]
    Disable {
        #[command(flatten)]
        by: By,
        #[arg(help = fl!("help-user"), long)]
        user: AccountText,
        #[arg(help = fl!("help-reason"), long)]
        reason: String,
    },
    #[command(about = fl!("help-people-enable"))]
    Enable {
        #[command(flatten)]
        by: By,
        #[arg(help = fl!("help-user"), long)]
        user: AccountText,
        #[arg(help = fl!("help-reason"), long)]
        reason: String,
    },
    #[command(about = fl!("help-people-confirm"))]
    Confirm {
        #[command(flatten)]
        by: By,
        #[arg(help = fl!("help-user"), long)]
        user: AccountText,
    },
    #[command(about = fl!("help-people-reset"))]
    Reset {
        #[command(flatten)]
        by: By,
        #[arg(help = fl!("help-user"), long)]
        user: AccountText,
    },
    #[command(about = fl!("help-people-admit"))]
    Admit {
        #[command(flatten)]
        place: Place,
        #[arg(help = fl!("help-user"), long)]
        user: AccountText,
        #[arg(help = fl!("help-reason"), long)]
        reason: String,
    },
    #[command(about = fl!("help-people-totp"))]
    Totp {
        #[command(flatten)]
        by: By,
        #[arg(help = fl!("help-user"), long)]
        user: AccountText,
    },
    #[command(about = fl!("help-people-passwd"))]
    Passwd {
        #[command(flatten)]
        by: By,
    },
}

#[derive(Subcommand)]
pub enum WorkstationsCommand {
    #[command(about = fl!("help-workstations-list"))]
    List {
        #[command(flatten)]
        by: By,
    },
    #[command(about = fl!("help-workstations-code"))]
    Code {
        #[command(flatten)]
        by: By,
        #[arg(help = fl!("help-station"), long)]
        station: StationId,
        #[arg(help = fl!("help-station-kind"), long, value_enum, default_value = "sala-operativa")]
        kind: Kind,
        #[arg(help = fl!("help-controller"), long)]
        controller: Option<ControllerId>,
        #[arg(help = fl!("help-grace"), long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=480))]
        grace_minutes: u64,
    },
    #[command(about = fl!("help-workstations-revoke"))]
    Revoke {
        #[command(flatten)]
        by: By,
        #[arg(help = fl!("help-station"), long)]
        station: StationId,
        #[arg(help = fl!("help-reason"), long, value_parser = reason)]
        reason: Option<Reason>,
    },
}

#[derive(Subcommand)]
pub enum SessionsCommand {
    #[command(about = fl!("help-sessions-list"))]
    List {
        #[command(flatten)]
        by: By,
    },
    #[command(about = fl!("help-sessions-end"))]
    End {
        #[command(flatten)]
        by: By,
        #[arg(help = fl!("help-user"), long)]
        user: AccountText,
        #[arg(help = fl!("help-reason"), long, value_parser = reason)]
        reason: Option<Reason>,
    },
}

/// Account, as an argument.
#[derive(Clone)]
pub struct AccountText(pub AccountName);

impl std::str::FromStr for AccountText {
    type Err = NotAccepted;

    fn from_str(text: &str) -> Result<Self, NotAccepted> {
        let name = AccountName::read(text).map(Self);
        name.ok_or_else(|| NotAccepted(fl!("answer-account")))
    }
}

/// Level, as an argument.
#[derive(Clone, Copy, ValueEnum)]
pub enum LevelText {
    Operatore,
    Responsabile,
    ForzaPolizia,
    Amministratore,
    Manutentore,
}

impl From<LevelText> for Level {
    fn from(level: LevelText) -> Self {
        match level {
            LevelText::Operatore => Self::Operator,
            LevelText::Responsabile => Self::Supervisor,
            LevelText::ForzaPolizia => Self::ForceOperator,
            LevelText::Amministratore => Self::SystemAdministrator,
            LevelText::Manutentore => Self::Maintainer,
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantsFile {
    #[serde(default)]
    grant: Vec<Grant>,
}

fn read_grants(path: Option<std::path::PathBuf>) -> Result<Vec<Grant>, ServerError> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let text = vedetta::server::config::read_text(&path)?;
    let file: GrantsFile = strict::toml(&text).map_err(|misread| ServerError::Config {
        path,
        detail: strict::told(&misread),
    })?;
    Ok(file.grant)
}

/// Signs in, and asks for the authenticator's code only where the server wants one.
async fn open(by: By) -> Result<(AdminClient, bool), ServerError> {
    let data = by.place.open();
    let password = questions::secret("VEDETTA_PASSWORD", "Password:")?;
    let claim = |code| Claim {
        user: by.by.clone(),
        password: password.clone(),
        code,
    };
    let code = std::env::var("VEDETTA_CODE").ok().map(SecretString::from);
    let asked = code.is_some();
    let office = match AdminClient::open(&data, claim(code)).await {
        Err(ServerError::Refused(RefusalKind::SecondFactor)) if !asked => {
            let code = questions::line(&fl!("ask-code"))?.into();
            AdminClient::open(&data, claim(Some(code))).await?
        }
        opened => opened?,
    };
    Ok((office, by.json))
}

/// Does one thing at the office and leaves it in any case.
pub async fn as_administrator<T>(
    by: By,
    act: impl AsyncFnOnce(&AdminClient) -> Result<T, ServerError>,
    show: impl FnOnce(&T, bool),
) -> Result<(), ServerError> {
    let (office, json) = open(by).await?;
    let done = act(&office).await;
    office.close().await;
    show(&done?, json);
    Ok(())
}

/// Rows as JSON or as lines.
pub fn lines<T: Serialize>(rows: &[T], json: bool, line: impl Fn(&T) -> String) {
    if json {
        say(&serde_json::to_string(rows).unwrap_or_default());
    } else {
        rows.iter().for_each(|row| say(&line(row)));
    }
}

fn day(ms: Option<i64>) -> String {
    let time = ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.map_or("-".into(), |time| time.strftime("%Y-%m-%d").to_string())
}

fn moment(ms: Option<i64>) -> String {
    let time = ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.map_or("-".into(), |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

fn reason(text: &str) -> Result<Reason, NotAccepted> {
    Reason::try_from(text.to_owned()).map_err(|_| NotAccepted(fl!("answer-reason")))
}

fn state(state: AccountState) -> String {
    match state {
        AccountState::Good => fl!("account-good"),
        AccountState::Disabled => fl!("account-disabled"),
        AccountState::AppointmentOver => fl!("account-appointment-over"),
        AccountState::NotConfirmed => fl!("account-not-confirmed"),
        AccountState::MustChoosePassword => fl!("account-must-choose"),
    }
}

/// What a change of an account gave: secrets once, or that it waits.
pub fn show(answer: &vedetta::protocol::AccountAnswer, json: bool) {
    if json {
        say(&serde_json::to_string(answer).unwrap_or_default());
        return;
    }
    if let Some(password) = &answer.password {
        say(&fl!("people-first-password", password = password.expose_secret()));
    }
    if let Some(factor) = &answer.second_factor {
        say(&fl!("people-factor", factor = factor.expose_secret()));
    }
    if answer.waits {
        say(&fl!("people-waits"));
    } else if answer.password.is_none() && answer.second_factor.is_none() {
        say(&fl!("command-done"));
    }
}

/// `people`.
pub async fn people(command: PeopleCommand) -> Result<(), ServerError> {
    let change = async |by: By, user: AccountText, change: AccountChange| {
        let user = user.0.to_string();
        as_administrator(by, async |office| office.change(&user, &change).await, show).await
    };
    match command {
        PeopleCommand::List { by, body } => {
            let list = async |office: &AdminClient| {
                let mut rows = office.people().await?;
                rows.retain(|row| body.as_ref().is_none_or(|body| &row.agency == body));
                rows.sort_by(|a, b| (&a.agency, &a.user).cmp(&(&b.agency, &b.user)));
                Ok(rows)
            };
            let line = |row: &vedetta::protocol::AccountView| {
                format!(
                    "{}\t{}\t{}\t{}\t{}\t{}\t{}",
                    row.agency,
                    row.user,
                    row.display_name,
                    row.act,
                    fl!("account-last-use", day = day(row.last_use_ms)),
                    fl!("account-confirm-by", day = day(row.confirm_by_ms)),
                    state(row.state)
                )
            };
            as_administrator(by, list, |rows, json| lines(rows, json, line)).await
        }
        PeopleCommand::Add {
            by,
            user,
            name,
            body,
            level,
            act,
            grants,
            controller,
        } => {
            let new = NewAccount {
                controller,
                user: user.0.to_string(),
                display_name: name,
                agency: body,
                level: level.into(),
                act,
                until_ms: None,
                grants: read_grants(grants)?,
            };
            as_administrator(by, async |office| office.add(&new).await, show).await
        }
        PeopleCommand::Disable { by, user, reason } => change(by, user, AccountChange::Disable { reason }).await,
        PeopleCommand::Enable { by, user, reason } => change(by, user, AccountChange::Enable { reason }).await,
        PeopleCommand::Confirm { by, user } => change(by, user, AccountChange::Confirm).await,
        PeopleCommand::Reset { by, user } => change(by, user, AccountChange::ResetPassword).await,
        PeopleCommand::Admit { place, user, reason } => {
            let answer = last_supervisor::admit(&place.open(), &user.0.to_string(), &reason).await?;
            show(&answer, false);
            Ok(())
        }
        PeopleCommand::Totp { by, user } => change(by, user, AccountChange::NewSecondFactor).await,
        PeopleCommand::Passwd { by } => {
            let data = by.place.open();
            let claim = Claim {
                user: by.by,
                password: questions::secret("VEDETTA_PASSWORD", "Password:")?,
                code: std::env::var("VEDETTA_CODE").ok().map(SecretString::from),
            };
            let new = questions::secret("VEDETTA_NEW_PASSWORD", &fl!("ask-new-password"))?;
            choose_password(&data, claim, new).await?;
            if by.json {
                say("{\"changed\":true}");
            } else {
                say(&fl!("command-done"));
            }
            Ok(())
        }
    }
}

/// `workstations`.
pub async fn workstations(command: WorkstationsCommand) -> Result<(), ServerError> {
    match command {
        WorkstationsCommand::List { by } => {
            let line = |row: &vedetta::protocol::StationView| {
                let standing = match (row.enabled, row.quarantined) {
                    (false, _) => fl!("workstation-revoked"),
                    (true, true) => fl!("workstation-quarantined"),
                    (true, false) => fl!("workstation-enabled"),
                };
                format!(
                    "{}\t{}\t{}\t{standing}\t{}\t{}",
                    row.station,
                    row.kind.word(),
                    row.home,
                    fl!("workstation-certificate", day = day(row.certificate_until_ms)),
                    fl!("workstation-seen", time = moment(row.seen_ms))
                )
            };
            as_administrator(by, AdminClient::workstations, |rows, json| lines(rows, json, line)).await
        }
        WorkstationsCommand::Code {
            by,
            station,
            kind,
            controller,
            grace_minutes,
        } => {
            let new = NewCode {
                station,
                kind: kind.into(),
                home: controller,
                grace_s: grace_minutes * 60,
            };
            let show = |code: &vedetta::protocol::EnrolmentCode, json: bool| {
                if json {
                    say(&serde_json::to_string(code).unwrap_or_default());
                } else {
                    let code = code.code.expose_secret();
                    say(&fl!("workstation-code", code = code));
                }
            };
            // A name is one machine's for good, also when it was revoked: its events go on under it.
            let given = async |office: &AdminClient| match office.code(&new).await {
                Err(ServerError::Refused(RefusalKind::Malformed)) => {
                    Err(ServerError::NameTaken(new.station.to_string()))
                }
                answer => answer,
            };
            as_administrator(by, given, show).await
        }
        WorkstationsCommand::Revoke { by, station, reason } => {
            let revoked = async |office: &AdminClient| office.revoke(&station, reason.clone()).await;
            as_administrator(by, revoked, done("revoked")).await
        }
    }
}

/// `sessions`.
pub async fn sessions(command: SessionsCommand) -> Result<(), ServerError> {
    match command {
        SessionsCommand::List { by } => {
            let line = |row: &vedetta::protocol::SessionView| {
                let since = fl!("session-since", time = moment(Some(row.begun_ms)));
                format!(
                    "{}\t{}\t{}\t{}\t{since}",
                    row.user, row.display_name, row.agency, row.station
                )
            };
            as_administrator(by, AdminClient::sessions, |rows, json| lines(rows, json, line)).await
        }
        SessionsCommand::End { by, user, reason } => {
            let user = user.0.to_string();
            let ended = async |office: &AdminClient| office.end(&user, reason.clone()).await;
            as_administrator(by, ended, done("ended")).await
        }
    }
}

/// What a command says that gives nothing back.
pub fn done(word: &'static str) -> impl FnOnce(&(), bool) {
    move |(), json| {
        if json {
            say(&serde_json::json!({ word: true }).to_string());
        } else {
            say("Fatto.");
        }
    }
}
