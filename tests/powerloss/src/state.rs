//! What is on the disk at some point of a record, and what may be.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::Event;
use crate::chance::Chance;
use crate::file::File;

mod kind;

/// The root is the empty path.
type Name = Vec<u8>;

/// A directory tree and its disk, as events change it.
pub struct State<'a> {
    files: Vec<File>,
    /// The names as the running program sees them.
    names: BTreeMap<Name, Entry>,
    /// The names that are on the disk for certain, unless changed since.
    synced: BTreeMap<Name, Entry>,
    /// By directory: changes of its names since its last sync, in order.
    since: BTreeMap<Name, Vec<NameChange>>,
    /// How many processes have begun; see [`START`].
    processes: usize,
    ignored: &'a dyn Fn(&str) -> bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Directory,
    /// An index into the files.
    File(usize),
}

#[derive(Clone, Debug)]
struct NameChange {
    name: Name,
    entry: Option<Entry>,
    /// Which process made it.
    process: usize,
}

/// The mark by which a program says that another process goes on from here, the one before having ended or been killed.
pub const START: &str = "start";

/// What a cut of power takes of what was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nothing, as when only the process is killed.
    Nothing,
    /// All of it.
    Everything,
    /// All data, but no names.
    Data,
    /// All changes of names, but no data.
    Names,
    /// Whatever this seed says.
    Some(u64),
}

impl Default for State<'_> {
    fn default() -> Self {
        Self::ignoring(&|_| false)
    }
}

impl<'a> State<'a> {
    /// An empty directory on a disk that does not do the syncs for which `ignored` answers true, given their
    /// [kind](Self::kind).
    pub fn ignoring(ignored: &'a dyn Fn(&str) -> bool) -> Self {
        let root = BTreeMap::from([(Name::new(), Entry::Directory)]);
        Self {
            files: Vec::new(),
            names: root.clone(),
            synced: root,
            since: BTreeMap::new(),
            processes: 0,
            ignored,
        }
    }

    /// Does what the event says.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Create { path } => self.create(path),
            Event::MakeDirectory { path } => self.name(path, Some(Entry::Directory)),
            Event::Write { path, offset, data } => {
                if let Some(file) = self.file(path) {
                    file.write(position(*offset), data.clone());
                }
            }
            Event::Resize { path, length } => {
                if let Some(file) = self.file(path) {
                    file.resize(position(*length));
                }
            }
            Event::Rename { from, to } => {
                let entry = self.names.get(from).copied();
                self.name(to, entry);
                self.name(from, None);
            }
            Event::Remove { path } => self.name(path, None),
            Event::Sync { path } => {
                if !(self.ignored)(&self.kind(path)) {
                    self.sync(path);
                }
            }
            Event::Found { path, data } => self.found(path, data),
            Event::Mark { text } => self.processes += usize::from(text == START.as_bytes()),
        }
    }

    /// Builds the tree in `directory`, which must be empty, as it may look after a cut of power now.
    pub fn build(&self, directory: &Path, loss: Loss) -> io::Result<()> {
        let mut chance = Chance::new(if let Loss::Some(seed) = loss { seed } else { 0 });
        // A directory sorts before what is in it, and what is in one that is lost is lost with it.
        for (name, entry) in self.names_after(loss, &mut chance) {
            let path = join(directory, &name);
            if name.is_empty() || !path.parent().is_some_and(Path::is_dir) {
                continue;
            }
            match entry {
                Entry::Directory => fs::create_dir(path)?,
                Entry::File(index) => {
                    // Whose files they are no cut of power changes, and some may be their owner's alone.
                    let mut file = fs::OpenOptions::new()
                        .write(true)
                        .create_new(true)
                        .mode(0o600)
                        .open(path)?;
                    file.write_all(&data_after(&self.files[index], loss, &mut chance))?;
                }
            }
        }
        Ok(())
    }

    fn create(&mut self, path: &[u8]) {
        if !self.names.contains_key(path) {
            self.files.push(File::default());
            self.name(path, Some(Entry::File(self.files.len() - 1)));
        }
    }

    /// What differs from what was recorded was written by somebody who was not watched, at some time before.
    fn found(&mut self, path: &[u8], data: &[u8]) {
        self.create(path);
        if let Some(file) = self.file(path).filter(|file| file.whole() != data) {
            file.resize(0);
            file.write(0, data.to_vec());
        }
    }

    fn name(&mut self, path: &[u8], entry: Option<Entry>) {
        set(&mut self.names, path, entry);
        let change = NameChange {
            name: path.to_vec(),
            entry,
            process: self.processes,
        };
        self.since.entry(parent(path).to_vec()).or_default().push(change);
    }

    fn file(&mut self, path: &[u8]) -> Option<&mut File> {
        match self.names.get(path) {
            Some(&Entry::File(index)) => self.files.get_mut(index),
            _ => None,
        }
    }

    fn sync(&mut self, path: &[u8]) {
        if let Some(file) = self.file(path) {
            file.sync();
            return;
        }
        for change in self.since.remove(path).unwrap_or_default() {
            set(&mut self.synced, &change.name, change.entry);
        }
    }

    fn names_after(&self, loss: Loss, chance: &mut Chance) -> BTreeMap<Name, Entry> {
        let mut names = self.synced.clone();
        for (name, entries) in self.changed_names() {
            let kept = match loss {
                Loss::Nothing | Loss::Data => entries.len(),
                Loss::Everything | Loss::Names => 0,
                Loss::Some(_) => chance.up_to(entries.len()),
            };
            if let Some(&entry) = entries[..kept].last() {
                set(&mut names, name, entry);
            }
        }
        names
    }

    /// The names that changed since their directory's last sync, each with what it stood for in turn.
    fn changed_names(&self) -> BTreeMap<&[u8], Vec<Option<Entry>>> {
        let mut changed: BTreeMap<&[u8], Vec<Option<Entry>>> = BTreeMap::new();
        for change in self.since.values().flatten() {
            changed.entry(&change.name).or_default().push(change.entry);
        }
        changed
    }
}

fn data_after(file: &File, loss: Loss, chance: &mut Chance) -> Vec<u8> {
    match loss {
        Loss::Nothing | Loss::Names => file.whole(),
        Loss::Everything | Loss::Data => file.synced(),
        Loss::Some(_) => file.shaken(chance),
    }
}

fn set(names: &mut BTreeMap<Name, Entry>, name: &[u8], entry: Option<Entry>) {
    match entry {
        Some(entry) => names.insert(name.to_vec(), entry),
        None => names.remove(name),
    };
}

fn parent(path: &[u8]) -> &[u8] {
    path.iter()
        .rposition(|&byte| byte == b'/')
        .map_or(&[], |slash| &path[..slash])
}

fn join(directory: &Path, name: &[u8]) -> PathBuf {
    directory.join(OsStr::from_bytes(name))
}

/// A place in a file, which is held in memory here.
fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
