//! Wall widget: all tiles in one widget, their pictures in one pass, what is written over them above.
//!
//! Invariant: a picture reaches the screen only through [`Look::look`], which gives it together with its cover and the part
//! of it that may be shown; the lower edge of a picture is never written on.
//! Deliberately absent: choosing what a tile shows (the control room), layouts and letterboxes (`domain::wall`).

pub mod cpu_painter;
pub mod gpu_adapter;
mod masks;
mod overlay;
mod pipeline;
mod plane;
mod primitive;
mod row_mix;
mod scale;
mod simd16;
mod textures;
#[cfg(test)]
mod zoom_properties;

pub use overlay::{Face, Mark, StateWords};
pub use primitive::{Outline, Picture};

use crate::domain::digital_zoom::Crop;
use crate::domain::privacy::Cover;
use crate::domain::wall::{self as cells, Rect};
use crate::gui::theme as look;
use crate::media::frame::Frame;
use iced::advanced::layout::{self, Layout};
use iced::advanced::widget::{Operation, Tree, tree};
use iced::advanced::{Clipboard, Renderer as _, Shell, Widget, mouse, renderer};
use iced::{Element, Length, Point, Rectangle, Renderer, Size, Theme, Vector, window};
use iced_wgpu::primitive::Renderer as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Something a tile can show.
pub trait Look: Send + Sync {
    /// The latest picture, what must be covered on it when it is drawn at `now`, and what of `wanted` may be enlarged of it.
    fn look(&self, now: Instant, wanted: Crop) -> Option<Sight>;
    /// Size and age of the latest picture, without the picture.
    fn newest(&self) -> Option<Newest>;
}

/// A picture as it may be shown.
#[derive(Debug, Clone)]
pub struct Sight {
    pub frame: Arc<Frame>,
    pub cover: Arc<Cover>,
    /// The part of the frame that fills the tile.
    pub crop: Crop,
}

/// What is known of a picture without having it.
#[derive(Debug, Clone, Copy)]
pub struct Newest {
    /// Width and height as it is to be seen, in square pixels.
    pub seen: [u32; 2],
    /// When it left the decoder.
    pub arrived: Instant,
}

impl From<&Frame> for Newest {
    fn from(frame: &Frame) -> Newest {
        Newest {
            seen: frame.seen_size(),
            arrived: frame.arrived,
        }
    }
}

/// One tile as it is now.
pub struct Tile<'a> {
    /// Identity of the stream, for the textures.
    pub key: u64,
    /// The tile's part of the wall, 0..1.
    pub cell: Rectangle,
    pub look: Option<&'a dyn Look>,
    /// The part of the picture that is to fill the tile.
    pub crop: Crop,
    /// Whether a held button on the picture steers a dome, and a box may be drawn on it.
    pub steers: bool,
    /// 1 as it is, less when it is not live.
    pub brightness: f32,
    pub face: Face,
}

/// What a hand or the layout did to the wall.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The wall takes up this part of the window now, logical pixels.
    Placed(Rectangle),
    /// A tile was pressed; inside its picture at `at` (0..1), if it was inside.
    Pressed { tile: usize, at: Option<[f64; 2]> },
    /// A tile was pressed twice.
    PressedTwice { tile: usize },
    /// The wheel turned over a tile, positive away from the person; over its picture at `at` (0..1), if it was over it.
    Turned {
        tile: usize,
        notches: f32,
        at: Option<[f64; 2]>,
    },
    /// The pointer is held down on a picture that steers, and moved to `at` (0..1).
    Pointed { tile: usize, at: [f64; 2] },
    /// A box begins to be drawn on a picture that steers: the press is neither a click nor held.
    Boxing { tile: usize },
    /// A box was drawn on a picture that steers, from one corner to the opposite one (0..1).
    Boxed { tile: usize, corners: [[f64; 2]; 2] },
    /// An enlarged picture was dragged by shares of what is shown of it, positive to the right and downwards.
    Dragged { tile: usize, by: [f64; 2] },
    /// A picture that neither steers nor is enlarged was pulled out of its tile.
    Lifted { tile: usize },
    /// What was being carried was let go over a tile.
    Dropped { tile: usize },
}

