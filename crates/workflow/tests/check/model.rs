//! Conditions against a second, simple evaluation of them.

use std::cmp::Ordering;

use proptest::prelude::*;
use serde_json::json;
use weft_workflow::evaluate::EvaluationError;

use super::evaluation::Values;
use super::world::check;

/// Values that conditions look at.
#[derive(Clone, Debug)]
struct Given {
    u: u64,
    s: i64,
    f: f64,
    t: String,
    b: bool,
    o: Option<i64>,
    l: Vec<i16>,
    high: bool,
    write: bool,
}

/// What a part of a condition comes to.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Whole(i128),
    Real(f64),
}

/// Why it comes to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    Overflow,
    Division,
}

type Outcome = Result<Value, Failure>;

/// Makes conditions out of bytes, and evaluates them while it does: the text of each part and what it comes to.
struct Maker<'g> {
    given: &'g Given,
    bytes: std::slice::Iter<'g, u8>,
    /// Whether `$input.o` was found to be there.
    knows: bool,
}

const TEXTS: [&str; 4] = ["", "a", "ab", "üb"];

impl Maker<'_> {
    fn next(&mut self, choices: u8) -> u8 {
        self.bytes.next().copied().unwrap_or(0) % choices
    }

    fn bool(&mut self, depth: u32) -> (String, Result<bool, Failure>) {
        let choices = if depth == 0 { 6 } else { 14 };
        match self.next(choices) {
            0 => ("$input.b".to_owned(), Ok(self.given.b)),
            1 => ("false".to_owned(), Ok(false)),
            2 => ("has($input.o)".to_owned(), Ok(self.given.o.is_some())),
            3 => ("$input.e == 'high'".to_owned(), Ok(self.given.high)),
            4 => ("'write' in $input.w".to_owned(), Ok(self.given.write)),
            5 => ("has($input.l[2])".to_owned(), Ok(self.given.l.len() > 2)),
            6 => {
                let (text, truth) = self.bool(depth - 1);
                (format!("!({text})"), truth.map(|it| !it))
            }
            7 => self.joined(depth, "&&", false),
            8 => self.joined(depth, "||", true),
            9 => self.guarded(depth),
            10 => self.compared(depth),
            11 => self.among(depth),
            12 => {
                let (left, right) = (self.text(), self.text());
                let (name, found) = match self.next(3) {
                    0 => ("startsWith", left.1.starts_with(&right.1)),
                    1 => ("endsWith", left.1.ends_with(&right.1)),
                    _ => ("contains", left.1.contains(&right.1)),
                };
                (format!("{}.{name}({})", left.0, right.0), Ok(found))
            }
            _ => {
                let (left, right) = (self.text(), self.text());
                (format!("{} < {}", left.0, right.0), Ok(left.1 < right.1))
            }
        }
    }

    fn joined(&mut self, depth: u32, sign: &str, decides: bool) -> (String, Result<bool, Failure>) {
        let (left, first) = self.bool(depth - 1);
        let (right, second) = self.bool(depth - 1);
        let truth = first.and_then(|first| if first == decides { Ok(first) } else { second });
        (format!("({left}) {sign} ({right})"), truth)
    }

    /// `has($input.o) && …`, where the rest may look at it.
    fn guarded(&mut self, depth: u32) -> (String, Result<bool, Failure>) {
        let before = std::mem::replace(&mut self.knows, true);
        let (text, truth) = self.bool(depth - 1);
        self.knows = before;
        let truth = if self.given.o.is_some() { truth } else { Ok(false) };
        (format!("has($input.o) && ({text})"), truth)
    }

    fn compared(&mut self, depth: u32) -> (String, Result<bool, Failure>) {
        let (left, first) = self.number(depth - 1);
        let (right, second) = self.number(depth - 1);
        let (sign, admits): (_, fn(Option<Ordering>) -> bool) = match self.next(6) {
            0 => ("==", |it| it == Some(Ordering::Equal)),
            1 => ("!=", |it| it != Some(Ordering::Equal)),
            2 => ("<", |it| it == Some(Ordering::Less)),
            3 => ("<=", |it| it.is_some_and(Ordering::is_le)),
            4 => (">", |it| it == Some(Ordering::Greater)),
            _ => (">=", |it| it.is_some_and(Ordering::is_ge)),
        };
        let truth = first.and_then(|first| Ok(admits(order(&first, &second?))));
        (format!("{left} {sign} {right}"), truth)
    }

    fn among(&mut self, depth: u32) -> (String, Result<bool, Failure>) {
        let (text, wanted) = self.number(depth - 1);
        let found = wanted.map(|wanted| {
            let mut elements = self.given.l.iter().map(|it| Value::Whole((*it).into()));
            elements.any(|it| order(&wanted, &it) == Some(Ordering::Equal))
        });
        (format!("{text} in $input.l"), found)
    }

    /// A whole number or a float, in parentheses.
    fn number(&mut self, depth: u32) -> (String, Outcome) {
        match self.next(2) {
            0 => self.whole(depth),
            _ => self.real(depth),
        }
    }

    fn whole(&mut self, depth: u32) -> (String, Outcome) {
        let choices = if depth == 0 { 6 } else { 13 };
        let given = self.given;
        match self.next(choices) {
            0 => ("$input.u".to_owned(), Ok(Value::Whole(given.u.into()))),
            1 => ("$input.s".to_owned(), Ok(Value::Whole(given.s.into()))),
            2 => {
                let digit = self.next(4);
                (digit.to_string(), Ok(Value::Whole(digit.into())))
            }
            3 => (
                "size($input.l)".to_owned(),
                Ok(Value::Whole(given.l.len() as i128)),
            ),
            4 => {
                let (text, value) = self.text();
                let size = value.chars().count() as i128;
                (format!("size({text})"), Ok(Value::Whole(size)))
            }
            5 if self.knows => {
                let value = given.o.unwrap_or_default();
                ("$input.o".to_owned(), Ok(Value::Whole(value.into())))
            }
            5 => (
                "18446744073709551615".to_owned(),
                Ok(Value::Whole(u64::MAX.into())),
            ),
            6 => {
                let (text, value) = self.whole(depth - 1);
                let negative = value.and_then(|it| bounded(whole_of(&it).checked_neg()));
                (format!("(-{text})"), negative)
            }
            7 => {
                let before = std::mem::replace(&mut self.knows, true);
                let (yes, some) = self.whole(depth - 1);
                self.knows = before;
                let (no, none) = self.whole(depth - 1);
                let value = if given.o.is_some() { some } else { none };
                (format!("(has($input.o) ? {yes} : {no})"), value)
            }
            sign => {
                let (left, first) = self.whole(depth - 1);
                let (right, second) = self.whole(depth - 1);
                let signs = ["+", "-", "*", "/", "%"];
                let sign = signs[usize::from(sign - 8)];
                let value = first.and_then(|first| {
                    let (first, second) = (whole_of(&first), whole_of(&second?));
                    match sign {
                        "+" => bounded(first.checked_add(second)),
                        "-" => bounded(first.checked_sub(second)),
                        "*" => bounded(first.checked_mul(second)),
                        _ if second == 0 => Err(Failure::Division),
                        "/" => bounded(Some(first / second)),
                        _ => bounded(Some(first % second)),
                    }
                });
                (format!("({left} {sign} {right})"), value)
            }
        }
    }

    fn real(&mut self, depth: u32) -> (String, Outcome) {
        let choices = if depth == 0 { 2 } else { 7 };
        match self.next(choices) {
            0 => ("$input.f".to_owned(), Ok(Value::Real(self.given.f))),
            1 => ("0.5".to_owned(), Ok(Value::Real(0.5))),
            2 => {
                let (text, value) = self.whole(depth - 1);
                (
                    format!("double({text})"),
                    value.map(|it| Value::Real(whole_of(&it) as f64)),
                )
            }
            sign => {
                let (left, first) = self.real(depth - 1);
                let (right, second) = self.real(depth - 1);
                let signs = ["+", "-", "*", "/"];
                let sign = signs[usize::from(sign - 3)];
                let value = first.and_then(|first| {
                    let (first, second) = (real_of(&first), real_of(&second?));
                    Ok(Value::Real(match sign {
                        "+" => first + second,
                        "-" => first - second,
                        "*" => first * second,
                        _ => first / second,
                    }))
                });
                (format!("({left} {sign} {right})"), value)
            }
        }
    }

    fn text(&mut self) -> (String, String) {
        match self.next(2) {
            0 => ("$input.t".to_owned(), self.given.t.clone()),
            _ => {
                let text = TEXTS[usize::from(self.next(4))];
                (format!("'{text}'"), text.to_owned())
            }
        }
    }
}

