//! Declared events: for minutes a ceiling is raised, a liftable mask is lifted, or a school camera is opened (R-PTZ-2,
//! R-PRV-1, R-PRV-2). The server has one list for all cameras and sends it to workstations.
//!
//! Invariant: every event has a reason and an end; a permanent mask is never lifted, whatever is declared; masks and
//! schools are a supervisor's. The server ends what is over: nothing here waits for a
//! client.
//! Deliberately absent: recording and telling (the caller), grants (`domain::people` was asked before).

use crate::domain::camera::{CameraId, MaskId};
use crate::domain::message::{Message, sentence};
use crate::domain::people::{Level, Rule};
use crate::domain::site::CameraPlan;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Longest event of each kind, minutes.
const MOST_MINUTES: [u32; 3] = [60, 15, 120];
/// Longest reason and protocol number, characters.
const MOST_TEXT: usize = 500;
/// Events in force on one camera at once.
const MOST_EVENTS: usize = 8;

/// The change an event brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// No ceiling on the zoom, neither the camera's nor of a sector. Pan and tilt limits and no-look sectors stay.
    Ceilings,
    /// Lifts this mask.
    Mask(MaskId),
    /// Pictures of a school camera may be seen although the school is open.
    School,
}

/// A declaration: change, reason, protocol number, minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    pub change: Change,
    /// Why; never empty.
    pub reason: String,
    /// Protocol number; may be empty, as there may be none yet.
    #[serde(default)]
    pub protocol_no: String,
    pub minutes: u32,
}

/// Why an event is not declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum DeclareError {
    #[error("an event needs a reason")]
    NoReason,
    #[error("between 1 and {most} minutes")]
    Minutes { most: u32 },
    #[error("the camera has no ceiling")]
    NoCeiling,
    #[error("the camera has no such mask")]
    NoSuchMask,
    #[error("the mask is permanent")]
    PermanentMask,
    #[error("the camera follows no school calendar")]
    NoSchool,
    #[error("only a supervisor may declare this")]
    SupervisorOnly,
    #[error("the same event is in force already")]
    AlreadyInForce,
    #[error("too many events on this camera")]
    TooMany,
}

impl DeclareError {
    /// Why not, then what to do.
    pub fn message(self) -> Message {
        match self {
            Self::NoReason => sentence("refusal-no-reason"),
            Self::Minutes { most } => sentence("refusal-minutes").with("most", most),
            Self::NoCeiling => sentence("refusal-no-ceiling"),
            Self::NoSuchMask => sentence("refusal-no-such-mask"),
            Self::PermanentMask => sentence("refusal-permanent-mask"),
            Self::NoSchool => sentence("refusal-no-school"),
            Self::SupervisorOnly => Rule::SupervisorOnly.message(),
            Self::AlreadyInForce => sentence("refusal-in-force"),
            Self::TooMany => sentence("refusal-too-many-events"),
        }
    }
}

/// An event in force. `P`: who declared it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce<P> {
    /// Unique as long as the keeper lives.
    pub id: u64,
    pub camera: CameraId,
    pub declaration: Declaration,
    pub by: P,
    pub since: Instant,
    pub ends: Instant,
}

impl<P> InForce<P> {
    /// How long it still lasts.
    pub fn remaining(&self, now: Instant) -> Duration {
        self.ends.saturating_duration_since(now)
    }
}

/// All events in force.
#[derive(Debug, Clone)]
pub struct Declared<P> {
    events: Vec<InForce<P>>,
    next: u64,
}

impl<P> Default for Declared<P> {
    fn default() -> Self {
        Self {
            events: Vec::new(),
            next: 1,
        }
    }
}

impl<P: Clone> Declared<P> {
    /// Checks whether the event could be declared now; asked before it is recorded.
    ///
    /// # Errors
    /// [`DeclareError`]: by reason, minutes, level, camera, mask, or what is in force already.
    pub fn check(
        &self,
        camera: &CameraPlan,
        level: Level,
        declaration: &Declaration,
        now: Instant,
    ) -> Result<(), DeclareError> {
        if declaration.reason.trim().is_empty() {
            return Err(DeclareError::NoReason);
        }
        let (most, supervisor) = match &declaration.change {
            Change::Ceilings => {
                if !camera.limits.has_ceiling() {
                    return Err(DeclareError::NoCeiling);
                }
                (MOST_MINUTES[0], false)
            }
            Change::Mask(id) => {
                let mask = camera.masks.iter().find(|mask| &mask.id == id);
                if mask.ok_or(DeclareError::NoSuchMask)?.permanent {
                    return Err(DeclareError::PermanentMask);
                }
                (MOST_MINUTES[1], true)
            }
            Change::School => {
                camera.school.as_ref().ok_or(DeclareError::NoSchool)?;
                (MOST_MINUTES[2], true)
            }
        };
        if supervisor && level != Level::Supervisor {
            return Err(DeclareError::SupervisorOnly);
        }
        if !(1..=most).contains(&declaration.minutes) {
            return Err(DeclareError::Minutes { most });
        }
        let mut here = self.on(&camera.id, now);
        if here.clone().count() >= MOST_EVENTS {
            return Err(DeclareError::TooMany);
        }
        if here.any(|event| event.declaration.change == declaration.change) {
            return Err(DeclareError::AlreadyInForce);
        }
        Ok(())
    }

