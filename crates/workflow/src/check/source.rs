//! Sources: from what was written to how a value of a known type is put together.

use std::sync::Arc;

use weft_types::image::{Conversion, Mismatch};
use weft_types::ty::Shape;
use weft_types::{Digest, Type};

use super::budget::Budget;
use super::names::Names;
use super::needs::Needs;
use super::reference::{Here, Site, Target};
use crate::definition::{Definition, Form, Reference, Root, Source, Spot};
use crate::evaluate::{self, Expression, Path};
use crate::expression;
use crate::plan;
use crate::problem::Problem;

mod constant;
mod infer;
mod literal;
mod number;

pub(super) use infer::Inference;
pub(super) use literal::none;
pub(super) use number::Numbers;

/// What sources are checked with. Whatever is wrong is told to `problems`, and is none.
pub(super) struct Sources<'c, 'd> {
    pub(super) definition: &'d Definition,
    pub(super) names: &'c Names<'d>,
    /// The item that the node is executed for.
    pub(super) item: Here<'c>,
    /// What is known to lead to something where the values are put together.
    pub(super) facts: &'c [&'c expression::Reference],
    /// What the node must wait for.
    pub(super) needs: &'c mut Needs,
    /// Whether the value of a node that may be skipped can be waited for: who needs it is skipped too.
    pub(super) can_wait: bool,
    pub(super) budget: &'c mut Budget,
    pub(super) problems: &'c mut Vec<Problem>,
}

impl<'c, 'd> Sources<'c, 'd> {
    /// How a value of type `want` is put together.
    pub(super) fn compile(&mut self, source: &Source, want: &Type) -> Option<Expression> {
        match &source.form {
            Form::Wrong => None,
            Form::Reference(reference) => self.reference(reference, want),
            Form::Blob(digest) => self.blob(source.spot, *digest, want),
            _ if constant::is_constant(source) => self.constant(source, want),
            Form::Map(members) => self.map(source, members, want),
            Form::List(elements) => self.list(source, elements, want),
            // Without references these are constants.
            Form::Null | Form::Bool(_) | Form::Number(_) | Form::String(_) => None,
        }
    }

    /// Looks at what a source refers to, where it is not known what it is for.
    pub(super) fn look_through(&mut self, source: &Source) {
        match &source.form {
            Form::Null | Form::Bool(_) | Form::Number(_) | Form::String(_) => {}
            Form::Blob(_) | Form::Wrong => {}
            Form::List(elements) => elements.iter().for_each(|element| self.look_through(element)),
            Form::Map(members) => members.iter().for_each(|member| self.look_through(&member.value)),
            Form::Reference(reference) if reference.root == Root::Index => {}
            Form::Reference(reference) => {
                if let Some(node) = self.resolve(reference).and_then(|target| target.node) {
                    self.needs.add(node, true);
                }
            }
        }
    }

    /// The source of a value of type `ty`, put together once and for all where nothing in it depends on a run.
    pub(super) fn finish(&mut self, ty: Arc<Type>, expression: Expression) -> plan::Source {
        let folded = expression.folded(&ty, self.budget.bounds());
        if let Expression::Constant(image) = &folded {
            self.budget.take_bytes(image.payload().len());
        }
        plan::Source::new(ty, folded)
    }

    fn reference(&mut self, reference: &Reference, want: &Type) -> Option<Expression> {
        if reference.root == Root::Index && reference.steps.is_empty() {
            return self.index(reference.spot, want);
        }
        let takes_none = matches!(want.shape(), Shape::Option(_));
        // An option that may be none fits where it is known that this one is not.
        let target = match takes_none {
            true => self.resolve_knowing(&[], reference)?,
            false => self.resolve(reference)?,
        };
        let skippable = target.node.and_then(|node| self.names.skippable[node]) == Some(true);
        let optional = target.optional || skippable && takes_none;
        if let Some(node) = target.node {
            self.needs.add(node, !(skippable && takes_none));
        }
        if skippable && !takes_none && !self.can_wait {
            let detail = format!(
                "found {}, which is not there where the node is skipped, expected {}: an option takes either",
                super::shown(target.ty),
                super::shown(want)
            );
            let message = self.edge(&target.path.text, reference.spot, &detail);
            return self.wrong(reference.spot, "may-be-none", message);
        }
        if target.optional && !takes_none {
            let message = self.edge(
                &target.path.text,
                reference.spot,
                &format!(
                    "found option<{}>, expected {}: the way leads through what may be none{}",
                    super::shown(target.ty),
                    super::shown(want),
                    self.way_out(&target.path.text)
                ),
            );
            return self.wrong(reference.spot, "type-mismatch", message);
        }
        match Conversion::between(target.ty, want) {
            Ok(conversion) => Some(Expression::Part {
                path: target.path,
                conversion,
                optional,
            }),
            Err(mismatch) => {
                let mut detail = told(&mismatch, target.ty, want);
                if let Shape::Option(option) = target.ty.shape()
                    && Conversion::between(&option.ty, want).is_ok()
                {
                    detail.push_str(&self.way_out(&target.path.text));
                }
                let message = self.edge(&target.path.text, reference.spot, &detail);
                self.wrong(reference.spot, "type-mismatch", message)
            }
        }
    }

