//! A dome's presets: listing, calling, saving; and the return of a dome that nobody steers any more.
//!
//! Invariant: a preset whose position lies outside the limits, or is not known where there are limits, is neither called
//! nor saved; one that was called by its token is done when the dome says that it stands where the preset is.
//! Deliberately absent: removing presets (the administrator's).

use super::ptz_control::arrival::{Arrival, arrival};
use crate::domain::audit::details::EventKind;
use crate::domain::audit::details::live::{PresetCall, PresetSave};
use crate::domain::camera::{CameraId, Pose};
use crate::domain::people::Action;
use crate::domain::ptz::dead_man::CAMERA_TIMEOUT;
use crate::domain::ptz::gesture::{self, PresetRoad};
use crate::domain::ptz::{Order, limits};
use crate::domain::site::CameraPlan;
use crate::onvif::{self, Ptz};
use crate::station::record::health::Need;
use crate::station::record::outbox::Recorded;
use crate::station::refusal::{CameraTrouble, Refusal, TroubleKind};
use crate::station::session::authorised_act::{Act, Intent, Right};
use crate::station::session::signed_in::Session;
use std::time::Instant;

/// Longest preset name.
const MAX_NAME: usize = 64;
/// The home position in events, where a preset has its token.
const HOME: &str = "HomePosition";

/// A preset as the camera names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    pub token: String,
    pub name: String,
}

/// The token or name of a preset as events carry it, cut.
fn short(preset: &str) -> String {
    preset.chars().take(MAX_NAME).collect()
}

impl Session {
    /// The camera's presets. The camera must be watched: the view's event covers the question.
    ///
    /// # Errors
    /// [`Refusal::NotRecorded`] when nobody watches the camera here; [`Refusal::Camera`] when it does not answer or has no
    /// motors.
    pub async fn presets(&self, camera: &CameraId) -> Result<Vec<Preset>, Refusal> {
        let plan = self.0.camera(camera)?;
        let watched = self.0.watched.watched(camera).ok_or_else(|| Refusal::NotRecorded {
            detail: "no view of this camera is open".into(),
        })?;
        let ptz = self.motors(&plan, watched.proof()).await?;
        let presets = ptz.presets().await?;
        Ok(presets
            .into_iter()
            .map(|preset| Preset {
                token: preset.token,
                name: preset.name,
            })
            .collect())
    }

    /// Calls a preset; refused when it lies outside the limits.
    ///
    /// # Errors
    /// Before the act [`Refusal::Kind`] with the rule, [`Refusal::NotRecorded`], a server that is away longer than the grace;
    /// then, recorded, the lease that somebody else has, a limit that the way or the place would break, a preset that the
    /// camera does not have ([`Refusal::NotSupported`]), or [`Refusal::Camera`].
    pub async fn call_preset(&self, camera: &CameraId, preset: &str) -> Result<(), Refusal> {
        let call = PresetCall {
            preset: Some(short(preset)),
            ..PresetCall::default()
        };
        let (plan, act) = self.preset_act(call, camera).await?;
        let outcome = self.go_to_preset(&plan, &act, |known| known.token == preset).await;
        if outcome.is_ok() {
            self.0.leases.steered(camera);
        }
        act.finish(outcome, None).await
    }

    /// Sends a dome that nobody steered for long enough back to where its plan says; in the name of who steered it last.
    ///
    /// # Errors
    /// As [`Session::call_preset`] and [`Session::call_home`]; nothing where the plan names no return any more.
    pub(in crate::station) async fn return_home(&self, camera: &CameraId) -> Result<(), Refusal> {
        let Some(home) = self.0.camera(camera)?.return_home else {
            return Ok(());
        };
        let call = PresetCall {
            preset: Some(short(home.preset.as_deref().unwrap_or(HOME))),
            by_itself: Some(true),
        };
        let (plan, act) = self.preset_act(call, camera).await?;
        let outcome = match &home.preset {
            Some(name) => self.go_to_preset(&plan, &act, |known| known.name == *name).await,
            None => self.go_home(&plan, &act).await,
        };
        act.finish(outcome, None).await
    }

    /// Goes to the camera's home position (ONVIF PTZ `GotoHomePosition`), which no camera tells: refused where anything is
    /// limited.
    ///
    /// # Errors
    /// As [`Session::call_preset`]; [`Refusal::Covered`] where the dome has a limit.
    pub async fn call_home(&self, camera: &CameraId) -> Result<(), Refusal> {
        let call = PresetCall {
            preset: Some(short(HOME)),
            ..PresetCall::default()
        };
        let (plan, act) = self.preset_act(call, camera).await?;
        let outcome = self.go_home(&plan, &act).await;
        if outcome.is_ok() {
            self.0.leases.steered(camera);
        }
        act.finish(outcome, None).await
    }

