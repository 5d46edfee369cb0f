//! A dome's pan, tilt and zoom between ONVIF's normalised spaces and the motion of its axes; its presets and home.
//!
//! Invariant: the lens model of the town is the only way from a position to a pose, here as in the picture.
//! Deliberately absent: XML, delays of answers, the limits of the site plan (a camera does not know them).

use super::motion::{AxisBounds, Goal, Motion};
use super::town::CameraSite;
use crate::domain::camera::{LensModel, NormalisedPosition, Pose};
use crate::domain::site::MaskShape;
use std::time::{Duration, Instant};

/// A dome is at its highest speed after this long, seconds.
const SECONDS_TO_TOP_SPEED: f64 = 0.4;
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
            acceleration: speed / SECONDS_TO_TOP_SPEED,
        };
        let bounds = [
            axis(pan, site.motion.pan_speed_deg_s, pan[1] - pan[0] >= 360.0 - 1e-9),
            axis(tilt, site.motion.tilt_speed_deg_s, false),
            axis(
                [0.0, magnification_ln(wide, narrow)],
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

    /// Moves at a share −1…1 of the highest speed of each axis for `lasting`; zero brakes.
    pub fn drive(&mut self, now: Instant, velocity: Vector, lasting: Duration) {
        let speeds = self.motion.bounds().map(|bounds| bounds.speed);
        let directions = self.directions();
        let goal = |axis: usize, share: f64| {
            Some(Goal::Drive {
                speed: share.clamp(-1.0, 1.0) * speeds[axis] * directions[axis],
                lasting,
            })
        };
        let goals = [
            velocity.pan_tilt.and_then(|[pan, _]| goal(0, pan)),
            velocity.pan_tilt.and_then(|[_, tilt]| goal(1, tilt)),
            velocity.zoom.and_then(|zoom| goal(2, zoom)),
        ];
        self.motion.command(now, goals);
    }

    /// Brakes pan-tilt, zoom, or both.
    pub fn halt(&mut self, now: Instant, pan_tilt: bool, zoom: bool) {
        let [pan_tilt, zoom] = [pan_tilt, zoom].map(|wanted| wanted.then_some(Goal::Halt));
        self.motion.command(now, [pan_tilt, pan_tilt, zoom]);
    }

    /// Goes to a normalised position, at shares 0…1 of the highest speeds.
    pub fn reach(&mut self, now: Instant, target: Vector, speed: Vector) {
        let here = self.position(now);
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
        self.motion.command(
            now,
            [
                named.pan_tilt.map(|_| goal(0)),
                named.pan_tilt.map(|_| goal(1)),
                named.zoom.map(|_| goal(2)),
            ],
        );
    }

    /// Moves by a normalised translation from where the dome is now.
    pub fn shift(&mut self, now: Instant, by: Vector, speed: Vector) {
        let here = self.position(now);
        let target = Vector {
            pan_tilt: by.pan_tilt.map(|[pan, tilt]| [here.pan + pan, here.tilt + tilt]),
            zoom: by.zoom.map(|zoom| (here.zoom + zoom).clamp(0.0, 1.0)),
        };
        self.reach(now, target, speed);
    }

    /// Moves so that a place in the picture comes to its centre: −1 is the left or lower edge, +1 the right or upper.
    pub fn shift_in_view(&mut self, now: Instant, place: [f64; 2], zoom: Option<f64>, speed: Vector) {
        let pose = self.pose(now);
        let half = (pose.hfov_deg / 2.0).to_radians().tan();
        let azimuth = (place[0] * half).atan().to_degrees();
        let elevation = (place[1] * half / self.lens.aspect).atan().to_degrees();
        let there = Pose {
            pan_deg: pose.pan_deg + azimuth,
            tilt_deg: pose.tilt_deg + elevation,
            ..pose
        };
        let mut axes = axes_of(&self.lens, there);
        if let Some(by) = zoom {
            let here = self.position(now);
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

    /// +1 where the axis grows with its normalised value, −1 where it falls.
    fn directions(&self) -> [f64; 3] {
        let rising = |range: [f64; 2]| if range[1] >= range[0] { 1.0 } else { -1.0 };
        [rising(self.lens.pan_range_deg), rising(self.lens.tilt_range_deg), 1.0]
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
