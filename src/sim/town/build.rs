//! From the layout to faces: everything that does not move.
//!
//! Invariant: only windows of private fronts are painted in the reserved hue.

use super::colour::{self, Rgb};
use super::layout::{
    EDGE_M, FrontKind, House, Layout, ROAD_HALF_M, STREET_HALF_M, STREETS, WAYS, WINDOW_M, WINDOW_OUT_M, window_places,
};
use super::scene::{Face, Group, Solid, Texture, Wall, ground};
use glam::DVec3;

/// Roads go on into the country as far as this, metres.
const OUTSKIRTS_M: f64 = 150.0;

/// The standing town: solid things in groups, and the ground, which is drawn after them.
#[derive(Debug, Clone)]
pub struct Structures {
    pub groups: Vec<Group>,
    pub ground: Vec<Group>,
}

/// Builds the standing town.
pub fn build(layout: &Layout) -> Structures {
    let mut groups: Vec<Group> = layout
        .houses
        .iter()
        .map(|house| Group::new(house_faces(house)))
        .collect();
    groups.push(Group::new(school_faces(layout)));
    groups.push(Group::new(gate_faces(layout)));
    groups.push(Group::new(fountain_faces(layout)));
    groups.extend(
        layout
            .trees
            .iter()
            .enumerate()
            .map(|(i, foot)| Group::new(tree_faces(*foot, i))),
    );
    groups.extend(layout.lamps.iter().map(|foot| Group::new(lamp_faces(*foot))));
    groups.extend(hills());
    Structures {
        groups,
        ground: ground_groups(layout),
    }
}

fn house_faces(house: &House) -> Vec<Face> {
    let plaster = colour::PLASTER[house.looks[0] % colour::PLASTER.len()];
    let shutter = colour::SHUTTER[house.looks[2] % colour::SHUTTER.len()];
    let mut faces = Vec::new();
    for (way, (wall, kind)) in house.walls().iter().zip(house.fronts).enumerate() {
        faces.push(Face::quad(wall.whole(), plaster));
        if kind == FrontKind::Hidden {
            continue;
        }
        faces.push(Face::quad(
            wall.rectangle([0.0, wall.width_m], [0.0, 0.7], 0.02),
            colour::lit(plaster, 0.72),
        ));
        street_level(&mut faces, wall, house.looks[1] + way, shutter);
        for (i, [left, sill]) in window_places(wall, house.floors, 1).into_iter().enumerate() {
            let place = wall.rectangle([left, left + WINDOW_M[0]], [sill, sill + WINDOW_M[1]], WINDOW_OUT_M);
            let frame = wall.rectangle([left - 0.12, left + WINDOW_M[0] + 0.12], [sill - 0.15, sill], 0.06);
            faces.push(Face::quad(frame, colour::STONE));
            if kind == FrontKind::Private {
                faces.push(Face::quad(place, [0; 3]).painted(colour::reserved()));
                for side in [left - 0.55, left + WINDOW_M[0] + 0.05] {
                    faces.push(Face::quad(
                        wall.rectangle([side, side + 0.5], [sill, sill + WINDOW_M[1]], 0.04),
                        shutter,
                    ));
                }
            } else if (i * 7 + house.looks[0] + way).is_multiple_of(5) {
                faces.push(Face::quad(place, colour::GLASS));
            } else {
                faces.push(Face::quad(place, shutter));
                let slit = [left + WINDOW_M[0] / 2.0 - 0.03, left + WINDOW_M[0] / 2.0 + 0.03];
                faces.push(Face::quad(
                    wall.rectangle(slit, [sill, sill + WINDOW_M[1]], 0.05),
                    colour::lit(shutter, 0.6),
                ));
            }
        }
    }
    roof(
        &mut faces,
        &house.solid,
        colour::ROOF[house.looks[1] % colour::ROOF.len()],
    );
    faces
}

