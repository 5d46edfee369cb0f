//! C2SP tlog-tiles: the tree cut into files of up to 256 hashes, and the leaves in bundles of up to 256.
//!
//! Paths: `<L>/<N>[.p/<W>]` and `entries/<N>[.p/<W>]`, N in groups of three digits, all but the last prefixed `x`.
//! Invariant: a path has one spelling; hash `i` of tile (L, N) is node (8·L, 256·N + i), complete for ever.
//! Deliberately absent: files and HTTP.

use super::tree::NodeId;
use std::fmt;
use std::str::FromStr;

/// Hashes or entries in a full tile.
pub const WIDTH: u64 = 256;
/// Highest tile level: 8 · 7 < 63.
const MAX_LEVEL: u8 = 7;

/// The content of a tile: hashes of a level, or entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TileKind {
    /// Hashes of tree level 8 · L.
    Hashes(u8),
    /// Leaves, each with its length before it.
    Entries,
}

/// A tile's place and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    pub kind: TileKind,
    pub index: u64,
    /// 1 to 256; less than 256 for a partial tile.
    pub width: u64,
}

/// The path does not name a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a tile path")]
pub struct BadTilePath;

/// The bytes are not an entry bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an entry bundle")]
pub struct BadBundle;

impl Tile {
    fn level(&self) -> u8 {
        match self.kind {
            TileKind::Hashes(level) => level,
            TileKind::Entries => 0,
        }
    }

    /// First tree node or entry and how many.
    pub fn first(&self) -> NodeId {
        NodeId {
            level: self.level() * 8,
            index: self.index * WIDTH,
        }
    }

    /// Whether a tree of `size` leaves has everything this tile holds.
    pub fn is_within(&self, size: u64) -> bool {
        self.index
            .checked_mul(WIDTH)
            .and_then(|first| first.checked_add(self.width))
            .is_some_and(|end| end <= size >> (8 * self.level()))
    }

    /// Every tile of a tree of `size` leaves, partial ones as they are at that size; entry bundles last.
    pub fn all(size: u64) -> Vec<Tile> {
        let mut tiles = Vec::new();
        for level in 0..=MAX_LEVEL {
            let hashes = size >> (8 * level);
            if hashes == 0 {
                break;
            }
            tiles.extend(row(TileKind::Hashes(level), hashes));
        }
        tiles.extend(row(TileKind::Entries, size));
        tiles
    }
}

fn row(kind: TileKind, count: u64) -> impl Iterator<Item = Tile> {
    (0..count.div_ceil(WIDTH)).map(move |index| Tile {
        kind,
        index,
        width: (count - index * WIDTH).min(WIDTH),
    })
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "{level}")?,
            TileKind::Entries => f.write_str("entries")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for (place, group) in groups.iter().enumerate().rev() {
            write!(f, "/{}{group:03}", if place == 0 { "" } else { "x" })?;
        }
        if self.width < WIDTH {
            write!(f, ".p/{}", self.width)
        } else {
            Ok(())
        }
    }
}

impl FromStr for Tile {
    type Err = BadTilePath;

    /// Reads a path relative to `tile/`.
    fn from_str(path: &str) -> Result<Self, BadTilePath> {
        if path.len() > 64 {
            return Err(BadTilePath);
        }
        let (level, rest) = path.split_once('/').ok_or(BadTilePath)?;
        let kind = match level {
            "entries" => TileKind::Entries,
            digits => TileKind::Hashes(digits.parse().ok().filter(|l| *l <= MAX_LEVEL).ok_or(BadTilePath)?),
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (
                number,
                width
                    .parse()
                    .ok()
                    .filter(|w| (1..WIDTH).contains(w))
                    .ok_or(BadTilePath)?,
            ),
            None => (rest, WIDTH),
        };
        let mut index: u64 = 0;
        for group in number.split('/') {
            let group: u64 = group.trim_start_matches('x').parse().map_err(|_| BadTilePath)?;
            index = index
                .checked_mul(1000)
                .and_then(|i| i.checked_add(group))
                .ok_or(BadTilePath)?;
        }
        let tile = Self { kind, index, width };
        // One spelling: whatever does not print back as it was written is not a path.
        if index < u64::MAX / WIDTH && tile.to_string() == path {
            Ok(tile)
        } else {
            Err(BadTilePath)
        }
    }
}

