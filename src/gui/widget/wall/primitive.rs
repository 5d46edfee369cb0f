//! What the wall draws in one frame, and how it reaches the graphics card.
//!
//! Invariant: a frame comes with its cover and is drawn under it; a picture that is covered whole is never uploaded.
//! Deliberately absent: text and frames around tiles (`overlay`).

use super::cpu_painter;
use super::masks;
use super::pipeline::{Pipeline, TILE_FLOATS};
use super::textures::{Planes, is_whole};
use crate::domain::digital_zoom::{Crop, Window};
use crate::domain::privacy::Cover;
use crate::domain::privacy::mosaic::Mosaic;
use crate::media::frame::colours::Colours;
use crate::media::frame::{Frame, Matrix, PixelFormat, Range};
use iced::wgpu;
use iced::widget::shader;
use iced::{Rectangle, widget::shader::Viewport};
use std::sync::Arc;
use std::time::Instant;

/// A frame, its cover, its place on the screen and the part of it that is shown there.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Identity of the stream: textures are kept under it.
    pub key: u64,
    /// Where, in logical pixels from the corner of the wall.
    pub place: Rectangle,
    pub frame: Arc<Frame>,
    pub cover: Arc<Cover>,
    /// The part of the frame that fills `place`; the cover is cut with it.
    pub crop: Crop,
    /// 1 as it is, less for a picture that is not live.
    pub brightness: f32,
}

/// All that decides how the interface around and over a picture looks.
#[derive(Debug, PartialEq)]
pub struct Outline {
    key: u64,
    place: Rectangle,
    size: [u32; 2],
    window: Window,
    brightness: f32,
    shown: bool,
    cover: Arc<Cover>,
    /// The frame that gives its cover colours.
    coloured: Option<u64>,
}

impl Picture {
    /// Whether anything of the frame may be seen and can be.
    pub fn is_shown(&self) -> bool {
        !matches!(*self.cover, Cover::Whole(_)) && is_whole(&self.frame)
    }

    /// The pixels of the frame that are shown.
    pub fn window(&self) -> Window {
        self.crop.window([self.frame.width, self.frame.height])
    }

    /// What must not differ from the drawing in which the interface was drawn.
    pub fn outline(&self) -> Outline {
        let coloured = match &*self.cover {
            Cover::Parts(parts) => parts.iter().any(|part| !part.style.is_solid()),
            Cover::Whole(_) => false,
        };
        Outline {
            key: self.key,
            place: self.place,
            size: [self.frame.width, self.frame.height],
            window: self.window(),
            brightness: self.brightness,
            shown: self.is_shown(),
            cover: self.cover.clone(),
            coloured: coloured.then_some(self.frame.number),
        }
    }
}

/// All pictures of the wall.
#[derive(Debug)]
pub struct Pictures(pub Vec<Picture>);

/// Margin of the cover where a card scales: chroma is halved both ways and scaled bilinearly, so a masked colour reaches two
/// chroma texels beyond its edge. In luma pixels of the picture.
const SMEAR_PX: f32 = 4.0;
/// Added to the grey of a cover where the pose is not known well enough to tell whether a mask is there.
const BAND_LIGHTER: f32 = 0.13;

/// The margin of a picture's cover in picture coordinates, for each axis. `scale`: pixels of the screen in a logical pixel;
/// `painted`: the processor paints the picture.
fn margin(picture: &Picture, scale: f32, painted: bool) -> [f32; 2] {
    let frame = [picture.frame.width, picture.frame.height].map(|length| length.max(1) as usize);
    let size = [picture.place.width, picture.place.height].map(|length| (length * scale).max(0.0) as usize);
    let window = picture.window();
    let smear = if painted {
        cpu_painter::reach([window.width, window.height].map(|length| length as usize), size)
    } else {
        [SMEAR_PX; 2]
    };
    std::array::from_fn(|axis| smear[axis].max(SMEAR_PX) / frame[axis] as f32)
}

impl shader::Primitive for Pictures {
    type Pipeline = Pipeline;

