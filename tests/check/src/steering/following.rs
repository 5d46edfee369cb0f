//! Ideal hands with a person's reaction: they know exactly where the walker was in the picture that was shown 0.2 s ago, how
//! fast it goes, and how far a press goes; and they act by what a person has: arrows, clicks, a stick, a held pointer.
//!
//! Invariant: nothing newer than the reaction and the picture's own delay is used. Deliberately absent: tilting; the walk is
//! level.

use super::bench::{Bench, Moment, Place, Zoom};
use super::looking::unix_ms;
use super::pad::{self, Grip, Pad};
use super::report::{Followed, Row, round};
use super::rows::{self, magnification, mean, share};
use crate::driver::{StepError, Visitor};
use crate::input_injection::Key;
use std::time::Duration;

/// A person's reaction, milliseconds.
const REACTION_MS: i64 = 200;
/// The walker, degrees a second to the right.
const SPEED_DEG_S: f64 = 4.0;
/// From the order to walk to the first step, milliseconds.
const BEFORE_MS: u64 = 1_200;
/// Between two thoughts.
const TICK: Duration = Duration::from_millis(40);
/// Shortest and longest press, seconds.
const PRESS_S: [f64; 2] = [0.06, 1.5];
/// What a press gives where nothing is known yet: half a picture a second.
const PICTURES_A_SECOND: f64 = 0.5;
/// The hands act when the walker is so far from the middle, as a share of the picture's width.
const AWAY: f64 = 0.12;
/// Between two clicks, milliseconds: the program waits for a second one before it obeys the first.
const BETWEEN_CLICKS_MS: i64 = 900;
/// A click counts on being obeyed after this, seconds.
const CLICK_S: f64 = 0.7;

/// By what the walker is followed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum How {
    Arrows,
    Clicks,
    /// The pad, held all the time, by the stick's rule.
    Stick(Pad),
    /// The button held all the time on the picture.
    Pointer,
}

/// Of what the walker is away from the middle, so much is taken back in a second by what is held.
const TAKEN_BACK: f64 = 0.8;
/// A button that is to be held, and not to draw a box, stays so long where it went down.
const STILL: Duration = Duration::from_millis(420);

/// What the hands know.
struct Hands<'a> {
    /// Degrees of turn a second of a held arrow.
    held_deg_s: f64,
    /// Where the dome looked when the latest press began, and how long that was, seconds.
    pressed: Option<(f64, f64)>,
    /// Presses that told how far one goes.
    learnt: u32,
    last_click_ms: i64,
    /// What is held on pad or picture, and how fast it turns the dome, degrees a second to the right.
    grip: Option<Grip<'a>>,
    turning_deg_s: f64,
    acts: usize,
}

/// Follows the walker for so long.
pub fn follow(v: &Visitor<'_>, bench: &mut Bench, zoom: Zoom, how: How, seconds: u64) -> Result<Row, StepError> {
    bench.go_to(v, Place::Walk(zoom))?;
    let hfov = bench.hfov(zoom);
    let since = bench.send_walker(SPEED_DEG_S, BEFORE_MS)?;
    let until = since + (seconds as i64) * 1_000;
    let mut hands = Hands {
        held_deg_s: bench.held_deg_s[zoom as usize].unwrap_or(PICTURES_A_SECOND * hfov),
        pressed: None,
        learnt: 0,
        last_click_ms: 0,
        grip: None,
        turning_deg_s: 0.0,
        acts: 0,
    };
    while unix_ms() < until {
        let shown_ms = unix_ms() - REACTION_MS - bench.latency_ms();
        if let Some(known) = bench.truth(vec![shown_ms])?.into_iter().next() {
            match how {
                How::Arrows => hands.press(v, bench, &known)?,
                How::Clicks => hands.click(v, bench, &known)?,
                How::Stick(_) | How::Pointer if unix_ms() < since => {}
                How::Stick(pad) => hands.deflect(v, bench, &known, pad)?,
                How::Pointer => hands.lead(v, bench, &known)?,
            }
        }
        v.linger(TICK);
    }
    bench.held_deg_s[zoom as usize] = Some(hands.held_deg_s);
    drop(hands.grip.take());
    let looks = bench.judged(since, until)?;
    Ok(Row::Followed(Followed {
        magnification: magnification(bench, zoom),
        seconds: round(seconds as f64),
        looks: looks.len(),
        seen_share: share(&looks, |look| look.walker_seen),
        inside_share: share(&looks, |look| {
            look.moment.walkers.first().is_some_and(|it| it.inside > 0.3)
        }),
        mean_covered: mean(&looks, |look| look.covered),
        mean_excess: mean(&looks, |look| look.excess),
        acts: hands.acts,
    }))
}

/// How far the walker is to the right of the axis, degrees.
fn offset(known: &Moment) -> f64 {
    let azimuth = known
        .walkers
        .first()
        .map_or(known.pose.pan_deg, |walker| walker.feet.azimuth_deg);
    (azimuth - known.pose.pan_deg + 180.0).rem_euclid(360.0) - 180.0
}

