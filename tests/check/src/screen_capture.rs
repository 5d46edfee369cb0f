//! Looks at the real window, through the X server, as a person in front of the screen would.
//!
//! Invariant: pixels come from the X server, never from the program's textures.
//! Deliberately absent: Wayland; the tour runs on a virtual X display only.

use vedetta::gui::scene::PixelRect;
use vedetta::sim::reserved_hue;
use vedetta::sim::timecode::{self, BLOCKS, STRIP_HEIGHT};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt, ImageFormat, MapState, Window};
use x11rb::rust_connection::RustConnection;

/// Why the window cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum EyeError {
    #[error("no X display")]
    Connect(#[from] x11rb::errors::ConnectError),
    #[error("the X connection broke")]
    Connection(#[from] x11rb::errors::ConnectionError),
    #[error("the X server refused")]
    Reply(#[from] x11rb::errors::ReplyError),
    #[error("no window of this program is on the display")]
    NoWindow,
    #[error("the display is not 32 bits per pixel")]
    Depth,
}

/// A connection to the display and the window it looks at.
pub struct Eye {
    connection: RustConnection,
    window: Window,
    root: Window,
}

/// What the window showed, four bytes a pixel: blue, green, red, unused.
pub struct Picture {
    pub width: u32,
    pub height: u32,
    bytes: Vec<u8>,
}

impl Eye {
    /// Finds the largest mapped window on the display named by `DISPLAY`; of several the one that lies lowest.
    ///
    /// # Errors
    /// [`EyeError`]: there is no display, no window on it, or the connection broke.
    pub fn open() -> Result<Self, EyeError> {
        Self::on(None)
    }

    /// [`Self::open`] on a named display.
    fn on(display: Option<&str>) -> Result<Self, EyeError> {
        let (connection, screen) = x11rb::connect(display)?;
        let root = connection.setup().roots.get(screen).ok_or(EyeError::NoWindow)?.root;
        let mut largest = None;
        for window in mapped(&connection, root)? {
            let size = connection.get_geometry(window)?.reply()?;
            let area = u32::from(size.width) * u32::from(size.height);
            if largest.is_none_or(|(best, _)| area > best) {
                largest = Some((area, window));
            }
        }
        let (_, window) = largest.ok_or(EyeError::NoWindow)?;
        Ok(Self {
            connection,
            window,
            root,
        })
    }

    pub(crate) fn connection(&self) -> &RustConnection {
        &self.connection
    }

    pub(crate) fn window(&self) -> Window {
        self.window
    }

    pub(crate) fn root(&self) -> Window {
        self.root
    }

    /// The whole window now; black where another window lies over it, which the X server keeps from whoever asks for this one.
    pub fn look(&self) -> Result<Picture, EyeError> {
        let size = self.connection.get_geometry(self.window)?.reply()?;
        self.region(self.window, 0, 0, size.width, size.height)
    }

    /// The screen now where the window is, with the windows that lie over it.
    ///
    /// # Errors
    /// [`EyeError`]: the window is gone or beside the screen, or the connection broke.
    pub fn look_at_screen(&self) -> Result<Picture, EyeError> {
        self.screen_at(self.window)
    }

    /// The screen now where each mapped window is, whatever lies over it; the lowest window first.
    ///
    /// # Errors
    /// [`EyeError`]: a window is gone or beside the screen, or the connection broke.
    pub fn look_at_every_window(&self) -> Result<Vec<Picture>, EyeError> {
        let windows = mapped(&self.connection, self.root)?;
        windows.into_iter().map(|window| self.screen_at(window)).collect()
    }

    /// The part of the screen that a window takes.
    fn screen_at(&self, window: Window) -> Result<Picture, EyeError> {
        let screen = self.connection.get_geometry(self.root)?;
        let (size, corner) = (
            self.connection.get_geometry(window)?,
            self.connection.translate_coordinates(window, self.root, 0, 0)?,
        );
        let (screen, size, corner) = (screen.reply()?, size.reply()?, corner.reply()?);
        let visible = |from: i16, length: u16, most: u16| {
            let end = (i32::from(from) + i32::from(length)).min(i32::from(most));
            let from = from.max(0);
            let length = u16::try_from(end - i32::from(from)).ok().filter(|length| *length > 0);
            Some((from, length?))
        };
        let (x, width) = visible(corner.dst_x, size.width, screen.width).ok_or(EyeError::NoWindow)?;
        let (y, height) = visible(corner.dst_y, size.height, screen.height).ok_or(EyeError::NoWindow)?;
        self.region(self.root, x, y, width, height)
    }

    /// A part of the window now.
    pub fn part(&self, rect: &PixelRect) -> Result<Picture, EyeError> {
        let (x, y) = (rect.x.max(0.0) as i16, rect.y.max(0.0) as i16);
        let (width, height) = (rect.width.max(1.0) as u16, rect.height.max(1.0) as u16);
        self.region(self.window, x, y, width, height)
    }

    /// The time codes of several pictures now, one request a picture, one pixel row each.
    pub fn read_timecodes(&self, pictures: &[PixelRect]) -> Result<Vec<Option<u32>>, EyeError> {
        let rows: Vec<_> = pictures
            .iter()
            .map(|rect| {
                let y = rect.y + rect.height * (1.0 - STRIP_HEIGHT as f32 / 2.0);
                let (x, y) = (rect.x.max(0.0) as i16, y as i16);
                let width = rect.width.max(1.0) as u16;
                self.connection
                    .get_image(ImageFormat::Z_PIXMAP, self.window, x, y, width, 1, !0)
            })
            .collect();
        let mut codes = Vec::with_capacity(rows.len());
        for (row, rect) in rows.into_iter().zip(pictures) {
            let data = row?.reply()?.data;
            codes.push(read_row(&data, rect));
        }
        Ok(codes)
    }

    /// Red, green and blue of one pixel now.
    pub fn pixel(&self, x: f32, y: f32) -> Result<[u8; 3], EyeError> {
        let image = self.region(self.window, x as i16, y as i16, 1, 1)?;
        match image.bytes.as_slice() {
            [blue, green, red, ..] => Ok([*red, *green, *blue]),
            _ => Err(EyeError::Depth),
        }
    }

    fn region(&self, of: Window, x: i16, y: i16, width: u16, height: u16) -> Result<Picture, EyeError> {
        let image = self
            .connection
            .get_image(ImageFormat::Z_PIXMAP, of, x, y, width, height, !0)?
            .reply()?;
        let picture = Picture {
            width: width.into(),
            height: height.into(),
            bytes: image.data,
        };
        if picture.bytes.len() < usize::from(width) * usize::from(height) * 4 {
            return Err(EyeError::Depth);
        }
        Ok(picture)
    }
}

/// The mapped windows of a screen, the lowest first.
fn mapped(connection: &RustConnection, root: Window) -> Result<Vec<Window>, EyeError> {
    let mut windows = Vec::new();
    for window in connection.query_tree(root)?.reply()?.children {
        if connection.get_window_attributes(window)?.reply()?.map_state == MapState::VIEWABLE {
            windows.push(window);
        }
    }
    Ok(windows)
}

/// Reads a time code from one row of pixels that begins at the picture's left edge.
fn read_row(row: &[u8], rect: &PixelRect) -> Option<u32> {
    let start = rect.x - rect.x.floor();
    let mut luma = [0.0; BLOCKS];
    for (i, value) in luma.iter_mut().enumerate() {
        let x = start + rect.width * (i as f32 + 0.5) / BLOCKS as f32;
        let pixel = row.get(x as usize * 4..x as usize * 4 + 3)?;
        *value = 0.114 * f32::from(pixel[0]) + 0.587 * f32::from(pixel[1]) + 0.299 * f32::from(pixel[2]);
    }
    timecode::decode(&luma)
}

impl Picture {
    /// A picture made of pixels, each red, green and blue.
    #[cfg(test)]
    pub fn of(width: u32, height: u32, pixel: impl Fn(usize, usize) -> [u8; 3]) -> Self {
        let places = (0..height as usize).flat_map(|y| (0..width as usize).map(move |x| (x, y)));
        let bytes = places.flat_map(|(x, y)| {
            let [red, green, blue] = pixel(x, y);
            [blue, green, red, 0]
        });
        Self {
            width,
            height,
            bytes: bytes.collect(),
        }
    }

    /// Red, green and blue of one pixel; black beyond the edge.
    pub fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        match self.bytes.get((y * self.width as usize + x) * 4..) {
            Some([blue, green, red, ..]) => [*red, *green, *blue],
            _ => [0; 3],
        }
    }

    /// Whether every pixel is black: nothing was drawn.
    pub fn is_black(&self) -> bool {
        self.bytes.chunks_exact(4).all(|pixel| pixel[..3] == [0; 3])
    }

    /// The time code of a camera's picture that lies at `rect` in this one.
    pub fn timecode(&self, rect: &PixelRect) -> Option<u32> {
        let y = (rect.y + rect.height * (1.0 - STRIP_HEIGHT as f32 / 2.0)) as usize;
        let start = (y * self.width as usize + rect.x.max(0.0) as usize) * 4;
        read_row(self.bytes.get(start..start + self.width as usize * 4)?, rect)
    }

    /// Pixels in the hue that only private windows have.
    pub fn leaked_pixels(&self) -> u64 {
        self.bytes
            .chunks_exact(4)
            .filter(|pixel| reserved_hue::is_reserved([pixel[2], pixel[1], pixel[0]]))
            .count() as u64
    }

    /// The picture as PNG bytes.
    pub fn to_png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut rgb = Vec::with_capacity(self.bytes.len() / 4 * 3);
        for pixel in self.bytes.chunks_exact(4) {
            rgb.extend_from_slice(&[pixel[2], pixel[1], pixel[0]]);
        }
        rgb_png(self.width, self.height, &rgb)
    }

    /// The picture at half its width and height, every second pixel each way.
    pub fn halved(&self) -> Picture {
        let (width, height) = (self.width / 2, self.height / 2);
        let row = self.width as usize * 4;
        let rows = self.bytes.chunks_exact(row.max(1)).step_by(2).take(height as usize);
        let pixels = |row: &[u8]| {
            let every_second = row.chunks_exact(4).step_by(2).take(width as usize);
            every_second.flatten().copied().collect::<Vec<u8>>()
        };
        Picture {
            width,
            height,
            bytes: rows.flat_map(pixels).collect(),
        }
    }

    /// Pictures of one size in a row, as PNG bytes.
    pub fn row_to_png(pictures: &[&Picture]) -> Result<Vec<u8>, png::EncodingError> {
        let (width, height) = pictures.first().map_or((1, 1), |first| (first.width, first.height));
        let mut rgb = Vec::new();
        for y in 0..height as usize {
            for picture in pictures {
                rgb.extend((0..width as usize).flat_map(|x| picture.pixel(x, y)));
            }
        }
        rgb_png(width * pictures.len().max(1) as u32, height, &rgb)
    }
}

