//! The rows of the table that need no walker: held arrows, taps, clicks, notches and presets.
//!
//! Invariant: a trial begins with the dome still at its place and the picture back, as far as it comes back at all.
//! Deliberately absent: what is good.

use super::bench::{BACK_SHARE, Bench, Judged, Place, Zoom};
use super::looking::unix_ms;
use super::report::{Move, Pan, Row, Spread, Taps, round};
use crate::driver::{StepError, Visitor};
use crate::input_injection::Key;
use std::time::Duration;
use vedetta::domain::camera::Pose;

/// How long an arrow is held.
const HELD: Duration = Duration::from_secs(3);
/// Held pans of a row.
const PANS: usize = 6;
/// A short press.
const TAP: Duration = Duration::from_millis(200);
/// Short presses of a row.
const TAPS: usize = 12;
/// Moves of a row of clicks, notches or presets.
const MOVES: usize = 6;
/// After a move the picture is watched so long.
const WATCHED: Duration = Duration::from_secs(4);
/// The longest that the picture may stay away.
const AWAY: Duration = Duration::from_secs(8);
/// More of the picture than this is the whole of it.
const WHOLE: f64 = 0.95;

/// Means of judged looks.
pub fn mean(looks: &[Judged], what: impl Fn(&Judged) -> f64) -> f64 {
    round(looks.iter().map(what).sum::<f64>() / looks.len().max(1) as f64)
}

/// The share of judged looks of which something holds.
pub fn share(looks: &[Judged], what: impl Fn(&Judged) -> bool) -> f64 {
    round(looks.iter().filter(|look| what(look)).count() as f64 / looks.len().max(1) as f64)
}

/// Arrows held for three seconds along the walk, with masks in view.
pub fn pans(v: &Visitor<'_>, bench: &mut Bench, zoom: Zoom) -> Result<Row, StepError> {
    let (mut looks, mut back, mut never_back) = (Vec::new(), Vec::new(), 0);
    for turn in 0..PANS {
        bench.go_to(v, Place::Walk(zoom))?;
        let key = if turn % 2 == 0 { Key::Right } else { Key::Left };
        let pressed = unix_ms();
        let held = v.hands.hold(key)?;
        v.linger(HELD);
        drop(held);
        let released = unix_ms();
        bench.wait_until_back(v, AWAY)?;
        looks.extend(bench.judged(pressed, released)?);
        match came_back(&bench.judged(released, unix_ms())?) {
            Some(at_ms) => back.push((at_ms - released) as f64 / 1_000.0),
            None => never_back += 1,
        }
    }
    let centre: Vec<bool> = looks.iter().filter_map(|look| look.centre_free).collect();
    Ok(Row::Pan(Pan {
        magnification: magnification(bench, zoom),
        pans: PANS,
        looks: looks.len(),
        centre_free_share: round(centre.iter().filter(|free| **free).count() as f64 / centre.len().max(1) as f64),
        centre_free_of_looks: centre.len(),
        over_90_share: share(&looks, |look| look.covered > 0.9),
        mean_covered: mean(&looks, |look| look.covered),
        mean_excess: mean(&looks, |look| look.excess),
        mean_masked_in_truth: mean(&looks, |look| look.masked),
        back_s: Spread::of(back),
        never_back,
    }))
}

/// The first look with the picture back for good, Unix milliseconds.
fn came_back(looks: &[Judged]) -> Option<i64> {
    let away = looks.iter().rposition(|look| look.excess > BACK_SHARE);
    let back = looks.get(away.map_or(0, |last| last + 1));
    back.map(|look| look.look.at_ms)
}

/// The magnification of a view.
pub fn magnification(bench: &Bench, zoom: Zoom) -> f64 {
    round(bench.site.lens.magnification(bench.hfov(zoom)))
}

/// How far the middle of the picture went across it, as a share of its width.
fn across(before: Pose, after: Pose) -> f64 {
    let turn = (after.pan_deg - before.pan_deg + 180.0).rem_euclid(360.0) - 180.0;
    let seen = (turn.abs() * before.tilt_deg.to_radians().cos()).min(89.0);
    seen.to_radians().tan() / (2.0 * (before.hfov_deg / 2.0).to_radians().tan())
}

