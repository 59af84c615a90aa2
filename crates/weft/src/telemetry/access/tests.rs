use std::time::Duration;

use weft_api::Trace;
use weft_function_engine::port::TraceContext;

use super::*;

fn check(format: LogFormat, path: &str, invocation: Option<&'static str>, expected: &str) {
    let trace = Trace {
        context: TraceContext {
            trace_id: *b"0123456789abcdef",
            span_id: [1; 8],
            sampled: false,
        },
        parent: None,
    };
    let invocation = invocation.map(http::HeaderValue::from_static);
    let request = Finished {
        method: &http::Method::POST,
        uri: &path.parse().unwrap(),
        route: "/x",
        status: http::StatusCode::OK,
        bytes: 17,
        began: SystemTime::UNIX_EPOCH + Duration::from_secs(1_769_860_800),
        took: Duration::from_micros(1_000_042),
        invocation: invocation.as_ref(),
        trace: &trace,
    };
    let mut line = Line::default();
    match format {
        LogFormat::Text => line.write_text(&request),
        LogFormat::Json => line.write_json(&request),
    }
    assert_eq!(String::from_utf8(line.text).unwrap(), expected);
}

#[test]
fn lines_leave_the_query_out_and_quote_what_could_be_mistaken() {
    check(
        LogFormat::Text,
        "/a?secret=1",
        Some("0192"),
        "2026-01-31T12:00:01.000042Z  INFO weft::access: method=\"POST\" path=\"/a\" status=200 bytes=17 \
         micros=1000042 invocation=\"0192\" trace=30313233343536373839616263646566",
    );
    check(
        LogFormat::Text,
        "/a\"b",
        None,
        "2026-01-31T12:00:01.000042Z  INFO weft::access: method=\"POST\" path=\"/a\\\"b\" status=200 bytes=17 \
         micros=1000042 trace=30313233343536373839616263646566",
    );
    check(
        LogFormat::Json,
        "/a\"b?secret=1",
        None,
        r#"{"timestamp":"2026-01-31T12:00:01.000042Z","level":"INFO","method":"POST","path":"/a\"b","status":200,"bytes":17,"micros":1000042,"trace":"30313233343536373839616263646566","target":"weft::access"}"#,
    );
}

#[test]
fn times_of_one_second_differ_in_their_fraction() {
    let mut clock = Clock::default();
    let base = SystemTime::UNIX_EPOCH + Duration::from_secs(59);
    let cases = [
        (0, "1970-01-01T00:00:59.000000Z"),
        (7, "1970-01-01T00:00:59.000007Z"),
        (999_999, "1970-01-01T00:00:59.999999Z"),
        (1_000_000, "1970-01-01T00:01:00.000000Z"),
        (3, "1970-01-01T00:00:59.000003Z"),
    ];
    for (micros, expected) in cases {
        assert_eq!(clock.show(base + Duration::from_micros(micros)), expected);
    }
}
