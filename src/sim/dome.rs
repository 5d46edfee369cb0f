//! A dome's pan, tilt and zoom between ONVIF's normalised spaces and the motion of its axes; its presets and home; what its
//! make does to commands and statuses.
//!
//! Invariant: the lens model of the town is the only way from a position to a pose, here as in the picture; `now` is when a
//! command arrives, and the motors obey the make's delay later.
//! Deliberately absent: XML, delays of answers, the limits of the site plan (a camera does not know them).

use super::dome_motion::{AxisBounds, Goal, Motion};
use super::makes::{Make, Told, Turned};
use super::town::CameraSite;
use crate::domain::camera::{LensModel, NormalisedPosition, Pose};
use crate::domain::site::MaskShape;
use std::time::{Duration, Instant};

/// Presets a dome can hold.
pub const MOST_PRESETS: usize = 300;
/// Factory presets that look at masked houses: the places where a leak would be seen.
const MOST_HOUSES: usize = 4;

/// A stored position.
#[derive(Debug, Clone, PartialEq)]
pub struct Preset {
    pub token: String,
    pub name: String,
    pub position: NormalisedPosition,
}

/// A part of a move: pan, tilt and zoom, each possibly left out.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Vector {
    pub pan_tilt: Option<[f64; 2]>,
    pub zoom: Option<f64>,
}

/// The moving part of a camera.
#[derive(Debug)]
pub struct Dome {
    lens: LensModel,
    motion: Motion,
    presets: Vec<Preset>,
    next_preset: u32,
    home: NormalisedPosition,
    make: Make,
    /// Where the latest command that named a place sends the dome, until a velocity or a stop.
    target: Option<NormalisedPosition>,
    /// Where the dome stood when it was last commanded at rest.
    rested: NormalisedPosition,
    /// A command came.
    commanded: bool,
}

impl Dome {
    /// A dome at its home position.
    pub fn new(site: &CameraSite, now: Instant) -> Self {
        let lens = site.lens.clone();
        let wide = wide(&lens);
        let home_pose = site.fixed_pose.unwrap_or(Pose {
            pan_deg: 0.0,
            tilt_deg: -10.0,
            hfov_deg: wide,
        });
        let [pan, tilt] = [lens.pan_range_deg, lens.tilt_range_deg].map(sorted);
        let narrow = lens.hfov_by_zoom.last().map_or(wide, |last| last[1]);
        let axis = |[low, high]: [f64; 2], speed: f64, endless| AxisBounds {
            low,
            high,
            endless,
            speed,
            acceleration: speed / site.make.ramp_s,
        };
        let bounds = [
            axis(pan, site.motion.pan_speed_deg_s, pan[1] - pan[0] >= 360.0 - 1e-9),
            axis(tilt, site.motion.tilt_speed_deg_s, false),
            axis(
                [
                    0.0,
                    magnification_ln(wide, narrow) + site.make.crops_beyond.map_or(0.0, f64::ln),
                ],
                site.motion.zoom_speed_ln_s,
                false,
            ),
        ];
        let start = axes_of(&lens, home_pose);
        let home = lens.position_of(home_pose);
        let mut dome = Self {
            motion: Motion::resting(bounds, start, now),
            lens,
            presets: Vec::new(),
            next_preset: 1,
            home,
            make: site.make,
            target: None,
            rested: home,
            commanded: false,
        };
        for (name, pan, zoom) in [
            ("Piazza", 0.0, 0.0),
            ("Scuola", 60.0, 0.3),
            ("Varco", -75.0, 0.5),
            ("Strada", 150.0, 0.15),
        ] {
            let pose = Pose {
                pan_deg: pan,
                tilt_deg: -10.0,
                hfov_deg: wide,
            };
            let position = NormalisedPosition {
                zoom,
                ..dome.lens.position_of(pose)
            };
            dome.keep(name, position);
        }
        let houses = site.masks.iter().filter_map(|mask| middle(&mask.shape));
        for (number, (pan_deg, tilt_deg)) in (1..).zip(houses.take(MOST_HOUSES)) {
            let pose = Pose {
                pan_deg,
                tilt_deg: tilt_deg.clamp(tilt[0], tilt[1]),
                hfov_deg: wide,
            };
            let position = dome.lens.position_of(pose);
            dome.keep(&format!("Casa {number}"), position);
        }
        dome
    }

