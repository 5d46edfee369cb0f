//! Requests, answers and what is seen under them, step by step and by properties.

use super::*;
use crate::domain::people::second_person::GIVEN_LATELY_MS;
use proptest::prelude::*;

pub(super) const NOW: i64 = 1_800_000_000_000;

pub(super) fn because(text: &str) -> Reason {
    Reason::try_from(text.to_owned()).unwrap()
}

pub(super) fn extent(cameras: &[&str], from_h: i64, to_h: i64, export: bool) -> Extent {
    Extent {
        cameras: cameras.iter().map(|id| id.parse().unwrap()).collect(),
        from_ms: NOW + from_h * HOUR_MS,
        to_ms: NOW + to_h * HOUR_MS,
        export,
    }
}

pub(super) fn wish(extent: Extent) -> Wish {
    Wish {
        controller: "borgo".parse().unwrap(),
        extent,
        purpose: Purpose::UrbanSecurity,
        reason: because("danneggiamento"),
        protocol_no: String::new(),
    }
}

fn requested(extent: Extent) -> Result<Clearance, ClearanceError> {
    Clearance::request(wish(extent), "neri", Level::Operator, NOW)
}

pub(super) fn covers(
    clearance: &Clearance,
    account: &str,
    what: Use,
    camera: &str,
    range: (i64, i64),
    now: i64,
) -> bool {
    let span = Span::new(NOW + range.0 * HOUR_MS, NOW + range.1 * HOUR_MS).unwrap();
    covering(
        [clearance].into_iter(),
        account,
        what,
        &camera.parse().unwrap(),
        span,
        now,
    )
    .is_ok()
}

#[test]
fn r_rec_1_a_request_names_cameras_range_and_no_archive() {
    let refused = |extent| requested(extent).err();
    assert_eq!(refused(extent(&[], -2, -1, false)), Some(ClearanceError::Cameras));
    assert_eq!(refused(extent(&["a"], -1, -1, false)), Some(ClearanceError::EmptyRange));
    assert_eq!(refused(extent(&["a"], -169, -168, false)), Some(ClearanceError::TooOld));
    assert_eq!(
        refused(extent(&["a"], -1, 25, false)),
        Some(ClearanceError::TooFarAhead)
    );
    assert_eq!(
        refused(extent(&["a", "b"], -25, 0, true)),
        Some(ClearanceError::TooMuch)
    );
    assert_eq!(refused(extent(&["a", "b"], -24, 0, true)), None);
    let mut delegated = wish(extent(&["a"], -2, -1, false));
    delegated.purpose = Purpose::JudicialPoliceDelegated;
    let asked = |wish| Clearance::request(wish, "neri", Level::Operator, NOW).map(drop);
    assert_eq!(asked(delegated.clone()), Err(ClearanceError::NoProtocolNumber));
    delegated.protocol_no = " 12/2026 ".into();
    assert_eq!(asked(delegated), Ok(()));
}

#[test]
fn r_rec_1_only_another_person_who_is_a_supervisor_answers_and_only_once() {
    let mut clearance = requested(extent(&["a"], -2, -1, true)).unwrap();
    let approve = || Verdict::Approve { hours: 24 };
    for level in [Level::Operator, Level::ForceOperator, Level::SystemAdministrator] {
        assert_eq!(
            clearance.answer("villa", level, approve(), NOW),
            Err(ClearanceError::SupervisorOnly)
        );
    }
    assert_eq!(
        clearance.answer("neri", Level::Supervisor, approve(), NOW),
        Err(ClearanceError::OwnRequest)
    );
    assert!(!covers(&clearance, "neri", Use::Playback, "a", (-2, -1), NOW));
    assert_eq!(
        clearance.answer("villa", Level::Supervisor, approve(), NOW),
        Ok(Step::Approved)
    );
    let refuse = Verdict::Refuse { reason: because("no") };
    assert_eq!(
        clearance.answer("villa", Level::Supervisor, refuse, NOW),
        Err(ClearanceError::NotWaiting)
    );
    assert!(covers(&clearance, "neri", Use::Playback, "a", (-2, -1), NOW));
    assert!(!covers(&clearance, "bianchi", Use::Playback, "a", (-2, -1), NOW));
    assert!(!covers(&clearance, "neri", Use::Playback, "b", (-2, -1), NOW));
    assert!(!covers(&clearance, "neri", Use::Playback, "a", (-3, -1), NOW));
    assert!(!covers(
        &clearance,
        "neri",
        Use::Playback,
        "a",
        (-2, -1),
        NOW + 24 * HOUR_MS
    ));
}

