//! Where the cameras hang, where they look, and what they must not show.
//!
//! Invariant: of two or more fixed cameras at least a third see no private window at all (exports need some), and every
//! private window that a camera can see is under one of its masks.

use super::camera_site::{CameraSite, Codec, Mount, StreamSpec};
use super::layout::{EASTWARD, Layout, NORTHWARD, STREETS};
use super::sight;
use super::view::View;
use crate::domain::camera::{CameraId, CameraKind, LensModel, Pose, StreamRole};
use crate::domain::site::{Limits, Mask, MaskShape, MotionBounds};
use crate::sim::makes;
use glam::DVec3;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

/// The place of the camera at the school.
pub const SCHOOL: &str = "Scuola Collodi";
/// From the pavement's middle to the middle of the street.
const POLE_M: f64 = 5.2;
/// Highest magnification that the plan allows a dome.
const ZOOM_CEILING: f64 = 8.0;
/// More masks than this make a candidate unsuitable as a fixed camera.
const MOST_MASKS: usize = 5;

/// An idea for a fixed camera.
#[derive(Debug, Clone)]
struct Idea {
    name: String,
    place: String,
    mount: Mount,
    pose: Pose,
}

/// All cameras of a town: fixed ones first, then domes.
pub fn place(seed: u64, layout: &Layout, cameras: u32, domes: u32) -> Vec<CameraSite> {
    let domes = domes.min(cameras);
    let mut rng = StdRng::seed_from_u64(seed ^ 0x6361_6d65_7261);
    let mut sites = Vec::new();
    for (number, (idea, masks)) in (1..).zip(choose(layout, (cameras - domes) as usize, &mut rng)) {
        sites.push(fixed(number, idea, masks));
    }
    for turn in 0..domes {
        sites.push(dome(cameras - domes + turn + 1, turn, layout));
    }
    name_apart(&mut sites);
    sites
}

/// How many of `count` fixed cameras must see no private window: a third, rounded up; a camera alone may see one.
fn unmasked_at_least(count: usize) -> usize {
    if count < 2 { 0 } else { count.div_ceil(3) }
}

/// `count` fixed cameras: the gate, the school and the square, then corners; about half of them without masks. Of the
/// first three as many make room as it takes to have [`unmasked_at_least`] without.
fn choose(layout: &Layout, count: usize, rng: &mut StdRng) -> Vec<(Idea, Vec<Mask>)> {
    let mut with = Vec::new();
    let mut without = Vec::new();
    let mut corners = corner_ideas(rng);
    corners.shuffle(rng);
    for idea in corners {
        if !clear(layout, &idea) {
            continue;
        }
        let masks = masks_in_picture(layout, &idea);
        match masks.len() {
            0 => without.push((idea, masks)),
            1..=MOST_MASKS => with.push((idea, masks)),
            _ => {}
        }
    }
    let mut chosen: Vec<(Idea, Vec<Mask>)> = Vec::new();
    for idea in special_ideas(layout) {
        let masks = masks_in_picture(layout, &idea);
        chosen.push((idea, masks));
    }
    chosen.truncate(count);
    if without.is_empty() {
        let steep = corner_ideas(rng).into_iter().map(looking_down);
        without.extend(
            steep
                .filter(|idea| masks_in_picture(layout, idea).is_empty())
                .map(|idea| (idea, Vec::new())),
        );
    }
    let free_of = |chosen: &[(Idea, Vec<Mask>)]| chosen.iter().filter(|(_, masks)| masks.is_empty()).count();
    while chosen.len() - free_of(&chosen) > count - unmasked_at_least(count) && !without.is_empty() {
        let Some(last) = chosen.iter().rposition(|(_, masks)| !masks.is_empty()) else {
            break;
        };
        chosen.remove(last);
    }
    while chosen.len() < count {
        let free = free_of(&chosen);
        let pool = if (2 * free <= chosen.len() || with.is_empty()) && !without.is_empty() {
            &without
        } else {
            &with
        };
        let Some(next) = pool.iter().min_by_key(|(idea, _)| familiarity(&chosen, idea)) else {
            break;
        };
        chosen.push(next.clone());
    }
    chosen
}

/// Turns an idea for a camera so that it looks at the ground before it.
fn looking_down(idea: Idea) -> Idea {
    let pose = Pose {
        tilt_deg: -50.0,
        hfov_deg: 58.0,
        ..idea.pose
    };
    Idea { pose, ..idea }
}

