//! The memory in which the interface of one window is drawn, on the software rasteriser.
//!
//! Invariant: rows that the processor reads begin where the rasteriser may write them. Deliberately absent: drawing and reading
//! (`compositor`).

use iced::wgpu;

/// What the interface is drawn in: as the window wants its pixels, colours as the screen stores them.
pub(super) const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Bgra8Unorm;

/// Where the interface of a window is drawn, and where the processor reads it.
pub(super) struct Target {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) texture: wgpu::Texture,
    pub(super) view: wgpu::TextureView,
    pub(super) read: wgpu::Buffer,
    /// Bytes from one row to the next in `read`.
    pub(super) stride: u32,
}

impl Target {
    /// In pixels.
    pub(super) fn new(device: &wgpu::Device, width: u32, height: u32) -> Target {
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("vedetta interface"),
            size: wgpu::Extent3d {
                width,
                height,
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: FORMAT,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let stride = (4 * width).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        Target {
            width,
            height,
            view: texture.create_view(&Default::default()),
            texture,
            read: device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("vedetta interface"),
                size: u64::from(stride) * u64::from(height),
                usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }),
            stride,
        }
    }
}
