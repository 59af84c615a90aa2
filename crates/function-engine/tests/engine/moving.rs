//! Versions that take over step by step, and those that execute elsewhere while they trap.

use std::collections::BTreeMap;
use std::time::Duration;

use weft_function_engine::port::Failure;
use weft_function_engine::{Arguments, Error, FunctionView, Invocation, SettingsChange, new_trace};
use weft_types::VersionNumber;
use weft_types::moves::{MoveKind, Policy};

use crate::program::{Program, signature, value};
use crate::world::{World, default, name, settings};

fn policy(stages: &[u8]) -> Policy {
    Policy {
        stages: stages.to_vec(),
        stage_ms: 1_000,
        min_calls: 10,
        error_bound_percent: 5,
        limit_ms: 60_000,
    }
}

/// Has the export of a constant, and traps.
fn trapping() -> Program {
    Program::new((None, "value"), signature(&[], Some("u32")), |_, _| async {
        Err(Failure::Trap {
            message: "unreachable".into(),
            frames: Vec::new(),
        })
    })
}

/// Traps where it is asked to.
fn moody() -> Program {
    let whether = signature(&[("trap", "bool")], Some("u32"));
    let types = whether.clone();
    Program::new((None, "value"), whether, move |call, _| {
        let trap = crate::program::arguments(&types, &call.arguments)["trap"] == true;
        async move {
            match trap {
                true => Err(Failure::OutOfMemory(65_536)),
                false => Ok(Some(value("u32", "1"))),
            }
        }
    })
}

/// A world with a function of which version 1 is active and version 2 is another program.
async fn world(second: Program) -> World {
    let world = World::new().await;
    world.add("f", Program::constant(1), "{}").await;
    store(&world, "second", second).await;
    world
}

/// Stores a version that does not answer calls yet.
async fn store(world: &World, code: &str, program: Program) {
    world.runtime.add(code, program);
    let code = world.upload(code).await;
    let deploy = weft_function_engine::Deploy {
        project: default(),
        function: name("f"),
        code: Some(code),
        settings: SettingsChange::Keep,
        activate: false,
        creator: "ann".into(),
    };
    world.engine.deploy(deploy).await.unwrap();
}

async fn roll_out(world: &World, version: u32, policy: Policy) -> Result<FunctionView, Error> {
    let version = VersionNumber(version);
    world
        .engine
        .roll_out(&default(), &name("f"), version, policy)
        .await
}

fn view(world: &World) -> FunctionView {
    world.engine.function(&default(), &name("f")).unwrap()
}

fn active(world: &World) -> u32 {
    view(world).record.active.unwrap().0
}

/// What happened, the oldest first.
fn kinds(world: &World) -> Vec<MoveKind> {
    let moves = world.engine.moves(&default(), &name("f")).unwrap();
    let mut kinds: Vec<_> = moves
        .history
        .newest_first()
        .map(|happened| happened.kind)
        .collect();
    kinds.reverse();
    kinds
}

fn reasons(world: &World) -> Vec<String> {
    let moves = world.engine.moves(&default(), &name("f")).unwrap();
    let newest = moves.history.newest_first();
    newest.map(|happened| happened.reason.clone()).collect()
}

/// What a hundred calls in a row are answered, each after a moment.
async fn hundred(world: &World) -> BTreeMap<String, u32> {
    let mut answers = BTreeMap::new();
    for _ in 0..100 {
        let answer = world.call("f", "").await.unwrap_or_else(|_| "failed".to_owned());
        *answers.entry(answer).or_default() += 1;
    }
    answers
}

fn shares(first: u32, second: u32) -> BTreeMap<String, u32> {
    let both = [("1".to_owned(), first), ("2".to_owned(), second)];
    both.into_iter().filter(|(_, calls)| *calls > 0).collect()
}

fn pools(world: &World) -> Vec<u32> {
    let listed = world.engine.pools(&Default::default(), None, 9).items;
    listed.iter().map(|pool| pool.id.version.0).collect()
}

