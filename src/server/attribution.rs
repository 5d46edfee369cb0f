//! Events in another's name: held against the sessions that the server keeps, marked in the log, counted for an alarm.
//!
//! Invariant: the events are durable before this is asked, and stay whatever it finds; each name is marked once for a workstation.
//! Deliberately absent: what agrees (`domain::audit::attribution`).

use super::causes::causes;
use super::log::recorder::{Act, Recorder};
use super::store::{Store, StoreError};
use crate::domain::audit::attribution::{Claim, Disagreement, KeptSession, disagreement};
use crate::domain::audit::details::Say as _;
use crate::domain::audit::details::log::StationRefused;
use crate::domain::audit::event::Outcome;
use crate::domain::camera::{ControllerId, StationId};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Sessions and names remembered at most; beyond, they are asked for, or marked, again.
const REMEMBERED: usize = 10_000;

/// Whom an event names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Named {
    pub person: String,
    pub session: String,
    /// A name that was typed at a sign-in which was refused.
    pub is_refused_sign_in: bool,
}

/// Holds events against sessions.
pub struct Attribution {
    store: Store,
    recorder: Recorder,
    known: Mutex<HashMap<String, KeptSession>>,
    marked: Mutex<HashSet<(StationId, Named)>>,
    count: AtomicU64,
}

impl Attribution {
    /// Nothing was seen yet.
    pub fn new(store: Store, recorder: Recorder) -> Self {
        Self {
            store,
            recorder,
            known: Mutex::default(),
            marked: Mutex::default(),
            count: AtomicU64::new(0),
        }
    }

    /// Names that did not agree so far.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Looks at whom events of a workstation named; they are in the log.
    pub async fn look(&self, log: &ControllerId, station: &StationId, named: HashSet<Named>) {
        for named in named {
            if let Err(error) = self.look_at(log, station, named).await {
                tracing::error!(error = %causes(&error), %station, "whom events name is not held against the sessions");
            }
        }
    }

    async fn look_at(&self, log: &ControllerId, station: &StationId, named: Named) -> Result<(), StoreError> {
        let kept = self.kept(&named.session).await?;
        let claim = Claim {
            station,
            person: &named.person,
            session: &named.session,
            is_refused_sign_in: named.is_refused_sign_in,
        };
        let Some(found) = disagreement(claim, kept.as_ref()) else {
            return Ok(());
        };
        if !first_time(lock(&self.marked), (station.clone(), named.clone())) {
            return Ok(());
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        tracing::error!(%station, person = named.person, %found, "events in another's name");
        // A body without a session says so by itself.
        if found == Disagreement::NoSession {
            return Ok(());
        }
        let mark = StationRefused::default()
            .because(format!("its events were taken and name {found}"))
            .asked_for(&named.person);
        let act = Act {
            at: Some(station),
            ..Act::default()
        };
        if let Err(rejection) = self.recorder.record(log, mark, Outcome::Done, act).await {
            lock(&self.marked).remove(&(station.clone(), named));
            tracing::error!(%rejection, %station, "events in another's name are not marked");
        }
        Ok(())
    }

    async fn kept(&self, session: &str) -> Result<Option<KeptSession>, StoreError> {
        if session.is_empty() {
            return Ok(None);
        }
        if let Some(known) = lock(&self.known).get(session).cloned() {
            return Ok(Some(known));
        }
        let kept = self.store.kept_session(session).await?;
        if let Some(kept) = &kept {
            let mut known = lock(&self.known);
            if known.len() >= REMEMBERED {
                known.clear();
            }
            known.insert(session.to_owned(), kept.clone());
        }
        Ok(kept)
    }
}

fn first_time(mut marked: MutexGuard<'_, HashSet<(StationId, Named)>>, name: (StationId, Named)) -> bool {
    if marked.len() >= REMEMBERED {
        marked.clear();
    }
    marked.insert(name)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
