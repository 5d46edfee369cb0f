//! What the session knows: who is signed in, the site plan in force, the dome leases, who watches what.
//!
//! Invariant: a copy of what the session answered last; nothing here is changed by the screen. Deliberately absent: what
//! the station is asked to do (`session_port`).

use crate::domain::camera::CameraId;
use crate::domain::people::stated_purpose::Stated;
use crate::domain::people::{self, Action as Wanted, Asked, Person, Right};
use crate::domain::site::{CameraPlan, SitePlan};
use crate::gui::session_port::{Desk, DomeLease};
use crate::station::{Health, Holder, Watching};
use std::sync::Arc;

/// The session's port and what was last read from it.
pub struct SessionFacts {
    desk: Arc<dyn Desk>,
    plan: Arc<SitePlan>,
    person: Person,
    stated: Stated,
    health: Health,
    may_watch: bool,
    leases: Vec<DomeLease>,
    watching: Vec<Watching>,
}

impl SessionFacts {
    /// Reads everything once.
    pub fn new(desk: Arc<dyn Desk>) -> Self {
        Self {
            plan: desk.plan(),
            person: desk.person(),
            stated: desk.stated(),
            health: desk.health(),
            may_watch: desk.may_watch(),
            leases: desk.leases(),
            watching: desk.watching(),
            desk,
        }
    }

    /// Reads anew everything that changes by itself, but for the plan.
    pub fn read(&mut self) {
        self.stated = self.desk.stated();
        self.health = self.desk.health();
        self.may_watch = self.desk.may_watch();
        self.leases = self.desk.leases();
        self.watching = self.desk.watching();
    }

    /// Reads the plan in force; the plan before it, when another one is in force now.
    pub fn read_plan(&mut self) -> Option<Arc<SitePlan>> {
        let before = std::mem::replace(&mut self.plan, self.desk.plan());
        (!Arc::ptr_eq(&before, &self.plan)).then_some(before)
    }

    /// Reads the dome leases: a gesture has just begun.
    pub fn read_leases(&mut self) {
        self.leases = self.desk.leases();
    }

    /// Reads the purpose: the person has just stated another one.
    pub fn read_purpose(&mut self) {
        self.stated = self.desk.stated();
    }

    /// The session's port.
    pub fn desk(&self) -> &Arc<dyn Desk> {
        &self.desk
    }

    /// The site plan in force.
    pub fn plan(&self) -> &SitePlan {
        &self.plan
    }

    /// Who is signed in.
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// The purpose in force.
    pub fn stated(&self) -> &Stated {
        &self.stated
    }

    /// How the audit path and the workstation do.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Whether the audit path lets anybody watch now.
    pub fn may_watch(&self) -> bool {
        self.may_watch
    }

    /// The dome leases in force.
    pub fn leases(&self) -> &[DomeLease] {
        &self.leases
    }

    /// Who watches which camera.
    pub fn watching(&self) -> &[Watching] {
        &self.watching
    }

    /// The lease on a dome, if somebody holds one.
    pub fn lease_of(&self, camera: &CameraId) -> Option<&DomeLease> {
        self.leases.iter().find(|lease| &lease.camera == camera)
    }

    /// Who else watches a camera.
    pub fn others_on(&self, camera: &CameraId) -> Vec<Holder> {
        let watching = self.watching.iter().find(|watching| &watching.camera == camera);
        let people = watching.map(|watching| watching.people.as_slice()).unwrap_or_default();
        people
            .iter()
            .filter(|other| other.user != self.person.user)
            .cloned()
            .collect()
    }

    /// Decides for each camera whether the person may watch it live, in the circumstances of this moment.
    pub fn may_see(&self) -> impl Fn(&CameraPlan) -> bool + '_ {
        let here = self.desk.circumstances();
        move |camera| {
            let asked = Asked::Camera {
                right: Right::Grant(Wanted::Live),
                controller: &camera.controller,
                camera: &camera.id,
            };
            people::decide(&self.person, asked, &here).is_allowed()
        }
    }

    /// The cameras that the person may watch live, by number.
    pub fn cameras_in_sight(&self) -> Vec<&CameraPlan> {
        let may_see = self.may_see();
        let mut cameras: Vec<_> = self.plan.cameras.iter().filter(|camera| may_see(camera)).collect();
        cameras.sort_by_key(|camera| camera.number);
        cameras
    }
}
