//! JSON, which is not always YAML.

use weft_workflow::definition::{Form, Kind};

use crate::{check, sound};

#[test]
fn the_same_language() {
    let definition = sound(
        "{\n\t\"workflow\":\t\"w\",\n\t\"input\": { \"a\": \"list<u8>\" },\n\t\"nodes\": { \"n\": { \"call\": \"x\",\t\"with\": { \"a\":\t-1.50e3, \
         \"b\": \"$input.a[0]\" }, \"when\":\ttrue } }\n}\n",
    );
    let Some(Kind::Call(call)) = &definition.nodes[0].kind else {
        panic!("not a call");
    };
    assert_eq!(call.with[0].source.form, Form::Number("-1.50e3".into()));
    assert!(matches!(call.with[1].source.form, Form::Reference(_)));
}

#[test]
fn escapes() {
    let string = |json: &str| {
        let definition = sound(&format!(
            "{{\"workflow\": \"w\", \"nodes\": {{\"n\": {{\"call\": \"x\", \"with\": {{\"a\": {json}}}}}}}}}"
        ));
        match &definition.nodes[0].kind {
            Some(Kind::Call(call)) => call.with[0].source.form.clone(),
            _ => panic!("not a call"),
        }
    };
    let check =
        |json: &str, expected: &str| assert_eq!(string(json), Form::String(expected.into()), "{json}");
    check(r#""\ud83d\ude00""#, "😀");
    check(r#""a\/b\\\"\u00e9\n""#, "a/b\\\"é\n");
    check(r#""\\ud83d""#, "\\ud83d");
    check(r#""{[,:]}\\""#, "{[,:]}\\");
    check(r##""# no comment""##, "# no comment");
    check("\"\\u0000\"", "\0");
}

#[test]
fn places() {
    check(
        "{\n  \"workflow\": ‸7,\n  ‸\"nods\": {\"ß😀\": {\"a\": [1, \"]}\"]}},\r\n\t\"durability\" :\t‸\"fast\"\n}",
        &[
            ("wrong-type", "workflow", "the number `7`"),
            ("unknown-key", "nods", "did you mean `nodes`?"),
            ("unknown-value", "durability", "`fast`"),
        ],
    );
    check(
        "{\"workflow\": \"w\", \"description\": ‸[\"ß😀\"], \"nodes\": {\"n\": {‸\"slep\": 1}}}",
        &[
            ("wrong-type", "description", ""),
            ("unknown-key", "nodes.n.slep", ""),
        ],
    );
}

#[test]
fn keys_that_stand_twice() {
    check(
        "{\"workflow\": \"w\", ‸\"work\\u0066low\": \"v\", \"nodes\": {\"n\": {\"sleep\": \"1s\"}}}",
        &[("duplicate-key", "workflow", "first in line 1")],
    );
}

#[test]
fn half_a_character() {
    check(
        "{\"workflow\": \"w\", \"description\": ‸\"\\ud83d\", \"nodes\": {\"n\": {\"sleep\": \"1s\"}}}",
        &[("syntax", "description", "stand in pairs")],
    );
    check(
        "{\"workflow\": \"w\", ‸\"\\ude00\": 1, \"nodes\": {\"n\": {\"sleep\": \"1s\"}}}",
        &[("syntax", "", "")],
    );
}

#[test]
fn what_is_nearly_json_is_yaml() {
    sound("{\"workflow\": \"w\", # a comment\n \"nodes\": {\"n\": {sleep: 1s,},},}");
    check(
        "{\"workflow\": \"w\" ‸\"nodes\": 1}",
        &[("syntax", "", "not YAML")],
    );
}
