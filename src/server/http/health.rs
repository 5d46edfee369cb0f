//! Alive, able to record, and figures for Prometheus: read by anyone who reaches the server.
//!
//! Invariant: «ready» means that the database answers and everything in it is signed or will be within seconds.
//! Deliberately absent: names of people, cameras and workstations.

use super::lifecycle::App;
use crate::server::metrics::line;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

pub async fn healthy() -> &'static str {
    "ok\n"
}

pub async fn ready(State(app): State<Arc<App>>) -> (StatusCode, String) {
    if let Err(error) = app.store.answers().await {
        tracing::error!(error = &error as &dyn std::error::Error, "not ready");
        return (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n".into());
    }
    for log in &app.logs {
        let failing = app
            .signing
            .get(&log.controller)
            .is_some_and(|failing| failing.borrow().is_some());
        if failing {
            return (
                StatusCode::SERVICE_UNAVAILABLE,
                format!("{} is not signed\n", log.origin),
            );
        }
    }
    (StatusCode::OK, "ok\n".into())
}

pub async fn metrics(State(app): State<Arc<App>>) -> Response {
    let mut page = app.metrics.page();
    page.push_str("# TYPE vedetta_log_size gauge\n# TYPE vedetta_log_signed_size gauge\n");
    page.push_str("# HELP vedetta_log_unwitnessed_size Entries that no witness has seen.\n");
    page.push_str("# TYPE vedetta_log_unwitnessed_size gauge\n# TYPE vedetta_log_signed_time_seconds gauge\n");
    page.push_str("# TYPE vedetta_log_signing_fails gauge\n");
    for log in &app.logs {
        let of = |name: &str| format!("{name}{{log=\"{}\"}}", log.controller);
        let Some(signed) = app.signed.get(&log.controller).map(|signed| signed.borrow().clone()) else {
            continue;
        };
        let witnessed = app.witnessed.get(&log.controller).map_or(0, |seen| seen.borrow().size);
        let failing = app
            .signing
            .get(&log.controller)
            .is_some_and(|failing| failing.borrow().is_some());
        if let Ok(size) = app.store.size(log).await {
            line(&mut page, &of("log_size"), size);
        }
        line(&mut page, &of("log_signed_size"), signed.size);
        line(
            &mut page,
            &of("log_unwitnessed_size"),
            signed.size.saturating_sub(witnessed),
        );
        line(&mut page, &of("log_signed_time_seconds"), signed.time_ms / 1000);
        line(&mut page, &of("log_signing_fails"), u8::from(failing));
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], page).into_response()
}
