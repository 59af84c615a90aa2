use proptest::prelude::*;

use super::{FairQueue, Joined};

fn all(queue: &mut FairQueue<char, u32>) -> Vec<(char, u32)> {
    std::iter::from_fn(|| queue.pop()).collect()
}

#[test]
fn keys_are_served_in_turn_and_each_in_order() {
    let mut queue = FairQueue::new(10);
    for (key, who) in [('a', 1), ('a', 2), ('a', 3), ('b', 4), ('c', 5), ('b', 6)] {
        queue.join(key, who);
    }
    let order = [('a', 1), ('b', 4), ('c', 5), ('a', 2), ('b', 6), ('a', 3)];
    assert_eq!(all(&mut queue), order);
    assert!(queue.is_empty());
}

#[test]
fn who_gives_up_holds_up_nobody() {
    let mut queue = FairQueue::new(10);
    queue.join('a', 1);
    let Joined::Waiting(number) = queue.join('b', 2) else {
        panic!("there is room")
    };
    queue.join('a', 3);
    assert_eq!(queue.remove(&'b', number), Some(2));
    assert_eq!((queue.remove(&'b', number), queue.len()), (None, 2));
    queue.join('b', 4);
    assert_eq!(all(&mut queue), [('a', 1), ('b', 4), ('a', 3)]);
}

#[test]
fn a_full_queue_takes_room_from_the_longest_line() {
    let mut queue = FairQueue::new(4);
    for who in 1..=4 {
        assert!(matches!(queue.join('a', who), Joined::Waiting(_)));
    }
    assert_eq!(queue.join('a', 5), Joined::Full(5));
    assert!(matches!(
        queue.join('b', 6),
        Joined::Instead {
            key: 'a',
            gone: 4,
            ..
        }
    ));
    assert!(matches!(
        queue.join('b', 7),
        Joined::Instead {
            key: 'a',
            gone: 3,
            ..
        }
    ));
    assert_eq!(queue.join('b', 8), Joined::Full(8), "both have two");
    assert!(matches!(
        queue.join('c', 9),
        Joined::Instead {
            key: 'a',
            gone: 2,
            ..
        }
    ));
    assert_eq!(all(&mut queue), [('a', 1), ('b', 6), ('c', 9), ('b', 7)]);
    assert_eq!(FairQueue::new(0).join('a', 1), Joined::Full(1));
}

proptest! {
    #[test]
    fn nobody_is_lost_and_no_turn_is_skipped(steps in prop::collection::vec((0_u8..6, 0_u8..4), 0..300)) {
        let mut queue = FairQueue::new(12);
        let mut waiting: Vec<(u8, u64, usize)> = Vec::new();
        for (who, (action, key)) in steps.into_iter().enumerate() {
            match action {
                0..=2 => match queue.join(key, who) {
                    Joined::Waiting(number) => waiting.push((key, number, who)),
                    Joined::Instead { number, key: from, gone } => {
                        prop_assert!(waiting.iter().any(|&(key, _, who)| (key, who) == (from, gone)));
                        waiting.retain(|&(_, _, who)| who != gone);
                        waiting.push((key, number, who));
                    }
                    Joined::Full(refused) => prop_assert_eq!((refused, waiting.len()), (who, 12)),
                },
                3 | 4 => {
                    let popped = queue.pop();
                    prop_assert_eq!(popped.is_none(), waiting.is_empty());
                    if let Some((key, who)) = popped {
                        let first = waiting.iter().find(|&&(of, _, _)| of == key).map(|&(_, _, first)| first);
                        prop_assert_eq!(first, Some(who), "the first of its key");
                        waiting.retain(|&(_, _, one)| one != who);
                    }
                }
                _ => if let Some(&(key, number, who)) = waiting.first() {
                    prop_assert_eq!(queue.remove(&key, number), Some(who));
                    waiting.remove(0);
                },
            }
            prop_assert_eq!(queue.len(), waiting.len());
        }
    }

    #[test]
    fn a_flood_delays_others_by_no_more_than_a_turn_each(flood in 10_usize..200, others in 1_u8..8) {
        let mut queue = FairQueue::new(1_000);
        for who in 0..flood {
            queue.join(0, who);
        }
        for key in 1..=others {
            queue.join(key, 0);
        }
        let first: Vec<u8> = (0..=others).filter_map(|_| queue.pop()).map(|(key, _)| key).collect();
        prop_assert_eq!(first, (0..=others).collect::<Vec<_>>());
    }
}
