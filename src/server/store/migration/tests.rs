//! The schema's steps on small databases of the versions they lead from.

use super::*;
use crate::domain::version::steps::LeftAlone;
use crate::server::store::testing;
use sqlx::sqlite::SqlitePoolOptions;

/// The database of a test, closed, as version 4 had it: made by this program, with the step undone.
async fn of_version_4() -> (tempfile::TempDir, DataDir) {
    let (dir, store, _) = testing::store().await;
    let data = DataDir::new(dir.path());
    store.close().await;
    run(
        &data,
        "DROP TABLE credential_given; UPDATE schema_version SET version = 4",
    )
    .await;
    (dir, data)
}

async fn run(data: &DataDir, sql: &'static str) {
    let mut connection = connect(&data.database()).await;
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn connect(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).connect().await.unwrap()
}

/// Every table, index and trigger, in words.
async fn schema(path: &Path) -> Vec<(String, String)> {
    let mut connection = connect(path).await;
    let all = sqlx::query_as("SELECT name, coalesce(sql, '') FROM sqlite_master ORDER BY name");
    all.fetch_all(&mut connection).await.unwrap()
}

#[test]
fn there_is_one_step_from_every_version_that_can_be_read() {
    let from: Vec<i64> = STEPS.iter().map(|(from, _, _)| *from).collect();
    assert_eq!(from, (SCHEMA.oldest..SCHEMA.newest).collect::<Vec<_>>());
    for (name, sql) in [
        ("sqlite", include_str!("../schema/sqlite.sql")),
        ("postgres", include_str!("../schema/postgres.sql")),
    ] {
        let begins = format!("INSERT INTO schema_version VALUES ({})", SCHEMA.newest);
        assert!(sql.contains(&begins), "{name}");
    }
}

#[tokio::test]
async fn a_database_of_an_older_program_gets_the_schema_of_a_new_one_after_a_copy() {
    let (_dir, data) = of_version_4().await;
    let before = schema(&data.database()).await;
    assert!(matches!(Store::open(&data).await.err(), Some(StoreError::Version(4))));
    let migrated = Store::migrate(&data).await.unwrap().unwrap();
    let copy = data.database_copy(4);
    assert_eq!(
        (migrated.from, migrated.to, migrated.copy.as_deref()),
        (4, 5, Some(copy.as_path()))
    );
    let (_fresh, new, _) = testing::store().await;
    new.close().await;
    let fresh = schema(&DataDir::new(_fresh.path()).database()).await;
    assert_eq!(schema(&data.database()).await, fresh);
    assert_eq!(schema(&copy).await, before);
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&copy).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let store = Store::open(&data).await.unwrap();
    assert_eq!(store.logs().await.unwrap().len(), 1);
    store.close().await;
    assert_eq!(Store::migrate(&data).await.unwrap(), None, "once");
}

#[tokio::test]
async fn going_back_is_putting_the_copy_in_place() {
    let (_dir, data) = of_version_4().await;
    Store::migrate(&data).await.unwrap();
    fs::copy(data.database_copy(4), data.database()).unwrap();
    assert!(matches!(Store::open(&data).await.err(), Some(StoreError::Version(4))));
    assert!(Store::migrate(&data).await.unwrap().is_some());
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_left_alone() {
    let (_dir, data) = of_version_4().await;
    run(&data, "UPDATE schema_version SET version = 6").await;
    let before = fs::read(data.database()).unwrap();
    for refused in [Store::migrate(&data).await.err(), Store::open(&data).await.err()] {
        let newer = LeftAlone::OfANewerProgram { found: 6, newest: 5 };
        assert!(matches!(refused, Some(StoreError::LeftAlone(why)) if why == newer));
    }
    assert_eq!(fs::read(data.database()).unwrap(), before);
    assert!(!data.database_copy(6).exists());
}

#[tokio::test]
async fn a_step_that_fails_leaves_the_database_as_it_was_and_is_taken_again() {
    let (_dir, data) = of_version_4().await;
    // In the way of the step.
    run(&data, "CREATE TABLE credential_given (account TEXT)").await;
    let before = schema(&data.database()).await;
    assert!(matches!(Store::migrate(&data).await.err(), Some(StoreError::Sql(_))));
    assert_eq!(schema(&data.database()).await, before);
    assert!(matches!(Store::open(&data).await.err(), Some(StoreError::Version(4))));
    run(&data, "DROP TABLE credential_given").await;
    assert!(Store::migrate(&data).await.unwrap().is_some());
}

#[tokio::test]
async fn a_copy_that_lacks_anything_is_no_copy() {
    let (_dir, data) = of_version_4().await;
    let pool = SqlitePoolOptions::new()
        .connect_with(SqliteConnectOptions::new().filename(data.database()))
        .await
        .unwrap();
    let copy = copied(&pool, &data, 4).await.unwrap();
    let there = counted(&mut *pool.acquire().await.unwrap()).await.unwrap();
    assert!(verify(&copy, &there).await.is_ok());
    let mut connection = connect(&copy).await;
    sqlx::raw_sql("DELETE FROM log").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    assert!(matches!(verify(&copy, &there).await, Err(StoreError::Copy { .. })));
}
