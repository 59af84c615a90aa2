//! What holds for every plan and every order of events.

use proptest::prelude::*;
use weft_types::{FailurePolicy, NodeStatus};

use super::live::{Live, cancelled, failed, paused, resumed, succeeded, suspends};
use super::sketch::{Sketch, Step, call, plan_with};
use super::{item, n};
use crate::event::{ErrorCode, Event, Place};
use crate::plan::{ItemFailure, Plan};
use crate::state::{Action, RunState, decide};

/// Far more steps than any of these runs has.
const STEPS: usize = 10_000;

/// Plans of up to nine nodes of all kinds.
fn any_plan(policy: impl Strategy<Value = FailurePolicy>) -> impl Strategy<Value = Plan> {
    let nodes = proptest::collection::vec(any_node(), 1..10);
    (policy, nodes).prop_map(|(policy, nodes)| plan_with(policy, &sketches(&nodes)))
}

fn any_policy() -> impl Strategy<Value = FailurePolicy> {
    prop_oneof![Just(FailurePolicy::End), Just(FailurePolicy::Continue)]
}

/// What a node is made of; which nodes it refers to is settled when all are known.
#[derive(Clone, Debug)]
struct Ingredients {
    kind: u8,
    needs: u16,
    values: u16,
    conditional: bool,
    each: Option<(u32, ItemFailure)>,
    attempts: u32,
    catch: u8,
}

fn any_node() -> impl Strategy<Value = Ingredients> {
    let on_failure = prop_oneof![
        Just(ItemFailure::End),
        Just(ItemFailure::Continue),
        Just(ItemFailure::Collect)
    ];
    let each = proptest::option::weighted(0.3, (1..4u32, on_failure));
    let conditional = proptest::bool::weighted(0.2);
    let parts = (
        0..10u8,
        any::<u16>(),
        any::<u16>(),
        conditional,
        each,
        1..4u32,
        0..6u8,
    );
    parts.prop_map(
        |(kind, needs, values, conditional, each, attempts, catch)| Ingredients {
            kind,
            needs,
            values,
            conditional,
            each,
            attempts,
            catch,
        },
    )
}

/// Nodes need earlier ones. A fallback needs such that are earlier than what it catches, so that nobody waits for himself.
fn sketches(nodes: &[Ingredients]) -> Vec<Sketch> {
    let mut sketches: Vec<Sketch> = Vec::new();
    let mut caught = Vec::new();
    // For each node, the first of the chain of fallbacks that it is in.
    let mut heads: Vec<usize> = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        let mut sketch = call(&format!("n{at}"));
        sketch.kind = match node.kind {
            0 => Step::Sleep,
            1 => Step::Wait,
            _ => Step::Call,
        };
        sketch.conditional = node.conditional;
        sketch.attempts = node.attempts;
        sketch.each = node.each.filter(|_| sketch.kind == Step::Call);
        let catchable = |of: &usize| !caught.contains(of) && !sketches[*of].or_value;
        let catches = (0..at).rev().find(catchable).filter(|_| node.catch == 0);
        sketch.or_value = node.catch == 1;
        let head = catches.map_or(at, |of| heads[of]);
        sketch.needs = (0..head)
            .filter(|before| node.needs >> before & 3 == 3)
            .map(|before| (format!("n{before}"), node.values >> before & 1 == 1))
            .collect();
        if let Some(of) = catches {
            sketch.catches = Some(format!("n{of}"));
            caught.push(of);
        }
        heads.push(head);
        sketches.push(sketch);
    }
    sketches
}

/// Takes a step that is drawn from `choice`.
fn step(run: &mut Live<'_>, choice: u32) {
    let (what, pick) = (choice % 32, choice / 32);
    match what {
        0 if run.state.ending().is_none() => {
            let is_paused = run.state.status() == weft_types::RunStatus::Paused;
            run.take(if is_paused { resumed() } else { paused() });
        }
        1 if pick % 5 == 0 => {
            run.take(cancelled());
        }
        2 if pick % 5 == 0 => {
            run.take(Event::DeadlinePassed);
        }
        3 => {
            // What was not committed is lost, and may become something else.
            let kept = 1 + pick as usize % run.events.len();
            run.crash(kept);
        }
        4..=7 => nothing_illegal_leaves_a_trace(run, pick),
        _ => go_on(run, pick),
    }
}

/// Answers something that is outstanding, or does what else brings the run forward.
fn go_on(run: &mut Live<'_>, pick: u32) {
    let places: Vec<Place> = run.outstanding.places.keys().copied().collect();
    if run.outstanding.finish.is_some() {
        run.take(run.finished());
    } else if !run.state.is_started() && run.state.ending().is_none() {
        let is_paused = run.state.status() == weft_types::RunStatus::Paused;
        run.take(if is_paused { resumed() } else { Event::Started });
    } else if places.is_empty() {
        // Everything that is left is held back.
        run.take(resumed());
    } else {
        let place = places[pick as usize % places.len()];
        let answer = answer(run, place, pick / 16);
        run.take(answer);
    }
}

