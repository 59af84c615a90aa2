use Priority::{High, Highest, Low, Lowest, Medium};
use proptest::prelude::*;

use super::*;

/// Everybody in the order of their arrival, as priority and group; and the order in which they are called, as places in that.
fn check(arrivals: &[(Priority, u8)], expected: &[usize]) {
    let mut line = Line::new();
    for (at, &(priority, group)) in arrivals.iter().enumerate() {
        line.join(priority, group, at);
    }
    let called: Vec<_> = std::iter::from_fn(|| line.call()).collect();
    assert_eq!(called, expected, "{arrivals:?}");
}

#[test]
fn the_most_urgent_are_called_first() {
    check(&[], &[]);
    check(
        &[(Lowest, 0), (Medium, 0), (High, 0), (Low, 0), (Highest, 0)],
        &[4, 2, 1, 3, 0],
    );
}

#[test]
fn the_equally_urgent_are_called_in_order_of_arrival() {
    check(&[(Medium, 0); 5], &[0, 1, 2, 3, 4]);
    check(&[(Low, 0), (High, 0), (Low, 0), (High, 0)], &[1, 3, 0, 2]);
}

#[test]
fn groups_take_turns() {
    check(
        &[(Medium, 0), (Medium, 0), (Medium, 0), (Medium, 1), (Medium, 2)],
        &[0, 3, 4, 1, 2],
    );
    check(
        &[(Medium, 0), (Medium, 0), (High, 0), (High, 0), (High, 1)],
        &[2, 4, 3, 0, 1],
    );
}

#[test]
fn every_eighth_turn_is_of_the_one_who_waited_longest() {
    let mut arrivals = vec![(Lowest, 0)];
    arrivals.extend([(Highest, 1); 9]);
    check(&arrivals, &[1, 2, 3, 4, 5, 6, 7, 0, 8, 9]);
}

#[test]
fn who_leaves_is_not_called() {
    let mut line = Line::new();
    let first = line.join(Medium, 0, "first");
    let second = line.join(Medium, 1, "second");
    line.join(Medium, 0, "third");
    assert_eq!(line.leave(second), Some("second"));
    assert_eq!(line.leave(second), None);
    assert_eq!(line.call(), Some("first"));
    assert_eq!(line.leave(first), None);
    assert_eq!(line.call(), Some("third"));
    assert_eq!(line.call(), None);
}

fn priority() -> impl Strategy<Value = Priority> {
    prop::sample::select(Priority::ALL.to_vec())
}

proptest! {
    #[test]
    fn everybody_is_called_once(
        steps in prop::collection::vec((priority(), 0..4_u8, any::<bool>(), any::<bool>()), 0..200),
    ) {
        let mut line = Line::new();
        let (mut joined, mut gone) = (Vec::new(), Vec::new());
        for (priority, group, call, leave) in steps {
            joined.push(line.join(priority, group, joined.len()));
            if leave {
                gone.extend(line.leave(joined[joined.len() / 2]));
            }
            if call {
                gone.extend(line.call());
            }
        }
        gone.extend(std::iter::from_fn(|| line.call()));
        gone.sort_unstable();
        prop_assert_eq!(gone, (0..joined.len()).collect::<Vec<_>>());
    }

    #[test]
    fn nobody_waits_for_ever(
        before in prop::collection::vec((priority(), 0..4_u8), 0..20),
        own in priority(),
        rush in prop::collection::vec((priority(), 0..4_u8), 400),
    ) {
        let mut line = Line::new();
        for &(priority, group) in &before {
            line.join(priority, group, false);
        }
        line.join(own, 9, true);
        let mut turns = 0;
        for (priority, group) in rush {
            line.join(priority, group, false);
            turns += 1;
            if line.call() == Some(true) {
                break;
            }
        }
        prop_assert!(turns <= PATIENCE as usize * (before.len() + 1), "{turns} turns");
    }
}
