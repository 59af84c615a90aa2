//! The attacker: it enters layers, tries one attack and tells over its standard input, a socket, what came of it.
#![expect(
    unsafe_code,
    reason = "attacks use system calls that nobody else needs, so no safe crate offers them"
)]

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::os::fd::BorrowedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use rustix::mount::{MountFlags, UnmountFlags};
use rustix::process::{Pid, Signal};
use rustix::thread::{Gid, Uid, UnshareFlags};
use weft_isolation::{Confinement, Layer, LayerSet, LayerSettings};

use crate::attack::Attack;
use crate::scene;

/// The first argument of an attacker.
pub(crate) const ARGUMENT: &str = "attack";
/// The name that a host gets that may be named.
pub(crate) const NAME: &str = "weft-attacked";
/// Somebody without rights.
const NOBODY: u32 = 65_533;
/// More than [`scene::LIMITS`] allow.
const TOO_MUCH: usize = 256 << 20;
const TOO_MANY: usize = 100;

type Result<T = ()> = std::result::Result<T, String>;

/// Does what the arguments say and ends the process.
pub(crate) fn run(arguments: &[String]) -> ! {
    match arguments {
        [word] if word == "victim" => live(),
        [word] if word == "executed" => tell("done"),
        [word] if word == "as-root" => match privileged() {
            Ok(()) => tell("done"),
            Err(why) => tell(&format!("denied {why}")),
        },
        _ => try_it(&Arguments(arguments)),
    }
    std::process::exit(0)
}

/// A victim: says that it has begun, and lives until its input ends.
fn live() {
    let begun = std::io::stdout()
        .write_all(b"v")
        .and_then(|()| std::io::stdout().flush());
    let read = begun.and_then(|()| std::io::stdin().read_to_end(&mut Vec::new()));
    read.expect("a test that listens");
}

fn try_it(arguments: &Arguments<'_>) {
    let attack = Attack::named(arguments.get("attack")).expect("an attack");
    if let Err(why) = confine(arguments) {
        return tell(&format!("broken {why}"));
    }
    tell("trying");
    match carry_out(attack, arguments) {
        Ok(word) => tell(word),
        Err(why) => tell(&format!("denied {why}")),
    }
}

fn confine(arguments: &Arguments<'_>) -> Result {
    let Some(layers) = arguments.find("layers") else {
        let confinement = Confinement::from_arguments(arguments.0).map_err(told)?;
        let entered = confinement.enter().map_err(told)?;
        // A container is in a group before anything runs in it; a process of these tests is told none.
        let group = [Layer::ControlGroup].into_iter().collect();
        return match entered.without(group) == LayerSet::all().without(group) {
            true => Ok(()),
            false => Err(format!("only {entered} were entered")),
        };
    };
    let settings = LayerSettings {
        limits: scene::LIMITS,
        identity: scene::IDENTITY,
    };
    let mut layers = LayerSet::parse(layers)?.iter();
    layers.try_for_each(|layer| layer.enter(&settings).map_err(told))
}

