//! All layers together.

mod arguments;
mod outside;

use crate::group::Entrance;
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
    /// Its control group; empty where the process is in one already, or the host has none.
    group: Entrance,
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
            group: Entrance::default(),
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

    /// Enters the layers, and answers which were entered. Layers that the host is known to lack are tried all the same. The
    /// caller goes on in a child where the host has process namespaces.
    ///
    /// # Errors
    /// Where a layer cannot be entered that the host was thought to have.
    pub fn enter(&self) -> Result<LayerSet, LayerError> {
        self.enter_and_prepare(|| {})
    }

    /// As [`Confinement::enter`]; `prepare` is called in the process that goes on, while it still sees the host's files: what it opens
    /// of `/proc/self` is its own, not that of its parent, and tells no physical addresses.
    ///
    /// # Errors
    /// As for [`Confinement::enter`].
    pub fn enter_and_prepare(&self, prepare: impl FnOnce()) -> Result<LayerSet, LayerError> {
        let mut prepare = Some(prepare);
        let mut entered = LayerSet::NONE;
        for layer in self.order() {
            let mut prepare = || prepare.take().map_or((), |prepare| prepare());
            let entering = match &self.outside {
                _ if layer == Layer::ControlGroup => self.enter_group(),
                Some(outside) if Outside::is_given(layer) => {
                    let proved = outside.prove(layer, &self.settings);
                    // Whoever is proved to be in a container has no capability over the host.
                    if layer == Layer::PidNamespace {
                        prepare();
                    }
                    proved
                }
                _ if layer == Layer::PidNamespace => Layer::enter_process_namespace(prepare),
                _ => layer.enter(&self.settings),
            };
            match entering {
                Ok(()) => entered.insert(layer),
                Err(_) if self.lacking.contains(layer) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(entered)
    }

    /// Enters the control group. That of a container is entered by who makes the container.
    fn enter_group(&self) -> Result<(), LayerError> {
        if self.group.is_empty() && self.outside.is_none() {
            return Err(Layer::ControlGroup.error("entering it", "the process was told none"));
        }
        Layer::ControlGroup.enter(&self.settings)?;
        let entered = self.group.enter();
        entered.map_err(|error| Layer::ControlGroup.error("entering it", error))
    }

    /// The order that works. A user namespace gives an unprivileged user what the other namespaces take, so the user is changed
    /// before it; without one only root has it, who must stay so until they are entered.
    fn order(&self) -> Vec<Layer> {
        let user_late = self.lacking.contains(Layer::UserNamespace);
        // What follows is to be counted and bounded.
        let mut order = vec![Layer::ControlGroup, Layer::Descriptors];
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
        ]);
        order
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
