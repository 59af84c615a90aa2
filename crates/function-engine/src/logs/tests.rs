use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::{FLOOR, InvocationLogs, LINE, Log, LogFilter, LogLine, LogPage, LogRoom};
use crate::LogBounds;
use crate::port::{LogSink, Stream};

const BOUNDS: LogBounds = LogBounds {
    line_bytes: 8,
    lines: 4,
    bytes: 20,
    invocation_lines: 6,
};

/// Logs with more room than they may use.
fn logs_within(bounds: LogBounds) -> Arc<Log> {
    Log::new(bounds, &LogRoom::new(1 << 20))
}

fn print(logs: &Arc<Log>, lines: &[&str]) {
    let sink = InvocationLogs::new(logs.clone(), None);
    for line in lines {
        sink.line(Uuid::nil(), Stream::Stdout, line);
    }
}

fn read(logs: &Log, cursor: u64, limit: usize) -> LogPage {
    logs.read(logs.cursor(cursor), limit, &LogFilter::default())
}

fn texts(page: &LogPage) -> (Vec<&str>, u64, u64) {
    (
        page.lines.iter().map(|line| &*line.text).collect(),
        page.next.seq,
        page.lost,
    )
}

#[test]
fn a_cursor_walks_over_all_lines_once() {
    let logs = logs_within(BOUNDS);
    print(&logs, &["a", "b", "c"]);
    assert_eq!(texts(&read(&logs, 0, 2)), (vec!["a", "b"], 2, 0));
    assert_eq!(texts(&read(&logs, 2, 2)), (vec!["c"], 3, 0));
    assert_eq!(texts(&read(&logs, 3, 2)), (vec![], 3, 0));
    assert_eq!(
        texts(&read(&logs, 9, 2)),
        (vec![], 9, 0),
        "a cursor beyond the end"
    );
    assert_eq!(logs.end(), logs.cursor(3));
}

#[test]
fn lines_that_were_dropped_on_their_way_are_counted() {
    let logs = logs_within(BOUNDS);
    let sink = InvocationLogs::new(logs.clone(), None);
    assert_eq!(sink.room(), 6);
    sink.line(Uuid::nil(), Stream::Stdout, "a");
    assert_eq!(sink.room(), 5);
    sink.dropped(7);
    sink.line(Uuid::nil(), Stream::Stdout, "b");
    assert_eq!(texts(&read(&logs, 0, 9)), (vec!["a", "b"], 9, 7));
}

#[test]
fn the_oldest_lines_go_and_are_counted() {
    let logs = logs_within(BOUNDS);
    print(&logs, &["a", "b", "c", "d", "e"]);
    assert_eq!(texts(&read(&logs, 0, 9)), (vec!["b", "c", "d", "e"], 5, 1));
    print(&logs, &["12345678", "12345678"]);
    assert_eq!(
        texts(&read(&logs, 0, 9)),
        (vec!["d", "e", "12345678", "12345678"], 7, 3)
    );
    print(&logs, &["12345678"]);
    assert_eq!(
        texts(&read(&logs, 6, 9)),
        (vec!["12345678", "12345678"], 8, 0),
        "20 bytes at most"
    );
}

#[test]
fn long_lines_are_cut_between_characters() {
    let logs = logs_within(BOUNDS);
    print(&logs, &["123456789", "1234567é"]);
    assert_eq!(texts(&read(&logs, 0, 9)).0, ["12345678", "1234567"]);
}

#[test]
fn an_invocation_prints_so_much() {
    let logs = logs_within(LogBounds {
        lines: 100,
        bytes: 1_000,
        ..BOUNDS
    });
    print(&logs, &["x"; 10]);
    print(&logs, &["y"]);
    let page = read(&logs, 0, 100);
    assert_eq!((page.lines.len(), page.next.seq, page.lost), (7, 11, 4));
    assert_eq!(page.lines[6].seq, 10);
}

#[test]
fn a_filter_skips_lines_without_losing_them() {
    let logs = logs_within(LogBounds { lines: 100, ..BOUNDS });
    print(&logs, &["one", "two", "three", "two"]);
    let twos = LogFilter {
        contains: Some("two".to_owned()),
        ..LogFilter::default()
    };
    assert_eq!(texts(&logs.read(logs.cursor(0), 1, &twos)), (vec!["two"], 2, 0));
    assert_eq!(texts(&logs.read(logs.cursor(2), 9, &twos)), (vec!["two"], 4, 0));
}

