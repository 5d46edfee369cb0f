//! Faces: what the rasteriser draws, and how walls, boxes and signs become faces.
//!
//! Conventions: the corners of a face go top left, top right, bottom right, bottom left as seen from outside; its
//! normal points outside. Town frame: metres east, north, up.

use super::colour::{self, Rgb};
use super::glyphs;
use glam::DVec3;
use std::sync::Arc;

/// A convex face of three or four corners with one lit colour or a texture.
#[derive(Debug, Clone)]
pub struct Face {
    corners: [[f32; 3]; 4],
    count: u8,
    pub normal: [f32; 3],
    /// Packed Y, Cb, Cr.
    pub colour: u32,
    pub texture: Option<Arc<Texture>>,
}

impl Face {
    /// Three or four corners.
    pub fn corners(&self) -> &[[f32; 3]] {
        &self.corners[..usize::from(self.count)]
    }

    /// A flat face lit by the sun.
    pub fn quad(corners: [DVec3; 4], rgb: Rgb) -> Self {
        let normal = (corners[3] - corners[0])
            .cross(corners[1] - corners[0])
            .normalize_or_zero();
        let normal = narrow(normal);
        let colour = colour::pack(colour::lit(rgb, colour::sunlight(normal)));
        Self {
            corners: corners.map(narrow),
            count: 4,
            normal,
            colour,
            texture: None,
        }
    }

    /// A flat triangle lit by the sun.
    pub fn triangle(corners: [DVec3; 3], rgb: Rgb) -> Self {
        let mut face = Self::quad([corners[0], corners[1], corners[2], corners[2]], rgb);
        face.count = 3;
        face
    }

    /// Gives the face exactly this packed colour, whatever the light.
    pub fn painted(mut self, packed: u32) -> Self {
        self.colour = packed;
        self
    }

    /// Gives the face a texture whose rows run from the first corner to the second.
    pub fn textured(mut self, texture: Arc<Texture>) -> Self {
        self.texture = Some(texture);
        self
    }
}

fn narrow(v: DVec3) -> [f32; 3] {
    [v.x as f32, v.y as f32, v.z as f32]
}

/// A small picture on a face.
#[derive(Debug)]
pub struct Texture {
    width: usize,
    height: usize,
    texels: Vec<u32>,
}

impl Texture {
    /// One line of capitals and digits, `ink` on `paper`, with bands of `edge` at both ends.
    pub fn lettering(text: &str, ink: Rgb, paper: Rgb, edge: Rgb) -> Arc<Self> {
        let width = text.chars().count() * glyphs::CELL + 9;
        let height = glyphs::HEIGHT + 4;
        let mut texels = vec![colour::pack(paper); width * height];
        for row in texels.chunks_mut(width) {
            row[..3].fill(colour::pack(edge));
            row[width - 3..].fill(colour::pack(edge));
        }
        let ink = colour::pack(ink);
        for (place, letter) in text.chars().enumerate() {
            for (y, bits) in glyphs::rows(letter).into_iter().enumerate() {
                for x in (0..5).filter(|x| bits >> (4 - x) & 1 == 1) {
                    texels[(y + 2) * width + 5 + place * glyphs::CELL + x] = ink;
                }
            }
        }
        Arc::new(Self { width, height, texels })
    }

    /// The texel at `u`, `v` (0..1), clamped to the edge.
    pub fn sample(&self, u: f64, v: f64) -> u32 {
        let x = ((u * self.width as f64) as usize).min(self.width - 1);
        let y = ((v * self.height as f64) as usize).min(self.height - 1);
        self.texels[y * self.width + x]
    }
}

/// A vertical wall as seen from outside: where its lower left corner is, where it goes and where it faces.
#[derive(Debug, Clone, Copy)]
pub struct Wall {
    pub corner: DVec3,
    /// To the right as seen from outside, unit length.
    pub along: DVec3,
    /// Outward normal, horizontal, unit length.
    pub out: DVec3,
    pub width_m: f64,
    pub height_m: f64,
}

