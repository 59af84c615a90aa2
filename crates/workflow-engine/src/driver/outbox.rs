//! Events on their way to the journal.

use std::sync::Arc;

use bytes::Bytes;
use weft_workflow::frame::{TooLarge, Writer};
use weft_workflow::plan::Kind;
use weft_workflow::{Event, NodeIndex, Plan, Stamped};

use crate::open_run::OpenRun;
use crate::port::journal::{Entry, Journal, JournalError, Key, Position, Urgency};

/// Bytes after which a further event of the same run is no part of the same entry: the journal bounds what waits in it.
const MOST_PIECE: usize = 1 << 20;

/// Frames of the runs of one tree, in the order in which their events happened. The buffer is used again and again.
#[derive(Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
}

/// Frames of one run in a row.
struct Piece {
    open: Arc<OpenRun>,
    /// Where they end in the buffer.
    end: usize,
    count: u32,
    closes: bool,
    /// Whether anything follows from it.
    matters: bool,
    /// Nodes that began to await an outside event, or ended.
    waits: Vec<(NodeIndex, bool)>,
    key: Option<Key>,
}

/// Where a piece came to be in the journal.
pub(crate) struct Passed {
    pub(crate) position: Position,
    /// Whether anything follows from it.
    pub(crate) matters: bool,
}

impl Outbox {
    /// Writes an event behind the others.
    pub(crate) fn write(
        &mut self,
        open: &Arc<OpenRun>,
        frames: &mut Writer,
        event: &Stamped,
    ) -> Result<(), TooLarge> {
        let last_begins = self
            .pieces
            .len()
            .checked_sub(2)
            .map_or(0, |last| self.pieces[last].end);
        let has_room = self.bytes.len() - last_begins < MOST_PIECE;
        frames.append(event, &mut self.bytes)?;
        let closes = matches!(event.event, Event::Finished(_));
        let matters = matters(&event.event);
        let wait = wait(&open.plan, &event.event);
        let end = self.bytes.len();
        match self.pieces.last_mut() {
            Some(last) if last.open.run == open.run && has_room => {
                last.end = end;
                last.count += 1;
                last.closes = closes;
                last.matters |= matters;
                last.waits.extend(wait);
            }
            _ => self.pieces.push(Piece {
                open: Arc::clone(open),
                end,
                count: 1,
                closes,
                matters,
                waits: wait.into_iter().collect(),
                key: None,
            }),
        }
        Ok(())
    }

    /// Has the caller's key go with what was written last.
    pub(crate) fn attach(&mut self, key: Key) {
        if let Some(last) = self.pieces.last_mut() {
            last.key = Some(key);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Bytes that wait.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Hands everything to the journal, and tells where each piece came to be. Where the journal refuses one, it and those
    /// behind it stay.
    pub(crate) fn pass(
        &mut self,
        journal: &dyn Journal,
        mut tell: impl FnMut(Passed),
    ) -> Result<(), JournalError> {
        let bytes = Bytes::copy_from_slice(&self.bytes);
        let (mut start, mut passed) = (0, 0);
        let mut result = Ok(());
        for piece in &mut self.pieces {
            let entry = Entry {
                run: piece.open.run,
                frames: bytes.slice(start..piece.end),
                count: piece.count,
                closes: piece.closes,
                key: piece.key.clone(),
            };
            match journal.append(entry, Urgency::Lazy) {
                Ok(position) => {
                    piece.open.note_waits(&piece.waits);
                    piece.open.pass(position);
                    tell(Passed {
                        position,
                        matters: piece.matters,
                    });
                    (start, passed) = (piece.end, passed + 1);
                }
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
        }
        self.forget(passed, start);
        result
    }

    fn forget(&mut self, pieces: usize, bytes: usize) {
        self.bytes.drain(..bytes);
        self.pieces.drain(..pieces);
        for piece in &mut self.pieces {
            piece.end -= bytes;
        }
    }
}

/// The node that begins to await an outside event, or ends, with this event.
fn wait(plan: &Plan, event: &Event) -> Option<(NodeIndex, bool)> {
    let (node, begins) = match event {
        Event::Suspended { node, .. } => (*node, true),
        Event::NodeSucceeded { place, .. } | Event::NodeFailed { place, .. } => (place.node, false),
        _ => return None,
    };
    matches!(plan.node(node).kind, Kind::Wait { .. }).then_some((node, begins))
}

/// Whether anything that a run does follows from an event. Of the others it is enough that people hear of them some time.
fn matters(event: &Event) -> bool {
    match event {
        Event::Started | Event::NodeStarted { .. } | Event::Completed { .. } => false,
        Event::Accepted(_)
        | Event::Expanded { .. }
        | Event::Suspended { .. }
        | Event::NodeSucceeded { .. }
        | Event::NodeFailed { .. }
        | Event::NodeSkipped { .. }
        | Event::Paused { .. }
        | Event::Resumed { .. }
        | Event::CancelRequested { .. }
        | Event::DeadlinePassed
        | Event::Finished(_)
        | Event::ItemReused { .. } => true,
    }
}
