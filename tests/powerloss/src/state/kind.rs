//! Telling syncs apart by what they are for.

use super::{Entry, State};

impl State<'_> {
    /// What a sync of `path` would be for now, with the variable parts of names left out: `file weft.db-wal`,
    /// `file artifacts/tmp/upload-*`, or `names in artifacts/wasm after naming *.wasm`, with `(left behind)` where an earlier process did that.
    #[must_use]
    pub fn kind(&self, path: &[u8]) -> String {
        if let Some(Entry::File(_)) = self.names.get(path) {
            return format!("file {}", pattern(path));
        }
        let place = if path.is_empty() {
            ".".to_owned()
        } else {
            pattern(path)
        };
        match self.since.get(path).and_then(|changes| changes.last()) {
            None => format!("names in {place}, unchanged"),
            Some(change) => {
                let what = match change.entry {
                    None => "removing",
                    Some(Entry::Directory) => "making",
                    Some(Entry::File(_)) => "naming",
                };
                let name = change
                    .name
                    .rsplit(|&byte| byte == b'/')
                    .next()
                    .unwrap_or_default();
                let whose = if change.process < self.processes {
                    " (left behind)"
                } else {
                    ""
                };
                format!("names in {place} after {what} {}{whose}", pattern(name))
            }
        }
    }
}

/// The path with `*` for every run of hexadecimal digits that is long or follows a hyphen.
fn pattern(path: &[u8]) -> String {
    let text = String::from_utf8_lossy(path);
    text.split('/').map(component).collect::<Vec<_>>().join("/")
}

fn component(name: &str) -> String {
    let digits = name.bytes().take_while(u8::is_ascii_hexdigit).count();
    if digits == 64 {
        return format!("*{}", &name[digits..]);
    }
    match name.rsplit_once('-') {
        Some((stem, number)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{stem}-*")
        }
        _ => name.to_owned(),
    }
}
