//! Users on cameras that nobody here made or entered, as each camera told last: for the alarm.
//!
//! Invariant: bounded, whatever a camera tells; a camera that tells nothing keeps what it told before. Deliberately absent: asking cameras,
//! recording (`camera_users`).

use crate::domain::camera::CameraId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most users of one camera that are kept, the first by name.
const MOST: usize = 32;

/// Unknown users, by camera.
#[derive(Default)]
pub struct UnknownUsers(Mutex<BTreeMap<CameraId, BTreeSet<String>>>);

impl UnknownUsers {
    /// Those of these names that were not known to be there, in order.
    pub fn new_among(&self, camera: &CameraId, names: impl IntoIterator<Item = String>) -> Vec<String> {
        let names: BTreeSet<String> = names.into_iter().collect();
        let all = self.lock();
        let before = all.get(camera);
        let is_new = |name: &String| before.is_none_or(|before| !before.contains(name));
        names.into_iter().take(MOST).filter(is_new).collect()
    }

    /// A camera has these now.
    pub fn set(&self, camera: &CameraId, names: impl IntoIterator<Item = String>) {
        let names: BTreeSet<String> = names.into_iter().collect();
        self.lock()
            .insert(camera.clone(), names.into_iter().take(MOST).collect());
    }

    /// Forgets cameras that are not asked any more.
    pub fn keep(&self, is_asked: impl Fn(&CameraId) -> bool) {
        self.lock().retain(|camera, _| is_asked(camera));
    }

    /// Cameras that have some, with their names.
    pub fn all(&self) -> Vec<(CameraId, Vec<String>)> {
        let all = self.lock();
        let some = all.iter().filter(|(_, names)| !names.is_empty());
        some.map(|(camera, names)| (camera.clone(), names.iter().cloned().collect()))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<CameraId, BTreeSet<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_new_once_and_again_after_it_was_gone_and_a_camera_that_names_many_is_bounded() {
        let users = UnknownUsers::default();
        let camera: CameraId = "cam-01".parse().unwrap();
        let names = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(users.new_among(&camera, names("tecnico admin")), ["admin", "tecnico"]);
        users.set(&camera, names("tecnico admin"));
        assert_eq!(users.new_among(&camera, names("admin ospite")), ["ospite"]);
        assert_eq!(users.all(), [(camera.clone(), names("admin tecnico"))]);
        users.set(&camera, names("admin"));
        assert_eq!(
            users.new_among(&camera, names("admin tecnico")),
            ["tecnico"],
            "it came back"
        );
        let many = || (0..500).map(|n| format!("u{n}"));
        assert_eq!(users.new_among(&camera, many()).len(), MOST);
        users.set(&camera, many());
        assert_eq!(users.all()[0].1.len(), MOST);
        assert_eq!(
            users.new_among(&camera, many()),
            Vec::<String>::new(),
            "the same ones again"
        );
        users.set(&camera, []);
        assert!(users.all().is_empty());
        users.set(&camera, names("admin"));
        users.keep(|camera| camera.as_str() != "cam-01");
        assert!(users.all().is_empty());
    }
}
