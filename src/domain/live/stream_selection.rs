//! Which stream a tile wants, which of two pictures it shows, and how much of a stream is worth decoding.
//!
//! Invariant: a tile never goes black because a better stream is on its way, and nothing that nobody sees is decoded in
//! full. Deliberately absent: opening and closing streams.

use super::freshness::{Freshness, freshness};
use crate::domain::camera::StreamRole;
use std::time::Duration;

/// Pixels of a picture or of the part of the screen it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pixels {
    pub width: u32,
    pub height: u32,
}

/// A tile that shows the main stream goes back when the sub-stream's picture, enlarged, is smaller than this.
const BACK: f64 = 0.9;

/// The stream that suits a tile of so many physical pixels: the closest one that is not smaller than it will be drawn.
/// `present` is the stream wanted until now; between the two thresholds it stays (hysteresis while resizing). As long as
/// the sub-stream's size is not known the tile makes do with it.
pub fn stream_for(tile: Pixels, sub: Option<Pixels>, present: StreamRole) -> StreamRole {
    let Some(sub) = sub.filter(|sub| sub.width > 0 && sub.height > 0) else {
        return StreamRole::Sub;
    };
    let across = f64::from(tile.width) / f64::from(sub.width);
    let down = f64::from(tile.height) / f64::from(sub.height);
    // The picture keeps its shape: the tighter side says how much it is enlarged.
    let enlarged = across.min(down);
    let threshold = match present {
        StreamRole::Sub => 1.0,
        StreamRole::Main => BACK,
    };
    if enlarged > threshold {
        StreamRole::Main
    } else {
        StreamRole::Sub
    }
}

/// A sub stream of this size suits a tile of a wall of sixteen on a full HD screen; larger tiles get the main stream.
const TILE: Pixels = Pixels {
    width: 480,
    height: 270,
};

/// The place of the sub stream to show among a view's sub streams: the smallest that fills a [`TILE`], else the largest
/// there is. A size that is not declared (0) is taken only when there is no other.
pub fn smallest_for_a_tile(sizes: &[Pixels]) -> Option<usize> {
    let area = |at: &usize| u64::from(sizes[*at].width) * u64::from(sizes[*at].height);
    let fits = |at: &usize| sizes[*at].width >= TILE.width && sizes[*at].height >= TILE.height;
    let fitting = (0..sizes.len()).filter(fits).min_by_key(area);
    fitting.or_else(|| (0..sizes.len()).max_by_key(area))
}

/// The one of a tile's two streams that is drawn: the wanted one as soon as it has a live picture, the other as long as
/// it is fresher. Ages are those of the latest pictures; `None`: no picture came yet.
pub fn to_show(wanted: StreamRole, main: Option<Duration>, sub: Option<Duration>) -> StreamRole {
    let (own, other, otherwise) = match wanted {
        StreamRole::Main => (main, sub, StreamRole::Sub),
        StreamRole::Sub => (sub, main, StreamRole::Main),
    };
    match (own, other) {
        (Some(own), _) if freshness(Some(own)) == Freshness::Live => wanted,
        (Some(own), Some(other)) if other < own => otherwise,
        (None, Some(_)) => otherwise,
        (Some(_) | None, _) => wanted,
    }
}

/// How much of a stream is decoded. The session goes on in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Attention {
    /// Nothing.
    Nothing,
    /// Key frames only: about a picture a second, ready to be looked at.
    KeyFrames,
    /// Every picture.
    #[default]
    Whole,
}

/// Who can see a window's tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Visibility {
    #[default]
    Seen,
    /// Something lies over it: another tile in full screen, another screen.
    Covered,
    /// The window is minimised.
    Hidden,
}

