//! The table of figures and their bounds.

use std::io::Write as _;

/// The fewest rounds whose medians count.
pub(crate) const ROUNDS: usize = 5;

/// What a figure has to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
    /// In every round.
    Exactly(f64),
    /// Shown for comparison only.
    None,
}

impl Bound {
    fn holds(self, figures: &[f64]) -> bool {
        let figure = median(figures);
        match self {
            Self::AtLeast(bound) => figure >= bound,
            Self::AtMost(bound) => figure <= bound,
            Self::Exactly(bound) => figures.iter().all(|figure| *figure == bound),
            Self::None => true,
        }
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtLeast(bound) => write!(f, "≥ {}", number(*bound)),
            Self::AtMost(bound) => write!(f, "≤ {}", number(*bound)),
            Self::Exactly(bound) => write!(f, "= {}", number(*bound)),
            Self::None => f.write_str("–"),
        }
    }
}

/// Rows are printed as they come, so that a long run shows what it does.
#[derive(Default)]
pub(crate) struct Report {
    short: usize,
}

impl Report {
    pub(crate) fn begin() -> Self {
        line(&format!(
            "{:<4} {:<66} {:>11} {:>23} {:>12}  ok",
            "bar", "what", "median", "min – max", "bound"
        ));
        Self::default()
    }

    /// Adds a figure measured several times.
    pub(crate) fn row(&mut self, bar: u32, what: &str, unit: &str, figures: &[f64], bound: Bound) {
        let median = median(figures);
        let low = figures.iter().copied().fold(f64::INFINITY, f64::min);
        let high = figures.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let ok = !figures.is_empty() && bound.holds(figures);
        self.short += usize::from(!ok);
        let verdict = match (bound, ok) {
            (Bound::None, true) => "",
            (_, true) => "yes",
            (_, false) => "NO",
        };
        let (figure, range) = (number(median), format!("{} – {}", number(low), number(high)));
        let bound = bound.to_string();
        line(&format!(
            "{bar:<4} {what:<66} {figure:>8} {unit:<2} {range:>23} {bound:>12}  {verdict}"
        ));
    }

    /// Adds what was measured another time, for comparison.
    pub(crate) fn quote(&mut self, bar: u32, text: &str) {
        line(&format!("{bar:<4} {text}"));
    }

    /// Whether every bound held, in `rounds` rounds.
    pub(crate) fn end(self, rounds: usize) -> bool {
        if rounds < ROUNDS {
            line(&format!(
                "medians of {rounds} rounds only: the bounds are for {ROUNDS} or more"
            ));
        }
        match self.short {
            0 => line("every bound holds"),
            n => line(&format!("{n} bounds do not hold")),
        }
        self.short == 0
    }
}

pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "  … {text}");
}

fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// The figure below which `share` of all lie.
pub(crate) fn percentile(figures: &[f64], share: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let index = (share * last as f64).round() as usize;
    sorted.get(index.min(last)).copied().unwrap_or(f64::NAN)
}

/// Three significant digits, or whole numbers from 1,000 on.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        v if v >= 1000.0 => format!("{value:.0}"),
        v if v >= 100.0 => format!("{value:.1}"),
        v if v >= 10.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
