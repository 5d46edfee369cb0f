//! Lays what the interface drew over the pixels of a picture.
//!
//! Colours come multiplied with their opacity. The development profile turns no loop into vector instructions, so four pixels
//! at once are written down: SSE2, which every x86-64 processor has; elsewhere, and for what is left of a row, one by one.
//! Invariant: both ways give the same pixels, and an opaque one leaves nothing of the picture (R-PRV-1). Deliberately absent:
//! which pixels lie over which (`canvas`).

/// Opacity of a pixel, 0..=255.
pub fn opacity(pixel: u32) -> u32 {
    pixel >> 24
}

/// Lays `above` over `picture`, 0xAARRGGBB; what comes out is opaque.
pub fn lay_over(picture: &mut [u32], above: &[u32]) {
    #[cfg(target_arch = "x86_64")]
    let (picture, above) = {
        let (fours, picture) = picture.as_chunks_mut();
        let (fours_above, above) = above.as_chunks();
        for (four, above) in fours.iter_mut().zip(fours_above) {
            *four = sse2::over(*four, *above);
        }
        (picture, above)
    };
    for (pixel, above) in picture.iter_mut().zip(above) {
        *pixel = over(*pixel, *above);
    }
}

/// One pixel over another; of what is below an opaque one leaves nothing, a transparent one 256 of 256 parts.
fn over(pixel: u32, above: u32) -> u32 {
    let rest = 255 - opacity(above);
    let rest = rest + (rest >> 7);
    let red_blue = (((pixel & 0x00ff_00ff) * rest) >> 8) & 0x00ff_00ff;
    let green = (((pixel & 0x0000_ff00) * rest) >> 8) & 0x0000_ff00;
    0xff00_0000 | (above & 0x00ff_ffff).wrapping_add(red_blue | green)
}

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use safe_arch::{
        add_i32_m128i, add_saturating_u8_m128i, bitor_m128i, m128i, mul_i16_keep_low_m128i, pack_i16_to_u8_m128i,
        set_splat_i32_m128i, shl_imm_u32_m128i, shr_imm_u16_m128i, shr_imm_u32_m128i, sub_i32_m128i,
        unpack_high_i8_m128i, unpack_high_i32_m128i, unpack_low_i8_m128i, unpack_low_i32_m128i, zeroed_m128i,
    };

    /// [`super::blend`] for four pixels.
    #[inline(always)]
    pub fn over(picture: [u32; 4], above: [u32; 4]) -> [u32; 4] {
        let (picture, above, zero) = (m128i::from(picture), m128i::from(above), zeroed_m128i());
        let rest = sub_i32_m128i(set_splat_i32_m128i(255), shr_imm_u32_m128i::<24>(above));
        let rest = add_i32_m128i(rest, shr_imm_u32_m128i::<7>(rest));
        // For each of a pixel's four bytes, in sixteen bits.
        let rest = bitor_m128i(rest, shl_imm_u32_m128i::<16>(rest));
        let part = |bytes: m128i, rest: m128i| shr_imm_u16_m128i::<8>(mul_i16_keep_low_m128i(bytes, rest));
        let low = part(unpack_low_i8_m128i(picture, zero), unpack_low_i32_m128i(rest, rest));
        let high = part(unpack_high_i8_m128i(picture, zero), unpack_high_i32_m128i(rest, rest));
        let mixed = add_saturating_u8_m128i(pack_i16_to_u8_m128i(low, high), above);
        bitor_m128i(mixed, set_splat_i32_m128i(0xff00_0000_u32.cast_signed())).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_half_transparent_lets_half_through() {
        let mut row = [0xffff_ffff, 0xff00_0000, 0xff80_4020];
        lay_over(&mut row, &[0x8000_0000, 0x8080_8080, 0x0000_0000]);
        let near = |a: u32, b: u32| {
            a.to_be_bytes()
                .iter()
                .zip(b.to_be_bytes())
                .all(|(a, b)| a.abs_diff(b) <= 1)
        };
        assert!(near(row[0], 0xff7f_7f7f), "{:08x}", row[0]);
        assert!(near(row[1], 0xff80_8080), "{:08x}", row[1]);
        assert_eq!(row[2], 0xff80_4020);
    }

    #[test]
    fn r_prv_1_four_at_once_are_the_same_as_one_by_one_and_opaque_hides() {
        let picture = |i: u32| 0xff00_0000 | i.wrapping_mul(0x9e37_79b9) >> 8;
        for first in 0..=255 {
            let opacity = |i: u32| (first + 37 * i) % 256;
            // Every byte of a colour is at most its opacity.
            let part = |i: u32, shift: u32| (i.wrapping_mul(0x85eb_ca6b) >> shift & 0xff) * opacity(i) / 255;
            let above: Vec<u32> = (0..67)
                .map(|i| opacity(i) << 24 | part(i, 3) << 16 | part(i, 11) << 8 | part(i, 19))
                .collect();
            let mut row: Vec<u32> = (0..67).map(picture).collect();
            let wanted: Vec<u32> = row
                .iter()
                .zip(&above)
                .map(|(pixel, above)| over(*pixel, *above))
                .collect();
            lay_over(&mut row, &above);
            assert_eq!(row, wanted, "opacities from {first} on");
            let hidden = row.iter().zip(&above).filter(|(_, above)| **above >> 24 == 255);
            for (pixel, above) in hidden {
                assert_eq!(pixel, above);
            }
        }
    }
}
