//! What is wrong with what a node does after a failure, and with where and how long it executes.

use crate::check_node;

#[test]
fn retries() {
    check_node(
        "{call: x, retry: ‸0}",
        &[("out-of-range", "retry", "from 1 to 100")],
    );
    check_node(
        "{call: x, retry: ‸often}",
        &[("wrong-type", "retry", "a number of attempts, or a map")],
    );
    check_node(
        "{call: x, retry: {attempts: ‸101, backoff: ‸fast, factor: ‸0.5, max-backoff: ‸367d, jitter: ‸1.01, on: ‸trap, ‸delay: 1s}}",
        &[
            ("out-of-range", "retry.attempts", ""),
            ("duration", "retry.backoff", "a whole number and `ms`"),
            ("out-of-range", "retry.factor", "a number from 1 to 100"),
            ("out-of-range", "retry.max-backoff", "from 0ms to 366d"),
            ("out-of-range", "retry.jitter", "a number from 0 to 1"),
            ("wrong-type", "retry.on", "expected a list of failures"),
            ("unknown-key", "retry.delay", "a retry may have"),
        ],
    );
    check_node(
        "{call: x, retry: {on: [trap, ‸cancelled, ‸tarp]}}",
        &[
            (
                "unknown-value",
                "retry.on[1]",
                "not a failure that may be tried again",
            ),
            ("unknown-value", "retry.on[2]", "did you mean `trap`?"),
        ],
    );
    check_node(
        "{call: x, retry: {backoff: 5s, max-backoff: ‸1s}}",
        &[("out-of-range", "retry.max-backoff", "shorter than `backoff`")],
    );
}

#[test]
fn catches() {
    check_node(
        "{call: x, catch: ‸{}}",
        &[("missing-key", "catch", "`value` or `node` is missing")],
    );
    check_node(
        "{call: x, catch: ‸other}",
        &[("wrong-type", "catch", "a map of `value` and `node`")],
    );
    check_node(
        "{call: x, catch: {value: 1, ‸node: a}}",
        &[("not-applicable", "catch.node", "either `value` or `node`")],
    );
    check_node(
        "{call: x, catch: {node: ‸[a]}}",
        &[("wrong-type", "catch.node", "the name of a node")],
    );
    check_node(
        "{wait: u8, catch: {value: 1, ‸on: trap}}",
        &[("unknown-key", "catch.on", "a catch may have")],
    );
}

#[test]
fn durations() {
    let timeout = |value: &str, code: &str, message: &str| {
        check_node(
            &format!("{{call: x, timeout: {value}}}"),
            &[(code, "timeout", message)],
        );
    };
    timeout("‸5", "duration", "`5` has no unit: write `5ms` or `5s`");
    timeout("‸1.5s", "duration", "`1.5s` is not a duration");
    timeout("‸1h30m", "duration", "such as `30s`");
    timeout("‸true", "wrong-type", "expected a duration");
    timeout("‸0s", "out-of-range", "from 1ms to 366d");
    timeout("‸367d", "out-of-range", "found `367d`");
    timeout("‸99999999999999999999d", "out-of-range", "");
    check_node(
        "{sleep: ‸[1s]}",
        &[("wrong-type", "sleep", "expected a duration")],
    );
    check_node(
        "{sleep: \"$a.‸\"}",
        &[("reference", "sleep", "the name of a field")],
    );
    check_node("{call: x, cache: ‸forever}", &[("duration", "cache", "")]);
}

#[test]
fn placement_and_limits() {
    check_node(
        "{call: x, priority: ‸hihg, profile: ‸Big, limits: ‸3}",
        &[
            ("unknown-value", "priority", "did you mean `high`?"),
            ("name", "profile", "not the name of a pool profile"),
            ("wrong-type", "limits", "expected limits: a map of"),
        ],
    );
    check_node(
        "{call: x, limits: {cpu-time-ms: ‸0, memory-bytes: ‸65535, input-bytes: ‸1KB, output-bytes: ‸99999999999999999999, ‸timeout-ms: 1}}",
        &[
            ("out-of-range", "limits.cpu-time-ms", "at least 1"),
            ("out-of-range", "limits.memory-bytes", "at least 65536"),
            ("wrong-type", "limits.input-bytes", "found the text `1KB`"),
            ("out-of-range", "limits.output-bytes", ""),
            ("unknown-key", "limits.timeout-ms", "limits may have"),
        ],
    );
}