/// Ground floor: a door and either shop windows with an awning or closed shutters.
fn street_level(faces: &mut Vec<Face>, wall: &Wall, pick: usize, shutter: Rgb) {
    let middle = wall.width_m / 2.0;
    faces.push(Face::quad(
        wall.rectangle([middle - 0.6, middle + 0.6], [0.0, 2.3], 0.05),
        colour::DOOR,
    ));
    for [from, to] in [[0.8, middle - 1.2], [middle + 1.2, wall.width_m - 0.8]] {
        if to - from < 1.2 {
            continue;
        }
        if pick.is_multiple_of(3) {
            faces.push(Face::quad(wall.rectangle([from, to], [0.5, 2.3], 0.04), colour::GLASS));
            let top = wall.rectangle([from - 0.2, to + 0.2], [2.7, 2.7], 0.05);
            let low = wall.rectangle([from - 0.2, to + 0.2], [2.4, 2.4], 1.1);
            faces.push(Face::quad([top[0], top[1], low[1], low[0]], colour::AWNING));
        } else {
            let centre = (from + to) / 2.0;
            faces.push(Face::quad(
                wall.rectangle([centre - 0.55, centre + 0.55], [1.0, 2.4], 0.04),
                shutter,
            ));
        }
    }
}

/// A hipped roof with eaves.
fn roof(faces: &mut Vec<Face>, solid: &Solid, rgb: Rgb) {
    let eaves = 0.4;
    let [length, width, height] = solid.size_m;
    let (x, y) = (width / 2.0 + eaves, length / 2.0 + eaves);
    let rise = 0.32 * x.min(y);
    let at = |dx: f64, dy: f64, dz: f64| solid.foot + DVec3::new(dx, dy, height + dz);
    let (rx, ry) = if x > y { (x - y, 0.0) } else { (0.0, y - x) };
    let ridge = [at(rx, ry, rise), at(-rx, -ry, rise)];
    let [ne, se, sw, nw] = [at(x, y, 0.0), at(x, -y, 0.0), at(-x, -y, 0.0), at(-x, y, 0.0)];
    if x > y {
        faces.push(Face::quad([ridge[0], ridge[1], nw, ne], rgb));
        faces.push(Face::quad([ridge[1], ridge[0], se, sw], rgb));
        faces.push(Face::triangle([ridge[0], ne, se], rgb));
        faces.push(Face::triangle([ridge[1], sw, nw], rgb));
    } else {
        faces.push(Face::quad([ridge[1], ridge[0], ne, se], rgb));
        faces.push(Face::quad([ridge[0], ridge[1], sw, nw], rgb));
        faces.push(Face::triangle([ridge[0], nw, ne], rgb));
        faces.push(Face::triangle([ridge[1], se, sw], rgb));
    }
    faces.push(Face::quad([nw, sw, se, ne], colour::lit(rgb, 0.6)));
}

fn school_faces(layout: &Layout) -> Vec<Face> {
    let (solid, ahead) = &layout.school;
    let mut faces = Vec::new();
    for (i, wall) in solid.walls().iter().enumerate() {
        faces.push(Face::quad(wall.whole(), colour::SCHOOL));
        faces.push(Face::quad(
            wall.rectangle([0.0, wall.width_m], [3.5, 3.8], 0.02),
            colour::STONE,
        ));
        for [left, sill] in window_places(wall, 2, 0) {
            let door = i == 0 && sill < 2.0 && (left + WINDOW_M[0] / 2.0 - wall.width_m / 2.0).abs() < 2.4;
            if !door {
                faces.push(Face::quad(
                    wall.rectangle([left - 0.3, left + 1.4], [sill, sill + 1.7], 0.03),
                    colour::GLASS,
                ));
            }
        }
    }
    let front = solid.walls()[0];
    let middle = front.width_m / 2.0;
    faces.push(Face::quad(
        front.rectangle([middle - 1.6, middle + 1.6], [0.0, 2.6], 0.05),
        colour::DOOR,
    ));
    let sign = Face::quad(
        front.rectangle([middle - 3.6, middle + 3.6], [6.3, 7.4], 0.06),
        colour::STONE,
    );
    faces.push(sign.textured(Texture::lettering(
        "SCUOLA COLLODI",
        colour::DARK,
        colour::STONE,
        colour::STONE,
    )));
    faces.push(Face::quad(solid.top(), colour::PAVEMENT));
    let yard = solid.foot + *ahead * (solid.size_m[0] / 2.0 + 10.5);
    let right = DVec3::new(ahead.y, -ahead.x, 0.0);
    for side in [-1.0, 1.0] {
        let foot = yard + right * side * 7.5;
        Solid {
            foot,
            ahead: *ahead,
            size_m: [0.15, 11.0, 1.1],
        }
        .draw(&mut faces, colour::SHUTTER[2]);
    }
    faces
}

