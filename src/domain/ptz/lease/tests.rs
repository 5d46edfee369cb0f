//! The lease itself, step by step and by properties.

use super::*;
use proptest::prelude::*;

const IDLE: Duration = Duration::from_secs(30);
const IDLE_MS: i64 = 30_000;

fn because(text: &str) -> Reason {
    Reason::try_from(text.to_owned()).unwrap()
}

fn asking<H>(by: H) -> Asking<H> {
    Asking {
        by,
        reason: because("rapina"),
    }
}

fn input() -> impl Strategy<Value = Input<u8>> {
    let who = 0u8..4;
    let fence = 0u64..12;
    prop_oneof![
        4 => who.clone().prop_map(Input::Take),
        4 => (who.clone(), fence.clone()).prop_map(|(by, fence)| Input::Renew { by, fence }),
        2 => (who.clone(), fence.clone()).prop_map(|(by, fence)| Input::Release { by, fence }),
        2 => who.clone().prop_map(|by| Input::Ask(asking(by))),
        3 => (who.clone(), who.clone(), fence).prop_map(|(from, to, fence)| Input::HandOver { from, to, fence }),
        1 => (who.clone(), who.clone()).prop_map(|(from, to)| Input::Decline { from, to }),
        1 => who.prop_map(|by| Input::TakeOver(asking(by))),
        2 => Just(Input::Tick),
    ]
}

#[test]
fn r_ptz_3_the_holder_hands_over_to_one_who_asked_and_to_nobody_else() {
    let mut lease = Lease::new(IDLE, 7);
    let hand_over = |from, to, fence| Input::HandOver { from, to, fence };
    assert_eq!(
        lease.handle(Input::Take("neri"), 0),
        [Outcome::Taken { by: "neri", fence: 8 }]
    );
    assert_eq!(
        lease.handle(Input::Take("bianchi"), 0),
        [Outcome::Refused { held_by: "neri" }]
    );
    assert!(lease.handle(hand_over("neri", "bianchi", 8), 0).is_empty());
    lease.handle(Input::Ask(asking("bianchi")), 0);
    assert!(lease.handle(hand_over("bianchi", "bianchi", 8), 0).is_empty());
    assert!(
        lease.handle(hand_over("neri", "bianchi", 7), 0).is_empty(),
        "an old word"
    );
    assert_eq!(
        lease.handle(hand_over("neri", "bianchi", 8), 0),
        [Outcome::HandedOver {
            from: "neri",
            to: "bianchi",
            fence: 9
        }]
    );
    assert!(lease.handle(Input::Renew { by: "neri", fence: 8 }, 0) == [Outcome::Refused { held_by: "bianchi" }]);
}

#[test]
fn r_ptz_3_who_asks_says_why_once_and_hears_the_answer() {
    let mut lease = Lease::new(IDLE, 0);
    assert!(lease.handle(Input::Ask(asking(2)), 0).is_empty(), "nobody to ask");
    lease.handle(Input::Take(1), 0);
    assert!(
        lease.handle(Input::Ask(asking(1)), 0).is_empty(),
        "nobody asks themselves"
    );
    assert_eq!(lease.handle(Input::Ask(asking(2)), 0).len(), 1);
    assert!(lease.handle(Input::Ask(asking(2)), 0).is_empty(), "said already");
    let other = Asking {
        by: 2,
        reason: because("inseguimento"),
    };
    assert_eq!(lease.handle(Input::Ask(other.clone()), 0).len(), 1);
    assert_eq!(lease.asking(0), [other]);
    assert_eq!(
        lease.handle(Input::Decline { from: 1, to: 2 }, 0),
        [Outcome::Declined { by: 1, asked: 2 }]
    );
    assert!(lease.asking(0).is_empty());
    for by in 2..40 {
        lease.handle(Input::Ask(asking(by)), 0);
    }
    assert_eq!(lease.asking(0).len(), MOST_ASKING);
}

#[test]
fn r_ptz_3_an_urgent_takeover_waits_until_the_holder_let_go_or_is_not_heard_any_more() {
    let begun = Outcome::TakeOverBegun {
        from: 1,
        to: 2,
        reason: because("rapina"),
    };
    let mut lease = Lease::new(IDLE, 0);
    lease.handle(Input::Take(1), 0);
    assert_eq!(lease.handle(Input::TakeOver(asking(2)), 1), [begun]);
    assert_eq!((lease.holder(1), lease.passes_to(1)), (Some(&1), Some(&2)));
    let to_taker = [Outcome::Refused { held_by: 2 }];
    assert_eq!(lease.handle(Input::Renew { by: 1, fence: 1 }, 2), to_taker);
    assert_eq!(lease.handle(Input::Take(1), 2), to_taker);
    assert_eq!(lease.handle(Input::TakeOver(asking(3)), 2), to_taker);
    assert_eq!(lease.handle(Input::Take(2), 2), [Outcome::Refused { held_by: 1 }]);
    let passed = Outcome::TakenOver {
        from: 1,
        to: 2,
        fence: 2,
    };
    let mut silent = lease.clone();
    assert_eq!(
        lease.handle(Input::Release { by: 1, fence: 1 }, 3),
        std::slice::from_ref(&passed)
    );
    // Nothing that the old holder sent late undoes it.
    assert!(lease.handle(Input::Release { by: 1, fence: 1 }, 3).is_empty());
    assert_eq!(
        silent.handle(Input::Tick, IDLE_MS),
        [Outcome::Expired { by: 1 }, passed],
        "the renewals after it began did not count"
    );
}

