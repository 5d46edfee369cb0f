//! The leak test: moves domes at random and at full speed through the window, while everything the window shows, every
//! snapshot and an export are searched for the hue that only private windows have (R-PRV-1).
//!
//! Invariant: acts with keys and mouse only, like the tour; what goes wrong with the cameras meanwhile (delays, lost
//! statuses, a reboot, somebody else at a dome) is done to the simulator from outside, by `benches/leak.sh`. Recordings of moving
//! domes are searched by a run of their own ([`playback`]).
//! Deliberately absent: a verdict. The run says what it searched and found.

mod playback;

use crate::driver::{StepError, Visitor};
use crate::input_injection::{InputInjector, Key};
use crate::narrowing::{CountedPose, Narrowing};
use crate::script::{self, Guest};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use vedetta::domain::wall::Layout;
use vedetta::gui::scene::{PixelRect, ScenePicture, ScreenName};

/// Domes on the wall.
const DOMES: usize = 4;
/// From an act to its pixels.
const BREATH: Duration = Duration::from_millis(400);
/// Between two looks at what is shown, while an act goes on.
const BETWEEN_LOOKS: Duration = Duration::from_millis(150);
/// How long a dome stands before its recording is exported.
const STOOD: Duration = Duration::from_secs(6);
/// Presets of the simulator's domes: the first four look anywhere, the others at masked houses.
const ANYWHERE: u64 = 4;
const HOUSES: u64 = 4;

/// What to do for how long.
pub struct LeakRun {
    pub operator: Guest,
    pub seconds: u64,
    /// Reproduces the acts, not the timing.
    pub seed: u64,
    /// Whether the recordings of moved domes are played and searched, instead of everything else.
    pub playback: bool,
    /// Whether copies are exported at the end.
    pub copies: bool,
    /// Counts what pictures said of poses; stays at nothing in a counter-trial.
    pub counted: CountedPose,
}

/// `leak-run.json`: what one run searched and found.
#[derive(Debug, Default, Serialize)]
pub struct Found {
    /// Pictures of the whole window that were searched.
    pub frames_searched: u64,
    pub leaked_pixels: u64,
    pub snapshots_searched: u64,
    pub snapshot_leaked_pixels: u64,
    /// Looks at a dome's tile, and how many of them showed at least a part of the picture: a wall that is always covered
    /// whole would prove nothing.
    pub looks: u64,
    pub looks_shown: u64,
    /// The same while the dome had a mask in view.
    pub looks_at_parts: u64,
    pub acts: u64,
    /// Recordings played, and the looks at them: as above.
    pub playbacks: u64,
    pub played_looks: u64,
    pub played_looks_shown: u64,
    pub played_looks_at_parts: u64,
    /// Of the pictures searched, those of a recording, and what leaked in them.
    pub played_frames_searched: u64,
    pub played_leaked_pixels: u64,
    /// The exports that were made for the search by the script: of a camera without masks, and of a dome with some.
    pub exported: Option<PathBuf>,
    pub obscured: Option<PathBuf>,
    /// Frames of the obscured copy that show something, and those among them that have a mask in view.
    pub obscured_shown: u64,
    pub obscured_parts: u64,
    /// What pictures said of poses.
    #[serde(flatten)]
    pub narrowing: Narrowing,
    /// Why the run ended early.
    pub trouble: Option<String>,
}

/// Reproducible chance (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n.max(1)
    }

    fn between(&mut self, shortest: u64, longest: u64) -> Duration {
        Duration::from_millis(shortest + self.below(longest - shortest))
    }
}

/// Walks the whole run and leaves `leak-run.json` in the folder.
pub fn walk(v: &mut Visitor<'_>, run: &LeakRun, folder: &Path) {
    let mut found = Found::default();
    let walked = if run.playback {
        playback::go(v, run, &mut found)
    } else {
        go(v, run, &mut found)
    };
    if let Err(error) = walked {
        found.trouble = Some(error.to_string());
        tracing::error!(%error, "the leak test ended early");
    }
    found.narrowing = run.counted.so_far();
    let seen = v.leaks.so_far();
    (found.frames_searched, found.leaked_pixels) = (seen.frames_searched, seen.leaked_pixels);
    let written = serde_json::to_string_pretty(&found).map_err(std::io::Error::other);
    if let Err(error) = written.and_then(|text| std::fs::write(folder.join("leak-run.json"), text + "\n")) {
        tracing::error!(%error, "the leak test could not be written down");
    }
}

