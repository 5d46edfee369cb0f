//! The site plan: controllers, cameras, lens models, masks and limits, as the server keeps and signs it.
//!
//! Invariant: a plan that deserialises is syntactically whole; `SitePlan::check` says whether it makes sense. Unknown fields are
//! passed over; a file written by hand is read strictly (`file`), and so is a plan that is to be signed again (`signed_form`).
//! Deliberately absent: credentials (released per session by the server), people.

pub mod change;
mod dome_delays;
pub mod dome_habits;
pub mod file;
pub mod orientation;
mod return_home;
pub mod short_name;
pub mod signed_form;
mod speed_table;
pub mod video_view;

pub use dome_delays::{DomeDelays, TargetMove};
pub use dome_habits::{DomeHabits, ReportedPosition};
pub use orientation::Orientation;
pub use return_home::{ReturnHome, ReturnHomeError};
pub use speed_table::{Axis, SpeedRow, SpeedTable};
pub use video_view::VideoView;

use super::camera::{CameraId, CameraKind, ControllerId, Direction, LensError, LensModel, MaskId};
use super::privacy::convex::{self, ShapeError};
use super::privacy::mask;
use super::privacy::mosaic::CoverStyle;
use super::privacy::school_calendar::{CalendarError, SchoolCalendar};
use super::ptz::sector::{Sector, SectorRule};
use super::version::critical::{self, Critical, UpdateNeeded};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Everything a workstation must know about the place it watches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SitePlan {
    /// Grows with every change; named in each event as `policy_version`.
    pub version: u64,
    pub controllers: Vec<Controller>,
    pub cameras: Vec<CameraPlan>,
    /// Marks on what concerns every camera: whoever does not know one uses nothing of the plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub critical: Vec<Critical>,
}

/// A municipality (*titolare*).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Controller {
    pub id: ControllerId,
    /// Shown to people: «Comune di Borgo Vedetta».
    pub name: String,
    /// Six-digit ISTAT code, part of the log's origin.
    pub istat: String,
}

impl Controller {
    /// Origin of this controller's log: `vedetta/<istat code>/<controller slug>`.
    pub fn log_origin(&self) -> String {
        format!("vedetta/{}/{}", self.istat, self.id)
    }
}

/// One camera of the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CameraPlan {
    pub id: CameraId,
    /// The number officers type to go to it (R-REG-3 lists by place).
    pub number: u32,
    pub name: String,
    pub place: String,
    pub controller: ControllerId,
    pub kind: CameraKind,
    /// ONVIF device service, `http://host:port/onvif/device_service`. Without credentials.
    pub onvif: String,
    /// Required for domes.
    #[serde(default)]
    pub lens: Option<LensModel>,
    #[serde(default)]
    pub masks: Vec<Mask>,
    #[serde(default)]
    pub limits: Limits,
    /// Bounds that the cover is computed from; required for domes, ignored for fixed cameras.
    #[serde(default)]
    pub motion: MotionBounds,
    /// Needed for ceilings in pixels per metre.
    #[serde(default)]
    pub ground: Option<Ground>,
    /// For a camera at a school: when its pictures may be seen (R-PRV-2).
    #[serde(default)]
    pub school: Option<SchoolCalendar>,
    /// The server makes an ONVIF user on the camera for each session and removes it after, where the camera lets it.
    #[serde(default)]
    pub personal_users: bool,
    /// Which of the device's video sources and views it is; `None`: the device has only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<VideoView>,
    /// How its picture lay when it was calibrated or its masks were drawn; any difference covers it whole. `None`: not
    /// known, and not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orientation: Option<Orientation>,
    /// How far a dome's statuses can be believed, by the self-test at its calibration.
    #[serde(default, skip_serializing_if = "DomeHabits::is_unknown")]
    pub habits: DomeHabits,
    /// When and where a dome goes back that nobody steers any more; `None`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_home: Option<ReturnHome>,
    /// Marks on what concerns this camera: whoever does not know one shows and moves nothing of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub critical: Vec<Critical>,
}

/// The facts that turn a field of view into pixels per metre of the ground (EN 62676-4).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ground {
    /// The lens above the ground, metres.
    pub height_m: f64,
    /// Width of the picture of the camera's *largest* stream, pixels.
    pub picture_width_px: u32,
}

