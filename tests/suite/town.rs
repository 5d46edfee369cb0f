//! A town for one test: its cameras, its controllers, its people, the server's settings and the place of its log.
//!
//! | way to begin | what runs |
//! |---|---|
//! | [`Town::prepared`] | nothing yet: a prepared data directory (`town_hall`) |
//! | [`Town::open`] | the audit server; nobody answers at the cameras' addresses (`town_hall`) |
//! | [`Town::simulator`] | the simulator for its cameras, without a server |
//! | [`Town::simulated`] | the audit server, and the simulator for its cameras (`end_to_end::place`) |
//!
//! Invariant: every test that needs a town says here what is in it. Deliberately absent: what the programs do.

use crate::end_to_end::place::{Place, Program};
use crate::town_hall::{TownHall, borgo};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use vedetta::domain::camera::{CameraKind, ControllerId};
use vedetta::domain::site::{CameraPlan, Controller, SitePlan};

/// What is in a town.
pub struct Town {
    plan: SitePlan,
    accounts: Vec<Value>,
    database: Option<String>,
    settings: String,
    makes: Vec<String>,
}

impl Town {
    /// Borgo Vedetta with a fixed camera and a dome: `cam-01` and `cam-02`.
    pub fn new() -> Self {
        Self::of(1, 1)
    }

    /// Borgo Vedetta with so many fixed cameras, and after them so many domes: `cam-01`, `cam-02` …
    pub fn of(fixed: u32, domes: u32) -> Self {
        let kind = |number| {
            if number > fixed {
                CameraKind::Dome
            } else {
                CameraKind::Fixed
            }
        };
        let cameras =
            (1..=fixed + domes).map(|number| camera(&format!("cam-{number:02}"), number, borgo(), kind(number)));
        Self {
            plan: SitePlan {
                version: 7,
                controllers: vec![controller(borgo(), "Comune di Borgo Vedetta", "020001")],
                cameras: cameras.collect(),
                critical: Vec::new(),
            },
            accounts: Vec::new(),
            database: None,
            settings: String::new(),
            makes: Vec::new(),
        }
    }

    /// With another controller, `altrove`, and its one camera, number 77, called «Nascosta».
    pub fn neighbour(mut self, id: &str, kind: CameraKind) -> Self {
        let altrove: ControllerId = "altrove".parse().unwrap();
        let mut hidden = camera(id, 77, altrove.clone(), kind);
        hidden.name = "Nascosta".into();
        self.plan.cameras.push(hidden);
        self.plan
            .controllers
            .push(controller(altrove, "Comune di Altrove", "020002"));
        self
    }

    /// With somebody beside the people of the demo; their password is [`TownHall::password`]'s.
    pub fn person(mut self, account: Value) -> Self {
        self.accounts.push(account);
        self
    }

    /// With its log in this PostgreSQL database.
    pub fn on(mut self, database: Option<String>) -> Self {
        self.database = database;
        self
    }

    /// With these lines more in the server's settings.
    pub fn settings(mut self, lines: &str) -> Self {
        self.settings.push_str(lines);
        self
    }

    /// With its plan changed so.
    pub fn planned(mut self, change: impl FnOnce(&mut SitePlan)) -> Self {
        change(&mut self.plan);
        self
    }

    /// With domes of these makes in the simulator: `[CAMERA=]MAKE` each.
    pub fn makes(mut self, makes: &[&str]) -> Self {
        self.makes.extend(makes.iter().map(|make| (*make).to_owned()));
        self
    }

    /// A prepared data directory.
    pub fn prepared(self) -> TownHall {
        assert!(self.accounts.is_empty(), "only a running server takes people");
        TownHall::prepared(&self.plan, self.database, &self.settings)
    }

    /// A running server, with everybody in it.
    pub async fn open(mut self) -> TownHall {
        let accounts = std::mem::take(&mut self.accounts);
        let mut hall = self.prepared();
        hall.start().await;
        for account in accounts {
            hall.add_person(account).await;
        }
        hall
    }

    /// A running server, and a simulator that makes as many fixed cameras and domes and says where they are.
    pub fn simulated(self) -> Place {
        assert!(
            self.accounts.is_empty() && self.database.is_none() && self.plan.controllers.len() == 1,
            "the simulator's town has the people of the demo, one controller and a log in a file"
        );
        let folder = tempfile::tempdir().unwrap();
        let makes: Vec<_> = self.makes.iter().flat_map(|make| ["--make", make]).collect();
        let (simulator, ready): (_, Value) = self.simulator(folder.path(), &makes);
        let control = ready["control"].as_str().unwrap().to_owned();
        Place::around(folder, simulator, control, &self.settings)
    }

    /// The simulator alone, with these arguments more, and what it says when it is ready; its plan is in `site` of the folder.
    pub fn simulator<T: for<'a> Deserialize<'a>>(&self, folder: &Path, more: &[&str]) -> (Program, T) {
        let domes = self
            .plan
            .cameras
            .iter()
            .filter(|camera| camera.kind == CameraKind::Dome);
        let (cameras, domes) = (self.plan.cameras.len().to_string(), domes.count().to_string());
        let site = folder.join("site");
        std::fs::create_dir(&site).unwrap();
        // Clips are encoded once for all tests of this build.
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clips");
        let (site, cache) = (site.to_str().unwrap(), cache.to_str().unwrap());
        let arguments = [
            "--cameras",
            &cameras,
            "--domes",
            &domes,
            "--seed",
            "7",
            "--plan",
            site,
            "--cache",
            cache,
        ];
        Program::start(
            env!("CARGO_BIN_EXE_vedetta-sim"),
            &[&arguments[..], more].concat(),
            &folder.join("sim.log"),
        )
    }
}

/// Adds lines to the settings of a server's data directory.
pub fn add_settings(data: &Path, lines: &str) {
    if lines.is_empty() {
        return;
    }
    let file = data.join("server.toml");
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    std::fs::write(&file, format!("{before}\n{lines}")).unwrap();
}

fn controller(id: ControllerId, name: &str, istat: &str) -> Controller {
    Controller {
        id,
        name: name.into(),
        istat: istat.into(),
    }
}

fn camera(id: &str, number: u32, controller: ControllerId, kind: CameraKind) -> CameraPlan {
    CameraPlan {
        name: id.to_uppercase(),
        place: "Piazza".into(),
        onvif: "http://127.0.0.1:1/onvif/device_service".into(),
        ..CameraPlan::blank(id.parse().unwrap(), number, controller, kind)
    }
}

/// An account as the administrator enters it: level, and what it may do where.
pub fn account(user: &str, level: &str, grants: Value) -> Value {
    json!({
        "user": user, "display_name": "Ag. Chiara Neri", "body": "Polizia Locale", "level": level,
        "act": "decreto 12/2026", "grants": grants,
    })
}
