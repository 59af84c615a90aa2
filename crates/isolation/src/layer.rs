//! The layers that confine a process, each of which stands alone.
//!
//! A layer is entered by the process that it confines, at the beginning of its `main`, while it has one thread and nothing
//! hostile in it. None can be left again. [`Confinement`](crate::Confinement) enters all of them in the order that works; no
//! part of the product enters fewer unnoticed. Single ones are entered by [`Layer::enter`] to find out what a host has, and by
//! the tests that show what each of them denies.

mod capabilities;
mod descriptors;
mod guardian;
mod identity;
mod landlock;
mod limits;
mod namespaces;
mod root;
mod seccomp;
mod set;
mod threads;

pub use guardian::guard;
pub use identity::Identity;
pub use limits::Limits;
pub use root::own_mounts;
pub use set::LayerSet;

/// One layer. The order is that of their bits in a [`LayerSet`], and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// No descriptor but the standard three.
    Descriptors,
    /// Resource limits of the process: memory, open files, no written file, no core.
    Limits,
    /// A user and a group of its own, without any others.
    Identity,
    /// A user namespace, in which only the unprivileged user exists.
    UserNamespace,
    /// A process namespace with nobody else in it.
    PidNamespace,
    /// A network namespace without any network, not even loopback.
    NetworkNamespace,
    /// A namespace for System V and POSIX communication.
    IpcNamespace,
    /// A namespace for the host's name.
    UtsNamespace,
    /// A mount namespace whose root is empty and read-only.
    EmptyRoot,
    /// No capability, and none to be had again.
    Capabilities,
    /// Executing a file never gives privileges.
    NoNewPrivileges,
    /// Landlock without any right: no path, no TCP port, no signal or abstract socket to others.
    Landlock,
    /// Only the system calls that computing and answering take.
    Seccomp,
    /// A control group that bounds memory, processes and CPU time, which the server has made.
    ControlGroup,
}

/// What the layers need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerSettings {
    /// What the process may use up.
    pub limits: Limits,
    /// Whom it is to be.
    pub identity: Identity,
}

/// Why a layer could not be entered. The process must not go on to anything hostile, unless that was expected of this host.
#[derive(Debug, thiserror::Error)]
#[error("{layer}: {step}: {why}")]
pub struct LayerError {
    /// Which layer.
    pub layer: Layer,
    /// At what.
    pub step: &'static str,
    /// What the system said.
    pub why: String,
}

impl Layer {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Descriptors,
        Self::Limits,
        Self::Identity,
        Self::UserNamespace,
        Self::PidNamespace,
        Self::NetworkNamespace,
        Self::IpcNamespace,
        Self::UtsNamespace,
        Self::EmptyRoot,
        Self::Capabilities,
        Self::NoNewPrivileges,
        Self::Landlock,
        Self::Seccomp,
        Self::ControlGroup,
    ];

    /// Its name in arguments, reports and errors.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Descriptors => "descriptors",
            Self::Limits => "limits",
            Self::Identity => "identity",
            Self::UserNamespace => "user-namespace",
            Self::PidNamespace => "pid-namespace",
            Self::NetworkNamespace => "network-namespace",
            Self::IpcNamespace => "ipc-namespace",
            Self::UtsNamespace => "uts-namespace",
            Self::EmptyRoot => "empty-root",
            Self::Capabilities => "capabilities",
            Self::NoNewPrivileges => "no-new-privileges",
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
            Self::ControlGroup => "control-group",
        }
    }

    /// The layer of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layer| layer.name() == name)
    }

    /// Enters this layer alone. The calling process must have one thread.
    ///
    /// [`Layer::PidNamespace`] goes on in a child, while the caller waits for it and ends as it does. [`Layer::ControlGroup`]
    /// is entered by [`Confinement::enter`](crate::Confinement::enter), which is told which; alone it is nothing.
    ///
    /// # Errors
    /// Where the host does not have the layer, or the process may not use it.
    pub fn enter(self, settings: &LayerSettings) -> Result<(), LayerError> {
        threads::only_one().map_err(|why| self.error("counting threads", why))?;
        match self {
            Self::Descriptors => descriptors::close(),
            Self::Limits => settings.limits.enter(),
            Self::Identity => settings.identity.enter(),
            Self::UserNamespace => namespaces::user(),
            Self::PidNamespace => namespaces::pid(|| {}),
            Self::NetworkNamespace => namespaces::network(),
            Self::IpcNamespace => namespaces::ipc(),
            Self::UtsNamespace => namespaces::uts(),
            Self::EmptyRoot => root::enter(),
            Self::Capabilities => capabilities::drop_all(),
            Self::NoNewPrivileges => {
                rustix::thread::set_no_new_privs(true).map_err(|error| self.error("asking for it", error))
            }
            Self::Landlock => landlock::enter(),
            Self::Seccomp => seccomp::enter(),
            Self::ControlGroup => Ok(()),
        }
    }

    /// Enters [`Layer::PidNamespace`] alone, and calls `prepare` in the process that goes on, also where the layer cannot be entered.
    ///
    /// # Errors
    /// As for [`Layer::enter`].
    pub fn enter_process_namespace(prepare: impl FnOnce()) -> Result<(), LayerError> {
        namespaces::pid(prepare)
    }

    pub(crate) fn error(self, step: &'static str, why: impl ToString) -> LayerError {
        LayerError {
            layer: self,
            step,
            why: why.to_string(),
        }
    }
}

impl std::fmt::Display for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
