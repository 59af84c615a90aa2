use super::*;

/// A term as text with all its parentheses.
fn shown(term: &Term) -> String {
    let both = |sign: &str, sides: &[Term; 2]| format!("({} {sign} {})", shown(&sides[0]), shown(&sides[1]));
    let all = |terms: &[Term]| terms.iter().map(shown).collect::<Vec<_>>().join(", ");
    match &term.kind {
        TermKind::Bool(value) => value.to_string(),
        TermKind::Whole(value) => value.to_string(),
        TermKind::Real(value) => format!("{value:?}"),
        TermKind::Text(text) => format!("{text:?}"),
        TermKind::Reference(reference) => reference.to_string(),
        TermKind::List(terms) => format!("[{}]", all(terms)),
        TermKind::Not(inner) => format!("!{}", shown(inner)),
        TermKind::Negate(inner) => format!("-{}", shown(inner)),
        TermKind::Junction(junction, sides) => both(junction.sign(), sides),
        TermKind::Compare(comparison, sides) => both(comparison.sign(), sides),
        TermKind::Arithmetic(sign, sides) => both(sign.sign(), sides),
        TermKind::In(sides) => both("in", sides),
        TermKind::Choose(parts) => {
            format!(
                "({} ? {} : {})",
                shown(&parts[0]),
                shown(&parts[1]),
                shown(&parts[2])
            )
        }
        TermKind::Has(reference) => format!("has({reference})"),
        TermKind::Call(function, arguments) => format!("{}({})", function.name(), all(arguments)),
    }
}

#[test]
fn operators_bind_as_in_cel() {
    let check = |text: &str, expected: &str| {
        let term = condition(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(shown(&term), expected, "{text}");
    };
    check("1 + 2 * 3", "(1 + (2 * 3))");
    check("1 - 2 - 3", "((1 - 2) - 3)");
    check("(1 + 2) * 3 % 4", "(((1 + 2) * 3) % 4)");
    check("$a || $b && !$c", "($a || ($b && !$c))");
    check("-$a < 1.5e3", "(-$a < 1500.0)");
    check("!$a == true", "(!$a == true)");
    check("--1", "--1");
    check("$a ? 1 : $b ? 2 : 3", "($a ? 1 : ($b ? 2 : 3))");
    check("$a ? $b || $c : false", "($a ? ($b || $c) : false)");
    check("$a in [1, 2] && true", "(($a in [1, 2]) && true)");
    check("$a.b[0].startsWith('x')", "startsWith($a.b[0], \"x\")");
    check(
        "\"abc\".contains($a.b) == false",
        "(contains(\"abc\", $a.b) == false)",
    );
    check("size($a) + $b.size() > 0", "((size($a) + size($b)) > 0)");
    check(
        "has($a.b) && double($a.b) > 1.0",
        "(has($a.b) && (double($a.b) > 1.0))",
    );
    check("$a-1 > $b - 1", "($a-1 > ($b - 1))");
    check(r#""a\"b\\\n\u00e9" == 'it\'s'"#, r#"("a\"b\\\né" == "it's")"#);
    check("1==2!=true", "((1 == 2) != true)");
    check("\t$a\n<=\r\n$b ", "($a <= $b)");
}

#[test]
fn mistakes_are_told_where_they_are_made() {
    let check = |text: &str, at: usize, expected: &str| match condition(text) {
        Ok(term) => panic!("{text} is {}", shown(&term)),
        Err(error) => {
            assert_eq!(error.at, at, "{text}: {error}");
            assert!(error.message.contains(expected), "{text}: {error}");
        }
    };
    check("", 0, "found the end");
    check("$a &", 3, "did you mean `&&`?");
    check("$a = 1", 3, "did you mean `==`?");
    check("$a | $b", 3, "did you mean `||`?");
    check("$a # no", 3, "`#` has no meaning");
    check("($a", 3, "expected an operator or `)`");
    check("$a)", 2, "expected an operator or the end");
    check("1 2", 2, "expected an operator or the end");
    check("$a ? 1", 6, "expected `:`");
    check("a && b", 0, "references begin with `$`");
    check("$a == null", 6, "`has($reference)`");
    check("$a and $b", 3, "expected an operator");
    check("not $a", 0, "`not` is written `!`");
    check("\"abc", 0, "has no end");
    check(r#"$a == "\q""#, 7, "unknown escape");
    check("12x", 0, "`12x` is not a number");
    check("99999999999999999999", 0, "larger than any number");
    check("1e999", 0, "larger than any number");
    check("has(1)", 4, "expected a reference");
    check("has($a, $b)", 6, "expected `)`");
    check("size()", 0, "is called as `size(a)`");
    check("$a.startsWith()", 3, "is called as `a.startsWith(b)`");
    check("startsWith($a, $b)", 0, "is called as `a.startsWith(b)`");
    check("$a.exists($b)", 3, "expected a function");
    check("$", 1, "a name follows `$`");
    check("$a[-1]", 3, "a whole number follows `[`");
    check("$a.", 3, "the name of a field follows `.`");
    check("[1, 2", 5, "expected `,`");
}

#[test]
fn conditions_are_bounded() {
    let deep = |depth: usize| format!("{}true{}", "(".repeat(depth), ")".repeat(depth));
    assert!(condition(&deep(200)).is_ok());
    assert!(condition(&deep(400)).is_err());
    let wide = |terms: usize| vec!["true"; terms].join("&&");
    assert!(condition(&wide(140)).is_ok());
    assert!(condition(&wide(160)).is_err());
    assert!(condition(&"!".repeat(1_000)).is_err());
    let long = |bytes: usize| format!("$a == \"{}\"", "x".repeat(bytes - 8));
    assert!(condition(&long(16 << 10)).is_ok());
    assert!(condition(&long((16 << 10) + 1)).is_err());
}