/// A privacy mask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mask {
    pub id: MaskId,
    /// The hidden place, in words: «Finestre di via Roma 4».
    pub name: String,
    pub shape: MaskShape,
    /// Permanent masks are never lifted; the others by a supervisor, for minutes, with a reason.
    #[serde(default = "yes")]
    pub permanent: bool,
    /// Why it is there, in words.
    #[serde(default)]
    pub reason: String,
    /// How it is hidden.
    #[serde(default, skip_serializing_if = "CoverStyle::is_solid")]
    pub style: CoverStyle,
    /// Who drew and who approved this version of the mask; `None`: it came with the first plan.
    #[serde(default)]
    pub revision: Option<Revision>,
}

/// A version of a mask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Counts from 1.
    pub number: u32,
    /// Account names: two different people.
    pub author: String,
    pub approver: String,
    /// When it was approved, Unix milliseconds.
    pub approved_ms: i64,
}

fn yes() -> bool {
    true
}

/// Where a mask is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskShape {
    /// On the sphere around a dome: at least three directions, each edge shorter than 90°.
    Directions(Vec<Direction>),
    /// In the picture of a camera that does not move: at least three points, 0..1.
    Picture(Vec<[f64; 2]>),
}

/// Bounds nobody passes without a declared event (R-PTZ-1, R-PTZ-2). `None`: the camera's own limits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Lowest and highest pan, degrees.
    #[serde(default)]
    pub pan_deg: Option<[f64; 2]>,
    /// Lowest and highest tilt, degrees.
    #[serde(default)]
    pub tilt_deg: Option<[f64; 2]>,
    /// Highest magnification over the widest view (the ceiling), ×. Optical and digital together.
    #[serde(default)]
    pub zoom_ceiling: Option<f64>,
    /// Most pixels per metre of the ground in the middle of the picture; needs [`CameraPlan::ground`].
    #[serde(default)]
    pub density_ceiling_px_m: Option<f64>,
    /// Parts of the sphere with a rule of their own.
    #[serde(default)]
    pub sectors: Vec<Sector>,
}

/// The bounds of a dome's motion between two known poses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MotionBounds {
    /// Highest pan speed, degrees per second.
    pub pan_speed_deg_s: f64,
    /// Highest tilt speed, degrees per second.
    pub tilt_speed_deg_s: f64,
    /// Highest zoom speed: natural logarithm of magnification per second.
    pub zoom_speed_ln_s: f64,
    /// Longest delay from light to a drawn frame, seconds (Lv).
    pub video_delay_s: f64,
    /// Longest age of the pose in a status when it arrives, seconds (Ls).
    pub status_delay_s: f64,
    /// Error of the reported position itself, degrees.
    pub pose_error_deg: f64,
    /// A pose older than this is unknown: the picture is covered whole. Seconds.
    pub pose_lost_after_s: f64,
    /// Shortest delay from light to a drawn frame, seconds: at most the jitter buffer this program itself adds. 0 when
    /// not known.
    pub video_delay_min_s: f64,
    /// Longest time from sending a command until the dome does as it says (a late one included), seconds (Lc).
    pub command_delay_s: f64,
    /// A velocity of `v` (0..1) moves an axis at no more than `v` times this times its highest speed (and never faster
    /// than that). Large for a dome whose speed is not proportional; 1 for one that is exactly so.
    pub speed_per_velocity: f64,
    /// Error of the reported zoom: natural logarithm of magnification.
    pub zoom_error_ln: f64,
    /// Whether somebody may move the dome of whom no workstation hears: a keyboard on the spot, a guard tour, another
    /// system. Then the cover grows at full speed from the newest status on. Otherwise a dome without an order is taken
    /// to stand still until a status says otherwise.
    pub unannounced_movers: bool,
    /// The speeds that this dome showed at its calibration; empty: not measured.
    #[serde(skip_serializing_if = "SpeedTable::is_empty")]
    pub speeds: SpeedTable,
    /// The delays that this dome showed at its calibration; `None`: not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delays: Option<DomeDelays>,
}

impl Default for MotionBounds {
    fn default() -> Self {
        Self {
            pan_speed_deg_s: 240.0,
            tilt_speed_deg_s: 160.0,
            zoom_speed_ln_s: 2.0,
            video_delay_s: 0.6,
            status_delay_s: 0.8,
            pose_error_deg: 0.3,
            pose_lost_after_s: 3.0,
            video_delay_min_s: 0.0,
            command_delay_s: 1.0,
            speed_per_velocity: 1.5,
            zoom_error_ln: 0.01,
            unannounced_movers: false,
            speeds: SpeedTable::default(),
            delays: None,
        }
    }
}

