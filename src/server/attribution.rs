//! Events that name a person, session or purpose which is not as the server keeps it: marked in the log, counted for an alarm.
//!
//! Invariant: the events are durable before this is asked, and stay whatever it finds; each name is marked once for a workstation
//! while the server runs. Deliberately absent: what agrees (`domain::audit::attribution`), how many marks there are
//! (`server::doctor`, from the log).

use super::causes::causes;
use super::log::recorder::{Act, Recorder};
use super::store::keys::Keys;
use super::store::{Store, StoreError};
use crate::domain::audit::attribution::{
    Claim, Disagreement, KeptSession, disagreement, is_other_purpose, may_be_other_purpose,
};
use crate::domain::audit::details::log::{EventSetAside, StationRefused};
use crate::domain::audit::details::{Details, Say as _};
use crate::domain::audit::event::Outcome;
use crate::domain::camera::{ControllerId, StationId};
use crate::domain::people::Purpose;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Sessions and names remembered at most; beyond, they are asked for, or marked, again.
const REMEMBERED: usize = 10_000;
/// A session that goes on is asked for again after.
const SESSION_GOOD_FOR: Duration = Duration::from_secs(60);
/// Operation of the one event in somebody's name that nobody proved to be theirs.
const NOT_PROVEN: &str = "sign_in_refused";

/// Whom an event names, and for which purpose.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Named {
    pub person: String,
    pub session: String,
    /// As it is written; what this version does not know is none.
    pub purpose: String,
    /// A name that was typed at a sign-in which was refused.
    pub is_refused_sign_in: bool,
}

impl Named {
    /// From the body of an event.
    pub fn of(body: &serde_json::Value) -> Self {
        let text = |name: &str| {
            let text = body.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
            Keys::word(text)
        };
        Self {
            person: text("person"),
            session: text("session"),
            purpose: text("purpose"),
            is_refused_sign_in: text("operation") == NOT_PROVEN,
        }
    }

    fn purpose(&self) -> Option<Purpose> {
        serde_json::from_value(self.purpose.as_str().into()).ok()
    }
}

/// What is marked once: at which workstation, which name, and what of it does not agree.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Mark {
    station: StationId,
    person: String,
    session: String,
    found: Disagreement,
}

/// Holds events against sessions and levels.
pub struct Attribution {
    store: Store,
    recorder: Recorder,
    known: Mutex<HashMap<String, (KeptSession, Instant)>>,
    marked: Mutex<HashSet<Mark>>,
    /// Workstations of which an event had no place.
    no_place: Mutex<HashSet<StationId>>,
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
            no_place: Mutex::default(),
            count: AtomicU64::new(0),
        }
    }

    /// Names that did not agree so far.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Looks at whom events of a workstation named, with the latest moment of each (Unix ms, as `now_ms`); they are in the log.
    pub async fn look(&self, log: &ControllerId, station: &StationId, named: HashMap<Named, i64>, now_ms: i64) {
        for (named, at_ms) in named {
            let looked = self.look_at(station, &named, at_ms, now_ms).await;
            let found = looked.unwrap_or_else(|error| {
                tracing::error!(error = %causes(&error), %station, "whom events name is not held against what is kept");
                Vec::new()
            });
            for found in found {
                self.mark(log, station, &named, found).await;
            }
        }
    }

    /// An event of a workstation has no place in the log: recorded once.
    pub async fn no_place(&self, log: &ControllerId, station: &StationId, what: EventSetAside) {
        if !lock(&self.no_place).insert(station.clone()) {
            return;
        }
        if !self.recorded(log, station, what, Outcome::Refused).await {
            lock(&self.no_place).remove(station);
        }
    }

    async fn look_at(
        &self,
        station: &StationId,
        named: &Named,
        at_ms: i64,
        now_ms: i64,
    ) -> Result<Vec<Disagreement>, StoreError> {
        let kept = self.kept(&named.session).await?;
        let claim = Claim {
            station,
            person: &named.person,
            session: &named.session,
            is_refused_sign_in: named.is_refused_sign_in,
            at_ms,
        };
        let mut found: Vec<_> = disagreement(claim, kept.as_ref(), now_ms).into_iter().collect();
        let is_proven = !named.is_refused_sign_in && !named.person.is_empty();
        if is_proven
            && may_be_other_purpose(named.purpose())
            && let Some(row) = self.store.person(&named.person).await?
            && is_other_purpose(row.person.level, named.purpose())
        {
            found.push(Disagreement::OtherPurpose);
        }
        Ok(found)
    }

    async fn mark(&self, log: &ControllerId, station: &StationId, named: &Named, found: Disagreement) {
        let mark = Mark {
            station: station.clone(),
            person: named.person.clone(),
            session: named.session.clone(),
            found,
        };
        if !first_time(lock(&self.marked), mark.clone()) {
            return;
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        tracing::error!(%station, person = named.person, %found, "events name what is not so");
        let what = StationRefused::default()
            .because(format!("its events were taken and name {found}"))
            .asked_for(&named.person);
        if !self.recorded(log, station, what, Outcome::Done).await {
            lock(&self.marked).remove(&mark);
        }
    }

    /// Whether it could be recorded.
    async fn recorded(
        &self,
        log: &ControllerId,
        station: &StationId,
        what: impl Into<Details>,
        result: Outcome,
    ) -> bool {
        let act = Act {
            at: Some(station),
            ..Act::default()
        };
        let recorded = self.recorder.record(log, what, result, act).await;
        if let Err(rejection) = &recorded {
            tracing::error!(%rejection, %station, "what a workstation's events name is not marked");
        }
        recorded.is_ok()
    }

    async fn kept(&self, session: &str) -> Result<Option<KeptSession>, StoreError> {
        if session.is_empty() {
            return Ok(None);
        }
        let known = lock(&self.known).get(session).cloned();
        if let Some((known, since)) = known
            && (known.ended_ms.is_some() || since.elapsed() < SESSION_GOOD_FOR)
        {
            return Ok(Some(known));
        }
        let kept = self.store.kept_session(session).await?;
        if let Some(kept) = &kept {
            let mut known = lock(&self.known);
            if known.len() >= REMEMBERED {
                known.clear();
            }
            known.insert(session.to_owned(), (kept.clone(), Instant::now()));
        }
        Ok(kept)
    }
}

fn first_time(mut marked: MutexGuard<'_, HashSet<Mark>>, mark: Mark) -> bool {
    if marked.len() >= REMEMBERED {
        marked.clear();
    }
    marked.insert(mark)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
