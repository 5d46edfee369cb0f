//! The search of recordings: domes are moved past masked houses, and what was recorded meanwhile is played at once and searched,
//! with jumps back and pauses.
//!
//! Invariant: only what is on the window while the recordings lie over the wall counts as played; keys only. Deliberately absent:
//! other recordings than those of masked domes that just moved.

use super::{Chance, Found, LeakRun, past_a_house, put_the_domes_on_the_wall, watch};
use crate::driver::{StepError, Visitor};
use crate::input_injection::Key;
use crate::script;
use std::time::{Duration, Instant};
use vedetta::gui::scene::ScreenName;

/// How long a dome is moved before its recording is played: a playback begins half a minute before the end.
const MOVED: Duration = Duration::from_secs(22);
/// How long a recording is played.
const PLAYED: Duration = Duration::from_secs(26);

/// Moves domes and plays their recordings until the time is over.
pub(super) fn go(v: &mut Visitor<'_>, run: &LeakRun, found: &mut Found) -> Result<(), StepError> {
    script::sign_in(v, &run.operator)?;
    let domes = put_the_domes_on_the_wall(v)?;
    let mut chance = Chance(run.seed);
    let end = Instant::now() + Duration::from_secs(run.seconds);
    while Instant::now() < end {
        let number = domes[chance.below(domes.len() as u64) as usize];
        v.hands.write(&number.to_string())?;
        v.hands.tap(Key::Enter)?;
        let moved = Instant::now() + MOVED;
        while Instant::now() < moved {
            past_a_house(v, &mut chance, found)?;
            found.acts += 1;
        }
        play(v, &mut chance, found)?;
    }
    Ok(())
}

/// Plays what was recorded of the selected dome, and jumps back in it at times.
fn play(v: &mut Visitor<'_>, chance: &mut Chance, found: &mut Found) -> Result<(), StepError> {
    v.hands.tap(Key::Char('p'))?;
    v.until("a played picture", 40, |scene| {
        scene.screen == ScreenName::Playback && scene.playback_ms.is_some() && !scene.pictures.is_empty()
    })?;
    found.playbacks += 1;
    let before = v.leaks.so_far();
    let over = Instant::now() + PLAYED;
    while Instant::now() < over {
        watch(v, chance.between(1_500, 4_000), found);
        match chance.below(4) {
            0 => v.hands.tap(Key::Left)?,
            1 => {
                v.hands.tap(Key::Space)?;
                watch(v, chance.between(500, 1_500), found);
                v.hands.tap(Key::Space)?;
            }
            _ => {}
        }
    }
    let after = v.leaks.so_far();
    found.played_frames_searched += after.frames_searched - before.frames_searched;
    found.played_leaked_pixels += after.leaked_pixels - before.leaked_pixels;
    v.photograph(&format!("playback-{:02}.png", found.playbacks))?;
    v.hands.tap(Key::Escape)?;
    v.until("the wall", 20, |scene| scene.screen == ScreenName::ControlRoom)?;
    Ok(())
}
