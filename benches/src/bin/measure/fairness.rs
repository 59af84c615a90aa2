//! How spinning guests are stopped, and how they disturb others.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use weft_function_engine::port::{Call, CallContext, Code, Failure, Tier};
use weft_runtime::Runtime;
use weft_types::image::{Bounds, Image};
use weft_types::json;

use crate::guests::{Result, context, find, load};

/// Threads that serve calls.
const CORES: usize = 2;
/// How long each case is observed.
const OBSERVED: Duration = Duration::from_secs(4);
/// The deadline of each spinning call; every second one is dropped at half of it instead.
const SPIN: Duration = Duration::from_millis(200);
/// Pause between two short calls on one core.
const PAUSE: Duration = Duration::from_millis(1);
const BOUNDS: Bounds = Bounds {
    bytes: 1 << 10,
    elements: 10,
};

/// A guest and a call of it.
struct Target {
    code: std::sync::Arc<dyn Code>,
    index: usize,
    arguments: Image,
}

/// What one core saw, in microseconds.
#[derive(Default)]
struct Seen {
    /// Latencies of short calls.
    short: Vec<f64>,
    /// How long after its deadline each spinning call answered.
    late: Vec<f64>,
}

pub(crate) fn measure(runtime: &Runtime) -> Result<()> {
    let short = target(runtime, "fixtures/arith", "add", "[1,2]")?;
    let spin = target(runtime, "fixtures/spin", "spin", "[]")?;
    for spinning in [0, 1, 8, 32] {
        let ended = AtomicBool::new(false);
        let mut seen = std::thread::scope(|scope| {
            let share = |core: usize| spinning / CORES + usize::from(core < spinning % CORES);
            let (short, spin, ended) = (&short, &spin, &ended);
            let cores: Vec<_> = (0..CORES)
                .map(|core| scope.spawn(move || serve(short, spin, share(core), ended)))
                .collect();
            std::thread::sleep(OBSERVED);
            ended.store(true, Ordering::Relaxed);
            let mut all = Seen::default();
            for core in cores {
                let seen = core.join().map_err(|_| "a core panicked")??;
                all.short.extend(seen.short);
                all.late.extend(seen.late);
            }
            Result::Ok(all)
        })?;
        report(spinning, &mut seen);
    }
    Ok(())
}

fn target(runtime: &Runtime, guest: &str, export: &str, arguments: &str) -> Result<Target> {
    let (code, record) = load(runtime, guest, Tier::Optimized, 1)?;
    let (index, signature) = find(&record, export)?;
    let arguments = json::parse_arguments(signature, arguments.as_bytes(), BOUNDS)?;
    Ok(Target {
        code,
        index,
        arguments,
    })
}

/// Serves short calls, one after the other, beside spinning ones, as a core's thread does.
fn serve(short: &Target, spin: &Target, spinning: usize, ended: &AtomicBool) -> Result<Seen> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .event_interval(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let late = (0..spinning).map(|at| spin_on(spin, at % 2 == 1, ended));
        let late = futures_util::future::join_all(late);
        let (short, late) = tokio::join!(call_on(short, ended), late);
        let late = late.into_iter().collect::<Result<Vec<_>>>()?.concat();
        Ok(Seen { short: short?, late })
    })
}

async fn call_on(target: &Target, ended: &AtomicBool) -> Result<Vec<f64>> {
    let mut latencies = Vec::new();
    while !ended.load(Ordering::Relaxed) {
        // Measured from when the call was to begin: waiting for the thread is part of it.
        let due = Instant::now() + PAUSE;
        tokio::time::sleep_until(due.into()).await;
        target.code.instance().call(target.call(context())).await?;
        latencies.push(due.elapsed().as_secs_f64() * 1e6);
    }
    Ok(latencies)
}

async fn spin_on(target: &Target, disconnect: bool, ended: &AtomicBool) -> Result<Vec<f64>> {
    let mut late = Vec::new();
    while !ended.load(Ordering::Relaxed) {
        let deadline = Instant::now() + SPIN;
        let call = target.call(CallContext {
            deadline,
            ..context()
        });
        let mut instance = target.code.instance();
        let spinning = instance.call(call);
        if disconnect {
            let gone = Instant::now() + SPIN / 2;
            if tokio::time::timeout_at(gone.into(), spinning).await.is_ok() {
                return Err("a spinning call answered".into());
            }
            late.push(gone.elapsed().as_secs_f64() * 1e6);
        } else {
            match spinning.await {
                Err(Failure::TimedOut(_)) => late.push(deadline.elapsed().as_secs_f64() * 1e6),
                other => return Err(format!("a spinning call ended with {other:?}").into()),
            }
        }
    }
    Ok(late)
}

impl Target {
    fn call(&self, context: CallContext) -> Call {
        Call {
            export: self.index,
            arguments: self.arguments.clone(),
            attached: weft_types::image::Attached::default(),
            context,
        }
    }
}

fn report(spinning: usize, seen: &mut Seen) {
    for values in [&mut seen.short, &mut seen.late] {
        values.sort_by(f64::total_cmp);
    }
    let at = |values: &[f64], share: f64| {
        let last = values.len().saturating_sub(1);
        values
            .get((last as f64 * share) as usize)
            .copied()
            .unwrap_or_default()
            / 1e3
    };
    println!(
        "{spinning:>2} spinning: short calls p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms ({} calls); stopped late by p50 {:.2} ms, max {:.2} ms ({} stopped)",
        at(&seen.short, 0.5),
        at(&seen.short, 0.99),
        at(&seen.short, 1.0),
        seen.short.len(),
        at(&seen.late, 0.5),
        at(&seen.late, 1.0),
        seen.late.len(),
    );
}
