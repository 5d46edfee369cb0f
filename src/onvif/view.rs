//! Which profiles of a device show the planned view, and which of them carries the motors of its video source.
//!
//! Invariant: pictures, motors, masks and limits of one camera are never taken from two video sources; main and sub are
//! of the same view. Where a device does not let it be told, that is the error. Deliberately absent: the rule by which a
//! view is chosen (`domain::site::video_view`), asking for profiles.

use super::error::OnvifError;
use super::profile::Profile;
use crate::domain::site::video_view::{self, VideoView};
use std::collections::BTreeSet;

/// The profiles that carry video: those with an encoder, or all where the device declares none.
pub(super) fn with_video(profiles: Vec<Profile>) -> Vec<Profile> {
    let known = profiles.iter().any(|profile| profile.encoder);
    let video = profiles.into_iter().filter(|profile| profile.encoder || !known);
    video.collect()
}

/// The view to show; `None` for a device that declares none.
///
/// # Errors
/// [`OnvifError::View`] when it cannot be told, or the planned one is not there.
pub(super) fn chosen(profiles: &[Profile], planned: Option<&VideoView>) -> Result<Option<VideoView>, OnvifError> {
    let known = profiles.iter().any(|profile| profile.encoder);
    let video = profiles.iter().filter(|profile| profile.encoder || !known);
    let offered: Vec<VideoView> = video.filter_map(Profile::view).collect();
    Ok(video_view::chosen(&offered, planned)?)
}

/// The profiles that show the chosen view.
pub(super) fn showing(profiles: Vec<Profile>, view: Option<&VideoView>) -> Vec<Profile> {
    let of_view = |profile: &Profile| view.is_none() || profile.view().as_ref() == view;
    with_video(profiles).into_iter().filter(of_view).collect()
}

/// The profile to steer through: one of the view's video source with a PTZ configuration, of the view itself before another
/// one. A device without any PTZ configuration is steered through the first profile, where it has one video source.
/// `None`: this source has no motors.
pub(super) fn with_motors<'a>(profiles: &'a [Profile], view: Option<&VideoView>) -> Option<&'a Profile> {
    let mine = |profile: &&Profile| view.is_none_or(|view| profile.source == view.source);
    let same = |profile: &&Profile| profile.view().as_ref() == view;
    let configured = || profiles.iter().filter(|profile| profile.ptz.is_some());
    if configured().next().is_some() {
        return configured().find(same).or_else(|| configured().find(mine));
    }
    let sources: BTreeSet<&str> = profiles.iter().map(|profile| profile.source.as_str()).collect();
    let one_source = sources.into_iter().filter(|source| !source.is_empty()).count() <= 1;
    profiles.iter().find(mine).filter(|_| one_source)
}

#[cfg(test)]
mod tests {
    use super::super::OnvifErrorKind;
    use super::super::profile::PtzConfiguration;
    use super::*;

    fn profile(token: &str, source: &str, configuration: &str, ptz: bool) -> Profile {
        Profile {
            token: token.into(),
            source: source.into(),
            configuration: configuration.into(),
            encoder: true,
            ptz: ptz.then(|| PtzConfiguration {
                token: "ptz".into(),
                ..PtzConfiguration::default()
            }),
            ..Profile::default()
        }
    }

    fn view(source: &str, configuration: &str) -> VideoView {
        VideoView {
            source: source.into(),
            configuration: configuration.into(),
        }
    }

    /// A fixed wide lens, and a dome under it with a wide and a tele view.
    fn two_lenses() -> Vec<Profile> {
        vec![
            profile("wide-main", "lens-1", "wide", false),
            profile("wide-sub", "lens-1", "wide", false),
            profile("dome-main", "lens-2", "dome", false),
            profile("dome-sub", "lens-2", "dome", true),
            profile("tele", "lens-2", "tele", false),
        ]
    }

    #[test]
    fn r_prv_1_the_motors_are_those_of_the_lens_that_is_shown() {
        let all = two_lenses();
        let through = |view: &VideoView| with_motors(&all, Some(view)).map(|profile| profile.token.as_str());
        assert_eq!(through(&view("lens-1", "wide")), None, "the other lens would turn");
        assert_eq!(through(&view("lens-2", "dome")), Some("dome-sub"));
        assert_eq!(
            through(&view("lens-2", "tele")),
            Some("dome-sub"),
            "one pair of motors for both views"
        );
    }

    #[test]
    fn without_a_configuration_the_only_source_is_steered_and_none_of_several() {
        let one = [profile("a", "s", "c", false), profile("b", "s", "c", false)];
        assert_eq!(
            with_motors(&one, Some(&view("s", "c"))).map(|p| p.token.as_str()),
            Some("a")
        );
        let silent = [profile("a", "", "", false), profile("b", "", "", false)];
        assert_eq!(with_motors(&silent, None).map(|p| p.token.as_str()), Some("a"));
        let mut several = two_lenses();
        several.iter_mut().for_each(|profile| profile.ptz = None);
        assert_eq!(with_motors(&several, Some(&view("lens-1", "wide"))), None);
    }

    #[test]
    fn r_prv_1_main_and_sub_are_of_the_planned_view_or_there_is_none() {
        let planned = view("lens-2", "dome");
        let chosen_view = chosen(&two_lenses(), Some(&planned)).unwrap();
        let tokens: Vec<_> = showing(two_lenses(), chosen_view.as_ref())
            .into_iter()
            .map(|p| p.token)
            .collect();
        assert_eq!(tokens, ["dome-main", "dome-sub"]);
        let kind = |planned: Option<&VideoView>| chosen(&two_lenses(), planned).unwrap_err().kind();
        assert_eq!(kind(None), OnvifErrorKind::SeveralViews);
        assert_eq!(kind(Some(&view("lens-3", "dome"))), OnvifErrorKind::ViewGone);
    }

    #[test]
    fn profiles_that_carry_no_video_or_declare_no_source_make_no_second_view() {
        let mut profiles = vec![profile("main", "s", "c", false), profile("audio", "s-2", "c-2", false)];
        profiles[1].encoder = false;
        profiles.push(profile("nameless", "", "", false));
        let only = chosen(&profiles, None).unwrap();
        assert_eq!(only, Some(view("s", "c")));
        assert_eq!(showing(profiles, only.as_ref()).len(), 1);
    }
}
