//! The visitor who walks the tour: waits, looks, acts, and writes down each step.
//!
//! Invariant: every wait is for a condition and ends by itself. Deliberately absent: the order of the steps (`script`).

use crate::gui::tour::input_injection::{InputInjector, Key};
use crate::gui::tour::measure::{SimReady, TileMeasure};
use crate::gui::tour::report::{Report, Step};
use crate::gui::tour::scene::Scene;
use crate::gui::tour::screen_capture::{Eye, EyeError};
use crate::gui::tour::watch::LeakWatch;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::runtime::Handle;
use tokio::sync::watch;

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    #[error("waited {seconds} s for {what}; the screen was {screen}")]
    Waited { what: String, seconds: u64, screen: String },
    #[error("{0}")]
    Wrong(String),
    #[error("the window could not be used: {0}")]
    Window(#[from] EyeError),
    #[error("a file: {0}")]
    File(#[from] std::io::Error),
}

/// One visitor in front of one window.
pub struct Visitor<'a> {
    pub eye: &'a Eye,
    pub hands: InputInjector<'a>,
    pub leaks: LeakWatch,
    pub report: Report,
    scene: watch::Receiver<Scene>,
    runtime: Handle,
    folder: PathBuf,
}

impl<'a> Visitor<'a> {
    /// Comes in: `folder` takes screenshots and report.
    pub fn new(eye: &'a Eye, scene: watch::Receiver<Scene>, runtime: Handle, folder: &Path) -> Result<Self, EyeError> {
        Ok(Self {
            eye,
            hands: InputInjector::on(eye)?,
            leaks: LeakWatch::start(Eye::open()?),
            report: Report::default(),
            scene,
            runtime,
            folder: folder.to_path_buf(),
        })
    }

    /// The program as it sees itself now.
    pub fn scene(&self) -> Scene {
        self.scene.borrow().clone()
    }

    /// Waits until the scene satisfies a condition; an error that names `what` after `seconds`.
    pub fn until(&self, what: &str, seconds: u64, condition: impl Fn(&Scene) -> bool) -> Result<Scene, StepError> {
        let mut scene = self.scene.clone();
        let limit = Duration::from_secs(seconds);
        let found = self.runtime.block_on(async {
            tokio::time::timeout(limit, scene.wait_for(|scene| condition(scene)))
                .await
                .is_ok_and(|seen| seen.is_ok())
        });
        let now = self.scene();
        if found {
            return Ok(now);
        }
        let screen = format!(
            "{:?}, {} live of {}, {:?}",
            now.screen,
            now.pictures.iter().filter(|p| p.live).count(),
            now.pictures.len(),
            now.notices.first()
        );
        Err(StepError::Waited {
            what: what.to_owned(),
            seconds,
            screen,
        })
    }

    /// Lets time go by while something is held or watched, bounded.
    pub fn linger(&self, time: Duration) {
        let (_keep, never) = channel::<()>();
        // Nobody sends: this returns when the time is over.
        let ended = never.recv_timeout(time);
        debug_assert_eq!(ended, Err(RecvTimeoutError::Timeout));
    }

    /// Goes to the next field; what is typed next lands there, however fast.
    pub fn next_field(&self) -> Result<(), StepError> {
        Ok(self.hands.tap(Key::Tab)?)
    }

    /// Reads time codes off the screen for a while; the measure has what was seen of every picture of the scene.
    pub fn measure(&self, ready: &SimReady, time: Duration) -> Result<TileMeasure, StepError> {
        let mut measure = TileMeasure::default();
        let end = Instant::now() + time;
        while Instant::now() < end {
            let scene = self.scene();
            let rects: Vec<_> = scene.pictures.iter().map(|picture| picture.picture).collect();
            let codes = self.eye.read_timecodes(&rects)?;
            let now = unix_ms();
            for (picture, code) in scene.pictures.iter().zip(codes) {
                let clock = ready
                    .cameras
                    .iter()
                    .find(|camera| camera.id == picture.camera)
                    .map(|camera| &camera.clock);
                measure.look(&picture.camera, code, clock, now);
            }
            self.linger(Duration::from_millis(8));
        }
        Ok(measure)
    }

    /// Walks one step, takes its screenshot and writes it down. Returns whether it went well.
    pub fn step(&mut self, name: &'static str, walk: impl FnOnce(&mut Self) -> Result<String, StepError>) -> bool {
        let outcome = walk(self);
        let screenshot = format!("{:02}-{name}.png", self.report.steps.len() + 1);
        if let Err(error) = self.photograph(&screenshot) {
            tracing::warn!(%error, name, "no screenshot of this step");
        }
        let (ok, detail) = match outcome {
            Ok(detail) => (true, detail),
            Err(error) => (false, error.to_string()),
        };
        tracing::info!(name, ok, detail, "step of the tour");
        self.report.steps.push(Step {
            name,
            ok,
            screenshot,
            detail,
        });
        ok
    }

    /// Saves the window as PNG in the tour's folder.
    pub fn photograph(&self, file: &str) -> Result<(), StepError> {
        let png = self
            .eye
            .look()?
            .to_png()
            .map_err(|error| StepError::Wrong(error.to_string()))?;
        Ok(std::fs::write(self.folder.join(file), png)?)
    }

    /// Ends the search for leaks and writes the report. Returns whether the tour is good.
    pub fn leave(self) -> Result<bool, StepError> {
        let Self {
            mut report,
            leaks,
            folder,
            ..
        } = self;
        let (leak, evidence) = leaks.end();
        report.leak.frames_searched += leak.frames_searched;
        report.leak.leaked_pixels += leak.leaked_pixels;
        if let Some(png) = evidence {
            std::fs::write(folder.join("leak.png"), png)?;
        }
        report.write(&folder)?;
        Ok(report.is_good())
    }
}

fn unix_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}
