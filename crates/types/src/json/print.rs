//! Writing JSON.

use crate::Type;
use crate::image::read::{self, Union};
use crate::ty::{Cases, Either, Field, Payload, Shape, Slot};

mod escape;
mod number;

/// Writes values whose blocks lie in one payload.
pub(super) struct Printer<'a> {
    payload: &'a [u8],
    out: &'a mut Vec<u8>,
    /// How long `out` may become before nothing more is written.
    most: usize,
}

/// The text became too long.
#[derive(Debug)]
pub(super) struct Full;

type Printed = Result<(), Full>;

impl<'a> Printer<'a> {
    pub(super) fn new(payload: &'a [u8], most: usize, out: &'a mut Vec<u8>) -> Self {
        out.reserve((payload.len() + 32).min(most));
        Self { payload, out, most }
    }

    /// Appends the value of type `ty` that `value` begins with.
    pub(super) fn value(&mut self, ty: &Type, value: &[u8]) -> Printed {
        let out = &mut *self.out;
        match ty.shape() {
            Shape::Bool => out.extend_from_slice(if value[0] == 0 { b"false" } else { b"true" }),
            Shape::S8 => number::integer(i8::from_le_bytes(read::bytes(value)), out),
            Shape::U8 => number::integer(value[0], out),
            Shape::S16 => number::integer(i16::from_le_bytes(read::bytes(value)), out),
            Shape::U16 => number::integer(u16::from_le_bytes(read::bytes(value)), out),
            Shape::S32 => number::integer(i32::from_le_bytes(read::bytes(value)), out),
            Shape::U32 => number::integer(u32::from_le_bytes(read::bytes(value)), out),
            Shape::S64 => number::wide_signed(i64::from_le_bytes(read::bytes(value)), out),
            Shape::U64 => number::wide_unsigned(u64::from_le_bytes(read::bytes(value)), out),
            Shape::F32 => number::float32(f32::from_le_bytes(read::bytes(value)), out),
            Shape::F64 => number::float64(f64::from_le_bytes(read::bytes(value)), out),
            Shape::Char => char(value, out),
            Shape::String => escape::string(self.block(value, 1), self.out),
            Shape::Enum(names) => {
                let case = read::discriminant(value, ty.layout().size);
                name(&names[case as usize], out);
            }
            Shape::List(element) if *element.shape() == Shape::U8 => base64(self.block(value, 1), self.out),
            Shape::List(element) => return self.list(element, value),
            Shape::Record(fields) => return self.record(fields, value),
            Shape::Tuple(slots) => return self.tuple(slots, value),
            Shape::Flags(names) => return self.flags(names, value),
            Shape::Variant(cases) => return self.variant(cases, value),
            Shape::Option(inner) => return self.option(inner, value),
            Shape::Result(either) => return self.result(either, value),
        }
        Ok(())
    }

    /// The block of elements of `size` bytes each that a string or list points to.
    fn block(&self, value: &[u8], size: u32) -> &'a [u8] {
        let (pointer, length) = read::pointer(value);
        &self.payload[pointer as usize..][..length as usize * size as usize]
    }

    /// Appends what stands between `open` and `close`, separated by commas.
    fn separated<T>(
        &mut self,
        [open, close]: [u8; 2],
        items: impl Iterator<Item = T>,
        mut write: impl FnMut(&mut Self, T) -> Printed,
    ) -> Printed {
        self.out.push(open);
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            write(self, item)?;
            if self.out.len() > self.most {
                return Err(Full);
            }
        }
        self.out.push(close);
        Ok(())
    }

    fn list(&mut self, element: &Type, list: &[u8]) -> Printed {
        let size = element.layout().size as usize;
        let (_, length) = read::pointer(list);
        let elements = self.block(list, element.layout().size);
        self.separated(*b"[]", 0..length as usize, |printer, index| {
            printer.value(element, &elements[index * size..])
        })
    }

    fn record(&mut self, fields: &[Field], record: &[u8]) -> Printed {
        self.separated(*b"{}", fields.iter(), |printer, field| {
            name(&field.name, printer.out);
            printer.out.push(b':');
            printer.value(&field.ty, &record[field.offset as usize..])
        })
    }

    fn tuple(&mut self, slots: &[Slot], tuple: &[u8]) -> Printed {
        self.separated(*b"[]", slots.iter(), |printer, slot| {
            printer.value(&slot.ty, &tuple[slot.offset as usize..])
        })
    }

    fn flags(&mut self, names: &[Box<str>], bits: &[u8]) -> Printed {
        let set = (0..names.len()).filter(|bit| bits[bit / 8] >> (bit % 8) & 1 == 1);
        self.separated(*b"[]", set, |printer, bit| {
            name(&names[bit], printer.out);
            Ok(())
        })
    }

    fn variant(&mut self, cases: &Cases, variant: &[u8]) -> Printed {
        let case = &cases.cases[read::discriminant(variant, cases.discriminant_size()) as usize];
        match &case.ty {
            Some(ty) => self.member(&case.name, ty, &variant[cases.payload as usize..]),
            None => {
                name(&case.name, self.out);
                Ok(())
            }
        }
    }

    fn option(&mut self, option: &Payload, value: &[u8]) -> Printed {
        let carried = &value[option.payload as usize..];
        match (value[0], option.ty.shape()) {
            (0, _) => {
                self.out.extend_from_slice(b"null");
                Ok(())
            }
            (_, Shape::Option(_)) => self.member("some", &option.ty, carried),
            _ => self.value(&option.ty, carried),
        }
    }

    fn result(&mut self, either: &Either, result: &[u8]) -> Printed {
        let case = usize::from(result[0]);
        match (case, either.carried(case)) {
            (0, None) => self.out.extend_from_slice(b"{\"ok\":null}"),
            (_, None) => self.out.extend_from_slice(b"{\"err\":null}"),
            (case, Some(ty)) => {
                let name = if case == 0 { "ok" } else { "err" };
                return self.member(name, ty, &result[either.payload as usize..]);
            }
        }
        Ok(())
    }

    /// Appends an object of one member.
    fn member(&mut self, key: &str, ty: &Type, carried: &[u8]) -> Printed {
        self.out.push(b'{');
        name(key, self.out);
        self.out.push(b':');
        self.value(ty, carried)?;
        self.out.push(b'}');
        Ok(())
    }
}

fn char(value: &[u8], out: &mut Vec<u8>) {
    let scalar = u32::from_le_bytes(read::bytes(value));
    let char = char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER);
    escape::string(char.encode_utf8(&mut [0; 4]).as_bytes(), out);
}

fn base64(data: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    base64_simd::STANDARD.encode_append(data, out);
    out.push(b'"');
}

/// Appends a WIT name, which has nothing to escape.
fn name(name: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.push(b'"');
}
