//! The calibration of a dome, in the place of the right panel: it is turned to four or more points whose directions are
//! known, each is clicked in the picture, and the lens model follows with its error (R-PRV-1: masks lie where it says).
//!
//! Invariant: a model whose error is larger than the plan allows the position's is not proposed; nothing changes before a
//! supervisor who is not the author approves. Deliberately absent: the fit (`domain::privacy::calibration`), moving the
//! dome.

use crate::domain::camera::{Direction, LensModel};
use crate::domain::privacy::PoseKnowledge;
use crate::domain::privacy::calibration::{Calibration, CalibrationError, FEWEST, Sighting, calibrate};
use crate::domain::ptz::delay_trial::{MeasuredMotion, NoDelays};
use crate::domain::site::orientation::OrientationPart;
use crate::domain::site::{Axis, CameraPlan, DomeDelays, SpeedTable};
use crate::gui::i18n::fl;
use crate::gui::icons::Icon;
use crate::gui::input::Command;
use crate::gui::sentences;
use crate::gui::theme::{self, Tone};
use crate::gui::ui::controls::{action, body, fact, field, heading, labelled, quiet};
use crate::gui::widget::focus_scope::{self, FocusScope, Stop};
use crate::station::{MaskChange, MaskProposal};
use iced::widget::operation::{RelativeOffset, snap_to};
use iced::widget::{Column, column, rule, scrollable};
use iced::{Element, Fill, Padding, Task};

const PANEL: &str = "calibration-panel";
const AZIMUTH: &str = "calibration-azimuth";
const ELEVATION: &str = "calibration-elevation";
const REASON: &str = "calibration-reason";
/// A pose less certain than this is not measured by, degrees on each side.
const STEADY_DEG: f64 = 0.6;

/// What is being measured.
#[derive(Debug, Clone)]
pub struct Calibrating {
    camera: CameraPlan,
    lens: LensModel,
    azimuth: String,
    elevation: String,
    reason: String,
    sightings: Vec<Sighting>,
    /// What follows from the sightings, once there are enough.
    found: Option<Result<Calibration, CalibrationError>>,
    motion: Motion,
    /// In what the picture lies otherwise than planned.
    turned: Vec<OrientationPart>,
    note: Option<String>,
    /// The field that has the keyboard; `None`: the wall has it.
    at: Option<usize>,
}

/// How far the measurement of the dome's speeds and delays is.
#[derive(Debug, Clone, PartialEq)]
enum Motion {
    NotAsked,
    Running,
    Measured(MeasuredMotion),
}

/// What happens in the panel.
#[derive(Debug, Clone)]
pub enum Message {
    Azimuth(String),
    Elevation(String),
    Reason(String),
    /// Takes the last point back.
    Undo,
    /// Drive the dome and measure its speeds and delays.
    MeasureMotion,
    ProposeSpeeds,
    ProposeDelays,
    Propose,
    Close,
    /// The n-th field was clicked.
    Clicked(usize),
    /// A click beside the fields.
    Left,
    /// Typed while a field has the keyboard.
    Command(Command),
}

/// What the parent does next.
pub enum Action {
    None,
    MeasureMotion,
    Propose(MaskProposal),
    Close,
}

impl Calibrating {
    /// For a dome; `None` for a camera without a lens model.
    pub fn new(camera: CameraPlan) -> Option<Self> {
        Some(Self {
            lens: camera.lens.clone()?,
            camera,
            azimuth: String::new(),
            elevation: String::new(),
            reason: String::new(),
            sightings: Vec::new(),
            found: None,
            motion: Motion::NotAsked,
            turned: Vec::new(),
            note: None,
            at: None,
        })
    }

    /// Takes down in what the picture lies otherwise than planned.
    pub fn lies_otherwise(&mut self, turned: Vec<OrientationPart>) {
        self.turned = turned;
    }

    /// The dome it is for.
    pub fn camera(&self) -> &CameraPlan {
        &self.camera
    }

