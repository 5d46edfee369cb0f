//! The eye of the benchmark: looks at any program's window, reads the simulator's time codes from its pixels, presses keys.
//!
//! `wall-eye COMMAND --ready sim.json --tiles N [--seams]`, one line of JSON on the standard output. It is the same eye for
//! the client and for its peers: whatever is shown is read from the X server, nothing is asked of the program.
//! Deliberately absent: the programs it looks at, verdicts.

use clap::{Parser, Subcommand};
use serde_json::{Value, json};
use std::error::Error;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use vedetta::domain::wall::Layout;
use vedetta::gui::scene::PixelRect;
use vedetta::gui::widget::wall::{letterbox, tile_rectangle};
use vedetta_check::input_injection::{InputInjector, Key};
use vedetta_check::measure::SimReady;
use vedetta_check::screen_capture::Eye;

/// Time between two looks. A new picture is seen at most this much late.
const BETWEEN_LOOKS: Duration = Duration::from_millis(4);
/// Time between two looks for a key's pixel.
const KEY_LOOKS: Duration = Duration::from_micros(500);
/// The longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// The simulator's ready line
    #[arg(long, global = true, default_value = "sim.json")]
    ready: PathBuf,
    /// How many cameras the wall shows, in the order of the ready line
    #[arg(long, global = true, default_value_t = 16)]
    tiles: usize,
    /// The tiles lie as the client lays them, with seams; otherwise in a plain grid
    #[arg(long, global = true)]
    seams: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Waits until so many of the tiles show a time code
    Wait {
        /// Share of the tiles, 0..1
        #[arg(long, default_value_t = 1.0)]
        share: f32,
    },
    /// Reads time codes for so many seconds: shown frames a second, latency
    Watch { seconds: f32 },
    /// Presses a key (F2 … F11) and measures the time to the first picture of each tile that was empty
    Open { key: u8 },
    /// Presses Tab so many times and measures the time to the frame around the next tile
    Keys { count: u32 },
    /// Presses a function key
    Press { key: u8 },
    /// Saves the window as PNG
    Photo { file: PathBuf },
}

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    let eye = patiently(|| Eye::open().ok()).ok_or("no window on the display")?;
    let answer = match arguments.command {
        Command::Photo { file } => {
            let window = eye.look()?;
            std::fs::write(file, window.to_png()?)?;
            json!({ "leaked_pixels": window.leaked_pixels() })
        }
        Command::Press { key } => {
            InputInjector::on(&eye)?.tap(Key::Function(key))?;
            json!({})
        }
        command => {
            let ready: SimReady = serde_json::from_slice(&std::fs::read(&arguments.ready)?)?;
            let wall = Wall::new(&eye, ready, arguments.tiles, arguments.seams)?;
            match command {
                Command::Wait { share } => wall.wait(share)?,
                Command::Watch { seconds } => wall.watch(Duration::from_secs_f32(seconds))?,
                Command::Open { key } => wall.open(key)?,
                Command::Keys { count } => wall.keys(count)?,
                Command::Photo { .. } | Command::Press { .. } => json!({}),
            }
        }
    };
    println!("{answer}");
    Ok(())
}

/// The wall in the window.
struct Wall<'a> {
    eye: &'a Eye,
    ready: SimReady,
    /// The whole tiles, and the pictures in them.
    tiles: Vec<PixelRect>,
    pictures: Vec<PixelRect>,
}

impl<'a> Wall<'a> {
    fn new(eye: &'a Eye, ready: SimReady, tiles: usize, seams: bool) -> Outcome<Self> {
        let window = eye.look()?;
        let (width, height) = (window.width as f32, window.height as f32);
        let bounds = iced::Rectangle {
            x: 0.0,
            y: 0.0,
            width,
            height,
        };
        let place = |rect: vedetta::domain::wall::Rect| {
            let cell = iced::Rectangle {
                x: rect.x as f32,
                y: rect.y as f32,
                width: rect.width as f32,
                height: rect.height as f32,
            };
            if seams {
                tile_rectangle(bounds, cell)
            } else {
                iced::Rectangle {
                    x: cell.x * width,
                    y: cell.y * height,
                    width: cell.width * width,
                    height: cell.height * height,
                }
            }
        };
        let places = Layout::for_cameras(tiles).rects().into_iter().take(tiles).map(place);
        let (tiles, pictures) = places
            .map(|tile| (pixels(tile), pixels(letterbox(tile, [640, 360]))))
            .unzip();
        Ok(Self {
            eye,
            ready,
            tiles,
            pictures,
        })
    }

    fn codes(&self) -> Outcome<Vec<Option<u32>>> {
        Ok(self.eye.read_timecodes(&self.pictures)?)
    }

    /// Until a share of the tiles shows a time code.
    fn wait(&self, share: f32) -> Outcome<Value> {
        let began = Instant::now();
        let enough = (self.pictures.len() as f32 * share).ceil() as usize;
        let mut seen = 0;
        while began.elapsed() < PATIENCE {
            seen = self.codes()?.iter().flatten().count();
            if seen >= enough {
                return Ok(json!({ "live": seen, "seconds": began.elapsed().as_secs_f32() }));
            }
            pause(Duration::from_millis(20));
        }
        Err(format!("{seen} of {} tiles show a picture", self.pictures.len()).into())
    }