    fn prepare(
        &self,
        pipeline: &mut Pipeline,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        bounds: &Rectangle,
        viewport: &Viewport,
    ) {
        let srgb = f32::from(u8::from(pipeline.srgb));
        let mut tiles = Vec::with_capacity(self.0.len() * TILE_FLOATS);
        let mut covers = Vec::new();
        let mut fans = Vec::new();
        for picture in &self.0 {
            let [left, top, right, bottom] = clip_space(picture.place, *bounds, viewport.scale_factor());
            let edges = picture.window().edges().map(|edge| edge as f32);
            if picture.is_shown() || !pipeline.holes {
                tiles.extend([left, top, right, bottom]);
                tiles.extend(coefficients(picture.frame.matrix));
                tiles.extend(range(picture.frame.range, picture.brightness));
                let nv12 = f32::from(u8::from(picture.frame.format == PixelFormat::Nv12));
                tiles.extend([nv12, srgb, 0.0, 0.0]);
                tiles.extend(edges);
            }

            fans.clear();
            cover_corners(picture, viewport.scale_factor(), pipeline.holes, &mut fans);
            for masks::Corner { at: [x, y], look } in &fans {
                covers.extend([left + (right - left) * x, top + (bottom - top) * y]);
                let (colour, coloured) = match look {
                    masks::Look::Solid => ([0.0; 3], 0.0),
                    masks::Look::Band => ([BAND_LIGHTER; 3], 0.0),
                    masks::Look::Coloured(colour) => (colour.map(|c| c * picture.brightness), 1.0),
                };
                covers.extend(colour);
                covers.extend([coloured, srgb]);
            }
            if !pipeline.holes {
                pipeline.used.insert(picture.key, Instant::now());
                pipeline.bring(device, queue, picture);
            }
        }
        pipeline.tile_buffer.write(device, queue, &tiles);
        pipeline.cover_buffer.write(device, queue, &covers);
        pipeline.tile_count = (tiles.len() / TILE_FLOATS) as u32;
        pipeline.cover_vertices = (covers.len() / super::pipeline::COVER_FLOATS) as u32;
    }

    fn draw(&self, pipeline: &Pipeline, pass: &mut wgpu::RenderPass<'_>) -> bool {
        if let Some(buffer) = pipeline.tile_buffer.get() {
            pass.set_pipeline(&pipeline.tiles);
            pass.set_vertex_buffer(0, buffer.slice(..));
            if pipeline.holes {
                pass.draw(0..4, 0..pipeline.tile_count);
            } else {
                for (instance, picture) in (0u32..).zip(&self.0) {
                    if let Some(planes) = pipeline.planes.get(&picture.key) {
                        pass.set_bind_group(0, &planes.bind_group, &[]);
                        pass.draw(0..4, instance..instance + 1);
                    }
                }
            }
        }
        if let (Some(buffer), 1..) = (pipeline.cover_buffer.get(), pipeline.cover_vertices) {
            pass.set_pipeline(&pipeline.covers);
            pass.set_vertex_buffer(0, buffer.slice(..));
            pass.draw(0..pipeline.cover_vertices, 0..1);
        }
        true
    }
}

impl Pipeline {
    /// Brings a picture's planes to the adapter.
    fn bring(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, picture: &Picture) {
        let Picture { key, frame, .. } = picture;
        if !picture.is_shown() {
            self.planes.remove(key);
            return;
        }
        if self.planes.get(key).is_none_or(|planes| !planes.fit(frame)) {
            let planes = Planes::new(device, &self.layout, &self.sampler, frame);
            self.planes.insert(*key, planes);
        }
        if let Some(planes) = self.planes.get_mut(key) {
            planes.upload(queue, frame);
        }
    }
}

/// The colours (0..1) around the covers of a picture, when one is not solid. Nothing is read where a masked colour may have
/// spread to.
fn around(frame: &Frame, cover: &Cover, smear: [f32; 2]) -> Option<Mosaic> {
    let parts = match cover {
        Cover::Parts(parts) if parts.iter().any(|part| !part.style.is_solid()) => parts,
        Cover::Parts(_) | Cover::Whole(_) => return None,
    };
    let colours = Colours::of(frame);
    let (width, height) = (frame.width as f32, frame.height as f32);
    Mosaic::around(parts, smear.map(|s| 1.5 * s), |[x, y]| {
        let pixel = colours.pixel(frame, (x * width) as u32, (y * height) as u32)?;
        Some(pixel.map(|value| f32::from(value) / 255.0))
    })
}

/// Appends the triangles of a picture's cover, cut to the part that is shown and placed in it (0..1).
fn cover_corners(picture: &Picture, scale: f32, painted: bool, out: &mut Vec<masks::Corner>) {
    let edges = picture.window().edges().map(|edge| edge as f32);
    let smear = margin(picture, scale, painted);
    let around = around(&picture.frame, &picture.cover, smear);
    masks::triangles(&picture.cover, smear, around.as_ref(), edges, out);
    let [left, top, right, bottom] = edges;
    let share = |v: f32, from: f32, to: f32| (v - from) / (to - from).max(f32::EPSILON);
    for masks::Corner { at, .. } in out {
        *at = [share(at[0], left, right), share(at[1], top, bottom)];
    }
}

/// The corners of the triangles that cover a picture, in shares of the part that is shown.
#[cfg(test)]
pub(super) fn screen_triangles(picture: &Picture, scale: f32, painted: bool) -> Vec<[f32; 2]> {
    let mut corners = Vec::new();
    cover_corners(picture, scale, painted, &mut corners);
    corners.into_iter().map(|corner| corner.at).collect()
}

/// `place` in clip space of a viewport that is `bounds`, snapped to the pixels of the screen.
fn clip_space(place: Rectangle, bounds: Rectangle, scale: f32) -> [f32; 4] {
    let snap = |from_corner: f32, corner: f32, extent: f32| {
        let pixel = ((corner + from_corner) * scale).round() - corner * scale;
        pixel / (extent * scale).max(1.0) * 2.0 - 1.0
    };
    [
        snap(place.x, bounds.x, bounds.width),
        -snap(place.y, bounds.y, bounds.height),
        snap(place.x + place.width, bounds.x, bounds.width),
        -snap(place.y + place.height, bounds.y, bounds.height),
    ]
}

