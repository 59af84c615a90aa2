//! A PostgreSQL server for tests: of this machine's own programs, with data of its own, reached by nobody else.

mod account;
mod installed;
mod place;
mod process;

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::arguments::Arguments;
use crate::process::shown;
use crate::report;

use account::Account;
use place::Place;
use process::Process;

/// Tells tests where the database is in which they may do as they like.
const URL: &str = "WEFT_TEST_POSTGRES";

/// `cargo xtask postgres <COMMAND…>`: runs a command beside a server.
pub fn run(arguments: Arguments) -> Result<ExitCode> {
    let words = arguments.rest();
    let [program, rest @ ..] = &words[..] else {
        bail!(
            "what is to be run beside PostgreSQL? for instance `cargo xtask postgres cargo test -p weft-store`"
        );
    };
    let server = report::step("database", Server::start)?;
    let mut command = Command::new(program);
    let status = server
        .tell(command.args(rest))
        .status()
        .with_context(|| format!("cannot start {}", shown(&command)))?;
    server.stop()?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// A server that runs, or the address of one that somebody else has provided.
pub enum Server {
    Given,
    Own(Box<Process>),
}

impl Server {
    /// Starts a server with an empty database, unless the environment names one already.
    pub fn start() -> Result<Self> {
        if std::env::var_os(URL).is_some() {
            report::note(&format!("the tests use the PostgreSQL database that {URL} names"));
            return Ok(Self::Given);
        }
        let programs = installed::programs()?;
        let account = Account::find()?;
        let place = Place::prepare(&account)?;
        let process = Process::start(&programs, &account, place)?;
        report::note(&format!("PostgreSQL runs as {account}: {process}"));
        Ok(Self::Own(Box::new(process)))
    }

    /// Has a command's tests use it.
    pub fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        match self {
            Self::Given => command,
            Self::Own(process) => command.env(URL, process.url()),
        }
    }

    /// Stops our own server and removes its data.
    pub fn stop(self) -> Result<()> {
        match self {
            Self::Given => Ok(()),
            Self::Own(mut process) => process.stop(),
        }
    }
}
