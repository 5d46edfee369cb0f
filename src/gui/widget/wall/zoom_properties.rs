//! R-PRV-1 under digital zoom: what is masked is covered in every part of a picture, at every size.
//!
//! Deliberately absent: what a graphics card draws (the example `wall-card`).

use super::cpu_painter::Painter;
use super::primitive::{Picture, screen_triangles};
use crate::domain::digital_zoom::{Crop, LARGEST};
use crate::domain::privacy::Cover;
use crate::media::frame::{Frame, Matrix, PixelFormat, Plane, Range};
use iced::Rectangle;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::{Duration, Instant};

type Point = [f32; 2];

/// Whether `p` lies in a convex polygon, on either way round, or within `beyond` of it.
fn inside(polygon: &[Point], p: Point, beyond: f32) -> bool {
    let sides = polygon.iter().zip(polygon.iter().cycle().skip(1)).map(|(a, b)| {
        let (along, to) = ([b[0] - a[0], b[1] - a[1]], [p[0] - a[0], p[1] - a[1]]);
        (along[0] * to[1] - along[1] * to[0]) / along[0].hypot(along[1]).max(1e-12)
    });
    let sides: Vec<f32> = sides.collect();
    sides.iter().all(|side| *side >= -beyond) || sides.iter().all(|side| *side <= beyond)
}

/// Twice the area of a triangle; a flat one contains nothing.
fn area(triangle: &[Point]) -> f32 {
    match triangle {
        [a, b, c] => ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])).abs(),
        _ => 0.0,
    }
}

/// A grey frame in which every pixel that the polygon touches is violet.
fn secret(size: [usize; 2], polygon: &[Point], format: PixelFormat) -> Frame {
    let [width, height] = size;
    let half = size.map(|length| length.div_ceil(2));
    let hidden = |x: usize, y: usize| {
        let corners = [(0, 0), (1, 0), (0, 1), (1, 1)];
        let at = |(i, j): (usize, usize)| [(x + i) as f32 / width as f32, (y + j) as f32 / height as f32];
        let middle = [(x as f32 + 0.5) / width as f32, (y as f32 + 0.5) / height as f32];
        corners.iter().any(|corner| inside(polygon, at(*corner), 0.0)) || inside(polygon, middle, 0.0)
    };
    let mut bytes: Vec<u8> = (0..width * height)
        .map(|i| if hidden(i % width, i / width) { 78 } else { 100 })
        .collect();
    let chroma = |i: usize, violet: u8| {
        let (x, y) = (2 * (i % half[0]), 2 * (i / half[0]));
        let any = [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)];
        if any.iter().any(|(x, y)| hidden(*x, *y)) {
            violet
        } else {
            128
        }
    };
    let count = half[0] * half[1];
    let luma = Plane {
        offset: 0,
        stride: width,
        rows: height,
        row_bytes: width,
    };
    let plane = |offset, row_bytes| Plane {
        offset,
        stride: row_bytes,
        rows: half[1],
        row_bytes,
    };
    let planes = match format {
        PixelFormat::I420 => {
            bytes.extend((0..count).map(|i| chroma(i, 214)));
            bytes.extend((0..count).map(|i| chroma(i, 230)));
            vec![
                luma,
                plane(width * height, half[0]),
                plane(width * height + count, half[0]),
            ]
        }
        PixelFormat::Nv12 => {
            bytes.extend((0..count).flat_map(|i| [chroma(i, 214), chroma(i, 230)]));
            vec![luma, plane(width * height, 2 * half[0])]
        }
    };
    Frame {
        width: width as u32,
        height: height as u32,
        format,
        matrix: Matrix::Bt709,
        range: Range::Limited,
        planes,
        arrived: Instant::now(),
        number: 1,
        recorded_ms: None,
        pixel_aspect: [1, 1],
        captured_ms: None,
        waited: Duration::ZERO,
        behind: Duration::ZERO,
        bytes: Box::new(bytes),
    }
}

