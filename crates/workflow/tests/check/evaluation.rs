//! What plans compute from values.

use std::collections::HashMap;
use std::time::Duration;

use weft_types::image::{Bounds, Image};
use weft_types::{Digest, Type, json};
use weft_workflow::evaluate::{EvaluationError, Root, Scope};
use weft_workflow::plan::Kind;
use weft_workflow::{NodeIndex, Plan};

use super::world::plan;

pub(crate) const BOUNDS: Bounds = Bounds {
    bytes: 1 << 20,
    elements: 100_000,
};

/// The values of a run.
pub(crate) struct Values<'p> {
    plan: &'p Plan,
    input: Image,
    outputs: HashMap<NodeIndex, Image>,
    item: Option<u32>,
    list: Option<Image>,
    blobs: HashMap<Digest, Image>,
}

impl<'p> Values<'p> {
    pub(crate) fn new(plan: &'p Plan, input: &str) -> Self {
        Self {
            plan,
            input: image(&plan.signature.params, input),
            outputs: HashMap::new(),
            item: None,
            list: None,
            blobs: HashMap::new(),
        }
    }

    /// The node of this name gave this.
    pub(crate) fn output(mut self, name: &str, value: &str) -> Self {
        let index = self.plan.find(name).unwrap();
        let ty = self.plan.node(index).output.clone().unwrap();
        self.outputs.insert(index, image(&ty, value));
        self
    }

    fn item(mut self, item: u32) -> Self {
        self.item = Some(item);
        self
    }
}

impl Scope for Values<'_> {
    fn input(&self) -> &Image {
        &self.input
    }

    fn globals(&self) -> Option<&Image> {
        self.plan.globals.as_ref().map(|globals| &globals.defaults)
    }

    fn output(&self, node: NodeIndex) -> Option<&Image> {
        self.outputs.get(&node)
    }

    fn item(&self) -> Option<u32> {
        self.item
    }

    fn list(&self) -> Option<&Image> {
        self.list.as_ref()
    }

    fn blob(&self, digest: &Digest) -> Option<&Image> {
        self.blobs.get(digest)
    }
}

pub(crate) fn image(ty: &Type, value: &str) -> Image {
    json::parse(ty, value.as_bytes(), BOUNDS).unwrap_or_else(|error| panic!("{value} for {ty}: {error}"))
}

fn text(ty: &Type, image: &Image) -> String {
    let mut text = Vec::new();
    json::print(ty, image, &mut text);
    String::from_utf8(text).unwrap()
}

fn arguments(plan: &Plan, name: &str, values: &Values<'_>) -> Result<String, EvaluationError> {
    let index = plan.find(name).unwrap();
    let image = plan.arguments(index, values, BOUNDS)?;
    let Kind::Call(call) = &plan.node(index).kind else {
        panic!("{name} calls nothing");
    };
    Ok(text(&call.signature.params, &image))
}

fn answer(plan: &Plan, values: &Values<'_>) -> String {
    let image = plan.answer(values, BOUNDS).unwrap().unwrap();
    text(plan.signature.result.as_ref().unwrap(), &image)
}

