//! The cover of one view's frames, and what of them may be enlarged.
//!
//! Invariant: a frame that is no longer fresh keeps the cover it had when it was: a picture that stands while the dome
//! moves on is not uncovered. What a frame itself says of the pose (`picture_motion_feed`) counts for that frame alone.
//! Deliberately absent: what a cover is computed from (`watched`); covers of recordings, which no picture narrows
//! (`recorded_cover`).

use super::picture_motion_feed::PictureWitness;
use super::plan_in_force::InForce;
use super::watched::Watched;
use crate::domain::privacy::{Cover, PoseKnowledge, WholeReason};
use crate::domain::ptz::limits::{self, AllowedZoom};
use crate::media::frame::Came;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A frame this old is not one that was just taken: its cover is not computed anew.
const FRESH: Duration = Duration::from_millis(250);
/// A frame that was never drawn while it was fresh: nothing is known of the pose it was taken at.
const NOT_FRESH: PoseKnowledge = PoseKnowledge::Unknown(WholeReason::PoseNotKnown);

/// The cover last computed for one view's frames, and what of them may be enlarged.
pub struct FrameCover {
    last: Mutex<Option<CachedCover>>,
    /// What the view's pictures are looked at with.
    witness: Option<Arc<PictureWitness>>,
}

/// A cover that was computed.
#[derive(Clone)]
struct CachedCover {
    /// When its frame arrived, and when it was drawn.
    of: Instant,
    at: Instant,
    /// Masks and limits it was computed from.
    by: Arc<InForce>,
    /// Every pose the frame may have been taken at.
    pose: PoseKnowledge,
    cover: Arc<Cover>,
}

impl FrameCover {
    /// What the view's pictures are looked at with; `None`: they are not.
    pub fn witness(&self) -> Option<&PictureWitness> {
        self.witness.as_deref()
    }

    /// No cover was computed yet. `witness`: what the view's pictures are looked at with, if they are.
    pub fn new(witness: Option<Arc<PictureWitness>>) -> Self {
        Self {
            last: Mutex::default(),
            witness,
        }
    }

    /// What must be covered on a frame that `came` so and is drawn at `now`.
    pub fn at(&self, dome: &Watched, came: Came, now: Instant) -> Arc<Cover> {
        self.of_frame(dome, came, now).cover
    }

    /// What of a `wanted` digital zoom may be shown of a frame that `came` so and is drawn at `now`.
    pub fn digital_zoom(&self, dome: &Watched, came: Came, now: Instant, wanted: f64) -> AllowedZoom {
        let CachedCover { by, pose, .. } = self.of_frame(dome, came, now);
        limits::digital_zoom(&by.plan, &pose, wanted)
    }

    fn of_frame(&self, dome: &Watched, came: Came, now: Instant) -> CachedCover {
        let arrived = came.arrived;
        let by = dome.in_force(now);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = last.as_ref()
            && known.of == arrived
            && Arc::ptr_eq(&known.by, &by)
            && (known.at == now || (!dome.moves() && !by.has_hours()) || now.saturating_duration_since(arrived) > FRESH)
        {
            return known.clone();
        }
        // Pictures that waited on their way are older than the bounds of the plan say: no pose is known for them.
        let fresh = !dome.moves() || (!dome.is_late(&came) && now.saturating_duration_since(arrived) <= FRESH);
        let pose = if fresh {
            dome.knowledge_of(&came, self.witness.as_deref(), now)
        } else {
            NOT_FRESH
        };
        let lies_otherwise = pose == PoseKnowledge::Unknown(WholeReason::OrientationChanged);
        let to_calibrate = lies_otherwise
            .then(|| dome.cover_to_calibrate(&by, &came, now))
            .flatten();
        let cover = to_calibrate.unwrap_or_else(|| by.cover(&pose, jiff::Timestamp::now()));
        let cover = Arc::new(dome.with_its_cause(cover));
        let known = CachedCover {
            of: arrived,
            at: now,
            by,
            pose,
            cover,
        };
        *last = Some(known.clone());
        known
    }
}
