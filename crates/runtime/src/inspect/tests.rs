use weft_function_engine::port::Tier;
use weft_types::signature::Callable;
use weft_types::version::{Capability, Flavor, Inspection};

use crate::prepare::{CompileError, compile};

fn inspect(component: &str) -> Result<Inspection, String> {
    let bytes = wat::parse_str(component).expect(component);
    of_bytes(&bytes)
}

fn of_bytes(bytes: &[u8]) -> Result<Inspection, String> {
    match compile(bytes, Tier::Optimized) {
        Ok(compiled) => Ok(compiled.inspection),
        Err(CompileError::Refused(refused)) => Err(refused.to_string()),
        Err(CompileError::Failed(why)) => panic!("{why}"),
    }
}

fn refused(component: &str, expected: &str) {
    let refusal = inspect(component).expect_err(component);
    assert!(refusal.contains(expected), "expected `{expected}` in: {refusal}");
}

/// A component of WIT's world `world`, whose functions trap.
fn of_wit(wit: &str) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_str("t.wit", wit).expect(wit);
    let world = resolve.select_world(&[package], None).expect("a world");
    let mut module = wit_component::dummy_module(&resolve, world, wit_parser::ManglingAndAbi::Standard32);
    let encoding = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, encoding).expect("metadata");
    module
}

fn signature(inspection: &Inspection, name: &str) -> String {
    let export = inspection
        .exports
        .iter()
        .find(|export| export.full_name() == name)
        .expect(name);
    match &export.callable {
        Callable::Yes(signature) => {
            let result = signature
                .result
                .as_ref()
                .map(|ty| format!(" -> {ty}"))
                .unwrap_or_default();
            format!("{}{result}", signature.params)
        }
        Callable::No { path, found } => format!("no: {path} is {found}"),
    }
}

#[test]
fn every_value_type_is_read() {
    let inspection = of_bytes(&of_wit(
        r"package t:t@1.2.3;
        interface api {
            record point { x: f64, y: f64 }
            variant shape { dot, circle(f32), line(tuple<point, point>) }
            enum color { red, green }
            flags style { bold, italic }
            draw: func(shapes: list<shape>, color: color, style: style) -> result<list<u8>, string>;
            scalars: func(a: bool, b: s8, c: u8, d: s16, e: u16, f: s32, g: u32, h: s64, i: u64, j: char, k: option<string>);
            outcomes: func() -> tuple<result, result<u8>, result<_, u8>>;
        }
        world w { export api; export ping: func() -> string; }",
    ))
    .expect("a component");
    assert_eq!(inspection.flavor, Flavor::Exports);
    assert_eq!(inspection.exports.len(), 4);
    let point = "record { x: f64, y: f64 }";
    let cases = [
        ("ping", "record {} -> string".to_owned()),
        (
            "t:t/api@1.2.3#draw",
            format!(
                "record {{ shapes: list<variant {{ dot, circle(f32), line(tuple<{point}, {point}>) }}>, color: enum {{ red, \
                 green }}, style: flags {{ bold, italic }} }} -> result<list<u8>, string>"
            ),
        ),
        (
            "t:t/api@1.2.3#scalars",
            "record { a: bool, b: s8, c: u8, d: s16, e: u16, f: s32, g: u32, h: s64, i: u64, j: char, k: option<string> }"
                .to_owned(),
        ),
        ("t:t/api@1.2.3#outcomes", "record {} -> tuple<result, result<u8>, result<_, u8>>".to_owned()),
    ];
    for (name, expected) in cases {
        assert_eq!(signature(&inspection, name), expected, "{name}");
    }
}

#[test]
fn exports_that_deal_in_handles_are_listed_with_the_reason() {
    let inspection = of_bytes(&of_wit(
        r"package t:t;
        interface files {
            resource descriptor { read: func() -> list<u8>; }
            record entry { name: string, handle: descriptor }
            first: func(entries: list<entry>) -> u32;
            peek: func(handle: borrow<descriptor>) -> u32;
            version: func() -> u32;
        }
        world w { export files; }",
    ))
    .expect("a component");
    assert_eq!(signature(&inspection, "t:t/files#version"), "record {} -> u32");
    assert_eq!(
        signature(&inspection, "t:t/files#first"),
        "no: params.entries.[].handle is `own<descriptor>`"
    );
    assert_eq!(
        signature(&inspection, "t:t/files#peek"),
        "no: params.handle is `borrow<descriptor>`"
    );
    assert_eq!(
        signature(&inspection, "t:t/files#[method]descriptor.read"),
        "no: params.self is `borrow<descriptor>`"
    );
}

