//! Figures as a table in Markdown.

use std::fmt::Write as _;

use super::work::{Figures, Role, Work};
use crate::report::number;
use crate::{Options, page, peers};

/// A line for each system, below the work that it did.
pub(super) fn markdown(all: &[Work], options: &Options) -> String {
    let mut text = format!(
        "{}. wasmtime {}, workerd {}, Restate {}. Medians of {} rounds of {} s, all systems in turns within a round; 64 connections \
         unless alone.\n\n\
         | work | system | median | min – max | Weft is |\n|---|---|---:|---:|---:|\n",
        page::circumstances(),
        peers::WASMTIME,
        peers::workerd::VERSION,
        peers::restate::VERSION,
        options.rounds,
        options.seconds,
    );
    for work in all {
        for (index, figures) in work.figures.iter().enumerate() {
            let what = if index == 0 { work.what } else { "" };
            line(&mut text, work, what, figures);
        }
    }
    let behind: Vec<&Work> = all.iter().filter(|work| !work.is_ahead()).collect();
    if behind.is_empty() {
        text.push_str("\nWeft is ahead of every peer in every row.\n");
        return text;
    }
    text.push_str("\nWhere a peer is ahead:\n\n");
    for work in behind {
        let why = work.behind.unwrap_or("not explained yet.");
        // Writing to a text does not fail.
        let _ = writeln!(text, "- {}: {why}", work.what);
    }
    text
}

fn line(text: &mut String, work: &Work, what: &str, figures: &Figures) {
    let (low, high) = figures
        .values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(*value), high.max(*value))
        });
    let advantage = match figures.role {
        Role::Weft => String::new(),
        Role::Peer => format!("{} ×", number(work.advantage(figures))),
        Role::Limit => format!("{} × of the limit", number(work.advantage(figures))),
    };
    let system = match figures.role {
        Role::Weft => format!("**{}**", figures.system),
        Role::Peer | Role::Limit => figures.system.to_owned(),
    };
    // Writing to a text does not fail.
    let _ = writeln!(
        text,
        "| {what} | {system} | {} {} | {} – {} | {advantage} |",
        number(figures.median()),
        work.measure.unit(),
        number(low),
        number(high)
    );
}
