//! The pad of the side panel under a hand: where it lies in the window, and how far it is deflected for a wanted speed. The pad
//! has the stick's rule, so a pad that is held is a stick that is held.
//!
//! Invariant: the pad is found on pixels, as an eye finds it; what was pressed is let go of, also when a step fails. Deliberately
//! absent: the rule itself, which is asked of `domain::ptz::steering` and turned round.

use crate::driver::{StepError, Visitor};
use crate::input_injection::InputInjector;
use crate::screen_capture::Picture;
use vedetta::domain::ptz::steering::PictureVelocity;
use vedetta::gui::theme;

/// Side of the pad, pixels of a window at scale 1.
const SIDE: usize = 138;

/// Where the pad is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pad {
    centre: [f32; 2],
}

/// The pointer's button, down until dropped.
pub struct Grip<'a>(&'a InputInjector<'a>);

impl<'a> Grip<'a> {
    /// Presses the button where the pointer is.
    pub fn close(hands: &'a InputInjector<'a>) -> Result<Self, StepError> {
        hands.grab()?;
        Ok(Self(hands))
    }
}

impl Drop for Grip<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.0.let_go() {
            tracing::warn!(%error, "the pointer's button could not be let go of");
        }
    }
}

impl Pad {
    /// The pad in a picture of the window: the highest row of the ground's colour that is as long as the pad and ends at its
    /// border both ways.
    pub fn find(window: &Picture) -> Option<Self> {
        let is = |colour: iced::Color, x: usize, y: usize| {
            let [red, green, blue, _] = colour.into_rgba8();
            window.pixel(x, y) == [red, green, blue]
        };
        let (width, height) = (window.width as usize, window.height as usize);
        let inside = SIDE - 2;
        (0..height).find_map(|y| {
            let left = (0..width.saturating_sub(inside + 1)).rev().find(|left| {
                is(theme::LINE, *left, y)
                    && is(theme::LINE, left + inside + 1, y)
                    && (left + 1..=left + inside).all(|x| is(theme::GROUND, x, y))
            })?;
            // The corners are round: the border of the first such row begins a little above it.
            let half = SIDE as f32 / 2.0;
            let top = (0..=y).rev().find(|above| is(theme::LINE, left + SIDE / 2, *above))?;
            Some(Self {
                centre: [left as f32 + half, top as f32 + half],
            })
        })
    }

    /// Points at a deflection to the right, −1 to 1.
    pub fn point(&self, v: &Visitor<'_>, right: f64) -> Result<(), StepError> {
        let [x, y] = self.centre;
        Ok(v.hands.point(x + right as f32 * (SIDE as f32 / 2.0 - 1.0), y)?)
    }
}

/// The deflection of pad or stick that moves the picture so fast, widths a second.
pub fn deflection(right: f64) -> f64 {
    turned_round(|deflection| PictureVelocity::deflected([deflection, 0.0]).right, right)
}

/// How far from the middle, in widths of the picture, a held pointer moves the picture so fast, widths a second.
pub fn distance(right: f64) -> f64 {
    let rule = |distance| PictureVelocity::towards([0.5 + distance, 0.5], 1.0).right;
    turned_round(rule, right).clamp(-0.45, 0.45)
}

/// The value in −1 to 1 at which a rising rule gives so much.
fn turned_round(rule: impl Fn(f64) -> f64, wanted: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if rule(middle) < wanted.abs() {
            low = middle;
        } else {
            high = middle;
        }
    }
    high.copysign(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_of_a_stick_and_of_a_held_pointer_is_what_their_rules_give() {
        for wanted in [0.05, 0.235, -0.5, 1.2] {
            let by_stick = PictureVelocity::deflected([deflection(wanted), 0.0]).right;
            assert!((by_stick - wanted).abs() < 1e-6, "{wanted}: {by_stick}");
        }
        let by_pointer = PictureVelocity::towards([0.5 + distance(-0.3), 0.5], 16.0 / 9.0).right;
        assert!((by_pointer + 0.3).abs() < 1e-6, "{by_pointer}");
        assert_eq!((deflection(9.0), distance(9.0)), (1.0, 0.45));
    }

    #[test]
    fn the_pad_is_the_bordered_square_of_its_size_and_no_other_one() {
        let (width, height) = (420usize, 300usize);
        let mut pixels = vec![theme::SURFACE; width * height];
        let mut square = |left: usize, top: usize, side: usize| {
            for y in 0..side {
                for x in 0..side {
                    let edge = x == 0 || y == 0 || x == side - 1 || y == side - 1;
                    pixels[(top + y) * width + left + x] = if edge { theme::LINE } else { theme::GROUND };
                }
            }
        };
        square(20, 10, 60);
        square(200, 100, SIDE);
        square(345, 100, 46);
        let window = Picture::of(width as u32, height as u32, |x, y| {
            let [red, green, blue, _] = pixels[y * width + x].into_rgba8();
            [red, green, blue]
        });
        let centre = [200.0 + 69.0, 100.0 + 69.0];
        assert_eq!(Pad::find(&window), Some(Pad { centre }));
    }
}
