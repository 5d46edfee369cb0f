//! Steering that fits the eye: what a hand asks of the picture, as a velocity command of this dome and as the step of a tap.
//!
//! A hand asks in widths of the picture per second, so that the picture crosses the screen equally fast at every zoom:
//! [`WIDTHS_PER_S`] by default, [`Pace`] for faster and finer, by distance from the middle for a pointer, by deflection for a pad. The horizontal field of
//! view in force turns that into degrees per second, and the dome's speed table (or, where none was measured, its highest
//! speeds) into a commanded value. A tap is a step of one of two lengths, a twentieth and a tenth of the picture; its length does
//! not hang on the way of two messages, because the pose where it ends is worked out from the one where it began.
//!
//! Invariant: every commanded value lies in −1..1; no tap is longer than the long one.
//! Deliberately absent: limits (every command passes `limits` after this), sending, keys and pointers.

use super::Velocity;
use super::gesture::pan_within;
use crate::domain::camera::{LensModel, Pose};
use crate::domain::privacy::PoseKnowledge;
use crate::domain::site::{Axis, CameraPlan, MotionBounds};
use std::time::Duration;

/// Default speed of the picture, widths per second.
pub const WIDTHS_PER_S: f64 = 0.5;
/// Default speed of the zoom, natural logarithm of magnification per second: twice as large in a second.
pub const ZOOM_LN_PER_S: f64 = 0.7;
/// A press up to this length is a tap; a longer one ends where the dome stands when it is let go.
pub const LONGEST_TAP: Duration = Duration::from_millis(300);
/// A press shorter than this is a short tap: a twentieth of the picture at the default speed, any other tap a tenth. Two
/// lengths and not all between them: a screen that is busy for a twentieth of a second does not change the step.
const SHORT_TAP: Duration = Duration::from_millis(120);
/// The motion of a short tap and of any other one lasts this long at full speed.
const TAPS: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(200)];
/// A held key is at its full speed after this long.
const RAMP: Duration = Duration::from_millis(300);
/// The share of the full speed that a held key begins with.
const RAMP_FROM: f64 = 0.5;
/// A pointer this near to the middle asks for nothing, widths of the picture.
const STILL: f64 = 0.03;
/// A pointer's distance beyond [`STILL`] is covered in one second over this.
const POINTER_PER_S: f64 = 1.5;
/// A stick deflected by less than this share rests.
const SLACK: f64 = 0.12;
/// The smallest commanded value that moves anything: a thousandth of full speed is lost in a camera's own rounding.
const SLOWEST: f64 = 0.002;
/// A dome that looks far down turns the picture more than it moves it; pan is not quickened beyond this for it.
const STEEPEST: f64 = 0.35;

/// How a hand wants the picture to move.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PictureVelocity {
    /// What lies to the right comes in, widths of the picture per second.
    pub right: f64,
    /// What lies above comes in, widths (not heights) of the picture per second.
    pub up: f64,
    /// Zoom in, natural logarithm of magnification per second.
    pub zoom: f64,
}

/// How fast a held key moves the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pace {
    /// A quarter of the normal speed.
    Fine,
    Normal,
    /// Three times the normal speed.
    Fast,
}

impl Pace {
    /// The multiple of the default speed.
    pub fn factor(self) -> f64 {
        match self {
            Self::Fine => 0.25,
            Self::Normal => 1.0,
            Self::Fast => 3.0,
        }
    }
}

impl PictureVelocity {
    /// What held keys ask for: each axis in multiples of the default speed, right, up and in positive.
    pub fn of_keys([right, up, zoom]: [f64; 3]) -> Self {
        Self {
            right: right * WIDTHS_PER_S,
            up: up * WIDTHS_PER_S,
            zoom: zoom * ZOOM_LN_PER_S,
        }
    }

    /// What a held pointer asks for at the point `at` (0..1) of a picture of this aspect (width over height): the farther from
    /// the middle, the faster, so that what it points at comes to the middle within about a second.
    pub fn towards(at: [f64; 2], aspect: f64) -> Self {
        let (right, up) = (at[0] - 0.5, (0.5 - at[1]) / aspect);
        let distance = right.hypot(up);
        let rate = if distance > STILL {
            POINTER_PER_S * (distance - STILL) / distance
        } else {
            0.0
        };
        Self {
            right: right * rate,
            up: up * rate,
            zoom: 0.0,
        }
    }

    /// What a stick or a pad asks for at this deflection: right and up positive, 1 at the rim. Nothing near the middle, the fast
    /// pace at the rim, and finer the nearer to the middle.
    pub fn deflected([right, up]: [f64; 2]) -> Self {
        let deflection = right.hypot(up);
        let beyond = ((deflection - SLACK) / (1.0 - SLACK)).clamp(0.0, 1.0);
        let rate = if beyond > 0.0 {
            Pace::Fast.factor() * beyond.powi(2) / deflection
        } else {
            0.0
        };
        Self::of_keys([right * rate, up * rate, 0.0])
    }

