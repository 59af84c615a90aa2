//! Key-value stores, by way of the example `counter` and of a component that only passes its arguments on.

use std::collections::BTreeSet;

use weft_types::Grants;

use crate::platform::Platform;

fn granted(stores: &[&str]) -> Grants {
    let keyvalue: BTreeSet<String> = stores.iter().map(|store| (*store).to_owned()).collect();
    Grants {
        keyvalue,
        ..Grants::default()
    }
}

#[tokio::test]
async fn a_granted_store_keeps_what_it_is_given() {
    let platform = Platform::new();
    platform.load("counter", granted(&["default"]));
    let cases = [
        ("get", r#"["a"]"#, r#"{"ok":null}"#),
        ("add", r#"["a", 3]"#, r#"{"ok":3}"#),
        ("add", r#"["a", -5]"#, r#"{"ok":-2}"#),
        ("add", r#"["b", 1]"#, r#"{"ok":1}"#),
        ("get", r#"["a"]"#, r#"{"ok":-2}"#),
        ("names", "[]", r#"{"ok":["a","b"]}"#),
        ("forget", r#"["a"]"#, r#"{"ok":null}"#),
        ("names", "[]", r#"{"ok":["b"]}"#),
    ];
    for (export, arguments, expected) in cases {
        let answer = platform.call("counter", export, arguments).await.expect(export);
        assert_eq!(answer, expected, "{export} {arguments}");
    }
}

#[tokio::test]
async fn an_ungranted_store_is_denied_and_the_log_says_how_to_grant_it() {
    for stores in [&[][..], &["other"]] {
        let platform = Platform::new();
        platform.load("counter", granted(stores));
        let answer = platform
            .call("counter", "get", r#"["a"]"#)
            .await
            .expect("an answer");
        assert!(answer.starts_with(r#"{"err""#), "{answer}");
        let log = platform.take_log();
        assert!(
            log.contains(r#"grant it with `grants.keyvalue = ["default"]`"#),
            "{log}"
        );
    }
}

#[tokio::test]
async fn keys_are_bounded() {
    let platform = Platform::new();
    platform.load("counter", granted(&["default"]));
    for (key, expected) in [
        ("", "may not be empty"),
        (&*"k".repeat(1025), "has 1025 bytes, at most 1024"),
    ] {
        let answer = platform
            .call("counter", "add", &format!(r#"["{key}", 1]"#))
            .await
            .expect("an answer");
        assert!(answer.contains(expected), "{answer}");
    }
    let longest = format!(r#"["{}", 1]"#, "k".repeat(1024));
    assert_eq!(
        platform
            .call("counter", "add", &longest)
            .await
            .expect("an answer"),
        r#"{"ok":1}"#
    );
}

#[tokio::test]
async fn more_keys_than_a_page_are_listed_by_cursor() {
    let platform = Platform::new();
    platform.load("counter", granted(&["default"]));
    for i in 0..1_001 {
        platform
            .call("counter", "add", &format!(r#"["k{i:04}", 1]"#))
            .await
            .expect("an answer");
    }
    let names = platform.call("counter", "names", "[]").await.expect("an answer");
    assert!(
        names.ends_with(r#""k0999","k1000"]}"#),
        "{}",
        &names[names.len() - 60..]
    );
}
