//! The view that a camera of the plan shows: a video source (a lens, a channel of a recorder) and the video source
//! configuration that crops, turns or unrolls it (ONVIF Media2 5.2).
//!
//! Invariant: a view is chosen by its tokens, or because the device has no other; never by order, size or name. Where it
//! cannot be told, none is chosen. Deliberately absent: asking the device (`onvif::media`).

use serde::{Deserialize, Serialize};

/// Longest token, bytes. ONVIF allows 64; some devices take more.
pub const MOST_TOKEN: usize = 128;

/// A video source and a view of it, as the device calls them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VideoView {
    /// `VideoSource` token.
    pub source: String,
    /// `VideoSourceConfiguration` token.
    pub configuration: String,
}

/// Why a device gives no one view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// The plan names none and the device has more than one.
    #[error("the device has {0} views and the plan does not say which")]
    Several(usize),
    /// The device does not have the one that the plan names.
    #[error("the device does not have the view that the plan names")]
    Gone,
}

impl VideoView {
    /// Whether both tokens are there and of a length that a device may give.
    pub fn is_sound(&self) -> bool {
        let token = |text: &str| (1..=MOST_TOKEN).contains(&text.len()) && !text.chars().any(char::is_control);
        token(&self.source) && token(&self.configuration)
    }
}

/// The view to show of those that a device offers. `None`: the device declares no views at all, and the plan names none.
///
/// # Errors
/// [`ViewError::Gone`] when the planned one is not offered; [`ViewError::Several`] when none is planned and there are two
/// or more.
pub fn chosen(offered: &[VideoView], planned: Option<&VideoView>) -> Result<Option<VideoView>, ViewError> {
    if let Some(planned) = planned {
        return match offered.contains(planned) {
            true => Ok(Some(planned.clone())),
            false => Err(ViewError::Gone),
        };
    }
    let mut distinct: Vec<&VideoView> = offered.iter().collect();
    distinct.sort();
    distinct.dedup();
    match distinct.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some((*only).clone())),
        several => Err(ViewError::Several(several.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(source: &str, configuration: &str) -> VideoView {
        VideoView {
            source: source.into(),
            configuration: configuration.into(),
        }
    }

    #[test]
    fn a_view_is_the_planned_one_or_the_only_one() {
        let (wide, tele, other) = (view("lens-1", "wide"), view("lens-1", "tele"), view("lens-2", "wide"));
        assert_eq!(chosen(&[], None), Ok(None));
        assert_eq!(chosen(&[wide.clone(), wide.clone()], None), Ok(Some(wide.clone())));
        assert_eq!(
            chosen(&[wide.clone(), tele.clone(), tele.clone()], None),
            Err(ViewError::Several(2))
        );
        assert_eq!(
            chosen(&[wide.clone(), other], Some(&tele)),
            Err(ViewError::Gone),
            "another view of the same lens is not it"
        );
        assert_eq!(chosen(&[wide, tele.clone()], Some(&tele)), Ok(Some(tele.clone())));
        assert_eq!(chosen(&[], Some(&tele)), Err(ViewError::Gone));
    }

    #[test]
    fn tokens_are_there_and_bounded() {
        assert!(view("a", "b").is_sound());
        for bad in [
            view("", "b"),
            view("a", ""),
            view("a", "b\n"),
            view(&"x".repeat(129), "b"),
        ] {
            assert!(!bad.is_sound(), "{bad:?}");
        }
    }
}
