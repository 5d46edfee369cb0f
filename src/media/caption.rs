//! A caption under a picture: the words in a band of its own, in pixels.
//!
//! Invariant: the band stands beneath the picture and takes nothing of it; words that are too long go on in the next line,
//! so that nothing is cut. Deliberately absent: the words themselves, languages that are written from right to left.

use swash::FontRef;
use swash::scale::{Render, ScaleContext, Source};
use swash::zeno::Format;

const FONT: &[u8] = include_bytes!("../../assets/fonts/VedettaInter-SemiBold.otf");
/// Grey of the band and of the words on it, sRGB.
const GROUND: u8 = 16;
const WORDS: u8 = 240;
/// Height of the letters to the width of the picture, and the least, pixels.
const LETTERS: f32 = 1.0 / 60.0;
const LEAST: f32 = 13.0;

/// A band as wide as its picture, 8-bit grey, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Band {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    pub grey: Vec<u8>,
}

/// The band of a caption under a picture of this width, pixels; without a height when nothing can be written.
pub fn band(width: usize, lines: &[String]) -> Band {
    let size = (width as f32 * LETTERS).max(LEAST);
    let Some(font) = FontRef::from_index(FONT, 0) else {
        return Band::empty(width, 0);
    };
    let metrics = font.metrics(&[]).scale(size);
    let margin = (size * 0.6).ceil() as usize;
    let step = ((metrics.ascent + metrics.descent) * 1.15).ceil() as usize;
    let room = width.saturating_sub(2 * margin) as f32;
    let pen = Pen { font, size };
    let lines: Vec<String> = lines.iter().flat_map(|line| pen.folded(line, room)).collect();
    if lines.is_empty() {
        return Band::empty(width, 0);
    }
    let mut band = Band::empty(width, 2 * (margin / 2) + lines.len() * step);
    for (n, line) in lines.iter().enumerate() {
        let baseline = margin / 2 + n * step + metrics.ascent.ceil() as usize;
        pen.write(&mut band, margin as f32, baseline, line);
    }
    band
}

impl Band {
    fn empty(width: usize, height: usize) -> Self {
        let grey = vec![GROUND; width * height];
        Self { width, height, grey }
    }

    /// Lays a share of the words' grey over a pixel; outside nothing happens.
    fn lay(&mut self, x: i64, y: i64, share: u8) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        if x < self.width
            && let Some(pixel) = self.grey.get_mut(y * self.width + x)
        {
            let share = u32::from(share);
            let mixed = (u32::from(*pixel) * (255 - share) + u32::from(WORDS) * share) / 255;
            *pixel = mixed.min(255) as u8;
        }
    }
}

/// A font at a size, pixels.
struct Pen {
    font: FontRef<'static>,
    size: f32,
}

impl Pen {
    fn advance(&self, letter: char) -> f32 {
        let glyph = self.font.charmap().map(letter);
        self.font.glyph_metrics(&[]).scale(self.size).advance_width(glyph)
    }

    fn length(&self, words: &str) -> f32 {
        words.chars().map(|letter| self.advance(letter)).sum()
    }

    /// A line folded at its blanks, and within a word that is longer than the room.
    fn folded(&self, line: &str, room: f32) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in line.split_whitespace() {
            let joined = lines.last().map(|last| format!("{last} {word}"));
            match joined.filter(|joined| self.length(joined) <= room) {
                Some(joined) => {
                    lines.pop();
                    lines.push(joined);
                }
                None => lines.push(word.to_owned()),
            }
            while let Some(rest) = lines.last_mut().and_then(|last| self.beyond(last, room)) {
                lines.push(rest);
            }
        }
        lines
    }

    /// Takes off what of a word goes beyond the room; at least one letter stays.
    fn beyond(&self, word: &mut String, room: f32) -> Option<String> {
        let mut at = 0.0;
        let (cut, _) = word
            .char_indices()
            .skip_while(|(index, letter)| {
                at += self.advance(*letter);
                *index == 0 || at <= room
            })
            .next()?;
        Some(word.split_off(cut))
    }

    fn write(&self, band: &mut Band, left: f32, baseline: usize, line: &str) {
        let mut context = ScaleContext::new();
        let mut scaler = context.builder(self.font).size(self.size).hint(true).build();
        let sources = [Source::Outline];
        let mut render = Render::new(&sources);
        render.format(Format::Alpha);
        let mut x = left;
        for letter in line.chars() {
            if let Some(image) = render.render(&mut scaler, self.font.charmap().map(letter)) {
                let (width, place) = (image.placement.width as usize, image.placement);
                for (n, share) in image.data.iter().enumerate() {
                    let column = x as i64 + i64::from(place.left) + (n % width.max(1)) as i64;
                    let row = baseline as i64 - i64::from(place.top) + (n / width.max(1)) as i64;
                    band.lay(column, row, *share);
                }
            }
            x += self.advance(letter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lit(band: &Band) -> usize {
        band.grey.iter().filter(|grey| **grey > 200).count()
    }

    #[test]
    fn words_are_written_into_the_band_and_differ_with_what_they_say() {
        let of = |line: &str| band(640, &[line.to_owned()]);
        let (noon, midnight) = (of("29/11/2026 12:00:00 CET"), of("29/11/2026 00:00:00 CET"));
        assert!(lit(&noon) > 100, "{}", lit(&noon));
        assert_eq!((noon.width, noon.grey.len()), (640, 640 * noon.height));
        assert_ne!(noon, midnight);
        assert_eq!(noon.height, midnight.height);
    }

    #[test]
    fn words_that_are_too_long_go_on_in_the_next_line_and_none_is_cut() {
        let one = band(320, &["12 · Piazza".to_owned()]);
        let long =
            "12 · Piazza della Repubblica angolo via dei Martiri della Libertà, lato stazione ferroviaria e fermata"
                .to_owned();
        let two = band(320, std::slice::from_ref(&long));
        assert!(two.height > one.height);
        let font = FontRef::from_index(FONT, 0).unwrap();
        let pen = Pen { font, size: 13.0 };
        let folded = pen.folded(&long, 200.0);
        assert_eq!(folded.join(" "), long);
        assert!(folded.iter().all(|line| pen.length(line) <= 200.0), "{folded:?}");
        let word = "x".repeat(300);
        assert_eq!(pen.folded(&word, 200.0).concat(), word);
    }

    #[test]
    fn the_margins_stay_free() {
        let band = band(320, &["M".repeat(400)]);
        for row in band.grey.chunks(320) {
            assert!(row[..6].iter().chain(&row[314..]).all(|grey| *grey == GROUND));
        }
    }
}
