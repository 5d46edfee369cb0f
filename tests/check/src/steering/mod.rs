//! Steering a dome through the window, by hands and eye, beside the simulator's truth: what of the picture is left while it
//! moves, how soon it is back, how far a tap goes, and whether a walker can be followed past masked houses.
//!
//! | part | what it is |
//! |---|---|
//! | `scenery` | directions: masks in truth, a clear view, a walk below the masks |
//! | `looking` | looks at the picture many times a second |
//! | `bench` | the dome under test: presets, waiting, truth of past looks |
//! | `rows` | pans, taps, clicks, notches, presets |
//! | `following` | ideal hands with a person's reaction |
//! | `report` | `steering-run.json` |
//!
//! Invariant: keys and mouse only; the truth is the simulator's, what is shown is read off the window. Deliberately absent:
//! starting the town (`benches/steering.sh`), targets.

mod bench;
mod following;
mod looking;
mod report;
mod rows;
mod scenery;

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
    Tap,
    Click,
    Notch,
    Preset,
    FollowArrows,
    FollowClick,
}

impl Wanted {
    /// Every row, in the order they are run: what follows a walker wants to know how far a tap goes.
    pub const ALL: [Self; 7] = [
        Self::Tap,
        Self::Pan,
        Self::Click,
        Self::Notch,
        Self::Preset,
        Self::FollowArrows,
        Self::FollowClick,
    ];
}

/// What to run.
pub struct Steering {
    pub operator: Guest,
    pub ready: SimReady,
    pub rows: Vec<Wanted>,
    /// How long a walker is followed, seconds.
    pub seconds: u64,
}

/// Runs the rows and writes `steering-run.json`. Returns whether all were run and nothing leaked.
///
/// # Errors
/// The report cannot be written.
pub fn walk(v: &mut Visitor<'_>, run: &Steering, folder: &Path) -> Result<bool, StepError> {
    let mut outcome = Outcome {
        stick: "no input road for a stick in this program",
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
    bench.finish(outcome)?;
    if let Some(png) = bench.evidence() {
        std::fs::write(folder.join("leak.png"), png)?;
    }
    Ok(())
}

type Named = (&'static str, Result<Row, StepError>);

fn one(v: &Visitor<'_>, bench: &mut Bench, row: Wanted, seconds: u64) -> Vec<Named> {
    use bench::Zoom::{Four, One};
    use following::How;
    match row {
        Wanted::Tap => vec![
            ("tap_1x", rows::taps(v, bench, One)),
            ("tap_4x", rows::taps(v, bench, Four)),
        ],
        Wanted::Pan => vec![
            ("pan_1x", rows::pans(v, bench, One)),
            ("pan_4x", rows::pans(v, bench, Four)),
        ],
        Wanted::Click => vec![("click", rows::clicks(v, bench))],
        Wanted::Notch => vec![("notch", rows::notches(v, bench))],
        Wanted::Preset => vec![("preset", rows::presets(v, bench))],
        Wanted::FollowArrows => vec![
            (
                "follow_arrows_1x",
                following::follow(v, bench, One, How::Arrows, seconds),
            ),
            (
                "follow_arrows_4x",
                following::follow(v, bench, Four, How::Arrows, seconds),
            ),
        ],
        Wanted::FollowClick => vec![
            (
                "follow_click_1x",
                following::follow(v, bench, One, How::Clicks, seconds),
            ),
            (
                "follow_click_4x",
                following::follow(v, bench, Four, How::Clicks, seconds),
            ),
        ],
    }
}
