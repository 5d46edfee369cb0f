//! The dome under test: its presets, what is known of it now, and the truth of every look afterwards.
//!
//! Invariant: every wait is for a condition and ends by itself; nobody but the hands moves the dome. Deliberately absent: the
//! rows themselves.

use super::looking::{Look, Looking, Still, unix_ms};
use super::pad::Pad;
use super::report::{Outcome, Sampling, round};
use super::scenery::{self, Grid, ROWS, Scenery, Site, Stage, both, count, without};
use crate::control::Control;
use crate::driver::{StepError, Visitor};
use crate::input_injection::Key;
use crate::screen_capture::Eye;
use crate::script::{self, Guest};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use vedetta::domain::camera::{CameraId, Direction, Pose};
use vedetta::domain::wall::Layout;
use vedetta::gui::scene::{PixelRect, ScreenName};

/// How long a walk is planned, degrees: 20 s at 4°/s and a step more.
const WALK_DEG: f64 = 84.0;
/// Between two questions while a condition is waited for.
const TICK: Duration = Duration::from_millis(50);
/// Until a called preset is reached, seconds.
const ARRIVED_S: u64 = 25;
/// Until the picture is back after a move, before the next is begun.
const BACK: Duration = Duration::from_secs(8);
/// Parts of the window that the keyboard goes through, and until one of them has opened.
const AREAS: usize = 5;
const LAID_OUT: Duration = Duration::from_millis(700);
/// The picture takes at least this share of the window's width.
const WIDE: f32 = 0.85;
/// Time in which the interface's own labels are learnt and pictures counted.
const STILL: Duration = Duration::from_secs(3);
/// Latency assumed where no time code can be read, milliseconds.
const USUAL_LATENCY_MS: f64 = 200.0;
/// A picture is back when no more than this share is covered in excess.
pub const BACK_SHARE: f64 = 0.10;

/// The magnification that «4×» stands for, and the share of a lower ceiling.
const NEAR: f64 = 3.9;
const BELOW_CEILING: f64 = 0.97;

/// How much the picture is enlarged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zoom {
    One,
    Four,
}

/// Where the hands can send the dome at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Clear(Zoom),
    /// A little aside of the clear place, a little nearer.
    BesideClear,
    Walk(Zoom),
}

impl Place {
    const ALL: [Self; 5] = [
        Self::Clear(Zoom::One),
        Self::Clear(Zoom::Four),
        Self::BesideClear,
        Self::Walk(Zoom::One),
        Self::Walk(Zoom::Four),
    ];

    fn key(self) -> Key {
        let place = Self::ALL.iter().position(|place| *place == self).unwrap_or(0);
        Key::Char(char::from(b'1' + place as u8))
    }
}

/// The truth of a moment, by the simulator.
#[derive(Debug, Clone, Deserialize)]
pub struct Moment {
    pub pose: Pose,
    pub moving: bool,
    pub walkers: Vec<SeenWalker>,
}

/// A walker from the dome.
#[derive(Debug, Clone, Deserialize)]
pub struct SeenWalker {
    pub feet: Direction,
    pub head: Direction,
    /// Share of its figure inside the picture.
    pub inside: f64,
    /// Its whole figure, as a share of the picture.
    pub area: f64,
}

/// A look beside the truth.
pub struct Judged {
    pub look: Look,
    pub moment: Moment,
    /// Shares of the picture without labels.
    pub covered: f64,
    pub excess: f64,
    pub masked: f64,
    /// `None`: a mask reaches into the centre in truth.
    pub centre_free: Option<bool>,
    /// The walker is in the picture and not covered.
    pub walker_seen: bool,
}

#[derive(Serialize)]
struct Preset<'a> {
    name: &'a str,
    pan_deg: f64,
    tilt_deg: f64,
    hfov_deg: f64,
}

#[derive(Serialize)]
struct Moments {
    at_ms: Vec<i64>,
}

