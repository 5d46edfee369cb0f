//! Painted pictures on their way to the screen, one texture a tile.
//!
//! Only where the adapter is the processor itself. The painter writes into memory that the driver copies from, so a picture
//! is written once and copied once. Invariant: a frame is painted once.
//! Deliberately absent: the painting (`painter`), the drawing (`primitive`).

use super::painter::{self, BGRA};
use super::primitive::Picture;
use iced::wgpu;
use std::collections::HashMap;
use std::num::NonZeroU64;
use std::time::Instant;

/// Memory that pictures are written into, bytes in one piece. Less than a picture of a sub stream, so that each of those has
/// a piece as large as itself and none is partly empty.
const PIECE: u64 = 256 * 1024;

/// Where a picture may begin in it, bytes: a whole number of vectors.
const ALIGNED: NonZeroU64 = match NonZeroU64::new(64) {
    Some(bytes) => bytes,
    None => NonZeroU64::MIN,
};

/// All painted tiles, by stream.
pub struct Canvases {
    belt: wgpu::util::StagingBelt,
    tiles: HashMap<u64, Canvas>,
    sampler: wgpu::Sampler,
    format: wgpu::TextureFormat,
}

struct Canvas {
    size: [u32; 2],
    texture: wgpu::Texture,
    bind_group: wgpu::BindGroup,
    /// Number, time and brightness of the frame that is there.
    painted: Option<(u64, Instant, f32)>,
}

impl Canvases {
    /// None yet. Textures keep what the screen shows, so they are sRGB where `srgb` says that the target is.
    pub fn new(device: &wgpu::Device, srgb: bool) -> Self {
        Self {
            sampler: device.create_sampler(&wgpu::SamplerDescriptor {
                label: Some("vedetta canvas"),
                mag_filter: wgpu::FilterMode::Linear,
                min_filter: wgpu::FilterMode::Linear,
                lod_max_clamp: 0.0,
                ..Default::default()
            }),
            belt: wgpu::util::StagingBelt::new(PIECE),
            tiles: HashMap::new(),
            format: if srgb {
                wgpu::TextureFormat::Bgra8UnormSrgb
            } else {
                wgpu::TextureFormat::Bgra8Unorm
            },
        }
    }

    /// Takes back the memory of pictures that have been copied meanwhile, before new ones are painted. Without it that of the
    /// drawing before is still away, and there is twice as much.
    pub fn begin(&self, device: &wgpu::Device) {
        if let Err(error) = device.poll(wgpu::PollType::Poll) {
            tracing::debug!(%error, "the device does not say what is done");
        }
    }

    /// What a tile's pipeline binds, once it was painted.
    pub fn bind_group(&self, key: u64) -> Option<&wgpu::BindGroup> {
        self.tiles.get(&key).map(|canvas| &canvas.bind_group)
    }

    /// Forgets a tile.
    pub fn remove(&mut self, key: u64) {
        self.tiles.remove(&key);
    }

    /// Forgets all tiles but those that `wanted` names.
    pub fn keep(&mut self, wanted: impl Fn(u64) -> bool) {
        self.tiles.retain(|key, _| wanted(*key));
    }

    /// Paints a picture, unless it is there already, and lets `encoder` bring it into the tile's
    /// texture. Returns whether there was something to do. [`Canvases::finish`] before submitting.
    pub fn paint(
        &mut self,
        device: &wgpu::Device,
        layout: &wgpu::BindGroupLayout,
        encoder: &mut wgpu::CommandEncoder,
        Picture {
            key, frame, brightness, ..
        }: &Picture,
    ) -> bool {
        let size = [frame.width, frame.height];
        let [width, height] = size;
        let stride = (width * BGRA).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let Some(bytes) = NonZeroU64::new(u64::from(stride) * u64::from(height)) else {
            return false;
        };
        if self.tiles.get(key).is_none_or(|canvas| canvas.size != size) {
            let canvas = Canvas::new(device, layout, &self.sampler, self.format, size);
            self.tiles.insert(*key, canvas);
        }
        let Some(canvas) = self.tiles.get_mut(key) else {
            return false;
        };
        let identity = (frame.number, frame.arrived, *brightness);
        if canvas.painted == Some(identity) {
            return false;
        }
        canvas.painted = Some(identity);
        let piece = self.belt.allocate(bytes, ALIGNED, device);
        let mut out = piece.get_mapped_range_mut();
        if let Err(error) = painter::paint(frame, &mut out, stride) {
            tracing::warn!(
                ?frame,
                error = &error as &dyn std::error::Error,
                "a frame cannot be painted"
            );
            let black = [0, 0, 0, u8::MAX];
            out.chunks_exact_mut(BGRA as usize)
                .for_each(|pixel| pixel.copy_from_slice(&black));
        }
        if *brightness < 1.0 {
            painter::dim(&mut out, *brightness);
        }
        drop(out);
        encoder.copy_buffer_to_texture(
            wgpu::TexelCopyBufferInfo {
                buffer: piece.buffer(),
                layout: wgpu::TexelCopyBufferLayout {
                    offset: piece.offset(),
                    bytes_per_row: Some(stride),
                    rows_per_image: None,
                },
            },
            canvas.texture.as_image_copy(),
            canvas.texture.size(),
        );
        true
    }

    /// Everything is written: what was encoded may be submitted, by `submit`.
    pub fn finish(&mut self, submit: impl FnOnce()) {
        self.belt.finish();
        submit();
        self.belt.recall();
    }
}

impl Canvas {
    fn new(
        device: &wgpu::Device,
        layout: &wgpu::BindGroupLayout,
        sampler: &wgpu::Sampler,
        format: wgpu::TextureFormat,
        size: [u32; 2],
    ) -> Self {
        let [width, height] = size;
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("vedetta canvas"),
            size: wgpu::Extent3d {
                width,
                height,
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("vedetta canvas"),
            layout,
            entries: &[
                wgpu::BindGroupEntry {
                    binding: 0,
                    resource: wgpu::BindingResource::TextureView(&texture.create_view(&Default::default())),
                },
                wgpu::BindGroupEntry {
                    binding: 1,
                    resource: wgpu::BindingResource::Sampler(sampler),
                },
            ],
        });
        Self {
            size,
            texture,
            bind_group,
            painted: None,
        }
    }
}
