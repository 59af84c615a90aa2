//! Notices changes of a project's files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::{Instant, timeout_at};

/// Editors write several files at once: changes this close together count as one.
const QUIET: Duration = Duration::from_millis(150);
/// Something that writes without a pause is not waited for longer.
const LONGEST: Duration = Duration::from_secs(2);

/// The changes below a directory, but for what builds write.
pub(crate) struct Changes {
    paths: Receiver<PathBuf>,
    _watcher: RecommendedWatcher,
}

impl Changes {
    /// Watches from now on.
    pub(crate) fn of(directory: &Path) -> Result<Self> {
        let unwatchable = || format!("{} cannot be watched", directory.display());
        let directory = directory.canonicalize().with_context(unwatchable)?;
        // One waiting change says all: that there is something to build.
        let (sender, paths) = channel(1);
        let root = directory.clone();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let changed = event
                .ok()
                .filter(is_change)
                .and_then(|event| event.paths.into_iter().find(|path| is_source(path, &root)));
            if let Some(path) = changed {
                // Full: a change waits already.
                let _ = sender.try_send(path);
            }
        })
        .with_context(unwatchable)?;
        watcher
            .watch(&directory, RecursiveMode::Recursive)
            .with_context(unwatchable)?;
        Ok(Self {
            paths,
            _watcher: watcher,
        })
    }

    /// The next change, once nothing else changed for a moment.
    pub(crate) async fn next(&mut self) -> Result<PathBuf> {
        let first = self.paths.recv().await.context("the watch ended")?;
        settle(&mut self.paths).await;
        Ok(first)
    }
}

/// Waits until no more changes come, or has waited long enough.
async fn settle(paths: &mut Receiver<PathBuf>) {
    let end = Instant::now() + LONGEST;
    loop {
        let quiet = (Instant::now() + QUIET).min(end);
        match timeout_at(quiet, paths.recv()).await {
            Ok(Some(_)) if Instant::now() < end => {}
            _ => return,
        }
    }
}

fn is_change(event: &Event) -> bool {
    matches!(
        event.kind,
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_)
    )
}

/// Whether a build reads it: not what Cargo writes, nor hidden files.
fn is_source(path: &Path, root: &Path) -> bool {
    let Ok(inside) = path.strip_prefix(root) else {
        return false;
    };
    let mut parts = inside.components().map(|part| part.as_os_str().to_string_lossy());
    !inside.starts_with("target")
        && inside != Path::new("Cargo.lock")
        && parts.all(|part| !part.starts_with('.') && !part.ends_with('~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sources_count() {
        let root = Path::new("/p");
        for path in [
            "/p/src/lib.rs",
            "/p/wit/world.wit",
            "/p/Cargo.toml",
            "/p/function.toml",
        ] {
            assert!(is_source(Path::new(path), root), "{path}");
        }
        for path in [
            "/p/target/x",
            "/p/.git/index",
            "/p/src/.lib.rs.swp",
            "/p/src/lib.rs~",
            "/p/Cargo.lock",
            "/q/x",
        ] {
            assert!(!is_source(Path::new(path), root), "{path}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_settles_is_not_waited_for() {
        let (sender, mut paths) = channel(1);
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(QUIET / 2);
            while sender.send(PathBuf::new()).await.is_ok() {
                ticks.tick().await;
            }
        });
        let began = Instant::now();
        settle(&mut paths).await;
        assert!(
            (LONGEST..LONGEST + QUIET).contains(&began.elapsed()),
            "{:?}",
            began.elapsed()
        );
    }

    #[tokio::test]
    async fn a_written_file_is_a_change() {
        let root = std::env::temp_dir().join(format!("weft-watch-{}", std::process::id()));
        std::fs::create_dir_all(root.join("src")).unwrap();
        let mut changes = Changes::of(&root).unwrap();
        std::fs::write(root.join("src/lib.rs"), "").unwrap();
        assert!(
            changes
                .next()
                .await
                .unwrap()
                .starts_with(root.canonicalize().unwrap())
        );
        std::fs::remove_dir_all(root).unwrap();
    }
}
