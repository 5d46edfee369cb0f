//! Accounts against the real server: the second factor, the age of a password, confirmation in time, one place at a time.
//!
//! Deliberately absent: guessing, stolen tokens, floods (`attacks`).

use crate::attacks::{admin, database};
use crate::town::{Town, account};
use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use vedetta::domain::people::second_factor;
use vedetta::protocol::{AccountAnswer, AccountState, AccountView, LogPage, PolicyState, RefusalKind};

#[tokio::test]
async fn r_acc_1_a_second_factor_is_asked_for_and_its_code_counts_once() {
    let neri = account("neri", "system_administrator", json!([]));
    let hall = Town::new().person(neri).open().await;
    let (console, token) = admin(&hall).await;
    let password = hall.password("neri");
    let given: AccountAnswer = console
        .post("/v1/people/neri", &token, json!("new_second_factor"))
        .await
        .unwrap();
    let uri = given.second_factor.unwrap();
    assert!(uri.expose_secret().starts_with("otpauth://totp/Vedetta:neri?secret="));
    let secret = from_base32(uri.expose_secret().split(['=', '&']).nth(1).unwrap());
    let sala = hall.station("sala-operativa");
    assert_eq!(
        sala.sign_in("neri", &password).await.unwrap_err(),
        RefusalKind::SecondFactor
    );
    let now = jiff::Timestamp::now().as_second() as u64;
    let old = second_factor::code(&secret, now - 300);
    let refused = sala.sign_in_with_code("neri", &password, &old).await.unwrap_err();
    assert_eq!(refused, RefusalKind::SecondFactor);
    let code = second_factor::code(&secret, now);
    let wrong = SecretString::from("sbagliata");
    let refused = sala.sign_in_with_code("neri", &wrong, &code).await.unwrap_err();
    assert_eq!(refused, RefusalKind::WrongCredentials, "the code alone opens nothing");
    let grant = sala.sign_in_with_code("neri", &password, &code).await.unwrap();
    assert_eq!(
        sala.delete("/v1/sessions/current", &grant.token).await,
        StatusCode::NO_CONTENT
    );
    let replayed = sala.sign_in_with_code("neri", &password, &code).await.unwrap_err();
    assert_eq!(replayed, RefusalKind::SecondFactor, "once");
}

/// The bytes of an authenticator's secret.
fn from_base32(text: &str) -> Vec<u8> {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = text
        .chars()
        .map(|letter| format!("{:05b}", LETTERS.find(letter).unwrap()))
        .collect();
    let bytes = bits.as_bytes().chunks_exact(8);
    bytes
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect()
}

#[tokio::test]
async fn r_acc_1_policy_asks_administrators_and_remote_terminals_for_a_second_factor() {
    let mut hall = Town::new().prepared();
    std::fs::remove_file(hall.data().join("server.toml")).unwrap();
    hall.start().await;
    let console = hall.station("console");
    let refused = console
        .sign_in("amministratore", &hall.password("amministratore"))
        .await;
    assert_eq!(refused.unwrap_err(), RefusalKind::NoSecondFactor);
    assert!(console.sign_in("operatore", &hall.password("operatore")).await.is_ok());
    hall.stop().await;
    database(
        &hall,
        "UPDATE station_kind SET kind = 'remote' WHERE station = 'sala-operativa'",
    )
    .await;
    hall.start().await;
    let sala = hall.station("sala-operativa");
    let refused = sala.sign_in("comandante", &hall.password("comandante")).await;
    assert_eq!(refused.unwrap_err(), RefusalKind::NoSecondFactor);
}

#[tokio::test]
async fn r_acc_3_an_old_or_given_password_only_opens_the_way_to_another() {
    let hall = Town::new().open().await;
    let sala = hall.station("sala-operativa");
    database(
        &hall,
        "UPDATE person SET password_set_ms = password_set_ms - 180 * 86400000 WHERE account = 'operatore'",
    )
    .await;
    let present = hall.password("operatore");
    assert_eq!(
        sala.sign_in("operatore", &present).await.unwrap_err(),
        RefusalKind::MustChoosePassword
    );
    let choose = async |password: &SecretString, new: &str| {
        let ask = json!({"user": "operatore", "password": password.expose_secret(), "new_password": new});
        let sent = sala
            .client
            .post(sala.url("/v1/password"))
            .json(&ask)
            .send()
            .await
            .unwrap();
        match sent.status() {
            StatusCode::NO_CONTENT => None,
            _ => Some(sent.json::<vedetta::protocol::Refusal>().await.unwrap().why),
        }
    };
    let taken = |why: &Option<RefusalKind>| serde_json::to_value(why).unwrap()["not_taken"].clone();
    assert_eq!(taken(&choose(&present, "corta").await), "length");
    assert_eq!(taken(&choose(&present, "operatore-2026").await), "contains_name");
    assert_eq!(taken(&choose(&present, present.expose_secret()).await), "used_before");
    let wrong = SecretString::from("sbagliata");
    assert_eq!(
        choose(&wrong, "cavallo-di-ferro-blu").await,
        Some(RefusalKind::WrongCredentials)
    );
    assert_eq!(choose(&present, "cavallo-di-ferro-blu").await, None);
    let new = SecretString::from("cavallo-di-ferro-blu");
    assert!(sala.sign_in("operatore", &new).await.is_ok());
    assert_eq!(
        sala.sign_in("operatore", &present).await.unwrap_err(),
        RefusalKind::WrongCredentials
    );
    assert_eq!(
        taken(&choose(&new, present.expose_secret()).await),
        "used_before",
        "the one before"
    );
}

