//! Where everything stands: streets, blocks, houses, the school, the square, the gate, and which fronts have private
//! windows.
//!
//! Invariant: private windows are only on the fronts listed in `private_fronts`, each inside its block.
//! Deliberately absent: faces (see `build`), cameras (see `placing`).

use super::scene::{Solid, Wall};
use glam::DVec3;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

/// Half the side of the town, metres.
pub const EDGE_M: f64 = 60.0;
/// Half a road, without pavements.
pub const ROAD_HALF_M: f64 = 4.0;
/// Half a street, pavements and all.
pub const STREET_HALF_M: f64 = 6.0;
/// Where the streets run: east of the centre for those to the north, north of it for those to the east.
pub const STREETS: [f64; 3] = [-40.0, 0.0, 40.0];
/// Streets running north.
pub const NORTHWARD: [&str; 3] = ["Via Garibaldi", "Via Roma", "Via dei Mille"];
/// Streets running east.
pub const EASTWARD: [&str; 3] = ["Viale della Vittoria", "Corso Italia", "Via Mazzini"];
/// A storey.
pub const FLOOR_M: f64 = 3.2;
/// Fronts with private windows in a town.
const PRIVATE_FRONTS: usize = 12;

/// The four ways a wall can face: north, east, south, west.
pub const WAYS: [DVec3; 4] = [
    DVec3::new(0.0, 1.0, 0.0),
    DVec3::new(1.0, 0.0, 0.0),
    DVec3::new(0.0, -1.0, 0.0),
    DVec3::new(-1.0, 0.0, 0.0),
];

/// The kinds of front, by what is behind the windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrontKind {
    /// Touches another house.
    Hidden,
    /// Shutters closed, or offices.
    Plain,
    /// Homes: every window above the ground floor is painted in the reserved hue.
    Private,
}

/// One house, a box with a roof.
#[derive(Debug, Clone)]
pub struct House {
    pub solid: Solid,
    pub floors: u32,
    /// Pick of plaster, roof and shutter.
    pub looks: [usize; 3],
    /// North, east, south, west.
    pub fronts: [FrontKind; 4],
}

impl House {
    /// The walls in the order of [`WAYS`].
    pub fn walls(&self) -> [Wall; 4] {
        self.solid.walls()
    }
}

/// Rows and columns of windows on a wall: left edges and sills in metres, windows of [`WINDOW_M`].
pub fn window_places(wall: &Wall, floors: u32, from_floor: u32) -> Vec<[f64; 2]> {
    let columns = ((wall.width_m - 1.2) / 2.6).floor().max(1.0);
    let pitch = wall.width_m / columns;
    let mut places = Vec::new();
    for floor in from_floor..floors {
        for column in 0..columns as u32 {
            let left = pitch * (f64::from(column) + 0.5) - WINDOW_M[0] / 2.0;
            places.push([left, f64::from(floor) * FLOOR_M + 1.0]);
        }
    }
    places
}

/// Width and height of a window.
pub const WINDOW_M: [f64; 2] = [1.1, 1.5];
/// How far a window stands in front of its wall.
pub const WINDOW_OUT_M: f64 = 0.03;

/// A front with private windows.
#[derive(Debug, Clone)]
pub struct PrivateFront {
    /// «Finestre di Via Roma 7».
    pub name: String,
    pub wall: Wall,
    /// The smallest rectangle around all its private windows, in the plane of the windows.
    pub corners: [DVec3; 4],
    /// Each window.
    pub windows: Vec<[DVec3; 4]>,
}

/// Where everything stands.
#[derive(Debug, Clone)]
pub struct Layout {
    pub houses: Vec<House>,
    pub private_fronts: Vec<PrivateFront>,
    /// The school's box and the way its entrance faces.
    pub school: (Solid, DVec3),
    /// South-west and north-east corner of the school's block.
    pub school_block: [[f64; 2]; 2],
    /// South-west and north-east corner of the square.
    pub square: [[f64; 2]; 2],
    pub trees: Vec<DVec3>,
    pub lamps: Vec<DVec3>,
    /// Foot of the gate over Via Roma, in the middle of the road.
    pub gate: DVec3,
}

