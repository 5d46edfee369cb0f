//! iced's own renderer, asked only when more than pictures is new.
//!
//! Invariant: between [`iced::advanced::Renderer::reset`] and [`Renderer::draw_again`] nothing is drawn; what was drawn last
//! stays. Deliberately absent: deciding when (`root`), the window (`compositor`).

use super::canvas::Canvas;
use super::target::Target;
use crate::gui::widget::wall::Picture;
use iced::advanced::graphics::Viewport;
use iced::advanced::{Renderer as _, image, renderer, text};
use iced::{Background, Color, Font, Pixels, Point, Rectangle, Size, Transformation};

/// The renderer of one window.
pub struct Renderer {
    /// Draws everything but pictures.
    pub(super) interface: iced::Renderer,
    pub(super) canvas: Canvas,
    pub(super) target: Option<Target>,
    pictures: Vec<Picture>,
    bounds: Rectangle,
    drawing: bool,
}

impl Renderer {
    /// Nothing drawn yet.
    pub(super) fn new(interface: iced::Renderer) -> Self {
        Renderer {
            interface,
            canvas: Canvas::default(),
            target: None,
            pictures: Vec::new(),
            bounds: Rectangle::with_size(Size::ZERO),
            drawing: false,
        }
    }

    /// Pictures painted in this drawing.
    pub(super) fn show(&mut self, pictures: &[Picture]) {
        self.pictures.clear();
        self.pictures.extend_from_slice(pictures);
    }

    /// The interface is drawn anew from here on.
    pub(super) fn draw_again(&mut self) {
        self.interface.reset(self.bounds);
        self.drawing = true;
    }

    /// Whether the interface is being drawn anew.
    pub(super) fn is_drawing(&self) -> bool {
        self.drawing
    }

    /// Whether nothing was drawn yet for the size that the window has.
    pub(super) fn is_blank(&self) -> bool {
        self.canvas.is_blank()
    }

    /// Paints this drawing into a window's pixels, rows of `width`. `whole`: they are not those of the drawing before. Returns
    /// `false` when what was drawn has another size than the window has now.
    #[must_use]
    pub(super) fn paint(&mut self, pixels: &mut [u32], width: usize, viewport: &Viewport, whole: bool) -> bool {
        let scale = viewport.scale_factor();
        let painted = self.canvas.paint(pixels, width, &self.pictures, scale, whole);
        // Frames go back to their decoders.
        self.pictures.clear();
        painted
    }
}

impl iced::advanced::Renderer for Renderer {
    fn start_layer(&mut self, bounds: Rectangle) {
        if self.drawing {
            self.interface.start_layer(bounds);
        }
    }

    fn end_layer(&mut self) {
        if self.drawing {
            self.interface.end_layer();
        }
    }

    fn start_transformation(&mut self, transformation: Transformation) {
        if self.drawing {
            self.interface.start_transformation(transformation);
        }
    }

    fn end_transformation(&mut self) {
        if self.drawing {
            self.interface.end_transformation();
        }
    }

    fn fill_quad(&mut self, quad: renderer::Quad, background: impl Into<Background>) {
        if self.drawing {
            self.interface.fill_quad(quad, background);
        }
    }

    fn reset(&mut self, bounds: Rectangle) {
        self.bounds = bounds;
        self.drawing = false;
    }

    fn allocate_image(
        &mut self,
        handle: &image::Handle,
        callback: impl FnOnce(Result<image::Allocation, image::Error>) + Send + 'static,
    ) {
        self.interface.allocate_image(handle, callback);
    }
}

impl text::Renderer for Renderer {
    type Font = Font;
    type Paragraph = <iced::Renderer as text::Renderer>::Paragraph;
    type Editor = <iced::Renderer as text::Renderer>::Editor;

    const ICON_FONT: Font = iced::Renderer::ICON_FONT;
    const CHECKMARK_ICON: char = iced::Renderer::CHECKMARK_ICON;
    const ARROW_DOWN_ICON: char = iced::Renderer::ARROW_DOWN_ICON;
    const SCROLL_UP_ICON: char = iced::Renderer::SCROLL_UP_ICON;
    const SCROLL_DOWN_ICON: char = iced::Renderer::SCROLL_DOWN_ICON;
    const SCROLL_LEFT_ICON: char = iced::Renderer::SCROLL_LEFT_ICON;
    const SCROLL_RIGHT_ICON: char = iced::Renderer::SCROLL_RIGHT_ICON;
    const ICED_LOGO: char = iced::Renderer::ICED_LOGO;

    fn default_font(&self) -> Font {
        self.interface.default_font()
    }

    fn default_size(&self) -> Pixels {
        self.interface.default_size()
    }

    fn fill_paragraph(&mut self, text: &Self::Paragraph, position: Point, color: Color, clip: Rectangle) {
        if self.drawing {
            self.interface.fill_paragraph(text, position, color, clip);
        }
    }

    fn fill_editor(&mut self, editor: &Self::Editor, position: Point, color: Color, clip: Rectangle) {
        if self.drawing {
            self.interface.fill_editor(editor, position, color, clip);
        }
    }

    fn fill_text(&mut self, text: text::Text<String, Font>, position: Point, color: Color, clip: Rectangle) {
        if self.drawing {
            self.interface.fill_text(text, position, color, clip);
        }
    }
}

impl renderer::Headless for Renderer {
    async fn new(font: Font, size: Pixels, backend: Option<&str>) -> Option<Self> {
        let interface = <iced::Renderer as renderer::Headless>::new(font, size, backend).await?;
        Some(Renderer::new(interface))
    }

    fn name(&self) -> String {
        "software".to_owned()
    }

    fn screenshot(&mut self, size: Size<u32>, scale_factor: f32, background: Color) -> Vec<u8> {
        renderer::Headless::screenshot(&mut self.interface, size, scale_factor, background)
    }
}
