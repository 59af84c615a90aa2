use jiff::Timestamp;
use weft_types::signature::Callable;
use weft_types::version::{Flavor, Inspection, Kind};
use weft_types::{Digest, Export, Settings, Signature, Type, VersionNumber, VersionRecord};

use super::{find, sole};
use crate::Error;

fn export(interface: Option<&str>, name: &str, callable: bool) -> Export {
    let params = Type::record::<&str>([]).unwrap();
    let callable = if callable {
        Callable::Yes(Signature { params, result: None })
    } else {
        Callable::No {
            path: "params.input".into(),
            found: "`own<file>`".into(),
        }
    };
    Export {
        name: name.into(),
        interface: interface.map(Into::into),
        callable,
    }
}

fn record(flavor: Flavor, exports: Vec<Export>) -> VersionRecord {
    let capabilities = Vec::new();
    VersionRecord {
        project: "default".parse().unwrap(),
        function: "f".parse().unwrap(),
        version: VersionNumber(1),
        kind: Kind::Component,
        digest: Digest::of(b""),
        size: 0,
        inspection: Inspection {
            flavor,
            exports,
            imports: Vec::new(),
            capabilities,
            wit: String::new(),
        },
        workflow: None,
        settings: Settings::default(),
        effect_free: true,
        creator: String::new(),
        created_at: Timestamp::UNIX_EPOCH,
    }
}

fn shop() -> VersionRecord {
    record(
        Flavor::Exports,
        vec![
            export(Some("a:shop/cart@1.0.0"), "add", true),
            export(Some("a:shop/cart@1.0.0"), "total", true),
            export(Some("a:shop/cart@2.0.0"), "add", true),
            export(Some("a:shop/stock"), "count", true),
            export(Some("a:shop/stock"), "ping", true),
            export(None, "ping", true),
            export(None, "open", false),
        ],
    )
}

fn index(record: &VersionRecord, name: Option<&str>) -> Result<usize, Error> {
    find(record, name, sole(&record.inspection)).map(|(index, _)| index)
}

#[test]
fn exports_are_found_by_every_form_of_their_name() {
    let shop = shop();
    for (name, expected) in [
        ("a:shop/cart@1.0.0#add", 0),
        ("a:shop/cart@2.0.0#add", 2),
        ("a:shop/cart#total", 1),
        ("a:shop/stock#count", 3),
        ("total", 1),
        ("count", 3),
        ("ping", 5),
        ("a:shop/stock#ping", 4),
    ] {
        assert_eq!(index(&shop, Some(name)).unwrap(), expected, "{name}");
    }
}

#[test]
fn what_is_not_clear_is_said() {
    let shop = shop();
    for (name, expected) in [
        ("add", ["a:shop/cart@1.0.0#add", "a:shop/cart@2.0.0#add"]),
        (
            "a:shop/cart#add",
            ["a:shop/cart@1.0.0#add", "a:shop/cart@2.0.0#add"],
        ),
    ] {
        match index(&shop, Some(name)).unwrap_err() {
            Error::AmbiguousExport { candidates, .. } => assert_eq!(candidates, expected),
            other => panic!("{name}: {other}"),
        }
    }
    for name in [
        "",
        "Total",
        "cart#total",
        "a:shop/cart@3.0.0#add",
        "#add",
        "a:shop/cart@1.0.0#",
    ] {
        match index(&shop, Some(name)).unwrap_err() {
            Error::NoExport { candidates, .. } => assert_eq!(candidates.len(), 7),
            other => panic!("{name}: {other}"),
        }
    }
    let message = index(&shop, Some("open")).unwrap_err().to_string();
    assert_eq!(
        message,
        "`open` cannot be called: `params.input` is no value, it is `own<file>`"
    );
    match index(&shop, None).unwrap_err() {
        Error::AmbiguousExport {
            export: None,
            candidates,
        } => assert_eq!(candidates.len(), 6),
        other => panic!("{other}"),
    }
}

#[test]
fn the_only_callable_export_needs_no_name() {
    let one = record(
        Flavor::Exports,
        vec![export(None, "open", false), export(Some("x:y/z"), "go", true)],
    );
    assert_eq!(index(&one, None).unwrap(), 1);
    let none = record(Flavor::Exports, vec![export(None, "open", false)]);
    assert!(
        index(&none, None)
            .unwrap_err()
            .to_string()
            .contains("of `open`, `params.input` is no value")
    );
    let http = record(Flavor::Http, vec![]);
    assert!(matches!(index(&http, None), Err(Error::NotCallable { .. })));
    assert!(matches!(index(&http, Some("x")), Err(Error::NotCallable { .. })));
}
