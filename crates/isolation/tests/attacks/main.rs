//! What each layer denies alone, and that all of them together deny everything.
//!
//! This program is its own attacker: started with `attack`, it enters the layers named, tries one attack and tells what came of
//! it. It has a `main` of its own, as layers are entered by a process with one thread.
#![expect(
    clippy::print_stdout,
    reason = "a program that is no test harness reports by itself"
)]

mod attack;
mod attacker;
mod processes;
mod scene;
mod table;

use attack::Attack;
use scene::{Outcome, Scene};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, rest @ ..] = arguments.as_slice()
        && first == attacker::ARGUMENT
    {
        attacker::run(rest);
    }
    let scene = Scene::new();
    let mut wrong = Vec::new();
    wrong.extend(every_attack_succeeds_unhindered(&scene));
    wrong.extend(each_layer_alone_denies_its_rows(&scene));
    wrong.extend(all_layers_together_deny_everything(&scene));
    wrong.extend(each_layer_denies_something(&scene));
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    println!("attacks: ok");
}

/// Without this, a denial would show nothing.
fn every_attack_succeeds_unhindered(scene: &Scene) -> Vec<String> {
    let outcomes = Attack::ALL
        .into_iter()
        .map(|attack| (attack, scene.attack(attack, &[])));
    let failed = outcomes.filter(|(_, outcome)| *outcome != Outcome::Done);
    failed
        .map(|(attack, outcome)| {
            format!("{attack:?} without any layer: {outcome:?}, where it should be done")
        })
        .collect()
}

fn each_layer_alone_denies_its_rows(scene: &Scene) -> Vec<String> {
    let mut wrong = Vec::new();
    for (layer, denied) in table::DENIED {
        for attack in Attack::ALL {
            let outcome = scene.attack(attack, &[layer]);
            let expected = denied.contains(&attack);
            if expected != outcome.is_denied() || matches!(outcome, Outcome::Broken(_)) {
                let word = if expected { "denied" } else { "done" };
                wrong.push(format!(
                    "{attack:?} behind {layer} alone: {outcome:?}, where it should be {word}"
                ));
            }
        }
    }
    wrong
}

fn all_layers_together_deny_everything(scene: &Scene) -> Vec<String> {
    let outcomes = Attack::ALL
        .into_iter()
        .map(|attack| (attack, scene.attack_confined(attack)));
    let done = outcomes.filter(|(_, outcome)| !outcome.is_denied());
    done.map(|(attack, outcome)| {
        format!("{attack:?} behind all layers: {outcome:?}, where it should be denied")
    })
    .collect()
}

/// A layer that denies nothing would not be shown to work.
fn each_layer_denies_something(_: &Scene) -> Vec<String> {
    let empty = table::DENIED.iter().filter(|(_, denied)| denied.is_empty());
    empty
        .map(|(layer, _)| format!("{layer} denies nothing"))
        .collect()
}
