//! Where windows stand: the first takes the work area of its monitor and no more, a further one stands on another monitor.
//!
//! Invariant: whatever is not known (a window system that does not tell its monitors, such as Wayland) is left to the window
//! system. Deliberately absent: what the windows show.

use iced::{Point, Rectangle, Size, Task, window};
use x11rb::connection::Connection as _;
use x11rb::errors::ReplyError;
use x11rb::protocol::randr::ConnectionExt as _;
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;

/// What the X server tells of its monitors, in its own pixels.
#[derive(Debug, Clone, PartialEq, Default)]
struct Monitors {
    all: Vec<Rectangle>,
    /// What panels leave free, over all monitors together (`_NET_WORKAREA`).
    work_area: Option<Rectangle>,
}

impl Monitors {
    /// The free part of the monitor that a point lies on, or of the first one.
    fn at(&self, point: Point) -> Option<Rectangle> {
        let on = self.all.iter().find(|monitor| monitor.contains(point));
        self.free(*on.or(self.all.first())?)
    }

    /// The free part of a monitor that this point does not lie on.
    fn other_than(&self, point: Point) -> Option<Rectangle> {
        let here = self.all.iter().position(|monitor| monitor.contains(point))?;
        let mut others = self.all.iter().enumerate().filter(|(at, _)| *at != here);
        others.find_map(|(_, monitor)| self.free(*monitor))
    }

    fn free(&self, monitor: Rectangle) -> Option<Rectangle> {
        match self.work_area {
            Some(work) => monitor.intersection(&work),
            None => Some(monitor),
        }
    }
}

/// Asks the X server; nothing where there is none.
fn read() -> Monitors {
    ask().unwrap_or_else(|error| {
        tracing::debug!(%error, "the monitors are not known");
        Monitors::default()
    })
}

fn ask() -> Result<Monitors, Box<dyn std::error::Error + Send + Sync>> {
    let (connection, screen) = x11rb::connect(None)?;
    let root = connection.setup().roots.get(screen).ok_or("no such screen")?.root;
    let monitors = connection.randr_get_monitors(root, true)?.reply()?.monitors;
    let rectangle = |x: f32, y: f32, width: f32, height: f32| Rectangle { x, y, width, height };
    let all = monitors.iter().map(|monitor| {
        let (x, y) = (f32::from(monitor.x), f32::from(monitor.y));
        rectangle(x, y, f32::from(monitor.width), f32::from(monitor.height))
    });
    let work_area = work_area(&connection, root)?;
    Ok(Monitors {
        all: all.collect(),
        work_area,
    })
}

/// What the window manager says that panels leave free; `None` where no manager says it.
fn work_area(connection: &RustConnection, root: u32) -> Result<Option<Rectangle>, ReplyError> {
    let atom = connection.intern_atom(true, b"_NET_WORKAREA")?.reply()?.atom;
    if atom == x11rb::NONE {
        return Ok(None);
    }
    let areas = connection.get_property(false, root, atom, AtomEnum::CARDINAL, 0, 4)?;
    let areas = areas.reply()?;
    let numbers: Vec<f32> = areas
        .value32()
        .into_iter()
        .flatten()
        .map(|number| number as f32)
        .collect();
    Ok(match numbers.as_slice() {
        [x, y, width, height] if *width > 0.0 && *height > 0.0 => Some(Rectangle {
            x: *x,
            y: *y,
            width: *width,
            height: *height,
        }),
        _ => None,
    })
}

/// A window's place in the pixels of the X server, its scale, and the monitors.
fn stands(id: window::Id) -> Task<(Point, f32, Monitors)> {
    let monitors = Task::future(tokio::task::spawn_blocking(read));
    monitors.then(move |monitors| {
        let monitors = monitors.unwrap_or_default();
        window::scale_factor(id).then(move |scale| {
            let monitors = monitors.clone();
            window::position(id).map(move |position| {
                let Point { x, y } = position.unwrap_or_default();
                // A corner may lie under the frame of the manager, or a pixel beside the monitor.
                (Point::new(x * scale + 8.0, y * scale + 8.0), scale, monitors.clone())
            })
        })
    })
}