/// The gate: a gantry over the road with its sign.
fn gate_faces(layout: &Layout) -> Vec<Face> {
    let mut faces = Vec::new();
    let ahead = if layout.gate.y > 0.0 { WAYS[0] } else { WAYS[2] };
    for side in [-4.6, 4.6] {
        let foot = layout.gate + DVec3::X * side;
        Solid {
            foot,
            ahead,
            size_m: [0.35, 0.35, 6.0],
        }
        .draw(&mut faces, colour::STEEL);
    }
    let beam = Solid {
        foot: layout.gate + DVec3::Z * 5.6,
        ahead,
        size_m: [0.5, 9.6, 0.5],
    };
    beam.draw(&mut faces, colour::STEEL);
    for wall in [beam.walls()[0], beam.walls()[2]] {
        let sign = Face::quad(wall.rectangle([2.3, 7.3], [-1.1, -0.1], 0.05), colour::SIGN);
        faces.push(sign.textured(Texture::lettering(
            "ZTL VARCO",
            colour::PAINT,
            colour::SIGN,
            colour::PAINT,
        )));
    }
    faces
}

fn fountain_faces(layout: &Layout) -> Vec<Face> {
    let [[west, south], [east, north]] = layout.square;
    let foot = DVec3::new((west + east) / 2.0, (south + north) / 2.0, 0.0);
    let mut faces = Vec::new();
    Solid {
        foot,
        ahead: WAYS[0],
        size_m: [5.0, 5.0, 0.7],
    }
    .draw(&mut faces, colour::STONE);
    faces.push(ground(
        [foot.x - 2.1, foot.y - 2.1],
        [foot.x + 2.1, foot.y + 2.1],
        0.72,
        [132, 160, 168],
    ));
    Solid {
        foot,
        ahead: WAYS[0],
        size_m: [0.9, 0.9, 2.4],
    }
    .draw(&mut faces, colour::STONE);
    faces
}

fn tree_faces(foot: DVec3, pick: usize) -> Vec<Face> {
    let mut faces = Vec::new();
    let leaf = colour::LEAF[pick % colour::LEAF.len()];
    let height = 1.9 + 0.25 * (pick % 3) as f64;
    Solid {
        foot,
        ahead: WAYS[0],
        size_m: [0.25, 0.25, height],
    }
    .draw(&mut faces, colour::BARK);
    let radius = 1.35 + 0.15 * (pick % 4) as f64;
    crown(&mut faces, foot + DVec3::Z * (height + radius * 0.8), radius, leaf);
    faces
}

/// A ball of three rings of eight.
fn crown(faces: &mut Vec<Face>, centre: DVec3, radius: f64, rgb: Rgb) {
    let at = |ring: i32, spoke: i32| {
        let up = f64::from(ring) * std::f64::consts::FRAC_PI_6;
        let round = f64::from(spoke) * std::f64::consts::FRAC_PI_4;
        centre + DVec3::new(up.cos() * round.sin(), up.cos() * round.cos(), up.sin()) * radius
    };
    for spoke in 0..8 {
        faces.push(Face::triangle([at(3, 0), at(1, spoke + 1), at(1, spoke)], rgb));
        faces.push(Face::quad(
            [at(1, spoke), at(1, spoke + 1), at(-1, spoke + 1), at(-1, spoke)],
            rgb,
        ));
        faces.push(Face::triangle([at(-3, 0), at(-1, spoke), at(-1, spoke + 1)], rgb));
    }
}

fn lamp_faces(foot: DVec3) -> Vec<Face> {
    let mut faces = Vec::new();
    Solid {
        foot,
        ahead: WAYS[0],
        size_m: [0.14, 0.14, 5.0],
    }
    .draw(&mut faces, colour::STEEL);
    Solid {
        foot: foot + DVec3::Z * 5.0,
        ahead: WAYS[0],
        size_m: [0.5, 0.5, 0.3],
    }
    .draw(&mut faces, colour::LAMP_HEAD);
    faces
}

