//! The text form of a type: WIT, on one line, with records and variants written out in place.

use std::fmt;

use super::{Shape, Type};

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.shape {
            Shape::Bool => f.write_str("bool"),
            Shape::S8 => f.write_str("s8"),
            Shape::U8 => f.write_str("u8"),
            Shape::S16 => f.write_str("s16"),
            Shape::U16 => f.write_str("u16"),
            Shape::S32 => f.write_str("s32"),
            Shape::U32 => f.write_str("u32"),
            Shape::S64 => f.write_str("s64"),
            Shape::U64 => f.write_str("u64"),
            Shape::F32 => f.write_str("f32"),
            Shape::F64 => f.write_str("f64"),
            Shape::Char => f.write_str("char"),
            Shape::String => f.write_str("string"),
            Shape::List(element) => write!(f, "list<{element}>"),
            Shape::Record(fields) => braced(f, "record", fields, |f, x| write!(f, "{}: {}", x.name, x.ty)),
            Shape::Tuple(slots) => {
                f.write_str("tuple<")?;
                separated(f, slots, |f, slot| slot.ty.fmt(f))?;
                f.write_str(">")
            }
            Shape::Variant(v) => braced(f, "variant", &v.cases, |f, case| match &case.ty {
                Some(ty) => write!(f, "{}({ty})", case.name),
                None => f.write_str(&case.name),
            }),
            Shape::Enum(names) => braced(f, "enum", names, |f, name| f.write_str(name)),
            Shape::Flags(names) => braced(f, "flags", names, |f, name| f.write_str(name)),
            Shape::Option(option) => write!(f, "option<{}>", option.ty),
            Shape::Result(either) => match (&either.ok, &either.err) {
                (None, None) => f.write_str("result"),
                (Some(ok), None) => write!(f, "result<{ok}>"),
                (None, Some(err)) => write!(f, "result<_, {err}>"),
                (Some(ok), Some(err)) => write!(f, "result<{ok}, {err}>"),
            },
        }
    }
}

type Write<T> = fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result;

fn braced<T>(f: &mut fmt::Formatter<'_>, keyword: &str, items: &[T], write: Write<T>) -> fmt::Result {
    if items.is_empty() {
        return write!(f, "{keyword} {{}}");
    }
    write!(f, "{keyword} {{ ")?;
    separated(f, items, write)?;
    f.write_str(" }")
}

fn separated<T>(f: &mut fmt::Formatter<'_>, items: &[T], write: Write<T>) -> fmt::Result {
    items.iter().enumerate().try_for_each(|(i, item)| {
        if i > 0 {
            f.write_str(", ")?;
        }
        write(f, item)
    })
}
