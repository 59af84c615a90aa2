//! What is to be done at each place of a value.

use super::mismatch::{Difference, Mismatch, shown};
use super::number::Number;
use crate::Type;
use crate::image::read::{self, Union};
use crate::ty::{Field, Payload, Shape, Slot};

/// How a value of one type becomes one of another.
#[derive(Clone, Debug)]
pub(in crate::image) enum Step {
    /// It stays as it is: it is of this type.
    Copy(Box<Type>),
    /// It is a number and becomes one of a wider type.
    Widen(Number, Number),
    /// It becomes what an option carries, at this offset.
    Some(usize, Box<Step>),
    /// Each of its members becomes another.
    Members(Box<[Member]>),
    /// What its present case carries becomes another.
    Payload(Box<Payloads>),
    /// Each of its elements becomes another.
    List(Box<Elements>),
}

/// A member of a record or tuple, and where it lies in either.
#[derive(Clone, Debug)]
pub(in crate::image) struct Member {
    pub(in crate::image) from: usize,
    pub(in crate::image) to: usize,
    pub(in crate::image) step: Step,
}

/// What cases carry, if anything, and where it lies in either.
#[derive(Clone, Debug)]
pub(in crate::image) struct Payloads {
    /// Bytes of the discriminant, the same in both.
    pub(in crate::image) discriminant: u32,
    pub(in crate::image) from: usize,
    pub(in crate::image) to: usize,
    pub(in crate::image) cases: Box<[Option<Step>]>,
}

/// The elements of a list.
#[derive(Clone, Debug)]
pub(in crate::image) struct Elements {
    /// Bytes of one as it is.
    pub(in crate::image) size: usize,
    /// What each becomes.
    pub(in crate::image) ty: Type,
    pub(in crate::image) step: Step,
}

/// The step from `from` to `to`; none where the two are equal.
pub(super) fn between(from: &Type, to: &Type) -> Result<Option<Step>, Mismatch> {
    match (from.shape(), to.shape()) {
        (Shape::Option(f), Shape::Option(t)) => payloads(from, to, f, t),
        (_, Shape::Option(option)) => some(from, to, option).map(Some),
        (Shape::List(f), Shape::List(t)) => list(f, t),
        (Shape::Record(f), Shape::Record(t)) => {
            same_names("fields", from, to)?;
            let pairs = f.iter().zip(t);
            members(pairs.map(|(f, t)| (format!(".{}", f.name), of_field(f), of_field(t))))
        }
        (Shape::Tuple(f), Shape::Tuple(t)) if f.len() == t.len() => {
            let pairs = f.iter().zip(t).enumerate();
            members(pairs.map(|(index, (f, t))| (format!(".{index}"), of_slot(f), of_slot(t))))
        }
        (Shape::Tuple(f), Shape::Tuple(t)) => {
            Err(Mismatch::new(from, to, Difference::Slots(f.len(), t.len())))
        }
        (Shape::Variant(f), Shape::Variant(t)) => {
            same_names("cases", from, to)?;
            payloads(from, to, f, t)
        }
        (Shape::Result(f), Shape::Result(t)) => payloads(from, to, f, t),
        (Shape::Enum(_), Shape::Enum(_)) => same_names("cases", from, to).map(|()| None),
        (Shape::Flags(_), Shape::Flags(_)) => same_names("flags", from, to).map(|()| None),
        (f, t) => scalar(f, t).map_err(|difference| Mismatch::new(from, to, difference)),
    }
}

/// A type and where its value lies in the one around.
type Place<'t> = (&'t Type, u32);

fn of_field(field: &Field) -> Place<'_> {
    (&field.ty, field.offset)
}

fn of_slot(slot: &Slot) -> Place<'_> {
    (&slot.ty, slot.offset)
}

