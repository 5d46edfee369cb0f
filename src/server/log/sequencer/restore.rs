//! A database that lacks what was signed gets it back, in the order that was signed.
//!
//! Invariant: nothing is put back unless all of it, after what the database has, leads to the signed root; it enters in the
//! transaction of whatever comes next, before it. Deliberately absent: where it was kept (`signed_backup`).

use super::super::signed_backup::BackedUpEntry;
use super::{Found, OpenLog, Writer};
use crate::domain::audit::chain::Sealed;
use crate::server::causes::causes;
use crate::server::store::StoreError;
use crate::server::store::entries::Append;
use crate::server::store::keys::Keys;

impl Writer {
    /// Puts back what was signed and is not in the database. What does not lead to the signed root stays out: then only
    /// stations can give it again, and the signer says whether that is the same history.
    pub(super) async fn put_back(&mut self, append: &mut Append, open: &mut OpenLog) -> Result<(), StoreError> {
        let (size, log) = (open.frontier.size(), &open.log);
        let Some((tail, signed_size, root)) = self.tails.get(&log.controller).and_then(|tail| {
            let (signed_size, root) = tail.signed()?;
            (signed_size > size).then(|| (tail.clone(), signed_size, root))
        }) else {
            return Ok(());
        };
        tracing::error!(
            log = log.origin,
            size,
            signed_size,
            "the database lacks what was signed"
        );
        let read = tokio::task::spawn_blocking(move || tail.read(size, signed_size)).await;
        let kept = match read {
            Ok(Ok(Some(kept))) => kept,
            Ok(Ok(None)) => Vec::new(),
            Ok(Err(error)) => {
                tracing::error!(error = %causes(&error), "what was kept cannot be read");
                Vec::new()
            }
            Err(_) => Vec::new(),
        };
        let mut frontier = open.frontier.clone();
        kept.iter().for_each(|entry| drop(frontier.append(entry.hash)));
        if (frontier.size(), frontier.root()) != (signed_size, root) {
            tracing::error!(
                log = log.origin,
                "what was kept is not what was signed: nothing is put back"
            );
            return Ok(());
        }
        for entry in kept {
            self.put_back_one(append, open, entry).await?;
        }
        tracing::warn!(
            log = open.log.origin,
            from = size,
            to = signed_size,
            "put back as it was signed"
        );
        Ok(())
    }

    async fn put_back_one(
        &mut self,
        append: &mut Append,
        open: &mut OpenLog,
        entry: BackedUpEntry,
    ) -> Result<(), StoreError> {
        let station = entry.leaf.station.clone();
        let chain = open.chain(&self.store, &station).await?;
        chain
            .check(&entry.leaf)
            .map_err(|error| StoreError::Corrupt(format!("{station}: {error}")))?;
        let keys = if entry.is_aside {
            Keys::of_set_aside(entry.leaf.time)
        } else {
            let body: serde_json::Value = serde_json::from_str(&entry.body).unwrap_or_default();
            Keys::of(&body, entry.leaf.time)
        };
        let words = self.words(append, &keys).await?;
        let sealed = Sealed {
            seq: entry.leaf.seq,
            class: entry.leaf.class,
            leaf: entry.text,
            leaf_hash: entry.hash,
            salt: entry.salt,
            body: entry.body,
        };
        let found = Found {
            keys: &keys,
            words,
            is_aside: entry.is_aside,
        };
        open.place(append, &station, &sealed, found, entry.received_ms)
            .await
            .map(drop)
    }
}
