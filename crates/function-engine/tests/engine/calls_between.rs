//! Functions that call functions.

use std::sync::Arc;
use std::time::Duration;

use weft_function_engine::port::{CallContext, Failure, Host, Loss};
use weft_function_engine::{Error, SettingsChange, new_trace};
use weft_types::version::{Capability, ImportedFunction};

use crate::program::{Environment, Program, arguments, signature, value};
use crate::world::{World, invocation, invoke, settings};

const GRANTED: &str = r#"{"grants":{"call":["adder"]}}"#;

async fn failure(world: &World, function: &str, arguments: &str) -> Failure {
    match invoke(&world.engine, invocation(function, arguments))
        .await
        .unwrap_err()
    {
        Error::Failed { failure, .. } => *failure,
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_granted_import_is_satisfied_by_the_function_that_exports_it() {
    let world = World::new().await;
    world.add("adder", Program::adder(), "{}").await;
    world.add("caller", Program::caller(), GRANTED).await;
    assert_eq!(world.call("caller", "[41]").await.unwrap(), "42");
    assert_eq!(
        world.sample(r#"faas_invocations_total{project="default",function="adder"}"#),
        1.0
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_said_at_deploy() {
    let world = World::new().await;
    let missing = |deployment: weft_function_engine::Deployment| {
        assert!(!deployment.activated);
        deployment.missing.join("\n")
    };
    let none = missing(world.add("a", Program::caller(), "{}").await);
    assert!(none.contains("no function of the project exports it"), "{none}");
    let unknown = missing(world.add("b", Program::caller(), GRANTED).await);
    assert!(unknown.contains("`adder` has no active version"), "{unknown}");
    world.add("adder", Program::adder(), "{}").await;
    let ungranted = missing(world.add("c", Program::caller(), "{}").await);
    assert!(
        ungranted.contains(r#"{"grants":{"call":["adder"]}}"#),
        "{ungranted}"
    );
    world.add("adder2", Program::adder(), "{}").await;
    let both = missing(
        world
            .add(
                "d",
                Program::caller(),
                r#"{"grants":{"call":["adder","adder2"]}}"#,
            )
            .await,
    );
    assert!(both.contains("both `adder` and `adder2` export it"), "{both}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_callee_leaves_its_caller_unknown_too() {
    let lost = Loss::Crashed("killed".to_owned());
    for (settings, unknown) in [(r#"{"grants":{"keyvalue":["ledger"]}}"#, true), ("{}", false)] {
        let world = World::new().await;
        let failure = Failure::Lost(lost.clone());
        let mut adder = Program::adder();
        adder.run = Program::failing(failure.clone()).run;
        world.add("adder", adder, settings).await;
        world.add("caller", Program::caller(), GRANTED).await;
        match invoke(&world.engine, invocation("caller", "[41]"))
            .await
            .unwrap_err()
        {
            Error::OutcomeUnknown { loss, .. } if unknown => assert_eq!(loss, lost),
            Error::Failed { failure: told, .. } if !unknown => assert_eq!(*told, failure),
            other => panic!("{settings}: {other:?}"),
        }
    }
}

/// Exports the adder's function with other types.
fn other_adder() -> Program {
    let add = signature(&[("a", "u32"), ("b", "u32")], Some("u64"));
    Program::new((Some("demo:math/api@1.0.0"), "add"), add, |_, _| async {
        Ok(Some(value("u64", "0")))
    })
}

#[tokio::test(start_paused = true)]
async fn types_are_compared_at_deploy_and_at_the_call() {
    let world = World::new().await;
    world.add("adder", Program::adder(), "{}").await;
    world.add("caller", Program::caller(), GRANTED).await;
    assert_eq!(world.call("caller", "[1]").await.unwrap(), "2");
    world.runtime.add("other", other_adder());
    world
        .deploy("adder", Some("other"), SettingsChange::Keep)
        .await
        .unwrap();
    let text = failure(&world, "caller", "[1]").await.to_string();
    assert!(text.contains("`func(a: u32, b: u32) -> u64`"), "{text}");
    assert!(text.contains("`func(a: u32, b: u32) -> u32`"), "{text}");
    let later = world.add("late", Program::caller(), GRANTED).await;
    assert!(!later.activated && later.missing[0].contains("exports it as `func(a: u32, b: u32) -> u64`"));
    world.runtime.add("none", Program::constant(1));
    world
        .deploy("adder", Some("none"), SettingsChange::Keep)
        .await
        .unwrap();
    let text = failure(&world, "caller", "[1]").await.to_string();
    assert!(text.contains("exports no `demo:math/api@1.0.0#add`"), "{text}");
}

/// Exports `demo:loop/api#again`, which calls the import of the same name, `n` times.
pub(crate) fn again() -> Program {
    let again = signature(&[("times", "u32")], Some("u32"));
    let function = ImportedFunction {
        name: "again".into(),
        signature: again.clone(),
    };
    let interface = "demo:loop/api".to_owned();
    let capability = Capability::Call {
        interface: interface.clone(),
        functions: vec![function.clone()],
    };
    let program = Program::new(
        (Some("demo:loop/api"), "again"),
        again.clone(),
        move |call, environment| {
            let times = arguments(&again, &call.arguments)["times"].as_u64().unwrap();
            let function = function.clone();
            let image = call.arguments.clone();
            async move {
                let Environment {
                    host,
                    bindings,
                    project,
                } = &environment;
                for _ in 0..times {
                    let binding = &bindings[0];
                    let (callee, interface) = (&binding.callee, &binding.interface);
                    host.call(
                        project,
                        callee,
                        interface,
                        &function,
                        image.clone(),
                        &call.context,
                    )
                    .await?;
                }
                Ok(Some(value("u32", &call.context.depth.to_string())))
            }
        },
    );
    program.importing(capability)
}

async fn looping(depth: u32, fan_out: u32) -> World {
    let world = World::with(|config, _| (config.call_depth, config.call_fan_out) = (depth, fan_out)).await;
    // Two functions that call each other: the first is deployed without its grant, which then comes with settings.
    world.runtime.add("again", again());
    world.runtime.add("leaf", {
        let leaf = signature(&[("times", "u32")], Some("u32"));
        Program::new((Some("demo:loop/api"), "again"), leaf, |_, _| async {
            Ok(Some(value("u32", "0")))
        })
    });
    world.deploy("b", Some("leaf"), settings("{}")).await.unwrap();
    world
        .deploy("a", Some("again"), settings(r#"{"grants":{"call":["b"]}}"#))
        .await
        .unwrap();
    world
        .deploy("b", Some("again"), settings(r#"{"grants":{"call":["a"]}}"#))
        .await
        .unwrap();
    world
}

#[tokio::test(start_paused = true)]
async fn depth_is_bounded() {
    let world = looping(5, 1_000).await;
    match failure(&world, "a", "[1]").await {
        Failure::CallLimit(text) => assert_eq!(text, "functions may call functions at most 5 deep"),
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn fan_out_is_bounded_over_the_whole_tree() {
    let world = looping(3, 10).await;
    match failure(&world, "a", "[3]").await {
        // Deep first: the bound on depth is met before that on breadth.
        Failure::CallLimit(text) => assert!(text.contains("3 deep"), "{text}"),
        other => panic!("{other}"),
    }
    let world = World::with(|config, _| config.call_fan_out = 10).await;
    world.runtime.add("leaf", {
        let leaf = signature(&[("times", "u32")], Some("u32"));
        Program::new((Some("demo:loop/api"), "again"), leaf, |_, _| async {
            Ok(Some(value("u32", "0")))
        })
    });
    world.deploy("leaf", Some("leaf"), settings("{}")).await.unwrap();
    world
        .add("again", again(), r#"{"grants":{"call":["leaf"]}}"#)
        .await;
    assert_eq!(world.call("again", "[10]").await.unwrap(), "0");
    match failure(&world, "again", "[11]").await {
        Failure::CallLimit(text) => assert!(text.contains("at most 10 calls"), "{text}"),
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_callees_failure_tells_its_name_and_the_deadline_holds_for_all() {
    let world = World::new().await;
    let add = signature(&[("a", "u32"), ("b", "u32")], Some("u32"));
    let export = (Some("demo:math/api@1.0.0"), "add");
    let traps = Program::new(export, add.clone(), |_, _| async {
        Err(Failure::Trap {
            message: "divided by zero".into(),
            frames: vec!["add".into()],
        })
    });
    world.add("adder", traps, "{}").await;
    world.add("caller", Program::caller(), GRANTED).await;
    assert_eq!(
        failure(&world, "caller", "[1]").await,
        Failure::Trap {
            message: "its call of `adder` trapped: divided by zero".into(),
            frames: vec!["add".into()]
        }
    );
    world.runtime.add(
        "hangs",
        Program::new(export, add.clone(), |_, _| std::future::pending()),
    );
    world
        .deploy("adder", Some("hangs"), SettingsChange::Keep)
        .await
        .unwrap();
    let limited = settings(r#"{"grants":{"call":["adder"]},"limits":{"timeout-ms":300}}"#);
    world.deploy("caller", None, limited).await.unwrap();
    let since = tokio::time::Instant::now();
    assert!(matches!(
        failure(&world, "caller", "[1]").await,
        Failure::TimedOut(_)
    ));
    assert_eq!(since.elapsed(), Duration::from_millis(300));
    world.runtime.add(
        "exits",
        Program::new(export, add, |_, _| async { Err(Failure::Exited(4)) }),
    );
    world
        .deploy("adder", Some("exits"), SettingsChange::Keep)
        .await
        .unwrap();
    let text = failure(&world, "caller", "[1]").await.to_string();
    assert!(
        text.contains("its call of `adder` failed: the function exited with code 4"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_not_granted_is_refused_whatever_the_guest_says() {
    let world = World::new().await;
    world.add("adder", Program::adder(), "{}").await;
    world.add("secret", Program::adder(), "{}").await;
    let add = signature(&[("a", "u32"), ("b", "u32")], Some("u32"));
    let function = ImportedFunction {
        name: "add".into(),
        signature: add.clone(),
    };
    let sneaky = Program::new(
        (None, "go"),
        signature(&[], Some("u32")),
        move |call, environment| {
            let (function, image) = (
                function.clone(),
                crate::program::value("record { a: u32, b: u32 }", r#"{"a":1,"b":1}"#),
            );
            async move {
                let (host, context): (&Arc<dyn Host>, &CallContext) = (&environment.host, &call.context);
                let callee = "secret".parse().unwrap();
                host.call(
                    &environment.project,
                    &callee,
                    "demo:math/api@1.0.0",
                    &function,
                    image,
                    context,
                )
                .await
            }
        },
    );
    world.add("sneaky", sneaky, GRANTED).await;
    let text = failure(&world, "sneaky", "").await.to_string();
    assert_eq!(text, "`sneaky` was not granted to call `secret`");
}

#[tokio::test(start_paused = true)]
async fn callees_are_traced_as_children_with_seeds_of_their_own() {
    let world = World::new().await;
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let add = signature(&[("a", "u32"), ("b", "u32")], Some("u32"));
    let notes = Arc::clone(&seen);
    let callee = Program::new((Some("demo:math/api@1.0.0"), "add"), add, move |call, _| {
        notes
            .lock()
            .unwrap()
            .push((call.context.trace, call.context.seed, call.context.depth));
        async { Ok(Some(value("u32", "1"))) }
    });
    world.add("adder", callee, "{}").await;
    world.add("caller", Program::caller(), GRANTED).await;
    let trace = weft_function_engine::port::TraceContext {
        sampled: true,
        ..new_trace()
    };
    for _ in 0..2 {
        let call = crate::world::Named {
            trace,
            ..invocation("caller", "[1]")
        };
        invoke(&world.engine, call).await.unwrap();
    }
    let seen = seen.lock().unwrap();
    let [(first, first_seed, depth), (second, second_seed, _)] = seen[..] else {
        panic!("two calls")
    };
    assert_eq!((first.trace_id, first.sampled, depth), (trace.trace_id, true, 1));
    assert_ne!(first.span_id, trace.span_id);
    assert_ne!(first.span_id, second.span_id);
    assert_ne!(first_seed, second_seed);
}
