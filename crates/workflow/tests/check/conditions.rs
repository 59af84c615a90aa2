//! What conditions come to.

use super::evaluation::Values;
use super::world::plan;

const INPUT: &str = "n: u64, s: s64, small: u8, x: f64, t: string, yes: bool, o: option<s64>, l: list<string>, ns: list<u16>, \
                     raw: list<u8>, deep: option<record { o: option<u8>, t: string }>";
const GIVEN: &str = r#"{"n":18446744073709551615,"s":-9223372036854775808,"small":200,"x":2.5,"t":"Grüße","yes":true,
    "l":["a","bc"],"ns":[1,2,3],"raw":"aGk=","deep":{"t":"d"}}"#;
const SCORE: &str = r#"{"value":-3,"ratio":0.5,"grade":"high","tags":["x","yz"],"rights":["write"],"note":null,"mark":"m",
    "shape":{"circle":2.0},"pair":[9,"p"],"near":null}"#;

/// What a condition comes to, or why it comes to nothing.
fn evaluate(condition: &str) -> Result<bool, String> {
    let text = format!(
        "workflow: w\ninput: {{ {} }}\nnodes:\n  s: {{ call: score, with: {{ n: 1 }} }}\n  \
         k: {{ call: double, with: {{ n: 1 }}, when: $input.yes }}\n  \
         a:\n    call: double\n    with: {{ n: 1 }}\n    when: |-\n      {condition}\n",
        INPUT
            .replace("option<record", "'option<record")
            .replace("string }>", "string }>'")
    );
    let plan = plan(&text);
    let values = Values::new(&plan, GIVEN).output("s", SCORE);
    let node = plan.find("a").unwrap();
    plan.condition(node, &values).map_err(|error| error.to_string())
}

#[test]
fn conditions_come_to_truths() {
    let check =
        |condition: &str, expected: bool| assert_eq!(evaluate(condition), Ok(expected), "{condition}");
    // Whole numbers are exact and compare across types.
    check("$input.n > $input.s", true);
    check("$input.n - 1 == 18446744073709551614", true);
    check("$input.small + 100 == 300", true);
    check("$input.s + 1 == -9223372036854775807", true);
    check("$input.s % 10 == -8 && -7 / 2 == -3", true);
    check("$input.n > $input.x && $input.x > 2", true);
    check("$input.n == 18446744073709551616.0", false);
    check("$input.small == 200.0", true);
    check("double($input.small) / 3.0 > 66.6", true);
    check("$input.x * 2.0 - 1.0 == 4.0", true);
    check("-$input.x < 0.0", true);
    check("$s.ratio == 0.5", true);
    check("1.0 / ($input.x - 2.5) > 1e300", true);
    // Texts.
    check("$input.t == 'Grüße' && size($input.t) == 5", true);
    check(
        "$input.t.startsWith('Gr') && $input.t.endsWith('ße') && $input.t.contains('üß')",
        true,
    );
    check("$input.t.contains(\"x\") || $input.t < \"A\"", false);
    check("'abc' < 'abd'", true);
    // Characters and cases.
    check("$s.mark == 'm' && $s.mark < \"n\"", true);
    check("$s.grade == 'high' && $s.grade != 'low'", true);
    check("$s.grade in ['low', 'high']", true);
    check("has($s.shape.circle) && !has($s.shape.dot)", true);
    check("has($s.shape.circle) && $s.shape.circle == 2.0", true);
    // Flags.
    check("'write' in $s.rights && !('read' in $s.rights)", true);
    check("$s.rights.write", true);
    // Lists.
    check(
        "size($input.l) == 2 && $input.ns.size() == 3 && size($input.raw) == 2",
        true,
    );
    check("'bc' in $input.l && !(\"b\" in $input.l)", true);
    check("2 in $input.ns && !(4 in $input.ns) && 3.0 in $input.ns", true);
    check("$input.l[1] == 'bc'", true);
    check("has($input.l[1]) && !has($input.l[2])", true);
    check("$input.small in [1, 200] && !($input.x in [1, 2])", true);
    check("$s.pair[0] == 9 && $s.pair[1] == 'p'", true);
    // Options.
    check("has($input.o)", false);
    check("!has($input.o) || $input.o > 3", true);
    check("has($input.o) && $input.o > 3", false);
    check("(has($input.o) ? $input.o : 7) == 7", true);
    check("has($input.deep)", true);
    check("has($input.deep.o)", false);
    check("has($input.deep.t) && $input.deep.t == 'd'", true);
    check("has($input.deep) && $input.deep.t == 'd'", true);
    check("has($s.near.id)", false);
    // Nodes that were skipped.
    check("has($k)", false);
    check("has($k) && $k > 1", false);
    check("!(has($k) && $k > 1) && $input.yes", true);
    // Choices.
    check("$input.yes ? $input.small > 1 : false", true);
    check("($input.yes ? 1 : 2.5) == 1.0", true);
    check("$input.yes == (1 < 2)", true);
}

#[test]
fn what_fails_is_told() {
    let check = |condition: &str, expected: &str| {
        assert_eq!(evaluate(condition), Err(expected.to_owned()), "{condition}");
    };
    check(
        "$input.n + 1 > 0",
        "a whole number becomes too large at character 10 of the condition",
    );
    check(
        "$input.s - 1 > 0",
        "a whole number becomes too large at character 10 of the condition",
    );
    check(
        "-$input.n < 0",
        "a whole number becomes too large at character 1 of the condition",
    );
    check(
        "$input.n * $input.n > 0",
        "a whole number becomes too large at character 10 of the condition",
    );
    check(
        "1 / ($input.small - 200) > 0",
        "division by zero at character 3 of the condition",
    );
    check(
        "1 % ($input.small - 200) > 0",
        "division by zero at character 3 of the condition",
    );
    check(
        "$input.l[2] == 'x'",
        "`$input.l[2]`: there is no element 2, the list has 2",
    );
    check("$k > 1", "`$k` has no value");
}

#[test]
fn what_decides_comes_first() {
    let check =
        |condition: &str, expected: bool| assert_eq!(evaluate(condition), Ok(expected), "{condition}");
    check("!$input.yes && 1 / ($input.small - 200) > 0", false);
    check("$input.yes || 1 / ($input.small - 200) > 0", true);
    check("$input.yes ? true : $input.l[2] == 'x'", true);
}
