//! A dome that nobody steers any more: which workstation sends it back, and how that is recorded.

use super::road::{ALL, Bench, dome};
use super::station;
use crate::domain::audit::details::EventKind;
use crate::domain::people::Level;
use crate::protocol::{Holder, LeaseState};
use crate::station::Refusal;
use std::time::{Duration, Instant};

fn leased(by: Option<&str>) -> [LeaseState; 1] {
    let holder = by.map(|user| Holder {
        user: user.into(),
        display_name: user.into(),
        agency: "Polizia Locale".into(),
        station: station(),
    });
    [LeaseState {
        camera: dome(),
        holder,
        fence: 1,
        remaining_ms: 10_000,
        asking: Vec::new(),
        passes_to: None,
    }]
}

#[tokio::test]
async fn r_ptz_3_the_last_holder_alone_sends_a_dome_back_and_not_while_anybody_has_it() {
    let bench = Bench::new().await;
    let session = bench.session(Level::Supervisor, &ALL);
    let (leases, plan, start) = (&session.0.leases, session.plan(), Instant::now());
    let due = |minutes: u64| leases.to_return(&plan, start + Duration::from_secs(60 * minutes));
    assert!(due(30).is_empty(), "nobody steered it here");
    leases.steered(&dome());
    leases.hear(&leased(Some("chiara.neri")), Vec::new());
    assert!(due(30).is_empty(), "a lease is in force");
    leases.hear(&leased(None), Vec::new());
    assert!(due(39).is_empty());
    assert_eq!(due(40), [dome()]);
    assert!(due(90).is_empty(), "once");
    leases.steered(&dome());
    leases.hear(&leased(Some("marco.verdi")), Vec::new());
    assert!(due(90).is_empty());
    leases.hear(&leased(None), Vec::new());
    assert!(due(180).is_empty(), "somebody else had it last");
}

#[tokio::test]
async fn a_return_is_recorded_as_by_itself_in_the_name_of_the_last_holder() {
    let bench = Bench::new().await;
    let session = bench.session(Level::Supervisor, &ALL);
    let refused = session.return_home(&dome()).await.unwrap_err();
    assert!(matches!(refused, Refusal::NoLeaseWithoutServer), "{refused:?}");
    let bodies = bench.bodies();
    let calls: Vec<_> = (bodies.iter())
        .filter_map(|body| match body.said().kind {
            EventKind::PresetCall(call) => Some((body.person.as_str(), call.preset, call.by_itself)),
            _ => None,
        })
        .collect();
    session.0.did_not_return(dome(), refused.clone());
    assert_eq!(session.take_not_returned(), [(dome(), refused)]);
    assert_eq!(session.take_not_returned(), [], "said once");
    let home = ("chiara.neri", Some("HomePosition".to_owned()), Some(true));
    assert_eq!(calls, [home.clone(), home]);
}
