//! The software rasteriser: convex faces with a depth buffer, written as packed Y, Cb, Cr, then as I420 planes.
//!
//! Invariant: a pixel belongs to a face exactly when its centre does, by the projection of [`View`].
//! Deliberately absent: smoothing of edges and lighting; colours come lit from the scene. Loops are plain on purpose:
//! this runs 25 times a second per watched dome at a low optimisation level.

use super::colour;
use super::scene::{Face, Texture};
use super::view::View;
use crate::sim::makes::Turned;
use crate::sim::timecode;
use glam::DVec3;

const NEAR_M: f64 = 0.15;

/// A picture being drawn; keep one per stream and size.
#[derive(Debug)]
pub struct Canvas {
    width: usize,
    height: usize,
    /// Inverse of the distance along the axis; 0 is the sky.
    depth: Vec<f32>,
    pixels: Vec<u32>,
    left: Vec<f32>,
    right: Vec<f32>,
}

impl Canvas {
    /// An empty canvas; both sides even.
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            depth: vec![0.0; width * height],
            pixels: vec![0; width * height],
            left: vec![0.0; height],
            right: vec![0.0; height],
        }
    }

    /// Width and height, pixels.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Starts a picture: sky everywhere, by the elevation of each row.
    pub fn clear(&mut self, view: &View) {
        self.depth.fill(0.0);
        let [horizon, zenith] = colour::SKY;
        for y in 0..self.height {
            let above = (self.height as f64 / 2.0 - y as f64 - 0.5) / view.focal;
            let elevation = above.atan().to_degrees() + view.tilt_deg;
            let packed = colour::pack(colour::mix(horizon, zenith, (elevation / 35.0).clamp(0.0, 1.0)));
            self.pixels[y * self.width..(y + 1) * self.width].fill(packed);
        }
    }

    /// Draws the face if it is turned to the camera.
    pub fn draw(&mut self, view: &View, face: &Face) {
        let corners = face.corners();
        let first = to_dvec(corners[0]);
        if (view.eye - first).dot(to_dvec(face.normal)) <= 0.0 {
            return;
        }
        let mut points = [DVec3::ZERO; 8];
        let mut count = 0;
        let mut previous = view.to_camera(to_dvec(corners[corners.len() - 1]));
        for corner in corners {
            let current = view.to_camera(to_dvec(*corner));
            if (previous.z < NEAR_M) != (current.z < NEAR_M) {
                points[count] = previous.lerp(current, (NEAR_M - previous.z) / (current.z - previous.z));
                count += 1;
            }
            if current.z >= NEAR_M {
                points[count] = current;
                count += 1;
            }
            previous = current;
        }
        if count >= 3 {
            self.fill(view, &points[..count], face);
        }
    }

    /// Fills a convex polygon given in the camera's frame, wholly in front of the camera.
    fn fill(&mut self, view: &View, points: &[DVec3], face: &Face) {
        let mut outline = [[0.0f64; 2]; 8];
        let (mut low_x, mut high_x, mut low_y, mut high_y) = (f64::MAX, f64::MIN, f64::MAX, f64::MIN);
        for (place, point) in outline.iter_mut().zip(points) {
            *place = view.to_picture(*point);
            low_x = low_x.min(place[0]);
            high_x = high_x.max(place[0]);
            low_y = low_y.min(place[1]);
            high_y = high_y.max(place[1]);
        }
        if high_x <= 0.0 || low_x >= self.width as f64 || high_y <= 0.0 || low_y >= self.height as f64 {
            return;
        }
        let top = (low_y - 0.5).ceil().max(0.0) as usize;
        let bottom = ((high_y - 0.5).ceil().max(0.0) as usize).min(self.height);
        if top >= bottom {
            return;
        }
        self.left[top..bottom].fill(f32::MAX);
        self.right[top..bottom].fill(f32::MIN);
        let count = points.len();
        for i in 0..count {
            self.edge(outline[i], outline[(i + 1) % count]);
        }
        let Some(plane) = Plane::new(view, face, points) else {
            return;
        };
        for y in top..bottom {
            let from = (self.left[y] - 0.5).ceil().max(0.0) as usize;
            let to = ((self.right[y] - 0.5).ceil().max(0.0) as usize).min(self.width);
            if from < to {
                match &face.texture {
                    None => self.span(y, from, to, &plane, face.colour),
                    Some(texture) => self.textured_span(y, from, to, &plane, texture),
                }
            }
        }
    }

    /// Widens the spans of the rows that an edge crosses.
    fn edge(&mut self, a: [f64; 2], b: [f64; 2]) {
        let (upper, lower) = if a[1] <= b[1] { (a, b) } else { (b, a) };
        let from = (upper[1] - 0.5).ceil().max(0.0) as usize;
        let to = ((lower[1] - 0.5).ceil().max(0.0) as usize).min(self.height);
        if from >= to {
            return;
        }
        let slope = (lower[0] - upper[0]) / (lower[1] - upper[1]);
        let mut x = upper[0] + slope * (from as f64 + 0.5 - upper[1]);
        for y in from..to {
            let at = x as f32;
            if at < self.left[y] {
                self.left[y] = at;
            }
            if at > self.right[y] {
                self.right[y] = at;
            }
            x += slope;
        }
    }

    fn span(&mut self, y: usize, from: usize, to: usize, plane: &Plane, colour: u32) {
        let row = y * self.width;
        let depths = &mut self.depth[row + from..row + to];
        let pixels = &mut self.pixels[row + from..row + to];
        let mut inverse = plane.inverse_depth(from, y);
        let step = plane.by_x as f32;
        let mut i = 0;
        while i < depths.len() && i < pixels.len() {
            if inverse > depths[i] {
                depths[i] = inverse;
                pixels[i] = colour;
            }
            inverse += step;
            i += 1;
        }
    }

    fn textured_span(&mut self, y: usize, from: usize, to: usize, plane: &Plane, texture: &Texture) {
        let row = y * self.width;
        for x in from..to {
            let inverse = plane.inverse_depth(x, y);
            if inverse > self.depth[row + x] {
                self.depth[row + x] = inverse;
                let [u, v] = plane.texture_at(x, y);
                self.pixels[row + x] = texture.sample(u, v);
            }
        }
    }

    /// The blocks of the time code, over whatever is at the bottom.
    fn strip(&mut self, time_code_ms: u64) {
        let blocks = timecode::encode(time_code_ms);
        let rows = (self.height as f64 * timecode::STRIP_HEIGHT) as usize;
        let (white, black) = (colour::pack([255; 3]), colour::pack([0; 3]));
        for y in self.height - rows..self.height {
            for x in 0..self.width {
                let block = x * timecode::BLOCKS / self.width;
                self.pixels[y * self.width + x] = if blocks[block] { white } else { black };
            }
        }
    }

    /// Turns what was drawn.
    pub fn turn(&mut self, turned: Turned) {
        match turned {
            Turned::Upright => {}
            Turned::HalfTurn => self.pixels.reverse(),
            Turned::Mirrored => self.pixels.chunks_mut(self.width).for_each(<[u32]>::reverse),
        }
    }

    /// Ends the picture: paints the time code and writes I420 (Y plane, Cb plane, Cr plane, no padding).
    pub fn finish(&mut self, time_code_ms: u64, planes: &mut Vec<u8>) {
        self.strip(time_code_ms);
        let (width, height) = (self.width, self.height);
        planes.resize(width * height * 3 / 2, 0);
        let (luma, chroma) = planes.split_at_mut(width * height);
        let (cb, cr) = chroma.split_at_mut(width * height / 4);
        for pair in 0..height / 2 {
            let upper = &self.pixels[2 * pair * width..(2 * pair + 1) * width];
            let lower = &self.pixels[(2 * pair + 1) * width..(2 * pair + 2) * width];
            let (luma_upper, luma_lower) = luma[2 * pair * width..(2 * pair + 2) * width].split_at_mut(width);
            let cb_row = &mut cb[pair * width / 2..(pair + 1) * width / 2];
            let cr_row = &mut cr[pair * width / 2..(pair + 1) * width / 2];
            let mut i = 0;
            while i < cb_row.len() && i < cr_row.len() {
                let (a, b, c, d) = (upper[2 * i], upper[2 * i + 1], lower[2 * i], lower[2 * i + 1]);
                luma_upper[2 * i] = a as u8;
                luma_upper[2 * i + 1] = b as u8;
                luma_lower[2 * i] = c as u8;
                luma_lower[2 * i + 1] = d as u8;
                // Two chroma sums side by side: Cb in the low half-word, Cr in the high one.
                let sum = (a >> 8) + (b >> 8) + (c >> 8) + (d >> 8);
                let cb_sum = (a >> 8 & 255) + (b >> 8 & 255) + (c >> 8 & 255) + (d >> 8 & 255);
                let cr_sum = (sum - cb_sum) >> 8;
                cb_row[i] = ((cb_sum + 2) / 4) as u8;
                cr_row[i] = ((cr_sum + 2) / 4) as u8;
                i += 1;
            }
        }
    }
}

