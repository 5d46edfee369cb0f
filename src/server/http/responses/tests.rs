//! Wire form of every refusal, frozen: status and body as `tests/golden/refusals.json` has them, byte for byte.

use super::Refused;
use crate::domain::refusal::samples::every_kind;
use axum::response::IntoResponse as _;

const GOLDEN: &str = include_str!("../../../../tests/golden/refusals.json");

#[tokio::test]
async fn every_refusal_keeps_its_status_and_its_body() {
    let mut lines = Vec::new();
    for kind in every_kind() {
        let response = Refused::from(kind).into_response();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        lines.push(format!("{{\"status\":{status},\"body\":{body}}}"));
    }
    let written = format!("[\n{}\n]\n", lines.join(",\n"));
    assert_eq!(written, GOLDEN, "{written}");
}
