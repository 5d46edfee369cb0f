//! Leaves and bodies: appended in one transaction, read in pages.
//!
//! Invariant: an entry, its body and the nodes it completes enter together or not at all.
//! Deliberately absent: whether an entry may enter (`server::log::sequencer`).

use super::{Log, Store, StoreError, signed, unsigned};
use crate::domain::audit::chain::{Sealed, StationChain};
use crate::domain::audit::event::RetentionClass;
use crate::domain::audit::hash::Hash;
use crate::domain::audit::tree::NodeId;
use crate::domain::camera::StationId;
use sqlx::{Sqlite, Transaction};

/// A transaction on the log.
pub struct Append(Transaction<'static, Sqlite>);

/// An entry as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub index: u64,
    pub station: String,
    pub seq: u64,
    pub class: RetentionClass,
    pub leaf: String,
    pub hash: Vec<u8>,
    /// Salt and body; `None` once pruned.
    pub opening: Option<(Vec<u8>, String)>,
}

fn class_text(class: RetentionClass) -> &'static str {
    match class {
        RetentionClass::Police => "police",
        RetentionClass::Standard => "standard",
    }
}

fn class_of(text: &str) -> Result<RetentionClass, StoreError> {
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
    pub async fn entry(
        &mut self,
        log: &Log,
        index: u64,
        station: &StationId,
        event: &Sealed,
        nodes: &[(NodeId, Hash)],
        received_ms: i64,
    ) -> Result<(), StoreError> {
        let index = signed(index)?;
        sqlx::query(
            "INSERT INTO leaf (log, idx, station, seq, class, leaf, hash, received_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(log.id)
        .bind(index)
        .bind(station.as_str())
        .bind(signed(event.seq)?)
        .bind(class_text(event.class))
        .bind(event.leaf.as_str())
        .bind(event.leaf_hash.0.as_slice())
        .bind(received_ms)
        .execute(&mut *self.0)
        .await?;
        sqlx::query("INSERT INTO body (log, idx, salt, body) VALUES (?, ?, ?, ?)")
            .bind(log.id)
            .bind(index)
            .bind(event.salt.as_slice())
            .bind(event.body.as_str())
            .execute(&mut *self.0)
            .await?;
        for (id, hash) in nodes.iter().filter(|(id, _)| id.level > 0) {
            sqlx::query("INSERT INTO node (log, level, idx, hash) VALUES (?, ?, ?, ?)")
                .bind(log.id)
                .bind(i64::from(id.level))
                .bind(signed(id.index)?)
                .bind(hash.0.as_slice())
                .execute(&mut *self.0)
                .await?;
        }
        Ok(())
    }

    /// Keeps what a station said the second time, and puts the station in quarantine.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn equivocation(
        &mut self,
        log: &Log,
        station: &StationId,
        offered: &Sealed,
        at_ms: i64,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO equivocation (log, station, seq, offered_leaf, offered_body, at_ms) VALUES (?, ?, ?, ?, ?, ?) \
             ON CONFLICT DO NOTHING",
        )
        .bind(log.id)
        .bind(station.as_str())
        .bind(signed(offered.seq)?)
        .bind(offered.leaf.as_str())
        .bind(offered.body.as_str())
        .bind(at_ms)
        .execute(&mut *self.0)
        .await?;
        sqlx::query("UPDATE station SET quarantined = 1 WHERE station = ?")
            .bind(station.as_str())
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }

    /// The entry a station has at `seq`: index and leaf. Sees what this transaction added.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn at_seq(
        &mut self,
        log: &Log,
        station: &StationId,
        seq: u64,
    ) -> Result<Option<(u64, String)>, StoreError> {
        let Ok(seq) = signed(seq) else { return Ok(None) };
        let row: Option<(i64, String)> =
            sqlx::query_as("SELECT idx, leaf FROM leaf WHERE log = ? AND station = ? AND seq = ?")
                .bind(log.id)
                .bind(station.as_str())
                .bind(seq)
                .fetch_optional(&mut *self.0)
                .await?;
        row.map(|(index, leaf)| Ok((unsigned(index)?, leaf))).transpose()
    }

    /// Makes everything durable.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was kept.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.0.commit().await?)
    }
}