#[test]
fn a_component_that_can_do_nothing_with_values_is_refused() {
    let only = of_wit(
        r"package t:t;
        interface files { resource descriptor; open: func() -> descriptor; }
        world w { export files; }",
    );
    let refusal = of_bytes(&only).expect_err("no values");
    assert!(
        refusal.contains("none of the component's exports can be called"),
        "{refusal}"
    );
    assert!(
        refusal.contains("`t:t/files#open` has `own<descriptor>` at `result`"),
        "{refusal}"
    );
    refused("(component)", "exports no function");
}

#[test]
fn the_flavor_follows_from_the_exports() {
    let cases = [
        ("export wasi:http/incoming-handler@0.2.3;", Flavor::Http),
        (
            "export wasi:http/incoming-handler@0.2.3; export f: func() -> u8;",
            Flavor::Http,
        ),
        ("export wasi:cli/run@0.2.6;", Flavor::Command),
        (
            "export wasi:cli/run@0.2.6; export f: func() -> u8;",
            Flavor::Exports,
        ),
    ];
    for (exports, flavor) in cases {
        let wit = format!(
            "package t:t; world w {{ {exports} }}
             package wasi:http@0.2.3 {{ interface incoming-handler {{ handle: func(); }} }}
             package wasi:cli@0.2.6 {{ interface run {{ run: func() -> result; }} }}"
        );
        assert_eq!(
            of_bytes(&of_wit(&wit)).expect(exports).flavor,
            flavor,
            "{exports}"
        );
    }
}

#[test]
fn a_command_has_one_export() {
    let command = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;
    let inspection = inspect(command).expect("a command");
    assert_eq!(inspection.flavor, Flavor::Command);
    assert_eq!(inspection.exports.len(), 1);
    assert_eq!(
        signature(&inspection, "run"),
        "record { stdin: list<u8> } -> list<u8>"
    );
}

#[test]
fn capabilities_are_read_from_the_imports() {
    let wit = r"package t:t;
        interface types { type price = f64; }
        interface pricing { use types.{price}; quote: func(sku: string) -> result<price, string>; }
        world w {
            import pricing;
            import wasi:keyvalue/store@0.2.0-draft2;
            import wasi:keyvalue/batch@0.2.0-draft2;
            import wasi:http/outgoing-handler@0.2.0;
            import wasi:sockets/tcp@0.2.9;
            export f: func();
        }
        package wasi:keyvalue@0.2.0-draft2 { interface store { open: func(); } interface batch { get: func(); } }
        package wasi:http@0.2.0 { interface outgoing-handler { handle: func(); } }
        package wasi:sockets@0.2.9 { interface tcp { open: func(); } }";
    let inspection = of_bytes(&of_wit(wit)).expect("a component");
    let [
        Capability::Call { interface, functions },
        Capability::Keyvalue,
        Capability::Http,
    ] = &inspection.capabilities[..]
    else {
        panic!("{:?}", inspection.capabilities);
    };
    assert_eq!(interface, "t:t/pricing");
    assert_eq!(functions.len(), 1);
    assert_eq!(functions[0].name, "quote");
    assert_eq!(
        functions[0].signature.params.to_string(),
        "record { sku: string }"
    );
    assert_eq!(
        functions[0]
            .signature
            .result
            .as_ref()
            .expect("a result")
            .to_string(),
        "result<f64, string>"
    );
    assert!(
        inspection.imports.contains(&"wasi:sockets/tcp@0.2.9".to_owned()),
        "{:?}",
        inspection.imports
    );
    assert!(
        inspection
            .wit
            .contains("quote: func(sku: string) -> result<price, string>"),
        "{}",
        inspection.wit
    );
}

#[test]
fn imports_that_nothing_satisfies_are_refused_by_name() {
    let cases = [
        ("wasi:cli/environment@0.3.0", "WASI 0.3 is not supported yet"),
        ("wasi:cli/environment@0.1.0", "provided is WASI 0.2"),
        (
            "wasi:gpu/compute@0.2.0",
            "`wasi:gpu/compute@0.2.0`, which is not provided",
        ),
        (
            "wasi:keyvalue/store@0.2.0-draft",
            "provided is version 0.2.0-draft2",
        ),
        ("wasi:keyvalue/watcher@0.2.0-draft2", "which is not provided"),
    ];
    for (name, expected) in cases {
        let component = format!(r#"(component (import "{name}" (instance (export "f" (func)))))"#);
        refused(&component, expected);
    }
    refused(
        r#"(component (import "log" (func)))"#,
        "a function outside any interface",
    );
    refused(
        r#"(component (import "wasi:keyvalue/atomics@0.2.0-draft2" (instance (export "swap" (func)))))"#,
        "`swap` is not",
    );
    refused(
        r#"(component (import "a:b/c" (instance (export "r" (type (sub resource))))))"#,
        "its resource `r` cannot come from another function",
    );
    refused(
        r#"(component (import "a:b/c" (instance
            (export "r" (type $r (sub resource))) (export "f" (func (param "x" (borrow $r)))))))"#,
        "`a:b/c`",
    );
}