/// The dome under test.
pub struct Bench {
    control: Control,
    camera: CameraId,
    pub site: Site,
    scenery: Scenery,
    pub stage: Stage,
    looking: Option<Looking>,
    /// Where the picture is in the window.
    pub picture: PixelRect,
    /// Cells that are the picture's own.
    cells: Grid,
    latency_ms: f64,
    /// Degrees that a second of a held arrow gives, at 1× and 4×, as far as it is known.
    pub held_deg_s: [Option<f64>; 2],
    since_ms: i64,
}

impl Bench {
    /// Learns the site and stores the presets that the rows call.
    pub fn prepare(control: Control, camera: &CameraId, outcome: &mut Outcome) -> Result<Self, StepError> {
        let site: Site = control.get(&format!("/cameras/{camera}/site"))?;
        let scenery = Scenery::of(&site);
        let stage = scenery
            .stage(&site.lens, WALK_DEG)
            .ok_or_else(|| StepError::Wrong("this dome has no clear view or no walk below its masks".to_owned()))?;
        outcome.make.clone_from(&site.make);
        outcome.habit.clone_from(&site.habit);
        (outcome.command_delay_ms, outcome.status_delay_ms) = (site.command_delay_ms, site.status_delay_ms);
        (outcome.masks, outcome.stage) = (scenery.masks(), Some(stage));
        let bench = Self {
            control,
            camera: camera.clone(),
            site,
            scenery,
            stage,
            looking: None,
            picture: PixelRect::default(),
            cells: [u64::MAX; ROWS],
            latency_ms: USUAL_LATENCY_MS,
            held_deg_s: [None; 2],
            since_ms: unix_ms(),
        };
        let presets: Vec<_> = Place::ALL.iter().map(|place| bench.preset(*place)).collect();
        let _: usize = bench.control.post(&format!("/cameras/{camera}/presets"), &presets)?;
        Ok(bench)
    }

    /// Where a place is.
    pub fn pose(&self, place: Place) -> Pose {
        let [wide, near] = [self.hfov(Zoom::One), self.hfov(Zoom::Four)];
        let Stage { clear, walk, .. } = self.stage;
        let (at, aside, hfov_deg) = match place {
            Place::Clear(Zoom::One) => (clear, 0.0, wide),
            Place::Clear(Zoom::Four) => (clear, 0.0, near),
            Place::BesideClear => (clear, 8.0, self.site.lens.hfov_of(1.5)),
            Place::Walk(Zoom::One) => (walk, 0.0, wide),
            Place::Walk(Zoom::Four) => (walk, 0.0, near),
        };
        Pose {
            pan_deg: at.azimuth_deg + aside,
            tilt_deg: at.elevation_deg,
            hfov_deg,
        }
    }

    /// The field of view at a magnification, degrees.
    pub fn hfov(&self, zoom: Zoom) -> f64 {
        match zoom {
            Zoom::One => self.site.lens.widest_hfov_deg(),
            // A make whose lens or ceiling ends there stands a little before it.
            Zoom::Four => {
                let highest = self.site.zoom_ceiling.unwrap_or(f64::INFINITY);
                self.site.lens.hfov_of(NEAR.min(highest * BELOW_CEILING))
            }
        }
    }

