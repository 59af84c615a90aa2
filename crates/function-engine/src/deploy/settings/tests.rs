use serde_json::{Value, json};
use weft_types::Settings;

use super::{SettingsChange, changed, merge, parse_settings};
use crate::Error;

fn merged(mut target: Value, patch: Value) -> Value {
    merge(&mut target, patch);
    target
}

/// The examples of RFC 7396, appendix A.
#[test]
fn merging_follows_the_standard() {
    let cases = [
        (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
        (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
        (json!({"a":"b"}), json!({"a":null}), json!({})),
        (json!({"a":"b","b":"c"}), json!({"a":null}), json!({"b":"c"})),
        (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
        (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
        (
            json!({"a":{"b":"c"}}),
            json!({"a":{"b":"d","c":null}}),
            json!({"a":{"b":"d"}}),
        ),
        (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
        (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
        (json!({"a":"b"}), json!(["c"]), json!(["c"])),
        (json!({"a":"foo"}), json!(null), json!(null)),
        (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
        (json!([1, 2]), json!({"a":"b","c":null}), json!({"a":"b"})),
        (
            json!({}),
            json!({"a":{"bb":{"ccc":null}}}),
            json!({"a":{"bb":{}}}),
        ),
    ];
    for (target, patch, expected) in cases {
        assert_eq!(
            merged(target.clone(), patch.clone()),
            expected,
            "{target} with {patch}"
        );
    }
}

fn settings() -> Settings {
    parse_settings(
        br#"{"description":"d","labels":{"team":"a"},"limits":{"timeout-ms":5},"grants":{"http":["x.org"]}}"#,
    )
    .unwrap()
}

#[test]
fn a_patch_changes_what_it_names_and_null_restores_the_default() {
    let patch =
        json!({"labels":{"team":null,"tier":"1"},"limits":{"timeout-ms":null},"grants":{"call":["b"]}});
    let after = changed(settings(), SettingsChange::Merge(patch)).unwrap();
    assert_eq!(after.description, "d");
    assert_eq!(
        after.labels.into_iter().collect::<Vec<_>>(),
        [("tier".to_owned(), "1".to_owned())]
    );
    assert_eq!(after.limits, weft_types::Limits::default());
    assert_eq!((after.grants.http.len(), after.grants.call.len()), (1, 1));
    assert_eq!(changed(settings(), SettingsChange::Keep).unwrap(), settings());
}

fn refused(result: Result<Settings, Error>) -> (String, String) {
    match result.unwrap_err() {
        Error::InvalidSettings { pointer, message } => (pointer, message),
        other => panic!("{other}"),
    }
}

#[test]
fn mistakes_have_pointers() {
    let cases: [(&[u8], &str, &str); 6] = [
        (
            br#"{"limits":{"timeout-ms":"soon"}}"#,
            "/limits/timeout-ms",
            "invalid type",
        ),
        (br#"{"limits":{"timeout-ms":-1}}"#, "/limits/timeout-ms", "-1"),
        (
            br#"{"grants":{"call":["ok","Not OK"]}}"#,
            "/grants/call/1",
            "not a name",
        ),
        (br#"{"env":{"a/b~c":1}}"#, "/env/a~1b~0c", "invalid type"),
        (br#"{"colour":"red"}"#, "", "unknown field `colour`"),
        (br"{} {}", "", "trailing"),
    ];
    for (json, pointer, part) in cases {
        let (found, message) = refused(parse_settings(json));
        let text = String::from_utf8_lossy(json);
        assert!(found == pointer || pointer.is_empty(), "{text}: {found}");
        assert!(message.contains(part), "{text}: {message}");
    }
    let patch = json!({"limits":{"memory-bytes":{}}});
    assert_eq!(
        refused(changed(settings(), SettingsChange::Merge(patch))).0,
        "/limits/memory-bytes"
    );
    assert_eq!(
        refused(changed(settings(), SettingsChange::Merge(json!([])))).0,
        ""
    );
}
