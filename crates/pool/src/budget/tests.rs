use std::time::Duration;

use proptest::prelude::*;

use super::{Idle, Share, Short, evict};

const MIB: u64 = 1 << 20;
const BUDGET: Share = Share {
    memory: 100 * MIB,
    cpu: 2_000,
};

fn idle(mib: u64, cpu: u64, idle: u64, start_ms: u64) -> Idle {
    Idle {
        share: Share {
            memory: mib * MIB,
            cpu,
        },
        idle: Duration::from_secs(idle),
        start: Duration::from_millis(start_ms),
        kept: false,
    }
}

/// Checks what ends where all memory is taken and `need` MiB are needed.
fn check(need: u64, instances: &[Idle], expected: &[usize]) {
    let used = Share {
        memory: BUDGET.memory,
        cpu: 0,
    };
    let need = Share {
        memory: need * MIB,
        cpu: 0,
    };
    assert_eq!(
        evict(BUDGET, used, need, instances).unwrap(),
        expected,
        "{instances:?}"
    );
}

#[test]
fn what_is_least_missed_and_soonest_replaced_ends_first() {
    check(0, &[idle(10, 0, 99, 1)], &[]);
    check(
        10,
        &[idle(10, 0, 5, 1), idle(10, 0, 50, 1), idle(10, 0, 6, 1)],
        &[1],
    );
    check(10, &[idle(10, 0, 5, 30), idle(10, 0, 5, 2)], &[1]);
    check(10, &[idle(2, 0, 5, 2), idle(10, 0, 5, 2)], &[1]);
    check(
        20,
        &[idle(10, 0, 5, 2), idle(10, 0, 5, 2), idle(10, 0, 5, 2)],
        &[0, 1],
    );
}

#[test]
fn nobody_ends_in_vain() {
    // The small one would go first, and is needless once the large one goes.
    check(10, &[idle(9, 0, 50, 1), idle(10, 0, 5, 1)], &[1]);
    // Gives no processor back, which is all that is missing.
    let used = Share {
        memory: 0,
        cpu: 2_000,
    };
    let need = Share {
        memory: MIB,
        cpu: 500,
    };
    let instances = [idle(50, 0, 99, 1), idle(1, 500, 1, 1)];
    assert_eq!(evict(BUDGET, used, need, &instances), Ok(vec![1]));
    let short = evict(BUDGET, used, need, &instances[..1]);
    assert_eq!(short, Err(Short(Share { memory: 0, cpu: 500 })));
}

#[test]
fn the_min_of_a_pool_ends_for_nobody() {
    let kept = Idle {
        kept: true,
        ..idle(50, 0, 99, 1)
    };
    check(10, &[kept, idle(10, 0, 1, 90)], &[1]);
    let used = Share {
        memory: 95 * MIB,
        cpu: 0,
    };
    let need = Share {
        memory: 10 * MIB,
        cpu: 0,
    };
    let error = evict(BUDGET, used, need, &[kept]).unwrap_err();
    assert_eq!(
        error,
        Short(Share {
            memory: 5 * MIB,
            cpu: 0
        })
    );
    assert!(
        error.to_string().starts_with("5242880 bytes of memory"),
        "{error}"
    );
}

prop_compose! {
    fn any_idle()(mib in 0_u64..40, cpu in 0_u64..500, since in 0_u64..1_000, start in 1_u64..50, kept in any::<bool>()) -> Idle {
        Idle { kept, ..idle(mib, cpu, since, start) }
    }
}

proptest! {
    #[test]
    fn just_enough_ends_or_nothing(
        instances in prop::collection::vec(any_idle(), 0..20), memory in 0_u64..200, cpu in 0_u64..3_000,
    ) {
        let need = Share { memory: memory * MIB, cpu };
        let used = Share { memory: 60 * MIB, cpu: 1_500 };
        let fits = |ended: &[usize]| {
            let freed = ended.iter().fold(Share::default(), |sum, &index| sum.plus(instances[index].share));
            freed.plus(BUDGET).covers(used.plus(need))
        };
        let all: Vec<_> = (0..instances.len()).filter(|&index| !instances[index].kept).collect();
        match evict(BUDGET, used, need, &instances) {
            Err(_) => prop_assert!(!fits(&all)),
            Ok(chosen) => {
                prop_assert!(fits(&chosen));
                prop_assert!(chosen.iter().all(|index| all.contains(index)));
                for place in 0..chosen.len() {
                    let mut fewer = chosen.clone();
                    fewer.remove(place);
                    prop_assert!(!fits(&fewer), "{:?}, but {:?} would do", chosen, fewer);
                }
            }
        }
    }
}
