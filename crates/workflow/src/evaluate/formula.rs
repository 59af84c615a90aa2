//! Conditions, ready to be evaluated.

use std::cmp::Ordering;

use weft_types::image::View;
use weft_types::ty::Shape;

use super::number;
use super::path::Path;
use super::{EvaluationError, Scope};
use crate::expression::{Arithmetic, Comparison, Junction};

/// A part of a condition. The types of its parts were checked, so that each finds what it expects.
#[derive(Clone, Debug)]
pub(crate) enum Formula {
    Bool(bool),
    /// A whole number, a character by its code, or a case of an enum by its place.
    Whole(i128),
    Real(f64),
    Text(Box<str>),
    /// A scalar.
    Load(Path),
    /// A flag by its place.
    Flag(Path, u32),
    /// The place of the item.
    Index,
    /// Whether there is something, and it is this case where one is given.
    Has(Path, Option<u32>),
    /// How many elements a list has.
    Length(Path),
    /// How many characters a text has.
    Characters(Box<Formula>),
    Not(Box<Formula>),
    /// With the byte of the condition where the sign stands.
    Negate(usize, Box<Formula>),
    /// A whole number as a float.
    Double(Box<Formula>),
    Junction(Junction, Box<[Formula; 2]>),
    Compare(Comparison, Box<[Formula; 2]>),
    /// With the byte of the condition where the sign stands.
    Arithmetic(Arithmetic, usize, Box<[Formula; 2]>),
    Choose(Box<[Formula; 3]>),
    /// Whether an element of a list is equal.
    Among(Box<Formula>, Path),
    /// Whether one of these is equal.
    OneOf(Box<Formula>, Box<[Formula]>),
    Search(Search, Box<[Formula; 2]>),
}

/// Where in a text another is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    Start,
    End,
    Anywhere,
}

/// What a part of a condition comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Datum<'a> {
    Bool(bool),
    Whole(i128),
    Real(f64),
    Text(&'a str),
}

impl Formula {
    /// Shows `look` every way into a value.
    pub(crate) fn each_path<'a>(&'a self, look: &mut dyn FnMut(&'a Path)) {
        match self {
            Self::Bool(_) | Self::Whole(_) | Self::Real(_) | Self::Text(_) | Self::Index => {}
            Self::Load(path) | Self::Flag(path, _) | Self::Has(path, _) | Self::Length(path) => look(path),
            Self::Characters(inner) | Self::Not(inner) => inner.each_path(look),
            Self::Negate(_, inner) | Self::Double(inner) => inner.each_path(look),
            Self::Junction(_, sides) | Self::Compare(_, sides) => each(&**sides, look),
            Self::Arithmetic(_, _, sides) | Self::Search(_, sides) => each(&**sides, look),
            Self::Choose(parts) => each(&**parts, look),
            Self::Among(wanted, list) => {
                wanted.each_path(look);
                look(list);
            }
            Self::OneOf(wanted, candidates) => {
                wanted.each_path(look);
                each(candidates, look);
            }
        }
    }

    /// Whether the condition holds.
    pub(crate) fn holds(&self, scope: &dyn Scope) -> Result<bool, EvaluationError> {
        match self.evaluate(scope)? {
            Datum::Bool(truth) => Ok(truth),
            Datum::Whole(_) | Datum::Real(_) | Datum::Text(_) => Err(unfit()),
        }
    }

    /// What it comes to.
    pub(crate) fn evaluate<'a>(&'a self, scope: &'a dyn Scope) -> Result<Datum<'a>, EvaluationError> {
        match self {
            Self::Bool(value) => Ok(Datum::Bool(*value)),
            Self::Whole(value) => Ok(Datum::Whole(*value)),
            Self::Real(value) => Ok(Datum::Real(*value)),
            Self::Text(text) => Ok(Datum::Text(text)),
            Self::Load(path) => scalar(path.require(scope)?).ok_or_else(unfit),
            Self::Flag(path, index) => {
                let flag = path.require(scope)?.flag(*index as usize);
                flag.map(Datum::Bool).ok_or_else(unfit)
            }
            Self::Index => Ok(Datum::Whole(scope.item().ok_or_else(unfit)?.into())),
            Self::Has(path, case) => has(path, *case, scope).map(Datum::Bool),
            Self::Length(path) => {
                let length = path.require(scope)?.length().ok_or_else(unfit)?;
                Ok(Datum::Whole(length as i128))
            }
            Self::Characters(text) => Ok(Datum::Whole(text.text(scope)?.chars().count() as i128)),
            Self::Not(inner) => Ok(Datum::Bool(!inner.holds(scope)?)),
            Self::Negate(at, inner) => match inner.evaluate(scope)? {
                Datum::Whole(value) => number::negated(*at, value).map(Datum::Whole),
                Datum::Real(value) => Ok(Datum::Real(-value)),
                Datum::Bool(_) | Datum::Text(_) => Err(unfit()),
            },
            Self::Double(inner) => match inner.evaluate(scope)? {
                Datum::Whole(value) => Ok(Datum::Real(value as f64)),
                real @ Datum::Real(_) => Ok(real),
                Datum::Bool(_) | Datum::Text(_) => Err(unfit()),
            },
            Self::Junction(junction, sides) => joined(*junction, sides, scope).map(Datum::Bool),
            Self::Compare(comparison, sides) => {
                let order = order(sides[0].evaluate(scope)?, sides[1].evaluate(scope)?)?;
                Ok(Datum::Bool(comparison.admits(order)))
            }
            Self::Arithmetic(sign, at, sides) => {
                let [left, right] = [sides[0].evaluate(scope)?, sides[1].evaluate(scope)?];
                calculated(*sign, *at, left, right)
            }
            Self::Choose(parts) => match parts[0].holds(scope)? {
                true => parts[1].evaluate(scope),
                false => parts[2].evaluate(scope),
            },
            Self::Among(wanted, list) => among(wanted, list, scope).map(Datum::Bool),
            Self::OneOf(wanted, candidates) => one_of(wanted, candidates, scope).map(Datum::Bool),
            Self::Search(search, sides) => {
                let found = search.finds(sides[0].text(scope)?, sides[1].text(scope)?);
                Ok(Datum::Bool(found))
            }
        }
    }