/// Leaves as an entry bundle: each with its length in two bytes, big-endian, before it.
/// Leaves are shorter than [`super::leaf::MAX_LEAF`], so the length always fits.
pub fn bundle<'a>(leaves: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for leaf in leaves {
        bytes.extend_from_slice(&(leaf.len() as u16).to_be_bytes());
        bytes.extend_from_slice(leaf);
    }
    bytes
}

/// The leaves of an entry bundle.
///
/// # Errors
/// A length goes past the end, or there are more than 256 entries.
pub fn unbundle(mut bytes: &[u8]) -> Result<Vec<&[u8]>, BadBundle> {
    let mut leaves = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<2>().ok_or(BadBundle)?;
        let (leaf, rest) = rest
            .split_at_checked(u16::from_be_bytes(*length).into())
            .ok_or(BadBundle)?;
        leaves.push(leaf);
        if leaves.len() as u64 > WIDTH {
            return Err(BadBundle);
        }
        bytes = rest;
    }
    Ok(leaves)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_back_and_agree_with_the_oracle() {
        for (level, index, width) in [(0, 0, 256), (0, 5, 1), (1, 1234067, 256), (2, 999, 255), (0, 1000, 7)] {
            let tile = Tile {
                kind: TileKind::Hashes(level),
                index,
                width,
            };
            let path = tile.to_string();
            assert_eq!(path.parse::<Tile>().unwrap(), tile, "{path}");
            let oracle = tlog_tiles::Tile::new(8, level, index, width as u32, false);
            assert_eq!(oracle.path(), format!("tile/8/{path}"));
        }
        let entries: Tile = "entries/x001/x234/067.p/3".parse().unwrap();
        assert_eq!(
            entries,
            Tile {
                kind: TileKind::Entries,
                index: 1_234_067,
                width: 3
            }
        );
    }

    #[test]
    fn other_spellings_are_refused() {
        for bad in [
            "",
            "0",
            "0/",
            "0/5",
            "0/0005",
            "0/x000/005",
            "00/005",
            "+0/005",
            "8/000",
            "0/005.p/0",
            "0/005.p/256",
            "0/005.p/07",
            "0/005/",
            "entries/../005",
            "0/x999/x999/x999/x999/x999/x999/999",
            "0/001/x002",
        ] {
            assert_eq!(bad.parse::<Tile>(), Err(BadTilePath), "{bad}");
        }
    }

    #[test]
    fn every_tile_of_a_tree_lies_within_it() {
        for size in [1, 255, 256, 257, 65_536, 70_000] {
            let tiles = Tile::all(size);
            assert!(tiles.iter().all(|tile| tile.is_within(size)));
            let leaves: u64 = tiles
                .iter()
                .filter(|t| t.kind == TileKind::Entries)
                .map(|t| t.width)
                .sum();
            assert_eq!(leaves, size);
        }
        assert!(Tile::all(0).is_empty());
        assert!(
            !Tile {
                kind: TileKind::Hashes(0),
                index: 0,
                width: 256
            }
            .is_within(255)
        );
    }

    #[test]
    fn bundles_read_back_and_torn_ones_do_not() {
        let leaves: [&[u8]; 3] = [b"one", b"", b"three"];
        let bytes = bundle(leaves);
        assert_eq!(unbundle(&bytes).unwrap(), leaves);
        assert_eq!(unbundle(&bytes[..bytes.len() - 1]), Err(BadBundle));
        assert_eq!(unbundle(&[0]), Err(BadBundle));
    }
}
