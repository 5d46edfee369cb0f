//! Brings a window's pixels to the window, through memory that is shared with the window system.
//!
//! Invariant: the window shows only whole drawings. Deliberately absent: graphics cards; where there is one, iced's own
//! compositor is used.

use super::renderer::Renderer;
use super::target::{FORMAT, Target};
use crate::gui::lost_drawing::{self, Failures};
use crate::gui::widget::wall::gpu_adapter;
use iced::advanced::graphics::{self, Shell, Viewport, color, compositor, error};
use iced::{Color, Font, Pixels, wgpu};
use std::num::NonZeroU32;
use std::sync::mpsc;

// Colours are mixed as the screen stores them (`web-colors`), here and over the pictures alike.
const _: () = assert!(!color::GAMMA_CORRECTION);

/// Software drawing for all windows of the program.
pub struct Compositor {
    context: softbuffer::Context<Box<dyn compositor::Display>>,
    engine: iced_wgpu::Engine,
    device: wgpu::Device,
    queue: wgpu::Queue,
    adapter: String,
    font: Font,
    text_size: Pixels,
    failures: Failures,
}

type WindowMemory = softbuffer::Surface<Box<dyn compositor::Display>, Box<dyn compositor::Window>>;

/// A window's memory; `None` when the window system gave none.
pub struct Surface(Option<WindowMemory>);