fn whole_of(value: &Value) -> i128 {
    match value {
        Value::Whole(value) => *value,
        other => panic!("{other:?} is no whole number"),
    }
}

fn real_of(value: &Value) -> f64 {
    match value {
        Value::Real(value) => *value,
        other => panic!("{other:?} is no float"),
    }
}

fn bounded(value: Option<i128>) -> Outcome {
    let range = i128::from(i64::MIN)..=i128::from(u64::MAX);
    let value = value.filter(|it| range.contains(it));
    value.map(Value::Whole).ok_or(Failure::Overflow)
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Whole(left), Value::Whole(right)) => Some(left.cmp(right)),
        (Value::Real(left), Value::Real(right)) => left.partial_cmp(right),
        (Value::Whole(left), Value::Real(right)) => mixed(*left, *right),
        (Value::Real(left), Value::Whole(right)) => mixed(*right, *left).map(Ordering::reverse),
    }
}

/// Small numbers are exact as floats, and large floats are whole.
fn mixed(whole: i128, real: f64) -> Option<Ordering> {
    let exact = 2_f64.powi(53);
    match real.abs() < exact || real.is_nan() {
        true => (whole as f64).partial_cmp(&real),
        false => Some(whole.cmp(&(real as i128))),
    }
}

fn given() -> impl Strategy<Value = Given> {
    let wide = prop_oneof![any::<u64>(), 0..5_u64, Just(u64::MAX)];
    let signed = prop_oneof![any::<i64>(), -3..3_i64, Just(i64::MIN)];
    let real = prop_oneof![any::<f64>(), Just(f64::NAN), (-3..3_i8).prop_map(f64::from)];
    let text = proptest::sample::select(&TEXTS[..]).prop_map(str::to_owned);
    let option = proptest::option::of(prop_oneof![any::<i64>(), -3..3_i64]);
    let list = proptest::collection::vec(-3..3_i16, 0..4);
    (
        wide,
        signed,
        real,
        text,
        any::<bool>(),
        option,
        list,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(u, s, f, t, b, o, l, high, write)| Given {
            u,
            s,
            f,
            t,
            b,
            o,
            l,
            high,
            write,
        })
}

