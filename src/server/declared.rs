//! Declared events (R-PTZ-2, R-PRV-1, R-PRV-2): the domain's list, the event of each beginning and end, and the clock.
//!
//! Invariant: an event is durable in the log before it is in force, and it ends here, whatever becomes of the
//! workstation that declared it. When the server ends, nothing stays in force: its beginning in the log names its end.
//! Deliberately absent: who may (the caller asks `domain::people`), how workstations are told (`change_notifier`).

use crate::domain::audit::details::live::{Ending, EventDeclared, EventEnded, MaskLift};
use crate::domain::audit::details::{EventKind, Say as _};
use crate::domain::audit::event::Outcome;
use crate::domain::camera::{CameraId, ControllerId};
use crate::domain::privacy::declared_event::{Change, Declaration, Declared, InForce};
use crate::domain::site::CameraPlan;
use crate::protocol::{DeclaredState, Holder, RefusalKind};
use crate::server::causes::causes;
use crate::server::change_notifier::ChangeNotifier;
use crate::server::dome_leases::holder;
use crate::server::log::recorder::{Act, Recorder};
use crate::server::log::sequencer::Rejection;
use crate::server::people::sessions::SignedIn;
use crate::server::step_error::Trouble;
use std::sync::Weak;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, Notify};

/// How often the list is looked at when nobody calls.
const TICK: Duration = Duration::from_secs(5);

/// Who declared an event, and where it is recorded.
#[derive(Debug, Clone)]
struct By {
    holder: Holder,
    log: ControllerId,
}

/// Every declared event.
pub struct Declarations {
    events: Mutex<Declared<By>>,
    recorder: Recorder,
    changed: Notify,
    changes: ChangeNotifier,
}

/// Longest reason and protocol number in an event, characters.
const MOST_TEXT: usize = 500;

fn word(change: &Change) -> String {
    match change {
        Change::Ceilings => "ceilings".into(),
        Change::Mask(id) => format!("mask {id}"),
        Change::School => "school".into(),
    }
}

/// What the event of a declaration says.
fn said(declaration: &Declaration) -> EventKind {
    let cut = |text: &str| Some(text.chars().take(MOST_TEXT).collect());
    let change = Some(word(&declaration.change));
    let (reason, protocol_no) = (cut(&declaration.reason), cut(&declaration.protocol_no));
    let minutes = Some(declaration.minutes);
    match declaration.change {
        Change::Mask(_) => MaskLift {
            change,
            reason,
            protocol_no,
            minutes,
        }
        .into(),
        Change::Ceilings | Change::School => EventDeclared {
            change,
            reason,
            protocol_no,
            minutes,
        }
        .into(),
    }
}

impl Declarations {
    /// Nothing is in force.
    pub fn new(recorder: Recorder, changes: ChangeNotifier) -> Self {
        Self {
            events: Mutex::default(),
            recorder,
            changed: Notify::new(),
            changes,
        }
    }

    /// Declares an event: recorded, then in force.
    ///
    /// # Errors
    /// [`Trouble::Refused`], recorded, when the declaration is not allowed of this camera, level or moment;
    /// [`Trouble::NotRecorded`] when the log does not take it.
    pub async fn declare(
        &self,
        camera: &CameraPlan,
        who: &SignedIn,
        declaration: Declaration,
        now: Instant,
    ) -> Result<DeclaredState, Trouble> {
        let mut events = self.events.lock().await;
        self.end_over(&mut events, now).await?;
        let act = Act {
            person: Some(&who.person),
            session: &who.session.session,
            at: Some(&who.session.station),
            camera: Some(&camera.id),
            purpose: Some(who.session.purpose),
            protocol_no: &who.session.protocol_no,
            ..Act::default()
        };
        let declared = said(&declaration);
        if let Err(error) = events.check(camera, who.person.level, &declaration, now) {
            let refused = declared.because(error.to_string());
            self.recorder
                .record(&camera.controller, refused, Outcome::Refused, act)
                .await?;
            return Err(error.into());
        }
        self.recorder
            .record(&camera.controller, declared, Outcome::Done, act)
            .await?;
        let by = By {
            holder: holder(who),
            log: camera.controller.clone(),
        };
        let event = events
            .declare(camera, by, who.person.level, declaration, now)
            .map_err(Trouble::from)?;
        self.changed.notify_one();
        self.changes.beat();
        Ok(state(&event, now))
    }

