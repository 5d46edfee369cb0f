//! A dome is calibrated: driven over ONVIF while its statuses are asked for and its pictures followed, what was measured proposed,
//! approved by a second person, and in force (R-PRV-1).
//!
//! Invariant: what is measured is compared with what the simulator does, and never with what its plan says.
//! Deliberately absent: the rule of the trial on domes that obey only their bounds (`domain::ptz::delay_trial`), the panel.

use super::first;
use super::place::{Place, until};
use crate::media_town::code;
use crate::town::Town;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime};
use vedetta::domain::camera::{CameraId, CameraKind, StreamRole};
use vedetta::domain::people::Rule;
use vedetta::domain::refusal::RefusalKind;
use vedetta::domain::site::{Axis, DomeDelays, MotionBounds, SpeedTable};
use vedetta::sim::makes::Make;
use vedetta::sim::timecode;
use vedetta::station::{LiveView, MaskChange, MaskProposal, Refusal, Session, Verdict};

/// The age in milliseconds of every picture of a view when it left the decoder, by the time code that the town paints into it.
fn ages(view: &LiveView) -> (Arc<Mutex<Vec<i64>>>, tokio::task::JoinHandle<()>) {
    let (slot, ages) = (view.slot().clone(), Arc::new(Mutex::new(Vec::new())));
    let seen = Arc::clone(&ages);
    let task = tokio::spawn(async move {
        loop {
            slot.changed(slot.count()).await;
            let Some(frame) = slot.latest() else { continue };
            let unix = SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .expect("after 1970");
            let (unix_ms, modulus) = (unix.as_millis() as i64, i64::from(timecode::MODULUS));
            let arrived_ms = unix_ms - frame.arrived.elapsed().as_millis() as i64;
            if let Some(taken) = code(&frame) {
                let age = (arrived_ms - i64::from(taken)).rem_euclid(modulus);
                seen.lock().expect("no panic").push(age);
            }
        }
    });
    (ages, task)
}

/// Proposes delays, which the same person cannot approve, and has the commander approve them at another workstation.
async fn approved(place: &Place, session: &Session, dome: &CameraId, delays: &DomeDelays) {
    let proposal = MaskProposal {
        change: MaskChange::Delays(delays.clone()),
        reason: "prima taratura".into(),
        found: None,
    };
    let proposed = session.propose_mask(dome, proposal).await.expect("it makes sense");
    let alone = session.decide_proposal(proposed.id, Verdict::Approve).await;
    assert_eq!(
        alone,
        Err(Refusal::Kind(RefusalKind::Rule(Rule::SupervisorOnly))),
        "one person alone"
    );
    let before = session
        .plan()
        .camera(dome)
        .and_then(|camera| camera.motion.delays.clone());
    assert_ne!(before.as_ref(), Some(delays), "in force before anybody approved it");

    let console = place.station_named("console").await;
    let commander = place.sign_in(&console, "comandante").await;
    let waiting = commander.proposals().await.expect("what waits");
    assert_eq!(waiting, std::slice::from_ref(&proposed));
    commander
        .decide_proposal(proposed.id, Verdict::Approve)
        .await
        .expect("approved");
    until("the delays in force", 30, || {
        let plan = session.plan();
        let camera = plan.camera(dome).expect("the dome");
        camera.motion.delays.as_ref() == Some(delays)
    })
    .await;
    commander.sign_out().await.expect("a sign-out");
}

fn assert_speeds_are_true_of(made: Make, planned: &MotionBounds, speeds: &SpeedTable) {
    let highest = [
        planned.pan_speed_deg_s,
        planned.tilt_speed_deg_s,
        planned.zoom_speed_ln_s,
    ];
    for (axis, highest) in Axis::ALL.into_iter().zip(highest) {
        assert!(!speeds.rows(axis).is_empty(), "{axis:?} was not measured");
        for row in speeds.rows(axis) {
            let truly = made.speed_of(row.velocity) * highest;
            assert!(
                (row.speed - truly).abs() <= row.spread,
                "{axis:?}: {row:?}, truly {truly}"
            );
        }
    }
}

