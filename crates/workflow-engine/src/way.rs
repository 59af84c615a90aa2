//! Nodes of nested runs, told by the way to them from the run around them.

use std::sync::Arc;

use weft_types::{NodeKey, ProjectName, RunId};
use weft_workflow::plan::Kind;

use crate::Error;
use crate::driver::run_of;
use crate::engine::Engine;
use crate::open_run::OpenRun;

/// A step of a way: a node, and which of its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step<'a> {
    node: &'a str,
    item: Option<u32>,
}

impl Engine {
    /// The run and the name of the node that a way leads to: names of nodes with dots between them, where each but the last calls a
    /// workflow, and a number in brackets tells which item of a node that goes over a list: `pages[3].approval`. A name without dots is
    /// a node of `run` itself.
    ///
    /// # Errors
    /// Where a run on the way is not open, or has no such node, or nothing is nested there now.
    pub async fn find_node(
        &self,
        project: &ProjectName,
        mut run: RunId,
        way: &str,
    ) -> Result<(RunId, String), Error> {
        let mut rest = way;
        while let Some((step, behind)) = rest.split_once('.') {
            let open = self.find_open(project, run).await?;
            run = self.nested_at(&open, step)?;
            rest = behind;
        }
        Ok((run, rest.to_owned()))
    }

    /// The run that is nested at a node of an open run, or at one of its items, now.
    fn nested_at(&self, open: &Arc<OpenRun>, text: &str) -> Result<RunId, Error> {
        let no_node = || Error::no_node(open.run, text, &open.plan);
        let step = Step::read(text).ok_or_else(no_node)?;
        let index = open.plan.find(step.node).ok_or_else(no_node)?;
        let node = open.plan.node(index);
        let nothing = |why: &'static str| Error::NothingNested {
            run: open.run,
            node: text.to_owned(),
            why,
        };
        match (&node.kind, node.for_each.is_some(), step.item) {
            (Kind::Call(call), ..) if !call.workflow => return Err(nothing("it calls no workflow")),
            (Kind::Sleep { .. } | Kind::Wait { .. }, ..) => return Err(nothing("it calls no workflow")),
            (Kind::Call(_), true, None) => {
                return Err(nothing(
                    "it goes over a list: say which item, as in `pages[3].approval`",
                ));
            }
            (Kind::Call(_), false, Some(_)) => return Err(nothing("it goes over no list")),
            (Kind::Call(_), ..) => {}
        }
        let key = NodeKey::new(open.run, &node.name, step.item);
        let attempts = (1..=node.retry.attempts).rev();
        let mut runs = attempts.map(|attempt| run_of(open.run, &key, attempt));
        runs.find(|run| self.0.registry.of_project(&open.project, *run).is_some())
            .ok_or_else(|| nothing("no run is open there, not yet or not any longer"))
    }
}

impl<'a> Step<'a> {
    /// None where there is something in the brackets that is no number.
    fn read(text: &'a str) -> Option<Self> {
        let Some((node, rest)) = text.split_once('[') else {
            return Some(Self {
                node: text,
                item: None,
            });
        };
        let item = rest.strip_suffix(']')?.parse().ok()?;
        Some(Self {
            node,
            item: Some(item),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_a_node_or_an_item_of_it() {
        let check = |text: &str, expected: Option<(&str, Option<u32>)>| {
            let read = Step::read(text).map(|step| (step.node, step.item));
            assert_eq!(read, expected, "{text}");
        };
        check("pages", Some(("pages", None)));
        check("pages[3]", Some(("pages", Some(3))));
        for wrong in [
            "pages[",
            "pages[]",
            "pages[x]",
            "pages[3",
            "pages[-1]",
            "pages[3]x",
            "pages[4294967296]",
        ] {
            check(wrong, None);
        }
    }
}
