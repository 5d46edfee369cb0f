//! The witness: runs elsewhere, sees origin, size and root of a log and nothing else, and cosigns what continues.
//!
//! Invariant: what it cosigned is durable before the cosignature leaves, in its folder and, where one is given, in a memory outside of
//! it (`memory`). Its folder is read and written under the folder's lock alone, when it is opened and again before each cosignature, so
//! that two processes on one folder are one witness from their first moment on, and a folder put back while one runs cosigns nothing. A
//! checkpoint that does not continue it is refused, and kept where it proves a fork (`evidence`); a state that was lost is never begun
//! anew in silence. A log that goes on under a later name (its operator gives the new key) must continue what was cosigned under the
//! name before, which is then cosigned no more: a new name is no way to a second history.
//! Deliberately absent: TLS (everything here is public and signed), and reading of events.

mod evidence;
mod memory;

use super::config::{read_text, write_whole};
use super::error::ServerError;
use super::keys::{random, write_secret};
use super::now::now_ms;
use crate::domain::audit::checkpoint::{self, Checkpoint};
use crate::domain::audit::cosignature::{CosignatureKind, Cosigner, WitnessKey};
use crate::domain::audit::hash::Hash;
use crate::domain::audit::note::VerifierKey;
use crate::domain::audit::succession;
use crate::domain::audit::tree::empty_root;
use crate::domain::audit::witness::{Ask, MAX_ASK, Objection, claimed_origin, examine};
use crate::server::causes::causes;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path as UrlPath, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use evidence::Evidence;
use memory::{Mark, Memory};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

/// Requests worked on at once.
const PLACES: usize = 64;
/// Longest time for a request's body.
const REQUEST_TIME: Duration = Duration::from_secs(10);
/// How often, and after which wait, the folder's lock is tried: another process holds it for a write of a small file.
const LOCK_TRIES: u32 = 100;
const LOCK_AGAIN: Duration = Duration::from_millis(20);

/// What was cosigned last of one log, as it lies in its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    origin: String,
    size: u64,
    root: Hash,
    /// The signed checkpoint; empty before the first. Of the name before, until one was signed under this one.
    note: String,
    /// Unix seconds.
    time_s: u64,
}

impl Seen {
    fn mark(&self) -> Mark {
        Mark {
            size: self.size,
            root: self.root,
        }
    }

    /// Whether this is what was cosigned under the key's name, or taken over from a name before it.
    fn holds(&self, key: &VerifierKey) -> bool {
        let same = |seen: &Checkpoint| (seen.size, seen.root) == (self.size, self.root);
        if self.note.is_empty() {
            return self.size == 0;
        }
        if let Ok(seen) = checkpoint::verify(&self.note, key) {
            return same(&seen);
        }
        let text = self.note.split_once("\n\n").map(|(text, _)| format!("{text}\n"));
        let former = text.and_then(|text| Checkpoint::parse(&text).ok());
        former.is_some_and(|former| is_before(&former.origin, key.name()) && same(&former))
    }
}

/// Whether both are names of one log, and `earlier` the earlier one.
fn is_before(earlier: &str, later: &str) -> bool {
    let ((first, number), (same, then)) = (succession::parts(earlier), succession::parts(later));
    first == same && number < then
}

struct Watched {
    key: VerifierKey,
    path: PathBuf,
    seen: Seen,
}

impl Watched {
    /// What was cosigned last, by this process or another on the same folder.
    fn refresh(&mut self) -> Result<(), ServerError> {
        let kept: Seen =
            serde_json::from_str(&read_text(&self.path)?).map_err(|_| lost(self.key.name(), "unreadable"))?;
        let went_back = kept.size < self.seen.size || kept.size == self.seen.size && kept.root != self.seen.root;
        if kept.origin != self.seen.origin || !kept.holds(&self.key) || went_back {
            return Err(lost(self.key.name(), "not what it was"));
        }
        self.seen = kept;
        Ok(())
    }
}

fn lost(origin: &str, how: &str) -> ServerError {
    ServerError::Signer {
        log: origin.to_owned(),
        detail: format!("the witness's state is {how}"),
    }
}

/// The folder's lock, held from reading what was cosigned last until the next is durable.
///
/// # Errors
/// [`ServerError::AlreadyRunning`] when another process keeps it; [`ServerError::File`].
async fn lock(dir: &Path) -> Result<fs::File, ServerError> {
    let path = dir.join("lock");
    let wrap = |source| ServerError::File {
        path: path.clone(),
        source,
    };
    let mut options = fs::OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = file.map_err(wrap)?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(fs::TryLockError::WouldBlock) => tokio::time::sleep(LOCK_AGAIN).await,
            Err(fs::TryLockError::Error(source)) => return Err(wrap(source)),
        }
    }
    Err(ServerError::AlreadyRunning)
}

