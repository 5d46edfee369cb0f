//! Leaves and bodies: appended in one transaction, read in pages.
//!
//! Invariant: an entry, its body, the nodes it completes and what it is found by enter together or not at all. The body of an event
//! that is set aside is kept as hexadecimal, which every database takes whatever is in it, in the same table: what guards, holds
//! and prunes bodies does so with it.
//! Deliberately absent: whether an entry may enter (`server::log::sequencer`).

use super::keys::{Keys, Words};
use super::{Either, Log, Store, StoreError, ended, signed, unsigned};
use crate::domain::audit::chain::{Sealed, StationChain};
use crate::domain::audit::event::RetentionClass;
use crate::domain::audit::hash::Hash;
use crate::domain::audit::tree::NodeId;
use crate::domain::camera::StationId;
use sqlx::{Postgres, QueryBuilder, Sqlite, Transaction};

/// Rows in one statement: 128 of the widest table stay below every limit of both databases.
const ROWS: usize = 128;
/// Number of the advisory lock that the sequencer of a PostgreSQL database holds.
const SEQUENCER_LOCK: i64 = 0x7665_6465_7474_6101;

/// The beginning of a body that is kept as hexadecimal. No body begins so that reads as a JSON object.
const ASIDE: &str = "hex:";

/// A body that is set aside, as a column keeps it.
fn as_hexadecimal(body: &str) -> String {
    format!("{ASIDE}{}", hex::encode(body))
}

/// A transaction on the log. What is added is sent to the database in few statements, at the latest by [`Append::commit`].
pub struct Append {
    pub(super) tx: Either<Transaction<'static, Sqlite>, Transaction<'static, Postgres>>,
    /// Grows when another process wrote in between: what is known of the log must then be read again.
    pub epoch: i64,
    /// The largest number of a word, where it can fall: a database that others may replace while this process runs.
    pub highest_word: i64,
    rows: Vec<Row>,
    nodes: Vec<(i64, NodeId, Hash)>,
}

struct Row {
    log: i64,
    index: i64,
    station: String,
    seq: i64,
    class: &'static str,
    leaf: String,
    hash: Hash,
    received_ms: i64,
    salt: Vec<u8>,
    body: String,
    words: Words,
    time_s: i64,
}

/// An entry as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub index: u64,
    pub station: String,
    pub seq: u64,
    pub class: RetentionClass,
    pub leaf: String,
    pub hash: Vec<u8>,
    /// When the server took it in, Unix ms.
    pub received_ms: i64,
    /// Salt and body; `None` once pruned.
    pub opening: Option<(Vec<u8>, String)>,
    /// The body is set aside: found by no word, and perhaps no JSON.
    pub is_aside: bool,
}

pub(super) fn class_text(class: RetentionClass) -> &'static str {
    match class {
        RetentionClass::Police => "police",
        RetentionClass::Standard => "standard",
    }
}

pub(super) fn class_of(text: &str) -> Result<RetentionClass, StoreError> {
    match text {
        "police" => Ok(RetentionClass::Police),
        "standard" => Ok(RetentionClass::Standard),
        other => Err(StoreError::Corrupt(format!("class {other}"))),
    }
}

impl Append {
    /// Adds an event at `index` with the nodes it completes (the leaf itself is not among the rows of `node`).
    ///
    /// # Errors
    /// [`StoreError`]; the transaction is then given up as a whole.
    pub async fn entry(&mut self, log: &Log, new: NewEntry<'_>) -> Result<(), StoreError> {
        self.rows.push(Row {
            log: log.id,
            index: signed(new.index)?,
            station: new.station.to_string(),
            seq: signed(new.event.seq)?,
            class: class_text(new.event.class),
            leaf: new.event.leaf.clone(),
            hash: new.event.leaf_hash,
            received_ms: new.received_ms,
            salt: new.event.salt.to_vec(),
            body: if new.is_aside {
                as_hexadecimal(&new.event.body)
            } else {
                new.event.body.clone()
            },
            words: new.words,
            time_s: new.keys.time_s,
        });
        let above = new.nodes.iter().filter(|(id, _)| id.level > 0);
        self.nodes.extend(above.map(|(id, hash)| (log.id, *id, *hash)));
        if self.rows.len() >= ROWS {
            self.send().await
        } else {
            Ok(())
        }
    }

