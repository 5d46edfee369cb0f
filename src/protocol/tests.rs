//! Wire form of the bodies, frozen: `tests/golden/bodies.json` holds one body a line, which must come back byte for byte.
//!
//! Deliberately absent: what travels in files of its own (`accounts`, `sessions`, `site`), and the refusals (`domain::refusal`).

use super::{
    BatchReceipt, CameraCredential, ConsistencyProof, ConsoleAct, CredentialRequest, DeclaredState, DurablePromise,
    EventBatch, EventProof, FloorRequest, Holder, InclusionProof, LogHoldRequest, LogKey, LogPage, MaskChange,
    MaskProposal, Numbered, PermitRequest, Pictures, PolicyState, ProposedMask, PruneRequest, Pruned, Refusal,
    SignedPlan, StationHead, Verdict,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

const GOLDEN: &str = include_str!("../../tests/golden/bodies.json");

/// Reads a body and writes it again.
fn again<T: Serialize + DeserializeOwned>(text: &str) -> String {
    let body: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    serde_json::to_string(&body).unwrap()
}

fn written(kind: &str, text: &str) -> String {
    match kind {
        "LogKey" => again::<LogKey>(text),
        "SignedPlan" => again::<SignedPlan>(text),
        "CredentialRequest" => again::<CredentialRequest>(text),
        "CameraCredential" => again::<CameraCredential>(text),
        "PolicyState" => again::<PolicyState>(text),
        "DeclaredState" => again::<DeclaredState>(text),
        "PermitRequest" => again::<PermitRequest>(text),
        "Pictures" => again::<Pictures>(text),
        "MaskProposal" => again::<MaskProposal>(text),
        "MaskChange" => again::<MaskChange>(text),
        "ProposedMask" => again::<ProposedMask>(text),
        "Verdict" => again::<Verdict>(text),
        "EventBatch" => again::<EventBatch>(text),
        "BatchReceipt" => again::<BatchReceipt>(text),
        "DurablePromise" => again::<DurablePromise>(text),
        "StationHead" => again::<StationHead>(text),
        "InclusionProof" => again::<InclusionProof>(text),
        "EventProof" => again::<EventProof>(text),
        "ConsistencyProof" => again::<ConsistencyProof>(text),
        "ConsoleAct" => again::<ConsoleAct>(text),
        "FloorRequest" => again::<FloorRequest>(text),
        "LogHoldRequest" => again::<LogHoldRequest>(text),
        "PruneRequest" => again::<PruneRequest>(text),
        "Numbered" => again::<Numbered>(text),
        "Pruned" => again::<Pruned>(text),
        "LogPage" => again::<LogPage>(text),
        "Refusal" => again::<Refusal>(text),
        "Holder" => again::<Holder>(text),
        other => panic!("no such body: {other}"),
    }
}

#[test]
fn every_body_comes_back_byte_for_byte() {
    let lines: Vec<&str> = GOLDEN.lines().filter(|line| line.starts_with("[\"")).collect();
    assert_eq!(lines.len(), 34);
    for line in lines {
        let inside = line.trim_end_matches(',').strip_prefix("[\"").unwrap();
        let (kind, text) = inside.strip_suffix(']').unwrap().split_once("\",").unwrap();
        assert_eq!(written(kind, text), text, "{kind}");
    }
}
