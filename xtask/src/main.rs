//! Set-up, builds and checks of the repository: `cargo xtask`.
//!
//! It knows none of the platform's crates and compiles in seconds, so that it can prepare a machine for them.

// Nothing is reachable from outside a program, so `pub` only tells what a module shows its siblings.
#![allow(unreachable_pub)]
// A tool for the terminal: what it prints is what it does.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod arguments;
mod bench;
mod ci;
mod container;
mod crash;
mod functions;
mod fuzz;
mod fuzz_api;
mod image;
mod postgres;
mod prerequisites;
mod process;
mod report;
mod repository;
mod test;
mod up;
mod worker;

use std::process::ExitCode;

use anyhow::Result;

use arguments::Arguments;

const HELP: &str = "\
Set-up, builds and checks of Weft.

Usage: cargo xtask <COMMAND>

Commands:
  up [--detach] [--debug]   Install what is missing, build, start the server and deploy the example functions.
                            Stays until Ctrl-C unless detached; run again, it redeploys to the server that runs
  test [ARGUMENTS…]         Set up and run all tests; arguments go to `cargo test`
  postgres <COMMAND…>       Run a command beside a PostgreSQL server for tests, which is installed where it is missing, has
                            data of its own and ends with the command
  functions                 Build the guests in functions/ into target/functions/, those in JavaScript and Python too
  image                     Build an OCI image into target/image/, as a directory and as weft.tar; --programs DIR takes what was
                            built already
  bench functions           Measure the bars of the function engine beside limits and peers; needs a quiet machine.
  bench workflows           Measure the bars of the workflow engine beside plain calls, the disk and a peer.
  bench pools               Measure the bars of runtime pools, as root: processes and containers beside the sandbox.
                            --rounds N, --seconds N and --bars 2,3,… make it shorter
  bench overload            Call a function three times as often as it can be: what is refused, and how soon it is well again
  bench soak                Load a server for half an hour (--minutes N): what it needs, which must not grow
  bench peers               The same work done by Weft, wasmtime serve, workerd and Restate, in turns: a table and a picture for
                            docs/performance.md
  bench scaling             Calls over connections and functions, runs over nodes and open runs: curves for docs/performance.md
  crash                     Kill the server under load, cut the power of its disk and restart it with 10,000 open runs: nothing that
                            was acknowledged is lost or done twice. --rounds N (200) crashes of each kind, --seed S repeats them
  fuzz [TARGET…]            Feed hostile bytes, led by what they cover, to whatever takes bytes from outside. --minutes N (5) for each target;
                            --keep adds inputs that covered something new to tests/fuzz/corpus
  fuzz-api                  Make up requests from the description of the API, 10,000 of them (--requests N), against a server of its own, and hold
                            every answer against it; --seed S repeats them, --server FILE takes a server that was built already
  ci                        Check formatting, lints, documentation, boundaries, licences and layout, then test
  ci <STEP>…                Only some of it: fmt, clippy, docs, guests, boundaries, unsafe, layout, licences, test
  help                      Show this

Environment:
  WEFT_BENCH_BINARY         A server to measure in place of the one that is built, to compare two
  CARGO_TARGET_DIR          Where the platform is built, instead of target/
  WEFT_TEST_POSTGRES        A PostgreSQL database in which tests may do as they like, in place of a server of their own
  WEFT_DATA                 Where `up` keeps the server's data, instead of target/data/";

fn main() -> ExitCode {
    let outcome = match fuzz::wraps_rustc() {
        true => fuzz::wrap_rustc(),
        false => run(Arguments::from_environment()),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{} {error:#}", report::paint("error:", report::RED));
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: Arguments) -> Result<ExitCode> {
    let command = arguments.word();
    match command.as_deref() {
        Some("up") => up::run(arguments),
        Some("test") => test::run(arguments),
        Some("postgres") => postgres::run(arguments),
        Some("functions") => functions::run(arguments),
        Some("image") => image::run(arguments),
        Some("bench") => bench::run(arguments),
        Some("crash") => crash::run(arguments),
        Some("fuzz") => fuzz::run(arguments),
        Some("fuzz-api") => fuzz_api::run(arguments),
        Some("ci") => ci::run(arguments),
        None | Some("help" | "-h" | "--help") => {
            println!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        Some(unknown) => anyhow::bail!("there is no command `{unknown}`; `cargo xtask help` lists them"),
    }
}
