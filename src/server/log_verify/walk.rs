//! The way through a whole log, entry by entry, and then node by node.
//!
//! While one page is recomputed the next is read. Invariant: every entry is looked at in the order of the tree, and memory
//! holds a few pages. Deliberately absent: who signed what (the caller compares the roots).

use super::pruned::Pruned;
use super::set_aside::SetAside;
use super::{Broken, What};
use crate::domain::audit::chain::StationChain;
use crate::domain::audit::hash::Hash;
use crate::domain::audit::leaf::{self, Leaf, Salt};
use crate::domain::audit::tree::{Frontier, NodeId, node_hash};
use crate::domain::camera::StationId;
use crate::server::store::entries::Entry;
use crate::server::store::keys::Keys;
use crate::server::store::search::FoundRow;
use crate::server::store::{Log, Store};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// Entries read at once.
const PAGE: u32 = 2048;
/// Words compared with the database at once.
const WORDS: usize = 20_000;

/// What is carried from entry to entry.
#[derive(Default)]
pub struct Walk {
    /// Leaves to look at.
    size: u64,
    /// The sizes whose roots are wanted.
    roots: BTreeMap<u64, Option<Hash>>,
    frontier: Frontier,
    chains: HashMap<StationId, StationChain>,
    bodies: u64,
    pruned: Pruned,
    set_aside: SetAside,
    /// What numbers of words must mean, as the bodies say.
    words: HashMap<i64, String>,
    /// The first entry without a body that is found by words all the same.
    left: Option<u64>,
    /// A page did not read: entries are read one by one.
    narrow: bool,
}

/// Entries from one index on, and what they are found by.
struct Page {
    entries: Vec<Entry>,
    found: Vec<FoundRow>,
}

/// The words of a body, borrowed; what is not a text counts as none, as when it was taken in.
#[derive(serde::Deserialize)]
struct Said<'a> {
    #[serde(borrow, default)]
    person: Cow<'a, str>,
    #[serde(borrow, default)]
    camera: Cow<'a, str>,
    #[serde(borrow, default)]
    operation: Cow<'a, str>,
    #[serde(borrow, default)]
    purpose: Cow<'a, str>,
    #[serde(borrow, default)]
    result: Cow<'a, str>,
}

impl Walk {
    /// Through the first `size` entries; the roots at `sizes` are wanted.
    pub fn of(size: u64, sizes: impl IntoIterator<Item = u64>) -> Self {
        Self {
            size,
            roots: sizes.into_iter().map(|size| (size, None)).collect(),
            ..Self::default()
        }
    }

    /// The root at a size that was wanted and reached.
    pub fn root(&self, size: u64) -> Option<Hash> {
        self.roots.get(&size).copied().flatten()
    }

    /// Chains that were seen.
    pub fn stations(&self) -> usize {
        self.chains.len()
    }

    /// Bodies that were seen.
    pub fn bodies(&self) -> u64 {
        self.bodies
    }

    /// Entries without a body.
    pub fn pruned(&self) -> u64 {
        self.frontier.size() - self.bodies
    }

    /// Entries, bodies, what they are found by, and nodes.
    ///
    /// # Errors
    /// The first thing that does not hold, and how far it came.
    pub async fn whole(self, store: &Store, log: &Log) -> Result<Self, (Self, Broken)> {
        let mut walk = self.entries(store, log).await?;
        if let Some((index, what)) = walk.pruned.unexplained() {
            return Err((walk, Broken { index, what }));
        }
        let wrong = walk.left.map(|index| (index, What::Found));
        let aside = walk.set_aside.unexplained().map(|index| (index, What::Aside));
        if let Some((index, what)) = wrong.or(aside) {
            return Err((walk, Broken { index, what }));
        }
        match nodes(store, log, walk.size).await {
            Ok(()) => Ok(walk),
            Err(broken) => Err((walk, broken)),
        }
    }

