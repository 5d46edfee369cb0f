//! Why the database did not do what it was asked.
//!
//! Deliberately absent: what it means for a person (`server::error`).

use crate::domain::version::steps::{LeftAlone, Readable};

/// The versions of the schema that this program can use.
pub(super) const SCHEMA: Readable = Readable { oldest: 4, newest: 5 };
/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("database")]
    Sql(#[from] sqlx::Error),
    #[error("database file")]
    File(#[from] std::io::Error),
    #[error("the database holds something impossible: {0}")]
    Corrupt(String),
    /// Of an older program, and not moved on yet: a server does that when it starts, or `vedetta-audit migrate`.
    #[error("the database has schema version {0}, not {newest}", newest = SCHEMA.newest)]
    Version(i64),
    #[error("the schema")]
    LeftAlone(#[from] LeftAlone),
    #[error("the copy of the database is not sound: {found}")]
    Copy { found: String },
    #[error("the commit waits, perhaps for a standby: whether it is kept is not known until the log is asked again")]
    Unknown,
    #[error("the log was not written a moment ago")]
    JustFailed,
    #[error("the database is encoded in {0}, not in UTF8")]
    Encoding(String),
    #[error("the database is behind a pooler that keeps no session: {0}")]
    Pooler(&'static str),
}

/// Classes of SQLSTATE (PostgreSQL 15, appendix A) that are about the row that was given: data exception, integrity constraint,
/// program limit.
const OF_THE_ROW: [&str; 3] = ["22", "23", "54"];
/// An exception that a trigger raised.
const RAISED: &str = "P0001";
/// Primary result codes of SQLite that are about the row: too big, constraint (a trigger's too), mismatch.
const SQLITE_OF_THE_ROW: [i32; 3] = [18, 19, 20];

impl StoreError {
    /// Whether the cause is what was to be kept, so that others may be kept all the same; not a database that is away, full
    /// or read only.
    pub fn is_of_the_row(&self) -> bool {
        match self {
            Self::Sql(sqlx::Error::Encode(_)) | Self::Corrupt(_) => true,
            Self::Sql(sqlx::Error::Database(error)) => error.code().is_some_and(|code| is_code_of_the_row(&code)),
            Self::Sql(_)
            | Self::File(_)
            | Self::Version(_)
            | Self::LeftAlone(_)
            | Self::Copy { .. }
            | Self::Encoding(_)
            | Self::Pooler(_)
            | Self::JustFailed
            | Self::Unknown => false,
        }
    }

    /// The database's own code of what went wrong: SQLSTATE, or the number of SQLite.
    pub fn code(&self) -> Option<String> {
        match self {
            Self::Sql(sqlx::Error::Database(error)) => error.code().map(|code| code.into_owned()),
            _ => None,
        }
    }
}

fn is_code_of_the_row(code: &str) -> bool {
    if code.len() == 5 {
        return code == RAISED || OF_THE_ROW.iter().any(|class| code.starts_with(class));
    }
    // The lowest byte of an extended code is the primary one.
    code.parse::<i32>()
        .is_ok_and(|code| SQLITE_OF_THE_ROW.contains(&(code & 0xff)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_row_is_told_from_what_is_wrong_with_the_database() {
        for code in ["22021", "22P05", "23505", "54000", "P0001", "18", "19", "1811", "20"] {
            assert!(is_code_of_the_row(code), "{code}");
        }
        // Read only, disk full, shutting down, serialization; busy, read only, disk full.
        for code in ["25006", "53100", "57P01", "40001", "5", "8", "13", ""] {
            assert!(!is_code_of_the_row(code), "{code}");
        }
    }
}