fn go(v: &mut Visitor<'_>, run: &LeakRun, found: &mut Found) -> Result<(), StepError> {
    script::sign_in(v, &run.operator)?;
    let domes = put_the_domes_on_the_wall(v)?;
    let mut chance = Chance(run.seed);
    let mut snapshots = BTreeSet::new();
    let end = Instant::now() + Duration::from_secs(run.seconds);
    while Instant::now() < end {
        let number = domes[chance.below(domes.len() as u64) as usize];
        v.hands.write(&number.to_string())?;
        v.hands.tap(Key::Enter)?;
        v.linger(Duration::from_millis(60));
        act(v, &mut chance, found)?;
        found.acts += 1;
        let scene = v.scene();
        if let Some(path) = scene.snapshot.filter(|path| snapshots.insert(path.clone())) {
            found.snapshots_searched += 1;
            found.snapshot_leaked_pixels += script::leaked_in_png(&path)?;
        }
        if found.acts.is_multiple_of(25) {
            v.photograph(&format!("leak-{:04}.png", found.acts))?;
        }
    }
    if !run.copies {
        return Ok(());
    }
    // Back on the wall, whatever was open.
    v.hands.tap(Key::Escape)?;
    v.linger(BREATH);
    let number = domes[0];
    v.hands.write(&number.to_string())?;
    v.hands.tap(Key::Enter)?;
    v.linger(BREATH);
    stand_before_houses(v, &mut chance, found)?;
    let (_, copy) = script::export_of(v, "copia-oscurata", |camera| camera.number == number)?;
    if let Some(obscured) = copy.obscured {
        (found.obscured_shown, found.obscured_parts) = (copy.frames - obscured.whole, obscured.partly);
        found.obscured = Some(copy.path);
    }
    let (_, copy) = script::export_of(v, "copia-originale", |camera| !camera.dome && !camera.masked)?;
    found.exported = Some(copy.path);
    Ok(())
}

/// The selected dome before one house after another, long enough for its recorded positions to show that it stood there,
/// and past each: what the export that follows must cover.
fn stand_before_houses(v: &Visitor<'_>, chance: &mut Chance, found: &mut Found) -> Result<(), StepError> {
    for house in 0..HOUSES {
        preset(v, ANYWHERE + 1 + house, STOOD, found)?;
        let key = if chance.below(2) == 0 { Key::Left } else { Key::Right };
        hold(v, &[key], chance.between(60, 400), found)?;
        watch(v, STOOD, found);
    }
    Ok(())
}

/// Four tiles, a dome on each. Gives their numbers.
fn put_the_domes_on_the_wall(v: &mut Visitor<'_>) -> Result<Vec<u32>, StepError> {
    v.hands.tap(Key::Function(3))?;
    // A tile has a picture when its first frame has come.
    v.until("four tiles with pictures", 60, |scene| {
        scene.layout == Some(Layout::Four) && scene.pictures.len() >= DOMES
    })?;
    let scene = v.scene();
    let domes: Vec<_> = scene.cameras.iter().filter(|camera| camera.dome).take(DOMES).collect();
    if domes.len() < DOMES {
        return Err(StepError::Wrong("the plan has fewer than four domes".into()));
    }
    // The first tiles have the fixed cameras, which come first in the plan; each dome that is missing takes one.
    let shown: Vec<_> = scene.pictures.iter().map(|picture| picture.camera.clone()).collect();
    for dome in domes.iter().filter(|dome| !shown.contains(&dome.id)) {
        let stranger = v.scene().pictures.iter().position(|picture| {
            let planned = scene.cameras.iter().find(|camera| camera.id == picture.camera);
            planned.is_some_and(|camera| !camera.dome)
        });
        let stranger = stranger.ok_or_else(|| StepError::Wrong("no tile is left for a dome".into()))?;
        let rect = v.scene().pictures[stranger].picture;
        v.hands.point(rect.x + rect.width / 2.0, rect.y + rect.height / 2.0)?;
        v.hands.click(1)?;
        v.linger(BREATH);
        v.hands.write(&dome.number.to_string())?;
        v.hands.tap(Key::Enter)?;
        let id = dome.id.clone();
        v.until("the dome on its tile", 30, |scene| {
            scene
                .pictures
                .iter()
                .any(|picture| picture.camera == id && picture.live)
        })?;
    }
    v.until("every dome's pose known", 90, |scene| {
        scene.pictures.iter().filter(|p| p.live && !p.covered).count() >= DOMES
    })?;
    Ok(domes.iter().map(|dome| dome.number).collect())
}

