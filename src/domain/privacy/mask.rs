//! Masks on the sphere, cut once into small convex pieces that [`cover`](super::cover()) can grow and project quickly.
//!
//! Invariant: the pieces together contain the mask. What cannot be cut is replaced by something larger, or, when there is
//! nothing larger that can be drawn, refused: then the whole picture is covered.
//! Deliberately absent: poses and pictures.

use super::camera_geometry::{clip_cone, unit};
use super::convex::{self, Point, ShapeError};
use crate::domain::camera::Direction;
use glam::DVec3;

/// Largest angle from the centre of a mask to its corners, radians (85°).
const LARGEST_CAP: f64 = 85.0 * std::f64::consts::PI / 180.0;
/// Pieces are cut until none is larger than this, radians (30°): growing wastes little on small pieces.
const LARGEST_PIECE: f64 = 30.0 * std::f64::consts::PI / 180.0;

/// A convex piece of a mask.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Unit vector to its middle.
    pub centre: DVec3,
    /// Angle from the centre to the farthest corner, radians.
    pub radius: f64,
    /// Unit vectors to its corners, in order.
    pub corners: Vec<DVec3>,
    /// Largest cosine of the elevation of any point of the piece: how far turning about the vertical can move it.
    pub widest_cosine: f64,
}

impl Piece {
    fn new(corners: Vec<DVec3>) -> Self {
        let (centre, radius) = smallest_cap(&corners);
        let elevation = centre.z.clamp(-1.0, 1.0).asin().abs();
        Self {
            centre,
            radius,
            corners,
            widest_cosine: (elevation - radius).max(0.0).cos(),
        }
    }
}

/// The pieces of a mask given by directions.
///
/// # Errors
/// What is wrong with the polygon, when it cannot be cut. [`pieces_or_hull`] is for drawing, this is for checking a plan.
pub fn pieces(corners: &[Direction]) -> Result<Vec<Piece>, ShapeError> {
    let rays = rays(corners)?;
    let n = rays.len();
    if (0..n).any(|i| rays[i].dot(rays[(i + 1) % n]) <= 0.0) {
        return Err(ShapeError::SideTooLong);
    }
    let plane = Plane::around(&rays)?;
    let ring = convex::simple(&plane.flatten(&rays))?;
    Ok(cut(&plane, convex::decompose(&ring)))
}

/// Like [`pieces`], but a polygon that crosses itself, is flat or has long sides is replaced by its convex hull.
///
/// # Errors
/// When not even the hull can be drawn: too few points, no numbers, too large.
pub fn pieces_or_hull(corners: &[Direction]) -> Result<Vec<Piece>, ShapeError> {
    match pieces(corners) {
        Err(ShapeError::Crosses | ShapeError::Flat | ShapeError::SideTooLong | ShapeError::TooManyPoints) => {
            let rays = rays(corners)?;
            let plane = Plane::around(&rays)?;
            let mut ring = Vec::new();
            convex::hull(&mut plane.flatten(&rays), &mut ring);
            Ok(cut(&plane, vec![ring]))
        }
        result => result,
    }
}

fn rays(corners: &[Direction]) -> Result<Vec<DVec3>, ShapeError> {
    let in_range = |d: &Direction| d.azimuth_deg.abs() <= 720.0 && d.elevation_deg.abs() <= 90.0;
    if !corners.iter().all(in_range) {
        return Err(ShapeError::OutOfRange);
    }
    if corners.len() < 3 {
        return Err(ShapeError::TooFewPoints);
    }
    Ok(corners.iter().map(|d| unit(*d)).collect())
}

fn cut(plane: &Plane, rings: Vec<Vec<Point>>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for ring in rings {
        split(ring.into_iter().map(|p| plane.lift(p)).collect(), 10, &mut pieces);
    }
    pieces
}

/// Halves a piece across its longest extent until it is small.
fn split(corners: Vec<DVec3>, depth: u32, pieces: &mut Vec<Piece>) {
    let piece = Piece::new(corners);
    if piece.radius <= LARGEST_PIECE || depth == 0 {
        pieces.push(piece);
        return;
    }
    let far = piece
        .corners
        .iter()
        .copied()
        .min_by(|a, b| a.dot(piece.centre).total_cmp(&b.dot(piece.centre)));
    let across = far.map_or(DVec3::Z, |far| far - piece.centre * far.dot(piece.centre));
    for plane in [across, -across] {
        let mut half = Vec::new();
        clip_cone(&piece.corners, plane, &mut half);
        if half.len() >= 3 {
            split(half.into_iter().map(DVec3::normalize).collect(), depth - 1, pieces);
        }
    }
}

/// Nearly the smallest cap around unit vectors: its centre and, exactly, the angle to the farthest of them, radians.
fn smallest_cap(rays: &[DVec3]) -> (DVec3, f64) {
    let mut centre = rays
        .iter()
        .copied()
        .sum::<DVec3>()
        .normalize_or(rays.first().copied().unwrap_or(DVec3::Z));
    for step in 0..64 {
        let Some(far) = rays
            .iter()
            .copied()
            .min_by(|a, b| a.dot(centre).total_cmp(&b.dot(centre)))
        else {
            break;
        };
        centre = (centre + (far - centre) / f64::from(step + 2)).normalize_or(centre);
    }
    let radius = rays.iter().map(|ray| ray.angle_between(centre)).fold(0.0, f64::max);
    (centre, radius)
}

