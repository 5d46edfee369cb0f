//! Every call of the server as everybody: without a certificate, an enrolled machine without a session, and the five levels
//! (R-ACC-2), against the real server.
//!
//! Invariant: the table is written by hand; its bodies are well formed and what they name is there, so that a refusal comes
//! from who asks and nothing else. Deliberately absent: bodies that are not well formed and other controllers (`attacks`), the
//! decision cell by cell (`people_matrix`).

use crate::town::{Town, account};
use crate::town_hall::{Station, TownHall, borgo, log_vkey, promise, submitted};
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use vedetta::domain::camera::CameraKind;
use vedetta::domain::site::{Mask, SitePlan};
use vedetta::protocol::EventBatch;

/// Call, body, and the status that each is answered with, in this order: nobody's certificate, an enrolled machine without a
/// session, operator, supervisor, force operator, administrator, maintainer. The administrator sits at the server's console, the
/// maintainer at the workstation for maintenance, the others in the control room. What stands in braces is filled in for each
/// cell (`Room::value`).
const TABLE: &str = r#"
GET /healthz | - | 200 200 200 200 200 200 200
GET /readyz | - | 200 200 200 200 200 200 200
GET /metrics | - | 200 200 200 200 200 200 200
GET /v1/authority | - | 200 200 200 200 200 200 200
POST /v1/enrolments | {"code":"{code}","public_key":"{key}"} | 200 200 200 200 200 200 200
POST /v1/enrolments | {"code":"AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG","public_key":"{key}"} | 403 403 403 403 403 403 403
POST /v1/stations/{station}/certificate | {"public_key":"{key}"} | 403 200 200 200 200 200 200
POST /v1/stations/console/certificate | {"public_key":"{key}"} | 403 403 403 403 403 200 403
POST /v1/sessions | {"user":"nessuno-{who}","password":"sbagliata","purpose":"traffic"} | 403 401 401 401 401 401 401
GET /v1/sessions | - | 403 401 403 200 403 200 403
POST /v1/sessions/current/proof | {"password":"{password}"} | 403 401 204 204 204 204 204
POST /v1/sessions/current/purpose | {"purpose":"traffic"} | 403 401 204 204 204 204 204
POST /v1/sessions/current/asked | {"yields":false} | 403 401 404 404 404 404 404
POST /v1/sessions/asked | {"ticket":"di-nessuno","step":"look"} | 403 404 404 404 404 404 404
POST /v1/password | {"user":"ignoto-{who}","password":"sbagliata","new_password":"cavallo-di-ferro-blu"} | 403 401 401 401 401 401 401
GET /v1/people | - | 403 401 403 200 403 200 403
POST /v1/people | {"user":"nuovo-{who}","display_name":"Ag. Nuovo","body":"Polizia Locale","level":"operator","act":"decreto 1"} | 403 401 403 403 403 200 403
POST /v1/people | {"user":"capo-{who}","display_name":"Comm. Nuovo","body":"Polizia Locale","level":"supervisor","act":"decreto 1"} | 403 401 403 403 403 200 403
POST /v1/people/bersaglio | "confirm" | 403 401 403 200 403 200 403
POST /v1/people/bersaglio | {"disable":{"reason":"prova"}} | 403 401 403 200 403 200 403
POST /v1/people/bersaglio | {"enable":{"reason":"prova"}} | 403 401 403 403 403 200 403
POST /v1/people/bersaglio | "reset_password" | 403 401 403 403 403 200 403
POST /v1/people/bersaglio | "new_second_factor" | 403 401 403 403 403 200 403
POST /v1/people/bersaglio | {"grants":[]} | 403 401 403 403 403 200 403
POST /v1/people/vice | {"enable":{"reason":"nomina"}} | 403 401 403 200 403 403 403
DELETE /v1/people/{guest}/sessions | - | 403 401 403 204 403 204 403
GET /v1/people/me/entries | - | 403 401 200 200 200 200 200
GET /v1/workstations | - | 403 401 403 200 403 200 403
POST /v1/workstations/codes | {"station":"nuova-{who}","kind":"control_room"} | 403 401 403 403 403 200 403
DELETE /v1/workstations/terza | - | 403 401 403 403 403 204 403
GET /v1/doctor | - | 403 401 403 403 403 200 403
GET /v1/plan | - | 403 401 200 200 200 200 200
GET /v1/cameras | - | 403 401 403 200 403 200 403
POST /v1/cameras | {"settings":{"id":"cam-01","number":1,"name":"Nome di {who}","place":"Piazza","controller":"borgo-vedetta","kind":"fixed","onvif":"http://127.0.0.1:1/onvif/device_service"},"reason":"prova","tested":false} | 403 401 403 403 403 200 403
POST /v1/cameras/cam-02/removal | {"reason":"prova"} | 403 401 403 403 403 200 403
POST /v1/site | {"plan":{plan},"reason":"prova"} | 403 401 403 403 403 200 403
POST /v1/site/trials | {"onvif":"http://127.0.0.1:1/onvif/device_service"} | 403 401 403 403 403 204 403
GET /v1/site/proposals | - | 403 401 403 200 403 200 403
POST /v1/site/proposals/{change} | "decline" | 403 401 403 204 403 204 403
POST /v1/site/proposals/{change} | "approve" | 403 401 403 204 403 403 403
POST /v1/cameras/cam-01/credentials | {"need":"picture"} | 403 401 200 200 200 403 403
POST /v1/cameras/cam-01/credentials | {"need":"figures"} | 403 401 403 200 403 200 200
POST /v1/cameras/{dome}/hold | "take" | 403 401 200 200 200 403 403
GET /v1/holds | - | 403 401 200 200 200 200 200
POST /v1/clearances | {wish} | 403 401 200 422 403 403 403
POST /v1/clearances/{waiting} | {"approve":{"hours":1}} | 403 401 403 200 403 403 403
POST /v1/clearances/{granted}/withdrawal | {"reason":"prova"} | 403 401 403 200 403 403 403
POST /v1/recordings/at-once | {recent} | 403 401 200 422 403 403 403
POST /v1/clearances/{opened}/ratification | "ratify" | 403 401 403 200 403 403 403
GET /v1/policy?after=0 | - | 403 401 200 200 200 200 200
POST /v1/cameras/cam-01/permit | {"pictures":"live"} | 403 401 204 204 204 403 403
POST /v1/cameras/cam-01/permit | {"pictures":{"playback":{span}}} | 403 401 422 204 403 403 403
POST /v1/cameras/cam-01/permit | {"pictures":{"export":{span}}} | 403 401 422 204 403 403 403
POST /v1/cameras/{dome}/declared | {"change":"ceilings","reason":"prova","minutes":5} | 403 401 200 200 200 403 403
POST /v1/cameras/cam-01/declared | {"change":{"mask":"finestre"},"reason":"prova","minutes":5} | 403 401 403 200 403 403 403
DELETE /v1/declared/{declared} | - | 403 401 204 204 204 403 403
POST /v1/cameras/cam-01/masks | {mask} | 403 401 200 200 200 403 403
GET /v1/proposals | - | 403 401 200 200 200 200 200
POST /v1/proposals/{proposal} | "decline" | 403 401 403 204 403 403 403
POST /v1/proposals/{proposal} | "approve" | 403 401 403 204 403 403 403
POST /v1/stations/{station}/events | {batch} | 403 200 200 200 200 200 200
GET /v1/stations/{station}/heads | - | 403 200 200 200 200 200 200
GET /v1/stations/console/heads | - | 403 403 403 403 403 200 403
GET /v1/stations/{station}/proof?log=borgo-vedetta&seq=0 | - | 403 200 200 200 200 200 200
GET /v1/logs/borgo-vedetta/checkpoint | - | 200 200 200 200 200 200 200
GET /v1/logs/borgo-vedetta/tile/0/000.p/1 | - | 200 200 200 200 200 200 200
GET /v1/logs/borgo-vedetta/inclusion?index=0&size=1 | - | 403 200 200 200 200 200 200
GET /v1/logs/borgo-vedetta/consistency?from=1&to=2 | - | 403 200 200 200 200 200 200
GET /v1/logs/borgo-vedetta/entries?limit=1 | - | 403 401 403 403 403 200 403
GET /v1/logs/borgo-vedetta/search?person=nessuno | - | 403 401 403 403 403 200 403
POST /v1/logs/borgo-vedetta/console | {"exported":{"size":1}} | 403 403 403 403 403 204 403
POST /v1/logs/borgo-vedetta/floor | {"class":"police","days":4000} | 403 401 403 403 403 204 403
POST /v1/logs/borgo-vedetta/holds | {"from_ms":0,"to_ms":1,"authority":"Procura","protocol_no":"1"} | 403 401 403 200 403 200 403
DELETE /v1/logs/borgo-vedetta/holds/{kept} | - | 403 401 403 204 403 403 403
POST /v1/logs/borgo-vedetta/prunings | {"class":"standard","before_ms":0} | 403 401 403 403 403 200 403
POST /v1/logs/borgo-vedetta/prunings/{order}/approval | - | 403 401 403 200 403 403 403
DELETE /v1/sessions/current | - | 403 401 204 204 204 204 204
"#;