    /// A click in the picture, on the point whose direction stands in the fields.
    pub fn point(&mut self, at: [f64; 2], pose: &PoseKnowledge) {
        let (Some(azimuth_deg), Some(elevation_deg)) = (degrees(&self.azimuth, 720.0), degrees(&self.elevation, 90.0))
        else {
            self.note = Some(fl!("calibration-no-direction"));
            return;
        };
        let Some(reported) = pose.steady(STEADY_DEG) else {
            self.note = Some(fl!("editor-not-steady"));
            return;
        };
        self.note = None;
        (self.azimuth, self.elevation) = (String::new(), String::new());
        let truly = Direction {
            azimuth_deg,
            elevation_deg,
        };
        self.sightings.push(Sighting { reported, at, truly });
        self.fit();
    }

    fn fit(&mut self) {
        let enough = self.sightings.len() >= FEWEST;
        self.found = enough.then(|| calibrate(&self.lens, &self.sightings));
    }

    /// Takes the speeds and delays that were measured; `None`: they could not be.
    pub fn measured(&mut self, motion: Option<MeasuredMotion>) {
        self.motion = match motion {
            Some(motion) if !motion.speeds.is_empty() => Motion::Measured(motion),
            Some(_) => {
                self.note = Some(fl!("calibration-speeds-none"));
                Motion::NotAsked
            }
            None => Motion::NotAsked,
        };
    }

    fn found_motion(&self) -> Option<&MeasuredMotion> {
        match &self.motion {
            Motion::Measured(motion) => Some(motion),
            Motion::NotAsked | Motion::Running => None,
        }
    }

    fn found_delays(&self) -> Option<&DomeDelays> {
        self.found_motion()?.delays.as_ref().ok()
    }

    /// Says how a proposal came out.
    pub fn say(&mut self, words: String) {
        self.note = Some(words);
    }

    /// The model, if its error is one that the plan allows.
    fn acceptable(&self) -> Option<&Calibration> {
        let found = self.found.as_ref()?.as_ref().ok()?;
        (found.worst_deg <= self.camera.motion.pose_error_deg).then_some(found)
    }

    /// Changes the state and says what to do.
    pub fn update(&mut self, message: Message) -> Action {
        match message {
            Message::Azimuth(text) => self.azimuth = text,
            Message::Elevation(text) => self.elevation = text,
            Message::Reason(reason) => self.reason = reason,
            Message::Undo => {
                self.sightings.pop();
                self.fit();
            }
            Message::Propose => return self.propose(),
            Message::MeasureMotion => {
                self.motion = Motion::Running;
                return Action::MeasureMotion;
            }
            Message::ProposeSpeeds => {
                let speeds = self.found_motion().map(|motion| motion.speeds.clone());
                return self.propose_motion(speeds.map(MaskChange::Speeds));
            }
            Message::ProposeDelays => {
                let delays = self.found_delays().cloned();
                return self.propose_motion(delays.map(MaskChange::Delays));
            }
            Message::Close => return Action::Close,
            Message::Clicked(at) => self.at = Some(at),
            Message::Left | Message::Command(Command::Back) => self.at = None,
            Message::Command(command) => {
                let stops = self.stops();
                self.at = self.at.map(|at| focus_scope::moved(&stops, at, command));
            }
        }
        Action::None
    }

    /// The stops of the keyboard, in its order; the reason is asked when there is something to propose.
    fn stops(&self) -> Vec<Stop> {
        let fields = [AZIMUTH, ELEVATION].into_iter();
        let proposable = self.acceptable().is_some() || self.found_motion().is_some();
        let fields = fields.chain(proposable.then_some(REASON));
        fields.map(|id| Stop::Field(id.into())).collect()
    }

    fn propose(&mut self) -> Action {
        let Some(found) = self.acceptable() else {
            self.note = Some(fl!("calibration-not-yet"));
            return Action::None;
        };
        let change = MaskChange::Lens(found.lens.clone());
        self.propose_change(change)
    }

