//! A database's password on the command line, where every account of the machine reads it as long as the program runs.
//!
//! Invariant: nothing is done with such a line. Deliberately absent: the environment, which is of the own account alone.

use reqwest::Url;

/// Whether an argument, or the value of one that is written with `=`, is the address of a database with a password in it: before the
/// host or as the parameter `password` (PostgreSQL, libpq connection URIs).
pub fn is_in(arguments: impl IntoIterator<Item = String>) -> bool {
    arguments.into_iter().any(|argument| {
        let value = match argument.split_once('=') {
            Some((name, value)) if name.starts_with("--") => value,
            _ => &argument,
        };
        Url::parse(value).is_ok_and(|address| {
            matches!(address.scheme(), "postgres" | "postgresql")
                && (address.password().is_some() || address.query_pairs().any(|(name, _)| name == "password"))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::is_in;

    #[test]
    fn a_password_in_an_address_is_seen_in_every_form() {
        for shown in [
            "postgres://anna:segreta@db.example/vedetta",
            "postgresql://anna:segreta@db.example:5432/vedetta?sslmode=require",
            "--database=postgres://anna:segreta@db.example/vedetta",
            "--serve-database=postgres://db.example/vedetta?user=anna&password=segreta",
        ] {
            assert!(is_in(["serve".into(), shown.into()]), "{shown}");
        }
        for clean in [
            "postgres://anna@db.example/vedetta?sslmode=verify-full",
            "--database=postgres:///vedetta?host=/run/postgresql",
            "https://anna:segreta@site.example",
            "a:b@c",
            "--reason=cambio: la password@database",
        ] {
            assert!(!is_in([clean.into()]), "{clean}");
        }
    }
}
