//! The whole place of a town (`town`): simulated cameras, audit server, enrolled workstation, in a folder of its own.

use crate::town::add_settings;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use vedetta::domain::camera::CameraId;
use vedetta::domain::people::Purpose;
use vedetta::domain::people::clearance::{Extent, Verdict, Wish};
use vedetta::domain::reason::Reason;
use vedetta::station::{ClearanceState, SecretsChoice, Session, Station, StationConfig, StationError, TrackedPose};

/// A program that was started and ends with the test.
pub struct Program(Child);

impl Program {
    /// Starts a program and reads its one line of JSON.
    pub(crate) fn start<T: for<'a> Deserialize<'a>>(program: &str, arguments: &[&str], log: &Path) -> (Self, T) {
        let log = std::fs::File::create(log).expect("a log file");
        let mut child = Command::new(program)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("piped");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{program} said «{line}»: {error}"));
        (Self(child), ready)
    }

    /// Kills it without warning.
    pub fn kill(&mut self) {
        self.0.kill().expect("it was running");
        self.0.wait().expect("it ended");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[derive(Debug, Deserialize)]
struct AuditReady {
    address: String,
}

#[derive(Debug, Deserialize)]
struct People {
    person: Vec<DemoPerson>,
}

#[derive(Debug, Deserialize)]
struct DemoPerson {
    user: String,
    password: SecretString,
}

/// The place.
pub struct Place {
    pub sim: Program,
    pub server: Program,
    /// Base URL of the simulator's control endpoint.
    pub control: String,
    people: Vec<DemoPerson>,
    folder: tempfile::TempDir,
}

impl Place {
    /// The place around a running simulator that wrote its plan to `site` of the folder; `Town` says what is in it.
    pub(crate) fn around(folder: tempfile::TempDir, sim: Program, control: String, settings: &str) -> Self {
        let at = |name: &str| folder.path().join(name).to_str().expect("UTF-8 path").to_owned();
        let server_folder = at("server");
        let site = at("site/site.toml");
        let accounts = at("site/cameras.toml");
        let made = Command::new(env!("CARGO_BIN_EXE_vedetta-audit"))
            .args([
                "demo",
                "--data",
                &server_folder,
                "--site",
                &site,
                "--cameras",
                &accounts,
            ])
            .status()
            .expect("vedetta-audit runs");
        assert!(made.success(), "the demo server could not be made");
        add_settings(Path::new(&server_folder), settings);
        let (server, address): (_, AuditReady) = Program::start(
            env!("CARGO_BIN_EXE_vedetta-audit"),
            &["serve", "--data", &server_folder, "--listen", "127.0.0.1:0"],
            &folder.path().join("audit.log"),
        );
        assert!(address.address.starts_with("https://127.0.0.1:"));
        let people = std::fs::read_to_string(folder.path().join("server/people.toml")).expect("people.toml");
        let people: People = toml::from_str(&people).expect("people.toml reads");
        Self {
            sim,
            server,
            control,
            people: people.person,
            folder,
        }
    }

    /// A file or folder of the place.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The password of a demo person.
    pub fn password(&self, user: &str) -> SecretString {
        self.people
            .iter()
            .find(|person| person.user == user)
            .expect("a demo person")
            .password
            .clone()
    }

    /// A command of `vedetta-audit` on the running server, given by somebody.
    pub fn audit(&self, by: &str, arguments: &[&str]) -> std::process::Output {
        let data = self.path("server");
        Command::new(env!("CARGO_BIN_EXE_vedetta-audit"))
            .args(arguments)
            .args(["--data", data.to_str().expect("UTF-8 path"), "--by", by, "--json"])
            .env("VEDETTA_PASSWORD", self.password(by).expose_secret())
            .stdin(Stdio::null())
            .output()
            .expect("vedetta-audit runs")
    }

    /// The server dies and another process takes its place, at another address.
    pub fn restart_server(&mut self) {
        self.server.kill();
        let data = self.path("server");
        let data = data.to_str().expect("UTF-8 path");
        let (server, _): (_, AuditReady) = Program::start(
            env!("CARGO_BIN_EXE_vedetta-audit"),
            &["serve", "--data", data, "--listen", "127.0.0.1:0"],
            &self.path("audit-2.log"),
        );
        self.server = server;
    }

    /// The control room's workstation.
    pub async fn station(&self) -> Station {
        self.station_named("sala-operativa").await
    }

    /// An enrolled workstation, with a folder of its own; one that was dropped a moment ago may still hold that.
    pub async fn station_named(&self, name: &str) -> Station {
        let at = self.path(&format!("at-{name}"));
        let config = || StationConfig {
            enrolment: self.path("server/stations").join(name),
            data: at.clone(),
            evidence: at.join("evidence"),
            secrets: SecretsChoice::ProtectedFile,
            pose_source: std::sync::Arc::new(TrackedPose),
        };
        let opened = tokio::time::timeout(Duration::from_secs(30), async {
            loop {
                match Station::open(config()).await {
                    Err(StationError::Outbox { .. }) => tokio::task::yield_now().await,
                    other => return other,
                }
            }
        });
        opened.await.expect("in time").expect("the workstation opens")
    }

    /// Somebody signs in.
    pub async fn sign_in(&self, station: &Station, user: &str) -> Session {
        station
            .sign_in(user.to_owned(), self.password(user), Purpose::UrbanSecurity)
            .await
            .unwrap_or_else(|error| panic!("{user} signs in: {error}"))
    }

    /// The bodies of a log's events of one operation, in the order of the log.
    pub async fn bodies(&self, operation: &str) -> Vec<serde_json::Value> {
        use sqlx::Connection as _;
        let file = self.path("server/audit.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).read_only(true);
        let mut connection = sqlx::SqliteConnection::connect_with(&options)
            .await
            .expect("the log opens");
        let bodies: Vec<String> = sqlx::query_scalar("SELECT body FROM body ORDER BY log, idx")
            .fetch_all(&mut connection)
            .await
            .expect("the log is read");
        let bodies = bodies.iter().map(|body| serde_json::from_str(body).expect("JSON"));
        bodies
            .filter(|body: &serde_json::Value| body["operation"] == operation)
            .collect()
    }

    /// Lets an operator see recordings: asked for by them, approved by the commander at another workstation.
    pub async fn clear(&self, operator: &Session, extent: Extent) {
        let plan = operator.plan();
        let camera = extent.cameras.first().and_then(|id| plan.camera(id)).expect("a camera");
        let wish = Wish {
            controller: camera.controller.clone(),
            extent,
            purpose: Purpose::JudicialPoliceInitiative,
            reason: reason("danneggiamento"),
            protocol_no: "7/2026".into(),
        };
        operator.request_clearance(wish).await.expect("a request");
        let console = self.station_named("console").await;
        let commander = self.sign_in(&console, "comandante").await;
        let mut waiting = commander.clearances();
        let unanswered = |all: &[ClearanceState]| {
            all.iter()
                .find(|state| state.clearance.answer.is_none())
                .map(|state| state.id)
        };
        let told = waiting.wait_for(|all| unanswered(all).is_some()).await.expect("told");
        let id = unanswered(&told).expect("it waits");
        drop(told);
        commander
            .answer_clearance(id, Verdict::Approve { hours: 1 })
            .await
            .expect("an answer");
        let mut told = operator.clearances();
        let granted = |all: &Vec<ClearanceState>| {
            let answer = |state: &ClearanceState| state.clearance.answer.is_some();
            all.iter().any(|state| state.id == id && answer(state))
        };
        told.wait_for(granted).await.expect("told");
        commander.sign_out().await.expect("a sign-out");
    }

    /// Sets faults of a camera in the simulator.
    pub async fn fault(&self, camera: &CameraId, faults: serde_json::Value) {
        let answer = reqwest::Client::new()
            .post(format!("{}/cameras/{camera}/faults", self.control))
            .json(&faults)
            .send()
            .await
            .expect("the control endpoint answers");
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    /// What is true of a camera now, by the simulator's control endpoint.
    pub async fn truth(&self, camera: &CameraId) -> serde_json::Value {
        let answer = reqwest::get(format!("{}/cameras/{camera}", self.control))
            .await
            .expect("the control endpoint answers");
        answer.json().await.expect("JSON")
    }

    /// Runs `vedetta-audit log verify`; returns whether it passed and what it printed.
    pub fn verify(&self) -> (bool, String) {
        self.log(&["verify", "--json", "--data", &self.server()])
    }

    /// Runs `vedetta-audit log proof` on a file and its proof, by the policy of this server; returns whether they hold and what it
    /// printed.
    pub fn verify_copy(&self, proof: &Path, file: &Path) -> (bool, String) {
        let policy = self.path("policy");
        let (good, said) = self.log(&["policy", "--data", &self.server()]);
        assert!(good, "{said}");
        std::fs::write(&policy, said).expect("a policy");
        let [proof, policy, file] = [proof, &policy, file].map(|path| path.to_str().expect("UTF-8 path"));
        self.log(&["proof", proof, "--policy", policy, "--copy", file])
    }

    fn server(&self) -> String {
        self.path("server").to_str().expect("UTF-8 path").to_owned()
    }

    fn log(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_vedetta-audit"))
            .arg("log")
            .args(arguments)
            .output()
            .expect("vedetta-audit runs");
        let good = output.status.success();
        let said = if good { output.stdout } else { output.stderr };
        (good, String::from_utf8_lossy(&said).into_owned())
    }
}

/// A reason that fits.
pub fn reason(text: &str) -> Reason {
    Reason::try_from(text.to_owned()).expect("a reason")
}

/// Waits until a condition holds, looking at it every few milliseconds; panics with `what` after `seconds`.
pub async fn until(what: &str, seconds: u64, mut condition: impl FnMut() -> bool) {
    until_answered(what, seconds, async || condition()).await;
}

/// [`until`], for a condition that has to be asked for.
pub async fn until_answered(what: &str, seconds: u64, mut condition: impl AsyncFnMut() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let waited = tokio::time::timeout(Duration::from_secs(seconds), async {
        while !condition().await {
            tick.tick().await;
        }
    });
    assert!(waited.await.is_ok(), "waited {seconds} s for {what}");
}
