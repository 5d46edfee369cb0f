//! Around everything a window shows: decides for each drawing whether the interface must be drawn again.
//!
//! Invariant: the interface is drawn again after anything but the wall's own beat: another revision of what is shown, an event,
//! what a widget asked for, other covers or places of pictures. Deliberately absent: drawing; what makes a revision (`redraw`).

use super::renderer::Renderer;
use crate::gui::widget::wall::{self, Outline, Picture, Shown};
use iced::advanced::layout::{self, Layout};
use iced::advanced::widget::{Operation, Tree, tree};
use iced::advanced::{Clipboard, Overlay, Shell, Widget, mouse, overlay, renderer};
use iced::window::{self, RedrawRequest};
use iced::{Element, Event, Length, Rectangle, Size, Theme, Vector};
use std::any::Any;
use std::cell::Cell;
use std::time::Instant;

/// What a window shows, drawn by iced's own renderer.
pub struct Root<'a, Message> {
    content: Element<'a, Message>,
    revision: u64,
}

impl<'a, Message> Root<'a, Message> {
    /// Around `content`, which is drawn when `revision` is another one than before.
    pub fn new(content: impl Into<Element<'a, Message>>, revision: u64) -> Self {
        Root {
            content: content.into(),
            revision,
        }
    }
}

#[derive(Default)]
struct State {
    /// What was laid out last.
    revision: Option<u64>,
    /// More than pictures is new since the interface was drawn.
    stale: Cell<bool>,
    /// When a widget wants to be drawn again.
    wanted: Cell<Option<Instant>>,
    /// Whether something lay over the window when it was looked at last.
    covered: Cell<bool>,
    /// When the pictures are due again.
    due: Option<Instant>,
    pictures: Vec<Picture>,
    outlines: Vec<Outline>,
}

impl State {
    /// The screen was rebuilt.
    fn laid_out(&mut self, revision: u64) {
        if self.revision.replace(revision) != Some(revision) {
            self.stale.set(true);
        }
    }

    /// Takes what the widgets ask for after an event at `now`; during a drawing they ask for the one after.
    fn asked(&self, request: RedrawRequest, during_drawing: bool, now: Instant) {
        let at = match request {
            RedrawRequest::Wait => return,
            RedrawRequest::NextFrame if !during_drawing => return self.stale.set(true),
            RedrawRequest::NextFrame => now,
            RedrawRequest::At(at) => at,
        };
        self.wanted
            .set(Some(self.wanted.get().map_or(at, |before| before.min(at))));
    }

    /// An event is about to be handled.
    fn before(&self, event: &Event, now: Instant) {
        match event {
            Event::Window(window::Event::RedrawRequested(_)) => {
                if self.wanted.get().is_some_and(|at| at <= now) {
                    self.wanted.set(None);
                    self.stale.set(true);
                }
            }
            // A pointer on its way changes only what asks to be drawn again.
            Event::Mouse(mouse::Event::CursorMoved { .. }) => {}
            _ => self.stale.set(true),
        }
    }

    /// Takes over what the wall shows in the drawing that comes. Returns when the next is due.
    fn take(&mut self, Shown { pictures, awake }: Shown, now: Instant) -> Option<Instant> {
        let outlines: Vec<Outline> = pictures.iter().map(Picture::outline).collect();
        if self.outlines != outlines {
            self.outlines = outlines;
            self.stale.set(true);
        }
        self.pictures = pictures;
        self.due = awake.then(|| wall::next_drawing(self.due, now, wall::gpu_adapter::beat()));
        self.due
    }
}

/// Collects the pictures of every wall it comes across.
#[derive(Default)]
struct Collect(Shown);

impl Operation for Collect {
    fn traverse(&mut self, operate: &mut dyn FnMut(&mut dyn Operation)) {
        operate(self);
    }

    fn custom(&mut self, _: Option<&iced::widget::Id>, bounds: Rectangle, state: &mut dyn Any) {
        let Some(shown) = state.downcast_ref::<Shown>() else {
            return;
        };
        let corner = Vector::new(bounds.x, bounds.y);
        let placed = shown.pictures.iter().map(|picture| Picture {
            place: picture.place + corner,
            ..picture.clone()
        });
        self.0.pictures.extend(placed);
        self.0.awake |= shown.awake;
    }
}

