//! The data directory and the disk below it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Check, State};

pub(crate) const NAME: &str = "data";

/// How often a write is forced to the disk to learn how long that takes.
const TRIES: usize = 21;
/// A deploy waits for several of these.
const SLOW: Duration = Duration::from_millis(20);

pub(crate) fn check(directory: &Path) -> Check {
    let shown = directory.display();
    match fsync_latency(directory) {
        Ok(latency) => {
            let detail = format!(
                "{shown}, where a server started here keeps its data: fsync takes {:.2} ms",
                latency.as_secs_f64() * 1e3
            );
            match latency > SLOW {
                true => Check::new(
                    NAME,
                    State::Degraded,
                    format!("{detail}; deploys are slow on such a disk"),
                ),
                false => Check::new(NAME, State::Works, detail),
            }
        }
        Err(error) => Check::new(
            NAME,
            State::Unavailable,
            format!("{shown} cannot be written: {error}"),
        ),
    }
}

/// The median of some writes that reach the disk. Leaves nothing behind but the directory, where it was there before.
fn fsync_latency(directory: &Path) -> io::Result<Duration> {
    let directory = existing(directory)?;
    let path = directory.join(format!(".weft-doctor-{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
    let times = (0..TRIES)
        .map(|_| timed(&mut file))
        .collect::<io::Result<Vec<_>>>();
    fs::remove_file(&path)?;
    let mut times = times?;
    times.sort_unstable();
    Ok(times[TRIES / 2])
}

fn timed(file: &mut File) -> io::Result<Duration> {
    let start = Instant::now();
    file.write_all(&[0; 4096])?;
    file.sync_data()?;
    Ok(start.elapsed())
}

/// The directory, or the nearest above it that exists: the server would create the rest.
fn existing(directory: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(directory)?;
    let found = absolute.ancestors().find(|path| path.is_dir());
    found
        .map(Path::to_owned)
        .ok_or_else(|| io::ErrorKind::NotFound.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_can_be_written_works_and_stays_clean() {
        let directory = std::env::temp_dir().join(format!("weft-doctor-test-{}", std::process::id()));
        fs::create_dir(&directory).unwrap();
        assert_ne!(check(&directory.join("not/yet/there")).state, State::Unavailable);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
        fs::remove_dir(&directory).unwrap();
    }

    #[test]
    fn a_place_that_cannot_be_written_is_unavailable() {
        assert_eq!(check(Path::new("/proc/nowhere")).state, State::Unavailable);
    }
}
