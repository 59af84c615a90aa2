//! Which blobs a text names.

use weft_types::Digest;
use weft_workflow::definition::{Bounds, blobs};

/// What a text names, with lines and paths. `A` and `B` in it stand for digests.
fn named(text: &str) -> Vec<(char, u32, String)> {
    let digests = ['A', 'B'].map(|name| (name, Digest::of(name.to_string().as_bytes())));
    let mut whole = text.to_owned();
    for (name, digest) in digests {
        whole = whole.replace(name, &digest.to_string());
    }
    let found = blobs(whole.as_bytes(), &Bounds::default()).into_iter();
    let name = |digest| digests.iter().find(|(_, of)| *of == digest).unwrap().0;
    found
        .map(|blob| (name(blob.digest), blob.at.line, blob.path))
        .collect()
}

#[test]
fn blobs_are_found_wherever_values_stand() {
    let cases = [
        ("{}", vec![]),
        (
            "nodes: { a: { with: { x: { $blob: 'A' } } } }",
            vec![('A', 1, "nodes.a.with.x")],
        ),
        (
            "nodes:\n  a:\n    with:\n      x: [1, { $blob: A }, { y: { $blob: B } }]\noutput: { $blob: A }\n",
            vec![
                ('A', 4, "nodes.a.with.x[1]"),
                ('B', 4, "nodes.a.with.x[2].y"),
                ('A', 5, "output"),
            ],
        ),
        (
            r#"{"output": {"$blob": "A"}, "nodes": {"a": {"with": {"x": {"$blob": "B"}}}}}"#,
            vec![('A', 1, "output"), ('B', 1, "nodes.a.with.x")],
        ),
        // Escapes, of the key and of the digest.
        (r#"{"output": {"\u0024blob": "A"}}"#, vec![('A', 1, "output")]),
        // What is only written like one.
        ("output: { blob: A, text: 'A' } # { $blob: A }", vec![]),
        ("output: { $blob: [A] }", vec![]),
        // What cannot be read names nothing.
        ("output: { $blob: A", vec![]),
    ];
    for (text, expected) in cases {
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(name, line, path)| (name, line, path.to_owned()))
            .collect();
        assert_eq!(named(text), expected, "{text}");
    }
}

#[test]
fn a_digest_may_be_escaped() {
    let digest = Digest::of(b"x");
    let escaped = digest.to_string().replace("blake3", "\\u0062lake3");
    let text = format!(r#"{{"output": {{"$blob": "{escaped}"}}}}"#);
    let found = blobs(text.as_bytes(), &Bounds::default());
    assert_eq!(found.iter().map(|blob| blob.digest).collect::<Vec<_>>(), [digest]);
}
