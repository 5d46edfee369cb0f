//! The soak: a wall that is watched for long while its cameras fail in every way, one after the other, at random.
//!
//! Invariant: a tile is alive when a picture of this moment is read off its pixels and the program marks it live;
//! nothing the program says of itself is taken alone. Deliberately absent: judging which way to fail is likely.

use crate::control::Control;
use crate::driver::{StepError, Visitor};
use crate::measure::SimReady;
use rand::RngExt;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use vedetta::domain::camera::CameraId;
use vedetta::gui::scene::{Scene, ScreenName};

/// Between two looks at the wall.
const LOOK: Duration = Duration::from_millis(250);
/// Between two samples of the memory.
const SAMPLE: Duration = Duration::from_secs(10);
/// A picture older than this is not of this moment, milliseconds.
const FRESH_MS: i64 = 3_000;
/// From the last fault to the end all tiles have this long to come back.
const LAST_RECOVERY: Duration = Duration::from_secs(120);
/// Until the wall stands in the beginning.
const FIRST_LIVE_S: u64 = 120;
/// Pause between two faults, milliseconds.
const BETWEEN_FAULTS_MS: std::ops::Range<u64> = 2_000..6_000;

/// How long, and what of the simulator.
pub struct Soak {
    pub lasting: Duration,
    pub ready: SimReady,
}

/// A way to fail: its name, what is asked of the simulator, for how long, and what ends it.
struct Kind {
    name: &'static str,
    order: &'static str,
    lasting_s: std::ops::Range<u64>,
    end: &'static str,
}

const KINDS: [Kind; 8] = [
    Kind {
        name: "reboot",
        order: r#"{"reboot":6}"#,
        lasting_s: 6..7,
        end: "{}",
    },
    Kind {
        name: "drop",
        order: r#"{"drop_stream":true}"#,
        lasting_s: 1..2,
        end: "{}",
    },
    Kind {
        name: "silence",
        order: r#"{"silence":true}"#,
        lasting_s: 3..15,
        end: r#"{"silence":false}"#,
    },
    Kind {
        name: "resolution",
        order: r#"{"picture":"resized"}"#,
        lasting_s: 8..20,
        end: r#"{"picture":"normal"}"#,
    },
    Kind {
        name: "codec",
        order: r#"{"picture":"recoded"}"#,
        lasting_s: 15..30,
        end: r#"{"picture":"normal"}"#,
    },
    Kind {
        name: "busy",
        order: r#"{"sessions":0,"drop_stream":true}"#,
        lasting_s: 3..10,
        end: r#"{"sessions":99}"#,
    },
    Kind {
        name: "refused-after-clock-jump",
        order: r#"{"credentials":"refuse","clock_skew_s":7200,"drop_stream":true}"#,
        lasting_s: 2..6,
        end: r#"{"credentials":"normal","clock_skew_s":0}"#,
    },
    Kind {
        name: "nonsense",
        order: r#"{"reply":"malformed","drop_stream":true}"#,
        lasting_s: 2..10,
        end: r#"{"reply":"normal"}"#,
    },
];

/// What the soak found; written as `soak.json`.
#[derive(Debug, Default, Serialize)]
pub struct Outcome {
    pub minutes: f64,
    pub tiles: usize,
    pub every_tile_live_at_the_end: bool,
    pub not_live_at_the_end: Vec<CameraId>,
    pub faults: usize,
    pub faults_by_kind: BTreeMap<&'static str, usize>,
    pub recoveries: usize,
    /// Faults after which no picture of that camera was seen, and why.
    pub without_recovery: Vec<Unrecovered>,
    /// From the moment the camera was well again to a picture of this moment on the screen, seconds.
    pub slowest_recovery_s: f64,
    pub slowest_recovery_by_kind_s: BTreeMap<&'static str, f64>,
    /// Seconds since the start and resident memory of the client, MiB.
    pub memory_mib: Vec<(u64, f64)>,
    /// Mean of the last quarter minus mean of the second quarter, MiB.
    pub memory_growth_mib: f64,
    pub leaked_pixels: u64,
}

/// A fault that no recovery was seen of. A camera has one fault at a time, so none takes another's place.
#[derive(Debug, Serialize)]
pub struct Unrecovered {
    pub camera: CameraId,
    pub kind: &'static str,
    /// From the moment the camera was well again to the end of the soak.
    pub waited_s: f64,
    pub why: Unseen,
}

/// What stood in the way of a recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unseen {
    /// The window did not show the camera: a lock or another screen lay over the wall, or the tile had another camera.
    NotOnTheScreen,
    /// The tile was there and did not become live.
    NotLive,
    /// The program marked the tile live, and its pixels showed no picture of this moment.
    NoFreshPicture,
}

/// A fault that was given.
struct Given {
    camera: CameraId,
    kind: &'static Kind,
    ends: Instant,
    /// When the camera was well again.
    ended: Option<Instant>,
}

/// The wall as it was last seen alive.
#[derive(Default)]
struct Alive(BTreeMap<CameraId, Instant>);

