//! The planes of one picture on the graphics card.
//!
//! Invariant: textures are reused while size and format stay the same, and a frame is uploaded once; a frame whose
//! planes do not hold what its size promises is not uploaded at all.
//! Deliberately absent: drawing.

use crate::media::frame::{Frame, PixelFormat};
use iced::wgpu;
use std::time::Instant;

/// Longest side of a picture that is uploaded, pixels: the least that every wgpu adapter must allow.
const LONGEST_SIDE: u32 = 8192;

/// Textures and bind group of one tile.
pub struct Planes {
    shape: Shape,
    textures: [wgpu::Texture; 3],
    pub bind_group: wgpu::BindGroup,
    uploaded: Option<(u64, Instant)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    width: u32,
    height: u32,
    format: PixelFormat,
}

impl Shape {
    /// Width and height in texels and bytes per texel of plane `i`.
    fn plane(self, i: usize) -> Option<(u32, u32, u32)> {
        let chroma = (self.width.div_ceil(2), self.height.div_ceil(2));
        match (self.format, i) {
            (_, 0) => Some((self.width, self.height, 1)),
            (PixelFormat::I420, 1 | 2) => Some((chroma.0, chroma.1, 1)),
            (PixelFormat::Nv12, 1) => Some((chroma.0, chroma.1, 2)),
            _ => None,
        }
    }
}

/// Whether the frame's planes hold all that its size promises. A decoder's mistake must not become a panic of wgpu.
pub fn is_whole(frame: &Frame) -> bool {
    let shape = Shape {
        width: frame.width,
        height: frame.height,
        format: frame.format,
    };
    let sane = (1..=LONGEST_SIDE).contains(&frame.width) && (1..=LONGEST_SIDE).contains(&frame.height);
    sane && (0..3)
        .filter_map(|i| Some((i, shape.plane(i)?)))
        .all(|(i, (width, height, bytes))| {
            frame.planes.get(i).is_some_and(|plane| {
                plane.row_bytes >= (width * bytes) as usize
                    && plane.stride >= plane.row_bytes
                    && plane.rows >= height as usize
                    && u32::try_from(plane.stride).is_ok()
                    && !frame.plane(i).is_empty()
            })
        })
}

impl Planes {
    /// Textures for pictures shaped like `frame`.
    pub fn new(
        device: &wgpu::Device,
        layout: &wgpu::BindGroupLayout,
        sampler: &wgpu::Sampler,
        frame: &Frame,
    ) -> Planes {
        let shape = Shape {
            width: frame.width,
            height: frame.height,
            format: frame.format,
        };
        let textures: [wgpu::Texture; 3] = std::array::from_fn(|i| {
            let (width, height, bytes) = shape.plane(i).unwrap_or((1, 1, 1));
            device.create_texture(&wgpu::TextureDescriptor {
                label: Some("vedetta plane"),
                size: wgpu::Extent3d {
                    width,
                    height,
                    depth_or_array_layers: 1,
                },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: if bytes == 2 {
                    wgpu::TextureFormat::Rg8Unorm
                } else {
                    wgpu::TextureFormat::R8Unorm
                },
                usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
                view_formats: &[],
            })
        });
        let views: [wgpu::TextureView; 3] = std::array::from_fn(|i| textures[i].create_view(&Default::default()));
        let view = |i: usize| wgpu::BindGroupEntry {
            binding: i as u32,
            resource: wgpu::BindingResource::TextureView(&views[i]),
        };
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("vedetta tile"),
            layout,
            entries: &[
                view(0),
                view(1),
                view(2),
                wgpu::BindGroupEntry {
                    binding: 3,
                    resource: wgpu::BindingResource::Sampler(sampler),
                },
            ],
        });
        Planes {
            shape,
            textures,
            bind_group,
            uploaded: None,
        }
    }

    /// Whether these textures can take `frame` as they are.
    pub fn fit(&self, frame: &Frame) -> bool {
        self.shape
            == Shape {
                width: frame.width,
                height: frame.height,
                format: frame.format,
            }
    }

    /// Uploads `frame` unless it is the one already there. The frame must be whole and fit.
    pub fn upload(&mut self, queue: &wgpu::Queue, frame: &Frame) {
        let identity = (frame.number, frame.arrived);
        if self.uploaded == Some(identity) {
            return;
        }
        for (i, texture) in self.textures.iter().enumerate() {
            let (Some((width, height, _)), Some(plane)) = (self.shape.plane(i), frame.planes.get(i)) else {
                continue;
            };
            queue.write_texture(
                texture.as_image_copy(),
                frame.plane(i),
                wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: u32::try_from(plane.stride).ok(),
                    rows_per_image: None,
                },
                wgpu::Extent3d {
                    width,
                    height,
                    depth_or_array_layers: 1,
                },
            );
        }
        self.uploaded = Some(identity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::pattern;

    #[test]
    fn a_frame_with_missing_rows_is_not_uploaded() {
        let good = pattern::frame(64, 36, 1, 0);
        assert!(is_whole(&good));
        let mut short = pattern::frame(64, 36, 1, 0);
        short.planes[2].rows -= 1;
        assert!(!is_whole(&short));
        let mut outside = pattern::frame(64, 36, 1, 0);
        outside.planes[0].offset = 1 << 40;
        assert!(!is_whole(&outside));
        let mut huge = pattern::frame(64, 36, 1, 0);
        huge.width = 1 << 20;
        assert!(!is_whole(&huge));
    }
}
