use super::*;

const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn headers(values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(TRACEPARENT, HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[test]
fn valid_headers_continue_the_trace() {
    let later = format!("cc-{}-what-the-future-brings", &VALID[3..]);
    let cases = [
        (VALID.to_owned(), true),
        (VALID.replace("-01", "-00"), false),
        (VALID.replace("-01", "-ff"), true),
        (VALID.replace("-01", "-02"), false),
        (VALID.replacen("00-", "01-", 1), true),
        (later, true),
    ];
    for (text, sampled) in cases {
        let trace = begin(&headers(&[&text]), false);
        assert_eq!(
            trace.parent,
            Some([0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]),
            "{text}"
        );
        assert_eq!(trace.context.trace_id[..2], [0x4b, 0xf9], "{text}");
        assert_eq!(trace.context.sampled, sampled, "{text}");
        assert_ne!(Some(trace.context.span_id), trace.parent, "{text}");
    }
}

#[test]
fn invalid_headers_begin_a_trace() {
    let id = "4bf92f3577b34da6a3ce929d0e0e4736";
    let cases = [
        String::new(),
        "00".to_owned(),
        VALID[..54].to_owned(),
        format!("{VALID}-00"),
        format!("{VALID}0"),
        VALID.to_uppercase(),
        VALID.replacen("00-", "ff-", 1),
        VALID.replacen("00-", "0x-", 1),
        VALID.replacen("00-", "01-", 1) + "x",
        VALID.replace(id, &"0".repeat(32)),
        VALID.replace("00f067aa0ba902b7", &"0".repeat(16)),
        VALID.replace('-', "_"),
        VALID.replace("4bf9", "4bg9"),
        VALID.replace("-01", "-0z"),
        format!(" {}", &VALID[..54]),
    ];
    for text in cases {
        let trace = begin(&headers(&[&text]), true);
        assert_eq!(trace.parent, None, "{text:?}");
        assert!(trace.context.sampled, "{text:?}");
        assert_ne!(trace.context.trace_id, [0; 16], "{text:?}");
    }
    assert_eq!(
        begin(&headers(&[VALID, VALID]), false).parent,
        None,
        "given twice"
    );
}

#[test]
fn header_and_parser_agree() {
    let context = begin(&HeaderMap::new(), true).context;
    let text = header(&context);
    assert_eq!(parse(text.as_bytes()), Some(context));
}
