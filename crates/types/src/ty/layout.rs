//! Where the parts of a value lie.

/// How a value of a type lies in memory: the rules of image format 1, which are the component model's canonical ABI
/// with 32-bit pointers, frozen (<https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Layout {
    /// Bytes, a multiple of `align`; at most [`Type::MAX_SIZE`](super::Type::MAX_SIZE).
    pub size: u32,
    /// 1, 2, 4 or 8.
    pub align: u32,
    /// Number of core values when passed flat, saturating at `u32::MAX`.
    pub flat: u32,
    /// How deep the type nests, 1 for a scalar.
    pub depth: u32,
    /// How many types and names of cases or flags it is written with, saturating: the size of the type as a tree.
    pub nodes: u32,
    /// Whether a value holds a pointer (a string or list) anywhere.
    pub pointers: bool,
}

impl Layout {
    /// A scalar of `size` bytes.
    pub(super) const fn scalar(size: u32) -> Self {
        Self {
            size,
            align: size,
            flat: 1,
            depth: 1,
            nodes: 1,
            pointers: false,
        }
    }

    /// `string`: a pointer and a length.
    pub(super) const STRING: Self = Self {
        size: 8,
        align: 4,
        flat: 2,
        depth: 1,
        nodes: 1,
        pointers: true,
    };

    /// A list: a pointer and a length, wherever its elements lie.
    pub(super) const fn list(element: &Self) -> Self {
        Self {
            depth: element.depth + 1,
            nodes: element.nodes.saturating_add(1),
            ..Self::STRING
        }
    }

    /// The same with `count` names.
    pub(super) fn with_names(self, count: usize) -> Self {
        let names = u32::try_from(count).unwrap_or(u32::MAX);
        let nodes = self.nodes.saturating_add(names);
        Self { nodes, ..self }
    }

    /// Flags of `count` bits.
    pub(super) fn flags(count: usize) -> Self {
        let words = u32::try_from(count.div_ceil(32)).unwrap_or(u32::MAX);
        match count {
            0 => Self {
                size: 0,
                align: 1,
                flat: 0,
                depth: 1,
                nodes: 1,
                pointers: false,
            },
            1..=8 => Self::scalar(1),
            9..=16 => Self::scalar(2),
            _ => Self {
                size: words.saturating_mul(4),
                align: 4,
                flat: words,
                depth: 1,
                nodes: 1,
                pointers: false,
            },
        }
    }
}

/// Rounds `offset` up to a multiple of `align`, a power of two.
pub(crate) const fn align_up(offset: u32, align: u32) -> u32 {
    offset.saturating_add(align - 1) & !(align - 1)
}

/// Bytes of the discriminant of a type with `cases` cases.
pub(crate) const fn discriminant_size(cases: usize) -> u32 {
    match cases {
        0..=0x100 => 1,
        0x101..=0x1_0000 => 2,
        _ => 4,
    }
}

/// Lays members out one after another: the whole and the offset of each.
pub(super) fn sequence<'a>(members: impl Iterator<Item = &'a Layout>) -> (Layout, Vec<u32>) {
    let mut whole = Layout {
        size: 0,
        align: 1,
        flat: 0,
        depth: 1,
        nodes: 1,
        pointers: false,
    };
    let mut offsets = Vec::new();
    for member in members {
        let offset = align_up(whole.size, member.align);
        offsets.push(offset);
        whole.size = offset.saturating_add(member.size);
        whole.align = whole.align.max(member.align);
        whole.flat = whole.flat.saturating_add(member.flat);
        whole.depth = whole.depth.max(member.depth + 1);
        whole.nodes = whole.nodes.saturating_add(member.nodes);
        whole.pointers |= member.pointers;
    }
    whole.size = align_up(whole.size, whole.align);
    (whole, offsets)
}

/// Lays the payloads of `cases` cases over each other behind a discriminant: the whole and where payloads lie.
pub(super) fn union<'a>(cases: usize, payloads: impl Iterator<Item = &'a Layout>) -> (Layout, u32) {
    let discriminant = discriminant_size(cases);
    let mut inner = Layout {
        size: 0,
        align: 1,
        flat: 0,
        depth: 0,
        nodes: 1,
        pointers: false,
    };
    for payload in payloads {
        inner.size = inner.size.max(payload.size);
        inner.align = inner.align.max(payload.align);
        inner.flat = inner.flat.max(payload.flat);
        inner.depth = inner.depth.max(payload.depth);
        inner.nodes = inner.nodes.saturating_add(payload.nodes);
        inner.pointers |= payload.pointers;
    }
    let align = discriminant.max(inner.align);
    let offset = align_up(discriminant, inner.align);
    let whole = Layout {
        size: align_up(offset.saturating_add(inner.size), align),
        align,
        flat: inner.flat.saturating_add(1),
        depth: inner.depth + 1,
        nodes: inner.nodes,
        pointers: inner.pointers,
    };
    (whole, offset)
}