fn members<'t>(
    pairs: impl Iterator<Item = (String, Place<'t>, Place<'t>)>,
) -> Result<Option<Step>, Mismatch> {
    let mut same = true;
    let mut members = Vec::new();
    for (segment, (f, from), (t, to)) in pairs {
        let step = between(f, t).map_err(|mismatch| mismatch.within(&segment))?;
        same &= step.is_none();
        members.push((step, t, from as usize, to as usize));
    }
    if same {
        return Ok(None);
    }
    let members = members.into_iter().map(|(step, ty, from, to)| Member {
        from,
        to,
        step: or_copy(step, ty),
    });
    Ok(Some(Step::Members(members.collect())))
}

/// Between types that have the same cases.
fn payloads(from: &Type, to: &Type, f: &impl Union, t: &impl Union) -> Result<Option<Step>, Mismatch> {
    let mut same = true;
    let mut cases = Vec::with_capacity(f.cases());
    for index in 0..f.cases() {
        let carried = match (f.carried(index), t.carried(index)) {
            (None, None) => None,
            (Some(f), Some(t)) => {
                let step = between(f, t).map_err(|mismatch| mismatch.within(&into_case(from, index)))?;
                same &= step.is_none();
                Some((step, t))
            }
            (found, _) => {
                let case = read::case_name(from, index).unwrap_or_default().into();
                let found = found.is_some();
                return Err(Mismatch::new(from, to, Difference::Carries { case, found }));
            }
        };
        cases.push(carried);
    }
    if same {
        return Ok(None);
    }
    let cases = cases
        .into_iter()
        .map(|carried| carried.map(|(step, ty)| or_copy(step, ty)));
    Ok(Some(Step::Payload(Box::new(Payloads {
        discriminant: f.discriminant_size(),
        from: f.payload() as usize,
        to: t.payload() as usize,
        cases: cases.collect(),
    }))))
}

fn into_case(ty: &Type, index: usize) -> String {
    match ty.shape() {
        Shape::Option(_) => "?".to_owned(),
        _ => format!("({})", read::case_name(ty, index).unwrap_or_default()),
    }
}

/// What is no option becomes one.
fn some(from: &Type, to: &Type, option: &Payload) -> Result<Step, Mismatch> {
    let step = between(from, &option.ty).map_err(|mismatch| match mismatch.path.is_empty() {
        true => Mismatch {
            expected: shown(to).into(),
            ..mismatch
        },
        false => mismatch,
    })?;
    let step = or_copy(step, from);
    Ok(Step::Some(option.payload as usize, Box::new(step)))
}

fn list(from: &Type, to: &Type) -> Result<Option<Step>, Mismatch> {
    let step = between(from, to).map_err(|mismatch| mismatch.within("[]"))?;
    Ok(step.map(|step| {
        Step::List(Box::new(Elements {
            size: from.layout().size as usize,
            ty: to.clone(),
            step,
        }))
    }))
}

fn scalar(from: &Shape, to: &Shape) -> Result<Option<Step>, Difference> {
    if from == to {
        return Ok(None);
    }
    match (Number::of(from), Number::of(to)) {
        (Some(from), Some(to)) if from.fits(to) => Ok(Some(Step::Widen(from, to))),
        (Some(_), Some(_)) => Err(Difference::Lossy),
        _ if matches!(from, Shape::Option(_)) => Err(Difference::MayBeNone),
        _ => Err(Difference::Kind),
    }
}

fn same_names(members: &'static str, from: &Type, to: &Type) -> Result<(), Mismatch> {
    match Difference::of_names(members, &names(from), &names(to)) {
        None => Ok(()),
        Some(difference) => Err(Mismatch::new(from, to, difference)),
    }
}

fn names(ty: &Type) -> Vec<&str> {
    match ty.shape() {
        Shape::Record(fields) => fields.iter().map(|field| &*field.name).collect(),
        Shape::Variant(cases) => cases.cases.iter().map(|case| &*case.name).collect(),
        Shape::Enum(names) | Shape::Flags(names) => names.iter().map(|name| &**name).collect(),
        _ => Vec::new(),
    }
}

fn or_copy(step: Option<Step>, ty: &Type) -> Step {
    step.unwrap_or_else(|| Step::Copy(Box::new(ty.clone())))
}
