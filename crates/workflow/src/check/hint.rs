//! The end of a message about a name that does not exist.

/// How many names fit into a sentence.
const FEW: usize = 8;

/// What was probably meant, or what there is where that is little, or nothing.
pub(super) fn hint<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str> + Clone) -> String {
    let meant = crate::nearest::hint(wrong, names.clone());
    if !meant.is_empty() {
        return meant;
    }
    let names: Vec<_> = names.into_iter().take(FEW + 1).collect();
    match names.len() {
        1..=FEW => format!(", expected `{}`", names.join("` or `")),
        _ => String::new(),
    }
}
