//! People as workstations meet them at the server: signing in and out, being revoked, what each level is given, who holds a
//! dome.
//!
//! Deliberately absent: events and the log (`audit_server`), attacks (`attacks`).

use crate::audit_server::{bodies, text};
use crate::town::Town;
use crate::town_hall::borgo;
use reqwest::StatusCode;
use serde_json::json;
use vedetta::domain::people::Rule;
use vedetta::protocol::{CameraCredential, LeaseState, LogPage, RefusalKind, SignedPlan};

#[tokio::test]
async fn r_acc_1_signing_in_locking_out_and_being_active_in_one_place() {
    let hall = Town::new().open().await;
    let (sala, maintenance) = (hall.station("sala-operativa"), hall.station("manutenzione"));
    let right = hall.password("operatore");
    let grant = sala.sign_in("operatore", &right).await.unwrap();
    assert_eq!(
        (grant.person.user.as_str(), grant.home.clone(), grant.grace_s),
        ("operatore", borgo(), 3600)
    );
    let plan: SignedPlan = sala.get(sala.url("/v1/plan"), &grant.token).await.unwrap();
    let plan_key = std::fs::read_to_string(hall.data().join("stations/sala-operativa/plan_key")).unwrap();
    let plan_key: vedetta::domain::audit::note::VerifierKey = plan_key.parse().unwrap();
    plan_key
        .verify_statement(
            vedetta::domain::audit::note::Statement::Plan,
            &plan.plan,
            &plan.signature,
        )
        .unwrap();

    let elsewhere = hall.station("console");
    assert_eq!(
        elsewhere.sign_in("operatore", &right).await.unwrap_err(),
        RefusalKind::AlreadyActiveElsewhere
    );
    let stolen = maintenance
        .get::<SignedPlan>(maintenance.url("/v1/plan"), &grant.token)
        .await
        .unwrap_err();
    assert_eq!(
        stolen,
        RefusalKind::SessionEnded,
        "a token is worth nothing at another workstation"
    );
    let again = sala.sign_in("operatore", &right).await.unwrap();
    let old = sala
        .get::<SignedPlan>(sala.url("/v1/plan"), &grant.token)
        .await
        .unwrap_err();
    assert_eq!(
        old,
        RefusalKind::SessionEnded,
        "signing in again ends the session before"
    );
    assert_eq!(
        sala.delete("/v1/sessions/current", &again.token).await,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        sala.delete("/v1/sessions/current", &again.token).await,
        StatusCode::UNAUTHORIZED
    );

    for user in ["comandante", "nessuno"] {
        for _ in 0..3 {
            let wrong = sala.sign_in(user, &"sbagliata".into()).await.unwrap_err();
            assert_eq!(wrong, RefusalKind::WrongCredentials, "{user}");
        }
        let locked = sala.sign_in(user, &hall.password("comandante")).await.unwrap_err();
        assert!(
            matches!(locked, RefusalKind::LockedOut { seconds: 1..=5 }),
            "{user}: {locked:?}"
        );
    }
}

