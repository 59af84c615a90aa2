//! The system calls of a container.
//!
//! More than a worker has, whose own filter is entered later and comes on top: this one must let pass what runtimes do once they
//! have entered it, the start of a program, and what a worker does until it has confined itself. Nothing of a guest executes before.

use serde_json::{Value, json};

/// The flags of `clone` that make namespaces.
const NAMESPACES: i32 = libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET;

/// The filter, in the form that a configuration has it.
pub(super) fn allowed() -> Value {
    let groups = [IN_THE_END, TO_CONFINE, FOR_RUNTIMES, HERE];
    let names: Vec<&str> = groups.iter().flat_map(|group| group.split_whitespace()).collect();
    let local = json!({"index": 0, "value": libc::AF_UNIX, "op": "SCMP_CMP_EQ"});
    let thread = json!({
        "index": 0, "value": libc::CLONE_THREAD | NAMESPACES, "valueTwo": libc::CLONE_THREAD, "op": "SCMP_CMP_MASKED_EQ",
    });
    json!({
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": libc::EPERM,
        "architectures": [ARCHITECTURE],
        "syscalls": [
            {"names": names, "action": "SCMP_ACT_ALLOW"},
            // With which a program's own threads wake each other.
            {"names": ["socketpair"], "action": "SCMP_ACT_ALLOW", "args": [local]},
            // Threads, and neither processes nor namespaces.
            {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [thread]},
            // Its flags lie where no filter can look; who is told that it does not exist uses `clone`.
            {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": libc::ENOSYS},
        ],
    })
}

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: &str = "SCMP_ARCH_X86_64";
#[cfg(target_arch = "riscv64")]
const ARCHITECTURE: &str = "SCMP_ARCH_RISCV64";
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: &str = "SCMP_ARCH_AARCH64";

/// What a worker has in the end.
const IN_THE_END: &str = "\
    brk clock_getres clock_gettime clock_nanosleep close epoll_create1 epoll_ctl epoll_pwait eventfd2 \
    exit exit_group fcntl fstat futex getpid getrandom getrusage gettid ioctl lseek madvise membarrier \
    mmap mprotect mremap munmap ppoll pread64 read readv recvfrom restart_syscall rseq rt_sigaction \
    rt_sigprocmask rt_sigreturn sched_getaffinity sched_yield sendto set_robust_list sigaltstack statx \
    sysinfo tgkill timerfd_create timerfd_settime uname write writev";

/// What it takes to confine itself.
const TO_CONFINE: &str = "\
    capget getdents64 getegid geteuid getgid getgroups getppid getuid landlock_add_rule \
    landlock_create_ruleset landlock_restrict_self newfstatat openat prctl prlimit64 readlinkat seccomp \
    set_tid_address statfs fstatfs";

/// What runtimes do behind the filter.
const FOR_RUNTIMES: &str = "\
    accept4 capset chdir close_range dup dup3 execve faccessat faccessat2 getcwd openat2 recvmsg sendmsg \
    setgid setgroups setresgid setresuid setuid shutdown";

/// What C libraries use on this architecture in the place of the calls above.
#[cfg(target_arch = "x86_64")]
const HERE: &str = "access arch_prctl dup2 epoll_wait lstat nanosleep open poll readlink stat";
#[cfg(not(target_arch = "x86_64"))]
const HERE: &str = "";
