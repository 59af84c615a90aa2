//! What was used lately, within a bound on its weight.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A cache that forgets what was not used for the longest time once it would weigh too much.
pub(crate) struct Recent<K, V> {
    /// In the unit of the weights.
    bound: usize,
    inner: Mutex<Inner<K, V>>,
}

struct Inner<K, V> {
    entries: HashMap<K, Entry<V>>,
    /// Who was used when: each entry once.
    uses: BTreeMap<u64, K>,
    now: u64,
    weight: usize,
}

struct Entry<V> {
    value: V,
    weight: usize,
    used: u64,
}

impl<K: Clone + Eq + Hash, V: Clone> Recent<K, V> {
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            bound,
            inner: Mutex::new(Inner {
                entries: HashMap::new(),
                uses: BTreeMap::new(),
                now: 0,
                weight: 0,
            }),
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let inner = &mut *self.lock();
        let entry = inner.entries.get_mut(key)?;
        inner.uses.remove(&entry.used);
        inner.now += 1;
        entry.used = inner.now;
        inner.uses.insert(inner.now, key.clone());
        Some(entry.value.clone())
    }

    /// Keeps a value, unless it alone weighs too much.
    pub(crate) fn insert(&self, key: K, value: V, weight: usize) {
        // Freed behind the lock, which all cores share: values may be large.
        let mut forgotten = Vec::new();
        let inner = &mut *self.lock();
        forgotten.extend(inner.remove(&key));
        if weight > self.bound {
            return;
        }
        inner.now += 1;
        inner.weight += weight;
        inner.uses.insert(inner.now, key.clone());
        let used = inner.now;
        inner.entries.insert(key, Entry { value, weight, used });
        while inner.weight > self.bound {
            forgotten.extend(inner.remove_oldest());
        }
    }

    /// What a look at each value answers, where it answers something.
    pub(crate) fn filter_map<T>(&self, look: impl FnMut(&V) -> Option<T>) -> Vec<T> {
        let inner = self.lock();
        let values = inner.entries.values().map(|entry| &entry.value);
        values.filter_map(look).collect()
    }

    pub(crate) fn remove(&self, key: &K) {
        let removed = self.lock().remove(key);
        drop(removed);
    }

    fn lock(&self) -> MutexGuard<'_, Inner<K, V>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash, V> Inner<K, V> {
    fn remove(&mut self, key: &K) -> Option<V> {
        let entry = self.entries.remove(key)?;
        self.uses.remove(&entry.used);
        self.weight -= entry.weight;
        Some(entry.value)
    }

    fn remove_oldest(&mut self) -> Option<V> {
        let (_, key) = self.uses.pop_first()?;
        let entry = self.entries.remove(&key)?;
        self.weight -= entry.weight;
        Some(entry.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_used_goes_first() {
        let recent = Recent::new(10);
        recent.insert("a", 1, 4);
        recent.insert("b", 2, 4);
        assert_eq!(recent.get(&"a"), Some(1));
        recent.insert("c", 3, 4);
        assert_eq!(
            (recent.get(&"a"), recent.get(&"b"), recent.get(&"c")),
            (Some(1), None, Some(3))
        );
    }

    #[test]
    fn a_key_holds_its_last_value_and_weight() {
        let recent = Recent::new(10);
        recent.insert("a", 1, 9);
        recent.insert("a", 2, 3);
        recent.insert("b", 3, 7);
        assert_eq!((recent.get(&"a"), recent.get(&"b")), (Some(2), Some(3)));
        recent.remove(&"a");
        recent.insert("c", 4, 3);
        assert_eq!(
            (recent.get(&"a"), recent.get(&"b"), recent.get(&"c")),
            (None, Some(3), Some(4))
        );
    }

    #[test]
    fn what_weighs_too_much_is_not_kept() {
        let recent = Recent::new(10);
        recent.insert("a", 1, 5);
        recent.insert("b", 2, 11);
        recent.insert("a", 3, 11);
        assert_eq!((recent.get(&"a"), recent.get(&"b")), (None, None));
    }
}
