//! The town hall of a town (`town`): the real server program in a directory of its own, and workstations that speak to it.
//!
//! Invariant: everything is on 127.0.0.1, on a free port, and ends with the test.
//! Deliberately absent: the workstation's own code; these speak the protocol by hand.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use crate::event_fixture;
use crate::town::add_settings;
use reqwest::{Client, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use vedetta::domain::audit::chain::{Sealed, StationChain};
use vedetta::domain::audit::checkpoint::{self, Checkpoint};
use vedetta::domain::audit::event::Body;
use vedetta::domain::audit::note::{SignerKey, Statement, VerifierKey};
use vedetta::domain::audit::succession::{self, TrustedKey};
use vedetta::domain::camera::{ControllerId, StationId};
use vedetta::domain::people::Purpose;
use vedetta::domain::site::SitePlan;
use vedetta::protocol::{
    AccountAnswer, BatchReceipt, DurablePromise, EventBatch, Refusal, RefusalKind, SessionGrant, SubmittedEvent,
};

/// The password of everybody who was added to a town.
const OWN_PASSWORD: &str = "cavallo-di-ferro-blu";

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_vedetta-audit");

/// The program that a town hall runs: this build's, or the one that `benches/audit.sh --against` measures beside it.
pub fn program() -> String {
    std::env::var("VEDETTA_AUDIT_PROGRAM").unwrap_or_else(|_| PROGRAM.to_owned())
}

/// The language that the tests read the program in, whatever that of the terminal.
pub const ITALIAN: &str = "it_IT.UTF-8";

pub struct TownHall {
    pub dir: tempfile::TempDir,
    child: Option<Child>,
    pub base: String,
    /// PostgreSQL instead of a file.
    database: Option<String>,
    /// Account names of [`Self::add_person`].
    added: Vec<String>,
}

/// A program that was started and said that it is ready; it ends with this value.
pub struct Running {
    pub child: Child,
    pub base: String,
    /// The whole line it said.
    pub said: serde_json::Value,
}

/// Starts the program through a line of bash (the program and its arguments are `$0` and `$@`) and waits until it is ready.
pub async fn run(line: &str, arguments: &[&str], database: Option<&str>) -> Running {
    let mut command = tokio::process::Command::new("bash");
    if let Some(url) = database {
        command.env("VEDETTA_DATABASE", url);
    }
    let mut child = command
        .args(["-c", line, &program()])
        .args(arguments)
        .stdout(Stdio::piped())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = tokio::time::timeout(Duration::from_secs(60), lines.next_line())
        .await
        .unwrap()
        .unwrap();
    let said: serde_json::Value = serde_json::from_str(&line.expect("the program ended")).unwrap();
    assert_eq!(said["ready"], true);
    let base = said["address"].as_str().unwrap().to_owned();
    Running { child, base, said }
}

/// Starts the program as it is.
pub const PLAIN: &str = "exec \"$0\" \"$@\"";

/// Files of a log's export, below one folder.
pub struct Export {
    pub dir: PathBuf,
    pub key: String,
}

pub fn borgo() -> ControllerId {
    "borgo-vedetta".parse().unwrap()
}

/// Runs the program to its end.
pub fn command(arguments: &[&str], password: Option<&SecretString>) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env("LC_ALL", ITALIAN).stdin(Stdio::null());
    if let Some(password) = password {
        command.env("VEDETTA_PASSWORD", password.expose_secret());
    }
    command.output().unwrap()
}

impl TownHall {
    /// A prepared data directory for a site, with these lines more in the server's settings; `Town` says what is in it.
    pub(crate) fn prepared(plan: &SitePlan, database: Option<String>, settings: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let hall = Self {
            dir,
            child: None,
            base: String::new(),
            database,
            added: Vec::new(),
        };
        std::fs::write(hall.path("site.toml"), toml::to_string(plan).unwrap()).unwrap();
        let accounts: String = plan
            .cameras
            .iter()
            .map(|camera| {
                let id = &camera.id;
                format!(
                    "[[camera]]\nid = \"{id}\"\nuser = \"vedetta\"\npassword = \"immagine-{id}\"\n\
                     figures_user = \"tecnico\"\nfigures_password = \"cifre-{id}\"\n"
                )
            })
            .collect();
        std::fs::write(hall.path("cameras.toml"), accounts).unwrap();
        let output = hall.prepare();
        assert!(output.status.success(), "{output:?}");
        add_settings(&hall.data(), settings);
        hall
    }

