//! `cargo xtask up`: from a clone to a server with the example functions on it, then what executes functions elsewhere than in
//! the server.

mod beside;
mod examples;
mod server;

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::arguments::Arguments;
use crate::{container, functions, prerequisites, process, report, repository, worker};

use beside::Beside;
use server::{Presence, Server};

/// Given to the copy of this program that deploys while the original has become the server.
const DEPLOY_ONLY: &str = "--deploy-only";
/// Given to the copy of this program that builds the guests.
const GUESTS_ONLY: &str = "--guests-only";
/// Given, with the name of a level, to the copy of this program that builds what executes functions there.
const LEVEL_ONLY: &str = "--level-only";
/// The levels beside the sandbox: what is built for each, and what functions execute in there.
const LEVELS: [(&str, &str); 2] = [("process", "processes"), ("container", "containers")];

/// Prepares, builds, starts the server unless it runs, and deploys the examples.
pub fn run(mut arguments: Arguments) -> Result<ExitCode> {
    let detach = arguments.flag("--detach");
    let debug = arguments.flag("--debug");
    let deploy_only = arguments.flag(DEPLOY_ONLY);
    let guests_only = arguments.flag(GUESTS_ONLY);
    let level_only = arguments.value(LEVEL_ONLY)?;
    arguments.end()?;
    if guests_only {
        return functions::build().map(|()| ExitCode::SUCCESS);
    }
    if let Some(level) = level_only {
        return build_level(&level, !debug).map(|()| ExitCode::SUCCESS);
    }
    let server = Server::new(binary(debug));
    if deploy_only {
        return beside(&server, debug);
    }
    // A port that is taken is better known before minutes of building.
    server.presence()?;
    report::step("prerequisites", prerequisites::ensure)?;
    let guests = Beside::start("guests.log", &["up", GUESTS_ONLY])?;
    report::note(&format!(
        "the example functions are built beside the server, in what it leaves of the cores; {} has what that prints",
        guests.log().display()
    ));
    report::step("server", || build(debug))?;
    report::step("guests", || guests.ended())?;
    match server.presence()? {
        Presence::Running => {
            report::note(&format!(
                "a server runs already at {}: the functions go there",
                server.address()
            ));
            report::step("examples", || examples::deploy(&server))?;
        }
        Presence::Absent if detach => {
            let mut process = server.start_detached()?;
            report::step("start", || server.wait(|| process.has_ended()))?;
            report::step("examples", || examples::deploy(&server))?;
            report::note(&format!(
                "the server is process {}; its log is {}",
                process.id(),
                server.log().display()
            ));
        }
        Presence::Absent => {
            server::deploy_beside(DEPLOY_ONLY, debug)?;
            return Err(server.become_it());
        }
    }
    show(&server, &server.how_to_stop(), debug)?;
    Ok(ExitCode::SUCCESS)
}

/// Deploys to the server that the parent process has become.
fn beside(server: &Server, debug: bool) -> Result<ExitCode> {
    let parent = std::os::unix::process::parent_id();
    server.wait(|| std::os::unix::process::parent_id() != parent)?;
    let deployed = report::step("examples", || examples::deploy(server));
    if deployed.is_err() {
        server::stop(parent)?;
    }
    deployed?;
    show(server, "Ctrl-C stops the server", debug)?;
    Ok(ExitCode::SUCCESS)
}

/// Shows what can be called, and builds meanwhile what executes functions elsewhere than in the server. That looks for it when it is
/// first needed, and no example needs it: so that it does not keep anybody waiting, it comes last, and what its building prints goes
/// into a file, as it is of no use to who reads how to call.
fn show(server: &Server, how_to_stop: &str, debug: bool) -> Result<()> {
    let log = repository::target().join("levels.log");
    report::note(&format!(
        "what executes functions in processes and containers is built beside; {} has what that prints",
        log.display()
    ));
    examples::show(server, how_to_stop);
    let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    for (level, places) in LEVELS {
        let start = Instant::now();
        let built = process::copy_of_this(&["up", LEVEL_ONLY, level])?
            .args(debug.then_some("--debug"))
            .stdout(file.try_clone()?)
            .stderr(file.try_clone()?)
            .status()?;
        let told = log.display();
        match built.success() {
            true => report::note(&format!(
                "functions can execute in {places}, too ({})",
                report::duration(start.elapsed())
            )),
            // The others need nothing of it.
            false if level == "container" => {
                report::note(&format!("the level `{level}` is not to be had: {told} tells why"));
            }
            false => bail!("what executes functions in {places} is not built: {told} tells why"),
        }
    }
    Ok(())
}

fn build_level(level: &str, release: bool) -> Result<()> {
    match level {
        "process" => worker::build(release),
        "container" => {
            container::prerequisites()?;
            container::build(release)
        }
        _ => bail!("nothing is built for `{level}`"),
    }
}

/// Builds the server.
pub fn build(debug: bool) -> Result<()> {
    let profile = if debug { &[][..] } else { &["--release"] };
    process::run(process::cargo(&["build", "--package", "weft"]).args(profile))
}

fn binary(debug: bool) -> PathBuf {
    repository::target()
        .join(if debug { "debug" } else { "release" })
        .join("weft")
}