    fn propose_motion(&mut self, measured: Option<MaskChange>) -> Action {
        match measured {
            Some(change) => self.propose_change(change),
            None => Action::None,
        }
    }

    fn propose_change(&mut self, change: MaskChange) -> Action {
        let reason = self.reason.trim().to_owned();
        if reason.is_empty() {
            self.note = Some(fl!("refusal-no-reason"));
            return Action::None;
        }
        Action::Propose(MaskProposal {
            change,
            reason,
            found: None,
        })
    }

    /// The panel.
    pub fn view(&self) -> Element<'_, Message> {
        let mut parts: Column<'_, Message> = column![
            column![
                heading(fl!("calibration-title")),
                quiet(format!("{} · {}", self.camera.number, self.camera.name))
            ],
            quiet(fl!("calibration-how", n = FEWEST.to_string())),
            self.how_it_lies(),
            self.entry(fl!("calibration-azimuth"), AZIMUTH, &self.azimuth, Message::Azimuth),
            self.entry(
                fl!("calibration-elevation"),
                ELEVATION,
                &self.elevation,
                Message::Elevation
            ),
            body(fl!("calibration-points", n = self.sightings.len().to_string())),
        ]
        .spacing(10)
        .padding(Padding::new(12.0).right(20));
        for (number, sighting) in (1..).zip(&self.sightings) {
            let Direction {
                azimuth_deg,
                elevation_deg,
            } = sighting.truly;
            let direction = format!("{} / {}", signed(azimuth_deg, 1, "°"), signed(elevation_deg, 1, "°"));
            parts = parts.push(fact(number.to_string(), direction));
        }
        parts = parts.push(action(
            Icon::Back,
            fl!("calibration-undo"),
            None,
            false,
            (!self.sightings.is_empty()).then_some(Message::Undo),
        ));
        if let Some(found) = &self.found {
            parts = parts.push(rule::horizontal(1)).push(self.result(found));
        }
        parts = parts.push(rule::horizontal(1)).push(self.motion_lines());
        if self.acceptable().is_some() || self.found_motion().is_some() {
            parts = parts.push(self.entry(fl!("export-reason"), REASON, &self.reason, Message::Reason));
        }
        if self.acceptable().is_some() {
            parts = parts.push(proposal(fl!("editor-propose"), Message::Propose));
        }
        if self.found_motion().is_some() {
            parts = parts.push(proposal(fl!("calibration-propose-speeds"), Message::ProposeSpeeds));
        }
        if self.found_delays().is_some() {
            parts = parts.push(proposal(fl!("calibration-propose-delays"), Message::ProposeDelays));
        }
        if let Some(note) = &self.note {
            parts = parts.push(labelled(Icon::Warning, note.as_str(), Tone::Attention));
        }
        parts = parts.push(action(
            Icon::Close,
            fl!("export-close"),
            None,
            false,
            Some(Message::Close),
        ));
        let panel = scrollable(parts).id(PANEL).height(Fill).style(theme::scroll);
        FocusScope::new(panel, self.stops(), self.at, Message::Command, Message::Clicked)
            .left_by_click(|| Message::Left)
            .into()
    }

    /// What the picture of a camera shows that lies otherwise than planned; nothing where it lies as planned.
    fn how_it_lies(&self) -> Option<Element<'_, Message>> {
        let parts: Vec<String> = self
            .turned
            .iter()
            .map(|part| sentences::orientation_part(*part))
            .collect();
        let words = || fl!("calibration-turned", parts = parts.join(", "));
        (!parts.is_empty()).then(|| labelled(Icon::Warning, words(), Tone::Attention).into())
    }

    /// Speeds and delays of the dome: measuring them, and what was measured.
    fn motion_lines(&self) -> Element<'_, Message> {
        let measure = (self.motion != Motion::Running).then_some(Message::MeasureMotion);
        let button = action(Icon::Clock, fl!("calibration-measure-speeds"), None, false, measure);
        let words: Element<'_, Message> = match &self.motion {
            Motion::NotAsked => quiet(fl!("calibration-speeds-how")).into(),
            Motion::Running => labelled(Icon::Waiting, fl!("calibration-speeds-running"), Tone::Attention).into(),
            Motion::Measured(motion) => column![speed_lines(&motion.speeds), delay_lines(&motion.delays)]
                .spacing(6)
                .into(),
        };
        column![button, words].spacing(6).into()
    }

    fn entry<'a>(
        &self,
        label: String,
        id: &'static str,
        value: &str,
        on_input: fn(String) -> Message,
    ) -> Element<'a, Message> {
        field(label, id, value, false, on_input, Message::Propose).into()
    }

    fn result<'a>(&self, found: &Result<Calibration, CalibrationError>) -> Element<'a, Message> {
        let found = match found {
            Ok(found) => found,
            Err(CalibrationError::TooFew | CalibrationError::TooAlike) => {
                return labelled(Icon::Warning, fl!("calibration-alike"), Tone::Attention).into();
            }
        };
        let allowed = self.camera.motion.pose_error_deg;
        let before = |range: fn(&LensModel) -> f64| range(&found.lens) - range(&self.lens);
        let wide = half_tangent(found.lens.widest_hfov_deg()) / half_tangent(self.lens.widest_hfov_deg());
        let mut facts = column![
            quiet(fl!("calibration-found")),
            fact(
                fl!("calibration-pan"),
                signed(before(|lens| lens.pan_range_deg[0]), 2, "°")
            ),
            fact(
                fl!("calibration-tilt"),
                signed(before(|lens| lens.tilt_range_deg[0]), 2, "°")
            ),
            fact(fl!("calibration-roll"), signed(before(|lens| lens.roll_deg), 2, "°")),
            fact(fl!("calibration-view"), format!("× {}", sentences::decimal(wide, 3))),
            fact(fl!("calibration-error"), signed(found.error_deg, 2, "°")),
            fact(fl!("calibration-worst"), signed(found.worst_deg, 2, "°")),
            fact(fl!("calibration-allowed"), signed(allowed, 2, "°")),
        ]
        .spacing(4);
        if found.worst_deg > allowed {
            facts = facts.push(labelled(Icon::Warning, fl!("calibration-too-far-off"), Tone::Attention));
        }
        facts.into()
    }
}

