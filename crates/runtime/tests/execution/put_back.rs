//! Instances that are put back after each call, so that the next finds a fresh one.

use weft_function_engine::port::{CallContext, Failure, Tier};

use crate::harness::{Guest, context};
use crate::http::{get, text};

/// What each call of an export answers in a fresh instance, which depends on all that an instance can keep.
const KEEPING: &str = r#"(component
    (import "weft:data/blobs@0.1.0" (instance $blobs
        (export "sink" (type $sink (sub resource)))
        (export "[constructor]sink" (func (result (own $sink))))))
    (alias export $blobs "sink" (type $sink))
    (alias export $blobs "[constructor]sink" (func $new))
    (core func $new (canon lower (func $new)))
    (core func $drop (canon resource.drop $sink))
    (core module $m
        (import "sinks" "new" (func $new (result i32)))
        (import "sinks" "drop" (func $drop (param i32)))
        (memory (export "memory") 3)
        (data (i32.const 70000) "\05")
        (global $global (mut i32) (i32.const 7))
        (global $wide (mut i64) (i64.const -3))
        (func $more (param $at i32) (result i32)
            (i32.store8 (local.get $at) (i32.add (i32.load8_u (local.get $at)) (i32.const 1)))
            (i32.load8_u (local.get $at)))
        ;; Counts in both globals, in what begins as zero, in what does not, and in the last byte.
        (func (export "count") (result i32)
            (global.set $global (i32.add (global.get $global) (i32.const 1)))
            (global.set $wide (i64.sub (global.get $wide) (i64.const 1)))
            (i32.mul (global.get $global) (i32.const 100000))
            (i32.mul (i32.wrap_i64 (global.get $wide)) (i32.const -10000))
            (i32.mul (call $more (i32.const 16)) (i32.const 1000))
            (i32.mul (call $more (i32.const 70000)) (i32.const 100))
            (call $more (i32.const 196607))
            i32.add i32.add i32.add i32.add)
        ;; Makes three handles and lets go of them out of order; answers their numbers.
        (func (export "handles") (result i32)
            (local $a i32) (local $b i32) (local $c i32)
            (local.set $a (call $new))
            (local.set $b (call $new))
            (local.set $c (call $new))
            (call $drop (local.get $b))
            (call $drop (local.get $a))
            (call $drop (local.get $c))
            (i32.mul (local.get $a) (i32.const 100))
            (i32.mul (local.get $b) (i32.const 10))
            (local.get $c)
            i32.add i32.add)
        (func (export "keep") (result i32) (call $new))
        (func (export "grow") (result i32) (memory.grow (i32.const 1)))
        ;; Writes to so many pages.
        (func (export "spread") (param $pages i32) (result i32)
            (loop $next
                (local.set $pages (i32.sub (local.get $pages) (i32.const 1)))
                (i32.store (i32.mul (local.get $pages) (i32.const 4096)) (i32.const 9))
                (br_if $next (local.get $pages)))
            (i32.const 0))
        (func (export "look") (param $at i32) (result i32) (i32.load8_u (local.get $at))))
    (core instance $i (instantiate $m (with "sinks" (instance
        (export "new" (func $new)) (export "drop" (func $drop))))))
    (func (export "count") (result u32) (canon lift (core func $i "count")))
    (func (export "handles") (result u32) (canon lift (core func $i "handles")))
    (func (export "keep") (result u32) (canon lift (core func $i "keep")))
    (func (export "grow") (result u32) (canon lift (core func $i "grow")))
    (func (export "spread") (param "pages" u32) (result u32) (canon lift (core func $i "spread")))
    (func (export "look") (param "at" u32) (result u32) (canon lift (core func $i "look"))))"#;

fn keeping() -> Guest {
    Guest::of(&wat::parse_str(KEEPING).unwrap(), Tier::Optimized)
}

