use super::*;

#[tokio::test(start_paused = true)]
async fn what_is_near_is_leased_until_it_is_too_far_ahead() {
    let profile = Profile {
        slots: 8,
        reuse: 1_000,
        ..Profile::default()
    };
    let pool = SharedPool::new(Flags, Bounds::of(&profile, 2));
    drop(lease(&pool).await);
    drop([lease(&pool).await, lease(&pool).await]);
    let flags = |near: u64| {
        pool.look(|flag, stats| {
            flag.near.store(stats.number == near, SeqCst);
            stats.outstanding
        })
    };
    for (near, expected) in [(1, [7, 3]), (2, [3, 7])] {
        flags(near);
        let mut leases = Vec::new();
        for _ in 0..10 {
            leases.push(lease(&pool).await);
        }
        assert_eq!(flags(0), expected, "{near} is near");
    }
}