fn child(layout: Layout<'_>) -> Layout<'_> {
    layout.children().next().unwrap_or(layout)
}

fn time_of(event: &Event) -> Option<Instant> {
    match event {
        Event::Window(window::Event::RedrawRequested(now)) => Some(*now),
        _ => None,
    }
}

impl<Message> Widget<Message, Theme, Renderer> for Root<'_, Message> {
    fn tag(&self) -> tree::Tag {
        tree::Tag::of::<State>()
    }

    fn state(&self) -> tree::State {
        tree::State::new(State::default())
    }

    fn children(&self) -> Vec<Tree> {
        vec![Tree::new(&self.content)]
    }

    fn diff(&self, tree: &mut Tree) {
        tree.diff_children(std::slice::from_ref(&self.content));
    }

    fn size(&self) -> Size<Length> {
        self.content.as_widget().size()
    }

    fn size_hint(&self) -> Size<Length> {
        self.content.as_widget().size_hint()
    }

    fn layout(&mut self, tree: &mut Tree, renderer: &Renderer, limits: &layout::Limits) -> layout::Node {
        // After every rebuilding of the screen.
        tree.state.downcast_mut::<State>().laid_out(self.revision);
        let Some(tree) = tree.children.first_mut() else {
            return layout::Node::new(Size::ZERO);
        };
        let node = self.content.as_widget_mut().layout(tree, &renderer.interface, limits);
        layout::Node::with_children(node.size(), vec![node])
    }

    fn operate(&mut self, tree: &mut Tree, layout: Layout<'_>, renderer: &Renderer, operation: &mut dyn Operation) {
        if let Some(tree) = tree.children.first_mut() {
            let content = self.content.as_widget_mut();
            content.operate(tree, child(layout), &renderer.interface, operation);
        }
    }

    fn update(
        &mut self,
        tree: &mut Tree,
        event: &Event,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        renderer: &Renderer,
        clipboard: &mut dyn Clipboard,
        shell: &mut Shell<'_, Message>,
        viewport: &Rectangle,
    ) {
        let Tree { state, children, .. } = tree;
        let (state, Some(tree)) = (state.downcast_mut::<State>(), children.first_mut()) else {
            return;
        };
        let drawing = time_of(event);
        let now = drawing.unwrap_or_else(Instant::now);
        state.before(event, now);
        let (layout, content) = (child(layout), self.content.as_widget_mut());
        let mut messages = Vec::new();
        let mut asked = Shell::new(&mut messages);
        content.update(
            tree,
            event,
            layout,
            cursor,
            &renderer.interface,
            clipboard,
            &mut asked,
            viewport,
        );
        state.asked(asked.redraw_request(), drawing.is_some(), now);
        shell.merge(asked, |message| message);
        if drawing.is_some() {
            let mut collect = Collect::default();
            content.operate(tree, layout, &renderer.interface, &mut collect);
            if let Some(due) = state.take(collect.0, now) {
                shell.request_redraw_at(due);
            }
        }
    }

    fn draw(
        &self,
        tree: &Tree,
        renderer: &mut Renderer,
        theme: &Theme,
        style: &renderer::Style,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        viewport: &Rectangle,
    ) {
        let state = tree.state.downcast_ref::<State>();
        renderer.show(&state.pictures);
        if !(state.stale.take() || renderer.is_blank()) {
            return;
        }
        renderer.draw_again();
        if let Some(tree) = tree.children.first() {
            let (content, interface) = (self.content.as_widget(), &mut renderer.interface);
            content.draw(tree, interface, theme, style, child(layout), cursor, viewport);
        }
    }

    fn mouse_interaction(
        &self,
        tree: &Tree,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        viewport: &Rectangle,
        renderer: &Renderer,
    ) -> mouse::Interaction {
        let content = self.content.as_widget();
        tree.children.first().map_or(mouse::Interaction::None, |tree| {
            content.mouse_interaction(tree, child(layout), cursor, viewport, &renderer.interface)
        })
    }

    fn overlay<'a>(
        &'a mut self,
        tree: &'a mut Tree,
        layout: Layout<'a>,
        renderer: &Renderer,
        viewport: &Rectangle,
        translation: Vector,
    ) -> Option<overlay::Element<'a, Message, Theme, Renderer>> {
        let Tree { state, children, .. } = tree;
        let state = state.downcast_ref::<State>();
        let content = self.content.as_widget_mut();
        let tree = children.first_mut()?;
        let above = content.overlay(tree, child(layout), &renderer.interface, viewport, translation);
        if state.covered.replace(above.is_some()) != above.is_some() {
            state.stale.set(true);
        }
        above.map(|content| overlay::Element::new(Box::new(Above { content, state })))
    }
}

impl<'a, Message: 'a> From<Root<'a, Message>> for Element<'a, Message, Theme, Renderer> {
    fn from(root: Root<'a, Message>) -> Self {
        Element::new(root)
    }
}

/// A menu, a dialogue or a hint over the rest.
struct Above<'a, Message> {
    content: overlay::Element<'a, Message, Theme, iced::Renderer>,
    state: &'a State,
}

