//! The world that WASI shows a guest: no files, no sockets, the settings' environment, and clocks and randomness that are
//! real or, where calls shall be repeatable, follow from the seed and time of the call.

use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};
use weft_function_engine::port::Stream;

use crate::host::Caller;
use crate::output::{Capture, Lines, Output};

mod clock;
mod link;

pub(crate) use clock::VirtualClock;
pub(crate) use link::add_virtual_clock;

/// The environment variable by which a step of a workflow learns its key: the same over all its attempts.
const NODE_KEY: &str = "WEFT_NODE_KEY";
/// Most random bytes a guest gets at once: about a millisecond's worth, as this cannot be interrupted.
const MAX_RANDOM: u64 = 1 << 20;

/// What each purpose's generator is forked by.
#[derive(Clone, Copy)]
enum Purpose {
    Secure = 0,
    Insecure = 1,
    InsecureSeed = 2,
}

/// The standard input and output of a command.
pub(crate) struct Pipes {
    pub(crate) stdin: Bytes,
    pub(crate) stdout: Output<Capture>,
}

/// A guest's WASI context with what outlives it in a reused instance.
pub(crate) struct Wasi {
    pub(crate) ctx: WasiCtx,
    /// The clock, where it is not the real one.
    pub(crate) clock: Option<VirtualClock>,
    /// Handles that the guest keeps print here.
    lines: [Output<Lines>; 2],
}

impl Wasi {
    /// The context of an instance that first needs one during the call of `caller`.
    pub(crate) fn new(caller: &Caller, pipes: Option<Pipes>) -> Self {
        let lines = [Stream::Stdout, Stream::Stderr].map(|s| Output::new(Lines::new(&caller.context, s)));
        let clock = caller
            .version
            .repeatable
            .then(|| VirtualClock::new(caller.context.time));
        let ctx = context(caller, pipes, &lines, clock.as_ref());
        Self { ctx, clock, lines }
    }

    /// Adapts it to the next call of a reused instance.
    pub(crate) fn begin(&mut self, caller: &Caller) {
        for lines in &self.lines {
            lines.lock().begin(&caller.context);
        }
        if let Some(clock) = &self.clock {
            // The seed has changed. Time since start may only be seen to begin anew by a guest that remembers nothing.
            clock.begin(caller.context.time, caller.version.grants.stateless);
            self.ctx = context(caller, None, &self.lines, self.clock.as_ref());
        } else if caller.context.key.is_some() {
            self.ctx = context(caller, None, &self.lines, None);
        }
    }

    /// Emits what was printed without an end of line.
    pub(crate) fn finish(&self) {
        for lines in &self.lines {
            lines.lock().finish();
        }
    }
}

fn context(
    caller: &Caller,
    pipes: Option<Pipes>,
    [stdout, stderr]: &[Output<Lines>; 2],
    clock: Option<&VirtualClock>,
) -> WasiCtx {
    let mut builder = WasiCtx::builder();
    builder
        .envs(&caller.version.env)
        .max_random_size(MAX_RANDOM)
        .allow_tcp(false)
        .allow_udp(false);
    if let Some(key) = &caller.context.key {
        builder.env(NODE_KEY, key.to_string());
    }
    builder.stderr(stderr.clone());
    match pipes {
        Some(pipes) => builder
            .stdin(MemoryInputPipe::new(pipes.stdin))
            .stdout(pipes.stdout),
        None => builder.stdout(stdout.clone()),
    };
    if let Some(clock) = clock {
        repeat(&mut builder, &caller.context.seed, clock);
    }
    builder.build()
}

/// Lets everything random and every time follow from `seed` and `clock`.
fn repeat(builder: &mut WasiCtxBuilder, seed: &[u8; 32], clock: &VirtualClock) {
    let mut fixed = fork(seed, Purpose::InsecureSeed);
    let insecure_seed = u128::from(fixed.next_u64()) << 64 | u128::from(fixed.next_u64());
    builder
        .secure_random(fork(seed, Purpose::Secure))
        .insecure_random(fork(seed, Purpose::Insecure))
        .insecure_random_seed(insecure_seed)
        .wall_clock(clock.clone())
        .monotonic_clock(clock.clone());
}

fn fork(seed: &[u8; 32], purpose: Purpose) -> ChaCha20Rng {
    let mut generator = ChaCha20Rng::from_seed(*seed);
    generator.set_stream(purpose as u64);
    generator
}