    fn keep(&mut self, name: &str, position: NormalisedPosition) -> String {
        let token = self.next_preset.to_string();
        self.next_preset += 1;
        self.presets.push(Preset {
            token: token.clone(),
            name: name.to_owned(),
            position,
        });
        token
    }

    /// The lens of this dome.
    pub fn lens(&self) -> &LensModel {
        &self.lens
    }

    /// Where the dome looks at that moment.
    pub fn pose(&self, at: Instant) -> Pose {
        pose_of(&self.lens, self.motion.position(at))
    }

    /// The position at a moment, in normalised spaces.
    pub fn position(&self, at: Instant) -> NormalisedPosition {
        self.lens.position_of(self.pose(at))
    }

    /// Whether pan-tilt and zoom are on their way.
    pub fn moving(&self, at: Instant) -> [bool; 2] {
        let [pan, tilt, zoom] = self.motion.moving(at);
        [pan || tilt, zoom]
    }

    /// What a status that was sampled at a moment says: the position, and whether pan-tilt and zoom are on their way.
    pub fn told(&self, at: Instant) -> (NormalisedPosition, [bool; 2]) {
        let (true_position, moving) = (self.position(at), self.moving(at));
        let (position, moving) = match (self.make.told, self.target) {
            (Told::Target, Some(target)) => (target, [false; 2]),
            (Told::Arrival, _) if moving.contains(&true) => (self.rested, moving),
            (Told::Position | Told::Target | Told::Arrival, _) => (true_position, moving),
        };
        let moving = moving.map(|moving| moving || (self.make.never_idle && self.commanded));
        (self.coarse(position), moving)
    }

    /// A position in the steps that the make counts in.
    fn coarse(&self, position: NormalisedPosition) -> NormalisedPosition {
        let step = self.make.step_deg;
        if step <= 0.0 {
            return position;
        }
        let pose = self.lens.pose_at(position);
        let rounded = Pose {
            pan_deg: (pose.pan_deg / step).round() * step,
            tilt_deg: (pose.tilt_deg / step).round() * step,
            ..pose
        };
        NormalisedPosition {
            zoom: position.zoom,
            ..self.lens.position_of(rounded)
        }
    }

    /// Gives goals to the axes, which obey when the make's delay is over.
    fn command(&mut self, now: Instant, goals: [Option<Goal>; 3], target: Option<NormalisedPosition>) {
        if self.moving(now) == [false; 2] {
            self.rested = self.position(now);
        }
        (self.target, self.commanded) = (target, true);
        self.motion.command(self.obeyed(now), goals);
    }

    /// When a command that arrives now begins to be obeyed.
    fn obeyed(&self, now: Instant) -> Instant {
        now + Duration::from_millis(self.make.command_delay_ms)
    }

    /// Moves at a share −1…1 of each axis by the make's speed table for `lasting`; zero brakes.
    pub fn drive(&mut self, now: Instant, velocity: Vector, lasting: Duration) {
        let speeds = self.motion.bounds().map(|bounds| bounds.speed);
        let directions = self.directions();
        let make = self.make;
        let goal = |axis: usize, share: f64| {
            Some(Goal::Drive {
                speed: make.speed_of(share) * speeds[axis] * directions[axis],
                lasting,
            })
        };
        let goals = [
            velocity.pan_tilt.and_then(|[pan, _]| goal(0, pan)),
            velocity.pan_tilt.and_then(|[_, tilt]| goal(1, tilt)),
            velocity.zoom.and_then(|zoom| goal(2, zoom)),
        ];
        self.command(now, goals, None);
    }

    /// Brakes pan-tilt, zoom, or both.
    pub fn halt(&mut self, now: Instant, pan_tilt: bool, zoom: bool) {
        let [pan_tilt, zoom] = [pan_tilt, zoom].map(|wanted| wanted.then_some(Goal::Halt));
        self.command(now, [pan_tilt, pan_tilt, zoom], None);
    }