fn rgb_png(width: u32, height: u32, rgb: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(rgb)?;
    writer.finish()?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Stdio};
    use vedetta::gui::theme;
    use x11rb::protocol::xproto::{CreateWindowAux, WindowClass};

    /// An X server of its own, which ends with the test.
    struct Display {
        server: Child,
        name: String,
    }

    impl Drop for Display {
        fn drop(&mut self) {
            self.server.kill().unwrap();
            self.server.wait().unwrap();
        }
    }

    impl Display {
        fn start() -> Display {
            let mut server = Command::new("Xvfb")
                .args(["-displayfd", "1", "-screen", "0", "300x200x24", "-nolisten", "tcp"])
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut number = String::new();
            let out = server.stdout.take().unwrap();
            BufReader::new(out).read_line(&mut number).unwrap();
            let name = format!(":{}", number.trim());
            Display { server, name }
        }
    }

    /// Shows windows of one colour each, one over the other; they are there as long as the connection.
    fn show(display: &Display, windows: &[([i16; 2], [u16; 2], u32)]) -> RustConnection {
        let (connection, screen) = x11rb::connect(Some(&display.name)).unwrap();
        let root = connection.setup().roots[screen].root;
        for ([x, y], [width, height], colour) in windows {
            let id = connection.generate_id().unwrap();
            let look = CreateWindowAux::new().background_pixel(*colour);
            let (depth, class) = (x11rb::COPY_DEPTH_FROM_PARENT, WindowClass::INPUT_OUTPUT);
            connection
                .create_window(
                    depth,
                    id,
                    root,
                    *x,
                    *y,
                    *width,
                    *height,
                    0,
                    class,
                    x11rb::COPY_FROM_PARENT,
                    &look,
                )
                .unwrap()
                .check()
                .unwrap();
            connection.map_window(id).unwrap().check().unwrap();
        }
        connection
    }

    #[test]
    fn a_window_over_another_is_on_the_picture_of_the_screen() {
        let display = Display::start();
        let (red, green) = ([255, 0, 0], [0, 255, 0]);
        let _windows = show(
            &display,
            &[([10, 20], [200, 100], 0x00ff_0000), ([60, 40], [190, 90], 0x0000_ff00)],
        );
        let eye = Eye::on(Some(&display.name)).unwrap();
        let screen = eye.look_at_screen().unwrap();
        assert_eq!((screen.width, screen.height), (200, 100));
        assert_eq!(
            [screen.pixel(5, 5), screen.pixel(49, 50), screen.pixel(50, 50)],
            [red, red, green]
        );
        assert_eq!(eye.look().unwrap().pixel(5, 5), red);
        let every = eye.look_at_every_window().unwrap();
        let corners: Vec<_> = every.iter().map(|picture| picture.pixel(0, 0)).collect();
        assert_eq!(corners, [red, green]);
        assert!(!every.iter().any(Picture::is_black));
    }

    #[test]
    fn a_window_that_nobody_drew_on_is_found_and_one_that_begins_beside_the_screen_is_cut() {
        let display = Display::start();
        let _windows = show(
            &display,
            &[([-20, -10], [100, 80], 0x00ff_0000), ([250, 150], [90, 90], 0)],
        );
        let eye = Eye::on(Some(&display.name)).unwrap();
        let every = eye.look_at_every_window().unwrap();
        let found: Vec<_> = every
            .iter()
            .map(|picture| (picture.width, picture.height, picture.is_black()))
            .collect();
        assert_eq!(found, [(80, 70, false), (50, 50, true)]);
    }

    #[test]
    fn a_row_of_blocks_reads_at_every_tile_width() {
        for width in [240.0_f32, 317.5, 480.0, 1280.0] {
            let rect = PixelRect {
                x: 12.25,
                y: 0.0,
                width,
                height: 100.0,
            };
            let blocks = timecode::encode(1_234_567);
            let mut row = vec![0_u8; (width as usize + 2) * 4];
            for x in 0..width as usize {
                let block = ((x as f32 + 0.5 - 0.25).max(0.0) / width * BLOCKS as f32) as usize;
                let value = if blocks[block.min(BLOCKS - 1)] { 235 } else { 16 };
                row[x * 4..x * 4 + 3].fill(value);
            }
            assert_eq!(read_row(&row, &rect), Some(1_234_567), "width {width}");
        }
    }

    #[test]
    fn no_colour_of_the_interface_is_counted_as_a_leak() {
        for colour in theme::ALL {
            let [r, g, b, _] = colour.into_rgba8();
            assert!(!reserved_hue::is_reserved([r, g, b]), "{colour:?}");
        }
    }

    #[test]
    fn half_a_picture_has_every_second_pixel_and_a_row_of_pictures_is_a_picture() {
        let bytes = (0u8..4 * 3).flat_map(|n| [n, 0, 10 * n, 0]).collect();
        let picture = Picture {
            width: 4,
            height: 3,
            bytes,
        };
        let half = picture.halved();
        assert_eq!((half.width, half.height, half.bytes.len()), (2, 1, 8));
        assert_eq!([half.pixel(0, 0), half.pixel(1, 0)], [[0, 0, 0], [20, 0, 2]]);
        let png = Picture::row_to_png(&[&half, &half, &half]).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (6, 1));
        assert_eq!(pixels[..6], [0, 0, 0, 20, 0, 2]);
    }

    #[test]
    fn leaked_pixels_are_counted() {
        let mut bytes = vec![40_u8; 16 * 4];
        bytes[0..4].copy_from_slice(&[255, 0, 255, 0]);
        let picture = Picture {
            width: 4,
            height: 4,
            bytes,
        };
        assert_eq!(picture.leaked_pixels(), 1);
    }
}