impl Alive {
    /// Reads every picture and notes those of this moment.
    fn look(&mut self, visitor: &Visitor<'_>, ready: &SimReady) -> Result<(), StepError> {
        let scene = visitor.scene();
        let rects: Vec<_> = scene.pictures.iter().map(|picture| picture.picture).collect();
        let codes = visitor.eye.read_timecodes(&rects)?;
        let (now, now_ms) = (Instant::now(), unix_ms());
        for (picture, code) in scene.pictures.iter().zip(codes) {
            let clock = ready.cameras.iter().find(|camera| camera.id == picture.camera);
            let fresh = code.zip(clock).is_some_and(|(code, camera)| {
                let late = camera.clock.latency_ms(code, now_ms);
                late < FRESH_MS
            });
            if fresh && picture.live {
                self.0.insert(picture.camera.clone(), now);
            }
        }
        Ok(())
    }

    fn since(&self, camera: &CameraId, moment: Instant) -> bool {
        self.0.get(camera).is_some_and(|seen| *seen > moment)
    }
}

/// Watches the wall, gives faults, and waits for the last recovery.
///
/// # Errors
/// The wall never stood, the window went away, or the simulator did not obey.
pub fn walk(visitor: &mut Visitor<'_>, soak: &Soak) -> Result<Outcome, StepError> {
    let cameras: Vec<CameraId> = soak.ready.cameras.iter().map(|camera| camera.id.clone()).collect();
    let all_live = |scene: &Scene| scene.pictures.iter().filter(|picture| picture.live).count() >= cameras.len();
    visitor.until("every tile live", FIRST_LIVE_S, all_live)?;
    let mut outcome = Outcome {
        minutes: soak.lasting.as_secs_f64() / 60.0,
        tiles: cameras.len(),
        ..Outcome::default()
    };
    let (mut alive, mut given) = (Alive::default(), Vec::<Given>::new());
    let start = Instant::now();
    let (mut next_sample, mut next_fault) = (start, start);
    while start.elapsed() < soak.lasting {
        alive.look(visitor, &soak.ready)?;
        let now = Instant::now();
        if now >= next_sample {
            next_sample = now + SAMPLE;
            outcome.memory_mib.push((start.elapsed().as_secs(), resident_mib()?));
        }
        settle(&mut given, &mut outcome, &alive, &soak.ready.control, now)?;
        if now >= next_fault {
            next_fault = now + Duration::from_millis(rand::rng().random_range(BETWEEN_FAULTS_MS));
            let busy: BTreeSet<_> = given.iter().map(|given| &given.camera).collect();
            let free: Vec<_> = cameras.iter().filter(|camera| !busy.contains(camera)).collect();
            if let Some(camera) = choose(&free) {
                given.push(give(camera, &soak.ready.control, &mut outcome)?);
            }
        }
        visitor.linger(LOOK);
    }
    let end = Instant::now();
    let came_back = |alive: &Alive| cameras.iter().all(|camera| alive.since(camera, end));
    while end.elapsed() < LAST_RECOVERY && !(given.is_empty() && came_back(&alive)) {
        alive.look(visitor, &soak.ready)?;
        // What still fails is well from now on.
        given
            .iter_mut()
            .for_each(|given| given.ends = given.ends.min(Instant::now()));
        settle(&mut given, &mut outcome, &alive, &soak.ready.control, Instant::now())?;
        visitor.linger(LOOK);
    }
    outcome.memory_mib.push((start.elapsed().as_secs(), resident_mib()?));
    outcome.memory_growth_mib = growth(&outcome.memory_mib);
    let scene = visitor.scene();
    outcome.without_recovery = given.iter().map(|fault| unrecovered(fault, &scene)).collect();
    outcome.not_live_at_the_end = cameras.into_iter().filter(|camera| !alive.since(camera, end)).collect();
    outcome.every_tile_live_at_the_end = outcome.not_live_at_the_end.is_empty();
    outcome.leaked_pixels = visitor.leaks.so_far().leaked_pixels;
    Ok(outcome)
}

/// Ends faults whose time is over and notes the cameras that are back.
fn settle(
    given: &mut Vec<Given>,
    outcome: &mut Outcome,
    alive: &Alive,
    control: &str,
    now: Instant,
) -> Result<(), StepError> {
    for fault in given
        .iter_mut()
        .filter(|fault| fault.ended.is_none() && now >= fault.ends)
    {
        Control::at(control)?.order(&format!("/cameras/{}/faults", fault.camera), fault.kind.end)?;
        fault.ended = Some(Instant::now());
    }
    given.retain(|fault| {
        let Some(ended) = fault.ended else { return true };
        let Some(seen) = alive.0.get(&fault.camera).filter(|seen| **seen > ended) else {
            return true;
        };
        let took = seen.saturating_duration_since(ended).as_secs_f64();
        outcome.recoveries += 1;
        outcome.slowest_recovery_s = outcome.slowest_recovery_s.max(took);
        let slowest = outcome.slowest_recovery_by_kind_s.entry(fault.kind.name).or_default();
        *slowest = slowest.max(took);
        false
    });
    Ok(())
}

