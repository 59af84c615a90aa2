//! What a container denies, and that it denies everything together with what a worker enters itself.
//!
//! This program is its own attacker, as it is linked statically: in a container it tries one attack and tells what came of it.
#![expect(
    clippy::print_stdout,
    reason = "a program that is no test harness reports by itself"
)]

#[path = "../../../isolation/tests/attacks/attack.rs"]
mod attack;
#[path = "../../../isolation/tests/attacks/attacker.rs"]
mod attacker;
#[path = "../../../isolation/tests/attacks/scene.rs"]
mod scene;

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use attack::Attack;
use scene::{LIMITS, Outcome, Scene, Victim};
use weft_isolation::LayerSet;
use weft_isolation::launch::{Allowance, ContainerLauncher, Containers, Launch, Runtime};

/// What a container alone lets through, as the program in it has not confined itself yet: it is for the worker to deny it to guests.
const LET_THROUGH: [Attack; 2] = [Attack::Memory, Attack::ManyDescriptors];
/// As many layers as the attacker enters itself where it is told to enter none.
const NO_LAYERS: &str = "layers=";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, rest @ ..] = arguments.as_slice()
        && first == attacker::ARGUMENT
    {
        attacker::run(rest);
    }
    let scene = Scene::new();
    let directory = tempfile::tempdir().expect("a directory");
    let mut wrong = Vec::new();
    for name in ["libcontainer", "runc", "crun"] {
        let launcher = launcher(name, directory.path());
        for attack in Attack::ALL {
            let alone = outcome(&scene, &launcher, attack, &[NO_LAYERS]);
            if alone.is_denied() == LET_THROUGH.contains(&attack) || matches!(alone, Outcome::Broken(_)) {
                wrong.push(format!("{attack:?} in a container of {name}: {alone:?}"));
            }
            let confined = outcome(&scene, &launcher, attack, &[]);
            if !confined.is_denied() {
                wrong.push(format!(
                    "{attack:?} in a container of {name}, confined: {confined:?}, where it should be denied"
                ));
            }
        }
        launcher.close().expect("nothing is left");
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    println!("attacks: ok");
}

fn launcher(runtime: &str, directory: &Path) -> ContainerLauncher {
    let containers = Containers {
        starter: env!("CARGO_BIN_EXE_weft-container").into(),
        worker: std::env::current_exe().expect("this program"),
        arguments: vec![attacker::ARGUMENT.to_owned()],
        directory: directory.to_owned(),
    };
    let runtime = Runtime::find(Path::new(runtime)).expect("`cargo xtask test` installs it");
    ContainerLauncher::new(containers, runtime, LayerSet::NONE).expect("control groups")
}

fn outcome(scene: &Scene, launcher: &dyn Launch, attack: Attack, more: &[&str]) -> Outcome {
    let allowance = Allowance {
        memory: LIMITS.memory,
        threads: 4,
        files: LIMITS.files,
        cpu_millis: None,
    };
    let victim = Victim::new();
    let mut arguments = scene.arguments(attack, &victim);
    arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
    let code = File::open("/dev/null").expect("a file");
    let mut attacker = launcher
        .launch("attackers", allowance, code, &arguments)
        .expect("an attacker");
    let mut told = Vec::new();
    // One that was ended before it read our hello leaves an error behind what it told.
    let _ = attacker.socket.read_to_end(&mut told);
    let told = String::from_utf8(told).expect("text");
    let ending = attacker.end_within(Duration::from_secs(5)).expect("an end");
    Outcome::of(&told, &ending)
}
