//! The data of one file: what is on the disk, and what may be.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::chance::Chance;

/// The unit in which the kernel writes data back.
const PAGE: usize = 4096;
/// The unit in which a disk writes it: a page may be torn between two.
const SECTOR: usize = 512;

/// One file, whatever its names.
#[derive(Clone, Debug, Default)]
pub(crate) struct File {
    synced: Vec<u8>,
    since: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write { offset: usize, data: Vec<u8> },
    Resize { length: usize },
}

impl File {
    pub(crate) fn write(&mut self, offset: usize, data: Vec<u8>) {
        self.since.push(Change::Write { offset, data });
    }

    pub(crate) fn resize(&mut self, length: usize) {
        self.since.push(Change::Resize { length });
    }

    pub(crate) fn sync(&mut self) {
        self.synced = self.whole();
        self.since.clear();
    }

    /// As it was synced last.
    pub(crate) fn synced(&self) -> Vec<u8> {
        self.synced.clone()
    }

    /// As the running program sees it.
    pub(crate) fn whole(&self) -> Vec<u8> {
        let mut data = self.synced.clone();
        for change in &self.since {
            data.resize(change.length_after(data.len()), 0);
            change.apply(&mut data, &(0..usize::MAX));
        }
        data
    }

    /// Each piece of it as it was at some moment since the last sync, and its length as it was at some other.
    pub(crate) fn shaken(&self, chance: &mut Chance) -> Vec<u8> {
        let piece = if chance.up_to(1) == 0 { PAGE } else { SECTOR };
        let lengths = self.lengths();
        let mut data = self.synced.clone();
        data.resize(lengths.iter().copied().max().unwrap_or(0), 0);
        for (index, changes) in self.touched(piece, data.len()) {
            let range = index * piece..(index + 1) * piece;
            let there = chance.up_to(changes.len());
            changes[..there]
                .iter()
                .for_each(|change| change.apply(&mut data, &range));
        }
        data.truncate(lengths[chance.up_to(lengths.len() - 1)]);
        data
    }

    /// The length at the last sync and after each change since.
    fn lengths(&self) -> Vec<usize> {
        let mut lengths = vec![self.synced.len()];
        for change in &self.since {
            lengths.push(change.length_after(lengths[lengths.len() - 1]));
        }
        lengths
    }

    /// The pieces that changed since the last sync, each with its changes.
    fn touched(&self, piece: usize, longest: usize) -> BTreeMap<usize, Vec<&Change>> {
        let mut touched: BTreeMap<usize, Vec<&Change>> = BTreeMap::new();
        for change in &self.since {
            let range = change.range(longest);
            for index in range.start / piece..range.end.div_ceil(piece) {
                touched.entry(index).or_default().push(change);
            }
        }
        touched
    }
}

impl Change {
    fn length_after(&self, length: usize) -> usize {
        match self {
            Self::Write { offset, data } => length.max(offset + data.len()),
            Self::Resize { length } => *length,
        }
    }

    /// What it changes in a file of at most this length.
    fn range(&self, longest: usize) -> Range<usize> {
        match self {
            Self::Write { offset, data } => *offset..offset + data.len(),
            Self::Resize { length } => *length..longest,
        }
    }

    /// Makes the change to the part of `file` within `range`; what a file loses reads as zeros where it grows again.
    fn apply(&self, file: &mut [u8], range: &Range<usize>) {
        let own = self.range(file.len());
        let (start, end) = (own.start.max(range.start), own.end.min(range.end).min(file.len()));
        if start >= end {
            return;
        }
        match self {
            Self::Write { offset, data } => {
                file[start..end].copy_from_slice(&data[start - offset..end - offset])
            }
            Self::Resize { .. } => file[start..end].fill(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synced_data_stays() {
        let mut file = File::default();
        file.write(0, vec![1; 10_000]);
        file.sync();
        file.write(4096, vec![2; 4096]);
        for seed in 0..100 {
            let found = file.shaken(&mut Chance::new(seed));
            assert_eq!(found.len(), 10_000);
            assert!(found[..4096].iter().chain(&found[8192..]).all(|&byte| byte == 1));
            assert!(found[4096..8192].iter().all(|&byte| byte == 1 || byte == 2));
        }
    }

    #[test]
    fn unsynced_data_may_be_anything_in_between() {
        let mut file = File::default();
        file.write(0, vec![1; 8192]);
        let found: Vec<_> = (0..200).map(|seed| file.shaken(&mut Chance::new(seed))).collect();
        assert!(found.iter().any(Vec::is_empty));
        assert!(found.iter().any(|data| *data == [1; 8192]));
        assert!(
            found
                .iter()
                .any(|data| data.len() == 8192 && data[0] == 0 && data[8191] == 1)
        );
        assert!(
            found
                .iter()
                .any(|data| data.len() == 8192 && data[0] != data[600]),
            "a page may be torn"
        );
    }

    #[test]
    fn a_cut_file_grows_with_zeros() {
        let mut file = File::default();
        file.write(0, vec![1; 100]);
        file.resize(50);
        file.resize(80);
        assert_eq!(file.whole(), [[1; 50].as_slice(), &[0; 30]].concat());
    }
}
