//! What attacks are aimed at, and what comes of them.

use std::io::Read;
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use weft_isolation::{Identity, Limits};

use crate::attack::Attack;
use crate::attacker;

/// What an attacker may use up: enough to run, less than it tries to take.
pub(crate) const LIMITS: Limits = Limits {
    memory: 64 << 20,
    files: 32,
};
/// Who an attacker is: nobody else is.
pub(crate) const IDENTITY: Identity = Identity { id: 2_000_000_007 };
/// A number that no descriptor of an attacker gets otherwise.
const INHERITED: i32 = 77;

/// What came of an attack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It had its effect.
    Done,
    /// It had none: what the attacker was told.
    Denied(String),
    /// It could not be tried.
    Broken(String),
}

impl Outcome {
    pub(crate) fn is_denied(&self) -> bool {
        matches!(self, Self::Denied(_))
    }
}

pub(crate) struct Scene {
    directory: tempfile::TempDir,
    tcp: TcpListener,
    udp: UdpSocket,
    address: String,
    _abstract: UnixListener,
    inherited: OwnedFd,
    segment: Segment,
}

impl Scene {
    pub(crate) fn new() -> Self {
        assert!(
            Identity::can_change(),
            "these tests must run as root: they show what is denied to root"
        );
        let directory = tempfile::tempdir().expect("a directory");
        let open_to_all = |path: &PathBuf, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("permissions");
        };
        open_to_all(&directory.path().to_owned(), 0o777);
        for (name, mode) in [("secret", 0o600), ("open", 0o644), ("writable", 0o666)] {
            let path = directory.path().join(name);
            std::fs::write(&path, "content").expect("a file");
            open_to_all(&path, mode);
        }
        std::fs::create_dir(directory.path().join("mount")).expect("a directory");
        let copy = directory.path().join("as-root");
        std::fs::copy(std::env::current_exe().expect("this program"), &copy).expect("a copy");
        open_to_all(&copy, 0o4755);
        let address = format!("weft-attacks-{}", std::process::id());
        let name = SocketAddr::from_abstract_name(&address).expect("a name");
        let inherited = std::fs::File::open(directory.path().join("secret")).expect("a file");
        Self {
            tcp: TcpListener::bind("127.0.0.1:0").expect("a port"),
            udp: UdpSocket::bind("127.0.0.1:0").expect("a port"),
            _abstract: UnixListener::bind_addr(&name).expect("a socket"),
            inherited: leave_open(&inherited),
            segment: Segment::new(),
            directory,
            address,
        }
    }

    /// What an attacker is told of what it attacks.
    pub(crate) fn arguments(&self, attack: Attack, victim: &Victim) -> Vec<String> {
        vec![
            format!("attack={attack:?}"),
            format!("directory={}", self.directory.path().display()),
            format!("tcp={}", self.tcp.local_addr().expect("an address")),
            format!("udp={}", self.udp.local_addr().expect("an address")),
            format!("abstract={}", self.address),
            format!("victim={}", victim.0.id()),
            format!("inherited={}", self.inherited.as_raw_fd()),
            format!("segment={}", self.segment.key),
        ]
    }
}

impl Outcome {
    /// From what an attacker told until it ended in some way.
    pub(crate) fn of(told: &str, end: &dyn std::fmt::Debug) -> Self {
        let word = told.lines().last().unwrap_or_default();
        match word.split_once(' ').unwrap_or((word, "")) {
            ("done", _) => Self::Done,
            ("denied", why) => Self::Denied(why.to_owned()),
            ("contained", _) => {
                match rustix::system::uname().nodename().to_bytes() == attacker::NAME.as_bytes() {
                    true => Self::Done,
                    false => Self::Denied("it named another host".to_owned()),
                }
            }
            ("broken", why) => Self::Broken(why.to_owned()),
            // What is killed for what it does tells nothing.
            ("trying", _) => Self::Denied(format!("{end:?}")),
            _ => Self::Broken(format!("it said `{told}` and ended with {end:?}")),
        }
    }
}

/// A copy of a descriptor that children inherit.
fn leave_open(file: &std::fs::File) -> OwnedFd {
    let copy = rustix::io::fcntl_dupfd_cloexec(file, INHERITED).expect("a copy");
    rustix::io::fcntl_setfd(&copy, rustix::io::FdFlags::empty()).expect("flags");
    copy
}

/// Another process of root, which lives until it is dropped or somebody ends it.
pub(crate) struct Victim(Child);

impl Victim {
    pub(crate) fn new() -> Self {
        let victim = Command::new(std::env::current_exe().expect("this program"))
            .args([attacker::ARGUMENT, "victim"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut victim = victim.expect("a victim");
        // It has begun once it says so.
        let mut word = [0];
        let output = victim.stdout.as_mut().expect("its output");
        output.read_exact(&mut word).expect("its first word");
        Self(victim)
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.0.kill().expect("an end");
        self.0.wait().expect("its end");
    }
}

/// A System V segment.
struct Segment {
    key: i32,
    id: i32,
}

#[expect(unsafe_code, reason = "no safe crate offers System V segments")]
impl Segment {
    fn new() -> Self {
        let key = i32::try_from(std::process::id()).expect("a small number") | 0x7700_0000;
        // SAFETY: asks for a segment by number and touches no memory.
        let id = unsafe { libc::shmget(key, 4096, libc::IPC_CREAT | libc::IPC_EXCL | 0o666) };
        assert!(id >= 0, "{}", std::io::Error::last_os_error());
        Self { key, id }
    }
}

#[expect(unsafe_code, reason = "no safe crate offers System V segments")]
impl Drop for Segment {
    fn drop(&mut self) {
        // SAFETY: marks the segment, which nobody has mapped, for removal; the pointer is not used.
        unsafe { libc::shmctl(self.id, libc::IPC_RMID, std::ptr::null_mut()) };
    }
}
