//! Which pages of a memory were written to, as the kernel knows it.
#![allow(unsafe_code)]

use std::fs::File;
use std::ops::Range;
use std::sync::LazyLock;

use rustix::ioctl::{self, Updater};
use rustix::mm::{Advice, madvise};

/// Most regions that one look tells.
const MAX_REGIONS: usize = 32;
/// Bytes of a page, as far as this is used: other kernels than those of small pages are told to have none of it.
const PAGE: usize = 4 << 10;

/// This process's memory, for those who ask the kernel about it; none where it cannot be asked.
static PAGEMAP: LazyLock<Option<File>> = LazyLock::new(|| {
    let pagemap = File::open("/proc/self/pagemap").ok()?;
    let small = rustix::param::page_size() == PAGE;
    (small && scan(&pagemap, 0..0, &mut [Region::default()]).is_ok()).then_some(pagemap)
});

/// Whether the kernel tells of this process, not of one that it was forked from.
static IS_OWN: LazyLock<bool> = LazyLock::new(|| {
    let pagemap = PAGEMAP.as_ref();
    pagemap.and_then(tells_of_a_write).unwrap_or(false)
});

// `PAGEMAP_SCAN` and what it takes and gives, from <linux/fs.h>, since Linux 6.7.
const IS_FILE: u64 = 1 << 2;
const IS_PRESENT: u64 = 1 << 3;
const IS_SWAPPED: u64 = 1 << 4;
const IS_ZERO: u64 = 1 << 5;

