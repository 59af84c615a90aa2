//! Figures as bars.

use std::fmt::Write as _;

use super::work::{Figures, Role, Work};
use crate::report::number;

const WIDTH: f64 = 900.0;
/// Where bars begin, and the length of the longest.
const LEFT: f64 = 270.0;
const LONGEST: f64 = 500.0;
const LINE: f64 = 20.0;
const GAP: f64 = 44.0;

/// A group of bars for each work, the longest as long as there is room.
pub(super) fn svg(all: &[Work]) -> String {
    let lines: usize = all.iter().map(|work| work.figures.len()).sum();
    let height = all.len() as f64 * GAP + lines as f64 * LINE + 20.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    let mut y = 0.0;
    for work in all {
        y += GAP;
        // Writing to a text does not fail.
        let _ = writeln!(
            svg,
            "<text x=\"12\" y=\"{}\" font-weight=\"bold\">{}, {}</text>",
            y - 12.0,
            work.what,
            work.measure.unit().replace("/s", "per second")
        );
        let most = work.figures.iter().map(Figures::median).fold(0.0, f64::max);
        for figures in &work.figures {
            bar(&mut svg, figures, most, y);
            y += LINE;
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn bar(svg: &mut String, figures: &Figures, most: f64, y: f64) {
    let color = match figures.role {
        Role::Weft => "#1f77b4",
        Role::Peer => "#b0b0b0",
        Role::Limit => "#e6d5a8",
    };
    let width = figures.median() / most * LONGEST;
    // Writing to a text does not fail.
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\
         <rect x=\"{LEFT}\" y=\"{y:.0}\" width=\"{width:.1}\" height=\"{}\" fill=\"{color}\"/>\
         <text x=\"{:.1}\" y=\"{}\">{}</text>",
        LEFT - 8.0,
        y + 11.0,
        figures.system.replace('`', ""),
        LINE - 5.0,
        LEFT + width + 6.0,
        y + 11.0,
        number(figures.median())
    );
}
