//! One line of a log.

use anyhow::Result;
use weft_api::wire::{LogLine, LogStep, Stream};

use crate::output::Output;

/// Prints a line: as JSON on one line, or as time, stream, the node that wrote it if there is one, and text.
pub(super) fn print(line: &LogLine, output: Output) -> Result<()> {
    if output.is_json() {
        return Ok(output.line(serde_json::to_string(line)?)?);
    }
    Ok(output.line(in_text(line))?)
}

fn in_text(line: &LogLine) -> String {
    let mark = match line.stream {
        Stream::Stdout => ' ',
        Stream::Stderr => '!',
    };
    let time = line.time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
    let step = line.step.as_ref().map_or_else(String::new, place);
    format!("{time} {mark} {step}{}", printable(&line.text))
}

/// Node, item, which attempt from the second on, and a `~` where it may be made again after a crash.
fn place(step: &LogStep) -> String {
    let item = step.item.map_or_else(String::new, |item| format!("[{item}]"));
    let attempt = match step.attempt {
        0 | 1 => String::new(),
        attempt => format!("#{attempt}"),
    };
    let open = if step.committed == Some(false) { "~" } else { "" };
    format!("{}{item}{attempt}{open}: ", step.node)
}

/// Text that cannot move the cursor or colour the terminal: it comes from a function's code.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_cannot_command_the_terminal() {
        assert_eq!(printable("a\tb\u{1b}[2Jc"), "a\tb\u{fffd}[2Jc");
    }

    #[test]
    fn a_line_of_a_run_tells_its_place() {
        let mut step = LogStep {
            run: "r".to_owned(),
            node: "labels".to_owned(),
            item: None,
            attempt: 1,
            committed: Some(true),
        };
        assert_eq!(place(&step), "labels: ");
        step.item = Some(3);
        step.attempt = 2;
        step.committed = Some(false);
        assert_eq!(place(&step), "labels[3]#2~: ");
    }
}
