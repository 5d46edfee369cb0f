//! Wire form of every refusal, frozen: status and body as `tests/golden/refusals.json` has them, byte for byte.

use super::Refused;
use crate::domain::refusal::RefusalKind;
use crate::domain::refusal::samples::{frozen_kinds, later_kinds};
use axum::response::IntoResponse as _;

const GOLDEN: &str = include_str!("../../../../tests/golden/refusals.json");

#[tokio::test]
async fn every_refusal_keeps_its_status_and_its_body() {
    let mut lines = Vec::new();
    for kind in frozen_kinds() {
        lines.push(line(kind).await);
    }
    let written = format!("[\n{}\n]\n", lines.join(",\n"));
    assert_eq!(written, GOLDEN, "{written}");
    let [workstation, server, put_back] = later_kinds();
    assert_eq!(
        line(workstation).await,
        r#"{"status":403,"body":{"why":"update_workstation","detail":"UpdateWorkstation"}}"#
    );
    assert_eq!(
        line(server).await,
        r#"{"status":501,"body":{"why":"update_server","detail":"UpdateServer"}}"#
    );
    let put_back = line(put_back).await;
    let why = r#""why":{"put_back":{"seen_by":"sala-operativa","command":"vedetta-audit log new-beginning --data /var/lib/vedetta"}}"#;
    assert!(
        put_back.starts_with(&format!(r#"{{"status":503,"body":{{{why},"#)),
        "{put_back}"
    );
}

/// Status and body of a refusal, as a line of the golden file.
async fn line(kind: RefusalKind) -> String {
    let response = Refused::from(kind).into_response();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    format!("{{\"status\":{status},\"body\":{body}}}")
}