    fn watch(&self, time: Duration) -> Outcome<Value> {
        let began = Instant::now();
        let mut last: Vec<Option<u32>> = vec![None; self.pictures.len()];
        let mut changes = vec![0_u32; self.pictures.len()];
        let mut latencies = Vec::new();
        let mut halves = [Vec::new(), Vec::new()];
        let mut stale = 0_u32;
        let mut looks = 0_u32;
        while began.elapsed() < time {
            let codes = self.codes()?;
            let now_ms = unix_ms();
            looks += 1;
            let second_half = usize::from(began.elapsed() * 2 > time);
            for (i, code) in codes.iter().enumerate() {
                let (Some(code), Some(camera)) = (code, self.ready.cameras.get(i)) else {
                    continue;
                };
                let latency = camera.clock.latency_ms(*code, now_ms);
                stale = stale.max(u32::try_from(latency).unwrap_or(u32::MAX));
                if last[i].is_some_and(|last| last != *code) {
                    changes[i] += 1;
                    latencies.push(latency);
                    halves[second_half].push(latency);
                }
                last[i] = Some(*code);
            }
            pause(BETWEEN_LOOKS);
        }
        let seconds = began.elapsed().as_secs_f32();
        let rates: Vec<f32> = changes.iter().map(|changes| *changes as f32 / seconds).collect();
        let mean = rates.iter().sum::<f32>() / rates.len().max(1) as f32;
        let [first_half, second_half] = halves.map(|half| percentiles(half)["p50"].clone());
        Ok(json!({
            "shown_fps": mean,
            "shown_fps_slowest": rates.iter().copied().fold(f32::INFINITY, f32::min),
            "tiles_seen": last.iter().flatten().count(),
            "latency_ms": percentiles(latencies),
            "latency_ms_first_half_p50": first_half,
            "latency_ms_second_half_p50": second_half,
            "oldest_picture_ms": stale,
            "looks_a_second": looks as f32 / seconds,
        }))
    }

    /// The tiles that show no picture before the key are the ones that it opens.
    fn open(&self, key: u8) -> Outcome<Value> {
        let before = self.codes()?;
        let hands = InputInjector::on(self.eye)?;
        let began = Instant::now();
        hands.tap(Key::Function(key))?;
        let mut first: Vec<Option<i64>> = vec![None; self.pictures.len()];
        while began.elapsed() < PATIENCE {
            let codes = self.codes()?;
            let at = began.elapsed().as_millis() as i64;
            for (i, code) in codes.iter().enumerate() {
                if before[i].is_none() && code.is_some() {
                    first[i].get_or_insert(at);
                }
            }
            if codes.iter().all(Option::is_some) {
                let opened: Vec<i64> = first.into_iter().flatten().collect();
                return Ok(json!({ "opened": opened.len(), "first_picture_ms": percentiles(opened) }));
            }
            pause(BETWEEN_LOOKS);
        }
        Err("not every tile showed a picture".into())
    }

    /// Tab puts the frame around the next tile: the time until the pixel at its upper edge has the frame's colour.
    fn keys(&self, count: u32) -> Outcome<Value> {
        let hands = InputInjector::on(self.eye)?;
        let mut times = Vec::new();
        let mut at = self.selected()?;
        for n in 0..count {
            let next = (at + 1) % self.tiles.len();
            let began = Instant::now();
            hands.tap(Key::Tab)?;
            while !self.framed(next)? {
                if began.elapsed() > PATIENCE {
                    return Err("the frame did not move".into());
                }
                pause(KEY_LOOKS);
            }
            times.push(began.elapsed().as_millis() as i64);
            at = next;
            // Keys fall anywhere between two drawings.
            pause(Duration::from_millis(83 + u64::from(n * 37 % 61)));
        }
        Ok(json!({ "key_to_pixel_ms": percentiles(times) }))
    }

    fn selected(&self) -> Outcome<usize> {
        for tile in 0..self.tiles.len() {
            if self.framed(tile)? {
                return Ok(tile);
            }
        }
        Err("no tile is selected".into())
    }

    /// Whether the keyboard's frame is around a tile.
    fn framed(&self, tile: usize) -> Outcome<bool> {
        let accent = vedetta::gui::theme::ACCENT.into_rgba8();
        let rect = self.tiles[tile];
        let [red, green, blue] = self.eye.pixel(rect.x + rect.width / 2.0, rect.y)?;
        let near = |a: u8, b: u8| a.abs_diff(b) <= 24;
        Ok(near(red, accent[0]) && near(green, accent[1]) && near(blue, accent[2]))
    }
}

fn pixels(rect: iced::Rectangle) -> PixelRect {
    PixelRect {
        x: rect.x,
        y: rect.y,
        width: rect.width,
        height: rect.height,
    }
}

/// Nearest-rank percentiles.
fn percentiles(mut values: Vec<i64>) -> Value {
    values.sort_unstable();
    let at = |percent: usize| {
        let rank = (values.len() * percent).div_ceil(100).max(1);
        values.get(rank - 1).copied()
    };
    json!({ "p50": at(50), "p99": at(99), "max": at(100), "count": values.len() })
}

/// Tries until it works or patience ends.
fn patiently<T>(mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    loop {
        let found = attempt();
        if found.is_some() || began.elapsed() > PATIENCE {
            return found;
        }
        pause(Duration::from_millis(100));
    }
}

/// Lets time go by.
fn pause(time: Duration) {
    let (_keep, never) = channel::<()>();
    // Nobody sends: this returns when the time is over.
    let _ = never.recv_timeout(time);
}

fn unix_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}
