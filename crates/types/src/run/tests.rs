use super::*;

fn run(n: u128) -> RunId {
    RunId(Uuid::from_u128(n))
}

#[test]
fn keys_differ_by_run_node_and_item() {
    let keys = [
        NodeKey::new(run(1), "a", None),
        NodeKey::new(run(2), "a", None),
        NodeKey::new(run(1), "b", None),
        NodeKey::new(run(1), "a", Some(0)),
        NodeKey::new(run(1), "a", Some(1)),
    ];
    for (i, key) in keys.iter().enumerate() {
        assert!(keys[..i].iter().all(|other| other != key), "{i}");
    }
}

#[test]
fn a_key_is_fixed_for_ever() {
    let key = NodeKey::new(run(1), "charge", Some(7));
    assert_eq!(key.to_string(), "7e9ab4b3627a5e40e17375afb625f734");
}

#[test]
fn runs_sort_by_their_time() {
    let at = |millis| {
        let timestamp = jiff::Timestamp::from_millisecond(millis).unwrap();
        RunId::at(timestamp, [0xff; 10])
    };
    assert!(at(1_000) < at(1_001));
    assert_eq!(at(1_000).to_string().parse(), Ok(at(1_000)));
}
