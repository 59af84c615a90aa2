//! Files of examples and what is expected of each.
//!
//! An example begins with a line `### what it shows`, followed by a text; behind a line `---` stands what comes of it. With
//! `WEFT_BLESS=1` in the environment the files are written anew: the difference is to be read before it is committed.

use std::path::Path;

/// An example of a file.
struct Example<'f> {
    title: &'f str,
    text: &'f str,
    expected: &'f str,
}

/// Compares what `evaluate` makes of each example of a file with what stands there; answers how many examples there are.
pub(crate) fn compare(file: &str, evaluate: impl Fn(&str) -> String) -> usize {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(file);
    let content = std::fs::read_to_string(&path).unwrap();
    let examples = examples(&content);
    let mut blessed = String::new();
    let mut wrong = Vec::new();
    for example in &examples {
        let found = evaluate(example.text);
        blessed.push_str(&format!(
            "### {}\n{}---\n{}\n",
            example.title, example.text, found
        ));
        if found.trim_end() != example.expected.trim_end() {
            wrong.push(format!(
                "### {}\nfound:\n{found}\nexpected:\n{}",
                example.title, example.expected
            ));
        }
    }
    if std::env::var_os("WEFT_BLESS").is_some() {
        std::fs::write(&path, blessed).unwrap();
        return examples.len();
    }
    assert!(wrong.is_empty(), "{file}:\n{}", wrong.join("\n"));
    examples.len()
}

fn examples(content: &str) -> Vec<Example<'_>> {
    let parts = content.split("### ").skip(1);
    let examples = parts.map(|part| {
        let (title, rest) = part.split_once('\n').unwrap();
        let (text, expected) = rest.split_once("---\n").unwrap();
        Example {
            title,
            text,
            expected,
        }
    });
    examples.collect()
}
