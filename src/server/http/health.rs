//! Alive, able to record, and figures for Prometheus: read by anyone who reaches the server.
//!
//! Invariant: «ready» means that the database takes a row (`readiness`) and everything in it is signed or will be within seconds.
//! Deliberately absent: names of people, cameras and workstations.

use super::state::{LogState, SiteState, Traffic, UsageState};
use crate::server::metrics::line;
use crate::server::store::Store;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

pub async fn healthy() -> &'static str {
    "ok\n"
}

pub async fn ready(State(logs): State<Arc<LogState>>, State(traffic): State<Arc<Traffic>>) -> (StatusCode, String) {
    if !traffic.readiness.is_ready() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the database takes no row\n".into());
    }
    if let Some(why) = logs.put_back.why() {
        return (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n"));
    }
    for log in &logs.all {
        let failing = logs
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

pub async fn metrics(
    State(logs): State<Arc<LogState>>,
    State(site): State<Arc<SiteState>>,
    State(usage): State<Arc<UsageState>>,
    State(traffic): State<Arc<Traffic>>,
    State(store): State<Store>,
) -> Response {
    let mut page = traffic.metrics.page();
    page.push_str("# HELP vedetta_connections_turned_away_total Connections dropped, or ended for others.\n");
    page.push_str("# TYPE vedetta_connections_turned_away_total counter\n");
    line(&mut page, "connections_turned_away_total", traffic.gate.turned_away());
    page.push_str("# HELP vedetta_events_in_anothers_name_total Names in events that agree with no session.\n");
    page.push_str("# TYPE vedetta_events_in_anothers_name_total counter\n");
    line(&mut page, "events_in_anothers_name_total", usage.attribution.count());
    page.push_str("# HELP vedetta_unknown_camera_users Users on cameras that nobody here made.\n");
    page.push_str("# TYPE vedetta_unknown_camera_users gauge\n");
    let unknown = site.personal_users.unknown().all();
    let unknown: usize = unknown.iter().map(|(_, users)| users.len()).sum();
    line(&mut page, "unknown_camera_users", unknown as u64);
    page.push_str("# TYPE vedetta_log_size gauge\n# TYPE vedetta_log_signed_size gauge\n");
    page.push_str("# HELP vedetta_log_unwitnessed_size Entries that no witness has seen.\n");
    page.push_str("# TYPE vedetta_log_unwitnessed_size gauge\n# TYPE vedetta_log_signed_time_seconds gauge\n");
    page.push_str("# TYPE vedetta_log_signing_fails gauge\n");
    for log in &logs.all {
        let of = |name: &str| format!("{name}{{log=\"{}\"}}", log.controller);
        let Some(signed) = logs.signed.get(&log.controller).map(|signed| signed.borrow().clone()) else {
            continue;
        };
        let witnessed = logs.witnessed.get(&log.controller).map_or(0, |seen| seen.borrow().size);
        let failing = logs
            .signing
            .get(&log.controller)
            .is_some_and(|failing| failing.borrow().is_some());
        if let Ok(size) = store.size(log).await {
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
