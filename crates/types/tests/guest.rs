//! Lowering into and lifting out of guest memory.
#![allow(clippy::unwrap_used)]

use weft_types::guest::{self, GuestMemory, Instead, LiftError};
use weft_types::image::Bounds;
use weft_types::{Type, json};

const BOUNDS: Bounds = Bounds {
    bytes: 1000,
    elements: 100,
};

/// Memory that notes its allocations.
struct Memory {
    bytes: Vec<u8>,
    allocations: Vec<(u32, u32)>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            bytes: vec![0; 16],
            allocations: Vec::new(),
        }
    }
}

impl GuestMemory for Memory {
    type Error = &'static str;

    fn allocate(&mut self, align: u32, size: u32) -> Result<u32, &'static str> {
        if self.allocations.len() == 8 {
            return Err("out of memory");
        }
        self.allocations.push((align, size));
        let start = self.bytes.len().next_multiple_of(align as usize);
        self.bytes.resize(start + size as usize, 0);
        Ok(start as u32)
    }

    fn memory(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

fn ty(text: &str) -> Type {
    text.parse().unwrap()
}

/// The value is allocated as these blocks (alignment, size), in this order, and comes back.
fn lowers(of: &str, value: &str, blocks: &[(u32, u32)]) {
    let ty = ty(of);
    let image = json::parse(&ty, value.as_bytes(), BOUNDS).unwrap();
    let mut memory = Memory::default();
    let root = guest::lower(&ty, &image, &mut memory).unwrap();
    assert_eq!(memory.allocations, blocks, "{of} {value}");
    assert_eq!(
        guest::lift(&ty, &memory.bytes, &root, BOUNDS).as_ref(),
        Ok(&image),
        "{of} {value}"
    );
}

#[test]
fn one_allocation_a_block() {
    lowers("u64", "7", &[]);
    lowers("string", "\"abc\"", &[(1, 3)]);
    lowers("list<u8>", "[1,2]", &[(1, 2)]);
    lowers("list<u64>", "[1,2]", &[(8, 16)]);
    lowers("list<string>", "[\"a\",\"\",\"bc\"]", &[(4, 24), (1, 1), (1, 2)]);
    lowers("list<list<u16>>", "[[1],[],[2,3]]", &[(4, 24), (2, 2), (2, 4)]);
    lowers(
        "record { a: option<string>, b: result<u8, list<string>> }",
        "{\"a\":\"x\",\"b\":{\"err\":[\"yy\"]}}",
        &[(1, 1), (4, 8), (1, 2)],
    );
    lowers("variant { a(u8), b(string) }", "{\"b\":\"x\"}", &[(1, 1)]);
    lowers("list<tuple<>>", "[[],[]]", &[]);
}

#[test]
fn empty_blocks_are_dangling_but_aligned() {
    let ty = ty("tuple<string, list<u64>, list<u16>, list<tuple<>>>");
    let image = json::parse(&ty, b"[\"\",[],[],[[]]]", BOUNDS).unwrap();
    let root = guest::lower(&ty, &image, &mut Memory::default()).unwrap();
    let words: Vec<_> = root.chunks(4).map(|word| word[0]).collect();
    assert_eq!(words, [1, 0, 8, 0, 2, 0, 1, 1]);
}

#[test]
fn a_guest_out_of_memory_ends_it() {
    let ty = ty("list<string>");
    let image = json::parse(
        &ty,
        b"[\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\"]",
        BOUNDS,
    )
    .unwrap();
    let lowered = guest::lower(&ty, &image, &mut Memory::default());
    assert_eq!(lowered.unwrap_err(), "out of memory");
}

#[test]
fn roots_may_be_large() {
    let ty = Type::record((0..40).map(|i| (format!("f{i}"), ty("string")))).unwrap();
    let fields: Vec<_> = (0..40).map(|i| format!("\"f{i}\":\"\"")).collect();
    let image = json::parse(&ty, format!("{{{}}}", fields.join(",")).as_bytes(), BOUNDS).unwrap();
    let root = guest::lower(&ty, &image, &mut Memory::default()).unwrap();
    assert_eq!(root.len(), 320);
}

#[test]
fn flat_values() {
    let check = |of: &str, value: &str, expected: &[u64]| {
        let ty = ty(of);
        let image = json::parse(&ty, value.as_bytes(), BOUNDS).unwrap();
        let mut flat = [u64::MAX; 16];
        let used = guest::flatten(&ty, image.payload(), &mut flat);
        assert_eq!(&flat[..used], expected, "{of} {value}");
    };
    check("s8", "-1", &[0xffff_ffff]);
    check("s16", "-2", &[0xffff_fffe]);
    check("u8", "255", &[255]);
    check("s32", "-1", &[0xffff_ffff]);
    check("s64", "-1", &[u64::MAX]);
    check("f32", "1", &[0x3f80_0000]);
    check("f64", "1", &[0x3ff0_0000_0000_0000]);
    check("char", "\"a\"", &[0x61]);
    check("bool", "true", &[1]);
    check("string", "\"ab\"", &[8, 2]);
    check("enum { a, b }", "\"b\"", &[1]);
    check("option<u64>", "null", &[0, 0]);
    check("option<u64>", "7", &[1, 7]);
    check(
        "variant { a(f32), b(u64), c, d(tuple<s8, string>) }",
        "{\"a\":1}",
        &[0, 0x3f80_0000, 0, 0],
    );
    check(
        "variant { a(f32), b(u64), c, d(tuple<s8, string>) }",
        "\"c\"",
        &[2, 0, 0, 0],
    );
    check(
        "record { a: u8, b: tuple<u16, bool> }",
        "{\"a\":1,\"b\":[2,true]}",
        &[1, 2, 1],
    );
    check("tuple<>", "[]", &[]);
    let flags: Vec<_> = (0..40).map(|i| format!("f{i}")).collect();
    check(
        &format!("flags {{ {} }}", flags.join(", ")),
        "[\"f0\",\"f39\"]",
        &[1, 128],
    );
    check("flags { a, b }", "[\"b\"]", &[2]);
}

#[test]
fn flat_results() {
    let check = |of: &str, core: u64, expected: &str| {
        let ty = ty(of);
        let printed = guest::unflatten(&ty, core).and_then(|root| {
            let image = guest::lift(&ty, &[], &root, BOUNDS)?;
            let mut out = Vec::new();
            json::print(&ty, &image, &mut out);
            Ok(String::from_utf8(out).unwrap())
        });
        assert_eq!(
            printed.unwrap_or_else(|error| error.to_string()),
            expected,
            "{of} {core}"
        );
    };
    check("bool", 256, "true");
    check("bool", 1 << 32, "false");
    check("s8", 0xffff_ffff, "-1");
    check("u8", 0x1ff, "255");
    check("f32", 0x7fff_ffff, "\"NaN\"");
    check(
        "char",
        0xd800,
        "a char that is not a Unicode scalar value at address 0",
    );
    check("enum { a, b }", 1, "\"b\"");
    check("enum { a, b }", 0x101, "a case that does not exist at address 0");
    check("result", 1, "{\"err\":null}");
    check("result", 256, "a case that does not exist at address 0");
    check("variant { a, b }", 2, "a case that does not exist at address 0");
    check(
        "record { a: tuple<>, b: tuple<bool> }",
        512,
        "{\"a\":[],\"b\":[true]}",
    );
    check("flags { a, b }", 0xfe, "[\"b\"]");
}

/// Lifts from memory that holds words of 32 bits, the root first.
fn lift(of: &str, words: &[u32], bounds: Bounds) -> Result<String, LiftError> {
    let memory: Vec<_> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let ty = ty(of);
    let image = guest::lift(&ty, &memory, &memory, bounds)?;
    let mut out = Vec::new();
    json::print(&ty, &image, &mut out);
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn hostile_memory() {
    let check = |of: &str, words: &[u32], what: &str, at: u32| {
        let error = lift(of, words, BOUNDS).unwrap_err();
        assert_eq!(error.to_string(), format!("{what} at address {at}"), "{of}");
    };
    check("string", &[4], "the root value is cut short", 0);
    check("string", &[8, 1], "a pointer to beyond the end of memory", 0);
    check("string", &[9, 0], "a pointer to beyond the end of memory", 0);
    check(
        "string",
        &[u32::MAX, u32::MAX],
        "a pointer to beyond the end of memory",
        0,
    );
    check("string", &[8, 3, 0x00ff_4141], "a string that is not UTF-8", 10);
    check("list<u32>", &[9, 1, 0, 0], "a pointer that is not aligned", 0);
    check(
        "list<u64>",
        &[8, 0x2000_0001, 0, 0],
        "a pointer to beyond the end of memory",
        0,
    );
    check(
        "list<bool>",
        &[8, u32::MAX, 0],
        "a pointer to beyond the end of memory",
        0,
    );
    check(
        "list<char>",
        &[8, 2, 0x41, 0x0011_0000],
        "a char that is not a Unicode scalar value",
        12,
    );
    check(
        "list<tuple<u32, enum { a }>>",
        &[8, 1, 0, 1],
        "a case that does not exist",
        12,
    );
    check("option<u8>", &[2], "a case that does not exist", 0);
    check(
        "list<string>",
        &[8, 1, 100, 1],
        "a pointer to beyond the end of memory",
        8,
    );
}

#[test]
fn other_forms_become_canonical() {
    assert_eq!(
        lift("list<bool>", &[8, 4, 0x00ff_0201], BOUNDS).unwrap(),
        "[true,true,true,false]"
    );
    assert_eq!(lift("flags { a, b }", &[0xfe], BOUNDS).unwrap(), "[\"b\"]");
    assert_eq!(lift("option<u32>", &[0, 77], BOUNDS).unwrap(), "null");
    assert_eq!(
        lift("tuple<u8, u32>", &[0xffff_ff01, 2], BOUNDS).unwrap(),
        "[1,2]"
    );
}

#[test]
fn shared_elements_end_at_the_bounds() {
    let deep = format!("{}u8{}", "list<".repeat(60), ">".repeat(60));
    let itself = [8, 2, 8, 2, 8, 2];
    assert_eq!(lift(&deep, &itself, BOUNDS), Err(LiftError::TooManyElements(100)));
    let many = Bounds {
        elements: usize::MAX,
        ..BOUNDS
    };
    assert_eq!(lift(&deep, &itself, many), Err(LiftError::TooLarge(1000)));
    let hollow = [8, u32::MAX];
    assert_eq!(
        lift("list<tuple<>>", &hollow, BOUNDS),
        Err(LiftError::TooManyElements(100))
    );
    assert_eq!(
        lift("list<u16>", &[8, 101, 0], BOUNDS).unwrap_err().to_string(),
        "a pointer to beyond the end of memory at address 0"
    );
    let words = [8; 60];
    assert_eq!(lift("list<u16>", &words, BOUNDS).unwrap(), "[8,0,8,0,8,0,8,0]");
}

#[test]
fn arguments_are_lowered_with_handles_and_bytes_instead() {
    let params = ty("record { a: string, b: list<u8>, c: u64, d: list<u8>, e: list<string> }");
    let passed = ty("record { a: string, b: u32, c: u64, d: list<u8>, e: list<string> }");
    let value = r#"{"a":"xy","b":"AAAA","c":7,"d":"AAAAAA==","e":["z"]}"#;
    let image = json::parse(&params, value.as_bytes(), BOUNDS).unwrap();
    let instead = |index| match index {
        1 => Some(Instead::Handle(9)),
        3 => Some(Instead::Bytes(b"abc")),
        _ => None,
    };
    let mut memory = Memory::default();
    let root = guest::lower_arguments((&params, &passed), &image, instead, &mut memory).unwrap();
    // Neither the bytes of `b` nor the four that `d` had are there.
    assert_eq!(memory.allocations, [(1, 2), (1, 3), (4, 8), (1, 1)]);
    let expected = r#"{"a":"xy","b":9,"c":7,"d":"YWJj","e":["z"]}"#;
    let expected = json::parse(&passed, expected.as_bytes(), BOUNDS).unwrap();
    assert_eq!(guest::lift(&passed, &memory.bytes, &root, BOUNDS), Ok(expected));
}

#[test]
fn no_bytes_are_passed_like_an_empty_list() {
    let params = ty("record { a: list<u8> }");
    let image = json::parse(&params, br#"{"a":"AAAA"}"#, BOUNDS).unwrap();
    let empty = json::parse(&params, br#"{"a":""}"#, BOUNDS).unwrap();
    let mut memory = Memory::default();
    let instead = |_| Some(Instead::Bytes(&[]));
    let root = guest::lower_arguments((&params, &params), &image, instead, &mut memory).unwrap();
    assert_eq!(*root, *guest::lower(&params, &empty, &mut memory).unwrap());
    assert_eq!(memory.allocations, []);
}
