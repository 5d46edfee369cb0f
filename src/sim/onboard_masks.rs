//! The privacy masks and limits stored in a simulated camera itself (R-PRV-3).
//!
//! Invariant: as on real cameras a mask stays where it is in the picture, also on a dome, and limits bound absolute moves
//! and presets only. Neither is painted into the simulated picture: a search for leaks looks at what the client covers.
//! Deliberately absent: XML (see `onvif::masks`), faults (they say how much is kept).

use super::faults::MaskFault;
use crate::domain::privacy::camera_side::PtzLimits;
use crate::domain::site::{CameraPlan, MaskShape};

/// Masks a well-behaved camera takes, and corners of each.
pub const MOST_MASKS: usize = 8;
pub const MOST_POINTS: usize = 20;
/// Masks taken by one that promised more.
const FEW_MASKS: usize = 2;
/// How much a camera that adapts polygons shrinks them about their middle.
const SHRINKS_TO: f64 = 0.9;

/// A mask, in ONVIF's normalised coordinates (−1..1, y upwards).
#[derive(Debug, Clone, PartialEq)]
pub struct CameraMask {
    pub token: String,
    pub polygon: Vec<[f64; 2]>,
    pub enabled: bool,
}

/// Lowest and highest pan, tilt, zoom, normalised.
pub type DomeLimits = [[f64; 2]; 3];

/// Everything a camera keeps.
#[derive(Debug, Default)]
pub struct OnboardMasks {
    masks: Vec<CameraMask>,
    last: u32,
    limits: Option<DomeLimits>,
}

/// Why a mask is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTaken {
    TooMany,
    Polygon,
    NoSuchMask,
}

impl OnboardMasks {
    /// Keeps what the plan has for this camera, as after a proper installation: all its picture masks that there is room
    /// for, and the limits of a dome.
    pub fn install(&mut self, camera: &CameraPlan) {
        for mask in &camera.masks {
            if let MaskShape::Picture(corners) = &mask.shape {
                let polygon = corners.iter().map(|[x, y]| [2.0 * x - 1.0, 1.0 - 2.0 * y]).collect();
                if let Err(why) = self.create(polygon, true, MaskFault::Normal) {
                    tracing::warn!(camera = %camera.id, mask = %mask.id, ?why, "a mask is not kept by the camera");
                }
            }
        }
        if let Some(PtzLimits { low, high }) = PtzLimits::planned(camera) {
            self.set_limits([[low.pan, high.pan], [low.tilt, high.tilt], [low.zoom, high.zoom]]);
        }
    }

    /// The masks.
    pub fn masks(&self) -> &[CameraMask] {
        &self.masks
    }

    /// Stores a new mask; gives its token.
    ///
    /// # Errors
    /// [`NotTaken`]: the camera does not accept the polygon, or has no room for one more.
    pub fn create(&mut self, polygon: Vec<[f64; 2]>, enabled: bool, fault: MaskFault) -> Result<String, NotTaken> {
        let most = if fault == MaskFault::Few { FEW_MASKS } else { MOST_MASKS };
        if self.masks.len() >= most {
            return Err(NotTaken::TooMany);
        }
        let polygon = taken(polygon, fault)?;
        self.last += 1;
        let token = format!("mask-{}", self.last);
        self.masks.push(CameraMask {
            token: token.clone(),
            polygon,
            enabled,
        });
        Ok(token)
    }

    /// Changes a stored mask.
    ///
    /// # Errors
    /// [`NotTaken`]: the token is unknown, or the camera does not accept the polygon.
    pub fn set(
        &mut self,
        token: &str,
        polygon: Vec<[f64; 2]>,
        enabled: bool,
        fault: MaskFault,
    ) -> Result<(), NotTaken> {
        let polygon = taken(polygon, fault)?;
        let mask = self.masks.iter_mut().find(|mask| mask.token == token);
        let mask = mask.ok_or(NotTaken::NoSuchMask)?;
        mask.polygon = polygon;
        mask.enabled = enabled;
        Ok(())
    }

