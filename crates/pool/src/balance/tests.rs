use super::{choose, choose_near};

const INSTANCES: usize = 64;

/// Places `calls` calls, none of which ends, and answers how many the fullest instance got.
fn fullest(calls: usize, mut place: impl FnMut(&[u32], usize) -> usize) -> u32 {
    let mut outstanding = vec![0_u32; INSTANCES];
    for call in 0..calls {
        let chosen = place(&outstanding, call);
        outstanding[chosen] += 1;
    }
    outstanding.into_iter().max().unwrap()
}

#[test]
fn few_instances() {
    assert_eq!(choose(0, |_| 0, 7), None);
    assert_eq!(choose(1, |_| 9, u64::MAX), Some(0));
    for random in [0, 1, u64::MAX, 0xffff_ffff, 0xffff_ffff_0000_0000] {
        assert_eq!(
            choose(2, |i| [5, 2][i], random),
            Some(1),
            "the emptier of both, whatever is drawn"
        );
    }
}

#[test]
fn what_is_near_is_preferred_unless_it_is_too_far_ahead() {
    let check = |near: u32, far: u32, lead: u32, takes_near: bool| {
        for random in [0, 1, u64::MAX, 0xffff_ffff, 0xffff_ffff_0000_0000] {
            for place in [0, 1] {
                let outstanding = |i| if i == place { near } else { far };
                let chosen = choose_near(2, outstanding, |i| (i == place).then_some(lead), random);
                let expected = if takes_near { place } else { 1 - place };
                assert_eq!(chosen, Some(expected), "{near} near, {far} far, lead {lead}");
            }
        }
    };
    check(0, 0, 0, true);
    check(1, 0, 0, false);
    check(1, 1, 0, true);
    check(1, 0, 1, true);
    check(32, 0, 32, true);
    check(33, 0, 32, false);
    check(0, 9, 0, true);
    check(u32::MAX, 2, 32, false);
    check(u32::MAX, u32::MAX, 32, true);
    assert_eq!(
        choose_near(2, |i| [5, 4][i], |_| Some(9), 7),
        Some(1),
        "the emptier of what is near"
    );
}

#[test]
fn every_pair_is_as_likely() {
    let mut rng = fastrand::Rng::with_seed(1);
    let mut seen = [0_u32; 8];
    for _ in 0..80_000 {
        seen[choose(8, |_| 0, rng.u64(..)).unwrap()] += 1;
    }
    assert!(seen.iter().all(|&n| (9_500..10_500).contains(&n)), "{seen:?}");
}

#[test]
fn the_fullest_instance_is_emptier_than_at_random() {
    let mut rng = fastrand::Rng::with_seed(2);
    let calls = INSTANCES * 100;
    let by_two = fullest(calls, |load, _| {
        choose(load.len(), |i| load[i], rng.u64(..)).unwrap()
    });
    let mut rng = fastrand::Rng::with_seed(2);
    let at_random = fullest(calls, |load, _| rng.usize(..load.len()));
    assert!(by_two <= 103, "{by_two}");
    assert!(at_random >= 118, "{at_random}");
}

/// Calls arrive one per tick; every tenth takes 2,000 ticks, the others 10. Answers the longest line in front of an
/// instance that works one call at a time, over all arrivals after the first thousand.
fn longest_line(mut place: impl FnMut(&[u32], usize) -> usize) -> u32 {
    let mut lines: Vec<std::collections::VecDeque<u32>> = vec![std::collections::VecDeque::new(); 256];
    let mut longest = 0;
    for tick in 0..20_000_usize {
        let load: Vec<u32> = lines
            .iter()
            .map(|line| u32::try_from(line.len()).unwrap())
            .collect();
        let chosen = place(&load, tick);
        lines[chosen].push_back(if tick % 10 == 0 { 2_000 } else { 10 });
        if tick > 1_000 {
            longest = longest.max(load[chosen] + 1);
        }
        for line in &mut lines {
            if let Some(left) = line.front_mut() {
                *left -= 1;
                if *left == 0 {
                    line.pop_front();
                }
            }
        }
    }
    longest
}

#[test]
fn uneven_calls_queue_less_than_in_turn() {
    let mut rng = fastrand::Rng::with_seed(3);
    let by_two = longest_line(|load, _| choose(load.len(), |i| load[i], rng.u64(..)).unwrap());
    let in_turn = longest_line(|load, tick| tick % load.len());
    assert!(by_two * 2 <= in_turn, "{by_two} against {in_turn}");
}
