//! What is lost without a layer, and how to get it.

use crate::Layer;

/// What is not enforced where a layer is missing and all others are there.
pub(super) fn of(layer: Layer) -> &'static str {
    match layer {
        Layer::Descriptors => "a worker may find files open that the server was started with",
        Layer::Limits => "a worker is not kept from writing files, opening many, or taking memory",
        Layer::Identity => "workers are the server's user, and so are kept from its files by fewer layers",
        Layer::UserNamespace => "workers' users exist on the host too",
        Layer::PidNamespace => {
            "workers can name other processes; only other layers keep them from signals and traces"
        }
        Layer::NetworkNamespace => "only seccomp keeps workers from the network",
        Layer::IpcNamespace => "only seccomp keeps workers from System V communication",
        Layer::UtsNamespace => "workers see the host's name",
        Layer::EmptyRoot => {
            "workers have the host's files before them; only landlock and seccomp keep them from these"
        }
        Layer::Capabilities => "workers keep capabilities",
        Layer::NoNewPrivileges => "workers could gain privileges by executing files",
        Layer::Landlock => "only the empty root and seccomp keep workers from files",
        Layer::Seccomp => "workers may do any system call",
        Layer::ControlGroup => {
            "memory is bounded for each process only, of all together it is only sampled (`--workers-memory`), threads and CPU time are not bounded at all, and running out of memory looks like a crash"
        }
    }
}

/// What gives a host the layer.
pub(super) fn remedy(layer: Layer) -> &'static str {
    match layer {
        Layer::Identity => "run the server as root, which it does not need otherwise",
        Layer::UserNamespace => {
            "allow user namespaces: `user.max_user_namespaces` above 0, and no AppArmor or seccomp policy against them"
        }
        Layer::PidNamespace
        | Layer::NetworkNamespace
        | Layer::IpcNamespace
        | Layer::UtsNamespace
        | Layer::EmptyRoot => "allow user namespaces, or run the server as root with CAP_SYS_ADMIN",
        Layer::Landlock => "use Linux 6.12 or later with `landlock` in `lsm=`",
        Layer::Seccomp => "use a kernel with CONFIG_SECCOMP_FILTER on a supported architecture",
        Layer::ControlGroup => "run the server as root or in a delegated group (systemd: `Delegate=yes`)",
        Layer::Descriptors => "mount /proc",
        Layer::Limits | Layer::Capabilities | Layer::NoNewPrivileges => {
            "every Linux has it: look for a policy of the host that denies it"
        }
    }
}