/// What the table may have in braces.
const HOLES: [&str; 21] = [
    "who", "password", "station", "dome", "code", "key", "guest", "plan", "change", "wish", "recent", "waiting",
    "granted", "opened", "span", "declared", "mask", "proposal", "batch", "kept", "order",
];

struct Row {
    method: Method,
    path: &'static str,
    body: Option<&'static str>,
    statuses: Vec<u16>,
}

fn rows() -> Vec<Row> {
    let lines = TABLE.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let [call, body, statuses] = line.split(" | ").collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            let (method, path) = call.split_once(' ').unwrap();
            Row {
                method: method.parse().unwrap(),
                path,
                body: (body != "-").then_some(body),
                statuses: statuses.split(' ').map(|status| status.parse().unwrap()).collect(),
            }
        })
        .collect()
}

/// Somebody who calls.
struct Seat {
    /// The column of the table, in a word.
    key: &'static str,
    station: Station,
    token: Option<SecretString>,
    password: SecretString,
    /// The dome that only this one takes.
    dome: &'static str,
}

const OPERATOR: usize = 2;
const SUPERVISOR: usize = 3;
const ADMINISTRATOR: usize = 5;

struct Room {
    hall: TownHall,
    seats: Vec<Seat>,
    /// The workstations as they hand in events.
    writing: BTreeMap<String, Station>,
    /// Counts what must have a name of its own.
    count: u32,
}

