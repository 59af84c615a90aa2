//! Writing an archive, file by file.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use super::{AT_ONCE, DIGESTS, Digests, END, End, Entry, FORMAT, HEAD, Head};

/// Bytes that are written at a time.
const PIECE: usize = 256 << 10;
/// A block of a tar file.
const BLOCK: usize = 512;

/// An archive that is being written.
pub(crate) struct Packer<W: Write> {
    tar: tar::Builder<BufWriter<Hashed<W>>>,
    since: Digests,
    /// Digests that were written.
    parts: u64,
    files: u64,
    bytes: u64,
}

/// Hashes what passes through it.
struct Hashed<T> {
    inner: T,
    hasher: blake3::Hasher,
}

impl<W: Write> Packer<W> {
    /// Begins an archive.
    pub(crate) fn begin(target: W) -> Result<Self> {
        let target = BufWriter::with_capacity(PIECE, Hashed::new(target));
        let mut packer = Self {
            tar: tar::Builder::new(target),
            since: Digests::default(),
            parts: 0,
            files: 0,
            bytes: 0,
        };
        let head = Head {
            format: FORMAT,
            weft: env!("CARGO_PKG_VERSION").to_owned(),
        };
        packer.text(HEAD, &head)?;
        Ok(packer)
    }

    /// Adds a file, which nobody changes meanwhile.
    pub(crate) fn file(&mut self, path: &str, file: File) -> Result<()> {
        let bytes = file
            .metadata()
            .with_context(|| format!("{path} cannot be read"))?
            .len();
        self.add(path, bytes, file)
    }

    /// Adds bytes as a file.
    pub(crate) fn bytes(&mut self, path: &str, bytes: &[u8]) -> Result<()> {
        self.add(path, bytes.len() as u64, bytes)
    }

    /// Ends the archive: only now it is one.
    pub(crate) fn end(mut self) -> Result<W> {
        self.digests()?;
        let end = |blake3: &str| {
            serde_json::to_vec(&End {
                files: self.files,
                bytes: self.bytes,
                blake3: blake3.to_owned(),
            })
        };
        // Every hash is as long as any other.
        let length = end(&blake3::hash(b"").to_hex())?.len();
        let mut header = header(length as u64);
        header.set_path(END)?;
        header.set_cksum();
        let target = self.tar.get_mut();
        target.write_all(header.as_bytes())?;
        target.flush()?;
        let text = end(&target.get_ref().hasher.finalize().to_hex())?;
        target.write_all(&text)?;
        target.write_all(&[0; BLOCK][..length.next_multiple_of(BLOCK) - length])?;
        let target = self.tar.into_inner()?.into_inner();
        Ok(target.map_err(io::IntoInnerError::into_error)?.inner)
    }

    /// Has what was added be without digests.
    #[cfg(test)]
    pub(crate) fn forget_digests(&mut self) {
        self.since = Digests::default();
    }

    fn add(&mut self, path: &str, bytes: u64, from: impl Read) -> Result<()> {
        let mut from = Hashed::new(from.take(bytes));
        append(&mut self.tar, path, bytes, &mut from)
            .with_context(|| format!("{path} cannot be archived"))?;
        anyhow::ensure!(
            from.hasher.count() == bytes,
            "{path} became shorter while it was read"
        );
        self.since.files.push(Entry {
            path: path.to_owned(),
            bytes,
            blake3: from.hasher.finalize().to_hex().to_string(),
        });
        self.files += 1;
        self.bytes += bytes;
        match self.since.files.len() < AT_ONCE {
            true => Ok(()),
            false => self.digests(),
        }
    }

    /// Writes the digests of the files since the last ones, if there are any.
    fn digests(&mut self) -> Result<()> {
        let digests = std::mem::take(&mut self.since);
        if digests.files.is_empty() {
            return Ok(());
        }
        self.parts += 1;
        self.text(&format!("{DIGESTS}{}.json", self.parts), &digests)
    }

    fn text(&mut self, name: &str, text: &impl Serialize) -> Result<()> {
        let text = serde_json::to_vec(text)?;
        append(&mut self.tar, name, text.len() as u64, &*text)?;
        Ok(())
    }
}

impl<T> Hashed<T> {
    fn new(inner: T) -> Self {
        Self {
            inner,
            hasher: blake3::Hasher::new(),
        }
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        Ok(read)
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn append<W: Write>(tar: &mut tar::Builder<W>, path: &str, bytes: u64, from: impl Read) -> io::Result<()> {
    tar.append_data(&mut header(bytes), Path::new(path), from)
}

fn header(bytes: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(0o600);
    header
}
