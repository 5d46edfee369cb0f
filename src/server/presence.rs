//! Who watches what, as told to everybody who may see those cameras: from the views' own events, once they are durable.
//!
//! Invariant: an event of a session that has ended makes nobody present. Each server process knows of the workstations
//! that hand their events to it. Deliberately absent: the rules (`domain::live::presence`).

use crate::domain::camera::CameraId;
use crate::domain::live::presence::{self, Step};
use crate::protocol::{Holder, Watching};
use crate::server::pulse::Pulse;
use crate::server::store::{Store, StoreError};
use serde_json::Value;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use uuid::Uuid;

/// Everybody who watches something.
pub struct Presence {
    store: Store,
    pulse: Pulse,
    views: Mutex<presence::Presence<Holder>>,
}

/// What an event says of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    act: Uuid,
    user: String,
    session: String,
    camera: CameraId,
    step: Step,
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
        })
    }
}

impl Presence {
    /// Nobody is there yet.
    pub fn new(store: Store, pulse: Pulse) -> Self {
        Self {
            store,
            pulse,
            views: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, presence::Presence<Holder>> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what the durable events of a workstation say.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn see(&self, sightings: Vec<Sighting>) -> Result<(), StoreError> {
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
            self.pulse.beat();
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
            body: row.person.body,
            station: session.station,
        }))
    }

    /// Somebody's session ended.
    pub fn leave(&self, who: &Holder) {
        if self.lock().leave(who) {
            self.pulse.beat();
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
