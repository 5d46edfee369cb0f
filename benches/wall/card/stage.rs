//! A wall drawn beside any window, by the renderer that draws the client's: the wall's own widget, on the adapter that wgpu finds.
//!
//! Invariant: the wall is drawn the way of a graphics card, whatever draws. Deliberately absent: what is on the wall (`scene`).

use super::scene::Scene;
use iced::advanced::graphics::text::font_system;
use iced::advanced::graphics::{Antialiasing, Shell, Viewport};
use iced::advanced::layout::{Layout, Limits, Node};
use iced::advanced::mouse;
use iced::advanced::renderer::{Renderer as _, Style};
use iced::advanced::widget::Tree;
use iced::{Color, Element, Rectangle, Renderer, Size, Theme, wgpu};
use std::error::Error;
use vedetta::gui::theme;
use vedetta::gui::widget::wall::gpu_adapter;

/// As most windows want their pixels; colours as the screen stores them.
const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Bgra8Unorm;

/// The adapter and the renderer on it.
pub struct Stage {
    instance: wgpu::Instance,
    adapter: wgpu::AdapterInfo,
    device: wgpu::Device,
    renderer: Renderer,
}

/// A window's place on the stage: pixels, and pixels in a logical pixel.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    pub width: u32,
    pub height: u32,
    pub scale: f32,
}

impl Screen {
    /// The part of it that a wall takes up, logical pixels.
    pub fn bounds(self) -> Rectangle {
        Rectangle::with_size(self.viewport().logical_size())
    }

    fn viewport(self) -> Viewport {
        Viewport::with_physical_size(Size::new(self.width, self.height), self.scale)
    }
}

/// A wall that was laid out and is drawn again and again.
pub struct Set<'a> {
    element: Element<'a, ()>,
    tree: Tree,
    node: Node,
    viewport: Viewport,
}

impl Stage {
    /// Asks wgpu for an adapter as iced does for a window.
    pub fn open() -> Result<Stage, Box<dyn Error>> {
        gpu_adapter::draw_as_on_a_card();
        let fonts = font_system();
        let mut fonts = fonts.write().map_err(|_| "the fonts are lost")?;
        theme::FONTS.iter().for_each(|font| fonts.load_font((*font).into()));
        drop(fonts);
        let instance = wgpu::Instance::new(&wgpu::InstanceDescriptor {
            backends: gpu_adapter::backends(),
            ..Default::default()
        });
        let asked = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::from_env().unwrap_or(wgpu::PowerPreference::HighPerformance),
            ..Default::default()
        };
        let adapter = futures::executor::block_on(instance.request_adapter(&asked))?;
        let wanted = wgpu::DeviceDescriptor {
            label: Some("vedetta stage"),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        };
        let (device, queue) = futures::executor::block_on(adapter.request_device(&wanted))?;
        let engine = iced_wgpu::Engine::new(
            &adapter,
            device.clone(),
            queue,
            FORMAT,
            Some(Antialiasing::MSAAx4),
            Shell::headless(),
        );
        Ok(Stage {
            instance,
            adapter: adapter.get_info(),
            device,
            renderer: Renderer::new(engine, theme::REGULAR, theme::BODY.into()),
        })
    }

    /// What draws, and all adapters of the machine.
    pub fn adapters(&self) -> (&wgpu::AdapterInfo, Vec<wgpu::AdapterInfo>) {
        let all = self.instance.enumerate_adapters(gpu_adapter::backends());
        (&self.adapter, all.iter().map(wgpu::Adapter::get_info).collect())
    }

    /// Lays a wall out.
    pub fn set<'a>(&self, scene: &'a Scene, screen: Screen) -> Set<'a> {
        let mut element = scene.element();
        let mut tree = Tree::new(&element);
        let viewport = screen.viewport();
        let limits = Limits::new(Size::ZERO, viewport.logical_size());
        let node = element.as_widget_mut().layout(&mut tree, &self.renderer, &limits);
        Set {
            element,
            tree,
            node,
            viewport,
        }
    }

    fn record(&mut self, set: &Set<'_>) {
        let bounds = Rectangle::with_size(set.viewport.logical_size());
        self.renderer.reset(bounds);
        set.element.as_widget().draw(
            &set.tree,
            &mut self.renderer,
            &Theme::Dark,
            &Style {
                text_color: Color::WHITE,
            },
            Layout::new(&set.node),
            mouse::Cursor::Unavailable,
            &bounds,
        );
    }

    /// A texture to draw a wall into.
    pub fn target(&self, screen: Screen) -> wgpu::TextureView {
        let texture = self.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("vedetta stage"),
            size: wgpu::Extent3d {
                width: screen.width,
                height: screen.height,
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: FORMAT,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT,
            view_formats: &[],
        });
        texture.create_view(&Default::default())
    }

    /// Draws a wall into a texture of its size.
    pub fn draw(&mut self, set: &Set<'_>, target: &wgpu::TextureView) -> wgpu::SubmissionIndex {
        self.record(set);
        self.renderer.present(Some(Color::BLACK), FORMAT, target, &set.viewport)
    }

    /// Draws a wall and reads it back: rows of red, green, blue and opacity.
    pub fn pixels(&mut self, set: &Set<'_>) -> Vec<u8> {
        self.record(set);
        self.renderer.screenshot(&set.viewport, Color::BLACK)
    }

    /// Waits until what was submitted is done.
    pub fn wait(&self, until: Option<wgpu::SubmissionIndex>) -> Result<(), wgpu::PollError> {
        let until = wgpu::PollType::Wait {
            submission_index: until,
            timeout: None,
        };
        self.device.poll(until).map(|_| ())
    }

    /// Textures that the adapter holds now, for the wall and everything else.
    pub fn textures(&self) -> Result<usize, Box<dyn Error>> {
        self.wait(None)?;
        let report = self
            .instance
            .generate_report()
            .ok_or("wgpu does not count its textures")?;
        Ok(report.hub_report().textures.num_allocated)
    }
}
