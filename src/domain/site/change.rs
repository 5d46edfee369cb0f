//! How a site plan is administered: a camera put or removed, a whole plan brought from a file; what differs then, and
//! what of it a second person must approve.
//!
//! Invariant: whatever decides which picture is shown, and under which masks, ceilings and hours (a new camera, its address,
//! kind, controller and lens, those rules themselves) is never changed by one person alone, whichever way the change
//! comes; and who drew and who approved a mask is written here, never taken from outside. Deliberately absent: who may
//! (`people::decide`), signing and keeping, camera accounts.

use super::{CameraPlan, Mask, ReturnHome, Revision, SitePlan, VideoView};
use crate::domain::camera::{CameraId, CameraKind, ControllerId, LensModel, MaskId};
use crate::domain::message::{Message, sentence};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Longest name and place, characters.
const MOST_TEXT: usize = 120;
/// Longest address, bytes.
const MOST_ADDRESS: usize = 256;

/// The settings of a camera as an administrator types them. Masks, ceilings and calendars change in their own way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CameraSettings {
    pub id: CameraId,
    pub number: u32,
    pub name: String,
    pub place: String,
    pub controller: ControllerId,
    pub kind: CameraKind,
    /// ONVIF device service, without credentials.
    pub onvif: String,
    #[serde(default)]
    pub personal_users: bool,
    /// Which of the device's video sources and views it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<VideoView>,
    /// When and where a dome goes back that nobody steers any more; of a camera that does not move, nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_home: Option<ReturnHome>,
}

/// A change of the site plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteChange {
    /// A new camera, or other settings of one that is there.
    Put(CameraSettings),
    Remove(CameraId),
    /// The whole plan of the controllers that the person keeps, made from the version it names.
    Import(Box<SitePlan>),
}

/// Why a plan is not changed so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum SiteFault {
    #[error("the address is not that of an ONVIF service: http or https, a host, no user and no password")]
    Address,
    #[error("a name or a place is empty, too long or not one line")]
    Text,
    #[error("another camera has this identity or this number")]
    Taken,
    #[error("there is no such controller, or it is not this person's to keep")]
    NotKept,
    #[error("there is no such camera")]
    NoSuchCamera,
    #[error("controllers are not changed here")]
    Controllers,
    #[error("the plan changed meanwhile: it is version {version} now")]
    Stale { version: u64 },
    #[error("the plan would not make sense")]
    Senseless { camera: Option<CameraId> },
    #[error("nothing changes")]
    Nothing,
    #[error("too many changes wait for approval")]
    TooMany,
}

impl SiteFault {
    /// Why not, then what to do.
    pub fn message(&self) -> Message {
        match self {
            Self::Address => sentence("site-address"),
            Self::Text => sentence("site-text"),
            Self::Taken => sentence("site-taken"),
            Self::NotKept => sentence("site-not-kept"),
            Self::NoSuchCamera => sentence("site-no-camera"),
            Self::Controllers => sentence("site-controllers"),
            Self::Stale { version } => sentence("site-stale").with("version", *version),
            Self::Senseless { .. } => sentence("site-senseless"),
            Self::Nothing => sentence("site-nothing"),
            Self::TooMany => sentence("site-too-many"),
        }
    }
}

/// Who drew and who approved what changes in masks, and when (Unix ms).
#[derive(Debug, Clone, Copy)]
pub struct Approval<'a> {
    pub author: &'a str,
    pub approver: &'a str,
    pub approved_ms: i64,
}

/// The fields of a camera, by their names in the plan's file and in events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Number,
    Name,
    Place,
    Controller,
    Kind,
    Onvif,
    Lens,
    Masks,
    Limits,
    Motion,
    Ground,
    School,
    PersonalUsers,
    View,
    Orientation,
    Habits,
    ReturnHome,
    Critical,
}