#[test]
fn the_last_lines_are_found_from_the_end() {
    let logs = logs_within(BOUNDS);
    print(&logs, &["gone", "a", "b", "a", "b"]);
    let any = LogFilter::default();
    let of = |text: &str| LogFilter {
        contains: Some(text.to_owned()),
        ..LogFilter::default()
    };
    for (from, count, filter, expected) in [
        (0, 0, &any, 5),
        (0, 1, &any, 4),
        (0, 4, &any, 1),
        (0, 5, &any, 0),
        (0, usize::MAX, &any, 0),
        (3, 1, &any, 4),
        (3, 3, &any, 3),
        (9, 0, &any, 9),
        (9, 1, &any, 9),
        (0, 1, &of("a"), 3),
        (0, 2, &of("a"), 1),
        (0, 3, &of("a"), 0),
        (2, 2, &of("a"), 2),
        (2, 1, &of("gone"), 2),
    ] {
        let found = logs.last(logs.cursor(from), count, filter);
        assert_eq!(found, logs.cursor(expected), "{count} from {from}, {filter:?}");
    }
    let last = |count| logs.read(logs.last(logs.start(), count, &any), 9, &any);
    assert_eq!(texts(&last(2)), (vec!["a", "b"], 5, 0));
    assert_eq!(texts(&last(5)), (vec!["a", "b", "a", "b"], 5, 1), "one is lost");
}

#[test]
fn lines_since_a_time_are_found() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let logs = logs_within(BOUNDS);
    for second in [10, 20, 30, 30, 40] {
        logs.push(LogLine {
            seq: 0,
            time: at(second),
            invocation: Uuid::nil(),
            attempt: None,
            stream: Stream::Stdout,
            text: second.to_string().into(),
        });
    }
    for (from, second, expected) in [
        (0, 5, 0),
        // The line of second 10 is no longer kept, and so were others of this time perhaps.
        (0, 20, 0),
        (0, 21, 2),
        (0, 30, 2),
        (0, 31, 4),
        (0, 40, 4),
        (0, 41, 5),
        (3, 30, 3),
        (3, 40, 4),
        (9, 10, 9),
        (9, 50, 9),
    ] {
        let found = logs.since(logs.cursor(from), at(second));
        assert_eq!(found, logs.cursor(expected), "second {second} from {from}");
    }
}

#[tokio::test(start_paused = true)]
async fn followers_are_told() {
    let logs = logs_within(BOUNDS);
    let follower = tokio::spawn({
        let logs = logs.clone();
        async move {
            logs.changed(logs.start()).await;
            read(&logs, 0, 9).lines.len()
        }
    });
    tokio::task::yield_now().await;
    assert!(!follower.is_finished());
    print(&logs, &["now"]);
    assert_eq!(follower.await.unwrap(), 1);
    logs.changed(logs.start()).await;
}

#[test]
fn functions_share_the_room_for_lines() {
    let bounds = LogBounds {
        line_bytes: 1_000,
        lines: 10_000,
        bytes: 1 << 20,
        invocation_lines: 10_000,
    };
    let (most, line) = (100_000, "x".repeat(1_000 - LINE));
    let room = LogRoom::new(most);
    let kept = |logs: &Log| read(logs, 0, 10_000).lines.len() * 1_000;
    let flood = Log::new(bounds, &room);
    print(&flood, &vec![line.as_str(); 500]);
    assert_eq!(kept(&flood), most);

    let modest = Log::new(bounds, &room);
    print(&modest, &[line.as_str(); 100]);
    assert_eq!(kept(&modest), FLOOR / 1_000 * 1_000, "so much is everyone's");
    print(&flood, &[line.as_str()]);
    assert_eq!(kept(&flood) + kept(&modest), most, "who prints makes room");

    drop(flood);
    print(&modest, &[line.as_str(); 50]);
    assert_eq!(
        kept(&modest),
        FLOOR / 1_000 * 1_000 + 50_000,
        "who is gone leaves room"
    );
}
