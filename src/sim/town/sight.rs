//! What a camera can see of the private windows, and the masks that hide them.
//!
//! Invariant: a private window of which any point can be seen lies inside the mask of its front, with a margin of
//! [`MARGIN_DEG`] or more; only what certainly cannot be seen (behind houses, even if these were 1 m smaller) is left
//! out. Deliberately absent: the cover while moving, which is the client's.

use super::camera_site::Mount;
use super::layout::{Layout, PrivateFront};
use super::scene::Solid;
use super::view::View;
use crate::domain::camera::Direction;
use glam::{DVec2, DVec3};

/// A mask reaches at least this far beyond the windows it hides, degrees.
pub const MARGIN_DEG: f64 = 0.6;
/// And this far in the picture of a fixed camera, as a fraction of its width.
const PICTURE_MARGIN: f64 = 0.015;
/// Houses are taken smaller by this on each side when asked whether they hide something, metres.
const SHRINK_M: f64 = 0.5;
/// Longest edge of a mask, degrees.
const EDGE_DEG: f64 = 25.0;

/// Whether any point of the front's windows can be seen from `eye`.
pub fn sees(layout: &Layout, eye: DVec3, front: &PrivateFront) -> bool {
    if (eye - front.wall.corner).dot(front.wall.out) <= 0.0 {
        return false;
    }
    let solids: Vec<Solid> = layout.houses.iter().map(|h| h.solid).chain([layout.school.0]).collect();
    front
        .windows
        .iter()
        .any(|window| grid(window).any(|point| !solids.iter().any(|solid| hides(solid, eye, point))))
}

/// Points of a window, closer to each other than [`SHRINK_M`].
fn grid(window: &[DVec3; 4]) -> impl Iterator<Item = DVec3> {
    let [top_left, top_right, _, bottom_left] = *window;
    (0..=4).flat_map(move |i| {
        (0..=4).map(move |j| {
            top_left + (top_right - top_left) * (f64::from(i) / 4.0) + (bottom_left - top_left) * (f64::from(j) / 4.0)
        })
    })
}

/// Whether the shrunken box cuts the line from `eye` to `point` (slab test; boxes stand square to the axes).
fn hides(solid: &Solid, eye: DVec3, point: DVec3) -> bool {
    let [length, width, height] = solid.size_m;
    let turned = solid.ahead.x.abs() > 0.5;
    let (x, y) = if turned { (length, width) } else { (width, length) };
    let half = DVec3::new(x / 2.0 - SHRINK_M, y / 2.0 - SHRINK_M, 0.0);
    let low = solid.foot - half;
    let high = solid.foot + half + DVec3::Z * (height - SHRINK_M);
    let way = point - eye;
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for axis in 0..3 {
        if way[axis].abs() < 1e-9 {
            if eye[axis] < low[axis] || eye[axis] > high[axis] {
                return false;
            }
            continue;
        }
        let (a, b) = (
            (low[axis] - eye[axis]) / way[axis],
            (high[axis] - eye[axis]) / way[axis],
        );
        enter = enter.max(a.min(b));
        leave = leave.min(a.max(b));
    }
    enter < leave
}

/// The mask of a front as directions from a dome.
pub fn directions(mount: &Mount, front: &PrivateFront) -> Vec<Direction> {
    let eye = DVec3::from(mount.position_m);
    let axis = (front.corners.iter().map(|c| (*c - eye).normalize()).sum::<DVec3>()).normalize();
    let right = axis.cross(DVec3::Z).normalize();
    let up = right.cross(axis);
    let flat: Vec<DVec2> = front
        .corners
        .iter()
        .map(|corner| {
            let seen = *corner - eye;
            DVec2::new(seen.dot(right), seen.dot(up)) / seen.dot(axis)
        })
        .collect();
    let reach = flat.iter().map(|p| p.length_squared()).fold(0.0, f64::max);
    let grown = grow(&flat, MARGIN_DEG.to_radians().tan() * (1.0 + reach));
    let mut outline = Vec::new();
    for (i, from) in grown.iter().enumerate() {
        let to = grown[(i + 1) % grown.len()];
        let ray = |p: DVec2| (axis + right * p.x + up * p.y).normalize();
        let pieces = (ray(*from).angle_between(ray(to)).to_degrees() / EDGE_DEG)
            .ceil()
            .max(1.0);
        for piece in 0..pieces as u32 {
            outline.push(super::view::direction(
                mount,
                eye + ray(from.lerp(to, f64::from(piece) / pieces)),
            ));
        }
    }
    outline
}