    async fn entries(mut self, store: &Store, log: &Log) -> Result<Self, (Self, Broken)> {
        self.note_root();
        let mut read = self.read(store, log, 0).await;
        loop {
            let index = self.frontier.size();
            let broken = |what| Broken { index, what };
            if index == self.size {
                return match self.check_words(store).await {
                    true => Ok(self),
                    false => Err((self, broken(What::Found))),
                };
            }
            let page = match read {
                Some(page) => page,
                None if self.narrow => return Err((self, broken(What::Unreadable))),
                // One of the page does not read: go on one by one to name it.
                None => {
                    self.narrow = true;
                    read = self.read(store, log, index).await;
                    continue;
                }
            };
            let next = index + page.entries.len() as u64;
            let (narrow, size) = (self.narrow, self.size);
            let ahead = Self::of(size, []);
            let ahead = Self { narrow, ..ahead };
            let work = tokio::task::spawn_blocking(move || {
                let done = self.page(page);
                (self, done)
            });
            let (done, following) = tokio::join!(work, ahead.read(store, log, next));
            read = following;
            let wrong;
            (self, wrong) = match done {
                Ok((walk, Ok(()))) => (walk, None),
                Ok((walk, Err(wrong))) => (walk, Some(wrong)),
                Err(_) => (ahead, Some(broken(What::Unreadable))),
            };
            if let Some(wrong) = wrong {
                return Err((self, wrong));
            }
            if self.words.len() > WORDS && !self.check_words(store).await {
                return Err((
                    self,
                    Broken {
                        index: next,
                        what: What::Found,
                    },
                ));
            }
        }
    }

    /// A page from `index` on; `None` when it does not read.
    async fn read(&self, store: &Store, log: &Log, index: u64) -> Option<Page> {
        let limit = (self.size.saturating_sub(index)).min(if self.narrow { 1 } else { u64::from(PAGE) });
        let limit = u32::try_from(limit).unwrap_or(PAGE);
        let (entries, found) = tokio::join!(
            store.entries(log, index, limit),
            store.found(log, index, index + u64::from(limit))
        );
        Some(Page {
            entries: entries.ok()?,
            found: found.ok()?,
        })
    }

    async fn check_words(&mut self, store: &Store) -> bool {
        let words = std::mem::take(&mut self.words);
        for (id, text) in words {
            if store.word(&text).await.ok().flatten() != Some(id) {
                return false;
            }
        }
        true
    }

    fn note_root(&mut self) {
        let size = self.frontier.size();
        if let Some(root) = self.roots.get_mut(&size) {
            *root = Some(self.frontier.root());
        }
    }