    /// Goes to a normalised position, at shares 0…1 of the highest speeds.
    pub fn reach(&mut self, now: Instant, target: Vector, speed: Vector) {
        let here = self.position(self.obeyed(now));
        let [pan, tilt] = target.pan_tilt.unwrap_or([here.pan, here.tilt]);
        let zoom = target.zoom.unwrap_or(here.zoom);
        let axes = axes_of(&self.lens, self.lens.pose_at(NormalisedPosition { pan, tilt, zoom }));
        self.reach_axes(now, axes, target, speed);
    }

    fn reach_axes(&mut self, now: Instant, axes: [f64; 3], named: Vector, speed: Vector) {
        let speeds = self.motion.bounds().map(|bounds| bounds.speed);
        let [pan_share, tilt_share] = speed.pan_tilt.unwrap_or([1.0, 1.0]);
        let shares = [pan_share, tilt_share, speed.zoom.unwrap_or(1.0)];
        let goal = |axis: usize| Goal::Reach {
            position: axes[axis],
            speed: shares[axis].clamp(0.01, 1.0) * speeds[axis],
        };
        let goals = [
            named.pan_tilt.map(|_| goal(0)),
            named.pan_tilt.map(|_| goal(1)),
            named.zoom.map(|_| goal(2)),
        ];
        let target = self.lens.position_of(pose_of(&self.lens, axes));
        self.command(now, goals, Some(target));
    }

    /// Moves by a normalised translation from where the dome is now.
    pub fn shift(&mut self, now: Instant, by: Vector, speed: Vector) {
        let here = self.position(self.obeyed(now));
        let [pan_sign, tilt_sign] = self.turned_signs();
        let target = Vector {
            pan_tilt: (by.pan_tilt).map(|[pan, tilt]| [here.pan + pan_sign * pan, here.tilt + tilt_sign * tilt]),
            zoom: by.zoom.map(|zoom| (here.zoom + zoom).clamp(0.0, 1.0)),
        };
        self.reach(now, target, speed);
    }

    /// Moves so that a place in the picture comes to its centre: −1 is the left or lower edge, +1 the right or upper.
    pub fn shift_in_view(&mut self, now: Instant, place: [f64; 2], zoom: Option<f64>, speed: Vector) {
        let pose = self.pose(self.obeyed(now));
        let half = (pose.hfov_deg / 2.0).to_radians().tan();
        let [pan_sign, tilt_sign] = self.turned_signs();
        let azimuth = (place[0] * half).atan().to_degrees();
        let elevation = (place[1] * half / self.lens.aspect).atan().to_degrees();
        let there = Pose {
            pan_deg: pose.pan_deg + pan_sign * azimuth,
            tilt_deg: pose.tilt_deg + tilt_sign * elevation,
            ..pose
        };
        let mut axes = axes_of(&self.lens, there);
        if let Some(by) = zoom {
            let here = self.position(self.obeyed(now));
            let to = NormalisedPosition {
                zoom: (here.zoom + by).clamp(0.0, 1.0),
                ..here
            };
            axes[2] = axes_of(&self.lens, self.lens.pose_at(to))[2];
        }
        self.reach_axes(
            now,
            axes,
            Vector {
                pan_tilt: Some(place),
                zoom,
            },
            speed,
        );
    }

    /// The stored positions, oldest first.
    pub fn presets(&self) -> &[Preset] {
        &self.presets
    }

    /// Stores where the dome is now; under an existing token it replaces that one. `None` when there is no room or no
    /// such token.
    pub fn set_preset(&mut self, now: Instant, token: Option<&str>, name: Option<&str>) -> Option<String> {
        let position = self.position(now);
        match token {
            Some(token) => {
                let preset = self.presets.iter_mut().find(|preset| preset.token == token)?;
                preset.position = position;
                if let Some(name) = name {
                    preset.name = name.to_owned();
                }
                Some(preset.token.clone())
            }
            None if self.presets.len() >= MOST_PRESETS => None,
            None => {
                let name = name.map_or_else(|| format!("Preset {}", self.next_preset), str::to_owned);
                Some(self.keep(&name, position))
            }
        }
    }