    async fn send(&mut self) -> Result<(), StoreError> {
        let (rows, nodes) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.nodes));
        if !rows.is_empty() {
            on!(&mut self.tx, tx => {
                let mut leaves =
                    QueryBuilder::new("INSERT INTO leaf (log, idx, station, seq, class, leaf, hash, received_ms) ");
                leaves.push_values(&rows, |mut to, row| {
                    to.push_bind(row.log).push_bind(row.index).push_bind(row.station.clone()).push_bind(row.seq);
                    to.push_bind(row.class).push_bind(row.leaf.clone()).push_bind(row.hash.0.to_vec());
                    to.push_bind(row.received_ms);
                });
                leaves.build().execute(&mut **tx).await?;
                let mut bodies = QueryBuilder::new("INSERT INTO body (log, idx, salt, body) ");
                bodies.push_values(&rows, |mut to, row| {
                    to.push_bind(row.log).push_bind(row.index).push_bind(row.salt.clone()).push_bind(row.body.clone());
                });
                bodies.build().execute(&mut **tx).await?;
                let mut found = QueryBuilder::new(
                    "INSERT INTO found (log, idx, person, camera, operation, purpose, result, time_s) ",
                );
                found.push_values(&rows, |mut to, row| {
                    let words = &row.words;
                    to.push_bind(row.log).push_bind(row.index).push_bind(words.person).push_bind(words.camera);
                    to.push_bind(words.operation).push_bind(words.purpose).push_bind(words.result);
                    to.push_bind(row.time_s);
                });
                found.build().execute(&mut **tx).await?;
            });
        }
        for nodes in nodes.chunks(2 * ROWS) {
            on!(&mut self.tx, tx => {
                let mut query = QueryBuilder::new("INSERT INTO node (log, level, idx, hash) ");
                query.push_values(nodes, |mut to, (log, id, hash)| {
                    to.push_bind(*log).push_bind(i64::from(id.level)).push_bind(id.index.cast_signed());
                    to.push_bind(hash.0.to_vec());
                });
                query.build().execute(&mut **tx).await?;
            });
        }
        Ok(())
    }

    /// The number of each of these words; new ones are added.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn word(&mut self, text: &str) -> Result<i64, StoreError> {
        on!(&mut self.tx, tx => {
            let known: Option<i64> = sqlx::query_scalar("SELECT id FROM word WHERE text = $1")
                .bind(text.to_owned())
                .fetch_optional(&mut **tx)
                .await?;
            if let Some(id) = known {
                return Ok(id);
            }
            let insert = "INSERT INTO word (id, text) VALUES ((SELECT coalesce(max(id), 0) + 1 FROM word), $1) RETURNING id";
            Ok(sqlx::query_scalar(insert).bind(text.to_owned()).fetch_one(&mut **tx).await?)
        })
    }

    /// Keeps what a station said the second time, and puts the station in quarantine. A body that is no JSON object is kept as
    /// hexadecimal, after `hex:`.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn equivocation(
        &mut self,
        log: &Log,
        station: &StationId,
        offered: &Sealed,
        is_aside: bool,
        at_ms: i64,
    ) -> Result<(), StoreError> {
        let seq = signed(offered.seq)?;
        let body = if is_aside {
            as_hexadecimal(&offered.body)
        } else {
            offered.body.clone()
        };
        on!(&mut self.tx, tx => {
            sqlx::query(
                "INSERT INTO equivocation (log, station, seq, offered_leaf, offered_body, at_ms) \
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            )
            .bind(log.id)
            .bind(station.as_str())
            .bind(seq)
            .bind(offered.leaf.as_str())
            .bind(body.as_str())
            .bind(at_ms)
            .execute(&mut **tx)
            .await?;
            sqlx::query("UPDATE station SET quarantined = 1 WHERE station = $1")
                .bind(station.as_str())
                .execute(&mut **tx)
                .await?;
        });
        Ok(())
    }

    /// The entry a station has at `seq`: index and leaf. Sees what this transaction added.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn at_seq(
        &mut self,
        log: &Log,
        station: &StationId,
        seq: u64,
    ) -> Result<Option<(u64, String)>, StoreError> {
        let Ok(seq) = signed(seq) else { return Ok(None) };
        self.send().await?;
        let row: Option<(i64, String)> = on!(&mut self.tx, tx =>
            sqlx::query_as("SELECT idx, leaf FROM leaf WHERE log = $1 AND station = $2 AND seq = $3")
                .bind(log.id)
                .bind(station.as_str())
                .bind(seq)
                .fetch_optional(&mut **tx)
                .await)?;
        row.map(|(index, leaf)| Ok((unsigned(index)?, leaf))).transpose()
    }

    /// Makes everything durable. A commit that waits for a standby has no limit in PostgreSQL; it has one here.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was kept, or nobody knows; ask the log again. [`StoreError::Unknown`]: the limit went by.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.send().await?;
        on!(self.tx, tx => ended(tx.commit()).await)
    }
}

/// What [`Append::entry`] adds.
pub struct NewEntry<'a> {
    pub index: u64,
    pub station: &'a StationId,
    pub event: &'a Sealed,
    pub nodes: &'a [(NodeId, Hash)],
    pub received_ms: i64,
    pub keys: &'a Keys,
    pub words: Words,
    /// The body is kept apart from those that are read.
    pub is_aside: bool,
}