fn carry_out(attack: Attack, arguments: &Arguments<'_>) -> Result<&'static str> {
    let file = |name: &str| PathBuf::from(arguments.get("directory")).join(name);
    let victim = arguments.number("victim");
    let done = match attack {
        Attack::ReadSecret => std::fs::read(file("secret")).map(drop).map_err(told),
        Attack::ReadFile => std::fs::read(file("open")).map(drop).map_err(told),
        Attack::WriteFile => std::fs::write(file("writable"), "overwritten").map_err(told),
        Attack::ReadInherited => read_inherited(arguments.number("inherited")),
        Attack::ConnectTcp => TcpStream::connect(arguments.get("tcp")).map(drop).map_err(told),
        Attack::SendUdp => send_udp(arguments.get("udp")),
        Attack::ConnectAbstract => connect_abstract(arguments.get("abstract")),
        Attack::Execute => Err(execute(file("as-root"), "executed")),
        Attack::Fork => fork(),
        Attack::Trace => trace(victim),
        Attack::Signal => signal(victim),
        Attack::ReadEnvironment => std::fs::read(format!("/proc/{victim}/environ"))
            .map(drop)
            .map_err(told),
        Attack::Unshare => unshare(),
        Attack::Mount => mount(&file("mount")),
        Attack::BecomeRoot => become_somebody(0).and_then(|()| privileged()),
        Attack::ExecuteAsRoot => {
            // Who cannot become somebody else tries as who it is.
            let _ = become_somebody(NOBODY);
            Err(execute(file("as-root"), "as-root"))
        }
        Attack::NameHost => return name_host(victim),
        Attack::SharedMemory => find_segment(arguments.number("segment")),
        Attack::Memory => Vec::<u8>::new().try_reserve_exact(TOO_MUCH).map_err(told),
        Attack::ManyDescriptors => open_many(),
    };
    done.map(|()| "done")
}

fn read_inherited(descriptor: i32) -> Result {
    // SAFETY: whether it is open is what is tried; nothing of this process closes it meanwhile.
    let inherited = unsafe { BorrowedFd::borrow_raw(descriptor) };
    rustix::io::read(inherited, &mut [0; 8]).map(drop).map_err(told)
}

fn send_udp(address: &str) -> Result {
    let socket = UdpSocket::bind("127.0.0.1:0").map_err(told)?;
    socket.send_to(b"attack", address).map(drop).map_err(told)
}

fn connect_abstract(name: &str) -> Result {
    let address = SocketAddr::from_abstract_name(name).map_err(told)?;
    UnixStream::connect_addr(&address).map(drop).map_err(told)
}

/// Becomes another program, which tells that it was executed; returns why not.
fn execute(program: PathBuf, word: &str) -> String {
    told(Command::new(program).args([ARGUMENT, word]).exec())
}

fn fork() -> Result {
    // SAFETY: the process has one thread, and the child ends at once.
    match unsafe { libc::fork() } {
        // SAFETY: ends the child without running anything of its parent's.
        0 => unsafe { libc::_exit(0) },
        child if child < 0 => Err(told(std::io::Error::last_os_error())),
        _ => rustix::process::wait(rustix::process::WaitOptions::empty())
            .map(drop)
            .map_err(told),
    }
}

fn trace(victim: i32) -> Result {
    let nothing = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: attaches to a process without touching memory of this one.
    succeeded(unsafe { libc::ptrace(libc::PTRACE_SEIZE, victim, nothing, nothing) })
}

fn signal(victim: i32) -> Result {
    let victim = Pid::from_raw(victim).expect("a process");
    rustix::process::kill_process(victim, Signal::TERM).map_err(told)
}

fn unshare() -> Result {
    // SAFETY: the table of descriptors stays as it is.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNET) }.map_err(told)
}

fn mount(place: &PathBuf) -> Result {
    rustix::mount::mount("attack", place, "tmpfs", MountFlags::empty(), None).map_err(told)?;
    rustix::mount::unmount(place, UnmountFlags::DETACH).expect("its own mount");
    Ok(())
}

fn become_somebody(id: u32) -> Result {
    let (user, group) = (Uid::from_raw(id), Gid::from_raw(id));
    rustix::thread::set_thread_res_gid(group, group, group).map_err(told)?;
    rustix::thread::set_thread_res_uid(user, user, user).map_err(told)
}

/// Whether this process has any capability.
fn privileged() -> Result {
    let held = rustix::thread::capabilities(None).map_err(told)?;
    match held.effective.is_empty() {
        true => Err("no capability".to_owned()),
        false => Ok(()),
    }
}

/// Names the host anew where that is another one than the victim's; where it is the same, it gets the name it has.
fn name_host(victim: i32) -> Result<&'static str> {
    let namespace = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/uts")).ok();
    let (own, others) = (namespace("self"), namespace(&victim.to_string()));
    if own.is_some() && others.is_some() && own != others {
        rustix::system::sethostname(NAME.as_bytes()).map_err(told)?;
        return Ok("contained");
    }
    let present = rustix::system::uname();
    rustix::system::sethostname(present.nodename().to_bytes()).map_err(told)?;
    Ok("done")
}

fn find_segment(key: i32) -> Result {
    // SAFETY: asks for a segment by number and touches no memory.
    succeeded(unsafe { libc::shmget(key, 0, 0) }.into())
}

fn open_many() -> Result {
    let copies = (0..TOO_MANY).map(|_| rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3));
    copies
        .collect::<std::result::Result<Vec<_>, _>>()
        .map(drop)
        .map_err(told)
}

fn succeeded(answer: i64) -> Result {
    match answer {
        0.. => Ok(()),
        _ => Err(told(std::io::Error::last_os_error())),
    }
}

fn told(error: impl ToString) -> String {
    error.to_string()
}

/// Tells the test; a failure to do so leaves it with what was told before.
fn tell(word: &str) {
    let _ = rustix::io::write(rustix::stdio::stdin(), format!("{word}\n").as_bytes());
}

struct Arguments<'a>(&'a [String]);

impl Arguments<'_> {
    fn find(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find_map(|argument| argument.strip_prefix(name)?.strip_prefix('='))
    }

    fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_else(|| panic!("`{name}` is missing"))
    }

    fn number(&self, name: &str) -> i32 {
        self.get(name).parse().expect("a number")
    }
}