/// How much of an idea the chosen cameras already have: the same view weighs most, then crossing and direction.
fn familiarity(chosen: &[(Idea, Vec<Mask>)], idea: &Idea) -> usize {
    let near = |a: &Idea| {
        let apart = DVec3::from(a.mount.position_m).distance(DVec3::from(idea.mount.position_m));
        let turn = (a.mount.heading_deg - idea.mount.heading_deg).rem_euclid(360.0);
        let same_way = turn.min(360.0 - turn) < 30.0;
        usize::from(apart < 20.0) * 2 + usize::from(same_way) + usize::from(apart < 20.0 && same_way) * 20
    };
    chosen.iter().map(|(other, _)| near(other)).sum()
}

fn special_ideas(layout: &Layout) -> Vec<Idea> {
    let inward = -layout.gate.y.signum();
    let (school, ahead) = &layout.school;
    let [[west, south], [east, north]] = layout.square;
    let looking = |name: &str, place: &str, eye: DVec3, target: DVec3, hfov_deg: f64| {
        let mount = Mount {
            position_m: eye.to_array(),
            heading_deg: 0.0,
        };
        let seen = super::view::direction(&mount, target);
        let mount = Mount {
            heading_deg: seen.azimuth_deg.rem_euclid(360.0),
            ..mount
        };
        let pose = Pose {
            pan_deg: 0.0,
            tilt_deg: seen.elevation_deg,
            hfov_deg,
        };
        Idea {
            name: name.to_owned(),
            place: place.to_owned(),
            mount,
            pose,
        }
    };
    let gate_eye = layout.gate + DVec3::new(POLE_M, inward * 17.0, 5.0);
    let entrance = school.foot + *ahead * (school.size_m[0] / 2.0);
    let across = DVec3::new(ahead.y, -ahead.x, 0.0);
    vec![
        looking(
            "Varco ZTL di Via Roma",
            "Via Roma",
            gate_eye,
            layout.gate + DVec3::new(0.3, 0.0, 2.6),
            46.0,
        ),
        looking(
            "Scuola Collodi, ingresso",
            SCHOOL,
            entrance + *ahead * 12.5 + across * 9.0 + DVec3::Z * 5.0,
            entrance + DVec3::Z * 2.6,
            78.0,
        ),
        looking(
            "Piazza del Popolo",
            "Piazza del Popolo",
            DVec3::new(west + 1.0, south + 1.0, 6.5),
            DVec3::new((west + east) / 2.0, (south + north) / 2.0, 0.5),
            72.0,
        ),
    ]
}

fn corner_ideas(rng: &mut StdRng) -> Vec<Idea> {
    let mut ideas = Vec::new();
    for (i, x) in STREETS.into_iter().enumerate() {
        for (j, y) in STREETS.into_iter().enumerate() {
            for (dx, dy) in [
                (-POLE_M, -POLE_M),
                (-POLE_M, POLE_M),
                (POLE_M, -POLE_M),
                (POLE_M, POLE_M),
            ] {
                for eighth in 0..8u32 {
                    let position_m = [x + dx, y + dy, rng.random_range(4.8..6.5)];
                    let azimuth = f64::from(eighth) * std::f64::consts::FRAC_PI_4;
                    // Along a street: turned from the near wall towards the middle.
                    let inward = 13.0 * (azimuth.sin() * f64::signum(dy) - azimuth.cos() * f64::signum(dx));
                    let inward = if eighth % 2 == 0 { inward } else { 0.0 };
                    let heading_deg =
                        (azimuth.to_degrees() + inward + rng.random_range(-4.0..4.0f64)).rem_euclid(360.0);
                    let along = if eighth % 4 < 2 { NORTHWARD[i] } else { EASTWARD[j] };
                    // Every other camera looks down at the crossing rather than along the street.
                    let steep =
                        (usize::from(dx > 0.0) + usize::from(dy > 0.0) + i + j + eighth as usize).is_multiple_of(2);
                    let tilt_deg = if steep {
                        rng.random_range(-26.0..-20.0)
                    } else {
                        rng.random_range(-17.0..-11.0)
                    };
                    let ways = [
                        "nord",
                        "nord-est",
                        "est",
                        "sud-est",
                        "sud",
                        "sud-ovest",
                        "ovest",
                        "nord-ovest",
                    ];
                    ideas.push(Idea {
                        name: format!("{} / {}, verso {}", NORTHWARD[i], EASTWARD[j], ways[eighth as usize]),
                        place: along.to_owned(),
                        mount: Mount {
                            position_m,
                            heading_deg,
                        },
                        pose: Pose {
                            pan_deg: 0.0,
                            tilt_deg,
                            hfov_deg: rng.random_range(58.0..84.0),
                        },
                    });
                }
            }
        }
    }
    ideas
}