/// Scrolls to the end of the panel, where what was measured stands, and the buttons that propose it.
pub fn show_measured<T: Send + 'static>() -> Task<T> {
    snap_to(PANEL, RelativeOffset::END)
}

/// The highest speed of each axis.
fn speed_lines<'a>(speeds: &SpeedTable) -> Element<'a, Message> {
    let highest = |axis, unit| match speeds.rows(axis).last() {
        Some(row) => format!("{} ± {}", sentences::decimal(row.speed, 2), signed(row.spread, 2, unit)),
        None => fl!("figures-unknown"),
    };
    let line = |words, axis, unit| fact(words, highest(axis, unit));
    column![
        line(fl!("calibration-speed-pan"), Axis::Pan, "°/s"),
        line(fl!("calibration-speed-tilt"), Axis::Tilt, "°/s"),
        line(fl!("calibration-speed-zoom"), Axis::Zoom, "/s"),
    ]
    .spacing(4)
    .into()
}

/// Least and most of each delay, margin included; or why they are not known.
fn delay_lines<'a>(delays: &Result<DomeDelays, NoDelays>) -> Element<'a, Message> {
    let delays = match delays {
        Ok(delays) => delays,
        Err(NoDelays::TooFew(_)) => {
            return labelled(Icon::Warning, fl!("calibration-delays-too-few"), Tone::Attention).into();
        }
        Err(NoDelays::NotStanding(_)) => {
            return labelled(Icon::Warning, fl!("calibration-delays-not-standing"), Tone::Attention).into();
        }
    };
    let seconds = |seconds: f64| sentences::decimal(seconds, 2);
    let range = |[least, most]: [f64; 2]| fl!("calibration-delay-range", least = seconds(least), most = seconds(most));
    let stands = seconds(delays.command_s[1] + delays.ramp_s);
    column![
        fact(fl!("calibration-delay-command"), range(delays.command_s)),
        fact(
            fl!("calibration-delay-stop"),
            fl!("calibration-delay-most", most = stands)
        ),
        fact(fl!("calibration-delay-status"), range(delays.status_age_s)),
        fact(fl!("calibration-delay-picture"), range(delays.picture_age_s)),
    ]
    .spacing(4)
    .into()
}

