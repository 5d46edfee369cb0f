//! The order of the tour: what an officer does in an hour, in three minutes.
//!
//! Invariant: each step waits for what a person would wait to see. Deliberately absent: how waiting and looking work.

use crate::driver::{StepError, Visitor};
use crate::input_injection::Key;
use crate::measure::SimReady;
use crate::report::check_export;
use secrecy::{ExposeSecret, SecretString};
use std::path::Path;
use std::time::Duration;
use vedetta::domain::wall::Layout;
use vedetta::gui::scene::{PixelRect, Scene, SceneCamera, ScenePicture, ScreenName};
use vedetta::sim::reserved_hue;
use vedetta::station::Exported;

/// Who walks the tour.
pub struct Guest {
    pub user: String,
    pub password: SecretString,
}

/// What the tour needs to know beforehand.
pub struct Visit {
    pub operator: Guest,
    pub maintainer: Guest,
    pub ready: SimReady,
}

/// How long time codes are read off the screen.
const MEASURED: Duration = Duration::from_secs(12);
/// From an act to its pixels.
const BREATH: Duration = Duration::from_millis(500);
/// How long a dome is turned in each direction.
const TURNED: Duration = Duration::from_secs(3);
/// An obscured copy of a minute is coded anew, beside everything else on the machine. Seconds.
const EXPORTED_S: u64 = 240;
/// A short turn, and the rest after each turn.
const SHORT_TURN: Duration = Duration::from_millis(300);
const REST: Duration = Duration::from_millis(1_200);

/// Walks the whole tour. Later steps go on when an earlier one failed, so that a report says as much as it can.
pub fn walk(visitor: &mut Visitor<'_>, visit: &Visit) {
    visitor.step("accesso-rifiutato", |v| refused_sign_in(v, &visit.operator));
    if !visitor.step("accesso", |v| sign_in_again(v, &visit.operator)) {
        return;
    }
    visitor.step("parete", |v| fill_the_wall(v, visit.ready.cameras.len()));
    visitor.step("misura", |v| measure(v, &visit.ready));
    visitor.step("trascinamento", carry_a_camera);
    visitor.step("doppio-clic", open_with_the_mouse);
    visitor.step("disposizioni", go_through_the_layouts);
    visitor.step("schermo-intero", open_full_screen);
    visitor.step("brandeggio", turn_the_dome);
    visitor.step("limite-di-zoom", zoom_to_the_ceiling);
    visitor.step("fotografia", take_a_snapshot);
    visitor.step("riproduzione", play_back);
    visitor.step("esportazione", export);
    visitor.step("aiuto", show_the_keys);
    visitor.step("uscita", sign_out);
    visitor.step("manutentore", |v| diagnose(v, &visit.maintainer));
    visitor.step("uscita-manutentore", sign_out);
}

fn refused_sign_in(v: &mut Visitor<'_>, guest: &Guest) -> Result<String, StepError> {
    v.until("the sign-in screen", 30, |scene| scene.screen == ScreenName::SignIn)?;
    v.hands.write(&guest.user)?;
    v.next_field()?;
    v.hands.write("password-sbagliata")?;
    v.hands.tap(Key::Enter)?;
    let scene = v.until("the refusal", 20, |scene| !scene.notices.is_empty())?;
    Ok(scene.notices.first().cloned().unwrap_or_default())
}

/// The second try of the same person: the name is still there, the password is asked again.
fn sign_in_again(v: &mut Visitor<'_>, guest: &Guest) -> Result<String, StepError> {
    v.hands.write(guest.password.expose_secret())?;
    v.hands.tap(Key::Enter)?;
    let scene = v.until("the wall", 30, |scene| scene.screen == ScreenName::ControlRoom)?;
    Ok(scene.person.unwrap_or_default())
}

/// Function keys of the even layouts, smallest first.
fn wall_keys() -> [(u8, Layout); 7] {
    [
        (2, Layout::One),
        (3, Layout::Four),
        (4, Layout::Nine),
        (5, Layout::Sixteen),
        (7, Layout::TwentyFive),
        (8, Layout::ThirtySix),
        (9, Layout::SixtyFour),
    ]
}

