//! Conditions: from their text to a formula whose types fit.

use weft_types::ty::Shape;

use super::needs::Needs;
use super::reference::{Here, Site, Target};
use super::typed::{Kind, Typed};
use crate::definition::Root;
use crate::evaluate::Formula;
use crate::expression::{Junction, Reference, Term, TermKind};
use crate::problem::Problem;

mod calculate;
mod call;
mod compare;
mod member;

/// Checks the condition that stands at `site`: the formula of one whose types fit. The nodes whose values it looks at go to
/// `needs`.
pub(super) fn check(
    site: Site<'_>,
    term: &Term,
    needs: &mut Needs,
    problems: &mut Vec<Problem>,
) -> Option<Formula> {
    let mut checker = Checker {
        site,
        facts: Vec::new(),
        needs,
        problems,
    };
    let typed = checker.term(term)?;
    match typed.kind {
        Kind::Bool => Some(typed.formula),
        _ => {
            let message = format!("the condition is {}, expected bool", typed.shown());
            checker.wrong(term, "condition-type", message)
        }
    }
}

/// What a condition is checked with. Whatever is wrong is told to `problems`, and is none.
struct Checker<'c, 'n> {
    site: Site<'n>,
    /// References that are known to lead to something where the term at hand is looked at.
    facts: Vec<&'c Reference>,
    needs: &'c mut Needs,
    problems: &'c mut Vec<Problem>,
}

impl<'c, 'n> Checker<'c, 'n> {
    fn term(&mut self, term: &'c Term) -> Option<Typed<'n>> {
        match &term.kind {
            TermKind::Bool(value) => Some(Typed::new(Formula::Bool(*value), Kind::Bool)),
            TermKind::Whole(value) => Some(Typed::new(Formula::Whole((*value).into()), Kind::Whole)),
            TermKind::Real(value) => Some(Typed::new(Formula::Real(*value), Kind::Real)),
            TermKind::Text(text) => Some(Typed::new(Formula::Text(text.clone()), Kind::Text)),
            TermKind::Reference(reference) => self.scalar(term, reference),
            TermKind::Has(reference) => self.has(term, reference),
            TermKind::Not(inner) => {
                let inner = self.bool(inner, "`!`")?;
                Some(Typed::new(negation(inner), Kind::Bool))
            }
            TermKind::Junction(junction, sides) => self.junction(*junction, sides),
            TermKind::Choose(parts) => self.choose(term, parts),
            TermKind::Negate(inner) => self.negate(term, inner),
            TermKind::Arithmetic(sign, sides) => self.arithmetic(term, *sign, sides),
            TermKind::Compare(comparison, sides) => self.compare(term, *comparison, sides),
            TermKind::In(sides) => self.member(term, sides),
            TermKind::Call(function, arguments) => self.call(*function, arguments),
            TermKind::List(_) => {
                let message = "a list can only stand right of `in`".to_owned();
                self.wrong(term, "condition-type", message)
            }
        }
    }

    /// A term that must be true or false. `of` names what wants it so.
    fn bool(&mut self, term: &'c Term, of: &str) -> Option<Formula> {
        let typed = self.term(term)?;
        match typed.kind {
            Kind::Bool => Some(typed.formula),
            _ => {
                let message = format!("{of} is for bool, found {}", typed.shown());
                self.wrong(term, "condition-type", message)
            }
        }
    }

    fn junction(&mut self, junction: Junction, sides: &'c [Term; 2]) -> Option<Typed<'n>> {
        let of = format!("`{}`", junction.sign());
        let left = self.bool(&sides[0], &of);
        let told = implied(&sides[0], junction == Junction::And);
        let right = self.knowing(told, |checker| checker.bool(&sides[1], &of));
        let formula = match (junction, left?, right?) {
            (Junction::And, Formula::Bool(true), other) => other,
            (Junction::Or, Formula::Bool(false), other) => other,
            (Junction::And, no @ Formula::Bool(false), _) => no,
            (Junction::Or, yes @ Formula::Bool(true), _) => yes,
            (_, left, right) => Formula::Junction(junction, Box::new([left, right])),
        };
        Some(Typed::new(formula, Kind::Bool))
    }

    fn choose(&mut self, term: &'c Term, parts: &'c [Term; 3]) -> Option<Typed<'n>> {
        let condition = self.bool(&parts[0], "what stands before `?`");
        let yes = self.knowing(implied(&parts[0], true), |checker| checker.term(&parts[1]));
        let no = self.knowing(implied(&parts[0], false), |checker| checker.term(&parts[2]));
        let (condition, yes, no) = (condition?, yes?, no?);
        let (yes, no) = calculate::beside_each_other(yes, no);
        let (yes, no) = self.alike(term, yes, no, "`? :` gives")?;
        if yes.kind != no.kind {
            let message = format!(
                "`? :` gives values of one type, found {} and {}: `double(…)` makes a float",
                yes.shown(),
                no.shown()
            );
            return self.wrong(term, "condition-type", message);
        }
        let kind = yes.kind;
        let formula = Formula::Choose(Box::new([condition, yes.formula, no.formula]));
        Some(Typed::new(formula, kind))
    }

    /// Looks at a part knowing that `facts` lead to something.
    fn knowing<T>(&mut self, facts: Vec<&'c Reference>, look: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.facts.len();
        self.facts.extend(facts);
        let seen = look(self);
        self.facts.truncate(before);
        seen
    }

    /// A reference to a value that cannot be taken apart.
    fn scalar(&mut self, term: &'c Term, reference: &'c Reference) -> Option<Typed<'n>> {
        if reference.root == Root::Index && reference.steps.is_empty() {
            return self.index(term);
        }
        let target = self.value(term, reference)?;
        if let Some(flag) = target.flag {
            return Some(Typed::new(Formula::Flag(target.path, flag), Kind::Bool));
        }
        let ty = target.ty;
        let Some(kind) = Kind::of(ty) else {
            let instead = match ty.shape() {
                Shape::List(_) => "`size` and `in` look at lists",
                Shape::Flags(_) => "flags are looked at one by one, such as `\"name\" in $flags`",
                Shape::Variant(_) | Shape::Result(_) => "`has($reference.case)` tells which case it is",
                _ => "only its members can be compared",
            };
            let message = format!("`{reference}` is {}: {instead}", super::shown(ty));
            return self.wrong(term, "condition-type", message);
        };
        Some(Typed {
            formula: Formula::Load(target.path),
            kind,
            ty: Some(ty),
        })
    }