fn assert_delays_are_true_of(made: Make, planned: &MotionBounds, delays: &DomeDelays) {
    let begins_s = made.command_delay_ms as f64 / 1_000.0;
    let [soonest, latest] = delays.command_s;
    assert!(soonest <= begins_s && begins_s < latest, "{delays:?}");
    assert!(begins_s + made.ramp_s <= latest + delays.ramp_s, "{delays:?}");
    // The town's own dome tells what is a quarter to a half of the plan's bound old.
    let [youngest, oldest] = made
        .status_delay_ms
        .map_or([0.25, 0.5].map(|share| share * planned.status_delay_s), |ms| {
            [ms as f64 / 1_000.0; 2]
        });
    assert!(
        delays.status_age_s[0] <= youngest && oldest <= delays.status_age_s[1],
        "{delays:?}"
    );
}

/// Measures a dome of the make and asserts that the delays are true of it and come into force.
async fn calibrates(make: &str) {
    let place = Town::of(1, 1).hanging(make).simulated();
    let station = place.station().await;
    let session = place.sign_in(&station, "operatore").await;
    let dome = first(&session, CameraKind::Dome, true);
    let view = session.view(&dome, StreamRole::Sub).await.expect("a view");
    until("the dome's pose", 30, || {
        view.pose(Instant::now()).steady(0.6).is_some()
    })
    .await;
    let (ages, task) = ages(&view);
    let begun = Instant::now();
    let measured = session.measure_motion(&dome).await.expect("a trial");
    task.abort();
    println!("{make}: {:?} after {:?}", measured.delays, begun.elapsed());
    let made = Make::by_name(make).expect("a make");
    let planned = session.plan().camera(&dome).expect("the dome").motion.clone();
    assert_speeds_are_true_of(made, &planned, &measured.speeds);
    let delays = measured.delays.expect("delays");

    assert_delays_are_true_of(made, &planned, &delays);
    let mut ages = std::mem::take(&mut *ages.lock().expect("no panic"));
    ages.sort_unstable();
    let [least, most] = delays.picture_age_s.map(|age_s| age_s * 1_000.0);
    // A time code is cut to whole milliseconds. Pictures later than nearly all are found to be late one by one.
    let nearly_all = ages[ages.len() * 9 / 10];
    println!("{make}: pictures {}, {} to {nearly_all} ms old", ages.len(), ages[0]);
    assert!(ages.len() > 1_000, "only {} pictures", ages.len());
    assert!(
        least <= ages[0] as f64 + 1.0 && nearly_all as f64 <= most,
        "{:?} to {nearly_all} ms: {delays:?}",
        ages[0]
    );

    approved(&place, &session, &dome, &delays).await;
    session.sign_out().await.expect("a sign-out");
    let told: Vec<(String, String)> = (place.bodies("mask_change").await.iter())
        .map(|body| (body["parameters"]["delays"].clone(), body["result"].clone()))
        .map(|(of, result)| {
            (
                of.as_str().unwrap_or_default().to_owned(),
                result.as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    let expected = ["intent", "refused", "done"].map(|result| (dome.to_string(), result.to_owned()));
    assert_eq!(told, expected);
    let after = place.bodies("mask_change").await.pop().expect("approved")["parameters"]["after"].clone();
    assert_eq!(after, json!(delays));
    assert!(
        most < planned.video_delay_s * 1_000.0,
        "the pictures were not followed: {delays:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn r_prv_1_a_calibration_measures_the_delays_of_the_towns_own_dome_and_a_second_person_puts_them_in_force() {
    calibrates("comune").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r_prv_1_a_calibration_measures_the_delays_of_a_late_dome_and_a_second_person_puts_them_in_force() {
    calibrates("medio").await;
}
