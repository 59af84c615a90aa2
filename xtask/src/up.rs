//! `cargo xtask up`: from a clone to a server with the example functions on it, then what executes functions elsewhere than in
//! the server.

mod examples;
mod server;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use crate::arguments::Arguments;
use crate::{container, functions, prerequisites, process, report, repository, worker};

use server::{Presence, Server};

/// Given to the copy of this program that deploys while the original has become the server.
const DEPLOY_ONLY: &str = "--deploy-only";

/// Prepares, builds, starts the server unless it runs, and deploys the examples.
pub fn run(mut arguments: Arguments) -> Result<ExitCode> {
    let detach = arguments.flag("--detach");
    let debug = arguments.flag("--debug");
    let deploy_only = arguments.flag(DEPLOY_ONLY);
    arguments.end()?;
    let server = Server::new(binary(debug));
    if deploy_only {
        return beside(&server, debug);
    }
    // A port that is taken is better known before minutes of building.
    server.presence()?;
    report::step("prerequisites", prerequisites::ensure)?;
    report::step("guests", functions::build)?;
    report::step("server", || build(debug))?;
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
    examples::show(&server, &server.how_to_stop());
    levels(debug)?;
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
    examples::show(server, "Ctrl-C stops the server");
    levels(debug)?;
    Ok(ExitCode::SUCCESS)
}

/// Builds what functions in processes and containers are executed by. The server looks for it when it is first needed, and no
/// example needs it: so that it does not keep anybody waiting, it comes last.
fn levels(debug: bool) -> Result<()> {
    report::note("functions can be called; what executes them in processes and containers is built beside");
    report::step("worker", || worker::build(!debug))?;
    containers(!debug);
    Ok(())
}

/// What starts containers is left out where it cannot be built: the other levels need none of it.
fn containers(release: bool) {
    let built = report::step("containers", || {
        container::prerequisites()?;
        container::build(release)
    });
    if let Err(error) = built {
        report::note(&format!("the level `container` is not to be had: {error:#}"));
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
