//! What is written over a tile: who it is, when its picture was taken, what is wrong with it.
//!
//! Invariant: every word stands on a scrim that keeps it readable over any picture, and nothing touches the lower edge.
//! Deliberately absent: deciding what to write (the control room).

use crate::domain::digital_zoom::Crop;
use crate::gui::ellipsis;
use crate::gui::icons::{self, Icon};
use crate::gui::theme::{self, Tone};
use iced::advanced::text::{self, Paragraph as _, Renderer as _, paragraph};
use iced::advanced::{Renderer as _, renderer};
use iced::{Border, Color, Font, Point, Rectangle, Renderer, Size, alignment};

type Paragraph = <Renderer as text::Renderer>::Paragraph;

/// Everything that is written over one tile.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Face {
    /// Number and name of the camera; empty when the tile has none.
    pub title: String,
    pub place: String,
    /// When the picture was taken.
    pub time: String,
    pub marks: Vec<Mark>,
    pub state: Option<StateWords>,
    /// Figures of the stream, the most telling first, each in full and as a narrow tile has room for it; a tile shows as
    /// many as fit.
    pub figures: Vec<[String; 2]>,
    /// The part of the picture that is shown, where it is not all of it.
    pub part: Option<Crop>,
    /// The tile the keyboard acts on.
    pub selected: bool,
    /// The keyboard is on the wall (and not on a list or panel).
    pub focused: bool,
}

/// A small sign: a holder, a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    pub icon: Icon,
    pub words: String,
    /// What a narrow tile has room for.
    pub short: String,
    pub tone: Tone,
}

/// The words in the middle of a tile that is not live.
#[derive(Debug, Clone, PartialEq)]
pub struct StateWords {
    pub icon: Icon,
    /// «NON IN DIRETTA».
    pub words: String,
    /// What happened and what to do, one sentence.
    pub detail: String,
    pub tone: Tone,
}

/// Laid out texts of one tile.
#[derive(Default)]
pub struct Texts {
    title: paragraph::Plain<Paragraph>,
    time: paragraph::Plain<Paragraph>,
    icon: paragraph::Plain<Paragraph>,
    words: paragraph::Plain<Paragraph>,
    detail: paragraph::Plain<Paragraph>,
    marks: Vec<(paragraph::Plain<Paragraph>, paragraph::Plain<Paragraph>)>,
    /// Where each mark begins: pixels from the left, line from the first of them.
    mark_places: Vec<(f32, u8)>,
    figures: Vec<paragraph::Plain<Paragraph>>,
}

const PAD: f32 = 6.0;
/// Thickness of the frame around a tile.
const FRAME: f32 = 3.0;
/// Height of a line, in sizes of its letters.
const LINE_HEIGHT: f32 = 1.25;
/// Height of a line on its scrim.
const LINE: f32 = theme::SMALL * LINE_HEIGHT + 4.0;
/// Share of a tile's height, from below, that is kept free.
const LOWER_EDGE: f32 = 0.12;
/// Below this width a tile shows its number and name only.
const NARROW: f32 = 300.0;
/// Width and height of the sign that shows which part of the picture is seen, and the line around it.
const PART: Size = Size::new(64.0, 36.0);
const PART_LINE: f32 = 1.0;
/// Below this width the state is one word line without its sentence.
const TINY: f32 = 170.0;

fn set(text: &mut paragraph::Plain<Paragraph>, content: &str, size: f32, font: Font, width: f32, centred: bool) {
    text.update(text::Text {
        content,
        bounds: Size::new(width.max(1.0), f32::INFINITY),
        size: size.into(),
        line_height: text::LineHeight::Relative(LINE_HEIGHT),
        font,
        align_x: if centred {
            text::Alignment::Center
        } else {
            text::Alignment::Left
        },
        align_y: alignment::Vertical::Top,
        shaping: text::Shaping::Basic,
        wrapping: if centred {
            text::Wrapping::Word
        } else {
            text::Wrapping::None
        },
    });
}

