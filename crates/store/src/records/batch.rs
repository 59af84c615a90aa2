//! What goes into the records in one transaction: each run once, whatever happened in it.

use std::collections::{BTreeSet, HashMap};

use weft_types::{Digest, RunId};
use weft_workflow_engine::port::records::ExpressRun;

use super::held::Held;

/// A run that changes.
#[derive(Debug)]
pub(crate) struct Change {
    /// Its row, and its record as it is to be.
    pub(super) held: Held,
    /// Whether the row is not there yet.
    pub(super) is_new: bool,
    /// Frames to add to its history, as one piece.
    pub(super) frames: Vec<u8>,
    /// Blobs that it refers to from now on.
    pub(super) blobs: BTreeSet<Digest>,
}

/// All that change.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    changes: Vec<Change>,
    places: HashMap<RunId, usize>,
    /// Bytes of frames.
    bytes: usize,
}

impl Batch {
    /// The change of a run that is in the batch already.
    pub(super) fn find(&mut self, run: RunId) -> Option<&mut Change> {
        let place = *self.places.get(&run)?;
        self.changes.get_mut(place)
    }

    /// Adds a run that is not in the batch.
    pub(super) fn add(&mut self, held: Held, is_new: bool) -> &mut Change {
        let place = self.changes.len();
        self.places.insert(held.record.run, place);
        self.changes.push(Change {
            held,
            is_new,
            frames: Vec::new(),
            blobs: BTreeSet::new(),
        });
        &mut self.changes[place]
    }

    /// Counts bytes of frames that were added.
    pub(super) fn count(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    pub(super) fn changes(&self) -> &[Change] {
        &self.changes
    }

    pub(super) fn changes_mut(&mut self) -> &mut [Change] {
        &mut self.changes
    }

    /// The blobs that runs refer to from now on, each with the run's row.
    pub(super) fn blobs(&self) -> impl Iterator<Item = (i64, Digest)> {
        self.changes
            .iter()
            .flat_map(|change| change.blobs.iter().map(|digest| (change.held.id, *digest)))
    }

    pub(super) fn into_changes(self) -> Vec<Change> {
        self.changes
    }

    /// The runs behind the first `journalled`, none of which is journalled, as they were added.
    pub(super) fn into_express(mut self, journalled: usize) -> Vec<ExpressRun> {
        let express = self.changes.drain(journalled.min(self.changes.len())..);
        let run = |change: Change| ExpressRun {
            record: change.held.record,
            frames: change.frames.into(),
            blobs: change.blobs,
        };
        express.map(run).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// About how many bytes it writes.
    pub(super) fn bytes(&self) -> u64 {
        // A row and its entries in the indexes take about as much as a short run's frames do.
        self.bytes as u64 + self.changes.len() as u64 * 1024
    }
}

impl Change {
    /// What is known of the run once the batch is written.
    pub(super) fn into_held(self) -> Held {
        let pieces = self.held.pieces + i64::from(self.piece().is_some());
        Held { pieces, ..self.held }
    }

    /// The piece of history that its frames become; none where there are no frames, or too many pieces.
    pub(super) fn piece(&self) -> Option<i64> {
        if self.frames.is_empty() {
            return None;
        }
        piece(self.held.id, self.held.pieces)
    }
}

/// Bits of a piece's number that count within its run.
pub(super) const PIECE_BITS: i32 = 24;

/// The number of a run's piece; none beyond the last one.
pub(super) fn piece(id: i64, index: i64) -> Option<i64> {
    (index < 1 << PIECE_BITS).then_some(id << PIECE_BITS | index)
}

/// The numbers of all pieces of the runs from `first` to `last`.
pub(super) fn pieces(first: i64, last: i64) -> (i64, i64) {
    (first << PIECE_BITS, last << PIECE_BITS | ((1 << PIECE_BITS) - 1))
}

/// The index within its run of a piece.
pub(super) fn index(piece: i64) -> i64 {
    piece & ((1 << PIECE_BITS) - 1)
}
