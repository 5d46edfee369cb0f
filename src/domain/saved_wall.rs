//! What a person keeps of their walls: the windows they left, and walls saved under a name.
//!
//! Invariant: reading what was kept never shows a camera that the person may not see now; a name is never empty and
//! never longer than a line. Deliberately absent: where it is kept (`station`), whether a view is allowed (`people`).

use crate::domain::camera::CameraId;
use crate::domain::wall::Layout;
use std::collections::BTreeMap;

/// Longest name of a saved wall, characters.
pub const MAX_NAME: usize = 40;
/// Most walls one person may save.
pub const MAX_SAVED: usize = 50;
/// Most windows that are opened again.
pub const MAX_WINDOWS: usize = 8;

/// One wall: how it is divided and which camera is on which tile.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrangement {
    pub layout: Layout,
    /// Tile by tile; at most as many as the largest layout has.
    pub cameras: Vec<Option<CameraId>>,
}

impl Arrangement {
    /// The cameras in order, on the smallest layout that holds them.
    pub fn of(cameras: impl IntoIterator<Item = CameraId>) -> Arrangement {
        let cameras: Vec<_> = cameras.into_iter().take(Layout::SixtyFour.tiles()).map(Some).collect();
        Arrangement {
            layout: Layout::for_cameras(cameras.len()),
            cameras,
        }
    }

    /// The saved wall with only the cameras that `may_see` allows; the others leave their tile empty.
    pub fn seen_by(&self, may_see: impl Fn(&CameraId) -> bool) -> Arrangement {
        let allowed = |camera: &Option<CameraId>| camera.clone().filter(|camera| may_see(camera));
        Arrangement {
            layout: self.layout,
            cameras: self
                .cameras
                .iter()
                .take(Layout::SixtyFour.tiles())
                .map(allowed)
                .collect(),
        }
    }
}

/// Everything one person keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrangements {
    /// One for each window that was open, the main one first.
    pub windows: Vec<Arrangement>,
    pub saved: BTreeMap<String, Arrangement>,
}

/// Why a wall cannot be saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSaved {
    #[error("the wall has no name")]
    NoName,
    #[error("the name is longer than {MAX_NAME} characters")]
    LongName,
    #[error("{MAX_SAVED} walls are saved already")]
    TooMany,
}

impl Arrangements {
    /// Saves a wall under `name`, over one of the same name.
    ///
    /// # Errors
    /// The name cannot be used, or there is no room.
    pub fn save(&mut self, name: &str, wall: Arrangement) -> Result<(), NotSaved> {
        let name: String = name.trim().chars().filter(|c| !c.is_control()).collect();
        if name.is_empty() {
            return Err(NotSaved::NoName);
        }
        if name.chars().count() > MAX_NAME {
            return Err(NotSaved::LongName);
        }
        if self.saved.len() >= MAX_SAVED && !self.saved.contains_key(&name) {
            return Err(NotSaved::TooMany);
        }
        self.saved.insert(name, wall);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(n: usize) -> CameraId {
        format!("cam-{n:02}").parse().unwrap()
    }

    #[test]
    fn a_camera_that_was_taken_away_leaves_its_tile_empty() {
        let wall = Arrangement::of((1..=4).map(camera));
        let now = wall.seen_by(|id| *id != camera(2));
        assert_eq!(now.layout, Layout::Four);
        assert_eq!(now.cameras, [Some(camera(1)), None, Some(camera(3)), Some(camera(4))]);
    }

    #[test]
    fn names_are_trimmed_and_bounded_and_saving_again_replaces() {
        let mut kept = Arrangements::default();
        let wall = || Arrangement::of([camera(1)]);
        assert_eq!(kept.save("  ", wall()), Err(NotSaved::NoName));
        assert_eq!(kept.save(&"x".repeat(MAX_NAME + 1), wall()), Err(NotSaved::LongName));
        kept.save(" mercato ", wall()).unwrap();
        kept.save("mercato", Arrangement::of([camera(2)])).unwrap();
        assert_eq!(kept.saved["mercato"].cameras, [Some(camera(2))]);
        for n in 1..MAX_SAVED {
            kept.save(&n.to_string(), wall()).unwrap();
        }
        assert_eq!(kept.save("one more", wall()), Err(NotSaved::TooMany));
        assert_eq!(kept.save("mercato", wall()), Ok(()));
    }

    #[test]
    fn what_was_written_reads_the_same() {
        let mut kept = Arrangements {
            windows: vec![Arrangement::of((1..=9).map(camera)), Arrangement::of([])],
            ..Arrangements::default()
        };
        kept.save("scuole", Arrangement::of([camera(7)])).unwrap();
        let written = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<Arrangements>(&written).unwrap(), kept);
    }
}
