//! What a version's imports are satisfied by, and what it was not granted.

use std::collections::BTreeSet;

use weft_types::version::{Capability, ImportedFunction, Inspection, WorkflowSource};
use weft_types::{FunctionName, Grants, Settings};

use crate::catalog::Project;
use crate::deployed::Deployed;
use crate::host::signature::in_words;
use crate::port::ImportBinding;

/// The outcome.
#[derive(Debug, Default)]
pub(crate) struct Wiring {
    /// Functions that satisfy imported interfaces.
    pub(crate) bindings: Vec<ImportBinding>,
    /// Each missing grant and how to give it.
    pub(crate) missing: Vec<String>,
}

/// Looks for what satisfies each capability that the code asks for.
pub(crate) fn wire(inspection: &Inspection, grants: &Grants, project: &Project) -> Wiring {
    let mut wiring = Wiring::default();
    for capability in &inspection.capabilities {
        match capability {
            Capability::Http if grants.http.is_empty() => wiring.missing.push(
                "outbound HTTP: grant the hosts it may reach, such as {\"grants\":{\"http\":[\"api.example.com\"]}}".into(),
            ),
            Capability::Keyvalue if grants.keyvalue.is_empty() => wiring.missing.push(
                "key-value stores: grant those it may use, such as {\"grants\":{\"keyvalue\":[\"default\"]}}".into(),
            ),
            Capability::Http | Capability::Keyvalue => (),
            Capability::Call { interface, functions } => match bind(interface, functions, grants, project) {
                Ok(callee) => wiring.bindings.push(ImportBinding {
                    interface: interface.clone(),
                    functions: functions.clone(),
                    callee: callee.clone(),
                }),
                Err(missing) => wiring.missing.push(missing),
            },
        }
    }
    wiring
}

/// Whether a version with these settings can be executed again unnoticed: it reaches nothing outside but functions of which
/// that is true as well, now and all the way down, and no call finds what an earlier one left.
pub(crate) fn effect_free(settings: &Settings, reuse: u32, project: &Project) -> bool {
    are_effect_free(vec![(settings, reuse, None)], project)
}

/// Whether a version is so that was stored already.
pub(crate) fn is_effect_free(deployed: &Deployed, project: &Project) -> bool {
    are_effect_free(vec![subject(deployed)], project)
}

/// What the class of a version follows from.
type Subject<'a> = (&'a Settings, u32, Option<&'a WorkflowSource>);

fn subject(deployed: &Deployed) -> Subject<'_> {
    let record = deployed.record();
    (&record.settings, deployed.reuse(), record.workflow.as_deref())
}

fn are_effect_free<'a>(mut ahead: Vec<Subject<'a>>, project: &'a Project) -> bool {
    let mut seen = BTreeSet::new();
    while let Some((settings, reuse, workflow)) = ahead.pop() {
        if workflow.is_some_and(|workflow| workflow.awaits) {
            return false;
        }
        for pin in workflow.iter().flat_map(|workflow| &workflow.calls) {
            if seen.insert((&pin.function, Some(pin.version))) {
                let function = project.functions.get(&pin.function);
                match function.and_then(|function| function.version(Some(pin.version)).ok()) {
                    Some(pinned) => ahead.push(subject(pinned)),
                    None => return false,
                }
            }
        }
        let Grants {
            http,
            private_network: _,
            keyvalue,
            call,
            stateless,
            // Sent along with what `http` grants, or nowhere.
            secrets: _,
        } = &settings.grants;
        if !http.is_empty() || !keyvalue.is_empty() || (reuse > 1 && !stateless) {
            return false;
        }
        for callee in call.iter().filter(|callee| seen.insert((*callee, None))) {
            match project.active(callee) {
                Some(callee) => ahead.push(subject(callee)),
                None => return false,
            }
            ahead.extend(project.candidate(callee).map(|candidate| subject(candidate)));
        }
    }
    true
}

/// The one granted function whose active version exports the interface, with the types that the importer expects.
fn bind<'a>(
    interface: &str,
    functions: &[ImportedFunction],
    grants: &'a Grants,
    project: &Project,
) -> Result<&'a FunctionName, String> {
    let exports = |callee: &&FunctionName| {
        project
            .active(callee)
            .is_some_and(|callee| exports(callee, interface))
    };
    let mut granted = grants.call.iter().filter(exports);
    match (granted.next(), granted.next()) {
        (Some(callee), None) => check_types(interface, functions, callee, project).map(|()| callee),
        (Some(first), Some(second)) => Err(format!(
            "calls of `{interface}`: both `{first}` and `{second}` export it; grant only one of them"
        )),
        (None, _) => Err(ungranted(interface, grants, project)),
    }
}

fn exports(callee: &Deployed, interface: &str) -> bool {
    let exports = &callee.record().inspection.exports;
    exports
        .iter()
        .any(|export| export.interface.as_deref() == Some(interface))
}

/// Says who could be granted.
fn ungranted(interface: &str, grants: &Grants, project: &Project) -> String {
    let inactive = grants.call.iter().find(|callee| project.active(callee).is_none());
    let could = project.functions.iter().filter(|(_, function)| {
        function
            .active
            .as_ref()
            .is_some_and(|callee| exports(callee, interface))
    });
    let could: Vec<_> = could.map(|(name, _)| name).collect();
    match (could.as_slice(), inactive) {
        ([first, ..], _) => {
            format!(
                "calls of `{interface}`: grant the function that exports it, {{\"grants\":{{\"call\":[\"{first}\"]}}}}"
            )
        }
        ([], Some(callee)) => {
            format!("calls of `{interface}`: the granted function `{callee}` has no active version")
        }
        ([], None) => format!(
            "calls of `{interface}`: no function of the project exports it; deploy one and grant it, \
             {{\"grants\":{{\"call\":[\"its-name\"]}}}}"
        ),
    }
}

fn check_types(
    interface: &str,
    functions: &[ImportedFunction],
    callee: &FunctionName,
    project: &Project,
) -> Result<(), String> {
    let Some(deployed) = project.active(callee) else {
        return Ok(());
    };
    for function in functions {
        let name = &function.name;
        let mut exports = deployed.record().inspection.exports.iter();
        let export = exports.find(|e| e.interface.as_deref() == Some(interface) && e.name == *name);
        let found = match export.map(weft_types::Export::signature) {
            Some(Some(signature)) if *signature == function.signature => continue,
            Some(Some(signature)) => format!("as `{}`", in_words(signature)),
            Some(None) => "with resources, which cannot be passed on".to_owned(),
            None => "not at all".to_owned(),
        };
        return Err(format!(
            "calls of `{interface}#{name}`: imported as `{}`, but `{callee}` exports it {found}",
            in_words(&function.signature)
        ));
    }
    Ok(())
}
