//! What the fuzzer says at its end.

use std::fmt;

/// How a target fared.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub executed: u64,
    /// Inputs that covered something new.
    pub added: u64,
    /// Edges covered.
    pub edges: u64,
    /// Largest memory in MiB.
    pub memory: u64,
    /// Whether an input broke it.
    pub broken: bool,
    /// The fuzzer's last lines where it did.
    words: String,
}

/// Lines shown of what a broken target said.
const SHOWN: usize = 40;

impl Outcome {
    /// From the fuzzer's log.
    pub fn read(log: &str, success: bool) -> Self {
        let lines: Vec<&str> = log.lines().collect();
        let shown = lines.len().saturating_sub(if success { 0 } else { SHOWN });
        Self {
            executed: figure(log, "stat::number_of_executed_units:"),
            added: figure(log, "stat::new_units_added:"),
            edges: figure(log, " cov:"),
            memory: figure(log, "stat::peak_rss_mb:"),
            broken: !success,
            words: if success {
                String::new()
            } else {
                lines[shown..].join("\n")
            },
        }
    }
}

/// The last number behind a word.
fn figure(log: &str, word: &str) -> u64 {
    let behind = log.rsplit_once(word).map_or("", |(_, behind)| behind);
    let number = behind.split_whitespace().next();
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            executed,
            added,
            edges,
            memory,
            ..
        } = self;
        let said = if self.broken { "BROKEN" } else { "no finding" };
        write!(
            f,
            "{said}: {executed} inputs, {added} of them new, {edges} edges covered, {memory} MiB at most"
        )?;
        if self.broken {
            write!(f, "\n{}", self.words)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_figures_count() {
        let log = "#2 INITED cov: 4 ft: 5 corp: 1/1b\n#9 DONE   cov: 21 ft: 20 corp: 9/1Kb\nstat::number_of_executed_units: 9\n\
                   stat::new_units_added:          3\nstat::peak_rss_mb:              40\n";
        let outcome = Outcome::read(log, true);
        assert_eq!(
            outcome.to_string(),
            "no finding: 9 inputs, 3 of them new, 21 edges covered, 40 MiB at most"
        );
        assert!(
            Outcome::read("panicked\n", false)
                .to_string()
                .ends_with("\npanicked")
        );
    }
}