impl<Message> Overlay<Message, Theme, Renderer> for Above<'_, Message> {
    fn layout(&mut self, renderer: &Renderer, bounds: Size) -> layout::Node {
        self.content.as_overlay_mut().layout(&renderer.interface, bounds)
    }

    fn draw(
        &self,
        renderer: &mut Renderer,
        theme: &Theme,
        style: &renderer::Style,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
    ) {
        if renderer.is_drawing() {
            let content = self.content.as_overlay();
            content.draw(&mut renderer.interface, theme, style, layout, cursor);
        }
    }

    fn operate(&mut self, layout: Layout<'_>, renderer: &Renderer, operation: &mut dyn Operation) {
        let content = self.content.as_overlay_mut();
        content.operate(layout, &renderer.interface, operation);
    }

    fn update(
        &mut self,
        event: &Event,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        renderer: &Renderer,
        clipboard: &mut dyn Clipboard,
        shell: &mut Shell<'_, Message>,
    ) {
        let drawing = time_of(event);
        let now = drawing.unwrap_or_else(Instant::now);
        self.state.before(event, now);
        let mut messages = Vec::new();
        let mut asked = Shell::new(&mut messages);
        let content = self.content.as_overlay_mut();
        content.update(event, layout, cursor, &renderer.interface, clipboard, &mut asked);
        self.state.asked(asked.redraw_request(), drawing.is_some(), now);
        shell.merge(asked, |message| message);
    }

    fn mouse_interaction(&self, layout: Layout<'_>, cursor: mouse::Cursor, renderer: &Renderer) -> mouse::Interaction {
        let content = self.content.as_overlay();
        content.mouse_interaction(layout, cursor, &renderer.interface)
    }

    fn overlay<'a>(
        &'a mut self,
        layout: Layout<'a>,
        renderer: &Renderer,
    ) -> Option<overlay::Element<'a, Message, Theme, Renderer>> {
        let state = self.state;
        let content = self.content.as_overlay_mut().overlay(layout, &renderer.interface)?;
        Some(overlay::Element::new(Box::new(Above { content, state })))
    }

    fn index(&self) -> f32 {
        self.content.as_overlay().index()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::digital_zoom::Crop;
    use crate::domain::privacy::{Cover, CoverStyle, Polygon};
    use crate::gui::pattern;
    use std::sync::Arc;
    use std::time::Duration;

    fn shown(number: u64, cover: Cover) -> Shown {
        Shown {
            pictures: vec![Picture {
                key: 1,
                place: Rectangle::with_size(Size::new(64.0, 36.0)),
                frame: Arc::new(pattern::frame(64, 36, number, 0)),
                cover: Arc::new(cover),
                crop: Crop::WHOLE,
                brightness: 1.0,
            }],
            awake: true,
        }
    }

    fn part(style: CoverStyle, left: f32) -> Cover {
        Cover::Parts(vec![Polygon {
            points: vec![[left, 0.1], [0.5, 0.1], [0.5, 0.5]],
            style,
            band: false,
        }])
    }

    #[test]
    fn r_prv_1_another_part_of_a_picture_means_drawing_its_cover_again() {
        let (mut state, now) = (State::default(), Instant::now());
        let mut take = |factor| {
            let mut shown = shown(1, part(CoverStyle::Solid, 0.1));
            for picture in &mut shown.pictures {
                picture.crop = Crop::WHOLE.zoomed_to(factor, [0.2, 0.2]);
            }
            state.take(shown, now);
            state.stale.take()
        };
        assert_eq!([1.0, 1.0, 2.0, 2.0].map(&mut take), [true, false, true, false]);
    }

    #[test]
    fn r_prv_1_new_covers_mean_drawing_the_interface_again_and_new_frames_do_not() {
        let (mut state, now) = (State::default(), Instant::now());
        let mut take = |shown| {
            state.take(shown, now);
            state.stale.take()
        };
        assert!(take(shown(1, part(CoverStyle::Solid, 0.1))), "the first");
        assert!(!take(shown(2, part(CoverStyle::Solid, 0.1))), "only a frame");
        assert!(take(shown(3, part(CoverStyle::Solid, 0.2))), "the cover moved");
        assert!(
            take(shown(3, part(CoverStyle::Pixelated, 0.2))),
            "the cover has other colours"
        );
        assert!(
            take(shown(4, part(CoverStyle::Pixelated, 0.2))),
            "its colours come from the frame"
        );
        assert!(take(Shown::default()), "the picture is gone");
    }

    #[test]
    fn a_rebuilt_screen_is_drawn_when_it_is_another_revision() {
        let mut state = State::default();
        let mut drawn = |revision| {
            state.laid_out(revision);
            state.stale.take()
        };
        assert!(drawn(0), "the first");
        assert!(!drawn(0), "the same");
        assert!(drawn(1));
    }

    #[test]
    fn a_widget_is_drawn_when_it_wants_to_be_and_a_pointer_on_its_way_changes_nothing() {
        let (state, now) = (State::default(), Instant::now());
        let drawing = |at| Event::Window(window::Event::RedrawRequested(at));
        let later = now + Duration::from_millis(500);
        state.asked(RedrawRequest::At(later), true, now);
        state.before(&drawing(now), now);
        assert!(!state.stale.take());
        state.before(&drawing(later), later);
        assert!(state.stale.take());
        let position = iced::Point::ORIGIN;
        state.before(&Event::Mouse(mouse::Event::CursorMoved { position }), now);
        assert!(!state.stale.take());
        state.asked(RedrawRequest::NextFrame, false, now);
        assert!(state.stale.take());
        state.before(&Event::Mouse(mouse::Event::ButtonPressed(mouse::Button::Left)), now);
        assert!(state.stale.take());
    }
}
