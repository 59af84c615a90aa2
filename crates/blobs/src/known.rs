//! A bounded memory of facts.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Remembers facts in two generations: when the young one is full, the old one is forgotten. What is asked for becomes young again, so
/// that what is in use stays.
#[derive(Debug)]
pub(crate) struct Known<K, V> {
    generations: Mutex<Generations<K, V>>,
    /// Of one generation.
    capacity: usize,
}

#[derive(Debug)]
struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Hash + Eq + Clone, V: Copy> Known<K, V> {
    /// Holds at most `capacity` facts, and always the last one.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            generations: Mutex::new(Generations {
                young: HashMap::new(),
                old: HashMap::new(),
            }),
            capacity: (capacity / 2).max(1),
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let mut generations = self.lock();
        if let Some(value) = generations.young.get(key) {
            return Some(*value);
        }
        let value = *generations.old.get(key)?;
        generations.insert(key.clone(), value, self.capacity);
        Some(value)
    }

    pub(crate) fn insert(&self, key: K, value: V) {
        self.lock().insert(key, value, self.capacity);
    }

    pub(crate) fn forget(&self, key: &K) {
        let mut generations = self.lock();
        generations.young.remove(key);
        generations.old.remove(key);
    }

    /// Poisoned or not: no operation leaves anything half done that matters.
    fn lock(&self) -> MutexGuard<'_, Generations<K, V>> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq, V> Generations<K, V> {
    fn insert(&mut self, key: K, value: V, capacity: usize) {
        if self.young.len() >= capacity && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]
mod tests {
    use super::*;

    #[test]
    fn it_holds_no_more_than_it_may() {
        let known = Known::new(10);
        (0..1000).for_each(|fact| known.insert(fact, ()));
        let held = (0..1000).filter(|fact| known.get(fact).is_some()).count();
        assert!(held <= 10, "{held}");
        assert_eq!(known.get(&999), Some(()));
    }

    #[test]
    fn what_is_in_use_stays() {
        let known = Known::new(10);
        known.insert(0, 'a');
        for fact in 1..1000 {
            known.insert(fact, 'b');
            assert_eq!(known.get(&0), Some('a'), "after {fact}");
        }
    }

    #[test]
    fn what_is_forgotten_is_gone_from_both_generations() {
        let known = Known::new(4);
        for fact in 0..4 {
            known.insert(fact, fact);
        }
        for fact in 0..4 {
            known.forget(&fact);
            assert_eq!(known.get(&fact), None);
        }
    }

    #[test]
    fn the_last_value_counts() {
        let known = Known::new(4);
        for round in 0..5 {
            known.insert("a", round);
            known.insert(["b", "c", "d"][round % 3], 9);
            assert_eq!(known.get(&"a"), Some(round));
        }
    }
}
