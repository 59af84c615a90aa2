use std::time::Duration;

use proptest::prelude::*;

use super::Shares;

const MS: Duration = Duration::from_millis(1);

/// Serves so many, each for as long as its key takes.
fn served(shares: &mut Shares<char, u32>, times: u32, takes: impl Fn(char) -> Duration) -> String {
    let mut order = String::new();
    for _ in 0..times {
        let Some((key, _)) = shares.pop() else { break };
        order.push(key);
        shares.charge(key, takes(key));
    }
    order
}

#[test]
fn a_long_line_delays_others_by_one() {
    let mut shares = Shares::default();
    for who in 0..100 {
        shares.join('a', who);
    }
    assert_eq!(served(&mut shares, 3, |_| MS), "aaa");
    shares.join('b', 100);
    shares.join('b', 101);
    shares.join('c', 102);
    // They begin where `a` was when it was served last, and each has its turn before `a` has another.
    assert_eq!(served(&mut shares, 6, |_| MS), "bcabaa");
}

#[test]
fn who_takes_little_is_served_more_often() {
    let mut shares = Shares::default();
    for who in 0..100 {
        shares.join('a', who);
        shares.join('b', who);
    }
    let takes = |key| if key == 'a' { MS } else { MS / 10 };
    let order = served(&mut shares, 44, takes);
    let of_a = order.chars().filter(|key| *key == 'a').count();
    assert_eq!(of_a, 4, "{order}");
}

#[test]
fn who_comes_again_and_again_has_no_more_than_others() {
    let mut shares = Shares::default();
    for who in 0..10 {
        shares.join('a', who);
    }
    shares.join('b', 0);
    let mut of_b = 0;
    for _ in 0..10 {
        let (key, who) = shares.pop().unwrap();
        shares.charge(key, MS);
        shares.join(key, who);
        of_b += u32::from(key == 'b');
    }
    assert_eq!(of_b, 5);
}

#[test]
fn who_was_away_has_no_claim() {
    let mut shares = Shares::default();
    shares.join('b', 0);
    served(&mut shares, 1, |_| MS);
    for who in 0..20 {
        shares.join('a', who);
    }
    served(&mut shares, 10, |_| MS);
    for who in 0..10 {
        shares.join('b', who);
    }
    assert_eq!(served(&mut shares, 6, |_| MS), "bababa");
}

#[test]
fn who_gives_up_holds_up_nobody() {
    let mut shares = Shares::default();
    let one = shares.join('a', 1);
    shares.join('b', 2);
    assert_eq!(shares.remove(&'a', one), Some(1));
    assert_eq!(shares.remove(&'a', one), None);
    assert_eq!(shares.pop(), Some(('b', 2)));
    assert_eq!(shares.pop(), None);
    assert!(shares.is_empty());
}

proptest! {
    /// Keys that always have somebody in line differ by no more than the longest slice of each.
    #[test]
    fn time_is_shared_equally(slices in prop::collection::vec((1..4_000_u64, 1..4_000_u64), 50..200)) {
        let mut shares = Shares::default();
        shares.join('a', 0);
        shares.join('b', 0);
        let mut had = [0, 0];
        for (a, b) in slices {
            let (key, who) = shares.pop().unwrap();
            let (place, time) = if key == 'a' { (0, a) } else { (1, b) };
            had[place] += time;
            shares.charge(key, Duration::from_micros(time));
            shares.join(key, who);
            prop_assert!(had[0].abs_diff(had[1]) <= 4_000, "{had:?}");
        }
    }
}