#[tokio::test]
async fn r_acc_3_a_revoked_session_ends_at_once_and_only_the_administrator_revokes() {
    let hall = Town::new().open().await;
    let (sala, console) = (hall.station("sala-operativa"), hall.station("console"));
    let operator = sala.sign_in("operatore", &hall.password("operatore")).await.unwrap();
    let admin = console
        .sign_in("amministratore", &hall.password("amministratore"))
        .await
        .unwrap();
    let path = "/v1/people/operatore/sessions";
    assert_eq!(sala.delete(path, &operator.token).await, StatusCode::FORBIDDEN);
    assert_eq!(console.delete(path, &admin.token).await, StatusCode::NO_CONTENT);
    let ended = sala
        .get::<SignedPlan>(sala.url("/v1/plan"), &operator.token)
        .await
        .unwrap_err();
    assert_eq!(ended, RefusalKind::SessionEnded);
    assert_eq!(console.delete(path, &admin.token).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn r_mnt_1_the_account_of_the_picture_never_goes_to_the_maintainer() {
    let hall = Town::new().open().await;
    let (sala, maintenance, console) = (
        hall.station("sala-operativa"),
        hall.station("manutenzione"),
        hall.station("console"),
    );
    let operator = sala.sign_in("operatore", &hall.password("operatore")).await.unwrap();
    let maintainer = maintenance
        .sign_in("manutentore", &hall.password("manutentore"))
        .await
        .unwrap();
    let admin = console
        .sign_in("amministratore", &hall.password("amministratore"))
        .await
        .unwrap();
    let path = "/v1/cameras/cam-01/credentials";
    let (picture, figures) = (json!({"need": "picture"}), json!({"need": "figures"}));

    let account: CameraCredential = sala.post(path, &operator.token, picture.clone()).await.unwrap();
    assert_eq!(
        secrecy::ExposeSecret::expose_secret(&account.password),
        "immagine-cam-01"
    );
    let refused = maintenance
        .post::<CameraCredential>(path, &maintainer.token, picture.clone())
        .await
        .unwrap_err();
    assert_eq!(refused, RefusalKind::Rule(Rule::MaintainerSeesNoImage));
    let account: CameraCredential = maintenance.post(path, &maintainer.token, figures).await.unwrap();
    assert_eq!(
        (
            account.user.as_str(),
            secrecy::ExposeSecret::expose_secret(&account.password)
        ),
        ("tecnico", "cifre-cam-01")
    );
    let refused = console
        .post::<CameraCredential>(path, &admin.token, picture.clone())
        .await
        .unwrap_err();
    assert_eq!(refused, RefusalKind::Rule(Rule::AdministratorDoesNotWatch));
    let unknown = sala
        .post::<CameraCredential>("/v1/cameras/cam-99/credentials", &operator.token, picture)
        .await;
    assert_eq!(unknown.unwrap_err(), RefusalKind::NotFound);

    let page: LogPage = console
        .get(console.log_url("entries?limit=500"), &admin.token)
        .await
        .unwrap();
    let released: Vec<(String, String)> = bodies(&page)
        .iter()
        .filter(|body| body["operation"] == "credential_released")
        .map(|body| (text(&body["person"]), text(&body["result"])))
        .collect();
    let expected = [
        ("operatore", "done"),
        ("manutentore", "refused"),
        ("manutentore", "done"),
        ("amministratore", "refused"),
        ("operatore", "refused"),
    ];
    assert_eq!(released, expected.map(|(who, how)| (who.to_owned(), how.to_owned())));
    let database = std::fs::read(hall.data().join("audit.db-wal")).unwrap();
    assert!(
        !database.windows(15).any(|w| w == b"immagine-cam-01"),
        "no camera password in the database's files"
    );
}

#[tokio::test]
async fn r_ptz_3_one_person_holds_a_dome_and_the_others_are_told_who() {
    let hall = Town::new().open().await;
    let (sala, console) = (hall.station("sala-operativa"), hall.station("console"));
    let operator = sala.sign_in("operatore", &hall.password("operatore")).await.unwrap();
    let force = console
        .sign_in("carabiniere", &hall.password("carabiniere"))
        .await
        .unwrap();
    let path = "/v1/cameras/cam-02/hold";
    let taken: LeaseState = sala.post(path, &operator.token, json!("take")).await.unwrap();
    assert_eq!(taken.holder.as_ref().unwrap().user, "operatore");
    assert!(taken.remaining_ms > 0);
    let renew = json!({"renew": {"fence": taken.fence}});
    let renewed: LeaseState = sala.post(path, &operator.token, renew).await.unwrap();
    assert_eq!(renewed.fence, taken.fence, "a renewal is no change");
    match console
        .post::<LeaseState>(path, &force.token, json!("take"))
        .await
        .unwrap_err()
    {
        RefusalKind::LeasedByOther(holder) => assert_eq!(holder, taken.holder.unwrap()),
        other => panic!("{other:?}"),
    }
    let all: Vec<LeaseState> = console.get(console.url("/v1/holds"), &force.token).await.unwrap();
    assert_eq!(all.len(), 1);
    let release = json!({"release": {"fence": taken.fence}});
    let given: LeaseState = sala.post(path, &operator.token, release).await.unwrap();
    assert_eq!(given.holder, None);
    let next: LeaseState = console.post(path, &force.token, json!("take")).await.unwrap();
    assert!(next.fence > taken.fence);
    // Leaving gives back what one holds.
    assert_eq!(
        console.delete("/v1/sessions/current", &force.token).await,
        StatusCode::NO_CONTENT
    );
    let all: Vec<LeaseState> = sala.get(sala.url("/v1/holds"), &operator.token).await.unwrap();
    assert_eq!(all, []);
}
