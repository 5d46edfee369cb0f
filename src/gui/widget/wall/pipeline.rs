//! The wgpu pipelines of the wall and everything they keep between frames.
//!
//! Invariant: a tile that was not prepared for [`KEPT`] loses its textures. Not at once: the windows of a program share
//! this, and each ends its frames by itself.
//! Deliberately absent: what to draw (`primitive`).

use super::gpu_adapter;
use super::textures::Planes;
use crate::gui::lost_drawing;
use iced::wgpu;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long textures stay that no window prepared.
const KEPT: Duration = Duration::from_secs(1);

/// Floats of a tile instance: rectangle, coefficients, range, mode, edges of the part shown.
pub const TILE_FLOATS: usize = 20;
/// Floats of a cover vertex: position, colour and whether it has one, whether the target is sRGB.
pub const COVER_FLOATS: usize = 7;

/// Pipelines, buffers and textures of the wall.
pub struct Pipeline {
    pub tiles: wgpu::RenderPipeline,
    pub covers: wgpu::RenderPipeline,
    pub layout: wgpu::BindGroupLayout,
    pub sampler: wgpu::Sampler,
    pub planes: HashMap<u64, Planes>,
    /// Where the adapter is the processor: pictures are left out, transparent, and come in below (`gui::software`).
    pub holes: bool,
    /// When each tile was prepared last.
    pub used: HashMap<u64, Instant>,
    pub tile_buffer: Growing,
    pub cover_buffer: Growing,
    /// Tiles in `tile_buffer`.
    pub tile_count: u32,
    /// Vertices of the covers in `cover_buffer`.
    pub cover_vertices: u32,
    /// The target stores sRGB and wants linear colours.
    pub srgb: bool,
}

/// A vertex buffer that grows and never shrinks.
#[derive(Default)]
pub struct Growing {
    buffer: Option<wgpu::Buffer>,
    written: Vec<f32>,
}

impl Growing {
    /// Writes `floats`, making the buffer larger when it must. What is there already is not written again.
    pub fn write(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, floats: &[f32]) {
        if self.written == floats {
            return;
        }
        self.written.clear();
        self.written.extend_from_slice(floats);
        let bytes: Vec<u8> = floats.iter().flat_map(|f| f.to_ne_bytes()).collect();
        let size = bytes.len() as u64;
        if self.buffer.as_ref().is_none_or(|buffer| buffer.size() < size) {
            self.buffer = Some(device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("vedetta wall"),
                size: size.next_power_of_two().max(1024),
                usage: wgpu::BufferUsages::VERTEX | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }));
        }
        if let (Some(buffer), false) = (&self.buffer, bytes.is_empty()) {
            queue.write_buffer(buffer, 0, &bytes);
        }
    }

    /// The buffer, once something was written.
    pub fn get(&self) -> Option<&wgpu::Buffer> {
        self.buffer.as_ref()
    }
}

/// Lets a graphics card that is lost, or an order that it refuses, be known. Without this wgpu ends the process with a panic
/// (wgpu 27, `default_error_handler`). The drawing library keeps the device to itself and shows it here alone, so nobody is told of a
/// card that is lost before the first wall.
fn tell_of_its_loss(device: &wgpu::Device) {
    device.set_device_lost_callback(|reason, message| {
        // The program's own end destroys it.
        if reason != wgpu::DeviceLostReason::Destroyed {
            lost_drawing::lose(&message);
        }
    });
    device.on_uncaptured_error(Arc::new(|error: wgpu::Error| lost_drawing::lose(&error)));
}