    /// A town hall whose folder (`data` in it, and whatever else) is unpacked from an archive.
    pub(crate) fn unpacked(archive: &Path) -> Self {
        let hall = Self {
            dir: tempfile::tempdir().unwrap(),
            child: None,
            base: String::new(),
            database: None,
            added: Vec::new(),
        };
        let unpacked = Command::new("tar")
            .arg("-xzf")
            .arg(archive)
            .arg("-C")
            .arg(hall.dir.path())
            .status();
        assert!(unpacked.unwrap().success(), "{}", archive.display());
        hall
    }

    pub fn prepare(&self) -> Output {
        let (site, cameras) = (self.path("site.toml"), self.path("cameras.toml"));
        self.command(
            &[
                "demo",
                "--data",
                self.data_text(),
                "--site",
                site.to_str().unwrap(),
                "--cameras",
                cameras.to_str().unwrap(),
            ],
            None,
        )
    }

    /// Runs the program to its end, on this database.
    pub fn command(&self, arguments: &[&str], password: Option<&SecretString>) -> Output {
        let passwords: Vec<_> = password
            .map(|password| ("VEDETTA_PASSWORD", password))
            .into_iter()
            .collect();
        self.command_of(arguments, &passwords)
    }

    /// The same with secrets in these variables.
    pub fn command_of(&self, arguments: &[&str], secrets: &[(&str, &SecretString)]) -> Output {
        let mut command = Command::new(program());
        command.args(arguments).env("LC_ALL", ITALIAN).stdin(Stdio::null());
        if let Some(url) = &self.database {
            command.env("VEDETTA_DATABASE", url);
        }
        for (variable, secret) in secrets {
            command.env(variable, secret.expose_secret());
        }
        command.output().unwrap()
    }

    /// Uses another database from the next start on.
    pub fn move_to(&mut self, database: String) {
        self.database = Some(database);
    }

    /// Another server process on the same data.
    pub async fn another(&self) -> Running {
        let arguments = ["serve", "--data", self.data_text(), "--listen", "127.0.0.1:0"];
        run(PLAIN, &arguments, self.database.as_deref()).await
    }

    /// Exports the log of the one controller.
    pub fn export(&self) -> Export {
        let out = self.path(&format!("export-{}", uuid::Uuid::new_v4()));
        let arguments = ["log", "export", "--data", self.data_text(), out.to_str().unwrap()];
        let output = self.command(&arguments, None);
        assert!(output.status.success(), "{output:?}");
        let dir = out.join("borgo-vedetta");
        let key = std::fs::read_to_string(dir.join("key")).unwrap().trim_end().to_owned();
        Export { dir, key }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub fn data_text(&self) -> &'static str {
        self.data().to_str().unwrap().to_owned().leak()
    }

    pub async fn start(&mut self) {
        self.start_with(PLAIN).await;
    }

    /// Starts the server through a line of bash; the program and its arguments are `$0` and `$@`.
    pub async fn start_with(&mut self, line: &str) {
        let arguments = ["serve", "--data", self.data_text(), "--listen", "127.0.0.1:0"];
        let running = run(line, &arguments, self.database.as_deref()).await;
        self.base = running.base;
        self.child = Some(running.child);
    }

    /// Starts the server and gives the file in which its log lines are.
    pub async fn start_heard(&mut self) -> PathBuf {
        let said = self.path("said");
        self.start_with(&format!("exec \"$0\" \"$@\" 2>{}", said.display()))
            .await;
        said
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().and_then(Child::id).unwrap()
    }

    /// Sends SIGKILL and does not wait; [`Self::crash`] follows.
    pub fn kill(&self) {
        if let Some(pid) = self.child.as_ref().and_then(Child::id) {
            drop(Command::new("kill").args(["-KILL", &pid.to_string()]).status());
        }
    }

    /// SIGKILL: nothing is put in order.
    pub async fn crash(&mut self) {
        let mut child = self.child.take().unwrap();
        // It may be gone already: `kill` was called.
        drop(child.start_kill());
        child.wait().await.unwrap();
    }

