//! Typing fast: the sign-in screen filled in at a few milliseconds a key, many times, and every field looked at afterwards;
//! now and then a sign-in is finished, and its purpose changed by a dialogue, so that the register has what was typed.
//!
//! Invariant: keys only, and no pause where a person makes none; a wait is for what a person would wait to see. Deliberately
//! absent: load on the machine and the register's entries (`benches/typing.sh`).

use crate::driver::{StepError, Visitor};
use crate::input_injection::Key;
use crate::script::Guest;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use std::path::Path;
use std::time::Duration;
use vedetta::gui::scene::{ScreenName, SignInFields};
use vedetta::gui::sentences::PURPOSES;

/// Between two keys.
const PACE: Duration = Duration::from_millis(5);
/// Each so many times the sign-in is finished.
const FINISHED_EACH: u32 = 25;
/// For the purpose that a sign-in is finished for, by its place in the list: police business of one's own initiative.
const FINISHED_FOR: usize = 3;
/// Until what was typed is on the screen, on a machine that is busy. Seconds.
const SHOWN_S: u64 = 20;
/// Until a sign-in or a sign-out is through. Seconds.
const THROUGH_S: u64 = 60;

/// Who types, and how many times.
pub struct Typing {
    pub operator: Guest,
    pub times: u32,
}

/// What came of it; written as `typing-run.json`.
#[derive(Debug, Default, Serialize)]
pub struct Outcome {
    /// Sign-in screens filled in.
    pub typed: u32,
    /// Keys pressed.
    pub keys: u64,
    /// Those after which some field did not hold what was typed for it, with what the fields held.
    pub astray: Vec<Astray>,
    /// Sign-ins finished, and purposes changed by the dialogue after them: protocol number and note as typed.
    pub finished: Vec<Stated>,
}

/// Fields that did not hold what was typed for them. The password is counted, not said.
#[derive(Debug, Serialize)]
pub struct Astray {
    pub time: u32,
    pub wanted: SignInFields,
    pub seen: Option<SignInFields>,
}

/// What the register must have of a sign-in and of the change of purpose after it.
#[derive(Debug, Serialize)]
pub struct Stated {
    pub sign_in_protocol_no: String,
    pub sign_in_note: String,
    pub change_protocol_no: String,
    pub change_note: String,
}

/// Fills in the screen so many times. The last time is always finished.
///
/// # Errors
/// A screen did not come, a sign-in with the right password was refused, or the window went away.
pub fn walk(v: &mut Visitor<'_>, typing: &Typing) -> Result<Outcome, StepError> {
    let mut outcome = Outcome::default();
    let mut purpose = 0;
    v.until("the sign-in screen", THROUGH_S, |scene| {
        scene.screen == ScreenName::SignIn
    })?;
    for time in 1..=typing.times {
        let finished = time == typing.times || time % FINISHED_EACH == 0;
        let steps = if finished {
            (FINISHED_FOR + PURPOSES.len() - purpose) % PURPOSES.len()
        } else {
            (time % 3) as usize
        };
        purpose = (purpose + steps) % PURPOSES.len();
        let wanted = SignInFields {
            user: typing.operator.user.clone(),
            password: typing.operator.password.expose_secret().chars().count(),
            purpose,
            protocol_no: format!("{time}-2026"),
            note: format!("turno numero {time} in piazza"),
        };
        fill_in(v, typing, &wanted, steps, &mut outcome)?;
        outcome.typed = time;
        let shown = v.until("what was typed", SHOWN_S, |scene| {
            scene.sign_in.as_ref() == Some(&wanted)
        });
        if shown.is_err() {
            let seen = v.scene().sign_in;
            outcome.astray.push(Astray { time, wanted, seen });
            break;
        }
        if finished {
            let stated = finish(v, &wanted, &mut outcome)?;
            outcome.finished.push(stated);
            purpose = 0;
        } else {
            clear(v, &mut outcome)?;
        }
    }
    Ok(outcome)
}

