//! An error with everything behind it, as one line of the log.
//!
//! Invariant: a log line of the server that has an error says why, down to what the operating system or the database said.
//! Deliberately absent: what a client or a person is told (`protocol::Refusal`, `ServerError::message`): never this.

use std::error::Error;
use std::fmt::{self, Display, Formatter};

/// An error and its sources, separated by colons; one that repeats what was just said is left out.
pub struct Causes<'a>(&'a dyn Error);

/// The error with its sources, to be written with `%` in a log line.
pub fn causes(error: &dyn Error) -> Causes<'_> {
    Causes(error)
}

impl Display for Causes<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        to.write_str(&said)?;
        for cause in std::iter::successors(self.0.source(), |cause: &&dyn Error| (*cause).source()) {
            let text = cause.to_string();
            if !said.ends_with(&text) {
                write!(to, ": {text}")?;
                said = text;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::error::ServerError;
    use crate::server::store::StoreError;
    use std::io::{Error as IoError, ErrorKind};
    use std::path::Path;

    #[test]
    fn every_cause_is_said_once() {
        let disk = || IoError::new(ErrorKind::ReadOnlyFilesystem, "read-only file system");
        let error = ServerError::Store(StoreError::File(disk()));
        assert_eq!(
            causes(&error).to_string(),
            "store: database file: read-only file system"
        );
        let error = StoreError::Sql(sqlx::Error::Io(disk()));
        let said = causes(&error).to_string();
        assert!(said.starts_with("database: "), "{said}");
        assert_eq!(said.matches("read-only file system").count(), 1, "{said}");
    }

    /// Lines of product code that would drop the causes of an error: what `tracing` makes of an error by itself is its
    /// first word.
    fn lines_that_drop_causes(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                lines_that_drop_causes(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let drops = |line: &&str| line.contains("dyn std::error::Error,") || line.contains("%error,");
            found.extend(
                code.lines()
                    .filter(drops)
                    .map(|line| format!("{}: {}", path.display(), line.trim())),
            );
        }
    }

    #[test]
    fn no_log_line_of_the_server_drops_the_causes_of_an_error() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = Vec::new();
        lines_that_drop_causes(&root.join("src/server"), &mut found);
        lines_that_drop_causes(&root.join("src/bin/vedetta-audit"), &mut found);
        assert_eq!(found, Vec::<String>::new());
    }
}
