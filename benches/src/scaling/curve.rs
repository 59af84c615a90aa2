//! Curves, and their tables in Markdown.

use std::fmt::Write as _;

use crate::report::{median, number};
use crate::{Options, page};

/// What changes with something.
pub(super) struct Curve {
    /// What the figures are, with their unit.
    pub(super) what: &'static str,
    /// What they change with.
    pub(super) over: &'static str,
    pub(super) at: Vec<u32>,
    pub(super) lines: Vec<Line>,
}

pub(super) struct Line {
    pub(super) name: &'static str,
    /// One for each place, in their order.
    pub(super) medians: Vec<f64>,
}

impl Curve {
    /// A curve of these lines, whose figures come place by place.
    pub(super) fn new<const N: usize>(
        what: &'static str,
        over: &'static str,
        names: [&'static str; N],
        places: &[(u32, [Vec<f64>; N])],
    ) -> Self {
        let lines = names.into_iter().enumerate().map(|(index, name)| Line {
            name,
            medians: places
                .iter()
                .map(|(_, figures)| median(&figures[index]))
                .collect(),
        });
        Self {
            what,
            over,
            at: places.iter().map(|(at, _)| *at).collect(),
            lines: lines.collect(),
        }
    }
}

/// A table for each curve.
pub(super) fn markdown(all: &[Curve], options: &Options) -> String {
    let mut text = format!(
        "{}. Medians of {} rounds of {} s.\n",
        page::circumstances(),
        options.rounds,
        options.seconds
    );
    for curve in all {
        // Writing to a text does not fail.
        let _ = write!(text, "\n| {}: {} |", curve.over, curve.what);
        for at in &curve.at {
            let _ = write!(text, " {at} |");
        }
        text.push_str("\n|---|");
        text.push_str(&"---:|".repeat(curve.at.len()));
        text.push('\n');
        for line in &curve.lines {
            let _ = write!(text, "| {} |", line.name);
            for figure in &line.medians {
                let _ = write!(text, " {} |", number(*figure));
            }
            text.push('\n');
        }
    }
    text
}
