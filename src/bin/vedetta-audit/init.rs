//! The first run of a real server: what it is told, and what it asks for.
//!
//! The first supervisor is asked for at a terminal, where no answer means that there is none yet; elsewhere there is one where the
//! arguments name one. Deliberately absent: preparing the server (`server::first_run`), letting the supervisor in
//! (`server::last_supervisor`).

use super::account_admin::{AccountText, show};
use super::{Place, questions, say};
use clap::Args;
use rustls::pki_types::ServerName;
use secrecy::{ExposeSecret as _, SecretString};
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use vedetta::domain::camera::ControllerId;
use vedetta::domain::people::account::{PasswordFault, check_password};
use vedetta::domain::site::Controller;
use vedetta::gui::i18n::fl;
use vedetta::gui::terminal::NotAccepted;
use vedetta::server::config::DataDir;
use vedetta::server::error::ServerError;
use vedetta::server::first_run::{self, Answers, Appointee, Begun};
use vedetta::server::last_supervisor;

/// Arguments of the first run.
#[derive(Args)]
pub struct InitArguments {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    given: Given,
    #[arg(help = fl!("help-json"), long)]
    json: bool,
}

/// What is asked for where it is missing.
#[derive(Args)]
struct Given {
    #[arg(help = fl!("help-init-controller-name"), long)]
    controller_name: Option<String>,
    #[arg(help = fl!("help-init-controller"), long)]
    controller: Option<ControllerId>,
    #[arg(help = fl!("help-init-istat"), long)]
    istat: Option<String>,
    #[arg(help = fl!("help-init-server-name"), long = "server-name", value_parser = server_name)]
    names: Vec<String>,
    #[arg(help = fl!("help-listen"), long, default_value = "0.0.0.0:8443")]
    listen: SocketAddr,
    #[arg(help = fl!("help-init-administrator"), long)]
    administrator: Option<AccountText>,
    #[arg(help = fl!("help-init-name"), long)]
    name: Option<String>,
    #[arg(help = fl!("help-init-body"), long)]
    body: Option<String>,
    #[arg(help = fl!("help-init-act"), long)]
    act: Option<String>,
    #[arg(help = fl!("help-init-supervisor"), long)]
    supervisor: Option<AccountText>,
    #[arg(help = fl!("help-init-supervisor-name"), long, requires = "supervisor")]
    supervisor_name: Option<String>,
    #[arg(help = fl!("help-init-supervisor-body"), long, requires = "supervisor")]
    supervisor_body: Option<String>,
    #[arg(help = fl!("help-init-supervisor-act"), long, requires = "supervisor")]
    supervisor_act: Option<String>,
    #[arg(help = fl!("help-init-serve-database"), long, env = "VEDETTA_SERVE_DATABASE", hide_env_values = true)]
    serve_database: Option<String>,
}

/// What was given as an argument, or the answer to a question.
fn or_ask<T>(given: Option<T>, question: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<T, ServerError> {
    match given {
        Some(given) => Ok(given),
        None => questions::until(question, read),
    }
}

fn some_text(text: &str) -> Result<String, String> {
    if text.is_empty() {
        Err(fl!("answer-needed"))
    } else {
        Ok(text.to_owned())
    }
}

fn istat(text: &str) -> Result<String, String> {
    if text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err(fl!("answer-istat"))
    }
}

/// A host name or an address, as workstations type it and as it stands in the server's certificate (RFC 6066, section 3).
fn server_name(text: &str) -> Result<String, NotAccepted> {
    match ServerName::try_from(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(NotAccepted(fl!("answer-server-name"))),
    }
}

fn account(text: &str) -> Result<AccountText, String> {
    text.parse().map_err(|NotAccepted(why)| why)
}

fn short_name(text: &str) -> Result<ControllerId, String> {
    text.parse().map_err(|_| fl!("answer-short-name"))
}

/// A password of whoever has the name `user`, typed twice.
fn twice(user: &str) -> Result<SecretString, ServerError> {
    let mut wrong = String::new();
    for _ in 0..questions::TRIES {
        let first = questions::hidden(&fl!("ask-administrator-password"))?;
        wrong = match check_password(user, first.expose_secret()) {
            Err(fault) => password_words(fault),
            Ok(()) if questions::hidden(&fl!("ask-again"))?.expose_secret() != first.expose_secret() => {
                fl!("answer-passwords-differ")
            }
            Ok(()) => return Ok(first),
        };
        questions::not_good(&wrong);
    }
    Err(ServerError::Answer(wrong))
}

fn password_words(fault: PasswordFault) -> String {
    match fault {
        PasswordFault::Length => fl!("answer-password-length"),
        PasswordFault::ContainsName => fl!("answer-password-name"),
        PasswordFault::Monotonous => fl!("answer-password-monotonous"),
        PasswordFault::UsedBefore => fl!("answer-password-used"),
    }
}