impl SitePlan {
    /// Whether only a newer program may use this plan at all.
    pub fn update_needed(&self) -> Option<UpdateNeeded> {
        critical::update_needed(&self.critical, critical::UNDERSTOOD)
    }

    /// The camera with this identity, if the plan has it.
    pub fn camera(&self, id: &CameraId) -> Option<&CameraPlan> {
        self.cameras.iter().find(|camera| &camera.id == id)
    }

    /// The controller with this identity, if the plan has it.
    pub fn controller(&self, id: &ControllerId) -> Option<&Controller> {
        self.controllers.iter().find(|controller| &controller.id == id)
    }
    /// Whether the plan makes sense. Everything that is wrong, not only the first; empty when nothing is.
    pub fn check(&self) -> Vec<PlanError> {
        let mut errors = Vec::new();
        let mut seen = HashSet::new();
        for controller in &self.controllers {
            if !seen.insert(&controller.id) {
                errors.push(PlanError::ControllerTwice(controller.id.clone()));
            }
            let digits = controller.istat.len() == 6 && controller.istat.bytes().all(|b| b.is_ascii_digit());
            if !digits {
                errors.push(PlanError::Istat(controller.id.clone()));
            }
        }
        errors.extend(self.update_needed().map(PlanError::UpdateNeeded));
        let (mut ids, mut numbers) = (HashSet::new(), HashSet::new());
        for camera in &self.cameras {
            let mut push = |trouble| {
                errors.push(PlanError::Camera {
                    camera: camera.id.clone(),
                    trouble,
                })
            };
            if !ids.insert(&camera.id) {
                push(CameraError::Twice);
            }
            if !numbers.insert(camera.number) {
                push(CameraError::NumberTwice(camera.number));
            }
            if self.controller(&camera.controller).is_none() {
                push(CameraError::NoSuchController(camera.controller.clone()));
            }
            camera.check(&mut push);
        }
        errors
    }
}

impl CameraPlan {
    /// Whether only a newer program may show and move this camera.
    pub fn update_needed(&self) -> Option<UpdateNeeded> {
        critical::update_needed(&self.critical, critical::UNDERSTOOD)
    }

    /// Whether some part of its pictures must never be seen.
    pub fn hides_anything(&self) -> bool {
        let no_look = |sector: &Sector| sector.rule == SectorRule::NoLook;
        !self.masks.is_empty() || self.limits.sectors.iter().any(no_look)
    }

    /// Whether what is known of the pose of a camera planned like `other` holds for this plan: same view, same geometry, same
    /// bounds and habits, and both compared with an orientation or neither.
    pub fn is_followed_like(&self, other: &Self) -> bool {
        self.lens == other.lens
            && self.motion == other.motion
            && self.view == other.view
            && self.habits == other.habits
            && self.orientation.is_some() == other.orientation.is_some()
    }

    fn check(&self, push: &mut impl FnMut(CameraError)) {
        if let Some(update) = self.update_needed() {
            push(CameraError::UpdateNeeded(update));
        }
        match (&self.lens, self.kind) {
            (None, CameraKind::Dome) => push(CameraError::DomeWithoutLens),
            (None, CameraKind::Fixed | CameraKind::Mobile) => {}
            (Some(lens), _) => {
                if let Err(error) = lens.check() {
                    push(CameraError::Lens(error));
                }
            }
        }
        let mut ids = HashSet::new();
        for mask in &self.masks {
            if !ids.insert(&mask.id) {
                push(CameraError::MaskTwice(mask.id.clone()));
            }
            let wrong = |error| CameraError::Mask {
                mask: mask.id.clone(),
                error,
            };
            let result = match &mask.shape {
                MaskShape::Directions(_) if self.kind != CameraKind::Dome => {
                    push(CameraError::WrongKindOfMask(mask.id.clone()));
                    Ok(())
                }
                MaskShape::Picture(_) if self.kind == CameraKind::Dome => {
                    push(CameraError::WrongKindOfMask(mask.id.clone()));
                    Ok(())
                }
                MaskShape::Directions(corners) => mask::pieces(corners).map(drop),
                MaskShape::Picture(corners) if corners.iter().flatten().all(|v| (0.0..=1.0).contains(v)) => {
                    convex::simple(corners).map(drop)
                }
                MaskShape::Picture(_) => Err(ShapeError::OutOfRange),
            };
            if let Err(error) = result {
                push(wrong(error));
            }
        }
        self.limits.check(push);
        if self.kind != CameraKind::Dome && !self.limits.sectors.is_empty() {
            push(CameraError::SectorsOfAFixedCamera);
        }
        match &self.ground {
            None if self.limits.needs_ground() => push(CameraError::NoGround),
            Some(ground) if !ground.is_sound() => push(CameraError::Ground),
            None | Some(_) => {}
        }
        if let Some(Err(error)) = self.school.as_ref().map(SchoolCalendar::check) {
            push(CameraError::School(error));
        }
        if self.return_home.as_ref().is_some_and(|home| !home.is_sound()) {
            push(CameraError::ReturnHome);
        }
        if self.kind == CameraKind::Dome {
            self.motion.check(push);
        }
    }
}