/// One random act on the selected dome.
fn act(v: &mut Visitor<'_>, chance: &mut Chance, found: &mut Found) -> Result<(), StepError> {
    const ARROWS: [Key; 4] = [Key::Left, Key::Right, Key::Up, Key::Down];
    let arrow = |chance: &mut Chance| ARROWS[chance.below(4) as usize];
    match chance.below(26) {
        0..=4 => hold(v, &[arrow(chance)], chance.between(150, 2_500), found),
        5..=6 => {
            let keys = [arrow(chance), arrow(chance)];
            hold(v, &keys, chance.between(150, 1_500), found)
        }
        7..=8 => {
            let zoom = if chance.below(2) == 0 { '+' } else { '-' };
            let keys = [Key::Char(zoom), arrow(chance)];
            hold(v, &keys, chance.between(200, 1_500), found)
        }
        9..=11 => preset(
            v,
            1 + chance.below(ANYWHERE + HOUSES),
            chance.between(100, 1_500),
            found,
        ),
        12..=16 => past_a_house(v, chance, found),
        17..=18 => in_the_picture(v, chance, found, |hands, _| hands.click(1)),
        19 => in_the_picture(v, chance, found, |hands, up| hands.click(if up { 4 } else { 5 })),
        20 => {
            v.hands.tap(Key::Char('s'))?;
            watch(v, BREATH, found);
            Ok(())
        }
        21 => {
            v.hands.tap(Key::Enter)?;
            watch(v, chance.between(500, 1_500), found);
            hold(v, &[arrow(chance)], chance.between(300, 1_200), found)?;
            v.hands.tap(Key::Escape)?;
            watch(v, BREATH, found);
            Ok(())
        }
        // Stand for a while: only then is much of the picture shown.
        _ => {
            v.hands.tap(Key::Space)?;
            watch(v, chance.between(1_000, 5_000), found);
            Ok(())
        }
    }
}

/// To a masked house, sometimes until the dome stands there, and then past it: in one long turn, or slowly, in short steps.
fn past_a_house(v: &Visitor<'_>, chance: &mut Chance, found: &mut Found) -> Result<(), StepError> {
    let house = ANYWHERE + 1 + chance.below(HOUSES);
    preset(v, house, chance.between(300, 5_000), found)?;
    let mut aside = [Key::Left, Key::Right];
    if chance.below(2) == 0 {
        aside.reverse();
    }
    if chance.below(2) == 0 {
        let time = chance.between(400, 2_000);
        return aside.iter().try_for_each(|key| hold(v, &[*key], time, found));
    }
    for key in aside {
        for _ in 0..3 + chance.below(4) {
            hold(v, &[key], chance.between(40, 150), found)?;
            watch(v, chance.between(100, 600), found);
        }
    }
    Ok(())
}

/// Calls a preset of the selected dome: an absolute move at its highest speed.
fn preset(v: &Visitor<'_>, number: u64, time: Duration, found: &mut Found) -> Result<(), StepError> {
    let digit = char::from(b'0' + number.min(9) as u8);
    v.hands.chord(Key::Alt, Key::Char(digit))?;
    watch(v, time, found);
    Ok(())
}

fn hold(v: &Visitor<'_>, keys: &[Key], time: Duration, found: &mut Found) -> Result<(), StepError> {
    let held = keys
        .iter()
        .map(|key| v.hands.hold(*key))
        .collect::<Result<Vec<_>, _>>()?;
    watch(v, time, found);
    drop(held);
    Ok(())
}

/// Lets time go by, and notes what is shown meanwhile.
fn watch(v: &Visitor<'_>, time: Duration, found: &mut Found) {
    let end = Instant::now() + time;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        v.linger(left.min(BETWEEN_LOOKS));
        look(v, found);
        if left <= BETWEEN_LOOKS {
            return;
        }
    }
}

/// Something at a random place of the selected dome's picture.
fn in_the_picture(
    v: &Visitor<'_>,
    chance: &mut Chance,
    found: &mut Found,
    what: impl Fn(&InputInjector<'_>, bool) -> Result<(), crate::screen_capture::EyeError>,
) -> Result<(), StepError> {
    let scene = v.scene();
    let selected = |picture: &&ScenePicture| Some(&picture.camera) == scene.selected.as_ref();
    let Some(picture) = scene.pictures.iter().find(selected) else {
        return Ok(());
    };
    let PixelRect { x, y, width, height } = picture.picture;
    let share = |chance: &mut Chance| 0.1 + 0.8 * chance.below(1_000) as f32 / 1_000.0;
    v.hands.point(x + width * share(chance), y + height * share(chance))?;
    v.linger(Duration::from_millis(80));
    what(&v.hands, chance.below(2) == 0)?;
    watch(v, chance.between(200, 1_200), found);
    Ok(())
}

fn look(v: &Visitor<'_>, found: &mut Found) {
    let scene = v.scene();
    if scene.screen == ScreenName::Playback {
        for picture in &scene.pictures {
            found.played_looks += 1;
            found.played_looks_shown += u64::from(!picture.covered);
            found.played_looks_at_parts += u64::from(picture.cover_parts > 0);
        }
    }
    if !matches!(scene.screen, ScreenName::ControlRoom | ScreenName::FullScreen) {
        return;
    }
    for picture in &scene.pictures {
        found.looks += 1;
        let shown = picture.live && !picture.covered;
        found.looks_shown += u64::from(shown);
        found.looks_at_parts += u64::from(shown && picture.cover_parts > 0);
    }
}