    fn index(&mut self, term: &Term) -> Option<Typed<'n>> {
        match self.site.item {
            Here::Item(_) | Here::Unknown => Some(Typed::new(Formula::Index, Kind::Whole)),
            Here::Nothing => {
                let lost = self.at(term).no_item("$index");
                self.problems.extend(lost.map(|problem| *problem));
                None
            }
        }
    }

    /// A reference to what is there for sure.
    fn value(&mut self, term: &Term, reference: &'c Reference) -> Option<Target<'n>> {
        let target = self.resolve(term, reference)?;
        let may_be_none = target.optional || matches!(target.ty.shape(), Shape::Option(_));
        if may_be_none {
            let inner = match target.ty.shape() {
                Shape::Option(option) => &option.ty,
                _ => target.ty,
            };
            let message = format!(
                "`{reference}` is option<{}> and may be none: look at it where that is ruled out, as in \
                 `has({reference}) && …`",
                super::shown(inner)
            );
            return self.wrong(term, "may-be-none", message);
        }
        if let Some(node) = target.node {
            self.needs.add(node, !self.is_node_known(reference));
        }
        Some(target)
    }

    fn resolve(&mut self, term: &Term, reference: &'c Reference) -> Option<Target<'n>> {
        let site = self.at(term);
        match site.resolve_knowing(&self.facts, &reference.root, &reference.steps) {
            Ok(target) => Some(target),
            Err(lost) => {
                self.problems.extend(lost.map(|problem| *problem));
                None
            }
        }
    }

    fn is_node_known(&self, reference: &Reference) -> bool {
        self.facts.iter().any(|fact| fact.root == reference.root)
    }

    /// Where a term stands.
    fn at(&self, term: &Term) -> Site<'n> {
        Site {
            offset: term.at,
            ..self.site
        }
    }

    fn wrong<T>(&mut self, term: &Term, code: &'static str, message: String) -> Option<T> {
        let problem = self.at(term).problem(0, code, message);
        self.problems.push(problem);
        None
    }
}

/// What leads to something where a condition is true.
pub(super) fn facts(term: &Term) -> Vec<&Reference> {
    implied(term, true)
}

/// What leads to something where a term is `truth`.
fn implied(term: &Term, truth: bool) -> Vec<&Reference> {
    match &term.kind {
        TermKind::Has(reference) if truth => vec![reference],
        TermKind::Not(inner) => implied(inner, !truth),
        TermKind::Junction(junction, sides) if (*junction == Junction::And) == truth => {
            let mut both = implied(&sides[0], truth);
            both.append(&mut implied(&sides[1], truth));
            both
        }
        _ => Vec::new(),
    }
}

fn negation(formula: Formula) -> Formula {
    match formula {
        Formula::Bool(value) => Formula::Bool(!value),
        other => Formula::Not(Box::new(other)),
    }
}
