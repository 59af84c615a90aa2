//! A report as a picture.

use std::fmt::Write;

use super::report::{Moment, Report};

const WIDTH: f64 = 900.0;
const LEFT: f64 = 70.0;
const PANEL: f64 = 150.0;
const GAP: f64 = 50.0;
const TOP: f64 = 40.0;

/// A line of a panel.
struct Line {
    name: &'static str,
    color: &'static str,
    value: fn(&Moment) -> f64,
}

const PANELS: [&[Line]; 3] = [
    &[
        Line {
            name: "instances",
            color: "#1f77b4",
            value: |moment| f64::from(moment.instances),
        },
        Line {
            name: "busy",
            color: "#9ec9e8",
            value: |moment| f64::from(moment.busy),
        },
    ],
    &[Line {
        name: "queue",
        color: "#d62728",
        value: |moment| f64::from(moment.queue),
    }],
    &[
        Line {
            name: "latency p99, ms",
            color: "#9467bd",
            value: |moment| moment.p99_ms,
        },
        Line {
            name: "p50",
            color: "#2ca02c",
            value: |moment| moment.p50_ms,
        },
    ],
];

/// Draws instances, queue and latency over time as an SVG of its own.
#[must_use]
pub fn plot(report: &Report) -> String {
    let height = TOP + PANELS.len() as f64 * (PANEL + GAP);
    let end = report
        .moments
        .last()
        .map_or(0.0, |moment| moment.second)
        .max(1e-9);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        WIDTH + LEFT + 30.0
    );
    for (index, lines) in PANELS.iter().enumerate() {
        panel(&mut svg, report, end, TOP + index as f64 * (PANEL + GAP), lines);
    }
    svg.push_str("</svg>\n");
    svg
}

fn panel(svg: &mut String, report: &Report, end: f64, top: f64, lines: &[Line]) {
    let values = lines
        .iter()
        .flat_map(|line| report.moments.iter().map(line.value));
    let most = rounded_up(values.fold(0.0, f64::max));
    let bottom = top + PANEL;
    // Writing to a string cannot fail.
    for part in [0.0, 0.5, 1.0] {
        let (x, y) = (LEFT + WIDTH * part, bottom - PANEL * part);
        let _ = write!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"#ddd\"/>\n\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n\
             <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" fill=\"#777\">{:.0} s</text>\n",
            LEFT + WIDTH,
            LEFT - 6.0,
            y + 4.0,
            most * part,
            bottom + 16.0,
            end * part
        );
    }
    for (index, line) in lines.iter().enumerate() {
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\" fill=\"{}\">{}</text>\n<polyline fill=\"none\" stroke=\"{}\" points=\"",
            LEFT + 120.0 * index as f64,
            top - 8.0,
            line.color,
            line.name,
            line.color
        );
        for moment in &report.moments {
            let (x, y) = (moment.second / end * WIDTH, (line.value)(moment) / most * PANEL);
            let _ = write!(svg, "{:.1},{:.1} ", LEFT + x, bottom - y);
        }
        svg.push_str("\"/>\n");
    }
}

/// The next of 1, 2, 4, 10, 20, 40, …: halves of them are short to write.
fn rounded_up(most: f64) -> f64 {
    let mut step = 1.0;
    loop {
        for times in [1.0, 2.0, 4.0] {
            // Latencies and counts are finite, and far from where the loop would not end.
            if step * times >= most {
                return step * times;
            }
        }
        step *= 10.0;
    }
}