impl Ground {
    fn is_sound(&self) -> bool {
        (0.5..=200.0).contains(&self.height_m) && (1..=32_768).contains(&self.picture_width_px)
    }
}

impl Limits {
    /// Whether anything bounds the zoom.
    pub fn has_ceiling(&self) -> bool {
        let sector = |sector: &Sector| sector.rule != SectorRule::NoLook;
        self.zoom_ceiling.is_some() || self.density_ceiling_px_m.is_some() || self.sectors.iter().any(sector)
    }

    /// Takes every ceiling away, as a declared event does; what is not a ceiling stays.
    pub fn raise_ceilings(&mut self) {
        self.zoom_ceiling = None;
        self.density_ceiling_px_m = None;
        self.sectors.retain(|sector| sector.rule == SectorRule::NoLook);
    }

    fn check(&self, push: &mut impl FnMut(CameraError)) {
        let ordered = |[low, high]: [f64; 2], widest: f64| low.abs() <= widest && high.abs() <= widest && low < high;
        if self
            .pan_deg
            .is_some_and(|range| !ordered(range, 360.0) || range[1] - range[0] > 360.0)
        {
            push(CameraError::Limit("pan_deg"));
        }
        if self.tilt_deg.is_some_and(|range| !ordered(range, 90.0)) {
            push(CameraError::Limit("tilt_deg"));
        }
        if self
            .zoom_ceiling
            .is_some_and(|ceiling| !(1.0..=1000.0).contains(&ceiling))
        {
            push(CameraError::Limit("zoom_ceiling"));
        }
        let density = |px_m: f64| (0.1..=10_000.0).contains(&px_m);
        if self.density_ceiling_px_m.is_some_and(|px_m| !density(px_m)) {
            push(CameraError::Limit("density_ceiling_px_m"));
        }
        let mut ids = HashSet::new();
        for sector in &self.sectors {
            if !ids.insert(&sector.id) {
                push(CameraError::SectorTwice(sector.id.clone()));
            }
            let number = match sector.rule {
                SectorRule::NoLook => true,
                SectorRule::ZoomCeiling(ceiling) => (1.0..=1000.0).contains(&ceiling),
                SectorRule::DensityCeiling(px_m) => density(px_m),
            };
            if !number {
                push(CameraError::Limit("sectors"));
            }
            if let Err(error) = mask::pieces(&sector.corners) {
                push(CameraError::Sector {
                    sector: sector.id.clone(),
                    error,
                });
            }
        }
    }

    fn needs_ground(&self) -> bool {
        let by_density = |sector: &Sector| matches!(sector.rule, SectorRule::DensityCeiling(_));
        self.density_ceiling_px_m.is_some() || self.sectors.iter().any(by_density)
    }
}

impl MotionBounds {
    fn check(&self, push: &mut impl FnMut(CameraError)) {
        let ranges = [
            ("pan_speed_deg_s", self.pan_speed_deg_s, 0.01, 2000.0),
            ("tilt_speed_deg_s", self.tilt_speed_deg_s, 0.01, 2000.0),
            ("zoom_speed_ln_s", self.zoom_speed_ln_s, 0.001, 100.0),
            ("video_delay_s", self.video_delay_s, 0.0, 60.0),
            ("video_delay_min_s", self.video_delay_min_s, 0.0, self.video_delay_s),
            ("status_delay_s", self.status_delay_s, 0.0, 60.0),
            ("command_delay_s", self.command_delay_s, 0.0, 60.0),
            ("pose_error_deg", self.pose_error_deg, 0.0, 10.0),
            ("zoom_error_ln", self.zoom_error_ln, 0.0, 1.0),
            ("pose_lost_after_s", self.pose_lost_after_s, 0.1, 60.0),
            ("speed_per_velocity", self.speed_per_velocity, 0.01, 1e6),
        ];
        for (name, value, lowest, highest) in ranges {
            if !(lowest <= value && value <= highest) {
                push(CameraError::Motion(name));
            }
        }
        let delays = self.delays.as_ref().and_then(DomeDelays::fault);
        for name in self.speeds.fault().into_iter().chain(delays) {
            push(CameraError::Motion(name));
        }
    }
}