#[tokio::test(start_paused = true)]
async fn a_late_call_does_not_keep_what_it_was_to_leave() {
    let world = world(Program::constant(2)).await;
    let (project, function) = (default(), name("f"));
    let late = world.engine.called("default", "f", None).unwrap();
    let activate = world.engine.activate(&project, &function, VersionNumber(2));
    activate.await.unwrap();
    let call = || Invocation {
        export: 0,
        arguments: Arguments::Json("[]".into()),
        party: weft_function_engine::Party::OWN,
        trace: new_trace(),
        seed: None,
        time: None,
        timeout: None,
    };
    late.invoke(call()).await.unwrap();
    assert_eq!(world.call("f", "").await.unwrap(), "2");
    assert_eq!(pools(&world), [1, 2], "it is answered by whom it had chosen");
    let sweep = world.engine.config().sweep;
    tokio::time::sleep(sweep * 3).await;
    assert_eq!(pools(&world), [2]);

    // Who names a version wants it, and finds it ready the next time.
    let named = world.engine.called("default", "f", Some(VersionNumber(1)));
    named.unwrap().invoke(call()).await.unwrap();
    tokio::time::sleep(sweep * 3).await;
    assert_eq!(pools(&world), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_good_version_takes_over_in_stages() {
    let world = world(Program::constant(2)).await;
    let begun = roll_out(&world, 2, policy(&[10, 50, 100])).await.unwrap();
    assert_eq!(begun.rollout.unwrap().from, VersionNumber(1));
    let mut seen = Vec::new();
    while let Some(rollout) = view(&world).rollout {
        let percent = u32::from(rollout.rollout.percent());
        assert_eq!(hundred(&world).await, shares(100 - percent, percent));
        if seen.last() != Some(&percent) {
            seen.push(percent);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(seen, [10, 50, 100]);
    assert_eq!((active(&world), hundred(&world).await), (2, shares(0, 100)));
    use MoveKind::{Activated, RolloutAdvanced, RolloutBegan, RolloutFinished};
    let expected = [
        Activated,
        RolloutBegan,
        RolloutAdvanced,
        RolloutAdvanced,
        RolloutFinished,
    ];
    assert_eq!(kinds(&world), expected);
    assert!(reasons(&world)[0].contains("0 of "), "{:?}", reasons(&world));
    // Who names a version gets it, whatever is under way.
    let pinned = world
        .engine
        .callee("default", "f", Some(VersionNumber(1)))
        .unwrap();
    assert_eq!(pinned.record().version, VersionNumber(1));
}

#[tokio::test(start_paused = true)]
async fn a_version_that_traps_goes_back_by_itself() {
    let world = world(trapping()).await;
    roll_out(&world, 2, policy(&[20, 100])).await.unwrap();
    let answers = hundred(&world).await;
    assert_eq!((answers["1"], answers["failed"]), (80, 20));
    tokio::time::sleep(world.engine.config().moves_look * 2).await;
    assert_eq!((active(&world), view(&world).rollout), (1, None));
    assert_eq!(hundred(&world).await, shares(100, 0));
    assert_eq!(kinds(&world).last(), Some(&MoveKind::RolloutReturned));
    assert_eq!(
        reasons(&world)[0],
        "20 of its 20 calls failed, 0 of 80 before: more than 5 percent more"
    );
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(kinds(&world).len(), 3, "it does not begin again");
}

#[tokio::test(start_paused = true)]
async fn a_version_that_nobody_calls_goes_back_in_the_end() {
    let world = world(Program::constant(2)).await;
    roll_out(&world, 2, policy(&[20, 100])).await.unwrap();
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert!(view(&world).rollout.is_some());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!((active(&world), view(&world).rollout), (1, None));
    assert!(
        reasons(&world)[0].contains("did not end within 60 s"),
        "{:?}",
        reasons(&world)
    );
}

#[tokio::test(start_paused = true)]
async fn a_rollout_goes_on_where_it_was_after_a_restart() {
    let world = world(Program::constant(2)).await;
    roll_out(&world, 2, policy(&[10, 50, 100])).await.unwrap();
    while view(&world).rollout.unwrap().rollout.stage == 0 {
        hundred(&world).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let world = world.restarted().await;
    let rollout = view(&world).rollout.unwrap();
    assert_eq!((rollout.rollout.stage, rollout.observed.new.calls), (1, 0));
    assert_eq!(hundred(&world).await, shares(50, 50));
    while view(&world).rollout.is_some() {
        hundred(&world).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(active(&world), 2);
    let world = world.restarted().await;
    assert_eq!((active(&world), kinds(&world).len()), (2, 5));
}

#[tokio::test(start_paused = true)]
async fn a_rollout_is_ended_by_hand() {
    let world = world(Program::constant(2)).await;
    roll_out(&world, 2, policy(&[50, 100])).await.unwrap();
    let under_way = roll_out(&world, 2, policy(&[100])).await.unwrap_err();
    assert!(matches!(under_way, Error::RolloutUnderWay { .. }), "{under_way}");
    let (project, function) = (default(), name("f"));
    let cancelled = world.engine.cancel_rollout(&project, &function).await.unwrap();
    assert_eq!(
        (cancelled.record.active, cancelled.rollout),
        (Some(VersionNumber(1)), None)
    );
    assert_eq!(hundred(&world).await, shares(100, 0));
    let none = world
        .engine
        .finish_rollout(&project, &function)
        .await
        .unwrap_err();
    assert!(matches!(none, Error::NoRollout(_)), "{none}");

    roll_out(&world, 2, policy(&[50, 100])).await.unwrap();
    let finished = world.engine.finish_rollout(&project, &function).await.unwrap();
    assert_eq!(finished.record.active, Some(VersionNumber(2)));
    assert_eq!(hundred(&world).await, shares(0, 100));

    // Activating another one all at once ends a rollout, too.
    roll_out(&world, 1, policy(&[50, 100])).await.unwrap();
    store(&world, "third", Program::constant(3)).await;
    world
        .engine
        .activate(&project, &function, VersionNumber(3))
        .await
        .unwrap();
    assert_eq!((active(&world), view(&world).rollout), (3, None));
    use MoveKind::{Activated, RolloutBegan, RolloutCancelled, RolloutFinished};
    let expected = [
        Activated,
        RolloutBegan,
        RolloutCancelled,
        RolloutBegan,
        RolloutFinished,
        RolloutBegan,
        RolloutCancelled,
        Activated,
    ];
    assert_eq!(kinds(&world), expected);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_rolled_out_is_refused() {
    let world = world(Program::adder()).await;
    let refused = async |version, policy| roll_out(&world, version, policy).await.unwrap_err().to_string();
    assert!(
        refused(2, policy(&[100]))
            .await
            .contains("call `value`, which it has not")
    );
    assert!(
        refused(1, policy(&[100]))
            .await
            .contains("it answers all calls already")
    );
    assert!(refused(9, policy(&[100])).await.contains("has no version 9"));
    let wrong = roll_out(&world, 2, policy(&[5, 2])).await.unwrap_err();
    assert!(matches!(wrong, Error::InvalidSettings { ref pointer, .. } if pointer == "/rollout/stages"));
    assert_eq!(kinds(&world), [MoveKind::Activated]);
}

/// A function that goes elsewhere after two traps within 10 s, and back after 20 s.
async fn promoted(world: &World) {
    let promotion =
        r#"{"promotion":{"profile":"sandbox-warm","after":2,"window-ms":10000,"quiet-ms":20000}}"#;
    world.add("f", moody(), promotion).await;
}

fn profile(world: &World) -> String {
    let latest = view(world).latest;
    world.engine.placement(&latest).unwrap().unwrap().profile
}

const TRAP: &str = r#"{"trap":true}"#;
const FINE: &str = r#"{"trap":false}"#;

#[tokio::test(start_paused = true)]
async fn a_version_that_traps_executes_elsewhere_until_it_is_quiet() {
    let world = World::new().await;
    promoted(&world).await;
    let look = world.engine.config().moves_look * 2;
    for _ in 0..3 {
        // Never two within the window.
        assert!(world.call("f", TRAP).await.is_err());
        tokio::time::sleep(Duration::from_secs(11)).await;
    }
    assert_eq!(profile(&world), "sandbox");
    for _ in 0..2 {
        assert!(world.call("f", TRAP).await.is_err());
    }
    tokio::time::sleep(look).await;
    assert_eq!(profile(&world), "sandbox-warm");
    let promoted = view(&world).record.moves.promoted.clone().unwrap();
    assert_eq!(
        promoted.reason,
        "it trapped or ran out of memory 2 times within 10 s"
    );
    world.call("f", FINE).await.unwrap();

    // One more is enough to begin the quiet period anew.
    tokio::time::sleep(Duration::from_secs(19)).await;
    assert!(world.call("f", TRAP).await.is_err());
    tokio::time::sleep(Duration::from_secs(19)).await;
    assert_eq!(profile(&world), "sandbox-warm");

    // It is there after a restart, too, and has to be quiet from then on.
    let world = world.restarted().await;
    assert_eq!(profile(&world), "sandbox-warm");
    world.call("f", FINE).await.unwrap();
    let ids: Vec<_> = world.engine.pools(&Default::default(), None, 9).items;
    assert_eq!(&*ids[0].id.profile, "sandbox-warm");
    tokio::time::sleep(Duration::from_secs(19)).await;
    assert_eq!(profile(&world), "sandbox-warm");
    tokio::time::sleep(Duration::from_secs(1) + look).await;
    assert_eq!(profile(&world), "sandbox");
    world.call("f", FINE).await.unwrap();
    use MoveKind::{Activated, Promoted, Restored};
    assert_eq!(kinds(&world), [Activated, Promoted, Restored]);
    assert_eq!(
        reasons(&world)[0],
        "it neither trapped nor ran out of memory for 20 s"
    );
}

#[tokio::test(start_paused = true)]
async fn another_version_begins_in_its_own_place() {
    let world = World::new().await;
    promoted(&world).await;
    for _ in 0..2 {
        assert!(world.call("f", TRAP).await.is_err());
    }
    tokio::time::sleep(world.engine.config().moves_look * 2).await;
    assert_eq!(profile(&world), "sandbox-warm");
    let described = SettingsChange::Merge(serde_json::json!({"description": "another"}));
    world.deploy("f", None, described).await.unwrap();
    assert_eq!((profile(&world), active(&world)), ("sandbox".to_owned(), 2));
    assert_eq!(view(&world).record.moves.promoted, None);
    world
        .engine
        .activate(&default(), &name("f"), VersionNumber(1))
        .await
        .unwrap();
    world.call("f", FINE).await.unwrap();
    let first = world
        .engine
        .version(&default(), &name("f"), Some(VersionNumber(1)))
        .unwrap();
    assert_eq!(
        world.engine.placement(&first).unwrap().unwrap().profile,
        "sandbox"
    );
}

#[tokio::test]
async fn promotions_that_lead_nowhere_are_refused() {
    let world = World::new().await;
    let refused = async |json: &str, words: &str| {
        let deployed = world.deploy("f", Some("f"), settings(json)).await;
        let error = deployed.unwrap_err();
        assert!(error.to_string().contains(words), "{json}: {error}");
    };
    world.runtime.add("f", moody());
    refused(
        r#"{"promotion":{"profile":"no-such"}}"#,
        "there is no pool profile `no-such`",
    )
    .await;
    refused(
        r#"{"promotion":{"profile":"sandbox"}}"#,
        "which the function has anyway",
    )
    .await;
    refused(
        r#"{"promotion":{}}"#,
        "needs the level `process`, which is not available here",
    )
    .await;
    refused(r#"{"promotion":{"level":"container"}}"#, "no pool profile").await;
}
