//! The first run of a real server: what it is told, and what it asks for.
//!
//! Deliberately absent: preparing the server (`server::first_run`).

use super::account_admin::AccountText;
use super::{Place, questions, say};
use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};
use std::net::SocketAddr;
use vedetta::domain::camera::ControllerId;
use vedetta::domain::people::account::{PasswordFault, check_password};
use vedetta::domain::site::Controller;
use vedetta::gui::i18n::fl;
use vedetta::gui::terminal::NotAccepted;
use vedetta::server::config::DataDir;
use vedetta::server::error::ServerError;
use vedetta::server::first_run::{self, Answers, Begun};

/// Arguments of the first run; what is missing is asked for.
#[derive(Args)]
pub struct InitArguments {
    #[command(flatten)]
    place: Place,
    #[arg(help = fl!("help-init-controller-name"), long)]
    controller_name: Option<String>,
    #[arg(help = fl!("help-init-controller"), long)]
    controller: Option<ControllerId>,
    #[arg(help = fl!("help-init-istat"), long)]
    istat: Option<String>,
    #[arg(help = fl!("help-init-server-name"), long = "server-name")]
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
    #[arg(help = fl!("help-init-serve-database"), long, env = "VEDETTA_SERVE_DATABASE", hide_env_values = true)]
    serve_database: Option<String>,
    #[arg(help = fl!("help-json"), long)]
    json: bool,
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

/// `init`.
pub async fn init(arguments: InitArguments) -> Result<(), ServerError> {
    let data = arguments.place.open();
    if data.is_set_up() {
        return Err(ServerError::AlreadySetUp);
    }
    let controller = Controller {
        name: or_ask(arguments.controller_name, &fl!("ask-controller"), some_text)?,
        id: or_ask(arguments.controller, &fl!("ask-short-name"), short_name)?,
        istat: or_ask(arguments.istat, &fl!("ask-istat"), istat)?,
    };
    let mut names = arguments.names;
    if names.is_empty() {
        names.push(questions::until(&fl!("ask-server-name"), some_text)?);
    }
    let administrator = or_ask(arguments.administrator, &fl!("ask-administrator"), account)?;
    let answers = Answers {
        display_name: or_ask(arguments.name, &fl!("ask-administrator-name"), some_text)?,
        agency: or_ask(arguments.body, &fl!("ask-administrator-agency"), some_text)?,
        act: or_ask(arguments.act, &fl!("ask-appointment"), some_text)?,
        password: match std::env::var("VEDETTA_PASSWORD") {
            Ok(password) => password.into(),
            Err(_) => twice(&administrator.0.to_string())?,
        },
        administrator: administrator.0,
        serve_database: arguments.serve_database,
        listen: arguments.listen,
        controller,
        names,
    };
    let program = std::env::current_exe().map_err(|source| ServerError::File {
        path: "vedetta-audit".into(),
        source,
    })?;
    let (first, user) = (
        answers.names.first().cloned().unwrap_or_default(),
        answers.administrator.clone(),
    );
    let begun = first_run::init(&data, &program, answers).await?;
    if arguments.json {
        let line = serde_json::json!({
            "prepared": true, "unit": begun.unit, "second_factor": begun.second_factor.expose_secret(),
        });
        say(&line.to_string());
        return Ok(());
    }
    let address = format!("{first}:{}", arguments.listen.port());
    show_begun(&begun, &data, &user.to_string(), &address);
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
