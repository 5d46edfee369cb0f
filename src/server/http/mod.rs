//! The calls of `protocol` over HTTPS, and the life of the server process.
//!
//! Invariant: every body, time and count is bounded before it is looked at; every refusal is a `protocol::Refusal`.
//! Deliberately absent: rules; each handler asks the room that has them.

mod account_scope;
mod camera_scope;
mod cameras;
mod clearance;
mod client_auth;
mod doctor;
mod dome_lease;
mod gate;
mod health;
mod ingest;
mod last_seen;
mod lifecycle;
mod log_retention;
mod logs;
mod opening;
mod people;
mod pinned;
mod policy;
mod rate_limit;
mod readiness;
mod responses;
mod search;
mod sessions;
mod site;
mod state;
mod versions;
mod workstations;

pub use lifecycle::serve;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post};
use state::App;

/// Every route.
fn router(app: App) -> Router {
    Router::new()
        .route("/v1/sessions", post(sessions::sign_in).get(people::running))
        .route("/v1/sessions/current/proof", post(people::prove))
        .route("/v1/sessions/current/purpose", post(sessions::change_purpose))
        .route("/v1/sessions/current/asked", post(sessions::answer))
        .route("/v1/sessions/asked", post(sessions::asked))
        .route("/v1/password", post(people::choose_password))
        .route("/v1/people", get(people::list).post(people::add))
        .route("/v1/people/{user}", post(people::change))
        .route("/v1/workstations", get(workstations::list))
        .route("/v1/workstations/codes", post(workstations::new_code))
        .route("/v1/workstations/{station}", delete(workstations::revoke))
        .route("/v1/doctor", get(doctor::look))
        .route("/v1/authority", get(workstations::authority))
        .route("/v1/enrolments", post(workstations::enrol))
        .route("/v1/stations/{station}/certificate", post(workstations::renew))
        .route("/v1/sessions/current", delete(sessions::sign_out))
        .route("/v1/people/{user}/sessions", delete(people::revoke))
        .route("/v1/plan", get(cameras::plan))
        .route("/v1/cameras", get(site::list).post(site::put))
        .route("/v1/cameras/{camera}/removal", post(site::remove))
        .route("/v1/site", post(site::import))
        .route("/v1/site/trials", post(site::trial))
        .route("/v1/site/proposals", get(site::proposals))
        .route("/v1/site/proposals/{id}", post(site::decide))
        .route("/v1/cameras/{camera}/credentials", post(cameras::credentials))
        .route("/v1/cameras/{camera}/hold", post(dome_lease::lease))
        .route("/v1/holds", get(dome_lease::leases))
        .route("/v1/clearances", post(clearance::request))
        .route("/v1/clearances/{id}", post(clearance::answer))
        .route("/v1/clearances/{id}/withdrawal", post(clearance::withdraw))
        .route("/v1/clearances/{id}/ratification", post(clearance::ratify))
        .route("/v1/recordings/at-once", post(clearance::open_at_once))
        .route("/v1/policy", get(policy::state))
        .route("/v1/cameras/{camera}/permit", post(policy::permit))
        .route("/v1/cameras/{camera}/declared", post(policy::declare))
        .route("/v1/declared/{id}", delete(policy::end))
        .route("/v1/cameras/{camera}/masks", post(policy::propose))
        .route("/v1/proposals", get(policy::proposals))
        .route("/v1/proposals/{id}", post(policy::decide_proposal))
        .route("/v1/stations/{station}/events", post(ingest::events))
        .route("/v1/stations/{station}/heads", get(ingest::heads))
        .route("/v1/stations/{station}/proof", get(logs::proof))
        .route("/v1/logs/{controller}/checkpoint", get(logs::checkpoint))
        .route("/v1/logs/{controller}/inclusion", get(logs::inclusion))
        .route("/v1/logs/{controller}/consistency", get(logs::consistency))
        .route("/v1/logs/{controller}/tile/{*path}", get(logs::tile))
        .route("/v1/logs/{controller}/entries", get(logs::entries))
        .route("/v1/logs/{controller}/search", get(search::search))
        .route("/v1/people/me/entries", get(search::own))
        .route("/v1/logs/{controller}/console", post(log_retention::at_console))
        .route("/v1/logs/{controller}/floor", post(log_retention::floor))
        .route("/v1/logs/{controller}/holds", post(log_retention::hold))
        .route("/v1/logs/{controller}/holds/{id}", delete(log_retention::lift))
        .route("/v1/logs/{controller}/prunings", post(log_retention::ask_pruning))
        .route(
            "/v1/logs/{controller}/prunings/{id}/approval",
            post(log_retention::approve_pruning),
        )
        .route("/metrics", get(health::metrics))
        .route("/healthz", get(health::healthy))
        .route("/readyz", get(health::ready))
        .fallback(responses::no_such_call)
        .method_not_allowed_fallback(responses::no_such_call)
        .layer(DefaultBodyLimit::max(crate::protocol::MAX_BODY))
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            responses::within_bounds,
        ))
        .layer(axum::middleware::from_fn(versions::in_common))
        .with_state(app)
}
