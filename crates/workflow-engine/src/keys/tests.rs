use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn key(workflow: &str, key: &str, request: &str, run: u128, expires: i64) -> Key {
    Key {
        project: "default".parse().unwrap(),
        workflow: workflow.parse().unwrap(),
        key: key.into(),
        request: Digest::of(request.as_bytes()),
        run: RunId(uuid::Uuid::from_u128(run)),
        expires_at: at(expires),
    }
}

/// Takes a key for a run that is there at once.
fn take(keys: &Keys, key: &Key, now: i64) {
    assert_eq!(keys.claim(key, at(now)), Claim::Taken);
    keys.begin(key);
}

fn run(n: u128) -> RunId {
    RunId(uuid::Uuid::from_u128(n))
}

#[test]
fn a_key_stands_for_one_request() {
    let keys = Keys::new(9, 0);
    take(&keys, &key("order", "k", "one", 1, 100), 0);
    assert_eq!(
        keys.claim(&key("order", "k", "one", 2, 100), at(1)),
        Claim::Same(Same::Run(run(1)))
    );
    assert_eq!(keys.claim(&key("order", "k", "two", 3, 100), at(1)), Claim::Other);
    assert_eq!(keys.claim(&key("other", "k", "two", 4, 100), at(1)), Claim::Taken);
    assert_eq!(keys.claim(&key("order", "j", "two", 5, 100), at(1)), Claim::Taken);
}

#[test]
fn a_key_expires() {
    let keys = Keys::new(9, 0);
    take(&keys, &key("order", "k", "one", 1, 100), 0);
    assert_eq!(
        keys.claim(&key("order", "k", "two", 2, 199), at(99)),
        Claim::Other
    );
    assert_eq!(
        keys.claim(&key("order", "k", "two", 2, 200), at(100)),
        Claim::Taken
    );
}

#[test]
fn a_key_given_back_can_be_taken_again_for_its_full_time() {
    let keys = Keys::new(9, 0);
    let first = key("order", "k", "one", 1, 100);
    keys.claim(&first, at(0));
    keys.release(&key("order", "k", "one", 2, 100));
    assert_eq!(keys.claim(&first, at(1)), Claim::Beginning, "it was not theirs");
    keys.release(&first);
    take(&keys, &key("order", "k", "two", 3, 150), 50);
    assert_eq!(
        keys.claim(&key("order", "k", "two", 4, 210), at(110)),
        Claim::Same(Same::Run(run(3)))
    );
}

#[test]
fn keys_are_bounded_and_none_is_forgotten_early() {
    let keys = Keys::new(2, 0);
    take(&keys, &key("order", "a", "one", 1, 100), 0);
    take(&keys, &key("order", "b", "one", 2, 110), 10);
    assert_eq!(keys.claim(&key("order", "c", "one", 3, 120), at(20)), Claim::Full);
    assert_eq!(
        keys.claim(&key("order", "a", "one", 3, 120), at(20)),
        Claim::Same(Same::Run(run(1)))
    );
    assert_eq!(
        keys.claim(&key("order", "c", "one", 3, 200), at(100)),
        Claim::Taken
    );
    assert_eq!(keys.len(), 2);
}

#[test]
fn keys_come_back_after_a_restart_in_any_order() {
    let keys = Keys::new(1, 0);
    keys.restore(vec![
        key("order", "late", "one", 2, 200),
        key("order", "early", "one", 1, 100),
    ]);
    assert_eq!(
        keys.claim(&key("order", "late", "one", 3, 300), at(150)),
        Claim::Same(Same::Run(run(2)))
    );
    assert_eq!(keys.len(), 1);
}

#[test]
fn keys_given_back_leave_nothing_behind() {
    let keys = Keys::new(9, 0);
    take(&keys, &key("order", "kept", "one", 1, 100), 0);
    for n in 2..10_000 {
        let refused = key("order", "k", "one", n, 100);
        assert_eq!(keys.claim(&refused, at(0)), Claim::Taken);
        keys.release(&refused);
    }
    assert_eq!(keys.len(), 1);
    let times = keys.lock().expiring.len();
    assert!(times < 100, "{times} times are remembered");
    // What is kept still expires.
    assert_eq!(
        keys.claim(&key("order", "kept", "two", 10_000, 200), at(100)),
        Claim::Taken
    );
}
