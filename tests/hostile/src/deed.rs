//! What is done in place of a call.

use anyhow::{Context as _, Result};
use weft_isolation::protocol::{CallId, ToHost};

use crate::server::Server;

/// What its function's name begins with.
const PREFIX: &str = "hostile-";
/// How much memory is taken at a time, in bytes.
const PIECE: usize = 1 << 20;

/// A way to break the rules.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed {
    /// Takes more memory than there is.
    Memory,
    /// Ends by an instruction that no process survives.
    Abort,
    /// Ends itself with a code.
    Exit,
    /// Does not end the call, whatever is said.
    Hang,
    /// Begins a response and does not go on.
    Half,
    /// Never gets ready.
    Start,
    /// Says what is no frame.
    Garbage,
    /// Announces a frame of four gigabytes.
    Huge,
    /// Ends a call that nobody made.
    Stranger,
    /// Answers what is no value.
    Lie,
}

const ALL: [(&str, Deed); 10] = [
    ("memory", Deed::Memory),
    ("abort", Deed::Abort),
    ("exit", Deed::Exit),
    ("hang", Deed::Hang),
    ("half", Deed::Half),
    ("start", Deed::Start),
    ("garbage", Deed::Garbage),
    ("huge", Deed::Huge),
    ("stranger", Deed::Stranger),
    ("lie", Deed::Lie),
];

impl Deed {
    /// The one that the function's name in a description asks for.
    pub(crate) fn of(description: &str) -> Result<Self> {
        let named = |(name, _): &&(&str, Self)| description.contains(&format!("{PREFIX}{name}"));
        let found = ALL.iter().find(named);
        found
            .map(|(_, deed)| *deed)
            .context("no function of a name that is known here")
    }

    pub(crate) fn do_it(self, server: &mut Server) -> Result<()> {
        if let Self::Start = self {
            return server.ignore();
        }
        server.say(0, ToHost::Loaded, b"")?;
        let Some(call) = server.call()? else {
            return Ok(());
        };
        match self {
            Self::Start | Self::Hang => {}
            Self::Memory => fill(),
            Self::Abort => std::process::abort(),
            Self::Exit => std::process::exit(7),
            Self::Half => begin_response(server, call)?,
            Self::Garbage => server.shout(&[0xee; 64])?,
            Self::Huge => server.shout(&[[0xff; 4].as_slice(), &call.to_le_bytes()].concat())?,
            Self::Stranger => server.say(call + 7, returned(false), b"")?,
            Self::Lie => server.say(call, returned(true), b"no image at all")?,
        }
        server.ignore()
    }
}

/// Takes memory and uses it.
fn fill() {
    let mut taken = Vec::new();
    loop {
        taken.push(std::hint::black_box(vec![1_u8; PIECE]));
    }
}

fn returned(result: bool) -> ToHost {
    ToHost::Returned {
        result,
        cpu_us: 1,
        start_us: 1,
        reusable: true,
    }
}

/// A head that promises a body, and a part of that.
fn begin_response(server: &Server, call: CallId) -> Result<()> {
    use weft_isolation::protocol::StreamId;
    let head = ToHost::Response {
        status: 200,
        headers: Vec::new(),
        body: Some(StreamId(1)),
        length: None,
    };
    server.say(call, head, b"")?;
    server.say(call, ToHost::Chunk(StreamId(1)), b"half of ")
}
