//! All layers together.

mod arguments;
mod outside;

use crate::layer::{Identity, Layer, LayerError, LayerSet, LayerSettings, Limits};

pub use arguments::ArgumentError;
use outside::Outside;

/// How a process is to confine itself: by every layer.
///
/// What the host lacks is named beforehand, as the operator was told it lacks it. Anything else that fails is an error, and the
/// process must end: no layer is missed unnoticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confinement {
    settings: LayerSettings,
    lacking: LayerSet,
    /// What is around the container that the process is in, if it is in one.
    outside: Option<Outside>,
}

impl Confinement {
    /// One by all layers, of which the host is known to lack some.
    #[must_use]
    pub fn new(limits: Limits, identity: Identity, lacking: LayerSet) -> Self {
        Self {
            settings: LayerSettings { limits, identity },
            lacking,
            outside: None,
        }
    }

    /// The same within a container that this process has made: the layers that it gives are not entered but proved to be there.
    #[must_use]
    pub fn in_a_container(self) -> Self {
        Self {
            outside: Some(Outside::of_this_process()),
            ..self
        }
    }

    /// Waits for the server's first word, then enters the layers, and answers which were entered. Layers that the host is known
    /// to lack are tried all the same.
    ///
    /// Standard input must be the socket. The server puts the process into its control group before it says a word, so nothing
    /// of what follows is outside of it. The caller goes on in a child where the host has process namespaces.
    ///
    /// # Errors
    /// Where a layer cannot be entered that the host was thought to have.
    pub fn enter(&self) -> Result<LayerSet, LayerError> {
        wait_for_the_server()?;
        let mut entered = LayerSet::NONE;
        for layer in self.order() {
            let entering = match &self.outside {
                Some(outside) if Outside::is_given(layer) => outside.prove(layer, &self.settings),
                _ => layer.enter(&self.settings),
            };
            match entering {
                Ok(()) => entered.insert(layer),
                Err(_) if self.lacking.contains(layer) => {}
                Err(error) => return Err(error),
            }
        }
        // That one is the server's to enter, and to name as lacking.
        if self.lacking.contains(Layer::ControlGroup) {
            entered = entered.without([Layer::ControlGroup].into_iter().collect());
        }
        Ok(entered)
    }

    /// The order that works. A user namespace gives an unprivileged user what the other namespaces take, so the user is changed
    /// before it; without one only root has it, who must stay so until they are entered.
    fn order(&self) -> Vec<Layer> {
        let user_late = self.lacking.contains(Layer::UserNamespace);
        let mut order = vec![Layer::Descriptors];
        if !user_late {
            order.extend([Layer::Identity, Layer::UserNamespace]);
        }
        order.extend([
            Layer::PidNamespace,
            Layer::NetworkNamespace,
            Layer::IpcNamespace,
            Layer::UtsNamespace,
            Layer::EmptyRoot,
        ]);
        if user_late {
            order.extend([Layer::UserNamespace, Layer::Identity]);
        }
        order.extend([
            Layer::Limits,
            Layer::Capabilities,
            Layer::NoNewPrivileges,
            Layer::Landlock,
            Layer::Seccomp,
            Layer::ControlGroup,
        ]);
        order
    }
}

/// Waits until the server has said its first word to this process, which stays to be read.
///
/// # Errors
/// Where standard input cannot be waited for.
pub fn wait_for_the_server() -> Result<(), LayerError> {
    use rustix::event::{PollFd, PollFlags};
    let socket = rustix::stdio::stdin();
    let mut events = [PollFd::from_borrowed_fd(socket, PollFlags::IN)];
    loop {
        match rustix::event::poll(&mut events, None) {
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => {
                return Err(LayerError {
                    layer: Layer::ControlGroup,
                    step: "waiting for the server",
                    why: error.to_string(),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_is_entered_once_whatever_is_lacking() {
        for lacking in [
            LayerSet::NONE,
            [Layer::UserNamespace].into_iter().collect(),
            LayerSet::all(),
        ] {
            let limits = Limits {
                memory: 1 << 20,
                files: 8,
            };
            let order = Confinement::new(limits, Identity { id: 1 }, lacking).order();
            assert_eq!(order.len(), Layer::ALL.len());
            assert_eq!(order.into_iter().collect::<LayerSet>(), LayerSet::all());
        }
    }
}
