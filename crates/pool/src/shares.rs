//! A line whose keys share time: whoever had least of it is next.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::time::Duration;

/// Who waits for time of something that serves one after the other, each for the account of a key such as a version. The key
/// that had least time is next, and within a key the first who came: start-time fair queueing (Goyal, Vin and Cheng, 1996).
///
/// Who did not wait for a while has no claim to the time that others had meanwhile, and nothing to pay back. Serving the next
/// looks at all keys that wait, which are few compared with who waits.
#[derive(Debug)]
pub struct Shares<K, T> {
    lines: HashMap<K, Line<T>>,
    length: usize,
    next: u64,
    /// What the account of the key that was served last showed: nobody begins with less.
    floor: Duration,
}

#[derive(Debug)]
struct Line<T> {
    had: Duration,
    waiting: BTreeMap<u64, T>,
}

impl<K, T> Default for Shares<K, T> {
    fn default() -> Self {
        Self {
            lines: HashMap::new(),
            length: 0,
            next: 0,
            floor: Duration::ZERO,
        }
    }
}

impl<K: Clone + Eq + Hash, T> Shares<K, T> {
    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Lines somebody up, and answers their number. How many may wait is for whoever admits them to bound.
    pub fn join(&mut self, key: K, who: T) -> u64 {
        let number = self.next;
        self.next += 1;
        self.length += 1;
        self.line(key).waiting.insert(number, who);
        number
    }

    /// Who is next.
    pub fn pop(&mut self) -> Option<(K, T)> {
        let waiting = self.lines.iter().filter_map(|(key, line)| {
            let (number, _) = line.waiting.first_key_value()?;
            Some((line.had, *number, key))
        });
        let (had, _, key) = waiting.min_by_key(|(had, number, _)| (*had, *number))?;
        let key = key.clone();
        let (_, who) = self.lines.get_mut(&key)?.waiting.pop_first()?;
        self.length -= 1;
        self.floor = self.floor.max(had);
        let floor = self.floor;
        self.lines
            .retain(|_, line| !line.waiting.is_empty() || line.had > floor);
        Some((key, who))
    }

    /// Takes out who gave up; nothing where it was served before.
    pub fn remove(&mut self, key: &K, number: u64) -> Option<T> {
        let gone = self.lines.get_mut(key)?.waiting.remove(&number)?;
        self.length -= 1;
        Some(gone)
    }

    /// Somebody of this key had so much time. Where nobody waited for it, that is nobody's loss, and all begin anew.
    pub fn charge(&mut self, key: K, time: Duration) {
        if self.is_empty() {
            self.lines.clear();
            return;
        }
        let line = self.line(key);
        line.had = line.had.saturating_add(time);
    }

    fn line(&mut self, key: K) -> &mut Line<T> {
        let floor = self.floor;
        let line = self.lines.entry(key).or_insert_with(|| Line {
            had: floor,
            waiting: BTreeMap::new(),
        });
        line.had = line.had.max(floor);
        line
    }
}

#[cfg(test)]
mod tests;
