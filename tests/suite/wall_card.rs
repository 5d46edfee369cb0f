//! The wall as a graphics card draws it, on whatever adapter there is.
//!
//! Deliberately absent: figures; `cargo run -p vedetta-check --example wall-card` measures with the same drawing.

#[path = "../../benches/wall/card/checks.rs"]
mod checks;
#[path = "../../benches/wall/card/frames.rs"]
mod frames;
#[path = "../../benches/wall/card/scene.rs"]
mod scene;
#[path = "../../benches/wall/card/stage.rs"]
mod stage;

use stage::Stage;

fn stage() -> Stage {
    let stage = Stage::open().unwrap();
    eprintln!("drawn by {:?}", stage.adapters());
    stage
}

#[test]
fn flat_pictures_have_the_colours_of_their_samples_on_a_card() {
    checks::known_colours(&mut stage()).unwrap();
}

#[test]
fn a_card_draws_what_the_processor_paints() {
    checks::as_painted(&mut stage()).unwrap();
}

#[test]
fn r_prv_1_a_card_shows_nothing_of_what_is_masked_at_any_size_and_scale() {
    checks::masks_hide(&mut stage()).unwrap();
}

#[test]
fn textures_follow_the_tiles_and_their_resolution() {
    checks::textures_follow(&mut stage()).unwrap();
}
