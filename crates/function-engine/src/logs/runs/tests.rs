use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::logs::{InvocationLogs, LogCursor, LogFilter, StepLogs};
use crate::port::{Attempt, LogSink, Stream};

const BOUNDS: LogBounds = LogBounds {
    line_bytes: 1_000,
    lines: 1_000,
    bytes: 1 << 20,
    invocation_lines: 5,
};

fn run(number: u128) -> RunId {
    RunId(Uuid::from_u128(number))
}

fn attempt(number: u128, node: &str, item: Option<u32>) -> Arc<Attempt> {
    Arc::new(Attempt {
        run: run(number),
        node: node.into(),
        item,
        number: 1,
    })
}

/// What a call on behalf of a node prints.
fn print(runs: &Arc<RunLogs>, attempt: Arc<Attempt>, lines: &[&str]) {
    let function = Log::new(BOUNDS, &LogRoom::new(1 << 20));
    let runs = Arc::clone(runs);
    let sink = InvocationLogs::new(function, Some(StepLogs { attempt, runs }));
    for line in lines {
        sink.line(Uuid::nil(), Stream::Stdout, line);
    }
}

fn texts(log: &Log, filter: &LogFilter) -> Vec<String> {
    let page = log.read(log.start(), 100, filter);
    page.lines.iter().map(|line| line.text.to_string()).collect()
}

fn of_node(node: &str) -> LogFilter {
    LogFilter {
        node: Some(node.to_owned()),
        ..LogFilter::default()
    }
}

#[test]
fn lines_say_which_attempt_printed_them() {
    let runs = RunLogs::new(BOUNDS, 1 << 20);
    print(&runs, attempt(1, "a", None), &["from a"]);
    print(&runs, attempt(1, "b", Some(7)), &["from b"]);
    print(&runs, attempt(2, "a", None), &["of another run"]);
    let log = runs.find(run(1)).unwrap();
    assert_eq!(texts(&log, &LogFilter::default()), ["from a", "from b"]);
    assert_eq!(texts(&log, &of_node("b")), ["from b"]);
    let page = log.read(log.start(), 100, &of_node("b"));
    let attempt = page.lines[0].attempt.as_ref().unwrap();
    assert_eq!(
        (attempt.run, &*attempt.node, attempt.item),
        (run(1), "b", Some(7))
    );
    assert!(runs.find(run(3)).is_none());
}

#[test]
fn what_a_call_may_not_print_is_counted_for_the_run_as_well() {
    let runs = RunLogs::new(BOUNDS, 1 << 20);
    print(&runs, attempt(1, "a", None), &["x"; 9]);
    let log = runs.find(run(1)).unwrap();
    let page = log.read(log.start(), 100, &LogFilter::default());
    assert_eq!((page.lines.len(), page.lost), (5, 4));
}

#[test]
fn the_runs_not_written_to_for_the_longest_time_make_room() {
    let runs = RunLogs::new(BOUNDS, 6 * (LOG + 2 * cost("1234567890")));
    let line = ["1234567890"; 2];
    for number in 1..=6 {
        print(&runs, attempt(number, "a", None), &line);
    }
    assert!((1..=6).all(|number| runs.find(run(number)).is_some()));
    let read = runs.find(run(2)).unwrap();
    print(&runs, attempt(1, "a", None), &["again"]);
    print(&runs, attempt(7, "a", None), &line);
    print(&runs, attempt(8, "a", None), &line);
    let kept: Vec<_> = (1..=8)
        .filter(|number| runs.find(run(*number)).is_some())
        .collect();
    assert!(kept.contains(&1), "it was written to lately: {kept:?}");
    assert!(kept.contains(&2), "somebody reads it: {kept:?}");
    assert!(!kept.contains(&3), "it was not: {kept:?}");
    assert!(kept.contains(&8), "{kept:?}");
    drop(read);
}

#[test]
fn a_log_that_was_let_go_of_gives_its_room_back() {
    let runs = RunLogs::new(BOUNDS, 100_000);
    for number in 0..10_000 {
        print(
            &runs,
            attempt(number, "a", None),
            &["a line of some length, so that there is something to keep"],
        );
    }
    let kept = runs.lock().logs.len();
    assert!((100..1_000).contains(&kept), "{kept}");
    assert!(runs.room.has(0));
    assert!(
        runs.lock().line.len() < 2 * kept,
        "the line is as long as there are logs"
    );
}

#[test]
fn cursors_of_an_earlier_log_begin_anew() {
    let runs = RunLogs::new(BOUNDS, 1 << 20);
    print(&runs, attempt(1, "a", None), &["one"]);
    let log = runs.of(run(1));
    let earlier = LogCursor {
        log: log.start().log - 1,
        seq: 40,
    };
    let page = log.read(earlier, 100, &LogFilter::default());
    assert_eq!((page.lines.len(), page.next), (1, log.end()));
    assert!(page.lines[0].time <= Timestamp::now());
}
