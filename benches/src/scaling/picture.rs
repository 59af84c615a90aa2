//! Curves as a picture: one panel each, what they change with on a logarithmic scale.

use std::fmt::Write as _;

use super::curve::{Curve, Line};
use crate::report::number;

const WIDTH: f64 = 900.0;
const LEFT: f64 = 80.0;
const PANEL: f64 = 150.0;
const GAP: f64 = 70.0;
const COLORS: [&str; 4] = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd"];

pub(super) fn svg(all: &[Curve]) -> String {
    let height = all.len() as f64 * (PANEL + GAP) + 20.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for (index, curve) in all.iter().enumerate() {
        panel(&mut svg, curve, GAP - 20.0 + index as f64 * (PANEL + GAP));
    }
    svg.push_str("</svg>\n");
    svg
}

/// Where figures of a panel are.
struct Scale {
    top: f64,
    most: f64,
    first: f64,
    last: f64,
}

impl Scale {
    fn new(curve: &Curve, top: f64) -> Self {
        let figures = curve.lines.iter().flat_map(|line| &line.medians);
        let log = |at: Option<&u32>| f64::from(at.copied().unwrap_or(1)).ln();
        Self {
            top,
            most: figures.copied().fold(f64::MIN_POSITIVE, f64::max),
            first: log(curve.at.first()),
            last: log(curve.at.last()),
        }
    }

    fn x(&self, at: u32) -> f64 {
        let share = (f64::from(at).ln() - self.first) / (self.last - self.first).max(f64::MIN_POSITIVE);
        LEFT + share * (WIDTH - LEFT - 40.0)
    }

    fn y(&self, figure: f64) -> f64 {
        self.top + PANEL * (1.0 - figure / self.most)
    }
}

fn panel(svg: &mut String, curve: &Curve, top: f64) {
    let scale = Scale::new(curve, top);
    // Writing to a text does not fail.
    let _ = writeln!(
        svg,
        "<text x=\"12\" y=\"{}\" font-weight=\"bold\">{} over {}</text>",
        top - 28.0,
        curve.what,
        curve.over
    );
    for share in [0.0, 0.5, 1.0] {
        let y = scale.y(scale.most * share);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            WIDTH - 40.0,
            LEFT - 6.0,
            y + 4.0,
            number(scale.most * share)
        );
    }
    for at in &curve.at {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#777\">{at}</text>",
            scale.x(*at),
            top + PANEL + 16.0
        );
    }
    for (index, line) in curve.lines.iter().enumerate() {
        draw(svg, curve, line, index, &scale);
    }
}

fn draw(svg: &mut String, curve: &Curve, line: &Line, index: usize, scale: &Scale) {
    let color = COLORS[index % COLORS.len()];
    // Writing to a text does not fail.
    let _ = write!(
        svg,
        "<text x=\"{}\" y=\"{}\" fill=\"{color}\">{}</text>\n<polyline fill=\"none\" stroke=\"{color}\" points=\"",
        LEFT + 200.0 * index as f64,
        scale.top - 10.0,
        line.name
    );
    for (at, figure) in curve.at.iter().zip(&line.medians) {
        let _ = write!(svg, "{:.1},{:.1} ", scale.x(*at), scale.y(*figure));
    }
    svg.push_str("\"/>\n");
}
