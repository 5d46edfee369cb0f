//! A path of a tile and an entry bundle.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedetta_fuzz::domain::audit::tile::{Tile, bundle, unbundle};

fuzz_target!(|data: &[u8]| {
    if let Ok(leaves) = unbundle(data) {
        assert_eq!(bundle(leaves), data);
    }
    if let Ok(path) = std::str::from_utf8(data)
        && let Ok(tile) = path.parse::<Tile>()
    {
        assert_eq!(tile.to_string(), path);
    }
});
