//! Measuring a dome's speeds and delays at its calibration: the drives of a speed trial, and of a delay trial after them.
//!
//! Invariant: a trial is a gesture like any other, recorded before its first command and ended by the same watchdog; every
//! drive passes the gate, and one that a limit slows down is not measured by. The pictures that it looks at are those of views
//! that were recorded as any. Deliberately absent: which drives, and what follows from them (`domain::ptz::speed_trial`,
//! `domain::ptz::delay_trial`), proposing it.

use super::ptz_control::Gesture;
use super::view::LiveView;
use crate::domain::camera::{CameraId, Pose, StreamRole};
use crate::domain::privacy::Interval;
use crate::domain::privacy::picture_motion::View;
use crate::domain::ptz::delay_trial::{self, MeasuredMotion};
use crate::domain::ptz::speed_trial::{self, Drive, Driven, VELOCITIES};
use crate::domain::site::{Axis, CameraPlan};
use crate::station::camera::picture_motion_feed::turns::PictureTurns;
use crate::station::refusal::Refusal;
use crate::station::session::signed_in::Session;

/// Streams whose pictures are looked at: what is stated of a picture's age holds for both.
const STREAMS: [StreamRole; 2] = [StreamRole::Main, StreamRole::Sub];

impl Session {
    /// Drives a dome at rising velocities on each axis, there and back, and tells how fast it was and how late it obeyed. Takes
    /// minutes; dropped, it stops the dome.
    ///
    /// # Errors
    /// Why the dome may not or cannot be moved; [`Refusal::Covered`] when it does not say where it stands.
    pub async fn measure_motion(&self, camera: &CameraId) -> Result<MeasuredMotion, Refusal> {
        let gesture = self.drive_ptz(camera).await?;
        let mut views = Vec::new();
        for role in STREAMS {
            let view = self.view(camera, role).await;
            // Without pictures the plan says how old they are.
            views.extend(view.inspect_err(|refusal| tracing::info!(%camera, %refusal, "delays without pictures")));
        }
        let views = if views.len() == STREAMS.len() {
            views
        } else {
            Vec::new()
        };
        let trial = Trial {
            gesture: &gesture,
            views,
        };
        let measured = trial.run().await;
        drop(trial);
        let ended = gesture.end().await;
        let measured = measured?;
        ended.map(|()| measured)
    }
}

struct Trial<'a> {
    gesture: &'a Gesture,
    views: Vec<LiveView>,
}

impl Trial<'_> {
    async fn run(&self) -> Result<MeasuredMotion, Refusal> {
        let plan = self.gesture.plan();
        let mut driven = Vec::new();
        for axis in Axis::ALL {
            for velocity in VELOCITIES.into_iter().flat_map(|velocity| [velocity, -velocity]) {
                let from = self.gesture.rest_pose().await?;
                if let Some(drive) = speed_trial::drive(plan, &driven, from, axis, velocity) {
                    driven.extend(self.drive(drive, from).await?);
                }
            }
        }
        let speeds = speed_trial::table(plan, &driven);
        for axis in Axis::ALL.into_iter().cycle().take(Axis::ALL.len() * delay_trial::TIMES) {
            for sign in [1.0, -1.0] {
                let from = self.gesture.rest_pose().await?;
                if let Some(drive) = delay_trial::short_drive(plan, (&speeds, &driven), from, axis, sign) {
                    driven.extend(self.drive(drive, from).await?);
                }
            }
        }
        let delays = delay_trial::delays(plan, &speeds, &driven);
        Ok(MeasuredMotion { speeds, delays })
    }

    async fn drive(&self, drive: Drive, from: Pose) -> Result<Option<Driven>, Refusal> {
        let turns = || self.views.iter().filter_map(LiveView::turns);
        if let Some(view) = view(self.gesture.plan(), from) {
            turns().for_each(|turns| turns.begin(view));
        }
        let made = self.gesture.drive(drive, from).await;
        let pictures = turns().map(PictureTurns::take).collect();
        Ok(made?.map(|made| Driven { pictures, ..made }))
    }
}

/// How pictures see in a pose, as well as statuses tell it; `None` without a lens model.
fn view(plan: &CameraPlan, pose: Pose) -> Option<View> {
    let lens = plan.lens.as_ref()?;
    let magnification = lens.magnification(pose.hfov_deg);
    let error = plan.motion.zoom_error_ln.exp();
    Some(View {
        hfov: Interval {
            lo: lens.hfov_of(magnification * error),
            hi: lens.hfov_of(magnification / error),
        },
        aspect: lens.aspect,
    })
}
