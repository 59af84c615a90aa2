use super::*;

fn head(method: &str, uri: &str, name: &str, value: &[u8]) -> HttpHead {
    HttpHead {
        method: method.to_owned(),
        uri: uri.to_owned(),
        headers: vec![Header {
            name: name.to_owned(),
            value: value.to_owned(),
        }],
    }
}

#[test]
fn a_head_comes_out_as_it_went_in() {
    let mut sent = head("PURGE", "http://here/a?b=%20", "x-bytes", b"\xff\x80");
    sent.headers.push(Header {
        name: "x-bytes".to_owned(),
        value: b"again".to_vec(),
    });
    let (parts, ()) = request(sent.clone(), ()).expect("a request").into_parts();
    assert_eq!(of_request(&parts), sent);
}

#[test]
fn a_head_that_is_none_of_http_is_refused() {
    let check = |sent: HttpHead| {
        let told = format!("{sent:?}");
        assert!(request(sent, ()).is_err(), "{told}");
    };
    check(head("GET /", "http://here/", "a", b"b"));
    check(head("", "http://here/", "a", b"b"));
    check(head("GET", "http://he re/", "a", b"b"));
    check(head("GET", "", "a", b"b"));
    check(head("GET", "http://here/", "a: b\r\nc", b"d"));
    check(head("GET", "http://here/", "", b"d"));
    check(head("GET", "http://here/", "a", b"b\r\nc: d"));
    check(head("GET", "http://here/", "a", b"\0"));
}

#[test]
fn a_response_has_a_status_of_http_and_fields_of_http() {
    let headers = |value: &[u8]| head("GET", "/", "a", value).headers;
    let good = response(299, headers(b"b"), ()).expect("a response");
    assert_eq!(
        (good.status().as_u16(), &good.headers()["a"]),
        (299, &HeaderValue::from_static("b"))
    );
    let bad: [(u16, &[u8]); 5] = [
        (0, b"b"),
        (99, b"b"),
        (1_000, b"b"),
        (u16::MAX, b"b"),
        (200, b"b\n"),
    ];
    for (status, value) in bad {
        assert!(
            response(status, headers(value), ()).is_err(),
            "{status} {value:?}"
        );
    }
}
