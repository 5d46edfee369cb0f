//! The programs at a terminal: its language, the help of their commands, and what is wrong with a command line.
//!
//! Invariant: every word for people is from `i18n/`, Italian unless the terminal is an English one; only what stands in a usage
//! line, the names of arguments and their values, is the same in every language. Deliberately absent: what an argument means
//! (the program that has it).

use super::i18n::{self, Language, fl};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, Parser};
use std::error::Error as _;
use std::process::ExitCode;

/// The variables that name the language, in the order in which they count (POSIX.1-2017 §8.2).
const VARIABLES: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

/// The status with which a program ends that was not told right what to do, as clap has it.
pub const USAGE: u8 = 2;

/// Speaks the language of the terminal from now on.
fn choose_language() {
    i18n::choose(language(|name| std::env::var(name).ok()));
}

/// The language that the variables name; the first one that is set and not empty counts.
fn language(variable: impl Fn(&str) -> Option<String>) -> Language {
    let named = VARIABLES
        .iter()
        .filter_map(|name| variable(name))
        .find(|value| !value.is_empty());
    match named {
        Some(value) if value.starts_with("en") => Language::English,
        _ => Language::Italian,
    }
}

/// Why an argument will not do, in words for people.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotAccepted(pub String);

/// Chooses the language of the terminal and reads the command line in it.
///
/// # Errors
/// The status to end with, after help, version or a sentence was said: success when help or version was asked for, 2 when
/// the command line cannot be understood.
pub fn arguments<T: Parser>() -> Result<T, ExitCode> {
    choose_language();
    let mut command = in_language(T::command());
    let read = command.try_get_matches_from_mut(std::env::args_os());
    let error = match read.and_then(|matches| T::from_arg_matches(&matches)) {
        Ok(arguments) => return Ok(arguments),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Whoever stopped reading wants no more of it.
            drop(error.print());
            Err(ExitCode::SUCCESS)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            drop(error.print());
            Err(ExitCode::from(USAGE))
        }
        _ => {
            eprintln!("{} {}", fault(&error), fl!("arguments-help"));
            Err(ExitCode::from(USAGE))
        }
    }
}

/// The command with clap's own words in the language in force.
fn in_language(command: Command) -> Command {
    let template = format!(
        "{{about-with-newline}}\n{} {{usage}}\n\n{{all-args}}",
        fl!("help-usage")
    );
    let version = command.get_version().is_some();
    let mut command = command
        .help_template(template)
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .arg(own_flag("help", 'h', ArgAction::Help, fl!("help-help")));
    if version {
        command = command.arg(own_flag("version", 'V', ArgAction::Version, fl!("help-version")));
    }
    if command.has_subcommands() {
        command = command
            .subcommand_help_heading(for_good(fl!("help-commands")))
            .subcommand_value_name(for_good(fl!("help-command")));
    }
    let (arguments, options) = (for_good(fl!("help-arguments")), for_good(fl!("help-options")));
    command
        .mut_args(|arg| {
            let heading = if arg.is_positional() { arguments } else { options };
            hints(arg).help_heading(heading)
        })
        .mut_subcommands(in_language)
}

fn own_flag(name: &'static str, short: char, action: ArgAction, help: String) -> Arg {
    Arg::new(name).short(short).long(name).action(action).help(help)
}

/// Words that clap keeps for the life of the program.
fn for_good(words: String) -> &'static str {
    words.leak()
}

/// An argument whose help also says, in the language in force, its values, what holds when it is not given, and its variable.
fn hints(arg: Arg) -> Arg {
    let Some(help) = arg.get_help() else { return arg };
    let mut text = help.to_string();
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .map(|value| value.get_name().to_owned())
        .collect();
    if arg.get_action().takes_values() && !values.is_empty() {
        text = fl!("help-values", text = text, values = values.join(", "));
    }
    let default: Vec<_> = arg
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy())
        .collect();
    if default.iter().any(|value| !value.is_empty()) {
        text = fl!("help-default", text = text, value = default.join(", "));
    }
    if let Some(name) = arg.get_env() {
        text = fl!("help-variable", text = text, name = name.to_string_lossy().into_owned());
    }
    arg.help(text)
        .hide_default_value(true)
        .hide_possible_values(true)
        .hide_env(true)
}

