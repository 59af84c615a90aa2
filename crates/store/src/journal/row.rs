//! The bytes of a row: entries and a checksum.
//!
//! ```text
//! row    form u8 = 1 · crc32 of the row's number and everything behind · entries
//! entry  run 16 · flags u8 · frames' count u32 · their length u32 · frames · key, where a flag says so
//! key    project · workflow · key · request 32 · run 16 · expiry: seconds i64, nanoseconds i32
//! ```
//!
//! Integers are little-endian, texts a u32 length and UTF-8. SQLite checks no page for rot, hence the checksum; that the
//! number goes into it tells a row that lies in another's place.

use bytes::{Buf, Bytes};
use jiff::Timestamp;
use uuid::Uuid;
use weft_types::{Digest, RunId};
use weft_workflow_engine::port::journal::{Entry, Key};

/// The first byte of each row.
const FORM: u8 = 1;
/// Form and checksum.
const HEAD: usize = 1 + 4;
/// What an entry without key takes beside its frames.
const ENTRY: usize = 16 + 1 + 4 + 4;
/// What a key takes beside its texts.
const KEY: usize = 3 * 4 + 32 + 16 + 8 + 4;

mod flag {
    pub(super) const CLOSES: u8 = 1;
    pub(super) const KEY: u8 = 2;
    pub(super) const KNOWN: u8 = CLOSES | KEY;
}

/// What is wrong with a row's bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Wrong {
    #[error("it has form {0}, which this version does not know")]
    Form(u8),
    #[error("its bytes do not match their checksum")]
    Checksum,
    #[error("it ends within an entry")]
    Short,
    #[error("an entry has {0}")]
    Entry(String),
    #[error("it holds {held} entries in place of {told}")]
    Count { held: usize, told: usize },
}

/// About how many bytes an entry takes.
pub(super) fn size(entry: &Entry) -> usize {
    let key = entry.key.as_ref().map_or(0, |key| {
        KEY + key.project.as_str().len() + key.workflow.as_str().len() + key.key.len()
    });
    ENTRY + entry.frames.len() + key
}

/// The row with number `lsn` that holds `entries`.
pub(super) fn encode<'a>(lsn: u64, entries: impl Iterator<Item = &'a Entry> + Clone) -> Vec<u8> {
    let length = HEAD + entries.clone().map(size).sum::<usize>();
    let mut row = Vec::with_capacity(length);
    row.push(FORM);
    row.extend_from_slice(&[0; 4]);
    for entry in entries {
        put_entry(&mut row, entry);
    }
    let checksum = checksum(lsn, &row[HEAD..]);
    row[1..HEAD].copy_from_slice(&checksum.to_le_bytes());
    row
}

/// The entries of row `lsn`, of which there must be `count`. Their frames share the row's memory.
pub(super) fn decode(lsn: u64, count: usize, mut row: Bytes) -> Result<Vec<Entry>, Wrong> {
    let form = row.try_get_u8().map_err(|_| Wrong::Short)?;
    if form != FORM {
        return Err(Wrong::Form(form));
    }
    let told = row.try_get_u32_le().map_err(|_| Wrong::Short)?;
    if told != checksum(lsn, &row) {
        return Err(Wrong::Checksum);
    }
    // Each takes at least its head, whatever is told.
    let mut entries = Vec::with_capacity(count.min(row.len() / ENTRY));
    while row.has_remaining() {
        entries.push(take_entry(&mut row)?);
    }
    if entries.len() != count {
        return Err(Wrong::Count {
            held: entries.len(),
            told: count,
        });
    }
    Ok(entries)
}

fn checksum(lsn: u64, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&lsn.to_le_bytes());
    hasher.update(bytes);
    hasher.finalize()
}

fn put_entry(row: &mut Vec<u8>, entry: &Entry) {
    let closes = if entry.closes { flag::CLOSES } else { 0 };
    let key = if entry.key.is_some() { flag::KEY } else { 0 };
    row.extend_from_slice(entry.run.0.as_bytes());
    row.push(closes | key);
    row.extend_from_slice(&entry.count.to_le_bytes());
    put_bytes(row, &entry.frames);
    if let Some(key) = &entry.key {
        put_key(row, key);
    }
}

fn put_key(row: &mut Vec<u8>, key: &Key) {
    put_bytes(row, key.project.as_str().as_bytes());
    put_bytes(row, key.workflow.as_str().as_bytes());
    put_bytes(row, key.key.as_bytes());
    row.extend_from_slice(key.request.as_bytes());
    row.extend_from_slice(key.run.0.as_bytes());
    row.extend_from_slice(&key.expires_at.as_second().to_le_bytes());
    row.extend_from_slice(&key.expires_at.subsec_nanosecond().to_le_bytes());
}

/// The queue refuses what is longer than a u32 can tell.
fn put_bytes(row: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    row.extend_from_slice(&length.to_le_bytes());
    row.extend_from_slice(bytes);
}

fn take_entry(row: &mut Bytes) -> Result<Entry, Wrong> {
    let run = take_run(row)?;
    let flags = row.try_get_u8().map_err(|_| Wrong::Short)?;
    if flags & !flag::KNOWN != 0 {
        return Err(Wrong::Entry(format!("flags {flags:#x}")));
    }
    Ok(Entry {
        run,
        count: row.try_get_u32_le().map_err(|_| Wrong::Short)?,
        frames: take_bytes(row)?,
        closes: flags & flag::CLOSES != 0,
        key: if flags & flag::KEY != 0 {
            Some(take_key(row)?)
        } else {
            None
        },
    })
}