/// An answer to what is outstanding at a place.
fn answer(run: &Live<'_>, place: Place, pick: u32) -> Event {
    let action = run.outstanding.places[&place].clone();
    let attempt = attempt(run, place);
    let node = run.plan.node(place.node);
    let fails = pick.is_multiple_of(3);
    let code = [
        ErrorCode::Trap,
        ErrorCode::Timeout,
        ErrorCode::FunctionError,
        ErrorCode::OutcomeUnknown,
    ][pick as usize / 3 % 4];
    match action {
        Action::Dispatch(_) | Action::DispatchItem(..) | Action::Retry { .. } => {
            if pick.is_multiple_of(7) {
                Event::NodeStarted { place, attempt }
            } else if fails {
                failed(place, attempt, code)
            } else if place.item.is_some() {
                succeeded(place, attempt)
            } else if node.when.is_some() && pick.is_multiple_of(2) {
                Event::NodeSkipped { node: place.node }
            } else if node.for_each.is_some() {
                let items = pick % 6;
                Event::Expanded {
                    node: place.node,
                    items,
                }
            } else if suspends(run.plan, place.node) {
                Event::Suspended {
                    node: place.node,
                    due: Some(run.now),
                }
            } else {
                succeeded(place, attempt)
            }
        }
        Action::Await { .. } if fails => failed(place, attempt, ErrorCode::WaitTimeout),
        Action::Gather(_) | Action::Catch(_) if fails => failed(place, attempt, ErrorCode::Evaluation),
        Action::Await { .. } | Action::Gather(_) | Action::Catch(_) => succeeded(place, attempt),
        // What goes over a list and was not expanded has nothing to answer but that it was stopped.
        Action::Stop(_) if pick.is_multiple_of(2) || (place.item.is_none() && node.for_each.is_some()) => {
            let code = if fails { code } else { ErrorCode::Cancelled };
            failed(place, attempt, code)
        }
        Action::Stop(_) => succeeded(place, attempt),
        Action::Finish(_) => unreachable!("it has no place"),
    }
}

fn attempt(run: &Live<'_>, place: Place) -> u32 {
    match place.item {
        None => run.state.node(place.node).attempt,
        Some(item) => run.state.item(place.node, item).unwrap().attempt,
    }
}

/// Takes any event, and finds that it was either legal or not there.
fn nothing_illegal_leaves_a_trace(run: &Live<'_>, pick: u32) {
    let nodes = run.plan.nodes.len() as u32 + 1;
    let node = n(pick / 16 % nodes);
    let place = match pick / 256 % 3 {
        0 => Place::of(node),
        more => item(node.0, more),
    };
    let number = pick / 1024 % 3;
    let event = match pick % 11 {
        0 => succeeded(place, number),
        1 => failed(place, number, ErrorCode::Trap),
        2 => Event::NodeStarted {
            place,
            attempt: number,
        },
        3 => Event::Expanded { node, items: number },
        4 => Event::Suspended { node, due: None },
        5 => Event::NodeSkipped { node },
        6 => paused(),
        7 => resumed(),
        8 => Event::Started,
        9 => run.events[0].event.clone(),
        _ => run.events[run.events.len() - 1].event.clone(),
    };
    let (mut state, mut actions) = (run.state.clone(), Vec::new());
    if decide(run.plan, &mut state, run.now, &event, &mut actions).is_err() {
        assert_eq!((&state, &actions[..]), (&run.state, &[][..]), "{event:?}");
    }
}

