//! How far the pictures of one view turned while its dome was driven, for the measurement of delays at a calibration.
//!
//! Invariant: costs nothing while nobody measures; a strip at the upper and at the lower edge is left out, where cameras write what
//! stands still while the dome turns (name, date, hour); a picture that cannot be compared with those before ends the measurement of
//! that drive, and what was seen until then stands. Deliberately absent: what follows from turns (`domain::ptz::delay_trial`).

use super::luma::luma_of_rows;
use crate::domain::privacy::picture_motion::{Eye, Look, Luma, View};
use crate::domain::ptz::speed_trial::PictureTurn;
use crate::media::frame::Frame;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Most pictures of one drive: half a minute at 60 a second.
const MOST_TURNS: usize = 1_800;

/// Of the height of a picture a strip that is left out, 1/n.
const STRIP: u32 = 12;

/// The turns of one view's pictures since they were begun to be measured.
#[derive(Default)]
pub struct PictureTurns(Mutex<Option<Turning>>);

struct Turning {
    eye: Eye,
    view: View,
    seen: bool,
    lost: bool,
    /// Of the picture that others are compared with.
    kept_deg: f64,
    kept_error_deg: f64,
    turns: Vec<PictureTurn>,
}

impl PictureTurns {
    fn lock(&self) -> MutexGuard<'_, Option<Turning>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to measure; `view`: how the pictures see from here on.
    pub fn begin(&self, view: View) {
        *self.lock() = Some(Turning {
            eye: Eye::default(),
            view,
            seen: false,
            lost: false,
            kept_deg: 0.0,
            kept_error_deg: 0.0,
            turns: Vec::new(),
        });
    }

    /// Ends the measurement: the turns since it began, in the order the pictures came.
    pub fn take(&self) -> Vec<PictureTurn> {
        self.lock().take().map(|turning| turning.turns).unwrap_or_default()
    }

    /// Looks at a picture, if somebody measures. For the decoder's thread.
    pub fn see(&self, arrived: Instant, frame: &Frame) {
        let mut turning = self.lock();
        let Some(turning) = turning.as_mut().filter(|turning| !turning.lost) else {
            return;
        };
        let Some((luma, share)) = between_strips(frame) else {
            return;
        };
        let view = View {
            aspect: turning.view.aspect / share,
            ..turning.view
        };
        match turning.eye.look(luma, view) {
            Look::Repeated => {}
            Look::Lost => turning.lost = std::mem::replace(&mut turning.seen, true),
            Look::Turned { witness, kept } => {
                let turned_deg = turning.kept_deg + witness.turn_deg();
                let error_deg = turning.kept_error_deg + witness.error_deg();
                if turning.turns.len() < MOST_TURNS {
                    turning.turns.push(PictureTurn {
                        arrived,
                        turned_deg,
                        error_deg,
                    });
                }
                if kept {
                    (turning.kept_deg, turning.kept_error_deg) = (turned_deg, error_deg);
                }
            }
        }
    }
}

/// What lies between the strips of a picture, and which share of its height that is.
fn between_strips(frame: &Frame) -> Option<(Luma<'_>, f64)> {
    let strip = frame.height / STRIP;
    let rows = strip..frame.height - strip;
    let share = f64::from(frame.height - 2 * strip) / f64::from(frame.height);
    Some((luma_of_rows(frame, rows)?, share))
}
