//! Calculating with numbers.

use super::{Checker, Kind, Typed};
use crate::evaluate::{Datum, EvaluationError, Formula, calculated, negated};
use crate::expression::{Arithmetic, Term};

impl<'c, 'n> Checker<'c, 'n> {
    pub(super) fn negate(&mut self, term: &'c Term, inner: &'c Term) -> Option<Typed<'n>> {
        let typed = self.term(inner)?;
        if !matches!(typed.kind, Kind::Whole | Kind::Real) {
            let message = format!("`-` is for numbers, found {}", typed.shown());
            return self.wrong(term, "condition-type", message);
        }
        let formula = match typed.formula {
            Formula::Whole(value) => match negated(term.at, value) {
                Ok(value) => Formula::Whole(value),
                Err(error) => return self.fails(term, &error),
            },
            Formula::Real(value) => Formula::Real(-value),
            formula => Formula::Negate(term.at, Box::new(formula)),
        };
        Some(Typed::new(formula, typed.kind))
    }

    pub(super) fn arithmetic(
        &mut self,
        term: &'c Term,
        sign: Arithmetic,
        sides: &'c [Term; 2],
    ) -> Option<Typed<'n>> {
        let (left, right) = (self.term(&sides[0]), self.term(&sides[1]));
        let (left, right) = beside_each_other(left?, right?);
        let kind = match (left.kind, right.kind) {
            (Kind::Whole, Kind::Whole) => Kind::Whole,
            (Kind::Real, Kind::Real) if sign != Arithmetic::Remainder => Kind::Real,
            _ => return self.cannot_calculate(term, sign, &left, &right),
        };
        let formula = match (constant(&left.formula), constant(&right.formula)) {
            (Some(left), Some(right)) => match calculated(sign, term.at, left, right) {
                Ok(Datum::Whole(value)) => Formula::Whole(value),
                Ok(Datum::Real(value)) => Formula::Real(value),
                // Two numbers make a number.
                Ok(Datum::Bool(_) | Datum::Text(_)) => return None,
                Err(error) => return self.fails(term, &error),
            },
            _ => Formula::Arithmetic(sign, term.at, Box::new([left.formula, right.formula])),
        };
        Some(Typed::new(formula, kind))
    }

    fn cannot_calculate<T>(
        &mut self,
        term: &Term,
        sign: Arithmetic,
        left: &Typed<'n>,
        right: &Typed<'n>,
    ) -> Option<T> {
        let found = format!("found {} and {}", left.shown(), right.shown());
        let sign_shown = sign.sign();
        let numbers = |kind| matches!(kind, Kind::Whole | Kind::Real);
        let message = match (left.kind, right.kind) {
            (Kind::Real, Kind::Real) => format!("`{sign_shown}` is for whole numbers, {found}"),
            (left, right) if numbers(left) && numbers(right) => {
                format!(
                    "`{sign_shown}` is for two whole numbers or two floats, {found}: `double(…)` makes a float"
                )
            }
            _ => format!("`{sign_shown}` is for numbers, {found}"),
        };
        self.wrong(term, "condition-type", message)
    }

    /// A part that fails whatever the values are.
    fn fails<T>(&mut self, term: &Term, error: &EvaluationError) -> Option<T> {
        let message = match error {
            EvaluationError::DivisionByZero { .. } => "this divides by zero".to_owned(),
            EvaluationError::Overflow { .. } => {
                format!(
                    "this is beyond {} to {}, the range of whole numbers",
                    i64::MIN,
                    u64::MAX
                )
            }
            other => other.to_string(),
        };
        self.wrong(term, "constant-fails", message)
    }
}

/// Two terms, a whole number that was written as such having become a float where the other one is.
pub(super) fn beside_each_other<'n>(left: Typed<'n>, right: Typed<'n>) -> (Typed<'n>, Typed<'n>) {
    let (left_kind, right_kind) = (left.kind, right.kind);
    (beside(left, right_kind), beside(right, left_kind))
}

fn beside<'n>(typed: Typed<'n>, other: Kind<'n>) -> Typed<'n> {
    match (&typed.formula, other) {
        (Formula::Whole(value), Kind::Real) => Typed::new(Formula::Real(*value as f64), Kind::Real),
        _ => typed,
    }
}

fn constant(formula: &Formula) -> Option<Datum<'_>> {
    match formula {
        Formula::Whole(value) => Some(Datum::Whole(*value)),
        Formula::Real(value) => Some(Datum::Real(*value)),
        _ => None,
    }
}