/// A small text on one line, cut to the room there is.
fn set_within(text: &mut paragraph::Plain<Paragraph>, content: &str, font: Font, room: f32) {
    set(text, content, theme::SMALL, font, room, false);
    if text.min_width() > room {
        let letters = content.chars().count() as f32 * room / text.min_width();
        let shorter = ellipsis::cut(content, letters as usize);
        set(text, &shorter, theme::SMALL, font, room, false);
    }
}

impl Texts {
    /// Lays the texts of `face` out for a tile of `size`.
    pub fn update(&mut self, face: &Face, size: Size) {
        let narrow = size.width < NARROW;
        let title = match (narrow, face.place.is_empty()) {
            (false, false) => format!("{} · {}", face.title, face.place),
            _ => face.title.clone(),
        };
        let time = if size.width < TINY { "" } else { &face.time };
        let room = self.update_time(time, size);
        set_within(&mut self.title, &title, theme::STRONG, room);
        if narrow && *self.title.content() != *title {
            // The name tells cameras apart, and a picture that is old says so itself.
            let room = self.update_time(without_seconds(time), size);
            set_within(&mut self.title, &title, theme::STRONG, room);
        }
        self.update_marks(face, size);
        self.update_state(face, size);
        let lines = ((lower_edge(size) - self.above()) / LINE).max(0.0) as usize;
        self.figures
            .resize_with(face.figures.len().min(lines), Default::default);
        for ([line, short], text) in face.figures.iter().zip(&mut self.figures) {
            let room = size.width - 2.0 * PAD;
            set(text, line, theme::SMALL, theme::REGULAR, room, false);
            if text.min_width() > room {
                set(text, short, theme::SMALL, theme::REGULAR, room, false);
            }
        }
    }

    /// Lays out the time of the picture; the room that it leaves for the title.
    fn update_time(&mut self, time: &str, size: Size) -> f32 {
        set(&mut self.time, time, theme::SMALL, theme::REGULAR, 200.0, false);
        let taken = if time.is_empty() {
            0.0
        } else {
            self.time.min_width() + 3.0 * PAD
        };
        size.width - taken - 2.0 * PAD
    }

    /// Lays out the words in the middle, as many of them as the tile has room for.
    fn update_state(&mut self, face: &Face, size: Size) {
        let narrow = size.width < NARROW;
        let (icon, words, detail) = face.state.as_ref().map_or((String::new(), "", ""), |state| {
            (
                state.icon.glyph().to_string(),
                state.words.as_str(),
                state.detail.as_str(),
            )
        });
        let width = size.width - if narrow { 2.0 } else { 6.0 } * PAD;
        let words_size = if narrow { theme::SMALL } else { theme::HEADING };
        let roomy = size.width >= TINY && size.height >= 110.0;
        let detailed = !narrow && size.height >= 150.0;
        let room = lower_edge(size) - self.above() - 2.0 * PAD;
        // A sign that stands alone is as large as it is whole.
        let sign = ((size.height - self.above()) / LINE_HEIGHT).clamp(1.0, theme::TITLE);
        // The sentence goes first, then the sign; a word cut in two says less than its sign.
        for [show_icon, show_words, show_detail] in [
            [roomy, true, detailed],
            [roomy, true, false],
            [false, true, false],
            [true, false, false],
        ] {
            let part = |shown: bool, text| if shown { text } else { "" };
            set(
                &mut self.icon,
                part(show_icon, &icon),
                if show_words { theme::TITLE } else { sign },
                icons::FONT,
                width,
                true,
            );
            set(
                &mut self.words,
                part(show_words, words),
                words_size,
                theme::STRONG,
                width,
                true,
            );
            set(
                &mut self.detail,
                part(show_detail, detail),
                theme::SMALL,
                theme::REGULAR,
                width,
                true,
            );
            if self.words.min_width() <= width && self.state_height() <= room {
                break;
            }
        }
    }