    /// Goes to a stored position; `false` when the token is unknown.
    pub fn goto_preset(&mut self, now: Instant, token: &str, speed: Vector) -> bool {
        let Some(position) = self
            .presets
            .iter()
            .find(|preset| preset.token == token)
            .map(|preset| preset.position)
        else {
            return false;
        };
        self.reach(now, whole(position), speed);
        true
    }

    /// Forgets a stored position; `false` when the token is unknown.
    pub fn remove_preset(&mut self, token: &str) -> bool {
        let before = self.presets.len();
        self.presets.retain(|preset| preset.token != token);
        self.presets.len() < before
    }

    /// Makes the position now the home position.
    pub fn set_home(&mut self, now: Instant) {
        self.home = self.position(now);
    }

    /// Goes home.
    pub fn go_home(&mut self, now: Instant, speed: Vector) {
        self.reach(now, whole(self.home), speed);
    }

    /// Replaces the stored positions; tokens count from 1.
    pub fn replace_presets(&mut self, presets: impl IntoIterator<Item = (String, Pose)>) {
        self.presets.clear();
        self.next_preset = 1;
        for (name, pose) in presets.into_iter().take(MOST_PRESETS) {
            let position = self.lens.position_of(pose);
            self.keep(&name, position);
        }
    }

    /// +1 where the axis grows with the velocity, −1 where it falls.
    fn directions(&self) -> [f64; 3] {
        let rising = |range: [f64; 2]| if range[1] >= range[0] { 1.0 } else { -1.0 };
        let [pan, tilt] = self.turned_signs();
        let [pan_range, tilt_range] = [self.lens.pan_range_deg, self.lens.tilt_range_deg];
        [pan * rising(pan_range), tilt * rising(tilt_range), 1.0]
    }

    /// Signs of pan and tilt in moves by velocity or distance: a device without `Reverse` turns them with its picture (Media2,
    /// 5.2.2).
    fn turned_signs(&self) -> [f64; 2] {
        match self.make.turned {
            Turned::Upright => [1.0, 1.0],
            Turned::HalfTurn => [-1.0, -1.0],
            Turned::Mirrored => [-1.0, 1.0],
        }
    }
}

/// Azimuth and elevation in the middle of a mask, degrees; `None` for one in a picture.
fn middle(shape: &MaskShape) -> Option<(f64, f64)> {
    let MaskShape::Directions(corners) = shape else {
        return None;
    };
    let (mut east, mut north, mut elevation) = (0.0, 0.0, 0.0);
    for corner in corners {
        let (sin, cos) = corner.azimuth_deg.to_radians().sin_cos();
        (east, north, elevation) = (east + sin, north + cos, elevation + corner.elevation_deg);
    }
    (!corners.is_empty()).then(|| (east.atan2(north).to_degrees(), elevation / corners.len() as f64))
}

fn whole(position: NormalisedPosition) -> Vector {
    Vector {
        pan_tilt: Some([position.pan, position.tilt]),
        zoom: Some(position.zoom),
    }
}

fn sorted(range: [f64; 2]) -> [f64; 2] {
    [range[0].min(range[1]), range[0].max(range[1])]
}

fn wide(lens: &LensModel) -> f64 {
    lens.hfov_by_zoom.first().map_or(60.0, |first| first[1])
}

/// Pan and tilt in degrees, zoom as the logarithm of magnification over the widest view.
fn axes_of(lens: &LensModel, pose: Pose) -> [f64; 3] {
    [pose.pan_deg, pose.tilt_deg, magnification_ln(wide(lens), pose.hfov_deg)]
}

/// Natural logarithm of how much larger a thing is seen at `hfov_deg` than at `wide_deg`.
fn magnification_ln(wide_deg: f64, hfov_deg: f64) -> f64 {
    let tan = |hfov_deg: f64| (hfov_deg / 2.0).to_radians().tan();
    (tan(wide_deg) / tan(hfov_deg)).ln()
}