    fn text<'a>(&'a self, scope: &'a dyn Scope) -> Result<&'a str, EvaluationError> {
        match self.evaluate(scope)? {
            Datum::Text(text) => Ok(text),
            Datum::Bool(_) | Datum::Whole(_) | Datum::Real(_) => Err(unfit()),
        }
    }
}

fn each<'a>(parts: &'a [Formula], look: &mut dyn FnMut(&'a Path)) {
    parts.iter().for_each(|part| part.each_path(look));
}

/// The value of a scalar.
fn scalar(view: View<'_>) -> Option<Datum<'_>> {
    match view.ty().shape() {
        Shape::Bool => view.as_bool().map(Datum::Bool),
        Shape::S8 | Shape::U8 | Shape::S16 | Shape::U16 => view.as_integer().map(Datum::Whole),
        Shape::S32 | Shape::U32 | Shape::S64 | Shape::U64 => view.as_integer().map(Datum::Whole),
        Shape::F32 | Shape::F64 => view.as_float().map(Datum::Real),
        Shape::Char => view.as_char().map(|it| Datum::Whole(u32::from(it).into())),
        Shape::String => view.as_str().map(Datum::Text),
        Shape::Enum(_) => view.choice().map(|it| Datum::Whole(it.index as i128)),
        Shape::List(_) | Shape::Record(_) | Shape::Tuple(_) | Shape::Variant(_) => None,
        Shape::Option(_) | Shape::Result(_) | Shape::Flags(_) => None,
    }
}

fn has(path: &Path, case: Option<u32>, scope: &dyn Scope) -> Result<bool, EvaluationError> {
    let found = match path.follow(scope) {
        Err(EvaluationError::OutOfRange { .. }) => return Ok(false),
        found => found?,
    };
    Ok(found.is_some_and(|view| match case {
        None => true,
        Some(case) => view.choice().is_some_and(|it| it.index == case as usize),
    }))
}

fn joined(junction: Junction, sides: &[Formula; 2], scope: &dyn Scope) -> Result<bool, EvaluationError> {
    let left = sides[0].holds(scope)?;
    match (junction, left) {
        (Junction::And, false) | (Junction::Or, true) => Ok(left),
        (Junction::And, true) | (Junction::Or, false) => sides[1].holds(scope),
    }
}

fn among(wanted: &Formula, list: &Path, scope: &dyn Scope) -> Result<bool, EvaluationError> {
    let wanted = wanted.evaluate(scope)?;
    let elements = list.require(scope)?.elements().ok_or_else(unfit)?;
    for element in elements {
        let element = scalar(element).ok_or_else(unfit)?;
        if order(wanted, element)? == Some(Ordering::Equal) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn one_of(wanted: &Formula, candidates: &[Formula], scope: &dyn Scope) -> Result<bool, EvaluationError> {
    let wanted = wanted.evaluate(scope)?;
    for candidate in candidates {
        if order(wanted, candidate.evaluate(scope)?)? == Some(Ordering::Equal) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Which of two is greater; none where one is not a number, which no comparison but `!=` admits.
pub(crate) fn order(left: Datum<'_>, right: Datum<'_>) -> Result<Option<Ordering>, EvaluationError> {
    match (left, right) {
        (Datum::Bool(left), Datum::Bool(right)) => Ok(Some(left.cmp(&right))),
        (Datum::Whole(left), Datum::Whole(right)) => Ok(Some(left.cmp(&right))),
        (Datum::Real(left), Datum::Real(right)) => Ok(left.partial_cmp(&right)),
        (Datum::Whole(left), Datum::Real(right)) => Ok(number::order(left, right)),
        (Datum::Real(left), Datum::Whole(right)) => Ok(number::order(right, left).map(Ordering::reverse)),
        (Datum::Text(left), Datum::Text(right)) => Ok(Some(left.cmp(right))),
        (Datum::Bool(_) | Datum::Whole(_) | Datum::Real(_) | Datum::Text(_), _) => Err(unfit()),
    }
}

/// What two numbers of one kind make.
pub(crate) fn calculated<'a>(
    sign: Arithmetic,
    at: usize,
    left: Datum<'_>,
    right: Datum<'_>,
) -> Result<Datum<'a>, EvaluationError> {
    match (left, right) {
        (Datum::Whole(left), Datum::Whole(right)) => number::whole(sign, at, left, right).map(Datum::Whole),
        (Datum::Real(left), Datum::Real(right)) => Ok(Datum::Real(number::real(sign, left, right))),
        (Datum::Bool(_) | Datum::Whole(_) | Datum::Real(_) | Datum::Text(_), _) => Err(unfit()),
    }
}

impl Comparison {
    /// Whether values that stand to each other like this pass.
    pub(crate) fn admits(self, order: Option<Ordering>) -> bool {
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::NotEqual => order != Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

impl Search {
    fn finds(self, text: &str, wanted: &str) -> bool {
        match self {
            Self::Start => text.starts_with(wanted),
            Self::End => text.ends_with(wanted),
            Self::Anywhere => text.contains(wanted),
        }
    }
}

/// A value that is not of the type it was checked to have.
fn unfit() -> EvaluationError {
    EvaluationError::Unfit("a part of the condition".to_owned())
}