    /// The velocity after so much of a press: it begins slower, so that the first pictures of a motion are seen.
    pub fn after(self, held: Duration) -> Self {
        let share = RAMP_FROM + (1.0 - RAMP_FROM) * (held.as_secs_f64() / RAMP.as_secs_f64()).min(1.0);
        self.times(share)
    }

    /// Whether nothing is to move.
    pub fn is_zero(&self) -> bool {
        self.right == 0.0 && self.up == 0.0 && self.zoom == 0.0
    }

    fn times(self, share: f64) -> Self {
        Self {
            right: self.right * share,
            up: self.up * share,
            zoom: self.zoom * share,
        }
    }
}

/// The command by which this dome moves its picture as wanted from `pose`. A dome whose pose is not known is taken to look
/// level at its widest.
pub fn command(camera: &CameraPlan, pose: Option<Pose>, wanted: PictureVelocity) -> Velocity {
    let [pan, tilt] = turned(camera.lens.as_ref(), pose, wanted);
    let motion = &camera.motion;
    Velocity {
        pan: commanded(motion, Axis::Pan, pan),
        tilt: commanded(motion, Axis::Tilt, tilt),
        zoom: commanded(motion, Axis::Zoom, wanted.zoom),
    }
    .clamped()
}

/// The value −1..1 to command for a speed, degrees (zoom: natural logarithm of magnification) per second.
fn commanded(motion: &MotionBounds, axis: Axis, speed: f64) -> f64 {
    if speed == 0.0 || !speed.is_finite() {
        return 0.0;
    }
    let highest = match axis {
        Axis::Pan => motion.pan_speed_deg_s,
        Axis::Tilt => motion.tilt_speed_deg_s,
        Axis::Zoom => motion.zoom_speed_ln_s,
    };
    let measured = motion.speeds.velocity_for(axis, speed);
    let value = measured.unwrap_or_else(|| speed.abs() / highest);
    value.clamp(SLOWEST, 1.0).copysign(speed)
}

/// Speeds of pan and tilt, degrees per second, that move the picture as wanted.
fn turned(lens: Option<&LensModel>, pose: Option<Pose>, wanted: PictureVelocity) -> [f64; 2] {
    let widest = lens.map_or(60.0, LensModel::widest_hfov_deg);
    let (hfov_deg, tilt_deg) = pose.map_or((widest, 0.0), |pose| (pose.hfov_deg, pose.tilt_deg));
    // Near the nadir a turn of the pan moves the picture by little.
    let level = tilt_deg.to_radians().cos().max(STEEPEST);
    let width_deg = 2.0 * (hfov_deg.to_radians() / 2.0).tan().to_degrees();
    [wanted.right * width_deg / level, wanted.up * width_deg]
}

/// How long the motion of a tap lasts at full speed when its key was held for `held`.
pub fn tap_length(held: Duration) -> Duration {
    let [short, long] = TAPS;
    if held < SHORT_TAP { short } else { long }
}

/// The magnification in force, × over the widest view, as far as the pose is known; the least that it may be where the zoom is not.
pub fn magnification(lens: &LensModel, pose: &PoseKnowledge) -> Option<f64> {
    match pose {
        PoseKnowledge::Within(poses) if poses.is_zoom_known() => Some(lens.magnification(poses.hfov.middle())),
        PoseKnowledge::Within(poses) => Some(lens.magnification(poses.hfov.hi)),
        PoseKnowledge::Unknown(_) => None,
    }
}

/// The signs of pan and tilt in the velocity space of the camera: −1 where the angle of the lens model falls while the normalised
/// position rises, as under a dome that hangs the other way up.
pub fn signs(lens: &LensModel) -> [f64; 2] {
    [lens.pan_range_deg, lens.tilt_range_deg].map(|[a, b]| (b - a).signum())
}

