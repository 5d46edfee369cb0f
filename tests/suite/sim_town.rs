//! The town's masks against its picture, with a projection of the test's own.
//!
//! Invariant under test: every pixel of the reserved hue lies inside the projection of one of the camera's masks.

use vedetta::domain::camera::{CameraKind, Direction, Pose};
use vedetta::domain::site::MaskShape;
use vedetta::sim::reserved_hue::is_reserved;
use vedetta::sim::town::{CameraSite, Canvas, Town, View};

const WIDTH: usize = 640;
const HEIGHT: usize = 360;

/// Whether an I420 pixel (BT.709, limited range) shows the reserved hue.
fn reserved(planes: &[u8], x: usize, y: usize) -> bool {
    let chroma = WIDTH * HEIGHT + (y / 2) * (WIDTH / 2) + x / 2;
    // Quick way out: the reserved hue is well into both chroma axes.
    if planes[chroma] < 140 || planes[chroma + WIDTH * HEIGHT / 4] < 140 {
        return false;
    }
    let luma = (f64::from(planes[y * WIDTH + x]) - 16.0) / 219.0;
    let cb = (f64::from(planes[chroma]) - 128.0) / 224.0;
    let cr = (f64::from(planes[chroma + WIDTH * HEIGHT / 4]) - 128.0) / 224.0;
    let (r, b) = (luma + 1.5748 * cr, luma + 1.8556 * cb);
    let g = (luma - 0.2126 * r - 0.0722 * b) / 0.7152;
    is_reserved([r, g, b].map(|c| (c * 255.0).round().clamp(0.0, 255.0) as u8))
}

/// The direction that a pixel's centre looks in, in the camera's frame, as a unit vector (right, ahead, up at pan 0).
fn ray(pose: Pose, x: usize, y: usize) -> [f64; 3] {
    let focal = WIDTH as f64 / 2.0 / (pose.hfov_deg / 2.0).to_radians().tan();
    let across = (x as f64 + 0.5 - WIDTH as f64 / 2.0) / focal;
    let down = (y as f64 + 0.5 - HEIGHT as f64 / 2.0) / focal;
    let (pan, tilt) = (pose.pan_deg.to_radians(), pose.tilt_deg.to_radians());
    // Tilt first, then pan.
    let ahead = tilt.cos() + down * tilt.sin();
    let up = tilt.sin() - down * tilt.cos();
    normal([
        across * pan.cos() + ahead * pan.sin(),
        ahead * pan.cos() - across * pan.sin(),
        up,
    ])
}

fn normal(v: [f64; 3]) -> [f64; 3] {
    let length = v.iter().map(|c| c * c).sum::<f64>().sqrt();
    v.map(|c| c / length)
}

fn unit(d: &Direction) -> [f64; 3] {
    let (a, e) = (d.azimuth_deg.to_radians(), d.elevation_deg.to_radians());
    [a.sin() * e.cos(), a.cos() * e.cos(), e.sin()]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Inside a convex polygon on the sphere: on the same side of all its edges, and on the same half of the sphere.
fn inside_directions(outline: &[Direction], ray: [f64; 3]) -> bool {
    let corners: Vec<_> = outline.iter().map(unit).collect();
    let centre = normal(
        corners
            .iter()
            .fold([0.0; 3], |sum, c| [sum[0] + c[0], sum[1] + c[1], sum[2] + c[2]]),
    );
    dot(centre, ray) > 0.0
        && corners.iter().zip(corners.iter().cycle().skip(1)).all(|(a, b)| {
            let edge = cross(*a, *b);
            dot(edge, ray) * dot(edge, centre) >= 0.0
        })
}

/// Inside a convex polygon of the picture.
fn inside_picture(outline: &[[f64; 2]], x: f64, y: f64) -> bool {
    let sides: Vec<f64> = outline
        .iter()
        .zip(outline.iter().cycle().skip(1))
        .map(|(a, b)| (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]))
        .collect();
    sides.iter().all(|s| *s >= -1e-12) || sides.iter().all(|s| *s <= 1e-12)
}

/// (reserved pixels inside the masks, outside of them).
fn count(town: &Town, site: &CameraSite, pose: Pose, at_ms: u64, canvas: &mut Canvas) -> (usize, usize) {
    let mut planes = Vec::new();
    town.paint(
        canvas,
        &View::new(&site.mount, pose, WIDTH, HEIGHT),
        at_ms,
        0,
        &mut planes,
    );
    let (mut inside, mut outside) = (0, 0);
    for y in 0..HEIGHT - HEIGHT / 24 {
        for x in 0..WIDTH {
            if reserved(&planes, x, y) {
                let covered = site.masks.iter().any(|mask| match &mask.shape {
                    MaskShape::Directions(outline) => inside_directions(outline, ray(pose, x, y)),
                    MaskShape::Picture(outline) => inside_picture(
                        outline,
                        (x as f64 + 0.5) / WIDTH as f64,
                        (y as f64 + 0.5) / HEIGHT as f64,
                    ),
                });
                *if covered { &mut inside } else { &mut outside } += 1;
            }
        }
    }
    (inside, outside)
}