#[derive(Default)]
#[repr(C)]
struct Scan {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    vec: u64,
    vec_len: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

#[derive(Clone, Copy, Default)]
#[repr(C)]
struct Region {
    start: u64,
    end: u64,
    categories: u64,
}

/// Parts of a memory.
pub(super) struct Regions {
    found: [Region; MAX_REGIONS],
    start: u64,
}

/// Opens what the kernel is asked by.
pub(super) fn open() {
    LazyLock::force(&PAGEMAP);
}

/// Whether the kernel tells which pages were written to.
pub(super) fn can_be_told() -> bool {
    *IS_OWN
}

/// Writes to a page that was not written to before; answers whether that is told, and was not told too early.
fn tells_of_a_write(pagemap: &File) -> Option<bool> {
    use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
    let prot = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: a new mapping, wherever there is room, of a page that is the memory of nothing else until it is unmapped.
    let page = unsafe { mmap_anonymous(std::ptr::null_mut(), PAGE, prot, MapFlags::PRIVATE) }.ok()?;
    // SAFETY: as above; bytes of zeros are bytes.
    let memory = unsafe { std::slice::from_raw_parts_mut(page.cast::<u8>(), PAGE) };
    let told = |memory: &[u8]| regions_by(pagemap, memory, PAGE).map(|regions| regions.iter().count());
    let before = told(memory);
    memory[0] = 1;
    let after = told(memory);
    // SAFETY: nothing refers to it any longer.
    unsafe { munmap(page, PAGE) }.ok()?;
    Some((before, after) == (Some(0), Some(1)))
}

/// The parts of a memory that were written to since it was mapped, in bytes from its start, whole pages each. None where they are more than
/// `most` bytes or lie in too many places, or the kernel does not tell.
///
/// A page that was never written to is none, or the one page of zeros, or the file's that is mapped there: each other one is the memory's own. The
/// page of zeros may have come in place of one that was written full of them, so it is told, as such.
pub(super) fn regions(memory: &[u8], most: usize) -> Option<Regions> {
    regions_by(PAGEMAP.as_ref()?, memory, most)
}

fn regions_by(pagemap: &File, memory: &[u8], most: usize) -> Option<Regions> {
    let start = memory.as_ptr().addr() as u64;
    let end = start + memory.len() as u64;
    let mut found = [Region::default(); MAX_REGIONS];
    let walked = scan(pagemap, start..end, &mut found).ok()?;
    let regions = Regions { found, start };
    let written = regions.iter().filter(|(_, zeros)| !zeros);
    let written: usize = written.map(|(region, _)| region.len()).sum();
    (walked == end && written <= most).then_some(regions)
}

/// Gives whole pages of a memory back to the kernel: they then are what is mapped there, a file's or zeros. False where it does not take them.
pub(super) fn give_back(memory: &mut [u8], pages: Range<usize>) -> bool {
    let pages = &mut memory[pages];
    // SAFETY: the pages belong to a private mapping that is borrowed mutably: they may change, nobody sees them meanwhile, and bytes of a file
    // or zeros are bytes. Where the range is no whole pages, it is refused.
    unsafe { madvise(pages.as_mut_ptr().cast(), pages.len(), Advice::LinuxDontNeed) }.is_ok()
}

/// Looks through addresses until their end or there is no room for more; answers how far that was.
fn scan(pagemap: &File, addresses: Range<u64>, found: &mut [Region]) -> rustix::io::Result<u64> {
    let mut scan = Scan {
        size: size_of::<Scan>() as u64,
        start: addresses.start,
        end: addresses.end,
        vec: found.as_mut_ptr().expose_provenance() as u64,
        vec_len: found.len() as u64,
        category_inverted: IS_FILE,
        category_mask: IS_FILE,
        category_anyof_mask: IS_PRESENT | IS_SWAPPED,
        return_mask: IS_ZERO,
        ..Scan::default()
    };
    // SAFETY: the argument is laid out as the kernel has it, its pointer leads to as many regions as it says, borrowed for the call, and nothing
    // but these is written: what lies at the addresses looked at is not touched.
    unsafe {
        const SCAN: ioctl::Opcode = ioctl::opcode::read_write::<Scan>(b'f', 16);
        ioctl::ioctl(pagemap, Updater::<SCAN, Scan>::new(&mut scan))?;
    }
    Ok(scan.walk_end)
}

impl Regions {
    /// Each, and whether it is full of zeros.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Range<usize>, bool)> {
        let found = self.found.iter().take_while(|region| region.end > 0);
        found.map(|region| {
            // Within a memory, so within what an address can be.
            let (start, end) = (region.start - self.start, region.end - self.start);
            (start as usize..end as usize, region.categories & IS_ZERO != 0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_were_written_to_are_told() {
        if !can_be_told() {
            return;
        }
        // SAFETY: a new mapping that nothing else knows of.
        let memory = unsafe {
            let prot = rustix::mm::ProtFlags::READ | rustix::mm::ProtFlags::WRITE;
            let at = rustix::mm::mmap_anonymous(
                std::ptr::null_mut(),
                64 * PAGE,
                prot,
                rustix::mm::MapFlags::PRIVATE,
            );
            std::slice::from_raw_parts_mut(at.expect("a mapping").cast::<u8>(), 64 * PAGE)
        };
        let all =
            |memory: &[u8], most| regions(memory, most).map(|regions| regions.iter().collect::<Vec<_>>());
        let told = |memory: &[u8], most| {
            let written = all(memory, most)?.into_iter().filter(|(_, zeros)| !zeros);
            Some(written.map(|(region, _)| region).collect::<Vec<_>>())
        };
        assert_eq!(all(memory, 0), Some(vec![]));
        assert_eq!(memory[30 * PAGE], 0, "read, not written");
        assert_eq!(all(memory, 0), Some(vec![(30 * PAGE..31 * PAGE, true)]));
        memory[3 * PAGE + 7] = 1;
        memory[4 * PAGE] = 1;
        memory[63 * PAGE] = 0;
        assert_eq!(
            told(memory, 8 * PAGE),
            Some(vec![3 * PAGE..5 * PAGE, 63 * PAGE..64 * PAGE])
        );
        assert_eq!(told(memory, 2 * PAGE), None);
        (0..64).step_by(2).for_each(|page| memory[page * PAGE] = 1);
        assert_eq!(
            told(memory, 64 * PAGE).map(|regions| regions.len()),
            Some(31),
            "2 to 4 are one, and 62 and 63"
        );
        memory[33 * PAGE..].fill(1);
        assert_eq!(told(memory, 40 * PAGE), None);
        assert!(give_back(memory, 0..63 * PAGE));
        let last = 63 * PAGE..64 * PAGE;
        assert_eq!(told(memory, PAGE), Some(Vec::from([last])));
        assert!(memory[..63 * PAGE].iter().all(|byte| *byte == 0));
        assert!(!give_back(memory, 63 * PAGE + 1..64 * PAGE), "no whole page");
        assert_eq!(memory[63 * PAGE], 1);
    }

    #[test]
    fn what_tells_of_another_process_is_known() {
        if !can_be_told() {
            return;
        }
        let other = std::os::unix::process::parent_id();
        let other = File::open(format!("/proc/{other}/pagemap")).expect("the parent's pages");
        assert_eq!(tells_of_a_write(&other), Some(false));
    }
}