/// The pose where a tap ends that began at `from` and whose key was held for `held`; `None` where the lens cannot tell or the way there
/// leads over the end of its range.
pub fn step(camera: &CameraPlan, from: Pose, wanted: PictureVelocity, held: Duration) -> Option<Pose> {
    let lens = camera.lens.as_ref()?;
    let seconds = tap_length(held).as_secs_f64();
    let [pan, tilt] = turned(Some(lens), Some(from), wanted).map(|speed| speed * seconds);
    let pan_deg = pan_within(lens, from.pan_deg + pan, from.pan_deg);
    // Where the range ends, an absolute move would go the long way round.
    if (pan_deg - from.pan_deg - pan).abs() > 1e-6 {
        return None;
    }
    let [a, b] = lens.tilt_range_deg;
    let magnification = lens.magnification(from.hfov_deg) * (wanted.zoom * seconds).exp();
    let most = lens.magnification(lens.narrowest_hfov_deg());
    let hfov_deg = if wanted.zoom == 0.0 {
        from.hfov_deg
    } else {
        lens.hfov_of(magnification.clamp(1.0, most))
    };
    Some(Pose {
        pan_deg,
        tilt_deg: (from.tilt_deg + tilt).clamp(a.min(b), a.max(b)),
        hfov_deg,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::privacy::test_dome::{TICK, dome_plan, lens, tight};
    use crate::domain::ptz::dead_man::REPEAT;
    use crate::domain::site::{SpeedRow, SpeedTable};
    use proptest::prelude::*;

    fn camera() -> CameraPlan {
        dome_plan(tight(), lens(), Vec::new())
    }

    fn pose(magnification: f64, tilt_deg: f64) -> Pose {
        Pose {
            pan_deg: 20.0,
            tilt_deg,
            hfov_deg: lens().hfov_of(magnification),
        }
    }

    fn right(pace: Pace) -> PictureVelocity {
        PictureVelocity::of_keys([pace.factor(), 0.0, 0.0])
    }

    #[test]
    fn the_shortest_press_is_a_twentieth_and_a_fifth_of_a_second_a_tenth_of_the_width_at_every_zoom() {
        for magnification in [1.0, 4.3, 20.0] {
            let from = pose(magnification, 0.0);
            let share = |held: u64| {
                let to = step(&camera(), from, right(Pace::Normal), Duration::from_millis(held)).unwrap();
                (to.pan_deg - from.pan_deg).to_radians() / (2.0 * (from.hfov_deg.to_radians() / 2.0).tan())
            };
            assert!((share(10) - 0.05).abs() < 1e-9 && (share(200) - 0.1).abs() < 1e-9);
            assert_eq!(
                [share(150), share(5000)],
                [share(200); 2],
                "one length, and none is longer"
            );
        }
    }

    #[test]
    fn a_step_over_the_end_of_the_range_is_not_worked_out() {
        let from = Pose {
            pan_deg: 179.0,
            ..pose(1.0, -20.0)
        };
        assert_eq!(step(&camera(), from, right(Pace::Normal), SHORT_TAP), None);
        let back = PictureVelocity::of_keys([-1.0, 0.0, 0.0]);
        assert!(step(&camera(), from, back, SHORT_TAP).is_some());
    }

    #[test]
    fn the_speed_follows_the_field_of_view_and_the_pace() {
        let speed = |magnification, pace| command(&camera(), Some(pose(magnification, 0.0)), right(pace)).pan;
        // Half of the picture at the distance of the screen: the tangent of half its angle.
        let half = 31f64.to_radians().tan().to_degrees();
        assert!((speed(1.0, Pace::Normal) - half / 60.0).abs() < 1e-9);
        assert!((speed(10.0, Pace::Normal) - half / 600.0).abs() < 1e-9);
        assert!((speed(10.0, Pace::Fine) * 12.0 - speed(10.0, Pace::Fast)).abs() < 1e-9);
        assert_eq!(
            command(&camera(), None, right(Pace::Normal)).pan,
            speed(1.0, Pace::Normal)
        );
    }

    #[test]
    fn a_measured_table_says_what_to_command() {
        let mut camera = camera();
        let row = |velocity, speed| SpeedRow {
            velocity,
            speed,
            spread: 0.1,
        };
        camera.motion.speeds = SpeedTable {
            pan: vec![row(0.2, 4.0), row(1.0, 44.0)],
            ..SpeedTable::default()
        };
        let half = 31f64.to_radians().tan().to_degrees();
        let command = command(&camera, Some(pose(1.0, 0.0)), right(Pace::Normal));
        assert!((command.pan - (0.2 + (half - 4.0) / 40.0 * 0.8)).abs() < 1e-9);
    }

    #[test]
    fn a_pointer_in_the_middle_rests_and_farther_out_is_faster() {
        let speed = |x| PictureVelocity::towards([x, 0.5], 16.0 / 9.0).right;
        assert!(PictureVelocity::towards([0.51, 0.49], 16.0 / 9.0).is_zero());
        assert!(speed(0.6) > 0.0 && speed(0.8) > 2.0 * speed(0.6) && speed(0.2) == -speed(0.8));
        assert!(PictureVelocity::towards([0.5, 0.0], 16.0 / 9.0).up > 0.0);
    }

    #[test]
    fn a_stick_is_fast_at_the_rim_fine_near_the_middle_and_rests_in_it() {
        let speed = |x| PictureVelocity::deflected([x, 0.0]).right;
        assert!(speed(0.1) == 0.0 && (speed(1.0) - 1.5).abs() < 1e-9 && speed(7.0) == speed(1.0));
        assert!(speed(0.3) > 0.0 && speed(0.3) < 0.1 && speed(-0.5) == -speed(0.5));
        let across = PictureVelocity::deflected([0.6, -0.8]);
        assert!((across.right.hypot(across.up) - 1.5).abs() < 1e-9 && across.up < 0.0);
    }

    #[test]
    fn a_held_key_begins_slower_and_is_at_its_speed_by_the_second_repeat() {
        let wanted = right(Pace::Normal);
        let at = |held| wanted.after(held).right;
        assert_eq!(at(Duration::ZERO), RAMP_FROM * wanted.right);
        assert!(at(REPEAT) < wanted.right && at(REPEAT * 2) == wanted.right);
    }

    #[test]
    fn right_is_right_also_where_the_range_of_the_lens_is_turned() {
        assert_eq!(signs(&lens()), [1.0, 1.0]);
        let turned = LensModel {
            pan_range_deg: [180.0, -180.0],
            ..lens()
        };
        assert_eq!(signs(&turned), [-1.0, 1.0]);
    }

    /// What a tap of `held` moved a dome in the end, widths of the picture: by landing, or by a Stop when the key goes up. The
    /// dome begins to obey its first and its last command `begins` after each was sent, and the last one is not sent before
    /// the first was answered after `answer_s`.
    fn tapped(held: Duration, begins: [f64; 2], answer_s: f64, lands: bool) -> f64 {
        let camera = camera();
        let from = pose(4.3, -10.0);
        let wanted = right(Pace::Normal);
        let speed = turned(camera.lens.as_ref(), Some(from), wanted)[0];
        let last = held.as_secs_f64().max(answer_s) + begins[1];
        let (mut pan, mut now) = (from.pan_deg, 0.0);
        while now < 2.0 {
            now += TICK;
            if now >= last && lands {
                let way = step(&camera, from, wanted, held).unwrap().pan_deg - pan;
                let most = camera.motion.pan_speed_deg_s * TICK;
                pan += way.clamp(-most, most);
            } else if now >= begins[0] && now < last {
                pan += speed * TICK;
            }
        }
        let turned = (pan - from.pan_deg).to_radians() * from.tilt_deg.to_radians().cos();
        turned.tan() / (2.0 * (from.hfov_deg.to_radians() / 2.0).tan())
    }

    #[test]
    fn a_stop_at_the_end_of_a_tap_would_hang_on_the_delays() {
        let tap = Duration::from_millis(200);
        assert!(tapped(tap, [0.0, 0.3], 0.3, false) > 0.25 && tapped(tap, [0.3, 0.0], 0.0, false) == 0.0);
    }

    proptest! {
        #[test]
        fn the_length_of_a_tap_does_not_hang_on_the_delays_of_the_dome(
            held in 130u64..290, begins in [0.0f64..0.3, 0.0f64..0.3], answer_s in 0.0f64..0.3,
        ) {
            let moved = tapped(Duration::from_millis(held), begins, answer_s, true);
            prop_assert!((0.09..=0.11).contains(&moved), "{moved}");
        }

        #[test]
        fn r_ptz_1_every_command_is_a_share_of_full_speed(
            x in -9.0f64..9.0, y in -9.0f64..9.0, zoom in -9.0f64..9.0, magnification in 1.0f64..40.0, tilt in -90.0f64..30.0,
        ) {
            let wanted = PictureVelocity { right: x, up: y, zoom };
            let sent = command(&camera(), Some(pose(magnification, tilt)), wanted);
            for (sent, wanted) in [(sent.pan, x), (sent.tilt, y), (sent.zoom, zoom)] {
                prop_assert!(sent.abs() <= 1.0 && (sent == 0.0) == (wanted == 0.0) && sent * wanted >= 0.0);
            }
        }

        #[test]
        fn a_step_lies_in_the_lens(
            x in -2.0f64..2.0, y in -2.0f64..2.0, zoom in -2.0f64..2.0, magnification in 1.0f64..30.0,
            pan in -180.0f64..180.0, tilt in -90.0f64..30.0, held in 0u64..900,
        ) {
            let from = Pose { pan_deg: pan, ..pose(magnification, tilt) };
            let wanted = PictureVelocity { right: x, up: y, zoom };
            if let Some(to) = step(&camera(), from, wanted, Duration::from_millis(held)) {
                prop_assert!((-180.0..=180.0).contains(&to.pan_deg) && (-90.0..=30.0).contains(&to.tilt_deg));
                prop_assert!((lens().narrowest_hfov_deg() - 1e-9..=62.0 + 1e-9).contains(&to.hfov_deg));
            }
        }
    }
}