    /// Height of the words in the middle with their sign and sentence.
    fn state_height(&self) -> f32 {
        let parts = [&self.icon, &self.words, &self.detail].into_iter();
        let shown = parts.filter(|text| !text.content().is_empty());
        shown.map(|text| text.min_height() + 4.0).sum()
    }

    /// Lays out the marks, in as many lines as they need and the tile has.
    fn update_marks(&mut self, face: &Face, size: Size) {
        let narrow = size.width < NARROW;
        let marks = marks(face, size);
        self.marks.resize_with(marks.len(), Default::default);
        for (mark, (glyph, word)) in marks.iter().zip(&mut self.marks) {
            set(
                glyph,
                &mark.icon.glyph().to_string(),
                theme::SMALL,
                icons::FONT,
                40.0,
                false,
            );
            let room = size.width - 8.0 * PAD;
            set(word, &mark.words, theme::SMALL, theme::REGULAR, room, false);
            if narrow || word.min_width() > room {
                set_within(word, &mark.short, theme::REGULAR, room);
            }
        }
        self.mark_places.clear();
        let (mut x, mut line) = (0.0, 0);
        for (glyph, word) in &self.marks {
            let wide = glyph.min_width() + 2.0 * PAD + word_width(word);
            if x > 0.0 && x + wide > size.width {
                (x, line) = (0.0, line + 1);
            }
            if LINE * f32::from(2 + line) > size.height {
                break;
            }
            self.mark_places.push((x, line));
            x += wide;
        }
    }

    /// Height that the title and the marks take, from the upper edge.
    fn above(&self) -> f32 {
        let lines = self.mark_places.last().map_or(0, |(_, line)| line + 1);
        LINE * f32::from(1 + lines)
    }
}

/// Width of a mark's word on its scrim.
fn word_width(word: &paragraph::Plain<Paragraph>) -> f32 {
    if word.content().is_empty() {
        0.0
    } else {
        word.min_width() + 2.0 * PAD
    }
}

/// Where a tile of this size begins to be kept free, from its upper edge: below it nothing is written.
fn lower_edge(size: Size) -> f32 {
    size.height * (1.0 - LOWER_EDGE)
}

/// The marks a tile of this size has room for. That it is not live goes before everything else: a narrow tile keeps the
/// first mark, which takes one line at most, and a tiny one none.
fn marks(face: &Face, size: Size) -> &[Mark] {
    let most = match face.state {
        Some(_) if size.width < TINY => 0,
        Some(_) if size.width < NARROW => 1,
        _ => face.marks.len(),
    };
    &face.marks[..face.marks.len().min(most)]
}

/// Hours and minutes of a time that has seconds too.
fn without_seconds(time: &str) -> &str {
    match time.rsplit_once(':') {
        Some((minutes, _)) if minutes.contains(':') => minutes,
        _ => time,
    }
}

/// Draws the face of a tile at `tile`.
pub fn draw(renderer: &mut Renderer, tile: Rectangle, face: &Face, texts: &Texts) {
    if let Some(state) = &face.state {
        // In a small tile the words keep below the title and the marks.
        draw_state(renderer, tile, state, texts);
    }
    let corner = Point::new(tile.x, tile.y);
    if !face.title.is_empty() {
        chip(renderer, tile, corner, texts.title.raw(), theme::TEXT);
    }
    if !face.time.is_empty() && !texts.time.content().is_empty() {
        let left = Point::new(tile.x + tile.width - texts.time.min_width() - 2.0 * PAD, tile.y);
        let tone = if face.state.is_some() {
            theme::AMBER
        } else {
            theme::TEXT
        };
        chip(renderer, tile, left, texts.time.raw(), tone);
    }
    let places = texts.mark_places.iter();
    for ((mark, (glyph, word)), (x, row)) in face.marks.iter().zip(&texts.marks).zip(places) {
        let at = Point::new(tile.x + x, tile.y + LINE * f32::from(1 + row));
        let size = chip(renderer, tile, at, glyph.raw(), mark.tone.colour());
        if !word.content().is_empty() {
            let beside = Point::new(at.x + size.width, at.y);
            chip(renderer, tile, beside, word.raw(), mark.tone.colour());
        }
    }
    let mut line = texts.above();
    // The words in the middle go before the figures.
    for text in texts.figures.iter().filter(|_| face.state.is_none()) {
        line += chip(
            renderer,
            tile,
            Point::new(tile.x, tile.y + line),
            text.raw(),
            theme::TEXT,
        )
        .height;
    }
    if let Some(part) = face.part.filter(|_| tile.width >= NARROW && face.state.is_none()) {
        draw_part(renderer, tile, part);
    }
    if face.selected {
        frame(renderer, tile, if face.focused { theme::ACCENT } else { theme::QUIET });
    }
}

