//! Finding entries by who, where, what, why, when and how it ended.
//!
//! Each body's words are numbered once (`word`) and kept beside its entry (`found`), in the entry's own transaction.
//! Pages are cut by the last entry seen, never by counting, so the millionth page costs what the first does. Person and
//! camera have an index each, time another; operation, purpose and result are looked at on the way (an index for each would
//! cost more bytes than the whole of this).
//! Invariant: what is found is read from the log itself; this table only says where to look, and is pruned with the body.
//! Deliberately absent: who may search (`server::http::search`).

use super::entries::{Entry, EntryRow, entry};
use super::keys::Keys;
use super::{Log, Store, StoreError, signed, unsigned};
use sqlx::{QueryBuilder, Row as _};

/// What an entry is found by, as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRow {
    pub index: u64,
    /// Person, camera, operation, purpose, result.
    pub words: [i64; 5],
    pub time_s: i64,
}

/// What is looked for; all that is given must fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    pub person: Option<String>,
    pub camera: Option<String>,
    pub operation: Option<String>,
    pub purpose: Option<String>,
    pub result: Option<String>,
    /// By the station's clock, Unix seconds: from, and up to but without.
    pub from_s: Option<i64>,
    pub to_s: Option<i64>,
    pub newest_first: bool,
}

/// An entry that was found, and its station's time, Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub time_s: i64,
    pub entry: Entry,
}

/// Place of an entry in the order of a search: time, then index.
pub type Place = (i64, u64);

impl Store {
    /// Up to `limit` entries that fit, beyond `after`.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn search(
        &self,
        log: &Log,
        wanted: &Wanted,
        after: Option<Place>,
        limit: u32,
    ) -> Result<Vec<Found>, StoreError> {
        let mut words = Vec::new();
        for (column, text) in [
            ("person", &wanted.person),
            ("camera", &wanted.camera),
            ("operation", &wanted.operation),
            ("purpose", &wanted.purpose),
            ("result", &wanted.result),
        ] {
            let Some(text) = text else { continue };
            match self.word(&Keys::word(text)).await? {
                Some(id) => words.push((column, id)),
                None => return Ok(Vec::new()),
            }
        }
        let after = after
            .map(|(time, index)| Ok::<_, StoreError>((time, signed(index)?)))
            .transpose()?;
        let (beyond, order) = if wanted.newest_first {
            ("<", "DESC")
        } else {
            (">", "ASC")
        };
        on!(&self.read, pool => {
            let mut query = QueryBuilder::new(
                "SELECT f.time_s, l.idx, l.station, l.seq, l.class, l.leaf, l.hash, l.received_ms, b.salt, b.body \
                 FROM found f JOIN leaf l ON l.log = f.log AND l.idx = f.idx \
                 LEFT JOIN body b ON b.log = f.log AND b.idx = f.idx WHERE f.log = ",
            );
            query.push_bind(log.id);
            for (column, id) in &words {
                query.push(format!(" AND f.{column} = ")).push_bind(*id);
            }
            if let Some(from) = wanted.from_s {
                query.push(" AND f.time_s >= ").push_bind(from);
            }
            if let Some(to) = wanted.to_s {
                query.push(" AND f.time_s < ").push_bind(to);
            }
            if let Some((time, index)) = after {
                query.push(format!(" AND (f.time_s, f.idx) {beyond} (")).push_bind(time);
                query.push(", ").push_bind(index).push(")");
            }
            query.push(format!(" ORDER BY f.time_s {order}, f.idx {order} LIMIT ")).push_bind(i64::from(limit));
            let rows = query.build().fetch_all(pool).await?;
            rows.iter()
                .map(|row| {
                    let time_s = row.try_get(0)?;
                    let columns: EntryRow = (
                        row.try_get(1)?,
                        row.try_get(2)?,
                        row.try_get(3)?,
                        row.try_get(4)?,
                        row.try_get(5)?,
                        row.try_get(6)?,
                        row.try_get(7)?,
                        row.try_get(8)?,
                        row.try_get(9)?,
                    );
                    Ok(Found { time_s, entry: entry(columns)? })
                })
                .collect()
        })
    }

    /// What the entries `from..to` are found by, in the order of the tree.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn found(&self, log: &Log, from: u64, to: u64) -> Result<Vec<FoundRow>, StoreError> {
        let (from, to) = (signed(from)?, signed(to)?);
        let rows: Vec<(i64, i64, i64, i64, i64, i64, i64)> = on!(&self.read, pool => sqlx::query_as(
            "SELECT idx, person, camera, operation, purpose, result, time_s FROM found \
             WHERE log = $1 AND idx >= $2 AND idx < $3 ORDER BY idx",
        )
        .bind(log.id)
        .bind(from)
        .bind(to)
        .fetch_all(pool)
        .await)?;
        let row = |(index, person, camera, operation, purpose, result, time_s)| {
            Ok(FoundRow {
                index: unsigned(index)?,
                words: [person, camera, operation, purpose, result],
                time_s,
            })
        };
        rows.into_iter().map(row).collect()
    }

    /// The number of a word; `None` when no entry ever had it.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn word(&self, text: &str) -> Result<Option<i64>, StoreError> {
        Ok(
            on!(&self.read, pool => sqlx::query_scalar("SELECT id FROM word WHERE text = $1")
            .bind(text)
            .fetch_optional(pool)
            .await)?,
        )
    }
}