/// Why there is no compositor.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the window system shares no memory")]
    Window(#[source] softbuffer::SoftBufferError),
    #[error("no software rasteriser")]
    Adapter(#[source] wgpu::RequestAdapterError),
    #[error("the software rasteriser does not start")]
    Device(#[source] wgpu::RequestDeviceError),
}

impl From<Trouble> for graphics::Error {
    fn from(trouble: Trouble) -> Self {
        tracing::error!(error = &trouble as &dyn std::error::Error, "no software drawing");
        graphics::Error::GraphicsAdapterNotFound {
            backend: "software",
            reason: error::Reason::RequestFailed(trouble.to_string()),
        }
    }
}

impl compositor::Default for Renderer {
    type Compositor = Compositor;
}

impl compositor::Compositor for Compositor {
    type Renderer = Renderer;
    type Surface = Surface;

    async fn with_backend(
        settings: graphics::Settings,
        display: impl compositor::Display + Clone,
        _: impl compositor::Window + Clone,
        shell: Shell,
        _: Option<&str>,
    ) -> Result<Self, graphics::Error> {
        let context =
            softbuffer::Context::new(Box::new(display) as Box<dyn compositor::Display>).map_err(Trouble::Window)?;
        let instance = wgpu::Instance::new(&wgpu::InstanceDescriptor {
            backends: gpu_adapter::backends(),
            ..Default::default()
        });
        let adapter = instance
            .request_adapter(&wgpu::RequestAdapterOptions::default())
            .await
            .map_err(Trouble::Adapter)?;
        let (device, queue) = adapter
            .request_device(&wgpu::DeviceDescriptor {
                label: Some("vedetta interface"),
                memory_hints: wgpu::MemoryHints::MemoryUsage,
                ..Default::default()
            })
            .await
            .map_err(Trouble::Device)?;
        let engine = iced_wgpu::Engine::new(
            &adapter,
            device.clone(),
            queue.clone(),
            FORMAT,
            settings.antialiasing,
            shell,
        );
        Ok(Compositor {
            context,
            engine,
            device,
            queue,
            adapter: adapter.get_info().name,
            font: settings.default_font,
            text_size: settings.default_text_size,
            failures: Failures::default(),
        })
    }

    fn create_renderer(&self) -> Renderer {
        Renderer::new(iced_wgpu::Renderer::new(self.engine.clone(), self.font, self.text_size))
    }

    fn create_surface<W: compositor::Window + Clone>(&mut self, window: W, width: u32, height: u32) -> Surface {
        let window = Box::new(window) as Box<dyn compositor::Window>;
        let surface = softbuffer::Surface::new(&self.context, window).inspect_err(|error| lost_drawing::lose(error));
        let mut surface = Surface(surface.ok());
        self.configure_surface(&mut surface, width, height);
        surface
    }

    fn configure_surface(&mut self, Surface(surface): &mut Surface, width: u32, height: u32) {
        let size = NonZeroU32::new(width).zip(NonZeroU32::new(height));
        if let (Some(surface), Some((width, height))) = (surface, size)
            && let Err(error) = surface.resize(width, height)
        {
            tracing::error!(%error, width, height, "a window's memory cannot be resized");
        }
    }

    fn information(&self) -> compositor::Information {
        compositor::Information {
            adapter: self.adapter.clone(),
            backend: "software".to_owned(),
        }
    }

    fn present(
        &mut self,
        renderer: &mut Renderer,
        Surface(surface): &mut Surface,
        viewport: &Viewport,
        background: Color,
        on_pre_present: impl FnOnce(),
    ) -> Result<(), compositor::SurfaceError> {
        let drawn = self.draw(renderer, surface.as_mut(), viewport, background, on_pre_present);
        match &drawn {
            Ok(()) => self.failures.drawn(),
            Err(error) if self.failures.failed() => lost_drawing::lose(error),
            Err(_) => {}
        }
        drawn
    }

    fn screenshot(&mut self, renderer: &mut Renderer, viewport: &Viewport, background: Color) -> Vec<u8> {
        renderer.interface.screenshot(viewport, background)
    }
}

impl Compositor {
    /// Draws what is new and shows it in the window.
    fn draw(
        &self,
        renderer: &mut Renderer,
        surface: Option<&mut WindowMemory>,
        viewport: &Viewport,
        background: Color,
        on_pre_present: impl FnOnce(),
    ) -> Result<(), compositor::SurfaceError> {
        if renderer.is_drawing() {
            self.draw_interface(renderer, viewport, background)?;
        }
        let surface = surface.ok_or(compositor::SurfaceError::Other)?;
        let lost = |error: softbuffer::SoftBufferError| {
            tracing::warn!(%error, "the window does not take its pixels");
            compositor::SurfaceError::Lost
        };
        let mut pixels = surface.buffer_mut().map_err(lost)?;
        let (whole, width) = (pixels.age() != 1, pixels.width().get() as usize);
        if !renderer.paint(&mut pixels, width, viewport, whole) {
            // A window that was resized is drawn before the widgets hear of it: its new memory is black. It keeps what it
            // shows, and is drawn again, whole.
            return Err(compositor::SurfaceError::Outdated);
        }
        on_pre_present();
        pixels.present().map_err(lost)
    }

    /// Draws the interface and keeps its pixels.
    fn draw_interface(
        &self,
        renderer: &mut Renderer,
        viewport: &Viewport,
        background: Color,
    ) -> Result<(), compositor::SurfaceError> {
        let (width, height) = (viewport.physical_width(), viewport.physical_height());
        let target = match renderer.target.take() {
            Some(target) if (target.width, target.height) == (width, height) => target,
            _ => Target::new(&self.device, width, height),
        };
        let Renderer { interface, .. } = renderer;
        interface.present(Some(background), FORMAT, &target.view, viewport);
        let mut encoder = self.device.create_command_encoder(&Default::default());
        encoder.copy_texture_to_buffer(
            target.texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &target.read,
                layout: wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(target.stride),
                    rows_per_image: None,
                },
            },
            target.texture.size(),
        );
        let drawn = self.queue.submit([encoder.finish()]);
        let (tell, told) = mpsc::channel();
        target.read.slice(..).map_async(wgpu::MapMode::Read, move |mapped| {
            // Nobody listens only when this function has failed before.
            let _ = tell.send(mapped);
        });
        let wait = wgpu::PollType::Wait {
            submission_index: Some(drawn),
            timeout: None,
        };
        let waited = self.device.poll(wait);
        let mapped = told.try_recv();
        let (Ok(_), Ok(Ok(()))) = (&waited, &mapped) else {
            tracing::error!(?waited, ?mapped, "the interface cannot be read back");
            return Err(compositor::SurfaceError::Other);
        };
        let bytes = target.read.slice(..).get_mapped_range();
        let rows = bytes.chunks_exact(target.stride as usize);
        renderer.canvas.take(width as usize, height as usize, rows);
        drop(bytes);
        target.read.unmap();
        renderer.target = Some(target);
        Ok(())
    }
}
