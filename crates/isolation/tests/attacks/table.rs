//! Which attacks each layer denies alone, as root; every other one it lets through.

use weft_isolation::Layer;

use crate::attack::Attack::{
    self, BecomeRoot, ConnectAbstract, ConnectTcp, Execute, ExecuteAsRoot, Fork, ManyDescriptors, Memory,
    Mount, NameHost, ReadEnvironment, ReadFile, ReadInherited, ReadSecret, SendUdp, SharedMemory, Signal,
    Trace, Unshare, WriteFile,
};

/// The control group has tests of its own: it is nothing a process enters.
pub(crate) const DENIED: [(Layer, &[Attack]); 13] = [
    (Layer::Descriptors, &[ReadInherited]),
    (Layer::Limits, &[WriteFile, Memory, ManyDescriptors]),
    (
        Layer::Identity,
        &[
            ReadSecret,
            Trace,
            Signal,
            ReadEnvironment,
            Unshare,
            Mount,
            BecomeRoot,
            NameHost,
        ],
    ),
    (
        Layer::UserNamespace,
        &[Trace, ReadEnvironment, Mount, BecomeRoot, ExecuteAsRoot, NameHost],
    ),
    (Layer::PidNamespace, &[Trace, Signal]),
    (Layer::NetworkNamespace, &[ConnectTcp, SendUdp, ConnectAbstract]),
    (Layer::IpcNamespace, &[SharedMemory]),
    (Layer::UtsNamespace, &[NameHost]),
    (
        Layer::EmptyRoot,
        &[
            ReadSecret,
            ReadFile,
            WriteFile,
            Execute,
            ReadEnvironment,
            Mount,
            ExecuteAsRoot,
        ],
    ),
    (
        Layer::Capabilities,
        &[
            Trace,
            ReadEnvironment,
            Unshare,
            Mount,
            BecomeRoot,
            ExecuteAsRoot,
            NameHost,
        ],
    ),
    (Layer::NoNewPrivileges, &[ExecuteAsRoot]),
    (
        Layer::Landlock,
        &[
            ReadSecret,
            ReadFile,
            WriteFile,
            ConnectTcp,
            ConnectAbstract,
            Execute,
            Trace,
            Signal,
            ReadEnvironment,
            Mount,
            ExecuteAsRoot,
        ],
    ),
    (
        Layer::Seccomp,
        &[
            ReadSecret,
            ReadFile,
            WriteFile,
            ConnectTcp,
            SendUdp,
            ConnectAbstract,
            Execute,
            Fork,
            Trace,
            Signal,
            ReadEnvironment,
            Unshare,
            Mount,
            BecomeRoot,
            ExecuteAsRoot,
            NameHost,
            SharedMemory,
        ],
    ),
];
