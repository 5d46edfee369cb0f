//! The control room's part of the [`Scene`](crate::gui::scene::Scene): wall, camera list, notices.
//!
//! Invariant: reads, never changes. Deliberately absent: anything that the screen itself needs.

use super::tiles::{Condition, condition};
use super::{ControlRoom, Open};
use crate::domain::camera::{CameraId, CameraKind};
use crate::domain::privacy::{Cover, PoseKnowledge};
use crate::gui::scene::{PixelRect, Scene, SceneCamera, ScenePicture, ScreenName};
use crate::gui::ui::camera_list;
use std::time::Instant;

impl ControlRoom {
    /// The scene at `now`; `scale` is physical pixels per logical pixel.
    pub fn scene(&self, now: Instant, scale: f32) -> Scene {
        let screen = match (self.export(), self.full) {
            (Some(_), _) => ScreenName::Export,
            (None, Some(_)) => ScreenName::FullScreen,
            (None, None) => ScreenName::ControlRoom,
        };
        Scene {
            screen,
            person: Some(self.person.user.clone()),
            cameras: self
                .plan
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
            layout: Some(self.layout),
            listed: self.scene_list(scale),
            selected: self.selected_camera(),
            notices: self.messages(),
            refused_at_ceiling: self.refused_at_ceiling,
            health: Some(self.health.clone()),
            snapshot: self.snapshot.clone(),
            exported: self.export().and_then(|dialogue| dialogue.done()).cloned(),
            magnification: self.magnification(now),
            ..Scene::default()
        }
    }

    fn scene_list(&self, scale: f32) -> Vec<(CameraId, PixelRect)> {
        // The rail stands to the left of the wall, as high as the wall.
        let line = |(camera, top): (&CameraId, f32)| {
            let rect = PixelRect {
                x: 0.0,
                y: (self.placed.y + top) * scale,
                width: self.placed.x * scale,
                height: camera_list::ROW * scale,
            };
            (camera.clone(), rect)
        };
        self.list.tops().map(line).collect()
    }

    fn scene_pictures(&self, now: Instant, scale: f32) -> Vec<ScenePicture> {
        let picture = |shown: super::Shown| {
            let placed = self.tiles.get(shown.tile)?.as_ref()?;
            let open = self.shown_on(shown.tile)?;
            let cover = open.feed.cover(now);
            Some(ScenePicture {
                camera: shown.camera,
                picture: PixelRect {
                    x: shown.picture.x * scale,
                    y: shown.picture.y * scale,
                    width: shown.picture.width * scale,
                    height: shown.picture.height * scale,
                },
                received_fps: open.feed.figures().received_fps,
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
        let lens = self.selected_dome()?.lens.as_ref()?;
        let Open { feed, .. } = self.shown_on(self.selected)?;
        match feed.pose(now) {
            PoseKnowledge::Within(pose) => Some(lens.magnification((pose.hfov.lo + pose.hfov.hi) / 2.0)),
            PoseKnowledge::Unknown(_) => None,
        }
    }
}