#[test]
fn r_exp_5_an_export_is_bound_to_a_clearance_that_allows_copies() {
    let mut clearance = requested(extent(&["a"], -2, 0, true)).unwrap();
    let narrow = Verdict::Shorten {
        extent: extent(&["a"], -2, -1, false),
        hours: 1,
    };
    assert_eq!(
        clearance.answer("villa", Level::Supervisor, narrow, NOW),
        Ok(Step::Shortened)
    );
    assert!(covers(&clearance, "neri", Use::Playback, "a", (-2, -1), NOW));
    assert!(!covers(&clearance, "neri", Use::Export, "a", (-2, -1), NOW));
    assert!(!covers(&clearance, "neri", Use::Playback, "a", (-1, 0), NOW));
}

#[test]
fn a_request_that_nobody_answers_is_over_after_three_days() {
    let mut clearance = requested(extent(&["a"], -2, -1, false)).unwrap();
    let late = NOW + i64::from(MOST_HOURS) * HOUR_MS;
    assert_eq!(clearance.standing(late - 1), ClearanceStatus::Waiting);
    assert_eq!(clearance.standing(late), ClearanceStatus::Expired);
    let approve = Verdict::Approve { hours: 1 };
    assert_eq!(
        clearance.answer("villa", Level::Supervisor, approve, late),
        Err(ClearanceError::NotWaiting)
    );
}

fn some_extent() -> impl Strategy<Value = Extent> {
    let cameras = proptest::collection::btree_set("[a-d]", 0..4);
    (cameras, -30i64..30, -30i64..30, any::<bool>()).prop_map(|(cameras, from_h, to_h, export)| {
        let names: Vec<&str> = cameras.iter().map(String::as_str).collect();
        extent(&names, from_h, to_h, export)
    })
}

fn some_verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        (0u32..80).prop_map(|hours| Verdict::Approve { hours }),
        (some_extent(), 0u32..80).prop_map(|(extent, hours)| Verdict::Shorten { extent, hours }),
        Just(Verdict::Refuse { reason: because("no") }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever is asked and answered by whom and when: what can be seen lies within what was asked, was granted by
    /// another person who is a supervisor, and not after its end.
    #[test]
    fn r_rec_1_nothing_is_seen_beyond_what_was_asked_and_granted(
        asked in some_extent(),
        answers in proptest::collection::vec((any::<bool>(), any::<bool>(), some_verdict(), 0i64..90), 0..6),
        (look_h, export, camera) in (0i64..200, any::<bool>(), "[a-e]"),
    ) {
        let Ok(mut clearance) = requested(asked.clone()) else { return Ok(()) };
        let mut first = None;
        for (own, supervisor, verdict, at_h) in answers {
            let (by, level) = (
                if own { "neri" } else { "villa" },
                if supervisor { Level::Supervisor } else { Level::Operator },
            );
            let before = clearance.clone();
            match clearance.answer(by, level, verdict, NOW + at_h * HOUR_MS) {
                Ok(step) => {
                    prop_assert!(!own && supervisor && first.is_none() && at_h < i64::from(MOST_HOURS));
                    first = Some((step, at_h));
                }
                Err(_) => prop_assert_eq!(&before, &clearance),
            }
        }
        let what = if export { Use::Export } else { Use::Playback };
        let camera: CameraId = camera.parse().unwrap();
        if let Some(span) = clearance.cleared("neri", what, &camera, NOW + look_h * HOUR_MS) {
            let (step, at_h) = first.unwrap();
            prop_assert!(matches!(step, Step::Approved | Step::Shortened));
            prop_assert!(look_h < at_h + i64::from(MOST_HOURS));
            prop_assert!(asked.from_ms <= span.from_ms && span.to_ms <= asked.to_ms);
            prop_assert!(asked.cameras.contains(&camera) && (!export || asked.export));
        }
    }
}

