//! Measuring a dome's speeds at its calibration: the drives of a speed trial, one after the other.
//!
//! Invariant: a trial is a gesture like any other, recorded before its first command and ended by the same watchdog; every
//! drive passes the gate, and one that a limit slows down is not measured by. Deliberately absent: which drives, and what
//! follows from them (`domain::ptz::speed_trial`), proposing the table.

use super::ptz_control::Gesture;
use crate::domain::camera::CameraId;
use crate::domain::ptz::speed_trial::{self, VELOCITIES};
use crate::domain::site::{Axis, SpeedTable};
use crate::station::refusal::Refusal;
use crate::station::session::signed_in::Session;

impl Session {
    /// Drives a dome at rising velocities on each axis, there and back, and tells how fast it was. Takes minutes; dropped, it
    /// stops the dome.
    ///
    /// # Errors
    /// Why the dome may not or cannot be moved; [`Refusal::Covered`] when it does not say where it stands.
    pub async fn measure_speeds(&self, camera: &CameraId) -> Result<SpeedTable, Refusal> {
        let gesture = self.drive_ptz(camera).await?;
        let measured = drives(&gesture).await;
        let ended = gesture.end().await;
        let table = measured?;
        ended.map(|()| table)
    }
}

async fn drives(gesture: &Gesture) -> Result<SpeedTable, Refusal> {
    let plan = gesture.plan();
    let mut driven = Vec::new();
    for axis in Axis::ALL {
        for velocity in VELOCITIES.into_iter().flat_map(|velocity| [velocity, -velocity]) {
            let from = gesture.rest_pose().await?;
            if let Some(drive) = speed_trial::drive(plan, from, axis, velocity) {
                driven.extend(gesture.drive(drive).await?);
            }
        }
    }
    Ok(speed_trial::table(plan, &driven))
}