/// R from V, G from U, G from V, B from U (ITU-T H.273, MatrixCoefficients 5/6 and 1).
fn coefficients(matrix: Matrix) -> [f32; 4] {
    let (kr, kb) = match matrix {
        Matrix::Bt601 => (0.299, 0.114),
        Matrix::Bt709 => (0.2126, 0.0722),
    };
    let kg = 1.0 - kr - kb;
    [
        2.0 * (1.0 - kr),
        2.0 * kb * (1.0 - kb) / kg,
        2.0 * kr * (1.0 - kr) / kg,
        2.0 * (1.0 - kb),
    ]
}

/// Y offset, Y scale, chroma scale and brightness (ITU-T H.273, VideoFullRangeFlag).
fn range(range: Range, brightness: f32) -> [f32; 4] {
    match range {
        Range::Limited => [16.0 / 255.0, 255.0 / 219.0, 255.0 / 224.0, brightness],
        Range::Full => [0.0, 1.0, 1.0, brightness],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shader's arithmetic, on 8-bit samples.
    fn convert([y, u, v]: [u8; 3], matrix: Matrix, of: Range) -> [u8; 3] {
        let [rv, gu, gv, bu] = coefficients(matrix);
        let [offset, scale, chroma, _] = range(of, 1.0);
        let y = (f32::from(y) / 255.0 - offset) * scale;
        let [u, v] = [u, v].map(|c| (f32::from(c) / 255.0 - 128.0 / 255.0) * chroma);
        [y + rv * v, y - gu * u - gv * v, y + bu * u].map(|c| (c.clamp(0.0, 1.0) * 255.0).round() as u8)
    }

    fn close(a: [u8; 3], b: [u8; 3]) -> bool {
        a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= 2)
    }

    #[test]
    fn known_samples_become_known_colours_in_every_matrix_and_range() {
        for (sample, matrix, range, rgb) in [
            ([235, 128, 128], Matrix::Bt601, Range::Limited, [255, 255, 255]),
            ([16, 128, 128], Matrix::Bt709, Range::Limited, [0, 0, 0]),
            ([81, 90, 240], Matrix::Bt601, Range::Limited, [255, 0, 0]),
            ([63, 102, 240], Matrix::Bt709, Range::Limited, [255, 0, 0]),
            ([76, 85, 255], Matrix::Bt601, Range::Full, [254, 0, 0]),
            ([54, 99, 255], Matrix::Bt709, Range::Full, [254, 0, 0]),
            ([145, 54, 34], Matrix::Bt601, Range::Limited, [0, 255, 0]),
        ] {
            let shown = convert(sample, matrix, range);
            assert!(
                close(shown, rgb),
                "{sample:?} {matrix:?} {range:?}: {shown:?} instead of {rgb:?}"
            );
        }
    }

    #[test]
    fn r_prv_1_a_cover_of_a_painted_picture_is_larger_where_the_picture_is_much_smaller_than_its_frame() {
        let picture = |width: f32| Picture {
            key: 1,
            place: Rectangle::with_size(iced::Size::new(width, width * 9.0 / 16.0)),
            frame: Arc::new(crate::gui::pattern::frame(1920, 1080, 1, 0)),
            cover: Arc::new(Cover::Parts(vec![])),
            crop: Crop::WHOLE,
            brightness: 1.0,
        };
        let px = |width, scale, painted| margin(&picture(width), scale, painted)[0] * 1920.0;
        assert_eq!(px(478.0, 1.0, false), SMEAR_PX, "a card mixes no more than neighbours");
        assert!(px(1920.0, 1.0, true) < SMEAR_PX + 1.0);
        let [half, quarter] = [960.0, 478.0].map(|width| px(width, 1.0, true));
        assert!(half > 10.0 && quarter > 20.0, "{half} {quarter}");
        assert_eq!(px(480.0, 2.0, true), half, "as large on the screen");
        let enlarged = Picture {
            crop: Crop::WHOLE.zoomed_to(2.0, [0.3, 0.3]),
            ..picture(480.0)
        };
        let enlarged = margin(&enlarged, 1.0, true)[0] * 1920.0;
        assert_eq!(
            enlarged, half,
            "half of the frame is scaled as the whole is to twice the size"
        );
    }

    #[test]
    fn a_picture_that_fills_the_wall_fills_clip_space() {
        let bounds = Rectangle {
            x: 240.0,
            y: 56.0,
            width: 1280.0,
            height: 720.0,
        };
        let place = Rectangle {
            x: 0.0,
            y: 0.0,
            width: 1280.0,
            height: 720.0,
        };
        assert_eq!(clip_space(place, bounds, 1.0), [-1.0, 1.0, 1.0, -1.0]);
    }
}
