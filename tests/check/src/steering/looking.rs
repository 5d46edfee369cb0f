//! Looks at the dome's picture many times a second, on a thread and a display connection of its own, and counts: what of the
//! town is shown, what of the walker, what of private windows. On request it keeps the pictures themselves, as a film.
//!
//! Invariant: everything is counted on pixels of the X server's window; a cell that shows nothing of the town or a walker is
//! covered, whatever the cover looks like. Deliberately absent: the truth, which is asked of the simulator afterwards.

use super::scenery::{COLUMNS, Grid, ROWS};
use crate::screen_capture::{Eye, Picture};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use vedetta::gui::scene::PixelRect;
use vedetta::sim::sight_test::{is_tinted, is_walker};
use vedetta::sim::timecode::MODULUS;

/// Between two looks.
const BETWEEN: Duration = Duration::from_millis(45);
/// Pixels of a cell that are looked at, each way.
const PER_CELL: usize = 3;

/// One look.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Unix milliseconds.
    pub at_ms: i64,
    /// Cells that show the town or a walker.
    pub shown: Grid,
    /// Share of the picture that is of a walker.
    pub walker: f64,
    pub leaked_pixels: u64,
    /// When the picture was taken, Unix milliseconds, where its time code is not covered.
    pub taken_ms: Option<i64>,
}

/// A picture of a film, half as wide and high as it was shown.
pub struct Still {
    pub picture: Picture,
}

#[derive(Default)]
struct Shared {
    place: Option<PixelRect>,
    looks: Vec<Look>,
    /// The film that is being taken.
    film: Option<Vec<Still>>,
    /// PNG of the first picture that leaked.
    evidence: Option<Vec<u8>>,
}

/// The thread that looks, until dropped.
pub struct Looking {
    shared: Arc<Mutex<Shared>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Looking {
    /// Begins to look as soon as a place is given.
    pub fn start(eye: Eye) -> Self {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let (stop, stopped) = channel::<()>();
        let theirs = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(BETWEEN) {
                let Some(place) = hold(&theirs).place else { continue };
                look_once(&eye, &place, &theirs);
            }
        });
        Self {
            shared,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Where the picture is in the window.
    pub fn at(&self, place: PixelRect) {
        hold(&self.shared).place = Some(place);
    }

    /// The newest look.
    pub fn newest(&self) -> Option<Look> {
        hold(&self.shared).looks.last().copied()
    }

    /// Every look between two moments, Unix milliseconds.
    pub fn between(&self, from_ms: i64, to_ms: i64) -> Vec<Look> {
        let shared = hold(&self.shared);
        let within = |look: &&Look| (from_ms..=to_ms).contains(&look.at_ms);
        shared.looks.iter().filter(within).copied().collect()
    }

    /// Keeps every picture looked at from now on.
    pub fn begin_film(&self) {
        hold(&self.shared).film = Some(Vec::new());
    }

    /// The pictures since [`Looking::begin_film`], in order; none is kept any more.
    pub fn end_film(&self) -> Vec<Still> {
        hold(&self.shared).film.take().unwrap_or_default()
    }

    /// PNG of the first picture that leaked, if one did.
    pub fn evidence(&self) -> Option<Vec<u8>> {
        hold(&self.shared).evidence.clone()
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        self.stop = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("looking at the picture ended early");
        }
    }
}

fn hold(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn look_once(eye: &Eye, place: &PixelRect, shared: &Mutex<Shared>) {
    let before = unix_ms();
    let seen = eye.part(place);
    let at_ms = (before + unix_ms()) / 2;
    match seen {
        Ok(picture) => {
            let inside = PixelRect {
                x: 0.0,
                y: 0.0,
                ..*place
            };
            let code = picture.timecode(&inside);
            let look = counted(&picture, at_ms, code);
            let mut shared = hold(shared);
            if look.leaked_pixels > 0 && shared.evidence.is_none() {
                shared.evidence = picture.to_png().ok();
            }
            if let Some(film) = &mut shared.film {
                let picture = picture.halved();
                film.push(Still { picture });
            }
            shared.looks.push(look);
        }
        Err(error) => tracing::warn!(%error, "the picture could not be looked at"),
    }
}

fn counted(picture: &Picture, at_ms: i64, code: Option<u32>) -> Look {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let mut shown = [0u64; ROWS];
    let (mut walker, mut all) = (0u64, 0u64);
    for (row, word) in shown.iter_mut().enumerate() {
        for column in 0..COLUMNS {
            let mut town = 0;
            for i in 0..PER_CELL * PER_CELL {
                let x = (column * PER_CELL + i % PER_CELL) * width / (COLUMNS * PER_CELL);
                let y = (row * PER_CELL + i / PER_CELL) * height / (ROWS * PER_CELL);
                let rgb = picture.pixel(x, y);
                town += usize::from(is_tinted(rgb) || is_walker(rgb));
            }
            *word |= u64::from(2 * town > PER_CELL * PER_CELL) << column;
        }
    }
    for y in (0..height).step_by(2) {
        for x in (0..width).step_by(2) {
            walker += u64::from(is_walker(picture.pixel(x, y)));
            all += 1;
        }
    }
    let modulus = i64::from(MODULUS);
    Look {
        at_ms,
        shown,
        walker: walker as f64 / all.max(1) as f64,
        leaked_pixels: picture.leaked_pixels(),
        taken_ms: code.map(|code| at_ms - (at_ms - i64::from(code)).rem_euclid(modulus)),
    }
}

/// Unix milliseconds.
pub fn unix_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}
