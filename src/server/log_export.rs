//! `log export`: a log as files a stranger can check without Vedetta.
//!
//! Per controller: `checkpoint` (C2SP signed note), `key` (its verifier key), `tile/…` (C2SP tlog-tiles),
//! `leaves.jsonl` (one leaf per line, exactly the bytes that were hashed), `bodies.jsonl`
//! (`{"index", "salt", "body"}`: the body as a JSON string of exactly the bytes that were committed to), and when there are
//! witnesses `witnessed` (the last checkpoint they cosigned) and `witness-keys`. `domain/audit/FORMAT.md` says each.
//! Invariant: what is exported is what lies under the signed checkpoint, no more and no less; that it is read is an event of
//! the log before the first file is written (R-AUD-3).

use super::config::{DataDir, Settings, read_text, write_whole};
use super::console;
use super::error::ServerError;
use super::keys::load_signer;
use super::log::cosigning::last_witnessed;
use super::log::signed_state::SignedState;
use super::store::{Log, Store};
use crate::domain::audit::tile::{Tile, TileKind, bundle};
use crate::domain::message::sentence;
use crate::protocol::ConsoleAct;
use serde::Serialize;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// Entries read at once.
const PAGE: u64 = 1024;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exported {
    pub origin: String,
    pub size: u64,
    pub tiles: usize,
    pub path: PathBuf,
}

#[derive(Serialize)]
struct BodyLine<'a> {
    index: u64,
    salt: String,
    body: &'a str,
}

/// Writes every log of a data directory below `out`, which must not exist or be empty.
///
/// # Errors
/// [`ServerError`].
pub async fn export(data: &DataDir, out: &Path) -> Result<Vec<Exported>, ServerError> {
    data.check_set_up()?;
    let taken = fs::read_dir(out)
        .map(|mut entries| entries.next().is_some())
        .unwrap_or(false);
    if taken {
        let source = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
        return Err(ServerError::File {
            path: out.to_owned(),
            source,
        });
    }
    let store = Store::open(data).await?;
    let logs = store.logs().await?;
    let mut read = Vec::new();
    for log in &logs {
        let size = store.size(log).await?;
        read.push((log.controller.clone(), ConsoleAct::Exported { size }));
    }
    console::record(data, &store, &read).await?;
    let mut all = Vec::new();
    for log in logs {
        all.push(export_log(data, &store, &log, &out.join(log.controller.as_str())).await?);
    }
    store.close().await;
    Ok(all)
}

async fn export_log(data: &DataDir, store: &Store, log: &Log, out: &Path) -> Result<Exported, ServerError> {
    let state: SignedState =
        serde_json::from_str(&read_text(&data.signer_state(&log.controller))?).map_err(|error| {
            ServerError::Signer {
                log: log.origin.clone(),
                detail: error.to_string(),
            }
        })?;
    let key = load_signer(&data.log_key(&log.controller))?.verifier();
    make_dir(out)?;
    write_whole(&out.join("checkpoint"), state.note.as_bytes(), 0o644)?;
    write_whole(&out.join("key"), format!("{key}\n").as_bytes(), 0o644)?;
    let witnessed = last_witnessed(data, log, &key);
    if witnessed.size > 0 && witnessed.size <= state.size {
        let keys = Settings::load(data)?.witnesses;
        let keys: String = keys
            .iter()
            .map(|witness| format!("{}\n", witness.vkey.trim()))
            .collect();
        write_whole(&out.join("witnessed"), witnessed.note.as_bytes(), 0o644)?;
        write_whole(&out.join("witness-keys"), keys.as_bytes(), 0o644)?;
    }
    let tiles = Tile::all(state.size);
    for tile in &tiles {
        let bytes = match tile.kind {
            TileKind::Hashes(_) => store
                .hashes(log, tile.first(), tile.width)
                .await?
                .iter()
                .flat_map(|hash| hash.0)
                .collect(),
            TileKind::Entries => {
                let leaves = store.leaves(log, tile.first().index, tile.width).await?;
                bundle(leaves.iter().map(String::as_bytes))
            }
        };
        let path = out.join("tile").join(tile.to_string());
        make_dir(path.parent().unwrap_or(out))?;
        fs::write(&path, bytes).map_err(|source| ServerError::File { path, source })?;
    }
    lines(store, log, state.size, out).await?;
    Ok(Exported {
        origin: log.origin.clone(),
        size: state.size,
        tiles: tiles.len(),
        path: out.to_owned(),
    })
}

async fn lines(store: &Store, log: &Log, size: u64, out: &Path) -> Result<(), ServerError> {
    let create = |name: &str| {
        let path = out.join(name);
        File::create(&path)
            .map(BufWriter::new)
            .map_err(|source| ServerError::File { path, source })
    };
    let failed = |source| ServerError::File {
        path: out.to_owned(),
        source,
    };
    let (mut leaves, mut bodies) = (create("leaves.jsonl")?, create("bodies.jsonl")?);
    let mut at = 0;
    while at < size {
        let limit = u32::try_from((size - at).min(PAGE)).unwrap_or(1);
        let page = store.entries(log, at, limit).await?;
        if page.is_empty() {
            return Err(ServerError::Broken {
                detail: format!("entry {at} is missing"),
                what: sentence("broken-entry-missing").with("index", at),
            });
        }
        for entry in page {
            writeln!(leaves, "{}", entry.leaf).map_err(failed)?;
            if let Some((salt, body)) = &entry.opening {
                let line = BodyLine {
                    index: entry.index,
                    salt: hex::encode(salt),
                    body,
                };
                let line = serde_json::to_string(&line).map_err(|error| failed(error.into()))?;
                writeln!(bodies, "{line}").map_err(failed)?;
            }
            at = entry.index + 1;
        }
    }
    leaves.flush().map_err(failed)?;
    bodies.flush().map_err(failed)
}

fn make_dir(path: &Path) -> Result<(), ServerError> {
    fs::create_dir_all(path).map_err(|source| ServerError::File {
        path: path.to_owned(),
        source,
    })
}
