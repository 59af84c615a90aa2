//! Grants as they are given on the command line.

use serde_json::Value;

/// What the server says with its examples of settings, `{"grants":{"http":["api.example.com"]}}`, as the flags that say the
/// same.
pub(crate) fn as_flags(text: &str) -> String {
    let mut told = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("{\"grants\":") {
        let (before, json) = rest.split_at(start);
        told.push_str(before);
        let mut values = serde_json::Deserializer::from_str(json).into_iter::<Value>();
        let Some(Ok(settings)) = values.next() else {
            rest = json;
            break;
        };
        match flags(&settings) {
            Some(flags) => told.push_str(&flags),
            None => told.push_str(&json[..values.byte_offset()]),
        }
        rest = &json[values.byte_offset()..];
    }
    told.push_str(rest);
    told
}

/// The flags that grant it; none where one of them is not known.
fn flags(settings: &Value) -> Option<String> {
    let mut flags = Vec::new();
    for (grant, what) in settings.get("grants")?.as_object()? {
        let flag = match grant.as_str() {
            "http" | "keyvalue" | "call" => grant,
            _ => return None,
        };
        for name in what.as_array()? {
            flags.push(format!("--grant-{flag} {}", name.as_str()?));
        }
    }
    Some(flags.join(" "))
}

#[test]
fn examples_of_settings_are_told_as_flags() {
    for (text, expected) in [
        (
            "outbound HTTP: grant hosts, such as {\"grants\":{\"http\":[\"api.example.com\"]}}",
            "outbound HTTP: grant hosts, such as --grant-http api.example.com",
        ),
        (
            "a {\"grants\":{\"call\":[\"x\"]}}; b {\"grants\":{\"keyvalue\":[\"y\",\"z\"]}} c",
            "a --grant-call x; b --grant-keyvalue y --grant-keyvalue z c",
        ),
        ("nothing of that", "nothing of that"),
        ("{\"grants\": broken", "{\"grants\": broken"),
        ("{\"grants\":{\"other\":[1]}} c", "{\"grants\":{\"other\":[1]}} c"),
    ] {
        assert_eq!(as_flags(text), expected);
    }
}