#[tokio::test]
async fn r_acc_4_who_is_not_confirmed_in_time_is_disabled_and_the_list_says_so() {
    let neri = account("neri", "operator", json!([]));
    let hall = Town::new().person(neri).open().await;
    let (console, token) = admin(&hall).await;
    let sala = hall.station("sala-operativa");
    let password = hall.password("neri");
    let grant = sala.sign_in("neri", &password).await.unwrap();
    database(&hall, "UPDATE account SET confirm_by_ms = 1 WHERE account = 'neri'").await;
    let ended = sala
        .get::<Value>(sala.url("/v1/holds"), &grant.token)
        .await
        .unwrap_err();
    assert_eq!(ended, RefusalKind::SessionEnded, "a running session too");
    assert_eq!(
        sala.sign_in("neri", &password).await.unwrap_err(),
        RefusalKind::WrongCredentials
    );
    let state = async |user: &str| {
        let list: Vec<AccountView> = console.get(console.url("/v1/people"), &token).await.unwrap();
        list.into_iter().find(|row| row.user == user).unwrap()
    };
    let neri = state("neri").await;
    assert!(
        matches!(neri.state, AccountState::NotConfirmed | AccountState::Disabled),
        "{neri:?}"
    );
    assert_eq!(
        (neri.act.as_str(), neri.last_use_ms.is_some()),
        ("decreto 12/2026", true)
    );
    // A supervisor confirms and disables; does not enable, and makes no accounts.
    let chief = sala.sign_in("comandante", &hall.password("comandante")).await.unwrap();
    let change = async |body: Value| {
        sala.post::<AccountAnswer>("/v1/people/operatore", &chief.token, body)
            .await
            .map(drop)
    };
    assert_eq!(change(json!("confirm")).await, Ok(()));
    assert!(state("operatore").await.confirm_by_ms.is_some());
    assert_eq!(change(json!({"disable": {"reason": "trasferita"}})).await, Ok(()));
    assert_eq!(state("operatore").await.state, AccountState::Disabled);
    for refused in [
        json!({"enable": {"reason": "x"}}),
        json!("reset_password"),
        json!({"grants": []}),
    ] {
        assert!(matches!(change(refused).await, Err(RefusalKind::Rule(_))));
    }
    let own = console.post::<AccountAnswer>("/v1/people/amministratore", &token, json!({"disable": {"reason": "x"}}));
    assert_eq!(
        own.await.unwrap_err(),
        RefusalKind::Malformed,
        "nobody locks themselves out"
    );
    let url = console.log_url("search?operation=configuration_change&person=comandante");
    let page: LogPage = console.get(url, &token).await.unwrap();
    let body: Value = serde_json::from_str(page.entries[1].body.as_deref().unwrap()).unwrap();
    assert_eq!(body["parameters"]["before"]["enabled"], true);
    assert_eq!(body["parameters"]["after"]["enabled"], false);
}

#[tokio::test]
async fn r_acc_1_who_is_active_is_told_that_the_account_knocks_elsewhere() {
    let hall = Town::new().open().await;
    let (sala, console) = (hall.station("sala-operativa"), hall.station("console"));
    let grant = sala.sign_in("operatore", &hall.password("operatore")).await.unwrap();
    let told = async || {
        sala.get::<PolicyState>(sala.url("/v1/policy"), &grant.token)
            .await
            .unwrap()
            .knock
    };
    assert_eq!(
        console.sign_in("operatore", &"sbagliata".into()).await.unwrap_err(),
        RefusalKind::WrongCredentials
    );
    assert_eq!(told().await, None, "a wrong password is no knock");
    let refused = console
        .sign_in("operatore", &hall.password("operatore"))
        .await
        .unwrap_err();
    assert_eq!(refused, RefusalKind::AlreadyActiveElsewhere);
    assert_eq!(told().await.unwrap().station.as_str(), "console");
    // The one who is asked leaves, and the other comes in.
    assert_eq!(
        sala.delete("/v1/sessions/current", &grant.token).await,
        StatusCode::NO_CONTENT
    );
    assert!(console.sign_in("operatore", &hall.password("operatore")).await.is_ok());
}