    /// How a node is spared what may be none.
    fn way_out(&self, reference: &str) -> String {
        match self.can_wait {
            true => format!(", which `when: has({reference})` rules out"),
            false => String::new(),
        }
    }

    /// What a reference leads to: a value, or a part of one.
    fn resolve(&mut self, reference: &Reference) -> Option<Target<'c>> {
        self.resolve_knowing(self.facts, reference)
    }

    fn resolve_knowing(
        &mut self,
        facts: &[&expression::Reference],
        reference: &Reference,
    ) -> Option<Target<'c>> {
        let site = self.site(reference.spot);
        match site.resolve_knowing(facts, &reference.root, &reference.steps) {
            Ok(Target {
                flag: Some(_), path, ..
            }) => {
                let message = format!("`{}` is a flag, which can only be looked at in `when`", path.text);
                self.wrong(reference.spot, "flag-here", message)
            }
            Ok(target) => Some(target),
            Err(lost) => {
                self.problems.extend(lost.map(|problem| *problem));
                None
            }
        }
    }

    /// `$index`
    fn index(&mut self, spot: Spot, want: &Type) -> Option<Expression> {
        if let Here::Nothing = self.item {
            let lost = self.site(spot).no_item("$index");
            self.problems.extend(lost.map(|problem| *problem));
            return None;
        }
        let ty = Arc::new(super::scalar(Shape::U32));
        match Conversion::between(&ty, want) {
            Ok(conversion) => Some(Expression::Index(ty, conversion)),
            Err(mismatch) => {
                let message = self.edge("$index", spot, &told(&mismatch, &ty, want));
                self.wrong(spot, "type-mismatch", message)
            }
        }
    }

    /// What is stored under an address.
    fn blob(&mut self, spot: Spot, digest: Digest, want: &Type) -> Option<Expression> {
        let stored = match want.shape() {
            Shape::Option(option) => &option.ty,
            _ => want,
        };
        if !self.budget.take_types(stored) {
            return self.wrong(spot, "too-large", self.budget.types_told());
        }
        // Anything becomes an option of itself.
        let conversion = Conversion::between(stored, want).ok()?;
        Some(Expression::Part {
            path: Path {
                root: evaluate::Root::Blob(digest),
                ty: Arc::new(stored.clone()),
                hops: Box::default(),
                text: format!("blob {digest}").into(),
            },
            conversion,
            optional: false,
        })
    }

    fn site(&self, spot: Spot) -> Site<'c> {
        Site {
            names: self.names,
            definition: self.definition,
            spot,
            offset: 0,
            item: self.item,
        }
    }

    /// What is wrong with an edge: its two ends first.
    fn edge(&self, from: &str, to: Spot, detail: &str) -> String {
        let path = self.definition.places.path(to);
        let port = path
            .strip_prefix("nodes.")
            .unwrap_or(&path)
            .replacen(".with.", ".", 1);
        format!("edge `{from}` -> `{port}`: {detail}")
    }

    pub(super) fn wrong<T>(&mut self, spot: Spot, code: &'static str, message: String) -> Option<T> {
        let problem = self.definition.places.problem(spot, code, message);
        self.problems.push(problem);
        None
    }
}

/// Both types, and what keeps them apart.
fn told(mismatch: &Mismatch, found: &Type, want: &Type) -> String {
    if mismatch.path.is_empty() {
        return mismatch.to_string();
    }
    format!(
        "found {}, expected {}; within them {mismatch}",
        super::shown(found),
        super::shown(want)
    )
}
