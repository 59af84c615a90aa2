use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};

use super::{Duration, Gate, Instant, LeaseError, Party, Queue};

const OWN: Party = Party::OWN;

fn gate(limit: u32, length: u32) -> Arc<Gate> {
    Arc::new(Gate::new(
        limit,
        Queue {
            length,
            wait_ms: 1_000,
        },
    ))
}

fn far() -> Instant {
    Instant::now() + Duration::from_secs(3_600)
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> std::task::Poll<F::Output> {
    future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
}

/// Lets every other task run until it waits.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn places_are_limited_and_the_queue_bounded() {
    let gate = gate(2, 1);
    gate.enter(far(), OWN).await.unwrap();
    gate.enter(far(), OWN).await.unwrap();
    let third = tokio::spawn({
        let gate = Arc::clone(&gate);
        async move { gate.enter(far(), OWN).await }
    });
    settle().await;
    assert_eq!(gate.counts(), (2, 1));
    assert_eq!(
        gate.enter(far(), OWN).await,
        Err(LeaseError::Overloaded { queued: 1 })
    );
    gate.leave();
    assert_eq!(third.await.unwrap(), Ok(Duration::ZERO));
    assert_eq!(gate.counts(), (2, 0));
    gate.leave();
    gate.leave();
    assert_eq!(gate.counts(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_the_queues_bound_or_the_deadline() {
    let gate = gate(1, 8);
    gate.enter(far(), OWN).await.unwrap();
    let queue_bound = gate.enter(far(), OWN).await;
    assert_eq!(
        queue_bound,
        Err(LeaseError::WaitedTooLong(Duration::from_secs(1)))
    );
    let deadline = gate.enter(Instant::now() + Duration::from_millis(30), OWN).await;
    assert_eq!(
        deadline,
        Err(LeaseError::WaitedTooLong(Duration::from_millis(30)))
    );
    assert_eq!(gate.counts(), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn those_that_came_together_give_up_one_after_the_other() {
    let gate = gate(1, 8);
    gate.enter(far(), OWN).await.unwrap();
    let waiting: Vec<_> = (0..8)
        .map(|_| {
            let gate = Arc::clone(&gate);
            tokio::spawn(async move { gate.enter(far(), OWN).await })
        })
        .collect();
    let mut waited = Vec::new();
    for waiting in waiting {
        match waiting.await.unwrap() {
            Err(LeaseError::WaitedTooLong(time)) => waited.push(time.as_millis()),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(waited, [1_000, 985, 969, 954, 938, 922, 907, 891]);
}

#[tokio::test(start_paused = true)]
async fn the_order_of_arrival_is_kept() {
    let gate = gate(1, 100);
    gate.enter(far(), OWN).await.unwrap();
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for number in 0..20 {
        let (gate, order) = (Arc::clone(&gate), Arc::clone(&order));
        tasks.push(tokio::spawn(async move {
            gate.enter(far(), OWN).await.unwrap();
            order.lock().unwrap().push(number);
            gate.leave();
        }));
        settle().await;
    }
    // Those who give up in the middle hold up nobody.
    tasks[7].abort();
    tasks[19].abort();
    settle().await;
    gate.leave();
    for task in tasks {
        let _ = task.await;
    }
    let expected: Vec<_> = (0..19).filter(|&number| number != 7).collect();
    assert_eq!(*order.lock().unwrap(), expected);
    assert_eq!(gate.counts(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_place_called_but_not_taken_goes_on() {
    let gate = gate(1, 8);
    gate.enter(far(), OWN).await.unwrap();
    let mut first = Box::pin(gate.enter(far(), OWN));
    let mut second = Box::pin(gate.enter(far(), OWN));
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    gate.leave();
    // Called, and dropped before it could learn of it.
    drop(first);
    assert_eq!(second.await, Ok(Duration::ZERO));
    assert_eq!(gate.counts(), (1, 0));
}

/// Threads enter, wait, give up and leave at random; in the end no place may be lost or doubled.
#[test]
fn no_place_is_lost_under_stress() {
    const LIMIT: u32 = 3;
    let gate = Arc::new(Gate::new(
        LIMIT,
        // Room for all, so that the patient half gets in however the threads are scheduled.
        Queue {
            length: 10_000,
            wait_ms: 60_000,
        },
    ));
    let inside = Arc::new(AtomicU32::new(0));
    let entered = Arc::new(AtomicU32::new(0));
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let (gate, inside, entered) = (Arc::clone(&gate), Arc::clone(&inside), Arc::clone(&entered));
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .build()
                    .unwrap();
                runtime.block_on(wander(seed, &gate, &inside, &entered));
            });
        }
    });
    assert_eq!(gate.counts(), (0, 0));
    assert!(entered.load(SeqCst) > 1_000);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        for _ in 0..LIMIT {
            gate.enter(Instant::now(), OWN).await.unwrap();
        }
        assert!(gate.enter(Instant::now(), OWN).await.is_err());
    });
}

async fn wander(seed: u64, gate: &Arc<Gate>, inside: &Arc<AtomicU32>, entered: &Arc<AtomicU32>) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut tasks = Vec::new();
    for _ in 0..2_000 {
        if rng.u8(..) < 128 {
            abandon(gate, rng.usize(..4)).await;
        }
        let (gate, inside, entered) = (Arc::clone(gate), Arc::clone(inside), Arc::clone(entered));
        let rounds = rng.usize(..4);
        let patience = Duration::from_millis(if rng.bool() { 1 } else { 60_000 });
        tasks.push(tokio::spawn(async move {
            if gate.enter(Instant::now() + patience, OWN).await.is_ok() {
                assert!(inside.fetch_add(1, SeqCst) < 3);
                entered.fetch_add(1, SeqCst);
                for _ in 0..rounds {
                    tokio::task::yield_now().await;
                }
                inside.fetch_sub(1, SeqCst);
                gate.leave();
            }
        }));
        if rng.u8(..) < 64 {
            tokio::task::yield_now().await;
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
}

/// Begins to enter and gives up after a while, whatever has become of it by then.
async fn abandon(gate: &Gate, patience: usize) {
    let mut entering = Box::pin(gate.enter(far(), OWN));
    let entered = poll(entering.as_mut());
    for _ in 0..patience {
        tokio::task::yield_now().await;
    }
    if matches!(entered, std::task::Poll::Ready(Ok(_))) {
        gate.leave();
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_takes_places_that_are_added_and_none_that_are_gone() {
    let gate = gate(2, 8);
    gate.enter(far(), OWN).await.unwrap();
    gate.enter(far(), OWN).await.unwrap();
    gate.set_limit(1);
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let gate = Arc::clone(&gate);
            tokio::spawn(async move { gate.enter(far(), OWN).await })
        })
        .collect();
    settle().await;
    assert_eq!(gate.counts(), (2, 3));
    gate.leave();
    assert_eq!(gate.counts(), (1, 3), "that place is gone");
    gate.leave();
    assert_eq!(gate.counts(), (1, 2), "this one is handed over");
    gate.set_limit(3);
    assert_eq!(gate.counts(), (3, 0), "those that are new are taken");
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap(), Ok(Duration::ZERO));
    }
    gate.set_limit(0);
    (0..3).for_each(|_| gate.leave());
    assert_eq!(gate.counts(), (0, 0));
    let none = gate.enter(Instant::now() + Duration::from_millis(5), OWN).await;
    assert!(matches!(none, Err(LeaseError::WaitedTooLong(_))));
}

/// Has each of these parties ask a gate for its only place, one after the other, while somebody has it; answers the order in which they
/// get it, and who is refused.
async fn asked(length: u32, parties: &str) -> (String, String) {
    let gate = gate(1, length);
    gate.enter(far(), Party::of("first")).await.unwrap();
    let (served, refused) = (Arc::<Mutex<String>>::default(), Arc::<Mutex<String>>::default());
    let mut tasks = Vec::new();
    for party in parties.chars() {
        let (gate, served, refused) = (Arc::clone(&gate), Arc::clone(&served), Arc::clone(&refused));
        tasks.push(tokio::spawn(async move {
            match gate.enter(far(), Party::of(&party.to_string())).await {
                Ok(_) => {
                    served.lock().unwrap().push(party);
                    gate.leave();
                }
                Err(LeaseError::Overloaded { queued }) => {
                    assert_eq!(queued, length);
                    refused.lock().unwrap().push(party);
                }
                Err(other) => panic!("{other}"),
            }
        }));
        settle().await;
    }
    assert!(gate.counts().1 <= length);
    gate.leave();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(gate.counts(), (0, 0));
    (served.lock().unwrap().clone(), refused.lock().unwrap().clone())
}

#[tokio::test(start_paused = true)]
async fn parties_that_wait_take_turns() {
    let check = async |length, parties: &str, served: &str, refused: &str| {
        let asked = asked(length, parties).await;
        assert_eq!(
            asked,
            (served.to_owned(), refused.to_owned()),
            "{parties} in {length}"
        );
    };
    check(9, "aaaaaab", "abaaaaa", "").await;
    check(9, "aabbac", "abcaba", "").await;
    // Who fills the queue makes room for others, and for nobody else.
    check(4, "aaaaaa", "aaaa", "aa").await;
    check(4, "aaaabb", "abab", "aa").await;
    check(4, "aaaabbb", "abab", "aab").await;
    check(4, "aaaabcd", "abcd", "aaa").await;
    check(0, "ab", "", "ab").await;
}

#[tokio::test(start_paused = true)]
async fn the_longest_wait_is_told_whoevers_turn_it_is() {
    let gate = gate(1, 8);
    gate.enter(far(), OWN).await.unwrap();
    assert_eq!(gate.oldest_wait(), None);
    let mut first = Box::pin(gate.enter(far(), Party::of("a")));
    assert!(poll(first.as_mut()).is_pending());
    tokio::time::advance(Duration::from_millis(7)).await;
    let mut second = Box::pin(gate.enter(far(), Party::of("b")));
    assert!(poll(second.as_mut()).is_pending());
    assert_eq!(gate.oldest_wait(), Some(Duration::from_millis(7)));
    drop(first);
    assert_eq!(gate.oldest_wait(), Some(Duration::ZERO));
}
