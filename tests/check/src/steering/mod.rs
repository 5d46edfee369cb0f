//! Steering a dome through the window, by hands and eye, beside the simulator's truth: what of the picture is left while it
//! moves, how soon it is back, how far a tap goes, and whether a walker can be followed past masked houses.
//!
//! | part | what it is |
//! |---|---|
//! | `scenery` | directions: masks in truth, a clear view, a walk below the masks |
//! | `looking` | looks at the picture many times a second |
//! | `bench` | the dome under test: presets, waiting, truth of past looks |
//! | `rows` | pans, taps, clicks, notches, boxes, presets |
//! | `pad` | the pad of the panel under a hand |
//! | `following` | ideal hands with a person's reaction |
//! | `strips` | pictures in a row, to be looked at |
//! | `report` | `steering-run.json` |
//!
//! Invariant: keys and mouse only; the truth is the simulator's, what is shown is read off the window. Deliberately absent:
//! starting the town (`benches/steering.sh`), targets.

mod bench;
mod following;
mod looking;
mod pad;
mod report;
mod rows;
mod scenery;
mod strips;

use crate::control::Control;
use crate::driver::{StepError, Visitor};
use crate::measure::SimReady;
use crate::screen_capture::Eye;
use crate::script::Guest;
use bench::Bench;
use report::{Outcome, Row};
use std::path::Path;

/// A row of the table, as `--rows` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Wanted {
    Pan,
    Pad,
    Tap,
    Click,
    Notch,
    Box,
    Preset,
    FollowArrows,
    FollowClick,
    FollowStick,
    FollowPointer,
}

impl Wanted {
    /// Every row, in the order they are run: what follows a walker wants to know how far a tap goes.
    pub const ALL: [Self; 11] = [
        Self::Tap,
        Self::Pan,
        Self::Click,
        Self::Notch,
        Self::Box,
        Self::Preset,
        Self::FollowArrows,
        Self::FollowClick,
        Self::FollowPointer,
        Self::Pad,
        Self::FollowStick,
    ];
}

/// What to run.
pub struct Steering {
    pub operator: Guest,
    pub ready: SimReady,
    pub rows: Vec<Wanted>,
    /// How long a walker is followed, seconds.
    pub seconds: u64,
    /// Whether film strips are taken as well.
    pub strips: bool,
}

/// Runs the rows and writes `steering-run.json`. Returns whether all were run and nothing leaked.
///
/// # Errors
/// The report cannot be written.
pub fn walk(v: &mut Visitor<'_>, run: &Steering, folder: &Path) -> Result<bool, StepError> {
    let mut outcome = Outcome {
        stick: "the panel's pad, which has the stick's rule",
        ..Outcome::default()
    };
    if let Err(error) = go(v, run, &mut outcome, folder) {
        outcome.trouble = Some(error.to_string());
    }
    let text = serde_json::to_string_pretty(&outcome).map_err(|error| StepError::Wrong(error.to_string()))?;
    std::fs::write(folder.join("steering-run.json"), text + "\n")?;
    let whole = !outcome.rows.values().any(|row| matches!(row, Row::Trouble { .. }));
    Ok(outcome.trouble.is_none() && whole && outcome.leaked_pixels == 0)
}

fn go(v: &mut Visitor<'_>, run: &Steering, outcome: &mut Outcome, folder: &Path) -> Result<(), StepError> {
    let control = Control::at(&run.ready.control)?;
    let dome = run.ready.cameras.last().map(|camera| camera.id.clone());
    let dome = dome.ok_or_else(|| StepError::Wrong("the town has no camera".to_owned()))?;
    let mut bench = Bench::prepare(control, &dome, outcome)?;
    bench.open(v, &run.operator, Eye::open()?, outcome)?;
    v.photograph("steering-open.png")?;
    for row in Wanted::ALL.into_iter().filter(|row| run.rows.contains(row)) {
        for (name, result) in one(v, &mut bench, row, run.seconds) {
            let told = result.unwrap_or_else(|error| Row::Trouble { why: error.to_string() });
            tracing::info!(name, ?told, "row of the bench");
            outcome.rows.insert(name.to_owned(), told);
        }
    }
    if run.strips {
        outcome.strips = strips::take(v, &bench, folder)?;
    }
    bench.finish(outcome)?;
    if let Some(png) = bench.evidence() {
        std::fs::write(folder.join("leak.png"), png)?;
    }
    Ok(())
}

type Named = (&'static str, Result<Row, StepError>);

fn one(v: &Visitor<'_>, bench: &mut Bench, row: Wanted, seconds: u64) -> Vec<Named> {
    use bench::Zoom::{Four, One};
    use following::{How, follow};
    match row {
        Wanted::Tap => vec![
            ("tap_1x", rows::taps(v, bench, One)),
            ("tap_4x", rows::taps(v, bench, Four)),
        ],
        Wanted::Pan => vec![
            ("pan_1x", rows::pans(v, bench, One)),
            ("pan_4x", rows::pans(v, bench, Four)),
        ],
        Wanted::Pad => with_pad(v, bench, ["pad_1x", "pad_4x"], |bench, zoom, pad| {
            rows::pad_pans(v, bench, zoom, pad)
        }),
        Wanted::Click => vec![("click", rows::clicks(v, bench))],
        Wanted::Notch => vec![("notch", rows::notches(v, bench))],
        Wanted::Box => vec![("box", rows::boxes(v, bench))],
        Wanted::Preset => vec![("preset", rows::presets(v, bench))],
        Wanted::FollowArrows => vec![
            ("follow_arrows_1x", follow(v, bench, One, How::Arrows, seconds)),
            ("follow_arrows_4x", follow(v, bench, Four, How::Arrows, seconds)),
        ],
        Wanted::FollowClick => vec![
            ("follow_click_1x", follow(v, bench, One, How::Clicks, seconds)),
            ("follow_click_4x", follow(v, bench, Four, How::Clicks, seconds)),
        ],
        Wanted::FollowPointer => vec![
            ("follow_pointer_1x", follow(v, bench, One, How::Pointer, seconds)),
            ("follow_pointer_4x", follow(v, bench, Four, How::Pointer, seconds)),
        ],
        Wanted::FollowStick => with_pad(v, bench, ["follow_stick_1x", "follow_stick_4x"], |bench, zoom, pad| {
            follow(v, bench, zoom, How::Stick(pad), seconds)
        }),
    }
}

/// Two rows, at 1× and 4×, with the panel beside the picture and a hand on its pad.
fn with_pad(
    v: &Visitor<'_>,
    bench: &mut Bench,
    names: [&'static str; 2],
    row: impl Fn(&mut Bench, bench::Zoom, pad::Pad) -> Result<Row, StepError>,
) -> Vec<Named> {
    let zooms = [bench::Zoom::One, bench::Zoom::Four];
    let both = bench.beside_panel(v, |bench, pad| zooms.map(|zoom| row(bench, zoom, pad)));
    match both {
        Ok(both) => names.into_iter().zip(both).collect(),
        Err(error) => {
            let why = error.to_string();
            names.map(|name| (name, Err(StepError::Wrong(why.clone())))).into()
        }
    }
}