#[test]
fn r_ptz_3_only_a_higher_level_takes_over() {
    use Level::*;
    for from in [Operator, ForceOperator] {
        assert!(may_take_over(Supervisor, from));
        for by in [Operator, ForceOperator, Maintainer, SystemAdministrator] {
            assert!(!may_take_over(by, from));
        }
    }
    assert!(!may_take_over(Supervisor, Supervisor));
}

#[test]
fn r_ptz_3_a_hold_that_nobody_renews_ends_by_itself() {
    let mut lease = Lease::new(IDLE, 0);
    lease.handle(Input::Take(1), 0);
    lease.handle(Input::Renew { by: 1, fence: 1 }, IDLE_MS / 2);
    assert_eq!(lease.holder(IDLE_MS), Some(&1));
    assert_eq!(lease.remaining(IDLE_MS), IDLE / 2);
    let later = IDLE_MS / 2 + IDLE_MS;
    assert_eq!(lease.holder(later), None);
    assert!(lease.is_overdue(later));
    assert_eq!(
        lease.handle(Input::Take(2), later),
        [Outcome::Expired { by: 1 }, Outcome::Taken { by: 2, fence: 2 }]
    );
    assert!(!lease.is_overdue(later));
}

#[test]
fn r_ptz_3_a_clock_that_is_set_back_lengthens_no_lease() {
    let mut lease = Lease::new(IDLE, 0);
    lease.handle(Input::Take(1), 1_000_000);
    lease.handle(Input::Tick, 0);
    assert_eq!(lease.remaining(0), IDLE);
    assert_eq!(lease.handle(Input::Tick, IDLE_MS), [Outcome::Expired { by: 1 }]);
}

#[test]
fn r_ptz_3_a_lease_that_was_kept_goes_on() {
    let mut lease = Lease::new(IDLE, 0);
    lease.handle(Input::Take(1), 0);
    lease.handle(Input::TakeOver(asking(2)), 0);
    let kept = serde_json::to_string(&lease).unwrap();
    let read: Lease<i32> = serde_json::from_str(&kept).unwrap();
    assert_eq!(read.lasting(IDLE), lease);
}

proptest! {
    /// Holders as the outcomes tell it: never two, and the fence grows exactly with each lease that begins.
    #[test]
    fn r_ptz_3_never_two_holders_and_the_fence_only_grows(
        inputs in proptest::collection::vec((input(), 0i64..20_000), 1..80),
    ) {
        let mut now = 0;
        let mut lease = Lease::new(IDLE, 0);
        let mut told: Option<u8> = None;
        let mut fence = 0;
        for (input, ms) in inputs {
            now += ms;
            for outcome in lease.handle(input, now) {
                match outcome {
                    Outcome::Taken { by, fence: new } => {
                        prop_assert!(told.is_none() || told == Some(by));
                        prop_assert!(new > fence);
                        (told, fence) = (Some(by), new);
                    }
                    Outcome::HandedOver { from, to, fence: new } => {
                        prop_assert_eq!(told, Some(from));
                        prop_assert!(new > fence);
                        (told, fence) = (Some(to), new);
                    }
                    // The lease it follows is over: `Expired` came before it, or the holder let go.
                    Outcome::TakenOver { from, to, fence: new } => {
                        prop_assert!(told.is_none() || told == Some(from));
                        prop_assert!(new > fence);
                        (told, fence) = (Some(to), new);
                    }
                    Outcome::Released { by } | Outcome::Expired { by } => {
                        prop_assert_eq!(told, Some(by));
                        told = None;
                    }
                    Outcome::Refused { held_by } => prop_assert!(told == Some(held_by) || lease.passes_to(now) == Some(&held_by)),
                    Outcome::Renewed { fence: same } => prop_assert_eq!(same, fence),
                    Outcome::Asked { holder, by, .. } => prop_assert!(told == Some(holder) && by != holder),
                    Outcome::TakeOverBegun { from, to, .. } => prop_assert!(told == Some(from) && to != from),
                    Outcome::Declined { by, .. } => prop_assert_eq!(told, Some(by)),
                    Outcome::Nothing => {}
                }
            }
            prop_assert_eq!(lease.holder(now).copied(), told);
            prop_assert_eq!(lease.fence(), fence);
        }
    }
}