/// Whether nothing stands in the first metres of the view, in its middle and to both sides.
fn clear(layout: &Layout, idea: &Idea) -> bool {
    let eye = DVec3::from(idea.mount.position_m);
    [(-15.0f64, 8.0), (0.0, 32.0), (15.0, 8.0)]
        .into_iter()
        .all(|(aside, far)| {
            let azimuth = (idea.mount.heading_deg + aside).to_radians();
            (1..=16).all(|step| {
                let point = eye + DVec3::new(azimuth.sin(), azimuth.cos(), 0.0) * (far * f64::from(step) / 16.0);
                let inside_town = point.x.abs() < 58.0 && point.y.abs() < 58.0;
                inside_town
                    && layout
                        .houses
                        .iter()
                        .map(|h| &h.solid)
                        .chain([&layout.school.0])
                        .all(|solid| {
                            let [length, width, _] = solid.size_m;
                            let turned = solid.ahead.x.abs() > 0.5;
                            let (x, y) = if turned { (length, width) } else { (width, length) };
                            (point.x - solid.foot.x).abs() > x / 2.0 || (point.y - solid.foot.y).abs() > y / 2.0
                        })
            })
        })
}

fn masks_in_picture(layout: &Layout, idea: &Idea) -> Vec<Mask> {
    let view = View::new(&idea.mount, idea.pose, 1280, 720);
    let seen = layout
        .private_fronts
        .iter()
        .filter(|front| sight::sees(layout, view.eye, front));
    seen.filter_map(|front| Some((front, sight::in_picture(&view, front)?)))
        .enumerate()
        .map(|(i, (front, points))| mask(i, &front.name, MaskShape::Picture(points)))
        .collect()
}

fn mask(index: usize, name: &str, shape: MaskShape) -> Mask {
    Mask {
        id: slug(format!("finestre-{}", index + 1)),
        name: name.to_owned(),
        shape,
        permanent: true,
        reason: "finestre di abitazioni private".to_owned(),
        style: Default::default(),
        revision: None,
    }
}

/// Identifiers here are built from letters, digits and hyphens only.
fn slug<T: TryFrom<String>>(text: String) -> T {
    T::try_from(text).unwrap_or_else(|_| unreachable!("letters, digits and hyphens"))
}

fn streams(number: u32, dome: bool) -> Vec<StreamSpec> {
    // Every eighth fixed camera speaks H.265, and one is slow.
    let codec = if !dome && number % 8 == 3 {
        Codec::H265
    } else {
        Codec::H264
    };
    let fps = if !dome && number == 5 { 15 } else { 25 };
    let stream = |role, width, height, bitrate_kbit| StreamSpec {
        role,
        codec,
        width,
        height,
        fps,
        bitrate_kbit,
    };
    vec![
        stream(StreamRole::Main, 1280, 720, 3_000),
        stream(StreamRole::Sub, 640, 360, 800),
    ]
}

fn fixed(number: u32, idea: Idea, masks: Vec<Mask>) -> CameraSite {
    let hfov = idea.pose.hfov_deg;
    CameraSite {
        id: slug::<CameraId>(format!("cam-{number:02}")),
        number,
        name: idea.name,
        place: idea.place,
        kind: CameraKind::Fixed,
        mount: idea.mount,
        lens: lens([0.0, 0.0], [0.0, 0.0], vec![[0.0, hfov], [1.0, hfov]]),
        masks,
        limits: Limits::default(),
        motion: MotionBounds::default(),
        streams: streams(number, false),
        fixed_pose: Some(idea.pose),
        make: makes::COMMON,
    }
}