fn with_a_mask_and_ceilings(plan: &mut SitePlan) {
    for camera in &mut plan.cameras {
        if camera.kind == CameraKind::Dome {
            camera.limits.zoom_ceiling = Some(4.0);
        }
    }
    let mask = mask("finestre", false);
    let mask: Mask = serde_json::from_value(mask["change"]["put"].clone()).unwrap();
    plan.cameras[0].masks.push(mask);
}

fn mask(id: &str, permanent: bool) -> Value {
    let shape = json!({"picture": [[0.1, 0.1], [0.3, 0.1], [0.2, 0.3]]});
    let mask = json!({"id": id, "name": "Finestre", "shape": shape, "permanent": permanent});
    json!({"change": {"put": mask}, "reason": "nuovo balcone"})
}

/// The recordings of one camera, of the last minutes.
fn wish(export: bool) -> Value {
    let now = jiff::Timestamp::now().as_millisecond();
    let extent = json!({"cameras": ["cam-01"], "from_ms": now - 600_000, "to_ms": now - 60_000, "export": export});
    json!({
        "controller": borgo(), "extent": extent, "purpose": "judicial_police_initiative", "reason": "danneggiamento",
        "protocol_no": "1/2026",
    })
}

impl Room {
    /// A town with everybody in it and signed in, and the first event of each workstation under a checkpoint.
    async fn opened() -> Self {
        let mut hall = Town::of(2, 4).planned(with_a_mask_and_ceilings).prepared();
        let third = ["station", "enrol", "--data", hall.data_text(), "--station", "terza"];
        assert!(hall.command(&third, None).status.success());
        hall.start().await;
        for user in ["bersaglio", "ospite"] {
            hall.add_person(account(user, "operator", json!([]))).await;
        }
        let (key, mut writing) = (log_vkey(&hall), BTreeMap::new());
        for name in ["sala-operativa", "manutenzione", "console"] {
            let mut station = hall.station(name);
            let events = station.events(1);
            let promised = promise(&station.submit(&events).await.unwrap(), &key);
            station.checkpoint_of(&key, promised.entries[0].index + 1).await;
            writing.insert(name.to_owned(), station);
        }
        let mut seats = vec![];
        for (key, user, name, dome) in [
            ("nobody", None, None, "cam-06"),
            ("machine", None, Some("sala-operativa"), "cam-06"),
            ("operator", Some("operatore"), Some("sala-operativa"), "cam-03"),
            ("supervisor", Some("comandante"), Some("sala-operativa"), "cam-04"),
            ("force", Some("carabiniere"), Some("sala-operativa"), "cam-05"),
            ("administrator", Some("amministratore"), Some("console"), "cam-06"),
            ("maintainer", Some("manutentore"), Some("manutenzione"), "cam-06"),
        ] {
            let station = name.map_or_else(|| hall.stranger(), |name| hall.station(name));
            let password = user.map_or_else(|| "di-nessuno".into(), |user| hall.password(user));
            let token = match user {
                Some(user) => Some(station.sign_in(user, &password).await.unwrap().token),
                None => None,
            };
            seats.push(Seat {
                key,
                station,
                token,
                password,
                dome,
            });
        }
        let room = Self {
            hall,
            seats,
            writing,
            count: 0,
        };
        let vice = account("vice", "supervisor", json!([]));
        room.made(ADMINISTRATOR, "/v1/people", vice).await;
        room
    }

