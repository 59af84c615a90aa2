//! Confinement of the compiling process, entered after its two files are open and before the first hostile byte is read.
//!
//! Each layer stands alone: limits bound what it uses up, landlock takes every path and port from it, seccomp leaves it the
//! system calls that computing in memory takes. A layer the host does not have is reported, not fatal: the process still has
//! no environment, no inherited file and a bounded life.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::ffi::OsStr;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus, Scope,
};
use rustix::process::{Resource, Rlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// The niceness of what runs where nothing else wants to, for hosts that do not let it: the highest.
const NICEST: i32 = 19;
/// The niceness of what runs among others: in competition with as many threads of the usual kind it gets a tenth of the cores.
const NICE: i32 = 10;
/// Files open at once: the standard three, code, output, and what the runtime opens for itself.
const MAX_FILES: u32 = 64;
/// The first file descriptor behind the standard three.
const FIRST_FILE: i32 = 3;
/// Where the search for inherited files ends that no list leads to.
const MOST_INHERITED: i32 = 1 << 16;

/// What a compiling process may use up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Address space in bytes.
    pub(super) memory: u64,
    /// Size of a file in bytes.
    pub(super) output: u64,
    /// CPU time in seconds, over all threads.
    pub(super) cpu: u64,
    /// Its part of the cores beside others.
    pub(super) priority: Priority,
}

/// How a compiling process stands beside whatever else wants the cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Priority {
    /// It runs where nothing else wants to.
    Idle,
    /// It runs among others, with a small part.
    Low,
}

impl Priority {
    /// As a command line has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Low => "low",
        }
    }

    pub(super) fn named(name: &OsStr) -> Option<Self> {
        [Self::Idle, Self::Low]
            .into_iter()
            .find(|priority| name == priority.name())
    }

    fn take(self) -> Result<(), String> {
        let be_nice = |by| {
            let taken = rustix::process::nice(by);
            taken.map(drop).map_err(|error| format!("nice: {error}"))
        };
        match self {
            Self::Idle => be_nice(NICEST).and_then(|()| run_when_idle()),
            Self::Low => be_nice(NICE),
        }
    }
}

/// Enters the sandbox and answers what of it the host lacks, each with the reason.
pub(super) fn enter(limits: Limits) -> Vec<String> {
    close_inherited();
    let layers = [
        ("limits", bound(limits)),
        (
            "no new privileges",
            rustix::thread::set_no_new_privs(true).map_err(|error| error.to_string()),
        ),
        ("landlock", landlock()),
        ("seccomp", seccomp()),
    ];
    let lacking = layers
        .into_iter()
        .filter_map(|(name, entered)| Some(format!("{name}: {}", entered.err()?)));
    lacking.collect()
}

/// Closes what the parent had open without close-on-exec.
fn close_inherited() {
    for fd in inherited() {
        // SAFETY: a descriptor without close-on-exec was inherited, so no object of this process owns it.
        unsafe { libc::close(fd) };
    }
}

/// The file descriptors behind the standard three that the parent passed on, whatever their number.
///
/// What this process itself opened has the flag close-on-exec, as the standard library sets it on everything: that is how the
/// two are told apart.
pub(super) fn inherited() -> Vec<i32> {
    let is_inherited = |fd: &i32| {
        // SAFETY: asking for the flags of a file descriptor, open or not, touches no memory.
        let flags = unsafe { libc::fcntl(*fd, libc::F_GETFD) };
        flags >= 0 && flags & libc::FD_CLOEXEC == 0
    };
    open_files().into_iter().filter(is_inherited).collect()
}

/// What is open as the system lists it; where it does not, the numbers that a server's files may have.
fn open_files() -> Vec<i32> {
    let Ok(listing) = std::fs::read_dir("/proc/self/fd") else {
        return (FIRST_FILE..MOST_INHERITED).collect();
    };
    listing
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|fd| *fd >= FIRST_FILE)
        .collect()
}

fn bound(limits: Limits) -> Result<(), String> {
    let set = |resource, most: u64| {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        rustix::process::setrlimit(resource, limit).map_err(|error| format!("{resource:?}: {error}"))
    };
    ignore_file_size_signal();
    limits.priority.take()?;
    set(Resource::As, limits.memory)?;
    set(Resource::Cpu, limits.cpu)?;
    set(Resource::Fsize, limits.output)?;
    set(Resource::Nofile, MAX_FILES.into())?;
    set(Resource::Core, 0)
}

