//! The hue that only private windows of the simulated town have, and that the interface never uses,
//! so that a leak can be counted in any picture: magenta.
//!
//! Deliberately absent: pictures; callers pass pixels.

/// The colour the town paints on what must not be seen: full magenta, 8-bit sRGB.
pub const RGB: [u8; 3] = [255, 0, 255];

/// Whether an 8-bit sRGB pixel shows the reserved hue, with room for chroma subsampling, quantisation and
/// scaling: hue within 30° of magenta, clearly saturated, not near black. Everything else in the town and in the
/// interface keeps out of this region.
pub fn is_reserved(rgb: [u8; 3]) -> bool {
    let [r, g, b] = rgb.map(i32::from);
    let high = r.max(b);
    let low_of_pair = r.min(b);
    // Hue within 30° of magenta: red and blue both high, the lesser of them at least half-way above green.
    high >= 96 && g <= low_of_pair && 2 * (low_of_pair - g) >= high - g && (high - g) * 100 >= high * 45
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magenta_and_its_compressed_shades_are_reserved() {
        for rgb in [[255, 0, 255], [230, 40, 220], [200, 60, 170], [150, 20, 160]] {
            assert!(is_reserved(rgb), "{rgb:?}");
        }
    }

    #[test]
    fn town_and_interface_colours_are_not() {
        for rgb in [
            [255, 255, 255],
            [0, 0, 0],
            [200, 30, 30],
            [60, 90, 220],
            [230, 170, 30],
            [150, 130, 150],
            [90, 140, 70],
        ] {
            assert!(!is_reserved(rgb), "{rgb:?}");
        }
    }
}