    /// What somebody who may is answered.
    async fn made(&self, by: usize, path: &str, body: Value) -> Value {
        let Seat { station, token, .. } = &self.seats[by];
        let made: Result<Value, _> = station.post(path, token.as_ref().unwrap(), body).await;
        made.unwrap_or_else(|why| panic!("{path}: {why:?}"))
    }

    /// What fills a hole of the table, made anew for each cell.
    async fn value(&mut self, hole: &str, seat: usize) -> String {
        self.count += 1;
        let (count, now) = (self.count, jiff::Timestamp::now().as_millisecond());
        let key = self.seats[seat].key;
        match hole {
            "who" => key.into(),
            "password" => self.seats[seat].password.expose_secret().to_owned(),
            "station" => self.seats[seat].station.id.to_string(),
            "dome" => self.seats[seat].dome.into(),
            "key" => hex::encode(rcgen::KeyPair::generate().unwrap().public_key_raw()),
            "wish" => wish(true).to_string(),
            "recent" => wish(false).to_string(),
            "span" => json!({"from_ms": now - 10_800_000, "to_ms": now - 7_200_000}).to_string(),
            "mask" => mask(&format!("m-{count}"), true).to_string(),
            "code" => {
                let ask = json!({"station": format!("iscritta-{key}"), "kind": "remote"});
                let given = self.made(ADMINISTRATOR, "/v1/workstations/codes", ask).await;
                given["code"].as_str().unwrap().to_owned()
            }
            "guest" => {
                let sala = &self.seats[OPERATOR].station;
                sala.sign_in("ospite", &self.hall.password("ospite")).await.unwrap();
                "ospite".into()
            }
            "plan" => self.plan_with_another_place(count).await,
            "batch" => self.batch(seat),
            _ => self.number(hole).await.to_string(),
        }
    }