#[test]
fn arguments_are_put_together_from_values() {
    let plan = plan(
        "workflow: w
input: { r: f64, n: u8, s: string, o: option<string> }
nodes:
  a: { call: paint, with: { shape: { circle: $input.r }, at: [$input.n, 2], done: { err: $input.s }, deep: { some: $input.n } } }
  b: { call: double, with: { n: $input.n } }
  c: { call: echo, with: { value: $input.s } }
  d: { call: echo, with: { value: $input.o } }
  e: { call: paint, with: { shape: dot, at: [1, 2], done: { ok: 3 } } }
",
    );
    let values = Values::new(&plan, r#"{"r":1.5,"n":7,"s":"text"}"#);
    let check = |name, expected: &str| assert_eq!(arguments(&plan, name, &values).unwrap(), expected);
    check(
        "a",
        r#"{"shape":{"circle":1.5},"at":[7,2],"done":{"err":"text"},"deep":{"some":7}}"#,
    );
    check("b", r#"{"n":7}"#);
    check("c", r#"{"value":"text"}"#);
    check("d", r#"{"value":null}"#);
    check("e", r#"{"shape":"dot","at":[1,2],"done":{"ok":3},"deep":null}"#);
}

const SCORE: &str = r#"{"value":-3,"ratio":0.5,"grade":"high","tags":["x","yz"],"rights":["write"],"note":"n","mark":"m",
    "shape":{"circle":2.0},"pair":[9,"p"],"near":null}"#;

#[test]
fn references_lead_to_parts() {
    let plan = plan(
        "workflow: w
nodes:
  s: { call: score, with: { n: 1 } }
  tag: { call: echo, with: { value: '$s.tags[1]' } }
  far: { call: echo, with: { value: '$s.tags[2]' } }
  note: { call: echo, with: { value: $s.note } }
output: { circle: $s.shape.circle, near: $s.near.id, pair: '$s.pair[1]' }
",
    );
    let values = Values::new(&plan, "{}").output("s", SCORE);
    assert_eq!(arguments(&plan, "tag", &values).unwrap(), r#"{"value":"yz"}"#);
    assert_eq!(arguments(&plan, "note", &values).unwrap(), r#"{"value":"n"}"#);
    let error = arguments(&plan, "far", &values).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`$s.tags[2]`: there is no element 2, the list has 2"
    );
    assert_eq!(answer(&plan, &values), r#"{"circle":2.0,"near":null,"pair":"p"}"#);
}

#[test]
fn what_a_condition_rules_out_need_not_be_ruled_out_again() {
    let plan = plan(
        "workflow: w
input: { o: option<string>, l: option<list<u64>>, r: 'result<u64, string>', go: bool }
nodes:
  s: { call: score, with: { n: 1 } }
  text: { call: log, with: { text: $input.o }, when: $input.go && has($input.o) }
  note: { call: log, with: { text: $s.note }, when: '!(!has($s.note) || $input.go)' }
  way: { call: double, with: { n: $s.near.id }, when: has($s.near.id) }
  case: { call: double, with: { n: $input.r.ok }, when: has($input.r.ok) }
  items: { call: double, for-each: $input.l, with: { n: $item }, when: has($input.l) }
  both: { call: echo, with: { value: $input.o }, when: has($input.o) }
",
    );
    let values = Values::new(&plan, r#"{"o":"there","l":[5,6],"r":{"ok":7},"go":true}"#);
    let values = values.output("s", &SCORE.replace(r#""near":null"#, r#""near":{"id":8}"#));
    let check = |name, expected: &str| assert_eq!(arguments(&plan, name, &values).unwrap(), expected);
    check("text", r#"{"text":"there"}"#);
    check("note", r#"{"text":"n"}"#);
    check("way", r#"{"n":8}"#);
    check("case", r#"{"n":7}"#);
    check("both", r#"{"value":"there"}"#);
    let second = Values::new(&plan, r#"{"o":"","l":[5,6],"r":{"ok":7},"go":true}"#).item(1);
    assert_eq!(arguments(&plan, "items", &second).unwrap(), r#"{"n":6}"#);
    let none = Values::new(&plan, r#"{"r":{"err":"no"},"go":true}"#);
    for name in ["text", "case", "items", "both"] {
        let index = plan.find(name).unwrap();
        assert_eq!(plan.condition(index, &none), Ok(false), "{name}");
    }
}

#[test]
fn a_skipped_node_gives_none() {
    let plan = plan(
        "workflow: w
input: { go: bool }
nodes:
  maybe: { call: make-label, with: { line: { sku: a, qty: 1, price: 1 } }, when: $input.go }
  takes: { call: echo, with: { value: $maybe } }
  needs: { call: log, with: { text: $maybe } }
output: $maybe
",
    );
    let skipped = Values::new(&plan, r#"{"go":false}"#);
    assert_eq!(arguments(&plan, "takes", &skipped).unwrap(), r#"{"value":null}"#);
    assert_eq!(answer(&plan, &skipped), "null");
    let error = arguments(&plan, "needs", &skipped).unwrap_err();
    assert_eq!(error, EvaluationError::Missing("$maybe".to_owned()));
    let given = Values::new(&plan, r#"{"go":true}"#).output("maybe", r#""label""#);
    assert_eq!(arguments(&plan, "takes", &given).unwrap(), r#"{"value":"label"}"#);
    assert_eq!(answer(&plan, &given), r#""label""#);
    let maybe = plan.find("maybe").unwrap();
    assert_eq!(plan.condition(maybe, &skipped), Ok(false));
    assert_eq!(plan.condition(maybe, &given), Ok(true));
}

#[test]
fn items_are_read_where_the_list_lies() {
    let plan = plan(
        "workflow: w
input: { lines: 'list<record { sku: string, qty: u32, price: f64 }>' }
nodes:
  a: { call: make-label, for-each: $input.lines, with: { line: $item } }
  b: { call: echo, for-each: $input.lines, with: { value: $item.sku } }
  c: { call: double, for-each: $input.lines, with: { n: $index } }
",
    );
    let input = r#"{"lines":[{"sku":"x","qty":1,"price":1.0},{"sku":"y","qty":2,"price":2.0}]}"#;
    let values = Values::new(&plan, input).item(1);
    let items = plan
        .items(plan.find("a").unwrap(), &values, BOUNDS)
        .unwrap()
        .unwrap();
    assert_eq!((items.count, items.list), (2, None));
    assert_eq!(
        arguments(&plan, "a", &values).unwrap(),
        r#"{"line":{"sku":"y","qty":2,"price":2.0}}"#
    );
    assert_eq!(arguments(&plan, "b", &values).unwrap(), r#"{"value":"y"}"#);
    assert_eq!(arguments(&plan, "c", &values).unwrap(), r#"{"n":1}"#);
    let beyond = Values::new(&plan, input).item(2);
    assert!(matches!(
        arguments(&plan, "a", &beyond),
        Err(EvaluationError::OutOfRange {
            index: 2,
            length: 2,
            ..
        })
    ));
}

#[test]
fn a_list_that_is_put_together_is_kept_for_its_items() {
    let plan = plan(
        "workflow: w
input: { n: u16, m: u64 }
nodes:
  a: { call: double, for-each: ['$input.n', $input.m, 7], with: { n: $item } }
",
    );
    let mut values = Values::new(&plan, r#"{"n":5,"m":6}"#);
    let a = plan.find("a").unwrap();
    let items = plan.items(a, &values, BOUNDS).unwrap().unwrap();
    assert_eq!(items.count, 3);
    values.list = items.list;
    let given: Vec<_> = (0..3)
        .map(|item| {
            values.item = Some(item);
            arguments(&plan, "a", &values).unwrap()
        })
        .collect();
    assert_eq!(given, [r#"{"n":5}"#, r#"{"n":6}"#, r#"{"n":7}"#]);
    assert!(plan.reads(a).all(|read| read.root != Root::List));
}

#[test]
fn answers_are_taken_apart_and_lists_put_together() {
    let plan = plan(
        "workflow: w
input: { ids: list<string> }
nodes:
  a: { call: payments, for-each: $input.ids, with: { order: $item, amount: 1 }, on-item-failure: collect }
  b: { call: payments, for-each: $input.ids, with: { order: $item, amount: 1 } }
  c: { call: refund, for-each: $input.ids, with: { order: $item }, on-item-failure: collect }
  d: { call: log, for-each: $input.ids, with: { text: $item } }
",
    );
    let node = |name: &str| plan.find(name).unwrap();
    let reply = plan.node(node("a")).reply_type().unwrap().clone();
    let error = plan.node(node("a")).error_type().unwrap().clone();
    let good = plan.split(node("a"), Some(image(&reply, r#"{"ok":{"id":"r","at":1}}"#)));
    let good = good.unwrap().unwrap();
    let bad = plan.split(node("a"), Some(image(&reply, r#"{"err":{"busy":3}}"#)));
    assert_eq!(text(&error, &bad.unwrap_err().unwrap()), r#"{"busy":3}"#);

    let gathered = |name: &str, items: Vec<Result<Option<&Image>, &str>>| {
        let list = plan.gather(node(name), items, BOUNDS)?;
        Ok::<_, EvaluationError>(list.map(|it| text(plan.node(node(name)).output.as_ref().unwrap(), &it)))
    };
    let items = vec![Ok(Some(&good)), Err("it trapped")];
    assert_eq!(
        gathered("a", items.clone()).unwrap().unwrap(),
        r#"[{"ok":{"id":"r","at":1}},{"err":"it trapped"}]"#
    );
    assert!(matches!(gathered("b", items), Err(EvaluationError::Unfit(_))));
    assert_eq!(
        gathered("b", vec![Ok(Some(&good))]).unwrap().unwrap(),
        r#"[{"id":"r","at":1}]"#
    );
    assert_eq!(
        gathered("c", vec![Ok(None), Err("no")]).unwrap().unwrap(),
        r#"[{"ok":null},{"err":"no"}]"#
    );
    assert_eq!(gathered("d", vec![Ok(None)]), Ok(None));
    assert_eq!(plan.split(node("d"), None), Ok(None));
    let unit = plan.node(node("c")).reply_type().unwrap().clone();
    assert_eq!(
        plan.split(node("c"), Some(image(&unit, r#"{"ok":null}"#))),
        Ok(None)
    );
}

#[test]
fn what_takes_the_place_of_a_failure() {
    let plan = plan(
        "workflow: w
input: { n: u32 }
nodes:
  a: { call: double, with: { n: 1 }, catch: { value: $input.n } }
  b: { call: double, with: { n: 1 }, catch: { node: f } }
  f: { call: double, with: { n: 2 } }
  l: { call: log, with: { text: x }, catch: { value: null } }
  p: { sleep: $input.n }
  q: { sleep: 1500ms }
",
    );
    let values = Values::new(&plan, r#"{"n":9}"#).output("f", "4");
    let u64: Type = "u64".parse().unwrap();
    let caught = |name: &str| plan.caught(plan.find(name).unwrap(), &values, BOUNDS);
    assert_eq!(text(&u64, &caught("a").unwrap().unwrap()), "9");
    assert_eq!(text(&u64, &caught("b").unwrap().unwrap()), "4");
    assert_eq!(caught("l"), Ok(None));
    assert!(caught("f").is_err());
    let sleep = |name: &str| plan.sleep_for(plan.find(name).unwrap(), &values);
    assert_eq!(sleep("p"), Ok(Duration::from_millis(9)));
    assert_eq!(sleep("q"), Ok(Duration::from_millis(1500)));
    let plan = plan_of_sleep();
    for (millis, expected) in [
        (31_622_400_000_u64, Ok(Duration::from_secs(366 * 86_400))),
        (31_622_400_001, Err(EvaluationError::TooLong(31_622_400_001))),
    ] {
        let input = format!(r#"{{"ms":{millis}}}"#);
        let values = Values::new(&plan, &input);
        assert_eq!(plan.sleep_for(plan.find("p").unwrap(), &values), expected);
    }
}

fn plan_of_sleep() -> Plan {
    plan("workflow: w\ninput: { ms: u64 }\nnodes: { p: { sleep: $input.ms } }")
}

#[test]
fn a_whole_value_is_told_without_evaluating() {
    let plan = plan(
        "workflow: w
input: { data: list<u8> }
nodes:
  a: { call: flag, with: { on: true } }
  b: { call: flag, with: { on: $a } }
  r: { call: resize, with: { data: $input.data, width: 1 } }
  s: { call: resize, with: { data: $r, width: 2 } }
  e: { call: echo, with: { value: $n } }
  n: { call: make-label, with: { line: { sku: a, qty: 1, price: 1 } } }
output: $s
",
    );
    let whole = |name: &str| match &plan.node(plan.find(name).unwrap()).kind {
        Kind::Call(call) => call.arguments.whole().map(|it| (it.root, it.same_type)),
        Kind::Sleep { .. } | Kind::Wait { .. } => None,
    };
    assert_eq!(whole("b"), Some((Root::Node(plan.find("a").unwrap()), false)));
    assert_eq!(whole("r"), None);
    // It becomes an option.
    assert_eq!(whole("e"), None);
    let result = plan.result.as_ref().unwrap().whole().unwrap();
    assert_eq!(
        (result.root, result.same_type),
        (Root::Node(plan.find("s").unwrap()), true)
    );
    let values = Values::new(&plan, r#"{"data":""}"#).output("s", r#""aGk=""#);
    let answer = plan.answer(&values, BOUNDS).unwrap().unwrap();
    let shared = values.outputs[&plan.find("s").unwrap()].as_bytes().as_ptr();
    assert_eq!(answer.as_bytes().as_ptr(), shared, "it was copied");
}

#[test]
fn reads_name_what_must_be_there() {
    let plan = plan(
        "workflow: w
input: { n: u64, go: bool }
parameters: { k: { type: u64, default: 3 } }
nodes:
  a: { call: double, with: { n: $input.n } }
  b: { call: double, with: { n: $a }, when: $input.go && $a > $global.k }
  c: { call: resize, with: { data: { $blob: 'blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262' }, width: 8 } }
",
    );
    let reads = |name: &str| {
        let mut roots: Vec<_> = plan
            .reads(plan.find(name).unwrap())
            .map(|read| read.root)
            .collect();
        roots.sort_unstable();
        roots.dedup();
        roots
    };
    let a = plan.find("a").unwrap();
    assert_eq!(reads("a"), [Root::Input]);
    assert_eq!(reads("b"), [Root::Input, Root::Globals, Root::Node(a)]);
    let digest = Digest::of(b"");
    assert_eq!(reads("c"), [Root::Blob(digest)]);
    let mut values = Values::new(&plan, r#"{"n":1,"go":true}"#).output("a", "4");
    assert_eq!(plan.condition(plan.find("b").unwrap(), &values), Ok(true));
    assert!(matches!(
        arguments(&plan, "c", &values),
        Err(EvaluationError::Missing(_))
    ));
    values
        .blobs
        .insert(digest, image(&"list<u8>".parse().unwrap(), "\"\""));
    assert_eq!(
        arguments(&plan, "c", &values).unwrap(),
        r#"{"data":"","width":8}"#
    );
}

#[test]
fn values_of_another_type_are_refused() {
    let plan = plan("workflow: w\ninput: { n: u64 }\nnodes:\n  a: { call: double, with: { n: $input.n } }\n");
    let mut values = Values::new(&plan, r#"{"n":1}"#);
    values.input = image(&"u64".parse().unwrap(), "1");
    assert_eq!(
        arguments(&plan, "a", &values),
        Err(EvaluationError::Unfit("$input.n".to_owned()))
    );
}

#[test]
fn values_are_bounded() {
    let plan =
        plan("workflow: w\ninput: { s: string }\nnodes:\n  a: { call: log, with: { text: $input.s } }\n");
    let values = Values::new(&plan, &format!(r#"{{"s":"{}"}}"#, "x".repeat(1000)));
    let bounds = Bounds { bytes: 500, ..BOUNDS };
    let error = plan
        .arguments(plan.find("a").unwrap(), &values, bounds)
        .unwrap_err();
    assert_eq!(error.to_string(), "the value is larger than 500 bytes");
}

#[test]
fn a_start_replaces_global_parameters() {
    let plan = plan(
        "workflow: w
parameters:
  rate: { type: f64, default: 2 }
  region: { type: option<string> }
nodes:
  a: { call: 'pricing#tax', with: { amount: $global.rate, region: $global.region } }
",
    );
    let globals = plan.globals.as_ref().unwrap();
    let replaced = |given: &str| {
        let image = globals.replaced(given.as_bytes(), BOUNDS);
        image
            .map(|it| text(&globals.ty, &it))
            .map_err(|error| error.to_string())
    };
    assert_eq!(replaced("{}").unwrap(), r#"{"rate":2.0,"region":null}"#);
    assert_eq!(
        replaced(r#"{"region":"eu"}"#).unwrap(),
        r#"{"rate":2.0,"region":"eu"}"#
    );
    assert_eq!(
        replaced(r#"{"rate":1}"#).unwrap(),
        r#"{"rate":1.0,"region":null}"#
    );
    let told = |given: &str, expected: &str| {
        let error = replaced(given).unwrap_err();
        assert!(error.contains(expected), "{error}");
    };
    told(
        r#"{"rat":1}"#,
        "there is no global parameter `rat`, did you mean `rate`? at `/rat`",
    );
    told(r#"{"rate":"high"}"#, "at `/rate`");
    told("[]", "invalid type");
}
