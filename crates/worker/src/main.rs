//! The worker: executes the calls of one version of a function, confined, and ends with its server.
//!
//! Nobody starts it but a server. It maps its code and makes its runtime ready, which takes what a confined process has no more;
//! then it confines itself, says so, and does as it is told. Nothing of a guest executes before.
#![forbid(unsafe_code)]

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use weft_function_engine::port::{Code, Host, LoadError};
use weft_isolation::protocol::Load;
use weft_isolation::{Confinement, probe};
use weft_process::{Description, worker};
use weft_runtime::Mapped;

/// The descriptor in which the code is open, unless another is named.
const CODE: &str = "1";

/// Polls of tasks between two looks for events: a call must end within ten milliseconds of its cancellation.
const EVENT_INTERVAL: u32 = 4;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    probe::answer(&arguments);
    end_where_it_panics();
    // Its threads come later: it has none of its own.
    let runtime = tokio::runtime::Builder::new_current_thread()
        // Guests yield every millisecond, and few yields later the server must be heard. To listen costs a system call.
        .event_interval(EVENT_INTERVAL)
        .enable_all()
        .build()
        .context("the runtime cannot be made")?;
    let code = MappedCode(map(&arguments));
    let socket = socket()?;
    let layers =
        Confinement::from_arguments(&arguments)?.enter_and_prepare(weft_runtime::look_at_own_pages)?;
    runtime.block_on(worker::serve(UnixStream::from(socket), layers.bits(), code))?;
    Ok(())
}

/// Nothing that follows a panic is to be relied on: the server learns at once that the worker has ended, and of what.
fn end_where_it_panics() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        std::process::abort();
    }));
}

/// A descriptor of its own for the socket: standard input stays what it is, as others watch it.
fn socket() -> Result<OwnedFd> {
    std::io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .context("standard input cannot be used")
}

/// The code, or why there is none, which is told when it is asked for.
struct MappedCode(Result<Mapped>);

fn map(arguments: &[String]) -> Result<Mapped> {
    let find = |name: &str| {
        let mut arguments = arguments.iter();
        arguments.find_map(|argument| argument.strip_prefix(name)?.strip_prefix('='))
    };
    let value = |name: &str| find(name).with_context(|| format!("`{name}` is missing"));
    let slots = value("slots")?.parse().context("`slots` is no number")?;
    let code = Path::new("/proc/self/fd").join(find("code").unwrap_or(CODE));
    Mapped::open(value("key")?, &code, slots).map_err(|error| anyhow!("{error}"))
}

impl worker::Loader for MappedCode {
    fn load(
        self,
        load: &Load,
        description: &Description,
        host: Arc<dyn Host>,
    ) -> Result<Arc<dyn Code>, LoadError> {
        let mapped = self
            .0
            .map_err(|error| LoadError::NotIntact(format!("{error:#}")))?;
        if mapped.key() != load.compiled_key {
            return Err(LoadError::NotIntact(format!("it is `{}`", mapped.key())));
        }
        mapped.load(&description.record, &description.bindings(), load.reuse, host)
    }
}