impl iced::widget::shader::Pipeline for Pipeline {
    fn new(device: &wgpu::Device, _queue: &wgpu::Queue, format: wgpu::TextureFormat) -> Self {
        tell_of_its_loss(device);
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("vedetta wall"),
            source: wgpu::ShaderSource::Wgsl(include_str!("shader.wgsl").into()),
        });
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("vedetta tile"),
            entries: &[texture_entry(0), texture_entry(1), texture_entry(2), sampler_entry(3)],
        });
        let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("vedetta tile"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..Default::default()
        });
        let quarter = wgpu::VertexFormat::Float32x4;
        let tile_attributes: [wgpu::VertexAttribute; 5] = std::array::from_fn(|i| wgpu::VertexAttribute {
            format: quarter,
            offset: i as u64 * quarter.size(),
            shader_location: i as u32,
        });
        let holes = gpu_adapter::is_software();
        let (name, layouts) = if holes {
            ("hole", vec![])
        } else {
            ("tile", vec![&layout])
        };
        let tiles = pipeline(
            device,
            &module,
            format,
            Stage {
                name,
                layouts: &layouts,
                buffer: wgpu::VertexBufferLayout {
                    array_stride: (TILE_FLOATS * 4) as u64,
                    step_mode: wgpu::VertexStepMode::Instance,
                    attributes: &tile_attributes,
                },
                topology: wgpu::PrimitiveTopology::TriangleStrip,
            },
        );
        let covers = pipeline(
            device,
            &module,
            format,
            Stage {
                name: "cover",
                layouts: &[],
                buffer: wgpu::VertexBufferLayout {
                    array_stride: (COVER_FLOATS * 4) as u64,
                    step_mode: wgpu::VertexStepMode::Vertex,
                    attributes: &[
                        wgpu::VertexAttribute {
                            format: wgpu::VertexFormat::Float32x2,
                            offset: 0,
                            shader_location: 0,
                        },
                        wgpu::VertexAttribute {
                            format: quarter,
                            offset: 8,
                            shader_location: 1,
                        },
                        wgpu::VertexAttribute {
                            format: wgpu::VertexFormat::Float32,
                            offset: 24,
                            shader_location: 2,
                        },
                    ],
                },
                topology: wgpu::PrimitiveTopology::TriangleList,
            },
        );
        Pipeline {
            tiles,
            covers,
            layout,
            sampler,
            planes: HashMap::new(),
            holes,
            used: HashMap::new(),
            tile_buffer: Growing::default(),
            cover_buffer: Growing::default(),
            tile_count: 0,
            cover_vertices: 0,
            srgb: format.is_srgb(),
        }
    }

    fn trim(&mut self) {
        self.used.retain(|_, prepared| prepared.elapsed() < KEPT);
        self.planes.retain(|key, _| self.used.contains_key(key));
    }
}

struct Stage<'a> {
    name: &'a str,
    layouts: &'a [&'a wgpu::BindGroupLayout],
    buffer: wgpu::VertexBufferLayout<'a>,
    topology: wgpu::PrimitiveTopology,
}

fn pipeline(
    device: &wgpu::Device,
    module: &wgpu::ShaderModule,
    format: wgpu::TextureFormat,
    stage: Stage<'_>,
) -> wgpu::RenderPipeline {
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some("vedetta wall"),
        bind_group_layouts: stage.layouts,
        push_constant_ranges: &[],
    });
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("vedetta wall"),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module,
            entry_point: Some(&format!("{}_vertex", stage.name)),
            compilation_options: Default::default(),
            buffers: &[stage.buffer],
        },
        fragment: Some(wgpu::FragmentState {
            module,
            entry_point: Some(&format!("{}_fragment", stage.name)),
            compilation_options: Default::default(),
            targets: &[Some(wgpu::ColorTargetState {
                format,
                blend: None,
                write_mask: wgpu::ColorWrites::ALL,
            })],
        }),
        primitive: wgpu::PrimitiveState {
            topology: stage.topology,
            ..Default::default()
        },
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        multiview: None,
        cache: None,
    })
}

fn texture_entry(binding: u32) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::FRAGMENT,
        ty: wgpu::BindingType::Texture {
            sample_type: wgpu::TextureSampleType::Float { filterable: true },
            view_dimension: wgpu::TextureViewDimension::D2,
            multisampled: false,
        },
        count: None,
    }
}

fn sampler_entry(binding: u32) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::FRAGMENT,
        ty: wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering),
        count: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iced::futures::executor::block_on;
    use iced::widget::shader::Pipeline as _;

    #[test]
    fn an_order_that_the_card_refuses_ends_in_a_word_and_no_panic() {
        let instance = wgpu::Instance::new(&wgpu::InstanceDescriptor {
            backends: gpu_adapter::backends(),
            ..Default::default()
        });
        let adapter = block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default())).unwrap();
        let (device, queue) = block_on(adapter.request_device(&wgpu::DeviceDescriptor::default())).unwrap();
        let _wall = Pipeline::new(&device, &queue, wgpu::TextureFormat::Bgra8Unorm);
        assert!(!lost_drawing::is_lost());
        // A buffer that may be mapped for reading may hold no vertices.
        let _refused = device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 16,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::VERTEX,
            mapped_at_creation: false,
        });
        assert!(lost_drawing::is_lost());
    }
}