    /// SIGTERM; the program must end well.
    pub async fn stop(&mut self) {
        let mut child = self.child.take().unwrap();
        let pid = child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let status = tokio::time::timeout(Duration::from_secs(20), child.wait())
            .await
            .unwrap()
            .unwrap();
        assert!(status.success(), "{status}");
    }

    /// Adds an account and gives it a password of its own, in the name of the administrator, who leaves again.
    pub async fn add_person(&mut self, account: serde_json::Value) {
        let user = account["user"].as_str().unwrap().to_owned();
        let console = self.station("console");
        let administrator = self.password("amministratore");
        let token = console.sign_in("amministratore", &administrator).await.unwrap().token;
        let mut given: AccountAnswer = console.post("/v1/people", &token, account).await.unwrap();
        if given.waits {
            given = self.admit(&user).await;
        }
        let given = given.password.unwrap();
        let ask = serde_json::json!({
            "user": user, "password": given.expose_secret(), "new_password": OWN_PASSWORD,
        });
        let choose = console.client.post(console.url("/v1/password")).json(&ask);
        assert_eq!(choose.send().await.unwrap().status(), StatusCode::NO_CONTENT);
        let left = console.delete("/v1/sessions/current", &token).await;
        assert_eq!(left, StatusCode::NO_CONTENT);
        self.added.push(user);
    }

    /// The demo's supervisor lets another one's account into use.
    async fn admit(&self, user: &str) -> AccountAnswer {
        let room = self.station("sala-operativa");
        let token = room
            .sign_in("comandante", &self.password("comandante"))
            .await
            .unwrap()
            .token;
        let enable = serde_json::json!({"enable": {"reason": "nomina"}});
        let given = room.post(&format!("/v1/people/{user}"), &token, enable).await.unwrap();
        assert_eq!(
            room.delete("/v1/sessions/current", &token).await,
            StatusCode::NO_CONTENT
        );
        given
    }

    /// The password of somebody of the demo, or of somebody who was added.
    pub fn password(&self, user: &str) -> SecretString {
        if self.added.iter().any(|added| added == user) {
            return OWN_PASSWORD.into();
        }
        let text = std::fs::read_to_string(self.data().join("people.toml")).unwrap();
        let people: toml::Table = toml::from_str(&text).unwrap();
        let person = people["person"]
            .as_array()
            .unwrap()
            .iter()
            .find(|p| p["user"].as_str() == Some(user))
            .unwrap();
        person["password"].as_str().unwrap().into()
    }

    pub fn verify_output(&self) -> Output {
        self.command(&["log", "verify", "--data", self.data_text(), "--json"], None)
    }

    pub fn verify(&self) -> (bool, serde_json::Value) {
        let output = self.verify_output();
        (output.status.success(), serde_json::from_slice(&output.stdout).unwrap())
    }

    pub fn station(&self, name: &str) -> Station {
        self.station_at(&self.base, name)
    }

    /// A workstation that speaks to another server process.
    pub fn station_at(&self, base: &str, name: &str) -> Station {
        Station::new(base, name, Some(&self.data().join("stations").join(name)), &self.data())
    }

    /// Somebody without a certificate.
    pub fn stranger(&self) -> Station {
        Station::new(&self.base, "sala-operativa", None, &self.data())
    }