fn proposal<'a>(words: String, message: Message) -> Element<'a, Message> {
    action(Icon::Save, words, None, false, Some(message)).into()
}

fn half_tangent(deg: f64) -> f64 {
    (deg.to_radians() / 2.0).tan()
}

/// A number of degrees as people write it.
fn degrees(text: &str, most: f64) -> Option<f64> {
    let value: f64 = text.trim().replace(',', ".").parse().ok()?;
    (value.abs() <= most).then_some(value)
}

fn signed(value: f64, places: usize, unit: &str) -> String {
    format!("{}{unit}", sentences::decimal(value, places))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::camera::Pose;
    use crate::domain::privacy::camera_geometry::direction_at;
    use crate::domain::privacy::test_dome::{dome_plan, lens};
    use crate::domain::privacy::{Interval, PoseInterval, WholeReason};
    use crate::domain::site::{MotionBounds, SpeedRow};
    use crate::gui::widget::typist::{self, keys};

    fn known(pose: Pose, half_width: f64) -> PoseKnowledge {
        let about = |v: f64| Interval {
            lo: v - half_width,
            hi: v + half_width,
        };
        PoseKnowledge::Within(PoseInterval {
            pan: about(pose.pan_deg),
            tilt: about(pose.tilt_deg),
            hfov: about(pose.hfov_deg),
        })
    }

    /// Sights a point as a dome shows it that is turned by `offset` from what it says; `slip` is how far off the person is.
    fn sight(panel: &mut Calibrating, pan_deg: f64, tilt_deg: f64, at: [f64; 2], slip: f64) {
        let pose = |pan_deg| Pose {
            pan_deg,
            tilt_deg,
            hfov_deg: 50.0,
        };
        let truly = direction_at(&lens(), pose(pan_deg + 7.0), at);
        panel.update(Message::Azimuth(sentences::decimal(truly.azimuth_deg + slip, 6)));
        panel.update(Message::Elevation(sentences::decimal(truly.elevation_deg, 6)));
        panel.point(at, &known(pose(pan_deg), 0.3));
    }

    fn four(slip: f64) -> Calibrating {
        let mut panel = Calibrating::new(dome_plan(MotionBounds::default(), lens(), Vec::new())).unwrap();
        sight(&mut panel, 10.0, -12.0, [0.2, 0.3], slip);
        sight(&mut panel, 95.0, -20.0, [0.8, 0.7], 0.0);
        sight(&mut panel, -80.0, -8.0, [0.4, 0.5], 0.0);
        sight(&mut panel, 170.0, -30.0, [0.3, 0.8], 0.0);
        panel
    }

    #[test]
    fn four_points_give_a_model_that_is_proposed_with_a_reason() {
        let mut panel = four(0.0);
        let found = panel.acceptable().unwrap();
        assert!((found.lens.pan_range_deg[0] - lens().pan_range_deg[0] - 7.0).abs() < 1e-3);
        assert!(matches!(panel.update(Message::Propose), Action::None) && panel.note.is_some());
        panel.update(Message::Reason("palo spostato".into()));
        let Action::Propose(proposal) = panel.update(Message::Propose) else {
            unreachable!("not proposed: {:?}", panel.note)
        };
        assert!(matches!(proposal.change, MaskChange::Lens(_)));
    }

    #[test]
    fn a_model_that_is_farther_off_than_the_plan_allows_is_not_proposed() {
        let mut panel = four(4.0);
        assert!(panel.found.is_some() && panel.acceptable().is_none());
        panel.update(Message::Reason("palo spostato".into()));
        assert!(matches!(panel.update(Message::Propose), Action::None));
    }

    #[test]
    fn measured_speeds_and_delays_are_proposed_with_a_reason() {
        let mut panel = four(4.0);
        assert!(matches!(panel.update(Message::MeasureMotion), Action::MeasureMotion));
        assert!(matches!(panel.update(Message::ProposeSpeeds), Action::None));
        let row = SpeedRow {
            velocity: 1.0,
            speed: 80.0,
            spread: 2.0,
        };
        let speeds = SpeedTable {
            pan: vec![row],
            ..SpeedTable::default()
        };
        let measured = |delays| {
            Some(MeasuredMotion {
                speeds: speeds.clone(),
                delays,
            })
        };
        panel.measured(measured(Err(NoDelays::TooFew(Axis::Tilt))));
        assert!(matches!(panel.update(Message::ProposeSpeeds), Action::None) && panel.note.is_some());
        panel.update(Message::Reason("prima taratura".into()));
        let Action::Propose(proposal) = panel.update(Message::ProposeSpeeds) else {
            unreachable!("not proposed: {:?}", panel.note)
        };
        assert!(matches!(proposal.change, MaskChange::Speeds(_)));
        assert!(
            matches!(panel.update(Message::ProposeDelays), Action::None),
            "none were measured"
        );
        let delays = DomeDelays {
            status_age_s: [0.0, 0.2],
            picture_age_s: [0.1, 0.3],
            command_s: [0.0, 0.2],
            ramp_s: 0.3,
            obeys: true,
            target_move: None,
            capture_error_s: None,
        };
        panel.measured(measured(Ok(delays.clone())));
        let Action::Propose(proposal) = panel.update(Message::ProposeDelays) else {
            unreachable!("not proposed: {:?}", panel.note)
        };
        assert_eq!(proposal.change, MaskChange::Delays(delays));
    }

    #[test]
    fn a_point_needs_its_direction_and_a_dome_that_stands() {
        let mut panel = four(0.0);
        panel.point([0.5, 0.5], &PoseKnowledge::Unknown(WholeReason::PoseNotKnown));
        panel.update(Message::Azimuth("12,5".into()));
        panel.update(Message::Elevation("-91".into()));
        let pose = Pose {
            pan_deg: 0.0,
            tilt_deg: 0.0,
            hfov_deg: 50.0,
        };
        panel.point([0.5, 0.5], &known(pose, 0.1));
        panel.update(Message::Elevation("-9".into()));
        panel.point([0.5, 0.5], &known(pose, 2.0));
        assert_eq!(panel.sightings.len(), 4);
        panel.point([0.5, 0.5], &known(pose, 0.1));
        assert_eq!(panel.sightings.len(), 5);
    }
    #[test]
    fn what_is_typed_after_tab_stays_in_its_field_of_the_calibration() {
        let begun = |panel: &dyn Fn() -> Calibrating| {
            let mut panel = panel();
            panel.update(Message::Clicked(0));
            panel
        };
        let hear = |panel: &mut Calibrating, message| drop(panel.update(message));
        let entries = keys("12,5⇥-9⇥palo spostato⇤-10⇤13");
        for panel in typist::typed(&entries, || begun(&|| four(0.0)), Calibrating::view, hear) {
            let typed = [&panel.azimuth, &panel.elevation, &panel.reason];
            assert_eq!(typed, ["13", "-10", "palo spostato"]);
        }
        // Without a model there is no reason to give, and Tab goes round.
        let entries = keys("12,5⇥-9⇥14");
        for panel in typist::typed(&entries, || begun(&|| four(4.0)), Calibrating::view, hear) {
            let typed = [&panel.azimuth, &panel.elevation, &panel.reason];
            assert_eq!(typed, ["14", "-9", ""]);
        }
    }
}
