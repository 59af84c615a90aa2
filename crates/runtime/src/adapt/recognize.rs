//! What a run of bytes is, judged by its beginning.

use super::{ACCEPTED, Refused};

/// The two forms of WebAssembly binaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A core module.
    Module,
    /// A component.
    Component,
}

/// Bytes of the beginning that are looked at to tell text from binary.
const SAMPLE: usize = 512;

/// Beginnings of files that get uploaded by mistake.
const MAGIC: [(&[u8], &str); 14] = [
    (b"\x7fELF", "a native ELF executable"),
    (b"\xfe\xed\xfa\xce", "a native Mach-O executable"),
    (b"\xfe\xed\xfa\xcf", "a native Mach-O executable"),
    (b"\xce\xfa\xed\xfe", "a native Mach-O executable"),
    (b"\xcf\xfa\xed\xfe", "a native Mach-O executable"),
    (
        b"\xca\xfe\xba\xbe",
        "a universal Mach-O executable or a Java class",
    ),
    (b"MZ", "a Windows executable"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"BZh", "a bzip2 archive"),
    (b"BC\xc0\xde", "LLVM bitcode"),
    (b"#!", "a script"),
];

/// Tells whether `bytes` are a core module or a component.
pub(super) fn form(bytes: &[u8]) -> Result<Form, Refused> {
    if bytes.is_empty() {
        return Err(refused("nothing: the upload is empty"));
    }
    let Some(rest) = bytes.strip_prefix(b"\0asm") else {
        return Err(foreign(bytes));
    };
    match rest {
        [1, 0, 0, 0, ..] => Ok(Form::Module),
        [_, 0, 1, 0, ..] => Ok(Form::Component),
        [a, b, c, d, ..] => Err(refused(&format!(
            "a WebAssembly binary of the unknown version {a:02x} {b:02x} {c:02x} {d:02x}"
        ))),
        _ => Err(refused(&format!(
            "a WebAssembly binary that ends early, at byte {}",
            bytes.len()
        ))),
    }
}

fn foreign(bytes: &[u8]) -> Refused {
    if b"\0asm".starts_with(bytes) {
        return refused(&format!(
            "a WebAssembly binary that ends early, at byte {}",
            bytes.len()
        ));
    }
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return refused(&format!("{what}, not WebAssembly"));
    }
    match text(bytes) {
        Some(text) if is_wat(text) => Refused(
            "this is WebAssembly text, not a binary: translate it (`wasm-tools parse in.wat -o out.wasm`) and upload that"
                .to_owned(),
        ),
        Some(_) => refused("text, not WebAssembly"),
        None => {
            let begin = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>();
            refused(&format!("not WebAssembly: it begins with {}", begin.join(" ")))
        }
    }
}

/// The beginning as text, if it reads as such.
fn text(bytes: &[u8]) -> Option<&str> {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let text = match std::str::from_utf8(sample) {
        Ok(text) => text,
        // A character may be cut in two where the sample ends.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&sample[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    text.chars()
        .all(|c| !c.is_control() || c.is_ascii_whitespace())
        .then_some(text)
}

fn is_wat(text: &str) -> bool {
    let code = text
        .lines()
        .map(str::trim_start)
        .find(|line| !line.is_empty() && !line.starts_with(";;"));
    code.is_some_and(|line| line.starts_with("(module") || line.starts_with("(component"))
}

fn refused(what: &str) -> Refused {
    Refused(format!("this is {what}; {ACCEPTED}"))
}
