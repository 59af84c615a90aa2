//! Where nodes are to be executed, and there is no such place.

use super::{MOST_WARNINGS, hint, told};
use crate::definition::quote::quoted;
use crate::definition::{At, Definition};
use crate::problem::Problem;

/// The places there are as things are now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pools {
    /// The names of profiles.
    pub profiles: Vec<String>,
    /// The groups: labels that profiles carry, and the one that means any.
    pub groups: Vec<String>,
}

/// Profiles and groups that a definition names and there are not, in the order of the text. It may be saved nevertheless, as they come and
/// go; but until they are there, nodes fail.
#[must_use]
pub fn without_pool(definition: &Definition, pools: &Pools) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut look = |named: Option<&At<Box<str>>>, who: &str, what: (&'static str, &str), there: &[String]| {
        if let Some(At { spot, value }) = named
            && there.iter().all(|name| **name != **value)
        {
            let (code, is_missing) = what;
            let meant = hint(value, there.iter().map(String::as_str));
            let message = format!("{who} fail: {is_missing} {}{meant}", quoted(value));
            problems.push(definition.places.problem(*spot, code, message));
        }
    };
    let group = ("unknown-group", "no pool profile has the label");
    let profile = ("unknown-profile", "there is no pool profile");
    look(
        definition.defaults.group.as_ref(),
        "nodes would",
        group,
        &pools.groups,
    );
    for node in &definition.nodes {
        look(node.profile.as_ref(), "the node would", profile, &pools.profiles);
        look(node.group.as_ref(), "the node would", group, &pools.groups);
    }
    told(problems, MOST_WARNINGS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{Bounds, read};

    fn check(text: &str, expected: &[&str]) {
        let text = format!("workflow: w\n{text}");
        let definition = read(text.as_bytes(), &Bounds::default()).definition.unwrap();
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let pools = Pools {
            profiles: texts(&["sandbox", "process"]),
            groups: texts(&["default", "gpu"]),
        };
        let told = without_pool(&definition, &pools).into_iter();
        let told: Vec<_> = told
            .map(|it| {
                format!(
                    "{}:{} {} {}: {}",
                    it.at.line, it.at.column, it.code, it.path, it.message
                )
            })
            .collect();
        assert_eq!(told, expected, "{text}");
    }

    #[test]
    fn what_there_is_not_is_told_with_what_was_meant() {
        check("nodes:\n  a: { call: f, profile: sandbox, group: gpu }\n", &[]);
        check("defaults: { group: default }\nnodes:\n  a: { call: f }\n", &[]);
        check(
            "defaults: { group: gpus }\nnodes:\n  a: { call: f, profile: sandbx }\n  b: { call: f, group: arm }\n",
            &[
                "2:20 unknown-group defaults.group: nodes would fail: no pool profile has the label `gpus`, did you mean `gpu`?",
                "4:26 unknown-profile nodes.a.profile: the node would fail: there is no pool profile `sandbx`, did you mean `sandbox`?",
                "5:24 unknown-group nodes.b.group: the node would fail: no pool profile has the label `arm`, expected `default` or `gpu`",
            ],
        );
    }
}
