//! Calls from outside.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::Notify;
use weft_function_engine::port::Failure;
use weft_function_engine::{Arguments, Error, LogFilter};
use weft_types::VersionNumber;

use crate::program::{Program, print, signature, value};
use crate::world::{Named, World, default, invocation, invoke, name, printed};

#[tokio::test(start_paused = true)]
async fn a_call_by_name_or_position_answers() {
    let world = World::new().await;
    world.add("adder", Program::adder(), "{}").await;
    assert_eq!(world.call("adder", r#"{"a":2,"b":3}"#).await.unwrap(), "5");
    assert_eq!(world.call("adder", "[2, 3]").await.unwrap(), "5");
    let answer = invoke(&world.engine, invocation("adder", "[4,5]")).await.unwrap();
    assert_eq!(
        (answer.version, printed(&answer)),
        (VersionNumber(1), "9".to_owned())
    );
    assert_eq!(answer.invocation.get_version_num(), 7);
    assert_eq!(answer.execution, Duration::from_micros(3));
    assert_eq!(answer.start, Duration::from_micros(2));
    assert!(!answer.is_error());
    assert_eq!(answer.record().function, name("adder"));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_called_is_named() {
    let world = World::new().await;
    world.add("adder", Program::adder(), "{}").await;
    let with = |change: fn(&mut Named<'static>)| {
        let mut invocation = invocation("adder", "[1,2]");
        change(&mut invocation);
        let engine = world.engine.clone();
        async move { invoke(&engine, invocation).await.unwrap_err() }
    };
    assert!(matches!(with(|i| i.project = "none").await, Error::NoProject(p) if p == "none"));
    assert!(
        matches!(with(|i| i.function = "Größe").await, Error::NoFunction { function, .. } if function == "Größe")
    );
    let error = with(|i| i.version = Some(VersionNumber(7))).await;
    assert_eq!(
        error.to_string(),
        "function `adder` has no version 7; its latest is 1"
    );
    assert!(
        matches!(with(|i| i.export = Some("sub")).await, Error::NoExport { candidates, .. }
        if candidates == ["demo:math/api@1.0.0#add"])
    );
}

#[tokio::test(start_paused = true)]
async fn wrong_arguments_have_pointers_and_bounds() {
    let world = World::new().await;
    world
        .add("adder", Program::adder(), r#"{"limits":{"input-bytes":32}}"#)
        .await;
    match world.call("adder", r#"{"a":1,"b":"x"}"#).await.unwrap_err() {
        Error::InvalidArguments(error) => assert_eq!(error.pointer, "/b"),
        other => panic!("{other}"),
    }
    let long = format!("[1,{:>40}]", 2);
    assert!(matches!(
        world.call("adder", &long).await,
        Err(Error::ArgumentsTooLarge { limit: 32 })
    ));
    assert_eq!(
        world
            .engine
            .callee("default", "adder", None)
            .unwrap()
            .input_limit(),
        32
    );
    let raw = Named {
        arguments: Arguments::Raw(Bytes::from_static(b"1")),
        ..invocation("adder", "")
    };
    let message = invoke(&world.engine, raw).await.unwrap_err().to_string();
    assert!(message.contains("record { a: u32, b: u32 }"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn bytes_go_in_and_out_raw() {
    let world = World::new().await;
    let bytes = signature(&[("input", "list<u8>")], Some("list<u8>"));
    let types = bytes.clone();
    let reverse = Program::new((None, "reverse"), bytes, move |call, _| {
        let mut data = call.arguments.raw(&types.params).unwrap().to_vec();
        data.reverse();
        let image = weft_types::image::Image::of_raw(types.result.as_ref().unwrap(), &data);
        async move { Ok(image) }
    });
    world.add("reverse", reverse, "{}").await;
    let raw = Named {
        arguments: Arguments::Raw(Bytes::from_static(b"\0abc")),
        ..invocation("reverse", "")
    };
    let answer = invoke(&world.engine, raw).await.unwrap();
    let ty = answer.signature().result.clone().unwrap();
    assert_eq!(answer.result.unwrap().raw(&ty).unwrap(), &b"cba\0"[..]);
}

#[tokio::test(start_paused = true)]
async fn the_functions_own_error_is_an_answer() {
    let world = World::new().await;
    let program = Program::new(
        (None, "go"),
        signature(&[], Some("result<u32, string>")),
        |_, _| async { Ok(Some(value("result<u32, string>", r#"{"err":"no stock"}"#))) },
    );
    world.add("fails", program, "{}").await;
    let answer = invoke(&world.engine, invocation("fails", "")).await.unwrap();
    assert!(answer.is_error());
    assert_eq!(
        world.sample(r#"faas_errors_total{project="default",function="fails",kind="function"}"#),
        1.0
    );
}

#[tokio::test(start_paused = true)]
async fn failures_are_told_apart_and_counted() {
    let world = World::new().await;
    for (index, (failure, kind)) in [
        (
            Failure::Trap {
                message: "unreachable".into(),
                frames: vec![],
            },
            "trapped",
        ),
        (Failure::OutOfMemory(1), "memory-limit"),
        (Failure::StackOverflow, "stack-overflow"),
        (Failure::CpuTime(Duration::from_secs(1)), "cpu-limit"),
        (Failure::InvalidResult("x".into()), "result"),
        (Failure::Exited(3), "exited"),
    ]
    .into_iter()
    .enumerate()
    {
        let function = format!("f{index}");
        world
            .add(&function, Program::failing(failure.clone()), "{}")
            .await;
        match world.call(&function, "").await.unwrap_err() {
            Error::Failed { failure: found, .. } => assert_eq!(*found, failure),
            other => panic!("{other}"),
        }
        let sample = format!(r#"faas_errors_total{{project="default",function="{function}",kind="{kind}"}}"#);
        assert_eq!(world.sample(&sample), 1.0, "{}", world.metrics());
    }
}

/// A function that says when it begins and never ends.
fn endless(begun: &Arc<Notify>) -> Program {
    let begun = Arc::clone(begun);
    Program::new((None, "spin"), signature(&[], None), move |_, _| {
        begun.notify_one();
        std::future::pending()
    })
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_the_shorter_of_both_limits() {
    let world = World::new().await;
    world
        .add(
            "spin",
            endless(&Arc::default()),
            r#"{"limits":{"timeout-ms":500}}"#,
        )
        .await;
    for (timeout, expected) in [(None, 500), (Some(200), 200), (Some(9_000), 500)] {
        let call = Named {
            timeout: timeout.map(Duration::from_millis),
            ..invocation("spin", "")
        };
        let since = tokio::time::Instant::now();
        let failed = invoke(&world.engine, call).await.unwrap_err();
        let told = Failure::TimedOut(Duration::from_millis(u64::try_from(expected).unwrap()));
        assert!(matches!(failed, Error::Failed { failure, .. } if *failure == told));
        assert_eq!(since.elapsed().as_millis(), expected);
    }
    assert_eq!(
        world.sample(r#"faas_timeouts_total{project="default",function="spin"}"#),
        3.0
    );
}

#[tokio::test(start_paused = true)]
async fn dropping_a_call_cancels_it_and_retires_its_instance() {
    let world = World::new().await;
    let begun = Arc::new(Notify::new());
    let program = endless(&begun);
    let stats = Arc::clone(&program.stats);
    world.add("spin", program, r#"{"profile":"sandbox-warm"}"#).await;
    let call = tokio::spawn({
        let engine = world.engine.clone();
        async move { invoke(&engine, invocation("spin", "")).await.map(drop) }
    });
    begun.notified().await;
    let warm = stats.warmed.load(SeqCst);
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    assert_eq!(
        stats.alive.load(SeqCst),
        warm,
        "only instances that were warmed ahead are left"
    );
    assert_eq!(
        world.sample(r#"faas_errors_total{project="default",function="spin",kind="cancelled"}"#),
        1.0
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_is_repeated_by_seed_and_time() {
    let world = World::new().await;
    let random = Program::new(
        (None, "draw"),
        signature(&[], Some("u64")),
        |call, _| async move {
            let drawn = u64::from_le_bytes(call.context.seed[..8].try_into().unwrap()) >> 12;
            let mixed = drawn ^ u64::try_from(call.context.time.as_millisecond()).unwrap();
            Ok(Some(value("u64", &mixed.to_string())))
        },
    );
    world.add("draw", random, "{}").await;
    let first = invoke(&world.engine, invocation("draw", "")).await.unwrap();
    let other = invoke(&world.engine, invocation("draw", "")).await.unwrap();
    assert_ne!(printed(&first), printed(&other));
    assert!(first.seed.is_some());
    let again = Named {
        seed: first.seed,
        time: first.time,
        ..invocation("draw", "")
    };
    let again = invoke(&world.engine, again).await.unwrap();
    assert_eq!(printed(&first), printed(&again));
}

#[tokio::test(start_paused = true)]
async fn only_calls_that_repeat_take_a_seed() {
    let world = World::new().await;
    world
        .add(
            "granted",
            Program::constant(1),
            r#"{"grants":{"http":["x.org"]}}"#,
        )
        .await;
    world
        .add("reused", Program::constant(1), r#"{"limits":{"reuse":5}}"#)
        .await;
    world
        .add(
            "stateless",
            Program::constant(1),
            r#"{"limits":{"reuse":5},"grants":{"stateless":true}}"#,
        )
        .await;
    for (function, option) in [("granted", "seed"), ("granted", "time"), ("reused", "seed")] {
        let seed = (option == "seed").then_some([1; 32]);
        let time = (option == "time").then_some(Timestamp::UNIX_EPOCH);
        let call = Named {
            seed,
            time,
            ..invocation(function, "")
        };
        match invoke(&world.engine, call).await.unwrap_err() {
            Error::InvalidOption { option: found, .. } => assert_eq!(found, option),
            other => panic!("{other}"),
        }
        let answer = invoke(&world.engine, invocation(function, "")).await.unwrap();
        assert!(answer.seed.is_none() && answer.time.is_none());
    }
    let call = Named {
        seed: Some([7; 32]),
        ..invocation("stateless", "")
    };
    assert_eq!(invoke(&world.engine, call).await.unwrap().seed, Some([7; 32]));
}

#[tokio::test(start_paused = true)]
async fn output_lines_are_kept_with_their_invocation() {
    let world = World::new().await;
    let program = Program::new((None, "talk"), signature(&[], None), |call, _| async move {
        (0..5).for_each(|n| print(&call.context, &format!("line {n}")));
        Ok(None)
    });
    world.add("talk", program, "{}").await;
    let answer = invoke(&world.engine, invocation("talk", "")).await.unwrap();
    let logs = world.engine.logs(&default(), &name("talk")).unwrap();
    let filter = LogFilter {
        contains: Some("line".to_owned()),
        ..LogFilter::default()
    };
    let page = logs.read(logs.start(), 100, &filter);
    assert_eq!(page.lines.len(), 5);
    assert!(page.lines.iter().all(|line| line.invocation == answer.invocation));
}

#[tokio::test(start_paused = true)]
async fn calls_are_counted_and_timed() {
    let world = World::new().await;
    world.add("adder", Program::adder(), "{}").await;
    for _ in 0..3 {
        world.call("adder", "[1,2]").await.unwrap();
    }
    let text = world.metrics();
    for line in [
        r#"faas_invocations_total{project="default",function="adder"} 3"#,
        r#"faas_coldstarts_total{project="default",function="adder"} 3"#,
        r#"faas_invoke_duration_seconds_count{project="default",function="adder"} 3"#,
        r#"faas_init_duration_seconds_count{project="default",function="adder"} 3"#,
        r#"faas_queue_duration_seconds_count{project="default",function="adder"} 3"#,
        "weft_compiles_total 1",
        "weft_loads_total 1",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test(start_paused = true)]
async fn functions_beyond_the_bound_share_a_series() {
    let world = World::with(|config, _| config.metric_series = 1).await;
    for function in ["a", "b", "c"] {
        world.add(function, Program::constant(1), "{}").await;
        world.call(function, "").await.unwrap();
    }
    assert_eq!(
        world.sample(r#"faas_invocations_total{project="default",function="a"}"#),
        1.0
    );
    assert_eq!(
        world.sample(r#"faas_invocations_total{project="",function="_other"}"#),
        2.0
    );
}
