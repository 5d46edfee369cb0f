//! Which of the two columns beside the wall are open, by the room there is and by where the keyboard is.
//!
//! Invariant: the wall has more than half of the width on every screen, and while the keyboard is on it 55 % of the area of each
//! usual one; the column where the keyboard is, is open.
//! Deliberately absent: what stands in the columns (`view`).

use super::focus::Area;

/// Width of the left rail and of the right panel, logical pixels.
pub const RAIL: f32 = 300.0;
pub const PANEL: f32 = 276.0;
/// Width of the edge that stands for a column that is folded, logical pixels.
pub const EDGE: f32 = 26.0;

/// From this width on both columns stand beside the wall, logical pixels: 1680×1050. On narrower screens, such as 1920×1080 at
/// 125 %, they would leave it half of the area.
const BOTH: f32 = 1680.0;
/// From this width on one does.
const ONE: f32 = 1200.0;

/// The columns that are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sides {
    pub rail: bool,
    pub panel: bool,
}

/// The columns that are open where the window is `width` logical pixels wide. `carrying`: a camera is being dragged out of
/// the list; `tool`: masks are being drawn or a dome is being calibrated, beside the picture.
pub fn sides(width: f32, area: Area, carrying: bool, tool: bool) -> Sides {
    if width >= BOTH {
        return Sides {
            rail: true,
            panel: true,
        };
    }
    let panel = tool || area == Area::Panel;
    let rail = !panel && (width >= ONE || carrying || area == Area::List);
    Sides { rail, panel }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_has_most_of_every_screen_and_the_keyboard_is_on_something_that_is_shown() {
        for width in [
            853.0, 910.0, 960.0, 1024.0, 1152.0, 1280.0, 1366.0, 1536.0, 1680.0, 1920.0,
        ] {
            for area in [Area::Wall, Area::List, Area::Panel, Area::Messages, Area::Bar] {
                for (carrying, tool) in [(false, false), (true, false), (false, true)] {
                    let open = sides(width, area, carrying, tool);
                    let taken = f32::from(u8::from(open.rail)) * RAIL + f32::from(u8::from(open.panel)) * PANEL;
                    let wall = (width - taken) / width;
                    assert!(wall > 0.6, "{width} {area:?}: {wall}");
                    assert!(area != Area::Panel || open.panel);
                    assert!(area != Area::List || open.rail || tool);
                    assert!(!tool || open.panel);
                }
            }
        }
    }
}