/// Takes steps that bring the run to its end.
fn finish(run: &mut Live<'_>) {
    for step in 0..STEPS {
        if run.state.status().is_closed() {
            return;
        }
        // Now and then something fails, as before.
        go_on(run, step as u32 % 97);
    }
    panic!("the run did not end: {:?}", run.outstanding);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// `Live` checks after each event that nothing is executed twice at once, that nothing starts before what it needs is over,
    /// that what is over stays so, and that a recovery would do what is outstanding.
    #[test]
    fn every_run_ends(
        plan in any_plan(any_policy()),
        choices in proptest::collection::vec(any::<u32>(), 0..120),
    ) {
        let mut run = Live::accepted(&plan);
        for choice in choices {
            if !run.state.status().is_closed() {
                step(&mut run, choice);
            }
        }
        finish(&mut run);
        run.check_replay();
        for (node, _) in plan.iter() {
            prop_assert!(run.state.node(node).status.is_closed());
        }
        let counts = run.state.counts();
        let ended = counts.succeeded + counts.skipped + counts.failed + counts.cancelled;
        prop_assert_eq!(ended as usize, plan.nodes.len());
        prop_assert_eq!(run.state.progress(), 1.0);
        prop_assert_eq!(run.outstanding, Default::default());
    }

    /// Whatever executes, sleeps, waits, or is about to.
    #[test]
    fn every_run_can_be_cancelled(
        plan in any_plan(any_policy()),
        choices in proptest::collection::vec(any::<u32>(), 0..60),
        deadline in any::<bool>(),
    ) {
        let mut run = Live::accepted(&plan);
        for choice in choices {
            if run.state.ending().is_none() {
                step(&mut run, choice);
            }
        }
        if run.state.status().is_closed() {
            return Ok(());
        }
        run.take(if deadline { Event::DeadlinePassed } else { cancelled() });
        let places: Vec<Place> = run.outstanding.places.keys().copied().collect();
        for place in places {
            prop_assert_eq!(&run.outstanding.places[&place], &Action::Stop(place));
            let attempt = attempt(&run, place);
            run.take(failed(place, attempt, ErrorCode::Cancelled));
        }
        run.take(run.finished());
        prop_assert!(run.state.status().is_closed());
    }

    /// How the nodes of a lenient run end depends on their own outcomes, and not on who is the first.
    #[test]
    fn the_order_of_outcomes_does_not_matter(
        plan in any_plan(Just(FailurePolicy::Continue)),
        outcomes in any::<u64>(),
        orders in proptest::array::uniform2(any::<u32>()),
    ) {
        let ends = orders.map(|order| {
            let mut run = Live::accepted(&plan);
            run.take(Event::Started);
            for step in 0..STEPS as u32 {
                let places: Vec<Place> = run.outstanding.places.keys().copied().collect();
                if places.is_empty() {
                    break;
                }
                let place = places[(order.rotate_left(step) % places.len() as u32) as usize];
                let event = fixed_answer(&run, place, outcomes);
                run.take(event);
            }
            run.take(run.finished());
            let nodes = plan.iter().map(|(node, _)| {
                let view = run.state.node(node);
                (view.status, view.reason)
            });
            (run.state.status(), nodes.collect::<Vec<_>>())
        });
        prop_assert_eq!(&ends[0], &ends[1]);
    }

    #[test]
    fn each_node_is_in_one_set(
        plan in any_plan(any_policy()),
        choices in proptest::collection::vec(any::<u32>(), 0..60),
    ) {
        let mut run = Live::accepted(&plan);
        for choice in choices {
            if !run.state.status().is_closed() {
                step(&mut run, choice);
            }
        }
        let all = [
            NodeStatus::Waiting,
            NodeStatus::Ready,
            NodeStatus::Running,
            NodeStatus::Retrying,
            NodeStatus::Succeeded,
            NodeStatus::Skipped,
            NodeStatus::Failed,
            NodeStatus::Cancelled,
            NodeStatus::TimedOut,
        ];
        let mut nodes: Vec<_> = all.iter().flat_map(|status| run.state.nodes_in(*status)).collect();
        nodes.sort_unstable();
        let expected: Vec<_> = plan.iter().map(|(node, _)| node).collect();
        prop_assert_eq!(nodes, expected);
    }
}

/// The same answer at the same place and attempt, whenever it is asked for.
fn fixed_answer(run: &Live<'_>, place: Place, outcomes: u64) -> Event {
    let attempt = attempt(run, place);
    let node = run.plan.node(place.node);
    let key = (u64::from(place.node.0) << 8) + (place.item.map_or(0, |item| u64::from(item) + 1) << 4);
    let drawn = blake3::hash(&(outcomes ^ key ^ u64::from(attempt)).to_le_bytes()).as_bytes()[0];
    match run.outstanding.places[&place] {
        Action::Stop(_) => failed(place, attempt, ErrorCode::Cancelled),
        Action::Gather(_) | Action::Catch(_) => succeeded(place, attempt),
        _ if drawn.is_multiple_of(3) => failed(place, attempt, ErrorCode::Trap),
        _ if place.item.is_some() => succeeded(place, attempt),
        _ if node.when.is_some() && drawn % 3 == 1 => Event::NodeSkipped { node: place.node },
        _ if node.for_each.is_some() => Event::Expanded {
            node: place.node,
            items: u32::from(drawn % 5),
        },
        _ => succeeded(place, attempt),
    }
}

/// The states of two runs may be compared: that is what the checks of replays rest on.
#[test]
fn states_that_differ_are_not_equal() {
    let plan = plan_with(FailurePolicy::End, &[call("a")]);
    let (run, _) = Live::started(&plan);
    assert_ne!(run.state, RunState::new(&plan));
    assert_ne!(run.state, Live::accepted(&plan).state);
}
