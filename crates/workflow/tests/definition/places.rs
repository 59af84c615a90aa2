//! Where the characters of a text stand that was quoted, folded or indented.

use weft_workflow::definition::Places;

use crate::{sound, unmarked};

/// The condition stands as `written`, in which the place of `needle` is marked.
fn check(written: &str, needle: &str) {
    let (text, marks) = unmarked(&format!(
        "workflow: w\nnodes:\n  n:\n    sleep: 1s\n    when: {written}\n"
    ));
    let definition = sound(&text);
    let when = definition.nodes[0].when.as_ref().unwrap();
    let at = when.value.find(needle).unwrap();
    assert_eq!(
        [definition.places.within(when.spot, at)][..],
        marks,
        "{needle:?} of {:?} in\n{text}",
        when.value
    );
}

#[test]
fn plain() {
    check("‸$a > 1", "$a");
    check("$a ‸> 1 # a comment", ">");
    check("$ä  > ‸1", "1");
    check("$a\n      > ‸1", "1");
    check("$a\n\n\n      ‸> 1", ">");
}

#[test]
fn quoted() {
    check("'‸$a > 1'", "$a");
    check("'$a == ''x'' && ‸$b'", "$b");
    check("'$a\n      && ‸$b'", "$b");
    check("\"‸$a > 1\"", "$a");
    check("\"\\x24a ‸> 1\"", ">");
    check("\"\\\"x\\\" == ‸$b\"", "$b");
    check("\"$a\\n\\t \\u0020\\u00e9 \\U0001F600 ‸$b\"", "$b");
    check("\"$a \\\n      ‸$b\"", "$b");
    check("\"$a\n\n      ‸$b\"", "$b");
    check("\"\\\\ ‸$b\"", "$b");
}

#[test]
fn blocks() {
    check("|\n      ‸$a\n", "$a");
    check("|\n      $a\n        && ‸$b\n", "$b");
    check("|-\n\n      $a\n\n      && ‸$b\n", "$b");
    check(">\n      $a\n      && ‸$b\n", "$b");
    check(">-\n      $a\n\n      && 'it''s' ‸$b\n", "$b");
    check("|2\n        $a \\n ‸$b\n", "$b");
}

#[test]
fn white_space_and_ends() {
    check("$a‸ > 1", " > 1");
    check("'$a‸  > 1'", "  > 1");
}

#[test]
fn json() {
    let (text, marks) = unmarked(
        "{\"workflow\": \"w\",\n \"nodes\": {\"n\": {\"sleep\": \"1s\", \"when\": \"\\ud83d\\ude00\\n \\\"é\\\" ‸$b\"}}}",
    );
    let definition = sound(&text);
    let when = definition.nodes[0].when.as_ref().unwrap();
    let at = when.value.find("$b").unwrap();
    assert_eq!([definition.places.within(when.spot, at)][..], marks);
}

#[test]
fn the_end_is_a_place() {
    let text = "workflow: w\nnodes: {n: {sleep: 1s, when: '$a'}}\n";
    let definition = sound(text);
    let when = definition.nodes[0].when.as_ref().unwrap();
    let (start, end) = (
        definition.places.position(when.spot),
        definition.places.within(when.spot, 2),
    );
    assert_eq!((end.line, end.column), (start.line, start.column + 3));
}

#[test]
fn paths() {
    let definition = sound("workflow: w\nnodes: {a-b: {call: x, with: {p: [1, {\"q r\": $input.z}]}}}\n");
    let Some(weft_workflow::definition::Kind::Call(call)) = &definition.nodes[0].kind else {
        panic!("not a call");
    };
    let path = |places: &Places, spot| places.path(spot);
    let places = &definition.places;
    assert_eq!(path(places, definition.nodes[0].name.spot), "nodes.a-b");
    assert_eq!(path(places, call.with[0].name.spot), "nodes.a-b.with.p");
    let weft_workflow::definition::Form::List(items) = &call.with[0].source.form else {
        panic!("not a list");
    };
    assert_eq!(path(places, items[0].spot), "nodes.a-b.with.p[0]");
    let weft_workflow::definition::Form::Map(members) = &items[1].form else {
        panic!("not a map");
    };
    assert_eq!(path(places, members[0].value.spot), "nodes.a-b.with.p[1].\"q r\"");
}
