//! The directory of pool profiles.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use weft_function_engine::port::{Origin, ProfileStore, StorageError, Written};
use weft_pool::Profile;

use super::BUILT_IN;

/// The longest text of a profile, in bytes; longer files are refused.
const MOST_BYTES: u64 = 64 << 10;
/// The most files that are looked at; a directory with more is refused as a whole.
const MOST_FILES: usize = 1_000;

/// The files `*.toml` of a directory, beside the profiles that are built in.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    path: PathBuf,
}

/// What can be told of a directory without reading its files: it differs where one was changed.
pub(super) type Look = Vec<(PathBuf, u64, Option<SystemTime>)>;

impl Directory {
    /// The profiles in `path`, which is made once one is written.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The names, sizes and times of the files. Blocks.
    pub(super) fn look(&self) -> io::Result<Look> {
        let mut looked = Look::new();
        for file in self.files()? {
            // One that was removed meanwhile is not there.
            if let Ok(about) = fs::metadata(&file) {
                looked.push((file, about.len(), about.modified().ok()));
            }
        }
        Ok(looked)
    }

    fn files(&self) -> io::Result<Vec<PathBuf>> {
        let listing = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listing => listing?,
        };
        let mut files = Vec::new();
        for entry in listing {
            let path = entry?.path();
            if path.extension() == Some(OsStr::new("toml")) && !is_hidden(&path) {
                files.push(path);
            }
            if files.len() > MOST_FILES {
                let message = format!("there are more than {MOST_FILES} pool profiles");
                return Err(io::Error::other(message));
            }
        }
        files.sort();
        Ok(files)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.toml"))
    }

    /// Writes beside it, then takes its place: who reads sees the old text or the new.
    fn replace(&self, name: &str, text: &str) -> io::Result<()> {
        fs::create_dir_all(&self.path)?;
        let beside = self.path.join(format!(".{name}.toml.{}", std::process::id()));
        let written = File::create(&beside).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        let placed = written.and_then(|()| fs::rename(&beside, self.file(name)));
        if placed.is_err() {
            // The first mistake is the one to tell.
            let _ = fs::remove_file(&beside);
        }
        placed?;
        File::open(&self.path)?.sync_all()
    }
}

impl ProfileStore for Directory {
    fn read(&self) -> Result<BTreeMap<String, Written>, StorageError> {
        let mut all: BTreeMap<_, _> = BUILT_IN
            .iter()
            .map(|(name, text)| {
                let written = Written {
                    text: Ok((*text).to_owned()),
                    origin: Origin::BuiltIn,
                };
                ((*name).to_owned(), written)
            })
            .collect();
        for file in self.files().map_err(failed("listing the pool profiles"))? {
            let name = file.file_stem().map(OsStr::to_string_lossy).unwrap_or_default();
            let Some(text) = text(&file, &name) else { continue };
            let origin = match all.contains_key(&*name) {
                true => Origin::Override,
                false => Origin::File,
            };
            all.insert(name.into_owned(), Written { text, origin });
        }
        Ok(all)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), StorageError> {
        self.replace(name, text).map_err(failed("writing a pool profile"))
    }

    fn remove(&self, name: &str) -> Result<(), StorageError> {
        let removed = match fs::remove_file(self.file(name)) {
            // Somebody else was faster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            removed => removed,
        };
        let synced = removed.and_then(|()| File::open(&self.path)?.sync_all());
        synced.map_err(failed("removing a pool profile"))
    }
}

fn failed(doing: &'static str) -> impl FnOnce(io::Error) -> StorageError {
    move |source| match source.kind() {
        io::ErrorKind::StorageFull => StorageError::Full,
        _ => StorageError::Io { doing, source },
    }
}

/// What a file says, or why it is of no use; none where it is not there any longer.
fn text(file: &Path, name: &str) -> Option<Result<String, String>> {
    if !Profile::is_name(name) {
        return Some(Err(format!(
            "{} cannot name a profile: lower-case letters, digits and hyphens, beginning with a letter, can",
            file.display()
        )));
    }
    let read = fs::metadata(file).and_then(|about| match about.len() {
        bytes if bytes > MOST_BYTES => Ok(Err(format!(
            "{} has {bytes} bytes: a profile has at most {MOST_BYTES}",
            file.display()
        ))),
        _ => fs::read_to_string(file).map(Ok),
    });
    match read {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(Err(format!("reading {} failed: {error}", file.display()))),
    }
}

fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str);
    name.is_some_and(|name| name.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_written_read_and_removed() {
        let place = tempfile::tempdir().unwrap();
        let directory = Directory::new(place.path().join("made when first written"));
        let names = || -> Vec<_> { directory.read().unwrap().into_keys().collect() };
        let built_in: Vec<_> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(names(), built_in);
        assert!(directory.look().unwrap().is_empty());
        directory.write("mine", "reuse = 2").unwrap();
        directory.write("sandbox", "reuse = 3").unwrap();
        let all = directory.read().unwrap();
        let told = |name: &str| (all[name].text.as_deref(), all[name].origin);
        assert_eq!(told("mine"), (Ok("reuse = 2"), Origin::File));
        assert_eq!(told("sandbox"), (Ok("reuse = 3"), Origin::Override));
        assert_eq!(all["process"].origin, Origin::BuiltIn);
        let looked = directory.look().unwrap();
        assert_eq!(looked.len(), 2);
        directory.write("mine", "reuse = 20").unwrap();
        assert_ne!(directory.look().unwrap(), looked);
        directory.remove("mine").unwrap();
        directory.remove("mine").unwrap();
        directory.remove("sandbox").unwrap();
        assert_eq!(names(), built_in);
        assert!(directory.look().unwrap().is_empty());
    }

    #[test]
    fn what_is_no_profile_is_passed_over_or_told() {
        let place = tempfile::tempdir().unwrap();
        let directory = Directory::new(place.path().to_owned());
        std::fs::write(place.path().join("README.md"), "not a profile").unwrap();
        std::fs::write(place.path().join(".mine.toml.17"), "not finished").unwrap();
        std::fs::write(place.path().join("large.toml"), vec![b'#'; 70_000]).unwrap();
        std::fs::write(place.path().join("binary.toml"), [0xff, 0xfe]).unwrap();
        std::fs::write(place.path().join("No Good.toml"), "").unwrap();
        let all = directory.read().unwrap();
        let wrong: Vec<_> = all.iter().filter(|(_, written)| written.text.is_err()).collect();
        assert_eq!(wrong.len(), 3, "{all:?}");
        assert!(all["large"].text.as_ref().unwrap_err().contains("at most 65536"));
        assert_eq!(all.len(), BUILT_IN.len() + 3);
    }
}