impl Visibility {
    /// The most that a stream behind it is worth: what is covered comes back with a picture that is about a second old,
    /// what is minimised costs nothing.
    pub fn attention(self) -> Attention {
        match self {
            Visibility::Seen => Attention::Whole,
            Visibility::Covered => Attention::KeyFrames,
            Visibility::Hidden => Attention::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SUB: Option<Pixels> = Some(Pixels {
        width: 640,
        height: 360,
    });

    fn tile(width: u32, height: u32) -> Pixels {
        Pixels { width, height }
    }

    #[test]
    fn r_liv_1_of_several_sub_streams_the_smallest_that_fills_a_tile_is_shown() {
        let chosen = |sizes: &[(u32, u32)]| {
            let sizes: Vec<Pixels> = sizes.iter().map(|&(width, height)| Pixels { width, height }).collect();
            smallest_for_a_tile(&sizes)
        };
        assert_eq!(chosen(&[(1920, 1080), (1280, 720), (640, 360), (352, 240)]), Some(2));
        assert_eq!(chosen(&[(352, 240), (320, 180)]), Some(0), "none fills it");
        assert_eq!(chosen(&[(0, 0), (320, 180)]), Some(1), "a size that is not declared");
        assert_eq!((chosen(&[(0, 0)]), chosen(&[])), (Some(0), None));
    }

    #[test]
    fn r_liv_1_the_closest_stream_that_is_not_smaller_is_chosen() {
        for (width, height, wanted) in [
            (336, 189, StreamRole::Sub),
            (640, 360, StreamRole::Sub),
            (641, 361, StreamRole::Main),
            (1920, 1080, StreamRole::Main),
            // A tall tile letterboxes the picture: its width counts.
            (640, 1080, StreamRole::Sub),
            (1920, 300, StreamRole::Sub),
        ] {
            assert_eq!(
                stream_for(tile(width, height), SUB, StreamRole::Sub),
                wanted,
                "{width}x{height}"
            );
        }
        assert_eq!(stream_for(tile(1920, 1080), None, StreamRole::Main), StreamRole::Sub);
        assert_eq!(
            stream_for(tile(1920, 1080), Some(tile(0, 0)), StreamRole::Sub),
            StreamRole::Sub
        );
    }

    #[test]
    fn full_screen_shows_the_small_picture_until_the_first_large_one() {
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(to_show(StreamRole::Main, None, ms(40)), StreamRole::Sub);
        assert_eq!(to_show(StreamRole::Main, ms(20), ms(0)), StreamRole::Main);
        // The large one froze and the small one did not: the true picture is drawn.
        assert_eq!(to_show(StreamRole::Main, ms(5_000), ms(40)), StreamRole::Sub);
        // On the way back the large one stays until the small one is fresh again.
        assert_eq!(to_show(StreamRole::Sub, ms(40), ms(2_000)), StreamRole::Main);
        assert_eq!(to_show(StreamRole::Sub, ms(40), ms(900)), StreamRole::Sub);
        assert_eq!(to_show(StreamRole::Sub, None, None), StreamRole::Sub);
    }

    #[test]
    fn nothing_that_nobody_sees_is_decoded_in_full() {
        assert_eq!(Visibility::Seen.attention(), Attention::Whole);
        assert!(Visibility::Covered.attention() < Attention::Whole);
        assert_eq!(Visibility::Hidden.attention(), Attention::Nothing);
    }

    proptest! {
        #[test]
        fn a_tile_does_not_flap_while_it_trembles(width in 200u32..2000, trembling in proptest::collection::vec(-20i64..20, 50)) {
            let height = width * 9 / 16;
            let mut present = stream_for(tile(width, height), SUB, StreamRole::Sub);
            let mut changes = 0;
            for by in trembling {
                let width = u32::try_from(i64::from(width) + by).unwrap();
                let next = stream_for(tile(width, width * 9 / 16), SUB, present);
                changes += u32::from(next != present);
                present = next;
            }
            prop_assert!(changes <= 1, "{changes} changes");
        }

        #[test]
        fn a_picture_is_shown_whenever_there_is_one(
            main in proptest::option::of(0u64..10_000), sub in proptest::option::of(0u64..10_000), large in any::<bool>(),
        ) {
            let (main, sub) = (main.map(Duration::from_millis), sub.map(Duration::from_millis));
            let wanted = if large { StreamRole::Main } else { StreamRole::Sub };
            let shown = match to_show(wanted, main, sub) {
                StreamRole::Main => main,
                StreamRole::Sub => sub,
            };
            prop_assert!(shown.is_some() || (main.is_none() && sub.is_none()));
            // Never a stale picture while the other is live.
            let live = |age: Option<Duration>| freshness(age) == Freshness::Live;
            prop_assert!(live(shown) || !(live(main) || live(sub)));
        }
    }
}
