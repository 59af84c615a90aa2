//! Comparing two values.

use weft_types::ty::Shape;

use super::{Checker, Kind, Typed};
use crate::definition::quote::quoted;
use crate::evaluate::{Datum, Formula, order};
use crate::expression::{Comparison, Term};

impl<'c, 'n> Checker<'c, 'n> {
    pub(super) fn compare(
        &mut self,
        term: &'c Term,
        comparison: Comparison,
        sides: &'c [Term; 2],
    ) -> Option<Typed<'n>> {
        let (left, right) = (self.term(&sides[0]), self.term(&sides[1]));
        let what = format!("`{}` compares", comparison.sign());
        let (left, right) = self.alike(term, left?, right?, &what)?;
        let ordered = !matches!(left.kind, Kind::Bool | Kind::Enum(_));
        if !ordered && !matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
            let message = format!("{what} values that have an order, {} has none", left.shown());
            return self.wrong(term, "condition-type", message);
        }
        let formula = decided(comparison, &left.formula, &right.formula)
            .map(Formula::Bool)
            .unwrap_or_else(|| Formula::Compare(comparison, Box::new([left.formula, right.formula])));
        Some(Typed::new(formula, Kind::Bool))
    }

    /// Two values that can be compared; a text becomes the case of an enum or the character that it is compared with.
    /// `what` begins the sentence that tells where they cannot.
    pub(super) fn alike(
        &mut self,
        term: &Term,
        left: Typed<'n>,
        right: Typed<'n>,
        what: &str,
    ) -> Option<(Typed<'n>, Typed<'n>)> {
        let left_kind = left.kind;
        let left = self.adapted(term, left, right.kind)?;
        let right = self.adapted(term, right, left_kind)?;
        let numbers = |kind| matches!(kind, Kind::Whole | Kind::Real);
        if left.kind == right.kind || numbers(left.kind) && numbers(right.kind) {
            return Some((left, right));
        }
        let message = format!(
            "{what} values of one type, found {} and {}",
            left.shown(),
            right.shown()
        );
        self.wrong(term, "condition-type", message)
    }

    /// A text as what it must stand for beside a value of `other`.
    fn adapted(&mut self, term: &Term, typed: Typed<'n>, other: Kind<'n>) -> Option<Typed<'n>> {
        let Formula::Text(text) = &typed.formula else {
            return Some(typed);
        };
        match other {
            Kind::Enum(ty) => match ty.member(text) {
                Some(case) => Some(Typed::new(Formula::Whole(case as i128), other)),
                None => {
                    let Shape::Enum(cases) = ty.shape() else {
                        return Some(typed);
                    };
                    let hint = super::super::hint(text, cases.iter().map(|case| &**case));
                    let message = format!("{} has no case {}{hint}", super::super::shown(ty), quoted(text));
                    self.wrong(term, "unknown-case", message)
                }
            },
            Kind::Char => {
                let mut chars = text.chars();
                match (chars.next(), chars.next()) {
                    (Some(only), None) => Some(Typed::new(Formula::Whole(u32::from(only).into()), other)),
                    _ => {
                        let message = format!("a char is one character, {} is not", quoted(text));
                        self.wrong(term, "condition-type", message)
                    }
                }
            }
            Kind::Bool | Kind::Whole | Kind::Real | Kind::Text => Some(typed),
        }
    }
}

/// What comparing two constants comes to.
fn decided(comparison: Comparison, left: &Formula, right: &Formula) -> Option<bool> {
    let order = order(constant(left)?, constant(right)?).ok()?;
    Some(comparison.admits(order))
}

fn constant(formula: &Formula) -> Option<Datum<'_>> {
    match formula {
        Formula::Bool(value) => Some(Datum::Bool(*value)),
        Formula::Whole(value) => Some(Datum::Whole(*value)),
        Formula::Real(value) => Some(Datum::Real(*value)),
        Formula::Text(text) => Some(Datum::Text(text)),
        _ => None,
    }
}