    fn page(&mut self, page: Page) -> Result<(), Broken> {
        if page.entries.is_empty() {
            let index = self.frontier.size();
            return Err(Broken {
                index,
                what: What::Missing,
            });
        }
        let mut found = page.found.into_iter().peekable();
        for entry in page.entries {
            let index = self.frontier.size();
            let row = found.next_if(|row| row.index == entry.index);
            self.entry(&entry, row).map_err(|what| Broken { index, what })?;
            self.note_root();
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry, found: Option<FoundRow>) -> Result<(), What> {
        if entry.index != self.frontier.size() {
            return Err(What::Missing);
        }
        let parsed = Leaf::parse(&entry.leaf).map_err(|_| What::Leaf)?;
        let hash = leaf::leaf_hash(entry.leaf.as_bytes());
        if entry.hash != hash.0 {
            return Err(What::LeafHash);
        }
        if (parsed.station.as_str(), parsed.seq, parsed.class) != (entry.station.as_str(), entry.seq, entry.class) {
            return Err(What::Columns);
        }
        self.pruned.pass(&parsed);
        match &entry.opening {
            Some((salt, body)) => {
                let salt = Salt::try_from(salt.as_slice()).map_err(|_| What::Body)?;
                if leaf::commitment(&salt, body.as_bytes()) != parsed.commit {
                    return Err(What::Body);
                }
                if entry.is_aside || !begins_as_object(body) {
                    self.set_aside.aside(entry.index, &parsed);
                }
                self.check_found(&parsed, (body, entry.is_aside), found)?;
                self.pruned.look_at(&parsed, body);
                self.set_aside.look_at(&parsed, body);
            }
            None => {
                self.pruned.without_body(entry.index, &parsed);
                self.left = self.left.or(found.map(|row| row.index));
            }
        }
        let chain = self.chains.get_mut(&parsed.station);
        let chain = match chain {
            Some(chain) => chain,
            None => {
                let station = parsed.station.clone();
                let new = StationChain::new(station.clone());
                self.chains.entry(station).or_insert(new)
            }
        };
        chain.check(&parsed).map_err(|_| What::Chain)?;
        chain.advance(hash);
        self.frontier.append(hash);
        self.bodies += u64::from(entry.opening.is_some());
        Ok(())
    }

    /// Whoever looks for an entry must find it by what it says; one that is aside, by nothing but its time.
    fn check_found(
        &mut self,
        parsed: &Leaf,
        (body, is_aside): (&str, bool),
        found: Option<FoundRow>,
    ) -> Result<(), What> {
        let found = found.filter(|found| found.time_s == parsed.time.as_second());
        let ids = found.ok_or(What::Found)?.words;
        let same = match serde_json::from_str::<Said<'_>>(body) {
            _ if is_aside => ids.into_iter().all(|id| self.means(id, "")),
            Ok(said) => {
                let texts = [&said.person, &said.camera, &said.operation, &said.purpose, &said.result];
                ids.into_iter().zip(texts).all(|(id, text)| self.means(id, text))
            }
            // Something in it is not a text.
            Err(_) => {
                let said = serde_json::from_str(body).unwrap_or_default();
                let keys = Keys::of(&said, parsed.time);
                let texts = [&keys.person, &keys.camera, &keys.operation, &keys.purpose, &keys.result];
                ids.into_iter().zip(texts).all(|(id, text)| self.means(id, text))
            }
        };
        if same { Ok(()) } else { Err(What::Found) }
    }

    /// Whether the number of a word means this text; the database is asked for many at once.
    fn means(&mut self, id: i64, text: &str) -> bool {
        let text = Keys::word(text);
        match self.words.get(&id) {
            // A log on SQLite may have a word as it was written, from before a NUL in it was replaced.
            Some(known) => Keys::word(known) == text,
            None => {
                self.words.insert(id, text.to_owned());
                true
            }
        }
    }
}

/// Whether a body begins as a JSON object does (RFC 8259, section 2), at the cost of a few bytes; a server takes in none other but aside.
fn begins_as_object(body: &str) -> bool {
    body.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('{')
}

/// Every stored node is the hash of the two below it.
async fn nodes(store: &Store, log: &Log, size: u64) -> Result<(), Broken> {
    let page = u64::from(PAGE);
    for level in 1..63u8 {
        let count = size >> level;
        if count == 0 {
            return Ok(());
        }
        let mut first = 0;
        while first < count {
            let width = (count - first).min(page);
            let broken = |offset: u64| Broken {
                index: (first + offset) << level,
                what: What::Node,
            };
            let below = NodeId {
                level: level - 1,
                index: first * 2,
            };
            let (below, here) = tokio::join!(
                store.hashes(log, below, width * 2),
                store.hashes(log, NodeId { level, index: first }, width)
            );
            let (below, here) = (below.map_err(|_| broken(0))?, here.map_err(|_| broken(0))?);
            for (offset, (pair, node)) in below.chunks_exact(2).zip(&here).enumerate() {
                if node_hash(&pair[0], &pair[1]) != *node {
                    return Err(broken(offset as u64));
                }
            }
            first += width;
        }
    }
    Ok(())
}
