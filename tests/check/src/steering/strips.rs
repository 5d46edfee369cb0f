//! Film strips: what a pan past a house, a click and a notch look like, as pictures in a row for an eye to judge.
//!
//! Invariant: every picture was on the window; a strip is spread evenly over its film. Deliberately absent: figures (`rows`).

use super::bench::{Bench, Place, Zoom};
use super::looking::Still;
use super::rows;
use crate::driver::{StepError, Visitor};
use crate::input_injection::Key;
use crate::screen_capture::Picture;
use std::path::Path;
use std::time::Duration;

/// Pictures of a strip.
const PICTURES: usize = 12;
/// How long an arrow is held.
const HELD: Duration = Duration::from_millis(2_200);
/// What is watched after it, and after a click or a notch.
const AFTER: Duration = Duration::from_millis(1_400);

/// Takes the three strips, from a place with masks in view. Returns the names of their files.
pub fn take(v: &Visitor<'_>, bench: &Bench, folder: &Path) -> Result<Vec<String>, StepError> {
    let mut names = Vec::new();
    let mut film = |name: &str, act: &dyn Fn() -> Result<(), StepError>| -> Result<(), StepError> {
        bench.go_to(v, Place::Walk(Zoom::One))?;
        rows::point(v, bench, [0.8, 0.45])?;
        let stills = bench.film(|| {
            act()?;
            v.linger(AFTER);
            Ok(())
        })?;
        let name = format!("strip-{name}.png");
        std::fs::write(folder.join(&name), png(&stills)?)?;
        names.push(name);
        Ok(())
    };
    film("pan", &|| {
        let held = v.hands.hold(Key::Right)?;
        v.linger(HELD);
        drop(held);
        Ok(())
    })?;
    film("click", &|| Ok(v.hands.click(1)?))?;
    film("notch", &|| Ok(v.hands.click(4)?))?;
    Ok(names)
}

fn png(film: &[Still]) -> Result<Vec<u8>, StepError> {
    let last = film
        .len()
        .checked_sub(1)
        .ok_or_else(|| StepError::Wrong("nothing was filmed".to_owned()))?;
    let count = PICTURES.min(film.len());
    let spread = (0..count).filter_map(|i| film.get(i * last / (count - 1).max(1)));
    let pictures: Vec<&Picture> = spread.map(|still| &still.picture).collect();
    Picture::row_to_png(&pictures).map_err(|error| StepError::Wrong(error.to_string()))
}