/// A text on its scrim, from `corner` to the right. Returns the size taken.
fn chip(renderer: &mut Renderer, tile: Rectangle, corner: Point, text: &Paragraph, colour: Color) -> Size {
    let size = Size::new(text.min_width() + 2.0 * PAD, text.min_height() + 4.0);
    if let Some(bounds) = Rectangle::new(corner, size).intersection(&tile) {
        renderer.fill_quad(
            renderer::Quad {
                bounds,
                ..Default::default()
            },
            theme::SCRIM,
        );
    }
    renderer.fill_paragraph(text, Point::new(corner.x + PAD, corner.y + 2.0), colour, tile);
    size
}

/// Draws which part of its picture a tile shows: the picture as an outline, the part in it filled.
fn draw_part(renderer: &mut Renderer, tile: Rectangle, part: Crop) {
    let whole = Rectangle {
        x: tile.x + tile.width - PART.width - PAD,
        y: tile.y + LINE + PAD,
        width: PART.width,
        height: PART.height,
    };
    let crop = part.rect();
    let inside = Rectangle {
        x: whole.x + crop.x as f32 * whole.width,
        y: whole.y + crop.y as f32 * whole.height,
        width: crop.width as f32 * whole.width,
        height: crop.height as f32 * whole.height,
    };
    for (bounds, color) in [
        (whole.expand(PART_LINE), theme::TEXT),
        (whole, Color::BLACK),
        (inside, theme::ACCENT),
    ] {
        let quad = renderer::Quad {
            bounds,
            ..Default::default()
        };
        renderer.fill_quad(quad, color);
    }
}

fn draw_state(renderer: &mut Renderer, tile: Rectangle, state: &StateWords, texts: &Texts) {
    let parts = [
        (&texts.icon, state.tone.colour()),
        (&texts.words, state.tone.colour()),
        (&texts.detail, theme::TEXT),
    ];
    let shown = || parts.iter().filter(|(text, _)| !text.content().is_empty());
    let height = texts.state_height();
    let pad = ((tile.height - texts.above() - height) / 2.0).clamp(0.0, PAD);
    let width = shown().map(|(text, _)| text.min_width()).fold(0.0, f32::max);
    let bounds = Rectangle {
        x: tile.x + (tile.width - width) / 2.0 - 2.0 * PAD,
        y: tile.y
            + ((tile.height - height) / 2.0 - pad)
                .min(lower_edge(tile.size()) - height - 2.0 * pad)
                .max(texts.above()),
        width: width + 4.0 * PAD,
        height: height + 2.0 * pad,
    };
    let border = Border {
        radius: 4.0.into(),
        ..Border::default()
    };
    let Some(scrim) = bounds.intersection(&tile) else {
        return;
    };
    renderer.fill_quad(
        renderer::Quad {
            bounds: scrim,
            border,
            ..Default::default()
        },
        theme::SCRIM,
    );
    let mut y = bounds.y + pad;
    for (text, colour) in shown() {
        let x = tile.x + (tile.width - text.min_width()) / 2.0;
        renderer.fill_paragraph(text.raw(), Point::new(x, y), *colour, tile);
        y += text.min_height() + 4.0;
    }
}

