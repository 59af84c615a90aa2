//! The runs of one tree.

use super::slot::Slot;

/// Runs by key. The places of those that ended are used again.
#[derive(Default)]
pub(crate) struct Slots {
    entries: Vec<Entry>,
    free: Vec<u32>,
}

/// Names a run within its tree, and no other ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    index: u32,
    generation: u32,
}

#[derive(Default)]
struct Entry {
    generation: u32,
    slot: Option<Box<Slot>>,
}

impl Slots {
    /// The key that the next run gets.
    pub(crate) fn next_key(&self) -> Key {
        match self.free.last() {
            Some(&index) => Key {
                index,
                generation: self.entries[index as usize].generation,
            },
            None => Key {
                // Far fewer than 2^32 runs are open.
                index: self.entries.len() as u32,
                generation: 0,
            },
        }
    }

    pub(crate) fn insert(&mut self, slot: Box<Slot>) -> Key {
        let key = self.next_key();
        if self.free.pop().is_none() {
            self.entries.push(Entry::default());
        }
        self.entries[key.index as usize].slot = Some(slot);
        key
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Slot> {
        let entry = self.entries.get(key.index as usize)?;
        let slot = entry.slot.as_deref();
        slot.filter(|_| entry.generation == key.generation)
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut Slot> {
        let entry = self.entries.get_mut(key.index as usize)?;
        let generation = entry.generation;
        let slot = entry.slot.as_deref_mut();
        slot.filter(|_| generation == key.generation)
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<Box<Slot>> {
        self.get(key)?;
        let entry = &mut self.entries[key.index as usize];
        entry.generation = entry.generation.wrapping_add(1);
        self.free.push(key.index);
        entry.slot.take()
    }

    /// Every run with its key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, &Slot)> {
        self.entries.iter().enumerate().filter_map(|(index, entry)| {
            let key = Key {
                index: index as u32,
                generation: entry.generation,
            };
            Some((key, entry.slot.as_deref()?))
        })
    }

    /// Every key.
    pub(crate) fn keys(&self) -> Vec<Key> {
        self.iter().map(|(key, _)| key).collect()
    }

    /// The runs that are nested directly in this one.
    pub(crate) fn children(&self, of: Key) -> Vec<Key> {
        let is_child = |slot: &Slot| slot.parent.as_ref().is_some_and(|parent| parent.key == of);
        let children = self.iter().filter(|(_, slot)| is_child(slot));
        children.map(|(key, _)| key).collect()
    }
}
