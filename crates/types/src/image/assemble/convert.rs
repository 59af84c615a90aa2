//! Converting a value of one image into another.

use super::copy;
use crate::image::build::{Builder, TooLarge};
use crate::image::convert::{Elements, Payloads, Step};
use crate::image::read;

/// Writes what `step` makes of the value at `from` in `payload` to `at` in the frames.
pub(super) fn value(
    builder: &mut Builder,
    step: &Step,
    payload: &[u8],
    from: usize,
    at: usize,
) -> Result<(), TooLarge> {
    match step {
        Step::Copy(ty) => copy::value(builder, ty, payload, from, at),
        Step::Widen(narrow, wide) => {
            let number = narrow.widen(*wide, &payload[from..]);
            builder.put_slice(at, &number[..wide.size()]);
            Ok(())
        }
        Step::Some(offset, step) => {
            builder.put_discriminant(at, 1, 1);
            value(builder, step, payload, from, at + offset)
        }
        Step::Members(members) => members
            .iter()
            .try_for_each(|m| value(builder, &m.step, payload, from + m.from, at + m.to)),
        Step::Payload(payloads) => carried(builder, payloads, payload, from, at),
        Step::List(elements) => list(builder, elements, payload, from, at),
    }
}

fn carried(
    builder: &mut Builder,
    payloads: &Payloads,
    payload: &[u8],
    from: usize,
    at: usize,
) -> Result<(), TooLarge> {
    let case = read::discriminant(&payload[from..], payloads.discriminant) as usize;
    builder.put_discriminant(at, payloads.discriminant, case);
    match payloads.cases.get(case) {
        Some(Some(step)) => value(builder, step, payload, from + payloads.from, at + payloads.to),
        Some(None) | None => Ok(()),
    }
}

fn list(
    builder: &mut Builder,
    elements: &Elements,
    payload: &[u8],
    from: usize,
    at: usize,
) -> Result<(), TooLarge> {
    let (start, length) = read::pointer(&payload[from..]);
    let size = elements.ty.layout().size as usize;
    let mut list = builder.open(&elements.ty);
    let first = builder.push_many(&mut list, length)?;
    for index in 0..length as usize {
        let from = start as usize + index * elements.size;
        value(builder, &elements.step, payload, from, first + index * size)?;
    }
    builder.close(at, list)
}