/// The mask of a front in the picture of a fixed camera (0..1), if any of its block is in the picture.
pub fn in_picture(view: &View, front: &PrivateFront) -> Option<Vec<[f64; 2]>> {
    let camera: Vec<DVec3> = front.corners.iter().map(|corner| view.to_camera(*corner)).collect();
    let ahead = clip(&camera, |p| p.z - 0.1, |a, b, t| a.lerp(b, t));
    let size = DVec2::new(view.width as f64, view.height as f64);
    let flat: Vec<DVec2> = ahead
        .iter()
        .map(|p| DVec2::from(view.to_picture(*p)) / size.x)
        .collect();
    if flat.len() < 3 {
        return None;
    }
    let tall = size.y / size.x;
    let mut outline = grow(&flat, PICTURE_MARGIN);
    outline = clip(&outline, |p| p.x, |a, b, t| a.lerp(b, t));
    outline = clip(&outline, |p| 1.0 - p.x, |a, b, t| a.lerp(b, t));
    outline = clip(&outline, |p| p.y, |a, b, t| a.lerp(b, t));
    outline = clip(&outline, |p| tall - p.y, |a, b, t| a.lerp(b, t));
    (outline.len() >= 3).then(|| {
        outline
            .iter()
            .map(|p| [p.x.clamp(0.0, 1.0), (p.y / tall).clamp(0.0, 1.0)])
            .collect()
    })
}

/// Keeps the part of a convex polygon where `inside` is not negative.
fn clip<P: Copy>(points: &[P], inside: impl Fn(P) -> f64, between: impl Fn(P, P, f64) -> P) -> Vec<P> {
    let mut kept = Vec::new();
    for (i, point) in points.iter().enumerate() {
        let previous = points[(i + points.len() - 1) % points.len()];
        let (a, b) = (inside(previous), inside(*point));
        if (a < 0.0) != (b < 0.0) {
            kept.push(between(previous, *point, a / (a - b)));
        }
        if b >= 0.0 {
            kept.push(*point);
        }
    }
    kept
}

/// The convex hull of the points, each widened to an octagon around a circle of this radius.
fn grow(points: &[DVec2], radius: f64) -> Vec<DVec2> {
    let octagon = radius / std::f64::consts::FRAC_PI_8.cos();
    let spread = points.iter().flat_map(|p| {
        (0..8).map(move |k| *p + DVec2::from_angle(f64::from(k) * std::f64::consts::FRAC_PI_4) * octagon)
    });
    hull(spread.collect())
}

/// Convex hull (monotone chain), anticlockwise.
fn hull(mut points: Vec<DVec2>) -> Vec<DVec2> {
    points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    let chain = |points: &mut dyn Iterator<Item = DVec2>| {
        let mut chain: Vec<DVec2> = Vec::new();
        for point in points {
            while chain.len() >= 2 {
                let (a, b) = (chain[chain.len() - 2], chain[chain.len() - 1]);
                if (b - a).perp_dot(point - a) > 1e-12 {
                    break;
                }
                chain.pop();
            }
            chain.push(point);
        }
        chain.pop();
        chain
    };
    let mut whole = chain(&mut points.iter().copied());
    whole.extend(chain(&mut points.iter().rev().copied()));
    whole
}
