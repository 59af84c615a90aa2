//! Groups that the workers of one pool have in common. Pools get equal shares of the CPU, and share theirs out among their
//! workers: one with many workers takes nothing from one that has a single one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::GroupError;
use super::place::Place;

/// The pools of which something is there, each with how much: its groups last as long.
#[derive(Clone, Debug, Default)]
pub(super) struct Pools(Arc<Mutex<HashMap<String, usize>>>);

/// A part in a pool. The pool's groups are removed with the last of it.
#[derive(Debug)]
pub(super) struct Member {
    pools: Pools,
    name: String,
    places: Vec<Place>,
}

impl Pools {
    /// Enters a pool whose groups are at `places`; `make` makes those that are to be there by then.
    pub(super) fn enter(
        &self,
        name: &str,
        places: Vec<Place>,
        make: impl FnOnce(&[Place]) -> Result<(), GroupError>,
    ) -> Result<Member, GroupError> {
        // Held meanwhile, so that nobody removes what was just made.
        let mut members = self.members();
        make(&places)?;
        *members.entry(name.to_owned()).or_default() += 1;
        drop(members);
        Ok(Member {
            pools: self.clone(),
            name: name.to_owned(),
            places,
        })
    }

    fn members(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        // Whoever panicked counted already, or not at all.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut members = self.pools.members();
        let left = members.get(&self.name).map_or(0, |count| count.saturating_sub(1));
        if left > 0 {
            members.insert(std::mem::take(&mut self.name), left);
            return;
        }
        members.remove(&self.name);
        for place in &self.places {
            // Where a worker could not be ended its group is left, and this one with it: a later server's sweep removes both.
            let _ = std::fs::remove_dir(&place.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::place::Controller;
    use super::*;

    #[test]
    fn the_groups_of_a_pool_go_with_the_last_of_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let place = Place {
            controller: Controller::Pids,
            path: directory.path().join("7"),
        };
        let pools = Pools::default();
        let make = |places: &[Place]| {
            std::fs::create_dir_all(&places[0].path).expect("a directory");
            Ok(())
        };
        let enter = || {
            pools
                .enter("7", vec![place.clone()], make)
                .expect("a part in the pool")
        };
        let (first, second) = (enter(), enter());
        drop(first);
        assert!(place.path.exists(), "it has a second worker");
        drop(second);
        assert!(!place.path.exists(), "it has none");
        drop(enter());
        assert!(pools.members().is_empty(), "nothing is remembered of it");
    }
}
