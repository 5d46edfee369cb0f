//! Cameras and the site plan, administered by the commands on the running server: tested, added by one and approved by
//! another, changed, removed, brought from a file; with before and after in the log and no secret anywhere.
//!
//! Invariant: no way to another picture, mask, ceiling or calendar goes past the second person. Deliberately absent: the
//! rules themselves (`domain::site::change`), the screen.

use crate::simulated::{self, PASSWORD, USER};
use crate::town::Town;
use crate::town_hall::{ITALIAN, PROGRAM, TownHall};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use vedetta::domain::site::{SitePlan, file};
use vedetta::protocol::{CameraCredential, LogPage, RefusalKind, SignedPlan};

const ADMINISTRATOR: &str = "amministratore";
const SUPERVISOR: &str = "comandante";

/// A command of somebody, with the passwords it reads.
fn command(hall: &TownHall, by: &str, arguments: &[&str]) -> Output {
    Command::new(PROGRAM)
        .env("LC_ALL", ITALIAN)
        .args(arguments)
        .args(["--data", hall.data_text(), "--by", by, "--json"])
        .env("VEDETTA_PASSWORD", hall.password(by).expose_secret())
        .env("VEDETTA_CAMERA_PASSWORD", PASSWORD)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// What a command said; it must succeed.
fn said(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// The sentence of a command that must fail.
fn refused(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr)
        .lines()
        .last()
        .unwrap_or_default()
        .to_owned()
}

async fn plan_of(hall: &TownHall, user: &str) -> SitePlan {
    let sala = hall.station("sala-operativa");
    let token = sala.sign_in(user, &hall.password(user)).await.unwrap().token;
    let signed: SignedPlan = sala.get(sala.url("/v1/plan"), &token).await.unwrap();
    sala.delete("/v1/sessions/current", &token).await;
    serde_json::from_str(&signed.plan).unwrap()
}

/// The bodies of changes of configuration, of one camera.
async fn changes(hall: &TownHall, camera: &str) -> Vec<Value> {
    let console = hall.station("console");
    let password = hall.password(ADMINISTRATOR);
    let token = console.sign_in(ADMINISTRATOR, &password).await.unwrap().token;
    let url = console.log_url(&format!("search?operation=configuration_change&camera={camera}"));
    let page: LogPage = console.get(url, &token).await.unwrap();
    console.delete("/v1/sessions/current", &token).await;
    page.entries
        .iter()
        .map(|entry| serde_json::from_str(entry.body.as_deref().unwrap()).unwrap())
        .collect()
}

async fn credential(hall: &TownHall, camera: &str) -> Result<CameraCredential, RefusalKind> {
    let sala = hall.station("sala-operativa");
    let token: SecretString = sala
        .sign_in(SUPERVISOR, &hall.password(SUPERVISOR))
        .await
        .unwrap()
        .token;
    let path = format!("/v1/cameras/{camera}/credentials");
    let given = sala.post(&path, &token, json!({"need": "picture"})).await;
    sala.delete("/v1/sessions/current", &token).await;
    given
}

/// A town hall, a camera that is not in its plan yet, and who looks after cameras.
struct NewCamera {
    hall: TownHall,
    /// Address of the camera's device service.
    onvif: String,
}

const NOBODY: &str = "http://127.0.0.1:1/onvif/device_service";

impl NewCamera {
    async fn found() -> Self {
        let hall = Town::new().open().await;
        let (address, _) = vedetta::sim::onvif::serve(simulated::device()).await.unwrap();
        let onvif = format!("http://{address}/onvif/device_service");
        Self { hall, onvif }
    }

    fn admin(&self, arguments: &[&str]) -> Output {
        command(&self.hall, ADMINISTRATOR, arguments)
    }

    fn chief(&self, arguments: &[&str]) -> Output {
        command(&self.hall, SUPERVISOR, arguments)
    }

    fn add(&self, onvif: &str, account: &str) -> Output {
        self.admin(&[
            "cameras",
            "add",
            "--camera",
            "cam-07",
            "--number",
            "7",
            "--name",
            "Piazza Grande",
            "--place",
            "Lato scuola",
            "--controller",
            "borgo-vedetta",
            "--kind",
            "dome",
            "--onvif",
            onvif,
            "--account",
            account,
            "--reason",
            "nuovo palo",
        ])
    }

    /// Changes one thing of the new camera.
    fn change(&self, what: &str, value: &str, reason: &str) -> Output {
        self.admin(&[
            "cameras", "change", "--camera", "cam-07", what, value, "--reason", reason,
        ])
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_acc_2_a_camera_is_tested_before_it_is_added_and_by_the_administrator_alone() {
    let new = NewCamera::found().await;
    let test =
        |onvif: &str, account: &str| said(&new.admin(&["cameras", "test", "--onvif", onvif, "--account", account]));
    let found = test(&new.onvif, USER);
    assert_eq!(
        (&found["reachable"], &found["signed_in"], &found["ptz"], &found["masks"]),
        (&json!(true), &json!(true), &json!(true), &json!(8))
    );
    assert_eq!(
        (&found["profiles"][0]["codec"], &found["profiles"][0]["width"]),
        (&json!("H265"), &json!(1280))
    );
    assert_eq!(found["clock_offset_s"], 0);
    let found = test(&new.onvif, "nessuno");
    assert_eq!(
        (&found["reachable"], &found["signed_in"]),
        (&json!(true), &json!(false))
    );
    let found = test(NOBODY, USER);
    assert_eq!(found["reachable"], false);

    assert!(
        refused(&new.add(NOBODY, USER)).contains("non ha superato la prova"),
        "tested before saving"
    );
    assert!(refused(&new.add(&new.onvif, "nessuno")).contains("non ha superato la prova"));
    assert!(
        refused(&new.chief(&["cameras", "remove", "--camera", "cam-01", "--reason", "x"])).contains("non consentita"),
        "a supervisor changes none"
    );
}

/// The administrator adds the camera, and the supervisor approves it.
async fn added_by_one_and_approved_by_another(new: &NewCamera) {
    let hall = &new.hall;
    let waits = said(&new.add(&new.onvif, USER));
    assert_eq!(waits, json!({"waits": {"proposal": 1}}));
    assert!(
        plan_of(hall, SUPERVISOR)
            .await
            .camera(&"cam-07".parse().unwrap())
            .is_none()
    );
    assert_eq!(credential(hall, "cam-07").await.unwrap_err(), RefusalKind::NotFound);

    // Who made it does not approve it, and neither does an administrator.
    assert!(refused(&new.admin(&["cameras", "approve", "1"])).contains("non consentita"));
    let waiting = said(&new.chief(&["cameras", "waiting"]));
    assert_eq!(
        (&waiting[0]["author"]["user"], &waiting[0]["reason"]),
        (&json!(ADMINISTRATOR), &json!("nuovo palo"))
    );
    assert_eq!(waiting[0]["differences"][0]["after"]["onvif"], json!(new.onvif));
    said(&new.chief(&["cameras", "approve", "1"]));
    assert!(
        refused(&new.chief(&["cameras", "approve", "1"])).contains("inesistente"),
        "once"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_acc_2_a_camera_is_added_by_one_and_approved_by_another_and_changed_and_removed() {
    let new = NewCamera::found().await;
    let hall = &new.hall;
    added_by_one_and_approved_by_another(&new).await;
    let plan = plan_of(hall, SUPERVISOR).await;
    let camera = plan.camera(&"cam-07".parse().unwrap()).unwrap();
    assert_eq!(
        (plan.version, camera.name.as_str(), camera.lens.is_some()),
        (8, "Piazza Grande", true)
    );
    let given = credential(hall, "cam-07").await.unwrap();
    assert_eq!((given.user.as_str(), given.password.expose_secret()), (USER, PASSWORD));

    // A name is one person's to change; an address is not, and is taken back.
    let renamed = new.change("--name", "Piazza Nuova", "delibera 4");
    assert_eq!(said(&renamed), json!({"in_force": {"version": 9}}));
    let moved = new.change("--onvif", NOBODY, "altro palo");
    assert_eq!(said(&moved), json!({"waits": {"proposal": 2}}));
    said(&new.admin(&["cameras", "decline", "2"]));
    assert_eq!(plan_of(hall, SUPERVISOR).await.version, 9);

    let away = new.admin(&["cameras", "remove", "--camera", "cam-07", "--reason", "palo abbattuto"]);
    assert_eq!(said(&away), json!({"in_force": {"version": 10}}));
    assert_eq!(credential(hall, "cam-07").await.unwrap_err(), RefusalKind::NotFound);
    let list = said(&new.admin(&["cameras", "list"]));
    assert_eq!(list.as_array().unwrap().len(), 2);
    every_step_is_in_the_log_and_no_secret(hall).await;
}

async fn every_step_is_in_the_log_and_no_secret(hall: &TownHall) {
    let log = changes(hall, "cam-07").await;
    let steps: Vec<&str> = log
        .iter()
        .filter_map(|body| body["parameters"]["step"].as_str())
        .collect();
    assert_eq!(steps, ["proposed", "approved", "done", "proposed", "declined", "done"]);
    let told = &log
        .iter()
        .find(|body| body["parameters"]["reason"] == "delibera 4")
        .unwrap()["parameters"];
    assert_eq!(
        (&told["before"], &told["after"]),
        (&json!({"name": "Piazza Grande"}), &json!({"name": "Piazza Nuova"}))
    );
    assert_eq!(
        log.iter()
            .find(|body| body["parameters"]["step"] == "proposed")
            .unwrap()["parameters"]["tested"],
        true
    );
    assert!(
        log.iter().any(|body| body["parameters"]["change"] == "camera_account"),
        "{log:#?}"
    );
    for place in ["audit.db", "audit.db-wal"] {
        let bytes = std::fs::read(hall.data().join(place)).unwrap_or_default();
        assert!(
            !bytes.windows(PASSWORD.len()).any(|w| w == PASSWORD.as_bytes()),
            "{place}"
        );
    }
    let (ok, report) = hall.verify();
    assert!(ok, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cameras_are_found_on_the_network() {
    let device = simulated::device();
    let (address, _) = vedetta::sim::onvif::serve(device.clone()).await.unwrap();
    let (target, _) = vedetta::sim::discovery::serve(vec![(device, address)], false)
        .await
        .unwrap();
    let target = target.to_string();
    let arguments = [
        "cameras",
        "discover",
        "--interface",
        "127.0.0.1",
        "--at",
        &target,
        "--seconds",
        "1",
        "--json",
    ];
    let found = tokio::task::spawn_blocking({
        let arguments = arguments.map(str::to_owned);
        move || {
            Command::new(PROGRAM)
                .env("LC_ALL", ITALIAN)
                .args(arguments)
                .output()
                .unwrap()
        }
    });
    let found = tokio::time::timeout(Duration::from_secs(30), found)
        .await
        .unwrap()
        .unwrap();
    let found = said(&found);
    assert_eq!(
        found[0]["addresses"][0],
        json!(format!("http://{address}/onvif/device_service"))
    );
    assert_eq!(found[0]["name"], "Piazza Grande");
}

/// A town hall whose plan was written to a file.
struct PlanFile {
    hall: TownHall,
    path: PathBuf,
}

impl PlanFile {
    async fn exported() -> Self {
        let hall = Town::new().open().await;
        let path = hall.dir.path().join("piano.toml");
        let file = Self { hall, path };
        assert_eq!(said(&file.export())["version"], 7);
        file
    }

    fn text(&self) -> &str {
        self.path.to_str().unwrap()
    }

    fn export(&self) -> Output {
        command(&self.hall, ADMINISTRATOR, &["plan", "export", self.text()])
    }

    fn import(&self, by: &str) -> Output {
        let arguments = ["plan", "import", self.text(), "--reason", "verifica annuale"];
        command(&self.hall, by, &arguments)
    }

    fn approve(&self, proposal: &str) -> Output {
        command(&self.hall, SUPERVISOR, &["cameras", "approve", proposal])
    }

    fn edit(&self, change: &dyn Fn(&mut SitePlan)) {
        let mut plan = file::read(&std::fs::read_to_string(&self.path).unwrap()).unwrap();
        change(&mut plan);
        std::fs::write(&self.path, file::write(&plan).unwrap()).unwrap();
    }
}

/// The town hall's dome has no lens: the file says so itself, with its line. With one it is in force.
fn the_fault_of_the_file_is_named_and_mended(plan: &PlanFile) {
    let check = Command::new(PROGRAM)
        .env("LC_ALL", ITALIAN)
        .args(["plan", "check", plan.text()])
        .output()
        .unwrap();
    let faults = String::from_utf8_lossy(&check.stderr).into_owned();
    assert!(
        !check.status.success() && faults.contains("kind: cam-02: una dome deve avere"),
        "{faults}"
    );
    let text = std::fs::read_to_string(&plan.path).unwrap();
    let line = text.lines().position(|line| line == "kind = \"dome\"").unwrap() + 1;
    assert!(faults.contains(&format!(":{line}: kind:")), "line {line}: {faults}");
    assert!(
        refused(&plan.import(ADMINISTRATOR)).contains("contiene un errore"),
        "it is not even sent"
    );
    // With a lens it is another picture's geometry: that takes two.
    let lens = "\n[cameras.lens]\npan_range_deg = [-180.0, 180.0]\ntilt_range_deg = [-90.0, 0.0]\n\
                hfov_by_zoom = [[0.0, 60.0], [1.0, 2.5]]\naspect = 1.78\n";
    std::fs::write(&plan.path, format!("{text}{lens}")).unwrap();
    assert_eq!(said(&plan.import(ADMINISTRATOR)), json!({"waits": {"proposal": 1}}));
    said(&plan.approve("1"));
    assert!(
        refused(&plan.import(ADMINISTRATOR)).contains("ora è la versione 8"),
        "made from an older version"
    );
}

fn one_person_changes_a_name(plan: &PlanFile) {
    said(&plan.export());
    assert!(refused(&plan.import(ADMINISTRATOR)).contains("Non cambia niente"));
    plan.edit(&|plan| plan.cameras[0].name = "Portici".into());
    assert_eq!(said(&plan.import(ADMINISTRATOR)), json!({"in_force": {"version": 9}}));
    assert!(
        refused(&plan.import(SUPERVISOR)).contains("non consentita"),
        "not a supervisor's"
    );
}

/// A ceiling, a mask, a calendar: each waits, and nothing is in force meanwhile.
async fn a_ceiling_a_mask_and_a_calendar_wait(file: &PlanFile) {
    said(&file.export());
    type Way<'a> = (&'a str, &'a dyn Fn(&mut SitePlan));
    let ways: [Way<'_>; 3] = [
        ("limits", &|plan| plan.cameras[0].limits.zoom_ceiling = Some(40.0)),
        ("masks", &|plan| {
            let mask = json!({"id": "m-1", "name": "Finestra", "shape": {"picture": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]},
                "revision": {"number": 9, "author": "neri", "approver": "villa", "approved_ms": 1}});
            plan.cameras[0].masks.push(serde_json::from_value(mask).unwrap());
        }),
        ("school", &|plan| {
            let calendar = json!({"last_day": "2030-01-01", "hours": []});
            plan.cameras[0].school = serde_json::from_value(calendar).ok();
        }),
    ];
    let kept = std::fs::read_to_string(&file.path).unwrap();
    for (n, (field, way)) in ways.into_iter().enumerate() {
        std::fs::write(&file.path, &kept).unwrap();
        file.edit(way);
        assert_eq!(
            said(&file.import(ADMINISTRATOR)),
            json!({"waits": {"proposal": n + 2}}),
            "{field}"
        );
        assert_eq!(plan_of(&file.hall, SUPERVISOR).await.version, 9);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_prv_1_a_plan_from_a_file_goes_past_nobody() {
    let file = PlanFile::exported().await;
    the_fault_of_the_file_is_named_and_mended(&file);
    one_person_changes_a_name(&file);
    a_ceiling_a_mask_and_a_calendar_wait(&file).await;
    said(&file.approve("3"));
    let plan = plan_of(&file.hall, SUPERVISOR).await;
    let revision = plan
        .cameras
        .iter()
        .flat_map(|camera| &camera.masks)
        .next()
        .unwrap()
        .revision
        .clone()
        .unwrap();
    assert_eq!(
        (revision.number, revision.author.as_str(), revision.approver.as_str()),
        (1, ADMINISTRATOR, SUPERVISOR),
        "not what the file says"
    );
    assert!(
        refused(&file.approve("2")).contains("versione 10"),
        "made from an older version"
    );
    // What waits outlives the server.
    let mut hall = file.hall;
    hall.stop().await;
    hall.start().await;
    let waiting = said(&command(&hall, SUPERVISOR, &["cameras", "waiting"]));
    assert_eq!(waiting.as_array().unwrap().len(), 2, "{waiting}");
    let log = changes(&hall, "cam-01").await;
    let of = |step: &str| log.iter().filter(|body| body["parameters"]["step"] == step).count();
    assert_eq!((of("proposed"), of("approved"), of("done")), (3, 1, 1), "{log:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_7_every_server_process_follows_the_plan() {
    let cluster = crate::cluster::Cluster::start();
    let mut hall = Town::new().on(Some(cluster.owner_url())).prepared();
    hall.move_to(cluster.server_url());
    hall.start().await;
    let second = hall.another().await;
    let there = hall.station_at(&second.base, "sala-operativa");
    let token = there
        .sign_in(SUPERVISOR, &hall.password(SUPERVISOR))
        .await
        .unwrap()
        .token;
    let console = hall.station("console");
    let admin = console
        .sign_in(ADMINISTRATOR, &hall.password(ADMINISTRATOR))
        .await
        .unwrap()
        .token;
    let settings = json!({
        "id": "cam-01", "number": 1, "name": "Portici", "place": "Piazza", "controller": "borgo-vedetta", "kind": "fixed",
        "onvif": "http://127.0.0.1:1/onvif/device_service",
    });
    let put = json!({"settings": settings, "reason": "delibera 4", "tested": false});
    let changed: Value = console.post("/v1/cameras", &admin, put).await.unwrap();
    assert_eq!(changed, json!({"in_force": {"version": 8}}));
    let followed = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let signed: SignedPlan = there.get(there.url("/v1/plan"), &token).await.unwrap();
            let plan: SitePlan = serde_json::from_str(&signed.plan).unwrap();
            if plan.version == 8 {
                return plan;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert_eq!(followed.await.unwrap().cameras[0].name, "Portici");
}