impl Layout {
    /// The layout of a seed.
    pub fn generate(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let spans = [[-EDGE_M, -46.0], [-34.0, -6.0], [6.0, 34.0], [46.0, EDGE_M]];
        let mut middle = [(1, 1), (1, 2), (2, 1), (2, 2)];
        middle.shuffle(&mut rng);
        let (square_block, school_block) = (middle[0], middle[1]);
        let corners = |(i, j): (usize, usize)| [[spans[i][0], spans[j][0]], [spans[i][1], spans[j][1]]];
        let mut layout = Self {
            houses: Vec::new(),
            private_fronts: Vec::new(),
            school: school(corners(school_block)),
            school_block: corners(school_block),
            square: corners(square_block),
            trees: Vec::new(),
            lamps: Vec::new(),
            gate: DVec3::new(0.0, if rng.random_bool(0.5) { 50.0 } else { -50.0 }, 0.0),
        };
        for i in 0..4 {
            for j in 0..4 {
                if (i, j) != square_block && (i, j) != school_block {
                    layout.houses.extend(houses(corners((i, j)), &mut rng));
                }
            }
        }
        layout.make_homes(&mut rng);
        layout.plant(&mut rng);
        layout
    }

    fn make_homes(&mut self, rng: &mut StdRng) {
        let mut open: Vec<(usize, usize)> = Vec::new();
        for (number, house) in self.houses.iter().enumerate() {
            let wall_ways = house.walls().into_iter().zip(house.fronts).enumerate();
            open.extend(
                wall_ways
                    .filter(|(_, (wall, kind))| *kind == FrontKind::Plain && street_of(wall).is_some())
                    .map(|(way, _)| (number, way)),
            );
        }
        open.shuffle(rng);
        let mut taken = Vec::new();
        for (number, way) in open {
            if self.private_fronts.len() == PRIVATE_FRONTS || taken.contains(&number) {
                continue;
            }
            let house = &mut self.houses[number];
            house.fronts[way] = FrontKind::Private;
            let wall = house.walls()[way];
            let Some(street) = street_of(&wall) else { continue };
            taken.push(number);
            let windows: Vec<_> = window_places(&wall, house.floors, 1)
                .into_iter()
                .map(|[left, sill]| {
                    wall.rectangle([left, left + WINDOW_M[0]], [sill, sill + WINDOW_M[1]], WINDOW_OUT_M)
                })
                .collect();
            let name = format!("Finestre di {street} {}", house_number(&wall));
            self.private_fronts.push(PrivateFront {
                name,
                wall,
                corners: around(&wall, &windows),
                windows,
            });
        }
    }

    fn plant(&mut self, rng: &mut StdRng) {
        let [[west, south], [east, north]] = self.square;
        for _ in 0..14 {
            let ring: f64 = rng.random_range(9.0..12.5);
            let angle: f64 = rng.random_range(0.0..std::f64::consts::TAU);
            let centre = DVec3::new((west + east) / 2.0, (south + north) / 2.0, 0.0);
            self.trees
                .push(centre + DVec3::new(angle.cos(), angle.sin(), 0.0) * ring);
        }
        for street in STREETS {
            for along in [-52.0, -25.0, -15.0, 15.0, 25.0, 52.0] {
                let side: f64 = if rng.random_bool(0.5) { 5.3 } else { -5.3 };
                self.lamps.push(DVec3::new(street + side, along, 0.0));
                if rng.random_bool(0.5) {
                    self.trees.push(DVec3::new(along + 3.0, street - side, 0.0));
                }
            }
        }
    }
}

/// The smallest rectangle in the plane of the windows around all of them.
fn around(wall: &Wall, windows: &[[DVec3; 4]]) -> [DVec3; 4] {
    let points = || windows.iter().flatten().map(|p| *p - wall.corner);
    let across = points().map(|p| p.dot(wall.along));
    let up = points().map(|p| p.z);
    let bounds = |values: &mut dyn Iterator<Item = f64>| {
        values.fold([f64::MAX, f64::MIN], |[low, high], v| [low.min(v), high.max(v)])
    };
    wall.rectangle(
        bounds(&mut across.into_iter()),
        bounds(&mut up.into_iter()),
        WINDOW_OUT_M,
    )
}

