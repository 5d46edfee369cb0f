//! Timeline widget: what is recorded, the position of the playback, and a press that jumps.
//!
//! Invariant: a gap in the recording is a gap on the line. Deliberately absent: fetching spans, playing.

use crate::domain::timeline::{self, Span};
use crate::gui::sentences;
use crate::gui::theme;
use crate::station::RecordedSpan;
use iced::widget::canvas::{self, Canvas, Frame, Geometry, Path, Stroke, Text};
use iced::{Element, Fill, Point, Rectangle, Renderer, Size, Theme, mouse};

/// Half the width of a time under the line, logical pixels.
const HALF_A_TIME: f32 = 34.0;
/// Height of the timeline, logical pixels.
const HEIGHT: f32 = 64.0;
const BAND: f32 = 22.0;

/// Timeline widget from `from_ms` to `to_ms`, Unix milliseconds. A press gives the time under the pointer.
pub fn timeline<'a, Message: 'a>(
    from_ms: i64,
    to_ms: i64,
    position_ms: Option<i64>,
    spans: &'a [RecordedSpan],
    on_jump: impl Fn(i64) -> Message + 'a,
) -> Element<'a, Message> {
    Canvas::new(Line {
        range: Span {
            from_ms,
            to_ms: to_ms.max(from_ms + 1),
        },
        position_ms,
        spans,
        on_jump: Box::new(on_jump),
    })
    .width(Fill)
    .height(HEIGHT)
    .into()
}

struct Line<'a, Message> {
    range: Span,
    position_ms: Option<i64>,
    spans: &'a [RecordedSpan],
    on_jump: Box<dyn Fn(i64) -> Message + 'a>,
}

/// Steps between the ticks of the line, milliseconds.
const STEPS: [i64; 10] = [
    10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 86_400_000,
];

/// The step that keeps ticks at least `apart` pixels from each other.
fn step(length_ms: i64, width: f32, apart: f32) -> i64 {
    let fits = |step: &&i64| **step as f32 / length_ms as f32 * width >= apart;
    STEPS.iter().find(fits).copied().unwrap_or(86_400_000)
}

impl<Message> Line<'_, Message> {
    fn x(&self, ms: i64, width: f32) -> f32 {
        (timeline::share_of(self.range, ms) * f64::from(width)) as f32
    }
}

impl<Message> canvas::Program<Message> for Line<'_, Message> {
    type State = ();

    fn update(
        &self,
        (): &mut (),
        event: &canvas::Event,
        bounds: Rectangle,
        cursor: mouse::Cursor,
    ) -> Option<canvas::Action<Message>> {
        let canvas::Event::Mouse(mouse::Event::ButtonPressed(mouse::Button::Left)) = event else {
            return None;
        };
        let point = cursor.position_in(bounds)?;
        let share = f64::from(point.x / bounds.width.max(1.0));
        let ms = timeline::moment_at(self.range, share);
        Some(canvas::Action::publish((self.on_jump)(ms)).and_capture())
    }

    fn draw(&self, (): &(), renderer: &Renderer, _: &Theme, bounds: Rectangle, _: mouse::Cursor) -> Vec<Geometry> {
        let mut frame = Frame::new(renderer, bounds.size());
        let width = bounds.width;
        frame.fill_rectangle(Point::new(0.0, 8.0), Size::new(width, BAND), theme::RAISED);
        for span in self.spans {
            let (left, right) = (
                self.x(span.from_ms, width).max(0.0),
                self.x(span.to_ms, width).min(width),
            );
            if right > left {
                frame.fill_rectangle(Point::new(left, 8.0), Size::new(right - left, BAND), theme::QUIET);
            }
        }
        let Span { from_ms, to_ms } = self.range;
        let step = step(self.range.length_ms(), width, 110.0);
        let mut tick = from_ms - from_ms.rem_euclid(step) + step;
        while tick < to_ms {
            let x = self.x(tick, width);
            let line = Path::line(Point::new(x, 8.0 + BAND), Point::new(x, 14.0 + BAND));
            frame.stroke(&line, Stroke::default().with_color(theme::QUIET));
            // A time that would be cut at the end of the line is left out.
            if !(HALF_A_TIME..=width - HALF_A_TIME).contains(&x) {
                tick += step;
                continue;
            }
            frame.fill_text(Text {
                content: sentences::clock(&sentences::rome_ms(tick)),
                position: Point::new(x, 16.0 + BAND),
                color: theme::QUIET,
                size: theme::SMALL.into(),
                font: theme::REGULAR,
                align_x: iced::advanced::text::Alignment::Center,
                ..Text::default()
            });
            tick += step;
        }
        if let Some(position) = self.position_ms {
            let x = self.x(position, width).clamp(1.0, width - 1.0);
            let line = Path::line(Point::new(x, 0.0), Point::new(x, 16.0 + BAND));
            frame.stroke(&line, Stroke::default().with_color(theme::ACCENT).with_width(3.0));
        }
        vec![frame.into_geometry()]
    }

    fn mouse_interaction(&self, (): &(), bounds: Rectangle, cursor: mouse::Cursor) -> mouse::Interaction {
        if cursor.is_over(bounds) {
            mouse::Interaction::Pointer
        } else {
            mouse::Interaction::None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_never_crowd() {
        for minutes in [1, 10, 60, 600, 10_080] {
            let length = minutes * 60_000;
            let step = step(length, 1000.0, 110.0);
            assert!(
                step as f32 / length as f32 * 1000.0 >= 110.0 || step == 86_400_000,
                "{minutes} min: {step}"
            );
        }
    }
}
