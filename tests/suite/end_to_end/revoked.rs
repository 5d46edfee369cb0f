//! A person is revoked while their wall runs: the pictures go within five seconds (R-ACC-3).
//!
//! Deliberately absent: the window (`gui::app` leaves the wall when the session is over).

use super::first;
use super::place::until;
use crate::town::Town;
use std::time::Instant;
use vedetta::domain::camera::{CameraKind, StreamRole};
use vedetta::domain::people::Purpose;
use vedetta::domain::refusal::RefusalKind;
use vedetta::station::{Refusal, SecretsChoice, Station, StationConfig, TrackedPose, ViewState};

#[tokio::test(flavor = "multi_thread")]
async fn r_acc_3_the_wall_of_a_revoked_person_goes_dark_within_five_seconds() {
    let place = Town::of(1, 1).simulated();
    let station = place.station().await;
    let session = place.sign_in(&station, "operatore").await;
    let fixed = session
        .view(&first(&session, CameraKind::Fixed, true), StreamRole::Sub)
        .await
        .expect("a view");
    let dome = session
        .view(&first(&session, CameraKind::Dome, true), StreamRole::Sub)
        .await
        .expect("a view");
    until("frames of both", 30, || {
        fixed.slot().count() > 5 && dome.slot().count() > 5
    })
    .await;

    // The administrator disables the account at the console, as the client's screen does.
    let console = Station::open(StationConfig {
        enrolment: place.path("server/stations/console"),
        data: place.path("console"),
        evidence: place.path("console-evidence"),
        secrets: SecretsChoice::ProtectedFile,
        pose_source: std::sync::Arc::new(TrackedPose),
    })
    .await
    .expect("the console opens");
    let office = place.sign_in(&console, "amministratore").await;
    let list = office.people().await.expect("the list");
    let row = list.iter().find(|row| row.user == "operatore").expect("the operator");
    assert_eq!(
        row.active_at.as_ref().map(|station| station.as_str()),
        Some("sala-operativa")
    );
    let refused = session.people().await.err();
    assert!(
        matches!(refused, Some(Refusal::Kind(RefusalKind::Rule(_)))),
        "an operator has no such list: {refused:?}"
    );
    let reason = "credenziale smarrita".to_owned();
    let disable = vedetta::station::AccountChange::Disable { reason };
    let revoked = Instant::now();
    office.change_account("operatore", &disable).await.expect("disabled");
    until("both tiles dark", 5, || {
        let dark = |view: &vedetta::station::LiveView| {
            view.slot().latest().is_none() && matches!(&*view.state().borrow(), ViewState::Closed { .. })
        };
        dark(&fixed) && dark(&dome)
    })
    .await;
    eprintln!("dark {:?} after the account was disabled", revoked.elapsed());
    assert!(*session.ended().borrow(), "the screen is told, and leaves the wall");
    let again = session
        .view(&first(&session, CameraKind::Fixed, true), StreamRole::Sub)
        .await;
    assert_eq!(again.err(), Some(Refusal::Kind(RefusalKind::SessionEnded)));
    let back = station
        .sign_in("operatore".into(), place.password("operatore"), Purpose::UrbanSecurity)
        .await;
    assert_eq!(back.err(), Some(RefusalKind::WrongCredentials.into()));
}