#[test]
fn every_private_window_of_a_dome_is_under_a_mask_from_wherever_it_looks() {
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    for seed in [7, 8] {
        let town = Town::generate(seed, 4, 4);
        for site in &town.sites {
            assert!(
                (1..=12).contains(&site.masks.len()),
                "{} masks at {}",
                site.masks.len(),
                site.name
            );
            let mut seen = 0;
            for pan in 0..18 {
                for (tilt_deg, hfov_deg) in [(-22.0, 62.0), (-4.0, 24.0), (3.0, 9.0), (-9.0, 3.3)] {
                    let pose = Pose {
                        pan_deg: f64::from(pan) * 20.0 - 180.0,
                        tilt_deg,
                        hfov_deg,
                    };
                    let (inside, outside) = count(&town, site, pose, 1234, &mut canvas);
                    assert_eq!(outside, 0, "seed {seed}, {} at {pose:?}", site.name);
                    seen += inside;
                }
            }
            assert!(seen > 1000, "{} sees {seen} pixels of private windows", site.name);
        }
    }
}

#[test]
fn every_private_window_of_a_fixed_camera_is_under_a_mask_and_a_third_see_none() {
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    for seed in [7, 8, 9, 10] {
        let town = Town::generate(seed, 16, 4);
        let fixed: Vec<_> = town
            .sites
            .iter()
            .filter(|site| site.kind == CameraKind::Fixed)
            .collect();
        assert_eq!(fixed.len(), 12);
        let mut free = 0;
        let mut seeing = 0;
        for site in &fixed {
            let pose = site.fixed_pose.unwrap();
            for at_ms in [0, 2600, 5300] {
                let (inside, outside) = count(&town, site, pose, at_ms, &mut canvas);
                assert_eq!(outside, 0, "seed {seed}, {}", site.name);
                assert!(inside == 0 || !site.masks.is_empty());
                seeing += usize::from(inside > 0 && at_ms == 0);
            }
            free += usize::from(site.masks.is_empty());
        }
        assert!(free >= 4, "seed {seed}: {free} of 12 without masks");
        assert!(seeing >= 3, "seed {seed}: {seeing} of 12 see a private window");
    }
}

#[test]
fn whatever_the_town_a_third_of_its_fixed_cameras_sees_no_private_window() {
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    for (cameras, domes) in [(2, 0), (3, 1), (4, 1), (5, 1), (6, 2), (7, 0), (16, 4)] {
        for seed in [1, 3, 7, 12] {
            let town = Town::generate(seed, cameras, domes);
            let fixed: Vec<_> = town.sites.iter().filter(|s| s.kind == CameraKind::Fixed).collect();
            assert_eq!(fixed.len() as u32, cameras - domes);
            let free: Vec<_> = fixed.iter().filter(|site| site.masks.is_empty()).collect();
            let least = fixed.len().div_ceil(3);
            assert!(free.len() >= least, "seed {seed}: {} of {}", free.len(), fixed.len());
            for site in free.iter().take(3) {
                for at_ms in [0, 3100] {
                    let seen = count(&town, site, site.fixed_pose.unwrap(), at_ms, &mut canvas);
                    assert_eq!(seen, (0, 0), "seed {seed}, {}", site.name);
                }
            }
        }
    }
}

#[test]
fn a_town_is_a_function_of_its_seed_and_repeats_itself() {
    let [a, b, other] = [7, 7, 8].map(|seed| Town::generate(seed, 5, 2));
    assert_eq!(a.sites, b.sites);
    assert_ne!(a.sites, other.sites);
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    let mut picture = |town: &Town, at_ms| {
        let site = &town.sites[0];
        let mut planes = Vec::new();
        town.paint(
            &mut canvas,
            &View::new(&site.mount, site.fixed_pose.unwrap(), WIDTH, HEIGHT),
            at_ms,
            5,
            &mut planes,
        );
        planes
    };
    assert_eq!(picture(&a, 700), picture(&b, 700));
    assert_eq!(picture(&a, 700), picture(&a, 8700));
    assert_ne!(picture(&a, 700), picture(&a, 1700));
}
