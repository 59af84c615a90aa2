use wasmtime::Engine;
use wasmtime::component::Component;

use super::{EXPORT, extend};

/// A component around a module, which is instantiated once and exports a function `run`.
fn around(module: &str) -> String {
    format!(
        r#"(component
            (core module $m {module} (func (export "run")))
            (core instance $i (instantiate $m))
            (func (export "run") (canon lift (core func $i "run"))))"#
    )
}

fn check(component: &str, expected: bool) {
    let bytes = wat::parse_str(component).expect(component);
    let extended = extend(&bytes);
    assert_eq!(extended.is_some(), expected, "{component}");
    if let Some(extended) = extended {
        let engine = Engine::default();
        let compiled = Component::new(&engine, extended).expect(component);
        for name in [EXPORT, "run"] {
            assert!(
                compiled.get_export_index(None, name).is_some(),
                "{name} of {component}"
            );
        }
    }
}

#[test]
fn what_can_be_put_back_is_told_from_what_cannot() {
    let memory = r#"(memory (export "memory") 1)"#;
    for (module, expected) in [
        (String::new(), false),
        (memory.to_owned(), true),
        ("(memory 1)".to_owned(), false),
        (r#"(memory (export "memory") 65)"#.to_owned(), false),
        (format!(r#"{memory} (memory (export "other") 1)"#), false),
        (format!("{memory} (global i32 (i32.const 1))"), true),
        (
            format!(
                "{memory} (global (mut i32) (i32.const 1)) (global (mut i64) (i64.const -1)) (global (mut f32) (f32.const 0.5)) \
                 (global (mut f64) (f64.const nan))"
            ),
            true,
        ),
        (format!("{memory} (global (mut funcref) (ref.null func))"), false),
        (
            format!("{memory} (global (mut i32) (i32.add (i32.const 1) (i32.const 1)))"),
            false,
        ),
        (format!("{memory} (func $f) (start $f)"), false),
        (format!(r#"{memory} (data (i32.const 0) "a")"#), true),
        (format!(r#"{memory} (data $d "a")"#), false),
        (
            format!("{memory} (table 1 funcref) (func $f) (elem (i32.const 0) $f)"),
            true,
        ),
        (
            format!("{memory} (table 1 funcref) (func $f) (elem func $f)"),
            false,
        ),
        (
            format!("{memory} (table 1 funcref) (func $f (drop (table.get (i32.const 0))))"),
            true,
        ),
        (
            format!("{memory} (table 1 funcref) (func $f (table.set (i32.const 0) (ref.null func)))"),
            false,
        ),
        (
            format!("{memory} (table 1 funcref) (func $f (drop (table.grow (ref.null func) (i32.const 1))))"),
            false,
        ),
        (format!(r#"{memory} (func (export "weft:put-back"))"#), false),
    ] {
        check(&around(&module), expected);
    }
}

#[test]
fn what_is_around_the_module_decides_too() {
    let module = r#"(core module $m (memory (export "memory") 1) (func (export "run")))"#;
    let lifted = r#"(func (export "run") (canon lift (core func $i "run")))"#;
    for (parts, expected) in [
        (
            format!("{module} (core instance $i (instantiate $m)) {lifted}"),
            true,
        ),
        // Twice the same, or another that keeps something.
        (
            format!("{module} (core instance (instantiate $m)) (core instance $i (instantiate $m)) {lifted}"),
            false,
        ),
        (
            format!(
                "{module} (core module $n (memory 1)) (core instance (instantiate $n)) (core instance $i (instantiate $m)) {lifted}"
            ),
            false,
        ),
        (
            format!(
                "{module} (core module $n (func (export \"f\"))) (core instance (instantiate $n)) (core instance $i (instantiate $m)) \
                 {lifted}"
            ),
            true,
        ),
        // A resource of its own: the guest makes handles that nobody counts.
        (
            format!(
                "{module} (core instance $i (instantiate $m)) (type $r (resource (rep i32))) (core func (canon resource.new $r)) {lifted}"
            ),
            false,
        ),
        // A component within, with types only or with code.
        (
            format!("(component (type (list u8))) {module} (core instance $i (instantiate $m)) {lifted}"),
            true,
        ),
        (
            format!("(component (core module)) {module} (core instance $i (instantiate $m)) {lifted}"),
            false,
        ),
        // Resources that it imports.
        (
            format!(
                r#"(import "a:b/c" (instance $c (export "r" (type (sub resource))))) (alias export $c "r" (type $r))
                   (core func (canon resource.drop $r)) {module} (core instance $i (instantiate $m)) {lifted}"#
            ),
            true,
        ),
    ] {
        check(&format!("(component {parts})"), expected);
    }
}

#[test]
fn places_are_bounded_and_come_back() {
    let mut places: Vec<_> = std::iter::from_fn(super::Place::take).collect();
    assert_eq!(places.len(), super::MAX_PLACES);
    places.pop();
    assert!(super::Place::take().is_some());
}