    /// Ends an event before its time.
    ///
    /// # Errors
    /// It is not in force, or its end could not be recorded (it is over all the same).
    pub async fn end(&self, id: u64, who: &SignedIn, now: Instant) -> Result<(), Trouble> {
        let mut events = self.events.lock().await;
        events.get(id, now).ok_or(RefusalKind::NotFound)?;
        let event = events.end(id).ok_or(RefusalKind::NotFound)?;
        self.changes.beat();
        Ok(self.record_end(&event, Some(who)).await?)
    }

    /// The camera of an event in force.
    pub async fn camera_of(&self, id: u64, now: Instant) -> Option<CameraId> {
        self.events.lock().await.get(id, now).map(|event| event.camera.clone())
    }

    /// Every event in force.
    pub async fn all(&self, now: Instant) -> Vec<DeclaredState> {
        self.events
            .lock()
            .await
            .all(now)
            .map(|event| state(event, now))
            .collect()
    }

    /// Whether a supervisor opened this school camera for minutes.
    pub async fn school_is_open(&self, camera: &CameraId, now: Instant) -> bool {
        let events = self.events.lock().await;
        events
            .on(camera, now)
            .any(|event| event.declaration.change == Change::School)
    }

    /// Ends what is over, in time, as long as the server lives.
    pub async fn end_in_time(declarations: Weak<Self>) {
        loop {
            let Some(me) = declarations.upgrade() else { return };
            let next = {
                let mut events = me.events.lock().await;
                if let Err(error) = me.end_over(&mut events, Instant::now()).await {
                    tracing::error!(error = %causes(&error), "the end of a declared event could not be recorded");
                }
                events.next_end()
            };
            let pause = next.map_or(TICK, |end| end.saturating_duration_since(Instant::now()).min(TICK));
            // An end that could not be recorded is not in the list any more; this never spins.
            let _ = tokio::time::timeout(pause, me.changed.notified()).await;
        }
    }

    async fn end_over(&self, events: &mut Declared<By>, now: Instant) -> Result<(), Rejection> {
        for event in events.over(now) {
            self.changes.beat();
            self.record_end(&event, None).await?;
        }
        Ok(())
    }

    async fn record_end(&self, event: &InForce<By>, who: Option<&SignedIn>) -> Result<(), Rejection> {
        let act = Act {
            person: who.map(|who| &who.person),
            typed_user: &event.by.holder.user,
            session: who.map_or("", |who| who.session.session.as_str()),
            at: Some(&event.by.holder.station),
            camera: Some(&event.camera),
            purpose: who.map(|who| who.session.purpose),
            protocol_no: who.map_or("", |who| who.session.protocol_no.as_str()),
            ..Act::default()
        };
        let ended = EventEnded {
            change: Some(word(&event.declaration.change)),
            declared_by: Some(event.by.holder.user.clone()),
            ended: Some(who.map_or(Ending::ByItself, |_| Ending::ByAPerson)),
        };
        self.recorder.record(&event.by.log, ended, Outcome::Done, act).await
    }
}

fn state(event: &InForce<By>, now: Instant) -> DeclaredState {
    DeclaredState {
        id: event.id,
        camera: event.camera.clone(),
        declaration: event.declaration.clone(),
        by: event.by.holder.clone(),
        remaining_ms: u64::try_from(event.remaining(now).as_millis()).unwrap_or(u64::MAX),
    }
}
