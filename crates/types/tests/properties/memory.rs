//! A guest without a guest.

use std::convert::Infallible;

use weft_types::guest::GuestMemory;

/// Memory whose allocator leaves gaps of garbage, and moves with each allocation.
pub(crate) struct Memory(pub(crate) Vec<u8>);

impl GuestMemory for Memory {
    type Error = Infallible;

    fn allocate(&mut self, align: u32, size: u32) -> Result<u32, Infallible> {
        let start = (self.0.len() + 1).next_multiple_of(align as usize);
        let mut moved = Vec::with_capacity(start + size as usize);
        moved.extend_from_slice(&self.0);
        moved.resize(start + size as usize, 0xa5);
        self.0 = moved;
        Ok(start as u32)
    }

    fn memory(&mut self) -> &mut [u8] {
        &mut self.0
    }
}
