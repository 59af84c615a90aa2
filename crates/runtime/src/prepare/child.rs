//! The compiling process itself.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use weft_function_engine::port::Tier;

use super::answer::{Answer, Outcome};
use super::compile::{CompileError, compile};
use super::sandbox::{self, Limits, Priority};
use super::{Settings, probe};

/// The hidden first argument.
const COMPILE: &str = "__compile";
/// Exit code where the arguments are not a job's.
const MISUSED: i32 = 2;
/// Exit code where nobody takes the answer.
const UNHEARD: i32 = 1;

/// What a child is to do.
pub(super) enum Job {
    /// Compile `code` into `out`.
    Compile { tier: Tier, code: PathBuf, out: PathBuf },
    /// Try what the sandbox lets through.
    Probe,
}

impl Job {
    /// The command line that a child reads again with [`Job::parse`].
    pub(super) fn arguments(&self, settings: &Settings, priority: Priority) -> Vec<OsString> {
        let cpu = settings
            .wall
            .as_secs()
            .saturating_mul(settings.threads.max(1) as u64)
            .saturating_add(1);
        let mut arguments: Vec<OsString> = vec![
            COMPILE.into(),
            settings.memory.to_string().into(),
            settings.output.to_string().into(),
            cpu.to_string().into(),
            priority.name().into(),
        ];
        match self {
            Self::Compile { tier, code, out } => {
                arguments.extend([tier_name(*tier).into(), code.into(), out.into()]);
            }
            Self::Probe => arguments.push("probe".into()),
        }
        arguments
    }

    fn parse(arguments: &[OsString]) -> Option<(Self, Limits)> {
        let [memory, output, cpu, priority, rest @ ..] = arguments else {
            return None;
        };
        let limits = Limits {
            memory: number(memory)?,
            output: number(output)?,
            cpu: number(cpu)?,
            priority: Priority::named(priority)?,
        };
        let job = match rest {
            [tier, code, out] => Self::Compile {
                tier: tier_named(tier)?,
                code: code.into(),
                out: out.into(),
            },
            [probe] if probe == "probe" => Self::Probe,
            _ => return None,
        };
        Some((job, limits))
    }
}

fn number(text: &OsStr) -> Option<u64> {
    text.to_str()?.parse().ok()
}

fn tier_name(tier: Tier) -> &'static str {
    match tier {
        Tier::Baseline => "baseline",
        Tier::Optimized => "optimized",
        Tier::ExplicitBounds => "explicit-bounds",
    }
}

fn tier_named(name: &OsStr) -> Option<Tier> {
    [Tier::Baseline, Tier::Optimized, Tier::ExplicitBounds]
        .into_iter()
        .find(|tier| name == tier_name(*tier))
}

/// Does the work of a compiling process, and ends, where this process was started as one; returns at once where not. To be
/// called first thing in `main`, before any thread is started.
pub fn child_main() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_none_or(|first| first != COMPILE) {
        return;
    }
    let arguments: Vec<_> = arguments.collect();
    std::process::exit(match Job::parse(&arguments) {
        Some((job, limits)) => run(&job, limits),
        None => MISUSED,
    })
}

/// Answers the exit code.
fn run(job: &Job, limits: Limits) -> i32 {
    let answer = match job {
        Job::Compile { tier, code, out } => match Files::open(code, out) {
            Ok(files) => Answer {
                missing: confine(limits),
                outcome: files.compile(*tier),
            },
            Err(error) => Answer {
                missing: Vec::new(),
                outcome: storage(&error),
            },
        },
        Job::Probe => Answer {
            missing: confine(limits),
            outcome: Outcome::Probed(probe::attempts()),
        },
    };
    match say(&answer) {
        Ok(()) => 0,
        Err(_) => UNHEARD,
    }
}

fn confine(limits: Limits) -> Vec<String> {
    let missing = sandbox::enter(limits);
    watch_parent();
    missing
}

/// Ends this process with its parent, whose end of the pipe on standard input closes then.
///
/// `PR_SET_PDEATHSIG` would fire when the *thread* that started us ends, and the threads of a pool do end.
fn watch_parent() {
    let watch = || {
        let _ = io::stdin().read(&mut [0]);
        std::process::exit(UNHEARD);
    };
    // Without a thread to spare, the limit on CPU time still ends this process.
    let _ = std::thread::Builder::new()
        .name("parent".to_owned())
        .stack_size(64 << 10)
        .spawn(watch);
}

/// The two files of a compile, opened before the sandbox closes over them.
struct Files {
    code: File,
    out: File,
}

impl Files {
    fn open(code: &Path, out: &Path) -> io::Result<Self> {
        Ok(Self {
            code: File::open(code)?,
            out: File::create(out)?,
        })
    }

    fn compile(mut self, tier: Tier) -> Outcome {
        let mut code = Vec::new();
        if let Err(error) = self.code.read_to_end(&mut code) {
            return storage(&error);
        }
        let compiled = match compile(&code, tier) {
            Ok(compiled) => compiled,
            Err(CompileError::Refused(refused)) => return Outcome::Refused(refused.to_string()),
            Err(CompileError::Failed(why)) => return Outcome::Failed(why),
        };
        match self.out.write_all(&compiled.bytes) {
            Ok(()) => Outcome::Prepared(Box::new(compiled.inspection)),
            Err(error) => storage(&error),
        }
    }
}

fn storage(error: &io::Error) -> Outcome {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Outcome::Full,
        ErrorKind::FileTooLarge => Outcome::TooLarge,
        _ => Outcome::Storage(error.to_string()),
    }
}

fn say(answer: &Answer) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(&serde_json::to_vec(answer)?)?;
    stdout.flush()
}
