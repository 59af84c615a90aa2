//! Where two values differ.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::json::Json;

/// Most places that are told.
const MOST: usize = 4;
/// The longest value that is told, as text.
const LONGEST: usize = 200;

/// A place at which two values differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Difference {
    /// A JSON pointer (RFC 6901); empty for all of it.
    #[schema(example = "/lines/0/price")]
    pub at: String,
    /// What is there in the one; absent where nothing is. `{"$bytes": n}` stands for a text of so many bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub before: Option<Json>,
    /// And in the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub after: Option<Json>,
}

/// The first places at which two values differ.
pub(super) fn differences(before: Option<&Json>, after: Option<&Json>) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", before, after, &mut found);
    found
}

fn compare(at: &str, before: Option<&Json>, after: Option<&Json>, found: &mut Vec<Difference>) {
    if found.len() == MOST || before == after {
        return;
    }
    match (before, after) {
        (Some(Json::Object(old)), Some(Json::Object(new))) => {
            let added = new.iter().filter(|(name, _)| member(old, name).is_none());
            for (name, _) in old.iter().chain(added) {
                let step = name.replace('~', "~0").replace('/', "~1");
                compare(
                    &format!("{at}/{step}"),
                    member(old, name),
                    member(new, name),
                    found,
                );
            }
        }
        (Some(Json::Array(old)), Some(Json::Array(new))) => {
            for index in 0..old.len().max(new.len()) {
                compare(&format!("{at}/{index}"), old.get(index), new.get(index), found);
            }
        }
        (before, after) => found.push(Difference {
            at: at.to_owned(),
            before: before.map(shortened),
            after: after.map(shortened),
        }),
    }
}

fn member<'a>(members: &'a [(String, Json)], name: &str) -> Option<&'a Json> {
    let found = members.iter().find(|(other, _)| other == name);
    found.map(|(_, value)| value)
}

fn shortened(value: &Json) -> Json {
    match value.to_string().len() {
        0..=LONGEST => value.clone(),
        bytes => Json::Object(vec![("$bytes".to_owned(), Json::Number(bytes.into()))]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(before: &str, after: &str, expected: Value) {
        let read = |text: &str| (!text.is_empty()).then(|| Json::parse(text.as_bytes()).unwrap());
        let found = differences(read(before).as_ref(), read(after).as_ref());
        assert_eq!(serde_json::to_value(found).unwrap(), expected, "{before} {after}");
    }

    #[test]
    fn places_that_differ_are_told() {
        check("1", "1", json!([]));
        check("", "", json!([]));
        check("1", "2", json!([{"at": "", "before": 1, "after": 2}]));
        check("", "2", json!([{"at": "", "after": 2}]));
        check(
            r#"{"a":{"b/c":[1,2]},"x":1,"gone":true}"#,
            r#"{"a":{"b/c":[1,3,4]},"x":1,"new":null}"#,
            json!([
                {"at": "/a/b~1c/1", "before": 2, "after": 3},
                {"at": "/a/b~1c/2", "after": 4},
                {"at": "/gone", "before": true},
                {"at": "/new", "after": null},
            ]),
        );
        check(
            "[1]",
            r#"{"a":1}"#,
            json!([{"at": "", "before": [1], "after": {"a": 1}}]),
        );
    }

    #[test]
    fn few_and_short_ones_are() {
        let many = |number: usize| format!("[{}]", vec![number.to_string(); 9].join(","));
        let read = |text: String| Json::parse(text.as_bytes()).unwrap();
        let found = differences(Some(&read(many(1))), Some(&read(many(2))));
        assert_eq!(found.len(), MOST);
        let long = format!("{:?}", "x".repeat(LONGEST));
        check(
            &long,
            "1",
            json!([{"at": "", "before": {"$bytes": 202}, "after": 1}]),
        );
    }
}