impl Field {
    /// Whether one person may change it.
    fn needs_two(self) -> bool {
        match self {
            Self::Number | Self::Name | Self::Place | Self::PersonalUsers => false,
            Self::Controller
            | Self::Kind
            | Self::Onvif
            | Self::Lens
            | Self::Masks
            | Self::Limits
            | Self::Motion
            | Self::Ground
            | Self::School
            | Self::View
            | Self::Orientation
            | Self::Habits
            | Self::ReturnHome
            | Self::Critical => true,
        }
    }
}

/// A difference of one camera between two plans; at least one of the two has the camera.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    pub camera: CameraId,
    pub before: Option<CameraPlan>,
    pub after: Option<CameraPlan>,
}

impl CameraSettings {
    /// The settings of a camera of the plan.
    pub fn of(camera: &CameraPlan) -> Self {
        Self {
            id: camera.id.clone(),
            number: camera.number,
            name: camera.name.clone(),
            place: camera.place.clone(),
            controller: camera.controller.clone(),
            kind: camera.kind,
            onvif: camera.onvif.clone(),
            personal_users: camera.personal_users,
            view: camera.view.clone(),
            return_home: camera.return_home.clone(),
        }
    }

    fn over(&self, camera: &CameraPlan) -> CameraPlan {
        let dome = self.kind == CameraKind::Dome;
        CameraPlan {
            number: self.number,
            name: self.name.trim().to_owned(),
            place: self.place.trim().to_owned(),
            controller: self.controller.clone(),
            kind: self.kind,
            onvif: self.onvif.trim().to_owned(),
            personal_users: self.personal_users,
            view: self.view.clone(),
            return_home: self.return_home.clone().filter(|_| dome),
            lens: camera.lens.clone().or_else(|| dome.then(uncalibrated)),
            ..camera.clone()
        }
    }

    fn camera(&self) -> CameraPlan {
        let blank = CameraPlan::blank(self.id.clone(), self.number, self.controller.clone(), self.kind);
        self.over(&blank)
    }
}

impl CameraPlan {
    /// A camera of which nothing is entered or measured yet: no name and no address, no masks, an ordinary dome's habits.
    pub fn blank(id: CameraId, number: u32, controller: ControllerId, kind: CameraKind) -> Self {
        Self {
            id,
            number,
            name: String::new(),
            place: String::new(),
            controller,
            kind,
            onvif: String::new(),
            lens: None,
            masks: Vec::new(),
            limits: super::Limits::default(),
            motion: super::MotionBounds::default(),
            ground: None,
            school: None,
            personal_users: false,
            view: None,
            orientation: None,
            habits: super::DomeHabits::ORDINARY,
            return_home: None,
            critical: Vec::new(),
        }
    }
}

/// The lens model of a new dome until somebody calibrates it: a full turn, down to the ground, 60° to 2.5°. The dome
/// has no masks yet that a wrong model could misplace.
fn uncalibrated() -> LensModel {
    LensModel {
        pan_range_deg: [-180.0, 180.0],
        tilt_range_deg: [-90.0, 0.0],
        hfov_by_zoom: vec![[0.0, 60.0], [1.0, 2.5]],
        aspect: 16.0 / 9.0,
        roll_deg: 0.0,
        upside_down: false,
        mirrored: false,
    }
}