fn fill_the_wall(v: &mut Visitor<'_>, cameras: usize) -> Result<String, StepError> {
    let enough = wall_keys().into_iter().find(|(_, layout)| layout.tiles() >= cameras);
    let (key, _) = enough.unwrap_or((9, Layout::SixtyFour));
    v.hands.tap(Key::Function(key))?;
    let shown = cameras.min(64);
    let live = move |scene: &Scene| scene.pictures.iter().filter(|p| p.live && !p.covered).count() >= shown;
    let scene = v.until("every tile live and every dome's pose known", 90, live)?;
    Ok(format!("{} tiles live", scene.pictures.len()))
}

fn measure(v: &mut Visitor<'_>, ready: &SimReady) -> Result<String, StepError> {
    v.leaks.rarely(true);
    let measure = v.measure(ready, MEASURED);
    v.leaks.rarely(false);
    let measure = measure?;
    let scene = v.scene();
    let tiles: Vec<_> = scene
        .pictures
        .iter()
        .map(|p| measure.figures(&p.camera, p.received_fps))
        .collect();
    let unread = tiles.iter().filter(|tile| tile.latency_ms_p50.is_none()).count();
    let slowest = tiles.iter().map(|tile| tile.fps_shown).fold(f64::INFINITY, f64::min);
    v.report.tiles = tiles;
    if unread > 0 {
        return Err(StepError::Wrong(format!("{unread} tiles showed no readable time code")));
    }
    Ok(format!(
        "slowest tile {slowest:.1} fps shown over {} s",
        MEASURED.as_secs()
    ))
}

/// Goes to a camera by its number.
fn go_to(v: &mut Visitor<'_>, wanted: impl Fn(&SceneCamera) -> bool) -> Result<SceneCamera, StepError> {
    let scene = v.scene();
    let camera = scene.cameras.iter().find(|camera| wanted(camera)).cloned();
    let camera = camera.ok_or_else(|| StepError::Wrong("the plan has no such camera".into()))?;
    v.hands.write(&camera.number.to_string())?;
    v.hands.tap(Key::Enter)?;
    let id = camera.id.clone();
    v.until("the camera to be selected", 10, |scene| {
        scene.selected.as_ref() == Some(&id)
    })?;
    Ok(camera)
}

fn open_full_screen(v: &mut Visitor<'_>) -> Result<String, StepError> {
    let dome = go_to(v, |camera| camera.dome && camera.masked)?;
    v.hands.tap(Key::Enter)?;
    v.until("the dome on the full screen", 20, |scene| {
        scene.screen == ScreenName::FullScreen && scene.pictures.iter().any(|p| p.live && !p.covered)
    })?;
    Ok(dome.id.to_string())
}

/// Carries a camera from the list onto the second tile, and puts the old one back.
fn carry_a_camera(v: &mut Visitor<'_>) -> Result<String, StepError> {
    let nothing = || StepError::Wrong("nothing to carry a camera between".into());
    let scene = v.scene();
    let target = scene.pictures.get(1).cloned().ok_or_else(nothing)?;
    let others: Vec<_> = scene.listed.iter().filter(|(id, _)| *id != target.camera).collect();
    let (camera, line) = others.first().copied().cloned().ok_or_else(nothing)?;
    let middle = |rect: &PixelRect| (rect.x + rect.width / 2.0, rect.y + rect.height / 2.0);
    let (to_x, to_y) = middle(&target.picture);
    for (carried, from) in [(&camera, Some(line)), (&target.camera, None)] {
        let listed = v.scene().listed;
        let home = listed.iter().find(|(id, _)| id == carried).map(|(_, rect)| *rect);
        let (x, y) = middle(&from.or(home).ok_or_else(nothing)?);
        v.hands.point(x, y)?;
        v.linger(BREATH);
        // The program takes what happens between two drawings as one: a hand is slower than that.
        v.hands.grab()?;
        v.linger(BREATH);
        v.hands.point(to_x, to_y)?;
        v.linger(BREATH);
        if *carried == camera {
            v.photograph("trascinamento-in-corso.png")?;
        }
        v.hands.let_go()?;
        v.until("the camera on the tile it was carried to", 20, |scene| {
            let second = |p: &&ScenePicture| p.picture.x == target.picture.x && p.picture.y == target.picture.y;
            scene
                .pictures
                .iter()
                .find(second)
                .is_some_and(|p| p.camera == *carried && p.live)
        })?;
    }
    Ok(format!("{camera} onto the tile of {}, and back", target.camera))
}

