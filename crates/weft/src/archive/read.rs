//! Reading an archive from its beginning to its end, and trusting nothing in it until then.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read};
use std::rc::Rc;

use serde::de::DeserializeOwned;
use weft_types::Digest;

use super::{
    AT_ONCE, DIGESTS, Digests, END, End, Entry, FORMAT, HEAD, Head, MAX_PATH, MAX_TEXT, Problem, is_fitting,
};

/// A block of a tar file, which ends with two empty ones.
const BLOCK: u64 = 512;
/// Names of damaged files that are told.
const NAMED: usize = 10;

/// What a whole archive holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    /// The version of weft that wrote it.
    pub(crate) weft: String,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    /// Some of the files that were not what their names say when they were archived: the disk that they were on has altered them.
    pub(crate) damaged: Vec<String>,
    /// How many more of those there are.
    pub(crate) more_damaged: u64,
}

/// What was read so far.
#[derive(Default)]
struct Tally {
    bytes: u64,
    hasher: blake3::Hasher,
    /// There is nothing more.
    ended: bool,
}

/// Notes what is read through it.
struct Watched<R> {
    inner: R,
    tally: Rc<RefCell<Tally>>,
}

/// Hashes the content of a file.
struct Content<'a, R> {
    inner: &'a mut R,
    hasher: blake3::Hasher,
}

/// Reads an archive. `put` gets each file with its path and must read it to its end; whether it is as it was written is known
/// only when this answers.
///
/// # Errors
/// Where it is none, torn, altered or of a newer format, or `put` fails.
pub(crate) fn read<R: Read>(
    archive: R,
    put: impl FnMut(&str, &mut dyn Read) -> Result<(), Problem>,
) -> Result<Contents, Problem> {
    let tally = Rc::<RefCell<Tally>>::default();
    let archive = Watched {
        inner: archive,
        tally: Rc::clone(&tally),
    };
    let mut reading = Reading {
        tally: &tally,
        put,
        since: Vec::new(),
        last: String::new(),
        found: Contents::default(),
    };
    let outcome = reading.all(tar::Archive::new(archive));
    outcome.map_err(|problem| reading.located(problem))
}

struct Reading<'a, P> {
    tally: &'a RefCell<Tally>,
    put: P,
    /// The files since the last digests.
    since: Vec<Entry>,
    /// What was begun last.
    last: String,
    found: Contents,
}

impl<P: FnMut(&str, &mut dyn Read) -> Result<(), Problem>> Reading<'_, P> {
    fn all<R: Read>(&mut self, mut tar: tar::Archive<Watched<R>>) -> Result<Contents, Problem> {
        let foreign = |error: io::Error| Problem::Foreign(error.to_string());
        // By itself the crate takes names as long as an archive says into memory.
        let mut entries = tar.entries().map_err(foreign)?.raw(true);
        match entries.next() {
            Some(first) => self.head(&mut first.map_err(foreign)?)?,
            None => return Err(Problem::Foreign("it is empty".to_owned())),
        }
        let mut long = None;
        let length = loop {
            let Some(entry) = entries.next() else {
                return Err(Problem::Unread(ErrorKind::UnexpectedEof.into()));
            };
            let mut entry = entry.map_err(Problem::Unread)?;
            if entry.header().entry_type().is_gnu_longname() && long.is_none() {
                long = Some(long_path(&mut entry)?);
                continue;
            }
            let short = path_of(&entry)?;
            let path = long.take().unwrap_or(short);
            self.last.clone_from(&path);
            match &*path {
                END => break self.end(&mut entry)?,
                _ if path.starts_with(DIGESTS) => self.digests(&mut entry)?,
                _ if is_fitting(&path) => self.file(path, &mut entry)?,
                _ => return Err(Problem::Altered(format!("`{path}` does not belong there"))),
            }
        };
        rest(tar.into_inner(), length)?;
        Ok(std::mem::take(&mut self.found))
    }

    fn head<R: Read>(&mut self, entry: &mut tar::Entry<'_, R>) -> Result<(), Problem> {
        let path = path_of(entry)?;
        if path != HEAD {
            return Err(Problem::Foreign(format!(
                "it begins with `{}`, not with `{HEAD}`",
                path.escape_debug()
            )));
        }
        HEAD.clone_into(&mut self.last);
        let head: Head = text(entry)?;
        match head.format {
            found if found > FORMAT => Err(Problem::Newer {
                found,
                weft: head.weft,
            }),
            _ => {
                self.found.weft = head.weft;
                Ok(())
            }
        }
    }

    fn file<R: Read>(&mut self, path: String, entry: &mut tar::Entry<'_, R>) -> Result<(), Problem> {
        if self.since.len() == AT_ONCE {
            return Err(Problem::Altered(format!(
                "the digests before `{path}` are missing"
            )));
        }
        let bytes = entry.size();
        let mut content = Content {
            inner: entry,
            hasher: blake3::Hasher::new(),
        };
        (self.put)(&path, &mut content)?;
        if content.hasher.count() != bytes {
            return Err(Problem::Unread(ErrorKind::UnexpectedEof.into()));
        }
        let hash = content.hasher.finalize().to_hex();
        if is_damaged(&path, &hash) {
            match self.found.damaged.len() < NAMED {
                true => self.found.damaged.push(path.clone()),
                false => self.found.more_damaged += 1,
            }
        }
        self.found.files += 1;
        self.found.bytes += bytes;
        self.since.push(Entry {
            path,
            bytes,
            blake3: hash.to_string(),
        });
        Ok(())
    }

    /// Compares the files since the digests before with what these say of them.
    fn digests<R: Read>(&mut self, entry: &mut tar::Entry<'_, R>) -> Result<(), Problem> {
        let said: Digests = text(entry)?;
        let found = std::mem::take(&mut self.since);
        let mut pairs = said.files.iter().zip(&found);
        if let Some((_, found)) = pairs.find(|(said, found)| said != found) {
            let what = format!("`{}` does not match its digest", found.path);
            return Err(Problem::Altered(what));
        }
        match said.files.len() == found.len() {
            true => Ok(()),
            false => Err(Problem::Altered(format!(
                "`{}` is about {} files, where there are {}",
                self.last,
                said.files.len(),
                found.len()
            ))),
        }
    }

    /// Answers how long the text is.
    fn end<R: Read>(&mut self, entry: &mut tar::Entry<'_, R>) -> Result<u64, Problem> {
        let hash = self.tally.borrow().hasher.finalize().to_hex();
        let (length, end): (_, End) = (entry.size(), text(entry)?);
        if let Some(file) = self.since.first() {
            return Err(Problem::Altered(format!("`{}` has no digest", file.path)));
        }
        if (end.files, end.bytes) != (self.found.files, self.found.bytes) {
            return Err(Problem::Altered(format!(
                "it has {} files of {} bytes, and should have {} of {}",
                self.found.files, self.found.bytes, end.files, end.bytes
            )));
        }
        match end.blake3 == hash.as_str() {
            true => Ok(length),
            false => Err(Problem::Altered(
                "something between its files does not match the hash at its end".to_owned(),
            )),
        }
    }

    /// Says where it was that something could not be read.
    fn located(&self, problem: Problem) -> Problem {
        let tally = self.tally.borrow();
        let (bytes, last) = (tally.bytes, &self.last);
        let place = match last.is_empty() {
            true => "before its first file".to_owned(),
            false => format!("in `{last}` or behind it"),
        };
        match problem {
            Problem::Unread(_) if tally.ended => Problem::Torn { bytes, place },
            Problem::Unread(error) if is_about_content(&error) => {
                Problem::Altered(format!("about byte {bytes}, {place}: {error}"))
            }
            Problem::Unread(error) => Problem::Io("the archive cannot be read".to_owned(), error),
            other => other,
        }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let mut tally = self.tally.borrow_mut();
        tally.bytes += read as u64;
        tally.hasher.update(&buffer[..read]);
        tally.ended |= read == 0 && !buffer.is_empty();
        Ok(read)
    }
}

