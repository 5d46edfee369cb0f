//! What drawing a wall costs the processor where a graphics card draws.
//!
//! Invariant: every tile has a new frame in every drawing. Deliberately absent: reading anything back.

use super::frames::{Kind, Picture, street};
use super::processor;
use super::scene::Scene;
use super::stage::{Screen, Stage};
use iced::wgpu;
use serde_json::{Value, json};
use std::error::Error;
use std::time::{Duration, Instant};
use vedetta::domain::privacy::{Cover, CoverStyle, Polygon};
use vedetta::gui::widget::wall::Face;
use vedetta::media::frame::Frame;

/// Drawings that are measured, one way and the other.
const DRAWINGS: usize = 300;
/// Drawings before, which make textures and fill caches.
const BEFORE: usize = 20;
/// The beat of cameras.
const BEAT: Duration = Duration::from_millis(40);
/// Pictures that each tile shows in turn.
const TURNS: usize = 2;
/// Textures that are drawn into in turn, as a window has them.
const TARGETS: usize = 3;

/// What a camera sends for a tile of a wall of many.
const SIZE: [usize; 2] = [640, 360];

/// A wall as it is in service: a name, a place and a clock on every tile.
fn in_service(tile: usize) -> Face {
    Face {
        title: format!("{:02} Piazza Grande", tile + 1),
        place: "Centro storico".to_owned(),
        time: "12:34:56".to_owned(),
        selected: tile == 0,
        focused: true,
        ..Face::default()
    }
}

/// The cover of a tile in drawing `number`: it moves, and its style is one of three.
fn cover(tile: usize, number: usize) -> Cover {
    let styles = [CoverStyle::Solid, CoverStyle::Pixelated, CoverStyle::Blurred];
    let x = 0.1 + 0.4 * (number % 100) as f32 / 100.0;
    Cover::Parts(vec![Polygon {
        points: vec![[x, 0.3], [x + 0.3, 0.25], [x + 0.35, 0.7], [x + 0.1, 0.6]],
        style: styles[tile % styles.len()],
        band: false,
    }])
}

/// A wall and its pictures.
pub struct Wall {
    scene: Scene,
    screen: Screen,
    pictures: Vec<[Picture; TURNS]>,
}

impl Wall {
    /// So many tiles on this screen.
    pub fn new(tiles: usize, screen: Screen) -> Wall {
        let kinds: Vec<Kind> = Kind::all().collect();
        let picture = |tile: usize, turn| Picture::new(kinds[tile % kinds.len()], SIZE, street(SIZE, tile + turn));
        Wall {
            scene: Scene::new(tiles, in_service),
            screen,
            pictures: (0..tiles)
                .map(|tile| std::array::from_fn(|turn| picture(tile, turn)))
                .collect(),
        }
    }

    /// Bytes that one drawing brings to the card.
    fn bytes(&self) -> usize {
        let size = |frame: Frame| {
            frame
                .planes
                .iter()
                .map(|plane| plane.rows * plane.row_bytes)
                .sum::<usize>()
        };
        self.pictures.iter().map(|[first, ..]| size(first.frame(1))).sum()
    }

    fn give(&self, number: usize) {
        for (tile, (slot, pictures)) in self.scene.slots().zip(&self.pictures).enumerate() {
            slot.put(pictures[number % TURNS].frame(number as u64), cover(tile, number));
        }
    }

    /// Draws it as fast as it goes, each drawing done before the next; then at the cameras' beat.
    pub fn measure(&self, stage: &mut Stage) -> Result<Value, Box<dyn Error>> {
        let Screen { width, height, .. } = self.screen;
        let views: Vec<wgpu::TextureView> = (0..TARGETS).map(|_| stage.target(self.screen)).collect();
        self.give(0);
        let set = stage.set(&self.scene, self.screen);
        let mut number = 0;
        let mut draw = |stage: &mut Stage| {
            number += 1;
            self.give(number);
            stage.draw(&set, &views[number % TARGETS])
        };
        for _ in 0..BEFORE {
            let drawn = draw(stage);
            stage.wait(Some(drawn))?;
        }
        let (cpu, began) = (processor::seconds()?, Instant::now());
        let mut longest = Duration::ZERO;
        for _ in 0..DRAWINGS {
            let one = Instant::now();
            let drawn = draw(stage);
            stage.wait(Some(drawn))?;
            longest = longest.max(one.elapsed());
        }
        let (cpu_fast, fast) = (processor::seconds()? - cpu, began.elapsed());
        let (cpu, began) = (processor::seconds()?, Instant::now());
        let mut late = 0;
        let mut before = None;
        for beat in 1..=DRAWINGS {
            let drawn = draw(stage);
            if let Some(before) = before.replace(drawn) {
                stage.wait(Some(before))?;
            }
            let due = began + BEAT * beat as u32;
            late += usize::from(Instant::now() > due);
            std::thread::park_timeout(due.saturating_duration_since(Instant::now()));
        }
        let (cpu_paced, paced) = (processor::seconds()? - cpu, began.elapsed());
        let drawings = DRAWINGS as f64;
        Ok(json!({
            "tiles": self.pictures.len(),
            "width": width,
            "height": height,
            "drawings": DRAWINGS,
            "bytes_uploaded_per_drawing": self.bytes(),
            "as_fast_as_it_goes": {
                "wall_clock_ms_per_drawing": fast.as_secs_f64() * 1000.0 / drawings,
                "longest_ms": longest.as_secs_f64() * 1000.0,
                "cpu_ms_per_drawing": cpu_fast * 1000.0 / drawings,
            },
            "at_25_a_second": {
                "cpu_ms_per_drawing": cpu_paced * 1000.0 / drawings,
                "cores": cpu_paced / paced.as_secs_f64(),
                "drawings_a_second": drawings / paced.as_secs_f64(),
                "late": late,
            },
        }))
    }

    /// The wall as a picture, in PNG.
    pub fn portrait(&self, stage: &mut Stage) -> Result<Vec<u8>, Box<dyn Error>> {
        self.give(1);
        let set = stage.set(&self.scene, self.screen);
        let pixels = stage.pixels(&set);
        let mut bytes = Vec::new();
        let mut png = png::Encoder::new(&mut bytes, self.screen.width, self.screen.height);
        png.set_color(png::ColorType::Rgba);
        png.write_header()?.write_image_data(&pixels)?;
        Ok(bytes)
    }
}
