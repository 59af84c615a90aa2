//! Where in the journal runs have ended, so that whoever looks at one waits for no other.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use weft_types::RunId;

use crate::port::journal::Position;

/// The ends of runs, as far as they are remembered: between [`MOST`] and twice as many.
#[derive(Default)]
pub(crate) struct Ends(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    young: HashMap<RunId, Position>,
    old: HashMap<RunId, Position>,
    /// Where all those had ended that are no longer remembered; none where that is not known.
    before: Option<Position>,
}

/// About 24 bytes each.
const MOST: usize = 32 << 10;

impl Ends {
    /// All that ended before the engine was opened did so before `position`.
    pub(crate) fn opened_at(&self, position: Position) {
        self.with(|inner| inner.before = inner.before.max(Some(position)));
    }

    /// A run ended, and what it did is in the journal up to `position`.
    pub(crate) fn put(&self, run: RunId, position: Position) {
        self.with(|inner| {
            inner.young.insert(run, position);
            if inner.young.len() >= MOST {
                let last = inner.old.values().max().copied();
                inner.before = inner
                    .before
                    .map(|before| last.map_or(before, |last| before.max(last)));
                inner.old = std::mem::take(&mut inner.young);
            }
        });
    }

    /// Where a run that is not open has ended at the latest; none where that is not known.
    pub(crate) fn of(&self, run: RunId) -> Option<Position> {
        self.with(|inner| {
            let known = inner.young.get(&run).or_else(|| inner.old.get(&run));
            known.copied().or(inner.before)
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut Inner) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn run(number: usize) -> RunId {
        RunId(Uuid::from_u128(number as u128))
    }

    #[test]
    fn an_end_is_where_it_was_put() {
        let ends = Ends::default();
        ends.put(run(1), Position(7));
        assert_eq!(ends.of(run(1)), Some(Position(7)));
        assert_eq!(ends.of(run(2)), None, "nothing is known of what was before");
        ends.opened_at(Position(3));
        assert_eq!(ends.of(run(2)), Some(Position(3)));
    }

    #[test]
    fn of_those_that_are_forgotten_the_last_is_known() {
        let ends = Ends::default();
        ends.opened_at(Position(0));
        for number in 0..3 * MOST {
            ends.put(run(number), Position(number as u64 + 1));
        }
        let last = 3 * MOST - 1;
        assert_eq!(ends.of(run(last)), Some(Position(last as u64 + 1)));
        let forgotten = ends.of(run(0)).unwrap();
        assert!(forgotten >= Position(1), "it had ended by then");
        assert!(
            forgotten <= Position(2 * MOST as u64),
            "{forgotten:?}: nobody waits for the latest"
        );
    }
}
