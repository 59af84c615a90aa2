//! The few pages that are made here.

use std::fmt::Write;

use crate::problem::{Entry, Kind};

/// The page at the root.
pub(super) fn landing() -> String {
    let version = env!("CARGO_PKG_VERSION");
    layout(
        "Weft",
        &format!(
            "<h1>Weft {version}</h1><p>A serverless platform for WebAssembly functions.</p>\
             <ul><li><a href=\"/docs\">The API, to read and to try</a></li>\
             <li><a href=\"/openapi.json\">Its OpenAPI description</a></li>\
             <li><a href=\"/problems\">Kinds of problems</a></li></ul>"
        ),
    )
}

/// Every kind of problem.
pub(super) fn problems() -> String {
    let mut rows = String::new();
    for Entry {
        slug, status, title, ..
    } in Kind::ALL.iter().map(|kind| kind.entry())
    {
        // Writing to a text does not fail.
        let _ = write!(
            rows,
            "<tr><td><a href=\"/problems/{slug}\"><code>{slug}</code></a></td><td>{status}</td><td>{}</td></tr>",
            escape(title)
        );
    }
    layout(
        "Problems",
        &format!("<h1>Kinds of problems</h1><table>{rows}</table>"),
    )
}

/// One kind of problem.
pub(super) fn problem(entry: &Entry) -> String {
    let Entry {
        slug,
        status,
        title,
        explanation,
    } = entry;
    let body = format!(
        "<p><a href=\"/problems\">All kinds</a></p><h1>{}</h1><p><code>{slug}</code> · status {status}</p><p>{}</p>",
        escape(title),
        code(explanation),
    );
    layout(title, &body)
}

fn layout(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{}</title>\
         <link rel=\"stylesheet\" href=\"/docs/docs.css\"></head><body><main>{body}</main></body></html>",
        escape(title),
    )
}

/// Text between backticks as code.
fn code(text: &str) -> String {
    let mut html = String::new();
    for (i, part) in text.split('`').enumerate() {
        let part = escape(part);
        // Writing to a text does not fail.
        let _ = if i % 2 == 0 {
            write!(html, "{part}")
        } else {
            write!(html, "<code>{part}</code>")
        };
    }
    html
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        assert_eq!(
            code("a < b: `x > \"y\"` & c"),
            "a &lt; b: <code>x &gt; &quot;y&quot;</code> &amp; c"
        );
    }
}
