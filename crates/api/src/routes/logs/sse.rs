//! The text form of server-sent events.

use std::fmt::Write;

/// Appends an event. `data` may have several lines.
pub(in crate::routes) fn event(out: &mut String, name: &str, id: Option<&str>, data: &str) {
    // Writing to a text does not fail.
    let _ = writeln!(out, "event: {name}");
    if let Some(id) = id {
        let _ = writeln!(out, "id: {id}");
    }
    // A carriage return ends a line as well, so it may not stay where it is.
    for line in data.split(['\n', '\r']) {
        let _ = writeln!(out, "data: {line}");
    }
    out.push('\n');
}

/// Appends a comment, which clients pass over.
pub(in crate::routes) fn comment(out: &mut String, text: &str) {
    let _ = write!(out, ": {text}\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_end_with_an_empty_line() {
        let mut out = String::new();
        comment(&mut out, "following");
        event(&mut out, "line", Some("31"), "{\"seq\":0}");
        event(&mut out, "lost", None, "a\nb\rc");
        assert_eq!(
            out,
            ": following\n\nevent: line\nid: 31\ndata: {\"seq\":0}\n\nevent: lost\ndata: a\ndata: b\ndata: c\n\n"
        );
    }
}