/// A wall whose newest picture is older than this waits for the next rebuilding of the screen.
const ASLEEP: Duration = Duration::from_secs(1);

/// A press that moves less than this is a click, logical pixels.
const CLICK: f32 = 4.0;

/// A press that moves as far as this carries the tile's picture away, logical pixels: further than a hand slips in a click.
const LIFT: f32 = 16.0;

/// How long a click waits for a second one. A button that is down for longer on a picture that steers is held; a pointer that
/// moves sooner draws a box.
pub const HOLD: Duration = Duration::from_millis(310);

/// Space between tiles, logical pixels.
const SEAM: f32 = 2.0;

/// The rectangle of a tile inside a wall at `bounds`, logical pixels.
pub fn tile_rectangle(bounds: Rectangle, cell: Rectangle) -> Rectangle {
    let left = (bounds.x + cell.x * bounds.width).round();
    let top = (bounds.y + cell.y * bounds.height).round();
    let right = (bounds.x + (cell.x + cell.width) * bounds.width).round();
    let bottom = (bounds.y + (cell.y + cell.height) * bounds.height).round();
    Rectangle {
        x: left + SEAM / 2.0,
        y: top + SEAM / 2.0,
        width: (right - left - SEAM).max(1.0),
        height: (bottom - top - SEAM).max(1.0),
    }
}

/// The letterbox in a tile, on whole pixels, of a picture that is to be seen in this size.
pub fn letterbox(tile: Rectangle, seen: [u32; 2]) -> Rectangle {
    let [width, height] = seen.map(f64::from);
    let exact = cells::letterbox(in_domain(tile), width, height);
    let pixels = |v: f64| v.round() as f32;
    Rectangle {
        x: pixels(exact.x),
        y: pixels(exact.y),
        width: pixels(exact.width).max(1.0),
        height: pixels(exact.height).max(1.0),
    }
}

fn in_domain(rectangle: Rectangle) -> Rect {
    Rect {
        x: f64::from(rectangle.x),
        y: f64::from(rectangle.y),
        width: f64::from(rectangle.width),
        height: f64::from(rectangle.height),
    }
}

/// The parts of a tile that its picture leaves free: all of it without one.
fn around(tile: Rectangle, picture: Option<Rectangle>) -> Vec<Rectangle> {
    let Some(picture) = picture else { return vec![tile] };
    let band = |x, y, right: f32, bottom: f32| Rectangle {
        x,
        y,
        width: right - x,
        height: bottom - y,
    };
    let (right, bottom) = (tile.x + tile.width, tile.y + tile.height);
    let mut bands = vec![
        band(tile.x, tile.y, right, picture.y),
        band(tile.x, picture.y + picture.height, right, bottom),
        band(tile.x, picture.y, picture.x, picture.y + picture.height),
        band(picture.x + picture.width, picture.y, right, picture.y + picture.height),
    ];
    bands.retain(|band| band.width > 0.0 && band.height > 0.0);
    bands
}

/// The widget.
pub struct Wall<'a, Message> {
    tiles: Vec<Tile<'a>>,
    /// Name of what is being carried over the wall.
    carried: Option<&'a str>,
    on_event: Box<dyn Fn(Event) -> Message + 'a>,
}

/// A wall of these tiles.
pub fn wall<'a, Message>(tiles: Vec<Tile<'a>>, on_event: impl Fn(Event) -> Message + 'a) -> Wall<'a, Message> {
    Wall {
        tiles,
        carried: None,
        on_event: Box::new(on_event),
    }
}

impl<'a, Message> Wall<'a, Message> {
    /// Something with this name is being carried and may be dropped on a tile.
    pub fn carrying(mut self, name: Option<&'a str>) -> Self {
        self.carried = name;
        self
    }

    fn tile_at(&self, bounds: Rectangle, point: Point) -> Option<usize> {
        let share = |at: f32, from: f32, length: f32| f64::from((at - from) / length.max(1.0));
        let (x, y) = (
            share(point.x, bounds.x, bounds.width),
            share(point.y, bounds.y, bounds.height),
        );
        cells::tile_at(self.tiles.iter().map(|tile| in_domain(tile.cell)), x, y)
    }

