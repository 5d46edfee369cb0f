//! Colours of the town: 8-bit sRGB with a flat light, packed as BT.709 limited-range Y, Cb, Cr.
//!
//! Invariant: a packed colour is `Y | Cb << 8 | Cr << 16`; the reserved hue is packed unshaded, so that every private
//! window is exactly that hue whatever the sun does.

use crate::domain::reserved_hue;

/// 8-bit sRGB.
pub type Rgb = [u8; 3];

/// BT.709 limited range, packed `Y | Cb << 8 | Cr << 16`.
pub fn pack(rgb: Rgb) -> u32 {
    let [r, g, b] = rgb.map(|channel| f64::from(channel) / 255.0);
    let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let luma = 16.0 + 219.0 * y;
    let cb = 128.0 + 224.0 * (b - y) / 1.8556;
    let cr = 128.0 + 224.0 * (r - y) / 1.5748;
    luma.round() as u32 | (cb.round() as u32) << 8 | (cr.round() as u32) << 16
}

/// The reserved hue, packed.
pub fn reserved() -> u32 {
    pack(reserved_hue::RGB)
}

/// `rgb` in light of strength `light` (1 = as painted).
pub fn lit(rgb: Rgb, light: f64) -> Rgb {
    rgb.map(|channel| (f64::from(channel) * light).round().clamp(0.0, 255.0) as u8)
}

/// How strongly the sun lights a surface with this outward unit normal (east, north, up).
pub fn sunlight(normal: [f32; 3]) -> f64 {
    const SUN: [f64; 3] = [-0.50, -0.62, 0.60];
    let facing: f64 = normal.iter().zip(SUN).map(|(n, s)| f64::from(*n) * s).sum();
    0.76 + 0.26 * facing.max(0.0) + 0.06 * facing.min(0.0)
}

/// Between two colours, `t` from 0 to 1.
pub fn mix(from: Rgb, to: Rgb, t: f64) -> Rgb {
    std::array::from_fn(|i| (f64::from(from[i]) * (1.0 - t) + f64::from(to[i]) * t).round() as u8)
}