fn open_with_the_mouse(v: &mut Visitor<'_>) -> Result<String, StepError> {
    let first = v.scene().pictures.first().cloned();
    let first = first.ok_or_else(|| StepError::Wrong("no tile to click".into()))?;
    let rect = first.picture;
    v.hands.point(rect.x + rect.width / 2.0, rect.y + rect.height / 2.0)?;
    v.hands.click(1)?;
    v.hands.click(1)?;
    v.until("the camera on the full screen", 20, |scene| {
        scene.screen == ScreenName::FullScreen && scene.pictures.iter().any(|p| p.camera == first.camera && p.live)
    })?;
    v.linger(BREATH);
    v.photograph("doppio-clic-schermo-intero.png")?;
    v.hands.tap(Key::Escape)?;
    v.until("the wall", 20, |scene| scene.screen == ScreenName::ControlRoom)?;
    Ok(first.camera.to_string())
}

fn go_through_the_layouts(v: &mut Visitor<'_>) -> Result<String, StepError> {
    let before = v.scene().layout;
    let keys = [
        (2, Layout::One),
        (3, Layout::Four),
        (4, Layout::Nine),
        (10, Layout::OneLarge),
    ];
    for (key, layout) in keys {
        let shown = v.scene().cameras.len().min(layout.tiles());
        v.hands.tap(Key::Function(key))?;
        v.until("the wall divided anew", 30, |scene| {
            scene.layout == Some(layout) && scene.pictures.iter().filter(|p| p.live).count() >= shown
        })?;
        v.linger(BREATH);
        v.photograph(&format!("disposizione-f{key}.png"))?;
    }
    let back = wall_keys().into_iter().find(|(_, layout)| Some(*layout) == before);
    if let Some((key, layout)) = back {
        v.hands.tap(Key::Function(key))?;
        v.until("the wall as before", 20, |scene| scene.layout == Some(layout))?;
    }
    Ok("F2, F3, F4, F10".into())
}

/// Calls the first preset of the selected dome and waits until it is still.
fn call_first_preset(v: &mut Visitor<'_>) -> Result<(), StepError> {
    // A gesture that has just ended still stops the dome for a moment.
    v.linger(TURNED / 2);
    v.hands.chord(Key::Alt, Key::Char('1'))?;
    // Until the dome begins to move there is nothing that tells it from one that has arrived.
    v.linger(TURNED / 2);
    v.until("the dome to be still", 30, |scene| {
        scene.pictures.iter().any(|p| p.live && !p.covered)
    })?;
    v.linger(BREATH);
    Ok(())
}

fn turn_the_dome(v: &mut Visitor<'_>) -> Result<String, StepError> {
    call_first_preset(v)?;
    let before = v.leaks.so_far();
    let mut most_covers = 0;
    // Long turns at full speed, then a look around in short ones, with a rest after each.
    let long = [
        (Key::Right, TURNED),
        (Key::Left, TURNED),
        (Key::Left, TURNED),
        (Key::Right, TURNED),
    ];
    let short = [(Key::Right, SHORT_TURN); 8];
    for (key, time) in long.into_iter().chain([(Key::Down, SHORT_TURN)]).chain(short) {
        let held = v.hands.hold(key)?;
        v.linger(time);
        drop(held);
        v.linger(REST);
        let now = v.scene().pictures.iter().map(|p| p.cover_parts).max().unwrap_or(0);
        if now > most_covers {
            most_covers = now;
            v.photograph("brandeggio-in-corso.png")?;
        }
    }
    call_first_preset(v)?;
    v.until("the dome to be still", 20, |scene| {
        scene.pictures.iter().any(|p| p.live && !p.covered)
    })?;
    let after = v.leaks.so_far();
    let (frames, pixels) = (
        after.frames_searched - before.frames_searched,
        after.leaked_pixels - before.leaked_pixels,
    );
    if most_covers == 0 {
        return Err(StepError::Wrong("the dome never passed a masked place".into()));
    }
    if pixels > 0 {
        return Err(StepError::Wrong(format!("{pixels} pixels leaked in {frames} pictures")));
    }
    Ok(format!(
        "{frames} pictures searched while turning, up to {most_covers} polygons of cover, nothing leaked"
    ))
}

