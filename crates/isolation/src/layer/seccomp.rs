//! Only the system calls that computing and answering take.
//!
//! An allow-list: what a worker needs is short and known, what the kernel will offer next year is not. The rest fails with
//! `EPERM` rather than kill, because the standard library asks for optional things and copes without.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

use super::{Layer, LayerError};

/// `PAGEMAP_SCAN` of `linux/fs.h` (Linux 6.7), which works on descriptors of `/proc/<pid>/pagemap` alone.
const PAGEMAP_SCAN: u64 = 0xc060_6610;

/// Enters it. It goes last: it forbids what other layers take.
pub(super) fn enter() -> Result<(), LayerError> {
    let failed = |step| move |why: String| Layer::Seccomp.error(step, why);
    // The flags of `clone3` lie behind a pointer, where a filter cannot look: a C library told that it does not exist uses
    // `clone` instead. Of several filters the strictest decides; this one goes first, as the other forbids adding filters.
    let clone3 = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let no_such_call = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    install(clone3, SeccompAction::Allow, no_such_call).map_err(failed("hiding clone3"))?;
    let rules = rules().map_err(failed("writing the filter"))?;
    let denied = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    install(rules, denied, SeccompAction::Allow).map_err(failed("installing the filter"))
}

fn rules() -> Result<BTreeMap<i64, Vec<SeccompRule>>, String> {
    let always = ALLOWED.into_iter().chain(ALLOWED_HERE.iter().copied());
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = always.map(|call| (call, Vec::new())).collect();
    // Threads, not processes.
    let thread = u64::from(libc::CLONE_THREAD.unsigned_abs());
    let threads = condition(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(thread), thread)?;
    rules.insert(libc::SYS_clone, vec![only(threads)?]);
    // Names for threads and mappings, nothing else.
    let option = |option: i32| only(equal(0, u64::from(option.unsigned_abs()))?);
    rules.insert(
        libc::SYS_prctl,
        vec![option(libc::PR_SET_NAME)?, option(libc::PR_SET_VMA)?],
    );
    // Signals to its own threads.
    rules.insert(
        libc::SYS_tgkill,
        vec![only(equal(0, u64::from(std::process::id()))?)?],
    );
    // Whether a descriptor blocks, and which pages of its own memory were touched.
    rules.insert(
        libc::SYS_ioctl,
        vec![only(equal(1, libc::FIONBIO)?)?, only(equal(1, PAGEMAP_SCAN)?)?],
    );
    // Through the socket it has, to nobody else's address.
    let no_address = condition(4, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)?;
    rules.insert(libc::SYS_sendto, vec![only(no_address)?]);
    Ok(rules)
}

const ALLOWED: [i64; 47] = [
    // The descriptors it has.
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_recvfrom,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_statx,
    libc::SYS_close,
    libc::SYS_fcntl,
    // Waiting for them.
    libc::SYS_ppoll,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    // Memory.
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_membarrier,
    // Threads; `clone3` is refused by a filter of its own.
    libc::SYS_clone3,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_restart_syscall,
    // Signals: guests' traps and stack overflows are caught by handlers.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    // Time and chance.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    // The end.
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// What C libraries use on this architecture in the place of the calls above.
#[cfg(target_arch = "x86_64")]
const ALLOWED_HERE: &[i64] = &[libc::SYS_poll, libc::SYS_epoll_wait, libc::SYS_nanosleep];
#[cfg(not(target_arch = "x86_64"))]
const ALLOWED_HERE: &[i64] = &[];

fn only(condition: SeccompCondition) -> Result<SeccompRule, String> {
    SeccompRule::new(vec![condition]).map_err(|error| error.to_string())
}

fn equal(argument: u8, value: u64) -> Result<SeccompCondition, String> {
    condition(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
}

fn condition(
    argument: u8,
    length: SeccompCmpArgLen,
    compare: SeccompCmpOp,
    value: u64,
) -> Result<SeccompCondition, String> {
    SeccompCondition::new(argument, length, compare, value).map_err(|error| error.to_string())
}

fn install(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    others: SeccompAction,
    matching: SeccompAction,
) -> Result<(), String> {
    let architecture = std::env::consts::ARCH
        .try_into()
        .map_err(|_| format!("no filter can be written for {}", std::env::consts::ARCH))?;
    let filter =
        SeccompFilter::new(rules, others, matching, architecture).map_err(|error| error.to_string())?;
    let program: BpfProgram = filter
        .try_into()
        .map_err(|error: BackendError| error.to_string())?;
    seccompiler::apply_filter(&program).map_err(|error| error.to_string())
}