/// What is known of a fault that no recovery was seen of, by what the program says of itself now.
fn unrecovered(fault: &Given, scene: &Scene) -> Unrecovered {
    let on_screen = matches!(scene.screen, ScreenName::ControlRoom | ScreenName::FullScreen);
    let picture = scene.pictures.iter().find(|picture| picture.camera == fault.camera);
    Unrecovered {
        camera: fault.camera.clone(),
        kind: fault.kind.name,
        waited_s: fault.ended.map_or(0.0, |ended| ended.elapsed().as_secs_f64()),
        why: match picture {
            Some(picture) if on_screen && picture.live => Unseen::NoFreshPicture,
            Some(_) if on_screen => Unseen::NotLive,
            Some(_) | None => Unseen::NotOnTheScreen,
        },
    }
}

fn give(camera: &CameraId, control: &str, outcome: &mut Outcome) -> Result<Given, StepError> {
    let mut rng = rand::rng();
    // Those that were given least come first, so that a short soak has each kind too.
    let least = KINDS.iter().map(|kind| times(outcome, kind)).min().unwrap_or_default();
    let rare: Vec<&'static Kind> = KINDS.iter().filter(|kind| times(outcome, kind) == least).collect();
    let kind = choose(&rare).copied().unwrap_or(&KINDS[0]);
    Control::at(control)?.order(&format!("/cameras/{camera}/faults"), kind.order)?;
    outcome.faults += 1;
    *outcome.faults_by_kind.entry(kind.name).or_default() += 1;
    Ok(Given {
        camera: camera.clone(),
        kind,
        ends: Instant::now() + Duration::from_secs(rng.random_range(kind.lasting_s.clone())),
        ended: None,
    })
}

fn times(outcome: &Outcome, kind: &Kind) -> usize {
    outcome.faults_by_kind.get(kind.name).copied().unwrap_or_default()
}

fn choose<T>(among: &[T]) -> Option<&T> {
    if among.is_empty() {
        return None;
    }
    among.get(rand::rng().random_range(0..among.len()))
}

/// Mean of the last quarter of the samples minus mean of the second one: the first warms up.
fn growth(samples: &[(u64, f64)]) -> f64 {
    let quarter = samples.len() / 4;
    let mean = |part: &[(u64, f64)]| part.iter().map(|(_, mib)| mib).sum::<f64>() / part.len().max(1) as f64;
    if quarter == 0 {
        return 0.0;
    }
    mean(&samples[samples.len() - quarter..]) - mean(&samples[quarter..2 * quarter])
}

/// Memory of this process, MiB.
fn resident_mib() -> Result<f64, StepError> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|kib| kib.parse::<f64>().ok());
    kib.map(|kib| kib / 1_024.0)
        .ok_or_else(|| StepError::Wrong("the memory of this process is not known".to_owned()))
}

fn unix_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}

/// Writes `soak.json`. Returns whether the soak is good: every tile live, every fault survived.
///
/// # Errors
/// The file cannot be written.
pub fn write(outcome: &Outcome, folder: &Path) -> std::io::Result<bool> {
    let text = serde_json::to_string_pretty(outcome).map_err(std::io::Error::other)?;
    std::fs::write(folder.join("soak.json"), text)?;
    Ok(outcome.every_tile_live_at_the_end && outcome.recoveries == outcome.faults && outcome.leaked_pixels == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vedetta::gui::scene::{PixelRect, ScenePicture};

    #[test]
    fn a_missing_recovery_says_what_stood_in_its_way() {
        let camera = "cam-01".parse::<CameraId>().unwrap();
        let fault = Given {
            camera: camera.clone(),
            kind: &KINDS[0],
            ends: Instant::now(),
            ended: Some(Instant::now()),
        };
        let picture = |live| ScenePicture {
            camera: camera.clone(),
            picture: PixelRect::default(),
            received_fps: 25.0,
            live,
            covered: false,
            cover_parts: 0,
        };
        let scene = |screen, pictures| Scene {
            screen,
            pictures,
            ..Scene::default()
        };
        let why = |scene: Scene| unrecovered(&fault, &scene).why;
        assert_eq!(
            why(scene(ScreenName::ControlRoom, vec![picture(true)])),
            Unseen::NoFreshPicture
        );
        assert_eq!(
            why(scene(ScreenName::ControlRoom, vec![picture(false)])),
            Unseen::NotLive
        );
        assert_eq!(why(scene(ScreenName::ControlRoom, vec![])), Unseen::NotOnTheScreen);
        assert_eq!(
            why(scene(ScreenName::Locked, vec![picture(true)])),
            Unseen::NotOnTheScreen
        );
    }

    #[test]
    fn memory_that_grows_shows_and_the_warming_up_does_not() {
        let flat: Vec<_> = (0..40)
            .map(|n| (n, if n < 10 { n as f64 * 10.0 } else { 200.0 }))
            .collect();
        assert_eq!(growth(&flat), 0.0);
        let growing: Vec<_> = (0..40).map(|n| (n, 100.0 + n as f64)).collect();
        assert_eq!(growth(&growing), 20.0);
        assert_eq!(growth(&[]), 0.0);
    }
}