    /// Puts an event in force.
    ///
    /// # Errors
    /// [`DeclareError`], as [`Declared::check`] gives it; nothing has changed then.
    pub fn declare(
        &mut self,
        camera: &CameraPlan,
        by: P,
        level: Level,
        mut declaration: Declaration,
        now: Instant,
    ) -> Result<InForce<P>, DeclareError> {
        self.check(camera, level, &declaration, now)?;
        for text in [&mut declaration.reason, &mut declaration.protocol_no] {
            *text = text
                .trim()
                .chars()
                .filter(|c| !c.is_control())
                .take(MOST_TEXT)
                .collect();
        }
        let event = InForce {
            id: self.next,
            camera: camera.id.clone(),
            ends: now + Duration::from_secs(60 * u64::from(declaration.minutes)),
            declaration,
            by,
            since: now,
        };
        self.next += 1;
        self.events.push(event.clone());
        Ok(event)
    }

    /// Ends an event before its time.
    pub fn end(&mut self, id: u64) -> Option<InForce<P>> {
        let at = self.events.iter().position(|event| event.id == id)?;
        Some(self.events.remove(at))
    }

    /// Takes out what is over.
    pub fn over(&mut self, now: Instant) -> Vec<InForce<P>> {
        self.events.extract_if(.., |event| event.ends <= now).collect()
    }

    /// The event with this number, if it is in force.
    pub fn get(&self, id: u64, now: Instant) -> Option<&InForce<P>> {
        self.events.iter().find(|event| event.id == id && event.ends > now)
    }

    /// Every event in force.
    pub fn all(&self, now: Instant) -> impl Iterator<Item = &InForce<P>> + Clone {
        self.events.iter().filter(move |event| event.ends > now)
    }

    /// The events in force on a camera.
    pub fn on<'a>(&'a self, camera: &'a CameraId, now: Instant) -> impl Iterator<Item = &'a InForce<P>> + Clone {
        self.all(now).filter(move |event| &event.camera == camera)
    }

    /// When the next one ends.
    pub fn next_end(&self) -> Option<Instant> {
        self.events.iter().map(|event| event.ends).min()
    }
}

