//! What one view's pictures say of a dome's pose: between the thread that decodes them, the statuses, and the cover.
//!
//! The decoder's thread alone looks at pictures ([`PictureWitness::look`]); statuses are left for it, and what it found of
//! the last few pictures is left for the cover. Both lie behind a lock that nobody holds while a picture is looked at, so neither the
//! window nor the status waits for a picture, nor the decoder for them.
//!
//! Invariant: what is said of a picture is said of that very one; after [`PictureWitness::forget`] nothing from before it is
//! said or used. Deliberately absent: what pictures say (`domain::privacy::picture_motion`), whether one is looked at and what
//! becomes of it (`watched`).

mod luma;
pub(in crate::station) mod turns;

use crate::domain::camera::Pose;
use crate::domain::privacy::PoseInterval;
use crate::domain::privacy::picture_motion::{Chain, Claim, Pace};
use crate::domain::site::CameraPlan;
use crate::media::frame::Frame;
use luma::luma;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use turns::PictureTurns;

/// What was said of so many pictures is kept: the cover may be drawn for one when the next has already been looked at.
const KEPT: usize = 4;
/// Statuses left between two pictures at most.
const MOST_STATUSES: usize = 32;

/// The picture of one view as a witness of where its dome looks.
pub struct PictureWitness {
    looking: Mutex<Looking>,
    desk: Mutex<Desk>,
    /// What a measurement of delays looks at them with.
    pub turns: PictureTurns,
}

/// The decoder thread's own.
struct Looking {
    chain: Chain,
    pace: Pace,
    forgotten: u64,
}

#[derive(Default)]
struct Desk {
    statuses: VecDeque<([Instant; 2], Pose)>,
    claims: VecDeque<Claim>,
    /// How often everything was to be forgotten.
    forgotten: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PictureWitness {
    /// Nothing was seen yet. `None` for a camera without a lens model, or one whose picture is mirrored.
    pub fn new(plan: &CameraPlan) -> Option<Self> {
        // A mirrored picture turns the other way, which the chain does not reckon with.
        let lens = plan.lens.as_ref().filter(|lens| !lens.mirrored)?;
        Some(Self {
            looking: Mutex::new(Looking {
                chain: Chain::new(lens, &plan.motion),
                pace: Pace::default(),
                forgotten: 0,
            }),
            desk: Mutex::default(),
            turns: PictureTurns::default(),
        })
    }

    /// Takes down that the dome had this pose at some moment between the two.
    pub fn on_status(&self, taken: [Instant; 2], pose: Pose) {
        let mut desk = lock(&self.desk);
        if desk.statuses.len() == MOST_STATUSES {
            desk.statuses.pop_front();
        }
        desk.statuses.push_back((taken, pose));
    }

    /// Forgets all pictures and statuses.
    pub fn forget(&self) {
        let mut desk = lock(&self.desk);
        desk.forgotten += 1;
        desk.statuses.clear();
        desk.claims.clear();
    }

    /// Whether to look at the picture that `arrived` then; `stands`: the dome is known to stand. Ask once for each picture.
    pub fn wants(&self, arrived: Instant, stands: bool) -> bool {
        lock(&self.looking).pace.wants(arrived, stands)
    }

    /// Looks at a picture, for the decoder's thread. `envelope`: every pose it may have been taken at by everything but pictures.
    /// Takes 0.2 to 0.8 ms by the picture's size; larger ones ([`luma()`]) are not looked at.
    pub fn look(&self, frame: &Frame, envelope: &PoseInterval) {
        let Some(luma) = luma(frame) else { return };
        let looking = &mut *lock(&self.looking);
        let (statuses, forgotten) = {
            let mut desk = lock(&self.desk);
            (std::mem::take(&mut desk.statuses), desk.forgotten)
        };
        if looking.forgotten != forgotten {
            looking.forgotten = forgotten;
            looking.chain.forget();
        }
        for (taken, pose) in statuses {
            looking.chain.on_status(taken, pose);
        }
        let contradicted = looking.chain.counts().contradicted;
        looking.chain.on_picture(frame.arrived, luma, envelope);
        let mut desk = lock(&self.desk);
        if looking.chain.counts().contradicted != contradicted {
            // What was said before may have been as wrong.
            desk.claims.clear();
        }
        if let Some(claim) = looking.chain.claim().filter(|_| desk.forgotten == forgotten) {
            if desk.claims.len() == KEPT {
                desk.claims.pop_front();
            }
            desk.claims.push_back(claim);
        }
    }

    /// What is said of the picture that `arrived` then.
    pub fn claim(&self, arrived: Instant) -> Option<Claim> {
        let desk = lock(&self.desk);
        desk.claims.iter().find(|claim| claim.arrived == arrived).copied()
    }
}