    /// Writes to the tables that may change, of a database no server has open.
    pub async fn edit(&self, statements: &str) {
        use sqlx::Connection as _;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.data().join("audit.db"));
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        let all = sqlx::AssertSqlSafe(statements.to_owned());
        sqlx::raw_sql(all).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Writes to the database past every trigger.
    pub async fn tamper(&self, statements: &str) {
        use sqlx::Connection as _;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.data().join("audit.db"));
        let mut connection = sqlx::SqliteConnection::connect_with(&options.foreign_keys(false))
            .await
            .unwrap();
        let drop = [
            "leaf_continues",
            "leaf_keeps",
            "leaf_stays",
            "body_once",
            "body_keeps",
            "body_stays",
            "node_once",
            "node_keeps",
            "node_stays",
        ]
        .map(|trigger| format!("DROP TRIGGER {trigger};"))
        .concat();
        let all = sqlx::AssertSqlSafe(drop + statements);
        sqlx::raw_sql(all).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// A workstation that speaks the protocol by hand.
pub struct Station {
    pub client: Client,
    pub base: String,
    pub id: StationId,
    pub chain: StationChain,
}

pub fn client(identity: Option<&Path>, ca: &Path) -> Client {
    let ca = reqwest::Certificate::from_pem(&std::fs::read(ca.join("ca.pem")).unwrap()).unwrap();
    let mut builder = Client::builder()
        .tls_certs_only([ca])
        .no_proxy()
        .timeout(Duration::from_secs(30));
    if let Some(dir) = identity {
        let pem = [
            std::fs::read(dir.join("cert.pem")).unwrap(),
            std::fs::read(dir.join("key.pem")).unwrap(),
        ]
        .concat();
        builder = builder.identity(reqwest::Identity::from_pem(&pem).unwrap());
    }
    builder.build().unwrap()
}

impl Station {
    fn new(base: &str, name: &str, identity: Option<&Path>, ca: &Path) -> Self {
        let id: StationId = name.parse().unwrap();
        Self {
            client: client(identity, ca),
            base: base.to_owned(),
            chain: StationChain::new(id.clone()),
            id,
        }
    }

    /// The next `count` events of this station; the chain moves past them.
    pub fn events(&mut self, count: usize) -> Vec<Sealed> {
        (0..count)
            .map(|_| {
                let body = self.body();
                event_fixture::sealed(&mut self.chain, uuid::Uuid::new_v4(), jiff::Timestamp::now(), &body)
            })
            .collect()
    }

    /// The next event of this station, by somebody at some camera and time.
    pub fn event_of(&mut self, person: &str, camera: &str, time: jiff::Timestamp) -> Sealed {
        let body = Body {
            person: person.to_owned(),
            camera: Some(camera.parse().unwrap()),
            ..self.body()
        };
        event_fixture::sealed(&mut self.chain, uuid::Uuid::nil(), time, &body)
    }

