//! Personal users on cameras (clause 3): made for a session, gone after it, and the fixed account where a camera will not.
//!
//! Deliberately absent: the rules of cameras for names and passwords (tests of the simulator and of `onvif`).

use super::first;
use super::place::{Place, until};
use crate::town::Town;
use serde_json::{Value, json};
use vedetta::domain::camera::{CameraId, CameraKind, StreamRole};
use vedetta::domain::doctor::Finding;
use vedetta::onvif::users::{UserLevel, Users};
use vedetta::onvif::{Endpoint, Limits};

/// The personal users that a camera has now, with their levels.
async fn personal(place: &Place, camera: &CameraId) -> Vec<(String, String)> {
    let users: Vec<(String, String)> = serde_json::from_value(place.truth(camera).await["users"].clone()).unwrap();
    users.into_iter().filter(|(name, _)| name.starts_with("v-")).collect()
}

async fn until_personal(place: &Place, camera: &CameraId, count: usize) -> Vec<(String, String)> {
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(50));
    let waited = tokio::time::timeout(std::time::Duration::from_secs(20), async {
        loop {
            let found = personal(place, camera).await;
            if found.len() == count {
                return found;
            }
            tick.tick().await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("not {count} personal users"))
}

fn switch_on(place: &Place, camera: &CameraId) {
    let output = place.audit(
        "amministratore",
        &[
            "cameras",
            "change",
            "--camera",
            camera.as_str(),
            "--personal-users",
            "true",
            "--reason",
            "clausola 3",
        ],
    );
    assert!(output.status.success(), "{output:?}");
}

/// Steps of the releases in the log: their outcome, and whether a personal user was named.
async fn releases(place: &Place) -> Vec<(String, bool, Value)> {
    let bodies = place.bodies("credential_released").await;
    bodies
        .into_iter()
        .map(|body| {
            let parameters = &body["parameters"];
            let result = body["result"].as_str().unwrap().to_owned();
            (result, parameters["personal"].is_string(), parameters["why"].clone())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn r_acc_1_a_session_has_its_own_user_on_the_camera_and_takes_it_away_with_it() {
    let place = Town::of(1, 1).simulated();
    let station = place.station().await;
    let session = place.sign_in(&station, "operatore").await;
    let camera = first(&session, CameraKind::Fixed, true);
    session.sign_out().await.expect("a sign-out");
    switch_on(&place, &camera);

    let session = place.sign_in(&station, "operatore").await;
    let view = session.view(&camera, StreamRole::Sub).await.expect("a view");
    until("frames with the personal user", 30, || view.slot().count() > 5).await;
    let users = until_personal(&place, &camera, 1).await;
    assert_eq!(users[0].1, "Operator", "the operator may move it");
    assert_eq!(
        releases(&place).await,
        [("intent".into(), true, Value::Null), ("done".into(), true, Value::Null)]
    );
    let secrets = std::fs::read_to_string(place.path("audit.log")).expect("the log of the program");
    assert!(!secrets.contains("<tt:Password>"));
    drop(view);
    session.sign_out().await.expect("a sign-out");
    until_personal(&place, &camera, 0).await;

    // No room there: the fixed account as everywhere else, and the log says why.
    place.fault(&camera, json!({"users": "full"})).await;
    let session = place.sign_in(&station, "operatore").await;
    let view = session.view(&camera, StreamRole::Sub).await.expect("a view");
    until("frames with the fixed account", 30, || view.slot().count() > 5).await;
    assert!(personal(&place, &camera).await.is_empty());
    let all = releases(&place).await;
    let last = &all[all.len() - 3..];
    assert_eq!((last[0].0.as_str(), last[0].1), ("intent", true));
    assert_eq!((last[1].0.as_str(), last[1].1), ("failed", true));
    assert!(last[1].2.as_str().unwrap().contains("no room"), "{last:?}");
    assert_eq!((last[2].0.as_str(), last[2].1), ("done", false));
    let (ok, report) = place.verify();
    assert!(ok, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn r_acc_3_what_was_left_on_a_camera_is_swept_when_the_server_starts() {
    let mut place = Town::of(1, 0).simulated();
    let plan = std::fs::read_to_string(place.path("site/site.toml")).expect("the plan");
    let plan = vedetta::domain::site::file::read(&plan).expect("a plan");
    let camera = plan.cameras[0].clone();
    switch_on(&place, &camera.id);
    let accounts = std::fs::read_to_string(place.path("site/cameras.toml")).expect("the accounts");
    let accounts: toml::Table = toml::from_str(&accounts).expect("TOML");
    let text = |name: &str| accounts["camera"][0][name].as_str().expect("text").to_owned();
    let endpoint = Endpoint::new(camera.onvif.clone(), text("user"), text("password").into());
    let users = Users::at(endpoint, Limits::default()).expect("an address");
    for name in ["v-abcdefgh", "guardiano"] {
        users
            .create(name, &"Segreta2026".into(), UserLevel::User)
            .await
            .expect("a user");
    }
    // A session of the server that dies goes on, and so does its user.
    let station = place.station().await;
    let session = place.sign_in(&station, "operatore").await;
    let view = session.view(&camera.id, StreamRole::Sub).await.expect("a view");
    until("frames", 30, || view.slot().count() > 2).await;
    assert_eq!(personal(&place, &camera.id).await.len(), 2);
    place.restart_server();
    let left = until_personal(&place, &camera.id, 1).await;
    assert_ne!(left[0].0, "v-abcdefgh");
    let all = users.list().await.expect("its users");
    assert!(
        all.iter().any(|user| user.name == "guardiano"),
        "what is not ours stays: {all:?}"
    );

    // It is told, in the log and to the administrator; the accounts that the server has are no strangers.
    let console = place.station_named("console").await;
    let administrator = place.sign_in(&console, "amministratore").await;
    let told = Finding::UnknownUsers {
        camera: camera.id.clone(),
        users: vec!["guardiano".to_owned()],
    };
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(50));
    let is_told = tokio::time::timeout(std::time::Duration::from_secs(20), async {
        while !administrator.findings().await.expect("what is wrong").contains(&told) {
            tick.tick().await;
        }
    });
    is_told.await.expect("the unknown user is told");
    let bodies = place.bodies("credential_released").await;
    let of = |body: &&Value| body["parameters"]["step"] == "unknown";
    let recorded: Vec<_> = bodies
        .iter()
        .filter(of)
        .map(|body| &body["parameters"]["personal"])
        .collect();
    assert_eq!(recorded, ["guardiano"]);
}