/// What is wrong with a tile of `size` pixels that shows `crop` of a frame, and how many of its pixels show what is masked
/// without a cover.
fn leaks(
    frame: [usize; 2],
    polygon: &[Point],
    crop: Crop,
    size: [usize; 2],
    format: PixelFormat,
) -> Result<usize, String> {
    let picture = Picture {
        key: 1,
        place: Rectangle::with_size(iced::Size::new(size[0] as f32, size[1] as f32)),
        frame: Arc::new(secret(frame, polygon, format)),
        cover: Arc::new(Cover::Parts(vec![polygon.to_vec().into()])),
        crop,
        brightness: 1.0,
    };
    let mut painted = Vec::new();
    Painter::default()
        .paint(&picture.frame, picture.window(), size, &mut painted)
        .map_err(|error| error.to_string())?;
    let covers = screen_triangles(&picture, 1.0, true);
    let window = picture.window();
    let mut seen = 0;
    for (i, pixel) in painted.iter().enumerate() {
        let at = [i % size[0], i / size[0]];
        let shown: Point = std::array::from_fn(|axis| (at[axis] as f32 + 0.5) / size[axis] as f32);
        let covered = covers
            .chunks_exact(3)
            .any(|triangle| area(triangle) > 1e-9 && inside(triangle, shown, 1e-6));
        let source = window.in_picture(shown.map(f64::from)).map(|v| v as f32);
        if inside(polygon, source, 0.0) && !covered {
            return Err(format!(
                "the source of pixel {at:?}, {source:?}, is masked and not covered"
            ));
        }
        let [_, red, green, blue] = pixel.to_be_bytes();
        if red.min(blue) > green.saturating_add(3) {
            seen += 1;
            if !covered {
                return Err(format!("pixel {at:?} shows what is masked"));
            }
        }
    }
    Ok(seen)
}

/// A regular polygon, which may lie partly outside the picture.
fn polygon(middle: Point, reach: f32, turn: f32, corners: usize) -> Vec<Point> {
    (0..corners)
        .map(|corner| {
            let angle = turn + corner as f32 * std::f32::consts::TAU / corners as f32;
            [middle[0] + angle.cos() * reach, middle[1] + angle.sin() * reach]
        })
        .collect()
}

#[test]
fn r_prv_1_an_enlarged_place_is_in_sight_without_its_cover() {
    let polygon = polygon([0.4, 0.4], 0.1, 0.3, 5);
    let crop = Crop::WHOLE.zoomed_to(4.0, [0.4, 0.4]);
    let seen = leaks([192, 108], &polygon, crop, [160, 90], PixelFormat::I420).unwrap();
    assert!(seen > 1000, "{seen}");
}

/// A tile and a frame of an odd number of rows: colour differences lie a little apart from the pixels at the far edge.
#[test]
fn r_prv_1_a_colour_at_the_far_edge_of_an_uneven_tile_stays_under_its_cover() {
    let polygon = polygon([0.0, 0.814_718_25], 0.071_294_82, 0.0, 5);
    let crop = Crop::WHOLE.zoomed_to(1.408_254_183_686_836, [0.0, 0.970_031_895_712_398]);
    let outcome = leaks([193, 109], &polygon, crop, [69, 21], PixelFormat::I420);
    assert!(outcome.is_ok(), "{outcome:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn r_prv_1_what_is_masked_is_covered_in_every_part_of_a_picture_at_every_size(
        frame in prop_oneof![Just([192_usize, 108_usize]), Just([193, 109]), Just([64, 36])],
        format in prop_oneof![Just(PixelFormat::I420), Just(PixelFormat::Nv12)],
        size in [8_usize..240, 8_usize..140],
        (factor, about) in (1.0..LARGEST, [0.0..1.0_f64, 0.0..1.0_f64]),
        (middle, reach, turn, corners) in ([0.0..1.0_f32, 0.0..1.0_f32], 0.02..0.5_f32, 0.0..6.3_f32, 3..7_usize),
    ) {
        let crop = Crop::WHOLE.zoomed_to(factor, about);
        let polygon = polygon(middle, reach, turn, corners);
        let outcome = leaks(frame, &polygon, crop, size, format);
        prop_assert!(outcome.is_ok(), "{outcome:?}");
    }
}
