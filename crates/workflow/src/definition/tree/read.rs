//! From bytes to a tree.

use super::build::Builder;
use super::{json, yaml};
use crate::definition::bounds::Bounds;
use crate::definition::place::Places;
use crate::definition::problems::Problems;
use crate::problem::Problem;

/// Reads a text, YAML or JSON; none where it cannot be read to its end or is empty, which is told.
pub(in crate::definition) fn read(text: &[u8], bounds: &Bounds, problems: &mut Problems) -> Option<Places> {
    let most = bounds.text.min(Bounds::MAX_TEXT);
    if text.len() > most {
        let message = format!(
            "a definition has at most {most} bytes, this one has {}",
            text.len()
        );
        tell(problems, "too-large", &[], message);
        return None;
    }
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(error) => {
            let (valid, _) = text.split_at(error.valid_up_to());
            tell(
                problems,
                "not-utf-8",
                valid,
                "a definition is UTF-8, this byte is not".to_owned(),
            );
            return None;
        }
    };
    let mut builder = Builder::new(text, bounds, problems);
    let read = match json::read(text, &mut builder) {
        Some(read) => read,
        None => yaml::read(text, &mut builder),
    };
    let tree = builder.finish();
    if tree.is_none() && read.is_ok() {
        tell(
            problems,
            "empty",
            &[],
            "there is nothing here, expected a definition: `workflow: …`".to_owned(),
        );
    }
    read.ok().and(tree)
}

/// Tells a problem behind `before`.
fn tell(problems: &mut Problems, code: &'static str, before: &[u8], message: String) {
    let before = String::from_utf8_lossy(before);
    let start = super::cursor::Cursor::new(&before).at(before.len());
    problems.tell(|| Problem {
        at: start.position,
        code,
        path: String::new(),
        message,
    });
}
