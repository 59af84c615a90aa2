//! What of the container level this host has.

use std::path::PathBuf;

use super::{Missing, Standing, loss, trial};
use crate::launch::{ContainerLauncher, Containers, Launch, Runtime};
use crate::{Identity, Layer, LayerSet};

/// Which runtime is to make containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The first that works of the library and [the programs](Runtime::PROGRAMS).
    Best,
    /// The one of this [name](Runtime::find).
    Named(PathBuf),
}

/// Layers that a host may lack and still have containers.
const OPTIONAL: [(Layer, &[Layer]); 2] = [
    (Layer::UserNamespace, &[Layer::Identity, Layer::UserNamespace]),
    (Layer::Landlock, &[Layer::Landlock]),
];

/// Tries the container level with one runtime after another, and answers what launches workers with the one that works. Blocks,
/// for about 100 ms as a rule.
///
/// The worker's program must be one that [`process`](super::process) can try.
#[must_use]
pub fn container(containers: &Containers, choice: &Choice) -> (Standing, Option<ContainerLauncher>) {
    if !Identity::can_change() {
        return unavailable("the server does not run as root", "run the server as root");
    }
    let missing: Vec<Missing> = OPTIONAL
        .into_iter()
        .filter_map(|(layer, entered)| {
            let why = trial::run(&containers.worker, &containers.arguments, entered).err()?;
            Some(Missing {
                layer,
                why,
                lost: loss::of(layer),
                remedy: loss::remedy(layer),
            })
        })
        .collect();
    let lacking = missing.iter().map(|missing| missing.layer).collect();
    match first_that_works(containers, choice, lacking) {
        Err(why) => unavailable(&why, remedy(choice)),
        Ok(launcher) if missing.is_empty() => (Standing::Works, Some(launcher)),
        Ok(launcher) => (Standing::Degraded(missing), Some(launcher)),
    }
}

fn first_that_works(
    containers: &Containers,
    choice: &Choice,
    lacking: LayerSet,
) -> Result<ContainerLauncher, String> {
    let named = |name: &PathBuf| (name.display().to_string(), Runtime::find(name));
    let candidates = match choice {
        Choice::Named(name) => vec![named(name)],
        Choice::Best => {
            let programs = Runtime::PROGRAMS.map(|name| named(&name.into()));
            let library = (Runtime::Library.to_string(), Ok(Runtime::Library));
            std::iter::once(library).chain(programs).collect()
        }
    };
    let mut failed = Vec::new();
    for (name, found) in candidates {
        match found.and_then(|runtime| works(containers, runtime, lacking)) {
            Ok(launcher) => return Ok(launcher),
            Err(why) => failed.push(format!("{name}: {why}")),
        }
    }
    Err(failed.join("; "))
}

/// Starts a worker as it will be started.
fn works(containers: &Containers, runtime: Runtime, lacking: LayerSet) -> Result<ContainerLauncher, String> {
    let launcher = ContainerLauncher::new(containers.clone(), runtime, lacking);
    let launcher = launcher.map_err(|error| error.to_string())?;
    match super::start(&launcher, lacking) {
        Ok(()) => Ok(launcher),
        Err(why) => {
            // Of that nothing is left but directories, if anything; why it failed is what to tell.
            let _ = launcher.close();
            Err(why)
        }
    }
}

fn remedy(choice: &Choice) -> &'static str {
    match choice {
        Choice::Best => {
            "install `runc` or `crun`, or see to what the one that is there complains of; the level `process` needs neither"
        }
        Choice::Named(_) => {
            "install it, name another by `--container-runtime`, or leave that out for the first that works"
        }
    }
}

fn unavailable(why: &str, remedy: &str) -> (Standing, Option<ContainerLauncher>) {
    let standing = Standing::Unavailable {
        why: why.to_owned(),
        remedy: remedy.to_owned(),
    };
    (standing, None)
}