/// The street that a wall stands on, if it stands on one.
fn street_of(wall: &Wall) -> Option<&'static str> {
    let middle = wall.corner + wall.along * (wall.width_m / 2.0) + wall.out * 3.0;
    let (across, names) = if wall.out.x.abs() > 0.5 {
        (middle.x, NORTHWARD)
    } else {
        (middle.y, EASTWARD)
    };
    STREETS
        .iter()
        .zip(names)
        .find(|(street, _)| (across - **street).abs() < STREET_HALF_M)
        .map(|(_, name)| name)
}

/// A plausible house number: metres from the edge of the town, odd on one side.
fn house_number(wall: &Wall) -> u32 {
    let along = if wall.out.x.abs() > 0.5 {
        wall.corner.y
    } else {
        wall.corner.x
    };
    let step = ((along + EDGE_M) / 4.0).max(0.0) as u32;
    step * 2 + if wall.out.x + wall.out.y > 0.0 { 1 } else { 2 }
}

fn school([[west, south], [east, north]]: [[f64; 2]; 2]) -> (Solid, DVec3) {
    let ahead = if south > 0.0 { WAYS[2] } else { WAYS[0] };
    let depth = 14.0;
    let middle = DVec3::new((west + east) / 2.0, (south + north) / 2.0, 0.0);
    let foot = middle - ahead * ((north - south - depth) / 2.0 - 1.0);
    (
        Solid {
            foot,
            ahead,
            size_m: [depth, east - west - 2.0, 7.6],
        },
        ahead,
    )
}

/// Houses of a block: one row along the longer side of a narrow block, two rows in a wide one.
fn houses([[west, south], [east, north]]: [[f64; 2]; 2], rng: &mut StdRng) -> Vec<House> {
    let mut houses = Vec::new();
    let (wide, deep) = (east - west, north - south);
    let mut place = |from: [f64; 2], to: [f64; 2], joined: [bool; 4], rng: &mut StdRng| {
        let floors = rng.random_range(2..=4);
        let foot = DVec3::new((from[0] + to[0]) / 2.0, (from[1] + to[1]) / 2.0, 0.0);
        let size_m = [to[1] - from[1], to[0] - from[0], f64::from(floors) * FLOOR_M + 0.4];
        houses.push(House {
            solid: Solid {
                foot,
                ahead: WAYS[0],
                size_m,
            },
            floors,
            looks: [rng.random_range(0..8), rng.random_range(0..4), rng.random_range(0..4)],
            fronts: joined.map(|joined| if joined { FrontKind::Hidden } else { FrontKind::Plain }),
        });
    };
    if wide > 20.0 {
        let rows: &[[f64; 2]] = if deep > 20.0 {
            &[[0.0, 10.0], [deep - 10.0, deep]]
        } else {
            &[[1.0, deep - 1.0]]
        };
        for row in rows {
            let cuts = [
                0.0,
                wide / 3.0 + rng.random_range(-1.5..1.5),
                wide * 2.0 / 3.0 + rng.random_range(-1.5..1.5),
                wide,
            ];
            for k in 0..3 {
                let (from, to) = ([west + cuts[k], south + row[0]], [west + cuts[k + 1], south + row[1]]);
                place(from, to, [false, k < 2, false, k > 0], rng);
            }
        }
    } else if deep > 20.0 {
        let cuts = [
            0.0,
            deep / 3.0 + rng.random_range(-1.5..1.5),
            deep * 2.0 / 3.0 + rng.random_range(-1.5..1.5),
            deep,
        ];
        for k in 0..3 {
            let (from, to) = ([west + 1.0, south + cuts[k]], [east - 1.0, south + cuts[k + 1]]);
            place(from, to, [k < 2, false, k > 0, false], rng);
        }
    } else {
        place([west + 1.0, south + 1.0], [east - 1.0, north - 1.0], [false; 4], rng);
    }
    houses
}
