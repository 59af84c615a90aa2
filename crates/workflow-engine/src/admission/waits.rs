//! Nested runs that wait for a place of their workflow while the runs around them have others.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is had while what is waited for.
///
/// Whoever has a place gives it back once it ends, and it does not end before what it waits for is there. So were there a circle of such
/// waits, all of it would wait for ever. There is none: whoever would close one is told not to wait. As a place that is had is kept to the
/// end, and those of the runs around one that waits are all there when it begins to, looking once is enough.
pub(crate) struct Waits<B> {
    /// For each that somebody has who waits: what for, and how many do.
    by_had: Mutex<HashMap<B, HashMap<B, u32>>>,
}

/// One who waits; dropped, it no longer does.
pub(crate) struct Waiting<B: Copy + Eq + Hash> {
    waits: Arc<Waits<B>>,
    had: Box<[B]>,
    wanted: B,
}

impl<B: Copy + Eq + Hash> Waits<B> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            by_had: Mutex::default(),
        })
    }

    /// Begins to wait for `wanted`; none where who has that waits, maybe by way of others, for one of those `had`.
    pub(crate) fn begin(self: &Arc<Self>, had: Box<[B]>, wanted: B) -> Option<Waiting<B>> {
        let mut by_had = self.lock();
        if reaches(&by_had, wanted, &had) {
            return None;
        }
        for one in &had {
            *by_had.entry(*one).or_default().entry(wanted).or_default() += 1;
        }
        let waits = Arc::clone(self);
        Some(Waiting { waits, had, wanted })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<B, HashMap<B, u32>>> {
        self.by_had.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn reaches<B: Copy + Eq + Hash>(by_had: &HashMap<B, HashMap<B, u32>>, from: B, any: &[B]) -> bool {
    let (mut seen, mut next) = (HashSet::from([from]), vec![from]);
    while let Some(at) = next.pop() {
        if any.contains(&at) {
            return true;
        }
        let wanted = by_had.get(&at).into_iter().flat_map(HashMap::keys);
        next.extend(wanted.filter(|wanted| seen.insert(**wanted)));
    }
    false
}

impl<B: Copy + Eq + Hash> Drop for Waiting<B> {
    fn drop(&mut self) {
        let mut by_had = self.waits.lock();
        for one in &self.had {
            let Some(wanted) = by_had.get_mut(one) else {
                continue;
            };
            if let Some(count) = wanted.get_mut(&self.wanted) {
                *count -= 1;
                if *count == 0 {
                    wanted.remove(&self.wanted);
                }
            }
            if wanted.is_empty() {
                by_had.remove(one);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waits that begin one after another, as what is had and what is wanted, and which of them may.
    fn check(begun: &[(&str, char)], expected: &[bool]) {
        let waits = Waits::new();
        let waiting: Vec<_> = begun
            .iter()
            .map(|(had, wanted)| waits.begin(had.chars().collect(), *wanted))
            .collect();
        let may: Vec<_> = waiting.iter().map(Option::is_some).collect();
        assert_eq!(may, expected, "{begun:?}");
        drop(waiting);
        assert!(waits.lock().is_empty());
    }

    #[test]
    fn nobody_waits_in_a_circle() {
        check(&[("x", 'y'), ("y", 'z'), ("x", 'z')], &[true; 3]);
        check(&[("x", 'y'), ("x", 'y'), ("y", 'x')], &[true, true, false]);
        check(&[("x", 'y'), ("y", 'z'), ("z", 'x')], &[true, true, false]);
        check(&[("x", 'y'), ("wz", 'x'), ("y", 'w')], &[true, true, false]);
        check(&[("x", 'x')], &[false]);
        check(&[("", 'x'), ("x", 'y')], &[true; 2]);
    }

    #[test]
    fn what_is_no_longer_waited_for_stands_in_nobodys_way() {
        let waits = Waits::new();
        let begin = |had: char, wanted| waits.begin([had].into(), wanted);
        let (first, second) = (begin('x', 'y'), begin('x', 'y'));
        drop(first);
        assert!(begin('y', 'x').is_none());
        drop(second);
        assert!(begin('y', 'x').is_some());
    }
}