    fn preset(&self, place: Place) -> Preset<'static> {
        let pose = self.pose(place);
        Preset {
            name: match place {
                Place::Clear(Zoom::One) => "Libera",
                Place::Clear(Zoom::Four) => "Libera da vicino",
                Place::BesideClear => "Libera accanto",
                Place::Walk(Zoom::One) => "Cammino",
                Place::Walk(Zoom::Four) => "Cammino da vicino",
            },
            pan_deg: pose.pan_deg,
            tilt_deg: pose.tilt_deg,
            hfov_deg: pose.hfov_deg,
        }
    }

    /// Signs in, opens the dome on the full screen, and learns which cells are the picture's own.
    pub fn open(
        &mut self,
        v: &mut Visitor<'_>,
        operator: &Guest,
        eye: Eye,
        outcome: &mut Outcome,
    ) -> Result<(), StepError> {
        v.leaks.rarely(true);
        script::sign_in(v, operator)?;
        v.hands.tap(Key::Function(2))?;
        let camera = self.camera.clone();
        let is_there = |live: bool| {
            let camera = camera.clone();
            move |scene: &vedetta::gui::scene::Scene| {
                scene.pictures.iter().any(|p| p.camera == camera && (p.live || !live))
            }
        };
        v.until("the dome on the wall", 90, |scene| {
            scene.layout == Some(Layout::One) && is_there(true)(scene)
        })?;
        let number = v.scene().cameras.iter().find(|it| it.id == camera).map(|it| it.number);
        v.hands.write(&number.unwrap_or(1).to_string())?;
        v.hands.tap(Key::Enter)?;
        v.until("the dome to be selected", 10, |scene| {
            scene.selected.as_ref() == Some(&camera)
        })?;
        v.hands.tap(Key::Enter)?;
        v.until("the dome on the full screen", 30, |scene| {
            scene.screen == ScreenName::FullScreen && is_there(true)(scene)
        })?;
        self.looking = Some(Looking::start(eye));
        self.since_ms = unix_ms();
        self.change_sides(v, false)?;
        self.go_to(v, Place::Clear(Zoom::One))?;
        outcome.sampling = self.learn_cells(v);
        Ok(())
    }

    /// Does something while the panel with its pad lies beside the picture; the picture has the window for itself again
    /// afterwards.
    pub fn beside_panel<T>(&mut self, v: &Visitor<'_>, act: impl FnOnce(&mut Self, Pad) -> T) -> Result<T, StepError> {
        self.go_to(v, Place::Clear(Zoom::One))?;
        self.change_sides(v, true)?;
        let done = self.open_panel(v).map(|pad| {
            self.learn_cells(v);
            act(self, pad)
        });
        self.go_to(v, Place::Clear(Zoom::One))?;
        self.change_sides(v, false)?;
        self.learn_cells(v);
        done
    }

    /// Brings the keyboard to the panel, which opens it in a window of any size, and finds its pad.
    fn open_panel(&mut self, v: &Visitor<'_>) -> Result<Pad, StepError> {
        for _ in 0..AREAS {
            v.hands.tap(Key::Function(6))?;
            v.linger(LAID_OUT);
            if let Some(pad) = Pad::find(&v.eye.look()?) {
                self.find_picture(v)?;
                return Ok(pad);
            }
        }
        v.photograph("steering-no-pad.png")?;
        Err(StepError::Wrong("no pad is to be seen".to_owned()))
    }

    /// Puts rail and panel beside the picture, or takes them away, and finds the picture again. The layout comes after the key.
    fn change_sides(&mut self, v: &Visitor<'_>, shown: bool) -> Result<(), StepError> {
        v.hands.tap(Key::Function(11))?;
        let most = v.eye.look()?.width as f32 * WIDE;
        let camera = self.camera.clone();
        v.until("the picture in its new place", 20, |scene| {
            let fits = |width: f32| width > 1.0 && (width < most) == shown;
            (scene.pictures.iter()).any(|p| p.camera == camera && p.live && fits(p.picture.width))
        })?;
        self.find_picture(v)
    }

    fn find_picture(&mut self, v: &Visitor<'_>) -> Result<(), StepError> {
        let scene = v.scene();
        let placed = scene.pictures.iter().find(|picture| picture.camera == self.camera);
        let placed = placed.ok_or_else(|| StepError::Wrong("the dome is not in the window".to_owned()))?;
        self.picture = placed.picture;
        if let Some(looking) = &self.looking {
            looking.at(self.picture);
        }
        Ok(())
    }

    fn learn_cells(&mut self, v: &Visitor<'_>) -> Sampling {
        let from = unix_ms();
        v.linger(STILL);
        let looks = self.looks(from, unix_ms());
        let shown = looks.iter().fold([0; ROWS], |all: Grid, look| {
            std::array::from_fn(|row| all[row] | look.shown[row])
        });
        // The time code lies over the lowest rows.
        self.cells = std::array::from_fn(|row| if row < ROWS - 2 { shown[row] } else { 0 });
        let mut codes: Vec<i64> = looks.iter().filter_map(|look| look.taken_ms).collect();
        codes.dedup();
        let mut ages: Vec<f64> = (looks.iter())
            .filter_map(|look| Some((look.at_ms - look.taken_ms?) as f64))
            .collect();
        ages.sort_by(f64::total_cmp);
        let middle = ages.get(ages.len() / 2).copied();
        self.latency_ms = middle.unwrap_or(USUAL_LATENCY_MS);
        let seconds = STILL.as_secs_f64();
        Sampling {
            looks: looks.len(),
            looks_per_second: round(looks.len() as f64 / seconds),
            pictures_per_second: round(codes.len() as f64 / seconds),
            latency_ms_p50: middle,
            picture_width_px: self.picture.width as u32,
            picture_height_px: self.picture.height as u32,
            cells: count(&self.cells),
        }
    }

    /// Films what is shown while something is done.
    pub fn film(&self, act: impl FnOnce() -> Result<(), StepError>) -> Result<Vec<Still>, StepError> {
        let looking = self.looking.as_ref();
        let looking = looking.ok_or_else(|| StepError::Wrong("nobody looks".to_owned()))?;
        looking.begin_film();
        let done = act();
        let film = looking.end_film();
        done.map(|()| film)
    }

    /// Looks between two moments, Unix milliseconds.
    pub fn looks(&self, from_ms: i64, to_ms: i64) -> Vec<Look> {
        self.looking
            .as_ref()
            .map_or_else(Vec::new, |looking| looking.between(from_ms, to_ms))
    }

    /// From light to the window, milliseconds.
    pub fn latency_ms(&self) -> i64 {
        self.latency_ms as i64
    }

    /// PNG of the first picture that leaked.
    pub fn evidence(&self) -> Option<Vec<u8>> {
        self.looking.as_ref().and_then(Looking::evidence)
    }

    /// The truth at moments, Unix milliseconds.
    pub fn truth(&self, at_ms: Vec<i64>) -> Result<Vec<Moment>, StepError> {
        if at_ms.is_empty() {
            return Ok(Vec::new());
        }
        self.control
            .post(&format!("/cameras/{}/truth", self.camera), &Moments { at_ms })
    }

    /// The truth now.
    pub fn now(&self) -> Result<Moment, StepError> {
        let told = self.truth(vec![unix_ms()])?;
        told.into_iter()
            .next()
            .ok_or_else(|| StepError::Wrong("no truth of this moment".to_owned()))
    }

    /// Sends a walker along the stage's walk. Returns when it starts, Unix milliseconds.
    pub fn send_walker(&self, speed_deg_s: f64, in_ms: u64) -> Result<i64, StepError> {
        #[derive(Deserialize)]
        struct Sent {
            since_ms: i64,
        }
        let walk = serde_json::json!({
            "name": "anna",
            "azimuth_deg": self.stage.walk.azimuth_deg,
            "elevation_deg": self.stage.walk.elevation_deg,
            "speed_deg_s": speed_deg_s,
            "in_ms": in_ms,
        });
        let sent: Sent = self.control.post(&format!("/cameras/{}/walker", self.camera), &walk)?;
        Ok(sent.since_ms)
    }

    /// Calls a place and waits until the dome stands there and the picture is back, or for a while.
    pub fn go_to(&self, v: &Visitor<'_>, place: Place) -> Result<(), StepError> {
        let wanted = self.pose(place);
        let end = Instant::now() + Duration::from_secs(ARRIVED_S);
        let mut called = None;
        loop {
            let now = self.now()?;
            let turn = (now.pose.pan_deg - wanted.pan_deg + 180.0).rem_euclid(360.0) - 180.0;
            let there = turn.abs() < 1.0
                && (now.pose.tilt_deg - wanted.tilt_deg).abs() < 1.0
                && (now.pose.hfov_deg / wanted.hfov_deg - 1.0).abs() < 0.05;
            if there && !now.moving {
                break;
            }
            if Instant::now() > end {
                return Err(StepError::Wrong(format!(
                    "the dome did not come to {place:?}: {:?}",
                    now.pose
                )));
            }
            // A gesture that has just ended still stops the dome for a moment: the preset is called again then.
            let late = Duration::from_millis(4_000 + self.site.command_delay_ms);
            if !now.moving && called.is_none_or(|at: Instant| at.elapsed() > late) {
                v.hands.chord(Key::Alt, place.key())?;
                called = Some(Instant::now());
            }
            v.linger(TICK);
        }
        self.wait_until_back(v, BACK)?;
        Ok(())
    }

    /// Waits until the dome stands still and the picture is back. Whether it came back in that time.
    pub fn wait_until_back(&self, v: &Visitor<'_>, patience: Duration) -> Result<bool, StepError> {
        let end = Instant::now() + patience;
        let mut good = 0;
        while Instant::now() < end {
            let now = self.now()?;
            let newest = self.looking.as_ref().and_then(Looking::newest);
            let excess = newest.map_or(1.0, |look| self.shares(&look, now.pose)[1]);
            good = if !now.moving && excess <= BACK_SHARE {
                good + 1
            } else {
                0
            };
            if good >= 5 {
                return Ok(true);
            }
            v.linger(TICK);
        }
        Ok(false)
    }

    /// Waits until the dome stands still, having moved or not. `false` where it never stood in that time.
    pub fn wait_until_still(&self, v: &Visitor<'_>, patience: Duration) -> Result<bool, StepError> {
        let end = Instant::now() + patience;
        let mut still_since = None;
        let long = Duration::from_millis(400 + self.site.command_delay_ms);
        while Instant::now() < end {
            if self.now()?.moving {
                still_since = None;
            } else if still_since.get_or_insert_with(Instant::now).elapsed() >= long {
                return Ok(true);
            }
            v.linger(TICK);
        }
        Ok(false)
    }

    /// Shares of the picture's own cells: covered, covered without a mask in truth, masked in truth.
    fn shares(&self, look: &Look, pose: Pose) -> [f64; 3] {
        let masked = both(&self.cells, &self.masked(pose));
        let covered = without(&self.cells, &look.shown);
        let all = f64::from(count(&self.cells).max(1));
        [covered, without(&covered, &masked), masked].map(|grid| f64::from(count(&grid)) / all)
    }

    fn masked(&self, pose: Pose) -> Grid {
        scenery::turned(self.scenery.masked_cells(pose), &self.site.turned)
    }

    /// Looks between two moments beside the truth of the pictures they show.
    pub fn judged(&self, from_ms: i64, to_ms: i64) -> Result<Vec<Judged>, StepError> {
        let looks = self.looks(from_ms, to_ms);
        let taken = |look: &Look| look.taken_ms.unwrap_or(look.at_ms - self.latency_ms());
        let moments = self.truth(looks.iter().map(taken).collect())?;
        Ok(looks
            .into_iter()
            .zip(moments)
            .map(|(look, moment)| self.judge(look, moment))
            .collect())
    }

    fn judge(&self, look: Look, moment: Moment) -> Judged {
        let [covered, excess, masked] = self.shares(&look, moment.pose);
        let centre = both(&self.cells, &scenery::centre());
        let is_masked = self.scenery.reaches_centre(moment.pose);
        let free = count(&both(&centre, &look.shown));
        // A third of the figure is enough to know somebody by.
        let walker_seen = moment
            .walkers
            .first()
            .is_some_and(|walker| look.walker >= 0.3 * walker.area);
        Judged {
            centre_free: (!is_masked).then(|| 4 * free >= 3 * count(&centre)),
            look,
            moment,
            covered,
            excess,
            masked,
            walker_seen,
        }
    }

    /// What was found over the whole run.
    pub fn finish(&self, outcome: &mut Outcome) -> Result<(), StepError> {
        let judged = self.judged(self.since_ms, unix_ms())?;
        outcome.leaked_pixels = judged.iter().map(|it| it.look.leaked_pixels).sum();
        outcome.looks_with_leaks = judged.iter().filter(|it| it.look.leaked_pixels > 0).count();
        let with_masks = judged.iter().filter(|it| it.masked > 0.0 && it.covered < 0.9);
        outcome.looks_with_masks_in_view = with_masks.count();
        outcome.sampling.looks = judged.len();
        let seconds = (unix_ms() - self.since_ms) as f64 / 1_000.0;
        outcome.sampling.looks_per_second = round(judged.len() as f64 / seconds.max(1.0));
        Ok(())
    }
}