/// Plaster of the house fronts.
pub const PLASTER: [Rgb; 8] = [
    [232, 206, 150],
    [222, 184, 120],
    [236, 222, 196],
    [214, 160, 120],
    [226, 196, 168],
    [206, 196, 170],
    [238, 214, 140],
    [200, 172, 132],
];
/// Roof tiles.
pub const ROOF: [Rgb; 4] = [[166, 106, 76], [156, 100, 74], [180, 116, 82], [150, 98, 76]];
/// Closed shutters.
pub const SHUTTER: [Rgb; 4] = [[66, 92, 62], [98, 74, 50], [84, 110, 84], [110, 92, 70]];
/// Glass of offices, shops and the school.
pub const GLASS: Rgb = [98, 114, 112];
/// Car bodies. Whatever is brown or red keeps away from whatever is blue: coded coarsely, two that touch exchange their colour
/// differences, each by itself, and nothing that comes out may near the reserved hue.
pub const CAR: [Rgb; 8] = [
    [236, 236, 232],
    [186, 188, 190],
    [60, 62, 64],
    [148, 104, 52],
    [72, 100, 92],
    [196, 170, 70],
    [88, 120, 92],
    [120, 112, 102],
];
/// Clothes.
pub const CLOTHES: [Rgb; 7] = [
    [62, 71, 70],
    [170, 140, 60],
    [70, 110, 80],
    [146, 98, 70],
    [200, 196, 184],
    [90, 78, 66],
    [54, 98, 88],
];
/// Hair and hats.
pub const HAIR: [Rgb; 4] = [[50, 40, 32], [92, 66, 40], [168, 150, 120], [30, 28, 26]];
pub const SKIN: Rgb = [214, 172, 140];
pub const ASPHALT: Rgb = [86, 87, 88];
pub const PAVEMENT: Rgb = [168, 164, 154];
pub const COBBLE: Rgb = [150, 142, 130];
pub const PAINT: Rgb = [222, 222, 216];
pub const GRASS: Rgb = [112, 134, 76];
pub const MEADOW: Rgb = [128, 142, 90];
pub const HILL: [Rgb; 2] = [[118, 136, 116], [136, 150, 140]];
pub const LEAF: [Rgb; 3] = [[76, 108, 56], [92, 122, 62], [64, 96, 58]];
pub const BARK: Rgb = [96, 76, 58];
pub const STEEL: Rgb = [112, 116, 118];
pub const DARK: Rgb = [36, 36, 38];
pub const SCHOOL: Rgb = [230, 190, 96];
pub const STONE: Rgb = [196, 190, 178];
pub const AWNING: Rgb = [148, 98, 70];
pub const DOOR: Rgb = [92, 66, 46];
pub const SHADE: Rgb = [66, 67, 68];
pub const LAMP_HEAD: Rgb = [240, 228, 180];
/// Amber: red would near the reserved hue beside anything blue.
pub const TAIL_LIGHT: Rgb = [190, 124, 34];
pub const SIGN: Rgb = [50, 98, 80];
/// Sky from the horizon upwards.
pub const SKY: [Rgb; 2] = [[216, 222, 222], [178, 196, 198]];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reserved_hue::is_reserved;

    fn everything() -> Vec<Rgb> {
        let single = [
            GLASS, SKIN, ASPHALT, PAVEMENT, COBBLE, PAINT, GRASS, MEADOW, BARK, STEEL, DARK, SCHOOL, STONE, AWNING,
            DOOR, SHADE, LAMP_HEAD, TAIL_LIGHT, SIGN,
        ];
        [
            &PLASTER[..],
            &ROOF,
            &SHUTTER,
            &CAR,
            &CLOTHES,
            &HAIR,
            &HILL,
            &LEAF,
            &SKY,
            &single,
        ]
        .concat()
    }

    #[test]
    fn no_colour_and_no_blend_of_two_comes_near_the_reserved_hue() {
        let all = everything();
        for a in &all {
            for b in &all {
                for t in [0.0, 0.25, 0.5, 0.75] {
                    for (la, lb) in [(1.0, 1.0), (0.66, 1.0), (1.0, 0.66)] {
                        let [r, g, blue] = mix(lit(*a, la), lit(*b, lb), t).map(i32::from);
                        // Room for the coder: push the pixel towards magenta before asking. Blue goes astray most: its chroma
                        // is coded most coarsely.
                        let pushed = [r + 8, g - 8, blue + 20].map(|c| c.clamp(0, 255) as u8);
                        assert!(!is_reserved(pushed), "{a:?} {b:?} {t}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_exchange_of_colour_differences_between_two_comes_near_the_reserved_hue() {
        /// The error that coding adds, of 255.
        const ASTRAY: f64 = 4.0;
        let differences = |[r, g, b]: Rgb| {
            let [r, g, b] = [r, g, b].map(f64::from);
            let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
            [y, (b - y) / 1.8556, (r - y) / 1.5748]
        };
        let seen = |y: f64, cb: f64, cr: f64| {
            let (r, b) = (y + 1.5748 * cr, y + 1.8556 * cb);
            let g = (y - 0.2126 * r - 0.0722 * b) / 0.7152;
            [r, g, b].map(|channel| channel.round().clamp(0.0, 255.0) as u8)
        };
        let lights = [1.0, 0.86, 0.66];
        let time_strip = [[0; 3], [255; 3]];
        let all: Vec<[f64; 3]> = everything()
            .iter()
            .chain(&time_strip)
            .flat_map(|rgb| lights.map(|light| differences(lit(*rgb, light))))
            .collect();
        let between = |a: f64, b: f64| [a, (a + b) / 2.0, b];
        for a in &all {
            for b in &all {
                for y in between(a[0], b[0]) {
                    for cb in between(a[1], b[1]) {
                        for cr in between(a[2], b[2]) {
                            let rgb = seen(y, cb + ASTRAY, cr + ASTRAY);
                            assert!(!is_reserved(rgb), "{a:?} {b:?} {rgb:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_reserved_hue_packs_to_strong_chroma() {
        let yuv = reserved();
        assert_eq!((yuv & 255, yuv >> 8 & 255, yuv >> 16), (78, 214, 230));
    }
}