/// Inverse depth and texture coordinates as functions of the pixel, from the face's plane.
struct Plane {
    by_x: f64,
    by_y: f64,
    at_origin: f64,
    texture: [Axis; 2],
}

/// A texture coordinate: (`by_x`·x + `by_y`·y + `constant`) / inverse depth − `offset`.
#[derive(Default, Clone, Copy)]
struct Axis {
    by_x: f64,
    by_y: f64,
    constant: f64,
    offset: f64,
}

impl Plane {
    fn new(view: &View, face: &Face, points: &[DVec3]) -> Option<Self> {
        let turn = |v: DVec3| DVec3::new(v.dot(view.right), v.dot(view.up), v.dot(view.forward));
        let normal = turn(to_dvec(face.normal));
        let distance = normal.dot(points[0]);
        if distance.abs() < 1e-9 {
            return None;
        }
        let (half_w, half_h) = (view.width as f64 / 2.0, view.height as f64 / 2.0);
        let along = |v: DVec3, scale: f64| {
            let by_x = v.x / view.focal * scale;
            let by_y = -v.y / view.focal * scale;
            (by_x, by_y, v.z * scale - by_x * half_w - by_y * half_h)
        };
        let (by_x, by_y, at_origin) = along(normal, 1.0 / distance);
        let mut texture = [Axis::default(); 2];
        if face.texture.is_some() {
            let corners = face.corners();
            let origin = to_dvec(corners[0]);
            for (axis, end) in texture.iter_mut().zip([corners[1], corners[corners.len() - 1]]) {
                let side = to_dvec(end) - origin;
                let direction = turn(side / side.length_squared());
                let (by_x, by_y, constant) = along(direction, 1.0);
                *axis = Axis {
                    by_x,
                    by_y,
                    constant,
                    offset: direction.dot(view.to_camera(origin)),
                };
            }
        }
        Some(Self {
            by_x,
            by_y,
            at_origin,
            texture,
        })
    }

    fn inverse_depth(&self, x: usize, y: usize) -> f32 {
        (self.by_x * (x as f64 + 0.5) + self.by_y * (y as f64 + 0.5) + self.at_origin) as f32
    }

    /// From 0 at the face's first corner to 1 at its second (u) and last (v).
    fn texture_at(&self, x: usize, y: usize) -> [f64; 2] {
        let depth = 1.0 / f64::from(self.inverse_depth(x, y));
        self.texture.map(|axis| {
            (axis.by_x * (x as f64 + 0.5) + axis.by_y * (y as f64 + 0.5) + axis.constant) * depth - axis.offset
        })
    }
}

fn to_dvec(point: [f32; 3]) -> DVec3 {
    DVec3::new(f64::from(point[0]), f64::from(point[1]), f64::from(point[2]))
}
