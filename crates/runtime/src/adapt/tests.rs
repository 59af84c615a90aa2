use wasmparser::Parser;

use super::*;

/// What becomes of `bytes`: "component", "wrapped" or the refusal.
fn outcome(bytes: &[u8]) -> String {
    match to_component(bytes) {
        Ok(Cow::Borrowed(_)) => "component".to_owned(),
        Ok(Cow::Owned(component)) => {
            assert!(Parser::is_component(&component));
            "wrapped".to_owned()
        }
        Err(refused) => refused.to_string(),
    }
}

fn check(bytes: &[u8], expected: &str) {
    let outcome = outcome(bytes);
    assert!(outcome.contains(expected), "expected `{expected}` in: {outcome}");
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect(text)
}

#[test]
fn files_of_other_kinds_are_named() {
    let cases: [(&[u8], &str); 19] = [
        (b"", "the upload is empty"),
        (b"\x7fELF\x02\x01\x01\0\0\0", "a native ELF executable"),
        (b"\xcf\xfa\xed\xfe\x07\0\0\x01", "a native Mach-O executable"),
        (b"\xca\xfe\xba\xbe\0\0\0\x02", "Mach-O"),
        (b"MZ\x90\0\x03", "a Windows executable"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "a gzip archive"),
        (b"PK\x03\x04\x14\0", "a zip archive"),
        (b"\x28\xb5\x2f\xfd\x04", "a zstd archive"),
        (b"BC\xc0\xde5\x14", "LLVM bitcode"),
        (b"#!/bin/sh\nexit 0\n", "a script"),
        (b"(module (func))", "WebAssembly text"),
        (b";; a comment\n\n  (component)\n", "WebAssembly text"),
        (b"export function handle() {}", "text, not WebAssembly"),
        ("größe = 1\n".as_bytes(), "text, not WebAssembly"),
        (b"\x89PNG\r\n\x1a\n", "it begins with 89 50 4e 47 0d 0a 1a 0a"),
        (b"\0as", "ends early, at byte 3"),
        (b"\0asm\x01\0", "ends early, at byte 6"),
        (b"\0asm\x02\0\0\0", "unknown version 02 00 00 00"),
        (b"\0asm\x0a\0\x02\0", "unknown version 0a 00 02 00"),
    ];
    for (bytes, expected) in cases {
        check(bytes, expected);
    }
}

#[test]
fn refusals_say_what_would_work() {
    for bytes in [&b""[..], b"\x7fELF", b"text", b"\0asm\x01\0\0\0"] {
        check(bytes, "WASI 0.2 component");
    }
}

#[test]
fn components_pass_untouched() {
    check(&wat("(component)"), "component");
}

#[test]
fn commands_are_wrapped() {
    let command = wat(r#"(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start") i32.const 0 call $exit))"#);
    check(&command, "wrapped");
    let quiet = wat(r#"(module (memory (export "memory") 1) (func (export "_start")))"#);
    check(&quiet, "wrapped");
}

#[test]
fn modules_that_embed_their_types_are_wrapped() {
    let mut module = wat(r#"(module
        (memory (export "memory") 1)
        (func (export "double") (param i32) (result i32) local.get 0 i32.const 2 i32.mul))"#);
    check(&module, "without component types");
    embed(
        &mut module,
        "package t:t; world w { export double: func(x: u32) -> u32; }",
    );
    check(&module, "wrapped");
}

#[test]
fn modules_that_do_not_fit_their_types_are_refused() {
    let mut module = wat(r#"(module (memory (export "memory") 1))"#);
    embed(
        &mut module,
        "package t:t; world w { export double: func(x: u32) -> u32; }",
    );
    check(&module, "could not be made a component");
    check(&module, "double");
}

#[test]
fn other_core_modules_are_refused_with_what_they_are() {
    let import = |module: &str| {
        wat(&format!(
            r#"(module (import "{module}" "f" (func)) (func (export "_start")))"#
        ))
    };
    check(&import("env"), "imports from `env` (made for a host of its own");
    check(&import("wbg"), "imports from `wbg` (made by wasm-bindgen");
    check(&import("gojs"), "GOOS=wasip1");
    check(&import("wasi_unstable"), "WASI preview 0");
    check(&wat("(module)"), "exports no function");
    check(
        &wat(r#"(module (func (export "add")) (func (export "sub")))"#),
        "its exports (add, sub) are unknown",
    );
}

#[test]
fn truncated_modules_say_where_they_end() {
    let module = wat(r#"(module (memory (export "memory") 1) (func (export "_start") nop nop nop))"#);
    for len in 9..module.len() {
        let outcome = outcome(&module[..len]);
        let whole_sections = outcome.contains("core module") || outcome == "wrapped";
        assert!(
            whole_sections || outcome.contains(&format!("ends early, at byte {len}")),
            "{len}: {outcome}"
        );
    }
}

fn embed(module: &mut Vec<u8>, wit: &str) {
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_str("t.wit", wit).expect(wit);
    let world = resolve.select_world(&[package], None).expect("a world");
    wit_component::embed_component_metadata(module, &resolve, world, wit_component::StringEncoding::UTF8)
        .expect("metadata");
}
