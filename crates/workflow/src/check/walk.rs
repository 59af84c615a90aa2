//! Steps from a type to the types of its parts.

use weft_types::Type;
use weft_types::ty::Shape;

use super::hint;
use crate::definition::quote::quoted;
use crate::definition::{Access, Step};
use crate::evaluate::Hop;

/// Where a way through a type ends.
pub(super) struct Walked<'t> {
    pub(super) hops: Vec<Hop>,
    /// The type there.
    pub(super) ty: &'t Type,
    /// Whether the way leads through what need not be there.
    pub(super) optional: bool,
    /// The flag that it ends at, `ty` being the flags.
    pub(super) flag: Option<u32>,
}

/// Why there is no such way.
pub(super) struct NoWay {
    /// The step that leads nowhere.
    pub(super) step: usize,
    pub(super) code: &'static str,
    /// What is wrong with what the steps before lead to, as the rest of a sentence.
    pub(super) message: String,
}

/// Walks from a value of type `ty`. `known` tells whether something is there for sure at the end of the first so many steps.
pub(super) fn walk<'t>(
    ty: &'t Type,
    steps: &[Step],
    known: impl Fn(usize) -> bool,
) -> Result<Walked<'t>, NoWay> {
    let mut walked = Walked {
        hops: Vec::with_capacity(steps.len()),
        ty,
        optional: false,
        flag: None,
    };
    for (index, step) in steps.iter().enumerate() {
        walked.open_options(|| known(index));
        let sure = || known(index + 1);
        walked.step(&step.access, sure).map_err(|(code, message)| NoWay {
            step: index,
            code,
            message,
        })?;
    }
    if let Shape::Option(option) = walked.ty.shape()
        && known(steps.len())
    {
        walked.go(Hop::Case(1), &option.ty);
    }
    Ok(walked)
}

type Wrong = (&'static str, String);

impl<'t> Walked<'t> {
    fn go(&mut self, hop: Hop, ty: &'t Type) {
        self.hops.push(hop);
        self.ty = ty;
    }

    /// Goes into an option, as deep as options lie in each other: it has no other parts.
    fn open_options(&mut self, sure: impl Fn() -> bool) {
        while let Shape::Option(option) = self.ty.shape() {
            self.optional |= !sure();
            self.go(Hop::Case(1), &option.ty);
        }
    }

    fn step(&mut self, access: &Access, sure: impl Fn() -> bool) -> Result<(), Wrong> {
        if self.flag.is_some() {
            return Err(("unknown-reference", "is a flag, which has no parts".to_owned()));
        }
        match access {
            Access::Field(name) => self.named(name, sure),
            Access::Index(index) => self.numbered(*index),
        }
    }

    fn named(&mut self, name: &str, sure: impl Fn() -> bool) -> Result<(), Wrong> {
        match self.ty.shape() {
            Shape::Record(fields) => {
                let names = fields.iter().map(|field| &*field.name);
                let index = self.ty.member(name).ok_or_else(|| absent("field", name, names))?;
                self.go(Hop::Member(index as u32), &fields[index].ty);
                Ok(())
            }
            Shape::Variant(cases) => {
                let names = cases.cases.iter().map(|case| &*case.name);
                let index = self.ty.member(name).ok_or_else(|| absent("case", name, names))?;
                let carried = cases.cases[index].ty.as_ref();
                self.case(index, name, carried, sure)
            }
            Shape::Result(either) => {
                let (index, carried) = match name {
                    "ok" => (0, either.ok.as_deref()),
                    "err" => (1, either.err.as_deref()),
                    _ => return Err(absent("case", name, ["ok", "err"].into_iter())),
                };
                self.case(index, name, carried, sure)
            }
            Shape::Flags(flags) => {
                let names = flags.iter().map(|flag| &**flag);
                let index = self.ty.member(name).ok_or_else(|| absent("flag", name, names))?;
                self.flag = Some(index as u32);
                Ok(())
            }
            Shape::List(_) => Err(no_names(self.ty, "take an element, such as `[0]`")),
            Shape::Tuple(_) => Err(no_names(self.ty, "take a member, such as `[0]`")),
            // Options were opened before.
            Shape::Option(_) | Shape::Enum(_) => Err(no_parts(self.ty)),
            Shape::Bool | Shape::Char | Shape::String | Shape::F32 | Shape::F64 => Err(no_parts(self.ty)),
            Shape::S8 | Shape::U8 | Shape::S16 | Shape::U16 => Err(no_parts(self.ty)),
            Shape::S32 | Shape::U32 | Shape::S64 | Shape::U64 => Err(no_parts(self.ty)),
        }
    }

    fn case(
        &mut self,
        index: usize,
        name: &str,
        carried: Option<&'t Type>,
        sure: impl Fn() -> bool,
    ) -> Result<(), Wrong> {
        let Some(ty) = carried else {
            let message =
                format!("carries nothing in its case `{name}`: `has(…)` tells whether it is that case");
            return Err(("no-value", message));
        };
        self.optional |= !sure();
        self.go(Hop::Case(index as u32), ty);
        Ok(())
    }

    fn numbered(&mut self, index: u32) -> Result<(), Wrong> {
        match self.ty.shape() {
            Shape::List(element) => {
                self.go(Hop::Element(index), element);
                Ok(())
            }
            Shape::Tuple(slots) => {
                let Some(slot) = slots.get(index as usize) else {
                    let there = match slots.len() {
                        0 => "it has none".to_owned(),
                        1 => "its only one is `[0]`".to_owned(),
                        count => format!("they are `[0]` to `[{}]`", count - 1),
                    };
                    let message = format!(
                        "is {}, which has no member `[{index}]`: {there}",
                        super::shown(self.ty)
                    );
                    return Err(("unknown-reference", message));
                };
                self.go(Hop::Member(index), &slot.ty);
                Ok(())
            }
            _ => {
                let message = format!("is {}, which has no elements", super::shown(self.ty));
                Err(("unknown-reference", message))
            }
        }
    }
}

fn absent<'n>(what: &str, name: &str, names: impl Iterator<Item = &'n str> + Clone) -> Wrong {
    let message = format!("has no {what} {}{}", quoted(name), hint(name, names));
    ("unknown-reference", message)
}

fn no_names(ty: &Type, instead: &str) -> Wrong {
    let message = format!("is {}, which has no names: {instead}", super::shown(ty));
    ("unknown-reference", message)
}

fn no_parts(ty: &Type) -> Wrong {
    let message = format!("is {}, which has no parts", super::shown(ty));
    ("unknown-reference", message)
}