/// Whether a text is the address of an ONVIF service: http(s), a host, nothing that names an account.
pub fn is_address(text: &str) -> bool {
    let rest = ["http://", "https://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    let authority = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let fits = text.len() <= MOST_ADDRESS && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits && authority.is_some_and(|authority| !authority.is_empty() && !authority.contains('@'))
}

fn is_line(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().count() <= MOST_TEXT && !text.chars().any(char::is_control)
}

fn check_camera(camera: &CameraPlan) -> Result<(), SiteFault> {
    if !is_address(&camera.onvif) {
        return Err(SiteFault::Address);
    }
    let view = camera.view.as_ref().is_none_or(VideoView::is_sound);
    if view && is_line(&camera.name) && is_line(&camera.place) {
        Ok(())
    } else {
        Err(SiteFault::Text)
    }
}

impl SiteChange {
    /// The next version of the plan. `keeps` says which controllers the person looks after; `approval` is `None` as long
    /// as nobody approved.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn apply(
        &self,
        plan: &SitePlan,
        keeps: impl Fn(&ControllerId) -> bool,
        approval: Option<Approval<'_>>,
    ) -> Result<SitePlan, SiteFault> {
        let mut next = plan.clone();
        next.version = plan.version.saturating_add(1);
        match self {
            Self::Put(settings) => put(&mut next, settings, &keeps)?,
            Self::Remove(id) => {
                let before = next.cameras.len();
                next.cameras
                    .retain(|camera| &camera.id != id || !keeps(&camera.controller));
                if next.cameras.len() == before {
                    return Err(SiteFault::NoSuchCamera);
                }
            }
            Self::Import(brought) => import(&mut next, brought, &keeps)?,
        }
        for camera in &mut next.cameras {
            let old = plan.camera(&camera.id);
            camera.masks.iter_mut().for_each(|mask| revise(mask, old, approval));
        }
        check(plan, &next)?;
        Ok(next)
    }
}

fn put(plan: &mut SitePlan, settings: &CameraSettings, keeps: impl Fn(&ControllerId) -> bool) -> Result<(), SiteFault> {
    if plan.controller(&settings.controller).is_none() || !keeps(&settings.controller) {
        return Err(SiteFault::NotKept);
    }
    match plan.cameras.iter_mut().find(|camera| camera.id == settings.id) {
        Some(old) if keeps(&old.controller) => {
            *old = settings.over(old);
            check_camera(old)
        }
        Some(_) => Err(SiteFault::Taken),
        None => {
            let camera = settings.camera();
            check_camera(&camera)?;
            plan.cameras.push(camera);
            Ok(())
        }
    }
}

fn import(plan: &mut SitePlan, brought: &SitePlan, keeps: impl Fn(&ControllerId) -> bool) -> Result<(), SiteFault> {
    let version = plan.version - 1;
    if brought.version != version {
        return Err(SiteFault::Stale { version });
    }
    if brought
        .controllers
        .iter()
        .any(|controller| !plan.controllers.contains(controller))
    {
        return Err(SiteFault::Controllers);
    }
    // What its marks stand for would be lost.
    if brought.update_needed().is_some() {
        return Err(SiteFault::Senseless { camera: None });
    }
    // What an export showed of other controllers comes back as it was, and is left where it is.
    let untouched = |camera: &CameraPlan| !keeps(&camera.controller) && plan.camera(&camera.id) == Some(camera);
    let mut kept = Vec::new();
    for camera in brought.cameras.iter().filter(|camera| !untouched(camera)) {
        if plan.controller(&camera.controller).is_none() || !keeps(&camera.controller) {
            return Err(SiteFault::NotKept);
        }
        check_camera(camera)?;
        kept.push(camera.clone());
    }
    plan.cameras.retain(|camera| !keeps(&camera.controller));
    plan.cameras.extend(kept);
    Ok(())
}

/// A mask that is what it was keeps who drew and approved it; another one gets the next revision.
fn revise(mask: &mut Mask, old: Option<&CameraPlan>, approval: Option<Approval<'_>>) {
    let same = |id: &MaskId| old.and_then(|camera| camera.masks.iter().find(|mask| &mask.id == id));
    let old = same(&mask.id);
    mask.revision = old.and_then(|old| old.revision.clone());
    if old == Some(&*mask) {
        return;
    }
    let number = mask.revision.as_ref().map_or(0, |revision| revision.number);
    mask.revision = approval.map(|approval| Revision {
        number: number.saturating_add(1),
        author: approval.author.to_owned(),
        approver: approval.approver.to_owned(),
        approved_ms: approval.approved_ms,
    });
}