    /// The picture of a tile and where it is drawn.
    fn sight(&self, bounds: Rectangle, tile: &Tile<'_>) -> Option<(Sight, Rectangle)> {
        let sight = tile.look?.look(Instant::now(), tile.crop)?;
        let place = letterbox(tile_rectangle(bounds, tile.cell), sight.frame.seen_size());
        Some((sight, place))
    }

    /// The point of a tile's picture under a point of the window, 0..1.
    fn in_picture(&self, bounds: Rectangle, tile: usize, point: Point) -> Option<[f64; 2]> {
        let (sight, place) = self.sight(bounds, self.tiles.get(tile)?)?;
        place.contains(point).then(|| {
            let shown = [
                f64::from((point.x - place.x) / place.width),
                f64::from((point.y - place.y) / place.height),
            ];
            let window = sight.crop.window([sight.frame.width, sight.frame.height]);
            window.in_picture(shown)
        })
    }

    /// Whether a tile shows less than its whole picture.
    fn is_enlarged(&self, tile: usize) -> bool {
        self.tiles.get(tile).is_some_and(|tile| !tile.crop.is_whole())
    }

    /// What the pointer does to an enlarged picture that is held at `grip`; `None`: nothing more than a click would.
    fn drag(&self, bounds: Rectangle, grip: &mut Grip, point: Point) -> Option<Event> {
        let way = point - grip.last;
        if !grip.drags && way.x.hypot(way.y) < CLICK {
            return None;
        }
        let (_, place) = self.sight(bounds, self.tiles.get(grip.tile)?)?;
        (grip.drags, grip.last) = (true, point);
        Some(Event::Dragged {
            tile: grip.tile,
            by: [f64::from(way.x / place.width), f64::from(way.y / place.height)],
        })
    }

    /// What the pointer does to a picture that steers while its button is down on it.
    fn hold(&self, bounds: Rectangle, press: &mut SteeringPress, point: Point) -> Option<Event> {
        let tile = press.tile;
        let way = point - press.begun;
        if !press.boxes && press.since.elapsed() < HOLD && way.x.hypot(way.y) >= CLICK {
            press.boxes = true;
            press.now = point;
            return Some(Event::Boxing { tile });
        }
        press.now = point;
        let at = self.in_picture(bounds, tile, point).filter(|_| !press.boxes)?;
        (press.since.elapsed() >= HOLD).then_some(Event::Pointed { tile, at })
    }

    /// The box that was drawn when the button goes up at `point`; outside the picture it ends at its edge.
    fn boxed(&self, bounds: Rectangle, press: &SteeringPress, point: Point) -> Option<Event> {
        let tile = press.tile;
        let (_, place) = self.sight(bounds, self.tiles.get(tile)?)?;
        let corner = |point: Point| {
            let inside = Point::new(
                point.x.clamp(place.x, place.x + place.width - 1.0),
                point.y.clamp(place.y, place.y + place.height - 1.0),
            );
            self.in_picture(bounds, tile, inside)
        };
        let corners = [corner(press.begun)?, corner(point)?];
        press.boxes.then_some(Event::Boxed { tile, corners })
    }

    /// Whether pictures come in.
    fn is_awake(&self, now: Instant) -> bool {
        let newest = self.tiles.iter().filter_map(|tile| tile.look?.newest());
        let newest = newest.map(|picture| picture.arrived).max();
        newest.is_some_and(|arrived| now.saturating_duration_since(arrived) < ASLEEP)
    }

    fn pictures(&self, bounds: Rectangle) -> Vec<Picture> {
        let corner = Vector::new(bounds.x, bounds.y);
        let picture = |tile: &Tile<'_>| {
            let (Sight { frame, cover, crop }, place) = self.sight(bounds, tile)?;
            Some(Picture {
                key: tile.key,
                place: place - corner,
                frame,
                cover,
                crop,
                brightness: tile.brightness,
            })
        };
        self.tiles.iter().filter_map(picture).collect()
    }
}

