//! Uploads, as the compiling process takes them. Whatever is valid and small is compiled as well, as inspection goes on with what came of that.

use weft_function_engine::port::Tier;
use weft_runtime::prepare::{compile, examine};

use super::Target;

pub(super) const TARGET: Target = Target {
    name: "component",
    run,
    seeds,
    words: &[
        "\0asm\x0d\0\x01\0",
        "\0asm\x01\0\0\0",
        "wasi:http/incoming-handler@0.2.0",
        "wasi:cli/run@0.2.0",
        "wasi_snapshot_preview1",
        "memory",
        "cabi_realloc",
        "_start",
    ],
    longest: 16 << 10,
    changes: 1_500,
};

/// Largest code that is compiled, in bytes.
const COMPILED: usize = 1 << 10;

fn run(input: &[u8]) {
    match examine(input) {
        Err(refused) => assert!(!refused.to_string().is_empty()),
        Ok(()) if input.len() > COMPILED => {}
        Ok(()) => {
            if let Err(refused) = compile(input, Tier::Baseline) {
                assert!(!refused.to_string().is_empty());
            }
        }
    }
}

/// One of each form that is accepted, and of what imports and names.
const TEXTS: [&str; 7] = [
    "(component)",
    "(module)",
    r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
        (memory (export "memory") 1) (func (export "_start") i32.const 0 call 0))"#,
    r#"(component (core module $m (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
        (core instance $i (instantiate $m))
        (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add"))))"#,
    r#"(component (core module $m (memory (export "memory") 1)
          (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 64)
          (func (export "echo") (param i32 i32) (result i32)
            i32.const 8 local.get 0 i32.store i32.const 12 local.get 1 i32.store i32.const 8))
        (core instance $i (instantiate $m))
        (func (export "echo") (param "text" string) (result string)
          (canon lift (core func $i "echo") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"#,
    r#"(component (type $t (record (field "a" u8) (field "b" (list string)))) (export $e "t" (type $t))
        (import "wasi:keyvalue/store@0.2.0-draft" (instance (export "bucket" (type (sub resource))))))"#,
    r#"(component (component $c (core module $m (memory 1 2) (global i32 (i32.const 0))
          (table 1 funcref) (data (i32.const 0) "x") (func $f block br 0 end) (start $f)))
        (instance (instantiate $c)))"#,
];

fn seeds() -> Vec<Vec<u8>> {
    TEXTS.iter().map(|text| wat::parse_str(text).unwrap()).collect()
}
