//! What a definition may call.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use weft_types::ty::{Shape, TypeError};
use weft_types::{Durability, FunctionName, Signature, Type, VersionNumber};

use super::scalar;
use crate::plan::ItemFailure;

/// Finds what calls name. A look-up in memory, asked once for each way in which a definition names a callee.
pub trait Callees {
    /// The version of a function, or its active one, and the export of that version, or its only one.
    ///
    /// # Errors
    /// Where there is none.
    fn find(
        &self,
        function: &FunctionName,
        version: Option<VersionNumber>,
        export: Option<&str>,
    ) -> Result<Found, NotFound>;
}

/// What a call comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The version.
    pub version: VersionNumber,
    /// The index of the export within it.
    pub export: usize,
    /// The full name of the export.
    pub export_name: Box<str>,
    /// Its types.
    pub signature: Arc<Signature>,
    /// Whether it is a workflow.
    pub workflow: bool,
    /// Whether executing it goes unnoticed.
    pub effect_free: bool,
    /// Whether runs of it are journalled; of no meaning for what is no workflow.
    pub durability: Durability,
}

/// Why a call comes to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// What is missing.
    pub what: Missing,
    /// What is wrong, what there is, and what was likely meant, in a sentence without a full stop.
    pub message: String,
}

/// What a call names and there is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Missing {
    /// The function.
    Function,
    /// The version; or the function has no active one.
    Version,
    /// The export; or there are several, and none is named.
    Export,
    /// A way to call the export: a type in its signature is no value.
    Callable,
}

/// A callee with what every call of it shares.
#[derive(Debug)]
pub(super) struct Callee {
    pub(super) found: Found,
    /// The record of its parameters.
    pub(super) params: Arc<Type>,
    /// What a call of it gives: its result, or what the `ok` of that carries.
    pub(super) output: Option<Arc<Type>>,
    /// Whether it may answer a failure of its own.
    pub(super) fallible: bool,
    /// What calls of it for each item of a list give.
    lists: OnceCell<Listed>,
    /// And where failures are collected.
    collected: OnceCell<Listed>,
}

/// The type of a list of outputs, if there are any.
type Listed = Result<Option<Arc<Type>>, TypeError>;

/// How a definition names a callee.
type Named<'d> = (&'d FunctionName, Option<VersionNumber>, Option<&'d str>);

/// Looks each callee up once.
pub(super) struct Directory<'d> {
    callees: &'d dyn Callees,
    known: HashMap<Named<'d>, Result<Rc<Callee>, NotFound>>,
}

impl<'d> Directory<'d> {
    pub(super) fn new(callees: &'d dyn Callees) -> Self {
        let known = HashMap::new();
        Self { callees, known }
    }

    pub(super) fn find(&mut self, named: Named<'d>) -> Result<Rc<Callee>, NotFound> {
        let callees = self.callees;
        let look_up = || {
            callees
                .find(named.0, named.1, named.2)
                .map(Callee::new)
                .map(Rc::new)
        };
        self.known.entry(named).or_insert_with(look_up).clone()
    }
}

impl Callee {
    fn new(found: Found) -> Self {
        let result = found.signature.result.as_ref();
        let (output, fallible) = match result.map(|ty| (ty, ty.shape())) {
            Some((_, Shape::Result(either))) => (either.ok.as_deref(), true),
            Some((ty, _)) => (Some(ty), false),
            None => (None, false),
        };
        Self {
            params: Arc::new(found.signature.params.clone()),
            output: output.map(|ty| Arc::new(ty.clone())),
            fallible,
            lists: OnceCell::new(),
            collected: OnceCell::new(),
            found,
        }
    }

    /// What calls of it for each item of a list give.
    pub(super) fn listed(&self, on_failure: ItemFailure) -> Listed {
        let own = self.output.as_deref().cloned();
        let listed = match on_failure {
            ItemFailure::End | ItemFailure::Continue => self
                .lists
                .get_or_init(|| own.map(|ty| Type::list(ty).map(Arc::new)).transpose()),
            ItemFailure::Collect => self.collected.get_or_init(|| {
                let outcome = Type::result(own, Some(scalar(Shape::String)))?;
                Type::list(outcome).map(|ty| Some(Arc::new(ty)))
            }),
        };
        listed.clone()
    }
}