fn zoom_to_the_ceiling(v: &mut Visitor<'_>) -> Result<String, StepError> {
    let held = v.hands.hold(Key::Char('+'))?;
    let refused = v.until("the refusal at the ceiling", 40, |scene| scene.refused_at_ceiling);
    drop(held);
    let scene = refused?;
    let at = scene
        .magnification
        .map_or_else(String::new, |times| format!(" at {times:.1}×"));
    Ok(format!("{}{at}", scene.notices.first().cloned().unwrap_or_default()))
}

fn take_a_snapshot(v: &mut Visitor<'_>) -> Result<String, StepError> {
    let held = v.hands.hold(Key::Char('-'))?;
    v.linger(TURNED);
    drop(held);
    v.until("a picture that may be saved", 20, |scene| {
        scene.pictures.iter().any(|p| p.live && !p.covered)
    })?;
    v.hands.tap(Key::Char('s'))?;
    let scene = v.until("the snapshot's file", 20, |scene| scene.snapshot.is_some())?;
    let path = scene.snapshot.ok_or_else(|| StepError::Wrong("no file".into()))?;
    let leaked = leaked_in_png(&path)?;
    v.report.leak.frames_searched += 1;
    v.report.leak.leaked_pixels += leaked;
    if leaked > 0 {
        return Err(StepError::Wrong(format!("{leaked} pixels leaked into the snapshot")));
    }
    Ok(path.display().to_string())
}

/// Pixels of the reserved hue in a PNG.
pub(super) fn leaked_in_png(path: &Path) -> Result<u64, StepError> {
    let bad = |error: png::DecodingError| StepError::Wrong(format!("the snapshot is not a picture: {error}"));
    let file = std::io::BufReader::new(std::fs::File::open(path)?);
    let mut reader = png::Decoder::new(file).read_info().map_err(bad)?;
    let size = reader
        .output_buffer_size()
        .ok_or_else(|| StepError::Wrong("the snapshot has no size".into()))?;
    let mut pixels = vec![0; size];
    let info = reader.next_frame(&mut pixels).map_err(bad)?;
    let step = info.color_type.samples();
    let reserved = |pixel: &&[u8]| matches!(pixel, [r, g, b, ..] if reserved_hue::is_reserved([*r, *g, *b]));
    Ok(pixels.chunks_exact(step).filter(reserved).count() as u64)
}

fn play_back(v: &mut Visitor<'_>) -> Result<String, StepError> {
    v.hands.tap(Key::Escape)?;
    v.until("the wall", 20, |scene| scene.screen == ScreenName::ControlRoom)?;
    let camera = go_to(v, |camera| !camera.dome)?;
    v.hands.tap(Key::Char('p'))?;
    let scene = v.until("a played picture", 40, |scene| {
        scene.screen == ScreenName::Playback && scene.playback_ms.is_some()
    })?;
    let start = scene.playback_ms.unwrap_or_default();
    let scene = v.until("two seconds of playback", 30, |scene| {
        scene.playback_ms.is_some_and(|ms| ms >= start + 2_000)
    })?;
    let played = scene.playback_ms.unwrap_or_default() - start;
    v.photograph("riproduzione-in-corso.png")?;
    v.hands.tap(Key::Escape)?;
    v.until("the wall", 20, |scene| scene.screen == ScreenName::ControlRoom)?;
    Ok(format!("{} played for {played} ms of recording", camera.id))
}