impl<'a> Hands<'a> {
    /// How fast the picture is to move, widths a second to the right: as fast as the walker, and a little more or less for what
    /// it is away from the middle.
    fn wanted(&mut self, bench: &Bench, known: &Moment) -> f64 {
        let away = offset(known) + (SPEED_DEG_S - self.turning_deg_s) * Self::behind(bench);
        self.turning_deg_s = SPEED_DEG_S + TAKEN_BACK * away;
        let half = (known.pose.hfov_deg / 2.0).to_radians().tan();
        let level = known.pose.tilt_deg.to_radians().cos();
        let widths = self.turning_deg_s.to_radians() * level / (2.0 * half);
        if bench.site.turned == "upright" { widths } else { -widths }
    }

    /// Keeps the pad deflected as far as the walker asks for.
    fn deflect(&mut self, v: &'a Visitor<'_>, bench: &Bench, known: &Moment, pad: Pad) -> Result<(), StepError> {
        let wanted = self.wanted(bench, known);
        pad.point(v, pad::deflection(wanted))?;
        self.acts += 1;
        if self.grip.is_none() {
            self.grip = Some(Grip::close(&v.hands)?);
        }
        Ok(())
    }

    /// Keeps the held pointer as far from the middle as the walker asks for.
    fn lead(&mut self, v: &'a Visitor<'_>, bench: &Bench, known: &Moment) -> Result<(), StepError> {
        let wanted = self.wanted(bench, known);
        rows::point(v, bench, [0.5 + pad::distance(wanted) as f32, 0.5])?;
        self.acts += 1;
        if self.grip.is_none() {
            self.grip = Some(Grip::close(&v.hands)?);
            v.linger(STILL);
        }
        Ok(())
    }

    /// Seconds from what is known to now.
    fn behind(bench: &Bench) -> f64 {
        (REACTION_MS + bench.latency_ms()) as f64 / 1_000.0
    }

    /// One press at a time, as long as it takes; the next when the dome is seen to stand.
    fn press(&mut self, v: &Visitor<'_>, bench: &Bench, known: &Moment) -> Result<(), StepError> {
        if known.moving {
            return Ok(());
        }
        if let Some((from, time)) = self.pressed.take() {
            let turned = (known.pose.pan_deg - from + 180.0).rem_euclid(360.0) - 180.0;
            if turned.abs() > 0.05 {
                let seen = turned.abs() / time;
                self.held_deg_s = if self.learnt == 0 {
                    seen
                } else {
                    0.5 * (self.held_deg_s + seen)
                };
                self.learnt += 1;
            }
        }
        let away = offset(known) + SPEED_DEG_S * Self::behind(bench);
        if away.abs() < AWAY * known.pose.hfov_deg {
            return Ok(());
        }
        // The dome stands again when the walker has gone on for about a second: it is met half-way.
        let wanted = away + SPEED_DEG_S * 0.6;
        let time = (wanted.abs() / self.held_deg_s.max(0.5)).clamp(PRESS_S[0], PRESS_S[1]);
        let to_the_right = (wanted > 0.0) == (bench.site.turned == "upright");
        let held = v.hands.hold(if to_the_right { Key::Right } else { Key::Left })?;
        v.linger(Duration::from_secs_f64(time));
        drop(held);
        self.acts += 1;
        self.pressed = Some((known.pose.pan_deg, time));
        // What the press did is seen when its delay, the picture's and the reaction are over.
        let seen = 0.1 + bench.site.command_delay_ms as f64 / 1_000.0 + Self::behind(bench);
        v.linger(Duration::from_secs_f64(seen));
        Ok(())
    }

    /// Clicks where the walker will be when the click is obeyed.
    fn click(&mut self, v: &Visitor<'_>, bench: &Bench, known: &Moment) -> Result<(), StepError> {
        let now = unix_ms();
        let waits = BETWEEN_CLICKS_MS + bench.site.command_delay_ms as i64;
        let away = offset(known) + SPEED_DEG_S * Self::behind(bench);
        let Some(walker) = known.walkers.first() else {
            return Ok(());
        };
        if known.moving || now - self.last_click_ms < waits || away.abs() < AWAY * known.pose.hfov_deg {
            return Ok(());
        }
        let half = (known.pose.hfov_deg / 2.0).to_radians().tan();
        let ahead = away + SPEED_DEG_S * CLICK_S;
        let up = (walker.feet.elevation_deg + walker.head.elevation_deg) / 2.0 - known.pose.tilt_deg;
        let x = ahead.clamp(-80.0, 80.0).to_radians().tan() * known.pose.tilt_deg.to_radians().cos() / (2.0 * half);
        let y = -up.to_radians().tan() * bench.site.lens.aspect / (2.0 * half);
        let [x, y] = match bench.site.turned.as_str() {
            "mirrored" => [-x, y],
            "half_turn" => [-x, -y],
            _ => [x, y],
        };
        let inside = |share: f64| (0.5 + share).clamp(0.04, 0.96) as f32;
        rows::point(v, bench, [inside(x), inside(y)])?;
        v.hands.click(1)?;
        self.acts += 1;
        self.last_click_ms = now;
        Ok(())
    }
}
