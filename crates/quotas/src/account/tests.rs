use std::sync::Barrier;

use super::*;

fn account(limits: &Limits) -> Arc<Account> {
    Arc::new(Account::new("shop".parse().unwrap(), limits))
}

#[test]
fn each_quota_has_its_own_limit() {
    let limits = Limits {
        functions: Some(1),
        versions: Some(2),
        storage_bytes: Some(3),
        open_runs: Some(4),
        concurrent_calls: Some(5),
    };
    let account = account(&limits);
    assert_eq!(Quota::ALL.map(|quota| account.limit(quota)), [1, 2, 3, 4, 5]);
    account.set_limits(&Limits::default());
    assert_eq!(Quota::ALL.map(|quota| account.limit(quota)), [0; 5]);
}

#[test]
fn calls_count_while_they_are_held() {
    let account = account(&Limits {
        concurrent_calls: Some(2),
        ..Limits::default()
    });
    let (first, second) = (account.begin_call().unwrap(), account.begin_call().unwrap());
    let refused = account.begin_call().unwrap_err();
    assert_eq!(
        (refused.quota, refused.limit, refused.used, refused.more),
        (Quota::ConcurrentCalls, 2, 2, 1)
    );
    drop(first);
    let third = account.begin_call().unwrap();
    assert_eq!(account.calls(), 2);
    drop((second, third));
    assert_eq!(account.calls(), 0);
}

#[test]
fn what_was_accepted_before_counts_and_is_not_refused() {
    let account = account(&Limits {
        open_runs: Some(1),
        ..Limits::default()
    });
    let held = [account.resume_run(), account.resume_run()];
    assert_eq!(account.begin_run().unwrap_err().used, 2);
    drop(held);
    assert!(account.begin_run().is_ok());
}

#[test]
fn all_parts_of_the_storage_share_its_limit() {
    let account = account(&Limits {
        storage_bytes: Some(100),
        ..Limits::default()
    });
    account.store(Part::Code, 60).unwrap();
    account.store(Part::Blobs, 30).unwrap();
    let refused = account.store(Part::KeyValues, 11).unwrap_err();
    assert_eq!((refused.limit, refused.used, refused.more), (100, 90, 11));
    account.store(Part::KeyValues, 10).unwrap();
    assert_eq!(account.begin_run().unwrap_err().quota, Quota::StorageBytes);
    account.free(Part::Code, 60);
    assert!(account.begin_run().is_ok());
    let expected = Stored {
        code: 0,
        blobs: 30,
        key_values: 10,
    };
    assert_eq!(account.stored(), expected);
}

#[test]
fn those_who_ask_at_once_do_not_get_more_than_there_is() {
    const ASKING: usize = 8;
    let account = account(&Limits {
        storage_bytes: Some(5),
        concurrent_calls: Some(5),
        ..Limits::default()
    });
    for _ in 0..200 {
        let together = Barrier::new(ASKING);
        let got: Vec<_> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..ASKING)
                .map(|_| {
                    scope.spawn(|| {
                        together.wait();
                        (account.begin_call(), account.store(Part::Blobs, 1))
                    })
                })
                .collect();
            asking.into_iter().map(|asking| asking.join().unwrap()).collect()
        });
        assert_eq!(got.iter().filter(|(call, _)| call.is_ok()).count(), 5);
        assert_eq!(got.iter().filter(|(_, stored)| stored.is_ok()).count(), 5);
        account.free(Part::Blobs, 5);
    }
}