/// One sentence on what is wrong with a command line.
fn fault(error: &clap::Error) -> String {
    let named = |kind| match error.get(kind) {
        Some(ContextValue::String(name)) => name.clone(),
        Some(ContextValue::Strings(names)) => names.join(", "),
        _ => String::new(),
    };
    let argument = named(ContextKind::InvalidArg);
    let value = named(ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::UnknownArgument => fl!("arguments-unknown", argument = argument),
        ErrorKind::InvalidSubcommand => fl!("arguments-no-command", command = named(ContextKind::InvalidSubcommand)),
        ErrorKind::MissingRequiredArgument => fl!("arguments-missing", arguments = argument),
        ErrorKind::ArgumentConflict if argument == named(ContextKind::PriorArg) => {
            fl!("arguments-twice", argument = argument)
        }
        ErrorKind::ArgumentConflict => {
            fl!(
                "arguments-conflict",
                argument = argument,
                other = named(ContextKind::PriorArg)
            )
        }
        ErrorKind::InvalidValue if value.is_empty() => fl!("arguments-no-value", argument = argument),
        ErrorKind::InvalidValue => fl!(
            "arguments-values",
            argument = argument,
            value = value,
            values = named(ContextKind::ValidValue)
        ),
        ErrorKind::ValueValidation => {
            let why = error.source().and_then(|source| source.downcast_ref::<NotAccepted>());
            match why {
                Some(NotAccepted(why)) => {
                    fl!(
                        "arguments-value-why",
                        argument = argument,
                        value = value,
                        why = why.as_str()
                    )
                }
                None => fl!("arguments-value", argument = argument, value = value),
            }
        }
        _ => fl!("arguments-wrong"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory as _, Subcommand, ValueEnum};

    #[derive(Parser)]
    #[command(name = "prova", version, about = "Prova.")]
    struct Trial {
        #[command(subcommand)]
        command: TrialCommand,
    }

    #[derive(Subcommand)]
    enum TrialCommand {
        #[command(about = "Cerca.")]
        Find {
            #[arg(help = "Colore.", long, value_enum, default_value = "rosso")]
            colour: Colour,
            #[arg(help = "Quanti.", long, value_parser = few)]
            many: u8,
            #[arg(help = "Cartella.")]
            folder: String,
        },
    }

    #[derive(Clone, Copy, ValueEnum)]
    enum Colour {
        Rosso,
        Verde,
    }

    fn few(text: &str) -> Result<u8, NotAccepted> {
        let number = text.parse().ok().filter(|number| *number < 10);
        number.ok_or_else(|| NotAccepted("al più nove".to_owned()))
    }

    fn refused(arguments: &[&str]) -> clap::Error {
        let command = in_language(Trial::command());
        let given = std::iter::once("prova").chain(arguments.iter().copied());
        command.try_get_matches_from(given).unwrap_err()
    }

    #[test]
    fn help_has_no_word_that_clap_says_in_english() {
        for arguments in [&["--help"][..], &["find", "--help"]] {
            let help = refused(arguments).to_string();
            for word in [
                "Usage",
                "Options",
                "Commands",
                "Arguments",
                "Print",
                "default",
                "possible",
            ] {
                assert!(!help.contains(word), "{word}: {help}");
            }
        }
        let help = refused(&["find", "--help"]).to_string();
        for words in [
            "Uso: prova find",
            "Colore. (valori: rosso, verde) (se manca: rosso)",
            "Argomenti:",
            "Opzioni:",
        ] {
            assert!(help.contains(words), "{words}: {help}");
        }
    }

    #[test]
    fn each_fault_of_a_command_line_has_its_sentence() {
        let cases = [
            (&["cerca"][..], "Comando sconosciuto: cerca."),
            (&["find", "--altro"], "Argomento sconosciuto: --altro."),
            (&["find"], "Manca: --many <MANY>, <FOLDER>."),
            (&["find", "--many"], "--many <MANY> vuole un valore."),
            (
                &["find", "--colour", "blu"],
                "--colour <COLOUR> non accetta «blu»; valori: rosso, verde.",
            ),
            (
                &["find", "--many", "12"],
                "--many <MANY> non accetta «12»: al più nove.",
            ),
        ];
        for (arguments, sentence) in cases {
            assert_eq!(fault(&refused(arguments)), sentence, "{arguments:?}");
        }
    }

    #[test]
    fn the_first_variable_that_is_set_names_the_language() {
        let of = |set: &[(&str, &str)]| {
            language(|name| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of(&[]), Language::Italian);
        assert_eq!(of(&[("LANG", "C")]), Language::Italian);
        assert_eq!(of(&[("LANG", "en_GB.UTF-8")]), Language::English);
        assert_eq!(of(&[("LC_ALL", ""), ("LANG", "en_GB.UTF-8")]), Language::English);
        assert_eq!(
            of(&[("LC_ALL", "it_IT.UTF-8"), ("LANG", "en_GB.UTF-8")]),
            Language::Italian
        );
        assert_eq!(of(&[("LC_MESSAGES", "en"), ("LANG", "it_IT")]), Language::English);
    }
}
