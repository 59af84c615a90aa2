//! A record as bytes: form, checksum, and the record in postcard.
//!
//! Postcard tells no names: whoever changes [`RunRecord`], or anything in it, counts the form up and keeps reading the older ones.
//! `tests/golden/` has records of each form, as they lie in the tables of servers.

use weft_workflow::record::RunRecord;

use crate::error::Error;

/// The first byte.
const FORM: u8 = 2;
/// The form that ends where [`RunRecord::stubs`] begins.
const WITHOUT_STUBS: u8 = 1;
/// Form and checksum.
const HEAD: usize = 1 + 4;

/// The bytes of a record.
pub(super) fn encode(record: &RunRecord) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(512);
    bytes.push(FORM);
    bytes.extend_from_slice(&[0; 4]);
    let mut bytes = postcard::to_extend(record, bytes).map_err(|error| {
        Error::Sql(format!(
            "the record of run {} cannot be written: {error}",
            record.run
        ))
    })?;
    let checksum = crc32fast::hash(&bytes[HEAD..]);
    bytes[1..HEAD].copy_from_slice(&checksum.to_le_bytes());
    Ok(bytes)
}

/// The record that some bytes are.
pub(super) fn decode(bytes: &[u8]) -> Result<RunRecord, Error> {
    let damaged = |what: String| Error::Corrupt(format!("a run's record cannot be read: {what}"));
    let Some((&[form, ref checksum @ ..], record)) = bytes.split_first_chunk::<HEAD>() else {
        return Err(damaged(format!("it has {} bytes", bytes.len())));
    };
    if !matches!(form, FORM | WITHOUT_STUBS) {
        return Err(damaged(format!(
            "it has form {form}, which this version does not know"
        )));
    }
    if u32::from_le_bytes(*checksum) != crc32fast::hash(record) {
        return Err(damaged("its bytes do not match their checksum".to_owned()));
    }
    let read = match form {
        // A number that is 0 is a byte that is 0.
        WITHOUT_STUBS => postcard::from_bytes(&[record, &[0]].concat()),
        _ => postcard::from_bytes(record),
    };
    read.map_err(|error| damaged(error.to_string()))
}

#[cfg(test)]
mod tests;