impl Store {
    /// Begins a transaction on the log, taking the write lock at once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn append(&self) -> Result<Append, StoreError> {
        Ok(Append(self.write.begin_with("BEGIN IMMEDIATE").await?))
    }

    /// Where a station's chain stands: the last leaf of it that is in the log.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn chain(&self, log: &Log, station: &StationId) -> Result<StationChain, StoreError> {
        let last: Option<(i64, Vec<u8>)> =
            sqlx::query_as("SELECT seq, hash FROM leaf WHERE log = ? AND station = ? ORDER BY seq DESC LIMIT 1")
                .bind(log.id)
                .bind(station.as_str())
                .fetch_optional(&self.read)
                .await?;
        let mut chain = StationChain::new(station.clone());
        if let Some((seq, hash)) = last {
            chain.next_seq = unsigned(seq)? + 1;
            chain.prev = Some(Hash::try_from(hash.as_slice()).map_err(|error| StoreError::Corrupt(error.to_string()))?);
        }
        Ok(chain)
    }

    /// `count` leaves from `first` on.
    ///
    /// # Errors
    /// [`StoreError`], also when one is missing.
    pub async fn leaves(&self, log: &Log, first: u64, count: u64) -> Result<Vec<String>, StoreError> {
        let leaves: Vec<String> =
            sqlx::query_scalar("SELECT leaf FROM leaf WHERE log = ? AND idx >= ? ORDER BY idx LIMIT ?")
                .bind(log.id)
                .bind(signed(first)?)
                .bind(signed(count)?)
                .fetch_all(&self.read)
                .await?;
        if leaves.len() as u64 == count {
            Ok(leaves)
        } else {
            Err(StoreError::Corrupt(format!("leaves are missing after {first}")))
        }
    }

    /// Up to `limit` entries from `from` on, in the order of the tree.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries(&self, log: &Log, from: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        type Row = (
            i64,
            String,
            i64,
            String,
            String,
            Vec<u8>,
            Option<Vec<u8>>,
            Option<String>,
        );
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT l.idx, l.station, l.seq, l.class, l.leaf, l.hash, b.salt, b.body \
             FROM leaf l LEFT JOIN body b ON b.log = l.log AND b.idx = l.idx \
             WHERE l.log = ? AND l.idx >= ? ORDER BY l.idx LIMIT ?",
        )
        .bind(log.id)
        .bind(signed(from)?)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.into_iter()
            .map(|(index, station, seq, class, leaf, hash, salt, body)| {
                Ok(Entry {
                    index: unsigned(index)?,
                    station,
                    seq: unsigned(seq)?,
                    class: class_of(&class)?,
                    leaf,
                    hash,
                    opening: salt.zip(body),
                })
            })
            .collect()
    }
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

    #[tokio::test]
    async fn r_aud_2_log_tables_refuse_every_change() {
        let (_dir, store, log) = testing::store().await;
        let station: StationId = "sala".parse().unwrap();
        let mut frontier = Frontier::default();
        let mut append = store.append().await.unwrap();
        for seq in 0..5 {
            let nodes = frontier.append(event(seq).leaf_hash);
            append.entry(&log, seq, &station, &event(seq), &nodes, 0).await.unwrap();
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
                sqlx::raw_sql(statement).execute(&store.write).await.is_err(),
                "{statement}"
            );
        }
        assert_eq!(store.size(&log).await.unwrap(), 5);
        assert_eq!(store.frontier(&log, 5).await.unwrap(), frontier);
        assert_eq!(store.chain(&log, &station).await.unwrap().next_seq, 5);
        assert_eq!(store.entries(&log, 3, 10).await.unwrap().len(), 2);
        assert_eq!(
            store.append().await.unwrap().at_seq(&log, &station, 2).await.unwrap(),
            Some((2, "leaf 2".into()))
        );
    }

    #[tokio::test]
    async fn what_was_not_committed_is_not_there() {
        let (_dir, store, log) = testing::store().await;
        let mut append = store.append().await.unwrap();
        append
            .entry(&log, 0, &"sala".parse().unwrap(), &event(0), &[], 0)
            .await
            .unwrap();
        drop(append);
        assert_eq!(store.size(&log).await.unwrap(), 0);
    }
}