/// Signs in on the sign-in screen.
pub(super) fn sign_in(v: &mut Visitor<'_>, guest: &Guest) -> Result<(), StepError> {
    v.until("the sign-in screen", 30, |scene| scene.screen == ScreenName::SignIn)?;
    v.hands.write(&guest.user)?;
    v.next_field()?;
    v.hands.write(guest.password.expose_secret())?;
    v.hands.tap(Key::Enter)?;
    v.until("the wall", 30, |scene| scene.screen == ScreenName::ControlRoom)?;
    Ok(())
}

/// Exports the last minute of a camera without masks.
fn export(v: &mut Visitor<'_>) -> Result<String, StepError> {
    let (camera, _) = export_of(v, "esportazione", |camera| !camera.dome && !camera.masked)?;
    Ok(format!("{}: {} frames", camera.id, v.report.export.frames))
}

/// Exports the last minute of a camera. An obscured copy takes its time: every picture is coded anew.
pub(super) fn export_of(
    v: &mut Visitor<'_>,
    picture: &str,
    wanted: impl Fn(&SceneCamera) -> bool,
) -> Result<(SceneCamera, Exported), StepError> {
    let camera = go_to(v, wanted)?;
    v.hands.tap(Key::Char('e'))?;
    v.until("the export form", 10, |scene| scene.screen == ScreenName::Export)?;
    // From, to and purpose stay as proposed; the reason is the fourth field.
    for _ in 0..3 {
        v.next_field()?;
    }
    v.hands.write("danneggiamento in piazza")?;
    v.next_field()?;
    v.hands.write("123-2026")?;
    v.photograph(&format!("{picture}-modulo.png"))?;
    v.hands.tap(Key::Enter)?;
    let scene = v.until("the exported file", EXPORTED_S, |scene| scene.exported.is_some())?;
    let exported = scene.exported.ok_or_else(|| StepError::Wrong("no file".into()))?;
    let check = check_export(&exported.path, &exported.sha256)?;
    v.linger(BREATH);
    v.photograph(&format!("{picture}-finita.png"))?;
    v.hands.tap(Key::Escape)?;
    if !check.verified {
        return Err(StepError::Wrong(format!("{} does not verify", exported.path.display())));
    }
    v.report.export = check;
    Ok((camera, exported))
}

fn show_the_keys(v: &mut Visitor<'_>) -> Result<String, StepError> {
    v.until("the wall", 20, |scene| scene.screen == ScreenName::ControlRoom)?;
    v.hands.tap(Key::Function(1))?;
    v.linger(Duration::from_secs(1));
    v.photograph("aiuto-tasti.png")?;
    v.hands.tap(Key::Escape)?;
    Ok("F1".into())
}

fn sign_out(v: &mut Visitor<'_>) -> Result<String, StepError> {
    v.hands.chord(Key::Control, Key::Char('q'))?;
    let scene = v.until("the sign-in screen", 30, |scene| {
        scene.screen == ScreenName::SignIn && scene.delivery.is_some()
    })?;
    let delivery = scene.delivery.ok_or_else(|| StepError::Wrong("no delivery".into()))?;
    v.report.events = (&delivery).into();
    if delivery.verified < delivery.written {
        return Err(StepError::Wrong(format!("not every event is verified: {delivery:?}")));
    }
    Ok(format!("{} events written, all verified", delivery.written))
}

fn diagnose(v: &mut Visitor<'_>, guest: &Guest) -> Result<String, StepError> {
    v.until("the sign-in screen", 30, |scene| scene.screen == ScreenName::SignIn)?;
    v.hands.write(&guest.user)?;
    v.next_field()?;
    v.hands.write(guest.password.expose_secret())?;
    v.hands.tap(Key::Enter)?;
    v.until("the diagnostic screen", 30, |scene| {
        scene.screen == ScreenName::Diagnostics
    })?;
    let scene = v.until("a figure of every camera", 60, |scene| {
        scene.planned > 0 && scene.diagnosed >= scene.planned
    })?;
    if !scene.pictures.is_empty() {
        return Err(StepError::Wrong("the maintainer's screen has a picture".into()));
    }
    Ok(format!("{} cameras diagnosed, no picture", scene.diagnosed))
}
