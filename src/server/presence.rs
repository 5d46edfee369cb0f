//! Who watches what, as told to everybody who may see those cameras: from the views' own events, once they are durable.
//!
//! Where several server processes share a database, each reads the events of all of them from the log, in its order, and
//! keeps nothing of its own beside it: nothing is written for it. Elsewhere an event is taken in as it is handed over.
//! Invariant: an event of a session that has ended makes nobody present, and who is present goes with their session.
//! Deliberately absent: the rules (`domain::live::viewers`).

use crate::domain::camera::CameraId;
use crate::domain::live::viewers::{self, Step};
use crate::protocol::{Holder, Watching};
use crate::server::causes::causes;
use crate::server::change_notifier::ChangeNotifier;
use crate::server::now::now_ms;
use crate::server::store::{Log, Store, StoreError};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How often the log is read when no other server process says anything.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// Everybody who watches something.
pub struct Presence {
    store: Store,
    changes: ChangeNotifier,
    views: Mutex<viewers::Presence<Holder>>,
    logs: Vec<Log>,
    /// How far each log was read; also the turn of whoever reads.
    read: tokio::sync::Mutex<HashMap<i64, u64>>,
}

/// What an event says of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    act: Uuid,
    user: String,
    session: String,
    camera: CameraId,
    step: Step,
    /// Whether the view begins or ends, and does not only go on.
    changes: bool,
}

impl Sighting {
    /// From the body of an event, when it is about a view.
    pub fn of(body: &Value) -> Option<Self> {
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let step = match (text("operation")?, text("result")?) {
            ("view_open", "refused") => return None,
            ("view_open" | "view_pulse", _) => Step::Open,
            ("view_close", _) => Step::Closed,
            _ => return None,
        };
        Some(Self {
            act: text("act")?.parse().ok()?,
            user: text("person")?.to_owned(),
            session: text("session")?.to_owned(),
            camera: text("camera")?.parse().ok()?,
            step,
            changes: text("operation") != Some("view_pulse"),
        })
    }
}

impl Presence {
    /// Nobody is there yet.
    pub fn new(store: Store, changes: ChangeNotifier, logs: Vec<Log>) -> Self {
        Self {
            store,
            changes,
            views: Mutex::default(),
            logs,
            read: tokio::sync::Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, viewers::Presence<Holder>> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Events of a workstation are durable: takes in what they say, here and in the other server processes.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn see(&self, sightings: Vec<Sighting>) -> Result<(), StoreError> {
        if !self.store.is_shared() {
            return self.take_in(sightings).await;
        }
        // That a view goes on is read by the others in their own time.
        if sightings.iter().any(|sighting| sighting.changes) {
            self.store.tell().await?;
        }
        Ok(())
    }

    /// Reads what the log has of views since the last time, and lets go who is not here any more. After a start it reads
    /// the time that a view may be silent.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer or refuses, or has a value that cannot be.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        let mut read = self.read.lock().await;
        for log in &self.logs {
            let from = match read.get(&log.id) {
                Some(from) => *from,
                None => {
                    let silence = i64::try_from(viewers::SILENCE.as_millis()).unwrap_or(i64::MAX);
                    self.store.index_at(log, now_ms().saturating_sub(silence)).await?
                }
            };
            let size = self.store.size(log).await?;
            let bodies = self.store.view_events(log, from, size).await?;
            let sightings = bodies
                .iter()
                .filter_map(|body| Sighting::of(&serde_json::from_str(body).ok()?));
            self.take_in(sightings.collect()).await?;
            read.insert(log.id, size);
        }
        let running = self.store.sessions().await?;
        let here = |who: &Holder| {
            let mut all = running.iter();
            all.any(|session| session.user == who.user && session.station == who.station)
        };
        if self.lock().keep(here) {
            self.changes.beat();
        }
        Ok(())
    }

    /// Reads on as long as the server lives, also when nobody says that there is something.
    pub async fn keep_up(presence: Weak<Self>) {
        loop {
            let Some(me) = presence.upgrade() else { return };
            if let Err(error) = me.catch_up().await {
                tracing::warn!(error = %causes(&error), "who watches is not known");
            }
            if !me.store.is_shared() {
                // What is handed over from now on is taken in at once.
                return;
            }
            drop(me);
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn take_in(&self, sightings: Vec<Sighting>) -> Result<(), StoreError> {
        let mut known: Option<(String, Option<Holder>)> = None;
        let mut changed = false;
        for sighting in sightings {
            // A batch is nearly always of one session.
            let who = match &known {
                Some((session, who)) if *session == sighting.session => who.clone(),
                _ => {
                    let who = self.who(&sighting).await?;
                    known = Some((sighting.session.clone(), who.clone()));
                    who
                }
            };
            if let Some(who) = who {
                changed |= self
                    .lock()
                    .hear(sighting.act, &sighting.camera, who, sighting.step, Instant::now());
            }
        }
        if changed {
            self.changes.beat();
        }
        Ok(())
    }

    async fn who(&self, sighting: &Sighting) -> Result<Option<Holder>, StoreError> {
        let session = self.store.session_of(&sighting.user).await?;
        let Some(session) = session.filter(|session| session.session == sighting.session) else {
            return Ok(None);
        };
        let row = self.store.person(&sighting.user).await?;
        Ok(row.map(|row| Holder {
            user: row.person.user,
            display_name: row.person.display_name,
            agency: row.person.agency,
            station: session.station,
        }))
    }

    /// Somebody's session ended.
    pub fn leave(&self, who: &Holder) {
        if self.lock().leave(who) {
            self.changes.beat();
        }
    }

    /// Who watches what now.
    pub fn all(&self) -> Vec<Watching> {
        let all = self.lock().watching(Instant::now());
        all.into_iter()
            .map(|(camera, mut people)| {
                people.sort_by(|a, b| a.display_name.cmp(&b.display_name));
                Watching { camera, people }
            })
            .collect()
    }
}