fn lens(pan_range_deg: [f64; 2], tilt_range_deg: [f64; 2], hfov_by_zoom: Vec<[f64; 2]>) -> LensModel {
    LensModel {
        pan_range_deg,
        tilt_range_deg,
        hfov_by_zoom,
        aspect: 16.0 / 9.0,
        roll_deg: 0.0,
        upside_down: false,
        mirrored: false,
    }
}

fn dome(number: u32, turn: u32, layout: &Layout) -> CameraSite {
    const CROSSINGS: [(usize, usize); 9] = [(1, 1), (2, 1), (0, 1), (1, 2), (1, 0), (2, 2), (0, 0), (0, 2), (2, 0)];
    let (i, j) = CROSSINGS[turn as usize % CROSSINGS.len()];
    let side = if (turn as usize / CROSSINGS.len()).is_multiple_of(2) {
        1.0
    } else {
        -1.0
    };
    let position = DVec3::new(
        STREETS[i] + side * POLE_M,
        STREETS[j] - side * POLE_M,
        8.5 + 0.1 * f64::from(turn % 3),
    );
    let mount = Mount {
        position_m: position.to_array(),
        heading_deg: if side > 0.0 { 315.0 } else { 135.0 },
    };
    let mut masks: Vec<Mask> = layout
        .private_fronts
        .iter()
        .filter(|front| sight::sees(layout, position, front))
        .enumerate()
        .map(|(i, front)| mask(i, &front.name, MaskShape::Directions(sight::directions(&mount, front))))
        .collect();
    if turn == 0
        && let Some(mask) = masks.last_mut()
    {
        mask.permanent = false;
    }
    let mut limits = Limits {
        zoom_ceiling: Some(ZOOM_CEILING),
        ..Limits::default()
    };
    if turn == 1 {
        limits.pan_deg = Some([-110.0, 110.0]);
        limits.tilt_deg = Some([-65.0, 5.0]);
    }
    // Twenty steps of an optical zoom whose field of view narrows evenly in the tangent's logarithm.
    let (wide, tele) = ((62.0f64 / 2.0).to_radians().tan(), (3.3f64 / 2.0).to_radians().tan());
    let hfov = |z: f64| 2.0 * (wide * (tele / wide).powf(z)).atan().to_degrees();
    let table = (0..=20).map(|k| f64::from(k) / 20.0).map(|z| [z, hfov(z)]).collect();
    CameraSite {
        id: slug::<CameraId>(format!("cam-{number:02}")),
        number,
        name: format!("Dome {} / {}", NORTHWARD[i], EASTWARD[j]),
        place: NORTHWARD[i].to_owned(),
        kind: CameraKind::Dome,
        mount,
        lens: lens([-180.0, 180.0], [-90.0, 20.0], table),
        masks,
        limits,
        motion: motion_bounds(),
        streams: streams(number, true),
        fixed_pose: None,
        make: makes::COMMON,
    }
}

/// What bounds the motion of the domes, each a true upper bound for this simulator:
/// the speeds are those of the axes themselves (`dome::Dome::new`), and a velocity is that share of them, so that the
/// 5 % of `speed_per_velocity` only cover the rounding of what is sent. A dome begins to obey as soon as a command has
/// arrived and is through with its ramp 0.4 s later (`makes::COMMON`): 0.2 s of `command_delay_s` are left
/// for the way. A status is 0.15 s old at the most when it is answered (half of the bound, `onvif::ptz`), and as much is
/// left for its way back; one under way for longer is not used. A picture is painted when it is due and no more than
/// three wait to be encoded (0.12 s): the rest of `video_delay_s` is the client's buffer and decoder.
fn motion_bounds() -> MotionBounds {
    MotionBounds {
        pan_speed_deg_s: 160.0,
        tilt_speed_deg_s: 120.0,
        // The whole zoom in five seconds.
        zoom_speed_ln_s: 0.6,
        video_delay_s: 0.5,
        video_delay_min_s: 0.0,
        status_delay_s: 0.3,
        command_delay_s: 0.6,
        speed_per_velocity: 1.05,
        ..MotionBounds::default()
    }
}

/// Gives cameras of the same name a number each.
fn name_apart(sites: &mut [CameraSite]) {
    for i in 0..sites.len() {
        let same = sites[..i]
            .iter()
            .filter(|other| other.name.split(" (").next() == Some(&sites[i].name))
            .count();
        if same > 0 {
            sites[i].name = format!("{} ({})", sites[i].name, same + 1);
        }
    }
}
