//! A type and bytes that should be a value of it; and what holds of every image.

use std::sync::LazyLock;

use weft_types::guest::{self, GuestMemory};
use weft_types::image::{Bounds, Image};
use weft_types::{Type, json};

/// Bounds on images: large enough for whatever an input holds, unless it shares.
pub(super) const BOUNDS: Bounds = Bounds {
    bytes: 1 << 20,
    elements: 10_000,
};

/// Types by number, the first byte of an input.
const TYPES: [&str; 24] = [
    "u8",
    "s64",
    "f32",
    "f64",
    "char",
    "bool",
    "string",
    "list<u8>",
    "list<string>",
    "list<list<u16>>",
    "option<option<string>>",
    "result<list<u8>, string>",
    "result<_, enum { low, high }>",
    "tuple<u8, u64, string, f32>",
    "enum { a, b, c }",
    "flags { a, b, c, d, e, f, g, h, i }",
    "variant { none, some-text(string), pair(tuple<u8, f64>), many(list<char>) }",
    "record { id: string, lines: list<record { sku: string, qty: u32, price: f64 }> }",
    "record { data: list<u8> }",
    "list<option<bool>>",
    "list<record { a: u8, b: u32, c: option<list<f64>> }>",
    "record { value: s64, ratio: f32, grade: enum { low, high }, tags: list<string>, rights: flags { read, write } }",
    "list<variant { leaf, node(list<string>) }>",
    "list<tuple<>>",
];

static PARSED: LazyLock<Vec<Type>> =
    LazyLock::new(|| TYPES.iter().map(|text| text.parse().unwrap()).collect());

/// The type that an input begins with, and the rest: a number below [`TYPES`]' length names one of them, any other one is the length of a text.
pub(super) fn split(input: &[u8]) -> Option<(Type, &[u8])> {
    let (first, rest) = input.split_first()?;
    if let Some(ty) = PARSED.get(usize::from(*first)) {
        return Some((ty.clone(), rest));
    }
    let (text, rest) = rest.split_at_checked(usize::from(*first) - TYPES.len())?;
    let ty: Type = std::str::from_utf8(text).ok()?.parse().ok()?;
    let again: Type = ty.to_string().parse().unwrap();
    assert_eq!(again, ty, "a type is what its text says");
    Some((ty, rest))
}

/// An input of each listed type with what `rest` answers for it, and one whose type is spelled out.
pub(super) fn inputs(rest: impl Fn(&Type) -> Vec<u8>) -> Vec<Vec<u8>> {
    let listed = PARSED
        .iter()
        .enumerate()
        .map(|(index, ty)| [vec![index as u8], rest(ty)].concat());
    let spelled = "record { a: option<u8>, b: list<string> }";
    let ty: Type = spelled.parse().unwrap();
    let first = vec![(TYPES.len() + spelled.len()) as u8];
    listed
        .chain([[first, spelled.into(), rest(&ty)].concat()])
        .collect()
}

/// What holds of every image that was accepted, wherever it came from: it is within bounds, its bytes are accepted again, its JSON is read
/// as the same image, and so is what a guest would be given of it.
pub(super) fn is_sound(ty: &Type, image: &Image, bounds: Bounds) {
    assert!(image.payload().len() <= bounds.bytes);
    let accepted = Image::from_bytes(image.as_bytes().clone(), ty, bounds);
    assert_eq!(accepted.as_ref(), Ok(image), "its bytes");
    let mut text = Vec::new();
    json::print(ty, image, &mut text);
    let read = json::parse(ty, &text, BOUNDS);
    assert_eq!(
        read.as_ref(),
        Ok(image),
        "its JSON {}",
        String::from_utf8_lossy(&text)
    );
    let mut memory = Memory(vec![0xa5; 16]);
    let Ok(root) = guest::lower(ty, image, &mut memory);
    let lifted = guest::lift(ty, &memory.0, &root, bounds);
    assert_eq!(lifted.as_ref(), Ok(image), "its copy in a guest");
}

/// Memory whose allocator leaves gaps of garbage.
struct Memory(Vec<u8>);

impl GuestMemory for Memory {
    type Error = std::convert::Infallible;

    fn allocate(&mut self, align: u32, size: u32) -> Result<u32, Self::Error> {
        let start = (self.0.len() + 1).next_multiple_of(align as usize);
        self.0.resize(start + size as usize, 0xa5);
        Ok(start as u32)
    }

    fn memory(&mut self) -> &mut [u8] {
        &mut self.0
    }
}
