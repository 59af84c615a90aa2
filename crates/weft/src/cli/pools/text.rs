//! Pools for people.

use std::fmt::Write;

use weft_api::wire::{
    InstanceCounts, InstanceState, Level, Losses, Pool, PoolChange, PoolDrained, PoolInstance, PoolState,
    PoolSummary,
};

use crate::cli::build::human;
use crate::output::Table;

/// One line a pool.
pub(super) fn table(pools: &[PoolSummary]) -> String {
    if pools.is_empty() {
        return "no pools; the first call of a function makes one".to_owned();
    }
    let mut table = Table::new([
        "function",
        "version",
        "profile",
        "level",
        "instances",
        "load",
        "queue",
        "scaled last",
        "pool",
    ]);
    for pool in pools {
        table.row([
            pool.function.clone(),
            version(pool),
            pool.profile.clone(),
            level(pool.level).to_owned(),
            instances(&pool.instances),
            format!("{}/{}", pool.in_flight, pool.concurrency),
            queue(pool),
            scaled(pool),
            pool.id.clone(),
        ]);
    }
    table.to_string()
}

/// All there is to tell of one.
pub(super) fn detail(pool: &Pool) -> String {
    let summary = &pool.summary;
    let state = match summary.state {
        PoolState::Serving => "serving",
        PoolState::Draining => "draining",
    };
    let mut text = summary.id.clone();
    let of = format!("{} version {}", summary.function, version(summary));
    push(&mut text, "of", &of);
    push(
        &mut text,
        "profile",
        &format!("{}, level {}", summary.profile, level(summary.level)),
    );
    push(
        &mut text,
        "state",
        &format!("{state}, for {}", time(summary.age_ms)),
    );
    let counts = format!(
        "{} of at most {}, {} started",
        instances(&summary.instances),
        summary.most_instances,
        summary.started
    );
    push(&mut text, "instances", &counts);
    push(
        &mut text,
        "load",
        &format!("{} of at most {} calls", summary.in_flight, summary.concurrency),
    );
    push(
        &mut text,
        "queue",
        &format!("{} of at most {}", queue(summary), summary.queue_length),
    );
    push(&mut text, "lost", &losses(&pool.losses));
    if let Some(crashes) = &summary.crash_loop {
        let next = time(crashes.next_start_ms);
        let told = format!(
            "{} crashes in a row ({}), next start in {next}",
            crashes.crashes, crashes.reason
        );
        push(&mut text, "backs off", &told);
    }
    if let Some(decision) = &pool.decision {
        push(
            &mut text,
            "wanted",
            &format!("{}: {}", decision.desired, decision.reason),
        );
    }
    for part in [members(pool), changes(&pool.changes)].into_iter().flatten() {
        text.push_str("\n\n");
        text.push_str(&part.to_string());
    }
    text
}

/// What became of a pool that was to be drained.
pub(super) fn drained(drained: &PoolDrained) -> String {
    match &drained.replaced_by {
        Some(by) => format!("{by} serves; {} ends with its last call", drained.pool),
        None => format!("{} ends with its last call", drained.pool),
    }
}

fn members(pool: &Pool) -> Option<Table> {
    if pool.members.is_empty() {
        return None;
    }
    let mut table = Table::new([
        "instance", "state", "age", "calls", "served", "cpu", "memory", "peak",
    ]);
    for member in &pool.members {
        table.row(row(member));
    }
    if pool.members_omitted > 0 {
        let mut more = [const { String::new() }; 8];
        more[0] = format!("and {} more", pool.members_omitted);
        table.row(more);
    }
    Some(table)
}

fn row(member: &PoolInstance) -> [String; 8] {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let idle = member.idle_ms.map(|idle| format!("idle for {}", time(idle)));
    [
        or_none(member.number.map(|number| number.to_string())),
        state(member.state).to_owned(),
        or_none(member.age_ms.map(time).or(idle)),
        member.in_flight.to_string(),
        member.served.to_string(),
        or_none(member.cpu_time_ms.map(time)),
        or_none(member.memory_bytes.map(human)),
        or_none(member.peak_memory_bytes.map(human)),
    ]
}

fn changes(changes: &[PoolChange]) -> Option<Table> {
    if changes.is_empty() {
        return None;
    }
    let mut table = Table::new(["when", "instances", "", "why"]);
    for change in changes {
        table.row([
            change.at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            change.instances.to_string(),
            step(change),
            change.reason.clone(),
        ]);
    }
    Some(table)
}

