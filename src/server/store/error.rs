//! Why the database did not do what it was asked.
//!
//! Deliberately absent: what it means for a person (`server::error`).

/// Version of the schema.
pub(super) const SCHEMA_VERSION: i64 = 4;
/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("database")]
    Sql(#[from] sqlx::Error),
    #[error("database file")]
    File(#[from] std::io::Error),
    #[error("the database holds something impossible: {0}")]
    Corrupt(String),
    #[error("the database has schema version {0}, not {SCHEMA_VERSION}")]
    Version(i64),
}