/// A witness with its memory.
pub struct Witness {
    dir: PathBuf,
    signer: Cosigner,
    /// Outside the folder.
    memory: Option<Memory>,
    logs: Mutex<HashMap<String, Watched>>,
}

impl Witness {
    /// Opens the directory; the first time, makes the key under `name`, of this kind (ML-DSA-44 unless another is asked for).
    /// `logs` are the verifier keys of the logs it watches. One under a later name of a log that it watched takes that one's
    /// place, with what was seen of it. `memory` is a file outside the directory, without which a directory that was put back while no
    /// witness ran is not noticed.
    ///
    /// # Errors
    /// Files cannot be read or written, another process has the directory, a key is not one or of another kind than is asked for, the
    /// state of a log that was watched before is lost, or the memory is not this witness's; [`ServerError::WitnessPutBack`]: it knows
    /// more than the directory.
    pub async fn open(
        dir: &Path,
        name: &str,
        kind: Option<CosignatureKind>,
        logs: &[VerifierKey],
        memory: Option<&Path>,
    ) -> Result<Self, ServerError> {
        for part in ["", "seen", "evidence"] {
            let path = dir.join(part);
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&path)
                .map_err(|source| ServerError::File { path, source })?;
        }
        // Another process that is opened now would make a key of its own, or begin a state that this one has cosigned from meanwhile.
        let _alone = lock(dir).await?;
        let signer = signer(&dir.join("witness.key"), name, kind)?;
        let memory = match memory {
            Some(path) => Some(Memory::open(path, dir, &signer.verifier())?),
            None => {
                tracing::info!(
                    "no memory outside the folder: one that is put back while no witness runs is not noticed"
                );
                None
            }
        };
        if let Some(memory) = &memory {
            for origin in memory.origins()? {
                memory.hold(&origin, seen_of(dir, &origin)?)?;
            }
        }
        let mut watched = HashMap::new();
        let mut logs: Vec<&VerifierKey> = logs.iter().collect();
        logs.sort_by_key(|key| succession::parts(key.name()).1);
        for key in logs {
            let path = seen_path(dir, key.name());
            let seen = open_state(dir, &path, key)?;
            let key = key.clone();
            watched.insert(key.name().to_owned(), Watched { key, path, seen });
        }
        let known = origins(dir)?;
        if let Some(memory) = &memory {
            // One that begins on a folder that was used before knows at once what the folder knows.
            for origin in known.lines() {
                if let Some(mark) = seen_of(dir, origin)? {
                    memory.remember(origin, mark)?;
                }
            }
        }
        watched.retain(|origin, _| !known.lines().any(|later| is_before(origin, later)));
        Ok(Self {
            dir: dir.to_owned(),
            signer,
            memory,
            logs: Mutex::new(watched),
        })
    }

    /// The key that checks its cosignatures.
    pub fn key(&self) -> WitnessKey {
        self.signer.verifier()
    }

    /// Cosigns a checkpoint. `now_s` is Unix seconds. `None`: the origin is not watched.
    ///
    /// # Errors
    /// [`Objection`], or the state cannot be kept.
    pub async fn add(&self, ask: &Ask, now_s: u64) -> Result<Option<Result<String, Objection>>, ServerError> {
        let _alone = lock(&self.dir).await?;
        let known = origins(&self.dir)?;
        let mut logs = self.logs.lock().await;
        logs.retain(|origin, _| !known.lines().any(|later| is_before(origin, later)));
        let Some(watched) = claimed_origin(&ask.note).and_then(|origin| logs.get_mut(origin)) else {
            return Ok(None);
        };
        watched.refresh()?;
        if let Some(memory) = &self.memory {
            memory.hold(&watched.seen.origin, Some(watched.seen.mark()))?;
        }
        let known = Checkpoint {
            origin: watched.seen.origin.clone(),
            size: watched.seen.size,
            root: watched.seen.root,
        };
        let offered = match examine(ask, &watched.key, &known) {
            Ok(offered) => offered,
            Err(objection) => {
                let evidence = Evidence(self.dir.join("evidence"));
                evidence.keep(objection, &watched.key, &watched.seen.note, ask)?;
                return Ok(Some(Err(objection)));
            }
        };
        let seen = Seen {
            origin: offered.origin.clone(),
            size: offered.size,
            root: offered.root,
            note: ask.note.clone(),
            time_s: now_s.max(watched.seen.time_s),
        };
        let line = self.cosign(&seen)?;
        write_seen(&watched.path, &seen)?;
        if let Some(memory) = &self.memory {
            // After the folder: a crash between the two leaves the memory behind, which is no reason to refuse the folder.
            memory.remember(&seen.origin, seen.mark())?;
        }
        watched.seen = seen;
        Ok(Some(Ok(line)))
    }

    fn cosign(&self, seen: &Seen) -> Result<String, ServerError> {
        let text = seen.note.split_once("\n\n").map(|(text, _)| format!("{text}\n"));
        self.signer
            .cosign(&text.unwrap_or_default(), seen.time_s)
            .map_err(|error| ServerError::Key(error.to_string()))
    }

    /// The last checkpoint that was cosigned of the log whose origin has this SHA-256 (lower-case hex), with the cosignature that
    /// was given for it. `None`: nothing was cosigned under this name.
    ///
    /// # Errors
    /// As [`Witness::add`].
    pub async fn last(&self, origin_hash: &str) -> Result<Option<String>, ServerError> {
        let _alone = lock(&self.dir).await?;
        let mut logs = self.logs.lock().await;
        let watched = logs
            .values_mut()
            .find(|watched| hex::encode(Sha256::digest(watched.key.name())) == origin_hash);
        let Some(watched) = watched else { return Ok(None) };
        watched.refresh()?;
        let seen = &watched.seen;
        if checkpoint::verify(&seen.note, &watched.key).is_err() {
            return Ok(None);
        }
        Ok(Some(format!("{}{}", seen.note, self.cosign(seen)?)))
    }
}

