//! Colours, sizes and styles: dark, low-luminance greys, one accent, pictures the brightest thing.
//!
//! Invariant (tested): text reaches a contrast of 7:1 on every ground it is put on, and no colour comes near the hue
//! that the simulator reserves for leaks. Grey is normal; amber asks for attention, red for an act, blue says that
//! somebody else holds it. Deliberately absent: colour as the only sign of anything.

use iced::theme::Palette;
use iced::widget::{button, container, scrollable, text_input};
use iced::{Background, Border, Color, Font, Shadow, Theme, font};

/// A colour from its 8-bit sRGB bytes.
const fn rgb(r: u8, g: u8, b: u8) -> Color {
    Color::from_rgb8(r, g, b)
}

/// Behind everything.
pub const GROUND: Color = rgb(14, 16, 18);
/// Rail, panel, bars.
pub const SURFACE: Color = rgb(22, 25, 28);
/// Controls on a surface.
pub const RAISED: Color = rgb(34, 38, 42);
/// A control under the pointer.
pub const HOVERED: Color = rgb(46, 51, 56);
/// Lines between parts; never carries meaning.
pub const LINE: Color = rgb(52, 57, 63);
/// Text.
pub const TEXT: Color = rgb(232, 234, 236);
/// Text of second rank; still 7:1 on every ground.
pub const QUIET: Color = rgb(184, 190, 196);
/// The one accent: selection and focus.
pub const ACCENT: Color = rgb(94, 214, 184);
/// Attention.
pub const AMBER: Color = rgb(245, 188, 66);
/// Act now.
pub const RED: Color = rgb(255, 158, 148);
/// Ground of a control that acts on something serious.
pub const RED_GROUND: Color = rgb(122, 28, 24);
/// Somebody else holds it.
pub const BLUE: Color = rgb(146, 200, 255);
/// Behind text on a picture.
pub const SCRIM: Color = Color {
    r: 0.0,
    g: 0.0,
    b: 0.0,
    a: 0.95,
};
/// Over the whole window while a dialogue is open.
pub const VEIL: Color = Color {
    r: 0.0,
    g: 0.0,
    b: 0.0,
    a: 0.75,
};

/// Every opaque colour, for the tests that hold the invariant.
pub const ALL: [Color; 13] = [
    GROUND,
    SURFACE,
    RAISED,
    HOVERED,
    LINE,
    TEXT,
    QUIET,
    ACCENT,
    AMBER,
    RED,
    RED_GROUND,
    BLUE,
    Color::BLACK,
];

/// Text sizes, logical pixels.
pub const SMALL: f32 = 14.0;
pub const BODY: f32 = 16.0;
pub const HEADING: f32 = 20.0;
pub const TITLE: f32 = 28.0;

/// Space between related things, logical pixels.
pub const GAP: f32 = 8.0;

/// Inter with tabular figures.
pub const REGULAR: Font = Font::with_name("Vedetta Inter");
pub const STRONG: Font = Font {
    weight: font::Weight::Semibold,
    ..REGULAR
};
/// The fonts' bytes, loaded at start.
pub const FONTS: [&[u8]; 2] = [
    include_bytes!("../../assets/fonts/VedettaInter-Regular.otf"),
    include_bytes!("../../assets/fonts/VedettaInter-SemiBold.otf"),
];

/// The theme of every window.
pub fn theme() -> Theme {
    let palette = Palette {
        background: GROUND,
        text: TEXT,
        primary: ACCENT,
        success: ACCENT,
        warning: AMBER,
        danger: RED,
    };
    Theme::custom("Vedetta", palette)
}

/// How urgent something is; each tone also has its own icon or words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tone {
    Normal,
    Attention,
    Act,
    Other,
}

impl Tone {
    /// The colour of text and icons in this tone.
    pub fn colour(self) -> Color {
        match self {
            Tone::Normal => TEXT,
            Tone::Attention => AMBER,
            Tone::Act => RED,
            Tone::Other => BLUE,
        }
    }
}

fn filled(colour: Color) -> container::Style {
    container::Style {
        background: Some(Background::Color(colour)),
        text_color: Some(TEXT),
        ..Default::default()
    }
}

/// Rail, panel and bars.
pub fn surface(_: &Theme) -> container::Style {
    filled(SURFACE)
}

/// A card or dialogue.
pub fn card(_: &Theme) -> container::Style {
    container::Style {
        border: Border {
            color: LINE,
            width: 1.0,
            radius: 6.0.into(),
        },
        ..filled(SURFACE)
    }
}

/// A quiet inset block.
pub fn inset(_: &Theme) -> container::Style {
    container::Style {
        border: Border {
            color: LINE,
            width: 1.0,
            radius: 4.0.into(),
        },
        ..filled(GROUND)
    }
}