    /// Saves the present pose as a preset; refused when it lies outside the limits.
    ///
    /// # Errors
    /// Before the act [`Refusal::Kind`] with the rule, [`Refusal::NotRecorded`], a server that is away longer than the grace;
    /// then, recorded, the lease that somebody else has, a pose outside the limits, or not known where there are limits, or
    /// [`Refusal::Camera`].
    pub async fn save_preset(&self, camera: &CameraId, name: &str) -> Result<(), Refusal> {
        let name: String = name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
        let save = PresetSave {
            preset: Some(short(&name)),
        };
        let (plan, act) = self.preset_act(save, camera).await?;
        let outcome = self.save_pose(&plan, &act, &name).await;
        act.finish(outcome, None).await
    }

    async fn preset_act(&self, what: impl Into<EventKind>, camera: &CameraId) -> Result<(CameraPlan, Act), Refusal> {
        let plan = self.0.camera(camera)?;
        let intent = Intent::new(what, &plan, Right::Grant(Action::Ptz), Need::Act);
        let act = self.0.intend(intent).await?;
        Ok((plan, act))
    }

    async fn motors(&self, plan: &CameraPlan, proof: &Recorded) -> Result<Ptz, Refusal> {
        self.0.cameras.connection(plan, proof).await?.ptz().await
    }

    async fn go_to_preset(
        &self,
        plan: &CameraPlan,
        act: &Act,
        which: impl Fn(&onvif::Preset) -> bool,
    ) -> Result<(), Refusal> {
        let _lease = self.0.leases.take(&plan.id).await?;
        let ptz = self.motors(plan, act.recorded()).await?;
        let watched = self.0.watched.watch(plan, act.recorded());
        let presets = ptz.presets().await?;
        let preset = presets.iter().find(|known| which(known)).ok_or(Refusal::NotSupported)?;
        let token = preset.token.as_str();
        let stored = pose_of(plan, preset);
        let road = gesture::preset_road(plan, stored).map_err(|hit| Refusal::of_limit(hit, plan))?;
        if let PresetRoad::ToPose(pose) = road {
            let (from, settled) = watched.ways(CAMERA_TIMEOUT);
            let in_force = watched.in_force(Instant::now());
            limits::passage(&in_force.plan, &from, &settled, &pose)
                .map_err(|hit| Refusal::of_limit(hit, &in_force.plan))?;
        }
        // A gesture that has just ended may still be stopping the dome: it gives way to this move.
        let (mover, sent) = (watched.next_mover(), Instant::now());
        watched.set_mover(mover);
        watched.on_command(
            sent,
            match road {
                PresetRoad::ToPose(pose) => Order::Position(pose),
                PresetRoad::ByToken => Order::SomewhereElse,
            },
        );
        match (road, &plan.lens) {
            (PresetRoad::ToPose(pose), Some(lens)) => match ptz.absolute(lens.position_of(pose)).await {
                Err(error) if error.kind() == onvif::OnvifErrorKind::NotSupported => ptz.goto_preset(token).await?,
                other => other?,
            },
            _ => ptz.goto_preset(token).await?,
        }
        match stored.filter(|_| road == PresetRoad::ByToken) {
            Some(pose) if arrival(&ptz, &watched, mover, pose, sent).await == Arrival::Elsewhere => {
                let detail = "the dome stands elsewhere than its preset says";
                Err(CameraTrouble::new(TroubleKind::Nonsense, detail).into())
            }
            Some(_) | None => Ok(()),
        }
    }

    async fn go_home(&self, plan: &CameraPlan, act: &Act) -> Result<(), Refusal> {
        gesture::preset_road(plan, None).map_err(|hit| Refusal::of_limit(hit, plan))?;
        let _lease = self.0.leases.take(&plan.id).await?;
        let ptz = self.motors(plan, act.recorded()).await?;
        let watched = self.0.watched.watch(plan, act.recorded());
        watched.set_mover(watched.next_mover());
        watched.on_command(Instant::now(), Order::SomewhereElse);
        Ok(ptz.home().await?)
    }

    async fn save_pose(&self, plan: &CameraPlan, act: &Act, name: &str) -> Result<(), Refusal> {
        let _lease = self.0.leases.take(&plan.id).await?;
        let ptz = self.motors(plan, act.recorded()).await?;
        let status = ptz.status().await?;
        let pose = plan
            .lens
            .as_ref()
            .zip(status.position)
            .map(|(lens, position)| lens.pose_at(position));
        let allowed = match pose {
            Some(pose) => limits::position(plan, &pose),
            None => limits::unknown_target(plan),
        };
        allowed.map_err(|hit| Refusal::of_limit(hit, plan))?;
        ptz.set_preset(name).await?;
        Ok(())
    }
}

fn pose_of(plan: &CameraPlan, preset: &onvif::Preset) -> Option<Pose> {
    Some(plan.lens.as_ref()?.pose_at(preset.position?))
}