/// A frame inside the edge of a tile.
pub fn frame(renderer: &mut Renderer, tile: Rectangle, color: Color) {
    let (left, top) = (tile.x - 1.0, tile.y - 1.0);
    let (width, height) = (tile.width + 2.0, tile.height + 2.0);
    let bar = |x, y, width, height| Rectangle { x, y, width, height };
    // Four bars and not one bordered quad: a rasteriser would go through all of the picture for its edge.
    for bounds in [
        bar(left, top, width, FRAME),
        bar(left, top + height - FRAME, width, FRAME),
        bar(left, top + FRAME, FRAME, height - 2.0 * FRAME),
        bar(left + width - FRAME, top + FRAME, FRAME, height - 2.0 * FRAME),
    ] {
        renderer.fill_quad(
            renderer::Quad {
                bounds,
                ..Default::default()
            },
            color,
        );
    }
}

/// The name of what is being carried, beside the pointer.
pub fn carried(renderer: &mut Renderer, wall: Rectangle, pointer: Point, name: &str) {
    let mut text = paragraph::Plain::<Paragraph>::default();
    set(&mut text, name, theme::SMALL, theme::STRONG, 400.0, false);
    let corner = Point::new(pointer.x + 14.0, pointer.y + 10.0);
    let size = Size::new(text.min_width() + 2.0 * PAD, text.min_height() + 4.0);
    renderer.fill_quad(
        renderer::Quad {
            bounds: Rectangle::new(corner, size),
            ..Default::default()
        },
        theme::SCRIM,
    );
    // The renderer holds paragraphs weakly and this one is gone when it draws: it takes the text itself.
    renderer.fill_text(
        text.as_text().with_content(name.to_owned()),
        Point::new(corner.x + PAD, corner.y + 2.0),
        theme::TEXT,
        wall,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_liv_2_in_a_small_tile_not_live_goes_before_the_marks() {
        let mark = Mark {
            icon: Icon::Warning,
            words: String::new(),
            short: String::new(),
            tone: Tone::Attention,
        };
        let state = StateWords {
            icon: Icon::Warning,
            words: String::new(),
            detail: String::new(),
            tone: Tone::Attention,
        };
        let live = Face {
            marks: vec![mark; 3],
            ..Face::default()
        };
        let stale = Face {
            state: Some(state),
            ..live.clone()
        };
        for (width, not_live) in [(TINY - 1.0, 0), (TINY, 1), (NARROW - 1.0, 1), (NARROW, 3)] {
            let size = Size::new(width, 80.0);
            let shown = [&live, &stale].map(|face| marks(face, size).len());
            assert_eq!(shown, [3, not_live], "{width}");
            let mut texts = Texts::default();
            texts.update(&stale, size);
            let lines = texts.above() / LINE;
            assert_eq!(
                lines,
                1.0 + f32::from(u8::from(not_live > 0)),
                "{width}: no second line of marks"
            );
        }
    }

    #[test]
    fn the_sign_of_a_tile_of_a_large_wall_is_whole_beneath_its_title() {
        let state = StateWords {
            icon: Icon::Covered,
            words: "OSCURATA: POSIZIONE NON NOTA".to_owned(),
            detail: String::new(),
            tone: Tone::Attention,
        };
        let face = Face {
            title: "10 · Telecamera 10".to_owned(),
            state: Some(state),
            ..Face::default()
        };
        // 64 tiles at 1366×768 and 150 %, and at 100 %.
        for size in [Size::new(106.0, 44.0), Size::new(85.0, 36.0), Size::new(140.0, 76.0)] {
            let mut texts = Texts::default();
            texts.update(&face, size);
            assert!(
                !texts.icon.content().is_empty() && texts.words.content().is_empty(),
                "{size:?}"
            );
            let bottom = texts.above() + texts.icon.min_height();
            assert!(bottom <= size.height + 0.5, "{size:?}: {bottom}");
        }
    }

    #[test]
    fn a_narrow_tile_leaves_out_the_seconds_before_it_cuts_the_name() {
        let face = |title: &str| Face {
            title: title.to_owned(),
            time: "08:06:41".to_owned(),
            ..Face::default()
        };
        let shown = |title: &str, width: f32| {
            let mut texts = Texts::default();
            texts.update(&face(title), Size::new(width, 120.0));
            [texts.title.content().to_owned(), texts.time.content().to_owned()]
        };
        let name = "10 · Telecamera 10";
        let mut widths = (TINY as u16..NARROW as u16).map(f32::from);
        let narrowest = widths.find(|width| shown(name, *width)[0] == name).unwrap();
        assert_eq!(shown(name, narrowest), [name, "08:06"]);
        assert_eq!(shown(name, NARROW - 1.0), [name, "08:06:41"]);
        assert!(shown("12 · Dome Via Roma, angolo Via Mazzini", 200.0)[0].ends_with('…'));
        assert_eq!([without_seconds("08:06"), without_seconds("")], ["08:06", ""]);
    }

    #[test]
    fn marks_stay_in_their_tile_at_every_size() {
        let face = Face {
            title: "12 · Piazza Garibaldi".to_owned(),
            marks: vec![mark("Mar. Elena Conti"), mark("9:32"), mark("sovraccarica")],
            ..Face::default()
        };
        for size in [
            Size::new(478.0, 268.0),
            Size::new(197.0, 152.0),
            Size::new(98.0, 76.0),
            Size::new(60.0, 50.0),
        ] {
            let mut texts = Texts::default();
            texts.update(&face, size);
            assert!(!texts.mark_places.is_empty(), "{size:?}");
            for ((x, line), (glyph, word)) in texts.mark_places.iter().zip(&texts.marks) {
                let right = x + glyph.min_width() + 2.0 * PAD + word_width(word);
                assert!(right <= size.width, "{size:?}: {} ends at {right}", word.content());
                assert!(
                    LINE * f32::from(2 + line) <= size.height,
                    "{size:?}: {}",
                    word.content()
                );
            }
        }
    }

    fn mark(words: &str) -> Mark {
        Mark {
            icon: Icon::Warning,
            words: words.to_owned(),
            short: words.to_owned(),
            tone: Tone::Attention,
        }
    }

    #[test]
    fn figures_under_two_lines_of_marks_keep_off_the_lower_edge() {
        let words = "riquadro alleggerito, postazione sovraccarica";
        let face = Face {
            title: "12".to_owned(),
            marks: vec![mark(words), mark(words), mark(words)],
            figures: vec![["25 · 12".to_owned(), "25".to_owned()]; 12],
            ..Face::default()
        };
        for size in [
            Size::new(478.0, 268.0),
            Size::new(318.0, 178.0),
            Size::new(238.0, 133.0),
        ] {
            let mut texts = Texts::default();
            texts.update(&face, size);
            let rows = texts.mark_places.last().unwrap().1;
            assert!(rows >= 1, "these marks need more than one line");
            assert_eq!(texts.above(), LINE * f32::from(2 + rows));
            let bottom = texts.above() + LINE * texts.figures.len() as f32;
            assert!(bottom <= lower_edge(size), "{size:?}: {bottom}");
        }
    }

    #[test]
    fn words_of_three_lines_go_without_their_sign_before_they_reach_the_lower_edge() {
        let face = Face {
            title: "12".to_owned(),
            marks: vec![mark("x")],
            state: Some(StateWords {
                icon: Icon::Warning,
                words: "NON IN DIRETTA da molto tempo, la telecamera non risponde e si riprova".to_owned(),
                detail: "Si riprova da soli.".to_owned(),
                tone: Tone::Attention,
            }),
            ..Face::default()
        };
        for size in [
            Size::new(238.0, 133.0),
            Size::new(238.0, 112.0),
            Size::new(478.0, 268.0),
        ] {
            let mut texts = Texts::default();
            texts.update(&face, size);
            assert!(texts.state_height() > 0.0);
            let bottom = texts.above() + texts.state_height() + 2.0 * PAD;
            assert!(bottom <= lower_edge(size), "{size:?}: {bottom}");
        }
    }
}
