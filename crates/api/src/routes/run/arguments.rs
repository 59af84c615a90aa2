//! The arguments of a run that repeats another.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::value::RawValue;
use serde_json::{Map, Value as Any};
use weft_types::{ProjectName, RunId, Signature, Value, json};

use super::bounds;
use crate::api::Context;
use crate::call;
use crate::problem::{Kind, Problem};
use crate::wire;

/// What it is called with in place of what the earlier run was; none where that stays.
pub(super) async fn replaced(
    context: &Context,
    (project, run): (&ProjectName, RunId),
    signature: &Signature,
    asked: &wire::Rerun,
) -> Result<Option<Value>, Problem> {
    let mut bounds = bounds(context);
    let text = match (&asked.arguments, &asked.change) {
        (None, change) if change.is_empty() => return Ok(None),
        (Some(all), change) if change.is_empty() => all.to_string().into_bytes(),
        (None, change) => {
            let image = context.workflows()?.runs.called_with(project, run).await?;
            let mut text = Vec::new();
            json::print(&signature.params, &image, &mut text);
            // What was accepted once is not too large now.
            bounds.bytes += image.as_bytes().len();
            merged(&text, change)
        }
        (Some(_), _) => {
            let detail = "say one of `arguments` (all of them) and `change` (those that differ)";
            return Err(Problem::new(Kind::InvalidRequest, detail).with("member", "change"));
        }
    };
    let (sent, text) = (call::Sent::Json, Bytes::from(text));
    let image = call::run_arguments(context, project, signature, sent, &text, bounds).await?;
    Ok(Some(Value::Direct(image)))
}

/// Arguments with some put in place of others. What stays is not read: its numbers keep their digits.
fn merged(arguments: &[u8], change: &Map<String, Any>) -> Vec<u8> {
    // Arguments are printed as an object.
    let all: BTreeMap<&str, &RawValue> = serde_json::from_slice(arguments).unwrap_or_default();
    let kept = all.iter().filter(|(name, _)| !change.contains_key(**name));
    let kept = kept.map(|(name, value)| ((*name).to_owned(), value.get().to_owned()));
    let new = change
        .iter()
        .map(|(name, value)| (name.clone(), value.to_string()));
    let members = kept
        .chain(new)
        .map(|(name, value)| format!("{}:{value}", Any::String(name)));
    let members: Vec<_> = members.collect();
    format!("{{{}}}", members.join(",")).into_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::merged;

    #[test]
    fn what_is_not_named_stays_as_it_is() {
        let check = |arguments: &str, change: serde_json::Value, expected: &str| {
            let told = merged(arguments.as_bytes(), change.as_object().unwrap());
            assert_eq!(String::from_utf8(told).unwrap(), expected);
        };
        check(
            r#"{"a":1,"b":0.30000000000000004}"#,
            json!({"a": null}),
            r#"{"b":0.30000000000000004,"a":null}"#,
        );
        check(
            r#"{"list":[1,{"x":"é"}]}"#,
            json!({"more": [2]}),
            r#"{"list":[1,{"x":"é"}],"more":[2]}"#,
        );
        check("{}", json!({"a": {"b": 1}}), r#"{"a":{"b":1}}"#);
    }
}
