//! One copy and its proof, as somebody has them who was given both and has no server (R-EXP-3).
//!
//! Deliberately absent: how the workstation comes to write the proof (`station::tests::proof_files`).

use crate::audit_outside::{name_witness, until_witnessed, witness};
use crate::event_fixture;
use crate::town::Town;
use crate::town_hall::{Station, TownHall, answer, borgo, command, log_vkey, submitted};
use reqwest::StatusCode;
use std::path::{Path, PathBuf};
use std::process::Output;
use vedetta::domain::audit::chain::Sealed;
use vedetta::domain::audit::details::recordings::ExportEnd;
use vedetta::domain::audit::event::{Body, Outcome};
use vedetta::domain::audit::tlog_proof::{OpenedEvent, TlogProof};
use vedetta::domain::refusal::RefusalKind;
use vedetta::protocol::EventProof;

const FILM: &[u8] = b"film";
/// `printf film | sha256sum`
const FILM_SHA256: &str = "d0607f7ad2628b2af9158dfba06ce87166e66b15bf68f8f358f9aa27ccb7c321";

/// The end of an export of [`FILM`], as the next entry of a workstation.
fn exported(station: &mut Station) -> Sealed {
    let end = ExportEnd {
        file: Some("a.mp4".into()),
        sha256: Some(FILM_SHA256.into()),
        ..ExportEnd::default()
    };
    let mut body = Body {
        person: String::new(),
        ..event_fixture::body(&station.id)
    };
    body.result = Outcome::Done;
    body.say(end);
    event_fixture::sealed(&mut station.chain, uuid::Uuid::nil(), jiff::Timestamp::now(), &body)
}

async fn proof_of(station: &Station, of: &str, seq: u64) -> Result<EventProof, (StatusCode, RefusalKind)> {
    let url = station.url(&format!("/v1/stations/{of}/proof?log={}&seq={seq}", borgo()));
    answer(station.client.get(url)).await
}

/// A folder as it is handed over: copy, proof, policy.
struct HandedOver {
    folder: tempfile::TempDir,
}

impl HandedOver {
    fn new(hall: &TownHall, given: &EventProof, event: &Sealed) -> Self {
        let handed = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        std::fs::write(handed.path("a.mp4"), FILM).unwrap();
        let event = submitted(event);
        let proof = TlogProof {
            event: Some(OpenedEvent {
                leaf: event.leaf,
                salt: event.salt,
                body: event.body,
            }),
            ..TlogProof::parse(&given.proof).unwrap()
        };
        std::fs::write(handed.path("a.mp4.tlog-proof"), proof.encode()).unwrap();
        let policy = hall.command(&["log", "policy", "--data", hall.data_text()], None);
        assert!(policy.status.success(), "{policy:?}");
        std::fs::write(handed.path("policy"), policy.stdout).unwrap();
        handed
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn verify(&self, proof: &Path, copy: &Path) -> Output {
        let policy = self.path("policy");
        let [proof, policy, copy] = [proof, &policy, copy].map(|path| path.to_str().unwrap());
        command(&["log", "proof", proof, "--policy", policy, "--copy", copy], None)
    }
}

#[tokio::test]
async fn r_exp_3_a_copy_and_its_proof_verify_without_a_server_and_a_changed_one_does_not() {
    let mut hall = Town::new().prepared();
    let key = log_vkey(&hall).to_string();
    let witness = witness(&hall, std::slice::from_ref(&key)).await;
    name_witness(&hall, &witness);
    hall.start().await;
    let mut station = hall.station("sala-operativa");
    let end = exported(&mut station);
    station.submit(std::slice::from_ref(&end)).await.unwrap();
    until_witnessed(&hall, &key, 1).await;
    let given = proof_of(&station, "sala-operativa", end.seq).await.unwrap();
    assert!(!given.awaits_witness);
    hall.stop().await;

    let handed = HandedOver::new(&hall, &given, &end);
    let (proof, copy) = (handed.path("a.mp4.tlog-proof"), handed.path("a.mp4"));
    let good = handed.verify(&proof, &copy);
    let said = String::from_utf8_lossy(&good.stdout).into_owned();
    assert!(good.status.success(), "{good:?}");
    assert!(
        said.contains("vedetta/020001/borgo-vedetta") && said.contains("carabinieri/testimone"),
        "{said}"
    );
    let other = handed.path("b.mp4");
    std::fs::write(&other, b"Film").unwrap();
    assert!(!handed.verify(&proof, &other).status.success(), "another copy");
    // Any line of the proof in another's words.
    let text = std::fs::read_to_string(&proof).unwrap();
    let changed = handed.path("changed.tlog-proof");
    for (at, _) in text.match_indices('\n').filter(|(at, _)| *at > 30) {
        let mut bytes = text.clone().into_bytes();
        let last = at - 2;
        bytes[last] = if bytes[last] == b'A' { b'B' } else { b'A' };
        std::fs::write(&changed, bytes).unwrap();
        let refused = handed.verify(&changed, &copy);
        assert!(
            !refused.status.success(),
            "the line that ends at byte {at}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn r_exp_3_a_proof_comes_before_the_witness_does_and_only_to_whose_entry_it_is() {
    let mut hall = Town::new().prepared();
    let key = log_vkey(&hall);
    let mut away = witness(&hall, &[key.to_string()]).await;
    name_witness(&hall, &away);
    away.child.kill().await.unwrap();
    hall.start().await;
    let mut station = hall.station("sala-operativa");
    let end = exported(&mut station);
    station.submit(std::slice::from_ref(&end)).await.unwrap();
    station.checkpoint_of(&key, 1).await;
    let given = proof_of(&station, "sala-operativa", end.seq).await.unwrap();
    assert!(given.awaits_witness);
    let handed = HandedOver::new(&hall, &given, &end);
    let early = handed.verify(&handed.path("a.mp4.tlog-proof"), &handed.path("a.mp4"));
    assert!(!early.status.success(), "the policy asks for the witness: {early:?}");

    let missing = proof_of(&station, "sala-operativa", 7).await.unwrap_err();
    assert_eq!(missing, (StatusCode::NOT_FOUND, RefusalKind::NotFound));
    let neighbour = hall.station("manutenzione");
    let others = proof_of(&neighbour, "sala-operativa", end.seq).await;
    assert_eq!(others.unwrap_err().0, StatusCode::FORBIDDEN);
}
