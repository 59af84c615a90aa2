//! A bounded queue that serves those who share it in turn, so that nobody's flood makes others wait.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::Hash;

/// Who waits, each for the account of a key such as a project. Keys that have somebody waiting are served in turn, one at
/// a time, and within a key in order of arrival. A full queue takes its room from whoever has most waiting.
#[derive(Debug)]
pub struct FairQueue<K, T> {
    lines: HashMap<K, BTreeMap<u64, T>>,
    /// The keys of `lines`, none of which is empty, in the order of their turns.
    turns: VecDeque<K>,
    length: usize,
    most: usize,
    next: u64,
}

/// What became of somebody who wanted to wait.
#[derive(Debug, PartialEq, Eq)]
pub enum Joined<K, T> {
    /// Waits, under this number.
    Waiting(u64),
    /// Waits, and who waited last of the longest line no longer does.
    Instead {
        /// The number of who joined.
        number: u64,
        /// The key of who has to go.
        key: K,
        /// Who has to go.
        gone: T,
    },
    /// The queue is full, and nobody has a longer line.
    Full(T),
}

impl<K: Clone + Eq + Hash, T> FairQueue<K, T> {
    /// An empty queue for at most so many.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            lines: HashMap::new(),
            turns: VecDeque::new(),
            length: 0,
            most,
            next: 0,
        }
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Lines somebody up. Looks at all keys only where the queue is full.
    pub fn join(&mut self, key: K, who: T) -> Joined<K, T> {
        if self.length < self.most {
            return Joined::Waiting(self.push(key, who));
        }
        match self.displace(&key) {
            Some((longest, gone)) => Joined::Instead {
                number: self.push(key, who),
                key: longest,
                gone,
            },
            None => Joined::Full(who),
        }
    }

    /// Whose turn it is.
    pub fn pop(&mut self) -> Option<(K, T)> {
        let key = self.turns.pop_front()?;
        // Every key of `turns` has a line, and nobody's line is empty.
        let line = self.lines.get_mut(&key)?;
        let (_, who) = line.pop_first()?;
        if line.is_empty() {
            self.lines.remove(&key);
        } else {
            self.turns.push_back(key.clone());
        }
        self.length -= 1;
        Some((key, who))
    }

    /// Who has waited longest. Looks at all keys.
    #[must_use]
    pub fn oldest(&self) -> Option<&T> {
        let firsts = self.lines.values().filter_map(BTreeMap::first_key_value);
        firsts.min_by_key(|(number, _)| **number).map(|(_, who)| who)
    }

    /// Takes out who gave up; nothing where it was served or displaced before.
    pub fn remove(&mut self, key: &K, number: u64) -> Option<T> {
        let gone = self.lines.get_mut(key)?.remove(&number)?;
        self.left(key);
        Some(gone)
    }

    fn push(&mut self, key: K, who: T) -> u64 {
        let number = self.next;
        self.next += 1;
        self.length += 1;
        let line = self.lines.entry(key.clone()).or_default();
        if line.is_empty() {
            self.turns.push_back(key);
        }
        line.insert(number, who);
        number
    }

    /// Takes out the last one of the longest line, if that line stays no shorter than the one of `key` becomes.
    fn displace(&mut self, key: &K) -> Option<(K, T)> {
        let own = self.lines.get(key).map_or(0, BTreeMap::len);
        // The first in turn of several: which one does not depend on the order of a hash map.
        let longest = self
            .turns
            .iter()
            .rev()
            .max_by_key(|key| self.lines[*key].len())?
            .clone();
        if self.lines[&longest].len() <= own + 1 {
            return None;
        }
        let (_, gone) = self.lines.get_mut(&longest)?.pop_last()?;
        self.left(&longest);
        Some((longest, gone))
    }

    /// After one of a key's line was taken out.
    fn left(&mut self, key: &K) {
        self.length -= 1;
        if self.lines.get(key).is_some_and(BTreeMap::is_empty) {
            self.lines.remove(key);
            self.turns.retain(|turn| turn != key);
        }
    }
}

#[cfg(test)]
mod tests;