/// When to draw after a drawing `now`: on the beat that was kept so far. A drawing for another reason that comes in the
/// second half of a beat stands for the one that was due; a beat that was missed is left out.
pub fn next_drawing(due: Option<Instant>, now: Instant, beat: Duration) -> Instant {
    match due {
        Some(due) if due > now + beat / 2 => due,
        Some(due) if due + beat > now => due + beat,
        _ => now + beat,
    }
}

/// What a wall shows in the drawing that comes, where the processor paints it (`gui::software`); an operation on the widget
/// finds it there, with places from the corner of the wall.
#[derive(Default)]
pub struct Shown {
    pub pictures: Vec<Picture>,
    /// Pictures come in.
    pub awake: bool,
}

#[derive(Default)]
struct State {
    shown: Shown,
    placed: Option<Rectangle>,
    /// When the wall is drawn next.
    due: Option<Instant>,
    last_click: Option<mouse::Click>,
    grip: Option<Grip>,
    steering: Option<SteeringPress>,
    /// A tile whose picture may be pulled away, and where it was pressed.
    lift: Option<(usize, Point)>,
    texts: Vec<overlay::Texts>,
}

/// An enlarged picture while the button is down on it.
struct Grip {
    tile: usize,
    /// Of the press, in the picture.
    at: Option<[f64; 2]>,
    last: Point,
    drags: bool,
}

/// A picture that steers while the button is down on it.
struct SteeringPress {
    tile: usize,
    since: Instant,
    begun: Point,
    now: Point,
    /// A box is being drawn.
    boxes: bool,
}

impl SteeringPress {
    fn rectangle(&self) -> Rectangle {
        let (a, b) = (self.begun, self.now);
        Rectangle {
            x: a.x.min(b.x),
            y: a.y.min(b.y),
            width: (a.x - b.x).abs(),
            height: (a.y - b.y).abs(),
        }
    }
}

