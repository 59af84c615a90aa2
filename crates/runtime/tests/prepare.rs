//! Compiling in a child process, with the real guests and with files that are none.
//!
//! This program is also its own child: its `main` begins as a server's does.
#![expect(
    clippy::print_stdout,
    reason = "a program that is no test harness reports by itself"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use weft_function_engine::port::{PrepareError, Tier};
use weft_runtime::prepare::{Preparer, Settings, child_main, probe};
use weft_types::version::{Capability, Flavor, Inspection};

fn main() {
    child_main();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        the_sandbox_is_tight().await;
        every_flavor_is_prepared().await;
        files_that_are_no_code_are_refused().await;
        the_compiled_file_is_bounded().await;
        memory_is_bounded().await;
        time_is_bounded().await;
        what_is_starved_is_begun_again().await;
        the_queue_is_bounded().await;
        a_dropped_preparation_frees_its_place().await;
        missing_files_are_errors_of_storage().await;
    });
    println!("compiling in a child process: ok");
}

async fn the_sandbox_is_tight() {
    // Files that are left open for every child, one of them with a number beyond what a child may open itself.
    let leaked = [3, 700].map(|least| {
        let secret = std::fs::File::open("/proc/self/environ").expect("a file");
        let copy = rustix::io::fcntl_dupfd_cloexec(&secret, least).expect("a copy");
        rustix::io::fcntl_setfd(&copy, rustix::io::FdFlags::empty()).expect("flags");
        copy
    });
    let probe = probe(&Settings::default()).await.expect("a probe");
    assert!(probe.is_tight(), "{probe:?}");
    drop(leaked);
}

async fn every_flavor_is_prepared() {
    let cases = [
        ("pricing", Flavor::Exports),
        ("hello-http", Flavor::Http),
        ("wordcount", Flavor::Command),
        ("fixtures/exit-command", Flavor::Command),
    ];
    for (name, flavor) in cases {
        let inspection = prepare(&guest(name), Settings::default()).await.expect(name);
        assert_eq!(inspection.flavor, flavor, "{name}");
        assert!(
            inspection.wit.starts_with("package"),
            "{name}: {}",
            inspection.wit
        );
    }
    let fetch = prepare(&guest("fetch"), Settings::default())
        .await
        .expect("fetch");
    assert!(
        fetch.capabilities.contains(&Capability::Http),
        "{:?}",
        fetch.capabilities
    );
}

async fn files_that_are_no_code_are_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let elf = dir.path().join("elf");
    std::fs::write(&elf, b"\x7fELF\x02\x01\x01").expect("a file");
    match prepare(&elf, Settings::default()).await {
        Err(PrepareError::Refused(why)) => assert!(why.contains("ELF"), "{why}"),
        other => panic!("{:?}", other.err()),
    }
}

async fn the_compiled_file_is_bounded() {
    let settings = Settings {
        output: 4096,
        ..Settings::default()
    };
    match prepare(&guest("pricing"), settings).await {
        Err(PrepareError::Refused(why)) => assert!(why.contains("larger than the limit"), "{why}"),
        other => panic!("{:?}", other.err()),
    }
}

async fn memory_is_bounded() {
    // Enough to start, as what is mapped by then stays, and not enough to compile a large guest.
    let memory = 48 << 20;
    let settings = Settings {
        memory,
        threads: 1,
        ..Settings::default()
    };
    match prepare(&guest("jq"), settings).await {
        Err(PrepareError::OutOfMemory(limit)) => assert_eq!(limit, memory),
        other => panic!("{:?}", other.err()),
    }
}

async fn time_is_bounded() {
    let settings = Settings {
        wall: Duration::from_millis(1),
        ..Settings::default()
    };
    match prepare(&guest("jq"), settings).await {
        Err(PrepareError::TimedOut(limit)) => assert_eq!(limit, Duration::from_millis(1)),
        other => panic!("{:?}", other.err()),
    }
}

/// As if others left it nothing of the cores: what runs when they do not never ends.
async fn what_is_starved_is_begun_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let script = dir.path().join("starved");
    let this = std::env::current_exe().expect("a path");
    let text = format!(
        "#!/bin/sh\ncase \"$*\" in *' idle '*) exec /bin/sleep 1000;; esac\nexec '{}' \"$@\"\n",
        this.display()
    );
    std::fs::write(&script, text).expect("a script");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&script, executable).expect("permissions");
    let settings = Settings {
        executable: script,
        wall: Duration::from_secs(16),
        ..Settings::default()
    };
    let inspection = prepare(&guest("pricing"), settings).await.expect("a second try");
    assert_eq!(inspection.flavor, Flavor::Exports);
}

async fn the_queue_is_bounded() {
    let preparer = Preparer::new(Settings {
        at_once: 1,
        waiting: 1,
        ..Settings::default()
    });
    let dir = tempfile::tempdir().expect("a directory");
    let outs = [0, 1, 2].map(|i| dir.path().join(i.to_string()));
    let code = guest("pricing");
    let (first, second, third) = tokio::join!(
        preparer.prepare(&code, &outs[0], Tier::Optimized),
        preparer.prepare(&code, &outs[1], Tier::Optimized),
        preparer.prepare(&code, &outs[2], Tier::Optimized),
    );
    assert!(
        first.is_ok() && second.is_ok(),
        "{:?} {:?}",
        first.err(),
        second.err()
    );
    assert!(matches!(third, Err(PrepareError::Busy(1))), "{:?}", third.err());
}

async fn a_dropped_preparation_frees_its_place() {
    let preparer = Preparer::new(Settings {
        at_once: 1,
        ..Settings::default()
    });
    let dir = tempfile::tempdir().expect("a directory");
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    let (large, small) = (guest("jq"), guest("pricing"));
    let dropped = tokio::time::timeout(
        Duration::from_millis(20),
        preparer.prepare(&large, &first, Tier::Optimized),
    );
    assert!(dropped.await.is_err(), "the large guest takes longer than 20 ms");
    preparer
        .prepare(&small, &second, Tier::Optimized)
        .await
        .expect("the place is free");
}

async fn missing_files_are_errors_of_storage() {
    match prepare(Path::new("/nowhere/code.wasm"), Settings::default()).await {
        Err(PrepareError::Storage(error)) => assert!(error.to_string().contains("No such file"), "{error}"),
        other => panic!("{:?}", other.err()),
    }
}

async fn prepare(code: &Path, settings: Settings) -> Result<Inspection, PrepareError> {
    let dir = tempfile::tempdir().expect("a directory");
    let out = dir.path().join("compiled");
    let begun = std::time::Instant::now();
    let prepared = Preparer::new(settings).prepare(code, &out, Tier::Optimized).await;
    println!(
        "{} in {:?}",
        code.file_name().expect("a name").to_string_lossy(),
        begun.elapsed()
    );
    if prepared.is_ok() {
        assert!(std::fs::metadata(&out).expect("the compiled file").len() > 1000);
    }
    prepared
}

fn guest(name: &str) -> PathBuf {
    let path = format!(
        "{}/../../target/functions/{name}.wasm",
        env!("CARGO_MANIFEST_DIR")
    );
    assert!(
        Path::new(&path).exists(),
        "{path} is missing: run `cargo xtask functions` first"
    );
    path.into()
}
