//! Starting a worker: on a thread that may block, up to the moment when it can be called.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use weft_function_engine::port::Loss;
use weft_isolation::launch::Worker as Process;
use weft_isolation::protocol::conversation::Conversation;
use weft_isolation::protocol::{
    Decoder, Frame, Load, LoadFailure, MAGIC, MAX_HEAD, ToHost, ToWorker, VERSION,
};
use weft_pool::budget::Short;

use super::budget::{Refused, Taken, WAITING};
use super::connection::{Begun, Connection};
use super::level::Settings;
use super::outcome;
use super::plan::{Alive, Plan};
use super::worker::Life;

/// How long a worker that closed its socket may take to end before it is killed.
pub(super) const END: Duration = Duration::from_millis(500);

/// Starts a worker and tells how that came out.
pub(super) fn run(plan: &Arc<Plan>, life: &Arc<Life>) {
    let alive = Alive::new(&plan.shared);
    match start(plan, life, alive) {
        Ok(connection) => life.ready(connection),
        Err(loss) => {
            // Nothing is wrong with the code then.
            if !matches!(loss, Loss::NoRoom(_)) {
                plan.lost(&loss, Some(life.began));
            }
            life.ended(loss);
        }
    }
}

fn start(plan: &Arc<Plan>, life: &Arc<Life>, alive: Alive) -> Result<Arc<Connection>, Loss> {
    let launcher = plan.shared.launcher(plan.level).map_err(Loss::Crashed)?;
    let taken = take(plan, life)?;
    let failed = |error: &dyn std::fmt::Display| Loss::Crashed(error.to_string());
    let code = plan.code.try_clone().map_err(|error| failed(&error))?;
    let arguments = [format!("key={}", plan.key), format!("slots={}", plan.instances())];
    let launched = launcher.launch(&plan.pool, plan.allowance, code, &arguments);
    let mut process = launched.map_err(|error| failed(&error))?;
    match greet(plan, &mut process.socket) {
        Ok((conversation, bytes)) => {
            let begun = Begun {
                conversation,
                bytes,
                process,
                alive,
                taken,
            };
            Connection::begin(plan, life, begun).map_err(|error| failed(&error))
        }
        Err(ungreeted) => Err(loss(plan, process, ungreeted)),
    }
}

/// Takes what it needs of what all workers may use; waits as long as a start may take.
fn take(plan: &Plan, life: &Life) -> Result<Taken, Loss> {
    let Settings { start, total, .. } = &plan.shared.settings;
    let until = Instant::now() + *start;
    let taken = plan
        .shared
        .budget
        .take(plan.need(), until, || !life.is_dismissed());
    let may = format!(
        "all processes together may have {} MiB of memory and {} thousandths of a core (`--workers-memory`, `--workers-cpu`)",
        total.memory >> 20,
        total.cpu
    );
    taken.map_err(|refused| {
        Loss::NoRoom(match refused {
            Refused::Short(Short(missing)) => format!(
                "{may}, and for {} ms those that serve calls left too little: {} MiB and {} thousandths were missing",
                start.as_millis(),
                missing.memory.div_ceil(1 << 20),
                missing.cpu
            ),
            Refused::Crowded => format!("{may}, and {WAITING} wait already until others end"),
            Refused::Unwanted => "nobody wants it any longer".to_owned(),
        })
    })
}

/// Why a worker did not get ready.
enum Ungreeted {
    Late,
    Closed,
    Other(Loss),
}

fn loss(plan: &Plan, process: Process, ungreeted: Ungreeted) -> Loss {
    let ended = process.end_within(END);
    match ungreeted {
        Ungreeted::Late => Loss::SlowStart(plan.shared.settings.start),
        Ungreeted::Other(loss) => loss,
        Ungreeted::Closed => match ended {
            Ok(ending) => outcome::of_ending(&ending, plan.allowance.memory),
            Err(error) => Loss::Crashed(error.to_string()),
        },
    }
}

/// Hears the worker's hello, has it load its code, and hears that it did. Our hello was said when it was launched.
fn greet(plan: &Plan, socket: &mut UnixStream) -> Result<(Conversation, BytesMut), Ungreeted> {
    let mut hearing = Hearing {
        until: Instant::now() + plan.shared.settings.start,
        bytes: BytesMut::new(),
        conversation: Conversation::new(plan.terms),
    };
    let hello = ToWorker::Hello {
        magic: MAGIC,
        version: VERSION.to_le_bytes(),
    };
    hearing.note(&framed(hello, bytes::Bytes::new()))?;
    hearing.next(socket)?;
    let load = ToWorker::Load(Load {
        compiled_key: plan.key.clone(),
        reuse: plan.reuse,
        // It was made to fit.
        frame_bytes: u32::try_from(plan.frame).unwrap_or(u32::MAX),
    });
    let load = framed(load, plan.description.clone());
    hearing.note(&load)?;
    let encoded = load.encode(usize::MAX).map_err(violated)?;
    let written = socket
        .set_write_timeout(Some(plan.shared.settings.start))
        .and_then(|()| socket.write_all(&encoded.to_vec()));
    written.map_err(|error| unheard(&error))?;
    match hearing.next(socket)? {
        ToHost::LoadFailed(
            LoadFailure::NotIntact(why) | LoadFailure::Unsatisfied(why) | LoadFailure::Unreadable(why),
        ) => Err(Ungreeted::Other(Loss::Crashed(format!(
            "it could not load the code: {why}"
        )))),
        // The rules allow nothing else here.
        _ => Ok((hearing.conversation, hearing.bytes)),
    }
}

struct Hearing {
    until: Instant,
    bytes: BytesMut,
    conversation: Conversation,
}

impl Hearing {
    fn note(&mut self, frame: &Frame<ToWorker>) -> Result<(), Ungreeted> {
        self.conversation.worker_hears(frame).map_err(violated)?;
        Ok(())
    }

    /// The next thing the worker says.
    fn next(&mut self, socket: &mut UnixStream) -> Result<ToHost, Ungreeted> {
        let mut decoder = Decoder::<ToHost>::new(MAX_HEAD);
        loop {
            if let Some(frame) = decoder.decode(&mut self.bytes).map_err(violated)? {
                self.conversation.host_hears(&frame).map_err(violated)?;
                return Ok(frame.message);
            }
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Ungreeted::Late);
            }
            let mut part = [0; 256];
            let read = socket
                .set_read_timeout(Some(left))
                .and_then(|()| socket.read(&mut part));
            match read {
                Ok(0) => return Err(Ungreeted::Closed),
                Ok(read) => self.bytes.extend_from_slice(&part[..read]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(unheard(&error)),
            }
        }
    }
}

fn framed(message: ToWorker, body: bytes::Bytes) -> Frame<ToWorker> {
    Frame {
        call: 0,
        message,
        body,
    }
}

fn violated(error: weft_isolation::protocol::ProtocolError) -> Ungreeted {
    Ungreeted::Other(Loss::Violated(error.to_string()))
}

fn unheard(error: &std::io::Error) -> Ungreeted {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Ungreeted::Late,
        _ => Ungreeted::Closed,
    }
}
