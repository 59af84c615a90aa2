//! Showing what was written in a message.

/// The most characters that are shown.
const SHOWN: usize = 60;

/// A text between backticks, control characters escaped, cut where it is long.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown = String::from("`");
    let mut chars = text.chars();
    chars
        .by_ref()
        .take(SHOWN)
        .for_each(|char| match char.is_control() {
            true => shown.extend(char.escape_default()),
            false => shown.push(char),
        });
    shown.push_str(if chars.next().is_some() { "…`" } else { "`" });
    shown
}