fn tap(v: &Visitor<'_>, key: Key, outcome: &mut Outcome) -> Result<(), StepError> {
    v.hands.tap(key)?;
    outcome.keys += 1;
    v.linger(PACE);
    Ok(())
}

fn write(v: &Visitor<'_>, text: &str, outcome: &mut Outcome) -> Result<(), StepError> {
    text.chars().try_for_each(|c| tap(v, Key::Char(c), outcome))
}

fn fill_in(
    v: &Visitor<'_>,
    typing: &Typing,
    wanted: &SignInFields,
    steps: usize,
    outcome: &mut Outcome,
) -> Result<(), StepError> {
    write(v, &wanted.user, outcome)?;
    tap(v, Key::Tab, outcome)?;
    write(v, typing.operator.password.expose_secret(), outcome)?;
    tap(v, Key::Tab, outcome)?;
    for _ in 0..steps {
        tap(v, Key::Down, outcome)?;
    }
    tap(v, Key::Tab, outcome)?;
    write(v, &wanted.protocol_no, outcome)?;
    tap(v, Key::Tab, outcome)?;
    write(v, &wanted.note, outcome)
}

/// From the last field back to the first one, which has the keyboard then.
fn clear(v: &Visitor<'_>, outcome: &mut Outcome) -> Result<(), StepError> {
    let back = |outcome: &mut Outcome| {
        v.hands.chord(Key::Shift, Key::Tab)?;
        outcome.keys += 1;
        v.linger(PACE);
        Ok::<_, StepError>(())
    };
    let empty = |outcome: &mut Outcome| {
        v.hands.chord(Key::Control, Key::Char('a'))?;
        tap(v, Key::Backspace, outcome)
    };
    empty(outcome)?;
    back(outcome)?;
    empty(outcome)?;
    // Over the purposes.
    back(outcome)?;
    back(outcome)?;
    empty(outcome)?;
    back(outcome)?;
    empty(outcome)
}

/// Signs in, states another purpose in the dialogue, and signs out.
fn finish(v: &mut Visitor<'_>, wanted: &SignInFields, outcome: &mut Outcome) -> Result<Stated, StepError> {
    tap(v, Key::Enter, outcome)?;
    v.until("the wall", THROUGH_S, |scene| scene.screen == ScreenName::ControlRoom)?;
    let stated = Stated {
        sign_in_protocol_no: wanted.protocol_no.clone(),
        sign_in_note: wanted.note.clone(),
        change_protocol_no: format!("{}-bis", wanted.protocol_no),
        change_note: format!("{} e scuole", wanted.note),
    };
    tap(v, Key::Char('f'), outcome)?;
    v.until("the dialogue", SHOWN_S, |scene| scene.screen == ScreenName::Dialogue)?;
    tap(v, Key::Down, outcome)?;
    tap(v, Key::Tab, outcome)?;
    // What the field held is selected when the cursor comes into it, and is replaced.
    write(v, &stated.change_protocol_no, outcome)?;
    tap(v, Key::Tab, outcome)?;
    write(v, &stated.change_note, outcome)?;
    tap(v, Key::Enter, outcome)?;
    v.until("the wall again", THROUGH_S, |scene| {
        scene.screen == ScreenName::ControlRoom
    })?;
    v.hands.chord(Key::Control, Key::Char('q'))?;
    v.until("the sign-in screen", THROUGH_S, |scene| {
        scene.screen == ScreenName::SignIn
    })?;
    Ok(stated)
}

/// Writes `typing-run.json`. Returns whether every character was where it belongs.
///
/// # Errors
/// The file cannot be written.
pub fn write_report(outcome: &Outcome, folder: &Path) -> std::io::Result<bool> {
    let text = serde_json::to_string_pretty(outcome).map_err(std::io::Error::other)?;
    std::fs::write(folder.join("typing-run.json"), text)?;
    Ok(outcome.astray.is_empty())
}