impl<Message> Widget<Message, Theme, Renderer> for Wall<'_, Message> {
    fn tag(&self) -> tree::Tag {
        tree::Tag::of::<State>()
    }

    fn state(&self) -> tree::State {
        tree::State::new(State::default())
    }

    fn size(&self) -> Size<Length> {
        Size {
            width: Length::Fill,
            height: Length::Fill,
        }
    }

    fn layout(&mut self, tree: &mut Tree, _: &Renderer, limits: &layout::Limits) -> layout::Node {
        let node = layout::atomic(limits, Length::Fill, Length::Fill);
        let state = tree.state.downcast_mut::<State>();
        state.texts.resize_with(self.tiles.len(), Default::default);
        let bounds = Rectangle::with_size(node.size());
        for (tile, texts) in self.tiles.iter().zip(&mut state.texts) {
            texts.update(&tile.face, tile_rectangle(bounds, tile.cell).size());
        }
        node
    }

    fn operate(&mut self, tree: &mut Tree, layout: Layout<'_>, _: &Renderer, operation: &mut dyn Operation) {
        if gpu_adapter::is_software() {
            let State { shown, .. } = tree.state.downcast_mut::<State>();
            *shown = Shown {
                pictures: self.pictures(layout.bounds()),
                awake: self.is_awake(Instant::now()),
            };
            operation.custom(None, layout.bounds(), shown);
        }
    }

    fn update(
        &mut self,
        tree: &mut Tree,
        event: &iced::Event,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        _: &Renderer,
        _: &mut dyn Clipboard,
        shell: &mut Shell<'_, Message>,
        _: &Rectangle,
    ) {
        let state = tree.state.downcast_mut::<State>();
        let bounds = layout.bounds();
        if state.placed != Some(bounds) {
            state.placed = Some(bounds);
            shell.publish((self.on_event)(Event::Placed(bounds)));
        }
        if let iced::Event::Window(window::Event::RedrawRequested(now)) = event
            && !gpu_adapter::is_software()
            && self.is_awake(*now)
        {
            // The next drawing, of this same screen: no message, nothing is laid out again.
            let due = next_drawing(state.due, *now, gpu_adapter::beat());
            state.due = Some(due);
            shell.request_redraw_at(due);
        }
        let iced::Event::Mouse(event) = event else { return };
        let released = matches!(event, mouse::Event::ButtonReleased(mouse::Button::Left));
        let let_go = if released { state.grip.take() } else { None };
        let steered = if released { state.steering.take() } else { None };
        if released {
            state.lift = None;
        }
        let Some(point) = cursor.position_over(bounds) else {
            return;
        };
        let moved = matches!(event, mouse::Event::CursorMoved { .. });
        let dragged = match &mut state.grip {
            Some(grip) if moved => self.drag(bounds, grip, point),
            _ => None,
        };
        let held = match &mut state.steering {
            Some(press) if moved => {
                let happened = self.hold(bounds, press, point);
                if press.boxes {
                    shell.request_redraw();
                }
                happened
            }
            _ => None,
        };
        let way = |(_, begun): &(usize, Point)| (point - *begun).x.hypot((point - *begun).y);
        let lifted = state.lift.take_if(|press| moved && way(press) >= LIFT);
        let lifted = lifted.map(|(tile, _)| Event::Lifted { tile });
        let boxed = steered.and_then(|press| self.boxed(bounds, &press, point));
        // A click on an enlarged picture is one when the button goes up.
        let clicked = let_go.filter(|grip| !grip.drags).map(|grip| Event::Pressed {
            tile: grip.tile,
            at: grip.at,
        });
        if let Some(happened) = dragged.or(clicked).or(held).or(boxed).or(lifted) {
            shell.publish((self.on_event)(happened));
            shell.capture_event();
            return;
        }
        if self.carried.is_some() && matches!(event, mouse::Event::CursorMoved { .. }) {
            shell.request_redraw();
        }
        let Some(tile) = self.tile_at(bounds, point) else {
            return;
        };
        let happened = match event {
            mouse::Event::ButtonPressed(mouse::Button::Left) => {
                let click = mouse::Click::new(point, mouse::Button::Left, state.last_click);
                state.last_click = Some(click);
                match click.kind() {
                    mouse::click::Kind::Double => Event::PressedTwice { tile },
                    _ if self.is_enlarged(tile) => {
                        let at = self.in_picture(bounds, tile, point);
                        state.grip = Some(Grip {
                            tile,
                            at,
                            last: point,
                            drags: false,
                        });
                        return shell.capture_event();
                    }
                    mouse::click::Kind::Single | mouse::click::Kind::Triple => {
                        let at = self.in_picture(bounds, tile, point);
                        let steers = self.tiles.get(tile).is_some_and(|tile| tile.steers);
                        state.steering = at.filter(|_| steers).map(|_| SteeringPress {
                            tile,
                            since: Instant::now(),
                            begun: point,
                            now: point,
                            boxes: false,
                        });
                        state.lift = state.steering.is_none().then_some((tile, point));
                        Event::Pressed { tile, at }
                    }
                }
            }
            mouse::Event::ButtonReleased(mouse::Button::Left) if self.carried.is_some() => Event::Dropped { tile },
            mouse::Event::WheelScrolled { delta } => {
                let notches = match delta {
                    mouse::ScrollDelta::Lines { y, .. } => *y,
                    mouse::ScrollDelta::Pixels { y, .. } => *y / 60.0,
                };
                Event::Turned {
                    tile,
                    notches,
                    at: self.in_picture(bounds, tile, point),
                }
            }
            _ => return,
        };
        shell.publish((self.on_event)(happened));
        shell.capture_event();
    }

    fn draw(
        &self,
        tree: &Tree,
        renderer: &mut Renderer,
        _: &Theme,
        _: &renderer::Style,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        _: &Rectangle,
    ) {
        let bounds = layout.bounds();
        let state = tree.state.downcast_ref::<State>();
        // The seams show the window's own ground; under a picture nothing is filled, which a slow rasteriser feels.
        for tile in &self.tiles {
            let place = tile_rectangle(bounds, tile.cell);
            let picture = tile.look.and_then(|look| look.newest());
            let picture = picture.map(|picture| letterbox(place, picture.seen));
            for bounds in around(place, picture) {
                let quad = renderer::Quad {
                    bounds,
                    ..Default::default()
                };
                renderer.fill_quad(quad, iced::Color::BLACK);
            }
        }
        let pictures = if gpu_adapter::is_software() {
            state.shown.pictures.clone()
        } else {
            self.pictures(bounds)
        };
        renderer.draw_primitive(bounds, primitive::Pictures(pictures));
        renderer.with_layer(bounds, |renderer| {
            for (tile, texts) in self.tiles.iter().zip(&state.texts) {
                overlay::draw(renderer, tile_rectangle(bounds, tile.cell), &tile.face, texts);
            }
        });
        if let Some(press) = state.steering.as_ref().filter(|press| press.boxes) {
            renderer.with_layer(bounds, |renderer| {
                overlay::frame(renderer, press.rectangle(), look::ACCENT);
            });
        }
        if let (Some(name), Some(point)) = (self.carried, cursor.position_over(bounds)) {
            let over = self.tile_at(bounds, point).and_then(|tile| self.tiles.get(tile));
            renderer.with_layer(bounds, |renderer| {
                if let Some(tile) = over {
                    overlay::frame(renderer, tile_rectangle(bounds, tile.cell), look::ACCENT);
                }
                overlay::carried(renderer, bounds, point, name);
            });
        }
    }

    fn mouse_interaction(
        &self,
        _: &Tree,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        _: &Rectangle,
        _: &Renderer,
    ) -> mouse::Interaction {
        if self.carried.is_some() && cursor.is_over(layout.bounds()) {
            mouse::Interaction::Grabbing
        } else {
            mouse::Interaction::None
        }
    }
}