    /// The number of something that waits for somebody's word.
    async fn number(&self, hole: &str) -> u64 {
        let log = format!("/v1/logs/{}", borgo());
        let made = match hole {
            "waiting" => self.made(OPERATOR, "/v1/clearances", wish(false)).await,
            "granted" => {
                let asked = self.made(OPERATOR, "/v1/clearances", wish(false)).await;
                let path = format!("/v1/clearances/{}", asked["id"]);
                self.made(SUPERVISOR, &path, json!({"approve": {"hours": 1}})).await
            }
            "opened" => self.made(OPERATOR, "/v1/recordings/at-once", wish(false)).await,
            "proposal" => {
                let change = mask(&format!("m-{}", self.count), true);
                self.made(OPERATOR, "/v1/cameras/cam-01/masks", change).await
            }
            "declared" => return self.declared().await,
            "kept" => {
                let hold = json!({"from_ms": 0, "to_ms": 1, "authority": "Procura", "protocol_no": "1"});
                self.made(ADMINISTRATOR, &format!("{log}/holds"), hold).await
            }
            "order" => {
                let order = json!({"class": "standard", "before_ms": 0});
                self.made(ADMINISTRATOR, &format!("{log}/prunings"), order).await
            }
            "change" => {
                let settings = json!({
                    "id": "cam-01", "number": 1, "name": "CAM-01", "place": "Piazza", "controller": borgo(), "kind": "fixed",
                    "onvif": format!("http://127.0.0.1:{}/onvif/device_service", 1_000 + self.count),
                });
                let put = json!({"settings": settings, "reason": "altro palo", "tested": false});
                let waits = self.made(ADMINISTRATOR, "/v1/cameras", put).await;
                return waits["waits"]["proposal"].as_u64().unwrap();
            }
            other => panic!("{other} is no hole"),
        };
        made["id"].as_u64().unwrap()
    }

    /// An event that is declared at the last dome: the one that nobody ended yet, or another.
    async fn declared(&self) -> u64 {
        let supervisor = &self.seats[SUPERVISOR];
        let url = supervisor.station.url("/v1/policy");
        let policy: Value = supervisor
            .station
            .get(url, supervisor.token.as_ref().unwrap())
            .await
            .unwrap();
        let mut all = policy["declared"].as_array().unwrap().iter();
        if let Some(open) = all.find(|event| event["camera"] == "cam-06") {
            return open["id"].as_u64().unwrap();
        }
        let declare = json!({"change": "ceilings", "reason": "prova", "minutes": 5});
        let declared = self.made(SUPERVISOR, "/v1/cameras/cam-06/declared", declare).await;
        declared["id"].as_u64().unwrap()
    }

    async fn plan_with_another_place(&self, count: u32) -> String {
        let administrator = &self.seats[ADMINISTRATOR];
        let url = administrator.station.url("/v1/plan");
        let token = administrator.token.as_ref().unwrap();
        let signed: Value = administrator.station.get(url, token).await.unwrap();
        let mut plan: Value = serde_json::from_str(signed["plan"].as_str().unwrap()).unwrap();
        plan["cameras"][0]["place"] = json!(format!("Piazza {count}"));
        plan.to_string()
    }

    /// The next event of a workstation. Without a certificate nothing is taken, and the workstation's own chain stands.
    fn batch(&mut self, seat: usize) -> String {
        let name = self.seats[seat].station.id.to_string();
        let mut apart = self.hall.station(&name);
        let writing = match self.seats[seat].key {
            "nobody" => &mut apart,
            _ => self.writing.get_mut(&name).unwrap(),
        };
        let batch = EventBatch {
            log: borgo(),
            events: writing.events(1).iter().map(submitted).collect(),
        };
        serde_json::to_string(&batch).unwrap()
    }

    async fn filled(&mut self, text: &str, seat: usize) -> String {
        let mut filled = text.to_owned();
        for hole in HOLES {
            let mark = format!("{{{hole}}}");
            if filled.contains(&mark) {
                filled = filled.replace(&mark, &self.value(hole, seat).await);
            }
        }
        filled
    }

