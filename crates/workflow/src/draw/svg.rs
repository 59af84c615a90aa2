//! A plan as a picture.

use std::fmt::Write as _;

use super::layout::{Layout, Place, Way, layout};
use super::{cut, deed};
use crate::edge::End;
use crate::plan::{Kind, Plan};

/// Measures in pixels.
const BOX: (usize, usize) = (180, 48);
const GAP: (usize, usize) = (70, 20);
const MARGIN: usize = 20;
/// Characters that fit into a box.
const FIT: usize = 26;

const STYLE: &str = "\
text{font:12px system-ui,sans-serif;text-anchor:middle;fill:#1f2328}\
.deed{font-size:10px;fill:#656d76}\
.box{fill:#f6f8fa;stroke:#8c959f}\
.effects{stroke:#bc4c00}\
.end{fill:#ddf4ff;stroke:#54aeff}\
.way{fill:none;stroke:#8c959f}\
.order{stroke-dasharray:4 3}\
#tip{fill:#8c959f}\
@media(prefers-color-scheme:dark){\
text{fill:#e6edf3}.deed{fill:#8d96a0}.box{fill:#161b22;stroke:#6e7681}.effects{stroke:#db6d28}.end{fill:#0c2d6b;stroke:#388bfd}}";

/// A plan as a picture in SVG. The same plan always gives the same text.
#[must_use]
pub fn svg(plan: &Plan) -> String {
    let layout = layout(plan, &plan.edges());
    let width = 2 * MARGIN + layout.columns * (BOX.0 + GAP.0) - GAP.0;
    let height = 2 * MARGIN + layout.rows.max(1) * (BOX.1 + GAP.1) - GAP.1;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n\
         <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
         <path id=\"tip\" d=\"M0 0L8 4L0 8z\"/></marker></defs>\n",
        escaped(&plan.name)
    );
    for way in &layout.ways {
        draw_way(&layout, way, &mut svg);
    }
    for (&end, &place) in &layout.places {
        draw_box(plan, end, place, &mut svg);
    }
    svg.push_str("</svg>\n");
    svg
}

/// The upper left corner of a place.
fn corner(place: Place) -> (usize, usize) {
    let x = MARGIN + place.column * (BOX.0 + GAP.0);
    let y = MARGIN + place.half_row * (BOX.1 + GAP.1) / 2;
    (x, y)
}

fn draw_box(plan: &Plan, end: End, place: Place, svg: &mut String) {
    let (x, y) = corner(place);
    let (middle, (width, height)) = (x + BOX.0 / 2, BOX);
    let End::Node(index) = end else {
        let radius = height / 2;
        let name = plan.name_of(end);
        // Writing to a string does not fail, here and below.
        let _ = writeln!(
            svg,
            "<g><rect class=\"end\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"/>\
             <text x=\"{middle}\" y=\"{}\">{}</text></g>",
            y + 29,
            escaped(name)
        );
        return;
    };
    let node = plan.node(index);
    let class = if node.effect_free { "box" } else { "box effects" };
    let radius = match node.kind {
        Kind::Call(_) => 6,
        Kind::Sleep { .. } | Kind::Wait { .. } => height / 2,
    };
    let mut title = format!("{}: {}", node.name, deed(node));
    if let Some(when) = &node.when {
        let _ = write!(title, "\nwhen {}", when.text());
    }
    if let Some(for_each) = &node.for_each {
        let _ = write!(title, "\nfor each {}", for_each.list.text());
        // A second sheet behind the first.
        let _ = writeln!(
            svg,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"/>",
            x + 4,
            y + 4
        );
    }
    let _ = write!(
        svg,
        "<g><title>{}</title><rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"/>",
        escaped(&title)
    );
    if let Kind::Call(call) = &node.kind
        && call.workflow
    {
        let (left, right, bottom) = (x + 6, x + width - 6, y + height);
        let _ = write!(
            svg,
            "<path class=\"way\" d=\"M{left} {y}V{bottom}M{right} {y}V{bottom}\"/>"
        );
    }
    let mark = if node.when.is_some() { "? " } else { "" };
    let _ = writeln!(
        svg,
        "<text x=\"{middle}\" y=\"{}\">{mark}{}</text><text class=\"deed\" x=\"{middle}\" y=\"{}\">{}</text></g>",
        y + 21,
        escaped(&cut(&node.name, FIT)),
        y + 37,
        escaped(&cut(&deed(node), FIT + 4))
    );
}

fn draw_way(layout: &Layout, way: &Way, svg: &mut String) {
    let (Some(&from), Some(&to)) = (layout.places.get(&way.from), layout.places.get(&way.to)) else {
        return;
    };
    let (x, y) = corner(from);
    let mut at = (x + BOX.0, y + BOX.1 / 2);
    let mut path = format!("M{} {}", at.0, at.1);
    for place in &way.by {
        let (x, y) = corner(*place);
        let y = y + BOX.1 / 2;
        curve(&mut path, at, (x, y));
        let _ = write!(path, "H{}", x + BOX.0);
        at = (x + BOX.0, y);
    }
    let (x, y) = corner(to);
    curve(&mut path, at, (x, y + BOX.1 / 2));
    let class = if way.data { "way" } else { "way order" };
    let _ = writeln!(
        svg,
        "<path class=\"{class}\" marker-end=\"url(#arrow)\" d=\"{path}\"><title>{}</title></path>",
        escaped(&way.labels.join("\n"))
    );
}

/// A curve that leaves and arrives level.
fn curve(path: &mut String, from: (usize, usize), to: (usize, usize)) {
    let middle = (from.0 + to.0) / 2;
    let _ = write!(path, "C{middle} {} {middle} {} {} {}", from.1, to.1, to.0, to.1);
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            // What XML does not have.
            other if other.is_control() && other != '\n' => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}
