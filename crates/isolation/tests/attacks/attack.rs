//! The attacks.

/// Something a process behind the layers must not be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attack {
    /// Reads a file that only root may read.
    ReadSecret,
    /// Reads a file that everybody may read.
    ReadFile,
    /// Writes a file where everybody may.
    WriteFile,
    /// Reads a descriptor that its parent left open.
    ReadInherited,
    /// Connects to a TCP port of the host.
    ConnectTcp,
    /// Sends to a UDP port of the host.
    SendUdp,
    /// Connects to an abstract socket of the host.
    ConnectAbstract,
    /// Executes a file.
    Execute,
    /// Starts a process.
    Fork,
    /// Traces another process.
    Trace,
    /// Ends another process.
    Signal,
    /// Reads another process's environment.
    ReadEnvironment,
    /// Leaves for a new network namespace.
    Unshare,
    /// Mounts a file system.
    Mount,
    /// Becomes root.
    BecomeRoot,
    /// Becomes root by executing a file.
    ExecuteAsRoot,
    /// Changes the host's name.
    NameHost,
    /// Finds a System V segment of the host.
    SharedMemory,
    /// Takes more memory than it may.
    Memory,
    /// Opens more descriptors than it may.
    ManyDescriptors,
}

impl Attack {
    pub(crate) const ALL: [Self; 20] = [
        Self::ReadSecret,
        Self::ReadFile,
        Self::WriteFile,
        Self::ReadInherited,
        Self::ConnectTcp,
        Self::SendUdp,
        Self::ConnectAbstract,
        Self::Execute,
        Self::Fork,
        Self::Trace,
        Self::Signal,
        Self::ReadEnvironment,
        Self::Unshare,
        Self::Mount,
        Self::BecomeRoot,
        Self::ExecuteAsRoot,
        Self::NameHost,
        Self::SharedMemory,
        Self::Memory,
        Self::ManyDescriptors,
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|attack| format!("{attack:?}") == name)
    }
}