fn input(given: &Given) -> String {
    let float = match given.f {
        it if it.is_nan() => json!("NaN"),
        it if it.is_infinite() => json!(if it > 0.0 { "Infinity" } else { "-Infinity" }),
        it => json!(it),
    };
    let value = json!({
        "u": given.u, "s": given.s, "f": float, "t": given.t, "b": given.b, "o": given.o, "l": given.l,
        "e": if given.high { "high" } else { "low" },
        "w": if given.write { vec!["write"] } else { vec![] },
    });
    value.to_string()
}

fn evaluate(condition: &str, given: &Given) -> Option<Result<bool, Failure>> {
    let quoted = condition.replace('\'', "''");
    let text = format!(
        "workflow: w\ninput: {{ u: u64, s: s64, f: f64, t: string, b: bool, o: option<s64>, l: list<s16>, \
         e: 'enum {{ low, high }}', w: 'flags {{ read, write }}' }}\nnodes:\n  \
         a: {{ call: double, with: {{ n: 1 }}, when: '{quoted}' }}\n"
    );
    let checked = check(&text);
    let Some(plan) = checked.plan else {
        // What depends on nothing is found out when it is checked.
        let known = ["constant-fails", "unreachable-node"];
        let told: Vec<_> = checked.problems.iter().map(|it| it.code).collect();
        assert!(
            told.iter().all(|code| known.contains(code)),
            "{condition}: {:#?}",
            checked.problems
        );
        return None;
    };
    let values = Values::new(&plan, &input(given));
    let node = plan.find("a").unwrap();
    Some(plan.condition(node, &values).map_err(|error| match error {
        EvaluationError::Overflow { .. } => Failure::Overflow,
        EvaluationError::DivisionByZero { .. } => Failure::Division,
        other => panic!("{condition}: {other}"),
    }))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn conditions_come_to_what_they_say(given in given(), bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let mut maker = Maker { given: &given, bytes: bytes.iter(), knows: false };
        let (text, expected) = maker.bool(4);
        if let Some(found) = evaluate(&text, &given) {
            prop_assert_eq!(found, expected, "{}", text);
        }
    }
}