fn granted() -> Clearance {
    let mut clearance = requested(extent(&["a"], -2, -1, true)).unwrap();
    clearance
        .answer("villa", Level::Supervisor, Verdict::Approve { hours: 24 }, NOW)
        .unwrap();
    clearance
}

fn withdrawal() -> Withdrawal {
    Withdrawal {
        reason: because("la denuncia è stata ritirata"),
    }
}

#[test]
fn r_rec_1_a_withdrawn_clearance_lets_nothing_be_seen_from_that_moment_on_and_for_good() {
    let mut clearance = granted();
    let later = NOW + HOUR_MS;
    assert!(covers(&clearance, "neri", Use::Playback, "a", (-2, -1), later));
    let step = clearance.withdraw("bianchi", Level::Supervisor, withdrawal(), later);
    assert_eq!(step, Ok(Step::Withdrawn));
    for moment in [later, later + 1, NOW + 100 * HOUR_MS] {
        assert_eq!(clearance.standing(moment), ClearanceStatus::Withdrawn);
        for what in [Use::Playback, Use::Export] {
            assert!(!covers(&clearance, "neri", what, "a", (-2, -1), moment));
        }
    }
    let again = clearance.withdraw("villa", Level::Supervisor, withdrawal(), later + 1);
    assert_eq!(again, Err(ClearanceError::NotInForce));
    let answered = clearance.answer("villa", Level::Supervisor, Verdict::Approve { hours: 1 }, later + 1);
    assert_eq!(answered, Err(ClearanceError::NotWaiting));
}

#[test]
fn r_rec_1_a_workstation_of_an_earlier_release_takes_a_withdrawn_clearance_for_one_that_is_over() {
    let mut clearance = granted();
    let later = NOW + HOUR_MS;
    clearance
        .withdraw("villa", Level::Supervisor, withdrawal(), later)
        .unwrap();
    // An earlier release passes over what it does not know.
    clearance.withdrawn = None;
    assert_eq!(clearance.standing(later), ClearanceStatus::Expired);
}

#[test]
fn r_rec_1_only_a_supervisor_withdraws_and_only_what_is_in_force() {
    let mut waiting = requested(extent(&["a"], -2, -1, true)).unwrap();
    let refused = waiting.withdraw("villa", Level::Supervisor, withdrawal(), NOW);
    assert_eq!(refused, Err(ClearanceError::NotInForce));
    let mut clearance = granted();
    for level in [
        Level::Operator,
        Level::ForceOperator,
        Level::SystemAdministrator,
        Level::Maintainer,
    ] {
        let refused = clearance.withdraw("neri", level, withdrawal(), NOW);
        assert_eq!(refused, Err(ClearanceError::SupervisorOnly));
    }
    let over = clearance.withdraw("villa", Level::Supervisor, withdrawal(), NOW + 24 * HOUR_MS);
    assert_eq!(over, Err(ClearanceError::NotInForce));
    assert_eq!(clearance, granted());
}

#[test]
fn r_rec_1_who_asked_is_the_human_being_and_not_the_account() {
    let clearance = requested(extent(&["a"], -2, -1, true)).unwrap();
    let is = |user: &str, name: &str, givers: &[Giver]| {
        let who = Person {
            user: user.into(),
            display_name: name.into(),
            agency: "Polizia Locale".into(),
            level: Level::Supervisor,
            grants: Vec::new(),
        };
        clearance.is_for_another("Ag. Neri", &who, givers, NOW)
    };
    let own = Err(ClearanceError::OwnRequest);
    assert_eq!(is("villa", "Com. Villa", &[]), Ok(()));
    assert_eq!(is("neri", "Com. Villa", &[]), own);
    assert_eq!(is("villa", "AG.  NERI", &[]), own);
    let gave = |at_ms| Giver {
        user: "neri".into(),
        display_name: "Ag. Neri".into(),
        at_ms,
    };
    assert_eq!(is("villa", "Com. Villa", &[gave(NOW - HOUR_MS)]), own);
    assert_eq!(is("villa", "Com. Villa", &[gave(NOW - GIVEN_LATELY_MS)]), Ok(()));
}