/// Old troubles of a plan are not made worse; a new one is refused.
fn check(plan: &SitePlan, next: &SitePlan) -> Result<(), SiteFault> {
    use super::{CameraError, PlanError};
    let known = plan.check();
    let fault = next.check().into_iter().find(|error| !known.contains(error));
    match fault {
        None => Ok(()),
        Some(PlanError::Camera {
            trouble: CameraError::Twice | CameraError::NumberTwice(_),
            ..
        }) => Err(SiteFault::Taken),
        Some(PlanError::Camera { camera, .. }) => Err(SiteFault::Senseless { camera: Some(camera) }),
        Some(PlanError::ControllerTwice(_) | PlanError::Istat(_) | PlanError::UpdateNeeded(_)) => {
            Err(SiteFault::Senseless { camera: None })
        }
    }
}

/// The differences between two plans, by camera: cameras of the first plan in its order, then the new ones.
pub fn differences(before: &SitePlan, after: &SitePlan) -> Vec<Difference> {
    let there = before.cameras.iter().filter_map(|camera| {
        let now = after.camera(&camera.id);
        (now != Some(camera)).then(|| Difference {
            camera: camera.id.clone(),
            before: Some(camera.clone()),
            after: now.cloned(),
        })
    });
    let new = after
        .cameras
        .iter()
        .filter(|camera| before.camera(&camera.id).is_none());
    let new = new.map(|camera| Difference {
        camera: camera.id.clone(),
        before: None,
        after: Some(camera.clone()),
    });
    there.chain(new).collect()
}

impl Difference {
    /// The controllers it has to do with: one, or two when a camera changes its controller.
    pub fn controllers(&self) -> impl Iterator<Item = &ControllerId> {
        self.before.iter().chain(&self.after).map(|camera| &camera.controller)
    }

    /// The fields that differ, of a camera that was there and stays.
    pub fn fields(&self) -> Vec<Field> {
        let (Some(a), Some(b)) = (&self.before, &self.after) else {
            return Vec::new();
        };
        [
            (Field::Number, a.number != b.number),
            (Field::Name, a.name != b.name),
            (Field::Place, a.place != b.place),
            (Field::Controller, a.controller != b.controller),
            (Field::Kind, a.kind != b.kind),
            (Field::Onvif, a.onvif != b.onvif),
            (Field::Lens, a.lens != b.lens),
            (Field::Masks, a.masks != b.masks),
            (Field::Limits, a.limits != b.limits),
            (Field::Motion, a.motion != b.motion),
            (Field::Ground, a.ground != b.ground),
            (Field::School, a.school != b.school),
            (Field::PersonalUsers, a.personal_users != b.personal_users),
            (Field::View, a.view != b.view),
            (Field::Orientation, a.orientation != b.orientation),
            (Field::Habits, a.habits != b.habits),
            (Field::ReturnHome, a.return_home != b.return_home),
            (Field::Critical, a.critical != b.critical),
        ]
        .into_iter()
        .filter_map(|(field, differs)| differs.then_some(field))
        .collect()
    }

    /// Whether a second person must approve it. To take a camera away shows nobody anything.
    pub fn needs_two(&self) -> bool {
        match (&self.before, &self.after) {
            (None, Some(_)) => true,
            (_, None) => false,
            (Some(_), Some(_)) => self.fields().into_iter().any(Field::needs_two),
        }
    }

    /// The difference as an event states it: the fields that differ, before and after; all fields of a camera that
    /// comes or goes.
    pub fn told(&self) -> (Value, Value) {
        let fields = self.fields();
        let told = |camera: &Option<CameraPlan>| {
            let Some(Value::Object(all)) = camera.as_ref().and_then(|camera| serde_json::to_value(camera).ok()) else {
                return Value::Null;
            };
            if fields.is_empty() {
                return Value::Object(all);
            }
            let names: Vec<Value> = fields
                .iter()
                .filter_map(|field| serde_json::to_value(field).ok())
                .collect();
            let kept = all
                .into_iter()
                .filter(|(name, _)| names.iter().any(|field| field == name.as_str()));
            Value::Object(kept.collect::<Map<_, _>>())
        };
        (told(&self.before), told(&self.after))
    }
}

#[cfg(test)]
mod tests;