impl<'a, Message: 'a> From<Wall<'a, Message>> for Element<'a, Message> {
    fn from(wall: Wall<'a, Message>) -> Self {
        Element::new(wall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letterboxed_picture_keeps_its_shape_and_stays_in_its_tile() {
        let tile = Rectangle {
            x: 10.0,
            y: 20.0,
            width: 400.0,
            height: 400.0,
        };
        let picture = letterbox(tile, [640, 360]);
        assert_eq!(
            picture,
            Rectangle {
                x: 10.0,
                y: 108.0,
                width: 400.0,
                height: 225.0
            }
        );
        let tall = letterbox(tile, [360, 640]);
        assert!(tall.x >= tile.x && tall.x + tall.width <= tile.x + tile.width && tall.height == 400.0);
    }

    #[test]
    fn drawings_keep_their_beat() {
        let (start, beat) = (Instant::now(), Duration::from_millis(40));
        let after = |due: Option<u64>, now| {
            let at = |ms| start + Duration::from_millis(ms);
            (next_drawing(due.map(at), at(now), beat) - start).as_millis()
        };
        assert_eq!(after(None, 5), 45);
        assert_eq!(after(Some(45), 47), 85, "a little late");
        assert_eq!(after(Some(85), 60), 85, "drawn for another reason, early");
        assert_eq!(after(Some(85), 70), 125, "drawn for another reason, late");
        assert_eq!(after(Some(85), 200), 240, "long away");
    }

    #[test]
    fn a_tile_is_its_picture_and_what_lies_around_it() {
        let tile = Rectangle {
            x: 11.0,
            y: 21.0,
            width: 400.0,
            height: 300.0,
        };
        for (width, height) in [(640, 360), (360, 640), (400, 300)] {
            let picture = letterbox(tile, [width, height]);
            let area: f32 = around(tile, Some(picture)).iter().map(Rectangle::area).sum();
            assert_eq!(area + picture.area(), tile.area(), "{width}x{height}");
        }
        assert_eq!(around(tile, None), vec![tile]);
    }

    #[test]
    fn tiles_of_a_wall_do_not_overlap() {
        let wall = Rectangle {
            x: 281.0,
            y: 57.0,
            width: 1083.0,
            height: 691.0,
        };
        let cell = |i: u32| Rectangle {
            x: i as f32 / 3.0,
            y: 0.0,
            width: 1.0 / 3.0,
            height: 1.0,
        };
        let tiles: Vec<_> = (0..3).map(|i| tile_rectangle(wall, cell(i))).collect();
        for pair in tiles.windows(2) {
            assert!(pair[0].x + pair[0].width < pair[1].x);
        }
    }
}