impl Store {
    /// Begins a transaction on the log, taking the lock of the one writer. `holder` names this process; a PostgreSQL
    /// database keeps it with the epoch, which grows when the holder changes.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn append(&self, holder: &str) -> Result<Append, StoreError> {
        let (tx, epoch, highest_word) = match &self.write {
            Either::Sqlite(pool) => (Either::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?), 0, i64::MAX),
            Either::Postgres(pool) => {
                let mut tx = pool.begin().await?;
                sqlx::query("SELECT pg_advisory_xact_lock($1)")
                    .bind(SEQUENCER_LOCK)
                    .execute(&mut *tx)
                    .await?;
                let (mut epoch, last, word): (i64, String, i64) =
                    sqlx::query_as("SELECT epoch, holder, (SELECT coalesce(max(id), 0) FROM word) FROM sequencer")
                        .fetch_one(&mut *tx)
                        .await?;
                if last != holder {
                    epoch += 1;
                    sqlx::query("UPDATE sequencer SET epoch = $1, holder = $2")
                        .bind(epoch)
                        .bind(holder)
                        .execute(&mut *tx)
                        .await?;
                }
                (Either::Postgres(tx), epoch, word)
            }
        };
        Ok(Append {
            tx,
            epoch,
            highest_word,
            rows: Vec::new(),
            nodes: Vec::new(),
        })
    }

    /// Where a station's chain stands: the last leaf of it that is in the log.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn chain(&self, log: &Log, station: &StationId) -> Result<StationChain, StoreError> {
        let last: Option<(i64, Vec<u8>)> = on!(&self.read, pool =>
            sqlx::query_as("SELECT seq, hash FROM leaf WHERE log = $1 AND station = $2 ORDER BY seq DESC LIMIT 1")
                .bind(log.id)
                .bind(station.as_str())
                .fetch_optional(pool)
                .await)?;
        let mut chain = StationChain::new(station.clone());
        if let Some((seq, hash)) = last {
            chain.next_seq = unsigned(seq)? + 1;
            chain.prev = Some(Hash::try_from(hash.as_slice()).map_err(|error| StoreError::Corrupt(error.to_string()))?);
        }
        Ok(chain)
    }

    /// The index of the entry that a station has at `seq`.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn index_of(&self, log: &Log, station: &StationId, seq: u64) -> Result<Option<u64>, StoreError> {
        let Ok(seq) = signed(seq) else { return Ok(None) };
        let index: Option<i64> = on!(&self.read, pool =>
            sqlx::query_scalar("SELECT idx FROM leaf WHERE log = $1 AND station = $2 AND seq = $3")
                .bind(log.id)
                .bind(station.as_str())
                .bind(seq)
                .fetch_optional(pool)
                .await)?;
        index.map(unsigned).transpose()
    }

    /// `count` leaves from `first` on.
    ///
    /// # Errors
    /// [`StoreError`], also when one is missing.
    pub async fn leaves(&self, log: &Log, first: u64, count: u64) -> Result<Vec<String>, StoreError> {
        let (at, most) = (signed(first)?, signed(count)?);
        let leaves: Vec<String> = on!(&self.read, pool =>
            sqlx::query_scalar("SELECT leaf FROM leaf WHERE log = $1 AND idx >= $2 ORDER BY idx LIMIT $3")
                .bind(log.id)
                .bind(at)
                .bind(most)
                .fetch_all(pool)
                .await)?;
        if leaves.len() as u64 == count {
            Ok(leaves)
        } else {
            Err(StoreError::Corrupt(format!("leaves are missing after {first}")))
        }
    }

    /// Up to `limit` entries from `from` on, in the order of the tree.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn entries(&self, log: &Log, from: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let at = signed(from)?;
        let rows: Vec<EntryRow> = on!(&self.read, pool => sqlx::query_as(
            "SELECT l.idx, l.station, l.seq, l.class, l.leaf, l.hash, l.received_ms, b.salt, b.body \
             FROM leaf l LEFT JOIN body b ON b.log = l.log AND b.idx = l.idx \
             WHERE l.log = $1 AND l.idx >= $2 ORDER BY l.idx LIMIT $3",
        )
        .bind(log.id)
        .bind(at)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)?;
        rows.into_iter().map(entry).collect()
    }
}

pub(super) type EntryRow = (
    i64,
    String,
    i64,
    String,
    String,
    Vec<u8>,
    i64,
    Option<Vec<u8>>,
    Option<String>,
);

