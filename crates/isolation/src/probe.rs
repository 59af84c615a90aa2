//! What of the levels this host has, from really trying them.
//!
//! Each layer is entered by a child that does nothing else, then a worker is started behind all that work. Versions and
//! settings prove nothing: kernels have layers that containers and policies deny.

mod container;
mod loss;
mod trial;

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use bytes::BytesMut;

pub use container::{Choice, container};
pub use trial::answer;

use crate::group::{Bounds, Groups};
use crate::launch::{Allowance, Launch, ProcessLauncher, Worker};
use crate::protocol::conversation::{Conversation, Terms};
use crate::protocol::{Decoder, ToHost};
use crate::{Identity, Layer, LayerSet};

/// How long a trial may take; a worker's start takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a worker may take to end by itself.
const END: Duration = Duration::from_millis(500);
/// Largest frame a worker may begin with, in bytes.
const HELLO: usize = 1 << 10;
/// The pool of what is tried.
const PROBE: &str = "probe";
/// Without these a guest's worker could do what it likes: there is no level then.
const NEEDED: [Layer; 3] = [Layer::Limits, Layer::NoNewPrivileges, Layer::Seccomp];

/// How far a level can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All of it is enforced.
    Works,
    /// It works, without some of its layers.
    Degraded(Vec<Missing>),
    /// It cannot be had.
    Unavailable {
        /// What was tried, and what came of it.
        why: String,
        /// What to do about it.
        remedy: String,
    },
}

/// A layer that a host does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Which one.
    pub layer: Layer,
    /// What the host said.
    pub why: String,
    /// What is not enforced without it.
    pub lost: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

impl Standing {
    /// The layers that are missing, which a [`ProcessLauncher`] must be told; none where the level cannot be had.
    #[must_use]
    pub fn lacking(&self) -> Option<LayerSet> {
        match self {
            Self::Works => Some(LayerSet::NONE),
            Self::Degraded(missing) => Some(missing.iter().map(|missing| missing.layer).collect()),
            Self::Unavailable { .. } => None,
        }
    }
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Works => f.write_str("works"),
            Self::Degraded(missing) => {
                f.write_str("degraded")?;
                missing.iter().try_for_each(|missing| {
                    let Missing {
                        layer,
                        why,
                        lost,
                        remedy,
                    } = missing;
                    write!(f, "\n  without {layer}: {lost} ({why}); {remedy}")
                })
            }
            Self::Unavailable { why, remedy } => write!(f, "unavailable: {why}; {remedy}"),
        }
    }
}

/// Tries the process level. Blocks, for about 50 ms as a rule.
///
/// `program`, started with `arguments`, must begin with [`answer`] and else be a worker: confine itself by the arguments that
/// follow, and say hello.
#[must_use]
pub fn process(program: &Path, arguments: &[String]) -> Standing {
    let missing = missing_layers(program, arguments);
    if let Some(needed) = missing.iter().find(|missing| NEEDED.contains(&missing.layer)) {
        return Standing::Unavailable {
            why: format!("{}: {}", needed.layer, needed.why),
            remedy: needed.remedy.to_owned(),
        };
    }
    let lacking = missing.iter().map(|missing| missing.layer).collect();
    let launcher = ProcessLauncher::new(program.to_owned(), arguments.to_vec(), lacking);
    let started = launcher
        .map_err(|error| error.to_string())
        .and_then(|launcher| start(&launcher, lacking));
    if let Err(why) = started {
        return Standing::Unavailable {
            why,
            remedy:
                "each layer can be entered alone, so this is a fault of the worker or of its installation"
                    .to_owned(),
        };
    }
    match missing.is_empty() {
        true => Standing::Works,
        false => Standing::Degraded(missing),
    }
}

fn missing_layers(program: &Path, arguments: &[String]) -> Vec<Missing> {
    let mut missing = Vec::new();
    let mut note = |layer: Layer, tried: Result<(), String>| match tried {
        Ok(()) => true,
        Err(why) => {
            missing.push(Missing {
                layer,
                why,
                lost: loss::of(layer),
                remedy: loss::remedy(layer),
            });
            false
        }
    };
    // The order of a confinement: what comes later may need what these give.
    let mut before = Vec::new();
    let identity = match Identity::can_change() {
        true => trial::run(program, arguments, &[Layer::Identity]),
        false => Err("the server does not run as root".to_owned()),
    };
    if note(Layer::Identity, identity) {
        before.push(Layer::Identity);
    }
    before.push(Layer::UserNamespace);
    if !note(Layer::UserNamespace, trial::run(program, arguments, &before)) {
        // Root must stay root until the others are entered.
        before.clear();
    }
    for layer in Layer::ALL {
        match layer {
            Layer::Identity | Layer::UserNamespace => {}
            Layer::ControlGroup => {
                note(layer, control_group());
            }
            _ => {
                before.push(layer);
                note(layer, trial::run(program, arguments, &before));
                before.pop();
            }
        }
    }
    missing
}

/// Makes a group and removes it.
fn control_group() -> Result<(), String> {
    let bounds = Bounds {
        memory: 1 << 20,
        threads: 1,
        cpu_millis: Some(100),
    };
    let tried = Groups::find().and_then(|groups| groups.create(PROBE, "probe", bounds)?.end());
    tried.map_err(|error| error.to_string())
}

/// Starts a worker as it will be started, and hears its hello.
fn start(launcher: &dyn Launch, lacking: LayerSet) -> Result<(), String> {
    let allowance = Allowance {
        memory: 64 << 20,
        threads: 16,
        files: 32,
        cpu_millis: None,
    };
    let code = std::fs::File::open("/dev/null").map_err(|error| format!("/dev/null: {error}"))?;
    let mut worker = launcher
        .launch(PROBE, allowance, code, &[])
        .map_err(|error| error.to_string())?;
    let heard = hello(&mut worker);
    let counted = worker.usage().map_err(|error| error.to_string());
    let ending = worker.end_within(END).map_err(|error| error.to_string())?;
    let entered = heard.map_err(|why| match ending.complaint.as_str() {
        "" => why,
        complaint => complaint.to_owned(),
    })?;
    let left_out = LayerSet::all().without(entered).without(lacking);
    if !left_out.is_empty() {
        return Err(format!("the worker did not enter {left_out}"));
    }
    match counted? {
        Some(usage) if usage.memory == 0 => Err("the worker is not in its control group".to_owned()),
        _ => Ok(()),
    }
}

/// The layers that a worker says it entered.
fn hello(worker: &mut Worker) -> Result<LayerSet, String> {
    let told = |error: std::io::Error| format!("the worker said no hello: {error}");
    worker.socket.set_read_timeout(Some(PATIENCE)).map_err(told)?;
    let mut decoder = Decoder::<ToHost>::new(HELLO);
    let mut bytes = BytesMut::new();
    loop {
        if let Some(frame) = decoder.decode(&mut bytes).map_err(|error| error.to_string())? {
            let mut conversation = Conversation::new(Terms::DEFAULT);
            conversation
                .host_hears(&frame)
                .map_err(|error| error.to_string())?;
            if let ToHost::Hello { layers, .. } = frame.message {
                return Ok(LayerSet::from_bits(layers));
            }
        }
        let mut part = [0; 64];
        match worker.socket.read(&mut part).map_err(told)? {
            0 => return Err("the worker ended without a hello".to_owned()),
            read => bytes.extend_from_slice(&part[..read]),
        }
    }
}