/// A file name for an origin.
fn short(origin: &str) -> String {
    hex::encode(&Sha256::digest(origin.as_bytes())[..16])
}

/// The file of what was seen of a log.
fn seen_path(dir: &Path, origin: &str) -> PathBuf {
    dir.join("seen").join(format!("{}.json", short(origin)))
}

/// What the folder has of a log that was ever watched; `None`: it knows no such log.
fn seen_of(dir: &Path, origin: &str) -> Result<Option<Mark>, ServerError> {
    let path = seen_path(dir, origin);
    if !origins(dir)?.lines().any(|known| known == origin) || !path.exists() {
        return Ok(None);
    }
    let seen: Seen = serde_json::from_str(&read_text(&path)?).map_err(|_| lost(origin, "unreadable"))?;
    Ok(Some(seen.mark()))
}

/// The key of the witness: name, seed and kind, one a line; a file without a kind is of the time when there was one only.
fn signer(path: &Path, name: &str, kind: Option<CosignatureKind>) -> Result<Cosigner, ServerError> {
    let bad = || ServerError::Key(format!("{} is not a witness's key", path.display()));
    if !path.exists() {
        let seed = Zeroizing::new(random::<32>()?);
        let word = kind.unwrap_or(CosignatureKind::MlDsa44).word();
        let text = format!("{name}\n{}\n{word}\n", hex::encode(seed.as_slice()));
        write_secret(path, &Zeroizing::new(text))?;
    }
    let text = Zeroizing::new(read_text(path)?);
    let (kept, rest) = text.trim_end().split_once('\n').ok_or_else(bad)?;
    let (seed, word) = rest.split_once('\n').unwrap_or((rest, CosignatureKind::Ed25519.word()));
    let kept_kind = CosignatureKind::ALL.into_iter().find(|kind| kind.word() == word);
    let kept_kind = kept_kind.ok_or_else(bad)?;
    if kind.is_some_and(|kind| kind != kept_kind) {
        return Err(ServerError::Key(format!("the witness's key is of kind {word}")));
    }
    let mut raw = Zeroizing::new([0; 32]);
    hex::decode_to_slice(seed, raw.as_mut_slice()).map_err(|_| bad())?;
    if kept != name {
        return Err(ServerError::Key(format!("the witness's name is {kept}")));
    }
    Cosigner::new(name, kept_kind, &raw).map_err(|_| bad())
}