impl<R: Read> Read for Content<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        Ok(read)
    }
}

fn path_of<R: Read>(entry: &tar::Entry<'_, R>) -> Result<String, Problem> {
    let plain = entry.header().entry_type().is_file();
    match std::str::from_utf8(&entry.path_bytes()) {
        Ok(path) if plain => Ok(path.to_owned()),
        _ => Err(Problem::Altered("something in it is no plain file".to_owned())),
    }
}

/// The name of the next entry, which is too long for a header.
fn long_path<R: Read>(entry: &mut tar::Entry<'_, R>) -> Result<String, Problem> {
    let too_long = || Problem::Altered("a name in it is too long, or no text".to_owned());
    if entry.size() > MAX_PATH {
        return Err(too_long());
    }
    let mut path = Vec::new();
    entry.read_to_end(&mut path).map_err(Problem::Unread)?;
    if path.last() == Some(&0) {
        path.pop();
    }
    String::from_utf8(path).map_err(|_| too_long())
}

/// One of our own texts.
fn text<T: DeserializeOwned, R: Read>(entry: &mut tar::Entry<'_, R>) -> Result<T, Problem> {
    let (path, size) = (path_of(entry)?, entry.size());
    if size > MAX_TEXT {
        return Err(Problem::Altered(format!("`{path}` is too long")));
    }
    let mut text = Vec::new();
    entry.read_to_end(&mut text).map_err(Problem::Unread)?;
    if text.len() as u64 != size {
        return Err(Problem::Unread(ErrorKind::UnexpectedEof.into()));
    }
    serde_json::from_slice(&text).map_err(|error| match path == HEAD {
        true => Problem::Foreign(format!("`{path}`: {error}")),
        false => Problem::Altered(format!("`{path}`: {error}")),
    })
}

/// Behind a last text of this length are zeros up to the end of its block, and two blocks of them.
fn rest(mut archive: impl Read, length: u64) -> Result<(), Problem> {
    let expected = length.next_multiple_of(BLOCK) - length + 2 * BLOCK;
    let mut rest = Vec::new();
    let read = archive.by_ref().take(expected + 1).read_to_end(&mut rest);
    read.map_err(Problem::Unread)?;
    if (rest.len() as u64) < expected {
        return Err(Problem::Unread(ErrorKind::UnexpectedEof.into()));
    }
    match rest.len() as u64 == expected && rest.iter().all(|&byte| byte == 0) {
        true => Ok(()),
        false => Err(Problem::Altered("something follows its end".to_owned())),
    }
}

/// Whether a file whose name is the hash of its bytes has others.
fn is_damaged(path: &str, hash: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let named = match path.starts_with("artifacts/wasm/") {
        true => name.strip_suffix(".wasm"),
        false => path.starts_with("blobs/").then_some(name),
    };
    let named = named.filter(|hex| format!("blake3:{hex}").parse::<Digest>().is_ok());
    named.is_some_and(|named| named != hash)
}

/// Whether an error says that what was read is no tar file any longer, rather than that it could not be read.
fn is_about_content(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Other | ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof
    )
}