/// The veil behind a dialogue.
pub fn veil(_: &Theme) -> container::Style {
    filled(VEIL)
}

/// The frame around the part of the screen that the keyboard acts on.
pub fn area(focused: bool) -> impl Fn(&Theme) -> container::Style {
    move |_| container::Style {
        border: Border {
            color: if focused { ACCENT } else { SURFACE },
            width: 2.0,
            radius: 0.0.into(),
        },
        ..filled(SURFACE)
    }
}

/// A row of a list: chosen, or not.
pub fn row(chosen: bool) -> impl Fn(&Theme) -> container::Style {
    move |_| {
        let ground = if chosen { HOVERED } else { SURFACE };
        let edge = if chosen { ACCENT } else { ground };
        container::Style {
            border: Border {
                color: edge,
                width: 1.0,
                radius: 4.0.into(),
            },
            ..filled(ground)
        }
    }
}

fn pressable(ground: Color, under_pointer: Color, edge: Color, status: button::Status) -> button::Style {
    let (ground, text_color) = match status {
        button::Status::Active => (ground, TEXT),
        button::Status::Hovered | button::Status::Pressed => (under_pointer, TEXT),
        button::Status::Disabled => (SURFACE, Color { a: 0.5, ..QUIET }),
    };
    button::Style {
        background: Some(Background::Color(ground)),
        text_color,
        border: Border {
            color: edge,
            width: 1.0,
            radius: 4.0.into(),
        },
        shadow: Shadow::default(),
        snap: true,
    }
}

/// A button; `focused` draws the accent frame of the keyboard's place.
pub fn plain(focused: bool) -> impl Fn(&Theme, button::Status) -> button::Style {
    move |_, status| pressable(RAISED, HOVERED, if focused { ACCENT } else { LINE }, status)
}

/// The button that does what the dialogue is for.
pub fn primary(focused: bool) -> impl Fn(&Theme, button::Status) -> button::Style {
    move |_, status| {
        let edge = if focused { TEXT } else { ACCENT };
        pressable(rgb(18, 72, 60), rgb(20, 80, 67), edge, status)
    }
}

/// A button that is only a word or an icon until the pointer comes.
pub fn bare(focused: bool) -> impl Fn(&Theme, button::Status) -> button::Style {
    move |_, status| pressable(SURFACE, HOVERED, if focused { ACCENT } else { SURFACE }, status)
}

/// A text field.
pub fn field(_: &Theme, status: text_input::Status) -> text_input::Style {
    let edge = match status {
        text_input::Status::Focused { .. } => ACCENT,
        text_input::Status::Active | text_input::Status::Hovered | text_input::Status::Disabled => LINE,
    };
    text_input::Style {
        background: Background::Color(GROUND),
        border: Border {
            color: edge,
            width: 1.5,
            radius: 4.0.into(),
        },
        icon: QUIET,
        placeholder: QUIET,
        value: TEXT,
        selection: rgb(38, 92, 80),
    }
}

/// A text field with something wrong in it.
pub fn wrong_field(theme: &Theme, status: text_input::Status) -> text_input::Style {
    let mut style = field(theme, status);
    style.border.color = Tone::Attention.colour();
    style
}

/// A scroll bar that stays out of the way.
pub fn scroll(theme: &Theme, status: scrollable::Status) -> scrollable::Style {
    let mut style = scrollable::default(theme, status);
    for rail in [&mut style.vertical_rail, &mut style.horizontal_rail] {
        rail.background = None;
        rail.scroller.background = Background::Color(HOVERED);
    }
    style
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: Color) -> f32 {
        let [r, g, b, _] = colour.into_linear();
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    fn contrast(a: Color, b: Color) -> f32 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_is_readable_on_every_ground_it_is_put_on() {
        for ink in [TEXT, QUIET, ACCENT, AMBER, RED, BLUE] {
            for ground in [GROUND, SURFACE, RAISED, Color::BLACK] {
                assert!(
                    contrast(ink, ground) >= 7.0,
                    "{ink:?} on {ground:?}: {}",
                    contrast(ink, ground)
                );
            }
        }
        for ground in [HOVERED, RED_GROUND, rgb(18, 72, 60), rgb(20, 80, 67)] {
            assert!(
                contrast(TEXT, ground) >= 7.0,
                "text on {ground:?}: {}",
                contrast(TEXT, ground)
            );
        }
    }

    #[test]
    fn text_on_the_scrim_is_readable_over_a_white_picture() {
        let over_white = luminance(Color::WHITE) * (1.0 - SCRIM.a);
        assert!((luminance(TEXT) + 0.05) / (over_white + 0.05) >= 7.0);
    }
}
