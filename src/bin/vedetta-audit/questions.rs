//! Questions at the keyboard, asked again while the answer will not do.
//!
//! Invariant: a secret is not shown while it is typed at a terminal, and is read from the environment where it is there.
//! Deliberately absent: what is asked (each command).

use secrecy::SecretString;
use std::io::{BufRead as _, IsTerminal as _};
use std::process::Command;
use vedetta::gui::i18n::fl;
use vedetta::server::administer::Claim;
use vedetta::server::causes::causes;
use vedetta::server::error::ServerError;

/// How often one question is put.
pub const TRIES: usize = 3;

/// A line from the keyboard, without its end. A space parts it from the question.
pub fn line(question: &str) -> Result<String, ServerError> {
    eprint!("{question} ");
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    let read = read.map_err(|source| ServerError::File {
        path: "-".into(),
        source,
    })?;
    if read == 0 {
        return Err(ServerError::Answer(fl!("answer-missing")));
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// What `read` makes of the answer. `read` says in words what is wrong with one that will not do.
pub fn until<T>(question: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<T, ServerError> {
    let mut wrong = String::new();
    for _ in 0..TRIES {
        match read(line(question)?.trim()) {
            Ok(answer) => return Ok(answer),
            Err(words) => {
                not_good(&words);
                wrong = words;
            }
        }
    }
    Err(ServerError::Answer(wrong))
}

/// Says why an answer will not do.
pub fn not_good(why: &str) {
    eprintln!("{}", fl!("answer-not-good", why = why));
}

/// A secret from the environment or the keyboard.
pub fn secret(variable: &str, question: &str) -> Result<SecretString, ServerError> {
    match std::env::var(variable) {
        Ok(value) => Ok(value.into()),
        Err(_) => hidden(question),
    }
}

/// What somebody says of themselves: password and, where there is one, code, from these variables or the keyboard.
pub fn claim(user: String, [password, code]: [&str; 2]) -> Result<Claim, ServerError> {
    let given = std::env::var(code).ok();
    let asked = given.is_none() && std::io::stdin().is_terminal();
    let password = secret(password, &fl!("ask-password-of", user = user.as_str()))?;
    let code = match given {
        None if asked => Some(line(&fl!("ask-code-of", user = user.as_str()))?),
        given => given,
    };
    let code = code.filter(|code| !code.is_empty()).map(SecretString::from);
    Ok(Claim { user, password, code })
}

/// A line that the terminal does not show.
pub fn hidden(question: &str) -> Result<SecretString, ServerError> {
    let _unseen = std::io::stdin().is_terminal().then(Unseen::begin);
    line(question).map(SecretString::from)
}

/// While it lives the terminal shows nothing that is typed.
struct Unseen;

impl Unseen {
    fn begin() -> Self {
        echo("-echo");
        Self
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        echo("echo");
        eprintln!();
    }
}

/// Where there is no `stty` what is typed is seen, as everywhere else on such a machine.
fn echo(how: &str) {
    if let Err(error) = Command::new("stty").arg(how).status() {
        tracing::warn!(error = %causes(&error), "the terminal shows what is typed");
    }
}