    /// Nobody is named: who names a person has to name a session that is theirs.
    fn body(&self) -> Body {
        Body {
            person: String::new(),
            camera: Some("cam-01".parse().unwrap()),
            purpose: Some(Purpose::UrbanSecurity),
            policy_version: 7,
            ..event_fixture::body(&self.id)
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub fn log_url(&self, path: &str) -> String {
        self.url(&format!("/v1/logs/{}/{path}", borgo()))
    }

    pub async fn submit(&self, events: &[Sealed]) -> Result<BatchReceipt, (StatusCode, RefusalKind)> {
        let batch = EventBatch {
            log: borgo(),
            events: events.iter().map(submitted).collect(),
        };
        answer(
            self.client
                .post(self.url(&format!("/v1/stations/{}/events", self.id)))
                .json(&batch),
        )
        .await
    }

    /// Hands events over in batches; `None` when the server is gone or cannot take them now.
    pub async fn hand(&self, events: &[Sealed]) -> Option<()> {
        for events in events.chunks(64) {
            let batch = EventBatch {
                log: borgo(),
                events: events.iter().map(submitted).collect(),
            };
            let url = self.url(&format!("/v1/stations/{}/events", self.id));
            let response = self.client.post(url).json(&batch).send().await.ok()?;
            if response.status() == StatusCode::SERVICE_UNAVAILABLE {
                return None;
            }
            assert!(response.status().is_success(), "{response:?}");
            response.json::<BatchReceipt>().await.ok()?;
        }
        Some(())
    }

    /// As [`Self::submit`]; `None` when the server is gone.
    pub async fn try_submit(&self, events: &[Sealed]) -> Option<BatchReceipt> {
        let batch = EventBatch {
            log: borgo(),
            events: events.iter().map(submitted).collect(),
        };
        let url = self.url(&format!("/v1/stations/{}/events", self.id));
        let response = self.client.post(url).json(&batch).send().await.ok()?;
        assert!(response.status().is_success(), "{response:?}");
        response.json().await.ok()
    }

    pub async fn sign_in(&self, user: &str, password: &SecretString) -> Result<SessionGrant, RefusalKind> {
        let ask = serde_json::json!({
            "user": user, "password": password.expose_secret(), "purpose": Purpose::UrbanSecurity
        });
        answer(self.client.post(self.url("/v1/sessions")).json(&ask))
            .await
            .map_err(|(_, why)| why)
    }

    /// Signs in with the code of a second factor.
    pub async fn sign_in_with_code(
        &self,
        user: &str,
        password: &SecretString,
        code: &SecretString,
    ) -> Result<SessionGrant, RefusalKind> {
        let ask = serde_json::json!({
            "user": user, "password": password.expose_secret(), "code": code.expose_secret(),
            "purpose": Purpose::UrbanSecurity
        });
        answer(self.client.post(self.url("/v1/sessions")).json(&ask))
            .await
            .map_err(|(_, why)| why)
    }

    pub async fn get<T: DeserializeOwned>(&self, url: String, token: &SecretString) -> Result<T, RefusalKind> {
        answer(self.client.get(url).bearer_auth(token.expose_secret()))
            .await
            .map_err(|(_, why)| why)
    }

    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        token: &SecretString,
        body: serde_json::Value,
    ) -> Result<T, RefusalKind> {
        let request = self
            .client
            .post(self.url(path))
            .bearer_auth(token.expose_secret())
            .json(&body);
        answer(request).await.map_err(|(_, why)| why)
    }

    pub async fn delete(&self, path: &str, token: &SecretString) -> StatusCode {
        let request = self.client.delete(self.url(path)).bearer_auth(token.expose_secret());
        request.send().await.unwrap().status()
    }

    /// What the server answers to a question whose answer is text.
    pub async fn text(&self, url: String) -> String {
        self.client.get(url).send().await.unwrap().text().await.unwrap()
    }

    pub async fn note(&self) -> String {
        self.text(self.log_url("checkpoint")).await
    }

    /// The first signed checkpoint of at least this size.
    pub async fn checkpoint_of(&self, key: &VerifierKey, size: u64) -> Checkpoint {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let checkpoint = checkpoint::verify(&self.note().await, key).unwrap();
            if checkpoint.size >= size {
                return checkpoint;
            }
            assert!(
                Instant::now() < until,
                "not signed in time: {} of {size}",
                checkpoint.size
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

pub fn submitted(event: &Sealed) -> SubmittedEvent {
    SubmittedEvent {
        leaf: event.leaf.clone(),
        salt: hex::encode(event.salt),
        body: event.body.clone(),
    }
}

/// Waits until the server says of itself that it is ready, or not.
pub async fn becomes(station: &Station, wanted: StatusCode) {
    let until = Instant::now() + Duration::from_secs(20);
    while station
        .client
        .get(station.url("/readyz"))
        .send()
        .await
        .unwrap()
        .status()
        != wanted
    {
        assert!(Instant::now() < until, "not {wanted} in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The answer, or the refusal with its status.
pub async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, (StatusCode, RefusalKind)> {
    let response = request.send().await.unwrap();
    let status = response.status();
    if status.is_success() {
        return Ok(response.json().await.unwrap());
    }
    let refusal: Refusal = response.json().await.unwrap();
    Err((status, refusal.why))
}

pub fn promise(receipt: &BatchReceipt, key: &VerifierKey) -> DurablePromise {
    key.verify_statement(Statement::Durable, &receipt.promise, &receipt.signature)
        .unwrap();
    serde_json::from_str(&receipt.promise).unwrap()
}

pub fn log_key(grant: &SessionGrant) -> VerifierKey {
    grant
        .log_keys
        .iter()
        .find(|key| key.controller == borgo())
        .unwrap()
        .vkey
        .parse()
        .unwrap()
}

/// A log's key, pinned at first sight.
pub fn first_seen(key: &VerifierKey) -> TrustedKey {
    succession::follow(&[], key, &borgo(), key.name(), None, key).unwrap()
}

/// The log's public key, from the file that holds its private one.
pub fn log_vkey(hall: &TownHall) -> VerifierKey {
    log_signer(hall).verifier()
}

/// The log's own private key: what only a forger inside the town hall has.
pub fn log_signer(hall: &TownHall) -> SignerKey {
    use base64::Engine as _;
    let text = std::fs::read_to_string(hall.data().join("keys/log-borgo-vedetta.key")).unwrap();
    let parts: Vec<&str> = text.trim_end().splitn(5, '+').collect();
    let raw = base64::engine::general_purpose::STANDARD.decode(parts[4]).unwrap();
    SignerKey::new(parts[2], raw[1..].try_into().unwrap()).unwrap()
}