/// Gives a window that has just been opened the work area of its monitor: asked of the window manager again, because one
/// asked before the window was there is not always heard; without a manager the window is made no larger than the area.
pub fn take_work_area<T: Send + 'static>(id: window::Id) -> Task<T> {
    let fitted = stands(id).then(move |(point, scale, monitors)| match monitors.at(point) {
        Some(area) => window::size(id).then(move |size| fit(id, size, area, scale)),
        None => fit_to_monitor(id),
    });
    fitted.chain(window::maximize(id, true))
}

/// Puts a window that has just been opened on another monitor than `beside` stands on, where there is one; otherwise it is made
/// no larger than the work area.
pub fn put_beside<T: Send + 'static>(id: window::Id, beside: window::Id) -> Task<T> {
    stands(beside).then(move |(point, scale, monitors)| match monitors.other_than(point) {
        Some(area) => window::move_to(id, Point::new(area.x / scale, area.y / scale)).chain(window::maximize(id, true)),
        None => match monitors.at(point) {
            Some(area) => window::size(id).then(move |size| fit(id, size, area, scale)),
            None => fit_to_monitor(id),
        },
    })
}

/// Makes a window no larger than an area, and moves it there when it was.
fn fit<T: Send + 'static>(id: window::Id, size: Size, area: Rectangle, scale: f32) -> Task<T> {
    match fitting(size, area, scale) {
        Some((place, size)) => Task::batch([window::move_to(id, place), window::resize(id, size)]),
        None => Task::none(),
    }
}

/// Place and size, logical pixels, of a window that is larger than an area of the screen; `None` when it is not.
fn fitting(size: Size, area: Rectangle, scale: f32) -> Option<(Point, Size)> {
    let room = Size::new(area.width / scale, area.height / scale);
    let too_large = size.width > room.width || size.height > room.height;
    let fitted = Size::new(size.width.min(room.width), size.height.min(room.height));
    too_large.then_some((Point::new(area.x / scale, area.y / scale), fitted))
}

/// Where the window system does not tell its work area: no larger than the monitor.
fn fit_to_monitor<T: Send + 'static>(id: window::Id) -> Task<T> {
    window::monitor_size(id).and_then(move |monitor| {
        let area = Rectangle::with_size(monitor);
        window::size(id).then(move |size| fit(id, size, area, 1.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rectangle(x: f32, y: f32, width: f32, height: f32) -> Rectangle {
        Rectangle { x, y, width, height }
    }

    fn two(work_area: Option<Rectangle>) -> Monitors {
        Monitors {
            all: vec![
                rectangle(0.0, 0.0, 1366.0, 768.0),
                rectangle(1366.0, 0.0, 1920.0, 1080.0),
            ],
            work_area,
        }
    }

    #[test]
    fn a_further_window_stands_on_the_other_monitor_and_on_none_where_there_is_one_only() {
        let monitors = two(None);
        assert_eq!(monitors.other_than(Point::new(8.0, 8.0)), Some(monitors.all[1]));
        assert_eq!(monitors.other_than(Point::new(2_000.0, 8.0)), Some(monitors.all[0]));
        let one = Monitors {
            all: vec![monitors.all[0]],
            work_area: None,
        };
        assert_eq!(one.other_than(Point::new(8.0, 8.0)), None);
        assert_eq!(Monitors::default().other_than(Point::ORIGIN), None);
    }

    #[test]
    fn a_window_takes_the_work_area_and_no_more() {
        let monitors = two(Some(rectangle(0.0, 28.0, 3286.0, 1052.0)));
        let area = monitors.at(Point::new(8.0, 36.0)).unwrap();
        assert_eq!(area, rectangle(0.0, 28.0, 1366.0, 740.0));
        let fitted = fitting(Size::new(1920.0, 1080.0), area, 1.0).unwrap();
        assert_eq!(fitted, (Point::new(0.0, 28.0), Size::new(1366.0, 740.0)));
        let scaled = fitting(Size::new(1920.0, 1080.0), area, 1.25).unwrap();
        assert_eq!(scaled.1, Size::new(1092.8, 592.0));
        assert_eq!(fitting(Size::new(1280.0, 720.0), area, 1.0), None);
    }
}
