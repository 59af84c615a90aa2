//! `in`: whether a value is among others.

use weft_types::ty::Shape;

use super::{Checker, Kind, Typed};
use crate::definition::Root;
use crate::definition::quote::quoted;
use crate::evaluate::Formula;
use crate::expression::{Term, TermKind};

impl<'c, 'n> Checker<'c, 'n> {
    pub(super) fn member(&mut self, term: &'c Term, sides: &'c [Term; 2]) -> Option<Typed<'n>> {
        let wanted = self.term(&sides[0]);
        let formula = match &sides[1].kind {
            TermKind::List(candidates) => self.one_of(term, wanted, candidates),
            TermKind::Reference(reference) if reference.root != Root::Index => {
                let target = self.value(&sides[1], reference)?;
                let wanted = wanted?;
                match target.ty.shape() {
                    Shape::List(element) => {
                        let element = self.element(&sides[1], element)?;
                        let (wanted, _) = self.alike(term, wanted, element, "`in` compares")?;
                        Some(Formula::Among(Box::new(wanted.formula), target.path))
                    }
                    Shape::Flags(names) if target.flag.is_none() => {
                        let Formula::Text(name) = &wanted.formula else {
                            let message = format!("a flag is named by a text, found {}", wanted.shown());
                            return self.wrong(&sides[0], "condition-type", message);
                        };
                        let Some(flag) = target.ty.member(name) else {
                            let hint = super::super::hint(name, names.iter().map(|it| &**it));
                            let shown = super::super::shown(target.ty);
                            let message = format!("{shown} has no flag {}{hint}", quoted(name));
                            return self.wrong(&sides[0], "unknown-case", message);
                        };
                        Some(Formula::Flag(target.path, flag as u32))
                    }
                    _ => self.no_list(&sides[1], &super::super::shown(target.ty)),
                }
            }
            _ => {
                let right = self.term(&sides[1])?;
                self.no_list(&sides[1], &right.shown())
            }
        };
        Some(Typed::new(formula?, Kind::Bool))
    }

    fn one_of(
        &mut self,
        term: &'c Term,
        wanted: Option<Typed<'n>>,
        candidates: &'c [Term],
    ) -> Option<Formula> {
        let candidates: Vec<_> = candidates.iter().map(|it| (it, self.term(it))).collect();
        let mut wanted = wanted?;
        if candidates.is_empty() {
            return self.wrong(term, "condition-type", "nothing is in an empty list".to_owned());
        }
        let mut formulas = Some(Vec::with_capacity(candidates.len()));
        for (at, candidate) in candidates {
            let (kind, ty) = (wanted.kind, wanted.ty);
            let beside = Typed {
                formula: wanted.formula.clone(),
                kind,
                ty,
            };
            let alike = candidate.and_then(|candidate| self.alike(at, beside, candidate, "`in` compares"));
            match alike {
                Some((adapted, candidate)) => {
                    wanted = adapted;
                    formulas
                        .iter_mut()
                        .for_each(|all: &mut Vec<_>| all.push(candidate.formula.clone()));
                }
                None => formulas = None,
            }
        }
        Some(Formula::OneOf(Box::new(wanted.formula), formulas?.into()))
    }

    /// An element of a list, of which only the type is known.
    fn element(&mut self, term: &Term, ty: &'n weft_types::Type) -> Option<Typed<'n>> {
        match Kind::of(ty) {
            Some(kind) => Some(Typed {
                formula: Formula::Index,
                kind,
                ty: Some(ty),
            }),
            None => {
                let shown = super::super::shown(ty);
                let message = format!("the elements are {shown}, which cannot be compared");
                self.wrong(term, "condition-type", message)
            }
        }
    }

    fn no_list<T>(&mut self, term: &Term, found: &str) -> Option<T> {
        let message = format!("`in` looks into a list or flags, found {found}");
        self.wrong(term, "condition-type", message)
    }
}
