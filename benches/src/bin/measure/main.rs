//! Measures what calls cost within this crate, on one thread and on two, as medians of rounds with their range; and what
//! spinning guests do to others. Needs `cargo xtask functions` and a release build:
//! `cargo run --release -p weft-benches --bin measure [calls | fairness]`.
#![allow(clippy::print_stdout)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Empty};
use weft_function_engine::port::{Body, Call, Code, Tier};
use weft_runtime::{Runtime, Settings};
use weft_types::image::{Bounds, Image};
use weft_types::json;

use guests::{Result, context, find, load};

mod fairness;
mod guests;

const ORDER: &str = r#"{"order":{"id":"o-1","customer":"ada","items":[{"id":"1","name":"tea","qty":2,"price":1.5,"tags":["hot"]},{"id":"2","name":"cake","qty":1,"price":3.25,"tags":["sweet","fresh"]}],"note":"soon","express":true}}"#;
const BOUNDS: Bounds = Bounds {
    bytes: 16 << 20,
    elements: 1 << 20,
};
const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_millis(40);

/// What is called.
enum What {
    Export { index: usize, arguments: Image },
    Http,
}

struct Case {
    name: String,
    code: Arc<dyn Code>,
    what: What,
    reused: bool,
}

fn main() -> Result<()> {
    let runtime = Runtime::new(Settings::default())?;
    let only = std::env::args().nth(1);
    if only.as_deref() != Some("fairness") {
        calls(&runtime)?;
    }
    if only.as_deref() != Some("calls") {
        fairness::measure(&runtime)?;
    }
    Ok(())
}

fn calls(runtime: &Runtime) -> Result<()> {
    println!("pagemap scan: {}", weft_runtime::pagemap_scan_available());
    for tier in [Tier::Optimized, Tier::ExplicitBounds] {
        for reuse in [1, u32::MAX] {
            for (guest, export, arguments) in [
                ("fixtures/arith", "add", "[1,2]"),
                ("pricing", "quote", ORDER),
                ("fixtures/grow", "grow", "[1]"),
            ] {
                if guest == "fixtures/grow" && reuse != 1 {
                    continue;
                }
                let (code, record) = load(runtime, guest, tier, reuse)?;
                let (index, signature) = find(&record, export)?;
                let arguments = json::parse_arguments(signature, arguments.as_bytes(), BOUNDS)?;
                let what = What::Export { index, arguments };
                report(&Case {
                    name: label(guest, tier, reuse),
                    code,
                    what,
                    reused: reuse != 1,
                })?;
            }
            let (code, _) = load(runtime, "hello-http", tier, reuse)?;
            let name = label("hello-http", tier, reuse);
            report(&Case {
                name,
                code,
                what: What::Http,
                reused: reuse != 1,
            })?;
        }
    }
    Ok(())
}

fn label(guest: &str, tier: Tier, reuse: u32) -> String {
    let instance = if reuse == 1 { "fresh" } else { "reused" };
    format!("{guest} {tier:?} {instance}")
}

fn report(case: &Case) -> Result<()> {
    let one = rates(case, 1)?;
    let two = rates(case, 2)?;
    let middle = one[ROUNDS / 2];
    println!(
        "{:<44} {:>8.2} µs a call [{:.2} - {:.2}]   1 thread {:>8.0}/s   2 threads {:>8.0}/s",
        case.name,
        1e6 / middle,
        1e6 / one[ROUNDS - 1],
        1e6 / one[0],
        middle,
        two[ROUNDS / 2],
    );
    Ok(())
}

/// Calls a second on so many threads together, in ascending order of rounds.
fn rates(case: &Case, threads: usize) -> Result<Vec<f64>> {
    let mut rates = (0..ROUNDS)
        .map(|_| {
            std::thread::scope(|scope| {
                let running: Vec<_> = (0..threads).map(|_| scope.spawn(|| round(case))).collect();
                running
                    .into_iter()
                    .map(|thread| thread.join().map_err(|_| "a thread panicked")?)
                    .sum()
            })
        })
        .collect::<Result<Vec<f64>>>()?;
    rates.sort_by(f64::total_cmp);
    Ok(rates)
}

/// Calls a second on this thread.
fn round(case: &Case) -> Result<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let context = context();
        let mut kept = case.code.instance();
        let (began, mut calls) = (Instant::now(), 0u32);
        while began.elapsed() < ROUND {
            for _ in 0..8 {
                let mut fresh;
                let instance = if case.reused {
                    &mut kept
                } else {
                    fresh = case.code.instance();
                    &mut fresh
                };
                match &case.what {
                    What::Export { index, arguments } => {
                        let (arguments, context) = (arguments.clone(), context.clone());
                        instance
                            .call(Call {
                                export: *index,
                                arguments,
                                attached: weft_types::image::Attached::default(),
                                context,
                            })
                            .await?;
                    }
                    What::Http => {
                        let response = instance.http(request()?, context.clone()).await?;
                        response.into_body().collect().await?;
                    }
                }
            }
            calls += 8;
        }
        Ok(f64::from(calls) / began.elapsed().as_secs_f64())
    })
}

fn request() -> Result<hyper::Request<Body>> {
    let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
    Ok(hyper::Request::builder()
        .uri("/")
        .header("host", "measure")
        .body(body)?)
}
