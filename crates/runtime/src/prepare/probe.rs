//! What the sandbox of the compiling process is worth on this host, tried for real.

use std::fs::File;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::Command;

use weft_function_engine::port::PrepareError;

use super::Settings;
use super::answer::Outcome;
use super::child::Job;
use super::sandbox;

/// What the sandbox lets through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probe {
    /// Layers of it that the host lacks, each with the reason; empty where it has all.
    pub missing: Vec<String>,
    /// Things tried from within that should have failed and did not; empty where confinement is complete.
    pub escaped: Vec<String>,
}

impl Probe {
    /// Whether every layer stands and nothing got through.
    #[must_use]
    pub fn is_tight(&self) -> bool {
        self.missing.is_empty() && self.escaped.is_empty()
    }
}

/// Starts a compiling process that tries to reach files, the network and other programs.
///
/// # Errors
/// Where such a process cannot be started or dies, so that nothing can be compiled either.
pub async fn probe(settings: &Settings) -> Result<Probe, PrepareError> {
    let answer = settings.run(&Job::Probe).await?;
    match answer.outcome {
        Outcome::Probed(escaped) => Ok(Probe {
            missing: answer.missing,
            escaped,
        }),
        other => Err(other.into_error(settings)),
    }
}

/// Tries, from within, what must not work; answers what did.
pub(super) fn attempts() -> Vec<String> {
    let attempts = [
        ("reading /etc/passwd", File::open("/etc/passwd").is_ok()),
        (
            "reading /proc/self/environ",
            File::open("/proc/self/environ").is_ok(),
        ),
        ("keeping a file of its parent's", !sandbox::inherited().is_empty()),
        (
            "writing to /tmp",
            File::create_new(format!("/tmp/weft-probe-{}", std::process::id())).is_ok(),
        ),
        (
            "listening on a TCP port",
            TcpListener::bind("127.0.0.1:0").is_ok(),
        ),
        (
            "connecting to a TCP port",
            TcpStream::connect("127.0.0.1:9").is_ok(),
        ),
        ("opening a UDP socket", UdpSocket::bind("127.0.0.1:0").is_ok()),
        (
            "starting a program",
            Command::new("/proc/self/exe").arg("--version").spawn().is_ok(),
        ),
    ];
    attempts
        .into_iter()
        .filter(|(_, succeeded)| *succeeded)
        .map(|(what, _)| what.to_owned())
        .collect()
}
