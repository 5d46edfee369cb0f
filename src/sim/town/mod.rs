//! The procedural town: what stands where, what moves, where the cameras hang and what they must not show.
//!
//! Invariant: a town is a pure function of (seed, cameras, domes), and its picture a pure function of the town,
//! the view and the time. Deliberately absent: threads, clocks, GStreamer.

mod build;
mod camera_site;
mod colour;
mod glyphs;
mod layout;
mod movers;
mod placing;
mod raster;
mod scene;
mod sight;
mod view;

use super::makes::Make;
use crate::domain::camera::{CameraId, CameraKind, StreamRole};
use glam::DVec3;

pub use camera_site::{CameraSite, Codec, Mount, StreamSpec};
pub use movers::LOOP_MS;
pub use placing::SCHOOL;
pub use raster::Canvas;
pub use view::{View, direction};

/// Grows with every change of the picture, so that cached clips of older pictures are not used.
pub const PICTURE_VERSION: u32 = 4;

/// A dome that the town has not.
#[derive(Debug, thiserror::Error)]
#[error("the town has no dome «{0}»")]
pub struct NoSuchDome(pub CameraId);

/// A town with its cameras.
#[derive(Debug, Clone)]
pub struct Town {
    /// The seed the town was made from.
    pub seed: u64,
    /// Fixed cameras first, then domes; numbers from 1 on.
    pub sites: Vec<CameraSite>,
    standing: build::Structures,
    movers: movers::Movers,
}

impl Town {
    /// The town of `seed` with `cameras` cameras in all, the last `domes` of them speed domes.
    pub fn generate(seed: u64, cameras: u32, domes: u32) -> Self {
        let layout = layout::Layout::generate(seed);
        Self {
            seed,
            sites: placing::place(seed, &layout, cameras, domes),
            standing: build::build(&layout),
            movers: movers::Movers::generate(seed, &layout),
        }
    }

    /// Gives every stream of every camera the same codec and rate.
    pub fn make_alike(&mut self) {
        for stream in self.sites.iter_mut().flat_map(|site| &mut site.streams) {
            (stream.codec, stream.fps) = (Codec::H264, 25);
        }
    }

    /// Hangs domes of these makes: each names a camera, or nobody for every dome. Later ones win.
    ///
    /// # Errors
    /// A camera that is not there or does not move.
    pub fn hang(&mut self, makes: &[(Option<CameraId>, Make)]) -> Result<(), NoSuchDome> {
        let is_dome = |site: &CameraSite| site.kind == CameraKind::Dome;
        for camera in makes.iter().filter_map(|(camera, _)| camera.as_ref()) {
            if !self.sites.iter().any(|site| site.id == *camera && is_dome(site)) {
                return Err(NoSuchDome(camera.clone()));
            }
        }
        for site in self.sites.iter_mut().filter(|site| is_dome(site)) {
            let named = |camera: &Option<CameraId>| camera.as_ref().is_none_or(|camera| site.id == *camera);
            let last = makes.iter().rfind(|(camera, _)| named(camera));
            if let Some(make) = last.map(|(_, make)| *make) {
                site.fit(make);
            }
        }
        Ok(())
    }

    /// Gives every dome a main stream as small as its sub stream.
    pub fn make_small(&mut self) {
        for site in self.sites.iter_mut().filter(|site| site.kind == CameraKind::Dome) {
            let size = site.stream(StreamRole::Sub).map(|sub| (sub.width, sub.height));
            for stream in &mut site.streams {
                (stream.width, stream.height) = size.unwrap_or((stream.width, stream.height));
            }
        }
    }

    /// Paints the town as `view` sees it `at_ms` into its loop, with `time_code_ms` in the strip, as I420 planes.
    /// The canvas must have the view's size.
    pub fn paint(&self, canvas: &mut Canvas, view: &View, at_ms: u64, time_code_ms: u64, planes: &mut Vec<u8>) {
        self.paint_with(canvas, view, at_ms, time_code_ms, &[], planes);
    }

    /// Paints the town and before it boards of one colour (sRGB), in town coordinates, facing the eye.
    pub fn paint_with(
        &self,
        canvas: &mut Canvas,
        view: &View,
        at_ms: u64,
        time_code_ms: u64,
        boards: &[([DVec3; 4], [u8; 3])],
        planes: &mut Vec<u8>,
    ) {
        canvas.clear(view);
        let moving = self.movers.groups(at_ms);
        let mut seen: Vec<(f64, &scene::Group)> = moving
            .iter()
            .chain(&self.standing.groups)
            .filter(|group| view.may_see(group.centre, group.radius_m))
            .map(|group| (group.centre.distance_squared(view.eye), group))
            .collect();
        seen.sort_by(|a, b| a.0.total_cmp(&b.0));
        // What is near first, the ground last: most of what is hidden then fails the depth test without being written.
        for group in seen.into_iter().map(|(_, group)| group).chain(&self.standing.ground) {
            for face in &group.faces {
                canvas.draw(view, face);
            }
        }
        for (corners, rgb) in boards {
            canvas.draw(view, &scene::Face::quad(*corners, *rgb).painted(colour::pack(*rgb)));
        }
        canvas.turn(view.turned);
        canvas.finish(time_code_ms, planes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::makes::{COMMON, Turned};

    #[test]
    fn makes_hang_where_they_were_asked_for() {
        let mut town = Town::generate(7, 3, 2);
        let (slow, cropping) = (Make::by_name("lento").unwrap(), Make::by_name("digitale").unwrap());
        town.hang(&[(None, slow), (Some("cam-03".parse().unwrap()), cropping)])
            .unwrap();
        let makes: Vec<&str> = town.sites.iter().map(|site| site.make.name).collect();
        assert_eq!(makes, [COMMON.name, "lento", "digitale"]);
        assert!(town.sites[1].motion.command_delay_s >= 1.8);
        assert!(town.sites[2].motion.command_delay_s < 0.5, "the last one alone");
        let lens = &town.sites[2].lens;
        assert!((lens.magnification(lens.narrowest_hfov_deg()) - 4.0).abs() < 1e-9);
        assert!(
            town.hang(&[(Some("cam-01".parse().unwrap()), slow)]).is_err(),
            "it does not move"
        );
    }

    #[test]
    fn a_turned_picture_is_the_same_picture_turned_and_its_time_code_is_not() {
        let town = Town::generate(7, 2, 1);
        let site = &town.sites[1];
        let pose = crate::domain::camera::Pose {
            pan_deg: 20.0,
            tilt_deg: -10.0,
            hfov_deg: 60.0,
        };
        let (width, height, strip) = (160, 96, 4);
        let painted = |turned| {
            let view = View::new(&site.mount, pose, width, height).turned(turned);
            let mut planes = Vec::new();
            town.paint(&mut Canvas::new(width, height), &view, 1_000, 1_000, &mut planes);
            planes.truncate(width * height);
            planes
        };
        let [upright, mirrored, half] = [Turned::Upright, Turned::Mirrored, Turned::HalfTurn].map(painted);
        let picture = width * (height - strip);
        assert_eq!(upright[picture..], mirrored[picture..]);
        assert_ne!(upright[..picture], mirrored[..picture]);
        for (row, other) in upright[..picture].chunks(width).zip(mirrored.chunks(width)) {
            assert!(row.iter().eq(other.iter().rev()));
        }
        let below = &upright[width * strip..picture];
        assert!(below.iter().eq(half[width * strip..picture].iter().rev()));
    }
}
