//! `weft:data`: large bytes in and out of a guest by handles, without a copy of the whole.
//!
//! A blob is lent to a guest for one call and is gone from the table after it. A sink is the guest's until it answers it, which
//! may be in a later call of a reused instance; what all of them hold is bounded by the limit on results.

use bytes::Bytes;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use weft_types::Type;
use weft_types::image::{Image, Written};

use crate::host::HostState;
use crate::stop::Stop;

mod bindings {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "weft:host/data",
        imports: { default: trappable },
        with: {
            "weft:data/blobs.blob": super::Blob,
            "weft:data/blobs.sink": super::Sink,
        },
    });
}

use bindings::weft::data::blobs;

/// Most bytes that one reading answers: the guest gets them by a copy, during which nothing else happens on its thread.
const MAX_READ: u64 = 1 << 20;

/// Bytes lent to a guest.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Blob(Bytes);

/// Bytes that a guest writes.
#[derive(Default)]
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Sink(Written);

/// What all sinks of a store hold, in bytes.
#[derive(Default)]
pub(crate) struct Held(u64);

/// The host's side of the interface for one call.
struct Data<'a> {
    table: &'a mut ResourceTable,
    held: &'a mut Held,
    /// What may be held.
    limit: u64,
}

struct Provided;

impl HasData for Provided {
    type Data<'a> = Data<'a>;
}

/// Adds the interface to what guests can import.
pub(crate) fn add_to_linker(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    bindings::Data::add_to_linker::<HostState, Provided>(linker, |state| {
        state.note_asked();
        Data {
            limit: state.caller.context.output,
            table: &mut state.table,
            held: &mut state.held,
        }
    })
}

impl HostState {
    /// Puts a blob where the guest can be lent it.
    ///
    /// # Errors
    /// Where the guest holds as many handles as it may.
    pub(crate) fn lend(&mut self, bytes: Bytes) -> wasmtime::Result<Resource<Blob>> {
        self.note_asked();
        Ok(self.table.push(Blob(bytes))?)
    }

    /// Takes a blob back whose borrowing has ended.
    ///
    /// # Errors
    /// Where it was not lent.
    pub(crate) fn take_back(&mut self, blob: Resource<Blob>) -> wasmtime::Result<()> {
        self.table.delete(blob)?;
        Ok(())
    }

    /// What was written to a sink, as a result of type `ty`.
    ///
    /// # Errors
    /// Where there is no such sink, it holds more than a result may have, or `ty` carries no bytes.
    pub(crate) fn answered(&mut self, sink: Resource<Sink>, ty: &Type) -> wasmtime::Result<Image> {
        let Sink(written) = self.table.delete(sink)?;
        let length = written.len() as u64;
        self.held.give_back(length);
        let limit = self.caller.context.output;
        // It may have been written when more was allowed.
        let image = written.finish(ty).filter(|_| length <= limit);
        Ok(image.ok_or(Stop::Output(limit))?)
    }
}

impl Held {
    fn take(&mut self, bytes: usize, limit: u64) -> Result<(), Stop> {
        let held = self.0.saturating_add(bytes as u64);
        if held > limit {
            return Err(Stop::Output(limit));
        }
        self.0 = held;
        Ok(())
    }

    fn give_back(&mut self, bytes: u64) {
        self.0 = self.0.saturating_sub(bytes);
    }
}

impl Blob {
    /// What lies at `offset`, as much of `length` bytes as there is and may be read at once.
    fn part(&self, offset: u64, length: u32) -> &[u8] {
        let end = self.0.len() as u64;
        let from = offset.min(end);
        let to = from.saturating_add(u64::from(length).min(MAX_READ)).min(end);
        // Neither is more than the length of something in memory.
        &self.0[from as usize..to as usize]
    }
}

impl blobs::Host for Data<'_> {}

impl blobs::HostBlob for Data<'_> {
    fn length(&mut self, blob: Resource<Blob>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&blob)?.0.len() as u64)
    }

    fn read(&mut self, blob: Resource<Blob>, offset: u64, length: u32) -> wasmtime::Result<Vec<u8>> {
        Ok(self.table.get(&blob)?.part(offset, length).to_vec())
    }

    fn drop(&mut self, blob: Resource<Blob>) -> wasmtime::Result<()> {
        self.table.delete(blob)?;
        Ok(())
    }
}

impl blobs::HostSink for Data<'_> {
    fn new(&mut self) -> wasmtime::Result<Resource<Sink>> {
        Ok(self.table.push(Sink::default())?)
    }

    fn write(&mut self, sink: Resource<Sink>, bytes: Vec<u8>) -> wasmtime::Result<()> {
        let sink = self.table.get_mut(&sink)?;
        self.held.take(bytes.len(), self.limit)?;
        sink.0.extend(&bytes);
        Ok(())
    }

    fn drop(&mut self, sink: Resource<Sink>) -> wasmtime::Result<()> {
        let sink = self.table.delete(sink)?;
        self.held.give_back(sink.0.len() as u64);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_what_there_is_of_it() {
        let bytes: Vec<u8> = (0..3 << 20).map(|i: u32| (i % 251) as u8).collect();
        let blob = Blob(bytes.clone().into());
        let end = bytes.len() as u64;
        let most = MAX_READ as usize;
        for (offset, length, from, to) in [
            (0, 0, 0, 0),
            (0, 1, 0, 1),
            (5, 10, 5, 15),
            (0, u32::MAX, 0, most),
            (7, u32::MAX, 7, most + 7),
            (end - 1, 10, bytes.len() - 1, bytes.len()),
            (end, 10, bytes.len(), bytes.len()),
            (u64::MAX, u32::MAX, bytes.len(), bytes.len()),
        ] {
            assert_eq!(blob.part(offset, length), &bytes[from..to], "{offset} {length}");
        }
    }

    #[test]
    fn what_is_held_stays_within_the_limit() {
        let mut held = Held::default();
        held.take(60, 100).unwrap();
        assert_eq!(held.take(41, 100), Err(Stop::Output(100)));
        held.take(40, 100).unwrap();
        held.give_back(50);
        held.take(50, 100).unwrap();
        assert_eq!(held.take(usize::MAX, 100), Err(Stop::Output(100)));
    }
}
