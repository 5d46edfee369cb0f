//! Accounts of a camera that can do more than they are for, tried by the command over real ONVIF and RTSP.
//!
//! Deliberately absent: snapshots, which the simulator has not (`onvif_hostile::accounts`).

use crate::town::Town;
use crate::town_hall::{ITALIAN, PROGRAM};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use vedetta::onvif::users::{UserLevel, Users};
use vedetta::onvif::{Endpoint, Limits};

const CHOSEN: &str = "Segreta2026";

#[tokio::test(flavor = "multi_thread")]
async fn r_mnt_1_a_figures_account_that_opens_the_video_is_refused_and_other_users_of_the_camera_are_told() {
    let place = Town::of(1, 0).simulated();
    let plan = std::fs::read_to_string(place.path("site/site.toml")).expect("the plan");
    let plan = vedetta::domain::site::file::read(&plan).expect("a plan");
    let onvif = plan.cameras[0].onvif.as_str();
    let accounts = std::fs::read_to_string(place.path("site/cameras.toml")).expect("the accounts");
    let accounts: toml::Table = toml::from_str(&accounts).expect("TOML");
    let text = |name: &str| accounts["camera"][0][name].as_str().expect("text").to_owned();
    let (user, password) = (text("user"), text("password"));
    let (figures, figures_password) = (text("figures_user"), text("figures_password"));
    let endpoint = Endpoint::new(onvif, user.clone(), password.clone().into());
    let users = Users::at(endpoint, Limits::default()).expect("an address");
    users
        .create("tecnico2", &CHOSEN.into(), UserLevel::User)
        .await
        .expect("a user");

    let data = place.path("server");
    let test = |figures: &str, figures_password: &str| {
        let accounts = ["--onvif", onvif, "--account", &user, "--figures-account", figures];
        let output = Command::new(PROGRAM)
            .args(["cameras", "test", "--by", "amministratore", "--json", "--data"])
            .arg(&data)
            .args(accounts)
            .env("LC_ALL", ITALIAN)
            .env("VEDETTA_PASSWORD", place.password("amministratore").expose_secret())
            .env("VEDETTA_CAMERA_PASSWORD", &password)
            .env("VEDETTA_FIGURES_PASSWORD", figures_password)
            .stdin(Stdio::null())
            .output()
            .expect("the program runs");
        let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), said, why)
    };
    let (is_good, said, why) = test(&figures, &figures_password);
    assert!(is_good, "{why}");
    let can = said["accounts"][0]["can"].as_array().expect("a list");
    assert!(can.contains(&json!("administer")), "{said}");
    let of_figures = &said["accounts"][1];
    assert_eq!(
        (&of_figures["can"], &of_figures["untried"]),
        (&json!([]), &json!([])),
        "{said}"
    );
    assert_eq!(said["strangers"], json!(["tecnico2 (User)"]));

    let (is_good, said, why) = test("tecnico2", CHOSEN);
    assert!(!is_good && why.contains("può più di quanto deve"), "{why}");
    let can = said["accounts"][1]["can"].as_array().expect("a list");
    assert!(can.contains(&json!("stream")), "{said}");
    assert_eq!(said["strangers"], json!([format!("{figures} (User)")]));

    let (is_good, said, _) = test(&figures, "sbagliata");
    assert!(!is_good && said["accounts"][1]["trouble"].is_string(), "{said}");
}