    /// Forgets a stored mask.
    ///
    /// # Errors
    /// [`NotTaken`] when the token is unknown.
    pub fn delete(&mut self, token: &str) -> Result<(), NotTaken> {
        let at = self.masks.iter().position(|mask| mask.token == token);
        self.masks.remove(at.ok_or(NotTaken::NoSuchMask)?);
        Ok(())
    }

    /// The limits, if some were set.
    pub fn limits(&self) -> Option<DomeLimits> {
        self.limits
    }

    /// Stores limits.
    pub fn set_limits(&mut self, limits: DomeLimits) {
        self.limits = Some(limits);
    }

    /// A target as the limits let it be reached.
    pub fn within(&self, target: [f64; 3]) -> [f64; 3] {
        match self.limits {
            Some(limits) => std::array::from_fn(|axis| target[axis].clamp(limits[axis][0], limits[axis][1])),
            None => target,
        }
    }
}

/// The polygon as the camera takes it.
fn taken(polygon: Vec<[f64; 2]>, fault: MaskFault) -> Result<Vec<[f64; 2]>, NotTaken> {
    let in_picture = polygon.iter().flatten().all(|v| v.abs() <= 1.0 + 1e-9);
    if !(3..=MOST_POINTS).contains(&polygon.len()) || !in_picture {
        return Err(NotTaken::Polygon);
    }
    match fault {
        MaskFault::RectangleOnly if !is_rectangle(&polygon) => Err(NotTaken::Polygon),
        MaskFault::Adapted => {
            let count = polygon.len() as f64;
            let middle: [f64; 2] = std::array::from_fn(|axis| polygon.iter().map(|p| p[axis]).sum::<f64>() / count);
            let shrunk = |p: [f64; 2]| std::array::from_fn(|axis| middle[axis] + SHRINKS_TO * (p[axis] - middle[axis]));
            Ok(polygon.into_iter().map(shrunk).collect())
        }
        MaskFault::Normal | MaskFault::RectangleOnly | MaskFault::Few | MaskFault::Absent => Ok(polygon),
    }
}

fn is_rectangle(polygon: &[[f64; 2]]) -> bool {
    let level = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).abs() < 1e-6 || (a[1] - b[1]).abs() < 1e-6;
    polygon.len() == 4 && (0..4).all(|i| level(polygon[i], polygon[(i + 1) % 4]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square() -> Vec<[f64; 2]> {
        vec![[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]
    }

    #[test]
    fn cameras_take_masks_as_cameras_do() {
        let mut kept = OnboardMasks::default();
        let triangle = square()[..3].to_vec();
        let new = |kept: &mut OnboardMasks, polygon, fault| kept.create(polygon, true, fault);
        assert_eq!(
            new(&mut kept, triangle.clone(), MaskFault::RectangleOnly),
            Err(NotTaken::Polygon)
        );
        let token = new(&mut kept, square(), MaskFault::RectangleOnly).unwrap();
        new(&mut kept, triangle, MaskFault::Few).unwrap();
        assert_eq!(new(&mut kept, square(), MaskFault::Few), Err(NotTaken::TooMany));
        kept.set(&token, square(), true, MaskFault::Adapted).unwrap();
        assert_eq!(kept.masks()[0].polygon[0], [-0.45, -0.45]);
        kept.delete(&token).unwrap();
        assert_eq!(kept.delete(&token), Err(NotTaken::NoSuchMask));
        assert_eq!(
            new(&mut kept, vec![[2.0, 0.0]; 3], MaskFault::Normal),
            Err(NotTaken::Polygon)
        );
    }

    #[test]
    fn limits_bound_where_a_dome_may_be_sent() {
        let mut kept = OnboardMasks::default();
        assert_eq!(kept.within([1.0, -1.0, 1.0]), [1.0, -1.0, 1.0]);
        kept.set_limits([[-0.5, 0.5], [-1.0, 1.0], [0.0, 0.4]]);
        assert_eq!(kept.within([1.0, -1.0, 1.0]), [0.5, -1.0, 0.4]);
    }
}
