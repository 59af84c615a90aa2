//! The bounds of settings.

use weft_types::Settings;
use weft_types::settings::HostPattern;

/// Settings of this JSON are refused at `pointer`, with a message that has `words`.
fn refused(json: &str, pointer: &str, words: &str) {
    let settings: Settings = serde_json::from_str(json).unwrap_or_else(|e| panic!("{json}: {e}"));
    match settings.validate() {
        Ok(()) => panic!("{json} was accepted"),
        Err(error) => {
            assert_eq!(error.pointer, pointer, "{error}");
            assert!(error.message.contains(words), "{error} lacks {words:?}");
        }
    }
}

fn accepted(json: &str) {
    let settings: Settings = serde_json::from_str(json).unwrap_or_else(|e| panic!("{json}: {e}"));
    assert_eq!(settings.validate(), Ok(()), "{json}");
}

#[test]
fn bounds() {
    accepted("{}");
    accepted(&format!(r#"{{"description":"{}"}}"#, "é".repeat(512)));
    refused(
        &format!(r#"{{"description":"{}"}}"#, "x".repeat(1025)),
        "/description",
        "1025 bytes, at most 1024",
    );
    refused(r#"{"description":"two\nlines"}"#, "/description", "one line");
    accepted(r#"{"labels":{"team":"Ünder way"}}"#);
    refused(r#"{"labels":{"a/b":"x"}}"#, "/labels/a~1b", "`a/b` is not a name");
    refused(
        &format!(r#"{{"labels":{{"team":"{}"}}}}"#, "x".repeat(257)),
        "/labels/team",
        "at most 256",
    );
    let many: Vec<_> = (0..65).map(|i| format!(r#""a{i}":"x""#)).collect();
    refused(
        &format!(r#"{{"labels":{{{}}}}}"#, many.join(",")),
        "/labels",
        "65 labels, at most 64",
    );
    refused(
        &format!(r#"{{"env":{{{}}}}}"#, many.join(",")),
        "/env",
        "65 variables, at most 64",
    );
    accepted(r#"{"env":{"A_b.c":""}}"#);
    refused(r#"{"env":{"a=b":""}}"#, "/env/a=b", "no `=`");
    refused(r#"{"env":{"":""}}"#, "/env/", "at least one character");
    refused(r#"{"env":{"A":"\u0000"}}"#, "/env/A", "NUL");
    refused(
        &format!(r#"{{"env":{{"A":"{}"}}}}"#, "x".repeat(4097)),
        "/env/A",
        "at most 4096",
    );
    accepted(r#"{"profile":"sandbox"}"#);
    refused(r#"{"profile":"../etc"}"#, "/profile", "not a name");
    accepted(r#"{"limits":{"timeout-ms":1,"memory-bytes":65536}}"#);
    refused(
        r#"{"limits":{"timeout-ms":0}}"#,
        "/limits/timeout-ms",
        "at least 1",
    );
    refused(
        r#"{"limits":{"memory-bytes":65535}}"#,
        "/limits/memory-bytes",
        "is 65535, expected at least 65536",
    );
    for limit in [
        "cpu-time-ms",
        "input-bytes",
        "output-bytes",
        "concurrency",
        "reuse",
    ] {
        refused(
            &format!(r#"{{"limits":{{"{limit}":0}}}}"#),
            &format!("/limits/{limit}"),
            limit,
        );
    }
    accepted(r#"{"grants":{"http":["*","a.b"],"keyvalue":["default"],"call":["pricing"]}}"#);
    refused(
        r#"{"grants":{"http":["https://a.b"]}}"#,
        "/grants/http",
        "`https://a.b` is not a host: a scheme",
    );
    refused(
        r#"{"grants":{"keyvalue":["A"]}}"#,
        "/grants/keyvalue",
        "not a name",
    );
    let hosts: Vec<_> = (0..257).map(|i| format!(r#""h{i}""#)).collect();
    refused(
        &format!(r#"{{"grants":{{"http":[{}]}}}}"#, hosts.join(",")),
        "/grants/http",
        "257 hosts, at most 256",
    );
}

#[test]
fn hosts_that_are_none() {
    let refused = |text: &str, words: &str| {
        let error = text.parse::<HostPattern>().unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    };
    refused("", "it is empty");
    refused("a/b", "a scheme or a path");
    refused("//a", "a scheme or a path");
    refused("A.com", "lower case");
    refused("a..b", "labels");
    refused("a.", "labels");
    refused(".a", "labels");
    refused("-a.b", "labels");
    refused("a b", "labels");
    refused("é.de", "labels");
    refused("user@a", "labels");
    refused("a:0", "a port");
    refused("a:65536", "a port");
    refused("a:+1", "a port");
    refused("a:", "a port");
    refused("::1", "in brackets");
    refused("[::g]", "not an IPv6");
    refused("*a", "whole labels");
    refused("*.", "it is empty");
    refused("a.*", "labels");
    refused("**", "whole labels");
    refused("*:80", "whole labels");
    refused(&format!("{}.com", "a".repeat(64)), "labels");
    refused(&"a.".repeat(127), "at most 253");
}

#[test]
fn hosts_match() {
    let check = |pattern: &str, host: &str, port: u16, expected: bool| {
        let parsed: HostPattern = pattern.parse().unwrap();
        assert_eq!(
            parsed.matches(host, port, 443),
            expected,
            "{pattern} on {host}:{port}"
        );
        assert_eq!(parsed.to_string(), pattern);
    };
    check("*", "any.thing", 1, true);
    check("api.example.com", "api.example.com", 443, true);
    check("api.example.com", "API.Example.com", 443, true);
    check("api.example.com", "api.example.com", 80, false);
    check("api.example.com", "x.api.example.com", 443, false);
    check("api.example.com", "api.example.com.evil", 443, false);
    check("*.example.com", "a.example.com", 443, true);
    check("*.example.com", "a.b.example.com", 443, true);
    check("*.example.com", "example.com", 443, false);
    check("*.example.com", "badexample.com", 443, false);
    check("*.example.com:8443", "a.example.com", 8443, true);
    check("*.example.com:8443", "a.example.com", 443, false);
    check("localhost:8080", "localhost", 8080, true);
    check("localhost:8080", "localhost", 443, false);
    check("127.0.0.1:80", "127.0.0.1", 80, true);
    check("[::1]:8080", "::1", 8080, true);
    check("[::1]:8080", "[::1]", 8080, true);
    check("[::1]", "[::1]", 443, true);
}

#[test]
fn needs() {
    accepted(r#"{"needs":{}}"#);
    accepted(r#"{"needs":{"level":"process","memory-bytes":65536,"labels":["gpu","eu-1"]}}"#);
    accepted(r#"{"needs":{"memory-bytes":65536},"limits":{"memory-bytes":65536}}"#);
    refused(r#"{"profile":"process","needs":{}}"#, "/needs", "not both");
    refused(
        r#"{"needs":{"memory-bytes":65535}}"#,
        "/needs/memory-bytes",
        "at least 65536",
    );
    refused(
        r#"{"needs":{"memory-bytes":70000},"limits":{"memory-bytes":65536}}"#,
        "/needs/memory-bytes",
        "than `limits.memory-bytes` allows",
    );
    refused(
        r#"{"needs":{"labels":["No"]}}"#,
        "/needs/labels",
        "`No` is not a name",
    );
    let many: Vec<_> = (0..17).map(|number| format!(r#""l{number}""#)).collect();
    let json = format!(r#"{{"needs":{{"labels":[{}]}}}}"#, many.join(","));
    refused(&json, "/needs/labels", "17 labels, at most 16");
    for json in [r#"{"needs":{"level":"vm"}}"#, r#"{"needs":{"cpu":2}}"#] {
        assert!(serde_json::from_str::<Settings>(json).is_err(), "{json}");
    }
}

#[test]
fn promotions() {
    accepted(r#"{"promotion":{}}"#);
    accepted(r#"{"promotion":{"level":"container","after":1,"window-ms":1,"quiet-ms":1}}"#);
    refused(
        r#"{"promotion":{"level":"process","profile":"process"}}"#,
        "/promotion",
        "not both",
    );
    refused(
        r#"{"promotion":{"profile":"No"}}"#,
        "/promotion/profile",
        "is not a name",
    );
    refused(
        r#"{"promotion":{"after":0}}"#,
        "/promotion/after",
        "1 to 1000 is allowed",
    );
    refused(
        r#"{"promotion":{"window-ms":86400001}}"#,
        "/promotion/window-ms",
        "86400001",
    );
    refused(
        r#"{"promotion":{"quiet-ms":0}}"#,
        "/promotion/quiet-ms",
        "1 to 2592000000",
    );
    assert!(serde_json::from_str::<Settings>(r#"{"promotion":{"quiet":1}}"#).is_err());
}