impl Wall {
    /// A rectangle on the wall, `out_m` in front of it: `[left, right]` and `[low, high]` in metres from the corner.
    pub fn rectangle(&self, across: [f64; 2], up: [f64; 2], out_m: f64) -> [DVec3; 4] {
        let at = |u: f64, z: f64| self.corner + self.along * u + DVec3::Z * z + self.out * out_m;
        [
            at(across[0], up[1]),
            at(across[1], up[1]),
            at(across[1], up[0]),
            at(across[0], up[0]),
        ]
    }

    /// The whole wall.
    pub fn whole(&self) -> [DVec3; 4] {
        self.rectangle([0.0, self.width_m], [0.0, self.height_m], 0.0)
    }
}

/// A box standing anywhere, turned about the vertical.
#[derive(Debug, Clone, Copy)]
pub struct Solid {
    /// Centre of the bottom.
    pub foot: DVec3,
    /// Unit vector to the front.
    pub ahead: DVec3,
    /// Length (along `ahead`), width, height. Metres.
    pub size_m: [f64; 3],
}

impl Solid {
    /// The four walls: front, right, back, left.
    pub fn walls(&self) -> [Wall; 4] {
        let right = DVec3::new(self.ahead.y, -self.ahead.x, 0.0);
        let [length, width, height_m] = self.size_m;
        let wall = |out: DVec3, depth: f64, span: f64| {
            let along = DVec3::new(-out.y, out.x, 0.0);
            let corner = self.foot + out * (depth / 2.0) - along * (span / 2.0);
            Wall {
                corner,
                along,
                out,
                width_m: span,
                height_m,
            }
        };
        [
            wall(self.ahead, length, width),
            wall(right, width, length),
            wall(-self.ahead, length, width),
            wall(-right, width, length),
        ]
    }

    /// The top.
    pub fn top(&self) -> [DVec3; 4] {
        let right = DVec3::new(self.ahead.y, -self.ahead.x, 0.0) * (self.size_m[1] / 2.0);
        let ahead = self.ahead * (self.size_m[0] / 2.0);
        let centre = self.foot + DVec3::Z * self.size_m[2];
        [
            centre + ahead - right,
            centre + ahead + right,
            centre - ahead + right,
            centre - ahead - right,
        ]
    }

    /// Walls and top in one colour.
    pub fn draw(&self, faces: &mut Vec<Face>, rgb: Rgb) {
        faces.extend(self.walls().iter().map(|wall| Face::quad(wall.whole(), rgb)));
        faces.push(Face::quad(self.top(), rgb));
    }
}

/// A flat rectangle lying at height `z`, from (west, south) to (east, north).
pub fn ground(from: [f64; 2], to: [f64; 2], z: f64, rgb: Rgb) -> Face {
    let at = |x: f64, y: f64| DVec3::new(x, y, z);
    Face::quad(
        [
            at(from[0], to[1]),
            at(to[0], to[1]),
            at(to[0], from[1]),
            at(from[0], from[1]),
        ],
        rgb,
    )
}

/// Faces that are near each other, with a ball around them, so that what is out of view costs nothing.
#[derive(Debug, Clone)]
pub struct Group {
    pub faces: Vec<Face>,
    pub centre: DVec3,
    pub radius_m: f64,
}

impl Group {
    /// Faces with the ball around their corners.
    pub fn new(faces: Vec<Face>) -> Self {
        let points = || {
            faces.iter().flat_map(|face| face.corners()).map(|c| {
                let [x, y, z] = c.map(f64::from);
                DVec3::new(x, y, z)
            })
        };
        let low = points().fold(DVec3::splat(f64::MAX), DVec3::min);
        let high = points().fold(DVec3::splat(f64::MIN), DVec3::max);
        let centre = (low + high) / 2.0;
        let radius_m = points().map(|p| p.distance(centre)).fold(0.0, f64::max);
        Self {
            faces,
            centre,
            radius_m,
        }
    }
}