fn take_key(row: &mut Bytes) -> Result<Key, Wrong> {
    let name = |error| Wrong::Entry(format!("a key in a wrong name: {error}"));
    let key = Key {
        project: take_text(row)?.parse().map_err(name)?,
        workflow: take_text(row)?.parse().map_err(name)?,
        key: take_text(row)?,
        request: Digest::from_bytes(take(row)?),
        run: take_run(row)?,
        expires_at: Timestamp::UNIX_EPOCH,
    };
    let seconds = row.try_get_i64_le().map_err(|_| Wrong::Short)?;
    let nanoseconds = row.try_get_i32_le().map_err(|_| Wrong::Short)?;
    let expires_at = Timestamp::new(seconds, nanoseconds)
        .map_err(|error| Wrong::Entry(format!("a key with a wrong expiry: {error}")))?;
    Ok(Key { expires_at, ..key })
}

fn take_run(row: &mut Bytes) -> Result<RunId, Wrong> {
    Ok(RunId(Uuid::from_bytes(take(row)?)))
}

fn take_text(row: &mut Bytes) -> Result<String, Wrong> {
    String::from_utf8(take_bytes(row)?.into()).map_err(|_| Wrong::Entry("a key that is not UTF-8".to_owned()))
}

fn take_bytes(row: &mut Bytes) -> Result<Bytes, Wrong> {
    let length = row.try_get_u32_le().map_err(|_| Wrong::Short)? as usize;
    if row.remaining() < length {
        return Err(Wrong::Short);
    }
    Ok(row.split_to(length))
}

fn take<const N: usize>(row: &mut Bytes) -> Result<[u8; N], Wrong> {
    let mut bytes = [0; N];
    row.try_copy_to_slice(&mut bytes).map_err(|_| Wrong::Short)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(run: u128, frames: &'static [u8], closes: bool) -> Entry {
        Entry {
            run: RunId(Uuid::from_u128(run)),
            frames: Bytes::from_static(frames),
            count: 3,
            closes,
            key: None,
        }
    }

    fn keyed() -> Entry {
        Entry {
            key: Some(Key {
                project: "default".parse().unwrap(),
                workflow: "order".parse().unwrap(),
                key: "größer".to_owned(),
                request: Digest::of(b"request"),
                run: RunId(Uuid::from_u128(7)),
                expires_at: "2026-01-02T03:04:05.678901234Z".parse().unwrap(),
            }),
            ..entry(7, b"accepted", false)
        }
    }

    fn same(left: &Entry, right: &Entry) -> bool {
        (left.run, &left.frames, left.count, left.closes, &left.key)
            == (right.run, &right.frames, right.count, right.closes, &right.key)
    }

    #[test]
    fn rows_come_back_as_they_were() {
        let entries = [entry(1, b"", false), keyed(), entry(u128::MAX, b"frames", true)];
        let row = encode(17, entries.iter());
        assert_eq!(row.len(), HEAD + entries.iter().map(size).sum::<usize>());
        let found = decode(17, 3, row.into()).unwrap();
        assert!(found.iter().zip(&entries).all(|(found, was)| same(found, was)));
        assert_eq!(found.len(), entries.len());
    }

    #[test]
    fn any_changed_bit_is_noticed() {
        let row = encode(17, [keyed()].iter());
        for bit in 0..row.len() * 8 {
            let mut changed = row.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(17, 1, changed.into()).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn any_missing_end_is_noticed() {
        let row = encode(17, [keyed(), entry(1, b"frames", true)].iter());
        for length in 0..row.len() {
            assert!(
                decode(17, 2, row[..length].to_vec().into()).is_err(),
                "{length} bytes"
            );
        }
    }

    #[test]
    fn a_row_in_anothers_place_is_noticed() {
        let row = encode(17, [keyed()].iter());
        assert_eq!(decode(18, 1, row.into()).unwrap_err(), Wrong::Checksum);
    }

    #[test]
    fn wrong_entries_are_told_whatever_their_checksum() {
        let sealed = |entries: &[u8]| {
            let mut row = vec![FORM];
            row.extend_from_slice(&checksum(1, entries).to_le_bytes());
            row.extend_from_slice(entries);
            Bytes::from(row)
        };
        let (mut flags, mut length) = ([0; ENTRY], [0; ENTRY]);
        flags[16] = 4;
        length[ENTRY - 4..].copy_from_slice(&[255; 4]);
        for (entries, count, expected) in [
            (&flags[..], 1, Wrong::Entry("flags 0x4".to_owned())),
            (&length[..], 1, Wrong::Short),
            (&[0; ENTRY - 1][..], 1, Wrong::Short),
            (&[0; ENTRY][..], 2, Wrong::Count { held: 1, told: 2 }),
            (
                &[][..],
                usize::MAX,
                Wrong::Count {
                    held: 0,
                    told: usize::MAX,
                },
            ),
        ] {
            assert_eq!(decode(1, count, sealed(entries)).unwrap_err(), expected);
        }
        assert_eq!(
            decode(1, 0, Bytes::from_static(&[9])).unwrap_err(),
            Wrong::Form(9)
        );
    }
}