/// The plan of a camera as these changes leave it: what gate and cover are given. Permanent masks stay, also when
/// somebody says they were lifted.
pub fn relieved<'a>(camera: &CameraPlan, changes: impl Iterator<Item = &'a Change>) -> CameraPlan {
    let mut plan = camera.clone();
    for change in changes {
        match change {
            Change::Ceilings => plan.limits.raise_ceilings(),
            Change::Mask(id) => plan.masks.retain(|mask| mask.permanent || &mask.id != id),
            Change::School => plan.school = None,
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::camera::Direction;
    use crate::domain::privacy::test_dome::{dome_plan, lens, tight};
    use crate::domain::ptz::sector::{Sector, SectorRule};
    use proptest::prelude::*;

    fn camera() -> CameraPlan {
        let corner = |azimuth_deg: f64, elevation_deg: f64| Direction {
            azimuth_deg,
            elevation_deg,
        };
        let window = vec![corner(0.0, 0.0), corner(3.0, 0.0), corner(3.0, 4.0)];
        let mut camera = dome_plan(tight(), lens(), vec![window.clone(), window.clone()]);
        camera.masks[1].permanent = false;
        camera.limits.zoom_ceiling = Some(4.0);
        camera.limits.density_ceiling_px_m = Some(125.0);
        let sector = |id: &str, rule| Sector {
            id: id.parse().unwrap(),
            name: id.to_owned(),
            rule,
            corners: window.clone(),
        };
        camera.limits.sectors = vec![
            sector("cortile", SectorRule::NoLook),
            sector("piazza", SectorRule::ZoomCeiling(2.0)),
        ];
        camera
    }

    fn wish(change: Change, minutes: u32) -> Declaration {
        Declaration {
            change,
            reason: "rissa in piazza".into(),
            protocol_no: String::new(),
            minutes,
        }
    }

    fn mask(n: usize) -> Change {
        Change::Mask(format!("mask-{n}").parse().unwrap())
    }

    #[test]
    fn r_ptz_2_an_event_needs_a_reason_and_minutes_and_ends_by_itself() {
        let (camera, now) = (camera(), Instant::now());
        let mut declared = Declared::default();
        let blank = Declaration {
            reason: "  ".into(),
            ..wish(Change::Ceilings, 5)
        };
        let ask = |declared: &Declared<&str>, d: &Declaration| declared.check(&camera, Level::Operator, d, now);
        assert_eq!(ask(&declared, &blank), Err(DeclareError::NoReason));
        for minutes in [0, 61] {
            let wrong = ask(&declared, &wish(Change::Ceilings, minutes));
            assert_eq!(wrong, Err(DeclareError::Minutes { most: 60 }));
        }
        let event = declared
            .declare(&camera, "neri", Level::Operator, wish(Change::Ceilings, 5), now)
            .unwrap();
        assert_eq!(
            ask(&declared, &wish(Change::Ceilings, 5)),
            Err(DeclareError::AlreadyInForce)
        );
        let almost = now + Duration::from_secs(299);
        assert_eq!(declared.on(&camera.id, almost).count(), 1);
        assert!(declared.over(almost).is_empty());
        let end = now + Duration::from_secs(300);
        assert_eq!(declared.on(&camera.id, end).count(), 0);
        assert_eq!((declared.next_end(), declared.over(end)), (Some(end), vec![event]));
        assert_eq!(declared.next_end(), None);
    }

    #[test]
    fn r_prv_1_only_a_supervisor_lifts_and_only_a_liftable_mask() {
        let (camera, now) = (camera(), Instant::now());
        let declared = Declared::<&str>::default();
        let ask = |level, change| declared.check(&camera, level, &wish(change, 10), now);
        assert_eq!(ask(Level::Supervisor, mask(1)), Ok(()));
        assert_eq!(ask(Level::Operator, mask(1)), Err(DeclareError::SupervisorOnly));
        assert_eq!(ask(Level::Supervisor, mask(0)), Err(DeclareError::PermanentMask));
        assert_eq!(ask(Level::Supervisor, mask(7)), Err(DeclareError::NoSuchMask));
        assert_eq!(ask(Level::Supervisor, Change::School), Err(DeclareError::NoSchool));
    }

    #[test]
    fn r_ptz_1_an_event_raises_ceilings_and_nothing_else() {
        let camera = camera();
        let raised = relieved(&camera, [Change::Ceilings, mask(1)].iter());
        assert_eq!(
            (raised.limits.zoom_ceiling, raised.limits.density_ceiling_px_m),
            (None, None)
        );
        assert_eq!(raised.limits.sectors.len(), 1);
        assert_eq!(raised.limits.sectors[0].rule, SectorRule::NoLook);
        assert_eq!(raised.masks.len(), 1);
    }

    proptest! {
        #[test]
        fn r_prv_1_a_permanent_mask_stays_whatever_is_declared(
            permanent in proptest::collection::vec(any::<bool>(), 1..6),
            lifted in proptest::collection::vec(0usize..8, 0..10),
        ) {
            let mut plan = camera();
            let first = plan.masks[0].clone();
            plan.masks = permanent.iter().enumerate().map(|(i, permanent)| crate::domain::site::Mask {
                id: format!("mask-{i}").parse().unwrap(), permanent: *permanent, ..first.clone()
            }).collect();
            let changes: Vec<Change> = lifted.iter().map(|n| mask(*n)).collect();
            let left = relieved(&plan, changes.iter());
            for kept in plan.masks.iter().filter(|mask| mask.permanent) {
                prop_assert!(left.masks.contains(kept));
            }
        }

        #[test]
        fn r_ptz_2_no_sequence_keeps_an_event_beyond_its_minutes(
            steps in proptest::collection::vec((0u64..400, 1u32..7, any::<bool>()), 1..40),
        ) {
            let (camera, begin) = (camera(), Instant::now());
            let (mut declared, mut now) = (Declared::default(), begin);
            for (seconds, minutes, ends) in steps {
                now += Duration::from_secs(seconds);
                let _ = declared.declare(&camera, "neri", Level::Operator, wish(Change::Ceilings, minutes), now);
                let first = declared.on(&camera.id, now).next().map(|event| event.id);
                if let (true, Some(id)) = (ends, first) { declared.end(id); }
                for event in declared.all(now) {
                    let most = Duration::from_secs(60 * u64::from(event.declaration.minutes));
                    prop_assert!(event.remaining(now) <= most && now < event.since + most);
                }
                for event in declared.over(now) { prop_assert!(event.ends <= now); }
            }
        }
    }
}
