//! Random changes of JSON values, for tests that no payload breaks the server.

use std::cell::Cell;

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

/// A change at one place of a value.
#[derive(Debug, Clone)]
enum Change {
    Drop,
    Put(Value),
    /// Doubles a list's elements.
    Double,
}

/// Collects the places of a value that can be changed, as JSON pointers.
pub fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, inner)| places(inner, &format!("{at}/{key}"), found)),
        Value::Array(all) => all
            .iter()
            .enumerate()
            .for_each(|(key, inner)| places(inner, &format!("{at}/{key}"), found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A long text that no database can compress.
fn long(seed: u64, length: usize) -> String {
    let mut state = seed | 1;
    let mut sign = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef0123456789+/=_-."[(state >> 33) as usize % 48])
    };
    (0..length).map(|_| sign()).collect()
}

fn change() -> impl Strategy<Value = Change> {
    let odd = [
        "\u{0}",
        "\u{0}\u{0}x",
        "\u{202e}txet\u{202c}",
        "👨‍👩‍👧‍👦🇦🇶",
        "z\u{310}\u{30d}\u{352}algo",
        " \t\n",
        "%_'\";--",
        "../../etc",
        "@",
    ];
    prop_oneof![
        3 => Just(Change::Drop),
        1 => Just(Change::Double),
        8 => prop_oneof![
            Just(Value::Null),
            Just(json!([])),
            Just(json!({})),
            Just(json!([{ "id": 1 }, null, "x"])),
            Just(json!(true)),
            any::<i64>().prop_map(|number| json!(number)),
            any::<f64>().prop_map(|number| json!(number)),
            prop::sample::select(vec![json!(-1), json!(0), json!(1e300), json!(u64::MAX), json!(0.5)]),
            ".{0,12}".prop_map(|text| json!(text)),
            prop::sample::select(odd.to_vec()).prop_map(|text| json!(text)),
            any::<u64>().prop_map(|seed| json!(long(seed, 4_000))),
            any::<u64>().prop_map(|seed| json!(long(seed, 70_000))),
        ]
        .prop_map(Change::Put),
    ]
}

fn apply(value: &mut Value, place: &str, change: Change) {
    match (change, place.rsplit_once('/')) {
        (Change::Drop, Some((parent, key))) => match value.pointer_mut(parent) {
            Some(Value::Object(fields)) => drop(fields.remove(key)),
            Some(Value::Array(all)) => {
                if let Some(at) = key.parse().ok().filter(|at| *at < all.len()) {
                    all.remove(at);
                }
            }
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => {}
        },
        (Change::Drop, None) => {}
        (Change::Put(new), _) => {
            if let Some(old) = value.pointer_mut(place) {
                *old = new;
            }
        }
        (Change::Double, _) => {
            if let Some(Value::Array(all)) = value.pointer_mut(place) {
                all.extend_from_within(..);
            }
        }
    }
}

/// One of the values with one to three random changes: the original, the changed value, and the changed places.
pub fn mutated(all: Vec<Value>) -> impl Strategy<Value = (Value, Value, Vec<String>)> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), change()), 1..4);
    (prop::sample::select(all), changes).prop_map(|(value, changes)| {
        let mut changed = value.clone();
        let mut where_ = vec![];
        for (at, change) in changes {
            let mut all = vec![];
            places(&changed, "", &mut all);
            let place = at.get(&all).clone();
            apply(&mut changed, &place, change);
            where_.push(place);
        }
        (value, changed, where_)
    })
}

/// Tests this many cases of a property, and returns in percent how many of them the property applies to: `judge`
/// returns `false` for the others. Failing cases are kept for `source`, the test's file.
pub fn judged<S: Strategy>(
    source: &'static str,
    cases: u32,
    strategy: S,
    judge: impl Fn(S::Value) -> Result<bool, TestCaseError>,
) -> u32 {
    let judged = Cell::new(0);
    let config = ProptestConfig {
        source_file: Some(source),
        ..ProptestConfig::with_cases(cases)
    };
    let run = TestRunner::new(config).run(&strategy, |case| {
        judged.set(judged.get() + u32::from(judge(case)?));
        Ok(())
    });
    if let Err(error) = run {
        panic!("{error}");
    }
    judged.get() * 100 / cases
}
