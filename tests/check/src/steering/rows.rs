//! The rows of the table that need no walker: held arrows, the held pad, taps, clicks, notches, boxes and presets.
//!
//! Invariant: a trial begins with the dome still at its place and the picture back, as far as it comes back at all.
//! Deliberately absent: what is good.

use super::bench::{BACK_SHARE, Bench, Judged, Place, Zoom};
use super::looking::unix_ms;
use super::pad::{self, Grip, Pad};
use super::report::{Move, Pan, Row, Spread, Taps, round};
use crate::driver::{StepError, Visitor};
use crate::input_injection::Key;
use std::time::Duration;
use vedetta::domain::camera::Pose;
use vedetta::domain::ptz::steering::WIDTHS_PER_S;

/// How long an arrow or the pad is held.
const HELD: Duration = Duration::from_secs(3);
/// Held pans of a row.
const PANS: usize = 6;
/// A short press.
const TAP: Duration = Duration::from_millis(200);
/// Short presses of a row.
const TAPS: usize = 12;
/// Moves of a row of clicks, notches, boxes or presets.
const MOVES: usize = 6;
/// A box is drawn in so many steps of the pointer, of so long each.
const DRAG_STEPS: u32 = 8;
const DRAG_STEP: Duration = Duration::from_millis(25);
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
pub fn pans(v: &Visitor<'_>, bench: &Bench, zoom: Zoom) -> Result<Row, StepError> {
    held(v, bench, zoom, |right| {
        let key = v.hands.hold(if right { Key::Right } else { Key::Left })?;
        v.linger(HELD);
        drop(key);
        Ok(())
    })
}

/// The pad held as far out as gives the speed of an arrow.
pub fn pad_pans(v: &Visitor<'_>, bench: &Bench, zoom: Zoom, pad: Pad) -> Result<Row, StepError> {
    let out = pad::deflection(WIDTHS_PER_S);
    held(v, bench, zoom, |right| {
        pad.point(v, if right { out } else { -out })?;
        let grip = Grip::close(&v.hands)?;
        v.linger(HELD);
        drop(grip);
        Ok(())
    })
}

/// Something held along the walk, to the right and to the left by turns, with masks in view.
fn held(
    v: &Visitor<'_>,
    bench: &Bench,
    zoom: Zoom,
    hold: impl Fn(bool) -> Result<(), StepError>,
) -> Result<Row, StepError> {
    let (mut looks, mut back, mut never_back) = (Vec::new(), Vec::new(), 0);
    for turn in 0..PANS {
        bench.go_to(v, Place::Walk(zoom))?;
        let pressed = unix_ms();
        hold(turn % 2 == 0)?;
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

/// Boxes drawn around a part of the picture, without a mask in view.
pub fn boxes(v: &Visitor<'_>, bench: &Bench) -> Result<Row, StepError> {
    const CORNERS: [[[f32; 2]; 2]; 2] = [[[0.3, 0.3], [0.68, 0.7]], [[0.75, 0.72], [0.4, 0.36]]];
    moves(v, bench, |v, turn| {
        let [[x, y], [to_x, to_y]] = CORNERS[turn % CORNERS.len()];
        bench.go_to(v, Place::Clear(Zoom::One))?;
        point(v, bench, [x, y])?;
        let grip = Grip::close(&v.hands)?;
        for step in 1..=DRAG_STEPS {
            let share = step as f32 / DRAG_STEPS as f32;
            point(v, bench, [x + (to_x - x) * share, y + (to_y - y) * share])?;
            v.linger(DRAG_STEP);
        }
        drop(grip);
        Ok(())
    })
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
    let (mut whole, mut covered, mut excess, mut moved) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for turn in 0..MOVES {
        begin(v, turn)?;
        let from = unix_ms();
        v.linger(WATCHED);
        let looks = bench.judged(from, unix_ms())?;
        whole.push(seconds_covered(&looks));
        let later = looks.partition_point(|look| look.look.at_ms < from + 1_500);
        covered.push(mean(&looks[..later], |look| look.covered));
        excess.push(mean(&looks[..later], |look| look.excess));
        moved += usize::from(looks.iter().any(|look| look.moment.moving));
    }
    Ok(Row::Move(Move {
        moves: MOVES,
        mean_covered: round(covered.iter().sum::<f64>() / MOVES as f64),
        mean_excess: round(excess.iter().sum::<f64>() / MOVES as f64),
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
