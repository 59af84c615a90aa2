//! A worker that breaks the rules: a server under test is told to start it in place of its own.
//!
//! It confines itself as a worker does and takes any code, none of which it executes. What it does instead follows from the name
//! of the function that it is to serve, `hostile-` and one of the [`Deed`]s.
#![forbid(unsafe_code)]

mod deed;
mod server;

use anyhow::{Result, bail};
use weft_isolation::protocol::{Load, MAGIC, ToHost, ToWorker, VERSION};
use weft_isolation::{Confinement, probe};

use deed::Deed;
use server::Server;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    probe::answer(&arguments);
    let layers = Confinement::from_arguments(&arguments)?.enter()?;
    let mut server = Server::default();
    server.say(
        0,
        ToHost::Hello {
            magic: MAGIC,
            version: VERSION.to_le_bytes(),
            layers: layers.bits(),
        },
        b"",
    )?;
    let Some(deed) = load(&mut server)? else {
        return Ok(());
    };
    deed.do_it(&mut server)
}

/// Hears what is to be loaded; none where the server only looks whether workers start.
fn load(server: &mut Server) -> Result<Option<Deed>> {
    while let Some(frame) = server.hear()? {
        match frame.message {
            ToWorker::Hello { .. } => {}
            ToWorker::Load(Load { .. }) => return Deed::of(&String::from_utf8_lossy(&frame.body)).map(Some),
            other => bail!("{other:?} before any code"),
        }
    }
    Ok(None)
}
