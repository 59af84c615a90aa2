//! Counts what comes in on standard input and writes the counts as JSON to standard output.
//!
//! `printf 'a b\nc\n' | weft call wordcount --raw -` answers `{"lines":2,"words":3,"characters":6,"bytes":6}`. It is a plain command:
//! `wasmtime target/functions/wordcount.wasm < text` does the same.

mod counts;

use std::io::{self, Read};
use std::process::ExitCode;

use counts::Counts;

const CHUNK: usize = 64 * 1024;

fn main() -> ExitCode {
    match count(io::stdin().lock()) {
        Ok(counts) => {
            println!("{counts}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cannot read standard input: {error}");
            ExitCode::FAILURE
        }
    }
}

fn count(mut input: impl Read) -> io::Result<Counts> {
    let mut counts = Counts::default();
    let mut chunk = vec![0; CHUNK];
    loop {
        match input.read(&mut chunk)? {
            0 => return Ok(counts),
            length => counts.add(&chunk[..length]),
        }
    }
}
