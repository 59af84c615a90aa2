//! Functions, and whether there is a value.

use weft_types::ty::Shape;

use super::{Checker, Kind, Target, Typed};
use crate::definition::{Access, Root};
use crate::evaluate::{Formula, Search};
use crate::expression::{Function, Reference, Term, TermKind};

impl<'c, 'n> Checker<'c, 'n> {
    pub(super) fn call(&mut self, function: Function, arguments: &'c [Term]) -> Option<Typed<'n>> {
        match (function, arguments) {
            (Function::Size, [of]) => self.size(of),
            (Function::Double, [number]) => self.double(number),
            (Function::StartsWith, [text, wanted]) => self.search(Search::Start, function, text, wanted),
            (Function::EndsWith, [text, wanted]) => self.search(Search::End, function, text, wanted),
            (Function::Contains, [text, wanted]) => self.search(Search::Anywhere, function, text, wanted),
            // The parser counted the arguments.
            (_, _) => None,
        }
    }

    fn size(&mut self, of: &'c Term) -> Option<Typed<'n>> {
        if let TermKind::Reference(reference) = &of.kind
            && reference.root != Root::Index
        {
            let target = self.value(of, reference)?;
            if let Shape::List(_) = target.ty.shape() {
                return Some(Typed::new(Formula::Length(target.path), Kind::Whole));
            }
            if target.flag.is_none() && Kind::of(target.ty).is_none() {
                let message = format!(
                    "`size` is for strings and lists, found {}",
                    super::super::shown(target.ty)
                );
                return self.wrong(of, "condition-type", message);
            }
        }
        let text = self.text(of, Function::Size, "strings and lists")?;
        Some(Typed::new(Formula::Characters(Box::new(text)), Kind::Whole))
    }

    fn double(&mut self, number: &'c Term) -> Option<Typed<'n>> {
        let typed = self.term(number)?;
        let formula = match (typed.kind, &typed.formula) {
            (Kind::Whole, Formula::Whole(value)) => Formula::Real(*value as f64),
            (Kind::Whole, _) => Formula::Double(Box::new(typed.formula)),
            (Kind::Real, _) => typed.formula,
            _ => {
                let message = format!("`double` is for numbers, found {}", typed.shown());
                return self.wrong(number, "condition-type", message);
            }
        };
        Some(Typed::new(formula, Kind::Real))
    }

    fn search(
        &mut self,
        search: Search,
        function: Function,
        text: &'c Term,
        wanted: &'c Term,
    ) -> Option<Typed<'n>> {
        let text = self.text(text, function, "strings");
        let wanted = self.text(wanted, function, "strings");
        let formula = Formula::Search(search, Box::new([text?, wanted?]));
        Some(Typed::new(formula, Kind::Bool))
    }

    fn text(&mut self, term: &'c Term, function: Function, kinds: &str) -> Option<Formula> {
        let typed = self.term(term)?;
        if typed.kind == Kind::Text {
            return Some(typed.formula);
        }
        let message = format!("`{}` is for {kinds}, found {}", function.name(), typed.shown());
        self.wrong(term, "condition-type", message)
    }

    /// `has($reference)`
    pub(super) fn has(&mut self, term: &'c Term, reference: &'c Reference) -> Option<Typed<'n>> {
        if let Some(formula) = self.has_case(term, reference)? {
            return Some(Typed::new(formula, Kind::Bool));
        }
        let target = self.asked(term, reference)?;
        let option = matches!(target.ty.shape(), Shape::Option(_)) && target.flag.is_none();
        let skippable = target.node.is_some_and(|node| self.may_be_skipped(node));
        let indexed = reference
            .steps
            .iter()
            .any(|step| matches!(step.access, Access::Index(_)));
        if !option && !target.optional && !skippable && !indexed {
            let message = format!(
                "`{reference}` is {} and always there: `has` asks whether there is a value at all",
                super::super::shown(target.ty)
            );
            return self.wrong(term, "always-there", message);
        }
        if let Some(node) = target.node {
            self.needs.add(node, false);
        }
        let case = option.then_some(1);
        Some(Typed::new(Formula::Has(target.path, case), Kind::Bool))
    }

    /// What a reference leads to, whether or not it is known already that there is something.
    fn asked(&mut self, term: &'c Term, reference: &'c Reference) -> Option<Target<'n>> {
        let facts = self.facts.clone();
        self.facts
            .retain(|fact| !fact.leads_on(&reference.root, &reference.steps));
        let target = self.resolve(term, reference);
        self.facts = facts;
        target
    }

    /// Whether a variant or result is the case that the last step names. The outer none is for what is wrong, the inner one
    /// for what asks something else.
    fn has_case(&mut self, term: &'c Term, reference: &'c Reference) -> Option<Option<Formula>> {
        let Some((last, before)) = reference.steps.split_last() else {
            return Some(None);
        };
        let Access::Field(name) = &last.access else {
            return Some(None);
        };
        let around = self
            .at(term)
            .resolve_knowing(&self.facts, &reference.root, before);
        // Whatever is wrong with it is told when the whole is looked at.
        let Ok(target) = around else {
            return Some(None);
        };
        let inner = match target.ty.shape() {
            Shape::Option(option) => &option.ty,
            _ => target.ty,
        };
        let case = match inner.shape() {
            Shape::Variant(_) => inner.member(name),
            Shape::Result(_) => ["ok", "err"].iter().position(|case| case == &&**name),
            _ => return Some(None),
        };
        let Some(case) = case else {
            return Some(None);
        };
        if let Some(node) = target.node {
            self.needs.add(node, false);
        }
        let mut path = target.path;
        if let Shape::Option(_) = target.ty.shape() {
            path.hops = path
                .hops
                .iter()
                .copied()
                .chain([crate::evaluate::Hop::Case(1)])
                .collect();
        }
        Some(Some(Formula::Has(path, Some(case as u32))))
    }

    /// Whether a node need not have run; also where that is not known.
    fn may_be_skipped(&self, node: usize) -> bool {
        self.site.names.skippable[node].unwrap_or(true)
    }
}
