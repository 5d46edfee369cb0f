//! Bodies into the types and out of them: everything that was ever written, and what this program does not know.

use super::any_operation::Cause;
use super::live::{PtzEnd, PtzStart, ViewClose};
use super::log::LogRead;
use super::*;
use crate::domain::audit::event::{Body, Outcome};
use crate::domain::audit::event_fixture;
use proptest::prelude::*;

const CORPUS: &str = include_str!("../../../../tests/golden/events.jsonl");

fn body(operation: Operation, parameters: Value) -> Body {
    let Value::Object(parameters) = parameters else {
        panic!("parameters are an object");
    };
    Body {
        operation,
        result: Outcome::Done,
        parameters: Parameters(parameters),
        ..event_fixture::body()
    }
}

/// The body with nothing but what its details say.
fn written_again(body: &Body) -> Body {
    let mut again = Body {
        parameters: Parameters::default(),
        ..body.clone()
    };
    again.say(body.said());
    again
}

#[test]
fn r_aud_2_every_body_that_was_written_is_read_whole_and_written_again_with_the_same_bytes() {
    for line in CORPUS.lines() {
        let body: Body = serde_json::from_str(line).unwrap();
        let unknown = body.said().unknown;
        assert!(unknown.is_empty(), "{unknown:?} of {line}");
        assert_eq!(serde_json::to_string(&written_again(&body)).unwrap(), line);
    }
}

#[test]
fn r_aud_2_what_a_newer_program_said_is_passed_on_untouched() {
    let strange = body(
        Operation::ViewClose,
        serde_json::json!({
            "seconds": "many", "frames": 3, "why": {"new": [1, null]}, "rule": "a_rule_to_come", "lamp": 1.0, "at_station": "%",
        }),
    );
    let said = strange.said();
    let close = ViewClose {
        seconds: None,
        frames: Some(3),
    };
    assert_eq!(said.kind, EventKind::ViewClose(close));
    assert_eq!(said.common.why, Some(Why::Told(serde_json::json!({"new": [1, null]}))));
    assert_eq!(said.common.rule, None);
    let kept: Vec<&String> = said.unknown.keys().collect();
    assert_eq!(kept, ["at_station", "lamp", "rule", "seconds"]);
    assert_eq!(written_again(&strange), strange);
}

#[test]
fn numbers_in_another_form_than_ours_stay_as_they_are() {
    let whole = body(Operation::PtzEnd, serde_json::json!({"pan_deg": 62, "tilt_deg": -0.0}));
    let EventKind::PtzEnd(read) = whole.said().kind else {
        panic!("of another kind");
    };
    assert_eq!((read.pan_deg, read.tilt_deg), (None, Some(-0.0)));
    let text = |body: &Body| serde_json::to_string(body).unwrap();
    assert_eq!(text(&written_again(&whole)), text(&whole));
}

#[test]
fn an_outcome_adds_to_what_its_intent_said() {
    let mut event = body(Operation::PtzStart, serde_json::json!({}));
    event.say(PtzStart { fence: Some(4) });
    event.because(Cause::Abandoned);
    event.say(PtzEnd {
        commands: Some(2),
        ..PtzEnd::default()
    });
    assert_eq!(event.operation, Operation::PtzEnd);
    let expected = r#"{"commands":2,"fence":4,"why":"abandoned"}"#;
    assert_eq!(serde_json::to_string(&event.parameters).unwrap(), expected);
}

#[test]
fn what_was_asked_for_in_vain_is_cut() {
    let said = LogRead::default().asked_for(&"x".repeat(70));
    assert_eq!(said.common.asked_for.map(|text| text.len()), Some(64));
}

#[test]
fn every_operation_has_its_place_in_the_reference() {
    let entries: Vec<&Entry> = WINGS.iter().flat_map(|(_, entries)| *entries).collect();
    let mut names: Vec<String> = entries.iter().map(|entry| format!("{:?}", entry.operation)).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 41);
    for entry in entries {
        assert!(entry.written.iter().any(|line| line.len() > 10), "{entry:?}");
        let fields = entry.groups.iter().flat_map(|group| group.fields);
        assert!(
            fields
                .clone()
                .all(|field| field.meaning.iter().any(|line| line.len() > 3)),
            "{entry:?}"
        );
    }
}

fn all_read<T: field::Typed>() -> usize {
    let words = T::WORDS.iter().map(|word| Value::from(*word));
    words
        .filter(|word| serde_json::from_value::<T>(word.clone()).is_ok())
        .count()
}

#[test]
fn words_that_other_rules_own_are_listed_as_they_are_written() {
    use crate::domain::audit::event::RetentionClass;
    use crate::domain::people::clearance::Step;
    use crate::domain::people::{Purpose, StationKind};
    assert_eq!(all_read::<Purpose>(), 10);
    assert_eq!(all_read::<StationKind>(), StationKind::ALL.len());
    assert_eq!(all_read::<Step>(), 9);
    assert_eq!(all_read::<RetentionClass>(), 2);
}

/// Any JSON value, with the names and words of real parameters among others.
fn value() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        "[a-z_]{0,12}",
        Just("account_added".to_owned()),
        Just("picture".to_owned())
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map("[a-z_]{0,8}", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Names of parameters, most of them real ones.
fn name() -> impl Strategy<Value = String> {
    let fields = WINGS.iter().flat_map(|(_, entries)| *entries);
    let fields = fields.flat_map(|entry| entry.groups).chain(Common::GROUPS);
    let names: Vec<String> = fields
        .flat_map(|group| group.fields)
        .map(|field| field.name.to_owned())
        .collect();
    prop_oneof![9 => proptest::sample::select(names), 1 => "[a-z_]{0,8}"]
}

proptest! {
    #[test]
    fn r_aud_2_no_parameter_is_lost_whatever_it_is(
        parameters in proptest::collection::btree_map(name(), value(), 0..8),
        at in 0usize..41,
    ) {
        let entries: Vec<&Entry> = WINGS.iter().flat_map(|(_, entries)| *entries).collect();
        let parameters = Value::Object(parameters.into_iter().collect());
        let strange = body(entries[at].operation, parameters);
        let text = |body: &Body| serde_json::to_string(body).unwrap();
        prop_assert_eq!(text(&written_again(&strange)), text(&strange));
    }
}