/// The account of the first supervisor, where there is to be one.
fn supervisor(given: Option<AccountText>) -> Result<Option<AccountText>, ServerError> {
    let none_yet = |text: &str| match text {
        "" => Ok(None),
        text => account(text).map(Some),
    };
    match given {
        Some(given) => Ok(Some(given)),
        None if std::io::stdin().is_terminal() => questions::until(&fl!("ask-supervisor"), none_yet),
        None => Ok(None),
    }
}

/// Puts together what was given and what is asked for.
fn answers(given: Given) -> Result<Answers, ServerError> {
    let controller = Controller {
        name: or_ask(given.controller_name, &fl!("ask-controller"), some_text)?,
        id: or_ask(given.controller, &fl!("ask-short-name"), short_name)?,
        istat: or_ask(given.istat, &fl!("ask-istat"), istat)?,
    };
    let mut names = given.names;
    if names.is_empty() {
        names.push(questions::until(&fl!("ask-server-name"), |text| {
            server_name(text).map_err(|NotAccepted(why)| why)
        })?);
    }
    let administrator = Appointee {
        user: or_ask(given.administrator, &fl!("ask-administrator"), account)?.0,
        display_name: or_ask(given.name, &fl!("ask-administrator-name"), some_text)?,
        agency: or_ask(given.body, &fl!("ask-administrator-agency"), some_text)?,
        act: or_ask(given.act, &fl!("ask-appointment"), some_text)?,
    };
    let password = match std::env::var("VEDETTA_PASSWORD") {
        Ok(password) => password.into(),
        Err(_) => twice(&administrator.user.to_string())?,
    };
    let supervisor = match supervisor(given.supervisor)? {
        Some(AccountText(user)) => Some(Appointee {
            user,
            display_name: or_ask(given.supervisor_name, &fl!("ask-supervisor-name"), some_text)?,
            agency: or_ask(given.supervisor_body, &fl!("ask-supervisor-agency"), some_text)?,
            act: or_ask(given.supervisor_act, &fl!("ask-supervisor-appointment"), some_text)?,
        }),
        None => None,
    };
    Ok(Answers {
        controller,
        names,
        listen: given.listen,
        administrator,
        password,
        supervisor,
        serve_database: given.serve_database,
    })
}

/// `init`.
pub async fn init(arguments: InitArguments) -> Result<(), ServerError> {
    let data = arguments.place.open();
    data.check_new()?;
    let answers = answers(arguments.given)?;
    let program = std::env::current_exe().map_err(|source| ServerError::File {
        path: "vedetta-audit".into(),
        source,
    })?;
    let first = answers.names.first().cloned().unwrap_or_default();
    let address = format!("{first}:{}", answers.listen.port());
    let administrator = answers.administrator.user.to_string();
    let supervisor = answers.supervisor.as_ref();
    let supervisor = supervisor.map(|who| {
        (
            who.user.to_string(),
            fl!("init-supervisor-reason", act = who.act.as_str()),
        )
    });
    let begun = first_run::init(&data, &program, answers).await?;
    let admitted = match &supervisor {
        Some((user, reason)) => Some(last_supervisor::admit(&data, user, reason).await),
        None => None,
    };
    // Said whatever became of the supervisor: the administrator's second factor is not given again.
    if arguments.json {
        let mut line = serde_json::json!({
            "prepared": true, "unit": begun.unit, "second_factor": begun.second_factor.expose_secret(),
        });
        if let Some(Ok(admitted)) = &admitted {
            line["supervisor"] = serde_json::to_value(admitted).unwrap_or_default();
        }
        say(&line.to_string());
        return admitted.transpose().map(drop);
    }
    show_begun(&begun, &data, &administrator, &address);
    if let (Some(admitted), Some((user, _))) = (admitted, &supervisor) {
        let admitted = admitted?;
        say(&fl!("init-supervisor", user = user.as_str()));
        show(&admitted, false);
    }
    Ok(())
}

/// Says what was made, once, and what to do next.
fn show_begun(begun: &Begun, data: &DataDir, user: &str, address: &str) {
    say(&fl!("init-factor", user = user));
    say(&format!("  {}", begun.second_factor.expose_secret()));
    say(&fl!("init-ready"));
    say(&format!(
        "  useradd --system vedetta; chown -R vedetta: {data}\n  \
         cp {unit} /etc/systemd/system/ && systemctl enable --now vedetta-audit",
        data = data.path().display(),
        unit = begun.unit.display(),
    ));
    say(&fl!("init-then"));
    say(&format!(
        "  vedetta-audit workstations code --data {data} --by {user} --station sala-operativa --grace-minutes 60",
        data = data.path().display(),
    ));
    say(&format!("  {}", fl!("init-there", address = address)));
}