/// The state of a log; begun only for one that was never watched: `origins` lists all that ever were.
fn open_state(dir: &Path, path: &Path, key: &VerifierKey) -> Result<Seen, ServerError> {
    let origin = key.name();
    let known = origins(dir)?;
    let lost = |detail: &str| ServerError::Signer {
        log: origin.to_owned(),
        detail: detail.to_owned(),
    };
    let read = |path: &Path| -> Result<Seen, ServerError> {
        serde_json::from_str(&read_text(path)?).map_err(|_| lost("the witness's state"))
    };
    if known.lines().any(|line| line == origin) {
        let seen = read(path)?;
        return if seen.origin == origin && seen.holds(key) {
            Ok(seen)
        } else {
            Err(lost("the witness's state"))
        };
    }
    let former = known.lines().filter(|name| is_before(name, origin));
    let seen = match former.max_by_key(|name| succession::parts(name).1) {
        Some(former) => {
            let seen = read(&seen_path(dir, former))?;
            tracing::warn!(former, origin, size = seen.size, "the log goes on under another name");
            Seen {
                origin: origin.to_owned(),
                ..seen
            }
        }
        None => Seen {
            origin: origin.to_owned(),
            size: 0,
            root: empty_root(),
            note: String::new(),
            time_s: 0,
        },
    };
    write_seen(path, &seen)?;
    write_whole(&dir.join("origins"), format!("{known}{origin}\n").as_bytes(), 0o600)?;
    Ok(seen)
}

/// Every name that was ever watched, one a line.
fn origins(dir: &Path) -> Result<String, ServerError> {
    let list = dir.join("origins");
    if list.exists() {
        read_text(&list)
    } else {
        Ok(String::new())
    }
}

fn write_seen(path: &Path, seen: &Seen) -> Result<(), ServerError> {
    let text = serde_json::to_vec_pretty(seen).map_err(|error| ServerError::Key(error.to_string()))?;
    write_whole(path, &text, 0o600)
}

async fn add_checkpoint(State(witness): State<Arc<Witness>>, body: String) -> Response {
    let Ok(ask) = Ask::parse(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let now_s = u64::try_from(now_ms() / 1000).unwrap_or(0);
    match witness.add(&ask, now_s).await {
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Ok(Some(Ok(line))) => line.into_response(),
        Ok(Some(Err(objection))) => match objection {
            Objection::KnowsOther(size) => {
                let head = [(CONTENT_TYPE, "text/x.tlog.size")];
                (StatusCode::CONFLICT, head, format!("{size}\n")).into_response()
            }
            Objection::Checkpoint(_) => StatusCode::FORBIDDEN.into_response(),
            Objection::Backwards => StatusCode::BAD_REQUEST.into_response(),
            Objection::Fork | Objection::NotProven => {
                (StatusCode::UNPROCESSABLE_ENTITY, format!("{objection}\n")).into_response()
            }
        },
        Err(error) => {
            tracing::error!(error = %causes(&error), "not cosigned");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// C2SP tlog-witness: what a monitor reads.
async fn last_checkpoint(State(witness): State<Arc<Witness>>, UrlPath(origin_hash): UrlPath<String>) -> Response {
    match witness.last(&origin_hash).await {
        Ok(Some(note)) => ([(CONTENT_TYPE, "text/plain; charset=utf-8")], note).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(error = %causes(&error), "not told what was cosigned");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// Answers until `end` is ready. `ready` is told the address once it can be reached.
///
/// # Errors
/// The address cannot be opened.
pub async fn serve(
    witness: Witness,
    listen: SocketAddr,
    ready: impl FnOnce(&str, &WitnessKey),
    end: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServerError> {
    let failed = |source| ServerError::Listen {
        address: listen.to_string(),
        source,
    };
    let listener = tokio::net::TcpListener::bind(listen).await.map_err(failed)?;
    ready(
        &format!("http://{}", listener.local_addr().map_err(failed)?),
        &witness.key(),
    );
    let places = Arc::new(tokio::sync::Semaphore::new(PLACES));
    let bounds = axum::middleware::from_fn(move |request: axum::extract::Request, next: axum::middleware::Next| {
        let places = Arc::clone(&places);
        async move {
            let Ok(_place) = places.try_acquire_owned() else {
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            };
            let answer = tokio::time::timeout(REQUEST_TIME, next.run(request)).await;
            answer.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response())
        }
    });
    let router = Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/{origin_hash}/checkpoint", get(last_checkpoint))
        .route("/healthz", get(|| async { "ok\n" }))
        .layer(DefaultBodyLimit::max(MAX_ASK))
        .layer(bounds)
        .with_state(Arc::new(witness));
    axum::serve(listener, router)
        .with_graceful_shutdown(end)
        .await
        .map_err(failed)
}

#[cfg(test)]
mod tests;
