//! The real server on a folder that was put back: a workstation's checkpoint speaks against it, however far the log went on since, and
//! before anything is recorded.
//!
//! Deliberately absent: the folder as it was put back (`server_holds`), what a workstation says of it (`station_audit`).

use crate::server_holds::{copied, handed, heads, with_events};
use crate::town_hall::{Station, TownHall, borgo, log_vkey, submitted};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::StatusCode;
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::path::PathBuf;
use vedetta::domain::audit::chain::StationChain;
use vedetta::protocol::{EventBatch, PINNED, Refusal, RefusalKind};

/// A town hall that was put back and runs.
struct PutBack {
    hall: TownHall,
    /// The folder that is newer.
    newer: PathBuf,
    /// Where the control room's chain stands.
    chain: StationChain,
    /// The log's checkpoint of the copy, three entries.
    before: String,
    /// What the control room saw signed since: four entries, the last one the server's own.
    pinned: String,
}

async fn put_back() -> PutBack {
    let (mut hall, sala, _) = with_events(3).await;
    let (key, chain, before) = (log_vkey(&hall), sala.chain.clone(), sala.note().await);
    hall.stop().await;
    let (old, newer) = (hall.dir.path().join("copia"), hall.dir.path().join("nuova"));
    copied(&hall.data(), &old);
    hall.start().await;
    let sala = hall.station("sala-operativa");
    sala.sign_in("operatore", &hall.password("operatore")).await.unwrap();
    sala.checkpoint_of(&key, 4).await;
    let pinned = sala.note().await;
    hall.stop().await;
    std::fs::rename(hall.data(), &newer).unwrap();
    copied(&old, &hall.data());
    hall.start().await;
    PutBack {
        hall,
        newer,
        chain,
        before,
        pinned,
    }
}

impl PutBack {
    /// The control room's next event.
    fn batch(&self) -> (Station, EventBatch) {
        let mut sala = self.hall.station("sala-operativa");
        sala.chain = self.chain.clone();
        let events = sala.events(1).iter().map(submitted).collect();
        (sala, EventBatch { log: borgo(), events })
    }

    /// Somebody at another workstation, which saw nothing of what is lost, signs in and out: the log goes on in another way.
    async fn goes_on(&self, size: u64) {
        let console = self.hall.station("console");
        let password = self.hall.password("amministratore");
        let key = log_vkey(&self.hall);
        loop {
            let token = console.sign_in("amministratore", &password).await.unwrap().token;
            let left = console.delete("/v1/sessions/current", &token).await;
            assert_eq!(left, StatusCode::NO_CONTENT);
            if log_size(&self.hall).await >= size {
                break;
            }
        }
        console.checkpoint_of(&key, size).await;
    }

    /// What a sign-in is answered over which the control room shows these checkpoints.
    async fn sign_in(&self, shown: &[&str]) -> (StatusCode, Option<RefusalKind>) {
        let sala = self.hall.station("sala-operativa");
        let password = self.hall.password("operatore");
        let ask = json!({"user": "operatore", "password": password.expose_secret(), "purpose": "urban_security"});
        let mut request = sala.client.post(sala.url("/v1/sessions")).json(&ask);
        for note in shown {
            request = request.header(PINNED, BASE64.encode(note));
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        (status, answer.json::<Refusal>().await.ok().map(|refusal| refusal.why))
    }
}

/// Entries of the log, signed or not.
async fn log_size(hall: &TownHall) -> u64 {
    let anybody = hall.stranger();
    let page = anybody.text(anybody.url("/metrics")).await;
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix("vedetta_log_size{log=\"borgo-vedetta\"} "));
    line.unwrap_or_else(|| panic!("{page}")).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_a_log_put_back_that_grew_past_a_workstations_checkpoint_is_another_history_and_serves_nobody() {
    let mut town = put_back().await;
    town.goes_on(7).await;
    let (sala, batch) = town.batch();
    let forged = town.pinned.replace("\n4\n", "\n3\n");
    assert_ne!(forged, town.pinned);
    for (shown, why) in [
        (&town.before, "an old checkpoint is in the log"),
        (&forged, "what the log did not sign says nothing"),
    ] {
        assert_eq!(handed(&sala, &batch, shown).await, StatusCode::OK, "{why}");
    }
    let size = log_size(&town.hall).await;
    assert_eq!(
        handed(&sala, &batch, &town.pinned).await,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(log_size(&town.hall).await, size, "nothing is taken any more");
    let said = sala.text(sala.url("/readyz")).await;
    assert!(
        said.contains("sala-operativa knows another history of 4 signed entries than the log, which went on to"),
        "{said}"
    );
    for start_again in [false, true] {
        if start_again {
            town.hall.stop().await;
            town.hall.start().await;
        }
        let unknown = town.hall.station("manutenzione");
        assert_eq!(
            heads(&unknown).await,
            StatusCode::SERVICE_UNAVAILABLE,
            "nobody is served"
        );
    }
    town.hall.stop().await;

    // The newer folder comes back, with the mark still in it: it goes by itself.
    let mark = "signer/borgo-vedetta.ahead";
    let kept = std::fs::read_to_string(town.hall.data().join(mark)).unwrap();
    assert!(
        kept.contains("vedetta/020001/borgo-vedetta\\n4\\n"),
        "the evidence: {kept}"
    );
    std::fs::remove_dir_all(town.hall.data()).unwrap();
    std::fs::rename(&town.newer, town.hall.data()).unwrap();
    std::fs::write(town.hall.data().join(mark), kept).unwrap();
    town.hall.start().await;
    let (sala, batch) = town.batch();
    assert_eq!(handed(&sala, &batch, &town.pinned).await, StatusCode::OK);
    town.hall.stop().await;
    assert!(town.hall.verify().0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_a_checkpoint_shown_at_sign_in_stops_a_server_put_back_before_anything_is_recorded() {
    for goes_on in [false, true] {
        let mut town = put_back().await;
        if goes_on {
            town.goes_on(7).await;
        }
        let size = log_size(&town.hall).await;
        let unknown = "vedetta/020001/altrove\n9\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— altrove AAAA\n";
        let (status, why) = town.sign_in(&[unknown, &town.pinned]).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{why:?}");
        let Some(RefusalKind::PutBack { seen_by, .. }) = why else {
            panic!("{why:?}");
        };
        assert_eq!(seen_by.as_str(), "sala-operativa");
        assert_eq!(town.sign_in(&[]).await.0, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(log_size(&town.hall).await, size, "nobody's sign-in is in the log");
        town.hall.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_aud_2_checkpoints_that_are_in_the_log_or_that_it_did_not_sign_keep_nobody_out() {
    let (mut hall, sala, _) = with_events(3).await;
    let old = sala.note().await;
    let key = log_vkey(&hall);
    let mut later = hall.station("manutenzione");
    let events = later.events(4);
    later.submit(&events).await.unwrap();
    later.checkpoint_of(&key, 7).await;
    let newest = sala.note().await;
    let forged = newest.replace("\n7\n", "\n900\n");
    let nonsense = "nonsense".to_owned();
    for _ in 0..2 {
        for shown in [&old, &newest, &forged, &nonsense] {
            let header = BASE64.encode(shown);
            let request = sala.client.get(sala.url(&format!("/v1/stations/{}/heads", sala.id)));
            let answer = request.header(PINNED, header).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{shown}");
        }
    }
    assert!(!hall.data().join("signer/borgo-vedetta.ahead").exists());
    hall.stop().await;
    assert!(hall.verify().0);
}