pub(super) fn entry(
    (index, station, seq, class, leaf, hash, received_ms, salt, body): EntryRow,
) -> Result<Entry, StoreError> {
    let (body, is_aside) = match body {
        Some(kept) => match kept.strip_prefix(ASIDE) {
            Some(aside) => (Some(of_hexadecimal(aside)?), true),
            None => (Some(kept), false),
        },
        None => (None, false),
    };
    Ok(Entry {
        index: unsigned(index)?,
        station,
        seq: unsigned(seq)?,
        class: class_of(&class)?,
        leaf,
        hash,
        received_ms,
        opening: salt.zip(body),
        is_aside,
    })
}

fn of_hexadecimal(kept: &str) -> Result<String, StoreError> {
    let corrupt = || StoreError::Corrupt("a body that is set aside".into());
    let bytes = hex::decode(kept).map_err(|_| corrupt())?;
    String::from_utf8(bytes).map_err(|_| corrupt())
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::domain::audit::{leaf, tree::Frontier};

    fn event(seq: u64) -> Sealed {
        let leaf = format!("leaf {seq}");
        let leaf_hash = leaf::leaf_hash(leaf.as_bytes());
        Sealed {
            seq,
            class: RetentionClass::Police,
            leaf,
            leaf_hash,
            salt: [1; 32],
            body: "{}".into(),
        }
    }

    async fn add(append: &mut Append, log: &Log, seq: u64, station: &StationId, nodes: &[(NodeId, Hash)]) {
        let new = NewEntry {
            index: seq,
            station,
            event: &event(seq),
            nodes,
            received_ms: 0,
            keys: &Keys::default(),
            words: Words::default(),
            is_aside: false,
        };
        append.entry(log, new).await.unwrap();
    }

    #[tokio::test]
    async fn r_aud_2_a_body_that_is_set_aside_comes_back_byte_for_byte() {
        let (_dir, store, log) = testing::store().await;
        let bodies = ["a\0b", "hex:00", "{\"person\":\"\\ud800\"}", "", "\u{1f600}\r\n"];
        let mut append = store.append("a").await.unwrap();
        for (index, body) in (0..).zip(bodies) {
            let sealed = Sealed {
                body: body.into(),
                ..event(index)
            };
            let new = NewEntry {
                index,
                station: &"sala".parse().unwrap(),
                event: &sealed,
                nodes: &[],
                received_ms: 0,
                keys: &Keys::default(),
                words: Words::default(),
                is_aside: true,
            };
            append.entry(&log, new).await.unwrap();
        }
        append.commit().await.unwrap();
        let kept = store.entries(&log, 0, 10).await.unwrap();
        assert!(kept.iter().all(|entry| entry.is_aside));
        let kept: Vec<String> = kept.into_iter().map(|entry| entry.opening.unwrap().1).collect();
        assert_eq!(kept, bodies);
    }

    #[tokio::test]
    async fn r_aud_2_log_tables_refuse_every_change() {
        let (_dir, store, log) = testing::store().await;
        let station: StationId = "sala".parse().unwrap();
        let mut frontier = Frontier::default();
        let mut append = store.append("a").await.unwrap();
        for seq in 0..5 {
            let nodes = frontier.append(event(seq).leaf_hash);
            add(&mut append, &log, seq, &station, &nodes).await;
        }
        append.commit().await.unwrap();
        for statement in [
            "UPDATE leaf SET leaf = 'x' WHERE idx = 1",
            "DELETE FROM leaf WHERE idx = 4",
            "UPDATE body SET body = 'x'",
            "DELETE FROM body",
            "UPDATE node SET idx = 9",
            "DELETE FROM node",
            "INSERT OR REPLACE INTO body SELECT log, idx, salt, 'x' FROM body WHERE idx = 1",
            "INSERT OR REPLACE INTO leaf SELECT log, idx, station, seq, class, 'x', hash, 0 FROM leaf WHERE idx = 1",
            "INSERT INTO leaf SELECT log, 7, station, 7, class, leaf, hash, 0 FROM leaf WHERE idx = 1",
        ] {
            assert!(
                on!(&store.write, pool => sqlx::raw_sql(statement).execute(pool).await.is_err()),
                "{statement}"
            );
        }
        assert_eq!(store.size(&log).await.unwrap(), 5);
        assert_eq!(store.frontier(&log, 5).await.unwrap(), frontier);
        assert_eq!(store.chain(&log, &station).await.unwrap().next_seq, 5);
        assert_eq!(store.entries(&log, 3, 10).await.unwrap().len(), 2);
        assert_eq!(
            store
                .append("a")
                .await
                .unwrap()
                .at_seq(&log, &station, 2)
                .await
                .unwrap(),
            Some((2, "leaf 2".into()))
        );
    }

    #[tokio::test]
    async fn what_was_not_committed_is_not_there() {
        let (_dir, store, log) = testing::store().await;
        let mut append = store.append("a").await.unwrap();
        add(&mut append, &log, 0, &"sala".parse().unwrap(), &[]).await;
        drop(append);
        assert_eq!(store.size(&log).await.unwrap(), 0);
    }
}