    /// The status that one of them is answered with, and the words beside it.
    async fn asked(&mut self, row: &Row, seat: usize) -> (u16, String) {
        let path = self.filled(row.path, seat).await;
        let body = match row.body {
            Some(body) => Some(self.filled(body, seat).await),
            None => None,
        };
        let Seat { station, token, .. } = &self.seats[seat];
        let mut request = station.client.request(row.method.clone(), station.url(&path));
        if let Some(token) = token {
            request = request.bearer_auth(token.expose_secret());
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_acc_2_every_call_is_answered_to_each_level_as_the_table_says() {
    let mut room = Room::opened().await;
    let mut wrong = Vec::new();
    for row in rows() {
        assert_eq!(row.statuses.len(), room.seats.len(), "{}", row.path);
        for seat in 0..room.seats.len() {
            let (status, said) = room.asked(&row, seat).await;
            if status != row.statuses[seat] {
                let body = row.body.unwrap_or_default();
                let call = format!("{} {} {body:.60}", row.method, row.path);
                let key = room.seats[seat].key;
                wrong.push(format!(
                    "{call}: {key} {status}, not {}: {said:.200}",
                    row.statuses[seat]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    room.hall.stop().await;
    let (ok, report) = room.hall.verify();
    assert!(ok, "{report}");
}

/// The calls of a router as its text has them: method and path.
fn routes_in(text: &str) -> BTreeSet<(String, String)> {
    let code = text.split("Router::new()").nth(1).unwrap();
    let code = code.split(".fallback(").next().unwrap();
    for other in [".nest(", ".merge(", "any(", "on("] {
        assert!(!code.contains(other), "{other} is not read here");
    }
    let mut routes = BTreeSet::new();
    for route in code.split(".route(").skip(1) {
        let [_, path, handlers] = route.splitn(3, '"').collect::<Vec<_>>()[..] else {
            panic!("{route}")
        };
        let before = routes.len();
        for method in ["get", "post", "put", "patch", "delete"] {
            let named = handlers.contains(&format!(" {method}(")) || handlers.contains(&format!(".{method}("));
            if named {
                routes.insert((method.to_uppercase(), path.to_owned()));
            }
        }
        assert!(routes.len() > before, "{path} has no method");
    }
    routes
}

/// Whether a path of the table is one of this route, and how many of its parts the route says in words.
fn fits(path: &str, route: &str) -> Option<usize> {
    let (mut path, mut words) = (path.split('?').next().unwrap().split('/'), 0);
    for part in route.split('/') {
        if part.starts_with("{*") {
            return path.next().map(|_| words);
        }
        let given = path.next()?;
        match part.starts_with('{') {
            true => {}
            false if given == part => words += 1,
            false => return None,
        }
    }
    path.next().is_none().then_some(words)
}

#[test]
fn r_acc_2_the_table_of_calls_has_every_route_of_the_server() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/server/http/mod.rs");
    let routes = routes_in(&std::fs::read_to_string(file).unwrap());
    assert!(routes.len() > 50, "{routes:?}");
    let mut called = BTreeSet::new();
    for row in rows() {
        let of_the_method = routes.iter().filter(|(method, _)| method == row.method.as_str());
        let fitting = of_the_method.filter_map(|route| Some((fits(row.path, &route.1)?, route)));
        let (_, route) = fitting.max().unwrap_or_else(|| panic!("no route of {}", row.path));
        called.insert(route.clone());
    }
    let missing: Vec<_> = routes.difference(&called).collect();
    assert!(missing.is_empty(), "calls that the table does not have: {missing:?}");
}

#[test]
fn the_reader_of_routes_sees_every_form() {
    let text =
        "Router::new()\n.route(\"/a\", post(x::y).get(x::z))\n.route(\n\"/b/{id}\",\n delete(x::w),\n)\n.fallback(v)";
    let expected = [("GET", "/a"), ("POST", "/a"), ("DELETE", "/b/{id}")];
    let expected = expected.map(|(method, path)| (method.to_owned(), path.to_owned()));
    assert_eq!(routes_in(text), BTreeSet::from(expected));
    assert_eq!(fits("/b/{x}?y=1", "/b/{id}"), Some(2));
    assert_eq!((fits("/b", "/b/{id}"), fits("/b/c/d", "/b/{id}")), (None, None));
    assert_eq!(fits("/t/0/1", "/t/{*path}"), Some(2));
}