/// The plane that touches the sphere at `centre`; great circles are straight lines in it.
#[derive(Debug, Clone, Copy)]
pub struct Plane {
    centre: DVec3,
    across: DVec3,
    along: DVec3,
}

impl Plane {
    /// The plane at a unit vector.
    pub fn at(centre: DVec3) -> Self {
        let across = centre.any_orthonormal_vector();
        Self {
            centre,
            across,
            along: centre.cross(across),
        }
    }

    fn around(rays: &[DVec3]) -> Result<Self, ShapeError> {
        let (centre, radius) = smallest_cap(rays);
        if radius < LARGEST_CAP {
            Ok(Self::at(centre))
        } else {
            Err(ShapeError::TooLarge)
        }
    }

    /// Where a ray meets the plane; `None` when it is more than about 88° from its centre.
    pub fn meet(&self, ray: DVec3) -> Option<Point> {
        let depth = ray.dot(self.centre);
        (depth > 0.03).then(|| [ray.dot(self.across) / depth, ray.dot(self.along) / depth])
    }

    /// The ray through a point of the plane, not normalised.
    pub fn ray(&self, p: Point) -> DVec3 {
        self.centre + self.across * p[0] + self.along * p[1]
    }

    fn lift(&self, p: Point) -> DVec3 {
        self.ray(p).normalize()
    }

    fn flatten(&self, rays: &[DVec3]) -> Vec<Point> {
        rays.iter().filter_map(|ray| self.meet(*ray)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(azimuth_deg: f64, elevation_deg: f64) -> Direction {
        Direction {
            azimuth_deg,
            elevation_deg,
        }
    }

    fn inside(piece: &Piece, ray: DVec3) -> bool {
        let n = piece.corners.len();
        let sides: Vec<f64> = (0..n)
            .map(|i| piece.corners[i].cross(piece.corners[(i + 1) % n]).dot(ray))
            .collect();
        ray.dot(piece.centre) > 0.0 && (sides.iter().all(|s| *s >= -1e-12) || sides.iter().all(|s| *s <= 1e-12))
    }

    #[test]
    fn the_whole_sky_is_a_mask_of_small_pieces() {
        let sky: Vec<Direction> = (0..12).map(|i| at(f64::from(i) * 30.0, 10.0)).collect();
        let pieces = pieces(&sky).unwrap();
        assert!(pieces.len() > 1 && pieces.iter().all(|p| p.radius <= LARGEST_PIECE));
        for (azimuth, elevation) in [(0.0, 90.0), (77.0, 15.0), (-160.0, 40.0), (181.0, 11.0)] {
            assert!(
                pieces.iter().any(|p| inside(p, unit(at(azimuth, elevation)))),
                "{azimuth} {elevation}"
            );
        }
        assert!(!pieces.iter().any(|p| inside(p, unit(at(15.0, 5.0)))));
    }

    #[test]
    fn a_mask_across_the_seam_and_one_around_the_nadir_are_whole() {
        let seam = pieces(&[at(170.0, -5.0), at(-170.0, -5.0), at(-170.0, 5.0), at(170.0, 5.0)]).unwrap();
        assert!(seam.iter().any(|p| inside(p, unit(at(180.0, 0.0)))));
        assert!(!seam.iter().any(|p| inside(p, unit(at(0.0, 0.0)))));
        let feet: Vec<Direction> = (0..6).map(|i| at(f64::from(i) * 60.0, -80.0)).collect();
        assert!(pieces(&feet).unwrap().iter().any(|p| inside(p, DVec3::NEG_Z)));
    }

    #[test]
    fn what_cannot_be_cut_says_why() {
        let square = |a: f64| [at(-a, -10.0), at(a, -10.0), at(a, 10.0), at(-a, 10.0)];
        assert_eq!(pieces(&square(60.0)).unwrap_err(), ShapeError::SideTooLong);
        assert!(pieces(&square(40.0)).is_ok());
        assert_eq!(
            pieces(&[at(0.0, 0.0), at(1.0, 1.0)]).unwrap_err(),
            ShapeError::TooFewPoints
        );
        assert_eq!(
            pieces(&[at(0.0, 0.0), at(1.0, 1.0), at(0.0, f64::NAN)]).unwrap_err(),
            ShapeError::OutOfRange
        );
        let around: Vec<Direction> = (0..6).map(|i| at(f64::from(i) * 60.0, 0.0)).collect();
        assert_eq!(pieces(&around).unwrap_err(), ShapeError::TooLarge);
        let bow = [at(0.0, 0.0), at(10.0, 10.0), at(10.0, 0.0), at(0.0, 10.0)];
        assert_eq!(pieces(&bow).unwrap_err(), ShapeError::Crosses);
        assert!(
            pieces_or_hull(&bow)
                .unwrap()
                .iter()
                .any(|p| inside(p, unit(at(5.0, 1.0))))
        );
    }
}
