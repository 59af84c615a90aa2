//! Attackers as processes that confine themselves.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use weft_isolation::{Confinement, Layer, LayerSet};

use crate::attack::Attack;
use crate::attacker;
use crate::scene::{IDENTITY, LIMITS, Outcome, Scene, Victim};

impl Scene {
    /// Tries an attack behind some layers, each entered alone.
    pub(crate) fn attack(&self, attack: Attack, layers: &[Layer]) -> Outcome {
        let layers: LayerSet = layers.iter().copied().collect();
        self.run(attack, &[format!("layers={layers}")])
    }

    /// Tries an attack behind all layers, entered as the product does.
    pub(crate) fn attack_confined(&self, attack: Attack) -> Outcome {
        // Groups are made by servers: they are looked at where workers are launched.
        let lacking = [Layer::ControlGroup].into_iter().collect();
        let confinement = Confinement::new(LIMITS, IDENTITY, lacking);
        self.run(attack, &confinement.to_arguments())
    }

    fn run(&self, attack: Attack, layers: &[String]) -> Outcome {
        let victim = Victim::new();
        let (mut ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        let mut attacker = Command::new(std::env::current_exe().expect("this program"))
            .arg(attacker::ARGUMENT)
            .args(self.arguments(attack, &victim))
            .args(layers)
            .env_clear()
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .spawn()
            .expect("an attacker");
        let mut told = Vec::new();
        ours.read_to_end(&mut told).expect("what it tells");
        let told = String::from_utf8(told).expect("text");
        let status = attacker.wait().expect("its end");
        Outcome::of(&told, &status)
    }
}