/// Asks to run only where nothing else wants to: whoever is merely nice keeps the core to the end of its slice, which calls
/// that arrive meanwhile wait for.
fn run_when_idle() -> Result<(), String> {
    // SAFETY: a structure of integers, all of which may be zero, and must be for this policy.
    let parameters: libc::sched_param = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live structure of the kind the call reads; 0 names the calling thread, the only one yet.
    let changed = unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const parameters) };
    match changed {
        0 => Ok(()),
        _ => Err(format!("idle scheduling: {}", std::io::Error::last_os_error())),
    }
}

/// Turns the signal for an overlong file into an error of the write.
fn ignore_file_size_signal() {
    // SAFETY: `SIG_IGN` installs no handler, so no code can run at a signal's time.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// Takes every right that landlock knows of: no path can be opened, no port connected, no process signalled.
fn landlock() -> Result<(), String> {
    let abi = ABI::V6;
    let entered = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
        .and_then(|rules| rules.scope(Scope::from_all(abi)))
        .and_then(Ruleset::create)
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(|error| error.to_string())?;
    match entered.ruleset {
        RulesetStatus::NotEnforced => Err("this kernel does not have it".to_owned()),
        RulesetStatus::PartiallyEnforced | RulesetStatus::FullyEnforced => Ok(()),
    }
}

/// Leaves the system calls that computing takes; everything else fails with `EPERM`. An allow-list, because what a compiler
/// needs is short and known, while what the kernel will offer next year is not. Failing rather than killing, because the
/// standard library asks for optional things (the limits of a control group, say) and copes without.
fn seccomp() -> Result<(), String> {
    // The flags of `clone3` lie behind a pointer, where a filter cannot look: a C library told that it does not exist uses
    // `clone` instead. Of several filters the strictest decides. This one goes first, as the other forbids adding filters.
    let clone3 = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    install(
        clone3,
        SeccompAction::Allow,
        SeccompAction::Errno(errno(libc::ENOSYS)),
    )?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    // Threads, not processes.
    rules.insert(libc::SYS_clone, vec![with_flag(libc::CLONE_THREAD)?]);
    // Names for threads and mappings, nothing else.
    rules.insert(
        libc::SYS_prctl,
        vec![with_option(libc::PR_SET_NAME)?, with_option(libc::PR_SET_VMA)?],
    );
    install(
        rules,
        SeccompAction::Errno(errno(libc::EPERM)),
        SeccompAction::Allow,
    )
}

const fn errno(number: i32) -> u32 {
    number.unsigned_abs()
}

const ALLOWED: [i64; 39] = [
    // The files already open.
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_statx,
    libc::SYS_close,
    libc::SYS_fcntl,
    // Memory.
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_membarrier,
    // Threads and their waiting; `clone3` is refused by a filter of its own.
    libc::SYS_clone3,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_restart_syscall,
    libc::SYS_ppoll,
    // Signals to itself: stack overflow is caught by a handler, a panic aborts.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_tgkill,
    // Time and chance.
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    // The end.
    libc::SYS_exit,
    libc::SYS_exit_group,
];

fn with_flag(flag: i32) -> Result<SeccompRule, String> {
    // A flag is one bit, whose sign never matters here.
    let flag = u64::from(flag.cast_unsigned());
    rule(SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(flag), flag)
}

fn with_option(option: i32) -> Result<SeccompRule, String> {
    rule(
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::Eq,
        u64::from(option.cast_unsigned()),
    )
}

/// A rule on the first argument of a call.
fn rule(len: SeccompCmpArgLen, compare: SeccompCmpOp, value: u64) -> Result<SeccompRule, String> {
    SeccompCondition::new(0, len, compare, value)
        .and_then(|condition| SeccompRule::new(vec![condition]))
        .map_err(|error| error.to_string())
}

fn install(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    others: SeccompAction,
    matching: SeccompAction,
) -> Result<(), String> {
    let architecture = std::env::consts::ARCH
        .try_into()
        .map_err(|_| "not on this architecture".to_owned())?;
    let filter =
        SeccompFilter::new(rules, others, matching, architecture).map_err(|error| error.to_string())?;
    let program: BpfProgram = filter
        .try_into()
        .map_err(|error: seccompiler::BackendError| error.to_string())?;
    seccompiler::apply_filter(&program).map_err(|error| error.to_string())
}