fn step(change: &PoolChange) -> String {
    match (change.started, change.ended) {
        (0, 0) => String::new(),
        (started, 0) => format!("+{started}"),
        (0, ended) => format!("-{ended}"),
        (started, ended) => format!("+{started} -{ended}"),
    }
}

/// The version, and its share of calls while others have some.
fn version(pool: &PoolSummary) -> String {
    match pool.percent {
        Some(percent) => format!("{} ({percent} % of calls)", pool.version),
        None => pool.version.to_string(),
    }
}

/// How many do what, of what there are any.
fn instances(counts: &InstanceCounts) -> String {
    let InstanceCounts {
        starting,
        idle,
        busy,
        draining,
        backing_off,
    } = *counts;
    let kinds = [
        (busy, InstanceState::Busy),
        (idle, InstanceState::Idle),
        (starting, InstanceState::Starting),
        (draining, InstanceState::Draining),
        (backing_off, InstanceState::BackingOff),
    ];
    let some = kinds.into_iter().filter(|(count, _)| *count > 0);
    let told: Vec<_> = some
        .map(|(count, kind)| format!("{count} {}", state(kind)))
        .collect();
    if told.is_empty() {
        "none".to_owned()
    } else {
        told.join(", ")
    }
}

fn losses(losses: &Losses) -> String {
    let Losses {
        memory,
        crash,
        hang,
        protocol,
        start,
    } = *losses;
    let kinds = [
        (memory, "out of memory"),
        (crash, "crashed"),
        (hang, "hung"),
        (protocol, "broke the protocol"),
        (start, "not ready in time"),
    ];
    let some = kinds.into_iter().filter(|(count, _)| *count > 0);
    let told: Vec<_> = some.map(|(count, kind)| format!("{count} {kind}")).collect();
    if told.is_empty() {
        "none".to_owned()
    } else {
        told.join(", ")
    }
}

fn queue(pool: &PoolSummary) -> String {
    match pool.oldest_wait_ms {
        Some(waits) => format!("{} for {}", pool.waiting, time(waits)),
        None => pool.waiting.to_string(),
    }
}

fn scaled(pool: &PoolSummary) -> String {
    if let Some(crashes) = &pool.crash_loop {
        return format!("{} crashes in a row: {}", crashes.crashes, crashes.reason);
    }
    match &pool.last_change {
        Some(change) => format!("{} {}", step(change), change.reason).trim().to_owned(),
        None => "-".to_owned(),
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Sandbox => "sandbox",
        Level::Process => "process",
        Level::Container => "container",
    }
}

fn state(state: InstanceState) -> &'static str {
    match state {
        InstanceState::Starting => "starting",
        InstanceState::Idle => "idle",
        InstanceState::Busy => "busy",
        InstanceState::Draining => "draining",
        InstanceState::BackingOff => "backing off",
    }
}

/// Milliseconds as a time to read: two units at most.
fn time(ms: u64) -> String {
    let (seconds, minutes, hours) = (ms / 1_000, ms / 60_000, ms / 3_600_000);
    match ms {
        0..1_000 => format!("{ms}ms"),
        1_000..60_000 => format!("{seconds}s"),
        60_000..3_600_000 => format!("{minutes}m {}s", seconds % 60),
        _ => format!("{hours}h {}m", minutes % 60),
    }
}

fn push(text: &mut String, what: &str, value: &str) {
    // Writing to a string cannot fail.
    let _ = write!(text, "\n  {what:<9} {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        let check = |ms, told: &str| assert_eq!(time(ms), told);
        check(0, "0ms");
        check(999, "999ms");
        check(1_000, "1s");
        check(61_500, "1m 1s");
        check(3_600_000, "1h 0m");
        check(90_000_000, "25h 0m");
    }

    #[test]
    fn what_there_is_none_of_is_not_told() {
        let check = |counts: [u32; 5], told: &str| {
            let [starting, idle, busy, draining, backing_off] = counts;
            let counts = InstanceCounts {
                starting,
                idle,
                busy,
                draining,
                backing_off,
            };
            assert_eq!(instances(&counts), told);
        };
        check([0; 5], "none");
        check(
            [1, 2, 3, 4, 5],
            "3 busy, 2 idle, 1 starting, 4 draining, 5 backing off",
        );
        check([0, 2, 0, 0, 0], "2 idle");
    }
}
