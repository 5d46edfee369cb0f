//! What is wrong with what stands in the form, place by place.
//!
//! Invariant: the rules are those the server keeps too (`domain::site::change`); here they are only said beside the field.
//! Deliberately absent: what only the camera knows, which its test finds out.

use super::{Asked, Form, Place};
use crate::domain::camera::CameraId;
use crate::domain::site::change::is_address;
use crate::gui::i18n::fl;

impl Form {
    /// What is wrong for what was asked for last, in the order of the keyboard; nothing before anything was asked for.
    pub(super) fn faults(&self) -> Vec<(Place, String)> {
        let empty = |place: Place| self.text(place).is_empty();
        let unless = |right: bool, place: Place, words: fn() -> String| (!right).then(|| (place, words()));
        let number = self.text(Place::Number).parse::<u32>().is_ok_and(|number| number > 0);
        let account = !self.needs_test() || self.is_tested() || !empty(Place::User);
        let about_the_camera = [
            unless(self.text(Place::Id).parse::<CameraId>().is_ok(), Place::Id, || {
                fl!("camera-bad-id")
            }),
            unless(number, Place::Number, || fl!("camera-bad-number")),
            unless(!empty(Place::Name), Place::Name, || fl!("camera-no-name")),
            unless(!empty(Place::Site), Place::Site, || fl!("camera-no-site")),
            unless(is_address(self.text(Place::Onvif)), Place::Onvif, || {
                fl!("camera-bad-onvif")
            }),
            unless(account, Place::User, || fl!("camera-test-account")),
        ];
        let reason = unless(!empty(Place::Reason), Place::Reason, || fl!("camera-no-reason"));
        let about_the_camera = about_the_camera.into_iter().flatten();
        match self.asked {
            Asked::Nothing => Vec::new(),
            Asked::Test => about_the_camera.collect(),
            Asked::Save => about_the_camera.chain(reason).collect(),
        }
    }
}