/// Something in a plan that cannot be worked with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    #[error("controller {0} is in the plan twice")]
    ControllerTwice(ControllerId),
    #[error("the ISTAT code of controller {0} is not six digits")]
    Istat(ControllerId),
    #[error("it has a mark that is not known")]
    UpdateNeeded(#[source] UpdateNeeded),
    #[error("camera {camera}")]
    Camera {
        camera: CameraId,
        #[source]
        trouble: CameraError,
    },
}

/// Faults of one camera of a plan.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CameraError {
    #[error("it is in the plan twice")]
    Twice,
    #[error("another camera has the number {0} too")]
    NumberTwice(u32),
    #[error("there is no controller {0}")]
    NoSuchController(ControllerId),
    #[error("a dome needs a lens model")]
    DomeWithoutLens,
    #[error("its lens model")]
    Lens(#[source] LensError),
    #[error("mask {0} is there twice")]
    MaskTwice(MaskId),
    #[error("mask {0} has the wrong kind of shape: directions are for domes, picture points for all others")]
    WrongKindOfMask(MaskId),
    #[error("mask {mask}")]
    Mask {
        mask: MaskId,
        #[source]
        error: ShapeError,
    },
    #[error("sector {0} is there twice")]
    SectorTwice(MaskId),
    #[error("sector {sector}")]
    Sector {
        sector: MaskId,
        #[source]
        error: ShapeError,
    },
    #[error("sectors are for domes")]
    SectorsOfAFixedCamera,
    #[error("a ceiling in pixels per metre needs the height of the lens and the width of the picture")]
    NoGround,
    #[error("the height of the lens or the width of the picture is out of range")]
    Ground,
    #[error("its school calendar")]
    School(#[source] CalendarError),
    #[error("the limit {0} is empty, out of range or not a number")]
    Limit(&'static str),
    #[error("the motion bound {0} is out of range or not a number")]
    Motion(&'static str),
    #[error("the time of its return, or the name of the preset it returns to, is out of range")]
    ReturnHome,
    #[error("it has a mark that is not known")]
    UpdateNeeded(#[source] UpdateNeeded),
}

#[cfg(test)]
mod tests {
    use super::super::privacy::test_dome::{dome_plan, lens, tight};
    use super::*;

    fn plan(cameras: Vec<CameraPlan>) -> SitePlan {
        let controller = Controller {
            id: "borgo".parse().unwrap(),
            name: String::from("Comune di Borgo Vedetta"),
            istat: String::from("017001"),
        };
        SitePlan {
            version: 1,
            controllers: vec![controller],
            cameras,
            critical: Vec::new(),
        }
    }

    fn window() -> Vec<Direction> {
        [[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]]
            .map(|[azimuth_deg, elevation_deg]| Direction {
                azimuth_deg,
                elevation_deg,
            })
            .to_vec()
    }

    fn dome() -> CameraPlan {
        dome_plan(tight(), lens(), vec![window()])
    }

    fn troubles(camera: CameraPlan) -> Vec<CameraError> {
        let trouble = |error| match error {
            PlanError::Camera { trouble, .. } => trouble,
            other => unreachable!("{other}"),
        };
        plan(vec![camera]).check().into_iter().map(trouble).collect()
    }

    #[test]
    fn a_sound_plan_has_no_errors_and_survives_toml_and_json() {
        let plan = plan(vec![dome()]);
        assert_eq!(plan.check(), []);
        assert_eq!(
            toml::from_str::<SitePlan>(&toml::to_string(&plan).unwrap()).unwrap(),
            plan
        );
        assert_eq!(
            serde_json::from_str::<SitePlan>(&serde_json::to_string(&plan).unwrap()).unwrap(),
            plan
        );
    }

    #[test]
    fn a_plan_of_before_views_and_orientations_reads_and_is_signed_byte_for_byte_as_it_was() {
        let old = r#"{"version":3,"controllers":[],"cameras":[{"id":"cam-01","number":1,"name":"Piazza","place":"Piazza","controller":"borgo","kind":"fixed","onvif":"http://192.0.2.7/onvif/device_service","lens":null,"masks":[],"limits":{"pan_deg":null,"tilt_deg":null,"zoom_ceiling":null,"density_ceiling_px_m":null,"sectors":[]},"motion":{"pan_speed_deg_s":240.0,"tilt_speed_deg_s":160.0,"zoom_speed_ln_s":2.0,"video_delay_s":0.6,"status_delay_s":0.8,"pose_error_deg":0.3,"pose_lost_after_s":3.0,"video_delay_min_s":0.0,"command_delay_s":1.0,"speed_per_velocity":1.5,"zoom_error_ln":0.01,"unannounced_movers":false},"ground":null,"school":null,"personal_users":false}]}"#;
        let plan: SitePlan = serde_json::from_str(old).unwrap();
        assert_eq!(serde_json::to_string(&plan).unwrap(), old);
        let mut camera = plan.cameras[0].clone();
        camera.view = Some(VideoView {
            source: "lens-2".into(),
            configuration: "wide".into(),
        });
        camera.orientation = Some(Orientation {
            mirror: Some(false),
            ..Orientation::default()
        });
        camera.habits.never_idle = true;
        camera.return_home = "10 Ingresso".parse().ok();
        let text = serde_json::to_string(&camera).unwrap();
        let added = r#","view":{"source":"lens-2","configuration":"wide"},"orientation":{"mirror":false},"habits":{"never_idle":true},"return_home":{"after_minutes":10,"preset":"Ingresso"}}"#;
        assert!(text.ends_with(added), "{text}");
        assert_eq!(serde_json::from_str::<CameraPlan>(&text).unwrap(), camera);
    }

    #[test]
    fn what_is_there_twice_or_nowhere_is_found() {
        let mut doubled = dome();
        doubled.controller = "altrove".parse().unwrap();
        doubled.masks.push(doubled.masks[0].clone());
        let errors = plan(vec![dome(), doubled]).check();
        let found = |trouble: CameraError| {
            errors.contains(&PlanError::Camera {
                camera: "cam-01".parse().unwrap(),
                trouble,
            })
        };
        assert!(found(CameraError::Twice) && found(CameraError::NumberTwice(1)));
        assert!(found(CameraError::NoSuchController("altrove".parse().unwrap())));
        assert!(found(CameraError::MaskTwice("mask-0".parse().unwrap())));
        assert_eq!(errors.len(), 4, "{errors:?}");
    }

    #[test]
    fn r_prv_1_a_mask_that_cannot_be_drawn_is_refused() {
        let mask = "mask-0".parse::<MaskId>().unwrap();
        let with = |shape: MaskShape| {
            let mut camera = dome();
            camera.masks[0].shape = shape;
            troubles(camera)
        };
        let mut corners = window();
        corners[1].azimuth_deg = f64::INFINITY;
        let wrong = |error| {
            vec![CameraError::Mask {
                mask: mask.clone(),
                error,
            }]
        };
        assert_eq!(with(MaskShape::Directions(corners)), wrong(ShapeError::OutOfRange));
        assert_eq!(
            with(MaskShape::Directions(window()[..2].to_vec())),
            wrong(ShapeError::TooFewPoints)
        );
        let picture = MaskShape::Picture(vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]);
        assert_eq!(with(picture.clone()), [CameraError::WrongKindOfMask(mask.clone())]);
        let mut fixed = CameraPlan {
            kind: CameraKind::Fixed,
            lens: None,
            ..dome()
        };
        fixed.masks[0].shape = picture;
        assert_eq!(troubles(fixed.clone()), []);
        fixed.masks[0].shape = MaskShape::Picture(vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.01]]);
        assert_eq!(troubles(fixed), wrong(ShapeError::OutOfRange));
    }

    #[test]
    fn a_dome_needs_a_lens_and_numbers_that_can_be_true() {
        assert_eq!(
            troubles(CameraPlan { lens: None, ..dome() }),
            [CameraError::DomeWithoutLens]
        );
        let mut camera = dome();
        camera.lens.as_mut().unwrap().hfov_by_zoom = vec![[0.0, 60.0], [1.0, 60.0]];
        camera.limits.pan_deg = Some([10.0, -10.0]);
        camera.limits.zoom_ceiling = Some(f64::NAN);
        camera.motion.status_delay_s = -1.0;
        camera.motion.video_delay_min_s = 9.0;
        assert_eq!(
            troubles(camera),
            [
                CameraError::Lens(LensError::ZoomTable),
                CameraError::Limit("pan_deg"),
                CameraError::Limit("zoom_ceiling"),
                CameraError::Motion("video_delay_min_s"),
                CameraError::Motion("status_delay_s"),
            ]
        );
    }
}