/// Calls until an instance is there for another call, which takes calls that come soon after each other.
async fn until_put_back(
    guest: &Guest,
    export: &str,
    arguments: &str,
    expected: &str,
) -> Box<dyn weft_function_engine::port::Instance> {
    for _ in 0..1_000 {
        let mut instance = guest.instance();
        let reply = instance
            .call(guest.prepare(export, arguments, context()))
            .await
            .unwrap();
        assert_eq!(guest.print(export, &reply), expected);
        if instance.reusable() {
            return instance;
        }
    }
    panic!("no instance was put back after a call of {export}");
}

#[tokio::test]
async fn each_call_finds_what_a_fresh_instance_has() {
    let guest = keeping();
    for (export, arguments, expected) in [
        ("count", "[]", "841601"),
        ("handles", "[]", "123"),
        ("spread", "[40]", "0"),
        ("look", "[70000]", "5"),
    ] {
        let mut instance = until_put_back(&guest, export, arguments, expected).await;
        for (export, arguments, expected) in [
            ("count", "[]", "841601"),
            ("look", "[0]", "0"),
            ("look", "[16]", "0"),
            ("look", "[70000]", "5"),
            ("handles", "[]", "123"),
            ("handles", "[]", "123"),
        ] {
            if !instance.reusable() {
                // The call before came too long ago.
                instance = until_put_back(&guest, "count", "[]", "841601").await;
            }
            let reply = instance
                .call(guest.prepare(export, arguments, context()))
                .await
                .unwrap();
            assert_eq!(guest.print(export, &reply), expected, "{export}");
        }
    }
}

#[tokio::test]
async fn what_a_call_touched_much_of_is_put_back_as_well() {
    let wide = KEEPING
        .replace(
            "(memory (export \"memory\") 3)",
            "(memory (export \"memory\") 24)",
        )
        .replace(
            "(data (i32.const 70000)",
            "(data (i32.const 999424) \"\\06\") (data (i32.const 70000)",
        );
    let guest = Guest::of(&wat::parse_str(wide).unwrap(), Tier::Optimized);
    let mut instance = until_put_back(&guest, "spread", "[300]", "0").await;
    for (at, expected) in [
        (0, "0"),
        (4096, "0"),
        (70_000, "5"),
        (999_424, "6"),
        (1_200_000, "0"),
    ] {
        if !instance.reusable() {
            instance = until_put_back(&guest, "spread", "[300]", "0").await;
        }
        let reply = instance
            .call(guest.prepare("look", &format!("[{at}]"), context()))
            .await
            .unwrap();
        assert_eq!(guest.print("look", &reply), expected, "{at}");
    }
}

#[tokio::test]
async fn guests_built_from_rust_are_put_back() {
    until_put_back(&Guest::load("fixtures/arith"), "add", "[1, 2]", "3").await;
    let guest = Guest::load("hello-http");
    for _ in 0..1_000 {
        let mut instance = guest.instance();
        for _ in 0..2 {
            let response = instance.http(get("/?name=Ada"), context()).await.unwrap();
            assert_eq!(text(response).await, "Hello, Ada!\n");
            if !instance.reusable() {
                break;
            }
        }
        if instance.reusable() {
            return;
        }
    }
    panic!("no instance was put back");
}

/// A new one would not be made for it.
#[tokio::test]
async fn what_was_put_back_has_no_more_memory_than_a_call_may_have() {
    let guest = keeping();
    let mut instance = until_put_back(&guest, "count", "[]", "841601").await;
    let little = CallContext {
        memory: 100_000,
        ..context()
    };
    let reply = instance.call(guest.prepare("count", "[]", little)).await;
    assert!(matches!(reply.map(drop), Err(Failure::OutOfMemory(_))));
}

#[tokio::test]
async fn an_instance_with_more_left_in_it_ends() {
    let guest = keeping();
    for (export, arguments, expected) in [("keep", "[]", "1"), ("grow", "[]", "3"), ("spread", "[3000]", "")]
    {
        for _ in 0..20 {
            let mut instance = guest.instance();
            let reply = instance.call(guest.prepare(export, arguments, context())).await;
            // The last writes beyond the end.
            match (reply, expected) {
                (Ok(reply), expected) => assert_eq!(guest.print(export, &reply), expected),
                (Err(_), expected) => assert_eq!(expected, ""),
            }
            assert!(!instance.reusable(), "{export}");
        }
    }
}
