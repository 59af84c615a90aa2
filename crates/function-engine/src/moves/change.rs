//! Changes of what is kept of a function's moves, and of who answers its calls along with it.

use std::sync::Arc;

use weft_types::moves::Moves;
use weft_types::{FunctionName, ProjectName, VersionNumber};

use crate::catalog::{Function, Writing};
use crate::deploy::now;
use crate::deployed::Deployed;
use crate::engine::Inner;
use crate::{Error, FunctionView};

/// A change.
pub(crate) struct Step {
    /// What is kept from then on.
    pub(crate) moves: Moves,
    /// The version that answers calls from then on, where that is another one.
    pub(crate) active: Option<VersionNumber>,
}

impl Inner {
    /// Changes a function as it is found, unless `change` finds that it has changed meanwhile. Versions that no longer answer calls
    /// end with those that they have.
    pub(crate) async fn change_moves(
        &self,
        project: &ProjectName,
        name: &FunctionName,
        change: impl FnOnce(&Function) -> Result<Option<Step>, Error> + Send,
    ) -> Result<Option<FunctionView>, Error> {
        let writing = self.catalog.write().await;
        let before = {
            let snapshot = self.catalog.read();
            Arc::clone(snapshot.function(project.as_str(), name.as_str())?)
        };
        let Some(Step { moves, active }) = change(&before)? else {
            return Ok(None);
        };
        let (registry, moves) = (&self.ports.registry, Arc::new(moves));
        let record = match active {
            Some(version) => registry.activate(project, name, version, moves, now()).await?,
            None => registry.note_moves(project, name, moves).await?,
        };
        let after = before.recorded(record);
        let view = self.catalog.read().project(project.as_str())?.view(&after);
        self.publish_moved(&writing, Some(&before), after);
        Ok(Some(view))
    }

    /// Shows a changed function to everyone, and lets go of the code of versions that no longer answer calls. Those under way end
    /// in it.
    pub(crate) fn publish_moved(&self, writing: &Writing<'_>, before: Option<&Function>, after: Function) {
        let answers = |old: &&Arc<Deployed>| after.answering().any(|answering| Arc::ptr_eq(answering, old));
        let answered = before.into_iter().flat_map(Function::answering);
        let gone: Vec<_> = answered.filter(|old| !answers(old)).cloned().collect();
        after.answering().for_each(|answering| answering.want());
        writing.put(after);
        for old in gone {
            old.leave();
            self.forget_promotion(&old);
        }
    }
}
