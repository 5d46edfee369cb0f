//! The wall drawn by a graphics card, without a window: is it right, and what does it cost the processor.
//!
//! `wall-card [FOLDER]` looks at the drawing on the adapter that wgpu finds, measures it, prints one JSON object, and puts pictures
//! of the walls into the folder. Its checks are a test too (`tests/suite/wall_card.rs`), on whatever adapter there is.
//! Deliberately absent: showing the wall (no window system takes part), decoding.

mod checks;
mod frames;
mod measure;
#[path = "../processor.rs"]
mod processor;
mod scene;
mod stage;

use iced::wgpu::AdapterInfo;
use measure::Wall;
use serde_json::{Value, json};
use stage::{Screen, Stage};
use std::error::Error;
use std::fmt::Debug;
use std::path::PathBuf;

/// Tiles, width and height of the walls that are measured.
const WALLS: [(usize, u32, u32); 4] = [(16, 1920, 1080), (36, 1920, 1080), (64, 1920, 1080), (64, 3840, 2160)];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).map(PathBuf::from);
    let mut stage = Stage::open()?;
    let (adapter, adapters) = stage.adapters();
    let (adapter, adapters) = (described(adapter), adapters.iter().map(described).collect::<Vec<_>>());
    eprintln!("draws: {adapter}");
    let checks = json!({
        "known_colours": told(checks::known_colours(&mut stage)),
        "as_painted": told(checks::as_painted(&mut stage)),
        "masks_hide": told(checks::masks_hide(&mut stage)),
        "textures_follow": told(checks::textures_follow(&mut stage)),
    });
    eprintln!("checks: {checks}");
    let mut figures = Vec::new();
    for (tiles, width, height) in WALLS {
        let screen = Screen {
            width,
            height,
            scale: 1.0,
        };
        let wall = Wall::new(tiles, screen);
        let measured = wall.measure(&mut stage)?;
        eprintln!("{measured}");
        figures.push(measured);
        if let Some(folder) = &folder {
            let file = folder.join(format!("wall-{tiles}-{height}.png"));
            std::fs::write(file, wall.portrait(&mut stage)?)?;
        }
    }
    println!(
        "{}",
        json!({
            "adapter": adapter,
            "adapters": adapters,
            "checks": checks,
            "walls": figures,
        })
    );
    Ok(())
}

fn described(adapter: &AdapterInfo) -> Value {
    json!({
        "name": adapter.name,
        "backend": adapter.backend.to_string(),
        "type": format!("{:?}", adapter.device_type),
        "driver": format!("{} {}", adapter.driver, adapter.driver_info),
    })
}

/// What a check found, as words.
fn told<T: Debug>(outcome: Result<T, Box<dyn Error>>) -> String {
    match outcome {
        Ok(found) => format!("holds {found:?}"),
        Err(error) => format!("FAILS: {error}"),
    }
}