#[test]
fn features_that_functions_may_not_use_are_named() {
    let within = |module: &str| format!("(component (core module {module}))");
    refused(&within("(memory i64 1)"), "64-bit memory");
    refused(&within("(memory 1 1 shared)"), "shared memory (threads)");
    refused(&within(r#"(import "a" "m" (memory i64 1))"#), "64-bit memory");
    refused(&within("(memory 1 (pagesize 1))"), "page size");
    refused(
        &within("(func (param (ref null any)))"),
        "feature of WebAssembly that functions may not use",
    );
    refused(
        r#"(component (import "a:b/c" (instance (export "f" (func (param "x" (stream u8)))))))"#,
        "feature of WebAssembly that functions may not use",
    );
}

#[test]
fn outlines_are_bounded() {
    let imports: String = (0..1_001)
        .map(|i| format!(r#"(import "a:b/c{i}" (instance))"#))
        .collect();
    refused(&format!("(component {imports})"), "more than 1000 imports");
    let types = "(type (list u8))".repeat(20_001);
    refused(&format!("(component {types})"), "more than 20000 types");
    let modules = "(core module)".repeat(101);
    refused(&format!("(component {modules})"), "more than 100 core modules");
    let components = "(component)".repeat(201);
    refused(
        &format!("(component {components})"),
        "more than 200 nested components",
    );
}

#[test]
fn types_that_share_their_parts_do_not_explode() {
    // Each level is a pair of the one before: 2^18 nodes as a tree.
    let levels: String = (1..=18)
        .map(|i| format!("(type $t{i} (tuple $t{} $t{}))", i - 1, i - 1))
        .collect();
    let component = format!(
        r#"(component
            (type $t0 (tuple u8)) {levels}
            (import "a:b/c" (instance (export "f" (func (param "x" $t18))))))"#
    );
    let begun = std::time::Instant::now();
    let refusal = inspect(&component).expect_err("too large");
    assert!(refusal.contains("`a:b/c`"), "{refusal}");
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}

#[test]
fn a_component_is_refused_wherever_within_a_module_it_is_cut_off() {
    let module = of_wit("package t:t; world w { export f: func(); }");
    let component = crate::adapt::to_component(&module)
        .expect("a component")
        .into_owned();
    let range = wasmparser::Parser::new(0)
        .parse_all(&component)
        .find_map(|payload| match payload {
            Ok(wasmparser::Payload::ModuleSection { unchecked_range, .. }) => Some(unchecked_range),
            _ => None,
        });
    for end in range.expect("a module in it") {
        let cut = &component[..end];
        let refused = super::survey::survey(cut, &super::survey::Bounds::default()).map(|_| ());
        let refused = refused.expect_err("a part of a component").to_string();
        assert!(refused.contains("ends early, at byte"), "{end}: {refused}");
    }
}

#[test]
fn truncated_and_broken_components_say_where() {
    let bytes = of_bytes(&of_wit("package t:t; world w { export f: func(); }"))
        .map(|_| ())
        .and_then(|()| {
            let module = of_wit("package t:t; world w { export f: func(); }");
            let component = crate::adapt::to_component(&module)
                .expect("a component")
                .into_owned();
            of_bytes(&component[..component.len() / 2])
        });
    let refusal = bytes.expect_err("half a component");
    assert!(refusal.contains("ends early, at byte"), "{refusal}");

    let module = of_wit("package t:t; world w { export f: func(); }");
    let mut component = crate::adapt::to_component(&module)
        .expect("a component")
        .into_owned();
    component[8] = 0x7f;
    let refusal = of_bytes(&component).expect_err("an unknown section");
    assert!(refusal.contains("malformed"), "{refusal}");
}

/// Exports a function that takes a string in the encoding given.
fn taking_text(encoding: &str) -> String {
    format!(
        r#"(component
            (core module $m
                (memory (export "mem") 1)
                (func (export "f") (param i32 i32))
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 8))
            (core instance $i (instantiate $m))
            (func (export "f") (param "x" string)
                (canon lift (core func $i "f") {encoding} (memory (core memory $i "mem")) (realloc (core func $i "realloc")))))"#
    )
}

#[test]
fn strings_are_utf8() {
    assert!(inspect(&taking_text("string-encoding=utf8")).is_ok());
    assert!(inspect(&taking_text("")).is_ok());
    for encoding in ["utf16", "latin1+utf16"] {
        refused(
            &taking_text(&format!("string-encoding={encoding}")),
            "pass strings as UTF-16",
        );
    }
}
