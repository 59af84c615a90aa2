//! Uploads that are not code.

use crate::Api;
use crate::case::Case;
use crate::guests::{example, fixture};

const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
const MODULE: &[u8] = b"\0asm\x01\0\0\0";

pub(super) fn cases() -> Vec<Case> {
    let put = |what: &str, code: Vec<u8>| Case::put(what, "upload", code);
    vec![
        put("nothing at all", Vec::new()).refused(400, "invalid-code", "empty"),
        put("text", b"hello, world".to_vec()).refused(400, "invalid-code", "not WebAssembly"),
        put("the text format", b"(component)".to_vec()).refused(400, "invalid-code", "text"),
        put("a native program", native()).refused(400, "invalid-code", "ELF"),
        put("a compressed component", b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec()).refused(
            400,
            "invalid-code",
            "gzip",
        ),
        put("half a component", half()).refused(400, "invalid-code", ""),
        put("the first bytes of a component", COMPONENT[..6].to_vec()).refused(400, "invalid-code", ""),
        put("an unknown version", b"\0asm\x63\0\x07\0".to_vec()).refused(400, "invalid-code", "version"),
        put("an empty component", COMPONENT.to_vec()).refused(400, "invalid-code", "export"),
        put("an empty module", MODULE.to_vec()).refused(400, "invalid-code", "exports no function"),
        put("a module that imports what is not offered", importing()).refused(400, "invalid-code", "env"),
        put("a component with a broken section", broken()).refused(400, "invalid-code", ""),
        put("a component of resources only", fixture("resources-only")).refused(400, "invalid-code", "tally"),
        typed("code without a type", None).refused(415, "unsupported-media-type", "application/wasm"),
        typed("code as text", Some("text/plain")).refused(415, "unsupported-media-type", "application/wasm"),
        typed("code as JSON", Some("application/json")).refused(
            400,
            "invalid-definition",
            "a definition is UTF-8",
        ),
        put("an upload that says it is too large", Vec::new())
            .header("content-length", (65_u64 << 20).to_string())
            .refused(413, "upload-too-large", "67108864"),
    ]
}

fn typed(what: &str, kind: Option<&str>) -> Case {
    let case = Case::new(what, "PUT", Api::path("upload", "")).body(fixture("arith"));
    match kind {
        Some(kind) => case.header("content-type", kind),
        None => case,
    }
}

/// The beginning of the test's own executable.
fn native() -> Vec<u8> {
    let mut program = std::fs::read("/proc/self/exe").expect("a process can read its executable");
    program.truncate(64 << 10);
    program
}

fn half() -> Vec<u8> {
    let mut code = example("pricing");
    code.truncate(code.len() / 2);
    code
}

/// A length in the middle says more than there is.
fn broken() -> Vec<u8> {
    let mut code = fixture("arith");
    code[9] = 0xff;
    code[10] = 0xff;
    code
}

/// `(module (import "env" "f" (func)))`
fn importing() -> Vec<u8> {
    let types = b"\x01\x04\x01\x60\0\0".as_slice();
    [MODULE, types, b"\x02\x09\x01\x03env\x01f\0\0"].concat()
}