fn hills() -> Vec<Group> {
    let ridge = |round: f64, far: f64, low: f64| {
        let height = low + 12.0 * (round * 5.0).sin() + 7.0 * (round * 11.0).cos();
        (DVec3::new(round.sin() * far, round.cos() * far, -1.0), height)
    };
    let mut faces = Vec::new();
    for (far, low, rgb) in [(520.0, 42.0, colour::HILL[1]), (380.0, 24.0, colour::HILL[0])] {
        for step in 0..48 {
            let [a, b] = [step, step + 1].map(|s| ridge(f64::from(s) * std::f64::consts::TAU / 48.0, far, low));
            faces.push(Face::quad([a.0 + DVec3::Z * a.1, b.0 + DVec3::Z * b.1, b.0, a.0], rgb));
        }
    }
    vec![Group::new(faces)]
}

fn ground_groups(layout: &Layout) -> Vec<Group> {
    let mut markings = Vec::new();
    let mut surfaces = Vec::new();
    for street in STREETS {
        for north in [true, false] {
            let strip = |low: f64, high: f64, from: f64, to: f64, z: f64, rgb: Rgb| {
                if north {
                    ground([low, from], [high, to], z, rgb)
                } else {
                    ground([from, low], [to, high], z, rgb)
                }
            };
            let lift = if north { 0.0 } else { 0.002 };
            surfaces.push(strip(
                street - ROAD_HALF_M,
                street + ROAD_HALF_M,
                -OUTSKIRTS_M,
                OUTSKIRTS_M,
                0.03 + lift,
                colour::ASPHALT,
            ));
            for [from, to] in [[-EDGE_M, -46.0], [-34.0, -6.0], [6.0, 34.0], [46.0, EDGE_M]] {
                for side in [-1.0, 1.0] {
                    let (a, b) = (street + side * ROAD_HALF_M, street + side * STREET_HALF_M);
                    let [start, end] = [from, to].map(|v: f64| if v.abs() < 50.0 { corner_of(v, from, to) } else { v });
                    surfaces.push(strip(a.min(b), a.max(b), start, end, 0.07, colour::PAVEMENT));
                }
                for dash in 0..((to - from) / 4.0) as u32 {
                    let at = from + 1.0 + f64::from(dash) * 4.0;
                    markings.push(strip(street - 0.07, street + 0.07, at, at + 2.0, 0.05, colour::PAINT));
                }
                for (end, inward) in [(from, 1.0), (to, -1.0)] {
                    if end.abs() < 50.0 {
                        crossing(&mut markings, &strip, street, end, inward);
                    }
                }
            }
        }
    }
    let [from, to] = layout.square;
    surfaces.push(ground(from, to, 0.06, colour::COBBLE));
    let [from, to] = layout.school_block;
    surfaces.push(ground(from, to, 0.04, colour::PAVEMENT));
    let mut groups = vec![Group::new(markings), Group::new(surfaces)];
    groups.push(Group::new(vec![ground(
        [-EDGE_M; 2],
        [EDGE_M; 2],
        0.015,
        colour::GRASS,
    )]));
    groups.push(Group::new(vec![ground([-600.0; 2], [600.0; 2], 0.0, colour::MEADOW)]));
    groups
}

/// Where the pavement of a block's side ends: at the road it meets.
fn corner_of(end: f64, from: f64, to: f64) -> f64 {
    let outward = if (end - from).abs() < (end - to).abs() {
        -1.0
    } else {
        1.0
    };
    end + outward * (STREET_HALF_M - ROAD_HALF_M)
}

/// Zebra stripes and a stop line where a street meets another.
fn crossing(
    faces: &mut Vec<Face>,
    strip: &dyn Fn(f64, f64, f64, f64, f64, Rgb) -> Face,
    street: f64,
    end: f64,
    inward: f64,
) {
    let (a, b) = (end + inward * 0.5, end + inward * 2.7);
    for stripe in 0..8 {
        let low = street - ROAD_HALF_M + 0.25 + f64::from(stripe);
        faces.push(strip(low, low + 0.5, a.min(b), a.max(b), 0.055, colour::PAINT));
    }
    let (a, b) = (end + inward * 3.4, end + inward * 3.8);
    faces.push(strip(
        street - ROAD_HALF_M + 0.2,
        street + ROAD_HALF_M - 0.2,
        a.min(b),
        a.max(b),
        0.055,
        colour::PAINT,
    ));
}
