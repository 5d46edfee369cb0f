//! Whether a PostgreSQL connection keeps its session, as our use of it needs: settings given when it begins, LISTEN, and named
//! prepared statements.
//!
//! A pooler that gives a server's connection to another client between transactions (pgbouncer, `pool_mode = transaction`) keeps none
//! of them, and what goes wrong then would be told much later and in other words. Locks are held for a transaction only, so they
//! need no session. Invariant: nothing is read of a table and nothing is changed. Deliberately absent: which pooler it is.

use super::StoreError;
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgPool};

/// The settings of every session, as PostgreSQL prints them.
pub(super) const SETTINGS: [(&str, &str); 4] = [
    ("synchronous_commit", "on"),
    ("lock_timeout", "5s"),
    ("statement_timeout", "1min"),
    // A process that stops in the middle of a transaction gives up the sequencer's lock.
    ("idle_in_transaction_session_timeout", "10s"),
];
/// SQLSTATE of a violation of the protocol.
const PROTOCOL: &str = "08P01";
/// How often two connections are compared: between two questions others may take a pooler's connection.
const LOOKS: usize = 3;

/// The error of a connection that did not come about.
pub(super) fn not_connected(error: sqlx::Error) -> StoreError {
    let is_of_a_pooler = |error: &dyn sqlx::error::DatabaseError| {
        error.code().is_some_and(|code| code == PROTOCOL) && error.message().contains("startup parameter")
    };
    match &error {
        // PostgreSQL itself takes `options` (Frontend/Backend Protocol, StartupMessage).
        sqlx::Error::Database(told) if is_of_a_pooler(told.as_ref()) => StoreError::Pooler("it refuses `options`"),
        _ => error.into(),
    }
}

/// Refuses a database whose sessions are not ours alone.
///
/// # Errors
/// [`StoreError::Pooler`]; [`StoreError`]: the database does not answer or refuses.
pub(super) async fn check(pool: &PgPool) -> Result<(), StoreError> {
    let (mut one, mut other) = (pool.acquire().await?, pool.acquire().await?);
    for (name, value) in SETTINGS {
        if answer(&mut one, &format!("SHOW {name}")).await? != value {
            return Err(StoreError::Pooler("it does not pass on our settings"));
        }
    }
    let own = backend(&mut one).await?;
    for _ in 0..LOOKS {
        if backend(&mut other).await? == own || backend(&mut one).await? != own {
            return Err(StoreError::Pooler("its connections change their session"));
        }
    }
    Ok(())
}

/// The process that serves a connection, by which sessions are told apart.
async fn backend(connection: &mut PgConnection) -> Result<String, StoreError> {
    answer(connection, "SELECT pg_backend_pid()::text").await
}

/// The one word that a statement answers; sent as it is, because a prepared one needs a session.
async fn answer(connection: &mut PgConnection, statement: &str) -> Result<String, StoreError> {
    let statement = sqlx::AssertSqlSafe(statement.to_owned());
    Ok(sqlx::raw_sql(statement).fetch_one(connection).await?.try_get(0)?)
}