fn pose_of(lens: &LensModel, [pan_deg, tilt_deg, ln]: [f64; 3]) -> Pose {
    Pose {
        pan_deg,
        tilt_deg,
        hfov_deg: 2.0 * ((wide(lens) / 2.0).to_radians().tan() / ln.exp()).atan().to_degrees(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::device::tests::dome_site;

    fn later(now: Instant) -> Instant {
        now + Duration::from_secs(20)
    }

    #[test]
    fn an_absolute_move_ends_where_it_was_sent() {
        let now = Instant::now();
        let mut dome = Dome::new(&dome_site(), now);
        let target = Vector {
            pan_tilt: Some([0.25, -0.5]),
            zoom: Some(0.4),
        };
        dome.reach(now, target, Vector::default());
        assert_eq!(dome.moving(now + Duration::from_millis(50)), [true, true]);
        let there = dome.position(later(now));
        assert!((there.pan - 0.25).abs() < 1e-6 && (there.tilt + 0.5).abs() < 1e-6 && (there.zoom - 0.4).abs() < 1e-6);
        assert_eq!(dome.moving(later(now)), [false, false]);
    }

    #[test]
    fn zoom_is_never_faster_than_the_site_plan_says() {
        let (now, site) = (Instant::now(), dome_site());
        let mut dome = Dome::new(&site, now);
        let velocity = Vector {
            pan_tilt: None,
            zoom: Some(1.0),
        };
        dome.drive(now, velocity, Duration::from_secs(3));
        let magnification = |ms| {
            site.lens
                .magnification(dome.pose(now + Duration::from_millis(ms)).hfov_deg)
        };
        let fastest = (0..40).map(|step| (magnification(step * 50 + 50) / magnification(step * 50)).ln() / 0.05);
        let fastest = fastest.fold(0.0, f64::max);
        let bound = site.motion.zoom_speed_ln_s;
        assert!(
            fastest <= bound * (1.0 + 1e-9) && fastest > bound * 0.99,
            "{fastest} of {bound}"
        );
    }

    #[test]
    fn positive_velocity_raises_the_normalised_position_even_with_a_turned_axis() {
        let now = Instant::now();
        let mut site = dome_site();
        site.lens.tilt_range_deg = [10.0, -90.0];
        let mut dome = Dome::new(&site, now);
        let before = dome.position(now).tilt;
        dome.drive(
            now,
            Vector {
                pan_tilt: Some([0.0, 0.5]),
                zoom: None,
            },
            Duration::from_millis(500),
        );
        assert!(dome.position(later(now)).tilt > before);
    }

    #[test]
    fn a_place_in_the_picture_comes_to_the_centre() {
        let now = Instant::now();
        let mut dome = Dome::new(&dome_site(), now);
        let before = dome.pose(now);
        dome.shift_in_view(now, [1.0, 0.0], None, Vector::default());
        let turned = dome.pose(later(now)).pan_deg - before.pan_deg;
        assert!((turned - before.hfov_deg / 2.0).abs() < 1e-6, "{turned}");
    }

    /// A dome of this make at the town's test site.
    fn made(name: &str, now: Instant) -> Dome {
        let mut site = dome_site();
        site.make = Make::by_name(name).unwrap();
        Dome::new(&site, now)
    }

    fn to(pan: f64) -> Vector {
        Vector {
            pan_tilt: Some([pan, -0.2]),
            zoom: None,
        }
    }

    #[test]
    fn a_late_make_stands_until_its_delay_is_over() {
        let now = Instant::now();
        let mut dome = made("lento", now);
        let before = dome.pose(now).pan_deg;
        dome.reach(now, to(0.5), Vector::default());
        assert_eq!(dome.pose(now + Duration::from_millis(800)).pan_deg, before);
        assert!(dome.pose(now + Duration::from_millis(900)).pan_deg > before);
        assert!((dome.position(later(now)).pan - 0.5).abs() < 1e-9);
    }

    #[test]
    fn what_is_told_is_the_habit_of_the_make() {
        let now = Instant::now();
        let soon = now + Duration::from_millis(250);
        let told = |name| {
            let mut dome = made(name, now);
            dome.reach(now, to(0.5), Vector::default());
            (dome.told(soon), dome.told(later(now)), dome.position(soon))
        };
        let (at_once, _, truly) = told("bersaglio-lento");
        assert!((at_once.0.pan - 0.5).abs() < 1e-9 && at_once.1 == [false; 2] && truly.pan.abs() < 1e-9);
        let (meanwhile, arrived, truly) = told("arrivo");
        assert!(truly.pan > 1e-3 && meanwhile.0.pan.abs() < 1e-9 && meanwhile.1[0]);
        assert!((arrived.0.pan - 0.5).abs() < 1e-9);
        assert_eq!(told("inquieto").1.1, [true; 2]);
        assert_eq!(told("preciso").1.1, [false; 2]);
        let (coarse, _, truly) = told("grossolano");
        let degrees = coarse.0.pan * 180.0;
        assert!((degrees - degrees.round()).abs() < 1e-9 && (degrees - truly.pan * 180.0).abs() <= 0.5);
    }

    #[test]
    fn a_turned_picture_turns_the_directions_with_it() {
        let now = Instant::now();
        let right_and_up = Vector {
            pan_tilt: Some([0.5, 0.2]),
            zoom: None,
        };
        let moved = |name| {
            let mut dome = made(name, now);
            let before = dome.pose(now);
            dome.drive(now, right_and_up, Duration::from_millis(500));
            let after = dome.pose(later(now));
            [after.pan_deg > before.pan_deg, after.tilt_deg > before.tilt_deg]
        };
        assert_eq!(moved("preciso"), [true, true]);
        assert_eq!(moved("specchio"), [false, true]);
        assert_eq!(moved("capovolto"), [false, false]);
    }

    #[test]
    fn zoom_beyond_the_lens_is_not_told() {
        let now = Instant::now();
        let mut dome = made("digitale", now);
        let zoom_in = Vector {
            pan_tilt: None,
            zoom: Some(1.0),
        };
        dome.drive(now, zoom_in, Duration::from_secs(15));
        let narrowest = dome.lens().narrowest_hfov_deg();
        assert!(dome.pose(later(now)).hfov_deg < narrowest / 3.0);
        assert!((dome.told(later(now)).0.zoom - 1.0).abs() < 1e-9);
    }

    #[test]
    fn factory_presets_look_at_the_middle_of_masked_houses() {
        let now = Instant::now();
        let town = crate::sim::town::Town::generate(7, 6, 4);
        let site = town.sites.iter().find(|site| site.fixed_pose.is_none()).unwrap();
        let mut dome = Dome::new(site, now);
        let houses: Vec<Preset> = dome
            .presets()
            .iter()
            .filter(|p| p.name.starts_with("Casa"))
            .cloned()
            .collect();
        assert_eq!(houses.len(), site.masks.len().min(MOST_HOUSES));
        assert!(dome.goto_preset(now, &houses[0].token, Vector::default()));
        let (pose, masks) = (dome.pose(later(now)), &site.masks);
        let (pan, tilt) = middle(&masks[0].shape).unwrap();
        assert!(
            (pose.pan_deg - pan).abs() < 1e-6 && (pose.tilt_deg - tilt).abs() < 1e-6,
            "{pose:?}"
        );
    }

    #[test]
    fn presets_are_kept_gone_to_and_forgotten() {
        let now = Instant::now();
        let mut dome = Dome::new(&dome_site(), now);
        let token = dome.set_preset(now, None, Some("Qui")).unwrap();
        let here = dome.pose(now);
        dome.go_home(now, Vector::default());
        dome.drive(
            now,
            Vector {
                pan_tilt: Some([1.0, 0.0]),
                zoom: Some(1.0),
            },
            Duration::from_secs(1),
        );
        let then = later(now);
        assert!(dome.goto_preset(then, &token, Vector::default()));
        let there = dome.pose(later(then));
        assert!((there.pan_deg - here.pan_deg).abs() < 1e-6 && (there.hfov_deg - here.hfov_deg).abs() < 1e-6);
        assert!(dome.remove_preset(&token) && !dome.goto_preset(then, &token, Vector::default()));
        assert_eq!(dome.set_preset(then, Some("none"), None), None);
    }
}
