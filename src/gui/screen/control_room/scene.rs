//! The control room's part of the [`Scene`](crate::gui::scene::Scene): wall, camera list, notices.
//!
//! Invariant: reads, never changes; what happened is read from the notices, as a person reads it. Deliberately absent:
//! anything that the screen itself needs.

use super::ControlRoom;
use super::wall_state::Shown;
use super::wall_state::tiles::{Condition, condition};
use crate::domain::camera::{CameraId, CameraKind};
use crate::domain::privacy::{Cover, PoseKnowledge};
use crate::gui::i18n::fl;
use crate::gui::scene::{PixelRect, Scene, SceneCamera, ScenePicture, ScreenName};
use crate::gui::ui::camera_list;
use std::path::PathBuf;
use std::time::Instant;

impl ControlRoom {
    /// The scene at `now`; `scale` is physical pixels per logical pixel.
    pub fn scene(&self, now: Instant, scale: f32) -> Scene {
        let (session, export) = (&self.session, self.work.export());
        let notices = self.messages();
        let screen = match (export, self.wall.full()) {
            (Some(_), _) => ScreenName::Export,
            (None, _) if self.work.has_dialogue() => ScreenName::Dialogue,
            (None, Some(_)) => ScreenName::FullScreen,
            (None, None) => ScreenName::ControlRoom,
        };
        Scene {
            screen,
            person: Some(session.person().user.clone()),
            cameras: session
                .plan()
                .cameras
                .iter()
                .map(|camera| SceneCamera {
                    id: camera.id.clone(),
                    number: camera.number,
                    dome: camera.kind == CameraKind::Dome,
                    masked: !camera.masks.is_empty(),
                })
                .collect(),
            pictures: self.scene_pictures(now, scale),
            layout: Some(self.wall.layout()),
            listed: self.scene_list(scale),
            selected: self.selected_camera(),
            notices: notices.clone(),
            refused_at_ceiling: notices.iter().any(|sentence| zoom_ceiling(sentence).is_some()),
            health: Some(session.health().clone()),
            snapshot: notices.iter().find_map(|sentence| saved_snapshot(sentence)),
            exported: export.and_then(|dialogue| dialogue.done()).cloned(),
            magnification: self.magnification(now),
            ..Scene::default()
        }
    }

    fn scene_list(&self, scale: f32) -> Vec<(CameraId, PixelRect)> {
        // The rail lies to the left of the wall, as high as the wall.
        let bounds = self.wall.sight().bounds();
        let line = |(camera, top): (&CameraId, f32)| {
            let rect = PixelRect {
                x: 0.0,
                y: (bounds.y + top) * scale,
                width: bounds.x * scale,
                height: camera_list::ROW * scale,
            };
            (camera.clone(), rect)
        };
        self.rail.tops().map(line).collect()
    }

    fn scene_pictures(&self, now: Instant, scale: f32) -> Vec<ScenePicture> {
        let picture = |shown: Shown| {
            let placed = self.wall.placed_on(shown.tile)?;
            let open = placed.shown(self.now.instant)?;
            let cover = open.feed().cover(now);
            Some(ScenePicture {
                camera: shown.camera,
                picture: PixelRect {
                    x: shown.picture.x * scale,
                    y: shown.picture.y * scale,
                    width: shown.picture.width * scale,
                    height: shown.picture.height * scale,
                },
                received_fps: open.feed().figures().received_fps,
                live: condition(placed, Some(open), now) == Condition::Live,
                covered: matches!(*cover, Cover::Whole(_)),
                cover_parts: if let Cover::Parts(parts) = &*cover {
                    parts.len()
                } else {
                    0
                },
            })
        };
        self.geometry().into_iter().filter_map(picture).collect()
    }

    /// Magnification of the selected dome, from the middle of what is known of its pose.
    fn magnification(&self, now: Instant) -> Option<f64> {
        let dome = self.selected_plan().filter(|camera| camera.kind == CameraKind::Dome)?;
        let open = self.wall.selected_view(self.now.instant)?;
        match open.feed().pose(now) {
            PoseKnowledge::Within(pose) => {
                let middle = (pose.hfov.lo + pose.hfov.hi) / 2.0;
                Some(dome.lens.as_ref()?.magnification(middle))
            }
            PoseKnowledge::Unknown(_) => None,
        }
    }
}

/// Placeholder for what a sentence names, in its pattern; no sentence and no path has this character.
const NAMED: &str = "\0";

/// What a notice names, when it is of this pattern.
fn named<'a>(sentence: &'a str, pattern: &str) -> Option<&'a str> {
    let (before, after) = pattern.split_once(NAMED)?;
    let (_, rest) = sentence.split_once(before)?;
    rest.strip_suffix(after)
}

/// The file that a notice says was saved as a snapshot.
fn saved_snapshot(sentence: &str) -> Option<PathBuf> {
    named(sentence, &fl!("snapshot-saved", path = NAMED)).map(PathBuf::from)
}

/// The ceiling at which a notice says that zoom was refused.
fn zoom_ceiling(sentence: &str) -> Option<&str> {
    named(sentence, &fl!("refusal-zoom-ceiling", ceiling = NAMED))
}
