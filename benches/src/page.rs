//! `docs/performance.md`: what is measured is put where it says so, with a picture beside.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

/// The page, and where its pictures are.
const PAGE: &str = "docs/performance.md";
const PICTURES: &str = "docs/performance";

/// A part of the page that is written by measuring.
pub(crate) struct Section<'s> {
    /// What its marks and its picture are called.
    pub(crate) name: &'s str,
    pub(crate) text: &'s str,
    pub(crate) picture: &'s str,
}

/// Replaces a section of the page and its picture.
pub(crate) fn write(section: &Section<'_>) -> Result<()> {
    let page = std::fs::read_to_string(PAGE).with_context(|| format!("cannot read {PAGE}"))?;
    let replaced = replaced(&page, section.name, section.text)?;
    std::fs::create_dir_all(PICTURES)?;
    std::fs::write(
        Path::new(PICTURES).join(format!("{}.svg", section.name)),
        section.picture,
    )?;
    std::fs::write(PAGE, replaced)?;
    Ok(())
}

/// The page with other text between the marks of a section.
fn replaced(page: &str, name: &str, text: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let parts = page.split_once(&begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(&end)?;
        Some(format!("{before}{begin}{text}{end}{after}"))
    });
    parts.with_context(|| format!("{PAGE} does not say where `{name}` begins and ends"))
}

/// When and on what this is measured.
pub(crate) fn circumstances() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "Measured on {} with Weft {} on {cores} cores of {}, {} GB of memory, Linux {}, the load generator on the same machine",
        jiff::Zoned::now().date(),
        env!("CARGO_PKG_VERSION"),
        field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        memory(),
        kernel()
    )
}

/// Shows what was written.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}");
}

fn memory() -> u64 {
    let total = field("/proc/meminfo", "MemTotal");
    let kib = total.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default().div_ceil(1 << 20)
}

/// Its first two numbers: what comes behind is the distributor's.
fn kernel() -> String {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    release.split('.').take(2).collect::<Vec<_>>().join(".")
}

/// What a file of lines `key: value` says of a key.
fn field(file: &str, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = pairs.find(|(name, _)| name.trim() == key)?;
    Some(value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let page = "a\n<!-- begin peers -->\nold\n<!-- end peers -->\nb\n<!-- begin other -->\nc\n<!-- end other -->\n";
        let expected = page.replace("old", "new");
        assert_eq!(replaced(page, "peers", "new\n").unwrap(), expected);
        assert!(replaced(page, "absent", "new\n").is_err());
    }
}