/// Short presses of an arrow, to and fro, without a mask in view.
pub fn taps(v: &Visitor<'_>, bench: &mut Bench, zoom: Zoom) -> Result<Row, StepError> {
    bench.go_to(v, Place::Clear(zoom))?;
    let (mut moved, mut turned) = (Vec::new(), 0.0);
    for turn in 0..TAPS {
        let key = if turn % 2 == 0 { Key::Right } else { Key::Left };
        let before = bench.now()?.pose;
        let held = v.hands.hold(key)?;
        v.linger(TAP);
        drop(held);
        bench.wait_until_still(v, AWAY)?;
        let after = bench.now()?.pose;
        moved.push(100.0 * across(before, after));
        turned += ((after.pan_deg - before.pan_deg + 180.0).rem_euclid(360.0) - 180.0).abs();
    }
    bench.held_deg_s[zoom as usize] = Some(turned / TAPS as f64 / TAP.as_secs_f64());
    let moved = Spread::of(moved);
    let spread = moved.map_or(0.0, |it| 100.0 * (it.max - it.min) / it.mean.max(1e-6));
    Ok(Row::Taps(Taps {
        magnification: magnification(bench, zoom),
        moved_percent: moved,
        spread_percent: round(spread),
    }))
}

/// Clicks in the picture, without a mask in view.
pub fn clicks(v: &Visitor<'_>, bench: &Bench) -> Result<Row, StepError> {
    const PLACES: [[f32; 2]; 4] = [[0.38, 0.45], [0.62, 0.55], [0.4, 0.6], [0.65, 0.4]];
    moves(v, bench, |v, turn| {
        let [x, y] = PLACES[turn % PLACES.len()];
        bench.go_to(v, Place::Clear(Zoom::One))?;
        point(v, bench, [x, y])?;
        Ok(v.hands.click(1)?)
    })
}

/// Points at a place of the picture, 0..1.
pub fn point(v: &Visitor<'_>, bench: &Bench, [x, y]: [f32; 2]) -> Result<(), StepError> {
    let rect = bench.picture;
    Ok(v.hands.point(rect.x + rect.width * x, rect.y + rect.height * y)?)
}

/// Single notches of the wheel, towards the picture and back, without a mask in view.
pub fn notches(v: &Visitor<'_>, bench: &Bench) -> Result<Row, StepError> {
    bench.go_to(v, Place::Clear(Zoom::One))?;
    point(v, bench, [0.5, 0.5])?;
    moves(v, bench, |v, turn| {
        bench.wait_until_back(v, AWAY)?;
        Ok(v.hands.click(if turn % 2 == 0 { 4 } else { 5 })?)
    })
}

/// Calls of two presets near each other, without a mask in view.
pub fn presets(v: &Visitor<'_>, bench: &Bench) -> Result<Row, StepError> {
    bench.go_to(v, Place::Clear(Zoom::One))?;
    moves(v, bench, |v, turn| {
        bench.wait_until_back(v, AWAY)?;
        let there = if turn % 2 == 0 { '3' } else { '1' };
        Ok(v.hands.chord(Key::Alt, Key::Char(there))?)
    })
}

/// Moves one by one, each watched for a while.
fn moves(
    v: &Visitor<'_>,
    bench: &Bench,
    begin: impl Fn(&Visitor<'_>, usize) -> Result<(), StepError>,
) -> Result<Row, StepError> {
    let (mut whole, mut covered, mut moved) = (Vec::new(), Vec::new(), 0);
    for turn in 0..MOVES {
        begin(v, turn)?;
        let from = unix_ms();
        v.linger(WATCHED);
        let looks = bench.judged(from, unix_ms())?;
        whole.push(seconds_covered(&looks));
        let first = looks.iter().filter(|look| look.look.at_ms < from + 1_500);
        let (sum, count) = first.fold((0.0, 0), |(sum, count), look| (sum + look.covered, count + 1));
        covered.push(sum / f64::from(count.max(1)));
        moved += usize::from(looks.iter().any(|look| look.moment.moving));
    }
    Ok(Row::Move(Move {
        moves: MOVES,
        mean_covered: round(covered.iter().sum::<f64>() / MOVES as f64),
        whole_covered_s: Spread::of(whole),
        moved,
    }))
}

/// How long the whole picture was covered: from each such look to the next look.
fn seconds_covered(looks: &[Judged]) -> f64 {
    let covered = looks.windows(2).filter(|pair| pair[0].covered >= WHOLE);
    covered
        .map(|pair| (pair[1].look.at_ms - pair[0].look.at_ms) as f64 / 1_000.0)
        .sum()
}
